//! Groups, the keys of their messages, and what members tell.

use std::fmt::Debug;

use waxwing_engine::{
    Apply, Body, ConversationId, DeviceAddress, Door, GroupEvent, GroupIntent, GroupStanding, Invitation,
    InvitationId, JoinRequest, JoinState, Joining, LaneKind, Message, OutboxPayload, Party, ReceiptKind,
    ReceiverKeyRecord, Status, View, Write,
};
use waxwing_wire::MessageId;

use super::Subject;
use super::make::{
    account_id, address, device_id, group, group_id, group_lane, lane, message_id, outgoing, people,
    put_draft, put_waits, receiver_key, run, sealed, sender_key,
};

pub(super) fn check<S>(fresh: &impl Fn() -> Subject<S>)
where
    S: View + Apply,
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    a_group_comes_back_as_it_was_put(&mut fresh());
    only_groups_that_we_are_in_are_ours(&mut fresh());
    a_former_device_keeps_its_keys(&mut fresh());
    the_conversation_of_a_group_has_no_other_account(&mut fresh());
    what_happened_in_a_group_comes_back(&mut fresh());
    a_new_chain_was_given_to_nobody(&mut fresh());
    only_a_key_that_is_there_has_holders(&mut fresh());
    keys_of_chains_are_found_by_device_and_chain(&mut fresh());
    chains_come_the_oldest_first(&mut fresh());
    messages_of_a_chain_wait_in_order(&mut fresh());
    messages_that_waited_too_long_are_dropped(&mut fresh());
    forgetting_the_keys_of_a_group_leaves_the_others(&mut fresh());
    a_device_with_new_keys_has_none_of_groups(&mut fresh());
    what_members_tell_is_joined(&mut fresh());
    a_lane_to_a_group_is_not_one_to_an_account(&mut fresh());
    changes_of_a_group_come_back(&mut fresh());
    dropped_bytes_leave_their_item(&mut fresh());
    a_door_comes_back_and_goes_with_the_group(&mut fresh());
    what_we_asked_for_comes_back(&mut fresh());
    a_picture_stands_under_its_hash(&mut fresh());
}

fn a_former_device_keeps_its_keys<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let device = address(1, 2);
    assert_eq!(store.read(|s| s.former_device(device)), None);
    store.apply([Write::PutFormerDevice { device, keys: [3; 64] }]);
    assert_eq!(store.read(|s| s.former_device(device)), Some([3; 64]));
    assert_eq!(store.read(|s| s.former_device(address(1, 3))), None);
}

fn a_group_comes_back_as_it_was_put<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    assert_eq!(store.read(|s| s.group(group_id(1))), None);
    let first = group(1, "");
    store.apply([Write::PutGroup { state: first.clone(), at_ms: 5 }]);
    assert_eq!(store.read(|s| s.group(group_id(1))), Some(first.clone()));
    let mut later = group(1, "birds 🐦");
    (later.revision, later.standing, later.roster) = (u64::MAX, GroupStanding::Out, vec![].into());
    store.apply([
        Write::PutGroup { state: later.clone(), at_ms: 6 },
        Write::PutGroup { state: group(2, "b"), at_ms: 7 },
    ]);
    assert_eq!(store.read(|s| s.group(group_id(1))), Some(later));
    assert_eq!(store.read(|s| s.group(group_id(2))), Some(group(2, "b")));
}

fn only_groups_that_we_are_in_are_ours<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    store.apply([3, 1, 2].map(|n| Write::PutGroup { state: group(n, ""), at_ms: 5 }));
    assert_eq!(store.read(S::groups), [1, 2, 3].map(group_id), "by id");
    let mut left = group(2, "");
    left.standing = GroupStanding::Out;
    store.apply([Write::PutGroup { state: left, at_ms: 6 }]);
    assert_eq!(store.read(S::groups), [1, 3].map(group_id));
}

fn the_conversation_of_a_group_has_no_other_account<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    store.apply([Write::PutGroup { state: group(1, ""), at_ms: 5 }]);
    let chat = ConversationId::group(group_id(1));
    assert_eq!(store.read(|s| s.conversation_peer(chat)), None);
    let text = Message { conversation: chat, counter: 3, ..outgoing(1) };
    store.apply([Write::PutMessage(text.clone())]);
    assert_eq!(store.read(|s| s.message(message_id(1))), Some(text.clone()));
    assert_eq!(store.read(|s| s.highest_counter(chat, text.sender.device)), 3);
    store.apply([Write::PutGroup { state: group(1, "again"), at_ms: 9 }]);
    assert_eq!(store.read(|s| s.message(message_id(1))), Some(text), "what was said stays");
}

fn what_happened_in_a_group_comes_back<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    store.apply([Write::PutGroup { state: group(1, ""), at_ms: 5 }]);
    let conversation = ConversationId::group(group_id(1));
    let events = [
        GroupEvent::Created(vec![account_id(2), account_id(3)]),
        GroupEvent::Joined,
        GroupEvent::Title("a\0b".to_owned()),
        GroupEvent::NotDone,
        GroupEvent::Apart,
        GroupEvent::ToldOtherwise(account_id(3)),
        GroupEvent::AsksToJoin,
        GroupEvent::Picture,
    ];
    for (n, event) in (1..).zip(events) {
        let entry = Message { conversation, body: Body::Group(event), status: Status::Local, ..outgoing(n) };
        store.apply([Write::PutMessage(entry.clone())]);
        assert_eq!(store.read(|s| s.message(message_id(n))), Some(entry));
    }
}

fn a_new_chain_was_given_to_nobody<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let (one, other) = (group_id(1), group_id(2));
    let mut devices = vec![address(3, 4), address(2, 3), address(2, 2)];
    assert_eq!(store.read(|s| s.sender_key(one)), None);
    store.apply([
        Write::PutSenderKey { group: one, key: sender_key(1, 10) },
        Write::PutSenderKey { group: other, key: sender_key(1, 11) },
        Write::PutKeyHolders { group: one, devices: devices.clone() },
        Write::PutKeyHolders { group: one, devices: devices.clone() },
        Write::PutKeyHolders { group: other, devices: vec![address(2, 2)] },
    ]);
    devices.sort();
    assert_eq!(store.read(|s| s.key_holders(one)), devices, "in order, each once");
    let mut further = sender_key(1, 10);
    (further.first_counter, further.snapshot) = (u64::MAX, vec![9].into());
    store.apply([
        Write::PutSenderKey { group: one, key: further.clone() },
        Write::ForgetKeyHolder { group: one, device: address(2, 3) },
        Write::ForgetKeyHolder { group: one, device: address(9, 9) },
    ]);
    assert_eq!(store.read(|s| s.sender_key(one)), Some(further));
    assert_eq!(store.read(|s| s.key_holders(one)), [address(2, 2), address(3, 4)], "the chain is the same");
    store.apply([Write::PutSenderKey { group: one, key: sender_key(2, 12) }]);
    assert_eq!(store.read(|s| s.sender_key(one)), Some(sender_key(2, 12)));
    assert_eq!(store.read(|s| s.key_holders(one)), [], "another chain");
    assert_eq!(store.read(|s| s.key_holders(other)), [address(2, 2)]);
}

fn only_a_key_that_is_there_has_holders<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let group = group_id(1);
    store.apply([Write::PutKeyHolders { group, devices: vec![address(2, 2)] }]);
    assert_eq!(store.read(|s| s.key_holders(group)), []);
    store.apply([Write::PutSenderKey { group, key: sender_key(1, 10) }]);
    assert_eq!(store.read(|s| s.key_holders(group)), []);
}

fn keys_of_chains_are_found_by_device_and_chain<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let (one, other) = (group_id(1), group_id(2));
    let put = |group, key: &ReceiverKeyRecord| Write::PutReceiverKey { group, key: key.clone() };
    let keys = [receiver_key(address(2, 2), 1, 10), receiver_key(address(2, 3), 1, 11)];
    store.apply([put(one, &keys[0]), put(one, &keys[1]), put(other, &keys[0])]);
    for key in &keys {
        assert_eq!(store.read(|s| s.receiver_key(one, key.sender, key.chain)), Some(key.clone()));
    }
    assert_eq!(store.read(|s| s.receiver_key(one, address(2, 2), [2; 16])), None);
    assert_eq!(store.read(|s| s.receiver_key(other, address(2, 3), [1; 16])), None);
    let further = ReceiverKeyRecord { snapshot: vec![7; 300].into(), ..keys[0].clone() };
    store.apply([put(one, &further)]);
    assert_eq!(store.read(|s| s.receiver_key(one, address(2, 2), [1; 16])), Some(further));
    assert_eq!(store.read(|s| s.receiver_chains(one, address(2, 2))), [[1; 16]], "replaced, not added");
    store.apply([
        Write::DeleteReceiverKey { group: one, sender: address(2, 2), chain: [1; 16] },
        Write::DeleteReceiverKey { group: one, sender: address(2, 2), chain: [9; 16] },
    ]);
    assert_eq!(store.read(|s| s.receiver_key(one, address(2, 2), [1; 16])), None);
    assert_eq!(store.read(|s| s.receiver_key(one, address(2, 3), [1; 16])), Some(keys[1].clone()));
    assert_eq!(store.read(|s| s.receiver_key(other, address(2, 2), [1; 16])), Some(keys[0].clone()));
}

fn chains_come_the_oldest_first<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let (group, sender) = (group_id(1), address(2, 2));
    store.apply(
        [(1, 30), (4, 10), (3, 10), (2, -20)]
            .map(|(chain, at_ms)| Write::PutReceiverKey { group, key: receiver_key(sender, chain, at_ms) }),
    );
    store.apply([Write::PutReceiverKey { group, key: receiver_key(address(2, 3), 9, 1) }]);
    let chains = store.read(|s| s.receiver_chains(group, sender));
    assert_eq!(chains, [[2; 16], [3; 16], [4; 16], [1; 16]], "by when they came, then by id");
}

/// The names of what waits for chain `chain` of a device in group 1.
fn waiting<S: View + Apply>(store: &Subject<S>, sender: DeviceAddress, chain: u8) -> Vec<MessageId>
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let found = store.read(|s| s.group_waiting(group_id(1), sender, [chain; 16], 99));
    found.iter().map(|waits| waits.wire_id).collect()
}

fn messages_of_a_chain_wait_in_order<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let (bob, carol) = (address(2, 2), address(3, 3));
    assert_eq!(store.read(S::groups_waiting), []);
    store.apply([put_waits(2, bob, 1, 9, 10), put_waits(1, carol, 2, 8, 10), put_waits(1, bob, 2, 7, 10)]);
    store.apply([put_waits(1, bob, 2, 6, 10), put_waits(1, bob, 1, 5, 10)]);
    assert_eq!(store.read(S::groups_waiting), [group_id(1), group_id(2)], "each group once, in order");
    let mut chains = vec![(bob, [1; 16]), (bob, [2; 16]), (carol, [2; 16])];
    chains.sort();
    assert_eq!(store.read(|s| s.group_waiting_chains(group_id(1))), chains, "each chain once, in order");
    assert_eq!(waiting(store, bob, 2), [7, 6].map(message_id), "in the order in which they were put");
    let found = store.read(|s| s.group_waiting(group_id(1), bob, [2; 16], 1));
    let [first] = found.as_slice() else { panic!("at most so many") };
    assert_eq!((first.group, first.sender, first.chain), (group_id(1), bob, [2; 16]));
    assert_eq!((first.wire_id, first.payload.as_slice()), (message_id(7), [0, 7].as_slice()));
    store.apply([
        Write::DeleteGroupWaiting { order: first.order },
        Write::DeleteGroupWaiting { order: u64::from(u32::MAX) },
    ]);
    assert_eq!(waiting(store, bob, 2), [message_id(6)]);
    let last = store.read(|s| s.group_waiting(group_id(1), bob, [1; 16], 1))[0].order;
    store.apply([Write::DeleteGroupWaiting { order: last }, put_waits(1, bob, 1, 4, 10)]);
    let next = store.read(|s| s.group_waiting(group_id(1), bob, [1; 16], 1))[0].order;
    assert!(next > last, "a place is not given again");
}

fn messages_that_waited_too_long_are_dropped<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let bob = address(2, 2);
    store.apply([put_waits(1, bob, 1, 1, 10), put_waits(1, bob, 1, 2, 20), put_waits(2, bob, 1, 3, 19)]);
    store.apply([Write::ExpireGroupWaiting { before_ms: 20 }]);
    assert_eq!(waiting(store, bob, 1), [message_id(2)], "put at this time is not before it");
    assert_eq!(store.read(S::groups_waiting), [group_id(1)]);
}

/// Keys, holders and waiting messages in groups 1 and 2.
fn with_keys<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let bob = address(2, 2);
    for n in [1, 2] {
        let group = group_id(n);
        store.apply([
            Write::PutGroup { state: super::make::group(n, ""), at_ms: 1 },
            Write::PutSenderKey { group, key: sender_key(n, 10) },
            Write::PutKeyHolders { group, devices: vec![bob] },
            Write::PutReceiverKey { group, key: receiver_key(bob, 1, 10) },
            put_waits(n, bob, 1, u16::from(n), 10),
        ]);
    }
}

fn forgetting_the_keys_of_a_group_leaves_the_others<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    with_keys(store);
    let (bob, gone, stays) = (address(2, 2), group_id(1), group_id(2));
    store.apply([Write::ForgetGroupKeys(gone)]);
    assert_eq!(store.read(|s| s.sender_key(gone)), None);
    assert_eq!(store.read(|s| s.key_holders(gone)), []);
    assert_eq!(store.read(|s| s.receiver_chains(gone, bob)), [[0; 16]; 0]);
    assert_eq!(store.read(|s| s.group_waiting_chains(gone)), []);
    assert!(store.read(|s| s.group(gone)).is_some(), "the group itself stays");
    assert_eq!(store.read(|s| s.sender_key(stays)), Some(sender_key(2, 10)));
    assert_eq!(store.read(|s| s.key_holders(stays)), [bob]);
    assert_eq!(store.read(|s| s.receiver_chains(stays, bob)), [[1; 16]]);
    assert_eq!(store.read(S::groups_waiting), [stays]);
}

fn a_device_with_new_keys_has_none_of_groups<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    with_keys(store);
    store.apply([Write::ForgetDeviceState]);
    for group in [1, 2].map(group_id) {
        assert_eq!(store.read(|s| s.sender_key(group)), None);
        assert_eq!(store.read(|s| s.key_holders(group)), []);
        assert_eq!(store.read(|s| s.receiver_key(group, address(2, 2), [1; 16])), None);
        assert!(store.read(|s| s.group(group)).is_some(), "what is known of the group stays");
    }
}

fn what_members_tell_is_joined<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    use ReceiptKind::{Delivered, Read};
    store.apply(people());
    let chat = ConversationId::group(group_id(1));
    let tell = |member, device, kind, ranges| Write::PutMemberReceipt {
        conversation: chat,
        member: account_id(member),
        author: device_id(device),
        kind,
        ranges,
        at_ms: 10 + i64::from(member),
    };
    store.apply([
        tell(3, 1, Read, vec![run(9, 9)]),
        tell(2, 1, Delivered, vec![run(7, 8), run(1, 2)]),
        tell(2, 1, Read, vec![run(1, 1)]),
        tell(2, 1, Delivered, vec![run(3, 4), run(8, 8), run(10, 12)]),
        tell(2, 5, Delivered, vec![run(5, 6)]),
        tell(4, 1, Delivered, vec![run(5, 4), run(0, 0)]),
        tell(5, 1, Delivered, vec![run(0, 3), run(6, u64::MAX), run(u64::MAX, u64::MAX)]),
    ]);
    assert_eq!(
        store.read(|s| s.member_receipts(chat, device_id(1))),
        [
            (account_id(2), Delivered, vec![run(1, 4), run(7, 8), run(10, 12)]),
            (account_id(2), Read, vec![run(1, 1)]),
            (account_id(3), Read, vec![run(9, 9)]),
            (account_id(5), Delivered, vec![run(1, 3), run(6, u64::MAX)]),
        ],
        "by member and kind; messages count from 1, and an empty run says nothing"
    );
    store.apply([tell(2, 1, Delivered, vec![run(5, 6)])]);
    let joined = store.read(|s| s.member_receipts(chat, device_id(1)))[0].2.clone();
    assert_eq!(joined, [run(1, 8), run(10, 12)], "runs that touch become one");
    let other = store.read(|s| s.member_receipts(chat, device_id(5)));
    assert_eq!(other, [(account_id(2), Delivered, vec![run(5, 6)])], "each device of ours for itself");
    assert_eq!(store.read(|s| s.member_receipts(ConversationId::group(group_id(2)), device_id(1))), []);
    store.apply([Write::ExpireMemberReceipts { before_ms: 13 }]);
    let left = store.read(|s| s.member_receipts(chat, device_id(1)));
    assert_eq!(left.iter().map(|told| told.0).collect::<Vec<_>>(), [account_id(3), account_id(5)]);
}

fn a_lane_to_a_group_is_not_one_to_an_account<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    let control = |n| OutboxPayload::Control { content: vec![n].into(), device: None };
    // The same 16 bytes, once as a group and once as an account.
    let (to_group, to_account) = (group_lane(LaneKind::Messages, 2), lane(LaneKind::Messages, 2));
    assert_eq!(to_group.to.as_bytes(), to_account.to.as_bytes());
    let changes = group_lane(LaneKind::GroupChanges, 2);
    let keys = lane(LaneKind::Keys, 2);
    let lanes = [to_group, to_account, changes, keys];
    for (n, lane) in (1..).zip(lanes) {
        store.apply([put_draft(n, lane, control(1), 1)]);
    }
    let mut found = store.read(S::outbox_lanes);
    found.sort();
    let mut expected = lanes.to_vec();
    expected.sort();
    assert_eq!(found, expected, "each lane once");
    for (n, lane) in (1..).zip(lanes) {
        let items = store.read(|s| s.outbox(lane, 0, 9));
        let names: Vec<_> = items.iter().map(|item| (item.draft.wire_id, item.draft.lane)).collect();
        assert_eq!(names, [(message_id(n), lane)]);
    }
    let order =
        |store: &Subject<S>, n| store.read(|s| s.outbox_item(message_id(n))).expect("it was put").order;
    store.apply([1, 3].map(|n| Write::AcceptOutbox { order: order(store, n) }));
    assert_eq!(store.read(|s| s.undelivered(9)), [], "a group is no account");
    store.apply([Write::ReopenOutbox { to: Some(account_id(2)) }]);
    assert_eq!(
        store.read(|s| s.outbox(to_group, 0, 9)),
        [],
        "what went to a group did not go to the account"
    );
    store.apply([Write::ReopenOutbox { to: None }]);
    assert_eq!(store.read(|s| s.outbox(to_group, 0, 9)).len(), 1);
    assert_eq!(to_group.to, Party::Group(group_id(2)));
}

fn changes_of_a_group_come_back<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let intents = [
        GroupIntent::Create(vec![0, 255]),
        GroupIntent::Add(vec![account_id(2), account_id(3)]),
        GroupIntent::Title(String::new()),
        GroupIntent::Admit(account_id(2)),
        GroupIntent::Picture(Some([3; 32])),
    ];
    for (n, intent) in (1..).zip(intents) {
        let payload = OutboxPayload::ChangeGroup(intent);
        store.apply([put_draft(n, group_lane(LaneKind::GroupChanges, 1), payload.clone(), 1)]);
        let item = store.read(|s| s.outbox_item(message_id(n))).expect("it was put");
        assert_eq!(item.draft.payload, payload);
    }
}

fn dropped_bytes_leave_their_item<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    let change = OutboxPayload::ChangeGroup(GroupIntent::Title("a".to_owned()));
    let to_group = group_lane(LaneKind::GroupChanges, 1);
    store.apply([put_draft(1, to_group, change.clone(), 1), put_draft(2, to_group, change, 1)]);
    let orders = [1, 2].map(|n| store.read(|s| s.outbox_item(message_id(n))).expect("it was put").order);
    for order in orders {
        store.apply([2, 3].map(|device| Write::PutSealed { order, sealed: sealed(address(1, device), 7) }));
    }
    store.apply([Write::DropSealed { order: orders[0] }, Write::DropSealed { order: u64::from(u32::MAX) }]);
    assert_eq!(store.read(|s| s.sealed(orders[0])), [], "for every device");
    assert_eq!(store.read(|s| s.sealed(orders[1])).len(), 2, "of this item only");
    assert_eq!(store.read(|s| s.outbox(to_group, 0, 9)).len(), 2, "both are still to be sent");
}

fn door(n: u8) -> Door {
    let id = InvitationId([n; 16]);
    let invitation = Invitation {
        id,
        by: account_id(2),
        inviters: vec![account_id(2), account_id(3)],
        made_at_ms: i64::from(n),
        expires_at_ms: i64::MAX,
        needs_approval: true,
        revoked: n.is_multiple_of(2),
        link: "WAXWING:JOIN/..".to_owned(),
    };
    let asks =
        JoinRequest { account: account_id(4), invitation: id, asked_at_ms: 5, refused: n.is_multiple_of(2) };
    Door { invitations: vec![invitation], requests: vec![asks] }
}

fn a_door_comes_back_and_goes_with_the_group<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let (one, other) = (group_id(1), group_id(2));
    assert_eq!(store.read(|s| s.door(one)), None);
    store.apply([
        Write::PutDoor { group: one, door: door(1) },
        Write::PutDoor { group: other, door: door(2) },
        Write::PutDoor { group: one, door: door(4) },
    ]);
    assert_eq!(store.read(|s| s.door(one)), Some(door(4)), "the newest");
    store.apply([Write::ForgetGroupKeys(one)]);
    assert_eq!(store.read(|s| s.door(one)), None);
    assert_eq!(store.read(|s| s.door(other)), Some(door(2)));
}

fn what_we_asked_for_comes_back<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let joining = |n, state| Joining { group: group_id(n), link: format!("link {n}"), asked_at_ms: 5, state };
    assert_eq!(store.read(|s| s.joining(group_id(1))), None);
    let states = [JoinState::Refused, JoinState::Waiting, JoinState::Joined];
    store.apply(
        [1, 2, 3].into_iter().zip(states).rev().map(|(n, state)| Write::PutJoining(joining(n, state))),
    );
    let all: Vec<Joining> = (1..).zip(states).map(|(n, state)| joining(n, state)).collect();
    assert_eq!(store.read(S::joinings), all, "by group");
    assert_eq!(store.read(|s| s.joining(group_id(2))), Some(joining(2, JoinState::Waiting)));
    store.apply([
        Write::PutJoining(joining(2, JoinState::Joined)),
        Write::DeleteJoining(group_id(1)),
        Write::DeleteJoining(group_id(9)),
    ]);
    assert_eq!(store.read(S::joinings), [joining(2, JoinState::Joined), joining(3, JoinState::Joined)]);
}

fn a_picture_stands_under_its_hash<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let (one, other) = (group_id(1), group_id(2));
    assert_eq!(store.read(|s| s.group_picture(one, [1; 32])), None);
    let put = |group, n: u8| Write::PutGroupPicture { group, hash: [n; 32], picture: vec![n; 32 * 1024] };
    store.apply([put(one, 1), put(one, 2), put(other, 1), put(one, 1)]);
    assert_eq!(store.read(|s| s.group_picture(one, [1; 32])), Some(vec![1; 32 * 1024]));
    store.apply([Write::DropGroupPictures { group: one, except: Some([2; 32]) }]);
    assert_eq!(store.read(|s| s.group_picture(one, [1; 32])), None);
    assert!(store.read(|s| s.group_picture(one, [2; 32])).is_some());
    store.apply([Write::DropGroupPictures { group: one, except: None }]);
    assert_eq!(store.read(|s| s.group_picture(one, [2; 32])), None);
    assert!(store.read(|s| s.group_picture(other, [1; 32])).is_some(), "of another group");
}
