//! How a connection to the store is opened and tuned.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use super::lock::{self, Lock};
use super::{Place, Store, StoreError, StoreKey, exit, schema};

/// How long a connection waits for another one of this store; only opening and closing ever collide.
const BUSY_WAIT: Duration = Duration::from_secs(5);
const STATEMENTS_KEPT: usize = 128;

/// Opens for writing: takes the lock, makes the file if it is not there, brings the schema up to date.
pub(super) fn open_writer(store: &Store) -> Result<(Connection, Option<Lock>), StoreError> {
    let (mut db, lock) = match &store.place {
        Place::File { path, key } => {
            let lock = Lock::take(path)?;
            lock::create_owner_only(path)?;
            (open_file(path, key)?, Some(lock))
        }
        Place::Memory { name, .. } => (open_memory(name)?, None),
    };
    make_ready(&mut db)?;
    Ok((db, lock))
}

/// Sets how a writing connection keeps its promises.
pub(super) fn make_ready(db: &mut Connection) -> Result<(), StoreError> {
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON;",
    )?;
    schema::migrate(db)
}

/// Opens for reading only. The schema must be this build's.
pub(super) fn open_reader(store: &Store) -> Result<Connection, StoreError> {
    let db = match &store.place {
        Place::File { path, key } => {
            if !path.try_exists().map_err(|error| lock::from_io(&error))? {
                return Err(StoreError::Absent);
            }
            open_file(path, key)?
        }
        Place::Memory { name, .. } => open_memory(name)?,
    };
    db.execute_batch("PRAGMA query_only = ON;")?;
    schema::check(&db)?;
    Ok(db)
}

fn open_file(path: &Path, key: &StoreKey) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let db = Connection::open_with_flags(path, flags)?;
    let mut pragma = Zeroizing::new(String::with_capacity(96));
    pragma.push_str("PRAGMA key = \"x'");
    for byte in key.expose() {
        // Writing into a string cannot fail.
        let _ = write!(pragma, "{byte:02x}");
    }
    pragma.push_str("'\";");
    db.execute_batch("PRAGMA cipher_log_level = NONE;")?;
    db.execute_batch(&pragma)?;
    tune(&db)?;
    // The first read shows whether the key is right.
    db.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get::<_, i64>(0))?;
    Ok(db)
}

pub(super) fn open_memory(name: &str) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let db = Connection::open_with_flags(name, flags)?;
    tune(&db)?;
    Ok(db)
}

fn tune(db: &Connection) -> Result<(), StoreError> {
    exit::come_first();
    db.busy_timeout(BUSY_WAIT)?;
    // A statement is prepared once, and not anew for each value that it is bound to.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    db.execute_batch(
        "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
    )?;
    Ok(())
}
