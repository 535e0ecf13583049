//! Storage in SQLite: one file, one writer, readers beside it.
//!
//! Write-ahead log with `synchronous = FULL`: what a commit returned for survives a power loss. The writer never checkpoints;
//! [`Checkpointer`] does, on a thread of its own, because a checkpoint in a commit is a pause for everyone in its batch.

mod accounts;
mod append;
mod deletion;
mod expire;
mod groups;
mod log;
mod open;
mod prekeys;
mod read;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use waxwing_wire::{RefusalCode, RelayId};

pub use open::OpenError;

use crate::store::{Answer, Fences, Op, Outcome, Query, Store, StoreError, StoreLimits};

/// The name of the database file in the data folder.
pub const DATABASE_FILE: &str = "relay.db";

/// The writing side. There is one for each database.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    relay: RelayId,
    limits: StoreLimits,
    readers: Readers,
    /// The write-ahead log has pages of before a deletion.
    log_to_empty: Arc<AtomicBool>,
}

impl SqliteStore {
    /// Opens the database in this folder, and makes it if there is none.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when the file is not a database, is damaged, or belongs to a newer relay.
    pub fn open(folder: &Path, limits: StoreLimits) -> Result<SqliteStore, OpenError> {
        let path = folder.join(DATABASE_FILE);
        let (connection, relay) = open::open_writer(&path)?;
        // What was deleted before the last stop may still stand in the log.
        let log_to_empty = Arc::new(AtomicBool::new(true));
        Ok(SqliteStore { connection, relay, limits, readers: Readers::new(path), log_to_empty })
    }

    /// Connections that read beside the writer.
    #[must_use]
    pub fn readers(&self) -> Readers {
        Readers::new(self.readers.path.clone())
    }

    /// What moves the write-ahead log into the database.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be opened again.
    pub fn checkpointer(&self) -> Result<Checkpointer, StoreError> {
        let connection = open::open_again(&self.readers.path)?;
        let wal = self.readers.path.with_extension("db-wal");
        Ok(Checkpointer { connection, wal, log_to_empty: self.log_to_empty.clone() })
    }

    /// Lets the database grow to so many pages only, for tests of a full disk.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when SQLite does not take it.
    #[doc(hidden)]
    pub fn set_pages_max(&self, pages: u32) -> Result<(), StoreError> {
        Ok(self.connection.pragma_update(None, "max_page_count", pages)?)
    }
}

impl Store for SqliteStore {
    fn relay_id(&self) -> RelayId {
        self.relay
    }

    fn commit(&mut self, ops: &[Op], fences: &mut Fences) -> Result<Vec<Outcome>, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let outcomes = ops
            .iter()
            .map(|op| evaluate(&transaction, op, self.limits, fences))
            .collect::<Result<Vec<_>, _>>()?;
        transaction.commit()?;
        if outcomes.iter().any(|outcome| matches!(outcome, Outcome::AccountDeleted { .. })) {
            self.log_to_empty.store(true, Ordering::Relaxed);
        }
        Ok(outcomes)
    }

    fn answer(&self, query: &Query) -> Result<Answer, StoreError> {
        self.readers.answer(query)
    }
}

fn evaluate(
    transaction: &Transaction<'_>,
    op: &Op,
    limits: StoreLimits,
    fences: &mut Fences,
) -> Result<Outcome, StoreError> {
    Ok(match op {
        Op::Register(register) => accounts::register(transaction, register)?,
        Op::UpdateDevices(update) => accounts::update_devices(transaction, update)?,
        Op::DeleteAccount { account, device, deletion } => {
            deletion::delete(transaction, *account, *device, deletion)?
        }
        Op::PublishPrekeys { device, one_time, last_resort, replace } => {
            if *replace {
                prekeys::withdraw(transaction, *device, one_time)?;
            }
            prekeys::publish(transaction, *device, one_time, last_resort.as_ref())?
        }
        Op::TakePrekeys(take) => prekeys::take(transaction, take)?,
        Op::Append(append) if !fences.admits(append.connection, append.fence) => {
            Outcome::Refused(RefusalCode::Fenced)
        }
        Op::AppendToGroup(append) if !fences.admits(append.connection, append.submit.fence) => {
            Outcome::Refused(RefusalCode::Fenced)
        }
        Op::Append(append) => {
            let outcome = append::append(transaction, append, limits)?;
            if !matches!(outcome, Outcome::Appended { .. }) {
                fences.refuse(append.connection, append.fence);
            }
            outcome
        }
        Op::AppendToGroup(append) => {
            let outcome = groups::append(transaction, append, limits)?;
            if !matches!(outcome, Outcome::Appended { .. } | Outcome::Logged { .. }) {
                fences.refuse(append.connection, append.submit.fence);
            }
            outcome
        }
        Op::ChangeGroup(change) => groups::change(transaction, change, limits)?,
        Op::Collect { device, limit } => log::collect(transaction, *device, *limit, limits)?,
        Op::Acknowledge { device, cursor } => append::acknowledge(transaction, *device, *cursor)?,
        Op::Expire { now_ms, chunk_rows } => expire::expire(transaction, *now_ms, *chunk_rows)?,
    })
}

/// Idle connections that read. A question takes one, or opens one, and puts it back.
#[derive(Debug)]
pub struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

/// Readers that are kept open.
const READERS_IDLE_MAX: usize = 8;

impl Readers {
    fn new(path: PathBuf) -> Readers {
        Readers { path, idle: Mutex::default() }
    }

    /// Answers a question from what is committed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub fn answer(&self, query: &Query) -> Result<Answer, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open::open_again(&self.path)?,
        };
        let answer = read::answer(&connection, query)?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < READERS_IDLE_MAX {
            idle.push(connection);
        }
        Ok(answer)
    }
}

/// Past this size, the write-ahead log is emptied at the price of a pause.
const WAL_MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Moves the write-ahead log into the database.
#[derive(Debug)]
pub struct Checkpointer {
    connection: Connection,
    wal: PathBuf,
    log_to_empty: Arc<AtomicBool>,
}

impl Checkpointer {
    /// Moves what can be moved without making anybody wait, unless the log has grown too large, or holds what was deleted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when SQLite could not; nothing is lost by that.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        let size_bytes = std::fs::metadata(&self.wal).map_or(0, |wal| wal.len());
        let is_to_empty = self.log_to_empty.swap(false, Ordering::Relaxed);
        let mode = if is_to_empty || size_bytes > WAL_MAX_BYTES { "TRUNCATE" } else { "PASSIVE" };
        let statement = format!("PRAGMA wal_checkpoint({mode})");
        let done = self.connection.query_row(&statement, [], |row| row.get::<_, bool>(0));
        if is_to_empty && !matches!(done, Ok(false)) {
            // Somebody reads: with the next one, then.
            self.log_to_empty.store(true, Ordering::Relaxed);
        }
        Ok(done.map(drop)?)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        StoreError { detail: error.to_string() }
    }
}
