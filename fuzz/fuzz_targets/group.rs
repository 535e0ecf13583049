//! Any bytes as what a group sends: a sender key, a message, a key at rest. Nothing that was not made for the key opens, and
//! the key is byte for byte as it was.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use waxwing_crypto::Address;
use waxwing_crypto::group::{GroupEpoch, GroupMessage, ReceiverKey, SenderKey, Waiting, verify_backlog};

const EPOCH: GroupEpoch = GroupEpoch { group: [7; 16], number: 3, roster_hash: [9; 32] };
const SENDER: Address = Address { account: [1; 16], device: [101; 16] };

/// A receiver's key at rest, with a key skipped.
static SNAPSHOT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut rng = ChaCha20Rng::from_seed([98; 32]);
    let mut sender = SenderKey::generate(&EPOCH, SENDER, &mut rng);
    let mut key = ReceiverKey::accept(&sender.distribution(), &EPOCH, &SENDER).expect("our own key");
    sender.encrypt(b"lost", b"", &mut rng).expect("short");
    let sealed = sender.encrypt(b"here", b"", &mut rng).expect("short");
    let message = GroupMessage::parse(&sealed.bytes).expect("our own message");
    key.decrypt(&message, b"").expect("sealed with this key");
    key.to_snapshot().to_vec()
});

fuzz_target!(|data: &[u8]| {
    if let Ok(message) = GroupMessage::parse(data) {
        let mut key = ReceiverKey::from_snapshot(&SNAPSHOT).expect("our own snapshot");
        assert!(key.decrypt(&message, b"").is_err());
        // As if it were of this chain, so that the signature is looked at.
        let mut claimed = data.to_vec();
        claimed[3..19].copy_from_slice(&key.chain_id());
        let message = GroupMessage::parse(&claimed).expect("as long as before");
        assert!(key.decrypt(&message, b"").is_err());
        let waiting = [Waiting { key: &key, message: &message, associated_data: b"" }];
        assert!(verify_backlog(&waiting).iter().all(Option::is_none));
        assert_eq!(key.to_snapshot()[..], SNAPSHOT[..]);
    }
    if let Ok(key) = ReceiverKey::accept(data, &EPOCH, &SENDER) {
        let stored = key.to_snapshot();
        let again = ReceiverKey::from_snapshot(&stored).expect("our own snapshot");
        assert_eq!(again.to_snapshot()[..], stored[..]);
    }
    if let Ok(key) = ReceiverKey::from_snapshot(data) {
        assert_eq!(key.to_snapshot()[..], *data);
    }
    if let Ok(mut sender) = SenderKey::from_snapshot(data) {
        assert_eq!(sender.to_snapshot()[..], *data);
        let at = Address { account: read(data, 59), device: read(data, 75) };
        let epoch = *sender.epoch();
        let mut key = ReceiverKey::accept(&sender.distribution(), &epoch, &at).expect("our own key");
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        let Ok(sealed) = sender.encrypt(b"hello", b"", &mut rng) else { return };
        let message = GroupMessage::parse(&sealed.bytes).expect("our own message");
        assert_eq!(key.decrypt(&message, b"").expect("sealed with this key").as_bytes(), b"hello");
    }
});

fn read(data: &[u8], at: usize) -> [u8; 16] {
    data[at..at + 16].try_into().expect("16 bytes of a snapshot")
}
