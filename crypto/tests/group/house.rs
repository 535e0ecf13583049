//! A group from a seed, and what is done in it again and again.

use rand_chacha::ChaCha20Rng;
use waxwing_crypto::Address;
use waxwing_crypto::group::{GroupEpoch, GroupMessage, GroupOpenError, ReceiverKey, SenderKey};

use crate::common::{AD, rng};

pub(crate) const EPOCH: GroupEpoch = GroupEpoch { group: [7; 16], number: 3, roster_hash: [9; 32] };
/// Where the origin of a snapshot or of a distribution begins.
pub(crate) const ORIGIN: usize = 3;

pub(crate) fn address(device: u8) -> Address {
    Address { account: [device; 16], device: [device + 100; 16] }
}

/// A sender key, and the same key at somebody who had it from the start.
pub(crate) fn pair(seed: u8) -> (SenderKey, ReceiverKey, ChaCha20Rng) {
    let mut rng = rng(seed);
    let sender = SenderKey::generate(&EPOCH, address(1), &mut rng);
    let receiver = receive(&sender, 1);
    (sender, receiver, rng)
}

pub(crate) fn receive(sender: &SenderKey, device: u8) -> ReceiverKey {
    ReceiverKey::accept(&sender.distribution(), &EPOCH, &address(device)).unwrap()
}

pub(crate) fn seal(sender: &mut SenderKey, text: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
    sender.encrypt(text, AD, rng).unwrap().bytes
}

pub(crate) fn open(receiver: &mut ReceiverKey, bytes: &[u8]) -> Result<Vec<u8>, GroupOpenError> {
    let message = GroupMessage::parse(bytes).map_err(|_| GroupOpenError::Rejected)?;
    receiver.decrypt(&message, AD).map(|opened| opened.as_bytes().to_vec())
}

/// Opens what must fail, and sees that nothing changed.
pub(crate) fn fail(receiver: &mut ReceiverKey, bytes: &[u8]) -> GroupOpenError {
    let before = receiver.to_snapshot();
    let error = open(receiver, bytes).expect_err("it must not open");
    assert!(before == receiver.to_snapshot(), "a failure changed the key");
    error
}

/// A key that stands at another number, with the same chain key: only its own device could do that.
pub(crate) fn renumbered(sender: &SenderKey, number: u32) -> SenderKey {
    let mut bytes = sender.to_snapshot();
    let at = ORIGIN + 88 + 32;
    bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
    SenderKey::from_snapshot(&bytes).unwrap()
}
