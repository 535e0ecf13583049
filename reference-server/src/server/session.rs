//! One connection's task: carries out what the core decides, in order.
//!
//! A frame is sent before the next action is looked at. So a slow socket slows the reading of its own mailbox, and nothing
//! piles up in memory for it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use waxwing_wire::{Challenge, DeviceId, RelayBody, RelayFrame, RoomEvent, decode_client, encode_relay};

use super::Shared;
use super::inbox::Inbox;
use super::listener::Socket;
use crate::relay::{Action, CloseReason, Connection};
use crate::store::{Answer, ConnectionId};

/// How long a client may take to take a frame.
const SEND_MAX: Duration = Duration::from_secs(30);

/// How long the client's side of the closing may take.
const CLOSE_MAX: Duration = Duration::from_secs(1);

/// The shortest and the longest wait that a leaving relay asks for, in milliseconds.
const RECONNECT_AFTER_MS: (u32, u32) = (500, 5_000);

struct Session {
    shared: Arc<Shared>,
    socket: WebSocket,
    connection: Connection,
    id: ConnectionId,
    inbox: Arc<Inbox>,
    actions: VecDeque<Action>,
    bound: Option<DeviceId>,
    in_room: bool,
    _counted: Arc<Socket>,
}

/// The connection is over.
struct Over;

/// Speaks with one client until either side ends it. None without randomness for the challenge.
pub(super) fn start(
    shared: Arc<Shared>,
    socket: WebSocket,
    counted: Arc<Socket>,
) -> Option<impl Future<Output = ()> + Send + 'static> {
    let mut challenge: Challenge = [0; 32];
    getrandom::fill(&mut challenge).ok()?;
    let id = ConnectionId(shared.connections.fetch_add(1, Ordering::Relaxed));
    let connection =
        Connection::new(shared.rules.clone(), shared.relay, id, challenge, counted.address, shared.now());
    let (inbox, actions) = (Arc::default(), VecDeque::new());
    let mut session = Session {
        shared,
        socket,
        connection,
        id,
        inbox,
        actions,
        bound: None,
        in_room: false,
        _counted: counted,
    };
    Some(async move {
        session.shared.metrics.open_session();
        session.speak().await;
        session.leave_room();
        session.shared.metrics.close_session();
        if let Some(device) = session.bound {
            session.shared.routes.unbind(device, id);
            session.shared.queue.forget(id);
        }
    })
}

impl Session {
    async fn speak(&mut self) {
        let mut draining = self.shared.draining.subscribe();
        let mut told = false;
        let deadline = self.deadline();
        let mut alarm: Pin<Box<Sleep>> = Box::pin(sleep_until(deadline));
        loop {
            while let Some(action) = self.actions.pop_front() {
                // On the heap while it runs, so that an idle task does not keep room for it.
                if let Err(Over) = Box::pin(self.carry_out(action)).await {
                    return;
                }
            }
            if self.actions.capacity() > 0 {
                self.actions = VecDeque::new();
            }
            let deadline = self.deadline();
            if deadline < alarm.deadline() {
                alarm.as_mut().reset(deadline);
            }
            let wants_input = self.connection.wants_input(self.shared.now());
            tokio::select! {
                () = self.inbox.arrived() => self.take_inbox(),
                message = self.socket.recv(), if wants_input => {
                    if let Err(Over) = self.on_message(message) {
                        return;
                    }
                }
                () = &mut alarm => {
                    let actions = self.connection.on_tick(self.shared.now());
                    self.actions.extend(actions);
                    alarm.as_mut().reset(self.deadline().max(Instant::now() + Duration::from_millis(1)));
                }
                _ = draining.wait_for(|draining| *draining), if !told => {
                    told = true;
                    self.actions.extend(self.connection.on_drain(reconnect_after_ms()));
                }
            }
        }
    }

    fn deadline(&self) -> Instant {
        let wake_at = self.connection.wake_at(self.shared.now());
        Instant::from_std(self.shared.started + wake_at)
    }

    fn take_inbox(&mut self) {
        let waiting = self.inbox.take();
        for (ticket, outcome) in waiting.outcomes {
            self.actions.extend(self.connection.on_committed(ticket, outcome));
        }
        if let Some(left) = waiting.prekeys_low {
            self.actions.extend(self.connection.on_prekeys_low(left));
        }
        for event in waiting.room {
            self.actions.extend(self.connection.on_room_event(event, self.shared.now()));
        }
        if waiting.poked {
            self.actions.extend(self.connection.on_poke());
        }
        if waiting.cut_off {
            self.actions.extend(self.connection.on_cut_off());
        }
        if waiting.superseded {
            self.actions.extend(self.connection.on_superseded());
        }
    }

    fn on_message(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), Over> {
        let actions = match message {
            Some(Ok(Message::Binary(bytes))) => self.on_bytes(bytes),
            Some(Ok(Message::Text(_))) => self.connection.on_bad_frame(),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                self.connection.on_sign_of_life(self.shared.now());
                Vec::new()
            }
            Some(Ok(Message::Close(_))) | None => return Err(Over),
            Some(Err(error)) if is_too_large(&error) => self.connection.on_too_large(),
            Some(Err(_)) => return Err(Over),
        };
        self.actions.extend(actions);
        Ok(())
    }

    fn on_bytes(&mut self, bytes: Bytes) -> Vec<Action> {
        self.shared.metrics.count_frame_in();
        match decode_client(bytes) {
            Ok(frame) => self.connection.on_frame(frame, self.shared.now(), &self.shared.limiter),
            Err(error) => {
                tracing::debug!(connection = self.id.0, %error, "bad frame");
                self.connection.on_bad_frame()
            }
        }
    }

    async fn carry_out(&mut self, action: Action) -> Result<(), Over> {
        match action {
            Action::Reply(frame) => self.send(&frame).await,
            Action::Commit { ticket, op } => {
                self.shared.queue.commit(op, self.inbox.clone(), ticket).await;
                Ok(())
            }
            Action::Acknowledge { device, cursor } => {
                self.shared.queue.acknowledge(device, cursor);
                Ok(())
            }
            Action::Ask { ticket, query } => {
                let answer = self.shared.readers.answer(&query).unwrap_or_else(|error| {
                    tracing::error!(%error, "reading");
                    Answer::Failed
                });
                self.actions.extend(self.connection.on_answer(ticket, answer));
                Ok(())
            }
            Action::Bind { account: _, device } => {
                self.bound = Some(device);
                self.shared.routes.bind(device, self.id, self.inbox.clone());
                tracing::debug!(connection = self.id.0, ?device, "bound");
                Ok(())
            }
            Action::OpenRoom(room) => {
                let entered = self.shared.rooms().enter(room, self.id, self.inbox.clone());
                self.in_room = entered.is_ok();
                if let Ok(Some(other)) = &entered {
                    other.room(RoomEvent::Joined);
                }
                let entered = entered.map(|other| other.is_some());
                self.actions.extend(self.connection.on_room_opened(entered, self.shared.now()));
                Ok(())
            }
            Action::SendInRoom(payload) => {
                self.tell_other(RoomEvent::Data(payload));
                Ok(())
            }
            Action::TakenInRoom => {
                self.tell_other(RoomEvent::Taken);
                Ok(())
            }
            Action::Close(reason) => {
                self.leave_room();
                self.close(reason).await;
                Err(Over)
            }
        }
    }

    fn tell_other(&self, event: RoomEvent) {
        if let Some(other) = self.shared.rooms().other(self.id) {
            other.room(event);
        }
    }

    fn leave_room(&mut self) {
        if std::mem::take(&mut self.in_room)
            && let Some(other) = self.shared.rooms().leave(self.id)
        {
            other.room(RoomEvent::Left);
        }
    }

    async fn send(&mut self, frame: &RelayFrame) -> Result<(), Over> {
        let envelopes = if let RelayBody::Deliver { envelopes } = &frame.body { envelopes.len() } else { 0 };
        if let RelayBody::Refused(refused) = &frame.body {
            self.shared.metrics.count_refusal(refused);
        }
        let message = Message::Binary(encode_relay(frame));
        match timeout(SEND_MAX, self.socket.send(message)).await {
            Ok(Ok(())) => {
                self.shared.metrics.count_frame_out(envelopes);
                Ok(())
            }
            Ok(Err(_)) | Err(_) => Err(Over),
        }
    }

    /// Closes, and lets the client read what was sent before: a socket with unread bytes would be reset under it.
    async fn close(&mut self, reason: CloseReason) {
        self.shared.metrics.count_close(reason.word());
        tracing::debug!(connection = self.id.0, reason = reason.word(), "close");
        let frame = CloseFrame { code: reason.code(), reason: reason.word().into() };
        let _ = timeout(CLOSE_MAX, async {
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        })
        .await;
    }
}

/// Spreads the clients of a leaving relay over time.
fn reconnect_after_ms() -> u32 {
    let mut random = [0; 4];
    let _ = getrandom::fill(&mut random);
    let (shortest, longest) = RECONNECT_AFTER_MS;
    shortest + u32::from_le_bytes(random) % (longest - shortest)
}

/// The error's type is that of a library under axum, so its text is what there is.
fn is_too_large(error: &axum::Error) -> bool {
    error.to_string().contains("too long")
}
