//! The devices of our own account: who joins, who leaves, and what they are called.
//!
//! ```text
//!   AddDevice, RemoveDevice --sign the next list--> UpdateDevices --LoggedIn--> stored, sessions of the removed ended
//!                                                        \--Refused, link lost--> as before; the account is asked for again
//! ```

use std::time::Duration;

use rand_core::CryptoRng;
use waxwing_crypto::{AccountChange, DeviceEntry, DeviceList, DeviceListError};
use waxwing_wire::{ClientBody, DeviceId, RefusalCode, Refused, Request};

use super::Engine;
use super::login::own_state;
use crate::annotation::Revision;
use crate::batch::Write;
use crate::content::{ContentBody, DeviceName};
use crate::effect::{CommandId, Event, Failure, Outcome};
use crate::inbox::post_to_device;
use crate::me::Me;
use crate::model::{DEVICE_NAME_MAX_BYTES, DeviceAddress, OwnDevice};
use crate::own;
use crate::registration::{own_list, signed_update};
use crate::repair;
use crate::view::View;
use crate::work::Work;

/// When to ask again while another change is under way.
const BUSY_RETRY_MS: u32 = 1_000;

/// A new list that the relay has not answered yet.
#[derive(Debug)]
pub(super) struct ListChange {
    command: CommandId,
    request: Request,
    pub(super) at: Duration,
    list: DeviceList,
}

/// How the list is to change.
#[derive(Debug)]
pub(super) enum Wanted {
    /// This device joins.
    Add(Box<DeviceEntry>),
    /// This device leaves.
    Remove(DeviceId),
}

impl Engine {
    /// Signs the next list and hands it to the relay. `None`: the answer comes later.
    pub(super) fn change_devices<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        command: CommandId,
        wanted: Wanted,
    ) -> Option<Result<Outcome, Failure>> {
        match self.begin_change(work, command, wanted) {
            Ok(true) => None,
            Ok(false) => Some(Ok(Outcome::Done)),
            Err(failure) => Some(Err(failure)),
        }
    }

    fn begin_change<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        command: CommandId,
        wanted: Wanted,
    ) -> Result<bool, Failure> {
        let me = self.me.as_ref().ok_or(Failure::NotRegistered)?;
        let key = me.account_key().ok_or(Failure::NoAccountKey)?;
        let current = own_list(&me.record).ok_or(Failure::Invalid)?;
        if let Wanted::Add(entry) = &wanted
            && current.device(&entry.device).is_some_and(|known| *known == **entry)
        {
            return Ok(false);
        }
        let devices = wanted.devices(me, &current)?;
        let (relay, challenge) = self.connection.live().ok_or(Failure::Offline)?;
        if self.changing.is_some() {
            let code = RefusalCode::DeviceListConflict;
            return Err(Failure::Refused { code, retry_after_ms: BUSY_RETRY_MS });
        }
        let DeviceAddress { account, .. } = me.address();
        let list = DeviceList::sign(*account.as_bytes(), &key, Some(&current), devices).map_err(|error| {
            if error == DeviceListError::BadCount { Failure::TooManyDevices } else { Failure::Invalid }
        })?;
        let request = self.connection.request();
        let update = signed_update(&key, me.address(), &list, relay, &challenge);
        work.transmit(request, ClientBody::UpdateDevices(Box::new(update)));
        self.changing = Some(ListChange { command, request, at: work.now.elapsed, list });
        Ok(true)
    }

    /// The relay has the list.
    pub(super) fn on_list_changed<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        request: Request,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let Some(change) = self.changing.take_if(|change| change.request == request) else { return Ok(()) };
        let Some(me) = &mut self.me else { return Ok(()) };
        let account = me.address().account;
        if let Some(before) = own_list(&me.record)
            && let AccountChange::Devices { removed, .. } = AccountChange::between(&before, &change.list)
        {
            for device in removed {
                work.delete_device(DeviceAddress { account, device: DeviceId::from_bytes(device) });
            }
        }
        me.record.device_list = change.list.as_bytes().to_vec();
        work.write(Write::PutLocal(me.record.clone()));
        work.put_account(own_state(me));
        work.notify(Event::DevicesChanged(account));
        repair::give_up_on_gone(work, &self.directory, account)?;
        self.note_devices(work, rng)?;
        // What is under way was sealed for the devices of before.
        self.outbox.go_back();
        work.complete(change.command, Ok(Outcome::Done));
        work.again = true;
        Ok(())
    }

    /// The relay refused the list. Returns whether it was that.
    pub(super) fn on_list_refused<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        request: Request,
        refused: &Refused,
    ) -> bool {
        let Some(change) = self.changing.take_if(|change| change.request == request) else { return false };
        let failure = Failure::Refused { code: refused.code, retry_after_ms: refused.retry_after_ms };
        work.complete(change.command, Err(failure));
        if let Some(me) = &self.me {
            // Perhaps another device of ours was faster.
            self.directory.want(me.address().account);
        }
        true
    }

    /// The link is gone: whether the relay has the list shows with the next login.
    pub(super) fn on_list_lost<V: View>(&mut self, work: &mut Work<'_, V>) {
        if let Some(change) = self.changing.take() {
            work.complete(change.command, Err(Failure::Offline));
        }
    }

    /// Remembers since when the devices of our list are known. A device that finds itself there for the first time greets the
    /// others: so they learn of it, and tell it what they are called.
    pub(super) fn note_devices<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let Some(me) = &self.me else { return Ok(()) };
        let Some(list) = own_list(&me.record) else { return Ok(()) };
        let this = me.address().device;
        let is_first = work.view.own_device(this)?.is_none();
        for entry in list.devices() {
            let device = DeviceId::from_bytes(entry.device);
            if work.view.own_device(device)?.is_none() {
                work.write(Write::PutOwnDevice(unnamed(device, work.now.utc_ms)));
            }
            if is_first && device != this {
                tell_name(work, me, device, &unnamed(this, 0), rng);
            }
        }
        Ok(())
    }

    /// Gives a device of ours a name, and tells the others.
    pub(super) fn rename_device<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        device: DeviceId,
        name: String,
        rng: &mut impl CryptoRng,
    ) -> Result<Result<Outcome, Failure>, V::Error> {
        let Some(me) = &self.me else { return Ok(Err(Failure::NotRegistered)) };
        if name.is_empty() || name.len() > DEVICE_NAME_MAX_BYTES || name.chars().any(char::is_control) {
            return Ok(Err(Failure::Invalid));
        }
        let list = own_list(&me.record).filter(|list| list.device(device.as_bytes()).is_some());
        let Some(list) = list else { return Ok(Err(Failure::NotFound)) };
        let known = work.view.own_device(device)?;
        let known_since_ms = known.as_ref().map_or(work.now.utc_ms, |known| known.known_since_ms);
        let named = Some(Revision::after(known.and_then(|known| known.named), me.address().device));
        let row = OwnDevice { device, name, named, known_since_ms };
        for entry in list.devices() {
            let to = DeviceId::from_bytes(entry.device);
            if to != me.address().device {
                tell_name(work, me, to, &row, rng);
            }
        }
        work.write(Write::PutOwnDevice(row));
        work.notify(Event::DevicesChanged(me.address().account));
        Ok(Ok(Outcome::Done))
    }
}

impl Wanted {
    /// The devices of the next list.
    fn devices(self, me: &Me, current: &DeviceList) -> Result<Vec<DeviceEntry>, Failure> {
        let mut devices = current.devices().to_vec();
        match self {
            Wanted::Add(entry) => devices.push(*entry),
            Wanted::Remove(device) if device == me.address().device => return Err(Failure::Invalid),
            Wanted::Remove(device) => {
                devices.retain(|entry| entry.device != *device.as_bytes());
                if devices.len() == current.devices().len() {
                    return Err(Failure::NotFound);
                }
            }
        }
        Ok(devices)
    }
}

fn tell_name<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    to: DeviceId,
    known: &OwnDevice,
    rng: &mut impl CryptoRng,
) {
    let body = ContentBody::DeviceName(DeviceName {
        device: known.device,
        name: known.name.clone(),
        named: known.named,
    });
    post_to_device(work, me, DeviceAddress { account: me.address().account, device: to }, body, rng);
}

fn unnamed(device: DeviceId, known_since_ms: i64) -> OwnDevice {
    OwnDevice { device, name: String::new(), named: None, known_since_ms }
}

/// Another device of ours says what one of them is called. The last writer wins, by the revision. A device that greets is told all
/// names, and what it may have missed.
pub(crate) fn on_device_name<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    from: DeviceId,
    said: DeviceName,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let known = work.view.own_device(said.device)?;
    if said.named.is_none() {
        own::say_again(work, me, from, rng)?;
        for entry in own_list(&me.record).iter().flat_map(DeviceList::devices) {
            let named = work.view.own_device(DeviceId::from_bytes(entry.device))?;
            if let Some(named) = named.filter(|named| named.named.is_some()) {
                tell_name(work, me, from, &named, rng);
            }
        }
    }
    let known_since_ms = known.as_ref().map_or(work.now.utc_ms, |known| known.known_since_ms);
    if known.is_some_and(|known| known.named >= said.named) {
        return Ok(());
    }
    let DeviceName { device, name, named } = said;
    work.write(Write::PutOwnDevice(OwnDevice { device, name, named, known_since_ms }));
    work.notify(Event::DevicesChanged(me.address().account));
    Ok(())
}
