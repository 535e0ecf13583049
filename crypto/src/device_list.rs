//! The devices of an account, signed by its account key: a list that exists has been verified.
//!
//! Versions only grow. Each list names the hash of the one before, so a relay cannot slip one in between, and the
//! devices that were removed last, so that none comes back even to a reader who missed the versions between.
//!
//! - [`list`](DeviceList): one list, its bytes and its signature.
//! - `succession`: whether one list may follow another, and what changed.

pub(crate) mod succession;

use std::fmt;

use crate::{
    bytes::Reader,
    kdf::{HASH_DEVICE_KEY, HASH_DEVICE_LIST, SIGN_DEVICE_LIST, hash},
    keys::{AccountKey, AccountPublicKey, DevicePublic, Identity},
};

/// Devices that an account may have.
pub const DEVICES_MAX: usize = 8;

/// Removed devices that a list remembers; beyond that, the one removed first is forgotten.
pub const DEVICES_REMOVED_MAX: usize = 64;

const FORMAT: u8 = 2;

/// Names one device and its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceEntry {
    /// The id of the device.
    pub device: [u8; 16],
    /// Its public keys.
    pub keys: DevicePublic,
}

/// Names a device that was removed, and its signing key by a hash. In the order in which they stand in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RemovedDevice {
    /// The version of the list from which on the device is gone.
    pub since: u64,
    /// The id that the device had. No other gets it.
    pub device: [u8; 16],
    key_hash: [u8; 16],
}

impl RemovedDevice {
    fn new(since: u64, entry: &DeviceEntry) -> Self {
        Self { since, device: entry.device, key_hash: key_hash(&entry.keys) }
    }
}

/// Names the signing key of a removed device: the first 16 bytes of a SHA-256.
fn key_hash(keys: &DevicePublic) -> [u8; 16] {
    let whole = hash(HASH_DEVICE_KEY, &[&keys.signing_bytes()]);
    *whole.first_chunk().expect("32 bytes have 16")
}

/// Holds a verified list of the devices of one account. Only [`sign`](Self::sign) and [`verify`](Self::verify) make one.
///
/// ```
/// use waxwing_crypto::*;
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// let (account, key) = ([1; 16], AccountKey::generate(&mut rng));
/// let phone = DeviceEntry { device: [1; 16], keys: DeviceSecrets::generate(&mut rng).public() };
/// let laptop = DeviceEntry { device: [2; 16], keys: DeviceSecrets::generate(&mut rng).public() };
/// let first = DeviceList::sign(account, &key, None, vec![phone.clone()])?;
/// let second = DeviceList::sign(account, &key, Some(&first), vec![phone, laptop])?;
///
/// // Whoever has the account's public key believes its bytes, and sees what changed.
/// let list = DeviceList::verify(second.as_bytes(), account, &key.public())?;
/// let change = AccountChange::between(&first, &list);
/// assert_eq!(change, AccountChange::Devices { added: vec![[2; 16]], removed: vec![] });
/// assert_eq!((list.version(), list.devices().len(), list.removed().len()), (2, 2, 0));
/// assert_eq!((list.account(), list.identity().key), (account, key.public()));
/// assert!(list.device(&[2; 16]).is_some() && list.check_successor_of(&first).is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceList {
    identity: Identity,
    version: u64,
    previous_hash: [u8; 32],
    devices: Vec<DeviceEntry>,
    removed: Vec<RemovedDevice>,
    bytes: Vec<u8>,
}

/// Says why a device list was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceListError {
    /// The bytes are not the one encoding of a list.
    Malformed,
    /// The list belongs to another account.
    OtherAccount,
    /// The signature is not by the account key.
    BadSignature,
    /// There are no devices, or more than [`DEVICES_MAX`].
    BadCount,
    /// A device or a key stands in the list twice.
    Repeated,
    /// A device that was removed is back, by its id or its keys.
    Returned,
    /// A device has other keys than before, or its keys moved to another device.
    KeysMoved,
    /// The list to follow was signed by another account key.
    OtherKey,
    /// The list is older than the one it should follow.
    RolledBack,
    /// The list does not continue the one before, or is another list of the same version.
    Forked,
}

impl fmt::Display for DeviceListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "device list is malformed",
            Self::OtherAccount => "device list belongs to another account",
            Self::BadSignature => "device list has no valid signature",
            Self::BadCount => "device list has no devices or too many",
            Self::Repeated => "device list names a device or a key twice",
            Self::Returned => "device list names a device that was removed",
            Self::KeysMoved => "device list names a known device with other keys",
            Self::OtherKey => "device list is signed by another account key",
            Self::RolledBack => "device list is older than the one known",
            Self::Forked => "device list does not follow from the one known",
        })
    }
}

impl std::error::Error for DeviceListError {}

impl DeviceList {
    /// Signs the list that follows `previous`, or the first one. Whoever is on `previous` and not among `devices` is
    /// removed, for good.
    ///
    /// # Errors
    ///
    /// Refuses no devices or too many, a device or key named twice, one that was removed or has other keys than before, and
    /// a `previous` of another account or account key.
    pub fn sign(
        account: [u8; 16],
        key: &AccountKey,
        previous: Option<&Self>,
        mut devices: Vec<DeviceEntry>,
    ) -> Result<Self, DeviceListError> {
        let identity = Identity { account, key: key.public() };
        devices.sort_by_key(|entry| entry.device);
        let (mut version, mut previous_hash, mut removed) = (1, [0; 32], Vec::new());
        if let Some(previous) = previous {
            previous.check_identity(&identity)?;
            previous.check_devices_may_follow(&devices)?;
            version = previous.version.checked_add(1).ok_or(DeviceListError::RolledBack)?;
            previous_hash = previous.hash();
            removed = previous.removed_before(version, &devices);
        }
        let mut list = Self { identity, version, previous_hash, devices, removed, bytes: Vec::new() };
        list.check()?;
        list.bytes = list.encode();
        let signature = key.sign(SIGN_DEVICE_LIST, &list.bytes);
        list.bytes.extend_from_slice(&signature);
        Ok(list)
    }

    /// Verifies a list that somebody handed us.
    ///
    /// # Errors
    ///
    /// Refuses whatever is not the one encoding of a list of this account, signed by this key.
    pub fn verify(bytes: &[u8], account: [u8; 16], key: &AccountPublicKey) -> Result<Self, DeviceListError> {
        let (signed, signature) = bytes.split_last_chunk().ok_or(DeviceListError::Malformed)?;
        let list = Self::parse(signed, bytes, *key).ok_or(DeviceListError::Malformed)?;
        if list.identity.account != account {
            return Err(DeviceListError::OtherAccount);
        }
        if !key.verify(SIGN_DEVICE_LIST, signed, signature) {
            return Err(DeviceListError::BadSignature);
        }
        list.check()?;
        Ok(list)
    }

    /// Writes everything but the signature.
    fn encode(&self) -> Vec<u8> {
        let count = |length: usize| u8::try_from(length).expect("checked to be few");
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(&self.identity.account);
        bytes.extend_from_slice(&self.version.to_be_bytes());
        bytes.extend_from_slice(&self.previous_hash);
        bytes.push(count(self.devices.len()));
        for entry in &self.devices {
            bytes.extend_from_slice(&entry.device);
            bytes.extend_from_slice(&entry.keys.signing_bytes());
            bytes.extend_from_slice(&entry.keys.agreement_bytes());
        }
        bytes.push(count(self.removed.len()));
        for removed in &self.removed {
            bytes.extend_from_slice(&removed.since.to_be_bytes());
            bytes.extend_from_slice(&removed.device);
            bytes.extend_from_slice(&removed.key_hash);
        }
        bytes
    }

    fn parse(signed: &[u8], bytes: &[u8], key: AccountPublicKey) -> Option<Self> {
        let mut reader = Reader::new(signed);
        reader.expect(FORMAT)?;
        let identity = Identity { account: *reader.array()?, key };
        let version = reader.u64()?;
        let previous_hash: [u8; 32] = *reader.array()?;
        if version == 0 || (version == 1) != (previous_hash == [0; 32]) {
            return None;
        }
        // Bounded before any point is decoded.
        let count = usize::from(reader.u8()?);
        if count > DEVICES_MAX {
            return None;
        }
        let mut devices = Vec::with_capacity(count);
        for _ in 0..count {
            let device = *reader.array()?;
            let keys = DevicePublic::parse(*reader.array()?, *reader.array()?).ok()?;
            devices.push(DeviceEntry { device, keys });
        }
        let count = usize::from(reader.u8()?);
        if count > DEVICES_REMOVED_MAX {
            return None;
        }
        let mut removed = Vec::with_capacity(count);
        for _ in 0..count {
            let since = reader.u64()?;
            removed.push(RemovedDevice { since, device: *reader.array()?, key_hash: *reader.array()? });
        }
        reader.end()?;
        let in_order = devices.is_sorted_by(|one, next| one.device <= next.device)
            && removed.is_sorted_by(|one, next| one < next)
            && removed.iter().all(|removed| (2..=version).contains(&removed.since));
        in_order.then(|| Self { identity, version, previous_hash, devices, removed, bytes: bytes.to_vec() })
    }

    /// Checks what must hold within any one list. Expects sorted devices.
    fn check(&self) -> Result<(), DeviceListError> {
        if self.devices.is_empty() || self.devices.len() > DEVICES_MAX {
            return Err(DeviceListError::BadCount);
        }
        let twice = |one: &DeviceEntry, other: &DeviceEntry| {
            one.device == other.device || one.keys.shares_a_key_with(&other.keys)
        };
        let mut pairs = self.devices.iter().enumerate();
        if pairs.any(|(at, one)| self.devices[..at].iter().any(|other| twice(one, other))) {
            return Err(DeviceListError::Repeated);
        }
        if self.devices.iter().any(|entry| self.has_removed(entry)) {
            return Err(DeviceListError::Returned);
        }
        Ok(())
    }

    fn hash(&self) -> [u8; 32] {
        hash(HASH_DEVICE_LIST, &[&self.bytes])
    }

    /// Returns the version, 1 for the first.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Returns the account.
    pub fn account(&self) -> [u8; 16] {
        self.identity.account
    }

    /// Returns the account and the key that signed the list.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Returns the devices, sorted by id.
    pub fn devices(&self) -> &[DeviceEntry] {
        &self.devices
    }

    /// Returns the devices that were removed, the first removed first, as far as the list remembers them.
    pub fn removed(&self) -> &[RemovedDevice] {
        &self.removed
    }

    /// Finds a device by its id.
    pub fn device(&self, device: &[u8; 16]) -> Option<&DeviceEntry> {
        self.devices.iter().find(|entry| entry.device == *device)
    }

    /// Returns the signed bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}
