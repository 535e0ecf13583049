//! Groups: changes in their order, and messages that are stored once for all mailboxes.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension as _, Result, Transaction, params};
use waxwing_wire::{AccountId, DeviceId, GroupId, MessageId, RefusalCode};

use super::accounts::account_row;
use super::{deletion, log};
use crate::store::{GroupAppend, GroupChange, Outcome, StoreLimits};

struct Group {
    id: i64,
    revision: u64,
}

/// One payload for many, before it is stored.
pub(super) struct Shared<'a> {
    pub(super) sender: &'a Sender,
    message: MessageId,
    pub(super) group: GroupId,
    revision: u64,
    pub(super) is_change: bool,
    payload: &'a [u8],
    pub(super) now_ms: i64,
}

pub(super) struct Sender {
    pub(super) id: i64,
    account_row: i64,
    account: AccountId,
    device: DeviceId,
}

pub(super) fn change(
    transaction: &Transaction<'_>,
    change: &GroupChange,
    limits: StoreLimits,
) -> Result<Outcome> {
    let Some(sender) = sender(transaction, change.sender_account, change.sender_device)? else {
        return Ok(Outcome::Refused(RefusalCode::UnknownDevice));
    };
    let next = &change.change;
    let known = group(transaction, next.group)?;
    let id = match &known {
        None if next.revision != 1 => return Ok(Outcome::Refused(RefusalCode::UnknownGroup)),
        None if next.members.binary_search(&sender.account).is_err() => {
            return Ok(Outcome::Refused(RefusalCode::NotAuthorised));
        }
        None => None,
        Some(known) if is_repeated(transaction, known, change)? => {
            return Ok(Outcome::GroupChanged { stored: Vec::new() });
        }
        Some(known) if !is_member(transaction, known, &sender)? => {
            return Ok(Outcome::Refused(RefusalCode::UnknownGroup));
        }
        Some(known) if next.revision != known.revision + 1 => {
            return Ok(Outcome::GroupStale { revision: known.revision });
        }
        Some(known) => Some(known.id),
    };
    let mut members = Vec::with_capacity(next.members.len());
    for member in &next.members {
        match account_row(transaction, *member)? {
            Some(account) => members.push(account.id),
            // Those who wrote the change need not know that one of them is gone.
            None if deletion::word(transaction, *member)?.is_some() => {}
            None => return Ok(Outcome::Refused(RefusalCode::UnknownAccount)),
        }
    }
    for member in &members {
        if has_no_room(transaction, id, *member, limits)? {
            return Ok(Outcome::Refused(RefusalCode::GroupsFull));
        }
    }
    let id = put_change(transaction, id, change)?;
    // Those who leave by it hear of it too: it goes out between their leaving and the others' coming.
    let shared = Shared {
        sender: &sender,
        message: next.message,
        group: next.group,
        revision: next.revision,
        is_change: true,
        payload: &next.change,
        now_ms: change.now_ms,
    };
    let is_logged = log::is_kept(transaction, id)?;
    for member in &members {
        let joined = transaction
            .prepare_cached("INSERT OR IGNORE INTO group_member (chat_group, account) VALUES (?1, ?2)")?
            .execute([id, *member])?;
        if is_logged && joined > 0 {
            log::admit_account(transaction, id, *member)?;
        }
    }
    let outcome = if is_logged || log::begin(transaction, id, limits)? {
        log::append(transaction, id, &shared, limits)?
    } else {
        Outcome::GroupChanged { stored: fan_out(transaction, id, &shared, limits)? }
    };
    dismiss_others(transaction, id, &members.into_iter().collect())?;
    Ok(outcome)
}

/// Whether an account would come into one group too many.
fn has_no_room(
    transaction: &Transaction<'_>,
    group: Option<i64>,
    account: i64,
    limits: StoreLimits,
) -> Result<bool> {
    if let Some(group) = group {
        let is_in = transaction
            .prepare_cached("SELECT 1 FROM group_member WHERE chat_group = ?1 AND account = ?2")?
            .exists([group, account])?;
        if is_in {
            return Ok(false);
        }
    }
    let count: u64 = transaction
        .prepare_cached("SELECT count(*) FROM group_member WHERE account = ?1")?
        .query_row([account], |row| row.get(0))?;
    Ok(count >= limits.groups_per_account_max)
}

fn put_change(transaction: &Transaction<'_>, group: Option<i64>, change: &GroupChange) -> Result<i64> {
    let next = &change.change;
    let id = match group {
        Some(id) => {
            transaction
                .prepare_cached("UPDATE chat_group SET revision = ?2 WHERE id = ?1")?
                .execute(params![id, next.revision])?;
            id
        }
        None => {
            transaction
                .prepare_cached("INSERT INTO chat_group (group_id, revision) VALUES (?1, ?2)")?
                .execute(params![next.group.as_bytes(), next.revision])?;
            transaction.last_insert_rowid()
        }
    };
    transaction
        .prepare_cached(
            "INSERT INTO group_change (chat_group, revision, message_id, change) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![id, next.revision, next.message.as_bytes(), &next.change[..]])?;
    Ok(id)
}

fn dismiss_others(transaction: &Transaction<'_>, group: i64, members: &BTreeSet<i64>) -> Result<()> {
    let all: Vec<i64> = transaction
        .prepare_cached("SELECT account FROM group_member WHERE chat_group = ?1")?
        .query_map([group], |row| row.get(0))?
        .collect::<Result<_>>()?;
    for gone in all.into_iter().filter(|account| !members.contains(account)) {
        transaction
            .prepare_cached("DELETE FROM group_member WHERE chat_group = ?1 AND account = ?2")?
            .execute([group, gone])?;
        log::dismiss_account(transaction, group, gone)?;
    }
    Ok(())
}

pub(super) fn append(
    transaction: &Transaction<'_>,
    append: &GroupAppend,
    limits: StoreLimits,
) -> Result<Outcome> {
    let submit = &append.submit;
    let Some(sender) = sender(transaction, append.sender_account, append.sender_device)? else {
        return Ok(Outcome::Refused(RefusalCode::UnknownDevice));
    };
    let is_there = transaction
        .prepare_cached("SELECT 1 FROM seen_in_group WHERE sender = ?1 AND message_id = ?2")?
        .exists(params![sender.id, submit.message.as_bytes()])?;
    if is_there {
        return Ok(Outcome::Appended { stored: Vec::new() });
    }
    let group = match group(transaction, submit.group)? {
        Some(group) if is_member(transaction, &group, &sender)? => group,
        Some(_) | None => return Ok(Outcome::Refused(RefusalCode::UnknownGroup)),
    };
    if group.revision != submit.revision {
        return Ok(Outcome::GroupStale { revision: group.revision });
    }
    transaction
        .prepare_cached("INSERT INTO seen_in_group (sender, message_id, at_ms) VALUES (?1, ?2, ?3)")?
        .execute(params![sender.id, submit.message.as_bytes(), append.now_ms])?;
    let shared = Shared {
        sender: &sender,
        message: submit.message,
        group: submit.group,
        revision: submit.revision,
        is_change: false,
        payload: &submit.payload,
        now_ms: append.now_ms,
    };
    if log::is_kept(transaction, group.id)? || log::begin(transaction, group.id, limits)? {
        return log::append(transaction, group.id, &shared, limits);
    }
    Ok(Outcome::Appended { stored: fan_out(transaction, group.id, &shared, limits)? })
}

/// Stores a payload once, and gives it a place in the mailbox of each device of the members but the sender's. A full mailbox
/// gets none: one member who is away must not keep all others from writing.
fn fan_out(
    transaction: &Transaction<'_>,
    group: i64,
    shared: &Shared<'_>,
    limits: StoreLimits,
) -> Result<Vec<DeviceId>> {
    let full = limits.mailbox_max_envelopes;
    let stored: Vec<DeviceId> = transaction
        .prepare_cached(
            "SELECT device.device_id FROM group_member JOIN device ON device.account = group_member.account
             JOIN counter ON counter.device = device.id
             WHERE group_member.chat_group = ?1 AND device.id <> ?2 AND counter.waiting < ?3
             ORDER BY device.device_id",
        )?
        .query_map(params![group, shared.sender.id, full], |row| Ok(DeviceId::from_bytes(row.get(0)?)))?
        .collect::<Result<_>>()?;
    if stored.is_empty() {
        return Ok(stored);
    }
    let id = put_shared(transaction, shared, stored.len() as u64)?;
    transaction
        .prepare_cached(
            "INSERT INTO shared_place (device, sequence, shared)
             SELECT device.id, counter.last_sequence + 1, ?4
             FROM group_member JOIN device ON device.account = group_member.account
             JOIN counter ON counter.device = device.id
             WHERE group_member.chat_group = ?1 AND device.id <> ?2 AND counter.waiting < ?3",
        )?
        .execute(params![group, shared.sender.id, full, id])?;
    transaction
        .prepare_cached(
            "UPDATE counter SET last_sequence = last_sequence + 1, waiting = waiting + 1
             WHERE device IN (SELECT device.id FROM group_member JOIN device ON device.account = group_member.account
                              WHERE group_member.chat_group = ?1)
                   AND device <> ?2 AND waiting < ?3",
        )?
        .execute(params![group, shared.sender.id, full])?;
    Ok(stored)
}

/// Stores a payload that so many are to get.
pub(super) fn put_shared(transaction: &Transaction<'_>, shared: &Shared<'_>, waiting: u64) -> Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO shared (sender_account, sender_device, message_id, accepted_at_ms, group_id, revision,
                                 is_change, waiting, payload)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            shared.sender.account.as_bytes(),
            shared.sender.device.as_bytes(),
            shared.message.as_bytes(),
            shared.now_ms,
            shared.group.as_bytes(),
            shared.revision,
            shared.is_change,
            waiting,
            shared.payload,
        ])?;
    Ok(transaction.last_insert_rowid())
}

/// So many no longer wait for a payload; with the last it goes.
pub(super) fn release(transaction: &Transaction<'_>, payload: i64, count: u64) -> Result<()> {
    let waiting: Option<i64> = transaction
        .prepare_cached("UPDATE shared SET waiting = waiting - ?2 WHERE id = ?1 RETURNING waiting")?
        .query_row(params![payload, count], |row| row.get(0))
        .optional()?;
    if waiting.is_some_and(|waiting| waiting <= 0) {
        transaction.prepare_cached("DELETE FROM shared WHERE id = ?1")?.execute([payload])?;
    }
    Ok(())
}

/// Takes places out of a device's mailbox up to a cursor. Says how many.
pub(super) fn forget_places(transaction: &Transaction<'_>, device: i64, cursor: i64) -> Result<usize> {
    let payloads: Vec<i64> = transaction
        .prepare_cached("DELETE FROM shared_place WHERE device = ?1 AND sequence <= ?2 RETURNING shared")?
        .query_map([device, cursor], |row| row.get(0))?
        .collect::<Result<_>>()?;
    for payload in &payloads {
        release(transaction, *payload, 1)?;
    }
    Ok(payloads.len())
}

fn sender(transaction: &Transaction<'_>, account: AccountId, device: DeviceId) -> Result<Option<Sender>> {
    transaction
        .prepare_cached(
            "SELECT device.id, account.id FROM device JOIN account ON account.id = device.account
             WHERE device.device_id = ?1 AND account.account_id = ?2",
        )?
        .query_row(params![device.as_bytes(), account.as_bytes()], |row| {
            Ok(Sender { id: row.get(0)?, account_row: row.get(1)?, account, device })
        })
        .optional()
}

fn group(transaction: &Transaction<'_>, group: GroupId) -> Result<Option<Group>> {
    transaction
        .prepare_cached("SELECT id, revision FROM chat_group WHERE group_id = ?1")?
        .query_row([group.as_bytes()], |row| Ok(Group { id: row.get(0)?, revision: row.get(1)? }))
        .optional()
}

fn is_member(transaction: &Transaction<'_>, group: &Group, sender: &Sender) -> Result<bool> {
    transaction
        .prepare_cached("SELECT 1 FROM group_member WHERE chat_group = ?1 AND account = ?2")?
        .exists([group.id, sender.account_row])
}

/// Whether this is a change that is in its place already, sent again, perhaps by somebody who left by it.
fn is_repeated(transaction: &Transaction<'_>, group: &Group, change: &GroupChange) -> Result<bool> {
    let next = &change.change;
    transaction
        .prepare_cached(
            "SELECT 1 FROM group_change
             WHERE chat_group = ?1 AND revision = ?2 AND message_id = ?3 AND change = ?4",
        )?
        .exists(params![group.id, next.revision, next.message.as_bytes(), &next.change[..]])
}
