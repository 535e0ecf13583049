//! Values for tests.

use waxwing_engine::{
    AccountState, Apply as _, Batch, Body, ConversationId, Delivery, DeviceAddress, LocalDevice, Message,
    Reception, Registration, Standing, Status, Write,
};
use waxwing_wire::{AccountId, DeviceId, Handle, MessageId};

use super::super::Writer;

pub(super) fn account(n: u8) -> AccountId {
    AccountId::from_bytes([n; 16])
}

pub(super) fn address(n: u8) -> DeviceAddress {
    DeviceAddress { account: account(n), device: DeviceId::from_bytes([n; 16]) }
}

pub(super) fn chat(n: u8) -> ConversationId {
    ConversationId::direct(account(1), account(n))
}

pub(super) fn id(n: u32) -> MessageId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    MessageId::from_bytes(bytes)
}

pub(super) fn handle(n: u8) -> Handle {
    Handle::new(&format!("user{n}")).unwrap()
}

pub(super) fn local() -> LocalDevice {
    LocalDevice {
        address: address(1),
        handle: handle(1),
        account_key: Some([0xa5; 32].into()),
        device_secrets: [0x5a; 64].into(),
        account_public: [3; 32],
        device_list: vec![4; 40],
        registration: Registration::Done,
    }
}

/// This device, and a conversation with account `n`.
pub(super) fn people(n: u8) -> Vec<Write> {
    let known = AccountState {
        account: account(n),
        handle: handle(n),
        account_key: [n; 32],
        device_list: vec![n; 40],
        device_list_version: 1,
        standing: Standing::Good,
        verified: false,
    };
    vec![
        Write::PutLocal(local()),
        Write::PutAccount(known),
        Write::PutConversation { conversation: chat(n), peer: account(n), created_at_ms: i64::from(n) },
    ]
}

pub(super) fn incoming(from: u8, n: u32, text: &str) -> Message {
    Message {
        id: id(n),
        conversation: chat(from),
        sender: address(from),
        counter: u64::from(n),
        sent_at_ms: i64::from(n),
        stored_at_ms: i64::from(n),
        body: Body::Text(text.to_owned()),
        marks: waxwing_engine::Marks::default(),
        edited: false,
        status: Status::Incoming(Reception::Unread),
    }
}

pub(super) fn unreadable(from: u8, n: u32) -> Message {
    let status = Status::Incoming(Reception::Waiting);
    Message { counter: 0, body: Body::Unreadable, status, ..incoming(from, n, "") }
}

pub(super) fn outgoing(to: u8, n: u32, text: &str) -> Message {
    let status = Status::Outgoing(Delivery::Queued);
    Message { sender: address(1), counter: 0, status, ..incoming(to, n, text) }
}

pub(super) fn apply(writer: &mut Writer, writes: impl IntoIterator<Item = Write>) {
    let mut batch = Batch::default();
    writes.into_iter().for_each(|write| batch.push(write));
    writer.apply(&batch).unwrap();
}
