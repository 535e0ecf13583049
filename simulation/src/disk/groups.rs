//! The rows of groups, and what each write does to them.

use std::collections::{BTreeMap, BTreeSet};

use waxwing_engine::{
    ConversationId, CounterRange, DeviceAddress, Door, GroupStanding, GroupState, GroupWaiting, Joining,
    ReceiptKind, ReceiverKeyRecord, SenderKeyRecord,
};
use waxwing_wire::{AccountId, DeviceId, GroupId, MessageId};

/// The name of a chain.
type Chain = [u8; 16];

/// Of which conversation, whose messages, who told, and what.
type ReceiptKey = (ConversationId, DeviceId, AccountId, ReceiptKind);

/// What the engine keeps of groups.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct GroupTables {
    pub(super) states: BTreeMap<GroupId, GroupState>,
    pub(super) former_devices: BTreeMap<DeviceAddress, [u8; 64]>,
    pub(super) sender_keys: BTreeMap<GroupId, SenderKeyRecord>,
    holders: BTreeSet<(GroupId, DeviceAddress)>,
    pub(super) receiver_keys: BTreeMap<(GroupId, DeviceAddress, Chain), ReceiverKeyRecord>,
    /// With the time at which each was put.
    pub(super) waiting: BTreeMap<u64, (GroupWaiting, i64)>,
    waiting_high: u64,
    pub(super) pictures: BTreeMap<(GroupId, [u8; 32]), Vec<u8>>,
    pub(super) doors: BTreeMap<GroupId, Door>,
    pub(super) joinings: BTreeMap<GroupId, Joining>,
    pub(super) receipts: BTreeMap<ReceiptKey, (Vec<CounterRange>, i64)>,
}

/// A message that waits, before it has a place.
pub(super) struct Waits<'a> {
    pub(super) group: GroupId,
    pub(super) sender: DeviceAddress,
    pub(super) chain: Chain,
    pub(super) wire_id: MessageId,
    pub(super) payload: &'a [u8],
}

/// Counters that follow each other, ascending; a message counts from 1.
fn joined(mut all: Vec<CounterRange>) -> Vec<CounterRange> {
    all.sort();
    let mut runs: Vec<CounterRange> = Vec::new();
    for CounterRange { first, last } in all {
        let first = first.max(1);
        match runs.last_mut() {
            _ if last < first => {}
            Some(run) if first <= run.last.saturating_add(1) => run.last = run.last.max(last),
            Some(_) | None => runs.push(CounterRange { first, last }),
        }
    }
    runs
}

impl GroupTables {
    pub(super) fn put(&mut self, state: &GroupState) {
        self.states.insert(state.group, state.clone());
    }

    pub(super) fn put_sender_key(&mut self, group: GroupId, key: &SenderKeyRecord) {
        let old = self.sender_keys.insert(group, key.clone());
        if old.is_none_or(|old| old.chain != key.chain) {
            self.holders.retain(|(of, _)| *of != group);
        }
    }

    pub(super) fn put_holders(&mut self, group: GroupId, devices: &[DeviceAddress]) {
        if self.sender_keys.contains_key(&group) {
            self.holders.extend(devices.iter().map(|device| (group, *device)));
        }
    }

    pub(super) fn forget_holder(&mut self, group: GroupId, device: DeviceAddress) {
        self.holders.remove(&(group, device));
    }

    pub(super) fn put_receiver_key(&mut self, group: GroupId, key: &ReceiverKeyRecord) {
        self.receiver_keys.insert((group, key.sender, key.chain), key.clone());
    }

    pub(super) fn delete_receiver_key(&mut self, group: GroupId, sender: DeviceAddress, chain: Chain) {
        self.receiver_keys.remove(&(group, sender, chain));
    }

    /// All keys of a group, and what waits for one.
    pub(super) fn forget_keys(&mut self, group: GroupId) {
        self.sender_keys.remove(&group);
        self.holders.retain(|(of, _)| *of != group);
        self.receiver_keys.retain(|(of, _, _), _| *of != group);
        self.waiting.retain(|_, (waits, _)| waits.group != group);
        self.doors.remove(&group);
    }

    /// All keys of all groups.
    pub(super) fn forget_all_keys(&mut self) {
        self.sender_keys.clear();
        self.holders.clear();
        self.receiver_keys.clear();
    }

    pub(super) fn put_waiting(&mut self, waits: &Waits<'_>, at_ms: i64) {
        self.waiting_high += 1;
        let Waits { group, sender, chain, wire_id, payload } = *waits;
        let order = self.waiting_high;
        let row = GroupWaiting { order, group, sender, chain, wire_id, payload: payload.to_vec() };
        self.waiting.insert(order, (row, at_ms));
    }

    pub(super) fn expire_waiting(&mut self, before_ms: i64) {
        self.waiting.retain(|_, (_, at_ms)| *at_ms >= before_ms);
    }

    pub(super) fn put_receipt(
        &mut self,
        conversation: ConversationId,
        author: DeviceId,
        member: AccountId,
        kind: ReceiptKind,
        ranges: &[CounterRange],
        at_ms: i64,
    ) {
        let key = (conversation, author, member, kind);
        let before = self.receipts.get(&key).map(|(runs, _)| runs.clone()).unwrap_or_default();
        let all = joined(before.iter().chain(ranges).copied().collect());
        if all != before {
            self.receipts.insert(key, (all, at_ms));
        }
    }

    pub(super) fn expire_receipts(&mut self, before_ms: i64) {
        self.receipts.retain(|_, (_, at_ms)| *at_ms >= before_ms);
    }
}

/// What is read.
impl GroupTables {
    pub(super) fn ours(&self) -> Vec<GroupId> {
        let ours = self.states.values().filter(|state| state.standing == GroupStanding::Member);
        ours.map(|state| state.group).collect()
    }

    pub(super) fn holders(&self, group: GroupId) -> Vec<DeviceAddress> {
        self.holders.iter().filter(|(of, _)| *of == group).map(|(_, device)| *device).collect()
    }

    pub(super) fn chains(&self, group: GroupId, sender: DeviceAddress) -> Vec<Chain> {
        let range = (group, sender, [0; 16])..=(group, sender, [255; 16]);
        let mut chains: Vec<(i64, Chain)> =
            self.receiver_keys.range(range).map(|(_, key)| (key.created_at_ms, key.chain)).collect();
        chains.sort_unstable();
        chains.into_iter().map(|(_, chain)| chain).collect()
    }

    pub(super) fn waiting_chains(&self, group: GroupId) -> Vec<(DeviceAddress, Chain)> {
        let of_group = self.waiting.values().map(|(waits, _)| waits).filter(|waits| waits.group == group);
        let chains: BTreeSet<(DeviceAddress, Chain)> =
            of_group.map(|waits| (waits.sender, waits.chain)).collect();
        chains.into_iter().collect()
    }

    pub(super) fn waiting_groups(&self) -> Vec<GroupId> {
        let groups: BTreeSet<GroupId> = self.waiting.values().map(|(waits, _)| waits.group).collect();
        groups.into_iter().collect()
    }

    pub(super) fn waiting_of(
        &self,
        group: GroupId,
        sender: DeviceAddress,
        chain: Chain,
    ) -> Vec<GroupWaiting> {
        let all = self.waiting.values().map(|(waits, _)| waits);
        let found = all.filter(|waits| (waits.group, waits.sender, waits.chain) == (group, sender, chain));
        found.cloned().collect()
    }

    pub(super) fn receipts_of(
        &self,
        conversation: ConversationId,
        author: DeviceId,
    ) -> Vec<(AccountId, ReceiptKind, Vec<CounterRange>)> {
        let all = self.receipts.iter();
        let found = all.filter(|((of, by, _, _), _)| (*of, *by) == (conversation, author));
        found.map(|((_, _, member, kind), (runs, _))| (*member, *kind, runs.clone())).collect()
    }
}
