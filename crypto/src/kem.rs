//! ML-KEM (FIPS 203), by libcrux: 1024 for the handshake, 768 for the ratchet. A key pair is kept as its 64-byte seed and
//! derived anew.

use std::marker::PhantomData;

use libcrux_ml_kem::{MlKemKeyPair, MlKemPrivateKey, mlkem768, mlkem1024};
use rand_core::CryptoRng;
use zeroize::Zeroize;

use crate::secret::Secret;

/// One parameter set of ML-KEM (FIPS 203 §8), on bytes. Tests put a second implementation behind it.
pub(crate) trait Kem {
    /// The bytes of an encapsulation key.
    type Public: Copy;
    /// The bytes of a ciphertext.
    type Ciphertext;

    /// Derives the encapsulation key of a seed `d ‖ z`.
    fn public(seed: &[u8; 64]) -> Self::Public;

    /// Does the modulus check (FIPS 203 §7.2).
    fn is_valid(public: &Self::Public) -> bool;

    /// Encapsulates to a valid key with given randomness.
    fn encapsulate(public: &Self::Public, randomness: &[u8; 32]) -> (Self::Ciphertext, Secret<32>);

    /// Opens a ciphertext. A wrong one yields a secret that nobody else has (implicit rejection).
    fn decapsulate(seed: &[u8; 64], ciphertext: &Self::Ciphertext) -> (Self::Public, Secret<32>);
}

/// ML-KEM-768.
pub(crate) struct MlKem768;

impl Kem for MlKem768 {
    type Public = [u8; 1184];
    type Ciphertext = [u8; 1088];

    fn public(seed: &[u8; 64]) -> Self::Public {
        derive(mlkem768::generate_key_pair(*seed), |_| ()).0
    }

    fn is_valid(public: &Self::Public) -> bool {
        mlkem768::validate_public_key(&public.into())
    }

    fn encapsulate(public: &Self::Public, randomness: &[u8; 32]) -> (Self::Ciphertext, Secret<32>) {
        let (ciphertext, shared) = mlkem768::encapsulate(&public.into(), *randomness);
        (ciphertext.into(), take(shared))
    }

    fn decapsulate(seed: &[u8; 64], ciphertext: &Self::Ciphertext) -> (Self::Public, Secret<32>) {
        derive(mlkem768::generate_key_pair(*seed), |private| {
            take(mlkem768::decapsulate(private, &ciphertext.into()))
        })
    }
}

/// ML-KEM-1024.
pub(crate) struct MlKem1024;

impl Kem for MlKem1024 {
    type Public = [u8; 1568];
    type Ciphertext = [u8; 1568];

    fn public(seed: &[u8; 64]) -> Self::Public {
        derive(mlkem1024::generate_key_pair(*seed), |_| ()).0
    }

    fn is_valid(public: &Self::Public) -> bool {
        mlkem1024::validate_public_key(&public.into())
    }

    fn encapsulate(public: &Self::Public, randomness: &[u8; 32]) -> (Self::Ciphertext, Secret<32>) {
        let (ciphertext, shared) = mlkem1024::encapsulate(&public.into(), *randomness);
        (ciphertext.into(), take(shared))
    }

    fn decapsulate(seed: &[u8; 64], ciphertext: &Self::Ciphertext) -> (Self::Public, Secret<32>) {
        derive(mlkem1024::generate_key_pair(*seed), |private| {
            take(mlkem1024::decapsulate(private, &ciphertext.into()))
        })
    }
}

/// Uses the private key of a pair and overwrites it where it lies: libcrux does not wipe.
fn derive<const PRIVATE: usize, const PUBLIC: usize, T>(
    pair: MlKemKeyPair<PRIVATE, PUBLIC>,
    using: impl FnOnce(&MlKemPrivateKey<PRIVATE>) -> T,
) -> ([u8; PUBLIC], T) {
    let (mut private, public) = pair.into_parts();
    let used = using(&private);
    private[0..].zeroize();
    (public.into(), used)
}

fn take(mut shared: [u8; 32]) -> Secret<32> {
    let secret = Secret::copy_of(&shared);
    shared.zeroize();
    secret
}

/// The seed `d ‖ z` of a key pair.
pub(crate) struct KemSecret<K> {
    seed: Secret<64>,
    of: PhantomData<K>,
}

impl<K: Kem> KemSecret<K> {
    pub(crate) fn generate(rng: &mut impl CryptoRng) -> Self {
        Self { seed: Secret::random(rng), of: PhantomData }
    }

    pub(crate) fn from_bytes(seed: &[u8; 64]) -> Self {
        Self { seed: Secret::copy_of(seed), of: PhantomData }
    }

    pub(crate) fn expose(&self) -> &[u8; 64] {
        self.seed.expose()
    }

    pub(crate) fn public(&self) -> KemPublic<K> {
        KemPublic(Box::new(K::public(self.seed.expose())))
    }

    pub(crate) fn decapsulate(&self, ciphertext: &K::Ciphertext) -> (KemPublic<K>, Secret<32>) {
        let (public, shared) = K::decapsulate(self.seed.expose(), ciphertext);
        (KemPublic(Box::new(public)), shared)
    }
}

/// An encapsulation key that passed the modulus check.
pub(crate) struct KemPublic<K: Kem>(Box<K::Public>);

impl<K: Kem> KemPublic<K> {
    pub(crate) fn parse(bytes: &K::Public) -> Option<Self> {
        K::is_valid(bytes).then(|| Self(Box::new(*bytes)))
    }

    pub(crate) fn as_bytes(&self) -> &K::Public {
        &self.0
    }

    pub(crate) fn encapsulate(&self, rng: &mut impl CryptoRng) -> (K::Ciphertext, Secret<32>) {
        K::encapsulate(&self.0, Secret::random(rng).expose())
    }
}
