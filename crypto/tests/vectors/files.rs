//! The bytes of attachments, profiles, links and backups, from fixed seeds, against the last release.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]

use std::fmt::Write as _;

use waxwing_crypto::attachment::{self, Descriptor, Opening};

use super::common;

/// Compares with the golden file. To regenerate after an intended change, run with `WAXWING_GOLDEN=write`: the difference
/// is the review.
fn check(name: &str, lines: &[(&str, Vec<u8>)]) {
    let mut is = String::new();
    for (name, bytes) in lines {
        writeln!(is, "{name} {}", hex::encode(bytes)).unwrap();
    }
    let path = format!("{}/tests/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("WAXWING_GOLDEN").is_some() {
        std::fs::write(&path, &is).unwrap();
    }
    let was = std::fs::read_to_string(&path).unwrap();
    for (is, was) in is.lines().zip(was.lines()) {
        assert_eq!(is, was);
    }
    assert_eq!(is.lines().count(), was.lines().count());
}

/// A line of a golden file.
fn golden(file: &str, name: &str) -> Vec<u8> {
    let path = format!("{}/tests/golden/{file}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} "))).unwrap();
    hex::decode(line).unwrap()
}

#[test]
fn attachments_are_the_same_as_in_the_last_release() {
    let (mut blob, mut record) = (Vec::new(), Vec::new());
    let text = b"Waxwings are passerine birds.";
    let descriptor = attachment::seal(&text[..], &mut blob, &mut record, &mut common::rng(70)).unwrap();
    let (mut long_blob, mut long_record) = (Vec::new(), Vec::new());
    let long = vec![0x5a; 70_000];
    let long_descriptor =
        attachment::seal(&long[..], &mut long_blob, &mut long_record, &mut common::rng(71)).unwrap();
    let mut opening = Opening::begin(&long_descriptor, &long_blob[..]).unwrap();
    opening.next_segment().unwrap();
    check(
        "attachments",
        &[
            ("descriptor", descriptor.to_bytes().expose().to_vec()),
            ("blob", blob),
            ("record", record),
            ("descriptor-of-two-segments", long_descriptor.to_bytes().expose().to_vec()),
            ("record-of-two-segments", long_record),
            ("checkpoint", opening.checkpoint().unwrap().to_bytes().to_vec()),
        ],
    );
}

#[test]
fn attachments_of_the_last_release_still_open() {
    let descriptor = Descriptor::parse(&golden("attachments", "descriptor")).unwrap();
    let blob = golden("attachments", "blob");
    let mut opening = Opening::begin(&descriptor, &blob[..]).unwrap();
    assert_eq!(opening.next_segment().unwrap().unwrap(), b"Waxwings are passerine birds.");
    assert!(opening.is_complete());
    let checkpoint = attachment::Checkpoint::from_bytes(&golden("attachments", "checkpoint")).unwrap();
    assert_eq!(checkpoint.plaintext_offset(), 65_536);
}
