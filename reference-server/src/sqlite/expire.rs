//! Deleting what is past its time, a chunk at a time.
//!
//! Row ids grow with time, so only the oldest rows are looked at.

use rusqlite::{Result, Transaction, params};

use super::log;
use crate::store::{ENVELOPE_LIFETIME_MS, Outcome, TAKE_LIFETIME_MS};

pub(super) fn expire(transaction: &Transaction<'_>, now_ms: i64, chunk_rows: u32) -> Result<Outcome> {
    // Writes a page even if nothing is past its time: after a failure, this shows that the disk works again.
    transaction.prepare_cached("UPDATE meta SET relay_id = relay_id")?.execute([])?;
    let envelopes_before = now_ms - ENVELOPE_LIFETIME_MS;
    let expired: Vec<(i64, i64)> = transaction
        .prepare_cached(
            "SELECT id, device FROM (SELECT id, device, accepted_at_ms FROM mailbox ORDER BY id LIMIT ?2)
             WHERE accepted_at_ms < ?1",
        )?
        .query_map(params![envelopes_before, chunk_rows], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    for (row, device) in &expired {
        transaction.prepare_cached("DELETE FROM mailbox WHERE id = ?1")?.execute([row])?;
        transaction
            .prepare_cached("UPDATE counter SET waiting = waiting - 1 WHERE device = ?1")?
            .execute([device])?;
    }
    let shared = transaction
        .prepare_cached(
            "DELETE FROM shared WHERE id IN
             (SELECT id FROM (SELECT id, accepted_at_ms FROM shared ORDER BY id LIMIT ?2) WHERE accepted_at_ms < ?1)",
        )?
        .execute(params![envelopes_before, chunk_rows])?;
    let logged = log::expire(transaction, envelopes_before, chunk_rows)?;
    // Places do not stand in the order of time: what was collected late is older than what came straight.
    let places: Vec<(i64, i64)> = transaction
        .prepare_cached(
            "SELECT id, device FROM (SELECT id, device, shared FROM shared_place ORDER BY id LIMIT ?1) AS place
             WHERE NOT EXISTS (SELECT 1 FROM shared WHERE shared.id = place.shared)",
        )?
        .query_map([chunk_rows], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    for (row, device) in &places {
        transaction.prepare_cached("DELETE FROM shared_place WHERE id = ?1")?.execute([row])?;
        transaction
            .prepare_cached("UPDATE counter SET waiting = waiting - 1 WHERE device = ?1")?
            .execute([device])?;
    }
    let seen_in_group = transaction
        .prepare_cached(
            "DELETE FROM seen_in_group WHERE id IN
             (SELECT id FROM (SELECT id, at_ms FROM seen_in_group ORDER BY id LIMIT ?2) WHERE at_ms < ?1)",
        )?
        .execute(params![envelopes_before, chunk_rows])?;
    let seen = transaction
        .prepare_cached(
            "DELETE FROM seen WHERE id IN
             (SELECT id FROM (SELECT id, at_ms FROM seen ORDER BY id LIMIT ?2) WHERE at_ms < ?1)",
        )?
        .execute(params![envelopes_before, chunk_rows])?;
    let given = transaction
        .prepare_cached(
            "DELETE FROM given WHERE id IN
             (SELECT id FROM (SELECT id, at_ms FROM given ORDER BY id LIMIT ?2) WHERE at_ms < ?1)",
        )?
        .execute(params![now_ms - TAKE_LIFETIME_MS, chunk_rows])?;
    let chunk = chunk_rows as usize;
    let deleted = [expired.len(), shared, logged, places.len(), seen_in_group, seen, given];
    Ok(Outcome::Expired { more: deleted.iter().any(|rows| *rows >= chunk) })
}
