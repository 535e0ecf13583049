//! What is said about messages, and entries that change or go.

use std::fmt::Debug;

use waxwing_engine::{
    Anchor, Annotation, Apply, Body, Change, LaneKind, Marks, Message, OutboxPayload, Revision, Slot, View,
    Write,
};

use super::Subject;
use super::make::{
    account_id, address, conversation, device_id, incoming, lane, message_id, outgoing, people, put_draft,
    put_outbox, sealed,
};

pub(super) fn check<S>(fresh: &impl Fn() -> Subject<S>)
where
    S: View + Apply,
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    an_annotation_takes_the_place_of_its_register(&mut fresh());
    the_newest_words_come_first(&mut fresh());
    only_what_waits_is_counted_and_grows_old(&mut fresh());
    a_rewritten_entry_keeps_everything_else(&mut fresh());
    the_counter_of_a_removed_entry_is_not_given_again(&mut fresh());
    a_withdrawn_message_is_in_no_item(&mut fresh());
    an_annotation_in_the_outbox_comes_back_as_it_was_put(&mut fresh());
}

/// What account `author` says about message `n`, in the conversation with account 2.
pub(super) fn annotation(n: u16, author: u8, change: Change, anchor: Anchor) -> Annotation {
    Annotation {
        target: message_id(n),
        conversation: conversation(2),
        author: account_id(author),
        change,
        revision: Revision { count: u64::from(n) + 1, device: device_id(author) },
        anchor,
        stored_at_ms: 100 + i64::from(n),
    }
}

fn react(text: &str) -> Change {
    Change::React(text.to_owned())
}

fn an_annotation_takes_the_place_of_its_register<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let edit = annotation(1, 1, Change::Edit("new".to_owned()), Anchor::Held);
    let mut all = [
        edit.clone(),
        annotation(1, 2, Change::Delete, Anchor::Awaited),
        annotation(1, 1, react("+"), Anchor::Held),
        annotation(1, 2, react(""), Anchor::Held),
        annotation(1, 1, Change::Hide, Anchor::Awaited),
    ];
    store.apply(all.clone().map(Write::PutAnnotation));
    store.apply([Write::PutAnnotation(annotation(2, 1, react("+"), Anchor::Held))]);
    assert_eq!(store.read(|s| s.annotations(message_id(1))), all, "by slot and author");
    all[0] = Annotation { change: Change::Delete, ..edit };
    store.apply([Write::PutAnnotation(all[0].clone())]);
    assert_eq!(store.read(|s| s.annotations(message_id(1))), all, "edit and deletion share a register");
    let (target, author) = (message_id(1), account_id(2));
    store.apply([Write::DeleteAnnotation { target, slot: Slot::Reaction, author }]);
    let left = store.read(|s| s.annotations(message_id(1)));
    assert_eq!(left.len(), 4);
    assert!(!left.contains(&all[3]));
    assert_eq!(store.read(|s| s.annotations(message_id(3))), []);
}

fn the_newest_words_come_first<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let said = |n| annotation(n, 1, react("+"), Anchor::Held);
    store.apply([1, 2, 3].map(said).map(Write::PutAnnotation));
    let elsewhere = Annotation { conversation: conversation(3), ..said(4) };
    store.apply([said(1), elsewhere, annotation(5, 2, react("+"), Anchor::Held)].map(Write::PutAnnotation));
    let found = |store: &Subject<S>, here, limit| {
        let all = store.read(|s| s.annotated(account_id(1), here, limit));
        all.into_iter().map(|(target, _)| target).collect::<Vec<_>>()
    };
    assert_eq!(found(store, None, 9), [4, 1, 3, 2].map(message_id));
    assert_eq!(found(store, Some(conversation(2)), 2), [1, 3].map(message_id));
    let one = store.read(|s| s.annotated(account_id(1), None, 1));
    assert_eq!(one, [(message_id(4), conversation(3))]);
}

fn only_what_waits_is_counted_and_grows_old<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let all = [
        annotation(1, 2, react("+"), Anchor::Awaited),
        annotation(2, 2, react("+"), Anchor::Held),
        annotation(3, 2, react("+"), Anchor::Awaited),
        annotation(4, 3, react("+"), Anchor::Awaited),
    ];
    store.apply(all.map(Write::PutAnnotation));
    assert_eq!(store.read(|s| s.awaited_annotations(account_id(2))), 2);
    assert_eq!(store.read(|s| s.awaited_annotations(account_id(9))), 0);
    store.apply([Write::ExpireAnnotations { before_ms: 103 }]);
    assert_eq!(store.read(|s| s.awaited_annotations(account_id(2))), 1);
    assert_eq!(store.read(|s| s.annotations(message_id(1))), []);
    assert_eq!(store.read(|s| s.annotations(message_id(2))).len(), 1, "what is applied stays");
}

fn a_rewritten_entry_keeps_everything_else<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    let marks = Marks { reply_to: Some(message_id(9)), forwarded: true, ..Marks::default() };
    let before = Message { marks: marks.clone(), ..incoming(1, 2, 7) };
    store.apply([Write::PutMessage(before.clone()), Write::PutMessage(outgoing(2))]);
    assert_eq!(store.read(|s| s.message(message_id(1))), Some(before.clone()));
    let edited = Message { body: Body::Text("new".to_owned()), edited: true, ..before.clone() };
    let odd = Message { counter: 99, sent_at_ms: 9, sender: address(3, 3), ..edited.clone() };
    store.apply([Write::RewriteMessage(odd)]);
    assert_eq!(store.read(|s| s.message(message_id(1))), Some(edited));
    let deleted = Message { body: Body::Deleted, marks: Marks::default(), ..before };
    store.apply([Write::RewriteMessage(deleted.clone()), Write::RewriteMessage(incoming(8, 2, 8))]);
    assert_eq!(store.read(|s| s.message(message_id(1))), Some(deleted));
    assert_eq!(store.read(|s| s.message(message_id(8))), None, "what is not there is not made");
    assert_eq!(
        store.read(|s| s.unread_up_to(conversation(2), message_id(2))),
        [],
        "there is nothing to read"
    );
    assert_eq!(store.read(|s| s.received(conversation(2))), []);
}

fn the_counter_of_a_removed_entry_is_not_given_again<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    for n in [1, 2, 3] {
        store.apply([Write::PutMessage(outgoing(n))]);
        store.apply([Write::SetCounter { message: message_id(n), counter: n.into() }]);
    }
    for n in [3, 2, 9] {
        store.apply([Write::RemoveMessage { message: message_id(n) }]);
        assert_eq!(store.read(|s| s.message(message_id(n))), None);
        assert_eq!(store.read(|s| s.highest_counter(conversation(2), device_id(1))), 3);
    }
    assert_eq!(store.read(|s| s.highest_counter(conversation(3), device_id(1))), 0);
    assert!(store.read(|s| s.message(message_id(1))).is_some());
}

fn a_withdrawn_message_is_in_no_item<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    store.apply([1, 2].map(|n| Write::PutMessage(outgoing(n))));
    let (message, device, answers) = (message_id(1), device_id(2), message_id(77));
    let resend = OutboxPayload::Resend { message, device, answers };
    let annotation = OutboxPayload::Annotation { target: message, device: None };
    store.apply([
        put_outbox(1, 5),
        put_outbox(2, 5),
        put_draft(50, lane(LaneKind::Repairs, 2), resend, 5),
        put_draft(51, lane(LaneKind::Annotations, 2), annotation, 5),
    ]);
    let order = store.read(|s| s.outbox_item(message)).expect("it was put").order;
    store
        .apply([Write::PutSealed { order, sealed: sealed(address(2, 2), 1) }, Write::AcceptOutbox { order }]);
    store.apply([Write::WithdrawMessage { message }]);
    assert_eq!(store.read(|s| s.outbox_item(message)), None, "accepted or not");
    assert_eq!(store.read(|s| s.sealed(order)), []);
    assert_eq!(store.read(|s| s.outbox_item(message_id(50))), None);
    assert!(store.read(|s| s.outbox_item(message_id(2))).is_some());
    assert!(store.read(|s| s.outbox_item(message_id(51))).is_some(), "what is said about it still goes out");
}

fn an_annotation_in_the_outbox_comes_back_as_it_was_put<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    for (n, device) in [(1, None), (2, Some(device_id(2)))] {
        let payload = OutboxPayload::Annotation { target: message_id(n), device };
        store.apply([put_draft(n, lane(LaneKind::Annotations, 2), payload.clone(), 5)]);
        let item = store.read(|s| s.outbox_item(message_id(n))).expect("it was put");
        assert_eq!((item.draft.lane, item.draft.payload), (lane(LaneKind::Annotations, 2), payload));
    }
    assert_eq!(store.read(|s| s.outbox(lane(LaneKind::Annotations, 2), 0, 9)).len(), 2);
    assert_eq!(store.read(S::outbox_lanes), [lane(LaneKind::Annotations, 2)]);
}
