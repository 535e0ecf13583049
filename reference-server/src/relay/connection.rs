//! The conversation with one client.

use std::sync::Arc;
use std::time::Duration;

use waxwing_wire::{
    AccountId, AccountQuery, Challenge, ClientBody, ClientFrame, Cursor, DeviceId, FrameSignature, GroupId,
    MessageId, RefusalCode, Refused, RelayBody, RelayId, Request, RoomRequest, Submit, UpdateDevices,
    Welcome, agree_version, limits,
};

use super::answers::reply;
use super::delivery::{Delivery, NeverSent, Next};
use super::limiter::{Address, Limiter};
use super::rooms::Guest;
use super::{Action, CloseReason, Now, Rules, Ticket};
use crate::store::{Answer, Append, ConnectionId, Op, Outcome, Query};

/// Requests of one connection that may be under way; the socket is not read beyond them.
const PENDING_MAX: usize = limits::SUBMITS_IN_FLIGHT_MAX;

/// When to ask again after the storage failed.
const UNAVAILABLE_RETRY_MS: u32 = 2_000;

/// When to ask again for a mailbox that was full.
const MAILBOX_FULL_RETRY_MS: u32 = 60_000;

/// One client's conversation; see [`crate::relay`].
#[derive(Debug)]
pub struct Connection {
    pub(super) rules: Arc<Rules>,
    pub(super) relay: RelayId,
    pub(super) challenge: Challenge,
    pub(super) address: Option<Address>,
    pub(super) state: State,
    pub(super) id: ConnectionId,
    opened: Duration,
    heard: Duration,
    next_ticket: u64,
    pending: Vec<(Ticket, Pending)>,
    pub(super) submits_full_at: Duration,
    /// The fence of the last Submit that was refused before the storage saw it.
    pub(super) refused_fence: Option<u64>,
    draining: bool,
}

/// Where the conversation stands.
#[derive(Debug)]
pub(super) enum State {
    /// Nothing was said.
    Greeting,
    /// A version is agreed.
    Greeted {
        /// Refused attempts to log in.
        failures: u32,
        /// Accounts that were asked for.
        lookups: u32,
    },
    /// It talks with another connection, through the relay.
    InRoom(Guest),
    /// A device is known.
    LoggedIn(Box<Session>),
    /// The socket is about to be closed.
    Closed,
}

/// What is true of a device that is logged in.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) account: AccountId,
    pub(super) device: DeviceId,
    pub(super) delivery: Delivery,
}

/// What an answer of the storage is for.
#[derive(Debug)]
pub(super) enum Pending {
    Login { request: Request, account: AccountId, device: DeviceId, signature: FrameSignature },
    UpdateAccount { request: Request, update: Box<UpdateDevices> },
    Update { request: Request, account: AccountId, device: DeviceId },
    Register { request: Request, account: AccountId, device: DeviceId },
    Enter { request: Request, account: AccountId, device: DeviceId },
    Delete { request: Request, account_signature: FrameSignature, deletion: FrameSignature },
    Account { request: Request },
    Publish { request: Request },
    Take { request: Request, account: AccountId },
    Submit { request: Request, message: MessageId },
    ChangeGroup { request: Request, message: MessageId, group: GroupId, revision: u64 },
    SubmitToGroup { request: Request, message: MessageId, group: GroupId },
    Group { request: Request },
    Mailbox,
}

impl Pending {
    /// Whether nothing else may be looked at before the answer is there.
    pub(super) fn holds_input(&self) -> bool {
        match self {
            Pending::Login { .. }
            | Pending::UpdateAccount { .. }
            | Pending::Update { .. }
            | Pending::Register { .. }
            | Pending::Delete { .. }
            | Pending::Enter { .. } => true,
            Pending::Account { .. }
            | Pending::Publish { .. }
            | Pending::Take { .. }
            | Pending::Submit { .. }
            | Pending::ChangeGroup { .. }
            | Pending::SubmitToGroup { .. }
            | Pending::Group { .. }
            | Pending::Mailbox => false,
        }
    }

    pub(super) fn request(&self) -> (Request, Option<MessageId>) {
        match self {
            Pending::Submit { request, message }
            | Pending::ChangeGroup { request, message, .. }
            | Pending::SubmitToGroup { request, message, .. } => (*request, Some(*message)),
            Pending::Login { request, .. }
            | Pending::UpdateAccount { request, .. }
            | Pending::Update { request, .. }
            | Pending::Register { request, .. }
            | Pending::Enter { request, .. }
            | Pending::Delete { request, .. }
            | Pending::Account { request }
            | Pending::Publish { request }
            | Pending::Group { request }
            | Pending::Take { request, .. } => (*request, None),
            Pending::Mailbox => (Request::NONE, None),
        }
    }
}

impl Connection {
    /// A socket was opened.
    #[must_use]
    pub fn new(
        rules: Arc<Rules>,
        relay: RelayId,
        id: ConnectionId,
        challenge: Challenge,
        address: Option<Address>,
        now: Now,
    ) -> Connection {
        Connection {
            rules,
            relay,
            challenge,
            address,
            state: State::Greeting,
            id,
            opened: now.elapsed,
            heard: now.elapsed,
            next_ticket: 1,
            pending: Vec::new(),
            submits_full_at: Duration::ZERO,
            refused_fence: None,
            draining: false,
        }
    }

    /// Whether the next frame may be read. Where not, leave it in the socket: that is how the relay says "slower".
    #[must_use]
    pub fn wants_input(&self, now: Now) -> bool {
        !matches!(self.state, State::Closed)
            && !self.draining
            && self.pending.len() < PENDING_MAX
            && self.resume_at() <= now.elapsed
            && !self.pending.iter().any(|(_, pending)| pending.holds_input())
    }

    /// The device that is logged in.
    #[must_use]
    pub fn device(&self) -> Option<DeviceId> {
        self.session().map(|session| session.device)
    }

    /// When [`Connection::on_tick`] has something to do at the latest.
    #[must_use]
    pub fn wake_at(&self, now: Now) -> Duration {
        let silent = self.heard + self.rules.silence_max;
        let deadline = match self.state {
            State::Greeting | State::Greeted { .. } => silent.min(self.opened + self.rules.login_timeout),
            State::InRoom(ref guest) => silent.min(guest.until),
            State::LoggedIn(_) | State::Closed => silent,
        };
        if self.resume_at() > now.elapsed { deadline.min(self.resume_at()) } else { deadline }
    }

    /// When a connection that sent too much is read again.
    fn resume_at(&self) -> Duration {
        let rate = self.rules.rates.submits;
        self.submits_full_at.saturating_sub(rate.interval * rate.burst)
    }

    /// Something arrived that is no frame, such as a ping of the WebSocket.
    pub fn on_sign_of_life(&mut self, now: Now) {
        self.heard = now.elapsed;
    }

    /// A frame arrived.
    pub fn on_frame(&mut self, frame: ClientFrame, now: Now, limiter: &Limiter) -> Vec<Action> {
        let mut out = Vec::new();
        self.heard = now.elapsed;
        match self.state {
            State::Greeting => self.greet(frame, &mut out),
            State::Greeted { .. } => self.on_frame_before_login(frame, now, limiter, &mut out),
            State::InRoom(_) => self.on_frame_in_room(frame, &mut out),
            State::LoggedIn(_) => self.on_frame_of_device(frame, now, limiter, &mut out),
            State::Closed => {}
        }
        out
    }

    /// Bytes arrived that are no frame.
    pub fn on_bad_frame(&mut self) -> Vec<Action> {
        let mut out = Vec::new();
        self.refuse_and_close(Request::NONE, RefusalCode::BadFrame, CloseReason::BadFrame, &mut out);
        out
    }

    /// A frame arrived that is longer than the limit.
    pub fn on_too_large(&mut self) -> Vec<Action> {
        let mut out = Vec::new();
        self.refuse_and_close(Request::NONE, RefusalCode::TooLarge, CloseReason::TooLarge, &mut out);
        out
    }

    /// The mailbox has something new.
    pub fn on_poke(&mut self) -> Vec<Action> {
        let mut out = Vec::new();
        if let Some(session) = self.session_mut() {
            session.delivery.poke();
        }
        self.read_on(&mut out);
        out
    }

    /// The device has few one-time prekeys left.
    pub fn on_prekeys_low(&mut self, one_time_prekeys: u32) -> Vec<Action> {
        let mut out = Vec::new();
        if self.session().is_some() {
            reply(Request::NONE, RelayBody::PrekeysLow { one_time_prekeys }, &mut out);
        }
        out
    }

    /// The same device logged in elsewhere.
    pub fn on_superseded(&mut self) -> Vec<Action> {
        let mut out = Vec::new();
        self.refuse_and_close(Request::NONE, RefusalCode::Superseded, CloseReason::Superseded, &mut out);
        out
    }

    /// The device was removed from its account.
    pub fn on_cut_off(&mut self) -> Vec<Action> {
        let mut out = Vec::new();
        self.refuse_and_close(Request::NONE, RefusalCode::UnknownDevice, CloseReason::Removed, &mut out);
        out
    }

    /// The relay goes away: takes nothing more, and closes once what is under way is answered.
    pub fn on_drain(&mut self, reconnect_after_ms: u32) -> Vec<Action> {
        let mut out = Vec::new();
        if !matches!(self.state, State::Closed) && !self.draining {
            self.draining = true;
            reply(Request::NONE, RelayBody::GoingAway { reconnect_after_ms }, &mut out);
            self.close_when_drained(&mut out);
        }
        out
    }

    /// Time passed.
    pub fn on_tick(&mut self, now: Now) -> Vec<Action> {
        let mut out = Vec::new();
        let logging_in = matches!(self.state, State::Greeting | State::Greeted { .. });
        let in_room_for_too_long = matches!(&self.state, State::InRoom(guest) if guest.until <= now.elapsed);
        if in_room_for_too_long || (logging_in && now.elapsed >= self.opened + self.rules.login_timeout) {
            self.close(CloseReason::NotLoggedIn, &mut out);
        } else if !self.wants_input(now) {
            self.heard = now.elapsed; // the silence is ours
        } else if now.elapsed >= self.heard + self.rules.silence_max {
            self.close(CloseReason::Silent, &mut out);
        }
        out
    }

    /// A commit is done.
    pub fn on_committed(&mut self, ticket: Ticket, outcome: Outcome) -> Vec<Action> {
        let mut out = Vec::new();
        if let Some(pending) = self.settle(ticket) {
            self.on_outcome(pending, outcome, &mut out);
        }
        self.close_when_drained(&mut out);
        out
    }

    /// A question is answered.
    pub fn on_answer(&mut self, ticket: Ticket, answer: Answer) -> Vec<Action> {
        let mut out = Vec::new();
        if let Some(pending) = self.settle(ticket) {
            self.on_found(pending, answer, &mut out);
        }
        self.close_when_drained(&mut out);
        out
    }

    fn settle(&mut self, ticket: Ticket) -> Option<Pending> {
        if matches!(self.state, State::Closed) {
            return None;
        }
        let at = self.pending.iter().position(|(known, _)| *known == ticket)?;
        let pending = self.pending.remove(at).1;
        if self.pending.is_empty() {
            self.pending = Vec::new(); // an idle connection keeps no room
        }
        Some(pending)
    }

    fn close_when_drained(&mut self, out: &mut Vec<Action>) {
        if self.draining && self.pending.is_empty() {
            self.close(CloseReason::GoingAway, out);
        }
    }

    // ---- frames ----

    fn greet(&mut self, frame: ClientFrame, out: &mut Vec<Action>) {
        let ClientBody::Hello { version_min, version_max, .. } = frame.body else {
            return self.bad_frame(frame.request, out);
        };
        match agree_version(version_min, version_max) {
            Some(version) => {
                self.state = State::Greeted { failures: 0, lookups: 0 };
                let welcome = Welcome { version, features: 0, relay: self.relay, challenge: self.challenge };
                reply(frame.request, RelayBody::Welcome(welcome), out);
            }
            None => {
                let versions = Some((waxwing_wire::VERSION_MIN, waxwing_wire::VERSION_MAX));
                let refused = Refused { versions, ..Refused::because(RefusalCode::VersionUnsupported) };
                reply(frame.request, RelayBody::Refused(refused), out);
                self.close(CloseReason::VersionUnsupported, out);
            }
        }
    }

    fn on_frame_before_login(
        &mut self,
        frame: ClientFrame,
        now: Now,
        limiter: &Limiter,
        out: &mut Vec<Action>,
    ) {
        let request = frame.request;
        match frame.body {
            ClientBody::Register(register) => self.register(request, register, now, limiter, out),
            ClientBody::Login { account, device, signature } => {
                let pending = Pending::Login { request, account, device, signature };
                self.ask(pending, Query::Device { account, device }, out);
            }
            ClientBody::UpdateDevices(update) => self.update_devices(request, update, out),
            ClientBody::FetchAccount(AccountQuery::Handle(handle)) => {
                self.fetch_account_before_login(request, AccountQuery::Handle(handle), out);
            }
            ClientBody::Room(RoomRequest::Open(room)) => self.open_room(request, room, now, limiter, out),
            ClientBody::Hello { .. }
            | ClientBody::Room(RoomRequest::Send(_))
            | ClientBody::DeleteAccount { .. }
            | ClientBody::FetchAccount(AccountQuery::Id(_))
            | ClientBody::PublishPrekeys { .. }
            | ClientBody::FetchPrekeys { .. }
            | ClientBody::Submit(_)
            | ClientBody::ChangeGroup(_)
            | ClientBody::FetchGroup { .. }
            | ClientBody::SubmitToGroup(_)
            | ClientBody::Acknowledge { .. }
            | ClientBody::Ping { .. } => self.bad_frame(request, out),
        }
    }

    fn on_frame_of_device(&mut self, frame: ClientFrame, now: Now, limiter: &Limiter, out: &mut Vec<Action>) {
        let request = frame.request;
        match frame.body {
            ClientBody::FetchAccount(query) => self.fetch_account(request, query, now, limiter, out),
            ClientBody::PublishPrekeys { one_time, last_resort, replace } => {
                let Some(session) = self.session() else { return };
                let op = Op::PublishPrekeys { device: session.device, one_time, last_resort, replace };
                self.commit(Pending::Publish { request }, op, out);
            }
            ClientBody::FetchPrekeys { fetch, account, devices } => {
                self.fetch_prekeys(request, (fetch, account, devices), now, limiter, out);
            }
            ClientBody::Submit(submit) => self.submit(request, submit, now, out),
            ClientBody::ChangeGroup(change) => self.change_group(request, *change, now, limiter, out),
            ClientBody::FetchGroup { group, after } => {
                self.fetch_group(request, group, after, now, limiter, out);
            }
            ClientBody::SubmitToGroup(submit) => self.submit_to_group(request, submit, now, limiter, out),
            ClientBody::UpdateDevices(update) => self.update_devices(request, update, out),
            ClientBody::DeleteAccount { account_signature, deletion } => {
                self.delete_account(request, account_signature, deletion, out);
            }
            ClientBody::Acknowledge { cursor } => self.acknowledge(request, cursor, out),
            ClientBody::Ping { .. } => {
                reply(request, RelayBody::Pong, out);
                out.extend(self.on_poke());
            }
            ClientBody::Hello { .. }
            | ClientBody::Register(_)
            | ClientBody::Login { .. }
            | ClientBody::Room(_) => self.bad_frame(request, out),
        }
    }

    fn submit(&mut self, request: Request, submit: Submit, now: Now, out: &mut Vec<Action>) {
        let Some(session) = self.session() else { return };
        let (sender_account, sender_device) = (session.account, session.device);
        let to_itself = submit
            .destinations
            .iter()
            .flat_map(|destination| &destination.devices)
            .any(|sealed| sealed.device == sender_device);
        if to_itself {
            return self.bad_frame(request, out);
        }
        if self.is_fenced(request, submit.message, submit.fence, out) {
            return;
        }
        let _ = self.rules.rates.submits.take(&mut self.submits_full_at, now.elapsed);
        let append = Append {
            connection: self.id,
            fence: submit.fence,
            sender_account,
            sender_device,
            message: submit.message,
            destinations: submit.destinations,
            now_ms: now.utc_ms,
        };
        self.commit(Pending::Submit { request, message: submit.message }, Op::Append(Box::new(append)), out);
    }

    fn acknowledge(&mut self, request: Request, cursor: Cursor, out: &mut Vec<Action>) {
        let Some(session) = self.session_mut() else { return };
        let device = session.device;
        match session.delivery.acknowledge(cursor) {
            Ok(()) => {
                out.push(Action::Acknowledge { device, cursor });
                self.read_on(out);
            }
            Err(NeverSent) => self.bad_frame(request, out),
        }
    }

    // ---- what comes back from the storage ----

    fn on_outcome(&mut self, pending: Pending, outcome: Outcome, out: &mut Vec<Action>) {
        match (pending, outcome) {
            (pending, Outcome::Failed) => self.unavailable(pending, out),
            (Pending::Submit { request, message }, Outcome::Appended { .. }) => {
                reply(request, RelayBody::Accepted { message }, out);
            }
            (
                Pending::Submit { request, message },
                Outcome::DevicesStale { account, device_list_version },
            ) => {
                reply(request, RelayBody::DevicesStale { message, account, device_list_version }, out);
            }
            (Pending::Submit { request, message }, Outcome::Refused(code)) => {
                let retry_after_ms = if code == RefusalCode::MailboxFull { MAILBOX_FULL_RETRY_MS } else { 0 };
                let refused = Refused { code, retry_after_ms, message: Some(message), versions: None };
                reply(request, RelayBody::Refused(refused), out);
            }
            (
                pending @ (Pending::ChangeGroup { .. } | Pending::SubmitToGroup { .. }),
                outcome @ (Outcome::GroupChanged { .. }
                | Outcome::GroupStale { .. }
                | Outcome::Logged { .. }
                | Outcome::Appended { .. }),
            ) => self.on_group_outcome(pending, &outcome, out),
            (Pending::Mailbox, Outcome::Collected { is_full, .. }) => {
                if let Some(session) = self.session_mut() {
                    session.delivery.on_collected(is_full);
                }
                self.read_on(out);
            }
            (Pending::Publish { request }, Outcome::PrekeysPublished { one_time_prekeys }) => {
                reply(request, RelayBody::PrekeysPublished { one_time_prekeys }, out);
            }
            (Pending::Take { request, account }, Outcome::PrekeysTaken { devices, .. }) => {
                reply(request, RelayBody::Prekeys { account, devices }, out);
            }
            (Pending::Register { request, account, device }, Outcome::Done)
            | (Pending::Update { request, account, device }, Outcome::DevicesUpdated { .. }) => {
                self.enter(request, account, device, out);
            }
            (Pending::Delete { request, deletion, .. }, Outcome::AccountDeleted { .. }) => {
                self.deleted(request, deletion, out);
            }
            (pending, Outcome::Refused(code)) => self.refuse_pending(&pending, code, out),
            // An outcome that does not belong to its operation.
            (pending, _) => self.unavailable(pending, out),
        }
    }

    fn on_found(&mut self, pending: Pending, answer: Answer, out: &mut Vec<Action>) {
        match (pending, answer) {
            (Pending::Login { request, account, device, signature }, Answer::Device(found)) => {
                self.login(request, (account, device, signature), found.as_ref(), out);
            }
            (Pending::UpdateAccount { request, update }, Answer::Account(found)) => {
                self.update_devices_of(request, update, found.as_deref(), out);
            }
            (pending, Answer::Deleted { account, deletion }) => {
                self.tell_deleted(&pending, account, deletion, out);
            }
            (Pending::Delete { request, account_signature, deletion }, Answer::Account(found)) => {
                self.delete_account_of(request, (account_signature, deletion), found.as_deref(), out);
            }
            (Pending::Enter { request, account, device }, Answer::Device(found)) => {
                self.entered(request, account, device, found, out);
            }
            (Pending::Account { request }, Answer::Account(Some(account))) => {
                reply(request, RelayBody::Account(*account), out);
            }
            (Pending::Account { request }, Answer::Account(None)) => {
                reply(request, RelayBody::Refused(Refused::because(RefusalCode::UnknownAccount)), out);
            }
            (Pending::Group { request }, Answer::Group(found)) => {
                let unknown = || RelayBody::Refused(Refused::because(RefusalCode::UnknownGroup));
                reply(request, found.map_or_else(unknown, RelayBody::Group), out);
            }
            (Pending::Mailbox, Answer::Mailbox { envelopes, more, behind }) => {
                if let Some(session) = self.session_mut() {
                    for body in session.delivery.on_read(envelopes, more, behind) {
                        reply(Request::NONE, body, out);
                    }
                }
                self.read_on(out);
            }
            (
                pending,
                Answer::Failed
                | Answer::Device(_)
                | Answer::Account(_)
                | Answer::Group(_)
                | Answer::LogReaders(_)
                | Answer::Mailbox { .. },
            ) => {
                self.unavailable(pending, out);
            }
        }
    }

    /// A refused login counts; every other refusal is only said.
    fn refuse_pending(&mut self, pending: &Pending, code: RefusalCode, out: &mut Vec<Action>) {
        let (request, message) = pending.request();
        if pending.holds_input() {
            self.refuse_login(request, code, out);
        } else {
            reply(request, RelayBody::Refused(Refused { message, ..Refused::because(code) }), out);
        }
    }

    /// The storage failed: everything under way is refused, and the client comes back later.
    pub(super) fn unavailable(&mut self, first: Pending, out: &mut Vec<Action>) {
        let rest = std::mem::take(&mut self.pending);
        for pending in std::iter::once(first).chain(rest.into_iter().map(|(_, pending)| pending)) {
            if matches!(pending, Pending::Mailbox) {
                continue;
            }
            let (request, message) = pending.request();
            let code = RefusalCode::Unavailable;
            let refused = Refused { code, retry_after_ms: UNAVAILABLE_RETRY_MS, message, versions: None };
            reply(request, RelayBody::Refused(refused), out);
        }
        self.close(CloseReason::Unavailable, out);
    }

    // ---- means ----

    /// Reads the mailbox on, if there is something to read and room for it.
    pub(super) fn read_on(&mut self, out: &mut Vec<Action>) {
        if self.draining {
            return;
        }
        let Some(session) = self.session_mut() else { return };
        let device = session.device;
        match session.delivery.next() {
            Some(Next::Read { after, limit }) => {
                self.ask(Pending::Mailbox, Query::Mailbox { device, after, limit }, out);
            }
            Some(Next::Collect { limit }) => {
                self.commit(Pending::Mailbox, Op::Collect { device, limit }, out)
            }
            None => {}
        }
    }

    pub(super) fn ask(&mut self, pending: Pending, query: Query, out: &mut Vec<Action>) {
        let ticket = self.expect(pending);
        out.push(Action::Ask { ticket, query });
    }

    pub(super) fn commit(&mut self, pending: Pending, op: Op, out: &mut Vec<Action>) {
        let ticket = self.expect(pending);
        out.push(Action::Commit { ticket, op });
    }

    fn expect(&mut self, pending: Pending) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.pending.push((ticket, pending));
        ticket
    }

    pub(super) fn session(&self) -> Option<&Session> {
        match &self.state {
            State::LoggedIn(session) => Some(session),
            State::Greeting | State::Greeted { .. } | State::InRoom(_) | State::Closed => None,
        }
    }

    fn session_mut(&mut self) -> Option<&mut Session> {
        match &mut self.state {
            State::LoggedIn(session) => Some(session),
            State::Greeting | State::Greeted { .. } | State::InRoom(_) | State::Closed => None,
        }
    }

    pub(super) fn bad_frame(&mut self, request: Request, out: &mut Vec<Action>) {
        self.refuse_and_close(request, RefusalCode::BadFrame, CloseReason::BadFrame, out);
    }

    pub(super) fn refuse_and_close(
        &mut self,
        request: Request,
        code: RefusalCode,
        reason: CloseReason,
        out: &mut Vec<Action>,
    ) {
        if !matches!(self.state, State::Closed) {
            reply(request, RelayBody::Refused(Refused::because(code)), out);
            self.close(reason, out);
        }
    }

    pub(super) fn close(&mut self, reason: CloseReason, out: &mut Vec<Action>) {
        if !matches!(self.state, State::Closed) {
            self.state = State::Closed;
            self.pending = Vec::new();
            out.push(Action::Close(reason));
        }
    }
}
