//! What the QR code says.
//!
//! ```text
//!   format 1 | suite 1 | channel id 16 | X25519 key 32 | hash of the KEM key 32
//! ```

use std::{fmt, str::FromStr};

use super::{FORMAT, LinkError};
use crate::{base32, bytes::Reader, keys::AgreementPublic, message::SUITE};

/// Length of an invitation, in bytes.
pub const INVITATION_BYTES: usize = 2 + 16 + 32 + 32;

/// Before the text of an invitation. With it, the text has only characters of the compact mode of QR codes.
const SCHEME: &str = "WAXWING:";

/// Names a channel and the keys of the device that shows it. Authentic, because it was seen; no secret, for the same reason.
///
/// Its text, of 140 characters, fits a QR code of version 7. The KEM key, of 1,568 bytes, does not fit one that a phone reads:
/// its hash stands here, and the key comes with the offer.
///
/// ```
/// # use waxwing_crypto::link::{Invitation, NewDevice};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// let new = NewDevice::begin(&mut rng);
/// let qr_code = new.invitation().to_string();
/// let scanned: Invitation = qr_code.parse()?;
/// assert_eq!((qr_code.len(), scanned.channel_id()), (140, new.invitation().channel_id()));
/// assert_eq!(Invitation::parse(&scanned.to_bytes())?, scanned);
/// # Ok::<(), waxwing_crypto::link::LinkError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub(super) channel: [u8; 16],
    pub(super) agreement: [u8; 32],
    pub(super) kem_hash: [u8; 32],
}

impl Invitation {
    /// Returns where the two devices meet at the relay. Chosen at random, and used once.
    pub fn channel_id(&self) -> &[u8; 16] {
        &self.channel
    }

    /// Encodes the invitation.
    pub fn to_bytes(&self) -> [u8; INVITATION_BYTES] {
        let mut bytes = [0; INVITATION_BYTES];
        bytes[..2].copy_from_slice(&[FORMAT, SUITE]);
        bytes[2..18].copy_from_slice(&self.channel);
        bytes[18..50].copy_from_slice(&self.agreement);
        bytes[50..].copy_from_slice(&self.kem_hash);
        bytes
    }

    /// Parses the bytes of an invitation.
    ///
    /// # Errors
    ///
    /// Refuses what is not one, and a key that would contribute nothing.
    pub fn parse(bytes: &[u8]) -> Result<Self, LinkError> {
        match bytes {
            [FORMAT, SUITE, rest @ ..] => Self::read(rest),
            [] | [FORMAT] => Err(LinkError::Malformed),
            [_, ..] => Err(LinkError::Unsupported),
        }
    }

    fn read(bytes: &[u8]) -> Result<Self, LinkError> {
        let mut reader = Reader::new(bytes);
        let channel = *reader.array().ok_or(LinkError::Malformed)?;
        let agreement = *reader.array().ok_or(LinkError::Malformed)?;
        let kem_hash = *reader.array().ok_or(LinkError::Malformed)?;
        reader.end().ok_or(LinkError::Malformed)?;
        AgreementPublic::parse(agreement).map_err(|_| LinkError::WeakKey)?;
        Ok(Self { channel, agreement, kem_hash })
    }
}

/// The text that goes into the QR code.
impl fmt::Display for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.to_bytes();
        f.write_str(SCHEME)?;
        (0..base32::chars_of(INVITATION_BYTES))
            .try_for_each(|index| write!(f, "{}", base32::char_of(base32::get(&bytes, index))))
    }
}

/// Reads the text of a QR code.
impl FromStr for Invitation {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let text = text.trim().strip_prefix(SCHEME).ok_or(LinkError::Malformed)?;
        if text.len() != base32::chars_of(INVITATION_BYTES) {
            return Err(LinkError::Malformed);
        }
        let mut bytes = [0; INVITATION_BYTES];
        for (index, char) in text.chars().enumerate() {
            let value = base32::value_of(char).ok_or(LinkError::Malformed)?;
            base32::put(&mut bytes, index, value).ok_or(LinkError::Malformed)?;
        }
        Self::parse(&bytes)
    }
}
