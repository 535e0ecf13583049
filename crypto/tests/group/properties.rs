//! Any loss, repetition and reordering among several senders, and any bytes.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rand_chacha::rand_core::Rng;
use waxwing_crypto::group::{GroupMessage, GroupOpenError, ReceiverKey, SenderKey, Waiting, verify_backlog};

use crate::common::{AD, rng};
use crate::house::{EPOCH, address, fail, open, pair, receive, seal};

const SENDERS: usize = 3;

/// What happens next in a group of several senders and one reader.
#[derive(Clone, Debug)]
enum Event {
    Send(usize),
    /// One of the messages under way arrives, maybe not for the first time.
    Arrive(prop::sample::Index),
    /// All that is under way arrives at once, and stays under way.
    Backlog,
    /// The reader is given a key anew, as it stands by now.
    Join(usize),
    /// All are stored and loaded.
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0..SENDERS).prop_map(Event::Send),
        6 => any::<prop::sample::Index>().prop_map(Event::Arrive),
        1 => Just(Event::Backlog),
        1 => (0..SENDERS).prop_map(Event::Join),
        1 => Just(Event::Restart),
    ]
}

struct Sent {
    sender: usize,
    iteration: u32,
    text: Vec<u8>,
    bytes: Vec<u8>,
}

struct Group {
    senders: Vec<SenderKey>,
    reader: Vec<ReceiverKey>,
    sent: Vec<Sent>,
    opened: BTreeSet<(usize, u32)>,
}

impl Group {
    /// What the model expects of a message.
    fn check(&mut self, which: usize, answer: Result<Vec<u8>, GroupOpenError>) {
        let Sent { sender, iteration, text, .. } = &self.sent[which];
        let name = (*sender, *iteration);
        if *iteration < self.reader[*sender].first() {
            assert_eq!(answer, Err(GroupOpenError::BeforeStart));
        } else if self.opened.insert(name) {
            assert_eq!(answer.as_ref(), Ok(text));
        } else {
            assert_eq!(answer, Err(GroupOpenError::Duplicate));
        }
    }

    fn backlog(&mut self) {
        let parsed: Vec<GroupMessage> =
            self.sent.iter().map(|sent| GroupMessage::parse(&sent.bytes).unwrap()).collect();
        let waiting: Vec<Waiting<'_, '_>> = self
            .sent
            .iter()
            .zip(&parsed)
            .map(|(sent, message)| Waiting { key: &self.reader[sent.sender], message, associated_data: AD })
            .collect();
        for (which, verified) in verify_backlog(&waiting).into_iter().enumerate() {
            let key = &mut self.reader[self.sent[which].sender];
            let opened = key.open(&verified.unwrap()).map(|opened| opened.as_bytes().to_vec());
            self.check(which, opened);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_schedule_gives_each_plaintext_once(events in prop::collection::vec(event(), 1..80), seed: u8) {
        let mut rng = rng(seed);
        let senders: Vec<SenderKey> = (0..SENDERS as u8)
            .map(|device| SenderKey::generate(&EPOCH, address(device), &mut rng))
            .collect();
        let reader = senders.iter().zip(0..).map(|(sender, device)| receive(sender, device)).collect();
        let mut group = Group { senders, reader, sent: Vec::new(), opened: BTreeSet::new() };
        for (count, event) in events.into_iter().enumerate() {
            match event {
                Event::Send(sender) => {
                    let text = format!("message {count}").into_bytes();
                    let sealed = group.senders[sender].encrypt(&text, AD, &mut rng).unwrap();
                    group.sent.push(Sent { sender, iteration: sealed.iteration, text, bytes: sealed.bytes });
                }
                Event::Arrive(which) if !group.sent.is_empty() => {
                    let which = which.index(group.sent.len());
                    let Sent { sender, bytes, .. } = &group.sent[which];
                    let answer = open(&mut group.reader[*sender], bytes);
                    group.check(which, answer);
                }
                Event::Arrive(_) => {}
                Event::Backlog => group.backlog(),
                Event::Join(sender) => {
                    group.reader[sender] = receive(&group.senders[sender], sender as u8);
                    group.opened.retain(|(of, _)| *of != sender);
                }
                Event::Restart => {
                    for key in &mut group.senders {
                        *key = SenderKey::from_snapshot(&key.to_snapshot()).unwrap();
                    }
                    for key in &mut group.reader {
                        *key = ReceiverKey::from_snapshot(&key.to_snapshot()).unwrap();
                    }
                }
            }
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_is_rejected(position: prop::sample::Index, bit in 0..8u8, seed: u8) {
        let (mut sender, mut receiver, mut rng) = pair(seed);
        let sealed = seal(&mut sender, b"as it was", &mut rng);
        let mut flipped = sealed.clone();
        flipped[position.index(sealed.len())] ^= 1 << bit;
        prop_assert_eq!(fail(&mut receiver, &flipped), GroupOpenError::Rejected);
        prop_assert_eq!(open(&mut receiver, &sealed).unwrap(), b"as it was");
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), start in 0..5usize) {
        let (_, mut receiver, _) = pair(1);
        let starts: [&[u8]; 5] = [&[], &[1, 3, 1], &[1, 1], &[1, 1, 0], &[1, 1, 1]];
        let bytes = [starts[start], bytes.as_slice()].concat();
        if let Ok(message) = GroupMessage::parse(&bytes) {
            prop_assert!(receiver.decrypt(&message, AD).is_err());
        }
        let _ = ReceiverKey::accept(&bytes, &EPOCH, &address(1));
        let _ = SenderKey::from_snapshot(&bytes);
        let _ = ReceiverKey::from_snapshot(&bytes);
    }

    #[test]
    fn a_snapshot_has_one_encoding(position: prop::sample::Index, bit in 0..8u8, skip in 0..20u8, seed: u8) {
        let (mut sender, mut receiver, mut rng) = pair(seed);
        (0..skip).for_each(|_| drop(seal(&mut sender, b"lost", &mut rng)));
        let here = seal(&mut sender, b"here", &mut rng);
        open(&mut receiver, &here).unwrap();
        let mut bytes = receiver.to_snapshot();
        let at = position.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(key) = ReceiverKey::from_snapshot(&bytes) {
            prop_assert!(key.to_snapshot() == bytes);
        }
        prop_assert!(ReceiverKey::from_snapshot(&bytes[..at]).is_err());
        let mut bytes = sender.to_snapshot();
        let at = position.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(key) = SenderKey::from_snapshot(&bytes) {
            prop_assert!(key.to_snapshot() == bytes);
        }
        prop_assert!(SenderKey::from_snapshot(&bytes[..at]).is_err());
    }

    #[test]
    fn a_key_at_rest_with_skipped_numbers_out_of_place_is_refused(lost in 1..6u32, shift in 1..10u32) {
        let (mut sender, mut receiver, mut rng) = pair(rng(9).next_u32() as u8);
        (0..lost).for_each(|_| drop(seal(&mut sender, b"lost", &mut rng)));
        let here = seal(&mut sender, b"here", &mut rng);
        open(&mut receiver, &here).unwrap();
        let good = receiver.to_snapshot();
        let count_at = 3 + 88 + 32 + 8 + 32;
        let last_at = count_at + 2 + 36 * (lost as usize - 1);
        let changed = |at: usize, number: u32| {
            let mut bytes = good.clone();
            bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
            ReceiverKey::from_snapshot(&bytes).is_err()
        };
        prop_assert!(changed(last_at, lost + shift), "not below the next");
        prop_assert!(changed(3 + 88 + 32, lost + 1 + shift), "first above next");
        prop_assert!(changed(3 + 88 + 32, shift), "skipped below the first");
    }
}
