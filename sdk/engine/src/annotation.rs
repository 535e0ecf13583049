//! What is said about a message after it was written: an edit, a deletion, a reaction. Values and rules only; pure.
//!
//! Each account has a register for each message and [`Slot`]. The last writer wins, by a revision and never by a clock, so
//! annotations may come in any order, twice, and before their message, and every device ends with the same.

use std::fmt;

use waxwing_wire::{AccountId, DeviceId, MessageId};

use crate::model::{Body, ConversationId, Message};

/// Longest reaction, in bytes of UTF-8: one character as people see it.
pub const REACTION_SIZE_MAX_BYTES: usize = 64;

/// Annotations of one account that may wait for a message that is not here.
pub(crate) const AWAITED_MAX: u64 = 2_000;

/// Annotations of this account that are said again to a device that could not open something, and after a relay lost its data.
pub(crate) const SAID_AGAIN_MAX: usize = 64;

/// The place of a change among the changes of one register: the highest count seen, plus one; of two that are equal, the
/// greater device wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision {
    /// Counts from 1.
    pub count: u64,
    /// The device that made the change.
    pub device: DeviceId,
}

impl Revision {
    /// The revision of a change that this device makes, after all that it has seen.
    #[must_use]
    pub fn after(seen: Option<Revision>, device: DeviceId) -> Revision {
        let count = seen.map_or(0, |seen| seen.count).saturating_add(1).min(i64::MAX as u64);
        Revision { count, device }
    }
}

/// What is said about a message.
#[derive(Clone, PartialEq, Eq)]
pub enum Change {
    /// It reads differently now.
    Edit(String),
    /// It is taken back, everywhere.
    Delete,
    /// A reaction; empty takes it back.
    React(String),
    /// Its reader wants it out of sight, on the devices of this account only.
    Hide,
}

impl Change {
    /// The register that it writes.
    #[must_use]
    pub fn slot(&self) -> Slot {
        match self {
            Change::Edit(_) | Change::Delete => Slot::Content,
            Change::React(_) => Slot::Reaction,
            Change::Hide => Slot::Hidden,
        }
    }
}

/// The kind and the length: content stays out of logs.
impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Edit(text) => write!(f, "Edit({} bytes)", text.len()),
            Change::Delete => f.write_str("Delete"),
            Change::React(reaction) => write!(f, "React({} bytes)", reaction.len()),
            Change::Hide => f.write_str("Hide"),
        }
    }
}

/// The registers that an account has for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// What it says: edits and deletion.
    Content,
    /// The account's reaction.
    Reaction,
    /// Whether the account's devices show it.
    Hidden,
}

/// One register: what an account says about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// The message.
    pub target: MessageId,
    /// Where the message stands, as the author says.
    pub conversation: ConversationId,
    /// Whose word it is.
    pub author: AccountId,
    /// What it says. The text of an edit that is applied stands in the message, and is empty here.
    pub change: Change,
    /// Its place among the changes.
    pub revision: Revision,
    /// Whether its message is here.
    pub anchor: Anchor,
    /// When it came to this device's disk.
    pub stored_at_ms: i64,
}

/// Whether the message of an annotation is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// It is, and the annotation is applied to it.
    Held,
    /// It is not, or it cannot be read yet.
    Awaited,
}

impl Annotation {
    /// The register that it is.
    #[must_use]
    pub fn slot(&self) -> Slot {
        self.change.slot()
    }

    /// Whether this takes the place of what the register held. A deletion is final.
    #[must_use]
    pub fn supersedes(&self, old: &Annotation) -> bool {
        let rank = |of: &Annotation| (of.change == Change::Delete, of.revision);
        rank(self) > rank(old)
    }
}

/// Who may do what to a message that can be read: in any conversation, its account edits and deletes, and whoever is in the
/// conversation reacts.
pub(crate) fn may(author: AccountId, change: &Change, message: &Message) -> bool {
    let is_author = message.sender.account == author;
    match (change, &message.body) {
        (Change::Edit(_), Body::Text(_)) => is_author && message.marks.custom.is_none(),
        (Change::Delete, Body::Text(_) | Body::Deleted) => is_author,
        (Change::React(_), Body::Text(_)) | (Change::Hide, _) => true,
        (Change::Edit(_) | Change::React(_), Body::Deleted)
        | (
            Change::Edit(_) | Change::Delete | Change::React(_),
            Body::Unreadable | Body::Notice(_) | Body::Group(_),
        ) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marks::{Custom, Marks};
    use crate::model::{DeviceAddress, Reception, Status};

    fn device(n: u8) -> DeviceId {
        DeviceId::from_bytes([n; 16])
    }

    fn annotation(change: Change, count: u64, by: u8) -> Annotation {
        Annotation {
            target: MessageId::from_bytes([1; 16]),
            conversation: ConversationId::from_bytes([2; 16]),
            author: AccountId::from_bytes([3; 16]),
            change,
            revision: Revision { count, device: device(by) },
            anchor: Anchor::Held,
            stored_at_ms: 0,
        }
    }

    #[test]
    fn whatever_order_changes_come_in_the_same_one_stays() {
        let edit = |count, by| annotation(Change::Edit(format!("{count} {by}")), count, by);
        let all = [edit(1, 1), edit(2, 1), edit(2, 2), annotation(Change::Delete, 1, 1), edit(9, 9)];
        for first in 0..all.len() {
            let mut held = all[first].clone();
            for next in (0..all.len()).map(|n| &all[(first + n) % all.len()]) {
                if next.supersedes(&held) {
                    held = next.clone();
                }
            }
            assert_eq!(held.change, Change::Delete, "a deletion is final");
        }
        assert!(edit(2, 2).supersedes(&edit(2, 1)) && !edit(2, 1).supersedes(&edit(2, 2)));
        assert!(!edit(1, 1).supersedes(&edit(1, 1)), "what is there already changes nothing");
    }

    #[test]
    fn only_its_account_changes_a_message() {
        let (author, stranger) = (AccountId::from_bytes([3; 16]), AccountId::from_bytes([4; 16]));
        let message = |body, custom| Message {
            id: MessageId::from_bytes([1; 16]),
            conversation: ConversationId::from_bytes([2; 16]),
            sender: DeviceAddress { account: author, device: device(1) },
            counter: 1,
            sent_at_ms: 0,
            stored_at_ms: 0,
            body,
            marks: Marks { custom, ..Marks::default() },
            edited: false,
            status: Status::Incoming(Reception::Unread),
        };
        let text = message(Body::Text("text".to_owned()), None);
        let edit = Change::Edit("new".to_owned());
        let react = Change::React("+".to_owned());
        for (change, author_may, others_may) in
            [(&edit, true, false), (&Change::Delete, true, false), (&react, true, true)]
        {
            assert_eq!(may(author, change, &text), author_may, "{change:?}");
            assert_eq!(may(stranger, change, &text), others_may, "{change:?}");
            assert!(!may(author, change, &message(Body::Unreadable, None)), "{change:?}");
        }
        assert!(!may(author, &edit, &message(Body::Deleted, None)), "a deletion is final");
        let custom = Some(Custom { kind: "k".to_owned(), payload: Vec::new() });
        assert!(!may(author, &edit, &message(Body::Text("text".to_owned()), custom)));
    }

    #[test]
    fn a_revision_never_leaves_its_range() {
        let top = Revision { count: u64::MAX, device: device(1) };
        assert_eq!(Revision::after(Some(top), device(2)).count, i64::MAX as u64);
        assert_eq!(Revision::after(None, device(2)), Revision { count: 1, device: device(2) });
    }
}
