-- What the relay keeps. Ids are 16 bytes; times are milliseconds since 1970-01-01 UTC.

CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    relay_id BLOB NOT NULL
) STRICT;

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    account_id BLOB NOT NULL UNIQUE,
    handle TEXT NOT NULL UNIQUE,
    account_key BLOB NOT NULL,
    device_list BLOB NOT NULL,
    device_list_version INTEGER NOT NULL
) STRICT;

-- A removed device keeps its row without an account, so that no sequence number and no prekey id is used twice.
CREATE TABLE device (
    id INTEGER PRIMARY KEY,
    device_id BLOB NOT NULL UNIQUE,
    account INTEGER REFERENCES account (id),
    signing_key BLOB NOT NULL,
    last_sequence INTEGER NOT NULL DEFAULT 0,
    acknowledged INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL DEFAULT 0,
    prekey_id_high INTEGER NOT NULL DEFAULT 0,
    last_resort BLOB
) STRICT;
CREATE INDEX device_by_account ON device (account);

-- Envelopes that wait. The row id grows with time, which the expiry uses.
CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY,
    device INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    sender_account BLOB NOT NULL,
    sender_device BLOB NOT NULL,
    message_id BLOB NOT NULL,
    accepted_at_ms INTEGER NOT NULL,
    payload BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX mailbox_by_sequence ON mailbox (device, sequence);

-- What was accepted, also after it is acknowledged: a repeated Submit must not come back.
CREATE TABLE seen (
    id INTEGER PRIMARY KEY,
    recipient INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    message_id BLOB NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX seen_by_message ON seen (recipient, sender, message_id);

CREATE TABLE prekey (
    id INTEGER PRIMARY KEY,
    device INTEGER NOT NULL,
    prekey_id INTEGER NOT NULL,
    bundle BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX prekey_by_device ON prekey (device, prekey_id);

-- Bundles that were given out, so that a repeated request gets the same ones.
CREATE TABLE given (
    id INTEGER PRIMARY KEY,
    requester INTEGER NOT NULL,
    fetch_id BLOB NOT NULL,
    device INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    bundle BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX given_by_fetch ON given (requester, fetch_id, device);
CREATE INDEX given_by_device ON given (device);
