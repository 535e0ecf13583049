//! From the relay to the timeline: deduplicate, open, store; the acknowledgement leaves only with the commit.

use std::collections::{BTreeMap, BTreeSet};

use rand_core::CryptoRng;
use waxwing_crypto::DevicePublic;
use waxwing_wire::{AccountId, ClientBody, DeviceId, Envelope, GroupId, GroupOrigin, MessageId, Request};

use crate::annotate;
use crate::batch::Write;
use crate::content::{Content, ContentBody, RANGES_MAX, SEND_AGAIN_MAX, Text};
use crate::directory::Directory;
use crate::effect::{Effect, Event};
use crate::engine::on_device_name;
use crate::groups::chain::Taken;
use crate::groups::keys::Accepted;
use crate::groups::messages::Arrived;
use crate::groups::{self, Groups, introduce, invite, join, picture};
use crate::me::Me;
use crate::model::{
    Body, ConversationId, CounterRange, Delivery, DeviceAddress, GroupStanding, Lane, LaneKind, Message,
    OutboxDraft, OutboxPayload, Party, ReceiptKind, Reception, RelayState, Standing, Status,
};
use crate::notice::new_message_id;
use crate::own;
use crate::repair::{self, Troubles};
use crate::sessions::{self, Opening};
use crate::settings;
use crate::view::View;
use crate::work::Work;

/// The greatest place in a mailbox that a relay may give, in the store's integers.
const SEQUENCE_MAX: u64 = i64::MAX as u64;

/// Kept envelopes that are opened in one step.
const WAITING_PAGE: usize = 200;

/// What the envelopes of one step ask for, gathered so that it goes out in few messages.
#[derive(Default)]
pub(crate) struct Replies {
    /// Receipts, by conversation and by the device that wrote the messages.
    receipts: BTreeMap<(ConversationId, DeviceAddress, ReceiptKind), BTreeSet<u64>>,
    /// Conversations whose receipts were lost, perhaps: all of them are said again.
    repeated: BTreeSet<ConversationId>,
    /// Submissions that could not be opened, by the device that sent them.
    unopened: BTreeMap<DeviceAddress, Vec<MessageId>>,
}

impl Replies {
    pub(crate) fn receipt(&mut self, message: &Message, kind: ReceiptKind) {
        let key = (message.conversation, message.sender, kind);
        self.receipts.entry(key).or_default().insert(message.counter);
    }

    pub(crate) fn repeat_receipts(&mut self, conversation: ConversationId) {
        self.repeated.insert(conversation);
    }

    pub(crate) fn unopened(&mut self, from: DeviceAddress, wire_id: MessageId) {
        self.unopened.entry(from).or_default().push(wire_id);
    }

    /// Puts everything into the outbox.
    pub(crate) fn post<V: View>(
        self,
        work: &mut Work<'_, V>,
        me: &Me,
        groups: &mut Groups,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        for ((conversation, author, kind), counters) in self.receipts {
            let ranges = ranges_of(counters);
            post_receipts(work, me, groups, conversation, author, kind, &ranges, rng)?;
        }
        for conversation in self.repeated {
            let mut runs: BTreeMap<(DeviceAddress, ReceiptKind), Vec<CounterRange>> = BTreeMap::new();
            for (author, kind, range) in work.view.received(conversation)? {
                runs.entry((author, kind)).or_default().push(range);
            }
            for ((author, kind), ranges) in runs {
                // The newest runs matter; one receipt holds more of them than an honest conversation has.
                let newest = &ranges[ranges.len().saturating_sub(RANGES_MAX)..];
                post_receipts(work, me, groups, conversation, author, kind, newest, rng)?;
            }
        }
        for (device, wire_ids) in self.unopened {
            for wire_ids in wire_ids.chunks(SEND_AGAIN_MAX) {
                let body = ContentBody::SendAgain { wire_ids: wire_ids.to_vec() };
                post_to_device(work, me, device, body, rng);
            }
        }
        Ok(())
    }
}

/// Where envelopes are opened: who opens them, what is known of their senders, and what is answered.
pub(crate) struct Desk<'a> {
    pub(crate) me: &'a Me,
    pub(crate) directory: &'a mut Directory,
    pub(crate) troubles: &'a mut Troubles,
    pub(crate) groups: &'a mut Groups,
    pub(crate) replies: Replies,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(
        me: &'a Me,
        directory: &'a mut Directory,
        troubles: &'a mut Troubles,
        groups: &'a mut Groups,
    ) -> Desk<'a> {
        Desk { me, directory, troubles, groups, replies: Replies::default() }
    }
}

fn ranges_of(counters: BTreeSet<u64>) -> Vec<CounterRange> {
    let mut ranges: Vec<CounterRange> = Vec::new();
    for counter in counters {
        match ranges.last_mut() {
            Some(range) if range.last + 1 == counter => range.last = counter,
            Some(_) | None => ranges.push(CounterRange { first: counter, last: counter }),
        }
    }
    ranges
}

/// Puts a receipt about a device's messages into the outbox.
#[allow(clippy::too_many_arguments)] // what is told, of what, and to whom
pub(crate) fn post_receipts<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    groups: &mut Groups,
    conversation: ConversationId,
    author: DeviceAddress,
    kind: ReceiptKind,
    ranges: &[CounterRange],
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    if let Some(state) = work.group(conversation.as_group())? {
        return groups::receipts::post(work, groups, &state, author, kind, ranges, rng);
    }
    debug_assert_ne!(author.account, me.address().account, "nobody gets a receipt for what he wrote himself");
    for ranges in ranges.chunks(RANGES_MAX) {
        let body = ContentBody::Receipt { kind, author: author.device, ranges: ranges.to_vec() };
        let content = Content { conversation, to: Party::Account(author.account), body }.encode();
        let wire_id = new_message_id(work, rng);
        let lane = Lane { kind: LaneKind::Receipts, to: Party::Account(author.account) };
        work.post(OutboxDraft { wire_id, lane, payload: OutboxPayload::Control { content, device: None } });
    }
    Ok(())
}

/// Puts a request or an answer for one device into the outbox.
pub(crate) fn post_to_device<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    device: DeviceAddress,
    body: ContentBody,
    rng: &mut impl CryptoRng,
) {
    let conversation = ConversationId::direct(me.address().account, device.account);
    let content = Content { conversation, to: Party::Account(device.account), body }.encode();
    let wire_id = new_message_id(work, rng);
    let lane = Lane { kind: LaneKind::Repairs, to: Party::Account(device.account) };
    let payload = OutboxPayload::Control { content, device: Some(device.device) };
    work.post(OutboxDraft { wire_id, lane, payload });
}

/// The relay delivered envelopes.
///
/// What was handled before is known by its name, never by its place: a relay that was put back to an old copy counts from
/// there again.
pub(crate) fn on_deliver<V: View>(
    work: &mut Work<'_, V>,
    mut desk: Desk<'_>,
    relay: &mut RelayState,
    envelopes: Vec<Envelope>,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let mut held_back: BTreeSet<AccountId> = work.view.waiting_senders()?.into_iter().collect();
    let cursor_before = relay.cursor;
    let mut heard = false;
    let arrived = messages_of_groups(work, &envelopes)?;
    let signatures = groups::messages::verify_ahead(work, &arrived)?;
    for (envelope, (arrived, signature)) in envelopes.iter().zip(arrived.iter().zip(signatures)) {
        if envelope.sequence == 0 || envelope.sequence > SEQUENCE_MAX {
            continue;
        }
        relay.cursor = envelope.sequence;
        heard = true;
        let from = DeviceAddress { account: envelope.sender_account, device: envelope.sender_device };
        if from == desk.me.address() {
            continue;
        }
        if work.was_seen(from.device, envelope.message)? {
            repeat_receipt(work, &mut desk, envelope.message)?;
            continue;
        }
        work.remember_seen(from.device, envelope.message);
        if let Some(origin) = envelope.group {
            if origin.is_change {
                receive_change(work, &mut desk, from, origin, envelope.message, &envelope.payload, rng)?;
            } else if let Some(arrived) = arrived {
                groups::messages::on_message(work, &mut desk, arrived, signature, &envelope.payload, rng)?;
            }
            continue;
        }
        if is_shut_out(work, desk.me, from.account)? {
            continue;
        }
        let keys =
            if held_back.contains(&from.account) { None } else { device_keys(work, desk.directory, from)? };
        match keys {
            Some(keys) => receive(work, &mut desk, from, &keys, envelope.message, &envelope.payload, rng)?,
            None => {
                held_back.insert(from.account);
                desk.directory.want(from.account);
                let at_ms = work.now.utc_ms;
                let payload = envelope.payload.to_vec();
                work.write(Write::PutWaiting { sender: from, wire_id: envelope.message, payload, at_ms });
            }
        }
    }
    desk.replies.post(work, desk.me, desk.groups, rng)?;
    if relay.cursor != cursor_before {
        work.write(Write::PutRelay(*relay));
    }
    if heard {
        work.transmit(Request::NONE, ClientBody::Acknowledge { cursor: relay.cursor });
    }
    Ok(())
}

/// The keys of a device that its account's verified list names.
fn device_keys<V: View>(
    work: &mut Work<'_, V>,
    directory: &mut Directory,
    from: DeviceAddress,
) -> Result<Option<DevicePublic>, V::Error> {
    let Some(state) = work.account(from.account)? else { return Ok(None) };
    if matches!(state.standing, Standing::KeyChanged { .. }) {
        return Ok(None);
    }
    let list = directory.list(&state);
    Ok(list.and_then(|list| list.device(from.device.as_bytes())).map(|entry| entry.keys))
}

/// An account was described: its envelopes that waited for this are opened, some in each step. Returns whether there are more.
pub(crate) fn open_waiting<V: View>(
    work: &mut Work<'_, V>,
    mut desk: Desk<'_>,
    account: AccountId,
    rng: &mut impl CryptoRng,
) -> Result<bool, V::Error> {
    let waiting = work.view.waiting(account, WAITING_PAGE)?;
    let more = waiting.len() == WAITING_PAGE;
    for envelope in waiting {
        // A device that the newest list does not name has no right to speak for the account.
        if !is_shut_out(work, desk.me, account)?
            && let Some(keys) = device_keys(work, desk.directory, envelope.sender)?
        {
            receive(work, &mut desk, envelope.sender, &keys, envelope.wire_id, &envelope.payload, rng)?;
        }
        work.write(Write::DeleteWaiting { order: envelope.order });
    }
    desk.replies.post(work, desk.me, desk.groups, rng)?;
    Ok(more)
}

/// Opens one envelope and does what it says.
fn receive<V: View>(
    work: &mut Work<'_, V>,
    desk: &mut Desk<'_>,
    from: DeviceAddress,
    keys: &DevicePublic,
    wire_id: MessageId,
    payload: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let plaintext = match sessions::open(work, desk.me, from, keys, wire_id, payload)? {
        Opening::Content(plaintext) => plaintext,
        Opening::Replayed => return Ok(()),
        Opening::Cannot => return repair::on_unopened(work, desk, from, wire_id),
    };
    desk.troubles.end(from);
    // An authentic sender that says nonsense: nothing to repair, and nothing to show.
    let Ok(content) = Content::decode_padded(plaintext.as_bytes()) else { return Ok(()) };
    let own = desk.me.address().account;
    let Some(place) = place_of(work, desk.me, from, &content)? else { return Ok(()) };
    if !is_heard(work, desk.me, from, place, &content.body)? {
        return Ok(());
    }
    match content.body {
        ContentBody::Text(text) => on_text(work, desk, from, place, text, rng),
        ContentBody::Receipt { kind, author, ranges } => {
            on_receipt(work, desk.me, from, place, kind, author, ranges)
        }
        ContentBody::SendAgain { wire_ids } => repair::on_send_again(work, desk, from, wire_ids, rng),
        ContentBody::Unavailable { lost, not_messages } => {
            repair::on_unavailable(work, from, lost, not_messages)
        }
        ContentBody::SenderKey { distribution } => {
            let Place::Group(group) = place else { return Ok(()) };
            on_sender_key(work, desk, from, group, &distribution)
        }
        ContentBody::Introduction(introduction) => {
            let Place::Group(group) = place else { return Ok(()) };
            introduce::on_introduction(work, desk, from, group, introduction, rng)
        }
        ContentBody::AskKey(ask) => {
            let Place::Group(group) = place else { return Ok(()) };
            introduce::on_ask(work, from, group, ask, rng)
        }
        ContentBody::DeviceName(said) if from.account == own && place == Place::Direct(own) => {
            on_device_name(work, desk.me, from.device, said, rng)
        }
        ContentBody::Settings { items } => settings::on_settings(work, desk.me, from, place, items, rng),
        ContentBody::Annotations { target, items } => {
            annotate::on_annotations(work, desk.me, from, content.conversation, target, items)
        }
        ContentBody::AskToJoin { token } => {
            let Place::Group(group) = place else { return Ok(()) };
            invite::on_ask(work, desk, from, group, &token, rng)
        }
        ContentBody::JoinRefused { invitation } => {
            let Place::Group(group) = place else { return Ok(()) };
            join::on_refused(work, group, invitation)
        }
        ContentBody::Invitations { invitations, requests } => {
            let Place::Group(group) = place else { return Ok(()) };
            invite::on_invitations(work, desk, from, group, invitations, requests, rng)
        }
        ContentBody::GroupPicture { picture } => {
            let Place::Group(group) = place else { return Ok(()) };
            picture::on_picture(work, desk.groups, group, picture)
        }
        ContentBody::AskGroupPicture { hash } => {
            let Place::Group(group) = place else { return Ok(()) };
            picture::on_ask(work, from, group, hash, rng)
        }
        ContentBody::AskPast(ask) if from.account == own && place == Place::Direct(own) => {
            work.effect(Effect::GivePast(ask));
            Ok(())
        }
        ContentBody::DeviceName(_) | ContentBody::AskPast(_) | ContentBody::Unknown => Ok(()),
    }
}

/// Whether nothing of an account is opened: it is blocked, and is in no group with us.
pub(crate) fn is_shut_out<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    account: AccountId,
) -> Result<bool, V::Error> {
    Ok(settings::is_blocked(work, me, account)? && groups::shared_with(work, account)?.is_empty())
}

/// Whether a content is taken in: of a blocked account, only what a group that both are in needs. It brings us into none, and
/// asks for none.
fn is_heard<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    from: DeviceAddress,
    place: Place,
    body: &ContentBody,
) -> Result<bool, V::Error> {
    let is_of_door = matches!(
        body,
        ContentBody::Introduction(_) | ContentBody::AskToJoin { .. } | ContentBody::JoinRefused { .. }
    );
    let is_ours = matches!(place, Place::Group(_)) && !is_of_door;
    Ok(is_ours || !settings::is_blocked(work, me, from.account)?)
}

/// Where a content belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// To the conversation with this account.
    Direct(AccountId),
    /// To this group, whether it is known here or not.
    Group(GroupId),
}

impl Place {
    pub(crate) fn conversation(self, own: AccountId) -> ConversationId {
        match self {
            Place::Direct(peer) => ConversationId::direct(own, peer),
            Place::Group(group) => ConversationId::group(group),
        }
    }
}

/// Where a content of a pairwise session belongs. `None`: it does not fit whom it is from and for.
fn place_of<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    from: DeviceAddress,
    content: &Content,
) -> Result<Option<Place>, V::Error> {
    let own = me.address().account;
    // What is for a whole group comes under a sender key.
    let Party::Account(recipient) = content.to else { return Ok(None) };
    if from.account != own && recipient != own {
        return Ok(None);
    }
    let peer = if from.account == own { recipient } else { from.account };
    if content.conversation == ConversationId::direct(own, peer) {
        return Ok(Some(Place::Direct(peer)));
    }
    let group = content.conversation.as_group();
    let is_about_keys = match content.body {
        ContentBody::SenderKey { .. }
        | ContentBody::Introduction(_)
        | ContentBody::AskKey(_)
        | ContentBody::AskToJoin { .. }
        | ContentBody::JoinRefused { .. }
        | ContentBody::Invitations { .. }
        | ContentBody::GroupPicture { .. } => true,
        ContentBody::Text(_)
        | ContentBody::Receipt { .. }
        | ContentBody::SendAgain { .. }
        | ContentBody::Unavailable { .. }
        | ContentBody::Annotations { .. }
        | ContentBody::Settings { .. }
        | ContentBody::DeviceName(_)
        | ContentBody::AskPast(_)
        | ContentBody::AskGroupPicture { .. }
        | ContentBody::Unknown => false,
    };
    // Keys may come before the group is known; whoever is not in it says nothing in it.
    let is_member = work
        .group(group)?
        .and_then(|state| state.roster())
        .is_some_and(|roster| roster.role(from.account.as_bytes()).is_some());
    // Who is out since may still fill what stands there unreadable of him.
    let fills = match &content.body {
        ContentBody::Text(Text { answers: Some(answers), .. }) => {
            work.message(*answers)?.is_some_and(|entry| {
                let is_here = entry.conversation == content.conversation;
                is_here && is_unreadable(&entry) && entry.sender.account == from.account
            })
        }
        ContentBody::Text(_)
        | ContentBody::Receipt { .. }
        | ContentBody::SendAgain { .. }
        | ContentBody::Unavailable { .. }
        | ContentBody::SenderKey { .. }
        | ContentBody::Introduction(_)
        | ContentBody::AskKey(_)
        | ContentBody::AskToJoin { .. }
        | ContentBody::JoinRefused { .. }
        | ContentBody::Invitations { .. }
        | ContentBody::GroupPicture { .. }
        | ContentBody::AskGroupPicture { .. }
        | ContentBody::Annotations { .. }
        | ContentBody::Settings { .. }
        | ContentBody::DeviceName(_)
        | ContentBody::AskPast(_)
        | ContentBody::Unknown => false,
    };
    Ok((is_about_keys || is_member || fills).then_some(Place::Group(group)))
}

/// The messages of groups among envelopes, each in the place of its own; those that were seen before are left out.
fn messages_of_groups<V: View>(
    work: &mut Work<'_, V>,
    envelopes: &[Envelope],
) -> Result<Vec<Option<Arrived>>, V::Error> {
    let arrived = envelopes.iter().map(|envelope| {
        let Some(origin) = envelope.group.filter(|origin| !origin.is_change) else { return Ok(None) };
        let from = DeviceAddress { account: envelope.sender_account, device: envelope.sender_device };
        if work.was_seen(from.device, envelope.message)? {
            return Ok(None);
        }
        Ok(Arrived::parse(from, origin.group, envelope.message, &envelope.payload))
    });
    arrived.collect()
}

/// A change of a group came.
fn receive_change<V: View>(
    work: &mut Work<'_, V>,
    desk: &mut Desk<'_>,
    from: DeviceAddress,
    origin: GroupOrigin,
    wire_id: MessageId,
    payload: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let Some(state) = work.group(origin.group)? else {
        desk.groups.expect(origin.group, work.now.elapsed);
        return groups::kept::keep(work, origin.group, origin.revision, wire_id, payload);
    };
    if origin.revision <= state.revision {
        return Ok(());
    }
    if state.standing == GroupStanding::Out && origin.revision > state.revision + 1 {
        // We are in again, it seems, and were not told of what was between.
        groups::kept::keep(work, origin.group, origin.revision, wire_id, payload)?;
        if from == groups::kept::NOBODY {
            // Whoever made this change has deleted their account since.
            return Ok(());
        }
        return introduce::ask(work, from, origin.group, rng);
    }
    let is_next = origin.revision == state.revision + 1 && !desk.groups.is_behind(origin.group);
    let taken = is_next && {
        let (me, directory, groups) = (desk.me, &mut *desk.directory, &mut *desk.groups);
        groups::chain::take(work, me, directory, groups, state, payload, 0, rng)? == Taken::Yes
    };
    if taken {
        desk.groups.open_all_soon(work, origin.group)?;
    } else {
        groups::kept::keep(work, origin.group, origin.revision, wire_id, payload)?;
        desk.groups.want(origin.group);
        // Whoever is put out by it cannot fetch what is missing, and has it in what was kept.
        desk.groups.take_soon(origin.group);
    }
    work.again = true;
    Ok(())
}

/// A member gives us its key of a group: what waits for it is opened.
fn on_sender_key<V: View>(
    work: &mut Work<'_, V>,
    desk: &mut Desk<'_>,
    from: DeviceAddress,
    group: GroupId,
    distribution: &[u8],
) -> Result<(), V::Error> {
    let Accepted::Chain(chain, epoch) = groups::keys::accept(work, from, group, distribution)? else {
        return Ok(());
    };
    let known = work.group(group)?.and_then(|state| state.roster());
    if known.is_some_and(|roster| epoch.number > roster.epoch().number) {
        desk.groups.want(group);
    }
    desk.groups.open_soon((group, from, chain));
    work.again = true;
    Ok(())
}

pub(crate) fn on_text<V: View>(
    work: &mut Work<'_, V>,
    desk: &mut Desk<'_>,
    from: DeviceAddress,
    place: Place,
    text: Text,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let account = desk.me.address().account;
    let conversation = place.conversation(account);
    if let Some(answers) = text.answers.filter(|answers| *answers != text.message) {
        drop_unreadable(work, from, answers)?;
    }
    if let Some(known) = work.message(text.message)? {
        let fills = known.sender.account == from.account && is_unreadable(&known);
        if !fills {
            return if known.sender == from { repeat_receipt(work, desk, text.message) } else { Ok(()) };
        }
    }
    let now_ms = work.now.utc_ms;
    if let Place::Direct(peer) = place {
        if work.account(peer)?.is_none() {
            desk.directory.want(peer);
        }
        work.write(Write::PutConversation { conversation, peer, created_at_ms: now_ms });
    }
    let is_ours = from.account == account;
    let is_read = !is_ours && own::was_read(work, desk.me, conversation, from.device, text.counter)?;
    let status = match (is_ours, is_read) {
        (true, _) => Status::Outgoing(Delivery::Sent),
        (false, false) => Status::Incoming(Reception::Unread),
        (false, true) => Status::Incoming(Reception::Read),
    };
    let message = Message {
        id: text.message,
        conversation,
        sender: from,
        counter: text.counter,
        sent_at_ms: text.sent_at_ms,
        stored_at_ms: now_ms,
        body: Body::Text(text.text),
        marks: groups::told::marks(work, from.account, place, text.marks)?,
        edited: text.edited,
        status,
    };
    if !is_ours {
        desk.replies.receipt(&message, ReceiptKind::Delivered);
    }
    let Some(message) = annotate::on_arrival(work, desk.me, message)? else {
        return drop_unreadable(work, from, text.message);
    };
    if !is_ours && message.body != Body::Deleted {
        work.notify(Event::MessageReadable(message.id));
    }
    // Its time may begin to run.
    let disappears = message.marks.expires_after_s > 0;
    work.again |= disappears;
    work.put_message(message.clone());
    if is_read && disappears {
        work.write(Write::StartTimers { conversation, at_ms: now_ms });
    }
    match place {
        Place::Group(group) => {
            groups::told::on_text(work, desk.groups, account, group, &message, text.vouches, rng)
        }
        Place::Direct(_) => Ok(()),
    }
}

pub(crate) fn is_unreadable(message: &Message) -> bool {
    matches!(message.body, Body::Unreadable)
}

/// Removes the placeholder of a submission that has been answered under another id.
pub(crate) fn drop_unreadable<V: View>(
    work: &mut Work<'_, V>,
    from: DeviceAddress,
    id: MessageId,
) -> Result<(), V::Error> {
    if let Some(entry) = work.message(id)?
        && is_unreadable(&entry)
        && entry.sender.account == from.account
    {
        work.write(Write::DropUnreadable { message: id });
        work.touch(entry.conversation);
    }
    Ok(())
}

/// A message came again: its sender has perhaps lost the receipt.
fn repeat_receipt<V: View>(work: &Work<'_, V>, desk: &mut Desk<'_>, id: MessageId) -> Result<(), V::Error> {
    let Some(message) = work.message(id)? else { return Ok(()) };
    if message.sender.account == desk.me.address().account || is_unreadable(&message) {
        return Ok(());
    }
    match message.status {
        Status::Incoming(Reception::Read) if message.body == Body::Deleted => {
            desk.replies.receipt(&message, ReceiptKind::Delivered);
        }
        Status::Incoming(Reception::Read) => desk.replies.receipt(&message, ReceiptKind::Read),
        Status::Incoming(Reception::Unread) => desk.replies.receipt(&message, ReceiptKind::Delivered),
        Status::Incoming(Reception::Waiting | Reception::Lost) | Status::Outgoing(_) | Status::Local => {}
    }
    Ok(())
}

fn on_receipt<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    from: DeviceAddress,
    place: Place,
    kind: ReceiptKind,
    author: DeviceId,
    ranges: Vec<CounterRange>,
) -> Result<(), V::Error> {
    let account = me.address().account;
    let conversation = place.conversation(account);
    if from.account == account {
        // Another device of ours read what others wrote.
        if kind == ReceiptKind::Read {
            own::on_read(work, me, conversation, author, ranges)?;
        }
        return Ok(());
    }
    match introduce::others(work, me, conversation)?.filter(|_| matches!(place, Place::Group(_))) {
        Some(others) => {
            groups::receipts::on_receipt(work, conversation, from.account, &others, author, kind, ranges)
        }
        None => {
            // The other side has, or read, what a device of ours wrote.
            work.write(Write::ApplyReceipt { conversation, sender: author, kind, ranges });
            work.touch(conversation);
            Ok(())
        }
    }
}
