//! Opening a backup.

use std::{
    fmt,
    io::{self, Read},
};

use zeroize::Zeroizing;

use super::{
    frame::{CONTENT_BYTES, padded, unframe},
    header::{HEADER_BYTES, Header, HeaderError, Key},
    seal::SEGMENTS_MAX,
};
use crate::stream::{Ahead, Place, SEALED_SEGMENT_BYTES, StreamKeys, read_full};

/// What the person who opens a backup knows about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Whose it must be.
    pub account: [u8; 16],
    /// The greatest counter that is known; 0 where nothing is.
    pub counter_min: u64,
}

/// Says why a backup was not opened, or not to its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// Reading failed.
    Io(io::Error),
    /// What it begins with is not the header of a backup.
    Header(HeaderError),
    /// It is of another account.
    OtherAccount,
    /// It was sealed under a passphrase and a printed key was given, or the other way round.
    OtherLock,
    /// There is not so much memory as the passphrase costs.
    NoMemory,
    /// The passphrase or the key is wrong, or the header was changed: nobody can tell which.
    WrongKey,
    /// It is authentic, and older than one that is known.
    Older {
        /// Its counter.
        counter: u64,
    },
    /// A segment is not what was sealed in this place of this backup.
    Rejected {
        /// Its number, from 0.
        segment: u32,
    },
    /// The backup ends before it should.
    Truncated,
    /// The backup goes on behind its end.
    TooLong,
    /// It failed before. Begin again.
    Failed,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "backup could not be read: {error}"),
            Self::Header(error) => error.fmt(f),
            Self::OtherAccount => f.write_str("backup is of another account"),
            Self::OtherLock => f.write_str("backup takes another kind of key"),
            Self::NoMemory => f.write_str("there is not enough memory for the passphrase"),
            Self::WrongKey => f.write_str("passphrase or key of the backup is wrong"),
            Self::Older { counter } => write!(f, "backup {counter} is older than one that is known"),
            Self::Rejected { segment } => write!(f, "segment {segment} of the backup was rejected"),
            Self::Truncated => f.write_str("backup ends too early"),
            Self::TooLong => f.write_str("backup is too long"),
            Self::Failed => f.write_str("reading of the backup failed before"),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// For [`Read`]: what is wrong with the backup is inside an error of kind [`InvalidData`](io::ErrorKind::InvalidData).
impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => error,
            OpenError::Header(_)
            | OpenError::OtherAccount
            | OpenError::OtherLock
            | OpenError::NoMemory
            | OpenError::WrongKey
            | OpenError::Older { .. }
            | OpenError::Rejected { .. }
            | OpenError::Truncated
            | OpenError::TooLong
            | OpenError::Failed => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}

/// Reads a backup from its beginning to its end. Buffers four segments, whatever the size.
///
/// Every byte that it gives out is authentic, and the last segment with content comes only when the end was seen. Whoever stops before
/// has a part, and [`is_complete`](Self::is_complete) says so: restore into a new store, and use it once the end was seen.
///
/// ```
/// use waxwing_crypto::backup::{Expected, Key, OpenError, Opening, PrintedKey, seal};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// let (printed, other) = (PrintedKey::generate(&mut rng), PrintedKey::generate(&mut rng));
/// let mut backup = Vec::new();
/// seal(&Key::Printed(&printed), &[1; 16], 7, &b"everything"[..], &mut backup, &mut rng)?;
///
/// let expected = Expected { account: [1; 16], counter_min: 0 };
/// let error = Opening::begin(&Key::Printed(&other), &expected, &backup[..]).unwrap_err();
/// assert!(matches!(error, OpenError::WrongKey));
/// let mut opening = Opening::begin(&Key::Printed(&printed), &expected, &backup[..])?;
/// assert_eq!(opening.next_segment()?.expect("one")[..], b"everything"[..]);
/// assert_eq!((opening.counter(), opening.is_complete()), (7, true));
/// # Ok(())
/// # }
/// ```
pub struct Opening<R> {
    segments: Ahead<R>,
    keys: StreamKeys,
    counter: u64,
    /// Content that was opened and not given out, because it might be the last.
    held: Option<Zeroizing<Vec<u8>>>,
    /// Frames that were opened, of these with content, and of these full ones.
    opened: u64,
    content: u64,
    full: u64,
    /// Of what was given out, what [`Read`] has not taken.
    given: Zeroizing<Vec<u8>>,
    read: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Complete,
    Failed,
}

/// What the next frame holds.
enum Frame {
    Content(Zeroizing<Vec<u8>>),
    /// Nothing, in this one and in all behind it.
    End,
}

impl<R: Read> Opening<R> {
    /// Reads the header, and derives the keys: with a passphrase, that takes the time and memory that were chosen when it was sealed.
    ///
    /// # Errors
    ///
    /// Says what does not fit, before anything is opened.
    pub fn begin(key: &Key<'_>, expected: &Expected, mut backup: R) -> Result<Self, OpenError> {
        let mut bytes = [0; HEADER_BYTES];
        if read_full(&mut backup, &mut bytes)? < HEADER_BYTES {
            return Err(OpenError::Truncated);
        }
        let header = Header::parse(&bytes).map_err(OpenError::Header)?;
        if *header.account() != expected.account {
            return Err(OpenError::OtherAccount);
        }
        if !header.takes(key) {
            return Err(OpenError::OtherLock);
        }
        let keys = header.keys(key).ok_or(OpenError::NoMemory)?;
        if !header.is_committed_to(&keys) {
            return Err(OpenError::WrongKey);
        }
        let counter = header.counter();
        if counter < expected.counter_min {
            return Err(OpenError::Older { counter });
        }
        Ok(Self {
            segments: Ahead::new(backup, SEALED_SEGMENT_BYTES),
            keys,
            counter,
            held: None,
            opened: 0,
            content: 0,
            full: 0,
            given: Zeroizing::default(),
            read: 0,
            state: State::Reading,
        })
    }

    /// Returns which backup of the account this is. Authentic.
    pub fn counter(&self) -> u64 {
        self.counter
    }

    /// Opens the next segment. `None` once all was given out, and all of it was right.
    ///
    /// # Errors
    ///
    /// Says what is wrong. Nothing more is given out then.
    pub fn next_segment(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, OpenError> {
        match self.state {
            State::Failed => return Err(OpenError::Failed),
            State::Complete => return Ok(None),
            State::Reading => {}
        }
        // Whatever fails from here on stays failed.
        self.state = State::Failed;
        let current = match self.held.take() {
            Some(held) => Frame::Content(held),
            None => self.open_next()?,
        };
        let is_last = match &current {
            Frame::End => true,
            Frame::Content(_) => match self.open_next()? {
                Frame::Content(next) => {
                    self.held = Some(next);
                    false
                }
                Frame::End => true,
            },
        };
        self.state = if is_last { State::Complete } else { State::Reading };
        Ok(match current {
            Frame::Content(content) => Some(content),
            Frame::End => None,
        })
    }

    /// Says whether the end was seen and the whole is right.
    pub fn is_complete(&self) -> bool {
        self.state == State::Complete
    }

    /// Opens the next frame; where it has no content, all that follow too.
    fn open_next(&mut self) -> Result<Frame, OpenError> {
        if let Some(frame) = self.open_frame()? {
            if !frame.is_empty() {
                let follows_a_full_one = self.content + 1 == self.opened && self.full == self.content;
                if !follows_a_full_one {
                    return Err(self.rejected());
                }
                self.content += 1;
                self.full += u64::from(frame.len() == CONTENT_BYTES);
                return Ok(Frame::Content(frame));
            }
            while let Some(frame) = self.open_frame()? {
                if !frame.is_empty() {
                    return Err(self.rejected());
                }
            }
        }
        if self.opened == padded(self.content) { Ok(Frame::End) } else { Err(self.rejected()) }
    }

    fn open_frame(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, OpenError> {
        let Some(place) = self.segments.next()? else { return Ok(None) };
        let (Place::Inner(index) | Place::Last(index)) = place;
        if index >= SEGMENTS_MAX {
            return Err(OpenError::TooLong);
        }
        self.opened += 1;
        let sealed = self.segments.segment();
        if sealed.len() < SEALED_SEGMENT_BYTES {
            return Err(OpenError::Truncated);
        }
        let Some(opened) = self.keys.open(place, &[], sealed) else {
            // Not what it should be here. It may be authentic all the same, and the end in the wrong place.
            let (other, error) = match place {
                Place::Last(index) => (Place::Inner(index), OpenError::Truncated),
                Place::Inner(index) => (Place::Last(index), OpenError::TooLong),
            };
            let is_other = self.keys.open(other, &[], self.segments.segment()).is_some();
            return Err(if is_other { error } else { self.rejected() });
        };
        let mut frame = Zeroizing::new(opened.to_vec());
        match unframe(&mut frame) {
            Some(()) => Ok(Some(frame)),
            None => Err(self.rejected()),
        }
    }

    /// What is wrong is in the frame that was opened last.
    fn rejected(&self) -> OpenError {
        OpenError::Rejected { segment: u32::try_from(self.opened - 1).expect("at most 2^24") }
    }
}

/// Errors are those of [`OpenError`], inside [`io::Error`].
impl<R: Read> Read for Opening<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.read == self.given.len() && !into.is_empty() {
            self.given = self.next_segment()?.unwrap_or_default();
            self.read = 0;
        }
        let length = into.len().min(self.given.len() - self.read);
        into[..length].copy_from_slice(&self.given[self.read..self.read + length]);
        self.read += length;
        Ok(length)
    }
}

impl<R> fmt::Debug for Opening<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opening(backup {}, ..)", self.counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        backup::{PrintedKey, header::Header},
        stream::SEGMENT_BYTES,
    };

    const EXPECTED: Expected = Expected { account: [1; 16], counter_min: 0 };

    /// A backup of frames that somebody who has the key made as they liked: how much of each is content.
    fn open(used: &[usize]) -> Result<usize, OpenError> {
        let printed = PrintedKey::from_bytes(&[1; 32]);
        let key = Key::Printed(&printed);
        let (header, keys) = Header::make(&key, &EXPECTED.account, 1, [2; 32]).unwrap();
        let mut backup = header.to_bytes().to_vec();
        let count = used.len();
        for (index, used) in used.iter().enumerate() {
            let mut frame = vec![0; SEGMENT_BYTES];
            frame[..4].copy_from_slice(&u32::try_from(*used).unwrap().to_be_bytes());
            frame[4..4 + used].fill(7);
            let index = index as u32;
            let is_last = index as usize + 1 == count;
            let place = if is_last { Place::Last(index) } else { Place::Inner(index) };
            let tag = keys.seal(place, &[], &mut frame);
            backup.extend_from_slice(&frame);
            backup.extend_from_slice(&tag);
        }
        let mut opening = Opening::begin(&key, &EXPECTED, &backup[..])?;
        let mut length = 0;
        while let Some(segment) = opening.next_segment()? {
            length += segment.len();
        }
        Ok(length)
    }

    #[test]
    fn content_has_one_way_to_be_framed() {
        let full = CONTENT_BYTES;
        assert_eq!(open(&[0]).unwrap(), 0);
        assert_eq!(open(&[5]).unwrap(), 5);
        assert_eq!(open(&[full, 5]).unwrap(), full + 5);
        assert_eq!(open(&[full, full]).unwrap(), 2 * full);
        let nine = [full, full, full, full, full, full, full, full, 1];
        assert_eq!(open(&[&nine[..], &[0]].concat()).unwrap(), 8 * full + 1);
        let many = [full; 33];
        assert_eq!(open(&[&many[..], &[0, 0, 0]].concat()).unwrap(), 33 * full);
        for wrong in [
            &[5, 5][..],
            &[0, 5],
            &[5, 0],
            &[full, 0],
            &[full, 0, 5],
            &[5, full],
            &nine,
            &[&nine[..], &[0, 0]].concat(),
            &[&many[..], &[0, 5, 0]].concat(),
            &[&many[..], &[0, 0, 5]].concat(),
        ] {
            assert!(matches!(open(wrong), Err(OpenError::Rejected { .. })), "{wrong:?}");
        }
    }
}
