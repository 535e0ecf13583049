//! Linking a device, with somebody who looks on, stands in the middle, or answers first; and the channel behind it.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use waxwing_crypto::link::{
    Channel, ChannelError, Content, Invitation, LINK_CONTENT_BYTES_MAX, LINK_MESSAGES_MAX, LinkError,
    NewDevice, Purpose, Scanned, Unconfirmed,
};

mod common;

/// Both devices, when all is as it should be.
fn two_unconfirmed(rng: &mut ChaCha20Rng) -> (Unconfirmed, Unconfirmed) {
    let new = NewDevice::begin(rng);
    let (invitation, offer) = (new.invitation().clone(), new.offer());
    let (scanned, commitment) = Scanned::begin(&invitation, &offer, rng).unwrap();
    let (answered, nonce) = new.on_commitment(&commitment, rng).unwrap();
    let (at_account, reveal) = scanned.on_nonce(&nonce).unwrap();
    (answered.on_reveal(&reveal).unwrap(), at_account)
}

fn two_channels(seed: u8) -> (Channel, Channel, ChaCha20Rng) {
    let mut rng = common::rng(seed);
    let (new, account) = two_unconfirmed(&mut rng);
    let (shown_new, shown_account) = (new.code().to_string(), account.code().to_string());
    (new.confirm(&shown_account).unwrap(), account.confirm(&shown_new).unwrap(), rng)
}

fn open(channel: &mut Channel, message: &[u8]) -> (Purpose, Vec<u8>) {
    let Content { purpose, bytes } = channel.open(message).unwrap();
    (purpose, bytes.to_vec())
}

#[test]
fn a_link_carries_messages_both_ways() {
    let (mut new, mut account, mut rng) = two_channels(1);
    let device = new.seal(Purpose::Device, b"my keys", &mut rng).unwrap();
    assert_eq!(open(&mut account, &device), (Purpose::Device, b"my keys".to_vec()));
    let large = vec![7; LINK_CONTENT_BYTES_MAX];
    for (purpose, content) in
        [(Purpose::Certificate, &b"a list"[..]), (Purpose::Settings, b""), (Purpose::History, &large)]
    {
        let sealed = account.seal(purpose, content, &mut rng).unwrap();
        assert_eq!(open(&mut new, &sealed), (purpose, content.to_vec()));
    }
    let done = account.seal(Purpose::Done, b"", &mut rng).unwrap();
    open(&mut new, &done);
    assert!(!new.is_done() && !account.is_done());
    let done = new.seal(Purpose::Done, b"", &mut rng).unwrap();
    open(&mut account, &done);
    assert!(new.is_done() && account.is_done());
}

#[test]
fn an_invitation_is_a_small_qr_code() {
    let new = NewDevice::begin(&mut common::rng(2));
    let text = new.invitation().to_string();
    assert_eq!(text.len(), 140);
    assert!(text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b':')));
    assert_eq!(text.parse(), Ok(new.invitation().clone()));
    assert_eq!(format!(" {text}\n").parse(), Ok(new.invitation().clone()));
    for wrong in ["", "WAXWING:", &text[1..], &text[..139], &format!("{text}0"), &text.replace("W", "U")] {
        assert_eq!(wrong.parse::<Invitation>(), Err(LinkError::Malformed), "{wrong}");
    }
    let bytes = new.invitation().to_bytes();
    assert_eq!(Invitation::parse(&bytes), Ok(new.invitation().clone()));
    let with = |at: usize, part: &[u8]| {
        let mut bytes = bytes;
        bytes[at..at + part.len()].copy_from_slice(part);
        Invitation::parse(&bytes)
    };
    assert_eq!(with(0, &[2]), Err(LinkError::Unsupported));
    assert_eq!(with(1, &[2]), Err(LinkError::Unsupported));
    assert_eq!(with(18, &[0; 32]), Err(LinkError::WeakKey));
    assert_eq!(with(18, &[0xff; 32]), Err(LinkError::WeakKey));
    assert_eq!(Invitation::parse(&bytes[..81]), Err(LinkError::Malformed));
}

#[test]
fn an_onlooker_who_answers_first_has_other_digits() {
    let mut rng = common::rng(3);
    let new = NewDevice::begin(&mut rng);
    // The onlooker photographs the code and is quicker than the account's own device.
    let photographed: Invitation = new.invitation().to_string().parse().unwrap();
    let (onlooker, commitment) = Scanned::begin(&photographed, &new.offer(), &mut rng).unwrap();
    let (own, _) = Scanned::begin(&photographed, &new.offer(), &mut rng).unwrap();
    let (answered, nonce) = new.on_commitment(&commitment, &mut rng).unwrap();
    let (_, reveal) = onlooker.on_nonce(&nonce).unwrap();
    let at_new = answered.on_reveal(&reveal).unwrap();
    // Even if the account's device is shown the same nonce, it shows other digits; typed in, they end the link.
    let (at_account, _) = own.on_nonce(&nonce).unwrap();
    assert_ne!(at_new.code(), at_account.code());
    let shown = at_account.code().to_string();
    assert!(at_new.confirm(&shown).is_err());
}

#[test]
fn whoever_stands_in_the_middle_has_one_guess() {
    let mut rng = common::rng(4);
    for _ in 0..200 {
        let new = NewDevice::begin(&mut rng);
        let (scanned, _) = Scanned::begin(new.invitation(), &new.offer(), &mut rng).unwrap();
        let (middle, commitment) = Scanned::begin(new.invitation(), &new.offer(), &mut rng).unwrap();
        // Toward the new device: committed before its nonce is known. Toward the account's device: a nonce of one's own,
        // given before its key is known.
        let (answered, nonce) = new.on_commitment(&commitment, &mut rng).unwrap();
        let (at_account, _) = scanned.on_nonce(&[&[1, 3], &[9; 32][..]].concat()).unwrap();
        let (_, reveal) = middle.on_nonce(&nonce).unwrap();
        let at_new = answered.on_reveal(&reveal).unwrap();
        assert_ne!(at_new.code(), at_account.code());
    }
}

#[test]
fn nobody_can_choose_a_key_after_the_nonce() {
    let mut rng = common::rng(5);
    let mut play = |change: &dyn Fn(&mut Vec<u8>)| {
        let new = NewDevice::begin(&mut rng);
        let (scanned, commitment) = Scanned::begin(new.invitation(), &new.offer(), &mut rng).unwrap();
        let (answered, nonce) = new.on_commitment(&commitment, &mut rng).unwrap();
        let (_, mut reveal) = scanned.on_nonce(&nonce).unwrap();
        change(&mut reveal);
        answered.on_reveal(&reveal).map(|_| ())
    };
    assert_eq!(play(&|_| ()), Ok(()));
    for at in [2, 33, 34, 65, 66, 66 + 1567] {
        assert_eq!(play(&|reveal| reveal[at] ^= 1), Err(LinkError::OtherReveal), "{at}");
    }
    assert_eq!(play(&|reveal| reveal[0] = 2), Err(LinkError::Unsupported));
    assert_eq!(play(&|reveal| reveal[1] = 3), Err(LinkError::Malformed));
    assert_eq!(play(&|reveal| reveal.truncate(100)), Err(LinkError::Malformed));
    assert_eq!(play(&|reveal| reveal.push(0)), Err(LinkError::Malformed));
}

#[test]
fn the_invitation_names_the_keys_for_certain() {
    let mut rng = common::rng(6);
    let (new, other) = (NewDevice::begin(&mut rng), NewDevice::begin(&mut rng));
    let error = Scanned::begin(new.invitation(), &other.offer(), &mut rng).unwrap_err();
    assert_eq!(error, LinkError::OtherOffer);
    let mut offer = new.offer();
    offer[100] ^= 1;
    assert_eq!(Scanned::begin(new.invitation(), &offer, &mut rng).unwrap_err(), LinkError::OtherOffer);
    let mut offer = new.offer();
    offer[2] = 2;
    assert_eq!(Scanned::begin(new.invitation(), &offer, &mut rng).unwrap_err(), LinkError::Unsupported);
    assert_eq!(Scanned::begin(new.invitation(), &[], &mut rng).unwrap_err(), LinkError::Malformed);
    assert_eq!(new.on_commitment(&[1, 2, 3], &mut rng).unwrap_err(), LinkError::Malformed);
    assert_eq!(
        other.on_commitment(&[&[1, 3], &[0; 32][..]].concat(), &mut rng).unwrap_err(),
        LinkError::Malformed
    );
}

#[test]
fn a_kem_key_beyond_the_modulus_and_a_key_of_low_order_are_refused() {
    let mut rng = common::rng(7);
    let bad_kem = [0xff; 1568];
    // An invitation that really names the bad key: only its owner could make it.
    let mut bytes = NewDevice::begin(&mut rng).invitation().to_bytes();
    let hash = {
        use sha2::{Digest, Sha256};
        Sha256::new_with_prefix(b"Waxwing v1 link KEM key\0").chain_update(bad_kem).finalize()
    };
    bytes[50..].copy_from_slice(&hash);
    let invitation = Invitation::parse(&bytes).unwrap();
    let offer = [&[1, 1, 1], &bad_kem[..]].concat();
    assert_eq!(Scanned::begin(&invitation, &offer, &mut rng).unwrap_err(), LinkError::WeakKey);

    // Committed to, and still refused.
    let new = NewDevice::begin(&mut rng);
    let (weak, nonce, ciphertext) = ([0; 32], [1; 32], [2; 1568]);
    let commitment = {
        use sha2::{Digest, Sha256};
        Sha256::new_with_prefix(b"Waxwing v1 link commitment\0")
            .chain_update(new.invitation().to_bytes())
            .chain_update(weak)
            .chain_update(nonce)
            .chain_update(ciphertext)
            .finalize()
    };
    let (answered, _) = new.on_commitment(&[&[1, 2], &commitment[..]].concat(), &mut rng).unwrap();
    let reveal = [&[1, 4], &weak[..], &nonce, &ciphertext].concat();
    assert_eq!(answered.on_reveal(&reveal).unwrap_err(), LinkError::WeakKey);
}

#[test]
fn messages_open_once_and_in_order_and_failures_change_nothing() {
    let (mut new, mut account, mut rng) = two_channels(8);
    let mut seal = |content: &[u8]| account.seal(Purpose::Settings, content, &mut rng).unwrap();
    let (first, second, third) = (seal(b"1"), seal(b"2"), seal(b"3"));
    assert_eq!(new.open(&second).unwrap_err(), ChannelError::Gap { due: 0 });
    assert_eq!(open(&mut new, &first).1, b"1");
    assert_eq!(new.open(&first).unwrap_err(), ChannelError::Duplicate);
    // A replay under a number that is due, and a later message under an earlier number.
    let mut renumbered = first.clone();
    renumbered[5] = 1;
    assert_eq!(new.open(&renumbered).unwrap_err(), ChannelError::Rejected);
    let mut renumbered = third.clone();
    renumbered[5] = 1;
    assert_eq!(new.open(&renumbered).unwrap_err(), ChannelError::Rejected);
    for at in 0..second.len() {
        let mut flipped = second.clone();
        flipped[at] ^= 1;
        assert!(new.open(&flipped).is_err(), "{at}");
        assert!(new.open(&second[..at]).is_err(), "{at}");
    }
    assert_eq!(open(&mut new, &second).1, b"2");
    assert_eq!(open(&mut new, &third).1, b"3");
}

#[test]
fn a_message_is_not_reflected_and_not_of_another_link() {
    let (mut new, mut account, mut rng) = two_channels(9);
    let (mut other, _, _) = two_channels(10);
    let sealed = account.seal(Purpose::Settings, b"x", &mut rng).unwrap();
    assert_eq!(account.open(&sealed).unwrap_err(), ChannelError::Rejected);
    assert_eq!(other.open(&sealed).unwrap_err(), ChannelError::Rejected);
    assert_eq!(open(&mut new, &sealed).1, b"x");
}

#[test]
fn two_devices_that_share_a_secret_have_a_channel_of_their_own() {
    let mut rng = common::rng(7);
    let (mut asks, mut answers) = (Channel::asking(&[7; 32]), Channel::answering(&[7; 32]));
    let said = answers.seal(Purpose::History, b"the past", &mut rng).unwrap();
    assert_eq!(open(&mut asks, &said), (Purpose::History, b"the past".to_vec()));
    let done = asks.seal(Purpose::Done, b"", &mut rng).unwrap();
    let mut as_it_began = Channel::asking(&[7; 32]);
    assert_eq!(as_it_began.open(&done).unwrap_err(), ChannelError::Rejected, "nothing is reflected");
    assert_eq!(open(&mut answers, &done), (Purpose::Done, Vec::new()));
    let other = Channel::answering(&[8; 32]).seal(Purpose::History, b"another", &mut rng).unwrap();
    assert_eq!(Channel::asking(&[7; 32]).open(&other).unwrap_err(), ChannelError::Rejected);
}

#[test]
fn a_link_that_ended_says_no_more() {
    let (mut new, mut account, mut rng) = two_channels(11);
    let done = account.seal(Purpose::Done, b"", &mut rng).unwrap();
    assert_eq!(account.seal(Purpose::Settings, b"", &mut rng).unwrap_err(), ChannelError::Ended);
    open(&mut new, &done);
    let mut more = done;
    more[5] = 1;
    assert_eq!(new.open(&more).unwrap_err(), ChannelError::Ended);
    assert!(new.seal(Purpose::Device, b"", &mut rng).is_ok(), "the other direction goes on");
}

#[test]
fn what_is_too_much_is_refused() {
    let (mut new, mut account, mut rng) = two_channels(12);
    let long = vec![0; LINK_CONTENT_BYTES_MAX + 1];
    assert_eq!(account.seal(Purpose::History, &long, &mut rng).unwrap_err(), ChannelError::TooLong);
    for _ in 0..LINK_MESSAGES_MAX {
        let sealed = account.seal(Purpose::Settings, b"", &mut rng).unwrap();
        new.open(&sealed).unwrap();
    }
    assert_eq!(account.seal(Purpose::Settings, b"", &mut rng).unwrap_err(), ChannelError::Exhausted);
    let beyond = [&[1, 5, 0, 1, 0, 0][..], &[0; 100]].concat();
    assert_eq!(new.open(&beyond).unwrap_err(), ChannelError::Exhausted);
}

#[test]
fn lengths_of_messages_are_alike() {
    let (_, mut account, mut rng) = two_channels(13);
    let mut length = |size: usize| account.seal(Purpose::Settings, &vec![0; size], &mut rng).unwrap().len();
    assert_eq!(length(0), length(100));
    assert_ne!(length(0), length(200));
}

proptest! {
    #[test]
    fn no_bytes_make_a_step_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0u8..7) {
        let mut rng = common::rng(14);
        let headed = [&[1, kind], &bytes[..]].concat();
        for bytes in [&bytes, &headed] {
            let new = NewDevice::begin(&mut rng);
            prop_assert!(Scanned::begin(new.invitation(), bytes, &mut rng).is_err());
            let (scanned, commitment) = Scanned::begin(new.invitation(), &new.offer(), &mut rng).unwrap();
            let _ = scanned.on_nonce(bytes);
            let (answered, _) = new.on_commitment(&commitment, &mut rng).unwrap();
            prop_assert!(answered.on_reveal(bytes).is_err());
            let _ = Invitation::parse(bytes);
            let _ = String::from_utf8_lossy(bytes).parse::<Invitation>();
        }
    }
}

#[test]
fn each_invitation_has_a_channel_of_its_own() {
    let mut rng = common::rng(20);
    let [one, other] = [(); 2].map(|()| NewDevice::begin(&mut rng).invitation().clone());
    assert_ne!(one.channel_id(), other.channel_id());
    assert_eq!(one.channel_id()[..], one.to_bytes()[2..18]);
}
