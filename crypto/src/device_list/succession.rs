//! Whether one device list may follow another, and what changed between the two.
//!
//! A reader can miss versions, so every rule but the hash chain is one about two lists, however far apart.

use super::{DEVICES_REMOVED_MAX, DeviceEntry, DeviceList, DeviceListError, RemovedDevice, key_hash};
use crate::keys::Identity;

/// Says how what is shown of an account differs from what was known of it.
///
/// It is not `non_exhaustive`: whoever acts on it decides about each kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// It is the same list.
    Nothing,
    /// A later list, by the same key: these devices came, and these went. Both may be empty.
    Devices {
        /// Ids of the devices that are new, ascending.
        added: Vec<[u8; 16]>,
        /// Ids of the devices that are gone, ascending.
        removed: Vec<[u8; 16]>,
    },
    /// Another key signed it. Nothing else about it can be believed before a person has accepted the key.
    AccountKey,
    /// Signed by the right key, and yet not to be believed: a rollback, a fork, a device that was removed or has other
    /// keys. What was known stays.
    Refused(DeviceListError),
}

impl AccountChange {
    /// Compares the list that was known with the one that is shown now. Each brings the account key that signed it.
    pub fn between(known: &DeviceList, shown: &DeviceList) -> Self {
        match shown.check_successor_of(known) {
            Ok(()) if shown.version == known.version => Self::Nothing,
            Ok(()) => Self::Devices {
                added: ids_not_in(&shown.devices, known),
                removed: ids_not_in(&known.devices, shown),
            },
            Err(DeviceListError::OtherKey) => Self::AccountKey,
            Err(error) => Self::Refused(error),
        }
    }
}

fn ids_not_in(devices: &[DeviceEntry], list: &DeviceList) -> Vec<[u8; 16]> {
    devices.iter().map(|entry| entry.device).filter(|device| list.device(device).is_none()).collect()
}

impl DeviceList {
    /// Checks that this list may replace `previous`: the same bytes, the very next version, or a later one.
    ///
    /// No list brings back a device that `previous` had removed, or gives new keys to one that it had. Only the very next
    /// version can be seen to continue `previous`; of later ones, what they removed in between is believed.
    ///
    /// # Errors
    ///
    /// Tells apart another account, another key, a rollback, a fork, and devices that returned or whose keys moved.
    pub fn check_successor_of(&self, previous: &Self) -> Result<(), DeviceListError> {
        previous.check_identity(&self.identity)?;
        if self.version < previous.version {
            return Err(DeviceListError::RolledBack);
        }
        if self.version == previous.version {
            return if self.bytes == previous.bytes { Ok(()) } else { Err(DeviceListError::Forked) };
        }
        let is_next = self.version - 1 == previous.version;
        if is_next && self.previous_hash != previous.hash() {
            return Err(DeviceListError::Forked);
        }
        previous.check_devices_may_follow(&self.devices)?;
        if is_next && self.removed != previous.removed_before(self.version, &self.devices) {
            return Err(DeviceListError::Forked);
        }
        Ok(())
    }

    pub(super) fn check_identity(&self, next: &Identity) -> Result<(), DeviceListError> {
        if self.identity.account != next.account {
            return Err(DeviceListError::OtherAccount);
        }
        if self.identity.key != next.key {
            return Err(DeviceListError::OtherKey);
        }
        Ok(())
    }

    /// Checks the devices of a later list against everything that this one knows.
    pub(super) fn check_devices_may_follow(&self, devices: &[DeviceEntry]) -> Result<(), DeviceListError> {
        if devices.iter().any(|entry| self.has_removed(entry)) {
            return Err(DeviceListError::Returned);
        }
        let moved = |now: &DeviceEntry, before: &DeviceEntry| {
            if now.device == before.device {
                now.keys != before.keys
            } else {
                now.keys.shares_a_key_with(&before.keys)
            }
        };
        if devices.iter().any(|now| self.devices.iter().any(|before| moved(now, before))) {
            return Err(DeviceListError::KeysMoved);
        }
        Ok(())
    }

    pub(super) fn has_removed(&self, entry: &DeviceEntry) -> bool {
        let key_hash = key_hash(&entry.keys);
        self.removed.iter().any(|removed| removed.device == entry.device || removed.key_hash == key_hash)
    }

    /// What the next list remembers as removed, when it has these devices.
    pub(super) fn removed_before(&self, version: u64, devices: &[DeviceEntry]) -> Vec<RemovedDevice> {
        let stays = |before: &&DeviceEntry| !devices.iter().any(|now| now.device == before.device);
        let gone = self.devices.iter().filter(stays).map(|entry| RemovedDevice::new(version, entry));
        // Devices are sorted by id, so the new ones go behind the old ones in order.
        let mut removed: Vec<RemovedDevice> = self.removed.iter().copied().chain(gone).collect();
        removed.drain(..removed.len().saturating_sub(DEVICES_REMOVED_MAX));
        removed
    }
}
