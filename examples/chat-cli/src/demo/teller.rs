//! How the demo speaks: plain lines everywhere, colours and a calm pace in a terminal.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::sleep;
use unicode_width::UnicodeWidthStr as _;

use crate::fail::Fail;
use crate::out;

const PACE: Duration = Duration::from_millis(900);
const TICK_PACE: Duration = Duration::from_millis(350);
const TEXT_COLUMNS: usize = 76;

/// How far a message got, as ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tick {
    Sent,
    Delivered,
    Read,
}

/// Tells the story.
pub(super) struct Teller {
    paced: bool,
    coloured: bool,
    steps: Cell<u32>,
}

/// A message whose ticks are still coming.
pub(super) struct MessageLine {
    head: String,
    width: usize,
    tick: Option<Tick>,
}

impl Teller {
    pub(super) fn new(paced: bool, is_terminal: bool) -> Teller {
        let coloured = is_terminal && std::env::var_os("NO_COLOR").is_none();
        Teller { paced, coloured, steps: Cell::new(0) }
    }

    pub(super) async fn pause(&self) {
        if self.paced {
            sleep(PACE).await;
        }
    }

    pub(super) fn line(&self, text: &str) -> Result<(), Fail> {
        out::line(text)
    }

    pub(super) fn title(&self, text: &str) -> Result<(), Fail> {
        out::line(&self.paint("1;36", text))
    }

    pub(super) fn step(&self, what: &str, detail: &str) -> Result<(), Fail> {
        self.steps.set(self.steps.get() + 1);
        out::line(&format!(
            "\n{} {}",
            self.paint("36", &format!("{}.", self.steps.get())),
            self.paint("1", what)
        ))?;
        if detail.is_empty() { Ok(()) } else { self.remark(detail) }
    }

    pub(super) fn remark(&self, text: &str) -> Result<(), Fail> {
        out::line(&format!("   {}", self.paint("2", text)))
    }

    pub(super) fn finding(&self, what: &str, result: &str, good: bool) -> Result<(), Fail> {
        let mark = if good { self.paint("32", "✔") } else { self.paint("31", "✘") };
        out::line(&format!("   {mark} {what}{} {result}", " ".repeat(50usize.saturating_sub(what.width()))))
    }

    /// A message as the other side sees it.
    pub(super) fn told(&self, who: &str, text: &str, how: &str) -> Result<(), Fail> {
        let head = format!("   {:>5}  {text}", who);
        let gap = " ".repeat((TEXT_COLUMNS + 10).saturating_sub(head.width()).max(1));
        out::line(&format!("{head}{gap}{}", self.paint("2", how)))
    }

    /// Begins a line that ends with ticks. In a terminal they change while it is the last line.
    pub(super) fn message(&self, who: &str, text: &str) -> Result<MessageLine, Fail> {
        let plain = format!("   {who:>5}  {text}");
        let line = MessageLine {
            width: plain.width(),
            head: format!(
                "   {}  {text}",
                self.paint(if who == "you" { "36" } else { "35" }, &format!("{who:>5}"))
            ),
            tick: None,
        };
        if self.paced {
            out::piece(&line.text(self))?;
        }
        Ok(line)
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.coloured { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

impl MessageLine {
    /// One more tick.
    pub(super) async fn tick(&mut self, teller: &Teller, tick: Tick) -> Result<(), Fail> {
        if teller.paced {
            sleep(TICK_PACE).await;
        }
        self.tick = Some(tick);
        if teller.paced { out::piece(&format!("\r{}", self.text(teller))) } else { Ok(()) }
    }

    /// The last word on this message.
    pub(super) fn end(self, teller: &Teller) -> Result<(), Fail> {
        if teller.paced { out::line("") } else { out::line(&self.text(teller)) }
    }

    fn text(&self, teller: &Teller) -> String {
        let (style, tick) = match self.tick {
            None => ("2", "·"),
            Some(Tick::Sent) => ("0", "✓  sent"),
            Some(Tick::Delivered) => ("0", "✓✓ delivered"),
            Some(Tick::Read) => ("1;36", "✓✓ read"),
        };
        let gap = " ".repeat((TEXT_COLUMNS + 10).saturating_sub(self.width).max(1));
        format!("{}{gap}{}", self.head, teller.paint(style, tick))
    }
}
