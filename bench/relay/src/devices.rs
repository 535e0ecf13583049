//! Devices with real keys. Everything of one follows from its number.

use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use waxwing_wire::{
    AccountId, Challenge, ClientBody, DeviceId, DeviceRecord, FrameSignature, Handle, PublicKeyBytes,
    RELAY_PROOF_LABEL, Register, RelayId, UpdateDevices, login_statement, registration_statement,
    update_devices_statement,
};

#[derive(Clone)]
pub(crate) struct Device {
    number: u32,
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    account_key: SigningKey,
    device_key: SigningKey,
}

/// `count` devices from a number on.
pub(crate) fn devices(from: u32, count: u32) -> Vec<Device> {
    (from..from + count).map(Device::new).collect()
}

impl Device {
    pub(crate) fn new(number: u32) -> Device {
        let bytes = |role: u8| {
            let mut bytes = [role; 32];
            bytes[..4].copy_from_slice(&number.to_be_bytes());
            bytes
        };
        let id = |role: u8| bytes(role).first_chunk().copied().expect("16 of 32");
        Device {
            number,
            account: AccountId::from_bytes(id(1)),
            device: DeviceId::from_bytes(id(2)),
            account_key: SigningKey::from_bytes(&bytes(3)),
            device_key: SigningKey::from_bytes(&bytes(4)),
        }
    }

    pub(crate) fn login(&self, relay: &RelayId, challenge: &Challenge) -> ClientBody {
        let statement = login_statement(relay, challenge, &self.account, &self.device);
        let signature = sign(&self.device_key, &statement);
        ClientBody::Login { account: self.account, device: self.device, signature }
    }

    pub(crate) fn registration(&self, relay: &RelayId, challenge: &Challenge) -> ClientBody {
        let handle = Handle::new(&format!("device{}", self.number)).expect("a handle");
        let account_key = PublicKeyBytes(self.account_key.verifying_key().to_bytes());
        let signing_key = PublicKeyBytes(self.device_key.verifying_key().to_bytes());
        let device = DeviceRecord { device: self.device, signing_key };
        let device_list = Bytes::from_static(b"opaque to the relay");
        let statement = registration_statement(
            relay,
            challenge,
            &handle,
            &self.account,
            &account_key,
            &device,
            &device_list,
        );
        ClientBody::Register(Box::new(Register {
            handle,
            account: self.account,
            account_key,
            device,
            device_list,
            device_list_version: 1,
            account_signature: sign(&self.account_key, &statement),
            device_signature: sign(&self.device_key, &statement),
            token: None,
        }))
    }
}

impl Device {
    /// A device list that names this device and others of the account, so many in all.
    pub(crate) fn update(&self, (relay, challenge): &(RelayId, Challenge), count: u32) -> ClientBody {
        let record = |place: u32| {
            let mut id = *self.device.as_bytes();
            id[15] = id[15].wrapping_add(place as u8);
            let signing_key = PublicKeyBytes(self.device_key.verifying_key().to_bytes());
            DeviceRecord { device: DeviceId::from_bytes(id), signing_key }
        };
        let devices: Vec<DeviceRecord> = (0..count).map(record).collect();
        let device_list = Bytes::from_static(b"opaque to the relay");
        let statement = update_devices_statement(
            relay,
            challenge,
            &self.account,
            &self.device,
            &devices,
            &device_list,
            2,
        );
        ClientBody::UpdateDevices(Box::new(UpdateDevices {
            account: self.account,
            device: self.device,
            devices,
            device_list,
            device_list_version: 2,
            account_signature: sign(&self.account_key, &statement),
        }))
    }
}

fn sign(key: &SigningKey, statement: &[u8]) -> FrameSignature {
    FrameSignature(key.sign(&[RELAY_PROOF_LABEL, statement].concat()).to_bytes())
}
