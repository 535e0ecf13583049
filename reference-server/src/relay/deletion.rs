//! How an account ends: DeleteAccount, and what is said to whoever asks for it afterwards.

use waxwing_wire::{
    AccountId, AccountQuery, AccountRecord, FrameSignature, RefusalCode, RelayBody, Request,
    account_deleted_statement, delete_account_statement,
};

use super::answers::reply;
use super::connection::{Connection, Pending};
use super::{Action, CloseReason, proof};
use crate::store::{Op, Query};

impl Connection {
    /// The account's key must say so, in this connection.
    pub(super) fn delete_account(
        &mut self,
        request: Request,
        account_signature: FrameSignature,
        deletion: FrameSignature,
        out: &mut Vec<Action>,
    ) {
        let Some(session) = self.session() else { return };
        let query = Query::Account(AccountQuery::Id(session.account));
        self.ask(Pending::Delete { request, account_signature, deletion }, query, out);
    }

    pub(super) fn delete_account_of(
        &mut self,
        request: Request,
        (account_signature, deletion): (FrameSignature, FrameSignature),
        found: Option<&AccountRecord>,
        out: &mut Vec<Action>,
    ) {
        let Some(session) = self.session() else { return };
        let Some(found) = found else { return self.refuse_login(request, RefusalCode::UnknownAccount, out) };
        let (account, device) = (session.account, session.device);
        let statement = delete_account_statement(&self.relay, &self.challenge, &account, &device);
        if !proof::holds(&found.account_key, &statement, &account_signature)
            || !proof::holds(&found.account_key, &account_deleted_statement(&account), &deletion)
        {
            return self.refuse_login(request, RefusalCode::NotAuthorised, out);
        }
        let op = Op::DeleteAccount { account, device, deletion };
        self.commit(Pending::Delete { request, account_signature, deletion }, op, out);
    }

    /// It is gone, and so is this device.
    pub(super) fn deleted(&mut self, request: Request, deletion: FrameSignature, out: &mut Vec<Action>) {
        let Some(account) = self.session().map(|session| session.account) else { return };
        reply(request, RelayBody::AccountDeleted { account, deletion }, out);
        self.close(CloseReason::Removed, out);
    }

    /// Somebody asks for an account that was deleted, or is a device of it.
    pub(super) fn tell_deleted(
        &mut self,
        pending: &Pending,
        account: AccountId,
        deletion: FrameSignature,
        out: &mut Vec<Action>,
    ) {
        reply(pending.request().0, RelayBody::AccountDeleted { account, deletion }, out);
        if pending.holds_input() {
            self.close(CloseReason::Removed, out);
        }
    }
}
