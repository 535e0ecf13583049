//! The pure core: what the relay does with a frame. No I/O, no clock and no randomness; they are arguments.
//!
//! ```text
//!                        +--Room--> InRoom ---------------------------+
//!                        |                                           |
//! Greeting --Hello--> Greeted --Login, Register, UpdateDevices--> LoggedIn
//!     |                  |                                           |
//!     +------------------+--------------- Closed <-------------------+
//! ```
//!
//! The sockets and the simulation drive the same [`Connection`].

mod answers;
mod connection;
mod deletion;
mod delivery;
mod enter;
mod groups;
mod limiter;
mod lookups;
mod proof;
mod rooms;
mod token;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use waxwing_wire::{AccountId, DeviceId, RelayFrame, RoomId};

pub use connection::Connection;
pub use limiter::{Address, Limiter, Rate, RateLimits};
pub use rooms::{RoomFull, Rooms};
pub use token::{TokenKeyError, TokenKeys};

use crate::store::{Op, Query};

/// The time, as an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Since some moment of this process; never goes back.
    pub elapsed: Duration,
    /// Milliseconds since 1970-01-01 UTC.
    pub utc_ms: i64,
}

/// Who may register.
#[derive(Debug, Clone, Default)]
pub enum Registration {
    /// Whoever comes.
    #[default]
    Open,
    /// Who brings a token of the integrator.
    Token(Arc<TokenKeys>),
}

/// The rules of a relay, the same for each connection.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Who may register.
    pub registration: Registration,
    /// How long a connection may take to log in.
    pub login_timeout: Duration,
    /// How long a connection may be silent.
    pub silence_max: Duration,
    /// How much of what is taken from whom.
    pub rates: RateLimits,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            registration: Registration::Open,
            login_timeout: Duration::from_secs(10),
            silence_max: waxwing_wire::limits::SILENCE_MAX,
            rates: RateLimits::default(),
        }
    }
}

/// Ties what comes back from the storage to what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What the shell must do, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send a frame.
    Reply(RelayFrame),
    /// Commit, then call [`Connection::on_committed`].
    Commit {
        /// Comes back with the outcome.
        ticket: Ticket,
        /// What to commit.
        op: Op,
    },
    /// Have a mailbox emptied up to a cursor, some time soon; nothing comes back.
    Acknowledge {
        /// Whose mailbox.
        device: DeviceId,
        /// Up to where.
        cursor: u64,
    },
    /// Look up, then call [`Connection::on_answer`].
    Ask {
        /// Comes back with the answer.
        ticket: Ticket,
        /// What to look up.
        query: Query,
    },
    /// Send the hints for this device to this connection from now on, and tell the connection that had them before.
    Bind {
        /// Whose device.
        account: AccountId,
        /// Which device.
        device: DeviceId,
    },
    /// Enter a room, then call [`Connection::on_room_opened`], and tell whoever is there.
    OpenRoom(RoomId),
    /// Hand this to the other one in the room.
    SendInRoom(Bytes),
    /// What the other one said has gone out: tell it.
    TakenInRoom,
    /// Close the socket.
    Close(CloseReason),
}

/// Why the relay closes a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// A frame made no sense.
    BadFrame,
    /// A frame was too large.
    TooLarge,
    /// No common version.
    VersionUnsupported,
    /// It did not log in in time, or failed too often.
    NotLoggedIn,
    /// It was silent for too long.
    Silent,
    /// The device logged in on a newer connection.
    Superseded,
    /// The device was removed.
    Removed,
    /// The storage failed.
    Unavailable,
    /// The relay goes away.
    GoingAway,
}

impl CloseReason {
    /// The close code of the WebSocket (docs/wire.md, "Closing").
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            CloseReason::GoingAway => 1001,
            CloseReason::BadFrame => 1002,
            CloseReason::NotLoggedIn | CloseReason::Silent => 1008,
            CloseReason::TooLarge => 1009,
            CloseReason::Unavailable => 1013,
            CloseReason::VersionUnsupported => 4000,
            CloseReason::Superseded => 4001,
            CloseReason::Removed => 4002,
        }
    }

    /// A word for logs and metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            CloseReason::GoingAway => "going_away",
            CloseReason::BadFrame => "bad_frame",
            CloseReason::NotLoggedIn => "not_logged_in",
            CloseReason::Silent => "silent",
            CloseReason::TooLarge => "too_large",
            CloseReason::Unavailable => "unavailable",
            CloseReason::VersionUnsupported => "version_unsupported",
            CloseReason::Superseded => "superseded",
            CloseReason::Removed => "removed",
        }
    }
}
