//! The bytes of attachments, profiles, links and backups, from fixed seeds, against the last release.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use waxwing_crypto::{
    attachment::{self, Descriptor, Opening},
    backup::{self, Cost, HEADER_BYTES, Key, PrintedKey},
    link::{NewDevice, Purpose, Scanned},
    profile::{Field, ProfileKey},
};

use super::common;

/// Compares with the golden file. To regenerate after an intended change, run with `WAXWING_GOLDEN=write`: the difference
/// is the review.
pub(crate) fn check(name: &str, lines: &[(&str, Vec<u8>)]) {
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
fn line(golden: &str, name: &str) -> Vec<u8> {
    let found = golden.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap();
    hex::decode(found).unwrap()
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
    let golden = include_str!("../golden/attachments.txt");
    let descriptor = Descriptor::parse(&line(golden, "descriptor")).unwrap();
    let blob = line(golden, "blob");
    let mut opening = Opening::begin(&descriptor, &blob[..]).unwrap();
    assert_eq!(opening.next_segment().unwrap().unwrap(), b"Waxwings are passerine birds.");
    assert!(opening.is_complete());
    let checkpoint = attachment::Checkpoint::from_bytes(&line(golden, "checkpoint")).unwrap();
    assert_eq!(checkpoint.plaintext_offset(), 65_536);
}

#[test]
fn profiles_are_the_same_as_in_the_last_release() {
    let mut rng = common::rng(72);
    let first = ProfileKey::generate(&mut rng);
    let key = first.rotate(&mut rng).unwrap();
    let mut seal = |field, content: &[u8]| key.seal(&[1; 16], field, 258, content, &mut rng).unwrap();
    check(
        "profiles",
        &[
            ("name", seal(Field::Name, "Alice 🦜".as_bytes())),
            ("about", seal(Field::About, b"")),
            ("picture", seal(Field::Picture, &[7; 300])),
            ("key", key.to_bytes().expose().to_vec()),
            ("access-key", key.access_key().expose().to_vec()),
            ("access-verifier", key.access_verifier().to_vec()),
        ],
    );
}

#[test]
fn profiles_of_the_last_release_still_open() {
    let golden = include_str!("../golden/profiles.txt");
    let key = ProfileKey::from_bytes(&line(golden, "key")).unwrap();
    let opened = key.open(&[1; 16], Field::Name, 258, &line(golden, "name")).unwrap();
    assert_eq!((&opened.content[..], opened.revision), ("Alice 🦜".as_bytes(), 258));
}

#[test]
fn links_are_the_same_as_in_the_last_release() {
    let mut rng = common::rng(73);
    let new = NewDevice::begin(&mut rng);
    let (invitation, offer) = (new.invitation().clone(), new.offer());
    let (scanned, commitment) = Scanned::begin(&invitation, &offer, &mut rng).unwrap();
    let (answered, nonce) = new.on_commitment(&commitment, &mut rng).unwrap();
    let (at_account, reveal) = scanned.on_nonce(&nonce).unwrap();
    let at_new = answered.on_reveal(&reveal).unwrap();
    let code = at_new.code().to_string();
    assert_eq!(code, at_account.code().to_string());
    let (mut new, mut account) = (at_new.confirm(&code).unwrap(), at_account.confirm(&code).unwrap());
    let to_account = new.seal(Purpose::Device, b"keys", &mut rng).unwrap();
    let to_new = account.seal(Purpose::Certificate, b"list", &mut rng).unwrap();
    check(
        "links",
        &[
            ("invitation", invitation.to_bytes().to_vec()),
            ("invitation-text", invitation.to_string().into_bytes()),
            ("offer", offer),
            ("commitment", commitment),
            ("nonce", nonce),
            ("reveal", reveal),
            ("code", code.into_bytes()),
            ("to-account", to_account),
            ("to-new", to_new),
        ],
    );
}

#[test]
fn backups_are_the_same_as_in_the_last_release() {
    let printed = PrintedKey::generate(&mut common::rng(74));
    let content = vec![0x5a; 70_000];
    let seal = |key: &Key<'_>| {
        let mut sealed = Vec::new();
        backup::seal(key, &[1; 16], 258, &content[..], &mut sealed, &mut common::rng(75)).unwrap();
        sealed
    };
    let by_paper = seal(&Key::Printed(&printed));
    let by_passphrase =
        seal(&Key::Passphrase { bytes: "correct horse 🦜".as_bytes(), cost: Cost::RECOMMENDED });
    // The whole is too long for a golden file: its header, and its digest.
    let digest = |bytes: &[u8]| Sha256::digest(bytes).to_vec();
    check(
        "backups",
        &[
            ("printed-key", printed.expose().to_vec()),
            ("printed-key-text", printed.to_text().as_bytes().to_vec()),
            ("header", by_paper[..HEADER_BYTES].to_vec()),
            ("digest", digest(&by_paper)),
            ("header-by-passphrase", by_passphrase[..HEADER_BYTES].to_vec()),
            ("digest-by-passphrase", digest(&by_passphrase)),
        ],
    );
}
