//! Looking for trouble: the simulation, the soak, mutants, coverage.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::shell::{Call, Outcome, Trouble, need_subcommand, no_arguments};
use crate::test::need_build_tools;

/// Kills of one soak, unless another number is given.
const SOAK_KILLS: &str = "500";

/// Messages of one soak.
const SOAK_MESSAGES: &str = "10000";

/// Seeds of one run of the simulation, unless another number is given.
const SIM_SEEDS: &str = "1000";

/// One seed, or many. Without arguments: fresh ones.
pub(crate) fn sim(arguments: &[String]) -> Outcome {
    let simulate =
        || Call::new("cargo run --release --package waxwing-simulation --bin waxwing-sim --").args(arguments);
    let is_count = arguments.first().is_some_and(|argument| argument == "--count");
    let names_seeds =
        arguments.iter().any(|argument| argument == "--from") || !(arguments.is_empty() || is_count);
    if names_seeds {
        return simulate().run();
    }
    // The call is printed, so the seeds can be run again.
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let from = since_epoch.as_secs().to_string();
    let simulate = if is_count { simulate() } else { simulate().arg("--count").arg(SIM_SEEDS) };
    simulate.arg("--from").arg(from).run()
}

/// The survival test, with bigger numbers.
pub(crate) fn soak(arguments: &[String]) -> Outcome {
    let kills = match arguments {
        [] => SOAK_KILLS,
        [kills] => kills,
        [..] => return Err(Trouble::new("usage: cargo xtask soak [KILLS]")),
    };
    number(kills)?;
    need_build_tools()?;
    // The test starts the relay's program: it must be there.
    Call::new("cargo build --package waxwing-relay --package waxwing-chat --bins").run()?;
    Call::new("cargo test --package waxwing-chat --test survival -- --nocapture")
        .env("WAXWING_SOAK_KILLS", kills)
        .env("WAXWING_SOAK_MESSAGES", SOAK_MESSAGES)
        .run()
}

/// Breaks one thing at a time, and asks whether a test notices: in the crypto crate, or in the lines that changed since a revision.
pub(crate) fn mutants(arguments: &[String]) -> Outcome {
    match arguments {
        [] => mutants_since("HEAD~1"),
        [all, options @ ..] if all == "crypto" => {
            need_subcommand("mutants", "cargo-mutants")?;
            Call::new("cargo mutants --package waxwing-crypto --output target/mutants").args(options).run()
        }
        [revision] => mutants_since(revision),
        [..] => Err(Trouble::new("usage: cargo xtask mutants [crypto [OPTIONS] | REVISION]")),
    }
}

fn mutants_since(revision: &str) -> Outcome {
    need_subcommand("mutants", "cargo-mutants")?;
    let diff = Call::new("git diff").arg(revision).arg("--").arg("crypto/src").arg("sdk/engine/src").output();
    let diff = diff.ok_or_else(|| Trouble::new(format!("git knows no difference to `{revision}`")))?;
    if diff.trim().is_empty() {
        println!("crypto/src and sdk/engine/src are as they were at {revision}");
        return Ok(());
    }
    let file = std::env::temp_dir().join(format!("waxwing-mutants-{}.diff", std::process::id()));
    std::fs::write(&file, diff).map_err(|e| Trouble::new(format!("cannot write {}: {e}", file.display())))?;
    let outcome = Call::new("cargo mutants --package waxwing-crypto --package waxwing-engine")
        .arg("--test-package=waxwing-crypto,waxwing-engine,waxwing-simulation")
        .arg("--output=target/mutants")
        .arg("--in-diff")
        .arg(file.display().to_string())
        .run();
    // A file left in the temporary folder does no harm.
    let _ = std::fs::remove_file(&file);
    outcome
}

/// Which lines of the crypto crate its tests reach.
pub(crate) fn coverage(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    need_subcommand("tarpaulin", "cargo-tarpaulin")?;
    Call::new("cargo tarpaulin --package waxwing-crypto --tests --include-files crypto/src/*")
        .arg("--exclude-files=crypto/src/primitives.rs")
        .arg("--target-dir=target/coverage")
        .arg("--fail-under=95")
        .run()
}

pub(crate) fn number(text: &str) -> Outcome {
    match text.parse::<u64>() {
        Ok(_) => Ok(()),
        Err(_) => Err(Trouble::new(format!("`{text}` is not a number"))),
    }
}
