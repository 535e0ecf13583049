//! The bytes of a blob once more, so that an upload that broke can go on without a copy on disk.
//!
//! To seal a segment again is harmless while its plaintext is the same, and a catastrophe when it is not: two plaintexts under one
//! key and nonce tell each other, and the key of GHASH. So a segment is given out only when its tag is the recorded one. Only
//! [`seal`](super::seal), which knows the whole plaintext and draws its own key, makes a record; whoever changed a file in
//! between gets an error, and not one byte.

use std::{
    fmt,
    io::{self, Read, Seek, SeekFrom},
};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{descriptor::Descriptor, seek::seek_in, shape::Shape};
use crate::{
    aead::TAG_BYTES,
    stream::{COMMITMENT_BYTES, SEALED_SEGMENT_BYTES, StreamKeys, read_full},
};

/// Says why the bytes of a blob could not be made again.
#[derive(Debug)]
#[non_exhaustive]
pub enum ResealError {
    /// Reading the plaintext or the record failed.
    Io(io::Error),
    /// The plaintext is not what was sealed, or the record is not of this attachment. Seal anew: that draws a new key.
    Changed {
        /// The segment where it shows, from 0.
        segment: u32,
    },
}

impl fmt::Display for ResealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "plaintext or record could not be read: {error}"),
            Self::Changed { segment } => write!(f, "plaintext of segment {segment} has changed"),
        }
    }
}

impl std::error::Error for ResealError {}

impl From<io::Error> for ResealError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// For [`Read`]: a change is inside an error of kind [`InvalidData`](io::ErrorKind::InvalidData).
impl From<ResealError> for io::Error {
    fn from(error: ResealError) -> Self {
        match error {
            ResealError::Io(error) => error,
            ResealError::Changed { .. } => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}

/// Reads the blob of an attachment out of its plaintext and its record, from any byte on. Buffers one segment.
///
/// ```
/// use std::io::{Cursor, Read, Seek, SeekFrom};
/// use waxwing_crypto::attachment::{Resealing, seal};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// let (file, mut blob, mut record) = (vec![7; 200_000], Vec::new(), Vec::new());
/// let descriptor = seal(&file[..], &mut blob, &mut record, &mut rng)?;
///
/// // The relay has 90,000 bytes of the blob, and we have no copy.
/// let mut again = Resealing::new(&descriptor, Cursor::new(&file), Cursor::new(&record));
/// again.seek(SeekFrom::Start(90_000))?;
/// let mut rest = Vec::new();
/// again.read_to_end(&mut rest)?;
/// assert!(rest == blob[90_000..]);
/// # Ok(())
/// # }
/// ```
pub struct Resealing<P, T> {
    plaintext: P,
    record: T,
    keys: StreamKeys,
    shape: Shape,
    /// Where in the blob reading goes on.
    position: u64,
    buffer: Zeroizing<Vec<u8>>,
    /// Which sealed segment the buffer holds.
    held: Option<u32>,
}

impl<P: Read + Seek, T: Read + Seek> Resealing<P, T> {
    /// Takes what was sealed, and the record that [`seal`](super::seal) wrote. Both are read from their beginning.
    pub fn new(descriptor: &Descriptor, plaintext: P, record: T) -> Self {
        let buffer = Zeroizing::new(Vec::with_capacity(SEALED_SEGMENT_BYTES));
        let (keys, shape) = (descriptor.keys(), descriptor.shape);
        Self { plaintext, record, keys, shape, position: 0, buffer, held: None }
    }

    /// Seals a segment into the buffer, unless it lies there.
    fn hold(&mut self, index: u32) -> Result<(), ResealError> {
        if self.held == Some(index) {
            return Ok(());
        }
        self.held = None;
        let outcome = self.seal(index);
        if outcome.is_err() {
            self.buffer.clear(); // a ciphertext that nobody may see
        }
        outcome?;
        self.held = Some(index);
        Ok(())
    }

    fn seal(&mut self, index: u32) -> Result<(), ResealError> {
        let changed = ResealError::Changed { segment: index };
        let content = self.shape.content_bytes(index);
        self.buffer.clear();
        self.buffer.resize(self.shape.segment_bytes(index), 0);
        self.plaintext.seek(SeekFrom::Start(self.shape.padded_range(index).start))?;
        if read_full(&mut self.plaintext, &mut self.buffer[..content])? < content {
            return Err(changed);
        }
        let mut recorded = [0; TAG_BYTES];
        self.record.seek(SeekFrom::Start(u64::from(index) * TAG_BYTES as u64))?;
        if read_full(&mut self.record, &mut recorded)? < TAG_BYTES {
            return Err(changed);
        }
        let place = self.shape.place(index);
        let tag = self.keys.seal(place, self.shape.bound_to(place), &mut self.buffer);
        if !bool::from(tag.ct_eq(&recorded)) {
            return Err(changed);
        }
        self.buffer.extend_from_slice(&tag);
        Ok(())
    }
}

/// Errors are those of [`ResealError`], inside [`io::Error`].
impl<P: Read + Seek, T: Read + Seek> Read for Resealing<P, T> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() || self.position >= self.shape.sealed_size() {
            return Ok(0);
        }
        let from: &[u8] = match self.position.checked_sub(COMMITMENT_BYTES as u64) {
            None => &self.keys.commitment()[self.position as usize..],
            Some(behind) => {
                let index = behind / SEALED_SEGMENT_BYTES as u64;
                self.hold(u32::try_from(index).expect("at most 2^24 segments"))?;
                &self.buffer[(behind % SEALED_SEGMENT_BYTES as u64) as usize..]
            }
        };
        let length = into.len().min(from.len());
        into[..length].copy_from_slice(&from[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

impl<P, T> Seek for Resealing<P, T> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = seek_in(self.shape.sealed_size(), self.position, to)?;
        Ok(self.position)
    }
}

impl<P, T> fmt::Debug for Resealing<P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resealing(at {} of {}, ..)", self.position, self.shape.sealed_size())
    }
}
