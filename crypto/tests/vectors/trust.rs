//! What the trust part of the crate writes, from fixed keys.

use waxwing_crypto::{AccountKey, Identity, SafetyNumber};

use super::files::check;

#[test]
fn trust_is_the_same_as_in_the_last_release() {
    let identity = |account, seed| Identity {
        account: [account; 16],
        key: AccountKey::from_bytes(&[seed; 32]).public(),
    };
    let (here, there) = (identity(1, 7), identity(2, 8));
    check(
        "trust",
        &[
            ("safety-number-digits", SafetyNumber::new(&here, &there).digits().into_bytes()),
            ("safety-number-scan", SafetyNumber::new(&there, &here).scannable().to_vec()),
            (
                "safety-number-scan-of-another-key",
                SafetyNumber::new(&identity(2, 9), &here).scannable().to_vec(),
            ),
        ],
    );
}
