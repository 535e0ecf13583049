//! All entries of a conversation, one after the other.

use std::collections::VecDeque;
use std::sync::Arc;

use waxwing_engine::ConversationId;

use crate::error::Result;
use crate::store::{Readers, show};
use crate::timeline::TimelineItem;

/// Entries read at once.
const BATCH: usize = 200;

/// The entries of a conversation, oldest first, read some at a time: a conversation of any length needs little memory.
///
/// Entries that come or change meanwhile are there, or are not.
#[derive(Debug)]
pub struct Export {
    readers: Arc<Readers>,
    conversation: ConversationId,
    after: i64,
    ready: VecDeque<TimelineItem>,
}

impl Export {
    pub(crate) fn new(readers: Arc<Readers>, conversation: ConversationId) -> Export {
        Export { readers, conversation, after: 0, ready: VecDeque::new() }
    }

    /// The next entry; none: that was all.
    ///
    /// # Errors
    ///
    /// What the store says; call again to go on.
    pub async fn next(&mut self) -> Result<Option<TimelineItem>> {
        if self.ready.is_empty() {
            let (conversation, after) = (self.conversation, self.after);
            let items = self.readers.read(move |db| show::after(db, conversation, after, BATCH)).await?;
            self.ready.extend(items);
        }
        let next = self.ready.pop_front();
        self.after = next.as_ref().map_or(self.after, |item| item.position);
        Ok(next)
    }
}
