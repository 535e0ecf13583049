//! The sender's side.

use std::fmt;

use rand_core::CryptoRng;

use crate::{
    device_list::DeviceList,
    keys::{AgreementSecret, Ours},
    message::{FORMAT, KIND_SEALED, MESSAGE_BYTES_MAX, SUITE},
};

use super::{Agreed, certificate::Certificate, key::Recipient, party};

/// Says why nothing was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// Sealed, the message would be larger than [`MESSAGE_BYTES_MAX`].
    TooLong,
    /// The introduction is not a list that names the sending device with its keys.
    NotOurList,
    /// A key of the recipient contributes nothing to the agreement.
    WeakKey,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "message is too long to be sealed",
            Self::NotOurList => "introduction does not name the sending device",
            Self::WeakKey => "key of the recipient contributes nothing",
        })
    }
}

impl std::error::Error for SealError {}

/// Seals a message for one device. `introduction` is our own device list, for whoever may not know it yet.
///
/// # Errors
///
/// Refuses a message that gets too long, an introduction that does not name us, and weak keys.
pub fn seal(
    ours: &Ours<'_>,
    recipient: &Recipient,
    introduction: Option<&DeviceList>,
    message: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, SealError> {
    let keys = ours.secrets.public();
    let names_us = |list: &DeviceList| {
        list.account() == ours.address.account
            && list.device(&ours.address.device).is_some_and(|entry| entry.keys == keys)
    };
    if !introduction.is_none_or(names_us) {
        return Err(SealError::NotOurList);
    }
    let ephemeral = AgreementSecret::generate(rng);
    let (ciphertext, encapsulated) = recipient.kem.encapsulate(rng);
    let point = recipient.agreement.point();
    let dh = ephemeral.agree(&point).ok_or(SealError::WeakKey)?;
    let sender_dh = ours.secrets.agreement().agree(&point).ok_or(SealError::WeakKey)?;

    let agreed = Agreed::new(
        (&recipient.address, &recipient.device),
        (recipient.id, &recipient.agreement, &recipient.kem),
        (&ephemeral.public(), &ciphertext),
        (&dh, &encapsulated),
    );
    let mut certificate = Vec::new();
    agreed.certificate_keys().seal(&[], &Certificate::encode(&ours.address, introduction), &mut certificate);
    let length = u16::try_from(certificate.len()).map_err(|_| SealError::TooLong)?;

    let mut out = vec![FORMAT, KIND_SEALED, SUITE];
    out.extend_from_slice(&recipient.id.to_be_bytes());
    out.extend_from_slice(&ephemeral.public().to_bytes());
    out.extend_from_slice(&ciphertext);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&certificate);
    let sender = party(&ours.address, &keys);
    agreed.message_keys(&sender_dh, &sender, &certificate).seal(&[], message, &mut out);
    if out.len() > MESSAGE_BYTES_MAX {
        return Err(SealError::TooLong);
    }
    Ok(out)
}
