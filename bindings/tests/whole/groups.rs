//! Groups.

use std::sync::Arc;

use waxwing_ffi::{
    DeliveryGoal, EntryBody, FfiClient, FfiConversation, FfiGroup, GroupNotice, GroupRole, GroupSettings,
    GroupStanding, GroupWho, ListDiff, Party, Reach,
};

use crate::stage::{Stage, by_handle, code, draft, entries, soon, take, text, texts, until};

async fn found(client: &FfiClient, made: &FfiConversation) -> Arc<FfiConversation> {
    until(async || client.conversation(made.id()).await.ok()).await
}

async fn group_of(client: &FfiClient, made: &FfiConversation) -> Arc<FfiGroup> {
    found(client, made).await.group().expect("it is a group's")
}

async fn notices(chat: &FfiConversation) -> Vec<GroupNotice> {
    let notice = |body| match body {
        EntryBody::Group { notice } => Some(notice),
        EntryBody::Text { .. } | EntryBody::Unreadable | EntryBody::Notice { .. } | EntryBody::Deleted => {
            None
        }
    };
    entries(chat).await.into_iter().filter_map(|item| notice(item.body)).collect()
}

async fn roles(group: &FfiGroup) -> Vec<(String, GroupRole)> {
    let members = soon(group.info()).await.unwrap().members;
    let mut roles: Vec<_> =
        members.into_iter().map(|member| (member.contact.handle.unwrap(), member.role)).collect();
    roles.sort_by(|one, other| one.0.cmp(&other.0));
    roles
}

#[tokio::test]
async fn groups() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let carol = stage.person("carol").await;
    let members = vec![by_handle("bob"), by_handle("carol")];
    let birds = soon(alice.create_group("birds".to_owned(), members, None)).await.ok().unwrap();
    let Party::Group { head } = birds.party() else { panic!("it is a group") };
    assert_eq!((head.title.as_str(), head.standing), ("birds", GroupStanding::Member));
    let at_alice = birds.group().unwrap();
    let (at_bob, at_carol) = (found(&bob, &birds).await, found(&carol, &birds).await);
    let batch = soon(bob.conversations().pull(0, None)).await.unwrap().unwrap();
    let [ListDiff::Reset { items }] = batch.diffs.as_slice() else { panic!("the first is a reset") };
    assert!(matches!(&items[0].party, Party::Group { head } if head.title == "birds"));

    let info = soon(at_bob.group().unwrap().info()).await.unwrap();
    assert_eq!((info.standing, info.title.as_str()), (GroupStanding::Member, "birds"));
    assert!(info.epoch >= 1);
    let (everyone, admins) = (GroupWho::Everyone, GroupWho::Admins);
    assert_eq!(info.settings, GroupSettings { write: everyone, add: admins, edit: admins });
    let (owner, member) = (GroupRole::Owner, GroupRole::Member);
    let named = |roles: &[(&str, GroupRole)]| -> Vec<(String, GroupRole)> {
        roles.iter().map(|(name, role)| ((*name).to_owned(), *role)).collect()
    };
    let all = named(&[("alice", owner), ("bob", member), ("carol", member)]);
    assert_eq!(roles(&at_bob.group().unwrap()).await, all);

    let sent = soon(birds.send(draft("hello, birds"))).await.ok().unwrap();
    for (client, chat) in [(&bob, &at_bob), (&carol, &at_carol)] {
        let messages = take(&client.incoming("test".to_owned()), 1).await;
        assert_eq!(texts(&messages), ["hello, birds"]);
        assert_eq!(messages[0].group_title.as_deref(), Some("birds"));
        assert_eq!(messages[0].sender.handle.as_deref(), Some("alice"));
        soon(chat.mark_read(messages[0].message_id)).await.unwrap();
    }
    let receipts = until(async || {
        let receipts = at_alice.receipts(sent.id()).await.unwrap();
        receipts.all_read.then_some(receipts)
    })
    .await;
    assert!(receipts.members.len() == 2 && receipts.members.iter().all(|one| one.reach == Reach::Read));
    assert!(receipts.all_delivered && (receipts.delivered, receipts.read) == (2, 2));
    changes(&birds, &at_bob, &at_carol).await;
    leaving([&bob, &carol], &birds).await;
}

/// Roles, title, settings and picture.
async fn changes(birds: &FfiConversation, at_bob: &FfiConversation, at_carol: &FfiConversation) {
    let (alices, bobs) = (birds.group().unwrap(), at_bob.group().unwrap());
    assert_eq!(code(soon(bobs.set_title("Bob's".to_owned())).await), "not_permitted");
    soon(alices.set_role(by_handle("bob"), GroupRole::Admin, None)).await.unwrap();
    until(async || bobs.set_title("Bob's birds".to_owned()).await.ok()).await;
    let carols = at_carol.group().unwrap();
    until(async || (carols.info().await.unwrap().title == "Bob's birds").then_some(())).await;
    let told = notices(at_carol).await;
    assert!(told.iter().any(|notice| matches!(notice, GroupNotice::Role { member }
        if member.role == GroupRole::Admin && member.contact.handle.as_deref() == Some("bob"))));
    assert!(told.contains(&GroupNotice::Title { title: "Bob's birds".to_owned() }));

    let settings = GroupSettings { write: GroupWho::Admins, add: GroupWho::Admins, edit: GroupWho::Admins };
    soon(alices.set_settings(settings)).await.unwrap();
    until(async || (carols.info().await.unwrap().settings == settings).then_some(())).await;
    assert_eq!(code(soon(at_carol.send(draft("may I?"))).await), "not_permitted");

    let picture: Vec<u8> = (0..1000_u32).map(|byte| byte.to_le_bytes()[0]).collect();
    soon(alices.set_picture(Some(picture.clone()))).await.unwrap();
    until(async || (bobs.picture().await.unwrap().as_ref() == Some(&picture)).then_some(())).await;
    assert_eq!(soon(bobs.info()).await.unwrap().picture_hash.map(|hash| hash.len()), Some(32));
}

/// Carol is removed, and everybody else leaves.
async fn leaving([bob, carol]: [&FfiClient; 2], birds: &FfiConversation) {
    let alices = birds.group().unwrap();
    soon(alices.remove_members(vec![by_handle("carol")], None)).await.unwrap();
    let carols = group_of(carol, birds).await;
    until(async || (carols.info().await.unwrap().standing == GroupStanding::Out).then_some(())).await;
    let sent = soon(birds.send(draft("without Carol"))).await.ok().unwrap();
    soon(sent.reached(DeliveryGoal::Delivered, None)).await.unwrap();
    let at_carol = found(carol, birds).await;
    assert!(entries(&at_carol).await.iter().all(|item| text(item) != Some("without Carol")));

    soon(group_of(bob, birds).await.leave()).await.unwrap();
    until(async || (roles(&alices).await.len() == 1).then_some(())).await;
    until(async || notices(birds).await.contains(&GroupNotice::Left).then_some(())).await;
    soon(alices.leave()).await.unwrap();
    until(async || (alices.info().await.unwrap().standing == GroupStanding::Out).then_some(())).await;
}
