//! The outbox, and envelopes that wait.

use std::fmt::Debug;

use waxwing_engine::{Apply, LaneKind, OutboxItem, OutboxPayload, View, WaitingEnvelope, Write};

use super::Subject;
use super::make::{
    account_id, address, device_id, lane, message_id, outgoing, people, put_draft, put_outbox, sealed,
};

pub(super) fn check<S>(fresh: &impl Fn() -> Subject<S>)
where
    S: View + Apply,
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    every_payload_comes_back_as_it_was_put(&mut fresh());
    a_lane_keeps_its_order_and_its_limit(&mut fresh());
    orders_are_never_used_again(&mut fresh());
    sealed_bytes_are_kept_for_each_device(&mut fresh());
    accepted_items_leave_the_lane_and_stay_known(&mut fresh());
    a_deleted_item_takes_its_bytes_along(&mut fresh());
    a_lost_relay_reopens_what_was_accepted(&mut fresh());
    other_devices_reopen_what_their_account_was_sent(&mut fresh());
    undelivered_accounts_are_those_of_accepted_items(&mut fresh());
    only_accepted_items_expire(&mut fresh());
    envelopes_wait_in_order(&mut fresh());
}

fn item<S: View + Apply>(store: &Subject<S>, n: u16) -> OutboxItem
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.read(|s| s.outbox_item(message_id(n))).expect("the item was put")
}

/// The wire ids of the messages lane of account 2, in the words of `message_id`.
fn open_items<S: View + Apply>(store: &Subject<S>) -> Vec<waxwing_wire::MessageId>
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let items = store.read(|s| s.outbox(lane(LaneKind::Messages, 2), 0, 100));
    items.iter().map(|item| item.draft.wire_id).collect()
}

fn put_messages<S: View + Apply>(store: &mut Subject<S>, all: &[u16])
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    for n in all {
        store.apply([Write::PutMessage(outgoing(*n)), put_outbox(*n, i64::from(*n) * 10)]);
    }
}

fn every_payload_comes_back_as_it_was_put<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    put_messages(store, &[1]);
    let payloads = [
        OutboxPayload::Message { message: message_id(1) },
        OutboxPayload::Resend { message: message_id(1), device: device_id(2), answers: message_id(9) },
        OutboxPayload::Control { content: vec![0, 1, 255].into(), device: None },
        OutboxPayload::Control { content: Vec::new().into(), device: Some(device_id(2)) },
    ];
    for (n, payload) in (10..).zip(payloads) {
        store.apply([put_draft(n, lane(LaneKind::Repairs, 2), payload.clone(), -5)]);
        let found = item(store, n);
        assert_eq!(found.draft.payload, payload);
        assert_eq!(found.draft.lane, lane(LaneKind::Repairs, 2));
        assert_eq!((found.accepted, found.created_at_ms), (false, -5));
    }
    assert_eq!(store.read(|s| s.outbox_item(message_id(99))), None);
}

fn a_lane_keeps_its_order_and_its_limit<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    put_messages(store, &[3, 1, 2]);
    let control = |content: u8| OutboxPayload::Control { content: vec![content].into(), device: None };
    store.apply([
        put_draft(4, lane(LaneKind::Receipts, 2), control(4), 1),
        put_draft(5, lane(LaneKind::Messages, 3), control(5), 1),
    ]);
    assert_eq!(open_items(store), [3, 1, 2].map(message_id), "in the order in which they were put");
    let messages = lane(LaneKind::Messages, 2);
    let first_two = store.read(|s| s.outbox(messages, 0, 2));
    assert_eq!(first_two, [item(store, 3), item(store, 1)], "at most so many");
    let rest = store.read(|s| s.outbox(messages, first_two[1].order, 2));
    assert_eq!(rest, [item(store, 2)], "above the order that was named");
    assert_eq!(store.read(|s| s.outbox(messages, u64::MAX, 2)), []);
    let mut lanes = store.read(S::outbox_lanes);
    lanes.sort();
    let mut expected = vec![messages, lane(LaneKind::Receipts, 2), lane(LaneKind::Messages, 3)];
    expected.sort();
    assert_eq!(lanes, expected, "each lane once");
}

fn orders_are_never_used_again<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    put_messages(store, &[1, 2]);
    let last = item(store, 2).order;
    assert!(item(store, 1).order < last);
    assert!(item(store, 1).order > 0, "an order is above the zero with which reading starts");
    store.apply([1, 2].map(|n| Write::DeleteOutbox { order: item(store, n).order }));
    store.apply([put_outbox(1, 50)]);
    assert!(item(store, 1).order > last, "the order of a deleted item is not given again");
}

fn sealed_bytes_are_kept_for_each_device<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    put_messages(store, &[1, 2]);
    let (one, two) = (item(store, 1).order, item(store, 2).order);
    let mut devices = [address(2, 3), address(2, 2), address(1, 7)];
    for (byte, device) in (1..).zip(devices) {
        store.apply([Write::PutSealed { order: one, sealed: sealed(device, byte) }]);
    }
    devices.sort();
    let found: Vec<_> = store.read(|s| s.sealed(one)).iter().map(|sealed| sealed.device).collect();
    assert_eq!(found, devices, "by device");
    assert_eq!(store.read(|s| s.sealed(two)), []);
    store.apply([Write::PutSealed { order: one, sealed: sealed(address(2, 3), 9) }]);
    let found = store.read(|s| s.sealed(one));
    assert_eq!(found.len(), 3, "a device has one ciphertext of an item");
    assert!(found.contains(&sealed(address(2, 3), 9)), "the one that was put last");
}

fn accepted_items_leave_the_lane_and_stay_known<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    put_messages(store, &[1, 2]);
    let order = item(store, 1).order;
    store.apply([
        Write::PutSealed { order, sealed: sealed(address(2, 2), 1) },
        Write::AcceptOutbox { order },
        Write::AcceptOutbox { order: u64::from(u32::MAX) },
    ]);
    assert_eq!(open_items(store), [message_id(2)]);
    assert!(item(store, 1).accepted);
    assert_eq!(store.read(|s| s.sealed(order)).len(), 1, "kept in case the relay loses it");
    store.apply([Write::AcceptOutbox { order: item(store, 2).order }]);
    assert_eq!(store.read(S::outbox_lanes), [], "a lane with nothing left to accept is none");
}

fn a_deleted_item_takes_its_bytes_along<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    put_messages(store, &[1]);
    let order = item(store, 1).order;
    store
        .apply([Write::PutSealed { order, sealed: sealed(address(2, 2), 1) }, Write::DeleteOutbox { order }]);
    assert_eq!(store.read(|s| s.outbox_item(message_id(1))), None);
    assert_eq!(store.read(|s| s.sealed(order)), []);
    assert_eq!(store.read(S::outbox_lanes), []);
    assert!(store.read(|s| s.message(message_id(1))).is_some(), "the message itself stays");
}

fn a_lost_relay_reopens_what_was_accepted<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    put_messages(store, &[1, 2, 3]);
    let order = item(store, 1).order;
    store.apply([Write::PutSealed { order, sealed: sealed(address(2, 2), 1) }]);
    store.apply([1, 2].map(|n| Write::AcceptOutbox { order: item(store, n).order }));
    assert_eq!(open_items(store), [message_id(3)]);
    store.apply([Write::ReopenOutbox { to: None }]);
    assert_eq!(open_items(store), [1, 2, 3].map(message_id), "in their old order");
    assert!(!item(store, 1).accepted);
    assert_eq!(store.read(|s| s.sealed(order)).len(), 1, "sealed to the same bytes");
}

fn other_devices_reopen_what_their_account_was_sent<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    put_messages(store, &[1]);
    let control = |n| OutboxPayload::Control { content: vec![n].into(), device: None };
    store.apply([
        put_draft(2, lane(LaneKind::Repairs, 2), control(2), 1),
        put_draft(3, lane(LaneKind::Messages, 3), control(3), 1),
    ]);
    store.apply([1, 2, 3].map(|n| Write::AcceptOutbox { order: item(store, n).order }));
    store.apply([Write::ReopenOutbox { to: Some(account_id(2)) }]);
    assert_eq!(
        [1, 2, 3].map(|n| item(store, n).accepted),
        [false, false, true],
        "all lanes of that account only"
    );
    let mut lanes = store.read(S::outbox_lanes);
    lanes.sort();
    assert_eq!(lanes, [lane(LaneKind::Messages, 2), lane(LaneKind::Repairs, 2)]);
}

fn undelivered_accounts_are_those_of_accepted_items<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    put_messages(store, &[1, 2]);
    let control = OutboxPayload::Control { content: vec![1].into(), device: None };
    store.apply([put_draft(3, lane(LaneKind::Messages, 3), control, 1)]);
    assert_eq!(store.read(|s| s.undelivered(9)), [], "what is not accepted is not on its way");
    store.apply([1, 2, 3].map(|n| Write::AcceptOutbox { order: item(store, n).order }));
    let mut accounts = store.read(|s| s.undelivered(9));
    accounts.sort();
    assert_eq!(accounts, [account_id(2), account_id(3)], "each account once");
    assert_eq!(store.read(|s| s.undelivered(1)).len(), 1, "at most so many");
    store.apply([Write::DeleteOutbox { order: item(store, 3).order }]);
    assert_eq!(store.read(|s| s.undelivered(9)), [account_id(2)]);
}

fn only_accepted_items_expire<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    put_messages(store, &[1, 2, 3]);
    let order = item(store, 1).order;
    store.apply([Write::PutSealed { order, sealed: sealed(address(2, 2), 1) }]);
    store.apply([1, 2].map(|n| Write::AcceptOutbox { order: item(store, n).order }));
    store.apply([Write::ExpireOutbox { before_ms: 20 }]);
    assert_eq!(store.read(|s| s.outbox_item(message_id(1))), None);
    assert_eq!(store.read(|s| s.sealed(order)), []);
    assert!(item(store, 2).accepted, "put in at this time is not before it");
    store.apply([Write::ExpireOutbox { before_ms: i64::MAX }]);
    assert_eq!(open_items(store), [message_id(3)], "what is not accepted does not expire here");
}

fn envelopes_wait_in_order<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let put = |account, device, n: u16| Write::PutWaiting {
        sender: address(account, device),
        wire_id: message_id(n),
        payload: n.to_be_bytes().to_vec(),
        at_ms: 10,
    };
    store.apply(people());
    store.apply([put(3, 4, 9), put(2, 2, 8), put(2, 3, 7), put(2, 2, 6)]);
    let mut senders = store.read(S::waiting_senders);
    senders.sort();
    assert_eq!(senders, [account_id(2), account_id(3)], "each account once");
    let waiting = store.read(|s| s.waiting(account_id(2), 10));
    let ids: Vec<_> = waiting.iter().map(|envelope| envelope.wire_id).collect();
    assert_eq!(ids, [8, 7, 6].map(message_id), "in the order in which they came, whatever the device");
    assert!(waiting.is_sorted_by(|one, next| one.order < next.order));
    let WaitingEnvelope { sender, wire_id, payload, .. } = &waiting[1];
    assert_eq!((*sender, *wire_id, payload.as_slice()), (address(2, 3), message_id(7), [0, 7].as_slice()));
    assert_eq!(store.read(|s| s.waiting(account_id(2), 2)), waiting[..2], "at most so many");
    store.apply([Write::DeleteWaiting { order: waiting[0].order }]);
    assert_eq!(store.read(|s| s.waiting(account_id(2), 10)), waiting[1..]);
    let others = store.read(|s| s.waiting(account_id(3), 10));
    store.apply([Write::DeleteWaiting { order: others[0].order }]);
    assert_eq!(store.read(S::waiting_senders), [account_id(2)]);
}
