//! One step in the making: what was read, what will be written, what will happen.

use std::collections::{BTreeMap, BTreeSet};

use waxwing_wire::{AccountId, ClientBody, ClientFrame, DeviceId, GroupId, MessageId, Request};

use crate::annotation::Annotation;
use crate::batch::{Batch, Write};
use crate::clock::Now;
use crate::effect::{CommandId, Effect, Event, Failure, Outcome};
use crate::groups::keys::{OwnKey, TheirKey};
use crate::groups::receipts::Told;
use crate::keep::{self, Chain, Keep};
use crate::model::{
    AccountState, ConversationId, DeviceAddress, Door, GroupState, Joining, Message, OutboxDraft,
};
use crate::sessions::Sessions;
use crate::setting::{SettingKind, SettingRecord};
use crate::step::Step;
use crate::view::View;

/// The step that is being made: the store as it will be once the step is committed, as far as the step needs to see it.
pub(crate) struct Work<'v, V: View> {
    pub(crate) view: &'v V,
    pub(crate) now: Now,
    /// Set when the store will hold something that only the next step can see: it comes at once.
    pub(crate) again: bool,
    /// Set when accepted items are to be sent again: nothing else may go out in this step.
    pub(crate) reopened: bool,
    batch: Batch,
    effects: Vec<Effect>,
    sessions: BTreeMap<DeviceAddress, Sessions>,
    keep: Keep,
    /// Set when rows that are kept are removed: the next step reads what is left.
    keeps_nothing: bool,
    counters: BTreeMap<ConversationId, u64>,
    /// What the step changed; none: it removed the entry.
    messages: BTreeMap<MessageId, Option<Message>>,
    annotations: BTreeMap<MessageId, Vec<Annotation>>,
    settings: BTreeMap<(ConversationId, SettingKind), Option<SettingRecord>>,
    /// Envelopes that were handled, or not.
    seen: BTreeMap<(DeviceId, MessageId), bool>,
    told: BTreeMap<(ConversationId, DeviceId), Told>,
    doors: BTreeMap<GroupId, Door>,
    joinings: BTreeMap<GroupId, Option<Joining>>,
    kept: Vec<(GroupId, DeviceAddress, [u8; 16], MessageId)>,
    /// Chains of which something waits, or nothing.
    queued: BTreeMap<Chain, bool>,
    changed: BTreeSet<ConversationId>,
}

impl<'v, V: View> Work<'v, V> {
    pub(crate) fn new(view: &'v V, now: Now, keep: Keep) -> Work<'v, V> {
        Work {
            view,
            now,
            keep,
            keeps_nothing: false,
            again: false,
            reopened: false,
            batch: Batch::default(),
            effects: Vec::new(),
            sessions: BTreeMap::new(),
            counters: BTreeMap::new(),
            messages: BTreeMap::new(),
            annotations: BTreeMap::new(),
            settings: BTreeMap::new(),
            seen: BTreeMap::new(),
            told: BTreeMap::new(),
            doors: BTreeMap::new(),
            joinings: BTreeMap::new(),
            kept: Vec::new(),
            queued: BTreeMap::new(),
            changed: BTreeSet::new(),
        }
    }

    /// Ends the step: sessions and keys that changed are written, and what changed is told. What is kept goes on to the next step.
    pub(crate) fn finish(mut self) -> (Step, Keep) {
        for (device, sessions) in std::mem::take(&mut self.sessions) {
            sessions.write_into(device, &mut self.batch);
        }
        for (group, key) in &mut self.keep.own_keys {
            key.iter_mut().for_each(|key| key.write_into(*group, &mut self.batch));
        }
        for ((group, ..), key) in &mut self.keep.their_keys {
            key.iter_mut().for_each(|key| key.write_into(*group, &mut self.batch));
        }
        for conversation in std::mem::take(&mut self.changed) {
            self.effects.push(Effect::Notify(Event::ConversationChanged(conversation)));
        }
        let keep = if self.keeps_nothing { Keep::default() } else { self.keep.bounded() };
        (Step::new(self.batch, self.effects), keep)
    }

    pub(crate) fn write(&mut self, write: Write) {
        self.keeps_nothing |= keep::ends(&write);
        self.batch.push(write);
    }

    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(crate) fn transmit(&mut self, request: Request, body: ClientBody) {
        self.effects.push(Effect::Transmit(ClientFrame { request, body }));
    }

    pub(crate) fn notify(&mut self, event: Event) {
        self.effects.push(Effect::Notify(event));
    }

    pub(crate) fn complete(&mut self, command: CommandId, result: Result<Outcome, Failure>) {
        self.effects.push(Effect::Complete { command, result });
    }

    /// Marks a conversation as changed; it is told once, at the end of the step.
    pub(crate) fn touch(&mut self, conversation: ConversationId) {
        self.changed.insert(conversation);
    }

    /// What is known of an account.
    pub(crate) fn account(&mut self, account: AccountId) -> Result<Option<AccountState>, V::Error> {
        if let Some(known) = self.keep.accounts.get(&account) {
            return Ok(known.clone());
        }
        let known = self.view.account(account)?;
        self.keep.accounts.insert(account, known.clone());
        Ok(known)
    }

    pub(crate) fn put_account(&mut self, state: AccountState) {
        self.keep.accounts.insert(state.account, Some(state.clone()));
        self.keep.unsettle();
        self.batch.push(Write::PutAccount(state));
    }

    /// The sessions with a device, to be used and changed; what changed is written at the end of the step.
    pub(crate) fn sessions(&mut self, device: DeviceAddress) -> Result<&mut Sessions, V::Error> {
        use std::collections::btree_map::Entry;
        match self.sessions.entry(device) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => Ok(entry.insert(Sessions::load(self.view.sessions(device)?))),
        }
    }

    /// Ends all sessions with a device that is no longer its account's.
    pub(crate) fn delete_device(&mut self, device: DeviceAddress) {
        self.sessions.remove(&device);
        self.write(Write::DeleteDevice(device));
    }

    /// What is known of a group.
    pub(crate) fn group(&mut self, group: GroupId) -> Result<Option<GroupState>, V::Error> {
        if let Some(known) = self.keep.groups.get(&group) {
            return Ok(known.clone());
        }
        let known = self.view.group(group)?;
        self.keep.groups.insert(group, known.clone());
        Ok(known)
    }

    pub(crate) fn put_group(&mut self, state: GroupState) {
        self.keep.groups.insert(state.group, Some(state.clone()));
        self.touch(ConversationId::group(state.group));
        let at_ms = self.now.utc_ms;
        self.batch.push(Write::PutGroup { state, at_ms });
    }

    /// Our own sender key of a group, to be used and changed; what changed is written at the end of the step.
    pub(crate) fn own_key(&mut self, group: GroupId) -> Result<&mut Option<OwnKey>, V::Error> {
        use std::collections::btree_map::Entry;
        match self.keep.own_keys.entry(group) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => Ok(entry.insert(OwnKey::load(self.view, group)?)),
        }
    }

    /// The key of another device's chain, to be used and changed; what changed is written at the end of the step.
    pub(crate) fn their_key(
        &mut self,
        group: GroupId,
        sender: DeviceAddress,
        chain: [u8; 16],
    ) -> Result<&mut Option<TheirKey>, V::Error> {
        use std::collections::btree_map::Entry;
        match self.keep.their_keys.entry((group, sender, chain)) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let record = self.view.receiver_key(group, sender, chain)?;
                Ok(entry.insert(record.and_then(TheirKey::load)))
            }
        }
    }

    /// The key of another device's chain, if this step has asked for it and it is here.
    pub(crate) fn their_key_as_it_is(&self, chain: &Chain) -> Option<&TheirKey> {
        self.keep.their_keys.get(chain).and_then(Option::as_ref)
    }

    /// Keeps a message of a group that cannot be opened yet.
    pub(crate) fn keep_for_group(
        &mut self,
        group: GroupId,
        sender: DeviceAddress,
        chain: [u8; 16],
        wire_id: MessageId,
        payload: &[u8],
    ) {
        self.kept.push((group, sender, chain, wire_id));
        self.queued.insert((group, sender, chain), true);
        let (at_ms, payload) = (self.now.utc_ms, payload.to_vec());
        self.write(Write::PutGroupWaiting { group, sender, chain, wire_id, payload, at_ms });
    }

    /// Whether messages of a chain wait, from before or since this step began.
    pub(crate) fn is_queued(&mut self, chain: Chain) -> Result<bool, V::Error> {
        if let Some(known) = self.queued.get(&chain) {
            return Ok(*known);
        }
        let (group, sender, name) = chain;
        let is_queued = !self.view.group_waiting(group, sender, name, 1)?.is_empty();
        self.queued.insert(chain, is_queued);
        Ok(is_queued)
    }

    /// What was kept in this step, in order: the store shows it to the next one.
    pub(crate) fn kept_now(
        &self,
        group: GroupId,
    ) -> impl Iterator<Item = (DeviceAddress, [u8; 16], MessageId)> {
        let of_group = self.kept.iter().filter(move |(of, ..)| *of == group);
        of_group.map(|(_, sender, chain, wire_id)| (*sender, *chain, *wire_id))
    }

    /// Who may ask to be in a group, and who asks, as the step will leave it.
    pub(crate) fn door(&mut self, group: GroupId) -> Result<Door, V::Error> {
        if let Some(known) = self.doors.get(&group) {
            return Ok(known.clone());
        }
        let known = self.view.door(group)?.unwrap_or_default();
        self.doors.insert(group, known.clone());
        Ok(known)
    }

    pub(crate) fn put_door(&mut self, group: GroupId, door: Door) {
        self.doors.insert(group, door.clone());
        self.touch(ConversationId::group(group));
        self.write(Write::PutDoor { group, door });
    }

    /// A group that we ask to be in, as the step will leave it.
    pub(crate) fn joining(&mut self, group: GroupId) -> Result<Option<Joining>, V::Error> {
        match self.joinings.get(&group) {
            Some(known) => Ok(known.clone()),
            None => self.view.joining(group),
        }
    }

    pub(crate) fn put_joining(&mut self, joining: Joining) {
        self.joinings.insert(joining.group, Some(joining.clone()));
        self.write(Write::PutJoining(joining));
    }

    /// We are out of a group: nothing of its keys stays.
    pub(crate) fn forget_group_keys(&mut self, group: GroupId) {
        self.doors.insert(group, Door::default());
        self.keep.own_keys.insert(group, None);
        self.keep.their_keys.retain(|(of, ..), _| *of != group);
        self.write(Write::ForgetGroupKeys(group));
    }

    /// What members told of the messages of a device of ours, as the step will leave it.
    pub(crate) fn told(
        &mut self,
        conversation: ConversationId,
        author: DeviceId,
    ) -> Result<&mut Told, V::Error> {
        use std::collections::btree_map::Entry;
        match self.told.entry((conversation, author)) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                Ok(entry.insert(Told::load(self.view.member_receipts(conversation, author)?)))
            }
        }
    }

    /// The digest of a message of a group, if it was told not long ago and stands as it was told.
    pub(crate) fn told_digest(&self, message: MessageId) -> Option<[u8; 16]> {
        self.keep.told.get(&message).copied()
    }

    /// A message of a group was told.
    pub(crate) fn remember_told(&mut self, message: MessageId, digest: [u8; 16]) {
        self.keep.told.insert(message, digest);
    }

    /// A timeline entry, as the step will leave it.
    pub(crate) fn message(&self, id: MessageId) -> Result<Option<Message>, V::Error> {
        match self.messages.get(&id) {
            Some(message) => Ok(message.clone()),
            None => self.view.message(id),
        }
    }

    pub(crate) fn put_message(&mut self, message: Message) {
        self.messages.insert(message.id, Some(message.clone()));
        self.touch(message.conversation);
        self.write(Write::PutMessage(message));
    }

    /// Adds an entry that another device of ours had.
    pub(crate) fn put_history(&mut self, message: Message) {
        self.messages.insert(message.id, Some(message.clone()));
        self.touch(message.conversation);
        self.write(Write::PutHistory(message));
    }

    /// The greatest counter of this device's messages in a conversation, as the step will leave it.
    pub(crate) fn highest_counter(
        &self,
        conversation: ConversationId,
        own: DeviceId,
    ) -> Result<u64, V::Error> {
        match self.counters.get(&conversation) {
            Some(highest) => Ok(*highest),
            None => self.view.highest_counter(conversation, own),
        }
    }

    /// Gives an entry another content.
    pub(crate) fn rewrite(&mut self, message: Message) {
        self.keep.told.remove(&message.id);
        self.messages.insert(message.id, Some(message.clone()));
        self.touch(message.conversation);
        self.write(Write::RewriteMessage(message));
    }

    /// Removes an entry, for this device only.
    pub(crate) fn remove_message(&mut self, message: &Message) {
        self.keep.told.remove(&message.id);
        self.messages.insert(message.id, None);
        self.touch(message.conversation);
        self.write(Write::RemoveMessage { message: message.id });
    }

    /// A setting of a conversation, as the step will leave it.
    pub(crate) fn setting(
        &mut self,
        conversation: ConversationId,
        kind: SettingKind,
    ) -> Result<Option<SettingRecord>, V::Error> {
        if let Some(known) = self.settings.get(&(conversation, kind)) {
            return Ok(known.clone());
        }
        let known = self.view.setting(conversation, kind)?;
        self.settings.insert((conversation, kind), known.clone());
        Ok(known)
    }

    pub(crate) fn put_setting(&mut self, record: SettingRecord) {
        self.settings.insert((record.conversation, record.setting.kind()), Some(record.clone()));
        self.write(Write::PutSetting(record));
    }

    /// What is said about a message, as the step will leave it.
    pub(crate) fn annotations(&self, target: MessageId) -> Result<Vec<Annotation>, V::Error> {
        match self.annotations.get(&target) {
            Some(annotations) => Ok(annotations.clone()),
            None => self.view.annotations(target),
        }
    }

    /// Adds an annotation to those of its message, or takes the place of what its register held.
    pub(crate) fn put_annotation(&mut self, annotation: Annotation) -> Result<(), V::Error> {
        let mut all = self.annotations(annotation.target)?;
        all.retain(|old| (old.slot(), old.author) != (annotation.slot(), annotation.author));
        all.push(annotation.clone());
        self.annotations.insert(annotation.target, all);
        self.write(Write::PutAnnotation(annotation));
        Ok(())
    }

    pub(crate) fn delete_annotation(&mut self, annotation: &Annotation) -> Result<(), V::Error> {
        let (target, slot, author) = (annotation.target, annotation.slot(), annotation.author);
        let mut all = self.annotations(target)?;
        all.retain(|old| (old.slot(), old.author) != (slot, author));
        self.annotations.insert(target, all);
        self.write(Write::DeleteAnnotation { target, slot, author });
        Ok(())
    }

    /// The next counter of this device's messages in a conversation.
    pub(crate) fn next_counter(
        &mut self,
        conversation: ConversationId,
        own: DeviceId,
    ) -> Result<u64, V::Error> {
        let highest = match self.counters.get(&conversation) {
            Some(highest) => *highest,
            None => self.view.highest_counter(conversation, own)?,
        };
        self.counters.insert(conversation, highest + 1);
        Ok(highest + 1)
    }

    /// Whether an envelope of this name was handled, in this step or before.
    pub(crate) fn was_seen(&mut self, sender: DeviceId, wire_id: MessageId) -> Result<bool, V::Error> {
        if let Some(known) = self.seen.get(&(sender, wire_id)) {
            return Ok(*known);
        }
        let was_seen = self.view.was_seen(sender, wire_id)?;
        self.seen.insert((sender, wire_id), was_seen);
        Ok(was_seen)
    }

    pub(crate) fn remember_seen(&mut self, sender: DeviceId, wire_id: MessageId) {
        self.seen.insert((sender, wire_id), true);
        let at_ms = self.now.utc_ms;
        self.write(Write::RememberSeen { sender, wire_id, at_ms });
    }

    /// Accepted items are to be sent again: all, or those to one account.
    pub(crate) fn reopen_outbox(&mut self, to: Option<AccountId>) {
        self.write(Write::ReopenOutbox { to });
        self.reopened = true;
        self.again = true;
    }

    /// Puts something into the outbox; the next step, which comes at once, sends it.
    pub(crate) fn post(&mut self, draft: OutboxDraft) {
        let created_at_ms = self.now.utc_ms;
        self.write(Write::PutOutbox { draft, created_at_ms });
        self.again = true;
    }
}
