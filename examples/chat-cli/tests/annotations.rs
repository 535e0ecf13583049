//! What scripts may rely on about replies, edits, reactions and deletions. `docs/chat.md` says the same to people.

mod house;

use house::House;
use serde_json::{Value, json};

fn json_lines(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
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
    assert_eq!(house.history("bob", "alice")[0]["deleted"], json!(true));
    assert!(house.chat("bob", &["history", "alice"]).succeeds().contains("alice: <deleted>\n"));
    let removed = json_lines(&house.chat("bob", &["delete", &first, "--for-me", "--json"]).succeeds());
    assert_eq!(removed[0], json!({ "message_id": first, "removed": true }));
    assert_eq!((house.history("bob", "alice").len(), house.history("alice", "bob").len()), (1, 2));
}
