//! Two devices of `vodozemac`, as its users use it: bytes out, bytes in, one-time keys with a signature that is checked.

use vodozemac::olm::{Account, OlmMessage, Session, SessionConfig};
use vodozemac::{Curve25519PublicKey, Ed25519Signature};

/// One-time keys made at once.
const KEYS: usize = 20;

pub(crate) struct Device {
    account: Account,
    keys: Vec<(Curve25519PublicKey, Ed25519Signature)>,
}

impl Device {
    pub(crate) fn new() -> Device {
        Device { account: Account::new(), keys: Vec::new() }
    }

    /// A one-time key that nobody took, signed.
    pub(crate) fn published(&mut self) -> (Curve25519PublicKey, Ed25519Signature) {
        if self.keys.is_empty() {
            self.account.generate_one_time_keys(KEYS);
            let fresh: Vec<Curve25519PublicKey> = self.account.one_time_keys().into_values().collect();
            self.account.mark_keys_as_published();
            self.keys = fresh.into_iter().map(|key| (key, self.account.sign(key.as_bytes()))).collect();
        }
        self.keys.pop().expect("just made")
    }

    /// Verifies a one-time key, and begins a session.
    pub(crate) fn initiate(
        &self,
        other: &Device,
        (key, signature): &(Curve25519PublicKey, Ed25519Signature),
    ) -> Session {
        other.account.ed25519_key().verify(key.as_bytes(), signature).expect("they signed it");
        self.account
            .create_outbound_session(SessionConfig::version_1(), other.account.curve25519_key(), *key)
            .expect("good keys")
    }

    pub(crate) fn respond(&mut self, other: &Device, (kind, bytes): &(usize, Vec<u8>)) -> Session {
        let message = OlmMessage::from_parts(*kind, bytes).expect("our own encoding");
        let OlmMessage::PreKey(message) = message else {
            unreachable!("the first message opens the session")
        };
        self.account
            .create_inbound_session(SessionConfig::version_1(), other.account.curve25519_key(), &message)
            .expect("made for us")
            .session
    }
}

/// A session that both sides have, after a message each way.
pub(crate) fn two_sessions() -> (Session, Session) {
    let (alice, mut bob) = (Device::new(), Device::new());
    let key = bob.published();
    let mut ours = alice.initiate(&bob, &key);
    let first = seal(&mut ours, b"first");
    let mut theirs = bob.respond(&alice, &first);
    let answer = seal(&mut theirs, b"answer");
    open(&mut ours, &answer);
    (ours, theirs)
}

pub(crate) fn seal(session: &mut Session, plaintext: &[u8]) -> (usize, Vec<u8>) {
    session.encrypt(plaintext).expect("keys that contribute").to_parts()
}

pub(crate) fn open(session: &mut Session, (kind, bytes): &(usize, Vec<u8>)) -> Vec<u8> {
    let message = OlmMessage::from_parts(*kind, bytes).expect("our own encoding");
    session.decrypt(&message).expect("sealed for this session")
}
