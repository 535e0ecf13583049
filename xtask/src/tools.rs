//! Recipes that call one tool of the Rust world each.

use std::collections::BTreeSet;
use std::path::Path;

use crate::shell::{Call, Outcome, Trouble, need_subcommand, no_arguments};
use crate::test::need_build_tools;

/// The crates whose public API is a promise.
const PUBLIC: &[&str] = &["waxwing", "waxwing-crypto", "waxwing-engine", "waxwing-relay", "waxwing-wire"];

/// Licences, advisories, sources.
pub(crate) fn deny(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    need_subcommand("deny", "cargo-deny")?;
    Call::new("cargo deny --all-features check").run()
}

/// The oldest Rust that the manifest promises.
pub(crate) fn msrv(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    need_build_tools()?;
    let manifest = std::fs::read_to_string("Cargo.toml")
        .map_err(|e| Trouble::new(format!("cannot read Cargo.toml: {e}")))?;
    let version = manifest
        .lines()
        .find_map(|line| line.trim().strip_prefix("rust-version = \"")?.strip_suffix('"'))
        .ok_or_else(|| Trouble::new("Cargo.toml names no rust-version"))?;
    if !Call::new("cargo").arg(format!("+{version}")).arg("--version").succeeds() {
        let words = format!("Rust {version} is not installed: `rustup toolchain install {version}`");
        return Err(Trouble::new(words));
    }
    Call::new("cargo").arg(format!("+{version}")).arg("check").arg("--workspace").run()
}

/// The crypto crate for browsers and other hosts of WebAssembly.
pub(crate) fn wasm(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let target = "wasm32-unknown-unknown";
    let tree =
        Call::new("cargo tree --package waxwing-crypto --edges normal --prefix none --target").arg(target);
    let tree = tree.output().ok_or_else(|| Trouble::new("cargo tree failed"))?;
    let crates: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    if crates.contains("getrandom") {
        return Err(Trouble::new(
            "waxwing-crypto depends on getrandom, which has no source of randomness there",
        ));
    }
    println!(
        "waxwing-crypto takes randomness as an argument: no getrandom in its {} crates",
        tree.lines().count()
    );
    let library = Call::new("rustc --print target-libdir --target").arg(target).output();
    if !library.is_some_and(|folder| Path::new(folder.trim()).exists()) {
        let words = format!("{target} is not installed, so nothing was built: `rustup target add {target}`");
        return Err(Trouble::new(words));
    }
    Call::new("cargo build --package waxwing-crypto --target").arg(target).run()
}

/// The public API against a revision.
pub(crate) fn semver(arguments: &[String]) -> Outcome {
    let [revision] = arguments else {
        return Err(Trouble::new("usage: cargo xtask semver REVISION, such as the tag of a release"));
    };
    need_build_tools()?;
    need_subcommand("semver-checks", "cargo-semver-checks")?;
    let call = Call::new("cargo semver-checks --baseline-rev").arg(revision);
    PUBLIC.iter().fold(call, |call, package| call.arg("--package").arg(*package)).run()
}
