//! The rows: what is done on each side, and what it is held to.

use std::cell::RefCell;
use std::hint::black_box;

use getrandom::SysRng;
use rand_core::UnwrapErr;
use waxwing_bench::{Bar, Row};
use waxwing_crypto::{JUMP_MAX, Session};

use crate::PLAINTEXT_BYTES;
use crate::clock::us_each;
use crate::compare::{Sides, alone, compare};
use crate::floor::Primitives;
use crate::{group_rows, ours, peer};

type Measure = fn(&str, u32) -> Row;

/// Every row, in the order of the report.
pub(crate) const ALL: [(&str, Measure); 10] = [
    ("encrypt_1k", encrypt),
    ("decrypt_1k", decrypt),
    ("ping_pong", ping_pong),
    ("session_out", session_out),
    ("session_in", session_in),
    ("skip_2000", skip),
    ("group_encrypt_1k", group_rows::encrypt),
    ("group_decrypt_1k", group_rows::decrypt),
    ("group_backlog_64", group_rows::backlog),
    ("attachment_mib", crate::files::attachment),
];

pub(crate) const PLAINTEXT: [u8; PLAINTEXT_BYTES] = [0x5a; PLAINTEXT_BYTES];

/// Messages of one chain, one after the other.
fn encrypt(name: &str, batches: u32) -> Row {
    const COUNT: u32 = 500;
    let mut rng = ours::rng(1);
    let (mut session, _) = ours::two_sessions(&mut rng);
    let (mut theirs, _) = peer::two_sessions();
    let mut floor = Primitives::new();
    let row = compare(
        name,
        batches,
        Sides {
            waxwing: Box::new(|| {
                repeat(COUNT, || drop(black_box(ours::seal(&mut session, &PLAINTEXT, &mut rng))))
            }),
            vodozemac: Box::new(|| repeat(COUNT, || drop(black_box(peer::seal(&mut theirs, &PLAINTEXT))))),
            floor: Box::new(|| repeat(COUNT, || floor.encrypt())),
        },
    );
    // The client takes its salts from the operating system, which costs a system call a message.
    let mut system = UnwrapErr(SysRng);
    let with_system = alone(
        batches,
        Box::new(|| repeat(COUNT, || drop(black_box(ours::seal(&mut session, &PLAINTEXT, &mut system))))),
    );
    row.figure("waxwing_os_random_us", with_system).bar(Bar::AtMost("ratio", 0.15))
}

/// Messages of one chain, in order.
fn decrypt(name: &str, batches: u32) -> Row {
    const COUNT: u32 = 500;
    let mut rng = ours::rng(2);
    let (mut sender, mut receiver) = ours::two_sessions(&mut rng);
    let (mut their_sender, mut their_receiver) = peer::two_sessions();
    let mut floor = Primitives::new();
    compare(
        name,
        batches,
        Sides {
            waxwing: Box::new(|| {
                let sealed: Vec<_> =
                    (0..COUNT).map(|_| ours::seal(&mut sender, &PLAINTEXT, &mut rng)).collect();
                us_each(COUNT, || {
                    sealed.iter().for_each(|bytes| drop(black_box(ours::open(&mut receiver, bytes))))
                })
            }),
            vodozemac: Box::new(|| {
                let sealed: Vec<_> = (0..COUNT).map(|_| peer::seal(&mut their_sender, &PLAINTEXT)).collect();
                us_each(COUNT, || {
                    sealed.iter().for_each(|parts| drop(black_box(peer::open(&mut their_receiver, parts))));
                })
            }),
            floor: Box::new(|| repeat(COUNT, || floor.decrypt())),
        },
    )
    .bar(Bar::AtMost("ratio", 1.0))
}

/// Each message answers the one before: sealed and opened, each with a turn of the ratchet.
fn ping_pong(name: &str, batches: u32) -> Row {
    const ROUNDS: u32 = 10;
    let mut rng = ours::rng(3);
    let (mut alice, mut bob) = ours::two_sessions(&mut rng);
    let (mut their_alice, mut their_bob) = peer::two_sessions();
    let mut floor = Primitives::new();
    compare(
        name,
        batches,
        Sides {
            waxwing: Box::new(|| {
                let mut round = || {
                    let ping = ours::seal(&mut alice, &PLAINTEXT, &mut rng);
                    black_box(ours::open(&mut bob, &ping));
                    let pong = ours::seal(&mut bob, &PLAINTEXT, &mut rng);
                    black_box(ours::open(&mut alice, &pong));
                };
                us_each(2 * ROUNDS, || (0..ROUNDS).for_each(|_| round()))
            }),
            vodozemac: Box::new(|| {
                let mut round = || {
                    let ping = peer::seal(&mut their_alice, &PLAINTEXT);
                    black_box(peer::open(&mut their_bob, &ping));
                    let pong = peer::seal(&mut their_bob, &PLAINTEXT);
                    black_box(peer::open(&mut their_alice, &pong));
                };
                us_each(2 * ROUNDS, || (0..ROUNDS).for_each(|_| round()))
            }),
            floor: Box::new(|| repeat(2 * ROUNDS, || floor.ping_pong())),
        },
    )
    .bar(Bar::AtMost("ratio", 0.85))
}

/// From a published bundle to the first message: its signature is checked, on both sides.
fn session_out(name: &str, batches: u32) -> Row {
    const COUNT: u32 = 5;
    let mut rng = ours::rng(4);
    let (alice, bob) = (ours::Device::new(1, &mut rng), ours::Device::new(2, &mut rng));
    let published = bob.published();
    let (their_alice, mut their_bob) = (peer::Device::new(), peer::Device::new());
    let key = their_bob.published();
    let mut floor = Primitives::new();
    compare(
        name,
        batches,
        Sides {
            waxwing: Box::new(|| {
                repeat(COUNT, || {
                    let mut session = alice.initiate(&bob, &published, &mut rng);
                    black_box(ours::seal(&mut session, &PLAINTEXT, &mut rng));
                })
            }),
            vodozemac: Box::new(|| {
                repeat(COUNT, || {
                    let mut session = their_alice.initiate(&their_bob, &key);
                    black_box(peer::seal(&mut session, &PLAINTEXT));
                })
            }),
            floor: Box::new(|| repeat(COUNT, || floor.session_out())),
        },
    )
    .bar(Bar::AtMost("waxwing_us", 330.0))
}

/// From the first message to a session and its plaintext.
fn session_in(name: &str, batches: u32) -> Row {
    const COUNT: u32 = 5;
    let mut rng = ours::rng(5);
    let (alice, bob) = (ours::Device::new(1, &mut rng), ours::Device::new(2, &mut rng));
    let first = ours::seal(&mut alice.initiate(&bob, &bob.published(), &mut rng), &PLAINTEXT, &mut rng);
    let (their_alice, their_bob) = (peer::Device::new(), RefCell::new(peer::Device::new()));
    let mut floor = Primitives::new();
    let their_first = || {
        let key = their_bob.borrow_mut().published();
        let mut session = their_alice.initiate(&their_bob.borrow(), &key);
        peer::seal(&mut session, &PLAINTEXT)
    };
    compare(
        name,
        batches,
        Sides {
            waxwing: Box::new(|| repeat(COUNT, || drop(black_box(bob.respond(&alice, &first))))),
            vodozemac: Box::new(|| {
                let firsts: Vec<_> = (0..COUNT).map(|_| their_first()).collect();
                us_each(COUNT, || {
                    for first in &firsts {
                        black_box(their_bob.borrow_mut().respond(&their_alice, first));
                    }
                })
            }),
            floor: Box::new(|| repeat(COUNT, || floor.session_in())),
        },
    )
    .bar(Bar::AtMost("waxwing_us", 400.0))
}

/// One message that comes 2,000 too early. Waxwing keeps all 2,000 keys; `vodozemac` keeps 40.
fn skip(name: &str, batches: u32) -> Row {
    let mut rng = ours::rng(6);
    let (mut sender, mut receiver) = ours::two_sessions(&mut rng);
    ours::open(&mut receiver, &ours::seal(&mut sender, &PLAINTEXT, &mut rng));
    let before = receiver.to_snapshot();
    let ahead = (0..=JUMP_MAX).map(|_| ours::seal(&mut sender, &PLAINTEXT, &mut rng)).last().expect("some");

    let (mut their_sender, mut their_receiver) = peer::two_sessions();
    peer::open(&mut their_receiver, &peer::seal(&mut their_sender, &PLAINTEXT));
    let their_before = serde_json::to_vec(&their_receiver.pickle()).expect("a pickle is JSON");
    let their_ahead = (0..JUMP_MAX).map(|_| peer::seal(&mut their_sender, &PLAINTEXT)).last().expect("some");
    let mut floor = Primitives::new();
    compare(
        name,
        batches,
        Sides {
            waxwing: Box::new(|| {
                let mut session = Session::from_snapshot(&before).expect("our own snapshot");
                us_each(1, || drop(black_box(ours::open(&mut session, &ahead))))
            }),
            vodozemac: Box::new(|| {
                let pickle = serde_json::from_slice(&their_before).expect("its own pickle");
                let mut session = vodozemac::olm::Session::from_pickle(pickle);
                us_each(1, || drop(black_box(peer::open(&mut session, &their_ahead))))
            }),
            floor: Box::new(|| us_each(1, || floor.jump(JUMP_MAX))),
        },
    )
    .bar(Bar::AtMost("waxwing_us", 900.0))
}

/// Does the same `count` times, timed.
pub(crate) fn repeat(count: u32, mut work: impl FnMut()) -> f64 {
    us_each(count, || (0..count).for_each(|_| work()))
}
