//! DH1..DH4 and one encapsulation into the first secrets of a session, the same on both sides (PQXDH §3.3).

use zeroize::Zeroizing;

use crate::{
    kdf::{self, DERIVE_HANDSHAKE, HASH_SESSION, HASH_TRANSCRIPT},
    kem::{KemPublic, MlKem1024},
    keys::{Address, AgreementPublic, DevicePublic},
    message::{Handshake, SUITE},
    ratchet::{header::HeaderKey, root::RootKey},
    secret::Secret,
};

/// Everything that both sides must see alike: whatever differs here gives other keys.
pub(crate) struct Transcript<'a> {
    pub(crate) initiator: (&'a Address, &'a DevicePublic),
    pub(crate) responder: (&'a Address, &'a DevicePublic),
    pub(crate) weekly: &'a AgreementPublic,
    pub(crate) one_time: Option<&'a AgreementPublic>,
    pub(crate) kem: &'a KemPublic<MlKem1024>,
    pub(crate) handshake: &'a Handshake,
}

impl Transcript<'_> {
    fn hash(&self) -> [u8; 32] {
        let mut parties = Vec::with_capacity(192);
        for (address, keys) in [self.initiator, self.responder] {
            parties.extend_from_slice(&address.account);
            parties.extend_from_slice(&address.device);
            parties.extend_from_slice(&keys.signing_bytes());
            parties.extend_from_slice(&keys.agreement_bytes());
        }
        // The key of a last-resort bundle is 32 zeros here, which no bundle can hold.
        let one_time = self.one_time.map_or([0; 32], |key| key.to_bytes());
        kdf::hash(
            HASH_TRANSCRIPT,
            &[
                &[SUITE],
                &parties,
                &self.handshake.weekly_id.to_be_bytes(),
                &self.weekly.to_bytes(),
                &self.handshake.one_time_id.to_be_bytes(),
                &one_time,
                self.kem.as_bytes(),
                &self.handshake.ephemeral.to_bytes(),
                &self.handshake.ciphertext,
            ],
        )
    }
}

/// The first secrets of a session.
pub(crate) struct Agreed {
    pub(crate) session_id: [u8; 16],
    pub(crate) root: RootKey,
    /// Seals the headers of the initiator's first chain.
    pub(crate) initiator_header: HeaderKey,
    /// Seals the headers of the responder's first chain.
    pub(crate) responder_header: HeaderKey,
}

/// Derives the first secrets. `None` when a DH was all zeros.
pub(crate) fn agree(
    dhs: [Option<Secret<32>>; 3],
    one_time_dh: Option<Option<Secret<32>>>,
    encapsulated: &Secret<32>,
    transcript: &Transcript<'_>,
) -> Option<Agreed> {
    // Enough from the start: a buffer that grows would leave secrets behind.
    let mut input = Zeroizing::new(Vec::with_capacity(192));
    // X3DH §2.2: the prefix keeps this input apart from any encoding of a curve point.
    input.extend_from_slice(&[0xff; 32]);
    for dh in dhs.into_iter().chain(one_time_dh) {
        input.extend_from_slice(dh?.expose());
    }
    input.extend_from_slice(encapsulated.expose());

    let transcript = transcript.hash();
    let derived = kdf::derive::<96>(&[0; 32], &input, &[DERIVE_HANDSHAKE, &transcript]);
    let [root, initiator_header, responder_header] = kdf::thirds(&derived);
    let session_hash = kdf::hash(HASH_SESSION, &[&transcript]);
    let session_id = session_hash.first_chunk().copied().expect("16 of 32");
    Some(Agreed {
        session_id,
        root: RootKey::new(root),
        initiator_header: HeaderKey::new(initiator_header),
        responder_header: HeaderKey::new(responder_header),
    })
}
