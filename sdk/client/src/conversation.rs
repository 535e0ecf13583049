//! A conversation, and what is written in it.

use std::fmt;
use std::sync::Arc;

use waxwing_engine::{Command, ConversationId, Delivery, GroupStanding};
use waxwing_wire::{AccountId, Handle, MessageId};

use crate::error::{Code, Result};
use crate::group::Group;
use crate::shared::Shared;
use crate::store::show;
use crate::timeline::{Page, Timeline, TimelineItem};
use crate::topics::Topic;

/// Somebody, as this device knows them.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// The account.
    pub account: AccountId,
    /// The name under which it was last seen; none for an account that this device has forgotten.
    pub handle: Option<Handle>,
}

impl Contact {
    /// The handle as text; empty where it is not known.
    #[must_use]
    pub fn name(&self) -> &str {
        self.handle.as_ref().map_or("", Handle::as_str)
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Contact").field(&self.account).finish()
    }
}

/// Whom a conversation is with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum With {
    /// One other account.
    Contact(Contact),
    /// A group.
    Group(GroupHead),
}

/// What a list shows of a group.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupHead {
    /// What it is called. Empty: without a name.
    pub title: String,
    /// Whether this account is in it.
    pub standing: GroupStanding,
}

/// The title stays out of logs.
impl fmt::Debug for GroupHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupHead").field("standing", &self.standing).finish_non_exhaustive()
    }
}

impl With {
    /// The other account, where it is one.
    #[must_use]
    pub fn contact(&self) -> Option<&Contact> {
        match self {
            With::Contact(contact) => Some(contact),
            With::Group(_) => None,
        }
    }

    /// The group, where it is one.
    #[must_use]
    pub fn group(&self) -> Option<&GroupHead> {
        match self {
            With::Group(group) => Some(group),
            With::Contact(_) => None,
        }
    }

    /// The other side's handle, or the group's title; empty where there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            With::Contact(contact) => contact.name(),
            With::Group(group) => &group.title,
        }
    }
}

/// A message to be sent.
#[derive(Clone)]
#[must_use = "hand it to Conversation::send"]
pub struct Draft {
    text: String,
    id: Option<MessageId>,
}

impl Draft {
    /// Plain text, of at most [`limits::TEXT_SIZE_MAX_BYTES`](waxwing_wire::limits::TEXT_SIZE_MAX_BYTES).
    pub fn text(text: impl Into<String>) -> Draft {
        Draft { text: text.into(), id: None }
    }

    /// Names the message. Sending it a second time under the same name changes nothing, so a caller that does not know
    /// whether its first call got through can call again.
    pub fn with_id(mut self, id: MessageId) -> Draft {
        self.id = Some(id);
        self
    }
}

/// The length only: content stays out of logs.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft({} bytes)", self.text.len())
    }
}

/// A conversation with one other account, or with a group.
#[derive(Clone)]
pub struct Conversation {
    shared: Arc<Shared>,
    id: ConversationId,
    with: With,
}

impl Conversation {
    pub(crate) fn new(shared: Arc<Shared>, id: ConversationId, with: With) -> Conversation {
        Conversation { shared, id, with }
    }

    /// Its id, the same on both sides.
    #[must_use]
    pub fn id(&self) -> ConversationId {
        self.id
    }

    /// The other side, as it was when this value was made.
    #[must_use]
    pub fn with(&self) -> &With {
        &self.with
    }

    /// The other account, where the conversation is with one.
    #[must_use]
    pub fn peer(&self) -> Option<&Contact> {
        self.with.contact()
    }

    /// The group, where the conversation is one's.
    #[must_use]
    pub fn group(&self) -> Option<Group> {
        self.with.group().map(|_| Group::new(Arc::clone(&self.shared), self.id))
    }

    /// Puts a message on its way. When this returns, the message is on disk and will go out, whatever happens to the process.
    ///
    /// # Errors
    ///
    /// `message_too_large`, `invalid_input` for an empty text, `message_id_taken` when another message has the draft's id,
    /// `not_permitted` in a group that does not let this account write, or what the store says.
    pub async fn send(&self, draft: Draft) -> Result<Sent> {
        let message = draft.id.unwrap_or_else(|| self.shared.new_message_id());
        if draft.id.is_some() {
            let (conversation, text) = (self.id, draft.text.clone());
            let known = self.shared.read(move |db| show::item(db, message)).await?;
            if let Some(known) = known {
                let same = known.conversation_id == conversation && known.text() == Some(text.as_str());
                return if same { Ok(self.sent(message)) } else { Err(Code::MessageIdTaken.into()) };
            }
        }
        self.shared.command(Command::Send { conversation: self.id, message, text: draft.text }).await?;
        Ok(self.sent(message))
    }

    fn sent(&self, id: MessageId) -> Sent {
        Sent { shared: Arc::clone(&self.shared), id }
    }

    /// Watches the newest entries.
    #[must_use]
    pub fn timeline(&self, page: Page) -> Timeline {
        Timeline::new(Arc::clone(&self.shared), self.id, page)
    }

    /// Reads a page once, oldest entry first.
    ///
    /// # Errors
    ///
    /// What the store says; `not_found` when the page names an entry that is not here.
    pub async fn history(&self, page: Page) -> Result<Vec<TimelineItem>> {
        let conversation = self.id;
        self.shared.read(move |db| show::page(db, conversation, page)).await
    }

    /// Remembers that the user saw everything up to this entry, and lets the other side know.
    ///
    /// # Errors
    ///
    /// `not_found`, or what the store says.
    pub async fn mark_read(&self, up_to: MessageId) -> Result<()> {
        self.shared.command(Command::MarkRead { conversation: self.id, up_to }).await.map(drop)
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A message that this device sent, to follow it.
#[derive(Clone)]
pub struct Sent {
    shared: Arc<Shared>,
    id: MessageId,
}

impl Sent {
    pub(crate) fn new(shared: Arc<Shared>, id: MessageId) -> Sent {
        Sent { shared, id }
    }

    /// The message's id, which never changes.
    #[must_use]
    pub fn id(&self) -> MessageId {
        self.id
    }

    /// How far it got.
    ///
    /// # Errors
    ///
    /// `not_found` when the message is not one of ours, or what the store says.
    pub async fn state(&self) -> Result<Delivery> {
        let id = self.id;
        self.shared.read(move |db| show::delivery(db, id)).await
    }

    /// Waits until it is at least this far, or stands still: then the answer is
    /// [`Delivery::Failed`], [`Delivery::Cancelled`] or [`Delivery::Held`].
    ///
    /// # Errors
    ///
    /// `shut_down`, or what the store says.
    pub async fn wait_for(&self, wanted: Delivery) -> Result<Delivery> {
        let mut changes = self.shared.topics.subscribe(Topic::Message(self.id));
        loop {
            let state = self.state().await?;
            let stands_still = matches!(state, Delivery::Failed(_) | Delivery::Cancelled | Delivery::Held(_));
            if stands_still || state >= wanted {
                return Ok(state);
            }
            if !changes.changed().await {
                return Err(Code::ShutDown.into());
            }
        }
    }

    /// Sends a message after all that failed or was taken back. For one that is on its way, nothing happens.
    ///
    /// # Errors
    ///
    /// `not_found` when the message is not one of ours, or what the store says.
    pub async fn retry(&self) -> Result<()> {
        self.shared.command(Command::Retry(self.id)).await.map(drop)
    }

    /// Takes it back, while it is not sealed yet or after it failed.
    ///
    /// # Errors
    ///
    /// `too_late` once it is sealed, `not_found`, or what the store says.
    pub async fn cancel(&self) -> Result<()> {
        self.shared.command(Command::Cancel(self.id)).await.map(drop)
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent").field("id", &self.id).finish_non_exhaustive()
    }
}
