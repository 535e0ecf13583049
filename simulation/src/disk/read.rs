//! What the engine reads.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use waxwing_engine::{
    AccountState, Annotation, Body, ConversationId, CounterRange, DeviceAddress, Door, GroupState,
    GroupWaiting, Joining, Lane, LocalDevice, Message, OutboxItem, OutboxOrder, OwnDevice, PrekeyKind,
    PrekeyRecord, ReceiptKind, ReceiverKeyRecord, Reception, RelayState, SealedRecord, SenderKeyRecord,
    SessionRecord, SettingKind, SettingRecord, Status, View, WaitingEnvelope,
};
use waxwing_wire::{AccountId, DeviceId, GroupId, Handle, MessageId};

use super::{DiskFault, MemoryStore};

/// Counters that follow each other, by sender.
fn runs_of(counters: BTreeSet<(DeviceAddress, u64)>) -> Vec<(DeviceAddress, CounterRange)> {
    let mut runs: Vec<(DeviceAddress, CounterRange)> = Vec::new();
    for (sender, counter) in counters {
        match runs.last_mut() {
            Some((of, run)) if *of == sender && run.last + 1 == counter => run.last = counter,
            _ => runs.push((sender, CounterRange { first: counter, last: counter })),
        }
    }
    runs
}

fn is_text(message: &&Message) -> bool {
    matches!(message.body, Body::Text(_))
}

impl View for MemoryStore {
    type Error = DiskFault;

    fn local(&self) -> Result<Option<LocalDevice>, DiskFault> {
        self.check_read()?;
        Ok(self.working.local.as_ref().map(|row| row.0.clone()))
    }

    fn own_device(&self, device: DeviceId) -> Result<Option<OwnDevice>, DiskFault> {
        self.check_read()?;
        Ok(self.working.own_devices.get(&device).cloned())
    }

    fn past_place(&self) -> Result<Option<Vec<u8>>, DiskFault> {
        self.check_read()?;
        Ok(self.working.past_place.clone())
    }

    fn relay(&self) -> Result<Option<RelayState>, DiskFault> {
        self.check_read()?;
        Ok(self.working.relay)
    }

    fn account(&self, account: AccountId) -> Result<Option<AccountState>, DiskFault> {
        self.check_read()?;
        Ok(self.working.accounts.get(&account).cloned())
    }

    fn account_by_handle(&self, handle: &Handle) -> Result<Option<AccountState>, DiskFault> {
        self.check_read()?;
        Ok(self.working.handles.get(handle).and_then(|account| self.working.accounts.get(account)).cloned())
    }

    fn conversation_peer(&self, conversation: ConversationId) -> Result<Option<AccountId>, DiskFault> {
        self.check_read()?;
        Ok(self.working.conversations.get(&conversation).copied().flatten())
    }

    fn sessions(&self, device: DeviceAddress) -> Result<Vec<SessionRecord>, DiskFault> {
        self.check_read()?;
        let sessions = self.working.sessions.get(&device);
        let mut sessions: Vec<SessionRecord> =
            sessions.into_iter().flat_map(|all| all.values().cloned()).collect();
        sessions.sort_by_key(|session| Reverse(session.rank));
        Ok(sessions)
    }

    fn prekey(&self, kind: PrekeyKind, id: u32) -> Result<Option<PrekeyRecord>, DiskFault> {
        self.check_read()?;
        Ok(match kind {
            PrekeyKind::Weekly => self.working.weekly_prekeys.get(&id).cloned(),
            PrekeyKind::OneTime | PrekeyKind::LastResort => self.working.handed_prekeys.get(&id).cloned(),
        })
    }

    fn newest_prekey(&self, kind: PrekeyKind) -> Result<Option<PrekeyRecord>, DiskFault> {
        self.check_read()?;
        let all = match kind {
            PrekeyKind::Weekly => &self.working.weekly_prekeys,
            PrekeyKind::OneTime | PrekeyKind::LastResort => &self.working.handed_prekeys,
        };
        Ok(all.values().rfind(|prekey| prekey.kind == kind).cloned())
    }

    fn highest_prekey_id(&self) -> Result<u32, DiskFault> {
        self.check_read()?;
        Ok(self.working.handed_prekey_high)
    }

    fn one_time_prekeys_above(&self, id: u32, limit: usize) -> Result<Vec<PrekeyRecord>, DiskFault> {
        self.check_read()?;
        let Some(first) = id.checked_add(1) else { return Ok(Vec::new()) };
        let above = self.working.handed_prekeys.range(first..).map(|(_, prekey)| prekey);
        Ok(above.filter(|prekey| prekey.kind == PrekeyKind::OneTime).take(limit).cloned().collect())
    }

    fn handshake_was_used(&self, handshake: &[u8; 32]) -> Result<bool, DiskFault> {
        self.check_read()?;
        Ok(self.working.handshakes.contains_key(handshake))
    }

    fn was_seen(&self, sender: DeviceId, wire_id: MessageId) -> Result<bool, DiskFault> {
        self.check_read()?;
        Ok(self.working.was_seen(sender, wire_id))
    }

    fn message(&self, id: MessageId) -> Result<Option<Message>, DiskFault> {
        self.check_read()?;
        Ok(self.working.message(id).cloned())
    }

    fn newest_messages(&self, conversation: ConversationId, limit: usize) -> Result<Vec<Message>, DiskFault> {
        self.check_read()?;
        Ok(self.working.of_conversation(conversation).rev().take(limit).cloned().collect())
    }

    fn setting(
        &self,
        conversation: ConversationId,
        kind: SettingKind,
    ) -> Result<Option<SettingRecord>, DiskFault> {
        self.check_read()?;
        Ok(self.working.settings.get(&(conversation, kind)).map(|(_, record)| record.clone()))
    }

    fn newest_settings(&self, limit: usize) -> Result<Vec<SettingRecord>, DiskFault> {
        self.check_read()?;
        let mut all: Vec<_> = self.working.settings.values().collect();
        all.sort_by_key(|(place, _)| Reverse(*place));
        Ok(all.into_iter().take(limit).map(|(_, record)| record.clone()).collect())
    }

    fn newest_conversations(&self, limit: usize) -> Result<Vec<ConversationId>, DiskFault> {
        self.check_read()?;
        Ok(self.working.newest_conversations(limit))
    }

    fn next_due_ms(&self) -> Result<Option<i64>, DiskFault> {
        self.check_read()?;
        Ok(self.working.timers.values().copied().filter(|due_at_ms| *due_at_ms > 0).min())
    }

    fn annotations(&self, target: MessageId) -> Result<Vec<Annotation>, DiskFault> {
        self.check_read()?;
        let all = self.working.annotations.iter().filter(|((of, _, _), _)| *of == target);
        Ok(all.map(|(_, (_, annotation))| annotation.clone()).collect())
    }

    fn awaited_annotations(&self, author: AccountId) -> Result<u64, DiskFault> {
        self.check_read()?;
        Ok(self.working.awaited().filter(|annotation| annotation.author == author).count() as u64)
    }

    fn annotated(
        &self,
        author: AccountId,
        conversation: Option<ConversationId>,
        limit: usize,
    ) -> Result<Vec<(MessageId, ConversationId)>, DiskFault> {
        self.check_read()?;
        let mut said: Vec<&(u64, Annotation)> = self.working.annotations.values().collect();
        said.retain(|(_, said)| said.author == author);
        said.retain(|(_, said)| conversation.is_none_or(|conversation| said.conversation == conversation));
        said.sort_by_key(|(order, _)| Reverse(*order));
        Ok(said.into_iter().take(limit).map(|(_, said)| (said.target, said.conversation)).collect())
    }

    fn message_by_counter(
        &self,
        conversation: ConversationId,
        sender: DeviceId,
        counter: u64,
    ) -> Result<Option<Message>, DiskFault> {
        self.check_read()?;
        let found = self.working.counters_of(conversation, sender).find(|(of, _)| *of == counter);
        Ok(found.and_then(|(_, id)| self.working.message(id)).cloned())
    }

    fn highest_counter(&self, conversation: ConversationId, sender: DeviceId) -> Result<u64, DiskFault> {
        self.check_read()?;
        let highest =
            self.working.counters_of(conversation, sender).next_back().map_or(0, |(counter, _)| counter);
        Ok(highest.max(self.working.counter_gone(conversation, sender)))
    }

    fn unread_up_to(
        &self,
        conversation: ConversationId,
        up_to: MessageId,
    ) -> Result<Vec<(DeviceAddress, CounterRange)>, DiskFault> {
        self.check_read()?;
        let is_unread = |message: &&Message| message.status == Status::Incoming(Reception::Unread);
        let unread = self.working.up_to(conversation, up_to).filter(is_unread).filter(is_text);
        let unread: BTreeSet<(DeviceAddress, u64)> = unread
            .map(|message| (message.sender, message.counter))
            .filter(|(_, counter)| *counter > 0)
            .collect();
        Ok(runs_of(unread))
    }

    fn received(
        &self,
        conversation: ConversationId,
    ) -> Result<Vec<(DeviceAddress, ReceiptKind, CounterRange)>, DiskFault> {
        self.check_read()?;
        let of_state = |state| {
            let all = self.working.of_conversation(conversation).filter(is_text);
            let found = all.filter(move |message| message.status == Status::Incoming(state));
            found.map(|message| (message.sender, message.counter)).filter(|(_, counter)| *counter > 0)
        };
        let states = [(Reception::Unread, ReceiptKind::Delivered), (Reception::Read, ReceiptKind::Read)];
        let runs = states.into_iter().flat_map(|(state, kind)| {
            let runs = runs_of(of_state(state).collect());
            runs.into_iter().map(move |(sender, run)| (sender, kind, run))
        });
        Ok(runs.collect())
    }

    fn outbox_lanes(&self) -> Result<Vec<Lane>, DiskFault> {
        self.check_read()?;
        let lanes: BTreeSet<Lane> = self.working.outbox_open.iter().map(|(lane, _)| *lane).collect();
        Ok(lanes.into_iter().collect())
    }

    fn outbox(&self, lane: Lane, after: OutboxOrder, limit: usize) -> Result<Vec<OutboxItem>, DiskFault> {
        self.check_read()?;
        let Some(first) = after.checked_add(1) else { return Ok(Vec::new()) };
        let orders = self.working.outbox_open.range((lane, first)..=(lane, u64::MAX)).map(|(_, order)| order);
        Ok(orders.take(limit).filter_map(|order| self.working.outbox.get(order)).cloned().collect())
    }

    fn outbox_item(&self, wire_id: MessageId) -> Result<Option<OutboxItem>, DiskFault> {
        self.check_read()?;
        Ok(self.working.outbox.values().find(|item| item.draft.wire_id == wire_id).cloned())
    }

    fn undelivered(&self, limit: usize) -> Result<Vec<AccountId>, DiskFault> {
        self.check_read()?;
        let accepted = self.working.outbox.values().filter(|item| item.accepted);
        let accounts: BTreeSet<AccountId> =
            accepted.filter_map(|item| item.draft.lane.to.account()).collect();
        Ok(accounts.into_iter().take(limit).collect())
    }

    fn sealed(&self, order: OutboxOrder) -> Result<Vec<SealedRecord>, DiskFault> {
        self.check_read()?;
        let all = self.working.sealed.iter().filter(|((of, _), _)| *of == order);
        Ok(all
            .map(|((_, device), payload)| SealedRecord { device: *device, payload: payload.clone() })
            .collect())
    }

    fn unopened(&self) -> Result<Vec<(DeviceAddress, ConversationId)>, DiskFault> {
        self.check_read()?;
        let waits = |message: &&Message| {
            message.body == Body::Unreadable && message.status == Status::Incoming(Reception::Waiting)
        };
        let all = self.working.timeline().filter(waits);
        let places: BTreeSet<_> = all.map(|message| (message.sender, message.conversation)).collect();
        Ok(places.into_iter().collect())
    }

    fn waiting_senders(&self) -> Result<Vec<AccountId>, DiskFault> {
        self.check_read()?;
        let senders: BTreeSet<AccountId> =
            self.working.waiting.values().map(|envelope| envelope.sender.account).collect();
        Ok(senders.into_iter().collect())
    }

    fn waiting(&self, sender: AccountId, limit: usize) -> Result<Vec<WaitingEnvelope>, DiskFault> {
        self.check_read()?;
        let of_sender = self.working.waiting.values().filter(|envelope| envelope.sender.account == sender);
        Ok(of_sender.take(limit).cloned().collect())
    }

    fn repair_attempts(&self, sender: DeviceId, wire_id: MessageId) -> Result<u32, DiskFault> {
        self.check_read()?;
        Ok(self.working.repairs.get(&(sender, wire_id)).copied().unwrap_or(0))
    }

    fn former_device(&self, device: DeviceAddress) -> Result<Option<[u8; 64]>, DiskFault> {
        self.check_read()?;
        Ok(self.working.groups.former_devices.get(&device).copied())
    }

    fn group(&self, group: GroupId) -> Result<Option<GroupState>, DiskFault> {
        self.check_read()?;
        Ok(self.working.groups.states.get(&group).cloned())
    }

    fn groups(&self) -> Result<Vec<GroupId>, DiskFault> {
        self.check_read()?;
        Ok(self.working.groups.ours())
    }

    fn sender_key(&self, group: GroupId) -> Result<Option<SenderKeyRecord>, DiskFault> {
        self.check_read()?;
        Ok(self.working.groups.sender_keys.get(&group).cloned())
    }

    fn key_holders(&self, group: GroupId) -> Result<Vec<DeviceAddress>, DiskFault> {
        self.check_read()?;
        Ok(self.working.groups.holders(group))
    }

    fn receiver_key(
        &self,
        group: GroupId,
        sender: DeviceAddress,
        chain: [u8; 16],
    ) -> Result<Option<ReceiverKeyRecord>, DiskFault> {
        self.check_read()?;
        Ok(self.working.groups.receiver_keys.get(&(group, sender, chain)).cloned())
    }

    fn receiver_chains(&self, group: GroupId, sender: DeviceAddress) -> Result<Vec<[u8; 16]>, DiskFault> {
        self.check_read()?;
        Ok(self.working.groups.chains(group, sender))
    }

    fn group_waiting_chains(&self, group: GroupId) -> Result<Vec<(DeviceAddress, [u8; 16])>, DiskFault> {
        self.check_read()?;
        Ok(self.working.groups.waiting_chains(group))
    }

    fn groups_waiting(&self) -> Result<Vec<GroupId>, DiskFault> {
        self.check_read()?;
        Ok(self.working.groups.waiting_groups())
    }

    fn group_waiting(
        &self,
        group: GroupId,
        sender: DeviceAddress,
        chain: [u8; 16],
        limit: usize,
    ) -> Result<Vec<GroupWaiting>, DiskFault> {
        self.check_read()?;
        let mut found = self.working.groups.waiting_of(group, sender, chain);
        found.truncate(limit);
        Ok(found)
    }

    fn group_picture(&self, group: GroupId, hash: [u8; 32]) -> Result<Option<Vec<u8>>, DiskFault> {
        self.check_read()?;
        Ok(self.working.groups.pictures.get(&(group, hash)).cloned())
    }

    fn door(&self, group: GroupId) -> Result<Option<Door>, DiskFault> {
        self.check_read()?;
        Ok(self.working.groups.doors.get(&group).cloned())
    }

    fn joining(&self, group: GroupId) -> Result<Option<Joining>, DiskFault> {
        self.check_read()?;
        Ok(self.working.groups.joinings.get(&group).cloned())
    }

    fn joinings(&self) -> Result<Vec<Joining>, DiskFault> {
        self.check_read()?;
        Ok(self.working.groups.joinings.values().cloned().collect())
    }

    fn member_receipts(
        &self,
        conversation: ConversationId,
        author: DeviceId,
    ) -> Result<Vec<(AccountId, ReceiptKind, Vec<CounterRange>)>, DiskFault> {
        self.check_read()?;
        Ok(self.working.groups.receipts_of(conversation, author))
    }
}
