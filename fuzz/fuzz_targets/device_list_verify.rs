//! Any bytes as a device list of the account that the committed seeds belong to: a list that is accepted has one encoding.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_crypto::{AccountKey, DeviceList};

fuzz_target!(|data: &[u8]| {
    let key = AccountKey::from_bytes(&[5; 32]).public();
    let Ok(list) = DeviceList::verify(data, [1; 16], &key) else { return };
    assert_eq!(list.as_bytes(), data);
    assert!(list.check_successor_of(&list).is_ok());
});
