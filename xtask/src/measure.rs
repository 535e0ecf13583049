//! Golden files, and numbers.

use crate::shell::{Call, Outcome, Trouble, no_arguments};
use crate::test::need_build_tools;

/// What can be measured.
const BENCHES: &[&str] = &["crypto", "relay", "client", "groups"];

/// Writes every golden file anew.
pub(crate) fn vectors(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let golden = |words: &str| Call::new(words).env("UPDATE_GOLDEN", "1").env("WAXWING_GOLDEN", "1");
    golden("cargo test --package waxwing-crypto --test vectors").run()?;
    golden("cargo test --package waxwing-wire --test golden").run()?;
    println!(
        "written; now read `git diff`: bytes that changed are bytes that released clients do not understand"
    );
    Ok(())
}

/// One bench, or all in turn; what follows its name goes to the bench.
pub(crate) fn bench(arguments: &[String]) -> Outcome {
    let (name, options) = match arguments.split_first() {
        Some((name, options)) if !name.starts_with('-') => (Some(name.as_str()), options),
        Some(_) | None => (None, arguments),
    };
    if let Some(name) = name.filter(|name| !BENCHES.contains(name)) {
        return Err(Trouble::new(format!("there is no bench `{name}`; there are {}", BENCHES.join(", "))));
    }
    need_build_tools()?;
    for bench in BENCHES.iter().filter(|bench| name.is_none_or(|name| name == **bench)) {
        Call::new("cargo run --release --package waxwing-bench --").arg(*bench).args(options).run()?;
    }
    Ok(())
}

/// Above this, the times of two classes are different (dudect: 4.5 is suspicious, 10 is certain).
const T_CERTAIN: f64 = 10.0;

/// Whether the time of a comparison tells what was compared. Wants a quiet machine.
pub(crate) fn timing(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let call =
        Call::new("cargo run --release --manifest-path bench/timing/Cargo.toml --target-dir target/timing");
    println!("$ {call}");
    let said = call.output().ok_or_else(|| Trouble::new("the measurement did not run"))?;
    let mut leaks = Vec::new();
    let mut caught = false;
    for line in said.lines() {
        let Some((name, t)) = largest_t(line) else { continue };
        let different = t.abs() > T_CERTAIN;
        println!(
            "{name:<24} t = {t:+9.2}  {}",
            if different { "its time tells" } else { "its time tells nothing" }
        );
        if name == "control_that_leaks" {
            caught = different;
        } else if different {
            leaks.push(name);
        }
    }
    match (caught, leaks.as_slice()) {
        (false, _) => {
            Err(Trouble::new("the control leaks, and was not caught: the machine is too busy to measure"))
        }
        (true, []) => Ok(()),
        (true, [..]) => Err(Trouble::new(format!("not in constant time: {}", leaks.join(", ")))),
    }
}

/// `bench NAME ... max t = +1.23, ...`
fn largest_t(line: &str) -> Option<(&str, f64)> {
    let name = line.strip_prefix("bench ")?.split_whitespace().next()?;
    let (_, t) = line.split_once("max t = ")?;
    Some((name, t.split(',').next()?.trim().parse().ok()?))
}
