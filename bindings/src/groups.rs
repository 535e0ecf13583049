//! Groups: made, changed and left; who is in one, and how far a message got at each member.

use std::sync::Arc;

use waxwing::{ConversationId, MessageId};

use crate::call::{to_the_end, while_wanted};
use crate::cancel::CancelHandle;
use crate::client::FfiClient;
use crate::conversation::FfiConversation;
use crate::error::FfiError;
use crate::live::Kind;
use crate::records::{GroupInfo, GroupRole, GroupSettings, Receipts, Whose};
use crate::runtime::Kept;

#[uniffi::export]
impl FfiClient {
    /// Makes a group with these other members, and its conversation. It can be written to at once, offline too; the relay and
    /// the others learn of it once there is a link.
    ///
    /// # Errors
    ///
    /// `unknown_account`, `offline` for a handle that is not known here, `handle_invalid`, `not_registered`,
    /// `message_too_large` for a title or for members beyond the limits, `cancelled`, or what the store says.
    #[uniffi::method(default(cancel = None))]
    pub async fn create_group(
        &self,
        title: String,
        members: Vec<Whose>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Arc<FfiConversation>, FfiError> {
        let client = self.client.clone();
        let make = async move { Ok(FfiConversation::new(client.create_group(title, members).await?)) };
        to_the_end(cancel, make).await
    }
}

/// A conversation's group. Everything that changes it is on disk when the call returns, and goes out by itself; whether it
/// stands, the group's other admins may have decided first: then the timeline says `GroupNotice::NotDone`.
#[derive(uniffi::Object)]
pub struct FfiGroup {
    pub(crate) group: Kept<waxwing::Group>,
}

impl FfiGroup {
    pub(crate) fn new(group: waxwing::Group) -> Arc<FfiGroup> {
        Arc::new(FfiGroup { group: Kept::new(Kind::Group, group) })
    }
}

#[uniffi::export]
impl FfiGroup {
    /// The id of its conversation, the same on every device.
    #[must_use]
    pub fn id(&self) -> ConversationId {
        self.group.id()
    }

    /// Title, members and settings, as they are known here now.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn info(&self) -> Result<GroupInfo, FfiError> {
        let group = self.group.clone();
        while_wanted(None, async move { Ok(group.info().await?.into()) }).await
    }

    /// How far a message of this account got at each member.
    ///
    /// # Errors
    ///
    /// `not_found` when the message is not one of ours in this group, or what the store says.
    pub async fn receipts(&self, id: MessageId) -> Result<Receipts, FfiError> {
        let group = self.group.clone();
        while_wanted(None, async move { Ok(group.receipts(id).await?.into()) }).await
    }

    /// Adds accounts. They read what is written from then on.
    ///
    /// # Errors
    ///
    /// `not_permitted`, `unknown_account`, `offline` for a handle that is not known here, `handle_invalid`, `invalid_input` for
    /// members that are in it already, `cancelled`, or what the store says.
    #[uniffi::method(default(cancel = None))]
    pub async fn add_members(
        &self,
        whose: Vec<Whose>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), FfiError> {
        let group = self.group.clone();
        to_the_end(cancel, async move { Ok(group.add(whose).await?) }).await
    }

    /// Removes accounts. The next message is sealed under a key that they are not given.
    ///
    /// # Errors
    ///
    /// As `add_members`.
    #[uniffi::method(default(cancel = None))]
    pub async fn remove_members(
        &self,
        whose: Vec<Whose>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), FfiError> {
        let group = self.group.clone();
        to_the_end(cancel, async move { Ok(group.remove(whose).await?) }).await
    }

    /// Leaves the group. What was said stays here.
    ///
    /// # Errors
    ///
    /// `not_permitted` for the last owner while others are in it, or who is not in it; or what the store says.
    pub async fn leave(&self) -> Result<(), FfiError> {
        let group = self.group.clone();
        to_the_end(None, async move { Ok(group.leave().await?) }).await
    }

    /// Gives a member a role.
    ///
    /// # Errors
    ///
    /// As `add_members`.
    #[uniffi::method(default(cancel = None))]
    pub async fn set_role(
        &self,
        whose: Whose,
        role: GroupRole,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), FfiError> {
        let group = self.group.clone();
        to_the_end(cancel, async move { Ok(group.set_role(whose, role.into()).await?) }).await
    }

    /// Calls it something else. An empty title: without a name.
    ///
    /// # Errors
    ///
    /// `not_permitted`, `message_too_large` for a title that is too long, or what the store says.
    pub async fn set_title(&self, title: String) -> Result<(), FfiError> {
        let group = self.group.clone();
        to_the_end(None, async move { Ok(group.set_title(title).await?) }).await
    }

    /// Gives the group a picture, or none: bytes of whatever format the app chooses. Only members see it.
    ///
    /// # Errors
    ///
    /// `not_permitted`, `message_too_large`, `invalid_input` for no bytes at all, or what the store says.
    pub async fn set_picture(&self, picture: Option<Vec<u8>>) -> Result<(), FfiError> {
        let group = self.group.clone();
        to_the_end(None, async move { Ok(group.set_picture(picture).await?) }).await
    }

    /// The group's picture, if it has one and its bytes are here: they come soon after the change, and the conversation changes
    /// then.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn picture(&self) -> Result<Option<Vec<u8>>, FfiError> {
        let group = self.group.clone();
        while_wanted(None, async move { Ok(group.picture().await?) }).await
    }

    /// Says what members may do.
    ///
    /// # Errors
    ///
    /// `not_permitted`, or what the store says.
    pub async fn set_settings(&self, settings: GroupSettings) -> Result<(), FfiError> {
        let group = self.group.clone();
        to_the_end(None, async move { Ok(group.set_settings(settings.into()).await?) }).await
    }
}
