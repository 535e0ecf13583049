//! What the members of a group told of our messages: who has them, and who read them. And what we tell of theirs, held back for
//! a moment and told in one, so that a thousand members do not answer at once.

use std::collections::BTreeMap;
use std::time::Duration;

use rand_core::CryptoRng;
use waxwing_wire::{AccountId, DeviceId, GroupId};

use super::{Groups, introduce};
use crate::batch::Write;
use crate::content::{Content, ContentBody, RANGES_MAX};
use crate::me::Me;
use crate::model::{
    ConversationId, CounterRange, DeviceAddress, GroupState, Lane, LaneKind, OutboxDraft, OutboxItem,
    OutboxPayload, Party, ReceiptKind,
};
use crate::notice::new_message_id;
use crate::registration::own_list;
use crate::view::{MemberReceipt, View};
use crate::work::Work;

/// Members up to whom nothing is held back.
const AT_ONCE_MEMBERS_MAX: usize = 16;

/// How long a receipt may be held back for each member; the time is drawn from zero to that for all of them.
const HOLD_PER_MEMBER: Duration = Duration::from_millis(10);

/// The longest that a receipt is held back.
const HOLD_MAX: Duration = Duration::from_secs(10);

/// Receipts that wait for one account and are looked at, to be told in one.
const JOINED_MAX: usize = 32;

/// Runs of messages that are kept of what a member told; those of the oldest messages go first.
const RUNS_MAX: usize = 500;

/// Runs of counters in ascending order, joined where they touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Runs(Vec<CounterRange>);

impl Runs {
    fn join(&mut self, more: &[CounterRange]) {
        let mut all: Vec<CounterRange> = self.0.iter().chain(more).copied().collect();
        all.sort_unstable();
        self.0.clear();
        for run in all {
            match self.0.last_mut() {
                Some(last) if run.first <= last.last.saturating_add(1) => last.last = last.last.max(run.last),
                Some(_) | None => self.0.push(run),
            }
        }
    }

    fn common(&self, other: &Runs) -> Runs {
        let mut common = Vec::new();
        let (mut ours, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(one), Some(two)) = (ours.peek(), theirs.peek()) {
            let (first, last) = (one.first.max(two.first), one.last.min(two.last));
            if first <= last {
                common.push(CounterRange { first, last });
            }
            if one.last <= two.last {
                ours.next()
            } else {
                theirs.next()
            };
        }
        Runs(common)
    }
}

/// What members told of the messages of one device of ours.
#[derive(Debug, Default)]
pub(crate) struct Told(BTreeMap<(AccountId, ReceiptKind), Runs>);

impl Told {
    pub(crate) fn load(rows: Vec<MemberReceipt>) -> Told {
        Told(rows.into_iter().map(|(member, kind, runs)| ((member, kind), Runs(runs))).collect())
    }

    /// What a member has, or read. What it read it has.
    fn of(&self, member: AccountId, kind: ReceiptKind) -> Runs {
        let mut runs = self.0.get(&(member, ReceiptKind::Read)).cloned().unwrap_or_default();
        if kind == ReceiptKind::Delivered
            && let Some(delivered) = self.0.get(&(member, ReceiptKind::Delivered))
        {
            runs.join(&delivered.0);
        }
        runs
    }

    /// Joins what a member told to what it told before.
    pub(crate) fn join(&mut self, member: AccountId, kind: ReceiptKind, ranges: &[CounterRange]) {
        let runs = self.0.entry((member, kind)).or_default();
        runs.join(ranges);
        runs.0.drain(..runs.0.len().saturating_sub(RUNS_MAX));
    }

    /// Whether a member told this of a message.
    pub(crate) fn has(&self, member: AccountId, kind: ReceiptKind, counter: u64) -> bool {
        let runs = self.0.get(&(member, kind)).map(|runs| &runs.0[..]).unwrap_or_default();
        runs.iter().any(|run| (run.first..=run.last).contains(&counter))
    }

    /// What all of them have, or read, out of some.
    fn of_all(&self, members: &[AccountId], kind: ReceiptKind, out_of: &[CounterRange]) -> Runs {
        let mut common = Runs(out_of.to_vec());
        for member in members {
            if common.0.is_empty() {
                break;
            }
            common = common.common(&self.of(*member, kind));
        }
        common
    }
}

/// Tells the member that wrote messages how far they got here.
pub(crate) fn post<V: View>(
    work: &mut Work<'_, V>,
    groups: &mut Groups,
    state: &GroupState,
    author: DeviceAddress,
    kind: ReceiptKind,
    ranges: &[CounterRange],
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let to = Party::Account(author.account);
    let lane = Lane { kind: LaneKind::GroupReceipts, to };
    let conversation = ConversationId::group(state.group);
    let mut runs = Runs(ranges.to_vec());
    if groups.holds(author.account, work.now.elapsed) {
        for item in work.view.outbox(lane, 0, JOINED_MAX)? {
            let Some(before) = says(&item, conversation, author.device, kind) else { continue };
            // What was sealed goes as it is.
            if work.view.sealed(item.order)?.is_empty() {
                runs.join(&before);
                work.write(Write::DeleteOutbox { order: item.order });
            }
        }
    } else if let Some(hold) = hold_for(state.members().len(), rng) {
        groups.hold(author.account, work.now.elapsed + hold);
    }
    for ranges in runs.0.chunks(RANGES_MAX) {
        let body = ContentBody::Receipt { kind, author: author.device, ranges: ranges.to_vec() };
        let content = Content { conversation, to, body }.encode();
        let wire_id = new_message_id(work, rng);
        work.post(OutboxDraft { wire_id, lane, payload: OutboxPayload::Control { content, device: None } });
    }
    Ok(())
}

/// How long the receipts of this many members are held back here.
fn hold_for(members: usize, rng: &mut impl CryptoRng) -> Option<Duration> {
    if members <= AT_ONCE_MEMBERS_MAX {
        return None;
    }
    let all = HOLD_PER_MEMBER.saturating_mul(u32::try_from(members).unwrap_or(u32::MAX)).min(HOLD_MAX);
    let drawn = f64::from(rng.next_u32()) / f64::from(u32::MAX);
    Some(all.mul_f64(drawn))
}

/// What an item tells of the messages of a device, if it tells this of them.
fn says(
    item: &OutboxItem,
    conversation: ConversationId,
    author: DeviceId,
    kind: ReceiptKind,
) -> Option<Vec<CounterRange>> {
    let OutboxPayload::Control { content, device: None } = &item.draft.payload else { return None };
    let content = Content::decode(content).ok().filter(|content| content.conversation == conversation)?;
    let ContentBody::Receipt { kind: of, author: by, ranges } = content.body else { return None };
    ((of, by) == (kind, author)).then_some(ranges)
}

/// A member told how far messages of one of our devices got. Where all others have told the same, the messages are delivered,
/// or read.
pub(crate) fn on_receipt<V: View>(
    work: &mut Work<'_, V>,
    conversation: ConversationId,
    member: AccountId,
    others: &[AccountId],
    author: DeviceId,
    kind: ReceiptKind,
    ranges: Vec<CounterRange>,
) -> Result<(), V::Error> {
    let told = work.told(conversation, author)?;
    told.join(member, kind, &ranges);
    let of_all: Vec<(ReceiptKind, Runs)> = [ReceiptKind::Delivered, ReceiptKind::Read]
        .into_iter()
        .filter(|of| *of <= kind)
        .map(|of| (of, told.of_all(others, of, &ranges)))
        .collect();
    let at_ms = work.now.utc_ms;
    work.write(Write::PutMemberReceipt { conversation, member, author, kind, ranges, at_ms });
    for (kind, runs) in of_all {
        if !runs.0.is_empty() {
            work.write(Write::ApplyReceipt { conversation, sender: author, kind, ranges: runs.0 });
        }
    }
    work.touch(conversation);
    Ok(())
}

/// Somebody will tell nothing any more: out of the group, or deleted. What all others have told counts now.
pub(crate) fn settle<V: View>(work: &mut Work<'_, V>, me: &Me, group: GroupId) -> Result<(), V::Error> {
    let conversation = ConversationId::group(group);
    let others = introduce::others(work, me, conversation)?.unwrap_or_default();
    if others.is_empty() {
        return Ok(());
    }
    let list = own_list(&me.record);
    let devices = list.iter().flat_map(|list| list.devices()).map(|entry| DeviceId::from_bytes(entry.device));
    for author in devices.collect::<Vec<_>>() {
        let all = [CounterRange { first: 1, last: work.highest_counter(conversation, author)?.max(1) }];
        for kind in [ReceiptKind::Delivered, ReceiptKind::Read] {
            let ranges = work.told(conversation, author)?.of_all(&others, kind, &all).0;
            if !ranges.is_empty() {
                work.write(Write::ApplyReceipt { conversation, sender: author, kind, ranges });
                work.touch(conversation);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(pairs: &[(u64, u64)]) -> Runs {
        Runs(pairs.iter().map(|(first, last)| CounterRange { first: *first, last: *last }).collect())
    }

    fn account(n: u8) -> AccountId {
        AccountId::from_bytes([n; 16])
    }

    #[test]
    fn runs_that_touch_are_one() {
        let mut some = runs(&[(1, 2), (6, 7)]);
        some.join(&runs(&[(3, 4), (10, 10)]).0);
        assert_eq!(some, runs(&[(1, 4), (6, 7), (10, 10)]));
        some.join(&runs(&[(5, 9)]).0);
        assert_eq!(some, runs(&[(1, 10)]));
    }

    #[test]
    fn common_is_what_both_have() {
        assert_eq!(runs(&[(1, 5), (8, 9)]).common(&runs(&[(2, 3), (5, 8)])), runs(&[(2, 3), (5, 5), (8, 8)]));
        assert_eq!(runs(&[(1, 5)]).common(&Runs::default()), Runs::default());
    }

    #[test]
    fn a_message_is_read_by_all_when_the_last_has_read_it() {
        let mut told = Told::default();
        let members = [account(1), account(2)];
        told.0.entry((account(1), ReceiptKind::Read)).or_default().join(&runs(&[(1, 3)]).0);
        told.0.entry((account(2), ReceiptKind::Delivered)).or_default().join(&runs(&[(2, 4)]).0);
        let all = runs(&[(1, 9)]).0;
        assert_eq!(told.of_all(&members, ReceiptKind::Delivered, &all), runs(&[(2, 3)]));
        assert_eq!(told.of_all(&members, ReceiptKind::Read, &all), Runs::default());
    }
}
