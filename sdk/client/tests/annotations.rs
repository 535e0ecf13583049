//! Replies, edits, reactions and deletions between two clients over a real relay.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used)]

mod stage;

use stage::{Stage, soon};
use waxwing::{Conversation, Draft, MessageId, Page, Recover, Registration, TimelineDiff, TimelineItem};

/// Waits until an entry is as it shall be.
async fn when(chat: &Conversation, id: MessageId, is_so: impl Fn(&TimelineItem) -> bool) -> TimelineItem {
    let mut timeline = chat.timeline(Page::newest(50));
    loop {
        let items = match soon(timeline.next()).await.unwrap() {
            TimelineDiff::Reset { items }
            | TimelineDiff::Appended { items }
            | TimelineDiff::Changed { items } => items,
            TimelineDiff::Interrupted { error } => panic!("{error}"),
        };
        if let Some(item) = items.into_iter().find(|item| item.message_id == id && is_so(item)) {
            return item;
        }
    }
}

fn reactions(item: &TimelineItem) -> Vec<(&str, Vec<&str>)> {
    let names = item.reactions.iter().map(|reaction| {
        (reaction.reaction.as_str(), reaction.by.iter().map(waxwing::Contact::name).collect())
    });
    names.collect()
}

#[tokio::test]
async fn what_is_said_about_a_message_reaches_every_device_of_both() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let second = stage.client("alice2").await;
    let key = alice.recovery_key().unwrap();
    soon(second.register(Registration::open("alice").unwrap().recover(key, Recover::Add))).await.unwrap();
    let to_bob = soon(alice.direct("bob")).await.unwrap();
    let first = soon(to_bob.send(Draft::text("helo"))).await.unwrap().id();
    let to_alice = soon(bob.direct("alice")).await.unwrap();
    when(&to_alice, first, |item| item.text() == Some("helo")).await;

    let mention =
        Draft::text("@alice what?").reply_to(first).mention(alice.me().unwrap().unwrap().account, 0..6);
    let reply = soon(to_alice.send(mention.clone().with_id(bob.new_message_id()))).await.unwrap().id();
    let seen = when(&to_bob, reply, |_| true).await;
    assert_eq!(seen.marks.reply_to, Some(first));
    assert!(seen.marks.mentions(alice.me().unwrap().unwrap().account));

    soon(to_bob.edit(first, "hello")).await.unwrap();
    soon(to_alice.react(first, "🐦")).await.unwrap();
    soon(to_bob.react(first, "🐦")).await.unwrap();
    let second_chat = soon(second.direct("bob")).await.unwrap();
    for chat in [&to_bob, &to_alice] {
        let item =
            when(chat, first, |item| item.edited && item.reactions.iter().any(|r| r.by.len() == 2)).await;
        assert_eq!(item.text(), Some("hello"));
        assert_eq!(reactions(&item)[0].0, "🐦");
        assert_eq!(reactions(&item)[0].1.len(), 2);
    }
    when(&second_chat, reply, |_| true).await;

    soon(to_alice.react(first, "")).await.unwrap();
    when(&to_bob, first, |item| reactions(item) == [("🐦", vec!["alice"])]).await;
    soon(to_bob.delete(first)).await.unwrap();
    for chat in [&to_bob, &to_alice] {
        let item = when(chat, first, TimelineItem::is_deleted).await;
        assert_eq!((item.text(), item.reactions.len(), item.edited), (None, 0, false));
    }
    soon(second_chat.delete_for_me(reply)).await.unwrap();
    let mut timeline = to_bob.timeline(Page::newest(50));
    loop {
        if let TimelineDiff::Reset { items } = soon(timeline.next()).await.unwrap()
            && items.iter().all(|item| item.message_id != reply)
        {
            break;
        }
    }
    assert!(bob.message(reply).await.is_ok(), "bob keeps it");
}

#[tokio::test]
async fn only_the_author_edits_and_deletes() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let to_bob = soon(alice.direct("bob")).await.unwrap();
    let sent = soon(to_bob.send(Draft::text("mine"))).await.unwrap().id();
    let to_alice = soon(bob.direct("alice")).await.unwrap();
    when(&to_alice, sent, |_| true).await;
    let refused = soon(to_alice.edit(sent, "yours")).await.unwrap_err();
    assert_eq!(refused.code(), "not_allowed");
    assert_eq!(soon(to_alice.delete(sent)).await.unwrap_err().code(), "not_allowed");
    assert_eq!(soon(to_alice.react(sent, "x".repeat(65))).await.unwrap_err().code(), "invalid_input");
    assert_eq!(soon(to_bob.edit(sent, "")).await.unwrap_err().code(), "invalid_input");
    assert_eq!(soon(to_bob.edit(alice.new_message_id(), "x")).await.unwrap_err().code(), "not_found");
    assert_eq!(bob.message(sent).await.unwrap().text(), Some("mine"));
}
