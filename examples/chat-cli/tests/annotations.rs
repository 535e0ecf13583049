//! What scripts may rely on about replies, edits, reactions and deletions. `docs/chat.md` says the same to people.

mod house;

use house::House;
use serde_json::{Value, json};

fn json_lines(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

/// All entries of a conversation, also those without a text.
fn entries(house: &House, home: &str, with: &str) -> Vec<Value> {
    json_lines(&house.chat(home, &["history", with, "--json"]).succeeds())
}

#[test]
fn messages_are_answered_edited_reacted_to_and_taken_back() {
    let house = House::build();
    let _relay = house.start_relay();
    for name in ["alice", "bob"] {
        house.chat(name, &["register", name]).succeeds();
    }
    let sent = json_lines(&house.chat("alice", &["send", "bob", "helo", "--json"]).succeeds());
    let first = sent[0]["message_id"].as_str().expect("an id").to_owned();
    assert_eq!(
        (&sent[0]["edited"], &sent[0]["reply_to"]),
        (&Value::Null, &Value::Null),
        "only where it is so"
    );
    house.chat("bob", &["listen", "--until-drained"]).succeeds();

    house.chat("bob", &["edit", &first, "mine now"]).fails_with("not_allowed");
    house.chat("bob", &["react", &first, "+"]).succeeds();
    let reply = house.chat("bob", &["send", "alice", "what?", "--reply-to", &first, "--json"]).succeeds();
    assert_eq!(json_lines(&reply)[0]["reply_to"], first.as_str());
    let edited = json_lines(&house.chat("alice", &["edit", &first, "hello", "--json"]).succeeds());
    assert_eq!((&edited[0]["text"], &edited[0]["edited"]), (&json!("hello"), &json!(true)));

    for (home, with) in [("alice", "bob"), ("bob", "alice")] {
        house.chat(home, &["listen", "--until-drained"]).succeeds();
        let kept = house.history(home, with);
        assert_eq!(kept.len(), 2);
        assert_eq!((&kept[0]["text"], &kept[0]["edited"]), (&json!("hello"), &json!(true)));
        assert_eq!(kept[0]["reactions"], json!([{ "reaction": "+", "by": ["bob"] }]));
        assert_eq!(kept[1]["reply_to"], first.as_str());
    }
    let shown = house.chat("bob", &["history", "alice"]).succeeds();
    assert!(shown.contains("alice (edited): hello\n"), "{shown}");
    assert!(shown.contains("* bob reacted: +\n"), "{shown}");
    assert!(shown.contains("bob (reply): what?"), "{shown}");

    let taken = json_lines(&house.chat("alice", &["delete", &first, "--json"]).succeeds());
    assert_eq!((&taken[0]["text"], &taken[0]["deleted"]), (&Value::Null, &json!(true)));
    house.chat("bob", &["listen", "--until-drained"]).succeeds();
    assert_eq!(entries(&house, "bob", "alice")[0]["deleted"], json!(true));
    assert!(house.chat("bob", &["history", "alice"]).succeeds().contains("alice: <deleted>\n"));
    let removed = json_lines(&house.chat("bob", &["delete", &first, "--for-me", "--json"]).succeeds());
    assert_eq!(removed[0], json!({ "message_id": first, "removed": true }));
    assert_eq!((entries(&house, "bob", "alice").len(), entries(&house, "alice", "bob").len()), (1, 2));
}

#[test]
fn a_message_that_is_taken_back_before_it_is_printed_keeps_no_listener_waiting() {
    let house = House::build();
    let _relay = house.start_relay();
    for name in ["alice", "bob"] {
        house.chat(name, &["register", name]).succeeds();
    }
    let sent = json_lines(&house.chat("alice", &["send", "bob", "a slip", "--json"]).succeeds());
    let id = sent[0]["message_id"].as_str().expect("an id").to_owned();
    house.chat("alice", &["delete", &id]).succeeds();
    house.chat("alice", &["send", "bob", "hello"]).succeeds();
    let printed = json_lines(&house.chat("bob", &["listen", "--until-drained", "--json"]).succeeds());
    let texts: Vec<&Value> = printed.iter().map(|line| &line["text"]).collect();
    assert_eq!(texts, ["hello"]);
}

#[test]
fn messages_are_found_by_their_words_jumped_to_and_exported() {
    let house = House::build();
    let _relay = house.start_relay();
    for name in ["alice", "bob"] {
        house.chat(name, &["register", name]).succeeds();
    }
    let lines: String = (1..=30).map(|n| format!("line {n} of many\n")).collect();
    let sent = json_lines(&house.chat("alice", &["send", "bob", "--json"]).with_input(&lines).succeeds());
    let found = json_lines(&house.chat("alice", &["search", "Many 17", "--json"]).succeeds());
    assert_eq!((found.len(), &found[0]["message_id"]), (1, &sent[16]["message_id"]));
    let found = house.chat("alice", &["search", "lin", "--with", "bob", "--limit", "2"]).succeeds();
    assert_eq!(found.lines().map(|line| line.contains("line")).collect::<Vec<_>>(), [true; 2]);
    assert!(found.lines().next().is_some_and(|line| line.contains("line 30 of many")), "the newest first");
    let id = sent[16]["message_id"].as_str().expect("an id");
    let around = json_lines(&house.chat("alice", &["history", "bob", "--around", id, "--json"]).succeeds());
    assert_eq!((around.len(), &around[10]["message_id"]), (21, &sent[16]["message_id"]));
    let exported = json_lines(&house.chat("alice", &["export", "bob"]).succeeds());
    let texts = exported.iter().map(|line| line["text"].as_str().unwrap_or_default().to_owned());
    assert!(texts.eq(lines.lines().map(str::to_owned)));
    house.chat("alice", &["history", "bob", "--around", "nonsense"]).fails_with("message_id_invalid");
}

#[test]
fn conversations_are_set_and_listed_so() {
    let house = House::build();
    let _relay = house.start_relay();
    for name in ["alice", "bob"] {
        house.chat(name, &["register", name]).succeeds();
    }
    house.chat("alice", &["send", "bob", "hello"]).succeeds();
    house.chat("alice", &["mute", "bob"]).succeeds();
    house.chat("alice", &["draft", "bob", "half a"]).succeeds();
    let set = json_lines(&house.chat("alice", &["timer", "bob", "3600", "--json"]).succeeds());
    assert_eq!((&set[0]["handle"], &set[0]["timer_seconds"]), (&json!("bob"), &json!(3600)));
    assert_eq!(
        house.chat("alice", &["mute", "bob", "--off"]).succeeds(),
        "bob: draft, messages disappear after 3600 s\n"
    );
    house.chat("alice", &["block", "bob"]).succeeds();
    house.chat("alice", &["send", "bob", "no"]).fails_with("blocked");
    let listed = json_lines(&house.chat("alice", &["conversations", "--json"]).succeeds());
    let wanted = json!({ "draft": "half a", "muted_until_ms": null, "pinned": false, "archived": false,
        "marked_unread": false, "blocked": true, "timer_seconds": 3600 });
    for (field, value) in wanted.as_object().expect("an object") {
        assert_eq!(&listed[0][field], value, "{field}");
    }
    house.chat("bob", &["listen", "--until-drained"]).succeeds();
    let heard = entries(&house, "bob", "alice");
    assert_eq!((&heard[1]["reason"], &heard[1]["timer_seconds"]), (&json!("timer_changed"), &json!(3600)));
}
