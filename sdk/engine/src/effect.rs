//! What the shell must do once a step is durable.

use std::time::Duration;

use waxwing_wire::{AccountId, ClientFrame, MessageId, RefusalCode};

use crate::model::{ConversationId, InvitationId};
use crate::past::PastAsk;

/// One thing for the shell to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Open a connection to the relay; answer with `Input::LinkUp` or `Input::LinkDown`.
    Dial,
    /// Close the connection; no answer is expected.
    HangUp,
    /// Send a frame.
    Transmit(ClientFrame),
    /// Come back with `Input::Wake` at this time, instead of at any time asked for before.
    WakeAt(Duration),
    /// Answer a command.
    Complete {
        /// Which.
        command: CommandId,
        /// How it ended.
        result: Result<Outcome, Failure>,
    },
    /// Go to a room of the relay, and give the device of our account that waits there what this one knows.
    GivePast(PastAsk),
    /// Tell whoever listens.
    Notify(Event),
}

/// Names a command until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u64);

/// How a command ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done, and durable.
    Done,
    /// The account that was looked for.
    Account(AccountId),
    /// The conversation that was made.
    Conversation(ConversationId),
    /// The invitation that was made; its link is in the store.
    Invitation(InvitationId),
}

/// Why a command did not end well. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The device has not registered.
    NotRegistered,
    /// The device has registered already, under another name.
    AlreadyRegistered,
    /// The relay cannot be reached at the moment, and the command needs it.
    Offline,
    /// The relay refused.
    Refused {
        /// Why.
        code: RefusalCode,
        /// When to try again, in milliseconds; zero: not without a change.
        retry_after_ms: u32,
    },
    /// The relay speaks other versions than this build.
    VersionUnsupported {
        /// Its oldest.
        theirs_min: u32,
        /// Its newest.
        theirs_max: u32,
    },
    /// No such account.
    UnknownAccount,
    /// No such conversation or message.
    NotFound,
    /// The text is longer than a message may be.
    TooLarge,
    /// The message cannot be taken back or retried in its state.
    TooLate,
    /// Only the author of a message may do that.
    NotAllowed,
    /// The user blocked the account.
    Blocked,
    /// The account key that was given is not the account's.
    WrongAccountKey,
    /// This device does not hold the account's key, which that needs.
    NoAccountKey,
    /// The account has as many devices as it may.
    TooManyDevices,
    /// The account's key changed, and the user has not accepted the new one.
    KeyChanged,
    /// The group does not let this account do that, or the account is not in it any more.
    NotPermitted,
    /// The invitation has had its time.
    InvitationOver,
    /// The handle, text or key makes no sense.
    Invalid,
}

/// Something that listeners may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The connection changed.
    Link(LinkEvent),
    /// A timeline or the head of a conversation changed.
    ConversationChanged(ConversationId),
    /// A message of ours changed its state.
    DeliveryChanged(MessageId),
    /// A message became readable: a new one, or one that had to be sent again.
    MessageReadable(MessageId),
    /// The relay has no more for this device, and everything it had is opened or waits for something.
    Drained,
    /// An account's key changed; sending to it waits.
    KeyChanged(AccountId),
    /// The user verified an account's key or took that back, or the key changed.
    VerificationChanged(AccountId),
    /// An account has other devices than before; it can be our own.
    DevicesChanged(AccountId),
    /// Somebody asks to be in a group, and waits for an answer.
    JoinRequested {
        /// The group's conversation.
        conversation: ConversationId,
        /// Who.
        account: AccountId,
    },
    /// A group that we asked to be in let us in, or refused.
    JoinAnswered(ConversationId),
    /// The relay confirmed this device.
    Registered,
    /// The relay does not know this device any more, and the device cannot mend it.
    SignedOut(RefusalCode),
    /// The relay lost its database; the device registered again and sends again what was not delivered.
    RelayReset,
    /// The store is an old copy of itself: messages since then may be missing, and its sessions start anew.
    StoreRolledBack,
    /// The outbox holds nothing that the relay has not accepted.
    OutboxEmpty,
}

/// How the connection changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkEvent {
    /// Being opened.
    Connecting,
    /// Logged in.
    Online,
    /// Not connected; the next attempt comes by itself.
    Offline,
    /// Not connected, and no attempt is made: the relay speaks another version, or the device is suspended.
    Stopped,
}
