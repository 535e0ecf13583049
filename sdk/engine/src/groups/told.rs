//! Whether all members were told the same: who writes says how the newest messages of others read here, and who reads compares.
//!
//! ```text
//!   a message is told --> digest of what it says        writing: vouches for some of those that stand last
//!                              |                                        |
//!                              +---------- the same? <-----------------+  no: the timeline tells
//! ```
//!
//! Nothing is kept back by it, and nobody is believed more than another: a member who vouches can lie as well as one who
//! writes (docs/decisions/0018).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand_core::CryptoRng;
use waxwing_crypto::group::told_digest;
use waxwing_wire::{AccountId, GroupId, MessageId};

use super::{Groups, chain};
use crate::inbox::{Place, is_unreadable};
use crate::marks::Marks;
use crate::me::Me;
use crate::model::{Body, ConversationId, DeviceAddress, GroupEvent, Message};
use crate::view::View;
use crate::work::Work;

/// Messages of others for which one message vouches.
pub(crate) const VOUCHES_MAX: usize = 8;

/// Entries at the end of a conversation among which those are chosen.
const WINDOW: usize = 64;

/// For so many a message vouches also where nothing is new, since an entry may have been filled in later.
const VOUCHES_MIN: usize = 4;

/// Accounts whose words about messages that are not here yet are kept.
const WITNESSES_MAX: usize = 1_024;

/// Such words of one account; the oldest go first.
const AWAITED_MAX: usize = 64;

/// Pairs of accounts of which the user was told.
const TOLD_MAX: usize = 10_000;

/// How a message of somebody else reads at a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vouch {
    pub(crate) message: MessageId,
    pub(crate) digest: [u8; 16],
}

/// What is compared in the life of a process.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// What members say of messages that are not here yet, and in which group.
    awaited: BTreeMap<(MessageId, AccountId), (GroupId, [u8; 16])>,
    /// The same by member, the oldest first.
    of: BTreeMap<AccountId, VecDeque<MessageId>>,
    /// Who was found to have told another otherwise; the user is told once.
    told: BTreeSet<(GroupId, AccountId, AccountId)>,
}

impl Compared {
    fn wait_for(&mut self, group: GroupId, witness: AccountId, vouch: Vouch) {
        if self.of.len() >= WITNESSES_MAX && !self.of.contains_key(&witness) {
            return;
        }
        if self.awaited.insert((vouch.message, witness), (group, vouch.digest)).is_some() {
            return;
        }
        let queue = self.of.entry(witness).or_default();
        queue.push_back(vouch.message);
        if queue.len() > AWAITED_MAX
            && let Some(oldest) = queue.pop_front()
        {
            self.awaited.remove(&(oldest, witness));
        }
    }

    /// What members of a group said of a message before it came.
    fn take(&mut self, group: GroupId, message: MessageId) -> Vec<(AccountId, [u8; 16])> {
        let (first, last) = (AccountId::from_bytes([0; 16]), AccountId::from_bytes([0xff; 16]));
        let said = self.awaited.range((message, first)..=(message, last));
        let said: Vec<(AccountId, GroupId, [u8; 16])> =
            said.map(|((_, witness), (of, digest))| (*witness, *of, *digest)).collect();
        for (witness, ..) in &said {
            self.awaited.remove(&(message, *witness));
            if let Some(queue) = self.of.get_mut(witness) {
                queue.retain(|of| *of != message);
            }
        }
        said.into_iter()
            .filter(|(_, of, _)| *of == group)
            .map(|(witness, _, digest)| (witness, digest))
            .collect()
    }

    fn is_first(&mut self, group: GroupId, author: AccountId, witness: AccountId) -> bool {
        self.told.len() < TOLD_MAX && self.told.insert((group, author, witness))
    }
}

/// The digest of a message, where it stands as it was told. One that was changed since says nothing about what it said before.
fn digest_of(message: &Message) -> Option<[u8; 16]> {
    let (Body::Text(text), Some(salt), false) = (&message.body, &message.marks.salt, message.edited) else {
        return None;
    };
    let author = message.sender.account;
    Some(told_digest(salt, author.as_bytes(), message.id.as_bytes(), &message.marks.said(text)))
}

/// The marks of a text as they are kept. Where its author drew no salt, that counts as one: it is compared all the same. Who is no member
/// any more wrote it before, or says so now, and both look the same here.
pub(crate) fn marks<V: View>(
    work: &mut Work<'_, V>,
    from: AccountId,
    place: Place,
    marks: Marks,
) -> Result<Marks, V::Error> {
    let Place::Group(group) = place else { return Ok(Marks { salt: None, after_removal: false, ..marks }) };
    let roster = work.group(group)?.and_then(|state| state.roster());
    let after_removal = roster.is_some_and(|roster| roster.role(from.as_bytes()).is_none());
    Ok(Marks { salt: Some(marks.salt.unwrap_or_default()), after_removal, ..marks })
}

/// What a message of ours says about those of others that stand last: all that came since we wrote last, or as many of them as
/// there is room for, drawn by lot, so that nobody can write what will not be compared.
pub(crate) fn vouch<V: View>(
    work: &Work<'_, V>,
    me: &Me,
    ours: &Message,
    rng: &mut impl CryptoRng,
) -> Result<Vec<Vouch>, V::Error> {
    let own = me.address();
    let (mut new, mut old) = (Vec::new(), Vec::new());
    let mut is_new = true;
    for entry in work.view.newest_messages(ours.conversation, WINDOW)? {
        is_new &= entry.id == ours.id || entry.sender != own || entry.counter == 0;
        if entry.sender.account == own.account {
            continue;
        }
        if let Some(digest) = digest_of(&entry) {
            let vouch = Vouch { message: entry.id, digest };
            if is_new { new.push(vouch) } else { old.push(vouch) }
        }
    }
    draw(&mut new, VOUCHES_MAX, rng);
    draw(&mut old, VOUCHES_MIN.saturating_sub(new.len()), rng);
    new.append(&mut old);
    Ok(new)
}

/// Leaves so many of them, drawn by lot.
fn draw(all: &mut Vec<Vouch>, count: usize, rng: &mut impl CryptoRng) {
    while all.len() > count {
        let place = rng.next_u32() as usize % all.len();
        all.swap_remove(place);
    }
}

/// A text of a group has its place: what others said of it, and what it says of theirs, is compared.
pub(crate) fn on_text<V: View>(
    work: &mut Work<'_, V>,
    groups: &mut Groups,
    own: AccountId,
    group: GroupId,
    message: &Message,
    vouches: Vec<Vouch>,
    rng: &mut impl CryptoRng,
) -> Result<(), V::Error> {
    let from = message.sender;
    if let Some(digest) = digest_of(message) {
        work.remember_told(message.id, digest);
        for (witness, said) in groups.compared.take(group, message.id) {
            if said != digest && witness != from.account && own != from.account {
                tell(work, groups, group, from, witness, rng);
            }
        }
    }
    for vouch in vouches {
        if work.told_digest(vouch.message) == Some(vouch.digest) {
            continue;
        }
        let Some(entry) = work.message(vouch.message)?.filter(|entry| !is_unreadable(entry)) else {
            groups.compared.wait_for(group, from.account, vouch);
            continue;
        };
        let author = entry.sender;
        let is_here = entry.conversation == ConversationId::group(group);
        let is_of_others = author.account != own && author.account != from.account;
        if is_here && is_of_others && digest_of(&entry).is_some_and(|digest| digest != vouch.digest) {
            tell(work, groups, group, author, from.account, rng);
        }
    }
    Ok(())
}

fn tell<V: View>(
    work: &mut Work<'_, V>,
    groups: &mut Groups,
    group: GroupId,
    author: DeviceAddress,
    witness: AccountId,
    rng: &mut impl CryptoRng,
) {
    if groups.compared.is_first(group, author.account, witness) {
        chain::put_event(work, group, author, GroupEvent::ToldOtherwise(witness), rng);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(n: u8) -> AccountId {
        AccountId::from_bytes([n; 16])
    }

    fn vouch(n: u8) -> Vouch {
        Vouch { message: MessageId::from_bytes([n; 16]), digest: [n; 16] }
    }

    #[test]
    fn what_is_said_of_a_message_waits_for_it_once() {
        let (group, other) = (GroupId::from_bytes([1; 16]), GroupId::from_bytes([2; 16]));
        let mut compared = Compared::default();
        compared.wait_for(group, account(1), vouch(7));
        compared.wait_for(group, account(2), vouch(7));
        compared.wait_for(group, account(1), vouch(8));
        compared.wait_for(other, account(3), vouch(7));
        let said = compared.take(group, vouch(7).message);
        assert_eq!(
            said,
            [(account(1), [7; 16]), (account(2), [7; 16])],
            "of that group, and of that message"
        );
        assert_eq!(compared.take(group, vouch(7).message), []);
        assert_eq!(compared.take(group, vouch(8).message), [(account(1), [8; 16])]);
    }

    #[test]
    fn nobody_fills_what_waits() {
        let group = GroupId::from_bytes([1; 16]);
        let mut compared = Compared::default();
        compared.wait_for(group, account(2), vouch(0));
        for n in 0..=u8::MAX {
            compared.wait_for(group, account(1), vouch(n));
        }
        assert_eq!(compared.awaited.len(), AWAITED_MAX + 1);
        assert_eq!(compared.take(group, vouch(0).message), [(account(2), [0; 16])], "what others say stays");
        assert_eq!(compared.take(group, vouch(255).message), [(account(1), [255; 16])]);
    }
}
