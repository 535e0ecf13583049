//! A group's picture over a real relay: set, seen by all, given to who comes, taken away.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used)]

mod stage;

use stage::{Stage, soon, until};
use waxwing::{Client, ConversationId, Draft, Group, limits};

async fn group(client: &Client, id: ConversationId) -> Group {
    until(async || client.conversation(id).ok().and_then(|chat| chat.group())).await
}

async fn shows(group: &Group, picture: Option<&[u8]>) {
    until(async || (group.picture().await.unwrap().as_deref() == picture).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_seen_by_all_and_by_who_comes_and_only_editors_change_it() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let carol = stage.registered("carol").await;
    let chat = soon(alice.create_group("birds", ["bob"])).await.unwrap();
    let (ours, at_bob) = (chat.group().unwrap(), group(&bob, chat.id()).await);
    assert_eq!((ours.picture().await.unwrap(), ours.info().await.unwrap().picture), (None, None));

    let large = vec![7; limits::GROUP_PICTURE_SIZE_MAX_BYTES];
    ours.set_picture(Some(large.clone())).await.unwrap();
    shows(&ours, Some(&large)).await;
    shows(&at_bob, Some(&large)).await;
    assert_eq!(ours.info().await.unwrap().picture, at_bob.info().await.unwrap().picture);
    soon(ours.add(["carol"])).await.unwrap();
    let at_carol = group(&carol, chat.id()).await;
    shows(&at_carol, Some(&large)).await;
    assert_eq!(at_carol.info().await.unwrap().title, "birds");

    // The title is changed without the picture, and the picture without the title.
    soon(ours.set_title("crows")).await.unwrap();
    until(async || (at_carol.info().await.unwrap().title == "crows").then_some(())).await;
    shows(&at_carol, Some(&large)).await;
    soon(ours.set_picture(Some(vec![1, 2, 3]))).await.unwrap();
    shows(&at_carol, Some(&[1, 2, 3])).await;
    soon(ours.set_picture(None)).await.unwrap();
    shows(&at_bob, None).await;
    until(async || at_bob.info().await.unwrap().picture.is_none().then_some(())).await;
    assert_eq!(at_bob.info().await.unwrap().title, "crows");

    let mut larger = large;
    larger.push(7);
    assert_eq!(ours.set_picture(Some(larger)).await.unwrap_err().code(), "message_too_large");
    assert_eq!(ours.set_picture(Some(Vec::new())).await.unwrap_err().code(), "invalid_input");
    assert_eq!(at_bob.set_picture(Some(vec![1])).await.unwrap_err().code(), "not_permitted");
    soon(chat.send(Draft::text("still here"))).await.unwrap();
    until(async || bob.search("still", 1).await.unwrap().into_iter().next()).await;
}
