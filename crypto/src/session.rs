//! A session: encrypt and decrypt between two devices (Double Ratchet §4.4, §4.5).
//!
//! What is rejected cannot disturb a session: the state decides purely, and is changed only by a message that opened.
//! A `Session` is not `Clone`, so no state can encrypt twice.

pub(crate) mod snapshot;

use std::{fmt, time::Duration};

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    keys::{Ours, Theirs},
    message::{Handshake, InitialMessage, Message, PLAINTEXT_BYTES_MAX, RatchetMessage},
    ratchet::state::{Context, State},
    x3dh::{
        bundle::{Bundle, OneTimePrekey, WeeklyPrekey},
        initiate::{HandshakeError, Initiated, initiate},
        respond::respond,
    },
};

/// Says why a message was not opened. The session is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// The message is not an authentic one of this session.
    Rejected,
    /// The header is authentic, and this message was opened before, or is older than the keys that are kept.
    Duplicate,
    /// The header is authentic, and skips more messages than [`JUMP_MAX`](crate::JUMP_MAX).
    TooFarAhead,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rejected => "message rejected",
            Self::Duplicate => "message was opened before",
            Self::TooFarAhead => "message is too far ahead",
        })
    }
}

impl std::error::Error for OpenError {}

/// Says why a message was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// The plaintext is longer than [`PLAINTEXT_BYTES_MAX`].
    TooLong,
    /// The chain has no numbers left. A session that was never answered for 2^32 messages cannot go on.
    ChainExhausted,
    /// Their ratchet key contributes nothing.
    WeakKey,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "plaintext is too long",
            Self::ChainExhausted => "the sending chain is exhausted",
            Self::WeakKey => "a key of the other device contributes nothing",
        })
    }
}

impl std::error::Error for SealError {}

/// Holds what a message said. Wiped on drop.
pub struct Plaintext(pub(crate) Zeroizing<Vec<u8>>);

impl Plaintext {
    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plaintext({} bytes, ..)", self.0.len())
    }
}

/// Holds one side of an encrypted conversation between two devices.
///
/// It is not `Clone`, so no state can encrypt twice. The [book](crate::book::conversations) shows a whole conversation, and what to store when.
///
/// ```
/// use waxwing_crypto::*;
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mut rng, now) = (ChaCha20Rng::from_seed([1; 32]), std::time::Duration::from_secs(1_800_000_000));
/// # let (alice, bob) = (DeviceSecrets::generate(&mut rng), DeviceSecrets::generate(&mut rng));
/// # let (alice_keys, bob_keys) = (alice.public(), bob.public());
/// # let (at_alice, at_bob) = (Address { account: [1; 16], device: [1; 16] }, Address { account: [2; 16], device: [1; 16] });
/// # let (ours, theirs) = (Ours { address: at_bob, secrets: &bob }, Theirs { address: at_alice, keys: &alice_keys });
/// // All of Bob's one-time prekeys are gone: the last-resort one serves again and again.
/// let (weekly, last_resort) = (WeeklyPrekey::generate(5, &mut rng), OneTimePrekey::generate_last_resort(6, &mut rng));
/// assert!(last_resort.is_last_resort());
/// let bundle = Bundle::verify(&last_resort.bundle(&ours, &weekly), &at_bob, &bob_keys)?;
/// # let to_bob = Theirs { address: at_bob, keys: &bob_keys };
/// let mut at_alices = Session::initiate(&Ours { address: at_alice, secrets: &alice }, &to_bob, &bundle, &mut rng)?;
/// let first = at_alices.encrypt(b"hello", b"", now, &mut rng)?;
///
/// let Message::Initial(message) = Message::parse(&first)? else { unreachable!() };
/// assert_eq!((message.weekly_prekey_id(), message.one_time_prekey_id()), (weekly.id(), last_resort.id()));
/// let (mut at_bobs, _) = Session::respond(&ours, &theirs, &weekly, &last_resort, &message, b"")?;
/// let refuse_from_now_on = message.handshake_id();
/// assert_eq!((at_alices.id(), at_alices.handshake_id()), (at_bobs.id(), refuse_from_now_on));
/// assert!(at_alices.initiated_by_us() && !at_alices.is_acknowledged());
///
/// // Once he has answered, the handshake is not sent any more.
/// let answer = at_bobs.encrypt(b"hello yourself", b"", now, &mut rng)?;
/// at_alices.decrypt(&Message::parse(&answer)?, b"")?;
/// assert!(at_alices.is_acknowledged());
/// assert_eq!(at_alices.refreshed(), Refreshed { at: Some(now), messages: 2 });
/// # Ok(())
/// # }
/// ```
pub struct Session {
    id: [u8; 16],
    handshake_id: [u8; 32],
    role: Role,
    state: State,
}

/// Who began.
enum Role {
    /// We did, and nothing of theirs was opened yet: each message still carries the handshake.
    Unanswered(Box<Handshake>),
    /// We did, and they answered.
    Initiator,
    /// They did.
    Responder,
}

impl Session {
    /// Begins a session with a device whose bundle was verified. No message need be sent at once.
    ///
    /// # Errors
    ///
    /// Refuses a bundle of another device, and keys that contribute nothing.
    pub fn initiate(
        ours: &Ours<'_>,
        theirs: &Theirs<'_>,
        bundle: &Bundle,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, HandshakeError> {
        let Initiated { handshake, agreed, weekly } = initiate(ours, theirs, bundle, rng)?;
        let state =
            State::initiate(&agreed.root, agreed.initiator_header, agreed.responder_header, &weekly, rng)
                .ok_or(HandshakeError::WeakKey)?;
        Ok(Self {
            id: agreed.session_id,
            handshake_id: handshake.id(),
            role: Role::Unanswered(Box::new(handshake)),
            state,
        })
    }

    /// Answers an initiation with the prekeys that it names, and opens the message that it came with.
    ///
    /// A one-time prekey is to be deleted by the same commit that stores the session. For the last-resort prekey,
    /// [`InitialMessage::handshake_id`] is to be remembered instead, and refused when it comes again.
    ///
    /// # Errors
    ///
    /// Rejects whatever was not made for these prekeys and this pair of devices, and bound to `associated_data`.
    pub fn respond(
        ours: &Ours<'_>,
        theirs: &Theirs<'_>,
        weekly: &WeeklyPrekey,
        one_time: &OneTimePrekey,
        message: &InitialMessage,
        associated_data: &[u8],
    ) -> Result<(Self, Plaintext), OpenError> {
        let agreed =
            respond(ours, theirs, weekly, one_time, &message.handshake).ok_or(OpenError::Rejected)?;
        let sealed = message.inner.sealed().ok_or(OpenError::Rejected)?;
        let (state, plaintext) = State::respond(
            &agreed.root,
            agreed.responder_header,
            agreed.initiator_header,
            weekly.secret(),
            &sealed,
            &Context { session_id: &agreed.session_id, associated_data },
        )?;
        let session = Self {
            id: agreed.session_id,
            handshake_id: message.handshake_id(),
            role: Role::Responder,
            state,
        };
        Ok((session, Plaintext(plaintext)))
    }

    /// Encrypts a message. `associated_data` is bound to it and not sent.
    ///
    /// `now` is the wall clock, as the time since 1970. It decides only when the next post-quantum exchange begins, and a
    /// wrong one makes that early or late; without a clock, any constant will do.
    ///
    /// Store the session before the message leaves: a state that was rolled back still never repeats a key with a
    /// nonce, but numbers its messages as others before.
    ///
    /// # Errors
    ///
    /// Refuses a plaintext that is too long, and changes nothing then.
    pub fn encrypt(
        &mut self,
        plaintext: &[u8],
        associated_data: &[u8],
        now: Duration,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        if plaintext.len() > PLAINTEXT_BYTES_MAX {
            return Err(SealError::TooLong);
        }
        let mut message = Vec::new();
        match &self.role {
            Role::Unanswered(handshake) => handshake.write(&mut message),
            Role::Initiator | Role::Responder => {}
        }
        let context = Context { session_id: &self.id, associated_data };
        self.state.seal(plaintext, &context, now.as_secs(), rng, &mut message)?;
        Ok(message)
    }

    /// Decrypts a message of this session, in whatever order messages come.
    ///
    /// # Errors
    ///
    /// Rejects what is not authentic, and leaves the session byte for byte as it was.
    pub fn decrypt(&mut self, message: &Message, associated_data: &[u8]) -> Result<Plaintext, OpenError> {
        let ratchet = self.ratchet_message(message)?;
        let sealed = ratchet.sealed().ok_or(OpenError::Rejected)?;
        let context = Context { session_id: &self.id, associated_data };
        let (change, plaintext) = self.state.open(&sealed, &context)?;
        self.state.apply(change);
        if matches!(self.role, Role::Unanswered(_)) {
            self.role = Role::Initiator;
        }
        Ok(Plaintext(plaintext))
    }

    fn ratchet_message<'a>(&self, message: &'a Message) -> Result<&'a RatchetMessage, OpenError> {
        match message {
            Message::Ratchet(ratchet) => Ok(ratchet),
            Message::Initial(initial) if initial.handshake_id() == self.handshake_id => Ok(&initial.inner),
            Message::Initial(_) => Err(OpenError::Rejected),
        }
    }

    /// Returns the id of the session: a hash of the handshake, the same on both sides.
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// Returns the id of the initiation, equal to [`InitialMessage::handshake_id`].
    pub fn handshake_id(&self) -> [u8; 32] {
        self.handshake_id
    }

    /// Tells how fresh the session is against somebody who copied its state and breaks X25519.
    pub fn refreshed(&self) -> Refreshed {
        Refreshed {
            at: self.state.refresh.at.map(Duration::from_secs),
            messages: self.state.refresh.messages,
        }
    }

    /// Tells whether we began this session.
    pub fn initiated_by_us(&self) -> bool {
        match self.role {
            Role::Unanswered(_) | Role::Initiator => true,
            Role::Responder => false,
        }
    }

    /// Tells whether a message of theirs was opened in this session.
    pub fn is_acknowledged(&self) -> bool {
        match self.role {
            Role::Unanswered(_) => false,
            Role::Initiator | Role::Responder => true,
        }
    }
}

/// When a session was last refreshed by a post-quantum exchange. The handshake counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refreshed {
    /// When our share of that exchange was drawn, by the clock given to [`Session::encrypt`], in whole seconds: what was
    /// copied of this device before that is of no use any more. After a handshake, when we first sent; `None` until then.
    pub at: Option<Duration>,
    /// Messages sealed and opened since.
    pub messages: u32,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(..)")
    }
}
