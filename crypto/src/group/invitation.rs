//! What a link or QR code says that lets somebody ask to be in a group.
//!
//! ```text
//!   format 1 | flags u8 | group 16 | token 16 | expires u64 | length u8, handle | count u8, count times: account 16, key check 16 | check 4
//! ```
//!
//! Neither the group's secret nor who is in it stands there. Whoever has the link can ask, and no more.

use std::{fmt, str::FromStr};

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    base32,
    bytes::Reader,
    kdf::{self, HASH_INVITATION_CHECK, HASH_INVITATION_ID, HASH_INVITER_KEY},
    secret::Secret,
};

/// Accounts that an invitation names.
pub const INVITERS_MAX: usize = 4;

const FORMAT: u8 = 1;
const APPROVAL: u8 = 1;
const HANDLE_BYTES_MAX: usize = 32;
const CHECK_BYTES: usize = 4;

/// Before the text of an invitation. It has only characters of the compact mode of QR codes, and is read in any case.
const SCHEME: &str = "WAXWING:JOIN/";

/// Says why a text is no invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvitationError {
    /// It is not one, or is not whole, or was mistyped.
    Malformed,
    /// It is of a format that this version does not know.
    Unsupported,
}

impl fmt::Display for InvitationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "it is no invitation, or not a whole one",
            Self::Unsupported => "the invitation is of a newer version",
        })
    }
}

impl std::error::Error for InvitationError {}

/// An account that can let in whoever asks, and what its key must hash to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inviter {
    /// The account.
    pub account: [u8; 16],
    key_check: [u8; 16],
}

impl Inviter {
    /// Names an account by its id and its public key.
    pub fn new(account: [u8; 16], account_key: &[u8; 32]) -> Self {
        Self { account, key_check: cut(&kdf::hash(HASH_INVITER_KEY, &[account_key])) }
    }

    /// Tells whether this is the key that the invitation means: a relay that shows another one is asked nothing.
    pub fn is_key(&self, account_key: &[u8; 32]) -> bool {
        *self == Self::new(self.account, account_key)
    }
}

/// Lets whoever has it ask for a group.
///
/// Members know an invitation by its [`id`](Self::id), which does not tell the token.
///
/// ```
/// use waxwing_crypto::group::{GroupInvitation, Inviter};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// let alice = Inviter::new([1; 16], &[7; 32]);
/// let made = GroupInvitation::new([9; 16], "alice", &[alice], &mut rng);
/// let link = made.to_string();
/// assert!(link.starts_with("WAXWING:JOIN/"));
///
/// let read: GroupInvitation = link.to_lowercase().parse()?;
/// assert_eq!((read.group(), read.handle(), read.inviters()), (&[9; 16], "alice", &[alice][..]));
/// assert_eq!(read.id(), made.id());
/// # Ok::<(), waxwing_crypto::group::InvitationError>(())
/// ```
pub struct GroupInvitation {
    group: [u8; 16],
    token: Secret<16>,
    needs_approval: bool,
    expires_at_s: u64,
    handle: String,
    inviters: Vec<Inviter>,
}

/// Says neither the token nor names.
impl fmt::Debug for GroupInvitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupInvitation(..)")
    }
}

fn cut(hash: &[u8; 32]) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    id
}

impl GroupInvitation {
    /// Makes one that lasts and needs no approval. A handle beyond 32 bytes is left out, and so are accounts beyond
    /// [`INVITERS_MAX`].
    pub fn new(group: [u8; 16], handle: &str, inviters: &[Inviter], rng: &mut impl CryptoRng) -> Self {
        let handle = if handle.len() <= HANDLE_BYTES_MAX { handle } else { "" };
        Self {
            group,
            token: Secret::random(rng),
            needs_approval: false,
            expires_at_s: 0,
            handle: handle.to_owned(),
            inviters: inviters.iter().take(INVITERS_MAX).copied().collect(),
        }
    }

    /// Says whether somebody looks at each request, and until when one may ask, in seconds since 1970; zero: for ever. Whoever
    /// lets in keeps that for themselves: this is for the eyes of whoever has the link.
    #[must_use]
    pub fn with_terms(mut self, needs_approval: bool, expires_at_s: u64) -> Self {
        (self.needs_approval, self.expires_at_s) = (needs_approval, expires_at_s);
        self
    }

    /// Computes the name of the invitation that a token is of.
    pub fn id_of(group: &[u8; 16], token: &[u8; 16]) -> [u8; 16] {
        cut(&kdf::hash(HASH_INVITATION_ID, &[group, token]))
    }

    /// Returns the name by which members know it.
    pub fn id(&self) -> [u8; 16] {
        Self::id_of(&self.group, self.token.expose())
    }

    /// Returns the group.
    pub fn group(&self) -> &[u8; 16] {
        &self.group
    }

    /// Returns what is shown to whoever lets in.
    pub fn token(&self) -> &Secret<16> {
        &self.token
    }

    /// Tells whether somebody looks at each request.
    pub fn needs_approval(&self) -> bool {
        self.needs_approval
    }

    /// Returns until when one may ask, in seconds since 1970. Zero: for ever.
    pub fn expires_at_s(&self) -> u64 {
        self.expires_at_s
    }

    /// Returns the name of whoever made it, for the eyes alone; perhaps empty.
    pub fn handle(&self) -> &str {
        &self.handle
    }

    /// Returns whom to ask.
    pub fn inviters(&self) -> &[Inviter] {
        &self.inviters
    }

    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(256));
        bytes.extend_from_slice(&[FORMAT, if self.needs_approval { APPROVAL } else { 0 }]);
        bytes.extend_from_slice(&self.group);
        bytes.extend_from_slice(self.token.expose());
        bytes.extend_from_slice(&self.expires_at_s.to_be_bytes());
        bytes.push(self.handle.len() as u8);
        bytes.extend_from_slice(self.handle.as_bytes());
        bytes.push(self.inviters.len() as u8);
        for inviter in &self.inviters {
            bytes.extend_from_slice(&inviter.account);
            bytes.extend_from_slice(&inviter.key_check);
        }
        let check = kdf::hash(HASH_INVITATION_CHECK, &[&bytes]);
        bytes.extend_from_slice(&check[..CHECK_BYTES]);
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (said, check) = bytes.split_at_checked(bytes.len().checked_sub(CHECK_BYTES)?)?;
        if kdf::hash(HASH_INVITATION_CHECK, &[said])[..CHECK_BYTES] != *check {
            return None;
        }
        let mut reader = Reader::new(said);
        reader.expect(FORMAT)?;
        let needs_approval = reader.flag()?;
        let group = *reader.array()?;
        let token = Secret::copy_of(reader.array()?);
        let expires_at_s = reader.u64()?;
        let length = usize::from(reader.u8()?);
        let handle = std::str::from_utf8(reader.slice(length)?).ok()?.to_owned();
        let count = usize::from(reader.u8()?);
        if length > HANDLE_BYTES_MAX || !(1..=INVITERS_MAX).contains(&count) {
            return None;
        }
        let mut inviters = Vec::with_capacity(count);
        for _ in 0..count {
            let account = *reader.array()?;
            inviters.push(Inviter { account, key_check: *reader.array()? });
        }
        reader.end()?;
        Some(Self { group, token, needs_approval, expires_at_s, handle, inviters })
    }
}

/// The link. Whoever has it can ask: it is the token itself.
impl fmt::Display for GroupInvitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.to_bytes();
        f.write_str(SCHEME)?;
        (0..base32::chars_of(bytes.len()))
            .try_for_each(|index| write!(f, "{}", base32::char_of(base32::get(&bytes, index))))
    }
}

/// Reads a link.
impl FromStr for GroupInvitation {
    type Err = InvitationError;

    fn from_str(text: &str) -> Result<Self, InvitationError> {
        let (scheme, text) = text.trim().split_at_checked(SCHEME.len()).ok_or(InvitationError::Malformed)?;
        let length = text.len() * 5 / 8;
        if !scheme.eq_ignore_ascii_case(SCHEME) || length > 256 || base32::chars_of(length) != text.len() {
            return Err(InvitationError::Malformed);
        }
        let mut bytes = Zeroizing::new(vec![0; length]);
        for (index, char) in text.chars().enumerate() {
            let value = base32::value_of(char).ok_or(InvitationError::Malformed)?;
            base32::put(&mut bytes, index, value).ok_or(InvitationError::Malformed)?;
        }
        match bytes.first() {
            Some(&FORMAT) => Self::read(&bytes).ok_or(InvitationError::Malformed),
            Some(_) => Err(InvitationError::Unsupported),
            None => Err(InvitationError::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;

    fn made() -> GroupInvitation {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let inviters: Vec<_> = (1..=5).map(|n| Inviter::new([n; 16], &[n + 100; 32])).collect();
        GroupInvitation::new([9; 16], "alice", &inviters, &mut rng).with_terms(true, 1_800_000_000)
    }

    #[test]
    fn an_invitation_comes_back_from_its_text() {
        let made = made();
        let text = format!(" {}\n", made.to_string().to_lowercase());
        let read: GroupInvitation = text.parse().unwrap();
        assert_eq!(read.to_string(), made.to_string());
        assert!(read.needs_approval() && read.token().ct_eq(made.token()));
        assert_eq!((read.expires_at_s(), read.inviters().len()), (1_800_000_000, INVITERS_MAX));
        assert!(read.inviters()[0].is_key(&[101; 32]) && !read.inviters()[0].is_key(&[102; 32]));
        assert!(made.to_string().len() <= 395, "it fits a QR code of version 10");
        let long = "x".repeat(40);
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        let nameless = GroupInvitation::new([9; 16], &long, &made.inviters, &mut rng);
        assert_eq!(nameless.handle(), "");
        assert_ne!(nameless.id(), made.id());
    }

    #[test]
    fn every_slip_in_the_text_is_found() {
        let text = made().to_string();
        for at in SCHEME.len()..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[at] = if wrong[at] == b'7' { b'8' } else { b'7' };
            let wrong = String::from_utf8(wrong).unwrap();
            assert!(wrong.parse::<GroupInvitation>().is_err(), "character {at}");
            assert!(text[..at].parse::<GroupInvitation>().is_err(), "cut at {at}");
        }
        for wrong in ["", "WAXWING:", SCHEME, "WAXWING:JOIN/🦜", "https://example.org/"] {
            assert_eq!(wrong.parse::<GroupInvitation>().unwrap_err(), InvitationError::Malformed);
        }
        let newer = format!("{SCHEME}{}", "ZZZZZZZZ");
        assert_eq!(newer.parse::<GroupInvitation>().unwrap_err(), InvitationError::Unsupported);
        assert!(format!("{text}0000000000000000").parse::<GroupInvitation>().is_err());
    }

    #[test]
    fn an_id_names_one_token_in_one_group() {
        let made = made();
        assert_eq!(GroupInvitation::id_of(&[9; 16], made.token().expose()), made.id());
        assert_ne!(GroupInvitation::id_of(&[8; 16], made.token().expose()), made.id());
        assert_ne!(GroupInvitation::id_of(&[9; 16], &[0; 16]), made.id());
        assert_eq!(format!("{made:?}"), "GroupInvitation(..)");
    }
}
