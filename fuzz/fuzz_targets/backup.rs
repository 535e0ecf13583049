//! Any bytes as a header, as a printed key and as a backup; and any bytes laid over a good backup: it opens only when nothing of
//! it has changed, and gives out nothing else.

#![no_main]

use std::io::Read;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use waxwing_crypto::backup::{Expected, HEADER_BYTES, Header, Key, Opening, PrintedKey, seal};

const EXPECTED: Expected = Expected { account: [1; 16], counter_min: 0 };
const CONTENT: &[u8] = &[0x5a; 70_000];

static PRINTED: LazyLock<PrintedKey> = LazyLock::new(|| PrintedKey::from_bytes(&[1; 32]));

/// Two segments, sealed.
static BACKUP: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut backup = Vec::new();
    let mut rng = ChaCha20Rng::from_seed([75; 32]);
    seal(&Key::Printed(&PRINTED), &EXPECTED.account, 1, CONTENT, &mut backup, &mut rng).expect("memory");
    backup
});

/// Reads to the end, or to the first error, and says which it was.
fn open(backup: &[u8]) -> (Vec<u8>, bool) {
    let mut given = Vec::new();
    let Ok(mut opening) = Opening::begin(&Key::Printed(&PRINTED), &EXPECTED, backup) else {
        return (given, false);
    };
    let is_whole = opening.read_to_end(&mut given).is_ok();
    assert_eq!(is_whole, opening.is_complete());
    (given, is_whole)
}

fuzz_target!(|data: &[u8]| {
    if let Some(head) = data.first_chunk::<HEADER_BYTES>()
        && let Ok(header) = Header::parse(head)
    {
        assert_eq!(header.to_bytes(), *head);
    }
    if let Some(Ok(key)) = std::str::from_utf8(data).ok().map(str::parse::<PrintedKey>) {
        let again: PrintedKey = key.to_text().parse().expect("our own text");
        assert_eq!(key.expose(), again.expose());
    }
    let (given, is_whole) = open(data);
    assert!(given.is_empty() && !is_whole);
    // The first four bytes tell where, and the rest what.
    let Some((at, patch)) = data.split_first_chunk() else { return };
    let mut changed = BACKUP.clone();
    let at = u32::from_be_bytes(*at) as usize % changed.len();
    let end = changed.len().min(at + patch.len());
    changed[at..end].copy_from_slice(&patch[..end - at]);
    let (given, is_whole) = open(&changed);
    assert_eq!(is_whole, changed == *BACKUP);
    assert!(CONTENT.starts_with(&given) && (is_whole || given.len() < CONTENT.len()));
});
