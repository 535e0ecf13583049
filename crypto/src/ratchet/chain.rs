//! The symmetric chain: chain key to message key to ciphertext (Double Ratchet §2.2, §5.2).

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    aead::{Cipher, TAG_BYTES},
    kdf::{self, DERIVE_MESSAGE},
    message::SALT_BYTES,
    secret::Secret,
};

/// Length of a key commitment, in bytes.
pub(crate) const COMMITMENT_BYTES: usize = 32;

/// The key that all later keys of a chain come from.
pub(crate) struct ChainKey(Secret<32>);

impl ChainKey {
    pub(crate) fn new(key: Secret<32>) -> Self {
        Self(key)
    }

    pub(crate) fn copy_of(bytes: &[u8; 32]) -> Self {
        Self(Secret::copy_of(bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    pub(crate) fn step(&self) -> (MessageKey, Self) {
        let (message, next) = kdf::chain_step(&self.0);
        (MessageKey(message), Self(next))
    }
}

/// The key of one message of a chain. With the salt of a ciphertext it gives the keys that seal it.
pub(crate) struct MessageKey(Secret<32>);

impl MessageKey {
    pub(crate) fn copy_of(bytes: &[u8; 32]) -> Self {
        Self(Secret::copy_of(bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// Appends commitment, ciphertext and tag.
    pub(crate) fn seal(&self, salt: &[u8; SALT_BYTES], bound: &[u8], plaintext: &[u8], out: &mut Vec<u8>) {
        let keys = BodyKeys::derive(self, salt);
        out.extend_from_slice(keys.commitment());
        let from = out.len();
        out.extend_from_slice(plaintext);
        keys.cipher().seal(keys.nonce(), bound, out, from);
    }

    /// Opens a ciphertext, if it commits to these keys and is authentic under them.
    pub(crate) fn open(&self, sealed: &Body<'_>, bound: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let keys = BodyKeys::derive(self, sealed.salt);
        if !bool::from(keys.commitment().ct_eq(sealed.commitment)) {
            return None;
        }
        let mut body = Zeroizing::new(sealed.body.to_vec());
        keys.cipher().open(keys.nonce(), bound, &mut body, sealed.tag)?;
        Some(body)
    }
}

/// A ciphertext and what its message key needs beside it, of a session's message or a group's.
#[derive(Clone, Copy)]
pub(crate) struct Body<'a> {
    pub(crate) salt: &'a [u8; SALT_BYTES],
    pub(crate) commitment: &'a [u8; COMMITMENT_BYTES],
    pub(crate) body: &'a [u8],
    pub(crate) tag: &'a [u8; TAG_BYTES],
}

/// Key, nonce and commitment of one ciphertext.
///
/// The salt is fresh for each ciphertext, so even a chain that an old copy of the database brought back never
/// seals twice under one key and nonce. The commitment makes a ciphertext open under one key only, which AES-GCM
/// by itself does not.
struct BodyKeys(Secret<76>);

impl BodyKeys {
    fn derive(key: &MessageKey, salt: &[u8; SALT_BYTES]) -> Self {
        Self(kdf::derive(salt, key.expose(), &[DERIVE_MESSAGE]))
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
