//! What the engine reads.

use std::cmp::Reverse;

use rusqlite::{Connection, Row};
use waxwing_engine::{
    AccountState, Annotation, ConversationId, CounterRange, DeviceAddress, Door, GroupIntent, GroupState,
    GroupWaiting, Joining, Lane, LocalDevice, Message, OutboxDraft, OutboxItem, OutboxOrder, OutboxPayload,
    OwnDevice, PrekeyKind, PrekeyRecord, ReceiptKind, ReceiverKeyRecord, RelayState, SealedRecord,
    SenderKeyRecord, SessionRecord, SettingKind, SettingRecord, View, WaitingEnvelope,
};
use waxwing_wire::{AccountId, DeviceId, GroupId, Handle, MessageId, RelayId};
use zeroize::Zeroizing;

use super::codes::{self, Stored, blob, bytes, value};
use super::show::{one, rows};
use super::{StoreError, Writer, groups, query};

/// The name of the counter of one-time and last-resort prekeys.
pub(super) const HIGHEST_PREKEY: &str = "highest_prekey";

impl View for Writer {
    type Error = StoreError;

    fn local(&self) -> Stored<Option<LocalDevice>> {
        one(&self.db, query::LOCAL, (), local)
    }

    fn own_device(&self, device: DeviceId) -> Stored<Option<OwnDevice>> {
        super::show::own_device(&self.db, device)
    }

    fn past_place(&self) -> Stored<Option<Vec<u8>>> {
        super::past::owed(&self.db)
    }

    fn relay(&self) -> Stored<Option<RelayState>> {
        one(&self.db, query::RELAY, (), |row| {
            Ok(RelayState { relay: RelayId::from_bytes(bytes(row, 0)?), cursor: codes::opaque(row, 1)? })
        })
    }

    fn account(&self, account: AccountId) -> Stored<Option<AccountState>> {
        one(&self.db, query::ACCOUNT, [account.as_bytes()], codes::account)
    }

    fn account_by_handle(&self, handle: &Handle) -> Stored<Option<AccountState>> {
        one(&self.db, query::ACCOUNT_BY_HANDLE, [handle.as_str()], codes::account)
    }

    fn conversation_peer(&self, conversation: ConversationId) -> Stored<Option<AccountId>> {
        let peer = one(&self.db, query::CONVERSATION_PEER, [conversation.as_bytes()], |row| {
            if blob(row, 0)?.is_empty() { Ok(None) } else { codes::account_id(row, 0).map(Some) }
        })?;
        Ok(peer.flatten())
    }

    fn sessions(&self, device: DeviceAddress) -> Stored<Vec<SessionRecord>> {
        let mut sessions =
            rows(&self.db, query::SESSIONS, (device.account.as_bytes(), device.device.as_bytes()), |row| {
                Ok(SessionRecord {
                    id: bytes(row, 0)?,
                    rank: codes::opaque(row, 1)?,
                    snapshot: secret(row, 2)?,
                })
            })?;
        sessions.sort_by_key(|session| Reverse(session.rank));
        Ok(sessions)
    }

    fn prekey(&self, kind: PrekeyKind, id: u32) -> Stored<Option<PrekeyRecord>> {
        one(&self.db, query::PREKEY, (codes::prekey_series(kind), id), prekey)
    }

    fn newest_prekey(&self, kind: PrekeyKind) -> Stored<Option<PrekeyRecord>> {
        one(&self.db, query::NEWEST_PREKEY, (codes::prekey_series(kind), codes::prekey_code(kind)), prekey)
    }

    fn highest_prekey_id(&self) -> Stored<u32> {
        Ok(one(&self.db, query::COUNTER, [HIGHEST_PREKEY], |row| value(row, 0))?.unwrap_or(0))
    }

    fn one_time_prekeys_above(&self, id: u32, limit: usize) -> Stored<Vec<PrekeyRecord>> {
        rows(&self.db, query::ONE_TIME_PREKEYS_ABOVE, (id, limit_of(limit)), prekey)
    }

    fn handshake_was_used(&self, handshake: &[u8; 32]) -> Stored<bool> {
        exists(&self.db, query::HANDSHAKE, [handshake])
    }

    fn was_seen(&self, sender: DeviceId, wire_id: MessageId) -> Stored<bool> {
        exists(&self.db, query::SEEN, (sender.as_bytes(), wire_id.as_bytes()))
    }

    fn message(&self, id: MessageId) -> Stored<Option<Message>> {
        one(&self.db, query::MESSAGE, [id.as_bytes()], codes::message)
    }

    fn newest_messages(&self, conversation: ConversationId, limit: usize) -> Stored<Vec<Message>> {
        rows(&self.db, query::NEWEST_MESSAGES, (conversation.as_bytes(), limit_of(limit)), codes::message)
    }

    fn setting(&self, conversation: ConversationId, kind: SettingKind) -> Stored<Option<SettingRecord>> {
        let key = (conversation.as_bytes(), codes::setting_kind_code(kind));
        one(&self.db, query::SETTING, key, codes::setting)
    }

    fn newest_settings(&self, limit: usize) -> Stored<Vec<SettingRecord>> {
        rows(&self.db, query::NEWEST_SETTINGS, [limit_of(limit)], codes::setting)
    }

    fn newest_conversations(&self, limit: usize) -> Stored<Vec<ConversationId>> {
        rows(&self.db, query::NEWEST_CONVERSATIONS, [limit_of(limit)], |row| codes::conversation_id(row, 0))
    }

    fn next_due_ms(&self) -> Stored<Option<i64>> {
        one(&self.db, query::NEXT_DUE, (), |row| value(row, 0))
    }

    fn annotations(&self, target: MessageId) -> Stored<Vec<Annotation>> {
        rows(&self.db, query::ANNOTATIONS, [target.as_bytes()], codes::annotation)
    }

    fn awaited_annotations(&self, author: AccountId) -> Stored<u64> {
        let count = one(&self.db, query::AWAITED_ANNOTATIONS, [author.as_bytes()], |row| value(row, 0))?;
        Ok(codes::unsigned(count.unwrap_or(0)))
    }

    fn annotated(
        &self,
        author: AccountId,
        conversation: Option<ConversationId>,
        limit: usize,
    ) -> Stored<Vec<(MessageId, ConversationId)>> {
        let said = |row: &Row<'_>| Ok((codes::message_id(row, 0)?, codes::conversation_id(row, 1)?));
        let (author, limit) = (author.as_bytes(), limit_of(limit));
        match conversation {
            None => rows(&self.db, query::ANNOTATED, (author, limit), said),
            Some(here) => rows(&self.db, query::ANNOTATED_HERE, (author, limit, here.as_bytes()), said),
        }
    }

    fn message_by_counter(
        &self,
        conversation: ConversationId,
        sender: DeviceId,
        counter: u64,
    ) -> Stored<Option<Message>> {
        if counter == 0 {
            return Ok(None);
        }
        let key = (conversation.as_bytes(), sender.as_bytes(), codes::ordered(counter));
        one(&self.db, query::MESSAGE_BY_COUNTER, key, codes::message)
    }

    fn highest_counter(&self, conversation: ConversationId, sender: DeviceId) -> Stored<u64> {
        let key = (conversation.as_bytes(), sender.as_bytes());
        let highest = one(&self.db, query::HIGHEST_COUNTER, key, |row| value(row, 0))?;
        Ok(codes::unsigned(highest.unwrap_or(0)))
    }

    fn unread_up_to(
        &self,
        conversation: ConversationId,
        up_to: MessageId,
    ) -> Stored<Vec<(DeviceAddress, CounterRange)>> {
        let key = (up_to.as_bytes(), conversation.as_bytes());
        let Some(position) = one(&self.db, query::POSITION, key, |row| value::<i64>(row, 0))? else {
            return Ok(Vec::new());
        };
        runs(&self.db, query::UNREAD_UP_TO, (conversation.as_bytes(), position))
    }

    fn received(
        &self,
        conversation: ConversationId,
    ) -> Stored<Vec<(DeviceAddress, ReceiptKind, CounterRange)>> {
        let mut found = Vec::new();
        for (state, kind) in [(codes::UNREAD, ReceiptKind::Delivered), (codes::READ, ReceiptKind::Read)] {
            let runs = runs(&self.db, query::RECEIVED, (conversation.as_bytes(), state))?;
            found.extend(runs.into_iter().map(|(sender, run)| (sender, kind, run)));
        }
        Ok(found)
    }

    fn outbox_lanes(&self) -> Stored<Vec<Lane>> {
        let mut lanes: Vec<Lane> = Vec::new();
        loop {
            let (kind, id, group): (i64, &[u8], i64) = match lanes.last().map(codes::lane_columns) {
                None => (-1, &[], 0),
                Some((kind, id, group)) => (kind, id, group),
            };
            match one(&self.db, query::NEXT_LANE, (kind, group, id), |row| codes::lane(row, 0))? {
                Some(next) => lanes.push(next),
                None => return Ok(lanes),
            }
        }
    }

    fn outbox(&self, lane: Lane, after: OutboxOrder, limit: usize) -> Stored<Vec<OutboxItem>> {
        let (kind, id, group) = codes::lane_columns(&lane);
        let key = (kind, id, group, codes::ordered(after), limit_of(limit));
        rows(&self.db, query::OUTBOX, key, outbox_item)
    }

    fn outbox_item(&self, wire_id: MessageId) -> Stored<Option<OutboxItem>> {
        one(&self.db, query::OUTBOX_ITEM, [wire_id.as_bytes()], outbox_item)
    }

    fn undelivered(&self, limit: usize) -> Stored<Vec<AccountId>> {
        accounts(&self.db, query::NEXT_UNDELIVERED, limit)
    }

    fn sealed(&self, order: OutboxOrder) -> Stored<Vec<SealedRecord>> {
        rows(&self.db, query::SEALED, [codes::ordered(order)], |row| {
            Ok(SealedRecord { device: codes::address(row, 0)?, payload: blob(row, 2)? })
        })
    }

    fn unopened(&self) -> Stored<Vec<(DeviceAddress, ConversationId)>> {
        rows(&self.db, query::UNOPENED, (), |row| {
            Ok((codes::address(row, 0)?, codes::conversation_id(row, 2)?))
        })
    }

    fn waiting_senders(&self) -> Stored<Vec<AccountId>> {
        accounts(&self.db, query::NEXT_WAITING_SENDER, usize::MAX)
    }

    fn waiting(&self, sender: AccountId, limit: usize) -> Stored<Vec<WaitingEnvelope>> {
        rows(&self.db, query::WAITING, (sender.as_bytes(), limit_of(limit)), |row| {
            Ok(WaitingEnvelope {
                order: codes::unsigned(value(row, 0)?),
                sender: codes::address(row, 1)?,
                wire_id: codes::message_id(row, 3)?,
                payload: blob(row, 4)?,
            })
        })
    }

    fn repair_attempts(&self, sender: DeviceId, wire_id: MessageId) -> Stored<u32> {
        let key = (sender.as_bytes(), wire_id.as_bytes());
        Ok(one(&self.db, query::REPAIR_ATTEMPTS, key, |row| value(row, 0))?.unwrap_or(0))
    }

    fn former_device(&self, device: DeviceAddress) -> Stored<Option<[u8; 64]>> {
        groups::former_device(&self.db, device)
    }

    fn group(&self, group: GroupId) -> Stored<Option<GroupState>> {
        groups::state(&self.db, group)
    }

    fn groups(&self) -> Stored<Vec<GroupId>> {
        groups::ours(&self.db)
    }

    fn sender_key(&self, group: GroupId) -> Stored<Option<SenderKeyRecord>> {
        groups::sender_key(&self.db, group)
    }

    fn key_holders(&self, group: GroupId) -> Stored<Vec<DeviceAddress>> {
        groups::key_holders(&self.db, group)
    }

    fn receiver_key(
        &self,
        group: GroupId,
        sender: DeviceAddress,
        chain: [u8; 16],
    ) -> Stored<Option<ReceiverKeyRecord>> {
        groups::receiver_key(&self.db, group, sender, chain)
    }

    fn receiver_chains(&self, group: GroupId, sender: DeviceAddress) -> Stored<Vec<[u8; 16]>> {
        groups::receiver_chains(&self.db, group, sender)
    }

    fn group_waiting_chains(&self, group: GroupId) -> Stored<Vec<(DeviceAddress, [u8; 16])>> {
        groups::waiting_chains(&self.db, group)
    }

    fn groups_waiting(&self) -> Stored<Vec<GroupId>> {
        groups::waiting_groups(&self.db)
    }

    fn group_waiting(
        &self,
        group: GroupId,
        sender: DeviceAddress,
        chain: [u8; 16],
        limit: usize,
    ) -> Stored<Vec<GroupWaiting>> {
        groups::waiting(&self.db, group, sender, chain, limit)
    }

    fn group_picture(&self, group: GroupId, hash: [u8; 32]) -> Stored<Option<Vec<u8>>> {
        groups::picture(&self.db, group, hash)
    }

    fn door(&self, group: GroupId) -> Stored<Option<Door>> {
        groups::door(&self.db, group)
    }

    fn joining(&self, group: GroupId) -> Stored<Option<Joining>> {
        groups::joining(&self.db, group)
    }

    fn joinings(&self) -> Stored<Vec<Joining>> {
        groups::joinings(&self.db)
    }

    fn member_receipts(
        &self,
        conversation: ConversationId,
        author: DeviceId,
    ) -> Stored<Vec<(AccountId, ReceiptKind, Vec<CounterRange>)>> {
        groups::member_receipts(&self.db, conversation, author)
    }
}

fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn exists(db: &Connection, sql: &str, params: impl rusqlite::Params) -> Stored<bool> {
    Ok(one(db, sql, params, |_| Ok(()))?.is_some())
}

/// Walks over the accounts of an index, one step each, however many rows an account has.
fn accounts(db: &Connection, sql: &str, limit: usize) -> Stored<Vec<AccountId>> {
    let mut found: Vec<AccountId> = Vec::new();
    while found.len() < limit {
        let after: &[u8] = found.last().map_or(&[], |last| last.as_bytes());
        match one(db, sql, [after], |row| codes::account_id(row, 0))? {
            Some(next) => found.push(next),
            None => break,
        }
    }
    Ok(found)
}

/// Counters that follow each other, by sender. From: account, device, counter, in that order.
fn runs(
    db: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Stored<Vec<(DeviceAddress, CounterRange)>> {
    let mut runs: Vec<(DeviceAddress, CounterRange)> = Vec::new();
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        let (sender, counter) = (codes::address(row, 0)?, codes::unsigned(value(row, 2)?));
        match runs.last_mut() {
            Some((of, run)) if *of == sender && counter <= run.last.saturating_add(1) => run.last = counter,
            Some(_) | None => runs.push((sender, CounterRange { first: counter, last: counter })),
        }
    }
    Ok(runs)
}

fn secret(row: &Row<'_>, column: usize) -> Stored<Zeroizing<Vec<u8>>> {
    blob(row, column).map(Zeroizing::new)
}

fn local(row: &Row<'_>) -> Stored<LocalDevice> {
    let account_key = secret(row, 3)?;
    Ok(LocalDevice {
        address: codes::address(row, 0)?,
        handle: codes::handle(row, 2)?,
        account_key: if account_key.is_empty() { None } else { Some(Zeroizing::new(bytes(row, 3)?)) },
        device_secrets: Zeroizing::new(bytes(row, 4)?),
        account_public: bytes(row, 5)?,
        device_list: blob(row, 6)?,
        registration: codes::registration(value(row, 7)?)?,
    })
}

fn prekey(row: &Row<'_>) -> Stored<PrekeyRecord> {
    Ok(PrekeyRecord {
        id: value(row, 0)?,
        kind: codes::prekey_kind(value(row, 1)?)?,
        secret: secret(row, 2)?,
        created_at_ms: value(row, 3)?,
    })
}

fn outbox_item(row: &Row<'_>) -> Stored<OutboxItem> {
    let device = || -> Stored<Option<DeviceId>> {
        if blob(row, 7)?.is_empty() { Ok(None) } else { codes::device_id(row, 7).map(Some) }
    };
    let payload = match value(row, 5)? {
        codes::PAYLOAD_MESSAGE => OutboxPayload::Message { message: codes::message_id(row, 6)? },
        codes::PAYLOAD_RESEND => OutboxPayload::Resend {
            message: codes::message_id(row, 6)?,
            device: codes::device_id(row, 7)?,
            answers: codes::message_id(row, 8)?,
        },
        codes::PAYLOAD_CONTROL => OutboxPayload::Control { content: secret(row, 9)?, device: device()? },
        codes::PAYLOAD_ANNOTATION => {
            OutboxPayload::Annotation { target: codes::message_id(row, 6)?, device: device()? }
        }
        codes::PAYLOAD_CHANGE_GROUP => {
            OutboxPayload::ChangeGroup(GroupIntent::from_bytes(&blob(row, 9)?).ok_or(StoreError::Corrupt)?)
        }
        _ => return Err(StoreError::Corrupt),
    };
    let lane = codes::lane(row, 2)?;
    Ok(OutboxItem {
        order: codes::unsigned(value(row, 0)?),
        draft: OutboxDraft { wire_id: codes::message_id(row, 1)?, lane, payload },
        accepted: value(row, 10)?,
        created_at_ms: value(row, 11)?,
    })
}
