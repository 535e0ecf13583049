//! Giving up a call, in languages whose own cancellation does not reach here.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use crate::call::Answer;
use crate::error::FfiError;
use crate::live::{Kind, Living};

/// Gives up the calls that it was passed to: they answer `cancelled`. What they were writing goes on to its end.
///
/// Kotlin and Python do not need it: there, cancelling the coroutine or the task does the same.
#[derive(uniffi::Object)]
pub struct CancelHandle {
    cancelled: watch::Sender<bool>,
    _living: Living,
}

#[uniffi::export]
impl CancelHandle {
    /// Makes a handle.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<CancelHandle> {
        Arc::new(CancelHandle {
            cancelled: watch::channel(false).0,
            _living: Living::new(Kind::CancelHandle),
        })
    }

    /// Gives up. Calls that begin later with this handle answer `cancelled` at once.
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Whether it gave up.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }
}

impl fmt::Debug for CancelHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelHandle").field("cancelled", &self.is_cancelled()).finish_non_exhaustive()
    }
}

/// Waits for the work, but no longer than the handle lets it.
pub(crate) async fn unless_cancelled<T>(
    cancel: Option<Arc<CancelHandle>>,
    work: impl Future<Output = Answer<T>>,
) -> Answer<T> {
    let Some(cancel) = cancel else { return work.await };
    let mut cancelled = cancel.cancelled.subscribe();
    tokio::select! {
        biased;
        _ = cancelled.wait_for(|cancelled| *cancelled) => Err(FfiError::cancelled()),
        answer = work => answer,
    }
}
