//! Opening, tuning and migrating the database.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use waxwing_wire::RelayId;

use crate::store::StoreError;

/// Numbered from 1; never edited once released.
const MIGRATIONS: [&str; 5] = [
    include_str!("../../migrations/0001_init.sql"),
    include_str!("../../migrations/0002_groups.sql"),
    include_str!("../../migrations/0003_group_log.sql"),
    include_str!("../../migrations/0004_deleted.sql"),
    include_str!("../../migrations/0005_member_by_account.sql"),
];

/// Databases up to this size are checked as a whole at the start.
const CHECKED_MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The database cannot be used.
#[derive(Debug)]
pub enum OpenError {
    /// A newer relay made it.
    Newer {
        /// Its schema.
        found: u32,
        /// The newest schema that this relay knows.
        known: u32,
    },
    /// It is not a database, or is damaged.
    Damaged {
        /// What SQLite says.
        detail: String,
    },
    /// It cannot be opened.
    Failed {
        /// What SQLite says.
        detail: String,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Newer { found, known } => {
                write!(
                    f,
                    "the database has schema {found}, made by a newer relay; this one knows up to {known}"
                )
            }
            OpenError::Damaged { detail } => {
                write!(f, "the database is damaged ({detail}); restore it from a backup")
            }
            OpenError::Failed { detail } => write!(f, "the database cannot be opened: {detail}"),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> OpenError {
        let detail = error.to_string();
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                OpenError::Damaged { detail }
            }
            _ => OpenError::Failed { detail },
        }
    }
}

pub(super) fn open_writer(path: &Path) -> Result<(Connection, RelayId), OpenError> {
    let mut connection = Connection::open(path)?;
    tune(&connection)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenError::Failed {
            detail: format!("this file system allows journal mode {mode} only"),
        });
    }
    if std::fs::metadata(path).is_ok_and(|file| file.len() <= CHECKED_MAX_BYTES) {
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(OpenError::Damaged { detail: verdict });
        }
    }
    migrate(&mut connection)?;
    let relay = connection.query_row("SELECT relay_id FROM meta", [], |row| row.get::<_, [u8; 16]>(0))?;
    Ok((connection, RelayId::from_bytes(relay)))
}

pub(super) fn open_again(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    tune(&connection)?;
    Ok(connection)
}

fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    // A statement is prepared once, and not anew for each value that it is bound to.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // What is deleted is overwritten: nothing of an account that was deleted is left in free pages.
    connection.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let known = u32::try_from(MIGRATIONS.len()).expect("a handful of migrations");
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    for migration in MIGRATIONS.iter().skip(found as usize) {
        transaction.execute_batch(migration)?;
    }
    if found == 0 {
        let mut relay = [0; 16];
        getrandom::fill(&mut relay).map_err(|error| OpenError::Failed { detail: error.to_string() })?;
        transaction.execute("INSERT INTO meta (id, relay_id) VALUES (1, ?1)", [relay])?;
    }
    if found < known {
        transaction.pragma_update(None, "user_version", known)?;
    }
    Ok(transaction.commit()?)
}
