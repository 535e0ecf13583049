//! Taking sockets: limits, TLS, HTTP.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::Shared;
use super::config::AddressLimits;
use super::http;
use crate::relay::Address;

/// How long a TLS handshake or the head of a request may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// The pause after the system had no socket left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Largest head of a request, in bytes.
const HEAD_MAX_BYTES: usize = 16 * 1024;

type Sockets = Arc<Mutex<HashMap<Address, u32>>>;

/// An open socket; it is counted until it is dropped.
#[derive(Debug)]
pub(super) struct Socket {
    /// Where it comes from, if limits by address hold for it.
    pub(super) address: Option<Address>,
    shared: Arc<Shared>,
    sockets: Sockets,
}

impl Socket {
    /// Takes a place, if there is one.
    fn open(shared: &Arc<Shared>, sockets: &Sockets, ip: IpAddr) -> Option<Socket> {
        let (address, max) = match shared.config.address {
            AddressLimits::ExceptLoopback { .. } if ip.is_loopback() => (None, 0),
            AddressLimits::ExceptLoopback { sockets_max } | AddressLimits::Everyone { sockets_max } => {
                (Some(address_of(ip)), sockets_max)
            }
        };
        if !shared.metrics.open_socket(shared.config.sockets_max) {
            return None;
        }
        if let Some(address) = address {
            let mut by_address = sockets.lock().unwrap_or_else(PoisonError::into_inner);
            let open = by_address.entry(address).or_default();
            if *open >= max {
                shared.metrics.close_socket();
                shared.metrics.turn_away();
                return None;
            }
            *open += 1;
        }
        Some(Socket { address, shared: shared.clone(), sockets: sockets.clone() })
    }

    fn leave_address(&self) {
        let Some(address) = self.address else { return };
        let mut by_address = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = by_address.get_mut(&address) {
            *open -= 1;
            if *open == 0 {
                by_address.remove(&address);
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.leave_address();
        self.shared.metrics.close_socket();
    }
}

/// IPv6 users have a whole network each.
fn address_of(ip: IpAddr) -> Address {
    match ip.to_canonical() {
        IpAddr::V4(v4) => Address(u64::from(v4.to_bits())),
        IpAddr::V6(v6) => Address((v6.to_bits() >> 64) as u64),
    }
}

/// Takes sockets until it is aborted.
pub(super) async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let router = http::router(shared.clone());
    let sockets = Sockets::default();
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if let Some(socket) = Socket::open(&shared, &sockets, peer.ip()) {
            let _ = stream.set_nodelay(true);
            tokio::spawn(serve(stream, tls.clone(), router.clone(), Arc::new(socket)));
        }
    }
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, router: Router, socket: Arc<Socket>) {
    match tls {
        None => serve_http(stream, router, socket).await,
        Some(tls) => match tokio::time::timeout(HANDSHAKE_MAX, tls.accept(stream)).await {
            Ok(Ok(stream)) => Box::pin(serve_http(stream, router, socket)).await,
            Ok(Err(error)) => tracing::debug!(%error, "TLS handshake"),
            Err(_) => tracing::debug!("TLS handshake took too long"),
        },
    }
}

async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    socket: Arc<Socket>,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(socket.clone());
        router.clone().oneshot(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HANDSHAKE_MAX)
        .max_buf_size(HEAD_MAX_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "HTTP");
    }
}
