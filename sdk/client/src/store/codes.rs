//! Numbers that stand in the store, and what they mean. A number never changes its meaning.

use rusqlite::Row;
use rusqlite::types::FromSql;
use waxwing_engine::{
    AccountState, Anchor, Annotation, Body, Change, ConversationId, Delivery, DeviceAddress, FailureReason,
    GroupEvent, GroupStanding, HoldReason, JoinState, Lane, LaneKind, Marks, Message, Notice, Party,
    PrekeyKind, ReceiptKind, Reception, Registration, Revision, Setting, SettingKind, SettingRecord, Slot,
    Standing, Status,
};
use waxwing_wire::{AccountId, DeviceId, GroupId, Handle, MessageId};

use super::StoreError;

pub(crate) type Stored<T> = Result<T, StoreError>;

// ---- parts of a row ----

pub(crate) fn bytes<const N: usize>(row: &Row<'_>, column: usize) -> Stored<[u8; N]> {
    let value = row.get_ref(column)?;
    value.as_blob().ok().and_then(|blob| blob.try_into().ok()).ok_or(StoreError::Corrupt)
}

pub(crate) fn blob(row: &Row<'_>, column: usize) -> Stored<Vec<u8>> {
    Ok(row.get_ref(column)?.as_blob().map_err(|_| StoreError::Corrupt)?.to_vec())
}

pub(crate) fn value<T: FromSql>(row: &Row<'_>, column: usize) -> Stored<T> {
    row.get(column).map_err(|_| StoreError::Corrupt)
}

/// A number that is opaque to SQL; it never orders anything there.
pub(crate) fn opaque(row: &Row<'_>, column: usize) -> Stored<u64> {
    Ok(value::<i64>(row, column)?.cast_unsigned())
}

/// A number that SQL compares: what does not fit stands at the top.
pub(crate) fn ordered(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(number: i64) -> u64 {
    number.max(0).unsigned_abs()
}

pub(crate) fn account_id(row: &Row<'_>, column: usize) -> Stored<AccountId> {
    bytes(row, column).map(AccountId::from_bytes)
}

pub(crate) fn device_id(row: &Row<'_>, column: usize) -> Stored<DeviceId> {
    bytes(row, column).map(DeviceId::from_bytes)
}

pub(crate) fn message_id(row: &Row<'_>, column: usize) -> Stored<MessageId> {
    bytes(row, column).map(MessageId::from_bytes)
}

pub(crate) fn conversation_id(row: &Row<'_>, column: usize) -> Stored<ConversationId> {
    bytes(row, column).map(ConversationId::from_bytes)
}

pub(crate) fn address(row: &Row<'_>, account: usize) -> Stored<DeviceAddress> {
    Ok(DeviceAddress { account: account_id(row, account)?, device: device_id(row, account + 1)? })
}

pub(crate) fn handle(row: &Row<'_>, column: usize) -> Stored<Handle> {
    let text = row.get_ref(column)?.as_str().map_err(|_| StoreError::Corrupt)?;
    Handle::new(text).map_err(|_| StoreError::Corrupt)
}

// ---- whole rows ----

/// From: message, conversation, sender_account, sender_device, counter, sent_at_ms, stored_at_ms, kind, text, notice,
/// direction, state, reason, marks, edited, details.
pub(crate) fn message(row: &Row<'_>) -> Stored<Message> {
    Ok(Message {
        id: message_id(row, 0)?,
        conversation: conversation_id(row, 1)?,
        sender: address(row, 2)?,
        counter: unsigned(value(row, 4)?),
        sent_at_ms: value(row, 5)?,
        stored_at_ms: value(row, 6)?,
        body: body(row, 7)?,
        marks: marks(row, 13)?,
        edited: value(row, 14)?,
        status: status(value(row, 10)?, value(row, 11)?, value(row, 12)?)?,
    })
}

/// From: account, handle, account_key, device_list, device_list_version, standing, changed_account, changed_key, verified.
pub(crate) fn account(row: &Row<'_>) -> Stored<AccountState> {
    Ok(AccountState {
        account: account_id(row, 0)?,
        handle: handle(row, 1)?,
        account_key: bytes(row, 2)?,
        device_list: blob(row, 3)?,
        device_list_version: opaque(row, 4)?,
        standing: match value(row, 5)? {
            0 => Standing::Good,
            1 => Standing::KeyChanged { account: account_id(row, 6)?, account_key: bytes(row, 7)? },
            2 => Standing::Gone,
            3 => Standing::Deleted,
            _ => return Err(StoreError::Corrupt),
        },
        verified: value(row, 8)?,
    })
}

pub(crate) fn marks(row: &Row<'_>, column: usize) -> Stored<Marks> {
    Marks::from_bytes(&blob(row, column)?).ok_or(StoreError::Corrupt)
}

/// From: target, conversation, author, change, value, count, device, awaited, stored_at_ms.
pub(crate) fn annotation(row: &Row<'_>) -> Stored<Annotation> {
    Ok(Annotation {
        target: message_id(row, 0)?,
        conversation: conversation_id(row, 1)?,
        author: account_id(row, 2)?,
        change: match value::<i64>(row, 3)? {
            0 => Change::Edit(value(row, 4)?),
            1 => Change::Delete,
            2 => Change::React(value(row, 4)?),
            3 => Change::Hide,
            _ => return Err(StoreError::Corrupt),
        },
        revision: Revision { count: unsigned(value(row, 5)?), device: device_id(row, 6)? },
        anchor: if value(row, 7)? { Anchor::Awaited } else { Anchor::Held },
        stored_at_ms: value(row, 8)?,
    })
}

// ---- codes ----

pub(crate) fn change_columns(change: &Change) -> (i64, &str) {
    match change {
        Change::Edit(text) => (0, text),
        Change::Delete => (1, ""),
        Change::React(reaction) => (2, reaction),
        Change::Hide => (3, ""),
    }
}

pub(crate) fn slot_code(slot: Slot) -> i64 {
    match slot {
        Slot::Content => 0,
        Slot::Reaction => 1,
        Slot::Hidden => 2,
    }
}

pub(crate) const PAYLOAD_MESSAGE: i64 = 0;
pub(crate) const PAYLOAD_RESEND: i64 = 1;
pub(crate) const PAYLOAD_CONTROL: i64 = 2;
pub(crate) const PAYLOAD_ANNOTATION: i64 = 3;
pub(crate) const PAYLOAD_CHANGE_GROUP: i64 = 4;

/// Incoming messages that the user has not seen, and that the user has seen.
pub(crate) const UNREAD: i64 = 2;
pub(crate) const READ: i64 = 3;

pub(crate) const STANDING_KEY_CHANGED: i64 = 1;

pub(crate) fn standing_code(standing: Standing) -> i64 {
    match standing {
        Standing::Good => 0,
        Standing::KeyChanged { .. } => STANDING_KEY_CHANGED,
        Standing::Gone => 2,
        Standing::Deleted => 3,
    }
}

pub(crate) fn registration_code(registration: Registration) -> i64 {
    match registration {
        Registration::Creating => 0,
        Registration::Replacing => 1,
        Registration::Adding => 2,
        Registration::Done => 3,
        Registration::Revoked => 4,
        Registration::Deleting => 5,
    }
}

pub(crate) fn registration(code: i64) -> Stored<Registration> {
    Ok(match code {
        0 => Registration::Creating,
        1 => Registration::Replacing,
        2 => Registration::Adding,
        3 => Registration::Done,
        4 => Registration::Revoked,
        5 => Registration::Deleting,
        _ => return Err(StoreError::Corrupt),
    })
}

pub(crate) fn prekey_code(kind: PrekeyKind) -> i64 {
    match kind {
        PrekeyKind::Weekly => 0,
        PrekeyKind::OneTime => 1,
        PrekeyKind::LastResort => 2,
    }
}

/// Weekly prekeys count for themselves; the others share their ids.
pub(crate) fn prekey_series(kind: PrekeyKind) -> i64 {
    match kind {
        PrekeyKind::Weekly => 0,
        PrekeyKind::OneTime | PrekeyKind::LastResort => 1,
    }
}

pub(crate) fn prekey_kind(code: i64) -> Stored<PrekeyKind> {
    Ok(match code {
        0 => PrekeyKind::Weekly,
        1 => PrekeyKind::OneTime,
        2 => PrekeyKind::LastResort,
        _ => return Err(StoreError::Corrupt),
    })
}

pub(crate) fn lane_code(kind: LaneKind) -> i64 {
    match kind {
        LaneKind::Messages => 0,
        LaneKind::Receipts => 1,
        LaneKind::Repairs => 2,
        LaneKind::Annotations => 3,
        LaneKind::Settings => 4,
        LaneKind::Keys => 5,
        LaneKind::GroupChanges => 6,
        LaneKind::GroupReceipts => 7,
    }
}

pub(crate) fn lane_kind(code: i64) -> Stored<LaneKind> {
    Ok(match code {
        0 => LaneKind::Messages,
        1 => LaneKind::Receipts,
        2 => LaneKind::Repairs,
        3 => LaneKind::Annotations,
        4 => LaneKind::Settings,
        5 => LaneKind::Keys,
        6 => LaneKind::GroupChanges,
        7 => LaneKind::GroupReceipts,
        _ => return Err(StoreError::Corrupt),
    })
}

/// From: lane_kind, lane_account, lane_group.
pub(crate) fn lane(row: &Row<'_>, column: usize) -> Stored<Lane> {
    let id = bytes(row, column + 1)?;
    let to = match value(row, column + 2)? {
        0 => Party::Account(AccountId::from_bytes(id)),
        1 => Party::Group(GroupId::from_bytes(id)),
        _ => return Err(StoreError::Corrupt),
    };
    Ok(Lane { kind: lane_kind(value(row, column)?)?, to })
}

/// Kind, id, and whether it is a group's, of a lane.
pub(crate) fn lane_columns(lane: &Lane) -> (i64, &[u8; 16], i64) {
    let is_group = match lane.to {
        Party::Account(_) => 0,
        Party::Group(_) => 1,
    };
    (lane_code(lane.kind), lane.to.as_bytes(), is_group)
}

pub(crate) const GROUP_MEMBER: i64 = 0;

pub(crate) fn group_standing_code(standing: GroupStanding) -> i64 {
    match standing {
        GroupStanding::Member => GROUP_MEMBER,
        GroupStanding::Out => 1,
    }
}

pub(crate) fn group_standing(code: i64) -> Stored<GroupStanding> {
    Ok(match code {
        GROUP_MEMBER => GroupStanding::Member,
        1 => GroupStanding::Out,
        _ => return Err(StoreError::Corrupt),
    })
}

pub(crate) fn join_state_code(state: JoinState) -> i64 {
    match state {
        JoinState::Waiting => 0,
        JoinState::Refused => 1,
        JoinState::Joined => 2,
    }
}

pub(crate) fn join_state(code: i64) -> Stored<JoinState> {
    Ok(match code {
        0 => JoinState::Waiting,
        1 => JoinState::Refused,
        2 => JoinState::Joined,
        _ => return Err(StoreError::Corrupt),
    })
}

pub(crate) fn receipt_kind_code(kind: ReceiptKind) -> i64 {
    match kind {
        ReceiptKind::Delivered => 0,
        ReceiptKind::Read => 1,
    }
}

pub(crate) fn receipt_kind(code: i64) -> Stored<ReceiptKind> {
    Ok(match code {
        0 => ReceiptKind::Delivered,
        1 => ReceiptKind::Read,
        _ => return Err(StoreError::Corrupt),
    })
}

/// Kind, text, notice and details of an entry.
pub(crate) fn body_columns(body: &Body) -> (i64, &str, i64, Vec<u8>) {
    match body {
        Body::Text(text) => (0, text, 0, Vec::new()),
        Body::Unreadable => (1, "", 0, Vec::new()),
        Body::Notice(notice) => (2, "", notice_code(*notice), Vec::new()),
        Body::Deleted => (3, "", 0, Vec::new()),
        Body::Group(event) => (4, "", 0, event.to_bytes()),
    }
}

fn body(row: &Row<'_>, kind: usize) -> Stored<Body> {
    Ok(match value::<i64>(row, kind)? {
        0 => Body::Text(value(row, kind + 1)?),
        1 => Body::Unreadable,
        2 => Body::Notice(notice(value(row, kind + 2)?)?),
        3 => Body::Deleted,
        4 => Body::Group(GroupEvent::from_bytes(&blob(row, kind + 8)?).ok_or(StoreError::Corrupt)?),
        _ => return Err(StoreError::Corrupt),
    })
}

const NOTICE_CODE_BITS: u32 = 8;
const NOTICE_TIMER: i64 = 8;

pub(crate) fn setting_kind_code(kind: SettingKind) -> i64 {
    match kind {
        SettingKind::Draft => 0,
        SettingKind::MutedUntil => 1,
        SettingKind::Pinned => 2,
        SettingKind::Archived => 3,
        SettingKind::MarkedUnread => 4,
        SettingKind::Blocked => 5,
        SettingKind::Timer => 6,
    }
}

/// Number and text of a setting.
pub(crate) fn setting_columns(setting: &Setting) -> (i64, &str) {
    match setting {
        Setting::Draft(text) => (0, text),
        Setting::MutedUntil(until_ms) => (*until_ms, ""),
        Setting::Pinned(is) | Setting::Archived(is) | Setting::MarkedUnread(is) | Setting::Blocked(is) => {
            (i64::from(*is), "")
        }
        Setting::Timer(seconds) => (i64::from(*seconds), ""),
    }
}

/// From: conversation, kind, number, text, count, device.
pub(crate) fn setting(row: &Row<'_>) -> Stored<SettingRecord> {
    Ok(SettingRecord {
        conversation: conversation_id(row, 0)?,
        setting: match value::<i64>(row, 1)? {
            0 => Setting::Draft(value(row, 3)?),
            1 => Setting::MutedUntil(value(row, 2)?),
            2 => Setting::Pinned(value(row, 2)?),
            3 => Setting::Archived(value(row, 2)?),
            4 => Setting::MarkedUnread(value(row, 2)?),
            5 => Setting::Blocked(value(row, 2)?),
            6 => Setting::Timer(value(row, 2)?),
            _ => return Err(StoreError::Corrupt),
        },
        revision: Revision { count: unsigned(value(row, 4)?), device: device_id(row, 5)? },
    })
}

fn notice_code(notice: Notice) -> i64 {
    match notice {
        Notice::KeyChanged => 0,
        Notice::KeyAccepted => 1,
        Notice::DevicesChanged => 2,
        Notice::RelayReset => 3,
        // With a number above the code.
        Notice::TimerChanged { seconds } => NOTICE_TIMER | (i64::from(seconds) << NOTICE_CODE_BITS),
    }
}

fn notice(code: i64) -> Stored<Notice> {
    Ok(match code {
        0 => Notice::KeyChanged,
        1 => Notice::KeyAccepted,
        2 => Notice::DevicesChanged,
        3 => Notice::RelayReset,
        code if code & ((1 << NOTICE_CODE_BITS) - 1) == NOTICE_TIMER => {
            let seconds = u32::try_from(code >> NOTICE_CODE_BITS).map_err(|_| StoreError::Corrupt)?;
            Notice::TimerChanged { seconds }
        }
        _ => return Err(StoreError::Corrupt),
    })
}

/// Direction, state and reason of an entry. States of a direction grow with progress.
pub(crate) fn status_columns(status: Status) -> (i64, i64, i64) {
    match status {
        Status::Outgoing(delivery) => {
            let (state, reason) = delivery_columns(delivery);
            (0, state, reason)
        }
        Status::Incoming(reception) => (1, reception_code(reception), 0),
        Status::Local => (2, 0, 0),
    }
}

pub(crate) fn delivery_columns(delivery: Delivery) -> (i64, i64) {
    match delivery {
        Delivery::Queued => (0, 0),
        Delivery::Held(reason) => (1, hold_code(reason)),
        Delivery::Sending => (2, 0),
        Delivery::Failed(reason) => (3, failure_code(reason)),
        Delivery::Cancelled => (4, 0),
        Delivery::Sent => (5, 0),
        Delivery::Delivered => (6, 0),
        Delivery::Read => (7, 0),
    }
}

pub(crate) fn reception_code(reception: Reception) -> i64 {
    match reception {
        Reception::Waiting => 0,
        Reception::Lost => 1,
        Reception::Unread => 2,
        Reception::Read => 3,
    }
}

pub(crate) fn status(direction: i64, state: i64, reason: i64) -> Stored<Status> {
    Ok(match (direction, state) {
        (0, 0) => Status::Outgoing(Delivery::Queued),
        (0, 1) => Status::Outgoing(Delivery::Held(hold(reason)?)),
        (0, 2) => Status::Outgoing(Delivery::Sending),
        (0, 3) => Status::Outgoing(Delivery::Failed(failure(reason)?)),
        (0, 4) => Status::Outgoing(Delivery::Cancelled),
        (0, 5) => Status::Outgoing(Delivery::Sent),
        (0, 6) => Status::Outgoing(Delivery::Delivered),
        (0, 7) => Status::Outgoing(Delivery::Read),
        (1, 0) => Status::Incoming(Reception::Waiting),
        (1, 1) => Status::Incoming(Reception::Lost),
        (1, 2) => Status::Incoming(Reception::Unread),
        (1, 3) => Status::Incoming(Reception::Read),
        (2, 0) => Status::Local,
        _ => return Err(StoreError::Corrupt),
    })
}

fn hold_code(reason: HoldReason) -> i64 {
    match reason {
        HoldReason::KeyChanged => 0,
        HoldReason::RecipientGone => 1,
    }
}

fn hold(code: i64) -> Stored<HoldReason> {
    Ok(match code {
        0 => HoldReason::KeyChanged,
        1 => HoldReason::RecipientGone,
        _ => return Err(StoreError::Corrupt),
    })
}

fn failure_code(reason: FailureReason) -> i64 {
    match reason {
        FailureReason::TooLarge => 0,
        FailureReason::Refused => 1,
        FailureReason::NotPermitted => 2,
        FailureReason::RecipientGone => 3,
    }
}

fn failure(code: i64) -> Stored<FailureReason> {
    Ok(match code {
        0 => FailureReason::TooLarge,
        1 => FailureReason::Refused,
        2 => FailureReason::NotPermitted,
        3 => FailureReason::RecipientGone,
        _ => return Err(StoreError::Corrupt),
    })
}
