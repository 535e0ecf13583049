//! Numbers for the operator, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use waxwing_wire::{RefusalCode, Refused};

use crate::store::Outcome;

/// Upper bounds of the commit histogram, in microseconds.
const COMMIT_BOUNDS_US: [u64; 8] = [100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 1_000_000];

/// Upper bounds of the fan-out histogram, in devices.
const FAN_OUT_BOUNDS: [usize; 7] = [1, 4, 16, 64, 256, 1_024, 4_096];

#[derive(Debug, Default)]
pub(super) struct Metrics {
    sockets_open: AtomicU64,
    sessions_open: AtomicU64,
    sockets: AtomicU64,
    sockets_turned_away: AtomicU64,
    frames_in: AtomicU64,
    frames_out: AtomicU64,
    messages_accepted: AtomicU64,
    group_changes: AtomicU64,
    group_log_entries: AtomicU64,
    group_log_collects: AtomicU64,
    group_messages: AtomicU64,
    fan_outs: FanOuts,
    group_fan_outs: FanOuts,
    envelopes_stored: AtomicU64,
    envelopes_delivered: AtomicU64,
    prekeys_taken: AtomicU64,
    accounts_deleted: AtomicU64,
    commits: AtomicU64,
    commit_operations: AtomicU64,
    commits_failed: AtomicU64,
    commit_us: AtomicU64,
    commit_buckets: [AtomicU64; COMMIT_BOUNDS_US.len()],
    storage_fails: AtomicBool,
    refusals: Mutex<BTreeMap<&'static str, u64>>,
    group_refusals: Mutex<BTreeMap<&'static str, u64>>,
    closes: Mutex<BTreeMap<&'static str, u64>>,
}

/// How many mailboxes each message went into.
#[derive(Debug, Default)]
struct FanOuts {
    count: AtomicU64,
    devices: AtomicU64,
    buckets: [AtomicU64; FAN_OUT_BOUNDS.len()],
}

impl FanOuts {
    fn count(&self, devices: usize) {
        add(&self.count, 1);
        add(&self.devices, devices);
        for (bucket, bound) in self.buckets.iter().zip(FAN_OUT_BOUNDS) {
            if devices <= bound {
                add(bucket, 1);
            }
        }
    }

    fn write(&self, name: &str, help: &str, text: &mut String) {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} histogram");
        for (bucket, bound) in self.buckets.iter().zip(FAN_OUT_BOUNDS) {
            let _ = writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {}", get(bucket));
        }
        let (count, sum) = (get(&self.count), get(&self.devices));
        let _ =
            writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {sum}\n{name}_count {count}");
    }
}

fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(count as u64, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn count_word(words: &Mutex<BTreeMap<&'static str, u64>>, word: &'static str) {
    *words.lock().unwrap_or_else(PoisonError::into_inner).entry(word).or_default() += 1;
}

impl Metrics {
    /// Whether there was room for one more socket.
    pub(super) fn open_socket(&self, max: u32) -> bool {
        if self.sockets_open.fetch_add(1, Ordering::Relaxed) >= u64::from(max) {
            self.sockets_open.fetch_sub(1, Ordering::Relaxed);
            self.turn_away();
            return false;
        }
        add(&self.sockets, 1);
        true
    }

    pub(super) fn close_socket(&self) {
        self.sockets_open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn turn_away(&self) {
        add(&self.sockets_turned_away, 1);
    }

    pub(super) fn open_session(&self) {
        add(&self.sessions_open, 1);
    }

    pub(super) fn close_session(&self) {
        self.sessions_open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn sessions_open(&self) -> u64 {
        get(&self.sessions_open)
    }

    pub(super) fn count_frame_in(&self) {
        add(&self.frames_in, 1);
    }

    pub(super) fn count_frame_out(&self, envelopes: usize) {
        add(&self.frames_out, 1);
        add(&self.envelopes_delivered, envelopes);
    }

    pub(super) fn count_refusal(&self, refused: &Refused) {
        count_word(&self.refusals, refused.code.word());
        // A message to people is slowed down, never refused by its rate: with a name, it was for a group.
        let is_of_group = matches!(refused.code, RefusalCode::UnknownGroup | RefusalCode::GroupsFull)
            || (refused.code == RefusalCode::RateLimited && refused.message.is_some());
        if is_of_group {
            count_word(&self.group_refusals, refused.code.word());
        }
    }

    /// What became of a message for a group.
    pub(super) fn count_group_message(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Appended { stored } => {
                add(&self.group_messages, 1);
                self.group_fan_outs.count(stored.len());
            }
            Outcome::Logged { .. } => add(&self.group_messages, 1),
            Outcome::Collected { .. }
            | Outcome::GroupChanged { .. }
            | Outcome::PrekeysTaken { .. }
            | Outcome::Done
            | Outcome::DevicesUpdated { .. }
            | Outcome::PrekeysPublished { .. }
            | Outcome::AccountDeleted { .. }
            | Outcome::DevicesStale { .. }
            | Outcome::GroupStale { .. }
            | Outcome::Refused(_)
            | Outcome::Expired { .. }
            | Outcome::Failed => {}
        }
    }

    pub(super) fn count_close(&self, word: &'static str) {
        count_word(&self.closes, word);
    }

    pub(super) fn count_outcome(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Appended { stored } => {
                add(&self.messages_accepted, 1);
                add(&self.envelopes_stored, stored.len());
                self.fan_outs.count(stored.len());
            }
            Outcome::Logged { is_change, .. } => {
                add(if *is_change { &self.group_changes } else { &self.messages_accepted }, 1);
                add(&self.group_log_entries, 1);
            }
            Outcome::Collected { placed, .. } => {
                add(&self.group_log_collects, 1);
                add(&self.envelopes_stored, *placed);
            }
            Outcome::GroupChanged { stored } => {
                add(&self.group_changes, 1);
                add(&self.envelopes_stored, stored.len());
                self.fan_outs.count(stored.len());
            }
            Outcome::PrekeysTaken { devices, .. } => add(&self.prekeys_taken, devices.len()),
            Outcome::AccountDeleted { .. } => add(&self.accounts_deleted, 1),
            Outcome::Done
            | Outcome::DevicesUpdated { .. }
            | Outcome::PrekeysPublished { .. }
            | Outcome::DevicesStale { .. }
            | Outcome::GroupStale { .. }
            | Outcome::Refused(_)
            | Outcome::Expired { .. }
            | Outcome::Failed => {}
        }
    }

    /// Whether the storage has just come back.
    pub(super) fn count_commit(&self, operations: usize, took: Duration) -> bool {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        add(&self.commits, 1);
        add(&self.commit_operations, operations);
        self.commit_us.fetch_add(took_us, Ordering::Relaxed);
        for (bucket, bound) in self.commit_buckets.iter().zip(COMMIT_BOUNDS_US) {
            if took_us <= bound {
                add(bucket, 1);
            }
        }
        self.storage_fails.swap(false, Ordering::Relaxed)
    }

    /// Whether the storage has just begun to fail.
    pub(super) fn count_failed_commit(&self) -> bool {
        add(&self.commits_failed, 1);
        !self.storage_fails.swap(true, Ordering::Relaxed)
    }

    pub(super) fn storage_works(&self) -> bool {
        !self.storage_fails.load(Ordering::Relaxed)
    }

    pub(super) fn text(&self, devices_online: usize) -> String {
        let mut text = String::new();
        let gauges = [
            ("sockets_open", "Sockets that are open.", get(&self.sockets_open)),
            ("sessions_open", "WebSockets that are open.", self.sessions_open()),
            ("devices_online", "Devices that are logged in.", devices_online as u64),
            ("storage_works", "Whether the last commit succeeded.", u64::from(self.storage_works())),
        ];
        let counters = [
            ("sockets_total", "Sockets that were taken.", &self.sockets),
            ("sockets_turned_away_total", "Sockets over a limit.", &self.sockets_turned_away),
            ("frames_in_total", "Frames from clients.", &self.frames_in),
            ("frames_out_total", "Frames to clients.", &self.frames_out),
            ("messages_accepted_total", "Submits that are on disk.", &self.messages_accepted),
            ("group_messages_total", "Messages for groups that are on disk.", &self.group_messages),
            ("group_changes_total", "Changes of groups that are on disk.", &self.group_changes),
            ("group_log_entries_total", "Changes and messages put into logs.", &self.group_log_entries),
            ("group_log_collects_total", "Mailboxes that took over from logs.", &self.group_log_collects),
            ("envelopes_stored_total", "Envelopes put into mailboxes.", &self.envelopes_stored),
            ("envelopes_delivered_total", "Envelopes sent to devices.", &self.envelopes_delivered),
            ("prekeys_taken_total", "Bundles given out.", &self.prekeys_taken),
            ("accounts_deleted_total", "Accounts that were deleted.", &self.accounts_deleted),
            ("commit_operations_total", "Operations in all commits.", &self.commit_operations),
            ("commits_failed_total", "Commits that failed.", &self.commits_failed),
        ];
        for (name, help, value) in gauges {
            let _ = write!(text, "# HELP waxwing_relay_{name} {help}\n# TYPE waxwing_relay_{name} gauge\n");
            let _ = writeln!(text, "waxwing_relay_{name} {value}");
        }
        for (name, help, counter) in counters {
            let _ = write!(text, "# HELP waxwing_relay_{name} {help}\n# TYPE waxwing_relay_{name} counter\n");
            let _ = writeln!(text, "waxwing_relay_{name} {}", get(counter));
        }
        let (name, help) = ("waxwing_relay_fan_out_devices", "Mailboxes that one message went into.");
        self.fan_outs.write(name, help, &mut text);
        let (name, help) =
            ("waxwing_relay_group_fan_out_devices", "Mailboxes that one message for a group went into.");
        self.group_fan_outs.write(name, help, &mut text);
        self.write_commits(&mut text);
        for (name, label, words) in [
            ("refusals_total", "code", &self.refusals),
            ("group_refusals_total", "code", &self.group_refusals),
            ("closes_total", "reason", &self.closes),
        ] {
            let _ = writeln!(text, "# TYPE waxwing_relay_{name} counter");
            for (word, count) in words.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                let _ = writeln!(text, "waxwing_relay_{name}{{{label}=\"{word}\"}} {count}");
            }
        }
        text
    }

    fn write_commits(&self, text: &mut String) {
        let name = "waxwing_relay_commit_seconds";
        let seconds = |us: u64| Duration::from_micros(us).as_secs_f64();
        let _ = writeln!(
            text,
            "# HELP {name} Time of a commit, with its sync of the disk.\n# TYPE {name} histogram"
        );
        for (bucket, bound) in self.commit_buckets.iter().zip(COMMIT_BOUNDS_US) {
            let _ = writeln!(text, "{name}_bucket{{le=\"{}\"}} {}", seconds(bound), get(bucket));
        }
        let _ = writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {}", get(&self.commits));
        let _ = writeln!(
            text,
            "{name}_sum {}\n{name}_count {}",
            seconds(get(&self.commit_us)),
            get(&self.commits)
        );
    }
}
