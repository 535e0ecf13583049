//! The channel: both ways, in order, each message once.
//!
//! ```text
//!   format 1 | kind 5 | number u32 | salt 16 | commitment 32 | padded (purpose u8 | bytes) | tag 16
//! ```
//!
//! Each direction has a chain, which steps with each message (Double Ratchet §2.2): what was opened cannot be opened again, not even by
//! whoever gets hold of this state later. It lives in memory alone: a link that broke off begins anew.

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{
    FORMAT, KIND_SEALED,
    agree::{Side, channel_again},
};
use crate::{
    kdf::{DERIVE_LINK_MESSAGE, chain_step},
    padding::{pad, unpad},
    salted::{SALT_BYTES, SaltedKeys},
    secret::Secret,
};

/// Most bytes of content in one message. What is larger goes as an [attachment](crate::attachment), whose descriptor goes here.
pub const LINK_CONTENT_BYTES_MAX: usize = 64 * 1024;
/// Most messages in one direction.
pub const LINK_MESSAGES_MAX: u32 = 65_536;

const HEAD_BYTES: usize = 2 + 4;

/// What a message of a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// The new device's id and public keys, to be put on the account's list.
    Device,
    /// The account: its id, public key and the device list that names the new device.
    Certificate,
    /// What the person has set.
    Settings,
    /// The key, and where the blob lies, of the messages until now.
    History,
    /// Nothing more comes from this side. Whoever has not seen it has not seen all.
    Done,
}

impl Purpose {
    fn code(self) -> u8 {
        match self {
            Self::Device => 1,
            Self::Certificate => 2,
            Self::Settings => 3,
            Self::History => 4,
            Self::Done => 5,
        }
    }

    fn parse(code: u8) -> Option<Self> {
        [Self::Device, Self::Certificate, Self::Settings, Self::History, Self::Done]
            .into_iter()
            .find(|purpose| purpose.code() == code)
    }
}

/// Holds what a message said. Wiped on drop.
pub struct Content {
    /// What it is for.
    pub purpose: Purpose,
    /// What it is.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({:?}, {} bytes, ..)", self.purpose, self.bytes.len())
    }
}

/// Says why a message was not sealed or not opened. The channel is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChannelError {
    /// The message is not authentic, or not for this channel and direction.
    Rejected,
    /// The message bears a number that was opened before: drop it.
    Duplicate,
    /// The message bears a number that is not due: one is missing.
    Gap {
        /// The number that is due.
        due: u32,
    },
    /// The content is longer than [`LINK_CONTENT_BYTES_MAX`].
    TooLong,
    /// This direction has had [`LINK_MESSAGES_MAX`] messages.
    Exhausted,
    /// This direction has had its [`Done`](Purpose::Done).
    Ended,
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected => f.write_str("link message rejected"),
            Self::Duplicate => f.write_str("link message was opened before"),
            Self::Gap { due } => write!(f, "link message {due} is missing"),
            Self::TooLong => f.write_str("content of a link message is too long"),
            Self::Exhausted => f.write_str("link has no messages left"),
            Self::Ended => f.write_str("link has ended"),
        }
    }
}

impl std::error::Error for ChannelError {}

/// An encrypted channel between a new device and one of its account.
pub struct Channel {
    sending: Direction,
    receiving: Direction,
}

/// One way. Its chain and the number go together.
struct Direction {
    chain: Secret<32>,
    next: u32,
    ended: bool,
}

impl Direction {
    fn new(chain: Secret<32>) -> Self {
        Self { chain, next: 0, ended: false }
    }

    /// The key of the next message, and the direction behind it.
    fn step(&self) -> (Secret<32>, Secret<32>) {
        chain_step(&self.chain)
    }

    fn advance(&mut self, chain: Secret<32>, purpose: Purpose) {
        *self = Self { chain, next: self.next + 1, ended: purpose == Purpose::Done };
    }
}

impl Channel {
    pub(super) fn new(sending: Secret<32>, receiving: Secret<32>) -> Self {
        Self { sending: Direction::new(sending), receiving: Direction::new(receiving) }
    }

    /// Begins a channel at the device that asks: `secret` is 32 fresh random bytes, which it sent to the other device of its account
    /// in the session of the two, and which serve for this channel alone.
    #[must_use]
    pub fn asking(secret: &[u8; 32]) -> Self {
        channel_again(Side::New, secret)
    }

    /// Begins the same channel at the device that was asked.
    #[must_use]
    pub fn answering(secret: &[u8; 32]) -> Self {
        channel_again(Side::Account, secret)
    }

    /// Seals the next message of this side.
    ///
    /// # Errors
    ///
    /// Refuses content that is too long, and anything behind the end.
    pub fn seal(
        &mut self,
        purpose: Purpose,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, ChannelError> {
        let number = self.sending.next;
        if self.sending.ended {
            return Err(ChannelError::Ended);
        }
        if content.len() > LINK_CONTENT_BYTES_MAX {
            return Err(ChannelError::TooLong);
        }
        if number >= LINK_MESSAGES_MAX {
            return Err(ChannelError::Exhausted);
        }
        let (key, chain) = self.sending.step();
        let mut out = vec![FORMAT, KIND_SEALED];
        out.extend_from_slice(&number.to_be_bytes());
        let head: [u8; HEAD_BYTES] = out[..].try_into().expect("6 bytes");
        let mut salt = [0; SALT_BYTES];
        rng.fill_bytes(&mut salt);
        out.extend_from_slice(&salt);
        let plain = Zeroizing::new([&[purpose.code()], content].concat());
        let padded = Zeroizing::new(pad(&plain));
        keys(&salt, &key, &head).seal(&[], &padded, &mut out);
        self.sending.advance(chain, purpose);
        Ok(out)
    }

    /// Opens the next message of the other side.
    ///
    /// # Errors
    ///
    /// Says what is wrong. A message that came before is a [`Duplicate`](ChannelError::Duplicate), as the relay may deliver twice.
    pub fn open(&mut self, message: &[u8]) -> Result<Content, ChannelError> {
        let rejected = ChannelError::Rejected;
        let (head, rest) = message.split_first_chunk::<HEAD_BYTES>().ok_or(rejected)?;
        let (salt, body) = rest.split_first_chunk().ok_or(rejected)?;
        let [FORMAT, KIND_SEALED, number @ ..] = *head else { return Err(rejected) };
        let (number, due) = (u32::from_be_bytes(number), self.receiving.next);
        if number < due {
            return Err(ChannelError::Duplicate);
        }
        if self.receiving.ended {
            return Err(ChannelError::Ended);
        }
        if due >= LINK_MESSAGES_MAX {
            return Err(ChannelError::Exhausted);
        }
        if number > due {
            return Err(ChannelError::Gap { due });
        }
        let (key, chain) = self.receiving.step();
        let mut bytes = keys(salt, &key, head).open(&[], body).ok_or(rejected)?;
        let length = unpad(&bytes).map_err(|_| rejected)?.len();
        bytes.truncate(length);
        let purpose = bytes.first().copied().and_then(Purpose::parse).ok_or(rejected)?;
        if length > 1 + LINK_CONTENT_BYTES_MAX {
            return Err(rejected);
        }
        self.receiving.advance(chain, purpose);
        bytes.drain(..1);
        Ok(Content { purpose, bytes })
    }

    /// Says whether both sides have sent their [`Done`](Purpose::Done): only then was all said.
    pub fn is_done(&self) -> bool {
        self.sending.ended && self.receiving.ended
    }
}

/// The number is in the derivation, so the commitment is to it too.
fn keys(salt: &[u8; SALT_BYTES], key: &Secret<32>, head: &[u8; HEAD_BYTES]) -> SaltedKeys {
    SaltedKeys::derive(salt, key.expose(), &[DERIVE_LINK_MESSAGE, head])
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({} sent, {} received, ..)", self.sending.next, self.receiving.next)
    }
}
