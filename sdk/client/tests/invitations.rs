//! The way into a group by an invitation, over a real relay: with and without approval, taken back, expired, refused.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used)]

mod stage;

use std::time::Duration;

use stage::{Stage, say, soon, until};
use tokio::time::sleep;
use waxwing::{
    Body, Client, Conversation, ConversationId, Draft, Group, GroupEvent, GroupRole, GroupStanding,
    InvitationLink, InvitationState, InvitationTerms, JoinState, Page, TimelineDiff,
};

async fn joined(client: &Client, id: ConversationId) -> Conversation {
    until(async || client.conversation(id).ok()).await
}

async fn state(client: &Client, id: ConversationId) -> JoinState {
    let joins = client.joins().await.unwrap();
    joins.into_iter().find(|join| join.conversation_id == id).unwrap().state
}

/// Gives the role, and waits until it is seen there: of both, none is a mere member then.
async fn make_admin(group: &Group, who: &str, seen_by: &Group) {
    group.set_role(who, GroupRole::Admin).await.unwrap();
    until(async || {
        let info = seen_by.info().await.unwrap();
        info.members.iter().all(|member| member.role != GroupRole::Member).then_some(())
    })
    .await;
}

async fn members(group: &Group) -> Vec<String> {
    let info = group.info().await.unwrap();
    let mut names: Vec<String> = info.members.iter().map(|member| member.contact.name().to_owned()).collect();
    names.sort();
    names
}

async fn events(chat: &Conversation) -> Vec<GroupEvent> {
    let Some(TimelineDiff::Reset { items, .. }) = chat.timeline(Page::newest(50)).next().await else {
        panic!("a timeline begins with what is there")
    };
    let event = |body: Body| match body {
        Body::Group(event) => Some(event),
        Body::Text(_) | Body::Unreadable | Body::Notice(_) | Body::Deleted => None,
    };
    items.into_iter().filter_map(|item| event(item.body)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_link_is_let_in_and_reads_what_comes() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let chat = alice.create_group("birds", [] as [&str; 0]).await.unwrap();
    let group = chat.group().unwrap();
    let made = group.invite(InvitationTerms::open()).await.unwrap();
    let link = made.link.clone().unwrap();
    let read: InvitationLink = link.parse().unwrap();
    assert_eq!((read.handle(), read.conversation_id()), ("alice", chat.id()));
    assert!(!read.needs_approval() && read.expires_at_ms().is_none());

    let asked = soon(bob.join(&link.to_lowercase())).await.unwrap();
    assert_eq!((asked.conversation_id, asked.state), (chat.id(), JoinState::Waiting));
    let at_bob = joined(&bob, chat.id()).await;
    assert_eq!(state(&bob, chat.id()).await, JoinState::Joined);
    assert_eq!(at_bob.group().unwrap().info().await.unwrap().title, "birds");
    soon(chat.send(Draft::text("welcome"))).await.unwrap();
    let text = until(async || {
        let found = bob.search("welcome", 1).await.unwrap();
        found.into_iter().next()
    });
    assert_eq!(text.await.conversation_id, chat.id());
    let again = soon(bob.join(&link)).await.unwrap();
    assert_eq!(again.state, JoinState::Joined, "whoever is in need not ask");
    assert_eq!(bob.join("WAXWING:JOIN/NONSENSE").await.unwrap_err().code(), "invitation_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_waits_until_any_admin_approves_or_refuses() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let (carol, dave) = (stage.registered("carol").await, stage.registered("dave").await);
    let chat = soon(alice.create_group("birds", ["bob"])).await.unwrap();
    let group = chat.group().unwrap();
    let at_bob = joined(&bob, chat.id()).await.group().unwrap();
    let made = group.invite(InvitationTerms::open().with_approval()).await.unwrap();
    let link = made.link.clone().unwrap();
    for asks in [&carol, &dave] {
        soon(asks.join(&link)).await.unwrap();
    }
    until(async || (group.requests().await.unwrap().len() == 2).then_some(())).await;
    assert!(events(&chat).await.contains(&GroupEvent::AsksToJoin));
    assert_eq!(at_bob.approve("carol").await.unwrap_err().code(), "not_found", "bob is no admin");
    assert_eq!(at_bob.invitations().await.unwrap(), [], "nor does he know the door");

    // Bob becomes an admin: he is told who waits, though the link does not name him.
    group.set_role("bob", GroupRole::Admin).await.unwrap();
    until(async || (at_bob.requests().await.unwrap().len() == 2).then_some(())).await;
    let seen = at_bob.invitations().await.unwrap();
    assert_eq!((seen.len(), seen[0].id, seen[0].link.clone()), (1, made.id, None));
    soon(at_bob.approve("carol")).await.unwrap();
    joined(&carol, chat.id()).await;
    soon(at_bob.refuse("dave")).await.unwrap();
    until(async || (state(&dave, chat.id()).await == JoinState::Refused).then_some(())).await;
    until(async || group.requests().await.unwrap().is_empty().then_some(())).await;
    until(async || (members(&group).await == ["alice", "bob", "carol"]).then_some(())).await;

    // Dave asks again by the same link, and is told the same; nobody is asked again.
    soon(dave.join(&link)).await.unwrap();
    until(async || (state(&dave, chat.id()).await == JoinState::Refused).then_some(())).await;
    assert_eq!(at_bob.requests().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_taken_back_by_any_admin_lets_nobody_in() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let carol = stage.registered("carol").await;
    let chat = soon(alice.create_group("birds", ["bob"])).await.unwrap();
    let group = chat.group().unwrap();
    let at_bob = joined(&bob, chat.id()).await.group().unwrap();
    make_admin(&group, "bob", &at_bob).await;
    let made = group.invite(InvitationTerms::open()).await.unwrap();
    let known = async || at_bob.invitations().await.unwrap().into_iter().next();
    assert_eq!(until(known).await.state, InvitationState::Open);
    soon(at_bob.revoke(made.id)).await.unwrap();
    let gone = async || {
        let all = group.invitations().await.unwrap();
        all.into_iter().find(|invitation| invitation.state == InvitationState::Revoked)
    };
    let gone = until(gone).await;
    soon(carol.join(&gone.link.unwrap())).await.unwrap();
    until(async || (state(&carol, chat.id()).await == JoinState::Refused).then_some(())).await;
    assert_eq!(members(&group).await, ["alice", "bob"]);

    // What expires is refused where it is read; a link of a maker who may not add any more, where it is asked.
    let short = group.invite(InvitationTerms::open().expires_after(Duration::from_millis(1))).await.unwrap();
    sleep(Duration::from_millis(1_100)).await;
    assert_eq!(carol.join(&short.link.unwrap()).await.unwrap_err().code(), "invitation_over");
    let bobs = at_bob.invite(InvitationTerms::open()).await.unwrap();
    group.set_role("bob", GroupRole::Member).await.unwrap();
    until(async || {
        let all = at_bob.invitations().await.unwrap();
        all.into_iter().find(|all| all.id == bobs.id && all.state == InvitationState::Void)
    })
    .await;
    assert_eq!(at_bob.invite(InvitationTerms::open()).await.unwrap_err().code(), "not_permitted");
    soon(carol.join(&bobs.link.unwrap())).await.unwrap();
    until(async || (state(&carol, chat.id()).await == JoinState::Refused).then_some(())).await;
    assert_eq!(members(&group).await, ["alice", "bob"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_serves_while_whoever_made_it_is_away_and_not_who_is_blocked() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let (carol, dave) = (stage.registered("carol").await, stage.registered("dave").await);
    let chat = soon(alice.create_group("birds", ["bob"])).await.unwrap();
    let group = chat.group().unwrap();
    let at_bob = joined(&bob, chat.id()).await.group().unwrap();
    // A link names those who are admins when it is made.
    make_admin(&group, "bob", &group).await;
    let made = group.invite(InvitationTerms::open()).await.unwrap();
    until(async || at_bob.invitations().await.unwrap().into_iter().next()).await;
    soon(alice.flushed()).await.unwrap();
    alice.close().await.unwrap();

    let link = made.link.unwrap();
    bob.direct("dave").await.unwrap().set_blocked(true).await.unwrap();
    soon(dave.join(&link)).await.unwrap();
    soon(dave.flushed()).await.unwrap();
    soon(carol.join(&link)).await.unwrap();
    let at_carol = joined(&carol, chat.id()).await;
    assert_eq!(at_carol.group().unwrap().info().await.unwrap().standing, GroupStanding::Member);
    // Dave asked before carol did, and bob has dealt with both.
    say(&bob, "carol", "hello").await;
    assert_eq!(members(&at_bob).await, ["alice", "bob", "carol"]);
}
