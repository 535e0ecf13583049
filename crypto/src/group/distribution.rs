//! How a sender key travels: sealed inside a pairwise session, to one device.
//!
//! ```text
//!   format 1, suite 1 | group 16 | epoch u64 | roster hash 32 | account 16, device 16 | signing key 32 | iteration u32 | chain key 32
//! ```
//!
//! It carries the chain as it stands, so whoever joins late reads what comes and nothing that was. It is not signed: the
//! session that it comes by says who sent it, and under the name of another device it would open nothing.

use std::fmt;

use zeroize::Zeroizing;

use super::origin::{self, GroupEpoch, ORIGIN_BYTES, Origin};
use crate::{
    bytes::Reader,
    keys::{Address, SenderPublic},
    message::SUITE,
    ratchet::chain::ChainKey,
};

const FORMAT: u8 = 1;
/// Length of a distribution message, in bytes.
const DISTRIBUTION_BYTES: usize = 2 + ORIGIN_BYTES + 32 + 4 + 32;

/// Says why a distribution message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DistributionError {
    /// The bytes are not the one encoding of a distribution message.
    Malformed,
    /// The message is of a later format or another suite.
    Unsupported,
    /// It is for another group.
    OtherGroup,
    /// It is for another epoch, or for another roster of this one.
    OtherEpoch,
    /// It names another device than the one that sent it: nobody hands on the key of another as such.
    OtherSender,
}

impl fmt::Display for DistributionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "sender key is malformed",
            Self::Unsupported => "sender key is of an unknown format or suite",
            Self::OtherGroup => "sender key is for another group",
            Self::OtherEpoch => "sender key is for another epoch of the group",
            Self::OtherSender => "sender key is not of the device that sent it",
        })
    }
}

impl std::error::Error for DistributionError {}

/// Tells for which epoch a distribution message says that it is. Nothing is verified: it serves to find the roster to hold it
/// against, in [`ReceiverKey::accept`](crate::group::ReceiverKey::accept).
///
/// ```
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # use waxwing_crypto::{Address, group::{GroupEpoch, SenderKey, claimed_epoch}};
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// # let alice = Address { account: [1; 16], device: [1; 16] };
/// let epoch = GroupEpoch { group: [7; 16], number: 3, roster_hash: [9; 32] };
/// let ours = SenderKey::generate(&epoch, alice, &mut rng);
/// assert_eq!(claimed_epoch(&ours.distribution()), Some(epoch));
/// ```
pub fn claimed_epoch(bytes: &[u8]) -> Option<GroupEpoch> {
    let rest = bytes.strip_prefix(&[FORMAT, SUITE])?;
    origin::read(&mut Reader::new(rest)).map(|(epoch, _)| epoch)
}

/// A sender key as it came, for the group, epoch and sender that it was expected for.
pub(super) struct Distribution {
    pub(super) origin: Origin,
    pub(super) iteration: u32,
    pub(super) chain: ChainKey,
}

impl Distribution {
    pub(super) fn write(origin: &Origin, iteration: u32, chain: &ChainKey) -> Zeroizing<Vec<u8>> {
        // Enough from the start: a buffer that grows would leave secrets behind.
        let mut out = Zeroizing::new(Vec::with_capacity(DISTRIBUTION_BYTES));
        out.extend_from_slice(&[FORMAT, SUITE]);
        origin.write(&mut out);
        out.extend_from_slice(origin.signing.as_bytes());
        out.extend_from_slice(&iteration.to_be_bytes());
        out.extend_from_slice(chain.expose());
        out
    }

    pub(super) fn parse(
        bytes: &[u8],
        expected: &GroupEpoch,
        expected_sender: &Address,
    ) -> Result<Self, DistributionError> {
        let rest = match bytes {
            [FORMAT, SUITE, rest @ ..] => rest,
            [] | [_] => return Err(DistributionError::Malformed),
            [_, _, ..] => return Err(DistributionError::Unsupported),
        };
        let mut reader = Reader::new(rest);
        let (epoch, sender) = origin::read(&mut reader).ok_or(DistributionError::Malformed)?;
        if epoch.group != expected.group {
            return Err(DistributionError::OtherGroup);
        }
        if epoch != *expected {
            return Err(DistributionError::OtherEpoch);
        }
        if sender != *expected_sender {
            return Err(DistributionError::OtherSender);
        }
        let parts = read_chain(&mut reader).ok_or(DistributionError::Malformed)?;
        let (signing, iteration, chain) = parts;
        Ok(Self { origin: Origin::new(epoch, sender, signing), iteration, chain })
    }
}

fn read_chain(reader: &mut Reader<'_>) -> Option<(SenderPublic, u32, ChainKey)> {
    let signing = SenderPublic::parse(*reader.array()?).ok()?;
    let iteration = reader.u32()?;
    let chain = ChainKey::copy_of(reader.array()?);
    reader.end()?;
    Some((signing, iteration, chain))
}
