//! What goes in and out: copies without behaviour. They never change; a field that is added gets a default.
//!
//! Each file holds a subject: its records, and below them how they are made of the client's types, or those of them. No wildcards on
//! enums there: what is new in the client stops the build.

mod backup;
mod conversation;
mod device;
mod event;
mod group;
mod invitation;
mod message;
mod safety;
mod setup;
mod state;
mod stream;

pub use backup::BackupSummary;
pub use conversation::{
    ConversationItem, ConversationSettings, Draft, GroupHead, GroupStanding, LastEntry, Mute, Page,
    PagePlace, Party,
};
pub use device::{Device, LinkBatch, LinkStep, OwnDevices};
pub use event::{Event, EventBatch};
pub use group::{
    GroupInfo, GroupNotice, GroupRole, GroupSettings, GroupWho, Member, MemberReceipt, Reach, Receipts,
};
pub use invitation::{
    Invitation, InvitationLink, InvitationState, InvitationTerms, Join, JoinRequest, JoinState,
};
pub use message::{Contact, Custom, EntryBody, Marks, Mention, Notice, Reaction, TimelineItem, Whose};
pub use safety::Comparison;
pub use setup::{CatchUp, ClientSetup, LinkState, Me, Recover, Recovery, Registration, StorePlace};
pub use state::{Delivery, DeliveryGoal, EntryState, FailureReason, HoldReason, Reception};
pub use stream::{
    ExportBatch, IncomingBatch, IncomingMessage, ListBatch, ListDiff, TimelineBatch, TimelineDiff,
};

/// Each of them, converted.
pub(crate) fn all<T: Into<U>, U>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(Into::into).collect()
}

/// What may hold content, keys or names is not printed.
macro_rules! no_content {
    ($($name:ident),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}
use no_content;
