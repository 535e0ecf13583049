//! The chain of a group's changes: taken in one after the other, as the relay has put them, and held against device lists.

use std::sync::Arc;
use std::time::Duration;

use rand_core::CryptoRng;
use waxwing_crypto::DevicePublic;
use waxwing_crypto::group::GroupSecret;
use waxwing_crypto::group::roster::{Change, Roster, RosterError, SignedChange};
use waxwing_wire::{AccountId, DeviceId, GroupChangeRecord, GroupId, limits};

use super::{Groups, intent, introduce, messages};
use crate::directory::Directory;
use crate::marks::Marks;
use crate::me::Me;
use crate::model::{
    Body, ConversationId, DeviceAddress, GroupEvent, GroupRole, GroupSettings, GroupStanding, GroupState,
    Message, Standing, Status,
};
use crate::notice::new_message_id;
use crate::view::View;
use crate::work::Work;

/// Epochs that are remembered, so that late keys can be held against them.
pub(crate) const EPOCHS_KEPT_MAX: usize = 32;

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It counts, or it never will: the revision is behind us.
    Yes,
    /// It cannot be judged before something is learned.
    Waits,
}

/// What a change turned out to be.
enum Judged {
    /// It holds: this is the roster then. Whether the newest list names the device that signed it.
    Holds(Box<(SignedChange, Roster)>, bool),
    /// By it an account leaves that is deleted, and of which nobody here knows the keys: it is believed without them.
    Left(Box<(SignedChange, Roster)>),
    /// It does not, for any reader.
    Void,
    /// It follows, and nobody here knows the keys of the device that it names: void, as far as we can tell.
    Unknowable,
    /// This account must be learned first.
    Unlearned(AccountId),
}

/// Takes the next change of a group in. `confirmed` is the revision up to which changes are vouched for by a device that is
/// named today (docs/decisions/0012).
#[allow(clippy::too_many_arguments)] // one step, which needs everything that knows a part of the answer
pub(crate) fn take<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    directory: &mut Directory,
    groups: &mut Groups,
    mut state: GroupState,
    sealed: &[u8],
    confirmed: u64,
    rng: &mut impl CryptoRng,
) -> Result<Taken, V::Error> {
    let revision = state.revision + 1;
    let Some(roster) = state.roster() else { return Ok(Taken::Waits) };
    match judge(work, me, directory, groups, &state, &roster, revision, sealed)? {
        Judged::Unlearned(account) => {
            groups.learn_first(directory, (state.group, revision), account);
            Ok(Taken::Waits)
        }
        judged @ (Judged::Void | Judged::Unknowable) => {
            intent::settle(work, state.group, sealed)?;
            state.revision = revision;
            if matches!(judged, Judged::Unknowable) {
                // A device that was gone before we learned its account: others knew it, and count its change.
                let group = state.group;
                work.put_group(state);
                stand_on_nobodys_word(work, groups, group)?;
            } else {
                work.put_group(state);
            }
            Ok(Taken::Yes)
        }
        Judged::Left(held) => {
            let (group, (change, roster)) = (state.group, *held);
            adopt(work, me, directory, groups, state, &change, &roster, rng)?;
            stand_on_nobodys_word(work, groups, group)?;
            Ok(Taken::Yes)
        }
        Judged::Holds(_, false) if revision > confirmed => Ok(Taken::Waits),
        Judged::Holds(held, _) => {
            let (change, roster) = *held;
            if change.signer().address == me.address().to_crypto() {
                intent::settle(work, state.group, sealed)?;
            }
            adopt(work, me, directory, groups, state, &change, &roster, rng)?;
            Ok(Taken::Yes)
        }
    }
}

/// Up to which revision the changes that follow are vouched for: the last one that is signed by a device that its account names
/// today. A device that was removed can so forge no end to a chain.
pub(crate) fn confirmed<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    directory: &mut Directory,
    groups: &Groups,
    state: &GroupState,
    changes: &[GroupChangeRecord],
) -> Result<u64, V::Error> {
    let (mut revision, mut confirmed) = (state.revision, 0);
    let Some(mut roster) = state.roster() else { return Ok(0) };
    for record in changes.iter().filter(|record| record.revision > state.revision) {
        if record.revision != revision + 1 {
            break;
        }
        revision = record.revision;
        match judge(work, me, directory, groups, state, &roster, revision, &record.change)? {
            Judged::Holds(held, is_listed) => {
                roster = Arc::new(held.1);
                if is_listed {
                    confirmed = revision;
                }
            }
            Judged::Left(held) => roster = Arc::new(held.1),
            Judged::Void | Judged::Unknowable => {}
            Judged::Unlearned(_) => break,
        }
    }
    Ok(confirmed)
}

#[allow(clippy::too_many_arguments)] // one question, asked of everything that knows a part of the answer
fn judge<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    directory: &mut Directory,
    groups: &Groups,
    state: &GroupState,
    roster: &Roster,
    revision: u64,
    sealed: &[u8],
) -> Result<Judged, V::Error> {
    let opened = GroupSecret::from_bytes(&state.secret).open_change(state.group.as_bytes(), revision, sealed);
    let Some(change) = opened.and_then(|bytes| SignedChange::parse(&bytes).ok()) else {
        return Ok(Judged::Void);
    };
    let signer = *change.signer();
    let device = DeviceAddress {
        account: AccountId::from_bytes(signer.address.account),
        device: DeviceId::from_bytes(signer.address.device),
    };
    // Whoever is not in the group changes nothing, whatever his lists say.
    if roster.role(&signer.address.account).is_none() {
        return Ok(Judged::Void);
    }
    if device == me.address() {
        let next = roster.next(&change, |_| Some(me.secrets().public()));
        return Ok(next.map_or(Judged::Void, |next| Judged::Holds(Box::new((change, next)), true)));
    }
    let was_asked = groups.consulted.contains(&(state.group, revision));
    let known = work.account(device.account)?;
    let is_final = match &known {
        None if directory.is_lost(device.account) => true,
        // Its last list stands for ever.
        Some(known) if known.standing == Standing::Deleted => true,
        Some(known) if known.standing == Standing::Good => {
            was_asked || known.device_list_version >= signer.list_version
        }
        None | Some(_) => false,
    };
    if !is_final {
        return Ok(Judged::Unlearned(device.account));
    }
    let list = known.as_ref().and_then(|known| directory.list(known));
    let listed = list.and_then(|list| list.device(&signer.address.device)).map(|entry| entry.keys);
    let keys = match listed {
        Some(keys) => Some(keys),
        None => work.view.former_device(device)?.and_then(|bytes| public_of(&bytes)),
    };
    Ok(match roster.next(&change, |_| keys) {
        Ok(next) => Judged::Holds(Box::new((change, next)), listed.is_some()),
        Err(RosterError::UnknownSigner) => match roster.next_of_lost(&change) {
            Ok(next) if known.is_none() => Judged::Left(Box::new((change, next))),
            Ok(_) | Err(_) => Judged::Unknowable,
        },
        Err(_) => Judged::Void,
    })
}

/// Others may know better how the group stands.
fn stand_on_nobodys_word<V: View>(
    work: &mut Work<'_, V>,
    groups: &mut Groups,
    group: GroupId,
) -> Result<(), V::Error> {
    if let Some(state) = work.group(group)? {
        work.put_group(GroupState { vouched_by: Some(GroupState::NOBODY), ..state });
        groups.ask_around(group, Duration::ZERO);
    }
    Ok(())
}

fn public_of(bytes: &[u8; 64]) -> Option<DevicePublic> {
    let (signing, agreement) = bytes.split_first_chunk::<32>()?;
    DevicePublic::parse(*signing, agreement.try_into().ok()?).ok()
}

/// A change holds, ours or another's: the roster is the new one, and the timeline tells.
#[allow(clippy::too_many_arguments)] // one change, and everything that it touches
pub(crate) fn adopt<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    directory: &mut Directory,
    groups: &mut Groups,
    mut state: GroupState,
    change: &SignedChange,
    roster: &Roster,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let own = *me.address().account.as_bytes();
    let before = state.roster();
    let signer = change.signer().address;
    let by = DeviceAddress {
        account: AccountId::from_bytes(signer.account),
        device: DeviceId::from_bytes(signer.device),
    };
    state.revision += 1;
    state.last_by = by;
    state.heard_from(by.account);
    let had_picture = state.picture();
    state.remember_epoch(before.as_deref(), EPOCHS_KEPT_MAX);
    state.roster = roster.to_snapshot().into();
    let written = work.highest_counter(ConversationId::group(state.group), me.address().device)?;
    note_who_came(change, &mut state, written);
    let event = event_of(change, &mut state, had_picture);
    let is_out = roster.role(&own).is_none();
    state.standing = if is_out { GroupStanding::Out } else { GroupStanding::Member };
    let group = state.group;
    for member in roster.members() {
        let account = AccountId::from_bytes(member.account);
        if work.account(account)?.is_none() && !is_out {
            directory.want(account);
        }
    }
    let added = match change.change() {
        Change::Add(accounts) => accounts.clone(),
        Change::Create { .. }
        | Change::Remove(_)
        | Change::Role { .. }
        | Change::Settings(_)
        | Change::Profile(_) => Vec::new(),
    };
    work.put_group(state.clone());
    put_event(work, group, by, event, rng);
    if !is_out {
        messages::show_waiting_of(work, &state, &added)?;
    }
    super::invite::on_change(work, me, group, change.change(), roster, rng)?;
    if let Change::Profile(_) = change.change() {
        super::picture::on_change(work, me, groups, &state, by, rng)?;
    }
    if by == me.address() {
        let added = added.into_iter().map(AccountId::from_bytes);
        introduce::introduce(work, &state, added, rng)?;
    }
    if let Change::Remove(_) = change.change() {
        super::receipts::settle(work, me, group)?;
    }
    if is_out {
        introduce::tell_own_devices(work, me, &state, rng);
        messages::give_up_waiting(work, group)?;
        work.forget_group_keys(group);
    }
    Ok(())
}

/// Whoever comes may have what we write from here on; whoever goes, nothing of it.
fn note_who_came(change: &SignedChange, state: &mut GroupState, written: u64) {
    match change.change() {
        Change::Add(ids) => state.joined.extend(ids.iter().map(|id| (AccountId::from_bytes(*id), written))),
        Change::Remove(ids) => state.joined.retain(|(account, _)| !ids.contains(account.as_bytes())),
        Change::Create { .. } | Change::Role { .. } | Change::Settings(_) | Change::Profile(_) => {}
    }
}

fn event_of(change: &SignedChange, state: &mut GroupState, had_picture: Option<[u8; 32]>) -> GroupEvent {
    let accounts = |ids: &[[u8; 16]]| ids.iter().copied().map(AccountId::from_bytes).collect::<Vec<_>>();
    match change.change() {
        Change::Create { members, .. } => GroupEvent::Created(accounts(members)),
        Change::Add(ids) => GroupEvent::Added(accounts(ids)),
        Change::Remove(ids) if ids[..] == [change.signer().address.account] => GroupEvent::Left,
        Change::Remove(ids) => GroupEvent::Removed(accounts(ids)),
        Change::Role { account, role } => {
            GroupEvent::Role { account: AccountId::from_bytes(*account), role: GroupRole::from_crypto(*role) }
        }
        Change::Settings(settings) => GroupEvent::Settings(GroupSettings::from_crypto(settings)),
        Change::Profile(profile) => {
            let (title, before) = (title_of(state, profile), std::mem::take(&mut state.title));
            state.title = title;
            if state.title != before || state.picture() == had_picture {
                GroupEvent::Title(state.title.clone())
            } else {
                GroupEvent::Picture
            }
        }
    }
}

/// The title that a profile seals; empty, where it seals none that we can read.
pub(crate) fn title_of(state: &GroupState, profile: &[u8]) -> String {
    let opened = GroupSecret::from_bytes(&state.secret).open_profile(profile);
    let title = opened.unwrap_or_default().title;
    if title.len() <= limits::GROUP_TITLE_SIZE_MAX_BYTES { title } else { String::new() }
}

/// Tells in the timeline what somebody did to a group.
pub(crate) fn put_event<V: View>(
    work: &mut Work<'_, V>,
    group: GroupId,
    by: DeviceAddress,
    event: GroupEvent,
    rng: &mut impl CryptoRng,
) {
    let id = new_message_id(work, rng);
    work.put_message(Message {
        id,
        conversation: ConversationId::group(group),
        sender: by,
        counter: 0,
        sent_at_ms: work.now.utc_ms,
        stored_at_ms: work.now.utc_ms,
        body: Body::Group(event),
        marks: Marks::default(),
        edited: false,
        status: Status::Local,
    });
}
