//! What honest devices see.

use waxwing_crypto::group::{GroupMessage, GroupOpenError, ReceiverKey, SenderKey, Transcript};
use waxwing_crypto::{JUMP_MAX, PLAINTEXT_BYTES_MAX, SKIPPED_MAX, SealError, SnapshotError};

use crate::common::AD;
use crate::house::{EPOCH, address, fail, open, pair, receive, seal};

#[test]
fn every_member_reads_one_ciphertext() {
    let (mut sender, receiver, mut rng) = pair(1);
    let mut members: Vec<ReceiverKey> = (0..20).map(|_| receive(&sender, 1)).collect();
    members.push(receiver);
    let sealed = sender.encrypt(b"to all", AD, &mut rng).unwrap();
    assert_eq!((sealed.iteration, sender.messages()), (0, 1));
    for member in &mut members {
        let message = GroupMessage::parse(&sealed.bytes).unwrap();
        assert_eq!((message.chain_id(), message.iteration()), (member.chain_id(), 0));
        let opened = member.decrypt(&message, AD).unwrap();
        assert_eq!((opened.as_bytes(), opened.iteration()), (&b"to all"[..], 0));
        assert_eq!(opened.digest(), sealed.digest);
        assert_eq!((member.sender(), *member.epoch(), member.next()), (address(1), EPOCH, 1));
    }
    assert_eq!((sender.chain_id(), *sender.epoch()), (members[0].chain_id(), EPOCH));
    assert_eq!(sealed.bytes.len(), b"to all".len() + 151, "the same at any size of the group");
}

#[test]
fn messages_are_counted_alike_on_both_sides() {
    let (mut sender, mut receiver, mut rng) = pair(40);
    for number in 0..5 {
        assert_eq!(sender.messages(), number);
        let sealed = sender.encrypt(b"text", AD, &mut rng).unwrap();
        let message = GroupMessage::parse(&sealed.bytes).unwrap();
        let opened = receiver.decrypt(&message, AD).unwrap();
        assert_eq!([sealed.iteration, message.iteration(), opened.iteration()], [number; 3]);
    }
}

#[test]
fn a_late_joiner_reads_what_comes_and_nothing_that_was() {
    let (mut sender, mut early, mut rng) = pair(2);
    let before: Vec<_> = (0..5).map(|number| seal(&mut sender, &[number], &mut rng)).collect();
    let mut late = receive(&sender, 1);
    assert_eq!((late.first(), late.next()), (5, 5));
    let after = seal(&mut sender, b"after", &mut rng);
    assert_eq!(open(&mut late, &after).unwrap(), b"after");
    for (number, sealed) in (0..).zip(&before) {
        assert_eq!(fail(&mut late, sealed), GroupOpenError::BeforeStart);
        assert_eq!(open(&mut early, sealed).unwrap(), [number]);
    }
    assert_eq!(open(&mut early, &after).unwrap(), b"after");
}

#[test]
fn messages_come_in_any_order_and_each_opens_once() {
    let (mut sender, mut receiver, mut rng) = pair(3);
    let sealed: Vec<_> = (0..50u8).map(|number| seal(&mut sender, &[number], &mut rng)).collect();
    for number in (0..50u32).map(|number| (number * 21 % 50) as u8) {
        assert_eq!(open(&mut receiver, &sealed[usize::from(number)]).unwrap(), [number]);
        assert_eq!(fail(&mut receiver, &sealed[usize::from(number)]), GroupOpenError::Duplicate);
    }
}

#[test]
fn what_is_lost_holds_up_nothing_and_a_jump_within_the_limit_keeps_every_key() {
    let (mut sender, mut receiver, mut rng) = pair(4);
    let sealed: Vec<_> =
        (0..=JUMP_MAX).map(|number| seal(&mut sender, &number.to_be_bytes(), &mut rng)).collect();
    let last = sealed.last().unwrap();
    assert_eq!(open(&mut receiver, last).unwrap(), JUMP_MAX.to_be_bytes());
    let one_more = seal(&mut sender, b"next", &mut rng);
    assert_eq!(open(&mut receiver, &one_more).unwrap(), b"next");
    for number in (0..JUMP_MAX).rev().step_by(37) {
        assert_eq!(open(&mut receiver, &sealed[number as usize]).unwrap(), number.to_be_bytes());
    }
}

#[test]
fn one_message_beyond_the_jump_is_too_far() {
    let (mut sender, mut receiver, mut rng) = pair(5);
    let sealed: Vec<_> = (0..=JUMP_MAX + 1).map(|_| seal(&mut sender, b"text", &mut rng)).collect();
    assert_eq!(fail(&mut receiver, &sealed[JUMP_MAX as usize + 1]), GroupOpenError::TooFarAhead);
    assert!(open(&mut receiver, &sealed[0]).is_ok());
    assert!(open(&mut receiver, &sealed[JUMP_MAX as usize + 1]).is_ok());
}

#[test]
fn skipped_keys_are_bounded_and_the_oldest_leave_first() {
    let (mut sender, mut receiver, mut rng) = pair(6);
    let mut lost = Vec::new();
    for _ in 0..3 {
        lost.extend((0..1_000).map(|_| seal(&mut sender, b"late", &mut rng)));
        let now = seal(&mut sender, b"now", &mut rng);
        open(&mut receiver, &now).unwrap();
    }
    assert!(receiver.to_snapshot().len() <= 36 * SKIPPED_MAX + 165);
    assert_eq!(fail(&mut receiver, &lost[999]), GroupOpenError::Duplicate, "its key has left");
    assert_eq!(open(&mut receiver, &lost[1_000]).unwrap(), b"late");
    assert_eq!(open(&mut receiver, &lost[2_999]).unwrap(), b"late");
}

#[test]
fn keys_at_rest_go_on_where_they_were() {
    let (mut sender, mut receiver, mut rng) = pair(7);
    let late = seal(&mut sender, b"late", &mut rng);
    let now = seal(&mut sender, b"now", &mut rng);
    open(&mut receiver, &now).unwrap();
    let (ours, theirs) = (sender.to_snapshot(), receiver.to_snapshot());
    let mut sender = SenderKey::from_snapshot(&ours).unwrap();
    let mut receiver = ReceiverKey::from_snapshot(&theirs).unwrap();
    assert!(sender.to_snapshot() == ours && receiver.to_snapshot() == theirs);
    assert_eq!(open(&mut receiver, &late).unwrap(), b"late");
    let next = seal(&mut sender, b"next", &mut rng);
    assert_eq!(open(&mut receiver, &next).unwrap(), b"next");
    // One side's bytes are not the other's, and a later version is told apart.
    assert_eq!(SenderKey::from_snapshot(&theirs).unwrap_err(), SnapshotError::Malformed);
    assert_eq!(ReceiverKey::from_snapshot(&ours).unwrap_err(), SnapshotError::Malformed);
    assert_eq!(SenderKey::from_snapshot(&[2, 1, 0]).unwrap_err(), SnapshotError::Unsupported);
    assert_eq!(ReceiverKey::from_snapshot(&[1]).unwrap_err(), SnapshotError::Malformed);
}

#[test]
fn a_key_at_rest_is_small() {
    let (sender, receiver, _) = pair(8);
    assert_eq!((sender.to_snapshot().len(), receiver.to_snapshot().len()), (159, 165));
    assert_eq!(sender.distribution().len(), 158);
}

#[test]
fn a_plaintext_that_is_too_long_changes_nothing() {
    let (mut sender, mut receiver, mut rng) = pair(9);
    let longest = vec![7; PLAINTEXT_BYTES_MAX];
    let before = sender.to_snapshot();
    let too_long = [&longest[..], &[7]].concat();
    assert_eq!(sender.encrypt(&too_long, AD, &mut rng), Err(SealError::TooLong));
    assert!(before == sender.to_snapshot());
    let sealed = seal(&mut sender, &longest, &mut rng);
    assert_eq!(open(&mut receiver, &sealed).unwrap(), longest);
    let empty = seal(&mut sender, b"", &mut rng);
    assert_eq!(open(&mut receiver, &empty).unwrap(), b"");
}

#[test]
fn transcripts_agree_exactly_when_the_digests_did() {
    let (mut sender, _, mut rng) = pair(10);
    let digests: Vec<_> = (0..3).map(|_| sender.encrypt(b"same", AD, &mut rng).unwrap().digest).collect();
    let value = |order: &[usize]| {
        let mut transcript = Transcript::default();
        order.iter().for_each(|&at| transcript.add(&digests[at]));
        Transcript::from_bytes(transcript.to_bytes())
    };
    assert_eq!(value(&[0, 1, 2]), value(&[0, 1, 2]));
    let others: [&[usize]; 5] = [&[], &[0, 1], &[0, 2, 1], &[0, 1, 1], &[0, 1, 2, 2]];
    assert!(others.iter().all(|order| value(order) != value(&[0, 1, 2])));
}
