//! Finding messages by their words.

use rusqlite::Connection;
use waxwing_engine::ConversationId;

use super::codes::Stored;
use super::query;
use super::show::{limit_of, rows, timeline_item, with_reactions};
use crate::timeline::TimelineItem;

/// Words of a search; what is beyond is not looked at.
const WORDS_MAX: usize = 32;

/// What a person typed, as the index wants it: every word must be there, the last one perhaps only begun. `None`: no word.
fn expression(typed: &str) -> Option<String> {
    let is_part = |c: char| c.is_alphanumeric();
    let words: Vec<&str> =
        typed.split(|c| !is_part(c)).filter(|word| !word.is_empty()).take(WORDS_MAX).collect();
    if words.is_empty() {
        return None;
    }
    // Letters and digits alone need no escape inside quotes.
    let quoted: Vec<String> = words.into_iter().map(|word| format!("\"{word}\"")).collect();
    Some(format!("{}*", quoted.join(" ")))
}

/// Messages with these words, the newest first.
pub(crate) fn search(
    db: &Connection,
    conversation: Option<ConversationId>,
    typed: &str,
    limit: usize,
) -> Stored<Vec<TimelineItem>> {
    let Some(words) = expression(typed) else { return Ok(Vec::new()) };
    let found = match conversation {
        None => rows(db, query::SEARCH, (&words, limit_of(limit)), |row| timeline_item(db, row))?,
        Some(here) => {
            let key = (&words, limit_of(limit), here.as_bytes());
            rows(db, query::SEARCH_HERE, key, |row| timeline_item(db, row))?
        }
    };
    with_reactions(db, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_of_a_person_is_an_operator() {
        assert_eq!(expression("hello wor").as_deref(), Some("\"hello\" \"wor\"*"));
        assert_eq!(
            expression("a\"b OR NEAR(c) -d *").as_deref(),
            Some("\"a\" \"b\" \"OR\" \"NEAR\" \"c\" \"d\"*")
        );
        assert_eq!(expression(" \"* - ()"), None);
        let many = "x ".repeat(100);
        assert_eq!(expression(&many).unwrap().matches('x').count(), WORDS_MAX);
    }
}
