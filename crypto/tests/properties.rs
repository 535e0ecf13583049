//! Any loss, repetition and reordering, in both directions: the same plaintext, or a clean error.

use std::collections::BTreeSet;

use proptest::prelude::*;
use waxwing_crypto::{
    AccountPublicKey, Bundle, DeviceList, DevicePublic, JUMP_MAX, Message, OneTimePrekey, OpenError,
    REFRESH_AFTER, Session, WeeklyPrekey, pad, unpad,
};

use common::{AD, NOW, fail, open, two_devices, two_sessions};

mod common;

/// What happens next on the way between two devices.
#[derive(Clone, Debug)]
enum Event {
    /// One side sends, maybe when a post-quantum exchange is due.
    Send { by_alice: bool, a_week_later: bool },
    /// One of the messages under way arrives, maybe not for the first time.
    Arrive { at_alice: bool, which: prop::sample::Index },
    /// One side is stored and loaded.
    Restart { alice: bool },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => any::<(bool, bool)>().prop_map(|(by_alice, a_week_later)| Event::Send { by_alice, a_week_later }),
        5 => any::<(bool, prop::sample::Index)>()
            .prop_map(|(at_alice, which)| Event::Arrive { at_alice, which }),
        1 => any::<bool>().prop_map(|alice| Event::Restart { alice }),
    ]
}

/// One side, and all that was ever sent to it.
struct Side {
    session: Session,
    inbound: Vec<(Vec<u8>, Vec<u8>)>,
    opened: BTreeSet<usize>,
}

impl Side {
    fn new(session: Session) -> Self {
        Self { session, inbound: Vec::new(), opened: BTreeSet::new() }
    }

    fn arrive(&mut self, which: usize) {
        let (plaintext, sealed) = &self.inbound[which];
        let before = self.session.to_snapshot();
        match open(&mut self.session, sealed) {
            Ok(opened) => {
                assert_eq!(&opened, plaintext);
                assert!(self.opened.insert(which), "opened twice");
            }
            // Past four turns, a repeat is not known for one; past sixteen, neither is a late message.
            Err(error) => {
                assert!(self.opened.contains(&which) || error == OpenError::Rejected, "{error:?}");
                assert_ne!(error, OpenError::TooFarAhead);
                assert!(before == self.session.to_snapshot(), "a failure changed the session");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn any_order_gives_each_plaintext_once(events in prop::collection::vec(event(), 1..120), seed: u8) {
        let (alice, bob, mut rng) = two_sessions(seed);
        let (mut alice, mut bob, mut now) = (Side::new(alice), Side::new(bob), NOW);
        for (count, event) in events.into_iter().enumerate() {
            match event {
                Event::Send { by_alice, a_week_later } => {
                    now += REFRESH_AFTER * u32::from(a_week_later);
                    let (from, to) = if by_alice { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
                    let text = format!("message {count}").into_bytes();
                    let sealed = from.session.encrypt(&text, AD, now, &mut rng).unwrap();
                    to.inbound.push((text, sealed));
                }
                Event::Arrive { at_alice, which } => {
                    let side = if at_alice { &mut alice } else { &mut bob };
                    if !side.inbound.is_empty() {
                        side.arrive(which.index(side.inbound.len()));
                    }
                }
                Event::Restart { alice: at_alice } => {
                    let side = if at_alice { &mut alice } else { &mut bob };
                    let stored = side.session.to_snapshot();
                    side.session = Session::from_snapshot(&stored).unwrap();
                    prop_assert!(side.session.to_snapshot() == stored);
                }
            }
        }
        // Both can still talk.
        for alice_sends in [true, false] {
            let (from, to) = if alice_sends { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
            let sealed = from.session.encrypt(b"still here", AD, now, &mut rng).unwrap();
            assert_eq!(open(&mut to.session, &sealed).unwrap(), b"still here");
            assert_eq!(fail(&mut to.session, &sealed), OpenError::Duplicate);
        }
        // And an exchange that is due comes within two turns each, whatever was under way.
        now += REFRESH_AFTER;
        for alice_sends in [true, false, true, false, true, false] {
            let (from, to) = if alice_sends { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
            let sealed = from.session.encrypt(b"once more", AD, now, &mut rng).unwrap();
            assert_eq!(open(&mut to.session, &sealed).unwrap(), b"once more");
        }
        prop_assert_eq!(alice.session.refreshed().at, Some(now));
        prop_assert_eq!(bob.session.refreshed().at, Some(now));
    }

    #[test]
    fn within_a_turn_every_message_opens_in_any_order(
        order in Just((0..60).collect::<Vec<usize>>()).prop_shuffle(),
        seed: u8,
    ) {
        let (mut alice, mut bob, mut rng) = two_sessions(seed);
        let sealed: Vec<_> =
            (0..60u8).map(|number| alice.encrypt(&[number], AD, NOW, &mut rng).unwrap()).collect();
        for &which in &order {
            assert_eq!(open(&mut bob, &sealed[which]).unwrap(), [which as u8]);
            assert_eq!(fail(&mut bob, &sealed[which]), OpenError::Duplicate);
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_is_rejected(position: prop::sample::Index, bit in 0..8u8, seed: u8) {
        let (mut alice, mut bob, mut rng) = two_sessions(seed);
        let sealed = alice.encrypt(b"as it was", AD, NOW, &mut rng).unwrap();
        let mut flipped = sealed.clone();
        flipped[position.index(sealed.len())] ^= 1 << bit;
        assert_eq!(fail(&mut bob, &flipped), OpenError::Rejected);
        assert_eq!(open(&mut bob, &sealed).unwrap(), b"as it was");
    }

    #[test]
    fn a_flipped_bit_in_an_initial_message_is_rejected(position: prop::sample::Index, bit in 0..8u8) {
        let (alice, bob, mut rng) = two_devices(3);
        let sealed = alice.initiate(&bob, &mut rng).encrypt(b"hello", AD, NOW, &mut rng).unwrap();
        let mut flipped = sealed.clone();
        flipped[position.index(sealed.len())] ^= 1 << bit;
        if let Ok(Message::Initial(_)) = Message::parse(&flipped) {
            assert_eq!(bob.respond(&alice, &flipped).unwrap_err(), OpenError::Rejected);
        }
    }

    #[test]
    fn a_flipped_bit_in_a_bundle_is_refused(position: prop::sample::Index, bit in 0..8u8) {
        let (_, bob, _) = two_devices(4);
        let mut bytes = bob.one_time.bundle(&bob.ours(), &bob.weekly);
        let position = position.index(bytes.len());
        bytes[position] ^= 1 << bit;
        prop_assert!(Bundle::verify(&bytes, &bob.address, &bob.keys).is_err());
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), start in 0..4usize) {
        let (mut alice, ..) = two_sessions(5);
        let starts: [&[u8]; 4] = [&[], &[1, 1, 1], &[1, 2, 1], &[1, 1]];
        let bytes = [starts[start], bytes.as_slice()].concat();
        if let Ok(message) = Message::parse(&bytes) {
            prop_assert!(alice.decrypt(&message, AD).is_err());
        }
        let _ = Session::from_snapshot(&bytes);
        let _ = WeeklyPrekey::from_bytes(&bytes);
        let _ = OneTimePrekey::from_bytes(&bytes);
        let _ = unpad(&bytes);
        if let Some((signing, rest)) = bytes.split_first_chunk() {
            let _ = AccountPublicKey::parse(*signing).map(|key| DeviceList::verify(rest, [1; 16], &key));
            let _ = rest.first_chunk().map(|agreement| DevicePublic::parse(*signing, *agreement));
        }
    }

    #[test]
    fn a_snapshot_has_one_encoding(position: prop::sample::Index, bit in 0..8u8, skip in 0..20u8, seed: u8) {
        let (mut alice, mut bob, mut rng) = two_sessions(seed);
        for _ in 0..skip {
            alice.encrypt(b"lost", AD, NOW, &mut rng).unwrap();
        }
        let sealed = alice.encrypt(b"here", AD, NOW, &mut rng).unwrap();
        open(&mut bob, &sealed).unwrap();
        let mut bytes = bob.to_snapshot();
        let position = position.index(bytes.len());
        bytes[position] ^= 1 << bit;
        if let Ok(session) = Session::from_snapshot(&bytes) {
            prop_assert!(session.to_snapshot() == bytes);
        }
        prop_assert!(Session::from_snapshot(&bytes[..position]).is_err());
    }

    #[test]
    fn padding_comes_off_as_it_went_on(content in prop::collection::vec(any::<u8>(), 0..3000)) {
        let padded = pad(&content);
        prop_assert_eq!(unpad(&padded), Ok(&content[..]));
    }
}

#[test]
fn a_jump_within_the_limit_keeps_every_key() {
    let (mut alice, mut bob, mut rng) = two_sessions(6);
    let sealed: Vec<_> = (0..=JUMP_MAX)
        .map(|number| alice.encrypt(&number.to_be_bytes(), AD, NOW, &mut rng).unwrap())
        .collect();
    for number in (0..=JUMP_MAX).rev() {
        assert_eq!(open(&mut bob, &sealed[number as usize]).unwrap(), number.to_be_bytes());
    }
}

#[test]
fn a_message_of_fifteen_turns_ago_still_opens_and_one_of_seventeen_does_not() {
    let (mut alice, mut bob, mut rng) = two_sessions(7);
    let mut late = Vec::new();
    for turn in 0..40u8 {
        late.push(alice.encrypt(&[turn], AD, NOW, &mut rng).unwrap());
        let sealed = alice.encrypt(b"now", AD, NOW, &mut rng).unwrap();
        open(&mut bob, &sealed).unwrap();
        let answer = bob.encrypt(b"yes", AD, NOW, &mut rng).unwrap();
        open(&mut alice, &answer).unwrap();
    }
    assert_eq!(open(&mut bob, &late[39]).unwrap(), [39], "of the current chain");
    assert_eq!(open(&mut bob, &late[24]).unwrap(), [24], "15 turns ago");
    assert_eq!(fail(&mut bob, &late[22]), OpenError::Rejected);
    assert_eq!(open(&mut bob, &late[37]).unwrap(), [37]);
    assert_eq!(fail(&mut bob, &late[37]), OpenError::Duplicate, "an empty chain is remembered for 4 turns");
    assert_eq!(fail(&mut bob, &late[24]), OpenError::Rejected, "and no longer");
}

#[test]
fn a_session_at_rest_is_small() {
    let (alice, bob, mut rng) = two_devices(8);
    let mut ours = alice.initiate(&bob, &mut rng);
    let first = ours.encrypt(b"first", AD, NOW, &mut rng).unwrap();
    assert!(ours.to_snapshot().len() < 2048, "unanswered: {}", ours.to_snapshot().len());
    let (mut theirs, _) = bob.respond(&alice, &first).unwrap();
    for _ in 0..20 {
        let sealed = theirs.encrypt(b"ping", AD, NOW, &mut rng).unwrap();
        open(&mut ours, &sealed).unwrap();
        let sealed = ours.encrypt(b"pong", AD, NOW, &mut rng).unwrap();
        open(&mut theirs, &sealed).unwrap();
    }
    assert!(ours.to_snapshot().len() < 600, "{}", ours.to_snapshot().len());
}
