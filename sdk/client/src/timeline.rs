//! The entries of a conversation, as a page or as a stream of differences.

use std::sync::Arc;

use waxwing_engine::{Body, ConversationId, Marks, Notice, Status};
use waxwing_wire::{DeviceId, MessageId};

use crate::conversation::Contact;
use crate::error::{Error, Result};
use crate::group::GroupNotice;
use crate::shared::Shared;
use crate::store::show;
use crate::topics::{Changes, Topic};

/// Most entries that one page gives.
pub const PAGE_ITEMS_MAX: usize = 500;

/// Which entries of a conversation to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub(crate) place: Place,
    pub(crate) limit: usize,
}

/// Where a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Newest,
    Before(MessageId),
    Around(MessageId),
}

impl Page {
    /// The newest entries, at most `limit` and at most [`PAGE_ITEMS_MAX`].
    #[must_use]
    pub fn newest(limit: usize) -> Page {
        Page { place: Place::Newest, limit: limit.min(PAGE_ITEMS_MAX) }
    }

    /// The entries just before this one.
    #[must_use]
    pub fn before(message: MessageId, limit: usize) -> Page {
        Page { place: Place::Before(message), limit: limit.min(PAGE_ITEMS_MAX) }
    }

    /// This entry and those around it, to jump to it. A timeline that begins so tells what is newer as appended.
    #[must_use]
    pub fn around(message: MessageId, limit: usize) -> Page {
        Page { place: Place::Around(message), limit: limit.clamp(1, PAGE_ITEMS_MAX) }
    }
}

/// One entry of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimelineItem {
    /// The message's id, which never changes.
    pub message_id: MessageId,
    /// Where it stands.
    pub conversation_id: ConversationId,
    /// Who wrote it.
    pub sender: Contact,
    /// On which device.
    pub sender_device: DeviceId,
    /// What it says.
    pub body: Body,
    /// What the sender did to the group, where it is that, with names.
    pub group_notice: Option<GroupNotice>,
    /// What it carries besides its words: the message that it answers, mentions, and so on.
    pub marks: Marks,
    /// Whether its author changed it since.
    pub edited: bool,
    /// What people reacted, the most frequent first.
    pub reactions: Vec<Reaction>,
    /// When the sender's clock said it was written, in milliseconds since 1970.
    pub sent_at_ms: i64,
    /// When it came to this device's disk, in milliseconds since 1970.
    pub stored_at_ms: i64,
    /// How far it got.
    pub state: Status,
    pub(crate) position: i64,
    pub(crate) revision: i64,
}

/// A reaction to a message, and who reacted so.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reaction {
    /// What: one character as people see it.
    pub reaction: String,
    /// Who.
    pub by: Vec<Contact>,
}

/// The number only: content stays out of logs.
impl std::fmt::Debug for Reaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reaction(by {})", self.by.len())
    }
}

impl TimelineItem {
    /// The text, where it has one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.body {
            Body::Text(text) => Some(text),
            Body::Unreadable | Body::Notice(_) | Body::Group(_) | Body::Deleted => None,
        }
    }

    /// The notice, where it is one.
    #[must_use]
    pub fn notice(&self) -> Option<Notice> {
        match &self.body {
            Body::Notice(notice) => Some(*notice),
            Body::Text(_) | Body::Unreadable | Body::Group(_) | Body::Deleted => None,
        }
    }

    /// Whether its author took it back.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.body == Body::Deleted
    }

    /// Whether this account wrote it.
    #[must_use]
    pub fn is_outgoing(&self) -> bool {
        matches!(self.state, Status::Outgoing(_))
    }
}

/// What changed in a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimelineDiff {
    /// The whole content, oldest first; always the first difference.
    Reset {
        /// The entries.
        items: Vec<TimelineItem>,
    },
    /// New entries at the end, oldest first.
    Appended {
        /// The entries.
        items: Vec<TimelineItem>,
    },
    /// Entries that take the place of those with the same id.
    Changed {
        /// The entries.
        items: Vec<TimelineItem>,
    },
    /// Reading failed; the stream goes on, and the next call tries again.
    Interrupted {
        /// Why.
        error: Error,
    },
}

/// A watch on a conversation. Changes that come while nobody asks are put together.
#[derive(Debug)]
pub struct Timeline {
    shared: Arc<Shared>,
    conversation: ConversationId,
    page: Page,
    changes: Changes,
    fresh: bool,
    ready: Option<TimelineDiff>,
    window: Option<Window>,
}

/// What the app has been told: the entries from `first` to `last`, as they were at `told`.
#[derive(Debug, Clone, Copy)]
struct Window {
    first: i64,
    last: i64,
    told: Told,
    removals: i64,
}

/// Everything up to this change was told. Changes of one commit share a revision; within it they go by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) revision: i64,
    pub(crate) position: i64,
}

impl Timeline {
    pub(crate) fn new(shared: Arc<Shared>, conversation: ConversationId, page: Page) -> Timeline {
        let changes = shared.topics.subscribe(Topic::Conversation(conversation));
        Timeline { shared, conversation, page, changes, fresh: true, ready: None, window: None }
    }

    /// Waits for the next difference; none: the client is closed.
    ///
    /// A call that is given up loses nothing.
    pub async fn next(&mut self) -> Option<TimelineDiff> {
        loop {
            if let Some(diff) = self.ready.take() {
                return Some(diff);
            }
            if !self.fresh {
                if !self.changes.changed().await {
                    return None;
                }
                self.fresh = true;
            }
            let diff = match self.window {
                None => self.reset().await,
                Some(window) => self.follow(window).await,
            };
            match diff {
                Ok(diff @ Some(_)) => return diff,
                Ok(None) => self.fresh = false,
                Err(error) if error.is_shut_down() => return None,
                Err(error) => return Some(TimelineDiff::Interrupted { error }),
            }
        }
    }

    async fn reset(&mut self) -> Result<Option<TimelineDiff>> {
        let (conversation, page) = (self.conversation, self.page);
        let (items, (revision, removals)) = self
            .shared
            .read(move |db| {
                let snapshot = db.unchecked_transaction()?;
                Ok((show::page(&snapshot, conversation, page)?, show::revision(&snapshot, conversation)?))
            })
            .await?;
        let position = |item: &TimelineItem| item.position;
        self.window = Some(Window {
            first: items.first().map_or(0, position),
            last: items.last().map_or(0, position),
            told: Told { revision, position: i64::MAX },
            removals,
        });
        Ok(Some(TimelineDiff::Reset { items }))
    }

    async fn follow(&mut self, window: Window) -> Result<Option<TimelineDiff>> {
        let conversation = self.conversation;
        let Window { first, last, told, removals } = window;
        let (changed, appended, (revision, removals_now)) = self
            .shared
            .read(move |db| {
                let snapshot = db.unchecked_transaction()?;
                let changed = show::changed(&snapshot, conversation, (first, last), told, PAGE_ITEMS_MAX)?;
                let appended = show::after(&snapshot, conversation, last, PAGE_ITEMS_MAX)?;
                Ok((changed, appended, show::revision(&snapshot, conversation)?))
            })
            .await?;
        if removals_now != removals {
            return self.reset().await;
        }
        let cut_short = changed.len() == PAGE_ITEMS_MAX || appended.len() == PAGE_ITEMS_MAX;
        let told = match changed.last() {
            Some(item) if cut_short => Told { revision: item.revision, position: item.position },
            None if cut_short => told,
            Some(_) | None => Told { revision, position: i64::MAX },
        };
        let last = appended.last().map_or(last, |item| item.position);
        self.window = Some(Window { first, last, told, removals });
        let appended = (!appended.is_empty()).then_some(TimelineDiff::Appended { items: appended });
        if changed.is_empty() {
            return Ok(appended);
        }
        self.ready = appended;
        Ok(Some(TimelineDiff::Changed { items: changed }))
    }

    /// Reads the entries before those that were told so far, oldest first, and watches them too.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn older(&mut self, limit: usize) -> Result<Vec<TimelineItem>> {
        let Some(window) = self.window else { return Ok(Vec::new()) };
        let conversation = self.conversation;
        let limit = limit.min(PAGE_ITEMS_MAX);
        let items = self.shared.read(move |db| show::before(db, conversation, window.first, limit)).await?;
        if let Some(first) = items.first() {
            self.window = Some(Window { first: first.position, ..window });
        }
        Ok(items)
    }
}
