//! The state as a picture: a pure function, so that tests can look at it.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::state::{App, Ask, ConversationRow, Entry, Link, Mark, Prompt, Receipts};
use crate::{safe_text, time};

const LIST_COLUMNS: u16 = 22;
const NARROW_COLUMNS: u16 = 56;
const ACCENT: Color = Color::Cyan;

/// Draws everything.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &mut App) {
    let [body, input, status] =
        Layout::vertical([Constraint::Min(1), Constraint::Length(3), Constraint::Length(1)])
            .areas(frame.area());
    let list_columns = if body.width < NARROW_COLUMNS { 0 } else { LIST_COLUMNS };
    let [list, timeline] =
        Layout::horizontal([Constraint::Length(list_columns), Constraint::Min(1)]).areas(body);
    if list_columns > 0 {
        draw_list(frame, app, list);
    }
    draw_timeline(frame, app, timeline);
    draw_input(frame, app, input);
    draw_status(frame, app, status);
    if let Some(receipts) = &app.receipts {
        draw_receipts(frame, receipts);
    }
    if let Some(prompt) = &app.prompt {
        draw_prompt(frame, prompt);
    }
}

fn frame_block(title: &str) -> Block<'_> {
    Block::bordered().border_type(BorderType::Rounded).border_style(Style::new().dark_gray()).title(title)
}

fn draw_list(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let columns = usize::from(area.width.saturating_sub(2));
    let rows: Vec<Line<'_>> = app
        .conversations
        .iter()
        .map(|row| {
            let is_open = Some(&row.id) == app.open.as_ref();
            let badge = match (row.key_changed, row.unread) {
                (true, _) => String::from("key! "),
                (false, 0) => String::new(),
                (false, 1..=999) => format!("{} ", row.unread),
                (false, _) => String::from("999+ "),
            };
            let name = cut(&shown_name(row), columns.saturating_sub(badge.width() + 3));
            let gap = columns.saturating_sub(name.width() + badge.width() + 2);
            let mut style = Style::new();
            if is_open {
                style = style.fg(ACCENT).add_modifier(Modifier::BOLD);
            } else if row.unread > 0 {
                style = style.add_modifier(Modifier::BOLD);
            }
            Line::from(vec![
                Span::styled(if is_open { "▌ " } else { "  " }, style),
                Span::styled(name, style),
                Span::raw(" ".repeat(gap)),
                Span::styled(
                    badge,
                    Style::new().fg(if row.key_changed { Color::Red } else { Color::Yellow }),
                ),
            ])
        })
        .collect();
    let visible = usize::from(area.height.saturating_sub(2));
    let at = app.conversations.iter().position(|row| Some(&row.id) == app.open.as_ref()).unwrap_or(0);
    let first = (at + 1).saturating_sub(visible.max(1));
    let rows: Vec<Line<'_>> = rows.into_iter().skip(first).collect();
    frame.render_widget(Paragraph::new(rows).block(frame_block(" Conversations ")), area);
}

/// No handle has such a sign before it.
fn shown_name(row: &ConversationRow) -> String {
    if row.is_group { format!("# {}", row.handle) } else { row.handle.clone() }
}

fn draw_timeline(frame: &mut Frame<'_>, app: &mut App, area: Rect) {
    let title = app.open_row().map_or(String::from(" Waxwing "), |row| format!(" {} ", shown_name(row)));
    let block = frame_block(&title);
    let inner = block.inner(area);
    let (rows, chosen) = match app.open {
        Some(_) => timeline_rows(app, usize::from(inner.width)),
        None => (welcome(app), None),
    };
    let height = usize::from(inner.height);
    if let Some((first, end)) = chosen {
        // The chosen message is in sight.
        let (below, above) = (rows.len() - end, (rows.len() - first).saturating_sub(height));
        app.scrolled = app.scrolled.min(below).max(above);
    }
    app.scrolled = app.scrolled.min(rows.len().saturating_sub(height));
    let end = rows.len() - app.scrolled;
    let start = end.saturating_sub(height);
    let shown: Vec<Line<'_>> = rows.into_iter().skip(start).take(end - start).collect();
    frame.render_widget(Paragraph::new(shown).block(block), area);
}

fn welcome(app: &App) -> Vec<Line<'static>> {
    let Some(me) = &app.me else { return Vec::new() };
    vec![
        Line::default(),
        Line::from(format!("  You are {me}.")).bold(),
        Line::from("  Ctrl-N starts a conversation; Tab opens one of the list."),
    ]
}

/// All rows, and between which of them the chosen message stands.
fn timeline_rows(app: &App, columns: usize) -> (Vec<Line<'static>>, Option<(usize, usize)>) {
    let mut rows = Vec::new();
    let mut chosen = None;
    if !app.at_oldest {
        rows.push(Line::from("PgUp loads older messages").dark_gray().centered());
    }
    let mut day = String::new();
    for entry in &app.entries {
        let of_entry = time::day(entry.at_ms);
        if of_entry != day {
            rows.push(Line::from(format!("── {of_entry} ──")).dark_gray().centered());
            day = of_entry;
        }
        let first = rows.len();
        push_entry(&mut rows, entry, columns);
        if app.chosen.as_ref() == Some(&entry.id) {
            rows[first..]
                .iter_mut()
                .for_each(|row| row.style = Style::new().add_modifier(Modifier::REVERSED));
            chosen = Some((first, rows.len()));
        }
    }
    (rows, chosen)
}

fn push_entry(rows: &mut Vec<Line<'static>>, entry: &Entry, columns: usize) {
    if entry.mark == Mark::Notice {
        rows.push(Line::from(safe_text::one_line(&entry.text)).yellow().italic().centered());
        return;
    }
    let theirs = matches!(entry.mark, Mark::Theirs | Mark::Unreadable);
    let name = if theirs { cut(&safe_text::one_line(&entry.sender), 12) } else { String::from("you") };
    let head = format!("{} {name}  ", time::hour_minute(entry.at_ms));
    let indent = head.width();
    let (tick, tick_style) = tick(entry.mark);
    let room = columns.saturating_sub(indent + 3).max(4);
    let text_style = match entry.mark {
        Mark::Unreadable | Mark::Cancelled => Style::new().dark_gray().italic(),
        Mark::Queued
        | Mark::Held
        | Mark::Sent
        | Mark::Delivered
        | Mark::Read
        | Mark::Failed
        | Mark::Theirs
        | Mark::Notice => Style::new(),
    };
    let quote = entry.quote.iter().map(|quote| cut(&format!("↩ {}", safe_text::one_line(quote)), room));
    let quoted = usize::from(entry.quote.is_some());
    let said = safe_text::lines(&entry.text).flat_map(|line| wrap(&line, room));
    let lines: Vec<String> = quote.chain(said).collect();
    let last = lines.len().saturating_sub(1);
    for (index, line) in lines.into_iter().enumerate() {
        let name_style = Style::new().fg(if theirs { Color::Magenta } else { ACCENT });
        let mut spans = if index == 0 {
            vec![
                Span::styled(head[..6].to_owned(), Style::new().dark_gray()),
                Span::styled(head[6..].to_owned(), name_style),
            ]
        } else {
            vec![Span::raw(" ".repeat(indent))]
        };
        let gap = columns.saturating_sub(indent + line.width() + tick.width());
        let is_quote = index < quoted;
        spans.push(Span::styled(line, if is_quote { Style::new().dark_gray().italic() } else { text_style }));
        if index == last && !tick.is_empty() {
            spans.push(Span::raw(" ".repeat(gap)));
            spans.push(Span::styled(tick, tick_style));
        }
        rows.push(Line::from(spans));
    }
}

fn tick(mark: Mark) -> (&'static str, Style) {
    match mark {
        Mark::Queued => ("·", Style::new().dark_gray()),
        Mark::Held => ("⏸", Style::new().yellow()),
        Mark::Sent => ("✓", Style::new().gray()),
        Mark::Delivered => ("✓✓", Style::new().gray()),
        Mark::Read => ("✓✓", Style::new().fg(ACCENT).bold()),
        Mark::Failed => ("!", Style::new().red().bold()),
        Mark::Cancelled => ("×", Style::new().dark_gray()),
        Mark::Theirs | Mark::Unreadable | Mark::Notice => ("", Style::new()),
    }
}

fn draw_input(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let answered = app.chosen_entry().map(|entry| {
        let name = if entry.mark == Mark::Theirs { entry.sender.as_str() } else { "yourself" };
        format!(" Answer to {}: Enter sends, Ctrl-X reacts, Esc gives up ", safe_text::one_line(name))
    });
    let title = match app.open_row() {
        Some(_) if answered.is_some() => answered.unwrap_or_default(),
        Some(row) if row.key_changed => format!(" {}'s key changed: Ctrl-Y accepts the new one ", row.handle),
        Some(row) => format!(" Message to {} ", shown_name(row)),
        None => String::from(" Message "),
    };
    let block = frame_block(&title);
    let inner = block.inner(area);
    let (text, column) = app.compose.visible(usize::from(inner.width.saturating_sub(1)));
    frame.render_widget(Paragraph::new(text).block(block), area);
    if app.prompt.is_none() {
        frame.set_cursor_position(Position::new(inner.x + u16::try_from(column).unwrap_or(0), inner.y));
    }
}

fn draw_status(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let (dot, word, color) = match app.link {
        Link::Online => ("●", "online", Color::Green),
        Link::Connecting => ("◌", "connecting", Color::Yellow),
        Link::Offline => ("○", "offline, trying again", Color::Red),
        Link::Stopped => ("○", "stopped", Color::Red),
    };
    let mut left = vec![Span::styled(format!(" {dot} {word}"), Style::new().fg(color))];
    if let Some(me) = &app.me {
        left.push(Span::raw(format!("  {me}")).bold());
    }
    if app.queued > 0 {
        left.push(Span::styled(format!("  {} waiting", app.queued), Style::new().yellow()));
    }
    if let Some(note) = &app.note {
        left.push(Span::styled(format!("  {}", safe_text::one_line(note)), Style::new().yellow()));
    } else {
        let keys = "  Tab switch  Enter send  PgUp older  Ctrl-N new  Ctrl-P answer  Ctrl-X react  Ctrl-R who has it  Esc quit";
        left.push(Span::styled(keys, Style::new().dark_gray()));
    }
    frame.render_widget(Paragraph::new(Line::from(left)), area);
}

/// Who has read a message, who only has it, and from whom nothing is known.
fn draw_receipts(frame: &mut Frame<'_>, receipts: &Receipts) {
    let screen = frame.area();
    let width = screen.width.min(60);
    let columns = usize::from(width.saturating_sub(2)).max(1);
    let quoted = cut(&safe_text::one_line(&receipts.text), columns.saturating_sub(2));
    let mut lines = vec![Line::from(format!("\"{quoted}\"")).italic()];
    let groups = [
        ("read by", &receipts.read, Style::new().fg(ACCENT)),
        ("delivered to", &receipts.delivered, Style::new()),
        ("not yet at", &receipts.waiting, Style::new().dark_gray()),
    ];
    for (words, names, style) in groups.into_iter().filter(|(_, names, _)| !names.is_empty()) {
        let text = format!("{words} {}: {}", names.len(), names.join(", "));
        lines.extend(wrap(&text, columns).into_iter().map(|row| Line::styled(row, style)));
    }
    let height = screen.height.min(u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2));
    let area = Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 3,
        width,
        height,
    };
    frame.render_widget(Clear, area);
    let block = frame_block(" Who has it ").border_style(Style::new().fg(ACCENT));
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn draw_prompt(frame: &mut Frame<'_>, prompt: &Prompt) {
    let (title, hint) = match prompt.ask {
        Ask::Register => {
            (" Welcome to Waxwing: choose a handle ", "2 to 32 of a-z 0-9 . - _   Enter registers, Esc quits")
        }
        Ask::Conversation => (" New conversation: whose handle? ", "Enter opens it, Esc goes back"),
        Ask::Reaction => (" React with? ", "Enter reacts; nothing takes a reaction back; Esc goes back"),
    };
    let screen = frame.area();
    let width = screen.width.min(60);
    let height = screen.height.min(5);
    let area = Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 3,
        width,
        height,
    };
    let block = frame_block(title).border_style(Style::new().fg(ACCENT));
    let inner = block.inner(area);
    let (text, column) = prompt.editor.visible(usize::from(inner.width.saturating_sub(3)));
    let last = match &prompt.complaint {
        Some(complaint) => Line::from(safe_text::one_line(complaint)).red(),
        None => Line::from(hint).dark_gray(),
    };
    let lines = vec![Line::from(format!("> {text}")), Line::default(), last];
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines).block(block), area);
    frame.set_cursor_position(Position::new(inner.x + 2 + u16::try_from(column).unwrap_or(0), inner.y));
}

/// Breaks a line into rows of at most this many columns, between words where it can.
fn wrap(line: &str, columns: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut row = String::new();
    let mut width = 0;
    for word in line.split_inclusive(' ') {
        let word_width = word.trim_end().width();
        if width > 0 && width + word_width > columns {
            rows.push(std::mem::take(&mut row));
            width = 0;
        }
        for character in word.chars() {
            let character_width = character.width().unwrap_or(0);
            if width + character_width > columns && character != ' ' {
                rows.push(std::mem::take(&mut row));
                width = 0;
            }
            row.push(character);
            width += character_width;
        }
    }
    rows.push(row);
    rows.iter().map(|row| row.trim_end().to_owned()).collect()
}

fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        if kept.width() + character.width().unwrap_or(0) + 1 > columns {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests;
