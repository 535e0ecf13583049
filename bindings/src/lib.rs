//! The face of Waxwing toward Kotlin, Swift and Python.
//!
//! It converts, calls [`waxwing`], and converts back; nothing is decided here. Apps do not see it: the packages in
//! `bindings/kotlin`, `bindings/swift` and `bindings/python` are written by hand on top of what UniFFI generates from it.
//! `docs/bindings.md` says how to add to it.
//!
//! ```text
//!   app  -->  hand-written package  -->  generated code  --C-->  this crate  -->  waxwing
//! ```
//!
//! - Every call runs on a runtime of its own (`runtime.rs`); nothing blocks the caller's thread, and a panic is an error like any other.
//! - What only reads or waits ends when its caller gives up. What writes goes on to its end.
//! - Streams are pulled: `pull(after)` gives the next batch, and gives it again until the caller shows that it has it.

mod annotations;
mod app;
mod backup;
mod call;
mod cancel;
mod client;
mod conversation;
mod devices;
mod error;
mod groups;
mod history;
mod ids;
mod invitations;
mod keys;
mod linking;
mod live;
mod log;
mod pull;
mod records;
mod runtime;
mod safety;
mod search;
mod settings;
mod streams;
mod token;

pub use app::leave_app;
pub use cancel::CancelHandle;
pub use client::{FfiClient, library_version, open_client, provoke_panic};
pub use conversation::{FfiConversation, FfiSent};
pub use error::{Advice, ErrorKind, FfiError, ProviderError};
pub use groups::FfiGroup;
pub use history::{FfiHistory, open_history};
pub use ids::Timestamp;
pub use invitations::read_invitation;
pub use keys::{StoreKeyProvider, generate_store_key};
pub use linking::{FfiLinkCode, FfiLinkOffer, FfiLinking};
pub use live::{LiveObjects, live_objects};
pub use log::{LogLevel, LogRecord, LogSink, set_log_sink};
pub use records::{
    BackupSummary, CatchUp, ClientSetup, Comparison, Contact, ConversationItem, ConversationSettings, Custom,
    Delivery, DeliveryGoal, Device, Draft, EntryBody, EntryState, Event, EventBatch, ExportBatch,
    FailureReason, GroupHead, GroupInfo, GroupNotice, GroupRole, GroupSettings, GroupStanding, GroupWho,
    HoldReason, IncomingBatch, IncomingMessage, Invitation, InvitationLink, InvitationState, InvitationTerms,
    Join, JoinRequest, JoinState, LastEntry, LinkBatch, LinkState, LinkStep, ListBatch, ListDiff, Marks, Me,
    Member, MemberReceipt, Mention, Mute, Notice, OwnDevices, Page, PagePlace, Party, Reach, Reaction,
    Receipts, Reception, Recover, Recovery, Registration, StorePlace, TimelineBatch, TimelineDiff,
    TimelineItem, Whose,
};
pub use safety::FfiSafetyNumber;
pub use search::FfiExport;
pub use streams::{FfiConversationList, FfiEvents, FfiIncoming, FfiTimeline};
pub use token::{TokenProvider, TokenRequest};

uniffi::setup_scaffolding!("waxwing_ffi");
