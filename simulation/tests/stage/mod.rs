//! A group of the first devices of a world, and a relay that can lie.
#![allow(dead_code, unreachable_pub)] // what a test binary does not use of it

use std::collections::BTreeSet;
use std::time::Duration;

use waxwing_crypto::group::roster::Roster;
use waxwing_crypto::group::{GroupMessage, ReceiverKey};
use waxwing_engine::{Body, ConversationId, DeviceAddress, GroupEvent, GroupState, View as _};
use waxwing_simulation::app::Deed;
use waxwing_simulation::device::Role;
use waxwing_simulation::disk::MemoryStore;
use waxwing_simulation::liar::Liar;
use waxwing_simulation::scenario::Scenario;
use waxwing_simulation::world::{Plan, World};
use waxwing_wire::{
    AccountId, ClientBody, ClientFrame, DeviceId, Envelope, GroupId, MessageId, SubmitToGroup,
};

/// A group of the first devices of a world, in which everybody has written.
pub struct Stage {
    pub world: World,
    pub group: GroupId,
}

impl Stage {
    pub fn begin(seed: u64, members: usize, accounts: usize) -> Stage {
        Stage::make(Scenario::quiet(seed, accounts), members)
    }

    /// Three members, of whom the second has a second device: the fourth of the world.
    pub fn with_second_device(seed: u64) -> Stage {
        let joins = Plan::Join { account: 1, role: Role::Added };
        Stage::make(Scenario::quiet(seed, 3).with(Duration::from_secs(3), joins), 3)
    }

    fn make(scenario: Scenario, members: usize) -> Stage {
        let deed = Deed::Make((1..members).collect());
        let scenario = scenario.with(Duration::from_secs(12), Plan::Group { device: 0, group: 0, deed });
        let mut world = scenario.world();
        // The relay remembers from the beginning on.
        world.evil();
        world.run_until(Duration::from_secs(25)).unwrap();
        let group = world.groups[&0].as_group();
        let mut stage = Stage { world, group };
        (0..members).for_each(|device| stage.write(device));
        stage.pass(15);
        stage
    }

    pub fn pass(&mut self, seconds: u64) {
        if let Err(violation) = self.world.run_until(self.world.now + Duration::from_secs(seconds)) {
            panic!("{violation}");
        }
    }

    pub fn plan(&mut self, plan: Plan) {
        self.world.plan(self.world.now, plan);
    }

    pub fn write(&mut self, device: usize) {
        self.plan(Plan::WriteToGroup { device, group: 0 });
    }

    pub fn write_to(&mut self, device: usize, to: usize) {
        self.plan(Plan::Write { device, to });
    }

    /// Writes, and tells what.
    pub fn write_one(&mut self, device: usize) -> MessageId {
        let before: BTreeSet<MessageId> = self.world.model.accepted.keys().copied().collect();
        self.write(device);
        self.pass(5);
        let new = self.world.model.accepted.iter().find(|(id, _)| !before.contains(id));
        *new.expect("it was accepted").0
    }

    pub fn liar(&self, device: usize) -> Liar {
        Liar::new(self.world.now.as_secs(), device, self.group)
    }

    pub fn state(&self, device: usize) -> GroupState {
        self.liar(device).state(&self.world)
    }

    pub fn address(&self, device: usize) -> DeviceAddress {
        self.world.devices[device].local().unwrap().address
    }

    pub fn holders(&self, device: usize) -> Vec<DeviceAddress> {
        self.world.devices[device].store.key_holders(self.group).unwrap()
    }

    pub fn deliver_to_all(&mut self, envelopes: &[Envelope]) {
        for device in 0..self.world.devices.len() {
            self.world.relay_delivers(device, envelopes.to_vec());
        }
    }

    /// Whether a device has a message of the group, to be read.
    pub fn has(&self, device: usize, id: MessageId) -> bool {
        let entry = self.world.devices[device].store.durable_message(id);
        entry.is_some_and(|entry| matches!(entry.body, Body::Text(_)))
    }

    /// What a device shows of what another wrote.
    pub fn words_of(&self, device: usize, sender: DeviceAddress) -> Vec<String> {
        let timeline = self.world.devices[device].store.timeline();
        let entries = timeline.filter(|entry| entry.sender == sender);
        entries
            .filter_map(|entry| match &entry.body {
                Body::Text(words) => Some(words.clone()),
                Body::Unreadable | Body::Notice(_) | Body::Group(_) | Body::Deleted => None,
            })
            .collect()
    }

    pub fn says_of(&self, device: usize, sender: DeviceAddress, words: &str) -> bool {
        self.words_of(device, sender).iter().any(|text| text.starts_with(words))
    }

    pub fn is_told_apart(&self, device: usize, from: usize) -> bool {
        let from = self.address(from);
        let mut entries = self.world.devices[device].store.timeline();
        entries.any(|entry| entry.sender == from && entry.body == Body::Group(GroupEvent::Apart))
    }

    /// Whether a device is told that what one wrote reads otherwise at another.
    pub fn is_told_otherwise(&self, device: usize, author: usize, witness: usize) -> bool {
        let (author, witness) = (self.address(author), self.address(witness).account);
        let mut entries = self.world.devices[device].store.timeline();
        let told = Body::Group(GroupEvent::ToldOtherwise(witness));
        entries.any(|entry| entry.sender == author && entry.body == told)
    }

    /// How often a device is told such a thing of anybody.
    pub fn times_told_otherwise(&self, device: usize) -> usize {
        let entries = self.world.devices[device].store.timeline();
        entries.filter(|entry| matches!(entry.body, Body::Group(GroupEvent::ToldOtherwise(_)))).count()
    }

    /// Messages of the group that are marked as come after the removal of their sender.
    pub fn came_after_removal(&self, device: usize) -> Vec<MessageId> {
        let marked = self.world.devices[device].store.timeline().filter(|entry| entry.marks.after_removal);
        marked.map(|entry| entry.id).collect()
    }

    pub fn stands_below_the_removal(&self, device: usize, id: MessageId) -> bool {
        let conversation = ConversationId::group(self.group);
        let entries = self.world.devices[device].store.timeline();
        let mut entries = entries.filter(|entry| entry.conversation == conversation);
        let is_removal = |body: &Body| matches!(body, Body::Group(GroupEvent::Removed(_)));
        entries.any(|entry| is_removal(&entry.body)) && entries.any(|entry| entry.id == id)
    }

    /// What was written to the group since a mark.
    pub fn written_since(&self, mark: usize) -> Vec<SubmitToGroup> {
        let said = self.world.said().skip(mark);
        said.filter_map(|(_, frame)| {
            let ClientBody::SubmitToGroup(submit) = &frame.body else { return None };
            Some(submit.clone())
        })
        .collect()
    }

    /// How many ciphertexts since a mark the keys of a store open.
    pub fn opened_by(&self, store: &MemoryStore, mark: usize) -> usize {
        let written = self.written_since(mark);
        assert!(!written.is_empty(), "something was written");
        let members = (0..self.world.devices.len()).map(|device| self.address(device));
        let mut keys: Vec<ReceiverKey> = Vec::new();
        for member in members {
            for chain in store.receiver_chains(self.group, member).unwrap() {
                let record = store.receiver_key(self.group, member, chain).unwrap().unwrap();
                keys.push(ReceiverKey::from_snapshot(&record.snapshot).unwrap());
            }
        }
        let opens = |submit: &&SubmitToGroup| {
            let message = GroupMessage::parse(&submit.payload).unwrap();
            let mut keys = keys.iter().map(|key| ReceiverKey::from_snapshot(&key.to_snapshot()).unwrap());
            keys.any(|mut key| key.decrypt(&message, submit.message.as_bytes()).is_ok())
        };
        written.iter().filter(opens).count()
    }

    pub fn asked_for_lists_since(&self, mark: usize) -> usize {
        let asks = |(_, frame): &&(usize, ClientFrame)| matches!(frame.body, ClientBody::FetchAccount(_));
        self.world.said().skip(mark).filter(asks).count()
    }

    pub fn was_sealed_for(&self, device: DeviceId) -> bool {
        self.was_sealed_since(0, device)
    }

    pub fn was_sealed_since(&self, mark: usize, device: DeviceId) -> bool {
        self.world.said().skip(mark).any(|(_, frame)| {
            let ClientBody::Submit(submit) = &frame.body else { return false };
            let mut sealed = submit.destinations.iter().flat_map(|destination| &destination.devices);
            sealed.any(|sealed| sealed.device == device)
        })
    }
}

/// A roster into which somebody was put who is not in it.
pub fn with_member(roster: &Roster, account: AccountId) -> Roster {
    let mut bytes = roster.to_snapshot();
    let count = roster.members().len();
    let start = bytes.len() - 17 * count;
    let place = roster.members().iter().filter(|member| member.account < *account.as_bytes()).count();
    let mut row = account.as_bytes().to_vec();
    row.push(0);
    bytes.splice(start + 17 * place..start + 17 * place, row);
    bytes[start - 2..start].copy_from_slice(&(count as u16 + 1).to_be_bytes());
    Roster::from_snapshot(&bytes).unwrap()
}

/// What its sender gave out of the newest chain, as a member who has it can say it again.
pub fn newest_distribution(store: &MemoryStore, group: GroupId, sender: DeviceAddress) -> Vec<u8> {
    let key = waxwing_simulation::liar::newest_key(store, group, sender).unwrap().to_snapshot();
    // format, suite | origin | signing key | iteration | chain key, without the first of its iterations
    let mut out = vec![1, 1];
    out.extend_from_slice(&key[3..91 + 32]);
    out.extend_from_slice(&key[91 + 36..91 + 36 + 36]);
    out
}
