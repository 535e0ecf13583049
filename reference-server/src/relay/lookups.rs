//! What is asked about accounts: who they are, and their prekeys.

use waxwing_wire::{AccountId, AccountQuery, DeviceId, FetchId, Request};

use super::answers::rate_limited;
use super::connection::{Connection, Pending, State};
use super::limiter::Limiter;
use super::{Action, Now};
use crate::store::{Op, Query, Take};

/// Accounts that a connection may ask for before it logs in.
const LOOKUPS_BEFORE_LOGIN_MAX: u32 = 3;

impl Connection {
    /// A device that was reinstalled needs the device list that it shall follow.
    pub(super) fn fetch_account_before_login(
        &mut self,
        request: Request,
        query: AccountQuery,
        out: &mut Vec<Action>,
    ) {
        let State::Greeted { lookups, .. } = &mut self.state else { return };
        if *lookups == LOOKUPS_BEFORE_LOGIN_MAX {
            return rate_limited(request, self.rules.login_timeout, out);
        }
        *lookups += 1;
        self.ask(Pending::Account { request }, Query::Account(query), out);
    }

    pub(super) fn fetch_account(
        &mut self,
        request: Request,
        query: AccountQuery,
        now: Now,
        limiter: &Limiter,
        out: &mut Vec<Action>,
    ) {
        let Some(session) = self.session() else { return };
        match limiter.account_lookup(session.account, now.elapsed) {
            Ok(()) => self.ask(Pending::Account { request }, Query::Account(query), out),
            Err(wait) => rate_limited(request, wait, out),
        }
    }

    pub(super) fn fetch_prekeys(
        &mut self,
        request: Request,
        (fetch, account, devices): (FetchId, AccountId, Vec<DeviceId>),
        now: Now,
        limiter: &Limiter,
        out: &mut Vec<Action>,
    ) {
        let Some(session) = self.session() else { return };
        let (from, requester) = (session.account, session.device);
        match limiter.prekey_fetch(from, account, now.elapsed) {
            Ok(()) => {
                let take = Take { requester, fetch, account, devices, now_ms: now.utc_ms };
                self.commit(Pending::Take { request, account }, Op::TakePrekeys(take), out);
            }
            Err(wait) => rate_limited(request, wait, out),
        }
    }
}
