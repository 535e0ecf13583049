//! Groups as an app uses them: clients and a real relay, in one process.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used)]

mod stage;

use std::time::Duration;

use stage::{Stage, further, soon, until};
use waxwing::{
    Client, Conversation, Delivery, Draft, Event, Group, GroupNotice, GroupRole, GroupSettings,
    GroupStanding, GroupWho, ListDiff, Page, Reach, TimelineItem,
};
use waxwing_relay::relay::Rate;

/// The group, once this client knows of it.
async fn joined(client: &Client, made: &Conversation) -> (Conversation, Group) {
    let chat = until(async || client.conversation(made.id()).ok()).await;
    let group = chat.group().unwrap();
    (chat, group)
}

async fn texts(chat: &Conversation) -> Vec<String> {
    let items = chat.history(Page::newest(100)).await.unwrap();
    items.iter().filter_map(|item| Some(item.text()?.to_owned())).collect()
}

async fn until_texts(chat: &Conversation, wanted: &[&str]) {
    until(async || (texts(chat).await == wanted).then_some(())).await;
}

async fn notices(chat: &Conversation) -> Vec<(String, GroupNotice)> {
    let items = chat.history(Page::newest(100)).await.unwrap();
    let notice = |item: &TimelineItem| Some((item.sender.name().to_owned(), item.group_notice.clone()?));
    items.iter().filter_map(notice).collect()
}

async fn send(chat: &Conversation, text: &str) -> waxwing::Sent {
    let sent = soon(chat.send(Draft::text(text))).await.unwrap();
    assert!(soon(sent.wait_for(Delivery::Sent)).await.unwrap() >= Delivery::Sent);
    sent
}

async fn reaches(group: &Group, sent: &waxwing::Sent) -> Vec<(String, Reach)> {
    let receipts = group.receipts(sent.id()).await.unwrap();
    let mut members: Vec<_> =
        receipts.members.iter().map(|member| (member.contact.name().to_owned(), member.reach)).collect();
    members.sort();
    members
}

fn named(of: &[(&str, Reach)]) -> Vec<(String, Reach)> {
    of.iter().map(|(name, reach)| ((*name).to_owned(), *reach)).collect()
}

#[tokio::test]
async fn a_group_made_by_handles_leaves_no_empty_conversations_behind() {
    let stage = Stage::new().await;
    let alice = stage.registered("alice").await;
    let _others = (stage.registered("bob").await, stage.registered("carol").await);
    let made = soon(alice.create_group("walk", ["bob", "carol"])).await.unwrap();
    let mut list = alice.conversations();
    let Some(ListDiff::Reset { items }) = soon(list.next()).await else {
        panic!("the whole list comes first")
    };
    let ids: Vec<_> = items.iter().map(|item| item.conversation_id).collect();
    assert_eq!(ids, [made.id()], "whoever is in a group is not written to alone by that");
    // They are known from then on, also where there is no link.
    assert!(soon(alice.direct("bob")).await.unwrap().peer().is_some());

    let none = soon(alice.create_group("nobody", ["no-such-person"])).await.unwrap_err();
    assert_eq!(none.code(), "unknown_account");
    assert_eq!(
        soon(alice.create_group("x".repeat(1000), ["bob"])).await.unwrap_err().code(),
        "message_too_large"
    );
}

#[tokio::test]
async fn members_with_two_devices_talk_and_the_sender_sees_who_has_it_and_who_has_read_it() {
    let stage = Stage::new().await;
    let (alice, bob, carol) =
        (stage.registered("alice").await, stage.registered("bob").await, stage.registered("carol").await);
    let tablet = further(&stage, &bob, "tablet").await;
    let made = soon(alice.create_group("walk", ["bob", "carol"])).await.unwrap();
    let group = made.group().unwrap();
    let first = send(&made, "hello").await;
    let mut at_tablet = tablet.incoming("test");
    let heard = soon(at_tablet.next()).await.unwrap().unwrap();
    assert_eq!((heard.text.as_str(), heard.group.as_deref()), ("hello", Some("walk")));
    assert_eq!(heard.sender.name(), "alice");
    let (at_bob, _) = joined(&bob, &made).await;
    let (at_carol, in_carol) = joined(&carol, &made).await;
    until_texts(&at_bob, &["hello"]).await;
    until_texts(&at_carol, &["hello"]).await;
    until(async || {
        (reaches(&group, &first).await == named(&[("bob", Reach::Delivered), ("carol", Reach::Delivered)]))
            .then_some(())
    })
    .await;
    assert_eq!(in_carol.receipts(first.id()).await.unwrap_err().code(), "not_found");

    // One device of a member read it: that is enough.
    let there = tablet.conversation(made.id()).unwrap();
    soon(there.mark_read(first.id())).await.unwrap();
    until(async || {
        (reaches(&group, &first).await == named(&[("bob", Reach::Read), ("carol", Reach::Delivered)]))
            .then_some(())
    })
    .await;
    assert_eq!(soon(first.wait_for(Delivery::Delivered)).await.unwrap(), Delivery::Delivered);
    soon(at_carol.mark_read(first.id())).await.unwrap();
    assert_eq!(soon(first.wait_for(Delivery::Read)).await.unwrap(), Delivery::Read);
    let receipts = group.receipts(first.id()).await.unwrap();
    assert!(receipts.all_read() && receipts.count(Reach::Delivered) == 2);

    // Answers, reactions, edits and deletions come to everybody.
    let answer = soon(there.send(Draft::text("where to?").reply_to(first.id()))).await.unwrap();
    until_texts(&made, &["hello", "where to?"]).await;
    soon(made.react(answer.id(), "+")).await.unwrap();
    soon(made.edit(first.id(), "hello all")).await.unwrap();
    assert_eq!(at_carol.edit(first.id(), "mine").await.unwrap_err().code(), "not_allowed");
    until_texts(&at_carol, &["hello all", "where to?"]).await;
    let seen =
        until(async || carol.message(answer.id()).await.ok().filter(|item| !item.reactions.is_empty())).await;
    assert_eq!((seen.reactions[0].reaction.as_str(), seen.reactions[0].by[0].name()), ("+", "alice"));
    assert_eq!((seen.marks.reply_to, seen.sender.name()), (Some(first.id()), "bob"));
    soon(made.delete(first.id())).await.unwrap();
    for (client, chat) in [(&carol, &at_carol), (&bob, &at_bob), (&tablet, &there)] {
        until_texts(chat, &["where to?"]).await;
        assert!(client.message(first.id()).await.unwrap().is_deleted());
    }
}

#[tokio::test]
async fn roles_titles_settings_and_members_change_for_all_and_are_told_in_the_timeline() {
    let stage = Stage::new().await;
    let (alice, bob, carol) =
        (stage.registered("alice").await, stage.registered("bob").await, stage.registered("carol").await);
    let dave = stage.registered("dave").await;
    let made = soon(alice.create_group("walk", ["bob", "carol"])).await.unwrap();
    let group = made.group().unwrap();
    let (at_bob, in_bob) = joined(&bob, &made).await;
    let (at_carol, in_carol) = joined(&carol, &made).await;

    assert_eq!(in_bob.remove(["carol"]).await.unwrap_err().code(), "not_permitted");
    assert_eq!(in_bob.set_role("bob", GroupRole::Owner).await.unwrap_err().code(), "not_permitted");
    soon(group.set_role("bob", GroupRole::Admin)).await.unwrap();
    let role = async |of: &Group, name: &str| {
        let info = of.info().await.unwrap();
        info.members.iter().find(|member| member.contact.name() == name).map(|member| member.role)
    };
    until(async || (role(&in_bob, "bob").await == Some(GroupRole::Admin)).then_some(())).await;
    soon(in_bob.set_title("hike")).await.unwrap();
    let only_admins = GroupSettings { write: GroupWho::Admins, ..in_bob.info().await.unwrap().settings };
    soon(in_bob.set_settings(only_admins)).await.unwrap();
    until(async || (in_carol.info().await.unwrap().settings == only_admins).then_some(())).await;
    assert_eq!(in_carol.info().await.unwrap().title, "hike");
    assert_eq!(at_carol.send(Draft::text("me too")).await.unwrap_err().code(), "not_permitted");
    let everybody = GroupSettings { write: GroupWho::Everyone, ..only_admins };
    soon(in_bob.set_settings(everybody)).await.unwrap();
    until(async || (in_carol.info().await.unwrap().settings == everybody).then_some(())).await;

    send(&at_carol, "before dave").await;
    until_texts(&at_bob, &["before dave"]).await;
    soon(in_bob.add(["dave"])).await.unwrap();
    let (at_dave, in_dave) = joined(&dave, &made).await;
    until(async || (in_carol.info().await.unwrap().members.len() == 4).then_some(())).await;
    send(&at_carol, "after dave").await;
    until_texts(&at_dave, &["after dave"]).await;
    assert_eq!(notices(&at_dave).await, [("bob".to_owned(), GroupNotice::Joined)]);
    assert_eq!(in_bob.add(["dave"]).await.unwrap_err().code(), "invalid_input");

    soon(group.remove(["carol"])).await.unwrap();
    until(async || (in_carol.info().await.unwrap().standing == GroupStanding::Out).then_some(())).await;
    until(async || (in_dave.info().await.unwrap().members.len() == 3).then_some(())).await;
    send(&at_dave, "without carol").await;
    until_texts(&at_bob, &["before dave", "after dave", "without carol"]).await;
    assert_eq!(texts(&at_carol).await, ["before dave", "after dave"]);
    assert_eq!(at_carol.send(Draft::text("still here?")).await.unwrap_err().code(), "not_permitted");

    assert_eq!(group.leave().await.unwrap_err().code(), "not_permitted", "the last owner stays");
    soon(in_dave.leave()).await.unwrap();
    until(async || (group.info().await.unwrap().members.len() == 2).then_some(())).await;
    let told = notices(&at_bob).await;
    let words: Vec<String> = told.iter().map(|(by, notice)| format!("{by} {notice:?}")).collect();
    assert_eq!(
        words,
        [
            "alice Joined",
            "alice Role",
            "bob Title",
            "bob Settings",
            "bob Settings",
            "bob Added",
            "alice Removed",
            "dave Left"
        ]
    );
}

#[tokio::test]
async fn what_is_done_offline_goes_out_with_the_link_and_outlives_the_process() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    // Known from here on.
    soon(alice.direct("bob")).await.unwrap();
    soon(alice.close()).await.unwrap();
    let alice = Client::builder(stage.relay.url()).store(stage.store("alice")).offline();
    let alice = soon(alice.build()).await.unwrap();
    let made = soon(alice.create_group("walk", ["bob"])).await.unwrap();
    let sent = soon(made.send(Draft::text("soon"))).await.unwrap();
    soon(made.group().unwrap().set_title("hike")).await.unwrap();
    assert_eq!(sent.state().await.unwrap(), Delivery::Queued);
    assert_eq!(alice.create_group("more", ["carol"]).await.unwrap_err().code(), "offline");
    soon(alice.close()).await.unwrap();

    let alice = stage.client("alice").await;
    let mut events = alice.events();
    let sent = alice.sent(sent.id());
    assert!(soon(sent.wait_for(Delivery::Sent)).await.unwrap() >= Delivery::Sent);
    while soon(events.next()).await != Some(Event::OutboxEmpty) {}
    let (at_bob, in_bob) = joined(&bob, &made).await;
    until_texts(&at_bob, &["soon"]).await;
    until(async || (in_bob.info().await.unwrap().title == "hike").then_some(())).await;
}

#[tokio::test]
async fn messages_over_the_rate_of_a_group_wait_their_turn_and_none_is_lost_or_overtaken() {
    let slow = Rate { burst: 3, interval: Duration::from_millis(400) };
    let stage = Stage::with(|config| config.rates.group_messages = slow).await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let made = soon(alice.create_group("walk", ["bob"])).await.unwrap();
    let (at_bob, _) = joined(&bob, &made).await;
    let lines: Vec<String> = (0..7).map(|n| format!("line {n}")).collect();
    let mut sent = Vec::new();
    for line in &lines {
        sent.push(soon(made.send(Draft::text(line.as_str()))).await.unwrap());
    }
    for sent in &sent {
        assert!(soon(sent.wait_for(Delivery::Sent)).await.unwrap() >= Delivery::Sent);
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    until_texts(&at_bob, &lines).await;
}

#[tokio::test]
async fn a_change_over_a_limit_of_the_relay_is_given_up_and_said_so() {
    let stage = Stage::with(|config| config.store.groups_per_account_max = 1).await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let carol = stage.registered("carol").await;
    let made = soon(alice.create_group("walk", ["bob"])).await.unwrap();
    send(&made, "hello").await;
    // She is in one already: another is not made.
    let second = soon(alice.create_group("more", ["carol"])).await.unwrap();
    let group = second.group().unwrap();
    until(async || (group.info().await.unwrap().standing == GroupStanding::Out).then_some(())).await;
    assert!(notices(&second).await.contains(&("alice".to_owned(), GroupNotice::NotDone)));
    assert_eq!(second.send(Draft::text("lost?")).await.unwrap_err().code(), "not_permitted");
    // Bob is in one, too; the group goes on without him.
    let third = soon(carol.create_group("walkers", ["carol"; 0])).await.unwrap();
    let in_third = third.group().unwrap();
    send(&third, "alone").await;
    soon(carol.direct("bob")).await.unwrap();
    soon(in_third.add(["bob"])).await.unwrap();
    until(async || notices(&third).await.contains(&("carol".to_owned(), GroupNotice::NotDone)).then_some(()))
        .await;
    send(&third, "still alone").await;
    assert_eq!(in_third.info().await.unwrap().members.len(), 1);
    assert!(bob.conversation(third.id()).is_err());
}
