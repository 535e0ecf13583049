//! A key on paper: 256 bits as 13 groups of five characters, each group with its own check.
//!
//! ```text
//!   13 times: four characters of five bits | check character          52 × 5 bits: key 256 | overall check 4
//! ```
//!
//! The check of group `g` (from 1) is `g + d0·x + d1·x² + d2·x³ + d3·x⁴` in GF(32), modulo `x⁵ + x² + 1`. A wrong character, and
//! two characters of a group exchanged, are always found, and so are two groups exchanged; and the group is named.

use std::{fmt, str::FromStr};

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    base32,
    kdf::{HASH_PRINTED_KEY, hash},
    secret::Secret,
};

const GROUPS: usize = 13;
const DATA_CHARS: usize = 4;
const GROUP_CHARS: usize = DATA_CHARS + 1;
/// Key, and a byte whose upper half is the overall check.
const BYTES: usize = 33;

/// Says what is wrong with a key that was typed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrintedKeyError {
    /// The first group that is not as printed. A character that is missing shows in its own group, too.
    Group {
        /// Its number, from 1.
        number: usize,
    },
    /// All groups are good so far, and there are too few.
    TooShort {
        /// How many groups are whole.
        groups: usize,
    },
    /// There are more characters than a key has.
    TooLong,
    /// Each group is good, and they do not belong together.
    Mixed,
}

impl fmt::Display for PrintedKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group { number } => write!(f, "group {number} of the key is not as printed"),
            Self::TooShort { groups } => write!(f, "the key ends after group {groups} of {GROUPS}"),
            Self::TooLong => write!(f, "the key has more than {GROUPS} groups"),
            Self::Mixed => f.write_str("the groups of the key do not belong together"),
        }
    }
}

impl std::error::Error for PrintedKeyError {}

/// 256 bits that a person keeps on paper.
pub struct PrintedKey(Secret<32>);

impl PrintedKey {
    /// Makes a key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    /// Takes the bytes of a key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Secret::copy_of(bytes))
    }

    /// Shows the bytes.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// Writes the key as it is printed: 13 groups of five letters and digits, with `-` between. It is the key itself: show it, never
    /// log it.
    ///
    /// ```
    /// use waxwing_crypto::backup::{PrintedKey, PrintedKeyError};
    /// let text = PrintedKey::from_bytes(&[7; 32]).to_text();
    /// assert_eq!(text.parse::<PrintedKey>()?.expose(), &[7; 32]);
    /// assert_eq!(&text[..17], "0W3GB-E1R7V-0W3G9");
    /// let mistyped = text.replacen("E1R7V", "E1R8V", 1);
    /// assert_eq!(mistyped.parse::<PrintedKey>().unwrap_err(), PrintedKeyError::Group { number: 2 });
    /// # Ok::<(), PrintedKeyError>(())
    /// ```
    pub fn to_text(&self) -> Zeroizing<String> {
        let bytes = with_check(&self.0);
        // Enough from the start: a string that grows would leave the key behind.
        let mut text = Zeroizing::new(String::with_capacity(GROUPS * (GROUP_CHARS + 1)));
        for group in 0..GROUPS {
            if group > 0 {
                text.push('-');
            }
            let data: [u8; DATA_CHARS] =
                std::array::from_fn(|index| base32::get(bytes.expose(), group * DATA_CHARS + index));
            data.iter().for_each(|value| text.push(base32::char_of(*value)));
            text.push(base32::char_of(check(group, &data)));
        }
        text
    }
}

/// Reads what a person typed: in any case, with any spaces and dashes, `O` for 0, `I` and `L` for 1.
impl FromStr for PrintedKey {
    type Err = PrintedKeyError;

    fn from_str(text: &str) -> Result<Self, PrintedKeyError> {
        let mut chars = text.chars().filter(|char| *char != '-' && !char.is_whitespace());
        let mut values = Zeroizing::new([0; GROUPS * DATA_CHARS]);
        for (group, data) in values.as_chunks_mut::<DATA_CHARS>().0.iter_mut().enumerate() {
            *data = read_group(group, &mut chars)?;
        }
        if chars.next().is_some() {
            return Err(PrintedKeyError::TooLong);
        }
        let bytes = Secret::<BYTES>::filled(|bytes| {
            for (index, value) in values.iter().enumerate() {
                base32::put(bytes, index, *value).expect("260 bits in 264");
            }
        });
        let key = Secret::copy_of(bytes.expose().first_chunk().expect("32 of 33"));
        if with_check(&key).ct_eq(&bytes) { Ok(Self(key)) } else { Err(PrintedKeyError::Mixed) }
    }
}

/// Reads one group, and checks it.
fn read_group(
    group: usize,
    chars: &mut impl Iterator<Item = char>,
) -> Result<[u8; DATA_CHARS], PrintedKeyError> {
    let wrong = PrintedKeyError::Group { number: group + 1 };
    let mut values = Zeroizing::new([0; GROUP_CHARS]);
    for (index, value) in values.iter_mut().enumerate() {
        let missing = if index == 0 { PrintedKeyError::TooShort { groups: group } } else { wrong };
        *value = base32::value_of(chars.next().ok_or(missing)?).ok_or(wrong)?;
    }
    let [data @ .., checked] = *values;
    if checked == check(group, &data) { Ok(data) } else { Err(wrong) }
}

/// The key, and behind it the byte of the overall check.
fn with_check(key: &Secret<32>) -> Secret<BYTES> {
    let [first, ..] = hash(HASH_PRINTED_KEY, &[key.expose()]);
    Secret::filled(|bytes| {
        bytes[..32].copy_from_slice(key.expose());
        bytes[32] = first & 0xf0;
    })
}

/// The check of a group, by Horner's rule.
fn check(group: usize, data: &[u8; DATA_CHARS]) -> u8 {
    let sum = data.iter().rev().fold(0, |sum, value| times_x(sum ^ value));
    sum ^ (group + 1) as u8
}

/// Multiplies by `x` in GF(32), in constant time.
fn times_x(value: u8) -> u8 {
    (value << 1) ^ (0b10_0101 * (value >> 4))
}

impl fmt::Debug for PrintedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrintedKey(..)")
    }
}
