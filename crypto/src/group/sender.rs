//! Our own sender key.

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{
    distribution::Distribution,
    message::{OVERHEAD_BYTES, write_prefix},
    origin::{GroupEpoch, Origin},
};
use crate::{
    kdf::SIGN_GROUP_MESSAGE,
    keys::{Address, SenderSecret},
    message::{PLAINTEXT_BYTES_MAX, SALT_BYTES},
    ratchet::chain::ChainKey,
    secret::Secret,
    session::SealError,
};

/// Holds the key under which this device writes to one group in one epoch.
///
/// It is not `Clone`, so no state can encrypt twice.
///
/// ```
/// use waxwing_crypto::group::{GroupEpoch, GroupMessage, ReceiverKey, SenderKey};
/// use waxwing_crypto::{Address};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// # let alice = Address { account: [1; 16], device: [1; 16] };
/// let epoch = GroupEpoch { group: [7; 16], number: 3, roster_hash: [9; 32] };
/// let mut ours = SenderKey::generate(&epoch, alice, &mut rng);
/// let distribution = ours.distribution(); // sealed in the session with each device of the group
///
/// // Each of them knows from whom it came, and in which epoch the group is.
/// let mut theirs = ReceiverKey::accept(&distribution, &epoch, &alice)?;
///
/// let sealed = ours.encrypt(b"hello, all", b"bound, not sent", &mut rng)?;
/// let message = GroupMessage::parse(&sealed.bytes)?;
/// assert_eq!((message.chain_id(), message.iteration()), (theirs.chain_id(), 0)); // which key to ask
/// let opened = theirs.decrypt(&message, b"bound, not sent")?;
/// assert_eq!(opened.as_bytes(), b"hello, all");
/// assert_eq!((opened.digest(), opened.iteration()), (sealed.digest, 0)); // the same for all members
///
/// // Both ends rest in the store.
/// let ours = SenderKey::from_snapshot(&ours.to_snapshot())?;
/// assert_eq!((ours.chain_id(), ours.epoch(), ours.messages()), (theirs.chain_id(), &epoch, 1));
/// # Ok(())
/// # }
/// ```
pub struct SenderKey {
    pub(super) origin: Origin,
    pub(super) secret: SenderSecret,
    pub(super) chain: ChainKey,
    /// The number of our next message.
    pub(super) next: u32,
}

/// A group message that was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedGroupMessage {
    /// What travels to all members.
    pub bytes: Vec<u8>,
    /// What members compare, equal to [`GroupPlaintext::digest`](crate::group::GroupPlaintext::digest).
    pub digest: [u8; 32],
    /// Its number in the chain.
    pub iteration: u32,
}

impl SenderKey {
    /// Makes a fresh key. Nothing in it comes from a key before, so whoever had that one has nothing of this one.
    pub fn generate(epoch: &GroupEpoch, ours: Address, rng: &mut impl CryptoRng) -> Self {
        let secret = SenderSecret::generate(rng);
        let chain = ChainKey::new(Secret::random(rng));
        Self { origin: Origin::new(*epoch, ours, secret.public()), secret, chain, next: 0 }
    }

    /// Writes what a device needs to read our messages from the next one on. It is secret: seal it for that device alone.
    pub fn distribution(&self) -> Zeroizing<Vec<u8>> {
        Distribution::write(&self.origin, self.next, &self.chain)
    }

    /// Encrypts a message for all who have the key. `associated_data` is bound to it and not sent.
    ///
    /// The cost does not depend on the size of the group. Store the key before the message leaves: a state that was
    /// rolled back still never repeats a key with a nonce, but numbers its messages as others before.
    ///
    /// # Errors
    ///
    /// Refuses a plaintext longer than [`PLAINTEXT_BYTES_MAX`], and an exhausted chain; nothing is changed then.
    pub fn encrypt(
        &mut self,
        plaintext: &[u8],
        associated_data: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<SealedGroupMessage, SealError> {
        if plaintext.len() > PLAINTEXT_BYTES_MAX {
            return Err(SealError::TooLong);
        }
        let next = self.next.checked_add(1).ok_or(SealError::ChainExhausted)?;
        let (key, chain) = self.chain.step();
        let mut salt = [0; SALT_BYTES];
        rng.fill_bytes(&mut salt);

        let mut bytes = Vec::with_capacity(OVERHEAD_BYTES + plaintext.len());
        write_prefix(&self.origin.chain_id(), self.next, &salt, &mut bytes);
        let bound = self.origin.bind(&bytes, associated_data);
        key.seal(&salt, &bound, plaintext, &mut bytes);
        let digest = self.origin.digest(&bytes, associated_data);
        bytes.extend_from_slice(&self.secret.sign(SIGN_GROUP_MESSAGE, &digest));

        let iteration = self.next;
        self.chain = chain;
        self.next = next;
        Ok(SealedGroupMessage { bytes, digest, iteration })
    }

    /// Returns the id of the chain, which its messages carry in the clear.
    pub fn chain_id(&self) -> [u8; 16] {
        self.origin.chain_id()
    }

    /// Returns the epoch that it was made for.
    pub fn epoch(&self) -> &GroupEpoch {
        &self.origin.epoch
    }

    /// Returns how many messages it has sealed, which is the number of the next one.
    pub fn messages(&self) -> u32 {
        self.next
    }
}

impl fmt::Debug for SenderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SenderKey(..)")
    }
}
