//! Recovery backups: clients and a real relay, in one process.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used)]

mod stage;

use std::io::Cursor;
use std::path::PathBuf;

use stage::{Stage, say, soon, until};
use waxwing::{
    Client, ConversationId, Delivery, Draft, Page, Recover, RecoveryKey, Registration, Status, TimelineItem,
};

async fn items(client: &Client, conversation: ConversationId) -> Vec<TimelineItem> {
    let Ok(conversation) = client.conversation(conversation) else { return Vec::new() };
    conversation.history(Page::newest(200)).await.unwrap()
}

async fn texts(client: &Client, conversation: ConversationId) -> Vec<String> {
    items(client, conversation).await.iter().filter_map(|item| item.text().map(str::to_owned)).collect()
}

fn again(key: &RecoveryKey) -> RecoveryKey {
    RecoveryKey::from_bytes(*key.expose())
}

/// A new phone, on which the account of this key lives from now on.
async fn new_phone(stage: &Stage, handle: &str, key: &RecoveryKey, store: &str) -> Client {
    let client = stage.client(store).await;
    let registration = Registration::open(handle).unwrap().recover(again(key), Recover::Replace);
    soon(client.register(registration)).await.unwrap();
    client
}

fn file(stage: &Stage) -> PathBuf {
    stage.folder.path().join("alice.waxwing")
}

#[tokio::test]
async fn a_lost_phone_is_replaced_by_paper_and_a_file() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let group = soon(alice.create_group("birds", ["bob"])).await.unwrap().id();
    until(async || bob.conversation(group).ok()).await;
    let sent = say(&alice, "bob", "a canary sings").await;
    soon(sent.wait_for(Delivery::Delivered)).await.unwrap();
    let answer = say(&bob, "alice", "so it does").await;
    soon(answer.wait_for(Delivery::Delivered)).await.unwrap();
    let direct = soon(alice.direct("bob")).await.unwrap();
    soon(direct.react(answer.id(), "+")).await.unwrap();
    soon(direct.set_pinned(true)).await.unwrap();
    let number = alice.safety_number("bob").await.unwrap();
    soon(alice.mark_verified(&number)).await.unwrap();
    soon(alice.conversation(group).unwrap().send(Draft::text("to all birds"))).await.unwrap();
    soon(bob.conversation(group).unwrap().send(Draft::text("from a bird"))).await.unwrap();
    until(async || (texts(&alice, group).await.len() == 2).then_some(())).await;
    until(async || (texts(&bob, group).await.len() == 2).then_some(())).await;

    let paper = alice.recovery_key().unwrap().to_string();
    let written = soon(alice.backup().write(file(&stage), &paper.parse().unwrap())).await.unwrap();
    let bytes = std::fs::read(file(&stage)).unwrap();
    assert_eq!(written.bytes, bytes.len() as u64);
    assert!(written.messages >= 4);
    // Long enough not to stand there by chance.
    for secret in ["a canary sings", "so it does", "to all birds", "alice", "birds"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    let before = (items(&alice, direct.id()).await, texts(&alice, group).await);
    soon(alice.close()).await.unwrap();
    let late = say(&bob, "alice", "are you there?").await;
    soon(late.wait_for(Delivery::Sent)).await.unwrap();

    let key: RecoveryKey = paper.parse().unwrap();
    let alice = new_phone(&stage, "alice", &key, "new phone").await;
    for round in 0..2 {
        let restored = soon(alice.backup().restore(file(&stage), &key)).await.unwrap();
        assert_eq!(restored, written, "round {round}");
    }
    let after = items(&alice, direct.id()).await;
    let view = |items: &[TimelineItem]| {
        let entries = items.iter().filter(|item| item.text().is_some());
        entries
            .map(|item| (item.message_id, item.text().map(str::to_owned), item.state, item.reactions.clone()))
            .collect::<Vec<_>>()
    };
    let (old, new) = (view(&before.0), view(&after));
    assert_eq!(old, new);
    assert_eq!(texts(&alice, group).await, before.1);
    assert!(alice.safety_number("bob").await.unwrap().is_verified());
    assert!(alice.conversation(direct.id()).unwrap().settings().await.unwrap().pinned);
    let info = alice.conversation(group).unwrap().group().unwrap().info().await.unwrap();
    assert_eq!((info.title.as_str(), info.members.len()), ("birds", 2));

    // The talk goes on, in both ways and both places.
    let sent = say(&alice, "bob", "on a new phone").await;
    soon(sent.wait_for(Delivery::Delivered)).await.unwrap();
    // Whoever is written to learns of the new phone, and says again what the old one did not take.
    until(async || alice.search("there", 5).await.unwrap().first().cloned()).await;
    let answer = say(&bob, "alice", "welcome back").await;
    soon(answer.wait_for(Delivery::Delivered)).await.unwrap();
    soon(alice.conversation(group).unwrap().send(Draft::text("birds, I am back"))).await.unwrap();
    until(async || texts(&bob, group).await.iter().find(|text| *text == "birds, I am back").cloned()).await;
    soon(bob.conversation(group).unwrap().send(Draft::text("we see it"))).await.unwrap();
    until(async || texts(&alice, group).await.iter().find(|text| *text == "we see it").cloned()).await;
}

#[tokio::test]
async fn a_backup_that_is_not_right_changes_nothing() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let sent = say(&alice, "bob", "a canary sings").await;
    soon(sent.wait_for(Delivery::Delivered)).await.unwrap();
    let (key, of_bob) = (alice.recovery_key().unwrap(), bob.recovery_key().unwrap());
    assert_eq!(
        soon(alice.backup().write(file(&stage), &of_bob)).await.unwrap_err().code(),
        "wrong_account_key"
    );
    assert!(!file(&stage).exists());
    let nowhere = stage.folder.path().join("no such folder").join("backup");
    assert_eq!(soon(alice.backup().write(nowhere, &key)).await.unwrap_err().code(), "io_error");
    soon(alice.backup().write(file(&stage), &key)).await.unwrap();
    let whole = std::fs::read(file(&stage)).unwrap();
    soon(alice.close()).await.unwrap();

    let alice = new_phone(&stage, "alice", &key, "new phone").await;
    let refused = async |bytes: Vec<u8>, key: &RecoveryKey| {
        let result = soon(alice.backup().restore_from(Cursor::new(bytes), key)).await;
        assert!(alice.search("canary", 5).await.unwrap().is_empty(), "nothing was taken");
        result.unwrap_err().code()
    };
    assert_eq!(refused(whole.clone(), &of_bob).await, "backup_key_wrong");
    for length in [0, 1, 50, 103, 104, 5_000, whole.len() - 1] {
        assert_eq!(refused(whole[..length].to_vec(), &key).await, "backup_damaged", "{length} bytes");
    }
    assert_eq!(refused([&whole[..], b"x"].concat(), &key).await, "backup_damaged", "longer");
    assert_eq!(refused(b"x".repeat(70_000), &key).await, "backup_unsupported", "no backup at all");
    let mut codes = std::collections::BTreeSet::new();
    for at in (0..110).step_by(3).chain((110..whole.len()).step_by(4_999)).chain([whole.len() - 1]) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        codes.insert(refused(changed, &key).await);
    }
    let expected = ["backup_damaged", "backup_key_wrong", "backup_other_account", "backup_unsupported"];
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), expected);
    let at_bob = soon(bob.backup().restore(file(&stage), &key)).await.unwrap_err();
    assert_eq!(at_bob.code(), "backup_other_account");
    let missing = stage.folder.path().join("nothing");
    assert_eq!(soon(alice.backup().restore(missing, &key)).await.unwrap_err().code(), "io_error");
    let nobody = stage.client("nobody").await;
    assert_eq!(soon(nobody.backup().restore(file(&stage), &key)).await.unwrap_err().code(), "not_registered");

    soon(alice.backup().restore(file(&stage), &key)).await.unwrap();
    let found = alice.search("canary", 5).await.unwrap();
    assert!(matches!(found[0].state, Status::Outgoing(Delivery::Delivered)));
}

#[tokio::test]
async fn the_size_of_a_backup_tells_little() {
    let stage = Stage::new().await;
    let (alice, _bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let key = alice.recovery_key().unwrap();
    let size = async || soon(alice.backup().write(file(&stage), &key)).await.unwrap().bytes;
    let empty = size().await;
    let chat = soon(alice.direct("bob")).await.unwrap();
    for n in 0..20 {
        soon(chat.send(Draft::text(format!("message {n}")))).await.unwrap();
    }
    soon(alice.flushed()).await.unwrap();
    assert_eq!(size().await, empty, "twenty messages more");
    for _ in 0..12 {
        soon(chat.send(Draft::text("x".repeat(60_000)))).await.unwrap();
    }
    soon(alice.flushed()).await.unwrap();
    let large = size().await;
    assert!(large > empty);
    assert_eq!((large - 103) % 65_552, 0, "whole segments");
    soon(chat.send(Draft::text("x".repeat(20_000)))).await.unwrap();
    soon(alice.flushed()).await.unwrap();
    assert_eq!(size().await, large, "a page more");
}
