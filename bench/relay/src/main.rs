//! Puts load on `waxwing-relay` as operators run it: its own process, real sockets, real syncs of the disk, logged-in devices.
//!
//! `mosquitto` (MQTT, QoS 1) gets the same pairs and windows in turns with it, where it is installed.

mod devices;
mod disk;
mod drain;
mod groups;
mod idle;
mod latency;
mod link;
mod mqtt;
mod pairs;
mod stage;
mod waxwing;
mod websocket;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use waxwing_bench::{Report, Row};

/// Measures the relay.
#[derive(Debug, Clone, Parser)]
struct Args {
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// Seconds of each turn under load
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Turns of each side
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Connections that stay idle, for the memory of one; at most 18,000
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(1..=18_000))]
    idle: u32,
    /// Mailboxes that are drained
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(1..=18_000))]
    mailboxes: u32,
    /// Threads that make the load
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Folder for the data, on the disk that shall be measured
    #[arg(long)]
    data: Option<PathBuf>,
    /// Only scenarios whose name has this in it: disk, fan_out, group_log, pairs, latency, idle, drain
    #[arg(long, default_value = "")]
    only: String,
}

impl Args {
    fn turn(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    fn wants(&self, name: &str) -> bool {
        name.contains(&self.only)
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let report = Report::new(args.json);
    match run(&args, &report) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report.row(&Row::new("failed").note("why", error.to_string()));
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args, report: &Report) -> io::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(args.threads).enable_all().build()?;
    runtime.block_on(async {
        let stage = stage::Stage::set(args)?;
        if stage.mosquitto().is_none() {
            report.row(&Row::new("mosquitto").note("peer", "not installed: there are no ratios"));
        }
        if args.wants("disk") {
            report.row(&disk::measure(stage.folder())?);
        }
        if args.wants("fan_out") {
            report.row(&groups::fan_out(&stage).await?);
        }
        if args.wants("group_log") {
            for row in groups::log(&stage).await? {
                report.row(&row);
            }
        }
        if args.wants("pairs") {
            for (count, window) in [(200, 1), (200, 16), (1_000, 1), (1_000, 16)] {
                report.row(&pairs::measure(args, &stage, count, window).await?);
            }
        }
        if args.wants("latency") {
            for rate in [2_000, 10_000] {
                report.row(&latency::measure(args, &stage, rate).await?);
            }
        }
        if args.wants("idle") {
            report.row(&idle::measure(args, &stage).await?);
        }
        if args.wants("drain") {
            for row in drain::measure(args, &stage).await? {
                report.row(&row);
            }
        }
        Ok(())
    })
}
