//! Whether the time of a comparison tells what was compared: dudect (Reparaz, Balasch, Verbauwhede, 2017).
//!
//! Each bench draws inputs of two classes at random and times both. `cargo xtask timing` judges the t values, and that the
//! control, which leaks by design, is caught.

use std::{cell::RefCell, time::Duration};

use dudect_bencher::{BenchRng, Class, CtRunner, ctbench_main, rand::Rng};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use waxwing_crypto::{
    Address, Bundle, DeviceSecrets, Message, OneTimePrekey, Ours, Secret, Session, Theirs, WeeklyPrekey,
};

/// Pairs of inputs of one run.
const COMPARISONS: usize = 200_000;
const DECRYPTIONS: usize = 60_000;
/// Comparisons timed together, since one is shorter than the clock can tell.
const AT_ONCE: usize = 16;
/// Where the parts of a ratchet message begin (docs/spec.md §6).
const COMMITMENT: std::ops::Range<usize> = 78..110;
const TAG_BYTES: usize = 16;

fn a_class(rng: &mut BenchRng) -> Class {
    if rng.next_u32() & 1 == 0 { Class::Left } else { Class::Right }
}

/// Two secrets that are equal (left), or differ in the first byte (right).
fn pair(class: Class, rng: &mut BenchRng) -> ([u8; 32], [u8; 32]) {
    let mut one = [0; 32];
    rng.fill_bytes(&mut one);
    let mut other = one;
    if let Class::Right = class {
        other[0] ^= 1;
    }
    (one, other)
}

/// Stops at the first difference, and must be caught.
fn control_that_leaks(runner: &mut CtRunner, rng: &mut BenchRng) {
    for _ in 0..COMPARISONS {
        let class = a_class(rng);
        let (one, other) = pair(class, rng);
        let differs =
            || std::hint::black_box(&one).iter().zip(std::hint::black_box(&other)).any(|(a, b)| a != b);
        runner.run_one(class, || (0..AT_ONCE).filter(|_| differs()).count());
    }
}

/// `Secret::ct_eq`.
fn secret_comparison(runner: &mut CtRunner, rng: &mut BenchRng) {
    for _ in 0..COMPARISONS {
        let class = a_class(rng);
        let (one, other) = pair(class, rng);
        let (one, other) = (Secret::new(one), Secret::new(other));
        let equal = || std::hint::black_box(&one).ct_eq(std::hint::black_box(&other));
        runner.run_one(class, || (0..AT_ONCE).filter(|_| equal()).count());
    }
}

/// A key commitment that is wrong in its first byte, or in its last.
fn wrong_commitment(runner: &mut CtRunner, rng: &mut BenchRng) {
    rejected(runner, rng, |_| (COMMITMENT.start, COMMITMENT.end - 1));
}

/// A tag that is wrong in its first byte, or in its last.
fn wrong_tag(runner: &mut CtRunner, rng: &mut BenchRng) {
    rejected(runner, rng, |length| (length - TAG_BYTES, length - 1));
}

/// Times the refusal of messages with one bit wrong: in the first (left) or the second (right) of two places.
fn rejected(runner: &mut CtRunner, rng: &mut BenchRng, places: fn(usize) -> (usize, usize)) {
    let (mut ours, theirs) = sessions(rng);
    let theirs = RefCell::new(theirs);
    for _ in 0..DECRYPTIONS {
        let class = a_class(rng);
        let mut text = [0; 100];
        rng.fill_bytes(&mut text);
        let mut bytes = ours.encrypt(&text, b"", Duration::ZERO, &mut seeded(rng)).expect("100 bytes fit");
        let (first, second) = places(bytes.len());
        let place = if let Class::Left = class { first } else { second };
        bytes[place] ^= 1 << (rng.next_u32() % 8);
        let message = Message::parse(&bytes).expect("only a secret part was touched");
        runner.run_one(class, || theirs.borrow_mut().decrypt(&message, b"").is_ok());
    }
}

/// A session that was answered, from both sides.
fn sessions(rng: &mut BenchRng) -> (Session, Session) {
    let mut rng = seeded(rng);
    let (alice, bob) = (DeviceSecrets::generate(&mut rng), DeviceSecrets::generate(&mut rng));
    let (alice_keys, bob_keys) = (alice.public(), bob.public());
    let at = |n| Address { account: [n; 16], device: [n; 16] };
    let (weekly, one_time) = (WeeklyPrekey::generate(1, &mut rng), OneTimePrekey::generate(1, &mut rng));
    let (alice, bob) = (Ours { address: at(1), secrets: &alice }, Ours { address: at(2), secrets: &bob });
    let bundle = Bundle::verify(&one_time.bundle(&bob, &weekly), &at(2), &bob_keys).expect("signed by Bob");
    let theirs = Theirs { address: at(2), keys: &bob_keys };
    let mut ours = Session::initiate(&alice, &theirs, &bundle, &mut rng).expect("an honest bundle");
    let first =
        Message::parse(&ours.encrypt(b"", b"", Duration::ZERO, &mut rng).expect("fits")).expect("whole");
    let Message::Initial(first) = first else { unreachable!("nobody answered") };
    let theirs = Theirs { address: at(1), keys: &alice_keys };
    let (mut bobs, _) = Session::respond(&bob, &theirs, &weekly, &one_time, &first, b"").expect("honest");
    let answer =
        Message::parse(&bobs.encrypt(b"", b"", Duration::ZERO, &mut rng).expect("fits")).expect("whole");
    ours.decrypt(&answer, b"").expect("honest");
    (ours, bobs)
}

fn seeded(rng: &mut BenchRng) -> ChaCha20Rng {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    ChaCha20Rng::from_seed(seed)
}

ctbench_main!(control_that_leaks, secret_comparison, wrong_commitment, wrong_tag);
