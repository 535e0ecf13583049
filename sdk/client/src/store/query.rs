//! Every statement that reads or changes the store. A test reads the plan of each.

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub(super) const $name: &str = $sql;)*

        /// All of them, by name.
        #[cfg(test)]
        pub(super) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

/// The columns of `codes::message`.
macro_rules! message_columns {
    () => {
        "m.message, m.conversation, m.sender_account, m.sender_device, m.counter, m.sent_at_ms, m.stored_at_ms, m.kind, \
         m.text, m.notice, m.direction, m.state, m.reason, m.marks, m.edited, m.details"
    };
}

/// The columns of `show::timeline_item`, and where they come from.
macro_rules! item_columns {
    () => {
        concat!(
            "SELECT ",
            message_columns!(),
            ", m.position, m.revision, ",
            sender_handle!(),
            " FROM message m "
        )
    };
}

macro_rules! sender_handle {
    () => {
        "coalesce((SELECT handle FROM local WHERE account = m.sender_account), \
         (SELECT handle FROM account WHERE account = m.sender_account), '')"
    };
}

macro_rules! account_columns {
    () => {
        "SELECT account, handle, account_key, device_list, device_list_version, standing, changed_account, changed_key, \
         verified FROM account "
    };
}

macro_rules! outbox_columns {
    () => {
        "SELECT position, wire_id, lane_kind, lane_account, lane_group, kind, message, device, answers, content, accepted, \
         created_at_ms \
         FROM outbox "
    };
}

macro_rules! list_columns {
    () => {
        concat!("SELECT c.conversation, c.created_at_ms, c.unread, c.revision, coalesce(a.standing, 0), c.last_position, \
         c.last_message, c.last_preview, c.last_stored_at_ms, c.last_direction, c.last_state, c.last_reason, c.peer, \
         coalesce(a.handle, ''), g.standing, g.title, coalesce(m.sender_account, x''), coalesce(", sender_handle!(), ", '') \
         FROM conversation c LEFT JOIN account a ON a.account = c.peer \
         LEFT JOIN group_state g ON g.group_id = c.conversation LEFT JOIN message m ON m.position = c.last_position ")
    };
}

/// What goes before a device gets new keys.
pub(super) const FORGET_DEVICE_STATE: [&str; 6] = [
    FORGET_SESSIONS,
    FORGET_SEALED,
    FORGET_PREKEYS,
    FORGET_SENDER_KEYS,
    FORGET_KEY_HOLDERS,
    FORGET_RECEIVER_KEYS,
];

statements! {
    // ---- what the app sees ----
    ME = "SELECT account, device, handle, registration FROM local WHERE one = 1";
    OWN_DEVICE = "SELECT device, name, named_count, named_by, known_since_ms FROM own_device WHERE device = ?1";
    PUT_OWN_DEVICE = "INSERT OR REPLACE INTO own_device (device, name, named_count, named_by, known_since_ms) \
        VALUES (?1, ?2, ?3, ?4, ?5)";
    OWN_LIST = "SELECT account, device, account_public, device_list, length(account_key) > 0 FROM local WHERE one = 1";
    CERTIFICATE = "SELECT account, handle, account_public, device_list FROM local WHERE one = 1";
    ACCOUNTS_AFTER = concat!(account_columns!(), "WHERE account > ?1 ORDER BY account LIMIT ?2");
    CONVERSATIONS_AFTER = "SELECT conversation, peer, created_at_ms FROM conversation WHERE conversation > ?1 AND peer <> x'' \
        ORDER BY conversation LIMIT ?2";
    GROUPS_AFTER = "SELECT group_id FROM group_state WHERE group_id > ?1 ORDER BY group_id";
    SETTINGS_AFTER = "SELECT conversation, kind, number, text, count, device FROM setting \
        WHERE (conversation, kind) > (?1, ?2) ORDER BY conversation, kind";
    PAST_PLACE = "SELECT place FROM past_place WHERE one = 1";
    PUT_PAST_PLACE = "INSERT OR REPLACE INTO past_place (one, place) VALUES (1, ?1)";
    DELETE_PAST_PLACE = "DELETE FROM past_place WHERE one = 1";
    ENTRIES_UP_TO = "SELECT count(*) FROM message WHERE position <= ?1";
    PAST = concat!("SELECT ", message_columns!(), ", m.position, m.due_at_ms FROM message m WHERE m.position > ?1 ORDER BY m.position");
    AWAITED_AFTER = "SELECT target, conversation, author, change, value, count, device, awaited, stored_at_ms, position \
        FROM annotation NOT INDEXED WHERE position > ?1 AND awaited = 1 ORDER BY position";
    RECEIPTS_AFTER = "SELECT conversation, author, member, kind, ranges FROM member_receipt \
        WHERE (conversation, author, member, kind) > (?1, ?2, ?3, ?4) ORDER BY conversation, author, member, kind";
    OWN_IDENTITY = "SELECT account, account_public FROM local WHERE one = 1";
    ACCOUNT_KEY = "SELECT account_key FROM local WHERE one = 1";
    OUTBOX_LEN = "SELECT count(*) FROM outbox WHERE accepted = 0 AND lane_kind IN (0, 1, 2, 3, 4, 5, 6, 7)";
    CAN_GO_OUT = "SELECT EXISTS (SELECT 1 FROM outbox o LEFT JOIN message m ON o.kind = 0 AND m.message = o.message \
        LEFT JOIN account a ON o.lane_group = 0 AND a.account = o.lane_account \
        WHERE o.accepted = 0 AND o.lane_kind IN (0, 1, 2, 3, 4, 5, 6, 7) \
        AND coalesce(a.standing, 0) <> 1 AND (m.message IS NULL OR m.direction <> 0 OR m.state <> 1))";
    ACCOUNT_ID_BY_HANDLE = "SELECT account FROM account WHERE handle = ?1 AND has_handle = 1";
    CONVERSATION_BY_HANDLE = "SELECT c.conversation, c.peer FROM account a JOIN conversation c ON c.peer = a.account \
        WHERE a.handle = ?1 AND a.has_handle = 1 AND a.standing <> 2 LIMIT 1";
    WITH = "SELECT c.peer, coalesce(a.handle, ''), g.standing, g.title FROM conversation c \
        LEFT JOIN account a ON a.account = c.peer LEFT JOIN group_state g ON g.group_id = c.conversation \
        WHERE c.conversation = ?1";
    NAME = "SELECT coalesce((SELECT handle FROM local WHERE account = ?1), \
        (SELECT handle FROM account WHERE account = ?1), '')";
    SENT = "SELECT sender_device, counter, sender_account FROM message WHERE message = ?1 AND conversation = ?2 AND direction = 0";
    LIST = concat!(list_columns!(), "ORDER BY c.last_position DESC, c.created_at_ms DESC");
    LIST_CHANGED = concat!(list_columns!(), "WHERE c.revision > ?1 ORDER BY c.revision");
    POSITION = "SELECT position FROM message WHERE message = ?1 AND conversation = ?2";
    PAGE_BEFORE = concat!(item_columns!(), "WHERE m.conversation = ?1 AND m.position < ?2 ORDER BY m.position DESC LIMIT ?3");
    PAGE_AFTER = concat!(item_columns!(), "WHERE m.conversation = ?1 AND m.position > ?2 ORDER BY m.position LIMIT ?3");
    PAGE_CHANGED = concat!(item_columns!(), "INDEXED BY message_by_revision \
        WHERE m.conversation = ?1 AND (m.revision, m.position) > (?2, ?3) AND m.position BETWEEN ?4 AND ?5 \
        ORDER BY m.revision, m.position LIMIT ?6");
    /// In the order of the index, which is that of the timeline.
    SEARCH = concat!(item_columns!(), "JOIN message_words w ON w.rowid = m.position WHERE w.message_words MATCH ?1 \
        AND m.kind = 0 ORDER BY w.rowid DESC LIMIT ?2");
    SEARCH_HERE = concat!(item_columns!(), "JOIN message_words w ON w.rowid = m.position WHERE w.message_words MATCH ?1 \
        AND m.kind = 0 AND m.conversation = ?3 ORDER BY w.rowid DESC LIMIT ?2");
    SETTINGS = "SELECT conversation, kind, number, text, count, device FROM setting WHERE conversation = ?1 ORDER BY kind";
    UNREAD_MENTIONS = "SELECT count(*) FROM message INDEXED BY message_mentions \
        WHERE conversation = ?1 AND mentions_us = 1 AND direction = 1 AND state = 2";
    REVISION = "SELECT revision, removals FROM conversation WHERE conversation = ?1";
    REACTIONS = "SELECT a.value, a.author, coalesce((SELECT handle FROM local WHERE account = a.author), \
        (SELECT handle FROM account WHERE account = a.author), '') FROM annotation a \
        WHERE a.target = ?1 AND a.slot = 1 AND a.awaited = 0 AND a.value <> '' ORDER BY a.author";
    ITEM = concat!(item_columns!(), "WHERE m.message = ?1");
    DELIVERY = "SELECT direction, state, reason FROM message WHERE message = ?1";
    FEED_POSITION = "SELECT arrival FROM feed WHERE consumer = ?1";
    ARRIVED = concat!("SELECT m.message, m.conversation, m.sender_account, ", sender_handle!(),
        ", m.text, m.sent_at_ms, m.stored_at_ms, m.arrival, m.marks, \
        (SELECT title FROM group_state WHERE group_id = m.conversation) FROM message m \
        WHERE m.arrival > 0 AND m.arrival > ?1 AND m.kind = 0 \
        ORDER BY m.arrival LIMIT ?2");

    // ---- what the engine sees ----
    LOCAL = "SELECT account, device, handle, account_key, device_secrets, account_public, device_list, registration \
        FROM local WHERE one = 1";
    RELAY = "SELECT relay, cursor FROM relay WHERE one = 1";
    ACCOUNT = concat!(account_columns!(), "WHERE account = ?1");
    ACCOUNT_BY_HANDLE = concat!(account_columns!(), "WHERE handle = ?1 AND has_handle = 1");
    CONVERSATION_PEER = "SELECT peer FROM conversation WHERE conversation = ?1";
    SESSIONS = "SELECT session, rank, snapshot FROM session WHERE account = ?1 AND device = ?2";
    PREKEY = "SELECT prekey, kind, secret, created_at_ms FROM prekey WHERE series = ?1 AND prekey = ?2";
    NEWEST_PREKEY = "SELECT prekey, kind, secret, created_at_ms FROM prekey WHERE series = ?1 AND kind = ?2 \
        ORDER BY prekey DESC LIMIT 1";
    ONE_TIME_PREKEYS_ABOVE = "SELECT prekey, kind, secret, created_at_ms FROM prekey WHERE series = 1 AND prekey > ?1 \
        AND kind = 1 ORDER BY prekey LIMIT ?2";
    COUNTER = "SELECT value FROM counter WHERE name = ?1";
    HANDSHAKE = "SELECT 1 FROM handshake WHERE handshake = ?1";
    SEEN = "SELECT 1 FROM seen WHERE device = ?1 AND wire_id = ?2";
    MESSAGE = concat!("SELECT ", message_columns!(), " FROM message m WHERE m.message = ?1");
    NEWEST_MESSAGES = concat!("SELECT ", message_columns!(), " FROM message m WHERE m.conversation = ?1 \
        ORDER BY m.position DESC LIMIT ?2");
    SETTING = "SELECT conversation, kind, number, text, count, device FROM setting WHERE conversation = ?1 AND kind = ?2";
    NEXT_DUE = "SELECT due_at_ms FROM message INDEXED BY message_due WHERE due_at_ms > 0 ORDER BY due_at_ms LIMIT 1";
    PUT_SETTING = "INSERT OR REPLACE INTO setting (conversation, kind, number, text, count, device, place) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT coalesce(max(place), 0) + 1 FROM setting))";
    NEWEST_SETTINGS = "SELECT conversation, kind, number, text, count, device FROM setting \
        WHERE place > 0 ORDER BY place DESC LIMIT ?1";
    NEWEST_CONVERSATIONS = "SELECT conversation FROM conversation WHERE last_position > 0 ORDER BY last_position DESC LIMIT ?1";
    START_TIMERS = "UPDATE message INDEXED BY message_timed SET due_at_ms = ?2 + timer_s * 1000 \
        WHERE conversation = ?1 AND timer_s > 0 AND due_at_ms = 0 AND direction = 1 AND state = 3";
    DUE_BY = "UPDATE message SET due_at_ms = ?2 WHERE message = ?1 AND due_at_ms > ?2";
    REMOVE_DUE = "DELETE FROM message WHERE due_at_ms > 0 AND due_at_ms <= ?1 RETURNING message, conversation";
    DELETE_ANNOTATIONS_OF = "DELETE FROM annotation WHERE target = ?1 AND awaited = 0";
    OWN_ACCOUNT = "SELECT account FROM local WHERE one = 1";
    ANNOTATIONS = "SELECT target, conversation, author, change, value, count, device, awaited, stored_at_ms FROM annotation \
        WHERE target = ?1 ORDER BY slot, author";
    AWAITED_ANNOTATIONS = "SELECT count(*) FROM annotation WHERE author = ?1 AND awaited = 1";
    ANNOTATED = "SELECT target, conversation FROM annotation INDEXED BY annotation_by_author \
        WHERE author = ?1 ORDER BY position DESC LIMIT ?2";
    ANNOTATED_HERE = "SELECT target, conversation FROM annotation INDEXED BY annotation_by_author_here \
        WHERE author = ?1 AND conversation = ?3 ORDER BY position DESC LIMIT ?2";
    MESSAGE_BY_COUNTER = concat!("SELECT ", message_columns!(), " FROM message m \
        WHERE m.conversation = ?1 AND m.sender_device = ?2 AND m.counter = ?3 ORDER BY m.position LIMIT 1");
    HIGHEST_COUNTER = "SELECT max(coalesce((SELECT counter FROM message WHERE conversation = ?1 AND sender_device = ?2 \
        ORDER BY counter DESC LIMIT 1), 0), coalesce((SELECT counter FROM counter_gone \
        WHERE conversation = ?1 AND device = ?2), 0))";
    UNREAD_UP_TO = "SELECT sender_account, sender_device, counter FROM message INDEXED BY message_received \
        WHERE direction = 1 AND kind = 0 AND conversation = ?1 AND state = 2 AND counter > 0 AND position <= ?2 \
        ORDER BY sender_account, sender_device, counter";
    RECEIVED = "SELECT sender_account, sender_device, counter FROM message INDEXED BY message_received \
        WHERE direction = 1 AND kind = 0 AND conversation = ?1 AND state = ?2 AND counter > 0 \
        ORDER BY sender_account, sender_device, counter";
    NEXT_LANE = "SELECT lane_kind, lane_account, lane_group FROM outbox \
        WHERE accepted = 0 AND (lane_kind, lane_group, lane_account) > (?1, ?2, ?3) \
        ORDER BY lane_kind, lane_group, lane_account LIMIT 1";
    OUTBOX = concat!(outbox_columns!(), "WHERE accepted = 0 AND lane_kind = ?1 AND lane_account = ?2 AND lane_group = ?3 \
        AND position > ?4 ORDER BY position LIMIT ?5");
    OUTBOX_ITEM = concat!(outbox_columns!(), "WHERE wire_id = ?1");
    NEXT_UNDELIVERED = "SELECT lane_account FROM outbox WHERE accepted = 1 AND lane_group = 0 AND lane_account > ?1 \
        ORDER BY lane_account LIMIT 1";
    SEALED = "SELECT account, device, payload FROM outbox_sealed WHERE position = ?1 ORDER BY account, device";
    NEXT_WAITING_SENDER = "SELECT account FROM waiting WHERE account > ?1 ORDER BY account LIMIT 1";
    WAITING = "SELECT position, account, device, wire_id, payload FROM waiting WHERE account = ?1 ORDER BY position LIMIT ?2";
    REPAIR_ATTEMPTS = "SELECT attempts FROM repair WHERE device = ?1 AND wire_id = ?2";
    GROUP_HEAD = "SELECT standing, title FROM group_state WHERE group_id = ?1";
    GROUP = "SELECT revision, roster, secret, standing, title, past_epochs, last_account, last_device, joined, vouched_by \
        FROM group_state WHERE group_id = ?1";
    FORMER_DEVICE = "SELECT keys FROM former_device WHERE account = ?1 AND device = ?2";
    GROUPS = "SELECT group_id FROM group_state WHERE standing = ?1 ORDER BY group_id";
    SENDER_KEY = "SELECT chain, snapshot, created_at_ms, first_counter FROM sender_key WHERE group_id = ?1";
    KEY_HOLDERS = "SELECT account, device FROM key_holder WHERE group_id = ?1 ORDER BY account, device";
    RECEIVER_KEY = "SELECT snapshot, created_at_ms FROM receiver_key \
        WHERE group_id = ?1 AND account = ?2 AND device = ?3 AND chain = ?4";
    RECEIVER_CHAINS = "SELECT created_at_ms, chain FROM receiver_key WHERE group_id = ?1 AND account = ?2 AND device = ?3";
    NEXT_WAITING_CHAIN = "SELECT account, device, chain FROM group_waiting \
        WHERE group_id = ?1 AND (account, device, chain) > (?2, ?3, ?4) ORDER BY account, device, chain LIMIT 1";
    NEXT_WAITING_GROUP = "SELECT group_id FROM group_waiting WHERE group_id > ?1 ORDER BY group_id LIMIT 1";
    GROUP_WAITING = "SELECT position, wire_id, payload FROM group_waiting \
        WHERE group_id = ?1 AND account = ?2 AND device = ?3 AND chain = ?4 ORDER BY position LIMIT ?5";
    MEMBER_RECEIPTS = "SELECT member, kind, ranges FROM member_receipt WHERE conversation = ?1 AND author = ?2 \
        ORDER BY member, kind";

    // ---- what the engine writes ----
    PUT_LOCAL = "INSERT OR REPLACE INTO local (one, account, device, handle, account_key, device_secrets, account_public, \
        device_list, registration) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    DELETE_LOCAL = "DELETE FROM local WHERE one = 1";
    PUT_RELAY = "INSERT OR REPLACE INTO relay (one, relay, cursor) VALUES (1, ?1, ?2)";
    TAKE_HANDLE = "UPDATE account SET has_handle = 0 WHERE handle = ?1 AND has_handle = 1 AND account <> ?2";
    PUT_ACCOUNT = "INSERT INTO account (account, handle, has_handle, account_key, device_list, device_list_version, standing, \
        changed_account, changed_key, verified) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
        ON CONFLICT (account) DO UPDATE SET handle = excluded.handle, has_handle = 1, account_key = excluded.account_key, \
        device_list = excluded.device_list, device_list_version = excluded.device_list_version, \
        standing = excluded.standing, changed_account = excluded.changed_account, changed_key = excluded.changed_key, \
        verified = excluded.verified";
    TOUCH_CONVERSATIONS_OF = "UPDATE conversation SET revision = ?2 WHERE peer = ?1 RETURNING conversation";
    TOUCH_CONVERSATION = "UPDATE conversation SET revision = ?2 WHERE conversation = ?1";
    PUT_CONVERSATION = "INSERT OR IGNORE INTO conversation (conversation, peer, created_at_ms, revision) VALUES (?1, ?2, ?3, ?4)";
    CREATED_AT = "SELECT created_at_ms FROM conversation WHERE conversation = ?1";
    UNSENT = concat!("SELECT ", message_columns!(), " FROM message m INDEXED BY message_unsent \
        WHERE m.conversation = ?1 AND m.direction = 0 AND m.state < 3 ORDER BY m.position");
    DELETE_MESSAGE = "DELETE FROM message WHERE message = ?1";
    DROP_UNREADABLE = "DELETE FROM message WHERE message = ?1 AND kind = 1 RETURNING conversation";
    PUT_SESSION = "INSERT INTO session (account, device, session, rank, snapshot) VALUES (?1, ?2, ?3, ?4, ?5) \
        ON CONFLICT (account, device, session) DO UPDATE SET rank = excluded.rank, snapshot = excluded.snapshot";
    DELETE_SESSION = "DELETE FROM session WHERE account = ?1 AND device = ?2 AND session = ?3";
    DELETE_SESSIONS_OF = "DELETE FROM session WHERE account = ?1 AND device = ?2";
    ARCHIVE_SESSIONS = "UPDATE session SET rank = 0";
    DELETE_SEALED_OF_WAITING = "DELETE FROM outbox_sealed WHERE position IN (SELECT position FROM outbox \
        WHERE accepted = 0 AND lane_kind IN (0, 1, 2, 3, 4, 5, 6, 7))";
    DELETE_SEALED_FOR = "DELETE FROM outbox_sealed WHERE device = ?2 AND account = ?1";
    PUT_PREKEY = "INSERT OR REPLACE INTO prekey (series, prekey, kind, secret, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
    RAISE_COUNTER = "INSERT INTO counter (name, value) VALUES (?1, ?2) \
        ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)";
    DELETE_PREKEY = "DELETE FROM prekey WHERE series = ?1 AND prekey = ?2";
    EXPIRE_PREKEYS = "DELETE FROM prekey WHERE series = ?1 AND kind = ?2 AND (SELECT successor.created_at_ms FROM prekey successor \
        WHERE successor.series = ?1 AND successor.prekey > prekey.prekey AND successor.kind = ?2 \
        ORDER BY successor.prekey LIMIT 1) < ?3";
    REMEMBER_HANDSHAKE = "INSERT OR REPLACE INTO handshake (handshake, at_ms) VALUES (?1, ?2)";
    REMEMBER_SEEN = "INSERT OR REPLACE INTO seen (device, wire_id, at_ms) VALUES (?1, ?2, ?3)";
    FORGET_SEEN = "DELETE FROM seen WHERE at_ms < ?1";
    FORGET_HANDSHAKES = "DELETE FROM handshake WHERE at_ms < ?1";
    MESSAGE_KIND = "SELECT kind = 1, conversation, arrival FROM message WHERE message = ?1";
    LAST_POSITION = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'message'";
    FORGET_LAST_POSITION = "DELETE FROM sqlite_sequence WHERE name = 'message'";
    PUT_LAST_POSITION = "INSERT INTO sqlite_sequence (name, seq) VALUES ('message', ?1)";
    PUT_COUNTER = "INSERT OR REPLACE INTO counter (name, value) VALUES (?1, ?2)";
    ADD_MESSAGE = "INSERT INTO message (message, conversation, sender_account, sender_device, counter, sent_at_ms, \
        stored_at_ms, kind, text, notice, direction, state, reason, arrival, revision, marks, edited, \
        mentions_us, timer_s, due_at_ms, details, position) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)";
    ADD_WORDS = "INSERT INTO message_words (rowid, text) VALUES (?1, ?2)";
    COUNT_ADDED = "UPDATE conversation SET revision = ?2, unread = unread + ?3 WHERE conversation = ?1";
    MOVE_HEAD = "UPDATE conversation SET (last_position, last_message, last_preview, last_stored_at_ms, last_direction, \
        last_state, last_reason) = (SELECT position, message, substr(text, 1, 120), stored_at_ms, direction, state, reason \
        FROM message WHERE position = ?2) WHERE conversation = ?1 AND last_position < ?2";
    FILL_MESSAGE = "UPDATE message SET sender_account = ?2, sender_device = ?3, counter = ?4, sent_at_ms = ?5, \
        stored_at_ms = ?6, kind = ?7, text = ?8, notice = ?9, direction = ?10, state = ?11, reason = ?12, arrival = ?13, \
        revision = ?14, marks = ?15, edited = ?16, mentions_us = ?17, timer_s = ?18, due_at_ms = ?19, details = ?20 \
        WHERE message = ?1";
    REWRITE_MESSAGE = "UPDATE message SET kind = ?2, text = ?3, notice = ?4, marks = ?5, edited = ?6, revision = ?7, \
        mentions_us = ?8, details = ?9 WHERE message = ?1 RETURNING conversation";
    REMOVE_MESSAGE = "DELETE FROM message WHERE message = ?1 RETURNING conversation";
    TOUCH_MESSAGE = "UPDATE message SET revision = ?2 WHERE message = ?1 RETURNING conversation";
    PUT_ANNOTATION = "INSERT OR REPLACE INTO annotation (target, slot, author, conversation, change, value, count, device, \
        awaited, stored_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    DELETE_ANNOTATION = "DELETE FROM annotation WHERE target = ?1 AND slot = ?2 AND author = ?3";
    EXPIRE_ANNOTATIONS = "DELETE FROM annotation WHERE awaited = 1 AND stored_at_ms < ?1";
    WITHDRAW_MESSAGE = "DELETE FROM outbox WHERE kind < 2 AND message = ?1";
    SET_DELIVERY = "UPDATE message SET state = ?2, reason = ?3, revision = ?4 \
        WHERE message = ?1 AND direction = 0 AND (?5 OR state < ?2) RETURNING conversation";
    SET_COUNTER = "UPDATE message SET counter = ?2, revision = ?3 WHERE message = ?1 RETURNING conversation";
    SET_RECEPTION = "UPDATE message SET state = ?2, revision = ?3 WHERE message = ?1 AND direction = 1 AND state < ?2 \
        RETURNING conversation";
    LOSE_UNOPENED = "UPDATE message INDEXED BY message_unopened SET state = 1, revision = ?3 WHERE sender_account = ?1 \
        AND sender_device = ?2 AND kind = 1 AND direction = 1 AND state = 0 RETURNING message, conversation";
    UNOPENED = "SELECT DISTINCT sender_account, sender_device, conversation FROM message INDEXED BY message_unopened \
        WHERE kind = 1 AND direction = 1 AND state = 0 ORDER BY sender_account, sender_device, conversation";
    RECEIPT = "UPDATE message SET state = ?5, reason = 0, revision = ?6 WHERE conversation = ?1 AND sender_device = ?2 \
        AND counter BETWEEN max(?3, 1) AND ?4 AND direction = 0 AND state < ?5 RETURNING message";
    FORGET_RECEIVED = "DELETE FROM outbox WHERE kind = 0 AND accepted = 1 AND message IN (SELECT m.message FROM message m \
        WHERE m.conversation = ?1 AND m.sender_device = ?2 AND m.counter BETWEEN max(?3, 1) AND ?4 AND m.direction = 0)";
    MARK_READ = "UPDATE message SET state = 3, revision = ?5 WHERE conversation = ?1 AND sender_device = ?2 \
        AND counter BETWEEN max(?3, 1) AND ?4 AND direction = 1 AND state = 2 RETURNING message";
    PUT_OUTBOX = "INSERT OR IGNORE INTO outbox (wire_id, lane_kind, lane_account, kind, message, device, answers, content, \
        accepted, created_at_ms, lane_group) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10)";
    MOVE_OUTBOX = "UPDATE outbox SET lane_account = ?2, lane_group = 0 WHERE kind = 0 AND message = ?1 RETURNING position";
    DELETE_SEALED_OF = "DELETE FROM outbox_sealed WHERE position = ?1";
    PUT_SEALED = "INSERT INTO outbox_sealed (position, account, device, payload) \
        SELECT position, ?2, ?3, ?4 FROM outbox WHERE position = ?1 \
        ON CONFLICT (position, account, device) DO UPDATE SET payload = excluded.payload";
    ACCEPT_OUTBOX = "UPDATE outbox SET accepted = 1 WHERE position = ?1";
    DELETE_OUTBOX = "DELETE FROM outbox WHERE position = ?1";
    REOPEN_OUTBOX = "UPDATE outbox SET accepted = 0 WHERE accepted = 1";
    REOPEN_OUTBOX_TO = "UPDATE outbox SET accepted = 0 WHERE accepted = 1 AND lane_group = 0 AND lane_account = ?1";
    EXPIRE_OUTBOX = "DELETE FROM outbox WHERE accepted = 1 AND created_at_ms < ?1";
    PUT_WAITING = "INSERT INTO waiting (account, device, wire_id, payload, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
    DELETE_WAITING = "DELETE FROM waiting WHERE position = ?1";
    COUNT_REPAIR = "INSERT INTO repair (device, wire_id, attempts, at_ms) VALUES (?1, ?2, 1, ?3) \
        ON CONFLICT (device, wire_id) DO UPDATE SET attempts = attempts + 1, at_ms = excluded.at_ms";
    GROUP_PICTURE = "SELECT picture FROM group_picture WHERE group_id = ?1 AND hash = ?2";
    PUT_GROUP_PICTURE = "INSERT OR REPLACE INTO group_picture (group_id, hash, picture) VALUES (?1, ?2, ?3)";
    DROP_GROUP_PICTURES = "DELETE FROM group_picture WHERE group_id = ?1 AND hash <> ?2";
    DOOR = "SELECT door FROM group_door WHERE group_id = ?1";
    JOINING = "SELECT link, asked_at_ms, state FROM joining WHERE group_id = ?1";
    JOININGS = "SELECT group_id, link, asked_at_ms, state FROM joining ORDER BY group_id";
    PUT_DOOR = "INSERT INTO group_door (group_id, door) VALUES (?1, ?2) ON CONFLICT (group_id) DO UPDATE SET door = excluded.door";
    FORGET_DOOR_OF = "DELETE FROM group_door WHERE group_id = ?1";
    PUT_JOINING = "INSERT INTO joining (group_id, link, asked_at_ms, state) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT (group_id) DO UPDATE SET link = excluded.link, asked_at_ms = excluded.asked_at_ms, state = excluded.state";
    DELETE_JOINING = "DELETE FROM joining WHERE group_id = ?1";
    PUT_GROUP = "INSERT INTO group_state (group_id, revision, roster, secret, standing, title, past_epochs, last_account, last_device, joined, vouched_by) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (group_id) DO UPDATE SET revision = excluded.revision, \
        roster = excluded.roster, secret = excluded.secret, standing = excluded.standing, title = excluded.title, \
        past_epochs = excluded.past_epochs, last_account = excluded.last_account, last_device = excluded.last_device, \
        joined = excluded.joined, vouched_by = excluded.vouched_by";
    PUT_FORMER_DEVICE = "INSERT OR REPLACE INTO former_device (account, device, keys) VALUES (?1, ?2, ?3)";
    DROP_KEY_HOLDERS_OF_OTHER_CHAIN = "DELETE FROM key_holder WHERE group_id = ?1 \
        AND NOT EXISTS (SELECT 1 FROM sender_key k WHERE k.group_id = ?1 AND k.chain = ?2)";
    PUT_SENDER_KEY = "INSERT OR REPLACE INTO sender_key (group_id, chain, snapshot, created_at_ms, first_counter) \
        VALUES (?1, ?2, ?3, ?4, ?5)";
    PUT_KEY_HOLDER = "INSERT OR IGNORE INTO key_holder (group_id, account, device) \
        SELECT group_id, ?2, ?3 FROM sender_key WHERE group_id = ?1";
    FORGET_KEY_HOLDER = "DELETE FROM key_holder WHERE group_id = ?1 AND account = ?2 AND device = ?3";
    PUT_RECEIVER_KEY = "INSERT INTO receiver_key (group_id, account, device, chain, snapshot, created_at_ms) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (group_id, account, device, chain) \
        DO UPDATE SET snapshot = excluded.snapshot, created_at_ms = excluded.created_at_ms";
    DELETE_RECEIVER_KEY = "DELETE FROM receiver_key WHERE group_id = ?1 AND account = ?2 AND device = ?3 AND chain = ?4";
    FORGET_SENDER_KEY_OF = "DELETE FROM sender_key WHERE group_id = ?1";
    FORGET_KEY_HOLDERS_OF = "DELETE FROM key_holder WHERE group_id = ?1";
    FORGET_RECEIVER_KEYS_OF = "DELETE FROM receiver_key WHERE group_id = ?1";
    FORGET_WAITING_OF = "DELETE FROM group_waiting WHERE group_id = ?1";
    PUT_GROUP_WAITING = "INSERT INTO group_waiting (group_id, account, device, chain, wire_id, payload, at_ms) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    DELETE_GROUP_WAITING = "DELETE FROM group_waiting WHERE position = ?1";
    EXPIRE_GROUP_WAITING = "DELETE FROM group_waiting WHERE at_ms < ?1";
    MEMBER_RECEIPT = "SELECT ranges FROM member_receipt \
        WHERE conversation = ?1 AND author = ?2 AND member = ?3 AND kind = ?4";
    PUT_MEMBER_RECEIPT = "INSERT OR REPLACE INTO member_receipt (conversation, author, member, kind, ranges, at_ms) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    EXPIRE_MEMBER_RECEIPTS = "DELETE FROM member_receipt WHERE at_ms < ?1";
    FORGET_SENDER_KEYS = "DELETE FROM sender_key";
    FORGET_KEY_HOLDERS = "DELETE FROM key_holder";
    FORGET_RECEIVER_KEYS = "DELETE FROM receiver_key";
    FORGET_SESSIONS = "DELETE FROM session";
    FORGET_SEALED = "DELETE FROM outbox_sealed";
    FORGET_PREKEYS = "DELETE FROM prekey";

    // ---- what the shell writes ----
    FEED_DONE = "INSERT INTO feed (consumer, arrival) VALUES (?1, ?2) \
        ON CONFLICT (consumer) DO UPDATE SET arrival = max(arrival, excluded.arrival)";
    NEWEST_ARRIVAL = "SELECT max(coalesce((SELECT max(arrival) FROM message WHERE arrival > 0), 0), \
        coalesce((SELECT value FROM counter WHERE name = 'arrival'), 0))";
    NEWEST_REVISION = "SELECT coalesce(max(revision), 0) FROM conversation";
}
