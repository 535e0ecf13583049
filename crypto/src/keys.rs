//! Keys, one type per role: a key of one role cannot stand where another is meant.
//!
//! Parsing is validation. What exists as a type here has been checked, and is not checked again.

use std::fmt;

use curve25519_dalek::{edwards::EdwardsPoint, montgomery::MontgomeryPoint};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroize;

use crate::{kdf::SIGN_RELAY_PROOF, secret::Secret};

/// Names one device of one account. Both ids are opaque here, and bound into everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The account.
    pub account: [u8; 16],
    /// The device of that account.
    pub device: [u8; 16],
}

/// Names an account by what makes it that one: its id, and its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account: [u8; 16],
    /// Its account key.
    pub key: AccountPublicKey,
}

/// Our side of a session: where we are and what only we know.
#[derive(Debug)]
pub struct Ours<'a> {
    /// Our address.
    pub address: Address,
    /// The secrets of this device.
    pub secrets: &'a DeviceSecrets,
}

/// The other side of a session, as the verified device list names it.
#[derive(Debug)]
pub struct Theirs<'a> {
    /// Their address.
    pub address: Address,
    /// The public keys of their device.
    pub keys: &'a DevicePublic,
}

/// Says why a public key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes are not the one canonical encoding of a point.
    NotCanonical,
    /// The point has low order: it would verify or agree with anything.
    Weak,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotCanonical => "public key is not canonically encoded",
            Self::Weak => "public key has low order",
        })
    }
}

impl std::error::Error for KeyError {}

/// An Ed25519 secret, whatever its role.
struct SigningSecret(SigningKey);

impl SigningSecret {
    fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    fn public(&self) -> SigningPublic {
        SigningPublic(self.0.verifying_key())
    }

    /// Signs `label ‖ message`.
    fn sign(&self, label: &[u8], message: &[u8]) -> [u8; 64] {
        self.0.sign(&[label, message].concat()).to_bytes()
    }
}

/// An Ed25519 public key that is canonical and not weak, whatever its role.
#[derive(Clone, Copy, PartialEq, Eq)]
struct SigningPublic(VerifyingKey);

impl SigningPublic {
    fn parse(bytes: [u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotCanonical)?;
        // `from_bytes` keeps the bytes it was given, canonical or not: compare with the point encoded anew.
        if key.to_edwards().compress().to_bytes() != bytes {
            return Err(KeyError::NotCanonical);
        }
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        Ok(Self(key))
    }

    /// Verifies a signature over `label ‖ message`, strictly.
    fn verify(&self, label: &[u8], message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        self.0.verify_strict(&[label, message].concat(), &signature).is_ok()
    }
}

/// An X25519 secret, whatever its role, beside its public key.
pub(crate) struct AgreementSecret {
    secret: StaticSecret,
    public: AgreementPublic,
}

impl AgreementSecret {
    pub(crate) fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::from_bytes(Secret::<32>::random(rng).expose())
    }

    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Self {
        let secret = StaticSecret::from(*bytes);
        let public = AgreementPublic(PublicKey::from(&secret).to_bytes());
        Self { secret, public }
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.secret.as_bytes()
    }

    pub(crate) fn public(&self) -> AgreementPublic {
        self.public
    }

    /// Agrees on a secret (RFC 7748 §6.1). `None` when the result is all zeros: the key was of low order.
    pub(crate) fn agree(&self, theirs: &AgreementPoint) -> Option<Secret<32>> {
        let mut shared = theirs.multiply(*self.secret.as_bytes());
        let secret = Secret::copy_of(shared.as_bytes());
        shared.zeroize();
        (!secret.ct_eq(&Secret::new([0; 32]))).then_some(secret)
    }
}

/// An X25519 public key made ready for several agreements.
///
/// With the vector instructions of x86-64 the Edwards form is faster than the ladder, the more so when it is found once
/// for several agreements; elsewhere the ladder wins. A point of the twist has no Edwards form. Which one it is depends on
/// the public key alone, so the branch tells no secret.
pub(crate) struct AgreementPoint {
    public: AgreementPublic,
    edwards: Option<EdwardsPoint>,
}

impl AgreementPoint {
    pub(crate) fn public(&self) -> AgreementPublic {
        self.public
    }

    /// Computes X25519 in constant time.
    fn multiply(&self, mut secret: [u8; 32]) -> MontgomeryPoint {
        let shared = match &self.edwards {
            Some(point) => {
                let mut shared = point.mul_clamped(secret);
                let montgomery = shared.to_montgomery();
                shared.zeroize();
                montgomery
            }
            None => MontgomeryPoint(self.public.0).mul_clamped(secret),
        };
        secret.zeroize();
        shared
    }
}

/// An X25519 public key in its one canonical encoding, whatever its role.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct AgreementPublic([u8; 32]);

impl AgreementPublic {
    /// Accepts only `u < 2^255 - 19` with the high bit clear, so that a key has one encoding. Low order is refused too.
    pub(crate) fn parse(bytes: [u8; 32]) -> Result<Self, KeyError> {
        let all_ones = bytes[1..31].iter().all(|byte| *byte == 0xff) && bytes[31] == 0x7f;
        if bytes[31] & 0x80 != 0 || (all_ones && bytes[0] >= 0xed) {
            return Err(KeyError::NotCanonical);
        }
        if LOW_ORDER.contains(&bytes) {
            return Err(KeyError::Weak);
        }
        Ok(Self(bytes))
    }

    pub(crate) fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Makes the key ready to agree with.
    pub(crate) fn point(self) -> AgreementPoint {
        let ladder = MontgomeryPoint(self.0);
        let edwards = if cfg!(target_arch = "x86_64") { ladder.to_edwards(0) } else { None };
        AgreementPoint { public: self, edwards }
    }
}

/// The canonical u-coordinates of low order, on the curve and on its twist.
const LOW_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda,
        0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04,
        0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
    {
        let mut minus_one = [0xff; 32];
        minus_one[0] = 0xec;
        minus_one[31] = 0x7f;
        minus_one
    },
];

/// The account's Ed25519 secret. It signs device lists and proofs to the relay, nothing else.
///
/// ```
/// use waxwing_crypto::{AccountKey, AccountPublicKey};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// let key = AccountKey::generate(&mut rng);
/// let stored = key.to_bytes(); // wiped on drop
/// let again = AccountKey::from_bytes(stored.expose());
/// assert_eq!(AccountPublicKey::parse(again.public().to_bytes())?, key.public());
/// # Ok(())
/// # }
/// ```
pub struct AccountKey(SigningSecret);

impl AccountKey {
    /// Makes a new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::from_bytes(Secret::<32>::random(rng).expose())
    }

    /// Restores a key from its 32-byte seed.
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningSecret::from_bytes(seed))
    }

    /// Copies the seed out, to be stored.
    pub fn to_bytes(&self) -> Secret<32> {
        Secret::copy_of(self.0.0.as_bytes())
    }

    /// Returns the public half.
    pub fn public(&self) -> AccountPublicKey {
        AccountPublicKey(self.0.public())
    }

    /// Signs what a relay is to believe: plain Ed25519 over `Waxwing v1 relay proof` ‖ NUL ‖ statement, so that no proof is a
    /// signature of anything else.
    ///
    /// ```
    /// # use waxwing_crypto::AccountKey;
    /// # use ed25519_dalek::VerifyingKey;
    /// let key = AccountKey::from_bytes(&[1; 32]);
    /// let proof = key.sign_relay_proof(b"what it asked");
    /// let public = VerifyingKey::from_bytes(&key.public().to_bytes())?;
    /// public.verify_strict(b"Waxwing v1 relay proof\0what it asked", &proof.into())?;
    /// # Ok::<(), ed25519_dalek::SignatureError>(())
    /// ```
    pub fn sign_relay_proof(&self, statement: &[u8]) -> [u8; 64] {
        self.0.sign(SIGN_RELAY_PROOF, statement)
    }

    pub(crate) fn sign(&self, label: &[u8], message: &[u8]) -> [u8; 64] {
        self.0.sign(label, message)
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountKey(..)")
    }
}

/// The account's Ed25519 public key: what people compare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AccountPublicKey(SigningPublic);

impl AccountPublicKey {
    /// Parses a key.
    ///
    /// # Errors
    ///
    /// Refuses encodings that are not canonical and points of low order.
    pub fn parse(bytes: [u8; 32]) -> Result<Self, KeyError> {
        SigningPublic::parse(bytes).map(Self)
    }

    /// Returns the canonical encoding.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.0.to_bytes()
    }

    /// Says whether the account signed this statement as a proof to a relay: what a relay was shown and hands on.
    pub fn has_signed_relay_proof(&self, statement: &[u8], proof: &[u8; 64]) -> bool {
        self.verify(SIGN_RELAY_PROOF, statement, proof)
    }

    pub(crate) fn verify(&self, label: &[u8], message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify(label, message, signature)
    }
}

impl fmt::Debug for AccountPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        short(f, "AccountPublicKey", &self.to_bytes())
    }
}

/// The secrets of a device: an Ed25519 key that signs and an X25519 key that agrees, never one for both.
///
/// ```
/// use waxwing_crypto::{DevicePublic, DeviceSecrets, KeyError};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// let secrets = DeviceSecrets::generate(&mut rng);
/// let keys = DeviceSecrets::from_bytes(secrets.to_bytes().expose()).public();
/// assert_eq!(DevicePublic::parse(keys.signing_bytes(), keys.agreement_bytes()), Ok(keys));
/// assert_eq!(DevicePublic::parse(keys.signing_bytes(), [0; 32]), Err(KeyError::Weak));
/// ```
pub struct DeviceSecrets {
    signing: SigningSecret,
    agreement: AgreementSecret,
}

impl DeviceSecrets {
    /// Makes new secrets.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::from_bytes(Secret::<64>::random(rng).expose())
    }

    /// Restores secrets from their 64 bytes: signing seed, then agreement secret.
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        let (signing, agreement) = bytes.split_at(32);
        let signing: &[u8; 32] = signing.try_into().expect("half of 64");
        let agreement: &[u8; 32] = agreement.try_into().expect("half of 64");
        Self {
            signing: SigningSecret::from_bytes(signing),
            agreement: AgreementSecret::from_bytes(agreement),
        }
    }

    /// Copies the 64 bytes out, to be stored.
    pub fn to_bytes(&self) -> Secret<64> {
        Secret::filled(|bytes| {
            bytes[..32].copy_from_slice(self.signing.0.as_bytes());
            bytes[32..].copy_from_slice(self.agreement.expose());
        })
    }

    /// Returns the public halves.
    pub fn public(&self) -> DevicePublic {
        DevicePublic { signing: self.signing.public(), agreement: self.agreement.public() }
    }

    /// Signs what a relay is to believe: plain Ed25519 over `Waxwing v1 relay proof` ‖ NUL ‖ statement, so that no proof is a
    /// signature of anything else.
    ///
    /// ```
    /// # use waxwing_crypto::DeviceSecrets;
    /// # use ed25519_dalek::VerifyingKey;
    /// let secrets = DeviceSecrets::from_bytes(&[1; 64]);
    /// let proof = secrets.sign_relay_proof(b"what it asked");
    /// let public = VerifyingKey::from_bytes(&secrets.public().signing_bytes())?;
    /// public.verify_strict(b"Waxwing v1 relay proof\0what it asked", &proof.into())?;
    /// # Ok::<(), ed25519_dalek::SignatureError>(())
    /// ```
    pub fn sign_relay_proof(&self, statement: &[u8]) -> [u8; 64] {
        self.signing.sign(SIGN_RELAY_PROOF, statement)
    }

    pub(crate) fn sign(&self, label: &[u8], message: &[u8]) -> [u8; 64] {
        self.signing.sign(label, message)
    }

    pub(crate) fn agreement(&self) -> &AgreementSecret {
        &self.agreement
    }
}

impl fmt::Debug for DeviceSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceSecrets(..)")
    }
}

/// The public keys of a device, both checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DevicePublic {
    signing: SigningPublic,
    agreement: AgreementPublic,
}

impl DevicePublic {
    /// Parses both keys.
    ///
    /// # Errors
    ///
    /// Refuses encodings that are not canonical and points of low order, in either key.
    pub fn parse(signing: [u8; 32], agreement: [u8; 32]) -> Result<Self, KeyError> {
        Ok(Self { signing: SigningPublic::parse(signing)?, agreement: AgreementPublic::parse(agreement)? })
    }

    /// Returns the Ed25519 key.
    pub fn signing_bytes(&self) -> [u8; 32] {
        self.signing.0.to_bytes()
    }

    /// Returns the X25519 key.
    pub fn agreement_bytes(&self) -> [u8; 32] {
        self.agreement.to_bytes()
    }

    /// Whether any key stands in both.
    pub(crate) fn shares_a_key_with(&self, other: &Self) -> bool {
        self.signing == other.signing || self.agreement == other.agreement
    }

    pub(crate) fn verify(&self, label: &[u8], message: &[u8], signature: &[u8; 64]) -> bool {
        self.signing.verify(label, message, signature)
    }

    pub(crate) fn agreement(&self) -> &AgreementPublic {
        &self.agreement
    }
}

impl fmt::Debug for DevicePublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        short(f, "DevicePublic", &self.signing_bytes())
    }
}

/// The Ed25519 secret of one sender key. It signs group messages, nothing else.
pub(crate) struct SenderSecret(SigningSecret);

impl SenderSecret {
    pub(crate) fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::from_bytes(Secret::<32>::random(rng).expose())
    }

    pub(crate) fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningSecret::from_bytes(seed))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.0.as_bytes()
    }

    pub(crate) fn public(&self) -> SenderPublic {
        SenderPublic(self.0.public())
    }

    pub(crate) fn sign(&self, label: &[u8], message: &[u8]) -> [u8; 64] {
        self.0.sign(label, message)
    }
}

/// The Ed25519 public key of one sender key. `group/signature.rs` verifies with it, alone and in batches.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SenderPublic(SigningPublic);

impl SenderPublic {
    pub(crate) fn parse(bytes: [u8; 32]) -> Result<Self, KeyError> {
        SigningPublic::parse(bytes).map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        self.0.0.as_bytes()
    }

    pub(crate) fn point(&self) -> EdwardsPoint {
        self.0.0.to_edwards()
    }
}

/// Prints the first four bytes of a public key: enough to tell two apart.
fn short(f: &mut fmt::Formatter<'_>, name: &str, bytes: &[u8; 32]) -> fmt::Result {
    let [a, b, c, d, ..] = bytes;
    write!(f, "{name}({a:02x}{b:02x}{c:02x}{d:02x}..)")
}
