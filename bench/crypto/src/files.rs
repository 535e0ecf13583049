//! Attachments: a MiB sealed, and opened.

use std::hint::black_box;
use std::io::sink;

use aes_gcm::{AeadInOut, Aes256Gcm, Key, KeyInit, Nonce};
use sha2::{Digest, Sha256};
use waxwing_bench::{Bar, Row};
use waxwing_crypto::attachment::{Opening, seal};

use crate::compare::{alone, compare_with_floor};
use crate::ours;
use crate::rows::repeat;

const MIB: usize = 1 << 20;
const SEGMENT_BYTES: usize = 64 * 1024;
/// MiB sealed in one batch.
const COUNT: u32 = 4;

/// A MiB from memory to nowhere, with its digest; beside AES-256-GCM and SHA-256 over the same bytes.
pub(crate) fn attachment(name: &str, batches: u32) -> Row {
    let mut rng = ours::rng(7);
    let plaintext = vec![0x5a; MIB];
    let cipher = Aes256Gcm::new(<&Key<Aes256Gcm>>::from(&[1; 32]));
    let mut buffer = plaintext.clone();
    let mut floor = || {
        let mut digest = Sha256::new();
        for segment in buffer.chunks_mut(SEGMENT_BYTES) {
            let nonce = <&Nonce<_>>::from(&[2; 12]);
            let tag = cipher.encrypt_inout_detached(nonce, &[], segment.into()).expect("short");
            digest.update(&*segment);
            digest.update(tag);
        }
        black_box(digest.finalize());
    };
    let row = compare_with_floor(
        name,
        batches,
        Box::new(|| {
            repeat(COUNT, || {
                let descriptor = seal(&plaintext[..], sink(), sink(), &mut rng).expect("memory and nowhere");
                black_box(descriptor);
            })
        }),
        Box::new(|| repeat(COUNT, &mut floor)),
    );
    let mut blob = Vec::new();
    let descriptor = seal(&plaintext[..], &mut blob, sink(), &mut ours::rng(8)).expect("memory");
    let open = || {
        let mut opening = Opening::begin(&descriptor, &blob[..]).expect("our own blob");
        while let Some(segment) = opening.next_segment().expect("our own blob") {
            black_box(segment);
        }
    };
    let opened = alone(batches, Box::new(|| repeat(COUNT, open)));
    row.figure("waxwing_open_us", opened)
        .bar(Bar::AtMost("waxwing_us", 500.0))
        .bar(Bar::AtMost("over_floor", 1.25))
}
