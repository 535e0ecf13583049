//! Invitations to a group: made, taken back, asked by, and answered.

use std::sync::Arc;

use waxwing::InvitationId;

use crate::call::{to_the_end, while_wanted};
use crate::cancel::CancelHandle;
use crate::client::FfiClient;
use crate::error::FfiError;
use crate::groups::FfiGroup;
use crate::records::{Invitation, InvitationLink, InvitationTerms, Join, JoinRequest, Whose, all};

/// Reads the link of an invitation, to show what it says before the user asks.
///
/// # Errors
///
/// `invitation_invalid`.
#[uniffi::export]
pub fn read_invitation(link: &str) -> Result<InvitationLink, FfiError> {
    Ok(link.parse::<waxwing::InvitationLink>()?.into())
}

#[uniffi::export]
impl FfiClient {
    /// Asks to be in a group, by the link of an invitation. When this returns, the question is on disk and will go out; the answer
    /// is told as `Event::JoinAnswered`. Asking again says the same again.
    ///
    /// # Errors
    ///
    /// `invitation_invalid`, `invitation_over`, `blocked` where all whom it names are, `not_registered`, `message_too_large` where 64
    /// such questions wait, or what the store says.
    pub async fn join(&self, link: String) -> Result<Join, FfiError> {
        let client = self.client.clone();
        to_the_end(None, async move { Ok(client.join(&link).await?.into()) }).await
    }

    /// The groups that this device asked to be in, and how it stands with each.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn joins(&self) -> Result<Vec<Join>, FfiError> {
        let client = self.client.clone();
        while_wanted(None, async move { Ok(all(client.joins().await?)) }).await
    }
}

#[uniffi::export]
impl FfiGroup {
    /// Makes an invitation; its link is text, which anybody can be given who shall be able to ask. It names this account and up
    /// to three owners and admins, any of whose devices let in, as long as this account may add members.
    ///
    /// # Errors
    ///
    /// `not_permitted`, `invalid_input` for no time at all, `message_too_large` where the group has 64 open invitations, or what the
    /// store says.
    pub async fn invite(&self, terms: InvitationTerms) -> Result<Invitation, FfiError> {
        let group = self.group.clone();
        to_the_end(None, async move { Ok(group.invite(terms.into()).await?.into()) }).await
    }

    /// The invitations that are known here, those that are over too; the newest last.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn invitations(&self) -> Result<Vec<Invitation>, FfiError> {
        let group = self.group.clone();
        while_wanted(None, async move { Ok(all(group.invitations().await?)) }).await
    }

    /// Takes an invitation back, for good. Who waits by it is refused; who was let in stays.
    ///
    /// # Errors
    ///
    /// `not_found`, `not_permitted` for who is neither owner nor admin and did not make it, or what the store says.
    pub async fn revoke(&self, invitation: InvitationId) -> Result<(), FfiError> {
        let group = self.group.clone();
        to_the_end(None, async move { Ok(group.revoke(invitation).await?) }).await
    }

    /// Who waits to be let in, by ascending account.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn requests(&self) -> Result<Vec<JoinRequest>, FfiError> {
        let group = self.group.clone();
        while_wanted(None, async move { Ok(all(group.requests().await?)) }).await
    }

    /// Lets in somebody who waits.
    ///
    /// # Errors
    ///
    /// `not_found` for who does not wait, `not_permitted`, `cancelled`, or what the store says.
    #[uniffi::method(default(cancel = None))]
    pub async fn approve(&self, whose: Whose, cancel: Option<Arc<CancelHandle>>) -> Result<(), FfiError> {
        let group = self.group.clone();
        to_the_end(cancel, async move { Ok(group.approve(whose).await?) }).await
    }

    /// Refuses somebody who waits. They are told.
    ///
    /// # Errors
    ///
    /// As `approve`.
    #[uniffi::method(default(cancel = None))]
    pub async fn refuse(&self, whose: Whose, cancel: Option<Arc<CancelHandle>>) -> Result<(), FfiError> {
        let group = self.group.clone();
        to_the_end(cancel, async move { Ok(group.refuse(whose).await?) }).await
    }
}
