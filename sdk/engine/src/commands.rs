//! What the app wants, as far as the store alone can answer it.

use rand_core::CryptoRng;
use waxwing_wire::{AccountId, GroupId, MessageId, limits};

use crate::batch::Write;
use crate::effect::{Event, Failure, Outcome};
use crate::groups::Groups;
use crate::inbox::post_receipts;
use crate::marks::{BadMarks, Marks};
use crate::me::Me;
use crate::model::{
    AccountState, Body, ConversationId, Delivery, FailureReason, GroupStanding, HoldReason, Lane, LaneKind,
    Message, Notice, OutboxDraft, OutboxPayload, Party, ReceiptKind, Standing, Status,
};
use crate::notice::put_notice;
use crate::settings;
use crate::view::View;
use crate::work::Work;

/// How a command ends: well or not, unless the store itself fails.
pub(crate) type Ended<V> = Result<Result<Outcome, Failure>, <V as View>::Error>;

/// Opens the conversation with an account.
pub(crate) fn open_conversation<V: View>(work: &mut Work<'_, V>, me: &Me, peer: AccountId) {
    let conversation = ConversationId::direct(me.address().account, peer);
    let created_at_ms = work.now.utc_ms;
    work.write(Write::PutConversation { conversation, peer, created_at_ms });
    work.touch(conversation);
}

/// Puts a text on its way. The same id and text again is the same message.
pub(crate) fn send<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    conversation: ConversationId,
    id: MessageId,
    text: String,
    marks: Marks,
    rng: &mut impl CryptoRng,
) -> Ended<V> {
    if text.len() > limits::TEXT_SIZE_MAX_BYTES {
        return Ok(Err(Failure::TooLarge));
    }
    if text.is_empty() {
        return Ok(Err(Failure::Invalid));
    }
    match marks.check(&text) {
        Ok(()) => {}
        Err(BadMarks::TooLarge) => return Ok(Err(Failure::TooLarge)),
        Err(BadMarks::Invalid) => return Ok(Err(Failure::Invalid)),
    }
    let Some(to) = party(work, conversation)? else { return Ok(Err(Failure::NotFound)) };
    let mut marks = marks.of_app();
    if let Some(known) = work.message(id)? {
        let same = known.conversation == conversation
            && known.sender == me.address()
            && known.marks.of_app() == marks
            && matches!(&known.body, Body::Text(known) if *known == text);
        return Ok(if same { Ok(Outcome::Done) } else { Err(Failure::Invalid) });
    }
    if let Party::Account(peer) = to
        && settings::is_blocked(work, me, peer)?
    {
        return Ok(Err(Failure::Blocked));
    }
    marks.expires_after_s = settings::timer_s(work, conversation)?;
    if let Party::Group(_) = to {
        let mut salt = [0; 16];
        rng.fill_bytes(&mut salt);
        marks.salt = Some(salt);
    }
    let delivery = match to {
        Party::Account(peer) => match work.account(peer)?.map(|state| state.standing) {
            Some(Standing::KeyChanged { .. }) => Delivery::Held(HoldReason::KeyChanged),
            Some(Standing::Gone) => Delivery::Held(HoldReason::RecipientGone),
            Some(Standing::Deleted) => Delivery::Failed(FailureReason::RecipientGone),
            Some(Standing::Good) | None => Delivery::Queued,
        },
        Party::Group(group) if !may_write(work, me, group)? => return Ok(Err(Failure::NotPermitted)),
        Party::Group(_) => Delivery::Queued,
    };
    let now_ms = work.now.utc_ms;
    work.put_message(Message {
        id,
        conversation,
        sender: me.address(),
        counter: 0,
        sent_at_ms: now_ms,
        stored_at_ms: now_ms,
        body: Body::Text(text),
        marks,
        edited: false,
        status: Status::Outgoing(delivery),
    });
    if !matches!(delivery, Delivery::Failed(_)) {
        post_message(work, id, to);
    }
    Ok(Ok(Outcome::Done))
}

/// Whom a conversation is with.
pub(crate) fn party<V: View>(
    work: &mut Work<'_, V>,
    conversation: ConversationId,
) -> Result<Option<Party>, V::Error> {
    if let Some(peer) = work.view.conversation_peer(conversation)? {
        return Ok(Some(Party::Account(peer)));
    }
    Ok(work.group(conversation.as_group())?.map(|state| Party::Group(state.group)))
}

fn may_write<V: View>(work: &mut Work<'_, V>, me: &Me, group: GroupId) -> Result<bool, V::Error> {
    let state = work.group(group)?.filter(|state| state.standing == GroupStanding::Member);
    let roster = state.and_then(|state| state.roster());
    Ok(roster.is_some_and(|roster| roster.may_write(me.address().account.as_bytes())))
}

fn post_message<V: View>(work: &mut Work<'_, V>, message: MessageId, to: Party) {
    let lane = Lane { kind: LaneKind::Messages, to };
    work.post(OutboxDraft { wire_id: message, lane, payload: OutboxPayload::Message { message } });
}

/// Sends a failed message after all, at the end of its lane.
pub(crate) fn retry<V: View>(work: &mut Work<'_, V>, id: MessageId) -> Ended<V> {
    let Some(message) = work.message(id)? else { return Ok(Err(Failure::NotFound)) };
    let Some(to) = party(work, message.conversation)? else { return Ok(Err(Failure::NotFound)) };
    if message.body == Body::Deleted {
        return Ok(Err(Failure::TooLate));
    }
    match message.status {
        Status::Outgoing(Delivery::Failed(_) | Delivery::Cancelled) => {
            work.write(Write::SetDelivery { message: id, delivery: Delivery::Queued });
            post_message(work, id, to);
            changed(work, &message);
            Ok(Ok(Outcome::Done))
        }
        // It is on its way anyhow.
        Status::Outgoing(
            Delivery::Queued
            | Delivery::Held(_)
            | Delivery::Sending
            | Delivery::Sent
            | Delivery::Delivered
            | Delivery::Read,
        ) => Ok(Ok(Outcome::Done)),
        Status::Incoming(_) | Status::Local => Ok(Err(Failure::NotFound)),
    }
}

/// Takes back a message that was never sealed, or that failed.
pub(crate) fn cancel<V: View>(work: &mut Work<'_, V>, me: &Me, id: MessageId) -> Ended<V> {
    let Some(message) = work.message(id)? else { return Ok(Err(Failure::NotFound)) };
    if message.sender != me.address() {
        return Ok(Err(Failure::NotFound));
    }
    match message.status {
        Status::Outgoing(Delivery::Cancelled) => return Ok(Ok(Outcome::Done)),
        Status::Outgoing(Delivery::Queued | Delivery::Held(_)) if message.counter == 0 => {
            if let Some(item) = work.view.outbox_item(id)? {
                work.write(Write::DeleteOutbox { order: item.order });
            }
        }
        Status::Outgoing(Delivery::Failed(_)) => {}
        Status::Outgoing(
            Delivery::Queued
            | Delivery::Held(_)
            | Delivery::Sending
            | Delivery::Sent
            | Delivery::Delivered
            | Delivery::Read,
        ) => return Ok(Err(Failure::TooLate)),
        Status::Incoming(_) | Status::Local => return Ok(Err(Failure::NotFound)),
    }
    work.write(Write::SetDelivery { message: id, delivery: Delivery::Cancelled });
    changed(work, &message);
    Ok(Ok(Outcome::Done))
}

fn changed<V: View>(work: &mut Work<'_, V>, message: &Message) {
    work.notify(Event::DeliveryChanged(message.id));
    work.touch(message.conversation);
}

/// The user saw everything up to an entry; the other side and our other devices are told.
pub(crate) fn mark_read<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    groups: &mut Groups,
    conversation: ConversationId,
    up_to: MessageId,
    rng: &mut impl CryptoRng,
) -> Ended<V> {
    let fits = work.message(up_to)?.is_some_and(|message| message.conversation == conversation);
    if !fits {
        return Ok(Err(Failure::NotFound));
    }
    let unread = work.view.unread_up_to(conversation, up_to)?;
    let mut by_author: Vec<(crate::model::DeviceAddress, Vec<crate::model::CounterRange>)> = Vec::new();
    for (author, range) in unread {
        match by_author.last_mut() {
            Some((last, ranges)) if *last == author => ranges.push(range),
            Some(_) | None => by_author.push((author, vec![range])),
        }
    }
    let is_news = !by_author.is_empty();
    for (author, ranges) in by_author {
        post_receipts(work, me, groups, conversation, author, ReceiptKind::Read, &ranges, rng)?;
        work.write(Write::MarkRead { conversation, sender: author.device, ranges });
        work.touch(conversation);
    }
    if is_news {
        work.write(Write::StartTimers { conversation, at_ms: work.now.utc_ms });
        work.again = true;
    }
    settings::on_read(work, me, conversation, rng)?;
    Ok(Ok(Outcome::Done))
}

/// The user accepts an account's new key, or the new account under its handle. Returns the account to ask about.
pub(crate) fn accept_key<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    account: AccountId,
    rng: &mut impl CryptoRng,
) -> Result<Result<AccountId, Failure>, V::Error> {
    let Some(known) = work.account(account)? else { return Ok(Err(Failure::UnknownAccount)) };
    let Standing::KeyChanged { account: next, account_key } = known.standing else { return Ok(Ok(account)) };
    let own = me.address().account;
    let accepted = AccountState {
        account: next,
        handle: known.handle.clone(),
        account_key,
        device_list: Vec::new(),
        device_list_version: 0,
        standing: Standing::Good,
        verified: false,
    };
    if next == account {
        // Its old sessions were with keys that the new account key did not sign.
        for device in crate::directory::devices_of(&known) {
            work.delete_device(device);
        }
        work.put_account(accepted);
    } else {
        let mut gone = known;
        gone.standing = Standing::Gone;
        work.put_account(gone);
        work.put_account(accepted);
        let (from, to) = (ConversationId::direct(own, account), ConversationId::direct(own, next));
        open_conversation(work, me, next);
        work.write(Write::MoveHeldMessages { from, to, peer: next });
        work.touch(from);
        work.touch(to);
    }
    put_notice(work, me, account, Notice::KeyAccepted, rng)?;
    work.again = true;
    Ok(Ok(next))
}

/// The user compared an account's safety number, or takes that back.
pub(crate) fn set_verified<V: View>(
    work: &mut Work<'_, V>,
    account: AccountId,
    account_key: [u8; 32],
    verified: bool,
) -> Ended<V> {
    let Some(mut known) = work.account(account)? else { return Ok(Err(Failure::UnknownAccount)) };
    if known.account_key != account_key || matches!(known.standing, Standing::KeyChanged { .. }) {
        return Ok(Err(Failure::KeyChanged));
    }
    if known.verified != verified {
        known.verified = verified;
        work.put_account(known);
        work.notify(Event::VerificationChanged(account));
    }
    Ok(Ok(Outcome::Done))
}
