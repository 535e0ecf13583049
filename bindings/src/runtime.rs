//! The runtime that every call runs on, and the thread that lets go of what the app dropped.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};

use tokio::runtime::{Builder, Runtime};

use crate::error::FfiError;
use crate::live::{Kind, Living};

/// Threads that run calls. They only pass things on: the work is done by the client's own thread.
const WORKERS: usize = 2;

/// Threads for what may block: providers of the app, and closing.
const BLOCKING_MAX: usize = 16;

/// The runtime; it lives as long as the process.
pub(crate) fn runtime() -> Result<&'static Runtime, FfiError> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static BUILDING: Mutex<()> = Mutex::new(());
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let _one_builds = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let built = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING_MAX)
        .thread_name("waxwing-call")
        .enable_all()
        .build()
        .map_err(|_| FfiError::no_threads())?;
    Ok(RUNTIME.get_or_init(|| built))
}

type Dropped = Box<dyn Send>;

/// Drops a value on a thread of its own: the last handle of a client waits for the client's threads, and the app's thread
/// must not wait with it.
fn drop_elsewhere(value: Dropped) {
    static DROPPER: OnceLock<Option<Mutex<mpsc::Sender<Dropped>>>> = OnceLock::new();
    let dropper = DROPPER.get_or_init(|| {
        let (sender, receiver) = mpsc::channel::<Dropped>();
        let run = move || receiver.into_iter().for_each(drop);
        let spawned = std::thread::Builder::new().name("waxwing-drop".to_owned()).spawn(run);
        spawned.ok().map(|_| Mutex::new(sender))
    });
    match dropper {
        // The thread never ends, so the queue is open; if it were not, the value is dropped here.
        Some(sender) => drop(sender.lock().unwrap_or_else(PoisonError::into_inner).send(value)),
        None => drop(value),
    }
}

/// A value of the client that an object of this face holds: counted, and let go of elsewhere.
pub(crate) struct Kept<T: Send + 'static> {
    /// It counts as alive until it is really gone.
    value: Option<(T, Living)>,
}

impl<T: Send + 'static> Kept<T> {
    pub(crate) fn new(kind: Kind, value: T) -> Kept<T> {
        Kept { value: Some((value, Living::new(kind))) }
    }

    /// The value itself, for the call that uses it up.
    pub(crate) fn into_inner(mut self) -> T {
        self.value.take().expect("it is there until it is dropped").0
    }
}

impl<T: Send + 'static> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value.as_ref().expect("it is there until it is dropped").0
    }
}

impl<T: Send + 'static> DerefMut for Kept<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value.as_mut().expect("it is there until it is dropped").0
    }
}

impl<T: Send + 'static> Drop for Kept<T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            drop_elsewhere(Box::new(value));
        }
    }
}
