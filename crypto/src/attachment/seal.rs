//! Sealing: a fresh key each time, and no way to seal under a key that there is.

use std::{
    fmt,
    io::{self, Read, Write},
};

use rand_core::CryptoRng;
use sha2::{Digest, Sha256};

use super::{
    descriptor::{Descriptor, stream_keys},
    shape::Shape,
};
use crate::{
    secret::Secret,
    stream::{Ahead, SEGMENT_BYTES},
};

/// Says why an attachment was not sealed. What was written of it is worth nothing: begin again, with a new key.
#[derive(Debug)]
#[non_exhaustive]
pub enum SealError {
    /// Reading or writing failed.
    Io(io::Error),
    /// The plaintext is longer than [`ATTACHMENT_BYTES_MAX`](super::ATTACHMENT_BYTES_MAX).
    TooLong,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "attachment could not be read or written: {error}"),
            Self::TooLong => f.write_str("attachment is too long"),
        }
    }
}

impl std::error::Error for SealError {}

impl From<io::Error> for SealError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Seals all that `plaintext` gives, under a fresh key, into `blob`.
///
/// `record` gets 16 bytes for each segment (1/4096 of the blob), with which [`Resealing`](super::Resealing) can make the blob
/// once more; whoever keeps the blob gives [`std::io::sink`]. A record is no secret. Buffers two segments, whatever the size.
///
/// # Errors
///
/// Fails when reading or writing does, and above [`ATTACHMENT_BYTES_MAX`](super::ATTACHMENT_BYTES_MAX).
///
/// ```
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// let (mut blob, mut record) = (Vec::new(), Vec::new());
/// let plaintext = vec![7; 100_000];
/// let descriptor = waxwing_crypto::attachment::seal(&plaintext[..], &mut blob, &mut record, &mut rng)?;
/// assert_eq!((descriptor.size(), record.len()), (100_000, 2 * 16));
/// # Ok::<(), waxwing_crypto::attachment::SealError>(())
/// ```
pub fn seal(
    plaintext: impl Read,
    mut blob: impl Write,
    mut record: impl Write,
    rng: &mut impl CryptoRng,
) -> Result<Descriptor, SealError> {
    let key = Secret::random(rng);
    let keys = stream_keys(&key);
    let mut digest = Sha256::new();
    let mut put = |bytes: &[u8]| {
        digest.update(bytes);
        blob.write_all(bytes)
    };
    put(keys.commitment())?;
    let mut segments = Ahead::new(Padded { source: plaintext, size: 0, zeros: None }, SEGMENT_BYTES);
    let mut shape = segments.source().shape()?;
    while let Some(place) = segments.next()? {
        shape = segments.source().shape()?;
        let tag = keys.seal(place, shape.bound_to(place), segments.segment());
        put(segments.segment())?;
        put(&tag)?;
        record.write_all(&tag)?;
    }
    blob.flush()?;
    record.flush()?;
    Ok(Descriptor::new(key, shape, digest.finalize().into()))
}

/// What a reader gives, and then the zeros that belong behind it.
struct Padded<R> {
    source: R,
    size: u64,
    zeros: Option<u64>,
}

impl<R> Padded<R> {
    /// The layout for what was read so far: the right one, once the end was.
    fn shape(&self) -> Result<Shape, SealError> {
        Shape::new(self.size).ok_or(SealError::TooLong)
    }
}

impl<R: Read> Read for Padded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let zeros = match self.zeros {
            Some(zeros) => zeros,
            None => {
                let read = self.source.read(buffer)?;
                self.size += read as u64;
                if read > 0 || buffer.is_empty() {
                    return Ok(read);
                }
                // Too long a plaintext has no layout, and is refused by its size.
                Shape::new(self.size).map_or(0, |shape| shape.padded_size() - self.size)
            }
        };
        let length = buffer.len().min(usize::try_from(zeros).unwrap_or(usize::MAX));
        buffer[..length].fill(0);
        self.zeros = Some(zeros - length as u64);
        Ok(length)
    }
}
