//! A store in memory with a disk under it that crashes, fills up and forgets.

mod groups;
mod read;
mod tables;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use waxwing_engine::{
    AccountState, Annotation, Apply, Batch, DeviceAddress, GroupState, Lane, LocalDevice, Message, Write,
};
use waxwing_wire::{DeviceId, MessageId};

use tables::Tables;

/// Why the disk refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFault {
    /// No space is left (ENOSPC).
    Full,
    /// The device reports an error (EIO).
    Io,
}

impl fmt::Display for DiskFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DiskFault::Full => "no space left on device",
            DiskFault::Io => "input/output error",
        })
    }
}

impl std::error::Error for DiskFault {}

/// What the engine reads and writes, kept twice: as the open transaction sees it, and as it stands on the disk.
///
/// ```text
///   apply --> working tables + log --commit--> durable tables
///                 ^                                 |
///                 +---- crash, failure, rollback ---+
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    working: Tables,
    durable: Tables,
    log: Vec<Write>,
    in_transaction: bool,
    write_fault: Option<(u32, DiskFault)>,
    read_fault: Cell<Option<(u32, DiskFault)>>,
    commits: u64,
    handled: BTreeSet<(DeviceId, MessageId)>,
    /// What was sealed since somebody asked, by lane and device.
    sealed: Vec<(Lane, DeviceAddress)>,
}

/// A copy of the whole disk, as a backup would hold it.
#[derive(Debug, Clone, PartialEq)]
pub struct DiskCopy(Tables);

/// Two stores are equal when every durable row is.
impl PartialEq for MemoryStore {
    fn eq(&self, other: &MemoryStore) -> bool {
        self.durable == other.durable
    }
}

impl MemoryStore {
    /// An empty disk.
    #[must_use]
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    /// Opens a transaction: what is applied from here is durable with [`MemoryStore::commit`], all of it or nothing.
    pub fn begin(&mut self) {
        self.in_transaction = true;
    }

    /// Makes the open transaction durable.
    ///
    /// # Errors
    ///
    /// The fault that was ordered with [`MemoryStore::fail_after_writes`]; nothing is durable then.
    pub fn commit(&mut self) -> Result<(), DiskFault> {
        if let Some((_, fault)) = self.write_fault.take() {
            self.crash();
            return Err(fault);
        }
        if !self.log.is_empty() {
            self.commits += 1;
        }
        for write in std::mem::take(&mut self.log) {
            if let Write::RememberSeen { sender, wire_id, .. } = &write {
                self.handled.insert((*sender, *wire_id));
            }
            self.durable.write(&write);
        }
        self.in_transaction = false;
        Ok(())
    }

    /// Drops everything that was not committed, as a crash does. Faults that were ordered stay ordered no longer.
    pub fn crash(&mut self) {
        self.in_transaction = false;
        self.sealed.clear();
        self.write_fault = None;
        self.read_fault.set(None);
        if !self.log.is_empty() {
            self.log.clear();
            self.working = self.durable.clone();
        }
    }

    /// Lets this many further writes pass; the next one, or the commit if there is none, fails.
    pub fn fail_after_writes(&mut self, writes: u32, fault: DiskFault) {
        self.write_fault = Some((writes, fault));
    }

    /// Lets this many further reads pass; the next one fails.
    pub fn fail_after_reads(&mut self, reads: u32, fault: DiskFault) {
        self.read_fault.set(Some((reads, fault)));
    }

    /// Takes back the faults that were ordered and have not come.
    pub fn disarm(&mut self) {
        self.write_fault = None;
        self.read_fault.set(None);
    }

    /// What is on the disk.
    #[must_use]
    pub fn copy(&self) -> DiskCopy {
        DiskCopy(self.durable.clone())
    }

    /// Puts an old copy back in place of what is on the disk.
    pub fn restore(&mut self, copy: &DiskCopy) {
        self.crash();
        self.durable = copy.0.clone();
        self.working = copy.0.clone();
    }

    /// How many transactions that changed something became durable.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits
    }

    /// Who this device is, on the disk.
    #[must_use]
    pub fn durable_local(&self) -> Option<&LocalDevice> {
        self.durable.local.as_ref().map(|row| &row.0)
    }

    /// How far it has read in its mailbox, on the disk.
    #[must_use]
    pub fn durable_cursor(&self) -> u64 {
        self.durable.relay.map_or(0, |relay| relay.cursor)
    }

    /// All durable timeline entries, in the order in which they stand.
    pub fn timeline(&self) -> impl Iterator<Item = &Message> {
        self.durable.timeline()
    }

    /// All accounts that are known, on the disk.
    #[must_use]
    pub fn durable_accounts(&self) -> Vec<AccountState> {
        self.durable.accounts.values().cloned().collect()
    }

    /// All durable groups.
    pub fn durable_groups(&self) -> impl Iterator<Item = &GroupState> {
        self.durable.groups.states.values()
    }

    /// A durable timeline entry.
    #[must_use]
    pub fn durable_message(&self, id: MessageId) -> Option<&Message> {
        self.durable.message(id)
    }

    /// Whether an envelope was ever handled, durably. (The engine may forget it after a while.)
    #[must_use]
    pub fn has_handled(&self, sender: DeviceId, wire_id: MessageId) -> bool {
        self.handled.contains(&(sender, wire_id))
    }

    /// Whether an envelope of this name was handled, whoever sent it.
    #[must_use]
    pub fn has_handled_of_any(&self, wire_id: MessageId) -> bool {
        self.handled.iter().any(|(_, handled)| *handled == wire_id)
    }

    /// What is said about a message, on the disk.
    pub fn durable_annotations(&self, id: MessageId) -> impl Iterator<Item = &Annotation> {
        let all = self.durable.annotations.values().map(|(_, annotation)| annotation);
        all.filter(move |annotation| annotation.target == id)
    }

    /// The messages that the outbox holds, accepted or not.
    #[must_use]
    pub fn outbox_messages(&self) -> BTreeSet<MessageId> {
        self.durable.outbox_messages().collect()
    }

    /// How many rows the disk holds, by table.
    #[must_use]
    pub fn sizes(&self) -> TableSizes {
        self.durable.sizes()
    }

    /// What was sealed since this was asked last: in which lane, and for which device; for a group, by which.
    pub fn take_sealed(&mut self) -> Vec<(Lane, DeviceAddress)> {
        std::mem::take(&mut self.sealed)
    }

    fn check_read(&self) -> Result<(), DiskFault> {
        match self.read_fault.get() {
            None => Ok(()),
            Some((0, fault)) => {
                self.read_fault.set(None);
                Err(fault)
            }
            Some((left, fault)) => {
                self.read_fault.set(Some((left - 1, fault)));
                Ok(())
            }
        }
    }

    fn check_write(&mut self) -> Result<(), DiskFault> {
        match &mut self.write_fault {
            Some((0, fault)) => {
                let fault = *fault;
                self.crash();
                Err(fault)
            }
            Some((left, _)) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Apply for MemoryStore {
    type Error = DiskFault;

    fn apply(&mut self, batch: &Batch) -> Result<(), DiskFault> {
        for write in batch.writes() {
            self.check_write()?;
            if let Write::PutSealed { order, sealed } = write
                && let Some(item) = self.working.outbox.get(order)
            {
                self.sealed.push((item.draft.lane, sealed.device));
            }
            self.working.write(write);
            self.log.push(write.clone());
        }
        if self.in_transaction || batch.is_empty() { Ok(()) } else { self.commit() }
    }
}

/// How many rows each table holds that grows with use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TableSizes {
    /// Timeline entries.
    pub messages: usize,
    /// Outbox items that the relay has not accepted.
    pub outbox_open: usize,
    /// Outbox items, accepted ones too.
    pub outbox: usize,
    /// Ciphertexts kept for retries.
    pub sealed: usize,
    /// Envelopes that wait.
    pub waiting: usize,
    /// The most sessions with one device.
    pub sessions_per_device_max: usize,
    /// Private halves of prekeys.
    pub prekeys: usize,
    /// Envelopes that are remembered.
    pub seen: usize,
    /// Messages of groups that wait.
    pub group_waiting: usize,
    /// Keys of other devices' chains in groups.
    pub receiver_keys: usize,
    /// Runs of counters that members told of.
    pub receipt_runs: usize,
    /// Annotations that wait for their message.
    pub awaited: usize,
}

#[cfg(test)]
mod tests {
    use waxwing_engine::{RelayState, View as _};
    use waxwing_wire::RelayId;

    use super::*;

    fn cursor_at(cursor: u64) -> Batch {
        let mut batch = Batch::default();
        batch.push(Write::PutRelay(RelayState { relay: RelayId::from_bytes([1; 16]), cursor }));
        batch
    }

    fn cursor(store: &MemoryStore) -> Option<u64> {
        store.relay().expect("no fault was ordered").map(|relay| relay.cursor)
    }

    #[test]
    fn the_memory_store_keeps_the_contract() {
        crate::contract::check_store(MemoryStore::new);
        (0..10).for_each(|seed| crate::contract::check_alike(MemoryStore::new, seed));
    }

    #[test]
    fn a_batch_that_fails_changes_nothing() {
        crate::contract::check_failing_store(MemoryStore::new, |store| {
            store.fail_after_writes(1, DiskFault::Full)
        });
    }

    #[test]
    fn a_crash_drops_what_was_not_committed() {
        let mut store = MemoryStore::new();
        store.apply(&cursor_at(1)).expect("no fault was ordered");
        store.begin();
        store.apply(&cursor_at(2)).expect("no fault was ordered");
        assert_eq!(cursor(&store), Some(2));
        store.crash();
        assert_eq!(cursor(&store), Some(1));
    }

    #[test]
    fn a_commit_that_fails_drops_the_transaction() {
        let mut store = MemoryStore::new();
        store.begin();
        store.apply(&cursor_at(2)).expect("no fault was ordered");
        store.fail_after_writes(9, DiskFault::Io);
        assert_eq!(store.commit(), Err(DiskFault::Io));
        assert_eq!(cursor(&store), None);
        assert_eq!(store, MemoryStore::new());
    }

    #[test]
    fn an_old_copy_can_be_put_back() {
        let mut store = MemoryStore::new();
        store.apply(&cursor_at(1)).expect("no fault was ordered");
        let old = store.copy();
        store.apply(&cursor_at(2)).expect("no fault was ordered");
        store.restore(&old);
        assert_eq!(cursor(&store), Some(1));
    }

    #[test]
    fn a_read_that_fails_says_so_once() {
        let store = MemoryStore::new();
        let mut failing = store.clone();
        failing.fail_after_reads(0, DiskFault::Io);
        assert_eq!(failing.relay(), Err(DiskFault::Io));
        assert_eq!(failing.relay(), Ok(None));
    }
}
