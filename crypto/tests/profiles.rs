//! Profiles: what was sealed opens for whoever has the key, as what it was, and as nothing else.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]

use proptest::prelude::*;
use waxwing_crypto::profile::{Field, ProfileError, ProfileKey, TooLong, must_rotate, verifier_of};

mod common;

const ALICE: [u8; 16] = [1; 16];
const BOB: [u8; 16] = [2; 16];
const FIELDS: [Field; 3] = [Field::Name, Field::About, Field::Picture];

fn key(seed: u8) -> ProfileKey {
    ProfileKey::generate(&mut common::rng(seed))
}

fn name(key: &ProfileKey, revision: u64, text: &str) -> Vec<u8> {
    key.seal(&ALICE, Field::Name, revision, text.as_bytes(), &mut common::rng(9)).unwrap()
}

fn refused(key: &ProfileKey, account: &[u8; 16], field: Field, sealed: &[u8]) -> ProfileError {
    key.open(account, field, 0, sealed).expect_err("it must not open")
}

#[test]
fn each_field_comes_back_up_to_its_limit() {
    let (key, mut rng) = (key(1), common::rng(2));
    for field in FIELDS {
        for length in [0, 1, field.bytes_max()] {
            let content = vec![7; length];
            let sealed = key.seal(&ALICE, field, 5, &content, &mut rng).unwrap();
            let opened = key.open(&ALICE, field, 5, &sealed).unwrap();
            assert_eq!((&opened.content[..], opened.revision), (&content[..], 5));
        }
        let long = vec![7; field.bytes_max() + 1];
        assert_eq!(key.seal(&ALICE, field, 5, &long, &mut rng), Err(TooLong));
    }
}

#[test]
fn a_field_opens_as_what_it_is_for_whom_it_is() {
    let (one, sealed) = (key(1), name(&key(1), 1, "Alice"));
    assert_eq!(refused(&one, &BOB, Field::Name, &sealed), ProfileError::Rejected);
    assert_eq!(refused(&one, &ALICE, Field::About, &sealed), ProfileError::Rejected);
    assert_eq!(refused(&key(3), &ALICE, Field::Name, &sealed), ProfileError::Rejected);
    // A name that says it is something about the person.
    let mut relabelled = sealed;
    relabelled[2] = 2;
    assert_eq!(refused(&one, &ALICE, Field::About, &relabelled), ProfileError::Rejected);
}

#[test]
fn a_relay_that_goes_back_is_found() {
    let key = key(1);
    let (first, second) = (name(&key, 1, "Alice"), name(&key, 2, "Alicia"));
    assert_eq!(key.open(&ALICE, Field::Name, 0, &second).unwrap().revision, 2);
    assert_eq!(key.open(&ALICE, Field::Name, 2, &first).unwrap_err(), ProfileError::Older { revision: 1 });
    assert_eq!(key.open(&ALICE, Field::Name, 2, &second).unwrap().revision, 2, "the same again is no harm");
    // An old field with a new number is not authentic.
    let mut lying = first;
    lying[14] = 3;
    assert_eq!(key.open(&ALICE, Field::Name, 2, &lying).unwrap_err(), ProfileError::Rejected);
}

#[test]
fn who_was_blocked_reads_nothing_that_came_after() {
    let (old, mut rng) = (key(1), common::rng(2));
    assert!(must_rotate(&[BOB], |account| *account != BOB));
    assert!(!must_rotate(&[BOB], |_| true) && !must_rotate(&[], |_| false));
    let new = old.rotate(&mut rng).unwrap();
    assert_eq!((old.version(), new.version()), (1, 2));
    let sealed = name(&new, 2, "Alice, elsewhere");
    assert_eq!(refused(&old, &ALICE, Field::Name, &sealed), ProfileError::OtherKey { version: 2 });
    // Not even with the version written over.
    let mut renamed = sealed.clone();
    renamed[6] = 1;
    assert_eq!(refused(&old, &ALICE, Field::Name, &renamed), ProfileError::Rejected);
    assert_eq!(&new.open(&ALICE, Field::Name, 1, &sealed).unwrap().content[..], b"Alice, elsewhere");
    assert!(!old.access_key().ct_eq(&new.access_key()));
    assert_ne!(verifier_of(&old.access_key()), new.access_verifier());
}

#[test]
fn nothing_is_sealed_twice_alike() {
    let (key, mut rng) = (key(1), common::rng(2));
    let mut seal = || key.seal(&ALICE, Field::Name, 1, b"Alice", &mut rng).unwrap();
    let (one, other) = (seal(), seal());
    let same = one[15..].iter().zip(&other[15..]).filter(|(a, b)| a == b).count();
    assert!(same < 10, "{same}");
}

#[test]
fn lengths_of_names_are_alike() {
    let key = key(1);
    assert_eq!(name(&key, 1, "Al").len(), name(&key, 1, &"A".repeat(127)).len());
    assert_ne!(name(&key, 1, &"A".repeat(127)).len(), name(&key, 1, &"A".repeat(128)).len());
}

#[test]
fn a_key_has_one_encoding() {
    let key = key(1);
    let bytes = *key.to_bytes().expose();
    assert_eq!(ProfileKey::from_bytes(&bytes).unwrap().to_bytes().expose(), &bytes);
    let mut bad = bytes;
    bad[0] = 2;
    assert_eq!(ProfileKey::from_bytes(&bad).unwrap_err(), ProfileError::Unsupported);
    let mut bad = bytes;
    bad[1..5].fill(0);
    assert_eq!(ProfileKey::from_bytes(&bad).unwrap_err(), ProfileError::Malformed);
    assert_eq!(ProfileKey::from_bytes(&bytes[..36]).unwrap_err(), ProfileError::Malformed);
    assert_eq!(ProfileKey::from_bytes(&[&bytes[..], &[0]].concat()).unwrap_err(), ProfileError::Malformed);
    assert_eq!(ProfileKey::from_bytes(&[]).unwrap_err(), ProfileError::Malformed);
    let mut last = bytes;
    last[1..5].fill(0xff);
    assert!(ProfileKey::from_bytes(&last).unwrap().rotate(&mut common::rng(2)).is_none());
}

proptest! {
    #[test]
    fn any_flip_and_any_cut_is_refused(at in 0usize..300, bit in 0u8..8) {
        let (key, sealed) = (key(1), name(&key(1), 7, "Alice"));
        let mut flipped = sealed.clone();
        flipped[at % sealed.len()] ^= 1 << bit;
        prop_assert!(key.open(&ALICE, Field::Name, 0, &flipped).is_err());
        prop_assert!(key.open(&ALICE, Field::Name, 0, &sealed[..at % sealed.len()]).is_err());
        let long = [&sealed[..], &[0]].concat();
        prop_assert!(key.open(&ALICE, Field::Name, 0, &long).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let key = key(1);
        let head = [&[1, 1, 1, 0, 0, 0, 1][..], &bytes].concat();
        for bytes in [bytes, head] {
            prop_assert!(key.open(&ALICE, Field::Name, 0, &bytes).is_err());
            let _ = ProfileKey::from_bytes(&bytes);
        }
    }
}

#[test]
fn a_field_has_room_for_what_it_is_for() {
    assert_eq!([Field::Name, Field::About, Field::Picture].map(Field::bytes_max), [256, 1_024, 262_144]);
}
