//! One line of text under a cursor.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

const JOINER: char = '\u{200d}';

/// What is being typed. The cursor stands between characters as a reader sees them: never inside an accent or an emoji.
#[derive(Debug, Default, Clone)]
pub(crate) struct Editor {
    text: String,
    cursor: usize,
}

impl Editor {
    /// What was typed so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Hands over what was typed, and starts anew.
    pub(crate) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Replaces everything, cursor at the end.
    pub(crate) fn set(&mut self, text: &str) {
        self.text = text.to_owned();
        self.cursor = self.text.len();
    }

    /// Types a character.
    pub(crate) fn insert(&mut self, character: char) {
        self.text.insert(self.cursor, character);
        self.cursor += character.len_utf8();
    }

    /// Types a whole text, such as a pasted one. Its line breaks stay.
    pub(crate) fn insert_text(&mut self, text: &str) {
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
    }

    /// Removes what stands before the cursor.
    pub(crate) fn backspace(&mut self) {
        let start = self.before();
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    /// Removes what stands under the cursor.
    pub(crate) fn delete(&mut self) {
        let end = self.after();
        self.text.replace_range(self.cursor..end, "");
    }

    /// Removes the word before the cursor.
    pub(crate) fn delete_word(&mut self) {
        let kept = self.text[..self.cursor].trim_end();
        let start = kept
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + kept[at..].chars().next().map_or(0, char::len_utf8));
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    /// Removes everything before the cursor.
    pub(crate) fn delete_to_start(&mut self) {
        self.text.replace_range(..self.cursor, "");
        self.cursor = 0;
    }

    /// Moves one character to the left.
    pub(crate) fn left(&mut self) {
        self.cursor = self.before();
    }

    /// Moves one character to the right.
    pub(crate) fn right(&mut self) {
        self.cursor = self.after();
    }

    /// Moves to the start.
    pub(crate) fn home(&mut self) {
        self.cursor = 0;
    }

    /// Moves to the end.
    pub(crate) fn end(&mut self) {
        self.cursor = self.text.len();
    }

    /// The part around the cursor that fits into this many columns, and the column of the cursor in it.
    pub(crate) fn visible(&self, columns: usize) -> (String, usize) {
        let shown = |text: &str| text.replace('\n', "⏎").replace('\t', " ");
        let mut start = 0;
        while shown(&self.text[start..self.cursor]).width() >= columns.max(1) {
            start = self.next_boundary(start);
        }
        let column = shown(&self.text[start..self.cursor]).width();
        let mut part = String::new();
        let mut width = 0;
        for character in shown(&self.text[start..]).chars().filter(|character| !character.is_control()) {
            width += character.width().unwrap_or(0);
            if width > columns {
                break;
            }
            part.push(character);
        }
        (part, column)
    }

    fn before(&self) -> usize {
        let mut last = 0;
        let mut at = 0;
        while at < self.cursor {
            last = at;
            at = self.next_boundary(at);
        }
        last
    }

    fn after(&self) -> usize {
        if self.cursor < self.text.len() { self.next_boundary(self.cursor) } else { self.cursor }
    }

    /// The end of the character that starts here, with the marks that belong to it and whatever a joiner ties to it.
    fn next_boundary(&self, from: usize) -> usize {
        let mut joined = false;
        for (index, (at, character)) in self.text[from..].char_indices().enumerate() {
            let belongs = joined || (character.width() == Some(0) && !character.is_control());
            if index > 0 && !belongs {
                return from + at;
            }
            joined = character == JOINER;
        }
        self.text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Editor {
        let mut editor = Editor::default();
        text.chars().for_each(|character| editor.insert(character));
        editor
    }

    #[test]
    fn cursor_moves_over_whole_characters() {
        let mut editor = typed("ae\u{301}👩\u{200d}👧z");
        editor.left();
        editor.backspace();
        assert_eq!(editor.text(), "ae\u{301}z");
        editor.left();
        editor.delete();
        assert_eq!(editor.text(), "az");
        editor.home();
        editor.insert('ö');
        editor.end();
        editor.insert('!');
        assert_eq!(editor.take(), "öaz!");
        assert_eq!(editor.text(), "");
    }

    #[test]
    fn words_and_lines_are_removed() {
        let mut editor = typed("one two  ");
        editor.delete_word();
        assert_eq!(editor.text(), "one ");
        editor.delete_word();
        assert_eq!(editor.text(), "");
        let mut editor = typed("one two");
        editor.left();
        editor.delete_to_start();
        assert_eq!(editor.text(), "o");
    }

    #[test]
    fn edges_are_no_trouble() {
        let mut editor = Editor::default();
        editor.backspace();
        editor.delete();
        editor.left();
        editor.right();
        editor.delete_word();
        assert_eq!(editor.visible(0), (String::new(), 0));
    }

    #[test]
    fn long_text_scrolls_under_the_cursor() {
        let mut editor = typed("abcdefghij");
        assert_eq!(editor.visible(5), ("ghij".into(), 4));
        editor.home();
        assert_eq!(editor.visible(5), ("abcde".into(), 0));
        assert_eq!(typed("你好吗").visible(5), ("好吗".into(), 4));
    }
}
