//! Changes that cannot be judged yet: kept beside the messages that wait, under the name of nobody and with their revision for a
//! chain. Whoever was removed cannot fetch them any more, and must not lose them.

use rand_core::CryptoRng;
use waxwing_wire::{AccountId, DeviceId, GroupChangeRecord, GroupId, MessageId};

use super::Groups;
use super::chain::{self, Taken};
use crate::batch::Write;
use crate::directory::Directory;
use crate::me::Me;
use crate::model::DeviceAddress;
use crate::view::View;
use crate::work::Work;

/// Under whose name changes are kept.
pub(crate) const NOBODY: DeviceAddress =
    DeviceAddress { account: AccountId::from_bytes([0; 16]), device: DeviceId::from_bytes([0; 16]) };

/// Changes that are read at a time.
const CHANGES_MAX: u64 = 64;

fn name(revision: u64) -> [u8; 16] {
    let mut name = [0; 16];
    name[8..].copy_from_slice(&revision.to_be_bytes());
    name
}

/// Keeps a change until what comes before it is known, or who signed it.
pub(crate) fn keep<V: View>(
    work: &mut Work<'_, V>,
    group: GroupId,
    revision: u64,
    wire_id: MessageId,
    change: &[u8],
) -> Result<(), V::Error> {
    let chain = name(revision);
    if work.view.group_waiting(group, NOBODY, chain, 1)?.is_empty() {
        work.keep_for_group(group, NOBODY, chain, wire_id, change);
    }
    Ok(())
}

/// Takes in what was kept, as far as it follows.
pub(crate) fn take<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    directory: &mut Directory,
    groups: &mut Groups,
    group: GroupId,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let Some(state) = work.group(group)? else { return Ok(()) };
    let (mut changes, mut places) = (Vec::new(), Vec::new());
    for revision in state.revision + 1..=state.revision.saturating_add(CHANGES_MAX) {
        let Some(kept) = work.view.group_waiting(group, NOBODY, name(revision), 1)?.pop() else { break };
        changes.push(GroupChangeRecord { revision, change: kept.payload.into() });
        places.push(kept.order);
    }
    let confirmed = chain::confirmed(work, me, directory, groups, &state, &changes)?;
    for (change, order) in changes.iter().zip(places) {
        let Some(state) = work.group(group)? else { break };
        if chain::take(work, me, directory, groups, state, &change.change, confirmed, rng)? == Taken::Waits {
            break;
        }
        work.write(Write::DeleteGroupWaiting { order });
        work.again = true;
    }
    groups.open_all_soon(work, group)
}
