//! WebSocket frames in and out.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use waxwing_wire::{ClientBody, ClientFrame, RelayFrame, SUBPROTOCOL, decode_relay, encode_client, limits};

use crate::error::{Code, Result};

/// How long opening a connection may take, names and TLS and all.
const DIAL_MAX: Duration = Duration::from_secs(10);

/// How long saying goodbye may take.
const CLOSE_MAX: Duration = Duration::from_secs(2);

/// Frames that wait to be written before the link counts as stuck.
const FRAMES_WAITING_MAX: usize = 1024;

/// Buffers of a connection, in bytes: a phone has few connections and little memory.
const BUFFER_BYTES: usize = 16 * 1024;

/// Where the relay is, and how it is trusted.
#[derive(Clone)]
pub(crate) struct Endpoint {
    uri: Uri,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Endpoint {
    /// Checks the address.
    pub(crate) fn new(url: &str, allow_plain: bool, extra_roots_pem: &[Vec<u8>]) -> Result<Endpoint> {
        let uri: Uri = url.parse().map_err(|_| Code::InvalidUrl)?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(Code::InvalidUrl)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_tls = match uri.scheme_str() {
            Some("wss") => true,
            Some("ws") => false,
            Some(_) | None => return Err(Code::InvalidUrl.into()),
        };
        if !is_tls && !allow_plain && !is_this_machine(&host) {
            return Err(Code::InsecureUrl.into());
        }
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let roots = roots(extra_roots_pem)?;
        let tls = if is_tls {
            let name = ServerName::try_from(host.clone()).map_err(|_| Code::InvalidUrl)?;
            Some((connector(roots)?, name))
        } else {
            None
        };
        Ok(Endpoint { uri, host, port, tls })
    }

    async fn connect(&self) -> std::result::Result<Box<dyn Stream>, Failed> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(|_| Failed("connect"))?;
        tcp.set_nodelay(true).map_err(|_| Failed("configure"))?;
        match &self.tls {
            None => Ok(Box::new(tcp)),
            Some((connector, name)) => {
                let tls = connector.connect(name.clone(), tcp).await.map_err(|_| Failed("agree on TLS"))?;
                Ok(Box::new(tls))
            }
        }
    }

    async fn open(&self) -> std::result::Result<WebSocketStream<Box<dyn Stream>>, Failed> {
        let stream = self.connect().await?;
        let request = ClientRequestBuilder::new(self.uri.clone()).with_sub_protocol(SUBPROTOCOL);
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES)
            .max_message_size(Some(limits::FRAME_SIZE_MAX_BYTES))
            .max_frame_size(Some(limits::FRAME_SIZE_MAX_BYTES));
        let opened = client_async_with_config(request, stream, Some(config)).await;
        let (socket, response) = opened.map_err(|_| Failed("open the WebSocket"))?;
        let agreed = response.headers().get("sec-websocket-protocol");
        if agreed.is_none_or(|agreed| agreed.as_bytes() != SUBPROTOCOL.as_bytes()) {
            return Err(Failed("agree on the subprotocol"));
        }
        Ok(socket)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("tls", &self.tls.is_some()).finish_non_exhaustive()
    }
}

/// What could not be done.
#[derive(Debug)]
struct Failed(&'static str);

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn roots(extra_pem: &[Vec<u8>]) -> Result<RootCertStore> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for pem in extra_pem {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| Code::InvalidCertificate)?;
            roots.add(certificate).map_err(|_| Code::InvalidCertificate)?;
        }
        if roots.len() == before {
            return Err(Code::InvalidCertificate.into());
        }
    }
    Ok(roots)
}

fn connector(roots: RootCertStore) -> Result<TlsConnector> {
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| Code::Bug)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// What a connection tells. It is of the connection with this number; others are over.
#[derive(Debug)]
pub(crate) struct SocketEvent {
    pub(crate) generation: u64,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    Up,
    Frame(RelayFrame),
    BadFrame,
    Down,
}

/// At most one connection at a time.
#[derive(Debug)]
pub(crate) struct Socket {
    endpoint: Endpoint,
    agent: String,
    events: mpsc::Sender<SocketEvent>,
    generation: u64,
    outgoing: Option<mpsc::Sender<Bytes>>,
}

impl Socket {
    pub(crate) fn new(endpoint: Endpoint, agent: String, events: mpsc::Sender<SocketEvent>) -> Socket {
        Socket { endpoint, agent, events, generation: 0, outgoing: None }
    }

    /// Whether an event is of the connection that counts.
    pub(crate) fn is_current(&self, event: &SocketEvent) -> bool {
        self.outgoing.is_some() && event.generation == self.generation
    }

    /// Opens a connection in the background; the one before is closed.
    pub(crate) fn dial(&mut self) {
        self.hang_up();
        let (outgoing, frames) = mpsc::channel(FRAMES_WAITING_MAX);
        self.outgoing = Some(outgoing);
        let events = Events { generation: self.generation, events: self.events.clone() };
        tokio::spawn(run(self.endpoint.clone(), frames, events));
    }

    /// Closes the connection, once what was sent is written. Nothing is heard of it from here.
    pub(crate) fn hang_up(&mut self) {
        self.generation += 1;
        self.outgoing = None;
    }

    /// Sends a frame. False: the link is stuck, and the frame is lost with it.
    pub(crate) fn send(&mut self, mut frame: ClientFrame) -> bool {
        if let ClientBody::Hello { agent, .. } = &mut frame.body {
            agent.clone_from(&self.agent);
        }
        let Some(outgoing) = &self.outgoing else { return true };
        match outgoing.try_send(encode_client(&frame)) {
            // A closed queue means that the connection just ended, and says so by itself.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => true,
            Err(mpsc::error::TrySendError::Full(_)) => false,
        }
    }
}

struct Events {
    generation: u64,
    events: mpsc::Sender<SocketEvent>,
}

impl Events {
    /// Waits for room: a driver that is busy slows the relay down, by TCP.
    async fn tell(&self, what: What) -> bool {
        self.events.send(SocketEvent { generation: self.generation, what }).await.is_ok()
    }
}

async fn run(endpoint: Endpoint, mut frames: mpsc::Receiver<Bytes>, events: Events) {
    let opened = tokio::select! {
        opened = timeout(DIAL_MAX, endpoint.open()) => opened.unwrap_or(Err(Failed("connect in time"))),
        // Nothing is sent before the link is up: this ends only by hanging up.
        _ = frames.recv() => return,
    };
    match opened {
        Ok(socket) => {
            if events.tell(What::Up).await {
                exchange(socket, frames, &events).await;
            }
        }
        Err(Failed(what)) => tracing::debug!(what, "could not open a connection to the relay"),
    }
    events.tell(What::Down).await;
}

/// Both directions at once, so that neither waits for the other.
async fn exchange(
    socket: WebSocketStream<Box<dyn Stream>>,
    mut frames: mpsc::Receiver<Bytes>,
    events: &Events,
) {
    let (mut sink, mut stream) = socket.split();
    let read = async {
        while let Some(message) = stream.next().await {
            let what = match message {
                Ok(Message::Binary(bytes)) => decode_relay(bytes).map_or(What::BadFrame, What::Frame),
                Ok(Message::Text(_)) => What::BadFrame,
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => continue,
                Ok(Message::Close(_)) | Err(_) => return,
            };
            if !events.tell(what).await {
                return;
            }
        }
    };
    let write = async {
        while let Some(frame) = frames.recv().await {
            sink.feed(Message::Binary(frame)).await?;
            while let Ok(frame) = frames.try_recv() {
                sink.feed(Message::Binary(frame)).await?;
            }
            sink.flush().await?;
        }
        // Hung up: say goodbye, but do not wait long for it to be heard.
        let _ = timeout(CLOSE_MAX, sink.close()).await;
        Ok::<(), tungstenite::Error>(())
    };
    tokio::select! {
        () = read => {}
        _ = write => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(url: &str, allow_plain: bool) -> &'static str {
        Endpoint::new(url, allow_plain, &[]).err().map_or("ok", |error| error.code())
    }

    #[test]
    fn plain_addresses_are_for_this_machine_only() {
        assert_eq!(code("ws://localhost:8080", false), "ok");
        assert_eq!(code("ws://127.0.0.1:8080/v1/ws", false), "ok");
        assert_eq!(code("ws://[::1]:8080", false), "ok");
        assert_eq!(code("ws://relay.example", false), "url_insecure");
        assert_eq!(code("ws://localhost.relay.example", false), "url_insecure");
        assert_eq!(code("ws://10.0.0.1", false), "url_insecure");
        assert_eq!(code("ws://10.0.0.1", true), "ok");
        assert_eq!(code("wss://relay.example", false), "ok");
    }

    #[test]
    fn addresses_of_another_kind_are_refused() {
        for url in ["", "relay.example", "https://relay.example", "wss://", "wss:///x", "ws://a b"] {
            assert_eq!(code(url, true), "url_invalid", "{url}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let error = Endpoint::new("wss://relay.example", false, &[b"not PEM".to_vec()]).unwrap_err();
        assert_eq!(error.code(), "certificate_invalid");
    }
}
