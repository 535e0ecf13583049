//! What the engine keeps in memory of its store from one step to the next, so that a message costs the same in a large group.
//!
//! Only the engine writes these rows, and after a commit that failed it is opened anew: so this is what the store holds.

use std::collections::BTreeMap;

use waxwing_wire::{AccountId, GroupId, MessageId};

use crate::batch::Write;
use crate::groups::keys::{OwnKey, TheirKey};
use crate::model::{AccountState, DeviceAddress, GroupState};

/// Accounts that are kept.
const ACCOUNTS_MAX: usize = 4_096;

/// Groups that are kept, and our own keys of groups.
const GROUPS_MAX: usize = 256;

/// Keys of other devices that are kept.
const KEYS_MAX: usize = 256;

/// Digests of messages that are kept.
const TOLD_MAX: usize = 4_096;

/// A chain of another device in a group.
pub(crate) type Chain = (GroupId, DeviceAddress, [u8; 16]);

/// Rows of the store, as the steps so far have left them; `None` where there is no such row.
#[derive(Default)]
pub(crate) struct Keep {
    pub(crate) accounts: BTreeMap<AccountId, Option<AccountState>>,
    pub(crate) groups: BTreeMap<GroupId, Option<GroupState>>,
    pub(crate) own_keys: BTreeMap<GroupId, Option<OwnKey>>,
    pub(crate) their_keys: BTreeMap<Chain, Option<TheirKey>>,
    /// Digests of what was told last in groups, and stands as it was told.
    pub(crate) told: BTreeMap<MessageId, [u8; 16]>,
}

impl Keep {
    /// Ends a step: what has become too much is read again when it is needed.
    pub(crate) fn bounded(mut self) -> Keep {
        bound(&mut self.accounts, ACCOUNTS_MAX);
        bound(&mut self.groups, GROUPS_MAX);
        bound(&mut self.own_keys, GROUPS_MAX);
        bound(&mut self.their_keys, KEYS_MAX);
        bound(&mut self.told, TOLD_MAX);
        self
    }

    /// An account is not what it was: whose devices may read is looked up again.
    pub(crate) fn unsettle(&mut self) {
        self.own_keys.values_mut().flatten().for_each(OwnKey::unsettle);
    }
}

fn bound<K, V>(rows: &mut BTreeMap<K, V>, rows_max: usize) {
    if rows.len() > rows_max {
        rows.clear();
    }
}

/// Whether a write changes rows that are kept, past the methods of `Work` that change them. A write of that kind belongs here, or the
/// engine goes on with what the store has no more.
pub(crate) fn ends(write: &Write) -> bool {
    matches!(
        write,
        Write::Erase
            | Write::ForgetDeviceState
            | Write::DeleteLocal
            | Write::PutAccount(_)
            | Write::PutGroup { .. }
            | Write::PutSenderKey { .. }
            | Write::PutKeyHolders { .. }
            | Write::PutReceiverKey { .. }
            | Write::ForgetKeyHolder { .. }
            | Write::DeleteReceiverKey { .. }
            | Write::ForgetGroupKeys(_)
    )
}
