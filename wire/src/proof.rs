//! The statements that devices and accounts sign for a relay (docs/spec.md, "Statements to the relay").
//!
//! A statement names its purpose, the relay and the connection's challenge, so no signature serves twice or elsewhere. What is
//! signed is [`RELAY_PROOF_LABEL`] and then the statement.

use crate::frame::{DeviceRecord, PublicKeyBytes};
use crate::ids::{AccountId, Challenge, DeviceId, Handle, RelayId};

/// Stands before every statement to a relay; no other signature of Waxwing begins with it.
pub const RELAY_PROOF_LABEL: &[u8] = b"Waxwing v1 relay proof\0";

fn statement(purpose: &[u8], relay: &RelayId, challenge: &Challenge) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(purpose);
    bytes.extend_from_slice(relay.as_bytes());
    bytes.extend_from_slice(challenge);
    bytes
}

fn push_sized(bytes: &mut Vec<u8>, part: &[u8]) {
    let length = u32::try_from(part.len()).expect("parts of a statement are within the frame limit");
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(part);
}

/// What a device signs to log in.
#[must_use]
pub fn login_statement(
    relay: &RelayId,
    challenge: &Challenge,
    account: &AccountId,
    device: &DeviceId,
) -> Vec<u8> {
    let mut bytes = statement(b"login\0", relay, challenge);
    bytes.extend_from_slice(account.as_bytes());
    bytes.extend_from_slice(device.as_bytes());
    bytes
}

/// What an account signs to be deleted.
#[must_use]
pub fn delete_account_statement(
    relay: &RelayId,
    challenge: &Challenge,
    account: &AccountId,
    device: &DeviceId,
) -> Vec<u8> {
    let mut bytes = statement(b"delete account\0", relay, challenge);
    bytes.extend_from_slice(account.as_bytes());
    bytes.extend_from_slice(device.as_bytes());
    bytes
}

/// What an account signs for whoever asks for it after its deletion. It names no relay and no challenge: it holds everywhere and for
/// ever, since nobody can take it back.
#[must_use]
pub fn account_deleted_statement(account: &AccountId) -> Vec<u8> {
    [&b"account deleted\0"[..], account.as_bytes()].concat()
}

/// What account and device sign to register.
#[must_use]
pub fn registration_statement(
    relay: &RelayId,
    challenge: &Challenge,
    handle: &Handle,
    account: &AccountId,
    account_key: &PublicKeyBytes,
    device: &DeviceRecord,
    device_list: &[u8],
) -> Vec<u8> {
    let mut bytes = statement(b"register\0", relay, challenge);
    push_sized(&mut bytes, handle.as_str().as_bytes());
    bytes.extend_from_slice(account.as_bytes());
    bytes.extend_from_slice(&account_key.0);
    bytes.extend_from_slice(device.device.as_bytes());
    bytes.extend_from_slice(&device.signing_key.0);
    push_sized(&mut bytes, device_list);
    bytes
}

/// What an account signs to replace its device list.
#[must_use]
pub fn update_devices_statement(
    relay: &RelayId,
    challenge: &Challenge,
    account: &AccountId,
    device: &DeviceId,
    devices: &[DeviceRecord],
    device_list: &[u8],
    version: u64,
) -> Vec<u8> {
    let mut bytes = statement(b"update devices\0", relay, challenge);
    bytes.extend_from_slice(account.as_bytes());
    bytes.extend_from_slice(device.as_bytes());
    bytes.extend_from_slice(&version.to_be_bytes());
    let count = u32::try_from(devices.len()).expect("the number of devices is within its limit");
    bytes.extend_from_slice(&count.to_be_bytes());
    for record in devices {
        bytes.extend_from_slice(record.device.as_bytes());
        bytes.extend_from_slice(&record.signing_key.0);
    }
    push_sized(&mut bytes, device_list);
    bytes
}
