//! What the relay asks of storage: intents that are evaluated in one transaction, and questions.
//!
//! An intent is judged where it is stored, so no rule can be passed by in the time between a check and a write. The SQLite
//! store and the in-memory store obey the same contract (`tests/contract.rs`).

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest as _, Sha256};
use waxwing_wire::{
    AccountId, AccountQuery, AccountRecord, ChangeGroup, Cursor, Destination, DeviceId, DevicePrekey,
    Envelope, EnvelopeId, FetchId, FrameSignature, GroupId, GroupRecord, MessageId, Prekey, PublicKeyBytes,
    RefusalCode, Register, RelayId, SubmitToGroup, UpdateDevices, limits,
};

/// One socket, for as long as it is open; never used again in the life of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// What shall become durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Creates an account with its first device. Signatures are checked by now.
    Register(Box<Register>),
    /// Replaces a device list. The signature is checked by now.
    UpdateDevices(Box<UpdateDevices>),
    /// Deletes an account, and all that is kept of it. The signatures are checked by now.
    DeleteAccount {
        /// Which.
        account: AccountId,
        /// The device that asks.
        device: DeviceId,
        /// The account's own word for it, for whoever asks later.
        deletion: FrameSignature,
    },
    /// Adds prekeys of a device.
    PublishPrekeys {
        /// Whose.
        device: DeviceId,
        /// Given out once each; ids that are not greater than all before are ignored.
        one_time: Vec<Prekey>,
        /// Replaces the one before.
        last_resort: Option<Prekey>,
        /// Withdraws one-time bundles with smaller ids than those that come, or all if none comes. So a repeated upload
        /// withdraws nothing of its own.
        replace: bool,
    },
    /// Takes a prekey of each device.
    TakePrekeys(Take),
    /// Puts a message into mailboxes.
    Append(Box<Append>),
    /// Puts the next change of a group in its place.
    ChangeGroup(Box<GroupChange>),
    /// Puts one message into the mailboxes of a group.
    AppendToGroup(Box<GroupAppend>),
    /// Puts what waits for a device in the logs of large groups into its mailbox. Its connection asks for it, when it has
    /// read the mailbox to the end.
    Collect {
        /// Whose mailbox.
        device: DeviceId,
        /// Entries of the logs at most.
        limit: usize,
    },
    /// Deletes envelopes that a device has on its disk.
    Acknowledge {
        /// Whose mailbox.
        device: DeviceId,
        /// The last sequence number that is done with.
        cursor: Cursor,
    },
    /// Deletes what is past its time, a chunk of each kind.
    Expire {
        /// The time now.
        now_ms: i64,
        /// Rows of each kind at most.
        chunk_rows: u32,
    },
}

/// A taking of prekeys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Take {
    /// The device that asks.
    pub requester: DeviceId,
    /// Repeating it gives the same bundles.
    pub fetch: FetchId,
    /// Whose devices.
    pub account: AccountId,
    /// Which devices.
    pub devices: Vec<DeviceId>,
    /// The time now.
    pub now_ms: i64,
}

/// A Submit, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The fence belongs to it.
    pub connection: ConnectionId,
    /// See `Submit.fence` in the contract.
    pub fence: u64,
    /// Whose device sends.
    pub sender_account: AccountId,
    /// Which device sends.
    pub sender_device: DeviceId,
    /// What it names the message.
    pub message: MessageId,
    /// Who shall have it.
    pub destinations: Vec<Destination>,
    /// The time now.
    pub now_ms: i64,
}

/// A ChangeGroup, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupChange {
    /// Whose device sends.
    pub sender_account: AccountId,
    /// Which device sends.
    pub sender_device: DeviceId,
    /// The change, and who is in the group afterwards.
    pub change: ChangeGroup,
    /// The time now.
    pub now_ms: i64,
}

/// A SubmitToGroup, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupAppend {
    /// The fence belongs to it.
    pub connection: ConnectionId,
    /// Whose device sends.
    pub sender_account: AccountId,
    /// Which device sends.
    pub sender_device: DeviceId,
    /// The message.
    pub submit: SubmitToGroup,
    /// The time now.
    pub now_ms: i64,
}

/// What became of an [`Op`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and nothing to say about it.
    Done,
    /// The device list is replaced.
    DevicesUpdated {
        /// Devices whose connections end.
        cut_off: Vec<DeviceId>,
    },
    /// The account is gone.
    AccountDeleted {
        /// Its other devices, whose connections end.
        cut_off: Vec<DeviceId>,
    },
    /// The prekeys are stored.
    PrekeysPublished {
        /// One-time prekeys of the device now.
        one_time_prekeys: u32,
    },
    /// The prekeys are given out.
    PrekeysTaken {
        /// A bundle each, where there is one.
        devices: Vec<DevicePrekey>,
        /// Devices that run out of prekeys, and what they have left.
        low: Vec<(DeviceId, u32)>,
    },
    /// The message is in every mailbox.
    Appended {
        /// The mailboxes that did not have it before.
        stored: Vec<DeviceId>,
    },
    /// The sender's idea of an account's devices is not the relay's.
    DevicesStale {
        /// Whose devices.
        account: AccountId,
        /// The version that the relay has.
        device_list_version: u64,
    },
    /// The change is in its place.
    GroupChanged {
        /// The mailboxes that have it now and had it not before.
        stored: Vec<DeviceId>,
    },
    /// The change or the message stands in the log of its group.
    Logged {
        /// Which group.
        group: GroupId,
        /// Devices that will read it.
        readers: u64,
        /// Whether it is a change.
        is_change: bool,
    },
    /// What waited in logs stands in the mailbox, as far as there was room.
    Collected {
        /// Envelopes that the mailbox has more.
        placed: usize,
        /// There was no room at all.
        is_full: bool,
    },
    /// The sender's idea of the group is not the relay's.
    GroupStale {
        /// The revision that the relay has.
        revision: u64,
    },
    /// Nothing was changed.
    Refused(RefusalCode),
    /// A chunk of what is past its time is deleted.
    Expired {
        /// There may be more.
        more: bool,
    },
    /// The storage failed; nothing of the batch was stored.
    Failed,
}

/// What others should hear of an outcome. A hint may be lost; what it tells of is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// The mailbox has something new.
    Poke(DeviceId),
    /// The log of a group has something new; [`Query::LogReaders`] says for whom.
    PokeReaders(GroupId),
    /// The device was removed from its account.
    CutOff(DeviceId),
    /// The device has few one-time prekeys left.
    PrekeysLow(DeviceId, u32),
}

impl Outcome {
    /// Whom to tell.
    #[must_use]
    pub fn hints(&self) -> Vec<Hint> {
        match self {
            Outcome::DevicesUpdated { cut_off } | Outcome::AccountDeleted { cut_off } => {
                cut_off.iter().copied().map(Hint::CutOff).collect()
            }
            Outcome::PrekeysTaken { low, .. } => {
                low.iter().map(|(device, left)| Hint::PrekeysLow(*device, *left)).collect()
            }
            Outcome::Appended { stored } | Outcome::GroupChanged { stored } => {
                stored.iter().copied().map(Hint::Poke).collect()
            }
            Outcome::Logged { group, .. } => vec![Hint::PokeReaders(*group)],
            Outcome::Done
            | Outcome::Collected { .. }
            | Outcome::PrekeysPublished { .. }
            | Outcome::DevicesStale { .. }
            | Outcome::GroupStale { .. }
            | Outcome::Refused(_)
            | Outcome::Expired { .. }
            | Outcome::Failed => Vec::new(),
        }
    }
}

/// A question to the storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// A device of an account.
    Device {
        /// Whose device.
        account: AccountId,
        /// Which device.
        device: DeviceId,
    },
    /// An account.
    Account(AccountQuery),
    /// Changes of a group.
    Group {
        /// Which group.
        group: GroupId,
        /// Who asks; only members are answered.
        account: AccountId,
        /// Only those after this revision.
        after: u64,
    },
    /// The devices that read the log of a group.
    LogReaders(GroupId),
    /// Envelopes of a mailbox, in order.
    Mailbox {
        /// Whose mailbox.
        device: DeviceId,
        /// Only what comes after it.
        after: Cursor,
        /// Envelopes at most.
        limit: usize,
    },
}

/// The answer to a [`Query`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The device, if the account has it.
    Device(Option<DeviceState>),
    /// The account, if there is one.
    Account(Option<Box<AccountRecord>>),
    /// The account that was asked for, or asked about a device, was deleted.
    Deleted {
        /// Which.
        account: AccountId,
        /// Its own word for it.
        deletion: FrameSignature,
    },
    /// The group, if the account is in it.
    Group(Option<GroupRecord>),
    /// Devices, in the order of their ids.
    LogReaders(Vec<DeviceId>),
    /// Envelopes.
    Mailbox {
        /// In order.
        envelopes: Vec<Envelope>,
        /// The answer was cut off by a limit: ask again.
        more: bool,
        /// Something waits for the device in the log of a group: collect it.
        behind: bool,
    },
    /// The storage failed.
    Failed,
}

/// What the relay knows of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceState {
    /// With which key it logs in.
    pub signing_key: PublicKeyBytes,
    /// One-time prekeys that are left.
    pub one_time_prekeys: u32,
    /// The greatest prekey id ever taken from it.
    pub prekey_id_high: u32,
    /// Whether it has a last-resort bundle.
    pub last_resort_prekey: bool,
    /// The version of its account's device list.
    pub device_list_version: u64,
    /// The last sequence number that its mailbox gave.
    pub last_sequence: u64,
    /// The greatest cursor that it ever acknowledged.
    pub acknowledged: Cursor,
}

/// The storage could not do it. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError {
    /// For the operator's log.
    pub detail: String,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the storage failed: {}", self.detail)
    }
}

impl std::error::Error for StoreError {}

/// Limits that the storage keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreLimits {
    /// Envelopes that a mailbox holds, and entries that the log of a group holds.
    pub mailbox_max_envelopes: u64,
    /// A group with more devices than this has a log.
    pub group_log_above_devices: u64,
    /// Groups that an account is in.
    pub groups_per_account_max: u64,
}

impl Default for StoreLimits {
    fn default() -> StoreLimits {
        StoreLimits {
            mailbox_max_envelopes: 100_000,
            group_log_above_devices: 1_000,
            groups_per_account_max: limits::GROUPS_PER_ACCOUNT_MAX,
        }
    }
}

/// How long a taking of prekeys is remembered, in milliseconds.
pub const TAKE_LIFETIME_MS: i64 = 24 * 3600 * 1000;

/// How long an envelope and the memory of it are kept, in milliseconds.
pub const ENVELOPE_LIFETIME_MS: i64 = limits::ENVELOPE_LIFETIME.as_millis() as i64;

/// Payload bytes in one answer to [`Query::Mailbox`], so that one frame holds it. The first envelope always fits.
pub const MAILBOX_ANSWER_MAX_BYTES: usize = limits::FRAME_SIZE_MAX_BYTES / 2;

/// Bytes of changes in one answer to [`Query::Group`]. The first change always fits.
pub const GROUP_ANSWER_MAX_BYTES: usize = limits::FRAME_SIZE_MAX_BYTES / 2;

/// Durable state of a relay.
pub trait Store {
    /// Named when the storage was made.
    fn relay_id(&self) -> RelayId;

    /// Evaluates the operations in their order, in one transaction; an outcome each.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when nothing of the batch was stored; then call [`Fences::block`] for its connections.
    fn commit(&mut self, ops: &[Op], fences: &mut Fences) -> Result<Vec<Outcome>, StoreError>;

    /// Answers a question from what is committed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the storage cannot be read.
    fn answer(&self, query: &Query) -> Result<Answer, StoreError>;
}

/// The highest fence that was refused on each connection.
///
/// Submits of a connection are under way together. Once one is refused, those behind it must not be stored, or they would
/// overtake it. The judgement is part of the commit, where the order is known.
#[derive(Debug, Clone, Default)]
pub struct Fences(BTreeMap<ConnectionId, u64>);

impl Fences {
    /// Whether a Submit under this fence may be looked at.
    #[must_use]
    pub fn admits(&self, connection: ConnectionId, fence: u64) -> bool {
        self.0.get(&connection).is_none_or(|refused| fence > *refused)
    }

    /// Remembers that a Submit was refused.
    pub fn refuse(&mut self, connection: ConnectionId, fence: u64) {
        let refused = self.0.entry(connection).or_default();
        *refused = fence.max(*refused);
    }

    /// Refuses whatever else comes from the connections of a batch that failed, until they are closed.
    pub fn block(&mut self, ops: &[Op]) {
        for op in ops {
            match op {
                Op::Append(append) => self.0.insert(append.connection, u64::MAX),
                Op::AppendToGroup(append) => self.0.insert(append.connection, u64::MAX),
                Op::Register(_)
                | Op::UpdateDevices(_)
                | Op::DeleteAccount { .. }
                | Op::PublishPrekeys { .. }
                | Op::TakePrekeys(_)
                | Op::ChangeGroup(_)
                | Op::Collect { .. }
                | Op::Acknowledge { .. }
                | Op::Expire { .. } => None,
            };
        }
    }

    /// Forgets a closed connection.
    pub fn forget(&mut self, connection: ConnectionId) {
        self.0.remove(&connection);
    }
}

/// By which a deleted account is found again by who knows its id, and by nobody else.
#[must_use]
pub fn deleted_name(account: &AccountId) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"Waxwing v1 deleted account\0");
    hash.update(account.as_bytes());
    hash.finalize().into()
}

/// Names an envelope by what it is deduplicated by, so that a repeated Submit names it the same, even to a relay that lost
/// everything.
#[must_use]
pub fn envelope_id(sender: &DeviceId, message: &MessageId, recipient: &DeviceId) -> EnvelopeId {
    let mut hash = Sha256::new();
    hash.update(b"Waxwing v1 envelope id\0");
    hash.update(sender.as_bytes());
    hash.update(message.as_bytes());
    hash.update(recipient.as_bytes());
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = 0x80 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    EnvelopeId::from_bytes(bytes)
}
