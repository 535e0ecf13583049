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

/// One bench, or all in turn.
pub(crate) fn bench(arguments: &[String]) -> Outcome {
    need_build_tools()?;
    let (flags, names): (Vec<String>, Vec<String>) =
        arguments.iter().cloned().partition(|argument| argument.starts_with('-'));
    let names = if names.is_empty() { BENCHES.iter().map(|&name| name.to_owned()).collect() } else { names };
    for name in names {
        if !BENCHES.contains(&name.as_str()) {
            return Err(Trouble::new(format!(
                "there is no bench `{name}`; there are {}",
                BENCHES.join(", ")
            )));
        }
        Call::new("cargo run --release --package waxwing-bench --").arg(name).args(&flags).run()?;
    }
    Ok(())
}
