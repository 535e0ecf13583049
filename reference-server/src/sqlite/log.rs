//! The log of a very large group: one row a message, whoever is in the group.
//!
//! A device has a cursor in it. When its connection reads, the device *collects*: places for what is behind the cursor go into
//! its mailbox, and the cursor moves, in one transaction. From there on they are like all others.

use rusqlite::{OptionalExtension as _, Result, Transaction, params};
use waxwing_wire::DeviceId;

use super::groups::{self, Shared};
use crate::store::{Outcome, StoreLimits};

/// Rows that one message may push out of a log: one, unless an operator has lowered the limit.
const PUSHED_OUT_MAX: u32 = 16;

/// A cursor, and how far it may go.
struct Reader {
    group: i64,
    since: i64,
    position: i64,
    until: Option<i64>,
    head: i64,
}

pub(super) fn is_kept(transaction: &Transaction<'_>, group: i64) -> Result<bool> {
    transaction
        .prepare_cached("SELECT 1 FROM chat_group WHERE id = ?1 AND readers IS NOT NULL")?
        .exists([group])
}

/// Begins a log where the group has become too large to write into each mailbox. It stays, however small the group becomes.
pub(super) fn begin(transaction: &Transaction<'_>, group: i64, limits: StoreLimits) -> Result<bool> {
    let devices: u64 = transaction
        .prepare_cached(
            "SELECT count(*) FROM group_member JOIN device ON device.account = group_member.account
             WHERE group_member.chat_group = ?1",
        )?
        .query_row([group], |row| row.get(0))?;
    if devices <= limits.group_log_above_devices {
        return Ok(false);
    }
    transaction
        .prepare_cached(
            "INSERT INTO log_reader (device, chat_group, since, position)
             SELECT device.id, ?1, 0, 0 FROM group_member JOIN device ON device.account = group_member.account
             WHERE group_member.chat_group = ?1",
        )?
        .execute([group])?;
    transaction
        .prepare_cached("UPDATE chat_group SET readers = ?2 WHERE id = ?1")?
        .execute(params![group, devices])?;
    Ok(true)
}

/// The devices of an account read what comes from now on.
pub(super) fn admit_account(transaction: &Transaction<'_>, group: i64, account: i64) -> Result<()> {
    let admitted = transaction
        .prepare_cached(
            "INSERT INTO log_reader (device, chat_group, since, position)
             SELECT device.id, chat_group.id, log_head, log_head FROM device JOIN chat_group
             WHERE device.account = ?2 AND chat_group.id = ?1",
        )?
        .execute([group, account])?;
    transaction
        .prepare_cached("UPDATE chat_group SET readers = readers + ?2 WHERE id = ?1")?
        .execute(params![group, admitted])?;
    Ok(())
}

/// The devices of an account read up to here.
pub(super) fn dismiss_account(transaction: &Transaction<'_>, group: i64, account: i64) -> Result<()> {
    let dismissed = transaction
        .prepare_cached(
            "UPDATE log_reader SET until = (SELECT log_head FROM chat_group WHERE id = ?1)
             WHERE chat_group = ?1 AND until IS NULL AND device IN (SELECT id FROM device WHERE account = ?2)",
        )?
        .execute([group, account])?;
    transaction
        .prepare_cached("UPDATE chat_group SET readers = readers - ?2 WHERE id = ?1")?
        .execute(params![group, dismissed])?;
    Ok(())
}

/// A device that is new in its account reads what comes from now on, in all logs of the account.
pub(super) fn admit_device(transaction: &Transaction<'_>, account: i64, device: i64) -> Result<()> {
    let groups: Vec<i64> = transaction
        .prepare_cached(
            "INSERT INTO log_reader (device, chat_group, since, position)
             SELECT ?2, chat_group.id, log_head, log_head
             FROM group_member JOIN chat_group ON chat_group.id = group_member.chat_group
             WHERE group_member.account = ?1 AND readers IS NOT NULL AND NOT EXISTS
                (SELECT 1 FROM log_reader
                 WHERE device = ?2 AND log_reader.chat_group = chat_group.id AND until IS NULL)
             RETURNING chat_group",
        )?
        .query_map([account, device], |row| row.get(0))?
        .collect::<Result<_>>()?;
    for group in groups {
        transaction
            .prepare_cached("UPDATE chat_group SET readers = readers + 1 WHERE id = ?1")?
            .execute([group])?;
    }
    Ok(())
}

/// A device that was cut off reads nothing more.
pub(super) fn forget_device(transaction: &Transaction<'_>, device: i64) -> Result<()> {
    for reader in readers(transaction, device)? {
        let end = reader.until.unwrap_or(reader.head);
        let payloads: Vec<i64> = transaction
            .prepare_cached(
                "SELECT shared FROM group_log
                 WHERE chat_group = ?1 AND position > ?2 AND position <= ?3 AND sender <> ?4",
            )?
            .query_map([reader.group, reader.position, end, device], |row| row.get(0))?
            .collect::<Result<_>>()?;
        pass(transaction, &reader, end, device)?;
        for payload in payloads {
            groups::release(transaction, payload, 1)?;
        }
        if reader.until.is_none() {
            transaction
                .prepare_cached("UPDATE chat_group SET readers = readers - 1 WHERE id = ?1")?
                .execute([reader.group])?;
        }
    }
    transaction.prepare_cached("DELETE FROM log_reader WHERE device = ?1")?.execute([device])?;
    Ok(())
}

/// Puts a payload at the end of the log. What is too far behind it falls out at the front.
pub(super) fn append(
    transaction: &Transaction<'_>,
    group: i64,
    shared: &Shared<'_>,
    limits: StoreLimits,
) -> Result<Outcome> {
    let (head, readers): (i64, u64) = transaction
        .prepare_cached("SELECT log_head + 1, readers FROM chat_group WHERE id = ?1")?
        .query_row([group], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let unread = readers.saturating_sub(1); // all but the sender
    if unread > 0 {
        let payload = groups::put_shared(transaction, shared, unread)?;
        transaction
            .prepare_cached("UPDATE chat_group SET log_head = ?2 WHERE id = ?1")?
            .execute([group, head])?;
        transaction
            .prepare_cached(
                "INSERT INTO group_log (chat_group, position, sender, unread, accepted_at_ms, shared)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![group, head, shared.sender.id, unread, shared.now_ms, payload])?;
        let kept = i64::try_from(limits.mailbox_max_envelopes).unwrap_or(i64::MAX);
        push_out(transaction, group, head.saturating_sub(kept))?;
    }
    Ok(Outcome::Logged { group: shared.group, readers: unread, is_change: shared.is_change })
}

fn push_out(transaction: &Transaction<'_>, group: i64, up_to: i64) -> Result<()> {
    let old: Vec<(i64, u64, i64)> = transaction
        .prepare_cached(
            "SELECT id, unread, shared FROM group_log WHERE chat_group = ?1 AND position <= ?2
             ORDER BY position LIMIT ?3",
        )?
        .query_map(params![group, up_to, PUSHED_OUT_MAX], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_>>()?;
    for (row, unread, payload) in old {
        transaction.prepare_cached("DELETE FROM group_log WHERE id = ?1")?.execute([row])?;
        groups::release(transaction, payload, unread)?;
    }
    Ok(())
}

/// Puts what is behind the cursors of a device into its mailbox, group after group.
pub(super) fn collect(
    transaction: &Transaction<'_>,
    device: DeviceId,
    limit: usize,
    limits: StoreLimits,
) -> Result<Outcome> {
    let found: Option<(i64, i64, u64)> = transaction
        .prepare_cached(
            "SELECT id, last_sequence, waiting FROM device JOIN counter ON counter.device = device.id
             WHERE device_id = ?1",
        )?
        .query_row([device.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((device, last_sequence, waiting)) = found else {
        return Ok(Outcome::Collected { placed: 0, is_full: false });
    };
    let free = limits.mailbox_max_envelopes.saturating_sub(waiting);
    let mut room = limit.min(usize::try_from(free).unwrap_or(usize::MAX));
    let mut sequence = last_sequence;
    for reader in readers(transaction, device)? {
        let end = reader.until.unwrap_or(reader.head);
        if room == 0 {
            break;
        }
        let entries: Vec<(i64, i64)> = transaction
            .prepare_cached(
                "SELECT position, shared FROM group_log
                 WHERE chat_group = ?1 AND position > ?2 AND position <= ?3 AND sender <> ?4
                 ORDER BY position LIMIT ?5",
            )?
            .query_map(params![reader.group, reader.position, end, device, room], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<Result<_>>()?;
        let to = entries.last().filter(|_| entries.len() == room).map_or(end, |last| last.0);
        room -= entries.len();
        for (_, payload) in entries {
            sequence += 1;
            transaction
                .prepare_cached("INSERT INTO shared_place (device, sequence, shared) VALUES (?1, ?2, ?3)")?
                .execute([device, sequence, payload])?;
        }
        pass(transaction, &reader, to, device)?;
        move_cursor(transaction, &reader, to, device)?;
    }
    let placed = sequence - last_sequence;
    transaction
        .prepare_cached("UPDATE counter SET last_sequence = ?2, waiting = waiting + ?3 WHERE device = ?1")?
        .execute([device, sequence, placed])?;
    Ok(Outcome::Collected { placed: usize::try_from(placed).unwrap_or(0), is_full: free == 0 })
}

/// In the order of the groups' ids, and of one group the older membership first.
fn readers(transaction: &Transaction<'_>, device: i64) -> Result<Vec<Reader>> {
    transaction
        .prepare_cached(
            "SELECT chat_group.id, since, position, until, log_head
             FROM log_reader JOIN chat_group ON chat_group.id = log_reader.chat_group
             WHERE device = ?1 ORDER BY group_id, since",
        )?
        .query_map([device], |row| {
            Ok(Reader {
                group: row.get(0)?,
                since: row.get(1)?,
                position: row.get(2)?,
                until: row.get(3)?,
                head: row.get(4)?,
            })
        })?
        .collect()
}

/// One reader less has entries up to a position before it. What all have passed is no longer needed in the log.
fn pass(transaction: &Transaction<'_>, reader: &Reader, to: i64, device: i64) -> Result<()> {
    transaction
        .prepare_cached(
            "UPDATE group_log SET unread = unread - 1
             WHERE chat_group = ?1 AND position > ?2 AND position <= ?3 AND sender <> ?4",
        )?
        .execute([reader.group, reader.position, to, device])?;
    transaction
        .prepare_cached(
            "DELETE FROM group_log WHERE chat_group = ?1 AND position > ?2 AND position <= ?3 AND unread <= 0",
        )?
        .execute([reader.group, reader.position, to])?;
    Ok(())
}

fn move_cursor(transaction: &Transaction<'_>, reader: &Reader, to: i64, device: i64) -> Result<()> {
    let statement = if reader.until == Some(to) {
        "DELETE FROM log_reader WHERE device = ?1 AND chat_group = ?2 AND since = ?3 AND position <= ?4"
    } else {
        "UPDATE log_reader SET position = ?4 WHERE device = ?1 AND chat_group = ?2 AND since = ?3"
    };
    transaction.prepare_cached(statement)?.execute([device, reader.group, reader.since, to])?;
    Ok(())
}

/// Deletes what is past its time, the oldest rows of all logs first; the payloads have gone by themselves.
pub(super) fn expire(transaction: &Transaction<'_>, before_ms: i64, chunk_rows: u32) -> Result<usize> {
    transaction
        .prepare_cached(
            "DELETE FROM group_log WHERE id IN
             (SELECT id FROM (SELECT id, accepted_at_ms FROM group_log ORDER BY id LIMIT ?2) WHERE accepted_at_ms < ?1)",
        )?
        .execute(params![before_ms, chunk_rows])
}
