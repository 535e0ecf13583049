//! What the trust part of the crate writes, from fixed keys.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]

use waxwing_crypto::{
    AccountKey, Address, DeviceEntry, DeviceList, DeviceSecrets, Identity, Ours, SafetyNumber,
    profile::ProfileKey,
    sealed_sender::{Recipient, SealedMessage, SealingKey, seal},
};

use super::{common, files::check};

const TEXT: &[u8] = b"a message of a session";

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

/// The recipient: its stored secrets, its address, and its sealing key.
fn recipient() -> (DeviceSecrets, Address, SealingKey) {
    let stored = [&[1, 0, 0, 0, 7][..], &[3; 32], &[4; 64]].concat();
    let at = Address { account: [2; 16], device: [102; 16] };
    (DeviceSecrets::from_bytes(&[6; 64]), at, SealingKey::from_bytes(&stored).unwrap())
}

#[test]
fn sealed_messages_are_the_same_as_in_the_last_release() {
    let (secrets, at, key) = recipient();
    let record = key.publish(&Ours { address: at, secrets: &secrets });
    let to = Recipient::verify(&record, &at, &secrets.public()).unwrap();
    let sender = DeviceSecrets::from_bytes(&[5; 64]);
    let ours = Ours { address: Address { account: [1; 16], device: [101; 16] }, secrets: &sender };
    let entry = DeviceEntry { device: ours.address.device, keys: sender.public() };
    let account = AccountKey::from_bytes(&[7; 32]);
    let list = DeviceList::sign(ours.address.account, &account, None, vec![entry]).unwrap();
    let sealed = |introduction| seal(&ours, &to, introduction, TEXT, &mut common::rng(73)).unwrap();
    let profile = [&[1, 0, 0, 0, 1][..], &[8; 32]].concat();
    let profile = ProfileKey::from_bytes(&profile).unwrap();
    check(
        "sealed_sender",
        &[
            ("sealing-key", key.to_bytes().to_vec()),
            ("record", record),
            ("sealed-message", sealed(None)),
            ("sealed-message-with-introduction", sealed(Some(&list))),
            ("delivery-token-of-profile-key-08", profile.delivery_token().expose().to_vec()),
            ("delivery-verifier", profile.delivery_verifier().to_vec()),
        ],
    );
}

#[test]
fn sealed_messages_of_the_last_release_still_open() {
    let (secrets, at, key) = recipient();
    let sender = DeviceSecrets::from_bytes(&[5; 64]).public();
    let golden = include_str!("../golden/sealed_sender.txt");
    let sealed: Vec<_> =
        golden.lines().filter_map(|line| line.strip_prefix("sealed-message")?.split_once(' ')).collect();
    assert_eq!(sealed.len(), 2);
    for (name, bytes) in sealed {
        let bytes = hex::decode(bytes).unwrap();
        let message = SealedMessage::parse(&bytes).unwrap();
        let claim = message.open(&Ours { address: at, secrets: &secrets }, &key).unwrap();
        assert_eq!(claim.introduction().is_some(), name == "-with-introduction");
        assert_eq!(claim.open(&key, &sender).unwrap().as_bytes(), TEXT);
    }
}
