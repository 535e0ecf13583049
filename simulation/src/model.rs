//! What ought to be true: what was accepted, who has it, and who is owed it.

use std::collections::{BTreeMap, BTreeSet};

use waxwing_engine::{ConversationId, DeviceAddress};
use waxwing_wire::{AccountId, GroupId, MessageId};

use crate::app::To;

/// A message that a device told its app was accepted.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// Counts the accepted messages of the whole world: their order.
    pub order: u64,
    /// Who wrote it.
    pub sender: DeviceAddress,
    /// On which device of the world.
    pub device: usize,
    /// For whom.
    pub to: To,
    /// Where it stands.
    pub conversation: ConversationId,
    /// What it says.
    pub text: String,
    /// The devices that were there for it when it was written.
    pub owed: BTreeSet<usize>,
    /// Of a group's message: the accounts that were in the group, as its sender knew it, when it was written or later, until it was sent.
    pub readers: BTreeSet<AccountId>,
    /// The devices that have it, or had it, on disk.
    pub stored: BTreeSet<usize>,
}

/// The world as an all-knowing observer would write it down.
#[derive(Debug, Default)]
pub struct Model {
    /// Everything that was accepted.
    pub accepted: BTreeMap<MessageId, Accepted>,
    /// Devices whose disk is gone, or was put back to an old copy: what they accepted is not owed to anybody any more.
    pub broken: BTreeSet<usize>,
    /// Devices that something other than a message passed over, because the relay had no prekeys of them.
    pub uncertain: BTreeSet<usize>,
    /// Devices that were taken off their account's list: what they had not sent is owed to nobody, and nothing to them.
    pub removed: BTreeSet<usize>,
    /// Devices that were on it at some time.
    pub listed: BTreeSet<usize>,
    /// Accounts whose users deleted them.
    pub ended: BTreeSet<usize>,
    /// The last change of each group that the relay took: its revision, and who was in the group after it.
    pub rosters: BTreeMap<GroupId, (u64, Vec<AccountId>)>,
    /// What else their authors made messages say.
    pub edits: BTreeMap<MessageId, BTreeSet<String>>,
    /// Messages that their authors took back, or wanted to.
    pub deleted: BTreeSet<MessageId>,
    /// Messages that an account put out of its sight, or wanted to.
    pub hidden: BTreeSet<(usize, MessageId)>,
    /// Devices whose owners lie: what they say of themselves counts for nothing.
    pub liars: BTreeSet<DeviceAddress>,
    next_order: u64,
}

impl Model {
    /// A device made a message durable. The first time counts.
    pub fn accept(&mut self, id: MessageId, mut message: Accepted) {
        let order = &mut self.next_order;
        self.accepted.entry(id).or_insert_with(|| {
            *order += 1;
            message.order = *order;
            message
        });
    }

    /// Whether nothing is owed to a device any more, or by it.
    #[must_use]
    pub fn is_gone(&self, device: usize) -> bool {
        self.broken.contains(&device) || self.removed.contains(&device)
    }

    /// Whether a device of the account to which a message was sent has it, or had it.
    #[must_use]
    pub fn reached(&self, id: MessageId, account_of: impl Fn(usize) -> usize) -> bool {
        self.accepted.get(&id).is_some_and(|message| {
            message.stored.iter().any(|device| match message.to {
                To::Account(to) => account_of(*device) == to,
                To::Group(_) => account_of(*device) != account_of(message.device),
            })
        })
    }
}
