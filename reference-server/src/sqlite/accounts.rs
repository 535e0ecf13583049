//! Accounts and their devices.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Result, Transaction, params};
use waxwing_wire::{AccountId, DeviceId, DeviceRecord, RefusalCode, Register, UpdateDevices};

use super::{deletion, groups, log};
use crate::store::Outcome;

pub(super) fn register(transaction: &Transaction<'_>, register: &Register) -> Result<Outcome> {
    if let Some(known) = account_row(transaction, register.account)? {
        let identity: (String, [u8; 32]) = transaction
            .prepare_cached("SELECT handle, account_key FROM account WHERE id = ?1")?
            .query_row([known.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let device_is_known = transaction
            .prepare_cached(
                "SELECT 1 FROM device WHERE device_id = ?1 AND account = ?2 AND signing_key = ?3",
            )?
            .exists(params![register.device.device.as_bytes(), known.id, register.device.signing_key.0])?;
        let same =
            identity == (register.handle.as_str().to_owned(), register.account_key.0) && device_is_known;
        return Ok(if same { Outcome::Done } else { Outcome::Refused(RefusalCode::AccountExists) });
    }
    if deletion::word(transaction, register.account)?.is_some() {
        return Ok(Outcome::Refused(RefusalCode::AccountDeleted));
    }
    let handle_is_taken = transaction
        .prepare_cached("SELECT 1 FROM account WHERE handle = ?1")?
        .exists([register.handle.as_str()])?;
    if handle_is_taken {
        return Ok(Outcome::Refused(RefusalCode::HandleTaken));
    }
    if belongs_to_another(transaction, None, &register.device)? {
        return Ok(Outcome::Refused(RefusalCode::NotAuthorised));
    }
    transaction
        .prepare_cached(
            "INSERT INTO account (account_id, handle, account_key, device_list, device_list_version)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            register.account.as_bytes(),
            register.handle.as_str(),
            register.account_key.0,
            &register.device_list[..],
            register.device_list_version,
        ])?;
    admit(transaction, transaction.last_insert_rowid(), &register.device)?;
    Ok(Outcome::Done)
}

/// What an append needs of an account.
pub(super) struct AccountRow {
    pub(super) id: i64,
    pub(super) device_list_version: u64,
}

pub(super) fn account_row(transaction: &Transaction<'_>, account: AccountId) -> Result<Option<AccountRow>> {
    transaction
        .prepare_cached("SELECT id, device_list_version FROM account WHERE account_id = ?1")?
        .query_row([account.as_bytes()], |row| {
            Ok(AccountRow { id: row.get(0)?, device_list_version: row.get(1)? })
        })
        .optional()
}

fn belongs_to_another(
    transaction: &Transaction<'_>,
    account: Option<i64>,
    record: &DeviceRecord,
) -> Result<bool> {
    let owner: Option<Option<i64>> = transaction
        .prepare_cached("SELECT account FROM device WHERE device_id = ?1")?
        .query_row([record.device.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(owner.flatten().is_some_and(|owner| Some(owner) != account))
}

fn admit(transaction: &Transaction<'_>, account: i64, record: &DeviceRecord) -> Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO device (device_id, account, signing_key) VALUES (?1, ?2, ?3)
             ON CONFLICT (device_id) DO UPDATE
                SET account = excluded.account, former = NULL, signing_key = excluded.signing_key",
        )?
        .execute(params![record.device.as_bytes(), account, record.signing_key.0])?;
    let row: i64 = transaction
        .prepare_cached("SELECT id FROM device WHERE device_id = ?1")?
        .query_row([record.device.as_bytes()], |row| row.get(0))?;
    transaction.prepare_cached("INSERT OR IGNORE INTO counter (device) VALUES (?1)")?.execute([row])?;
    log::admit_device(transaction, account, row)
}

pub(super) fn update_devices(transaction: &Transaction<'_>, update: &UpdateDevices) -> Result<Outcome> {
    let Some(account) = account_row(transaction, update.account)? else {
        return Ok(Outcome::Refused(RefusalCode::UnknownAccount));
    };
    let list: Vec<u8> = transaction
        .prepare_cached("SELECT device_list FROM account WHERE id = ?1")?
        .query_row([account.id], |row| row.get(0))?;
    if update.device_list_version == account.device_list_version && update.device_list == list {
        return Ok(Outcome::DevicesUpdated { cut_off: Vec::new() });
    }
    // Any later one: a relay that was put back to an old copy is caught up with.
    if update.device_list_version <= account.device_list_version {
        return Ok(Outcome::Refused(RefusalCode::DeviceListConflict));
    }
    for record in &update.devices {
        if belongs_to_another(transaction, Some(account.id), record)? {
            return Ok(Outcome::Refused(RefusalCode::NotAuthorised));
        }
    }
    let cut_off = cut_off(transaction, account.id, &update.devices)?;
    for record in &update.devices {
        admit(transaction, account.id, record)?;
    }
    transaction
        .prepare_cached("UPDATE account SET device_list = ?2, device_list_version = ?3 WHERE id = ?1")?
        .execute(params![account.id, &update.device_list[..], update.device_list_version])?;
    Ok(Outcome::DevicesUpdated { cut_off })
}

/// Ends the devices that the new list does not name, or names with another key.
pub(super) fn cut_off(
    transaction: &Transaction<'_>,
    account: i64,
    devices: &[DeviceRecord],
) -> Result<Vec<DeviceId>> {
    let keys: BTreeMap<DeviceId, [u8; 32]> =
        devices.iter().map(|record| (record.device, record.signing_key.0)).collect();
    let before: Vec<(i64, DeviceId, [u8; 32])> = transaction
        .prepare_cached(
            "SELECT id, device_id, signing_key FROM device WHERE account = ?1 ORDER BY device_id",
        )?
        .query_map([account], |row| Ok((row.get(0)?, DeviceId::from_bytes(row.get(1)?), row.get(2)?)))?
        .collect::<Result<_>>()?;
    let mut cut_off = Vec::new();
    for (row, device, key) in before {
        if keys.get(&device) == Some(&key) {
            continue;
        }
        for statement in [
            "UPDATE device SET former = account, account = NULL, last_resort = NULL WHERE id = ?1",
            "UPDATE counter SET waiting = 0 WHERE device = ?1",
            "DELETE FROM mailbox WHERE device = ?1",
            "DELETE FROM prekey WHERE device = ?1",
            "DELETE FROM given WHERE requester = ?1",
            "DELETE FROM given WHERE device = ?1",
            "DELETE FROM seen WHERE recipient = ?1",
        ] {
            transaction.prepare_cached(statement)?.execute([row])?;
        }
        groups::forget_places(transaction, row, i64::MAX)?;
        log::forget_device(transaction, row)?;
        cut_off.push(device);
    }
    Ok(cut_off)
}
