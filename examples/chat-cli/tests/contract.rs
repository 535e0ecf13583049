//! What scripts may rely on: commands, JSON fields, exit codes, files. `docs/chat.md` says the same to people.

mod house;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use house::{House, field};
use serde_json::Value;

const CHAT: &str = env!("CARGO_BIN_EXE_waxwing-chat");

fn two_people(house: &House) {
    for name in ["alice", "bob"] {
        house.chat(name, &["register", name]).succeeds();
    }
}

fn json_lines(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn exit_code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

/// The program without a house.
fn plain(arguments: &[&str]) -> Output {
    let mut command = Command::new(CHAT);
    command.args(arguments).stdin(Stdio::null());
    command.env_remove("WAXWING_STORE_KEY").env_remove("WAXWING_HOME").env_remove("WAXWING_RELAY");
    command.output().expect("the program runs")
}

#[test]
fn json_lines_carry_the_promised_fields() {
    let house = House::build();
    let _relay = house.start_relay();
    let me = json_lines(&house.chat("alice", &["register", "alice", "--json"]).succeeds());
    assert_eq!(me[0]["handle"], "alice");
    house.chat("bob", &["register", "Bob"]).succeeds();
    assert_eq!(house.chat("bob", &["whoami"]).succeeds(), "bob\n");

    let sent = json_lines(&house.chat("alice", &["send", "bob", "hello\nbob", "--json"]).succeeds());
    let heard = json_lines(&house.chat("bob", &["listen", "--json", "--until-drained"]).succeeds());
    let kept = json_lines(&house.chat("bob", &["history", "alice", "--json"]).succeeds());
    assert_eq!((sent.len(), heard.len(), kept.len()), (1, 1, 1));
    assert_eq!(sent[0]["state"], "sent");
    assert_eq!(sent[0]["direction"], "out");
    assert_eq!(heard[0]["state"], "unread");
    for line in [&sent[0], &heard[0], &kept[0]] {
        assert_eq!(line["kind"], "message");
        assert_eq!(line["text"], "hello\nbob");
        assert_eq!(line["sender"], "alice");
        assert_eq!(line["sender_account"], me[0]["account"]);
        for field in ["message_id", "conversation_id", "sent_at", "sent_at_ms"] {
            assert_eq!(line[field], sent[0][field], "{field}");
        }
        let sent_at = line["sent_at"].as_str().expect("a text");
        assert_eq!((sent_at.len(), &sent_at[10..11], &sent_at[23..]), (24, "T", "Z"));
        assert!(line["stored_at"].is_string() && line["stored_at_ms"].is_i64());
    }
    let listed = json_lines(&house.chat("bob", &["conversations", "--json"]).succeeds());
    assert_eq!((&listed[0]["handle"], &listed[0]["unread"]), (&Value::from("alice"), &Value::from(1)));
}

#[test]
fn command_lines_that_make_no_sense_end_with_two() {
    for arguments in [
        &["listen"][..],
        &["nonsense"],
        &["--timeout", "soon", "listen"],
        &["--home", "x", "send"],
        &["--home", "x", "register", "alice", "--replace"],
        &["--home", "x", "listen", "--count", "0"],
        &["--home", "x", "send", "bob", ""],
        &["--home", "x", "cancel", "not-an-id"],
    ] {
        let output = plain(arguments);
        assert_eq!(exit_code(&output), 2, "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).starts_with("error["), "{}", stderr(&output));
        assert!(stderr(&output).contains("\n  do: "), "{}", stderr(&output));
    }
    for arguments in [&["--help"][..], &["--version"], &["send", "--help"]] {
        assert_eq!(exit_code(&plain(arguments)), 0);
    }
    assert!(String::from_utf8_lossy(&plain(&["--help"]).stdout).contains("Exit codes:"));
}

#[test]
fn failures_have_a_code_an_advice_and_a_line_of_json() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    let not_registered = house.chat("nobody", &["send", "bob", "x", "--json"]).output();
    assert_eq!(exit_code(&not_registered), 1);
    let last = stderr(&not_registered).lines().last().map(str::to_owned).expect("a line");
    let error = &serde_json::from_str::<Value>(&last).expect("JSON")["error"];
    assert_eq!(error["code"], "not_registered");
    assert!(["kind", "message", "advice"].iter().all(|field| error[field].is_string()));
    assert!(!house.path("nobody").exists(), "a failure leaves no folder behind");

    house.chat("mallory", &["register", "alice"]).fails_with("error[handle_taken]");
    house.chat("mallory", &["register", "mallory"]).succeeds();
    house.chat("mallory", &["register", "other"]).fails_with("error[already_registered]");
    house.chat("alice", &["send", "nobody-here", "x"]).fails_with("error[unknown_account]");
    house.chat("alice", &["send", "no such handle", "x"]).fails_with("error[handle_invalid]");
    house
        .chat("alice", &["register", "alice", "--recovery-key", "abc"])
        .fails_with("error[recovery_key_invalid]");
    let unknown = "0198c5a4-7b1e-7000-8000-000000000000";
    house.chat("alice", &["cancel", unknown]).fails_with("error[not_found]");
    assert_eq!(house.chat("alice", &["history", "nobody-here"]).succeeds(), "");
}

#[cfg(unix)]
#[test]
fn key_of_the_store_is_private_and_needed() {
    use std::os::unix::fs::PermissionsExt as _;
    let house = House::build();
    let _relay = house.start_relay();
    house.chat("alice", &["register", "alice"]).succeeds();
    let key = house.path("alice").join("store.key");
    let mode = |mode| fs::set_permissions(&key, fs::Permissions::from_mode(mode)).expect("it is ours");
    assert_eq!(fs::metadata(&key).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(house.path("alice")).expect("it is there").permissions().mode() & 0o777, 0o700);
    mode(0o644);
    assert!(house.chat("alice", &["whoami"]).fails_with("error[key_permissions]").contains("chmod 600"));
    mode(0o600);
    let right = fs::read_to_string(&key).expect("it is readable");
    fs::write(&key, "00".repeat(32)).expect("it is ours");
    house.chat("alice", &["whoami"]).fails_with("error[wrong_store_key]");
    fs::remove_file(&key).expect("it is ours");
    house.chat("alice", &["whoami"]).fails_with("error[key_missing]");

    let with_key = |text: &str| {
        let mut command = Command::new(CHAT);
        command.arg("--home").arg(house.path("alice")).arg("whoami").env("WAXWING_STORE_KEY", text);
        command.output().expect("the program runs")
    };
    assert!(with_key(right.trim()).status.success());
    assert!(stderr(&with_key("short")).contains("error[key_invalid]"));
}

#[test]
fn relay_is_remembered_from_the_registration() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    let home = house.path("alice");
    let output = plain(&["--home", home.to_str().expect("UTF-8"), "send", "bob", "x"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn messages_wait_for_a_relay_that_is_away_and_keep_their_order() {
    let house = House::build();
    let relay = house.start_relay();
    two_people(&house);
    house.chat("alice", &["send", "bob", "one"]).succeeds();
    relay.stop();

    let refused = house.chat("alice", &["--timeout", "1", "send", "stranger", "lost"]).output();
    assert_eq!(exit_code(&refused), 1, "nothing was accepted: {}", stderr(&refused));
    let waiting =
        house.chat("alice", &["--timeout", "1", "send", "bob", "--json"]).with_input("two\nthree\n").output();
    assert_eq!(exit_code(&waiting), 3, "{}", stderr(&waiting));
    assert!(stderr(&waiting).contains("2 of 2 messages are not sent yet"), "{}", stderr(&waiting));
    let lines = json_lines(&String::from_utf8(waiting.stdout).expect("UTF-8"));
    assert_eq!(lines.iter().map(|line| &line["text"]).collect::<Vec<_>>(), ["two", "three"]);
    let cut = house.chat("bob", &["--timeout", "1", "listen", "--until-drained"]).output();
    assert_eq!(exit_code(&cut), 3, "{}", stderr(&cut));
    assert_eq!(house.texts("alice", "bob", "out"), ["one", "two", "three"], "history needs no relay");

    relay.start();
    house.chat("alice", &["send", "bob"]).with_input("").succeeds();
    house.chat("alice", &["send", "bob", "four"]).succeeds();
    house.chat("bob", &["listen", "--until-drained"]).succeeds();
    assert_eq!(house.texts("bob", "alice", "in"), ["one", "two", "three", "four"]);
}

#[test]
fn message_that_has_not_left_can_be_taken_back() {
    let house = House::build();
    let relay = house.start_relay();
    two_people(&house);
    // The first contact needs the relay; what is written before it is not sealed.
    house.chat("alice", &["send", "bob"]).with_input("").succeeds();
    house.chat("alice", &["send", "bob", "first"]).succeeds();
    relay.stop();
    let waiting = house.chat("alice", &["--timeout", "0.5", "send", "bob", "regretted", "--json"]).output();
    assert_eq!(exit_code(&waiting), 3);
    let id = json_lines(&String::from_utf8(waiting.stdout).expect("UTF-8"))[0]["message_id"].clone();
    let cancelled = house.chat("alice", &["cancel", id.as_str().expect("a text")]).output();
    let states = house.states("alice", "bob", "out");
    // Sealed or not is the engine's choice; what is told must be what is stored.
    let expected = if cancelled.status.success() { "cancelled" } else { "sending" };
    assert_eq!(states.last().map(String::as_str), Some(expected), "{}", stderr(&cancelled));
}

#[test]
fn input_is_taken_line_by_line_and_exactly() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    house.chat("alice", &["send", "bob"]).with_input("  two spaces  \r\n\n\ttab\rmiddle\nlast").succeeds();
    let expected = ["  two spaces  ", "\ttab\rmiddle", "last"];
    assert_eq!(house.texts("alice", "bob", "out"), expected);

    // A line that cannot be sent ends the input; those before it are sent.
    let too_large = format!("before\n{}\nafter\n", "x".repeat(64 * 1024 + 1));
    let errors =
        house.chat("alice", &["send", "bob"]).with_input(&too_large).fails_with("error[message_too_large]");
    assert!(errors.contains("line 2 "), "{errors}");
    let largest = "y".repeat(64 * 1024);
    house.chat("alice", &["send", "bob"]).with_input(&largest).succeeds();
    house.chat("bob", &["listen", "--until-drained"]).succeeds();
    let received = house.texts("bob", "alice", "in");
    assert_eq!(received[..3], expected);
    assert_eq!(received[3..], ["before".to_owned(), largest]);

    let mut command = Command::new(CHAT);
    command
        .arg("--home")
        .arg(house.path("alice"))
        .args(["send", "bob"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(b"good\n\xff\xfe\nnever\n").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(stderr(&output).contains("error[invalid_utf8]"), "{}", stderr(&output));
    assert_eq!(house.texts("alice", "bob", "out").last().map(String::as_str), Some("good"));
    assert_eq!(house.states("alice", "bob", "out").last().map(String::as_str), Some("sent"));
}

#[test]
fn hostile_text_cannot_forge_a_line_or_steer_the_terminal() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    let hostile = "hi\n2026-01-01T00:00:00Z carol: forged\u{1b}[2J\u{202e}\u{9b}\u{2028}";
    house.chat("alice", &["send", "bob", hostile]).succeeds();
    let text = house.chat("bob", &["listen", "--until-drained"]).succeeds();
    assert_eq!(text.lines().count(), 1);
    assert!(
        text.ends_with(
            " alice: hi\\n2026-01-01T00:00:00Z carol: forged\\u{1b}[2J\\u{202e}\\u{9b}\\u{2028}\n"
        )
    );
    assert_eq!(house.chat("bob", &["history", "alice"]).succeeds(), text);
    let json = house.chat("bob", &["history", "alice", "--json"]).succeeds();
    assert!(json.trim_end().bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{json:?}");
    assert_eq!(json_lines(&json)[0]["text"], hostile);
}

#[test]
fn listening_prints_each_message_once_and_counts() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    house.chat("alice", &["send", "bob"]).with_input("one\ntwo\nthree").succeeds();
    let texts = |output: String| {
        json_lines(&output)
            .iter()
            .map(|line| line["text"].as_str().expect("a text").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(house.chat("bob", &["listen", "--json", "--count", "2"]).succeeds()), ["one", "two"]);
    assert_eq!(texts(house.chat("bob", &["listen", "--json", "--until-drained"]).succeeds()), ["three"]);
    assert_eq!(house.chat("bob", &["listen", "--json", "--until-drained"]).succeeds(), "");
    let waited = house.chat("bob", &["listen", "--count", "1", "--timeout", "1"]).output();
    assert_eq!(exit_code(&waited), 3, "{}", stderr(&waited));
}

#[test]
fn sender_can_wait_until_it_is_read() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    let mut bob = house.spawn("bob", &["listen", "--read", "--count", "2"]);
    let sent =
        house.chat("alice", &["send", "bob", "--wait", "read", "--json"]).with_input("one\ntwo").succeeds();
    assert!(json_lines(&sent).iter().all(|line| line["state"] == "read"), "{sent}");
    assert!(bob.wait().expect("it ends").success());
    let late =
        house.chat("alice", &["--timeout", "1", "send", "bob", "three", "--wait", "delivered"]).output();
    assert_eq!(exit_code(&late), 3, "bob is away: {}", stderr(&late));
    assert_eq!(house.states("alice", "bob", "out"), ["read", "read", "sent"]);
}

#[cfg(unix)]
#[test]
fn listening_ends_well_when_it_is_told_to() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    for signal in ["-INT", "-TERM"] {
        let text = format!("before {signal}");
        house.chat("alice", &["send", "bob", &text]).succeeds();
        let mut bob = house.spawn("bob", &["listen"]);
        let mut first = String::new();
        let mut stdout = BufReader::new(bob.stdout.take().expect("a pipe"));
        stdout.read_line(&mut first).expect("it prints at once");
        assert!(first.ends_with(&format!(" alice: {text}\n")));
        // Others can look into the store meanwhile.
        assert!(house.texts("bob", "alice", "in").contains(&text));
        let told = Command::new("kill").args([signal, &bob.id().to_string()]).status().expect("kill runs");
        assert!(told.success());
        let started = Instant::now();
        assert!(bob.wait().expect("it ends").success(), "{signal}");
        assert!(started.elapsed() < Duration::from_secs(8), "{signal}");
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).expect("it is UTF-8");
        assert_eq!(rest, "");
    }
}

#[cfg(unix)]
#[test]
fn sending_and_listening_go_on_in_one_home_at_the_same_time() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    let mut alice = house.spawn("alice", &["listen", "--json"]);
    let socket = house.path("alice").join("control.sock");
    let started = Instant::now();
    while !socket.exists() {
        assert!(started.elapsed() < Duration::from_secs(20), "the socket should be there");
        std::thread::sleep(Duration::from_millis(10));
    }
    let lines: Vec<String> = (1..=50).map(|index| format!("beside {index}")).collect();
    let sent = house.chat("alice", &["send", "bob", "--json"]).with_input(&lines.join("\n")).succeeds();
    let sent = json_lines(&sent);
    assert_eq!(sent.iter().map(|line| &line["text"]).collect::<Vec<_>>(), lines.iter().collect::<Vec<_>>());
    assert!(sent.iter().all(|line| line["state"] == "sent"));
    house.chat("alice", &["send", "nobody-here", "x"]).fails_with("error[unknown_account]");
    let errors = house.chat("alice", &["send", "bob"]).with_input(&"x".repeat(65_537));
    errors.fails_with("error[message_too_large]");
    house.chat("alice", &["--timeout", "1", "link", "WAXWING:X"]).fails_with("error[store_in_use]");
    house.chat("bob", &["listen", "--until-drained"]).succeeds();
    assert_eq!(house.texts("bob", "alice", "in"), lines);

    // A listener that was killed leaves a socket behind, which stands in nobody's way.
    alice.kill().expect("it runs");
    alice.wait().expect("it ends");
    assert!(socket.exists());
    house.chat("alice", &["send", "bob", "after the kill"]).succeeds();
    house.chat("alice", &["listen", "--until-drained"]).succeeds();
    assert!(!socket.exists());
}

#[cfg(unix)]
#[test]
fn nobody_reading_is_no_error() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    house.chat("alice", &["send", "bob"]).with_input("one\ntwo\nthree").succeeds();
    let mut command = Command::new(CHAT);
    command
        .arg("--home")
        .arg(house.path("bob"))
        .args(["listen"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((exit_code(&output), stderr(&output)), (0, String::new()));
    // What could not be printed comes again.
    assert_eq!(house.chat("bob", &["listen", "--until-drained"]).succeeds().lines().count(), 3);
}

#[test]
fn two_thousand_lines_flow() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    let lines: Vec<String> = (1..=2000).map(|index| format!("line {index}")).collect();
    let started = Instant::now();
    house.chat("alice", &["send", "bob"]).with_input(&lines.join("\n")).succeeds();
    let sending = started.elapsed();
    house.chat("bob", &["listen", "--until-drained"]).succeeds();
    assert_eq!(house.texts("bob", "alice", "in"), lines);
    assert!(sending < Duration::from_secs(60), "{sending:?}");
}

#[test]
fn demo_plays_its_script_and_proves_its_claims() {
    let started = Instant::now();
    let output = plain(&["demo", "--script"]);
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    assert!(output.status.success(), "{text}\n{}", stderr(&output));
    assert!(started.elapsed() < Duration::from_secs(30));
    assert!(text.contains("✓✓ read"));
    assert!(text.contains("not found"));
    assert!(text.contains("Checked: every message came once, in order, and no file holds a word of it."));
    assert!(!text.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn two_people_verify_each_other_by_their_safety_number() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    house.chat("alice", &["send", "bob", "hello"]).succeeds();
    house.chat("bob", &["listen", "--until-drained"]).succeeds();
    let verify = |name: &str, arguments: &[&str]| {
        json_lines(&house.chat(name, &[&["verify", "--json"], arguments].concat()).succeeds()).remove(0)
    };
    let (at_alice, at_bob) = (verify("alice", &["bob"]), verify("bob", &["alice"]));
    assert_eq!(at_alice["safety_number"], at_bob["safety_number"]);
    assert_eq!((&at_alice["verified"], &at_alice["key_accepted"]), (&Value::from(false), &Value::from(true)));
    let shown = at_bob["scannable"].as_str().expect("a text");
    let own = at_alice["scannable"].as_str().expect("a text");
    house.chat("alice", &["verify", "bob", "--scan", own]).fails_with("error[safety_number_other_pair]");
    house.chat("alice", &["verify", "bob", "--scan", "?"]).fails_with("error[safety_number_unreadable]");
    let verified = verify("alice", &["bob", "--scan", shown]);
    assert_eq!((&verified["comparison"], &verified["verified"]), (&Value::from("match"), &Value::from(true)));
    assert_eq!(verify("bob", &["alice", "--confirm"])["verified"], true);
    assert_eq!(verify("bob", &["alice", "--revoke"])["verified"], false);
    let text = house.chat("alice", &["verify", "bob"]).succeeds();
    assert!(text.contains("\nverified: you compared it\n"), "{text}");
    house.chat("alice", &["verify", "nobody"]).fails_with("error[not_found]");
}

#[test]
fn devices_are_listed_renamed_and_removed() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    let key = house.chat("alice", &["recovery-key"]).succeeds();
    house.chat("tablet", &["register", "alice", "--recovery-key", key.trim()]).succeeds();
    let devices = |name: &str, arguments: &[&str]| {
        json_lines(&house.chat(name, &[&["devices", "--json"], arguments].concat()).succeeds())
    };
    let tablet = devices("tablet", &["rename", "this", "tablet"]);
    assert_eq!(tablet.len(), 2);
    let this = tablet.iter().find(|device| device["this"] == true).expect("it is one of them");
    assert_eq!((&this["name"], &this["can_link"]), (&Value::from("tablet"), &Value::from(true)));
    house.chat("alice", &["listen", "--until-drained"]).succeeds();
    assert!(devices("alice", &[]).iter().any(|device| device["name"] == "tablet"));
    house.chat("alice", &["devices", "remove", "phone"]).fails_with("error[device_unknown]");
    let id = this["device"].as_str().expect("an id");
    assert_eq!(devices("alice", &["remove", &id[id.len() - 8..]]).len(), 1);
    let told = house.chat("tablet", &["--timeout", "3", "status", "--json"]).succeeds();
    assert_ne!(json_lines(&told)[0]["link"], "online");
}

#[test]
fn a_new_device_is_linked_by_a_text_and_six_digits() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    house.chat("alice", &["send", "bob", "before"]).succeeds();
    house.link("alice", "laptop");
    assert_eq!(house.chat("laptop", &["whoami"]).succeeds(), "alice\n");
    assert_eq!(house.texts("laptop", "bob", "out"), ["before"]);
    house.chat("laptop", &["recovery-key"]).fails_with("error[not_found]");
    house.chat("laptop", &["send", "bob", "from the laptop"]).succeeds();
    house.chat("alice", &["listen", "--until-drained"]).succeeds();
    assert_eq!(house.texts("alice", "bob", "out"), ["before", "from the laptop"]);
    house.chat("alice", &["link", "WAXWING:X"]).fails_with("error[link_text_invalid]");
}

#[test]
fn an_account_is_deleted_when_the_user_says_yes() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    house.chat("alice", &["send", "bob", "hello"]).succeeds();
    house.chat("bob", &["listen", "--until-drained"]).succeeds();
    house.chat("alice", &["account", "delete"]).fails_with("--yes");
    let told = house.chat("alice", &["account", "delete", "--yes", "--json"]).succeeds();
    assert_eq!(json_lines(&told)[0]["deleted"], "alice");
    house.chat("alice", &["whoami"]).fails_with("error[not_registered]");
    house.chat("bob", &["send", "alice", "are you there?"]).fails_with("recipient_gone");
    house.chat("carol", &["register", "alice"]).succeeds();
    house.chat("alice", &["register", "anna"]).succeeds();
}

#[test]
fn a_new_device_that_is_killed_in_mid_transfer_gets_the_rest() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    let texts: Vec<String> = (0..20).map(|n| format!("{n} {}", "long ".repeat(2_000))).collect();
    for text in &texts {
        house.chat("alice", &["send", "bob", text]).succeeds();
    }
    let mut new = house.converse("laptop", &["link", "--json"]);
    let mut from_new = BufReader::new(new.stdout.take().expect("a pipe"));
    let text = field(&mut from_new, "link_text");
    let mut account = house.converse("alice", &["link", &text, "--json"]);
    let mut from_account = BufReader::new(account.stdout.take().expect("a pipe"));
    let codes = (field(&mut from_new, "code"), field(&mut from_account, "code"));
    writeln!(new.stdin.take().expect("a pipe"), "{}", codes.1).expect("it reads");
    writeln!(account.stdin.take().expect("a pipe"), "{}", codes.0).expect("it reads");
    while field(&mut from_new, "messages") == "0" {}
    // Without warning; the history stays open for some seconds, so it is not over.
    new.kill().expect("it is there");
    new.wait().expect("it ends");
    assert!(!account.wait().expect("it ends").success());
    let mut alice = house.converse("alice", &["listen", "--json"]);
    let told = house.chat("laptop", &["link", "--resume", "--json"]).succeeds();
    assert_eq!(json_lines(&told).last().expect("a line")["done"], true);
    alice.kill().expect("it is there");
    alice.wait().expect("it ends");
    assert_eq!(house.texts("laptop", "bob", "out"), texts);
}

#[test]
fn a_backup_brings_conversations_to_a_new_phone() {
    let house = House::build();
    let _relay = house.start_relay();
    two_people(&house);
    house.chat("alice", &["send", "bob", "before"]).succeeds();
    let key = house.chat("alice", &["recovery-key"]).succeeds();
    let file = house.path("backup").display().to_string();
    let told = house.chat("alice", &["backup", "write", &file, "--json"]).succeeds();
    assert_eq!(json_lines(&told)[0]["written"], *file);
    assert!(json_lines(&told)[0]["messages"].as_u64() >= Some(1));
    house.chat("phone", &["register", "alice", "--recovery-key", key.trim(), "--replace"]).succeeds();
    for _ in 0..2 {
        let told = house.chat("phone", &["backup", "restore", &file, "--json"]).succeeds();
        assert_eq!(json_lines(&told)[0]["restored"], *file);
        assert_eq!(house.texts("phone", "bob", "out"), ["before"]);
    }
    house.chat("phone", &["send", "bob", "after"]).succeeds();
    house.chat("bob", &["backup", "restore", &file]).fails_with("error[backup_other_account]");
    house.chat("bob", &["backup", "write", "/dev/null/backup"]).fails_with("error[io_error]");
}
