//! The scenario list (`bindings/SCENARIOS.md`), in Rust: through the face, against a real relay process. Accounts and messages.
#![allow(clippy::unwrap_used)] // helpers of tests fail like tests

mod stage;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use stage::{Stage, chat, code, draft, failed, key, newest, say, sign_up, soon, take, texts};
use waxwing_ffi::{
    CancelHandle, Delivery, DeliveryGoal, Draft, EntryBody, EntryState, ErrorKind, FfiTimeline, LinkState,
    ListDiff, Recover, Recovery, Registration, TimelineDiff, TimelineItem, open_history, provoke_panic,
};

#[tokio::test]
async fn register() {
    let stage = Stage::new(&[]);
    let client = stage.open("alice").await;
    assert_eq!(client.me().unwrap(), None);
    assert_eq!(client.link(), LinkState::Stopped);
    let me = soon(sign_up(&client, "alice")).await.unwrap();
    assert_eq!(me.handle, "alice");
    assert_eq!(client.me().unwrap(), Some(me.clone()));
    soon(client.online(None)).await.unwrap();
    assert_eq!(client.link(), LinkState::Online);
    let recovery_key = soon(client.recovery_key()).await.unwrap();
    assert_eq!(recovery_key.len(), 77);
    soon(client.shut_down()).await.unwrap();

    let client = stage.open("alice").await;
    assert_eq!(client.me().unwrap(), Some(me.clone()));
    assert_eq!(code(soon(sign_up(&client, "carol")).await), "already_registered");
    soon(client.shut_down()).await.unwrap();

    let other = stage.open("other").await;
    let recovery = Some(Recovery { key: recovery_key, others: Recover::Replace });
    let registration = Registration { handle: "alice".to_owned(), token: None, recovery };
    let recovered = soon(other.register(registration, None)).await.unwrap();
    assert_eq!(recovered.account, me.account);
    assert_ne!(recovered.device, me.device);
}

/// Pulls until the entries are as wanted; gives them, and how many batches it took.
async fn follow(
    timeline: &FfiTimeline,
    after: &mut u64,
    items: &mut Vec<TimelineItem>,
    is_so: impl Fn(&[TimelineItem]) -> bool,
) -> usize {
    let mut batches = 0;
    while !is_so(items) {
        let batch = soon(timeline.pull(*after, None)).await.unwrap().expect("the client is open");
        *after = batch.number;
        batches += 1;
        for diff in batch.diffs {
            match diff {
                TimelineDiff::Reset { items: all } => *items = all,
                TimelineDiff::Appended { items: new } => items.extend(new),
                TimelineDiff::Changed { items: changed } => {
                    for item in changed {
                        let old = items.iter_mut().find(|old| old.message_id == item.message_id);
                        *old.expect("it was told before") = item;
                    }
                }
                TimelineDiff::Interrupted { error } => panic!("{error}"),
            }
        }
    }
    batches
}

fn said(items: &[TimelineItem]) -> Vec<&str> {
    let text = |item: &TimelineItem| -> &str { panic!("{item:?}") };
    items
        .iter()
        .map(|item| match &item.body {
            EntryBody::Text { text } => text.as_str(),
            EntryBody::Unreadable
            | EntryBody::Notice { .. }
            | EntryBody::Group { .. }
            | EntryBody::Deleted => text(item),
        })
        .collect()
}

fn is_delivered(item: &TimelineItem) -> bool {
    item.state == EntryState::Outgoing { delivery: Delivery::Delivered }
}

#[tokio::test]
async fn exchange() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let to_bob = chat(&alice, "bob").await;
    let timeline = to_bob.timeline(newest(50));
    let sent = soon(to_bob.send(draft("hello"))).await.ok().unwrap();
    let messages = take(&bob.incoming("test".to_owned()), 1).await;
    assert_eq!(texts(&messages), ["hello"]);
    assert_eq!(messages[0].message_id, sent.id());
    assert_eq!(messages[0].sender.handle.as_deref(), Some("alice"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    for at in [messages[0].sent_at, messages[0].stored_at] {
        assert!((at.ms() - now).abs() < 3_600_000);
    }

    let back = soon(bob.conversation(messages[0].conversation_id)).await.ok().unwrap();
    soon(back.send(draft("hello yourself"))).await.ok().unwrap();
    let mut items = Vec::new();
    follow(&timeline, &mut 0, &mut items, |items| items.len() == 2).await;
    assert_eq!(said(&items), ["hello", "hello yourself"]);
    assert!(matches!(items[0].state, EntryState::Outgoing { .. }));
    assert!(matches!(items[1].state, EntryState::Incoming { .. }));

    let account = alice.me().unwrap().unwrap().account;
    assert_eq!(soon(bob.direct_by_account(account)).await.ok().unwrap().id(), to_bob.id());
    let nobody = waxwing::AccountId::from_bytes([9; 16]);
    assert_eq!(code(soon(bob.direct_by_account(nobody)).await), "not_found");
}

#[tokio::test]
async fn offline_and_catch_up() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    chat(&alice, "bob").await;
    soon(alice.shut_down()).await.unwrap();

    let alice = stage.open_offline("alice").await;
    assert_eq!(alice.link(), LinkState::Stopped);
    let to_bob = chat(&alice, "bob").await;
    soon(to_bob.send(draft("one"))).await.ok().unwrap();
    let id = alice.new_message_id();
    let two = Draft { id: Some(id), ..draft("two") };
    for _ in 0..2 {
        assert_eq!(soon(to_bob.send(two.clone())).await.ok().unwrap().id(), id);
        assert_eq!(soon(alice.outbox_len()).await.unwrap(), 2);
    }
    let other = Draft { id: Some(id), ..draft("other") };
    assert_eq!(code(soon(to_bob.send(other)).await), "message_id_taken");
    assert_eq!(code(soon(alice.direct("stranger".to_owned(), None)).await), "offline");
    soon(alice.shut_down()).await.unwrap();

    let alice = stage.open("alice").await;
    soon(alice.online(None)).await.unwrap();
    soon(alice.flushed(None)).await.unwrap();
    let incoming = bob.incoming("test".to_owned());
    let messages = take(&incoming, 2).await;
    assert_eq!(texts(&messages), ["one", "two"]);
    soon(incoming.done(messages[0].place)).await.unwrap();
    soon(bob.shut_down()).await.unwrap();
    assert!(soon(incoming.pull(9, None)).await.is_err());

    let bob = stage.open("bob").await;
    let incoming = bob.incoming("test".to_owned());
    assert_eq!(take(&incoming, 1).await, messages[1..]);
    assert!(tokio::time::timeout(Duration::from_millis(500), incoming.pull(1, None)).await.is_err());
}

#[tokio::test]
async fn receipts() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let sent = say(&alice, "bob", "hello").await;
    let reached = soon(sent.reached(DeliveryGoal::Sent, None)).await.unwrap();
    assert!(matches!(reached, Delivery::Sent | Delivery::Delivered));
    assert_eq!(soon(sent.reached(DeliveryGoal::Delivered, None)).await, Ok(Delivery::Delivered));

    let list = bob.conversations();
    let batch = soon(list.pull(0, None)).await.unwrap().unwrap();
    let [ListDiff::Reset { items }] = batch.diffs.as_slice() else { panic!("the first is a reset") };
    assert_eq!(items.iter().map(|item| item.unread).collect::<Vec<_>>(), [1]);
    let from_alice = soon(bob.conversation(items[0].conversation_id)).await.ok().unwrap();
    soon(from_alice.mark_read(sent.id())).await.unwrap();
    assert_eq!(soon(sent.reached(DeliveryGoal::Read, None)).await, Ok(Delivery::Read));
    let batch = soon(list.pull(batch.number, None)).await.unwrap().unwrap();
    let [ListDiff::Changed { items }] = batch.diffs.as_slice() else { panic!("it changes") };
    assert_eq!(items[0].unread, 0);
}

#[tokio::test]
async fn retry_and_cancel() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    chat(&alice, "bob").await;
    soon(alice.shut_down()).await.unwrap();
    let alice = stage.open_offline("alice").await;
    let (one, two) = (say(&alice, "bob", "one").await, say(&alice, "bob", "two").await);
    soon(two.take_back()).await.unwrap();
    assert_eq!(soon(two.state()).await, Ok(Delivery::Cancelled));
    let foreign = alice.sent(waxwing::MessageId::from_bytes([9; 16]));
    assert_eq!(code(soon(foreign.state()).await), "not_found");

    soon(alice.resume()).await.unwrap();
    assert_eq!(soon(one.reached(DeliveryGoal::Delivered, None)).await, Ok(Delivery::Delivered));
    assert_eq!(code(soon(one.take_back()).await), "too_late");
    soon(one.retry()).await.unwrap();
    say(&alice, "bob", "three").await;
    assert_eq!(texts(&take(&bob.incoming("test".to_owned()), 2).await), ["one", "three"]);
}

#[tokio::test]
async fn two_clients_in_one_process() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let (to_bob, to_alice) = (chat(&alice, "bob").await, chat(&bob, "alice").await);
    let speak = async |chat: &waxwing_ffi::FfiConversation, who: &str| {
        for number in 0..50 {
            soon(chat.send(draft(format!("{who} {number}")))).await.ok().unwrap();
        }
    };
    tokio::join!(speak(&to_bob, "alice"), speak(&to_alice, "bob"));
    for chat in [&to_bob, &to_alice] {
        let (timeline, mut items) = (chat.timeline(newest(200)), Vec::new());
        follow(&timeline, &mut 0, &mut items, |items| items.len() == 100).await;
        for who in ["alice", "bob"] {
            let own: Vec<_> = said(&items).into_iter().filter(|text| text.starts_with(who)).collect();
            assert_eq!(own, (0..50).map(|number| format!("{who} {number}")).collect::<Vec<_>>());
        }
    }
    let timeline = to_bob.timeline(newest(50));
    let mut after = soon(timeline.pull(0, None)).await.unwrap().unwrap().number;
    soon(alice.shut_down()).await.unwrap();
    while let Some(batch) = soon(timeline.pull(after, None)).await.unwrap() {
        after = batch.number;
    }
    soon(to_alice.send(draft("still here"))).await.ok().unwrap();
}

#[tokio::test]
async fn suspend_and_resume() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    say(&alice, "bob", "one").await;
    take(&bob.incoming("test".to_owned()), 1).await;
    soon(bob.suspend(Duration::from_secs(5), None)).await.unwrap();
    assert_eq!(bob.link(), LinkState::Stopped);
    assert_eq!(code(soon(bob.drained(None)).await), "suspended");
    let history = soon(open_history(stage.store("bob"), key())).await.ok().unwrap();
    assert_eq!(soon(history.conversations()).await.unwrap()[0].unread, 1);
    assert_eq!(soon(history.me()).await.unwrap(), bob.me().unwrap());
    let conversation = soon(history.direct("alice".to_owned())).await.unwrap();
    assert_eq!(said(&soon(history.read_page(conversation, newest(9))).await.unwrap()), ["one"]);
    drop(history);
    soon(stage.open("bob").await.shut_down()).await.unwrap();

    say(&alice, "bob", "two").await;
    soon(alice.flushed(None)).await.unwrap();
    let caught_up = soon(bob.catch_up(Duration::from_secs(20), None)).await.unwrap();
    assert!(caught_up.completed && caught_up.messages == 1, "{caught_up:?}");
    assert_eq!(code(soon(bob.drained(None)).await), "suspended", "as it was before");
    soon(bob.resume()).await.unwrap();
    soon(bob.online(None)).await.unwrap();
    soon(bob.drained(None)).await.unwrap();
}

#[tokio::test]
async fn subscription_that_lags() {
    let stage = Stage::new(&["--submits-burst", "2000"]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let to_bob = chat(&alice, "bob").await;
    let (timeline, events, list) = (to_bob.timeline(newest(50)), alice.events(), bob.conversations());
    let (mut after, mut items) = (soon(timeline.pull(0, None)).await.unwrap().unwrap().number, Vec::new());
    let listed = soon(list.pull(0, None)).await.unwrap().unwrap().number;
    let mut sent = Vec::new();
    for number in 0..300 {
        sent.push(soon(to_bob.send(draft(number.to_string()))).await.ok().unwrap());
    }
    for message in sent {
        soon(message.reached(DeliveryGoal::Delivered, None)).await.unwrap();
    }

    let (mut heard, mut number) = (Vec::new(), 0);
    while let Ok(batch) = tokio::time::timeout(Duration::from_secs(1), events.pull(number, None)).await {
        let batch = batch.unwrap().unwrap();
        number = batch.number;
        heard.extend(batch.events);
    }
    let lagged = |event: &&waxwing_ffi::Event| **event == waxwing_ffi::Event::Lagged;
    assert_eq!(heard.iter().position(|event| lagged(&event)), Some(0));
    assert_eq!(heard.iter().filter(lagged).count(), 1);
    assert!(heard.len() <= 513);

    let is_so = |items: &[TimelineItem]| items.len() == 300 && items.iter().all(is_delivered);
    let batches = follow(&timeline, &mut after, &mut items, is_so).await;
    assert!(batches <= 3, "{batches} batches");
    assert_eq!(said(&items), (0..300).map(|number| number.to_string()).collect::<Vec<_>>());
    let batch = soon(list.pull(listed, None)).await.unwrap().unwrap();
    let [ListDiff::Changed { items }] = batch.diffs.as_slice() else { panic!("one line changes") };
    assert_eq!(items.iter().map(|item| item.unread).collect::<Vec<_>>(), [300]);
}

#[tokio::test]
async fn streams_lose_nothing() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let to_bob = chat(&alice, "bob").await;
    let speak = async {
        for number in 0..100 {
            soon(to_bob.send(draft(number.to_string()))).await.ok().unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let (incoming, mut heard, mut after) = (bob.incoming("test".to_owned()), Vec::new(), 0);
    let listen = async {
        while heard.len() < 100 {
            let pulled = tokio::time::timeout(Duration::from_millis(10), incoming.pull(after, None)).await;
            let Ok(batch) = pulled else { continue };
            let batch = batch.unwrap().unwrap();
            after = batch.number;
            heard.extend(batch.messages.into_iter().map(|message| message.text));
        }
    };
    soon(async { tokio::join!(speak, listen) }).await;
    assert_eq!(heard, (0..100).map(|number| number.to_string()).collect::<Vec<_>>());

    let page = soon(to_bob.read_page(newest(1))).await.unwrap();
    soon(alice.sent(page[0].message_id).reached(DeliveryGoal::Delivered, None)).await.unwrap();
    let timeline = to_bob.timeline(newest(10));
    let first = soon(timeline.pull(0, None)).await.unwrap().unwrap();
    let waiting = tokio::spawn({
        let timeline = Arc::clone(&timeline);
        async move { timeline.pull(first.number, None).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let older = soon(timeline.older(10)).await.unwrap();
    assert_eq!(said(&older), (80..90).map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(!waiting.is_finished());
    soon(to_bob.send(draft("at last"))).await.ok().unwrap();
    assert!(soon(waiting).await.unwrap().unwrap().is_some());

    // A first batch that got lost on its way comes after the older entries, and has them.
    let timeline = to_bob.timeline(newest(10));
    let lost = soon(timeline.pull(0, None)).await.unwrap().unwrap();
    soon(timeline.older(10)).await.unwrap();
    let (mut after, mut items) = (0, Vec::new());
    follow(&timeline, &mut after, &mut items, |items| !items.is_empty()).await;
    assert_eq!((after, items.len()), (lost.number, 20));
    assert_eq!(said(&items)[..2], ["81", "82"]);
}

#[tokio::test]
async fn cancellation_in_mid_call() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let to_bob = chat(&alice, "bob").await;
    soon(bob.shut_down()).await.unwrap();
    let sent = soon(to_bob.send(draft("one"))).await.ok().unwrap();
    soon(sent.reached(DeliveryGoal::Sent, None)).await.unwrap();

    let cancel = CancelHandle::new();
    let waiting = tokio::spawn({
        let (sent, cancel) = (Arc::clone(&sent), Arc::clone(&cancel));
        async move { sent.reached(DeliveryGoal::Delivered, Some(cancel)).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    cancel.cancel();
    let (kind, code, _) = failed(soon(waiting).await.unwrap());
    assert_eq!((kind, code.as_str()), (ErrorKind::Cancelled, "cancelled"));
    assert_eq!(failed(sent.reached(DeliveryGoal::Sent, Some(cancel)).await).0, ErrorKind::Cancelled);
    let dropped = tokio::time::timeout(Duration::from_millis(100), sent.reached(DeliveryGoal::Read, None));
    assert!(dropped.await.is_err());

    soon(alice.shut_down()).await.unwrap();
    let alice = stage.open_offline("alice").await;
    let to_bob = chat(&alice, "bob").await;
    for number in 0..20 {
        let text = format!("given up {number}");
        let draft = Draft { id: Some(alice.new_message_id()), ..draft(text) };
        // Polled once, so that it has begun; then dropped.
        let _ = tokio::time::timeout(Duration::ZERO, to_bob.send(draft.clone())).await;
        assert!(soon(to_bob.send(draft)).await.is_ok());
    }
    let bob = stage.open("bob").await;
    soon(alice.resume()).await.unwrap();
    let wanted: Vec<_> = (0..20).map(|number| format!("given up {number}")).collect();
    let heard = take(&bob.incoming("test".to_owned()), 21).await;
    assert_eq!(texts(&heard)[0], "one");
    assert_eq!(texts(&heard)[1..], wanted);
}

#[tokio::test]
async fn panic_becomes_a_typed_error() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    for _ in 0..100 {
        let (kind, code, _) = failed(soon(provoke_panic()).await);
        assert_eq!((kind, code.as_str()), (ErrorKind::Bug, "panic"));
    }
    say(&alice, "bob", "still here").await;
    assert_eq!(texts(&take(&bob.incoming("test".to_owned()), 1).await), ["still here"]);
}
