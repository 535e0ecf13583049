//! The header of a message: where in the ratchets it belongs, sealed (Double Ratchet §4.1).

use crate::{
    aead::{Cipher, NONCE_BYTES, TAG_BYTES},
    bytes::Reader,
    keys::AgreementPublic,
    message::{SALT_BYTES, Sealed},
    secret::Secret,
};

const HEADER_BYTES: usize = 1 + 32 + 4 + 4;
/// Length of a sealed header, in bytes.
pub(crate) const SEALED_HEADER_BYTES: usize = HEADER_BYTES + TAG_BYTES;

/// The place of a message. Its encoding begins with a reserved zero.
pub(crate) struct Header {
    /// The sender's ratchet key.
    pub(crate) ratchet: AgreementPublic,
    /// How many messages the sender's chain before this one had.
    pub(crate) previous_length: u32,
    /// The number of this message in its chain, from 0.
    pub(crate) number: u32,
}

impl Header {
    fn parse(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        reader.expect(0)?;
        let ratchet = AgreementPublic::parse(*reader.array()?).ok()?;
        Some(Self { ratchet, previous_length: reader.u32()?, number: reader.u32()? })
    }
}

/// Seals the headers of one chain. The cipher is expanded once, since every message tries it.
pub(crate) struct HeaderKey {
    key: Secret<32>,
    cipher: Box<Cipher>,
}

impl HeaderKey {
    pub(crate) fn new(key: Secret<32>) -> Self {
        let cipher = Box::new(Cipher::new(key.expose()));
        Self { key, cipher }
    }

    pub(crate) fn copy_of(bytes: &[u8; 32]) -> Self {
        Self::new(Secret::copy_of(bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.key.expose()
    }

    /// Appends the sealed header to `out`, bound to all that `out` has from `clear_from` on.
    pub(crate) fn seal(
        &self,
        salt: &[u8; SALT_BYTES],
        header: &Header,
        out: &mut Vec<u8>,
        clear_from: usize,
    ) {
        let mut bytes = [0; HEADER_BYTES];
        bytes[1..33].copy_from_slice(&header.ratchet.to_bytes());
        bytes[33..37].copy_from_slice(&header.previous_length.to_be_bytes());
        bytes[37..].copy_from_slice(&header.number.to_be_bytes());
        let tag = self.cipher.seal_detached(&nonce(salt), &out[clear_from..], &mut bytes);
        out.extend_from_slice(&bytes);
        out.extend_from_slice(&tag);
    }

    /// Opens a header, if it was sealed under this key.
    pub(crate) fn open(&self, sealed: &Sealed<'_>) -> Option<Header> {
        let (header, tag) = sealed.header.split_last_chunk()?;
        let mut bytes: [u8; HEADER_BYTES] = header.try_into().ok()?;
        self.cipher.open(&nonce(sealed.salt), sealed.clear, &mut bytes, tag)?;
        Header::parse(&bytes)
    }
}

/// The nonce is the start of the message's salt: 96 fresh random bits.
///
/// A counter would repeat after an old copy of the database comes back; random bits do not. A header key serves one
/// chain of at most 2^32 messages, for which two nonces meet with a chance below 2^-32, the bound of NIST SP 800-38D §8.3.
fn nonce(salt: &[u8; SALT_BYTES]) -> [u8; NONCE_BYTES] {
    *salt.first_chunk().expect("12 of 16")
}
