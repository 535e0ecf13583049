//! Published prekeys (X3DH §3.2, PQXDH §3.2): a bundle that exists has a valid signature.
//!
//! A bundle is ready-made: all that a handshake needs of one device, under one signature, so nothing can be mixed
//! and matched. The relay hands out each one-time bundle once, and the last-resort bundle when there are none left.

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    bytes::Reader,
    kdf::SIGN_BUNDLE,
    kem::{KemPublic, KemSecret, MlKem1024},
    keys::{Address, AgreementPublic, AgreementSecret, DevicePublic, Ours},
    message::SUITE,
};

const FORMAT: u8 = 1;

/// Says that stored prekey bytes are not what was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrekeyError;

impl fmt::Display for PrekeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stored prekey is malformed")
    }
}

impl std::error::Error for PrekeyError {}

/// The X25519 prekey of the week, which all bundles of that week share.
pub struct WeeklyPrekey {
    id: u32,
    secret: AgreementSecret,
}

impl WeeklyPrekey {
    /// Makes a new prekey.
    pub fn generate(id: u32, rng: &mut impl CryptoRng) -> Self {
        Self { id, secret: AgreementSecret::generate(rng) }
    }

    /// Returns the id that initial messages name it by.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Encodes the prekey for the store.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(37));
        bytes.push(FORMAT);
        bytes.extend_from_slice(&self.id.to_be_bytes());
        bytes.extend_from_slice(self.secret.expose());
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
        let secret = AgreementSecret::from_bytes(reader.array()?);
        reader.end()?;
        Some(Self { id, secret })
    }

    pub(crate) fn secret(&self) -> &AgreementSecret {
        &self.secret
    }
}

impl fmt::Debug for WeeklyPrekey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeeklyPrekey({}, ..)", self.id)
    }
}

/// A prekey for one handshake: ML-KEM-1024 and X25519. The last-resort one, which may serve again, is ML-KEM alone.
pub struct OneTimePrekey {
    id: u32,
    agreement: Option<AgreementSecret>,
    kem: KemSecret<MlKem1024>,
}

impl OneTimePrekey {
    /// Makes a prekey to be used once.
    pub fn generate(id: u32, rng: &mut impl CryptoRng) -> Self {
        Self { id, agreement: Some(AgreementSecret::generate(rng)), kem: KemSecret::generate(rng) }
    }

    /// Makes a prekey for when the others have run out.
    pub fn generate_last_resort(id: u32, rng: &mut impl CryptoRng) -> Self {
        Self { id, agreement: None, kem: KemSecret::generate(rng) }
    }

    /// Tells whether this is the last-resort prekey, whose uses have to be remembered.
    pub fn is_last_resort(&self) -> bool {
        self.agreement.is_none()
    }

    /// Returns the id that initial messages name it by.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Encodes the prekey for the store. The KEM key pair is kept as its seed.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(6 + 32 + 64));
        bytes.push(FORMAT);
        bytes.extend_from_slice(&self.id.to_be_bytes());
        bytes.push(u8::from(self.is_last_resort()));
        if let Some(agreement) = &self.agreement {
            bytes.extend_from_slice(agreement.expose());
        }
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
        let agreement =
            if reader.flag()? { None } else { Some(AgreementSecret::from_bytes(reader.array()?)) };
        let kem = KemSecret::from_bytes(reader.array()?);
        reader.end()?;
        Some(Self { id, agreement, kem })
    }

    /// Makes the signed bundle that hands out this prekey, ready for the relay.
    pub fn bundle(&self, ours: &Ours<'_>, weekly: &WeeklyPrekey) -> Vec<u8> {
        let keys = ours.secrets.public();
        let mut bytes = vec![FORMAT, SUITE];
        bytes.extend_from_slice(&ours.address.account);
        bytes.extend_from_slice(&ours.address.device);
        bytes.extend_from_slice(&keys.signing_bytes());
        bytes.extend_from_slice(&keys.agreement_bytes());
        bytes.extend_from_slice(&weekly.id.to_be_bytes());
        bytes.extend_from_slice(&weekly.secret.public().to_bytes());
        bytes.extend_from_slice(&self.id.to_be_bytes());
        bytes.push(u8::from(self.is_last_resort()));
        if let Some(agreement) = &self.agreement {
            bytes.extend_from_slice(&agreement.public().to_bytes());
        }
        bytes.extend_from_slice(self.kem.public().as_bytes());
        let signature = ours.secrets.sign(SIGN_BUNDLE, &bytes);
        bytes.extend_from_slice(&signature);
        bytes
    }

    pub(crate) fn agreement(&self) -> Option<&AgreementSecret> {
        self.agreement.as_ref()
    }

    pub(crate) fn kem(&self) -> &KemSecret<MlKem1024> {
        &self.kem
    }
}

impl fmt::Debug for OneTimePrekey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OneTimePrekey({}, ..)", self.id)
    }
}

/// Says why a bundle was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BundleError {
    /// The bytes are not a bundle, or a key in it is invalid.
    Malformed,
    /// The bundle is for a suite that this version does not speak.
    UnknownSuite,
    /// The bundle names another device, or other keys than the device list does.
    OtherDevice,
    /// The signature is not by the device.
    BadSignature,
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "prekey bundle is malformed",
            Self::UnknownSuite => "prekey bundle is for an unknown suite",
            Self::OtherDevice => "prekey bundle belongs to another device",
            Self::BadSignature => "prekey bundle has no valid signature",
        })
    }
}

impl std::error::Error for BundleError {}

/// Holds verified prekeys of one device. Only [`verify`](Self::verify) makes one.
pub struct Bundle {
    pub(crate) address: Address,
    pub(crate) device: DevicePublic,
    pub(crate) weekly_id: u32,
    pub(crate) weekly: AgreementPublic,
    pub(crate) one_time_id: u32,
    pub(crate) one_time: Option<AgreementPublic>,
    pub(crate) kem: KemPublic<MlKem1024>,
}

impl Bundle {
    /// Verifies the bundle of the device that a verified device list names.
    ///
    /// # Errors
    ///
    /// Refuses what is not signed by that device, for that address, with valid keys.
    pub fn verify(bytes: &[u8], theirs: &Address, device: &DevicePublic) -> Result<Self, BundleError> {
        let (signed, signature) = bytes.split_last_chunk().ok_or(BundleError::Malformed)?;
        match signed {
            [FORMAT, SUITE, ..] => {}
            [FORMAT, ..] => return Err(BundleError::UnknownSuite),
            _ => return Err(BundleError::Malformed),
        }
        let mut reader = Reader::new(signed);
        let named = reader.slice(2 + 16 + 16 + 32 + 32).ok_or(BundleError::Malformed)?;
        let expected = [
            &[FORMAT, SUITE][..],
            &theirs.account,
            &theirs.device,
            &device.signing_bytes(),
            &device.agreement_bytes(),
        ];
        if named != expected.concat() {
            return Err(BundleError::OtherDevice);
        }
        if !device.verify(SIGN_BUNDLE, signed, signature) {
            return Err(BundleError::BadSignature);
        }
        Self::parse(reader, theirs, device).ok_or(BundleError::Malformed)
    }

    /// Reads what follows the names, once its signature is known to be good.
    fn parse(mut reader: Reader<'_>, theirs: &Address, device: &DevicePublic) -> Option<Self> {
        let weekly_id = reader.u32()?;
        let weekly = AgreementPublic::parse(*reader.array()?).ok()?;
        let one_time_id = reader.u32()?;
        let is_last_resort = reader.flag()?;
        let one_time =
            if is_last_resort { None } else { Some(AgreementPublic::parse(*reader.array()?).ok()?) };
        let kem = KemPublic::parse(reader.array()?)?;
        reader.end()?;
        Some(Self { address: *theirs, device: *device, weekly_id, weekly, one_time_id, one_time, kem })
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bundle({:?}, weekly {}, one-time {})", self.device, self.weekly_id, self.one_time_id)
    }
}
