//! The safety number: what two people compare to know that nobody stands between them.
//!
//! Each account has a fingerprint, made slowly of its id and its key. Side by side they are 60 digits to read out, the same
//! on both screens, or bytes for one device to show and the other to scan.

use std::fmt;

use crate::{
    base32,
    bytes::Reader,
    kdf::{HASH_FINGERPRINT, hash_slowly},
    keys::Identity,
};

/// Length of what is shown to be scanned, in bytes.
pub const SCAN_BYTES: usize = MARK.len() + 1 + 2 * HALF_BYTES;

/// What a code begins with, so that other codes that people scan are not taken for it.
const MARK: &[u8; 4] = b"WXSN";
const FORMAT: u8 = 1;
/// Before the text of what is shown to be scanned.
const SCHEME: &str = "WAXWING-SAFETY:";
/// An account and its digest.
const HALF_BYTES: usize = 16 + 32;
/// How often a fingerprint is hashed, so that whoever searches for a key with a similar one works as often for each.
const ITERATIONS: u32 = 5_200;
/// Digits in a group, and the bytes of the fingerprint that they are made of.
const GROUP_DIGITS: usize = 5;
/// Groups of one account.
const GROUPS: usize = 6;

/// Holds what the two people of a conversation compare: on paper, by voice, or by scanning.
///
/// ```
/// use waxwing_crypto::*;
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// let alice = Identity { account: [1; 16], key: AccountKey::generate(&mut rng).public() };
/// let bob = Identity { account: [2; 16], key: AccountKey::generate(&mut rng).public() };
/// let (at_alice, at_bob) = (SafetyNumber::new(&alice, &bob), SafetyNumber::new(&bob, &alice));
///
/// // Read out: both see the same sixty digits, in twelve groups.
/// assert_eq!(at_alice.to_string(), at_bob.to_string());
/// assert_eq!(at_alice.digits().len(), 60);
/// // Or scanned.
/// assert_eq!(at_alice.compare(&at_bob.scannable()), Comparison::Match);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SafetyNumber {
    ours: Fingerprint,
    theirs: Fingerprint,
}

/// Says what scanned bytes are, beside our own. Only [`Match`](Self::Match) is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same two accounts with the same two keys: nobody stands between.
    Match,
    /// The same two accounts, and another key of at least one. Somebody may stand between, or one side has not seen yet that
    /// the other's key changed.
    Mismatch,
    /// The code is of another pair of accounts: of another conversation, or of another person.
    OtherPair,
    /// The code is of another version of the format. One side needs an update; nothing is said about the keys.
    OtherVersion,
    /// This is no code at all.
    Unreadable,
}

/// The fingerprint of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fingerprint {
    account: [u8; 16],
    digest: [u8; 32],
}

impl Fingerprint {
    fn new(of: &Identity) -> Self {
        let key = of.key.to_bytes();
        let digest = hash_slowly(HASH_FINGERPRINT, &[&of.account, &key], &key, ITERATIONS);
        Self { account: of.account, digest: *digest.first_chunk().expect("64 bytes have 32") }
    }

    /// Thirty digits.
    fn digits(&self) -> String {
        let groups = self.digest.as_chunks::<GROUP_DIGITS>().0.iter().take(GROUPS);
        groups
            .map(|group| {
                let [a, b, c, d, e] = *group;
                format!("{:05}", u64::from_be_bytes([0, 0, 0, a, b, c, d, e]) % 100_000)
            })
            .collect()
    }
}

impl SafetyNumber {
    /// Computes the number of us and them. It takes some 4 ms, on purpose.
    pub fn new(ours: &Identity, theirs: &Identity) -> Self {
        Self { ours: Fingerprint::new(ours), theirs: Fingerprint::new(theirs) }
    }

    /// Returns the sixty digits, the same on both sides.
    pub fn digits(&self) -> String {
        let mut halves = [self.ours.digits(), self.theirs.digits()];
        halves.sort();
        halves.concat()
    }

    /// Returns the bytes that we show, for them to scan.
    pub fn scannable(&self) -> [u8; SCAN_BYTES] {
        let mut bytes = [FORMAT; SCAN_BYTES];
        bytes[..MARK.len()].copy_from_slice(MARK);
        let halves = bytes[MARK.len() + 1..].chunks_exact_mut(HALF_BYTES);
        for (half, of) in halves.zip([&self.ours, &self.theirs]) {
            half[..16].copy_from_slice(&of.account);
            half[16..].copy_from_slice(&of.digest);
        }
        bytes
    }

    /// Returns the same as text: in capital letters and digits, so that a QR code holds it in its compact mode.
    pub fn scannable_text(&self) -> String {
        let bytes = self.scannable();
        let chars = (0..base32::chars_of(SCAN_BYTES)).map(|at| base32::char_of(base32::get(&bytes, at)));
        SCHEME.chars().chain(chars).collect()
    }

    /// Compares with the text that they show.
    pub fn compare_text(&self, text: &str) -> Comparison {
        let read = || {
            let text = text.trim().strip_prefix(SCHEME)?;
            let mut bytes = vec![0; text.len() * 5 / 8];
            for (at, char) in text.chars().enumerate() {
                base32::put(&mut bytes, at, base32::value_of(char)?)?;
            }
            Some(bytes)
        };
        read().map_or(Comparison::Unreadable, |bytes| self.compare(&bytes))
    }

    /// Compares with what they show.
    pub fn compare(&self, scanned: &[u8]) -> Comparison {
        let Some((format, halves)) = scanned.strip_prefix(MARK).and_then(<[u8]>::split_first) else {
            return Comparison::Unreadable;
        };
        if *format != FORMAT {
            return Comparison::OtherVersion;
        }
        // They show themselves first.
        let Some(shown) = Self::parse(halves).map(|shown| [shown.ours, shown.theirs]) else {
            return Comparison::Unreadable;
        };
        let expected = [self.theirs, self.ours];
        if shown.map(|of| of.account) != expected.map(|of| of.account) {
            Comparison::OtherPair
        } else if shown == expected {
            Comparison::Match
        } else {
            Comparison::Mismatch
        }
    }

    fn parse(halves: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(halves);
        let mut half = || Some(Fingerprint { account: *reader.array()?, digest: *reader.array()? });
        let shown = Self { ours: half()?, theirs: half()? };
        reader.end().map(|()| shown)
    }
}

impl fmt::Display for SafetyNumber {
    /// Writes the digits in twelve groups of five; with `{:#}` in three lines of four groups.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        for (at, digit) in digits.char_indices() {
            if at > 0 && at % (4 * GROUP_DIGITS) == 0 && f.alternate() {
                f.write_str("\n")?;
            } else if at > 0 && at % GROUP_DIGITS == 0 {
                f.write_str(" ")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}
