//! Backups, and the end of an account.

use waxwing_ffi::{Delivery, DeliveryGoal, Event, FailureReason, FfiClient, GroupRole, ListDiff, Recover};

use crate::linking::link;
use crate::stage::{
    Stage, by_handle, chat, code, draft, entries, hear, recover, say, sign_up, soon, take, text, texts,
    until, written,
};

#[tokio::test]
async fn backup_and_restore() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let sent = say(&alice, "bob", "a canary sings").await;
    soon(sent.reached(DeliveryGoal::Delivered, None)).await.unwrap();
    let answer = say(&bob, "alice", "so it does").await.id();
    take(&alice.incoming("test".to_owned()), 1).await;
    let to_bob = chat(&alice, "bob").await;
    soon(to_bob.react(answer, "+".to_owned())).await.unwrap();
    soon(to_bob.set_pinned(true)).await.unwrap();
    let number = soon(alice.safety_number(by_handle("bob"))).await.ok().unwrap();
    soon(alice.mark_verified(number)).await.unwrap();
    let members = vec![by_handle("bob")];
    let birds = soon(alice.create_group("birds".to_owned(), members, None)).await.ok().unwrap().id();
    until(async || bob.conversation(birds).await.ok()).await;

    let (paper, of_bob) =
        (soon(alice.recovery_key()).await.unwrap(), soon(bob.recovery_key()).await.unwrap());
    let file = stage.folder.path().join("alice.waxwing").display().to_string();
    let write = async |key: &str| soon(alice.write_backup(file.clone(), key.to_owned(), None)).await;
    assert_eq!(code(write("nonsense").await), "recovery_key_invalid");
    assert_eq!(code(write(&of_bob).await), "wrong_account_key");
    let summary = write(&paper).await.unwrap();
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!(summary.bytes, bytes.len() as u64);
    assert!(!bytes.windows(6).any(|window| window == b"canary"));
    let texts_before = written(&to_bob).await;
    soon(alice.shut_down()).await.unwrap();

    let alice = stage.open("new phone").await;
    recover(&alice, "alice", &paper, Recover::Replace).await;
    let restore = async |client: &FfiClient, path: &str, key: &str| {
        soon(client.restore_backup(path.to_owned(), key.to_owned(), None)).await
    };
    let cut = stage.folder.path().join("cut").display().to_string();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(code(restore(&alice, &cut, &paper).await), "backup_damaged");
    assert_eq!(code(restore(&alice, &file, &of_bob).await), "backup_key_wrong");
    assert_eq!(code(restore(&bob, &file, &paper).await), "backup_other_account");
    for _ in 0..2 {
        assert_eq!(restore(&alice, &file, &paper).await, Ok(summary));
        let to_bob = chat(&alice, "bob").await;
        assert_eq!(written(&to_bob).await, texts_before);
        let entries = entries(&to_bob).await;
        let reacted = entries.iter().find(|item| item.message_id == answer).unwrap();
        assert_eq!(reacted.reactions[0].reaction, "+");
        assert!(soon(to_bob.settings()).await.unwrap().pinned);
    }
    assert!(soon(alice.safety_number(by_handle("bob"))).await.ok().unwrap().is_verified());
    let group = soon(alice.conversation(birds)).await.ok().unwrap().group().unwrap();
    assert_eq!(soon(group.info()).await.unwrap().members.len(), 2);
    let incoming = bob.incoming("test".to_owned());
    say(&alice, "bob", "on a new phone").await;
    assert_eq!(texts(&take(&incoming, 2).await), ["a canary sings", "on a new phone"]);
}

#[tokio::test]
async fn account_deletion() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    say(&bob, "alice", "a word that stays").await;
    take(&alice.incoming("test".to_owned()), 1).await;
    let laptop = stage.open("laptop").await;
    link(&laptop, &alice).await;
    assert_eq!(code(soon(laptop.delete_account(None)).await), "account_key_missing");
    let members = vec![by_handle("bob")];
    let both = soon(alice.create_group("both".to_owned(), members, None)).await.ok().unwrap().id();
    let at_bob = until(async || bob.conversation(both).await.ok()).await.group().unwrap();
    let account = alice.me().unwrap().unwrap().account;

    let events = [alice.events(), laptop.events()];
    soon(alice.delete_account(None)).await.unwrap();
    for told in &events {
        hear(told, |event| matches!(event, Event::SignedOut { code } if code == "account_deleted")).await;
    }
    assert_eq!(alice.me().unwrap(), None);
    let batch = soon(alice.conversations().pull(0, None)).await.unwrap().unwrap();
    assert_eq!(batch.diffs, [ListDiff::Reset { items: Vec::new() }]);
    let at_laptop = chat(&laptop, "bob").await;
    let kept = entries(&at_laptop).await;
    assert!(kept.iter().any(|item| text(item) == Some("a word that stays")));
    let alone = until(async || {
        let members = at_bob.info().await.unwrap().members;
        (members.len() == 1).then_some(members)
    })
    .await;
    assert_eq!(alone[0].role, GroupRole::Owner);
    let to_alice = soon(bob.direct_by_account(account)).await.ok().unwrap();
    let sent = soon(to_alice.send(draft("are you there?"))).await.ok().unwrap();
    let state = soon(sent.reached(DeliveryGoal::Delivered, None)).await.unwrap();
    assert_eq!(state, Delivery::Failed { reason: FailureReason::RecipientGone });

    let other = stage.open("another").await;
    let me = soon(sign_up(&other, "alice")).await.unwrap();
    assert_ne!(me.account, account);
}
