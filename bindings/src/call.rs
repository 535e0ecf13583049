//! One call: on our runtime, counted, with a panic as an error.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
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

/// A call, in a box: the code that runs and waits is there once, and not once for each of a hundred calls.
pub(crate) type Calling<T> = Pin<Box<dyn Future<Output = Answer<T>> + Send>>;

/// For what writes: goes on to its end, also when its caller gives up.
pub(crate) fn to_the_end<T: Send + 'static>(
    cancel: Option<Arc<CancelHandle>>,
    work: impl Future<Output = Answer<T>> + Send + 'static,
) -> Calling<T> {
    answered(cancel, Box::pin(work), OnGivingUp::GoesOn)
}

/// For what reads or waits: ends when its caller gives up.
pub(crate) fn while_wanted<T: Send + 'static>(
    cancel: Option<Arc<CancelHandle>>,
    work: impl Future<Output = Answer<T>> + Send + 'static,
) -> Calling<T> {
    answered(cancel, Box::pin(work), OnGivingUp::Ends)
}

/// For what may block its thread: goes on to its end.
pub(crate) fn blocking<T: Send + 'static>(work: impl FnOnce() -> Answer<T> + Send + 'static) -> Calling<T> {
    let slot = Slot::new();
    let filled = slot.clone();
    let task: Box<dyn FnOnce() + Send> = Box::new(move || filled.fill(work()));
    Box::pin(async move {
        block(task).await?;
        slot.take()
    })
}

/// What becomes of the work when nobody waits for it any more.
#[derive(Clone, Copy)]
enum OnGivingUp {
    GoesOn,
    Ends,
}

fn answered<T: Send + 'static>(
    cancel: Option<Arc<CancelHandle>>,
    work: Calling<T>,
    on_giving_up: OnGivingUp,
) -> Calling<T> {
    let slot = Slot::new();
    let filled = slot.clone();
    let task = Box::pin(async move { filled.fill(work.await) });
    Box::pin(async move {
        run(cancel, task, on_giving_up).await?;
        slot.take()
    })
}

fn run(
    cancel: Option<Arc<CancelHandle>>,
    work: Pin<Box<dyn Future<Output = ()> + Send>>,
    on_giving_up: OnGivingUp,
) -> Calling<()> {
    Box::pin(async move {
        let work = async move {
            let _living = Living::new(Kind::Call);
            work.await;
        };
        let task = running()?.spawn(work);
        match on_giving_up {
            OnGivingUp::GoesOn => {
                answering(cancel::unless_cancelled(cancel, async { joined(task.await) })).await
            }
            OnGivingUp::Ends => {
                let task = Abort(task);
                answering(cancel::unless_cancelled(cancel, async { joined(task.await) })).await
            }
        }
    })
}

fn block(work: Box<dyn FnOnce() + Send>) -> Calling<()> {
    Box::pin(async move {
        let living = Living::new(Kind::Call);
        let work = move || {
            let _living = living;
            work();
        };
        joined(answering(running()?.spawn_blocking(work)).await)
    })
}

/// Where an answer is put, for whoever waits for it.
struct Slot<T>(Arc<Mutex<Option<Answer<T>>>>);

impl<T> Slot<T> {
    fn new() -> Slot<T> {
        Slot(Arc::new(Mutex::new(None)))
    }

    fn clone(&self) -> Slot<T> {
        Slot(Arc::clone(&self.0))
    }

    fn fill(&self, answer: Answer<T>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }

    /// None is there where the work did not come to its end.
    fn take(&self) -> Answer<T> {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        answer.unwrap_or_else(|| Err(FfiError::cancelled()))
    }
}

/// The runtime, as long as there is somebody to answer.
fn running() -> Answer<&'static Runtime> {
    if app::is_there() { runtime() } else { Err(FfiError::shut_down()) }
}

fn joined(result: Result<(), JoinError>) -> Answer<()> {
    match result {
        Ok(()) => Ok(()),
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
