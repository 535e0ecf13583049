//! A peer that has the keys of a session, and lies in the headers that it seals: refused, and nothing changes.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use waxwing_crypto::{
    JUMP_MAX, Message, OpenError, REFRESH_AFTER, Session,
    primitives::{self, MlKem},
};

use common::{
    AD, NOW,
    by_hand::{ANSWER, OFFER, PLAIN, Stored, header_bytes},
    fail, open, two_devices, two_sessions,
};

mod common;

const SALT: [u8; 16] = [0x5a; 16];
const KEY_BYTES: usize = 1184;
const CIPHERTEXT_BYTES: usize = 1088;

/// Alice, whose chain is under way, as her peer finds her keys at rest; and Bob, to whom she lies.
fn liar(seed: u8) -> (Stored, Session, Session) {
    let (mut alice, mut bob, mut rng) = two_sessions(seed);
    let begin = alice.encrypt(b"begins a chain", AD, NOW, &mut rng).unwrap();
    open(&mut bob, &begin).unwrap();
    (Stored::read(&alice.to_snapshot()), alice, bob)
}

fn exchange(session: &Session) -> u8 {
    Stored::read(&session.to_snapshot()).exchange.0
}

proptest! {
    #[test]
    fn whatever_a_header_says_it_opens_or_changes_nothing(
        kind in 0..5u8,
        (ratchet, key_seed) in any::<(Option<[u8; 32]>, Option<[u8; 32]>)>(),
        (previous, number) in any::<(u32, u32)>(),
        (near, begins_a_chain, is_offered) in any::<(bool, bool, bool)>(),
    ) {
        let (mut alice, mut bob, mut rng) = two_sessions(12);
        if is_offered {
            // Bob has an offer under way; Alice's lies may be answers to it.
            let offer = bob.encrypt(b"offer", AD, NOW + REFRESH_AFTER, &mut rng).unwrap();
            open(&mut alice, &offer).unwrap();
        }
        let begin = alice.encrypt(b"begins a chain", AD, NOW, &mut rng).unwrap();
        if !begins_a_chain {
            open(&mut bob, &begin).unwrap();
        }
        let stored = Stored::read(&alice.to_snapshot());
        let rider = match (kind, key_seed) {
            (1, Some(seed)) => primitives::kem_public(MlKem::Of768, &[seed, seed].concat().try_into().unwrap()),
            (1, None) => vec![previous as u8; KEY_BYTES],
            (2, _) => stored.exchange.1.get(..CIPHERTEXT_BYTES).map_or(vec![number as u8; CIPHERTEXT_BYTES], <[u8]>::to_vec),
            (_, _) => Vec::new(),
        };
        let mut header = stored.header(kind, &rider);
        if let Some(ratchet) = ratchet {
            header[1..33].copy_from_slice(&ratchet);
        }
        if !near {
            header[33..37].copy_from_slice(&previous.to_be_bytes());
            header[37..41].copy_from_slice(&number.to_be_bytes());
        }
        let before = bob.to_snapshot();
        match open(&mut bob, &stored.seal(&header, b"maybe", SALT)) {
            Ok(plaintext) => prop_assert_eq!(plaintext, b"maybe"),
            Err(_) => prop_assert!(before == bob.to_snapshot()),
        }
        prop_assert!(Session::from_snapshot(&bob.to_snapshot()).is_ok());
    }
}

#[test]
fn what_these_tests_write_by_hand_opens_when_it_is_no_lie() {
    let (stored, _, mut bob) = liar(1);
    assert_eq!(open(&mut bob, &stored.seal(&stored.header(0, &[]), b"true", SALT)).unwrap(), b"true");
    let (stored, _, mut bob) = liar(1);
    let key = primitives::kem_public(MlKem::Of768, &[9; 64]);
    assert_eq!(open(&mut bob, &stored.seal(&stored.header(1, &key), b"true", SALT)).unwrap(), b"true");
    assert_eq!(Stored::read(&bob.to_snapshot()).exchange, (2, key));
}

#[test]
fn an_offered_key_beyond_the_modulus_is_refused() {
    let (stored, _, mut bob) = liar(2);
    let good = primitives::kem_public(MlKem::Of768, &[9; 64]);
    for at in [0, 3 * 100, 1149] {
        let mut key = good.clone();
        key[at..at + 3].fill(0xff);
        let forged = stored.seal(&stored.header(1, &key), b"lie", SALT);
        assert_eq!(header_bytes(&forged), OFFER);
        assert_eq!(fail(&mut bob, &forged), OpenError::Rejected);
    }
    // The smallest number that is not below the modulus, and the greatest that is.
    for (low, high, fits) in [(0x01, 0xd, false), (0x00, 0xd, true)] {
        let mut key = good.clone();
        key[0] = low;
        key[1] = key[1] & 0xf0 | high;
        let forged = stored.seal(&stored.header(1, &key), b"a key", SALT);
        assert_eq!(open(&mut bob, &forged).is_ok(), fits);
    }
}

#[test]
fn a_header_says_only_what_its_length_allows() {
    let (stored, _, mut bob) = liar(3);
    let key = primitives::kem_public(MlKem::Of768, &[9; 64]);
    for kind in [3, 4, 0x80, 0xff] {
        for rider in [&[][..], &key, &[7; CIPHERTEXT_BYTES]] {
            let forged = stored.seal(&stored.header(kind, rider), b"lie", SALT);
            assert_eq!(fail(&mut bob, &forged), OpenError::Rejected, "kind {kind} is reserved");
        }
    }
    for (kind, rider) in [
        (0, &key[..]),
        (0, &[7; CIPHERTEXT_BYTES]),
        (1, &[]),
        (1, &key[..CIPHERTEXT_BYTES]),
        (2, &[]),
        (2, &key),
    ] {
        let forged = stored.seal(&stored.header(kind, rider), b"lie", SALT);
        assert_eq!(fail(&mut bob, &forged), OpenError::Rejected, "kind {kind} of {} bytes", rider.len());
    }
    // A length that is none of the three is not a message at all.
    for length in
        [0, 1, PLAIN - 16 - 41, CIPHERTEXT_BYTES + 1, KEY_BYTES - 1, KEY_BYTES + CIPHERTEXT_BYTES, 60_000]
    {
        if length > 0 {
            let forged = stored.seal(&stored.header(1, &vec![0; length]), b"lie", SALT);
            assert!(Message::parse(&forged).is_err(), "{length}");
        }
    }
}

#[test]
fn an_answer_that_nobody_asked_for_is_refused_or_passed_over() {
    let (mut alice, mut bob, mut rng) = two_sessions(4);
    alice.encrypt(b"begins a chain", AD, NOW, &mut rng).unwrap();
    let stored = Stored::read(&alice.to_snapshot());
    let forged = stored.seal(&stored.header(2, &[7; CIPHERTEXT_BYTES]), b"lie", SALT);
    assert_eq!(header_bytes(&forged), ANSWER);
    // It begins a chain: there is no key to open it with.
    assert_eq!(fail(&mut bob, &forged), OpenError::Rejected);
    // In a chain that is known it says nothing.
    let (stored, _, mut bob) = liar(4);
    let forged = stored.seal(&stored.header(2, &[7; CIPHERTEXT_BYTES]), b"chatter", SALT);
    assert_eq!(open(&mut bob, &forged).unwrap(), b"chatter");
    assert_eq!(exchange(&bob), 0);
}

#[test]
fn a_wrong_answer_opens_nothing_and_the_right_one_still_does() {
    let (mut alice, mut bob, mut rng) = two_sessions(5);
    let due = NOW + REFRESH_AFTER;
    let offer = alice.encrypt(b"offer", AD, due, &mut rng).unwrap();
    open(&mut bob, &offer).unwrap();
    let answer = bob.encrypt(b"answer", AD, due, &mut rng).unwrap();
    let stored = Stored::read(&bob.to_snapshot());
    let (kind, right) = &stored.exchange;
    assert_eq!(*kind, 3);
    let header = stored.header(2, right);
    for at in [0, 500, CIPHERTEXT_BYTES - 1] {
        let mut wrong = header.clone();
        wrong[41 + at] ^= 1;
        assert_eq!(fail(&mut alice, &stored.seal(&wrong, b"lie", SALT)), OpenError::Rejected);
    }
    for fill in [0x00, 0xff] {
        let wrong = stored.header(2, &[fill; CIPHERTEXT_BYTES]);
        assert_eq!(fail(&mut alice, &stored.seal(&wrong, b"lie", SALT)), OpenError::Rejected);
    }
    // Without the answer, or with an offer in its place, it is another root step.
    let key = primitives::kem_public(MlKem::Of768, &[9; 64]);
    for header in [stored.header(0, &[]), stored.header(1, &key)] {
        assert_eq!(fail(&mut alice, &stored.seal(&header, b"lie", SALT)), OpenError::Rejected);
    }
    assert_eq!(exchange(&alice), 1, "she still offers");
    assert_eq!(open(&mut alice, &stored.seal(&header, b"no lie", SALT)).unwrap(), b"no lie");
    assert_eq!(open(&mut alice, &answer).unwrap(), b"answer");
    assert_eq!(alice.refreshed().at, Some(due));
}

#[test]
fn every_flip_of_a_message_with_an_offer_or_an_answer_changes_nothing() {
    let (mut alice, mut bob, mut rng) = two_sessions(6);
    let due = NOW + REFRESH_AFTER;
    for is_offer in [true, false] {
        let (from, to) = if is_offer { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
        let message = from.encrypt(b"as it was", AD, due, &mut rng).unwrap();
        assert_eq!(header_bytes(&message), if is_offer { OFFER } else { ANSWER });
        for at in 0..message.len() {
            let mut flipped = message.clone();
            flipped[at] ^= 1 << (at % 8);
            assert_eq!(fail(to, &flipped), OpenError::Rejected, "byte {at}");
        }
        for cut in [20, 21, 78, 79, message.len() - 17, message.len() - 1] {
            assert_eq!(fail(to, &message[..cut]), OpenError::Rejected);
        }
        assert_eq!(open(to, &message).unwrap(), b"as it was");
    }
    assert_eq!(alice.refreshed().at, Some(due));
}

#[test]
fn nothing_rides_in_an_initial_message() {
    let (alice, bob, mut rng) = two_devices(7);
    let mut ours = alice.initiate(&bob, &mut rng);
    let initial = ours.encrypt(b"hello", AD, NOW, &mut rng).unwrap();
    let handshake = &initial[..initial.len() - (57 + 21 + 32 + 5 + 16)];
    let (liar, _, _) = liar(7);
    let key = primitives::kem_public(MlKem::Of768, &[9; 64]);
    for (kind, rider) in [(1, &key[..]), (2, &key[..CIPHERTEXT_BYTES])] {
        let ratchet = liar.seal(&liar.header(kind, rider), b"hello", SALT);
        assert!(Message::parse(&ratchet).is_ok());
        assert!(Message::parse(&[handshake, &ratchet].concat()).is_err());
    }
}

#[test]
fn a_ratchet_key_that_is_weak_or_has_a_second_encoding_is_refused() {
    // In a chain that is known, where the key is not even needed.
    let (stored, _, mut bob) = liar(8);
    let mut one = [0; 32];
    one[0] = 1;
    let mut high = primitives::x25519_public(&stored.ratchet());
    high[31] |= 0x80;
    let mut above = [0xff; 32];
    above[31] = 0x7f;
    for key in [[0; 32], one, high, above] {
        let mut header = stored.header(0, &[]);
        header[1..33].copy_from_slice(&key);
        assert_eq!(fail(&mut bob, &stored.seal(&header, b"lie", SALT)), OpenError::Rejected);
    }
    assert_eq!(open(&mut bob, &stored.seal(&stored.header(0, &[]), b"true", SALT)).unwrap(), b"true");
}

#[test]
fn a_torsioned_ratchet_key_agrees_on_the_same_and_splits_nothing() {
    use curve25519_dalek::{constants::EIGHT_TORSION, montgomery::MontgomeryPoint};
    for torsion in &EIGHT_TORSION[1..] {
        let (mut alice, mut bob, mut rng) = two_sessions(9);
        alice.encrypt(b"begins a chain", AD, NOW, &mut rng).unwrap();
        let stored = Stored::read(&alice.to_snapshot());
        let public = MontgomeryPoint(primitives::x25519_public(&stored.ratchet())).to_edwards(0).unwrap();
        let mut header = stored.header(0, &[]);
        header[1..33].copy_from_slice((public + torsion).to_montgomery().as_bytes());
        assert_eq!(open(&mut bob, &stored.seal(&header, b"twin", SALT)).unwrap(), b"twin");
        let answer = bob.encrypt(b"answer", AD, NOW, &mut rng).unwrap();
        assert_eq!(open(&mut alice, &answer).unwrap(), b"answer");
    }
}

#[test]
fn a_jump_is_counted_over_both_chains_together() {
    let (mut alice, mut bob, mut rng) = two_sessions(10);
    let chain: Vec<_> =
        (0..=JUMP_MAX / 2).map(|_| alice.encrypt(b"lost", AD, NOW, &mut rng).unwrap()).collect();
    open(&mut bob, &chain[0]).unwrap();
    let answer = bob.encrypt(b"turn", AD, NOW, &mut rng).unwrap();
    open(&mut alice, &answer).unwrap();
    // 1,000 are left in the chain that ends.
    let next: Vec<_> =
        (0..=JUMP_MAX / 2 + 1).map(|_| alice.encrypt(b"next", AD, NOW, &mut rng).unwrap()).collect();
    assert_eq!(fail(&mut bob, &next[1_001]), OpenError::TooFarAhead);
    assert_eq!(open(&mut bob, &next[1_000]).unwrap(), b"next");
    assert_eq!(open(&mut bob, &next[1_001]).unwrap(), b"next", "not far any more");
    for late in chain[1..].iter().chain(&next[..1_000]) {
        open(&mut bob, late).unwrap();
    }
}

#[test]
fn an_old_copy_that_answers_again_draws_everything_again() {
    let (mut alice, mut bob, mut rng) = two_sessions(11);
    let due = NOW + REFRESH_AFTER;
    let before_offer = alice.to_snapshot();
    let offer = alice.encrypt(b"offer", AD, due, &mut rng).unwrap();
    open(&mut bob, &offer).unwrap();
    let before_answer = bob.to_snapshot();
    let (mut keys, mut ciphertexts) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..20 {
        let mut rolled_back = Session::from_snapshot(&before_offer).unwrap();
        rolled_back.encrypt(b"offer", AD, due, &mut rng).unwrap();
        let stored = Stored::read(&rolled_back.to_snapshot());
        keys.insert((stored.ratchet(), stored.exchange.1[..64].to_vec()));
        let mut rolled_back = Session::from_snapshot(&before_answer).unwrap();
        let answer = rolled_back.encrypt(b"answer", AD, due, &mut rng).unwrap();
        let stored = Stored::read(&rolled_back.to_snapshot());
        ciphertexts.insert((stored.ratchet(), stored.exchange.1.clone()));
        // Each of the answers opens, for a device that opened none of the others.
        let mut alice = Session::from_snapshot(&alice.to_snapshot()).unwrap();
        assert_eq!(open(&mut alice, &answer).unwrap(), b"answer");
    }
    assert_eq!((keys.len(), ciphertexts.len()), (20, 20));
}
