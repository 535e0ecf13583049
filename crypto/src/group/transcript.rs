//! What members compare, to see that they were told the same.

use crate::kdf::{HASH_GROUP_TRANSCRIPT, hash};

/// Hashes messages one after the other. Two who have added the same digests in the same order hold the same value.
///
/// The caller chooses the order that all members share: that of one sender's chain, or that of the relay's log of the group.
///
/// ```
/// use waxwing_crypto::group::Transcript;
///
/// let (mut ours, mut theirs) = (Transcript::default(), Transcript::default());
/// ours.add(&[1; 32]);
/// theirs.add(&[2; 32]);
/// assert_ne!(ours, theirs);
/// assert_eq!(Transcript::from_bytes(ours.to_bytes()), ours); // from the store
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transcript([u8; 32]);

impl Transcript {
    /// Goes on from a value that was stored; 32 zeros are the beginning.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Adds the digest of the next message.
    pub fn add(&mut self, digest: &[u8; 32]) {
        self.0 = hash(HASH_GROUP_TRANSCRIPT, &[&self.0, digest]);
    }

    /// Returns the value that members compare.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
    }
}
