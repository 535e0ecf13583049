//! What a message carries, and what is said about it; finding it again.

use std::sync::Arc;

use waxwing::MessageId;
use waxwing_ffi::{
    Custom, Draft, EntryBody, FfiConversation, FfiExport, Mention, Page, PagePlace, TimelineDiff,
    TimelineItem, open_history,
};

use crate::stage::{Stage, chat, code, draft, entries, key, newest, soon, take, text, until, written};

/// The entry, once it is so.
async fn when(chat: &FfiConversation, id: MessageId, is_so: impl Fn(&TimelineItem) -> bool) -> TimelineItem {
    until(async || entries(chat).await.into_iter().find(|item| item.message_id == id && is_so(item))).await
}

#[tokio::test]
async fn annotations() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let (to_bob, to_alice) = (chat(&alice, "bob").await, chat(&bob, "alice").await);
    let id = soon(to_bob.send(draft("helo"))).await.ok().unwrap().id();
    take(&bob.incoming("test".to_owned()), 1).await;
    soon(to_bob.edit(id, "hello".to_owned())).await.unwrap();
    let edited = when(&to_alice, id, |item| item.edited).await;
    assert_eq!(text(&edited), Some("hello"));

    for reaction in ["👍", "❤️"] {
        soon(to_alice.react(id, reaction.to_owned())).await.unwrap();
    }
    let reacted =
        when(&to_bob, id, |item| item.reactions.iter().any(|reaction| reaction.reaction == "❤️")).await;
    assert_eq!(reacted.reactions.len(), 1);
    assert_eq!(reacted.reactions[0].by[0].handle.as_deref(), Some("bob"));
    soon(to_alice.react(id, String::new())).await.unwrap();
    when(&to_bob, id, |item| item.reactions.is_empty()).await;
    assert_eq!(code(soon(to_alice.edit(id, "mine".to_owned())).await), "not_allowed");

    soon(to_bob.delete_for_everyone(id)).await.unwrap();
    for chat in [&to_bob, &to_alice] {
        when(chat, id, |item| item.body == EntryBody::Deleted).await;
    }
    let stays = soon(to_bob.send(draft("stays with Alice"))).await.ok().unwrap().id();
    until(async || bob.entry(stays).await.ok()).await;
    soon(to_alice.delete_for_me(stays)).await.unwrap();
    assert_eq!(code(soon(bob.entry(stays)).await), "not_found");
    assert!(entries(&to_alice).await.iter().all(|item| item.message_id != stays));
    assert_eq!(text(&soon(alice.entry(stays)).await.unwrap()), Some("stays with Alice"));
}

#[tokio::test]
async fn marks() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let (to_bob, to_alice) = (chat(&alice, "bob").await, chat(&bob, "alice").await);
    let one = soon(to_bob.send(draft("one"))).await.ok().unwrap().id();
    take(&bob.incoming("test".to_owned()), 1).await;
    let account = alice.me().unwrap().unwrap().account;
    let mention = |start_bytes| Mention { account, start_bytes, length_bytes: 6 };
    let two = Draft { reply_to: Some(one), mentions: vec![mention(0)], ..draft("@alice: é, two") };
    soon(to_alice.send(two)).await.ok().unwrap();
    let answer = &take(&alice.incoming("test".to_owned()), 1).await[0];
    assert_eq!((answer.marks.reply_to, &answer.marks.mentions), (Some(one), &vec![mention(0)]));
    let history = soon(open_history(stage.store("alice"), key())).await.ok().unwrap();
    assert_eq!(soon(history.conversations()).await.unwrap()[0].unread_mentions, 1);

    let back = Draft { forwarded: true, ..draft("one") };
    soon(to_bob.send(back)).await.ok().unwrap();
    let place = Custom { kind: "example.com/location".to_owned(), payload: vec![1, 2, 3] };
    let custom = Draft { custom: Some(place.clone()), ..draft("a place") };
    soon(to_bob.send(custom)).await.ok().unwrap();
    let messages = take(&bob.incoming("again".to_owned()), 3).await;
    assert_eq!(messages.iter().map(|one| one.marks.forwarded).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!((messages[2].text.as_str(), &messages[2].marks.custom), ("a place", &Some(place.clone())));
    let last = entries(&to_alice).await.pop().unwrap();
    assert_eq!((text(&last), &last.marks.custom), (Some("a place"), &Some(place)));
    let outside = Draft { mentions: vec![mention(40)], ..draft("short") };
    assert_eq!(code(soon(to_bob.send(outside)).await), "invalid_input");
}

/// All that an export gives.
async fn exported(export: &FfiExport) -> Vec<String> {
    let (mut after, mut given) = (0, Vec::new());
    while let Some(batch) = soon(export.pull(after, None)).await.unwrap() {
        after = batch.number;
        given.extend(batch.items.iter().filter_map(|item| text(item).map(str::to_owned)));
    }
    given
}

#[tokio::test]
async fn search_jump_and_export() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let (to_bob, to_alice) = (chat(&alice, "bob").await, chat(&bob, "alice").await);
    let numbered = |n: usize| if n == 10 { "the Éclair of ten".to_owned() } else { format!("number {n}") };
    for n in 1..=60 {
        soon(to_bob.send(draft(numbered(n)))).await.ok().unwrap();
    }
    take(&bob.incoming("test".to_owned()), 60).await;
    let everywhere = soon(bob.search("eclair".to_owned(), 50)).await.unwrap();
    let here = soon(to_alice.search("eclair".to_owned(), 50)).await.unwrap();
    assert_eq!((everywhere.len(), &here), (1, &everywhere));
    assert!(soon(bob.search("tart".to_owned(), 50)).await.unwrap().is_empty());
    let id = here[0].message_id;
    assert_eq!(soon(bob.entry(id)).await.unwrap(), here[0]);

    let around = Page { limit: 9, place: PagePlace::Around { id } };
    let page = soon(to_alice.read_page(around.clone())).await.unwrap();
    let found: Vec<_> = page.iter().filter_map(text).map(str::to_owned).collect();
    assert_eq!(found.len(), 9);
    let first = (1..=60).find(|n| numbered(*n) == found[0]).unwrap();
    assert_eq!(found, (first..first + 9).map(numbered).collect::<Vec<_>>());
    assert!(found.contains(&numbered(10)));
    let timeline = to_alice.timeline(around);
    let batch = soon(timeline.pull(0, None)).await.unwrap().unwrap();
    let [TimelineDiff::Reset { items }] = batch.diffs.as_slice() else { panic!("the first is a reset") };
    assert!(items.iter().any(|item| item.message_id == id));
    soon(to_bob.send(draft("at last"))).await.ok().unwrap();
    let mut after = batch.number;
    let mut newer = Vec::new();
    while newer.last().map(String::as_str) != Some("at last") {
        let batch = soon(timeline.pull(after, None)).await.unwrap().unwrap();
        after = batch.number;
        for diff in batch.diffs {
            if let TimelineDiff::Appended { items } = diff {
                newer.extend(items.iter().filter_map(|item| text(item).map(str::to_owned)));
            }
        }
    }

    let mut all: Vec<_> = (1..=60).map(numbered).collect();
    all.push("at last".to_owned());
    assert_eq!(exported(&to_alice.export()).await, all);
    let history = soon(open_history(stage.store("bob"), key())).await.ok().unwrap();
    assert_eq!(soon(history.search("eclair".to_owned(), None, 50)).await.unwrap(), everywhere);
    let export: Arc<FfiExport> = history.export(to_alice.id());
    assert_eq!(exported(&export).await, all);
    assert_eq!(soon(to_alice.read_page(newest(1))).await.unwrap().len(), 1);
    assert_eq!(written(&to_alice).await.len(), 61);
}
