//! The recipes of Waxwing. `cargo xtask` lists them; people and CI call the same ones.
//!
//! Plain `std`, so that it builds in a second and works on a machine that has nothing but Rust.

#![allow(clippy::print_stdout, clippy::print_stderr)] // a program for the terminal

mod bindings;
mod check;
mod fuzz;
mod interop;
mod measure;
mod probe;
mod shell;
mod test;
mod tidy;
mod tools;

use std::process::ExitCode;

use shell::{Outcome, Trouble};

/// One recipe: its name, what may follow it, what it does.
struct Recipe {
    name: &'static str,
    arguments: &'static str,
    summary: &'static str,
    run: fn(&[String]) -> Outcome,
}

const RECIPES: &[Recipe] = &[
    Recipe {
        name: "check",
        arguments: "",
        summary: "format, clippy, documentation, typos, tidy: nothing may warn",
        run: check::check,
    },
    Recipe {
        name: "test",
        arguments: "[--require-all | ARGS]",
        summary: "every test, those of `bindings` too; ARGS go to cargo test instead",
        run: test::test,
    },
    Recipe {
        name: "bindings",
        arguments: "[LANGUAGE] [--generate | --bless]",
        summary: "the library for other languages, and their packages' tests; --require-all: none left out",
        run: bindings::bindings,
    },
    Recipe { name: "tidy", arguments: "", summary: "the rules that no lint can hold", run: tidy::tidy },
    Recipe {
        name: "sim",
        arguments: "[SEED | --count N]",
        summary: "the simulation: one seed, or a thousand fresh ones",
        run: probe::sim,
    },
    Recipe {
        name: "soak",
        arguments: "[KILLS]",
        summary: "kills real processes at random, long; every message arrives once all the same",
        run: probe::soak,
    },
    Recipe {
        name: "interop",
        arguments: "[ARGS]",
        summary: "the second implementation, in Python, against the crypto crate; ARGS go to unittest",
        run: interop::interop,
    },
    Recipe {
        name: "fuzz",
        arguments: "[TARGET] [SECONDS]",
        summary: "any bytes against whatever reads bytes, 60 s a target; installs cargo-fuzz",
        run: fuzz::fuzz,
    },
    Recipe {
        name: "mutants",
        arguments: "[crypto | REVISION]",
        summary: "breaks the crypto crate, or what changed since then, and asks whether a test notices",
        run: probe::mutants,
    },
    Recipe {
        name: "coverage",
        arguments: "",
        summary: "which lines of the crypto crate its tests reach; installs cargo-tarpaulin",
        run: probe::coverage,
    },
    Recipe {
        name: "vectors",
        arguments: "",
        summary: "writes the golden files anew; the diff is the review",
        run: measure::vectors,
    },
    Recipe {
        name: "bench",
        arguments: "[crypto | relay | client] [--json]",
        summary: "measures, in release",
        run: measure::bench,
    },
    Recipe {
        name: "timing",
        arguments: "",
        summary: "whether the time of a comparison tells what was compared (dudect); on a quiet machine",
        run: measure::timing,
    },
    Recipe {
        name: "deny",
        arguments: "",
        summary: "licences, advisories and sources of every dependency; installs cargo-deny",
        run: tools::deny,
    },
    Recipe {
        name: "msrv",
        arguments: "",
        summary: "builds with the oldest Rust that is promised",
        run: tools::msrv,
    },
    Recipe {
        name: "wasm",
        arguments: "",
        summary: "builds the crypto crate for wasm32-unknown-unknown, where that target is installed",
        run: tools::wasm,
    },
    Recipe {
        name: "semver",
        arguments: "REVISION",
        summary: "the public API against that revision; installs cargo-semver-checks",
        run: tools::semver,
    },
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(name) = arguments.next() else {
        list();
        return ExitCode::SUCCESS;
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        list();
        return ExitCode::SUCCESS;
    }
    let rest: Vec<String> = arguments.collect();
    let found = RECIPES.iter().find(|recipe| recipe.name == name);
    let outcome = shell::enter_workspace().and_then(|()| match found {
        Some(recipe) => (recipe.run)(&rest),
        None => Err(Trouble::new(format!("there is no recipe `{name}`; `cargo xtask` lists them"))),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("xtask: {trouble}");
            ExitCode::FAILURE
        }
    }
}

fn list() {
    println!("cargo xtask RECIPE\n");
    for recipe in RECIPES {
        let usage = format!("{} {}", recipe.name, recipe.arguments);
        println!("  {usage:<42} {}", recipe.summary);
    }
}
