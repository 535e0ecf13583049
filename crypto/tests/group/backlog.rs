//! Many messages at once: the same answers as one by one.

use rand_chacha::ChaCha20Rng;
use waxwing_crypto::group::{
    BATCH_MAX, GroupMessage, GroupOpenError, ReceiverKey, SenderKey, Waiting, verify_backlog,
};

use crate::common::{AD, rng};
use crate::house::{EPOCH, address, open, pair, seal};

fn senders(count: u8, rng: &mut ChaCha20Rng) -> (Vec<SenderKey>, Vec<ReceiverKey>) {
    let senders: Vec<SenderKey> =
        (0..count).map(|device| SenderKey::generate(&EPOCH, address(device), rng)).collect();
    let receivers = senders
        .iter()
        .zip(0..)
        .map(|(sender, device)| {
            ReceiverKey::accept(&sender.distribution(), &EPOCH, &address(device)).unwrap()
        })
        .collect();
    (senders, receivers)
}

fn copies(receivers: &[ReceiverKey]) -> Vec<ReceiverKey> {
    receivers.iter().map(|key| ReceiverKey::from_snapshot(&key.to_snapshot()).unwrap()).collect()
}

type Answer = Result<Vec<u8>, GroupOpenError>;

/// Opens messages, of the senders in turn, as a backlog and one by one; both leave the same keys behind.
fn both_ways(receivers: &[ReceiverKey], backlog: &[Vec<u8>]) -> Vec<Answer> {
    let (mut together, mut alone) = (copies(receivers), copies(receivers));
    let parsed: Vec<GroupMessage> = backlog.iter().map(|bytes| GroupMessage::parse(bytes).unwrap()).collect();
    let of = receivers.len();
    let waiting: Vec<Waiting<'_, '_>> = parsed
        .iter()
        .enumerate()
        .map(|(at, message)| Waiting { key: &together[at % of], message, associated_data: AD })
        .collect();
    let verified = verify_backlog(&waiting);
    assert_eq!(verified.len(), backlog.len());
    let mut answers = Vec::new();
    for (at, verified) in verified.iter().enumerate() {
        let verified = verified.as_ref().ok_or(GroupOpenError::Rejected);
        let opened = verified.and_then(|verified| together[at % of].open(verified));
        answers.push(opened.map(|opened| opened.as_bytes().to_vec()));
        assert_eq!(answers[at], open(&mut alone[at % of], &backlog[at]), "message {at}");
    }
    for (together, alone) in together.iter().zip(&alone) {
        assert!(together.to_snapshot() == alone.to_snapshot());
    }
    answers
}

#[test]
fn one_bad_message_at_any_place_costs_only_itself() {
    let mut rng = rng(40);
    let (mut keys, receivers) = senders(5, &mut rng);
    let backlog: Vec<Vec<u8>> =
        (0..12u8).map(|number| seal(&mut keys[usize::from(number) % 5], &[number], &mut rng)).collect();
    assert!(both_ways(&receivers, &backlog).iter().all(Result::is_ok));
    for bad in 0..12 {
        let length = backlog[bad].len();
        // Chain id, iteration, salt, commitment, ciphertext, tag; R, S.
        for at in [3, 22, 30, 50, 71, 80, length - 64, length - 1] {
            let mut changed = backlog.clone();
            changed[bad][at] ^= 1;
            let answers = both_ways(&receivers, &changed);
            for (at, answer) in answers.iter().enumerate() {
                match at == bad {
                    true => assert_eq!(*answer, Err(GroupOpenError::Rejected)),
                    false => assert_eq!(*answer, Ok(vec![at as u8])),
                }
            }
        }
    }
}

#[test]
fn a_backlog_longer_than_a_batch_and_of_many_senders_opens_whole() {
    let mut rng = rng(41);
    let (mut keys, receivers) = senders(50, &mut rng);
    let count = 2 * BATCH_MAX + 7;
    let mut backlog: Vec<Vec<u8>> =
        (0..count).map(|number| seal(&mut keys[number % 50], &[number as u8], &mut rng)).collect();
    assert!(both_ways(&receivers, &backlog).iter().all(Result::is_ok));
    backlog[BATCH_MAX + 3][40] ^= 1;
    let answers = both_ways(&receivers, &backlog);
    assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 1);
    assert!(verify_backlog(&[]).is_empty());
}

#[test]
fn repeats_and_late_ones_within_a_backlog_are_what_they_are_alone() {
    let mut rng = rng(42);
    let (mut keys, receivers) = senders(1, &mut rng);
    let sealed: Vec<Vec<u8>> = (0..4u8).map(|number| seal(&mut keys[0], &[number], &mut rng)).collect();
    let backlog: Vec<Vec<u8>> = [3, 0, 3, 1, 0, 2].iter().map(|&at: &usize| sealed[at].clone()).collect();
    let duplicate = Err(GroupOpenError::Duplicate);
    let expected = [Ok(vec![3]), Ok(vec![0]), duplicate.clone(), Ok(vec![1]), duplicate, Ok(vec![2])];
    assert_eq!(both_ways(&receivers, &backlog), expected);
}

#[test]
fn what_was_verified_for_one_chain_opens_in_no_other() {
    let (mut sender, receiver, mut rng) = pair(43);
    let (_, mut another, _) = pair(44);
    let message = GroupMessage::parse(&seal(&mut sender, b"text", &mut rng)).unwrap();
    let waiting = [Waiting { key: &receiver, message: &message, associated_data: AD }];
    let verified = verify_backlog(&waiting).pop().flatten().unwrap();
    assert_eq!(another.open(&verified).unwrap_err(), GroupOpenError::Rejected);
    let mut receiver = receiver;
    assert_eq!(receiver.open(&verified).unwrap().as_bytes(), b"text");
    assert_eq!(receiver.open(&verified).unwrap_err(), GroupOpenError::Duplicate);
}
