//! Mailboxes: messages in, acknowledged ones out.

use rusqlite::{OptionalExtension as _, Result, Transaction, params};
use waxwing_wire::{Cursor, Destination, DeviceId, RefusalCode, SealedFor};

use super::accounts::account_row;
use super::groups;
use crate::store::{Append, Outcome, StoreLimits};

/// A mailbox that is to get the message, and does not have it.
struct Target<'a> {
    device: i64,
    sequence: i64,
    sealed: &'a SealedFor,
}

/// Judges the whole message first and writes then, so that a refusal leaves nothing.
pub(super) fn append(transaction: &Transaction<'_>, append: &Append, limits: StoreLimits) -> Result<Outcome> {
    let sender: Option<i64> = transaction
        .prepare_cached(
            "SELECT device.id FROM device JOIN account ON account.id = device.account
             WHERE device.device_id = ?1 AND account.account_id = ?2",
        )?
        .query_row(params![append.sender_device.as_bytes(), append.sender_account.as_bytes()], |row| {
            row.get(0)
        })
        .optional()?;
    let Some(sender) = sender else { return Ok(Outcome::Refused(RefusalCode::UnknownDevice)) };
    let mut targets = Vec::new();
    for destination in &append.destinations {
        if let Some(refusal) = find_targets(transaction, append, sender, destination, limits, &mut targets)? {
            return Ok(refusal);
        }
    }
    let mut stored: Vec<DeviceId> = Vec::with_capacity(targets.len());
    for target in targets {
        if stored.contains(&target.sealed.device) {
            continue; // named twice in one message
        }
        store(transaction, append, sender, &target)?;
        stored.push(target.sealed.device);
    }
    Ok(Outcome::Appended { stored })
}

fn find_targets<'a>(
    transaction: &Transaction<'_>,
    append: &Append,
    sender: i64,
    destination: &'a Destination,
    limits: StoreLimits,
    targets: &mut Vec<Target<'a>>,
) -> Result<Option<Outcome>> {
    let Some(account) = account_row(transaction, destination.account)? else {
        return Ok(Some(Outcome::Refused(RefusalCode::UnknownAccount)));
    };
    if account.device_list_version != destination.device_list_version {
        let device_list_version = account.device_list_version;
        return Ok(Some(Outcome::DevicesStale { account: destination.account, device_list_version }));
    }
    for sealed in &destination.devices {
        let found: Option<(i64, i64, u64)> = transaction
            .prepare_cached(
                "SELECT id, last_sequence, waiting FROM device JOIN counter ON counter.device = device.id
                 WHERE device_id = ?1 AND account = ?2",
            )?
            .query_row(params![sealed.device.as_bytes(), account.id], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((device, last_sequence, waiting)) = found else {
            return Ok(Some(Outcome::Refused(RefusalCode::UnknownDevice)));
        };
        let is_there = transaction
            .prepare_cached("SELECT 1 FROM seen WHERE recipient = ?1 AND sender = ?2 AND message_id = ?3")?
            .exists(params![device, sender, append.message.as_bytes()])?;
        if is_there {
            continue;
        }
        if waiting >= limits.mailbox_max_envelopes {
            // A full mailbox of the sender's own other device must not keep the sender from writing to others.
            if destination.account == append.sender_account {
                continue;
            }
            return Ok(Some(Outcome::Refused(RefusalCode::MailboxFull)));
        }
        targets.push(Target { device, sequence: last_sequence + 1, sealed });
    }
    Ok(None)
}

fn store(transaction: &Transaction<'_>, append: &Append, sender: i64, target: &Target<'_>) -> Result<()> {
    transaction
        .prepare_cached("INSERT INTO seen (recipient, sender, message_id, at_ms) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![target.device, sender, append.message.as_bytes(), append.now_ms])?;
    transaction
        .prepare_cached(
            "INSERT INTO mailbox
             (device, sequence, sender_account, sender_device, message_id, accepted_at_ms, payload)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            target.device,
            target.sequence,
            append.sender_account.as_bytes(),
            append.sender_device.as_bytes(),
            append.message.as_bytes(),
            append.now_ms,
            &target.sealed.payload[..],
        ])?;
    transaction
        .prepare_cached("UPDATE counter SET last_sequence = ?2, waiting = waiting + 1 WHERE device = ?1")?
        .execute(params![target.device, target.sequence])?;
    Ok(())
}

pub(super) fn acknowledge(
    transaction: &Transaction<'_>,
    device: DeviceId,
    cursor: Cursor,
) -> Result<Outcome> {
    let row: Option<i64> = transaction
        .prepare_cached("SELECT id FROM device WHERE device_id = ?1")?
        .query_row([device.as_bytes()], |row| row.get(0))
        .optional()?;
    if let Some(row) = row {
        let cursor = i64::try_from(cursor).unwrap_or(i64::MAX);
        let deleted = transaction
            .prepare_cached("DELETE FROM mailbox WHERE device = ?1 AND sequence <= ?2")?
            .execute(params![row, cursor])?
            + groups::forget_places(transaction, row, cursor)?;
        transaction
            .prepare_cached(
                "UPDATE counter SET waiting = waiting - ?2, acknowledged = max(acknowledged, ?3) WHERE device = ?1",
            )?
            .execute(params![row, deleted, cursor])?;
    }
    Ok(Outcome::Done)
}
