//! Keys, PQXDH and the Double Ratchet of Waxwing: sealed messages between two devices.
//!
//! No I/O, no async, no clock, no global randomness, no `unsafe`: bytes and randomness in, bytes out.

mod aead;
mod bytes;
mod device_list;
mod kdf;
mod kem;
mod keys;
mod message;
mod padding;
#[doc(hidden)]
pub mod primitives;
mod ratchet;
mod secret;
mod session;
mod x3dh;

pub use device_list::{DEVICES_MAX, DeviceEntry, DeviceList, DeviceListError};
pub use keys::{AccountKey, AccountPublicKey, Address, DevicePublic, DeviceSecrets, KeyError, Ours, Theirs};
pub use message::{
    InitialMessage, MESSAGE_BYTES_MAX, Message, PLAINTEXT_BYTES_MAX, ParseError, RatchetMessage,
};
pub use padding::{PaddingError, pad, unpad};
pub use ratchet::{skipped::SKIPPED_MAX, state::JUMP_MAX};
pub use secret::Secret;
pub use session::{OpenError, Plaintext, SealError, Session, snapshot::SnapshotError};
pub use x3dh::{
    bundle::{Bundle, BundleError, OneTimePrekey, PrekeyError, WeeklyPrekey},
    initiate::HandshakeError,
};
