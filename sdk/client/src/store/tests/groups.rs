//! What the app sees of groups.

use waxwing_crypto::group::roster::{Roster, Settings};
use waxwing_crypto::{DeviceSecrets, Ours};
use waxwing_engine::{
    Body, ConversationId, CounterRange, Delivery, GroupEvent, GroupRole, GroupStanding, GroupState, Message,
    ReceiptKind, Status, Write,
};
use waxwing_wire::GroupId;

use super::super::{Store, StoreError, Writer, show};
use super::made::{account, address, apply, chat, id, incoming, outgoing, people};
use crate::group::{GroupNotice, Reach};
use crate::random;
use crate::timeline::Page;

/// Made by account 1, with account 2 and with account 9, whom nothing is known of.
fn birds() -> GroupState {
    let secrets = DeviceSecrets::from_bytes(&[7; 64]);
    let ours = Ours { address: address(1).to_crypto(), secrets: &secrets };
    let members = [2, 9].map(|n| *account(n).as_bytes());
    let made = Roster::create(&ours, 1, Settings::default(), b"", &members, &mut random::system());
    let (roster, _) = made.unwrap();
    GroupState {
        group: GroupId::from_bytes(roster.group()),
        revision: 1,
        roster: roster.to_snapshot().into(),
        secret: [1; 32].into(),
        standing: GroupStanding::Member,
        title: "birds".to_owned(),
        past_epochs: Vec::new(),
        joined: Vec::new(),
        last_by: address(1),
        vouched_by: Some(address(1).account),
    }
}

fn writer() -> (Writer, ConversationId) {
    let mut writer = Writer::open(&Store::memory()).unwrap();
    let state = birds();
    let conversation = ConversationId::group(state.group);
    apply(&mut writer, people(2));
    apply(&mut writer, [Write::PutGroup { state, at_ms: 5 }]);
    (writer, conversation)
}

#[test]
fn the_list_shows_a_group_with_its_title_and_who_wrote_last() {
    let (mut writer, conversation) = writer();
    apply(&mut writer, [Write::PutMessage(Message { conversation, ..incoming(2, 1, "hello") })]);
    let items = show::conversations(writer.db()).unwrap();
    assert_eq!(items[0].conversation_id, conversation);
    assert_eq!(items[0].with.group().unwrap().title, "birds");
    assert_eq!((items[0].with.contact(), items[0].unread), (None, 1));
    assert_eq!(items[0].last.as_ref().unwrap().sender.name(), "user2");
    assert_eq!(items[1].with.group(), None);
    assert_eq!(show::with(writer.db(), conversation).unwrap().unwrap().name(), "birds");
    let arrived = show::arrived(writer.db(), 0, 9).unwrap();
    assert_eq!(arrived[0].group.as_deref(), Some("birds"));

    let known = items.iter().map(|item| item.revision).max().unwrap();
    let state = GroupState { title: "crows".to_owned(), group: conversation.as_group(), ..birds() };
    apply(&mut writer, [Write::PutGroup { state: state.clone(), at_ms: 6 }]);
    let changed = show::conversations_changed(writer.db(), known).unwrap();
    assert_eq!(changed.iter().map(|item| item.with.name()).collect::<Vec<_>>(), ["crows"]);

    // A roster that looks the same in the list is no change of the list.
    let known = changed[0].revision;
    let state = GroupState { revision: 9, ..state };
    apply(&mut writer, [Write::PutGroup { state: state.clone(), at_ms: 7 }]);
    assert_eq!(show::conversations_changed(writer.db(), known).unwrap(), []);
    let state = GroupState { standing: GroupStanding::Out, ..state };
    apply(&mut writer, [Write::PutGroup { state, at_ms: 8 }]);
    assert_eq!(show::conversations_changed(writer.db(), known).unwrap().len(), 1);
}

#[test]
fn members_have_names_where_they_are_known() {
    let (writer, conversation) = writer();
    let info = show::group_info(writer.db(), conversation).unwrap();
    let members: Vec<_> =
        info.members.iter().map(|member| (member.contact.name().to_owned(), member.role)).collect();
    let expected = [("user1", GroupRole::Owner), ("user2", GroupRole::Member), ("", GroupRole::Member)];
    assert_eq!(members, expected.map(|(name, role)| (name.to_owned(), role)));
    assert_eq!(show::group_info(writer.db(), chat(2)), Err(StoreError::Absent));
}

#[test]
fn a_message_has_the_receipts_of_every_other_member() {
    let (mut writer, conversation) = writer();
    let status = Status::Outgoing(Delivery::Sent);
    let text = |n| Message { conversation, counter: u64::from(n), status, ..outgoing(2, n, "hello") };
    apply(&mut writer, [Write::PutMessage(text(1)), Write::PutMessage(text(2))]);
    let tell = |n, kind, last| Write::PutMemberReceipt {
        conversation,
        member: account(n),
        author: address(1).device,
        kind,
        ranges: vec![CounterRange { first: 1, last }],
        at_ms: 1,
    };
    apply(&mut writer, [tell(2, ReceiptKind::Delivered, 2), tell(2, ReceiptKind::Read, 1)]);
    let reaches = |writer: &Writer, n| {
        let receipts = show::group_receipts(writer.db(), conversation, id(n)).unwrap();
        receipts.members.iter().map(|member| (member.contact.account, member.reach)).collect::<Vec<_>>()
    };
    assert_eq!(reaches(&writer, 1), [(account(2), Reach::Read), (account(9), Reach::Unknown)]);
    assert_eq!(reaches(&writer, 2), [(account(2), Reach::Delivered), (account(9), Reach::Unknown)]);
    apply(&mut writer, [tell(9, ReceiptKind::Read, 1)]);
    assert!(show::group_receipts(writer.db(), conversation, id(1)).unwrap().all_read());
    assert!(!show::group_receipts(writer.db(), conversation, id(2)).unwrap().all_delivered());
    assert_eq!(show::group_receipts(writer.db(), conversation, id(9)), Err(StoreError::Absent));

    let joined = vec![(account(9), 1)];
    let state = GroupState { group: conversation.as_group(), joined, ..birds() };
    apply(&mut writer, [Write::PutGroup { state, at_ms: 6 }]);
    assert_eq!(reaches(&writer, 1), [(account(2), Reach::Read)], "account 9 came after the first message");
    assert_eq!(reaches(&writer, 2).len(), 2);
}

#[test]
fn what_happened_in_a_group_is_told_with_names() {
    let (mut writer, conversation) = writer();
    let body = Body::Group(GroupEvent::Added(vec![account(2), account(9)]));
    let entry = Message { conversation, body, status: Status::Local, ..incoming(2, 1, "") };
    apply(&mut writer, [Write::PutMessage(entry)]);
    let items = show::page(writer.db(), conversation, Page::newest(9)).unwrap();
    let Some(GroupNotice::Added(who)) = &items[0].group_notice else { panic!("it is one of members") };
    assert_eq!(who.iter().map(|contact| contact.name()).collect::<Vec<_>>(), ["user2", ""]);
    assert_eq!(items[0].sender.name(), "user2");
}
