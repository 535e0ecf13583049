//! Who waits for what: each watcher is woken by changes of its own topic only.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;
use waxwing_engine::ConversationId;
use waxwing_wire::MessageId;

/// What can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// A conversation's timeline.
    Conversation(ConversationId),
    /// The list of conversations.
    List,
    /// A message's state.
    Message(MessageId),
    /// The readable incoming messages.
    Incoming,
}

/// The watchers of every topic. A change that comes while nobody looks is kept, as one.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    watched: HashMap<Topic, watch::Sender<()>>,
    sweep_at: usize,
}

/// Tells when a topic changed since it was last asked.
#[derive(Debug)]
pub(crate) struct Changes(watch::Receiver<()>);

impl Changes {
    /// Waits for a change; false: there will be none any more.
    pub(crate) async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}

/// Topics that may stand here without watchers before they are cleared away.
const IDLE_TOPICS_MAX: usize = 64;

impl Topics {
    pub(crate) fn subscribe(&self, topic: Topic) -> Changes {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Changes(watch::channel(()).1);
        }
        if state.watched.len() >= state.sweep_at.max(IDLE_TOPICS_MAX) {
            state.watched.retain(|_, sender| sender.receiver_count() > 0);
            state.sweep_at = state.watched.len() * 2;
        }
        Changes(state.watched.entry(topic).or_insert_with(|| watch::channel(()).0).subscribe())
    }

    pub(crate) fn publish(&self, topic: Topic) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = state.watched.get(&topic) {
            sender.send_replace(());
        }
    }

    /// Ends every watch.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        state.watched.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn a_change_between_two_looks_is_kept() {
        block_on(async {
            let topics = Topics::default();
            let mut changes = topics.subscribe(Topic::List);
            topics.publish(Topic::List);
            topics.publish(Topic::List);
            assert!(changes.changed().await);
            topics.close();
            assert!(!changes.changed().await);
            assert!(!topics.subscribe(Topic::List).changed().await);
        });
    }

    #[test]
    fn topics_without_watchers_are_cleared_away() {
        let topics = Topics::default();
        for index in 0..1000u16 {
            let mut id = [0; 16];
            id[..2].copy_from_slice(&index.to_be_bytes());
            drop(topics.subscribe(Topic::Message(MessageId::from_bytes(id))));
        }
        assert!(topics.state.lock().unwrap().watched.len() <= IDLE_TOPICS_MAX);
    }
}
