//! Two clients and a real relay, in one process.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used)]

mod stage;

use std::time::Duration;

use stage::{Stage, say, soon};
use waxwing::{
    Client, Delivery, Draft, Event, History, LinkState, ListDiff, MessageId, Page, Recover, Registration,
    Store, StoreKey, TimelineDiff,
};

#[tokio::test]
async fn a_message_is_sent_delivered_and_read() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let sent = say(&alice, "bob", "hello").await;
    let mut incoming = bob.incoming("test");
    let message = soon(incoming.next()).await.unwrap().unwrap();
    assert_eq!(message.text, "hello");
    assert_eq!(message.message_id, sent.id());
    assert_eq!(message.sender.name(), "alice");
    assert_eq!(soon(sent.wait_for(Delivery::Delivered)).await.unwrap(), Delivery::Delivered);
    let chat = bob.conversation(message.conversation_id).unwrap();
    soon(chat.mark_read(message.message_id)).await.unwrap();
    assert_eq!(soon(sent.wait_for(Delivery::Read)).await.unwrap(), Delivery::Read);
    soon(chat.send(Draft::text("hello yourself"))).await.unwrap();
    let mut back = alice.incoming("test");
    assert_eq!(soon(back.next()).await.unwrap().unwrap().text, "hello yourself");
    soon(alice.flushed()).await.unwrap();
    assert_eq!(alice.outbox_len().unwrap(), 0);
    soon(alice.close()).await.unwrap();
    soon(bob.close()).await.unwrap();
    assert_eq!(alice.flushed().await.unwrap_err().code(), "shut_down");
}

#[tokio::test]
async fn what_is_written_offline_goes_out_after_a_restart_once() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    say(&alice, "bob", "first").await;
    soon(alice.flushed()).await.unwrap();
    soon(alice.close()).await.unwrap();

    let builder = Client::builder(stage.relay.url()).store(stage.store("alice")).offline();
    let alice = soon(builder.build()).await.unwrap();
    assert_eq!(alice.link(), LinkState::Stopped);
    let chat = soon(alice.direct("bob")).await.unwrap();
    let id = MessageId::v7(1, [3; 10]);
    let draft = Draft::text("second").with_id(id);
    assert_eq!(soon(chat.send(draft.clone())).await.unwrap().id(), id);
    assert_eq!(soon(chat.send(draft)).await.unwrap().id(), id, "the same again is the same message");
    let other = soon(chat.send(Draft::text("other").with_id(id))).await;
    assert_eq!(other.unwrap_err().code(), "message_id_taken");
    assert_eq!(soon(alice.direct("nobody")).await.unwrap_err().code(), "offline");
    assert_eq!(alice.outbox_len().unwrap(), 1);
    soon(alice.close()).await.unwrap();

    let alice = stage.client("alice").await;
    soon(alice.wait_online()).await.unwrap();
    soon(alice.flushed()).await.unwrap();
    let mut incoming = bob.incoming("test");
    for text in ["first", "second"] {
        let message = soon(incoming.next()).await.unwrap().unwrap();
        assert_eq!(message.text, text);
        soon(incoming.done(&message)).await.unwrap();
    }
    soon(bob.close()).await.unwrap();
    assert!(soon(incoming.next()).await.is_none());

    let bob = stage.client("bob").await;
    say(&alice, "bob", "third").await;
    assert_eq!(
        soon(bob.incoming("test").next()).await.unwrap().unwrap().text,
        "third",
        "what was done stays done"
    );
}

#[tokio::test]
async fn timelines_and_the_list_tell_what_changes() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let chat = soon(alice.direct("bob")).await.unwrap();
    let mut timeline = chat.timeline(Page::newest(50));
    let Some(TimelineDiff::Reset { items }) = soon(timeline.next()).await else {
        panic!("the first is a reset")
    };
    assert_eq!(items, []);
    let mut list = alice.conversations();
    let Some(ListDiff::Reset { items }) = soon(list.next()).await else { panic!("the first is a reset") };
    assert_eq!(items[0].with.name(), "bob");
    let sent = soon(chat.send(Draft::text("hello"))).await.unwrap();
    let Some(TimelineDiff::Appended { items }) = soon(timeline.next()).await else {
        panic!("it is appended")
    };
    assert_eq!(items[0].text(), Some("hello"));
    soon(sent.wait_for(Delivery::Delivered)).await.unwrap();
    let Some(TimelineDiff::Changed { items }) = soon(timeline.next()).await else { panic!("it changes") };
    assert_eq!(items[0].message_id, sent.id());
    let Some(ListDiff::Changed { items }) = soon(list.next()).await else { panic!("the list changes") };
    assert_eq!(items[0].last.as_ref().unwrap().preview, "hello");
    drop(bob);
}

#[tokio::test]
async fn a_suspended_client_holds_nothing_and_catches_up() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    say(&alice, "bob", "one").await;
    soon(bob.incoming("test").next()).await.unwrap().unwrap();
    soon(bob.lifecycle().suspend(Duration::from_secs(5))).await.unwrap();
    assert_eq!(bob.link(), LinkState::Stopped);
    assert_eq!(soon(bob.drained()).await.unwrap_err().code(), "suspended");
    let history = soon(History::open(stage.store("bob"))).await.unwrap();
    assert_eq!(soon(history.conversations()).await.unwrap()[0].unread, 1);
    drop(history);
    // Another process could take the store now.
    soon(stage.client("bob").await.close()).await.unwrap();

    say(&alice, "bob", "two").await;
    soon(alice.flushed()).await.unwrap();
    let caught_up = soon(bob.lifecycle().catch_up(Duration::from_secs(20))).await.unwrap();
    assert!(caught_up.completed && caught_up.messages == 1, "{caught_up:?}");
    assert_eq!(soon(bob.drained()).await.unwrap_err().code(), "suspended", "as it was before");
    soon(bob.lifecycle().resume()).await.unwrap();
    soon(bob.wait_online()).await.unwrap();
    soon(bob.drained()).await.unwrap();
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let stage = Stage::new().await;
    let alice = stage.registered("alice").await;
    let other = stage.client("other").await;
    let mut events = other.events();
    assert_eq!(soon(other.direct("alice")).await.unwrap_err().code(), "not_registered");
    let taken = soon(other.register(Registration::open("alice").unwrap())).await.unwrap_err();
    assert_eq!(taken.code(), "handle_taken");
    assert_eq!(other.me().unwrap(), None);
    soon(other.register(Registration::open("other").unwrap())).await.unwrap();
    while soon(events.next()).await != Some(Event::Registered) {}
    assert_eq!(soon(other.direct("nobody")).await.unwrap_err().code(), "unknown_account");
    assert_eq!(soon(alice.direct("no spaces")).await.unwrap_err().code(), "handle_invalid");
    let again = soon(Client::builder(stage.relay.url()).store(stage.store("alice")).build()).await;
    assert_eq!(again.unwrap_err().code(), "store_in_use");
    let wrong = Store::file(stage.folder.path().join("alice")).key(StoreKey::from_bytes([8; 32]));
    assert_eq!(soon(History::open(wrong)).await.unwrap_err().code(), "wrong_store_key");
}

#[tokio::test]
async fn an_account_is_recovered_on_a_new_device() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let key = alice.recovery_key().unwrap().to_string();
    soon(alice.close()).await.unwrap();
    let new = stage.client("new").await;
    let registration = Registration::open("alice").unwrap().recover(key.parse().unwrap(), Recover::Replace);
    soon(new.register(registration)).await.unwrap();
    say(&bob, "alice", "welcome back").await;
    assert_eq!(soon(new.incoming("test").next()).await.unwrap().unwrap().text, "welcome back");
}
