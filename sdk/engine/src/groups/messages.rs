//! What members write: opened by the key of its chain, or kept until that has come.

use rand_core::CryptoRng;
use waxwing_crypto::group::{GroupMessage, GroupOpenError, Verified, Waiting, verify_backlog};
use waxwing_wire::{GroupId, MessageId};

use super::{chain, kept, picture};
use crate::annotate;
use crate::batch::Write;
use crate::content::{Content, ContentBody, SEND_AGAIN_MAX};
use crate::inbox::{self, Desk, Place};
use crate::keep::Chain;
use crate::marks::Marks;
use crate::me::Me;
use crate::model::{
    Body, ConversationId, DeviceAddress, GroupEvent, GroupStanding, GroupState, GroupWaiting, Message, Party,
    Reception, Status,
};
use crate::settings;
use crate::view::View;
use crate::work::Work;

/// Kept messages that are opened in one step.
const WAITING_PAGE: usize = 200;

/// Messages of one chain that are shown as unreadable when a group becomes known.
const SHOWN_MAX: usize = 1_000;

/// What came of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opened {
    /// It is dealt with.
    Done,
    /// It waits for its key, for the group, or for changes.
    Waits,
}

/// A message of a group, as it came.
pub(crate) struct Arrived {
    from: DeviceAddress,
    group: GroupId,
    wire_id: MessageId,
    message: GroupMessage,
}

impl Arrived {
    /// `None`: it is no message of a group.
    pub(crate) fn parse(
        from: DeviceAddress,
        group: GroupId,
        wire_id: MessageId,
        payload: &[u8],
    ) -> Option<Arrived> {
        let message = GroupMessage::parse(payload).ok()?;
        Some(Arrived { from, group, wire_id, message })
    }

    fn chain(&self) -> Chain {
        (self.group, self.from, self.message.chain_id())
    }
}

/// What is known of the signature of a message before its turn comes.
pub(crate) enum Signature<'m> {
    /// Nothing yet.
    Unknown,
    /// It holds.
    Holds(Verified<'m>),
    /// It does not.
    Fails,
}

/// Verifies the signatures of what came in one step together, as far as the keys are here: each costs less than half of what it costs
/// alone. Nothing is changed by it; what a message may do is asked when its turn comes.
pub(crate) fn verify_ahead<'m, V: View>(
    work: &mut Work<'_, V>,
    arrived: &'m [Option<Arrived>],
) -> Result<Vec<Signature<'m>>, V::Error> {
    let mut places = Vec::with_capacity(arrived.len());
    for (place, one) in arrived.iter().enumerate() {
        let Some(one) = one else { continue };
        let (group, from, chain) = one.chain();
        if work.their_key(group, from, chain)?.is_some() {
            places.push((one.chain(), place, one));
        }
    }
    // Messages of one sender share most of the work.
    places.sort_by_key(|(chain, place, _)| (*chain, *place));
    let keys = places.iter().filter_map(|(chain, place, one)| {
        let key = &work.their_key_as_it_is(chain)?.key;
        Some((*place, Waiting { key, message: &one.message, associated_data: one.wire_id.as_bytes() }))
    });
    let (places, waiting): (Vec<usize>, Vec<Waiting<'_, '_>>) = keys.unzip();
    let mut signatures: Vec<Signature<'m>> = arrived.iter().map(|_| Signature::Unknown).collect();
    for (place, verified) in places.into_iter().zip(verify_backlog(&waiting)) {
        if let Some(signature) = signatures.get_mut(place) {
            *signature = verified.map_or(Signature::Fails, Signature::Holds);
        }
    }
    Ok(signatures)
}

/// A message of a group came.
pub(crate) fn on_message<V: View>(
    work: &mut Work<'_, V>,
    desk: &mut Desk<'_>,
    arrived: &Arrived,
    signature: Signature<'_>,
    payload: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let Arrived { from, group, wire_id, .. } = *arrived;
    let state = work.group(group)?;
    // What waits of this chain comes first.
    let opened = if work.is_queued(arrived.chain())? {
        Opened::Waits
    } else {
        open(work, desk, state.as_ref(), arrived, signature, rng)?
    };
    if opened == Opened::Waits {
        let chain = arrived.message.chain_id();
        work.keep_for_group(group, from, chain, wire_id, payload);
        desk.groups.want_key((group, from, chain), work.now.elapsed);
        if let Some(state) = state.filter(|state| is_member(state, from)) {
            show_unreadable(work, &state, from, wire_id)?;
        }
    }
    Ok(())
}

/// Opens what waited for the key of a chain, some in each step. Returns whether there are more.
pub(crate) fn open_waiting<V: View>(
    work: &mut Work<'_, V>,
    desk: &mut Desk<'_>,
    (group, from, chain): (GroupId, DeviceAddress, [u8; 16]),
    rng: &mut impl CryptoRng,
) -> Result<bool, V::Error> {
    let waiting = work.view.group_waiting(group, from, chain, WAITING_PAGE)?;
    let more = waiting.len() == WAITING_PAGE;
    let state = work.group(group)?;
    let parse = |kept: &GroupWaiting| Arrived::parse(from, group, kept.wire_id, &kept.payload);
    let arrived: Vec<Option<Arrived>> = waiting.iter().map(parse).collect();
    let signatures = verify_ahead(work, &arrived)?;
    for ((kept, arrived), signature) in waiting.iter().zip(&arrived).zip(signatures) {
        let opened = match arrived {
            Some(arrived) => open(work, desk, state.as_ref(), arrived, signature, rng)?,
            None => Opened::Done,
        };
        if opened == Opened::Waits {
            desk.groups.want_key((group, from, chain), work.now.elapsed);
            return Ok(false);
        }
        work.write(Write::DeleteGroupWaiting { order: kept.order });
    }
    Ok(more)
}

fn is_member(state: &GroupState, from: DeviceAddress) -> bool {
    let role = state.roster().and_then(|roster| roster.role(from.account.as_bytes()));
    state.standing == GroupStanding::Member && role.is_some()
}

/// Opens one message and does what it says.
fn open<V: View>(
    work: &mut Work<'_, V>,
    desk: &mut Desk<'_>,
    state: Option<&GroupState>,
    arrived: &Arrived,
    signature: Signature<'_>,
    rng: &mut impl CryptoRng,
) -> Result<Opened, V::Error> {
    let Arrived { from, wire_id, ref message, .. } = *arrived;
    let Some(state) = state else { return Ok(Opened::Waits) };
    // The relay brings it only to members: whoever brings us in again is on the way, perhaps.
    if state.standing == GroupStanding::Out {
        return Ok(Opened::Waits);
    }
    let Some(roster) = state.roster() else { return Ok(Opened::Done) };
    let slot = work.their_key(state.group, from, message.chain_id())?;
    let Some(theirs) = slot else { return Ok(Opened::Waits) };
    let epoch = *theirs.key.epoch();
    if epoch.number > roster.epoch().number {
        // Its sender knows a change that we do not know yet.
        desk.groups.want_newer(state.group, work.now.elapsed);
        desk.groups.doubt(state, from);
        return Ok(Opened::Waits);
    }
    let mark = (epoch.number, epoch.roster_hash);
    let is_known = epoch == *roster.epoch() || state.past_epochs.contains(&mark);
    if !is_known {
        on_unknown_epoch(work, desk, state, (from, wire_id), epoch.number, rng)?;
        return Ok(Opened::Done);
    }
    // Who is out wrote this before he was, or says so together with the relay: under the roster that stands he is not heard.
    if epoch == *roster.epoch() && !roster.may_write(from.account.as_bytes()) {
        return inbox::drop_unreadable(work, from, wire_id).map(|()| Opened::Done);
    }
    let opened = match signature {
        Signature::Unknown => theirs.key.decrypt(message, wire_id.as_bytes()),
        Signature::Holds(verified) => theirs.key.open(&verified),
        Signature::Fails => Err(GroupOpenError::Rejected),
    };
    let plaintext = match opened {
        Ok(plaintext) => plaintext,
        Err(GroupOpenError::BeforeStart | GroupOpenError::TooFarAhead) => {
            // We were given the key after it was written, and yet it is ours to read: its sender is asked for it.
            show_unreadable(work, state, from, wire_id)?;
            desk.replies.unopened(from, wire_id);
            return Ok(Opened::Done);
        }
        Err(_) => return inbox::drop_unreadable(work, from, wire_id).map(|()| Opened::Done),
    };
    theirs.dirty = true;
    if epoch == *roster.epoch() && state.vouched_by.is_some() {
        let mut state = state.clone();
        if state.heard_from(from.account) {
            work.put_group(state);
        }
    }
    let content = Content::decode_padded(plaintext.as_bytes()).ok();
    take_in(work, desk, state.group, from, wire_id, content, rng)?;
    Ok(Opened::Done)
}

/// Does what an authentic member says to all.
fn take_in<V: View>(
    work: &mut Work<'_, V>,
    desk: &mut Desk<'_>,
    group: GroupId,
    from: DeviceAddress,
    wire_id: MessageId,
    content: Option<Content>,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let conversation = ConversationId::group(group);
    let is_for_us =
        |content: &Content| content.conversation == conversation && content.to == Party::Group(group);
    match content.filter(is_for_us).map(|content| content.body) {
        Some(ContentBody::Text(text)) => {
            if text.message != wire_id {
                inbox::drop_unreadable(work, from, wire_id)?;
            }
            inbox::on_text(work, desk, from, Place::Group(group), text, rng)
        }
        Some(ContentBody::Annotations { target, items }) => {
            inbox::drop_unreadable(work, from, wire_id)?;
            annotate::on_annotations(work, desk.me, from, conversation, target, items)
        }
        Some(ContentBody::Settings { items }) => {
            inbox::drop_unreadable(work, from, wire_id)?;
            settings::on_settings(work, desk.me, from, Place::Group(group), items, rng)
        }
        Some(ContentBody::GroupPicture { picture }) => {
            inbox::drop_unreadable(work, from, wire_id)?;
            picture::on_picture(work, desk.groups, group, picture)
        }
        Some(_) | None => inbox::drop_unreadable(work, from, wire_id),
    }
}

/// A message is of an epoch from before we were brought in, and the relay says that it is ours: its sender knows. Or our roster is not
/// the one that others have; where we are sure of ours, the relay has told us different things.
fn on_unknown_epoch<V: View>(
    work: &mut Work<'_, V>,
    desk: &mut Desk<'_>,
    state: &GroupState,
    (from, wire_id): (DeviceAddress, MessageId),
    epoch: u64,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    show_unreadable(work, state, from, wire_id)?;
    desk.groups.doubt(state, from);
    let is_now = state.roster().is_some_and(|roster| roster.epoch().number == epoch);
    let is_same_moment = is_now || state.past_epochs.iter().any(|(past, _)| *past == epoch);
    if !is_same_moment || state.vouched_by.is_some() {
        desk.replies.unopened(from, wire_id);
        return Ok(());
    }
    // Whom its sender takes for members is not whom we do: what is said to them is not asked for.
    work.write(Write::SetReception { message: wire_id, reception: Reception::Lost });
    if desk.groups.is_first_apart(state.group, from.account) {
        chain::put_event(work, state.group, from, GroupEvent::Apart, rng);
    }
    Ok(())
}

/// Shows in its place what cannot be opened yet.
fn show_unreadable<V: View>(
    work: &mut Work<'_, V>,
    state: &GroupState,
    from: DeviceAddress,
    wire_id: MessageId,
) -> Result<(), V::Error> {
    if work.message(wire_id)?.is_some() {
        return Ok(());
    }
    let now_ms = work.now.utc_ms;
    work.put_message(Message {
        id: wire_id,
        conversation: ConversationId::group(state.group),
        sender: from,
        counter: 0,
        sent_at_ms: now_ms,
        stored_at_ms: now_ms,
        body: Body::Unreadable,
        marks: Marks::default(),
        edited: false,
        status: Status::Incoming(Reception::Waiting),
    });
    Ok(())
}

/// All that waits in a group, in the order in which it came, also what came in this step.
fn all_waiting<V: View>(
    work: &Work<'_, V>,
    group: GroupId,
) -> Result<Vec<(DeviceAddress, MessageId)>, V::Error> {
    let mut waiting = Vec::new();
    for (sender, chain) in work.view.group_waiting_chains(group)? {
        waiting.extend(work.view.group_waiting(group, sender, chain, SHOWN_MAX)?);
    }
    waiting.sort_unstable_by_key(|kept| kept.order);
    let before = waiting.into_iter().map(|kept| (kept.sender, kept.wire_id));
    let all = before.chain(work.kept_now(group).map(|(sender, _, wire_id)| (sender, wire_id)));
    Ok(all.filter(|(sender, _)| *sender != kept::NOBODY).collect())
}

/// A group has become known: what came before stands in its place, in the order in which it came, until it is opened.
pub(crate) fn show_waiting<V: View>(work: &mut Work<'_, V>, state: &GroupState) -> Result<(), V::Error> {
    for (sender, wire_id) in all_waiting(work, state.group)? {
        // Whoever is out by now was in when he wrote.
        show_unreadable(work, state, sender, wire_id)?;
    }
    Ok(())
}

/// Members have come: what they wrote before we knew of it stands in its place, before what they write from here on.
pub(crate) fn show_waiting_of<V: View>(
    work: &mut Work<'_, V>,
    state: &GroupState,
    added: &[[u8; 16]],
) -> Result<(), V::Error> {
    if added.is_empty() {
        return Ok(());
    }
    let all = all_waiting(work, state.group)?.into_iter();
    for (sender, wire_id) in all.filter(|(sender, _)| added.contains(sender.account.as_bytes())) {
        show_unreadable(work, state, sender, wire_id)?;
    }
    Ok(())
}

/// The key of a chain does not come: its messages are asked for one by one, sealed in the session of the two.
pub(crate) fn ask_one_by_one<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    (group, sender, chain): (GroupId, DeviceAddress, [u8; 16]),
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let waiting = work.view.group_waiting(group, sender, chain, SHOWN_MAX)?;
    for kept in &waiting {
        work.write(Write::DeleteGroupWaiting { order: kept.order });
    }
    let wire_ids: Vec<MessageId> = waiting.into_iter().map(|kept| kept.wire_id).collect();
    if work.group(group)?.is_some_and(|state| !is_member(&state, sender)) {
        // Who is out may still answer, and need not.
        for wire_id in &wire_ids {
            work.write(Write::SetReception { message: *wire_id, reception: Reception::Lost });
        }
    }
    for wire_ids in wire_ids.chunks(SEND_AGAIN_MAX) {
        let body = ContentBody::SendAgain { wire_ids: wire_ids.to_vec() };
        inbox::post_to_device(work, me, sender, body, rng);
    }
    Ok(())
}

/// We are out of a group: what waits will not be opened any more.
pub(crate) fn give_up_waiting<V: View>(work: &mut Work<'_, V>, group: GroupId) -> Result<(), V::Error> {
    for (_, wire_id) in all_waiting(work, group)? {
        if work.message(wire_id)?.is_some_and(|entry| inbox::is_unreadable(&entry)) {
            work.write(Write::SetReception { message: wire_id, reception: Reception::Lost });
        }
    }
    Ok(())
}
