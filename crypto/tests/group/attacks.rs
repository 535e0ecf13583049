//! Members that lie, and a relay that bends bytes: attacks 4, 11, 15, 16, 17 and 21 of the list.

use std::collections::BTreeSet;
use std::time::Instant;

use rand_chacha::rand_core::Rng;
use waxwing_crypto::group::{
    DistributionError, GroupEpoch, GroupMessage, GroupOpenError, ReceiverKey, SenderKey,
};
use waxwing_crypto::{JUMP_MAX, MESSAGE_BYTES_MAX, ParseError, SealError};

use crate::common::AD;
use crate::house::{EPOCH, ORIGIN, address, fail, open, pair, receive, renumbered, seal};

/// Attack 15: Mallory is a member, so he has Alice's chain key. He has not her signing key.
#[test]
fn a_member_cannot_write_in_the_name_of_another() {
    let (mut alice, mut bob, mut rng) = pair(20);
    let genuine = seal(&mut alice, b"from Alice", &mut rng);
    let stolen = receive(&alice, 1).to_snapshot();
    // All he has of her, and a signing key of his own.
    let mut forged = SenderKey::generate(&EPOCH, address(1), &mut rng).to_snapshot();
    let chain_key = &stolen[ORIGIN + 88 + 40..ORIGIN + 88 + 72];
    forged[ORIGIN + 88 + 36..].copy_from_slice(chain_key);
    let mut mallory = renumbered(&SenderKey::from_snapshot(&forged).unwrap(), 1);
    let sealed = seal(&mut mallory, b"from Mallory", &mut rng);
    assert_eq!(fail(&mut bob, &sealed), GroupOpenError::Rejected, "another chain");
    // Under her chain id, with his signature, or with hers of another message.
    let mut renamed = sealed.clone();
    renamed[3..19].copy_from_slice(&genuine[3..19]);
    assert_eq!(fail(&mut bob, &renamed), GroupOpenError::Rejected);
    let end = renamed.len();
    renamed[end - 64..].copy_from_slice(&genuine[genuine.len() - 64..]);
    assert_eq!(fail(&mut bob, &renamed), GroupOpenError::Rejected);
    assert_eq!(open(&mut bob, &genuine).unwrap(), b"from Alice");
}

/// Attack 17, second half.
#[test]
fn the_key_of_another_cannot_be_handed_on_as_ones_own() {
    let (mut alice, _, mut rng) = pair(21);
    let distribution = alice.distribution();
    // As it is, out of Mallory's session: the name on it is not his.
    let refused = ReceiverKey::accept(&distribution, &EPOCH, &address(2)).unwrap_err();
    assert_eq!(refused, DistributionError::OtherSender);
    // With his name on it, it is a key that nobody ever writes with.
    let mut renamed = distribution.clone();
    renamed[2 + 56..2 + 72].copy_from_slice(&address(2).account);
    renamed[2 + 72..2 + 88].copy_from_slice(&address(2).device);
    let mut useless = ReceiverKey::accept(&renamed, &EPOCH, &address(2)).unwrap();
    let mut sealed = seal(&mut alice, b"from Alice", &mut rng);
    assert_eq!(fail(&mut useless, &sealed), GroupOpenError::Rejected);
    sealed[3..19].copy_from_slice(&useless.chain_id());
    assert_eq!(fail(&mut useless, &sealed), GroupOpenError::Rejected);
}

/// Attack 17, first half.
#[test]
fn different_things_told_to_different_members_have_different_digests() {
    let (alice, mut bob, mut rng) = pair(22);
    let mut carol = receive(&alice, 1);
    let at_rest = alice.to_snapshot();
    let mut tell = |member: &mut ReceiverKey, text: &[u8], ad: &[u8]| {
        let mut alice = SenderKey::from_snapshot(&at_rest).unwrap();
        let sealed = alice.encrypt(text, ad, &mut rng).unwrap();
        let opened = member.decrypt(&GroupMessage::parse(&sealed.bytes).unwrap(), ad).unwrap();
        assert_eq!((opened.digest(), opened.iteration()), (sealed.digest, 0));
        opened.digest()
    };
    let to_bob = tell(&mut bob, b"yes", AD);
    assert_ne!(to_bob, tell(&mut carol, b"no", AD));
    // The same words in another place, and the same words sealed anew, are other messages too.
    assert_ne!(to_bob, tell(&mut receive(&alice, 1), b"yes", b"elsewhere"));
    assert_ne!(to_bob, tell(&mut receive(&alice, 1), b"yes", AD));
}

/// Attack 16: whoever was out when an epoch began has nothing of it.
#[test]
fn a_removed_member_reads_nothing_of_the_next_epoch_and_writes_nothing_into_it() {
    let (mut alice, mut removed, mut rng) = pair(23);
    let mut mallory = SenderKey::generate(&EPOCH, address(2), &mut rng);
    let last = seal(&mut alice, b"before", &mut rng);
    assert_eq!(open(&mut removed, &last).unwrap(), b"before");

    let next_epoch = GroupEpoch { number: 4, roster_hash: [10; 32], ..EPOCH };
    let mut rotated = SenderKey::generate(&next_epoch, address(1), &mut rng);
    let mut bob = ReceiverKey::accept(&rotated.distribution(), &next_epoch, &address(1)).unwrap();
    let after = seal(&mut rotated, b"after", &mut rng);
    assert_eq!(fail(&mut removed, &after), GroupOpenError::Rejected);
    // Not even with all that a member of the old epoch has, renamed to the new one.
    let mut renamed = removed.to_snapshot();
    renamed[ORIGIN + 16..ORIGIN + 24].copy_from_slice(&4u64.to_be_bytes());
    renamed[ORIGIN + 24..ORIGIN + 56].copy_from_slice(&[10; 32]);
    let mut renamed = ReceiverKey::from_snapshot(&renamed).unwrap();
    assert_eq!(fail(&mut renamed, &after), GroupOpenError::Rejected);

    // Bob is in the new epoch: he takes no old key, and Mallory's new one is of no epoch that Bob knows.
    let refused = ReceiverKey::accept(&mallory.distribution(), &next_epoch, &address(2)).unwrap_err();
    assert_eq!(refused, DistributionError::OtherEpoch);
    let unwanted = seal(&mut mallory, b"still here", &mut rng);
    assert_eq!(fail(&mut bob, &unwanted), GroupOpenError::Rejected);
    assert_eq!(open(&mut bob, &after).unwrap(), b"after");
}

#[test]
fn a_key_is_taken_only_for_the_group_epoch_roster_and_sender_that_it_names() {
    let (alice, ..) = pair(24);
    let bytes = alice.distribution();
    let accept = |epoch: &GroupEpoch, sender| ReceiverKey::accept(&bytes, epoch, &address(sender)).err();
    assert_eq!(accept(&EPOCH, 1), None);
    assert_eq!(accept(&GroupEpoch { group: [8; 16], ..EPOCH }, 1), Some(DistributionError::OtherGroup));
    assert_eq!(accept(&GroupEpoch { number: 4, ..EPOCH }, 1), Some(DistributionError::OtherEpoch));
    assert_eq!(accept(&GroupEpoch { roster_hash: [8; 32], ..EPOCH }, 1), Some(DistributionError::OtherEpoch));
    assert_eq!(accept(&EPOCH, 2), Some(DistributionError::OtherSender));

    let parse = |bytes: &[u8]| ReceiverKey::accept(bytes, &EPOCH, &address(1)).err();
    for at in 0..bytes.len() {
        assert!(parse(&bytes[..at]).is_some(), "cut at {at}");
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x40;
        // Only the numbers and keys that come with it are not known beforehand.
        assert!(at >= 2 + 88 || parse(&flipped).is_some(), "flipped at {at}");
    }
    assert_eq!(parse(&[&bytes[..], &[0]].concat()), Some(DistributionError::Malformed));
    assert_eq!(parse(&[2, 1]), Some(DistributionError::Unsupported));
    assert_eq!(parse(&[1, 9]), Some(DistributionError::Unsupported));
    assert_eq!(parse(&[1]), Some(DistributionError::Malformed));
    let mut weak = bytes.clone();
    weak[2 + 88..2 + 120].fill(0);
    weak[2 + 88] = 1;
    assert_eq!(parse(&weak), Some(DistributionError::Malformed), "the identity would verify anything");
}

#[test]
fn a_message_is_bound_to_its_group_epoch_roster_sender_and_associated_data() {
    let (mut alice, bob, mut rng) = pair(25);
    let sealed = seal(&mut alice, b"here", &mut rng);
    // The same chain and signing key under any other name.
    let at_rest = bob.to_snapshot();
    for (name, at) in [("group", 0), ("epoch", 23), ("roster", 24), ("account", 56), ("device", 87)] {
        let mut bytes = at_rest.clone();
        bytes[ORIGIN + at] ^= 1;
        let mut other = ReceiverKey::from_snapshot(&bytes).unwrap();
        assert_ne!(other.chain_id(), bob.chain_id(), "{name}");
        assert_eq!(fail(&mut other, &sealed), GroupOpenError::Rejected, "{name}");
        let mut renamed = sealed.clone();
        renamed[3..19].copy_from_slice(&other.chain_id());
        assert_eq!(fail(&mut other, &renamed), GroupOpenError::Rejected, "{name}");
    }
    let message = GroupMessage::parse(&sealed).unwrap();
    let mut bob = bob;
    for other in [&b""[..], b"conversation 2", b"conversation 11"] {
        assert_eq!(bob.decrypt(&message, other).unwrap_err(), GroupOpenError::Rejected);
    }
    assert!(bob.to_snapshot() == at_rest);
    assert_eq!(open(&mut bob, &sealed).unwrap(), b"here");
}

#[test]
fn every_cut_flip_and_splice_is_rejected_and_changes_nothing() {
    let (mut alice, mut bob, mut rng) = pair(26);
    let one = seal(&mut alice, b"one message", &mut rng);
    let two = seal(&mut alice, b"two message", &mut rng);
    for at in 0..one.len() {
        assert_eq!(fail(&mut bob, &one[..at]), GroupOpenError::Rejected);
        let spliced = [&one[..at], &two[at..]].concat();
        if spliced != two {
            assert_eq!(fail(&mut bob, &spliced), GroupOpenError::Rejected);
        }
        let mut flipped = one.clone();
        flipped[at] ^= 1 << (rng.next_u32() % 8);
        assert_eq!(fail(&mut bob, &flipped), GroupOpenError::Rejected);
    }
    assert_eq!(fail(&mut bob, &[&one[..], &[0]].concat()), GroupOpenError::Rejected);
    assert_eq!(open(&mut bob, &two).unwrap(), b"two message");
    assert_eq!(open(&mut bob, &one).unwrap(), b"one message");
}

#[test]
fn bytes_that_are_no_group_message_are_told_apart_by_reason() {
    let (mut alice, _, mut rng) = pair(27);
    let good = seal(&mut alice, b"", &mut rng);
    let parse = |bytes: &[u8]| GroupMessage::parse(bytes).err();
    assert_eq!(parse(&good), None);
    assert_eq!(parse(&good[..good.len() - 1]), Some(ParseError::Malformed));
    assert_eq!(parse(&[1, 3, 2]), Some(ParseError::Unsupported));
    assert_eq!(parse(&[2, 3, 1]), Some(ParseError::Unsupported));
    assert_eq!(parse(&[1, 2, 1]), Some(ParseError::Malformed), "a session's message");
    assert_eq!(parse(&[]), Some(ParseError::Malformed));
    assert_eq!(parse(&vec![1; MESSAGE_BYTES_MAX + 1]), Some(ParseError::TooLong));
    assert!(waxwing_crypto::Message::parse(&good).is_err(), "and a session takes no group message");
}

/// Attack 11, in a group.
#[test]
fn a_jump_of_four_billion_is_cheap_and_changes_nothing() {
    let (alice, mut bob, mut rng) = pair(28);
    for number in [JUMP_MAX + 1, 1 << 20, u32::MAX - 1] {
        let sealed = seal(&mut renumbered(&alice, number), b"far", &mut rng);
        let begin = Instant::now();
        assert_eq!(fail(&mut bob, &sealed), GroupOpenError::TooFarAhead);
        assert!(begin.elapsed().as_secs() < 30, "walking there takes an hour");
    }
    let mut exhausted = renumbered(&alice, u32::MAX);
    assert_eq!(exhausted.encrypt(b"no number left", AD, &mut rng), Err(SealError::ChainExhausted));
    // A chain that was handed over at its very end opens its last message, and nothing overflows.
    let mut last = renumbered(&alice, u32::MAX - 1);
    let mut at_the_end = receive(&last, 1);
    let sealed = seal(&mut last, b"last", &mut rng);
    assert_eq!(open(&mut at_the_end, &sealed).unwrap(), b"last");
    assert_eq!(fail(&mut at_the_end, &sealed), GroupOpenError::Duplicate);
}

/// A signature comes before the walk: somebody else's jump costs a verification and nothing more.
#[test]
fn a_jump_that_the_sender_did_not_sign_walks_no_chain() {
    let (mut alice, mut bob, mut rng) = pair(29);
    let mut sealed = seal(&mut alice, b"text", &mut rng);
    for number in [1, JUMP_MAX, JUMP_MAX + 1, u32::MAX] {
        sealed[19..23].copy_from_slice(&number.to_be_bytes());
        assert_eq!(fail(&mut bob, &sealed), GroupOpenError::Rejected, "not even told to be too far");
    }
}

/// Attack 21, in a group.
#[test]
fn an_old_copy_of_the_database_never_seals_twice_under_one_key_and_nonce() {
    let (alice, mut bob, mut rng) = pair(30);
    let old = alice.to_snapshot();
    let (mut salts, mut bodies, mut sealed) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for _ in 0..50 {
        let message = seal(&mut SenderKey::from_snapshot(&old).unwrap(), &[0; 256], &mut rng);
        salts.insert(message[23..39].to_vec());
        bodies.insert(message[71..71 + 256].to_vec());
        sealed.push(message);
    }
    // Same plaintext, same chain key: had a key and nonce come back, so had the bytes.
    assert_eq!((salts.len(), bodies.len()), (50, 50));
    assert_eq!(open(&mut bob, &sealed[0]).unwrap(), [0; 256]);
    assert!(sealed[1..].iter().all(|message| fail(&mut bob, message) == GroupOpenError::Duplicate));
}

/// The sender itself signs a body that does not open: nobody's state moves, and its next message is read.
#[test]
fn a_signed_body_that_does_not_open_changes_nothing() {
    let (alice, mut bob, mut rng) = pair(31);
    // Another chain key under the same names: as if Alice had told Bob something else than the rest.
    let mut other = alice.to_snapshot();
    let end = other.len();
    other[end - 1] ^= 1;
    let mut other = SenderKey::from_snapshot(&other).unwrap();
    for _ in 0..3 {
        let sealed = seal(&mut other, b"for somebody else", &mut rng);
        assert_eq!(fail(&mut bob, &sealed), GroupOpenError::Rejected);
    }
    let mut alice = alice;
    let sealed = seal(&mut alice, b"for all", &mut rng);
    assert_eq!(open(&mut bob, &sealed).unwrap(), b"for all");
}
