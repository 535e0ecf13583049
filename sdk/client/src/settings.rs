//! How a conversation is set.

use std::fmt;
use std::time::Duration;

use waxwing_engine::Setting;

/// How the user set a conversation. It follows to the account's other devices.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// What the user began to write.
    pub draft: String,
    /// No noise until then, in milliseconds since 1970; none: not muted; `i64::MAX`: for ever.
    pub muted_until_ms: Option<i64>,
    /// It stands at the top of the list.
    pub pinned: bool,
    /// It is put away.
    pub archived: bool,
    /// The user wants to come back to it.
    pub marked_unread: bool,
    /// Nothing is taken from the other side, and nothing is sent to it.
    pub blocked: bool,
    /// New messages of both sides disappear after so long; none: they stay.
    pub timer: Option<Duration>,
}

impl Settings {
    pub(crate) fn take(&mut self, setting: Setting) {
        match setting {
            Setting::Draft(text) => self.draft = text,
            Setting::MutedUntil(until_ms) => self.muted_until_ms = (until_ms > 0).then_some(until_ms),
            Setting::Pinned(is) => self.pinned = is,
            Setting::Archived(is) => self.archived = is,
            Setting::MarkedUnread(is) => self.marked_unread = is,
            Setting::Blocked(is) => self.blocked = is,
            Setting::Timer(0) => self.timer = None,
            Setting::Timer(seconds) => self.timer = Some(Duration::from_secs(seconds.into())),
        }
    }
}

/// The draft stays out of logs.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("muted_until_ms", &self.muted_until_ms)
            .field("pinned", &self.pinned)
            .field("archived", &self.archived)
            .field("blocked", &self.blocked)
            .field("timer", &self.timer)
            .finish_non_exhaustive()
    }
}
