//! What a phone does to an app: suspend, resume, wake for a moment, change the network.

use std::sync::Arc;
use std::time::Duration;

use waxwing_engine::Command;

use crate::error::Result;
use crate::shared::{Request, Shared};

/// What a background fetch brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatchUp {
    /// Incoming messages that became readable.
    pub messages: u64,
    /// Whether everything that the relay had is here, and everything that was to be sent is there.
    pub completed: bool,
}

/// The client's face to the app's life cycle.
#[derive(Debug, Clone)]
pub struct Lifecycle {
    shared: Arc<Shared>,
}

impl Lifecycle {
    pub(crate) fn new(shared: Arc<Shared>) -> Lifecycle {
        Lifecycle { shared }
    }

    /// Hangs up and lets go of the store: when this returns, no file is locked and the log of the database is empty.
    ///
    /// While the link is up, what is on its way gets until the deadline. Calls that need the store answer `suspended`, until
    /// [`resume`](Lifecycle::resume); reading goes on.
    ///
    /// # Errors
    ///
    /// `shut_down`, or what the store says.
    pub async fn suspend(&self, deadline: Duration) -> Result<()> {
        self.shared.ask(|answer| Request::Suspend { deadline, answer }).await
    }

    /// Takes the store up again, and connects.
    ///
    /// # Errors
    ///
    /// `store_in_use` when another process took the store meanwhile, or what the store says.
    pub async fn resume(&self) -> Result<()> {
        self.shared.ask(|answer| Request::Resume { answer }).await
    }

    /// Connects, takes in what the relay has, sends what waits, and goes back to how it was before: suspended, if it was.
    ///
    /// # Errors
    ///
    /// `not_registered`, or what the store says. A relay that cannot be reached is no error: nothing is completed then.
    pub async fn catch_up(&self, deadline: Duration) -> Result<CatchUp> {
        self.shared.ask(|answer| Request::CatchUp { deadline, answer }).await
    }

    /// Says that the network changed: the next attempt to connect is made at once.
    pub fn network_changed(&self) {
        let (answer, _) = tokio::sync::oneshot::channel();
        // A full queue means that the driver is busy anyhow, and a hint can be lost.
        let _ = self.shared.requests.try_send(Request::Command { command: Command::NetworkChanged, answer });
    }
}
