//! How conversations are set, and messages that disappear.

use std::time::Duration;

use waxwing_ffi::{
    ConversationSettings, EntryBody, FfiConversation, Mute, Notice, Recover, Timestamp, open_history,
};

use crate::stage::{Stage, chat, code, draft, entries, key, recover, soon, take, texts, until};

/// The settings, once they are so.
async fn set(chat: &FfiConversation, is_so: impl Fn(&ConversationSettings) -> bool) -> ConversationSettings {
    until(async || Some(chat.settings().await.unwrap()).filter(|settings| is_so(settings))).await
}

#[tokio::test]
async fn conversation_settings() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let tablet = stage.open("tablet").await;
    let paper = soon(alice.recovery_key()).await.unwrap();
    recover(&tablet, "alice", &paper, Recover::Add).await;
    let (one, other) = (chat(&alice, "bob").await, chat(&tablet, "bob").await);
    soon(one.set_draft("half a".to_owned())).await.unwrap();
    soon(one.set_pinned(true)).await.unwrap();
    soon(one.set_archived(true)).await.unwrap();
    soon(one.set_marked_unread(true)).await.unwrap();
    soon(one.set_muted(Some(Mute::ForEver))).await.unwrap();
    let wanted = ConversationSettings {
        draft: "half a".to_owned(),
        muted: Some(Mute::ForEver),
        pinned: true,
        archived: true,
        marked_unread: true,
        blocked: false,
        timer: None,
    };
    set(&other, |settings| *settings == wanted).await;
    let history = soon(open_history(stage.store("tablet"), key())).await.ok().unwrap();
    let listed = soon(history.conversations()).await.unwrap();
    let line = listed.iter().find(|line| line.conversation_id == one.id()).unwrap();
    assert_eq!(line.settings, wanted);

    let tomorrow = Some(Mute::Until { moment: Timestamp::from_ms(4_102_444_800_123) });
    soon(other.set_muted(tomorrow)).await.unwrap();
    set(&one, |settings| settings.muted == tomorrow).await;
    soon(other.set_muted(None)).await.unwrap();
    soon(other.set_pinned(false)).await.unwrap();
    soon(other.set_archived(false)).await.unwrap();
    soon(other.set_draft(String::new())).await.unwrap();
    let cleared =
        ConversationSettings { draft: String::new(), muted: None, pinned: false, archived: false, ..wanted };
    set(&one, |settings| *settings == cleared).await;

    let incoming = alice.incoming("test".to_owned());
    soon(chat(&bob, "alice").await.send(draft("hello"))).await.ok().unwrap();
    let hello = take(&incoming, 1).await.remove(0);
    soon(one.mark_read(hello.message_id)).await.unwrap();
    set(&one, |settings| !settings.marked_unread).await;

    soon(one.set_blocked(true)).await.unwrap();
    assert_eq!(code(soon(one.send(draft("to nobody"))).await), "blocked");
    let to_alice = chat(&bob, "alice").await;
    soon(to_alice.send(draft("unheard"))).await.ok().unwrap();
    soon(bob.flushed(None)).await.unwrap();
    // What was sent before it is taken in before: there is a time after which it would have come.
    soon(alice.suspend(Duration::from_secs(5), None)).await.unwrap();
    soon(alice.resume()).await.unwrap();
    soon(alice.drained(None)).await.unwrap();
    soon(one.set_blocked(false)).await.unwrap();
    set(&other, |settings| !settings.blocked).await;
    soon(to_alice.send(draft("heard"))).await.ok().unwrap();
    let again = alice.incoming("again".to_owned());
    assert_eq!(texts(&take(&again, 2).await), ["hello", "heard"]);
}

#[tokio::test]
async fn disappearing() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let (to_bob, to_alice) = (chat(&alice, "bob").await, chat(&bob, "alice").await);
    let second = Some(Duration::from_secs(1));
    soon(to_bob.set_timer(second)).await.unwrap();
    let told = EntryBody::Notice { notice: Notice::TimerChanged { timer: second } };
    for chat in [&to_bob, &to_alice] {
        set(chat, |settings| settings.timer == second).await;
        until(async || entries(chat).await.iter().any(|item| item.body == told).then_some(())).await;
    }
    let gone = soon(to_bob.send(draft("gone"))).await.ok().unwrap().id();
    assert_eq!(take(&bob.incoming("test".to_owned()), 1).await[0].marks.expires_after, second);
    until(async || alice.entry(gone).await.err()).await;
    assert!(soon(bob.entry(gone)).await.is_ok(), "it waits to be read");
    soon(to_alice.mark_read(gone)).await.unwrap();
    until(async || bob.entry(gone).await.err()).await;
    let century = Duration::from_secs(100 * 366 * 86_400);
    assert_eq!(code(soon(to_bob.set_timer(Some(century))).await), "invalid_input");

    soon(to_bob.set_timer(None)).await.unwrap();
    set(&to_alice, |settings| settings.timer.is_none()).await;
    let stays = soon(to_bob.send(draft("stays"))).await.ok().unwrap().id();
    let kept = until(async || bob.entry(stays).await.ok()).await;
    assert_eq!(kept.marks.expires_after, None);
}
