//! A stream that is pulled in batches, and loses none when a pull is given up.
//!
//! Between the moment a batch is ready and the moment the app has it, its pull may be given up: a coroutine is cancelled, a
//! time-out fires. So each batch has a number, a pull says which it has, and the last batch is given again to whoever does
//! not have it.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::sync::{Mutex, MutexGuard, Notify, watch};

use crate::call::{Answer, while_wanted};
use crate::cancel::CancelHandle;
use crate::error::FfiError;
use crate::live::Kind;
use crate::runtime::Kept;

/// Where batches come from.
pub(crate) trait Source: Send + 'static {
    type Item: Clone + Send + Sync + 'static;

    /// Waits for something; none: there is no more. Giving up loses nothing.
    fn gather(&mut self) -> impl Future<Output = Answer<Option<Vec<Self::Item>>>> + Send;
}

/// What an object of the face holds of a stream.
pub(crate) struct Pull<S: Source> {
    state: Mutex<State<S>>,
    /// Somebody else wants the source for a moment.
    give_way: Notify,
    stopped: watch::Sender<bool>,
}

/// A batch on its way from the source.
type Gathering<S> = Pin<Box<dyn Future<Output = Answer<Option<Vec<<S as Source>::Item>>>> + Send>>;

struct State<S: Source> {
    source: Arc<Mutex<Kept<S>>>,
    /// It stays when its pull is given up, and the next pull goes on with it: whoever gives up every few milliseconds still gets
    /// forward, however slow the machine.
    gathering: Option<Gathering<S>>,
    number: u64,
    last: Vec<S::Item>,
}

impl<S: Source> State<S> {
    /// The batch that is on its way, or a new one.
    fn gathering(&mut self) -> &mut Gathering<S> {
        let source = &self.source;
        self.gathering.get_or_insert_with(|| {
            let source = Arc::clone(source);
            let gather = async move { source.lock().await.gather().await };
            Box::pin(async move {
                AssertUnwindSafe(gather).catch_unwind().await.unwrap_or_else(|_| Err(FfiError::panicked()))
            })
        })
    }
}

impl<S: Source> Pull<S> {
    pub(crate) fn new(source: S) -> Arc<Pull<S>> {
        let source = Arc::new(Mutex::new(Kept::new(Kind::Stream, source)));
        Arc::new(Pull {
            state: Mutex::new(State { source, gathering: None, number: 0, last: Vec::new() }),
            give_way: Notify::new(),
            stopped: watch::channel(false).0,
        })
    }

    /// The batch after this one, with its number; none: the stream is stopped, or the client closed.
    pub(crate) async fn next(
        self: &Arc<Self>,
        after: u64,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Answer<Option<(u64, Vec<S::Item>)>> {
        let pull = Arc::clone(self);
        while_wanted(cancel, async move {
            let mut stopped = pull.stopped.subscribe();
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => Ok(None),
                batch = pull.batch(after) => batch,
            }
        })
        .await
    }

    async fn batch(&self, after: u64) -> Answer<Option<(u64, Vec<S::Item>)>> {
        loop {
            let mut state = self.state.lock().await;
            if after != state.number {
                let is_last = after.checked_add(1) == Some(state.number);
                let again = (state.number, state.last.clone());
                return if is_last { Ok(Some(again)) } else { Err(FfiError::batch_unknown()) };
            }
            let gathered = tokio::select! {
                biased;
                () = self.give_way.notified() => continue,
                gathered = state.gathering() => gathered,
            };
            state.gathering = None;
            let Some(items) = gathered? else { return Ok(None) };
            state.number += 1;
            state.last.clone_from(&items);
            return Ok(Some((state.number, items)));
        }
    }

    /// Ends the stream: pulls that wait, and all later ones, give none.
    pub(crate) fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Takes the source for a moment, from a pull that waits; and with it the last batch, as it would be given again.
    pub(crate) async fn borrow<R>(&self, job: impl AsyncFnOnce(&mut S, &mut [S::Item]) -> R) -> R {
        // In the queue first, and then the one who waits gives way: the lock goes round in turn.
        let (mut state, ()): (MutexGuard<'_, State<S>>, ()) =
            tokio::join!(biased; self.state.lock(), async { self.give_way.notify_one() });
        // What is on its way holds the source. It is begun again afterwards, and nothing of it is lost.
        state.gathering = None;
        let source = Arc::clone(&state.source);
        let mut source = source.lock().await;
        job(&mut source, &mut state.last).await
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;
    use std::time::Duration;

    use tokio::sync::mpsc;

    use super::*;

    struct Numbers(mpsc::UnboundedReceiver<u32>);

    impl Source for Numbers {
        type Item = u32;

        async fn gather(&mut self) -> Answer<Option<Vec<u32>>> {
            Ok(self.0.recv().await.map(|number| vec![number]))
        }
    }

    fn numbers() -> (mpsc::UnboundedSender<u32>, Arc<Pull<Numbers>>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (sender, Pull::new(Numbers(receiver)))
    }

    #[tokio::test]
    async fn a_batch_that_was_not_received_is_given_again() {
        let (sender, pull) = numbers();
        sender.send(7).unwrap();
        assert_eq!(pull.next(0, None).await, Ok(Some((1, vec![7]))));
        assert_eq!(pull.next(0, None).await, Ok(Some((1, vec![7]))), "its pull was given up");
        sender.send(8).unwrap();
        assert_eq!(pull.next(1, None).await, Ok(Some((2, vec![8]))));
        assert_eq!(pull.next(0, None).await, Err(FfiError::batch_unknown()));
        assert_eq!(pull.next(9, None).await, Err(FfiError::batch_unknown()));
    }

    #[tokio::test]
    async fn a_pull_that_is_given_up_by_its_handle_loses_nothing() {
        let (sender, pull) = numbers();
        let cancel = CancelHandle::new();
        let waiting = tokio::spawn({
            let (pull, cancel) = (Arc::clone(&pull), Arc::clone(&cancel));
            async move { pull.next(0, Some(cancel)).await }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        cancel.cancel();
        assert_eq!(waiting.await.unwrap(), Err(FfiError::cancelled()));
        sender.send(7).unwrap();
        assert_eq!(pull.next(0, None).await, Ok(Some((1, vec![7]))));
    }

    /// Needs three looks for one batch, and panics once, before them.
    struct Slow {
        panics: u32,
        begun: u32,
    }

    impl Source for Slow {
        type Item = u32;

        async fn gather(&mut self) -> Answer<Option<Vec<u32>>> {
            self.begun += 1;
            assert!(self.begun > self.panics, "provoked");
            for _ in 0..3 {
                let mut looked = false;
                std::future::poll_fn(|_| {
                    if std::mem::replace(&mut looked, true) { Poll::Ready(()) } else { Poll::Pending }
                })
                .await;
            }
            Ok(Some(vec![self.begun]))
        }
    }

    #[tokio::test]
    async fn pulls_that_are_given_up_too_soon_come_forward_all_the_same() {
        let pull = Pull::new(Slow { panics: 0, begun: 0 });
        let mut given_up = 0;
        let batch = loop {
            match tokio::time::timeout(Duration::from_millis(20), pull.next(0, None)).await {
                Ok(batch) => break batch,
                Err(_) => given_up += 1,
            }
            assert!(given_up < 100, "each pull begins from the beginning");
        };
        assert_eq!(batch, Ok(Some((1, vec![1]))), "it was begun once");
        assert!(given_up >= 3);
    }

    #[tokio::test]
    async fn a_source_that_panics_is_an_error_of_its_pull_and_goes_on() {
        let pull = Pull::new(Slow { panics: 1, begun: 0 });
        assert_eq!(pull.next(0, None).await, Err(FfiError::panicked()));
        while tokio::time::timeout(Duration::from_millis(20), pull.next(0, None)).await.is_err() {}
        assert_eq!(pull.next(0, None).await, Ok(Some((1, vec![2]))));
    }

    #[tokio::test]
    async fn a_pull_that_waits_is_stopped() {
        let (_sender, pull) = numbers();
        let waiting = tokio::spawn({
            let pull = Arc::clone(&pull);
            async move { pull.next(0, None).await }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        pull.stop();
        assert_eq!(waiting.await.unwrap(), Ok(None));
        assert_eq!(pull.next(0, None).await, Ok(None));
    }

    #[tokio::test]
    async fn a_pull_that_waits_gives_way_and_goes_on() {
        let (sender, pull) = numbers();
        let waiting = tokio::spawn({
            let pull = Arc::clone(&pull);
            async move { pull.next(0, None).await }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        let lent =
            tokio::time::timeout(Duration::from_secs(5), pull.borrow(async |source, _| source.0.is_empty()));
        assert!(lent.await.unwrap());
        sender.send(7).unwrap();
        assert_eq!(waiting.await.unwrap(), Ok(Some((1, vec![7]))));
    }
}
