-- What messages carry besides their words, and what is said about them later.

ALTER TABLE message ADD COLUMN marks BLOB NOT NULL DEFAULT x''; -- as the engine encodes them; empty: none
ALTER TABLE message ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;

-- Registers: what an account says about a message.
CREATE TABLE annotation (
    position INTEGER PRIMARY KEY AUTOINCREMENT, -- grows with every word
    target BLOB NOT NULL,
    slot INTEGER NOT NULL, -- content, reaction or hidden
    author BLOB NOT NULL,
    conversation BLOB NOT NULL,
    change INTEGER NOT NULL,
    value TEXT NOT NULL,
    count INTEGER NOT NULL, -- of the revision
    device BLOB NOT NULL, -- of the revision
    awaited INTEGER NOT NULL, -- 1: its message is not here
    stored_at_ms INTEGER NOT NULL,
    UNIQUE (target, slot, author)
) STRICT;
CREATE INDEX annotation_by_author ON annotation (author, position);
CREATE INDEX annotation_by_author_here ON annotation (author, conversation, position);
CREATE INDEX annotation_awaited ON annotation (author) WHERE awaited = 1;
CREATE INDEX annotation_awaited_since ON annotation (stored_at_ms) WHERE awaited = 1;

CREATE INDEX outbox_carrying ON outbox (message) WHERE kind < 2;

-- The greatest counters of entries that are gone: no counter is given twice.
CREATE TABLE counter_gone (
    conversation BLOB NOT NULL,
    device BLOB NOT NULL,
    counter INTEGER NOT NULL,
    PRIMARY KEY (conversation, device)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER message_counted AFTER DELETE ON message BEGIN
    INSERT INTO counter_gone (conversation, device, counter)
        VALUES (old.conversation, old.sender_device, old.counter)
        ON CONFLICT (conversation, device) DO UPDATE SET counter = max(counter, excluded.counter);
    INSERT INTO counter (name, value) VALUES ('arrival', old.arrival)
        ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value);
END;
