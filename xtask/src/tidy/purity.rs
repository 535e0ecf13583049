//! Below the shell there is no clock, no randomness of the machine, and no order that differs from run to run.

use super::{File, Finding, code_of, has_word};

const PURE: &[&str] = &["crypto/src/", "sdk/engine/src/"];

const IMPURE: &[(&str, &str)] = &[
    ("SystemTime", "time is an argument"),
    ("Instant", "time is an argument"),
    ("OsRng", "randomness is an argument"),
    ("SysRng", "randomness is an argument"),
    ("getrandom", "randomness is an argument"),
    ("thread_rng", "randomness is an argument"),
    ("HashMap", "its order differs from run to run; use BTreeMap"),
    ("HashSet", "its order differs from run to run; use BTreeSet"),
    ("std::env", "the environment belongs to the shell"),
    ("std::fs", "files belong to the shell"),
    ("std::net", "the network belongs to the shell"),
    ("std::thread", "threads belong to the shell"),
    ("std::process", "processes belong to the shell"),
    ("async fn", "a state machine does not wait"),
];

/// No clock, no random source of the machine, no unordered iteration in the pure crates.
pub(super) fn core_is_pure(files: &[File]) -> Vec<Finding> {
    let pure =
        files.iter().filter(|file| file.is_rust() && PURE.iter().any(|root| file.path.starts_with(root)));
    let mut findings = Vec::new();
    for file in pure {
        for (line, text) in file.lines() {
            let code = code_of(text);
            let found = IMPURE.iter().filter(|(word, _)| has_word(code, word));
            findings.extend(found.map(|(word, why)| Finding::new(file, line, format!("`{word}`: {why}"))));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::tests::one;
    use super::*;

    #[test]
    fn a_clock_in_the_engine_is_found_and_a_comment_is_not() {
        let clock = "let now = std::time::Instant::now();\n";
        assert_eq!(core_is_pure(&one("sdk/engine/src/a.rs", clock)).len(), 1);
        assert!(core_is_pure(&one("sdk/client/src/a.rs", clock)).is_empty());
        assert!(core_is_pure(&one("sdk/engine/src/a.rs", "// no Instant here\n")).is_empty());
    }
}
