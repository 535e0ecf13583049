//! The store: one SQLite file, sealed with SQLCipher.
//!
//! One writer, on the driver's thread, is the engine's [`View`](waxwing_engine::View) and
//! [`Apply`](waxwing_engine::Apply); a few readers beside it serve timelines and lists.

mod added;
pub(crate) mod codes;
pub(crate) mod doors;
mod erase;
pub(crate) mod exit;
mod file;
pub(crate) mod groups;
pub(crate) mod lock;
pub(crate) mod past;
mod pool;
mod query;
mod read;
pub(crate) mod schema;
pub(crate) mod search;
pub(crate) mod show;
mod write;
pub(crate) mod writer;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use zeroize::Zeroizing;

pub(crate) use pool::Readers;
pub(crate) use writer::{Touched, Writer};

use crate::random;

/// Where a client keeps everything. Clones mean the same place.
#[derive(Clone)]
pub struct Store {
    pub(crate) place: Place,
}

#[derive(Clone)]
pub(crate) enum Place {
    File {
        path: PathBuf,
        key: StoreKey,
    },
    /// The memory lives as long as the connection that is kept here.
    Memory {
        name: Arc<str>,
        _anchor: Arc<Mutex<Option<Connection>>>,
    },
}

impl Store {
    /// A file, made if it is not there. Beside it stand its log (`-wal`, `-shm`) and a lock file (`.lock`).
    pub fn file(path: impl Into<PathBuf>) -> StoreFile {
        StoreFile { path: path.into() }
    }

    /// A store in memory, for tests: it lives as long as this value and its clones, and the clients built with them.
    #[must_use]
    pub fn memory() -> Store {
        let name: Arc<str> =
            format!("file:/waxwing-{:032x}?vfs=memdb", u128::from_be_bytes(random::array())).into();
        let anchor = file::open_memory(&name).ok();
        Store { place: Place::Memory { name, _anchor: Arc::new(Mutex::new(anchor)) } }
    }
}

/// The place only: the key stays out of logs.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File { .. } => f.write_str("Store(file)"),
            Place::Memory { .. } => f.write_str("Store(memory)"),
        }
    }
}

/// A file that still needs its key.
#[derive(Debug)]
#[must_use = "give it a key"]
pub struct StoreFile {
    path: PathBuf,
}

impl StoreFile {
    /// Gives the key that the file is sealed with.
    #[must_use]
    pub fn key(self, key: StoreKey) -> Store {
        Store { place: Place::File { path: self.path, key } }
    }
}

/// The key of a store: 32 random bytes, kept in the platform's keystore. Wiped when the last clone is gone.
#[derive(Clone)]
pub struct StoreKey(Arc<Zeroizing<[u8; 32]>>);

impl StoreKey {
    /// Takes the 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> StoreKey {
        StoreKey(Arc::new(Zeroizing::new(bytes)))
    }

    /// Makes a new key.
    #[must_use]
    pub fn generate() -> StoreKey {
        StoreKey::from_bytes(random::array())
    }

    /// The 32 bytes, for the keystore.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey(..)")
    }
}

/// What can go wrong with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreError {
    /// The key does not open the file, or the file is not a store.
    WrongKey,
    /// The file is damaged, or holds what no client writes.
    Corrupt,
    /// Another process writes to it.
    InUse,
    /// A newer build wrote it.
    Newer,
    /// No room.
    DiskFull,
    /// The disk or the file system failed.
    Io,
    /// There is no such store, or no such thing in it.
    Absent,
    /// The client is suspended.
    Suspended,
    /// SQL that does not fit the schema.
    Bug,
}

impl StoreError {
    /// The same, when a file was to be made: a folder that is not there is no missing store.
    fn of_making(self) -> StoreError {
        if self == StoreError::Absent { StoreError::Io } else { self }
    }
}

/// What SQLite says may quote SQL, never values; only its code is passed on.
impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        use rusqlite::ErrorCode as C;
        let table: [(&[C], StoreError); 5] = [
            (&[C::DiskFull], StoreError::DiskFull),
            (&[C::NotADatabase], StoreError::WrongKey),
            (&[C::DatabaseCorrupt], StoreError::Corrupt),
            (&[C::DatabaseBusy, C::DatabaseLocked, C::FileLockingProtocolFailed], StoreError::InUse),
            (
                &[
                    C::SystemIoFailure,
                    C::CannotOpen,
                    C::ReadOnly,
                    C::PermissionDenied,
                    C::OutOfMemory,
                    C::NoLargeFileSupport,
                    C::OperationInterrupted,
                    C::OperationAborted,
                ],
                StoreError::Io,
            ),
        ];
        let Some(code) = error.sqlite_error_code() else {
            let absent = matches!(error, rusqlite::Error::QueryReturnedNoRows);
            return if absent { StoreError::Absent } else { StoreError::Bug };
        };
        table.iter().find(|(codes, _)| codes.contains(&code)).map_or(StoreError::Bug, |(_, error)| *error)
    }
}

#[cfg(test)]
mod tests;
