//! Group messages whose signature was verified, one alone or many together.

use std::fmt;

use super::{
    message::{GroupMessage, Parts},
    receiver::ReceiverKey,
    signature::{Claim, hold, holds},
};
use crate::kdf::SIGN_GROUP_MESSAGE;

/// Signatures that are verified together at most. A longer backlog is taken in pieces of this size.
pub const BATCH_MAX: usize = 64;

/// A message that waits, beside the key of the chain that it claims to be of.
#[derive(Clone, Copy, Debug)]
pub struct Waiting<'k, 'm> {
    /// The key, found by [`GroupMessage::chain_id`].
    pub key: &'k ReceiverKey,
    /// The message.
    pub message: &'m GroupMessage,
    /// What is bound to it.
    pub associated_data: &'m [u8],
}

/// A message that was signed by the sender of its chain. Only the check makes one; [`ReceiverKey::open`] takes it.
pub struct Verified<'m> {
    pub(super) parts: Parts<'m>,
    pub(super) associated_data: &'m [u8],
    pub(super) origin_hash: [u8; 32],
    pub(super) digest: [u8; 32],
}

impl<'m> Verified<'m> {
    /// Verifies the signature of one message.
    pub(super) fn check(
        key: &ReceiverKey,
        message: &'m GroupMessage,
        associated_data: &'m [u8],
    ) -> Option<Self> {
        let claimed = Self::claimed(&Waiting { key, message, associated_data })?;
        holds(&claimed.claim(key)).then_some(claimed)
    }

    /// Is a message of the right chain that was not verified yet; it does not leave this file before it is.
    fn claimed(waiting: &Waiting<'_, 'm>) -> Option<Self> {
        let Waiting { key, message, associated_data } = *waiting;
        let parts = message.parts()?;
        let origin = &key.origin;
        (*parts.chain_id == origin.chain_id()).then(|| Self {
            digest: origin.digest(parts.unsigned, associated_data),
            origin_hash: origin.hash,
            parts,
            associated_data,
        })
    }

    fn claim<'a>(&'a self, key: &'a ReceiverKey) -> Claim<'a> {
        Claim {
            key: &key.origin.signing,
            label: SIGN_GROUP_MESSAGE,
            message: &self.digest,
            signature: self.parts.signature,
        }
    }
}

impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verified({})", self.parts.iteration)
    }
}

/// Verifies the signatures of messages that have waited, of one sender or many, at less than half the cost of each alone.
///
/// The answer has one entry for each message, in their order, and is that of each alone: `None` is
/// [`Rejected`](crate::group::GroupOpenError::Rejected). One that is false makes its batch of [`BATCH_MAX`] be verified one by one,
/// and costs no other message anything but that time.
///
/// ```
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # use waxwing_crypto::group::{GroupEpoch, GroupMessage, ReceiverKey, SenderKey};
/// # use waxwing_crypto::{Address};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// # let alice = Address { account: [1; 16], device: [1; 16] };
/// # let epoch = GroupEpoch { group: [7; 16], number: 3, roster_hash: [9; 32] };
/// # let mut sender = SenderKey::generate(&epoch, alice, &mut rng);
/// # let mut key = ReceiverKey::accept(&sender.distribution(), &epoch, &alice)?;
/// # let one = GroupMessage::parse(&sender.encrypt(b"one", b"", &mut rng)?.bytes)?;
/// # let two = GroupMessage::parse(&sender.encrypt(b"two", b"", &mut rng)?.bytes)?;
/// use waxwing_crypto::group::{Waiting, verify_backlog};
///
/// let waiting = [&one, &two].map(|message| Waiting { key: &key, message, associated_data: b"" });
/// for verified in verify_backlog(&waiting).into_iter().flatten() {
///     let opened = key.open(&verified)?; // and commit, before the next
///     assert_eq!(opened.as_bytes().len(), 3);
/// }
/// # Ok(())
/// # }
/// ```
pub fn verify_backlog<'m>(waiting: &[Waiting<'_, 'm>]) -> Vec<Option<Verified<'m>>> {
    let mut answers = Vec::with_capacity(waiting.len());
    for batch in waiting.chunks(BATCH_MAX) {
        let claimed: Vec<Option<Verified<'m>>> = batch.iter().map(Verified::claimed).collect();
        let with_keys = claimed.iter().zip(batch).filter_map(|(one, waiting)| Some((one.as_ref()?, waiting)));
        let claims: Vec<Claim<'_>> = with_keys.map(|(one, waiting)| one.claim(waiting.key)).collect();
        let mut held = hold(&claims).into_iter();
        let good: Vec<bool> = claimed.iter().map(|one| one.is_some() && held.next() == Some(true)).collect();
        answers.extend(claimed.into_iter().zip(good).map(|(one, good)| one.filter(|_| good)));
    }
    answers
}
