//! Groups as people and scripts use them: three people with two devices each, a real relay, and kills in between.

#![allow(clippy::too_many_lines, reason = "stories, each told in one piece")]

mod house;

use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use house::House;
use serde_json::{Value, json};

const ALL: [&str; 6] = ["alice", "alice2", "bob", "bob2", "carol", "carol2"];
const PATIENCE: Duration = Duration::from_secs(60);

/// Three people with two devices each, and the group `walk` of them all, made by alice.
fn three_people_in_a_group(house: &House) -> String {
    for (first, second) in [("alice", "alice2"), ("bob", "bob2"), ("carol", "carol2")] {
        house.chat(first, &["register", first]).succeeds();
        house.link(first, second);
    }
    let made = house.json("alice", &["group", "create", "walk", "bob", "carol"]);
    house.drain(&ALL);
    text(&made[0], "conversation_id")
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("{value} has a {field}")).to_owned()
}

fn entries(house: &House, home: &str, group: &str) -> Vec<Value> {
    house.json(home, &["history", "--group", group])
}

fn entry(house: &House, home: &str, group: &str, id: &str) -> Value {
    let all = entries(house, home, group);
    all.iter().find(|entry| entry["message_id"] == id).unwrap_or_else(|| panic!("{home} has {id}")).clone()
}

/// What stands in the group, without notices.
fn texts(house: &House, home: &str, group: &str) -> Vec<String> {
    let all = entries(house, home, group);
    all.iter().filter_map(|entry| Some(entry["text"].as_str()?.to_owned())).collect()
}

fn roles(info: &Value) -> Vec<(String, String)> {
    let members = info["members"].as_array().expect("a list");
    let mut roles: Vec<_> = members.iter().map(|who| (text(who, "handle"), text(who, "role"))).collect();
    roles.sort();
    roles
}

fn reaches(house: &House, home: &str, id: &str) -> (Vec<(String, String)>, bool, bool) {
    let told = house.json(home, &["receipts", id]).remove(0);
    let members = told["members"].as_array().expect("a list");
    let mut reaches: Vec<_> = members.iter().map(|who| (text(who, "handle"), text(who, "reach"))).collect();
    reaches.sort();
    (reaches, told["all_delivered"] == true, told["all_read"] == true)
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(one, two)| ((*one).to_owned(), (*two).to_owned())).collect()
}

#[test]
fn three_people_with_two_devices_each_talk_in_a_group() {
    let house = House::build();
    let _relay = house.start_relay();
    let group = three_people_in_a_group(&house);
    let info = house.json("carol2", &["group", "info", &group]).remove(0);
    assert_eq!(roles(&info), pairs(&[("alice", "owner"), ("bob", "member"), ("carol", "member")]));
    assert_eq!((&info["title"], &info["standing"]), (&json!("walk"), &json!("member")));

    let first = house.json("alice", &["send", "--group", "walk", "helo"]).remove(0);
    assert_eq!(first["group"], "walk");
    let first = text(&first, "message_id");
    for home in ["bob", "bob2", "carol", "carol2"] {
        let printed = house.json(home, &["listen", "--until-drained"]);
        assert_eq!(printed.len(), 1, "{home}");
        assert_eq!((&printed[0]["text"], &printed[0]["sender"]), (&json!("helo"), &json!("alice")));
        assert_eq!(
            (&printed[0]["group"], text(&printed[0], "conversation_id")),
            (&json!("walk"), group.clone())
        );
    }
    house.drain(&["alice2"]);
    assert_eq!(entry(&house, "alice2", "walk", &first)["direction"], "out");

    let reply = ["send", "--group", &group, "where to?", "--reply-to", &first];
    let reply = text(&house.json("bob2", &reply)[0], "message_id");
    let slip = text(&house.json("bob", &["send", "--group", "walk", "a slip"])[0], "message_id");
    house.drain(&["carol"]);
    house.chat("carol", &["react", &first, "+"]).succeeds();
    house.chat("carol", &["edit", &first, "mine now"]).fails_with("error[not_allowed]");
    let edited = house.json("alice", &["edit", &first, "hello"]).remove(0);
    assert_eq!(
        (&edited["text"], &edited["edited"], &edited["group"]),
        (&json!("hello"), &json!(true), &json!("walk"))
    );
    // What one device wrote, the other takes back.
    house.drain(&["bob2"]);
    house.chat("bob2", &["delete", &slip]).succeeds();
    house.drain(&ALL);
    for home in ALL {
        let seen = entry(&house, home, "walk", &first);
        assert_eq!((&seen["text"], &seen["edited"]), (&json!("hello"), &json!(true)), "{home}");
        assert_eq!(seen["reactions"], json!([{ "reaction": "+", "by": ["carol"] }]), "{home}");
        assert_eq!(entry(&house, home, "walk", &reply)["reply_to"], first.as_str(), "{home}");
        let gone = entry(&house, home, "walk", &slip);
        assert_eq!((&gone["text"], &gone["deleted"]), (&Value::Null, &json!(true)), "{home}");
    }

    house.chat("bob2", &["listen", "--until-drained", "--read"]).succeeds();
    house.drain(&["alice", "alice2"]);
    for home in ["alice", "alice2"] {
        let wanted = (pairs(&[("bob", "read"), ("carol", "delivered")]), true, false);
        assert_eq!(reaches(&house, home, &first), wanted, "{home}");
    }
    house.chat("carol2", &["listen", "--until-drained", "--read"]).succeeds();
    house.drain(&["alice"]);
    assert_eq!(reaches(&house, "alice", &first), (pairs(&[("bob", "read"), ("carol", "read")]), true, true));
    assert_eq!(house.chat("alice", &["receipts", &first]).succeeds().lines().count(), 2);
    house.chat("carol", &["receipts", &first]).fails_with("error[not_found]");
}

#[test]
fn who_is_removed_reads_nothing_after_and_who_comes_back_reads_on() {
    let house = House::build();
    let _relay = house.start_relay();
    let group = three_people_in_a_group(&house);
    house.chat("alice", &["send", "--group", "walk", "for all"]).succeeds();
    house.drain(&ALL);

    house.chat("bob", &["group", "remove", "walk", "carol"]).fails_with("error[not_permitted]");
    let info = house.json("alice2", &["group", "promote", "walk", "bob"]).remove(0);
    assert!(roles(&info).contains(&("bob".into(), "admin".into())));
    house.drain(&["bob", "bob2"]);
    let info = house.json("bob2", &["group", "title", "walk", "hike"]).remove(0);
    assert_eq!(info["title"], "hike");
    house.drain(&ALL);
    house.chat("alice", &["group", "info", "walk"]).fails_with("error[group_unknown]");

    let info = house.json("bob2", &["group", "remove", "hike", "carol"]).remove(0);
    assert_eq!(roles(&info), pairs(&[("alice", "owner"), ("bob", "admin")]));
    house.drain(&ALL);
    let secret = text(&house.json("alice", &["send", "--group", "hike", "without carol"])[0], "message_id");
    house.chat("bob", &["listen", "--until-drained"]).succeeds();
    house.chat("bob", &["send", "--group", "hike", "she is out"]).succeeds();
    house.drain(&ALL);
    for home in ["carol", "carol2"] {
        assert_eq!(texts(&house, home, &group), ["for all"], "{home}");
        assert_eq!(house.json(home, &["group", "info", &group])[0]["standing"], "out", "{home}");
        house.chat(home, &["send", "--group", &group, "still here?"]).fails_with("error[not_permitted]");
    }
    let last = entries(&house, "carol", &group).pop().expect("a notice");
    assert_eq!((&last["reason"], &last["sender"]), (&json!("members_removed"), &json!("bob")));
    assert_eq!(last["event"]["members"][0]["handle"], "carol");
    for home in ["alice", "alice2", "bob", "bob2"] {
        assert_eq!(texts(&house, home, "hike"), ["for all", "without carol", "she is out"], "{home}");
    }
    assert_eq!(reaches(&house, "alice", &secret).0, pairs(&[("bob", "delivered")]));

    house.chat("bob", &["group", "add", "hike", "carol"]).succeeds();
    house.drain(&ALL);
    house.chat("bob2", &["send", "--group", "hike", "welcome back"]).succeeds();
    house.drain(&ALL);
    house.chat("carol2", &["send", "--group", &group, "thanks"]).succeeds();
    house.drain(&ALL);
    for home in ["carol", "carol2"] {
        assert_eq!(texts(&house, home, &group), ["for all", "welcome back", "thanks"], "{home}");
    }
    for home in ["alice", "alice2", "bob", "bob2"] {
        let wanted = ["for all", "without carol", "she is out", "welcome back", "thanks"];
        assert_eq!(texts(&house, home, &group), wanted, "{home}");
    }

    house.chat("alice", &["group", "leave", "hike"]).fails_with("error[not_permitted]");
    house.chat("bob", &["group", "leave", "hike"]).succeeds();
    house.drain(&ALL);
    for home in ["alice2", "carol"] {
        let info = house.json(home, &["group", "info", &group]).remove(0);
        assert_eq!(roles(&info), pairs(&[("alice", "owner"), ("carol", "member")]), "{home}");
    }
    assert_eq!(house.json("bob2", &["group", "info", &group])[0]["standing"], "out");
    house.chat("alice", &["group", "create", "hike"]).succeeds();
    house.chat("alice", &["group", "info", "hike"]).fails_with("error[group_ambiguous]");
}

/// Ends a listener without warning.
fn kill(mut child: Child) {
    let _ = child.kill();
    child.wait().expect("it ends");
}

#[test]
fn listeners_and_the_relay_are_killed_and_everybody_has_every_message_of_the_group_in_order() {
    const ROUNDS: usize = 4;
    let house = House::build();
    let relay = house.start_relay();
    let group = three_people_in_a_group(&house);
    let lines = |who: &str, round: usize| -> Vec<String> {
        (0..5)
            .map(|n| format!("{who} {round} {n}: a message of the group, long enough to be found"))
            .collect()
    };
    let writers = ["alice", "bob2", "carol"];
    for round in 0..ROUNDS {
        let listeners = ["bob", "carol2", "alice2"].map(|home| house.spawn(home, &["listen", "--json"]));
        thread::scope(|scope| {
            for who in writers {
                let (house, group) = (&house, &group);
                let input = lines(who, round).join("\n");
                scope.spawn(move || {
                    let send = ["--timeout", "60", "send", "--group", group];
                    house.chat(who, &send).with_input(&format!("{input}\n")).succeeds();
                });
            }
            thread::sleep(Duration::from_millis(150 * round as u64));
            relay.kill_and_restart();
            listeners.into_iter().for_each(kill);
        });
    }
    let started = Instant::now();
    let wanted = writers.len() * ROUNDS * 5;
    while ALL.iter().any(|home| texts(&house, home, &group).len() < wanted) {
        assert!(started.elapsed() < PATIENCE, "everybody has everything in the end");
        house.drain(&ALL);
    }
    let mut said = Vec::new();
    for home in ALL {
        let texts = texts(&house, home, &group);
        assert_eq!(texts.len(), wanted, "{home} has each message once");
        for who in writers {
            let of: Vec<_> = texts.iter().filter(|text| text.starts_with(who)).cloned().collect();
            let all: Vec<_> = (0..ROUNDS).flat_map(|round| lines(who, round)).collect();
            assert_eq!(of, all, "{home} has what {who} wrote, in order");
        }
        said = texts;
    }
    relay.stop();
    house.assert_no_plaintext(&said);
}

#[test]
fn every_command_works_beside_a_listener_of_the_same_home() {
    let house = House::build();
    let _relay = house.start_relay();
    for name in ["alice", "bob"] {
        house.chat(name, &["register", name]).succeeds();
    }
    let listener = house.spawn("alice", &["listen", "--json"]);
    let started = Instant::now();
    while !house.path("alice").join("control.sock").exists() {
        assert!(started.elapsed() < PATIENCE, "it listens");
        thread::sleep(Duration::from_millis(20));
    }
    let sent = text(&house.json("alice", &["send", "bob", "helo"])[0], "message_id");
    let edited = house.json("alice", &["edit", &sent, "hello"]).remove(0);
    assert_eq!((&edited["text"], &edited["edited"]), (&json!("hello"), &json!(true)));
    assert_eq!(house.json("alice", &["react", &sent, "+"])[0]["reactions"][0]["by"], json!(["alice"]));
    house.chat("alice", &["edit", &sent, ""]).fails_with("error[text_empty]");
    assert_eq!(house.chat("alice", &["retry", &sent]).succeeds(), format!("{sent} sent\n"));
    house.chat("alice", &["cancel", &sent]).fails_with("error[too_late]");
    assert_eq!(house.json("alice", &["delete", &sent])[0]["deleted"], true);
    assert_eq!(
        house.json("alice", &["delete", &sent, "--for-me"])[0],
        json!({ "message_id": sent, "removed": true })
    );
    assert_eq!(house.chat("alice", &["pin", "bob"]).succeeds(), "bob: pinned\n");
    assert_eq!(house.json("alice", &["mute", "bob"])[0]["muted_until_ms"], json!(i64::MAX));
    house.chat("alice", &["block", "bob"]).succeeds();
    house.chat("alice", &["send", "bob", "no"]).fails_with("error[blocked]");
    house.chat("alice", &["block", "bob", "--off"]).succeeds();
    assert_eq!(house.json("alice", &["devices", "rename", "this", "phone"])[0]["name"], "phone");
    assert_eq!(house.json("alice", &["verify", "bob"])[0]["verified"], false);
    assert_eq!(house.json("alice", &["verify", "bob", "--confirm"])[0]["verified"], true);
    assert!(!house.chat("alice", &["recovery-key"]).succeeds().is_empty());
    let made = house.json("alice", &["group", "create", "walk", "bob"]).remove(0);
    assert_eq!(house.json("alice", &["group", "title", "walk", "hike"])[0]["title"], "hike");
    house.chat("alice", &["send", "--group", "hike", "hello"]).succeeds();
    assert_eq!(
        house.json("alice", &["group", "info", "hike"])[0]["conversation_id"],
        made["conversation_id"]
    );
    assert_eq!(house.chat("alice", &["pin", "--group", "hike"]).succeeds(), "hike: pinned\n");
    house.chat("alice", &["draft", "--group", "hike", "half a"]).succeeds();
    let set = house.json("alice", &["timer", "--group", "hike", "3600"]).remove(0);
    assert_eq!(
        (&set["group"], &set["handle"], &set["timer_seconds"]),
        (&json!("hike"), &Value::Null, &json!(3600))
    );
    house.chat("alice", &["timer", "--group", "hike"]).fails_with("error[seconds_invalid]");
    let listed = house.json("alice", &["conversations"]);
    assert_eq!(listed.len(), 2);
    let group = listed.iter().find(|item| item["group"] == "hike").expect("it is listed");
    assert_eq!((&group["draft"], &group["pinned"]), (&json!("half a"), &json!(true)));
    kill(listener);
    // The socket that is left behind keeps nobody from working.
    house.chat("alice", &["send", "--group", "hike", "goodbye"]).succeeds();
    house.drain(&["bob"]);
    assert_eq!(texts(&house, "bob", "hike"), ["hello", "goodbye"]);
}
