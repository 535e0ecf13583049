//! Forgetting everything: the account is deleted.

use super::Writer;
use super::codes::{self, Stored, value};
use super::show::rows;

/// The tables that hold rows of ours, in the order in which they were made. What goes takes its words along by triggers.
const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
    AND name NOT LIKE 'message_words%' ORDER BY rowid";

const CONVERSATIONS: &str = "SELECT conversation FROM conversation";

impl Writer {
    /// Deletes every row of every table; the pages are overwritten (`secure_delete`).
    pub(super) fn erase(&mut self) -> Stored<()> {
        self.touched.local = true;
        self.touched.incoming = true;
        let conversations = rows(&self.db, CONVERSATIONS, (), |row| codes::conversation_id(row, 0))?;
        self.touched.conversations.extend(conversations);
        // Whatever refers to what: it is all gone at the commit.
        self.db.execute_batch("PRAGMA defer_foreign_keys = ON")?;
        for table in rows(&self.db, TABLES, (), |row| value::<String>(row, 0))?.into_iter().rev() {
            self.db.execute_batch(&format!("DELETE FROM \"{table}\""))?;
        }
        // Triggers noted what went.
        Ok(self.db.execute_batch("DELETE FROM counter_gone; DELETE FROM counter")?)
    }
}
