//! The bytes of groups, from fixed seeds, against the last release.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]

use std::fmt::Write as _;

use waxwing_crypto::{
    Address,
    group::{
        GroupEpoch, GroupMessage, ReceiverKey, SenderKey, Transcript,
        roster::{Change, Role, Roster, Settings, SignedChange, Who},
    },
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

/// Account 1 makes a group with 2 and 3, and changes all there is; a device list of version 4 names its device.
#[test]
fn bytes_of_rosters_are_the_same_as_in_the_last_release() {
    let (owner, _, mut rng) = common::two_devices(97);
    let mut lines = String::new();
    let mut put = |name: &str, bytes: &[u8]| writeln!(lines, "{name} {}", hex::encode(bytes)).unwrap();
    put("signing-key", &owner.keys.signing_bytes());
    let members = [[3; 16], [2; 16]];
    let title = b"sealed title";
    let created = Roster::create(&owner.ours(), 4, Settings::default(), title, &members, &mut rng).unwrap();
    let (mut roster, change) = created;
    put("group-id", &roster.group());
    put("create", change.as_bytes());
    put("hash-1", &roster.epoch().roster_hash);
    let strict = Settings { write: Who::Admins, add: Who::Everyone, edit: Who::Admins };
    let changes = [
        ("add", Change::Add(vec![[9; 16], [8; 16]])),
        ("remove", Change::Remove(vec![[2; 16]])),
        ("role", Change::Role { account: [3; 16], role: Role::Admin }),
        ("settings", Change::Settings(strict)),
        ("profile", Change::Profile(b"another".to_vec())),
    ];
    for (name, change) in changes {
        let (next, signed) = roster.sign(&owner.ours(), 4, change).unwrap();
        put(name, signed.as_bytes());
        put(&format!("hash-{}", signed.epoch()), &next.epoch().roster_hash);
        roster = next;
    }
    put("roster-at-rest", &roster.to_snapshot());
    check("roster", &lines);
}

#[test]
fn a_roster_of_the_last_release_is_still_verified() {
    let golden = include_str!("../golden/roster.txt");
    let named = |name: &str| {
        let line = golden.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        hex::decode(line.unwrap()).unwrap()
    };
    let (owner, ..) = common::two_devices(97);
    let change = |name: &str| SignedChange::parse(&named(name)).unwrap();
    let id: [u8; 16] = named("group-id").try_into().unwrap();
    let mut roster = Roster::found(&change("create"), &id, |_| Some(owner.keys)).unwrap();
    for name in ["add", "remove", "role", "settings", "profile"] {
        roster = roster.next(&change(name), |_| Some(owner.keys)).unwrap();
    }
    assert_eq!(roster.to_snapshot(), named("roster-at-rest"));
    assert_eq!(Roster::from_snapshot(&named("roster-at-rest")).unwrap(), roster);
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
