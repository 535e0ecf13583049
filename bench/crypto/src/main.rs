//! Measures sessions of Waxwing beside `vodozemac`, and beside the bare primitives, in one process.
//!
//! What counts is the CPU time of the one thread, so that a busy machine disturbs little; batches of the three sides take
//! turns, so that what still disturbs disturbs all three.

mod clock;
mod compare;
mod files;
mod floor;
mod group;
mod group_rows;
mod ours;
mod peer;
mod rows;

use clap::Parser;
use waxwing_bench::Report;

/// Bytes of plaintext in each message.
const PLAINTEXT_BYTES: usize = 1024;

/// Measures encryption of two devices.
#[derive(Debug, Parser)]
struct Args {
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// Batches of each side
    #[arg(long, default_value_t = 200)]
    batches: u32,
    /// Only rows whose name has this in it
    #[arg(long, default_value = "")]
    only: String,
}

fn main() {
    let args = Args::parse();
    let report = Report::new(args.json);
    for (name, measure) in rows::ALL {
        if name.contains(&args.only) {
            report.row(&measure(name, args.batches));
        }
    }
}
