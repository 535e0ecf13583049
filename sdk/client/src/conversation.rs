//! A conversation, and what is written in it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use waxwing_engine::{
    Change, Command, ConversationId, Custom, Delivery, GroupStanding, Marks, Mention, Setting,
};
use waxwing_wire::{AccountId, Handle, MessageId};

use crate::error::{Code, Result};
use crate::export::Export;
use crate::group::Group;
use crate::settings::Settings;
use crate::shared::Shared;
use crate::store::search::search;
use crate::store::show;
use crate::timeline::{PAGE_ITEMS_MAX, Page, Timeline, TimelineItem};
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
    marks: Marks,
}

impl Draft {
    /// Plain text, of at most [`limits::TEXT_SIZE_MAX_BYTES`](waxwing_wire::limits::TEXT_SIZE_MAX_BYTES).
    pub fn text(text: impl Into<String>) -> Draft {
        Draft { text: text.into(), id: None, marks: Marks::default() }
    }

    /// Names the message. Sending it a second time under the same name changes nothing, so a caller that does not know
    /// whether its first call got through can call again.
    pub fn with_id(mut self, id: MessageId) -> Draft {
        self.id = Some(id);
        self
    }

    /// Says which message this answers.
    pub fn reply_to(mut self, message: MessageId) -> Draft {
        self.marks.reply_to = Some(message);
        self
    }

    /// Says that this was written somewhere else before.
    pub fn forwarded(mut self) -> Draft {
        self.marks.forwarded = true;
        self
    }

    /// Names an account in the text: where its name stands there, in bytes. Mentions come in the order of the text, at most
    /// [`MENTIONS_MAX`](crate::MENTIONS_MAX).
    pub fn mention(mut self, account: AccountId, place: std::ops::Range<usize>) -> Draft {
        let narrow = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let (start_bytes, length_bytes) = (narrow(place.start), narrow(place.len()));
        self.marks.mentions.push(Mention { account, start_bytes, length_bytes });
        self
    }

    /// Adds content of the app's own; the text is what an app shows that does not know this type. Text and payload together
    /// are at most [`limits::TEXT_SIZE_MAX_BYTES`](waxwing_wire::limits::TEXT_SIZE_MAX_BYTES).
    pub fn custom(mut self, kind: impl Into<String>, payload: Vec<u8>) -> Draft {
        self.marks.custom = Some(Custom { kind: kind.into(), payload });
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
            let conversation = self.id;
            let known = self.shared.read(move |db| show::item(db, message)).await?;
            if let Some(known) = known {
                let same = known.conversation_id == conversation
                    && known.text() == Some(draft.text.as_str())
                    && known.marks.of_app() == draft.marks;
                return if same { Ok(self.sent(message)) } else { Err(Code::MessageIdTaken.into()) };
            }
        }
        self.shared
            .command(Command::Send { conversation: self.id, message, text: draft.text, marks: draft.marks })
            .await?;
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

    /// How the conversation is set.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn settings(&self) -> Result<Settings> {
        let conversation = self.id;
        self.shared.read(move |db| show::settings(db, conversation)).await
    }

    /// Keeps what the user began to write; empty forgets it. Not for each key: other devices of the account are told.
    ///
    /// # Errors
    ///
    /// `invalid_input` for more than a message may hold, or what the store says.
    pub async fn set_draft(&self, text: impl Into<String>) -> Result<()> {
        self.set(Setting::Draft(text.into())).await
    }

    /// Asks for silence until a time, in milliseconds since 1970; `i64::MAX`: for ever; none: not any more.
    ///
    /// # Errors
    ///
    /// `invalid_input` for a time before 1970, or what the store says.
    pub async fn mute_until(&self, until_ms: Option<i64>) -> Result<()> {
        self.set(Setting::MutedUntil(until_ms.unwrap_or(0))).await
    }

    /// Puts the conversation to the top of the list, or back.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn set_pinned(&self, pinned: bool) -> Result<()> {
        self.set(Setting::Pinned(pinned)).await
    }

    /// Puts the conversation away, or back.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn set_archived(&self, archived: bool) -> Result<()> {
        self.set(Setting::Archived(archived)).await
    }

    /// Marks the conversation, so that the user comes back to it. [`mark_read`](Conversation::mark_read) takes that back.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn set_marked_unread(&self, marked: bool) -> Result<()> {
        self.set(Setting::MarkedUnread(marked)).await
    }

    /// Blocks the other side, or lets it in again. What it sends meanwhile is dropped without a receipt, and nothing is sent to
    /// it; what it sent before stays.
    ///
    /// # Errors
    ///
    /// `invalid_input` for the conversation with oneself, or what the store says.
    pub async fn set_blocked(&self, blocked: bool) -> Result<()> {
        self.set(Setting::Blocked(blocked)).await
    }

    /// Lets new messages of both sides disappear after so long, at most [`TIMER_MAX_S`](crate::TIMER_MAX_S) seconds: those that
    /// one wrote oneself from when they were written, others from when they were read. None: they stay. The other side
    /// is told, and may change it too.
    ///
    /// # Errors
    ///
    /// `invalid_input` for a time that is too long, or what the store says.
    pub async fn set_timer(&self, timer: Option<Duration>) -> Result<()> {
        let seconds = timer.map_or(0, |timer| timer.as_secs().max(1));
        let seconds = u32::try_from(seconds).map_err(|_| Code::InvalidInput)?;
        self.set(Setting::Timer(seconds)).await
    }

    async fn set(&self, setting: Setting) -> Result<()> {
        self.shared.command(Command::Set { conversation: self.id, setting }).await.map(drop)
    }

    /// Finds messages with these words here, the newest first, at most `limit` and at most
    /// [`PAGE_ITEMS_MAX`](crate::PAGE_ITEMS_MAX). See [`Client::search`](crate::Client::search).
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn search(&self, words: impl Into<String>, limit: usize) -> Result<Vec<TimelineItem>> {
        let (conversation, words) = (self.id, words.into());
        let limit = limit.min(PAGE_ITEMS_MAX);
        self.shared.read(move |db| search(db, Some(conversation), &words, limit)).await
    }

    /// All entries, oldest first, one after the other.
    #[must_use]
    pub fn export(&self) -> Export {
        Export::new(Arc::clone(&self.shared.readers), self.id)
    }

    /// Changes the text of a message that this account wrote. Mentions in it are gone.
    ///
    /// # Errors
    ///
    /// `not_allowed` for a message of somebody else, or one that cannot be edited; `not_found`, `message_too_large`,
    /// `invalid_input` for an empty text, or what the store says.
    pub async fn edit(&self, message: MessageId, text: impl Into<String>) -> Result<()> {
        self.annotate(message, Change::Edit(text.into())).await
    }

    /// Reacts to a message, in place of this account's reaction before; empty takes it back.
    ///
    /// # Errors
    ///
    /// `not_allowed` for an entry without a text, `not_found`, `invalid_input` for more than
    /// [`REACTION_SIZE_MAX_BYTES`](crate::REACTION_SIZE_MAX_BYTES), or what the store says.
    pub async fn react(&self, message: MessageId, reaction: impl Into<String>) -> Result<()> {
        self.annotate(message, Change::React(reaction.into())).await
    }

    /// Takes back a message that this account wrote, for everyone. Its text is gone from this device at once, and from the
    /// others when they hear of it.
    ///
    /// # Errors
    ///
    /// `not_allowed` for a message of somebody else, `not_found`, or what the store says.
    pub async fn delete(&self, message: MessageId) -> Result<()> {
        self.annotate(message, Change::Delete).await
    }

    /// Removes an entry from this account's devices. Nobody else is told.
    ///
    /// # Errors
    ///
    /// `not_found`, or what the store says.
    pub async fn delete_for_me(&self, message: MessageId) -> Result<()> {
        self.annotate(message, Change::Hide).await
    }

    async fn annotate(&self, message: MessageId, change: Change) -> Result<()> {
        self.shared.command(Command::Annotate { conversation: self.id, message, change }).await.map(drop)
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
