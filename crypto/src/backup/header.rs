//! The header of a backup, and the keys that come of it.
//!
//! ```text
//!   format 1 | suite 1 | lock u8 | memory KiB u32 | passes u32 | lanes u32 | account 16 | counter u64 | salt 32 | commitment 32
//! ```

use std::fmt;

use super::{cost::Cost, printed::PrintedKey};
use crate::{
    bytes::Reader,
    kdf::DERIVE_BACKUP,
    message::SUITE,
    stream::{COMMITMENT_BYTES, StreamKeys},
};

/// Length of a header, in bytes.
pub const HEADER_BYTES: usize = BOUND_BYTES + COMMITMENT_BYTES;

/// Everything before the commitment.
const BOUND_BYTES: usize = 3 + 12 + 16 + 8 + SALT_BYTES;
const SALT_BYTES: usize = 32;
const FORMAT: u8 = 1;
const LOCK_PASSPHRASE: u8 = 1;
const LOCK_PRINTED: u8 = 2;

/// What a person opens a backup with.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Key<'a> {
    /// A passphrase, as bytes. The app normalises what was typed (NFKC), and asks for enough of it.
    Passphrase {
        /// The passphrase.
        bytes: &'a [u8],
        /// What guessing it is to cost. Counts when sealing; a backup is opened with the cost that it names.
        cost: Cost,
    },
    /// A key on paper, which nobody can guess.
    Printed(&'a PrintedKey),
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passphrase { .. } => "Key::Passphrase(..)",
            Self::Printed(_) => "Key::Printed(..)",
        })
    }
}

/// What kind of key a backup needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lock {
    /// A passphrase, at this cost.
    Passphrase(Cost),
    /// A printed key.
    Printed,
}

/// Says why bytes are not the header of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// The bytes are not the one encoding of a header.
    Malformed,
    /// The header is of a later format or another suite.
    Unsupported,
    /// Opening would cost too little or too much.
    OutOfBounds,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "header of the backup is malformed",
            Self::Unsupported => "backup is of an unknown format or suite",
            Self::OutOfBounds => "cost of opening the backup is out of bounds",
        })
    }
}

impl std::error::Error for HeaderError {}

/// What a backup says about itself. Nothing of it is authentic before the backup is [opened](super::Opening).
///
/// ```
/// use waxwing_crypto::backup::{HEADER_BYTES, Header, Key, Lock, PrintedKey, seal};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// # let printed = PrintedKey::generate(&mut rng);
/// let mut backup = Vec::new();
/// seal(&Key::Printed(&printed), &[1; 16], 7, &b"everything"[..], &mut backup, &mut rng)?;
/// let header = Header::parse(backup.first_chunk().expect("a header"))?;
/// assert_eq!((header.lock(), header.account(), header.counter()), (Lock::Printed, &[1; 16], 7));
/// assert_eq!(header.to_bytes(), backup[..HEADER_BYTES]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    lock: Lock,
    account: [u8; 16],
    counter: u64,
    salt: [u8; SALT_BYTES],
    commitment: [u8; COMMITMENT_BYTES],
}

impl Header {
    /// Makes a header and the keys for it. `None` when there is not enough memory for the passphrase.
    pub(super) fn make(
        key: &Key<'_>,
        account: &[u8; 16],
        counter: u64,
        salt: [u8; SALT_BYTES],
    ) -> Option<(Self, StreamKeys)> {
        let lock = match key {
            Key::Passphrase { cost, .. } => Lock::Passphrase(*cost),
            Key::Printed(_) => Lock::Printed,
        };
        let mut header = Self { lock, account: *account, counter, salt, commitment: [0; COMMITMENT_BYTES] };
        let keys = header.keys(key)?;
        header.commitment = *keys.commitment();
        Some((header, keys))
    }

    /// Parses the bytes that a backup begins with.
    ///
    /// # Errors
    ///
    /// Refuses what is not a header, and a cost that nobody should bear.
    pub fn parse(bytes: &[u8; HEADER_BYTES]) -> Result<Self, HeaderError> {
        match bytes {
            [FORMAT, SUITE, rest @ ..] => read(rest),
            [..] => Err(HeaderError::Unsupported),
        }
    }

    /// Encodes the header.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..BOUND_BYTES].copy_from_slice(&self.bound());
        bytes[BOUND_BYTES..].copy_from_slice(&self.commitment);
        bytes
    }

    /// Returns what kind of key is needed.
    pub fn lock(&self) -> Lock {
        self.lock
    }

    /// Returns the account that was backed up.
    pub fn account(&self) -> &[u8; 16] {
        &self.account
    }

    /// Returns which backup of the account this is.
    pub fn counter(&self) -> u64 {
        self.counter
    }

    pub(super) fn is_committed_to(&self, keys: &StreamKeys) -> bool {
        keys.is_committed_to_by(&self.commitment)
    }

    /// Derives the keys of this backup. `None` when the key is of another kind, or there is not enough memory.
    pub(super) fn keys(&self, key: &Key<'_>) -> Option<StreamKeys> {
        let bound = self.bound();
        let derive = |secret: &[u8; 32]| StreamKeys::derive(&self.salt, secret, &[DERIVE_BACKUP, &bound]);
        match (key, self.lock) {
            (Key::Passphrase { bytes, .. }, Lock::Passphrase(cost)) => {
                cost.derive(bytes, &self.salt).map(|secret| derive(secret.expose()))
            }
            (Key::Printed(printed), Lock::Printed) => Some(derive(printed.expose())),
            (Key::Passphrase { .. }, Lock::Printed) | (Key::Printed(_), Lock::Passphrase(_)) => None,
        }
    }

    /// Whether the key is of the kind that is needed.
    pub(super) fn takes(&self, key: &Key<'_>) -> bool {
        matches!(
            (key, self.lock),
            (Key::Passphrase { .. }, Lock::Passphrase(_)) | (Key::Printed(_), Lock::Printed)
        )
    }

    /// Everything before the commitment, which all of it is bound to.
    fn bound(&self) -> [u8; BOUND_BYTES] {
        let (code, parts) = match self.lock {
            Lock::Passphrase(cost) => (LOCK_PASSPHRASE, cost.parts()),
            Lock::Printed => (LOCK_PRINTED, (0, 0, 0)),
        };
        let mut bytes = [0; BOUND_BYTES];
        bytes[..3].copy_from_slice(&[FORMAT, SUITE, code]);
        bytes[3..7].copy_from_slice(&parts.0.to_be_bytes());
        bytes[7..11].copy_from_slice(&parts.1.to_be_bytes());
        bytes[11..15].copy_from_slice(&parts.2.to_be_bytes());
        bytes[15..31].copy_from_slice(&self.account);
        bytes[31..39].copy_from_slice(&self.counter.to_be_bytes());
        bytes[39..].copy_from_slice(&self.salt);
        bytes
    }
}

fn read(bytes: &[u8]) -> Result<Header, HeaderError> {
    let malformed = HeaderError::Malformed;
    let mut reader = Reader::new(bytes);
    let code = reader.u8().ok_or(malformed)?;
    let mut number = || reader.u32().ok_or(malformed);
    let parts = (number()?, number()?, number()?);
    let lock = match (code, parts) {
        (LOCK_PASSPHRASE, (memory_kib, passes, lanes)) => {
            Lock::Passphrase(Cost::new(memory_kib, passes, lanes).map_err(|_| HeaderError::OutOfBounds)?)
        }
        (LOCK_PRINTED, (0, 0, 0)) => Lock::Printed,
        (_, _) => return Err(malformed),
    };
    let account = *reader.array().ok_or(malformed)?;
    let counter = reader.u64().ok_or(malformed)?;
    let salt = *reader.array().ok_or(malformed)?;
    let commitment = *reader.array().ok_or(malformed)?;
    reader.end().ok_or(malformed)?;
    Ok(Header { lock, account, counter, salt, commitment })
}
