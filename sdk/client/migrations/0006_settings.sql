-- Settings of conversations, messages that disappear, and unread mentions.

CREATE TABLE setting (
    conversation BLOB NOT NULL,
    kind INTEGER NOT NULL,
    number INTEGER NOT NULL,
    text TEXT NOT NULL, -- of a draft
    count INTEGER NOT NULL, -- of the revision
    device BLOB NOT NULL, -- of the revision
    PRIMARY KEY (conversation, kind)
) STRICT, WITHOUT ROWID;

ALTER TABLE message ADD COLUMN timer_s INTEGER NOT NULL DEFAULT 0; -- 0: it stays
ALTER TABLE message ADD COLUMN due_at_ms INTEGER NOT NULL DEFAULT 0; -- 0: not yet, or never
ALTER TABLE message ADD COLUMN mentions_us INTEGER NOT NULL DEFAULT 0;
CREATE INDEX message_due ON message (due_at_ms) WHERE due_at_ms > 0;
CREATE INDEX message_timed ON message (conversation) WHERE timer_s > 0 AND due_at_ms = 0;
CREATE INDEX message_mentions ON message (conversation) WHERE mentions_us = 1 AND direction = 1 AND state = 2;
