//! End-to-end encrypted messaging: the client of Waxwing.
//!
//! ```no_run
//! use waxwing::{Client, Draft, Page, Registration, Store, StoreKey};
//!
//! # async fn example() -> Result<(), waxwing::Error> {
//! let key = StoreKey::from_bytes([7; 32]); // 32 random bytes from the platform's keystore
//! let client = Client::builder("wss://relay.example").store(Store::file("alice.db").key(key)).build().await?;
//! client.register(Registration::open("alice")?).await?;
//!
//! let chat = client.direct("bob").await?;
//! chat.send(Draft::text("hello")).await?; // on disk when this returns
//!
//! let mut timeline = chat.timeline(Page::newest(50));
//! while let Some(diff) = timeline.next().await {
//!     println!("{diff:?}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! This crate is the shell around [`waxwing_engine`]: a WebSocket, a SQLite file, a clock and randomness. One thread of its own
//! runs the engine and writes; streams and pages read beside it. Nothing here decides anything.
//!
//! ```text
//!   Client, Conversation, ...  --requests-->  driver  --inputs-->  engine
//!        ^                                    |    ^                  |
//!        |                                    |    +---- one step ----+
//!        +-- readers <-- SQLite file <--commit+---> socket, answers, events
//! ```

mod account;
mod backup;
mod builder;
mod client;
mod conversation;
mod devices;
mod driver;
mod error;
mod events;
mod export;
mod group;
mod history;
mod incoming;
mod invitation;
mod lifecycle;
mod link;
mod list;
mod random;
mod room;
mod safety;
mod settings;
mod shared;
mod socket;
mod store;
mod timeline;
mod token;
mod topics;

pub use account::{Me, Recover, RecoveryKey, Registration};
pub use backup::{Backup, BackupSummary};
pub use builder::ClientBuilder;
pub use client::{Client, Whose};
pub use conversation::{Contact, Conversation, Draft, GroupHead, Sent, With};
pub use devices::{Device, OwnDevices};
pub use error::{Advice, Error, ErrorKind, Result};
pub use events::{Event, Events, LinkState};
pub use export::Export;
pub use group::{Group, GroupInfo, GroupNotice, Member, MemberReceipt, Reach, Receipts};
pub use history::History;
pub use incoming::{Incoming, IncomingMarker, IncomingMessage};
pub use invitation::{Invitation, InvitationLink, InvitationState, InvitationTerms, Join, JoinRequest};
pub use lifecycle::{CatchUp, Lifecycle};
pub use link::{LinkCode, LinkOffer, LinkStep, Linking};
pub use list::{ConversationItem, ConversationList, LastEntry, ListDiff, PREVIEW_CHARS_MAX};
pub use safety::SafetyNumber;
pub use settings::Settings;
pub use store::{Store, StoreFile, StoreKey};
pub use timeline::{PAGE_ITEMS_MAX, Page, Reaction, Timeline, TimelineDiff, TimelineItem};
pub use token::{TokenFuture, TokenRequest, TokenSource, TokenUnavailable};
pub use waxwing_crypto::Comparison;
pub use waxwing_engine::{
    Body, CUSTOM_KIND_MAX_BYTES, ConversationId, Custom, DEVICE_NAME_MAX_BYTES, Delivery, FailureReason,
    GroupEvent, GroupRole, GroupSettings, GroupStanding, GroupWho, HoldReason, InvitationId, JoinState,
    MENTIONS_MAX, Marks, Mention, Notice, REACTION_SIZE_MAX_BYTES, Reception, Status, TIMER_MAX_S,
};
pub use waxwing_wire::{AccountId, DeviceId, Handle, HandleError, MessageId, limits};
