//! The side that starts (PQXDH §3.3).

use std::fmt;

use rand_core::CryptoRng;

use super::{
    agreement::{Agreed, Transcript, agree},
    bundle::Bundle,
};
use crate::{
    keys::{AgreementPoint, AgreementSecret, Ours, Theirs},
    message::Handshake,
};

/// Says why a session could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The bundle belongs to another device than the one to be reached.
    OtherDevice,
    /// A key of theirs contributes nothing.
    WeakKey,
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherDevice => "prekey bundle belongs to another device",
            Self::WeakKey => "a key of the other device contributes nothing",
        })
    }
}

impl std::error::Error for HandshakeError {}

pub(crate) struct Initiated {
    pub(crate) handshake: Handshake,
    pub(crate) agreed: Agreed,
    /// Their weekly prekey: what the first chain steps from.
    pub(crate) weekly: AgreementPoint,
}

pub(crate) fn initiate(
    ours: &Ours<'_>,
    theirs: &Theirs<'_>,
    bundle: &Bundle,
    rng: &mut impl CryptoRng,
) -> Result<Initiated, HandshakeError> {
    if bundle.address != theirs.address || bundle.device != *theirs.keys {
        return Err(HandshakeError::OtherDevice);
    }
    let ephemeral = AgreementSecret::generate(rng);
    let (ciphertext, encapsulated) = bundle.kem.encapsulate(rng);
    let handshake = Handshake {
        weekly_id: bundle.weekly_id,
        one_time_id: bundle.one_time_id,
        ephemeral: ephemeral.public(),
        ciphertext,
    };
    let transcript = Transcript {
        initiator: (&ours.address, &ours.secrets.public()),
        responder: (&theirs.address, theirs.keys),
        weekly: &bundle.weekly,
        one_time: bundle.one_time.as_ref(),
        kem: &bundle.kem,
        handshake: &handshake,
    };
    let weekly = bundle.weekly.point();
    let dhs = [
        ours.secrets.agreement().agree(&weekly),
        ephemeral.agree(&theirs.keys.agreement().point()),
        ephemeral.agree(&weekly),
    ];
    let one_time_dh = bundle.one_time.map(|key| ephemeral.agree(&key.point()));
    let agreed = agree(dhs, one_time_dh, &encapsulated, &transcript).ok_or(HandshakeError::WeakKey)?;
    Ok(Initiated { handshake, agreed, weekly })
}
