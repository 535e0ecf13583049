//! Who is at work in SQLCipher when the process ends.
//!
//! SQLCipher has the C library call it at `exit`, and then frees what its connections stand on, whatever other threads do with
//! them. An app may end while a client is open, and is right to: so whoever works in SQLCipher says so here, and at the end the
//! process waits until all of them have left, and lets nobody in any more.

use std::cell::Cell;
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the end of the process waits for a transaction that is under way.
const LAST_WAIT_MAX: Duration = Duration::from_secs(5);

static GATE: Mutex<Gate> = Mutex::new(Gate { threads: 0, ending: false });
static LEFT: Condvar = Condvar::new();
static HOOK: Once = Once::new();

thread_local! {
    /// How often this thread has entered.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

struct Gate {
    threads: usize,
    ending: bool,
}

/// While it lives, the process does not end under this thread.
#[must_use = "it holds as long as it lives"]
pub(crate) struct AtWork(());

/// Says that this thread works in SQLCipher. When the process is ending, it does not return.
pub(crate) fn at_work() -> AtWork {
    if DEPTH.get() == 0 {
        let mut gate = lock();
        while gate.ending {
            gate = LEFT.wait(gate).unwrap_or_else(PoisonError::into_inner);
        }
        gate.threads += 1;
    }
    DEPTH.set(DEPTH.get() + 1);
    AtWork(())
}

impl Drop for AtWork {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
        if DEPTH.get() == 0 {
            lock().threads -= 1;
            LEFT.notify_all();
        }
    }
}

/// Waits for the end of a thread, unless the process is ending: then the thread may never end.
pub(crate) fn join(thread: JoinHandle<()>) {
    if !lock().ending {
        // Its panics were told where they happened.
        let _ = thread.join();
    }
}

/// Comes before SQLCipher at the end. To be called when SQLCipher has been at work: who asks the C library last is called first.
pub(super) fn come_first() {
    // Where there is no room for one more, the end is as it would be without us.
    HOOK.call_once(|| {
        let _ = shutdown_hooks::add_shutdown_hook(on_exit);
    });
}

extern "C" fn on_exit() {
    let own = usize::from(DEPTH.get() > 0);
    let mut gate = lock();
    gate.ending = true;
    // A thread that does not come back must not keep the process from ending.
    let _ = LEFT.wait_timeout_while(gate, LAST_WAIT_MAX, |gate| gate.threads > own);
}

fn lock() -> MutexGuard<'static, Gate> {
    GATE.lock().unwrap_or_else(PoisonError::into_inner)
}
