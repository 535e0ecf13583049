//! The one thread that writes: whatever is queued becomes one transaction and one sync of the disk.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Semaphore;
use waxwing_wire::{Cursor, DeviceId};

use super::inbox::Inbox;
use super::metrics::Metrics;
use super::poker::Pokes;
use super::routes::Routes;
use crate::relay::Ticket;
use crate::sqlite::SqliteStore;
use crate::store::{ConnectionId, Fences, Hint, Op, Outcome, Store as _};

/// Operations that may wait for the writer; who brings more waits, and with it the socket.
const QUEUED_MAX: usize = 8192;

/// Operations of one transaction.
const BATCH_MAX: usize = 1024;

/// Operations of one transaction that move what is in logs into mailboxes: few, since who sends waits for no more than these.
const COLLECTS_MAX: usize = 64;

/// How long an acknowledgement may wait for company.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_millis(100);

/// How often what is past its time is looked for.
const EXPIRE_INTERVAL: Duration = Duration::from_secs(3600);

/// How soon again while there is more of it.
const EXPIRE_MORE_INTERVAL: Duration = Duration::from_secs(1);

/// Rows of one expiry.
const EXPIRE_CHUNK_ROWS: u32 = 1000;

#[derive(Debug)]
enum Job {
    Commit { op: Op, inbox: Arc<Inbox>, ticket: Ticket },
    Forget(ConnectionId),
}

/// What becomes one transaction.
struct Batch {
    jobs: Vec<Job>,
    collects: Vec<Job>,
    acknowledged: HashMap<DeviceId, Cursor>,
}

/// What waits for the writer.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    room: Semaphore,
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// Mailboxes that are behind a log, one for each connection at most. They come after what senders wait for.
    collects: VecDeque<Job>,
    acknowledged: HashMap<DeviceId, Cursor>,
    acknowledge_by: Option<Instant>,
    stopping: bool,
}

impl Default for Queue {
    fn default() -> Queue {
        Queue { waiting: Mutex::default(), arrived: Condvar::new(), room: Semaphore::new(QUEUED_MAX) }
    }
}

impl Queue {
    /// Waits for room, and queues an operation.
    pub(super) async fn commit(&self, op: Op, inbox: Arc<Inbox>, ticket: Ticket) {
        if matches!(op, Op::Collect { .. }) {
            self.lock().collects.push_back(Job::Commit { op, inbox, ticket });
            self.arrived.notify_one();
            return;
        }
        if let Ok(permit) = self.room.acquire().await {
            permit.forget();
        }
        self.lock().jobs.push_back(Job::Commit { op, inbox, ticket });
        self.arrived.notify_one();
    }

    /// Queues an acknowledgement; a later one of the same device stands for it.
    pub(super) fn acknowledge(&self, device: DeviceId, cursor: Cursor) {
        let mut waiting = self.lock();
        let latest = waiting.acknowledged.entry(device).or_default();
        *latest = cursor.max(*latest);
        if waiting.acknowledge_by.is_none() {
            waiting.acknowledge_by = Some(Instant::now() + ACKNOWLEDGE_WITHIN);
            self.arrived.notify_one();
        }
    }

    /// A connection is closed; nothing more comes from it.
    pub(super) fn forget(&self, connection: ConnectionId) {
        self.lock().jobs.push_back(Job::Forget(connection));
    }

    /// Finishes what is queued, and ends the writer.
    pub(super) fn stop(&self) {
        self.lock().stopping = true;
        self.arrived.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch, an empty one for the expiry, or the end.
    fn next(&self, expire_at: Instant) -> Option<Batch> {
        let mut waiting = self.lock();
        loop {
            let now = Instant::now();
            let due = waiting.acknowledge_by.is_some_and(|by| by <= now);
            if !waiting.jobs.is_empty()
                || !waiting.collects.is_empty()
                || due
                || waiting.stopping
                || expire_at <= now
            {
                break;
            }
            let until = waiting.acknowledge_by.map_or(expire_at, |by| by.min(expire_at));
            let wait = until.saturating_duration_since(now);
            waiting = self.arrived.wait_timeout(waiting, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
        if waiting.stopping
            && waiting.jobs.is_empty()
            && waiting.collects.is_empty()
            && waiting.acknowledged.is_empty()
        {
            return None;
        }
        let count = waiting.jobs.len().min(BATCH_MAX);
        let jobs = waiting.jobs.drain(..count).collect();
        let count = waiting.collects.len().min(COLLECTS_MAX);
        let collects = waiting.collects.drain(..count).collect();
        waiting.acknowledge_by = None;
        Some(Batch { jobs, collects, acknowledged: std::mem::take(&mut waiting.acknowledged) })
    }
}

/// The writer's thread.
#[derive(Debug)]
pub(super) struct Writer {
    store: SqliteStore,
    queue: Arc<Queue>,
    routes: Arc<Routes>,
    pokes: Arc<Pokes>,
    metrics: Arc<Metrics>,
    fences: Fences,
    expire_at: Instant,
}

impl Writer {
    pub(super) fn new(
        store: SqliteStore,
        queue: Arc<Queue>,
        routes: Arc<Routes>,
        pokes: Arc<Pokes>,
        metrics: Arc<Metrics>,
    ) -> Writer {
        Writer { store, queue, routes, pokes, metrics, fences: Fences::default(), expire_at: Instant::now() }
    }

    pub(super) fn run(mut self) {
        while let Some(batch) = self.queue.next(self.expire_at) {
            self.write(batch);
        }
    }

    fn write(&mut self, batch: Batch) {
        let (mut ops, mut receivers, mut closed) = (Vec::new(), Vec::new(), Vec::new());
        // First what makes room in a mailbox, so that who has acknowledged can collect.
        let acknowledge = |(device, cursor)| Op::Acknowledge { device, cursor };
        ops.extend(batch.acknowledged.into_iter().map(acknowledge));
        let acknowledges = ops.len();
        let requests = batch.jobs.iter().filter(|job| matches!(job, Job::Commit { .. })).count();
        for job in batch.jobs.into_iter().chain(batch.collects) {
            match job {
                Job::Commit { op, inbox, ticket } => {
                    let is_for_group = matches!(op, Op::AppendToGroup(_));
                    ops.push(op);
                    receivers.push((inbox, ticket, is_for_group));
                }
                Job::Forget(connection) => closed.push(connection),
            }
        }
        if self.expire_at <= Instant::now() {
            ops.push(Op::Expire { now_ms: utc_ms(), chunk_rows: EXPIRE_CHUNK_ROWS });
            self.expire_at = Instant::now() + EXPIRE_INTERVAL;
        }
        let outcomes = self.commit(&ops);
        if outcomes.contains(&Outcome::Expired { more: true }) {
            self.expire_at = Instant::now() + EXPIRE_MORE_INTERVAL;
        }
        for ((inbox, ticket, is_for_group), outcome) in
            receivers.into_iter().zip(outcomes.into_iter().skip(acknowledges))
        {
            for hint in outcome.hints() {
                match hint {
                    Hint::PokeReaders(group) => self.pokes.put(group),
                    Hint::Poke(_) | Hint::CutOff(_) | Hint::PrekeysLow(..) => self.routes.tell(hint),
                }
            }
            self.metrics.count_outcome(&outcome);
            if is_for_group {
                self.metrics.count_group_message(&outcome);
            }
            inbox.outcome(ticket, outcome);
        }
        self.queue.room.add_permits(requests);
        for connection in closed {
            self.fences.forget(connection);
        }
    }

    fn commit(&mut self, ops: &[Op]) -> Vec<Outcome> {
        if ops.is_empty() {
            return Vec::new();
        }
        let started = Instant::now();
        match self.store.commit(ops, &mut self.fences) {
            Ok(outcomes) => {
                if self.metrics.count_commit(ops.len(), started.elapsed()) {
                    tracing::info!("storage works again");
                }
                outcomes
            }
            Err(error) => {
                if self.metrics.count_failed_commit() {
                    tracing::error!(%error, "storage fails; submits are refused until it works");
                }
                self.fences.block(ops);
                self.expire_at = Instant::now() + EXPIRE_MORE_INTERVAL; // looks whether it works again
                vec![Outcome::Failed; ops.len()]
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.pokes.stop();
    }
}

fn utc_ms() -> i64 {
    let utc = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(utc.as_millis()).unwrap_or(i64::MAX)
}
