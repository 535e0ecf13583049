//! Padding to size buckets, so that a ciphertext tells little about the length of what is in it.
//!
//! `content ‖ 0x80 ‖ zeros` up to the bucket: multiples of 128 bytes to 1 KiB, above that eight buckets for each doubling
//! (in the manner of Padmé). Waste is below 128 bytes or 12.5%, whichever is more.

use std::fmt;

/// Smallest step between two buckets, in bytes.
const STEP_MIN_BYTES: usize = 128;
const MARK: u8 = 0x80;

/// Says that bytes are not padded content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaddingError;

impl fmt::Display for PaddingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("content is not padded as it should be")
    }
}

impl std::error::Error for PaddingError {}

/// Pads content to its bucket.
///
/// ```
/// use waxwing_crypto::{pad, unpad};
/// let padded = pad(b"yes");
/// assert_eq!(padded.len(), pad(b"perhaps").len());
/// assert_eq!(unpad(&padded), Ok(&b"yes"[..]));
/// ```
pub fn pad(content: &[u8]) -> Vec<u8> {
    let mut padded = Vec::with_capacity(bucket(content.len() + 1));
    padded.extend_from_slice(content);
    padded.push(MARK);
    padded.resize(bucket(content.len() + 1), 0);
    padded
}

/// Returns the content of padded bytes.
///
/// # Errors
///
/// Refuses whatever [`pad`] would not have made.
pub fn unpad(padded: &[u8]) -> Result<&[u8], PaddingError> {
    let mark = padded.iter().rposition(|byte| *byte != 0).ok_or(PaddingError)?;
    let (content, rest) = padded.split_at(mark);
    if rest.first() != Some(&MARK) || padded.len() != bucket(mark + 1) {
        return Err(PaddingError);
    }
    Ok(content)
}

/// Returns the smallest bucket that holds `length` bytes, which is at least 1.
fn bucket(length: usize) -> usize {
    let step = STEP_MIN_BYTES.max(1 << length.ilog2().saturating_sub(3));
    length.next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padded_content_comes_back_and_waste_is_bounded() {
        for length in (0..5000).chain([65_535, 65_536, 70_000]) {
            let content = vec![0x80; length];
            let padded = pad(&content);
            assert_eq!(unpad(&padded), Ok(&content[..]));
            let waste = padded.len() - length;
            assert!(waste <= 128 || waste * 8 <= padded.len(), "{length} -> {}", padded.len());
            assert_eq!(bucket(padded.len()), padded.len(), "a bucket is its own bucket");
        }
    }

    #[test]
    fn a_text_has_few_buckets() {
        let mut buckets: Vec<_> = (1..=65_536).map(bucket).collect();
        buckets.dedup();
        assert!(buckets.len() <= 60, "{}", buckets.len());
    }

    #[test]
    fn what_pad_would_not_make_is_refused() {
        assert!(unpad(&[]).is_err());
        assert!(unpad(&[0; 128]).is_err());
        assert!(unpad(&[0x80; 127]).is_err());
        assert!(unpad(&[1; 128]).is_err());
        let mut long = pad(b"short");
        long.resize(256, 0);
        assert!(unpad(&long).is_err(), "one bucket too large");
    }
}
