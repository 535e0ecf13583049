//! The devices of our own account, and how far a linking is.

use waxwing::DeviceId;

use super::{all, no_content};
use crate::ids::Timestamp;

/// The devices of our own account, those that were known first standing first.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OwnDevices {
    /// All of them, this one too.
    pub devices: Vec<Device>,
    /// Whether this device holds the account's key: only then can it link and remove others, and delete the account.
    pub holds_account_key: bool,
}

/// One device of our own account.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Device {
    /// Which.
    pub id: DeviceId,
    /// What the user calls it.
    pub name: Option<String>,
    /// Whether it is the one that runs this.
    pub is_this: bool,
    /// Since when this device knows of it.
    pub known_since: Timestamp,
}

/// How far a linking got since the batch before.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LinkBatch {
    /// Its number, for the next pull.
    pub number: u64,
    /// The steps.
    pub steps: Vec<LinkStep>,
}

/// How far a linking is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum LinkStep {
    /// The account has the new device, and the relay knows.
    Linked {
        /// The new device.
        device: DeviceId,
    },
    /// A part of the history is over.
    History {
        /// Messages that went over.
        messages: u64,
        /// How much of the whole that is, from 0 to 1000.
        per_mille: u16,
    },
    /// All of it is over. It is the last step.
    Done,
}

// ---- conversions ----

impl From<waxwing::OwnDevices> for OwnDevices {
    fn from(own: waxwing::OwnDevices) -> OwnDevices {
        OwnDevices { devices: all(own.devices), holds_account_key: own.holds_account_key }
    }
}

impl From<waxwing::Device> for Device {
    fn from(waxwing::Device { id, name, is_this, known_since_ms }: waxwing::Device) -> Device {
        Device { id, name, is_this, known_since: Timestamp::from_ms(known_since_ms) }
    }
}

impl From<waxwing::LinkStep> for LinkStep {
    fn from(step: waxwing::LinkStep) -> LinkStep {
        match step {
            waxwing::LinkStep::Linked(device) => LinkStep::Linked { device },
            waxwing::LinkStep::History { messages, per_mille } => LinkStep::History { messages, per_mille },
            waxwing::LinkStep::Done => LinkStep::Done,
        }
    }
}

no_content!(Device);
