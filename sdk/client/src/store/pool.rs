//! Readers beside the writer: a few connections, and a thread for callers that must not wait for the disk.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{Store, StoreError, file};
use crate::error::{Code, Result};

/// Connections kept for the next reader.
const IDLE_MAX: usize = 2;

type Work = Box<dyn FnOnce(&Readers) + Send>;

/// Something to read, and the readers that it keeps alive until then.
type Job = (Arc<Readers>, Work);

/// The readers of one store.
pub(crate) struct Readers {
    store: Store,
    idle: Mutex<Idle>,
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
}

#[derive(Default)]
struct Idle {
    /// Connections are closed after use while this holds: nothing may stay locked.
    released: bool,
    closed: bool,
    busy: usize,
    connections: Vec<Connection>,
}

impl Readers {
    pub(crate) fn new(store: Store) -> Readers {
        Readers { store, idle: Mutex::default(), jobs: Mutex::default() }
    }

    /// Reads on the reading thread.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let job = move |readers: &Readers| {
            // A caller that gave up does not read the answer.
            let _ = answer.send(readers.read_now(job));
        };
        self.post(Box::new(job))?;
        answered.await.map_err(|_| Code::Bug)?
    }

    fn post(self: &Arc<Self>, work: Work) -> Result<()> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.is_none() {
            let (sender, receiver) = mpsc::channel::<Job>();
            std::thread::Builder::new()
                .name("waxwing-read".to_owned())
                .spawn(move || {
                    for (readers, work) in receiver {
                        // The caller hears of a panic by its answer's channel, which closes.
                        let _ = catch_unwind(AssertUnwindSafe(|| work(&readers)));
                    }
                })
                .map_err(|_| Code::IoError)?;
            *jobs = Some(sender);
        }
        let sender = jobs.as_ref().ok_or(Code::Bug)?;
        sender.send((Arc::clone(self), work)).map_err(|_| Code::Bug.into())
    }

    /// Reads on this thread: for what is small.
    pub(crate) fn read_now<T>(&self, job: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T> {
        let kept = {
            let mut idle = self.lock();
            if idle.closed {
                return Err(Code::ShutDown.into());
            }
            idle.busy += 1;
            idle.connections.pop()
        };
        let guard = Busy(self);
        let db = match kept {
            Some(db) => db,
            None => file::open_reader(&self.store)?,
        };
        let result = job(&db);
        guard.give_back(db);
        Ok(result?)
    }

    /// Closes all connections, and keeps none until [`keep`](Readers::keep). False: a reader is still at work.
    pub(crate) fn release(&self) -> bool {
        let mut idle = self.lock();
        idle.released = true;
        idle.connections.clear();
        idle.busy == 0
    }

    /// Reads no more.
    pub(crate) fn close(&self) {
        let mut idle = self.lock();
        idle.closed = true;
        idle.connections.clear();
    }

    /// Keeps connections again.
    pub(crate) fn keep(&self) {
        self.lock().released = false;
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a reader, also when its job panics.
struct Busy<'a>(&'a Readers);

impl Busy<'_> {
    fn give_back(&self, db: Connection) {
        let mut idle = self.0.lock();
        if !idle.released && idle.connections.len() < IDLE_MAX {
            idle.connections.push(db);
        } else {
            drop(db);
        }
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.lock().busy -= 1;
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").finish_non_exhaustive()
    }
}
