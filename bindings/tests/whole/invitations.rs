//! The way into a group by an invitation.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use waxwing::ConversationId;
use waxwing_ffi::{Event, FfiClient, FfiGroup, InvitationState, InvitationTerms, JoinState, read_invitation};

use crate::stage::{Stage, by_handle, code, hear, soon, until};

const OPEN: InvitationTerms = InvitationTerms { needs_approval: false, lifetime: None };

/// How it stands with what somebody asked.
async fn stands(client: &FfiClient, id: ConversationId) -> JoinState {
    let joins = soon(client.joins()).await.unwrap();
    joins.into_iter().find(|join| join.conversation_id == id).expect("it asked").state
}

#[tokio::test]
async fn group_invitation() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let birds = soon(alice.create_group("birds".to_owned(), Vec::new(), None)).await.ok().unwrap();
    let (group, id) = (birds.group().unwrap(), birds.id());
    let made = soon(group.invite(OPEN)).await.unwrap();
    assert_eq!(made.state, InvitationState::Open);
    let link = made.link.expect("this device made it");
    let read = read_invitation(&link).unwrap();
    assert_eq!((read.handle.as_str(), read.conversation_id), ("alice", id));
    assert_eq!((read.needs_approval, read.expires_at), (false, None));
    assert_eq!(code(read_invitation("nonsense")), "invitation_invalid");

    let events = bob.events();
    let asked = soon(bob.join(link)).await.unwrap();
    assert_eq!(asked.conversation_id, id);
    assert_ne!(asked.state, JoinState::Refused);
    until(async || bob.conversation(id).await.ok()).await;
    hear(&events, |event| *event == Event::JoinAnswered { conversation_id: id }).await;
    assert_eq!(stands(&bob, id).await, JoinState::Joined);
    with_approval(&stage, &alice, &group).await;
}

async fn with_approval(stage: &Stage, alice: &FfiClient, group: &FfiGroup) {
    let (carol, dave) = (stage.person("carol").await, stage.person("dave").await);
    let hour = Duration::from_secs(3600);
    let terms = InvitationTerms { needs_approval: true, lifetime: Some(hour) };
    let made = soon(group.invite(terms)).await.unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let ends = Duration::from_millis(made.expires_at.expect("it ends").ms().unsigned_abs());
    assert!(made.needs_approval && ends <= now + hour + Duration::from_secs(60));
    let (link, id, events) = (made.link.unwrap(), group.id(), alice.events());
    for client in [&carol, &dave] {
        let asked = soon(client.join(link.clone())).await.unwrap();
        assert_eq!(asked.state, JoinState::Waiting);
    }
    let asks = carol.me().unwrap().unwrap().account;
    hear(&events, |event| *event == Event::JoinRequested { conversation_id: id, account: asks }).await;
    let requests = until(async || {
        let requests = group.requests().await.unwrap();
        (requests.len() == 2).then_some(requests)
    })
    .await;
    assert!(requests.iter().all(|request| request.invitation == made.id));

    soon(group.approve(by_handle("carol"), None)).await.unwrap();
    until(async || carol.conversation(id).await.ok()).await;
    soon(group.refuse(by_handle("dave"), None)).await.unwrap();
    until(async || (stands(&dave, id).await == JoinState::Refused).then_some(())).await;
    assert!(soon(group.requests()).await.unwrap().is_empty());

    soon(group.revoke(made.id)).await.unwrap();
    let known = soon(group.invitations()).await.unwrap();
    let revoked = known.iter().find(|invitation| invitation.id == made.id).unwrap();
    assert_eq!(revoked.state, InvitationState::Revoked);
    let erin = stage.person("erin").await;
    soon(erin.join(link)).await.unwrap();
    until(async || (stands(&erin, id).await == JoinState::Refused).then_some(())).await;
}
