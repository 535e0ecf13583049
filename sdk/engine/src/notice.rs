//! Notices: what happened, told to the user in its place in the timeline.

use rand_core::CryptoRng;
use waxwing_wire::{AccountId, DeviceId, MessageId};

use crate::groups;
use crate::marks::Marks;
use crate::me::Me;
use crate::model::{Body, ConversationId, DeviceAddress, Message, Notice, Status};
use crate::view::View;
use crate::work::Work;

/// A new id for a message or a submission.
pub(crate) fn new_message_id<V: View>(work: &Work<'_, V>, rng: &mut impl CryptoRng) -> MessageId {
    let mut random = [0; 10];
    rng.fill_bytes(&mut random);
    MessageId::v7(u64::try_from(work.now.utc_ms).unwrap_or(0), random)
}

/// Puts a notice into the conversation with an account, if there is one; and, where its key is another one, into those of all groups that it is in.
pub(crate) fn put_notice<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    account: AccountId,
    notice: Notice,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let by = DeviceAddress { account, device: DeviceId::from_bytes([0; 16]) };
    let conversation = ConversationId::direct(me.address().account, account);
    if work.view.conversation_peer(conversation)?.is_some() {
        put_notice_by(work, conversation, by, notice, rng);
    }
    match notice {
        Notice::KeyChanged | Notice::KeyAccepted => {
            for group in groups::shared_with(work, account)? {
                put_notice_by(work, ConversationId::group(group), by, notice, rng);
            }
        }
        Notice::DevicesChanged | Notice::RelayReset | Notice::TimerChanged { .. } => {}
    }
    Ok(())
}

/// Puts a notice of what a device did into a conversation.
pub(crate) fn put_notice_by<V: View>(
    work: &mut Work<'_, V>,
    conversation: ConversationId,
    by: DeviceAddress,
    notice: Notice,
    rng: &mut impl CryptoRng,
) {
    let id = new_message_id(work, rng);
    work.put_message(Message {
        id,
        conversation,
        sender: by,
        counter: 0,
        sent_at_ms: work.now.utc_ms,
        stored_at_ms: work.now.utc_ms,
        body: Body::Notice(notice),
        marks: Marks::default(),
        edited: false,
        status: Status::Local,
    });
}
