//! What secrets must not be able to do, checked when this file compiles; and what they print.

use waxwing_crypto::attachment::{Descriptor, Resealing, Seekable};
use waxwing_crypto::backup::{Cost, Key, PrintedKey};
use waxwing_crypto::group::{
    GroupEpoch, GroupMessage, GroupPlaintext, ReceiverKey, SenderKey, Waiting, verify_backlog,
};
use waxwing_crypto::link::{Answered, Channel, Content, NewDevice, Purpose, Scanned, Unconfirmed};
use waxwing_crypto::profile::{Field, OpenedField, ProfileKey};
use waxwing_crypto::sealed_sender::{Claim, SealingKey};
use waxwing_crypto::{
    AccountKey, Address, DeviceSecrets, OneTimePrekey, Plaintext, Secret, Session, WeeklyPrekey,
};

use common::{AD, NOW, open, two_sessions};

mod common;

/// Fails to compile when a type has the trait: then both impls apply, and `_` is ambiguous.
macro_rules! assert_not_impl {
    ($($type:ty),+ => $trait:path) => { $(const _: fn() = || {
        trait Ambiguous<A> { fn here() {} }
        impl<T: ?Sized> Ambiguous<()> for T {}
        struct HasIt;
        impl<T: ?Sized + $trait> Ambiguous<HasIt> for T {}
        <$type as Ambiguous<_>>::here()
    };)+ };
}

assert_not_impl!(Secret<32>, Secret<64>, AccountKey, DeviceSecrets, WeeklyPrekey, OneTimePrekey, Session, Plaintext => Clone);
assert_not_impl!(Secret<32>, Secret<64>, AccountKey, DeviceSecrets, WeeklyPrekey, OneTimePrekey, Session, Plaintext => Copy);
assert_not_impl!(Secret<32>, Secret<64>, AccountKey, DeviceSecrets, WeeklyPrekey, OneTimePrekey, Session, Plaintext => std::fmt::Display);
assert_not_impl!(Secret<32>, Secret<64>, AccountKey, DeviceSecrets, WeeklyPrekey, OneTimePrekey, Session, Plaintext => std::ops::Deref);
assert_not_impl!(Secret<32>, Secret<64>, AccountKey, DeviceSecrets, WeeklyPrekey, OneTimePrekey, Session => PartialEq);
assert_not_impl!(Secret<32>, Secret<64>, AccountKey, DeviceSecrets, WeeklyPrekey, OneTimePrekey, Session => AsRef<[u8]>);

// What opens files and profiles, and what links devices.
assert_not_impl!(Descriptor, PrintedKey, ProfileKey, OpenedField => Clone);
assert_not_impl!(NewDevice, Answered, Scanned, Unconfirmed, Channel, Content => Clone);
assert_not_impl!(Descriptor, PrintedKey, ProfileKey, OpenedField => std::fmt::Display);
assert_not_impl!(NewDevice, Answered, Scanned, Unconfirmed, Channel, Content => std::fmt::Display);
assert_not_impl!(Descriptor, PrintedKey, ProfileKey, OpenedField => std::ops::Deref);
assert_not_impl!(NewDevice, Answered, Scanned, Unconfirmed, Channel, Content => std::ops::Deref);
assert_not_impl!(Descriptor, PrintedKey, ProfileKey, OpenedField => PartialEq);
assert_not_impl!(NewDevice, Answered, Scanned, Unconfirmed, Channel, Content => PartialEq);
assert_not_impl!(Descriptor, PrintedKey, ProfileKey, OpenedField => AsRef<[u8]>);
assert_not_impl!(NewDevice, Answered, Scanned, Unconfirmed, Channel, Content => AsRef<[u8]>);

// What opens groups.
assert_not_impl!(SenderKey, ReceiverKey, GroupPlaintext => Clone);
assert_not_impl!(SenderKey, ReceiverKey, GroupPlaintext => Copy);
assert_not_impl!(SenderKey, ReceiverKey, GroupPlaintext => std::fmt::Display);
assert_not_impl!(SenderKey, ReceiverKey, GroupPlaintext => std::ops::Deref);
assert_not_impl!(SenderKey, ReceiverKey, GroupPlaintext => PartialEq);
assert_not_impl!(SenderKey, ReceiverKey, GroupPlaintext => AsRef<[u8]>);

// What opens sealed messages.
assert_not_impl!(SealingKey, Claim<'static> => Clone);
assert_not_impl!(SealingKey, Claim<'static> => std::fmt::Display);
assert_not_impl!(SealingKey, Claim<'static> => std::ops::Deref);
assert_not_impl!(SealingKey, Claim<'static> => PartialEq);
assert_not_impl!(SealingKey, Claim<'static> => AsRef<[u8]>);

const _: fn() = || {
    fn wiped_on_drop<T: zeroize::ZeroizeOnDrop>() {}
    wiped_on_drop::<Secret<32>>();
    // Seeds of KEM keys, of prekeys and of the post-quantum ratchet.
    wiped_on_drop::<Secret<64>>();
    wiped_on_drop::<zeroize::Zeroizing<Vec<u8>>>();
};

#[test]
fn printing_tells_no_secret() {
    let mut rng = common::rng(1);
    let account = AccountKey::from_bytes(&[0xab; 32]);
    let device = DeviceSecrets::from_bytes(&[0xab; 64]);
    assert_eq!(format!("{account:?} {device:?}"), "AccountKey(..) DeviceSecrets(..)");
    assert_eq!(format!("{:?}", account.to_bytes()), "Secret<32>(..)");
    assert_eq!(format!("{:?}", WeeklyPrekey::generate(3, &mut rng)), "WeeklyPrekey(3, ..)");
    assert_eq!(format!("{:?}", OneTimePrekey::generate(3, &mut rng)), "OneTimePrekey(3, ..)");
    assert_eq!(format!("{:?}", SealingKey::generate(3, &mut rng)), "SealingKey(3, ..)");
    let (ours, _, _) = two_sessions(1);
    assert_eq!(format!("{ours:?}"), "Session(..)");
}

#[test]
fn a_canary_is_found_in_no_ciphertext_and_no_debug() {
    let canary = b"canary-canary-canary";
    let (mut ours, mut theirs, mut rng) = two_sessions(2);
    let sealed = ours.encrypt(canary, AD, NOW, &mut rng).unwrap();
    assert!(!sealed.windows(6).any(|window| canary.windows(6).any(|part| part == window)));
    let message = waxwing_crypto::Message::parse(&sealed).unwrap();
    let plaintext = theirs.decrypt(&message, AD).unwrap();
    assert_eq!(plaintext.as_bytes(), canary);
    assert!(!format!("{message:?} {plaintext:?} {theirs:?}").contains("canary"));
    assert!(open(&mut theirs, &sealed).is_err());
}

#[test]
fn printing_what_opens_files_tells_no_secret() {
    let mut blob = Vec::new();
    let descriptor =
        waxwing_crypto::attachment::seal(&b"file"[..], &mut blob, std::io::sink(), &mut common::rng(3))
            .unwrap();
    assert_eq!(
        format!("{descriptor:?} {:?}", descriptor.to_bytes()),
        "Descriptor(4 bytes, ..) Secret<114>(..)"
    );
    let opening = waxwing_crypto::attachment::Opening::begin(&descriptor, &blob[..]).unwrap();
    assert_eq!(format!("{opening:?}"), "Opening(segment 0 of 1, ..)");
    assert_eq!(format!("{:?}", opening.checkpoint().unwrap()), "Checkpoint(segment 0)");
    let seekable = Seekable::new(&descriptor, std::io::Cursor::new(&blob)).unwrap();
    assert_eq!(format!("{seekable:?}"), "Seekable(at 0 of 4, ..)");
    let (file, record) = (std::io::Cursor::new(b"file"), std::io::Cursor::new(&[0; 16]));
    assert_eq!(format!("{:?}", Resealing::new(&descriptor, file, record)), "Resealing(at 0 of 4144, ..)");
}

#[test]
fn printing_a_profile_tells_no_secret() {
    let mut rng = common::rng(4);
    let key = ProfileKey::generate(&mut rng);
    let sealed = key.seal(&[1; 16], Field::Name, 3, b"canary", &mut rng).unwrap();
    let opened = key.open(&[1; 16], Field::Name, 0, &sealed).unwrap();
    assert_eq!(
        format!("{key:?} {opened:?}"),
        "ProfileKey(version 1, ..) OpenedField(revision 3, 6 bytes, ..)"
    );
}

#[test]
fn sender_keys_and_what_they_open_print_no_secret() {
    let mut rng = common::rng(5);
    let at = Address { account: [0xab; 16], device: [0xcd; 16] };
    let epoch = GroupEpoch { group: [1; 16], number: 2, roster_hash: [3; 32] };
    let mut ours = SenderKey::generate(&epoch, at, &mut rng);
    let mut theirs = ReceiverKey::accept(&ours.distribution(), &epoch, &at).unwrap();
    assert_eq!(format!("{ours:?} {theirs:?}"), "SenderKey(..) ReceiverKey(..)");
    let canary = b"canary-canary-canary";
    let sealed = ours.encrypt(canary, AD, &mut rng).unwrap();
    assert!(!sealed.bytes.windows(6).any(|window| canary.windows(6).any(|part| part == window)));
    let message = GroupMessage::parse(&sealed.bytes).unwrap();
    let opened = theirs.decrypt(&message, AD).unwrap();
    assert_eq!(opened.as_bytes(), canary);
    assert!(!format!("{message:?} {opened:?}").contains("canary"));
    assert!(format!("{opened:?}").contains("Plaintext(20 bytes, ..)"));
    let waiting = [Waiting { key: &theirs, message: &message, associated_data: AD }];
    assert_eq!(format!("{:?}", verify_backlog(&waiting)), "[Some(Verified(0))]");
}

#[test]
fn printing_a_link_tells_no_secret() {
    let mut rng = common::rng(5);
    let new = NewDevice::begin(&mut rng);
    let (scanned, commitment) = Scanned::begin(new.invitation(), &new.offer(), &mut rng).unwrap();
    assert_eq!(format!("{new:?} {scanned:?}"), "NewDevice(..) Scanned(..)");
    let (answered, nonce) = new.on_commitment(&commitment, &mut rng).unwrap();
    let (at_account, reveal) = scanned.on_nonce(&nonce).unwrap();
    assert_eq!(format!("{answered:?}"), "Answered(..)");
    let at_new = answered.on_reveal(&reveal).unwrap();
    assert_eq!(format!("{at_new:?}"), "Unconfirmed(..)");
    let code = at_new.code().to_string();
    let (mut new, mut account) = (at_new.confirm(&code).unwrap(), at_account.confirm(&code).unwrap());
    let sealed = new.seal(Purpose::Device, b"canary", &mut rng).unwrap();
    let content = account.open(&sealed).unwrap();
    let printed = format!("{account:?} {content:?}");
    assert_eq!(printed, "Channel(0 sent, 1 received, ..) Content(Device, 6 bytes, ..)");
}

#[test]
fn printing_what_opens_a_backup_tells_no_secret() {
    let printed = PrintedKey::from_bytes(&[0xab; 32]);
    let passphrase = Key::Passphrase { bytes: b"canary", cost: Cost::RECOMMENDED };
    let shown = format!("{printed:?} {:?} {passphrase:?}", Key::Printed(&printed));
    assert_eq!(shown, "PrintedKey(..) Key::Printed(..) Key::Passphrase(..)");
    let (key, mut backup) = (Key::Printed(&printed), Vec::new());
    waxwing_crypto::backup::seal(&key, &[1; 16], 3, &b"canary"[..], &mut backup, &mut common::rng(10))
        .unwrap();
    let expected = waxwing_crypto::backup::Expected { account: [1; 16], counter_min: 0 };
    let opening = waxwing_crypto::backup::Opening::begin(&key, &expected, &backup[..]).unwrap();
    assert_eq!(format!("{opening:?}"), "Opening(backup 3, ..)");
}

/// A buffer that grows leaves behind what was in it.
#[test]
fn secrets_are_written_into_buffers_that_never_grow() {
    let mut rng = common::rng(6);
    let at = Address { account: [1; 16], device: [2; 16] };
    let epoch = GroupEpoch { group: [1; 16], number: 2, roster_hash: [3; 32] };
    let mut ours = SenderKey::generate(&epoch, at, &mut rng);
    let mut theirs = ReceiverKey::accept(&ours.distribution(), &epoch, &at).unwrap();
    let lost = [(); 9].map(|()| ours.encrypt(b"lost", AD, &mut rng).unwrap());
    theirs.decrypt(&GroupMessage::parse(&lost[8].bytes).unwrap(), AD).unwrap();
    let spare = |bytes: zeroize::Zeroizing<Vec<u8>>| bytes.capacity() - bytes.len();
    assert_eq!(spare(WeeklyPrekey::generate(1, &mut rng).to_bytes()), 0);
    assert_eq!(spare(OneTimePrekey::generate(1, &mut rng).to_bytes()), 0);
    assert_eq!(spare(OneTimePrekey::generate_last_resort(1, &mut rng).to_bytes()), 32);
    assert_eq!(spare(SealingKey::generate(1, &mut rng).to_bytes()), 0);
    assert_eq!(spare(ours.distribution()), 0);
    assert_eq!(spare(ours.to_snapshot()), 6, "as much room as for the key of another");
    assert_eq!(spare(theirs.to_snapshot()), 0);
    let text = PrintedKey::from_bytes(&[1; 32]).to_text();
    assert_eq!(text.capacity() - text.len(), 1, "the dash behind the last group");
}

/// Nor does what is sent: it is allocated once.
#[test]
fn messages_are_written_into_buffers_that_never_grow() {
    let (mut ours, mut theirs, mut rng) = two_sessions(7);
    let spare = |bytes: &Vec<u8>| bytes.capacity() - bytes.len();
    let (alice, bob, _) = common::two_devices(8);
    let mut unanswered = alice.initiate(&bob, &mut rng);
    assert_eq!(spare(&unanswered.encrypt(&[7; 1000], AD, NOW, &mut rng).unwrap()), 0);
    for rider_bytes in [0, 1184, 1088] {
        let now = if rider_bytes == 0 { NOW } else { NOW + waxwing_crypto::REFRESH_AFTER };
        let sealed = ours.encrypt(&[7; 1000], AD, now, &mut rng).unwrap();
        assert_eq!((spare(&sealed), sealed.len()), (0, 1000 + 21 + 57 + 48 + rider_bytes));
        open(&mut theirs, &sealed).unwrap();
        std::mem::swap(&mut ours, &mut theirs);
    }
    let epoch = GroupEpoch { group: [1; 16], number: 2, roster_hash: [3; 32] };
    let at = Address { account: [1; 16], device: [2; 16] };
    let mut group = SenderKey::generate(&epoch, at, &mut rng);
    assert_eq!(spare(&group.encrypt(&[7; 1000], AD, &mut rng).unwrap().bytes), 0);
}

#[test]
fn printing_what_is_public_names_it_and_no_more() {
    let (alice, bob, mut rng) = common::two_devices(9);
    let keys = DeviceSecrets::from_bytes(&[1; 64]).public();
    assert_eq!(format!("{keys:?}"), "DevicePublic(8a88e3dd..)");
    assert_eq!(format!("{:?}", AccountKey::from_bytes(&[1; 32]).public()), "AccountPublicKey(8a88e3dd..)");
    let printed = format!("{:?}", bob.bundle());
    assert!(printed.starts_with("Bundle(DevicePublic(") && printed.ends_with("..), weekly 7, one-time 41)"));
    let mut session = alice.initiate(&bob, &mut rng);
    let first = session.encrypt(b"text", AD, NOW, &mut rng).unwrap();
    let initial = common::initial(&first);
    assert_eq!(format!("{initial:?}"), "InitialMessage(RatchetMessage(130 bytes))");
    let epoch = GroupEpoch { group: [1; 16], number: 2, roster_hash: [3; 32] };
    let sealed = SenderKey::generate(&epoch, alice.address, &mut rng).encrypt(b"text", AD, &mut rng).unwrap();
    assert_eq!(format!("{:?}", GroupMessage::parse(&sealed.bytes).unwrap()), "GroupMessage(155 bytes)");
}
