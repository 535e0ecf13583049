//! One process at a time writes: a lock on a file beside the store.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::StoreError;

/// Held while the store is open for writing; the operating system lets go of it when the process dies.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(crate) fn take(store: &Path) -> Result<Lock, StoreError> {
        let mut path = store.as_os_str().to_owned();
        path.push(".lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        owner_only(&mut options);
        let file = options.open(PathBuf::from(path)).map_err(|error| from_io(&error).of_making())?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
            Err(TryLockError::Error(error)) => Err(from_io(&error)),
        }
    }
}

pub(crate) fn from_io(error: &std::io::Error) -> StoreError {
    use std::io::ErrorKind as K;
    let kind = error.kind();
    if matches!(kind, K::StorageFull | K::QuotaExceeded) {
        StoreError::DiskFull
    } else if kind == K::NotFound {
        StoreError::Absent
    } else {
        StoreError::Io
    }
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn owner_only(_: &mut OpenOptions) {}

/// Makes the store's file, if it is not there, for its owner only.
pub(crate) fn create_owner_only(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    owner_only(&mut options);
    options.open(path).map(drop).map_err(|error| from_io(&error).of_making())
}
