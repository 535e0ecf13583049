//! Deleting an account with everything that the relay has of it.
//!
//! It reads the mailboxes, the memory of what was seen and the logs of groups once from end to end: no index leads from a sender to what
//! it sent, since that would cost every message something, and accounts are rarely deleted.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Result, Transaction, params};
use waxwing_wire::{AccountId, DeviceId, FrameSignature, RefusalCode};

use super::accounts::{account_row, cut_off};
use crate::store::{Outcome, deleted_name};

/// What says that an account was deleted.
pub(super) fn word(connection: &rusqlite::Connection, account: AccountId) -> Result<Option<FrameSignature>> {
    connection
        .prepare_cached("SELECT deletion FROM deleted WHERE id_hash = ?1")?
        .query_row([deleted_name(&account)], |row| row.get(0).map(FrameSignature))
        .optional()
}

pub(super) fn delete(
    transaction: &Transaction<'_>,
    account: AccountId,
    asks: DeviceId,
    deletion: &FrameSignature,
) -> Result<Outcome> {
    let Some(row) = account_row(transaction, account)? else {
        return Ok(match word(transaction, account)? {
            Some(_) => Outcome::AccountDeleted { cut_off: Vec::new() },
            None => Outcome::Refused(RefusalCode::UnknownAccount),
        });
    };
    let mut cut_off = cut_off(transaction, row.id, &[])?;
    cut_off.retain(|device| *device != asks);
    forget_sent(transaction, account)?;
    leave_groups(transaction, row.id)?;
    for statement in [
        "DELETE FROM seen WHERE sender IN (SELECT id FROM device WHERE former = ?1)",
        "DELETE FROM seen_in_group WHERE sender IN (SELECT id FROM device WHERE former = ?1)",
        "UPDATE group_log SET sender = 0 WHERE sender IN (SELECT id FROM device WHERE former = ?1)",
        "DELETE FROM counter WHERE device IN (SELECT id FROM device WHERE former = ?1)",
        "DELETE FROM device WHERE former = ?1",
        "DELETE FROM account WHERE id = ?1",
    ] {
        transaction.prepare_cached(statement)?.execute([row.id])?;
    }
    transaction
        .prepare_cached("INSERT INTO deleted (id_hash, deletion) VALUES (?1, ?2)")?
        .execute(params![deleted_name(&account), deletion.0])?;
    Ok(Outcome::AccountDeleted { cut_off })
}

/// Takes what the account sent out of all mailboxes and logs. Changes of groups stay, since the groups stand on them; from whom they
/// came is forgotten.
fn forget_sent(transaction: &Transaction<'_>, account: AccountId) -> Result<()> {
    let mut taken: BTreeMap<i64, u64> = BTreeMap::new();
    let mut take = |devices: Vec<i64>| {
        devices.into_iter().for_each(|device| *taken.entry(device).or_default() += 1);
    };
    take(
        transaction
            .prepare_cached("DELETE FROM mailbox WHERE sender_account = ?1 RETURNING device")?
            .query_map([account.as_bytes()], |row| row.get(0))?
            .collect::<Result<_>>()?,
    );
    let shared = transaction
        .prepare_cached("DELETE FROM shared WHERE sender_account = ?1 AND is_change = 0")?
        .execute([account.as_bytes()])?;
    if shared > 0 {
        let places = "DELETE FROM shared_place WHERE NOT EXISTS
             (SELECT 1 FROM shared WHERE shared.id = shared_place.shared) RETURNING device";
        take(transaction.prepare_cached(places)?.query_map([], |row| row.get(0))?.collect::<Result<_>>()?);
        transaction
            .prepare_cached(
                "DELETE FROM group_log WHERE NOT EXISTS (SELECT 1 FROM shared WHERE shared.id = group_log.shared)",
            )?
            .execute([])?;
    }
    for (device, count) in taken {
        transaction
            .prepare_cached("UPDATE counter SET waiting = waiting - ?2 WHERE device = ?1")?
            .execute(params![device, count])?;
    }
    transaction
        .prepare_cached(
            "UPDATE shared SET sender_account = zeroblob(16), sender_device = zeroblob(16) WHERE sender_account = ?1",
        )?
        .execute([account.as_bytes()])?;
    Ok(())
}

/// Takes the account out of its groups; those that are empty then, and that nobody reads any more, go as well.
fn leave_groups(transaction: &Transaction<'_>, account: i64) -> Result<()> {
    let groups: Vec<i64> = transaction
        .prepare_cached("DELETE FROM group_member WHERE account = ?1 RETURNING chat_group")?
        .query_map([account], |row| row.get(0))?
        .collect::<Result<_>>()?;
    for group in groups {
        let is_needed = transaction
            .prepare_cached(
                "SELECT 1 WHERE EXISTS (SELECT 1 FROM group_member WHERE chat_group = ?1)
                     OR EXISTS (SELECT 1 FROM log_reader WHERE chat_group = ?1)",
            )?
            .exists([group])?;
        if is_needed {
            continue;
        }
        for statement in [
            "DELETE FROM group_log WHERE chat_group = ?1",
            "DELETE FROM group_change WHERE chat_group = ?1",
            "DELETE FROM chat_group WHERE id = ?1",
        ] {
            transaction.prepare_cached(statement)?.execute([group])?;
        }
    }
    Ok(())
}
