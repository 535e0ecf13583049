//! Between the client's types and the face's. No wildcards on enums: what is new in the client stops the build here.

use std::fmt;

use waxwing::Handle;

use super::{
    CatchUp, Contact, ConversationItem, Delivery, DeliveryGoal, Draft, EntryBody, EntryState, Event,
    FailureReason, HoldReason, IncomingMessage, LastEntry, LinkState, ListDiff, Me, Notice, Page, Reception,
    Recover, Recovery, Registration, TimelineDiff, TimelineItem,
};
use crate::error::FfiError;
use crate::ids::Timestamp;

// ---- in ----

impl TryFrom<Registration> for waxwing::Registration {
    type Error = FfiError;

    fn try_from(registration: Registration) -> Result<waxwing::Registration, FfiError> {
        let Registration { handle, token, recovery } = registration;
        let mut registration = waxwing::Registration::open(&handle)?;
        if let Some(token) = token {
            registration = registration.token(token);
        }
        if let Some(Recovery { key, others }) = recovery {
            let others = match others {
                Recover::Replace => waxwing::Recover::Replace,
                Recover::Add => waxwing::Recover::Add,
            };
            registration = registration.recover(key.parse()?, others);
        }
        Ok(registration)
    }
}

impl From<Draft> for waxwing::Draft {
    fn from(Draft { text, id }: Draft) -> waxwing::Draft {
        let draft = waxwing::Draft::text(text);
        match id {
            Some(id) => draft.with_id(id),
            None => draft,
        }
    }
}

impl From<Page> for waxwing::Page {
    fn from(Page { limit, before }: Page) -> waxwing::Page {
        match before {
            Some(message) => waxwing::Page::before(message, limit as usize),
            None => waxwing::Page::newest(limit as usize),
        }
    }
}

impl From<DeliveryGoal> for waxwing::Delivery {
    fn from(goal: DeliveryGoal) -> waxwing::Delivery {
        match goal {
            DeliveryGoal::Sent => waxwing::Delivery::Sent,
            DeliveryGoal::Delivered => waxwing::Delivery::Delivered,
            DeliveryGoal::Read => waxwing::Delivery::Read,
        }
    }
}

// ---- out ----

impl From<waxwing::Me> for Me {
    fn from(me: waxwing::Me) -> Me {
        Me { account: me.account, device: me.device, handle: me.handle.as_str().to_owned() }
    }
}

impl From<waxwing::Contact> for Contact {
    fn from(contact: waxwing::Contact) -> Contact {
        let handle = contact.handle.as_ref().map(|handle: &Handle| handle.as_str().to_owned());
        Contact { account: contact.account, handle }
    }
}

impl From<waxwing::TimelineItem> for TimelineItem {
    fn from(item: waxwing::TimelineItem) -> TimelineItem {
        TimelineItem {
            message_id: item.message_id,
            conversation_id: item.conversation_id,
            sender: item.sender.into(),
            sender_device: item.sender_device,
            body: item.body.into(),
            sent_at: Timestamp::from_ms(item.sent_at_ms),
            stored_at: Timestamp::from_ms(item.stored_at_ms),
            state: item.state.into(),
        }
    }
}

impl From<waxwing::Body> for EntryBody {
    fn from(body: waxwing::Body) -> EntryBody {
        match body {
            waxwing::Body::Text(text) => EntryBody::Text { text },
            // The timelines of groups are not in the face yet.
            waxwing::Body::Unreadable | waxwing::Body::Group(_) => EntryBody::Unreadable,
            waxwing::Body::Deleted => EntryBody::Text { text: String::new() },
            // Not in the packages for other languages yet.
            waxwing::Body::Notice(waxwing::Notice::TimerChanged { .. }) => {
                EntryBody::Text { text: String::new() }
            }
            waxwing::Body::Notice(notice) => EntryBody::Notice { notice: notice.into() },
        }
    }
}

impl From<waxwing::Notice> for Notice {
    fn from(notice: waxwing::Notice) -> Notice {
        match notice {
            waxwing::Notice::KeyChanged => Notice::KeyChanged,
            waxwing::Notice::KeyAccepted => Notice::KeyAccepted,
            waxwing::Notice::DevicesChanged => Notice::DevicesChanged,
            waxwing::Notice::RelayReset | waxwing::Notice::TimerChanged { .. } => Notice::RelayReset,
        }
    }
}

impl From<waxwing::Status> for EntryState {
    fn from(status: waxwing::Status) -> EntryState {
        match status {
            waxwing::Status::Outgoing(delivery) => EntryState::Outgoing { delivery: delivery.into() },
            waxwing::Status::Incoming(reception) => EntryState::Incoming { reception: reception.into() },
            waxwing::Status::Local => EntryState::Local,
        }
    }
}

impl From<waxwing::Delivery> for Delivery {
    fn from(delivery: waxwing::Delivery) -> Delivery {
        use waxwing::Delivery as D;
        match delivery {
            D::Queued => Delivery::Queued,
            D::Held(reason) => Delivery::Held { reason: reason.into() },
            D::Sending => Delivery::Sending,
            D::Failed(reason) => Delivery::Failed { reason: reason.into() },
            D::Cancelled => Delivery::Cancelled,
            D::Sent => Delivery::Sent,
            D::Delivered => Delivery::Delivered,
            D::Read => Delivery::Read,
        }
    }
}

impl From<waxwing::HoldReason> for HoldReason {
    fn from(reason: waxwing::HoldReason) -> HoldReason {
        match reason {
            waxwing::HoldReason::KeyChanged => HoldReason::KeyChanged,
            waxwing::HoldReason::RecipientGone => HoldReason::RecipientGone,
        }
    }
}

impl From<waxwing::FailureReason> for FailureReason {
    fn from(reason: waxwing::FailureReason) -> FailureReason {
        match reason {
            waxwing::FailureReason::TooLarge => FailureReason::TooLarge,

            // The face has no words for these yet.
            waxwing::FailureReason::NotPermitted
            | waxwing::FailureReason::RecipientGone
            | waxwing::FailureReason::Refused => FailureReason::Refused,
        }
    }
}

impl From<waxwing::Reception> for Reception {
    fn from(reception: waxwing::Reception) -> Reception {
        match reception {
            waxwing::Reception::Waiting => Reception::Waiting,
            waxwing::Reception::Lost => Reception::Lost,
            waxwing::Reception::Unread => Reception::Unread,
            waxwing::Reception::Read => Reception::Read,
        }
    }
}

fn all<T: Into<U>, U>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(Into::into).collect()
}

impl From<waxwing::TimelineDiff> for TimelineDiff {
    fn from(diff: waxwing::TimelineDiff) -> TimelineDiff {
        match diff {
            waxwing::TimelineDiff::Reset { items } => TimelineDiff::Reset { items: all(items) },
            waxwing::TimelineDiff::Appended { items } => TimelineDiff::Appended { items: all(items) },
            waxwing::TimelineDiff::Changed { items } => TimelineDiff::Changed { items: all(items) },
            waxwing::TimelineDiff::Interrupted { error } => TimelineDiff::Interrupted { error: error.into() },
        }
    }
}

impl From<waxwing::ListDiff> for ListDiff {
    fn from(diff: waxwing::ListDiff) -> ListDiff {
        match diff {
            waxwing::ListDiff::Reset { items } => ListDiff::Reset { items: conversations(items) },
            waxwing::ListDiff::Changed { items } => ListDiff::Changed { items: conversations(items) },
            waxwing::ListDiff::Interrupted { error } => ListDiff::Interrupted { error: error.into() },
        }
    }
}

/// Groups are not in the face yet, and not in its lists.
pub(crate) fn conversations(items: Vec<waxwing::ConversationItem>) -> Vec<ConversationItem> {
    items.into_iter().filter_map(direct).collect()
}

fn direct(item: waxwing::ConversationItem) -> Option<ConversationItem> {
    let peer = item.with.contact()?.clone();
    Some(ConversationItem {
        conversation_id: item.conversation_id,
        peer: peer.into(),
        unread: item.unread,
        last: item.last.map(Into::into),
        key_changed: item.key_changed,
        order: item.order,
        created_at: Timestamp::from_ms(item.created_at_ms),
    })
}

impl From<waxwing::LastEntry> for LastEntry {
    fn from(last: waxwing::LastEntry) -> LastEntry {
        LastEntry {
            message_id: last.message_id,
            preview: last.preview,
            stored_at: Timestamp::from_ms(last.stored_at_ms),
            state: last.state.into(),
        }
    }
}

impl From<waxwing::IncomingMessage> for IncomingMessage {
    fn from(message: waxwing::IncomingMessage) -> IncomingMessage {
        IncomingMessage {
            place: message.place(),
            message_id: message.message_id,
            conversation_id: message.conversation_id,
            sender: message.sender.into(),
            text: message.text,
            sent_at: Timestamp::from_ms(message.sent_at_ms),
            stored_at: Timestamp::from_ms(message.stored_at_ms),
        }
    }
}

impl Event {
    /// The event as the packages know it. None: they have no such event yet.
    pub(crate) fn of(event: waxwing::Event) -> Option<Event> {
        use waxwing::Event as E;
        Some(match event {
            E::Link(state) => Event::Link { state: state.into() },
            E::ConversationChanged(conversation_id) => Event::ConversationChanged { conversation_id },
            E::DeliveryChanged(message_id) => Event::DeliveryChanged { message_id },
            E::MessageReadable(message_id) => Event::MessageReadable { message_id },
            E::Drained => Event::Drained,
            E::KeyChanged(account) => Event::KeyChanged { account },
            E::Registered => Event::Registered,
            E::SignedOut(code) => Event::SignedOut { code: code.to_owned() },
            E::RelayReset => Event::RelayReset,
            E::StoreRolledBack => Event::StoreRolledBack,
            E::OutboxEmpty => Event::OutboxEmpty,
            E::Lagged => Event::Lagged,
            E::VerificationChanged(_)
            | E::DevicesChanged(_)
            | E::JoinRequested { .. }
            | E::JoinAnswered(_) => return None,
        })
    }
}

impl From<waxwing::LinkState> for LinkState {
    fn from(link: waxwing::LinkState) -> LinkState {
        match link {
            waxwing::LinkState::Connecting => LinkState::Connecting,
            waxwing::LinkState::Online => LinkState::Online,
            waxwing::LinkState::Offline => LinkState::Offline,
            waxwing::LinkState::Stopped => LinkState::Stopped,
        }
    }
}

impl From<waxwing::CatchUp> for CatchUp {
    fn from(caught_up: waxwing::CatchUp) -> CatchUp {
        CatchUp { messages: caught_up.messages, completed: caught_up.completed }
    }
}

// ---- what may hold content, keys or names is not printed ----

macro_rules! no_content {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

no_content!(Registration, Recovery, Contact, Draft, EntryBody, LastEntry, IncomingMessage);
