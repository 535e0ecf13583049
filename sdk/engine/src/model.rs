//! The words the app uses: conversations, messages, and how far they got.

mod deed;
mod door;
mod group;
mod roster;

use std::fmt;

pub(crate) use door::Heard;
pub use door::{Door, Invitation, InvitationId, JoinRequest, JoinState, Joining};
pub(crate) use group::may_add;
pub use group::{
    GroupEvent, GroupIntent, GroupMember, GroupRole, GroupSettings, GroupStanding, GroupState, GroupWaiting,
    GroupWho, Party, ReceiverKeyRecord, SenderKeyRecord,
};
pub use roster::RosterAtRest;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use waxwing_wire::{AccountId, DeviceId, Handle, MessageId, RelayId};
use zeroize::Zeroizing;

use crate::annotation::Revision;
use crate::marks::Marks;

/// A conversation. Both sides compute the same id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationId([u8; 16]);

impl ConversationId {
    /// The conversation of two accounts: the first 16 bytes of SHA-256 over a label and both ids, the smaller first.
    #[must_use]
    pub fn direct(one: AccountId, other: AccountId) -> ConversationId {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        let mut hash = Sha256::new();
        hash.update(b"Waxwing v1 direct conversation\0");
        hash.update(low.as_bytes());
        hash.update(high.as_bytes());
        let digest = hash.finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        ConversationId(id)
    }

    /// Takes the 16 bytes as they are.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> ConversationId {
        ConversationId(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_bytes(self.0).fmt(f)
    }
}

impl fmt::Debug for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConversationId(..{:02x}{:02x})", self.0[14], self.0[15])
    }
}

/// One device of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceAddress {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub device: DeviceId,
}

impl DeviceAddress {
    /// The same address in the words of `waxwing-crypto`.
    #[must_use]
    pub fn to_crypto(self) -> waxwing_crypto::Address {
        waxwing_crypto::Address { account: *self.account.as_bytes(), device: *self.device.as_bytes() }
    }
}

/// This device, and the account it belongs to.
#[derive(Clone)]
pub struct LocalDevice {
    /// Our account and device.
    pub address: DeviceAddress,
    /// The name under which the account is found.
    pub handle: Handle,
    /// The account's secret key, on the devices that hold it.
    pub account_key: Option<Zeroizing<[u8; 32]>>,
    /// The device's secret keys.
    pub device_secrets: Zeroizing<[u8; 64]>,
    /// The account's public key.
    pub account_public: [u8; 32],
    /// The account's signed device list.
    pub device_list: Vec<u8>,
    /// How far registration got.
    pub registration: Registration,
}

/// Secrets stay out of it.
impl fmt::Debug for LocalDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalDevice")
            .field("address", &self.address)
            .field("registration", &self.registration)
            .finish_non_exhaustive()
    }
}

/// Longest name of a device, in bytes of UTF-8.
pub const DEVICE_NAME_MAX_BYTES: usize = 128;

/// What is remembered of a device of our own account, beside its place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnDevice {
    /// Which.
    pub device: DeviceId,
    /// What the user calls it; empty: nothing yet.
    pub name: String,
    /// The place of the name among all that it had; the last writer wins. None: it was never named.
    pub named: Option<Revision>,
    /// Since when this device knows of it.
    pub known_since_ms: i64,
}

/// How far this device's registration got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// A new account: the relay has not confirmed it yet.
    Creating,
    /// An existing account, on a new device that replaces all its older ones: not confirmed yet.
    Replacing,
    /// An existing account, on a further device: not confirmed yet.
    Adding,
    /// The relay knows this device.
    Done,
    /// The relay says that it does not, and the device cannot mend that itself.
    Revoked,
    /// The account is being deleted: the relay has not said yet that it is gone.
    Deleting,
}

/// Which relay database the cursor belongs to, and how far this device has read in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayState {
    /// The database.
    pub relay: RelayId,
    /// Every envelope up to here is on this device's disk.
    pub cursor: u64,
}

/// What this device knows of an account: someone else's, or its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountState {
    /// Which account.
    pub account: AccountId,
    /// The handle under which it was last seen.
    pub handle: Handle,
    /// The key that was first seen, or that the user accepted since.
    pub account_key: [u8; 32],
    /// The newest device list that this key signed.
    pub device_list: Vec<u8>,
    /// The version of that list.
    pub device_list_version: u64,
    /// Whether messages may go there.
    pub standing: Standing,
    /// The user compared the safety number of this very key. Another key takes it away.
    pub verified: bool,
}

/// Whether messages may go to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// They may.
    Good,
    /// The relay shows another account key, or another account under this handle. Nothing is sent until the user accepts it.
    KeyChanged {
        /// The new account id (the same as before, where only the key changed).
        account: AccountId,
        /// The new key.
        account_key: [u8; 32],
    },
    /// The relay does not know the account any more.
    Gone,
    /// The account was deleted: its own key says so. It never comes back.
    Deleted,
}

/// A session with one device, at rest.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The session's id, the same on both sides.
    pub id: [u8; 16],
    /// The greatest rank of a device's sessions is the active one; the others only receive.
    pub rank: u64,
    /// `Session::to_snapshot`.
    pub snapshot: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for SessionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRecord").field("rank", &self.rank).finish_non_exhaustive()
    }
}

/// The private half of a prekey, at rest.
#[derive(Clone, PartialEq, Eq)]
pub struct PrekeyRecord {
    /// Its id. Weekly prekeys and one-time prekeys count separately.
    pub id: u32,
    /// What it is for.
    pub kind: PrekeyKind,
    /// `WeeklyPrekey::to_bytes` or `OneTimePrekey::to_bytes`.
    pub secret: Zeroizing<Vec<u8>>,
    /// When it was made.
    pub created_at_ms: i64,
}

impl fmt::Debug for PrekeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrekeyRecord").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What a prekey is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrekeyKind {
    /// The signed X25519 prekey of a week; in every bundle of that week.
    Weekly,
    /// Given out once.
    OneTime,
    /// Given out when the one-time ones have run out.
    LastResort,
}

/// One entry of a conversation's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its name everywhere and for ever.
    pub id: MessageId,
    /// Where it stands.
    pub conversation: ConversationId,
    /// Who wrote it, and on which device.
    pub sender: DeviceAddress,
    /// Counts the messages of this device in this conversation, from 1, in the order of sealing. Zero: not sealed yet, or
    /// not known yet.
    pub counter: u64,
    /// When the sender's clock said it was written.
    pub sent_at_ms: i64,
    /// When it came to this device's disk.
    pub stored_at_ms: i64,
    /// What it says.
    pub body: Body,
    /// What it carries besides its words.
    pub marks: Marks,
    /// Whether its author changed it since.
    pub edited: bool,
    /// How far it got.
    pub status: Status,
}

impl Message {
    /// When a message that disappears is due as soon as it is stored; zero: not yet, or never. One that somebody else wrote
    /// is due only after it was read.
    #[must_use]
    pub fn due_at_ms(&self) -> i64 {
        match self.status {
            Status::Outgoing(_) if self.marks.expires_after_s > 0 => {
                self.stored_at_ms.saturating_add(i64::from(self.marks.expires_after_s) * 1_000)
            }
            Status::Outgoing(_) | Status::Incoming(_) | Status::Local => 0,
        }
    }
}

/// What a timeline entry says.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// Plain text.
    Text(String),
    /// An envelope that could not be opened; its sender has been asked to send it again.
    Unreadable,
    /// Something that happened, told to the user in its place.
    Notice(Notice),
    /// Something that the sender of the entry did to the group.
    Group(GroupEvent),
    /// A text that its author took back.
    Deleted,
}

/// The kind only: content stays out of logs.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Body::Unreadable => f.write_str("Unreadable"),
            Body::Deleted => f.write_str("Deleted"),
            Body::Notice(notice) => write!(f, "Notice({notice:?})"),
            Body::Group(event) => write!(f, "Group({event:?})"),
        }
    }
}

/// Something that happened in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The account's key is another one than before; sending waits for the user.
    KeyChanged,
    /// The user accepted the new key.
    KeyAccepted,
    /// The account has a further device, or other devices than before.
    DevicesChanged,
    /// The relay lost its database; what was not delivered is sent again.
    RelayReset,
    /// Somebody set the timer of disappearing messages.
    TimerChanged {
        /// How long messages stay from now on; zero: for ever.
        seconds: u32,
    },
}

/// How far a message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// One that this account wrote.
    Outgoing(Delivery),
    /// One that somebody else wrote.
    Incoming(Reception),
    /// Neither: a notice.
    Local,
}

/// How far an outgoing message got. The order of the variants is the order of progress; a message never goes back, except by
/// [`Command::Retry`](crate::Command::Retry).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Delivery {
    /// On disk here; not sealed yet.
    Queued,
    /// Waits for the user: see the reason.
    Held(HoldReason),
    /// Sealed; perhaps on its way.
    Sending,
    /// It will not go out, unless it is retried.
    Failed(FailureReason),
    /// The user took it back before it was sealed.
    Cancelled,
    /// The relay has it on disk.
    Sent,
    /// A device of the recipient has it on disk.
    Delivered,
    /// The recipient read it.
    Read,
}

/// What a message waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HoldReason {
    /// The recipient's account key changed; goes on when the user accepts it.
    KeyChanged,
    /// The relay does not know the recipient; tried again by itself, in case the recipient comes back.
    RecipientGone,
}

/// Why a message will not go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureReason {
    /// The recipient deleted their account.
    RecipientGone,
    /// The relay refuses its size.
    TooLarge,
    /// We are not in the group any more, or may not write there.
    NotPermitted,
    /// The relay refused it for a reason that this build does not know.
    Refused,
}

/// How far an incoming message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// A run of messages of one device in one conversation, by counter, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CounterRange {
    /// First.
    pub first: u64,
    /// Last.
    pub last: u64,
}

/// What a receipt says about a run of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReceiptKind {
    /// They are on a device's disk.
    Delivered,
    /// The recipient saw them.
    Read,
}

/// The order of an item in the outbox, given by the store; grows and is never used again.
pub type OutboxOrder = u64;

/// One thing that must reach other devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// Its place.
    pub order: OutboxOrder,
    /// What it is, and for whom.
    pub draft: OutboxDraft,
    /// Whether the relay has it.
    pub accepted: bool,
    /// When it was put in.
    pub created_at_ms: i64,
}

/// What to send, before it has a place in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxDraft {
    /// The name of the submission on the wire. A message's own id, the first time it is sent.
    pub wire_id: MessageId,
    /// Items of one lane keep their order; no lane waits for another.
    pub lane: Lane,
    /// What is sent.
    pub payload: OutboxPayload,
}

/// Where an item queues: by its kind, and by whom it goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// The kind.
    pub kind: LaneKind,
    /// The account, or the group.
    pub to: Party,
}

/// The kinds of things that are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaneKind {
    /// What people wrote.
    Messages,
    /// Delivered and read.
    Receipts,
    /// Requests to send again, and answers to them.
    Repairs,
    /// Sender keys and introductions to groups, to an account.
    Keys,
    /// Changes of a group.
    GroupChanges,
    /// Edits, deletions and reactions.
    Annotations,
    /// Settings of conversations.
    Settings,
    /// Delivered and read, in groups: to a member, held back for a moment.
    GroupReceipts,
}

/// What an outbox item sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxPayload {
    /// A message of the timeline, to every device of the recipient and every other device of ours.
    Message {
        /// Which; its text is read from the timeline when it is sealed.
        message: MessageId,
    },
    /// A message of the timeline again, to one device that could not open it.
    Resend {
        /// Which.
        message: MessageId,
        /// To which device.
        device: DeviceId,
        /// The submission that it could not open.
        answers: MessageId,
    },
    /// What this account says about a message, as it is when it is sealed: to every device of the recipient and every other
    /// device of ours, or to one device.
    Annotation {
        /// About which message.
        target: MessageId,
        /// Only to this device, where there is one.
        device: Option<DeviceId>,
    },
    /// Anything else, already encoded: to every device of the recipient and of ours, or to one device.
    Control {
        /// An encoded content (docs/spec.md).
        content: Zeroizing<Vec<u8>>,
        /// Only to this device, where there is one.
        device: Option<DeviceId>,
    },
    /// A change of a group, to be signed on the roster of the moment.
    ChangeGroup(GroupIntent),
}

/// An outbox item sealed for one device. A retry sends these bytes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRecord {
    /// For which device.
    pub device: DeviceAddress,
    /// The ciphertext.
    pub payload: Vec<u8>,
}

/// An envelope that this device has stored and not yet opened, because it must learn something first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingEnvelope {
    /// Its place in the queue, given by the store.
    pub order: u64,
    /// Who sent it, as the relay says.
    pub sender: DeviceAddress,
    /// What the sender named it.
    pub wire_id: MessageId,
    /// The ciphertext.
    pub payload: Vec<u8>,
}
