//! STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM: the core of attachments and backups.
//!
//! ```text
//!   nonce   prefix 7 | segment u32 | last u8
//! ```
//!
//! A segment opens only in its place, and the last one only as the last: order, number and end are authentic.

use std::io::{self, Read};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    aead::{Cipher, NONCE_BYTES, TAG_BYTES},
    kdf::derive,
    secret::Secret,
};

/// Length of the plaintext of every segment but the last, in bytes.
pub(crate) const SEGMENT_BYTES: usize = 64 * 1024;
/// Length of every sealed segment but the last, in bytes.
pub(crate) const SEALED_SEGMENT_BYTES: usize = SEGMENT_BYTES + TAG_BYTES;
/// Length of the commitment to the keys of a stream, in bytes.
pub(crate) const COMMITMENT_BYTES: usize = 32;

const PREFIX_BYTES: usize = 7;
const DERIVED_BYTES: usize = 32 + PREFIX_BYTES + COMMITMENT_BYTES;

/// Whether more segments follow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Inner(u32),
    Last(u32),
}

impl Place {
    fn nonce(self, prefix: &[u8; PREFIX_BYTES]) -> [u8; NONCE_BYTES] {
        let (index, last) = match self {
            Self::Inner(index) => (index, 0),
            Self::Last(index) => (index, 1),
        };
        let mut nonce = [0; NONCE_BYTES];
        nonce[..PREFIX_BYTES].copy_from_slice(prefix);
        nonce[PREFIX_BYTES..11].copy_from_slice(&index.to_be_bytes());
        nonce[11] = last;
        nonce
    }
}

/// The keys of one stream. One key seals one stream, so that no nonce comes twice.
pub(crate) struct StreamKeys {
    cipher: Cipher,
    prefix: [u8; PREFIX_BYTES],
    commitment: [u8; COMMITMENT_BYTES],
}

impl StreamKeys {
    /// Derives the keys of a stream: `key 32 ‖ prefix 7 ‖ commitment 32`.
    pub(crate) fn derive(salt: &[u8], input: &[u8; 32], info: &[&[u8]]) -> Self {
        let derived: Secret<DERIVED_BYTES> = derive(salt, input, info);
        let (key, rest) = derived.expose().split_first_chunk().expect("32 of 71");
        let (prefix, commitment) = rest.split_first_chunk().expect("7 of 39");
        let mut kept = [0; COMMITMENT_BYTES];
        kept.copy_from_slice(commitment);
        Self { cipher: Cipher::new(key), prefix: *prefix, commitment: kept }
    }

    /// What stands in the open, and fits these keys alone.
    pub(crate) fn commitment(&self) -> &[u8; COMMITMENT_BYTES] {
        &self.commitment
    }

    /// Compares in constant time.
    pub(crate) fn is_committed_to_by(&self, commitment: &[u8; COMMITMENT_BYTES]) -> bool {
        self.commitment.ct_eq(commitment).into()
    }

    /// Encrypts one segment in place.
    pub(crate) fn seal(&self, place: Place, bound: &[u8], segment: &mut [u8]) -> [u8; TAG_BYTES] {
        self.cipher.seal_detached(&place.nonce(&self.prefix), bound, segment)
    }

    /// Decrypts one sealed segment in place, and returns where its plaintext lies. On failure nothing was decrypted.
    pub(crate) fn open<'a>(&self, place: Place, bound: &[u8], sealed: &'a mut [u8]) -> Option<&'a mut [u8]> {
        let (segment, tag) = sealed.split_last_chunk_mut()?;
        self.cipher.open(&place.nonce(&self.prefix), bound, segment, tag)?;
        Some(segment)
    }
}

/// Segments of a reader, sealed or not, with one read ahead: only so the last is known to be the last.
pub(crate) struct Ahead<R> {
    source: R,
    segment_bytes: usize,
    now: Zeroizing<Vec<u8>>,
    ahead: Zeroizing<Vec<u8>>,
    index: u32,
    begun: bool,
}

impl<R: Read> Ahead<R> {
    pub(crate) fn new(source: R, segment_bytes: usize) -> Self {
        let buffer = || Zeroizing::new(Vec::with_capacity(segment_bytes));
        Self { source, segment_bytes, now: buffer(), ahead: buffer(), index: 0, begun: false }
    }

    /// Reads on, and says where the segment stands that there is now. `None` is the end. There is always a first segment,
    /// if perhaps an empty one.
    pub(crate) fn next(&mut self) -> io::Result<Option<Place>> {
        if self.begun && self.ahead.is_empty() {
            return Ok(None);
        }
        if self.begun {
            self.index += 1;
        } else {
            fill(&mut self.source, &mut self.ahead, self.segment_bytes)?;
            self.begun = true;
        }
        std::mem::swap(&mut self.now, &mut self.ahead);
        if self.now.len() == self.segment_bytes {
            fill(&mut self.source, &mut self.ahead, self.segment_bytes)?;
        } else {
            self.ahead.clear();
        }
        Ok(Some(if self.ahead.is_empty() { Place::Last(self.index) } else { Place::Inner(self.index) }))
    }

    /// The segment that there is now.
    pub(crate) fn segment(&mut self) -> &mut [u8] {
        &mut self.now
    }

    /// What is read from.
    pub(crate) fn source(&self) -> &R {
        &self.source
    }
}

fn fill(source: &mut impl Read, buffer: &mut Vec<u8>, length: usize) -> io::Result<()> {
    buffer.resize(length, 0);
    let length = read_full(source, buffer)?;
    buffer.truncate(length);
    Ok(())
}

/// Reads until the buffer is full or the source ends, and says how much it got.
pub(crate) fn read_full(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match source.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// Returns the bucket of a length of at least 2, by Padmé (Nikitin et al. 2019): only `2 + log2(log2(length))` bits of it
/// stay, and waste is below 12%.
pub(crate) fn padme(length: u64) -> u64 {
    let exponent = length.ilog2();
    let kept = exponent.ilog2() + 1;
    length.next_multiple_of(1 << (exponent - kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(byte: u8) -> StreamKeys {
        StreamKeys::derive(b"", &[byte; 32], &[b"test"])
    }

    #[test]
    fn a_segment_opens_only_in_its_place() {
        let places = [Place::Inner(0), Place::Inner(1), Place::Last(0), Place::Last(1), Place::Last(256)];
        for sealed_at in places {
            let mut sealed = vec![7; 100];
            let tag = keys(1).seal(sealed_at, b"bound", &mut sealed);
            sealed.extend_from_slice(&tag);
            for opened_at in places {
                let opened = keys(1).open(opened_at, b"bound", &mut sealed.clone()).is_some();
                assert_eq!(opened, sealed_at == opened_at);
            }
            assert!(keys(1).open(sealed_at, b"other", &mut sealed.clone()).is_none());
            assert!(keys(2).open(sealed_at, b"bound", &mut sealed.clone()).is_none());
        }
        assert!(keys(1).open(Place::Inner(0), b"", &mut [0; 15]).is_none());
    }

    #[test]
    fn what_is_read_ahead_tells_the_last_segment() {
        for (length, count) in
            [(0, 1), (1, 1), (SEGMENT_BYTES, 1), (SEGMENT_BYTES + 1, 2), (3 * SEGMENT_BYTES, 3)]
        {
            let source = vec![9; length];
            let mut ahead = Ahead::new(&source[..], SEGMENT_BYTES);
            let (mut read, mut places) = (0, Vec::new());
            while let Some(place) = ahead.next().unwrap() {
                read += ahead.segment().len();
                places.push(place);
            }
            assert_eq!((read, places.len()), (length, count));
            assert!(
                places[..count - 1].iter().enumerate().all(|(i, place)| *place == Place::Inner(i as u32))
            );
            assert!(places[count - 1] == Place::Last(count as u32 - 1));
        }
    }

    #[test]
    fn buckets_are_few_and_waste_little() {
        for length in (2..10_000).chain((20..40).map(|bit| (1 << bit) + 12_345)) {
            let bucket = padme(length);
            assert!(bucket >= length && (bucket - length) * 100 <= length * 12, "{length} -> {bucket}");
            assert_eq!(padme(bucket), bucket, "a bucket is its own bucket");
        }
        let mut buckets: Vec<u64> = (4096..1 << 20).map(padme).collect();
        buckets.dedup();
        assert!(buckets.len() < 200, "{}", buckets.len());
    }

    /// Gives a byte at a time, and is interrupted before each.
    struct Halting<'a> {
        bytes: &'a [u8],
        was_interrupted: bool,
    }

    impl Read for Halting<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.was_interrupted = !self.was_interrupted;
            if self.was_interrupted {
                return Err(io::ErrorKind::Interrupted.into());
            }
            self.bytes.read(&mut into[..1])
        }
    }

    #[test]
    fn a_read_that_is_interrupted_is_tried_again() {
        let mut source = Halting { bytes: b"twelve bytes", was_interrupted: false };
        let mut buffer = [0; 10];
        assert_eq!(read_full(&mut source, &mut buffer).unwrap(), 10);
        assert_eq!(&buffer, b"twelve byt");
        assert_eq!(read_full(&mut source, &mut buffer).unwrap(), 2);
    }
}
