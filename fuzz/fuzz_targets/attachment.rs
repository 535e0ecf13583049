//! Any bytes as a descriptor and the blob behind it: only what the descriptor names opens to its end, and both ways of reading
//! agree. And any bytes as a checkpoint.

#![no_main]

use std::io::{Cursor, Read};

use libfuzzer_sys::fuzz_target;
use waxwing_crypto::attachment::{Checkpoint, DESCRIPTOR_BYTES, Descriptor, Opening, Seekable};

/// Reads to the end, or to the first error.
fn open(descriptor: &Descriptor, blob: &[u8]) -> Option<Vec<u8>> {
    let mut opening = Opening::begin(descriptor, blob).ok()?;
    let mut given = Vec::new();
    opening.read_to_end(&mut given).ok()?;
    assert!(opening.is_complete());
    Some(given)
}

fuzz_target!(|data: &[u8]| {
    if let Ok(checkpoint) = Checkpoint::from_bytes(data) {
        assert_eq!(checkpoint.to_bytes(), data);
    }
    let Some((head, blob)) = data.split_at_checked(DESCRIPTOR_BYTES) else { return };
    let Ok(descriptor) = Descriptor::parse(head) else { return };
    assert_eq!(descriptor.to_bytes().expose()[..], *head);
    let Some(given) = open(&descriptor, blob) else { return };
    assert_eq!((given.len() as u64, blob.len() as u64), (descriptor.size(), descriptor.sealed_size()));
    let mut again = Vec::new();
    let mut seekable = Seekable::new(&descriptor, Cursor::new(blob)).expect("it opened");
    seekable.read_to_end(&mut again).expect("it opened");
    assert_eq!(given, again);
});
