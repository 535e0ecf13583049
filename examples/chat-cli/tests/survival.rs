//! Alice writes to Bob while the relay, Alice and Bob are killed again and again, without warning. What Alice's program took is
//! what Bob has: all of it, once, in order.
//!
//! `WAXWING_SOAK_KILLS` and `WAXWING_SOAK_MESSAGES` make it longer (`cargo xtask soak`); `WAXWING_SOAK_SEED` repeats a run.

#![allow(clippy::print_stdout, reason = "the seed and the count of a run")]
#![allow(clippy::too_many_lines, reason = "one story, told in one piece")]

mod house;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use house::{House, Random};

const PEOPLE_KILLED_WITHIN_MS: u64 = 900;
const RELAY_KILLED_WITHIN_MS: u64 = 1_500;
const PATIENCE: Duration = Duration::from_secs(600);

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn everything_accepted_arrives_once_and_in_order_through_a_hundred_kills() {
    let kills_wanted = number("WAXWING_SOAK_KILLS", 102);
    let messages = house::messages(number("WAXWING_SOAK_MESSAGES", 2_000));
    let seed = number("WAXWING_SOAK_SEED", 20_261_122) as u64;
    println!("seed {seed}, {} messages, at least {kills_wanted} kills", messages.len());

    let house = House::build();
    let relay = house.start_relay();
    for name in ["alice", "bob"] {
        house.chat(name, &["register", name]).succeeds();
    }

    let kills = AtomicUsize::new(0);
    let alice_is_done = AtomicBool::new(false);
    let started = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            let _done = SetWhenOver(&alice_is_done);
            let mut random = Random::new(seed);
            let mut accepted = 0;
            while accepted < messages.len() || kills.load(Ordering::SeqCst) < kills_wanted {
                assert!(
                    started.elapsed() < PATIENCE,
                    "{accepted} accepted, {} kills",
                    kills.load(Ordering::SeqCst)
                );
                // Small helpings, so that there is something left to accept until the last kill.
                let left = kills_wanted.saturating_sub(kills.load(Ordering::SeqCst)).max(1);
                let helping = ((messages.len() - accepted) * 3).div_ceil(left).clamp(1, 400);
                let end = messages.len().min(accepted + helping);
                let wait = Duration::from_millis(random.below(PEOPLE_KILLED_WITHIN_MS));
                let input = messages[accepted..end].join("\n");
                if house.send_and_kill("alice", "bob", &input, wait) {
                    kills.fetch_add(1, Ordering::SeqCst);
                }
                // What the program took before it died is in its store; the rest is offered again.
                let history = house.texts("alice", "bob", "out");
                assert!(
                    history.len() >= accepted && history.len() <= end,
                    "an accepted message is never forgotten"
                );
                assert_eq!(
                    history[..],
                    messages[..history.len()],
                    "what was accepted is what was written, in order"
                );
                accepted = history.len();
            }
        });
        scope.spawn(|| {
            let mut random = Random::new(seed + 1);
            while !alice_is_done.load(Ordering::SeqCst) {
                let wait = Duration::from_millis(100 + random.below(PEOPLE_KILLED_WITHIN_MS));
                if house.listen_and_kill("bob", wait) {
                    kills.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        scope.spawn(|| {
            let mut random = Random::new(seed + 2);
            while !alice_is_done.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(200 + random.below(RELAY_KILLED_WITHIN_MS)));
                relay.kill_and_restart();
                kills.fetch_add(1, Ordering::SeqCst);
            }
        });
    });
    println!("{} kills in {:.1?}", kills.load(Ordering::SeqCst), started.elapsed());

    // Peace: what is left goes out, arrives, and is read.
    house.chat("alice", &["--timeout", "120", "send", "bob", "--wait", "sent"]).with_input("").succeeds();
    house.chat("bob", &["--timeout", "120", "listen", "--until-drained", "--read"]).succeeds();
    let received = house.texts("bob", "alice", "in");
    assert_eq!(received.len(), messages.len(), "nothing is lost, and nothing stands twice");
    assert_eq!(received, messages, "in order, to the letter");

    house.chat("alice", &["--timeout", "120", "listen", "--until-drained"]).succeeds();
    let states = house.states("alice", "bob", "out");
    let unread = states.iter().filter(|state| *state != "read").count();
    assert_eq!(unread, 0, "every message is known to be read: {:?}", house::count(&states));

    relay.stop();
    house.assert_no_plaintext(&messages);
}

/// Ends the other threads too when a check of Alice's fails.
struct SetWhenOver<'a>(&'a AtomicBool);

impl Drop for SetWhenOver<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
