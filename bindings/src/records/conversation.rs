//! Conversations: with whom they are, how they are set, what is put into them, and their lines in the list.

use std::time::Duration;

use waxwing::{ConversationId, MessageId};

use super::{Contact, Custom, EntryState, Mention, no_content};
use crate::ids::Timestamp;

/// Whom a conversation is with.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Party {
    /// One other account.
    Account {
        /// Who.
        contact: Contact,
    },
    /// A group.
    Group {
        /// Which.
        head: GroupHead,
    },
}

/// What a list shows of a group.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct GroupHead {
    /// What it is called. Empty: without a name.
    pub title: String,
    /// Whether this account is in it.
    pub standing: GroupStanding,
}

/// Whether this account is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum GroupStanding {
    /// It is.
    Member,
    /// It left, or was removed; what was said before stays.
    Out,
}

/// A message to be sent.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Draft {
    /// Plain text.
    pub text: String,
    /// The message's id, from `new_message_id`: sending the same again under it changes nothing. None: a new one.
    #[uniffi(default)]
    pub id: Option<MessageId>,
    /// The message that this answers.
    #[uniffi(default)]
    pub reply_to: Option<MessageId>,
    /// It was written somewhere else before.
    #[uniffi(default)]
    pub forwarded: bool,
    /// Accounts that are named in the text, in its order, without overlap; at most 64.
    #[uniffi(default)]
    pub mentions: Vec<Mention>,
    /// Content of the app's own; the text is what an app shows that does not know its type.
    #[uniffi(default)]
    pub custom: Option<Custom>,
}

/// Which entries of a conversation to read.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Page {
    /// At most so many, and at most 500.
    #[uniffi(default = 50)]
    pub limit: u32,
    /// Where.
    pub place: PagePlace,
}

/// Where a page is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum PagePlace {
    /// The newest entries.
    Newest,
    /// The entries just before this one.
    Before {
        /// Which.
        id: MessageId,
    },
    /// This entry and those around it, to jump to it. A timeline that begins so tells what is newer as appended.
    Around {
        /// Which.
        id: MessageId,
    },
}

/// How the user set a conversation. It follows to the account's other devices.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ConversationSettings {
    /// What the user began to write.
    pub draft: String,
    /// No noise until then; none: not muted.
    pub muted: Option<Mute>,
    /// It stands at the top of the list.
    pub pinned: bool,
    /// It is put away.
    pub archived: bool,
    /// The user wants to come back to it.
    pub marked_unread: bool,
    /// Nothing is taken from the other side, and nothing is sent to it.
    pub blocked: bool,
    /// New messages of both sides disappear after so long; none: they stay.
    pub timer: Option<Duration>,
}

/// How long a conversation makes no noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Mute {
    /// Until this moment.
    Until {
        /// When.
        moment: Timestamp,
    },
    /// Until the user says otherwise.
    ForEver,
}

/// One line of the list of conversations.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ConversationItem {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Whom it is with.
    pub party: Party,
    /// Incoming messages that the user has not seen.
    pub unread: u64,
    /// How many of them name this account.
    pub unread_mentions: u64,
    /// How the user set it.
    pub settings: ConversationSettings,
    /// The newest entry, if there is one.
    pub last: Option<LastEntry>,
    /// Whether sending waits for the user to accept the other side's new key.
    pub key_changed: bool,
    /// Greatest first is the order of the list. It follows the messages, never a clock.
    pub order: i64,
    /// When the conversation was made.
    pub created_at: Timestamp,
}

/// The newest entry of a conversation, shortened.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct LastEntry {
    /// Its id.
    pub message_id: MessageId,
    /// Who wrote it.
    pub sender: Contact,
    /// The beginning of its text; empty for an entry without text.
    pub preview: String,
    /// When it came to this device's disk.
    pub stored_at: Timestamp,
    /// How far it got.
    pub state: EntryState,
}

// ---- conversions ----

impl From<waxwing::With> for Party {
    fn from(with: waxwing::With) -> Party {
        match with {
            waxwing::With::Contact(contact) => Party::Account { contact: contact.into() },
            waxwing::With::Group(head) => {
                Party::Group { head: GroupHead { title: head.title, standing: head.standing.into() } }
            }
        }
    }
}

impl From<waxwing::GroupStanding> for GroupStanding {
    fn from(standing: waxwing::GroupStanding) -> GroupStanding {
        match standing {
            waxwing::GroupStanding::Member => GroupStanding::Member,
            waxwing::GroupStanding::Out => GroupStanding::Out,
        }
    }
}

impl From<Draft> for waxwing::Draft {
    fn from(draft: Draft) -> waxwing::Draft {
        let Draft { text, id, reply_to, forwarded, mentions, custom } = draft;
        let mut draft = waxwing::Draft::text(text);
        if let Some(id) = id {
            draft = draft.with_id(id);
        }
        if let Some(answered) = reply_to {
            draft = draft.reply_to(answered);
        }
        if forwarded {
            draft = draft.forwarded();
        }
        for Mention { account, start_bytes, length_bytes } in mentions {
            let start = start_bytes as usize;
            draft = draft.mention(account, start..start.saturating_add(length_bytes as usize));
        }
        if let Some(Custom { kind, payload }) = custom {
            draft = draft.custom(kind, payload);
        }
        draft
    }
}

impl From<Page> for waxwing::Page {
    fn from(Page { limit, place }: Page) -> waxwing::Page {
        let limit = limit as usize;
        match place {
            PagePlace::Newest => waxwing::Page::newest(limit),
            PagePlace::Before { id } => waxwing::Page::before(id, limit),
            PagePlace::Around { id } => waxwing::Page::around(id, limit),
        }
    }
}

impl From<waxwing::Settings> for ConversationSettings {
    fn from(settings: waxwing::Settings) -> ConversationSettings {
        ConversationSettings {
            draft: settings.draft,
            muted: settings.muted_until_ms.map(Mute::from_ms),
            pinned: settings.pinned,
            archived: settings.archived,
            marked_unread: settings.marked_unread,
            blocked: settings.blocked,
            timer: settings.timer,
        }
    }
}

impl Mute {
    fn from_ms(until_ms: i64) -> Mute {
        match until_ms {
            i64::MAX => Mute::ForEver,
            moment => Mute::Until { moment: Timestamp::from_ms(moment) },
        }
    }

    pub(crate) fn to_ms(self) -> i64 {
        match self {
            Mute::Until { moment } => moment.ms(),
            Mute::ForEver => i64::MAX,
        }
    }
}

impl From<waxwing::ConversationItem> for ConversationItem {
    fn from(item: waxwing::ConversationItem) -> ConversationItem {
        ConversationItem {
            conversation_id: item.conversation_id,
            party: item.with.into(),
            unread: item.unread,
            unread_mentions: item.unread_mentions,
            settings: item.settings.into(),
            last: item.last.map(Into::into),
            key_changed: item.key_changed,
            order: item.order,
            created_at: Timestamp::from_ms(item.created_at_ms),
        }
    }
}

impl From<waxwing::LastEntry> for LastEntry {
    fn from(last: waxwing::LastEntry) -> LastEntry {
        LastEntry {
            message_id: last.message_id,
            sender: last.sender.into(),
            preview: last.preview,
            stored_at: Timestamp::from_ms(last.stored_at_ms),
            state: last.state.into(),
        }
    }
}

no_content!(GroupHead, Draft, ConversationSettings, LastEntry);
