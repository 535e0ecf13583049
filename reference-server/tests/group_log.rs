//! The log of a very large group, in both stores: who gets what, in which order, and what stays on the disk.

mod operations;

use operations::{Random, account, change, device, group, register, to_group, update_devices};
use waxwing_relay::memory::MemoryStore;
use waxwing_relay::sqlite::{DATABASE_FILE, SqliteStore};
use waxwing_relay::store::{
    Answer, ConnectionId, ENVELOPE_LIFETIME_MS, Fences, Op, Outcome, Query, Store, StoreLimits,
};
use waxwing_wire::{GroupOrigin, MessageId};

/// Groups of two devices and more have a log.
const LIMITS: StoreLimits =
    StoreLimits { mailbox_max_envelopes: 6, group_log_above_devices: 1, groups_per_account_max: 1_000 };

/// Both stores, which must say the same.
struct Both {
    folder: tempfile::TempDir,
    sqlite: SqliteStore,
    memory: MemoryStore,
    sqlite_fences: Fences,
    memory_fences: Fences,
}

impl Both {
    /// Four people with a device each; the group is of the first three, and revision 1.
    fn with_a_group() -> Both {
        let folder = tempfile::tempdir().expect("a folder");
        let sqlite = SqliteStore::open(folder.path(), LIMITS).expect("a new database");
        let memory = MemoryStore::with_limits(sqlite.relay_id(), LIMITS);
        let (sqlite_fences, memory_fences) = (Fences::default(), Fences::default());
        let mut both = Both { folder, sqlite, memory, sqlite_fences, memory_fences };
        let mut random = Random(3);
        for number in 0..4 {
            both.does(register(&mut random, number));
        }
        let made = Outcome::Logged { group: group(0), readers: 2, is_change: true };
        assert_eq!(both.does(change(0, 0, 1, &[0, 1, 2], 1)), made);
        both
    }

    fn does(&mut self, op: Op) -> Outcome {
        let ops = [op];
        let expected = self.memory.commit(&ops, &mut self.memory_fences).expect("memory works");
        let found = self.sqlite.commit(&ops, &mut self.sqlite_fences).expect("the disk works");
        assert_eq!(found, expected, "{ops:?}");
        // Nobody here minds the fence.
        self.sqlite_fences.forget(ConnectionId(9));
        self.memory_fences.forget(ConnectionId(9));
        found.into_iter().next().expect("one outcome")
    }

    fn answers(&self, query: &Query) -> Answer {
        let expected = self.memory.answer(query).expect("memory works");
        let found = self.sqlite.answer(query).expect("the disk works");
        assert_eq!(found, expected, "{query:?}");
        found
    }

    /// What a device reads in all, collecting: message, and what it is in its group. Acknowledges nothing.
    fn hears(&mut self, number: u8) -> Vec<(MessageId, Option<GroupOrigin>)> {
        while let Answer::Mailbox { behind: true, .. } = self.mailbox(number) {
            let collected = self.does(Op::Collect { device: device(number), limit: 2 });
            if matches!(collected, Outcome::Collected { is_full: true, .. }) {
                break;
            }
        }
        let Answer::Mailbox { envelopes, .. } = self.mailbox(number) else { panic!("a mailbox") };
        envelopes.into_iter().map(|envelope| (envelope.message, envelope.group)).collect()
    }

    fn messages(&mut self, number: u8) -> Vec<u8> {
        self.hears(number).iter().map(|(message, _)| message.as_bytes()[0]).collect()
    }

    fn mailbox(&self, number: u8) -> Answer {
        self.answers(&Query::Mailbox { device: device(number), after: 0, limit: 100 })
    }

    /// Restarts the relay.
    fn reopen(&mut self) {
        self.sqlite = SqliteStore::open(self.folder.path(), LIMITS).expect("the same database");
    }

    fn rows(&self, statement: &str) -> i64 {
        let database =
            rusqlite::Connection::open(self.folder.path().join(DATABASE_FILE)).expect("the same database");
        database.query_row(statement, (), |row| row.get(0)).expect("a number")
    }

    /// Every payload is kept for exactly those who still wait for it, and every reader is counted.
    fn check_counts(&self) {
        let wrong_payloads = "SELECT count(*) FROM shared WHERE waiting <>
            (SELECT count(*) FROM shared_place WHERE shared_place.shared = shared.id)
            + coalesce((SELECT unread FROM group_log WHERE group_log.shared = shared.id), 0)";
        assert_eq!(self.rows(wrong_payloads), 0);
        let wrong_entries = "SELECT count(*) FROM group_log WHERE unread <>
            (SELECT count(*) FROM log_reader WHERE log_reader.chat_group = group_log.chat_group
             AND log_reader.position < group_log.position AND log_reader.device <> group_log.sender
             AND (until IS NULL OR until >= group_log.position) AND since < group_log.position)";
        assert_eq!(self.rows(wrong_entries), 0);
        let wrong_groups = "SELECT count(*) FROM chat_group WHERE readers <>
            (SELECT count(*) FROM log_reader WHERE chat_group = chat_group.id AND until IS NULL)";
        assert_eq!(self.rows(wrong_groups), 0);
    }
}

#[test]
fn a_message_is_one_row_until_a_device_reads() {
    let mut both = Both::with_a_group();
    let sent = both.does(to_group(0, 0, 1, 50, 1));
    assert_eq!(sent, Outcome::Logged { group: group(0), readers: 2, is_change: false });
    assert_eq!(both.does(to_group(0, 0, 1, 50, 1)), Outcome::Appended { stored: vec![] }, "a repeat");
    assert_eq!(both.rows("SELECT count(*) FROM shared_place"), 0);
    assert_eq!(both.rows("SELECT count(*) FROM group_log"), 2, "the change and the message");
    assert_eq!(both.messages(1), [0, 50]);
    assert!(both.messages(0).is_empty(), "who sent it does not get it");
    assert_eq!(both.rows("SELECT count(*) FROM shared_place"), 2);
    assert_eq!(both.messages(2), [0, 50]);
    assert_eq!(both.rows("SELECT count(*) FROM group_log"), 0, "all have it in their mailboxes");
    both.check_counts();
    for number in [1, 2] {
        both.does(Op::Acknowledge { device: device(number), cursor: 2 });
    }
    assert_eq!(both.rows("SELECT count(*) FROM shared"), 0);
}

#[test]
fn membership_at_the_time_of_a_message_decides_who_gets_it() {
    let mut both = Both::with_a_group();
    both.does(to_group(0, 0, 1, 50, 1));
    both.does(change(0, 0, 2, &[0, 1, 3], 1)); // the third leaves, the fourth comes
    both.does(to_group(1, 0, 2, 51, 1));
    both.does(change(0, 0, 3, &[0, 1, 2, 3], 1)); // and is back, having read nothing
    both.does(to_group(1, 0, 3, 52, 1));
    both.check_counts();
    let told = |heard: Vec<(MessageId, Option<GroupOrigin>)>| -> Vec<(u64, bool)> {
        let origin = |(_, group): (MessageId, Option<GroupOrigin>)| group.expect("of a group");
        heard.into_iter().map(origin).map(|origin| (origin.revision, origin.is_change)).collect()
    };
    assert_eq!(told(both.hears(2)), [(1, true), (1, false), (2, true), (3, true), (3, false)]);
    assert_eq!(told(both.hears(3)), [(2, true), (2, false), (3, true), (3, false)]);
    assert_eq!(told(both.hears(0)), [(2, false), (3, false)]);
    both.check_counts();
}

#[test]
fn a_device_that_is_added_later_gets_what_comes_from_then_on() {
    let mut both = Both::with_a_group();
    both.does(to_group(0, 0, 1, 50, 1));
    both.does(update_devices(&mut Random(3), 1, 2, &[1, 5]));
    both.does(to_group(0, 0, 1, 51, 1));
    assert_eq!(both.messages(5), [51]);
    assert_eq!(both.messages(1), [0, 50, 51]);
    both.does(to_group(0, 0, 1, 52, 1));
    both.does(update_devices(&mut Random(3), 1, 3, &[1]));
    assert!(both.messages(5).is_empty(), "it was removed");
    both.check_counts();
}

#[test]
fn what_was_collected_is_there_after_a_restart_and_comes_once() {
    let mut both = Both::with_a_group();
    for message in 50..53 {
        both.does(to_group(0, 0, 1, message, 1));
        both.reopen();
        both.does(Op::Collect { device: device(1), limit: 1 });
        both.reopen();
    }
    assert_eq!(both.messages(1), [0, 50, 51, 52]);
    assert_eq!(both.messages(1), [0, 50, 51, 52]);
    both.check_counts();
}

#[test]
fn a_full_mailbox_takes_no_more_and_a_full_log_loses_its_oldest() {
    let mut both = Both::with_a_group();
    for message in 50..55 {
        both.does(to_group(0, 0, 1, message, 1));
    }
    assert_eq!(both.messages(1), [0, 50, 51, 52, 53, 54], "as many as a mailbox holds");
    both.does(to_group(0, 0, 1, 55, 1));
    let full = Outcome::Collected { placed: 0, is_full: true };
    assert_eq!(both.does(Op::Collect { device: device(1), limit: 9 }), full);
    both.does(Op::Acknowledge { device: device(1), cursor: 1 });
    assert_eq!(both.messages(1), [50, 51, 52, 53, 54, 55], "nothing was lost by that");
    assert_eq!(both.messages(2), [50, 51, 52, 53, 54, 55], "the change was the seventh from the end");
    both.check_counts();
}

#[test]
fn what_is_past_its_time_is_gone_from_logs_and_mailboxes() {
    let mut both = Both::with_a_group();
    both.does(to_group(0, 0, 1, 50, 1));
    both.does(Op::Collect { device: device(1), limit: 1 });
    let late = ENVELOPE_LIFETIME_MS / 2;
    both.does(to_group(0, 0, 1, 51, late));
    both.does(Op::Expire { now_ms: ENVELOPE_LIFETIME_MS + 2, chunk_rows: 100 });
    assert_eq!(both.messages(1), [51]);
    assert_eq!(both.messages(2), [51]);
    assert_eq!(both.rows("SELECT count(*) FROM shared"), 1);
    both.check_counts();
}

#[test]
fn both_stores_agree_on_random_traffic_in_logs() {
    let (mut logged, mut collected) = (0, 0);
    for seed in 1..=12 {
        let mut both = Both::with_a_group();
        let mut random = Random(seed);
        let (mut revision, mut version) = (1, 1);
        for step in 2..150 {
            let now_ms = step * ENVELOPE_LIFETIME_MS / 100;
            let who = random.small(4);
            let op = match random.below(12) {
                0 => {
                    let members: Vec<u8> = (0..4).filter(|_| random.below(4) > 0).collect();
                    change(who, 0, revision + 1, &members, now_ms)
                }
                1 => {
                    version += 1;
                    let devices: Vec<u8> = if random.below(2) == 0 { vec![who] } else { vec![who, 4 + who] };
                    update_devices(&mut random, who, version, &devices)
                }
                2 => Op::Expire { now_ms, chunk_rows: 1000 },
                3 | 4 => Op::Acknowledge { device: device(random.small(8)), cursor: random.below(40) },
                5..=7 => {
                    Op::Collect { device: device(random.small(8)), limit: 1 + usize::from(random.small(4)) }
                }
                _ => to_group(who, 0, revision, random.small(250), now_ms),
            };
            let outcome = both.does(op);
            if matches!(outcome, Outcome::Logged { is_change: true, .. }) {
                revision += 1;
            }
            logged += u32::from(matches!(outcome, Outcome::Logged { .. }));
            collected += u32::from(matches!(outcome, Outcome::Collected { placed: 1.., .. }));
            both.answers(&Query::LogReaders(group(0)));
            for number in 0..8 {
                both.mailbox(number);
                both.answers(&Query::Device { account: account(number % 4), device: device(number) });
            }
        }
        both.check_counts();
    }
    assert!(logged > 400 && collected > 150, "{logged} logged, {collected} collected");
}
