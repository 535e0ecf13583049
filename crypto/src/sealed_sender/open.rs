//! The recipient's side, in two steps: who claims to have written, and whether it is true.

use std::fmt;

use crate::{
    aead::TAG_BYTES,
    bytes::Reader,
    device_list::DeviceList,
    kem::{Kem, MlKem768},
    keys::{Address, AgreementPublic, DevicePublic, Ours},
    message::{FORMAT, KIND_SEALED, MESSAGE_BYTES_MAX, ParseError, SUITE},
    salted::COMMITMENT_BYTES,
    session::Plaintext,
};

use super::{Agreed, certificate::Certificate, key::SealingKey, party};

/// Says that a sealed message is not authentic. Toward a stranger, all reasons are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejected;

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sealed message was rejected")
    }
}

impl std::error::Error for Rejected {}

/// A sealed message as it came: nothing in it has been authenticated.
pub struct SealedMessage<'a> {
    key_id: u32,
    ephemeral: AgreementPublic,
    ciphertext: &'a <MlKem768 as Kem>::Ciphertext,
    certificate: &'a [u8],
    body: &'a [u8],
}

impl<'a> SealedMessage<'a> {
    /// Parses the bytes of a sealed message.
    ///
    /// # Errors
    ///
    /// Refuses what has not its layout.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(ParseError::TooLong);
        }
        match bytes {
            [FORMAT, KIND_SEALED, SUITE, rest @ ..] => Self::read(rest).ok_or(ParseError::Malformed),
            [] | [FORMAT] | [FORMAT, KIND_SEALED] => Err(ParseError::Malformed),
            [_, ..] => Err(ParseError::Unsupported),
        }
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let key_id = reader.u32()?;
        let ephemeral = AgreementPublic::parse(*reader.array()?).ok()?;
        let ciphertext = reader.array()?;
        let length = reader.u16()?;
        let certificate = reader.slice(usize::from(length))?;
        let body = reader.rest();
        let holds_a_tag = |sealed: &[u8]| sealed.len() >= COMMITMENT_BYTES + TAG_BYTES;
        (holds_a_tag(certificate) && holds_a_tag(body)).then_some(Self {
            key_id,
            ephemeral,
            ciphertext,
            certificate,
            body,
        })
    }

    /// Returns the id of the [`SealingKey`] that opens it.
    pub fn key_id(&self) -> u32 {
        self.key_id
    }

    /// Opens the outer layer, and learns who claims to have written.
    ///
    /// # Errors
    ///
    /// Rejects what was not sealed for this device and this key, or was changed since.
    pub fn open(&self, ours: &Ours<'_>, key: &SealingKey) -> Result<Claim<'a>, Rejected> {
        let dh = key.agreement.agree(&self.ephemeral.point()).ok_or(Rejected)?;
        let (kem, encapsulated) = key.kem.decapsulate(self.ciphertext);
        let agreed = Agreed::new(
            (&ours.address, &ours.secrets.public()),
            (self.key_id, &key.agreement.public(), &kem),
            (&self.ephemeral, self.ciphertext),
            (&dh, &encapsulated),
        );
        let certificate = agreed.certificate_keys().open(&[], self.certificate).ok_or(Rejected)?;
        let certificate = Certificate::parse(&certificate).ok_or(Rejected)?;
        Ok(Claim { agreed, certificate, sealed_certificate: self.certificate, body: self.body })
    }
}

impl fmt::Debug for SealedMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedMessage(key {}, {} bytes, ..)", self.key_id, self.body.len())
    }
}

/// Holds who claims to have written, and the message, still closed. Anybody can claim to be anybody: only
/// [`open`](Self::open) shows that it is true.
pub struct Claim<'a> {
    agreed: Agreed,
    certificate: Certificate,
    sealed_certificate: &'a [u8],
    body: &'a [u8],
}

impl Claim<'_> {
    /// Returns who claims to have written.
    pub fn sender(&self) -> &Address {
        &self.certificate.sender
    }

    /// Returns the device list that the sender sent along: signed by the account key that stands in it, and naming the sender. It is
    /// compared with what is known of the account ([`AccountChange`](crate::AccountChange)), or pinned as any first contact.
    pub fn introduction(&self) -> Option<&DeviceList> {
        self.certificate.introduction.as_ref()
    }

    /// Opens the message with the keys that the verified device list names for [`sender`](Self::sender). `key` is the one that
    /// opened the outer layer.
    ///
    /// # Errors
    ///
    /// Rejects what that device has not sealed for us.
    pub fn open(self, key: &SealingKey, sender: &DevicePublic) -> Result<Plaintext, Rejected> {
        let dh = key.agreement.agree(&sender.agreement().point()).ok_or(Rejected)?;
        let party = party(&self.certificate.sender, sender);
        let keys = self.agreed.message_keys(&dh, &party, self.sealed_certificate);
        keys.open(&[], self.body).map(Plaintext).ok_or(Rejected)
    }
}

impl fmt::Debug for Claim<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claim({:?}, ..)", self.certificate.sender)
    }
}
