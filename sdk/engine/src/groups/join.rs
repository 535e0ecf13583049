//! The door of a group, from outside: we ask with an invitation, and are let in or refused.

use rand_core::CryptoRng;
use waxwing_crypto::group::GroupInvitation;
use waxwing_wire::{AccountId, GroupId, MessageId};
use zeroize::Zeroizing;

use super::keys;
use crate::batch::Write;
use crate::commands::Ended;
use crate::content::ContentBody;
use crate::directory::Directory;
use crate::effect::{Event, Failure, Outcome};
use crate::me::Me;
use crate::model::{ConversationId, DeviceAddress, GroupStanding, InvitationId, JoinState, Joining};
use crate::settings;
use crate::view::View;
use crate::work::Work;

/// Groups that are remembered to have been asked for. Beyond it, the oldest that were answered are forgotten.
const JOININGS_MAX: usize = 64;

/// How often a request, or an answer to one, is made again to a device that could not open something.
pub(super) const SAID_AGAIN_MAX: u32 = 5;

/// Asks to be in a group. Asking again says the same again.
pub(crate) fn ask<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    directory: &mut Directory,
    invitation: &GroupInvitation,
    rng: &mut impl CryptoRng,
) -> Ended<V> {
    let group = GroupId::from_bytes(*invitation.group());
    if work.group(group)?.is_some_and(|state| state.standing == GroupStanding::Member) {
        return Ok(Ok(Outcome::Conversation(ConversationId::group(group))));
    }
    let now_ms = work.now.utc_ms;
    let now_s = u64::try_from(now_ms / 1_000).unwrap_or(0);
    if invitation.expires_at_s() > 0 && invitation.expires_at_s() <= now_s {
        return Ok(Err(Failure::InvitationOver));
    }
    let own = me.address().account;
    let mut asked = Vec::new();
    for inviter in invitation.inviters() {
        let account = AccountId::from_bytes(inviter.account);
        if account != own && !settings::is_blocked(work, me, account)? {
            asked.push(account);
        }
    }
    if asked.is_empty() {
        return Ok(Err(Failure::Blocked));
    }
    if !make_room(work, group)? {
        return Ok(Err(Failure::TooLarge));
    }
    let (link, state) = (invitation.to_string(), JoinState::Waiting);
    work.put_joining(Joining { group, link, asked_at_ms: now_ms, state });
    for account in asked {
        directory.want(account);
        let token = Zeroizing::new(*invitation.token().expose());
        keys::post(work, group, account, None, ContentBody::AskToJoin { token }, rng);
    }
    Ok(Ok(Outcome::Done))
}

fn make_room<V: View>(work: &mut Work<'_, V>, group: GroupId) -> Result<bool, V::Error> {
    let known = work.view.joinings()?;
    if known.len() < JOININGS_MAX || known.iter().any(|joining| joining.group == group) {
        return Ok(true);
    }
    let answered = known.iter().filter(|joining| joining.state != JoinState::Waiting);
    let Some(oldest) = answered.min_by_key(|joining| joining.asked_at_ms) else { return Ok(false) };
    work.write(Write::DeleteJoining(oldest.group));
    Ok(true)
}

/// Whether a request may go to an account: we still want it, and the account has the key that the invitation means. A relay
/// that shows another one learns no token.
pub(crate) fn may_ask<V: View>(
    work: &mut Work<'_, V>,
    group: GroupId,
    account: AccountId,
) -> Result<bool, V::Error> {
    let joining = work.joining(group)?.filter(|joining| joining.state == JoinState::Waiting);
    let invitation = joining.and_then(|joining| joining.link.parse::<GroupInvitation>().ok());
    let Some(invitation) = invitation else { return Ok(false) };
    let Some(known) = work.account(account)? else { return Ok(false) };
    let mut inviters = invitation.inviters().iter();
    Ok(inviters.any(|inviter| inviter.account == *account.as_bytes() && inviter.is_key(&known.account_key)))
}

/// A device could not open something of ours that was no message: perhaps it was our request. It is made again.
pub(crate) fn say_again<V: View>(
    work: &mut Work<'_, V>,
    to: DeviceAddress,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    for joining in work.view.joinings()? {
        if !may_ask(work, joining.group, to.account)? {
            continue;
        }
        let Ok(invitation) = joining.link.parse::<GroupInvitation>() else { continue };
        let name = MessageId::from_bytes(invitation.id());
        if work.view.repair_attempts(to.device, name)? < SAID_AGAIN_MAX {
            let at_ms = work.now.utc_ms;
            work.write(Write::CountRepair { sender: to.device, wire_id: name, at_ms });
            let token = Zeroizing::new(*invitation.token().expose());
            let body = ContentBody::AskToJoin { token };
            keys::post(work, joining.group, to.account, Some(to.device), body, rng);
        }
    }
    Ok(())
}

/// Somebody refuses us. Whoever is let in after that, by somebody else, is in.
pub(crate) fn on_refused<V: View>(
    work: &mut Work<'_, V>,
    group: GroupId,
    id: InvitationId,
) -> Result<(), V::Error> {
    let Some(joining) = work.joining(group)? else { return Ok(()) };
    let is_ours = joining.link.parse::<GroupInvitation>().is_ok_and(|ours| ours.id() == id.0);
    if is_ours && joining.state == JoinState::Waiting {
        answered(work, Joining { state: JoinState::Refused, ..joining });
    }
    Ok(())
}

/// Somebody brought us into a group: perhaps we asked for it.
pub(crate) fn on_joined<V: View>(work: &mut Work<'_, V>, group: GroupId) -> Result<(), V::Error> {
    if let Some(joining) = work.joining(group)?.filter(|joining| joining.state != JoinState::Joined) {
        // The link has served.
        answered(work, Joining { state: JoinState::Joined, ..joining });
    }
    Ok(())
}

fn answered<V: View>(work: &mut Work<'_, V>, joining: Joining) {
    work.notify(Event::JoinAnswered(ConversationId::group(joining.group)));
    work.put_joining(joining);
}
