//! Backups: they come back under the right key, and tell nothing under a wrong one; whatever was done to them is found.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]

use std::cell::Cell;
use std::io::{self, Read, Write};

use proptest::prelude::*;
use waxwing_crypto::backup::{
    Cost, Expected, HEADER_BYTES, Header, HeaderError, Key, Lock, OpenError, Opening, PrintedKey,
    PrintedKeyError, SealError, seal,
};

mod common;

const SEALED_SEGMENT: usize = 65_552;
/// Content of a full segment.
const CONTENT: usize = 65_532;
const ALICE: [u8; 16] = [1; 16];
const EXPECTED: Expected = Expected { account: ALICE, counter_min: 0 };

fn printed(byte: u8) -> PrintedKey {
    PrintedKey::from_bytes(&[byte; 32])
}

/// As little as a passphrase may cost.
fn passphrase(bytes: &[u8]) -> Key<'_> {
    Key::Passphrase { bytes, cost: Cost::new(19 * 1024, 2, 1).unwrap() }
}

/// Bytes of which no two segments are the same.
fn content(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i ^ (i >> 8) ^ (i >> 16)) as u8).collect()
}

fn sealed(key: &Key<'_>, counter: u64, content: &[u8]) -> Vec<u8> {
    let mut backup = Vec::new();
    seal(key, &ALICE, counter, content, &mut backup, &mut common::rng(1)).unwrap();
    backup
}

/// Opens to the end: what was given out, and how it ended.
fn open(key: &Key<'_>, expected: &Expected, backup: &[u8]) -> (Vec<u8>, Result<(), OpenError>) {
    let mut given = Vec::new();
    let mut opening = match Opening::begin(key, expected, backup) {
        Ok(opening) => opening,
        Err(error) => return (given, Err(error)),
    };
    loop {
        match opening.next_segment() {
            Ok(Some(segment)) => given.extend_from_slice(&segment),
            Ok(None) => {
                assert!(opening.is_complete());
                return (given, Ok(()));
            }
            Err(error) => {
                assert!(!opening.is_complete());
                assert!(matches!(opening.next_segment(), Err(OpenError::Failed)), "nothing more comes");
                return (given, Err(error));
            }
        }
    }
}

/// Opens what must fail: only a beginning is given out, and never all of it.
fn refused(content: &[u8], backup: &[u8]) -> OpenError {
    let (given, outcome) = open(&Key::Printed(&printed(1)), &EXPECTED, backup);
    assert!(content.starts_with(&given), "something else was given out");
    assert!(given.is_empty() || given.len() < content.len(), "all was given out");
    outcome.expect_err("it must not open")
}

#[test]
fn a_backup_comes_back_at_every_size() {
    let printed = printed(1);
    let key = Key::Printed(&printed);
    for size in [0, 1, CONTENT - 1, CONTENT, CONTENT + 1, 2 * CONTENT, 5 * CONTENT, 9 * CONTENT, 600_000] {
        let content = content(size);
        let backup = sealed(&key, 3, &content);
        assert_eq!((backup.len() - HEADER_BYTES) % SEALED_SEGMENT, 0);
        let (given, outcome) = open(&key, &EXPECTED, &backup);
        outcome.unwrap();
        assert!(given == content, "{size}");
        let mut read = Vec::new();
        let mut opening = Opening::begin(&key, &EXPECTED, &backup[..]).unwrap();
        opening.read_to_end(&mut read).unwrap();
        assert!(read == content && opening.is_complete() && opening.counter() == 3);
    }
}

#[test]
fn a_passphrase_opens_and_another_tells_nothing() {
    let backup = sealed(&passphrase(b"correct horse"), 1, b"everything");
    let (given, outcome) = open(&passphrase(b"correct horse"), &EXPECTED, &backup);
    outcome.unwrap();
    assert_eq!(given, b"everything");
    for wrong in [&b"correct hors"[..], b"correct horse ", b""] {
        let (given, outcome) = open(&passphrase(wrong), &EXPECTED, &backup);
        let error = outcome.unwrap_err();
        assert!(matches!(error, OpenError::WrongKey) && given.is_empty());
        assert_eq!(error.to_string(), "passphrase or key of the backup is wrong");
    }
    // The cost stands in the backup: whoever opens names any.
    let other_cost = Key::Passphrase { bytes: b"correct horse", cost: Cost::RECOMMENDED };
    open(&other_cost, &EXPECTED, &backup).1.unwrap();
}

#[test]
fn a_key_opens_what_was_sealed_under_it_alone() {
    let backup = sealed(&Key::Printed(&printed(1)), 1, b"everything");
    let (given, outcome) = open(&Key::Printed(&printed(2)), &EXPECTED, &backup);
    assert!(matches!(outcome, Err(OpenError::WrongKey)) && given.is_empty());
    let (_, outcome) = open(&passphrase(&[1; 32]), &EXPECTED, &backup);
    assert!(matches!(outcome, Err(OpenError::OtherLock)));
    let backup = sealed(&passphrase(&[1; 32]), 1, b"everything");
    let (_, outcome) = open(&Key::Printed(&printed(1)), &EXPECTED, &backup);
    assert!(matches!(outcome, Err(OpenError::OtherLock)));
}

#[test]
fn a_file_cannot_be_made_to_open_under_two_keys() {
    let (one, other) =
        (sealed(&Key::Printed(&printed(1)), 1, b"a"), sealed(&Key::Printed(&printed(2)), 1, b"b"));
    let mut forged = other.clone();
    forged[71..HEADER_BYTES].copy_from_slice(&one[71..HEADER_BYTES]);
    for key in [1, 2] {
        assert!(open(&Key::Printed(&printed(key)), &EXPECTED, &forged).1.is_err());
    }
}

#[test]
fn an_old_backup_and_one_of_another_account_are_recognised() {
    let key = printed(1);
    let (key, backup) = (Key::Printed(&key), sealed(&Key::Printed(&key), 7, b"everything"));
    let with = |account, counter_min| open(&key, &Expected { account, counter_min }, &backup).1;
    with(ALICE, 7).unwrap();
    assert!(matches!(with(ALICE, 8), Err(OpenError::Older { counter: 7 })));
    assert!(matches!(with([2; 16], 0), Err(OpenError::OtherAccount)));
    // Neither can be written over.
    for at in [15, 38] {
        let mut forged = backup.clone();
        forged[at] ^= 1;
        let account = forged[15..31].try_into().unwrap();
        let outcome = open(&key, &Expected { account, counter_min: 0 }, &forged).1;
        assert!(matches!(outcome, Err(OpenError::WrongKey)));
    }
}

#[test]
fn a_forged_header_is_no_bomb() {
    let backup = sealed(&passphrase(b"pass"), 1, b"");
    let with = |at: usize, bytes: &[u8]| {
        let mut forged = backup.clone();
        forged[at..at + bytes.len()].copy_from_slice(bytes);
        let begun = Opening::begin(&passphrase(b"pass"), &EXPECTED, &forged[..]);
        if let OpenError::Header(error) = begun.unwrap_err() { Some(error) } else { None }
    };
    for (at, value) in [(3, u32::MAX), (3, 262_145), (3, 0), (7, u32::MAX), (7, 0), (11, u32::MAX), (11, 0)] {
        assert_eq!(with(at, &value.to_be_bytes()), Some(HeaderError::OutOfBounds), "{at} {value}");
    }
    assert_eq!(with(0, &[2]), Some(HeaderError::Unsupported));
    assert_eq!(with(1, &[2]), Some(HeaderError::Unsupported));
    assert_eq!(with(2, &[3]), Some(HeaderError::Malformed));
    assert_eq!(with(2, &[2]), Some(HeaderError::Malformed), "a printed key has no cost");
    // A dearer passphrase than was sealed is another key.
    assert_eq!(with(7, &3u32.to_be_bytes()), None);
}

#[test]
fn a_header_tells_what_is_needed() {
    let key = Key::Passphrase { bytes: b"pass", cost: Cost::RECOMMENDED };
    let backup = sealed(&key, 258, b"");
    let bytes = backup.first_chunk().unwrap();
    let header = Header::parse(bytes).unwrap();
    assert_eq!(
        (header.lock(), header.account(), header.counter()),
        (Lock::Passphrase(Cost::RECOMMENDED), &ALICE, 258)
    );
    assert_eq!(header.to_bytes(), *bytes);
    assert!(format!("{key:?}") == "Key::Passphrase(..)");
}

#[test]
fn a_cut_anywhere_is_found() {
    let content = content(200_000);
    let backup = sealed(&Key::Printed(&printed(1)), 1, &content);
    let count = (backup.len() - HEADER_BYTES) / SEALED_SEGMENT;
    assert_eq!(count, 4);
    for index in 0..=count {
        let at = HEADER_BYTES + index * SEALED_SEGMENT;
        for length in [at.saturating_sub(1), at, at + 1].into_iter().filter(|length| *length < backup.len()) {
            assert!(matches!(refused(&content, &backup[..length]), OpenError::Truncated), "{length}");
        }
    }
    for length in [0, 1, 102] {
        assert!(matches!(refused(&content, &backup[..length]), OpenError::Truncated));
    }
}

#[test]
fn whatever_is_appended_moved_or_spliced_is_found() {
    let content = content(200_000);
    let backup = sealed(&Key::Printed(&printed(1)), 1, &content);
    let (header, segments) = backup.split_at(HEADER_BYTES);
    let segments: Vec<&[u8]> = segments.chunks(SEALED_SEGMENT).collect();
    let joined = |segments: &[&[u8]]| [header, &segments.concat()].concat();
    for more in [vec![0; SEALED_SEGMENT], vec![0], segments[3].to_vec()] {
        let long = [&backup[..], &more].concat();
        assert!(matches!(refused(&content, &long), OpenError::TooLong));
    }
    for i in 0..4 {
        for j in (0..4).filter(|j| *j != i) {
            let mut moved = segments.clone();
            moved.swap(i, j);
            let error = refused(&content, &joined(&moved));
            assert!(matches!(error, OpenError::Rejected { segment } if segment as usize == i.min(j)));
        }
    }
    // Another backup under the same key has a salt of its own.
    let mut other = Vec::new();
    let printed = printed(1);
    seal(&Key::Printed(&printed), &ALICE, 1, &content[..], &mut other, &mut common::rng(2)).unwrap();
    let others: Vec<&[u8]> = other[HEADER_BYTES..].chunks(SEALED_SEGMENT).collect();
    for index in 0..4 {
        let mut spliced = segments.clone();
        spliced[index] = others[index];
        assert!(matches!(refused(&content, &joined(&spliced)), OpenError::Rejected { .. }));
    }
}

#[test]
fn sizes_of_backups_are_few() {
    let printed = printed(1);
    let length = |size: usize| sealed(&Key::Printed(&printed), 1, &vec![0; size]).len();
    assert_eq!(length(0), length(CONTENT));
    assert_eq!(length(32 * CONTENT + 1), length(34 * CONTENT), "34 segments from 33 on");
    let counts: std::collections::BTreeSet<usize> = (1..100).map(|count| length(count * CONTENT)).collect();
    assert!(counts.len() < 50, "{}", counts.len());
}

#[test]
fn reading_ends_with_an_error_where_the_backup_does() {
    let content = content(200_000);
    let printed = printed(1);
    let key = Key::Printed(&printed);
    let backup = sealed(&key, 1, &content);
    let mut opening = Opening::begin(&key, &EXPECTED, &backup[..150_000]).unwrap();
    let mut given = Vec::new();
    let error = opening.read_to_end(&mut given).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(content.starts_with(&given) && given.len() < content.len() && !opening.is_complete());
}

/// Gives so many bytes, a few at a time.
struct Endless<'a>(usize, &'a Cell<usize>);

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        assert!(buffer.len() <= SEALED_SEGMENT);
        let length = buffer.len().min(self.0).min(10_000);
        self.0 -= length;
        self.1.set(self.1.get() + length);
        Ok(length)
    }
}

/// Takes bytes, and fails when the reader is further ahead than the buffers should allow.
struct Behind<'a>(&'a Cell<usize>);

impl Write for Behind<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(self.0.get() <= 3 * SEALED_SEGMENT, "{} bytes are held", self.0.get());
        self.0.set(self.0.get().saturating_sub(bytes.len()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn memory_does_not_grow_with_the_size() {
    let (ahead, printed) = (Cell::new(0), printed(1));
    let (source, sink) = (Endless(20 << 20, &ahead), Behind(&ahead));
    seal(&Key::Printed(&printed), &ALICE, 1, source, sink, &mut common::rng(3)).unwrap();
}

#[test]
fn a_failing_disk_is_told() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let printed = printed(1);
    let error = seal(&Key::Printed(&printed), &ALICE, 1, &b""[..], Full, &mut common::rng(3)).unwrap_err();
    assert!(matches!(error, SealError::Io(error) if error.kind() == io::ErrorKind::StorageFull));
}

fn parse(text: &str) -> Result<[u8; 32], PrintedKeyError> {
    text.parse::<PrintedKey>().map(|key| *key.expose())
}

#[test]
fn a_printed_key_comes_back_however_it_is_typed() {
    let key = PrintedKey::generate(&mut common::rng(4));
    let text = key.to_text();
    assert_eq!(text.len(), 13 * 5 + 12);
    assert_eq!(parse(&text), Ok(*key.expose()));
    assert_eq!(
        parse(&text.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l")),
        Ok(*key.expose())
    );
    assert_eq!(parse(&format!("\n{}\t", text.replace('-', ""))), Ok(*key.expose()));
    assert_eq!(format!("{key:?}"), "PrintedKey(..)");
}

#[test]
fn every_slip_is_found_and_its_group_named() {
    let key = PrintedKey::generate(&mut common::rng(5));
    let text: Vec<char> = key.to_text().chars().filter(|char| *char != '-').collect();
    let try_with = |chars: &[char]| parse(&chars.iter().collect::<String>());
    for at in 0..65 {
        let wrong = Err(PrintedKeyError::Group { number: at / 5 + 1 });
        for char in "0123456789ABCDEFGHJKMNPQRSTVWXYZU?🦜".chars().filter(|char| *char != text[at]) {
            let mut mistyped = text.clone();
            mistyped[at] = char;
            assert_eq!(try_with(&mistyped), wrong, "{at}");
        }
        // Two characters of a group exchanged.
        for other in (at / 5 * 5..at).filter(|other| text[*other] != text[at]) {
            let mut exchanged = text.clone();
            exchanged.swap(at, other);
            assert_eq!(try_with(&exchanged), wrong, "{at} {other}");
        }
    }
    for group in 1..13 {
        let mut exchanged = text.clone();
        let (before, after) = exchanged.split_at_mut(group * 5);
        before[..5].swap_with_slice(&mut after[..5]);
        assert_eq!(try_with(&exchanged), Err(PrintedKeyError::Group { number: 1 }));
        assert_eq!(try_with(&text[..group * 5]), Err(PrintedKeyError::TooShort { groups: group }));
        assert_eq!(try_with(&text[..group * 5 + 2]), Err(PrintedKeyError::Group { number: group + 1 }));
    }
    assert_eq!(parse(""), Err(PrintedKeyError::TooShort { groups: 0 }));
    assert_eq!(try_with(&[&text[..], &['0']].concat()), Err(PrintedKeyError::TooLong));
}

#[test]
fn groups_of_two_keys_do_not_make_a_third() {
    let texts: Vec<String> =
        (0..40).map(|seed| PrintedKey::generate(&mut common::rng(seed)).to_text().to_string()).collect();
    let mixed = texts.windows(2).map(|pair| [&pair[0][..36], &pair[1][36..]].concat());
    let found = mixed.filter(|text| parse(text) == Err(PrintedKeyError::Mixed)).count();
    // The overall check has four bits: one mixture in sixteen passes.
    assert!(found > 30, "{found} of 39");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_flipped_bit_anywhere_is_found(at in 0usize..300_000, bit in 0u8..8) {
        let content = content(150_000);
        let mut backup = sealed(&Key::Printed(&printed(1)), 1, &content);
        let at = at % backup.len();
        backup[at] ^= 1 << bit;
        refused(&content, &backup);
    }

    #[test]
    fn any_key_has_one_text(bytes in any::<[u8; 32]>()) {
        let text = PrintedKey::from_bytes(&bytes).to_text();
        prop_assert_eq!(parse(&text), Ok(bytes));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in ".{0,100}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let headed = [&[1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &ALICE, &bytes].concat();
        for bytes in [bytes, headed] {
            prop_assert!(Opening::begin(&Key::Printed(&printed(1)), &EXPECTED, &bytes[..]).is_err());
        }
    }
}

/// Gives nothing but an error.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

#[test]
fn a_source_that_fails_is_told_as_what_it_is() {
    let printed = printed(1);
    let key = Key::Printed(&printed);
    let error = seal(&key, &ALICE, 1, Broken, io::sink(), &mut common::rng(90)).unwrap_err();
    assert!(matches!(error, SealError::Io(_)));
    assert!(matches!(Opening::begin(&key, &EXPECTED, Broken), Err(OpenError::Io(_))));
    let backup = sealed(&key, 1, b"content");
    let mut opening = Opening::begin(&key, &EXPECTED, backup[..HEADER_BYTES].chain(Broken)).unwrap();
    let error = opening.read(&mut [0; 10]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
}
