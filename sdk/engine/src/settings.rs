//! Settings of conversations: set here, heard from our other devices and, for the timer, from the other side.

use rand_core::CryptoRng;
use waxwing_wire::AccountId;

use crate::annotation::Revision;
use crate::batch::Write;
use crate::commands::Ended;
use crate::content::{Content, ContentBody};
use crate::effect::{Failure, Outcome};
use crate::me::Me;
use crate::model::{
    ConversationId, DeviceAddress, Lane, LaneKind, Notice, OutboxDraft, OutboxPayload, Party,
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
    let Some(peer) = work.view.conversation_peer(conversation)? else { return Ok(Err(Failure::NotFound)) };
    let own = me.address();
    let is_ours_alone = peer == own.account;
    if !setting.is_sound() || (is_ours_alone && setting.kind() == SettingKind::Blocked) {
        return Ok(Err(Failure::Invalid));
    }
    let kind = setting.kind();
    let known = work.setting(conversation, kind)?;
    let now = known.as_ref().map_or_else(|| Setting::of_nobody(kind), |known| known.setting.clone());
    if now == setting {
        return Ok(Ok(Outcome::Done));
    }
    let revision = Revision::after(known.map(|known| known.revision), own.device);
    let record = SettingRecord { conversation, setting, revision };
    post(work, me, peer, &record, rng);
    put(work, own, record, rng);
    Ok(Ok(Outcome::Done))
}

fn post<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    peer: AccountId,
    record: &SettingRecord,
    rng: &mut impl CryptoRng,
) {
    let to = if record.setting.kind() == SettingKind::Timer { peer } else { me.address().account };
    let body = ContentBody::Settings { items: vec![(record.setting.clone(), record.revision)] };
    let content = Content { conversation: record.conversation, to: Party::Account(peer), body }.encode();
    let wire_id = new_message_id(work, rng);
    let lane = Lane { kind: LaneKind::Settings, to: Party::Account(to) };
    work.post(OutboxDraft { wire_id, lane, payload: OutboxPayload::Control { content, device: None } });
}

/// Another device changed settings: one of ours, or one of the other side.
pub(crate) fn on_settings<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    from: DeviceAddress,
    peer: AccountId,
    items: Vec<(Setting, Revision)>,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let own = me.address().account;
    let conversation = ConversationId::direct(own, peer);
    for (setting, revision) in items {
        if from.account != own && setting.kind() != SettingKind::Timer {
            continue;
        }
        let known = work.setting(conversation, setting.kind())?;
        if supersedes(revision, known.map(|known| known.revision)) {
            let created_at_ms = work.now.utc_ms;
            work.write(Write::PutConversation { conversation, peer, created_at_ms });
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
