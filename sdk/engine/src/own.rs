//! What our own devices say to each other again. A device that had no prekeys yet, or that could not open something, is told what
//! stands now, never what was said when: so nothing has to be kept for it.

use rand_core::CryptoRng;
use waxwing_wire::DeviceId;

use crate::annotate;
use crate::batch::Write;
use crate::content::{Content, ContentBody, RANGES_MAX};
use crate::groups::introduce;
use crate::me::Me;
use crate::model::{
    ConversationId, CounterRange, DeviceAddress, Lane, LaneKind, OutboxDraft, OutboxPayload, Party,
    ReceiptKind,
};
use crate::notice::new_message_id;
use crate::registration::own_list;
use crate::settings;
use crate::view::View;
use crate::work::Work;

/// Conversations of which it is said again how far they were read: those in which something came last.
const READ_CONVERSATIONS_MAX: usize = 64;

/// A device of ours is new, or had no prekeys until now: it is brought into the groups, and told what was said, set and read last.
pub(crate) fn say_again<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    to: DeviceId,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    introduce::introduce_own_device(work, me, to, rng)?;
    annotate::repeat(work, me, DeviceAddress { account: me.address().account, device: to }, rng)?;
    repeat(work, me, to, rng)
}

/// A device of ours could not open something that was no message: it is told what was set and read last.
pub(crate) fn repeat<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    to: DeviceId,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    settings::repeat(work, me, Some(to), rng)?;
    say_what_was_read(work, me, to, rng)
}

/// The relay lost its data, and with it what was on its way: all are told what was said, set and read last.
pub(crate) fn repeat_all<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    annotate::repeat_all(work, me, rng)?;
    settings::repeat(work, me, None, rng)?;
    let this = *me.address().device.as_bytes();
    let list = own_list(&me.record);
    let others = list.iter().flat_map(|list| list.devices()).map(|entry| entry.device);
    for device in others.filter(|device| *device != this) {
        say_what_was_read(work, me, DeviceId::from_bytes(device), rng)?;
    }
    Ok(())
}

/// Another device of ours read messages. Those of them that have not come here yet are read when they do.
pub(crate) fn on_read<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    conversation: ConversationId,
    author: DeviceId,
    ranges: Vec<CounterRange>,
) -> Result<(), V::Error> {
    let (member, kind, at_ms) = (me.address().account, ReceiptKind::Read, work.now.utc_ms);
    work.told(conversation, author)?.join(member, kind, &ranges);
    work.write(Write::PutMemberReceipt { conversation, member, author, kind, ranges: ranges.clone(), at_ms });
    work.write(Write::MarkRead { conversation, sender: author, ranges });
    work.touch(conversation);
    work.write(Write::StartTimers { conversation, at_ms });
    work.again = true;
    Ok(())
}

/// Whether another device of ours has read a message that comes only now.
pub(crate) fn was_read<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    conversation: ConversationId,
    author: DeviceId,
    counter: u64,
) -> Result<bool, V::Error> {
    Ok(work.told(conversation, author)?.has(me.address().account, ReceiptKind::Read, counter))
}

fn say_what_was_read<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    to: DeviceId,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    for conversation in work.view.newest_conversations(READ_CONVERSATIONS_MAX)? {
        let mut read: Vec<(DeviceAddress, Vec<_>)> = Vec::new();
        for (author, kind, run) in work.view.received(conversation)? {
            match read.last_mut() {
                _ if kind != ReceiptKind::Read => {}
                Some((last, runs)) if *last == author => runs.push(run),
                Some(_) | None => read.push((author, vec![run])),
            }
        }
        for (author, runs) in read {
            let newest = runs[runs.len().saturating_sub(RANGES_MAX)..].to_vec();
            let body =
                ContentBody::Receipt { kind: ReceiptKind::Read, author: author.device, ranges: newest };
            post(work, me, conversation, author, to, body, rng);
        }
    }
    Ok(())
}

fn post<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    conversation: ConversationId,
    author: DeviceAddress,
    to: DeviceId,
    body: ContentBody,
    rng: &mut impl CryptoRng,
) {
    // It says whose messages they are, as the mark itself did.
    let content = Content { conversation, to: Party::Account(author.account), body }.encode();
    let wire_id = new_message_id(work, rng);
    let lane = Lane { kind: LaneKind::Repairs, to: Party::Account(me.address().account) };
    work.post(OutboxDraft { wire_id, lane, payload: OutboxPayload::Control { content, device: Some(to) } });
}
