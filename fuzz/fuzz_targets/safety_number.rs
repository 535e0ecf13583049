//! Any bytes as a scanned safety number: only the right ones match.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use waxwing_crypto::{AccountKey, Comparison, Identity, SafetyNumber};

/// What we see, and what they show.
static NUMBERS: LazyLock<[SafetyNumber; 2]> = LazyLock::new(|| {
    let identity = |account, seed| Identity {
        account: [account; 16],
        key: AccountKey::from_bytes(&[seed; 32]).public(),
    };
    let (ours, theirs) = (identity(1, 7), identity(2, 8));
    [SafetyNumber::new(&ours, &theirs), SafetyNumber::new(&theirs, &ours)]
});

fuzz_target!(|data: &[u8]| {
    let [ours, theirs] = &*NUMBERS;
    assert_eq!(ours.compare(data) == Comparison::Match, data == theirs.scannable());
});
