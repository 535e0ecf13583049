//! What the engine may read from the store.

use waxwing_wire::{AccountId, DeviceId, GroupId, Handle, MessageId};

use crate::annotation::Annotation;
use crate::model::{
    AccountState, ConversationId, CounterRange, DeviceAddress, Door, GroupState, GroupWaiting, Joining, Lane,
    LocalDevice, Message, OutboxItem, OutboxOrder, OwnDevice, PrekeyKind, PrekeyRecord, ReceiptKind,
    ReceiverKeyRecord, RelayState, SealedRecord, SenderKeyRecord, SessionRecord, WaitingEnvelope,
};
use crate::setting::{SettingKind, SettingRecord};

/// What a member told of messages of a device of ours: delivered or read, and which.
pub type MemberReceipt = (AccountId, ReceiptKind, Vec<CounterRange>);

/// The engine's window on the store. Every answer is the state of the last commit, and of what the open transaction has
/// applied since; lists come in the order that is named.
pub trait View {
    /// Why a read failed: the disk, or the file.
    type Error;

    /// This device, once it has begun to register.
    fn local(&self) -> Result<Option<LocalDevice>, Self::Error>;

    /// What is remembered of a device of our own account.
    fn own_device(&self, device: DeviceId) -> Result<Option<OwnDevice>, Self::Error>;

    /// Where the past of the account stands that is being taken in; none: all of it is here, or none was asked for.
    fn past_place(&self) -> Result<Option<Vec<u8>>, Self::Error>;

    /// The relay's database and the cursor in it.
    fn relay(&self) -> Result<Option<RelayState>, Self::Error>;

    /// What is known of an account.
    fn account(&self, account: AccountId) -> Result<Option<AccountState>, Self::Error>;

    /// The account last seen under a handle.
    fn account_by_handle(&self, handle: &Handle) -> Result<Option<AccountState>, Self::Error>;

    /// The keys of a device that its account's list named once.
    fn former_device(&self, device: DeviceAddress) -> Result<Option<[u8; 64]>, Self::Error>;

    /// The other account of a direct conversation.
    fn conversation_peer(&self, conversation: ConversationId) -> Result<Option<AccountId>, Self::Error>;

    /// All sessions with a device, greatest rank first.
    fn sessions(&self, device: DeviceAddress) -> Result<Vec<SessionRecord>, Self::Error>;

    /// One prekey's private half. One-time and last-resort prekeys share one series of ids: asking for [`PrekeyKind::OneTime`]
    /// also finds a last-resort prekey, and the other way round.
    fn prekey(&self, kind: PrekeyKind, id: u32) -> Result<Option<PrekeyRecord>, Self::Error>;

    /// The prekey of a kind with the greatest id, of exactly this kind.
    fn newest_prekey(&self, kind: PrekeyKind) -> Result<Option<PrekeyRecord>, Self::Error>;

    /// The greatest id that a one-time or last-resort prekey ever had, also of those that are deleted. Zero: none yet.
    fn highest_prekey_id(&self) -> Result<u32, Self::Error>;

    /// One-time prekeys with an id above `id`, by id, at most `limit`.
    fn one_time_prekeys_above(&self, id: u32, limit: usize) -> Result<Vec<PrekeyRecord>, Self::Error>;

    /// Whether a last-resort handshake was used before.
    fn handshake_was_used(&self, handshake: &[u8; 32]) -> Result<bool, Self::Error>;

    /// Whether an envelope of this device and name was handled before.
    fn was_seen(&self, sender: DeviceId, wire_id: MessageId) -> Result<bool, Self::Error>;

    /// One timeline entry.
    fn message(&self, id: MessageId) -> Result<Option<Message>, Self::Error>;

    /// The entries that stand last in a conversation, the last one first, at most `limit`.
    fn newest_messages(
        &self,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<Vec<Message>, Self::Error>;

    /// Where entries stand that wait to be sent again: each device and conversation once, in order.
    fn unopened(&self) -> Result<Vec<(DeviceAddress, ConversationId)>, Self::Error>;

    /// A setting of a conversation, once somebody set it.
    fn setting(
        &self,
        conversation: ConversationId,
        kind: SettingKind,
    ) -> Result<Option<SettingRecord>, Self::Error>;

    /// The settings that were put last, the newest first, at most `limit`.
    fn newest_settings(&self, limit: usize) -> Result<Vec<SettingRecord>, Self::Error>;

    /// The conversations in which something came last, the newest first, at most `limit`.
    fn newest_conversations(&self, limit: usize) -> Result<Vec<ConversationId>, Self::Error>;

    /// When the next message that disappears is due, by the wall clock in milliseconds.
    fn next_due_ms(&self) -> Result<Option<i64>, Self::Error>;

    /// All annotations of a message, by slot and author.
    fn annotations(&self, target: MessageId) -> Result<Vec<Annotation>, Self::Error>;

    /// How many annotations of an account wait for their message.
    fn awaited_annotations(&self, author: AccountId) -> Result<u64, Self::Error>;

    /// The messages that an account said something about, the newest word first, each once for every slot, at most `limit`
    /// words; in one conversation, or in all.
    fn annotated(
        &self,
        author: AccountId,
        conversation: Option<ConversationId>,
        limit: usize,
    ) -> Result<Vec<(MessageId, ConversationId)>, Self::Error>;

    /// One of our own device's messages in a conversation, by its counter.
    fn message_by_counter(
        &self,
        conversation: ConversationId,
        sender: DeviceId,
        counter: u64,
    ) -> Result<Option<Message>, Self::Error>;

    /// The greatest counter of a device's messages in a conversation; zero: none.
    fn highest_counter(&self, conversation: ConversationId, sender: DeviceId) -> Result<u64, Self::Error>;

    /// Incoming messages that are unread, up to and including `up_to` in the timeline's order, by sender and counter.
    fn unread_up_to(
        &self,
        conversation: ConversationId,
        up_to: MessageId,
    ) -> Result<Vec<(DeviceAddress, CounterRange)>, Self::Error>;

    /// All incoming messages of a conversation that can be read, as runs by sender and counter: first what is only delivered,
    /// then what the user read.
    fn received(
        &self,
        conversation: ConversationId,
    ) -> Result<Vec<(DeviceAddress, ReceiptKind, CounterRange)>, Self::Error>;

    /// The lanes that hold items which the relay has not accepted.
    fn outbox_lanes(&self) -> Result<Vec<Lane>, Self::Error>;

    /// Items of a lane that the relay has not accepted, in order, above `after`, at most `limit`.
    fn outbox(&self, lane: Lane, after: OutboxOrder, limit: usize) -> Result<Vec<OutboxItem>, Self::Error>;

    /// The outbox item of this submission name, accepted or not.
    fn outbox_item(&self, wire_id: MessageId) -> Result<Option<OutboxItem>, Self::Error>;

    /// The accounts of accepted items for which no receipt has come, at most `limit`.
    fn undelivered(&self, limit: usize) -> Result<Vec<AccountId>, Self::Error>;

    /// What an item was sealed to, by device.
    fn sealed(&self, order: OutboxOrder) -> Result<Vec<SealedRecord>, Self::Error>;

    /// The accounts for whose envelopes something must be learned first.
    fn waiting_senders(&self) -> Result<Vec<AccountId>, Self::Error>;

    /// The envelopes of an account that wait, in order, at most `limit`.
    fn waiting(&self, sender: AccountId, limit: usize) -> Result<Vec<WaitingEnvelope>, Self::Error>;

    /// How often a device was asked to send this again. Zero: never.
    fn repair_attempts(&self, sender: DeviceId, wire_id: MessageId) -> Result<u32, Self::Error>;

    /// What is known of a group.
    fn group(&self, group: GroupId) -> Result<Option<GroupState>, Self::Error>;

    /// All groups that this account is in, by id.
    fn groups(&self) -> Result<Vec<GroupId>, Self::Error>;

    /// Our own sender key of a group.
    fn sender_key(&self, group: GroupId) -> Result<Option<SenderKeyRecord>, Self::Error>;

    /// Who has been given our own sender key of a group, in order.
    fn key_holders(&self, group: GroupId) -> Result<Vec<DeviceAddress>, Self::Error>;

    /// The key of a chain of another device.
    fn receiver_key(
        &self,
        group: GroupId,
        sender: DeviceAddress,
        chain: [u8; 16],
    ) -> Result<Option<ReceiverKeyRecord>, Self::Error>;

    /// The chains of another device in a group, the oldest first (by when they came, then by id).
    fn receiver_chains(&self, group: GroupId, sender: DeviceAddress) -> Result<Vec<[u8; 16]>, Self::Error>;

    /// The chains for which messages of a group wait, in order.
    fn group_waiting_chains(&self, group: GroupId) -> Result<Vec<(DeviceAddress, [u8; 16])>, Self::Error>;

    /// The groups in which messages wait, in order.
    fn groups_waiting(&self) -> Result<Vec<GroupId>, Self::Error>;

    /// The messages of one chain that wait, in order, at most `limit`.
    fn group_waiting(
        &self,
        group: GroupId,
        sender: DeviceAddress,
        chain: [u8; 16],
        limit: usize,
    ) -> Result<Vec<GroupWaiting>, Self::Error>;

    /// The picture of a group that has this hash, if it is here.
    fn group_picture(&self, group: GroupId, hash: [u8; 32]) -> Result<Option<Vec<u8>>, Self::Error>;

    /// Who may ask to be in a group, and who asks.
    fn door(&self, group: GroupId) -> Result<Option<Door>, Self::Error>;

    /// A group that we ask to be in, or asked.
    fn joining(&self, group: GroupId) -> Result<Option<Joining>, Self::Error>;

    /// All of these, by group.
    fn joinings(&self) -> Result<Vec<Joining>, Self::Error>;

    /// How far members told that messages of one of our devices got there, by member and kind; runs in ascending order,
    /// joined where they touch.
    fn member_receipts(
        &self,
        conversation: ConversationId,
        author: DeviceId,
    ) -> Result<Vec<MemberReceipt>, Self::Error>;
}
