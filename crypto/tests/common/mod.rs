//! Two devices and what they publish, from a seed.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::time::Duration;

use ed25519_dalek::{Signer as _, SigningKey};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use waxwing_crypto::{
    Address, Bundle, DevicePublic, DeviceSecrets, InitialMessage, Message, OneTimePrekey, OpenError, Ours,
    Plaintext, Session, Theirs, WeeklyPrekey,
};

pub(crate) mod by_hand;

pub(crate) const AD: &[u8] = b"conversation 1";
/// A clock that stands still, since 2026.
pub(crate) const NOW: Duration = Duration::from_secs(1_790_000_000);

pub(crate) struct Device {
    pub(crate) address: Address,
    pub(crate) secrets: DeviceSecrets,
    pub(crate) keys: DevicePublic,
    pub(crate) weekly: WeeklyPrekey,
    pub(crate) one_time: OneTimePrekey,
    pub(crate) last_resort: OneTimePrekey,
}

impl Device {
    pub(crate) fn new(account: u8, rng: &mut ChaCha20Rng) -> Self {
        let secrets = DeviceSecrets::generate(rng);
        Self {
            address: Address { account: [account; 16], device: [account + 100; 16] },
            keys: secrets.public(),
            secrets,
            weekly: WeeklyPrekey::generate(7, rng),
            one_time: OneTimePrekey::generate(41, rng),
            last_resort: OneTimePrekey::generate_last_resort(42, rng),
        }
    }

    pub(crate) fn ours(&self) -> Ours<'_> {
        Ours { address: self.address, secrets: &self.secrets }
    }

    pub(crate) fn theirs(&self) -> Theirs<'_> {
        Theirs { address: self.address, keys: &self.keys }
    }

    pub(crate) fn bundle(&self) -> Bundle {
        self.verify(&self.one_time.bundle(&self.ours(), &self.weekly))
    }

    pub(crate) fn last_resort_bundle(&self) -> Bundle {
        self.verify(&self.last_resort.bundle(&self.ours(), &self.weekly))
    }

    fn verify(&self, bytes: &[u8]) -> Bundle {
        Bundle::verify(bytes, &self.address, &self.keys).unwrap()
    }

    pub(crate) fn initiate(&self, other: &Self, rng: &mut ChaCha20Rng) -> Session {
        Session::initiate(&self.ours(), &other.theirs(), &other.bundle(), rng).unwrap()
    }

    pub(crate) fn respond(&self, other: &Self, message: &[u8]) -> Result<(Session, Plaintext), OpenError> {
        let message = initial(message);
        Session::respond(&self.ours(), &other.theirs(), &self.weekly, &self.one_time, &message, AD)
    }
}

pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

pub(crate) fn two_devices(seed: u8) -> (Device, Device, ChaCha20Rng) {
    let mut rng = rng(seed);
    (Device::new(1, &mut rng), Device::new(2, &mut rng), rng)
}

/// A session that both sides have, after one message each way.
pub(crate) fn two_sessions(seed: u8) -> (Session, Session, ChaCha20Rng) {
    let (alice, bob, mut rng) = two_devices(seed);
    let mut ours = alice.initiate(&bob, &mut rng);
    let first = ours.encrypt(b"first", AD, NOW, &mut rng).unwrap();
    let (mut theirs, _) = bob.respond(&alice, &first).unwrap();
    let answer = theirs.encrypt(b"answer", AD, NOW, &mut rng).unwrap();
    assert_eq!(open(&mut ours, &answer).unwrap(), b"answer");
    (ours, theirs, rng)
}

pub(crate) fn initial(bytes: &[u8]) -> InitialMessage {
    match Message::parse(bytes).unwrap() {
        Message::Initial(initial) => initial,
        Message::Ratchet(_) => panic!("not an initial message"),
    }
}

pub(crate) fn open(session: &mut Session, bytes: &[u8]) -> Result<Vec<u8>, OpenError> {
    let message = Message::parse(bytes).map_err(|_| OpenError::Rejected)?;
    session.decrypt(&message, AD).map(|plaintext| plaintext.as_bytes().to_vec())
}

/// Opens what must fail, and sees that nothing changed.
pub(crate) fn fail(session: &mut Session, bytes: &[u8]) -> OpenError {
    let before = session.to_snapshot();
    let error = open(session, bytes).expect_err("it must not open");
    assert!(before == session.to_snapshot(), "a failure changed the session");
    error
}

/// Signs whatever is wanted, as somebody could whose program keeps no rules. `secret` begins with the seed of the signing key.
pub(crate) fn sign_freely(secret: &[u8], label: &[u8], message: &[u8]) -> [u8; 64] {
    let key = SigningKey::from_bytes(secret[..32].try_into().unwrap());
    key.sign(&[label, message].concat()).to_bytes()
}
