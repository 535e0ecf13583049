//! The engine: one input, one step. Dispatch only; each subject has a module of its own.

mod adopt;
mod deletion;
mod devices;
mod frames;
mod import;
mod login;

pub(crate) use devices::on_device_name;

use std::collections::BTreeSet;
use std::time::Duration;

use rand_core::CryptoRng;
use waxwing_wire::{AccountId, Handle, limits};

use crate::annotate;
use crate::batch::Write;
use crate::clock::Now;
use crate::commands;
use crate::connection::Connection;
use crate::directory::{Directory, Purpose};
use crate::effect::{CommandId, Effect, Event, Failure, Outcome};
use crate::groups::{Groups, intent, invite, join, kept, messages, picture};
use crate::inbox::{self, Desk};
use crate::input::{Command, Input};
use crate::keep::Keep;
use crate::me::Me;
use crate::model::{Party, Registration, RelayState, Standing};
use crate::outbox::Outbox;
use crate::prekeys::{self, Stock, Withdraw};
use crate::registration::Registrar;
use crate::repair::{self, Troubles};
use crate::settings;
use crate::step::Step;
use crate::view::View;
use crate::work::Work;

/// How long the relay may take to answer a question or a submission, on a link that is alive.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// The least time between two refills of prekeys: a relay must not make a device work without end.
const REFILL_INTERVAL: Duration = Duration::from_secs(20);

/// How often what has served its time is forgotten, and a new week gets its prekey.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// How often it is looked whether devices that are to send something again are still their accounts'.
const UNOPENED_INTERVAL: Duration = Duration::from_secs(600);

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
    /// Our account is being deleted.
    deleting: Option<deletion::Deletion>,
    /// A new device list of ours that the relay has not answered yet.
    changing: Option<devices::ListChange>,
    directory: Directory,
    outbox: Outbox,
    troubles: Troubles,
    groups: Groups,
    keep: Keep,
    /// Accounts whose kept envelopes can be opened now.
    opening: BTreeSet<AccountId>,
    drained: Drained,
    stock: Option<Stock>,
    upkept_at: Option<Duration>,
    /// When it was looked last who is to send something again.
    looked_for_gone: Option<Duration>,
    armed: Option<Duration>,
    /// A step wants another one at once. What comes in between does not answer it: only a wake-up opens what waits.
    soon: bool,
    /// When the next message disappears.
    expiry: Option<Duration>,
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
        let me = view.local()?.map(Me::new);
        Ok(Engine {
            deleting: deletion::take_up(me.as_ref()),
            me,
            relay: view.relay()?,
            connection: Connection::new(),
            registrar: Registrar::default(),
            publishing: None,
            changing: None,
            directory: Directory::default(),
            outbox: Outbox::default(),
            troubles: Troubles::default(),
            groups: Groups::default(),
            keep: Keep::default(),
            opening: BTreeSet::new(),
            drained: Drained::No,
            stock: None,
            upkept_at: None,
            looked_for_gone: None,
            armed: None,
            soon: false,
            expiry: None,
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
        let mut work = Work::new(view, now, std::mem::take(&mut self.keep));
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
                self.soon = false;
                self.open_waiting(&mut work, rng)?;
            }
        }
        self.remove_due(&mut work)?;
        self.go_on(&mut work, rng)?;
        self.arm(&mut work);
        let (step, keep) = work.finish();
        self.keep = keep;
        Ok(step)
    }

    fn has_device(&self) -> bool {
        self.me.as_ref().is_some_and(|me| me.record.registration != Registration::Revoked)
    }

    fn cursor(&self) -> u64 {
        self.relay.map_or(0, |relay| relay.cursor)
    }

    /// Removes messages whose time is over, and sees when the next one is due.
    fn remove_due<V: View>(&mut self, work: &mut Work<'_, V>) -> Result<(), V::Error> {
        let now_ms = work.now.utc_ms;
        self.expiry = match work.view.next_due_ms()? {
            Some(due_ms) if due_ms <= now_ms => {
                work.write(Write::RemoveDue { now_ms });
                work.again = true;
                None
            }
            Some(due_ms) => {
                let left = Duration::from_millis(due_ms.abs_diff(now_ms));
                // A wall clock that is set meanwhile is looked at again.
                Some(work.now.elapsed + left.min(UPKEEP_INTERVAL))
            }
            None => None,
        };
        Ok(())
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
        if self.looked_for_gone.is_none_or(|at| at + UNOPENED_INTERVAL <= elapsed) {
            self.looked_for_gone = Some(elapsed);
            repair::look_for_gone(work, &mut self.directory)?;
        }
        if work.reopened {
            // What is to be sent again is seen by the next step only, and must not be overtaken in this one.
            self.outbox.go_back();
        } else {
            let (directory, groups) = (&mut self.directory, &mut self.groups);
            self.outbox.pump(work, me, &mut self.connection, directory, groups, rng)?;
        }
        self.groups.ask(work, &mut self.connection, &mut self.directory, me, rng)?;
        self.directory.ask(work, &mut self.connection, rng);
        self.ask_for_deletion(work)?;
        self.tell_drained(work)
    }

    /// Opens what waited for accounts that are known now, some in each step.
    fn open_waiting<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let Some(me) = &self.me else { return Ok(()) };
        if let Some(group) = self.groups.pop_taking() {
            let (directory, groups) = (&mut self.directory, &mut self.groups);
            kept::take(work, me, directory, groups, group, rng)?;
            work.again = true;
        }
        let chain = self.groups.pop_opening();
        let mut desk = Desk::new(me, &mut self.directory, &mut self.troubles, &mut self.groups);
        if let Some(account) = self.opening.pop_first() {
            if inbox::open_waiting(work, desk, account, rng)? {
                self.opening.insert(account);
            }
            work.again = true;
            chain.into_iter().for_each(|chain| self.groups.open_soon(chain));
        } else if let Some(chain) = chain {
            if messages::open_waiting(work, &mut desk, chain, rng)? {
                desk.groups.open_soon(chain);
            }
            desk.replies.post(work, me, desk.groups, rng)?;
            work.again = true;
        }
        Ok(())
    }

    /// The backlog is in once the relay has no more, and nothing waits for an answer that may come soon.
    fn tell_drained<V: View>(&mut self, work: &mut Work<'_, V>) -> Result<(), V::Error> {
        if self.drained != Drained::ToTell
            || work.again
            || !self.opening.is_empty()
            || self.groups.has_opening()
        {
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
        let changing = self.changing.as_ref().map(|change| change.at);
        let deleting = self.deleting.as_ref().and_then(deletion::Deletion::asked_at);
        let all = [self.directory.oldest(), self.outbox.oldest(), self.groups.oldest(), changing, deleting];
        let oldest = all.into_iter().flatten().min();
        oldest.map(|at| at + ANSWER_MAX)
    }

    /// Asks for the next wake-up, if it is another one than before.
    fn arm<V: View>(&mut self, work: &mut Work<'_, V>) {
        let live = self.connection.is_live();
        let mut due = self.connection.deadline(self.has_device());
        if live {
            let others = [
                self.deleting.as_ref().and_then(deletion::Deletion::deadline),
                self.directory.deadline(),
                self.outbox.deadline(),
                self.groups.deadline(),
                self.answer_due(),
            ];
            due = others.into_iter().flatten().chain(due).min();
        }
        due = self.expiry.into_iter().chain(due).min();
        self.soon |= work.again;
        if self.soon {
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
        self.groups.on_down();
        self.stock = None;
        self.on_list_lost(work);
        self.on_deletion_lost(work);
        if let Some(command) = self.registrar.on_down() {
            work.complete(command, Err(Failure::Offline));
        }
        self.finish_registration(work);
    }

    fn hang_up<V: View>(&mut self, work: &mut Work<'_, V>, rng: &mut impl CryptoRng) {
        self.connection.give_up(work, rng);
        self.on_down(work);
    }

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
            Command::Adopt(local) => match self.adopt(work, id, *local) {
                Some(result) => result,
                None => return Ok(()),
            },
            Command::Abandon => {
                self.abandon(work);
                Ok(Outcome::Done)
            }
            Command::DeleteAccount => match self.begin_deletion(work, id, rng)? {
                Ok(()) => return Ok(()),
                Err(failure) => Err(failure),
            },
            Command::AddDevice(entry) => match self.change_devices(work, id, devices::Wanted::Add(entry)) {
                Some(result) => result,
                None => return Ok(()),
            },
            Command::RemoveDevice(device) => {
                match self.change_devices(work, id, devices::Wanted::Remove(device)) {
                    Some(result) => result,
                    None => return Ok(()),
                }
            }
            Command::RenameDevice { device, name } => self.rename_device(work, device, name, rng)?,
            Command::Find(_)
            | Command::LookUp(_)
            | Command::Import(_)
            | Command::AskPast(_)
            | Command::Send { .. }
            | Command::Set { .. }
            | Command::Annotate { .. }
            | Command::Retry(_)
            | Command::Cancel(_)
            | Command::MarkRead { .. }
            | Command::AcceptKey(_)
            | Command::SetVerified { .. }
            | Command::CreateGroup { .. }
            | Command::ChangeGroup { .. }
            | Command::SetGroupPicture { .. }
            | Command::Invite { .. }
            | Command::Revoke { .. }
            | Command::Join(_)
            | Command::Admit { .. }
            | Command::Refuse { .. } => match self.on_account_command(work, id, command, rng)? {
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
        if let Command::Find(handle) = &command {
            return self.find(work, id, handle, Purpose::ToTalk);
        }
        if let Command::LookUp(handle) = &command {
            return self.find(work, id, handle, Purpose::ToKnow);
        }
        let Some(me) = self.me.as_ref() else { return Ok(Some(Err(Failure::NotRegistered))) };
        Ok(Some(match command {
            Command::AskPast(ask) => import::ask(work, me, ask, rng)?,
            Command::Import(past) => import::import(work, me, &mut self.groups, *past)?,
            Command::Send { conversation, message, text, marks } => {
                commands::send(work, me, conversation, message, text, marks, rng)?
            }
            Command::Set { conversation, setting } => settings::set(work, me, conversation, setting, rng)?,
            Command::Annotate { conversation, message, change } => {
                annotate::annotate(work, me, conversation, message, change, rng)?
            }
            Command::Retry(message) => commands::retry(work, message)?,
            Command::Cancel(message) => commands::cancel(work, me, message)?,
            Command::MarkRead { conversation, up_to } => {
                commands::mark_read(work, me, &mut self.groups, conversation, up_to, rng)?
            }
            Command::SetVerified { account, account_key, verified } => {
                commands::set_verified(work, account, account_key, verified)?
            }
            Command::AcceptKey(account) => match commands::accept_key(work, me, account, rng)? {
                Ok(next) => {
                    self.directory.want(next);
                    self.outbox.unblock(Party::Account(next));
                    Ok(Outcome::Account(next))
                }
                Err(failure) => Err(failure),
            },
            Command::CreateGroup { title, members } => intent::create(work, me, title, members, rng)?,
            Command::ChangeGroup { conversation, intent } => {
                intent::change(work, me, conversation, intent, rng)?
            }
            Command::SetGroupPicture { conversation, picture } => {
                picture::set(work, me, conversation, picture, rng)?
            }
            Command::Invite { conversation, needs_approval, expires_at_ms } => {
                invite::invite(work, me, conversation, needs_approval, expires_at_ms, rng)?
            }
            Command::Revoke { conversation, invitation } => {
                invite::revoke(work, me, conversation, invitation, rng)?
            }
            Command::Join(invitation) => join::ask(work, me, &mut self.directory, &invitation, rng)?,
            Command::Admit { conversation, account } => invite::admit(work, me, conversation, account, rng)?,
            Command::Refuse { conversation, account } => {
                invite::refuse(work, me, conversation, account, rng)?
            }
            Command::Resume
            | Command::Suspend
            | Command::NetworkChanged
            | Command::Adopt(_)
            | Command::Abandon
            | Command::DeleteAccount
            | Command::AddDevice(_)
            | Command::RemoveDevice(_)
            | Command::RenameDevice { .. }
            | Command::Find(_)
            | Command::LookUp(_)
            | Command::Register(_) => Ok(Outcome::Done),
        }))
    }

    /// The account of a handle: one that is known at once, another by asking. `None`: the answer comes later.
    fn find<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        id: CommandId,
        handle: &Handle,
        purpose: Purpose,
    ) -> Result<Option<Result<Outcome, Failure>>, V::Error> {
        let Some(me) = self.me.as_ref() else { return Ok(Some(Err(Failure::NotRegistered))) };
        // Whose account was deleted may have left the name to somebody else.
        let known = work.view.account_by_handle(handle)?.filter(|known| known.standing != Standing::Deleted);
        if let Some(known) = known {
            if purpose == Purpose::ToTalk {
                commands::open_conversation(work, me, known.account);
            }
            return Ok(Some(Ok(Outcome::Account(known.account))));
        }
        if !self.connection.is_wanted() {
            return Ok(Some(Err(Failure::Offline)));
        }
        self.directory.find(id, handle.clone(), purpose);
        self.connection.hurry();
        Ok(None)
    }
}
