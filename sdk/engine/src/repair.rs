//! What could not be opened: asked for again in a new session, shown where it is missing, and ended when it cannot be had.
//!
//! ```text
//!   unreadable --SendAgain--> sender --Text, answers--> filled in where it stood
//!                                    --Unavailable----> lost, visibly; or dropped, if it was no message
//!                         its account names it no more -> lost, visibly
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use rand_core::CryptoRng;
use waxwing_wire::{AccountId, DeviceId, MessageId};

use crate::annotate;
use crate::batch::Write;
use crate::content::ContentBody;
use crate::directory::{Directory, devices_of};
use crate::groups::{invite, join};
use crate::inbox::{Desk, drop_unreadable, is_unreadable, post_to_device};
use crate::marks::Marks;
use crate::me::Me;
use crate::model::{
    Body, ConversationId, DeviceAddress, Lane, LaneKind, Message, OutboxDraft, OutboxPayload, Party,
    Reception, Standing, Status,
};
use crate::notice::new_message_id;
use crate::own;
use crate::view::View;
use crate::work::Work;

/// How often a message is sent again to one device.
const SEND_AGAIN_ATTEMPTS_MAX: u32 = 5;

/// Envelopes of one device in a row that are asked for again. Beyond it they are shown as lost.
const UNOPENED_IN_A_ROW_MAX: u32 = 500;

/// After so many unopened envelopes in a row, and each time they have doubled, a new session is begun even if the last one is
/// not answered yet.
const NEW_SESSION_AFTER: u32 = 4;

/// How often within a while a device of ours is told again what stands now: what it is told may not open either.
const SAID_AGAIN_IN_A_WHILE_MAX: u32 = 4;

/// What a while is.
const WHILE: Duration = Duration::from_secs(60);

/// Devices whose troubles are counted at a time.
const TROUBLED_DEVICES_MAX: usize = 10_000;

/// Devices whose envelopes cannot be opened, and how many in a row. Forgotten with the process: a restart may try again.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    in_a_row: BTreeMap<DeviceAddress, u32>,
    /// Since when it is counted how often devices of ours were told again what stands now, and how often it was.
    said_again: BTreeMap<DeviceId, (Duration, u32)>,
}

impl Troubles {
    fn count(&mut self, device: DeviceAddress) -> u32 {
        if self.in_a_row.len() >= TROUBLED_DEVICES_MAX {
            self.in_a_row.clear();
        }
        let count = self.in_a_row.entry(device).or_default();
        *count = count.saturating_add(1);
        *count
    }

    /// Whether a device of ours may be told again what stands now. There are few of them.
    fn may_say_again(&mut self, device: DeviceId, now: Duration) -> bool {
        let (since, count) = self.said_again.entry(device).or_insert((now, 0));
        if now.saturating_sub(*since) >= WHILE {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= SAID_AGAIN_IN_A_WHILE_MAX
    }

    /// An envelope of this device was opened.
    pub(crate) fn end(&mut self, device: DeviceAddress) {
        self.in_a_row.remove(&device);
    }
}

/// An envelope of a known device could not be opened: its sender is asked for it, in a new session.
pub(crate) fn on_unopened<V: View>(
    work: &mut Work<'_, V>,
    desk: &mut Desk<'_>,
    from: DeviceAddress,
    wire_id: MessageId,
) -> Result<(), V::Error> {
    if work.message(wire_id)?.is_some() {
        return Ok(());
    }
    let count = desk.troubles.count(from);
    let asks = count <= UNOPENED_IN_A_ROW_MAX;
    if asks {
        // A session that we began ourselves and that is not answered yet is new enough; so a storm of repairs ends by itself.
        // Unless it is that one which the device cannot open.
        let sessions = work.sessions(from)?;
        if !sessions.awaits_answer() || (count >= NEW_SESSION_AFTER && count.is_power_of_two()) {
            sessions.archive_all();
        }
        desk.replies.unopened(from, wire_id);
    }
    let own = desk.me.address().account;
    let conversation = ConversationId::direct(own, from.account);
    if from.account == own {
        return Ok(());
    }
    let now_ms = work.now.utc_ms;
    work.write(Write::PutConversation { conversation, peer: from.account, created_at_ms: now_ms });
    work.put_message(Message {
        id: wire_id,
        conversation,
        sender: from,
        counter: 0,
        sent_at_ms: now_ms,
        stored_at_ms: now_ms,
        body: Body::Unreadable,
        marks: Marks::default(),
        edited: false,
        status: Status::Incoming(if asks { Reception::Waiting } else { Reception::Lost }),
    });
    Ok(())
}

/// A device could not open submissions of ours.
pub(crate) fn on_send_again<V: View>(
    work: &mut Work<'_, V>,
    desk: &mut Desk<'_>,
    from: DeviceAddress,
    wire_ids: Vec<MessageId>,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    // If our newest session is the one that it cannot open, we answer in the one in which it wrote.
    work.sessions(from)?.yield_unanswered();
    let me = desk.me;
    let mut lost = Vec::new();
    let mut not_messages = Vec::new();
    for wire_id in wire_ids {
        let Some(message) = message_of(work, me, from, wire_id)? else {
            not_messages.push(wire_id);
            continue;
        };
        if work.view.repair_attempts(from.device, message)? >= SEND_AGAIN_ATTEMPTS_MAX {
            lost.push(wire_id);
            continue;
        }
        let at_ms = work.now.utc_ms;
        work.write(Write::CountRepair { sender: from.device, wire_id: message, at_ms });
        let lane = Lane { kind: LaneKind::Repairs, to: Party::Account(from.account) };
        let payload = OutboxPayload::Resend { message, device: from.device, answers: wire_id };
        let resend = new_message_id(work, rng);
        work.post(OutboxDraft { wire_id: resend, lane, payload });
        annotate::say_again(work, me, from, message, rng)?;
    }
    if !not_messages.is_empty() {
        // Perhaps they were annotations or receipts: what they said is said again.
        annotate::repeat(work, me, from, rng)?;
        join::say_again(work, from, rng)?;
        invite::say_again(work, me, from, rng)?;
        if from.account == me.address().account {
            if desk.troubles.may_say_again(from.device, work.now.elapsed) {
                own::repeat(work, me, from.device, rng)?;
            }
        } else {
            desk.replies.repeat_receipts(ConversationId::direct(me.address().account, from.account));
        }
    }
    if !lost.is_empty() || !not_messages.is_empty() {
        post_to_device(work, me, from, ContentBody::Unavailable { lost, not_messages }, rng);
    }
    Ok(())
}

/// The message of the timeline that a submission carried, if this device wrote it and the asking account may have it.
fn message_of<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    from: DeviceAddress,
    wire_id: MessageId,
) -> Result<Option<MessageId>, V::Error> {
    let id = match work.view.outbox_item(wire_id)?.map(|item| item.draft.payload) {
        Some(OutboxPayload::Message { message } | OutboxPayload::Resend { message, .. }) => message,
        Some(
            OutboxPayload::Annotation { .. } | OutboxPayload::Control { .. } | OutboxPayload::ChangeGroup(_),
        ) => return Ok(None),
        None => wire_id,
    };
    let own = me.address();
    let is_ours = |message: &Message| {
        message.sender == own && message.counter > 0 && matches!(message.body, Body::Text(_))
    };
    let Some(message) = work.message(id)?.filter(is_ours) else { return Ok(None) };
    let may_have = from.account == own.account
        || message.conversation == ConversationId::direct(own.account, from.account)
        || may_have_of_group(work, from, &message)?;
    Ok(may_have.then_some(message.id))
}

/// Whether a message went to a group that the asking account was in then, and is in still.
fn may_have_of_group<V: View>(
    work: &mut Work<'_, V>,
    from: DeviceAddress,
    message: &Message,
) -> Result<bool, V::Error> {
    let state = work.group(message.conversation.as_group())?;
    let above = state.and_then(|state| state.readable_above(from.account));
    Ok(above.is_some_and(|above| message.counter > above))
}

/// A device cannot send again what we asked for.
pub(crate) fn on_unavailable<V: View>(
    work: &mut Work<'_, V>,
    from: DeviceAddress,
    lost: Vec<MessageId>,
    not_messages: Vec<MessageId>,
) -> Result<(), V::Error> {
    for id in not_messages {
        drop_unreadable(work, from, id)?;
    }
    for id in lost {
        if let Some(entry) = work.message(id)?
            && is_unreadable(&entry)
            && entry.sender.account == from.account
        {
            work.write(Write::SetReception { message: id, reception: Reception::Lost });
            work.touch(entry.conversation);
        }
    }
    Ok(())
}

/// Ends what waits to be sent again by devices that their account does not name any more. What comes of it after all fills it.
pub(crate) fn give_up_on_gone<V: View>(
    work: &mut Work<'_, V>,
    directory: &Directory,
    account: AccountId,
) -> Result<(), V::Error> {
    let all = work.view.unopened()?.into_iter();
    let waiting: Vec<_> = all.filter(|(device, _)| device.account == account).collect();
    if waiting.is_empty() {
        return Ok(());
    }
    let named = match work.account(account)? {
        None if directory.is_lost(account) => Vec::new(),
        None => return Ok(()),
        Some(state) => match state.standing {
            Standing::Good | Standing::Gone => devices_of(&state),
            Standing::Deleted => Vec::new(),
            // Whose list it is, the user has not said yet.
            Standing::KeyChanged { .. } => return Ok(()),
        },
    };
    for (device, conversation) in waiting.into_iter().filter(|(device, _)| !named.contains(device)) {
        work.write(Write::LoseUnopened { sender: device });
        work.touch(conversation);
    }
    Ok(())
}

/// Asks for the accounts whose devices are to send something again: perhaps they are gone meanwhile.
pub(crate) fn look_for_gone<V: View>(work: &Work<'_, V>, directory: &mut Directory) -> Result<(), V::Error> {
    for (device, _) in work.view.unopened()? {
        directory.want(device.account);
    }
    Ok(())
}
