//! Several devices of one account, and who they are to others: clients and a real relay, in one process.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used)]

mod stage;

use stage::{Stage, further, say, soon, until};
use waxwing::{Client, Comparison, Delivery, Event, LinkState, Page};

#[tokio::test]
async fn two_people_see_the_same_safety_number_and_verify_each_other() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let _ = say(&alice, "bob", "hello").await;
    soon(bob.incoming("test").next()).await.unwrap().unwrap();
    let (at_alice, at_bob) =
        (alice.safety_number("bob").await.unwrap(), bob.safety_number("alice").await.unwrap());
    assert_eq!(at_alice.digits(), at_bob.digits());
    assert_eq!(at_alice.digits().len(), 60);
    assert_eq!(at_alice.compare(&at_bob.scannable()), Comparison::Match);
    assert_eq!(at_alice.compare(&at_alice.scannable()), Comparison::OtherPair);
    assert!(!at_alice.is_verified() && at_alice.key_is_accepted());

    let mut events = alice.events();
    soon(alice.mark_verified(&at_alice)).await.unwrap();
    let bob_account = bob.me().unwrap().unwrap().account;
    while soon(events.next()).await != Some(Event::VerificationChanged(bob_account)) {}
    assert!(alice.safety_number(bob_account).await.unwrap().is_verified());
    soon(alice.close()).await.unwrap();

    let alice = stage.client("alice").await;
    let kept = alice.safety_number("bob").await.unwrap();
    assert!(kept.is_verified(), "it is kept in the store");
    soon(alice.mark_unverified(&kept)).await.unwrap();
    assert!(!alice.safety_number("bob").await.unwrap().is_verified());
    assert_eq!(alice.safety_number("nobody").await.unwrap_err().code(), "not_found");
    assert_eq!(alice.safety_number("alice").await.unwrap_err().code(), "invalid_input");
}

#[tokio::test]
async fn a_device_is_renamed_on_all_devices_and_removed_for_good() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let tablet = further(&stage, &alice, "tablet").await;
    let id = tablet.me().unwrap().unwrap().device;
    let seen =
        until(async || Some(alice.devices().await.unwrap()).filter(|seen| seen.devices.len() == 2)).await;
    assert!(seen.holds_account_key && seen.devices.iter().any(|device| device.is_this && device.id != id));

    soon(alice.rename_device(id, "the tablet")).await.unwrap();
    let named = async |client: &Client, name: &str| {
        let devices = client.devices().await.unwrap().devices;
        devices.iter().any(|device| device.id == id && device.name.as_deref() == Some(name)).then_some(())
    };
    until(async || named(&tablet, "the tablet").await).await;
    soon(tablet.rename_device(id, "mine")).await.unwrap();
    until(async || named(&alice, "mine").await).await;
    for bad in ["", "a\nb", &"x".repeat(129)] {
        assert_eq!(alice.rename_device(id, bad).await.unwrap_err().code(), "invalid_input");
    }

    let _ = say(&bob, "alice", "to both").await;
    assert_eq!(soon(tablet.incoming("test").next()).await.unwrap().unwrap().text, "to both");
    let mut events = tablet.events();
    soon(alice.remove_device(id)).await.unwrap();
    while !matches!(soon(events.next()).await.unwrap(), Event::SignedOut("unknown_device")) {}
    assert_eq!(alice.devices().await.unwrap().devices.len(), 1);
    assert_eq!(alice.remove_device(id).await.unwrap_err().code(), "not_found");
    let own = alice.me().unwrap().unwrap().device;
    assert_eq!(alice.remove_device(own).await.unwrap_err().code(), "invalid_input");

    // Nobody writes to it any more, and it does not come back with the keys that it had.
    let sent = say(&bob, "alice", "to one").await;
    soon(sent.wait_for(Delivery::Delivered)).await.unwrap();
    soon(tablet.close()).await.unwrap();
    let tablet = stage.client("tablet").await;
    let chat = soon(tablet.direct("bob")).await.unwrap();
    let texts: Vec<_> = chat
        .history(Page::newest(10))
        .await
        .unwrap()
        .iter()
        .filter_map(|item| item.text().map(str::to_owned))
        .collect();
    assert_eq!(texts, ["to both"]);
    assert_ne!(tablet.link(), LinkState::Online);
}

#[tokio::test]
async fn a_further_device_is_told_what_was_set_and_brought_into_groups() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let chat = soon(alice.direct("bob")).await.unwrap();
    soon(chat.set_pinned(true)).await.unwrap();
    let group = soon(alice.create_group("birds", ["bob"])).await.unwrap().id();
    until(async || bob.conversation(group).ok()).await;
    // All of that was said before there was anybody to hear it.
    let tablet = further(&stage, &alice, "tablet").await;
    until(async || tablet.conversation(group).ok()).await;
    let chat = soon(tablet.direct("bob")).await.unwrap();
    until(async || chat.settings().await.unwrap().pinned.then_some(())).await;
}
