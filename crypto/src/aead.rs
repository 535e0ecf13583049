//! The one cipher of suite 1: AES-256-GCM with a 12-byte nonce and the full 16-byte tag.

use aes_gcm::{AeadInOut, Aes256Gcm, Key, KeyInit, Nonce, Tag};

/// Length of a nonce, in bytes.
pub(crate) const NONCE_BYTES: usize = 12;
/// Length of a tag, in bytes.
pub(crate) const TAG_BYTES: usize = 16;

/// A key, expanded once for as many uses as it has. Wiped on drop, by the `zeroize` feature of aes-gcm.
pub(crate) struct Cipher(Aes256Gcm);

impl Cipher {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(<&Key<Aes256Gcm>>::from(key)))
    }

    /// Encrypts in place what `buffer` has from `from` on, and appends the tag.
    pub(crate) fn seal(&self, nonce: &[u8; NONCE_BYTES], bound: &[u8], buffer: &mut Vec<u8>, from: usize) {
        let tag = self.seal_detached(nonce, bound, &mut buffer[from..]);
        buffer.extend_from_slice(&tag);
    }

    /// Encrypts in place and returns the tag.
    pub(crate) fn seal_detached(
        &self,
        nonce: &[u8; NONCE_BYTES],
        bound: &[u8],
        buffer: &mut [u8],
    ) -> [u8; TAG_BYTES] {
        self.0
            .encrypt_inout_detached(<&Nonce<_>>::from(nonce), bound, buffer.into())
            .expect("messages are far below 64 GiB")
            .into()
    }

    /// Decrypts in place. On failure the buffer holds what it held.
    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE_BYTES],
        bound: &[u8],
        buffer: &mut [u8],
        tag: &[u8; TAG_BYTES],
    ) -> Option<()> {
        self.0
            .decrypt_inout_detached(<&Nonce<_>>::from(nonce), bound, buffer.into(), <&Tag<_>>::from(tag))
            .ok()
    }
}
