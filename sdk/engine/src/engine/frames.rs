//! What the relay says: dispatch of its frames once this device is logged in, and of its refusals at any time.

use std::time::Duration;

use rand_core::CryptoRng;
use waxwing_wire::{
    AccountId, AccountQuery, AccountRecord, RefusalCode, Refused, RelayBody, RelayFrame, Request, limits,
};

use super::{Drained, Engine};
use crate::batch::Write;
use crate::commands;
use crate::directory::Learned;
use crate::effect::{Event, Failure, LinkEvent};
use crate::groups::{intent, introduce};
use crate::inbox::{self, Desk};
use crate::model::{Party, Standing};
use crate::registration::{self, Next};
use crate::repair;
use crate::view::View;
use crate::work::Work;

impl Engine {
    pub(super) fn on_frame<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        frame: RelayFrame,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let RelayFrame { request, body } = frame;
        match body {
            RelayBody::Welcome(welcome) => self.on_welcome(work, &welcome, rng),
            RelayBody::LoggedIn(_) if self.connection.is_live() => self.on_list_changed(work, request, rng),
            RelayBody::LoggedIn(logged_in) => self.on_logged_in(work, request, &logged_in, rng),
            RelayBody::Account(record) => self.on_account(work, request, &record, rng),
            RelayBody::Refused(refused) => self.on_refused(work, request, &refused, rng),
            RelayBody::GoingAway { reconnect_after_ms } => {
                self.connection.leave_for(work, Duration::from_millis(reconnect_after_ms.into()));
                self.on_down(work);
                Ok(())
            }
            RelayBody::AccountDeleted { account, deletion } => {
                self.on_account_deleted(work, request, account, &deletion, rng)
            }
            // What follows makes sense only once this device is logged in.
            _ if !self.connection.is_live() => {
                self.hang_up(work, rng);
                Ok(())
            }
            RelayBody::Accepted { message } => self.outbox.on_accepted(work, message),
            RelayBody::DevicesStale { message, account, .. } => {
                self.outbox.on_stale(work.now.elapsed, &mut self.directory, (request, message), account);
                Ok(())
            }
            RelayBody::Prekeys { account, devices } => {
                let Some(me) = &self.me else { return Ok(()) };
                self.directory.on_prekeys(work, me, request, account, &devices, rng)
            }
            RelayBody::Deliver { envelopes } => {
                let (Some(me), Some(relay)) = (&self.me, &mut self.relay) else { return Ok(()) };
                let desk = Desk::new(me, &mut self.directory, &mut self.troubles, &mut self.groups);
                inbox::on_deliver(work, desk, relay, envelopes, rng)
            }
            RelayBody::Drained { .. } => {
                self.drained = Drained::ToTell;
                self.groups.on_drained();
                Ok(())
            }
            RelayBody::PrekeysLow { one_time_prekeys } => {
                self.note_stock(one_time_prekeys);
                Ok(())
            }
            RelayBody::PrekeysPublished { one_time_prekeys } => {
                self.note_stock(one_time_prekeys);
                self.finish_registration(work);
                Ok(())
            }
            RelayBody::GroupChanged { group, revision } => {
                let Some(me) = &self.me else { return Ok(()) };
                let Some(name) = self.outbox.on_changed(request) else {
                    // It was taken back here, and the relay has it all the same.
                    self.groups.want(group);
                    return Ok(());
                };
                let (directory, groups) = (&mut self.directory, &mut self.groups);
                intent::on_changed(work, me, directory, groups, name, (group, revision), rng)
            }
            RelayBody::GroupStale { message, group, .. } => {
                self.outbox.on_group_stale(work, &mut self.groups, (request, message), group);
                Ok(())
            }
            RelayBody::Group(record) => {
                let Some(me) = &self.me else { return Ok(()) };
                self.groups.on_group(work, me, &mut self.directory, request, &record, rng)?;
                self.outbox.unblock(Party::Group(record.group));
                Ok(())
            }
            // Rooms are for connections of their own.
            RelayBody::Pong | RelayBody::Room(_) => Ok(()),
        }
    }

    fn note_stock(&mut self, one_time: u32) {
        if let Some(stock) = &mut self.stock {
            stock.one_time = one_time;
        }
    }

    pub(super) fn on_account<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        request: Request,
        record: &AccountRecord,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let Some(me) = &self.me else { return Ok(()) };
        if let Some((relay, challenge)) = self.connection.logging_in() {
            if self.registrar.awaits(request) {
                let request = self.connection.request();
                let next = self.registrar.on_account(me, relay, &challenge, record, request);
                self.log_in(work, request, next, rng);
            }
            return Ok(());
        }
        let to_talk = self.directory.finds_to_talk(&record.handle);
        match self.directory.on_account(work, me, request, record, rng)? {
            Learned::Known { account, changed } => {
                if to_talk && account != me.address().account {
                    commands::open_conversation(work, me, account);
                }
                if changed {
                    self.outbox.unblock(Party::Account(account));
                    intent::confirm_changes_of(work, me, &mut self.directory, account, rng)?;
                }
                repair::give_up_on_gone(work, &self.directory, account)?;
                self.groups.on_learned(account);
                self.opening.insert(account);
                work.again = true;
                if account == me.address().account {
                    self.on_own_account(work, record, rng)?;
                }
            }
            Learned::KeyChanged(account) => self.outbox.unblock(Party::Account(account)),
            Learned::Bogus => {}
        }
        Ok(())
    }

    /// Our own device list changed: perhaps we are not in it any more.
    pub(super) fn on_own_account<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        record: &AccountRecord,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let Some(me) = &mut self.me else { return Ok(()) };
        if me.record.device_list != record.device_list {
            let before = registration::own_list(&me.record);
            me.record.device_list = record.device_list.to_vec();
            work.write(Write::PutLocal(me.record.clone()));
            introduce::introduce_new_devices(work, me, before.as_ref(), rng)?;
        }
        let named = registration::own_list(&me.record)
            .is_some_and(|list| list.device(me.address().device.as_bytes()).is_some());
        if !named {
            let request = Request::NONE;
            self.log_in(work, request, Next::Revoked(RefusalCode::UnknownDevice), rng);
            return Ok(());
        }
        self.note_devices(work, rng)
    }

    pub(super) fn on_refused<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        request: Request,
        refused: &Refused,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        if refused.code == RefusalCode::VersionUnsupported {
            let (theirs_min, theirs_max) = refused.versions.unwrap_or_default();
            if let Some(command) = self.registrar.on_down() {
                work.complete(command, Err(Failure::VersionUnsupported { theirs_min, theirs_max }));
            }
            self.directory.on_version_refused(work, theirs_min, theirs_max);
            self.connection.on_version_refused(work);
            self.on_down(work);
            work.notify(Event::Link(LinkEvent::Stopped));
            return Ok(());
        }
        if let Some((relay, challenge)) = self.connection.logging_in() {
            let Some(me) = self.me.as_ref().filter(|_| self.registrar.awaits(request)) else {
                self.hang_up(work, rng);
                return Ok(());
            };
            let request = self.connection.request();
            let next = self.registrar.on_refused(me, relay, &challenge, refused, request);
            self.log_in(work, request, next, rng);
            return Ok(());
        }
        if self.on_list_refused(work, request, refused)
            || self.on_deletion_refused(work, request, refused, rng)
        {
            return Ok(());
        }
        if let Some(message) = refused.message {
            if let Some(me) = &self.me {
                let named = (request, message);
                self.outbox.on_refused(work, &mut self.directory, me, named, refused, rng)?;
            }
            return Ok(());
        }
        if request == Request::NONE {
            return self.on_cut_off(work, refused, rng);
        }
        if self.groups.on_refused(work.now.elapsed, request, refused) {
            return Ok(());
        }
        match self.directory.on_refused(work, request, refused) {
            Some(AccountQuery::Id(account)) => self.on_gone(work, account),
            Some(AccountQuery::Handle(_)) | None => Ok(()),
        }
    }

    /// The relay ends the connection, and says why.
    pub(super) fn on_cut_off<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        refused: &Refused,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        if refused.code == RefusalCode::Superseded {
            // Another copy of this device is on: coming back at once would make the two throw each other out for ever.
            self.connection.leave_for(work, limits::SILENCE_MAX);
            self.on_down(work);
        } else {
            self.hang_up(work, rng);
        }
        Ok(())
    }

    /// The relay does not know an account any more.
    pub(super) fn on_gone<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        account: AccountId,
    ) -> Result<(), V::Error> {
        let Some(mut state) = work.account(account)? else { return Ok(()) };
        if matches!(state.standing, Standing::KeyChanged { .. } | Standing::Deleted) {
            return Ok(());
        }
        // Perhaps the name belongs to somebody else by now.
        self.directory.want_handle(state.handle.clone());
        self.directory.want(account);
        if state.standing != Standing::Gone {
            state.standing = Standing::Gone;
            work.put_account(state);
            work.again = true;
        }
        Ok(())
    }
}
