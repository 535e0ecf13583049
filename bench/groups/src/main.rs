//! Measures groups: real engines with stores in memory and the real core of the relay, in one process without sockets; and a device
//! that was away, which is the client with its sealed database and a relay process.

mod away;
mod clock;
mod device;
mod large;
mod mls;
mod seal;
mod socket;
mod stage;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use waxwing_bench::{Report, Row};

/// Whatever went wrong: a bench only says it.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Measures groups.
#[derive(Debug, Clone, Parser)]
struct Args {
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// Accounts in the large group, each with two devices
    #[arg(long, default_value_t = 256)]
    members: usize,
    /// Messages that wait for a device that comes back
    #[arg(long, default_value_t = 10_000)]
    backlog: u32,
    /// Members who wrote them
    #[arg(long, default_value_t = 50)]
    senders: u32,
    /// How often the device comes back to the same messages
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Folder for the data, on the disk that shall be measured
    #[arg(long)]
    data: Option<PathBuf>,
    /// Only scenarios whose name has this in it: seal, large, away
    #[arg(long, default_value = "")]
    only: String,
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

fn run(args: &Args, report: &Report) -> Outcome<()> {
    for scenario in ["seal", "large", "away"] {
        if !scenario.contains(&args.only) {
            continue;
        }
        let rows = match scenario {
            "seal" => seal::measure()?,
            "large" => large::measure(args)?,
            _ => away::measure(args)?,
        };
        rows.iter().for_each(|row| report.row(row));
    }
    Ok(())
}
