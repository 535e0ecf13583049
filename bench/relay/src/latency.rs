//! Open loop: messages leave by the clock, however slow the answers are; each is timed from its write to its delivery.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::AsyncReadExt as _;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use waxwing_bench::{Bar, Row, median, quantile};

use crate::Args;
use crate::link::{Link, Seen, Speaker};
use crate::mqtt;
use crate::pairs::{Pair, opened, waxwing_pairs};
use crate::stage::Stage;
use waxwing_bench::server::Server;

/// Pairs that share the load.
const PAIRS: u32 = 200;
/// How long the last messages may take.
const FINISH_MAX: Duration = Duration::from_secs(5);
/// Turns have fresh connections, so that their sockets can be divided among threads.
struct Turn {
    p50_us: f64,
    p99_us: f64,
    cpu_us: f64,
    /// How late the 99th percentile of the messages left, in microseconds.
    late_us: f64,
    lost: u64,
}

pub(crate) async fn measure(args: &Args, stage: &Stage, rate: u32) -> io::Result<Row> {
    let mosquitto = stage.start_mosquitto()?;
    let (mut turns, mut peer_turns) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        let relay = Server::relay(&stage.fresh_data())?;
        let pairs = waxwing_pairs(&relay, PAIRS).await?;
        turns.push(turn(pairs, rate, args.turn(), &relay).await?);
        if let Some(server) = &mosquitto {
            let pairs = opened(PAIRS, |number| mqtt::pair(server.address, number)).await?;
            peer_turns.push(turn(pairs, rate, args.turn(), server).await?);
        }
    }
    Ok(row(&turns, &peer_turns, rate))
}

fn row(turns: &[Turn], peer_turns: &[Turn], rate: u32) -> Row {
    let of = |turns: &[Turn], figure: fn(&Turn) -> f64| {
        (!turns.is_empty()).then(|| median(&turns.iter().map(figure).collect::<Vec<f64>>()))
    };
    let (p50_bar, p99_bar) = if rate <= 2_000 { (90.0, 300.0) } else { (150.0, 700.0) };
    let row = Row::new(format!("latency_{rate}_per_s"))
        .figure_if("waxwing_p50_us", of(turns, |turn| turn.p50_us))
        .figure_if("waxwing_p99_us", of(turns, |turn| turn.p99_us))
        .figure_if("mosquitto_p50_us", of(peer_turns, |turn| turn.p50_us))
        .figure_if("mosquitto_p99_us", of(peer_turns, |turn| turn.p99_us))
        .figure_if("waxwing_cpu_us", of(turns, |turn| turn.cpu_us))
        .figure_if("mosquitto_cpu_us", of(peer_turns, |turn| turn.cpu_us))
        .figure_if("pacer_late_p99_us", of(turns, |turn| turn.late_us))
        .figure("lost", turns.iter().map(|turn| turn.lost).sum::<u64>() as f64)
        .bar(Bar::AtMost("waxwing_p50_us", p50_bar))
        .bar(Bar::AtMost("waxwing_p99_us", p99_bar))
        .bar(Bar::AtMost("lost", 0.0));
    if rate == 10_000 { row.bar(Bar::AtMost("waxwing_cpu_us", 40.0)) } else { row }
}

async fn turn<S: Speaker>(
    pairs: Vec<Pair<S>>,
    rate: u32,
    length: Duration,
    server: &Server,
) -> io::Result<Turn> {
    let cpu_before = server.cpu_us()?;
    let begun = Instant::now();
    let over = Arc::new(AtomicBool::new(false));
    let delivered = Arc::new(AtomicU64::new(0));
    let (mut writers, mut receivers) = (Vec::new(), tokio::task::JoinSet::new());
    for (sender, receiver) in pairs {
        let (reading, writing) = sender.stream.into_split();
        writers.push((sender.speaker, writing));
        tokio::spawn(ignore(reading));
        receivers.spawn(receive(receiver, begun, delivered.clone(), over.clone()));
    }
    let pacing = std::thread::spawn(move || pace(writers, rate, length, begun));
    let paced = tokio::task::spawn_blocking(move || pacing.join()).await?;
    let (sent, late, _open) = paced.map_err(|_| io::Error::other("the pacer panicked"))??;
    let finish_by = Instant::now() + FINISH_MAX;
    while delivered.load(Ordering::Relaxed) < sent && Instant::now() < finish_by {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let cpu_us = (server.cpu_us()? - cpu_before) / sent as f64;
    over.store(true, Ordering::Relaxed);
    let mut took = Vec::new();
    while let Some(received) = receivers.join_next().await {
        took.extend(received??);
    }
    Ok(Turn {
        p50_us: quantile(&took, 0.5),
        p99_us: quantile(&took, 0.99),
        cpu_us,
        late_us: quantile(&late, 0.99),
        lost: sent.saturating_sub(took.len() as u64),
    })
}

/// What a pacer did: how many messages left, how late each, and the sockets, which stay open for the answers.
type Paced<S> = (u64, Vec<f64>, Vec<(S, OwnedWriteHalf)>);

/// Sends by the clock, from a thread of its own: the timers of the runtime are a millisecond coarse.
fn pace<S: Speaker>(
    mut writers: Vec<(S, OwnedWriteHalf)>,
    rate: u32,
    length: Duration,
    begun: Instant,
) -> io::Result<Paced<S>> {
    let first = begun.elapsed();
    let mut late = Vec::new();
    let mut output = BytesMut::new();
    let count = u64::from(rate) * length.as_secs();
    for number in 0..count {
        let due = first + Duration::from_nanos(number * 1_000_000_000 / u64::from(rate));
        if let Some(early) = due.checked_sub(begun.elapsed()) {
            std::thread::sleep(early);
        }
        let now = begun.elapsed();
        late.push(now.saturating_sub(due).as_secs_f64() * 1e6);
        let place = usize::try_from(number).unwrap_or(0) % writers.len();
        let (speaker, socket) = &mut writers[place];
        speaker.send(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX), &mut output);
        while !output.is_empty() {
            match socket.try_write(&output) {
                Ok(written) => drop(output.split_to(written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::yield_now(),
                Err(error) => return Err(error),
            }
        }
    }
    Ok((count, late, writers))
}

/// Takes deliveries until the turn is over: how long each took, in microseconds.
async fn receive<S: Speaker>(
    mut link: Link<S>,
    begun: Instant,
    delivered: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
) -> io::Result<Vec<f64>> {
    let mut took = Vec::new();
    let mut seen = Seen::default();
    while !over.load(Ordering::Relaxed) {
        match tokio::time::timeout(Duration::from_millis(100), link.fill()).await {
            Ok(filled) => filled?,
            Err(_) => continue,
        }
        let now = begun.elapsed();
        link.read(&mut seen).await?;
        delivered.fetch_add(seen.delivered.len() as u64, Ordering::Relaxed);
        let since = |tag| now.saturating_sub(Duration::from_nanos(tag)).as_secs_f64() * 1e6;
        took.extend(seen.delivered.drain(..).map(since));
    }
    Ok(took)
}

/// Reads what the sender is told, so that its socket never fills up. Ends with the connection.
async fn ignore(mut reading: OwnedReadHalf) {
    let mut buffer = vec![0; 8 * 1024];
    while matches!(reading.read(&mut buffer).await, Ok(1..)) {}
}
