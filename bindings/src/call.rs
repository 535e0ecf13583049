//! One call: on our runtime, counted, with a panic as an error.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::runtime::Runtime;
use tokio::task::{JoinError, JoinHandle};

use crate::app::{self, answering};
use crate::cancel::{self, CancelHandle};
use crate::error::FfiError;
use crate::live::{Kind, Living};
use crate::runtime::runtime;

/// What a call gives.
pub(crate) type Answer<T> = Result<T, FfiError>;

/// For what writes: goes on to its end, also when its caller gives up.
pub(crate) async fn to_the_end<T: Send + 'static>(
    cancel: Option<Arc<CancelHandle>>,
    work: impl Future<Output = Answer<T>> + Send + 'static,
) -> Answer<T> {
    let task = running()?.spawn(counted(work));
    answering(cancel::unless_cancelled(cancel, async { joined(task.await) })).await
}

/// For what reads or waits: ends when its caller gives up.
pub(crate) async fn while_wanted<T: Send + 'static>(
    cancel: Option<Arc<CancelHandle>>,
    work: impl Future<Output = Answer<T>> + Send + 'static,
) -> Answer<T> {
    let task = Abort(running()?.spawn(counted(work)));
    answering(cancel::unless_cancelled(cancel, async { joined(task.await) })).await
}

/// For what may block its thread: goes on to its end.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let living = Living::new(Kind::Call);
    let work = move || {
        let _living = living;
        work()
    };
    joined(answering(running()?.spawn_blocking(work)).await)
}

/// The runtime, as long as there is somebody to answer.
fn running() -> Answer<&'static Runtime> {
    if app::is_there() { runtime() } else { Err(FfiError::shut_down()) }
}

async fn counted<T>(work: impl Future<Output = T>) -> T {
    let _living = Living::new(Kind::Call);
    work.await
}

fn joined<T>(result: Result<Answer<T>, JoinError>) -> Answer<T> {
    match result {
        Ok(answer) => answer,
        Err(error) if error.is_panic() => Err(FfiError::panicked()),
        Err(_) => Err(FfiError::cancelled()),
    }
}

/// A task that ends when nobody waits for it any more.
struct Abort<T>(JoinHandle<T>);

impl<T> Future for Abort<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<T> Drop for Abort<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
