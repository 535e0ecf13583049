//! Finding entries: by their words, by their id, or all of them.

use std::sync::Arc;

use futures_util::FutureExt as _;
use waxwing::MessageId;

use crate::call::{Answer, while_wanted};
use crate::cancel::CancelHandle;
use crate::client::FfiClient;
use crate::conversation::FfiConversation;
use crate::error::FfiError;
use crate::pull::{Pull, Source};
use crate::records::{ExportBatch, TimelineItem, all};
use crate::streams::BATCH_MAX;

#[uniffi::export]
impl FfiClient {
    /// One entry of a conversation, by its id.
    ///
    /// # Errors
    ///
    /// `not_found`, or what the store says.
    pub async fn entry(&self, id: MessageId) -> Result<TimelineItem, FfiError> {
        let client = self.client.clone();
        while_wanted(None, async move { Ok(client.message(id).await?.into()) }).await
    }

    /// Finds messages with these words in all conversations, the newest first, at most `limit` and at most 500. Every word must be
    /// there, in any order; the last may be only begun. Case and accents do not matter. The index stands in the encrypted store.
    ///
    /// # Errors
    ///
    /// What the store says.
    #[uniffi::method(default(limit = 50))]
    pub async fn search(&self, words: String, limit: u32) -> Result<Vec<TimelineItem>, FfiError> {
        let client = self.client.clone();
        while_wanted(None, async move { Ok(all(client.search(words, limit as usize).await?)) }).await
    }
}

#[uniffi::export]
impl FfiConversation {
    /// Finds messages with these words here, as `FfiClient::search` does.
    ///
    /// # Errors
    ///
    /// What the store says.
    #[uniffi::method(default(limit = 50))]
    pub async fn search(&self, words: String, limit: u32) -> Result<Vec<TimelineItem>, FfiError> {
        let conversation = self.conversation.clone();
        while_wanted(None, async move { Ok(all(conversation.search(words, limit as usize).await?)) }).await
    }

    /// All entries, oldest first.
    #[must_use]
    pub fn export(&self) -> Arc<FfiExport> {
        FfiExport::new(self.conversation.export())
    }
}

/// The entries of a conversation, oldest first, read some at a time: a conversation of any length needs little memory.
///
/// Entries that come or change meanwhile are there, or are not.
#[derive(uniffi::Object)]
pub struct FfiExport {
    pull: Arc<Pull<waxwing::Export>>,
}

impl Source for waxwing::Export {
    type Item = TimelineItem;

    async fn gather(&mut self) -> Answer<Option<Vec<TimelineItem>>> {
        let Some(first) = self.next().await? else { return Ok(None) };
        let mut items = vec![first.into()];
        while items.len() < BATCH_MAX
            && let Some(Ok(Some(item))) = self.next().now_or_never()
        {
            items.push(item.into());
        }
        Ok(Some(items))
    }
}

impl FfiExport {
    pub(crate) fn new(export: waxwing::Export) -> Arc<FfiExport> {
        Arc::new(FfiExport { pull: Pull::new(export) })
    }
}

#[uniffi::export]
impl FfiExport {
    /// Waits for the batch after this one; zero asks for the first. None: that was all, or the stream is stopped.
    ///
    /// # Errors
    ///
    /// What the store says: pull again then. `batch_unknown` for a number that is neither the last batch's nor the one before; `cancelled`.
    #[uniffi::method(default(cancel))]
    pub async fn pull(
        &self,
        after: u64,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Option<ExportBatch>, FfiError> {
        let batch = self.pull.next(after, cancel).await?;
        Ok(batch.map(|(number, items)| ExportBatch { number, items }))
    }

    /// Ends the stream: pulls that wait, and all later ones, give none.
    pub fn stop(&self) {
        self.pull.stop();
    }
}
