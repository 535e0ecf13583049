//! Profiles: name, about and picture, sealed under a key that travels inside messages. The relay stores what it cannot read.
//!
//! ```text
//!   sealed field   format 1 | suite 1 | field u8 | key version u32 | revision u64 | salt 16 | commitment 32 | padded content | tag 16
//! ```
//!
//! Account, field, version and revision are bound: a picture cannot stand for a name, nor one account's name for another's, and
//! an older revision is told from the newest. Whoever has had the key can read what is sealed under it: [`must_rotate`] says when it
//! has to change.
//!
//! ```
//! use waxwing_crypto::profile::{Field, ProfileKey};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = ChaCha20Rng::from_seed([1; 32]);
//! let alice = [1; 16];
//! let key = ProfileKey::generate(&mut rng);
//! let sealed = key.seal(&alice, Field::Name, 1, "Alice 🦜".as_bytes(), &mut rng)?;
//!
//! // The key reached Bob in a message, the sealed name comes from the relay. He has seen no revision yet.
//! let key = ProfileKey::from_bytes(key.to_bytes().expose())?;
//! let opened = key.open(&alice, Field::Name, 0, &sealed)?;
//! assert_eq!((&opened.content[..], opened.revision), ("Alice 🦜".as_bytes(), 1));
//! # Ok(())
//! # }
//! ```

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    bytes::Reader,
    kdf::{
        DERIVE_DELIVERY, DERIVE_PROFILE, DERIVE_PROFILE_ACCESS, HASH_DELIVERY, HASH_PROFILE_ACCESS, derive,
        hash,
    },
    message::SUITE,
    padding::{pad, unpad},
    salted::{SALT_BYTES, SaltedKeys},
    secret::Secret,
};

/// Length of a stored [`ProfileKey`], in bytes.
pub const PROFILE_KEY_BYTES: usize = 1 + 4 + 32;

const FORMAT: u8 = 1;
/// Everything before the salt.
const HEAD_BYTES: usize = 2 + 1 + 4 + 8;

/// What of a profile is sealed.
///
/// ```
/// use waxwing_crypto::profile::Field;
/// assert!(Field::Name.bytes_max() < Field::Picture.bytes_max());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Field {
    /// What the person is called: at most 256 bytes.
    Name,
    /// What the person says about themselves: at most 1 KiB.
    About,
    /// A small picture: at most 256 KiB. A larger one is an attachment, whose descriptor stands here.
    Picture,
}

impl Field {
    /// Returns how long the content may be, in bytes.
    pub fn bytes_max(self) -> usize {
        match self {
            Self::Name => 256,
            Self::About => 1024,
            Self::Picture => 256 * 1024,
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::Name => 1,
            Self::About => 2,
            Self::Picture => 3,
        }
    }
}

/// Says that a field was not sealed: it is longer than [`Field::bytes_max`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("profile field is too long")
    }
}

impl std::error::Error for TooLong {}

/// Says why a profile key or a sealed field was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProfileError {
    /// The bytes are not the one encoding.
    Malformed,
    /// The bytes are of a later format or another suite.
    Unsupported,
    /// The field says that it was sealed under another version of the key: a newer one is on its way, or was never given to us.
    OtherKey {
        /// That version.
        version: u32,
    },
    /// The field is not an authentic one of this account, under this key.
    Rejected,
    /// The field is authentic, and older than one that was seen: the relay went back.
    Older {
        /// Its revision.
        revision: u64,
    },
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("profile is malformed"),
            Self::Unsupported => f.write_str("profile is of an unknown format or suite"),
            Self::OtherKey { version } => write!(f, "profile is sealed under version {version} of its key"),
            Self::Rejected => f.write_str("profile was rejected"),
            Self::Older { revision } => {
                write!(f, "profile revision {revision} is older than one that was seen")
            }
        }
    }
}

impl std::error::Error for ProfileError {}

/// Says whether a profile key must be [rotated](ProfileKey::rotate): somebody was given it who may not, or no longer, see the
/// profile.
///
/// Asked when somebody is blocked, when somebody is removed who had it only through a group, and when a device of one's own is
/// removed (its account counts as a holder that may not). After a rotation all fields are sealed and published anew, the
/// relay learns the new [`access_verifier`](ProfileKey::access_verifier), and the new key goes to everybody else with the next message.
///
/// ```
/// use waxwing_crypto::profile::must_rotate;
/// let (alice, mallory) = ([1; 16], [2; 16]);
/// let blocked = [mallory];
/// assert!(must_rotate(&[alice, mallory], |account| !blocked.contains(account)));
/// assert!(!must_rotate(&[alice], |account| !blocked.contains(account)));
/// ```
pub fn must_rotate(holders: &[[u8; 16]], may_see: impl Fn(&[u8; 16]) -> bool) -> bool {
    holders.iter().any(|account| !may_see(account))
}

/// Seals and opens the profile of one account. Versions count from 1, and each has a key of its own.
pub struct ProfileKey {
    version: u32,
    key: Secret<32>,
}

impl ProfileKey {
    /// Makes the first key of an account.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self { version: 1, key: Secret::random(rng) }
    }

    /// Makes the next key, which tells nothing about this one, nor this one about it. `None` after `2^32 - 1` versions.
    ///
    /// ```
    /// # use waxwing_crypto::profile::ProfileKey;
    /// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    /// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
    /// let next = ProfileKey::generate(&mut rng).rotate(&mut rng).expect("versions are left");
    /// assert_eq!(next.version(), 2);
    /// ```
    pub fn rotate(&self, rng: &mut impl CryptoRng) -> Option<Self> {
        Some(Self { version: self.version.checked_add(1)?, key: Secret::random(rng) })
    }

    /// Returns the version: of two keys of an account, the greater counts.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Encodes the key, for a message or for the store.
    pub fn to_bytes(&self) -> Secret<PROFILE_KEY_BYTES> {
        Secret::filled(|bytes| {
            bytes[0] = FORMAT;
            bytes[1..5].copy_from_slice(&self.version.to_be_bytes());
            bytes[5..].copy_from_slice(self.key.expose());
        })
    }

    /// Decodes what [`to_bytes`](Self::to_bytes) made.
    ///
    /// # Errors
    ///
    /// Refuses any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProfileError> {
        match bytes {
            [FORMAT, rest @ ..] => Self::read(rest).ok_or(ProfileError::Malformed),
            [] => Err(ProfileError::Malformed),
            [_, ..] => Err(ProfileError::Unsupported),
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let version = reader.u32().filter(|version| *version > 0)?;
        let key = Secret::copy_of(reader.array()?);
        reader.end()?;
        Some(Self { version, key })
    }

    /// Seals one field of the account's profile, padded. The revision counts the changes of the field, through all keys.
    ///
    /// # Errors
    ///
    /// Refuses what is longer than [`Field::bytes_max`].
    pub fn seal(
        &self,
        account: &[u8; 16],
        field: Field,
        revision: u64,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, TooLong> {
        if content.len() > field.bytes_max() {
            return Err(TooLong);
        }
        let mut out = vec![FORMAT, SUITE, field.code()];
        out.extend_from_slice(&self.version.to_be_bytes());
        out.extend_from_slice(&revision.to_be_bytes());
        let mut salt = [0; SALT_BYTES];
        rng.fill_bytes(&mut salt);
        let head: [u8; HEAD_BYTES] = out[..].try_into().expect("15 bytes");
        out.extend_from_slice(&salt);
        self.keys(account, &head, &salt).seal(&[], &Zeroizing::new(pad(content)), &mut out);
        Ok(out)
    }

    /// Opens a field that the relay gave. `seen` is the greatest revision of this field that was opened before, or 0.
    ///
    /// # Errors
    ///
    /// Says what is wrong; a field that is [`Older`](ProfileError::Older) is authentic, and is not given out either.
    pub fn open(
        &self,
        account: &[u8; 16],
        field: Field,
        seen: u64,
        sealed: &[u8],
    ) -> Result<OpenedField, ProfileError> {
        match sealed {
            [FORMAT, SUITE, ..] => {}
            [] | [FORMAT] => return Err(ProfileError::Malformed),
            [_, ..] => return Err(ProfileError::Unsupported),
        }
        let (head, rest) = sealed.split_first_chunk::<HEAD_BYTES>().ok_or(ProfileError::Malformed)?;
        let (salt, body) = rest.split_first_chunk().ok_or(ProfileError::Malformed)?;
        let mut reader = Reader::new(&head[2..]);
        let (code, version) = (reader.u8(), reader.u32().ok_or(ProfileError::Malformed)?);
        let revision = reader.u64().ok_or(ProfileError::Malformed)?;
        if code != Some(field.code()) {
            return Err(ProfileError::Rejected);
        }
        if version != self.version {
            return Err(ProfileError::OtherKey { version });
        }
        let opened = self.keys(account, head, salt).open(&[], body);
        let mut content = opened.ok_or(ProfileError::Rejected)?;
        let length = unpad(&content).map_err(|_| ProfileError::Rejected)?.len();
        content.truncate(length);
        if length > field.bytes_max() {
            return Err(ProfileError::Rejected);
        }
        if revision < seen {
            return Err(ProfileError::Older { revision });
        }
        Ok(OpenedField { content, revision })
    }

    /// Derives what a client shows the relay to be given the profile: whoever has the key may fetch. The relay learns nothing
    /// about the key, nor who asks.
    pub fn access_key(&self) -> Secret<32> {
        derive(&[], self.key.expose(), &[DERIVE_PROFILE_ACCESS])
    }

    /// Derives what the relay keeps to check an [`access_key`](Self::access_key): its hash, which opens nothing.
    ///
    /// ```
    /// # use waxwing_crypto::profile::{ProfileKey, verifier_of};
    /// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    /// let key = ProfileKey::generate(&mut ChaCha20Rng::from_seed([1; 32]));
    /// assert_eq!(verifier_of(&key.access_key()), key.access_verifier());
    /// ```
    pub fn access_verifier(&self) -> [u8; 32] {
        verifier_of(&self.access_key())
    }

    /// Derives what a client shows the relay to hand over a [sealed message](crate::sealed_sender) without saying who it is: whoever
    /// has the key may write. It changes when the key does, so whoever is blocked cannot write any more.
    pub fn delivery_token(&self) -> Secret<32> {
        derive(&[], self.key.expose(), &[DERIVE_DELIVERY])
    }

    /// Derives what the relay keeps to check a [`delivery_token`](Self::delivery_token): its hash.
    ///
    /// ```
    /// # use waxwing_crypto::profile::{ProfileKey, delivery_verifier_of};
    /// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    /// let key = ProfileKey::generate(&mut ChaCha20Rng::from_seed([1; 32]));
    /// assert_eq!(delivery_verifier_of(&key.delivery_token()), key.delivery_verifier());
    /// ```
    pub fn delivery_verifier(&self) -> [u8; 32] {
        delivery_verifier_of(&self.delivery_token())
    }

    /// All that a field is bound to is in the derivation, so the commitment is to all of it.
    fn keys(&self, account: &[u8; 16], head: &[u8; HEAD_BYTES], salt: &[u8; SALT_BYTES]) -> SaltedKeys {
        SaltedKeys::derive(salt, self.key.expose(), &[DERIVE_PROFILE, account, head])
    }
}

/// Hashes an access key as the relay does.
pub fn verifier_of(access_key: &Secret<32>) -> [u8; 32] {
    hash(HASH_PROFILE_ACCESS, &[access_key.expose()])
}

/// Hashes a delivery token as the relay does.
pub fn delivery_verifier_of(token: &Secret<32>) -> [u8; 32] {
    hash(HASH_DELIVERY, &[token.expose()])
}

impl fmt::Debug for ProfileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProfileKey(version {}, ..)", self.version)
    }
}

/// Holds a field of a profile. Wiped on drop.
pub struct OpenedField {
    /// What was sealed.
    pub content: Zeroizing<Vec<u8>>,
    /// Which change of the field this is. Remember the greatest.
    pub revision: u64,
}

impl fmt::Debug for OpenedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenedField(revision {}, {} bytes, ..)", self.revision, self.content.len())
    }
}
