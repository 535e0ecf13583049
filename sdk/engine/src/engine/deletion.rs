//! How an account ends: ours, by our own will, and those of others.
//!
//! ```text
//!   DeleteAccount --leave the groups, be Deleting--> groups left, or LEAVING_MAX over --DeleteAccount--> AccountDeleted --> all erased
//! ```
//!
//! That it is being deleted is durable before anything leaves, so a device that dies goes on where it was: the relay either still has the
//! account, and is asked again, or says at login that it is gone. It says so with the account's own signature; its bare word ends nobody.

use std::collections::BTreeSet;
use std::time::Duration;

use rand_core::CryptoRng;
use waxwing_crypto::AccountPublicKey;
use waxwing_wire::{
    AccountId, ClientBody, FrameSignature, RefusalCode, Refused, Request, account_deleted_statement,
    delete_account_statement,
};

use super::{Drained, Engine};
use crate::batch::Write;
use crate::directory::{Directory, Proof};
use crate::effect::{CommandId, Event, Failure, Outcome};
use crate::groups::{self, Groups, intent};
use crate::me::Me;
use crate::model::{LaneKind, Party, Registration, Standing};
use crate::outbox::Outbox;
use crate::registration::{Next, Registrar};
use crate::repair::{self, Troubles};
use crate::view::View;
use crate::work::Work;

/// How long groups may take to be left. Then the account goes without.
const LEAVING_MAX: Duration = Duration::from_secs(20);

/// A deletion of our account.
#[derive(Debug)]
pub(super) struct Deletion {
    command: Option<CommandId>,
    /// Since when there is a link.
    since: Option<Duration>,
    asked: Option<(Request, Duration)>,
}

impl Deletion {
    pub(super) fn asked_at(&self) -> Option<Duration> {
        self.asked.map(|(_, at)| at)
    }

    /// When it goes on without what is still to be left.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.since.filter(|_| self.asked.is_none()).map(|since| since + LEAVING_MAX)
    }
}

/// A deletion that was under way when the process ended.
pub(super) fn take_up(me: Option<&Me>) -> Option<Deletion> {
    let is_deleting = me.is_some_and(|me| me.record.registration == Registration::Deleting);
    is_deleting.then_some(Deletion { command: None, since: None, asked: None })
}

/// Whether the account of this key says itself that it was deleted.
fn is_said_by(key: [u8; 32], account: AccountId, deletion: &FrameSignature) -> bool {
    let statement = account_deleted_statement(&account);
    AccountPublicKey::parse(key).is_ok_and(|key| key.has_signed_relay_proof(&statement, &deletion.0))
}

impl Engine {
    pub(super) fn begin_deletion<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        command: CommandId,
        rng: &mut impl CryptoRng,
    ) -> Result<Result<(), Failure>, V::Error> {
        let is_live = self.connection.is_live();
        let Some(me) = &mut self.me else { return Ok(Err(Failure::NotRegistered)) };
        if me.account_key().is_none() {
            return Ok(Err(Failure::NoAccountKey));
        }
        match me.record.registration {
            Registration::Deleting => {}
            Registration::Done if !is_live => return Ok(Err(Failure::Offline)),
            Registration::Done => {
                intent::leave_all(work, me, rng)?;
                me.record.registration = Registration::Deleting;
                work.write(Write::PutLocal(me.record.clone()));
            }
            Registration::Creating
            | Registration::Replacing
            | Registration::Adding
            | Registration::Revoked => return Ok(Err(Failure::NotRegistered)),
        }
        let before = self.deleting.take();
        let (since, asked) = before.as_ref().map_or((None, None), |before| (before.since, before.asked));
        if let Some(earlier) = before.and_then(|before| before.command) {
            work.complete(earlier, Err(Failure::Offline));
        }
        self.deleting = Some(Deletion { command: Some(command), since, asked });
        // Only the next step sees what has to leave before.
        work.again = true;
        Ok(Ok(()))
    }

    /// Asks the relay, once the groups are left.
    pub(super) fn ask_for_deletion<V: View>(&mut self, work: &mut Work<'_, V>) -> Result<(), V::Error> {
        let (Some(deletion), Some(me)) = (&mut self.deleting, &self.me) else { return Ok(()) };
        let Some((relay, challenge)) = self.connection.live() else { return Ok(()) };
        let since = *deletion.since.get_or_insert(work.now.elapsed);
        if work.again || deletion.asked.is_some() {
            return Ok(());
        }
        let is_leaving = |lane: &crate::model::Lane| lane.kind == LaneKind::GroupChanges;
        if since + LEAVING_MAX > work.now.elapsed && work.view.outbox_lanes()?.iter().any(is_leaving) {
            return Ok(());
        }
        let Some(key) = me.account_key() else { return Ok(()) };
        let (account, device) = (me.address().account, me.address().device);
        let sign = |statement: &[u8]| FrameSignature(key.sign_relay_proof(statement));
        let body = ClientBody::DeleteAccount {
            account_signature: sign(&delete_account_statement(&relay, &challenge, &account, &device)),
            deletion: sign(&account_deleted_statement(&account)),
        };
        let request = self.connection.request();
        work.transmit(request, body);
        deletion.asked = Some((request, work.now.elapsed));
        Ok(())
    }

    /// The link is gone: it goes on with the next one.
    pub(super) fn on_deletion_lost<V: View>(&mut self, work: &mut Work<'_, V>) {
        if let Some(deletion) = &mut self.deleting {
            (deletion.since, deletion.asked) = (None, None);
            if let Some(command) = deletion.command.take() {
                work.complete(command, Err(Failure::Offline));
            }
        }
    }

    /// The relay refused to delete our account. Returns whether it was that.
    pub(super) fn on_deletion_refused<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        request: Request,
        refused: &Refused,
        rng: &mut impl CryptoRng,
    ) -> bool {
        let is_it = |deletion: &Deletion| deletion.asked.is_some_and(|(asked, _)| asked == request);
        if !self.deleting.as_ref().is_some_and(is_it) {
            return false;
        }
        let failure = Failure::Refused { code: refused.code, retry_after_ms: refused.retry_after_ms };
        if let Some(command) = self.deleting.as_mut().and_then(|deletion| deletion.command.take()) {
            work.complete(command, Err(failure));
        }
        if refused.code == RefusalCode::NotAuthorised {
            // Our key is not the account's any more: it is not ours to delete.
            self.deleting = None;
            if let Some(me) = &mut self.me {
                me.record.registration = Registration::Done;
                work.write(Write::PutLocal(me.record.clone()));
            }
        } else {
            self.hang_up(work, rng);
        }
        true
    }

    /// An account was deleted: ours, or one that we asked for.
    pub(super) fn on_account_deleted<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        request: Request,
        account: AccountId,
        deletion: &FrameSignature,
        rng: &mut impl CryptoRng,
    ) -> Result<(), V::Error> {
        let Some(me) = &self.me else { return Ok(()) };
        if account == me.address().account {
            if !is_said_by(me.record.account_public, account, deletion) {
                self.hang_up(work, rng);
            } else if me.record.registration == Registration::Deleting {
                self.erase(work);
            } else {
                self.log_in(work, request, Next::Revoked(RefusalCode::AccountDeleted), rng);
            }
            return Ok(());
        }
        if !self.connection.is_live() {
            self.hang_up(work, rng);
            return Ok(());
        }
        let known = work.account(account)?;
        let proof = match &known {
            None => Proof::Impossible,
            Some(known) if is_said_by(known.account_key, account, deletion) => Proof::Given,
            Some(_) => Proof::Missing,
        };
        self.directory.on_deleted(work.now.elapsed, request, account, proof);
        if proof == Proof::Missing {
            return Ok(());
        }
        if let Some(mut known) = known.filter(|known| known.standing != Standing::Deleted) {
            // Perhaps the name belongs to somebody else by now.
            self.directory.want_handle(known.handle.clone());
            known.standing = Standing::Deleted;
            work.put_account(known);
            work.touch(crate::model::ConversationId::direct(me.address().account, account));
            for group in groups::shared_with(work, account)? {
                groups::receipts::settle(work, me, group)?;
            }
        }
        // What waited for it is judged by what is known.
        repair::give_up_on_gone(work, &self.directory, account)?;
        self.groups.on_learned(account);
        self.outbox.unblock(Party::Account(account));
        work.again = true;
        Ok(())
    }

    /// The relay has nothing of our account any more: neither has this device.
    pub(super) fn erase<V: View>(&mut self, work: &mut Work<'_, V>) {
        let command = self.deleting.take().and_then(|deletion| deletion.command);
        self.connection.stop(work);
        self.on_down(work);
        (self.me, self.relay) = (None, None);
        self.registrar = Registrar::default();
        self.directory = Directory::default();
        self.outbox = Outbox::default();
        self.troubles = Troubles::default();
        self.groups = Groups::default();
        self.opening = BTreeSet::new();
        self.drained = Drained::No;
        (self.upkept_at, self.looked_for_gone, self.expiry) = (None, None, None);
        work.write(Write::Erase);
        work.notify(Event::SignedOut(RefusalCode::AccountDeleted));
        if let Some(command) = command {
            work.complete(command, Ok(Outcome::Done));
        }
    }
}
