//! Groups, as one client sees them: changes in their order, and messages for all members.

use waxwing_wire::{ChangeGroup, GroupId, RelayBody, Request, SubmitToGroup};

use super::connection::{Connection, Pending, rate_limited, reply};
use super::limiter::Limiter;
use super::{Action, Now};
use crate::store::{GroupAppend, GroupChange, Op, Outcome, Query};

/// As how many messages one for a group counts, at the rate of its sender: the relay does more for it.
const SUBMITS_PER_GROUP_SUBMIT: u32 = 4;

impl Connection {
    pub(super) fn change_group(
        &mut self,
        request: Request,
        change: ChangeGroup,
        now: Now,
        limiter: &Limiter,
        out: &mut Vec<Action>,
    ) {
        let Some(session) = self.session() else { return };
        let (sender_account, sender_device) = (session.account, session.device);
        if let Err(wait) = limiter.group_change(sender_account, now.elapsed) {
            return rate_limited(request, wait, out);
        }
        let (message, group, revision) = (change.message, change.group, change.revision);
        let change = GroupChange { sender_account, sender_device, change, now_ms: now.utc_ms };
        let pending = Pending::ChangeGroup { request, message, group, revision };
        self.commit(pending, Op::ChangeGroup(Box::new(change)), out);
    }

    pub(super) fn fetch_group(
        &mut self,
        request: Request,
        group: GroupId,
        after: u64,
        now: Now,
        limiter: &Limiter,
        out: &mut Vec<Action>,
    ) {
        let Some(session) = self.session() else { return };
        let account = session.account;
        match limiter.account_lookup(account, now.elapsed) {
            Ok(()) => self.ask(Pending::Group { request }, Query::Group { group, account, after }, out),
            Err(wait) => rate_limited(request, wait, out),
        }
    }

    pub(super) fn submit_to_group(
        &mut self,
        request: Request,
        submit: SubmitToGroup,
        now: Now,
        out: &mut Vec<Action>,
    ) {
        let Some(session) = self.session() else { return };
        let (sender_account, sender_device) = (session.account, session.device);
        for _ in 0..SUBMITS_PER_GROUP_SUBMIT {
            let _ = self.rules.rates.submits.take(&mut self.submits_full_at, now.elapsed);
        }
        let pending = Pending::SubmitToGroup { request, message: submit.message, group: submit.group };
        let connection = self.id;
        let append = GroupAppend { connection, sender_account, sender_device, submit, now_ms: now.utc_ms };
        self.commit(pending, Op::AppendToGroup(Box::new(append)), out);
    }

    /// How a change or a message ended that the storage did not refuse outright.
    pub(super) fn on_group_outcome(&mut self, pending: Pending, outcome: &Outcome, out: &mut Vec<Action>) {
        let answer = match (&pending, outcome) {
            (
                Pending::ChangeGroup { message, group, .. } | Pending::SubmitToGroup { message, group, .. },
                Outcome::GroupStale { revision },
            ) => RelayBody::GroupStale { message: *message, group: *group, revision: *revision },
            (
                Pending::ChangeGroup { group, revision, .. },
                Outcome::GroupChanged { .. } | Outcome::Logged { .. },
            ) => RelayBody::GroupChanged { group: *group, revision: *revision },
            (Pending::SubmitToGroup { message, .. }, Outcome::Appended { .. } | Outcome::Logged { .. }) => {
                RelayBody::Accepted { message: *message }
            }
            // An outcome that does not belong to its operation.
            _ => return self.unavailable(pending, out),
        };
        reply(pending.request().0, answer, out);
    }
}
