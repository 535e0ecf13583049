//! Invitations to groups: made, shown and asked by.

use std::time::Duration;

use waxwing::{ConversationId, InvitationId};

use super::{Contact, no_content};
use crate::ids::Timestamp;

/// Under which terms an invitation is made. Without more: whoever has the link is let in, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct InvitationTerms {
    /// Somebody who may add members looks at each request.
    #[uniffi(default)]
    pub needs_approval: bool,
    /// Nobody may ask after this time; none: for ever.
    #[uniffi(default)]
    pub lifetime: Option<Duration>,
}

/// An invitation, as those see it who let in: owners, admins, and whoever made it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Invitation {
    /// Which.
    pub id: InvitationId,
    /// Who made it.
    pub by: Contact,
    /// When.
    pub made_at: Timestamp,
    /// Until when one may ask; none: for ever.
    pub expires_at: Option<Timestamp>,
    /// Whether somebody looks at each request.
    pub needs_approval: bool,
    /// Whether it still lets in.
    pub state: InvitationState,
    /// The link, on the device that made it: text for a message, and for a QR code (its characters are those of the compact
    /// mode). Whoever has it can ask.
    pub link: Option<String>,
}

/// Whether an invitation still lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum InvitationState {
    /// It does.
    Open,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
    /// Whoever made it may not add members any more.
    Void,
}

/// What a link says, to be shown before the user asks.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct InvitationLink {
    /// The group's conversation.
    pub conversation_id: ConversationId,
    /// The handle of whoever made it. The link says so: nobody vouches for it.
    pub handle: String,
    /// Whether somebody looks at each request.
    pub needs_approval: bool,
    /// Until when one may ask; none: for ever.
    pub expires_at: Option<Timestamp>,
}

/// Somebody who waits to be let in.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct JoinRequest {
    /// Who.
    pub contact: Contact,
    /// By which invitation.
    pub invitation: InvitationId,
    /// When it came.
    pub asked_at: Timestamp,
}

/// A group that this account asked to be in.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Join {
    /// The group's conversation; it is here once this account is in.
    pub conversation_id: ConversationId,
    /// How it stands.
    pub state: JoinState,
    /// When this account asked last; none: it was in already.
    pub asked_at: Option<Timestamp>,
}

/// How it stands with a group that this account asked to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum JoinState {
    /// Nobody answered yet.
    Waiting,
    /// It was refused, or the invitation is over.
    Refused,
    /// It is in, or was.
    Joined,
}

// ---- conversions ----

impl From<InvitationTerms> for waxwing::InvitationTerms {
    fn from(InvitationTerms { needs_approval, lifetime }: InvitationTerms) -> waxwing::InvitationTerms {
        let mut terms = waxwing::InvitationTerms::open();
        if needs_approval {
            terms = terms.with_approval();
        }
        match lifetime {
            Some(lifetime) => terms.expires_after(lifetime),
            None => terms,
        }
    }
}

impl From<waxwing::Invitation> for Invitation {
    fn from(invitation: waxwing::Invitation) -> Invitation {
        Invitation {
            id: invitation.id,
            by: invitation.by.into(),
            made_at: Timestamp::from_ms(invitation.made_at_ms),
            expires_at: invitation.expires_at_ms.map(Timestamp::from_ms),
            needs_approval: invitation.needs_approval,
            state: invitation.state.into(),
            link: invitation.link,
        }
    }
}

impl From<waxwing::InvitationState> for InvitationState {
    fn from(state: waxwing::InvitationState) -> InvitationState {
        match state {
            waxwing::InvitationState::Open => InvitationState::Open,
            waxwing::InvitationState::Expired => InvitationState::Expired,
            waxwing::InvitationState::Revoked => InvitationState::Revoked,
            waxwing::InvitationState::Void => InvitationState::Void,
        }
    }
}

impl From<waxwing::InvitationLink> for InvitationLink {
    fn from(link: waxwing::InvitationLink) -> InvitationLink {
        InvitationLink {
            conversation_id: link.conversation_id(),
            handle: link.handle().to_owned(),
            needs_approval: link.needs_approval(),
            expires_at: link.expires_at_ms().map(Timestamp::from_ms),
        }
    }
}

impl From<waxwing::JoinRequest> for JoinRequest {
    fn from(asks: waxwing::JoinRequest) -> JoinRequest {
        JoinRequest {
            contact: asks.contact.into(),
            invitation: asks.invitation,
            asked_at: Timestamp::from_ms(asks.asked_at_ms),
        }
    }
}

impl From<waxwing::Join> for Join {
    fn from(join: waxwing::Join) -> Join {
        let asked_at = join.asked_at_ms.map(Timestamp::from_ms);
        Join { conversation_id: join.conversation_id, state: join.state.into(), asked_at }
    }
}

impl From<waxwing::JoinState> for JoinState {
    fn from(state: waxwing::JoinState) -> JoinState {
        match state {
            waxwing::JoinState::Waiting => JoinState::Waiting,
            waxwing::JoinState::Refused => JoinState::Refused,
            waxwing::JoinState::Joined => JoinState::Joined,
        }
    }
}

no_content!(Invitation, InvitationLink);
