-- Invitations to groups.

-- Who may ask to be in a group, and who asks: as a whole, which is bounded.
CREATE TABLE group_door (
    group_id BLOB NOT NULL PRIMARY KEY,
    door BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Groups that we ask to be in.
CREATE TABLE joining (
    group_id BLOB NOT NULL PRIMARY KEY,
    link TEXT NOT NULL,
    asked_at_ms INTEGER NOT NULL,
    state INTEGER NOT NULL -- 0 waiting, 1 refused, 2 joined
) STRICT, WITHOUT ROWID;
