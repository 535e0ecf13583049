//! The primitives as this crate calls them, for the test vectors in `tests/` alone. Not part of the API.

use crate::{
    aead,
    group::signature,
    kdf,
    kem::{Kem, MlKem768, MlKem1024},
    keys,
};

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

/// Ed25519 as of group messages, alone and in a batch of two, behind the checks of a public key.
pub fn ed25519_verify_group(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> [bool; 2] {
    let Ok(key) = keys::SenderPublic::parse(*public) else { return [false; 2] };
    let claim = signature::Claim { key: &key, label: b"", message, signature };
    [signature::holds(&claim), signature::hold(&[claim, claim]) == [true; 2]]
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

/// The parameter sets of ML-KEM that this crate uses.
#[derive(Clone, Copy, Debug)]
pub enum MlKem {
    /// ML-KEM-768, of the ratchet.
    Of768,
    /// ML-KEM-1024, of the handshake.
    Of1024,
}

/// ML-KEM encapsulation key of a seed.
pub fn kem_public(size: MlKem, seed: &[u8; 64]) -> Vec<u8> {
    match size {
        MlKem::Of768 => MlKem768::public(seed).to_vec(),
        MlKem::Of1024 => MlKem1024::public(seed).to_vec(),
    }
}

/// ML-KEM encapsulation with given randomness. `None` when the key is refused.
pub fn kem_encapsulate(size: MlKem, public: &[u8], randomness: &[u8; 32]) -> Option<(Vec<u8>, [u8; 32])> {
    fn encapsulate<K: Kem>(public: &[u8], randomness: &[u8; 32]) -> Option<(Vec<u8>, [u8; 32])>
    where
        K::Public: for<'a> TryFrom<&'a [u8]>,
        K::Ciphertext: AsRef<[u8]>,
    {
        let public = public.try_into().ok()?;
        if !K::is_valid(&public) {
            return None;
        }
        let (ciphertext, shared) = K::encapsulate(&public, randomness);
        Some((ciphertext.as_ref().to_vec(), *shared.expose()))
    }
    match size {
        MlKem::Of768 => encapsulate::<MlKem768>(public, randomness),
        MlKem::Of1024 => encapsulate::<MlKem1024>(public, randomness),
    }
}

/// ML-KEM decapsulation. `None` when the ciphertext has another length.
pub fn kem_decapsulate(size: MlKem, seed: &[u8; 64], ciphertext: &[u8]) -> Option<[u8; 32]> {
    let shared = match size {
        MlKem::Of768 => MlKem768::decapsulate(seed, ciphertext.try_into().ok()?).1,
        MlKem::Of1024 => MlKem1024::decapsulate(seed, ciphertext.try_into().ok()?).1,
    };
    Some(*shared.expose())
}
