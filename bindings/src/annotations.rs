//! What is said about a message that is there: edits, reactions, deletions.

use waxwing::MessageId;

use crate::call::to_the_end;
use crate::conversation::FfiConversation;
use crate::error::FfiError;

#[uniffi::export]
impl FfiConversation {
    /// Changes the text of a message that this account wrote. Mentions in it are gone.
    ///
    /// # Errors
    ///
    /// `not_allowed` for a message of somebody else, or one that cannot be edited; `not_found`, `message_too_large`,
    /// `invalid_input` for an empty text, or what the store says.
    pub async fn edit(&self, id: MessageId, text: String) -> Result<(), FfiError> {
        let conversation = self.conversation.clone();
        to_the_end(None, async move { Ok(conversation.edit(id, text).await?) }).await
    }

    /// Reacts to a message, in place of this account's reaction before; empty takes it back.
    ///
    /// # Errors
    ///
    /// `not_allowed` for an entry without a text, `not_found`, `invalid_input` for more than one character, or what the store
    /// says.
    pub async fn react(&self, id: MessageId, reaction: String) -> Result<(), FfiError> {
        let conversation = self.conversation.clone();
        to_the_end(None, async move { Ok(conversation.react(id, reaction).await?) }).await
    }

    /// Takes back a message that this account wrote, for everyone. Its text is gone from this device at once, and from the
    /// others when they hear of it.
    ///
    /// # Errors
    ///
    /// `not_allowed` for a message of somebody else, `not_found`, or what the store says.
    pub async fn delete_for_everyone(&self, id: MessageId) -> Result<(), FfiError> {
        let conversation = self.conversation.clone();
        to_the_end(None, async move { Ok(conversation.delete(id).await?) }).await
    }

    /// Removes an entry from this account's devices. Nobody else is told.
    ///
    /// # Errors
    ///
    /// `not_found`, or what the store says.
    pub async fn delete_for_me(&self, id: MessageId) -> Result<(), FfiError> {
        let conversation = self.conversation.clone();
        to_the_end(None, async move { Ok(conversation.delete_for_me(id).await?) }).await
    }
}
