//! Any bytes as a frame of the relay: a frame or an error, and a frame that exists survives a round trip.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use waxwing_wire::{decode_relay, encode_relay};

fuzz_target!(|data: &[u8]| {
    let Ok(frame) = decode_relay(Bytes::copy_from_slice(data)) else { return };
    let again = decode_relay(encode_relay(&frame)).expect("our own encoding decodes");
    assert_eq!(again, frame);
});
