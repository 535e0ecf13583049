//! What streams give: batches with their numbers, and what changed.

use waxwing::{ConversationId, MessageId};

use super::{Contact, ConversationItem, Marks, TimelineItem, all, no_content};
use crate::error::FfiError;
use crate::ids::Timestamp;

/// What changed in a timeline, in order.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TimelineBatch {
    /// Its number, for the next pull.
    pub number: u64,
    /// The differences, to be applied one after the other.
    pub diffs: Vec<TimelineDiff>,
}

/// What changed in a timeline.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
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
    /// Reading failed; the stream goes on, and the next pull tries again.
    Interrupted {
        /// Why.
        error: FfiError,
    },
}

/// What changed in the list of conversations, in order.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ListBatch {
    /// Its number, for the next pull.
    pub number: u64,
    /// The differences, to be applied one after the other.
    pub diffs: Vec<ListDiff>,
}

/// What changed in the list of conversations.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
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
    /// Reading failed; the stream goes on, and the next pull tries again.
    Interrupted {
        /// Why.
        error: FfiError,
    },
}

/// Incoming messages, in the order of arrival.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct IncomingBatch {
    /// Its number, for the next pull.
    pub number: u64,
    /// The messages.
    pub messages: Vec<IncomingMessage>,
}

/// An incoming message whose text is known.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct IncomingMessage {
    /// The message's id, which never changes.
    pub message_id: MessageId,
    /// Where it stands.
    pub conversation_id: ConversationId,
    /// Who wrote it.
    pub sender: Contact,
    /// The title of the group whose conversation it is; none in a conversation with one account.
    pub group_title: Option<String>,
    /// What it says.
    pub text: String,
    /// What it carries besides its words.
    pub marks: Marks,
    /// When the sender's clock said it was written.
    pub sent_at: Timestamp,
    /// When it came to this device's disk.
    pub stored_at: Timestamp,
    /// Its place in the order of arrival on this device, for `done`.
    pub place: u64,
}

/// The next entries of an export.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ExportBatch {
    /// Its number, for the next pull.
    pub number: u64,
    /// The entries, oldest first.
    pub items: Vec<TimelineItem>,
}

// ---- conversions ----

impl From<waxwing::TimelineDiff> for TimelineDiff {
    fn from(diff: waxwing::TimelineDiff) -> TimelineDiff {
        match diff {
            waxwing::TimelineDiff::Reset { items } => TimelineDiff::Reset { items: all(items) },
            waxwing::TimelineDiff::Appended { items } => TimelineDiff::Appended { items: all(items) },
            waxwing::TimelineDiff::Changed { items } => TimelineDiff::Changed { items: all(items) },
            waxwing::TimelineDiff::Interrupted { error } => TimelineDiff::Interrupted { error: error.into() },
        }
    }
}

impl From<waxwing::ListDiff> for ListDiff {
    fn from(diff: waxwing::ListDiff) -> ListDiff {
        match diff {
            waxwing::ListDiff::Reset { items } => ListDiff::Reset { items: all(items) },
            waxwing::ListDiff::Changed { items } => ListDiff::Changed { items: all(items) },
            waxwing::ListDiff::Interrupted { error } => ListDiff::Interrupted { error: error.into() },
        }
    }
}

impl From<waxwing::IncomingMessage> for IncomingMessage {
    fn from(message: waxwing::IncomingMessage) -> IncomingMessage {
        IncomingMessage {
            place: message.place(),
            message_id: message.message_id,
            conversation_id: message.conversation_id,
            sender: message.sender.into(),
            group_title: message.group,
            text: message.text,
            marks: message.marks.into(),
            sent_at: Timestamp::from_ms(message.sent_at_ms),
            stored_at: Timestamp::from_ms(message.stored_at_ms),
        }
    }
}

no_content!(IncomingMessage);
