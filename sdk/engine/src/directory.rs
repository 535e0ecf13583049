//! What the relay is asked about accounts, and how far its answers are believed.
//!
//! The first key of an account is pinned. A device list counts only if that key signed it and it follows the one before; a
//! relay that shows another key stops the sending until the user accepts it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand_core::CryptoRng;
use waxwing_crypto::{
    AccountChange, AccountPublicKey, Bundle, DEVICES_MAX, DeviceList, Ours, Session, Theirs,
};
use waxwing_wire::{
    AccountId, AccountQuery, AccountRecord, ClientBody, DeviceId, DevicePrekey, FetchId, Handle, RefusalCode,
    Refused, Request, limits,
};

use crate::batch::Write;
use crate::connection::Connection;
use crate::effect::{CommandId, Event, Failure, Outcome};
use crate::groups::Groups;
use crate::me::Me;
use crate::model::{AccountState, ConversationId, DeviceAddress, Notice, Standing};
use crate::notice::put_notice;
use crate::view::View;
use crate::work::Work;

/// First wait after an answer that did not help; doubles up to [`WAIT_MAX`].
const WAIT_FIRST: Duration = Duration::from_secs(2);

/// The longest wait before the same thing is asked again.
const WAIT_MAX: Duration = Duration::from_secs(300);

/// Device lists kept ready, so that their signatures are not checked for each message.
const LISTS_MAX: usize = 1_000;

/// A list that the crypto crate accepts fits into what the relay takes.
const _: () = assert!(DEVICES_MAX == limits::DEVICES_PER_ACCOUNT_MAX);

/// A question under way.
#[derive(Debug, Clone)]
struct Asked {
    ask: Ask,
    at: Duration,
}

#[derive(Debug, Clone)]
enum Ask {
    Account(AccountQuery),
    Prekeys(AccountId, Vec<DeviceId>),
}

#[derive(Debug, Clone, Copy)]
struct Wait {
    until: Duration,
    failures: u32,
}

impl Wait {
    fn after(previous: Option<&Wait>, now: Duration, at_least: Duration) -> Wait {
        let failures = previous.map_or(0, |wait| wait.failures.saturating_add(1));
        Wait { until: now + wait_after(failures).max(at_least), failures }
    }
}

fn wait_after(failures: u32) -> Duration {
    WAIT_FIRST.saturating_mul(1 << failures.min(10)).min(WAIT_MAX)
}

/// Why somebody asks who has a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To open the conversation with them.
    ToTalk,
    /// To know it.
    ToKnow,
}

/// What an answer about an account came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Learned {
    /// The account is known, and good.
    Known {
        /// Which.
        account: AccountId,
        /// Whether anything about it is new.
        changed: bool,
    },
    /// The key, or the account under a handle, is another one: this account, as it was known, is on hold.
    KeyChanged(AccountId),
    /// The answer proves nothing, and changed nothing.
    Bogus,
}

/// Whether the key of an account says that the account was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It does.
    Given,
    /// It does not, or not so that it holds.
    Missing,
    /// The key is not known here, and cannot be had any more.
    Impossible,
}

/// Questions under way, and what was learned lately.
#[derive(Default)]
pub(crate) struct Directory {
    wanted: BTreeSet<AccountQuery>,
    prekeys_wanted: BTreeMap<AccountId, BTreeSet<DeviceId>>,
    asked: BTreeMap<Request, Asked>,
    fetches: BTreeMap<AccountId, FetchId>,
    waits: BTreeMap<AccountQuery, Wait>,
    keyless: BTreeMap<DeviceAddress, Wait>,
    /// Accounts whose prekeys the relay refused, and until when they are not asked for. Whether their devices have any is not known: what is
    /// for them waits.
    refused: BTreeMap<AccountId, Duration>,
    /// How often in a row it refused them.
    refusals: BTreeMap<AccountId, u32>,
    /// Devices without prekeys that a message went past. They are asked for again, and get what they missed.
    passed_over: BTreeSet<DeviceAddress>,
    lists: BTreeMap<AccountId, DeviceList>,
    /// Accounts that were deleted before anything was learned of them, as the relay says. Nobody waits for them.
    lost: BTreeSet<AccountId>,
    finds: Vec<(CommandId, Handle, Purpose)>,
}

impl Directory {
    /// Asks for an account by its id, as soon as that makes sense.
    pub(crate) fn want(&mut self, account: AccountId) {
        self.wanted.insert(AccountQuery::Id(account));
    }

    /// Whether an account was deleted before anything was learned of it, as far as the relay tells: nothing is here that could
    /// prove it.
    pub(crate) fn is_lost(&self, account: AccountId) -> bool {
        self.lost.contains(&account)
    }

    /// Asks for prekeys of devices that have no session yet.
    pub(crate) fn want_prekeys(&mut self, account: AccountId, devices: impl IntoIterator<Item = DeviceId>) {
        self.prekeys_wanted.entry(account).or_default().extend(devices);
    }

    /// Asks for an account by its handle, on behalf of a command.
    pub(crate) fn find(&mut self, command: CommandId, handle: Handle, purpose: Purpose) {
        self.waits.remove(&AccountQuery::Handle(handle.clone()));
        self.wanted.insert(AccountQuery::Handle(handle.clone()));
        self.finds.push((command, handle, purpose));
    }

    /// Whether somebody who asks for this handle wants to talk.
    pub(crate) fn finds_to_talk(&self, handle: &Handle) -> bool {
        self.finds.iter().any(|(_, wanted, purpose)| wanted == handle && *purpose == Purpose::ToTalk)
    }

    /// Whether an answer about an account may come soon.
    pub(crate) fn is_learning(&self, account: AccountId, now: Duration) -> bool {
        let query = AccountQuery::Id(account);
        let is_asked = self.asked.values().any(|asked| asked.ask.query().as_ref() == Some(&query));
        let is_due = self.waits.get(&query).is_none_or(|wait| wait.until <= now);
        is_asked || (is_due && self.wanted.contains(&query))
    }

    /// How long a device without prekeys is passed over.
    pub(crate) fn keyless_until(&self, device: DeviceAddress) -> Option<Duration> {
        self.keyless.get(&device).map(|wait| wait.until)
    }

    /// A message goes out without this device, which has no prekeys yet.
    pub(crate) fn pass_over(&mut self, device: DeviceAddress) {
        if self.passed_over.len() < LISTS_MAX {
            self.passed_over.insert(device);
        }
    }

    /// When the question that is under way for longest was asked.
    pub(crate) fn oldest(&self) -> Option<Duration> {
        self.asked.values().map(|asked| asked.at).min()
    }

    /// Sends the questions that are due.
    pub(crate) fn ask<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        connection: &mut Connection,
        rng: &mut impl CryptoRng,
    ) {
        let elapsed = work.now.elapsed;
        let under_way: BTreeSet<AccountQuery> =
            self.asked.values().filter_map(|asked| asked.ask.query()).collect();
        let waits = &self.waits;
        let due = |query: &AccountQuery| waits.get(query).is_none_or(|wait| wait.until <= elapsed);
        let (now, later): (BTreeSet<_>, BTreeSet<_>) =
            std::mem::take(&mut self.wanted).into_iter().partition(|query| due(query));
        self.wanted = later;
        for query in now.difference(&under_way) {
            let request = connection.request();
            let ask = Ask::Account(query.clone());
            self.asked.insert(request, Asked { ask, at: elapsed });
            work.transmit(request, ClientBody::FetchAccount(query.clone()));
        }
        let keyless = &self.keyless;
        let again = |device: &&DeviceAddress| keyless.get(*device).is_none_or(|wait| wait.until <= elapsed);
        for device in self.passed_over.iter().filter(again) {
            self.prekeys_wanted.entry(device.account).or_default().insert(device.device);
        }
        self.refused.retain(|_, until| *until > elapsed);
        for (account, devices) in std::mem::take(&mut self.prekeys_wanted) {
            if self.is_asked_for_prekeys(account) || self.refused.contains_key(&account) {
                continue;
            }
            let devices: Vec<DeviceId> = devices.into_iter().take(limits::DEVICES_PER_ACCOUNT_MAX).collect();
            let fetch = *self.fetches.entry(account).or_insert_with(|| {
                let mut bytes = [0; 16];
                rng.fill_bytes(&mut bytes);
                FetchId::from_bytes(bytes)
            });
            let request = connection.request();
            let ask = Ask::Prekeys(account, devices.clone());
            self.asked.insert(request, Asked { ask, at: elapsed });
            work.transmit(request, ClientBody::FetchPrekeys { fetch, account, devices });
        }
    }

    fn is_asked_for_prekeys(&self, account: AccountId) -> bool {
        self.asked.values().any(|asked| matches!(asked.ask, Ask::Prekeys(of, _) if of == account))
    }

    /// When a question that waits is due.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let questions = self.wanted.iter().filter_map(|query| self.waits.get(query));
        let may_be_asked =
            |account| !self.is_asked_for_prekeys(account) && !self.refused.contains_key(&account);
        let passed_over = self.passed_over.iter().filter(|device| may_be_asked(device.account));
        let devices = passed_over.filter_map(|device| self.keyless.get(device));
        let refused = self.refused.values().copied();
        questions.chain(devices).map(|wait| wait.until).chain(refused).min()
    }

    /// The link is gone: what was under way is asked again, and whoever waits for an answer hears that there is none.
    pub(crate) fn on_down<V: View>(&mut self, work: &mut Work<'_, V>) {
        for (_, asked) in std::mem::take(&mut self.asked) {
            if let Ask::Account(query @ AccountQuery::Id(_)) = asked.ask {
                self.wanted.insert(query);
            }
        }
        self.wanted.retain(|query| matches!(query, AccountQuery::Id(_)));
        for (command, ..) in std::mem::take(&mut self.finds) {
            work.complete(command, Err(Failure::Offline));
        }
    }

    /// The relay speaks other versions: whoever waits for an answer hears that.
    pub(crate) fn on_version_refused<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        theirs_min: u32,
        theirs_max: u32,
    ) {
        for (command, ..) in std::mem::take(&mut self.finds) {
            work.complete(command, Err(Failure::VersionUnsupported { theirs_min, theirs_max }));
        }
    }

    /// A link is there again: nobody waits out an old disappointment.
    pub(crate) fn on_live(&mut self, groups: &mut Groups) {
        groups.on_live();
        self.waits.clear();
        self.keyless.clear();
        self.refused.clear();
        self.refusals.clear();
    }

    /// The verified device list of an account, if one is known.
    pub(crate) fn list(&mut self, state: &AccountState) -> Option<&DeviceList> {
        let cached = self.lists.get(&state.account).is_some_and(|list| list.as_bytes() == state.device_list);
        if !cached {
            let key = AccountPublicKey::parse(state.account_key).ok()?;
            let list = DeviceList::verify(&state.device_list, *state.account.as_bytes(), &key).ok()?;
            if self.lists.len() >= LISTS_MAX {
                self.lists.clear();
            }
            self.lists.insert(state.account, list);
        }
        self.lists.get(&state.account)
    }

    /// The relay described an account.
    pub(crate) fn on_account<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        me: &Me,
        request: Request,
        record: &AccountRecord,
        rng: &mut impl CryptoRng,
    ) -> Result<Learned, V::Error> {
        let Some(Ask::Account(query)) = self.asked.remove(&request).map(|asked| asked.ask) else {
            return Ok(Learned::Bogus);
        };
        let fits = match &query {
            AccountQuery::Id(account) => *account == record.account,
            AccountQuery::Handle(handle) => *handle == record.handle,
        };
        let learned = if fits { self.learn(work, me, record, rng)? } else { Learned::Bogus };
        match learned {
            Learned::Known { account, changed } => {
                self.waits.remove(&query);
                if changed {
                    self.refused.remove(&account);
                    self.refusals.remove(&account);
                }
            }
            Learned::KeyChanged(_) => self.put_off(work.now.elapsed, &query, Duration::ZERO),
            Learned::Bogus => {
                self.put_off(work.now.elapsed, &query, Duration::ZERO);
                if matches!(query, AccountQuery::Id(_)) {
                    self.wanted.insert(query.clone());
                }
            }
        }
        if let AccountQuery::Handle(handle) = &query {
            let result = match learned {
                Learned::Known { account, .. } => Ok(Outcome::Account(account)),
                Learned::KeyChanged(_) => Err(Failure::KeyChanged),
                Learned::Bogus => Err(Failure::Invalid),
            };
            self.finish_finds(work, handle, result);
        }
        Ok(learned)
    }

    fn finish_finds<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        handle: &Handle,
        result: Result<Outcome, Failure>,
    ) {
        for (command, ..) in self.finds.extract_if(.., |(_, wanted, _)| wanted == handle) {
            work.complete(command, result);
        }
    }

    fn put_off(&mut self, now: Duration, query: &AccountQuery, at_least: Duration) {
        let wait = Wait::after(self.waits.get(query), now, at_least);
        self.waits.insert(query.clone(), wait);
    }

    /// Compares what the relay says with what is pinned, and takes it over as far as it proves itself.
    fn learn<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        me: &Me,
        record: &AccountRecord,
        rng: &mut impl CryptoRng,
    ) -> Result<Learned, V::Error> {
        let Ok(key) = AccountPublicKey::parse(record.account_key.0) else { return Ok(Learned::Bogus) };
        let Ok(list) = DeviceList::verify(&record.device_list, *record.account.as_bytes(), &key) else {
            return Ok(Learned::Bogus);
        };
        if list.version() != record.device_list_version {
            return Ok(Learned::Bogus);
        }
        let Some(known) = work.account(record.account)? else {
            return self.meet(work, me, record, list, rng);
        };
        if known.standing == Standing::Deleted {
            return Ok(Learned::Bogus);
        }
        // A name stays with the account under which it was pinned; nobody takes another's by being known already.
        if known.handle != record.handle || self.handle_is_taken(work, &known)? {
            return Ok(Learned::Bogus);
        }
        if known.account_key != record.account_key.0 {
            let changed = Standing::KeyChanged { account: record.account, account_key: record.account_key.0 };
            return hold_account(work, me, known, changed, rng);
        }
        let change = self.list(&known).map(|previous| AccountChange::between(previous, &list));
        match change {
            None | Some(AccountChange::Nothing) => {}
            Some(AccountChange::Devices { removed, .. }) => {
                if !removed.is_empty() {
                    // What the old devices had not fetched goes to the new ones.
                    work.reopen_outbox(Some(record.account));
                }
                for device in removed {
                    let address =
                        DeviceAddress { account: record.account, device: DeviceId::from_bytes(device) };
                    remember_former(work, self.list(&known), address);
                    self.passed_over.remove(&address);
                    work.delete_device(address);
                }
                put_notice(work, me, record.account, Notice::DevicesChanged, rng)?;
                work.notify(Event::DevicesChanged(record.account));
            }
            Some(AccountChange::AccountKey | AccountChange::Refused(_)) => return Ok(Learned::Bogus),
        }
        let state = AccountState { verified: known.verified, ..state_of(record) };
        let changed = state != known;
        if changed {
            work.put_account(state);
        }
        self.lists.insert(record.account, list);
        Ok(Learned::Known { account: record.account, changed })
    }

    /// Whether the user accepted another account under an account's handle.
    fn handle_is_taken<V: View>(&self, work: &Work<'_, V>, known: &AccountState) -> Result<bool, V::Error> {
        let holder = work.view.account_by_handle(&known.handle)?;
        Ok(holder.is_some_and(|holder| holder.account != known.account))
    }

    /// An account that was not known before. Its key is pinned, unless its handle belonged to another account until now.
    fn meet<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        me: &Me,
        record: &AccountRecord,
        list: DeviceList,
        rng: &mut impl CryptoRng,
    ) -> Result<Learned, V::Error> {
        if let Some(other) = work.view.account_by_handle(&record.handle)?
            && other.account != record.account
        {
            let changed = Standing::KeyChanged { account: record.account, account_key: record.account_key.0 };
            return hold_account(work, me, other, changed, rng);
        }
        work.put_account(state_of(record));
        self.lost.remove(&record.account);
        self.lists.insert(record.account, list);
        Ok(Learned::Known { account: record.account, changed: true })
    }

    /// The relay gave out prekeys: sessions with those devices begin (X3DH §3.3).
    pub(crate) fn on_prekeys<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        me: &Me,
        request: Request,
        account: AccountId,
        devices: &[DevicePrekey],
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let Some(Ask::Prekeys(asked, wanted)) = self.asked.remove(&request).map(|asked| asked.ask) else {
            return Ok(());
        };
        if asked != account {
            return Ok(());
        }
        self.fetches.remove(&account);
        self.refusals.remove(&account);
        let Some(state) = work.account(account)? else { return Ok(()) };
        let elapsed = work.now.elapsed;
        let ours = Ours { address: me.address().to_crypto(), secrets: me.secrets() };
        for prekey in devices {
            let device = DeviceAddress { account, device: prekey.device };
            let Some(list) = self.list(&state) else { return Ok(()) };
            let Some(entry) = list.device(prekey.device.as_bytes()) else { continue };
            let theirs = Theirs { address: device.to_crypto(), keys: &entry.keys };
            let bundle = prekey
                .bundle
                .as_ref()
                .and_then(|bytes| Bundle::verify(bytes, &theirs.address, theirs.keys).ok());
            let session = bundle.and_then(|bundle| Session::initiate(&ours, &theirs, &bundle, rng).ok());
            let sessions = work.sessions(device)?;
            if let Some(session) = session
                && !sessions.can_send()
            {
                sessions.begin(session);
            }
        }
        for device in wanted {
            let device = DeviceAddress { account, device };
            let is_still_named =
                self.list(&state).is_some_and(|list| list.device(device.device.as_bytes()).is_some());
            let can_send = work.sessions(device)?.can_send();
            if !is_still_named {
                self.passed_over.remove(&device);
            } else if can_send && self.passed_over.remove(&device) {
                // It gets what went past it, as far as nobody has confirmed it yet.
                let own = me.address().account;
                work.reopen_outbox(Some(account).filter(|account| *account != own));
                crate::groups::keys::make_up(work, device, rng)?;
                if account == own {
                    crate::annotate::repeat(work, me, device, rng)?;
                    crate::own::repeat(work, me, device.device, rng)?;
                }
            }
            if !can_send {
                let wait = Wait::after(self.keyless.get(&device), elapsed, Duration::ZERO);
                self.keyless.insert(device, wait);
            }
        }
        Ok(())
    }

    /// The relay refused a question. Returns the account that it does not know, if that is why.
    pub(crate) fn on_refused<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        request: Request,
        refused: &Refused,
    ) -> Option<AccountQuery> {
        let elapsed = work.now.elapsed;
        let at_least = Duration::from_millis(refused.retry_after_ms.into());
        match self.asked.remove(&request)?.ask {
            Ask::Account(query) => {
                self.put_off(elapsed, &query, at_least);
                if let AccountQuery::Handle(handle) = &query {
                    let failure = if refused.code == RefusalCode::UnknownAccount {
                        Failure::UnknownAccount
                    } else {
                        Failure::Refused { code: refused.code, retry_after_ms: refused.retry_after_ms }
                    };
                    self.finish_finds(work, handle, Err(failure));
                } else if refused.code != RefusalCode::UnknownAccount {
                    self.wanted.insert(query.clone());
                }
                (refused.code == RefusalCode::UnknownAccount).then_some(query)
            }
            Ask::Prekeys(account, _) => {
                let count = self.refusals.entry(account).or_default();
                self.refused.insert(account, elapsed + wait_after(*count).max(at_least));
                *count = count.saturating_add(1);
                if refused.code != RefusalCode::RateLimited {
                    self.fetches.remove(&account);
                    self.want(account);
                }
                None
            }
        }
    }

    /// The relay says that an account was deleted. Where it proves it not, the account is asked for again.
    pub(crate) fn on_deleted(&mut self, now: Duration, request: Request, account: AccountId, proof: Proof) {
        let query = AccountQuery::Id(account);
        self.asked.remove(&request);
        self.put_off(now, &query, Duration::ZERO);
        match proof {
            Proof::Given => {}
            Proof::Missing => {
                self.wanted.insert(query);
            }
            Proof::Impossible => {
                if self.lost.len() >= LISTS_MAX {
                    self.lost.clear();
                }
                self.lost.insert(account);
            }
        }
    }

    /// Asks who has a handle now, where an account is gone.
    pub(crate) fn want_handle(&mut self, handle: Handle) {
        self.wanted.insert(AccountQuery::Handle(handle));
    }
}

impl Ask {
    fn query(&self) -> Option<AccountQuery> {
        match self {
            Ask::Account(query) => Some(query.clone()),
            Ask::Prekeys(..) => None,
        }
    }
}

fn state_of(record: &AccountRecord) -> AccountState {
    AccountState {
        account: record.account,
        handle: record.handle.clone(),
        account_key: record.account_key.0,
        device_list: record.device_list.to_vec(),
        device_list_version: record.device_list_version,
        standing: Standing::Good,
        verified: false,
    }
}

/// Keeps the keys of a device that is removed: it may have signed changes of a group that are still to be read.
fn remember_former<V: View>(work: &mut Work<'_, V>, previous: Option<&DeviceList>, device: DeviceAddress) {
    if let Some(entry) = previous.and_then(|list| list.device(device.device.as_bytes())) {
        let mut keys = [0; 64];
        keys[..32].copy_from_slice(&entry.keys.signing_bytes());
        keys[32..].copy_from_slice(&entry.keys.agreement_bytes());
        work.write(Write::PutFormerDevice { device, keys });
    }
}

/// Stops the sending to an account, and says so in its conversation.
fn hold_account<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    mut known: AccountState,
    standing: Standing,
    rng: &mut impl CryptoRng,
) -> Result<Learned, V::Error> {
    let account = known.account;
    if known.standing != standing {
        known.standing = standing;
        if std::mem::take(&mut known.verified) {
            work.notify(Event::VerificationChanged(account));
        }
        work.put_account(known);
        put_notice(work, me, account, Notice::KeyChanged, rng)?;
        work.notify(Event::KeyChanged(account));
        work.touch(ConversationId::direct(me.address().account, account));
    }
    Ok(Learned::KeyChanged(account))
}

/// The devices of an account's stored list.
pub(crate) fn devices_of(state: &AccountState) -> Vec<DeviceAddress> {
    let verified = AccountPublicKey::parse(state.account_key)
        .ok()
        .and_then(|key| DeviceList::verify(&state.device_list, *state.account.as_bytes(), &key).ok());
    let devices = verified.iter().flat_map(|list| list.devices());
    devices
        .map(|entry| DeviceAddress { account: state.account, device: DeviceId::from_bytes(entry.device) })
        .collect()
}
