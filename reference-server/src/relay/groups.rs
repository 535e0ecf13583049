//! Groups, as one client sees them: changes in their order, and messages for all members.

use waxwing_wire::{
    ChangeGroup, GroupId, MessageId, RefusalCode, Refused, RelayBody, Request, SubmitToGroup,
};

use super::answers::{rate_limited, rate_limited_message, reply};
use super::connection::{Connection, Pending};
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
        let mut admitted = limiter.group_change(sender_account, now.elapsed);
        if change.revision == 1 && admitted.is_ok() {
            admitted = limiter.group_creation(sender_account, now.elapsed);
        }
        if let Err(wait) = admitted {
            return rate_limited_message(request, change.message, wait, out);
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
        limiter: &Limiter,
        out: &mut Vec<Action>,
    ) {
        let Some(session) = self.session() else { return };
        let (sender_account, sender_device) = (session.account, session.device);
        if self.is_fenced(request, submit.message, submit.fence, out) {
            return;
        }
        if let Err(wait) = limiter.group_message(sender_account, submit.group, now.elapsed) {
            self.refused_fence = Some(submit.fence);
            return rate_limited_message(request, submit.message, wait, out);
        }
        for _ in 0..SUBMITS_PER_GROUP_SUBMIT {
            let _ = self.rules.rates.submits.take(&mut self.submits_full_at, now.elapsed);
        }
        let pending = Pending::SubmitToGroup { request, message: submit.message, group: submit.group };
        let connection = self.id;
        let append = GroupAppend { connection, sender_account, sender_device, submit, now_ms: now.utc_ms };
        self.commit(pending, Op::AppendToGroup(Box::new(append)), out);
    }

    /// Refuses what would overtake a Submit that was refused here. Fences that the storage refused, it keeps itself.
    pub(super) fn is_fenced(
        &self,
        request: Request,
        message: MessageId,
        fence: u64,
        out: &mut Vec<Action>,
    ) -> bool {
        let is_fenced = self.refused_fence.is_some_and(|refused| fence <= refused);
        if is_fenced {
            let refused = Refused { message: Some(message), ..Refused::because(RefusalCode::Fenced) };
            reply(request, RelayBody::Refused(refused), out);
        }
        is_fenced
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
