//! A store that is only read, also while another process works with it.

use std::sync::Arc;

use waxwing::{ConversationId, History, MessageId};

use crate::call::while_wanted;
use crate::error::FfiError;
use crate::keys::{self, StoreKeyProvider};
use crate::live::Kind;
use crate::records::{ConversationItem, GroupInfo, Me, Page, Receipts, StorePlace, TimelineItem, all};
use crate::runtime::Kept;
use crate::search::FfiExport;

/// A store, to be read only. It takes no lock that keeps a client from working, here or in another process.
#[derive(uniffi::Object)]
pub struct FfiHistory {
    history: Kept<History>,
}

/// Opens a store that a client made, to be read only.
///
/// # Errors
///
/// `not_found` when there is none, `wrong_store_key`, `store_corrupt`, `store_newer`, `store_key_missing`,
/// `store_key_unavailable`, `store_key_invalid`.
#[uniffi::export(default(key = None))]
pub async fn open_history(
    store: StorePlace,
    key: Option<Arc<dyn StoreKeyProvider>>,
) -> Result<Arc<FfiHistory>, FfiError> {
    let open = async move {
        let history = History::open(keys::store(store, key).await?).await?;
        Ok(Arc::new(FfiHistory { history: Kept::new(Kind::History, history) }))
    };
    while_wanted(None, open).await
}

#[uniffi::export]
impl FfiHistory {
    /// The device's account, once it is registered.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn me(&self) -> Result<Option<Me>, FfiError> {
        let history = self.history.clone();
        while_wanted(None, async move { Ok(history.me().await?.map(Into::into)) }).await
    }

    /// All conversations, in the order of the list.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn conversations(&self) -> Result<Vec<ConversationItem>, FfiError> {
        let history = self.history.clone();
        while_wanted(None, async move { Ok(all(history.conversations().await?)) }).await
    }

    /// The conversation with the account of this handle.
    ///
    /// # Errors
    ///
    /// `not_found`, `handle_invalid`, or what the store says.
    pub async fn direct(&self, handle: String) -> Result<ConversationId, FfiError> {
        let history = self.history.clone();
        while_wanted(None, async move { Ok(history.direct(&handle).await?) }).await
    }

    /// A page of a conversation, oldest entry first.
    ///
    /// # Errors
    ///
    /// What the store says; `not_found` when the page names an entry that is not here.
    pub async fn read_page(
        &self,
        conversation: ConversationId,
        page: Page,
    ) -> Result<Vec<TimelineItem>, FfiError> {
        let history = self.history.clone();
        let read = async move { Ok(all(history.messages(conversation, page.into()).await?)) };
        while_wanted(None, read).await
    }

    /// Title, members and settings of a group.
    ///
    /// # Errors
    ///
    /// `not_found` for a conversation that is no group's, or what the store says.
    pub async fn group_info(&self, conversation: ConversationId) -> Result<GroupInfo, FfiError> {
        let history = self.history.clone();
        while_wanted(None, async move { Ok(history.group(conversation).await?.into()) }).await
    }

    /// How far a message of this account got at each member of a group.
    ///
    /// # Errors
    ///
    /// `not_found` when the message is not one of ours in this group, or what the store says.
    pub async fn receipts(&self, conversation: ConversationId, id: MessageId) -> Result<Receipts, FfiError> {
        let history = self.history.clone();
        while_wanted(None, async move { Ok(history.receipts(conversation, id).await?.into()) }).await
    }

    /// One entry of a conversation, by its id.
    ///
    /// # Errors
    ///
    /// `not_found`, or what the store says.
    pub async fn entry(&self, id: MessageId) -> Result<TimelineItem, FfiError> {
        let history = self.history.clone();
        while_wanted(None, async move { Ok(history.message(id).await?.into()) }).await
    }

    /// Finds messages with these words, in one conversation or in all, as `FfiClient::search` does.
    ///
    /// # Errors
    ///
    /// What the store says.
    #[uniffi::method(default(conversation = None, limit = 50))]
    pub async fn search(
        &self,
        words: String,
        conversation: Option<ConversationId>,
        limit: u32,
    ) -> Result<Vec<TimelineItem>, FfiError> {
        let history = self.history.clone();
        let find = async move { Ok(all(history.search(words, conversation, limit as usize).await?)) };
        while_wanted(None, find).await
    }

    /// All entries of a conversation, oldest first.
    #[must_use]
    pub fn export(&self, conversation: ConversationId) -> Arc<FfiExport> {
        FfiExport::new(self.history.export(conversation))
    }
}
