-- Pictures of groups.

CREATE TABLE group_picture (
    group_id BLOB NOT NULL,
    hash BLOB NOT NULL,
    picture BLOB NOT NULL,
    PRIMARY KEY (group_id, hash)
) STRICT;
