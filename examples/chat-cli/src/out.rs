//! The only place that writes to standard output and standard error.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::fail::Fail;
use crate::safe_text;

/// Writes one line to standard output, at once.
///
/// # Errors
///
/// [`Fail::broken_pipe`] when nobody reads any more; another failure when the output cannot be written.
pub(crate) fn line(text: &str) -> Result<(), Fail> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(cannot_write)
}

/// Writes a piece of a line to standard output, at once.
///
/// # Errors
///
/// As [`line()`].
pub(crate) fn piece(text: &str) -> Result<(), Fail> {
    let mut out = io::stdout().lock();
    write!(out, "{text}").and_then(|()| out.flush()).map_err(cannot_write)
}

/// Writes one value as one line of JSON to standard output, at once.
///
/// # Errors
///
/// As [`line()`].
pub(crate) fn json(value: &impl Serialize) -> Result<(), Fail> {
    line(&json_text(value))
}

/// Writes a remark to standard error. A remark that nobody can read is not worth a failure.
pub(crate) fn remark(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes a value as a line of JSON that is harmless in a terminal.
pub(crate) fn json_text(value: &impl Serialize) -> String {
    safe_text::json(&serde_json::to_string(value).expect("our records have string keys only"))
}

fn cannot_write(error: io::Error) -> Fail {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Fail::broken_pipe();
    }
    Fail::new("output_failed", "storage", format!("standard output cannot be written: {error}"))
        .advise("free some space where the output goes, and run the command again")
}
