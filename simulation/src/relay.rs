//! The relay: the real core over its storage in memory, which crashes, fails and loses everything.

use std::collections::BTreeSet;
use std::time::Duration;

use waxwing_relay::hub::{Hub, HubOutput};
use waxwing_relay::memory::MemoryStore;
use waxwing_relay::relay::{Now, Rate, RateLimits, Rules};
use waxwing_relay::store::{Answer, ConnectionId, Query, Store as _, StoreLimits};
use waxwing_wire::{
    AccountId, AccountQuery, AccountRecord, Challenge, ClientBody, ClientFrame, DeviceId, Envelope,
    GroupChangeRecord, GroupId, RelayId,
};

/// Midnight in the simulated world, in milliseconds since 1970-01-01 UTC.
pub const EPOCH_MS: i64 = 1_760_000_000_000;

/// The relay of a world.
#[derive(Debug)]
pub struct RelayHost {
    hub: Option<Hub>,
    resting: Option<MemoryStore>,
    /// At most so many one-time prekeys of each upload are kept, where it is limited.
    pub prekey_supply: Option<usize>,
    published: BTreeSet<DeviceId>,
    limits: StoreLimits,
}

fn rules() -> Rules {
    let plenty = Rate::per_second(10_000, 100_000);
    let rates = RateLimits {
        prekey_fetches: plenty,
        account_lookups: plenty,
        registrations: plenty,
        group_messages: plenty,
        group_messages_of_account: plenty,
        group_creations: plenty,
        ..RateLimits::default()
    };
    Rules { rates, ..Rules::default() }
}

/// What the relay's clock says.
#[must_use]
pub fn relay_now(now: Duration) -> Now {
    let passed = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    Now { elapsed: now, utc_ms: EPOCH_MS + passed }
}

impl RelayHost {
    /// An empty relay.
    #[must_use]
    pub fn new(id: RelayId) -> RelayHost {
        let hub = Some(Hub::new(MemoryStore::new(id), rules()));
        RelayHost {
            hub,
            resting: None,
            prekey_supply: None,
            published: BTreeSet::new(),
            limits: StoreLimits::default(),
        }
    }

    /// Keeps a log for every group of more devices. For a relay that knows nothing yet.
    pub fn log_groups_above(&mut self, devices: u64) {
        self.limits.group_log_above_devices = devices;
        if let Some(hub) = &self.hub {
            let store = MemoryStore::with_limits(hub.relay_id(), self.limits);
            self.hub = Some(Hub::new(store, rules()));
        }
    }

    /// Another relay of the same name that knows the same. `None`: it is down.
    #[must_use]
    pub fn mirror(&self) -> Option<RelayHost> {
        let store = self.hub.as_ref()?.store().clone();
        Some(RelayHost {
            hub: Some(Hub::new(store, rules())),
            resting: None,
            prekey_supply: self.prekey_supply,
            published: self.published.clone(),
            limits: self.limits,
        })
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.hub.is_some()
    }

    /// The process dies; what is durable stays.
    pub fn crash(&mut self) {
        if let Some(hub) = self.hub.take() {
            self.resting = Some(hub.into_store());
        }
    }

    /// The process starts again.
    pub fn restart(&mut self) {
        if let Some(store) = self.resting.take() {
            self.hub = Some(Hub::new(store, rules()));
        }
    }

    /// The process dies, and its database with it.
    pub fn wipe(&mut self, id: RelayId) {
        self.hub = None;
        self.published.clear();
        self.resting = Some(MemoryStore::with_limits(id, self.limits));
    }

    /// From now on every commit fails, or works again.
    pub fn set_failing(&mut self, failing: bool) {
        if let Some(hub) = &mut self.hub {
            hub.store_mut().set_failing(failing);
        }
        if let Some(store) = &mut self.resting {
            store.set_failing(failing);
        }
    }

    /// A link was opened.
    pub fn connect(&mut self, link: u64, challenge: Challenge, now: Duration) {
        if let Some(hub) = &mut self.hub {
            hub.connect(ConnectionId(link), challenge, relay_now(now));
        }
    }

    /// A link is gone.
    pub fn disconnect(&mut self, link: u64) {
        if let Some(hub) = &mut self.hub {
            hub.disconnect(ConnectionId(link));
        }
    }

    /// A frame arrived.
    pub fn frame(&mut self, link: u64, mut frame: ClientFrame, now: Duration, device: DeviceId) -> HubOutput {
        let Some(hub) = &mut self.hub else { return HubOutput::default() };
        if let ClientBody::PublishPrekeys { one_time, .. } = &mut frame.body {
            one_time.truncate(self.prekey_supply.unwrap_or(usize::MAX));
            self.published.insert(device);
        }
        hub.frame(ConnectionId(link), frame, relay_now(now))
    }

    /// Something arrived that is no frame.
    pub fn bad_frame(&mut self, link: u64) -> HubOutput {
        self.hub.as_mut().map_or_else(HubOutput::default, |hub| hub.bad_frame(ConnectionId(link)))
    }

    /// Time passed.
    pub fn tick(&mut self, now: Duration) -> HubOutput {
        self.hub.as_mut().map_or_else(HubOutput::default, |hub| hub.tick(relay_now(now)))
    }

    /// Whether a device has published prekeys since the relay has its database: it can be written to.
    #[must_use]
    pub fn has_prekeys_of(&self, device: DeviceId) -> bool {
        self.published.contains(&device)
    }

    fn answer(&self, query: &Query) -> Option<Answer> {
        let store = self.hub.as_ref().map(Hub::store).or(self.resting.as_ref());
        store.and_then(|store| store.answer(query).ok())
    }

    /// How the relay describes an account.
    #[must_use]
    pub fn account(&self, account: AccountId) -> Option<AccountRecord> {
        let Some(Answer::Account(record)) = self.answer(&Query::Account(AccountQuery::Id(account))) else {
            return None;
        };
        record.map(|record| *record)
    }

    /// All changes of a group, as a member is given them.
    #[must_use]
    pub fn changes(&self, group: GroupId, account: AccountId) -> Vec<GroupChangeRecord> {
        let Some(Answer::Group(record)) = self.answer(&Query::Group { group, account, after: 0 }) else {
            return Vec::new();
        };
        record.map(|record| record.changes).unwrap_or_default()
    }

    /// What waits in a device's mailbox.
    #[must_use]
    pub fn mailbox(&self, device: DeviceId) -> Vec<Envelope> {
        let (mut all, mut after): (Vec<Envelope>, _) = (Vec::new(), 0);
        loop {
            let answer = self.answer(&Query::Mailbox { device, after, limit: usize::MAX });
            let Some(Answer::Mailbox { envelopes, more, .. }) = answer else { return all };
            after = envelopes.last().map_or(after, |envelope| envelope.sequence);
            let is_end = envelopes.is_empty() || !more;
            all.extend(envelopes);
            if is_end {
                return all;
            }
        }
    }
}
