//! Prekeys: each one-time bundle leaves in the transaction that deletes it.

use bytes::Bytes;
use rusqlite::{OptionalExtension as _, Result, Transaction, params};
use waxwing_wire::{DeviceId, DevicePrekey, Prekey, RefusalCode, limits};

use super::accounts::account_row;
use crate::store::{Outcome, Take};

pub(super) fn publish(
    transaction: &Transaction<'_>,
    device: DeviceId,
    one_time: &[Prekey],
    last_resort: Option<&Prekey>,
) -> Result<Outcome> {
    let found: Option<(i64, u32)> = transaction
        .prepare_cached("SELECT id, prekey_id_high FROM device WHERE device_id = ?1 AND account IS NOT NULL")?
        .query_row([device.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((row, mut high)) = found else { return Ok(Outcome::Refused(RefusalCode::UnknownDevice)) };
    let mut count = count_of(transaction, row)?;
    for prekey in one_time {
        if prekey.id > high && (count as usize) < limits::PREKEYS_PER_DEVICE_MAX {
            transaction
                .prepare_cached("INSERT INTO prekey (device, prekey_id, bundle) VALUES (?1, ?2, ?3)")?
                .execute(params![row, prekey.id, &prekey.bundle[..]])?;
            high = prekey.id;
            count += 1;
        }
    }
    transaction
        .prepare_cached("UPDATE device SET prekey_id_high = ?2 WHERE id = ?1")?
        .execute(params![row, high])?;
    if let Some(prekey) = last_resort {
        transaction
            .prepare_cached("UPDATE device SET last_resort = ?2 WHERE id = ?1")?
            .execute(params![row, &prekey.bundle[..]])?;
    }
    Ok(Outcome::PrekeysPublished { one_time_prekeys: count })
}

/// Withdraws what is older than the upload; a repeated upload withdraws nothing of its own.
pub(super) fn withdraw(transaction: &Transaction<'_>, device: DeviceId, one_time: &[Prekey]) -> Result<()> {
    let kept = one_time.iter().map(|prekey| prekey.id).min().unwrap_or(u32::MAX);
    transaction
        .prepare_cached(
            "DELETE FROM prekey WHERE device = (SELECT id FROM device WHERE device_id = ?1) AND prekey_id < ?2",
        )?
        .execute(params![device.as_bytes(), kept])?;
    Ok(())
}

fn count_of(transaction: &Transaction<'_>, device: i64) -> Result<u32> {
    transaction
        .prepare_cached("SELECT count(*) FROM prekey WHERE device = ?1")?
        .query_row([device], |row| row.get(0))
}

pub(super) fn take(transaction: &Transaction<'_>, take: &Take) -> Result<Outcome> {
    let Some(account) = account_row(transaction, take.account)? else {
        return Ok(Outcome::Refused(RefusalCode::UnknownAccount));
    };
    let requester: Option<i64> = transaction
        .prepare_cached("SELECT id FROM device WHERE device_id = ?1 AND account IS NOT NULL")?
        .query_row([take.requester.as_bytes()], |row| row.get(0))
        .optional()?;
    let Some(requester) = requester else { return Ok(Outcome::Refused(RefusalCode::UnknownDevice)) };
    let mut rows = Vec::with_capacity(take.devices.len());
    for device in &take.devices {
        let row: Option<i64> = transaction
            .prepare_cached("SELECT id FROM device WHERE device_id = ?1 AND account = ?2")?
            .query_row(params![device.as_bytes(), account.id], |row| row.get(0))
            .optional()?;
        let Some(row) = row else { return Ok(Outcome::Refused(RefusalCode::UnknownDevice)) };
        rows.push((*device, row));
    }
    let (mut devices, mut low) = (Vec::new(), Vec::new());
    for (device, row) in rows {
        let bundle = match given_before(transaction, take, requester, row)? {
            Some(bundle) => Some(bundle),
            None => give(transaction, take, requester, (device, row), &mut low)?,
        };
        devices.push(DevicePrekey { device, bundle: bundle.map(Bytes::from) });
    }
    Ok(Outcome::PrekeysTaken { devices, low })
}

fn given_before(
    transaction: &Transaction<'_>,
    take: &Take,
    requester: i64,
    device: i64,
) -> Result<Option<Vec<u8>>> {
    transaction
        .prepare_cached("SELECT bundle FROM given WHERE requester = ?1 AND fetch_id = ?2 AND device = ?3")?
        .query_row(params![requester, take.fetch.as_bytes(), device], |row| row.get(0))
        .optional()
}

fn give(
    transaction: &Transaction<'_>,
    take: &Take,
    requester: i64,
    (device, row): (DeviceId, i64),
    low: &mut Vec<(DeviceId, u32)>,
) -> Result<Option<Vec<u8>>> {
    let one_time: Option<(i64, Vec<u8>)> = transaction
        .prepare_cached("SELECT id, bundle FROM prekey WHERE device = ?1 ORDER BY prekey_id LIMIT 1")?
        .query_row([row], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let bundle = match one_time {
        Some((prekey, bundle)) => {
            transaction.prepare_cached("DELETE FROM prekey WHERE id = ?1")?.execute([prekey])?;
            Some(bundle)
        }
        None => transaction
            .prepare_cached("SELECT last_resort FROM device WHERE id = ?1")?
            .query_row([row], |row| row.get(0))?,
    };
    let left = count_of(transaction, row)?;
    if left < limits::PREKEYS_LOW {
        low.push((device, left));
    }
    if let Some(bundle) = &bundle {
        transaction
            .prepare_cached(
                "INSERT INTO given (requester, fetch_id, device, at_ms, bundle) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![requester, take.fetch.as_bytes(), row, take.now_ms, bundle])?;
    }
    Ok(bundle)
}
