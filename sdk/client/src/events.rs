//! What happened, for whoever listens: one stream for everything.

use tokio::sync::broadcast;
use waxwing_engine::{ConversationId, LinkEvent};
use waxwing_wire::{AccountId, MessageId};

/// Events that wait for a slow listener before the oldest are dropped.
pub(crate) const EVENTS_WAITING_MAX: usize = 512;

/// Something that happened. Nothing depends on hearing it: every state can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The connection changed.
    Link(LinkState),
    /// A conversation's timeline, unread count or name changed.
    ConversationChanged(ConversationId),
    /// A message of ours changed its state.
    DeliveryChanged(MessageId),
    /// An incoming message became readable.
    MessageReadable(MessageId),
    /// The relay has no more for this device.
    Drained,
    /// An account's key changed; sending to it waits for [`Client::accept_key`](crate::Client::accept_key).
    KeyChanged(AccountId),
    /// A person was marked as verified, or is not verified any more ([`SafetyNumber`](crate::SafetyNumber)).
    VerificationChanged(AccountId),
    /// An account has other devices than before; it can be our own ([`Client::devices`](crate::Client::devices)).
    DevicesChanged(AccountId),
    /// Somebody asks to be in a group, and waits for an answer ([`Group::requests`](crate::Group::requests)).
    JoinRequested {
        /// The group's conversation.
        conversation_id: ConversationId,
        /// Who.
        account: AccountId,
    },
    /// A group that this account asked to be in let it in, or refused ([`Client::joins`](crate::Client::joins)).
    JoinAnswered(ConversationId),
    /// The relay confirmed this device.
    Registered,
    /// The relay does not know this device any more; the word says why.
    SignedOut(&'static str),
    /// The relay lost its database; what was not delivered is sent again.
    RelayReset,
    /// The store is an old copy of itself: messages since then may be missing, and its sessions start anew.
    StoreRolledBack,
    /// The relay has everything that this device sent.
    OutboxEmpty,
    /// This listener was too slow, and missed events: read again what it shows.
    Lagged,
}

/// How the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkState {
    /// Being opened.
    Connecting,
    /// Logged in.
    Online,
    /// Not connected; the next attempt comes by itself.
    Offline,
    /// Not connected, and no attempt is made.
    Stopped,
}

impl From<LinkEvent> for LinkState {
    fn from(event: LinkEvent) -> LinkState {
        match event {
            LinkEvent::Connecting => LinkState::Connecting,
            LinkEvent::Online => LinkState::Online,
            LinkEvent::Offline => LinkState::Offline,
            LinkEvent::Stopped => LinkState::Stopped,
        }
    }
}

/// A stream of events, from the moment it was asked for.
#[derive(Debug)]
pub struct Events(pub(crate) broadcast::Receiver<Event>);

impl Events {
    /// Waits for the next event; none: the client is closed.
    pub async fn next(&mut self) -> Option<Event> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Event::Lagged),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
