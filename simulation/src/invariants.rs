//! What must be true of every device after every event, and of all of them in the end.

use std::collections::BTreeMap;
use std::fmt;

use waxwing_engine::{
    Anchor, Body, Change, ConversationId, Delivery, DeviceAddress, GroupEvent, GroupStanding, Message,
    Reception, RosterAtRest, Status,
};
use waxwing_wire::{AccountId, GroupId, MessageId};

use crate::app::To;
use crate::device::Device;
use crate::model::{Accepted, Model};

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its number in the list of assurances.
    pub invariant: &'static str,
    /// What is wrong.
    pub detail: String,
}

impl Violation {
    pub(crate) fn of<T>(invariant: &'static str, detail: String) -> Result<T, Violation> {
        Err(Violation { invariant, detail })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not hold: {}", self.invariant, self.detail)
    }
}

/// What a world may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trust {
    /// The relay keeps the order of what it moves.
    pub relay_is_honest: bool,
}

/// Sessions that a device may keep with another.
const SESSIONS_PER_DEVICE_MAX: usize = 5;

/// Private halves of prekeys that a device may keep in a run of minutes.
const PREKEYS_MAX: usize = 600;

/// Envelopes that may wait for something to be learned.
const WAITING_MAX: usize = 2_000;

/// Checks a device whose disk changed, and writes down what it has.
///
/// # Errors
///
/// The first invariant that does not hold.
pub fn check_device(
    device: &Device,
    devices: &[Device],
    model: &mut Model,
    trust: Trust,
) -> Result<(), Violation> {
    note_what_is_stored(device, model)?;
    no_forgery(device, devices, model)?;
    no_false_alarm(device, model)?;
    no_duplicate(device, model)?;
    if trust.relay_is_honest {
        order(device, model)?;
    }
    no_receipt_before_its_message(device, devices, model)?;
    no_loss(device, model)?;
    bounded(device)
}

fn texts(device: &Device) -> impl Iterator<Item = (&Message, &str)> {
    device.store.timeline().filter_map(|message| match &message.body {
        Body::Text(text) => Some((message, text.as_str())),
        Body::Unreadable | Body::Notice(_) | Body::Group(_) | Body::Deleted => None,
    })
}

fn note_what_is_stored(device: &Device, model: &mut Model) -> Result<(), Violation> {
    let liars = model.liars.clone();
    let has_come = |message: &&Message| matches!(message.body, Body::Text(_) | Body::Deleted);
    let is_honest = |message: &&Message| !liars.contains(&message.sender);
    for message in device.store.timeline().filter(has_come).filter(is_honest) {
        match model.accepted.get_mut(&message.id) {
            Some(accepted) => {
                accepted.stored.insert(device.index);
            }
            None => return Violation::of("I5", format!("nobody wrote {:?}", message.id)),
        }
    }
    Ok(())
}

/// I5: what stands in a log was written there, by this device, with these words, for this conversation.
fn no_forgery(device: &Device, devices: &[Device], model: &Model) -> Result<(), Violation> {
    let is_edit = |id, text: &str| model.edits.get(&id).is_some_and(|edits| edits.contains(text));
    for (message, text) in texts(device) {
        let Some(accepted) = model.accepted.get(&message.id) else { continue };
        let is_right = accepted.sender == message.sender
            && (accepted.text == text || is_edit(message.id, text))
            && accepted.conversation == message.conversation
            && (device.account == devices[accepted.device].account || may_read(device, accepted));
        if !is_right {
            return Violation::of("I5", format!("{:?} is not what its sender wrote", message.id));
        }
    }
    Ok(())
}

/// I5: where nobody lies, nobody is said to have told others something else.
fn no_false_alarm(device: &Device, model: &Model) -> Result<(), Violation> {
    let mut told = device.store.timeline().filter_map(|entry| match &entry.body {
        Body::Group(GroupEvent::ToldOtherwise(witness)) => Some((entry.sender, *witness)),
        Body::Group(_) | Body::Text(_) | Body::Unreadable | Body::Notice(_) | Body::Deleted => None,
    });
    let lies = |of: AccountId| model.liars.iter().any(|liar| liar.account == of);
    match told.find(|(sender, witness)| !lies(sender.account) && !lies(*witness)) {
        Some((sender, witness)) => {
            Violation::of("I5", format!("{sender:?} is said to have told {witness:?} something else"))
        }
        None => Ok(()),
    }
}

/// Who wrote to whom: of a group, only who was in it when the message was sent.
fn may_read(device: &Device, accepted: &Accepted) -> bool {
    match accepted.to {
        To::Account(to) => device.account == to,
        To::Group(_) => device.local().is_some_and(|local| accepted.readers.contains(&local.address.account)),
    }
}

/// I2: nothing stands twice.
fn no_duplicate(device: &Device, model: &Model) -> Result<(), Violation> {
    let mut seen: BTreeMap<&str, MessageId> = BTreeMap::new();
    for (message, text) in texts(device).filter(|(message, _)| !model.liars.contains(&message.sender)) {
        if seen.insert(text, message.id).is_some() {
            return Violation::of("I2", format!("{:?} stands twice", message.id));
        }
    }
    Ok(())
}

/// I2: nothing is announced twice.
///
/// # Errors
///
/// When it is.
pub fn check_announcements(device: &Device) -> Result<(), Violation> {
    match device.app.announced.iter().find(|(_, times)| **times > 1) {
        Some((id, times)) => Violation::of("I2", format!("{id:?} was announced {times} times")),
        None => Ok(()),
    }
}

/// I3: the messages of a device in a conversation stand in the order in which it wrote them, as far as they were owed here.
fn order(device: &Device, model: &Model) -> Result<(), Violation> {
    let mut last: BTreeMap<(DeviceAddress, ConversationId), (u64, MessageId)> = BTreeMap::new();
    for (message, _) in texts(device) {
        let Some(accepted) = model.accepted.get(&message.id) else { continue };
        // A device that came later, or was passed over, gets what it missed when it can be reached.
        if !accepted.owed.contains(&device.index) && accepted.device != device.index {
            continue;
        }
        let place = (accepted.order, message.id);
        if let Some(before) = last.insert((message.sender, message.conversation), place)
            && before.0 > accepted.order
        {
            return Violation::of("I3", format!("{:?} stands after {:?}", message.id, before.1));
        }
    }
    Ok(())
}

/// I4: nobody is told that a message was delivered or read before it was.
fn no_receipt_before_its_message(
    device: &Device,
    devices: &[Device],
    model: &Model,
) -> Result<(), Violation> {
    for (message, _) in texts(device) {
        let is_delivered = matches!(message.status, Status::Outgoing(Delivery::Delivered | Delivery::Read));
        if is_delivered && !model.reached(message.id, |index| devices[index].account) {
            return Violation::of("I4", format!("{:?} was delivered to nobody", message.id));
        }
    }
    Ok(())
}

/// I1, at every moment: what a device accepted is on its disk, and in its outbox until it is delivered.
fn no_loss(device: &Device, model: &Model) -> Result<(), Violation> {
    if model.broken.contains(&device.index) {
        return Ok(());
    }
    let outbox = device.store.outbox_messages();
    for id in model.accepted.iter().filter(|(_, accepted)| accepted.device == device.index).map(|(id, _)| id)
    {
        let Some(message) = device.store.durable_message(*id) else {
            if model.hidden.contains(&(device.account, *id)) {
                continue;
            }
            return Violation::of("I1", format!("{id:?} was accepted and is gone"));
        };
        let is_under_way = matches!(
            message.status,
            Status::Outgoing(Delivery::Queued | Delivery::Held(_) | Delivery::Sending)
        );
        if is_under_way && !outbox.contains(id) {
            return Violation::of("I1", format!("{id:?} is {:?} and in no outbox", message.status));
        }
    }
    Ok(())
}

/// I12: what grows with use has a limit.
fn bounded(device: &Device) -> Result<(), Violation> {
    let sizes = device.store.sizes();
    let is_bounded = sizes.sessions_per_device_max <= SESSIONS_PER_DEVICE_MAX
        && sizes.prekeys <= PREKEYS_MAX
        && sizes.waiting <= WAITING_MAX;
    if is_bounded { Ok(()) } else { Violation::of("I12", format!("device {} keeps {sizes:?}", device.index)) }
}

/// What is still to happen until all devices agree. Empty: they do.
#[must_use]
pub fn unfinished(devices: &[Device], model: &Model, read: bool) -> Vec<String> {
    let mut left = Vec::new();
    for device in devices.iter().filter(|device| model.removed.contains(&device.index)) {
        if !device.retired && device.app.registered && !device.app.signed_out {
            left.push(format!("device {} was not told that it was removed", device.index));
        }
    }
    let is_there = |device: &&Device| !device.retired && !model.removed.contains(&device.index);
    for device in devices.iter().filter(is_there) {
        let open = device.store.sizes().outbox_open;
        if open > 0 {
            left.push(format!("device {} has {open} items in its outbox", device.index));
        }
        if !device.is_running() || !device.app.is_idle() || device.has_inputs() {
            left.push(format!("device {} is not at rest: {:?}", device.index, device.app));
        }
        let waiting = device.store.timeline().filter(is_waiting).count();
        if waiting > 0 {
            let first = device.store.timeline().find(is_waiting);
            left.push(format!(
                "device {} waits for {waiting} messages to be sent again: {first:?}",
                device.index
            ));
        }
    }
    left.extend(groups_apart(devices, model));
    for (id, message) in &model.accepted {
        left.extend(disagreement(*id, message, devices, model));
        let is_hidden = devices.iter().any(|device| model.hidden.contains(&(device.account, *id)));
        if is_hidden || model.deleted.contains(id) {
            continue;
        }
        left.extend(missing(*id, message, devices, model, read));
    }
    left
}

/// I11: all devices of all members have one roster, and nobody else believes to be a member.
fn groups_apart(devices: &[Device], model: &Model) -> Vec<String> {
    let mut left = Vec::new();
    let mut first: BTreeMap<GroupId, (usize, RosterAtRest)> = BTreeMap::new();
    let sound = |device: &&Device| !device.retired && !model.is_gone(device.index);
    for device in devices.iter().filter(sound) {
        let Some(local) = device.local().filter(|_| device.app.registered) else { continue };
        for state in device.store.durable_groups().filter(|state| state.standing == GroupStanding::Member) {
            let is_in = state.members().iter().any(|member| member.account == local.address.account);
            let taken = model.rosters.get(&state.group);
            let mut members: Vec<_> = state.members().iter().map(|member| member.account).collect();
            members.sort_unstable();
            // An account that is deleted is in no group, if it came to leave it.
            if taken.is_some_and(|(_, taken)| *taken != members) {
                left.push(format!("device {} has {state:?}, and the relay took {taken:?}", device.index));
            }
            if state.revision == 0 || !is_in {
                left.push(format!("device {} has {state:?}", device.index));
            }
            let (other, roster) = first.entry(state.group).or_insert((device.index, state.roster.clone()));
            if *roster != state.roster {
                left.push(format!("devices {other} and {} differ about {state:?}", device.index));
            }
        }
    }
    for (group, (of, _)) in first {
        let states =
            |device: &Device| device.store.durable_groups().find(|state| state.group == group).cloned();
        let knows_it = |device: &&Device| states(device).is_some();
        let Some(members) = states(&devices[of]).map(|state| state.members()) else { continue };
        for device in devices.iter().filter(sound) {
            let Some(local) = device.local().filter(|_| device.app.registered) else { continue };
            let is_member = members.iter().any(|member| member.account == local.address.account);
            let knows = states(device).is_some_and(|state| state.standing == GroupStanding::Member);
            // The introduction by an account that is deleted since is gone with it, and so is that by another device of the account that
            // was removed; whoever writes next makes up for it.
            let mut others =
                devices.iter().filter(|other| other.account == device.account && knows_it(other));
            let was_left = others.clone().any(|other| model.removed.contains(&other.index))
                && others.all(|other| model.removed.contains(&other.index));
            let is_still_to_come = states(device).is_none() && (was_left || !model.ended.is_empty());
            if is_member != knows && !is_still_to_come {
                left.push(format!(
                    "device {} is in {group:?}: {is_member}, and believes {knows}",
                    device.index
                ));
            }
        }
    }
    left
}

/// What a device shows of a message: its words, and who reacted how.
fn shown(id: MessageId, device: &Device) -> Option<(Body, bool, BTreeMap<AccountId, String>)> {
    let message = device.store.durable_message(id).filter(|message| message.body != Body::Unreadable)?;
    if message.body == Body::Deleted {
        return Some((Body::Deleted, false, BTreeMap::new()));
    }
    let said = device.store.durable_annotations(id).filter(|said| said.anchor == Anchor::Held);
    let reactions = said.filter_map(|said| match &said.change {
        Change::React(reaction) if !reaction.is_empty() => Some((said.author, reaction.clone())),
        Change::React(_) | Change::Edit(_) | Change::Delete | Change::Hide => None,
    });
    Some((message.body.clone(), message.edited, reactions.collect()))
}

/// All devices that show a message show the same of it.
fn disagreement(id: MessageId, message: &Accepted, devices: &[Device], model: &Model) -> Option<String> {
    let counts = |device: &&Device| {
        !device.retired
            && !model.is_gone(device.index)
            && !model.uncertain.contains(&device.index)
            && (message.owed.contains(&device.index) || device.index == message.device)
            && stayed(device, message)
    };
    let mut all = devices.iter().filter(counts).filter_map(|device| Some((device.index, shown(id, device)?)));
    let (first, wanted) = all.next()?;
    let (other, found) = all.find(|(_, found)| *found != wanted)?;
    Some(format!("{id:?} is {wanted:?} on device {first} and {found:?} on device {other}"))
}

fn is_waiting(message: &&Message) -> bool {
    message.status == Status::Incoming(Reception::Waiting)
}

fn missing(id: MessageId, message: &Accepted, devices: &[Device], model: &Model, read: bool) -> Vec<String> {
    let mut left = Vec::new();
    let sender = &devices[message.device];
    let is_for_nobody = matches!(message.to, To::Account(to) if model.ended.contains(&to));
    if sender.retired || model.is_gone(message.device) || is_for_nobody {
        return left;
    }
    let delivery = match sender.store.durable_message(id).map(|message| message.status) {
        Some(Status::Outgoing(delivery)) => delivery,
        Some(Status::Incoming(_) | Status::Local) | None => return left,
    };
    if matches!(delivery, Delivery::Failed(_) | Delivery::Cancelled | Delivery::Held(_)) {
        return left;
    }
    let owed = message.owed.iter().filter(|index| !devices[**index].retired && !model.is_gone(**index));
    let owed = owed.filter(|index| stayed(&devices[**index], message));
    for index in owed {
        let is_there =
            devices[*index].store.durable_message(id).is_some_and(|found| found.body != Body::Unreadable);
        if !is_there {
            left.push(format!("{id:?} of device {} is missing on device {index}", message.device));
        }
    }
    if matches!(message.to, To::Group(_)) {
        if delivery < Delivery::Sent {
            left.push(format!("{id:?} of device {} is {delivery:?}", message.device));
        }
        return left;
    }
    if !model.reached(id, |index| devices[index].account) {
        left.push(format!("{id:?} of device {} reached nobody", message.device));
    }
    // Who lost his disk cannot read what was on it.
    let is_readable = |device: &&Device| {
        let has_it = device.store.durable_message(id).is_some_and(|found| found.body != Body::Unreadable);
        To::Account(device.account) == message.to
            && !device.retired
            && !model.removed.contains(&device.index)
            && has_it
    };
    let read = read && devices.iter().any(|device| is_readable(&device));
    let wanted = if read { Delivery::Read } else { Delivery::Delivered };
    if delivery < wanted {
        left.push(format!("{id:?} of device {} is {delivery:?}", message.device));
    }
    left
}

/// Whether a device was all the time among those that a message and what is said about it are for. Who came back to a group
/// after it was put out has missed what was said meanwhile.
fn stayed(device: &Device, message: &Accepted) -> bool {
    let is_this = |group| ConversationId::group(group) == message.conversation;
    match message.to {
        To::Account(_) => true,
        To::Group(_) => {
            let mut groups = device.store.durable_groups();
            groups.any(|state| is_this(state.group) && state.standing == GroupStanding::Member)
                && !was_out(device, message.conversation)
        }
    }
}

/// Whether a device's account was put out of a group at some time, as its timeline tells.
fn was_out(device: &Device, conversation: ConversationId) -> bool {
    let Some(own) = device.local().map(|local| local.address.account) else { return false };
    let mut joined = 0;
    device.store.timeline().filter(|message| message.conversation == conversation).any(|message| {
        match &message.body {
            Body::Group(GroupEvent::Joined) => {
                joined += 1;
                joined > 1
            }
            Body::Group(GroupEvent::Removed(who)) => who.contains(&own),
            Body::Group(GroupEvent::Left) => message.sender.account == own,
            Body::Group(_) | Body::Text(_) | Body::Unreadable | Body::Notice(_) | Body::Deleted => false,
        }
    })
}
