//! A store that is only read, also while another process works with it.

use std::sync::Arc;

use waxwing::{ConversationId, History};

use crate::call::while_wanted;
use crate::error::FfiError;
use crate::keys::{self, StoreKeyProvider};
use crate::live::Kind;
use crate::records::{ConversationItem, Me, Page, StorePlace, TimelineItem, conversations};
use crate::runtime::Kept;

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
        let read = async move {
            let items = history.conversations().await?;
            Ok(conversations(items))
        };
        while_wanted(None, read).await
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
        let read = async move {
            let items = history.messages(conversation, page.into()).await?;
            Ok(items.into_iter().map(Into::into).collect())
        };
        while_wanted(None, read).await
    }
}
