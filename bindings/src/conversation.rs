//! A conversation, and a message that is followed.

use std::sync::Arc;

use waxwing::{ConversationId, MessageId};

use crate::call::{to_the_end, while_wanted};
use crate::cancel::CancelHandle;
use crate::error::FfiError;
use crate::groups::FfiGroup;
use crate::live::Kind;
use crate::records::{Delivery, DeliveryGoal, Draft, Page, Party, TimelineItem, all};
use crate::runtime::Kept;
use crate::streams::FfiTimeline;

/// A conversation with one other account, or with a group.
#[derive(uniffi::Object)]
pub struct FfiConversation {
    pub(crate) conversation: Kept<waxwing::Conversation>,
}

impl FfiConversation {
    pub(crate) fn new(conversation: waxwing::Conversation) -> Arc<FfiConversation> {
        Arc::new(FfiConversation { conversation: Kept::new(Kind::Conversation, conversation) })
    }
}

#[uniffi::export]
impl FfiConversation {
    /// Its id, the same on both sides; in a group, on every device.
    #[must_use]
    pub fn id(&self) -> ConversationId {
        self.conversation.id()
    }

    /// The other side, as it was when this value was made.
    #[must_use]
    pub fn party(&self) -> Party {
        self.conversation.with().clone().into()
    }

    /// The group, where the conversation is one's.
    #[must_use]
    pub fn group(&self) -> Option<Arc<FfiGroup>> {
        self.conversation.group().map(FfiGroup::new)
    }

    /// Puts a message on its way. When this returns, the message is on disk and will go out, whatever happens to the process.
    ///
    /// # Errors
    ///
    /// `message_too_large`, `invalid_input` for an empty text or marks that do not fit it, `message_id_taken`, `blocked`,
    /// `not_permitted` in a group that does not let this account write, or what the store says.
    pub async fn send(&self, draft: Draft) -> Result<Arc<FfiSent>, FfiError> {
        let conversation = self.conversation.clone();
        to_the_end(None, async move { Ok(FfiSent::new(conversation.send(draft.into()).await?)) }).await
    }

    /// Watches the newest entries.
    #[must_use]
    pub fn timeline(&self, page: Page) -> Arc<FfiTimeline> {
        FfiTimeline::new(self.conversation.timeline(page.into()))
    }

    /// Reads a page once, oldest entry first.
    ///
    /// # Errors
    ///
    /// What the store says; `not_found` when the page names an entry that is not here.
    pub async fn read_page(&self, page: Page) -> Result<Vec<TimelineItem>, FfiError> {
        let conversation = self.conversation.clone();
        let read = async move { Ok(all(conversation.history(page.into()).await?)) };
        while_wanted(None, read).await
    }

    /// Remembers that the user saw everything up to this entry, and lets the other side know.
    ///
    /// # Errors
    ///
    /// `not_found`, or what the store says.
    pub async fn mark_read(&self, up_to: MessageId) -> Result<(), FfiError> {
        let conversation = self.conversation.clone();
        to_the_end(None, async move { Ok(conversation.mark_read(up_to).await?) }).await
    }
}

/// A message that this device sent, to follow it.
#[derive(uniffi::Object)]
pub struct FfiSent {
    sent: Kept<waxwing::Sent>,
}

impl FfiSent {
    pub(crate) fn new(sent: waxwing::Sent) -> Arc<FfiSent> {
        Arc::new(FfiSent { sent: Kept::new(Kind::Sent, sent) })
    }
}

#[uniffi::export]
impl FfiSent {
    /// The message's id, which never changes.
    #[must_use]
    pub fn id(&self) -> MessageId {
        self.sent.id()
    }

    /// How far it got.
    ///
    /// # Errors
    ///
    /// `not_found` when the message is not one of ours, or what the store says.
    pub async fn state(&self) -> Result<Delivery, FfiError> {
        let sent = self.sent.clone();
        while_wanted(None, async move { Ok(sent.state().await?.into()) }).await
    }

    /// Waits until it is at least this far, or stands still: then the answer is failed, cancelled or held.
    ///
    /// # Errors
    ///
    /// `shut_down`, `cancelled`, or what the store says.
    #[uniffi::method(default(cancel = None))]
    pub async fn reached(
        &self,
        goal: DeliveryGoal,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Delivery, FfiError> {
        let sent = self.sent.clone();
        while_wanted(cancel, async move { Ok(sent.wait_for(goal.into()).await?.into()) }).await
    }

    /// Sends a message after all that failed or was taken back. For one that is on its way, nothing happens.
    ///
    /// # Errors
    ///
    /// `not_found` when the message is not one of ours, or what the store says.
    pub async fn retry(&self) -> Result<(), FfiError> {
        let sent = self.sent.clone();
        to_the_end(None, async move { Ok(sent.retry().await?) }).await
    }

    /// Takes it back, while it is not sealed yet or after it failed.
    ///
    /// # Errors
    ///
    /// `too_late` once it is sealed, `not_found`, or what the store says.
    pub async fn take_back(&self) -> Result<(), FfiError> {
        let sent = self.sent.clone();
        to_the_end(None, async move { Ok(sent.cancel().await?) }).await
    }
}
