//! Edits, deletions and reactions: said here, heard from others, and applied when their message is there.
//!
//! ```text
//!   command --> register of our account --> outbox: what the register holds when it is sealed
//!   envelope -> register of its account --> its message is here?  yes: applied
//!                                                                 no:  waits; applied in the commit that stores it
//! ```

use std::collections::BTreeSet;

use rand_core::CryptoRng;
use waxwing_wire::{AccountId, MessageId, limits};

use crate::annotation::{
    AWAITED_MAX, Anchor, Annotation, Change, REACTION_SIZE_MAX_BYTES, Revision, SAID_AGAIN_MAX, Slot, may,
};
use crate::batch::Write;
use crate::commands::{Ended, party};
use crate::content::{Content, ContentBody};
use crate::effect::{Failure, Outcome};
use crate::marks::Marks;
use crate::me::Me;
use crate::model::{
    Body, ConversationId, Delivery, DeviceAddress, Lane, LaneKind, Message, OutboxDraft, OutboxPayload,
    Party, Reception, Status,
};
use crate::notice::new_message_id;
use crate::view::View;
use crate::work::Work;

/// How often what is said about a message is said again to one device.
const SAID_AGAIN_ATTEMPTS_MAX: u32 = 5;

/// The user says something about a message.
pub(crate) fn annotate<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    conversation: ConversationId,
    target: MessageId,
    change: Change,
    rng: &mut impl CryptoRng,
) -> Ended<V> {
    match &change {
        Change::Edit(text) if text.len() > limits::TEXT_SIZE_MAX_BYTES => return Ok(Err(Failure::TooLarge)),
        Change::Edit(text) if text.is_empty() => return Ok(Err(Failure::Invalid)),
        Change::React(reaction) if reaction.len() > REACTION_SIZE_MAX_BYTES => {
            return Ok(Err(Failure::Invalid));
        }
        Change::Edit(_) | Change::React(_) | Change::Delete | Change::Hide => {}
    }
    let Some(message) = work.message(target)?.filter(|message| message.conversation == conversation) else {
        return Ok(Err(Failure::NotFound));
    };
    let Some(party) = party(work, conversation)? else { return Ok(Err(Failure::NotFound)) };
    let own = me.address();
    if !may(own.account, &change, &message) {
        return Ok(Err(Failure::NotAllowed));
    }
    let held = register(work, target, own.account, change.slot())?;
    if held.as_ref().is_some_and(|held| says(held, &message, &change)) {
        return Ok(Ok(Outcome::Done));
    }
    let revision = Revision::after(held.map(|held| held.revision), own.device);
    let is_unheard = matches!(change, Change::Delete | Change::Hide) && never_left(&message);
    let annotation = Annotation {
        target,
        conversation,
        author: own.account,
        change,
        revision,
        anchor: Anchor::Held,
        stored_at_ms: work.now.utc_ms,
    };
    let to = if annotation.slot() == Slot::Hidden { Party::Account(own.account) } else { party };
    apply(work, &message, annotation)?;
    if !is_unheard {
        post(work, target, to, None, rng);
    }
    Ok(Ok(Outcome::Done))
}

fn register<V: View>(
    work: &Work<'_, V>,
    target: MessageId,
    author: AccountId,
    slot: Slot,
) -> Result<Option<Annotation>, V::Error> {
    let all = work.annotations(target)?;
    Ok(all.into_iter().find(|held| held.author == author && held.slot() == slot))
}

/// Whether a register says this already.
fn says(held: &Annotation, message: &Message, change: &Change) -> bool {
    match (change, &message.body) {
        (Change::Edit(text), Body::Text(now)) => text == now,
        (Change::Edit(_) | Change::Delete | Change::React(_) | Change::Hide, _) => held.change == *change,
    }
}

/// Whether nobody else can have seen a message, because nothing of it left this device.
fn never_left(message: &Message) -> bool {
    match message.status {
        Status::Outgoing(
            Delivery::Queued | Delivery::Held(_) | Delivery::Cancelled | Delivery::Failed(_),
        ) => message.counter == 0,
        Status::Outgoing(Delivery::Sending | Delivery::Sent | Delivery::Delivered | Delivery::Read)
        | Status::Incoming(_)
        | Status::Local => false,
    }
}

/// Another device says something about a message: one of the other side, or one of ours.
pub(crate) fn on_annotations<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    from: DeviceAddress,
    conversation: ConversationId,
    target: MessageId,
    items: Vec<(Change, Revision)>,
) -> Result<(), V::Error> {
    let own = me.address().account;
    for (change, revision) in items {
        if change == Change::Hide && from.account != own {
            continue;
        }
        let held = register(work, target, from.account, change.slot())?;
        let mut annotation = Annotation {
            target,
            conversation,
            author: from.account,
            change,
            revision,
            anchor: Anchor::Awaited,
            stored_at_ms: work.now.utc_ms,
        };
        if held.as_ref().is_some_and(|held| !annotation.supersedes(held)) {
            continue;
        }
        let message = work.message(target)?.filter(|message| message.body != Body::Unreadable);
        match message {
            Some(message) => {
                let fits = message.conversation == conversation;
                if fits && may(from.account, &annotation.change, &message) {
                    annotation.anchor = Anchor::Held;
                    apply(work, &message, annotation)?;
                }
            }
            None if held.is_some()
                || from.account == own
                || work.view.awaited_annotations(from.account)? < AWAITED_MAX =>
            {
                work.put_annotation(annotation)?;
            }
            None => {}
        }
    }
    Ok(())
}

/// Writes an annotation whose message is here, and does to the message what it says.
fn apply<V: View>(work: &mut Work<'_, V>, message: &Message, annotation: Annotation) -> Result<(), V::Error> {
    let change = annotation.change.clone();
    work.put_annotation(put_away(annotation))?;
    match change {
        Change::Edit(text) => {
            let marks = Marks { mentions: Vec::new(), ..message.marks.clone() };
            work.rewrite(Message { body: Body::Text(text), marks, edited: true, ..message.clone() });
        }
        Change::Delete => {
            work.write(Write::WithdrawMessage { message: message.id });
            work.rewrite(deleted(message));
            if let Status::Outgoing(Delivery::Queued | Delivery::Held(_) | Delivery::Sending) = message.status
            {
                work.write(Write::SetDelivery { message: message.id, delivery: Delivery::Cancelled });
            }
            if message.status == Status::Incoming(Reception::Unread) {
                // There is nothing left to see.
                work.write(Write::SetReception { message: message.id, reception: Reception::Read });
            }
        }
        Change::React(_) => work.touch(message.conversation),
        Change::Hide => {
            work.write(Write::WithdrawMessage { message: message.id });
            work.remove_message(message);
        }
    }
    work.again = true;
    Ok(())
}

/// A register as it is kept once it is applied: the text stands in the message.
fn put_away(annotation: Annotation) -> Annotation {
    match annotation.change {
        Change::Edit(_) => {
            Annotation { change: Change::Edit(String::new()), anchor: Anchor::Held, ..annotation }
        }
        Change::Delete | Change::React(_) => Annotation { anchor: Anchor::Held, ..annotation },
        // Its message goes, so it waits until nobody can send that again.
        Change::Hide => Annotation { anchor: Anchor::Awaited, ..annotation },
    }
}

fn deleted(message: &Message) -> Message {
    let marks = Marks { expires_after_s: message.marks.expires_after_s, ..Marks::default() };
    Message { body: Body::Deleted, marks, edited: false, ..message.clone() }
}

/// Applies to a message what came before it. `None`: the user put it out of sight before.
pub(crate) fn on_arrival<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    mut message: Message,
) -> Result<Option<Message>, V::Error> {
    let own = me.address().account;
    let held = work.annotations(message.id)?;
    if held.iter().any(|held| held.author == own && held.slot() == Slot::Hidden) {
        return Ok(None);
    }
    for annotation in held {
        let fits = annotation.conversation == message.conversation;
        if !fits || !may(annotation.author, &annotation.change, &message) {
            work.delete_annotation(&annotation)?;
            continue;
        }
        match &annotation.change {
            // Applied before, and its message was lost and came again.
            Change::Edit(text) if text.is_empty() => message.edited = true,
            Change::Edit(text) => {
                message.body = Body::Text(text.clone());
                message.marks.mentions.clear();
                message.edited = true;
            }
            Change::Delete => {
                message = deleted(&message);
                if message.status == Status::Incoming(Reception::Unread) {
                    message.status = Status::Incoming(Reception::Read);
                }
            }
            Change::React(_) | Change::Hide => {}
        }
        work.put_annotation(put_away(annotation))?;
    }
    Ok(Some(message))
}

/// What our account says about a message, for the other side, for a group, or for ours. `None`: nothing.
pub(crate) fn content<V: View>(
    work: &Work<'_, V>,
    own: AccountId,
    target: MessageId,
    to: Party,
) -> Result<Option<Content>, V::Error> {
    let text = work.message(target)?.map(|message| message.body);
    let mut items = Vec::new();
    let mut conversation = None;
    for said in work.annotations(target)?.into_iter().filter(|said| said.author == own) {
        if said.slot() == Slot::Hidden && to != Party::Account(own) {
            continue;
        }
        conversation = Some(said.conversation);
        let change = match (said.change, &text) {
            (Change::Edit(_), Some(Body::Text(text))) => Change::Edit(text.clone()),
            (Change::Edit(text), _) if text.is_empty() => continue,
            (change @ (Change::Edit(_) | Change::Delete | Change::React(_) | Change::Hide), _) => change,
        };
        items.push((change, said.revision));
    }
    let Some(conversation) = conversation.filter(|_| !items.is_empty()) else { return Ok(None) };
    // On another device of ours it is still said to the other side.
    let to = work.view.conversation_peer(conversation)?.map_or(to, Party::Account);
    Ok(Some(Content { conversation, to, body: ContentBody::Annotations { target, items } }))
}

fn post<V: View>(
    work: &mut Work<'_, V>,
    target: MessageId,
    to: Party,
    device: Option<DeviceAddress>,
    rng: &mut impl CryptoRng,
) {
    let lane = Lane { kind: LaneKind::Annotations, to };
    let payload = OutboxPayload::Annotation { target, device: device.map(|device| device.device) };
    let wire_id = new_message_id(work, rng);
    work.post(OutboxDraft { wire_id, lane, payload });
}

/// A device gets a message again: what is said about it follows.
pub(crate) fn say_again<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    to: DeviceAddress,
    target: MessageId,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let own = me.address().account;
    if work.annotations(target)?.iter().any(|said| said.author == own) {
        post(work, target, Party::Account(to.account), Some(to), rng);
    }
    Ok(())
}

/// The messages about which our account said something last, each once.
fn said_last<V: View>(
    work: &Work<'_, V>,
    own: AccountId,
    conversation: Option<ConversationId>,
) -> Result<BTreeSet<(MessageId, ConversationId)>, V::Error> {
    Ok(work.view.annotated(own, conversation, SAID_AGAIN_MAX)?.into_iter().collect())
}

/// A device could not open something that was no message: the newest annotations are said to it again.
pub(crate) fn repeat<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    to: DeviceAddress,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let own = me.address().account;
    let conversation = (to.account != own).then(|| ConversationId::direct(own, to.account));
    for (target, _) in said_last(work, own, conversation)? {
        if work.view.repair_attempts(to.device, target)? < SAID_AGAIN_ATTEMPTS_MAX {
            let at_ms = work.now.utc_ms;
            work.write(Write::CountRepair { sender: to.device, wire_id: target, at_ms });
            post(work, target, Party::Account(to.account), Some(to), rng);
        }
    }
    Ok(())
}

/// The relay lost its data, and with it what was on its way: the newest annotations are said again to all.
pub(crate) fn repeat_all<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    for (target, conversation) in said_last(work, me.address().account, None)? {
        if let Some(to) = party(work, conversation)? {
            post(work, target, to, None, rng);
        }
    }
    Ok(())
}
