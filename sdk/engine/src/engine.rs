//! The engine: one input, one step. Dispatch only; each subject has a module of its own.

use std::collections::BTreeSet;
use std::time::Duration;

use rand_core::CryptoRng;
use waxwing_wire::{
    AccountId, AccountQuery, AccountRecord, LoggedIn, RefusalCode, Refused, RelayBody, RelayFrame, Request,
    Welcome, limits,
};

use crate::batch::Write;
use crate::clock::Now;
use crate::commands;
use crate::connection::Connection;
use crate::directory::{Directory, Learned};
use crate::effect::{CommandId, Effect, Event, Failure, LinkEvent, Outcome};
use crate::inbox::{self, Desk};
use crate::input::{Command, Input, RegisterAs};
use crate::me::Me;
use crate::model::{AccountState, Registration, RelayState, Standing};
use crate::outbox::Outbox;
use crate::prekeys::{self, Stock, Withdraw};
use crate::registration::{self, Next, Registrar};
use crate::repair::Troubles;
use crate::step::Step;
use crate::view::View;
use crate::work::Work;

/// How long the relay may take to answer a question or a submission, on a link that is alive.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// The least time between two refills of prekeys: a relay must not make a device work without end.
const REFILL_INTERVAL: Duration = Duration::from_secs(20);

/// How often what has served its time is forgotten, and a new week gets its prekey.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// Accounts whose device lists are looked at after a login, because something for them is undelivered.
const UNDELIVERED_MAX: usize = 50;

/// Whether the app is still to hear that the backlog is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drained {
    /// It has heard, or there is nothing to say.
    No,
    /// The relay has no more; what came may still have to be opened.
    ToTell,
}

/// The sync engine of one device.
pub struct Engine {
    me: Option<Me>,
    relay: Option<RelayState>,
    connection: Connection,
    registrar: Registrar,
    /// A registration that is answered once this device can be written to.
    publishing: Option<CommandId>,
    directory: Directory,
    outbox: Outbox,
    troubles: Troubles,
    /// Accounts whose kept envelopes can be opened now.
    opening: BTreeSet<AccountId>,
    drained: Drained,
    stock: Option<Stock>,
    upkept_at: Option<Duration>,
    armed: Option<Duration>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl Engine {
    /// Takes up where the store stands. The engine stays offline until [`Command::Resume`].
    ///
    /// # Errors
    ///
    /// What the store says.
    pub fn open<V: View>(_now: Now, view: &V) -> Result<Engine, V::Error> {
        Ok(Engine {
            me: view.local()?.map(Me::new),
            relay: view.relay()?,
            connection: Connection::new(),
            registrar: Registrar::default(),
            publishing: None,
            directory: Directory::default(),
            outbox: Outbox::default(),
            troubles: Troubles::default(),
            opening: BTreeSet::new(),
            drained: Drained::No,
            stock: None,
            upkept_at: None,
            armed: None,
        })
    }

    /// Takes one input, and says what must become durable and what must happen then.
    ///
    /// # Errors
    ///
    /// What the store says. The engine must be opened again then.
    pub fn handle<V: View>(
        &mut self,
        input: Input,
        now: Now,
        rng: &mut impl CryptoRng,
        view: &V,
    ) -> Result<Step, V::Error> {
        let mut work = Work::new(view, now);
        match input {
            Input::Command { id, command } => self.on_command(&mut work, id, command, rng)?,
            Input::LinkUp => self.connection.on_up(&mut work),
            Input::LinkDown => {
                self.connection.on_down(&mut work, rng);
                self.on_down(&mut work);
            }
            Input::Frame(frame) => {
                self.connection.on_heard(now.elapsed);
                self.on_frame(&mut work, frame, rng)?;
            }
            Input::BadFrame => self.hang_up(&mut work, rng),
            Input::Wake => {
                self.armed = None;
                self.open_waiting(&mut work, rng)?;
            }
        }
        self.go_on(&mut work, rng)?;
        self.arm(&mut work);
        Ok(work.finish())
    }

    fn has_device(&self) -> bool {
        self.me.as_ref().is_some_and(|me| me.record.registration != Registration::Revoked)
    }

    fn cursor(&self) -> u64 {
        self.relay.map_or(0, |relay| relay.cursor)
    }

    /// Does what is due, whatever the input was.
    fn go_on<V: View>(&mut self, work: &mut Work<'_, V>, rng: &mut impl CryptoRng) -> Result<(), V::Error> {
        let (has_device, cursor) = (self.has_device(), self.cursor());
        if self.connection.tick(work, has_device, cursor, rng) {
            self.on_down(work);
        }
        let Some(me) = self.me.as_ref().filter(|_| self.connection.is_live()) else {
            return Ok(());
        };
        let elapsed = work.now.elapsed;
        if self.answer_due().is_some_and(|due| due <= elapsed) {
            // The link lives, and yet something was swallowed. On a new one everything is asked and sent again.
            self.hang_up(work, rng);
            return Ok(());
        }
        let is_low = self.stock.is_some_and(|stock| stock.one_time < limits::PREKEYS_LOW);
        let interval = if is_low { REFILL_INTERVAL } else { UPKEEP_INTERVAL };
        if self.upkept_at.is_none_or(|at| at + interval <= elapsed) {
            self.upkept_at = Some(elapsed);
            prekeys::expire(work);
            if let Some(stock) = &mut self.stock {
                *stock = prekeys::refill(work, me, &mut self.connection, *stock, Withdraw::WhenDue, rng)?;
            }
        }
        if work.reopened {
            // What is to be sent again is seen by the next step only, and must not be overtaken in this one.
            self.outbox.go_back();
        } else {
            self.outbox.pump(work, me, &mut self.connection, &mut self.directory, rng)?;
        }
        self.directory.ask(work, &mut self.connection, rng);
        self.tell_drained(work)
    }

    /// Opens what waited for accounts that are known now, some in each step.
    fn open_waiting<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let (Some(me), Some(account)) = (&self.me, self.opening.pop_first()) else { return Ok(()) };
        let desk = Desk::new(me, &mut self.directory, &mut self.troubles);
        if inbox::open_waiting(work, desk, account, rng)? {
            self.opening.insert(account);
        }
        work.again = true;
        Ok(())
    }

    /// The backlog is in once the relay has no more, and nothing waits for an answer that may come soon.
    fn tell_drained<V: View>(&mut self, work: &mut Work<'_, V>) -> Result<(), V::Error> {
        if self.drained != Drained::ToTell || work.again || !self.opening.is_empty() {
            return Ok(());
        }
        let elapsed = work.now.elapsed;
        let waiting = work.view.waiting_senders()?;
        if !waiting.into_iter().any(|account| self.directory.is_learning(account, elapsed)) {
            self.drained = Drained::No;
            work.notify(Event::Drained);
        }
        Ok(())
    }

    /// When the answer that is under way for longest must have come.
    fn answer_due(&self) -> Option<Duration> {
        let oldest = [self.directory.oldest(), self.outbox.oldest()].into_iter().flatten().min();
        oldest.map(|at| at + ANSWER_MAX)
    }

    /// Asks for the next wake-up, if it is another one than before.
    fn arm<V: View>(&mut self, work: &mut Work<'_, V>) {
        let live = self.connection.is_live();
        let mut due = self.connection.deadline(self.has_device());
        if live {
            let others = [self.directory.deadline(), self.outbox.deadline(), self.answer_due()];
            due = others.into_iter().flatten().chain(due).min();
        }
        if work.again {
            due = Some(work.now.elapsed);
        }
        let due = due.map(|due| due.max(work.now.elapsed));
        if let Some(due) = due.filter(|due| self.armed != Some(*due)) {
            work.effect(Effect::WakeAt(due));
        }
        self.armed = due;
    }

    /// Everything that was under way on the link is not under way any more.
    fn on_down<V: View>(&mut self, work: &mut Work<'_, V>) {
        self.drained = Drained::No;
        self.outbox.on_down();
        self.directory.on_down(work);
        self.stock = None;
        if let Some(command) = self.registrar.on_down() {
            work.complete(command, Err(Failure::Offline));
        }
        self.finish_registration(work);
    }

    /// This device is registered, and its prekeys are published or will be with the next login.
    fn finish_registration<V: View>(&mut self, work: &mut Work<'_, V>) {
        if let (Some(command), Some(me)) = (self.publishing.take(), &self.me) {
            work.complete(command, Ok(Outcome::Account(me.address().account)));
        }
    }

    fn hang_up<V: View>(&mut self, work: &mut Work<'_, V>, rng: &mut impl CryptoRng) {
        self.connection.give_up(work, rng);
        self.on_down(work);
    }

    // ---- commands ----

    fn on_command<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        id: CommandId,
        command: Command,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let result = match command {
            Command::Resume => {
                self.connection.want();
                Ok(Outcome::Done)
            }
            Command::Suspend => {
                self.connection.stop(work);
                self.on_down(work);
                Ok(Outcome::Done)
            }
            Command::NetworkChanged => {
                self.connection.hurry();
                Ok(Outcome::Done)
            }
            Command::Register(register) => match self.begin_registration(work, id, register, rng) {
                Some(result) => result,
                None => return Ok(()),
            },
            Command::Find(_)
            | Command::Send { .. }
            | Command::Retry(_)
            | Command::Cancel(_)
            | Command::MarkRead { .. }
            | Command::AcceptKey(_) => match self.on_account_command(work, id, command, rng)? {
                Some(result) => result,
                None => return Ok(()),
            },
        };
        work.complete(id, result);
        Ok(())
    }

    /// Commands that need an account. `None`: the answer comes later.
    fn on_account_command<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        id: CommandId,
        command: Command,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<Result<Outcome, Failure>>, V::Error> {
        let Some(me) = self.me.as_ref() else { return Ok(Some(Err(Failure::NotRegistered))) };
        Ok(Some(match command {
            Command::Find(handle) => {
                if let Some(known) = work.view.account_by_handle(&handle)? {
                    commands::open_conversation(work, me, known.account);
                    Ok(Outcome::Account(known.account))
                } else if self.connection.is_wanted() {
                    self.directory.find(id, handle);
                    self.connection.hurry();
                    return Ok(None);
                } else {
                    Err(Failure::Offline)
                }
            }
            Command::Send { conversation, message, text } => {
                commands::send(work, me, conversation, message, text)?
            }
            Command::Retry(message) => commands::retry(work, message)?,
            Command::Cancel(message) => commands::cancel(work, me, message)?,
            Command::MarkRead { conversation, up_to } => {
                commands::mark_read(work, me, conversation, up_to, rng)?
            }
            Command::AcceptKey(account) => match commands::accept_key(work, me, account, rng)? {
                Ok(next) => {
                    self.directory.want(next);
                    self.outbox.unblock(next);
                    Ok(Outcome::Account(next))
                }
                Err(failure) => Err(failure),
            },
            Command::Resume | Command::Suspend | Command::NetworkChanged | Command::Register(_) => {
                Ok(Outcome::Done)
            }
        }))
    }

    /// Makes this device's keys, and registers them. `None`: the answer comes later.
    fn begin_registration<V: View>(
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
                Registration::Done | Registration::Revoked => return Some(Err(Failure::AlreadyRegistered)),
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

    // ---- frames ----

    fn on_frame<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        frame: RelayFrame,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let RelayFrame { request, body } = frame;
        match body {
            RelayBody::Welcome(welcome) => self.on_welcome(work, &welcome, rng),
            RelayBody::LoggedIn(logged_in) => self.on_logged_in(work, request, &logged_in, rng),
            RelayBody::Account(record) => self.on_account(work, request, &record, rng),
            RelayBody::Refused(refused) => self.on_refused(work, request, &refused, rng),
            RelayBody::GoingAway { reconnect_after_ms } => {
                self.connection.leave_for(work, Duration::from_millis(reconnect_after_ms.into()));
                self.on_down(work);
                Ok(())
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
                let desk = Desk::new(me, &mut self.directory, &mut self.troubles);
                inbox::on_deliver(work, desk, relay, envelopes, rng)
            }
            RelayBody::Drained { .. } => {
                self.drained = Drained::ToTell;
                Ok(())
            }
            RelayBody::PrekeysLow { one_time_prekeys } => {
                if let Some(stock) = &mut self.stock {
                    stock.one_time = one_time_prekeys;
                }
                Ok(())
            }
            RelayBody::PrekeysPublished { one_time_prekeys } => {
                if let Some(stock) = &mut self.stock {
                    stock.one_time = one_time_prekeys;
                }
                self.finish_registration(work);
                Ok(())
            }
            RelayBody::Pong => Ok(()),
        }
    }

    fn on_welcome<V: View>(
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
    fn log_in<V: View>(
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
                let done = self.me.as_ref().is_some_and(|me| me.record.registration == Registration::Done);
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
            Next::Revoked(code) => {
                if let Some(me) = &mut self.me {
                    me.record.registration = Registration::Revoked;
                    work.write(Write::PutLocal(me.record.clone()));
                }
                work.notify(Event::SignedOut(code));
                self.hang_up(work, rng);
            }
        }
    }

    fn on_logged_in<V: View>(
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
        self.connection.on_logged_in(work);
        self.outbox.on_live();
        self.directory.on_live();
        let next = self.connection.request();
        if let Some((local, body)) = self.registrar.bring_back_others(me, relay, &challenge, next) {
            work.write(Write::PutLocal(local.clone()));
            *me = Me::new(local);
            work.transmit(next, body);
        }
        let command = self.registrar.on_logged_in();
        if me.record.registration != Registration::Done {
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
        for account in work.view.waiting_senders()?.into_iter().chain(work.view.undelivered(UNDELIVERED_MAX)?)
        {
            self.directory.want(account);
        }
        Ok(())
    }

    fn on_account<V: View>(
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
        let finding = self.directory.has_finds();
        match self.directory.on_account(work, me, request, record, rng)? {
            Learned::Known { account, changed } => {
                if finding && account != me.address().account {
                    commands::open_conversation(work, me, account);
                }
                if changed {
                    self.outbox.unblock(account);
                }
                self.opening.insert(account);
                work.again = true;
                if account == me.address().account {
                    self.on_own_account(work, record, rng);
                }
            }
            Learned::KeyChanged(account) => self.outbox.unblock(account),
            Learned::Bogus => {}
        }
        Ok(())
    }

    /// Our own device list changed: perhaps we are not in it any more.
    fn on_own_account<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        record: &AccountRecord,
        rng: &mut impl CryptoRng,
    ) {
        let Some(me) = &mut self.me else { return };
        if me.record.device_list != record.device_list {
            me.record.device_list = record.device_list.to_vec();
            work.write(Write::PutLocal(me.record.clone()));
        }
        let named = registration::own_list(&me.record)
            .is_some_and(|list| list.device(me.address().device.as_bytes()).is_some());
        if !named {
            let request = Request::NONE;
            self.log_in(work, request, Next::Revoked(RefusalCode::UnknownDevice), rng);
        }
    }

    fn on_refused<V: View>(
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
        if let Some(message) = refused.message {
            if let Some(me) = &self.me {
                self.outbox.on_refused(work, &mut self.directory, me, (request, message), refused);
            }
            return Ok(());
        }
        if request == Request::NONE {
            return self.on_cut_off(work, refused, rng);
        }
        match self.directory.on_refused(work, request, refused) {
            Some(AccountQuery::Id(account)) => self.on_gone(work, account),
            Some(AccountQuery::Handle(_)) | None => Ok(()),
        }
    }

    /// The relay ends the connection, and says why.
    fn on_cut_off<V: View>(
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
    fn on_gone<V: View>(&mut self, work: &mut Work<'_, V>, account: AccountId) -> Result<(), V::Error> {
        let Some(mut state) = work.account(account)? else { return Ok(()) };
        if matches!(state.standing, Standing::KeyChanged { .. }) {
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

fn own_state(me: &Me) -> AccountState {
    AccountState {
        account: me.address().account,
        handle: me.record.handle.clone(),
        account_key: me.record.account_public,
        device_list: me.record.device_list.clone(),
        device_list_version: registration::own_list(&me.record).map_or(0, |list| list.version()),
        standing: Standing::Good,
    }
}
