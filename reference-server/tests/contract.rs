//! The SQLite store and the in-memory store give the same outcome to the same operations, whatever they are.

use bytes::Bytes;
use waxwing_relay::memory::MemoryStore;
use waxwing_relay::sqlite::SqliteStore;
use waxwing_relay::store::{
    Answer, Append, ConnectionId, ENVELOPE_LIFETIME_MS, Fences, GroupAppend, GroupChange, Op, Outcome, Query,
    Store, StoreLimits, Take,
};
use waxwing_wire::{
    AccountId, AccountQuery, ChangeGroup, Destination, DeviceId, DeviceRecord, FetchId, FrameSignature,
    GroupId, Handle, MessageId, Prekey, PublicKeyBytes, RefusalCode, Register, SealedFor, SubmitToGroup,
    UpdateDevices,
};

const LIMITS: StoreLimits = StoreLimits { mailbox_max_envelopes: 12 };

#[test]
fn both_stores_agree_on_random_operations() {
    for seed in 1..=20 {
        let folder = tempfile::tempdir().expect("a folder");
        let mut sqlite = SqliteStore::open(folder.path(), LIMITS).expect("a new database");
        let mut memory = MemoryStore::with_limits(sqlite.relay_id(), LIMITS);
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

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn small(&mut self, limit: u8) -> u8 {
        u8::try_from(self.below(limit.into())).expect("a small number")
    }
}

fn account(number: u8) -> AccountId {
    AccountId::from_bytes([number; 16])
}

fn device(number: u8) -> DeviceId {
    DeviceId::from_bytes([100 + number; 16])
}

fn record(random: &mut Random, number: u8) -> DeviceRecord {
    let key = if random.below(8) == 0 { 7 } else { 1 };
    DeviceRecord { device: device(number), signing_key: PublicKeyBytes([key; 32]) }
}

fn register(random: &mut Random, number: u8) -> Op {
    Op::Register(Box::new(Register {
        handle: Handle::new(&format!("person{number}")).expect("a handle"),
        account: account(number),
        account_key: PublicKeyBytes([number; 32]),
        device: record(random, number),
        device_list: Bytes::from_static(b"list 1"),
        device_list_version: 1,
        account_signature: FrameSignature([0; 64]),
        device_signature: FrameSignature([0; 64]),
        token: None,
    }))
}

fn any_op(random: &mut Random, step: i64) -> Op {
    let now_ms = step * ENVELOPE_LIFETIME_MS / 40;
    match random.below(20) {
        0 | 1 => {
            let number = random.small(4);
            register(random, number)
        }
        2 => {
            let owner = random.small(4);
            let version = 1 + random.below(6);
            let devices = (0..6).filter(|_| random.below(2) == 0).collect::<Vec<u8>>();
            Op::UpdateDevices(Box::new(UpdateDevices {
                account: account(owner),
                device: device(owner),
                devices: devices.into_iter().map(|number| record(random, number)).collect(),
                device_list: Bytes::from(format!("list {version}")),
                device_list_version: version,
                account_signature: FrameSignature([0; 64]),
            }))
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
        _ => any_append(random, now_ms),
    }
}

fn group(number: u8) -> GroupId {
    GroupId::from_bytes([200 + number; 16])
}

fn change(sender: u8, number: u8, revision: u64, members: &[u8], now_ms: i64) -> Op {
    Op::ChangeGroup(Box::new(GroupChange {
        sender_account: account(sender),
        sender_device: device(sender),
        change: ChangeGroup {
            message: MessageId::from_bytes([number; 16]),
            group: group(number),
            revision,
            change: Bytes::from(format!("change {members:?}")),
            members: members.iter().map(|member| account(*member)).collect(),
        },
        now_ms,
    }))
}

fn to_group(sender: u8, number: u8, revision: u64, message: u8, now_ms: i64) -> Op {
    Op::AppendToGroup(Box::new(GroupAppend {
        connection: ConnectionId(9),
        sender_account: account(sender),
        sender_device: device(sender),
        submit: SubmitToGroup {
            message: MessageId::from_bytes([message; 16]),
            fence: 1,
            group: group(number),
            revision,
            payload: Bytes::from_static(b"sealed for all"),
        },
        now_ms,
    }))
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
        for owner in 0..4 {
            queries.push(Query::Group { group: self::group(group), account: account(owner), after: 1 });
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
