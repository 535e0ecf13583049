-- Groups. The conversation of a group has the group's id and an empty peer.

-- What is known of groups.
CREATE TABLE group_state (
    group_id BLOB NOT NULL PRIMARY KEY, -- and of its conversation
    revision INTEGER NOT NULL, -- the relay's
    roster BLOB NOT NULL,
    secret BLOB NOT NULL,
    standing INTEGER NOT NULL,
    title TEXT NOT NULL,
    past_epochs BLOB NOT NULL, -- number as eight bytes, the highest first, and roster hash; the newest last
    joined BLOB NOT NULL, -- members who came after us, each with a counter of eight bytes, the highest first
    last_account BLOB NOT NULL, -- who made the last change
    last_device BLOB NOT NULL,
    vouched_by BLOB -- the account on whose word alone the roster stands; zeros: nobody's
) STRICT;
CREATE INDEX group_by_standing ON group_state (standing, group_id);

-- Keys of devices that their account's list does not name any more: they may have signed changes that are still to be read.
CREATE TABLE former_device (
    account BLOB NOT NULL,
    device BLOB NOT NULL,
    keys BLOB NOT NULL, -- signing, then agreement
    PRIMARY KEY (account, device)
) STRICT, WITHOUT ROWID;

-- Our own sender keys, one a group.
CREATE TABLE sender_key (
    group_id BLOB NOT NULL PRIMARY KEY,
    chain BLOB NOT NULL,
    snapshot BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    first_counter INTEGER NOT NULL
) STRICT;

-- Who has been given the sender key of a group.
CREATE TABLE key_holder (
    group_id BLOB NOT NULL,
    account BLOB NOT NULL,
    device BLOB NOT NULL,
    PRIMARY KEY (group_id, account, device)
) STRICT, WITHOUT ROWID;

-- The keys under which other devices write to groups.
CREATE TABLE receiver_key (
    group_id BLOB NOT NULL,
    account BLOB NOT NULL,
    device BLOB NOT NULL,
    chain BLOB NOT NULL,
    snapshot BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (group_id, account, device, chain)
) STRICT;

-- Messages of groups that cannot be opened yet.
CREATE TABLE group_waiting (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id BLOB NOT NULL,
    account BLOB NOT NULL,
    device BLOB NOT NULL,
    chain BLOB NOT NULL,
    wire_id BLOB NOT NULL,
    payload BLOB NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX group_waiting_by_chain ON group_waiting (group_id, account, device, chain, position);
CREATE INDEX group_waiting_by_time ON group_waiting (at_ms);

-- How far messages of a device of ours got at a member: one row for all of them, whatever their number.
CREATE TABLE member_receipt (
    conversation BLOB NOT NULL,
    author BLOB NOT NULL, -- the device that wrote them
    member BLOB NOT NULL,
    kind INTEGER NOT NULL, -- delivered or read
    ranges BLOB NOT NULL, -- runs of counters, ascending and apart: first and last as eight bytes each, the highest first
    at_ms INTEGER NOT NULL, -- when the member told something last
    PRIMARY KEY (conversation, author, member, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_receipt_by_time ON member_receipt (at_ms);

-- What happened in a group, as an entry of its timeline.
ALTER TABLE message ADD COLUMN details BLOB NOT NULL DEFAULT x'';

-- A lane leads to an account, or to a group.
ALTER TABLE outbox ADD COLUMN lane_group INTEGER NOT NULL DEFAULT 0; -- 1: what lane_account names is a group
DROP INDEX outbox_waiting;
DROP INDEX outbox_undelivered;
CREATE INDEX outbox_waiting ON outbox (lane_kind, lane_group, lane_account, position) WHERE accepted = 0;
CREATE INDEX outbox_undelivered ON outbox (lane_group, lane_account) WHERE accepted = 1;
