-- The first schema. Ids are the 16 bytes of a UUID; times are milliseconds since 1970; codes stand in store/codes.rs.

-- Numbers that outlive the rows they count.
CREATE TABLE counter (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- This device; one row, or none before it registers.
CREATE TABLE local (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    account BLOB NOT NULL,
    device BLOB NOT NULL,
    handle TEXT NOT NULL,
    account_key BLOB NOT NULL, -- empty on a device that does not hold it
    device_secrets BLOB NOT NULL,
    account_public BLOB NOT NULL,
    device_list BLOB NOT NULL,
    registration INTEGER NOT NULL
) STRICT;

-- The relay's database, and how far this device has read in it; one row, or none.
CREATE TABLE relay (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    relay BLOB NOT NULL,
    cursor INTEGER NOT NULL
) STRICT;

-- What is known of accounts.
CREATE TABLE account (
    account BLOB NOT NULL PRIMARY KEY,
    handle TEXT NOT NULL,
    has_handle INTEGER NOT NULL, -- 0: another account was seen under the handle since
    account_key BLOB NOT NULL,
    device_list BLOB NOT NULL,
    device_list_version INTEGER NOT NULL,
    standing INTEGER NOT NULL,
    changed_account BLOB NOT NULL DEFAULT x'', -- where the key changed: to which account and key
    changed_key BLOB NOT NULL DEFAULT x''
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX account_by_handle ON account (handle) WHERE has_handle = 1;

-- Conversations, with what the list shows of them.
CREATE TABLE conversation (
    conversation BLOB NOT NULL PRIMARY KEY,
    peer BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    unread INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL, -- grows over all conversations with every change
    removals INTEGER NOT NULL DEFAULT 0, -- how many entries were ever taken out
    last_position INTEGER NOT NULL DEFAULT 0, -- 0: no entry yet
    last_message BLOB NOT NULL DEFAULT x'',
    last_preview TEXT NOT NULL DEFAULT '',
    last_stored_at_ms INTEGER NOT NULL DEFAULT 0,
    last_direction INTEGER NOT NULL DEFAULT 2,
    last_state INTEGER NOT NULL DEFAULT 0,
    last_reason INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_in_order ON conversation (last_position, created_at_ms);
CREATE INDEX conversation_by_peer ON conversation (peer);
CREATE INDEX conversation_by_revision ON conversation (revision);

-- Timeline entries.
CREATE TABLE message (
    position INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of the timeline
    message BLOB NOT NULL UNIQUE,
    conversation BLOB NOT NULL,
    sender_account BLOB NOT NULL,
    sender_device BLOB NOT NULL,
    counter INTEGER NOT NULL,
    sent_at_ms INTEGER NOT NULL,
    stored_at_ms INTEGER NOT NULL,
    kind INTEGER NOT NULL, -- text, unreadable or notice
    text TEXT NOT NULL,
    notice INTEGER NOT NULL,
    direction INTEGER NOT NULL, -- outgoing, incoming or local
    state INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    arrival INTEGER NOT NULL, -- for incoming messages, the order in which they became readable; 0: not yet
    revision INTEGER NOT NULL -- of the conversation, when the entry changed last
) STRICT;
CREATE INDEX message_in_conversation ON message (conversation, position);
CREATE INDEX message_by_revision ON message (conversation, revision);
CREATE INDEX message_by_counter ON message (conversation, sender_device, counter);
CREATE UNIQUE INDEX message_by_arrival ON message (arrival) WHERE arrival > 0;
-- Readable incoming messages, by whether they were read.
CREATE INDEX message_received ON message (conversation, state, sender_account, sender_device, counter)
    WHERE direction = 1 AND kind = 0;
-- Outgoing messages that are queued, held or sending.
CREATE INDEX message_unsent ON message (conversation, position) WHERE direction = 0 AND state < 3;

-- The head of a conversation follows its entries by itself, so that no write can forget it.
CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
    UPDATE conversation SET
        revision = new.revision,
        unread = unread + (new.direction = 1 AND new.state = 2),
        last_position = new.position,
        last_message = new.message,
        last_preview = substr(new.text, 1, 120),
        last_stored_at_ms = new.stored_at_ms,
        last_direction = new.direction,
        last_state = new.state,
        last_reason = new.reason
    WHERE conversation = new.conversation;
END;
CREATE TRIGGER message_changed AFTER UPDATE OF revision ON message BEGIN
    UPDATE conversation SET
        revision = new.revision,
        unread = unread + (new.direction = 1 AND new.state = 2) - (old.direction = 1 AND old.state = 2)
    WHERE conversation = new.conversation;
    UPDATE conversation SET
        last_preview = substr(new.text, 1, 120),
        last_stored_at_ms = new.stored_at_ms,
        last_direction = new.direction,
        last_state = new.state,
        last_reason = new.reason
    WHERE conversation = new.conversation AND last_position = new.position;
END;
CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
    UPDATE conversation SET
        removals = removals + 1,
        unread = unread - (old.direction = 1 AND old.state = 2)
    WHERE conversation = old.conversation;
    UPDATE conversation SET
        last_position = 0, last_message = x'', last_preview = '', last_stored_at_ms = 0,
        last_direction = 2, last_state = 0, last_reason = 0
    WHERE conversation = old.conversation AND last_position = old.position;
    UPDATE conversation SET
        (last_position, last_message, last_preview, last_stored_at_ms, last_direction, last_state, last_reason)
        = (SELECT position, message, substr(text, 1, 120), stored_at_ms, direction, state, reason
           FROM message WHERE conversation = old.conversation ORDER BY position DESC LIMIT 1)
    WHERE conversation = old.conversation AND last_position = 0
        AND EXISTS (SELECT 1 FROM message WHERE conversation = old.conversation);
END;

-- What must reach other devices.
CREATE TABLE outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    wire_id BLOB NOT NULL UNIQUE,
    lane_kind INTEGER NOT NULL,
    lane_account BLOB NOT NULL,
    kind INTEGER NOT NULL, -- message, resend or control
    message BLOB NOT NULL, -- of a message or resend
    device BLOB NOT NULL, -- empty: every device
    answers BLOB NOT NULL, -- of a resend
    content BLOB NOT NULL, -- of a control
    accepted INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_waiting ON outbox (lane_kind, lane_account, position) WHERE accepted = 0;
CREATE INDEX outbox_accepted ON outbox (created_at_ms) WHERE accepted = 1;
CREATE INDEX outbox_undelivered ON outbox (lane_account) WHERE accepted = 1;
CREATE INDEX outbox_by_message ON outbox (message) WHERE kind = 0;

-- What an item was sealed to; a retry sends these bytes again.
CREATE TABLE outbox_sealed (
    position INTEGER NOT NULL REFERENCES outbox (position) ON DELETE CASCADE,
    account BLOB NOT NULL,
    device BLOB NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (position, account, device)
) STRICT;
CREATE INDEX outbox_sealed_by_device ON outbox_sealed (device);

-- Sessions with other devices.
CREATE TABLE session (
    account BLOB NOT NULL,
    device BLOB NOT NULL,
    session BLOB NOT NULL,
    rank INTEGER NOT NULL,
    snapshot BLOB NOT NULL,
    PRIMARY KEY (account, device, session)
) STRICT;

-- Private halves of prekeys.
CREATE TABLE prekey (
    series INTEGER NOT NULL, -- 0: weekly; 1: one-time and last-resort, which share their ids
    prekey INTEGER NOT NULL,
    kind INTEGER NOT NULL, -- weekly, one-time or last-resort
    secret BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (series, prekey)
) STRICT;

-- Envelopes that were handled, so that none is handled twice.
CREATE TABLE seen (
    device BLOB NOT NULL,
    wire_id BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (device, wire_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_by_time ON seen (at_ms);

-- Last-resort handshakes that were used, so that none is used twice.
CREATE TABLE handshake (
    handshake BLOB NOT NULL PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX handshake_by_time ON handshake (at_ms);

-- Envelopes that cannot be opened before something is learned.
CREATE TABLE waiting (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    account BLOB NOT NULL,
    device BLOB NOT NULL,
    wire_id BLOB NOT NULL,
    payload BLOB NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX waiting_by_account ON waiting (account, position);

-- How often a device was asked to send something again.
CREATE TABLE repair (
    device BLOB NOT NULL,
    wire_id BLOB NOT NULL,
    attempts INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (device, wire_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX repair_by_time ON repair (at_ms);

-- How far each consumer of incoming messages got.
CREATE TABLE feed (
    consumer TEXT NOT NULL PRIMARY KEY,
    arrival INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
