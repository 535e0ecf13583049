//! `docs/spec.md` knows every derivation label and every limit, with the values that the code has.

use std::collections::BTreeMap;

use super::{File, Finding, code_of};

const SPEC: &str = "docs/spec.md";
const LABELS: &str = "crypto/src/kdf.rs";

/// Every label of the table in the code is in the table of the spec, and the other way round; and no label stands elsewhere in `crypto`.
pub(super) fn labels_are_specified(files: &[File]) -> Vec<Finding> {
    let Some(spec) = files.iter().find(|file| file.path == SPEC) else { return Vec::new() };
    let mut specified: BTreeMap<&str, usize> =
        spec.lines().filter_map(|(line, text)| first_cell(text).map(|cell| (cell, line))).collect();
    specified.retain(|cell, _| cell.starts_with("Waxwing v1 "));

    let mut findings = Vec::new();
    let mut known = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && file.path.starts_with("crypto/src/")) {
        for (line, text) in file.lines() {
            let Some(label) = label_of(text) else { continue };
            let is_declared = file.path == LABELS && text.contains("const ");
            if is_declared {
                known.push(label);
            }
            if is_declared && !specified.contains_key(label) {
                findings.push(Finding::new(file, line, format!("{SPEC} does not list the label `{label}`")));
            } else if file.path != LABELS {
                findings.push(Finding::new(file, line, format!("the label `{label}` belongs into {LABELS}")));
            }
        }
    }
    let gone = specified.iter().filter(|(label, _)| !known.contains(label));
    findings.extend(gone.map(|(label, line)| {
        Finding::new(spec, *line, format!("{LABELS} does not know the label `{label}`"))
    }));
    findings
}

/// The label in a line of code: a byte string that ends in a NUL.
fn label_of(line: &str) -> Option<&str> {
    let start = line.find("b\"Waxwing v1 ")? + 2;
    let (label, _) = line.get(start..)?.split_once("\\0\"")?;
    Some(label)
}

/// What stands in backticks, alone, in the first cell of a row of a table.
fn first_cell(line: &str) -> Option<&str> {
    let (cell, _) = line.strip_prefix("| `")?.split_once("` |")?;
    Some(cell)
}

/// Every public constant of `crypto` and every limit of the wire is in the section "Limits", with its value; and what stands there exists.
pub(super) fn limits_are_specified(files: &[File]) -> Vec<Finding> {
    let Some(spec) = files.iter().find(|file| file.path == SPEC) else { return Vec::new() };
    let limits = section(spec, "Limits");
    let mut findings = Vec::new();
    let mut declared = Vec::new();
    let of_ours = |file: &&File| {
        let folders = ["crypto/src/", "wire/src/", "sdk/engine/src/"];
        file.is_rust() && folders.iter().any(|folder| file.path.starts_with(folder))
    };
    for file in files.iter().filter(of_ours) {
        let is_promise = file.path.starts_with("crypto/src/") || file.path == "wire/src/limits.rs";
        for (line, text) in file.lines() {
            let Some((name, value)) = constant(text) else { continue };
            declared.push(name);
            let listed = limits.iter().find(|limit| limit.name == name);
            match (listed, value) {
                (None, _) if is_promise && text.starts_with("pub const ") => {
                    findings.push(Finding::new(file, line, format!("{SPEC} does not list `{name}`")));
                }
                // A name can stand in several crates, as long as one of them has the value.
                (Some(limit), Some(value)) if limit.value != Some(value) && !is_shared(files, name) => {
                    let words = format!("`{name}` is {value}, not as {SPEC} says");
                    findings.push(Finding::new(file, line, words));
                }
                _ => {}
            }
        }
    }
    let gone = limits.iter().filter(|limit| !declared.contains(&limit.name));
    findings
        .extend(gone.map(|limit| Finding::new(spec, limit.line, format!("there is no `{}`", limit.name))));
    findings
}

/// A row of the section "Limits".
struct Limit<'a> {
    line: usize,
    name: &'a str,
    value: Option<u128>,
}

fn section<'a>(spec: &'a File, title: &str) -> Vec<Limit<'a>> {
    let is_heading = |text: &str| text.starts_with("## ");
    let body = spec.lines().skip_while(|(_, text)| !(is_heading(text) && text.ends_with(title))).skip(1);
    let rows = body.take_while(|(_, text)| !is_heading(text));
    rows.filter_map(|(line, text)| {
        let name = first_cell(text)?;
        let value = text.split('|').nth(2).and_then(|cell| cell.trim().replace(',', "").parse().ok());
        Some(Limit { line, name, value })
    })
    .collect()
}

/// The name of a constant, and its value where it is written in numbers. A duration counts as its number.
fn constant(line: &str) -> Option<(&str, Option<u128>)> {
    let code = code_of(line).trim_start();
    let code =
        ["pub const ", "pub(crate) const ", "const "].iter().find_map(|start| code.strip_prefix(start))?;
    let (name, rest) = code.split_once(": ")?;
    let is_name = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let (_, value) = rest.split_once(" = ")?;
    let value = value.trim_end().trim_end_matches(';');
    let inner = ["Duration::from_secs(", "Duration::from_millis("]
        .iter()
        .find_map(|start| value.strip_prefix(start)?.strip_suffix(')'));
    (is_name && name != "_").then_some((name, number(inner.unwrap_or(value))))
}

/// The value of sums of products, and of shifts.
fn number(expression: &str) -> Option<u128> {
    let factor = |text: &str| match text.trim().split_once("<<") {
        Some((one, by)) => integer(one)?.checked_shl(u32::try_from(integer(by)?).ok()?),
        None => integer(text),
    };
    let product = |text: &str| text.split('*').try_fold(1_u128, |all, text| all.checked_mul(factor(text)?));
    expression.split('+').try_fold(0_u128, |all, text| all.checked_add(product(text)?))
}

fn integer(text: &str) -> Option<u128> {
    text.trim().replace('_', "").parse().ok()
}

/// Whether several files declare a constant of that name, so that a row cannot say whose it is.
fn is_shared(files: &[File], name: &str) -> bool {
    let declares = |file: &&File| {
        file.is_rust() && file.lines().any(|(_, text)| constant(text).is_some_and(|(found, _)| found == name))
    };
    files.iter().filter(declares).count() > 1
}

#[cfg(test)]
mod tests {
    use super::super::tests::one;
    use super::*;

    #[test]
    fn a_label_that_is_not_specified_is_found() {
        let mut files = one("docs/spec.md", "| `Waxwing v1 a` | x |\n| `Waxwing v1 gone` | y |\n");
        let code = r#"const A: &[u8] = b"Waxwing v1 a\0";"#;
        let missing = r#"pub(crate) const B: &[u8] = b"Waxwing v1 b\0";"#;
        files.extend(one("crypto/src/kdf.rs", &format!("{code}\n{missing}\n")));
        let found: Vec<String> = labels_are_specified(&files).iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crypto/src/kdf.rs:2:") && found[1].starts_with("docs/spec.md:2:"));
        files.extend(one("crypto/src/other.rs", code));
        assert_eq!(labels_are_specified(&files).len(), 3, "a label outside the table");
    }

    #[test]
    fn a_limit_that_is_missing_or_wrong_or_gone_is_found() {
        let spec = "## 24 Limits\n| `A_MAX` | 2,000 | x |\n| `GONE` | 1 | x |\n## 25 Next\n| `B_MAX` | 1 |\n";
        let mut files = one("docs/spec.md", spec);
        files.extend(one("crypto/src/a.rs", "pub const A_MAX: u32 = 2_000;\npub const B_MAX: u32 = 1;\n"));
        assert_eq!(limits_are_specified(&files).len(), 2);
        files.extend(one("wire/src/limits.rs", "pub const C: Duration = Duration::from_secs(2);\n"));
        assert_eq!(limits_are_specified(&files).len(), 3);
        let mut files = one("docs/spec.md", spec);
        files.extend(one("crypto/src/a.rs", "const A_MAX: u32 = 3;\n"));
        assert_eq!(limits_are_specified(&files).len(), 2, "another value, and one that is gone");
    }

    #[test]
    fn values_are_computed() {
        assert_eq!(constant("pub const A: u64 = 1 << 40;"), Some(("A", Some(1 << 40))));
        assert_eq!(
            constant("const WAIT: Duration = Duration::from_secs(7 * 24 * 3600);"),
            Some(("WAIT", Some(604_800)))
        );
        assert_eq!(constant("pub const B: usize = 2 + 3 * 4; // why"), Some(("B", Some(14))));
        assert_eq!(constant("pub const C: usize = B + 1;"), Some(("C", None)));
        assert_eq!(constant("let d: usize = 1;"), None);
    }
}
