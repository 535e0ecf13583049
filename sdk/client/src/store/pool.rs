//! Readers beside the writer: a few connections, and a thread for callers that must not wait for the disk.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{Store, StoreError, exit, file};
use crate::error::{Code, Result};

/// Connections kept for the next reader.
const IDLE_MAX: usize = 2;

type Work = Box<dyn FnOnce(&Pool) + Send>;

/// The readers of one store. Whoever drops the last of them waits for the reading thread.
pub(crate) struct Readers {
    pool: Arc<Pool>,
    thread: Mutex<Option<Thread>>,
}

/// The thread that reads, and its queue.
struct Thread {
    jobs: mpsc::Sender<Work>,
    handle: JoinHandle<()>,
}

/// The connections.
pub(crate) struct Pool {
    store: Store,
    idle: Mutex<Idle>,
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
        Readers { pool: Arc::new(Pool { store, idle: Mutex::default() }), thread: Mutex::default() }
    }

    /// Reads on the reading thread.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let job = move |pool: &Pool| {
            // A caller that gave up does not read the answer.
            let _ = answer.send(pool.read_now(job));
        };
        self.post(Box::new(job))?;
        answered.await.map_err(|_| Code::Bug)?
    }

    fn post(&self, work: Work) -> Result<()> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let (jobs, receiver) = mpsc::channel::<Work>();
            let pool = Arc::clone(&self.pool);
            let read = move || {
                for work in receiver {
                    // The caller hears of a panic by its answer's channel, which closes.
                    let _ = catch_unwind(AssertUnwindSafe(|| work(&pool)));
                }
            };
            let spawned = std::thread::Builder::new().name("waxwing-read".to_owned()).spawn(read);
            *thread = Some(Thread { jobs, handle: spawned.map_err(|_| Code::IoError)? });
        }
        let thread = thread.as_ref().ok_or(Code::Bug)?;
        thread.jobs.send(work).map_err(|_| Code::Bug.into())
    }

    /// Reads on this thread: for what is small.
    pub(crate) fn read_now<T>(&self, job: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T> {
        self.pool.read_now(job)
    }

    /// Closes all connections, and keeps none until [`keep`](Readers::keep). False: a reader is still at work.
    pub(crate) fn release(&self) -> bool {
        let _at_work = exit::at_work();
        let mut idle = self.pool.lock();
        idle.released = true;
        idle.connections.clear();
        idle.busy == 0
    }

    /// Keeps connections again.
    pub(crate) fn keep(&self) {
        self.pool.lock().released = false;
    }

    /// Reads no more, and waits for the reading thread.
    pub(crate) fn close(&self) {
        self.pool.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Thread { jobs, handle }) = thread {
            drop(jobs);
            exit::join(handle);
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.close();
    }
}

impl Pool {
    /// Reads on this thread: for what is small.
    fn read_now<T>(&self, job: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T> {
        let _at_work = exit::at_work();
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

    fn close(&self) {
        let _at_work = exit::at_work();
        let mut idle = self.lock();
        idle.closed = true;
        idle.connections.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a reader, also when its job panics.
struct Busy<'a>(&'a Pool);

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
