//! Who of our threads is in the app's language when the process ends.
//!
//! Python tears its interpreter down at the end, and kills every foreign thread that is in it or comes back to it; the whole
//! process dies with such a thread, because nothing may unwind through Rust. So whoever goes over says so here. At the end the
//! app's side has [`leave_app`] called, which waits until all of them are back, and lets nobody go over any more.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

/// How long the end of the process waits for a thread that does not come back.
const LAST_WAIT_MAX: Duration = Duration::from_secs(5);

static APP: Gate = Gate { inside: Mutex::new(Inside { threads: 0, ending: false }), left: Condvar::new() };

struct Gate {
    inside: Mutex<Inside>,
    left: Condvar,
}

struct Inside {
    threads: usize,
    ending: bool,
}

/// While it lives, the app's language stays for this thread.
struct Visit<'a>(&'a Gate);

impl Gate {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None: the process is ending, and nobody goes over any more.
    fn enter(&self) -> Option<Visit<'_>> {
        let mut inside = self.lock();
        if inside.ending {
            return None;
        }
        inside.threads += 1;
        Some(Visit(self))
    }

    fn close(&self, wait_max: Duration) {
        let mut inside = self.lock();
        inside.ending = true;
        // A thread that does not come back must not keep the process from ending.
        let _ = self.left.wait_timeout_while(inside, wait_max, |inside| inside.threads > 0);
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.lock().threads -= 1;
        self.0.left.notify_all();
    }
}

/// To be called when the app's language is about to end: waits until no thread of ours is in it, and lets none in any more.
///
/// Calls that wait are not answered after it, and new ones are refused. Kotlin and Swift do not need it.
#[uniffi::export]
pub fn leave_app() {
    APP.close(LAST_WAIT_MAX);
}

/// Whether the app's language is still there to hear an answer.
pub(crate) fn is_there() -> bool {
    !APP.lock().ending
}

/// Something of the app's that we hold: a provider, a sink.
pub(crate) struct Theirs<T: ?Sized>(Option<Arc<T>>);

impl<T: ?Sized> Theirs<T> {
    pub(crate) fn new(theirs: Arc<T>) -> Theirs<T> {
        Theirs(Some(theirs))
    }

    /// Goes over with it; none when the process is ending.
    pub(crate) fn visit<R>(&self, job: impl FnOnce(&T) -> R) -> Option<R> {
        let _visit = APP.enter()?;
        self.0.as_deref().map(job)
    }
}

impl<T: ?Sized> Clone for Theirs<T> {
    fn clone(&self) -> Theirs<T> {
        Theirs(self.0.clone())
    }
}

impl<T: ?Sized> Drop for Theirs<T> {
    fn drop(&mut self) {
        // The last one tells the app's side that it may let go.
        match APP.enter() {
            Some(_visit) => drop(self.0.take()),
            None => std::mem::forget(self.0.take()),
        }
    }
}

/// Polls a call's future so that what wakes it goes over to the app.
pub(crate) async fn answering<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let waker = Waker::from(Arc::new(Going(cx.waker().clone())));
        future.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await
}

/// Wakes the app's side, as long as it is there.
struct Going(Waker);

impl Wake for Going {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(_visit) = APP.enter() {
            self.0.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        Gate { inside: Mutex::new(Inside { threads: 0, ending: false }), left: Condvar::new() }
    }

    #[test]
    fn the_end_waits_for_who_is_inside_and_lets_nobody_in() {
        let gate = gate();
        let visit = gate.enter().expect("nothing is ending");
        std::thread::scope(|scope| {
            let ending = scope.spawn(|| gate.close(Duration::from_secs(60)));
            while gate.enter().is_some() {
                std::thread::yield_now();
            }
            assert!(!ending.is_finished(), "one is still inside");
            drop(visit);
        });
        assert!(gate.enter().is_none());
    }

    #[test]
    fn the_end_does_not_wait_for_ever() {
        let gate = gate();
        let _visit = gate.enter();
        gate.close(Duration::from_millis(1));
    }
}
