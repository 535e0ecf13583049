-- Entries that another device had may stand before entries that came since: the newest is the one with the greatest position.

DROP TRIGGER message_added;
CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
    UPDATE conversation SET
        revision = new.revision,
        unread = unread + (new.direction = 1 AND new.state = 2)
    WHERE conversation = new.conversation;
    UPDATE conversation SET
        last_position = new.position,
        last_message = new.message,
        last_preview = substr(new.text, 1, 120),
        last_stored_at_ms = new.stored_at_ms,
        last_direction = new.direction,
        last_state = new.state,
        last_reason = new.reason
    WHERE conversation = new.conversation AND last_position < new.position;
END;

-- Names of devices go by revision, not by clock.
ALTER TABLE own_device ADD COLUMN named_count INTEGER NOT NULL DEFAULT 0; -- of the revision; 0: never
ALTER TABLE own_device ADD COLUMN named_by BLOB NOT NULL DEFAULT x''; -- of the revision
UPDATE own_device SET named_count = named_at_ms, named_by = zeroblob(16) WHERE named_at_ms > 0;
ALTER TABLE own_device DROP COLUMN named_at_ms;

-- What was set last is said again to whoever missed it.
ALTER TABLE setting ADD COLUMN place INTEGER NOT NULL DEFAULT 0; -- grows with every change
CREATE INDEX setting_by_place ON setting (place);

-- Where the past of the account stands that is being taken in.
CREATE TABLE past_place (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    place BLOB NOT NULL -- as the device that gives it names it; empty: at the start
) STRICT;
