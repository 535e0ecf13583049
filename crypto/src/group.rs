//! Sender keys: one chain for each sending device and epoch of the roster, known to every device of the group.
//!
//! ```text
//!   SenderKey  --distribution, sealed in the pairwise session with each device-->  ReceiverKey
//!      |                                                                               |
//!      +--encrypt: chain step, seal, sign--> GroupMessage --verify, walk, open---------+
//! ```
//!
//! A message is sealed once, whatever the size of the group. Everybody who can read it knows the chain, so a signature and
//! not the cipher says who wrote it. `origin` is what a sender key belongs to and is bound to; `distribution` is how it
//! travels; `sender` and `receiver` are its two ends; `message` is the bytes between them; `signature` and `backlog` verify,
//! alone and in batches; [`roster`] is who is in the group; `rotation` tells when a key has had its time; `secret` hides the roster from the relay; `invitation` is what a link says; `transcript` is what members compare.

mod backlog;
mod distribution;
mod invitation;
mod message;
mod origin;
mod receiver;
pub mod roster;
mod rotation;
mod secret;
mod sender;
pub(crate) mod signature;
mod snapshot;
mod transcript;

pub use backlog::{BATCH_MAX, Verified, Waiting, verify_backlog};
pub use distribution::{DistributionError, claimed_epoch};
pub use invitation::{GroupInvitation, INVITERS_MAX, InvitationError, Inviter};
pub use message::GroupMessage;
pub use origin::GroupEpoch;
pub use receiver::{GroupOpenError, GroupPlaintext, ReceiverKey};
pub use rotation::{
    GroupEvent, RotationReason, SENDER_KEY_AGE_MAX, SENDER_KEY_MESSAGES_MAX, SenderKeyUse, rotation,
};
pub use secret::{GroupProfile, GroupSecret, picture_hash};
pub use sender::{SealedGroupMessage, SenderKey};
pub use transcript::{Transcript, told_digest};
