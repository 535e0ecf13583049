//! Builds a bench and runs it: `cargo run --release -p waxwing-bench -- crypto --json`.
//!
//! Each bench is a package of its own, so that the quick ones never wait for the slow ones' dependencies.

use std::path::Path;
use std::process::{Command, ExitCode};

use clap::{Parser, ValueEnum};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    Crypto,
    Relay,
    Client,
    Groups,
}

/// Runs the benches of Waxwing.
#[derive(Debug, Parser)]
struct Args {
    /// What to measure; everything when it is not named
    which: Option<Which>,
    /// Options of the bench, as `--json`; `--help` of a named bench lists them
    #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
    options: Vec<String>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let all = [Which::Crypto, Which::Relay, Which::Client, Which::Groups];
    let chosen = args.which.map_or(all.to_vec(), |which| vec![which]);
    let ran = chosen.into_iter().all(|which| run(which, &args.options));
    if ran { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(which: Which, options: &[String]) -> bool {
    match which {
        Which::Crypto => bench("waxwing-bench-crypto", options),
        Which::Relay => relay() && bench("waxwing-bench-relay", options),
        Which::Client => relay() && bench("waxwing-bench-client", options),
        Which::Groups => relay() && openmls() && bench("waxwing-bench-groups", options),
    }
}

/// The relay is measured as operators run it, built by itself; the benches find it beside their own program.
fn relay() -> bool {
    cargo(&["build", "--release", "--package", "waxwing-relay"], &[])
}

/// The peer of groups stands in a workspace of its own, and is put beside the other programs.
fn openmls() -> bool {
    let target = std::env::current_exe().ok();
    let target = target.as_deref().and_then(Path::parent).and_then(Path::parent).and_then(Path::to_str);
    target.is_some_and(|target| {
        cargo(&["build", "--release", "--manifest-path", "bench/mls/Cargo.toml", "--target-dir", target], &[])
    })
}

fn bench(package: &str, options: &[String]) -> bool {
    cargo(&["run", "--release", "--package", package, "--"], options)
}

/// Runs the cargo that runs us.
fn cargo(words: &[&str], options: &[String]) -> bool {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(cargo).args(words).args(options).status().is_ok_and(|status| status.success())
}
