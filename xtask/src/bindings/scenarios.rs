//! Every language has a test for each scenario of `bindings/SCENARIOS.md`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{Outcome, Trouble};

/// Where a language's tests are, and what stands before the name of one.
struct Tests {
    language: &'static str,
    folder: &'static str,
    extension: &'static str,
    before: &'static [&'static str],
}

const TESTS: &[Tests] = &[
    Tests { language: "rust", folder: "bindings/tests", extension: "rs", before: &["fn "] },
    Tests { language: "kotlin", folder: "bindings/kotlin", extension: "kt", before: &["fun "] },
    Tests { language: "swift", folder: "bindings/swift/Tests", extension: "swift", before: &["func "] },
    Tests { language: "python", folder: "bindings/python/tests", extension: "py", before: &["def "] },
];

/// Names every scenario that one of these languages, or Rust, has no test for.
pub(super) fn every_language_has_each(languages: &[&str]) -> Outcome {
    let list = read(Path::new("bindings/SCENARIOS.md"))?;
    let names: Vec<&str> = list.lines().filter_map(name_of).collect();
    let mut missing = Vec::new();
    for tests in TESTS.iter().filter(|t| t.language == "rust" || languages.contains(&t.language)) {
        let functions = functions(tests)?;
        let absent = names.iter().filter(|name| !functions.contains(&plain(name)));
        missing.extend(absent.map(|name| format!("{} has no test `{name}`", tests.language)));
    }
    if missing.is_empty() {
        println!("scenarios: {} in each language", names.len());
        return Ok(());
    }
    Err(Trouble::new(format!("bindings/SCENARIOS.md: {}", missing.join("; "))))
}

/// The name in a heading such as ``### `receipts` ``.
fn name_of(line: &str) -> Option<&str> {
    line.strip_prefix("### `")?.strip_suffix('`')
}

/// The names of all functions, without what the manner of a language adds.
fn functions(tests: &Tests) -> Result<Vec<String>, Trouble> {
    let mut found = Vec::new();
    for path in files(Path::new(tests.folder), tests.extension) {
        let text = read(&path)?;
        for line in text.lines() {
            let name = tests.before.iter().find_map(|before| line.split_once(before)).map(|(_, name)| name);
            let name = name.and_then(|name| name.split_once('(')).map(|(name, _)| plain(name));
            found.extend(name.map(|name| name.strip_prefix("test").map_or(name.clone(), str::to_owned)));
        }
    }
    Ok(found)
}

/// Letters and digits alone, all small.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found
}

fn read(path: &Path) -> Result<String, Trouble> {
    fs::read_to_string(path).map_err(|e| Trouble::new(format!("{}: {e}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_agree_across_manners() {
        assert_eq!(name_of("### `offline_and_catch_up`"), Some("offline_and_catch_up"));
        assert_eq!(plain("offlineAndCatchUp"), plain("offline_and_catch_up"));
        assert_eq!(plain("`offline and catch up`"), plain("offline_and_catch_up"));
    }
}
