//! What the app sees of the store: pages, the list, the feed. Read by connections beside the writer's.

use rusqlite::{Connection, OptionalExtension as _, Params, Row};
use waxwing_crypto::{AccountPublicKey, DeviceList};
use waxwing_engine::{
    AccountState, Body, ConversationId, CounterRange, Delivery, DeviceAddress, GroupMember, LinkCertificate,
    OwnDevice, ReceiptKind, Registration, Revision, Standing, Status,
};
use waxwing_wire::{AccountId, DeviceId, Handle, MessageId};
use zeroize::Zeroizing;

use super::codes::{self, Stored, bytes, value};
use super::{StoreError, groups, query};
use crate::account::Me;
use crate::conversation::{Contact, GroupHead, With};
use crate::devices::{Device, OwnDevices};
use crate::group::{GroupInfo, GroupNotice, Member, MemberReceipt, Reach, Receipts};
use crate::incoming::IncomingMessage;
use crate::list::{ConversationItem, LastEntry};
use crate::settings::Settings;
use crate::timeline::{Page, Place, Reaction, TimelineItem, Told};

pub(super) fn rows<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    each: impl Fn(&Row<'_>) -> Stored<T>,
) -> Stored<Vec<T>> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(each(row)?);
    }
    Ok(found)
}

pub(super) fn one<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    each: impl Fn(&Row<'_>) -> Stored<T>,
) -> Stored<Option<T>> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(each).transpose()
}

// ---- this device ----

/// Whether the relay knows this device, or knew it.
fn is_confirmed(registration: Registration) -> bool {
    match registration {
        Registration::Done | Registration::Revoked | Registration::Deleting => true,
        Registration::Creating | Registration::Replacing | Registration::Adding => false,
    }
}

pub(crate) fn me(db: &Connection) -> Stored<Option<Me>> {
    let found = one(db, query::ME, (), |row| {
        let registration = codes::registration(value(row, 3)?)?;
        let me = Me {
            account: codes::account_id(row, 0)?,
            device: codes::device_id(row, 1)?,
            handle: codes::handle(row, 2)?,
        };
        Ok(is_confirmed(registration).then_some(me))
    })?;
    Ok(found.flatten())
}

/// The account's secret key: none before registration, and none inside where this device does not hold it.
pub(crate) fn account_key(db: &Connection) -> Stored<Option<Option<Zeroizing<[u8; 32]>>>> {
    one(db, query::ACCOUNT_KEY, (), |row| {
        let empty = row.get_ref(0)?.as_blob().is_ok_and(<[u8]>::is_empty);
        if empty { Ok(None) } else { bytes(row, 0).map(|key| Some(Zeroizing::new(key))) }
    })
}

/// Our account and its public key.
pub(crate) fn own_identity(db: &Connection) -> Stored<Option<(AccountId, [u8; 32])>> {
    one(db, query::OWN_IDENTITY, (), |row| Ok((codes::account_id(row, 0)?, bytes(row, 1)?)))
}

/// What is known of an account.
pub(crate) fn account(db: &Connection, account: AccountId) -> Stored<Option<AccountState>> {
    one(db, query::ACCOUNT, [account.as_bytes()], codes::account)
}

pub(crate) fn own_device(db: &Connection, device: DeviceId) -> Stored<Option<OwnDevice>> {
    one(db, query::OWN_DEVICE, [device.as_bytes()], |row| {
        Ok(OwnDevice {
            device: codes::device_id(row, 0)?,
            name: value(row, 1)?,
            named: match codes::unsigned(value(row, 2)?) {
                0 => None,
                count => Some(Revision { count, device: codes::device_id(row, 3)? }),
            },
            known_since_ms: value(row, 4)?,
        })
    })
}

/// The devices of our own account, as its signed list names them.
pub(crate) fn devices(db: &Connection) -> Stored<Option<OwnDevices>> {
    let found = one(db, query::OWN_LIST, (), |row| {
        let account: [u8; 16] = bytes(row, 0)?;
        let key = AccountPublicKey::parse(bytes(row, 2)?).map_err(|_| StoreError::Corrupt)?;
        let list =
            DeviceList::verify(&codes::blob(row, 3)?, account, &key).map_err(|_| StoreError::Corrupt)?;
        Ok((codes::device_id(row, 1)?, list, value::<bool>(row, 4)?))
    })?;
    let Some((this, list, holds_account_key)) = found else { return Ok(None) };
    let mut devices = Vec::with_capacity(list.devices().len());
    for entry in list.devices() {
        let id = DeviceId::from_bytes(entry.device);
        let known = own_device(db, id)?;
        devices.push(Device {
            id,
            name: known.as_ref().map(|known| known.name.clone()).filter(|name| !name.is_empty()),
            is_this: id == this,
            known_since_ms: known.map_or(0, |known| known.known_since_ms),
        });
    }
    devices.sort_by_key(|device| (device.known_since_ms, device.id));
    Ok(Some(OwnDevices { devices, holds_account_key }))
}

// ---- for a device that is being linked ----

/// Our account, as a device that joins it is told.
pub(crate) fn certificate(db: &Connection) -> Stored<Option<LinkCertificate>> {
    one(db, query::CERTIFICATE, (), |row| {
        Ok(LinkCertificate {
            account: codes::account_id(row, 0)?,
            handle: codes::handle(row, 1)?,
            account_public: bytes(row, 2)?,
            device_list: codes::blob(row, 3)?,
        })
    })
}

/// Whether there is a session with a device.
pub(crate) fn has_session(db: &Connection, device: DeviceAddress) -> Stored<bool> {
    let key = (device.account.as_bytes(), device.device.as_bytes());
    Ok(one(db, query::SESSIONS, key, |_| Ok(()))?.is_some())
}

pub(crate) fn outbox_len(db: &Connection) -> Stored<u64> {
    let count = one(db, query::OUTBOX_LEN, (), |row| value(row, 0))?;
    Ok(codes::unsigned(count.unwrap_or(0)))
}

/// Items that can go out: those that are held wait for the user, not for the relay.
pub(crate) fn can_go_out(db: &Connection) -> Stored<bool> {
    Ok(one(db, query::CAN_GO_OUT, (), |row| value::<bool>(row, 0))?.unwrap_or(false))
}

// ---- whom, and where ----

pub(crate) fn account_by_handle(db: &Connection, handle: &Handle) -> Stored<Option<AccountId>> {
    one(db, query::ACCOUNT_ID_BY_HANDLE, [handle.as_str()], |row| codes::account_id(row, 0))
}

pub(crate) fn conversation_by_handle(
    db: &Connection,
    handle: &Handle,
) -> Stored<Option<(ConversationId, Contact)>> {
    one(db, query::CONVERSATION_BY_HANDLE, [handle.as_str()], |row| {
        let peer = Contact { account: codes::account_id(row, 1)?, handle: Some(handle.clone()) };
        Ok((codes::conversation_id(row, 0)?, peer))
    })
}

pub(crate) fn with(db: &Connection, conversation: ConversationId) -> Stored<Option<With>> {
    one(db, query::WITH, [conversation.as_bytes()], |row| with_columns(row, 0))
}

/// From: the peer's account, handle or an empty text, a group's standing and title where it is one.
fn with_columns(row: &Row<'_>, column: usize) -> Stored<With> {
    match value::<Option<i64>>(row, column + 2)? {
        None => contact(row, column).map(With::Contact),
        Some(code) => {
            let standing = codes::group_standing(code)?;
            Ok(With::Group(GroupHead { title: value(row, column + 3)?, standing }))
        }
    }
}

/// An account with its name.
pub(super) fn named(db: &Connection, account: AccountId) -> Stored<Contact> {
    let handle = one(db, query::NAME, [account.as_bytes()], |row| {
        Ok(Handle::new(row.get_ref(0)?.as_str().map_err(|_| StoreError::Corrupt)?).ok())
    })?;
    Ok(Contact { account, handle: handle.flatten() })
}

// ---- groups ----

pub(crate) fn group_info(db: &Connection, conversation: ConversationId) -> Stored<GroupInfo> {
    let state = groups::state(db, conversation.as_group())?.ok_or(StoreError::Absent)?;
    let (settings, picture) = (state.settings(), state.picture());
    let epoch = state.roster().map_or(0, |roster| roster.epoch().number);
    let member = |member: GroupMember| Ok(Member { contact: named(db, member.account)?, role: member.role });
    let members = state.members().into_iter().map(member).collect::<Stored<_>>()?;
    let (title, standing) = (state.title, state.standing);
    Ok(GroupInfo { conversation_id: conversation, title, standing, members, settings, picture, epoch })
}

/// How far a message of ours got at each member that it was for.
pub(crate) fn group_receipts(
    db: &Connection,
    conversation: ConversationId,
    message: MessageId,
) -> Stored<Receipts> {
    let joined = groups::state(db, conversation.as_group())?.ok_or(StoreError::Absent)?.joined;
    let info = group_info(db, conversation)?;
    let ours = me(db)?.map(|me| me.device);
    let key = (message.as_bytes(), conversation.as_bytes());
    let sent = one(db, query::SENT, key, |row| {
        Ok((codes::device_id(row, 0)?, codes::unsigned(value(row, 1)?), codes::account_id(row, 2)?))
    })?;
    let (author, counter, sender) = sent.ok_or(StoreError::Absent)?;
    let told = groups::member_receipts(db, conversation, author)?;
    let reach = |member: AccountId| {
        let tells = |(of, _, runs): &&(AccountId, ReceiptKind, Vec<CounterRange>)| {
            *of == member && runs.iter().any(|run| (run.first..=run.last).contains(&counter))
        };
        let reached = |(_, kind, _): &(AccountId, ReceiptKind, Vec<CounterRange>)| match kind {
            ReceiptKind::Delivered => Reach::Delivered,
            ReceiptKind::Read => Reach::Read,
        };
        told.iter().filter(tells).map(reached).max().unwrap_or(Reach::Unknown)
    };
    // Who came later than the message has no key for it. What our other devices had written by then is not known here.
    let came_later = |member: AccountId| {
        let later = joined.iter().any(|(of, before)| *of == member && counter <= *before);
        later && ours == Some(author)
    };
    let is_meant = |member: &Member| member.contact.account != sender && !came_later(member.contact.account);
    let mut members = Vec::new();
    for member in info.members.into_iter().filter(is_meant) {
        let known = account(db, member.contact.account)?;
        // Whose account is deleted tells nothing any more.
        if known.is_none_or(|known| known.standing != Standing::Deleted) {
            members.push(MemberReceipt { reach: reach(member.contact.account), contact: member.contact });
        }
    }
    Ok(Receipts { members })
}

/// From: account, handle or an empty text.
fn contact(row: &Row<'_>, column: usize) -> Stored<Contact> {
    let text = row.get_ref(column + 1)?.as_str().map_err(|_| StoreError::Corrupt)?;
    Ok(Contact { account: codes::account_id(row, column)?, handle: Handle::new(text).ok() })
}

// ---- the list ----

pub(crate) fn conversations(db: &Connection) -> Stored<Vec<ConversationItem>> {
    with_settings(db, rows(db, query::LIST, (), conversation)?)
}

pub(crate) fn conversations_changed(db: &Connection, after_revision: i64) -> Stored<Vec<ConversationItem>> {
    with_settings(db, rows(db, query::LIST_CHANGED, [after_revision], conversation)?)
}

/// The same conversations, with their settings and the mentions that nobody has seen.
fn with_settings(db: &Connection, mut items: Vec<ConversationItem>) -> Stored<Vec<ConversationItem>> {
    for item in &mut items {
        item.settings = settings(db, item.conversation_id)?;
        if item.unread > 0 {
            let count =
                one(db, query::UNREAD_MENTIONS, [item.conversation_id.as_bytes()], |row| value(row, 0))?;
            item.unread_mentions = codes::unsigned(count.unwrap_or(0));
        }
    }
    Ok(items)
}

/// How a conversation is set.
pub(crate) fn settings(db: &Connection, conversation: ConversationId) -> Stored<Settings> {
    let mut settings = Settings::default();
    for record in rows(db, query::SETTINGS, [conversation.as_bytes()], codes::setting)? {
        settings.take(record.setting);
    }
    Ok(settings)
}

fn conversation(row: &Row<'_>) -> Stored<ConversationItem> {
    let order: i64 = value(row, 5)?;
    let last = if order == 0 {
        None
    } else {
        Some(LastEntry {
            message_id: codes::message_id(row, 6)?,
            sender: contact(row, 16)?,
            preview: value(row, 7)?,
            stored_at_ms: value(row, 8)?,
            state: codes::status(value(row, 9)?, value(row, 10)?, value(row, 11)?)?,
        })
    };
    Ok(ConversationItem {
        conversation_id: codes::conversation_id(row, 0)?,
        created_at_ms: value(row, 1)?,
        unread: codes::unsigned(value(row, 2)?),
        revision: value(row, 3)?,
        key_changed: value::<i64>(row, 4)? == codes::STANDING_KEY_CHANGED,
        order,
        last,
        with: with_columns(row, 12)?,
        settings: Settings::default(),
        unread_mentions: 0,
    })
}

// ---- timelines ----

/// From: the columns of `codes::message`, then position, revision, the sender's handle.
pub(super) fn timeline_item(db: &Connection, row: &Row<'_>) -> Stored<TimelineItem> {
    let message = codes::message(row)?;
    let group_notice = match &message.body {
        Body::Group(event) => Some(GroupNotice::of(event, |account| named(db, account))?),
        Body::Text(_) | Body::Unreadable | Body::Notice(_) | Body::Deleted => None,
    };
    let handle = row.get_ref(18)?.as_str().map_err(|_| StoreError::Corrupt)?;
    Ok(TimelineItem {
        message_id: message.id,
        conversation_id: message.conversation,
        sender: Contact { account: message.sender.account, handle: Handle::new(handle).ok() },
        sender_device: message.sender.device,
        body: message.body,
        group_notice,
        marks: message.marks,
        edited: message.edited,
        reactions: Vec::new(),
        sent_at_ms: message.sent_at_ms,
        stored_at_ms: message.stored_at_ms,
        state: message.status,
        position: value(row, 16)?,
        revision: value(row, 17)?,
    })
}

/// A page, oldest entry first.
pub(crate) fn page(db: &Connection, conversation: ConversationId, page: Page) -> Stored<Vec<TimelineItem>> {
    let position = |message: MessageId| {
        let key = (message.as_bytes(), conversation.as_bytes());
        one(db, query::POSITION, key, |row| value::<i64>(row, 0))?.ok_or(StoreError::Absent)
    };
    match page.place {
        Place::Newest => before(db, conversation, i64::MAX, page.limit),
        Place::Before(message) => before(db, conversation, position(message)?, page.limit),
        Place::Around(message) => {
            let here = position(message)?;
            let newer = after(db, conversation, here, page.limit / 2)?;
            // The entry itself stands before the next position.
            let mut items = before(db, conversation, here.saturating_add(1), page.limit - newer.len())?;
            items.extend(newer);
            Ok(items)
        }
    }
}

/// The entries just before a position, oldest first.
pub(crate) fn before(
    db: &Connection,
    conversation: ConversationId,
    position: i64,
    limit: usize,
) -> Stored<Vec<TimelineItem>> {
    let key = (conversation.as_bytes(), position, limit_of(limit));
    let mut items = rows(db, query::PAGE_BEFORE, key, |row| timeline_item(db, row))?;
    items.reverse();
    with_reactions(db, items)
}

/// The entries just after a position, oldest first.
pub(crate) fn after(
    db: &Connection,
    conversation: ConversationId,
    position: i64,
    limit: usize,
) -> Stored<Vec<TimelineItem>> {
    let key = (conversation.as_bytes(), position, limit_of(limit));
    let items = rows(db, query::PAGE_AFTER, key, |row| timeline_item(db, row))?;
    with_reactions(db, items)
}

/// Entries from the first to the last position that changed since, in the order of their changes.
pub(crate) fn changed(
    db: &Connection,
    conversation: ConversationId,
    (first, last): (i64, i64),
    told: Told,
    limit: usize,
) -> Stored<Vec<TimelineItem>> {
    let key = (conversation.as_bytes(), told.revision, told.position, first, last, limit_of(limit));
    let items = rows(db, query::PAGE_CHANGED, key, |row| timeline_item(db, row))?;
    with_reactions(db, items)
}

/// A conversation's newest revision, and how many entries it ever lost.
pub(crate) fn revision(db: &Connection, conversation: ConversationId) -> Stored<(i64, i64)> {
    let found =
        one(db, query::REVISION, [conversation.as_bytes()], |row| Ok((value(row, 0)?, value(row, 1)?)))?;
    Ok(found.unwrap_or((0, 0)))
}

/// One entry.
pub(crate) fn item(db: &Connection, message: MessageId) -> Stored<Option<TimelineItem>> {
    let found = one(db, query::ITEM, [message.as_bytes()], |row| timeline_item(db, row))?;
    Ok(with_reactions(db, found.into_iter().collect())?.pop())
}

/// The same entries, with what people reacted to them.
pub(super) fn with_reactions(db: &Connection, mut items: Vec<TimelineItem>) -> Stored<Vec<TimelineItem>> {
    for item in items.iter_mut().filter(|item| item.text().is_some()) {
        let said = rows(db, query::REACTIONS, [item.message_id.as_bytes()], |row| {
            Ok((value::<String>(row, 0)?, contact(row, 1)?))
        })?;
        for (reaction, by) in said {
            match item.reactions.iter_mut().find(|known| known.reaction == reaction) {
                Some(known) => known.by.push(by),
                None => item.reactions.push(Reaction { reaction, by: vec![by] }),
            }
        }
        item.reactions.sort_by_key(|reaction| std::cmp::Reverse(reaction.by.len()));
    }
    Ok(items)
}

/// How far a message of ours got.
pub(crate) fn delivery(db: &Connection, message: MessageId) -> Stored<Delivery> {
    let state = one(db, query::DELIVERY, [message.as_bytes()], |row| {
        codes::status(value(row, 0)?, value(row, 1)?, value(row, 2)?)
    })?;
    match state {
        Some(Status::Outgoing(delivery)) => Ok(delivery),
        Some(Status::Incoming(_) | Status::Local) | None => Err(StoreError::Absent),
    }
}

// ---- the feed ----

/// Up to where a consumer dealt with incoming messages.
pub(crate) fn feed_position(db: &Connection, consumer: &str) -> Stored<i64> {
    Ok(db
        .prepare_cached(query::FEED_POSITION)?
        .query_row([consumer], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

/// Incoming messages that became readable after this one, in that order.
pub(crate) fn arrived(db: &Connection, after: i64, limit: usize) -> Stored<Vec<IncomingMessage>> {
    rows(db, query::ARRIVED, (after, limit_of(limit)), |row| {
        Ok(IncomingMessage {
            message_id: codes::message_id(row, 0)?,
            conversation_id: codes::conversation_id(row, 1)?,
            sender: contact(row, 2)?,
            group: value(row, 9)?,
            text: value(row, 4)?,
            sent_at_ms: value(row, 5)?,
            stored_at_ms: value(row, 6)?,
            arrival: value(row, 7)?,
            marks: codes::marks(row, 8)?,
        })
    })
}

pub(super) fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
