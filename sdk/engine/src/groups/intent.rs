//! What we want to do to a group: checked at once, put into the outbox, and signed on the roster that stands when it goes out.

use std::sync::Arc;

use rand_core::CryptoRng;
use waxwing_crypto::Ours;
use waxwing_crypto::group::roster::{Change, MEMBERS_MAX, Roster, RosterError, Settings, SignedChange};
use waxwing_crypto::group::{GroupProfile, GroupSecret};
use waxwing_wire::{AccountId, GroupId, MessageId, limits};
use zeroize::Zeroizing;

use super::{Groups, chain, introduce};
use crate::batch::Write;
use crate::commands::Ended;
use crate::directory::Directory;
use crate::effect::{Failure, Outcome};
use crate::me::Me;
use crate::model::{
    ConversationId, GroupEvent, GroupIntent, GroupMember, GroupRole, GroupStanding, GroupState, Lane,
    LaneKind, OutboxDraft, OutboxPayload, Party,
};
use crate::notice::new_message_id;
use crate::registration::own_list;
use crate::view::View;
use crate::work::Work;

/// The lane of a group's changes.
pub(crate) fn lane(group: GroupId) -> Lane {
    Lane { kind: LaneKind::GroupChanges, to: Party::Group(group) }
}

pub(crate) fn post<V: View>(
    work: &mut Work<'_, V>,
    group: GroupId,
    intent: GroupIntent,
    rng: &mut impl CryptoRng,
) {
    let wire_id = new_message_id(work, rng);
    let payload = OutboxPayload::ChangeGroup(intent);
    work.post(OutboxDraft { wire_id, lane: lane(group), payload });
}

/// The version of our device list, under which we sign.
fn list_version(me: &Me) -> u64 {
    own_list(&me.record).map_or(0, |list| list.version())
}

fn bytes_of(accounts: &[AccountId]) -> Vec<[u8; 16]> {
    accounts.iter().map(|account| *account.as_bytes()).collect()
}

/// Makes a group. It can be written to at once; it is at the relay when there is a link.
pub(crate) fn create<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    title: String,
    mut members: Vec<AccountId>,
    rng: &mut impl CryptoRng,
) -> Ended<V> {
    members.sort_unstable();
    members.dedup();
    members.retain(|member| *member != me.address().account);
    if title.len() > limits::GROUP_TITLE_SIZE_MAX_BYTES || members.len() >= MEMBERS_MAX {
        return Ok(Err(Failure::TooLarge));
    }
    for member in &members {
        if work.account(*member)?.is_none() {
            return Ok(Err(Failure::UnknownAccount));
        }
    }
    let secret = GroupSecret::generate(rng);
    let profile = if title.is_empty() {
        Vec::new()
    } else {
        secret.seal_profile(&GroupProfile { title: title.clone(), picture: None }, rng)
    };
    let ours = Ours { address: me.address().to_crypto(), secrets: me.secrets() };
    let settings = Settings::default();
    let made = Roster::create(&ours, list_version(me), settings, &profile, &bytes_of(&members), rng);
    let Ok((roster, created)) = made else { return Ok(Err(Failure::Invalid)) };
    let group = GroupId::from_bytes(roster.group());
    work.put_group(GroupState {
        group,
        revision: 0,
        roster: roster.to_snapshot().into(),
        secret: Zeroizing::new(*secret.to_bytes().expose()),
        standing: GroupStanding::Member,
        title,
        past_epochs: Vec::new(),
        joined: Vec::new(),
        last_by: me.address(),
        vouched_by: None,
    });
    chain::put_event(work, group, me.address(), GroupEvent::Created(members), rng);
    post(work, group, GroupIntent::Create(created.as_bytes().to_vec()), rng);
    Ok(Ok(Outcome::Conversation(ConversationId::group(group))))
}

/// Changes a group, as far as the roster that we know lets us.
pub(crate) fn change<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    conversation: ConversationId,
    mut intent: GroupIntent,
    rng: &mut impl CryptoRng,
) -> Ended<V> {
    let Some(state) = work.group(conversation.as_group())? else { return Ok(Err(Failure::NotFound)) };
    let Some(roster) = state.roster().filter(|_| state.standing == GroupStanding::Member) else {
        return Ok(Err(Failure::NotPermitted));
    };
    match &mut intent {
        GroupIntent::Create(_) | GroupIntent::Admit(_) => return Ok(Err(Failure::Invalid)),
        GroupIntent::Title(title) if title.len() > limits::GROUP_TITLE_SIZE_MAX_BYTES => {
            return Ok(Err(Failure::TooLarge));
        }
        GroupIntent::Add(accounts) => {
            accounts.sort_unstable();
            accounts.dedup();
            for account in accounts {
                if work.account(*account)?.is_none() {
                    return Ok(Err(Failure::UnknownAccount));
                }
            }
        }
        GroupIntent::Remove(accounts) => {
            accounts.sort_unstable();
            accounts.dedup();
        }
        GroupIntent::Title(_)
        | GroupIntent::Picture(_)
        | GroupIntent::Role { .. }
        | GroupIntent::Settings(_) => {}
    }
    // What waits to be sent is not in the roster yet; it is judged again when it is signed.
    let change = unsigned(&intent, &state, rng);
    match roster.permits(me.address().account.as_bytes(), &change) {
        Ok(()) => {}
        Err(RosterError::NotPermitted | RosterError::NoOwner) => return Ok(Err(Failure::NotPermitted)),
        Err(RosterError::TooMany) => return Ok(Err(Failure::TooLarge)),
        Err(_) => return Ok(Err(Failure::Invalid)),
    }
    post(work, state.group, intent, rng);
    Ok(Ok(Outcome::Done))
}

/// Leaves all groups. Where we are the only owner of others, one of them becomes owner first: an admin, if there is one.
pub(crate) fn leave_all<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let own = me.address().account;
    for group in work.view.groups()? {
        let Some(state) = work.group(group)?.filter(|state| state.standing == GroupStanding::Member) else {
            continue;
        };
        let members = state.members();
        let is_owner = |member: &&GroupMember| member.role == GroupRole::Owner;
        let owners: Vec<AccountId> = members.iter().filter(is_owner).map(|member| member.account).collect();
        let others = || members.iter().filter(|member| member.account != own);
        let heir = others().find(|member| member.role == GroupRole::Admin).or_else(|| others().next());
        if let Some(heir) = heir.filter(|_| owners == [own]) {
            post(work, group, GroupIntent::Role { account: heir.account, role: GroupRole::Owner }, rng);
        }
        post(work, group, GroupIntent::Remove(vec![own]), rng);
    }
    Ok(())
}

/// An intent as a change of the roster.
fn unsigned(intent: &GroupIntent, state: &GroupState, rng: &mut impl CryptoRng) -> Change {
    match intent {
        GroupIntent::Create(_) => Change::Add(Vec::new()),
        GroupIntent::Add(accounts) => Change::Add(bytes_of(accounts)),
        GroupIntent::Admit(account) => Change::Add(vec![*account.as_bytes()]),
        GroupIntent::Remove(accounts) => Change::Remove(bytes_of(accounts)),
        GroupIntent::Role { account, role } => {
            Change::Role { account: *account.as_bytes(), role: role.to_crypto() }
        }
        GroupIntent::Settings(settings) => Change::Settings(settings.to_crypto()),
        GroupIntent::Title(title) => {
            let profile = GroupProfile { title: title.clone(), ..state.profile() };
            Change::Profile(GroupSecret::from_bytes(&state.secret).seal_profile(&profile, rng))
        }
        GroupIntent::Picture(picture) => {
            let profile = GroupProfile { picture: *picture, ..state.profile() };
            Change::Profile(GroupSecret::from_bytes(&state.secret).seal_profile(&profile, rng))
        }
    }
}

/// A change as it goes to the relay.
pub(crate) struct Signed {
    /// Sealed under the group's secret.
    pub(crate) sealed: Vec<u8>,
    /// Who is in the group then.
    pub(crate) members: Vec<AccountId>,
}

/// Signs an intent on the roster of the moment. `None`: it does not hold any more.
pub(crate) fn sign(
    me: &Me,
    state: &GroupState,
    intent: &GroupIntent,
    rng: &mut impl CryptoRng,
) -> Option<Signed> {
    let (next, change) = match intent {
        GroupIntent::Create(bytes) if state.revision == 0 => {
            (state.roster()?, SignedChange::parse(bytes).ok()?)
        }
        GroupIntent::Create(_) => return None,
        GroupIntent::Add(_)
        | GroupIntent::Admit(_)
        | GroupIntent::Picture(_)
        | GroupIntent::Remove(_)
        | GroupIntent::Role { .. }
        | GroupIntent::Settings(_)
        | GroupIntent::Title(_) => {
            let ours = Ours { address: me.address().to_crypto(), secrets: me.secrets() };
            let signed = state.roster()?.sign(&ours, list_version(me), unsigned(intent, state, rng)).ok()?;
            (Arc::new(signed.0), signed.1)
        }
    };
    let secret = GroupSecret::from_bytes(&state.secret);
    let sealed = secret.seal_change(state.group.as_bytes(), state.revision + 1, change.as_bytes(), rng);
    let members = next.members().iter().map(|member| AccountId::from_bytes(member.account)).collect();
    Some(Signed { sealed, members })
}

/// Who is in a group after a change of ours that was signed before. `None`: it does not open, or does not follow.
pub(crate) fn members_after(me: &Me, state: &GroupState, sealed: &[u8]) -> Option<Vec<AccountId>> {
    let roster = state.roster()?;
    let next = if state.revision == 0 {
        roster
    } else {
        let secret = GroupSecret::from_bytes(&state.secret);
        let opened = secret.open_change(state.group.as_bytes(), state.revision + 1, sealed)?;
        Arc::new(roster.next(&SignedChange::parse(&opened).ok()?, |_| Some(me.secrets().public())).ok()?)
    };
    Some(next.members().iter().map(|member| AccountId::from_bytes(member.account)).collect())
}

/// A change of ours is in the chain: it need not be sent any more.
pub(crate) fn settle<V: View>(work: &mut Work<'_, V>, group: GroupId, sealed: &[u8]) -> Result<(), V::Error> {
    for item in work.view.outbox(lane(group), 0, 1)? {
        let kept = work.view.sealed(item.order)?;
        if kept.first().and_then(|kept| kept.payload.get(8..)) == Some(sealed) {
            work.write(Write::DeleteOutbox { order: item.order });
            // Only the next step sees that it is gone.
            work.reopened = true;
            work.again = true;
        }
    }
    Ok(())
}

/// The relay took a change of ours.
pub(crate) fn on_changed<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    directory: &mut Directory,
    groups: &mut Groups,
    name: MessageId,
    (group, revision): (GroupId, u64),
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let (Some(item), Some(mut state)) = (work.view.outbox_item(name)?, work.group(group)?) else {
        groups.want(group);
        return Ok(());
    };
    let kept = work.view.sealed(item.order)?;
    let sealed = kept.first().and_then(|kept| kept.payload.get(8..)).unwrap_or_default();
    work.again = true;
    if state.revision + 1 != revision {
        // What is between is missing here. Nobody tells us of our own change again, so it is kept like another's.
        if state.revision < revision {
            super::kept::keep(work, group, revision, name, sealed)?;
            work.write(Write::DeleteOutbox { order: item.order });
            work.reopened = true;
            groups.want(group);
        }
        return Ok(());
    }
    if let OutboxPayload::ChangeGroup(GroupIntent::Create(_)) = item.draft.payload {
        state.revision = 1;
        let own = me.address().account;
        let others: Vec<AccountId> = state.members().into_iter().map(|member| member.account).collect();
        work.put_group(state.clone());
        introduce::introduce(work, &state, others.into_iter().filter(|account| *account != own), rng)?;
        introduce::introduce_own_devices(work, me, directory, &state, rng)?;
        work.write(Write::DeleteOutbox { order: item.order });
        work.reopened = true;
        return Ok(());
    }
    chain::take(work, me, directory, groups, state, sealed, u64::MAX, rng).map(drop)
}

/// Changes of a device that was removed since are vouched for by whoever may: the settings are set to what they are
/// (docs/decisions/0012).
pub(crate) fn confirm_changes_of<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    directory: &mut Directory,
    account: AccountId,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let Some(known) = work.account(account)? else { return Ok(()) };
    for group in work.view.groups()? {
        let Some(state) = work.group(group)?.filter(|state| state.last_by.account == account) else {
            continue;
        };
        let is_listed =
            directory.list(&known).is_some_and(|list| list.device(state.last_by.device.as_bytes()).is_some());
        let intent = GroupIntent::Settings(state.settings());
        let may = state.roster().is_some_and(|roster| {
            roster.permits(me.address().account.as_bytes(), &unsigned(&intent, &state, rng)).is_ok()
        });
        if !is_listed && may && state.standing == GroupStanding::Member {
            post(work, group, intent, rng);
        }
    }
    Ok(())
}
