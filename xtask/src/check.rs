//! `check`: what must hold before a change is looked at.

use crate::shell::{Call, Outcome, Trouble, no_arguments};
use crate::test::need_build_tools;
use crate::tidy;

/// Format, clippy, documentation, typos, tidy. The quickest first.
pub(crate) fn check(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    need_component("rustfmt", "fmt")?;
    need_component("clippy", "clippy")?;
    need_build_tools()?;

    Call::new("cargo fmt --all --check").run()?;
    for apart in ["fuzz/Cargo.toml", "bench/timing/Cargo.toml", "bench/mls/Cargo.toml"] {
        Call::new("cargo fmt --check --manifest-path").arg(apart).run()?;
    }
    tidy::tidy(&[])?;
    typos()?;
    Call::new("cargo clippy --workspace --all-targets -- -D warnings").run()?;
    Call::new("cargo doc --workspace --no-deps").env("RUSTDOCFLAGS", "-D warnings").run()
}

/// A fresh Rust may lack its formatter and its linter.
fn need_component(component: &str, subcommand: &str) -> Outcome {
    let here = || Call::new("cargo").arg(subcommand).arg("--version").succeeds();
    if here() {
        return Ok(());
    }
    println!("{component} is not installed");
    let added = Call::new("rustup component add").arg(component).run();
    if added.is_ok() && here() {
        return Ok(());
    }
    Err(Trouble::new(format!("{component} is missing: `rustup component add {component}`")))
}

fn typos() -> Outcome {
    if Call::new("typos --version").succeeds() {
        return Call::new("typos").run();
    }
    println!("typos is not installed: spelling was not checked (`cargo install typos-cli`)");
    Ok(())
}
