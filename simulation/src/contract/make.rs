//! Rows to test with.

use waxwing_engine::{
    AccountState, Body, ConversationId, CounterRange, Delivery, DeviceAddress, GroupStanding, GroupState,
    Lane, LaneKind, LocalDevice, Marks, Message, OutboxDraft, OutboxPayload, Party, PrekeyKind, PrekeyRecord,
    ReceiverKeyRecord, Reception, Registration, RelayState, SealedRecord, SenderKeyRecord, SessionRecord,
    Standing, Status, Write,
};
use waxwing_wire::{AccountId, DeviceId, GroupId, Handle, MessageId, RelayId};

pub(super) fn relay_state(relay: u8, cursor: u64) -> RelayState {
    RelayState { relay: RelayId::from_bytes([relay; 16]), cursor }
}

pub(super) fn account_id(n: u8) -> AccountId {
    AccountId::from_bytes([n; 16])
}

pub(super) fn device_id(n: u8) -> DeviceId {
    DeviceId::from_bytes([0xd0 ^ n; 16])
}

pub(super) fn message_id(n: u16) -> MessageId {
    let [high, low] = n.to_be_bytes();
    MessageId::v7(1_700_000_000_000, [0, high, 0, 0, 0, 0, 0, 0, high, low])
}

pub(super) fn handle(text: &str) -> Handle {
    Handle::new(text).expect("the handle of a test is one")
}

/// Device `device` of account `account`.
pub(super) fn address(account: u8, device: u8) -> DeviceAddress {
    DeviceAddress { account: account_id(account), device: device_id(device) }
}

pub(super) fn account(n: u8, name: &str) -> AccountState {
    AccountState {
        account: account_id(n),
        handle: handle(name),
        account_key: [n; 32],
        device_list: vec![n, 1, 2, 3],
        device_list_version: u64::from(n),
        standing: Standing::Good,
        verified: false,
    }
}

/// Account 1, device 1: the one whose store is tested.
pub(super) fn local() -> LocalDevice {
    LocalDevice {
        address: address(1, 1),
        handle: handle("alice"),
        account_key: Some([7; 32].into()),
        device_secrets: [8; 64].into(),
        account_public: [9; 32],
        device_list: vec![1, 2, 3],
        registration: Registration::Creating,
    }
}

/// The conversation of account 1 with account `peer`.
pub(super) fn conversation(peer: u8) -> ConversationId {
    ConversationId::direct(account_id(1), account_id(peer))
}

/// What stands in every store that holds messages: this device, accounts 2 and 3, and the conversations with them.
pub(super) fn people() -> Vec<Write> {
    vec![
        Write::PutLocal(local()),
        Write::PutAccount(account(1, "alice")),
        Write::PutAccount(account(2, "bob")),
        Write::PutAccount(account(3, "carol")),
        Write::PutConversation { conversation: conversation(2), peer: account_id(2), created_at_ms: 10 },
        Write::PutConversation { conversation: conversation(3), peer: account_id(3), created_at_ms: 11 },
    ]
}

pub(super) fn session(id: u8, rank: u64) -> SessionRecord {
    SessionRecord { id: [id; 16], rank, snapshot: vec![id, 1].into() }
}

pub(super) fn prekey(kind: PrekeyKind, id: u32, created_at_ms: i64) -> PrekeyRecord {
    PrekeyRecord { id, kind, secret: id.to_be_bytes().to_vec().into(), created_at_ms }
}

/// A text of this account in the conversation with account 2, not sealed yet.
pub(super) fn outgoing(n: u16) -> Message {
    Message {
        id: message_id(n),
        conversation: conversation(2),
        sender: address(1, 1),
        counter: 0,
        sent_at_ms: 100 + i64::from(n),
        stored_at_ms: 100 + i64::from(n),
        body: Body::Text(format!("outgoing {n}")),
        marks: Marks::default(),
        edited: false,
        status: Status::Outgoing(Delivery::Queued),
    }
}

/// A text of device `device` of account 2.
pub(super) fn incoming(n: u16, device: u8, counter: u64) -> Message {
    Message {
        id: message_id(n),
        conversation: conversation(2),
        sender: address(2, device),
        counter,
        sent_at_ms: 200 + i64::from(n),
        stored_at_ms: 300 + i64::from(n),
        body: Body::Text(format!("incoming {n}")),
        marks: Marks::default(),
        edited: false,
        status: Status::Incoming(Reception::Unread),
    }
}

/// The place that is kept for `incoming(n, device, _)` while it cannot be opened.
pub(super) fn unreadable(n: u16, device: u8) -> Message {
    Message { body: Body::Unreadable, status: Status::Incoming(Reception::Waiting), ..incoming(n, device, 0) }
}

pub(super) fn lane(kind: LaneKind, peer: u8) -> Lane {
    Lane { kind, to: Party::Account(account_id(peer)) }
}

/// Puts message `n` into the outbox, for account 2.
pub(super) fn put_outbox(n: u16, created_at_ms: i64) -> Write {
    let payload = OutboxPayload::Message { message: message_id(n) };
    put_draft(n, lane(LaneKind::Messages, 2), payload, created_at_ms)
}

pub(super) fn put_draft(n: u16, lane: Lane, payload: OutboxPayload, created_at_ms: i64) -> Write {
    Write::PutOutbox { draft: OutboxDraft { wire_id: message_id(n), lane, payload }, created_at_ms }
}

pub(super) fn sealed(device: DeviceAddress, byte: u8) -> SealedRecord {
    SealedRecord { device, payload: vec![byte; 3] }
}

pub(super) fn group_id(n: u8) -> GroupId {
    GroupId::from_bytes([n; 16])
}

pub(super) fn group(n: u8, title: &str) -> GroupState {
    GroupState {
        group: group_id(n),
        revision: u64::from(n),
        roster: vec![n, 0, 255].into(),
        secret: [n; 32].into(),
        standing: GroupStanding::Member,
        title: title.to_owned(),
        past_epochs: vec![(u64::from(n), [n; 32]), (u64::MAX, [0xff; 32])],
        joined: vec![(account_id(n), 3), (account_id(n + 1), u64::MAX)],
        last_by: address(n, n),
        vouched_by: (n % 2 == 1).then(|| account_id(n)),
    }
}

pub(super) fn sender_key(chain: u8, created_at_ms: i64) -> SenderKeyRecord {
    SenderKeyRecord { chain: [chain; 16], snapshot: vec![chain, 1].into(), created_at_ms, first_counter: 0 }
}

pub(super) fn receiver_key(sender: DeviceAddress, chain: u8, created_at_ms: i64) -> ReceiverKeyRecord {
    ReceiverKeyRecord { sender, chain: [chain; 16], snapshot: vec![chain, 2].into(), created_at_ms }
}

/// Puts a message of a chain where messages of group `group` wait.
pub(super) fn put_waits(group: u8, sender: DeviceAddress, chain: u8, n: u16, at_ms: i64) -> Write {
    Write::PutGroupWaiting {
        group: group_id(group),
        sender,
        chain: [chain; 16],
        wire_id: message_id(n),
        payload: n.to_be_bytes().to_vec(),
        at_ms,
    }
}

pub(super) fn group_lane(kind: LaneKind, group: u8) -> Lane {
    Lane { kind, to: Party::Group(group_id(group)) }
}

pub(super) fn run(first: u64, last: u64) -> CounterRange {
    CounterRange { first, last }
}
