//! This device: its record, and its keys ready for use.

use rand_core::CryptoRng;
use waxwing_crypto::{AccountKey, DeviceEntry, DeviceList, DeviceSecrets};
use waxwing_wire::{DeviceRecord, FrameSignature, PublicKeyBytes};
use zeroize::Zeroizing;

use crate::model::{DeviceAddress, LocalDevice};

/// This device.
pub(crate) struct Me {
    pub(crate) record: LocalDevice,
    secrets: DeviceSecrets,
}

impl Me {
    pub(crate) fn new(record: LocalDevice) -> Me {
        let secrets = DeviceSecrets::from_bytes(&record.device_secrets);
        Me { record, secrets }
    }

    pub(crate) fn address(&self) -> DeviceAddress {
        self.record.address
    }

    pub(crate) fn secrets(&self) -> &DeviceSecrets {
        &self.secrets
    }

    /// This device as the relay knows it.
    pub(crate) fn device_record(&self) -> DeviceRecord {
        DeviceRecord {
            device: self.record.address.device,
            signing_key: PublicKeyBytes(self.secrets.public().signing_bytes()),
        }
    }

    /// This device as its account's list names it.
    pub(crate) fn device_entry(&self) -> DeviceEntry {
        DeviceEntry { device: *self.record.address.device.as_bytes(), keys: self.secrets.public() }
    }

    /// Signs a statement to the relay with the device's key.
    pub(crate) fn prove(&self, statement: &[u8]) -> FrameSignature {
        FrameSignature(self.secrets.sign_relay_proof(statement))
    }

    /// The account's key, on a device that holds it.
    pub(crate) fn account_key(&self) -> Option<AccountKey> {
        self.record.account_key.as_ref().map(|bytes| AccountKey::from_bytes(bytes))
    }
}

/// New device keys, as they are stored.
pub(crate) fn new_device_secrets(rng: &mut impl CryptoRng) -> Zeroizing<[u8; 64]> {
    Zeroizing::new(*DeviceSecrets::generate(rng).to_bytes().expose())
}

/// The devices of a list, as the relay knows them.
pub(crate) fn device_records(list: &DeviceList) -> Vec<DeviceRecord> {
    list.devices()
        .iter()
        .map(|entry| DeviceRecord {
            device: waxwing_wire::DeviceId::from_bytes(entry.device),
            signing_key: PublicKeyBytes(entry.keys.signing_bytes()),
        })
        .collect()
}
