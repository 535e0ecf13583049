//! Entries of conversations: who wrote them, what they say, and what was said about them.

use std::time::Duration;

use waxwing::{AccountId, ConversationId, DeviceId, Handle, MessageId};

use super::{EntryState, GroupNotice, all, no_content};
use crate::ids::Timestamp;

/// Somebody, as this device knows them.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Contact {
    /// The account.
    pub account: AccountId,
    /// The name under which it was last seen; none for an account that this device has forgotten.
    pub handle: Option<String>,
}

/// An account, by its id or by its handle. Where a call may ask the relay, a handle that is not known here needs a link.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Whose {
    /// By its id.
    Account {
        /// The account.
        account: AccountId,
    },
    /// By its handle.
    Handle {
        /// The handle.
        handle: String,
    },
}

/// One entry of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
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
    pub body: EntryBody,
    /// What it carries besides its words.
    pub marks: Marks,
    /// Whether its author changed it since.
    pub edited: bool,
    /// What people reacted, the most frequent first.
    pub reactions: Vec<Reaction>,
    /// When the sender's clock said it was written.
    pub sent_at: Timestamp,
    /// When it came to this device's disk.
    pub stored_at: Timestamp,
    /// How far it got.
    pub state: EntryState,
}

/// What an entry says.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum EntryBody {
    /// Plain text.
    Text {
        /// The text.
        text: String,
    },
    /// An envelope that could not be opened; its sender has been asked to send it again.
    Unreadable,
    /// Something that happened, told to the user in its place.
    Notice {
        /// What.
        notice: Notice,
    },
    /// Something that the sender of the entry did to the group.
    Group {
        /// What.
        notice: GroupNotice,
    },
    /// A text that its author took back.
    Deleted,
}

/// Something that happened in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Notice {
    /// The account's key is another one than before; sending waits for the user.
    KeyChanged,
    /// The user accepted the new key.
    KeyAccepted,
    /// The account has a further device, or other devices than before.
    DevicesChanged,
    /// The relay lost its database; what was not delivered is sent again.
    RelayReset,
    /// The sender of the entry set the timer of disappearing messages.
    TimerChanged {
        /// How long messages stay from now on; none: for ever.
        timer: Option<Duration>,
    },
}

/// What a message carries besides its words.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Marks {
    /// The message that it answers. Nobody vouches that there is such a message.
    pub reply_to: Option<MessageId>,
    /// It was written somewhere else before, as its sender says.
    pub forwarded: bool,
    /// Accounts that are named in it, in the order of the text, without overlap.
    pub mentions: Vec<Mention>,
    /// Content of the app's own; the text is what an app shows that does not know it.
    pub custom: Option<Custom>,
    /// It disappears so long after it was sent here, or read here; none: it stays.
    pub expires_after: Option<Duration>,
    /// In a group: when it was opened here, its sender was no member any more. Whether it was written before, nobody can tell.
    #[uniffi(default)]
    pub after_removal: bool,
}

/// An account that is named in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Mention {
    /// Who.
    pub account: AccountId,
    /// Where the name begins, in bytes of UTF-8.
    pub start_bytes: u32,
    /// How long it is, in bytes of UTF-8.
    pub length_bytes: u32,
}

/// Content of the app's own.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Custom {
    /// Its type, such as `example.com/location`; 1 to 64 bytes.
    pub kind: String,
    /// Its bytes. With the text they are at most 65,536.
    pub payload: Vec<u8>,
}

/// A reaction to a message, and who reacted so.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Reaction {
    /// What: one character as people see it.
    pub reaction: String,
    /// Who.
    pub by: Vec<Contact>,
}

// ---- conversions ----

impl From<waxwing::Contact> for Contact {
    fn from(contact: waxwing::Contact) -> Contact {
        let handle = contact.handle.as_ref().map(|handle: &Handle| handle.as_str().to_owned());
        Contact { account: contact.account, handle }
    }
}

impl From<Whose> for waxwing::Whose {
    fn from(whose: Whose) -> waxwing::Whose {
        match whose {
            Whose::Account { account } => waxwing::Whose::Account(account),
            Whose::Handle { handle } => waxwing::Whose::Handle(handle),
        }
    }
}

impl From<waxwing::TimelineItem> for TimelineItem {
    fn from(item: waxwing::TimelineItem) -> TimelineItem {
        TimelineItem {
            message_id: item.message_id,
            conversation_id: item.conversation_id,
            sender: item.sender.into(),
            sender_device: item.sender_device,
            body: EntryBody::new(item.body, item.group_notice),
            marks: item.marks.into(),
            edited: item.edited,
            reactions: all(item.reactions),
            sent_at: Timestamp::from_ms(item.sent_at_ms),
            stored_at: Timestamp::from_ms(item.stored_at_ms),
            state: item.state.into(),
        }
    }
}

impl EntryBody {
    /// What happened to a group comes twice: bare, and with the names of whom it concerns.
    fn new(body: waxwing::Body, named: Option<waxwing::GroupNotice>) -> EntryBody {
        match (body, named) {
            (waxwing::Body::Text(text), _) => EntryBody::Text { text },
            (waxwing::Body::Unreadable, _) => EntryBody::Unreadable,
            (waxwing::Body::Notice(notice), _) => EntryBody::Notice { notice: notice.into() },
            (waxwing::Body::Group(_), Some(notice)) => EntryBody::Group { notice: notice.into() },
            // The client gives the names wherever there is something to name.
            (waxwing::Body::Group(_), None) => EntryBody::Unreadable,
            (waxwing::Body::Deleted, _) => EntryBody::Deleted,
        }
    }
}

impl From<waxwing::Notice> for Notice {
    fn from(notice: waxwing::Notice) -> Notice {
        match notice {
            waxwing::Notice::KeyChanged => Notice::KeyChanged,
            waxwing::Notice::KeyAccepted => Notice::KeyAccepted,
            waxwing::Notice::DevicesChanged => Notice::DevicesChanged,
            waxwing::Notice::RelayReset => Notice::RelayReset,
            waxwing::Notice::TimerChanged { seconds } => Notice::TimerChanged { timer: some_time(seconds) },
        }
    }
}

/// Zero says that there is none.
fn some_time(seconds: u32) -> Option<Duration> {
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}

impl From<waxwing::Marks> for Marks {
    fn from(marks: waxwing::Marks) -> Marks {
        // The salt is the engine's own.
        let waxwing::Marks { reply_to, forwarded, mentions, custom, expires_after_s, salt: _, after_removal } =
            marks;
        Marks {
            reply_to,
            forwarded,
            mentions: all(mentions),
            custom: custom.map(|waxwing::Custom { kind, payload }| Custom { kind, payload }),
            expires_after: some_time(expires_after_s),
            after_removal,
        }
    }
}

impl From<waxwing::Mention> for Mention {
    fn from(mention: waxwing::Mention) -> Mention {
        let waxwing::Mention { account, start_bytes, length_bytes } = mention;
        Mention { account, start_bytes, length_bytes }
    }
}

impl From<waxwing::Reaction> for Reaction {
    fn from(reaction: waxwing::Reaction) -> Reaction {
        Reaction { reaction: reaction.reaction, by: all(reaction.by) }
    }
}

no_content!(Contact, Whose, EntryBody, Custom, Reaction);
