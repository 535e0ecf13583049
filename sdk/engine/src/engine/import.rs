//! Taking in what another device of ours knows, record by record. What is known here already stays, unless the record is newer.

use std::collections::BTreeMap;

use rand_core::CryptoRng;
use waxwing_wire::{AccountId, DeviceId, MessageId};

use crate::annotate;
use crate::batch::Write;
use crate::content::ContentBody;
use crate::effect::{Failure, Outcome};
use crate::groups::{Groups, messages};
use crate::inbox::{is_unreadable, post_to_device};
use crate::me::Me;
use crate::model::{
    AccountState, Body, ConversationId, Delivery, DeviceAddress, GroupStanding, GroupState, Message,
    Reception, Standing, Status,
};
use crate::past::{Past, PastAsk, PastRecord, SaidBy};
use crate::registration::own_list;
use crate::setting::SettingRecord;
use crate::view::View;
use crate::work::Work;

/// Takes a piece in.
pub(super) fn import<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    groups: &mut Groups,
    past: Past,
) -> Result<Result<Outcome, Failure>, V::Error> {
    let own = me.address().account;
    // The store shows them to the next step only.
    let mut conversations = BTreeMap::new();
    for record in past.records {
        match record {
            PastRecord::Account(state) => import_account(work, own, state)?,
            PastRecord::Conversation { conversation, peer, created_at_ms } => {
                if conversation == ConversationId::direct(own, peer) {
                    conversations.insert(conversation, peer);
                    work.write(Write::PutConversation { conversation, peer, created_at_ms });
                    work.touch(conversation);
                }
            }
            PastRecord::Group(state) => import_group(work, me, groups, state)?,
            PastRecord::Setting(record) => import_setting(work, record)?,
            PastRecord::Entry { message, said, due_at_ms } => {
                let peer = match conversations.get(&message.conversation) {
                    Some(peer) => Some(*peer),
                    None => work.view.conversation_peer(message.conversation)?,
                };
                let author = message.sender.account;
                let fits = match peer {
                    Some(peer) => author == own || author == peer,
                    // Whoever wrote may be out of the group since.
                    None => work.group(message.conversation.as_group())?.is_some(),
                };
                if fits {
                    import_entry(work, me, message, said, due_at_ms)?;
                }
            }
            PastRecord::Said { conversation, target, said } => {
                import_said(work, me, conversation, target, said)?;
            }
            PastRecord::Receipt { conversation, member, author, kind, ranges } => {
                let at_ms = work.now.utc_ms;
                work.write(Write::PutMemberReceipt { conversation, member, author, kind, ranges, at_ms });
                work.touch(conversation);
            }
        }
    }
    if past.is_last {
        work.write(Write::PutPastPlace(None));
    } else if !past.place.is_empty() {
        work.write(Write::PutPastPlace(Some(past.place)));
    }
    Ok(Ok(Outcome::Done))
}

/// Asks our other devices for what they know.
pub(super) fn ask<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    mut ask: PastAsk,
    rng: &mut impl CryptoRng,
) -> Result<Result<Outcome, Failure>, V::Error> {
    let DeviceAddress { account, device: this } = me.address();
    let list = own_list(&me.record);
    let devices = list.iter().flat_map(|list| list.devices()).map(|entry| DeviceId::from_bytes(entry.device));
    let others: Vec<DeviceId> = devices.filter(|device| *device != this).collect();
    if others.is_empty() {
        return Ok(Err(Failure::NotFound));
    }
    ask.place = work.view.past_place()?.unwrap_or_default();
    work.write(Write::PutPastPlace(Some(ask.place.clone())));
    for device in others {
        post_to_device(work, me, DeviceAddress { account, device }, ContentBody::AskPast(ask.clone()), rng);
    }
    Ok(Ok(Outcome::Done))
}

fn import_account<V: View>(
    work: &mut Work<'_, V>,
    own: AccountId,
    state: AccountState,
) -> Result<(), V::Error> {
    if state.account == own {
        return Ok(());
    }
    match work.account(state.account)? {
        None => work.put_account(state),
        Some(known) => {
            let is_same = known.account_key == state.account_key && known.standing == Standing::Good;
            if is_same && state.verified && !known.verified {
                work.put_account(AccountState { verified: true, ..known });
            }
        }
    }
    Ok(())
}

fn import_group<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    groups: &mut Groups,
    state: GroupState,
) -> Result<(), V::Error> {
    let Some(roster) = state.roster().filter(|roster| roster.group() == *state.group.as_bytes()) else {
        return Ok(());
    };
    let is_in = state.standing == GroupStanding::Member;
    let is_news = match work.group(state.group)? {
        None => true,
        Some(known) => known.standing == GroupStanding::Out && state.revision > known.revision,
    };
    if !is_news || is_in != roster.role(me.address().account.as_bytes()).is_some() {
        return Ok(());
    }
    let group = state.group;
    work.put_group(state.clone());
    if is_in {
        messages::show_waiting(work, &state)?;
        groups.want(group);
        groups.take_soon(group);
        groups.open_all_soon(work, group)?;
        work.again = true;
    }
    Ok(())
}

fn import_setting<V: View>(work: &mut Work<'_, V>, record: SettingRecord) -> Result<(), V::Error> {
    let known = work.setting(record.conversation, record.setting.kind())?;
    if known.is_none_or(|known| record.revision > known.revision) {
        work.touch(record.conversation);
        work.put_setting(record);
    }
    Ok(())
}

fn import_entry<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    message: Message,
    said: Vec<SaidBy>,
    due_at_ms: i64,
) -> Result<(), V::Error> {
    let (id, conversation) = (message.id, message.conversation);
    let known = work.message(id)?;
    if known.as_ref().is_some_and(|known| known.conversation != conversation) {
        return Ok(());
    }
    for said in said {
        import_said(work, me, conversation, id, said)?;
    }
    if let Some(known) = known.filter(|known| !is_unreadable(known)) {
        catch_up(work, &known, message.status);
        return Ok(());
    }
    if let Some(message) = annotate::on_arrival(work, me, message)? {
        let is_read = message.status == Status::Incoming(Reception::Read);
        let disappears = is_read && message.marks.expires_after_s > 0 && message.body != Body::Deleted;
        work.put_history(message);
        if disappears {
            // Its time goes on. Where it is not known when it was read, it begins anew, and longer than that it never lasts.
            let at_ms = work.now.utc_ms;
            work.write(Write::StartTimers { conversation, at_ms });
            if due_at_ms > 0 {
                work.write(Write::DueBy { message: id, due_at_ms });
            }
            work.again = true;
        }
    }
    Ok(())
}

/// An entry that is here got further on the other device.
fn catch_up<V: View>(work: &mut Work<'_, V>, known: &Message, there: Status) {
    let message = known.id;
    match (known.status, there) {
        (Status::Outgoing(here), Status::Outgoing(there)) if there > here && here >= Delivery::Sent => {
            work.write(Write::SetDelivery { message, delivery: there });
        }
        (Status::Incoming(Reception::Unread), Status::Incoming(Reception::Read)) => {
            work.write(Write::SetReception { message, reception: Reception::Read });
        }
        (Status::Outgoing(_) | Status::Incoming(_) | Status::Local, _) => return,
    }
    work.touch(known.conversation);
}

fn import_said<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    conversation: ConversationId,
    target: MessageId,
    (author, items): SaidBy,
) -> Result<(), V::Error> {
    let from = DeviceAddress { account: author, device: DeviceId::from_bytes([0; 16]) };
    annotate::on_annotations(work, me, from, conversation, target, items)
}
