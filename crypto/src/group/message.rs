//! The bytes of a group message. Parsing is total, and there is one encoding.
//!
//! ```text
//!   format 1, kind 3, suite 1 | chain id 16 | iteration u32 | salt 16 | commitment 32 | ciphertext | tag 16 | signature 64
//! ```

use std::fmt;

use crate::{
    aead::TAG_BYTES,
    bytes::Reader,
    message::{FORMAT, KIND_GROUP, MESSAGE_BYTES_MAX, ParseError, SALT_BYTES, SUITE},
    ratchet::chain::Body,
    salted::{COMMITMENT_BYTES, SaltedBody},
};

/// What a group message adds to its plaintext, in bytes.
pub(crate) const OVERHEAD_BYTES: usize = PREFIX_BYTES + COMMITMENT_BYTES + TAG_BYTES + SIGNATURE_BYTES;
/// Everything before the commitment.
const PREFIX_BYTES: usize = 3 + 16 + 4 + SALT_BYTES;
const SIGNATURE_BYTES: usize = 64;

/// A group message as it came: nothing in it has been authenticated.
///
/// ```
/// use waxwing_crypto::group::{GroupMessage};
/// use waxwing_crypto::{ParseError};
///
/// assert_eq!(GroupMessage::parse(b"hello").unwrap_err(), ParseError::Unsupported);
/// ```
pub struct GroupMessage {
    bytes: Vec<u8>,
}

/// The parts of a group message.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'a> {
    pub(crate) chain_id: &'a [u8; 16],
    pub(crate) iteration: u32,
    /// What precedes the commitment; bound into the ciphertext.
    pub(crate) prefix: &'a [u8],
    pub(crate) body: Body<'a>,
    /// What precedes the signature.
    pub(crate) unsigned: &'a [u8],
    pub(crate) signature: &'a [u8; SIGNATURE_BYTES],
}

impl GroupMessage {
    /// Parses the bytes of a group message.
    ///
    /// # Errors
    ///
    /// Refuses what has not the layout of one. Whether it is authentic, only a [`ReceiverKey`](crate::group::ReceiverKey) can tell.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(ParseError::TooLong);
        }
        match bytes {
            [FORMAT, KIND_GROUP, SUITE, ..] => {
                let message = Self { bytes: bytes.to_vec() };
                if message.parts().is_some() { Ok(message) } else { Err(ParseError::Malformed) }
            }
            [FORMAT, KIND_GROUP, _, ..] => Err(ParseError::Unsupported),
            [FORMAT, ..] | [] => Err(ParseError::Malformed),
            [_, ..] => Err(ParseError::Unsupported),
        }
    }

    /// Returns the id of the chain that it claims to be of: it tells which [`ReceiverKey`](crate::group::ReceiverKey) to ask.
    pub fn chain_id(&self) -> [u8; 16] {
        self.parts().map_or([0; 16], |parts| *parts.chain_id)
    }

    /// Returns the number that it claims to have in its chain.
    pub fn iteration(&self) -> u32 {
        self.parts().map_or(0, |parts| parts.iteration)
    }

    /// Names the parts. `None` never comes after [`parse`](Self::parse) has looked.
    pub(crate) fn parts(&self) -> Option<Parts<'_>> {
        let bytes = self.bytes.as_slice();
        let (unsigned, signature) = bytes.split_last_chunk()?;
        let prefix = unsigned.get(..PREFIX_BYTES)?;
        let mut reader = Reader::new(unsigned);
        reader.expect(FORMAT)?;
        reader.expect(KIND_GROUP)?;
        reader.expect(SUITE)?;
        let chain_id = reader.array()?;
        let iteration = reader.u32()?;
        let salt = reader.array()?;
        let body = Body { salt, sealed: SaltedBody::parse(reader.rest())? };
        Some(Parts { chain_id, iteration, prefix, body, unsigned, signature })
    }
}

impl fmt::Debug for GroupMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupMessage({} bytes)", self.bytes.len())
    }
}

/// Writes what precedes the commitment.
pub(crate) fn write_prefix(chain_id: &[u8; 16], iteration: u32, salt: &[u8; SALT_BYTES], out: &mut Vec<u8>) {
    out.extend_from_slice(&[FORMAT, KIND_GROUP, SUITE]);
    out.extend_from_slice(chain_id);
    out.extend_from_slice(&iteration.to_be_bytes());
    out.extend_from_slice(salt);
}
