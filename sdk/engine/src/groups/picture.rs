//! A group's picture: the profile names it by its hash, and its bytes go from member to member.
//!
//! ```text
//!   set --bytes into the store, hash into the chain--> change counts --bytes, under the sender key--> all who read then
//!                                                                    \--bytes, with the introduction--> who comes
//!                                                      hash, no bytes --AskGroupPicture--> a member, and the next one
//! ```
//!
//! Bytes count only if the hash of the profile is theirs; whoever sends them.

use rand_core::CryptoRng;
use waxwing_crypto::group::picture_hash;
use waxwing_wire::{AccountId, DeviceId, GroupId, MessageId, limits};

use super::{Groups, intent, keys};
use crate::batch::Write;
use crate::commands::Ended;
use crate::content::{Content, ContentBody};
use crate::directory::Directory;
use crate::effect::Failure;
use crate::me::Me;
use crate::model::{
    ConversationId, DeviceAddress, GroupIntent, GroupStanding, GroupState, Lane, LaneKind, OutboxDraft,
    OutboxPayload, Party,
};
use crate::notice::new_message_id;
use crate::view::View;
use crate::work::Work;

/// How often a member is asked for a picture, one after the other.
const PICTURE_ASKS_MAX: u32 = 8;

/// Changes of a group that wait to go out and are looked at.
const INTENTS_MAX: usize = 256;

/// How often one device is given one picture.
const ANSWERS_MAX: u32 = 3;

/// Sets a group's picture, or takes it away.
pub(crate) fn set<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    conversation: ConversationId,
    picture: Option<Vec<u8>>,
    rng: &mut impl CryptoRng,
) -> Ended<V> {
    let Some(picture) = picture else {
        return intent::change(work, me, conversation, GroupIntent::Picture(None), rng);
    };
    if picture.len() > limits::GROUP_PICTURE_SIZE_MAX_BYTES {
        return Ok(Err(Failure::TooLarge));
    }
    if picture.is_empty() {
        return Ok(Err(Failure::Invalid));
    }
    let hash = picture_hash(&picture);
    let ended = intent::change(work, me, conversation, GroupIntent::Picture(Some(hash)), rng)?;
    if ended.is_ok() {
        work.write(Write::PutGroupPicture { group: conversation.as_group(), hash, picture });
    }
    Ok(ended)
}

/// A change of the profile holds. Whoever made it gives the picture to all; the others have it soon, or ask.
pub(crate) fn on_change<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    groups: &mut Groups,
    state: &GroupState,
    by: DeviceAddress,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let hash = state.picture();
    // What we set ourselves, and is still to go out, must be there then.
    let waiting = work.view.outbox(intent::lane(state.group), 0, INTENTS_MAX)?;
    let is_another = |payload: &OutboxPayload| match payload {
        OutboxPayload::ChangeGroup(GroupIntent::Picture(next)) => next.is_some() && *next != hash,
        OutboxPayload::ChangeGroup(_)
        | OutboxPayload::Message { .. }
        | OutboxPayload::Resend { .. }
        | OutboxPayload::Annotation { .. }
        | OutboxPayload::Control { .. } => false,
    };
    if !waiting.iter().any(|item| is_another(&item.draft.payload)) {
        work.write(Write::DropGroupPictures { group: state.group, except: hash });
    }
    let Some(hash) = hash else { return Ok(()) };
    match work.view.group_picture(state.group, hash)? {
        Some(picture) if by == me.address() => {
            let to = Party::Group(state.group);
            let body = ContentBody::GroupPicture { picture };
            let content = Content { conversation: ConversationId::group(state.group), to, body }.encode();
            let wire_id = new_message_id(work, rng);
            let payload = OutboxPayload::Control { content, device: None };
            work.post(OutboxDraft { wire_id, lane: Lane { kind: LaneKind::Keys, to }, payload });
        }
        Some(_) => {}
        None => groups.want_picture(state.group, work.now.elapsed),
    }
    Ok(())
}

/// Gives the picture to somebody who comes.
pub(crate) fn give<V: View>(
    work: &mut Work<'_, V>,
    state: &GroupState,
    account: AccountId,
    device: Option<DeviceId>,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let Some(hash) = state.picture() else { return Ok(()) };
    if let Some(picture) = work.view.group_picture(state.group, hash)? {
        keys::post(work, state.group, account, device, ContentBody::GroupPicture { picture }, rng);
    }
    Ok(())
}

/// A member gives us the picture.
pub(crate) fn on_picture<V: View>(
    work: &mut Work<'_, V>,
    groups: &mut Groups,
    group: GroupId,
    picture: Vec<u8>,
) -> Result<(), V::Error> {
    let hash = picture_hash(&picture);
    if work.group(group)?.and_then(|state| state.picture()) == Some(hash) {
        work.write(Write::PutGroupPicture { group, hash, picture });
        groups.has_picture(group);
        work.touch(ConversationId::group(group));
    }
    Ok(())
}

/// A member lacks the picture.
pub(crate) fn on_ask<V: View>(
    work: &mut Work<'_, V>,
    from: DeviceAddress,
    group: GroupId,
    hash: [u8; 32],
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let state = work.group(group)?.filter(|state| state.standing == GroupStanding::Member);
    let Some(state) = state.filter(|state| state.picture() == Some(hash)) else { return Ok(()) };
    let is_member = state.roster().is_some_and(|roster| roster.role(from.account.as_bytes()).is_some());
    let mut name = [0; 16];
    name.copy_from_slice(&hash[..16]);
    let name = MessageId::from_bytes(name);
    if !is_member || work.view.repair_attempts(from.device, name)? >= ANSWERS_MAX {
        return Ok(());
    }
    let at_ms = work.now.utc_ms;
    work.write(Write::CountRepair { sender: from.device, wire_id: name, at_ms });
    give(work, &state, from.account, Some(from.device), rng)
}

/// Asks a member for a picture that has not come: first whoever made the last change, then one after the other. Returns whether
/// it makes sense to ask again.
pub(crate) fn ask<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    directory: &mut Directory,
    group: GroupId,
    times: u32,
    rng: &mut impl CryptoRng,
) -> Result<bool, V::Error> {
    let state = work.group(group)?.filter(|state| state.standing == GroupStanding::Member);
    let Some((state, hash)) = state.and_then(|state| state.picture().map(|hash| (state, hash))) else {
        return Ok(false);
    };
    if times >= PICTURE_ASKS_MAX || work.view.group_picture(group, hash)?.is_some() {
        return Ok(false);
    }
    let own = me.address().account;
    let mut members: Vec<AccountId> = state.members().into_iter().map(|member| member.account).collect();
    members.sort_unstable_by_key(|member| (*member != state.last_by.account, *member));
    members.retain(|member| *member != own);
    let Some(member) = members.get(times as usize % members.len().max(1)).copied() else { return Ok(false) };
    if let Some(known) = work.account(member)?
        && let Some(entry) = directory.list(&known).and_then(|list| list.devices().first())
    {
        let device = DeviceId::from_bytes(entry.device);
        keys::post(work, group, member, Some(device), ContentBody::AskGroupPicture { hash }, rng);
    }
    Ok(true)
}
