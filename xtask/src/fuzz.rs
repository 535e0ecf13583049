//! Fuzzing: every target of `fuzz/`, as many at once as there are cores.

use std::sync::Mutex;
use std::thread;

use crate::probe::number;
use crate::shell::{Call, Outcome, Trouble, need_subcommand};
use crate::test::install;

/// Seconds that each target runs, unless another number is given.
const SECONDS: &str = "60";

/// One target, or all of them.
pub(crate) fn fuzz(arguments: &[String]) -> Outcome {
    let (target, seconds) = match arguments {
        [] => (None, SECONDS),
        [only] if only.parse::<u64>().is_ok() => (None, only.as_str()),
        [target] => (Some(target), SECONDS),
        [target, seconds] => (Some(target), seconds.as_str()),
        [..] => return Err(Trouble::new("usage: cargo xtask fuzz [TARGET] [SECONDS]")),
    };
    number(seconds)?;
    let all = targets()?;
    let wanted: Vec<&String> =
        all.iter().filter(|name| target.is_none_or(|wanted| *name == wanted)).collect();
    if let (Some(target), []) = (target, wanted.as_slice()) {
        return Err(Trouble::new(format!("there is no target `{target}`; there are {}", all.join(", "))));
    }
    if !Call::new("c++ --version").succeeds() {
        install("a C++ compiler, for libFuzzer", "g++")?;
    }
    need_subcommand("fuzz", "cargo-fuzz")?;
    // libFuzzer needs flags that stable Rust hides.
    Call::new("cargo fuzz build").env("RUSTC_BOOTSTRAP", "1").run()?;
    side_by_side(&wanted, |target| run(target, seconds))
}

fn run(target: &str, seconds: &str) -> Outcome {
    // What is found is kept beside the committed seeds, but not committed.
    let found = format!("fuzz/found/{target}");
    std::fs::create_dir_all(&found).map_err(|e| Trouble::new(format!("cannot make {found}: {e}")))?;
    Call::new("cargo fuzz run")
        .arg(target)
        .arg(found)
        .arg(format!("fuzz/corpus/{target}"))
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .env("RUSTC_BOOTSTRAP", "1")
        .run_quietly()
}

/// Runs `work` for all of `names`, on as many threads as there are cores. Tells every failure.
fn side_by_side(names: &[&String], work: impl Fn(&str) -> Outcome + Sync) -> Outcome {
    let waiting = Mutex::new(names.iter());
    let next = || waiting.lock().ok().and_then(|mut names| names.next().copied());
    let lane = || {
        let mut failures = Vec::new();
        while let Some(name) = next() {
            failures.extend(work(name).err().map(|trouble| format!("{name}: {trouble}")));
        }
        failures
    };
    let lanes = thread::available_parallelism().map_or(1, usize::from);
    let failures: Vec<String> = thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        let ended = lanes.into_iter().map(thread::ScopedJoinHandle::join);
        ended.flat_map(|lane| lane.unwrap_or_else(|_| vec!["a lane panicked".to_owned()])).collect()
    });
    if failures.is_empty() { Ok(()) } else { Err(Trouble::new(failures.join("\n\n"))) }
}

/// The names of `fuzz/fuzz_targets/*.rs`, in order.
fn targets() -> Result<Vec<String>, Trouble> {
    let entries = std::fs::read_dir("fuzz/fuzz_targets")
        .map_err(|e| Trouble::new(format!("cannot read fuzz/fuzz_targets: {e}")))?;
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}
