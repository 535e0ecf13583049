//! The symmetric chain: chain key to message key to ciphertext (Double Ratchet §2.2, §5.2).

use zeroize::Zeroizing;

use crate::{
    kdf::{self, DERIVE_MESSAGE},
    message::SALT_BYTES,
    salted::{SaltedBody, SaltedKeys},
    secret::Secret,
};

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
        self.salted(salt).seal(bound, plaintext, out);
    }

    /// Opens a ciphertext, if it commits to these keys and is authentic under them.
    pub(crate) fn open(&self, body: &Body<'_>, bound: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.salted(body.salt).open_body(bound, &body.sealed)
    }

    fn salted(&self, salt: &[u8; SALT_BYTES]) -> SaltedKeys {
        SaltedKeys::derive(salt, self.0.expose(), &[DERIVE_MESSAGE])
    }
}

/// A ciphertext of a session's message or a group's, and its salt.
#[derive(Clone, Copy)]
pub(crate) struct Body<'a> {
    pub(crate) salt: &'a [u8; SALT_BYTES],
    pub(crate) sealed: SaltedBody<'a>,
}
