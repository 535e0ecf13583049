//! A whole relay without sockets: connections over one storage, one thing at a time. The simulation drives it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use waxwing_wire::{Challenge, ClientFrame, DeviceId, RelayFrame, RelayId, RoomEvent};

use crate::memory::MemoryStore;
use crate::relay::{Action, CloseReason, Connection, Limiter, Now, Rooms, Rules};
use crate::store::{Answer, ConnectionId, Fences, Hint, Op, Outcome, Query, Store};

/// How often what is past its time is deleted.
const EXPIRE_INTERVAL: Duration = Duration::from_secs(3600);

/// What a call to the [`Hub`] made happen.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct HubOutput {
    /// Frames to deliver, in order.
    pub frames: Vec<(ConnectionId, RelayFrame)>,
    /// Connections that the relay closed, after their frames. They are forgotten.
    pub closed: Vec<(ConnectionId, CloseReason)>,
}

/// A relay in one value.
#[derive(Debug)]
pub struct Hub<S: Store = MemoryStore> {
    store: S,
    rules: Arc<Rules>,
    limiter: Limiter,
    fences: Fences,
    peers: BTreeMap<ConnectionId, Peer>,
    routes: BTreeMap<DeviceId, ConnectionId>,
    rooms: Rooms<ConnectionId>,
    /// What rooms' guests are still to be told.
    told: VecDeque<(ConnectionId, RoomEvent)>,
    now: Now,
    expire_at: Duration,
}

#[derive(Debug)]
struct Peer {
    connection: Connection,
    /// Frames that wait, as they would in the socket.
    waiting: VecDeque<ClientFrame>,
}

impl<S: Store> Hub<S> {
    /// A relay that has just started on this storage.
    pub fn new(store: S, rules: Rules) -> Hub<S> {
        Hub {
            limiter: Limiter::new(rules.rates),
            store,
            rules: Arc::new(rules),
            fences: Fences::default(),
            peers: BTreeMap::new(),
            routes: BTreeMap::new(),
            rooms: Rooms::default(),
            told: VecDeque::new(),
            now: Now::default(),
            expire_at: Duration::ZERO,
        }
    }

    /// Which relay this is.
    #[must_use]
    pub fn relay_id(&self) -> RelayId {
        self.store.relay_id()
    }

    /// What is durable: clone it before a crash.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The storage, to make it fail.
    pub fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }

    /// Crashes: what is durable remains.
    #[must_use]
    pub fn into_store(self) -> S {
        self.store
    }

    /// A connection was opened. The id must never have been used on this hub; the challenge is 32 random bytes.
    pub fn connect(&mut self, id: ConnectionId, challenge: Challenge, now: Now) {
        let connection = Connection::new(self.rules.clone(), self.relay_id(), id, challenge, None, now);
        self.peers.insert(id, Peer { connection, waiting: VecDeque::new() });
    }

    /// A frame arrived. On a connection that is not open it is lost.
    pub fn frame(&mut self, id: ConnectionId, frame: ClientFrame, now: Now) -> HubOutput {
        let mut output = HubOutput::default();
        self.now = now;
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.waiting.push_back(frame);
            self.read(id, now, &mut output);
        }
        self.tell_rooms(&mut output);
        output
    }

    /// Bytes arrived that are no frame.
    pub fn bad_frame(&mut self, id: ConnectionId) -> HubOutput {
        let mut output = HubOutput::default();
        if let Some(peer) = self.peers.get_mut(&id) {
            let actions = peer.connection.on_bad_frame();
            self.run(id, actions, &mut output);
        }
        output
    }

    /// The other side closed the connection, or it broke.
    pub fn disconnect(&mut self, id: ConnectionId) {
        if let Some(peer) = self.peers.remove(&id)
            && let Some(device) = peer.connection.device()
            && self.routes.get(&device) == Some(&id)
        {
            self.routes.remove(&device);
        }
        self.routes.retain(|_, bound| *bound != id);
        self.fences.forget(id);
        if let Some(other) = self.rooms.leave(id) {
            self.told.push_back((other, RoomEvent::Left));
        }
    }

    /// Time passed: silent connections are closed, delayed frames are read, what is past its time is deleted.
    pub fn tick(&mut self, now: Now) -> HubOutput {
        let mut output = HubOutput::default();
        self.now = now;
        self.tell_rooms(&mut output);
        let ids: Vec<ConnectionId> = self.peers.keys().copied().collect();
        for id in ids {
            if let Some(peer) = self.peers.get_mut(&id) {
                let actions = peer.connection.on_tick(now);
                self.run(id, actions, &mut output);
                self.read(id, now, &mut output);
            }
        }
        if now.elapsed >= self.expire_at {
            self.expire_at = now.elapsed + EXPIRE_INTERVAL;
            let _ = self.commit(Op::Expire { now_ms: now.utc_ms, chunk_rows: 1000 });
        }
        output
    }

    /// Shuts down as a process would on SIGTERM.
    pub fn drain(&mut self, reconnect_after_ms: u32) -> HubOutput {
        let mut output = HubOutput::default();
        let ids: Vec<ConnectionId> = self.peers.keys().copied().collect();
        for id in ids {
            if let Some(peer) = self.peers.get_mut(&id) {
                let actions = peer.connection.on_drain(reconnect_after_ms);
                self.run(id, actions, &mut output);
            }
        }
        output
    }

    fn read(&mut self, id: ConnectionId, now: Now, output: &mut HubOutput) {
        while let Some(peer) = self.peers.get_mut(&id)
            && peer.connection.wants_input(now)
            && let Some(frame) = peer.waiting.pop_front()
        {
            let actions = peer.connection.on_frame(frame, now, &self.limiter);
            self.run(id, actions, output);
        }
    }

    fn tell_rooms(&mut self, output: &mut HubOutput) {
        while let Some((id, event)) = self.told.pop_front() {
            if let Some(peer) = self.peers.get_mut(&id) {
                let actions = peer.connection.on_room_event(event, self.now);
                self.run(id, actions, output);
            }
        }
    }

    fn run(&mut self, id: ConnectionId, actions: Vec<Action>, output: &mut HubOutput) {
        let mut queue: VecDeque<(ConnectionId, Action)> =
            actions.into_iter().map(|action| (id, action)).collect();
        while let Some((id, action)) = queue.pop_front() {
            let gone = !self.peers.contains_key(&id);
            if gone && matches!(action, Action::Reply(_) | Action::Close(_) | Action::Bind { .. }) {
                continue;
            }
            let more = self.carry_out(id, action, &mut queue, output);
            queue.extend(more.into_iter().map(|action| (id, action)));
        }
    }

    fn carry_out(
        &mut self,
        id: ConnectionId,
        action: Action,
        queue: &mut VecDeque<(ConnectionId, Action)>,
        output: &mut HubOutput,
    ) -> Vec<Action> {
        match action {
            Action::Reply(frame) => {
                output.frames.push((id, frame));
                Vec::new()
            }
            Action::Commit { ticket, op } => {
                let outcome = self.commit(op);
                let hints = outcome.hints();
                let more = self.peers.get_mut(&id).map(|peer| peer.connection.on_committed(ticket, outcome));
                for hint in hints {
                    self.tell(hint, queue);
                }
                more.unwrap_or_default()
            }
            Action::Acknowledge { device, cursor } => {
                let _ = self.commit(Op::Acknowledge { device, cursor });
                Vec::new()
            }
            Action::Ask { ticket, query } => {
                let answer = self.store.answer(&query).unwrap_or(Answer::Failed);
                let peer = self.peers.get_mut(&id);
                peer.map(|peer| peer.connection.on_answer(ticket, answer)).unwrap_or_default()
            }
            Action::Bind { account: _, device } => {
                let before = self.routes.insert(device, id).filter(|before| *before != id);
                if let Some((before, peer)) = before.and_then(|id| Some((id, self.peers.get_mut(&id)?))) {
                    let actions = peer.connection.on_superseded();
                    queue.extend(actions.into_iter().map(|action| (before, action)));
                }
                Vec::new()
            }
            Action::OpenRoom(room) => {
                let entered = self.rooms.enter(room, id, id);
                if let Ok(Some(other)) = entered {
                    self.told.push_back((other, RoomEvent::Joined));
                }
                let entered = entered.map(|other| other.is_some());
                let (now, peer) = (self.now, self.peers.get_mut(&id));
                peer.map(|peer| peer.connection.on_room_opened(entered, now)).unwrap_or_default()
            }
            Action::SendInRoom(payload) => {
                let event = RoomEvent::Data(payload);
                self.told.extend(self.rooms.other(id).map(|other| (other, event)));
                Vec::new()
            }
            Action::TakenInRoom => {
                self.told.extend(self.rooms.other(id).map(|other| (other, RoomEvent::Taken)));
                Vec::new()
            }
            Action::Close(reason) => {
                self.disconnect(id);
                output.closed.push((id, reason));
                Vec::new()
            }
        }
    }

    fn tell(&mut self, hint: Hint, queue: &mut VecDeque<(ConnectionId, Action)>) {
        let device = match hint {
            Hint::Poke(device) | Hint::CutOff(device) | Hint::PrekeysLow(device, _) => device,
            Hint::PokeReaders(group) => {
                if let Ok(Answer::LogReaders(devices)) = self.store.answer(&Query::LogReaders(group)) {
                    devices.into_iter().for_each(|device| self.tell(Hint::Poke(device), queue));
                }
                return;
            }
        };
        let Some(id) = self.routes.get(&device).copied() else { return };
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let actions = match hint {
            Hint::Poke(_) | Hint::PokeReaders(_) => peer.connection.on_poke(),
            Hint::CutOff(_) => peer.connection.on_cut_off(),
            Hint::PrekeysLow(_, left) => peer.connection.on_prekeys_low(left),
        };
        queue.extend(actions.into_iter().map(|action| (id, action)));
    }

    fn commit(&mut self, op: Op) -> Outcome {
        let ops = [op];
        match self.store.commit(&ops, &mut self.fences) {
            Ok(mut outcomes) => outcomes.pop().unwrap_or(Outcome::Failed),
            Err(_) => {
                self.fences.block(&ops);
                Outcome::Failed
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use ed25519_dalek::{Signer as _, SigningKey};
    use waxwing_wire::{
        AccountId, ClientBody, Destination, DeviceRecord, FrameSignature, Handle, MessageId, PublicKeyBytes,
        RELAY_PROOF_LABEL, RefusalCode, Register, RelayBody, Request, RoomId, RoomRequest, SealedFor, Submit,
        login_statement, registration_statement,
    };

    const RELAY: RelayId = RelayId::from_bytes([9; 16]);
    const ALICE: u8 = 1;
    const BOB: u8 = 2;

    #[test]
    fn message_reaches_a_mailbox_and_stays_until_acknowledged() {
        let mut hub = hub_with_alice_and_bob();
        let sent = say(&mut hub, ALICE, submit(1, 1, 1, b"sealed"));
        assert!(matches!(sent[0], (ConnectionId(1), RelayBody::Accepted { .. })));
        let (to, RelayBody::Deliver { envelopes }) = &sent[1] else { panic!("no delivery in {sent:?}") };
        assert_eq!((*to, envelopes[0].sequence), (ConnectionId(2), 1));
        assert_eq!(hub.store().mailbox_len(&device(BOB)), 1);
        assert_eq!(say(&mut hub, BOB, ClientBody::Acknowledge { cursor: 1 }), []);
        assert_eq!(hub.store().mailbox_len(&device(BOB)), 0);
    }

    #[test]
    fn repeated_submit_is_accepted_and_not_stored_again() {
        let mut hub = hub_with_alice_and_bob();
        let _ = say(&mut hub, ALICE, submit(1, 1, 1, b"sealed"));
        let again = say(&mut hub, ALICE, submit(1, 2, 1, b"sealed"));
        assert_eq!(again.len(), 1);
        assert!(matches!(again[0].1, RelayBody::Accepted { .. }));
        assert_eq!(hub.store().mailbox_len(&device(BOB)), 1);
    }

    #[test]
    fn what_is_behind_a_refused_submit_is_fenced() {
        let mut hub = hub_with_alice_and_bob();
        let stale = say(&mut hub, ALICE, submit(1, 5, 0, b"stale"));
        assert!(matches!(stale[0].1, RelayBody::DevicesStale { device_list_version: 1, .. }));
        assert_eq!(refusal(&say(&mut hub, ALICE, submit(2, 5, 1, b"behind"))), Some(RefusalCode::Fenced));
        let above = say(&mut hub, ALICE, submit(2, 6, 1, b"behind"));
        assert!(matches!(above[0].1, RelayBody::Accepted { .. }));
    }

    #[test]
    fn newer_login_supersedes_the_older_and_gets_the_mailbox() {
        let mut hub = hub_with_alice_and_bob();
        let _ = say(&mut hub, ALICE, submit(1, 1, 1, b"sealed"));
        hub.connect(ConnectionId(20), [20; 32], Now::default());
        let _ = hello(&mut hub, 20);
        let statement = login_statement(&RELAY, &[20; 32], &account(BOB), &device(BOB));
        let login = ClientBody::Login {
            account: account(BOB),
            device: device(BOB),
            signature: sign(BOB + 100, &statement),
        };
        let output =
            hub.frame(ConnectionId(20), ClientFrame { request: Request(2), body: login }, Now::default());
        assert_eq!(output.closed, [(ConnectionId(2), CloseReason::Superseded)]);
        let bodies: Vec<_> = output.frames.into_iter().map(|(to, frame)| (to, frame.body)).collect();
        assert_eq!(refusal(&bodies), Some(RefusalCode::Superseded));
        assert!(bodies.iter().any(|(_, body)| matches!(body, RelayBody::Deliver { .. })));
        assert_eq!(bodies.last(), Some(&(ConnectionId(20), RelayBody::Drained { cursor: 1 })));
    }

    #[test]
    fn failing_storage_refuses_and_closes_and_recovers() {
        let mut hub = hub_with_alice_and_bob();
        hub.store_mut().set_failing(true);
        let frame = ClientFrame { request: Request(3), body: submit(1, 1, 1, b"sealed") };
        let output = hub.frame(ConnectionId(1), frame, Now::default());
        assert_eq!(output.closed, [(ConnectionId(1), CloseReason::Unavailable)]);
        hub.store_mut().set_failing(false);
        assert_eq!(hub.store().mailbox_len(&device(BOB)), 0);
    }

    #[test]
    fn two_meet_in_a_room_and_a_third_is_refused() {
        let mut hub = Hub::new(MemoryStore::new(RELAY), Rules::default());
        for who in [1, 2, 3] {
            hub.connect(ConnectionId(who.into()), [who; 32], Now::default());
            let _ = hello(&mut hub, who);
        }
        let open = || ClientBody::Room(RoomRequest::Open(RoomId::from_bytes([7; 16])));
        let send = |text: &'static [u8]| ClientBody::Room(RoomRequest::Send(Bytes::from_static(text)));
        let event = |to: u64, event| (ConnectionId(to), RelayBody::Room(event));
        assert_eq!(say(&mut hub, 1, open()), [event(1, RoomEvent::Opened)]);
        assert_eq!(say(&mut hub, 2, open()), [event(2, RoomEvent::Joined), event(1, RoomEvent::Joined)]);
        assert_eq!(refusal(&say(&mut hub, 3, open())), Some(RefusalCode::NotAuthorised));
        let said = say(&mut hub, 1, send(b"offer"));
        let data = RoomEvent::Data(Bytes::from_static(b"offer"));
        assert_eq!(said, [event(2, data), event(1, RoomEvent::Taken)]);
        hub.disconnect(ConnectionId(2));
        let told = hub.tick(Now::default());
        assert_eq!(told.closed, [(ConnectionId(1), CloseReason::NotLoggedIn)]);
        assert_eq!(told.frames[0].1.body, RelayBody::Room(RoomEvent::Left));
    }

    #[test]
    fn nobody_waits_in_a_room_for_ever_or_speaks_in_it_alone() {
        let mut hub = Hub::new(MemoryStore::new(RELAY), Rules::default());
        for who in [1, 2] {
            hub.connect(ConnectionId(who.into()), [who; 32], Now::default());
            let _ = hello(&mut hub, who);
            let room = RoomId::from_bytes([who; 16]);
            let _ = say(&mut hub, who, ClientBody::Room(RoomRequest::Open(room)));
        }
        let alone = ClientBody::Room(RoomRequest::Send(Bytes::from_static(b"x")));
        assert_eq!(refusal(&say(&mut hub, 1, alone)), Some(RefusalCode::BadFrame));
        for seconds in (0..600).step_by(20) {
            let at = Now { elapsed: Duration::from_secs(seconds), utc_ms: 0 };
            let ping = ClientFrame { request: Request::NONE, body: ClientBody::Ping { cursor: 0 } };
            assert_eq!(hub.frame(ConnectionId(2), ping, at).closed, []);
            assert_eq!(hub.tick(at).closed, []);
        }
        let over = hub.tick(Now { elapsed: Duration::from_secs(600), utc_ms: 0 });
        assert_eq!(over.closed, [(ConnectionId(2), CloseReason::NotLoggedIn)]);
    }

    #[test]
    fn silent_connection_is_closed() {
        let mut hub = hub_with_alice_and_bob();
        hub.connect(ConnectionId(30), [30; 32], Now::default());
        let at = |seconds| Now { elapsed: Duration::from_secs(seconds), utc_ms: 0 };
        assert_eq!(hub.tick(at(9)).closed, []);
        assert_eq!(hub.tick(at(10)).closed, [(ConnectionId(30), CloseReason::NotLoggedIn)]);
        assert_eq!(hub.tick(at(30)).closed.len(), 2);
    }

    #[test]
    fn fetching_before_login_is_a_bad_frame() {
        let mut hub = Hub::new(MemoryStore::new(RELAY), Rules::default());
        hub.connect(ConnectionId(1), [1; 32], Now::default());
        let _ = hello(&mut hub, 1);
        let fetch = ClientBody::FetchAccount(waxwing_wire::AccountQuery::Id(account(BOB)));
        let output =
            hub.frame(ConnectionId(1), ClientFrame { request: Request(1), body: fetch }, Now::default());
        assert_eq!(output.closed, [(ConnectionId(1), CloseReason::BadFrame)]);
    }

    fn hub_with_alice_and_bob() -> Hub {
        let mut hub = Hub::new(MemoryStore::new(RELAY), Rules::default());
        for who in [ALICE, BOB] {
            hub.connect(ConnectionId(who.into()), [who; 32], Now::default());
            let _ = hello(&mut hub, who);
            let said = say(&mut hub, who, registration(who));
            assert!(matches!(said[0].1, RelayBody::LoggedIn(_)), "{said:?}");
            assert_eq!(said[1].1, RelayBody::Drained { cursor: 0 });
        }
        hub
    }

    fn hello(hub: &mut Hub, who: u8) -> Vec<(ConnectionId, RelayBody)> {
        say(hub, who, ClientBody::Hello { version_min: 1, version_max: 1, features: 0, agent: String::new() })
    }

    fn say(hub: &mut Hub, who: u8, body: ClientBody) -> Vec<(ConnectionId, RelayBody)> {
        let output =
            hub.frame(ConnectionId(who.into()), ClientFrame { request: Request(1), body }, Now::default());
        output.frames.into_iter().map(|(to, frame)| (to, frame.body)).collect()
    }

    fn refusal(said: &[(ConnectionId, RelayBody)]) -> Option<RefusalCode> {
        said.iter().find_map(
            |(_, body)| if let RelayBody::Refused(refused) = body { Some(refused.code) } else { None },
        )
    }

    fn submit(message: u8, fence: u64, version: u64, payload: &'static [u8]) -> ClientBody {
        let sealed = SealedFor { device: device(BOB), payload: Bytes::from_static(payload) };
        ClientBody::Submit(Submit {
            message: MessageId::from_bytes([message; 16]),
            fence,
            destinations: vec![Destination {
                account: account(BOB),
                device_list_version: version,
                devices: vec![sealed],
            }],
        })
    }

    fn registration(who: u8) -> ClientBody {
        let handle = Handle::new(&format!("person{who}")).expect("a handle");
        let account_key = PublicKeyBytes(key(who).verifying_key().to_bytes());
        let signing_key = PublicKeyBytes(key(who + 100).verifying_key().to_bytes());
        let record = DeviceRecord { device: device(who), signing_key };
        let list = Bytes::from_static(b"list");
        let statement =
            registration_statement(&RELAY, &[who; 32], &handle, &account(who), &account_key, &record, &list);
        ClientBody::Register(Box::new(Register {
            handle,
            account: account(who),
            account_key,
            device: record,
            device_list: list,
            device_list_version: 1,
            account_signature: sign(who, &statement),
            device_signature: sign(who + 100, &statement),
            token: None,
        }))
    }

    fn account(who: u8) -> AccountId {
        AccountId::from_bytes([who; 16])
    }

    fn device(who: u8) -> DeviceId {
        DeviceId::from_bytes([who + 100; 16])
    }

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn sign(seed: u8, statement: &[u8]) -> FrameSignature {
        FrameSignature(key(seed).sign(&[RELAY_PROOF_LABEL, statement].concat()).to_bytes())
    }
}
