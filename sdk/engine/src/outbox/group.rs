//! What goes to a group: one ciphertext for all, or a change; each bound to the relay's revision that its sender knows.

use rand_core::CryptoRng;
use waxwing_crypto::pad;
use waxwing_wire::{ChangeGroup, ClientBody, GroupId, MessageId, Request, SubmitToGroup};
use zeroize::Zeroizing;

use super::{Counted, Outbox, Prepared, STALE_WAIT, set_delivery, text_content};
use crate::annotate;
use crate::batch::Write;
use crate::directory::Directory;
use crate::groups::{Groups, chain, intent, keys, told};
use crate::me::Me;
use crate::model::{
    Delivery, FailureReason, GroupEvent, GroupIntent, GroupStanding, GroupState, OutboxItem, OutboxPayload,
    Party, SealedRecord,
};
use crate::view::View;
use crate::work::Work;

impl Outbox {
    #[allow(clippy::too_many_arguments)] // one item, and everything that has a say in it
    pub(super) fn prepare_for_group<V: View>(
        &mut self,
        item: &OutboxItem,
        group: GroupId,
        work: &mut Work<'_, V>,
        me: &Me,
        directory: &mut Directory,
        groups: &mut Groups,
        rng: &mut impl CryptoRng,
    ) -> Result<Prepared, V::Error> {
        let state = work.group(group)?.filter(|state| state.standing == GroupStanding::Member);
        let Some(state) = state else { return Ok(give_up(work, item, me, group, rng)) };
        if groups.is_behind(group) {
            return Ok(Prepared::Blocked);
        }
        match &item.draft.payload {
            OutboxPayload::ChangeGroup(intent) => {
                // One after the other: each stands on the roster that the one before made.
                if self.flights.values().any(|flight| flight.lane == item.draft.lane) {
                    return Ok(Prepared::Blocked);
                }
                // Nobody counts what stands on a roster that others do not have.
                if groups.is_unsure(work, me, &state)? {
                    return Ok(Prepared::Blocked);
                }
                prepare_change(item, intent, &state, work, me, rng)
            }
            OutboxPayload::Message { .. }
            | OutboxPayload::Annotation { .. }
            | OutboxPayload::Control { .. } => {
                prepare_message(item, self.fence, &state, work, me, directory, rng)
            }
            OutboxPayload::Resend { .. } => {
                work.write(Write::DeleteOutbox { order: item.order });
                Ok(Prepared::Done)
            }
        }
    }

    /// The relay took a change of ours. Returns its name.
    pub(crate) fn on_changed(&mut self, request: Request) -> Option<MessageId> {
        let (name, _) = self.flights.iter().find(|(_, flight)| flight.request == request)?;
        let name = *name;
        let flight = self.flights.remove(&name)?;
        self.refusals.remove(&flight.lane.to);
        Some(name)
    }

    /// The relay knows a newer roster: it is fetched, and what was sealed under the old one is sealed anew.
    pub(crate) fn on_group_stale<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        groups: &mut Groups,
        (request, message): (Request, MessageId),
        group: GroupId,
    ) {
        if self.take_back(request, message).is_some() {
            self.go_back();
            self.blocked.insert(Party::Group(group), work.now.elapsed + STALE_WAIT);
            groups.want(group);
        }
    }
}

/// What was sealed under the revision that stands; what was sealed under another one is forgotten.
fn sealed_now<V: View>(
    work: &mut Work<'_, V>,
    item: &OutboxItem,
    revision: u64,
) -> Result<Option<Vec<u8>>, V::Error> {
    let Some(kept) = work.view.sealed(item.order)?.into_iter().next() else { return Ok(None) };
    let (at, payload) = kept.payload.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    if u64::from_be_bytes(*at) == revision {
        return Ok(Some(payload.to_vec()));
    }
    work.write(Write::DropSealed { order: item.order });
    Ok(None)
}

fn keep_sealed<V: View>(work: &mut Work<'_, V>, item: &OutboxItem, me: &Me, revision: u64, sealed: &[u8]) {
    let mut payload = revision.to_be_bytes().to_vec();
    payload.extend_from_slice(sealed);
    let sealed = SealedRecord { device: me.address(), payload };
    work.write(Write::PutSealed { order: item.order, sealed });
}

fn prepare_change<V: View>(
    item: &OutboxItem,
    intent: &GroupIntent,
    state: &GroupState,
    work: &mut Work<'_, V>,
    me: &Me,
    rng: &mut impl CryptoRng,
) -> Result<Prepared, V::Error> {
    let revision = state.revision + 1;
    if state.revision == 0 && !matches!(intent, GroupIntent::Create(_)) {
        return Ok(Prepared::Blocked);
    }
    let kept = sealed_now(work, item, revision)?;
    let ready = kept.and_then(|sealed| Some((intent::members_after(me, state, &sealed)?, sealed)));
    let (members, change) = match ready {
        Some(ready) => ready,
        None => {
            let Some(signed) = intent::sign(me, state, intent, rng) else {
                return Ok(give_up(work, item, me, state.group, rng));
            };
            keep_sealed(work, item, me, revision, &signed.sealed);
            (signed.members, signed.sealed)
        }
    };
    let (message, group) = (item.draft.wire_id, state.group);
    let change = ChangeGroup { message, group, revision, change: change.into(), members };
    Ok(Prepared::Ready(ClientBody::ChangeGroup(Box::new(change))))
}

#[allow(clippy::too_many_arguments)] // one item, and everything that has a say in it
fn prepare_message<V: View>(
    item: &OutboxItem,
    fence: u64,
    state: &GroupState,
    work: &mut Work<'_, V>,
    me: &Me,
    directory: &mut Directory,
    rng: &mut impl CryptoRng,
) -> Result<Prepared, V::Error> {
    if state.revision == 0 {
        return Ok(Prepared::Blocked);
    }
    let Some(roster) = state.roster() else { return Ok(Prepared::Blocked) };
    if !roster.may_write(me.address().account.as_bytes()) {
        return Ok(give_up(work, item, me, state.group, rng));
    }
    let payload = match sealed_now(work, item, state.revision)? {
        Some(payload) => payload,
        None => {
            if !keys::make_ready(work, me, directory, &roster, rng)? {
                return Ok(Prepared::Blocked);
            }
            let Some((counter, content)) = content_of(item, work, me, rng)? else {
                work.write(Write::DeleteOutbox { order: item.order });
                return Ok(Prepared::Done);
            };
            let own = work.own_key(state.group)?;
            let sealed = own.as_mut().and_then(|own| own.seal(&content, item.draft.wire_id, counter, rng));
            let Some(sealed) = sealed else { return Ok(give_up(work, item, me, state.group, rng)) };
            keep_sealed(work, item, me, state.revision, &sealed);
            sealed
        }
    };
    if let OutboxPayload::Message { message } = item.draft.payload {
        set_delivery(work, message, Delivery::Sending);
    }
    let (group, revision) = (state.group, state.revision);
    let message = item.draft.wire_id;
    let submit = SubmitToGroup { message, fence, group, revision, payload: payload.into() };
    Ok(Prepared::Ready(ClientBody::SubmitToGroup(submit)))
}

/// What an item says to the group, with the counter of its message, if it is one. `None`: there is nothing to say any more.
fn content_of<V: View>(
    item: &OutboxItem,
    work: &mut Work<'_, V>,
    me: &Me,
    rng: &mut impl CryptoRng,
) -> Result<Option<Counted>, V::Error> {
    match &item.draft.payload {
        OutboxPayload::Message { message } => match work.message(*message)? {
            Some(entry) => {
                let vouches = told::vouch(work, me, &entry, rng)?;
                text_content(work, me, &entry, item.draft.lane.to, None, vouches)
            }
            None => Ok(None),
        },
        OutboxPayload::Annotation { target, .. } => {
            let said = annotate::content(work, me.address().account, *target, item.draft.lane.to)?;
            Ok(said.map(|content| (0, content.encode_padded())))
        }
        OutboxPayload::Control { content, .. } => Ok(Some((0, Zeroizing::new(pad(content))))),
        OutboxPayload::Resend { .. } | OutboxPayload::ChangeGroup(_) => Ok(None),
    }
}

/// The relay does not take a change, now or later. The user sees it; of a group that it does not take we are out.
pub(super) fn change_failed<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    to: Party,
    intent: &GroupIntent,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let Party::Group(group) = to else { return Ok(()) };
    if matches!(intent, GroupIntent::Create(_))
        && let Some(state) = work.group(group)?
    {
        work.put_group(GroupState { standing: GroupStanding::Out, ..state });
    }
    chain::put_event(work, group, me.address(), GroupEvent::NotDone, rng);
    Ok(())
}

/// It cannot be sent: we are out, or may not any more. The user sees it.
fn give_up<V: View>(
    work: &mut Work<'_, V>,
    item: &OutboxItem,
    me: &Me,
    group: GroupId,
    rng: &mut impl CryptoRng,
) -> Prepared {
    work.write(Write::DeleteOutbox { order: item.order });
    work.again = true;
    match &item.draft.payload {
        OutboxPayload::Message { message } => {
            set_delivery(work, *message, Delivery::Failed(FailureReason::NotPermitted));
        }
        OutboxPayload::ChangeGroup(GroupIntent::Settings(_) | GroupIntent::Admit(_)) => {}
        OutboxPayload::ChangeGroup(_) => {
            chain::put_event(work, group, me.address(), GroupEvent::NotDone, rng)
        }
        OutboxPayload::Resend { .. } | OutboxPayload::Annotation { .. } | OutboxPayload::Control { .. } => {}
    }
    Prepared::Done
}
