//! Logging in: from the relay's welcome to a device that can send and be written to.

use std::time::Duration;

use rand_core::CryptoRng;
use waxwing_wire::{LoggedIn, Request, Welcome};

use super::{Engine, UNDELIVERED_MAX, UPKEEP_INTERVAL};
use crate::batch::Write;
use crate::effect::{CommandId, Effect, Event, Failure, Outcome};
use crate::input::RegisterAs;
use crate::me::Me;
use crate::model::{AccountState, Registration, RelayState, Standing};
use crate::own;
use crate::prekeys::{self, Stock, Withdraw};
use crate::registration::{self, Next};
use crate::view::View;
use crate::work::Work;

impl Engine {
    /// This device is registered, and its prekeys are published or will be with the next login.
    pub(super) fn finish_registration<V: View>(&mut self, work: &mut Work<'_, V>) {
        if let (Some(command), Some(me)) = (self.publishing.take(), &self.me) {
            work.complete(command, Ok(Outcome::Account(me.address().account)));
        }
    }

    /// Makes this device's keys, and registers them. `None`: the answer comes later.
    pub(super) fn begin_registration<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        id: CommandId,
        register: RegisterAs,
        rng: &mut impl CryptoRng,
    ) -> Option<Result<Outcome, Failure>> {
        if let Some(me) = &self.me {
            match me.record.registration {
                Registration::Done if me.record.handle == register.handle => {
                    return Some(Ok(Outcome::Account(me.address().account)));
                }
                Registration::Done | Registration::Deleting | Registration::Revoked => {
                    return Some(Err(Failure::AlreadyRegistered));
                }
                Registration::Creating | Registration::Replacing | Registration::Adding => {}
            }
        }
        let pending = self
            .me
            .as_ref()
            .is_some_and(|me| registration::is_same(&me.record, &register.handle, &register.account));
        if !pending {
            match registration::new_local(&register, rng) {
                Ok(local) => {
                    work.write(Write::ForgetDeviceState);
                    if local.registration != Registration::Creating {
                        // A backup may come.
                        work.write(Write::ReservePast);
                    }
                    work.write(Write::PutLocal(local.clone()));
                    self.me = Some(Me::new(local));
                }
                Err(failure) => return Some(Err(failure)),
            }
        }
        self.registrar.begin(id, register.token);
        if !self.connection.is_idle() {
            // A link that was opened with other keys in mind.
            work.effect(Effect::HangUp);
            self.connection.leave_for(work, Duration::ZERO);
        }
        self.connection.want();
        None
    }

    pub(super) fn on_welcome<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        welcome: &Welcome,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        if !self.connection.on_welcome(welcome) {
            self.hang_up(work, rng);
            return Ok(());
        }
        let Some(me) = &self.me else { return Ok(()) };
        let relay_is_new = self.relay.is_some_and(|relay| relay.relay != welcome.relay);
        let request = self.connection.request();
        let next = self.registrar.on_welcome(me, welcome.relay, &welcome.challenge, relay_is_new, request);
        self.log_in(work, request, next, rng);
        Ok(())
    }

    /// Carries out what the registrar wants.
    pub(super) fn log_in<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        request: Request,
        next: Next,
        rng: &mut impl CryptoRng,
    ) {
        match next {
            Next::Say(body) => work.transmit(request, body),
            Next::StoreAndSay(local, body) => {
                work.write(Write::PutLocal((*local).clone()));
                self.me = Some(Me::new(*local));
                work.transmit(request, body);
            }
            Next::Fail(failure) => {
                let command = self.registrar.command.take();
                let done = self.me.as_ref().is_some_and(|me| {
                    matches!(me.record.registration, Registration::Done | Registration::Deleting)
                });
                if !done && !matches!(failure, Failure::Refused { retry_after_ms: 1.., .. }) {
                    // The relay will not have it: there is nothing to keep.
                    work.write(Write::DeleteLocal);
                    self.me = None;
                }
                if let Some(command) = command {
                    work.complete(command, Err(failure));
                }
                self.hang_up(work, rng);
            }
            Next::Erase => self.erase(work),
            Next::Revoked(code) => {
                self.deleting = None;
                if let Some(me) = &mut self.me {
                    me.record.registration = Registration::Revoked;
                    work.write(Write::PutLocal(me.record.clone()));
                }
                work.notify(Event::SignedOut(code));
                self.hang_up(work, rng);
            }
        }
    }

    pub(super) fn on_logged_in<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        request: Request,
        logged_in: &LoggedIn,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let Some((relay, challenge)) =
            self.connection.logging_in().filter(|_| self.registrar.awaits(request))
        else {
            return Ok(());
        };
        let Some(me) = &mut self.me else { return Ok(()) };
        if (logged_in.account, logged_in.device) != (me.address().account, me.address().device) {
            self.hang_up(work, rng);
            return Ok(());
        }
        self.connection.on_logged_in(work, relay, challenge);
        self.outbox.on_live();
        self.directory.on_live(&mut self.groups);
        let next = self.connection.request();
        let theirs = logged_in.device_list_version;
        if let Some((local, body)) = self.registrar.bring_back_others(me, relay, &challenge, theirs, next) {
            work.write(Write::PutLocal(local.clone()));
            *me = Me::new(local);
            work.transmit(next, body);
        }
        let command = self.registrar.on_logged_in();
        if !matches!(me.record.registration, Registration::Done | Registration::Deleting) {
            me.record.registration = Registration::Done;
            work.write(Write::PutLocal(me.record.clone()));
            work.notify(Event::Registered);
        }
        self.publishing = command;
        let own = own_state(me);
        if work.account(own.account)?.as_ref() != Some(&own) {
            work.put_account(own.clone());
        }
        if logged_in.device_list_version > own.device_list_version {
            self.directory.want(own.account);
        }
        let mut withdraw = Withdraw::WhenDue;
        if self.relay.is_none_or(|known| known.relay != relay) {
            if self.relay.is_some() {
                work.reopen_outbox(None);
                own::repeat_all(work, me, rng)?;
                work.notify(Event::RelayReset);
            }
            let state = RelayState { relay, cursor: 0 };
            work.write(Write::PutRelay(state));
            self.relay = Some(state);
        } else if logged_in.acknowledged > self.relay.map_or(0, |known| known.cursor) {
            // This store acknowledged more than it remembers: somebody put back an old copy. Its sessions may have sealed
            // since, so none of them is used again.
            withdraw = Withdraw::Now;
            work.write(Write::ArchiveSessions);
            work.notify(Event::StoreRolledBack);
            work.reopened = true;
            work.again = true;
            let state = RelayState { relay, cursor: logged_in.acknowledged.min(i64::MAX as u64) };
            work.write(Write::PutRelay(state));
            self.relay = Some(state);
        }
        let had = Stock::of(logged_in);
        let stock = prekeys::refill(work, me, &mut self.connection, had, withdraw, rng)?;
        self.stock = Some(stock);
        let elapsed = work.now.elapsed;
        if self.upkept_at.replace(elapsed).is_none_or(|at| at + UPKEEP_INTERVAL <= elapsed) {
            prekeys::expire(work);
        }
        if stock == had {
            self.finish_registration(work);
        }
        self.note_devices(work, rng)?;
        for account in work.view.waiting_senders()?.into_iter().chain(work.view.undelivered(UNDELIVERED_MAX)?)
        {
            self.directory.want(account);
        }
        Ok(())
    }
}

pub(super) fn own_state(me: &Me) -> AccountState {
    AccountState {
        account: me.address().account,
        handle: me.record.handle.clone(),
        account_key: me.record.account_public,
        device_list: me.record.device_list.clone(),
        device_list_version: registration::own_list(&me.record).map_or(0, |list| list.version()),
        standing: Standing::Good,
        verified: false,
    }
}
