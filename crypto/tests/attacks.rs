//! The attacks on a conversation of two, played. `docs/threats.md` names the test beside each.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "one test measures")]

use std::{collections::BTreeSet, time::Instant};

use rand_chacha::rand_core::Rng;
use waxwing_crypto::{
    AccountKey, AccountPublicKey, Address, Bundle, BundleError, DeviceEntry, DeviceList, DeviceListError,
    DevicePublic, HandshakeError, JUMP_MAX, KeyError, MESSAGE_BYTES_MAX, Message, OneTimePrekey, OpenError,
    Ours, PLAINTEXT_BYTES_MAX, ParseError, SKIPPED_MAX, SealError, Session, Theirs, WeeklyPrekey,
    group::GroupMessage,
    sealed_sender::{self, Recipient, SealedMessage, SealingKey},
};

use common::{AD, Device, NOW, fail, initial, open, rng, sign_freely, two_devices, two_sessions};

mod common;

const P: [u8; 32] = {
    let mut p = [0xff; 32];
    p[0] = 0xed;
    p[31] = 0x7f;
    p
};

#[test]
fn a_key_with_its_high_bit_set_or_not_below_p_is_refused() {
    let good = two_devices(1).0.keys;
    let mut high = good.agreement_bytes();
    high[31] |= 0x80;
    let mut above = P;
    above[0] = 0xff;
    for agreement in [high, P, above] {
        assert_eq!(DevicePublic::parse(good.signing_bytes(), agreement), Err(KeyError::NotCanonical));
    }
}

#[test]
fn a_key_of_low_order_is_refused() {
    let good = two_devices(1).0.keys;
    let mut minus_one = P;
    minus_one[0] -= 1;
    let mut one = [0; 32];
    one[0] = 1;
    let eight = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
    let eighth = "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157";
    let hex = |text| <[u8; 32]>::try_from(hex::decode(text).unwrap()).unwrap();
    for agreement in [[0; 32], one, minus_one, hex(eight), hex(eighth)] {
        assert_eq!(DevicePublic::parse(good.signing_bytes(), agreement), Err(KeyError::Weak));
    }
    // The identity and the other points of small order on the Edwards curve, and an encoding that is not canonical.
    assert_eq!(AccountPublicKey::parse(one), Err(KeyError::Weak));
    assert_eq!(AccountPublicKey::parse(minus_one), Err(KeyError::Weak));
    assert_eq!(AccountPublicKey::parse([0; 32]), Err(KeyError::Weak));
    let mut not_canonical = one;
    not_canonical[31] = 0x80;
    assert!(AccountPublicKey::parse(not_canonical).is_err());
    assert!(AccountPublicKey::parse([0xff; 32]).is_err());
}

#[test]
fn a_torsioned_ephemeral_key_agrees_on_the_same_dh_and_still_opens_nothing() {
    use curve25519_dalek::{constants::EIGHT_TORSION, montgomery::MontgomeryPoint};
    let (alice, bob, mut rng) = two_devices(2);
    let sealed = alice.initiate(&bob, &mut rng).encrypt(b"hello", AD, NOW, &mut rng).unwrap();
    let at = 3 + 4 + 4;
    let ephemeral = MontgomeryPoint(sealed[at..at + 32].try_into().unwrap()).to_edwards(0).unwrap();
    for torsion in &EIGHT_TORSION[1..] {
        let mut forged = sealed.clone();
        let twin = (ephemeral + torsion).to_montgomery();
        forged[at..at + 32].copy_from_slice(twin.as_bytes());
        assert_eq!(twin.mul_clamped([9; 32]), ephemeral.to_montgomery().mul_clamped([9; 32]));
        assert_eq!(bob.respond(&alice, &forged).unwrap_err(), OpenError::Rejected);
    }
    assert_eq!(bob.respond(&alice, &sealed).unwrap().1.as_bytes(), b"hello");
}

#[test]
fn a_bad_kem_ciphertext_opens_nothing() {
    let (alice, bob, mut rng) = two_devices(3);
    let mut session = alice.initiate(&bob, &mut rng);
    let sealed = session.encrypt(b"hello", AD, NOW, &mut rng).unwrap();
    for fill in [0x00, 0xff] {
        let mut forged = sealed.clone();
        forged[43..43 + 1568].fill(fill);
        assert_eq!(bob.respond(&alice, &forged).unwrap_err(), OpenError::Rejected);
    }
}

#[test]
fn nothing_in_a_bundle_can_be_mixed_or_reused_elsewhere() {
    let (alice, bob, mut rng) = two_devices(4);
    let bytes = bob.one_time.bundle(&bob.ours(), &bob.weekly);
    let refused = |bytes: &[u8], at: &Address, keys| Bundle::verify(bytes, at, keys).unwrap_err();
    assert_eq!(refused(&bytes, &alice.address, &bob.keys), BundleError::OtherDevice);
    assert_eq!(refused(&bytes, &bob.address, &alice.keys), BundleError::OtherDevice);
    // The weekly part of one bundle with the one-time part of another.
    let other = OneTimePrekey::generate(43, &mut rng).bundle(&bob.ours(), &bob.weekly);
    let mixed = [&bytes[..134], &other[134..]].concat();
    assert!(Bundle::verify(&mixed, &bob.address, &bob.keys).is_ok(), "the same week, so the same bytes");
    let mixed = [&bytes[..400], &other[400..]].concat();
    assert_eq!(refused(&mixed, &bob.address, &bob.keys), BundleError::BadSignature);
    let mut later = bytes.clone();
    later[1] = 2;
    assert_eq!(refused(&later, &bob.address, &bob.keys), BundleError::UnknownSuite);
    later[0] = 2;
    assert_eq!(refused(&later, &bob.address, &bob.keys), BundleError::Malformed);
    // A signature by the same key under another label.
    let (signed, _) = bytes.split_last_chunk::<64>().unwrap();
    let proof = sign_freely(bob.secrets.to_bytes().expose(), b"Waxwing v1 relay proof\0", signed);
    let reused = [signed, &proof].concat();
    assert_eq!(refused(&reused, &bob.address, &bob.keys), BundleError::BadSignature);
    // A bundle of one device does not serve for another, nor for one that shares its address or its keys.
    for (address, keys) in
        [(alice.address, &alice.keys), (alice.address, &bob.keys), (bob.address, &alice.keys)]
    {
        let theirs = Theirs { address, keys };
        let error = Session::initiate(&alice.ours(), &theirs, &bob.bundle(), &mut rng).unwrap_err();
        assert_eq!(error, HandshakeError::OtherDevice);
    }
}

#[test]
fn a_kem_key_beyond_the_modulus_is_refused_though_signed() {
    let (_, bob, _) = two_devices(5);
    let bytes = bob.one_time.bundle(&bob.ours(), &bob.weekly);
    let (signed, _) = bytes.split_last_chunk::<64>().unwrap();
    let mut signed = signed.to_vec();
    let kem_at = signed.len() - 1568;
    signed[kem_at..kem_at + 3].fill(0xff);
    let signature = sign_freely(bob.secrets.to_bytes().expose(), b"Waxwing v1 prekey bundle\0", &signed);
    let forged = [&signed[..], &signature].concat();
    let error = Bundle::verify(&forged, &bob.address, &bob.keys).unwrap_err();
    assert_eq!(error, BundleError::Malformed);
}

#[test]
fn a_jump_of_four_billion_is_cheap_and_changes_nothing() {
    let (alice, mut bob, mut rng) = two_sessions(6);
    // A peer that lies about its number: its own snapshot, with the counter of its chain pushed ahead.
    let mut alice = alice;
    alice.encrypt(b"begins the chain", AD, NOW, &mut rng).unwrap();
    let mut bytes = alice.to_snapshot().to_vec();
    let number_at = 3 + 16 + 32 + 32 + 1 + 4 * 32;
    assert_eq!(bytes[number_at..number_at + 4], [0, 0, 0, 1], "the counter stands where we think");
    for number in [JUMP_MAX + 1, 1 << 20, u32::MAX - 1] {
        bytes[number_at..number_at + 4].copy_from_slice(&number.to_be_bytes());
        let mut liar = Session::from_snapshot(&bytes).unwrap();
        let sealed = liar.encrypt(b"far", AD, NOW, &mut rng).unwrap();
        let begin = Instant::now();
        assert_eq!(fail(&mut bob, &sealed), OpenError::TooFarAhead);
        assert!(begin.elapsed().as_secs() < 30, "walking there takes an hour");
    }
    bytes[number_at..number_at + 4].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut liar = Session::from_snapshot(&bytes).unwrap();
    assert_eq!(liar.encrypt(b"no number left", AD, NOW, &mut rng), Err(SealError::ChainExhausted));
}

#[test]
fn keys_that_make_room_are_of_the_oldest_chain_alone() {
    let (mut alice, mut bob, mut rng) = two_sessions(33);
    let mut lost = Vec::new();
    for count in [1_000, 900, 200] {
        let chain: Vec<_> = (0..=count).map(|_| alice.encrypt(b"text", AD, NOW, &mut rng).unwrap()).collect();
        open(&mut bob, chain.last().unwrap()).unwrap();
        lost.push(chain);
        let answer = bob.encrypt(b"turn", AD, NOW, &mut rng).unwrap();
        open(&mut alice, &answer).unwrap();
    }
    assert_eq!(fail(&mut bob, &lost[0][99]), OpenError::Duplicate, "its key has left");
    for stays in [&lost[0][100], &lost[1][0], &lost[1][899], &lost[2][0], &lost[2][199]] {
        assert_eq!(open(&mut bob, stays).unwrap(), b"text");
    }
}

#[test]
fn a_session_takes_no_message_with_another_handshake_before_it() {
    let (alice, bob, mut rng) = two_devices(34);
    let mut session = alice.initiate(&bob, &mut rng);
    let first = session.encrypt(b"first", AD, NOW, &mut rng).unwrap();
    let (mut at_bob, _) = bob.respond(&alice, &first).unwrap();
    let second = session.encrypt(b"second", AD, NOW, &mut rng).unwrap();
    for at in [3, 7, 11, 43, 1_610] {
        let mut changed = second.clone();
        changed[at] ^= 1;
        assert_eq!(fail(&mut at_bob, &changed), OpenError::Rejected);
    }
    assert_eq!(open(&mut at_bob, &second).unwrap(), b"second");
}

#[test]
fn prekeys_answer_only_to_their_own_ids() {
    let (alice, bob, mut rng) = two_devices(35);
    let first = alice.initiate(&bob, &mut rng).encrypt(b"first", AD, NOW, &mut rng).unwrap();
    let renamed = |mut bytes: zeroize::Zeroizing<Vec<u8>>| {
        bytes[4] ^= 1;
        bytes
    };
    let weekly = WeeklyPrekey::from_bytes(&renamed(bob.weekly.to_bytes())).unwrap();
    let one_time = OneTimePrekey::from_bytes(&renamed(bob.one_time.to_bytes())).unwrap();
    let answer = |weekly: &WeeklyPrekey, one_time: &OneTimePrekey| {
        Session::respond(&bob.ours(), &alice.theirs(), weekly, one_time, &initial(&first), AD).err()
    };
    assert_eq!(answer(&bob.weekly, &bob.one_time), None);
    assert_eq!(answer(&weekly, &bob.one_time), Some(OpenError::Rejected));
    assert_eq!(answer(&bob.weekly, &one_time), Some(OpenError::Rejected));
}

#[test]
fn bytes_that_are_no_message_of_this_version_are_told_apart() {
    for malformed in [&[][..], &[1], &[1, 1], &[1, 2], &[1, 9, 1], &[1, 1, 1], &[1, 2, 1, 0]] {
        assert_eq!(Message::parse(malformed).unwrap_err(), ParseError::Malformed, "{malformed:?}");
    }
    for unsupported in [&[2][..], &[2, 1, 1], &[1, 1, 2], &[1, 2, 2], &[1, 2, 2, 0]] {
        assert_eq!(Message::parse(unsupported).unwrap_err(), ParseError::Unsupported, "{unsupported:?}");
    }
}

#[test]
fn two_thousand_may_be_skipped_and_no_more_wherever_the_chain_stands() {
    for before in [0, 1, 10, 700] {
        let (mut alice, mut bob, mut rng) = two_sessions(32);
        // Alice has not written since Bob's answer: this is a chain from its beginning.
        let mut say = |alice: &mut Session| alice.encrypt(b"text", AD, NOW, &mut rng).unwrap();
        for _ in 0..before {
            open(&mut bob, &say(&mut alice)).unwrap();
        }
        let run: Vec<_> = (0..2_002).map(|_| say(&mut alice)).collect();
        assert_eq!(fail(&mut bob, &run[2_001]), OpenError::TooFarAhead);
        assert_eq!(open(&mut bob, &run[2_000]).unwrap(), b"text");
    }
}

#[test]
fn skipped_keys_are_bounded_and_the_oldest_leave_first() {
    let (mut alice, mut bob, mut rng) = two_sessions(7);
    let mut lost = Vec::new();
    for _ in 0..3 {
        for _ in 0..1_000 {
            lost.push(alice.encrypt(b"late", AD, NOW, &mut rng).unwrap());
        }
        let sealed = alice.encrypt(b"now", AD, NOW, &mut rng).unwrap();
        open(&mut bob, &sealed).unwrap();
    }
    assert!(bob.to_snapshot().len() < 36 * SKIPPED_MAX + 600 + 1184, "with an offer of theirs");
    assert_eq!(fail(&mut bob, &lost[999]), OpenError::Duplicate, "its key has left");
    assert_eq!(open(&mut bob, &lost[1_000]).unwrap(), b"late");
    assert_eq!(open(&mut bob, &lost[2_999]).unwrap(), b"late");
}

#[test]
fn an_old_copy_of_the_database_never_seals_twice_under_one_key_and_nonce() {
    let (mut alice, mut bob, mut rng) = two_sessions(8);
    alice.encrypt(b"begins the chain", AD, NOW, &mut rng).unwrap();
    let old = alice.to_snapshot();
    let plaintext = [0u8; 256];
    let (mut salts, mut bodies, mut headers) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut sealed = Vec::new();
    for _ in 0..50 {
        let mut rolled_back = Session::from_snapshot(&old).unwrap();
        let message = rolled_back.encrypt(&plaintext, AD, NOW, &mut rng).unwrap();
        salts.insert(message[3..15].to_vec());
        headers.insert(message[21..62].to_vec());
        bodies.insert(message[110..366].to_vec());
        sealed.push(message);
    }
    // Same plaintext, same chain key: had a key and nonce come back, so had the bytes.
    assert_eq!((salts.len(), headers.len(), bodies.len()), (50, 50, 50));
    // The first to arrive is opened; the others claim its number, and are known for repeats.
    assert_eq!(open(&mut bob, &sealed[0]).unwrap(), plaintext);
    assert!(sealed[1..].iter().all(|message| fail(&mut bob, message) == OpenError::Duplicate));
}

#[test]
fn a_message_opens_only_from_its_sender_to_its_recipient_in_its_conversation() {
    let (alice, bob, mut rng) = two_devices(9);
    let eve = Device::new(3, &mut rng);
    let mut session = alice.initiate(&bob, &mut rng);
    let sealed = session.encrypt(b"for Bob", AD, NOW, &mut rng).unwrap();
    assert_eq!(bob.respond(&eve, &sealed).unwrap_err(), OpenError::Rejected, "said to be from another");
    assert_eq!(eve.respond(&alice, &sealed).unwrap_err(), OpenError::Rejected, "handed to another");
    // The right keys under another address.
    let elsewhere = Theirs { address: eve.address, keys: &alice.keys };
    let respond = |ours: &Ours<'_>, theirs: &Theirs<'_>, associated_data: &[u8]| {
        Session::respond(ours, theirs, &bob.weekly, &bob.one_time, &initial(&sealed), associated_data)
            .map(|(session, _)| session)
    };
    assert_eq!(respond(&bob.ours(), &elsewhere, AD).unwrap_err(), OpenError::Rejected);
    let moved = Ours { address: eve.address, secrets: &bob.secrets };
    assert_eq!(respond(&moved, &alice.theirs(), AD).unwrap_err(), OpenError::Rejected);
    assert_eq!(respond(&bob.ours(), &alice.theirs(), b"another").unwrap_err(), OpenError::Rejected);
    let mut theirs = respond(&bob.ours(), &alice.theirs(), AD).unwrap();

    let second = session.encrypt(b"again", AD, NOW, &mut rng).unwrap();
    let message = Message::parse(&second).unwrap();
    assert_eq!(theirs.decrypt(&message, b"another").unwrap_err(), OpenError::Rejected);
    assert_eq!(fail(&mut session, &second), OpenError::Rejected, "reflected to its sender");
    assert_eq!(theirs.decrypt(&message, AD).unwrap().as_bytes(), b"again");
}

#[test]
fn an_initial_message_that_comes_again_is_a_duplicate() {
    let (alice, bob, mut rng) = two_devices(10);
    let mut ours = alice.initiate(&bob, &mut rng);
    let (first, second) =
        (ours.encrypt(b"1", AD, NOW, &mut rng).unwrap(), ours.encrypt(b"2", AD, NOW, &mut rng).unwrap());
    let (mut theirs, _) = bob.respond(&alice, &second).unwrap();
    assert_eq!(fail(&mut theirs, &second), OpenError::Duplicate);
    assert_eq!(open(&mut theirs, &first).unwrap(), b"1", "an earlier one was late");
    assert_eq!(fail(&mut theirs, &first), OpenError::Duplicate);
    assert_eq!(initial(&first).handshake_id(), theirs.handshake_id());
    assert_eq!((ours.id(), ours.handshake_id()), (theirs.id(), theirs.handshake_id()));
    assert_eq!((initial(&first).weekly_prekey_id(), initial(&first).one_time_prekey_id()), (7, 41));
}

#[test]
fn a_handshake_names_its_prekeys_and_opens_with_no_others() {
    let (alice, bob, mut rng) = two_devices(11);
    let bundle = bob.last_resort_bundle();
    let mut ours = Session::initiate(&alice.ours(), &bob.theirs(), &bundle, &mut rng).unwrap();
    let sealed = ours.encrypt(b"hello", AD, NOW, &mut rng).unwrap();
    let respond = |one_time| {
        Session::respond(&bob.ours(), &alice.theirs(), &bob.weekly, one_time, &initial(&sealed), AD)
            .map(|(_, plaintext)| plaintext)
    };
    assert_eq!(respond(&bob.one_time).unwrap_err(), OpenError::Rejected);
    let same_id = OneTimePrekey::generate(42, &mut rng);
    assert_eq!(respond(&same_id).unwrap_err(), OpenError::Rejected);
    assert!(bob.last_resort.is_last_resort() && !bob.one_time.is_last_resort());
    let stored = OneTimePrekey::from_bytes(&bob.last_resort.to_bytes()).unwrap();
    assert_eq!(respond(&stored).unwrap().as_bytes(), b"hello");
}

#[test]
fn both_may_start_at_once_and_both_sessions_work() {
    let (alice, bob, mut rng) = two_devices(12);
    let (mut from_alice, mut from_bob) = (alice.initiate(&bob, &mut rng), bob.initiate(&alice, &mut rng));
    let to_bob = from_alice.encrypt(b"from Alice", AD, NOW, &mut rng).unwrap();
    let to_alice = from_bob.encrypt(b"from Bob", AD, NOW, &mut rng).unwrap();
    assert_eq!(fail(&mut from_alice, &to_alice), OpenError::Rejected, "another initiation");
    let (mut at_bob, _) = bob.respond(&alice, &to_bob).unwrap();
    let (mut at_alice, _) = alice.respond(&bob, &to_alice).unwrap();
    assert_ne!(at_bob.id(), at_alice.id());
    assert!(at_alice.is_acknowledged() && !at_alice.initiated_by_us());
    assert!(!from_alice.is_acknowledged() && from_alice.initiated_by_us());
    for (one, other) in [(&mut from_alice, &mut at_bob), (&mut from_bob, &mut at_alice)] {
        let sealed = other.encrypt(b"answer", AD, NOW, &mut rng).unwrap();
        assert_eq!(open(one, &sealed).unwrap(), b"answer");
        assert!(one.is_acknowledged());
        assert!(matches!(Message::parse(&sealed), Ok(Message::Ratchet(_))));
    }
}

#[test]
fn every_cut_flip_and_splice_of_a_message_is_a_clean_error() {
    let (mut alice, mut bob, mut rng) = two_sessions(13);
    let one = alice.encrypt(b"one message", AD, NOW, &mut rng).unwrap();
    let two = alice.encrypt(b"two message", AD, NOW, &mut rng).unwrap();
    for at in 0..one.len() {
        assert_eq!(fail(&mut bob, &one[..at]), OpenError::Rejected);
        let spliced = [&one[..at], &two[at..]].concat();
        if spliced != two {
            assert_eq!(fail(&mut bob, &spliced), OpenError::Rejected);
        }
        let mut flipped = one.clone();
        flipped[at] ^= 1 << (rng.next_u32() % 8);
        assert_eq!(fail(&mut bob, &flipped), OpenError::Rejected);
    }
    assert_eq!(fail(&mut bob, &[&one[..], &[0]].concat()), OpenError::Rejected);
    assert_eq!(fail(&mut bob, &[&one[..], &one].concat()), OpenError::Rejected);
    assert_eq!(open(&mut bob, &two).unwrap(), b"two message");
    assert_eq!(open(&mut bob, &one).unwrap(), b"one message");
}

#[test]
fn a_plaintext_that_is_too_long_changes_nothing() {
    let (mut alice, mut bob, mut rng) = two_sessions(14);
    let before = alice.to_snapshot();
    let longest = vec![7; PLAINTEXT_BYTES_MAX];
    let too_long = [&longest[..], &[7]].concat();
    assert_eq!(alice.encrypt(&too_long, AD, NOW, &mut rng), Err(SealError::TooLong));
    assert!(before == alice.to_snapshot());
    let sealed = alice.encrypt(&longest, AD, NOW, &mut rng).unwrap();
    assert_eq!(open(&mut bob, &sealed).unwrap(), longest);
}

/// The device list.
mod device_list {
    use super::*;

    fn entries(numbers: std::ops::Range<u8>) -> Vec<DeviceEntry> {
        let mut rng = rng(20);
        let mut entry = |device| DeviceEntry { device: [device; 16], keys: Device::new(1, &mut rng).keys };
        numbers.map(&mut entry).collect()
    }

    #[allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]
    fn list(key: &AccountKey, previous: Option<&DeviceList>, count: u8) -> DeviceList {
        DeviceList::sign([1; 16], key, previous, entries(0..count)).unwrap()
    }

    #[test]
    fn only_grows_and_never_forks() {
        let key = AccountKey::generate(&mut rng(21));
        let first = list(&key, None, 1);
        let second = list(&key, Some(&first), 2);
        let third = list(&key, Some(&second), 3);
        let other_second = list(&key, Some(&first), 3);
        let other_first = list(&key, None, 2);
        let of_another_first = list(&key, Some(&other_first), 2);
        assert_eq!(third.version(), 3);
        assert_eq!(second.check_successor_of(&first), Ok(()));
        assert_eq!(third.check_successor_of(&first), Ok(()));
        assert_eq!(first.check_successor_of(&first), Ok(()));
        assert_eq!(first.check_successor_of(&second), Err(DeviceListError::RolledBack));
        assert_eq!(other_second.check_successor_of(&second), Err(DeviceListError::Forked));
        assert_eq!(third.check_successor_of(&other_second), Err(DeviceListError::Forked));
        assert_eq!(of_another_first.check_successor_of(&first), Err(DeviceListError::Forked));
    }

    #[test]
    fn is_believed_only_from_its_account_key_and_byte_for_byte() {
        let key = AccountKey::generate(&mut rng(22));
        let other = AccountKey::generate(&mut rng(23));
        let list = list(&key, None, 3);
        let verify = |bytes: &[u8]| DeviceList::verify(bytes, [1; 16], &key.public());
        assert_eq!(verify(list.as_bytes()).as_ref(), Ok(&list));
        let another = DeviceList::verify(list.as_bytes(), [2; 16], &key.public());
        assert_eq!(another, Err(DeviceListError::OtherAccount));
        let forged = DeviceList::verify(list.as_bytes(), [1; 16], &other.public());
        assert_eq!(forged, Err(DeviceListError::BadSignature));
        for at in 0..list.as_bytes().len() {
            let mut flipped = list.as_bytes().to_vec();
            flipped[at] ^= 0x10;
            assert!(verify(&flipped).is_err() && verify(&list.as_bytes()[..at]).is_err());
        }
        let (signed, _) = list.as_bytes().split_last_chunk::<64>().unwrap();
        let proof = sign_freely(key.to_bytes().expose(), b"Waxwing v1 relay proof\0", signed);
        assert_eq!(verify(&[signed, &proof].concat()), Err(DeviceListError::BadSignature));
    }

    #[test]
    fn has_one_order_and_a_bound() {
        let key = AccountKey::generate(&mut rng(24));
        let sign = |devices| DeviceList::sign([1; 16], &key, None, devices);
        let mut backwards = entries(0..8);
        backwards.reverse();
        let list = sign(backwards).unwrap();
        assert_eq!(Ok(&list), sign(entries(0..8)).as_ref());
        assert_eq!(list.device(&[3; 16]).map(|entry| entry.device), Some([3; 16]));
        assert!(list.device(&[99; 16]).is_none());
        assert_eq!(sign(entries(0..9)), Err(DeviceListError::BadCount));
        assert_eq!(sign(Vec::new()), Err(DeviceListError::BadCount));
        let twice = [entries(0..2), entries(1..2)].concat();
        assert_eq!(sign(twice), Err(DeviceListError::Repeated));
        // Signed by the right key, in the wrong order.
        let (signed, _) = list.as_bytes().split_last_chunk::<64>().unwrap();
        let mut swapped = signed.to_vec();
        swapped[58..58 + 160].rotate_left(80);
        let signature = sign_freely(key.to_bytes().expose(), b"Waxwing v1 device list\0", &swapped);
        let forged = [&swapped[..], &signature].concat();
        let refused = DeviceList::verify(&forged, [1; 16], &key.public());
        assert_eq!(refused, Err(DeviceListError::Malformed));
    }
}

#[test]
fn what_is_longer_than_a_message_may_be_is_not_looked_at() {
    let (alice, bob, mut rng) = two_devices(31);
    let mut session = alice.initiate(&bob, &mut rng);
    let longest = session.encrypt(&vec![7; PLAINTEXT_BYTES_MAX], AD, NOW, &mut rng).unwrap();
    assert_eq!(longest.len(), MESSAGE_BYTES_MAX);
    let too_long = vec![7; PLAINTEXT_BYTES_MAX + 1];
    assert_eq!(session.encrypt(&too_long, AD, NOW, &mut rng), Err(SealError::TooLong));
    let mut of_a_group = vec![0; MESSAGE_BYTES_MAX];
    of_a_group[..3].copy_from_slice(&[1, 3, 1]);
    let key = SealingKey::generate(1, &mut rng);
    let recipient = Recipient::verify(&key.publish(&bob.ours()), &bob.address, &bob.keys).unwrap();
    let mut sealed = sealed_sender::seal(&alice.ours(), &recipient, None, b"text", &mut rng).unwrap();
    sealed.resize(MESSAGE_BYTES_MAX, 0);
    let too_long = Some(ParseError::TooLong);
    for spare in 0..3 {
        let expected = if spare == 0 { None } else { too_long };
        let with = |bytes: &[u8]| [bytes, &[0; 2][..spare]].concat();
        assert_eq!(Message::parse(&with(&longest)).err(), expected);
        assert_eq!(GroupMessage::parse(&with(&of_a_group)).err(), expected);
        assert_eq!(SealedMessage::parse(&with(&sealed)).err(), expected);
    }
}
