//! Measures what an app waits for: the client through its public interface, with its sealed database and a real relay.

mod backlog;
mod conversation;
mod fill;
mod idle;
mod link;
mod open;
mod person;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use waxwing_bench::{Report, Row};

/// Whatever went wrong: a bench only says it.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Longest that any one scenario may take.
const SCENARIO_MAX: Duration = Duration::from_secs(600);

/// Measures the client.
#[derive(Debug, Clone, Parser)]
struct Args {
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// Messages sent one after the other
    #[arg(long, default_value_t = 500)]
    messages: u32,
    /// Messages that wait for a device that comes back
    #[arg(long, default_value_t = 10_000)]
    backlog: u32,
    /// Conversations of the large store
    #[arg(long, default_value_t = 1_000)]
    conversations: u32,
    /// Messages in each of them
    #[arg(long, default_value_t = 100)]
    each: u32,
    /// Seconds in which nothing may be written
    #[arg(long, default_value_t = 60)]
    idle_seconds: u64,
    /// Folder for the data, on the disk that shall be measured
    #[arg(long)]
    data: Option<PathBuf>,
    /// Messages of the past of an account to which a device is linked; a tenth of it is measured beside it
    #[arg(long, default_value_t = 100_000)]
    link_messages: u32,
    /// Only scenarios whose name has this in it: send, backlog, open, idle, link
    #[arg(long, default_value = "")]
    only: String,
    /// One side of a linking, which another process of this program asks for
    #[arg(long, hide = true, requires_all = ["relay", "data"])]
    role: Option<link::Role>,
    /// Where the relay of that linking is
    #[arg(long, hide = true)]
    relay: Option<String>,
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
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if let (Some(role), Some(relay), Some(folder)) = (args.role, &args.relay, &args.data) {
        return runtime.block_on(link::play(role, relay, folder));
    }
    let folder = match &args.data {
        Some(parent) => tempfile::tempdir_in(parent)?,
        None => tempfile::tempdir()?,
    };
    for scenario in ["send", "backlog", "open", "idle", "link"] {
        if !scenario.contains(&args.only) {
            continue;
        }
        let place = folder.path().join(scenario);
        std::fs::create_dir(&place)?;
        let rows = runtime.block_on(async {
            let measured = async {
                match scenario {
                    "send" => conversation::measure(args, &place).await,
                    "backlog" => backlog::measure(args, &place).await,
                    "open" => open::measure(args, &place).await,
                    "link" => link::measure(args, &place).await,
                    _ => idle::measure(args, &place).await,
                }
            };
            tokio::time::timeout(SCENARIO_MAX, measured).await
        })??;
        rows.iter().for_each(|row| report.row(row));
    }
    Ok(())
}
