//! End-to-end encryption for messengers: two people, groups, files, and many devices each.
//!
//! | you want | use | chapter of the [book] |
//! |---|---|---|
//! | sealed messages between two devices | [`Session`], [`OneTimePrekey`], [`Bundle`] | [Conversations](book::conversations) |
//! | one ciphertext for a whole group, and who is in it | [`group`], [`group::roster`] | [Groups](book::groups) |
//! | files of any size; names and pictures of people | [`attachment`], [`profile`] | [Files and profiles](book::files) |
//! | to know whose keys these are, and what changed | [`DeviceList`], [`AccountChange`], [`SafetyNumber`] | [Trust](book::trust) |
//! | the relay not to know who writes | [`sealed_sender`] | [Trust](book::trust) |
//! | a second device, or the account back | [`link`], [`backup`] | [Devices](book::devices) |
//!
//! What this crate promises:
//!
//! - It is bytes and randomness in, bytes out: no I/O, no async, no clock, no global randomness, no `unsafe`. What is too large
//!   for memory ([`attachment`], [`backup`]) goes through `Read` and `Write` of `std`, from and to what the caller gives.
//! - What exists as a type has been checked: a [`DeviceList`] is signed by its account, a [`Bundle`] by its device.
//! - What is rejected changes nothing: a [`Session`] moves only with a message that opened whole.
//! - An old copy of a stored session never seals twice under one key and nonce.
//! - Secrets are wiped on drop, as far as safe Rust and the libraries below can, and are never printed.
//!
//! And what it does not: authentication is classical; secrecy is hybrid, X25519 and ML-KEM: 1024 when a session begins, 768 about every
//! 50 messages after. What is stored, sent, retried and shown is the caller's part. It was not reviewed from outside. `docs/spec.md` of the
//! project writes the protocol down byte by byte, and `docs/threats.md` what is tried against it.
//!
//! ```
//! use waxwing_crypto::*;
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = ChaCha20Rng::from_seed([1; 32]);
//! # let now = std::time::Duration::ZERO;
//! let (alice, bob) = (DeviceSecrets::generate(&mut rng), DeviceSecrets::generate(&mut rng));
//! let (alice_keys, bob_keys) = (alice.public(), bob.public());
//! let at_alice = Address { account: [1; 16], device: [1; 16] };
//! let at_bob = Address { account: [2; 16], device: [1; 16] };
//!
//! // Bob publishes prekeys.
//! let (weekly, one_time) = (WeeklyPrekey::generate(1, &mut rng), OneTimePrekey::generate(1, &mut rng));
//! let ours = Ours { address: at_bob, secrets: &bob };
//! let published = one_time.bundle(&ours, &weekly);
//!
//! // Alice writes to him.
//! let bundle = Bundle::verify(&published, &at_bob, &bob_keys)?;
//! let theirs = Theirs { address: at_bob, keys: &bob_keys };
//! let mut session = Session::initiate(&Ours { address: at_alice, secrets: &alice }, &theirs, &bundle, &mut rng)?;
//! let sealed = session.encrypt(b"hello", b"bound, not sent", now, &mut rng)?;
//!
//! // Bob reads it.
//! let Message::Initial(message) = Message::parse(&sealed)? else { unreachable!() };
//! let theirs = Theirs { address: at_alice, keys: &alice_keys };
//! let (_session, text) = Session::respond(&ours, &theirs, &weekly, &one_time, &message, b"bound, not sent")?;
//! assert_eq!(text.as_bytes(), b"hello");
//! # Ok(())
//! # }
//! ```

// Read by people alone; its examples run.
#[cfg(any(doc, doctest))]
pub mod book;

mod aead;
pub mod attachment;
pub mod backup;
mod base32;
mod bytes;
mod device_list;
mod fingerprint;
pub mod group;
mod kdf;
mod kem;
mod keys;
pub mod link;
mod message;
mod padding;
#[doc(hidden)]
pub mod primitives;
pub mod profile;
mod ratchet;
mod salted;
pub mod sealed_sender;
mod secret;
mod session;
mod stream;
mod x3dh;

pub use device_list::{
    DEVICES_MAX, DEVICES_REMOVED_MAX, DeviceEntry, DeviceList, DeviceListError, RemovedDevice,
    succession::AccountChange,
};
pub use fingerprint::{Comparison, SCAN_BYTES, SafetyNumber};
pub use keys::{
    AccountKey, AccountPublicKey, Address, DevicePublic, DeviceSecrets, Identity, KeyError, Ours, Theirs,
};
pub use message::{
    InitialMessage, MESSAGE_BYTES_MAX, Message, PLAINTEXT_BYTES_MAX, ParseError, RatchetMessage,
};
pub use padding::{PaddingError, pad, unpad};
pub use ratchet::{
    exchange::{REFRESH_AFTER, REFRESH_MESSAGES},
    skipped::SKIPPED_MAX,
    state::JUMP_MAX,
};
pub use secret::Secret;
pub use session::{OpenError, Plaintext, Refreshed, SealError, Session, snapshot::SnapshotError};
pub use x3dh::{
    bundle::{Bundle, BundleError, OneTimePrekey, PrekeyError, WeeklyPrekey},
    initiate::HandshakeError,
};
