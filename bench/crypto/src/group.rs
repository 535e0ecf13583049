//! Groups of one sender and one receiver, on each side of the comparison. More receivers change nothing for the sender.

use rand_chacha::ChaCha20Rng;
use vodozemac::megolm::{GroupSession, InboundGroupSession, MegolmMessage, SessionConfig};
use waxwing_crypto::Address;
use waxwing_crypto::group::{
    GroupEpoch, GroupMessage, GroupPlaintext, ReceiverKey, SenderKey, Waiting, verify_backlog,
};

use crate::ours::ASSOCIATED;

const EPOCH: GroupEpoch = GroupEpoch { group: [7; 16], number: 3, roster_hash: [9; 32] };

pub(crate) fn pair(device: u8, rng: &mut ChaCha20Rng) -> (SenderKey, ReceiverKey) {
    let address = Address { account: [1; 16], device: [device; 16] };
    let sender = SenderKey::generate(&EPOCH, address, rng);
    let receiver = ReceiverKey::accept(&sender.distribution(), &EPOCH, &address).expect("our own key");
    (sender, receiver)
}

pub(crate) fn seal(sender: &mut SenderKey, plaintext: &[u8], rng: &mut impl rand_core::CryptoRng) -> Vec<u8> {
    sender.encrypt(plaintext, ASSOCIATED, rng).expect("short enough").bytes
}

pub(crate) fn open(receiver: &mut ReceiverKey, bytes: &[u8]) -> GroupPlaintext {
    let message = GroupMessage::parse(bytes).expect("our own encoding");
    receiver.decrypt(&message, ASSOCIATED).expect("sealed with this key")
}

/// Opens one message of each chain.
pub(crate) fn open_backlog(receivers: &mut [ReceiverKey], backlog: &[Vec<u8>]) -> Vec<GroupPlaintext> {
    let parsed: Vec<GroupMessage> =
        backlog.iter().map(|bytes| GroupMessage::parse(bytes).expect("our own encoding")).collect();
    let of = receivers.len();
    let waiting: Vec<Waiting<'_, '_>> = parsed
        .iter()
        .enumerate()
        .map(|(at, message)| Waiting { key: &receivers[at % of], message, associated_data: ASSOCIATED })
        .collect();
    let verified = verify_backlog(&waiting);
    let open = |(at, verified): (usize, Option<_>)| {
        receivers[at % of].open(&verified.expect("we signed it")).expect("sealed with this key")
    };
    verified.into_iter().enumerate().map(open).collect()
}

pub(crate) fn their_pair() -> (GroupSession, InboundGroupSession) {
    let sender = GroupSession::new(SessionConfig::version_1());
    let receiver = InboundGroupSession::new(&sender.session_key(), SessionConfig::version_1());
    (sender, receiver)
}

pub(crate) fn their_seal(sender: &mut GroupSession, plaintext: &[u8]) -> Vec<u8> {
    sender.encrypt(plaintext).to_bytes()
}

pub(crate) fn their_open(receiver: &mut InboundGroupSession, bytes: &[u8]) -> Vec<u8> {
    let message = MegolmMessage::from_bytes(bytes).expect("our own encoding");
    receiver.decrypt(&message).expect("sealed with this key").plaintext
}
