//! Standard input as messages: each line is one.

use std::io::{self, BufRead, BufReader, Read};

use tokio::sync::mpsc;
use waxwing::limits::TEXT_SIZE_MAX_BYTES;

use crate::fail::Fail;

/// Lines that are read ahead.
const LINES_WAITING_MAX: usize = 64;
/// What a line may hold beside its text.
const LINE_END_MAX_BYTES: u64 = 2;

/// Reads standard input on a thread of its own, so that a silent terminal blocks nobody.
pub(super) fn of_stdin() -> mpsc::Receiver<Result<String, Fail>> {
    let (sender, receiver) = mpsc::channel(LINES_WAITING_MAX);
    std::thread::spawn(move || {
        let mut source = BufReader::new(io::stdin().lock());
        let mut number = 0;
        while let Some(line) = next(&mut source, &mut number) {
            let ends = line.is_err();
            if sender.blocking_send(line).is_err() || ends {
                break;
            }
        }
    });
    receiver
}

/// The next line that is not empty, without its end. The number counts all lines.
fn next(source: &mut impl BufRead, number: &mut u64) -> Option<Result<String, Fail>> {
    loop {
        *number += 1;
        let mut line = Vec::new();
        let most = TEXT_SIZE_MAX_BYTES as u64 + LINE_END_MAX_BYTES;
        match source.take(most).read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => return Some(Err(unreadable(*number, &error))),
        }
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        }
        if line.is_empty() {
            continue;
        }
        if line.len() > TEXT_SIZE_MAX_BYTES {
            return Some(Err(too_large(*number)));
        }
        let number = *number;
        return Some(String::from_utf8(line).map_err(|_| {
            Fail::new(
                "invalid_utf8",
                "misuse",
                format!("line {number} of the input is not UTF-8; nothing of it was sent"),
            )
            .advise("convert the input to UTF-8, and send this line and those after it again")
        }));
    }
}

fn too_large(number: u64) -> Fail {
    let message = format!(
        "line {number} of the input is longer than {TEXT_SIZE_MAX_BYTES} bytes; nothing of it was sent"
    );
    Fail::new("message_too_large", "too_large", message)
        .advise("split the line, and send it and those after it again")
}

fn unreadable(number: u64, error: &io::Error) -> Fail {
    Fail::new("input_failed", "storage", format!("line {number} of the input cannot be read: {error}"))
        .advise("send this line and those after it again")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8]) -> (Vec<String>, Option<Fail>) {
        let (mut source, mut number, mut lines) = (input, 0, Vec::new());
        loop {
            match next(&mut source, &mut number) {
                None => return (lines, None),
                Some(Ok(line)) => lines.push(line),
                Some(Err(fail)) => return (lines, Some(fail)),
            }
        }
    }

    #[test]
    fn only_the_end_of_a_line_is_taken_off() {
        let (lines, fail) = all(b" one \r\n\n\r\n\ttwo\rthree\r\r\nlast");
        assert!(fail.is_none());
        assert_eq!(lines, [" one ", "\ttwo\rthree\r", "last"]);
    }

    #[test]
    fn line_that_is_not_utf_8_ends_it() {
        let (lines, fail) = all(b"one\n\xff\nthree\n");
        assert_eq!(lines, ["one"]);
        let fail = fail.unwrap();
        assert_eq!(fail.code, "invalid_utf8");
        assert!(fail.message.starts_with("line 2 "));
    }

    #[test]
    fn largest_line_passes_and_a_longer_one_does_not() {
        for end in ["", "\n", "\r\n"] {
            let largest = "x".repeat(TEXT_SIZE_MAX_BYTES);
            let (lines, fail) = all(format!("{largest}{end}").as_bytes());
            assert!(fail.is_none());
            assert_eq!(lines, [largest.as_str()]);
            let (lines, fail) = all(format!("{largest}x{end}").as_bytes());
            assert!(lines.is_empty());
            assert_eq!(fail.unwrap().code, "message_too_large");
        }
    }
}
