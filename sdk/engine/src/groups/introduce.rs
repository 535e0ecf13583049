//! Bringing somebody into a group: what a member knows of it, sealed for whoever comes.
//!
//! The relay gives everybody the chain of changes from the revision of the introduction on. What was before, whoever comes takes
//! from the member that introduces; sender keys of all others name the hash of the roster, so a roster that they do not share opens
//! nothing (docs/decisions/0016).

use rand_core::CryptoRng;
use waxwing_crypto::DeviceList;
use waxwing_crypto::group::roster::Roster;
use waxwing_wire::{AccountId, DeviceId, GroupId, MessageId};
use zeroize::Zeroizing;

use super::{Groups, chain, invite, join, keys, messages, picture};
use crate::batch::Write;
use crate::content::{AskKey, ContentBody, Introduction};
use crate::directory::Directory;
use crate::inbox::Desk;
use crate::me::Me;
use crate::model::{ConversationId, DeviceAddress, GroupEvent, GroupStanding, GroupState, Standing};
use crate::registration::own_list;
use crate::view::View;
use crate::work::Work;

/// Groups that others may bring an account into; beyond it, introductions are not heard.
const GROUPS_MAX: usize = 1_000;

/// Members that are asked at a time how a group stands.
const ASKED_MAX: usize = 3;

/// How often one device is answered about one chain.
const ANSWERS_MAX: u32 = 5;

fn introduction(state: &GroupState) -> ContentBody {
    ContentBody::Introduction(Introduction {
        secret: Zeroizing::new(*state.secret),
        revision: state.revision,
        roster: state.roster.as_bytes().to_vec(),
    })
}

/// Brings accounts into a group.
pub(crate) fn introduce<V: View>(
    work: &mut Work<'_, V>,
    state: &GroupState,
    accounts: impl IntoIterator<Item = AccountId>,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    for account in accounts {
        keys::post(work, state.group, account, None, introduction(state), rng);
        picture::give(work, state, account, None, rng)?;
    }
    Ok(())
}

/// Brings one device into a group.
pub(crate) fn introduce_device<V: View>(
    work: &mut Work<'_, V>,
    state: &GroupState,
    device: DeviceAddress,
    rng: &mut impl CryptoRng,
) {
    keys::post(work, state.group, device.account, Some(device.device), introduction(state), rng);
}

/// Our account is out of a group: those of its devices that were introduced after the change, by somebody who did not know of it yet, are
/// told. The secret is not for who is out.
pub(crate) fn tell_own_devices<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    state: &GroupState,
    rng: &mut impl CryptoRng,
) {
    let own = me.address().account;
    if state.roster().is_none_or(|roster| roster.role(own.as_bytes()).is_some()) {
        return;
    }
    let state = GroupState { secret: Zeroizing::new([0; 32]), ..state.clone() };
    keys::post(work, state.group, own, None, introduction(&state), rng);
}

/// Another device of ours knows that our account is out of a group.
fn on_told<V: View>(
    work: &mut Work<'_, V>,
    from: DeviceAddress,
    known: GroupState,
    introduction: Introduction,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let believes = known.standing == GroupStanding::Member && known.vouched_by.is_some();
    if !believes || introduction.revision <= known.revision {
        return Ok(());
    }
    let group = known.group;
    chain::put_event(work, group, from, GroupEvent::Removed(vec![from.account]), rng);
    work.put_group(GroupState {
        revision: introduction.revision,
        roster: introduction.roster.into(),
        standing: GroupStanding::Out,
        ..known
    });
    messages::give_up_waiting(work, group)?;
    work.forget_group_keys(group);
    Ok(())
}

/// An introduction by another account takes the place of nothing here.
fn on_old_news<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    from: DeviceAddress,
    known: GroupState,
    roster: &Roster,
    rng: &mut impl CryptoRng,
) {
    if known.standing == GroupStanding::Out {
        // It may have gone to a device of ours that believes it.
        tell_own_devices(work, me, &known, rng);
    } else if known.is_unsure() && known.roster().is_some_and(|ours| ours.epoch() == roster.epoch()) {
        work.put_group(GroupState { vouched_by: Some(from.account), ..known });
    }
}

/// Somebody brings us into a group.
pub(crate) fn on_introduction<V: View>(
    work: &mut Work<'_, V>,
    desk: &mut Desk<'_>,
    from: DeviceAddress,
    group: GroupId,
    introduction: Introduction,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let Ok(roster) = Roster::from_snapshot(&introduction.roster) else { return Ok(()) };
    let own = desk.me.address().account;
    let known = work.group(group)?;
    if from.account == own && roster.role(own.as_bytes()).is_none() {
        let known = known.filter(|_| roster.group() == *group.as_bytes());
        return known.map_or(Ok(()), |known| on_told(work, from, known, introduction, rng));
    }
    let fits = roster.group() == *group.as_bytes()
        && roster.role(own.as_bytes()).is_some()
        && roster.role(from.account.as_bytes()).is_some()
        && introduction.revision > 0;
    let is_news = match &known {
        None => work.view.groups()?.len() < GROUPS_MAX,
        // Out, and back again.
        Some(known) if known.standing == GroupStanding::Out => introduction.revision > known.revision,
        Some(known) => is_better(desk.groups, known, &roster, from.account),
    };
    if !fits || !is_news {
        if let Some(known) = known.filter(|_| fits && from.account != own) {
            on_old_news(work, desk.me, from, known, &roster, rng);
        }
        return Ok(());
    }
    desk.groups.introduced(group, from.account);
    let was_member = known.as_ref().is_some_and(|known| known.standing == GroupStanding::Member);
    let joined = match &known {
        Some(known) => who_came(work, desk.me.address().device, known, &roster)?,
        None => Vec::new(),
    };
    let mut state = GroupState {
        group,
        revision: introduction.revision,
        roster: introduction.roster.into(),
        secret: introduction.secret,
        standing: GroupStanding::Member,
        title: String::new(),
        past_epochs: Vec::new(),
        joined,
        last_by: from,
        vouched_by: Some(from.account),
    };
    state.title = chain::title_of(&state, roster.profile());
    if !was_member {
        chain::put_event(work, group, from, GroupEvent::Joined, rng);
    }
    work.put_group(state.clone());
    join::on_joined(work, group)?;
    if let Some(hash) = state.picture()
        && work.view.group_picture(group, hash)?.is_none()
    {
        desk.groups.want_picture(group, work.now.elapsed);
    }
    for member in roster.members() {
        let account = AccountId::from_bytes(member.account);
        if work.account(account)?.is_none() {
            desk.directory.want(account);
        }
    }
    messages::show_waiting(work, &state)?;
    desk.groups.want(group);
    desk.groups.take_soon(group);
    desk.groups.open_all_soon(work, group)?;
    work.again = true;
    Ok(())
}

/// Above which of our counters members may read, where another roster takes the place of ours: whoever is in it for the first time
/// reads nothing of what we wrote before.
fn who_came<V: View>(
    work: &mut Work<'_, V>,
    own: DeviceId,
    known: &GroupState,
    roster: &Roster,
) -> Result<Vec<(AccountId, u64)>, V::Error> {
    let written = work.highest_counter(ConversationId::group(known.group), own)?;
    let members = roster.members().iter().map(|member| AccountId::from_bytes(member.account));
    let above = |account| (account, known.readable_above(account).unwrap_or(written));
    Ok(members.map(above).filter(|(_, counter)| *counter > 0).collect())
}

/// Whether another member's introduction takes the place of a roster that stands on one account's word. Each account is heard once,
/// and whenever it was asked.
fn is_better(groups: &Groups, known: &GroupState, roster: &Roster, from: AccountId) -> bool {
    let is_open = known.vouched_by.is_some_and(|voucher| voucher != from);
    let epoch = (roster.epoch().number, roster.epoch().roster_hash);
    let is_ours = known.roster().is_some_and(|ours| ours.epoch() == roster.epoch());
    is_open && !is_ours && !known.past_epochs.contains(&epoch) && groups.may_introduce(known.group, from)
}

/// Asks a member to bring us in.
pub(crate) fn ask<V: View>(
    work: &mut Work<'_, V>,
    from: DeviceAddress,
    group: GroupId,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let ask = AskKey { chain: *group.as_bytes(), introduce: true };
    keys::post(work, group, from.account, Some(from.device), ContentBody::AskKey(ask), rng);
    Ok(())
}

/// Who can tell how a group stands, where a change of it could not be judged here.
pub(super) fn witnesses<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    state: &GroupState,
) -> Result<Vec<AccountId>, V::Error> {
    let mut witnesses = Vec::new();
    for account in state.members().into_iter().map(|member| member.account) {
        let known = work.account(account)?.filter(|known| known.standing == Standing::Good);
        if known.is_some() && account != me.address().account {
            witnesses.push(account);
        }
    }
    Ok(witnesses)
}

/// Asks some of the other members how a group stands; where it is not known here, the other devices of this account.
pub(super) fn ask_around<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    group: GroupId,
    state: Option<&GroupState>,
    rng: &mut impl CryptoRng,
) -> Result<Vec<AccountId>, V::Error> {
    let mut witnesses = match state {
        Some(state) => witnesses(work, me, state)?,
        None => vec![me.address().account],
    };
    let first = (rng.next_u32() as usize).checked_rem(witnesses.len()).unwrap_or(0);
    witnesses.rotate_left(first);
    witnesses.truncate(ASKED_MAX);
    for account in &witnesses {
        let ask = AskKey { chain: *group.as_bytes(), introduce: true };
        keys::post(work, group, *account, None, ContentBody::AskKey(ask), rng);
    }
    Ok(witnesses)
}

/// A device cannot open messages of a group: it is given the key, and brought in where it does not know the group.
pub(crate) fn on_ask<V: View>(
    work: &mut Work<'_, V>,
    from: DeviceAddress,
    group: GroupId,
    ask: AskKey,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let Some(state) = work.group(group)?.filter(|state| state.standing == GroupStanding::Member) else {
        return Ok(());
    };
    let is_member = state.roster().is_some_and(|roster| roster.role(from.account.as_bytes()).is_some());
    let name = MessageId::from_bytes(ask.chain);
    if !is_member || work.view.repair_attempts(from.device, name)? >= ANSWERS_MAX {
        return Ok(());
    }
    let at_ms = work.now.utc_ms;
    work.write(Write::CountRepair { sender: from.device, wire_id: name, at_ms });
    if ask.introduce && state.revision > 0 && !state.is_unsure() {
        keys::post(work, group, from.account, Some(from.device), introduction(&state), rng);
    }
    keys::give_again(work, group, from, ask.chain, rng)
}

/// Our account has further devices: they are brought into every group.
pub(crate) fn introduce_new_devices<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    before: Option<&DeviceList>,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let Some(now) = own_list(&me.record) else { return Ok(()) };
    let is_new = |device: &[u8; 16]| before.is_some_and(|before| before.device(device).is_none());
    let own = *me.address().device.as_bytes();
    let new =
        now.devices().iter().map(|entry| entry.device).filter(|device| *device != own && is_new(device));
    for device in new.map(DeviceId::from_bytes) {
        introduce_own_device(work, me, device, rng)?;
    }
    Ok(())
}

/// Another device of ours is brought into every group.
pub(crate) fn introduce_own_device<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    device: DeviceId,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    for group in work.view.groups()? {
        if let Some(state) = work.group(group)?.filter(|state| state.revision > 0) {
            let own = me.address().account;
            keys::post(work, group, own, Some(device), introduction(&state), rng);
            picture::give(work, &state, own, Some(device), rng)?;
            invite::tell_all(work, group, own, Some(device), rng)?;
        }
    }
    Ok(())
}

/// Our other devices are brought into a group.
pub(crate) fn introduce_own_devices<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    directory: &mut Directory,
    state: &GroupState,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let own = me.address().account;
    let Some(known) = work.account(own)? else { return Ok(()) };
    if directory.list(&known).is_some_and(|list| list.devices().len() > 1) {
        introduce(work, state, [own], rng)?;
    }
    Ok(())
}

/// Who else is in a group, but for accounts that are deleted: they tell nothing any more. `None`: the group is not known here.
pub(crate) fn others<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    conversation: ConversationId,
) -> Result<Option<Vec<AccountId>>, V::Error> {
    let Some(state) = work.group(conversation.as_group())? else { return Ok(None) };
    let own = me.address().account;
    let mut others = Vec::new();
    for member in state.members().into_iter().filter(|member| member.account != own) {
        let known = work.account(member.account)?;
        if known.is_none_or(|known| known.standing != Standing::Deleted) {
            others.push(member.account);
        }
    }
    Ok(Some(others))
}
