//! Sealing under a key that lives long: a fresh salt gives each ciphertext keys of its own, and a commitment to them.
//!
//! An old copy of a database, or two devices with one key, can so never seal twice under one key and nonce; and a ciphertext
//! opens under one key only, which AES-GCM by itself does not ensure.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    aead::{Cipher, TAG_BYTES},
    kdf::derive,
    secret::Secret,
};

/// Length of a salt, in bytes.
pub(crate) const SALT_BYTES: usize = 16;
/// Length of a commitment, in bytes.
pub(crate) const COMMITMENT_BYTES: usize = 32;

/// `commitment 32 | ciphertext | tag 16`.
#[derive(Clone, Copy)]
pub(crate) struct SaltedBody<'a> {
    commitment: &'a [u8; COMMITMENT_BYTES],
    body: &'a [u8],
    tag: &'a [u8; TAG_BYTES],
}

impl<'a> SaltedBody<'a> {
    /// Parses bytes to their end. `None` when they are too few.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (commitment, rest) = bytes.split_first_chunk()?;
        let (body, tag) = rest.split_last_chunk()?;
        Some(Self { commitment, body, tag })
    }
}

/// `key 32 ‖ nonce 12 ‖ commitment 32` of one ciphertext.
pub(crate) struct SaltedKeys(Secret<76>);

impl SaltedKeys {
    pub(crate) fn derive(salt: &[u8], key: &[u8], info: &[&[u8]]) -> Self {
        Self(derive(salt, key, info))
    }

    /// Appends commitment, ciphertext and tag.
    pub(crate) fn seal(&self, bound: &[u8], plaintext: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(self.commitment());
        let from = out.len();
        out.extend_from_slice(plaintext);
        self.cipher().seal(self.nonce(), bound, out, from);
    }

    /// Opens what [`seal`](Self::seal) appended.
    pub(crate) fn open(&self, bound: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.open_body(bound, &SaltedBody::parse(sealed)?)
    }

    /// Opens what was parsed. The commitment is compared first, in constant time.
    pub(crate) fn open_body(&self, bound: &[u8], sealed: &SaltedBody<'_>) -> Option<Zeroizing<Vec<u8>>> {
        if !bool::from(self.commitment().ct_eq(sealed.commitment)) {
            return None;
        }
        let mut plaintext = Zeroizing::new(sealed.body.to_vec());
        self.cipher().open(self.nonce(), bound, &mut plaintext, sealed.tag)?;
        Some(plaintext)
    }

    fn cipher(&self) -> Cipher {
        Cipher::new(self.0.expose().first_chunk().expect("32 of 76"))
    }

    fn nonce(&self) -> &[u8; 12] {
        self.0.expose()[32..44].try_into().expect("12 bytes")
    }

    fn commitment(&self) -> &[u8; COMMITMENT_BYTES] {
        self.0.expose().last_chunk().expect("32 of 76")
    }
}
