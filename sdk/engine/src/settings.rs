//! Settings of conversations: set here, heard from our other devices and, for the timer, from the other side.

use rand_core::CryptoRng;
use waxwing_crypto::group::roster::{Change, Roster};
use waxwing_wire::{AccountId, DeviceId};

use crate::annotation::{Revision, SAID_AGAIN_MAX};
use crate::batch::Write;
use crate::commands::{Ended, party};
use crate::content::{Content, ContentBody};
use crate::effect::{Failure, Outcome};
use crate::inbox::Place;
use crate::me::Me;
use crate::model::{
    ConversationId, DeviceAddress, GroupStanding, GroupState, Lane, LaneKind, Notice, OutboxDraft,
    OutboxPayload, Party,
};
use crate::notice::{new_message_id, put_notice_by};
use crate::setting::{Setting, SettingKind, SettingRecord, supersedes};
use crate::view::View;
use crate::work::Work;

/// The user changes a setting.
pub(crate) fn set<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    conversation: ConversationId,
    setting: Setting,
    rng: &mut impl CryptoRng,
) -> Ended<V> {
    let own = me.address();
    let (kind, peer) = (setting.kind(), work.view.conversation_peer(conversation)?);
    let group = if peer.is_none() { work.group(conversation.as_group())? } else { None };
    let with = match (peer, &group) {
        (Some(peer), _) => Party::Account(peer),
        (None, Some(state)) => Party::Group(state.group),
        (None, None) => return Ok(Err(Failure::NotFound)),
    };
    // A person is blocked; a group is left.
    let is_person = peer.is_some_and(|peer| peer != own.account);
    if !setting.is_sound() || (!is_person && kind == SettingKind::Blocked) {
        return Ok(Err(Failure::Invalid));
    }
    let is_shared = kind == SettingKind::Timer;
    if is_shared && group.is_some_and(|state| !may_set_timer(&state, own.account)) {
        return Ok(Err(Failure::NotPermitted));
    }
    let known = work.setting(conversation, kind)?;
    let now = known.as_ref().map_or_else(|| Setting::of_nobody(kind), |known| known.setting.clone());
    if now == setting {
        return Ok(Ok(Outcome::Done));
    }
    let revision = Revision::after(known.map(|known| known.revision), own.device);
    let record = SettingRecord { conversation, setting, revision };
    post(work, me, with, &record, None, rng);
    put(work, own, record, rng);
    Ok(Ok(Outcome::Done))
}

/// Whether a member may set what holds for all messages of a group: who may edit it may.
fn may_set_timer(state: &GroupState, account: AccountId) -> bool {
    let may = |roster: &Roster| {
        let change = Change::Profile(roster.profile().to_vec());
        roster.permits(account.as_bytes(), &change).is_ok()
    };
    state.standing == GroupStanding::Member && state.roster().is_some_and(|roster| may(&roster))
}

fn post<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    with: Party,
    record: &SettingRecord,
    device: Option<DeviceId>,
    rng: &mut impl CryptoRng,
) {
    let own = Party::Account(me.address().account);
    let is_shared = record.setting.kind() == SettingKind::Timer && device.is_none();
    let to = if is_shared { with } else { own };
    // Among our own devices it is said whose conversation it is; that of a group is named by its id.
    let named = if matches!(with, Party::Group(_)) { to } else { with };
    let body = ContentBody::Settings { items: vec![(record.setting.clone(), record.revision)] };
    let content = Content { conversation: record.conversation, to: named, body }.encode();
    let wire_id = new_message_id(work, rng);
    let kind = if device.is_some() { LaneKind::Repairs } else { LaneKind::Settings };
    let payload = OutboxPayload::Control { content, device };
    work.post(OutboxDraft { wire_id, lane: Lane { kind, to }, payload });
}

/// What was set last is said again: all of it to one device of ours, or what we set ourselves to whoever was told.
pub(crate) fn repeat<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    device: Option<DeviceId>,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    for record in work.view.newest_settings(SAID_AGAIN_MAX)? {
        let is_wanted = device.is_some() || record.revision.device == me.address().device;
        if let Some(with) = party(work, record.conversation)?.filter(|_| is_wanted) {
            post(work, me, with, &record, device, rng);
        }
    }
    Ok(())
}

/// Another device changed settings: one of ours, or one of the other side.
pub(crate) fn on_settings<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    from: DeviceAddress,
    place: Place,
    items: Vec<(Setting, Revision)>,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let own = me.address().account;
    let conversation = place.conversation(own);
    let shares = match place {
        Place::Direct(_) => true,
        Place::Group(group) => work.group(group)?.is_some_and(|state| may_set_timer(&state, from.account)),
    };
    for (setting, revision) in items {
        let is_heard = match setting.kind() {
            SettingKind::Timer => shares,
            SettingKind::Blocked => from.account == own && matches!(place, Place::Direct(_)),
            SettingKind::Draft
            | SettingKind::MutedUntil
            | SettingKind::Pinned
            | SettingKind::Archived
            | SettingKind::MarkedUnread => from.account == own,
        };
        let known = work.setting(conversation, setting.kind())?;
        if is_heard && supersedes(revision, known.map(|known| known.revision)) {
            if let Place::Direct(peer) = place {
                let created_at_ms = work.now.utc_ms;
                work.write(Write::PutConversation { conversation, peer, created_at_ms });
            }
            put(work, from, SettingRecord { conversation, setting, revision }, rng);
        }
    }
    Ok(())
}

fn put<V: View>(work: &mut Work<'_, V>, by: DeviceAddress, record: SettingRecord, rng: &mut impl CryptoRng) {
    let conversation = record.conversation;
    if let Setting::Timer(seconds) = record.setting {
        put_notice_by(work, conversation, by, Notice::TimerChanged { seconds }, rng);
    }
    work.touch(conversation);
    work.put_setting(record);
    work.again = true;
}

/// Whether nothing is taken from an account and nothing is sent to it.
pub(crate) fn is_blocked<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    account: AccountId,
) -> Result<bool, V::Error> {
    let own = me.address().account;
    if account == own {
        return Ok(false);
    }
    let known = work.setting(ConversationId::direct(own, account), SettingKind::Blocked)?;
    Ok(known.is_some_and(|known| known.setting == Setting::Blocked(true)))
}

/// The timer of a conversation, in seconds; zero: messages stay.
pub(crate) fn timer_s<V: View>(
    work: &mut Work<'_, V>,
    conversation: ConversationId,
) -> Result<u32, V::Error> {
    let known = work.setting(conversation, SettingKind::Timer)?;
    Ok(match known.map(|known| known.setting) {
        Some(Setting::Timer(seconds)) => seconds,
        Some(
            Setting::Draft(_)
            | Setting::MutedUntil(_)
            | Setting::Pinned(_)
            | Setting::Archived(_)
            | Setting::MarkedUnread(_)
            | Setting::Blocked(_),
        )
        | None => 0,
    })
}

/// The user has looked: the mark that he wanted to is gone.
pub(crate) fn on_read<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    conversation: ConversationId,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let known = work.setting(conversation, SettingKind::MarkedUnread)?;
    if known.is_some_and(|known| known.setting == Setting::MarkedUnread(true)) {
        let _ = set(work, me, conversation, Setting::MarkedUnread(false), rng)?;
    }
    Ok(())
}
