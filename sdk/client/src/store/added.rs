//! What messages that are added change besides their rows: the heads of their conversations, and the index of words.
//!
//! Both are written once for all messages that a transaction adds, before whatever else may touch messages, and at the latest
//! before the commit: an entry costs one row, and not the head and the index anew for each.

use std::collections::BTreeMap;

use waxwing_engine::{Body, ConversationId, Message, Reception, Status, Write};

use super::codes::Stored;
use super::{Writer, query};

/// What was added in a transaction and is not settled yet.
#[derive(Debug, Default)]
pub(super) struct Added {
    heads: BTreeMap<ConversationId, Head>,
    words: Vec<(i64, String)>,
}

#[derive(Debug, Default)]
struct Head {
    unread: i64,
    /// The greatest position that was added.
    position: i64,
    revision: i64,
}

impl Added {
    pub(super) fn note(&mut self, message: &Message, position: i64, revision: i64) {
        let head = self.heads.entry(message.conversation).or_default();
        head.unread += i64::from(message.status == Status::Incoming(Reception::Unread));
        head.position = head.position.max(position);
        head.revision = head.revision.max(revision);
        if let Body::Text(text) = &message.body {
            self.words.push((position, text.clone()));
        }
    }
}

/// Whether a write leaves alone what messages that were added before it change.
pub(super) fn is_beside(write: &Write) -> bool {
    matches!(
        write,
        Write::PutMessage(_)
            | Write::PutHistory(_)
            | Write::PutConversation { .. }
            | Write::PutPastPlace(_)
            | Write::PutRelay(_)
            | Write::PutSession { .. }
            | Write::PutReceiverKey { .. }
            | Write::DeletePrekey { .. }
            | Write::RememberHandshake { .. }
            | Write::RememberSeen { .. }
            | Write::PutMemberReceipt { .. }
            | Write::PutOutbox { .. }
            | Write::PutSealed { .. }
            | Write::AcceptOutbox { .. }
            | Write::DeleteOutbox { .. }
            | Write::PutWaiting { .. }
            | Write::DeleteWaiting { .. }
            | Write::PutGroupWaiting { .. }
            | Write::DeleteGroupWaiting { .. }
    )
}

impl Writer {
    /// Writes what was added since the last time.
    pub(super) fn settle(&mut self) -> Stored<()> {
        let Added { heads, words } = std::mem::take(&mut self.added);
        for (conversation, head) in heads {
            let id = conversation.as_bytes();
            self.run(query::COUNT_ADDED, (id, head.revision, head.unread))?;
            self.run(query::MOVE_HEAD, (id, head.position))?;
        }
        words.iter().try_for_each(|(position, text)| self.run(query::ADD_WORDS, (position, text)))
    }
}
