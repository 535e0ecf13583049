//! Sender keys: our own, given to every device that may read, and those of others.
//!
//! ```text
//!   roster, device lists --who may read--> OwnKey --Keys lane, pairwise--> TheirKey at each device
//!                                            |                                 ^
//!                                            +--one ciphertext for all---------+
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand_core::CryptoRng;
use waxwing_crypto::group::roster::Roster;
use waxwing_crypto::group::{
    GroupEpoch, GroupEvent, ReceiverKey, SenderKey, SenderKeyUse, claimed_epoch, rotation,
};
use waxwing_wire::{AccountId, DeviceId, GroupId, MessageId};

use crate::batch::{Batch, Write};
use crate::content::{Content, ContentBody};
use crate::directory::Directory;
use crate::me::Me;
use crate::model::{
    ConversationId, DeviceAddress, GroupStanding, GroupState, Lane, LaneKind, OutboxDraft, OutboxPayload,
    Party, ReceiverKeyRecord, SenderKeyRecord, Standing,
};
use crate::notice::new_message_id;
use crate::view::View;
use crate::work::Work;

/// Chains kept of one device in a group: the one that it writes with, and those that late messages may need.
const CHAINS_PER_DEVICE_MAX: usize = 8;

/// Our own sender key of a group, and who has been given it.
pub(crate) struct OwnKey {
    key: SenderKey,
    created_at_ms: i64,
    first_counter: u64,
    holders: BTreeSet<DeviceAddress>,
    given: Vec<DeviceAddress>,
    dirty: bool,
    /// Whoever may read under its epoch has it, as far as accounts are known.
    settled: bool,
}

impl OwnKey {
    /// Takes it from the store. One that cannot be read any more is as if it were not there: a new one takes its place.
    pub(crate) fn load<V: View>(view: &V, group: GroupId) -> Result<Option<OwnKey>, V::Error> {
        let Some(record) = view.sender_key(group)? else { return Ok(None) };
        let Ok(key) = SenderKey::from_snapshot(&record.snapshot) else { return Ok(None) };
        Ok(Some(OwnKey {
            key,
            created_at_ms: record.created_at_ms,
            first_counter: record.first_counter,
            holders: view.key_holders(group)?.into_iter().collect(),
            given: Vec::new(),
            dirty: false,
            settled: false,
        }))
    }

    fn generate(epoch: &GroupEpoch, own: DeviceAddress, now_ms: i64, rng: &mut impl CryptoRng) -> OwnKey {
        OwnKey {
            key: SenderKey::generate(epoch, own.to_crypto(), rng),
            created_at_ms: now_ms,
            first_counter: 0,
            holders: BTreeSet::new(),
            given: Vec::new(),
            dirty: true,
            settled: false,
        }
    }

    pub(crate) fn write_into(&mut self, group: GroupId, batch: &mut Batch) {
        if std::mem::take(&mut self.dirty) {
            let key = SenderKeyRecord {
                chain: self.key.chain_id(),
                snapshot: self.key.to_snapshot(),
                created_at_ms: self.created_at_ms,
                first_counter: self.first_counter,
            };
            batch.push(Write::PutSenderKey { group, key });
        }
        if !self.given.is_empty() {
            batch.push(Write::PutKeyHolders { group, devices: std::mem::take(&mut self.given) });
        }
    }

    /// Seals the message of this counter for all who have the key. `None`: the chain has no room, or the content is too long.
    pub(crate) fn seal(
        &mut self,
        content: &[u8],
        wire_id: MessageId,
        counter: u64,
        rng: &mut impl CryptoRng,
    ) -> Option<Vec<u8>> {
        let sealed = self.key.encrypt(content, wire_id.as_bytes(), rng).ok()?;
        if self.first_counter == 0 && counter > 0 {
            self.first_counter = counter;
        }
        self.dirty = true;
        Some(sealed.bytes)
    }

    /// Who may read is to be looked up before the next message.
    pub(crate) fn unsettle(&mut self) {
        self.settled = false;
    }

    /// Whether it is to be replaced before the next message.
    fn has_had_its_time(&self, now_ms: i64, events: &[GroupEvent]) -> bool {
        let age = u64::try_from(now_ms.saturating_sub(self.created_at_ms)).unwrap_or(0);
        let used = SenderKeyUse { messages: self.key.messages(), age: Duration::from_millis(age) };
        rotation(&used, events).is_some()
    }

    pub(crate) fn chain(&self) -> [u8; 16] {
        self.key.chain_id()
    }

    pub(crate) fn epoch(&self) -> &GroupEpoch {
        self.key.epoch()
    }
}

/// The key of another device's chain.
pub(crate) struct TheirKey {
    pub(crate) key: ReceiverKey,
    created_at_ms: i64,
    pub(crate) dirty: bool,
}

impl TheirKey {
    pub(crate) fn load(record: ReceiverKeyRecord) -> Option<TheirKey> {
        let key = ReceiverKey::from_snapshot(&record.snapshot).ok()?;
        Some(TheirKey { key, created_at_ms: record.created_at_ms, dirty: false })
    }

    pub(crate) fn write_into(&mut self, group: GroupId, batch: &mut Batch) {
        if !std::mem::take(&mut self.dirty) {
            return;
        }
        let sender = self.key.sender();
        let sender = DeviceAddress {
            account: AccountId::from_bytes(sender.account),
            device: DeviceId::from_bytes(sender.device),
        };
        let key = ReceiverKeyRecord {
            sender,
            chain: self.key.chain_id(),
            snapshot: self.key.to_snapshot(),
            created_at_ms: self.created_at_ms,
        };
        batch.push(Write::PutReceiverKey { group, key });
    }
}

/// Who may read what we write to a group.
struct Readers {
    devices: BTreeSet<DeviceAddress>,
    /// No member is unknown.
    complete: bool,
}

/// Who may read what we write to a group: every device on the verified list of every member, but ourselves. `None`: a member
/// must be learned first.
fn readers<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    directory: &mut Directory,
    roster: &Roster,
) -> Result<Option<Readers>, V::Error> {
    let mut readers = Readers { devices: BTreeSet::new(), complete: true };
    let mut learning = false;
    for member in roster.members().iter().map(|member| AccountId::from_bytes(member.account)) {
        let Some(state) = work.account(member)? else {
            if directory.is_lost(member) {
                continue;
            }
            directory.want(member);
            learning |= directory.is_learning(member, work.now.elapsed);
            readers.complete = false;
            continue;
        };
        // A key that the user has not accepted is given nothing; the member gets the key when it asks after that.
        if state.standing != Standing::Good {
            continue;
        }
        let Some(list) = directory.list(&state) else { continue };
        let devices = list
            .devices()
            .iter()
            .map(|entry| DeviceAddress { account: member, device: DeviceId::from_bytes(entry.device) });
        readers.devices.extend(devices.filter(|device| *device != me.address()));
    }
    Ok((!learning).then_some(readers))
}

/// Makes our sender key of a group ready for the next message: a new one where that is due, and given to whoever lacks it.
/// Returns whether it is; if not, something must be learned first.
pub(crate) fn make_ready<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    directory: &mut Directory,
    roster: &Roster,
    rng: &mut impl CryptoRng,
) -> Result<bool, V::Error> {
    let (group, epoch, now_ms) = (GroupId::from_bytes(roster.group()), roster.epoch(), work.now.utc_ms);
    let is_ready = |own: &OwnKey| own.settled && own.epoch() == epoch && !own.has_had_its_time(now_ms, &[]);
    if work.own_key(group)?.as_ref().is_some_and(is_ready) {
        return Ok(true);
    }
    let Some(Readers { devices: readers, complete }) = readers(work, me, directory, roster)? else {
        return Ok(false);
    };
    let slot = work.own_key(group)?;
    let has_had_its_time = slot.as_ref().is_none_or(|own| {
        let mut events = Vec::new();
        if own.epoch() != epoch {
            events.push(GroupEvent::EpochChanged);
        }
        if !own.holders.is_subset(&readers) {
            events.push(GroupEvent::DeviceRemoved);
        }
        own.has_had_its_time(now_ms, &events)
    });
    if has_had_its_time {
        *slot = Some(OwnKey::generate(epoch, me.address(), now_ms, rng));
    }
    let Some(own) = slot.as_mut() else { return Ok(false) };
    own.settled = complete;
    let mut missing: BTreeMap<AccountId, Vec<DeviceAddress>> = BTreeMap::new();
    for device in readers.difference(&own.holders) {
        missing.entry(device.account).or_default().push(*device);
    }
    let distribution = own.key.distribution();
    let has_holder = |account: &AccountId| own.holders.iter().any(|holder| holder.account == *account);
    let (new, known): (Vec<_>, Vec<_>) = missing.into_iter().partition(|(account, _)| !has_holder(account));
    own.given.extend(new.iter().chain(&known).flat_map(|(_, devices)| devices));
    own.holders.extend(new.iter().chain(&known).flat_map(|(_, devices)| devices));
    let body = ContentBody::SenderKey { distribution };
    for (account, _) in new {
        post(work, group, account, None, body.clone(), rng);
    }
    for device in known.into_iter().flat_map(|(_, devices)| devices) {
        post(work, group, device.account, Some(device.device), body.clone(), rng);
    }
    Ok(true)
}

/// Puts something about a group into the outbox, for all devices of an account or for one.
pub(crate) fn post<V: View>(
    work: &mut Work<'_, V>,
    group: GroupId,
    account: AccountId,
    device: Option<DeviceId>,
    body: ContentBody,
    rng: &mut impl CryptoRng,
) {
    let to = Party::Account(account);
    let content = Content { conversation: ConversationId::group(group), to, body }.encode();
    let wire_id = new_message_id(work, rng);
    let lane = Lane { kind: LaneKind::Keys, to };
    work.post(OutboxDraft { wire_id, lane, payload: OutboxPayload::Control { content, device } });
}

/// Gives our sender key to one device that asked for its chain. Nothing happens where we write with another one by now.
pub(crate) fn give_again<V: View>(
    work: &mut Work<'_, V>,
    group: GroupId,
    device: DeviceAddress,
    chain: [u8; 16],
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let Some(own) = work.own_key(group)?.as_mut().filter(|own| own.chain() == chain) else { return Ok(()) };
    if own.holders.insert(device) {
        own.given.push(device);
        own.unsettle();
    }
    let body = ContentBody::SenderKey { distribution: own.key.distribution() };
    post(work, group, device.account, Some(device.device), body, rng);
    Ok(())
}

/// A device had no prekeys when something went to its account, and has some now: it gets what went past it.
pub(crate) fn make_up<V: View>(
    work: &mut Work<'_, V>,
    device: DeviceAddress,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    for group in work.view.groups()? {
        let state = work.group(group)?.filter(|state| state.readable_above(device.account).is_some());
        let Some(state) = state.filter(|state| state.revision > 0) else { continue };
        super::introduce::introduce_device(work, &state, device, rng);
        let chain = work.own_key(group)?.as_ref().map(OwnKey::chain);
        if let Some(chain) = chain {
            give_again(work, group, device, chain, rng)?;
        }
    }
    Ok(())
}

/// Whether the key of a chain is here, and of an epoch that we do not know yet.
pub(crate) fn is_ahead<V: View>(
    work: &mut Work<'_, V>,
    state: Option<&GroupState>,
    (sender, chain): (DeviceAddress, [u8; 16]),
) -> Result<bool, V::Error> {
    let Some(roster) = state.and_then(|state| Some((state.group, state.roster()?))) else { return Ok(false) };
    let (group, roster) = roster;
    let theirs = work.their_key(group, sender, chain)?;
    Ok(theirs.as_ref().is_some_and(|theirs| theirs.key.epoch().number > roster.epoch().number))
}

/// What came of a sender key.
pub(crate) enum Accepted {
    /// It serves; messages of this chain can be opened. It is of this epoch.
    Chain([u8; 16], GroupEpoch),
    /// It is none for us.
    No,
}

/// A device gives us its sender key.
pub(crate) fn accept<V: View>(
    work: &mut Work<'_, V>,
    from: DeviceAddress,
    group: GroupId,
    distribution: &[u8],
) -> Result<Accepted, V::Error> {
    // Only members have a key. Where the group is not known yet, that is asked when a message is opened.
    let is_stranger = work.group(group)?.is_some_and(|state| {
        state.standing == GroupStanding::Out || state.readable_above(from.account).is_none()
    });
    let epoch = claimed_epoch(distribution).filter(|epoch| epoch.group == *group.as_bytes() && !is_stranger);
    // Which rosters the epoch may be held against is asked when a message is opened: the roster may come later than the key.
    let Some(epoch) = epoch else { return Ok(Accepted::No) };
    let Ok(key) = ReceiverKey::accept(distribution, &epoch, &from.to_crypto()) else {
        return Ok(Accepted::No);
    };
    let (chain, created_at_ms) = (key.chain_id(), work.now.utc_ms);
    let slot = work.their_key(group, from, chain)?;
    // One that is there may read what a later one cannot.
    if slot.as_ref().is_none_or(|known| known.key.first() > key.first()) {
        *slot = Some(TheirKey { key, created_at_ms, dirty: true });
        let chains = work.view.receiver_chains(group, from)?;
        if !chains.contains(&chain) && chains.len() >= CHAINS_PER_DEVICE_MAX {
            for oldest in &chains[..=chains.len() - CHAINS_PER_DEVICE_MAX] {
                work.write(Write::DeleteReceiverKey { group, sender: from, chain: *oldest });
            }
        }
    }
    Ok(Accepted::Chain(chain, epoch))
}
