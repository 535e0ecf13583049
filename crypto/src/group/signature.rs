//! Ed25519 of group messages, verified so that one by one and in batches agree (RFC 8032 §5.1.7).
//!
//! RFC 8032 gives the equation `[8][S]B = [8]R + [8][k]A`, and allows the one without the eights. The two differ only on
//! signatures that the holder of the key has mixed with points of low order. A batch can check only the first, since random
//! weights may cancel such points; so the first is what counts here, alone too. All else is strict: `S` is canonical, `R` and
//! `A` are canonical and not of low order. Whatever a strict verifier accepts is accepted here.

use curve25519_dalek::{
    EdwardsPoint, Scalar,
    constants::ED25519_BASEPOINT_POINT,
    edwards::CompressedEdwardsY,
    traits::{IsIdentity, VartimeMultiscalarMul},
};
use sha2::{Digest, Sha512};

use crate::{
    kdf::{HASH_SIGNATURE_BATCH, hash},
    keys::SenderPublic,
};

/// Says that this key has signed `label ‖ message`.
#[derive(Clone, Copy)]
pub(crate) struct Claim<'a> {
    pub(crate) key: &'a SenderPublic,
    pub(crate) label: &'a [u8],
    pub(crate) message: &'a [u8],
    pub(crate) signature: &'a [u8; 64],
}

/// `[s]B = R + [k]A`, not yet checked.
struct Equation<'a> {
    s: Scalar,
    r: EdwardsPoint,
    k: Scalar,
    key: &'a SenderPublic,
}

impl<'a> Equation<'a> {
    fn of(claim: &Claim<'a>) -> Option<Self> {
        let (r, s) = claim.signature.split_first_chunk::<32>()?;
        let s = Option::from(Scalar::from_canonical_bytes(*s.first_chunk()?))?;
        let r = decompress(r)?;
        let k = Sha512::new()
            .chain_update(&claim.signature[..32])
            .chain_update(claim.key.as_bytes())
            .chain_update(claim.label)
            .chain_update(claim.message);
        let k = Scalar::from_bytes_mod_order_wide(&k.finalize().into());
        Some(Self { s, r, k, key: claim.key })
    }

    fn holds(&self) -> bool {
        let a = self.key.point();
        let r = EdwardsPoint::vartime_double_scalar_mul_basepoint(&-self.k, &a, &self.s);
        (r - self.r).mul_by_cofactor().is_identity()
    }
}

/// Accepts the canonical encoding of a point that is not of low order.
fn decompress(bytes: &[u8; 32]) -> Option<EdwardsPoint> {
    // y < 2^255 - 19. The other way to encode a point twice is a sign without an x, which only points of low order have.
    let mut y = *bytes;
    y[31] &= 0x7f;
    let all_ones = y[1..31].iter().all(|byte| *byte == 0xff) && y[31] == 0x7f;
    if (all_ones && y[0] >= 0xed) || LOW_ORDER.contains(&y) {
        return None;
    }
    CompressedEdwardsY(*bytes).decompress()
}

/// The y-coordinates of the eight points of low order.
const LOW_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    {
        let mut minus_one = [0xff; 32];
        minus_one[0] = 0xec;
        minus_one[31] = 0x7f;
        minus_one
    },
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// Verifies one claim.
pub(crate) fn holds(claim: &Claim<'_>) -> bool {
    Equation::of(claim).is_some_and(|equation| equation.holds())
}

/// Verifies claims together, and one by one when together they do not hold: the result is that of [`holds`] for each.
///
/// The caller bounds how many there are.
pub(crate) fn hold(claims: &[Claim<'_>]) -> Vec<bool> {
    let equations: Vec<Option<Equation<'_>>> = claims.iter().map(Equation::of).collect();
    let whole: Vec<&Equation<'_>> = equations.iter().flatten().collect();
    if all_hold(&whole, &seed(claims)) {
        return equations.iter().map(Option::is_some).collect();
    }
    equations.iter().map(|equation| equation.as_ref().is_some_and(Equation::holds)).collect()
}

/// Checks that a sum of the equations holds in which each has a weight that nobody could know when they were made.
fn all_hold(equations: &[&Equation<'_>], seed: &[u8; 32]) -> bool {
    let mut base = Scalar::ZERO;
    let (mut scalars, mut points) = (Vec::new(), Vec::new());
    // Messages of one sender share a point.
    let mut keys: Vec<(&SenderPublic, Scalar)> = Vec::new();
    for (index, equation) in equations.iter().enumerate() {
        let weight = weight(seed, index);
        base += weight * equation.s;
        scalars.push(weight);
        points.push(equation.r);
        match keys.iter_mut().find(|(key, _)| key.as_bytes() == equation.key.as_bytes()) {
            Some((_, sum)) => *sum += weight * equation.k,
            None => keys.push((equation.key, weight * equation.k)),
        }
    }
    for (key, sum) in keys {
        scalars.push(sum);
        points.push(key.point());
    }
    scalars.push(-base);
    points.push(ED25519_BASEPOINT_POINT);
    EdwardsPoint::vartime_multiscalar_mul(scalars, points).mul_by_cofactor().is_identity()
}

/// Hashes all that the claims consist of. No randomness is needed: whoever makes a signature fixes the weights with it.
fn seed(claims: &[Claim<'_>]) -> [u8; 32] {
    let mut bytes = Vec::new();
    for claim in claims {
        bytes.extend_from_slice(claim.key.as_bytes());
        bytes.extend_from_slice(claim.signature);
        bytes.extend_from_slice(claim.label);
        bytes.extend_from_slice(&(claim.message.len() as u64).to_be_bytes());
        bytes.extend_from_slice(claim.message);
    }
    hash(HASH_SIGNATURE_BATCH, &[&bytes])
}

/// A weight of 128 bits: a batch with a false claim passes with a chance of 2^-128.
fn weight(seed: &[u8; 32], index: usize) -> Scalar {
    let hash = hash(HASH_SIGNATURE_BATCH, &[seed, &(index as u64).to_be_bytes()]);
    let half: [u8; 16] = *hash.first_chunk().expect("16 of 32");
    Scalar::from(u128::from_le_bytes(half))
}

#[cfg(test)]
mod tests {
    use curve25519_dalek::constants::EIGHT_TORSION;
    use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

    use super::*;

    const LABEL: &[u8] = b"label\0";

    /// A key pair, the public half moved by a point of low order.
    struct Signing {
        secret: Scalar,
        public: [u8; 32],
        key: SenderPublic,
    }

    impl Signing {
        fn new(seed: u8, torsion: EdwardsPoint) -> Self {
            let secret = SigningKey::from_bytes(&[seed; 32]).to_scalar();
            let public = (EdwardsPoint::mul_base(&secret) + torsion).compress().to_bytes();
            Self { secret, public, key: SenderPublic::parse(public).unwrap() }
        }

        /// Signs as only the holder of the key can: with `R` moved by a point of low order.
        fn sign(&self, message: &[u8], torsion: EdwardsPoint) -> [u8; 64] {
            let nonce = Scalar::from(77_u64 + u64::from(message[0]));
            let r = (EdwardsPoint::mul_base(&nonce) + torsion).compress().to_bytes();
            let k = Sha512::new().chain_update(r).chain_update(self.public);
            let k = k.chain_update(LABEL).chain_update(message).finalize();
            let s = nonce + Scalar::from_bytes_mod_order_wide(&k.into()) * self.secret;
            [r, s.to_bytes()].concat().try_into().unwrap()
        }

        fn claim<'a>(&'a self, message: &'a [u8], signature: &'a [u8; 64]) -> Claim<'a> {
            Claim { key: &self.key, label: LABEL, message, signature }
        }
    }

    #[test]
    fn points_of_low_order_mixed_in_by_the_signer_hold_alone_and_in_every_batch() {
        let plain = Signing::new(1, EIGHT_TORSION[0]);
        let messages: Vec<[u8; 1]> = (0..24).map(|number| [number]).collect();
        let mixed: Vec<(Signing, [u8; 64])> = messages
            .iter()
            .zip(0..)
            .map(|(message, at)| {
                let signing = Signing::new(2, EIGHT_TORSION[at % 8]);
                let signature = signing.sign(message, EIGHT_TORSION[(at / 8 * 3 + 1) % 8]);
                (signing, signature)
            })
            .collect();
        let good = plain.sign(b"plain", EIGHT_TORSION[0]);
        let mut strict = 0;
        for ((signing, signature), message) in mixed.iter().zip(&messages) {
            let claim = signing.claim(message, signature);
            assert!(holds(&claim));
            assert_eq!(hold(&[claim, plain.claim(b"plain", &good), claim]), [true; 3]);
            let key = VerifyingKey::from_bytes(&signing.public).unwrap();
            let whole = [LABEL, message].concat();
            strict += usize::from(key.verify_strict(&whole, &signature.into()).is_ok());
        }
        assert!(strict < 24, "some of them a strict verifier refuses: else this test shows nothing");
        let all: Vec<Claim<'_>> =
            mixed.iter().zip(&messages).map(|((signing, bytes), text)| signing.claim(text, bytes)).collect();
        assert_eq!(hold(&all), [true; 24]);
    }

    #[test]
    fn what_is_not_strict_otherwise_is_refused() {
        let signing = Signing::new(3, EIGHT_TORSION[0]);
        let good = signing.sign(b"text", EIGHT_TORSION[0]);
        assert!(holds(&signing.claim(b"text", &good)));
        assert!(!holds(&signing.claim(b"test", &good)));
        // S + L, which is the same scalar.
        let order =
            [0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14];
        let mut long = good;
        let mut carry = 0;
        for (at, byte) in long[32..].iter_mut().enumerate() {
            let sum = u16::from(*byte) + carry + order.get(at).map_or(0, |byte: &u8| u16::from(*byte));
            let sum = if at == 31 { sum + 0x10 } else { sum };
            (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
        }
        assert!(!holds(&signing.claim(b"text", &long)));
        // R of low order, in either encoding: with r = 0 the equation holds.
        let mut second = [0xff; 32];
        (second[0], second[31]) = (0xee, 0x7f);
        for r in [EIGHT_TORSION[0].compress().to_bytes(), EIGHT_TORSION[1].compress().to_bytes(), second] {
            let k = Sha512::new().chain_update(r).chain_update(signing.public);
            let k = k.chain_update(LABEL).chain_update(b"text").finalize();
            let s = Scalar::from_bytes_mod_order_wide(&k.into()) * signing.secret;
            let signature: [u8; 64] = [r, s.to_bytes()].concat().try_into().unwrap();
            let claim = signing.claim(b"text", &signature);
            assert!(!holds(&claim) && hold(&[claim, claim]) == [false; 2]);
        }
    }

    #[test]
    fn the_points_of_low_order_are_those_that_are_refused() {
        for point in EIGHT_TORSION {
            assert!(point.is_small_order() && decompress(&point.compress().to_bytes()).is_none());
        }
        let ys: std::collections::BTreeSet<[u8; 32]> = EIGHT_TORSION
            .map(|point| {
                let mut y = point.compress().to_bytes();
                y[31] &= 0x7f;
                y
            })
            .into();
        assert_eq!(ys, LOW_ORDER.into());
        let good = ED25519_BASEPOINT_POINT.compress().to_bytes();
        assert_eq!(decompress(&good), Some(ED25519_BASEPOINT_POINT));
    }

    /// Two false signatures whose errors cancel in the sum, for whoever knows the weights beforehand.
    #[test]
    fn errors_cannot_be_made_to_cancel() {
        let signing = Signing::new(4, EIGHT_TORSION[0]);
        let messages = [[1], [2]];
        let good = messages.map(|message| signing.sign(&message, EIGHT_TORSION[0]));
        let claims = [signing.claim(&messages[0], &good[0]), signing.claim(&messages[1], &good[1])];
        let guesses = [
            [Scalar::ONE; 2],
            [weight(&seed(&claims), 0), weight(&seed(&claims), 1)],
            [weight(&[0; 32], 0), weight(&[0; 32], 1)],
        ];
        let bend = |signature: &[u8; 64], by: Scalar| {
            let s = Scalar::from_bytes_mod_order(*signature.last_chunk().unwrap()) + by;
            let mut bent = *signature;
            bent[32..].copy_from_slice(s.as_bytes());
            bent
        };
        for [first, second] in guesses {
            let bent = [bend(&good[0], second), bend(&good[1], -first)];
            let claims = [signing.claim(&messages[0], &bent[0]), signing.claim(&messages[1], &bent[1])];
            assert_eq!(hold(&claims), [false; 2]);
        }
    }

    #[test]
    fn weights_depend_on_all_of_the_batch_and_on_the_place() {
        let (one, other) = (Signing::new(5, EIGHT_TORSION[0]), Signing::new(6, EIGHT_TORSION[0]));
        let (signature, other_signature) = ([1; 64], [2; 64]);
        let claim = one.claim(b"text", &signature);
        let changed = [
            other.claim(b"text", &signature),
            one.claim(b"test", &signature),
            one.claim(b"text", &other_signature),
            Claim { label: b"another\0", ..claim },
        ];
        let first = seed(&[claim, claim]);
        assert!(changed.iter().all(|changed| seed(&[claim, *changed]) != first));
        assert_ne!(seed(&[claim]), first);
        assert_ne!(weight(&first, 0), weight(&first, 1));
        assert_ne!(weight(&first, 0), weight(&seed(&[claim]), 0));
        assert!(
            weight(&first, 0).as_bytes()[16..] == [0; 16] && weight(&first, 0).as_bytes()[..16] != [0; 16]
        );
    }

    #[test]
    fn a_false_one_at_any_place_is_found_and_costs_no_other() {
        let keys: Vec<SigningKey> = (1..5).map(|seed| SigningKey::from_bytes(&[seed; 32])).collect();
        let messages: Vec<[u8; 1]> = (0..9).map(|number| [number]).collect();
        let signatures: Vec<[u8; 64]> = messages
            .iter()
            .zip(keys.iter().cycle())
            .map(|(message, key)| key.sign(&[LABEL, message].concat()).to_bytes())
            .collect();
        let parse = |key: &SigningKey| SenderPublic::parse(key.verifying_key().to_bytes()).unwrap();
        let public: Vec<SenderPublic> = keys.iter().map(parse).collect();
        for bad in 0..9 {
            for (byte, bit) in [(0, 1), (31, 0x80), (32, 1), (63, 0x20)] {
                let mut changed = signatures.clone();
                changed[bad][byte] ^= bit;
                let claims: Vec<Claim<'_>> = (0..9)
                    .map(|at| {
                        let (key, message, signature) = (&public[at % 4], &messages[at], &changed[at]);
                        Claim { key, label: LABEL, message, signature }
                    })
                    .collect();
                let expected: Vec<bool> = (0..9).map(|at| at != bad).collect();
                assert_eq!(hold(&claims), expected);
                assert_eq!(claims.iter().map(holds).collect::<Vec<bool>>(), expected);
            }
        }
        assert!(hold(&[]).is_empty());
    }

    #[test]
    fn good_ones_hold_together_and_are_not_looked_at_again() {
        let (one, other) = (Signing::new(7, EIGHT_TORSION[0]), Signing::new(8, EIGHT_TORSION[0]));
        let messages: Vec<[u8; 1]> = (0..6).map(|number| [number]).collect();
        let signing = |at: usize| if at.is_multiple_of(3) { &one } else { &other };
        let signatures: Vec<[u8; 64]> = messages
            .iter()
            .enumerate()
            .map(|(at, message)| signing(at).sign(message, EIGHT_TORSION[0]))
            .collect();
        let claim = |at: usize| signing(at).claim(&messages[at], &signatures[at]);
        let claims: Vec<Claim<'_>> = (0..6).map(claim).collect();
        let equations: Vec<Equation<'_>> = claims.iter().map(|claim| Equation::of(claim).unwrap()).collect();
        assert!(all_hold(&equations.iter().collect::<Vec<_>>(), &seed(&claims)));
        let wrong = Equation { key: &other.key, ..Equation::of(&claims[0]).unwrap() };
        assert!(!all_hold(&[&equations[1], &wrong], &seed(&claims)));
    }
}
