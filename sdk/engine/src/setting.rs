//! Settings of a conversation: values and rules only; pure.
//!
//! Each is a register as annotations are (`annotation.rs`): the last writer wins by its revision. They follow to the other
//! devices of the account; the timer of disappearing messages is shared with the other side.

use std::fmt;

use waxwing_wire::limits;

use crate::annotation::Revision;
use crate::model::ConversationId;

/// The longest timer of disappearing messages, in seconds: four years.
pub const TIMER_MAX_S: u32 = 4 * 365 * 24 * 3600;

/// How far a revision may be beyond the last one that is known: nobody can end a register by taking its last revision.
const REVISION_JUMP_MAX: u64 = 1 << 32;

/// One setting of a conversation, and what it is set to.
#[derive(Clone, PartialEq, Eq)]
pub enum Setting {
    /// What the user began to write.
    Draft(String),
    /// No noise until then, in milliseconds since 1970; zero: not muted; `i64::MAX`: for ever.
    MutedUntil(i64),
    /// It stands at the top of the list.
    Pinned(bool),
    /// It is put away.
    Archived(bool),
    /// The user wants to come back to it. Reading takes that back.
    MarkedUnread(bool),
    /// Nothing is taken from the other account, and nothing is sent to it.
    Blocked(bool),
    /// Messages of both sides disappear so many seconds after they were sent here, or read here; zero: they stay.
    Timer(u32),
}

/// Which setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettingKind {
    /// [`Setting::Draft`].
    Draft,
    /// [`Setting::MutedUntil`].
    MutedUntil,
    /// [`Setting::Pinned`].
    Pinned,
    /// [`Setting::Archived`].
    Archived,
    /// [`Setting::MarkedUnread`].
    MarkedUnread,
    /// [`Setting::Blocked`].
    Blocked,
    /// [`Setting::Timer`].
    Timer,
}

/// The kind only: content stays out of logs.
impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Setting({:?})", self.kind())
    }
}

impl Setting {
    /// Which setting it is.
    #[must_use]
    pub fn kind(&self) -> SettingKind {
        match self {
            Setting::Draft(_) => SettingKind::Draft,
            Setting::MutedUntil(_) => SettingKind::MutedUntil,
            Setting::Pinned(_) => SettingKind::Pinned,
            Setting::Archived(_) => SettingKind::Archived,
            Setting::MarkedUnread(_) => SettingKind::MarkedUnread,
            Setting::Blocked(_) => SettingKind::Blocked,
            Setting::Timer(_) => SettingKind::Timer,
        }
    }

    /// What it is where nobody set it.
    #[must_use]
    pub fn of_nobody(kind: SettingKind) -> Setting {
        match kind {
            SettingKind::Draft => Setting::Draft(String::new()),
            SettingKind::MutedUntil => Setting::MutedUntil(0),
            SettingKind::Pinned => Setting::Pinned(false),
            SettingKind::Archived => Setting::Archived(false),
            SettingKind::MarkedUnread => Setting::MarkedUnread(false),
            SettingKind::Blocked => Setting::Blocked(false),
            SettingKind::Timer => Setting::Timer(0),
        }
    }

    /// Whether it is within its limits.
    pub(crate) fn is_sound(&self) -> bool {
        match self {
            Setting::Draft(text) => text.len() <= limits::TEXT_SIZE_MAX_BYTES,
            Setting::MutedUntil(until_ms) => *until_ms >= 0,
            Setting::Timer(seconds) => *seconds <= TIMER_MAX_S,
            Setting::Pinned(_) | Setting::Archived(_) | Setting::MarkedUnread(_) | Setting::Blocked(_) => {
                true
            }
        }
    }
}

/// A setting as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingRecord {
    /// Of which conversation.
    pub conversation: ConversationId,
    /// What it is set to.
    pub setting: Setting,
    /// Its place among the changes.
    pub revision: Revision,
}

/// Whether a revision takes the place of the one that is known.
pub(crate) fn supersedes(new: Revision, known: Option<Revision>) -> bool {
    let seen = known.map_or(0, |known| known.count);
    known.is_none_or(|known| new > known) && new.count.saturating_sub(seen) <= REVISION_JUMP_MAX
}

#[cfg(test)]
mod tests {
    use waxwing_wire::DeviceId;

    use super::*;

    #[test]
    fn nobody_takes_the_last_revision() {
        let at = |count, by| Revision { count, device: DeviceId::from_bytes([by; 16]) };
        assert!(supersedes(at(1, 1), None) && supersedes(at(2, 1), Some(at(1, 9))));
        assert!(supersedes(at(2, 2), Some(at(2, 1))) && !supersedes(at(2, 1), Some(at(2, 1))));
        assert!(!supersedes(at(1, 9), Some(at(2, 1))));
        assert!(!supersedes(at(u64::MAX, 1), Some(at(2, 1))) && !supersedes(at(u64::MAX, 1), None));
    }
}
