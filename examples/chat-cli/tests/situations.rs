//! What happens to people: they are offline, both write first, both lose a phone, the relay loses everything. Each ends in a
//! state that is defined, and is said.

#![allow(clippy::print_stderr, reason = "a test that was not run says so")]

mod house;

use std::fs;
use std::process::Command;

use house::House;

fn house_with_two() -> (House, String, String) {
    let house = House::build();
    (house, "alice".to_owned(), "bob".to_owned())
}

fn lines(prefix: &str, count: usize) -> Vec<String> {
    (1..=count)
        .map(|index| format!("{prefix} {index}, a text that is long enough to be searched for"))
        .collect()
}

#[test]
fn whoever_was_offline_gets_all_of_it_and_the_sender_learns_of_it_even_when_offline_then() {
    let (house, alice, bob) = house_with_two();
    let relay = house.start_relay();
    house.chat(&alice, &["register", "alice"]).succeeds();
    house.chat(&bob, &["register", "bob"]).succeeds();

    let texts = lines("while bob is away", 350);
    house.chat(&alice, &["send", "bob"]).with_input(&texts.join("\n")).succeeds();
    assert!(house.states(&alice, "bob", "out").iter().all(|state| state == "sent"));

    // Bob comes online when Alice is not, and reads later still.
    house.chat(&bob, &["listen", "--until-drained"]).succeeds();
    assert_eq!(house.texts(&bob, "alice", "in"), texts);
    house.chat(&alice, &["listen", "--until-drained"]).succeeds();
    assert!(house.states(&alice, "bob", "out").iter().all(|state| state == "delivered"));

    // Everything was printed already; the next message takes the reading along.
    house.chat(&alice, &["send", "bob", "one more"]).succeeds();
    house.chat(&bob, &["listen", "--until-drained", "--read"]).succeeds();
    house.chat(&alice, &["listen", "--until-drained"]).succeeds();
    let states = house.states(&alice, "bob", "out");
    assert!(states.iter().all(|state| state == "read"), "{:?}", house::count(&states));
    relay.stop();
    house.assert_no_plaintext(&texts);
}

#[test]
fn both_write_first_and_both_are_read() {
    let (house, alice, bob) = house_with_two();
    let _relay = house.start_relay();
    house.chat(&alice, &["register", "alice"]).succeeds();
    house.chat(&bob, &["register", "bob"]).succeeds();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            house.chat(&alice, &["send", "bob"]).with_input("from alice 1\nfrom alice 2").succeeds()
        });
        scope.spawn(|| house.chat(&bob, &["send", "alice"]).with_input("from bob 1\nfrom bob 2").succeeds());
    });
    for _ in 0..2 {
        house.chat(&alice, &["listen", "--until-drained", "--read"]).succeeds();
        house.chat(&bob, &["listen", "--until-drained", "--read"]).succeeds();
    }
    house.chat(&alice, &["listen", "--until-drained"]).succeeds();
    assert_eq!(house.texts(&alice, "bob", "in"), ["from bob 1", "from bob 2"]);
    assert_eq!(house.texts(&bob, "alice", "in"), ["from alice 1", "from alice 2"]);
    assert_eq!(house.states(&alice, "bob", "out"), ["read", "read"]);
    assert_eq!(house.states(&bob, "alice", "out"), ["read", "read"]);
    // They agree on one session from here, both ways.
    house.chat(&alice, &["send", "bob", "again"]).succeeds();
    house.chat(&bob, &["listen", "--until-drained"]).succeeds();
    house.chat(&bob, &["send", "alice", "and again"]).succeeds();
    house.chat(&alice, &["listen", "--until-drained"]).succeeds();
    assert_eq!(house.texts(&alice, "bob", "in").last().map(String::as_str), Some("and again"));
}

#[test]
fn people_who_lost_their_phones_come_back_with_the_recovery_key_and_get_what_was_not_delivered() {
    let (house, alice, bob) = house_with_two();
    let _relay = house.start_relay();
    house.chat(&alice, &["register", "alice"]).succeeds();
    house.chat(&bob, &["register", "bob"]).succeeds();
    house.chat(&alice, &["send", "bob", "before"]).succeeds();
    house.chat(&bob, &["listen", "--until-drained"]).succeeds();
    house.chat(&alice, &["listen", "--until-drained"]).succeeds();
    house.chat(&alice, &["send", "bob", "the old phone never sees this"]).succeeds();

    // Bob's phone is gone. Without the key, the handle stays taken.
    let key = house.chat(&bob, &["recovery-key"]).succeeds();
    house.chat("stranger", &["register", "bob"]).fails_with("handle_taken");
    let replace = ["register", "bob", "--recovery-key", key.trim(), "--replace"];
    house.chat("bob2", &replace).succeeds();
    house.chat("bob2", &["send", "alice", "I am back"]).succeeds();

    // Alice hears of the new device, and sends again what the old one had not fetched.
    house.chat(&alice, &["listen", "--until-drained"]).succeeds();
    assert_eq!(house.texts(&alice, "bob", "in"), ["I am back"]);
    house.chat("bob2", &["listen", "--until-drained"]).succeeds();
    assert_eq!(house.texts("bob2", "alice", "in"), ["the old phone never sees this"]);

    // The old device is told that it is out.
    let told = house.chat(&bob, &["send", "alice", "from the old phone"]).output();
    assert!(!told.status.success());

    // Now Alice loses hers as well.
    let key = house.chat(&alice, &["recovery-key"]).succeeds();
    house.chat("alice2", &["register", "alice", "--recovery-key", key.trim(), "--replace"]).succeeds();
    house.chat("alice2", &["send", "bob", "both are new"]).succeeds();
    house.chat("bob2", &["listen", "--until-drained", "--read"]).succeeds();
    house.chat("alice2", &["listen", "--until-drained"]).succeeds();
    assert_eq!(house.texts("bob2", "alice", "in").last().map(String::as_str), Some("both are new"));
    assert_eq!(house.states("alice2", "bob", "out"), ["read"]);
}

#[test]
fn a_second_device_joins_and_both_have_what_follows() {
    let (house, alice, bob) = house_with_two();
    let _relay = house.start_relay();
    house.chat(&alice, &["register", "alice"]).succeeds();
    house.chat(&bob, &["register", "bob"]).succeeds();
    house.chat(&alice, &["send", "bob", "to one device"]).succeeds();
    house.chat(&bob, &["listen", "--until-drained"]).succeeds();
    let key = house.chat(&bob, &["recovery-key"]).succeeds();
    house.chat("bob-tablet", &["register", "bob", "--recovery-key", key.trim(), "--add"]).succeeds();
    house.chat(&alice, &["send", "bob", "to both devices"]).succeeds();
    house.chat(&bob, &["listen", "--until-drained"]).succeeds();
    house.chat("bob-tablet", &["listen", "--until-drained"]).succeeds();
    assert_eq!(house.texts(&bob, "alice", "in"), ["to one device", "to both devices"]);
    assert_eq!(house.texts("bob-tablet", "alice", "in"), ["to both devices"]);
    // What the tablet writes, the phone has too, as sent.
    house.chat("bob-tablet", &["send", "alice", "from the tablet"]).succeeds();
    house.chat(&bob, &["listen", "--until-drained"]).succeeds();
    house.chat(&alice, &["listen", "--until-drained"]).succeeds();
    assert_eq!(house.texts(&bob, "alice", "out"), ["from the tablet"]);
    assert_eq!(house.texts(&alice, "bob", "in"), ["from the tablet"]);
}

#[test]
fn a_relay_that_lost_its_database_loses_no_message_that_was_not_delivered() {
    let (house, alice, bob) = house_with_two();
    let relay = house.start_relay();
    house.chat(&alice, &["register", "alice"]).succeeds();
    house.chat(&bob, &["register", "bob"]).succeeds();
    let texts = lines("accepted by a relay that forgets", 20);
    house.chat(&alice, &["send", "bob"]).with_input(&texts.join("\n")).succeeds();

    relay.wipe();

    // Alice comes first: the new relay does not know Bob, and she is told so.
    let told = house.chat(&alice, &["--timeout", "3", "send", "bob", "after the loss"]).output();
    assert!(!told.status.success(), "the message has not been accepted by anybody");
    // Bob comes back by himself, with the keys he has. Alice sends again what he never got.
    house.chat(&bob, &["listen", "--until-drained"]).succeeds();
    house.chat(&alice, &["--timeout", "90", "send", "bob", "--wait", "sent"]).with_input("").succeeds();
    house.chat(&bob, &["listen", "--until-drained", "--read"]).succeeds();
    let mut expected = texts;
    expected.push("after the loss".to_owned());
    assert_eq!(house.texts(&bob, "alice", "in"), expected);
    house.chat(&alice, &["listen", "--until-drained"]).succeeds();
    let states = house.states(&alice, "bob", "out");
    assert!(states.iter().all(|state| state == "read"), "{:?}", house::count(&states));
}

#[test]
fn a_stranger_under_the_old_name_gets_nothing_before_the_user_accepts() {
    let (house, alice, bob) = house_with_two();
    let relay = house.start_relay();
    house.chat(&alice, &["register", "alice"]).succeeds();
    house.chat(&bob, &["register", "bob"]).succeeds();
    house.chat(&alice, &["send", "bob", "for bob"]).succeeds();
    house.chat(&bob, &["listen", "--until-drained"]).succeeds();
    house.chat(&alice, &["listen", "--until-drained"]).succeeds();

    relay.wipe();
    house.chat("stranger", &["register", "bob"]).succeeds();
    house.chat(&alice, &["--timeout", "10", "send", "bob", "still for bob"]).fails_with("key_changed");
    house.chat("stranger", &["listen", "--until-drained"]).succeeds();
    assert!(
        house.history("stranger", "alice").is_empty() || house.texts("stranger", "alice", "in").is_empty()
    );

    house.chat(&alice, &["accept", "bob"]).succeeds();
    house.chat(&alice, &["--timeout", "30", "send", "bob"]).with_input("").succeeds();
    house.chat("stranger", &["listen", "--until-drained"]).succeeds();
    assert_eq!(house.texts("stranger", "alice", "in"), ["still for bob"]);
}

#[test]
fn an_old_copy_of_the_store_never_seals_under_a_used_key_and_heals() {
    let (house, alice, bob) = house_with_two();
    let _relay = house.start_relay();
    house.chat(&alice, &["register", "alice"]).succeeds();
    house.chat(&bob, &["register", "bob"]).succeeds();
    house.chat(&alice, &["send", "bob", "one"]).succeeds();
    house.chat(&bob, &["send", "alice", "two"]).succeeds();
    house.chat(&alice, &["listen", "--until-drained"]).succeeds();
    copy(&house.path(&alice), &house.path("old-copy"));
    house.chat(&alice, &["send", "bob", "three"]).succeeds();
    house.chat(&bob, &["listen", "--until-drained"]).succeeds();
    house.chat(&bob, &["send", "alice", "four"]).succeeds();
    house.chat(&alice, &["listen", "--until-drained"]).succeeds();

    fs::remove_dir_all(house.path(&alice)).expect("the home can be removed");
    copy(&house.path("old-copy"), &house.path(&alice));
    house.chat(&alice, &["send", "bob", "five"]).succeeds();
    house.chat(&bob, &["listen", "--until-drained"]).succeeds();
    assert_eq!(house.texts(&bob, "alice", "in"), ["one", "three", "five"]);
    house.chat(&bob, &["send", "alice", "six"]).succeeds();
    house.chat(&alice, &["listen", "--until-drained"]).succeeds();
    assert_eq!(house.texts(&alice, "bob", "in").last().map(String::as_str), Some("six"));
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp runs");
    assert!(done.success(), "the folder can be copied");
}

#[test]
fn a_full_disk_is_said_loses_nothing_and_passes() {
    let (house, alice, bob) = house_with_two();
    let disk = house.path(&alice);
    fs::create_dir_all(&disk).expect("the folder can be made");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1200k", "tmpfs"])
        .arg(&disk)
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        eprintln!("not run: mounting a small disk needs root");
        return;
    }
    let _unmount = Unmount(disk.clone());
    let _relay = house.start_relay();
    house.chat(&bob, &["register", "bob"]).succeeds();
    house.chat(&alice, &["register", "alice"]).succeeds();
    house.chat(&alice, &["send", "bob", "fits"]).succeeds();
    let texts: Vec<String> =
        (0..40).map(|index| format!("{index} {}", "fills the disk ".repeat(4_000))).collect();
    house.chat(&alice, &["send", "bob"]).with_input(&texts.join("\n")).fails_with("disk_full");
    let accepted = house.texts(&alice, "bob", "out").len();
    assert!(accepted < texts.len(), "the disk was full before the end");

    let room =
        Command::new("mount").args(["-o", "remount,size=64m"]).arg(&disk).status().expect("mount runs");
    assert!(room.success());
    house.chat(&alice, &["send", "bob", "there is room again"]).succeeds();
    house.chat(&bob, &["listen", "--until-drained"]).succeeds();
    let received = house.texts(&bob, "alice", "in");
    assert_eq!(received, house.texts(&alice, "bob", "out"), "what was accepted has arrived");
    assert_eq!(received.len(), accepted + 1);
}

struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
