//! Any bytes as a frame of the client: a frame or an error, and a frame that exists survives a round trip.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use waxwing_wire::{decode_client, encode_client};

fuzz_target!(|data: &[u8]| {
    let Ok(frame) = decode_client(Bytes::copy_from_slice(data)) else { return };
    let again = decode_client(encode_client(&frame)).expect("our own encoding decodes");
    assert_eq!(again, frame);
});
