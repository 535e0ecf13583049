//! Deleting an account in memory.

use std::collections::{BTreeMap, BTreeSet};

use waxwing_wire::{AccountId, DeviceId, Envelope, FrameSignature, RefusalCode};

use super::MemoryStore;
use crate::store::{Answer, Outcome, deleted_name, envelope_id};

/// Stands where a sender stood whose account was deleted.
const NOBODY: (AccountId, DeviceId) = (AccountId::from_bytes([0; 16]), DeviceId::from_bytes([0; 16]));

/// Whether an envelope stays when its sender goes: a change of a group does, without its sender.
pub(super) fn outlasts(envelope: &mut Envelope, account: AccountId) -> bool {
    if envelope.sender_account != account {
        return true;
    }
    (envelope.sender_account, envelope.sender_device) = NOBODY;
    envelope.group.is_some_and(|origin| origin.is_change)
}

impl MemoryStore {
    pub(super) fn is_deleted(&self, account: AccountId) -> Option<FrameSignature> {
        self.deleted.get(&deleted_name(&account)).copied()
    }

    /// Tells an account that was deleted from one that never was.
    pub(super) fn gone(&self, account: AccountId, unknown: Answer) -> Answer {
        self.is_deleted(account).map_or(unknown, |deletion| Answer::Deleted { account, deletion })
    }

    pub(super) fn delete_account(
        &mut self,
        account: AccountId,
        asks: DeviceId,
        deletion: &FrameSignature,
    ) -> Outcome {
        let Some(known) = self.accounts.remove(&account) else {
            return match self.is_deleted(account) {
                Some(_) => Outcome::AccountDeleted { cut_off: Vec::new() },
                None => Outcome::Refused(RefusalCode::UnknownAccount),
            };
        };
        self.handles.remove(known.handle.as_str());
        let mut cut_off = self.end_devices(account, &BTreeMap::new());
        cut_off.retain(|device| *device != asks);
        let is_of = |(_, device): &(&DeviceId, &super::Device)| device.former == Some(account);
        let gone: BTreeSet<DeviceId> = self.devices.iter().filter(is_of).map(|(id, _)| *id).collect();
        self.devices.retain(|id, _| !gone.contains(id));
        for (own, device) in &mut self.devices {
            device.mailbox.retain(|_, envelope| {
                let stays = outlasts(envelope, account);
                envelope.id = envelope_id(&envelope.sender_device, &envelope.message, own);
                stays
            });
        }
        self.seen.retain(|(_, sender, _), _| !gone.contains(sender));
        self.groups.forget_account(account, &gone);
        self.deleted.insert(deleted_name(&account), *deletion);
        Outcome::AccountDeleted { cut_off }
    }
}
