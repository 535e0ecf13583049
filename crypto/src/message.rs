//! The bytes of a message. Parsing is total, and there is one encoding.
//!
//! ```text
//!   initial   format 1, kind 1, suite 1 | weekly id u32 | one-time id u32 | ephemeral 32 | KEM ciphertext 1568 | ratchet
//!   ratchet   format 1, kind 2, suite 1 | salt 16 | header length u16 | sealed header | commitment 32 | body, tag 16
//!             the header has 57 bytes, or 1,241 with an offer, or 1,145 with an answer
//! ```

use std::fmt;

use crate::{
    aead::TAG_BYTES,
    bytes::Reader,
    kdf::{HASH_HANDSHAKE, hash},
    kem::{Kem, MlKem1024},
    keys::AgreementPublic,
    ratchet::{
        chain::Body,
        header::{SEALED_ANSWER_BYTES, SEALED_OFFER_BYTES, SEALED_PLAIN_BYTES},
    },
    salted::{COMMITMENT_BYTES, SaltedBody},
};

/// X25519, ML-KEM-1024, HMAC- and HKDF-SHA256, AES-256-GCM.
pub(crate) const SUITE: u8 = 1;

/// Largest message, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 128 * 1024;
/// Largest plaintext that [`Session::encrypt`](crate::Session::encrypt) takes, in bytes: any message with it fits.
///
/// A handshake is longer than what a header can have riding along, and the two never meet.
pub const PLAINTEXT_BYTES_MAX: usize = MESSAGE_BYTES_MAX - HANDSHAKE_BYTES - OVERHEAD_BYTES;
const _: () = assert!(SEALED_OFFER_BYTES - SEALED_PLAIN_BYTES < HANDSHAKE_BYTES);

/// Length of a message's salt, in bytes.
pub(crate) const SALT_BYTES: usize = 16;
/// What a ratchet message adds to its plaintext when nothing rides along, in bytes.
pub(crate) const OVERHEAD_BYTES: usize = CLEAR_BYTES + SEALED_PLAIN_BYTES + COMMITMENT_BYTES + TAG_BYTES;
/// What an initial message adds before its ratchet message, in bytes.
pub(crate) const HANDSHAKE_BYTES: usize = 3 + 4 + 4 + 32 + size_of::<<MlKem1024 as Kem>::Ciphertext>();

pub(crate) const FORMAT: u8 = 1;
const KIND_INITIAL: u8 = 1;
const KIND_RATCHET: u8 = 2;
/// Of a [`GroupMessage`](crate::group::GroupMessage), which no session opens.
pub(crate) const KIND_GROUP: u8 = 3;
/// Of a [`SealedMessage`](crate::sealed_sender::SealedMessage), which has one of the others inside.
pub(crate) const KIND_SEALED: u8 = 4;
/// Everything before the sealed header.
const CLEAR_BYTES: usize = 3 + SALT_BYTES + 2;

/// Says that bytes are not a message that this version reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// The bytes are not the one encoding of a message.
    Malformed,
    /// The message is of a later format or another suite.
    Unsupported,
    /// The message is larger than [`MESSAGE_BYTES_MAX`].
    TooLong,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "message is malformed",
            Self::Unsupported => "message is of an unknown format or suite",
            Self::TooLong => "message is too long",
        })
    }
}

impl std::error::Error for ParseError {}

/// A message as it came: nothing in it has been authenticated.
#[derive(Debug)]
pub enum Message {
    /// Opens a session, and carries a first ratchet message.
    Initial(InitialMessage),
    /// Belongs to a session that both sides have.
    Ratchet(RatchetMessage),
}

impl Message {
    /// Parses the bytes of a message.
    ///
    /// # Errors
    ///
    /// Refuses what has not the layout of a message. Whether it is authentic, only a session can tell.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(ParseError::TooLong);
        }
        match bytes {
            [FORMAT, KIND_INITIAL, SUITE, ..] => InitialMessage::parse(bytes).map(Self::Initial),
            [FORMAT, KIND_RATCHET, SUITE, ..] => RatchetMessage::parse(bytes).map(Self::Ratchet),
            [FORMAT, KIND_INITIAL | KIND_RATCHET, ..] if bytes.len() < 3 => None,
            [FORMAT, KIND_INITIAL | KIND_RATCHET, ..] => return Err(ParseError::Unsupported),
            [FORMAT, ..] | [] => None,
            [_, ..] => return Err(ParseError::Unsupported),
        }
        .ok_or(ParseError::Malformed)
    }
}

/// What the initiator tells the responder in the clear.
pub(crate) struct Handshake {
    pub(crate) weekly_id: u32,
    pub(crate) one_time_id: u32,
    pub(crate) ephemeral: AgreementPublic,
    pub(crate) ciphertext: <MlKem1024 as Kem>::Ciphertext,
}

impl Handshake {
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Option<Self> {
        reader.expect(FORMAT)?;
        reader.expect(KIND_INITIAL)?;
        reader.expect(SUITE)?;
        Some(Self {
            weekly_id: reader.u32()?,
            one_time_id: reader.u32()?,
            ephemeral: AgreementPublic::parse(*reader.array()?).ok()?,
            ciphertext: *reader.array()?,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[FORMAT, KIND_INITIAL, SUITE]);
        out.extend_from_slice(&self.weekly_id.to_be_bytes());
        out.extend_from_slice(&self.one_time_id.to_be_bytes());
        out.extend_from_slice(&self.ephemeral.to_bytes());
        out.extend_from_slice(&self.ciphertext);
    }

    pub(crate) fn id(&self) -> [u8; 32] {
        let mut bytes = Vec::with_capacity(HANDSHAKE_BYTES);
        self.write(&mut bytes);
        hash(HASH_HANDSHAKE, &[&bytes])
    }
}

/// A message that opens a session.
pub struct InitialMessage {
    pub(crate) handshake: Box<Handshake>,
    pub(crate) inner: RatchetMessage,
}

impl InitialMessage {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let handshake = Box::new(Handshake::parse(&mut reader)?);
        let inner = RatchetMessage::parse(reader.rest())?;
        // Nothing rides along before the first answer.
        (inner.sealed()?.header.len() == SEALED_PLAIN_BYTES).then_some(Self { handshake, inner })
    }

    /// Returns the id of our weekly prekey that it was made for.
    pub fn weekly_prekey_id(&self) -> u32 {
        self.handshake.weekly_id
    }

    /// Returns the id of our one-time or last-resort prekey that it was made for.
    pub fn one_time_prekey_id(&self) -> u32 {
        self.handshake.one_time_id
    }

    /// Returns the id of this initiation: the same in all messages that carry it.
    pub fn handshake_id(&self) -> [u8; 32] {
        self.handshake.id()
    }
}

impl fmt::Debug for InitialMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InitialMessage").field(&self.inner).finish()
    }
}

/// A message within a session.
pub struct RatchetMessage {
    bytes: Vec<u8>,
}

impl RatchetMessage {
    fn parse(bytes: &[u8]) -> Option<Self> {
        Sealed::parse(bytes).map(|_| Self { bytes: bytes.to_vec() })
    }

    /// Names the parts. `None` never comes after [`parse`](Self::parse) has looked.
    pub(crate) fn sealed(&self) -> Option<Sealed<'_>> {
        Sealed::parse(&self.bytes)
    }
}

impl fmt::Debug for RatchetMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RatchetMessage({} bytes)", self.bytes.len())
    }
}

/// The parts of a ratchet message.
#[derive(Clone, Copy)]
pub(crate) struct Sealed<'a> {
    /// What precedes the sealed header; bound into the header.
    pub(crate) clear: &'a [u8],
    pub(crate) salt: &'a [u8; SALT_BYTES],
    pub(crate) header: &'a [u8],
    /// What precedes the commitment; bound into the body.
    pub(crate) prefix: &'a [u8],
    body: SaltedBody<'a>,
}

impl<'a> Sealed<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let clear = bytes.get(..CLEAR_BYTES)?;
        let mut reader = Reader::new(bytes);
        reader.expect(FORMAT)?;
        reader.expect(KIND_RATCHET)?;
        reader.expect(SUITE)?;
        let salt = reader.array()?;
        let length = usize::from(reader.u16()?);
        if !matches!(length, SEALED_PLAIN_BYTES | SEALED_OFFER_BYTES | SEALED_ANSWER_BYTES) {
            return None;
        }
        let header = reader.slice(length)?;
        let prefix = bytes.get(..CLEAR_BYTES + length)?;
        Some(Self { clear, salt, header, prefix, body: SaltedBody::parse(reader.rest())? })
    }

    pub(crate) fn body(&self) -> Body<'a> {
        Body { salt: self.salt, sealed: self.body }
    }
}

/// Writes what precedes the sealed header.
pub(crate) fn write_clear(salt: &[u8; SALT_BYTES], header_bytes: usize, out: &mut Vec<u8>) {
    let header_length = u16::try_from(header_bytes).expect("at most 1,241");
    out.extend_from_slice(&[FORMAT, KIND_RATCHET, SUITE]);
    out.extend_from_slice(salt);
    out.extend_from_slice(&header_length.to_be_bytes());
}
