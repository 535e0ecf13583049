//! A relay that lies in rooms: it stands before the real one, and does something to what the other device says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Message, http::Uri};
use tokio_tungstenite::{accept_hdr_async, client_async};
use waxwing_wire::{RelayBody, RelayFrame, RoomEvent, SUBPROTOCOL, decode_relay, encode_relay};

/// What it does, and to which message of a room, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Nothing.
    None,
    /// It does not come.
    Drop(usize),
    /// It comes twice.
    Repeat(usize),
    /// It comes behind the next one.
    Late(usize),
    /// One bit of it is another.
    Flip(usize),
    /// What was said at this place in the room before comes in its stead.
    OtherRoom(usize),
    /// The connection breaks instead.
    Cut(usize),
}

impl Lie {
    fn place(self) -> Option<usize> {
        match self {
            Lie::None => None,
            Lie::Drop(place)
            | Lie::Repeat(place)
            | Lie::Late(place)
            | Lie::Flip(place)
            | Lie::OtherRoom(place)
            | Lie::Cut(place) => Some(place),
        }
    }
}

/// The liar.
#[derive(Clone)]
pub struct Evil {
    pub url: String,
    lie: Arc<Mutex<Lie>>,
    /// What was said in the last room.
    before: Arc<Mutex<Vec<Bytes>>>,
}

/// What one connection hears in its room.
struct Talk {
    /// What was said in the room before.
    other: Vec<Bytes>,
    said: Vec<Bytes>,
    late: Option<Bytes>,
}

impl Evil {
    /// Stands before a relay.
    pub async fn before(relay: SocketAddr) -> Evil {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let evil = Evil {
            url: format!("ws://{}", listener.local_addr().unwrap()),
            lie: Arc::new(Mutex::new(Lie::None)),
            before: Arc::default(),
        };
        let this = evil.clone();
        tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                let this = this.clone();
                tokio::spawn(async move { this.pass_on(here, relay).await });
            }
        });
        evil
    }

    pub fn does(&self, lie: Lie) {
        *self.lie.lock().unwrap() = lie;
    }

    async fn pass_on(self, here: TcpStream, relay: SocketAddr) -> Option<()> {
        #[allow(clippy::result_large_err)] // the shape of a callback
        let agree = |_: &Request, mut response: Response| {
            response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
            Ok(response)
        };
        let mut here = accept_hdr_async(here, agree).await.ok()?;
        let there = TcpStream::connect(relay).await.ok()?;
        let uri: Uri = format!("ws://{relay}").parse().ok()?;
        let request = ClientRequestBuilder::new(uri).with_sub_protocol(SUBPROTOCOL);
        let (mut there, _) = client_async(request, there).await.ok()?;
        let mut talk = Talk { other: self.before.lock().unwrap().clone(), said: Vec::new(), late: None };
        loop {
            tokio::select! {
                message = here.next() => there.send(message?.ok()?).await.ok()?,
                message = there.next() => {
                    let message = message?.ok()?;
                    let frame = match &message {
                        Message::Binary(bytes) => decode_relay(bytes.clone()).ok(),
                        Message::Text(_)
                        | Message::Ping(_)
                        | Message::Pong(_)
                        | Message::Close(_)
                        | Message::Frame(_) => None,
                    };
                    match frame {
                        Some(RelayFrame { request, body: RelayBody::Room(RoomEvent::Data(payload)) }) => {
                            for payload in self.tell(&mut talk, payload)? {
                                let body = RelayBody::Room(RoomEvent::Data(payload));
                                let bytes = encode_relay(&RelayFrame { request, body });
                                here.send(Message::Binary(bytes)).await.ok()?;
                            }
                        }
                        Some(_) | None => here.send(message).await.ok()?,
                    }
                }
            }
        }
    }

    /// What comes in place of what was said. None: the connection breaks.
    fn tell(&self, talk: &mut Talk, payload: Bytes) -> Option<Vec<Bytes>> {
        let at = talk.said.len();
        talk.said.push(payload.clone());
        self.before.lock().unwrap().clone_from(&talk.said);
        let lie = *self.lie.lock().unwrap();
        let mut out = match lie.place() {
            Some(place) if place == at => match lie {
                Lie::None => vec![payload],
                Lie::Cut(_) => return None,
                Lie::Drop(_) => Vec::new(),
                Lie::Repeat(_) => vec![payload.clone(), payload],
                Lie::Late(_) => {
                    talk.late = Some(payload);
                    return Some(Vec::new());
                }
                Lie::Flip(_) => {
                    let mut bytes = payload.to_vec();
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 1;
                    vec![bytes.into()]
                }
                Lie::OtherRoom(place) => {
                    vec![talk.other.get(place).cloned().expect("something was said there")]
                }
            },
            Some(_) | None => vec![payload],
        };
        out.extend(talk.late.take());
        Some(out)
    }
}
