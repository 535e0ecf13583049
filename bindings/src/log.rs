//! The log, for the app's own: codes and counts, never content, keys or names.

use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, mpsc};
use std::time::{SystemTime, UNIX_EPOCH};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Metadata, span};

use crate::app::Theirs;
use crate::error::ProviderError;
use crate::ids::Timestamp;

/// Lines that wait for the sink; more are counted and left out.
const LINES_WAITING_MAX: usize = 1024;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, uniffi::Enum)]
pub enum LogLevel {
    /// Something is broken.
    Error,
    /// Something failed, and was mended or will be tried again.
    Warn,
    /// What an operator wants to know.
    Info,
    /// What a developer wants to know.
    Debug,
    /// Everything.
    Trace,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LogRecord {
    /// How much it matters.
    pub level: LogLevel,
    /// Which part of the software says it.
    pub target: String,
    /// What it says, with its values as `name=value`.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// Lines left out before this one, because the sink was too slow.
    #[uniffi(default)]
    pub left_out: u64,
}

/// Takes the log: logcat, os_log, or whatever the app has.
///
/// It is called on one thread of ours, a line at a time and in order. What it throws is ignored.
#[uniffi::export(foreign)]
pub trait LogSink: Send + Sync {
    /// Takes a line.
    ///
    /// # Errors
    ///
    /// [`ProviderError`] when it cannot; the line is lost.
    fn take(&self, record: LogRecord) -> Result<(), ProviderError>;
}

/// Sends the log of this process to a sink from here on, up to a level; none: to nobody.
///
/// It is a matter of the process, not of one client. An app in Rust that has set a log of its own keeps it.
#[uniffi::export]
pub fn set_log_sink(sink: Option<Arc<dyn LogSink>>, level: LogLevel) {
    static START: Once = Once::new();
    let wanted = if sink.is_some() { level as u8 + 1 } else { 0 };
    *LOG.sink.lock().unwrap_or_else(PoisonError::into_inner) = sink.map(Theirs::new);
    LOG.wanted.store(wanted, Ordering::Relaxed);
    START.call_once(start);
    tracing::callsite::rebuild_interest_cache();
}

struct Log {
    sink: Mutex<Option<Theirs<dyn LogSink>>>,
    /// 0: nothing; otherwise the last level that is wanted, and one.
    wanted: AtomicU8,
    left_out: AtomicU64,
}

static LOG: Log = Log { sink: Mutex::new(None), wanted: AtomicU8::new(0), left_out: AtomicU64::new(0) };

fn start() {
    let (lines, queue) = mpsc::sync_channel::<LogRecord>(LINES_WAITING_MAX);
    let run = move || {
        for record in queue {
            let sink = LOG.sink.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(sink) = sink {
                // What a sink throws has nowhere to go.
                let _ = sink.visit(|sink| sink.take(record));
            }
        }
    };
    if std::thread::Builder::new().name("waxwing-log".to_owned()).spawn(run).is_ok() {
        // Another one is set already: then the app is in Rust, and has a log.
        let _ = tracing::subscriber::set_global_default(Forward { lines });
    }
}

/// Turns events into lines. Spans are not used.
struct Forward {
    lines: mpsc::SyncSender<LogRecord>,
}

fn level_of(metadata: &Metadata<'_>) -> LogLevel {
    let level = *metadata.level();
    if level == tracing::Level::ERROR {
        LogLevel::Error
    } else if level == tracing::Level::WARN {
        LogLevel::Warn
    } else if level == tracing::Level::INFO {
        LogLevel::Info
    } else if level == tracing::Level::DEBUG {
        LogLevel::Debug
    } else {
        LogLevel::Trace
    }
}

impl Subscriber for Forward {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let ours = metadata.target().starts_with("waxwing");
        ours && metadata.is_event() && (level_of(metadata) as u8) < LOG.wanted.load(Ordering::Relaxed)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let levels = [
            LevelFilter::OFF,
            LevelFilter::ERROR,
            LevelFilter::WARN,
            LevelFilter::INFO,
            LevelFilter::DEBUG,
            LevelFilter::TRACE,
        ];
        levels.get(usize::from(LOG.wanted.load(Ordering::Relaxed))).copied()
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let record = LogRecord {
            level: level_of(event.metadata()),
            target: event.metadata().target().to_owned(),
            text: text.0,
            at: Timestamp::from_ms(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)),
            left_out: LOG.left_out.swap(0, Ordering::Relaxed),
        };
        let left_out = record.left_out + 1;
        if self.lines.try_send(record).is_err() {
            LOG.left_out.fetch_add(left_out, Ordering::Relaxed);
        }
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// The line of an event: its words, then its values.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let rest = std::mem::take(&mut self.0);
            // Writing to a String does not fail.
            let _ = write!(self.0, "{value:?}{rest}");
        } else {
            let _ = write!(self.0, " {}={value:?}", field.name());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.0, " {}={value}", field.name());
    }
}
