//! Linking a device: a new device shows a QR code, a device of the account scans it, and both have an encrypted channel once a
//! person has compared six digits.
//!
//! ```text
//!   new device                                                       device of the account
//!   NewDevice      ---- invitation, as a QR code -------------------->
//!                  ---- offer: KEM key ------------------------------> scan
//!                  <--- commitment to all that it will reveal --------  Scanned
//!   Answered       ---- nonce --------------------------------------->
//!                  <--- reveal: key, nonce, KEM ciphertext -----------  Unconfirmed
//!   Unconfirmed           a person compares six digits
//!   Channel        <------------- sealed messages ------------------->  Channel
//! ```
//!
//! Each step consumes the state before it, so no step can be left out, come twice, or come in another order:
//!
//! ```compile_fail,E0599
//! # use waxwing_crypto::link::*;
//! fn too_early(scanned: Scanned) -> ShortCode {
//!     scanned.code() // there is no code before the nonce came
//! }
//! ```
//!
//! ```compile_fail,E0382
//! # use waxwing_crypto::link::*;
//! fn twice(new: NewDevice, one: &[u8], other: &[u8], rng: &mut impl rand_core::CryptoRng) {
//!     let _ = new.on_commitment(one, rng);
//!     let _ = new.on_commitment(other, rng); // one invitation, one answer
//! }
//! ```
//!
//! **What the QR code gives.** Whoever scans it knows the new device's keys for certain: nobody in between can read what is sent to it. But
//! it is no secret: somebody who photographs it can answer first, and pass for the account. **What the digits give.** The answering
//! side commits to its key before it sees the other's nonce, so whoever stands in the middle has one guess in a million to make the digits
//! agree. A person who compares them therefore knows that the two devices before them speak to each other.
//!
//! ```
//! use waxwing_crypto::link::{Content, Invitation, NewDevice, Purpose, Scanned};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = ChaCha20Rng::from_seed([1; 32]);
//! let new = NewDevice::begin(&mut rng);
//! let (qr_code, offer) = (new.invitation().to_string(), new.offer());
//!
//! let invitation: Invitation = qr_code.parse()?;
//! let (scanned, commitment) = Scanned::begin(&invitation, &offer, &mut rng)?;
//! let (answered, nonce) = new.on_commitment(&commitment, &mut rng)?;
//! let (at_account, reveal) = scanned.on_nonce(&nonce)?;
//! let at_new = answered.on_reveal(&reveal)?;
//!
//! // Each device shows its code, and the person says at each what the other one shows.
//! let (shown_here, shown_there) = (at_new.code().to_string(), at_account.code().to_string());
//! let (mut new, mut account) = (at_new.confirm(&shown_there)?, at_account.confirm(&shown_here)?);
//!
//! let sealed = account.seal(Purpose::Certificate, b"a device list", &mut rng)?;
//! let Content { purpose, bytes } = new.open(&sealed)?;
//! assert_eq!((purpose, &bytes[..]), (Purpose::Certificate, &b"a device list"[..]));
//!
//! // Whoever saw both ends has seen all.
//! let (here, there) = (new.seal(Purpose::Done, b"", &mut rng)?, account.seal(Purpose::Done, b"", &mut rng)?);
//! (new.open(&there)?, account.open(&here)?);
//! assert!(new.is_done() && account.is_done());
//! # Ok(())
//! # }
//! ```

mod agree;
mod channel;
mod invitation;
mod sides;

use std::fmt;

pub use agree::{CodeDiffers, ShortCode};
pub use channel::{Channel, ChannelError, Content, LINK_CONTENT_BYTES_MAX, LINK_MESSAGES_MAX, Purpose};
pub use invitation::{INVITATION_BYTES, Invitation};
pub use sides::{Answered, NewDevice, Scanned, Unconfirmed};

const FORMAT: u8 = 1;
const KIND_OFFER: u8 = 1;
const KIND_COMMITMENT: u8 = 2;
const KIND_NONCE: u8 = 3;
const KIND_REVEAL: u8 = 4;
const KIND_SEALED: u8 = 5;

/// Says why linking cannot go on. The state was consumed: begin anew, with a new invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkError {
    /// The bytes are not the one encoding of what was expected.
    Malformed,
    /// The bytes are of a later format or another suite.
    Unsupported,
    /// A key is not canonical, or contributes nothing.
    WeakKey,
    /// The offer is not the one that the invitation names.
    OtherOffer,
    /// What was revealed is not what was committed to: somebody stands in the middle.
    OtherReveal,
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "link message is malformed",
            Self::Unsupported => "link message is of an unknown format or suite",
            Self::WeakKey => "a key of the other device contributes nothing",
            Self::OtherOffer => "offer is not the one of the invitation",
            Self::OtherReveal => "revealed key is not the one that was committed to",
        })
    }
}

impl std::error::Error for LinkError {}
