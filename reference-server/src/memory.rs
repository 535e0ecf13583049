//! Storage in memory, for the simulation and for tests. A clone is a snapshot: put it back, and the relay has crashed and
//! come back stale; make a new one, and it was wiped.

mod deletion;
mod groups;
mod log;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use waxwing_wire::{
    AccountId, AccountQuery, AccountRecord, DeviceId, DevicePrekey, DeviceRecord, Envelope, FetchId,
    FrameSignature, MessageId, Prekey, PublicKeyBytes, RefusalCode, Register, RelayId, UpdateDevices, limits,
};

use crate::store::{
    Answer, Append, DeviceState, ENVELOPE_LIFETIME_MS, Fences, MAILBOX_ANSWER_MAX_BYTES, Op, Outcome, Query,
    Store, StoreError, StoreLimits, TAKE_LIFETIME_MS, Take, envelope_id,
};

/// A relay's state in memory.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    relay: RelayId,
    limits: StoreLimits,
    failing: bool,
    accounts: BTreeMap<AccountId, AccountRecord>,
    handles: BTreeMap<String, AccountId>,
    deleted: BTreeMap<[u8; 32], FrameSignature>,
    devices: BTreeMap<DeviceId, Device>,
    seen: BTreeMap<(DeviceId, DeviceId, MessageId), i64>,
    given: BTreeMap<(DeviceId, FetchId, DeviceId), (Bytes, i64)>,
    groups: groups::Groups,
}

/// A device keeps its counters when it is removed, so that no number is used twice.
#[derive(Debug, Clone)]
struct Device {
    account: Option<AccountId>,
    /// Whose it was.
    former: Option<AccountId>,
    signing_key: PublicKeyBytes,
    last_sequence: u64,
    acknowledged: u64,
    prekey_id_high: u32,
    one_time: BTreeMap<u32, Bytes>,
    last_resort: Option<Bytes>,
    mailbox: BTreeMap<u64, Envelope>,
}

impl Device {
    /// Puts a message that is for many into the mailbox of this one.
    fn place(&mut self, own: DeviceId, envelope: &Envelope) {
        self.last_sequence += 1;
        let id = envelope_id(&envelope.sender_device, &envelope.message, &own);
        let placed = Envelope { id, sequence: self.last_sequence, ..envelope.clone() };
        self.mailbox.insert(self.last_sequence, placed);
    }

    fn cut_off(&mut self) {
        self.former = self.account.take();
        self.one_time.clear();
        self.last_resort = None;
        self.mailbox.clear();
    }
}

impl MemoryStore {
    /// An empty relay.
    #[must_use]
    pub fn new(relay: RelayId) -> MemoryStore {
        MemoryStore::with_limits(relay, StoreLimits::default())
    }

    /// An empty relay with other limits.
    #[must_use]
    pub fn with_limits(relay: RelayId, limits: StoreLimits) -> MemoryStore {
        MemoryStore {
            relay,
            limits,
            failing: false,
            accounts: BTreeMap::new(),
            handles: BTreeMap::new(),
            deleted: BTreeMap::new(),
            devices: BTreeMap::new(),
            seen: BTreeMap::new(),
            given: BTreeMap::new(),
            groups: groups::Groups::default(),
        }
    }

    /// From now on every commit fails, as if the disk were full; or works again.
    pub fn set_failing(&mut self, failing: bool) {
        self.failing = failing;
    }

    /// Every payload in every mailbox and log, to be searched for what must not be there.
    pub fn payloads(&self) -> impl Iterator<Item = &Bytes> {
        let placed = self.devices.values().flat_map(|device| device.mailbox.values());
        placed.chain(self.groups.logged()).map(|envelope| &envelope.payload)
    }

    /// How many envelopes wait for a device in its mailbox.
    #[must_use]
    pub fn mailbox_len(&self, device: &DeviceId) -> usize {
        self.devices.get(device).map_or(0, |device| device.mailbox.len())
    }

    fn device_of(&self, account: AccountId, device: DeviceId) -> Option<&Device> {
        self.devices.get(&device).filter(|known| known.account == Some(account))
    }

    fn evaluate(&mut self, op: &Op, fences: &mut Fences) -> Outcome {
        match op {
            Op::Register(register) => self.register(register),
            Op::UpdateDevices(update) => self.update_devices(update),
            Op::DeleteAccount { account, device, deletion } => {
                self.delete_account(*account, *device, deletion)
            }
            Op::PublishPrekeys { device, one_time, last_resort, replace } => {
                if *replace && let Some(device) = self.devices.get_mut(device) {
                    let kept = one_time.iter().map(|prekey| prekey.id).min().unwrap_or(u32::MAX);
                    device.one_time = device.one_time.split_off(&kept);
                }
                self.publish(*device, one_time, last_resort.as_ref())
            }
            Op::TakePrekeys(take) => self.take(take),
            Op::Append(append) => self.append(append, fences),
            Op::ChangeGroup(change) => self.change_group(change),
            Op::AppendToGroup(append) => self.append_to_group(append, fences),
            Op::Collect { device, limit } => self.collect(*device, *limit),
            Op::Acknowledge { device, cursor } => {
                if let Some(device) = self.devices.get_mut(device) {
                    device.mailbox = device.mailbox.split_off(&cursor.saturating_add(1));
                    device.acknowledged = device.acknowledged.max(*cursor);
                }
                Outcome::Done
            }
            Op::Expire { now_ms, .. } => {
                for device in self.devices.values_mut() {
                    device
                        .mailbox
                        .retain(|_, envelope| envelope.accepted_at_ms >= now_ms - ENVELOPE_LIFETIME_MS);
                }
                self.seen.retain(|_, at_ms| *at_ms >= now_ms - ENVELOPE_LIFETIME_MS);
                self.groups.expire(now_ms - ENVELOPE_LIFETIME_MS);
                self.given.retain(|_, (_, at_ms)| *at_ms >= now_ms - TAKE_LIFETIME_MS);
                Outcome::Expired { more: false }
            }
        }
    }

    fn register(&mut self, register: &Register) -> Outcome {
        if let Some(known) = self.accounts.get(&register.account) {
            let same = known.handle == register.handle
                && known.account_key == register.account_key
                && self
                    .device_of(register.account, register.device.device)
                    .is_some_and(|device| device.signing_key == register.device.signing_key);
            return if same { Outcome::Done } else { Outcome::Refused(RefusalCode::AccountExists) };
        }
        if self.is_deleted(register.account).is_some() {
            return Outcome::Refused(RefusalCode::AccountDeleted);
        }
        if self.handles.contains_key(register.handle.as_str()) {
            return Outcome::Refused(RefusalCode::HandleTaken);
        }
        if self.belongs_to_another(register.account, &register.device) {
            return Outcome::Refused(RefusalCode::NotAuthorised);
        }
        self.handles.insert(register.handle.as_str().to_owned(), register.account);
        self.accounts.insert(
            register.account,
            AccountRecord {
                account: register.account,
                handle: register.handle.clone(),
                account_key: register.account_key,
                device_list: register.device_list.clone(),
                device_list_version: register.device_list_version,
            },
        );
        self.admit(register.account, &register.device);
        Outcome::Done
    }

    fn belongs_to_another(&self, account: AccountId, record: &DeviceRecord) -> bool {
        let owner = self.devices.get(&record.device).and_then(|device| device.account);
        owner.is_some_and(|owner| owner != account)
    }

    fn admit(&mut self, account: AccountId, record: &DeviceRecord) {
        let device = self.devices.entry(record.device).or_insert(Device {
            account: None,
            former: None,
            signing_key: record.signing_key,
            last_sequence: 0,
            acknowledged: 0,
            prekey_id_high: 0,
            one_time: BTreeMap::new(),
            last_resort: None,
            mailbox: BTreeMap::new(),
        });
        device.account = Some(account);
        device.former = None;
        device.signing_key = record.signing_key;
        self.groups.admit_device(account, record.device);
    }

    fn update_devices(&mut self, update: &UpdateDevices) -> Outcome {
        let Some(account) = self.accounts.get(&update.account) else {
            return Outcome::Refused(RefusalCode::UnknownAccount);
        };
        if update.device_list_version == account.device_list_version
            && update.device_list == account.device_list
        {
            return Outcome::DevicesUpdated { cut_off: Vec::new() };
        }
        if update.device_list_version <= account.device_list_version {
            return Outcome::Refused(RefusalCode::DeviceListConflict);
        }
        if update.devices.iter().any(|record| self.belongs_to_another(update.account, record)) {
            return Outcome::Refused(RefusalCode::NotAuthorised);
        }
        let keys: BTreeMap<DeviceId, PublicKeyBytes> =
            update.devices.iter().map(|record| (record.device, record.signing_key)).collect();
        let cut_off = self.end_devices(update.account, &keys);
        for record in &update.devices {
            self.admit(update.account, record);
        }
        if let Some(account) = self.accounts.get_mut(&update.account) {
            account.device_list = update.device_list.clone();
            account.device_list_version = update.device_list_version;
        }
        Outcome::DevicesUpdated { cut_off }
    }

    /// Ends the devices of an account that do not stand here with their keys.
    fn end_devices(
        &mut self,
        account: AccountId,
        keys: &BTreeMap<DeviceId, PublicKeyBytes>,
    ) -> Vec<DeviceId> {
        let mut cut_off = Vec::new();
        for (id, device) in &mut self.devices {
            if device.account == Some(account) && keys.get(id) != Some(&device.signing_key) {
                device.cut_off();
                cut_off.push(*id);
            }
        }
        let gone: BTreeSet<DeviceId> = cut_off.iter().copied().collect();
        self.groups.forget_devices(&gone);
        self.given.retain(|(requester, _, device), _| !gone.contains(requester) && !gone.contains(device));
        self.seen.retain(|(recipient, _, _), _| !gone.contains(recipient));
        cut_off
    }

    fn publish(&mut self, device: DeviceId, one_time: &[Prekey], last_resort: Option<&Prekey>) -> Outcome {
        let Some(device) = self.devices.get_mut(&device).filter(|device| device.account.is_some()) else {
            return Outcome::Refused(RefusalCode::UnknownDevice);
        };
        for prekey in one_time {
            if prekey.id > device.prekey_id_high && device.one_time.len() < limits::PREKEYS_PER_DEVICE_MAX {
                device.prekey_id_high = prekey.id;
                device.one_time.insert(prekey.id, prekey.bundle.clone());
            }
        }
        if let Some(prekey) = last_resort {
            device.last_resort = Some(prekey.bundle.clone());
        }
        Outcome::PrekeysPublished { one_time_prekeys: count(device.one_time.len()) }
    }

    fn take(&mut self, take: &Take) -> Outcome {
        if !self.accounts.contains_key(&take.account) {
            return Outcome::Refused(RefusalCode::UnknownAccount);
        }
        if self.devices.get(&take.requester).is_none_or(|device| device.account.is_none()) {
            return Outcome::Refused(RefusalCode::UnknownDevice);
        }
        let known = |id: &DeviceId| self.device_of(take.account, *id).is_some();
        if !take.devices.iter().all(known) {
            return Outcome::Refused(RefusalCode::UnknownDevice);
        }
        let (mut devices, mut low) = (Vec::new(), Vec::new());
        for id in &take.devices {
            let key = (take.requester, take.fetch, *id);
            if let Some((bundle, _)) = self.given.get(&key) {
                devices.push(DevicePrekey { device: *id, bundle: Some(bundle.clone()) });
                continue;
            }
            let Some(device) = self.devices.get_mut(id) else { continue };
            let one_time = device.one_time.pop_first().map(|(_, bundle)| bundle);
            let left = count(device.one_time.len());
            if left < limits::PREKEYS_LOW {
                low.push((*id, left));
            }
            let bundle = one_time.or_else(|| device.last_resort.clone());
            if let Some(bundle) = &bundle {
                self.given.insert(key, (bundle.clone(), take.now_ms));
            }
            devices.push(DevicePrekey { device: *id, bundle });
        }
        Outcome::PrekeysTaken { devices, low }
    }

    fn append(&mut self, append: &Append, fences: &mut Fences) -> Outcome {
        if !fences.admits(append.connection, append.fence) {
            return Outcome::Refused(RefusalCode::Fenced);
        }
        if let Err(refusal) = self.check_append(append) {
            fences.refuse(append.connection, append.fence);
            return refusal;
        }
        let mut stored = Vec::new();
        for sealed in append.destinations.iter().flat_map(|destination| &destination.devices) {
            let key = (sealed.device, append.sender_device, append.message);
            let full = self.devices.get(&sealed.device).is_some_and(|device| self.is_full(device));
            if full || self.seen.contains_key(&key) {
                continue;
            }
            let Some(device) = self.devices.get_mut(&sealed.device) else { continue };
            self.seen.insert(key, append.now_ms);
            device.last_sequence += 1;
            let envelope = Envelope {
                id: envelope_id(&append.sender_device, &append.message, &sealed.device),
                sequence: device.last_sequence,
                sender_account: append.sender_account,
                sender_device: append.sender_device,
                message: append.message,
                payload: sealed.payload.clone(),
                accepted_at_ms: append.now_ms,
                group: None,
            };
            device.mailbox.insert(device.last_sequence, envelope);
            stored.push(sealed.device);
        }
        Outcome::Appended { stored }
    }

    fn is_full(&self, device: &Device) -> bool {
        device.mailbox.len() as u64 >= self.limits.mailbox_max_envelopes
    }

    fn check_append(&self, append: &Append) -> Result<(), Outcome> {
        if self.device_of(append.sender_account, append.sender_device).is_none() {
            return Err(Outcome::Refused(RefusalCode::UnknownDevice));
        }
        for destination in &append.destinations {
            let Some(account) = self.accounts.get(&destination.account) else {
                return Err(Outcome::Refused(RefusalCode::UnknownAccount));
            };
            if destination.device_list_version != account.device_list_version {
                let device_list_version = account.device_list_version;
                return Err(Outcome::DevicesStale { account: destination.account, device_list_version });
            }
            for sealed in &destination.devices {
                let Some(device) = self.device_of(destination.account, sealed.device) else {
                    return Err(Outcome::Refused(RefusalCode::UnknownDevice));
                };
                let key = (sealed.device, append.sender_device, append.message);
                let is_own = destination.account == append.sender_account;
                if self.is_full(device) && !is_own && !self.seen.contains_key(&key) {
                    return Err(Outcome::Refused(RefusalCode::MailboxFull));
                }
            }
        }
        Ok(())
    }
}

impl Store for MemoryStore {
    fn relay_id(&self) -> RelayId {
        self.relay
    }

    fn commit(&mut self, ops: &[Op], fences: &mut Fences) -> Result<Vec<Outcome>, StoreError> {
        if self.failing {
            return Err(StoreError { detail: "made to fail".to_owned() });
        }
        Ok(ops.iter().map(|op| self.evaluate(op, fences)).collect())
    }

    fn answer(&self, query: &Query) -> Result<Answer, StoreError> {
        Ok(match query {
            Query::Device { account, device } => match self.device_state(*account, *device) {
                None => self.gone(*account, Answer::Device(None)),
                found @ Some(_) => Answer::Device(found),
            },
            Query::Account(by) => {
                let id = match by {
                    AccountQuery::Id(id) => Some(*id),
                    AccountQuery::Handle(handle) => self.handles.get(handle.as_str()).copied(),
                };
                match (id.and_then(|id| self.accounts.get(&id)), by) {
                    (None, AccountQuery::Id(id)) => self.gone(*id, Answer::Account(None)),
                    (found, _) => Answer::Account(found.cloned().map(Box::new)),
                }
            }
            Query::Group { group, account, after } => {
                Answer::Group(self.groups.answer(*group, *account, *after))
            }
            Query::LogReaders(group) => Answer::LogReaders(self.groups.log_readers(*group)),
            Query::Mailbox { device, after, limit } => self.mailbox(*device, *after, *limit),
        })
    }
}

impl MemoryStore {
    fn device_state(&self, account: AccountId, device: DeviceId) -> Option<DeviceState> {
        let device = self.device_of(account, device)?;
        Some(DeviceState {
            signing_key: device.signing_key,
            one_time_prekeys: count(device.one_time.len()),
            prekey_id_high: device.prekey_id_high,
            last_resort_prekey: device.last_resort.is_some(),
            device_list_version: self.accounts.get(&account)?.device_list_version,
            last_sequence: device.last_sequence,
            acknowledged: device.acknowledged,
        })
    }

    fn mailbox(&self, device: DeviceId, after: u64, limit: usize) -> Answer {
        let behind = self.groups.is_behind(device);
        let Some(device) = self.devices.get(&device) else {
            return Answer::Mailbox { envelopes: Vec::new(), more: false, behind };
        };
        let (mut envelopes, mut size_bytes) = (Vec::new(), 0);
        for envelope in device.mailbox.range(after.saturating_add(1)..).map(|(_, envelope)| envelope) {
            size_bytes += envelope.payload.len();
            let over_size = size_bytes > MAILBOX_ANSWER_MAX_BYTES && !envelopes.is_empty();
            if envelopes.len() == limit || over_size {
                return Answer::Mailbox { envelopes, more: true, behind };
            }
            envelopes.push(envelope.clone());
        }
        Answer::Mailbox { envelopes, more: false, behind }
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
