//! The SQLite store and the in-memory store give the same outcome to the same operations, whatever they are.

mod operations;

use bytes::Bytes;
use operations::{Random, account, change, delete, device, group, register, to_group, update_devices};
use waxwing_relay::memory::MemoryStore;
use waxwing_relay::sqlite::SqliteStore;
use waxwing_relay::store::{
    Answer, Append, ConnectionId, ENVELOPE_LIFETIME_MS, Fences, Op, Outcome, Query, Store, StoreLimits, Take,
};
use waxwing_wire::{AccountQuery, Destination, FetchId, MessageId, Prekey, RefusalCode, SealedFor};

const LIMITS: StoreLimits =
    StoreLimits { mailbox_max_envelopes: 12, group_log_above_devices: 1_000, groups_per_account_max: 2 };

/// Groups of three devices and more have a log.
const LOGS: StoreLimits = StoreLimits { group_log_above_devices: 2, ..LIMITS };

#[test]
fn both_stores_agree_on_random_operations() {
    for (seed, limits) in (1..=20).zip([LIMITS, LOGS].into_iter().cycle()) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut sqlite = SqliteStore::open(folder.path(), limits).expect("a new database");
        let mut memory = MemoryStore::with_limits(sqlite.relay_id(), limits);
        let (mut sqlite_fences, mut memory_fences) = (Fences::default(), Fences::default());
        let mut random = Random(seed);
        for step in 0..60 {
            let ops: Vec<Op> = (0..=random.below(8)).map(|_| any_op(&mut random, step)).collect();
            let expected = memory.commit(&ops, &mut memory_fences).expect("memory works");
            let found = sqlite.commit(&ops, &mut sqlite_fences).expect("the disk works");
            assert_eq!(found, expected, "seed {seed}, step {step}: {ops:?}");
            for query in queries() {
                let expected = memory.answer(&query).expect("memory works");
                let found = sqlite.answer(&query).expect("the disk works");
                assert_eq!(found, expected, "seed {seed}, step {step}: {query:?}");
            }
        }
    }
}

#[test]
fn what_was_committed_is_there_after_opening_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path(), LIMITS).expect("a new database");
    let relay = store.relay_id();
    let mut random = Random(1);
    store.commit(&[register(&mut random, 1)], &mut Fences::default()).expect("the disk works");
    drop(store);
    let store = SqliteStore::open(folder.path(), LIMITS).expect("the same database");
    assert_eq!(store.relay_id(), relay);
    let query = Query::Account(AccountQuery::Id(account(1)));
    assert!(matches!(store.answer(&query), Ok(Answer::Account(Some(_)))));
}

#[test]
fn full_disk_stores_nothing_of_the_batch_and_recovers() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path(), StoreLimits::default()).expect("a new database");
    let mut random = Random(1);
    let mut fences = Fences::default();
    store.commit(&[register(&mut random, 0), register(&mut random, 1)], &mut fences).expect("there is room");
    store.set_pages_max(40).expect("a limit");
    let big = |number: u8| Op::Append(Box::new(append(number, Bytes::from(vec![number; 60_000]))));
    let mut stored = 0;
    let failed = loop {
        if store.commit(&[big(stored), big(stored + 1)], &mut fences).is_err() {
            break stored;
        }
        stored += 2;
    };
    let mailbox = Query::Mailbox { device: device(1), after: 0, limit: 100 };
    assert_eq!(envelopes(&store, &mailbox), usize::from(failed));
    store.set_pages_max(u32::MAX / 4).expect("no limit");
    store.commit(&[big(failed), big(failed + 1)], &mut fences).expect("there is room again");
    assert_eq!(envelopes(&store, &mailbox), usize::from(failed) + 2);
}

/// Three accounts with a device each, in a group of the first two.
fn group_of_two(folder: &tempfile::TempDir) -> (SqliteStore, Fences) {
    let mut store = SqliteStore::open(folder.path(), StoreLimits::default()).expect("a new database");
    let (mut random, mut fences) = (Random(5), Fences::default());
    let mut ops: Vec<Op> = (0..3).map(|number| register(&mut random, number)).collect();
    ops.push(change(0, 0, 1, &[0, 1], 1));
    let outcomes = store.commit(&ops, &mut fences).expect("the disk works");
    assert_eq!(outcomes.last(), Some(&Outcome::GroupChanged { stored: vec![device(1)] }));
    (store, fences)
}

fn one(store: &mut SqliteStore, fences: &mut Fences, op: Op) -> Outcome {
    store.commit(&[op], fences).expect("the disk works").remove(0)
}

#[test]
fn of_two_changes_at_once_one_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut store, mut fences) = group_of_two(&folder);
    let first = one(&mut store, &mut fences, change(0, 0, 2, &[0, 1, 2], 1));
    assert_eq!(first, Outcome::GroupChanged { stored: vec![device(1), device(2)] });
    let second = one(&mut store, &mut fences, change(1, 0, 2, &[0, 1], 1));
    assert_eq!(second, Outcome::GroupStale { revision: 2 });
    let repeated = one(&mut store, &mut fences, change(0, 0, 2, &[0, 1, 2], 1));
    assert_eq!(repeated, Outcome::GroupChanged { stored: vec![] }, "the same again changes nothing");
}

#[test]
fn only_members_write_change_and_ask() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut store, mut fences) = group_of_two(&folder);
    let unknown = Outcome::Refused(RefusalCode::UnknownGroup);
    assert_eq!(one(&mut store, &mut fences, to_group(2, 0, 1, 50, 1)), unknown);
    assert_eq!(one(&mut store, &mut fences, change(2, 0, 2, &[2], 1)), unknown);
    let query = |number| Query::Group { group: group(0), account: account(number), after: 0 };
    assert_eq!(store.answer(&query(2)), Ok(Answer::Group(None)));
    assert!(matches!(store.answer(&query(1)), Ok(Answer::Group(Some(record))) if record.changes.len() == 1));
}

#[test]
fn who_is_out_hears_of_it_and_of_nothing_after() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut store, mut fences) = group_of_two(&folder);
    let out = one(&mut store, &mut fences, change(0, 0, 2, &[0], 1));
    assert_eq!(out, Outcome::GroupChanged { stored: vec![device(1)] });
    let message = one(&mut store, &mut fences, to_group(0, 0, 2, 50, 1));
    assert_eq!(message, Outcome::Appended { stored: vec![] });
    let late = one(&mut store, &mut fences, to_group(1, 0, 1, 51, 1));
    assert_eq!(late, Outcome::Refused(RefusalCode::UnknownGroup));
}

#[test]
fn a_message_for_many_is_stored_once_and_gone_with_the_last() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut store, mut fences) = group_of_two(&folder);
    one(&mut store, &mut fences, change(0, 0, 2, &[0, 1, 2], 1));
    one(&mut store, &mut fences, to_group(0, 0, 2, 50, 1));
    one(&mut store, &mut fences, to_group(0, 0, 2, 50, 1));
    let shared = || {
        let path = folder.path().join(waxwing_relay::sqlite::DATABASE_FILE);
        let database = rusqlite::Connection::open(path).expect("the same database");
        database.query_row("SELECT count(*) FROM shared", (), |row| row.get::<_, i64>(0)).expect("a count")
    };
    assert_eq!(shared(), 3, "two changes, and one message though it was sent twice");
    for (number, left) in [(1, 2), (2, 0)] {
        let mailbox = Query::Mailbox { device: device(number), after: 0, limit: 10 };
        let Ok(Answer::Mailbox { envelopes, .. }) = store.answer(&mailbox) else { panic!("a mailbox") };
        let last = envelopes.last().expect("the message");
        assert_eq!(&last.payload[..], b"sealed for all");
        assert_eq!(last.group.map(|group| (group.revision, group.is_change)), Some((2, false)));
        let op = Op::Acknowledge { device: device(number), cursor: last.sequence };
        one(&mut store, &mut fences, op);
        assert_eq!(shared(), left);
    }
}

#[test]
fn what_was_refused_for_a_group_holds_back_what_is_behind_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut store, mut fences) = group_of_two(&folder);
    let stale = one(&mut store, &mut fences, to_group(0, 0, 9, 50, 1));
    assert_eq!(stale, Outcome::GroupStale { revision: 1 });
    let behind = one(&mut store, &mut fences, to_group(0, 0, 1, 51, 1));
    assert_eq!(behind, Outcome::Refused(RefusalCode::Fenced));
}

fn envelopes(store: &SqliteStore, query: &Query) -> usize {
    match store.answer(query) {
        Ok(Answer::Mailbox { envelopes, .. }) => envelopes.len(),
        other => panic!("no mailbox but {other:?}"),
    }
}

fn append(number: u8, payload: Bytes) -> Append {
    Append {
        connection: ConnectionId(1),
        fence: 1,
        sender_account: account(0),
        sender_device: device(0),
        message: MessageId::from_bytes([number; 16]),
        destinations: vec![Destination {
            account: account(1),
            device_list_version: 1,
            devices: vec![SealedFor { device: device(1), payload }],
        }],
        now_ms: 1,
    }
}

fn any_op(random: &mut Random, step: i64) -> Op {
    let now_ms = step * ENVELOPE_LIFETIME_MS / 40;
    match random.below(22) {
        0 | 1 => {
            let number = random.small(4);
            register(random, number)
        }
        2 => {
            let owner = random.small(4);
            let version = 1 + random.below(6);
            let devices = (0..6).filter(|_| random.below(2) == 0).collect::<Vec<u8>>();
            update_devices(random, owner, version, &devices)
        }
        3 => {
            let first = u32::from(random.small(60));
            let prekey = |id: u32| Prekey { id, bundle: Bytes::from(format!("bundle {id}")) };
            Op::PublishPrekeys {
                device: device(random.small(6)),
                one_time: (first..first + 5).map(|id| prekey(id + 1)).collect(),
                last_resort: (random.below(2) == 0).then(|| prekey(first + 1)),
                replace: random.below(4) == 0,
            }
        }
        4 | 5 => Op::TakePrekeys(Take {
            requester: device(random.small(6)),
            fetch: FetchId::from_bytes([random.small(20); 16]),
            account: account(random.small(4)),
            devices: (0..=random.below(2)).map(|_| device(random.small(6))).collect(),
            now_ms,
        }),
        6 => Op::Acknowledge { device: device(random.small(6)), cursor: random.below(30) },
        7 => Op::Expire { now_ms, chunk_rows: 1000 },
        8 | 9 => {
            let members = (0..4).filter(|_| random.below(3) > 0).collect::<Vec<u8>>();
            change(random.small(4), random.small(3), 1 + random.below(4), &members, now_ms)
        }
        10 | 11 => {
            let (sender, number, revision) = (random.small(4), random.small(3), 1 + random.below(4));
            to_group(sender, number, revision, random.small(100), now_ms)
        }
        12 | 13 => {
            let limit = if random.below(2) == 0 { 100 } else { 1 + usize::from(random.small(4)) };
            Op::Collect { device: device(random.small(6)), limit }
        }
        14 if random.below(8) == 0 => delete(random.small(4), random.small(6)),
        _ => any_append(random, now_ms),
    }
}

fn any_append(random: &mut Random, now_ms: i64) -> Op {
    let sender = random.small(4);
    let destinations = (0..=random.below(2))
        .map(|_| Destination {
            account: account(random.small(4)),
            device_list_version: 1 + random.below(3),
            devices: (0..random.below(3))
                .map(|_| SealedFor {
                    device: device(random.small(6)),
                    payload: Bytes::from_static(b"sealed"),
                })
                .collect(),
        })
        .collect();
    Op::Append(Box::new(Append {
        connection: ConnectionId(random.below(3)),
        fence: random.below(400),
        sender_account: account(sender),
        sender_device: device(sender),
        message: MessageId::from_bytes([random.small(100); 16]),
        destinations,
        now_ms,
    }))
}

fn queries() -> Vec<Query> {
    let mut queries = Vec::new();
    for group in 0..3 {
        queries.push(Query::LogReaders(operations::group(group)));
        for owner in 0..4 {
            queries.push(Query::Group { group: operations::group(group), account: account(owner), after: 1 });
        }
    }
    for number in 0..6 {
        queries.push(Query::Mailbox { device: device(number), after: 2, limit: 5 });
        queries.push(Query::Account(AccountQuery::Id(account(number))));
        for owner in 0..4 {
            queries.push(Query::Device { account: account(owner), device: device(number) });
        }
    }
    queries
}
