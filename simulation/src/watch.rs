//! What must be true of the frames that pass: the observer on the wire.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use waxwing_wire::{Cursor, DeviceId, Envelope, MessageId, Submit};

use crate::disk::MemoryStore;
use crate::invariants::Violation;
use crate::relay::RelayHost;

/// Where the salt of a ratchet message stands in its bytes.
const SALT: std::ops::Range<usize> = 3..19;

/// Every text begins with it; nobody may see it on the wire.
pub const CANARY: &str = "canary-";

/// Who made a change of a group, once his account is deleted.
const NOBODY: DeviceId = DeviceId::from_bytes([0; 16]);

/// The second byte of a payload that begins a session, and the bytes of its handshake.
const KIND_INITIAL: u8 = 1;
const HANDSHAKE_BYTES: usize = 3 + 4 + 4 + 32 + 1568;

/// A device, a submission of it, and one of its recipients.
type Sealing = (DeviceId, MessageId, DeviceId);

/// What passed so far.
#[derive(Debug, Default)]
pub struct Watch {
    payloads: BTreeMap<Sealing, [u8; 32]>,
    salts: BTreeMap<[u8; 16], [u8; 32]>,
    at_relay: BTreeSet<Sealing>,
    rolled_back: BTreeSet<DeviceId>,
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The random bytes from which a payload's key and nonce were made.
fn salt_of(payload: &[u8]) -> Option<[u8; 16]> {
    let ratchet = if *payload.get(1)? == KIND_INITIAL { payload.get(HANDSHAKE_BYTES..)? } else { payload };
    ratchet.get(SALT)?.try_into().ok()
}

impl Watch {
    /// A device found an old copy of its store: what it seals from here, it may have sealed before.
    pub fn rolled_back(&mut self, device: DeviceId) {
        self.rolled_back.insert(device);
    }

    /// The relay lost its database.
    pub fn wiped(&mut self) {
        self.at_relay.clear();
    }

    /// A device sends a message (I7, I8).
    ///
    /// # Errors
    ///
    /// The invariant that does not hold.
    pub fn on_submit(&mut self, from: DeviceId, submit: &Submit) -> Result<(), Violation> {
        let sealed = submit.destinations.iter().flat_map(|destination| &destination.devices);
        for sealed in sealed {
            let key = (from, submit.message, sealed.device);
            let digest = digest(&sealed.payload);
            let before = *self.payloads.entry(key).or_insert(digest);
            if before != digest && !self.rolled_back.contains(&from) {
                return Violation::of(
                    "I7",
                    format!("{:?} was sealed twice for {:?}", submit.message, sealed.device),
                );
            }
            self.payloads.insert(key, digest);
            let Some(salt) = salt_of(&sealed.payload) else {
                return Violation::of("I8", format!("{:?} carries something unsealed", submit.message));
            };
            if *self.salts.entry(salt).or_insert(digest) != digest {
                return Violation::of("I8", format!("{:?} shares its salt with another", submit.message));
            }
        }
        Ok(())
    }

    /// Bytes pass (I10).
    ///
    /// # Errors
    ///
    /// When a text can be read in them.
    pub fn on_bytes(bytes: &[u8]) -> Result<(), Violation> {
        if bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()) {
            return Violation::of("I10", "a text is readable on the wire".to_owned());
        }
        Ok(())
    }

    /// The relay has looked at a message: what it stored of it is written down, whether it says so or not.
    pub fn on_handled(&mut self, relay: &RelayHost, from: DeviceId, submit: &Submit) {
        let sealed = submit.destinations.iter().flat_map(|destination| &destination.devices);
        for to in sealed.map(|sealed| sealed.device) {
            let is_this =
                |envelope: &Envelope| (envelope.sender_device, envelope.message) == (from, submit.message);
            if relay.mailbox(to).iter().any(is_this) {
                self.at_relay.insert((from, submit.message, to));
            }
        }
    }

    /// The relay says that it has a message (I6).
    ///
    /// # Errors
    ///
    /// When it has not, and never had.
    pub fn on_accepted(&self, from: DeviceId, submit: &Submit) -> Result<(), Violation> {
        let mut sealed = submit.destinations.iter().flat_map(|destination| &destination.devices);
        match sealed.find(|sealed| !self.at_relay.contains(&(from, submit.message, sealed.device))) {
            Some(_) => Violation::of("I6", format!("{:?} was accepted and is not stored", submit.message)),
            None => Ok(()),
        }
    }

    /// A device says that it has everything up to a cursor (I6).
    ///
    /// # Errors
    ///
    /// When its disk has not.
    pub fn on_acknowledge(
        relay: &RelayHost,
        device: DeviceId,
        cursor: Cursor,
        store: &MemoryStore,
    ) -> Result<(), Violation> {
        let mailbox = relay.mailbox(device);
        let done = mailbox.iter().take_while(|envelope| envelope.sequence <= cursor);
        for envelope in done {
            // Whose account was deleted since is not named any more as the one who made a change.
            let is_handled = match envelope.sender_device {
                NOBODY => store.has_handled_of_any(envelope.message),
                sender => store.has_handled(sender, envelope.message),
            };
            if !is_handled {
                return Violation::of(
                    "I6",
                    format!("{:?} was acknowledged and is not on disk", envelope.message),
                );
            }
        }
        Ok(())
    }
}
