//! Two persons who write to each other: what a send costs its caller, and how long a message is on its way.

use std::path::Path;
use std::time::Instant;

use waxwing::Draft;
use waxwing_bench::server::Server;
use waxwing_bench::{Row, quantile};

use crate::person::registered;
use crate::{Args, Outcome};

/// Messages that nobody times, so that sessions and caches are there.
const WARM_UP: u32 = 20;

pub(crate) async fn measure(args: &Args, folder: &Path) -> Outcome<Vec<Row>> {
    let relay = Server::relay(&folder.join("relay"))?;
    let (alice, bob) = (registered(&relay, folder, "alice").await?, registered(&relay, folder, "bob").await?);
    let chat = alice.direct("bob").await?;
    let mut incoming = bob.incoming("bench");
    let (mut durable, mut arrived) = (Vec::new(), Vec::new());
    for number in 0..WARM_UP + args.messages {
        let begun = Instant::now();
        chat.send(Draft::text(text(number))).await?;
        let sent = begun.elapsed();
        incoming.next().await.ok_or("bob was closed")??;
        if number >= WARM_UP {
            durable.push(sent.as_secs_f64() * 1e3);
            arrived.push(begun.elapsed().as_secs_f64() * 1e3);
        }
    }
    alice.close().await?;
    bob.close().await?;
    Ok(vec![
        Row::new("send_durable")
            .figure("p50_ms", quantile(&durable, 0.5))
            .figure("p99_ms", quantile(&durable, 0.99)),
        Row::new("send_to_readable")
            .figure("p50_ms", quantile(&arrived, 0.5))
            .figure("p99_ms", quantile(&arrived, 0.99)),
    ])
}

/// A message of a length that people write.
pub(crate) fn text(number: u32) -> String {
    format!("{number}: {}", "see you at the boathouse around seven, bring the long rope. ".repeat(2))
}
