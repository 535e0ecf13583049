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

    /// Opens what [`seal`](Self::seal) appended. The commitment is compared first, in constant time.
    pub(crate) fn open(&self, bound: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (commitment, rest) = sealed.split_first_chunk::<COMMITMENT_BYTES>()?;
        let (body, tag) = rest.split_last_chunk::<TAG_BYTES>()?;
        if !bool::from(self.commitment().ct_eq(commitment)) {
            return None;
        }
        let mut plaintext = Zeroizing::new(body.to_vec());
        self.cipher().open(self.nonce(), bound, &mut plaintext, tag)?;
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
