//! The list of conversations, as a stream of differences.

use std::fmt;
use std::sync::Arc;

use waxwing_engine::{ConversationId, Status};
use waxwing_wire::MessageId;

use crate::conversation::{Contact, With};
use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::shared::Shared;
use crate::store::show;
use crate::topics::{Changes, Topic};

/// Longest preview, in characters.
pub const PREVIEW_CHARS_MAX: usize = 120;

/// One line of the list.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConversationItem {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Whom it is with.
    pub with: With,
    /// Incoming messages that the user has not seen.
    pub unread: u64,
    /// How many of them name this account.
    pub unread_mentions: u64,
    /// How the user set it.
    pub settings: Settings,
    /// The newest entry, if there is one.
    pub last: Option<LastEntry>,
    /// Whether sending waits for the user to accept the other side's new key.
    pub key_changed: bool,
    /// Greatest first is the order of the list. It follows the messages, never a clock.
    pub order: i64,
    /// When the conversation was made, in milliseconds since 1970.
    pub created_at_ms: i64,
    pub(crate) revision: i64,
}

/// The newest entry of a conversation, shortened.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastEntry {
    /// Its id.
    pub message_id: MessageId,
    /// Who wrote it.
    pub sender: Contact,
    /// The beginning of its text; empty for an entry without text.
    pub preview: String,
    /// When it came to this device's disk, in milliseconds since 1970.
    pub stored_at_ms: i64,
    /// How far it got.
    pub state: Status,
}

impl fmt::Debug for ConversationItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationItem")
            .field("conversation_id", &self.conversation_id)
            .field("unread", &self.unread)
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}

/// The state only: content stays out of logs.
impl fmt::Debug for LastEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastEntry").field("state", &self.state).finish_non_exhaustive()
    }
}

/// What changed in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListDiff {
    /// The whole list, in order; always the first difference.
    Reset {
        /// The conversations.
        items: Vec<ConversationItem>,
    },
    /// Conversations that are new, or take the place of those with the same id; the order may change with them.
    Changed {
        /// The conversations.
        items: Vec<ConversationItem>,
    },
    /// Reading failed; the stream goes on, and the next call tries again.
    Interrupted {
        /// Why.
        error: Error,
    },
}

/// A watch on the list. Changes that come while nobody asks are put together.
#[derive(Debug)]
pub struct ConversationList {
    shared: Arc<Shared>,
    changes: Changes,
    fresh: bool,
    revision: Option<i64>,
}

impl ConversationList {
    pub(crate) fn new(shared: Arc<Shared>) -> ConversationList {
        let changes = shared.topics.subscribe(Topic::List);
        ConversationList { shared, changes, fresh: true, revision: None }
    }

    /// Waits for the next difference; none: the client is closed.
    ///
    /// A call that is given up loses nothing.
    pub async fn next(&mut self) -> Option<ListDiff> {
        loop {
            if !self.fresh {
                if !self.changes.changed().await {
                    return None;
                }
                self.fresh = true;
            }
            match self.look().await {
                Ok(diff) => {
                    self.fresh = false;
                    if diff.is_some() {
                        return diff;
                    }
                }
                Err(error) if error.is_shut_down() => return None,
                Err(error) => return Some(ListDiff::Interrupted { error }),
            }
        }
    }

    async fn look(&mut self) -> Result<Option<ListDiff>> {
        let Some(known) = self.revision else {
            let items = self.shared.read(show::conversations).await?;
            self.revision = Some(items.iter().map(|item| item.revision).max().unwrap_or(0));
            return Ok(Some(ListDiff::Reset { items }));
        };
        let items = self.shared.read(move |db| show::conversations_changed(db, known)).await?;
        let Some(revision) = items.iter().map(|item| item.revision).max() else { return Ok(None) };
        self.revision = Some(revision);
        Ok(Some(ListDiff::Changed { items }))
    }
}
