//! What goes in and out: copies without behaviour. They never change; a field that is added gets a default.

mod convert;

pub(crate) use convert::conversations;

use waxwing::{AccountId, ConversationId, DeviceId, MessageId};

use crate::error::FfiError;
use crate::ids::Timestamp;

// ---- setting up ----

/// What a client is opened with.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ClientSetup {
    /// The relay's address, such as `wss://relay.example`.
    pub relay_url: String,
    /// Where the client keeps everything.
    pub store: StorePlace,
    /// Name and version of the app, for the relay's log; at most 64 bytes.
    #[uniffi(default)]
    pub agent: Option<String>,
    /// Does not connect before `resume`, `catch_up` or `register`.
    #[uniffi(default)]
    pub offline: bool,
    /// Allows `ws://` to another machine. Contents stay sealed, but whoever is on the network sees who talks to whom.
    #[uniffi(default)]
    pub dangerous_allow_plain: bool,
    /// Root certificates that are trusted beside Mozilla's: PEM, such as a company's own.
    #[uniffi(default)]
    pub extra_roots_pem: Vec<Vec<u8>>,
}

/// Where a client keeps everything.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum StorePlace {
    /// A file, made if it is not there. Beside it stand its log (`-wal`, `-shm`) and a lock file (`.lock`).
    File {
        /// Where.
        path: String,
    },
    /// In memory, for tests: gone with the client.
    Memory,
}

/// How to register.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Registration {
    /// The handle that is asked for.
    pub handle: String,
    /// The integrator's token, where it is at hand; otherwise the token provider is asked, once the relay wants one.
    #[uniffi(default)]
    pub token: Option<String>,
    /// Brings an existing account here, instead of making a new one.
    #[uniffi(default)]
    pub recovery: Option<Recovery>,
}

/// An account that is brought to this device.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Recovery {
    /// The recovery key, as the user wrote it down.
    pub key: String,
    /// What happens to the account's other devices.
    pub others: Recover,
}

/// What happens to the account's other devices when it is recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Recover {
    /// This device replaces them: they are signed out.
    Replace,
    /// This device joins them.
    Add,
}

/// This device's account.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Me {
    /// The account.
    pub account: AccountId,
    /// This device.
    pub device: DeviceId,
    /// The name under which others find the account.
    pub handle: String,
}

// ---- people and messages ----

/// Somebody, as this device knows them.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Contact {
    /// The account.
    pub account: AccountId,
    /// The name under which it was last seen; none for an account that this device has forgotten.
    pub handle: Option<String>,
}

/// A message to be sent.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Draft {
    /// Plain text.
    pub text: String,
    /// The message's id, from `new_message_id`: sending the same again under it changes nothing. None: a new one.
    #[uniffi(default)]
    pub id: Option<MessageId>,
}

/// Which entries of a conversation to read.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Page {
    /// At most so many, and at most 500.
    #[uniffi(default = 50)]
    pub limit: u32,
    /// The entries just before this one; none: the newest.
    #[uniffi(default)]
    pub before: Option<MessageId>,
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
}

/// How far an entry got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum EntryState {
    /// One that this account wrote.
    Outgoing {
        /// How far it got.
        delivery: Delivery,
    },
    /// One that somebody else wrote.
    Incoming {
        /// How far it got.
        reception: Reception,
    },
    /// Neither: a notice.
    Local,
}

/// How far an outgoing message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Delivery {
    /// On disk here; not sealed yet.
    Queued,
    /// Waits for the user.
    Held {
        /// For what.
        reason: HoldReason,
    },
    /// Sealed; perhaps on its way.
    Sending,
    /// It will not go out, unless it is retried.
    Failed {
        /// Why.
        reason: FailureReason,
    },
    /// The user took it back before it was sealed.
    Cancelled,
    /// The relay has it on disk.
    Sent,
    /// A device of the recipient has it on disk.
    Delivered,
    /// The recipient read it.
    Read,
}

/// What one can wait for a message to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum DeliveryGoal {
    /// The relay has it on disk.
    Sent,
    /// A device of the recipient has it on disk.
    Delivered,
    /// The recipient read it.
    Read,
}

/// What a message waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum HoldReason {
    /// The recipient's account key changed; goes on when the user accepts it.
    KeyChanged,
    /// The relay does not know the recipient; tried again by itself, in case the recipient comes back.
    RecipientGone,
}

/// Why a message will not go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum FailureReason {
    /// The relay refuses its size.
    TooLarge,
    /// The relay refused it for a reason that this build does not know.
    Refused,
}

/// How far an incoming message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Reception {
    /// Not opened yet: the sender has been asked to send it again.
    Waiting,
    /// It could not be opened, and the sender could not send it again.
    Lost,
    /// On disk, not seen by the user.
    Unread,
    /// Seen by the user.
    Read,
}

// ---- streams ----

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

/// One line of the list of conversations.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ConversationItem {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The other side.
    pub peer: Contact,
    /// Incoming messages that the user has not seen.
    pub unread: u64,
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
    /// The beginning of its text; empty for an entry without text.
    pub preview: String,
    /// When it came to this device's disk.
    pub stored_at: Timestamp,
    /// How far it got.
    pub state: EntryState,
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
    /// What it says.
    pub text: String,
    /// When the sender's clock said it was written.
    pub sent_at: Timestamp,
    /// When it came to this device's disk.
    pub stored_at: Timestamp,
    /// Its place in the order of arrival on this device, for `done`.
    pub place: u64,
}

/// What happened, in order.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct EventBatch {
    /// Its number, for the next pull.
    pub number: u64,
    /// The events.
    pub events: Vec<Event>,
}

/// Something that happened. Nothing depends on hearing it: every state can be read.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Event {
    /// The connection changed.
    Link {
        /// How it stands.
        state: LinkState,
    },
    /// A conversation's timeline, unread count or name changed.
    ConversationChanged {
        /// Which.
        conversation_id: ConversationId,
    },
    /// A message of ours changed its state.
    DeliveryChanged {
        /// Which.
        message_id: MessageId,
    },
    /// An incoming message became readable.
    MessageReadable {
        /// Which.
        message_id: MessageId,
    },
    /// The relay has no more for this device.
    Drained,
    /// An account's key changed; sending to it waits for `accept_key`.
    KeyChanged {
        /// Whose.
        account: AccountId,
    },
    /// The relay confirmed this device.
    Registered,
    /// The relay does not know this device any more.
    SignedOut {
        /// The stable word that says why.
        code: String,
    },
    /// The relay lost its database; what was not delivered is sent again.
    RelayReset,
    /// The store is an old copy of itself: messages since then may be missing, and its sessions start anew.
    StoreRolledBack,
    /// The relay has everything that this device sent.
    OutboxEmpty,
    /// This listener was too slow, and missed events: read again what it shows.
    Lagged,
}

/// How the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum LinkState {
    /// Being opened.
    Connecting,
    /// Logged in.
    Online,
    /// Not connected; the next attempt comes by itself.
    Offline,
    /// Not connected, and no attempt is made.
    Stopped,
}

/// What a background fetch brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct CatchUp {
    /// Incoming messages that became readable.
    pub messages: u64,
    /// Whether everything that the relay had is here, and everything that was to be sent is there.
    pub completed: bool,
}
