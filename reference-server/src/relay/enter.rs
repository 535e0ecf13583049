//! How a device gets in: Login, Register, UpdateDevices.
//!
//! Each ends in [`Connection::enter`]: the route is bound first and the device looked up after it, so a removal that commits
//! in between is seen by one of the two.

use std::collections::BTreeSet;

use waxwing_wire::{
    AccountId, AccountQuery, AccountRecord, DeviceId, FrameSignature, LoggedIn, RefusalCode, Refused,
    Register, RelayBody, Request, UpdateDevices, login_statement, registration_statement,
    update_devices_statement,
};

use super::answers::{rate_limited, reply};
use super::connection::{Connection, Pending, Session, State};
use super::delivery::Delivery;
use super::limiter::Limiter;
use super::token::TokenError;
use super::{Action, CloseReason, Now, Registration, proof};
use crate::store::{DeviceState, Op, Query};

/// Refused attempts to log in before the relay closes the connection.
const FAILURES_MAX: u32 = 5;

impl Connection {
    pub(super) fn register(
        &mut self,
        request: Request,
        register: Box<Register>,
        now: Now,
        limiter: &Limiter,
        out: &mut Vec<Action>,
    ) {
        if let Some(Err(wait)) = self.address.map(|address| limiter.registration(address, now.elapsed)) {
            return rate_limited(request, wait, out);
        }
        if i64::try_from(register.device_list_version).is_err() {
            return self.bad_frame(request, out);
        }
        if let Err(code) = self.check_token(&register, now) {
            return self.refuse_login(request, code, out);
        }
        let statement = registration_statement(
            &self.relay,
            &self.challenge,
            &register.handle,
            &register.account,
            &register.account_key,
            &register.device,
            &register.device_list,
        );
        if !proof::holds(&register.account_key, &statement, &register.account_signature)
            || !proof::holds(&register.device.signing_key, &statement, &register.device_signature)
        {
            return self.refuse_login(request, RefusalCode::NotAuthorised, out);
        }
        let pending =
            Pending::Register { request, account: register.account, device: register.device.device };
        self.commit(pending, Op::Register(register), out);
    }

    fn check_token(&self, register: &Register, now: Now) -> Result<(), RefusalCode> {
        match &self.rules.registration {
            Registration::Open => Ok(()),
            Registration::Token(keys) => {
                let token = register.token.as_deref().ok_or(RefusalCode::TokenRequired)?;
                keys.check(token, register.handle.as_str(), now.utc_ms).map_err(|error| match error {
                    TokenError::Expired => RefusalCode::TokenExpired,
                    TokenError::Invalid => RefusalCode::NotAuthorised,
                })
            }
        }
    }

    pub(super) fn login(
        &mut self,
        request: Request,
        (account, device, signature): (AccountId, DeviceId, FrameSignature),
        found: Option<&DeviceState>,
        out: &mut Vec<Action>,
    ) {
        let Some(found) = found else { return self.refuse_login(request, RefusalCode::UnknownDevice, out) };
        let statement = login_statement(&self.relay, &self.challenge, &account, &device);
        if proof::holds(&found.signing_key, &statement, &signature) {
            self.enter(request, account, device, out);
        } else {
            self.refuse_login(request, RefusalCode::NotAuthorised, out);
        }
    }

    pub(super) fn update_devices(
        &mut self,
        request: Request,
        update: Box<UpdateDevices>,
        out: &mut Vec<Action>,
    ) {
        let distinct: BTreeSet<DeviceId> = update.devices.iter().map(|record| record.device).collect();
        let for_another = self
            .session()
            .is_some_and(|session| (session.account, session.device) != (update.account, update.device));
        if for_another || distinct.len() != update.devices.len() || !distinct.contains(&update.device) {
            return self.bad_frame(request, out);
        }
        let query = Query::Account(AccountQuery::Id(update.account));
        self.ask(Pending::UpdateAccount { request, update }, query, out);
    }

    pub(super) fn update_devices_of(
        &mut self,
        request: Request,
        update: Box<UpdateDevices>,
        found: Option<&AccountRecord>,
        out: &mut Vec<Action>,
    ) {
        let Some(found) = found else { return self.refuse_login(request, RefusalCode::UnknownAccount, out) };
        let statement = update_devices_statement(
            &self.relay,
            &self.challenge,
            &update.account,
            &update.device,
            &update.devices,
            &update.device_list,
            update.device_list_version,
        );
        if !proof::holds(&found.account_key, &statement, &update.account_signature) {
            return self.refuse_login(request, RefusalCode::NotAuthorised, out);
        }
        let pending = Pending::Update { request, account: update.account, device: update.device };
        self.commit(pending, Op::UpdateDevices(update), out);
    }

    pub(super) fn enter(
        &mut self,
        request: Request,
        account: AccountId,
        device: DeviceId,
        out: &mut Vec<Action>,
    ) {
        if self.session().is_none() {
            out.push(Action::Bind { account, device });
        }
        self.ask(Pending::Enter { request, account, device }, Query::Device { account, device }, out);
    }

    pub(super) fn entered(
        &mut self,
        request: Request,
        account: AccountId,
        device: DeviceId,
        found: Option<DeviceState>,
        out: &mut Vec<Action>,
    ) {
        let Some(found) = found else {
            return self.refuse_and_close(request, RefusalCode::UnknownDevice, CloseReason::Removed, out);
        };
        if self.session().is_none() {
            let delivery = Delivery::new(found.last_sequence);
            self.state = State::LoggedIn(Box::new(Session { account, device, delivery }));
        }
        let logged_in = LoggedIn {
            account,
            device,
            one_time_prekeys: found.one_time_prekeys,
            prekey_id_high: found.prekey_id_high,
            last_resort_prekey: found.last_resort_prekey,
            device_list_version: found.device_list_version,
            acknowledged: found.acknowledged,
        };
        reply(request, RelayBody::LoggedIn(logged_in), out);
        self.read_on(out);
    }

    /// Says why, and closes after too many of them.
    pub(super) fn refuse_login(&mut self, request: Request, code: RefusalCode, out: &mut Vec<Action>) {
        reply(request, RelayBody::Refused(Refused::because(code)), out);
        if let State::Greeted { failures, .. } = &mut self.state {
            *failures += 1;
            if *failures >= FAILURES_MAX {
                self.close(CloseReason::NotLoggedIn, out);
            }
        }
    }
}
