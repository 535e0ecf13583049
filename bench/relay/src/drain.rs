//! What waits is read when a device comes back: many mailboxes at once, and one with a thousand messages.

use std::io;
use std::time::Instant;

use tokio::task::JoinSet;
use waxwing_bench::{Bar, Row, quantile};
use waxwing_wire::limits::DESTINATIONS_MAX;

use crate::Args;
use crate::devices::{Device, devices};
use crate::idle::register;
use crate::pairs::opened;
use crate::stage::Stage;
use crate::waxwing::{Greeted, greet};
use waxwing_bench::server::Server;

/// Mailboxes with a backlog, and what is in each.
const BACKLOGS: u32 = 20;
const BACKLOG: usize = 1_000;
/// The number of the device that sends.
const SENDER: u32 = 1_000_000;

pub(crate) async fn measure(args: &Args, stage: &Stage) -> io::Result<[Row; 3]> {
    let relay = Server::relay(&stage.fresh_data())?;
    let count = args.mailboxes;
    register(&relay, count + BACKLOGS).await?;
    greet(relay.address, Vec::new()).await?.register(&Device::new(SENDER)).await?;
    send(&relay, devices(0, count), 2).await?;
    send(&relay, devices(count, BACKLOGS), BACKLOG).await?;
    Ok([reconnect(&relay, count).await?, storm(&relay, count).await?, backlog(&relay, count).await?])
}

/// Sends to mailboxes whose devices are away.
async fn send(relay: &Server, to: Vec<Device>, times: usize) -> io::Result<()> {
    for some in to.chunks(DESTINATIONS_MAX) {
        let mut link = greet(relay.address, some.to_vec()).await?.login(&Device::new(SENDER)).await?;
        for _ in 0..times {
            link.send_durably().await?;
        }
    }
    Ok(())
}

/// From nothing: socket, WebSocket, login, and the mailbox to its end.
async fn reconnect(relay: &Server, count: u32) -> io::Result<Row> {
    let address = relay.address;
    let (begun, cpu) = (Instant::now(), relay.cpu_us()?);
    let links = opened(count, |number| async move {
        let greeted = greet(address, Vec::new()).await?;
        drained(greeted, number).await
    })
    .await?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Row::new("reconnect_and_drain")
        .figure("mailboxes", f64::from(count))
        .figure("waxwing_per_s", f64::from(count) / seconds)
        .figure("seconds", seconds)
        .figure("envelopes_each", links.iter().map(|came| *came as f64).sum::<f64>() / f64::from(count))
        .figure("waxwing_cpu_us", (relay.cpu_us()? - cpu) / f64::from(count)))
}

/// All sockets are open, and all log in and read at once.
async fn storm(relay: &Server, count: u32) -> io::Result<Row> {
    let address = relay.address;
    let greeted =
        opened(count, |number| async move { Ok((number, greet(address, Vec::new()).await?)) }).await?;
    let (begun, cpu) = (Instant::now(), relay.cpu_us()?);
    let mut all = JoinSet::new();
    for (number, greeted) in greeted {
        all.spawn(drained(greeted, number));
    }
    while let Some(came) = all.join_next().await {
        came??;
    }
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Row::new("login_and_drain")
        .figure("mailboxes", f64::from(count))
        .figure("waxwing_per_s", f64::from(count) / seconds)
        .figure("waxwing_cpu_us", (relay.cpu_us()? - cpu) / f64::from(count))
        .bar(Bar::AtLeast("waxwing_per_s", 25_000.0)))
}

async fn drained(greeted: Greeted, number: u32) -> io::Result<usize> {
    greeted.login(&Device::new(number)).await?.drain().await
}

/// A thousand messages, from the answer to the login to the last of them.
async fn backlog(relay: &Server, from: u32) -> io::Result<Row> {
    let mut took = Vec::new();
    for number in from..from + BACKLOGS {
        let mut link = greet(relay.address, Vec::new()).await?.login(&Device::new(number)).await?;
        let begun = Instant::now();
        let came = link.drain().await?;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
        if came != BACKLOG {
            return Err(io::Error::other(format!("{came} messages came of {BACKLOG}")));
        }
    }
    Ok(Row::new("drain_1000")
        .figure("p50_ms", quantile(&took, 0.5))
        .figure("p90_ms", quantile(&took, 0.9))
        .bar(Bar::AtMost("p50_ms", 5.0)))
}
