//! The SQLite store and the in-memory store give the same outcome to the same operations, whatever they are.

use bytes::Bytes;
use waxwing_relay::memory::MemoryStore;
use waxwing_relay::sqlite::SqliteStore;
use waxwing_relay::store::{
    Append, ConnectionId, ENVELOPE_LIFETIME_MS, Fences, Op, Query, Store, StoreLimits, Take,
};
use waxwing_wire::{
    AccountId, AccountQuery, Destination, DeviceId, DeviceRecord, FetchId, FrameSignature, Handle, MessageId,
    Prekey, PublicKeyBytes, Register, SealedFor, UpdateDevices,
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
    assert!(matches!(store.answer(&query), Ok(waxwing_relay::store::Answer::Account(Some(_)))));
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

fn envelopes(store: &SqliteStore, query: &Query) -> usize {
    match store.answer(query) {
        Ok(waxwing_relay::store::Answer::Mailbox { envelopes, .. }) => envelopes.len(),
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
    match random.below(16) {
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
    for number in 0..6 {
        queries.push(Query::Mailbox { device: device(number), after: 2, limit: 5 });
        queries.push(Query::Account(AccountQuery::Id(account(number))));
        for owner in 0..4 {
            queries.push(Query::Device { account: account(owner), device: device(number) });
        }
    }
    queries
}
