//! The devices of an account: who is linked, and who is removed.

use std::collections::BTreeSet;

use waxwing_crypto::{DeviceEntry, DeviceList, DeviceSecrets};
use waxwing_engine::{Command, LocalDevice, Past, PastRecord, Registration};
use waxwing_wire::{ClientBody, DeviceId};
use zeroize::Zeroizing;

use super::{Event, World};

impl World {
    /// The user of a device wants another one off the list of the account.
    pub(super) fn user_removes(&mut self, by: usize, device: usize) {
        let account = |index: usize| self.devices.get(index).map(|device| device.account);
        let is_known =
            |index: &usize| self.model.listed.contains(index) && !self.model.removed.contains(index);
        if by == device || account(by) != account(device) || ![by, device].iter().all(is_known) {
            return;
        }
        if let Some(unwanted) = self.devices[device].local().map(|local| local.address.device) {
            self.devices[by].app.unwanted.push_back(unwanted);
            self.at(self.now, Event::App(by));
        }
    }

    /// The device of an account that holds its key and may bring others in.
    fn host(&self, index: usize) -> Option<usize> {
        let account = self.devices[index].account;
        let mut hosts = self.devices.iter().filter(|other| {
            let has_key = other.local().is_some_and(|local| local.account_key.is_some());
            other.account == account
                && has_key
                && other.app.registered
                && !other.app.signed_out
                && !other.retired
        });
        hosts.next().map(|host| host.index)
    }

    /// A new device is to be linked: a device that holds the account's key puts it on the list.
    pub(super) fn invite(&mut self, index: usize) {
        let Some(host) = self.host(index).and_then(|host| self.devices[host].local()) else {
            self.devices[index].retired = true;
            return;
        };
        let secrets = DeviceSecrets::generate(&mut self.dice.split());
        let device: [u8; 16] = self.dice.bytes();
        let entry = DeviceEntry { device, keys: secrets.public() };
        let place = LocalDevice {
            address: waxwing_engine::DeviceAddress { device: DeviceId::from_bytes(device), ..host.address },
            account_key: None,
            device_secrets: Zeroizing::new(*secrets.to_bytes().expose()),
            registration: Registration::Done,
            ..host
        };
        self.devices[index].app.place = Some(place);
        if let Some(host) = self.host(index) {
            self.devices[host].app.guests.push_back(entry);
            self.at(self.now, Event::App(host));
        }
    }

    /// A linked device takes its place once the list names it, and what its host knows of people.
    pub(super) fn make_place(&mut self, index: usize) {
        let Some(mut place) = self.devices[index].app.place.take() else { return };
        if self.devices[index].app.registered {
            self.import(index);
            return;
        }
        if let Some(record) = self.relay.account(place.address.account) {
            place.device_list = record.device_list.to_vec();
        }
        let names = |list: &DeviceList| list.device(place.address.device.as_bytes()).is_some();
        let key = waxwing_crypto::AccountPublicKey::parse(place.account_public).ok();
        let list = key.and_then(|key| {
            DeviceList::verify(&place.device_list, *place.address.account.as_bytes(), &key).ok()
        });
        let is_named = list.as_ref().is_some_and(names);
        // The host is gone, or was removed: whoever waits for it waits no more.
        let is_expected = self.devices.iter().any(|host| {
            let mut guests = host.app.guests.iter();
            !host.retired
                && !host.app.signed_out
                && guests.any(|guest| guest.device == *place.address.device.as_bytes())
        });
        let device = &mut self.devices[index];
        device.app.place = Some(place);
        device.app.may_adopt = is_named;
        if !is_named && !is_expected {
            device.die();
            device.retired = true;
        }
    }

    fn import(&mut self, index: usize) {
        let Some(host) = self.host(index).filter(|host| *host != index) else { return };
        let accounts = self.devices[host].store.durable_accounts();
        let records: Vec<PastRecord> = accounts.into_iter().map(PastRecord::Account).collect();
        let past = Past { records, done: 0, of: 0, place: Vec::new(), is_last: true };
        self.user_wishes(index, Command::Import(Box::new(past)));
    }

    /// The relay took a list, perhaps: who is on it, and who is not any more.
    pub(super) fn note_lists(&mut self, from: usize, body: &ClientBody) {
        let may_change =
            matches!(body, ClientBody::UpdateDevices(_) | ClientBody::Register(_) | ClientBody::Login { .. });
        if !may_change || self.mirror.is_some() {
            return;
        }
        let account = self.devices[from].account;
        let all = self.devices.iter().filter(|device| device.account == account);
        for index in all.map(|device| device.index).collect::<Vec<_>>() {
            let Some(local) = self.devices[index].local() else { continue };
            let Some(record) = self.relay.account(local.address.account) else { continue };
            let Ok(key) = waxwing_crypto::AccountPublicKey::parse(record.account_key.0) else { continue };
            let account = *record.account.as_bytes();
            let Ok(list) = DeviceList::verify(&record.device_list, account, &key) else { continue };
            let named: BTreeSet<[u8; 16]> = list.devices().iter().map(|entry| entry.device).collect();
            if named.contains(local.address.device.as_bytes()) {
                self.model.listed.insert(index);
            } else if self.model.listed.contains(&index) && self.model.removed.insert(index) {
                self.note(|| format!("device {index} is removed"));
            }
        }
    }
}
