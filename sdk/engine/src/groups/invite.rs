//! The door of a group, from inside: invitations are made and taken back, and who asks is let in or refused.
//!
//! ```text
//!   invite --link, out of band--> somebody --AskToJoin--> each account that the link names
//!     |                                                     |  needs approval: waits for admit or refuse
//!     +--Invitations, to the other keepers------------------+  else: let in at once, by whoever is first
//! ```
//!
//! Keepers of an invitation are the owners and admins, and whoever made it. Members who are none of these know no invitation
//! (docs/decisions/0017).

use std::collections::BTreeSet;
use std::sync::Arc;

use rand_core::CryptoRng;
use waxwing_crypto::group::roster::{Change, Role, Roster};
use waxwing_crypto::group::{GroupInvitation, INVITERS_MAX, Inviter};
use waxwing_wire::{AccountId, DeviceId, GroupId, MessageId};

use super::{chain, intent, introduce, join, keys};
use crate::batch::Write;
use crate::commands::Ended;
use crate::content::{AskKey, ContentBody};
use crate::effect::{Event, Failure, Outcome};
use crate::inbox::Desk;
use crate::me::Me;
use crate::model::{
    ConversationId, DeviceAddress, Door, GroupEvent, GroupIntent, GroupStanding, Heard, Invitation,
    InvitationId, JoinRequest, OutboxPayload, Standing, may_add,
};
use crate::view::View;
use crate::work::Work;

/// Accounts that are told of an invitation.
const KEEPERS_MAX: usize = 64;

/// Changes of a group that wait to go out and are looked at, so that nobody is let in twice.
const INTENTS_MAX: usize = 256;

fn leads(roster: &Roster, account: AccountId) -> bool {
    matches!(roster.role(account.as_bytes()), Some(Role::Owner | Role::Admin))
}

/// The roster of a group that we are in.
fn roster_of<V: View>(work: &mut Work<'_, V>, group: GroupId) -> Result<Option<Arc<Roster>>, V::Error> {
    let state = work.group(group)?.filter(|state| state.standing == GroupStanding::Member);
    Ok(state.and_then(|state| state.roster()))
}

/// The same, if we may let others in.
fn roster_to_add_to<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    group: GroupId,
) -> Result<Option<Arc<Roster>>, V::Error> {
    Ok(roster_of(work, group)?.filter(|roster| may_add(roster, me.address().account)))
}

/// Who is told of something about invitations that these accounts made: the owners and admins, these, and our own devices.
fn keepers(roster: &Roster, me: &Me, makers: &[AccountId]) -> BTreeSet<AccountId> {
    let members = roster.members().iter().map(|member| AccountId::from_bytes(member.account));
    let told = members.filter(|account| leads(roster, *account) || makers.contains(account));
    told.take(KEEPERS_MAX).chain([me.address().account]).collect()
}

/// Makes an invitation.
pub(crate) fn invite<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    conversation: ConversationId,
    needs_approval: bool,
    expires_at_ms: i64,
    rng: &mut impl CryptoRng,
) -> Ended<V> {
    let group = conversation.as_group();
    if work.group(group)?.is_none() {
        return Ok(Err(Failure::NotFound));
    }
    let own = me.address().account;
    let Some(roster) = roster_to_add_to(work, me, group)? else { return Ok(Err(Failure::NotPermitted)) };
    if expires_at_ms < 0 || (expires_at_ms > 0 && expires_at_ms <= work.now.utc_ms) {
        return Ok(Err(Failure::Invalid));
    }
    let inviters = inviters(work, me, &roster)?;
    let expires_at_s = expires_at_ms.unsigned_abs().div_ceil(1_000);
    let made = GroupInvitation::new(*group.as_bytes(), me.record.handle.as_str(), &inviters, rng)
        .with_terms(needs_approval, expires_at_s);
    let id = InvitationId(made.id());
    let invitation = Invitation {
        id,
        by: own,
        inviters: inviters.iter().map(|inviter| AccountId::from_bytes(inviter.account)).collect(),
        made_at_ms: work.now.utc_ms,
        expires_at_ms,
        needs_approval,
        revoked: false,
        link: made.to_string(),
    };
    let mut door = work.door(group)?;
    if !door.learn(invitation.clone(), work.now.utc_ms) {
        return Ok(Err(Failure::TooLarge));
    }
    work.put_door(group, door);
    tell(work, me, &roster, group, &[own], (&[invitation], &[]), rng);
    Ok(Ok(Outcome::Invitation(id)))
}

/// Whom a new invitation names: ourselves, and others who may let in, so that it serves while we are away.
fn inviters<V: View>(work: &mut Work<'_, V>, me: &Me, roster: &Roster) -> Result<Vec<Inviter>, V::Error> {
    let own = me.address().account;
    let mut named = vec![Inviter::new(*own.as_bytes(), &me.record.account_public)];
    for member in roster.members() {
        let account = AccountId::from_bytes(member.account);
        if named.len() < INVITERS_MAX && account != own && leads(roster, account) {
            let known = work.account(account)?.filter(|known| known.standing == Standing::Good);
            named.extend(known.map(|known| Inviter::new(member.account, &known.account_key)));
        }
    }
    Ok(named)
}

/// Takes an invitation back. Who waits by it is refused.
pub(crate) fn revoke<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    conversation: ConversationId,
    id: InvitationId,
    rng: &mut impl CryptoRng,
) -> Ended<V> {
    let group = conversation.as_group();
    let own = me.address().account;
    let mut door = work.door(group)?;
    let Some(known) = door.invitation(id).cloned() else { return Ok(Err(Failure::NotFound)) };
    let Some(roster) = roster_of(work, group)? else { return Ok(Err(Failure::NotPermitted)) };
    if known.by != own && !leads(&roster, own) {
        return Ok(Err(Failure::NotPermitted));
    }
    let gone = Invitation { revoked: true, ..known };
    door.learn(gone.clone(), work.now.utc_ms);
    let waiting: Vec<JoinRequest> =
        door.requests.iter().filter(|asks| asks.invitation == id && !asks.refused).copied().collect();
    for asks in &waiting {
        door.refuse(*asks);
        post_refusal(work, group, asks.account, id, rng);
    }
    work.put_door(group, door);
    let refused: Vec<JoinRequest> =
        waiting.into_iter().map(|asks| JoinRequest { refused: true, ..asks }).collect();
    tell(work, me, &roster, group, &[gone.by], (&[gone], &refused), rng);
    Ok(Ok(Outcome::Done))
}

/// Lets in somebody who waits.
pub(crate) fn admit<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    conversation: ConversationId,
    account: AccountId,
    rng: &mut impl CryptoRng,
) -> Ended<V> {
    let group = conversation.as_group();
    if !work.door(group)?.waits(account) {
        return Ok(Err(Failure::NotFound));
    }
    if roster_to_add_to(work, me, group)?.is_none() {
        return Ok(Err(Failure::NotPermitted));
    }
    let_in(work, group, account, rng)?;
    Ok(Ok(Outcome::Done))
}

/// Refuses somebody who waits.
pub(crate) fn refuse<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    conversation: ConversationId,
    account: AccountId,
    rng: &mut impl CryptoRng,
) -> Ended<V> {
    let group = conversation.as_group();
    let mut door = work.door(group)?;
    let asks = door.requests.iter().find(|asks| asks.account == account && !asks.refused).copied();
    let Some(asks) = asks else { return Ok(Err(Failure::NotFound)) };
    let Some(roster) = roster_to_add_to(work, me, group)? else { return Ok(Err(Failure::NotPermitted)) };
    door.refuse(asks);
    let maker = door.invitation(asks.invitation).map(|invitation| invitation.by);
    work.put_door(group, door);
    post_refusal(work, group, account, asks.invitation, rng);
    let refused = JoinRequest { refused: true, ..asks };
    tell(work, me, &roster, group, maker.as_slice(), (&[], &[refused]), rng);
    Ok(Ok(Outcome::Done))
}

/// Posts the change that lets somebody in, if it is not on its way.
fn let_in<V: View>(
    work: &mut Work<'_, V>,
    group: GroupId,
    account: AccountId,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let admit = GroupIntent::Admit(account);
    let waiting = work.view.outbox(intent::lane(group), 0, INTENTS_MAX)?;
    let is_on_its_way =
        |payload: &OutboxPayload| matches!(payload, OutboxPayload::ChangeGroup(intent) if *intent == admit);
    if !waiting.iter().any(|item| is_on_its_way(&item.draft.payload)) {
        intent::post(work, group, admit, rng);
    }
    Ok(())
}

/// Tells somebody who asked that he is not let in.
fn post_refusal<V: View>(
    work: &mut Work<'_, V>,
    group: GroupId,
    account: AccountId,
    invitation: InvitationId,
    rng: &mut impl CryptoRng,
) {
    keys::post(work, group, account, None, ContentBody::JoinRefused { invitation }, rng);
}

/// Tells the other keepers, in the sessions with their devices.
fn tell<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    roster: &Roster,
    group: GroupId,
    makers: &[AccountId],
    (invitations, requests): (&[Invitation], &[JoinRequest]),
    rng: &mut impl CryptoRng,
) {
    let (invitations, requests) = (invitations.to_vec(), requests.to_vec());
    let body = ContentBody::Invitations { invitations, requests };
    for account in keepers(roster, me, makers) {
        keys::post(work, group, account, None, body.clone(), rng);
    }
}

/// Tells all that is known of the door to an account that keeps it from now on, or to one device.
pub(crate) fn tell_all<V: View>(
    work: &mut Work<'_, V>,
    group: GroupId,
    account: AccountId,
    device: Option<DeviceId>,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let Door { invitations, requests } = work.door(group)?;
    if !invitations.is_empty() || !requests.is_empty() {
        let body = ContentBody::Invitations { invitations, requests };
        keys::post(work, group, account, device, body, rng);
    }
    Ok(())
}

/// A device could not open something of ours that was no message: perhaps it was a refusal, or what a keeper is told of the door.
pub(crate) fn say_again<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    to: DeviceAddress,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    for group in work.view.groups()? {
        let Some(roster) = roster_of(work, group)? else { continue };
        let door = work.door(group)?;
        let keeps = to.account == me.address().account || leads(&roster, to.account);
        let is_refusal = |asks: &&JoinRequest| asks.account == to.account && asks.refused;
        let refused = door.requests.iter().find(is_refusal).map(|asks| asks.invitation);
        let name = MessageId::from_bytes(refused.map_or(*group.as_bytes(), |invitation| invitation.0));
        let has_something = refused.is_some() || (keeps && !door.invitations.is_empty());
        if !has_something || work.view.repair_attempts(to.device, name)? >= join::SAID_AGAIN_MAX {
            continue;
        }
        let at_ms = work.now.utc_ms;
        work.write(Write::CountRepair { sender: to.device, wire_id: name, at_ms });
        if let Some(invitation) = refused {
            post_refusal(work, group, to.account, invitation, rng);
        }
        if keeps && leads(&roster, me.address().account) {
            tell_all(work, group, to.account, Some(to.device), rng)?;
        }
    }
    Ok(())
}

/// A change of the roster holds: who came does not ask any more, and who keeps the door from now on is told all of it, by
/// each device that does already, so that nothing said meanwhile is missed.
pub(crate) fn on_change<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    group: GroupId,
    change: &Change,
    roster: &Roster,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    match change {
        Change::Add(ids) => {
            let accounts: Vec<AccountId> = ids.iter().copied().map(AccountId::from_bytes).collect();
            let mut door = work.door(group)?;
            if door.settle(&accounts) {
                work.put_door(group, door);
            }
        }
        Change::Role { account, role: Role::Owner | Role::Admin } => {
            let account = AccountId::from_bytes(*account);
            let own = me.address().account;
            if account != own && leads(roster, own) {
                tell_all(work, group, account, None, rng)?;
            }
        }
        Change::Create { .. }
        | Change::Remove(_)
        | Change::Role { role: Role::Member, .. }
        | Change::Settings(_)
        | Change::Profile(_) => {}
    }
    Ok(())
}

/// Another keeper tells what it knows.
pub(crate) fn on_invitations<V: View>(
    work: &mut Work<'_, V>,
    desk: &mut Desk<'_>,
    from: DeviceAddress,
    group: GroupId,
    invitations: Vec<Invitation>,
    requests: Vec<JoinRequest>,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let Some(roster) = roster_of(work, group)? else { return Ok(()) };
    let own = desk.me.address().account;
    let is_trusted = from.account == own || leads(&roster, from.account);
    let is_maker = roster.role(from.account.as_bytes()).is_some();
    let now_ms = work.now.utc_ms;
    let mut door = work.door(group)?;
    let mut is_news = false;
    for said in invitations {
        let known_by = door.invitation(said.id).map_or(said.by, |known| known.by);
        if is_trusted || (is_maker && said.by == from.account && known_by == from.account) {
            is_news |= door.learn(said, now_ms);
        }
    }
    if is_news {
        work.put_door(group, door);
    }
    for asks in requests.into_iter().filter(|_| is_trusted) {
        if roster.role(asks.account.as_bytes()).is_some() {
            continue;
        }
        if asks.refused {
            let mut door = work.door(group)?;
            if door.waits(asks.account) {
                door.refuse(asks);
                work.put_door(group, door);
            }
        } else if may_add(&roster, own) {
            desk.directory.want(asks.account);
            wait(work, group, asks, rng)?;
        }
    }
    Ok(())
}

/// Somebody waits for an answer from now on. Returns what came of it.
fn wait<V: View>(
    work: &mut Work<'_, V>,
    group: GroupId,
    asks: JoinRequest,
    rng: &mut impl CryptoRng,
) -> Result<Heard, V::Error> {
    let mut door = work.door(group)?;
    let heard = door.ask(asks);
    if heard == Heard::New {
        work.put_door(group, door);
        let by = DeviceAddress { account: asks.account, device: DeviceId::from_bytes([0; 16]) };
        chain::put_event(work, group, by, GroupEvent::AsksToJoin, rng);
        let conversation = ConversationId::group(group);
        work.notify(Event::JoinRequested { conversation, account: asks.account });
    }
    Ok(heard)
}

/// Somebody shows the token of an invitation and asks to be in the group.
///
/// A token of no invitation is not answered: whoever guesses learns nothing. One of an invitation that is over is: whoever
/// has it was invited once, and should not wait for ever.
pub(crate) fn on_ask<V: View>(
    work: &mut Work<'_, V>,
    desk: &Desk<'_>,
    from: DeviceAddress,
    group: GroupId,
    token: &[u8; 16],
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let Some(roster) = roster_of(work, group)? else { return Ok(()) };
    let (me, own) = (desk.me, desk.me.address().account);
    if from.account == own {
        return Ok(());
    }
    if roster.role(from.account.as_bytes()).is_some() {
        // In already, and does not know it.
        let ask = AskKey { chain: *group.as_bytes(), introduce: true };
        return introduce::on_ask(work, from, group, ask, rng);
    }
    let id = InvitationId(GroupInvitation::id_of(group.as_bytes(), token));
    let door = work.door(group)?;
    let known = door.invitation(id).cloned().filter(|_| may_add(&roster, own));
    let Some(invitation) = known else { return Ok(()) };
    if invitation.is_over(work.now.utc_ms) || !may_add(&roster, invitation.by) {
        post_refusal(work, group, from.account, id, rng);
        return Ok(());
    }
    if !invitation.needs_approval {
        return let_in(work, group, from.account, rng);
    }
    let (account, asked_at_ms) = (from.account, work.now.utc_ms);
    let asks = JoinRequest { account, invitation: id, asked_at_ms, refused: false };
    match wait(work, group, asks, rng)? {
        Heard::New => {
            // Those whom the link does not name would not hear of it.
            let body = ContentBody::Invitations { invitations: Vec::new(), requests: vec![asks] };
            for keeper in keepers(&roster, me, &[invitation.by]) {
                if !invitation.inviters.contains(&keeper) {
                    keys::post(work, group, keeper, None, body.clone(), rng);
                }
            }
        }
        Heard::Refused => post_refusal(work, group, from.account, id, rng),
        Heard::Known | Heard::Dropped => {}
    }
    Ok(())
}
