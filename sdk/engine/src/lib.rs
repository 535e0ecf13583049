//! The sync engine of Waxwing: a pure state machine. Inputs in, one step out.
//!
//! ```text
//!   command, frame, link, timer            what must be durable together
//!          |                                          |
//!          v                                          v
//!    +-----------+   reads    +------+    Step   +---------+   commit    effects: frames, answers,
//!    |  Engine   | ---------> | View |  -------> |  Batch  | ---------->  events, the next timer
//!    +-----------+            +------+           +---------+
//! ```
//!
//! The engine has no runtime, no database, no clock and no randomness: time, the random source and the store's state are
//! arguments of [`Engine::handle`], and everything that must happen comes back as a [`Step`]. A step's effects can only be had
//! by committing its batch, so no ciphertext leaves before the ratchet that made it is on disk, and no envelope is acknowledged
//! before its plaintext, its session and the cursor are.
//!
//! If a commit fails, drop the engine and [`Engine::open`] it again from the store: crash and restart are one path.

mod annotate;
mod annotation;
mod batch;
mod clock;
mod commands;
mod connection;
mod content;
mod directory;
mod effect;
mod engine;
mod groups;
mod inbox;
mod input;
mod keep;
mod link;
mod marks;
mod me;
mod model;
mod notice;
mod outbox;
mod own;
mod past;
mod prekeys;
mod registration;
mod repair;
mod sessions;
mod setting;
mod settings;
mod step;
mod view;
mod work;

pub use annotation::{Anchor, Annotation, Change, REACTION_SIZE_MAX_BYTES, Revision, Slot};
pub use batch::{Apply, Batch, Write};
pub use clock::Now;
pub use effect::{CommandId, Effect, Event, Failure, LinkEvent, Outcome};
pub use engine::Engine;
pub use input::{Command, Input, RegisterAccount, RegisterAs};
pub use link::{
    BadLink, Joiner as LinkJoiner, LinkCertificate, LinkDevice, NewLinkDevice, parts as link_parts,
};
pub use marks::{CUSTOM_KIND_MAX_BYTES, Custom, MENTIONS_MAX, Marks, Mention};
pub use model::{
    AccountState, Body, ConversationId, CounterRange, DEVICE_NAME_MAX_BYTES, Delivery, DeviceAddress, Door,
    FailureReason, GroupEvent, GroupIntent, GroupMember, GroupRole, GroupSettings, GroupStanding, GroupState,
    GroupWaiting, GroupWho, HoldReason, Invitation, InvitationId, JoinRequest, JoinState, Joining, Lane,
    LaneKind, LocalDevice, Message, Notice, OutboxDraft, OutboxItem, OutboxOrder, OutboxPayload, OwnDevice,
    Party, PrekeyKind, PrekeyRecord, ReceiptKind, ReceiverKeyRecord, Reception, Registration, RelayState,
    RosterAtRest, SealedRecord, SenderKeyRecord, SessionRecord, Standing, Status, WaitingEnvelope,
};
pub use past::{BadPast, Past, PastAsk, PastPiece, PastRecord, SaidBy};
pub use setting::{Setting, SettingKind, SettingRecord, TIMER_MAX_S};
pub use step::{Held, Step};
pub use view::{MemberReceipt, View};
