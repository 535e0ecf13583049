//! The key to which others seal: X25519 and ML-KEM-768, published under the device's signature.

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    PrekeyError,
    bytes::Reader,
    kdf::SIGN_SEALING_KEY,
    kem::{KemPublic, KemSecret, MlKem768},
    keys::{Address, AgreementPublic, AgreementSecret, DevicePublic, Ours},
    message::SUITE,
};

use super::party;

const FORMAT: u8 = 1;

/// Opens what was sealed for this device. Made anew each week, and kept for 30 days, like a weekly prekey: once it is gone, nobody
/// can find out any more who had written.
pub struct SealingKey {
    id: u32,
    pub(super) agreement: AgreementSecret,
    pub(super) kem: KemSecret<MlKem768>,
}

impl SealingKey {
    /// Makes a new key.
    pub fn generate(id: u32, rng: &mut impl CryptoRng) -> Self {
        Self { id, agreement: AgreementSecret::generate(rng), kem: KemSecret::generate(rng) }
    }

    /// Returns the id by which a [`SealedMessage`](super::SealedMessage) names it.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Encodes the key for the store.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(5 + 32 + 64));
        bytes.push(FORMAT);
        bytes.extend_from_slice(&self.id.to_be_bytes());
        bytes.extend_from_slice(self.agreement.expose());
        bytes.extend_from_slice(self.kem.expose());
        bytes
    }

    /// Decodes what [`to_bytes`](Self::to_bytes) made.
    ///
    /// # Errors
    ///
    /// Refuses any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PrekeyError> {
        Self::parse(bytes).ok_or(PrekeyError)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        reader.expect(FORMAT)?;
        let id = reader.u32()?;
        let agreement = AgreementSecret::from_bytes(reader.array()?);
        let kem = KemSecret::from_bytes(reader.array()?);
        reader.end()?;
        Some(Self { id, agreement, kem })
    }

    /// Makes the signed record that others seal to, ready for the relay.
    pub fn publish(&self, ours: &Ours<'_>) -> Vec<u8> {
        let mut bytes = vec![FORMAT, SUITE];
        bytes.extend_from_slice(&party(&ours.address, &ours.secrets.public()));
        bytes.extend_from_slice(&self.id.to_be_bytes());
        bytes.extend_from_slice(&self.agreement.public().to_bytes());
        bytes.extend_from_slice(self.kem.public().as_bytes());
        let signature = ours.secrets.sign(SIGN_SEALING_KEY, &bytes);
        bytes.extend_from_slice(&signature);
        bytes
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({}, ..)", self.id)
    }
}

/// Says why the record of a sealing key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordError {
    /// The bytes are not a record, or a key in it is invalid.
    Malformed,
    /// The record is of a later format or another suite.
    Unsupported,
    /// The record names another device, or other keys than the device list does.
    OtherDevice,
    /// The signature is not by the device.
    BadSignature,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "sealing key is malformed",
            Self::Unsupported => "sealing key is of an unknown format or suite",
            Self::OtherDevice => "sealing key belongs to another device",
            Self::BadSignature => "sealing key has no valid signature",
        })
    }
}

impl std::error::Error for RecordError {}

/// Names a device to seal for, and its verified sealing key. Only [`verify`](Self::verify) makes one.
pub struct Recipient {
    pub(super) address: Address,
    pub(super) device: DevicePublic,
    pub(super) id: u32,
    pub(super) agreement: AgreementPublic,
    pub(super) kem: KemPublic<MlKem768>,
}

impl Recipient {
    /// Verifies the record of the device that a verified device list names.
    ///
    /// # Errors
    ///
    /// Refuses what is not signed by that device, for that address, with valid keys.
    pub fn verify(bytes: &[u8], theirs: &Address, device: &DevicePublic) -> Result<Self, RecordError> {
        match bytes {
            [FORMAT, SUITE, ..] => {}
            [] | [FORMAT] => return Err(RecordError::Malformed),
            [_, ..] => return Err(RecordError::Unsupported),
        }
        let (signed, signature) = bytes.split_last_chunk().ok_or(RecordError::Malformed)?;
        let mut reader = Reader::new(signed.get(2..).unwrap_or_default());
        if reader.slice(96).ok_or(RecordError::Malformed)? != party(theirs, device) {
            return Err(RecordError::OtherDevice);
        }
        if !device.verify(SIGN_SEALING_KEY, signed, signature) {
            return Err(RecordError::BadSignature);
        }
        Self::parse(reader, theirs, device).ok_or(RecordError::Malformed)
    }

    /// Reads what follows the names, once its signature is known to be good.
    fn parse(mut reader: Reader<'_>, theirs: &Address, device: &DevicePublic) -> Option<Self> {
        let id = reader.u32()?;
        let agreement = AgreementPublic::parse(*reader.array()?).ok()?;
        let kem = KemPublic::parse(reader.array()?)?;
        reader.end()?;
        Some(Self { address: *theirs, device: *device, id, agreement, kem })
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({:?}, key {})", self.device, self.id)
    }
}
