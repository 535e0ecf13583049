//! The sender key of another device, as we read with it.
//!
//! Opening is pure: it looks at the state and says what to change, and only a message that was opened whole changes it.

use std::fmt;

use zeroize::Zeroizing;

use super::{
    backlog::Verified,
    distribution::{Distribution, DistributionError},
    message::GroupMessage,
    origin::{GroupEpoch, Origin},
};
use crate::{
    keys::Address,
    ratchet::{
        chain::{ChainKey, MessageKey},
        open::walk,
        skipped::{SKIPPED_MAX, SkippedKeys},
        state::JUMP_MAX,
    },
    session::Plaintext,
};

/// Says why a group message was not opened. The key is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupOpenError {
    /// The message is not an authentic one of this chain.
    Rejected,
    /// The signature holds, and this message was opened before, or is older than the keys that are kept.
    Duplicate,
    /// The signature holds, and the message is from before this device was given the key. It cannot be read here.
    BeforeStart,
    /// The signature holds, and the message skips more than [`JUMP_MAX`] others.
    TooFarAhead,
}

impl fmt::Display for GroupOpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rejected => "group message rejected",
            Self::Duplicate => "group message was opened before",
            Self::BeforeStart => "group message is older than our key to it",
            Self::TooFarAhead => "group message is too far ahead",
        })
    }
}

impl std::error::Error for GroupOpenError {}

/// Holds what a group message said, and what names it. The plaintext is wiped on drop.
#[derive(Debug)]
pub struct GroupPlaintext {
    plaintext: Plaintext,
    digest: [u8; 32],
    iteration: u32,
}

impl GroupPlaintext {
    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.plaintext.as_bytes()
    }

    /// Returns the digest of the message: members who have the same digest have the same plaintext.
    ///
    /// It covers all of the message but its signature, the associated data, and the group, epoch, roster, sender and
    /// signing key. The ciphertext commits to its key, so no two plaintexts share a digest.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Returns the number of the message in its chain.
    pub fn iteration(&self) -> u32 {
        self.iteration
    }
}

/// Holds the key under which another device writes to one group in one epoch.
///
/// ```
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # use waxwing_crypto::{Address, group::{GroupEpoch, GroupMessage, GroupOpenError, ReceiverKey, SenderKey}};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// # let alice = Address { account: [1; 16], device: [1; 16] };
/// # let epoch = GroupEpoch { group: [7; 16], number: 3, roster_hash: [9; 32] };
/// # let mut sender = SenderKey::generate(&epoch, alice, &mut rng);
/// # let before = GroupMessage::parse(&sender.encrypt(b"before", b"", &mut rng)?.bytes)?;
/// // Whoever comes late reads what comes, and not what was.
/// let mut key = ReceiverKey::accept(&sender.distribution(), &epoch, &alice)?;
/// assert_eq!(key.decrypt(&before, b"").unwrap_err(), GroupOpenError::BeforeStart);
/// # let message = GroupMessage::parse(&sender.encrypt(b"hello", b"", &mut rng)?.bytes)?;
/// key.decrypt(&message, b"")?;
///
/// let mut key = ReceiverKey::from_snapshot(&key.to_snapshot())?;
/// assert_eq!((key.sender(), key.epoch(), key.first(), key.next()), (alice, &epoch, 1, 2));
/// assert_eq!(key.decrypt(&message, b"").unwrap_err(), GroupOpenError::Duplicate);
/// # Ok(())
/// # }
/// ```
pub struct ReceiverKey {
    pub(super) origin: Origin,
    pub(super) chain: ChainKey,
    /// The number that we were given the chain at.
    pub(super) first: u32,
    /// The number after the highest one opened.
    pub(super) next: u32,
    pub(super) skipped: SkippedKeys,
}

/// What a message that was opened changes.
enum Change {
    /// It was late: its key is used up.
    Late { number: u32 },
    /// It was ahead: the chain has moved.
    Ahead { skipped: SkippedKeys, chain: ChainKey, next: u32 },
}

impl ReceiverKey {
    /// Accepts a distribution message. `epoch` comes from the verified roster, `sender` from the session that it came by.
    ///
    /// When a chain of this id is there already, keep that one: it may read what the new one cannot.
    ///
    /// # Errors
    ///
    /// Refuses whatever is not the one encoding of a sender key of exactly this group, epoch, roster and sender.
    pub fn accept(
        distribution: &[u8],
        epoch: &GroupEpoch,
        sender: &Address,
    ) -> Result<Self, DistributionError> {
        let Distribution { origin, iteration, chain } = Distribution::parse(distribution, epoch, sender)?;
        let skipped = SkippedKeys::with_capacity(0);
        Ok(Self { origin, chain, first: iteration, next: iteration, skipped })
    }

    /// Decrypts a message of this chain, in whatever order messages come.
    ///
    /// The signature is verified before the chain is walked, so only the sender itself can make us walk.
    ///
    /// # Errors
    ///
    /// Rejects what is not authentic, and leaves the key byte for byte as it was.
    pub fn decrypt(
        &mut self,
        message: &GroupMessage,
        associated_data: &[u8],
    ) -> Result<GroupPlaintext, GroupOpenError> {
        let verified = Verified::check(self, message, associated_data).ok_or(GroupOpenError::Rejected)?;
        self.open(&verified)
    }

    /// Opens a message whose signature [`verify_backlog`](crate::group::verify_backlog) has found good.
    ///
    /// # Errors
    ///
    /// As [`decrypt`](Self::decrypt); a message that was verified with the key of another chain is rejected.
    pub fn open(&mut self, verified: &Verified<'_>) -> Result<GroupPlaintext, GroupOpenError> {
        let (change, plaintext) = self.read(verified)?;
        self.apply(change);
        let Verified { digest, parts, .. } = verified;
        Ok(GroupPlaintext { plaintext: Plaintext(plaintext), digest: *digest, iteration: parts.iteration })
    }

    fn read(&self, verified: &Verified<'_>) -> Result<(Change, Zeroizing<Vec<u8>>), GroupOpenError> {
        if verified.origin_hash != self.origin.hash {
            return Err(GroupOpenError::Rejected);
        }
        let number = verified.parts.iteration;
        if number < self.first {
            return Err(GroupOpenError::BeforeStart);
        }
        if number < self.next {
            let key = self.skipped.get(number).ok_or(GroupOpenError::Duplicate)?;
            return Ok((Change::Late { number }, self.open_body(key, verified)?));
        }
        if number - self.next > JUMP_MAX {
            return Err(GroupOpenError::TooFarAhead);
        }
        let next = number.checked_add(1).ok_or(GroupOpenError::Rejected)?;
        let (skipped, reached) = walk(&self.chain, self.next, number);
        let (key, chain) = reached.as_ref().unwrap_or(&self.chain).step();
        let plaintext = self.open_body(&key, verified)?;
        Ok((Change::Ahead { skipped, chain, next }, plaintext))
    }

    fn open_body(
        &self,
        key: &MessageKey,
        verified: &Verified<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, GroupOpenError> {
        let bound = self.origin.bind(verified.parts.prefix, verified.associated_data);
        key.open(&verified.parts.body, &bound).ok_or(GroupOpenError::Rejected)
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Late { number } => self.skipped.remove(number),
            Change::Ahead { skipped, chain, next } => {
                self.chain = chain;
                self.next = next;
                self.skipped.append(skipped);
                self.skipped.remove_oldest(self.skipped.live().saturating_sub(SKIPPED_MAX));
            }
        }
    }

    /// Returns the id of the chain, which its messages carry in the clear.
    pub fn chain_id(&self) -> [u8; 16] {
        self.origin.chain_id()
    }

    /// Returns the epoch that it was made for.
    pub fn epoch(&self) -> &GroupEpoch {
        &self.origin.epoch
    }

    /// Returns the device that writes with it.
    pub fn sender(&self) -> Address {
        self.origin.sender
    }

    /// Returns the number of the first message that can be read with it.
    pub fn first(&self) -> u32 {
        self.first
    }

    /// Returns the number after the highest one that was opened.
    pub fn next(&self) -> u32 {
        self.next
    }
}

impl fmt::Debug for ReceiverKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceiverKey(..)")
    }
}
