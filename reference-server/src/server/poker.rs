//! Pokes the devices that read the log of a group, on a thread of its own: neither the sender nor the writer waits for it.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use waxwing_wire::GroupId;

use super::routes::Routes;
use crate::sqlite::Readers;
use crate::store::{Answer, Hint, Query};

/// Groups whose readers are to be poked. Many messages of one group are one poke.
#[derive(Debug, Default)]
pub(super) struct Pokes {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    groups: BTreeSet<GroupId>,
    stopping: bool,
}

impl Pokes {
    pub(super) fn put(&self, group: GroupId) {
        self.lock().groups.insert(group);
        self.arrived.notify_one();
    }

    pub(super) fn stop(&self) {
        self.lock().stopping = true;
        self.arrived.notify_one();
    }

    fn next(&self) -> Option<GroupId> {
        let mut waiting = self.lock();
        while waiting.groups.is_empty() && !waiting.stopping {
            waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        if waiting.stopping { None } else { waiting.groups.pop_first() }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread's work.
#[derive(Debug)]
pub(super) struct Poker {
    pub(super) pokes: Arc<Pokes>,
    pub(super) readers: Readers,
    pub(super) routes: Arc<Routes>,
}

impl Poker {
    pub(super) fn run(self) {
        while let Some(group) = self.pokes.next() {
            match self.readers.answer(&Query::LogReaders(group)) {
                Ok(Answer::LogReaders(devices)) => {
                    devices.into_iter().for_each(|device| self.routes.tell(Hint::Poke(device)));
                }
                // A ping of each device finds what a lost poke would have told.
                Ok(answer) => tracing::error!(?answer, "an answer to another question"),
                Err(error) => tracing::error!(%error, "reading who reads the log of a group"),
            }
        }
    }
}
