//! A room of the relay, on a connection of its own: what the other device says, and what is said to it.
//!
//! A thread of its own, so that any executor can wait for it. What is not read slows the other device down; what is not taken is
//! not piled up.

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use waxwing_wire::{
    ClientBody, ClientFrame, RelayBody, Request, RoomEvent, RoomId, RoomRequest, VERSION_MAX, VERSION_MIN,
    limits,
};

use crate::error::{Code, Error, Result};
use crate::socket::{Endpoint, Socket, What};

/// What waits for the reader before the other device waits too.
const SAID_WAITING_MAX: usize = 4;

/// Events of the socket that wait.
const EVENTS_WAITING_MAX: usize = 8;

/// Both ends of a room.
pub(crate) struct Room {
    said: mpsc::Receiver<Said>,
    say: mpsc::Sender<Bytes>,
}

enum Said {
    Joined,
    Data(Bytes),
    Failed(Error),
}

impl Room {
    /// Goes there.
    pub(crate) fn enter(endpoint: Endpoint, agent: String, room: RoomId) -> Result<Room> {
        let (tell, said) = mpsc::channel(SAID_WAITING_MAX);
        let (say, to_say) = mpsc::channel(1);
        let run = move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
                return;
            };
            runtime.block_on(async {
                let ended = Guest::new(endpoint, agent, tell.clone(), to_say).run(room).await;
                if let Err(error) = ended {
                    let _ = tell.send(Said::Failed(error)).await;
                }
            });
        };
        std::thread::Builder::new().name("waxwing-room".to_owned()).spawn(run).map_err(|_| Code::IoError)?;
        Ok(Room { said, say })
    }

    /// Waits until the other device is there.
    pub(crate) async fn joined(&mut self) -> Result<()> {
        match self.said.recv().await {
            Some(Said::Joined) => Ok(()),
            Some(Said::Failed(error)) => Err(error),
            Some(Said::Data(_)) | None => Err(Code::LinkBroken.into()),
        }
    }

    /// What the other device says next.
    pub(crate) async fn hear(&mut self) -> Result<Bytes> {
        match self.said.recv().await {
            Some(Said::Data(payload)) => Ok(payload),
            Some(Said::Failed(error)) => Err(error),
            Some(Said::Joined) | None => Err(Code::LinkBroken.into()),
        }
    }

    /// Says something, once there is room for it.
    pub(crate) async fn say(&mut self, payload: Vec<u8>) -> Result<()> {
        if self.say.send(payload.into()).await.is_ok() {
            return Ok(());
        }
        loop {
            match self.said.recv().await {
                Some(Said::Failed(error)) => return Err(error),
                Some(Said::Data(_) | Said::Joined) => {}
                None => return Err(Code::LinkBroken.into()),
            }
        }
    }
}

struct Guest {
    socket: Socket,
    events: mpsc::Receiver<crate::socket::SocketEvent>,
    tell: mpsc::Sender<Said>,
    to_say: mpsc::Receiver<Bytes>,
    in_flight: usize,
    is_open: bool,
    is_joined: bool,
}

impl Guest {
    fn new(
        endpoint: Endpoint,
        agent: String,
        tell: mpsc::Sender<Said>,
        to_say: mpsc::Receiver<Bytes>,
    ) -> Guest {
        let (sender, events) = mpsc::channel(EVENTS_WAITING_MAX);
        let socket = Socket::new(endpoint, agent, sender);
        Guest { socket, events, tell, to_say, in_flight: 0, is_open: false, is_joined: false }
    }

    async fn run(mut self, room: RoomId) -> Result<()> {
        self.socket.dial();
        let mut ping_at = Instant::now() + limits::PING_INTERVAL;
        let mut is_leaving = false;
        loop {
            let may_say = self.is_joined && !is_leaving && self.in_flight < limits::ROOM_SENDS_IN_FLIGHT_MAX;
            tokio::select! {
                event = self.events.recv() => {
                    let event = event.filter(|event| self.socket.is_current(event)).ok_or(Code::Offline)?;
                    self.on_event(event.what, room).await?;
                }
                payload = self.to_say.recv(), if may_say => match payload {
                    Some(payload) => {
                        self.in_flight += 1;
                        self.transmit(ClientBody::Room(RoomRequest::Send(payload)))?;
                    }
                    None => is_leaving = true,
                },
                () = sleep_until(ping_at) => {
                    ping_at = Instant::now() + limits::PING_INTERVAL;
                    if self.is_open {
                        self.transmit(ClientBody::Ping { cursor: 0 })?;
                    }
                }
            }
            // What was said last goes out first.
            if is_leaving && self.in_flight == 0 {
                return Ok(());
            }
        }
    }

    async fn on_event(&mut self, what: What, room: RoomId) -> Result<()> {
        let frame = match what {
            What::Up => {
                let hello = ClientBody::Hello {
                    version_min: VERSION_MIN,
                    version_max: VERSION_MAX,
                    features: 0,
                    agent: String::new(),
                };
                return self.transmit(hello);
            }
            What::Frame(frame) => frame,
            What::BadFrame => return Err(Code::LinkBroken.into()),
            What::Down if self.is_joined => return Err(Code::LinkBroken.into()),
            What::Down => return Err(Code::Offline.into()),
        };
        match frame.body {
            RelayBody::Welcome(_) => self.transmit(ClientBody::Room(RoomRequest::Open(room))),
            RelayBody::Pong => Ok(()),
            RelayBody::Room(RoomEvent::Opened) => {
                self.is_open = true;
                Ok(())
            }
            RelayBody::Room(RoomEvent::Joined) => {
                (self.is_open, self.is_joined) = (true, true);
                self.tell(Said::Joined).await
            }
            RelayBody::Room(RoomEvent::Taken) => {
                self.in_flight = self.in_flight.saturating_sub(1);
                Ok(())
            }
            RelayBody::Room(RoomEvent::Data(payload)) => self.tell(Said::Data(payload)).await,
            RelayBody::Room(RoomEvent::Left) => Err(Code::LinkBroken.into()),
            RelayBody::Refused(refused) => Err(Error::refused(refused.code, refused.retry_after_ms)),
            RelayBody::GoingAway { .. } => Err(Code::Offline.into()),
            // None of these belongs here.
            RelayBody::LoggedIn(_)
            | RelayBody::Account(_)
            | RelayBody::PrekeysPublished { .. }
            | RelayBody::Prekeys { .. }
            | RelayBody::Accepted { .. }
            | RelayBody::DevicesStale { .. }
            | RelayBody::GroupChanged { .. }
            | RelayBody::GroupStale { .. }
            | RelayBody::Group(_)
            | RelayBody::Deliver { .. }
            | RelayBody::AccountDeleted { .. }
            | RelayBody::Drained { .. }
            | RelayBody::PrekeysLow { .. } => Err(Code::LinkBroken.into()),
        }
    }

    async fn tell(&self, said: Said) -> Result<()> {
        self.tell.send(said).await.map_err(|_| Code::LinkBroken.into())
    }

    fn transmit(&mut self, body: ClientBody) -> Result<()> {
        let sent = self.socket.send(ClientFrame { request: Request::NONE, body });
        if sent { Ok(()) } else { Err(Code::LinkBroken.into()) }
    }
}
