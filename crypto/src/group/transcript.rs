//! What members compare, to see that they were told the same.

use crate::kdf::{HASH_GROUP_TOLD, HASH_GROUP_TRANSCRIPT, hash};

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

/// What members compare of one message, however it reached them: sealed for the group, or sealed again for one of them.
///
/// Whoever has not got the message learns nothing by it, if its sender drew the salt at random; and no sender finds two
/// things to say that have the same.
///
/// ```
/// use waxwing_crypto::group::told_digest;
///
/// let digest = |said: &[u8]| told_digest(&[1; 16], &[2; 16], &[3; 16], said);
/// assert_ne!(digest(b"we meet at 7"), digest(b"we meet at 8"));
/// ```
pub fn told_digest(salt: &[u8; 16], author: &[u8; 16], message: &[u8; 16], said: &[u8]) -> [u8; 16] {
    let [first @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
        hash(HASH_GROUP_TOLD, &[salt, author, message, said]);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_of_what_was_told_depends_on_all_of_it() {
        let digest = told_digest(&[1; 16], &[2; 16], &[3; 16], b"said");
        assert_eq!(digest, told_digest(&[1; 16], &[2; 16], &[3; 16], b"said"));
        for other in [
            told_digest(&[0; 16], &[2; 16], &[3; 16], b"said"),
            told_digest(&[1; 16], &[0; 16], &[3; 16], b"said"),
            told_digest(&[1; 16], &[2; 16], &[0; 16], b"said"),
            told_digest(&[1; 16], &[2; 16], &[3; 16], b"sad"),
        ] {
            assert_ne!(digest, other);
        }
    }
}
