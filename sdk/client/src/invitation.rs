//! Invitations to a group: made, shown, taken back; who asks by them; and what we ask for ourselves.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use waxwing_crypto::group::GroupInvitation;
use waxwing_engine::{Command, ConversationId, InvitationId, JoinState, Outcome};
use waxwing_wire::GroupId;

use crate::client::{Client, Whose};
use crate::conversation::Contact;
use crate::error::{Code, Error, Result};
use crate::group::Group;
use crate::shared::utc_ms;
use crate::store::doors;

/// Under which terms an invitation is made. Without more: whoever has the link is let in, for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use = "hand it to Group::invite"]
pub struct InvitationTerms {
    approval: bool,
    lifetime: Option<Duration>,
}

impl InvitationTerms {
    /// Anybody who has the link, for ever, until the invitation is taken back.
    pub fn open() -> InvitationTerms {
        InvitationTerms::default()
    }

    /// Somebody who may add members looks at each request.
    pub fn with_approval(mut self) -> InvitationTerms {
        self.approval = true;
        self
    }

    /// Nobody may ask after this time.
    pub fn expires_after(mut self, lifetime: Duration) -> InvitationTerms {
        self.lifetime = Some(lifetime);
        self
    }
}

/// An invitation, as those see it who let in: owners, admins, and whoever made it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invitation {
    /// Which.
    pub id: InvitationId,
    /// Who made it.
    pub by: Contact,
    /// When.
    pub made_at_ms: i64,
    /// Until when one may ask. None: for ever.
    pub expires_at_ms: Option<i64>,
    /// Whether somebody looks at each request.
    pub needs_approval: bool,
    /// Whether it still lets in.
    pub state: InvitationState,
    /// The link, on the device that made it: text for a message, and for a QR code (its characters are those of the compact
    /// mode). Whoever has it can ask.
    pub link: Option<String>,
}

/// Whether an invitation still lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// The link stays out of logs.
impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}

/// Somebody who waits to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JoinRequest {
    /// Who.
    pub contact: Contact,
    /// By which invitation.
    pub invitation: InvitationId,
    /// When it came.
    pub asked_at_ms: i64,
}

/// A group that this account asked to be in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Join {
    /// The group's conversation; it is here once we are in.
    pub conversation_id: ConversationId,
    /// How it stands.
    pub state: JoinState,
    /// When we asked last. None: we were in already.
    pub asked_at_ms: Option<i64>,
}

/// What a link says, to be shown before the user asks.
pub struct InvitationLink(GroupInvitation);

impl InvitationLink {
    /// The group's conversation.
    #[must_use]
    pub fn conversation_id(&self) -> ConversationId {
        ConversationId::group(GroupId::from_bytes(*self.0.group()))
    }

    /// The handle of whoever made it. The link says so: nobody vouches for it.
    #[must_use]
    pub fn handle(&self) -> &str {
        self.0.handle()
    }

    /// Whether somebody looks at each request.
    #[must_use]
    pub fn needs_approval(&self) -> bool {
        self.0.needs_approval()
    }

    /// Until when one may ask. None: for ever.
    #[must_use]
    pub fn expires_at_ms(&self) -> Option<i64> {
        let at_ms = i64::try_from(self.0.expires_at_s().saturating_mul(1_000)).unwrap_or(i64::MAX);
        (at_ms > 0).then_some(at_ms)
    }
}

impl FromStr for InvitationLink {
    type Err = Error;

    fn from_str(text: &str) -> Result<InvitationLink> {
        text.parse().map(InvitationLink).map_err(|_| Code::InvitationInvalid.into())
    }
}

impl fmt::Debug for InvitationLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationLink(..)")
    }
}

impl Group {
    /// Makes an invitation; its link is text, which anybody can be given who shall be able to ask. It names this account and up
    /// to three owners and admins, any of whose devices let in, as long as this account may add members.
    ///
    /// # Errors
    ///
    /// `not_permitted`, `invalid_input` for no time at all, `message_too_large` where the group has 64 open invitations, or what the
    /// store says.
    pub async fn invite(&self, terms: InvitationTerms) -> Result<Invitation> {
        let expires_at_ms = terms.lifetime.map_or(0, |lifetime| {
            let lifetime_ms = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
            utc_ms().saturating_add(lifetime_ms)
        });
        let (conversation, needs_approval) = (self.id, terms.approval);
        let made =
            self.shared.command(Command::Invite { conversation, needs_approval, expires_at_ms }).await?;
        let Outcome::Invitation(id) = made else { return Err(Code::Bug.into()) };
        let all = self.invitations().await?;
        all.into_iter().find(|invitation| invitation.id == id).ok_or_else(|| Code::Bug.into())
    }

    /// The invitations that are known here, those that are over too; the newest last.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn invitations(&self) -> Result<Vec<Invitation>> {
        let (id, now_ms) = (self.id, utc_ms());
        self.shared.read(move |db| doors::invitations(db, id, now_ms)).await
    }

    /// Takes an invitation back, for good. Who waits by it is refused; who was let in stays.
    ///
    /// # Errors
    ///
    /// `not_found`, `not_permitted` for who is neither owner nor admin and did not make it, or what the store says.
    pub async fn revoke(&self, invitation: InvitationId) -> Result<()> {
        self.shared.command(Command::Revoke { conversation: self.id, invitation }).await.map(drop)
    }

    /// Who waits to be let in, by ascending account.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn requests(&self) -> Result<Vec<JoinRequest>> {
        let id = self.id;
        self.shared.read(move |db| doors::join_requests(db, id)).await
    }

    /// Lets in somebody who waits.
    ///
    /// # Errors
    ///
    /// `not_found` for who does not wait, `not_permitted`, or what the store says.
    pub async fn approve(&self, whose: impl Into<Whose>) -> Result<()> {
        let account = self.shared.account(whose.into()).await?;
        self.shared.command(Command::Admit { conversation: self.id, account }).await.map(drop)
    }

    /// Refuses somebody who waits. They are told.
    ///
    /// # Errors
    ///
    /// As [`Group::approve`].
    pub async fn refuse(&self, whose: impl Into<Whose>) -> Result<()> {
        let account = self.shared.account(whose.into()).await?;
        self.shared.command(Command::Refuse { conversation: self.id, account }).await.map(drop)
    }
}

impl Client {
    /// Asks to be in a group, by the link of an invitation. When this returns, the question is on disk and will go out; the answer
    /// is told as [`Event::JoinAnswered`](crate::Event::JoinAnswered). Asking again says the same again.
    ///
    /// # Errors
    ///
    /// `invitation_invalid`, `invitation_over`, `blocked` where all whom it names are, `not_registered`, `message_too_large` where 64
    /// such questions wait, or what the store says.
    pub async fn join(&self, link: &str) -> Result<Join> {
        let invitation: GroupInvitation = link.parse().map_err(|_| Code::InvitationInvalid)?;
        let conversation_id = ConversationId::group(GroupId::from_bytes(*invitation.group()));
        match self.shared.command(Command::Join(Box::new(invitation))).await? {
            Outcome::Conversation(_) => {
                Ok(Join { conversation_id, state: JoinState::Joined, asked_at_ms: None })
            }
            Outcome::Done => {
                let known = self.joins().await?.into_iter();
                known
                    .into_iter()
                    .find(|join| join.conversation_id == conversation_id)
                    .ok_or_else(|| Code::Bug.into())
            }
            Outcome::Account(_) | Outcome::Invitation(_) => Err(Code::Bug.into()),
        }
    }

    /// The groups that this device asked to be in, and how it stands with each.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn joins(&self) -> Result<Vec<Join>> {
        self.shared.read(doors::joins).await
    }
}
