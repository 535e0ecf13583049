//! What a connection that says nothing costs: memory of the server's own, connection after login.

use std::io;
use std::time::Duration;

use waxwing_bench::{Bar, Row};

use crate::Args;
use crate::devices::Device;
use crate::mqtt;
use crate::pairs::opened;
use crate::stage::Stage;
use crate::waxwing::greet;
use waxwing_bench::server::Server;

/// What connecting leaves behind may be given back in this time.
const SETTLE: Duration = Duration::from_secs(2);

pub(crate) async fn measure(args: &Args, stage: &Stage) -> io::Result<Row> {
    let data = stage.fresh_data();
    register(&Server::relay(&data)?, args.idle).await?;
    // A relay that never registered anybody: only what connections hold is counted.
    let relay = Server::relay(&data)?;
    let address = relay.address;
    let mut warm = greet(address, Vec::new()).await?.login(&Device::new(0)).await?;
    warm.drain().await?;
    let before = relay.memory_bytes()?;
    let links = opened(args.idle, |number| async move {
        let mut link = greet(address, Vec::new()).await?.login(&Device::new(number)).await?;
        link.drain().await?;
        Ok(link)
    })
    .await?;
    tokio::time::sleep(SETTLE).await;
    let ours = (relay.memory_bytes()? - before) / links.len() as f64;
    drop(links);

    let theirs = match stage.start_mosquitto()? {
        Some(server) => {
            let before = server.memory_bytes()?;
            let address = server.address;
            let pairs = opened(args.idle / 2, |number| mqtt::pair(address, number)).await?;
            tokio::time::sleep(SETTLE).await;
            Some((server.memory_bytes()? - before) / (2 * pairs.len()) as f64)
        }
        None => None,
    };
    Ok(Row::new("idle_connection")
        .figure("connections", f64::from(args.idle))
        .figure("waxwing_kib", ours / 1024.0)
        .figure_if("mosquitto_kib", theirs.map(|bytes| bytes / 1024.0))
        .bar(Bar::AtMost("waxwing_kib", 4.0)))
}

/// Registers devices, which are offline then.
pub(crate) async fn register(relay: &Server, count: u32) -> io::Result<()> {
    let address = relay.address;
    opened(count, |number| async move {
        let device = Device::new(number);
        greet(address, Vec::new()).await?.register(&device).await.map(drop)
    })
    .await
    .map(drop)
}
