//! A look into a store without connecting, also while another process is connected with it.

use std::sync::Arc;

use waxwing_engine::ConversationId;
use waxwing_wire::{Handle, MessageId};

use crate::account::Me;
use crate::error::{Code, Result};
use crate::export::Export;
use crate::group::{GroupInfo, Receipts};
use crate::list::ConversationItem;
use crate::store::search::search;
use crate::store::{Readers, Store, show};
use crate::timeline::{PAGE_ITEMS_MAX, Page, TimelineItem};

/// A store, to be read only. It takes no lock that keeps a [`Client`](crate::Client) from working.
#[derive(Debug, Clone)]
pub struct History {
    readers: Arc<Readers>,
}

impl History {
    /// Opens a store that a client made.
    ///
    /// # Errors
    ///
    /// `not_found` when there is none, `wrong_store_key`, `store_corrupt`, `store_newer`. A store of an older version must be
    /// opened by a client first, and counts as `store_corrupt` until then.
    pub async fn open(store: Store) -> Result<History> {
        let readers = Arc::new(Readers::new(store));
        readers.read(|_| Ok(())).await?;
        Ok(History { readers })
    }

    /// The device's account, once it is registered.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn me(&self) -> Result<Option<Me>> {
        self.readers.read(show::me).await
    }

    /// All conversations, in the order of the list.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn conversations(&self) -> Result<Vec<ConversationItem>> {
        self.readers.read(show::conversations).await
    }

    /// The conversation with the account of this handle.
    ///
    /// # Errors
    ///
    /// `not_found`, `handle_invalid`, or what the store says.
    pub async fn direct(&self, handle: &str) -> Result<ConversationId> {
        let handle = Handle::new(handle).map_err(|_| Code::InvalidHandle)?;
        let known = self.readers.read(move |db| show::conversation_by_handle(db, &handle)).await?;
        known.map(|(id, _)| id).ok_or_else(|| Code::NotFound.into())
    }

    /// Title, members and settings of a group.
    ///
    /// # Errors
    ///
    /// `not_found` for a conversation that is no group's, or what the store says.
    pub async fn group(&self, conversation: ConversationId) -> Result<GroupInfo> {
        self.readers.read(move |db| show::group_info(db, conversation)).await
    }

    /// A page of a conversation, oldest entry first.
    ///
    /// # Errors
    ///
    /// What the store says; `not_found` when the page names an entry that is not here.
    pub async fn messages(&self, conversation: ConversationId, page: Page) -> Result<Vec<TimelineItem>> {
        self.readers.read(move |db| show::page(db, conversation, page)).await
    }

    /// One entry of a conversation, by its id.
    ///
    /// # Errors
    ///
    /// `not_found`, or what the store says.
    pub async fn message(&self, id: MessageId) -> Result<TimelineItem> {
        let found = self.readers.read(move |db| show::item(db, id)).await?;
        found.ok_or_else(|| Code::NotFound.into())
    }

    /// How far a message of this account got at each member of a group, as [`Group::receipts`](crate::Group::receipts) says it.
    ///
    /// # Errors
    ///
    /// `not_found` when the message is not one of ours in this group, or what the store says.
    pub async fn receipts(&self, conversation: ConversationId, message: MessageId) -> Result<Receipts> {
        self.readers.read(move |db| show::group_receipts(db, conversation, message)).await
    }

    /// Finds messages, as [`Client::search`](crate::Client::search) does; in one conversation, or in all.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn search(
        &self,
        words: impl Into<String>,
        conversation: Option<ConversationId>,
        limit: usize,
    ) -> Result<Vec<TimelineItem>> {
        let (words, limit) = (words.into(), limit.min(PAGE_ITEMS_MAX));
        self.readers.read(move |db| search(db, conversation, &words, limit)).await
    }

    /// All entries of a conversation, oldest first, one after the other.
    #[must_use]
    pub fn export(&self, conversation: ConversationId) -> Export {
        Export::new(Arc::clone(&self.readers), conversation)
    }
}
