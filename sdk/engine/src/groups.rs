//! Groups: whose changes are missing here, which keys are asked for, and what can be opened now.
//!
//! ```text
//!   intent --sign on the roster--> ChangeGroup --relay: next revision--> everybody's chain --> roster, new epoch
//!                 ^                     |
//!                 +----- GroupStale ----+                   introduction --> whoever is added
//! ```
//!
//! `chain` takes changes in; `kept` are those that cannot be judged yet; `intent` is what we want to change; `introduce` brings in whoever comes; `invite` and
//! `join` are the two sides of an invitation; `keys` are sender keys;
//! `messages` opens what members write; `picture` is the picture; `receipts` is what they told of ours;
//! `told` is whether all were told the same.

pub(crate) mod chain;
pub(crate) mod intent;
pub(crate) mod introduce;
pub(crate) mod invite;
pub(crate) mod join;
pub(crate) mod kept;
pub(crate) mod keys;
pub(crate) mod messages;
pub(crate) mod picture;
pub(crate) mod receipts;
pub(crate) mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand_core::CryptoRng;
use waxwing_wire::{AccountId, ClientBody, GroupId, GroupRecord, RefusalCode, Refused, Request};

use crate::connection::Connection;
use crate::content::{AskKey, ContentBody};
use crate::directory::Directory;
use crate::keep::Chain;
use crate::me::Me;
use crate::model::{
    ConversationId, DeviceAddress, GroupStanding, GroupState, Lane, LaneKind, OutboxDraft, OutboxPayload,
    Party,
};
use crate::notice::new_message_id;
use crate::view::View;
use crate::work::Work;
use chain::Taken;

/// The groups that an account is in with us.
pub(crate) fn shared_with<V: View>(
    work: &mut Work<'_, V>,
    account: AccountId,
) -> Result<Vec<GroupId>, V::Error> {
    let mut shared = Vec::new();
    for group in work.view.groups()? {
        if work.group(group)?.is_some_and(|state| state.has_member(account)) {
            shared.push(group);
        }
    }
    Ok(shared)
}

/// First wait after an answer that did not help; doubles up to [`WAIT_MAX`].
const WAIT_FIRST: Duration = Duration::from_secs(2);

/// The longest wait before the same thing is asked again.
const WAIT_MAX: Duration = Duration::from_secs(300);

/// How long a key that is on its way may take, before it is asked for.
const KEY_WAIT: Duration = Duration::from_secs(5);

/// How often a key is asked for. After that the messages stay as they are, and are asked for one by one.
const KEY_ASKS_MAX: u32 = 3;

/// How long a picture may be on its way, before it is asked for.
const PICTURE_WAIT: Duration = Duration::from_secs(15);

/// How often others are asked how a group stands. After that it stands as it does here.
const AROUND_MAX: u32 = 8;

/// Keys that are asked for at a time.
const ASKS_MAX: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Wait {
    until: Duration,
    times: u32,
}

impl Wait {
    fn next(self, now: Duration) -> Wait {
        let wait = WAIT_FIRST.saturating_mul(1 << self.times.min(10)).min(WAIT_MAX);
        Wait { until: now + wait, times: self.times.saturating_add(1) }
    }
}

/// What is under way about groups. All of it may be forgotten: the store and the relay tell it again.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// Changes are missing here.
    behind: BTreeMap<GroupId, Wait>,
    /// Nothing came of asking the relay last: until when a message that tells of more is no reason to ask again.
    in_vain: BTreeMap<GroupId, Wait>,
    asked: BTreeMap<Request, (GroupId, Duration)>,
    /// The next change of a group is by somebody who must be learned first.
    unlearned: BTreeMap<AccountId, BTreeSet<(GroupId, u64)>>,
    /// Changes whose signer was learned since: what the newest list says of them is final.
    consulted: BTreeSet<(GroupId, u64)>,
    keys_wanted: BTreeMap<Chain, Wait>,
    /// The relay has given everything: a key that is still missing is on no way that we see the end of.
    overdue: bool,
    /// Groups whose kept changes can be taken in, perhaps.
    taking: BTreeSet<GroupId>,
    /// Chains whose messages can be opened now, perhaps.
    opening: BTreeSet<Chain>,
    /// Who introduced us to groups where the roster stood on another's word. Once each; whoever is asked may again.
    introducers: BTreeSet<(GroupId, AccountId)>,
    /// Who was asked for his introduction to a group that we think we know.
    doubted: BTreeSet<(GroupId, AccountId)>,
    /// Those of them that are still to be asked.
    doubts: Vec<(GroupId, DeviceAddress)>,
    /// Groups of which something is here that others must explain: when they are asked, and how often they were.
    unsure: BTreeMap<GroupId, Wait>,
    /// Who writes under another roster of the same moment; the user is told once.
    apart: BTreeSet<(GroupId, AccountId)>,
    /// What members say of each other's messages.
    compared: told::Compared,
    /// Whose receipts are held back, and until when.
    held: BTreeMap<AccountId, Duration>,
    /// Groups whose picture is not here.
    pictures_wanted: BTreeMap<GroupId, Wait>,
    /// Whether all groups have their pictures was looked at, once in the life of the process.
    looked_for_pictures: bool,
    /// What waited in the store when the link came up was looked at.
    looked: bool,
}

impl Groups {
    /// The relay has changes that are missing here.
    pub(crate) fn want(&mut self, group: GroupId) {
        self.behind.entry(group).or_insert(Wait { until: Duration::ZERO, times: 0 });
    }

    /// A message is of an epoch that is not known here: the relay has its change, or its sender lies. A relay that has no more is
    /// asked less and less often.
    pub(crate) fn want_newer(&mut self, group: GroupId, now: Duration) {
        if self.in_vain.get(&group).is_none_or(|wait| wait.until <= now) {
            self.want(group);
        }
    }

    /// A change could not be judged here: others are asked how the group stands.
    pub(crate) fn ask_around(&mut self, group: GroupId, from: Duration) {
        if self.unsure.len() < ASKS_MAX {
            self.unsure.entry(group).or_insert(Wait { until: from, times: 0 });
        }
    }

    /// Changes of a group came, and whoever brings us in may be on the way. If not, other devices of ours know it, perhaps.
    pub(crate) fn expect(&mut self, group: GroupId, now: Duration) {
        self.ask_around(group, now + KEY_WAIT);
    }

    /// Whether a change could not be judged here, and somebody is asked how the group stands.
    pub(crate) fn is_unsure<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        me: &Me,
        state: &GroupState,
    ) -> Result<bool, V::Error> {
        if !state.is_unsure() || introduce::witnesses(work, me, state)?.is_empty() {
            return Ok(false);
        }
        self.ask_around(state.group, Duration::ZERO);
        Ok(self.unsure.get(&state.group).is_none_or(|wait| wait.times < AROUND_MAX))
    }

    /// Whether changes are missing here, as far as we know.
    pub(crate) fn is_behind(&self, group: GroupId) -> bool {
        self.behind.contains_key(&group)
    }

    /// A member writes under another roster than ours, which stands on one account's word: it is asked for its own, once.
    pub(crate) fn doubt(&mut self, state: &GroupState, from: DeviceAddress) {
        let is_open = state.vouched_by.is_some_and(|voucher| voucher != from.account);
        if is_open && self.doubted.len() < ASKS_MAX && self.doubted.insert((state.group, from.account)) {
            self.doubts.push((state.group, from));
        }
    }

    /// Whether an account is found apart from us for the first time.
    pub(crate) fn is_first_apart(&mut self, group: GroupId, account: AccountId) -> bool {
        self.apart.len() < ASKS_MAX && self.apart.insert((group, account))
    }

    fn may_introduce(&self, group: GroupId, account: AccountId) -> bool {
        !self.introducers.contains(&(group, account))
    }

    fn introduced(&mut self, group: GroupId, account: AccountId) {
        if self.introducers.len() < ASKS_MAX {
            self.introducers.insert((group, account));
        }
    }

    /// Receipts for a member wait until then.
    fn hold(&mut self, account: AccountId, until: Duration) {
        self.held.insert(account, until);
    }

    /// Whether receipts for a member wait.
    pub(crate) fn holds(&self, account: AccountId, now: Duration) -> bool {
        self.held.get(&account).is_some_and(|until| *until > now)
    }

    /// Messages of a chain wait for its key.
    pub(crate) fn want_key(&mut self, chain: Chain, now: Duration) {
        if self.keys_wanted.len() < ASKS_MAX {
            self.keys_wanted.entry(chain).or_insert(Wait { until: now + KEY_WAIT, times: 0 });
        }
    }

    /// The relay has given everything: keys that did not come with it are asked for at once. This process may not live as long as
    /// they may be on their way.
    pub(crate) fn on_drained(&mut self) {
        self.overdue = true;
    }

    /// The picture of a group is not here, and is on its way, perhaps.
    pub(crate) fn want_picture(&mut self, group: GroupId, now: Duration) {
        self.pictures_wanted.insert(group, Wait { until: now + PICTURE_WAIT, times: 0 });
    }

    /// The picture of a group has come.
    pub(crate) fn has_picture(&mut self, group: GroupId) {
        self.pictures_wanted.remove(&group);
    }

    /// Messages of a chain can be opened, perhaps.
    pub(crate) fn open_soon(&mut self, chain: Chain) {
        self.keys_wanted.remove(&chain);
        self.opening.insert(chain);
    }

    pub(crate) fn pop_opening(&mut self) -> Option<Chain> {
        self.opening.pop_first()
    }

    pub(crate) fn has_opening(&self) -> bool {
        !self.opening.is_empty() || !self.taking.is_empty()
    }

    /// All that waits in a group is looked at again.
    pub(crate) fn open_all_soon<V: View>(
        &mut self,
        work: &Work<'_, V>,
        group: GroupId,
    ) -> Result<(), V::Error> {
        for (sender, chain) in work.view.group_waiting_chains(group)? {
            if sender != kept::NOBODY {
                self.opening.insert((group, sender, chain));
            }
        }
        Ok(())
    }

    /// The next change of a group cannot be judged before an account is learned.
    fn learn_first(&mut self, directory: &mut Directory, change: (GroupId, u64), account: AccountId) {
        directory.want(account);
        self.unlearned.entry(account).or_default().insert(change);
    }

    /// What can be learned of an account is learned: changes that waited for it are fetched again.
    pub(crate) fn on_learned(&mut self, account: AccountId) {
        for (group, revision) in self.unlearned.remove(&account).unwrap_or_default() {
            self.consulted.insert((group, revision));
            self.behind.insert(group, Wait { until: Duration::ZERO, times: 0 });
            self.taking.insert(group);
        }
    }

    /// Kept changes of a group can be taken in, perhaps.
    pub(crate) fn take_soon(&mut self, group: GroupId) {
        self.taking.insert(group);
    }

    pub(crate) fn pop_taking(&mut self) -> Option<GroupId> {
        self.taking.pop_first()
    }

    /// The link is gone: what was asked is asked again.
    pub(crate) fn on_down(&mut self) {
        for (_, (group, _)) in std::mem::take(&mut self.asked) {
            self.want(group);
        }
        self.looked = false;
        self.overdue = false;
    }

    /// A link is there: nobody waits out an old disappointment.
    pub(crate) fn on_live(&mut self) {
        self.behind.values_mut().for_each(|wait| *wait = Wait { until: Duration::ZERO, times: 0 });
        self.in_vain.clear();
    }

    /// When the question that is under way for longest was asked.
    pub(crate) fn oldest(&self) -> Option<Duration> {
        self.asked.values().map(|(_, at)| *at).min()
    }

    /// When a question is due.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let is_asked = |group: &GroupId| self.asked.values().any(|(asked, _)| asked == group);
        let behind = self.behind.iter().filter(|(group, _)| !is_asked(group)).map(|(_, wait)| wait.until);
        let keys = self.keys_wanted.values().map(|wait| wait.until);
        let pictures = self.pictures_wanted.values().map(|wait| wait.until);
        let unsure = self.unsure.values().filter(|wait| wait.times < AROUND_MAX).map(|wait| wait.until);
        behind.chain(keys).chain(pictures).chain(unsure).chain(self.held.values().copied()).min()
    }

    /// Asks what is due.
    pub(crate) fn ask<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        connection: &mut Connection,
        directory: &mut Directory,
        me: &Me,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let now = work.now.elapsed;
        self.held.retain(|_, until| *until > now);
        if !std::mem::replace(&mut self.looked, true) {
            for group in work.view.groups_waiting()? {
                for (sender, chain) in work.view.group_waiting_chains(group)? {
                    if sender == kept::NOBODY {
                        self.taking.insert(group);
                        self.expect(group, now);
                    } else {
                        // Its key may have come in the last step before the process ended.
                        self.opening.insert((group, sender, chain));
                    }
                }
                work.again = true;
            }
        }
        let due: Vec<GroupId> =
            self.behind.iter().filter(|(_, wait)| wait.until <= now).map(|(group, _)| *group).collect();
        for group in due {
            if self.asked.values().any(|(asked, _)| *asked == group) {
                continue;
            }
            let Some(state) = work.group(group)?.filter(|state| state.standing == GroupStanding::Member)
            else {
                self.behind.remove(&group);
                continue;
            };
            let request = connection.request();
            self.asked.insert(request, (group, now));
            work.transmit(request, ClientBody::FetchGroup { group, after: state.revision });
        }
        for (group, from) in std::mem::take(&mut self.doubts) {
            self.introducers.remove(&(group, from.account));
            introduce::ask(work, from, group, rng)?;
            work.again = true;
        }
        self.ask_how_it_stands(work, me, rng)?;
        self.ask_for_pictures(work, directory, me, rng)?;
        self.ask_for_keys(work, me, rng)
    }

    fn ask_how_it_stands<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        me: &Me,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let now = work.now.elapsed;
        let due = self.unsure.iter().filter(|(_, wait)| wait.until <= now && wait.times < AROUND_MAX);
        let due: Vec<(GroupId, Wait)> = due.map(|(group, wait)| (*group, *wait)).collect();
        for (group, wait) in due {
            let state = work.group(group)?;
            let is_open = |state: &GroupState| state.standing == GroupStanding::Member && state.is_unsure();
            if state.as_ref().is_some_and(|state| !is_open(state)) {
                self.unsure.remove(&group);
                continue;
            }
            for account in introduce::ask_around(work, me, group, state.as_ref(), rng)? {
                self.introducers.remove(&(group, account));
            }
            self.unsure.insert(group, wait.next(now));
            work.again = true;
        }
        Ok(())
    }

    fn ask_for_pictures<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        directory: &mut Directory,
        me: &Me,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let now = work.now.elapsed;
        if !std::mem::replace(&mut self.looked_for_pictures, true) {
            for group in work.view.groups()? {
                let hash = work.group(group)?.and_then(|state| state.picture());
                if let Some(hash) = hash
                    && work.view.group_picture(group, hash)?.is_none()
                {
                    self.want_picture(group, now);
                }
            }
        }
        let wanted = self.pictures_wanted.iter().filter(|(_, wait)| wait.until <= now);
        let due: Vec<(GroupId, Wait)> = wanted.map(|(group, wait)| (*group, *wait)).collect();
        for (group, wait) in due {
            self.pictures_wanted.remove(&group);
            if picture::ask(work, me, directory, group, wait.times, rng)? {
                self.pictures_wanted.insert(group, wait.next(now + PICTURE_WAIT));
            }
        }
        Ok(())
    }

    fn ask_for_keys<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        me: &Me,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let now = work.now.elapsed;
        // What waits for its sender to be known may be the key.
        let overdue = self.overdue && !self.has_opening() && work.view.waiting_senders()?.is_empty();
        self.overdue &= !overdue;
        let is_due = |wait: &Wait| wait.until <= now || (overdue && wait.times == 0);
        let due: Vec<Chain> =
            self.keys_wanted.iter().filter(|(_, wait)| is_due(wait)).map(|(chain, _)| *chain).collect();
        for (group, sender, chain) in due {
            let Some(wait) = self.keys_wanted.remove(&(group, sender, chain)) else { continue };
            let state = work.group(group)?;
            if state.as_ref().is_some_and(|state| state.standing == GroupStanding::Out) {
                continue;
            }
            if wait.times >= KEY_ASKS_MAX && keys::is_ahead(work, state.as_ref(), (sender, chain))? {
                // It can be opened once we know the changes that its sender knows, and not before.
                continue;
            }
            if state.is_some() && wait.times >= KEY_ASKS_MAX {
                messages::ask_one_by_one(work, me, (group, sender, chain), rng)?;
                continue;
            }
            self.keys_wanted.insert((group, sender, chain), wait.next(now));
            let to = Party::Account(sender.account);
            // Where our roster stands on another's word, the key may be missing because its owner is in no roster of ours.
            let voucher = state.as_ref().map(|state| state.vouched_by);
            let introduce = voucher.is_none_or(|voucher| voucher.is_some_and(|by| by != sender.account));
            self.introducers.remove(&(group, sender.account));
            let body = ContentBody::AskKey(AskKey { chain, introduce });
            let content =
                crate::content::Content { conversation: ConversationId::group(group), to, body }.encode();
            let wire_id = new_message_id(work, rng);
            let payload = OutboxPayload::Control { content, device: Some(sender.device) };
            work.post(OutboxDraft { wire_id, lane: Lane { kind: LaneKind::Repairs, to }, payload });
        }
        Ok(())
    }

    /// The relay gave changes of a group.
    pub(crate) fn on_group<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        me: &Me,
        directory: &mut Directory,
        request: Request,
        record: &GroupRecord,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let Some((group, _)) = self.asked.remove(&request) else { return Ok(()) };
        let now = work.now.elapsed;
        let wait = self.behind.remove(&group);
        if record.group != group {
            let wait = wait.unwrap_or(Wait { until: now, times: 0 });
            self.behind.insert(group, wait.next(now));
            return Ok(());
        }
        let mut waits = false;
        let Some(state) = work.group(group)? else { return Ok(()) };
        let confirmed = chain::confirmed(work, me, directory, self, &state, &record.changes)?;
        for change in &record.changes {
            let Some(state) = work.group(group)? else { return Ok(()) };
            if change.revision != state.revision + 1 {
                continue;
            }
            if chain::take(work, me, directory, self, state, &change.change, confirmed, rng)? == Taken::Waits
            {
                waits = true;
                break;
            }
        }
        let reached = work.group(group)?.map_or(0, |state| state.revision);
        if reached == state.revision {
            let before = self.in_vain.get(&group).copied().unwrap_or(Wait { until: now, times: 0 });
            self.in_vain.insert(group, before.next(now));
        } else {
            self.in_vain.remove(&group);
        }
        if reached < record.revision && !waits {
            // There are more; or the relay gives none that can be taken, and is asked less and less often.
            let got_on = reached > state.revision;
            let wait = wait.filter(|_| !got_on).unwrap_or(Wait { until: now, times: 0 });
            self.behind.insert(group, if got_on { wait } else { wait.next(now) });
        }
        self.open_all_soon(work, group)?;
        work.again = true;
        Ok(())
    }

    /// The relay refused a question about a group. Returns whether it was one.
    pub(crate) fn on_refused(&mut self, now: Duration, request: Request, refused: &Refused) -> bool {
        let Some((group, _)) = self.asked.remove(&request) else { return false };
        let wait = self.behind.remove(&group).unwrap_or(Wait { until: now, times: 0 });
        if refused.code != RefusalCode::UnknownGroup || wait.times < 8 {
            let mut wait = wait.next(now);
            wait.until = wait.until.max(now + Duration::from_millis(refused.retry_after_ms.into()));
            self.behind.insert(group, wait);
        }
        true
    }
}
