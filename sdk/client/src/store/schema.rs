//! The schema and its versions. Migrations are numbered, and never edited once they are released.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// The migrations, oldest first; a store's `user_version` counts those it has had.
pub(super) const MIGRATIONS: [&str; 12] = [
    include_str!("../../migrations/0001_init.sql"),
    include_str!("../../migrations/0002_verified.sql"),
    include_str!("../../migrations/0003_devices.sql"),
    include_str!("../../migrations/0004_annotations.sql"),
    include_str!("../../migrations/0005_search.sql"),
    include_str!("../../migrations/0006_settings.sql"),
    include_str!("../../migrations/0007_groups.sql"),
    include_str!("../../migrations/0008_invitations.sql"),
    include_str!("../../migrations/0009_past.sql"),
    include_str!("../../migrations/0010_pictures.sql"),
    include_str!("../../migrations/0011_unopened.sql"),
    include_str!("../../migrations/0012_added.sql"),
];

const VERSION: i64 = MIGRATIONS.len() as i64;

/// Brings a store up to date, in one transaction: all of it, or nothing.
pub(super) fn migrate(db: &mut Connection) -> Result<(), StoreError> {
    let done = version(db)?;
    if done == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for migration in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(())
}

/// Checks that a store is up to date, for those who may not write.
pub(super) fn check(db: &Connection) -> Result<(), StoreError> {
    if version(db)? == MIGRATIONS.len() { Ok(()) } else { Err(StoreError::Corrupt) }
}

fn version(db: &Connection) -> Result<usize, StoreError> {
    let version: i64 = db.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    let version = usize::try_from(version).map_err(|_| StoreError::Corrupt)?;
    if version <= MIGRATIONS.len() { Ok(version) } else { Err(StoreError::Newer) }
}
