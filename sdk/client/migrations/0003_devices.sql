-- What is remembered of the devices of our own account, beside their places in its list.
CREATE TABLE own_device (
    device BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL, -- empty: none yet
    named_at_ms INTEGER NOT NULL, -- 0: never
    known_since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
