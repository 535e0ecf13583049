//! Settings that follow to the account's own devices, blocking, and messages that disappear, over a real relay.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used)]

mod stage;

use std::time::Duration;

use stage::{Stage, soon, until};
use waxwing::{
    Client, Conversation, Delivery, Draft, ListDiff, Notice, Page, Recover, Registration, Settings,
    TimelineItem,
};

async fn set(chat: &Conversation, is_so: impl Fn(&Settings) -> bool) -> Settings {
    until(async || chat.settings().await.ok().filter(|settings| is_so(settings))).await
}

async fn entries(chat: &Conversation) -> Vec<TimelineItem> {
    chat.history(Page::newest(50)).await.unwrap()
}

async fn listed(client: &Client) -> (u64, u64) {
    match soon(client.conversations().next()).await.unwrap() {
        ListDiff::Reset { items } => (items[0].unread, items[0].unread_mentions),
        other @ (ListDiff::Changed { .. } | ListDiff::Interrupted { .. }) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn settings_follow_to_the_other_device_and_nobody_else_hears_of_them() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let second = stage.client("alice2").await;
    let key = alice.recovery_key().unwrap();
    soon(second.register(Registration::open("alice").unwrap().recover(key, Recover::Add))).await.unwrap();
    let here = soon(alice.direct("bob")).await.unwrap();
    soon(here.send(Draft::text("hello"))).await.unwrap();
    let there = soon(second.direct("bob")).await.unwrap();
    until(async || (!entries(&there).await.is_empty()).then_some(())).await;

    soon(here.set_draft("half a")).await.unwrap();
    soon(here.mute_until(Some(i64::MAX))).await.unwrap();
    soon(here.set_pinned(true)).await.unwrap();
    soon(here.set_archived(true)).await.unwrap();
    soon(here.set_marked_unread(true)).await.unwrap();
    let is_all = |settings: &Settings| {
        settings.draft == "half a"
            && settings.muted_until_ms == Some(i64::MAX)
            && settings.pinned
            && settings.archived
            && settings.marked_unread
    };
    set(&there, is_all).await;
    soon(there.set_pinned(false)).await.unwrap();
    soon(there.mark_read(entries(&there).await[0].message_id)).await.unwrap();
    let settings = set(&here, |settings| !settings.pinned && !settings.marked_unread).await;
    assert_eq!(settings.draft, "half a");
    soon(alice.flushed()).await.unwrap();
    let from_bob = soon(bob.direct("alice")).await.unwrap();
    assert_eq!(from_bob.settings().await.unwrap(), Settings::default());
}

#[tokio::test]
async fn who_is_blocked_is_not_heard_and_gets_nothing() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let to_bob = soon(alice.direct("bob")).await.unwrap();
    let first = soon(to_bob.send(Draft::text("hello"))).await.unwrap();
    soon(first.wait_for(Delivery::Delivered)).await.unwrap();
    soon(to_bob.set_blocked(true)).await.unwrap();
    assert_eq!(soon(to_bob.send(Draft::text("no"))).await.unwrap_err().code(), "blocked");
    let to_alice = soon(bob.direct("alice")).await.unwrap();
    let unheard = soon(to_alice.send(Draft::text("are you there?"))).await.unwrap();
    assert_eq!(soon(unheard.wait_for(Delivery::Sent)).await.unwrap(), Delivery::Sent);
    soon(alice.drained()).await.unwrap();
    soon(to_bob.set_blocked(false)).await.unwrap();
    // What is sent after it is heard comes after what was not.
    let heard = soon(to_alice.send(Draft::text("and now?"))).await.unwrap();
    assert_eq!(soon(heard.wait_for(Delivery::Delivered)).await.unwrap(), Delivery::Delivered);
    let texts: Vec<_> = entries(&to_bob).await.iter().map(|item| item.text().map(str::to_owned)).collect();
    assert_eq!(texts, [Some("hello".to_owned()), Some("and now?".to_owned())]);
    assert_eq!(unheard.state().await.unwrap(), Delivery::Sent, "no receipt tells of it");
}

#[tokio::test]
async fn messages_disappear_on_both_sides_and_mentions_are_counted() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let to_bob = soon(alice.direct("bob")).await.unwrap();
    let stays = soon(to_bob.send(Draft::text("stays"))).await.unwrap().id();
    soon(to_bob.set_timer(Some(Duration::from_secs(1)))).await.unwrap();
    let own = bob.me().unwrap().unwrap().account;
    let goes = soon(to_bob.send(Draft::text("@bob goes").mention(own, 0..4))).await.unwrap().id();
    let to_alice = soon(bob.direct("alice")).await.unwrap();
    until(async || bob.message(goes).await.ok()).await;
    set(&to_alice, |settings| settings.timer == Some(Duration::from_secs(1))).await;
    assert_eq!(listed(&bob).await, (2, 1));
    let notice = Some(Notice::TimerChanged { seconds: 1 });
    for chat in [&to_bob, &to_alice] {
        assert!(entries(chat).await.iter().any(|item| item.notice() == notice));
    }
    // At the one who wrote it, by itself; at the other side, not before it was read.
    until(async || alice.message(goes).await.err()).await;
    assert!(bob.message(goes).await.is_ok());
    soon(to_alice.mark_read(goes)).await.unwrap();
    until(async || bob.message(goes).await.err()).await;
    assert!(bob.message(stays).await.is_ok() && alice.message(stays).await.is_ok());
    assert_eq!(listed(&bob).await, (0, 0));
}
