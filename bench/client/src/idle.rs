//! A client that is online while nobody writes: it writes nothing to the disk either.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use waxwing::Draft;
use waxwing_bench::server::Server;
use waxwing_bench::{Bar, Row};

use crate::person::registered;
use crate::{Args, Outcome};

/// What a last message leaves to do, receipts and checkpoints, is done by then.
const SETTLE: Duration = Duration::from_secs(5);

pub(crate) async fn measure(args: &Args, folder: &Path) -> Outcome<Vec<Row>> {
    let relay = Server::relay(&folder.join("relay"))?;
    let stores = folder.join("stores");
    fs::create_dir(&stores)?;
    let (alice, bob) =
        (registered(&relay, &stores, "alice").await?, registered(&relay, &stores, "bob").await?);
    let mut incoming = bob.incoming("bench");
    alice.direct("bob").await?.send(Draft::text("the last word")).await?;
    let message = incoming.next().await.ok_or("bob was closed")??;
    incoming.done(&message).await?;
    tokio::time::sleep(SETTLE).await;

    let (bytes, files) = (written_bytes()?, state(&stores)?);
    tokio::time::sleep(Duration::from_secs(args.idle_seconds)).await;
    let written = written_bytes()? - bytes;
    let changed = state(&stores)?.iter().filter(|file| !files.contains(file)).count();
    alice.close().await?;
    bob.close().await?;
    Ok(vec![
        Row::new("idle_writes")
            .figure("clients", 2.0)
            .figure("seconds", args.idle_seconds as f64)
            .figure("written_bytes", written)
            .figure("changed_files", changed as f64)
            .bar(Bar::AtMost("written_bytes", 0.0))
            .bar(Bar::AtMost("changed_files", 0.0)),
    ])
}

/// Bytes that this process, which is not the relay, caused to be written to a disk.
fn written_bytes() -> Outcome<f64> {
    let io = fs::read_to_string("/proc/self/io")?;
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(line.ok_or("no write_bytes in the process's io")?.trim().parse()?)
}

/// Name, size and time of change of each file of the stores.
fn state(folder: &Path) -> Outcome<Vec<(String, u64, SystemTime)>> {
    fs::read_dir(folder)?
        .map(|file| {
            let file = file?;
            let about = file.metadata()?;
            Ok((file.file_name().to_string_lossy().into_owned(), about.len(), about.modified()?))
        })
        .collect()
}
