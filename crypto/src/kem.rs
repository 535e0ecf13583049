//! ML-KEM-1024 (FIPS 203), by libcrux. A key pair is kept as its 64-byte seed and derived anew.

use libcrux_ml_kem::mlkem1024::{self, MlKem1024Ciphertext, MlKem1024KeyPair, MlKem1024PublicKey};
use rand_core::CryptoRng;
use zeroize::Zeroize;

use crate::secret::Secret;

/// Length of a public key, in bytes.
pub(crate) const PUBLIC_BYTES: usize = 1568;
/// Length of a ciphertext, in bytes.
pub(crate) const CIPHERTEXT_BYTES: usize = 1568;

/// The seed `d ‖ z` of a key pair.
pub(crate) struct KemSecret(Secret<64>);

impl KemSecret {
    pub(crate) fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    pub(crate) fn from_bytes(seed: &[u8; 64]) -> Self {
        Self(Secret::copy_of(seed))
    }

    pub(crate) fn expose(&self) -> &[u8; 64] {
        self.0.expose()
    }

    pub(crate) fn public(&self) -> KemPublic {
        let (mut private, public) = self.key_pair().into_parts();
        wipe(&mut private);
        KemPublic(Box::new(public))
    }

    /// Opens a ciphertext. A wrong one yields a secret that nobody else has (implicit rejection).
    pub(crate) fn decapsulate(&self, ciphertext: &[u8; CIPHERTEXT_BYTES]) -> (KemPublic, Secret<32>) {
        let (mut private, public) = self.key_pair().into_parts();
        let mut shared = mlkem1024::decapsulate(&private, &MlKem1024Ciphertext::from(ciphertext));
        wipe(&mut private);
        let secret = Secret::copy_of(&shared);
        shared.zeroize();
        (KemPublic(Box::new(public)), secret)
    }

    fn key_pair(&self) -> MlKem1024KeyPair {
        mlkem1024::generate_key_pair(*self.0.expose())
    }
}

/// libcrux does not wipe: overwrite the private key where it lies.
fn wipe(private: &mut mlkem1024::MlKem1024PrivateKey) {
    private[0..].zeroize();
}

/// An encapsulation key that passed the modulus check (FIPS 203 §7.2).
pub(crate) struct KemPublic(Box<MlKem1024PublicKey>);

impl KemPublic {
    pub(crate) fn parse(bytes: &[u8; PUBLIC_BYTES]) -> Option<Self> {
        let key = Box::new(MlKem1024PublicKey::from(bytes));
        mlkem1024::validate_public_key(&key).then_some(Self(key))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; PUBLIC_BYTES] {
        self.0.as_slice()
    }

    pub(crate) fn encapsulate(&self, rng: &mut impl CryptoRng) -> ([u8; CIPHERTEXT_BYTES], Secret<32>) {
        self.encapsulate_with(&Secret::random(rng))
    }

    /// Encapsulates with given randomness; apart for the vectors.
    pub(crate) fn encapsulate_with(&self, randomness: &Secret<32>) -> ([u8; CIPHERTEXT_BYTES], Secret<32>) {
        let (ciphertext, mut shared) = mlkem1024::encapsulate(&self.0, *randomness.expose());
        let secret = Secret::copy_of(&shared);
        shared.zeroize();
        (ciphertext.into(), secret)
    }
}
