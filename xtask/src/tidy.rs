//! `tidy`: the rules that no lint can hold. Each is a function from the tree to what is wrong with it.

mod arrows;
mod claims;
mod purity;
mod shape;
mod spec;
mod words;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::shell::{Call, Outcome, Trouble, no_arguments};

/// A text file of the tree, by its path from the root with `/` between the parts.
pub(crate) struct File {
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn is_markdown(&self) -> bool {
        self.path.ends_with(".md")
    }

    /// Its lines, numbered as editors do.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

/// One thing that is wrong.
pub(crate) struct Finding {
    path: String,
    line: Option<usize>,
    words: String,
}

impl Finding {
    fn new(file: &File, line: usize, words: impl Into<String>) -> Finding {
        Finding { path: file.path.clone(), line: Some(line), words: words.into() }
    }

    fn whole(path: &str, words: impl Into<String>) -> Finding {
        Finding { path: path.to_owned(), line: None, words: words.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.words),
            None => write!(f, "{}: {}", self.path, self.words),
        }
    }
}

type Rule = fn(&[File]) -> Vec<Finding>;

const RULES: &[Rule] = &[
    arrows::crates_point_down,
    arrows::nobody_stands_outside,
    purity::core_is_pure,
    shape::files_are_short,
    shape::no_module_is_orphaned,
    words::nothing_is_left_undone,
    words::nothing_unsafe_is_ours,
    words::every_todo_has_an_issue,
    words::no_machine_is_named,
    words::no_private_key_is_kept,
    claims::cited_sections_exist,
    claims::named_tests_exist,
    claims::named_files_exist,
    claims::links_lead_somewhere,
    claims::the_readme_shows_what_compiles,
    spec::labels_are_specified,
    spec::limits_are_specified,
];

/// Checks every rule, and names every breach.
pub(crate) fn tidy(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let files = read_tree()?;
    let findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&files)).collect();
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("tidy: {} rules hold in {} files", RULES.len(), files.len());
        Ok(())
    } else {
        Err(Trouble::new(format!("tidy: {} breaches", findings.len())))
    }
}

/// Every text file that is, or would be, in git; without git, every file that is not in a build folder.
fn read_tree() -> Result<Vec<File>, Trouble> {
    let listed = Call::new("git ls-files --cached --others --exclude-standard").output();
    let mut paths: Vec<String> = match listed {
        Some(listed) => listed.lines().map(str::to_owned).collect(),
        None => walk()?,
    };
    paths.sort();
    paths.dedup();
    // A path in git that is not on disk was just deleted; a file that is not text has no words to check.
    let read = |path: String| std::fs::read_to_string(&path).ok().map(|text| File { path, text });
    Ok(paths.into_iter().filter_map(read).collect())
}

fn walk() -> Result<Vec<String>, Trouble> {
    let mut folders = vec![PathBuf::from(".")];
    let mut paths = Vec::new();
    while let Some(folder) = folders.pop() {
        let trouble = |e: std::io::Error| Trouble::new(format!("cannot list {}: {e}", folder.display()));
        for entry in std::fs::read_dir(&folder).map_err(trouble)? {
            let path = entry.map_err(trouble)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() {
                if !matches!(name, "target" | ".git" | "found" | "waxwing-data") {
                    folders.push(path);
                }
            } else if let Some(path) = plain(&path) {
                paths.push(path);
            }
        }
    }
    Ok(paths)
}

fn plain(path: &Path) -> Option<String> {
    Some(path.strip_prefix(".").unwrap_or(path).to_str()?.replace('\\', "/"))
}

/// A line of Rust without its comment. (A `//` inside a string ends it early, which these rules can bear.)
fn code_of(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

/// Whether `word` stands in `text` with nothing of a name on either side.
fn has_word(text: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of one file.
    pub(super) fn one(path: &str, text: &str) -> Vec<File> {
        vec![File { path: path.to_owned(), text: text.to_owned() }]
    }

    #[test]
    fn a_word_is_not_found_inside_a_longer_one() {
        assert!(has_word("use std::collections::HashMap;", "HashMap"));
        assert!(!has_word("struct MyHashMap;", "HashMap"));
        assert!(!has_word("HashMap2", "HashMap"));
    }

    #[test]
    fn comments_are_not_code() {
        assert_eq!(code_of("let a = 1; // HashMap"), "let a = 1; ");
    }
}
