//! The primitives that a session cannot do without, and nothing around them: no parsing, no copies, no wiping.

use std::hint::black_box;

use aes_gcm::{AeadInOut, Aes256Gcm, Key, KeyInit, Nonce, Tag};
use curve25519_dalek::{EdwardsPoint, Scalar, montgomery::MontgomeryPoint, traits::VartimeMultiscalarMul};
use ed25519_dalek::{Signature, Signer, SigningKey};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use libcrux_ml_kem::mlkem1024::{self, MlKem1024Ciphertext, MlKem1024KeyPair};
use sha2::{Digest, Sha256, Sha512};
use x25519_dalek::{PublicKey, StaticSecret};

use crate::PLAINTEXT_BYTES;

/// What precedes the body of a message and is bound to it, in bytes.
const BOUND_BYTES: usize = 16 + 78 + 32;
/// What is bound to the body of a group message, in bytes.
const GROUP_BOUND_BYTES: usize = 32 + 39 + 32;
/// What is hashed with the body of a group message, in bytes.
const GROUP_DIGESTED_BYTES: usize = 32 + 32 + 8 + 32 + 39 + 32 + 16;
/// A sealed header without its tag, in bytes.
const HEADER_BYTES: usize = 41;
/// What precedes the header and is bound to it, in bytes.
const CLEAR_BYTES: usize = 21;
/// What a bundle's signature is over, in bytes.
const BUNDLE_BYTES: usize = 1_800;
/// The transcript of a handshake and what names it, in bytes.
const HANDSHAKE_BYTES: usize = 3_500 + 1_650;

/// Keys and buffers for the primitives.
pub(crate) struct Primitives {
    chain: [u8; 32],
    header: Aes256Gcm,
    buffer: Vec<u8>,
    secret: StaticSecret,
    theirs: MontgomeryPoint,
    signing: SigningKey,
    signature: Signature,
    kem: MlKem1024KeyPair,
    ciphertext: MlKem1024Ciphertext,
}

impl Primitives {
    pub(crate) fn new() -> Primitives {
        let kem = mlkem1024::generate_key_pair([3; 64]);
        let (ciphertext, _) = mlkem1024::encapsulate(kem.public_key(), [4; 32]);
        let signing = SigningKey::from_bytes(&[5; 32]);
        Primitives {
            chain: [1; 32],
            header: cipher(&[2; 32]),
            buffer: vec![7; PLAINTEXT_BYTES],
            secret: StaticSecret::from([8; 32]),
            theirs: MontgomeryPoint(PublicKey::from(&StaticSecret::from([9; 32])).to_bytes()),
            signature: signing.sign(&[6; BUNDLE_BYTES]),
            signing,
            kem,
            ciphertext,
        }
    }

    /// Two HMACs, one derivation, one AES-GCM under a new key, one under the header's.
    pub(crate) fn encrypt(&mut self) {
        let keys = self.message_keys();
        let body = cipher(keys[..32].try_into().expect("32 of 76"));
        let nonce = keys[32..44].try_into().expect("12 of 76");
        black_box(seal(&body, &nonce, &[0; BOUND_BYTES], &mut self.buffer));
        self.seal_header();
    }

    /// The same the other way.
    pub(crate) fn decrypt(&mut self) {
        let keys = self.message_keys();
        let body = cipher(keys[..32].try_into().expect("32 of 76"));
        let nonce: [u8; 12] = keys[32..44].try_into().expect("12 of 76");
        self.open_header();
        let mut buffer = std::mem::take(&mut self.buffer);
        open(&body, &nonce, &[0; BOUND_BYTES], &mut buffer);
        self.buffer = buffer;
    }

    /// A message with its turn on both sides: a key pair, two agreements, two root steps.
    pub(crate) fn ping_pong(&mut self) {
        self.key_pair();
        for _ in 0..2 {
            self.agree();
            self.root_step();
        }
        self.open_header(); // under the key of the chain that is over
        self.encrypt();
        self.decrypt();
    }

    /// A signature checked, an encapsulation, five agreements, two key pairs, and the first message.
    pub(crate) fn session_out(&mut self) {
        let verified = self.signing.verifying_key().verify_strict(&[6; BUNDLE_BYTES], &self.signature);
        black_box(verified.is_ok());
        black_box(mlkem1024::validate_public_key(self.kem.public_key()));
        black_box(mlkem1024::encapsulate(self.kem.public_key(), [4; 32]));
        self.key_pair();
        self.handshake();
        self.key_pair();
        self.agree();
        self.root_step();
        self.encrypt();
    }

    /// A KEM key pair from its seed, a decapsulation, five agreements, and the first message.
    pub(crate) fn session_in(&mut self) {
        let kem = mlkem1024::generate_key_pair(black_box([3; 64]));
        black_box(mlkem1024::decapsulate(kem.private_key(), &self.ciphertext));
        self.handshake();
        self.agree();
        self.root_step();
        self.decrypt();
    }

    /// The chain steps of a jump, and the message at its end.
    pub(crate) fn jump(&mut self, steps: u32) {
        for _ in 0..steps {
            self.chain_step();
        }
        self.decrypt();
    }

    /// Two HMACs, one derivation, one AES-GCM under a new key, one hash of it all, one signature.
    pub(crate) fn group_encrypt(&mut self) {
        let digest = self.group_body();
        black_box(self.signing.sign(&digest));
    }

    /// The same the other way, with the signature checked strictly.
    pub(crate) fn group_decrypt(&mut self) {
        let digest = self.group_body();
        let verified = self.signing.verifying_key().verify_strict(&digest, &self.signature);
        black_box(verified.is_ok());
    }

    /// The same for messages of some senders, with one sum over all signatures in which each sender's key stands once.
    pub(crate) fn group_backlog(&mut self, count: usize, senders: usize) {
        let point = self.signing.verifying_key().to_edwards();
        let encoded = black_box(point.compress());
        let mut scalars = vec![Scalar::from_bytes_mod_order(self.chain); senders + 1];
        let mut points = vec![point; senders + 1];
        for at in 0..count {
            let digest = self.group_body();
            let hash = Sha512::new().chain_update([0; 89]).chain_update(digest).finalize();
            let k = Scalar::from_bytes_mod_order_wide(&hash.into());
            let weight = Scalar::from(u128::from_le_bytes(digest[..16].try_into().expect("16 of 32")));
            scalars[at % senders] += weight * k;
            scalars.push(weight);
            points.push(encoded.decompress().expect("a point"));
        }
        black_box(EdwardsPoint::vartime_multiscalar_mul(scalars, points));
    }

    fn group_body(&mut self) -> [u8; 32] {
        let keys = self.message_keys();
        let body = cipher(keys[..32].try_into().expect("32 of 76"));
        let nonce = keys[32..44].try_into().expect("12 of 76");
        black_box(seal(&body, &nonce, &[0; GROUP_BOUND_BYTES], &mut self.buffer));
        Sha256::new().chain_update([0; GROUP_DIGESTED_BYTES]).chain_update(&self.buffer).finalize().into()
    }

    fn chain_step(&mut self) -> [u8; 32] {
        let keyed = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.chain).expect("any length");
        let message = keyed.clone().chain_update([1]).finalize().into_bytes();
        self.chain = keyed.chain_update([2]).finalize().into_bytes().into();
        message.into()
    }

    fn message_keys(&mut self) -> [u8; 76] {
        let key = self.chain_step();
        derive(&[0; 16], &key)
    }

    fn seal_header(&self) {
        let mut header = [0; HEADER_BYTES];
        black_box(seal(&self.header, &[0; 12], &[0; CLEAR_BYTES], &mut header));
    }

    fn open_header(&self) {
        open(&self.header, &[0; 12], &[0; CLEAR_BYTES], &mut [0; HEADER_BYTES]);
    }

    fn key_pair(&self) {
        black_box(PublicKey::from(black_box(&self.secret)));
    }

    /// X25519 in the form that is quickest here.
    fn agree(&self) {
        let theirs = black_box(self.theirs);
        let edwards = if cfg!(target_arch = "x86_64") { theirs.to_edwards(0) } else { None };
        black_box(match edwards {
            Some(point) => point.mul_clamped(self.secret.to_bytes()).to_montgomery(),
            None => theirs.mul_clamped(self.secret.to_bytes()),
        });
    }

    /// A derivation, and the header key that comes of it made ready.
    fn root_step(&self) {
        let derived: [u8; 96] = derive(&self.chain, &self.chain);
        black_box(cipher(derived[64..].try_into().expect("32 of 96")));
    }

    /// Four agreements into the first keys.
    fn handshake(&self) {
        for _ in 0..4 {
            self.agree();
        }
        black_box(Sha256::digest([0; HANDSHAKE_BYTES]));
        self.root_step();
        black_box(cipher(&self.chain));
    }
}

fn derive<const N: usize>(salt: &[u8], input: &[u8]) -> [u8; N] {
    let mut derived = [0; N];
    let hkdf = Hkdf::<Sha256>::new(Some(salt), input);
    hkdf.expand(b"Waxwing v1 message\0", &mut derived).expect("far below 255 blocks");
    black_box(derived)
}

fn cipher(key: &[u8; 32]) -> Aes256Gcm {
    Aes256Gcm::new(<&Key<Aes256Gcm>>::from(key))
}

fn seal(cipher: &Aes256Gcm, nonce: &[u8; 12], bound: &[u8], buffer: &mut [u8]) -> Tag {
    let sealed = cipher.encrypt_inout_detached(<&Nonce<_>>::from(nonce), bound, buffer.into());
    sealed.expect("far below 64 GiB")
}

/// Opening does the work of sealing and compares a tag; sealing serves, since it needs no valid input.
fn open(cipher: &Aes256Gcm, nonce: &[u8; 12], bound: &[u8], buffer: &mut [u8]) {
    black_box(seal(cipher, nonce, bound, buffer));
}
