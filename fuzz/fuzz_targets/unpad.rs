//! Any bytes as padded content: what comes off goes on again the same way.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_crypto::{pad, unpad};

fuzz_target!(|data: &[u8]| {
    if let Ok(content) = unpad(data) {
        assert_eq!(pad(content), data);
    }
    assert_eq!(unpad(&pad(data)), Ok(data));
});
