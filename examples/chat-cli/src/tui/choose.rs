//! One message is chosen: what is sent answers it, and a reaction is to it.

use super::state::{Action, App, Ask, Entry, Mark};

impl Entry {
    /// Whether it is a message that can be answered and reacted to.
    fn is_message(&self) -> bool {
        match self.mark {
            Mark::Sent | Mark::Delivered | Mark::Read | Mark::Theirs => true,
            Mark::Queued | Mark::Held | Mark::Failed | Mark::Cancelled | Mark::Unreadable | Mark::Notice => {
                false
            }
        }
    }
}

impl App {
    /// The message that is chosen.
    pub(super) fn chosen_entry(&self) -> Option<&Entry> {
        let chosen = self.chosen.as_ref()?;
        self.entries.iter().find(|entry| entry.id == *chosen)
    }

    /// Chooses the message before the one that is chosen; where none is, the newest. At the oldest one it stays.
    pub(super) fn choose_older(&mut self) -> Option<Action> {
        let before = match self.chosen_at() {
            Some(at) => &self.entries[..at],
            None => &self.entries[..],
        };
        match before.iter().rev().find(|entry| entry.is_message()) {
            Some(entry) => self.chosen = Some(entry.id.clone()),
            None if self.open.is_some() && !self.at_oldest => return Some(Action::Older),
            None => self.note = Some("there is no older message".to_owned()),
        }
        None
    }

    /// Chooses the message after the one that is chosen; after the newest, none.
    pub(super) fn choose_newer(&mut self) {
        let after = self.chosen_at().map(|at| &self.entries[at + 1..]).unwrap_or_default();
        self.chosen = after.iter().find(|entry| entry.is_message()).map(|entry| entry.id.clone());
    }

    /// Asks for a reaction to the message that is chosen; where none is, to the newest of somebody else.
    pub(super) fn ask_for_reaction(&mut self) {
        if self.chosen_entry().is_none() {
            let theirs = self.entries.iter().rev().find(|entry| entry.mark == Mark::Theirs);
            self.chosen = theirs.map(|entry| entry.id.clone());
        }
        match self.chosen {
            Some(_) => self.ask(Ask::Reaction, None),
            None => self.note = Some("there is nothing to react to yet".to_owned()),
        }
    }

    fn chosen_at(&self) -> Option<usize> {
        let chosen = self.chosen.as_ref()?;
        self.entries.iter().position(|entry| entry.id == *chosen)
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;

    fn press(app: &mut App, code: KeyCode, modifiers: KeyModifiers) -> Option<Action> {
        app.on_key(KeyEvent::new(code, modifiers))
    }

    fn control(app: &mut App, letter: char) -> Option<Action> {
        press(app, KeyCode::Char(letter), KeyModifiers::CONTROL)
    }

    fn enter(app: &mut App) -> Option<Action> {
        press(app, KeyCode::Enter, KeyModifiers::NONE)
    }

    fn app() -> App {
        let entry = |id: &str, mark| Entry {
            id: id.into(),
            mark,
            sender: "bob".into(),
            quote: None,
            text: id.into(),
            at_ms: 0,
        };
        let entries = vec![
            entry("1", Mark::Theirs),
            entry("2", Mark::Notice),
            entry("3", Mark::Read),
            entry("4", Mark::Unreadable),
        ];
        App { open: Some("id-bob".into()), entries, at_oldest: true, ..App::default() }
    }

    #[test]
    fn a_chosen_message_is_answered_once() {
        let mut app = app();
        assert_eq!(control(&mut app, 'p'), None);
        assert_eq!(app.chosen.as_deref(), Some("3"), "the newest that is a message");
        control(&mut app, 'p');
        assert_eq!(app.chosen.as_deref(), Some("1"));
        control(&mut app, 'p');
        assert!(app.note.is_some() && app.chosen.as_deref() == Some("1"), "there is none before");
        app.on_paste("yes");
        let answer = Action::Send { text: "yes".into(), reply_to: Some("1".into()) };
        assert_eq!(enter(&mut app), Some(answer));
        app.on_paste("and");
        assert_eq!(enter(&mut app), Some(Action::Send { text: "and".into(), reply_to: None }));
    }

    #[test]
    fn a_choice_is_given_up_without_leaving() {
        let mut app = app();
        press(&mut app, KeyCode::Up, KeyModifiers::ALT);
        assert_eq!(press(&mut app, KeyCode::Esc, KeyModifiers::NONE), None);
        assert_eq!(app.chosen, None);
        control(&mut app, 'p');
        press(&mut app, KeyCode::Down, KeyModifiers::ALT);
        assert_eq!(app.chosen, None, "behind the newest there is none");
        assert_eq!(press(&mut app, KeyCode::Esc, KeyModifiers::NONE), Some(Action::Quit));
    }

    #[test]
    fn what_is_older_is_loaded_where_the_choice_comes_to_its_end() {
        let mut app = App { at_oldest: false, chosen: Some("1".into()), ..app() };
        assert_eq!(control(&mut app, 'p'), Some(Action::Older));
    }

    #[test]
    fn a_reaction_is_to_the_chosen_message_or_to_the_newest_of_others_and_nothing_takes_it_back() {
        let mut app = app();
        control(&mut app, 'x');
        app.on_paste("+1");
        let react = |reaction: &str| Action::React { to: "1".into(), reaction: reaction.into() };
        assert_eq!(enter(&mut app), Some(react("+1")));
        assert!(app.prompt.is_none() && app.chosen.is_none());
        control(&mut app, 'x');
        assert_eq!(enter(&mut app), Some(react("")));
        app.entries.clear();
        control(&mut app, 'x');
        assert!(app.prompt.is_none() && app.note.is_some());
    }
}
