//! The one connection that writes.

use std::collections::BTreeSet;

use rusqlite::Connection;
use waxwing_engine::ConversationId;
use waxwing_wire::MessageId;

use super::added::Added;
use super::codes::Stored;
use super::lock::Lock;
use super::{Store, file, query};

/// The one connection that writes, and the lock that keeps others from it.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(super) db: Connection,
    _lock: Option<Lock>,
    pub(super) next_revision: i64,
    pub(super) next_arrival: i64,
    pub(super) touched: Touched,
    pub(super) added: Added,
    #[cfg(test)]
    pub(super) writes_left: Option<u32>,
}

/// What a transaction changed, for those who watch.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    pub(crate) conversations: BTreeSet<ConversationId>,
    pub(crate) messages: BTreeSet<MessageId>,
    /// Those among the messages that are ours, and whose state changed.
    pub(crate) deliveries: BTreeSet<MessageId>,
    pub(crate) incoming: bool,
    pub(crate) local: bool,
    /// Whether anything changed at all.
    pub(crate) any: bool,
}

impl Touched {
    pub(crate) fn is_empty(&self) -> bool {
        !self.any
    }
}

impl Writer {
    /// Opens the store for writing.
    pub(crate) fn open(store: &Store) -> Stored<Writer> {
        let (db, lock) = file::open_writer(store)?;
        Writer::on(db, lock)
    }

    fn on(db: Connection, lock: Option<Lock>) -> Stored<Writer> {
        let newest = |sql: &str| -> Stored<i64> { Ok(db.query_row(sql, (), |row| row.get(0))?) };
        let next_revision = newest(query::NEWEST_REVISION)? + 1;
        let next_arrival = newest(query::NEWEST_ARRIVAL)? + 1;
        Ok(Writer {
            db,
            _lock: lock,
            next_revision,
            next_arrival,
            touched: Touched::default(),
            added: Added::default(),
            #[cfg(test)]
            writes_left: None,
        })
    }

    /// A writer on any connection.
    #[cfg(test)]
    pub(super) fn tuned(mut db: Connection, lock: Option<Lock>) -> Stored<Writer> {
        file::make_ready(&mut db)?;
        Writer::on(db, lock)
    }

    /// Lets so many further writes pass; the next one fails.
    #[cfg(test)]
    pub(super) fn fail_after_writes(&mut self, writes: u32) {
        self.writes_left = Some(writes);
    }

    /// Begins a transaction; it takes no lock before it writes.
    pub(crate) fn begin(&mut self) -> Stored<()> {
        self.touched = Touched::default();
        self.db.prepare_cached("BEGIN")?.execute(())?;
        Ok(())
    }

    /// Makes the transaction durable, and tells what it changed.
    pub(crate) fn commit(&mut self) -> Stored<Touched> {
        self.settle()?;
        self.db.prepare_cached("COMMIT")?.execute(())?;
        self.touched.any = true;
        Ok(std::mem::take(&mut self.touched))
    }

    /// Gives the transaction up.
    pub(crate) fn rollback(&mut self) {
        self.touched = Touched::default();
        self.added = Added::default();
        if !self.db.is_autocommit() {
            // After some errors SQLite has rolled back by itself.
            let _ = self.db.execute_batch("ROLLBACK");
        }
    }

    /// Remembers how far a consumer of incoming messages got.
    pub(crate) fn feed_done(&mut self, consumer: &str, arrival: i64) -> Stored<()> {
        self.db.prepare_cached(query::FEED_DONE)?.execute((consumer, arrival))?;
        Ok(())
    }

    /// For reads that are not the engine's.
    pub(crate) fn db(&self) -> &Connection {
        &self.db
    }

    /// Empties the log and closes the file; the lock is let go.
    pub(crate) fn close(self) -> Stored<()> {
        self.db.flush_prepared_statement_cache();
        self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
        self.db.close().map_err(|(_, error)| error.into())
    }
}
