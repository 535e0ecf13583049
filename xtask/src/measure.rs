//! Golden files, and numbers.

use crate::shell::{Call, Outcome, Trouble, no_arguments};
use crate::test::need_build_tools;

/// What can be measured.
const BENCHES: &[&str] = &["crypto", "relay", "client"];

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
