//! Readable incoming messages, for a consumer that remembers how far it got.

use std::collections::VecDeque;
use std::sync::Arc;

use waxwing_engine::{ConversationId, Marks};
use waxwing_wire::MessageId;

use crate::conversation::Contact;
use crate::error::{Code, Result};
use crate::shared::{Request, Shared};
use crate::store::show;
use crate::topics::{Changes, Topic};

/// An incoming message whose text is known.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IncomingMessage {
    /// The message's id, which never changes.
    pub message_id: MessageId,
    /// Where it stands.
    pub conversation_id: ConversationId,
    /// Who wrote it.
    pub sender: Contact,
    /// The title of the group whose conversation it is; none in a conversation with one account.
    pub group: Option<String>,
    /// What it says.
    pub text: String,
    /// What it carries besides its words.
    pub marks: Marks,
    /// When the sender's clock said it was written, in milliseconds since 1970.
    pub sent_at_ms: i64,
    /// When it came to this device's disk, in milliseconds since 1970.
    pub stored_at_ms: i64,
    pub(crate) arrival: i64,
}

/// The ids only: content stays out of logs.
impl std::fmt::Debug for IncomingMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IncomingMessage")
            .field("message_id", &self.message_id)
            .field("conversation_id", &self.conversation_id)
            .finish_non_exhaustive()
    }
}

impl IncomingMessage {
    /// Its place in the order of arrival on this device, for [`IncomingMarker::done`].
    #[must_use]
    pub fn place(&self) -> u64 {
        self.arrival.unsigned_abs()
    }
}

/// Messages read from the store at once.
const BATCH: usize = 32;

/// A durable consumer of incoming messages: after a restart it begins after the last message that was [`done`](Incoming::done).
///
/// A consumer that is new begins with the oldest message. Each message comes once in the life of this value, and again after
/// a restart if it was not done by then.
#[derive(Debug)]
pub struct Incoming {
    shared: Arc<Shared>,
    consumer: Arc<str>,
    changes: Changes,
    fresh: bool,
    position: Option<i64>,
    ready: VecDeque<IncomingMessage>,
}

impl Incoming {
    pub(crate) fn new(shared: Arc<Shared>, consumer: &str) -> Incoming {
        let changes = shared.topics.subscribe(Topic::Incoming);
        Incoming {
            shared,
            consumer: consumer.into(),
            changes,
            fresh: true,
            position: None,
            ready: VecDeque::new(),
        }
    }

    /// Waits for the next message; none: the client is closed.
    ///
    /// A call that is given up loses nothing; after an error, call again.
    pub async fn next(&mut self) -> Option<Result<IncomingMessage>> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Some(Ok(message));
            }
            if !self.fresh {
                if !self.changes.changed().await {
                    return None;
                }
                self.fresh = true;
            }
            match self.look().await {
                Ok(()) => self.fresh = !self.ready.is_empty(),
                Err(error) if error.is_shut_down() => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }

    async fn look(&mut self) -> Result<()> {
        let (consumer, position) = (Arc::clone(&self.consumer), self.position);
        let messages = self
            .shared
            .read(move |db| {
                let after = match position {
                    Some(position) => position,
                    None => show::feed_position(db, &consumer)?,
                };
                show::arrived(db, after, BATCH)
            })
            .await?;
        if let Some(last) = messages.last() {
            self.position = Some(last.arrival);
        }
        self.ready.extend(messages);
        Ok(())
    }

    /// Remembers that this message and all before it are dealt with.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn done(&self, message: &IncomingMessage) -> Result<()> {
        self.marker().done(message.place()).await
    }

    /// The same consumer's memory, to be used while a message is waited for.
    #[must_use]
    pub fn marker(&self) -> IncomingMarker {
        IncomingMarker { shared: Arc::clone(&self.shared), consumer: Arc::clone(&self.consumer) }
    }
}

/// Remembers how far a consumer got, beside its [`Incoming`].
#[derive(Debug, Clone)]
pub struct IncomingMarker {
    shared: Arc<Shared>,
    consumer: Arc<str>,
}

impl IncomingMarker {
    /// Remembers that the message at this place and all before it are dealt with. The memory never goes back.
    ///
    /// # Errors
    ///
    /// `invalid_input` for a number that is no place, or what the store says.
    pub async fn done(&self, place: u64) -> Result<()> {
        let consumer = Arc::clone(&self.consumer);
        let arrival = i64::try_from(place).map_err(|_| Code::InvalidInput)?;
        self.shared.ask(|answer| Request::FeedDone { consumer, arrival, answer }).await
    }
}
