//! How the user sets a conversation. It follows to the account's other devices.

use std::time::Duration;

use crate::call::{to_the_end, while_wanted};
use crate::conversation::FfiConversation;
use crate::error::FfiError;
use crate::records::{ConversationSettings, Mute};

#[uniffi::export]
impl FfiConversation {
    /// How the conversation is set.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn settings(&self) -> Result<ConversationSettings, FfiError> {
        let conversation = self.conversation.clone();
        while_wanted(None, async move { Ok(conversation.settings().await?.into()) }).await
    }

    /// Keeps what the user began to write; empty forgets it. Not for each key: other devices of the account are told.
    ///
    /// # Errors
    ///
    /// `invalid_input` for more than a message may hold, or what the store says.
    pub async fn set_draft(&self, text: String) -> Result<(), FfiError> {
        let conversation = self.conversation.clone();
        to_the_end(None, async move { Ok(conversation.set_draft(text).await?) }).await
    }

    /// Asks for silence; none: not any more.
    ///
    /// # Errors
    ///
    /// `invalid_input` for a time before 1970, or what the store says.
    pub async fn set_muted(&self, muted: Option<Mute>) -> Result<(), FfiError> {
        let conversation = self.conversation.clone();
        to_the_end(None, async move { Ok(conversation.mute_until(muted.map(Mute::to_ms)).await?) }).await
    }

    /// Puts the conversation to the top of the list, or back.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn set_pinned(&self, pinned: bool) -> Result<(), FfiError> {
        let conversation = self.conversation.clone();
        to_the_end(None, async move { Ok(conversation.set_pinned(pinned).await?) }).await
    }

    /// Puts the conversation away, or back.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn set_archived(&self, archived: bool) -> Result<(), FfiError> {
        let conversation = self.conversation.clone();
        to_the_end(None, async move { Ok(conversation.set_archived(archived).await?) }).await
    }

    /// Marks the conversation, so that the user comes back to it. `mark_read` takes that back.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn set_marked_unread(&self, marked: bool) -> Result<(), FfiError> {
        let conversation = self.conversation.clone();
        to_the_end(None, async move { Ok(conversation.set_marked_unread(marked).await?) }).await
    }

    /// Blocks the other side, or lets it in again. What it sends meanwhile is dropped without a receipt, and nothing is sent to
    /// it; what it sent before stays.
    ///
    /// # Errors
    ///
    /// `invalid_input` for the conversation with oneself, or what the store says.
    pub async fn set_blocked(&self, blocked: bool) -> Result<(), FfiError> {
        let conversation = self.conversation.clone();
        to_the_end(None, async move { Ok(conversation.set_blocked(blocked).await?) }).await
    }

    /// Lets new messages of both sides disappear after so long, in seconds: those that one wrote oneself from when they were
    /// written, others from when they were read. None: they stay. The other side is told, and may change it too.
    ///
    /// # Errors
    ///
    /// `invalid_input` for a time that is too long, or what the store says.
    pub async fn set_timer(&self, timer: Option<Duration>) -> Result<(), FfiError> {
        let conversation = self.conversation.clone();
        to_the_end(None, async move { Ok(conversation.set_timer(timer).await?) }).await
    }
}
