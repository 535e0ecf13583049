//! Does any file hold a text that was written? A plain search, byte by byte.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::fail::Fail;

/// Shorter texts occur by chance in any random data, so that finding them would say nothing.
pub(super) const TEXT_MIN_BYTES: usize = 6;

/// The relay's folder: the only place where the handle may stand.
const CONTROL_FOLDER: &str = "relay";

/// What the search found.
#[derive(Debug)]
pub(super) struct Findings {
    /// Every file that was searched, with its size in bytes.
    pub(super) files: Vec<(String, u64)>,
    /// Whether the handle was found in the relay's files: a search that finds nothing at all would prove nothing.
    pub(super) control: bool,
    /// The texts.
    pub(super) texts: Vec<Finding>,
}

/// One text.
#[derive(Debug)]
pub(super) struct Finding {
    /// What was searched for.
    pub(super) text: String,
    /// The file that holds it.
    pub(super) found_in: Option<String>,
}

/// Searches all files under a folder for the texts, and for the handle as a control.
///
/// # Errors
///
/// `demo_failed` when a file cannot be read.
pub(super) fn search(folder: &Path, handle: &str, texts: &[&str]) -> Result<Findings, Fail> {
    let mut paths = Vec::new();
    let mut files = Vec::new();
    let mut control = false;
    let mut findings: Vec<Finding> =
        texts.iter().map(|text| Finding { text: (*text).to_owned(), found_in: None }).collect();
    collect(folder, &mut paths).map_err(|error| unreadable(folder, &error))?;
    paths.sort();
    for path in paths {
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            // A database may take its log away at any moment.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(&path, &error)),
        };
        let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        control |= name.starts_with(CONTROL_FOLDER) && holds(&bytes, handle.as_bytes());
        for finding in &mut findings {
            if holds(&bytes, finding.text.as_bytes()) {
                finding.found_in = Some(name.clone());
            }
        }
        files.push((name, bytes.len() as u64));
    }
    Ok(Findings { files, control, texts: findings })
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), paths)?;
        } else {
            paths.push(entry.path());
        }
    }
    Ok(())
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    !wanted.is_empty() && bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn unreadable(path: &Path, error: &io::Error) -> Fail {
    Fail::new("demo_failed", "storage", format!("{} cannot be read: {error}", path.display()))
        .advise("look at the permissions of the folder for temporary files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_finds_what_is_there_and_only_that() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("relay")).unwrap();
        fs::write(folder.path().join("relay/file"), b"handle").unwrap();
        fs::write(folder.path().join("other"), b"\0\0the secret\xff").unwrap();
        let findings = search(folder.path(), "handle", &["the secret", "another secret"]).unwrap();
        assert!(findings.control);
        assert_eq!(findings.files.len(), 2);
        assert!(findings.texts[0].found_in.is_some());
        assert!(findings.texts[1].found_in.is_none());
    }
}
