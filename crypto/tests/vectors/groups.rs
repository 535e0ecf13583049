//! The bytes of groups, from fixed seeds, against the last release.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]

use std::fmt::Write as _;

use waxwing_crypto::{
    Address,
    group::{GroupEpoch, GroupMessage, ReceiverKey, SenderKey, Transcript},
};

use super::common::{self, AD};

/// Compares with the golden file. To regenerate after an intended change, run with `WAXWING_GOLDEN=write`: the difference
/// is the review.
fn check(name: &str, lines: &str) {
    let path = format!("{}/tests/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("WAXWING_GOLDEN").is_some() {
        std::fs::write(&path, lines).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    for (is, was) in lines.lines().zip(golden.lines()) {
        assert_eq!(is, was);
    }
    assert_eq!(lines.lines().count(), golden.lines().count());
}

/// Member 1 writes; member 2 gets the key from the second message on, and never the third.
#[test]
fn bytes_of_groups_are_the_same_as_in_the_last_release() {
    let mut rng = common::rng(98);
    let mut lines = String::new();
    let mut put = |name: &str, bytes: &[u8]| writeln!(lines, "{name} {}", hex::encode(bytes)).unwrap();

    let epoch = GroupEpoch { group: [7; 16], number: 3, roster_hash: [9; 32] };
    let at = Address { account: [1; 16], device: [101; 16] };
    let mut sender = SenderKey::generate(&epoch, at, &mut rng);
    put("associated-data", AD);
    put("sender-key", &sender.to_snapshot());
    put("chain-id", &sender.chain_id());
    let mut transcript = Transcript::default();
    let mut seal = |sender: &mut SenderKey, name: &str, text: &[u8]| {
        let sealed = sender.encrypt(text, AD, &mut rng).unwrap();
        transcript.add(&sealed.digest);
        put(&format!("plaintext-{name}"), text);
        put(&format!("group-message-{name}"), &sealed.bytes);
        put(&format!("digest-{name}"), &sealed.digest);
        put(&format!("transcript-{name}"), &transcript.to_bytes());
        sealed.bytes
    };
    seal(&mut sender, "0", b"before the second member");
    let distribution = sender.distribution();
    let first = seal(&mut sender, "1", b"hello, all");
    seal(&mut sender, "2", b"lost");
    let third = seal(&mut sender, "3", b"");
    put("distribution-at-1", &distribution);
    let mut receiver = ReceiverKey::accept(&distribution, &epoch, &at).unwrap();
    put("receiver-key-fresh", &receiver.to_snapshot());
    for sealed in [first, third] {
        receiver.decrypt(&GroupMessage::parse(&sealed).unwrap(), AD).unwrap();
    }
    put("receiver-key-with-skipped", &receiver.to_snapshot());
    put("sender-key-after-4", &sender.to_snapshot());
    check("group", &lines);
}

#[test]
fn sender_keys_of_the_last_release_still_open() {
    let golden = include_str!("../golden/group.txt");
    let named = |start: &'static str| {
        golden.lines().filter_map(move |line| line.strip_prefix(start)?.split_once(' '))
    };
    let mut count = 0;
    for (name, bytes) in named("sender-key") {
        let bytes = hex::decode(bytes).unwrap();
        assert!(SenderKey::from_snapshot(&bytes).unwrap().to_snapshot()[..] == bytes, "{name}");
        count += 1;
    }
    for (name, bytes) in named("receiver-key") {
        let bytes = hex::decode(bytes).unwrap();
        assert!(ReceiverKey::from_snapshot(&bytes).unwrap().to_snapshot()[..] == bytes, "{name}");
        count += 1;
    }
    assert_eq!(count, 4);
}
