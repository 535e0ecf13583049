//! What is done to the world by a relay that lies, and by members that lie with it.

use std::collections::BTreeSet;

use waxwing_engine::{Apply as _, Batch, Input, Write};
use waxwing_wire::{
    AccountId, AccountRecord, ClientFrame, Envelope, EnvelopeId, GroupChangeRecord, GroupId, GroupOrigin,
    RelayBody, RelayFrame, Request, SubmitToGroup, encode_relay,
};

use super::World;
use crate::evil::Evil;
use crate::network::Way;
use crate::relay::{RelayHost, relay_now};

/// A second relay with the same name, and who is connected to it.
#[derive(Debug)]
pub(super) struct Mirror {
    pub(super) relay: RelayHost,
    devices: BTreeSet<usize>,
    /// What was carried from one side to the other.
    carried: BTreeSet<(usize, EnvelopeId)>,
}

impl Mirror {
    /// The relay to which a device is connected.
    pub(super) fn relay_for<'a>(&'a self, device: usize, other: &'a RelayHost) -> &'a RelayHost {
        if self.devices.contains(&device) { &self.relay } else { other }
    }
}

impl World {
    /// The relay lies from here on, as far as its evil says.
    pub fn evil(&mut self) -> &mut Evil {
        self.trust.relay_is_honest = false;
        self.evil.get_or_insert_default()
    }

    /// The relay keeps a log for every group of more devices than this, from the beginning on.
    pub fn log_groups_above(&mut self, devices: u64) {
        self.relay.log_groups_above(devices);
    }

    /// How the relay describes an account.
    ///
    /// # Panics
    ///
    /// When it does not know it.
    #[must_use]
    pub fn describe(&self, account: AccountId) -> AccountRecord {
        self.relay.account(account).expect("it is registered")
    }

    /// All changes of a group that the relay has.
    #[must_use]
    pub fn group_changes(&self, group: GroupId, member: AccountId) -> Vec<GroupChangeRecord> {
        self.relay.changes(group, member)
    }

    /// All that devices say to the relay is written down from here on.
    pub fn overhear(&mut self) {
        self.overheard.get_or_insert_default();
    }

    /// What a device said to the relay since somebody listens.
    pub fn said(&self) -> impl Iterator<Item = &(usize, ClientFrame)> {
        self.overheard.iter().flatten()
    }

    /// The relay says something of its own to a device. Nothing happens where there is no link.
    pub fn relay_says(&mut self, device: usize, body: RelayBody) {
        let Some(link) = self.devices[device].link else { return };
        let frame = RelayFrame { request: Request::NONE, body };
        self.send(link, Way::Down, encode_relay(&frame));
    }

    /// The relay hands envelopes of its own to a device, in a place of the mailbox that breaks no count.
    pub fn relay_delivers(&mut self, device: usize, mut envelopes: Vec<Envelope>) {
        let last = self.devices[device].store.durable_cursor().max(1);
        envelopes.iter_mut().for_each(|envelope| envelope.sequence = last);
        self.relay_says(device, RelayBody::Deliver { envelopes });
    }

    /// Something is put into the store of a device whose owner lies; its engine takes it for its own.
    ///
    /// # Panics
    ///
    /// When its disk was told to fail.
    pub fn lie(&mut self, device: usize, writes: Vec<Write>) {
        if let Some(local) = self.devices[device].local() {
            self.model.liars.insert(local.address);
        }
        let mut batch = Batch::default();
        writes.into_iter().for_each(|write| batch.push(write));
        self.devices[device].store.apply(&batch).expect("no fault was ordered");
        self.give(device, Input::Wake);
    }

    /// What a device writes to a group is handed to the relay's confidants too.
    pub(super) fn confide(&mut self, from: usize, submit: &SubmitToGroup) {
        let Some(sender) = self.devices[from].local().map(|local| local.address) else { return };
        let confidants = self.evil.iter().flat_map(|evil| evil.confidants.iter().copied());
        let confidants: Vec<usize> = confidants.filter(|device| *device != from).collect();
        let group = GroupOrigin { group: submit.group, revision: submit.revision, is_change: false };
        for device in confidants {
            let envelope = Envelope {
                id: EnvelopeId::from_bytes(self.dice.bytes()),
                sequence: 0,
                sender_account: sender.account,
                sender_device: sender.device,
                message: submit.message,
                payload: submit.payload.clone(),
                accepted_at_ms: relay_now(self.now).utc_ms,
                group: Some(group),
            };
            self.relay_delivers(device, vec![envelope]);
        }
    }

    /// The relay shows itself twice: from here on these devices talk to another than the rest, which knows all that was said before.
    pub fn split(&mut self, devices: BTreeSet<usize>) {
        self.trust.relay_is_honest = false;
        let Some(relay) = self.relay.mirror() else { return };
        for device in &devices {
            if let Some(link) = self.devices[*device].link {
                self.break_link(link);
            }
        }
        self.mirror = Some(Mirror { relay, devices, carried: BTreeSet::new() });
    }

    /// The relay hands over what it kept from each side of the other: messages and keys, and no changes.
    pub fn carry_across(&mut self) {
        for device in 0..self.devices.len() {
            let Some(id) = self.devices[device].local().map(|local| local.address.device) else { continue };
            let Some(mirror) = &mut self.mirror else { return };
            let is_mirrored = mirror.devices.contains(&device);
            let other_side = if is_mirrored { &self.relay } else { &mirror.relay };
            let mut envelopes = other_side.mailbox(id);
            envelopes.retain(|envelope| {
                envelope.group.is_none_or(|origin| !origin.is_change)
                    && mirror.carried.insert((device, envelope.id))
            });
            if !envelopes.is_empty() {
                self.relay_delivers(device, envelopes);
            }
        }
    }

    /// The relay to which a device is connected.
    pub(super) fn relay_of(&mut self, device: usize) -> &mut RelayHost {
        match &mut self.mirror {
            Some(mirror) if mirror.devices.contains(&device) => &mut mirror.relay,
            Some(_) | None => &mut self.relay,
        }
    }
}
