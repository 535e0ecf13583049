//! The frames, typed. `proto/waxwing.proto` tells what each is for; the names are the same.

use std::fmt;

use bytes::Bytes;

use crate::group::{ChangeGroup, GroupOrigin, GroupRecord, SubmitToGroup};
use crate::ids::{
    AccountId, Challenge, Cursor, DeviceId, EnvelopeId, FetchId, GroupId, Handle, MessageId, RelayId,
};
use crate::refusal::RefusalCode;
use crate::room::{RoomEvent, RoomRequest};

/// The number that ties an answer to its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request(pub u64);

impl Request {
    /// Stands in frames that expect no answer and in frames that answer nothing.
    pub const NONE: Request = Request(0);
}

/// A public Ed25519 key as bytes; whoever uses it parses it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKeyBytes(pub [u8; 32]);

impl fmt::Debug for PublicKeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKeyBytes(..{:02x}{:02x})", self.0[30], self.0[31])
    }
}

/// An Ed25519 signature as bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FrameSignature(pub [u8; 64]);

impl fmt::Debug for FrameSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrameSignature(..)")
    }
}

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFrame {
    /// Ties the answer to this frame; [`Request::NONE`] where none is expected.
    pub request: Request,
    /// What is said.
    pub body: ClientBody,
}

/// What a client can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientBody {
    /// First frame of a connection.
    Hello {
        /// Oldest version spoken.
        version_min: u32,
        /// Newest version spoken.
        version_max: u32,
        /// Optional abilities, a bit each.
        features: u64,
        /// Name and version of the software.
        agent: String,
    },
    /// Creates an account with its first device.
    Register(Box<Register>),
    /// Logs a device in.
    Login {
        /// Whose device it is.
        account: AccountId,
        /// The device.
        device: DeviceId,
        /// Over [`login_statement`](crate::login_statement).
        signature: FrameSignature,
    },
    /// Replaces the account's device list, and logs in.
    UpdateDevices(Box<UpdateDevices>),
    /// Asks for an account.
    FetchAccount(AccountQuery),
    /// Adds prekeys.
    PublishPrekeys {
        /// Bundles that the relay gives out once each.
        one_time: Vec<Prekey>,
        /// The bundle that serves when they have run out.
        last_resort: Option<Prekey>,
        /// The one-time bundles from before are withdrawn.
        replace: bool,
    },
    /// Takes a bundle for each device.
    FetchPrekeys {
        /// Makes the request repeatable.
        fetch: FetchId,
        /// Whose devices.
        account: AccountId,
        /// Which devices.
        devices: Vec<DeviceId>,
    },
    /// Hands over a message.
    Submit(Submit),
    /// Puts the next change of a group in its place.
    ChangeGroup(Box<ChangeGroup>),
    /// Asks for changes of a group.
    FetchGroup {
        /// Which.
        group: GroupId,
        /// Only those after this revision.
        after: u64,
    },
    /// Hands over a message for a group.
    SubmitToGroup(SubmitToGroup),
    /// Deletes the account of the device that is logged in.
    DeleteAccount {
        /// By the account key, over [`delete_account_statement`](crate::delete_account_statement).
        account_signature: FrameSignature,
        /// By the account key, over [`account_deleted_statement`](crate::account_deleted_statement).
        deletion: FrameSignature,
    },
    /// Enters a room, or speaks in it.
    Room(RoomRequest),
    /// Everything up to the cursor is on disk here.
    Acknowledge {
        /// The last sequence number that is done with.
        cursor: Cursor,
    },
    /// Sign of life.
    Ping {
        /// The last sequence number that arrived.
        cursor: Cursor,
    },
}

/// An account's first registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// The wanted name.
    pub handle: Handle,
    /// Chosen by the device.
    pub account: AccountId,
    /// The account's Ed25519 key.
    pub account_key: PublicKeyBytes,
    /// The first device.
    pub device: DeviceRecord,
    /// The signed list, opaque here.
    pub device_list: Bytes,
    /// The version inside the list.
    pub device_list_version: u64,
    /// By the account key, over [`registration_statement`](crate::registration_statement).
    pub account_signature: FrameSignature,
    /// By the device key, over the same.
    pub device_signature: FrameSignature,
    /// JSON Web Token, where the relay asks for one.
    pub token: Option<String>,
}

/// A device as the relay knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRecord {
    /// Which device.
    pub device: DeviceId,
    /// With which key it logs in.
    pub signing_key: PublicKeyBytes,
}

/// The next version of an account's device list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateDevices {
    /// Whose list.
    pub account: AccountId,
    /// The device that asks, and is logged in.
    pub device: DeviceId,
    /// All devices of the new list.
    pub devices: Vec<DeviceRecord>,
    /// The signed list, opaque here.
    pub device_list: Bytes,
    /// The version inside the list.
    pub device_list_version: u64,
    /// By the account key, over [`update_devices_statement`](crate::update_devices_statement).
    pub account_signature: FrameSignature,
}

/// How an account is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountQuery {
    /// By its id.
    Id(AccountId),
    /// By its handle.
    Handle(Handle),
}

/// A published prekey bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prekey {
    /// Grows by one with each prekey of a device; above zero.
    pub id: u32,
    /// The signed bundle, opaque here.
    pub bundle: Bytes,
}

/// A message, sealed for each device that shall have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submit {
    /// Names the message; the relay deduplicates by it.
    pub message: MessageId,
    /// See `proto/waxwing.proto`.
    pub fence: u64,
    /// Who shall have it.
    pub destinations: Vec<Destination>,
}

/// All devices of one account that shall have a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Whose devices.
    pub account: AccountId,
    /// The device list that the sender knew.
    pub device_list_version: u64,
    /// The payload of each.
    pub devices: Vec<SealedFor>,
}

/// A payload that one device can open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedFor {
    /// Which device.
    pub device: DeviceId,
    /// The sealed message.
    pub payload: Bytes,
}

/// What a relay sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayFrame {
    /// Which request this answers; [`Request::NONE`] where it answers none.
    pub request: Request,
    /// What is said.
    pub body: RelayBody,
}

/// What a relay can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayBody {
    /// Answers Hello.
    Welcome(Welcome),
    /// Answers Register, Login and UpdateDevices.
    LoggedIn(LoggedIn),
    /// Answers FetchAccount.
    Account(AccountRecord),
    /// Answers PublishPrekeys.
    PrekeysPublished {
        /// What the relay has now.
        one_time_prekeys: u32,
    },
    /// Answers FetchPrekeys.
    Prekeys {
        /// Whose devices.
        account: AccountId,
        /// A bundle each, where there is one.
        devices: Vec<DevicePrekey>,
    },
    /// The message is on disk.
    Accepted {
        /// Which message.
        message: MessageId,
    },
    /// The message was refused: the sender's idea of an account's devices is old.
    DevicesStale {
        /// Which message.
        message: MessageId,
        /// Which account.
        account: AccountId,
        /// The version that the relay has.
        device_list_version: u64,
    },
    /// Answers ChangeGroup: the change is on disk.
    GroupChanged {
        /// Which group.
        group: GroupId,
        /// The revision that it made.
        revision: u64,
    },
    /// The change or the message was refused: the group is at another revision.
    GroupStale {
        /// Which change or message.
        message: MessageId,
        /// Which group.
        group: GroupId,
        /// The revision that the relay has.
        revision: u64,
    },
    /// Answers FetchGroup.
    Group(GroupRecord),
    /// The account was deleted, by its own word.
    AccountDeleted {
        /// Which.
        account: AccountId,
        /// By the account key, over [`account_deleted_statement`](crate::account_deleted_statement).
        deletion: FrameSignature,
    },
    /// Something happened in the room.
    Room(RoomEvent),
    /// Envelopes of the mailbox, in order.
    Deliver {
        /// At most [`ENVELOPES_PER_DELIVERY_MAX`](crate::limits::ENVELOPES_PER_DELIVERY_MAX).
        envelopes: Vec<Envelope>,
    },
    /// The mailbox was read to its end once.
    Drained {
        /// The last sequence number sent on this connection.
        cursor: Cursor,
    },
    /// Answers Ping.
    Pong,
    /// One-time prekeys are running out.
    PrekeysLow {
        /// What is left.
        one_time_prekeys: u32,
    },
    /// The request was refused.
    Refused(Refused),
    /// The relay is about to close.
    GoingAway {
        /// When to come back, in milliseconds.
        reconnect_after_ms: u32,
    },
}

/// Version, relay and challenge of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// What both speak from here.
    pub version: u32,
    /// Optional abilities, a bit each.
    pub features: u64,
    /// Which database answers.
    pub relay: RelayId,
    /// To be signed.
    pub challenge: Challenge,
}

/// What a device should know once it is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// Whose device.
    pub account: AccountId,
    /// Which device.
    pub device: DeviceId,
    /// How many one-time prekeys the relay has.
    pub one_time_prekeys: u32,
    /// The greatest prekey id it has ever taken.
    pub prekey_id_high: u32,
    /// Whether it has a last-resort bundle.
    pub last_resort_prekey: bool,
    /// The version of the account's device list.
    pub device_list_version: u64,
    /// The greatest cursor that this device ever acknowledged.
    pub acknowledged: Cursor,
}

/// An account as the relay knows it; the device list proves itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    /// Which account.
    pub account: AccountId,
    /// Its handle.
    pub handle: Handle,
    /// Its key, to be pinned or compared.
    pub account_key: PublicKeyBytes,
    /// The signed list, opaque here.
    pub device_list: Bytes,
    /// The version inside the list.
    pub device_list_version: u64,
}

/// A device's bundle, if it has published any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevicePrekey {
    /// Which device.
    pub device: DeviceId,
    /// The signed bundle, opaque here.
    pub bundle: Option<Bytes>,
}

/// A sealed message in the mailbox of one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Named by the relay.
    pub id: EnvelopeId,
    /// Position in the mailbox.
    pub sequence: u64,
    /// Who sent it, as the relay says; opening it proves it.
    pub sender_account: AccountId,
    /// Which device sent it, as the relay says.
    pub sender_device: DeviceId,
    /// What the sender named it.
    pub message: MessageId,
    /// The sealed message.
    pub payload: Bytes,
    /// When the relay stored it.
    pub accepted_at_ms: i64,
    /// The group that it came through, if it did.
    pub group: Option<GroupOrigin>,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub code: RefusalCode,
    /// When to ask again, in milliseconds; zero: not without a change.
    pub retry_after_ms: u32,
    /// Which Submit, where it was one.
    pub message: Option<MessageId>,
    /// For [`RefusalCode::VersionUnsupported`]: oldest and newest version of the relay.
    pub versions: Option<(u32, u32)>,
}

impl Refused {
    /// A refusal with nothing but its reason.
    #[must_use]
    pub fn because(code: RefusalCode) -> Refused {
        Refused { code, retry_after_ms: 0, message: None, versions: None }
    }
}
