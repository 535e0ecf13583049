//! How many objects of this face are alive: an app's leak shows here, and ours in the tests.

use std::sync::atomic::{AtomicU64, Ordering};

/// Objects and calls that are alive in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, uniffi::Record)]
pub struct LiveObjects {
    /// Clients.
    pub clients: u64,
    /// Conversations.
    pub conversations: u64,
    /// Groups.
    #[uniffi(default)]
    pub groups: u64,
    /// Sent messages that are followed.
    pub sent: u64,
    /// Streams: timelines, lists, incoming, events, exports.
    pub streams: u64,
    /// Linkings of devices: those that wait, and those that are under way.
    #[uniffi(default)]
    pub linkings: u64,
    /// Safety numbers.
    #[uniffi(default)]
    pub safety_numbers: u64,
    /// Stores that are open for reading.
    pub histories: u64,
    /// Cancel handles.
    pub cancel_handles: u64,
    /// Calls that are running.
    pub calls: u64,
}

/// Counts what is alive.
#[uniffi::export]
#[must_use]
pub fn live_objects() -> LiveObjects {
    let count = |kind: Kind| kind.counter().load(Ordering::Relaxed);
    LiveObjects {
        clients: count(Kind::Client),
        conversations: count(Kind::Conversation),
        groups: count(Kind::Group),
        sent: count(Kind::Sent),
        streams: count(Kind::Stream),
        linkings: count(Kind::Linking),
        safety_numbers: count(Kind::SafetyNumber),
        histories: count(Kind::History),
        cancel_handles: count(Kind::CancelHandle),
        calls: count(Kind::Call),
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Client,
    Conversation,
    Group,
    Sent,
    Stream,
    Linking,
    SafetyNumber,
    History,
    CancelHandle,
    Call,
}

impl Kind {
    fn counter(self) -> &'static AtomicU64 {
        static COUNTERS: [AtomicU64; 10] = [const { AtomicU64::new(0) }; 10];
        &COUNTERS[self as usize]
    }
}

/// One that is alive, until it is dropped.
pub(crate) struct Living(Kind);

impl Living {
    pub(crate) fn new(kind: Kind) -> Living {
        kind.counter().fetch_add(1, Ordering::Relaxed);
        Living(kind)
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        self.0.counter().fetch_sub(1, Ordering::Relaxed);
    }
}
