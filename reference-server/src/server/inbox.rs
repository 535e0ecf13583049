//! What waits for one connection's task. It keeps no envelope: a poke is a flag.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;
use waxwing_wire::RoomEvent;

use crate::relay::Ticket;
use crate::store::{Hint, Outcome};

/// Outcomes and hints for one connection.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

/// As many outcomes as the connection has requests under way, and a flag for each kind of hint.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) outcomes: VecDeque<(Ticket, Outcome)>,
    pub(super) poked: bool,
    pub(super) superseded: bool,
    pub(super) cut_off: bool,
    pub(super) prekeys_low: Option<u32>,
    /// What happened in the connection's room; as much as its other guest may have under way.
    pub(super) room: VecDeque<RoomEvent>,
}

impl Inbox {
    pub(super) fn outcome(&self, ticket: Ticket, outcome: Outcome) {
        self.put(|waiting| waiting.outcomes.push_back((ticket, outcome)));
    }

    pub(super) fn hint(&self, hint: Hint) {
        self.put(|waiting| match hint {
            Hint::Poke(_) | Hint::PokeReaders(_) => waiting.poked = true,
            Hint::CutOff(_) => waiting.cut_off = true,
            Hint::PrekeysLow(_, left) => waiting.prekeys_low = Some(left),
        });
    }

    pub(super) fn room(&self, event: RoomEvent) {
        self.put(|waiting| waiting.room.push_back(event));
    }

    pub(super) fn supersede(&self) {
        self.put(|waiting| waiting.superseded = true);
    }

    fn put(&self, put: impl FnOnce(&mut Waiting)) {
        put(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        self.arrived.notify_one();
    }

    pub(super) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    pub(super) fn take(&self) -> Waiting {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
