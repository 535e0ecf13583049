//! What stands on the screen, as text.

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;

const AT_MS: i64 = 1_795_317_600_123;

/// The screen as text, one line a row, without trailing spaces.
fn screen(app: &mut App, columns: u16, rows: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| draw(frame, app)).unwrap();
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for row in 0..rows {
        let mut line = String::new();
        let mut skip = 0;
        for column in 0..columns {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buffer[(column, row)].symbol();
            skip = symbol.width().saturating_sub(1);
            line.push_str(symbol);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn entry(mark: Mark, text: &str) -> Entry {
    let (sender, text) = ("bob".to_owned(), text.to_owned());
    Entry { id: text.clone(), mark, sender, quote: None, text, at_ms: AT_MS }
}

fn row(handle: &str, unread: u64) -> ConversationRow {
    ConversationRow { id: handle.into(), handle: handle.into(), is_group: false, unread, key_changed: false }
}

fn chatting() -> App {
    App {
        me: Some("alice".into()),
        conversations: vec![row("bob", 0), row("carol", 3)],
        open: Some("bob".into()),
        at_oldest: true,
        link: Link::Online,
        entries: vec![
            entry(Mark::Theirs, "hello alice"),
            entry(Mark::Read, "read by bob"),
            entry(Mark::Delivered, "delivered"),
            entry(Mark::Sent, "sent"),
            entry(Mark::Failed, "failed"),
            entry(Mark::Notice, "bob's devices changed"),
            entry(Mark::Queued, "queued"),
        ],
        ..App::default()
    }
}

#[test]
fn conversation_shows_list_ticks_and_state() {
    let mut app = chatting();
    app.compose.set("typing");
    app.queued = 1;
    assert_eq!(
        screen(&mut app, 70, 14),
        "\
╭ Conversations ─────╮╭ bob ─────────────────────────────────────────╮
│▌ bob               ││               ── 2026-11-22 ──               │
│  carol           3 ││03:20 bob  hello alice                        │
│                    ││03:20 you  read by bob                      ✓✓│
│                    ││03:20 you  delivered                        ✓✓│
│                    ││03:20 you  sent                              ✓│
│                    ││03:20 you  failed                            !│
│                    ││             bob's devices changed            │
│                    ││03:20 you  queued                            ·│
╰────────────────────╯╰──────────────────────────────────────────────╯
╭ Message to bob ────────────────────────────────────────────────────╮
│typing                                                              │
╰────────────────────────────────────────────────────────────────────╯
 ● online  alice  1 waiting  Tab switch  Enter send  PgUp older  Ctrl-
"
    );
}

fn in_a_group() -> App {
    let of = |sender: &str, mark, text: &str| Entry { sender: sender.into(), ..entry(mark, text) };
    let walk = ConversationRow { is_group: true, ..row("walk", 0) };
    App {
        conversations: vec![walk, row("bob", 0)],
        open: Some("walk".into()),
        entries: vec![
            of("alice", Mark::Notice, "alice made this group"),
            of("bob", Mark::Theirs, "where to?"),
            of("carol", Mark::Theirs, "up the hill\n  +1"),
            of("carol", Mark::Unreadable, "waiting for the sender to send it again"),
            of("bob", Mark::Notice, "bob added dave"),
            of("alice", Mark::Delivered, "at nine"),
        ],
        ..chatting()
    }
}

#[test]
fn in_a_group_each_message_has_its_sender_and_what_was_done_stands_in_words() {
    assert_eq!(
        screen(&mut in_a_group(), 76, 15),
        "\
╭ Conversations ─────╮╭ # walk ────────────────────────────────────────────╮
│▌ # walk            ││                  ── 2026-11-22 ──                  │
│  bob               ││                alice made this group               │
│                    ││03:20 bob  where to?                                │
│                    ││03:20 carol  up the hill                            │
│                    ││               +1                                   │
│                    ││03:20 carol  waiting for the sender to send it      │
│                    ││             again                                  │
│                    ││                   bob added dave                   │
│                    ││03:20 you  at nine                                ✓✓│
╰────────────────────╯╰────────────────────────────────────────────────────╯
╭ Message to # walk ───────────────────────────────────────────────────────╮
│                                                                          │
╰──────────────────────────────────────────────────────────────────────────╯
 ● online  alice  Tab switch  Enter send  PgUp older  Ctrl-N new  Ctrl-P ans
"
    );
}

#[test]
fn an_answer_shows_what_it_answers_and_the_chosen_message_is_in_sight() {
    let mut app = in_a_group();
    app.entries.push(Entry {
        quote: Some("bob: where to? I have only an hour, and the hill is steep".into()),
        ..entry(Mark::Sent, "up the hill\n  +1 bob, carol")
    });
    assert!(!screen(&mut app, 76, 9).contains("where to?  "), "it stands too far up");
    app.chosen = Some("where to?".into());
    assert_eq!(
        screen(&mut app, 76, 9),
        "\
╭ Conversations ─────╮╭ # walk ────────────────────────────────────────────╮
│▌ # walk            ││03:20 bob  where to?                                │
│  bob               ││03:20 carol  up the hill                            │
│                    ││               +1                                   │
╰────────────────────╯╰────────────────────────────────────────────────────╯
╭ Answer to bob: Enter sends, Ctrl-X reacts, Esc gives up ─────────────────╮
│                                                                          │
╰──────────────────────────────────────────────────────────────────────────╯
 ● online  alice  Tab switch  Enter send  PgUp older  Ctrl-N new  Ctrl-P ans
"
    );
    app.chosen = None;
    app.scrolled = 0;
    assert_eq!(
        screen(&mut app, 76, 9),
        "\
╭ Conversations ─────╮╭ # walk ────────────────────────────────────────────╮
│▌ # walk            ││03:20 you  ↩ bob: where to? I have only an hour,…   │
│  bob               ││           up the hill                              │
│                    ││             +1 bob, carol                         ✓│
╰────────────────────╯╰────────────────────────────────────────────────────╯
╭ Message to # walk ───────────────────────────────────────────────────────╮
│                                                                          │
╰──────────────────────────────────────────────────────────────────────────╯
 ● online  alice  Tab switch  Enter send  PgUp older  Ctrl-N new  Ctrl-P ans
"
    );
    for columns in 1..70 {
        app.chosen = Some("where to?".into());
        screen(&mut app, columns, columns / 4 + 1);
        app.ask_for_reaction();
        screen(&mut app, columns, columns / 4 + 1);
        app.prompt = None;
    }
}

#[test]
fn who_has_a_message_is_shown_on_request() {
    let mut app = in_a_group();
    let names = |all: &[&str]| all.iter().map(|&name| name.to_owned()).collect();
    app.receipts = Some(Receipts {
        text: "at nine".into(),
        read: names(&["bob"]),
        delivered: names(&["carol", "erin"]),
        waiting: names(&["dave"]),
    });
    let text = screen(&mut app, 76, 16);
    for line in
        ["Who has it", "\"at nine\"", "read by 1: bob", "delivered to 2: carol, erin", "not yet at 1: dave"]
    {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    app.receipts =
        Some(Receipts { text: "x".into(), read: vec![], delivered: vec![], waiting: names(&["dave"]) });
    assert!(!screen(&mut app, 76, 16).contains("read by"));
    for columns in 1..70 {
        screen(&mut app, columns, columns / 4 + 1);
    }
}

#[test]
fn read_ticks_have_a_colour_of_their_own() {
    let mut terminal = Terminal::new(TestBackend::new(70, 14)).unwrap();
    terminal.draw(|frame| draw(frame, &mut chatting())).unwrap();
    let color = |row| terminal.backend().buffer()[(67, row)].fg;
    assert_eq!(terminal.backend().buffer()[(67, 3)].symbol(), "✓");
    assert_eq!((color(3), color(4)), (ACCENT, Color::Gray));
}

#[test]
fn long_and_wide_text_is_wrapped_and_hostile_text_is_shown() {
    let mut app = chatting();
    app.entries = vec![
        entry(Mark::Theirs, "one two three four five six seven eight nine ten"),
        entry(Mark::Sent, "你好你好你好你好你好你好你好你好你好"),
        entry(Mark::Theirs, "\u{1b}[2Jevil\u{202e}\n03:20 you  forged"),
    ];
    assert_eq!(
        screen(&mut app, 40, 14),
        "\
╭ bob ─────────────────────────────────╮
│           ── 2026-11-22 ──           │
│03:20 bob  one two three four five    │
│           six seven eight nine ten   │
│03:20 you  你好你好你好你好你好你好   │
│           你好你好你好              ✓│
│03:20 bob  \\u{1b}[2Jevil\\u{202e}      │
│           03:20 you  forged          │
│                                      │
╰──────────────────────────────────────╯
╭ Message to bob ──────────────────────╮
│                                      │
╰──────────────────────────────────────╯
 ● online  alice  Tab switch  Enter send
"
    );
}

#[test]
fn scrolling_stops_at_the_top() {
    let mut app = chatting();
    app.scrolled = 1000;
    let text = screen(&mut app, 40, 8);
    assert!(text.contains("2026-11-22"));
    assert_eq!(app.scrolled, 6);
    app.scrolled = 0;
    assert!(screen(&mut app, 40, 8).contains("queued"));
}

#[test]
fn newcomer_is_asked_for_a_handle() {
    let mut app = App::default();
    app.ask(Ask::Register, Some("another account has this handle".into()));
    app.on_paste("alice");
    let text = screen(&mut app, 70, 14);
    assert!(text.contains("choose a handle"));
    assert!(text.contains("> alice"));
    assert!(text.contains("another account has this handle"));
}

#[test]
fn every_size_of_terminal_is_drawn() {
    let mut app = chatting();
    for columns in 1..60 {
        for rows in 1..16 {
            screen(&mut app, columns, rows);
            app.ask(Ask::Conversation, None);
            screen(&mut app, columns, rows);
            app.prompt = None;
        }
    }
}
