//! What a device seals is for devices that are of their accounts, as far as it knows: one that was removed reads nothing more (I10).

use std::collections::{BTreeMap, BTreeSet};

use waxwing_crypto::{AccountPublicKey, DeviceList};
use waxwing_engine::{DeviceAddress, Lane, LaneKind, Party, View as _};
use waxwing_wire::{AccountId, DeviceId, GroupId};

use crate::disk::{DiskFault, MemoryStore};

/// A device list, and whom it names.
type Known = (Vec<u8>, BTreeSet<DeviceId>);

/// Looks at everything that a device seals, in the moment in which it does.
#[derive(Debug, Default)]
pub(crate) struct CutOff {
    lists: BTreeMap<AccountId, Known>,
    found: Option<String>,
}

impl CutOff {
    /// What was found since it was asked last.
    pub(crate) fn take(&mut self) -> Option<String> {
        self.found.take()
    }

    /// Looks at what the last step sealed. A disk that fails shows nothing.
    pub(crate) fn look(&mut self, store: &mut MemoryStore) {
        // A change is for all who were ever given the group's secret.
        let is_message = |(lane, _): &(Lane, DeviceAddress)| lane.kind != LaneKind::GroupChanges;
        for (lane, device) in store.take_sealed().into_iter().filter(is_message) {
            let readers = match lane.to {
                Party::Account(_) => Ok(vec![device]),
                Party::Group(group) => store.key_holders(group),
            };
            for reader in readers.unwrap_or_default() {
                if !self.may_read(store, lane.to, reader).unwrap_or(true) {
                    self.found = Some(format!("{reader:?} gets what is sealed for {:?}", lane.to));
                }
            }
        }
    }

    fn may_read(&mut self, store: &MemoryStore, to: Party, reader: DeviceAddress) -> Result<bool, DiskFault> {
        if let Party::Group(group) = to
            && !is_member(store, group, reader.account)?
        {
            return Ok(false);
        }
        let Some(known) = store.account(reader.account)? else { return Ok(false) };
        let is_old = self.lists.get(&reader.account).is_none_or(|(bytes, _)| *bytes != known.device_list);
        if is_old {
            let account = *reader.account.as_bytes();
            let key = AccountPublicKey::parse(known.account_key).ok();
            let list = key.and_then(|key| DeviceList::verify(&known.device_list, account, &key).ok());
            let devices = list.iter().flat_map(DeviceList::devices);
            let devices = devices.map(|entry| DeviceId::from_bytes(entry.device)).collect();
            self.lists.insert(reader.account, (known.device_list, devices));
        }
        Ok(self.lists.get(&reader.account).is_some_and(|(_, devices)| devices.contains(&reader.device)))
    }
}

fn is_member(store: &MemoryStore, group: GroupId, account: AccountId) -> Result<bool, DiskFault> {
    let roster = store.group(group)?.and_then(|state| state.roster());
    Ok(roster.is_some_and(|roster| roster.role(account.as_bytes()).is_some()))
}
