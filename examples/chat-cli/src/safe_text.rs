//! Text of strangers, made harmless for a terminal.
//!
//! A message may hold anything: escape sequences that repaint the screen, line breaks that forge a line of somebody else,
//! overrides that turn the reading direction around. Here such characters become visible, and nothing else changes.

use std::fmt::Write as _;

/// Writes a text on one line: every character that could steer a terminal or forge a line is shown as an escape, like `\n`
/// or `\u{1b}`.
pub(crate) fn one_line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            _ if is_steering(character) => {
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
            }
            _ => safe.push(character),
        }
    }
    safe
}

/// Splits a text where its writer broke the line, and makes each line harmless. For a place where the lines cannot be taken
/// for anything else.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split('\n').map(|line| one_line(line.strip_suffix('\r').unwrap_or(line)).replace("\\t", "    "))
}

/// Writes the steering characters of a JSON line as `\uXXXX`. They can only stand inside its strings, where the escape means
/// the same character, so the JSON stays exact.
pub(crate) fn json(line: &str) -> String {
    if !line.chars().any(is_steering) {
        return line.to_owned();
    }
    let mut safe = String::with_capacity(line.len() + 16);
    for character in line.chars() {
        if is_steering(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Whether a character steers instead of showing something. The joiners U+200C and U+200D are spared: writing systems and
/// emoji need them.
fn is_steering(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}'   // direction marks, zero-width space
            | '\u{2028}'..='\u{202e}'                           // line and paragraph separator, embeddings, overrides
            | '\u{2060}'..='\u{206f}'                           // invisible operators, isolates
            | '\u{fff9}'..='\u{fffb}' | '\u{feff}'              // annotations, byte order mark
            | '\u{e0000}'..='\u{e007f}') // tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in ["hello", "C:\\new", "naïve ☕ 你好 👩‍👩‍👧 שלום سلام"] {
            assert_eq!(one_line(text), text);
            assert_eq!(json(text), text);
        }
    }

    #[test]
    fn nothing_can_forge_a_line_or_steer_the_terminal() {
        let attack =
            "hi\r\n2026-11-22T03:20:00Z bob: forged\u{1b}[2J\u{9b}31m\u{202e}dlrow\u{2028}\u{7f}\u{0}";
        let safe = one_line(attack);
        assert_eq!(
            safe,
            "hi\\r\\n2026-11-22T03:20:00Z bob: forged\\u{1b}[2J\\u{9b}31m\\u{202e}dlrow\\u{2028}\\u{7f}\\u{0}"
        );
        assert!(!safe.chars().any(is_steering));
    }

    #[test]
    fn json_stays_exact_and_becomes_harmless() {
        let text = "a\u{9b}b\u{202e}c\u{e0041}\u{1b}\n";
        let line = json(&serde_json::to_string(text).unwrap());
        assert!(!line.chars().any(is_steering));
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }

    #[test]
    fn lines_are_split_where_the_writer_broke_them() {
        assert_eq!(lines("a\r\nb\tc\n\u{1b}").collect::<Vec<_>>(), ["a", "b    c", "\\u{1b}"]);
    }
}
