//! What must become durable together.

use waxwing_wire::{AccountId, DeviceId, GroupId, MessageId};

use crate::annotation::{Annotation, Slot};
use crate::model::{
    AccountState, ConversationId, CounterRange, Delivery, DeviceAddress, Door, GroupState, Joining,
    LocalDevice, Message, OutboxDraft, OutboxOrder, OwnDevice, PrekeyKind, PrekeyRecord, ReceiptKind,
    ReceiverKeyRecord, Reception, RelayState, SealedRecord, SenderKeyRecord, SessionRecord,
};
use crate::setting::SettingRecord;

/// One change of the store. A store applies them in order.
#[derive(Debug, Clone)]
pub enum Write {
    /// Replaces what this device is.
    PutLocal(LocalDevice),
    /// Forgets what this device is: a registration that the relay refused.
    DeleteLocal,
    /// Replaces the relay's database id and the cursor.
    PutRelay(RelayState),

    /// Forgets everything: the account is deleted.
    Erase,
    /// Adds or replaces what is remembered of a device of our own account.
    PutOwnDevice(OwnDevice),
    /// Adds or replaces what is known of an account. A handle belongs to one account at a time: the store takes it from any other.
    PutAccount(AccountState),
    /// Adds a conversation with an account, if it is not there.
    PutConversation {
        /// The conversation.
        conversation: ConversationId,
        /// The other account.
        peer: AccountId,
        /// When.
        created_at_ms: i64,
    },
    /// The user accepted another account under the same handle. Outgoing messages of `from` that are queued, held or sending
    /// move to the end of `to` and are queued there, without a counter; their outbox items move to the lane of `peer`, and what
    /// they were sealed to is deleted.
    MoveHeldMessages {
        /// From this conversation.
        from: ConversationId,
        /// To this one, with this other account.
        to: ConversationId,
        /// The account of `to`.
        peer: AccountId,
    },

    /// Remembers the keys of a device that its account's list named, and does not name any more.
    PutFormerDevice {
        /// Which.
        device: DeviceAddress,
        /// Its signing key, then its agreement key: `DevicePublic::to_bytes`.
        keys: [u8; 64],
    },

    /// Adds or replaces a session (by device and id).
    PutSession {
        /// With which device.
        device: DeviceAddress,
        /// The session.
        session: SessionRecord,
    },
    /// Deletes a session.
    DeleteSession {
        /// With which device.
        device: DeviceAddress,
        /// Which.
        id: [u8; 16],
    },
    /// Sets the rank of every session to zero: they still receive, but the next message to each device begins a new one. What
    /// was sealed and not accepted is deleted.
    ArchiveSessions,
    /// Deletes all sessions with a device, and everything sealed for it.
    DeleteDevice(DeviceAddress),

    /// Adds a prekey's private half.
    PutPrekey(PrekeyRecord),
    /// Deletes a prekey's private half.
    DeletePrekey {
        /// What kind.
        kind: PrekeyKind,
        /// Which.
        id: u32,
    },
    /// Deletes weekly and last-resort prekeys whose successor (the next greater id of that kind) was made before this time.
    /// One-time prekeys stay until they are used.
    ExpirePrekeys {
        /// The time.
        before_ms: i64,
    },
    /// Remembers that a last-resort handshake was used.
    RememberHandshake {
        /// Which.
        handshake: [u8; 32],
        /// When.
        at_ms: i64,
    },

    /// Remembers that an envelope was handled.
    RememberSeen {
        /// Its device.
        sender: DeviceId,
        /// Its name.
        wire_id: MessageId,
        /// When.
        at_ms: i64,
    },
    /// Forgets envelopes and handshakes remembered before this time.
    ForgetSeen {
        /// The time.
        before_ms: i64,
    },

    /// Adds a timeline entry at the end of its conversation. If an entry of this id stands there already as unreadable or lost,
    /// its content is filled in where it stands.
    PutMessage(Message),
    /// Adds a timeline entry that another device of ours had, if it is not there, or fills one that stands there unreadable. It
    /// stands behind what came by [`Write::PutHistory`] before and, where [`Write::ReservePast`] kept a place for it, before all
    /// else that came since; otherwise at the end. It is not one of those that became readable just now.
    PutHistory(Message),
    /// Replaces where the past stands that is being taken in; none: it is over.
    PutPastPlace(Option<Vec<u8>>),
    /// Keeps a place for the past: entries that come by [`Write::PutMessage`] from here on stand behind it.
    ReservePast,
    /// Moves an outgoing message forward; does nothing where it is as far already. [`Delivery::Queued`], from a retry, and
    /// [`Delivery::Held`] set it as it is.
    SetDelivery {
        /// Which.
        message: MessageId,
        /// To where.
        delivery: Delivery,
    },
    /// Gives a message its counter, when it is sealed.
    SetCounter {
        /// Which.
        message: MessageId,
        /// The counter.
        counter: u64,
    },
    /// Moves an incoming message forward.
    SetReception {
        /// Which.
        message: MessageId,
        /// To where.
        reception: Reception,
    },
    /// Adds or replaces a setting (by conversation and kind).
    PutSetting(SettingRecord),
    /// Messages that disappear, that somebody else wrote and the user has read, and that are not due yet: they are due from this
    /// time on, each after its own timer.
    StartTimers {
        /// Where.
        conversation: ConversationId,
        /// From when.
        at_ms: i64,
    },
    /// A message whose time runs is due by this time, if that is sooner.
    DueBy {
        /// Which.
        message: MessageId,
        /// The time.
        due_at_ms: i64,
    },
    /// Removes messages that were due by this time. Their counters are never given again.
    RemoveDue {
        /// The time.
        now_ms: i64,
    },
    /// Gives a timeline entry another content, and what goes with it: the body, the marks, whether it was edited. What it said
    /// before is gone.
    RewriteMessage(Message),
    /// Removes a timeline entry, for this device only. Its counter is never given again.
    RemoveMessage {
        /// Which.
        message: MessageId,
    },
    /// Adds or replaces an annotation (by message, slot and author); it is the newest word of its author then.
    PutAnnotation(Annotation),
    /// Removes an annotation.
    DeleteAnnotation {
        /// Of which message.
        target: MessageId,
        /// Which register.
        slot: Slot,
        /// Of which account.
        author: AccountId,
    },
    /// Removes annotations put in before this time that still wait for their message.
    ExpireAnnotations {
        /// The time.
        before_ms: i64,
    },
    /// Forgets the outbox items that carry a message, accepted or not, and what they were sealed to.
    WithdrawMessage {
        /// Which.
        message: MessageId,
    },
    /// Nobody can send again what a device sent and could not be opened: it is lost where it stands.
    LoseUnopened {
        /// Who sent it.
        sender: DeviceAddress,
    },
    /// Removes a timeline entry that is still unreadable: it was never a message.
    DropUnreadable {
        /// Which.
        message: MessageId,
    },
    /// A receipt came: moves the messages of `sender` in these ranges forward, and forgets the accepted items that the outbox
    /// kept of them.
    ApplyReceipt {
        /// Where.
        conversation: ConversationId,
        /// Whose messages.
        sender: DeviceId,
        /// What it says.
        kind: ReceiptKind,
        /// About which.
        ranges: Vec<CounterRange>,
    },
    /// Incoming messages in these ranges were read: by this device's user here, or on another device of the account.
    MarkRead {
        /// Where.
        conversation: ConversationId,
        /// Whose messages.
        sender: DeviceId,
        /// Which.
        ranges: Vec<CounterRange>,
    },

    /// Puts an item at the end of the outbox.
    PutOutbox {
        /// What.
        draft: OutboxDraft,
        /// When.
        created_at_ms: i64,
    },
    /// Keeps an item's ciphertext for a device.
    PutSealed {
        /// Which item.
        order: OutboxOrder,
        /// The ciphertext.
        sealed: SealedRecord,
    },
    /// The relay has the item. What it was sealed to is kept until a receipt comes, in case the relay loses it.
    AcceptOutbox {
        /// Which.
        order: OutboxOrder,
    },
    /// Forgets what an item was sealed to: it was refused, and is sealed anew.
    DropSealed {
        /// Which.
        order: OutboxOrder,
    },
    /// Removes an item and what it was sealed to.
    DeleteOutbox {
        /// Which.
        order: OutboxOrder,
    },
    /// Accepted items are to be sent again: all, because the relay lost its database, or those to one account, because it has
    /// other devices now. (Relays ignore what they have already.)
    ReopenOutbox {
        /// Only items of this account's lanes, where one is named.
        to: Option<AccountId>,
    },
    /// Removes accepted items put in before this time.
    ExpireOutbox {
        /// The time.
        before_ms: i64,
    },

    /// Keeps an envelope that cannot be opened before something is learned.
    PutWaiting {
        /// Who sent it, as the relay says.
        sender: DeviceAddress,
        /// What the sender named it.
        wire_id: MessageId,
        /// The ciphertext.
        payload: Vec<u8>,
        /// When.
        at_ms: i64,
    },
    /// Removes a kept envelope.
    DeleteWaiting {
        /// Which.
        order: u64,
    },
    /// Counts one request to send again.
    CountRepair {
        /// Whom.
        sender: DeviceId,
        /// What.
        wire_id: MessageId,
        /// When.
        at_ms: i64,
    },

    /// Adds or replaces what is known of a group, and adds its conversation if it is not there.
    PutGroup {
        /// What is known.
        state: GroupState,
        /// When.
        at_ms: i64,
    },
    /// Replaces our own sender key of a group. Where its chain is another one than before, nobody has been given it.
    PutSenderKey {
        /// Of which group.
        group: GroupId,
        /// The key.
        key: SenderKeyRecord,
    },
    /// These devices have been given our own sender key of a group.
    PutKeyHolders {
        /// Of which group.
        group: GroupId,
        /// Who.
        devices: Vec<DeviceAddress>,
    },
    /// This device is to be given our sender key of a group again.
    ForgetKeyHolder {
        /// Of which group.
        group: GroupId,
        /// Who.
        device: DeviceAddress,
    },
    /// Adds or replaces the key of a chain of another device.
    PutReceiverKey {
        /// Of which group.
        group: GroupId,
        /// The key.
        key: ReceiverKeyRecord,
    },
    /// Deletes the key of a chain.
    DeleteReceiverKey {
        /// Of which group.
        group: GroupId,
        /// Whose.
        sender: DeviceAddress,
        /// Which chain.
        chain: [u8; 16],
    },
    /// Deletes all keys of a group's messages, our own too, what waits for one, and who may ask to be in it.
    ForgetGroupKeys(GroupId),
    /// Keeps a message of a group that cannot be opened yet.
    PutGroupWaiting {
        /// Which group.
        group: GroupId,
        /// Who sent it, as the relay says.
        sender: DeviceAddress,
        /// The chain that it names.
        chain: [u8; 16],
        /// What the sender named it.
        wire_id: MessageId,
        /// The ciphertext.
        payload: Vec<u8>,
        /// When.
        at_ms: i64,
    },
    /// Removes a kept message of a group.
    DeleteGroupWaiting {
        /// Which.
        order: u64,
    },
    /// Removes messages of groups that were kept before this time.
    ExpireGroupWaiting {
        /// The time.
        before_ms: i64,
    },
    /// A member told how far messages of one of our devices got there; joined to what it told before.
    PutMemberReceipt {
        /// Where.
        conversation: ConversationId,
        /// Who.
        member: AccountId,
        /// Which device of ours wrote them.
        author: DeviceId,
        /// What it says.
        kind: ReceiptKind,
        /// About which.
        ranges: Vec<CounterRange>,
        /// When.
        at_ms: i64,
    },
    /// Removes what members told last before this time.
    ExpireMemberReceipts {
        /// The time.
        before_ms: i64,
    },

    /// Keeps a picture of a group under its hash.
    PutGroupPicture {
        /// Of which group.
        group: GroupId,
        /// Its hash.
        hash: [u8; 32],
        /// Its bytes.
        picture: Vec<u8>,
    },
    /// Deletes all pictures of a group but one.
    DropGroupPictures {
        /// Of which group.
        group: GroupId,
        /// The hash of the one that stays.
        except: Option<[u8; 32]>,
    },
    /// Replaces what is known of who may ask to be in a group, and who asks.
    PutDoor {
        /// Of which group.
        group: GroupId,
        /// What is known.
        door: Door,
    },
    /// Adds or replaces a group that we ask to be in.
    PutJoining(Joining),
    /// Forgets that we asked.
    DeleteJoining(GroupId),

    /// Deletes sessions, sealed bytes, prekeys and the keys of groups that belong to this device's keys, before it gets new ones.
    ForgetDeviceState,
}

/// Everything that one step makes durable: all of it, or nothing.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    writes: Vec<Write>,
}

impl Batch {
    /// Adds a change.
    pub fn push(&mut self, write: Write) {
        self.writes.push(write);
    }

    /// The changes, in order.
    #[must_use]
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// Whether there is nothing to make durable; a store must then not touch the disk.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }
}

/// Where a batch becomes durable.
pub trait Apply {
    /// Why it could not.
    type Error;

    /// Applies the whole batch, or nothing.
    fn apply(&mut self, batch: &Batch) -> Result<(), Self::Error>;
}
