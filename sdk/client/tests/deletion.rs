//! Accounts that are deleted: clients and a real relay, in one process.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used)]

mod stage;

use stage::{Stage, further, say, soon, until};
use waxwing::{Delivery, Event, FailureReason, GroupRole, History, Page, Registration, Status};

#[tokio::test]
async fn a_deleted_account_leaves_nothing_and_everybody_is_told() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let tablet = further(&stage, &alice, "tablet").await;
    let mut at_tablet = tablet.incoming("test");
    let _ = say(&alice, "bob", "hello").await;
    soon(bob.incoming("test").next()).await.unwrap().unwrap();
    let _ = say(&bob, "alice", "a word that stays nowhere").await;
    soon(at_tablet.next()).await.unwrap().unwrap();
    soon(alice.incoming("test").next()).await.unwrap().unwrap();
    let group = soon(alice.create_group("both", ["bob"])).await.unwrap();
    soon(alice.flushed()).await.unwrap();
    let at_bob = until(async || bob.conversation(group.id()).ok()).await;
    let account = alice.me().unwrap().unwrap().account;

    let (mut told, mut told_here) = (tablet.events(), alice.events());
    soon(alice.delete_account()).await.unwrap();
    while soon(told.next()).await.unwrap() != Event::SignedOut("account_deleted") {}
    while soon(told_here.next()).await.unwrap() != Event::SignedOut("account_deleted") {}
    assert_eq!(alice.me().unwrap(), None);
    assert_eq!(alice.direct("bob").await.unwrap_err().code(), "not_registered");
    assert_eq!(alice.delete_account().await.unwrap_err().code(), "not_registered");
    assert_eq!(alice.outbox_len().unwrap(), 0);
    assert!(alice.search("word", 10).await.unwrap().is_empty());
    soon(alice.close()).await.unwrap();
    let history = History::open(stage.store("alice")).await.unwrap();
    assert!(history.conversations().await.unwrap().is_empty() && history.me().await.unwrap().is_none());

    // The other device is out, and keeps what it has.
    let kept = tablet.direct("bob").await.unwrap().history(Page::newest(10)).await.unwrap();
    assert!(kept.iter().any(|item| item.text() == Some("a word that stays nowhere")));
    // Bob is alone in the group, which is his.
    let members = until(async || {
        let members = at_bob.group()?.info().await.ok()?.members;
        (members.len() == 1).then_some(members)
    })
    .await;
    assert_eq!(members[0].role, GroupRole::Owner);
    // Whoever writes sees that nobody is there any more.
    let sent = say(&bob, "alice", "are you there?").await;
    let state = soon(sent.wait_for(Delivery::Delivered)).await.unwrap();
    assert_eq!(state, Delivery::Failed(FailureReason::RecipientGone));

    // Whoever takes the name is somebody else, and is not taken for her.
    let other = stage.registered("other").await;
    soon(other.delete_account()).await.unwrap();
    let me = soon(other.register(Registration::open("alice").unwrap())).await.unwrap();
    assert_ne!(me.account, account);
    let sent = say(&other, "bob", "it is me").await;
    soon(sent.wait_for(Delivery::Sent)).await.unwrap();
    let texts = bob.direct(account).await.unwrap().history(Page::newest(10)).await.unwrap();
    assert!(texts.iter().all(|item| item.text() != Some("it is me")));
    let item = texts.iter().find(|item| item.text() == Some("are you there?")).unwrap();
    assert_eq!(item.state, Status::Outgoing(Delivery::Failed(FailureReason::RecipientGone)));
}
