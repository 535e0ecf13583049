-- Very large groups: one row a message, in a log that each device reads from a cursor of its own. And what is written
-- with every message stands apart from what is large and rests.

-- `readers` is NULL while messages go straight into the mailboxes; else it counts the open rows of `log_reader`.
ALTER TABLE chat_group ADD COLUMN readers INTEGER;
ALTER TABLE chat_group ADD COLUMN log_head INTEGER NOT NULL DEFAULT 0;

-- `unread` counts the readers that have not passed it. The row id grows with time.
CREATE TABLE group_log (
    id INTEGER PRIMARY KEY,
    chat_group INTEGER NOT NULL REFERENCES chat_group (id),
    position INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    unread INTEGER NOT NULL,
    accepted_at_ms INTEGER NOT NULL,
    shared INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX group_log_by_position ON group_log (chat_group, position);

-- How far a device has read a log. Who left the group reads to `until`, and the row is gone; who comes back gets another.
CREATE TABLE log_reader (
    device INTEGER NOT NULL,
    chat_group INTEGER NOT NULL REFERENCES chat_group (id),
    since INTEGER NOT NULL,
    position INTEGER NOT NULL,
    until INTEGER,
    PRIMARY KEY (device, chat_group, since)
) STRICT, WITHOUT ROWID;
CREATE INDEX log_reader_by_group ON log_reader (chat_group);

-- A payload goes when its time is over, and a place may stay behind it for a while: so its id must never name another.
CREATE TABLE shared_payload (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sender_account BLOB NOT NULL,
    sender_device BLOB NOT NULL,
    message_id BLOB NOT NULL,
    accepted_at_ms INTEGER NOT NULL,
    group_id BLOB NOT NULL,
    revision INTEGER NOT NULL,
    is_change INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    payload BLOB NOT NULL
) STRICT;
INSERT INTO shared_payload SELECT * FROM shared;
DROP TABLE shared;
ALTER TABLE shared_payload RENAME TO shared;

-- The counters of a device's mailbox, apart from its keys: a message to a thousand devices writes a few pages of these.
CREATE TABLE counter (
    device INTEGER PRIMARY KEY REFERENCES device (id),
    last_sequence INTEGER NOT NULL DEFAULT 0,
    acknowledged INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO counter (device, last_sequence, acknowledged, waiting)
    SELECT id, last_sequence, acknowledged, waiting FROM device;
ALTER TABLE device DROP COLUMN last_sequence;
ALTER TABLE device DROP COLUMN acknowledged;
ALTER TABLE device DROP COLUMN waiting;
