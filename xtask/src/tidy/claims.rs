//! What one file says about another is true: sections that are cited, tests that are named, links.

use super::{File, Finding};

fn find<'a>(files: &'a [File], path: &str) -> Option<&'a File> {
    files.iter().find(|file| file.path == path)
}

/// What code cites as `docs/spec.md, "Section"` has a heading of that name.
pub(super) fn cited_sections_exist(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path != "xtask/src/tidy/claims.rs") {
        for (line, text) in file.lines() {
            for (path, section) in citations(text) {
                let headings = |file: &File| file.lines().any(|(_, line)| is_heading(line, section));
                if !find(files, path).is_some_and(headings) {
                    findings.push(Finding::new(file, line, format!("{path} has no section \"{section}\"")));
                }
            }
        }
    }
    findings
}

/// Every `docs/NAME.md, "Section"` of a line.
fn citations(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.match_indices("docs/").filter_map(move |(at, _)| {
        let rest = line.get(at..)?;
        let (path, after) = rest.split_at_checked(rest.find(".md")? + 3)?;
        if path.contains(' ') {
            return None;
        }
        let (section, _) = after.trim_start_matches('`').strip_prefix(", \"")?.split_once('"')?;
        Some((path, section))
    })
}

/// Whether a line is this heading, with or without a number before it.
fn is_heading(line: &str, section: &str) -> bool {
    let Some(heading) = line.strip_prefix('#') else { return false };
    let numbers = |c: char| c == '#' || c == ' ' || c == '.' || c.is_ascii_digit();
    heading.trim_start_matches(numbers).trim_end() == section
}

/// What a document names as `path.rs: test_name` in backticks is a function of that file.
pub(super) fn named_tests_exist(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_markdown()) {
        for (line, text) in file.lines() {
            for quoted in text.split('`').skip(1).step_by(2) {
                let Some((path, name)) = quoted.split_once(".rs: ") else { continue };
                let path = format!("{path}.rs");
                let function = format!("fn {name}(");
                if !find(files, &path).is_some_and(|named| named.text.contains(&function)) {
                    findings.push(Finding::new(file, line, format!("{path} has no test `{name}`")));
                }
            }
        }
    }
    findings
}

/// A file or folder that a document names in backticks, by its path from the root, is there.
pub(super) fn named_files_exist(files: &[File]) -> Vec<Finding> {
    let is_top =
        |name: &str| files.iter().any(|file| file.path.split_once('/').is_some_and(|(top, _)| top == name));
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_markdown()) {
        for (line, text) in file.lines() {
            for quoted in text.split('`').skip(1).step_by(2) {
                let path = quoted.split_once(": ").map_or(quoted, |(path, _)| path);
                let is_path = path.split_once('/').is_some_and(|(top, _)| is_top(top))
                    && !path.contains([' ', '*', '{', '<'])
                    && !path.starts_with("target/");
                if is_path && !exists(files, path.trim_end_matches('/')) {
                    findings.push(Finding::new(file, line, format!("there is no `{path}`")));
                }
            }
        }
    }
    findings
}

/// Links from document to document lead to a file or folder of the tree.
pub(super) fn links_lead_somewhere(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_markdown()) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (line, text) in file.lines() {
            for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link)
            {
                let target = link.split('#').next().unwrap_or_default();
                let is_elsewhere = target.is_empty() || target.contains(':') || target.contains(' ');
                if !is_elsewhere && !exists(files, &join(folder, target)) {
                    findings.push(Finding::new(file, line, format!("the link `{link}` leads nowhere")));
                }
            }
        }
    }
    findings
}

/// Each page for a first look, and the documentation that is compiled as a test.
const SHOWN: &[(&str, &str)] =
    &[("README.md", "sdk/client/src/lib.rs"), ("crypto/README.md", "crypto/src/lib.rs")];

/// A program that a `README.md` shows stands in the crate's documentation, and is compiled as a test there.
pub(super) fn the_readme_shows_what_compiles(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (readme, compiled) in SHOWN {
        let (Some(readme), Some(source)) = (find(files, readme), find(files, compiled)) else { continue };
        let tested: Vec<&str> = source.text.lines().filter_map(|line| line.strip_prefix("//! ")).collect();
        let mut in_program = false;
        for (line, text) in readme.lines() {
            if text.starts_with("```") {
                in_program = text == "```rust";
            } else if in_program && !text.is_empty() && !tested.contains(&text) {
                findings.push(Finding::new(readme, line, format!("this line is not in {compiled}")));
            }
        }
    }
    findings
}

fn exists(files: &[File], path: &str) -> bool {
    let folder = format!("{path}/");
    path.is_empty() || files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
}

/// A path from a folder, without `.` and `..`.
fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::super::tests::one;
    use super::*;

    #[test]
    fn a_section_that_is_not_there_is_found() {
        let mut files = one("docs/spec.md", "# Protocol\n\n## 3. Content\n");
        files.extend(one("a.rs", "//! See (docs/spec.md, \"Content\").\n"));
        assert!(cited_sections_exist(&files).is_empty());
        files.extend(one("b.rs", "//! See (docs/spec.md, \"Contents\").\n"));
        assert_eq!(cited_sections_exist(&files).len(), 1);
    }

    #[test]
    fn a_test_that_is_not_there_is_found() {
        let mut files = one("a/tests/b.rs", "fn it_holds() {}\n");
        files.extend(one("docs/x.md", "`a/tests/b.rs: it_holds` and `a/tests/b.rs: it_falls`\n"));
        assert_eq!(named_tests_exist(&files).len(), 1);
    }

    #[test]
    fn a_file_that_is_not_there_is_found() {
        let mut files = one("wire/src/lib.rs", "");
        files.extend(one(
            "docs/x.md",
            "`wire/src/lib.rs`, `wire/src/`, `wire/src/gone.rs`, `a/b`, `wire/* x`\n",
        ));
        assert_eq!(named_files_exist(&files).len(), 1);
    }

    #[test]
    fn a_program_that_nobody_compiles_is_found() {
        let mut files = one("crypto/README.md", "```rust\nlet a = 1;\nlet b = 2;\n```\nlet c = 3;\n");
        files.extend(one("crypto/src/lib.rs", "//! let a = 1;\n"));
        assert_eq!(the_readme_shows_what_compiles(&files).len(), 1);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let mut files = one("docs/a.md", "[b](b.md) [root](../README.md#top) [web](https://example.org/x)\n");
        files.extend(one("docs/b.md", ""));
        assert_eq!(links_lead_somewhere(&files).len(), 1);
        files.extend(one("README.md", ""));
        assert!(links_lead_somewhere(&files).is_empty());
    }
}
