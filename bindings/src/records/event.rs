//! What happened.

use waxwing::{AccountId, ConversationId, MessageId};

use super::LinkState;

/// What happened, in order.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct EventBatch {
    /// Its number, for the next pull.
    pub number: u64,
    /// The events.
    pub events: Vec<Event>,
}

/// Something that happened. Nothing depends on hearing it: every state can be read.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Event {
    /// The connection changed.
    Link {
        /// How it stands.
        state: LinkState,
    },
    /// A conversation's timeline, unread count or name changed.
    ConversationChanged {
        /// Which.
        conversation_id: ConversationId,
    },
    /// A message of ours changed its state.
    DeliveryChanged {
        /// Which.
        message_id: MessageId,
    },
    /// An incoming message became readable.
    MessageReadable {
        /// Which.
        message_id: MessageId,
    },
    /// The relay has no more for this device.
    Drained,
    /// An account's key changed; sending to it waits for `accept_key`.
    KeyChanged {
        /// Whose.
        account: AccountId,
    },
    /// A person was marked as verified, or is not verified any more.
    VerificationChanged {
        /// Who.
        account: AccountId,
    },
    /// An account has other devices than before; it can be our own.
    DevicesChanged {
        /// Whose.
        account: AccountId,
    },
    /// Somebody asks to be in a group, and waits for an answer.
    JoinRequested {
        /// The group's conversation.
        conversation_id: ConversationId,
        /// Who.
        account: AccountId,
    },
    /// A group that this account asked to be in let it in, or refused.
    JoinAnswered {
        /// The group's conversation.
        conversation_id: ConversationId,
    },
    /// The relay confirmed this device.
    Registered,
    /// The relay does not know this device any more.
    SignedOut {
        /// The stable word that says why.
        code: String,
    },
    /// The relay lost its database; what was not delivered is sent again.
    RelayReset,
    /// The store is an old copy of itself: messages since then may be missing, and its sessions start anew.
    StoreRolledBack,
    /// The relay has everything that this device sent.
    OutboxEmpty,
    /// This listener was too slow, and missed events: read again what it shows.
    Lagged,
}

// ---- conversions ----

impl From<waxwing::Event> for Event {
    fn from(event: waxwing::Event) -> Event {
        use waxwing::Event as E;
        match event {
            E::Link(state) => Event::Link { state: state.into() },
            E::ConversationChanged(conversation_id) => Event::ConversationChanged { conversation_id },
            E::DeliveryChanged(message_id) => Event::DeliveryChanged { message_id },
            E::MessageReadable(message_id) => Event::MessageReadable { message_id },
            E::Drained => Event::Drained,
            E::KeyChanged(account) => Event::KeyChanged { account },
            E::VerificationChanged(account) => Event::VerificationChanged { account },
            E::DevicesChanged(account) => Event::DevicesChanged { account },
            E::JoinRequested { conversation_id, account } => {
                Event::JoinRequested { conversation_id, account }
            }
            E::JoinAnswered(conversation_id) => Event::JoinAnswered { conversation_id },
            E::Registered => Event::Registered,
            E::SignedOut(code) => Event::SignedOut { code: code.to_owned() },
            E::RelayReset => Event::RelayReset,
            E::StoreRolledBack => Event::StoreRolledBack,
            E::OutboxEmpty => Event::OutboxEmpty,
            E::Lagged => Event::Lagged,
        }
    }
}
