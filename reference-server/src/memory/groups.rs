//! Groups in memory.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use waxwing_wire::{
    AccountId, DeviceId, Envelope, GroupChangeRecord, GroupId, GroupOrigin, GroupRecord, MessageId,
    RefusalCode, limits,
};

use super::MemoryStore;
use super::log::Log;
use crate::store::{Fences, GROUP_ANSWER_MAX_BYTES, GroupAppend, GroupChange, Outcome, StoreLimits};

/// All groups, and what was accepted for them.
#[derive(Debug, Clone, Default)]
pub(super) struct Groups {
    groups: BTreeMap<GroupId, Group>,
    seen: BTreeMap<(DeviceId, MessageId), i64>,
}

#[derive(Debug, Clone, Default)]
struct Group {
    members: BTreeSet<AccountId>,
    /// The first is revision 1.
    changes: Vec<(MessageId, Bytes)>,
    /// Once the group has become too large to write into each mailbox.
    log: Option<Log>,
}

impl Group {
    fn revision(&self) -> u64 {
        self.changes.len() as u64
    }

    fn change(&self, revision: u64) -> Option<&(MessageId, Bytes)> {
        let place = usize::try_from(revision.checked_sub(1)?).ok()?;
        self.changes.get(place)
    }
}

impl Groups {
    pub(super) fn expire(&mut self, before_ms: i64) {
        self.seen.retain(|_, at_ms| *at_ms >= before_ms);
        self.logs_mut().for_each(|(_, log)| log.expire(before_ms));
    }

    /// An account is gone, with its devices. Groups that are empty then, and that nobody reads any more, go as well.
    pub(super) fn forget_account(&mut self, account: AccountId, devices: &BTreeSet<DeviceId>) {
        self.seen.retain(|(sender, _), _| !devices.contains(sender));
        self.logs_mut().for_each(|(_, log)| log.forget_sender(account));
        self.groups.retain(|_, group| {
            let was_in = group.members.remove(&account);
            let has_readers = group.log.as_ref().is_some_and(|log| !log.readers().is_empty());
            !was_in || !group.members.is_empty() || has_readers
        });
    }

    /// The logs, in the order of the groups' ids.
    pub(super) fn logs_mut(&mut self) -> impl Iterator<Item = (&BTreeSet<AccountId>, &mut Log)> {
        self.groups.values_mut().filter_map(|group| Some((&group.members, group.log.as_mut()?)))
    }

    pub(super) fn logs(&self) -> impl Iterator<Item = &Log> {
        self.groups.values().filter_map(|group| group.log.as_ref())
    }

    pub(super) fn logged(&self) -> impl Iterator<Item = &Envelope> {
        self.logs().flat_map(Log::entries)
    }

    pub(super) fn log_readers(&self, group: GroupId) -> Vec<DeviceId> {
        let log = self.groups.get(&group).and_then(|group| group.log.as_ref());
        log.map(Log::readers).unwrap_or_default()
    }

    /// Whether an account would come into one group too many.
    fn has_no_room(&self, group: GroupId, account: AccountId, limits: StoreLimits) -> bool {
        let is_in = |id: GroupId| self.groups.get(&id).is_some_and(|of| of.members.contains(&account));
        let count = self.groups.keys().filter(|id| is_in(**id)).count();
        !is_in(group) && count as u64 >= limits.groups_per_account_max
    }

    pub(super) fn answer(&self, group: GroupId, account: AccountId, after: u64) -> Option<GroupRecord> {
        let known = self.groups.get(&group).filter(|known| known.members.contains(&account))?;
        let (mut changes, mut size_bytes) = (Vec::new(), 0);
        for (revision, (_, change)) in (1..).zip(&known.changes).filter(|(revision, _)| *revision > after) {
            size_bytes += change.len();
            let over_size = size_bytes > GROUP_ANSWER_MAX_BYTES && !changes.is_empty();
            if over_size || changes.len() == limits::GROUP_CHANGES_PER_ANSWER_MAX {
                break;
            }
            changes.push(GroupChangeRecord { revision, change: change.clone() });
        }
        Some(GroupRecord { group, revision: known.revision(), changes })
    }
}

impl MemoryStore {
    pub(super) fn change_group(&mut self, change: &GroupChange) -> Outcome {
        if self.device_of(change.sender_account, change.sender_device).is_none() {
            return Outcome::Refused(RefusalCode::UnknownDevice);
        }
        let next = &change.change;
        match self.groups.groups.get(&next.group) {
            None if next.revision != 1 => return Outcome::Refused(RefusalCode::UnknownGroup),
            None if !next.members.contains(&change.sender_account) => {
                return Outcome::Refused(RefusalCode::NotAuthorised);
            }
            None => {}
            Some(known) => {
                if known.change(next.revision) == Some(&(next.message, next.change.clone())) {
                    return Outcome::GroupChanged { stored: Vec::new() };
                }
                if !known.members.contains(&change.sender_account) {
                    return Outcome::Refused(RefusalCode::UnknownGroup);
                }
                if next.revision != known.revision() + 1 {
                    return Outcome::GroupStale { revision: known.revision() };
                }
            }
        }
        let is_known = |member: &AccountId| self.accounts.contains_key(member);
        if !next.members.iter().all(|member| is_known(member) || self.is_deleted(*member).is_some()) {
            return Outcome::Refused(RefusalCode::UnknownAccount);
        }
        let has_no_room = |member: &AccountId| self.groups.has_no_room(next.group, *member, self.limits);
        if next.members.iter().filter(|member| is_known(member)).any(has_no_room) {
            return Outcome::Refused(RefusalCode::GroupsFull);
        }
        let after: BTreeSet<AccountId> = next.members.iter().copied().filter(is_known).collect();
        let known = self.groups.groups.entry(next.group).or_default();
        known.changes.push((next.message, next.change.clone()));
        let before = std::mem::replace(&mut known.members, after.clone());
        let union: BTreeSet<AccountId> = &before | &after;
        let origin = GroupOrigin { group: next.group, revision: next.revision, is_change: true };
        let envelope = unplaced(change.sender_account, change.sender_device, change.now_ms);
        let envelope =
            Envelope { message: next.message, payload: next.change.clone(), group: Some(origin), ..envelope };
        let outcome = match self.append_to_log(next.group, &union, &envelope) {
            Some(logged) => logged,
            None => Outcome::GroupChanged { stored: self.fan_out(&union, &envelope) },
        };
        let gone = self.devices_of(&(&before - &after));
        if let Some(log) = self.groups.groups.get_mut(&next.group).and_then(|known| known.log.as_mut()) {
            gone.into_iter().for_each(|device| log.dismiss(device));
        }
        outcome
    }

    fn devices_of(&self, accounts: &BTreeSet<AccountId>) -> Vec<DeviceId> {
        let is_of = |account: Option<AccountId>| account.is_some_and(|account| accounts.contains(&account));
        self.devices.iter().filter(|(_, device)| is_of(device.account)).map(|(id, _)| *id).collect()
    }

    /// Puts a message where those read it who are in the group now, if the group has a log, or needs one from now on.
    fn append_to_log(
        &mut self,
        group: GroupId,
        members: &BTreeSet<AccountId>,
        envelope: &Envelope,
    ) -> Option<Outcome> {
        let devices = self.devices_of(members);
        let known = self.groups.groups.get_mut(&group)?;
        if known.log.is_none() && devices.len() as u64 > self.limits.group_log_above_devices {
            known.log = Some(Log::default());
        }
        let log = known.log.as_mut()?;
        devices.into_iter().for_each(|device| log.admit(device));
        let readers = log.append(envelope, self.limits.mailbox_max_envelopes);
        let is_change = envelope.group.is_some_and(|origin| origin.is_change);
        Some(Outcome::Logged { group, readers, is_change })
    }

    pub(super) fn append_to_group(&mut self, append: &GroupAppend, fences: &mut Fences) -> Outcome {
        let submit = &append.submit;
        if !fences.admits(append.connection, submit.fence) {
            return Outcome::Refused(RefusalCode::Fenced);
        }
        let members = match self.check_append_to_group(append) {
            Ok(members) => members,
            Err(outcome) => {
                if !matches!(outcome, Outcome::Appended { .. }) {
                    fences.refuse(append.connection, submit.fence);
                }
                return outcome;
            }
        };
        self.groups.seen.insert((append.sender_device, submit.message), append.now_ms);
        let origin = GroupOrigin { group: submit.group, revision: submit.revision, is_change: false };
        let envelope = unplaced(append.sender_account, append.sender_device, append.now_ms);
        let envelope = Envelope {
            message: submit.message,
            payload: submit.payload.clone(),
            group: Some(origin),
            ..envelope
        };
        match self.append_to_log(submit.group, &members, &envelope) {
            Some(logged) => logged,
            None => Outcome::Appended { stored: self.fan_out(&members, &envelope) },
        }
    }

    /// The members who shall have it, or how it ends at once.
    fn check_append_to_group(&self, append: &GroupAppend) -> Result<BTreeSet<AccountId>, Outcome> {
        let submit = &append.submit;
        if self.device_of(append.sender_account, append.sender_device).is_none() {
            return Err(Outcome::Refused(RefusalCode::UnknownDevice));
        }
        if self.groups.seen.contains_key(&(append.sender_device, submit.message)) {
            return Err(Outcome::Appended { stored: Vec::new() });
        }
        let known = self.groups.groups.get(&submit.group);
        let Some(known) = known.filter(|known| known.members.contains(&append.sender_account)) else {
            return Err(Outcome::Refused(RefusalCode::UnknownGroup));
        };
        if known.revision() != submit.revision {
            return Err(Outcome::GroupStale { revision: known.revision() });
        }
        Ok(known.members.clone())
    }

    fn fan_out(&mut self, members: &BTreeSet<AccountId>, envelope: &Envelope) -> Vec<DeviceId> {
        let full = self.limits.mailbox_max_envelopes;
        let mut stored = Vec::new();
        for (id, device) in &mut self.devices {
            let is_member = device.account.is_some_and(|account| members.contains(&account));
            if !is_member || *id == envelope.sender_device || device.mailbox.len() as u64 >= full {
                continue;
            }
            device.place(*id, envelope);
            stored.push(*id);
        }
        stored
    }
}

/// An envelope that has no place yet.
fn unplaced(sender_account: AccountId, sender_device: DeviceId, accepted_at_ms: i64) -> Envelope {
    Envelope {
        id: waxwing_wire::EnvelopeId::from_bytes([0; 16]),
        sequence: 0,
        sender_account,
        sender_device,
        message: MessageId::from_bytes([0; 16]),
        payload: Bytes::new(),
        accepted_at_ms,
        group: None,
    }
}
