//! Any bytes as a sealed message, and as the record of a sealing key, for the device that the committed seeds belong to.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_crypto::{
    Address, DeviceSecrets, Ours,
    sealed_sender::{Recipient, SealedMessage, SealingKey},
};

fuzz_target!(|data: &[u8]| {
    let secrets = DeviceSecrets::from_bytes(&[6; 64]);
    let address = Address { account: [2; 16], device: [102; 16] };
    let stored = [&[1, 0, 0, 0, 7][..], &[3; 32], &[4; 64]].concat();
    let Ok(key) = SealingKey::from_bytes(&stored) else { unreachable!("its own encoding") };
    let ours = Ours { address, secrets: &secrets };

    let is_ours = Recipient::verify(data, &address, &secrets.public()).is_ok();
    assert_eq!(is_ours, data == key.publish(&ours), "nobody else can sign");

    let Ok(message) = SealedMessage::parse(data) else { return };
    let Ok(claim) = message.open(&ours, &key) else { return };
    let sender = DeviceSecrets::from_bytes(&[5; 64]).public();
    let _ = claim.open(&key, &sender);
});
