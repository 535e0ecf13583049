-- Groups: the order of their changes, who is in them, and what is stored once for many.

CREATE TABLE chat_group (
    id INTEGER PRIMARY KEY,
    group_id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL
) STRICT;

CREATE TABLE group_change (
    id INTEGER PRIMARY KEY,
    chat_group INTEGER NOT NULL REFERENCES chat_group (id),
    revision INTEGER NOT NULL,
    message_id BLOB NOT NULL,
    change BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX group_change_by_revision ON group_change (chat_group, revision);

CREATE TABLE group_member (
    chat_group INTEGER NOT NULL REFERENCES chat_group (id),
    account INTEGER NOT NULL REFERENCES account (id),
    PRIMARY KEY (chat_group, account)
) STRICT, WITHOUT ROWID;

-- A payload for many mailboxes. `waiting` counts those that it still waits in. The row id grows with time.
CREATE TABLE shared (
    id INTEGER PRIMARY KEY,
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

-- A place in a mailbox whose payload is shared. Beside `mailbox`: one series of sequence numbers.
CREATE TABLE shared_place (
    id INTEGER PRIMARY KEY,
    device INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    shared INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX shared_place_by_sequence ON shared_place (device, sequence);

-- What was accepted for a group, also after it is acknowledged.
CREATE TABLE seen_in_group (
    id INTEGER PRIMARY KEY,
    sender INTEGER NOT NULL,
    message_id BLOB NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX seen_in_group_by_message ON seen_in_group (sender, message_id);
