//! What members share for as long as the group lasts: it hides changes of the roster, and the group's title, from the relay.
//!
//! ```text
//!   sealed   format 1 | suite 1 | purpose u8 | salt 16 | commitment 32 | content, a profile padded | tag 16
//! ```
//!
//! It opens no message. Who was once in the group can still read what is sealed under it, if a relay gives it to them: who is in
//! the group, and what it is called. That is its price for being the same for all epochs, so that whoever comes can read the chain.

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    kdf::{DERIVE_GROUP_SECRET, HASH_GROUP_PICTURE, hash},
    message::SUITE,
    padding::{pad, unpad},
    salted::{SALT_BYTES, SaltedKeys},
    secret::Secret,
};

const FORMAT: u8 = 1;
const PURPOSE_CHANGE: u8 = 1;
const PURPOSE_PROFILE: u8 = 2;
const HASH_BYTES: usize = 32;
const HEAD_BYTES: usize = 3;

/// What a group is called, and the hash of its picture.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct GroupProfile {
    /// The title; empty: without a name.
    pub title: String,
    /// The [hash](picture_hash) of the picture, if there is one.
    pub picture: Option<[u8; 32]>,
}

/// The title stays out of logs.
impl fmt::Debug for GroupProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupProfile(..)")
    }
}

/// Computes the hash by which a profile names a picture.
pub fn picture_hash(picture: &[u8]) -> [u8; 32] {
    hash(HASH_GROUP_PICTURE, &[picture])
}

/// The secret that the members of a group share.
///
/// ```
/// use waxwing_crypto::group::GroupSecret;
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// let secret = GroupSecret::generate(&mut rng);
/// let sealed = secret.seal_change(&[7; 16], 2, b"a signed change", &mut rng);
///
/// // It reached Bob sealed in a session. The relay says which group and revision a change is of, and cannot mix them up.
/// let secret = GroupSecret::from_bytes(secret.to_bytes().expose());
/// assert_eq!(&secret.open_change(&[7; 16], 2, &sealed).unwrap()[..], b"a signed change");
/// assert!(secret.open_change(&[7; 16], 3, &sealed).is_none());
/// ```
pub struct GroupSecret(Secret<32>);

impl fmt::Debug for GroupSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupSecret(..)")
    }
}

impl GroupSecret {
    /// Makes a fresh one, for a new group.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    /// Takes one that was stored, or came in a session.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Secret::copy_of(bytes))
    }

    /// Returns the bytes, for the store and for new members.
    pub fn to_bytes(&self) -> Secret<32> {
        Secret::copy_of(self.0.expose())
    }

    /// Seals a signed change of the roster for the relay to keep, as the one that makes this revision.
    pub fn seal_change(
        &self,
        group: &[u8; 16],
        revision: u64,
        change: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Vec<u8> {
        self.seal(PURPOSE_CHANGE, &[group, &revision.to_be_bytes()], change, rng)
    }

    /// Opens what [`seal_change`](Self::seal_change) made. `None` for anything else.
    pub fn open_change(&self, group: &[u8; 16], revision: u64, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.open(PURPOSE_CHANGE, &[group, &revision.to_be_bytes()], sealed)
    }

    /// Seals title and picture, padded, to stand as the profile of a roster. Of the picture only the hash stands there; all
    /// zeros: there is none.
    pub fn seal_profile(&self, profile: &GroupProfile, rng: &mut impl CryptoRng) -> Vec<u8> {
        let mut content = Zeroizing::new(Vec::with_capacity(HASH_BYTES + profile.title.len()));
        content.extend_from_slice(&profile.picture.unwrap_or([0; HASH_BYTES]));
        content.extend_from_slice(profile.title.as_bytes());
        self.seal(PURPOSE_PROFILE, &[], &Zeroizing::new(pad(&content)), rng)
    }

    /// Opens what [`seal_profile`](Self::seal_profile) made. `None` for anything else.
    pub fn open_profile(&self, sealed: &[u8]) -> Option<GroupProfile> {
        let padded = self.open(PURPOSE_PROFILE, &[], sealed)?;
        let (picture, title) = unpad(&padded).ok()?.split_first_chunk::<HASH_BYTES>()?;
        let title = String::from_utf8(title.to_vec()).ok()?;
        Some(GroupProfile { title, picture: (*picture != [0; HASH_BYTES]).then_some(*picture) })
    }

    fn seal(&self, purpose: u8, bound: &[&[u8]], content: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
        let mut salt = [0; SALT_BYTES];
        rng.fill_bytes(&mut salt);
        let mut out = vec![FORMAT, SUITE, purpose];
        out.extend_from_slice(&salt);
        self.keys(purpose, bound, &salt).seal(&[], content, &mut out);
        out
    }

    fn open(&self, purpose: u8, bound: &[&[u8]], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (head, rest) = sealed.split_first_chunk::<HEAD_BYTES>()?;
        if *head != [FORMAT, SUITE, purpose] {
            return None;
        }
        let (salt, body) = rest.split_first_chunk()?;
        self.keys(purpose, bound, salt).open(&[], body)
    }

    /// All that the content is bound to is in the derivation, so the commitment is to all of it.
    fn keys(&self, purpose: u8, bound: &[&[u8]], salt: &[u8; SALT_BYTES]) -> SaltedKeys {
        let head = [FORMAT, SUITE, purpose];
        let mut info = vec![DERIVE_GROUP_SECRET, &head];
        info.extend_from_slice(bound);
        SaltedKeys::derive(salt, self.0.expose(), &info)
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;

    const GROUP: [u8; 16] = [7; 16];

    fn secret() -> (GroupSecret, ChaCha20Rng) {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        (GroupSecret::generate(&mut rng), rng)
    }

    #[test]
    fn a_change_opens_only_where_it_was_sealed_for() {
        let (secret, mut rng) = secret();
        let sealed = secret.seal_change(&GROUP, 3, b"change", &mut rng);
        assert_eq!(secret.open_change(&GROUP, 3, &sealed).unwrap().as_slice(), b"change");
        assert!(secret.open_change(&GROUP, 4, &sealed).is_none());
        assert!(secret.open_change(&[8; 16], 3, &sealed).is_none());
        assert!(secret.open_profile(&sealed).is_none());
        assert!(GroupSecret::generate(&mut rng).open_change(&GROUP, 3, &sealed).is_none());
    }

    #[test]
    fn every_byte_of_what_was_sealed_counts() {
        let (secret, mut rng) = secret();
        let sealed = secret.seal_change(&GROUP, 3, b"change", &mut rng);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(secret.open_change(&GROUP, 3, &changed).is_none(), "byte {at}");
            assert!(secret.open_change(&GROUP, 3, &sealed[..at]).is_none(), "cut at {at}");
        }
    }

    #[test]
    fn a_profile_comes_back_and_hides_its_length_and_whether_there_is_a_picture() {
        let (secret, mut rng) = secret();
        let picture = Some(picture_hash(b"a picture"));
        let sizes =
            [("birds", None), ("birds of the north", picture), ("", picture)].map(|(title, picture)| {
                let profile = GroupProfile { title: title.to_owned(), picture };
                let sealed = secret.seal_profile(&profile, &mut rng);
                assert!(secret.open_profile(&sealed) == Some(profile));
                sealed.len()
            });
        assert!(sizes.iter().all(|size| *size == sizes[0]));
        for wrong in [&[0xff; 33][..], &[0; 31]] {
            let sealed = secret.seal(PURPOSE_PROFILE, &[], &pad(wrong), &mut rng);
            assert!(secret.open_profile(&sealed).is_none(), "it is no text, or too short");
        }
    }

    #[test]
    fn the_same_change_never_seals_to_the_same_bytes() {
        let (secret, mut rng) = secret();
        assert_ne!(
            secret.seal_change(&GROUP, 3, b"change", &mut rng),
            secret.seal_change(&GROUP, 3, b"change", &mut rng)
        );
    }
}
