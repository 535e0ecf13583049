//! Questions, answered on a connection that only reads.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};
use waxwing_wire::{
    AccountId, AccountQuery, AccountRecord, Cursor, DeviceId, Envelope, GroupChangeRecord, GroupId,
    GroupOrigin, GroupRecord, Handle, MessageId, PublicKeyBytes, limits,
};

use super::deletion;
use crate::store::{
    Answer, DeviceState, GROUP_ANSWER_MAX_BYTES, MAILBOX_ANSWER_MAX_BYTES, Query, envelope_id,
};

pub(super) fn answer(connection: &Connection, query: &Query) -> Result<Answer> {
    match query {
        Query::Device { account, device } => match device_state(connection, *account, *device)? {
            None => gone(connection, *account, Answer::Device(None)),
            found @ Some(_) => Ok(Answer::Device(found)),
        },
        Query::Account(by) => match (account(connection, by)?, by) {
            (None, AccountQuery::Id(id)) => gone(connection, *id, Answer::Account(None)),
            (found, _) => Ok(Answer::Account(found.map(Box::new))),
        },
        Query::Group { group: id, account, after } => {
            group(connection, *id, *account, *after).map(Answer::Group)
        }
        Query::LogReaders(group) => log_readers(connection, *group).map(Answer::LogReaders),
        Query::Mailbox { device, after, limit } => mailbox(connection, *device, *after, *limit),
    }
}

/// Tells an account that was deleted from one that never was.
fn gone(connection: &Connection, account: AccountId, unknown: Answer) -> Result<Answer> {
    let word = deletion::word(connection, account)?;
    Ok(word.map_or(unknown, |deletion| Answer::Deleted { account, deletion }))
}

fn log_readers(connection: &Connection, group: GroupId) -> Result<Vec<DeviceId>> {
    connection
        .prepare_cached(
            "SELECT DISTINCT device_id FROM chat_group
             JOIN log_reader ON log_reader.chat_group = chat_group.id
             JOIN device ON device.id = log_reader.device
             WHERE group_id = ?1 ORDER BY device_id",
        )?
        .query_map([group.as_bytes()], |row| Ok(DeviceId::from_bytes(row.get(0)?)))?
        .collect()
}

/// Whether a log has something for the device. Looked up before its mailbox is read: what another connection takes over in
/// between is then found in the mailbox.
fn is_behind(connection: &Connection, device: DeviceId) -> Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM device JOIN log_reader ON log_reader.device = device.id
             JOIN chat_group ON chat_group.id = log_reader.chat_group
             WHERE device_id = ?1 AND position < coalesce(until, log_head)",
        )?
        .exists([device.as_bytes()])
}

fn device_state(
    connection: &Connection,
    account: AccountId,
    device: DeviceId,
) -> Result<Option<DeviceState>> {
    connection
        .prepare_cached(
            "SELECT signing_key, (SELECT count(*) FROM prekey WHERE prekey.device = device.id), prekey_id_high,
                    last_resort IS NOT NULL, device_list_version, last_sequence, acknowledged
             FROM device JOIN account ON account.id = device.account JOIN counter ON counter.device = device.id
             WHERE device.device_id = ?1 AND account.account_id = ?2",
        )?
        .query_row(params![device.as_bytes(), account.as_bytes()], |row| {
            Ok(DeviceState {
                signing_key: PublicKeyBytes(row.get(0)?),
                one_time_prekeys: row.get(1)?,
                prekey_id_high: row.get(2)?,
                last_resort_prekey: row.get(3)?,
                device_list_version: row.get(4)?,
                last_sequence: row.get(5)?,
                acknowledged: row.get(6)?,
            })
        })
        .optional()
}

fn account(connection: &Connection, by: &AccountQuery) -> Result<Option<AccountRecord>> {
    match by {
        AccountQuery::Id(id) => connection
            .prepare_cached(
                "SELECT account_id, handle, account_key, device_list, device_list_version
                 FROM account WHERE account_id = ?1",
            )?
            .query_row([id.as_bytes()], account_from_row)
            .optional(),
        AccountQuery::Handle(handle) => connection
            .prepare_cached(
                "SELECT account_id, handle, account_key, device_list, device_list_version
                 FROM account WHERE handle = ?1",
            )?
            .query_row([handle.as_str()], account_from_row)
            .optional(),
    }
}

fn account_from_row(row: &Row<'_>) -> Result<AccountRecord> {
    let handle: String = row.get(1)?;
    let handle = Handle::new(&handle).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error))
    })?;
    Ok(AccountRecord {
        account: AccountId::from_bytes(row.get(0)?),
        handle,
        account_key: PublicKeyBytes(row.get(2)?),
        device_list: Bytes::from(row.get::<_, Vec<u8>>(3)?),
        device_list_version: row.get(4)?,
    })
}

fn mailbox(connection: &Connection, device: DeviceId, after: Cursor, limit: usize) -> Result<Answer> {
    let behind = is_behind(connection, device)?;
    let mut statement = connection.prepare_cached(
        "SELECT sequence, sender_account, sender_device, message_id, accepted_at_ms, payload, NULL, NULL, NULL
         FROM mailbox WHERE device = (SELECT id FROM device WHERE device_id = ?1) AND sequence > ?2
         UNION ALL
         SELECT place.sequence, shared.sender_account, shared.sender_device, shared.message_id,
                shared.accepted_at_ms, shared.payload, shared.group_id, shared.revision, shared.is_change
         FROM shared_place AS place JOIN shared ON shared.id = place.shared
         WHERE place.device = (SELECT id FROM device WHERE device_id = ?1) AND place.sequence > ?2
         ORDER BY 1 LIMIT ?3",
    )?;
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![device.as_bytes(), after, limit + 1])?;
    let (mut envelopes, mut size_bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let payload = row.get_ref(5)?.as_blob()?;
        size_bytes += payload.len();
        let over_size = size_bytes > MAILBOX_ANSWER_MAX_BYTES && !envelopes.is_empty();
        if envelopes.len() == limit || over_size {
            return Ok(Answer::Mailbox { envelopes, more: true, behind });
        }
        let sender_device = DeviceId::from_bytes(row.get(2)?);
        let message = MessageId::from_bytes(row.get(3)?);
        envelopes.push(Envelope {
            id: envelope_id(&sender_device, &message, &device),
            sequence: row.get(0)?,
            sender_account: AccountId::from_bytes(row.get(1)?),
            sender_device,
            message,
            payload: Bytes::copy_from_slice(payload),
            accepted_at_ms: row.get(4)?,
            group: match row.get::<_, Option<[u8; 16]>>(6)? {
                Some(group) => Some(GroupOrigin {
                    group: GroupId::from_bytes(group),
                    revision: row.get(7)?,
                    is_change: row.get(8)?,
                }),
                None => None,
            },
        });
    }
    Ok(Answer::Mailbox { envelopes, more: false, behind })
}

fn group(
    connection: &Connection,
    group: GroupId,
    account: AccountId,
    after: u64,
) -> Result<Option<GroupRecord>> {
    let known: Option<(i64, u64)> = connection
        .prepare_cached(
            "SELECT chat_group.id, chat_group.revision FROM chat_group
             JOIN group_member ON group_member.chat_group = chat_group.id
             JOIN account ON account.id = group_member.account
             WHERE chat_group.group_id = ?1 AND account.account_id = ?2",
        )?
        .query_row(params![group.as_bytes(), account.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, revision)) = known else { return Ok(None) };
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(
        "SELECT revision, change FROM group_change WHERE chat_group = ?1 AND revision > ?2
         ORDER BY revision LIMIT ?3",
    )?;
    let mut rows = statement.query(params![id, after, limits::GROUP_CHANGES_PER_ANSWER_MAX])?;
    let (mut changes, mut size_bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let change = row.get_ref(1)?.as_blob()?;
        size_bytes += change.len();
        if size_bytes > GROUP_ANSWER_MAX_BYTES && !changes.is_empty() {
            break;
        }
        changes.push(GroupChangeRecord { revision: row.get(0)?, change: Bytes::copy_from_slice(change) });
    }
    Ok(Some(GroupRecord { group, revision, changes }))
}
