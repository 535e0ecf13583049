//! From the outbox to the relay: seal, send, and send the same bytes again until the relay has them.
//!
//! ```text
//!   queued --seal, commit--> sealed --transmit--> under way --Accepted--> accepted --receipt--> forgotten
//!                              ^                      |
//!                              +--refused, link lost--+
//! ```
//!
//! Items of a lane go out in order, many at a time. When the relay refuses one, it refuses all that were under way behind it
//! (the fence), so nothing overtakes; they are sent again in order.

mod end;
mod group;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand_core::CryptoRng;
use waxwing_crypto::DeviceList;
use waxwing_wire::{
    AccountId, ClientBody, Destination, DeviceId, MessageId, RefusalCode, Refused, Request, SealedFor,
    Submit, limits,
};
use zeroize::Zeroizing;

use crate::annotate;
use crate::batch::Write;
use crate::connection::Connection;
use crate::content::{Content, ContentBody, Text};
use crate::directory::Directory;
use crate::effect::Event;
use crate::groups::told::Vouch;
use crate::groups::{Groups, join};
use crate::me::Me;
use crate::model::{
    AccountState, Body, Delivery, DeviceAddress, FailureReason, HoldReason, Lane, LaneKind, Message,
    OutboxItem, OutboxOrder, OutboxPayload, Party, ReceiptKind, SealedRecord, Standing, Status,
};
use crate::view::View;
use crate::work::Work;
use end::{for_unknown, give_up, is_for_nobody, is_unwanted, let_go};

/// Items read from a lane at a time.
const LANE_PAGE: usize = 32;

/// Messages of a lane that are marked as held at a time.
const HOLD_PAGE: usize = 256;

/// How long a newer device list may take to come, before the message is tried again without it.
const STALE_WAIT: Duration = Duration::from_secs(10);

/// How long a lane rests that waits for the user, or for an account to come back.
const HOLD_WAIT: Duration = Duration::from_secs(60);

/// The wait after the relay could not take a message for a reason that passes.
const RETRY_WAIT: Duration = Duration::from_secs(2);

/// The same after a refusal that says how long to wait.
const RATE_WAIT: Duration = Duration::from_millis(100);

/// A submission that is under way.
#[derive(Debug, Clone)]
struct Flight {
    request: Request,
    sent_at: Duration,
    order: OutboxOrder,
    lane: Lane,
    payload: OutboxPayload,
}

/// What is under way, and what waits. Our own account in `blocked` stops every lane: each message goes to our devices too.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    fence: u64,
    flights: BTreeMap<MessageId, Flight>,
    sent_up_to: BTreeMap<Lane, OutboxOrder>,
    blocked: BTreeMap<Party, Duration>,
    /// Refusals in a row, by whom the messages were for.
    refusals: BTreeMap<Party, u32>,
    /// Items for one device that no list names, whose account was asked for again.
    unnamed: BTreeSet<MessageId>,
    busy: bool,
}

enum Prepared {
    /// It can go out.
    Ready(ClientBody),
    /// Its lane must wait for something.
    Blocked,
    /// There is nothing to send any more.
    Done,
}

/// A content that is to be sealed, with the counter of its message; zero, where it is none.
type Counted = (u64, Zeroizing<Vec<u8>>);

/// An item as it is to be sealed.
struct Sealing<'a> {
    item: &'a OutboxItem,
    content: Zeroizing<Vec<u8>>,
    only: Option<DeviceId>,
    to_own_devices: bool,
}

impl Outbox {
    /// The link is gone: nothing is under way any more.
    pub(crate) fn on_down(&mut self) {
        self.flights.clear();
        self.sent_up_to.clear();
    }

    /// A link is there: nobody waits out an old refusal.
    pub(crate) fn on_live(&mut self) {
        self.on_down();
        self.fence = 0;
        self.blocked.clear();
        self.refusals.clear();
        self.busy = true;
    }

    /// An account or a group can be written to again.
    pub(crate) fn unblock(&mut self, party: Party) {
        self.blocked.remove(&party);
    }

    /// When the submission that is under way for longest was sent.
    pub(crate) fn oldest(&self) -> Option<Duration> {
        self.flights.values().map(|flight| flight.sent_at).min()
    }

    /// When a lane that waits is to be tried again.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.blocked.values().min().copied()
    }

    /// Sends what can be sent.
    pub(crate) fn pump<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        me: &Me,
        connection: &mut Connection,
        directory: &mut Directory,
        groups: &mut Groups,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let elapsed = work.now.elapsed;
        self.blocked.retain(|_, until| *until > elapsed);
        let lanes = work.view.outbox_lanes()?;
        if lanes.is_empty() && self.flights.is_empty() && std::mem::take(&mut self.busy) {
            work.notify(Event::OutboxEmpty);
        }
        self.busy |= !lanes.is_empty();
        for lane in lanes {
            let own = Party::Account(me.address().account);
            let held = lane.to.account().filter(|_| lane.kind == LaneKind::GroupReceipts);
            if held.is_some_and(|account| groups.holds(account, elapsed)) {
                continue;
            }
            if !self.blocked.contains_key(&lane.to) && !self.blocked.contains_key(&own) {
                self.pump_lane(lane, work, me, connection, directory, groups, rng)?;
            }
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // one lane, and everything that has a say in it
    fn pump_lane<V: View>(
        &mut self,
        lane: Lane,
        work: &mut Work<'_, V>,
        me: &Me,
        connection: &mut Connection,
        directory: &mut Directory,
        groups: &mut Groups,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        loop {
            let room = limits::SUBMITS_IN_FLIGHT_MAX.saturating_sub(self.flights.len()).min(LANE_PAGE);
            if room == 0 {
                return Ok(());
            }
            let after = self.sent_up_to.get(&lane).copied().unwrap_or(0);
            let items = work.view.outbox(lane, after, room)?;
            if items.is_empty() {
                return Ok(());
            }
            for item in items {
                let order = item.order;
                match self.prepare(&item, work, me, directory, groups, rng)? {
                    Prepared::Ready(body) => {
                        let request = connection.request();
                        let (name, payload) = (item.draft.wire_id, item.draft.payload);
                        let flight = Flight { request, sent_at: work.now.elapsed, order, lane, payload };
                        self.flights.insert(name, flight);
                        work.transmit(request, body);
                    }
                    Prepared::Done => {}
                    Prepared::Blocked => return Ok(()),
                }
                self.sent_up_to.insert(lane, order);
            }
        }
    }

    /// Seals an item for every device that shall have it, as far as that was not done before.
    fn prepare<V: View>(
        &mut self,
        item: &OutboxItem,
        work: &mut Work<'_, V>,
        me: &Me,
        directory: &mut Directory,
        groups: &mut Groups,
        rng: &mut impl CryptoRng,
    ) -> Result<Prepared, V::Error> {
        let to = match item.draft.lane.to {
            Party::Account(account) => account,
            Party::Group(group) => {
                return self.prepare_for_group(item, group, work, me, directory, groups, rng);
            }
        };
        if is_unwanted(work, me, item, to)? {
            return Ok(let_go(work, item));
        }
        let Some(state) = work.account(to)? else { return Ok(for_unknown(work, item, to, directory)) };
        match state.standing {
            Standing::Good => {}
            Standing::KeyChanged { .. } => {
                return self.put_on_hold(work, item.draft.lane, HoldReason::KeyChanged);
            }
            Standing::Deleted => return Ok(give_up(work, item)),
            Standing::Gone => {
                directory.want(to);
                return self.put_on_hold(work, item.draft.lane, HoldReason::RecipientGone);
            }
        }
        let Some(sealing) = self.content_of(item, work, me)? else { return Ok(let_go(work, item)) };
        let mut sealed = work.view.sealed(item.order)?;
        let mut destinations = Vec::new();
        let own = me.address().account;
        let Some(list) = directory.list(&state).cloned() else {
            directory.want(to);
            return Ok(Prepared::Blocked);
        };
        if sealing.only.is_some_and(|device| list.device(device.as_bytes()).is_none()) {
            return Ok(self.ask_who_that_is(work, item, to, directory));
        }
        let mut parties = vec![(state, list)];
        if sealing.to_own_devices && to != own {
            let Some(ours) = work.account(own)? else { return Ok(Prepared::Blocked) };
            let Some(list) = directory.list(&ours).cloned() else { return Ok(Prepared::Blocked) };
            parties.push((ours, list));
        }
        for (state, list) in &parties {
            let Some(reachable) = self.reachable(state, list, &sealing, &sealed, work, me, directory)? else {
                return Ok(Prepared::Blocked);
            };
            destinations.push((state, reachable));
        }
        let mut submit =
            Submit { message: item.draft.wire_id, fence: self.fence, destinations: Vec::with_capacity(2) };
        for (state, devices) in destinations {
            let mut destination = Destination {
                account: state.account,
                device_list_version: state.device_list_version,
                devices: Vec::with_capacity(devices.len()),
            };
            for device in devices {
                let Some(payload) = seal_for(device, &sealing, &mut sealed, work, rng)? else {
                    return Ok(Prepared::Blocked);
                };
                destination.devices.push(SealedFor { device: device.device, payload: payload.into() });
            }
            submit.destinations.push(destination);
        }
        if to == own && is_for_nobody(item, &submit) {
            return Ok(let_go(work, item));
        }
        if let OutboxPayload::Message { message } = item.draft.payload {
            set_delivery(work, message, Delivery::Sending);
        }
        Ok(Prepared::Ready(ClientBody::Submit(submit)))
    }

    /// A lane waits for the user, or for an account to come back.
    fn put_on_hold<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        lane: Lane,
        reason: HoldReason,
    ) -> Result<Prepared, V::Error> {
        hold(work, lane, reason)?;
        self.blocked.insert(lane.to, work.now.elapsed + HOLD_WAIT);
        Ok(Prepared::Blocked)
    }

    /// The devices of an account that an item goes to. `None`: something must be learned first.
    #[allow(clippy::too_many_arguments)] // one question, asked of everything that knows a part of the answer
    fn reachable<V: View>(
        &mut self,
        state: &AccountState,
        list: &DeviceList,
        sealing: &Sealing<'_>,
        sealed: &[SealedRecord],
        work: &mut Work<'_, V>,
        me: &Me,
        directory: &mut Directory,
    ) -> Result<Option<Vec<DeviceAddress>>, V::Error> {
        let elapsed = work.now.elapsed;
        let mut ready = Vec::new();
        let mut missing = Vec::new();
        let mut keyless = Vec::new();
        for entry in list.devices() {
            let device = DeviceAddress { account: state.account, device: DeviceId::from_bytes(entry.device) };
            let wanted = sealing.only.is_none_or(|only| only == device.device);
            if device == me.address() || !wanted {
                continue;
            }
            let is_sealed = sealed.iter().any(|record| record.device == device);
            if is_sealed || work.sessions(device)?.can_send() {
                ready.push(device);
            } else if let Some(until) = directory.keyless_until(device).filter(|until| *until > elapsed) {
                keyless.push((until, device));
            } else {
                missing.push(device.device);
            }
        }
        if !missing.is_empty() {
            directory.want_prekeys(state.account, missing);
            return Ok(None);
        }
        // A device without prekeys holds nobody up, unless it is the only one that could read the message.
        let is_recipient = Party::Account(state.account) == sealing.item.draft.lane.to;
        if let Some((until, device)) = keyless.iter().min()
            && ready.is_empty()
            && is_recipient
        {
            if state.account == me.address().account && sealing.only.is_some() {
                // Ours say everything again once it greets them; all that we send would wait for it otherwise.
                return Ok(Some(ready));
            }
            if sealing.only.is_some() {
                // Its lane waits for it, and nothing else that goes to the account.
                directory.pass_over(*device);
                return Ok(None);
            }
            self.blocked.insert(Party::Account(state.account), *until);
            return Ok(None);
        }
        keyless.into_iter().for_each(|(_, device)| directory.pass_over(device));
        Ok(Some(ready))
    }

    /// What an item says, and to whom. `None`: there is nothing to say any more.
    fn content_of<'a, V: View>(
        &self,
        item: &'a OutboxItem,
        work: &mut Work<'_, V>,
        me: &Me,
    ) -> Result<Option<Sealing<'a>>, V::Error> {
        match &item.draft.payload {
            OutboxPayload::Message { message } => {
                let Some(message) = work.message(*message)? else { return Ok(None) };
                let to = item.draft.lane.to;
                let Some((_, content)) = text_content(work, me, &message, to, None, Vec::new())? else {
                    return Ok(None);
                };
                Ok(Some(Sealing { item, content, only: None, to_own_devices: true }))
            }
            OutboxPayload::Resend { message, device, answers } => {
                let Some(message) = work.message(*message)? else { return Ok(None) };
                // On another device of ours it is still a message to the other side.
                let peer = work.view.conversation_peer(message.conversation)?;
                let to = peer.map_or(item.draft.lane.to, Party::Account);
                let Some((_, content)) = text_content(work, me, &message, to, Some(*answers), Vec::new())?
                else {
                    return Ok(None);
                };
                Ok(Some(Sealing { item, content, only: Some(*device), to_own_devices: false }))
            }
            // Only a group has changes.
            OutboxPayload::ChangeGroup(_) => Ok(None),
            OutboxPayload::Annotation { target, device } => {
                let own = me.address().account;
                let Some(content) = annotate::content(work, own, *target, item.draft.lane.to)? else {
                    return Ok(None);
                };
                let content = content.encode_padded();
                Ok(Some(Sealing { item, content, only: *device, to_own_devices: device.is_none() }))
            }
            OutboxPayload::Control { content, device } => {
                let Ok(content) = Content::decode(content) else { return Ok(None) };
                if let (ContentBody::AskToJoin { .. }, Party::Account(to)) = (&content.body, content.to)
                    && !join::may_ask(work, content.conversation.as_group(), to)?
                {
                    return Ok(None);
                }
                let to_own_devices = device.is_none() && is_for_ours_too(&content);
                let content = content.encode_padded();
                Ok(Some(Sealing { item, content, only: *device, to_own_devices }))
            }
        }
    }

    /// The relay has a submission.
    pub(crate) fn on_accepted<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        message: MessageId,
    ) -> Result<(), V::Error> {
        let (order, lane, payload) = match self.flights.remove(&message) {
            Some(flight) => (flight.order, flight.lane, flight.payload),
            // A refusal of what came after it was faster, and took it back: it is at the relay all the same.
            None => match work.view.outbox_item(message)? {
                Some(item) if !work.view.sealed(item.order)?.is_empty() => {
                    (item.order, item.draft.lane, item.draft.payload)
                }
                Some(_) | None => return Ok(()),
            },
        };
        self.refusals.remove(&lane.to);
        match payload {
            OutboxPayload::Message { message } => {
                // The receipt can be faster than the relay's answer. What went to a group is asked for by whoever lacks it.
                let is_over = work.message(message)?.is_some_and(|message| is_delivered(&message));
                if is_over || lane.to.account().is_none() {
                    work.write(Write::DeleteOutbox { order });
                } else {
                    work.write(Write::AcceptOutbox { order });
                }
                if !is_over {
                    set_delivery(work, message, Delivery::Sent);
                }
            }
            OutboxPayload::Resend { .. } => work.write(Write::AcceptOutbox { order }),
            OutboxPayload::Annotation { .. }
            | OutboxPayload::Control { .. }
            | OutboxPayload::ChangeGroup(_) => {
                work.write(Write::DeleteOutbox { order });
            }
        }
        if self.flights.is_empty() {
            work.again = true;
        }
        Ok(())
    }

    /// The relay knows a newer device list: it is fetched, and what was under way goes out again.
    pub(crate) fn on_stale(
        &mut self,
        now: Duration,
        directory: &mut Directory,
        (request, message): (Request, MessageId),
        account: AccountId,
    ) {
        if self.flights.get(&message).is_some_and(|flight| flight.request == request) {
            self.go_back();
            self.blocked.insert(Party::Account(account), now + STALE_WAIT);
            directory.want(account);
        }
    }

    /// The relay refused a submission.
    pub(crate) fn on_refused<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        directory: &mut Directory,
        me: &Me,
        (request, message): (Request, MessageId),
        refused: &Refused,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        // An answer to a transmission that was taken back since says nothing about the one that is under way.
        let Some(flight) = self.take_back(request, message) else { return Ok(()) };
        let count = self.refusals.entry(flight.lane.to).or_default();
        *count = count.saturating_add(1);
        let wait = RETRY_WAIT.saturating_mul(1 << (*count).min(7));
        let wait = wait.max(Duration::from_millis(refused.retry_after_ms.into()));
        match refused.code {
            RefusalCode::Fenced => self.go_back(),
            RefusalCode::TooLarge | RefusalCode::BadFrame => {
                self.go_back();
                self.fail(work, me, &flight, FailureReason::TooLarge, rng)?;
            }
            RefusalCode::UnknownAccount | RefusalCode::UnknownDevice => {
                self.go_back();
                self.blocked.insert(flight.lane.to, work.now.elapsed + wait);
                flight.lane.to.account().into_iter().for_each(|account| directory.want(account));
                directory.want(me.address().account);
            }
            RefusalCode::RateLimited if refused.retry_after_ms > 0 => {
                // The relay says when there is room again; it is asked less often the more often that was not so.
                let told = Duration::from_millis(refused.retry_after_ms.into());
                let wait = told.max(RATE_WAIT.saturating_mul(1 << (*count).min(7)));
                self.go_back();
                self.blocked.insert(flight.lane.to, work.now.elapsed + wait);
            }
            RefusalCode::MailboxFull | RefusalCode::RateLimited | RefusalCode::Unavailable => {
                self.go_back();
                self.blocked.insert(flight.lane.to, work.now.elapsed + wait);
            }
            RefusalCode::VersionUnsupported
            | RefusalCode::NotAuthorised
            | RefusalCode::TokenExpired
            | RefusalCode::TokenRequired
            | RefusalCode::HandleTaken
            | RefusalCode::HandleInvalid
            | RefusalCode::AccountExists
            | RefusalCode::AccountDeleted
            | RefusalCode::DeviceListConflict
            | RefusalCode::Superseded
            | RefusalCode::GroupsFull
            | RefusalCode::Other => {
                self.go_back();
                self.fail(work, me, &flight, FailureReason::Refused, rng)?;
            }
            RefusalCode::UnknownGroup => {
                self.go_back();
                self.blocked.insert(flight.lane.to, work.now.elapsed + wait);
            }
            _ => self.go_back(),
        }
        Ok(())
    }

    /// Takes back what is under way by this request and name. Going back leaves the changes of groups where they are: one
    /// that was refused is to be sent again.
    fn take_back(&mut self, request: Request, message: MessageId) -> Option<Flight> {
        if self.flights.get(&message)?.request != request {
            return None;
        }
        let flight = self.flights.remove(&message)?;
        self.sent_up_to.remove(&flight.lane);
        Some(flight)
    }

    fn fail<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        me: &Me,
        flight: &Flight,
        reason: FailureReason,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        work.write(Write::DeleteOutbox { order: flight.order });
        // Only the next step sees that it is gone.
        work.reopened = true;
        match &flight.payload {
            OutboxPayload::Message { message } => set_delivery(work, *message, Delivery::Failed(reason)),
            OutboxPayload::ChangeGroup(intent) => {
                group::change_failed(work, me, flight.lane.to, intent, rng)?;
            }
            OutboxPayload::Resend { .. }
            | OutboxPayload::Annotation { .. }
            | OutboxPayload::Control { .. } => {}
        }
        work.again = true;
        Ok(())
    }

    /// Everything under way is to be sent again, behind a new fence. Changes of groups stand behind none.
    pub(crate) fn go_back(&mut self) {
        self.fence += 1;
        self.flights.retain(|_, flight| flight.lane.kind == LaneKind::GroupChanges);
        self.sent_up_to.retain(|lane, _| lane.kind == LaneKind::GroupChanges);
    }
}

fn is_delivered(message: &Message) -> bool {
    matches!(message.status, Status::Outgoing(Delivery::Delivered | Delivery::Read))
}

fn is_for_ours_too(content: &Content) -> bool {
    matches!(
        content.body,
        ContentBody::Receipt { kind: ReceiptKind::Read, .. } | ContentBody::Settings { .. }
    )
}

/// A message of the timeline as a content; it gets its counter with its first sealing.
fn text_content<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    message: &Message,
    to: Party,
    answers: Option<MessageId>,
    vouches: Vec<Vouch>,
) -> Result<Option<Counted>, V::Error> {
    let Body::Text(text) = &message.body else { return Ok(None) };
    let counter = match message.counter {
        0 => {
            let counter = work.next_counter(message.conversation, me.address().device)?;
            work.write(Write::SetCounter { message: message.id, counter });
            counter
        }
        counter => counter,
    };
    let text = Text {
        message: message.id,
        counter,
        sent_at_ms: message.sent_at_ms,
        text: text.clone(),
        answers,
        vouches,
        edited: message.edited,
        marks: message.marks.clone(),
    };
    let content = Content { conversation: message.conversation, to, body: ContentBody::Text(text) };
    Ok(Some((counter, content.encode_padded())))
}

/// The ciphertext of an item for a device: the one that was made before, or a new one. `None`: the session cannot seal.
fn seal_for<V: View>(
    device: DeviceAddress,
    sealing: &Sealing<'_>,
    sealed: &mut Vec<SealedRecord>,
    work: &mut Work<'_, V>,
    rng: &mut impl CryptoRng,
) -> Result<Option<Vec<u8>>, V::Error> {
    if let Some(record) = sealed.iter().find(|record| record.device == device) {
        return Ok(Some(record.payload.clone()));
    }
    let wire_id = sealing.item.draft.wire_id;
    let now = work.now;
    let Some(payload) = work.sessions(device)?.seal(&sealing.content, wire_id, now, rng) else {
        return Ok(None);
    };
    let record = SealedRecord { device, payload: payload.clone() };
    work.write(Write::PutSealed { order: sealing.item.order, sealed: record.clone() });
    sealed.push(record);
    Ok(Some(payload))
}

fn set_delivery<V: View>(work: &mut Work<'_, V>, message: MessageId, delivery: Delivery) {
    work.write(Write::SetDelivery { message, delivery });
    work.notify(Event::DeliveryChanged(message));
}

/// Marks the messages of a lane as held, so that the user sees why they wait.
fn hold<V: View>(work: &mut Work<'_, V>, lane: Lane, reason: HoldReason) -> Result<(), V::Error> {
    if lane.kind != LaneKind::Messages {
        return Ok(());
    }
    let held = Delivery::Held(reason);
    for item in work.view.outbox(lane, 0, HOLD_PAGE)? {
        if let OutboxPayload::Message { message } = item.draft.payload
            && let Some(entry) = work.message(message)?
            && entry.status != Status::Outgoing(held)
        {
            set_delivery(work, message, held);
            work.touch(entry.conversation);
        }
    }
    Ok(())
}
