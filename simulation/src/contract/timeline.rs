//! Messages, their states, and what receipts do to them.

use std::fmt::Debug;

use waxwing_engine::{
    Apply, Body, Delivery, FailureReason, HoldReason, Message, Notice, Party, ReceiptKind, Reception, Status,
    View, Write,
};

use super::Subject;
use super::make::{
    account_id, address, conversation, device_id, incoming, message_id, outgoing, people, put_outbox, run,
    sealed, unreadable,
};

pub(super) fn check<S>(fresh: &impl Fn() -> Subject<S>)
where
    S: View + Apply,
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    every_kind_of_message_comes_back_as_it_was_put(&mut fresh());
    a_message_stands_once(&mut fresh());
    an_unreadable_entry_is_filled_where_it_stands(&mut fresh());
    delivery_moves_forward_only(&mut fresh());
    queued_and_held_are_set_as_they_are(&mut fresh());
    reception_moves_forward_only(&mut fresh());
    counters_are_found_by_device_and_conversation(&mut fresh());
    unread_messages_come_as_runs_up_to_an_entry(&mut fresh());
    a_receipt_moves_exactly_its_ranges(&mut fresh());
    a_receipt_forgets_what_the_outbox_kept(&mut fresh());
    a_receipt_of_any_size_is_taken(&mut fresh());
    reading_marks_incoming_messages_only(&mut fresh());
    received_messages_come_as_runs_delivered_first(&mut fresh());
    an_unreadable_entry_can_be_dropped_and_nothing_else(&mut fresh());
    what_nobody_sends_again_is_lost_where_it_stands(&mut fresh());
    messages_under_way_move_to_the_new_conversation(&mut fresh());
    the_past_stands_before_what_came_since(&mut fresh());
    the_past_fills_what_stands_unreadable(&mut fresh());
}

fn status<S: View + Apply>(store: &Subject<S>, n: u16) -> Status
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.read(|s| s.message(message_id(n))).expect("the message was put").status
}

fn every_kind_of_message_comes_back_as_it_was_put<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    let notice = |n, notice| Message { body: Body::Notice(notice), status: Status::Local, ..outgoing(n) };
    let with_status = |n, delivery| Message { status: Status::Outgoing(delivery), ..outgoing(n) };
    let odd_text = "\u{0}\u{202e}\u{1f426} 'quoted' \"twice\"".to_owned();
    let all = [
        outgoing(1),
        incoming(2, 2, 1),
        unreadable(3, 2),
        notice(4, Notice::KeyChanged),
        notice(5, Notice::KeyAccepted),
        notice(6, Notice::DevicesChanged),
        notice(7, Notice::RelayReset),
        with_status(8, Delivery::Held(HoldReason::KeyChanged)),
        with_status(9, Delivery::Held(HoldReason::RecipientGone)),
        with_status(10, Delivery::Failed(FailureReason::TooLarge)),
        with_status(11, Delivery::Failed(FailureReason::NotPermitted)),
        with_status(12, Delivery::Failed(FailureReason::Refused)),
        with_status(13, Delivery::Cancelled),
        with_status(14, Delivery::Read),
        Message { status: Status::Incoming(Reception::Lost), ..unreadable(15, 2) },
        Message {
            body: Body::Text(odd_text),
            sent_at_ms: i64::MIN,
            stored_at_ms: i64::MAX,
            ..incoming(16, 2, 2)
        },
    ];
    store.apply(all.clone().map(Write::PutMessage));
    for message in all {
        assert_eq!(store.read(|s| s.message(message.id)), Some(message));
    }
    assert_eq!(store.read(|s| s.message(message_id(99))), None);
}

fn a_message_stands_once<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    let first = incoming(1, 2, 1);
    let second = Message { body: Body::Text("another".to_owned()), counter: 9, ..first.clone() };
    store.apply([Write::PutMessage(first.clone()), Write::PutMessage(second)]);
    assert_eq!(store.read(|s| s.message(first.id)), Some(first), "a message that is there is not replaced");
}

fn an_unreadable_entry_is_filled_where_it_stands<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    store.apply([unreadable(1, 2), unreadable(2, 2), incoming(3, 2, 3)].map(Write::PutMessage));
    store.apply([Write::SetReception { message: message_id(2), reception: Reception::Lost }]);
    assert_eq!(status(store, 2), Status::Incoming(Reception::Lost));
    for n in [1, 2] {
        let message = incoming(n, 2, u64::from(n));
        store.apply([Write::PutMessage(message.clone())]);
        let found = store.read(|s| s.message(message_id(n))).expect("it stands there");
        assert_eq!(found.body, message.body, "waiting and lost entries are filled in");
        assert_eq!(found.counter, message.counter);
        assert_eq!(found.status, message.status);
        assert_eq!(found.sent_at_ms, message.sent_at_ms);
    }
    let unread = store.read(|s| s.unread_up_to(conversation(2), message_id(1)));
    assert_eq!(
        unread,
        [(address(2, 2), run(1, 1))],
        "the filled entry stands where the unreadable one stood"
    );
    let unread = store.read(|s| s.unread_up_to(conversation(2), message_id(2)));
    assert_eq!(unread, [(address(2, 2), run(1, 2))]);
}

fn the_past_stands_before_what_came_since<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    store.apply([Write::PutHistory(incoming(1, 2, 1)), Write::ReservePast]);
    store.apply([Write::PutMessage(incoming(4, 2, 4))]);
    store.apply([Write::PutHistory(incoming(2, 2, 2)), Write::PutHistory(incoming(3, 2, 3))]);
    for n in 1..=4 {
        let unread = store.read(|s| s.unread_up_to(conversation(2), message_id(n)));
        assert_eq!(unread, [(address(2, 2), run(1, u64::from(n)))], "entry {n} stands in its place");
    }
    for place in [Some(vec![1, 2]), Some(Vec::new()), None] {
        store.apply([Write::PutPastPlace(place.clone())]);
        assert_eq!(store.read(|s| s.past_place()), place);
    }
    store.apply([Write::PutHistory(Message { counter: 9, ..incoming(2, 2, 2) })]);
    assert_eq!(store.read(|s| s.message(message_id(2))).expect("it stands").counter, 2);
}

fn the_past_fills_what_stands_unreadable<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    store.apply([Write::PutMessage(unreadable(1, 2)), Write::PutHistory(incoming(1, 2, 1))]);
    assert_eq!(store.read(|s| s.message(message_id(1))), Some(incoming(1, 2, 1)));
}

fn delivery_moves_forward_only<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let set = |delivery| Write::SetDelivery { message: message_id(1), delivery };
    let steps = [
        Delivery::Sending,
        Delivery::Failed(FailureReason::Refused),
        Delivery::Cancelled,
        Delivery::Sent,
        Delivery::Delivered,
        Delivery::Read,
    ];
    store.apply(people());
    store.apply([Write::PutMessage(outgoing(1)), Write::PutMessage(incoming(2, 2, 1))]);
    for (place, step) in steps.into_iter().enumerate() {
        store.apply([set(step)]);
        assert_eq!(status(store, 1), Status::Outgoing(step));
        for earlier in &steps[..place] {
            store.apply([set(*earlier)]);
            assert_eq!(status(store, 1), Status::Outgoing(step), "{earlier:?} must not undo {step:?}");
        }
    }
    store.apply([Write::SetDelivery { message: message_id(2), delivery: Delivery::Read }]);
    assert_eq!(
        status(store, 2),
        Status::Incoming(Reception::Unread),
        "only outgoing messages have a delivery"
    );
    store.apply([Write::SetDelivery { message: message_id(99), delivery: Delivery::Read }]);
}

fn queued_and_held_are_set_as_they_are<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let held = Delivery::Held(HoldReason::KeyChanged);
    store.apply(people());
    store.apply([Write::PutMessage(outgoing(1))]);
    for from in [Delivery::Failed(FailureReason::Refused), Delivery::Cancelled, Delivery::Sending] {
        for to in [Delivery::Queued, held] {
            store.apply([from, to].map(|delivery| Write::SetDelivery { message: message_id(1), delivery }));
            assert_eq!(status(store, 1), Status::Outgoing(to), "{to:?} is set as it is, from {from:?}");
        }
    }
}

fn reception_moves_forward_only<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let steps = [Reception::Waiting, Reception::Lost, Reception::Unread, Reception::Read];
    store.apply(people());
    store.apply([Write::PutMessage(unreadable(1, 2)), Write::PutMessage(outgoing(2))]);
    for (place, step) in steps.into_iter().enumerate() {
        for reception in &steps[..=place] {
            store.apply([Write::SetReception { message: message_id(1), reception: *reception }]);
        }
        let expected = step;
        for reception in steps[..place].iter().rev() {
            store.apply([Write::SetReception { message: message_id(1), reception: *reception }]);
        }
        assert_eq!(status(store, 1), Status::Incoming(expected));
    }
    store.apply([Write::SetReception { message: message_id(2), reception: Reception::Read }]);
    assert_eq!(
        status(store, 2),
        Status::Outgoing(Delivery::Queued),
        "only incoming messages have a reception"
    );
}

fn counters_are_found_by_device_and_conversation<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let (chat, ours) = (conversation(2), device_id(1));
    store.apply(people());
    assert_eq!(store.read(|s| s.highest_counter(chat, ours)), 0);
    store.apply([outgoing(1), outgoing(2), outgoing(3), incoming(4, 2, 70)].map(Write::PutMessage));
    assert_eq!(
        store.read(|s| s.highest_counter(chat, ours)),
        0,
        "a message that is not sealed has no counter"
    );
    assert_eq!(store.read(|s| s.message_by_counter(chat, ours, 1)), None);
    store.apply([
        Write::SetCounter { message: message_id(2), counter: 1 },
        Write::SetCounter { message: message_id(1), counter: 2 },
    ]);
    assert_eq!(store.read(|s| s.highest_counter(chat, ours)), 2);
    assert_eq!(store.read(|s| s.highest_counter(chat, device_id(2))), 70);
    assert_eq!(store.read(|s| s.highest_counter(conversation(3), ours)), 0);
    let found = store.read(|s| s.message_by_counter(chat, ours, 2)).expect("it has this counter");
    assert_eq!(found, Message { counter: 2, ..outgoing(1) });
    assert_eq!(store.read(|s| s.message_by_counter(chat, ours, 3)), None);
    assert_eq!(store.read(|s| s.message_by_counter(conversation(3), ours, 2)), None);
    assert_eq!(store.read(|s| s.message_by_counter(chat, device_id(3), 2)), None);
}

fn unread_messages_come_as_runs_up_to_an_entry<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    let all = [
        incoming(1, 2, 1),
        incoming(2, 3, 5),
        incoming(3, 2, 2),
        incoming(4, 2, 3),
        outgoing(5),
        unreadable(6, 2),
        incoming(7, 2, 5),
        incoming(8, 2, 6),
        incoming(9, 2, 7),
    ];
    store.apply(all.map(Write::PutMessage));
    let other = Message { conversation: conversation(3), sender: address(3, 4), ..incoming(10, 4, 1) };
    store.apply([Write::PutMessage(other)]);
    store.apply([Write::SetReception { message: message_id(3), reception: Reception::Read }]);
    let unread = |n| store.read(|s| s.unread_up_to(conversation(2), message_id(n)));
    let mut expected = [
        (address(2, 3), run(5, 5)),
        (address(2, 2), run(1, 1)),
        (address(2, 2), run(3, 3)),
        (address(2, 2), run(5, 6)),
    ];
    expected.sort();
    assert_eq!(unread(8), expected, "unread ones only, by sender and counter, up to and including the entry");
    assert_eq!(unread(1), [(address(2, 2), run(1, 1))]);
    assert_eq!(unread(10), [], "an entry of another conversation is no end");
    assert_eq!(unread(99), [], "an unknown entry is no end");
}

fn a_receipt_moves_exactly_its_ranges<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    for n in 1..=6 {
        let sent = Message { counter: u64::from(n), status: Status::Outgoing(Delivery::Sent), ..outgoing(n) };
        store.apply([Write::PutMessage(sent)]);
    }
    let linked = Message {
        sender: address(1, 7),
        counter: 2,
        status: Status::Outgoing(Delivery::Sent),
        ..outgoing(20)
    };
    store.apply([
        Write::PutMessage(linked),
        Write::PutMessage(incoming(21, 1, 2)),
        Write::PutMessage(outgoing(22)),
    ]);
    let receipt = |peer, kind, ranges| Write::ApplyReceipt {
        conversation: conversation(peer),
        sender: device_id(1),
        kind,
        ranges,
    };
    store.apply([receipt(2, ReceiptKind::Delivered, vec![run(1, 2), run(4, 4)])]);
    store.apply([receipt(2, ReceiptKind::Read, vec![run(2, 2), run(6, 9)])]);
    store.apply([
        receipt(2, ReceiptKind::Delivered, vec![run(2, 2)]),
        receipt(3, ReceiptKind::Read, vec![run(1, 9)]),
    ]);
    let expected = [
        (1, Delivery::Delivered),
        (2, Delivery::Read),
        (3, Delivery::Sent),
        (4, Delivery::Delivered),
        (5, Delivery::Sent),
        (6, Delivery::Read),
        (20, Delivery::Sent),
    ];
    for (n, delivery) in expected {
        assert_eq!(status(store, n), Status::Outgoing(delivery), "message {n}");
    }
    assert_eq!(
        status(store, 21),
        Status::Incoming(Reception::Unread),
        "a receipt is about outgoing messages"
    );
    assert_eq!(status(store, 22), Status::Outgoing(Delivery::Queued));
}

fn a_receipt_forgets_what_the_outbox_kept<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    for n in 1..=2 {
        store.apply([Write::PutMessage(outgoing(n)), put_outbox(n, 10)]);
        let order = store.read(|s| s.outbox_item(message_id(n))).expect("it was put").order;
        store.apply([
            Write::SetCounter { message: message_id(n), counter: u64::from(n) },
            Write::PutSealed { order, sealed: sealed(address(2, 2), 1) },
            Write::AcceptOutbox { order },
        ]);
    }
    let kept = |store: &Subject<S>, n| store.read(|s| s.outbox_item(message_id(n)));
    let order = kept(store, 1).expect("accepted items are kept").order;
    let kind = ReceiptKind::Delivered;
    let (chat, sender) = (conversation(2), device_id(1));
    store.apply([Write::ApplyReceipt { conversation: chat, sender, kind, ranges: vec![run(1, 1)] }]);
    assert_eq!(kept(store, 1), None, "the receipt says that nothing need be kept");
    assert_eq!(store.read(|s| s.sealed(order)), []);
    let other = kept(store, 2).expect("no receipt came for it");
    assert_eq!(store.read(|s| s.sealed(other.order)).len(), 1);
}

fn a_receipt_of_any_size_is_taken<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    let sealed = Message { counter: 3, status: Status::Outgoing(Delivery::Sent), ..outgoing(1) };
    store.apply([sealed, outgoing(2), incoming(3, 2, 1)].map(Write::PutMessage));
    let all = vec![run(0, u64::MAX), run(9, 3), run(u64::MAX, u64::MAX)];
    let (chat, ours, kind) = (conversation(2), device_id(1), ReceiptKind::Read);
    store.apply([
        Write::ApplyReceipt { conversation: chat, sender: ours, kind, ranges: all.clone() },
        Write::ApplyReceipt { conversation: chat, sender: ours, kind, ranges: Vec::new() },
        Write::MarkRead { conversation: chat, sender: device_id(2), ranges: all },
    ]);
    assert_eq!(status(store, 1), Status::Outgoing(Delivery::Read));
    assert_eq!(
        status(store, 2),
        Status::Outgoing(Delivery::Queued),
        "what is not sealed cannot have been read"
    );
    assert_eq!(status(store, 3), Status::Incoming(Reception::Read));
}

fn reading_marks_incoming_messages_only<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    store.apply(
        [incoming(1, 2, 1), incoming(2, 2, 2), incoming(3, 3, 1), unreadable(4, 2)].map(Write::PutMessage),
    );
    let ours = Message { counter: 1, status: Status::Outgoing(Delivery::Sent), ..outgoing(5) };
    store.apply([Write::PutMessage(ours)]);
    for sender in [device_id(1), device_id(2)] {
        store.apply([Write::MarkRead { conversation: conversation(2), sender, ranges: vec![run(1, 1)] }]);
    }
    assert_eq!(status(store, 1), Status::Incoming(Reception::Read));
    assert_eq!(status(store, 2), Status::Incoming(Reception::Unread));
    assert_eq!(status(store, 3), Status::Incoming(Reception::Unread), "counters belong to a device");
    assert_eq!(status(store, 4), Status::Incoming(Reception::Waiting));
    assert_eq!(status(store, 5), Status::Outgoing(Delivery::Sent));
}

fn received_messages_come_as_runs_delivered_first<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    assert_eq!(store.read(|s| s.received(conversation(2))), []);
    let all = [
        incoming(1, 2, 1),
        incoming(2, 2, 2),
        incoming(3, 2, 3),
        incoming(4, 3, 1),
        unreadable(5, 2),
        outgoing(6),
    ];
    store.apply(all.map(Write::PutMessage));
    store.apply([incoming(7, 2, 4), incoming(8, 2, 6)].map(Write::PutMessage));
    let other = Message { conversation: conversation(3), sender: address(3, 4), ..incoming(9, 4, 1) };
    store.apply([Write::PutMessage(other)]);
    store.apply([1, 3].map(|n| Write::SetReception { message: message_id(n), reception: Reception::Read }));
    let (one, other) = (address(2, 2), address(2, 3));
    let mut delivered = [
        (one, ReceiptKind::Delivered, run(2, 2)),
        (one, ReceiptKind::Delivered, run(4, 4)),
        (one, ReceiptKind::Delivered, run(6, 6)),
        (other, ReceiptKind::Delivered, run(1, 1)),
    ];
    delivered.sort();
    let read = [(one, ReceiptKind::Read, run(1, 1)), (one, ReceiptKind::Read, run(3, 3))];
    assert_eq!(store.read(|s| s.received(conversation(2))), [delivered.as_slice(), read.as_slice()].concat());
}

fn an_unreadable_entry_can_be_dropped_and_nothing_else<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    store.apply([unreadable(1, 2), unreadable(2, 2), incoming(3, 2, 1), outgoing(4)].map(Write::PutMessage));
    store.apply([Write::SetReception { message: message_id(2), reception: Reception::Lost }]);
    store.apply([1, 2, 3, 4, 99].map(|n| Write::DropUnreadable { message: message_id(n) }));
    assert_eq!(
        [1, 2, 3, 4].map(|n| store.read(|s| s.message(message_id(n))).is_some()),
        [false, false, true, true]
    );
}

fn what_nobody_sends_again_is_lost_where_it_stands<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    let elsewhere = Message { conversation: conversation(3), ..unreadable(5, 3) };
    let all =
        [unreadable(1, 2), unreadable(2, 3), unreadable(3, 3), incoming(4, 3, 1), elsewhere, outgoing(6)];
    store.apply(all.map(Write::PutMessage));
    store.apply([Write::SetReception { message: message_id(3), reception: Reception::Lost }]);
    let (one, other) = (address(2, 2), address(2, 3));
    let mut places = [(one, conversation(2)), (other, conversation(2)), (other, conversation(3))];
    places.sort();
    assert_eq!(store.read(|s| s.unopened()), places, "each device and conversation once");
    store.apply([Write::LoseUnopened { sender: other }]);
    assert_eq!(store.read(|s| s.unopened()), [(one, conversation(2))]);
    assert_eq!(status(store, 1), Status::Incoming(Reception::Waiting), "of another device");
    for lost in [2, 3, 5] {
        assert_eq!(status(store, lost), Status::Incoming(Reception::Lost));
    }
    assert_eq!(status(store, 4), Status::Incoming(Reception::Unread), "it can be read");
    store.apply([Write::PutMessage(incoming(2, 3, 7))]);
    assert_eq!(status(store, 2), Status::Incoming(Reception::Unread), "what comes after all fills it");
}

fn messages_under_way_move_to_the_new_conversation<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let held = Delivery::Held(HoldReason::KeyChanged);
    let statuses = [
        (1, held),
        (2, Delivery::Sent),
        (4, Delivery::Sending),
        (5, Delivery::Queued),
        (6, Delivery::Cancelled),
    ];
    store.apply(people());
    for (n, delivery) in statuses {
        let status = Status::Outgoing(delivery);
        store.apply([
            Write::PutMessage(Message { counter: u64::from(n), status, ..outgoing(n) }),
            put_outbox(n, 10),
        ]);
        let order = store.read(|s| s.outbox_item(message_id(n))).expect("it was put").order;
        store.apply([Write::PutSealed { order, sealed: sealed(address(2, 2), 1) }]);
    }
    store.apply([Write::PutMessage(incoming(3, 2, 1))]);
    let (from, to, peer) = (conversation(2), conversation(9), account_id(9));
    store.apply([
        Write::PutAccount(super::make::account(9, "ingrid")),
        Write::MoveHeldMessages { from, to, peer },
    ]);
    let found = |n| store.read(|s| s.message(message_id(n))).expect("no message is lost");
    for n in [2, 3, 6] {
        assert_eq!(found(n).conversation, from, "message {n} is not under way any more");
    }
    for n in [1, 4, 5] {
        let moved =
            Message { conversation: to, status: Status::Outgoing(Delivery::Queued), counter: 0, ..found(n) };
        assert_eq!(found(n), moved, "message {n} is to be sealed for somebody else");
        let item = store.read(|s| s.outbox_item(message_id(n))).expect("it is to be sent");
        assert_eq!(item.draft.lane.to, Party::Account(peer));
        assert_eq!(store.read(|s| s.sealed(item.order)), []);
    }
    let lane = waxwing_engine::Lane { kind: waxwing_engine::LaneKind::Messages, to: Party::Account(peer) };
    let order: Vec<_> = store.read(|s| s.outbox(lane, 0, 9)).iter().map(|item| item.draft.wire_id).collect();
    assert_eq!(order, [1, 4, 5].map(message_id), "in their old order");
}
