//! The rows, and what each write does to them.

use std::collections::{BTreeMap, BTreeSet};

use waxwing_engine::{
    AccountState, Anchor, Annotation, Body, ConversationId, CounterRange, Delivery, DeviceAddress, Lane,
    LocalDevice, Message, OutboxDraft, OutboxItem, OutboxOrder, OutboxPayload, OwnDevice, Party, PrekeyKind,
    PrekeyRecord, ReceiptKind, Reception, RelayState, SealedRecord, SessionRecord, SettingKind,
    SettingRecord, Slot, Status, WaitingEnvelope, Write,
};
use waxwing_wire::{AccountId, DeviceId, Handle, MessageId};

use super::TableSizes;
use super::groups::{GroupTables, Waits};

/// Places that are reserved for the past of an account.
const PAST_MAX: u64 = 1 << 40;

/// Everything that the engine keeps.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Tables {
    pub(super) local: Option<LocalRow>,
    pub(super) relay: Option<RelayState>,
    pub(super) own_devices: BTreeMap<DeviceId, OwnDevice>,
    pub(super) accounts: BTreeMap<AccountId, AccountState>,
    pub(super) handles: BTreeMap<Handle, AccountId>,
    /// With the other account, where it is no group's.
    pub(super) conversations: BTreeMap<ConversationId, Option<AccountId>>,
    pub(super) sessions: BTreeMap<DeviceAddress, BTreeMap<[u8; 16], SessionRecord>>,
    pub(super) weekly_prekeys: BTreeMap<u32, PrekeyRecord>,
    /// One-time and last-resort prekeys share one series of ids.
    pub(super) handed_prekeys: BTreeMap<u32, PrekeyRecord>,
    pub(super) handed_prekey_high: u32,
    pub(super) handshakes: BTreeMap<[u8; 32], i64>,
    pub(super) seen: BTreeMap<(DeviceId, MessageId), i64>,
    messages: BTreeMap<MessageId, (u64, Message)>,
    places: BTreeMap<(ConversationId, u64), MessageId>,
    place_high: u64,
    /// The last place of the past that is taken, and where its places end.
    past: (u64, u64),
    /// Where the past stands that is being taken in.
    pub(super) past_place: Option<Vec<u8>>,
    counters: BTreeSet<(ConversationId, DeviceId, u64, MessageId)>,
    /// The greatest counters of entries that are gone.
    counters_gone: BTreeMap<(ConversationId, DeviceId), u64>,
    pub(super) annotations: BTreeMap<(MessageId, Slot, AccountId), (u64, Annotation)>,
    annotation_high: u64,
    /// Each with its place among the changes.
    pub(super) settings: BTreeMap<(ConversationId, SettingKind), (u64, SettingRecord)>,
    /// When messages that disappear are due; zero: not yet.
    pub(super) timers: BTreeMap<MessageId, i64>,
    pub(super) outbox: BTreeMap<OutboxOrder, OutboxItem>,
    pub(super) outbox_open: BTreeSet<(Lane, OutboxOrder)>,
    outbox_high: OutboxOrder,
    pub(super) sealed: BTreeMap<(OutboxOrder, DeviceAddress), Vec<u8>>,
    pub(super) waiting: BTreeMap<u64, WaitingEnvelope>,
    waiting_high: u64,
    pub(super) repairs: BTreeMap<(DeviceId, MessageId), u32>,
    pub(super) groups: GroupTables,
}

/// This device, comparable.
#[derive(Debug, Clone)]
pub(super) struct LocalRow(pub(super) LocalDevice);

impl PartialEq for LocalRow {
    fn eq(&self, other: &LocalRow) -> bool {
        let (ours, theirs) = (&self.0, &other.0);
        ours.address == theirs.address
            && ours.handle == theirs.handle
            && ours.account_key.as_ref().map(|key| **key) == theirs.account_key.as_ref().map(|key| **key)
            && *ours.device_secrets == *theirs.device_secrets
            && ours.account_public == theirs.account_public
            && ours.device_list == theirs.device_list
            && ours.registration == theirs.registration
    }
}

fn contains(ranges: &[CounterRange], counter: u64) -> bool {
    ranges.iter().any(|range| (range.first..=range.last).contains(&counter))
}

/// How far along a delivery state is, whatever its reason.
fn progress(delivery: Delivery) -> u8 {
    match delivery {
        Delivery::Queued => 0,
        Delivery::Held(_) => 1,
        Delivery::Sending => 2,
        Delivery::Failed(_) => 3,
        Delivery::Cancelled => 4,
        Delivery::Sent => 5,
        Delivery::Delivered => 6,
        Delivery::Read => 7,
    }
}

/// The prekeys of a kind whose successor was made before a time.
fn superseded<'a>(all: impl Iterator<Item = &'a PrekeyRecord>, kind: PrekeyKind, before_ms: i64) -> Vec<u32> {
    let of_kind: Vec<&PrekeyRecord> = all.filter(|prekey| prekey.kind == kind).collect();
    of_kind.windows(2).filter(|pair| pair[1].created_at_ms < before_ms).map(|pair| pair[0].id).collect()
}

impl Tables {
    /// Forgets everything but what numbers were given.
    fn erase(&mut self) {
        *self = Tables {
            place_high: self.place_high,
            annotation_high: self.annotation_high,
            outbox_high: self.outbox_high,
            waiting_high: self.waiting_high,
            ..Tables::default()
        };
    }

    /// Applies one write. Nothing here can fail: a write about what is not there does nothing.
    #[rustfmt::skip]
    #[allow(clippy::too_many_lines)] // a table: one entry for each kind of write
    pub(super) fn write(&mut self, write: &Write) {
        match write {
            Write::PutLocal(local) => self.local = Some(LocalRow(local.clone())),
            Write::DeleteLocal => self.local = None,
            Write::Erase => self.erase(),
            Write::PutRelay(relay) => self.relay = Some(*relay),
            Write::PutOwnDevice(device) => { self.own_devices.insert(device.device, device.clone()); }
            Write::PutAccount(account) => self.put_account(account),
            Write::PutConversation { conversation, peer, created_at_ms: _ } => {
                self.conversations.entry(*conversation).or_insert(Some(*peer));
            }
            Write::MoveHeldMessages { from, to, peer } => self.move_held(*from, *to, *peer),
            Write::PutFormerDevice { device, keys } => {
                self.groups.former_devices.insert(*device, *keys);
            }
            Write::PutSession { device, session } => {
                self.sessions.entry(*device).or_default().insert(session.id, session.clone());
            }
            Write::DeleteSession { device, id } => self.delete_session(*device, id),
            Write::ArchiveSessions => self.archive_sessions(),
            Write::DeleteDevice(device) => self.delete_device(*device),
            Write::PutPrekey(prekey) => self.put_prekey(prekey),
            Write::DeletePrekey { kind, id } => self.delete_prekey(*kind, *id),
            Write::ExpirePrekeys { before_ms } => self.expire_prekeys(*before_ms),
            Write::RememberHandshake { handshake, at_ms } => { self.handshakes.insert(*handshake, *at_ms); }
            Write::RememberSeen { sender, wire_id, at_ms } => { self.seen.insert((*sender, *wire_id), *at_ms); }
            Write::ForgetSeen { before_ms } => {
                self.seen.retain(|_, at_ms| *at_ms >= *before_ms);
                self.handshakes.retain(|_, at_ms| *at_ms >= *before_ms);
            }
            Write::PutHistory(message) => self.put_history(message),
            Write::ReservePast => self.reserve_past(),
            Write::PutPastPlace(place) => self.past_place.clone_from(place),
            Write::PutMessage(message) => self.put_message(message),
            Write::SetDelivery { message, delivery } => self.set_delivery(*message, *delivery),
            Write::SetCounter { message, counter } => self.set_counter(*message, *counter),
            Write::SetReception { message, reception } => self.set_reception(*message, *reception),
            Write::PutSetting(record) => {
                let place = self.settings.values().map(|(place, _)| *place).max().unwrap_or(0) + 1;
                self.settings.insert((record.conversation, record.setting.kind()), (place, record.clone()));
            }
            Write::StartTimers { conversation, at_ms } => self.start_timers(*conversation, *at_ms),
            Write::DueBy { message, due_at_ms: by_ms } => {
                if let Some(due_at_ms) = self.timers.get_mut(message).filter(|due_at_ms| **due_at_ms > *by_ms) {
                    *due_at_ms = *by_ms;
                }
            }
            Write::RemoveDue { now_ms } => self.remove_due(*now_ms),
            Write::RewriteMessage(message) => self.rewrite_message(message),
            Write::RemoveMessage { message } => { self.remove_message(*message); }
            Write::PutAnnotation(annotation) => self.put_annotation(annotation),
            Write::DeleteAnnotation { target, slot, author } => { self.annotations.remove(&(*target, *slot, *author)); }
            Write::ExpireAnnotations { before_ms } => self.annotations.retain(|_, (_, annotation)| {
                annotation.anchor == Anchor::Held || annotation.stored_at_ms >= *before_ms
            }),
            Write::WithdrawMessage { message } => self.withdraw_message(*message),
            Write::LoseUnopened { sender } => self.lose_unopened(*sender),
            Write::DropUnreadable { message } => self.drop_unreadable(*message),
            Write::ApplyReceipt { conversation, sender, kind, ranges } => {
                self.apply_receipt(*conversation, *sender, *kind, ranges);
            }
            Write::MarkRead { conversation, sender, ranges } => self.mark_read(*conversation, *sender, ranges),
            Write::PutOutbox { draft, created_at_ms } => self.put_outbox(draft, *created_at_ms),
            Write::PutSealed { order, sealed } => self.put_sealed(*order, sealed),
            Write::AcceptOutbox { order } => self.accept_outbox(*order),
            Write::DropSealed { order } => self.sealed.retain(|(of, _), _| of != order),
            Write::DeleteOutbox { order } => self.delete_outbox(*order),
            Write::ReopenOutbox { to } => self.reopen_outbox(*to),
            Write::ExpireOutbox { before_ms } => self.expire_outbox(*before_ms),
            Write::PutWaiting { sender, wire_id, payload, at_ms: _ } => self.put_waiting(*sender, *wire_id, payload),
            Write::DeleteWaiting { order } => { self.waiting.remove(order); }
            Write::CountRepair { sender, wire_id, at_ms: _ } => {
                *self.repairs.entry((*sender, *wire_id)).or_default() += 1;
            }
            Write::PutGroup { state, at_ms: _ } => {
                self.conversations.entry(ConversationId::group(state.group)).or_insert(None);
                self.groups.put(state);
            }
            Write::PutSenderKey { group, key } => self.groups.put_sender_key(*group, key),
            Write::PutKeyHolders { group, devices } => self.groups.put_holders(*group, devices),
            Write::ForgetKeyHolder { group, device } => self.groups.forget_holder(*group, *device),
            Write::PutReceiverKey { group, key } => self.groups.put_receiver_key(*group, key),
            Write::DeleteReceiverKey { group, sender, chain } => self.groups.delete_receiver_key(*group, *sender, *chain),
            Write::ForgetGroupKeys(group) => self.groups.forget_keys(*group),
            Write::PutGroupWaiting { group, sender, chain, wire_id, payload, at_ms } => self.groups.put_waiting(
                &Waits { group: *group, sender: *sender, chain: *chain, wire_id: *wire_id, payload }, *at_ms),
            Write::DeleteGroupWaiting { order } => { self.groups.waiting.remove(order); }
            Write::ExpireGroupWaiting { before_ms } => self.groups.expire_waiting(*before_ms),
            Write::PutMemberReceipt { conversation, member, author, kind, ranges, at_ms } => {
                self.groups.put_receipt(*conversation, *author, *member, *kind, ranges, *at_ms);
            }
            Write::ExpireMemberReceipts { before_ms } => self.groups.expire_receipts(*before_ms),
            Write::PutGroupPicture { group, hash, picture } => {
                self.groups.pictures.insert((*group, *hash), picture.clone());
            }
            Write::DropGroupPictures { group, except } => {
                self.groups.pictures.retain(|(of, hash), _| of != group || *except == Some(*hash));
            }
            Write::PutDoor { group, door } => { self.groups.doors.insert(*group, door.clone()); }
            Write::PutJoining(joining) => { self.groups.joinings.insert(joining.group, joining.clone()); }
            Write::DeleteJoining(group) => { self.groups.joinings.remove(group); }
            Write::ForgetDeviceState => self.forget_device_state(),
        }
    }

    fn put_account(&mut self, account: &AccountState) {
        self.handles.retain(|_, owner| *owner != account.account);
        self.handles.insert(account.handle.clone(), account.account);
        self.accounts.insert(account.account, account.clone());
    }

    fn move_held(&mut self, from: ConversationId, to: ConversationId, peer: AccountId) {
        self.conversations.entry(to).or_insert(Some(peer));
        let moves = |id: &MessageId| {
            use Delivery::{Held, Queued, Sending};
            let status = self.message(*id).map(|message| message.status);
            matches!(status, Some(Status::Outgoing(Queued | Held(_) | Sending)))
        };
        let range = self.places.range((from, 0)..=(from, u64::MAX));
        let moved: Vec<MessageId> = range.map(|(_, message)| *message).filter(moves).collect();
        for id in moved {
            if let Some((_, message)) = self.remove_message(id) {
                let status = Status::Outgoing(Delivery::Queued);
                self.append_message(Message { conversation: to, counter: 0, status, ..message });
            }
            self.readdress(id, peer);
        }
    }

    fn readdress(&mut self, id: MessageId, peer: AccountId) {
        for (order, item) in &mut self.outbox {
            let is_this = matches!(item.draft.payload, OutboxPayload::Message { message } if message == id);
            if is_this {
                let was_open = self.outbox_open.remove(&(item.draft.lane, *order));
                item.draft.lane.to = Party::Account(peer);
                if was_open {
                    self.outbox_open.insert((item.draft.lane, *order));
                }
                self.sealed.retain(|(of, _), _| of != order);
            }
        }
    }

    fn archive_sessions(&mut self) {
        for session in self.sessions.values_mut().flat_map(BTreeMap::values_mut) {
            session.rank = 0;
        }
        let outbox = &self.outbox;
        self.sealed.retain(|(order, _), _| outbox.get(order).is_some_and(|item| item.accepted));
    }

    fn delete_session(&mut self, device: DeviceAddress, id: &[u8; 16]) {
        if let Some(sessions) = self.sessions.get_mut(&device) {
            sessions.remove(id);
            if sessions.is_empty() {
                self.sessions.remove(&device);
            }
        }
    }

    fn delete_device(&mut self, device: DeviceAddress) {
        self.sessions.remove(&device);
        self.sealed.retain(|(_, to), _| *to != device);
    }

    fn put_prekey(&mut self, prekey: &PrekeyRecord) {
        match prekey.kind {
            PrekeyKind::Weekly => {
                self.weekly_prekeys.insert(prekey.id, prekey.clone());
            }
            PrekeyKind::OneTime | PrekeyKind::LastResort => {
                self.handed_prekey_high = self.handed_prekey_high.max(prekey.id);
                self.handed_prekeys.insert(prekey.id, prekey.clone());
            }
        }
    }

    fn delete_prekey(&mut self, kind: PrekeyKind, id: u32) {
        match kind {
            PrekeyKind::Weekly => self.weekly_prekeys.remove(&id),
            PrekeyKind::OneTime | PrekeyKind::LastResort => self.handed_prekeys.remove(&id),
        };
    }

    fn expire_prekeys(&mut self, before_ms: i64) {
        for id in superseded(self.weekly_prekeys.values(), PrekeyKind::Weekly, before_ms) {
            self.weekly_prekeys.remove(&id);
        }
        for id in superseded(self.handed_prekeys.values(), PrekeyKind::LastResort, before_ms) {
            self.handed_prekeys.remove(&id);
        }
    }

    fn put_message(&mut self, message: &Message) {
        match self.messages.get(&message.id) {
            None => self.append_message(message.clone()),
            Some((place, old)) if old.body == Body::Unreadable => {
                let (place, conversation) = (*place, old.conversation);
                self.remove_message(message.id);
                self.insert_message(place, Message { conversation, ..message.clone() });
            }
            Some(_) => {}
        }
    }

    fn reserve_past(&mut self) {
        self.past = (self.place_high, self.place_high + PAST_MAX);
        self.place_high += PAST_MAX;
    }

    fn put_history(&mut self, message: &Message) {
        let (last, end) = self.past;
        if self.messages.contains_key(&message.id) || last >= end {
            self.put_message(message);
        } else {
            self.past.0 += 1;
            self.insert_message(last + 1, message.clone());
        }
    }

    fn append_message(&mut self, message: Message) {
        self.place_high += 1;
        self.insert_message(self.place_high, message);
    }

    fn insert_message(&mut self, place: u64, message: Message) {
        self.places.insert((message.conversation, place), message.id);
        if message.marks.expires_after_s > 0 {
            self.timers.insert(message.id, message.due_at_ms());
        }
        if message.counter > 0 {
            self.counters.insert((message.conversation, message.sender.device, message.counter, message.id));
        }
        self.messages.insert(message.id, (place, message));
    }

    fn remove_message(&mut self, id: MessageId) -> Option<(u64, Message)> {
        let (place, message) = self.messages.remove(&id)?;
        self.places.remove(&(message.conversation, place));
        self.timers.remove(&id);
        self.counters.remove(&(message.conversation, message.sender.device, message.counter, id));
        let gone = self.counters_gone.entry((message.conversation, message.sender.device)).or_default();
        *gone = message.counter.max(*gone);
        Some((place, message))
    }

    fn set_delivery(&mut self, id: MessageId, delivery: Delivery) {
        let Some((_, message)) = self.messages.get_mut(&id) else { return };
        let Status::Outgoing(old) = message.status else { return };
        let is_set_as_it_is = matches!(delivery, Delivery::Queued | Delivery::Held(_));
        if is_set_as_it_is || progress(delivery) > progress(old) {
            message.status = Status::Outgoing(delivery);
        }
    }

    fn set_counter(&mut self, id: MessageId, counter: u64) {
        if let Some((place, mut message)) = self.remove_message(id) {
            message.counter = counter;
            self.insert_message(place, message);
        }
    }

    fn set_reception(&mut self, id: MessageId, reception: Reception) {
        let Some((_, message)) = self.messages.get_mut(&id) else { return };
        let Status::Incoming(old) = message.status else { return };
        message.status = Status::Incoming(old.max(reception));
    }

    fn lose_unopened(&mut self, sender: DeviceAddress) {
        let of_sender = self
            .messages
            .values_mut()
            .map(|(_, message)| message)
            .filter(|message| message.sender == sender && message.body == Body::Unreadable);
        for message in of_sender.filter(|message| message.status == Status::Incoming(Reception::Waiting)) {
            message.status = Status::Incoming(Reception::Lost);
        }
    }

    fn start_timers(&mut self, conversation: ConversationId, at_ms: i64) {
        let messages = &self.messages;
        for (id, due_at_ms) in self.timers.iter_mut().filter(|(_, due_at_ms)| **due_at_ms == 0) {
            let Some((_, message)) = messages.get(id) else { continue };
            let is_read = message.status == Status::Incoming(Reception::Read);
            if is_read && message.conversation == conversation {
                *due_at_ms = at_ms.saturating_add(i64::from(message.marks.expires_after_s) * 1_000);
            }
        }
    }

    fn remove_due(&mut self, now_ms: i64) {
        let is_due = |(_, due_at_ms): &(&MessageId, &i64)| **due_at_ms > 0 && **due_at_ms <= now_ms;
        let due: Vec<MessageId> = self.timers.iter().filter(is_due).map(|(id, _)| *id).collect();
        for id in due {
            self.remove_message(id);
            self.annotations
                .retain(|(target, _, _), (_, said)| *target != id || said.anchor == Anchor::Awaited);
        }
    }

    fn rewrite_message(&mut self, new: &Message) {
        if let Some((_, message)) = self.messages.get_mut(&new.id) {
            message.body = new.body.clone();
            message.marks = new.marks.clone();
            message.edited = new.edited;
        }
    }

    fn put_annotation(&mut self, annotation: &Annotation) {
        self.annotation_high += 1;
        let key = (annotation.target, annotation.slot(), annotation.author);
        self.annotations.insert(key, (self.annotation_high, annotation.clone()));
    }

    fn withdraw_message(&mut self, id: MessageId) {
        let carries = |item: &&OutboxItem| match item.draft.payload {
            OutboxPayload::Message { message } | OutboxPayload::Resend { message, .. } => message == id,
            OutboxPayload::Annotation { .. }
            | OutboxPayload::Control { .. }
            | OutboxPayload::ChangeGroup(_) => false,
        };
        let carriers: Vec<OutboxOrder> =
            self.outbox.values().filter(carries).map(|item| item.order).collect();
        carriers.into_iter().for_each(|order| self.delete_outbox(order));
    }

    fn drop_unreadable(&mut self, id: MessageId) {
        if self.message(id).is_some_and(|message| message.body == Body::Unreadable) {
            self.remove_message(id);
        }
    }

    /// The messages of a device in a conversation whose counter is in one of the ranges. A message without a counter is in none.
    fn in_ranges(
        &self,
        conversation: ConversationId,
        sender: DeviceId,
        ranges: &[CounterRange],
    ) -> Vec<MessageId> {
        let all = self.counters_of(conversation, sender);
        all.filter(|(counter, _)| contains(ranges, *counter)).map(|(_, id)| id).collect()
    }

    fn apply_receipt(
        &mut self,
        conversation: ConversationId,
        sender: DeviceId,
        kind: ReceiptKind,
        ranges: &[CounterRange],
    ) {
        let delivery = match kind {
            ReceiptKind::Delivered => Delivery::Delivered,
            ReceiptKind::Read => Delivery::Read,
        };
        let messages: BTreeSet<MessageId> =
            self.in_ranges(conversation, sender, ranges).into_iter().collect();
        for message in &messages {
            self.set_delivery(*message, delivery);
        }
        let is_done = |item: &&OutboxItem| match &item.draft.payload {
            OutboxPayload::Message { message } => item.accepted && messages.contains(message),
            OutboxPayload::Resend { .. }
            | OutboxPayload::Annotation { .. }
            | OutboxPayload::Control { .. }
            | OutboxPayload::ChangeGroup(_) => false,
        };
        let done: Vec<OutboxOrder> = self.outbox.values().filter(is_done).map(|item| item.order).collect();
        for order in done {
            self.delete_outbox(order);
        }
    }

    fn mark_read(&mut self, conversation: ConversationId, sender: DeviceId, ranges: &[CounterRange]) {
        for id in self.in_ranges(conversation, sender, ranges) {
            let Some((_, message)) = self.messages.get_mut(&id) else { continue };
            if message.status == Status::Incoming(Reception::Unread) {
                message.status = Status::Incoming(Reception::Read);
            }
        }
    }

    fn put_outbox(&mut self, draft: &OutboxDraft, created_at_ms: i64) {
        self.outbox_high += 1;
        let order = self.outbox_high;
        self.outbox_open.insert((draft.lane, order));
        self.outbox.insert(order, OutboxItem { order, draft: draft.clone(), accepted: false, created_at_ms });
    }

    fn put_sealed(&mut self, order: OutboxOrder, sealed: &SealedRecord) {
        if self.outbox.contains_key(&order) {
            self.sealed.insert((order, sealed.device), sealed.payload.clone());
        }
    }

    fn accept_outbox(&mut self, order: OutboxOrder) {
        if let Some(item) = self.outbox.get_mut(&order) {
            item.accepted = true;
            self.outbox_open.remove(&(item.draft.lane, order));
        }
    }

    fn delete_outbox(&mut self, order: OutboxOrder) {
        if let Some(item) = self.outbox.remove(&order) {
            self.outbox_open.remove(&(item.draft.lane, order));
            self.sealed.retain(|(of, _), _| *of != order);
        }
    }

    fn reopen_outbox(&mut self, to: Option<AccountId>) {
        let goes_there =
            |item: &&mut OutboxItem| to.is_none_or(|to| item.draft.lane.to == Party::Account(to));
        for item in self.outbox.values_mut().filter(|item| item.accepted).filter(goes_there) {
            item.accepted = false;
            self.outbox_open.insert((item.draft.lane, item.order));
        }
    }

    fn expire_outbox(&mut self, before_ms: i64) {
        let is_old = |item: &&OutboxItem| item.accepted && item.created_at_ms < before_ms;
        let old: Vec<OutboxOrder> = self.outbox.values().filter(is_old).map(|item| item.order).collect();
        for order in old {
            self.delete_outbox(order);
        }
    }

    fn put_waiting(&mut self, sender: DeviceAddress, wire_id: MessageId, payload: &[u8]) {
        self.waiting_high += 1;
        let order = self.waiting_high;
        self.waiting.insert(order, WaitingEnvelope { order, sender, wire_id, payload: payload.to_vec() });
    }

    fn forget_device_state(&mut self) {
        self.sessions.clear();
        self.sealed.clear();
        self.weekly_prekeys.clear();
        self.handed_prekeys.clear();
        self.groups.forget_all_keys();
    }
}

/// What several readers need.
impl Tables {
    pub(super) fn timeline(&self) -> impl Iterator<Item = &Message> {
        self.places.values().filter_map(|id| self.message(*id))
    }

    pub(super) fn message(&self, id: MessageId) -> Option<&Message> {
        self.messages.get(&id).map(|(_, message)| message)
    }

    /// All messages of a conversation.
    pub(super) fn of_conversation(
        &self,
        conversation: ConversationId,
    ) -> impl DoubleEndedIterator<Item = &Message> {
        let places = self.places.range((conversation, 0)..=(conversation, u64::MAX));
        places.filter_map(|(_, id)| self.message(*id))
    }

    pub(super) fn up_to(
        &self,
        conversation: ConversationId,
        id: MessageId,
    ) -> impl Iterator<Item = &Message> {
        let end = self.messages.get(&id).filter(|(_, message)| message.conversation == conversation);
        let end = end.map_or(0, |(place, _)| *place);
        self.places.range((conversation, 0)..=(conversation, end)).filter_map(|(_, id)| self.message(*id))
    }

    /// The conversations that have entries, those with the newest entry first.
    pub(super) fn newest_conversations(&self, limit: usize) -> Vec<ConversationId> {
        let mut newest: BTreeMap<ConversationId, u64> = BTreeMap::new();
        for (conversation, place) in self.places.keys() {
            newest.insert(*conversation, *place);
        }
        let mut all: Vec<_> =
            newest.into_iter().filter(|(of, _)| self.conversations.contains_key(of)).collect();
        all.sort_by_key(|(_, place)| std::cmp::Reverse(*place));
        all.into_iter().take(limit).map(|(conversation, _)| conversation).collect()
    }

    /// The greatest counter that an entry of a device ever had and that is gone with it.
    pub(super) fn counter_gone(&self, conversation: ConversationId, sender: DeviceId) -> u64 {
        self.counters_gone.get(&(conversation, sender)).copied().unwrap_or(0)
    }

    /// Counters of a device's messages in a conversation, ascending.
    pub(super) fn counters_of(
        &self,
        conversation: ConversationId,
        sender: DeviceId,
    ) -> impl DoubleEndedIterator<Item = (u64, MessageId)> {
        let first = (conversation, sender, 0, MessageId::from_bytes([0; 16]));
        let last = (conversation, sender, u64::MAX, MessageId::from_bytes([255; 16]));
        self.counters.range(first..=last).map(|(_, _, counter, id)| (*counter, *id))
    }

    pub(super) fn outbox_messages(&self) -> impl Iterator<Item = MessageId> {
        self.outbox.values().filter_map(|item| match item.draft.payload {
            OutboxPayload::Message { message } => Some(message),
            OutboxPayload::Resend { .. }
            | OutboxPayload::Annotation { .. }
            | OutboxPayload::Control { .. }
            | OutboxPayload::ChangeGroup(_) => None,
        })
    }

    pub(super) fn was_seen(&self, sender: DeviceId, wire_id: MessageId) -> bool {
        self.seen.contains_key(&(sender, wire_id))
    }

    /// Annotations that wait for their message.
    pub(super) fn awaited(&self) -> impl Iterator<Item = &Annotation> {
        let all = self.annotations.values().map(|(_, annotation)| annotation);
        all.filter(|annotation| annotation.anchor == Anchor::Awaited)
    }

    pub(super) fn sizes(&self) -> TableSizes {
        TableSizes {
            messages: self.messages.len(),
            outbox_open: self.outbox_open.len(),
            outbox: self.outbox.len(),
            sealed: self.sealed.len(),
            waiting: self.waiting.len(),
            sessions_per_device_max: self.sessions.values().map(BTreeMap::len).max().unwrap_or(0),
            prekeys: self.weekly_prekeys.len() + self.handed_prekeys.len(),
            seen: self.seen.len(),
            group_waiting: self.groups.waiting.len(),
            receiver_keys: self.groups.receiver_keys.len(),
            receipt_runs: self.groups.receipts.values().map(|(runs, _)| runs.len()).sum(),
            awaited: self.awaited().count(),
        }
    }
}
