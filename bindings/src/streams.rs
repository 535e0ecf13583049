//! The streams: timelines, the list, incoming messages, events.

use std::iter;
use std::sync::Arc;

use futures_util::FutureExt as _;

use crate::call::{Answer, to_the_end, while_wanted};
use crate::cancel::CancelHandle;
use crate::error::FfiError;
use crate::pull::{Pull, Source};
use crate::records::{
    Event, EventBatch, IncomingBatch, IncomingMessage, ListBatch, ListDiff, TimelineBatch, TimelineDiff,
    TimelineItem,
};

/// Messages, or events, that one batch holds.
pub(crate) const BATCH_MAX: usize = 64;

// ---- timelines ----

/// A watch on a conversation.
#[derive(uniffi::Object)]
pub struct FfiTimeline {
    pull: Arc<Pull<waxwing::Timeline>>,
}

impl Source for waxwing::Timeline {
    type Item = TimelineDiff;

    async fn gather(&mut self) -> Answer<Option<Vec<TimelineDiff>>> {
        let Some(first) = self.next().await else { return Ok(None) };
        // What changed and what was appended come as a pair; the second is ready.
        let is_pair = matches!(first, waxwing::TimelineDiff::Changed { .. });
        let second = if is_pair { self.next().now_or_never().flatten() } else { None };
        Ok(Some(iter::once(first).chain(second).map(Into::into).collect()))
    }
}

impl FfiTimeline {
    pub(crate) fn new(timeline: waxwing::Timeline) -> Arc<FfiTimeline> {
        Arc::new(FfiTimeline { pull: Pull::new(timeline) })
    }
}

#[uniffi::export]
impl FfiTimeline {
    /// Waits for the batch after this one; zero asks for the first. None: the stream is stopped, or the client closed.
    ///
    /// The last batch is given again to a caller that asks with the number before it.
    ///
    /// # Errors
    ///
    /// `batch_unknown` for any other number; `cancelled`, and then nothing is lost.
    #[uniffi::method(default(cancel))]
    pub async fn pull(
        &self,
        after: u64,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Option<TimelineBatch>, FfiError> {
        let batch = self.pull.next(after, cancel).await?;
        Ok(batch.map(|(number, diffs)| TimelineBatch { number, diffs }))
    }

    /// Reads at most `limit` entries before those that were told so far, oldest first, and watches them too.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn older(&self, limit: u32) -> Result<Vec<TimelineItem>, FfiError> {
        let pull = Arc::clone(&self.pull);
        let read = async move |timeline: &mut waxwing::Timeline, last: &mut [TimelineDiff]| {
            let older = timeline.older(limit as usize).await?;
            let older: Vec<TimelineItem> = older.into_iter().map(Into::into).collect();
            // A reset that did not arrive comes again, behind these entries. It is the whole content, so it tells of them too.
            if let Some(TimelineDiff::Reset { items }) = last.first_mut() {
                items.splice(0..0, older.iter().cloned());
            }
            Ok(older)
        };
        while_wanted(None, async move { pull.borrow(read).await }).await
    }

    /// Ends the stream: pulls that wait, and all later ones, give none.
    pub fn stop(&self) {
        self.pull.stop();
    }
}

// ---- the list ----

/// A watch on the list of conversations.
#[derive(uniffi::Object)]
pub struct FfiConversationList {
    pull: Arc<Pull<waxwing::ConversationList>>,
}

impl Source for waxwing::ConversationList {
    type Item = ListDiff;

    async fn gather(&mut self) -> Answer<Option<Vec<ListDiff>>> {
        Ok(self.next().await.map(|diff| vec![diff.into()]))
    }
}

impl FfiConversationList {
    pub(crate) fn new(list: waxwing::ConversationList) -> Arc<FfiConversationList> {
        Arc::new(FfiConversationList { pull: Pull::new(list) })
    }
}

#[uniffi::export]
impl FfiConversationList {
    /// Waits for the batch after this one; zero asks for the first. None: the stream is stopped, or the client closed.
    ///
    /// # Errors
    ///
    /// `batch_unknown` for a number that is neither the last batch's nor the one before; `cancelled`.
    #[uniffi::method(default(cancel))]
    pub async fn pull(
        &self,
        after: u64,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Option<ListBatch>, FfiError> {
        let batch = self.pull.next(after, cancel).await?;
        Ok(batch.map(|(number, diffs)| ListBatch { number, diffs }))
    }

    /// Ends the stream: pulls that wait, and all later ones, give none.
    pub fn stop(&self) {
        self.pull.stop();
    }
}

// ---- incoming messages ----

/// Readable incoming messages, for a consumer that remembers how far it got.
#[derive(uniffi::Object)]
pub struct FfiIncoming {
    pull: Arc<Pull<waxwing::Incoming>>,
    marker: waxwing::IncomingMarker,
}

impl Source for waxwing::Incoming {
    type Item = IncomingMessage;

    async fn gather(&mut self) -> Answer<Option<Vec<IncomingMessage>>> {
        let Some(first) = self.next().await else { return Ok(None) };
        let mut messages = vec![first?.into()];
        while messages.len() < BATCH_MAX
            && let Some(Some(Ok(message))) = self.next().now_or_never()
        {
            messages.push(message.into());
        }
        Ok(Some(messages))
    }
}

impl FfiIncoming {
    pub(crate) fn new(incoming: waxwing::Incoming) -> Arc<FfiIncoming> {
        let marker = incoming.marker();
        Arc::new(FfiIncoming { pull: Pull::new(incoming), marker })
    }
}

#[uniffi::export]
impl FfiIncoming {
    /// Waits for the batch after this one; zero asks for the first. None: the stream is stopped, or the client closed.
    ///
    /// # Errors
    ///
    /// What the store says: pull again then. `batch_unknown` for a number that is neither the last batch's nor the one before; `cancelled`.
    #[uniffi::method(default(cancel))]
    pub async fn pull(
        &self,
        after: u64,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Option<IncomingBatch>, FfiError> {
        let batch = self.pull.next(after, cancel).await?;
        Ok(batch.map(|(number, messages)| IncomingBatch { number, messages }))
    }

    /// Remembers that the message at this place and all before it are dealt with: after a restart the consumer begins behind it.
    ///
    /// # Errors
    ///
    /// `invalid_input` for a number that is no place, or what the store says.
    pub async fn done(&self, place: u64) -> Result<(), FfiError> {
        let marker = self.marker.clone();
        to_the_end(None, async move { Ok(marker.done(place).await?) }).await
    }

    /// Ends the stream: pulls that wait, and all later ones, give none.
    pub fn stop(&self) {
        self.pull.stop();
    }
}

// ---- events ----

/// What happens, from the moment this was asked for.
#[derive(uniffi::Object)]
pub struct FfiEvents {
    pull: Arc<Pull<waxwing::Events>>,
}

impl Source for waxwing::Events {
    type Item = Event;

    async fn gather(&mut self) -> Answer<Option<Vec<Event>>> {
        let Some(first) = self.next().await else { return Ok(None) };
        let mut events = vec![first.into()];
        while events.len() < BATCH_MAX
            && let Some(Some(event)) = self.next().now_or_never()
        {
            events.push(event.into());
        }
        Ok(Some(events))
    }
}

impl FfiEvents {
    pub(crate) fn new(events: waxwing::Events) -> Arc<FfiEvents> {
        Arc::new(FfiEvents { pull: Pull::new(events) })
    }
}

#[uniffi::export]
impl FfiEvents {
    /// Waits for the batch after this one; zero asks for the first. None: the stream is stopped, or the client closed.
    ///
    /// # Errors
    ///
    /// `batch_unknown` for a number that is neither the last batch's nor the one before; `cancelled`.
    #[uniffi::method(default(cancel))]
    pub async fn pull(
        &self,
        after: u64,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Option<EventBatch>, FfiError> {
        let batch = self.pull.next(after, cancel).await?;
        Ok(batch.map(|(number, events)| EventBatch { number, events }))
    }

    /// Ends the stream: pulls that wait, and all later ones, give none.
    pub fn stop(&self) {
        self.pull.stop();
    }
}
