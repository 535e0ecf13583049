//! What is behind the port: the WebSocket, two probes and the metrics.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State, WebSocketUpgrade};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use waxwing_wire::{SUBPROTOCOL, limits};

use super::Shared;
use super::listener::Socket;
use super::session;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(open_session))
        .route("/v1/ws", get(open_session))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(shared)
}

async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    if shared.is_ready() {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
    }
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let text = shared.metrics.text(shared.routes.len());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

async fn open_session(
    State(shared): State<Arc<Shared>>,
    Extension(socket): Extension<Arc<Socket>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if *shared.draining.borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], "going away\n")
            .into_response();
    }
    let upgrade = upgrade.protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return (StatusCode::BAD_REQUEST, "the subprotocol must be waxwing.v1\n").into_response();
    }
    upgrade
        .read_buffer_size(shared.config.read_buffer_bytes)
        .write_buffer_size(0)
        .max_message_size(limits::FRAME_SIZE_MAX_BYTES)
        .max_frame_size(limits::FRAME_SIZE_MAX_BYTES)
        .on_upgrade(move |stream| {
            // A task of its own: the one of the upgrade is larger, and ends here.
            if let Some(session) = session::start(shared, stream, socket) {
                tokio::spawn(session);
            }
            std::future::ready(())
        })
}
