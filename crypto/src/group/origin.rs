//! What a sender key belongs to, and is bound to.

use crate::{
    bytes::Reader,
    kdf::{HASH_GROUP_MESSAGE, HASH_SENDER_KEY, hash},
    keys::{Address, SenderPublic},
    message::SUITE,
};

/// Length of an encoded origin without its signing key, in bytes.
pub(crate) const ORIGIN_BYTES: usize = 16 + 8 + 32 + 16 + 16;

/// Names one epoch of one group: the roster that everybody who may read has verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupEpoch {
    /// The group.
    pub group: [u8; 16],
    /// The number of the epoch; each change of the roster makes a new one.
    pub number: u64,
    /// The hash of the roster of this epoch.
    pub roster_hash: [u8; 32],
}

/// Where the messages of one chain come from: this device, in this epoch, under this signing key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) epoch: GroupEpoch,
    pub(crate) sender: Address,
    pub(crate) signing: SenderPublic,
    /// Stands for all of the above in what is sealed and signed.
    pub(crate) hash: [u8; 32],
}

impl Origin {
    pub(crate) fn new(epoch: GroupEpoch, sender: Address, signing: SenderPublic) -> Self {
        let mut bytes = Vec::new();
        write(&epoch, &sender, &mut bytes);
        let hash = hash(HASH_SENDER_KEY, &[&[SUITE], &bytes, signing.as_bytes()]);
        Self { epoch, sender, signing, hash }
    }

    /// The start of the hash. It is the sender's to choose among its own keys, and nobody's to take from another.
    pub(crate) fn chain_id(&self) -> [u8; 16] {
        *self.hash.first_chunk().expect("16 of 32")
    }

    /// What the ciphertext is bound to. Hash and prefix have fixed lengths, so this is one-to-one.
    pub(crate) fn bind(&self, prefix: &[u8], associated_data: &[u8]) -> Vec<u8> {
        [&self.hash, prefix, associated_data].concat()
    }

    /// What is signed: all of the message before its signature, and all that it is bound to.
    pub(crate) fn digest(&self, unsigned: &[u8], associated_data: &[u8]) -> [u8; 32] {
        let length = (associated_data.len() as u64).to_be_bytes();
        hash(HASH_GROUP_MESSAGE, &[&self.hash, &length, associated_data, unsigned])
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        write(&self.epoch, &self.sender, out);
    }
}

fn write(epoch: &GroupEpoch, sender: &Address, out: &mut Vec<u8>) {
    out.extend_from_slice(&epoch.group);
    out.extend_from_slice(&epoch.number.to_be_bytes());
    out.extend_from_slice(&epoch.roster_hash);
    out.extend_from_slice(&sender.account);
    out.extend_from_slice(&sender.device);
}

/// Reads what [`Origin::write`] wrote.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<(GroupEpoch, Address)> {
    let epoch = GroupEpoch { group: *reader.array()?, number: reader.u64()?, roster_hash: *reader.array()? };
    Some((epoch, Address { account: *reader.array()?, device: *reader.array()? }))
}
