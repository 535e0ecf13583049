//! The logs of very large groups in memory.

use std::collections::{BTreeMap, BTreeSet};

use waxwing_wire::{AccountId, DeviceId, Envelope};

use super::MemoryStore;
use super::deletion::outlasts;
use super::groups::Groups;
use crate::store::Outcome;

/// Messages and changes in their order, and how far each device has read.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    head: u64,
    entries: BTreeMap<u64, Envelope>,
    /// By device, and by where it began.
    readers: BTreeMap<(DeviceId, u64), Reader>,
}

/// Who left the group reads to `until`, and is gone.
#[derive(Debug, Clone)]
struct Reader {
    position: u64,
    until: Option<u64>,
}

impl Log {
    /// The device reads what comes from now on, if it does not already.
    pub(super) fn admit(&mut self, device: DeviceId) {
        let reads = self.of(device).any(|(_, reader)| reader.until.is_none());
        if !reads {
            self.readers.insert((device, self.head), Reader { position: self.head, until: None });
        }
    }

    /// The device reads up to here.
    pub(super) fn dismiss(&mut self, device: DeviceId) {
        for (_, reader) in self.readers.range_mut((device, 0)..=(device, u64::MAX)) {
            reader.until.get_or_insert(self.head);
        }
    }

    pub(super) fn readers(&self) -> Vec<DeviceId> {
        let devices: BTreeSet<DeviceId> = self.readers.keys().map(|(device, _)| *device).collect();
        devices.into_iter().collect()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Envelope> {
        self.entries.values()
    }

    pub(super) fn expire(&mut self, before_ms: i64) {
        self.entries.retain(|_, envelope| envelope.accepted_at_ms >= before_ms);
    }

    pub(super) fn forget_sender(&mut self, account: AccountId) {
        self.entries.retain(|_, envelope| outlasts(envelope, account));
    }

    /// Says how many will read it.
    pub(super) fn append(&mut self, envelope: &Envelope, kept_max: u64) -> u64 {
        let open = self.readers.values().filter(|reader| reader.until.is_none()).count() as u64;
        let readers = open.saturating_sub(1); // all but the sender
        if readers > 0 {
            self.head += 1;
            self.entries.insert(self.head, envelope.clone());
            self.entries = self.entries.split_off(&(self.head.saturating_sub(kept_max) + 1));
        }
        readers
    }

    fn of(&self, device: DeviceId) -> impl Iterator<Item = (&(DeviceId, u64), &Reader)> {
        self.readers.range((device, 0)..=(device, u64::MAX))
    }

    /// Takes so many entries for a device at most. Its own it does not get.
    fn take(&mut self, device: DeviceId, room: &mut usize) -> Vec<Envelope> {
        let mut taken = Vec::new();
        for (_, reader) in self.readers.range_mut((device, 0)..=(device, u64::MAX)) {
            let end = reader.until.unwrap_or(self.head);
            let is_for = |(position, envelope): &(&u64, &Envelope)| {
                (reader.position + 1..=end).contains(position) && envelope.sender_device != device
            };
            let found: Vec<(&u64, &Envelope)> = self.entries.iter().filter(is_for).take(*room).collect();
            if *room > 0 {
                let last = found.last().filter(|_| found.len() == *room);
                reader.position = last.map_or(end, |(position, _)| **position);
            }
            *room -= found.len();
            taken.extend(found.into_iter().map(|(_, envelope)| envelope.clone()));
        }
        self.readers.retain(|_, reader| reader.until.is_none_or(|until| reader.position < until));
        taken
    }
}

impl Groups {
    /// A device that is new in its account reads what comes from now on, in all logs of the account.
    pub(super) fn admit_device(&mut self, account: AccountId, device: DeviceId) {
        self.logs_mut()
            .filter(|(members, _)| members.contains(&account))
            .for_each(|(_, log)| log.admit(device));
    }

    pub(super) fn forget_devices(&mut self, gone: &BTreeSet<DeviceId>) {
        self.logs_mut().for_each(|(_, log)| log.readers.retain(|(device, _), _| !gone.contains(device)));
    }

    pub(super) fn is_behind(&self, device: DeviceId) -> bool {
        self.logs()
            .any(|log| log.of(device).any(|(_, reader)| reader.position < reader.until.unwrap_or(log.head)))
    }
}

impl MemoryStore {
    /// Puts what is behind the cursors of a device into its mailbox, group after group.
    pub(super) fn collect(&mut self, id: DeviceId, limit: usize) -> Outcome {
        let Some(device) = self.devices.get_mut(&id) else {
            return Outcome::Collected { placed: 0, is_full: false };
        };
        let free = self.limits.mailbox_max_envelopes.saturating_sub(device.mailbox.len() as u64);
        let mut room = limit.min(usize::try_from(free).unwrap_or(usize::MAX));
        let mut placed = 0;
        for (_, log) in self.groups.logs_mut() {
            for envelope in log.take(id, &mut room) {
                device.place(id, &envelope);
                placed += 1;
            }
        }
        Outcome::Collected { placed, is_full: free == 0 }
    }
}
