//! What both sides compute out of what they have seen.

use std::fmt;

use subtle::ConstantTimeEq;

use super::{channel::Channel, invitation::Invitation};
use crate::{
    kdf::{
        DERIVE_LINK, DERIVE_LINK_AGAIN, HASH_LINK_CODE, HASH_LINK_COMMITMENT, HASH_LINK_KEM_KEY,
        HASH_LINK_TRANSCRIPT, derive, hash,
    },
    message::SUITE,
    secret::Secret,
};

/// Codes that there are.
const CODES: u64 = 1_000_000;

/// What the answering side commits to, and reveals once the other's nonce came.
pub(super) struct Revealed<'a> {
    pub(super) agreement: &'a [u8; 32],
    pub(super) nonce: &'a [u8; 32],
    pub(super) ciphertext: &'a [u8],
}

/// Names a KEM key in an invitation.
pub(super) fn kem_hash(public: &[u8]) -> [u8; 32] {
    hash(HASH_LINK_KEM_KEY, &[public])
}

/// Commits to everything that the answering side brings, for this invitation.
pub(super) fn commitment(invitation: &Invitation, revealed: &Revealed<'_>) -> [u8; 32] {
    let Revealed { agreement, nonce, ciphertext } = revealed;
    hash(HASH_LINK_COMMITMENT, &[&invitation.to_bytes(), *agreement, *nonce, ciphertext])
}

/// Hashes everything that both sides have seen.
pub(super) fn transcript(invitation: &Invitation, revealed: &Revealed<'_>, nonce: &[u8; 32]) -> [u8; 32] {
    let Revealed { agreement, nonce: theirs, ciphertext } = revealed;
    hash(HASH_LINK_TRANSCRIPT, &[&[SUITE], &invitation.to_bytes(), *agreement, *theirs, ciphertext, nonce])
}

/// Which side of the channel we are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    New,
    Account,
}

/// Derives the two chains of the channel from what was agreed, classically and by the KEM.
pub(super) fn channel(
    side: Side,
    agreed: &Secret<32>,
    shared: &Secret<32>,
    transcript: &[u8; 32],
) -> Channel {
    let input = Secret::<64>::filled(|bytes| {
        bytes[..32].copy_from_slice(agreed.expose());
        bytes[32..].copy_from_slice(shared.expose());
    });
    sides(side, &derive(&[0; 32], input.expose(), &[DERIVE_LINK, transcript]))
}

/// Derives the two chains of a channel from a secret that both sides have.
pub(super) fn channel_again(side: Side, secret: &[u8; 32]) -> Channel {
    sides(side, &derive(&[0; 32], secret, &[DERIVE_LINK_AGAIN]))
}

fn sides(side: Side, chains: &Secret<64>) -> Channel {
    let (to_new, to_account) = chains.expose().split_at(32);
    let chain = |bytes: &[u8]| Secret::<32>::filled(|place| place.copy_from_slice(bytes));
    match side {
        Side::New => Channel::new(chain(to_account), chain(to_new)),
        Side::Account => Channel::new(chain(to_new), chain(to_account)),
    }
}

/// Six digits that a person compares on two devices. They are no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortCode(u32);

impl ShortCode {
    pub(super) fn of(transcript: &[u8; 32]) -> Self {
        let digest = hash(HASH_LINK_CODE, &[transcript]);
        let number = u64::from_be_bytes(*digest.first_chunk().expect("8 of 32"));
        Self(u32::try_from(number % CODES).expect("below a million"))
    }

    /// Whether somebody typed, or picked, this code.
    pub(super) fn is(self, seen: &str) -> bool {
        let mut digits = [0; 6];
        let mut chars = seen.chars().filter(|char| !char.is_whitespace());
        for digit in &mut digits {
            match chars.next().and_then(|char| u8::try_from(char).ok()) {
                Some(char) => *digit = char,
                None => return false,
            }
        }
        chars.next().is_none() && bool::from(digits.ct_eq(&self.digits()))
    }

    fn digits(self) -> [u8; 6] {
        let mut rest = self.0;
        let mut digits = [0; 6];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        digits
    }
}

/// Two groups of three digits.
impl fmt::Display for ShortCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03} {:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// Says that the codes differ: somebody stands in the middle, or the wrong device was scanned. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeDiffers;

impl fmt::Display for CodeDiffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the codes of the two devices differ")
    }
}

impl std::error::Error for CodeDiffers {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_what_it_shows_and_nothing_else() {
        let code = ShortCode(42_007);
        assert_eq!(code.to_string(), "042 007");
        assert!(code.is("042 007") && code.is(" 042007\n"));
        for wrong in ["42007", "042 008", "0420070", "", "O42 007", "042-007", "🦜🦜🦜🦜🦜🦜"] {
            assert!(!code.is(wrong), "{wrong}");
        }
    }

    #[test]
    fn codes_are_spread_evenly() {
        let mut tens = [0; 10];
        for number in 0..10_000u32 {
            let mut transcript = [0; 32];
            transcript[..4].copy_from_slice(&number.to_be_bytes());
            tens[(ShortCode::of(&transcript).0 / 100_000) as usize] += 1;
        }
        assert!(tens.iter().all(|count| (850..1150).contains(count)), "{tens:?}");
    }
}
