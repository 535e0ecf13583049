//! Items of which nothing goes out any more, and why.

use waxwing_wire::{AccountId, Submit};

use super::{Outbox, Prepared, set_delivery};
use crate::batch::Write;
use crate::directory::Directory;
use crate::inbox::is_shut_out;
use crate::me::Me;
use crate::model::{Delivery, FailureReason, LaneKind, OutboxItem, OutboxPayload};
use crate::settings;
use crate::view::View;
use crate::work::Work;

impl Outbox {
    /// Something is for a device that its account's list does not name: it may be new. Once the newest list is here and does not
    /// name it either, it is nobody's.
    pub(super) fn ask_who_that_is<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        item: &OutboxItem,
        to: AccountId,
        directory: &mut Directory,
    ) -> Prepared {
        let name = item.draft.wire_id;
        if self.unnamed.insert(name) {
            directory.want(to);
        } else if !directory.is_learning(to, work.now.elapsed) {
            self.unnamed.remove(&name);
            return let_go(work, item);
        }
        Prepared::Blocked
    }
}

/// Whether an item is for an account that is blocked. What a group needs goes to it all the same.
pub(super) fn is_unwanted<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    item: &OutboxItem,
    to: AccountId,
) -> Result<bool, V::Error> {
    let kind = item.draft.lane.kind;
    let may_be_for_group = matches!(kind, LaneKind::Keys | LaneKind::GroupReceipts | LaneKind::Repairs);
    Ok(settings::is_blocked(work, me, to)? && (!may_be_for_group || is_shut_out(work, me, to)?))
}

/// Nothing of an item goes out: it is not needed, or not wanted any more.
pub(super) fn let_go<V: View>(work: &mut Work<'_, V>, item: &OutboxItem) -> Prepared {
    work.write(Write::DeleteOutbox { order: item.order });
    if let OutboxPayload::Message { message } = item.draft.payload {
        set_delivery(work, message, Delivery::Cancelled);
    }
    work.again = true;
    Prepared::Done
}

/// Nothing of an item can go out: whom it is for is gone for good.
pub(super) fn give_up<V: View>(work: &mut Work<'_, V>, item: &OutboxItem) -> Prepared {
    work.write(Write::DeleteOutbox { order: item.order });
    if let OutboxPayload::Message { message } = item.draft.payload {
        set_delivery(work, message, Delivery::Failed(FailureReason::RecipientGone));
    }
    work.again = true;
    Prepared::Done
}

/// Nothing is known of the account yet; or nothing ever will be.
pub(super) fn for_unknown<V: View>(
    work: &mut Work<'_, V>,
    item: &OutboxItem,
    to: AccountId,
    directory: &mut Directory,
) -> Prepared {
    if directory.is_lost(to) {
        return give_up(work, item);
    }
    directory.want(to);
    Prepared::Blocked
}

/// Whether something for the other devices of this account finds none.
pub(super) fn is_for_nobody(item: &OutboxItem, submit: &Submit) -> bool {
    let is_message = matches!(item.draft.payload, OutboxPayload::Message { .. });
    !is_message && submit.destinations.iter().all(|destination| destination.devices.is_empty())
}
