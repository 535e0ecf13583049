//! What the Rust face shows to the generator: `bindings/api/rust.txt`. A change of it reaches every language.

use std::fs;
use std::path::Path;

use super::Stage;
use crate::shell::{Outcome, Trouble};

const SNAPSHOT: &str = "bindings/api/rust.txt";

/// Compares what is exported with the snapshot, or takes it as it is.
pub(super) fn compare(stage: &Stage) -> Outcome {
    let now = exported(Path::new("bindings/src"))?;
    let trouble = |e: std::io::Error| Trouble::new(format!("{SNAPSHOT}: {e}"));
    if stage.bless {
        return fs::write(SNAPSHOT, now).map_err(trouble);
    }
    let before = fs::read_to_string(SNAPSHOT).unwrap_or_default();
    if before == now {
        return Ok(());
    }
    let differs = before.lines().zip(now.lines()).find(|(before, now)| before != now);
    let (was, is) = differs.unwrap_or(("(the number of lines)", "(the number of lines)"));
    Err(Trouble::new(format!(
        "the face is another one than in {SNAPSHOT}; first:\n- {was}\n+ {is}\n`cargo xtask bindings --bless` takes it"
    )))
}

/// Everything that is exported, file by file; the folders within come where their names do.
fn exported(source: &Path) -> Result<String, Trouble> {
    let trouble = |path: &Path, e: std::io::Error| Trouble::new(format!("{}: {e}", path.display()));
    let mut paths = vec![source.to_owned()];
    let mut text = String::new();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            let listed = fs::read_dir(&path).map_err(|e| trouble(&path, e))?;
            let mut within: Vec<_> = listed.flatten().map(|entry| entry.path()).collect();
            within.sort_by(|one, other| other.cmp(one));
            paths.append(&mut within);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let face = face(&fs::read_to_string(&path).map_err(|e| trouble(&path, e))?);
            if !face.is_empty() {
                let name = path.strip_prefix(source).unwrap_or(&path).display();
                text.push_str(&format!("// {name}\n\n{face}\n"));
            }
        }
    }
    Ok(text)
}

/// What one file exports: items with an attribute of UniFFI, without documentation and without bodies. Relies on rustfmt's lines.
fn face(source: &str) -> String {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut face = String::new();
    let (mut attributes, mut item) = (Vec::new(), String::new());
    for line in code.lines().filter(|line| !is_comment(line) && !line.is_empty()) {
        if item.is_empty() && line.starts_with("#[") {
            attributes.push(line);
            continue;
        }
        item.push_str(line);
        item.push('\n');
        if !line.starts_with(' ') && line.ends_with([';', '}']) {
            if let Some(shown) = shown(&attributes, &item) {
                face.push_str(&shown);
            }
            attributes.clear();
            item.clear();
        }
    }
    face
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

/// One item as others see it; none, if they do not.
fn shown(attributes: &[&str], item: &str) -> Option<String> {
    let ours: Vec<&str> = attributes.iter().copied().filter(|line| line.contains("uniffi::")).collect();
    let has = |word: &str| ours.iter().any(|line| line.contains(word));
    let first = item.lines().next().unwrap_or_default();
    let export: String =
        ours.iter().filter(|line| line.starts_with("#[uniffi::")).map(|line| format!("{line}\n")).collect();
    if item.starts_with("uniffi::custom_type!") {
        let head = item.lines().nth(1).unwrap_or_default().trim();
        return Some(format!("custom {}\n", head.trim_end_matches(", {")));
    }
    if has("uniffi::Object") {
        return Some(format!("{export}{}\n", first.trim_end_matches(" {")));
    }
    if has("uniffi::Record") || has("uniffi::Enum") || has("uniffi::Error") || first.starts_with("pub trait")
    {
        return (!ours.is_empty()).then(|| format!("{export}{item}"));
    }
    if !has("uniffi::export") {
        return None;
    }
    if first.starts_with("impl") {
        let methods = methods(item);
        return Some(format!("{export}{first}\n{methods}}}\n"));
    }
    Some(format!("{export}{}\n", signature(item)))
}

/// The methods of a block, with what the generator is told about each.
fn methods(block: &str) -> String {
    let mut methods = String::new();
    let mut pending = String::new();
    for line in block.lines().filter(|line| line.starts_with("    ")) {
        if line.starts_with("    #[uniffi::") {
            methods.push_str(line);
            methods.push('\n');
        } else if line.starts_with("    pub ") || !pending.is_empty() {
            pending.push_str(line);
            pending.push('\n');
            if line.contains('{') {
                methods.push_str(&format!("    {}\n", signature(&pending)));
                pending.clear();
            }
        }
    }
    methods
}

/// Up to the body, in one line.
fn signature(item: &str) -> String {
    let head = item.split_once(" {\n").map_or(item, |(head, _)| head);
    let joined = head.split_whitespace().collect::<Vec<_>>().join(" ");
    joined.replace("( ", "(").replace(", )", ")")
}

#[cfg(test)]
mod tests {
    use super::face;

    #[test]
    fn what_is_exported_is_shown_without_bodies() {
        let source = "use a::B;\n\n/// Says.\n#[derive(Debug, uniffi::Record)]\npub struct R {\n    /// Has.\n    #[uniffi(default)]\n    pub a: \
                      u8,\n}\n\nstruct Hidden {\n    a: u8,\n}\n\n#[uniffi::export(default(key = None))]\n#[must_use]\npub async fn f(\n    a: \
                      u8,\n) -> Result<(), E> {\n    g().await\n}\n\n#[derive(uniffi::Object)]\npub struct O {\n    inner: u8,\n}\n\nimpl O {\n    pub(crate) \
                      fn new() {}\n}\n\n#[uniffi::export]\nimpl O {\n    /// Does.\n    #[uniffi::method(default(cancel))]\n    pub fn m(&self) -> u8 \
                      {\n        1\n    }\n}\n\n#[cfg(test)]\nmod tests {}\n";
        let expected = "pub struct R {\n    #[uniffi(default)]\n    pub a: u8,\n}\n#[uniffi::export(default(key = None))]\npub async fn f(a: u8) -> \
                        Result<(), E>\npub struct O\n#[uniffi::export]\nimpl O {\n    #[uniffi::method(default(cancel))]\n    pub fn m(&self) -> u8\n}\n";
        assert_eq!(face(source), expected);
    }

    #[test]
    fn ids_and_providers_are_shown() {
        let source = "uniffi::custom_type!(\n    /// A person.\n    AccountId, String, {\n        remote,\n    }\n);\n\n#[uniffi::export(foreign)]\npub \
                      trait P: Send {\n    /// Gives.\n    fn p(&self) -> Result<u8, E>;\n}\n";
        let expected = "custom AccountId, String\n#[uniffi::export(foreign)]\npub trait P: Send {\n    fn p(&self) -> Result<u8, E>;\n}\n";
        assert_eq!(face(source), expected);
    }
}
