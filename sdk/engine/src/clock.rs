//! Time is an argument.

use std::time::Duration;

/// The moment of an input, as the shell saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Time since some fixed moment of this process, which never jumps. Every wait and deadline is measured with it.
    pub elapsed: Duration,
    /// Wall clock, in milliseconds since 1970-01-01 UTC. Only for people to read and for lifetimes of days.
    pub utc_ms: i64,
}

impl Now {
    /// Returns the wall clock as the time since 1970-01-01 UTC, and nothing for a clock that stands before it.
    pub(crate) fn since_1970(self) -> Duration {
        Duration::from_millis(u64::try_from(self.utc_ms).unwrap_or(0))
    }
}
