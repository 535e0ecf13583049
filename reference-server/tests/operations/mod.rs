//! Operations for the tests of storage, made of small numbers.
#![allow(dead_code, unreachable_pub, missing_docs)] // each test program uses its part

use bytes::Bytes;
use waxwing_relay::store::{ConnectionId, GroupAppend, GroupChange, Op};
use waxwing_wire::{
    AccountId, ChangeGroup, DeviceId, DeviceRecord, FrameSignature, GroupId, Handle, MessageId,
    PublicKeyBytes, Register, SubmitToGroup, UpdateDevices,
};

pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    pub fn small(&mut self, limit: u8) -> u8 {
        u8::try_from(self.below(limit.into())).expect("a small number")
    }
}

pub fn account(number: u8) -> AccountId {
    AccountId::from_bytes([number; 16])
}

pub fn device(number: u8) -> DeviceId {
    DeviceId::from_bytes([100 + number; 16])
}

pub fn record(random: &mut Random, number: u8) -> DeviceRecord {
    let key = if random.below(8) == 0 { 7 } else { 1 };
    DeviceRecord { device: device(number), signing_key: PublicKeyBytes([key; 32]) }
}

pub fn register(random: &mut Random, number: u8) -> Op {
    Op::Register(Box::new(Register {
        handle: Handle::new(&format!("person{number}")).expect("a handle"),
        account: account(number),
        account_key: PublicKeyBytes([number; 32]),
        device: record(random, number),
        device_list: Bytes::from_static(b"list 1"),
        device_list_version: 1,
        account_signature: FrameSignature([0; 64]),
        device_signature: FrameSignature([0; 64]),
        token: None,
    }))
}

pub fn delete(number: u8, asks: u8) -> Op {
    Op::DeleteAccount { account: account(number), device: device(asks), deletion: FrameSignature([7; 64]) }
}

pub fn group(number: u8) -> GroupId {
    GroupId::from_bytes([200 + number; 16])
}

pub fn change(sender: u8, number: u8, revision: u64, members: &[u8], now_ms: i64) -> Op {
    Op::ChangeGroup(Box::new(GroupChange {
        sender_account: account(sender),
        sender_device: device(sender),
        change: ChangeGroup {
            message: MessageId::from_bytes([number; 16]),
            group: group(number),
            revision,
            change: Bytes::from(format!("change {members:?}")),
            members: members.iter().map(|member| account(*member)).collect(),
        },
        now_ms,
    }))
}

pub fn to_group(sender: u8, number: u8, revision: u64, message: u8, now_ms: i64) -> Op {
    Op::AppendToGroup(Box::new(GroupAppend {
        connection: ConnectionId(9),
        sender_account: account(sender),
        sender_device: device(sender),
        submit: SubmitToGroup {
            message: MessageId::from_bytes([message; 16]),
            fence: 1,
            group: group(number),
            revision,
            payload: Bytes::from_static(b"sealed for all"),
        },
        now_ms,
    }))
}

/// The account has these devices now, of keys that change at times.
pub fn update_devices(random: &mut Random, owner: u8, version: u64, devices: &[u8]) -> Op {
    Op::UpdateDevices(Box::new(UpdateDevices {
        account: account(owner),
        device: device(owner),
        devices: devices.iter().map(|number| record(random, *number)).collect(),
        device_list: Bytes::from(format!("list {version}")),
        device_list_version: version,
        account_signature: FrameSignature([0; 64]),
    }))
}
