//! The face of a group: invitations and requests, and its picture, as the app sees them.

use rusqlite::Connection;
use waxwing_engine::{ConversationId, Joining};

use super::codes::Stored;
use super::show::named;
use super::{StoreError, groups};
use crate::invitation::{Invitation, InvitationState, Join, JoinRequest};

/// The invitations to a group that are known here, the newest last.
pub(crate) fn invitations(
    db: &Connection,
    conversation: ConversationId,
    now_ms: i64,
) -> Stored<Vec<Invitation>> {
    let group = conversation.as_group();
    let state = groups::state(db, group)?.ok_or(StoreError::Absent)?;
    let mut known = groups::door(db, group)?.unwrap_or_default().invitations;
    known.sort_by_key(|known| known.made_at_ms);
    let show = |known: waxwing_engine::Invitation| {
        let standing = if known.revoked {
            InvitationState::Revoked
        } else if known.is_over(now_ms) {
            InvitationState::Expired
        } else if !state.may_add(known.by) {
            InvitationState::Void
        } else {
            InvitationState::Open
        };
        Ok(Invitation {
            id: known.id,
            by: named(db, known.by)?,
            made_at_ms: known.made_at_ms,
            expires_at_ms: (known.expires_at_ms > 0).then_some(known.expires_at_ms),
            needs_approval: known.needs_approval,
            state: standing,
            link: (!known.link.is_empty()).then_some(known.link),
        })
    };
    known.into_iter().map(show).collect()
}

/// Who waits to be let into a group.
pub(crate) fn join_requests(db: &Connection, conversation: ConversationId) -> Stored<Vec<JoinRequest>> {
    let group = conversation.as_group();
    groups::state(db, group)?.ok_or(StoreError::Absent)?;
    let asks = groups::door(db, group)?.unwrap_or_default().requests;
    let waits = asks.into_iter().filter(|asks| !asks.refused);
    waits
        .map(|asks| {
            let contact = named(db, asks.account)?;
            Ok(JoinRequest { contact, invitation: asks.invitation, asked_at_ms: asks.asked_at_ms })
        })
        .collect()
}

/// What we asked to be in.
pub(crate) fn joins(db: &Connection) -> Stored<Vec<Join>> {
    let join = |joining: Joining| Join {
        conversation_id: ConversationId::group(joining.group),
        state: joining.state,
        asked_at_ms: Some(joining.asked_at_ms),
    };
    Ok(groups::joinings(db)?.into_iter().map(join).collect())
}

/// The picture of a group, if it is here.
pub(crate) fn picture(db: &Connection, conversation: ConversationId) -> Stored<Option<Vec<u8>>> {
    let group = conversation.as_group();
    let hash = groups::state(db, group)?.ok_or(StoreError::Absent)?.picture();
    Ok(hash.map(|hash| groups::picture(db, group, hash)).transpose()?.flatten())
}
