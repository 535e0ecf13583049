//! Opening anywhere, for video and for whatever else skips about.

use std::{
    fmt,
    io::{self, Read, Seek, SeekFrom},
};

use zeroize::Zeroizing;

use super::{
    descriptor::Descriptor,
    open::{OpenError, Segments},
    shape::Shape,
};
use crate::stream::{SEALED_SEGMENT_BYTES, SEGMENT_BYTES};

/// Reads a blob from anywhere. Buffers one segment.
///
/// Every byte that it gives out is authentic and in its place. The last segment is opened first, so the length of the blob and
/// the size of the plaintext are right from the start. The digest is not checked, since nobody reads the whole:
/// somebody who has the descriptor *and* can change the blob could replace segments. Use [`Opening`](super::Opening), once, where that
/// matters.
///
/// ```
/// use std::io::{Cursor, Read, Seek, SeekFrom};
/// use waxwing_crypto::attachment::{Seekable, seal};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// let (video, mut blob) = ([vec![1; 150_000], vec![2; 150_000]].concat(), Vec::new());
/// let descriptor = seal(&video[..], &mut blob, std::io::sink(), &mut rng)?;
/// let mut seekable = Seekable::new(&descriptor, Cursor::new(&blob))?;
/// seekable.seek(SeekFrom::Start(149_998))?;
/// let mut four = [0; 4];
/// seekable.read_exact(&mut four)?;
/// assert_eq!(four, [1, 1, 2, 2]);
/// # Ok(())
/// # }
/// ```
pub struct Seekable<R> {
    blob: R,
    segments: Segments,
    /// Where in the plaintext reading goes on.
    position: u64,
    buffer: Zeroizing<Vec<u8>>,
    /// Which segment the buffer holds.
    held: Option<u32>,
}

impl<R: Read + Seek> Seekable<R> {
    /// Takes a blob, checks its length, and opens its last segment.
    ///
    /// # Errors
    ///
    /// Refuses the blob of another descriptor, and one that is too short or too long.
    pub fn new(descriptor: &Descriptor, mut blob: R) -> Result<Self, OpenError> {
        let length = blob.seek(SeekFrom::End(0))?;
        if length != descriptor.sealed_size() {
            let is_short = length < descriptor.sealed_size();
            return Err(if is_short { OpenError::Truncated } else { OpenError::TooLong });
        }
        blob.rewind()?;
        let (segments, _) = Segments::begin(descriptor, &mut blob)?;
        let last = segments.shape.segments() - 1;
        let buffer = Zeroizing::new(Vec::with_capacity(SEALED_SEGMENT_BYTES));
        let mut seekable = Self { blob, segments, position: 0, buffer, held: None };
        seekable.hold(last)?;
        Ok(seekable)
    }

    /// Opens a segment into the buffer, unless it lies there.
    fn hold(&mut self, index: u32) -> Result<(), OpenError> {
        if self.held == Some(index) {
            return Ok(());
        }
        self.held = None;
        self.blob.seek(SeekFrom::Start(Shape::sealed_offset(index)))?;
        self.segments.read(index, &mut self.blob, &mut self.buffer)?;
        self.segments.open(index, &mut self.buffer)?;
        self.held = Some(index);
        Ok(())
    }
}

/// Errors are those of [`OpenError`], inside [`io::Error`].
impl<R: Read + Seek> Read for Seekable<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() || self.position >= self.segments.shape.size() {
            return Ok(0);
        }
        let index = self.position / SEGMENT_BYTES as u64;
        let from = (self.position % SEGMENT_BYTES as u64) as usize;
        self.hold(u32::try_from(index).expect("at most 2^24 segments"))?;
        let length = into.len().min(self.buffer.len() - from);
        into[..length].copy_from_slice(&self.buffer[from..from + length]);
        self.position += length as u64;
        Ok(length)
    }
}

impl<R> Seek for Seekable<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = seek_in(self.segments.shape.size(), self.position, to)?;
        Ok(self.position)
    }
}

/// Where a seek leads. Behind the end is allowed, before the beginning is not.
pub(super) fn seek_in(size: u64, position: u64, to: SeekFrom) -> io::Result<u64> {
    let target = match to {
        SeekFrom::Start(offset) => Some(offset),
        SeekFrom::End(offset) => size.checked_add_signed(offset),
        SeekFrom::Current(offset) => position.checked_add_signed(offset),
    };
    target.ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

impl<R> fmt::Debug for Seekable<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seekable(at {} of {}, ..)", self.position, self.segments.shape.size())
    }
}
