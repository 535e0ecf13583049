//! Words that must not stand in the tree. They are put together from halves here, or this file would find itself.

use super::{File, Finding, code_of, has_word};

/// Nothing says that it will be written later, and nothing prints for its author.
pub(super) fn nothing_is_left_undone(files: &[File]) -> Vec<Finding> {
    let undone = [concat!("to", "do!"), concat!("unimple", "mented!"), concat!("db", "g!")];
    let rust = files.iter().filter(|file| file.is_rust());
    rust.flat_map(|file| {
        let lines = file.lines().filter(|(_, line)| undone.iter().any(|word| code_of(line).contains(word)));
        lines.map(|(line, _)| Finding::new(file, line, "unfinished, or left from looking for a fault"))
    })
    .collect()
}

/// The crate that other languages call cannot forbid what UniFFI's macros write into it; ours has none all the same.
pub(super) fn nothing_unsafe_is_ours(files: &[File]) -> Vec<Finding> {
    let word = concat!("un", "safe");
    let face = files.iter().filter(|file| file.is_rust() && file.path.starts_with("bindings/"));
    face.flat_map(|file| {
        let lines = file.lines().filter(|(_, line)| has_word(code_of(line), word));
        lines.map(|(line, _)| Finding::new(file, line, "the face has nothing of this kind of its own"))
    })
    .collect()
}

/// A note for later names the issue that will see to it: `(#12)` right behind the word.
pub(super) fn every_todo_has_an_issue(files: &[File]) -> Vec<Finding> {
    let word = concat!("TO", "DO");
    let sources = files.iter().filter(|file| !file.is_markdown());
    sources
        .flat_map(|file| {
            let bare = move |line: &str| {
                line.match_indices(word).any(|(at, _)| {
                    let rest = line.get(at + word.len()..).and_then(|rest| rest.strip_prefix("(#"));
                    !rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
                })
            };
            let lines = file.lines().filter(move |(_, line)| bare(line));
            lines.map(|(line, _)| Finding::new(file, line, format!("a {word} without an issue: {word}(#12)")))
        })
        .collect()
}

/// The tree is the same on everybody's machine: no home folders, no private hosts, one public registry.
pub(super) fn no_machine_is_named(files: &[File]) -> Vec<Finding> {
    let folders =
        [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];
    let mut findings = Vec::new();
    for file in files {
        for (line, text) in file.lines() {
            if let Some(folder) = folders.iter().find(|folder| text.contains(*folder)) {
                findings.push(Finding::new(
                    file,
                    line,
                    format!("`{folder}` is a folder of somebody's machine"),
                ));
            }
            if let Some(host) = private_host(text) {
                findings.push(Finding::new(file, line, format!("`{host}` is a host of somebody's network")));
            }
            let is_lock = file.path.ends_with("Cargo.lock");
            if is_lock
                && text.starts_with("source = ")
                && !text.contains("github.com/rust-lang/crates.io-index")
            {
                findings.push(Finding::new(file, line, "not from crates.io"));
            }
        }
    }
    findings
}

/// An address in a URL that is neither this machine nor an example (RFC 5737, and the first address of a private network).
fn private_host(text: &str) -> Option<&str> {
    text.match_indices("://").find_map(|(at, _)| {
        let rest = text.get(at + 3..)?;
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let host = rest.get(..end)?;
        let is_address = host.split('.').filter(|part| part.parse::<u8>().is_ok()).count() == 4;
        let harmless = ["127.", "10.0.0.1", "0.0.0.0", "192.0.2.", "198.51.100.", "203.0.113."];
        (is_address && !harmless.iter().any(|start| host.starts_with(start))).then_some(host)
    })
}

/// No secret was committed by mistake.
pub(super) fn no_private_key_is_kept(files: &[File]) -> Vec<Finding> {
    let kept = concat!("PRIVATE", " KEY---");
    let mut findings = Vec::new();
    for file in files {
        let lines = file.lines().filter(|(_, line)| line.contains("BEGIN ") && line.contains(kept));
        findings.extend(
            lines.map(|(line, _)| Finding::new(file, line, "a private key: make it when it is needed")),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::tests::one;
    use super::*;

    #[test]
    fn a_note_for_later_needs_its_issue() {
        let bare = concat!("// TO", "DO: later\n");
        assert_eq!(every_todo_has_an_issue(&one("a.rs", bare)).len(), 1);
        let good = concat!("// TO", "DO(#7): later\n");
        assert!(every_todo_has_an_issue(&one("a.rs", good)).is_empty());
    }

    #[test]
    fn a_macro_for_later_is_found() {
        assert_eq!(nothing_is_left_undone(&one("a.rs", concat!("to", "do!()\n"))).len(), 1);
        assert!(nothing_is_left_undone(&one("a.rs", concat!("// to", "do!()\n"))).is_empty());
    }

    #[test]
    fn what_is_not_safe_is_found_in_the_face() {
        let block = concat!("un", "safe { call() }\n");
        assert_eq!(nothing_unsafe_is_ours(&one("bindings/src/a.rs", block)).len(), 1);
        let comment = concat!("// un", "safe is what UniFFI writes\n");
        assert!(nothing_unsafe_is_ours(&one("bindings/src/a.rs", comment)).is_empty());
    }

    #[test]
    fn hosts_of_a_private_network_are_found() {
        assert_eq!(private_host(concat!("http:/", "/10.1.2.3:8080/x")), Some("10.1.2.3"));
        assert_eq!(private_host("ws://127.0.0.1:1"), None);
        assert_eq!(private_host("wss://relay.example/1.2.3.4"), None);
        assert_eq!(private_host("ws://192.0.2.7"), None);
    }

    #[test]
    fn a_private_key_is_found() {
        let key = concat!("-----BEGIN PRIVATE", " KEY-----\n");
        assert_eq!(no_private_key_is_kept(&one("a.pem", key)).len(), 1);
    }
}
