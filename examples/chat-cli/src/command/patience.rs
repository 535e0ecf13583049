//! Waiting for the relay, for as long as something moves.

use std::time::Duration;

use tokio::time::sleep;
use waxwing::{Client, LinkState};

use crate::fail::Fail;
use crate::session;

/// Returns when the outbox stood still for this long.
pub(super) async fn run_out(client: &Client, patience: Duration) {
    let mut before = client.outbox_len().unwrap_or(0);
    loop {
        sleep(patience).await;
        let now = client.outbox_len().unwrap_or(0);
        if now >= before {
            return;
        }
        before = now;
    }
}

/// Waits until the relay has everything that can go out.
///
/// # Errors
///
/// `offline` or `timeout` when the outbox stands still, and what the store says.
pub(super) async fn flush(client: &Client, patience: Duration) -> Result<(), Fail> {
    tokio::select! {
        flushed = client.flushed() => flushed.map_err(session::fail),
        () = run_out(client, patience) => {
            let waiting = client.outbox_len().unwrap_or(0);
            Err(stuck(client, format!("{} not out yet", of_items(waiting))))
        }
    }
}

/// The failure of a wait that is given up, while everything stays stored.
pub(super) fn stuck(client: &Client, message: String) -> Fail {
    let (code, why) = match client.link() {
        LinkState::Online => ("timeout", "the relay is connected, and time ran out"),
        LinkState::Connecting | LinkState::Offline | LinkState::Stopped => {
            ("offline", "the relay cannot be reached")
        }
    };
    Fail::unfinished(code, format!("{message}: {why}"))
        .advise("nothing is lost: it goes out with the next send, listen or the interface; or give a longer --timeout")
}

fn of_items(count: u64) -> String {
    if count == 1 { String::from("1 item is") } else { format!("{count} items are") }
}
