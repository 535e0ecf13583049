//! Closed loop: each pair keeps so many messages in flight, and none is done before it is both accepted and delivered.

use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use waxwing_bench::server::{Server, cpu_us};
use waxwing_bench::{Bar, Row, Summary, median};

use crate::Args;
use crate::devices::devices;
use crate::link::{Link, Seen, Speaker};
use crate::mqtt;
use crate::stage::Stage;
use crate::waxwing::{Waxwing, greet};

/// How long a pair may take to finish what is in flight when its turn is over.
const FINISH_MAX: Duration = Duration::from_secs(10);
/// Connections that are opened at once.
const OPENING: usize = 64;

/// A sender and its receiver.
pub(crate) type Pair<S> = (Link<S>, Link<S>);

/// What one turn did.
struct Turn {
    per_second: f64,
    server_us: f64,
    generator_us: f64,
}

pub(crate) async fn measure(args: &Args, stage: &Stage, count: u32, window: u64) -> io::Result<Row> {
    let relay = Server::relay(&stage.fresh_data())?;
    let mosquitto = stage.start_mosquitto()?;
    let mut ours = waxwing_pairs(&relay, count).await?;
    let mut theirs = match &mosquitto {
        Some(server) => opened(count, |number| mqtt::pair(server.address, number)).await?,
        None => Vec::new(),
    };
    let (mut turns, mut peer_turns) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        turns.push(turn(&mut ours, window, args.turn(), &relay).await?);
        if let Some(server) = &mosquitto {
            peer_turns.push(turn(&mut theirs, window, args.turn(), server).await?);
        }
    }
    Ok(row(&turns, &peer_turns, count, window))
}

fn row(turns: &[Turn], peer_turns: &[Turn], count: u32, window: u64) -> Row {
    let each = |turns: &[Turn], figure: fn(&Turn) -> f64| turns.iter().map(figure).collect::<Vec<f64>>();
    let rates = each(turns, |turn| turn.per_second);
    let rate = Summary::of(&rates);
    let peer = (!peer_turns.is_empty()).then(|| each(peer_turns, |turn| turn.per_second));
    let ratio = peer.as_ref().map(|peer| {
        let ratios: Vec<f64> = rates.iter().zip(peer).map(|(ours, theirs)| ours / theirs).collect();
        median(&ratios)
    });
    let row = Row::new(format!("pairs_{count}_window_{window}"))
        .figure("waxwing_per_s", rate.median)
        .figure_if("mosquitto_per_s", peer.map(|peer| median(&peer)))
        .figure_if("ratio", ratio)
        .figure("waxwing_spread", rate.spread)
        .figure("waxwing_cpu_us", median(&each(turns, |turn| turn.server_us)))
        .figure_if(
            "mosquitto_cpu_us",
            (!peer_turns.is_empty()).then(|| median(&each(peer_turns, |turn| turn.server_us))),
        )
        .figure("generator_cpu_us", median(&each(turns, |turn| turn.generator_us)));
    match (count, window) {
        (1_000, 1) => row.bar(Bar::AtLeast("ratio", 1.1)),
        (1_000, 16) => row.bar(Bar::AtLeast("ratio", 6.0)),
        _ => row,
    }
}

/// Pairs of devices that were registered on this relay just now.
pub(crate) async fn waxwing_pairs(relay: &Server, count: u32) -> io::Result<Vec<Pair<Waxwing>>> {
    let address = relay.address;
    opened(count, |number| async move {
        let (sender, receiver) = (&devices(number, 1)[0], &devices(count + number, 1)[0]);
        let mut receiving = greet(address, Vec::new()).await?.register(receiver).await?;
        receiving.drain().await?;
        let mut sending = greet(address, vec![receiver.clone()]).await?.register(sender).await?;
        sending.drain().await?;
        Ok((sending, receiving))
    })
    .await
}

/// Opens many, a few at a time.
pub(crate) async fn opened<T, F>(count: u32, open: impl Fn(u32) -> F) -> io::Result<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = io::Result<T>> + Send + 'static,
{
    let mut opening = tokio::task::JoinSet::new();
    let mut all = Vec::new();
    for number in 0..count {
        if opening.len() >= OPENING
            && let Some(opened) = opening.join_next().await
        {
            all.push(opened??);
        }
        opening.spawn(open(number));
    }
    while let Some(opened) = opening.join_next().await {
        all.push(opened??);
    }
    Ok(all)
}

async fn turn<S: Speaker>(
    pairs: &mut Vec<Pair<S>>,
    window: u64,
    length: Duration,
    server: &Server,
) -> io::Result<Turn> {
    let (server_before, generator_before) = (server.cpu_us()?, cpu_us("self")?);
    let until = Instant::now() + length;
    let mut running = tokio::task::JoinSet::new();
    for pair in pairs.drain(..) {
        let all = run(pair, window, until);
        running.spawn(async move { tokio::time::timeout(length + FINISH_MAX, all).await });
    }
    let (mut in_time, mut whole) = (0, 0);
    while let Some(ended) = running.join_next().await {
        let (pair, counted) = ended??.map_err(|error| io::Error::other(format!("a pair: {error}")))?;
        pairs.push(pair);
        in_time += counted.in_time;
        whole += counted.whole;
    }
    let each = whole.max(1) as f64;
    Ok(Turn {
        per_second: in_time as f64 / length.as_secs_f64(),
        server_us: (server.cpu_us()? - server_before) / each,
        generator_us: (cpu_us("self")? - generator_before) / each,
    })
}

struct Counted {
    in_time: u64,
    whole: u64,
}

async fn run<S: Speaker>(
    (mut sender, mut receiver): Pair<S>,
    window: u64,
    until: Instant,
) -> io::Result<(Pair<S>, Counted)> {
    let (mut sent, mut delivered, mut in_time) = (0, 0, 0);
    let mut seen = Seen::default();
    loop {
        let over = Instant::now() >= until;
        let done = delivered.min(seen.accepted);
        if !over {
            in_time = delivered;
            (sent..done + window).for_each(|tag| sender.send(tag));
            sent = done + window;
            sender.flush().await?;
        } else if done == sent {
            return Ok(((sender, receiver), Counted { in_time, whole: sent }));
        }
        tokio::select! {
            filled = sender.fill() => { filled?; sender.read(&mut seen).await?; }
            filled = receiver.fill() => { filled?; receiver.read(&mut seen).await?; }
        }
        delivered += seen.delivered.drain(..).count() as u64;
    }
}
