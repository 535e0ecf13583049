//! The primitives as this crate calls them, for the test vectors in `tests/` alone. Not part of the API.

use crate::{aead, kdf, kem, keys, secret::Secret};

/// X25519 behind the checks of a public key. `None` when the key or the result is refused.
pub fn x25519(secret: &[u8; 32], public: &[u8; 32]) -> Option<[u8; 32]> {
    let public = keys::AgreementPublic::parse(*public).ok()?;
    keys::AgreementSecret::from_bytes(secret).agree(&public.point()).map(|shared| *shared.expose())
}

/// X25519 public key of a secret.
pub fn x25519_public(secret: &[u8; 32]) -> [u8; 32] {
    keys::AgreementSecret::from_bytes(secret).public().to_bytes()
}

/// Strict Ed25519 behind the checks of a public key.
pub fn ed25519_verify(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    keys::AccountPublicKey::parse(*public).is_ok_and(|key| key.verify(b"", message, signature))
}

/// HMAC-SHA256.
pub fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    *kdf::hmac(key, message).expose()
}

/// HKDF-SHA256.
pub fn hkdf<const N: usize>(salt: &[u8], input: &[u8], info: &[u8]) -> [u8; N] {
    *kdf::derive::<N>(salt, input, &[info]).expose()
}

/// AES-256-GCM: ciphertext and tag.
pub fn seal(key: &[u8; 32], nonce: &[u8; 12], bound: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut out = plaintext.to_vec();
    aead::Cipher::new(key).seal(nonce, bound, &mut out, 0);
    out
}

/// AES-256-GCM: the plaintext.
pub fn open(key: &[u8; 32], nonce: &[u8; 12], bound: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (body, tag) = sealed.split_last_chunk()?;
    let mut out = body.to_vec();
    aead::Cipher::new(key).open(nonce, bound, &mut out, tag)?;
    Some(out)
}

/// ML-KEM-1024 public key of a seed.
pub fn kem_public(seed: &[u8; 64]) -> Vec<u8> {
    kem::KemSecret::from_bytes(seed).public().as_bytes().to_vec()
}

/// ML-KEM-1024 encapsulation with given randomness. `None` when the key is refused.
pub fn kem_encapsulate(public: &[u8], randomness: &[u8; 32]) -> Option<(Vec<u8>, [u8; 32])> {
    let key = kem::KemPublic::parse(public.try_into().ok()?)?;
    let (ciphertext, shared) = key.encapsulate_with(&Secret::copy_of(randomness));
    Some((ciphertext.to_vec(), *shared.expose()))
}

/// ML-KEM-1024 decapsulation.
pub fn kem_decapsulate(seed: &[u8; 64], ciphertext: &[u8]) -> Option<[u8; 32]> {
    let (_, shared) = kem::KemSecret::from_bytes(seed).decapsulate(ciphertext.try_into().ok()?);
    Some(*shared.expose())
}
