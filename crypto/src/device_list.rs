//! The devices of an account, signed by its account key: a list that exists has been verified.
//!
//! Versions only grow. Each list names the hash of the one before, so a relay cannot slip one in between.

use std::fmt;

use crate::{
    bytes::Reader,
    kdf::{HASH_DEVICE_LIST, SIGN_DEVICE_LIST, hash},
    keys::{AccountKey, AccountPublicKey, DevicePublic},
};

/// Devices that an account may have.
pub const DEVICES_MAX: usize = 16;

const FORMAT: u8 = 1;
const ENTRY_BYTES: usize = 16 + 32 + 32;
const SIGNATURE_BYTES: usize = 64;

/// Names one device and its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceEntry {
    /// The id of the device.
    pub device: [u8; 16],
    /// Its public keys.
    pub keys: DevicePublic,
}

/// Holds a verified list of the devices of one account. Only [`sign`](Self::sign) and [`verify`](Self::verify) make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceList {
    account: [u8; 16],
    version: u64,
    previous_hash: [u8; 32],
    devices: Vec<DeviceEntry>,
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
    /// A device stands in the list twice.
    Repeated,
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
            Self::Repeated => "device list names a device twice",
            Self::RolledBack => "device list is older than the one known",
            Self::Forked => "device list does not follow from the one known",
        })
    }
}

impl std::error::Error for DeviceListError {}

impl DeviceList {
    /// Signs the list that follows `previous`, or the first one.
    ///
    /// # Errors
    ///
    /// Refuses no devices or too many, a device named twice, and a `previous` of another account.
    pub fn sign(
        account: [u8; 16],
        key: &AccountKey,
        previous: Option<&Self>,
        mut devices: Vec<DeviceEntry>,
    ) -> Result<Self, DeviceListError> {
        if previous.is_some_and(|list| list.account != account) {
            return Err(DeviceListError::OtherAccount);
        }
        devices.sort_by_key(|entry| entry.device);
        check_devices(&devices)?;
        let version = previous.map_or(Some(1), |list| list.version.checked_add(1));
        let version = version.ok_or(DeviceListError::RolledBack)?;
        let previous_hash = previous.map_or([0; 32], Self::hash);
        let count = u8::try_from(devices.len()).map_err(|_| DeviceListError::BadCount)?;

        let mut bytes = Vec::with_capacity(58 + devices.len() * ENTRY_BYTES + SIGNATURE_BYTES);
        bytes.push(FORMAT);
        bytes.extend_from_slice(&account);
        bytes.extend_from_slice(&version.to_be_bytes());
        bytes.extend_from_slice(&previous_hash);
        bytes.push(count);
        for entry in &devices {
            bytes.extend_from_slice(&entry.device);
            bytes.extend_from_slice(&entry.keys.signing_bytes());
            bytes.extend_from_slice(&entry.keys.agreement_bytes());
        }
        let signature = key.sign(SIGN_DEVICE_LIST, &bytes);
        bytes.extend_from_slice(&signature);
        Ok(Self { account, version, previous_hash, devices, bytes })
    }

    /// Verifies a list that somebody handed us.
    ///
    /// # Errors
    ///
    /// Refuses whatever is not the one encoding of a list of this account, signed by this key.
    pub fn verify(bytes: &[u8], account: [u8; 16], key: &AccountPublicKey) -> Result<Self, DeviceListError> {
        let (signed, signature) = bytes.split_last_chunk().ok_or(DeviceListError::Malformed)?;
        let list = Self::parse(signed, bytes).ok_or(DeviceListError::Malformed)?;
        if list.account != account {
            return Err(DeviceListError::OtherAccount);
        }
        if !key.verify(SIGN_DEVICE_LIST, signed, signature) {
            return Err(DeviceListError::BadSignature);
        }
        check_devices(&list.devices)?;
        Ok(list)
    }

    fn parse(signed: &[u8], bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(signed);
        reader.expect(FORMAT)?;
        let account = *reader.array()?;
        let version = reader.u64()?;
        let previous_hash: [u8; 32] = *reader.array()?;
        let count = usize::from(reader.u8()?);
        if version == 0 || (version == 1) != (previous_hash == [0; 32]) || count > DEVICES_MAX {
            return None;
        }
        let mut devices = Vec::with_capacity(count);
        for _ in 0..count {
            let device = *reader.array()?;
            let keys = DevicePublic::parse(*reader.array()?, *reader.array()?).ok()?;
            devices.push(DeviceEntry { device, keys });
        }
        reader.end()?;
        let sorted = devices.is_sorted_by(|one, next| one.device <= next.device);
        sorted.then(|| Self { account, version, previous_hash, devices, bytes: bytes.to_vec() })
    }

    /// Checks that this list may replace `previous`: the same bytes, the very next version, or a later one.
    ///
    /// That a removed device never comes back under its id cannot be seen in two lists alone.
    ///
    /// # Errors
    ///
    /// Tells a rollback from a fork.
    pub fn check_successor_of(&self, previous: &Self) -> Result<(), DeviceListError> {
        if self.account != previous.account {
            return Err(DeviceListError::OtherAccount);
        }
        if self.version < previous.version {
            return Err(DeviceListError::RolledBack);
        }
        let same_but_different = self.version == previous.version && self.bytes != previous.bytes;
        let next_of_another =
            self.version.checked_sub(1) == Some(previous.version) && self.previous_hash != previous.hash();
        if same_but_different || next_of_another {
            return Err(DeviceListError::Forked);
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
        self.account
    }

    /// Returns the devices, sorted by id.
    pub fn devices(&self) -> &[DeviceEntry] {
        &self.devices
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

/// Expects sorted devices.
fn check_devices(devices: &[DeviceEntry]) -> Result<(), DeviceListError> {
    if devices.is_empty() || devices.len() > DEVICES_MAX {
        return Err(DeviceListError::BadCount);
    }
    if devices.windows(2).any(|pair| pair[0].device == pair[1].device) {
        return Err(DeviceListError::Repeated);
    }
    Ok(())
}
