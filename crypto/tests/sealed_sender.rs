//! Sealed sender: what comes out is what went in, from whom it came, for whom it was; everything else is rejected.

use waxwing_crypto::{
    AccountKey, Address, DeviceEntry, DeviceList, DeviceSecrets, MESSAGE_BYTES_MAX, Message, OpenError, Ours,
    ParseError,
    profile::ProfileKey,
    sealed_sender::{Recipient, RecordError, Rejected, SealError, SealedMessage, SealingKey, seal},
};

use proptest::prelude::*;

use common::{AD, Device, NOW, rng, sign_freely, two_devices};

mod common;

const TEXT: &[u8] = b"a message of a session";

/// A recipient with a sealing key, and what the sender knows of it.
struct Mailbox {
    device: Device,
    key: SealingKey,
    record: Vec<u8>,
}

#[allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]
impl Mailbox {
    fn new(device: Device, id: u32) -> Self {
        let key = SealingKey::generate(id, &mut rng(60));
        let record = key.publish(&device.ours());
        Self { device, key, record }
    }

    fn recipient(&self) -> Recipient {
        Recipient::verify(&self.record, &self.device.address, &self.device.keys).unwrap()
    }

    /// Opens both layers, as a device that knows `sender`.
    fn open(&self, sealed: &[u8], sender: &Device) -> Result<Vec<u8>, Rejected> {
        let message = SealedMessage::parse(sealed).map_err(|_| Rejected)?;
        if message.key_id() != self.key.id() {
            return Err(Rejected);
        }
        let claim = message.open(&self.device.ours(), &self.key)?;
        if *claim.sender() != sender.address {
            return Err(Rejected);
        }
        claim.open(&self.key, &sender.keys).map(|text| text.as_bytes().to_vec())
    }
}

#[allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]
fn sealed_by(sender: &Device, to: &Mailbox, text: &[u8]) -> Vec<u8> {
    seal(&sender.ours(), &to.recipient(), None, text, &mut rng(61)).unwrap()
}

fn alice_and_bob() -> (Device, Mailbox) {
    let (alice, bob, _) = two_devices(62);
    (alice, Mailbox::new(bob, 7))
}

#[test]
fn a_first_message_comes_sealed_and_a_replay_is_for_the_session_to_see() {
    let (alice, bob) = alice_and_bob();
    let mut rng = rng(63);
    let mut session = alice.initiate(&bob.device, &mut rng);
    let first = session.encrypt(b"hello", AD, NOW, &mut rng).unwrap();
    let sealed = sealed_by(&alice, &bob, &first);
    let opened = bob.open(&sealed, &alice).unwrap();
    assert_eq!(opened, first);
    let (mut theirs, text) = bob.device.respond(&alice, &opened).unwrap();
    assert_eq!(text.as_bytes(), b"hello");
    // The outer layer keeps no memory; the session inside does.
    let again = bob.open(&sealed, &alice).unwrap();
    let again = theirs.decrypt(&Message::parse(&again).unwrap(), AD);
    assert_eq!(again.unwrap_err(), OpenError::Duplicate);
}

#[test]
fn every_flip_and_every_cut_is_rejected() {
    let (alice, bob) = alice_and_bob();
    let sealed = sealed_by(&alice, &bob, TEXT);
    assert_eq!(bob.open(&sealed, &alice).unwrap(), TEXT);
    for at in 0..sealed.len() {
        let mut flipped = sealed.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(bob.open(&flipped, &alice).is_err(), "byte {at}");
        assert!(bob.open(&sealed[..at], &alice).is_err(), "cut at {at}");
    }
    assert!(bob.open(&[&sealed[..], &[0]].concat(), &alice).is_err());
}

#[test]
fn parts_of_two_messages_do_not_fit_together() {
    let (alice, bob) = alice_and_bob();
    let mut rng = rng(64);
    let mut sealed = || seal(&alice.ours(), &bob.recipient(), None, TEXT, &mut rng).unwrap();
    let (one, other) = (sealed(), sealed());
    assert_ne!(one, other);
    // Behind the key id, the ephemeral key, the KEM ciphertext, and the certificate.
    for at in [7, 39, 1127, 1129, 1305] {
        let mixed = [&one[..at], &other[at..]].concat();
        // The key id is the same in both.
        assert_eq!(bob.open(&mixed, &alice).is_ok(), at == 7, "at {at}");
    }
}

#[test]
fn it_opens_for_its_recipient_alone() {
    let (alice, bob) = alice_and_bob();
    let sealed = sealed_by(&alice, &bob, TEXT);
    let message = SealedMessage::parse(&sealed).unwrap();
    let at = bob.device.address;
    // The same keys under another account, or as another device.
    for address in [Address { account: [9; 16], ..at }, Address { device: [9; 16], ..at }] {
        let elsewhere = Ours { address, secrets: &bob.device.secrets };
        assert!(message.open(&elsewhere, &bob.key).is_err());
    }
    // Other keys at the same address.
    let secrets = DeviceSecrets::generate(&mut rng(65));
    assert!(message.open(&Ours { address: at, secrets: &secrets }, &bob.key).is_err());
    // Another sealing key, of the same id; and the right key in the first step alone.
    let other = SealingKey::generate(7, &mut rng(66));
    assert!(message.open(&bob.device.ours(), &other).is_err());
    let claim = message.open(&bob.device.ours(), &bob.key).unwrap();
    assert_eq!(claim.open(&other, &alice.keys).unwrap_err(), Rejected);
}

#[test]
fn nobody_speaks_for_somebody_else() {
    let (alice, bob) = alice_and_bob();
    let mallory = Device::new(3, &mut rng(67));
    // Mallory claims to be Alice's device.
    let posing = Ours { address: alice.address, secrets: &mallory.secrets };
    let forged = seal(&posing, &bob.recipient(), None, TEXT, &mut rng(68)).unwrap();
    let message = SealedMessage::parse(&forged).unwrap();
    let claim = message.open(&bob.device.ours(), &bob.key).unwrap();
    assert_eq!(claim.sender(), &alice.address, "it is what the certificate says");
    assert_eq!(claim.open(&bob.key, &alice.keys).unwrap_err(), Rejected);
    // Nor does a message of Alice's open as one of Mallory's.
    let sealed = sealed_by(&alice, &bob, TEXT);
    let message = SealedMessage::parse(&sealed).unwrap();
    let claim = message.open(&bob.device.ours(), &bob.key).unwrap();
    assert_eq!(claim.open(&bob.key, &mallory.keys).unwrap_err(), Rejected);
}

#[test]
fn a_stranger_brings_a_device_list_that_names_it() {
    let (alice, bob) = alice_and_bob();
    let account = AccountKey::from_bytes(&[5; 32]);
    let entry = |keys| vec![DeviceEntry { device: alice.address.device, keys }];
    let list = DeviceList::sign(alice.address.account, &account, None, entry(alice.keys)).unwrap();
    let with = |list| seal(&alice.ours(), &bob.recipient(), Some(list), TEXT, &mut rng(69));
    let sealed = with(&list).unwrap();
    let message = SealedMessage::parse(&sealed).unwrap();
    let claim = message.open(&bob.device.ours(), &bob.key).unwrap();
    let shown = claim.introduction().unwrap().clone();
    assert_eq!((&shown, shown.identity().key), (&list, account.public()));
    let keys = shown.device(&claim.sender().device).unwrap().keys;
    assert_eq!(claim.open(&bob.key, &keys).unwrap().as_bytes(), TEXT);

    let elsewhere = DeviceList::sign([8; 16], &account, None, entry(alice.keys)).unwrap();
    assert_eq!(with(&elsewhere).unwrap_err(), SealError::NotOurList);
    let other_keys = DeviceList::sign(alice.address.account, &account, None, entry(bob.device.keys)).unwrap();
    assert_eq!(with(&other_keys).unwrap_err(), SealError::NotOurList);
}

#[test]
fn nothing_outside_tells_who_wrote() {
    let (alice, bob) = alice_and_bob();
    let carol = Device::new(4, &mut rng(70));
    let (one, other) = (sealed_by(&alice, &bob, TEXT), sealed_by(&carol, &bob, TEXT));
    assert_eq!(one.len(), other.len(), "nor does the length");
    assert_eq!(one.len() - TEXT.len(), 1353, "as docs/spec.md says");
    let keys = [alice.keys.signing_bytes(), alice.keys.agreement_bytes()];
    let traces = [&alice.address.account[..], &alice.address.device, &keys[0], &keys[1], TEXT];
    for trace in traces {
        assert!(!one.windows(8).any(|window| trace.windows(8).any(|part| part == window)));
    }
    let message = SealedMessage::parse(&one).unwrap();
    let claim = message.open(&bob.device.ours(), &bob.key).unwrap();
    assert_eq!(format!("{message:?}"), format!("SealedMessage(key 7, {} bytes, ..)", TEXT.len() + 48));
    assert_eq!(format!("{claim:?}"), format!("Claim({:?}, ..)", alice.address));
    assert_eq!(format!("{:?}", bob.recipient()), format!("Recipient({:?}, key 7)", bob.device.keys));
}

#[test]
fn the_longest_message_fits_and_a_longer_one_does_not() {
    let (alice, bob) = alice_and_bob();
    let longest = vec![1; MESSAGE_BYTES_MAX - 1353];
    let sealed = sealed_by(&alice, &bob, &longest);
    assert_eq!(sealed.len(), MESSAGE_BYTES_MAX);
    assert_eq!(bob.open(&sealed, &alice).unwrap(), longest);
    let longer = [&longest[..], &[1]].concat();
    let error = seal(&alice.ours(), &bob.recipient(), None, &longer, &mut rng(61)).unwrap_err();
    assert_eq!(error, SealError::TooLong);
    let huge = SealedMessage::parse(&[&sealed[..], &[0]].concat()).unwrap_err();
    assert_eq!(huge, ParseError::TooLong);
}

#[test]
fn only_its_layout_is_read() {
    let (alice, bob) = alice_and_bob();
    let sealed = sealed_by(&alice, &bob, TEXT);
    let parse = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = sealed.clone();
        change(&mut bytes);
        SealedMessage::parse(&bytes).err()
    };
    assert_eq!(parse(&|_| ()), None);
    for at in [0, 1, 2] {
        assert_eq!(parse(&|bytes| bytes[at] = 9), Some(ParseError::Unsupported));
        assert_eq!(parse(&|bytes| bytes.truncate(at)), Some(ParseError::Malformed));
    }
    assert_eq!(parse(&|bytes| bytes[7..39].fill(0)), Some(ParseError::Malformed), "a weak ephemeral key");
    assert_eq!(parse(&|bytes| bytes[1127..1129].fill(0)), Some(ParseError::Malformed), "no certificate");
    assert_eq!(parse(&|bytes| bytes[1127..1129].fill(0xff)), Some(ParseError::Malformed), "beyond the end");
    assert_eq!(parse(&|bytes| bytes.truncate(1305 + 47)), Some(ParseError::Malformed), "no room for a tag");
}

#[test]
fn a_sealing_key_is_believed_only_from_its_device() {
    let (alice, bob) = alice_and_bob();
    let (at, keys) = (bob.device.address, bob.device.keys);
    let refused = |record: &[u8]| Recipient::verify(record, &at, &keys).unwrap_err();
    let other = Recipient::verify(&bob.record, &alice.address, &keys).unwrap_err();
    assert_eq!(other, RecordError::OtherDevice);
    let other = Recipient::verify(&bob.record, &at, &alice.keys).unwrap_err();
    assert_eq!(other, RecordError::OtherDevice);
    let change = |position: usize, value: u8| {
        let mut record = bob.record.clone();
        record[position] = value;
        refused(&record)
    };
    assert_eq!(change(0, 9), RecordError::Unsupported);
    assert_eq!(change(1, 9), RecordError::Unsupported);
    for position in [99, 110, 140, 1000, 1320, 1381] {
        let flipped = bob.record[position] ^ 1;
        assert_eq!(change(position, flipped), RecordError::BadSignature, "at {position}");
    }
    for length in [0, 1, 50, 161] {
        assert_eq!(refused(&bob.record[..length]), RecordError::Malformed);
    }
    // Signed all the same: a KEM key beyond the modulus, a weak X25519 key, a byte too many.
    let resigned = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut signed = bob.record[..bob.record.len() - 64].to_vec();
        change(&mut signed);
        let signature =
            sign_freely(bob.device.secrets.to_bytes().expose(), b"Waxwing v1 sealing key\0", &signed);
        Recipient::verify(&[&signed[..], &signature].concat(), &at, &keys).err()
    };
    assert_eq!(resigned(&|_| ()), None);
    assert_eq!(resigned(&|record| record[134..140].fill(0xff)), Some(RecordError::Malformed));
    assert_eq!(resigned(&|record| record[102..134].fill(0)), Some(RecordError::Malformed));
    assert_eq!(resigned(&|record| record.push(0)), Some(RecordError::Malformed));
    // A signature of the same key under another label.
    let (signed, _) = bob.record.split_last_chunk::<64>().unwrap();
    let proof = sign_freely(bob.device.secrets.to_bytes().expose(), b"Waxwing v1 relay proof\0", signed);
    assert_eq!(refused(&[signed, &proof].concat()), RecordError::BadSignature);
}

#[test]
fn a_stored_sealing_key_opens_as_before() {
    let (alice, mut bob) = alice_and_bob();
    let sealed = sealed_by(&alice, &bob, TEXT);
    let bytes = bob.key.to_bytes();
    bob.key = SealingKey::from_bytes(&bytes).unwrap();
    assert_eq!((bob.key.id(), bob.open(&sealed, &alice).unwrap()), (7, TEXT.to_vec()));
    assert!(SealingKey::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    assert!(SealingKey::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
    assert!(SealingKey::from_bytes(&[&[2], &bytes[1..]].concat()).is_err());
}

#[test]
fn whoever_is_blocked_has_no_token_any_more() {
    let key = ProfileKey::generate(&mut rng(71));
    let (token, next) = (key.delivery_token(), key.rotate(&mut rng(72)).unwrap());
    assert!(!token.ct_eq(&next.delivery_token()));
    assert_ne!(key.delivery_verifier(), next.delivery_verifier());
    // To fetch a profile and to write are two permissions.
    assert!(!token.ct_eq(&key.access_key()));
    assert_ne!(key.delivery_verifier(), key.access_verifier());
}

#[test]
fn every_error_says_something_else() {
    let said = [
        RecordError::Malformed.to_string(),
        RecordError::Unsupported.to_string(),
        RecordError::OtherDevice.to_string(),
        RecordError::BadSignature.to_string(),
        SealError::TooLong.to_string(),
        SealError::NotOurList.to_string(),
        SealError::WeakKey.to_string(),
        Rejected.to_string(),
    ];
    let different: std::collections::BTreeSet<_> = said.iter().collect();
    assert!(different.len() == said.len() && said.iter().all(|words| words.len() > 10));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any bytes, and any bytes behind a head that is read.
    #[test]
    fn no_bytes_make_it_panic_and_none_are_believed(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let (alice, bob) = alice_and_bob();
        let sealed = sealed_by(&alice, &bob, TEXT);
        let keep = bytes.len().min(sealed.len() - 1);
        let spliced = [&sealed[..keep], &bytes].concat();
        for forged in [&bytes, &spliced] {
            prop_assert!(bob.open(forged, &alice).is_err());
            prop_assert!(Recipient::verify(forged, &bob.device.address, &bob.device.keys).is_err());
        }
    }
}
