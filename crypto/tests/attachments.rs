//! Attachments: what was sealed comes back whole, by every way of reading; and whatever was done to a blob is found.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]

use std::cell::Cell;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use proptest::prelude::*;
use waxwing_crypto::attachment::{
    ATTACHMENT_BYTES_MAX, Checkpoint, Descriptor, DescriptorError, OpenError, Opening, ResealError,
    Resealing, SealError, Seekable, seal, sealed_size,
};

mod common;

const SEGMENT: usize = 65_536;
const SEALED_SEGMENT: usize = SEGMENT + 16;
const COMMITMENT: usize = 32;

/// Where the bounds are.
const SIZES: [usize; 14] = [
    0,
    1,
    4_095,
    4_096,
    4_097,
    SEGMENT - 1,
    SEGMENT,
    SEGMENT + 1,
    2 * SEGMENT - 1,
    2 * SEGMENT,
    2 * SEGMENT + 1,
    300_000,
    // Here the bucket ends several segments behind the plaintext.
    (1 << 23) + 1,
    (1 << 23) + (1 << 18) - SEGMENT,
];

struct Sealed {
    plaintext: Vec<u8>,
    descriptor: Descriptor,
    blob: Vec<u8>,
    record: Vec<u8>,
}

/// Bytes of which no two segments are the same.
fn plaintext(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i ^ (i >> 8) ^ (i >> 16)) as u8 | 1).collect()
}

fn sealed(size: usize, seed: u8) -> Sealed {
    let plaintext = plaintext(size);
    let (mut blob, mut record) = (Vec::new(), Vec::new());
    let descriptor = seal(&plaintext[..], &mut blob, &mut record, &mut common::rng(seed)).unwrap();
    Sealed { plaintext, descriptor, blob, record }
}

/// Opens a blob to its end: what was given out, and how it ended.
fn open(descriptor: &Descriptor, blob: &[u8]) -> (Vec<u8>, Result<(), OpenError>) {
    let mut given = Vec::new();
    let mut opening = match Opening::begin(descriptor, blob) {
        Ok(opening) => opening,
        Err(error) => return (given, Err(error)),
    };
    loop {
        match opening.next_segment() {
            Ok(Some(segment)) => given.extend_from_slice(segment),
            Ok(None) => {
                assert!(opening.is_complete());
                return (given, Ok(()));
            }
            Err(error) => {
                assert!(!opening.is_complete());
                assert!(opening.checkpoint().is_none());
                assert!(matches!(opening.next_segment(), Err(OpenError::Failed)), "nothing more comes");
                return (given, Err(error));
            }
        }
    }
}

/// Opens what must fail: only a beginning of the plaintext is given out, and never all of it.
fn refused(sealed: &Sealed, blob: &[u8]) -> OpenError {
    let (given, outcome) = open(&sealed.descriptor, blob);
    assert!(sealed.plaintext.starts_with(&given), "something else was given out");
    assert!(given.is_empty() || given.len() < sealed.plaintext.len(), "all was given out");
    assert!(given.len() % SEGMENT == 0);
    outcome.expect_err("it must not open")
}

/// Cuts a blob into its commitment and its sealed segments.
fn parts(blob: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (commitment, rest) = blob.split_at(COMMITMENT);
    (commitment.to_vec(), rest.chunks(SEALED_SEGMENT).map(<[u8]>::to_vec).collect())
}

fn joined(commitment: &[u8], segments: &[Vec<u8>]) -> Vec<u8> {
    [commitment, &segments.concat()].concat()
}

#[test]
fn every_way_of_reading_gives_the_plaintext_back() {
    for size in SIZES {
        let sealed = sealed(size, 1);
        assert_eq!(sealed.descriptor.size(), size as u64);
        assert_eq!(sealed.descriptor.sealed_size(), sealed.blob.len() as u64);
        assert_eq!(sealed_size(size as u64), Some(sealed.blob.len() as u64));
        assert_eq!(sealed.record.len(), parts(&sealed.blob).1.len() * 16);
        let descriptor = Descriptor::parse(sealed.descriptor.to_bytes().expose()).unwrap();

        let (given, outcome) = open(&descriptor, &sealed.blob);
        outcome.unwrap();
        assert!(given == sealed.plaintext);

        let mut read = Vec::new();
        Opening::begin(&descriptor, &sealed.blob[..]).unwrap().read_to_end(&mut read).unwrap();
        assert!(read == sealed.plaintext);

        read.clear();
        Seekable::new(&descriptor, Cursor::new(&sealed.blob)).unwrap().read_to_end(&mut read).unwrap();
        assert!(read == sealed.plaintext);

        read.clear();
        let (file, record) = (Cursor::new(&sealed.plaintext), Cursor::new(&sealed.record));
        Resealing::new(&descriptor, file, record).read_to_end(&mut read).unwrap();
        assert!(read == sealed.blob);
    }
}

#[test]
fn the_same_file_sealed_twice_is_two_blobs() {
    let mut rng = common::rng(2);
    let mut blobs: Vec<Vec<u8>> = Vec::new();
    for _ in 0..2 {
        let mut blob = Vec::new();
        seal(&[0; 100_000][..], &mut blob, io::sink(), &mut rng).unwrap();
        blobs.push(blob);
    }
    for (one, other) in parts(&blobs[0]).1.iter().zip(&parts(&blobs[1]).1) {
        let same = one.iter().zip(other).filter(|(a, b)| a == b).count();
        assert!(same < one.len() / 100);
    }
}

#[test]
fn a_size_tells_little() {
    let mut sizes: Vec<usize> =
        (100_000..101_000).map(|size| sealed(size, 3).blob.len()).step_by(50).collect();
    sizes.dedup();
    assert!(sizes.len() <= 2, "{sizes:?}");
    assert_eq!(sealed(0, 3).blob.len(), sealed(4096, 3).blob.len());
}

#[test]
fn a_cut_anywhere_is_found() {
    let sealed = sealed(200_000, 4);
    let bounds = (0..=4).flat_map(|index| {
        let at = COMMITMENT + index * SEALED_SEGMENT;
        [at.saturating_sub(17), at.saturating_sub(1), at, at + 1]
    });
    for length in bounds.chain([0, 1, 31, 32]).filter(|length| *length < sealed.blob.len()) {
        let cut = &sealed.blob[..length];
        assert!(matches!(refused(&sealed, cut), OpenError::Truncated), "{length}");
        let seekable = Seekable::new(&sealed.descriptor, Cursor::new(cut));
        assert!(matches!(seekable.unwrap_err(), OpenError::Truncated), "{length}");
    }
}

#[test]
fn whatever_is_appended_is_found() {
    let sealed = sealed(200_000, 5);
    let last = sealed.blob[COMMITMENT + 3 * SEALED_SEGMENT..].to_vec();
    for more in [vec![0], vec![0; 16], vec![0; SEALED_SEGMENT], last] {
        let long = [&sealed.blob[..], &more].concat();
        assert!(matches!(refused(&sealed, &long), OpenError::TooLong));
        let seekable = Seekable::new(&sealed.descriptor, Cursor::new(long));
        assert!(matches!(seekable.unwrap_err(), OpenError::TooLong));
    }
}

#[test]
fn segments_open_in_their_places_alone() {
    let size = 4 * SEGMENT;
    let sealed = sealed(size, 6);
    let (commitment, segments) = parts(&sealed.blob);
    for i in 0..4 {
        for j in 0..4 {
            if i == j {
                continue;
            }
            // Exchanged, and one in place of another.
            let mut moved = segments.clone();
            moved.swap(i, j);
            let error = refused(&sealed, &joined(&commitment, &moved));
            assert!(matches!(error, OpenError::Rejected { segment } if segment as usize == i.min(j)));
            let mut doubled = segments.clone();
            doubled[i] = segments[j].clone();
            let error = refused(&sealed, &joined(&commitment, &doubled));
            assert!(matches!(error, OpenError::Rejected { segment } if segment as usize == i));
        }
        // Left out, with the length made up at the end.
        let mut left_out = segments.clone();
        left_out.remove(i);
        left_out.push(segments[3].clone());
        assert!(
            i == 3 || matches!(refused(&sealed, &joined(&commitment, &left_out)), OpenError::Rejected { .. })
        );
    }
}

#[test]
fn segments_of_another_attachment_are_found() {
    let (one, other) = (sealed(200_000, 7), sealed(200_000, 8));
    assert!(matches!(refused(&one, &other.blob), OpenError::WrongKey));
    let (commitment, segments) = parts(&one.blob);
    let (_, others) = parts(&other.blob);
    for index in 0..segments.len() {
        let mut spliced = segments.clone();
        spliced[index] = others[index].clone();
        let error = refused(&one, &joined(&commitment, &spliced));
        assert!(matches!(error, OpenError::Rejected { segment } if segment as usize == index));
    }
}

#[test]
fn a_descriptor_that_does_not_fit_itself_is_refused() {
    let sealed = sealed(200_000, 9);
    let good = *sealed.descriptor.to_bytes().expose();
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = good;
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        Descriptor::parse(&changed)
    };
    let (size, sealed_at, digest, commitment) = (34, 42, 50, 82);
    assert_eq!(with(0, &[2]).unwrap_err(), DescriptorError::Unsupported);
    assert_eq!(with(1, &[2]).unwrap_err(), DescriptorError::Unsupported);
    assert_eq!(with(2, &[0; 32]).unwrap_err(), DescriptorError::WrongKey);
    assert_eq!(with(commitment, &[0; 32]).unwrap_err(), DescriptorError::WrongKey);
    assert_eq!(with(sealed_at, &1u64.to_be_bytes()).unwrap_err(), DescriptorError::WrongSize);
    assert_eq!(with(size, &1u64.to_be_bytes()).unwrap_err(), DescriptorError::WrongSize);
    assert_eq!(
        with(size, &(ATTACHMENT_BYTES_MAX + 1).to_be_bytes()).unwrap_err(),
        DescriptorError::WrongSize
    );
    assert_eq!(with(size, &u64::MAX.to_be_bytes()).unwrap_err(), DescriptorError::WrongSize);
    assert_eq!(Descriptor::parse(&good[..113]).unwrap_err(), DescriptorError::Malformed);
    assert_eq!(Descriptor::parse(&[&good[..], &[0]].concat()).unwrap_err(), DescriptorError::Malformed);
    assert_eq!(Descriptor::parse(&[]).unwrap_err(), DescriptorError::Malformed);

    // Another size of the same bucket fits, and the last segment does not open.
    for other in [199_999u64, 200_001] {
        let lying = with(size, &other.to_be_bytes()).unwrap();
        let (given, outcome) = open(&lying, &sealed.blob);
        assert!(matches!(outcome.unwrap_err(), OpenError::Rejected { segment: 3 }));
        assert!(given.len() == 3 * SEGMENT && sealed.plaintext.starts_with(&given));
        let seekable = Seekable::new(&lying, Cursor::new(&sealed.blob));
        assert!(matches!(seekable.unwrap_err(), OpenError::Rejected { segment: 3 }));
    }
    // Another digest is found before the end is given out.
    let lying = with(digest, &[0; 32]).unwrap();
    let (given, outcome) = open(&lying, &sealed.blob);
    assert!(matches!(outcome.unwrap_err(), OpenError::WrongDigest));
    assert_eq!(given.len(), 3 * SEGMENT);
}

#[test]
fn a_reader_that_stops_early_knows_that_it_has_not_seen_the_end() {
    let sealed = sealed(200_000, 10);
    let mut opening = Opening::begin(&sealed.descriptor, &sealed.blob[..]).unwrap();
    let mut most = vec![0; 196_608];
    opening.read_exact(&mut most).unwrap();
    assert!(!opening.is_complete());
    opening.read_exact(&mut [0; 3_391]).unwrap();
    assert!(opening.is_complete(), "the last segment comes only when the end was seen");
    assert_eq!(opening.read(&mut [0; 10]).unwrap(), 1);
    assert_eq!(opening.read(&mut [0; 10]).unwrap(), 0);
}

#[test]
fn reading_ends_with_an_error_where_the_blob_does() {
    let sealed = sealed(200_000, 11);
    let mut opening = Opening::begin(&sealed.descriptor, &sealed.blob[..150_000]).unwrap();
    let mut given = Vec::new();
    let error = opening.read_to_end(&mut given).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    let inner = error.get_ref().and_then(|error| error.downcast_ref::<OpenError>());
    assert!(matches!(inner, Some(OpenError::Truncated)));
    assert!(given == sealed.plaintext[..2 * SEGMENT]);
    assert!(opening.read(&mut [0; 10]).is_err(), "and stays there");
}

#[test]
fn reading_goes_on_at_any_segment() {
    let sealed = sealed(5 * SEGMENT - 10, 12);
    for stop in 0..5 {
        let mut opening = Opening::begin(&sealed.descriptor, &sealed.blob[..]).unwrap();
        let mut given = vec![0; stop * SEGMENT];
        opening.read_exact(&mut given).unwrap();
        let kept = opening.checkpoint().unwrap().to_bytes();
        opening.read_exact(&mut [0; 10]).unwrap();
        assert!(opening.checkpoint().is_none(), "in the middle of a segment");
        drop(opening);

        let checkpoint = Checkpoint::from_bytes(&kept).unwrap();
        assert_eq!(checkpoint.plaintext_offset(), given.len() as u64);
        let rest = &sealed.blob[checkpoint.blob_offset() as usize..];
        let mut opening = Opening::resume(&sealed.descriptor, &checkpoint, rest);
        opening.read_to_end(&mut given).unwrap();
        assert!(opening.is_complete() && given == sealed.plaintext);

        // What was read before the checkpoint counts: the digest is over all of it.
        let mut forged = kept;
        forged[10] ^= 1;
        let checkpoint = Checkpoint::from_bytes(&forged).unwrap();
        let mut opening = Opening::resume(&sealed.descriptor, &checkpoint, rest);
        assert!(opening.read_to_end(&mut Vec::new()).is_err());
        // And a blob that goes on elsewhere does not open.
        let checkpoint = Checkpoint::from_bytes(&kept).unwrap();
        let mut opening = Opening::resume(&sealed.descriptor, &checkpoint, &rest[1..]);
        assert!(opening.next_segment().is_err());
    }
    let mut long = Opening::begin(&sealed.descriptor, &sealed.blob[..]).unwrap();
    long.read_exact(&mut vec![0; 4 * SEGMENT]).unwrap();
    let late = long.checkpoint().unwrap();
    let short = self::sealed(SEGMENT, 13);
    let mut opening = Opening::resume(&short.descriptor, &late, &short.blob[..]);
    assert!(matches!(opening.next_segment(), Err(OpenError::Rejected { segment: 4 })));
    assert!(Checkpoint::from_bytes(&[1; 10]).is_err());
    let mut later = late.to_bytes();
    later[0] = 2;
    assert!(Checkpoint::from_bytes(&later).is_err());
}

#[test]
fn a_changed_file_is_never_sealed_under_the_same_key() {
    let sealed = sealed(200_000, 14);
    for at in [0, 65_535, 65_536, 131_072, 199_999] {
        let mut changed = sealed.plaintext.clone();
        changed[at] ^= 1;
        let record = Cursor::new(&sealed.record);
        let mut again = Resealing::new(&sealed.descriptor, Cursor::new(&changed), record);
        let mut given = Vec::new();
        let error = again.read_to_end(&mut given).unwrap_err();
        let inner = error.get_ref().and_then(|error| error.downcast_ref::<ResealError>());
        assert!(matches!(inner, Some(ResealError::Changed { segment }) if *segment as usize == at / SEGMENT));
        assert_eq!(given.len(), COMMITMENT + at / SEGMENT * SEALED_SEGMENT);
        assert!(sealed.blob.starts_with(&given), "not a byte that was not there before");
        assert!(again.read(&mut [0; 100]).is_err(), "nor when it is asked again");
    }
    // A file that became shorter, or a record of another attachment or none.
    let other = self::sealed(200_000, 15);
    let short = &sealed.plaintext[..199_999];
    for (file, record) in
        [(short, &sealed.record[..]), (&sealed.plaintext, &other.record), (&sealed.plaintext, &[])]
    {
        let mut again = Resealing::new(&sealed.descriptor, Cursor::new(file), Cursor::new(record));
        let mut given = Vec::new();
        again.read_to_end(&mut given).unwrap_err();
        assert!(given.len() < sealed.blob.len() && sealed.blob.starts_with(&given));
    }
    // What was appended to a file is not read.
    let long = [&sealed.plaintext[..], &[1]].concat();
    let mut again = Resealing::new(&sealed.descriptor, Cursor::new(long), Cursor::new(&sealed.record));
    let mut given = Vec::new();
    again.read_to_end(&mut given).unwrap();
    assert!(given == sealed.blob);
}

#[test]
fn a_blob_opens_under_one_key_only() {
    // Whoever knows two keys cannot make one blob for both: it begins with the commitment to one.
    let (one, other) = (sealed(10, 16), sealed(10, 17));
    let forged = joined(&parts(&one.blob).0, &parts(&other.blob).1);
    assert!(matches!(open(&other.descriptor, &forged).1, Err(OpenError::WrongKey)));
    assert!(matches!(open(&one.descriptor, &forged).1, Err(OpenError::Rejected { segment: 0 })));
}

/// Gives so many bytes, and no more than a segment at once.
struct Endless<'a> {
    left: usize,
    ahead: &'a Cell<usize>,
}

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        assert!(buffer.len() <= SEALED_SEGMENT, "a buffer of {} bytes", buffer.len());
        let length = buffer.len().min(self.left).min(10_000);
        self.left -= length;
        self.ahead.set(self.ahead.get() + length);
        Ok(length)
    }
}

/// Takes bytes, and fails when the reader is further ahead than the buffers should allow.
struct Behind<'a>(&'a Cell<usize>);

impl Write for Behind<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(self.0.get() <= 2 * SEGMENT, "{} bytes are held", self.0.get());
        self.0.set(self.0.get().saturating_sub(bytes.len()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn memory_does_not_grow_with_the_size() {
    let ahead = Cell::new(0);
    let size = 40 << 20;
    let source = Endless { left: size, ahead: &ahead };
    let descriptor = seal(source, Behind(&ahead), io::sink(), &mut common::rng(18)).unwrap();
    assert_eq!(descriptor.size(), size as u64);

    let sealed = sealed(1 << 20, 19);
    let mut opening = Opening::begin(&sealed.descriptor, &sealed.blob[..]).unwrap();
    while let Some(segment) = opening.next_segment().unwrap() {
        assert!(segment.len() <= SEGMENT);
    }
}

/// Fails after so many bytes.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::ErrorKind::ConnectionReset.into()),
            length => Ok(length),
        }
    }
}

impl Write for Failing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.0.read(&mut vec![0; bytes.len()])?;
        if length == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(length) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_failing_source_or_disk_is_told() {
    let sealed = sealed(200_000, 20);
    let mut rng = common::rng(20);
    let error = seal(Failing(&sealed.plaintext), io::sink(), io::sink(), &mut rng).unwrap_err();
    assert!(matches!(error, SealError::Io(error) if error.kind() == io::ErrorKind::ConnectionReset));
    let disk = Failing(&sealed.blob[..100_000]);
    let error = seal(&sealed.plaintext[..], disk, io::sink(), &mut rng).unwrap_err();
    assert!(matches!(error, SealError::Io(error) if error.kind() == io::ErrorKind::StorageFull));
    let disk = Failing(&sealed.record[..17]);
    let error = seal(&sealed.plaintext[..], io::sink(), disk, &mut rng).unwrap_err();
    assert!(matches!(error, SealError::Io(_)));
    let mut opening = Opening::begin(&sealed.descriptor, Failing(&sealed.blob[..100_000])).unwrap();
    opening.next_segment().unwrap();
    assert!(matches!(opening.next_segment(), Err(OpenError::Io(_))));
    assert!(matches!(opening.next_segment(), Err(OpenError::Failed)));
}

#[test]
fn a_seek_behind_the_end_reads_nothing_and_one_before_the_beginning_is_refused() {
    let sealed = sealed(100_000, 21);
    let mut seekable = Seekable::new(&sealed.descriptor, Cursor::new(&sealed.blob)).unwrap();
    assert_eq!(seekable.seek(SeekFrom::End(0)).unwrap(), 100_000);
    assert_eq!(seekable.read(&mut [0]).unwrap(), 0);
    assert_eq!(seekable.seek(SeekFrom::Current(10)).unwrap(), 100_010);
    assert_eq!(seekable.read(&mut [0]).unwrap(), 0);
    assert!(seekable.seek(SeekFrom::End(-100_001)).is_err());
    assert_eq!(seekable.seek(SeekFrom::End(-1)).unwrap(), 99_999);
    assert_eq!(seekable.read(&mut [0; 5]).unwrap(), 1);
}

#[test]
fn nothing_of_a_bad_segment_is_given_out_by_seeking() {
    let sealed = sealed(300_000, 22);
    let mut blob = sealed.blob.clone();
    blob[COMMITMENT + SEALED_SEGMENT + 5] ^= 1;
    let mut seekable = Seekable::new(&sealed.descriptor, Cursor::new(blob)).unwrap();
    let mut first = vec![0; SEGMENT];
    seekable.read_exact(&mut first).unwrap();
    let mut second = [0; 16];
    for _ in 0..2 {
        seekable.seek(SeekFrom::Start(SEGMENT as u64)).unwrap();
        assert!(seekable.read(&mut second).is_err());
        assert_eq!(second, [0; 16]);
    }
    seekable.seek(SeekFrom::Start(2 * SEGMENT as u64)).unwrap();
    assert_eq!(seekable.read(&mut second).unwrap(), 16);
    assert_eq!(second, sealed.plaintext[2 * SEGMENT..][..16]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_size_comes_back(size in 0usize..400_000, seed in 0u8..255) {
        let sealed = sealed(size, seed);
        let (given, outcome) = open(&sealed.descriptor, &sealed.blob);
        prop_assert!(outcome.is_ok() && given == sealed.plaintext);
    }

    #[test]
    fn a_flipped_bit_anywhere_is_found(at in 0usize..200_000, bit in 0u8..8) {
        let sealed = sealed(150_000, 30);
        let mut blob = sealed.blob.clone();
        let at = at % blob.len();
        blob[at] ^= 1 << bit;
        let error = refused(&sealed, &blob);
        if at < COMMITMENT {
            prop_assert!(matches!(error, OpenError::WrongKey));
        } else {
            let index = (at - COMMITMENT) / SEALED_SEGMENT;
            let found = matches!(error, OpenError::Rejected { segment } if segment as usize == index);
            prop_assert!(found);
        }
    }

    #[test]
    fn a_flipped_bit_in_a_descriptor_is_found(at in 0usize..114, bit in 0u8..8) {
        let sealed = sealed(5_000, 31);
        let mut bytes = *sealed.descriptor.to_bytes().expose();
        bytes[at] ^= 1 << bit;
        if let Ok(lying) = Descriptor::parse(&bytes) {
            let (given, outcome) = open(&lying, &sealed.blob);
            prop_assert!(outcome.is_err() && given.is_empty());
        }
    }

    #[test]
    fn any_range_is_read(from in 0u64..300_000, length in 0usize..150_000) {
        let sealed = sealed(300_000, 32);
        let mut seekable = Seekable::new(&sealed.descriptor, Cursor::new(&sealed.blob)).unwrap();
        seekable.seek(SeekFrom::Start(from)).unwrap();
        let mut read = Vec::new();
        seekable.take(length as u64).read_to_end(&mut read).unwrap();
        let from = from as usize;
        prop_assert!(read == sealed.plaintext[from..(from + length).min(300_000)]);
    }

    #[test]
    fn any_range_of_the_blob_is_made_again(from in 0usize..330_000, length in 0usize..150_000) {
        let sealed = sealed(300_000, 33);
        let from = from.min(sealed.blob.len());
        let (file, record) = (Cursor::new(&sealed.plaintext), Cursor::new(&sealed.record));
        let mut again = Resealing::new(&sealed.descriptor, file, record);
        again.seek(SeekFrom::Start(from as u64)).unwrap();
        let mut read = Vec::new();
        again.take(length as u64).read_to_end(&mut read).unwrap();
        prop_assert!(read == sealed.blob[from..(from + length).min(sealed.blob.len())]);
    }
}

/// Where what is missing was zeros, the tag alone would not tell.
#[test]
fn what_became_shorter_is_not_sealed_again() {
    let again = |descriptor: &Descriptor, file: &[u8], record: &[u8]| {
        Resealing::new(descriptor, Cursor::new(file), Cursor::new(record))
            .read_to_end(&mut Vec::new())
            .is_ok()
    };
    let file = [[7; 100], [0; 100]].concat();
    let ends_in_zero = (0..=255).find_map(|seed| {
        let mut record = Vec::new();
        let descriptor = seal(&file[..], io::sink(), &mut record, &mut common::rng(seed)).unwrap();
        record.ends_with(&[0]).then_some((descriptor, record))
    });
    let (descriptor, record) = ends_in_zero.expect("one in 256 does");
    assert!(again(&descriptor, &file, &record));
    assert!(!again(&descriptor, &file[..150], &record));
    assert!(!again(&descriptor, &file, &record[..15]));
}
