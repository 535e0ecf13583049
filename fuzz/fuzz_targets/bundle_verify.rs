//! Any bytes as a prekey bundle. The keys come out of the bytes themselves, so that the fuzzer gets as far as the signature.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_crypto::{Address, Bundle, DevicePublic};

fn array<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    data.get(at..at + N)?.try_into().ok()
}

fn verify(data: &[u8]) -> Option<()> {
    let address = Address { account: array(data, 2)?, device: array(data, 18)? };
    let keys = DevicePublic::parse(array(data, 34)?, array(data, 66)?).ok()?;
    Bundle::verify(data, &address, &keys).ok().map(drop)
}

fuzz_target!(|data: &[u8]| {
    let _ = verify(data);
});
