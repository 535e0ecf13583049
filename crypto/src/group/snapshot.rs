//! Sender keys at rest: versioned bytes in, versioned bytes out. One state has one encoding.
//!
//! ```text
//!   own      format 1, suite 1, side 0 | origin 88 | signing seed 32 | next u32 | chain key 32
//!   another's  format 1, suite 1, side 1 | origin 88 | signing key 32 | first u32, next u32 | chain key 32 | skipped
//! ```

use zeroize::Zeroizing;

use super::{
    origin::{self, ORIGIN_BYTES, Origin},
    receiver::ReceiverKey,
    sender::SenderKey,
};
use crate::{
    bytes::Reader,
    keys::{SenderPublic, SenderSecret},
    message::SUITE,
    ratchet::chain::ChainKey,
    session::snapshot::{SKIPPED_KEY_BYTES, SnapshotError, read_skipped, write_skipped},
};

const FORMAT: u8 = 1;
const OWN: u8 = 0;
const ANOTHERS: u8 = 1;
/// At least as long as everything but the skipped keys.
const BASE_BYTES: usize = 3 + ORIGIN_BYTES + 32 + 4 + 4 + 32 + 2;

impl SenderKey {
    /// Encodes the key for the store.
    pub fn to_snapshot(&self) -> Zeroizing<Vec<u8>> {
        let mut out = begin(OWN, &self.origin, 0);
        out.extend_from_slice(self.secret.expose());
        out.extend_from_slice(&self.next.to_be_bytes());
        out.extend_from_slice(self.chain.expose());
        out
    }

    /// Decodes what [`to_snapshot`](Self::to_snapshot) made.
    ///
    /// # Errors
    ///
    /// Refuses any other bytes.
    pub fn from_snapshot(bytes: &[u8]) -> Result<Self, SnapshotError> {
        read_sender(after_start(bytes)?).ok_or(SnapshotError::Malformed)
    }
}

impl ReceiverKey {
    /// Encodes the key for the store.
    pub fn to_snapshot(&self) -> Zeroizing<Vec<u8>> {
        let mut out = begin(ANOTHERS, &self.origin, self.skipped.live());
        out.extend_from_slice(self.origin.signing.as_bytes());
        out.extend_from_slice(&self.first.to_be_bytes());
        out.extend_from_slice(&self.next.to_be_bytes());
        out.extend_from_slice(self.chain.expose());
        write_skipped(&self.skipped, &mut out);
        out
    }

    /// Decodes what [`to_snapshot`](Self::to_snapshot) made.
    ///
    /// # Errors
    ///
    /// Refuses any other bytes.
    pub fn from_snapshot(bytes: &[u8]) -> Result<Self, SnapshotError> {
        read_receiver(after_start(bytes)?).ok_or(SnapshotError::Malformed)
    }
}

/// Begins a buffer that is long enough from the start: one that grows would leave secrets behind.
fn begin(side: u8, origin: &Origin, skipped: usize) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(BASE_BYTES + skipped * SKIPPED_KEY_BYTES));
    out.extend_from_slice(&[FORMAT, SUITE, side]);
    origin.write(&mut out);
    out
}

fn after_start(bytes: &[u8]) -> Result<&[u8], SnapshotError> {
    match bytes {
        [FORMAT, SUITE, rest @ ..] => Ok(rest),
        [] | [_] => Err(SnapshotError::Malformed),
        [_, _, ..] => Err(SnapshotError::Unsupported),
    }
}

fn read_sender(bytes: &[u8]) -> Option<SenderKey> {
    let mut reader = Reader::new(bytes);
    reader.expect(OWN)?;
    let (epoch, sender) = origin::read(&mut reader)?;
    let secret = SenderSecret::from_bytes(reader.array()?);
    let next = reader.u32()?;
    let chain = ChainKey::copy_of(reader.array()?);
    reader.end()?;
    Some(SenderKey { origin: Origin::new(epoch, sender, secret.public()), secret, chain, next })
}

fn read_receiver(bytes: &[u8]) -> Option<ReceiverKey> {
    let mut reader = Reader::new(bytes);
    reader.expect(ANOTHERS)?;
    let (epoch, sender) = origin::read(&mut reader)?;
    let signing = SenderPublic::parse(*reader.array()?).ok()?;
    let (first, next) = (reader.u32()?, reader.u32()?);
    let chain = ChainKey::copy_of(reader.array()?);
    let skipped = read_skipped(&mut reader)?;
    reader.end()?;
    // Holds for every key that was ever stored.
    let within = first <= next && skipped.iter().all(|(number, _)| (first..next).contains(&number));
    within.then(|| ReceiverKey { origin: Origin::new(epoch, sender, signing), chain, first, next, skipped })
}
