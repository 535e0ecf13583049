//! Two devices of Waxwing.

use std::time::Duration;

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use waxwing_crypto::{
    Address, Bundle, DevicePublic, DeviceSecrets, InitialMessage, Message, OneTimePrekey, Ours, Plaintext,
    Session, Theirs, WeeklyPrekey,
};

/// Bound to each message, as the engine binds a conversation.
pub(crate) const ASSOCIATED: &[u8] = b"conversation of two persons here";

/// A clock that stands still: exchanges of the post-quantum ratchet come by the count.
const NOW: Duration = Duration::from_secs(1_790_000_000);

pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

pub(crate) struct Device {
    address: Address,
    secrets: DeviceSecrets,
    keys: DevicePublic,
    weekly: WeeklyPrekey,
    one_time: OneTimePrekey,
}

impl Device {
    pub(crate) fn new(account: u8, rng: &mut ChaCha20Rng) -> Device {
        let secrets = DeviceSecrets::generate(rng);
        Device {
            address: Address { account: [account; 16], device: [account + 100; 16] },
            keys: secrets.public(),
            secrets,
            weekly: WeeklyPrekey::generate(7, rng),
            one_time: OneTimePrekey::generate(41, rng),
        }
    }

    fn ours(&self) -> Ours<'_> {
        Ours { address: self.address, secrets: &self.secrets }
    }

    fn theirs(&self) -> Theirs<'_> {
        Theirs { address: self.address, keys: &self.keys }
    }

    /// What the relay hands out.
    pub(crate) fn published(&self) -> Vec<u8> {
        self.one_time.bundle(&self.ours(), &self.weekly)
    }

    /// Verifies what the relay handed out, and begins a session.
    pub(crate) fn initiate(&self, other: &Device, published: &[u8], rng: &mut ChaCha20Rng) -> Session {
        let bundle = Bundle::verify(published, &other.address, &other.keys).expect("we signed it");
        Session::initiate(&self.ours(), &other.theirs(), &bundle, rng).expect("good keys")
    }

    pub(crate) fn respond(&self, other: &Device, bytes: &[u8]) -> (Session, Plaintext) {
        let message = initial(bytes);
        Session::respond(&self.ours(), &other.theirs(), &self.weekly, &self.one_time, &message, ASSOCIATED)
            .expect("made for us")
    }
}

fn initial(bytes: &[u8]) -> InitialMessage {
    match Message::parse(bytes).expect("our own encoding") {
        Message::Initial(initial) => initial,
        Message::Ratchet(_) => unreachable!("the first message opens the session"),
    }
}

/// A session that both sides have, after a message each way.
pub(crate) fn two_sessions(rng: &mut ChaCha20Rng) -> (Session, Session) {
    let (alice, bob) = (Device::new(1, rng), Device::new(2, rng));
    let mut ours = alice.initiate(&bob, &bob.published(), rng);
    let first = seal(&mut ours, b"first", rng);
    let (mut theirs, _) = bob.respond(&alice, &first);
    let answer = seal(&mut theirs, b"answer", rng);
    open(&mut ours, &answer);
    (ours, theirs)
}

pub(crate) fn seal(session: &mut Session, plaintext: &[u8], rng: &mut impl rand_core::CryptoRng) -> Vec<u8> {
    session.encrypt(plaintext, ASSOCIATED, NOW, rng).expect("short enough")
}

pub(crate) fn open(session: &mut Session, bytes: &[u8]) -> Plaintext {
    let message = Message::parse(bytes).expect("our own encoding");
    session.decrypt(&message, ASSOCIATED).expect("sealed for this session")
}
