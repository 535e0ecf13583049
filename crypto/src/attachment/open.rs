//! Opening from the beginning to the end; stopping, and resuming.

use std::{
    fmt,
    io::{self, Read},
};

use sha2::{
    Digest, Sha256,
    digest::common::hazmat::{SerializableState, SerializedState},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{descriptor::Descriptor, shape::Shape};
use crate::{
    aead::TAG_BYTES,
    bytes::Reader,
    stream::{COMMITMENT_BYTES, SEALED_SEGMENT_BYTES, SEGMENT_BYTES, StreamKeys, read_full},
};

/// Says why a blob was not opened, or not to its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// Reading failed.
    Io(io::Error),
    /// The blob belongs to another descriptor.
    WrongKey,
    /// A segment is not what was sealed in this place of this attachment.
    Rejected {
        /// Its number, from 0.
        segment: u32,
    },
    /// The blob ends before it should.
    Truncated,
    /// The blob goes on behind its end.
    TooLong,
    /// Each segment is good, and the whole is not the blob that the descriptor names.
    WrongDigest,
    /// It failed before. Begin again, or resume from a checkpoint.
    Failed,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "blob could not be read: {error}"),
            Self::WrongKey => f.write_str("blob belongs to another descriptor"),
            Self::Rejected { segment } => write!(f, "segment {segment} of the blob was rejected"),
            Self::Truncated => f.write_str("blob ends too early"),
            Self::TooLong => f.write_str("blob is too long"),
            Self::WrongDigest => f.write_str("blob is not the one that the descriptor names"),
            Self::Failed => f.write_str("reading of the blob failed before"),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// For [`Read`]: what is wrong with the blob is inside an error of kind [`InvalidData`](io::ErrorKind::InvalidData).
impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => error,
            OpenError::WrongKey
            | OpenError::Rejected { .. }
            | OpenError::Truncated
            | OpenError::TooLong
            | OpenError::WrongDigest
            | OpenError::Failed => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}

/// Opens segments, wherever they come from.
pub(super) struct Segments {
    keys: StreamKeys,
    pub(super) shape: Shape,
}

impl Segments {
    /// Reads the commitment in front of the segments, and compares it. Returns it too.
    pub(super) fn begin(
        descriptor: &Descriptor,
        blob: &mut impl Read,
    ) -> Result<(Self, [u8; COMMITMENT_BYTES]), OpenError> {
        let mut commitment = [0; COMMITMENT_BYTES];
        if read_full(blob, &mut commitment)? < COMMITMENT_BYTES {
            return Err(OpenError::Truncated);
        }
        let segments = Self { keys: descriptor.keys(), shape: descriptor.shape };
        if !segments.keys.is_committed_to_by(&commitment) {
            return Err(OpenError::WrongKey);
        }
        Ok((segments, commitment))
    }

    /// Reads one sealed segment.
    pub(super) fn read(
        &self,
        index: u32,
        blob: &mut impl Read,
        buffer: &mut Vec<u8>,
    ) -> Result<(), OpenError> {
        buffer.resize(self.shape.segment_bytes(index) + TAG_BYTES, 0);
        if read_full(blob, buffer)? < buffer.len() { Err(OpenError::Truncated) } else { Ok(()) }
    }

    /// Opens one sealed segment in place, and cuts off what is not plaintext.
    pub(super) fn open(&self, index: u32, buffer: &mut Vec<u8>) -> Result<(), OpenError> {
        let place = self.shape.place(index);
        let rejected = OpenError::Rejected { segment: index };
        let Some(opened) = self.keys.open(place, self.shape.bound_to(place), buffer) else {
            buffer.clear();
            return Err(rejected);
        };
        let content = self.shape.content_bytes(index);
        let padded_well = opened[content..].iter().all(|byte| *byte == 0);
        buffer.truncate(content);
        if padded_well { Ok(()) } else { Err(rejected) }
    }
}

/// Reads a blob from its beginning to its end. Buffers two segments at most, whatever the size.
///
/// Every byte that it gives out is authentic. Its last segment with plaintext comes only when all else was checked: the number of
/// segments, the end, the digest. So whoever got [`size`](Descriptor::size) bytes, or read to the end, has the attachment
/// whole; whoever stopped before has a beginning of it, and [`is_complete`](Self::is_complete) says so.
///
/// ```
/// use waxwing_crypto::attachment::{Opening, seal};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// # let mut blob = Vec::new();
/// let descriptor = seal(&vec![7; 200_000][..], &mut blob, std::io::sink(), &mut rng)?;
/// let mut opening = Opening::begin(&descriptor, &blob[..])?;
/// let first = opening.next_segment()?.expect("there are four").len();
/// assert_eq!((first, opening.is_complete()), (65_536, false));
///
/// // The network breaks here. Later we go on, from a request for what is missing of the blob.
/// let checkpoint = opening.checkpoint().expect("between two segments");
/// let rest = &blob[checkpoint.blob_offset() as usize..];
/// let mut opening = Opening::resume(&descriptor, &checkpoint, rest);
/// let mut length = first;
/// while let Some(segment) = opening.next_segment()? {
///     length += segment.len();
/// }
/// assert_eq!((length, opening.is_complete()), (200_000, true));
/// assert_eq!(checkpoint.plaintext_offset(), 65_536);
/// # Ok(())
/// # }
/// ```
pub struct Opening<R> {
    blob: R,
    segments: Segments,
    expected: [u8; 32],
    digest: Sha256,
    /// The segment that is read next.
    next: u32,
    buffer: Zeroizing<Vec<u8>>,
    /// How much of the buffer was read through [`Read`].
    read: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Complete,
    Failed,
}

impl<R: Read> Opening<R> {
    /// Begins with a blob from its first byte on.
    ///
    /// # Errors
    ///
    /// [`WrongKey`](OpenError::WrongKey) when it is the blob of another descriptor.
    pub fn begin(descriptor: &Descriptor, mut blob: R) -> Result<Self, OpenError> {
        let (segments, commitment) = Segments::begin(descriptor, &mut blob)?;
        let digest = Sha256::new_with_prefix(commitment);
        Ok(Self::at(descriptor, blob, segments, digest, 0))
    }

    /// Goes on at a checkpoint, with the blob from [`blob_offset`](Checkpoint::blob_offset) on. A checkpoint of another attachment
    /// shows in the next segment, or in the digest.
    pub fn resume(descriptor: &Descriptor, checkpoint: &Checkpoint, blob: R) -> Self {
        let segments = Segments { keys: descriptor.keys(), shape: descriptor.shape };
        Self::at(descriptor, blob, segments, checkpoint.digest.clone(), checkpoint.next)
    }

    fn at(descriptor: &Descriptor, blob: R, segments: Segments, digest: Sha256, next: u32) -> Self {
        Self {
            blob,
            segments,
            expected: *descriptor.digest(),
            digest,
            next,
            buffer: Zeroizing::new(Vec::with_capacity(SEALED_SEGMENT_BYTES)),
            read: 0,
            state: State::Reading,
        }
    }

    /// Opens the next segment. `None` once all was given out, and all of it was right.
    ///
    /// # Errors
    ///
    /// Says what is wrong. Nothing more is given out then.
    pub fn next_segment(&mut self) -> Result<Option<&[u8]>, OpenError> {
        self.advance()?;
        self.read = self.buffer.len();
        Ok((!self.buffer.is_empty()).then_some(&self.buffer[..]))
    }

    /// Says whether the end was seen and the whole is right. What came before that may be a part.
    pub fn is_complete(&self) -> bool {
        self.state == State::Complete
    }

    /// Remembers how far reading came, to go on later. `None` while a segment is half read, and when there is no more to read.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        let between = self.state == State::Reading && self.read == self.buffer.len();
        between.then(|| Checkpoint { next: self.next, digest: self.digest.clone() })
    }

    /// Puts the next segment into the buffer: an empty one behind the last.
    fn advance(&mut self) -> Result<(), OpenError> {
        self.read = 0;
        match self.state {
            State::Failed => return Err(OpenError::Failed),
            State::Complete => {
                self.buffer.clear();
                return Ok(());
            }
            State::Reading => {}
        }
        let outcome = self.open_next();
        match &outcome {
            Ok(state) => self.state = *state,
            Err(_) => {
                self.state = State::Failed;
                self.buffer.clear();
            }
        }
        outcome.map(drop)
    }

    fn open_next(&mut self) -> Result<State, OpenError> {
        let with_content = self.segments.shape.segments_with_content();
        if self.next >= with_content {
            return Err(OpenError::Rejected { segment: self.next }); // a checkpoint of another attachment
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        self.open_one(&mut buffer)?;
        let state = if self.next < with_content {
            State::Reading
        } else {
            self.see_the_end()?;
            State::Complete
        };
        self.buffer = buffer;
        Ok(state)
    }

    fn open_one(&mut self, buffer: &mut Vec<u8>) -> Result<(), OpenError> {
        self.segments.read(self.next, &mut self.blob, buffer)?;
        self.digest.update(&buffer);
        self.segments.open(self.next, buffer)?;
        self.next += 1;
        Ok(())
    }

    /// Opens the segments that are zeros, and compares the digest.
    fn see_the_end(&mut self) -> Result<(), OpenError> {
        let mut zeros = Vec::new();
        while self.next < self.segments.shape.segments() {
            self.open_one(&mut zeros)?;
        }
        if read_full(&mut self.blob, &mut [0])? > 0 {
            return Err(OpenError::TooLong);
        }
        let digest: [u8; 32] = self.digest.clone().finalize().into();
        if bool::from(digest.ct_eq(&self.expected)) { Ok(()) } else { Err(OpenError::WrongDigest) }
    }
}

impl<R: Read> Read for Opening<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.read == self.buffer.len() && !into.is_empty() {
            self.advance()?;
        }
        let length = into.len().min(self.buffer.len() - self.read);
        into[..length].copy_from_slice(&self.buffer[self.read..self.read + length]);
        self.read += length;
        Ok(length)
    }
}

impl<R> fmt::Debug for Opening<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opening(segment {} of {}, ..)", self.next, self.segments.shape.segments())
    }
}

/// Length of a [`Checkpoint`], in bytes.
pub const CHECKPOINT_BYTES: usize = 1 + 4 + HASH_STATE_BYTES;

const FORMAT: u8 = 1;
const HASH_STATE_BYTES: usize = 104;

/// Says that bytes are not a checkpoint of this version. The attachment has to be read from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointError;

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stored checkpoint is malformed")
    }
}

impl std::error::Error for CheckpointError {}

/// Says how far an [`Opening`] came: a number, and the state of the hash over what was read. It is no secret.
#[derive(Clone)]
pub struct Checkpoint {
    next: u32,
    digest: Sha256,
}

impl Checkpoint {
    /// Returns where in the blob to go on reading.
    pub fn blob_offset(&self) -> u64 {
        Shape::sealed_offset(self.next)
    }

    /// Returns how many bytes of plaintext lie before it.
    pub fn plaintext_offset(&self) -> u64 {
        u64::from(self.next) * SEGMENT_BYTES as u64
    }

    /// Encodes the checkpoint for the store. The encoding is that of this library alone.
    pub fn to_bytes(&self) -> [u8; CHECKPOINT_BYTES] {
        let mut bytes = [0; CHECKPOINT_BYTES];
        bytes[0] = FORMAT;
        bytes[1..5].copy_from_slice(&self.next.to_be_bytes());
        bytes[5..].copy_from_slice(&self.digest.serialize());
        bytes
    }

    /// Decodes what [`to_bytes`](Self::to_bytes) made.
    ///
    /// # Errors
    ///
    /// Refuses what is not a checkpoint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        Self::read(bytes).ok_or(CheckpointError)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        reader.expect(FORMAT)?;
        let next = reader.u32()?;
        let state: &[u8; HASH_STATE_BYTES] = reader.array()?;
        reader.end()?;
        let digest = Sha256::deserialize(&SerializedState::<Sha256>::from(*state)).ok()?;
        Some(Self { next, digest })
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checkpoint(segment {})", self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{attachment::descriptor::stream_keys, secret::Secret, stream::Place};

    /// A blob of one byte, with padding of somebody's own.
    fn blob_padded_with(byte: u8) -> (Descriptor, Vec<u8>) {
        let key = || Secret::new([1; 32]);
        let keys = stream_keys(&key());
        let shape = Shape::new(1).unwrap();
        let mut segment = vec![byte; 4096];
        segment[0] = 7;
        let tag = keys.seal(Place::Last(0), shape.bound_to(Place::Last(0)), &mut segment);
        let blob = [&keys.commitment()[..], &segment, &tag].concat();
        let digest = Sha256::digest(&blob).into();
        (Descriptor::new(key(), shape, digest), blob)
    }

    #[test]
    fn a_padding_that_is_not_zeros_is_refused() {
        let (descriptor, blob) = blob_padded_with(0);
        let mut opening = Opening::begin(&descriptor, &blob[..]).unwrap();
        assert_eq!(opening.next_segment().unwrap(), Some(&[7][..]));
        let (descriptor, blob) = blob_padded_with(1);
        let mut opening = Opening::begin(&descriptor, &blob[..]).unwrap();
        assert!(matches!(opening.next_segment(), Err(OpenError::Rejected { segment: 0 })));
    }
}
