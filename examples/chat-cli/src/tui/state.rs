//! What the terminal interface knows, and what a key does to it. No terminal and no client: it can be tested as it is.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the keys are crossterm's; what has no meaning here is text or nothing"
)]

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::editor::Editor;

/// Everything that is on the screen.
#[derive(Debug, Default)]
pub(crate) struct App {
    /// Our handle; none before registration.
    pub(crate) me: Option<String>,
    /// The conversations, the newest first.
    pub(crate) conversations: Vec<ConversationRow>,
    /// The id of the one that is open.
    pub(crate) open: Option<String>,
    /// Its entries, oldest first.
    pub(crate) entries: Vec<Entry>,
    /// Whether there is nothing older than the first entry.
    pub(crate) at_oldest: bool,
    /// How many rows the timeline is scrolled up.
    pub(crate) scrolled: usize,
    /// The id of the message that is answered, or reacted to.
    pub(crate) chosen: Option<String>,
    /// The message being written.
    pub(crate) compose: Editor,
    /// A question that must be answered first.
    pub(crate) prompt: Option<Prompt>,
    /// The connection.
    pub(crate) link: Link,
    /// How much the relay has not accepted yet.
    pub(crate) queued: usize,
    /// A remark in the status bar.
    pub(crate) note: Option<String>,
    /// Who has our newest message, while that is shown.
    pub(crate) receipts: Option<Receipts>,
}

/// How far a message of ours got at each of those it was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receipts {
    /// What it says.
    pub(crate) text: String,
    /// Who has read it.
    pub(crate) read: Vec<String>,
    /// Who has it, and has not read it.
    pub(crate) delivered: Vec<String>,
    /// Who told nothing yet.
    pub(crate) waiting: Vec<String>,
}

/// One line of the list on the left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConversationRow {
    /// Its id.
    pub(crate) id: String,
    /// The other person, or the group's title.
    pub(crate) handle: String,
    /// Whether it is a group's.
    pub(crate) is_group: bool,
    /// How many messages were not seen yet.
    pub(crate) unread: u64,
    /// Whether sending waits until a changed key is accepted.
    pub(crate) key_changed: bool,
}

/// One entry of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its id.
    pub(crate) id: String,
    /// Whose it is, and how far it got.
    pub(crate) mark: Mark,
    /// Who wrote it.
    pub(crate) sender: String,
    /// Who wrote the message that it answers, and what that says.
    pub(crate) quote: Option<String>,
    /// What it says.
    pub(crate) text: String,
    /// When it was written.
    pub(crate) at_ms: i64,
}

/// Whose an entry is, and how far it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Ours: not with the relay yet.
    Queued,
    /// Ours: waits for the user.
    Held,
    /// Ours: the relay has it.
    Sent,
    /// Ours: the other device has it.
    Delivered,
    /// Ours: the other person saw it.
    Read,
    /// Ours: it did not go out.
    Failed,
    /// Ours: taken back.
    Cancelled,
    /// Theirs.
    Theirs,
    /// Theirs, and not readable.
    Unreadable,
    /// Something that happened.
    Notice,
}

impl Mark {
    /// Whether it is a message of ours that went out, or will.
    fn is_ours(self) -> bool {
        match self {
            Mark::Queued | Mark::Held | Mark::Sent | Mark::Delivered | Mark::Read => true,
            Mark::Failed | Mark::Cancelled | Mark::Theirs | Mark::Unreadable | Mark::Notice => false,
        }
    }
}

/// The connection, as people see it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Link {
    /// Being opened.
    Connecting,
    /// Logged in.
    Online,
    /// Not connected; tried again by itself.
    #[default]
    Offline,
    /// Not connected, and not tried.
    Stopped,
}

/// A question that must be answered first.
#[derive(Debug)]
pub(crate) struct Prompt {
    /// What for.
    pub(crate) ask: Ask,
    /// The answer so far.
    pub(crate) editor: Editor,
    /// Why the last answer would not do.
    pub(crate) complaint: Option<String>,
}

/// What a prompt asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Our own handle.
    Register,
    /// Somebody else's.
    Conversation,
    /// What to react with to the chosen message.
    Reaction,
}

/// What a key asks of the client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// End.
    Quit,
    /// Open a conversation of the list.
    Show(String),
    /// Send a message in the open conversation.
    Send {
        /// What it says.
        text: String,
        /// The message that it answers.
        reply_to: Option<String>,
    },
    /// React to a message.
    React {
        /// Which.
        to: String,
        /// With what; empty: take it back.
        reaction: String,
    },
    /// Load what is older.
    Older,
    /// Open the conversation with this handle.
    Start(String),
    /// Register under this handle.
    Register(String),
    /// Accept the changed key in the open conversation.
    AcceptKey,
    /// Show who has this message of ours, and who has read it.
    Receipts(String),
}

const PAGE_ROWS: usize = 10;

impl App {
    /// Asks a question.
    pub(crate) fn ask(&mut self, ask: Ask, complaint: Option<String>) {
        let editor = self.prompt.take().map(|prompt| prompt.editor).unwrap_or_default();
        self.prompt = Some(Prompt { ask, editor, complaint });
    }

    /// The row of the open conversation.
    pub(crate) fn open_row(&self) -> Option<&ConversationRow> {
        let open = self.open.as_ref()?;
        self.conversations.iter().find(|row| row.id == *open)
    }

    /// Takes a pasted text.
    pub(crate) fn on_paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        match &mut self.prompt {
            Some(prompt) => prompt.editor.insert_text(text.trim()),
            None => self.compose.insert_text(&text),
        }
    }

    /// Takes a key.
    pub(crate) fn on_key(&mut self, key: KeyEvent) -> Option<Action> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        self.note = None;
        if self.receipts.take().is_some() && key.code == KeyCode::Esc {
            return None;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && matches!(key.code, KeyCode::Char('c' | 'q')) {
            return Some(Action::Quit);
        }
        if self.prompt.is_some() { self.on_prompt_key(key) } else { self.on_chat_key(key, control) }
    }

    fn on_prompt_key(&mut self, key: KeyEvent) -> Option<Action> {
        let prompt = self.prompt.as_mut()?;
        match (key.code, prompt.ask) {
            (KeyCode::Esc, Ask::Register) => return Some(Action::Quit),
            (KeyCode::Esc, Ask::Conversation | Ask::Reaction) => self.prompt = None,
            (KeyCode::Enter, ask) => {
                let answer = prompt.editor.text().trim().to_owned();
                return match ask {
                    Ask::Register => (!answer.is_empty()).then_some(Action::Register(answer)),
                    Ask::Conversation => (!answer.is_empty()).then_some(Action::Start(answer)),
                    Ask::Reaction => {
                        self.prompt = None;
                        self.chosen.take().map(|to| Action::React { to, reaction: answer })
                    }
                };
            }
            _ => edit(&mut prompt.editor, key),
        }
        None
    }

    fn on_chat_key(&mut self, key: KeyEvent, control: bool) -> Option<Action> {
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Esc => return self.chosen.take().is_none().then_some(Action::Quit),
            KeyCode::Char('p') if control => return self.choose_older(),
            KeyCode::Up if alt => return self.choose_older(),
            KeyCode::Char('o') if control => self.choose_newer(),
            KeyCode::Down if alt => self.choose_newer(),
            KeyCode::Char('x') if control => self.ask_for_reaction(),
            KeyCode::Char('n') if control => self.ask(Ask::Conversation, None),
            KeyCode::Char('y') if control => {
                return self.open_row().filter(|row| row.key_changed).map(|_| Action::AcceptKey);
            }
            KeyCode::Char('r') if control => return self.ask_for_receipts(),
            KeyCode::Tab | KeyCode::Down => return self.step(1),
            KeyCode::BackTab | KeyCode::Up => return self.step(-1),
            KeyCode::PageUp => {
                self.scrolled = self.scrolled.saturating_add(PAGE_ROWS);
                return (!self.at_oldest && self.open.is_some()).then_some(Action::Older);
            }
            KeyCode::PageDown => self.scrolled = self.scrolled.saturating_sub(PAGE_ROWS),
            KeyCode::Enter if alt => self.compose.insert('\n'),
            KeyCode::Enter => {
                if self.open.is_none() {
                    self.note = Some("open a conversation first: Ctrl-N".to_owned());
                } else if !self.compose.text().trim().is_empty() {
                    self.scrolled = 0;
                    return Some(Action::Send { text: self.compose.take(), reply_to: self.chosen.take() });
                }
            }
            _ => edit(&mut self.compose, key),
        }
        None
    }

    /// Of the chosen message, or of our newest one here.
    fn ask_for_receipts(&mut self) -> Option<Action> {
        let chosen = self.chosen_entry().filter(|entry| entry.mark.is_ours());
        let ours = chosen.or_else(|| self.our_newest()).map(|entry| Action::Receipts(entry.id.clone()));
        if ours.is_none() {
            self.note = Some("you have written nothing here yet".to_owned());
        }
        ours
    }

    fn our_newest(&self) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.mark.is_ours())
    }

    fn step(&self, by: isize) -> Option<Action> {
        let length = self.conversations.len();
        let current = self.conversations.iter().position(|row| Some(&row.id) == self.open.as_ref());
        let next = match current {
            Some(at) => at.checked_add_signed(by).unwrap_or(length.saturating_sub(1)) % length.max(1),
            None => 0,
        };
        let row = self.conversations.get(next)?;
        (current != Some(next)).then(|| Action::Show(row.id.clone()))
    }
}

fn edit(editor: &mut Editor, key: KeyEvent) {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        match key.code {
            KeyCode::Char('a') => editor.home(),
            KeyCode::Char('e') => editor.end(),
            KeyCode::Char('u') => editor.delete_to_start(),
            KeyCode::Char('w') => editor.delete_word(),
            _ => {}
        }
        return;
    }
    match key.code {
        KeyCode::Char(character) => editor.insert(character),
        KeyCode::Backspace => editor.backspace(),
        KeyCode::Delete => editor.delete(),
        KeyCode::Left => editor.left(),
        KeyCode::Right => editor.right(),
        KeyCode::Home => editor.home(),
        KeyCode::End => editor.end(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(app: &mut App, code: KeyCode) -> Option<Action> {
        app.on_key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn control(app: &mut App, letter: char) -> Option<Action> {
        app.on_key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL))
    }

    fn row(handle: &str) -> ConversationRow {
        let id = format!("id-{handle}");
        ConversationRow { id, handle: handle.into(), is_group: false, unread: 0, key_changed: false }
    }

    fn app() -> App {
        App { me: Some("alice".into()), conversations: vec![row("bob"), row("carol")], ..App::default() }
    }

    #[test]
    fn typed_message_is_sent_with_enter() {
        let mut app = App { open: Some("id-bob".into()), scrolled: 7, ..app() };
        for letter in "hi".chars() {
            assert_eq!(press(&mut app, KeyCode::Char(letter)), None);
        }
        let sent = Action::Send { text: "hi".into(), reply_to: None };
        assert_eq!(press(&mut app, KeyCode::Enter), Some(sent));
        assert_eq!((app.compose.text(), app.scrolled), ("", 0));
        assert_eq!(press(&mut app, KeyCode::Enter), None);
    }

    #[test]
    fn nothing_typed_is_lost_where_no_conversation_is_open() {
        let mut app = app();
        press(&mut app, KeyCode::Char('x'));
        assert_eq!(press(&mut app, KeyCode::Enter), None);
        assert_eq!(app.compose.text(), "x");
        assert!(app.note.is_some());
    }

    #[test]
    fn tab_goes_round_the_conversations() {
        let mut app = app();
        assert_eq!(press(&mut app, KeyCode::Tab), Some(Action::Show("id-bob".into())));
        app.open = Some("id-bob".into());
        assert_eq!(press(&mut app, KeyCode::Down), Some(Action::Show("id-carol".into())));
        assert_eq!(press(&mut app, KeyCode::Up), Some(Action::Show("id-carol".into())));
        app.open = Some("id-carol".into());
        assert_eq!(press(&mut app, KeyCode::Tab), Some(Action::Show("id-bob".into())));
        app.conversations.clear();
        assert_eq!(press(&mut app, KeyCode::Tab), None);
    }

    #[test]
    fn prompt_takes_the_keys_until_it_is_answered() {
        let mut app = app();
        control(&mut app, 'n');
        app.on_paste(" dave\n");
        assert_eq!(press(&mut app, KeyCode::Enter), Some(Action::Start("dave".into())));
        assert_eq!(press(&mut app, KeyCode::Esc), None);
        assert!(app.prompt.is_none());
        assert_eq!(press(&mut app, KeyCode::Esc), Some(Action::Quit));
        app.ask(Ask::Register, None);
        assert_eq!(press(&mut app, KeyCode::Esc), Some(Action::Quit));
    }

    #[test]
    fn older_entries_are_asked_for_until_there_are_none() {
        let mut app = App { open: Some("id-bob".into()), ..app() };
        assert_eq!(press(&mut app, KeyCode::PageUp), Some(Action::Older));
        app.at_oldest = true;
        assert_eq!(press(&mut app, KeyCode::PageUp), None);
        assert_eq!(app.scrolled, 20);
        press(&mut app, KeyCode::PageDown);
        assert_eq!(app.scrolled, 10);
    }

    #[test]
    fn receipts_of_our_newest_message_are_asked_for_and_put_away_by_any_key() {
        let entry = |id: &str, mark| {
            let (sender, text) = ("x".into(), id.into());
            Entry { id: id.into(), mark, sender, quote: None, text, at_ms: 0 }
        };
        let mut app = App { open: Some("id-bob".into()), ..app() };
        assert_eq!(control(&mut app, 'r'), None);
        assert!(app.note.is_some());
        app.entries = vec![
            entry("1", Mark::Sent),
            entry("2", Mark::Delivered),
            entry("3", Mark::Theirs),
            entry("4", Mark::Failed),
        ];
        assert_eq!(control(&mut app, 'r'), Some(Action::Receipts("2".into())));
        let shown =
            Receipts { text: "2".into(), read: vec![], delivered: vec!["bob".into()], waiting: vec![] };
        app.receipts = Some(shown.clone());
        assert_eq!(press(&mut app, KeyCode::Esc), None, "it only puts them away");
        assert!(app.receipts.is_none());
        app.receipts = Some(shown);
        press(&mut app, KeyCode::Char('h'));
        assert_eq!((app.receipts.is_none(), app.compose.text()), (true, "h"));
    }

    #[test]
    fn changed_key_is_accepted_only_where_one_changed() {
        let mut app = App { open: Some("id-bob".into()), ..app() };
        assert_eq!(control(&mut app, 'y'), None);
        app.conversations[0].key_changed = true;
        assert_eq!(control(&mut app, 'y'), Some(Action::AcceptKey));
    }
}
