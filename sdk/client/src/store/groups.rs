//! Groups: what is known of them, and the keys of their messages.

use rusqlite::{Connection, Row, params};
use waxwing_engine::{
    ConversationId, CounterRange, DeviceAddress, Door, GroupState, GroupWaiting, Joining, ReceiptKind,
    ReceiverKeyRecord, SenderKeyRecord,
};
use waxwing_wire::{AccountId, DeviceId, GroupId};
use zeroize::Zeroizing;

use super::codes::{self, Stored, blob, bytes, value};
use super::show::{one, rows};
use super::{StoreError, Writer, query};

/// The name of a chain.
type Chain = [u8; 16];

// ---- what is read ----

pub(crate) fn state(db: &Connection, group: GroupId) -> Stored<Option<GroupState>> {
    one(db, query::GROUP, [group.as_bytes()], |row| {
        Ok(GroupState {
            group,
            revision: codes::opaque(row, 0)?,
            roster: blob(row, 1)?.into(),
            secret: Zeroizing::new(bytes(row, 2)?),
            standing: codes::group_standing(value(row, 3)?)?,
            title: value(row, 4)?,
            past_epochs: epochs(&blob(row, 5)?)?,
            last_by: codes::address(row, 6)?,
            joined: newcomers(&blob(row, 8)?)?,
            vouched_by: voucher(row, 9)?,
        })
    })
}

fn voucher(row: &Row<'_>, column: usize) -> Stored<Option<AccountId>> {
    let stored: Option<Vec<u8>> = value(row, column)?;
    let account = stored.map(|bytes| bytes.try_into().map(AccountId::from_bytes));
    account.transpose().map_err(|_| StoreError::Corrupt)
}

/// An epoch in the store: eight bytes of its number, and its roster hash.
const EPOCH_BYTES: usize = 40;

fn epochs(stored: &[u8]) -> Stored<Vec<(u64, [u8; 32])>> {
    let (epochs, rest) = stored.as_chunks::<EPOCH_BYTES>();
    if !rest.is_empty() {
        return Err(StoreError::Corrupt);
    }
    let epoch = |bytes: &[u8; EPOCH_BYTES]| {
        let (number, hash) = bytes.split_first_chunk::<8>()?;
        Some((u64::from_be_bytes(*number), hash.try_into().ok()?))
    };
    epochs.iter().map(|bytes| epoch(bytes).ok_or(StoreError::Corrupt)).collect()
}

fn epochs_bytes(epochs: &[(u64, [u8; 32])]) -> Vec<u8> {
    epochs.iter().flat_map(|(number, hash)| [&number.to_be_bytes()[..], &hash[..]].concat()).collect()
}

fn newcomers(stored: &[u8]) -> Stored<Vec<(AccountId, u64)>> {
    let (members, rest) = stored.as_chunks::<24>();
    if !rest.is_empty() {
        return Err(StoreError::Corrupt);
    }
    let member = |bytes: &[u8; 24]| {
        let (account, counter) = bytes.split_first_chunk::<16>()?;
        Some((AccountId::from_bytes(*account), u64::from_be_bytes(counter.try_into().ok()?)))
    };
    members.iter().map(|bytes| member(bytes).ok_or(StoreError::Corrupt)).collect()
}

fn newcomer_bytes(joined: &[(AccountId, u64)]) -> Vec<u8> {
    joined
        .iter()
        .flat_map(|(account, counter)| [&account.as_bytes()[..], &counter.to_be_bytes()].concat())
        .collect()
}

pub(super) fn former_device(db: &Connection, device: DeviceAddress) -> Stored<Option<[u8; 64]>> {
    let key = (device.account.as_bytes(), device.device.as_bytes());
    one(db, query::FORMER_DEVICE, key, |row| bytes(row, 0))
}

pub(super) fn ours(db: &Connection) -> Stored<Vec<GroupId>> {
    rows(db, query::GROUPS, [codes::GROUP_MEMBER], |row| group_id(row, 0))
}

pub(super) fn sender_key(db: &Connection, group: GroupId) -> Stored<Option<SenderKeyRecord>> {
    one(db, query::SENDER_KEY, [group.as_bytes()], |row| {
        Ok(SenderKeyRecord {
            chain: bytes(row, 0)?,
            snapshot: Zeroizing::new(blob(row, 1)?),
            created_at_ms: value(row, 2)?,
            first_counter: codes::opaque(row, 3)?,
        })
    })
}

pub(super) fn key_holders(db: &Connection, group: GroupId) -> Stored<Vec<DeviceAddress>> {
    rows(db, query::KEY_HOLDERS, [group.as_bytes()], |row| codes::address(row, 0))
}

pub(super) fn receiver_key(
    db: &Connection,
    group: GroupId,
    sender: DeviceAddress,
    chain: Chain,
) -> Stored<Option<ReceiverKeyRecord>> {
    let key = (group.as_bytes(), sender.account.as_bytes(), sender.device.as_bytes(), chain);
    one(db, query::RECEIVER_KEY, key, |row| {
        let snapshot = Zeroizing::new(blob(row, 0)?);
        Ok(ReceiverKeyRecord { sender, chain, snapshot, created_at_ms: value(row, 1)? })
    })
}

pub(super) fn receiver_chains(db: &Connection, group: GroupId, sender: DeviceAddress) -> Stored<Vec<Chain>> {
    let key = (group.as_bytes(), sender.account.as_bytes(), sender.device.as_bytes());
    let mut chains =
        rows(db, query::RECEIVER_CHAINS, key, |row| Ok((value::<i64>(row, 0)?, bytes::<16>(row, 1)?)))?;
    chains.sort_unstable();
    Ok(chains.into_iter().map(|(_, chain)| chain).collect())
}

/// Walks over the chains of an index, one step each, however many messages wait for one.
pub(super) fn waiting_chains(db: &Connection, group: GroupId) -> Stored<Vec<(DeviceAddress, Chain)>> {
    let mut found: Vec<(DeviceAddress, Chain)> = Vec::new();
    loop {
        let after = found.last().map(|(sender, chain)| (sender.account, sender.device, *chain));
        let (account, device, chain): (&[u8], &[u8], &[u8]) = match &after {
            None => (&[], &[], &[]),
            Some((account, device, chain)) => (account.as_bytes(), device.as_bytes(), chain),
        };
        let next = one(db, query::NEXT_WAITING_CHAIN, (group.as_bytes(), account, device, chain), |row| {
            Ok((codes::address(row, 0)?, bytes(row, 2)?))
        })?;
        match next {
            Some(next) => found.push(next),
            None => return Ok(found),
        }
    }
}

pub(super) fn waiting_groups(db: &Connection) -> Stored<Vec<GroupId>> {
    let mut found: Vec<GroupId> = Vec::new();
    loop {
        let after: &[u8] = found.last().map_or(&[], |last| last.as_bytes());
        match one(db, query::NEXT_WAITING_GROUP, [after], |row| group_id(row, 0))? {
            Some(next) => found.push(next),
            None => return Ok(found),
        }
    }
}

pub(super) fn waiting(
    db: &Connection,
    group: GroupId,
    sender: DeviceAddress,
    chain: Chain,
    limit: usize,
) -> Stored<Vec<GroupWaiting>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let key = (group.as_bytes(), sender.account.as_bytes(), sender.device.as_bytes(), chain, limit);
    rows(db, query::GROUP_WAITING, key, |row| {
        Ok(GroupWaiting {
            order: codes::unsigned(value(row, 0)?),
            group,
            sender,
            chain,
            wire_id: codes::message_id(row, 1)?,
            payload: blob(row, 2)?,
        })
    })
}

pub(crate) fn member_receipts(
    db: &Connection,
    conversation: ConversationId,
    author: DeviceId,
) -> Stored<Vec<(AccountId, ReceiptKind, Vec<CounterRange>)>> {
    rows(db, query::MEMBER_RECEIPTS, (conversation.as_bytes(), author.as_bytes()), |row| {
        Ok((codes::account_id(row, 0)?, codes::receipt_kind(value(row, 1)?)?, ranges(row, 2)?))
    })
}

pub(crate) fn picture(db: &Connection, group: GroupId, hash: [u8; 32]) -> Stored<Option<Vec<u8>>> {
    one(db, query::GROUP_PICTURE, (group.as_bytes(), hash), |row| blob(row, 0))
}

pub(crate) fn door(db: &Connection, group: GroupId) -> Stored<Option<Door>> {
    let stored = one(db, query::DOOR, [group.as_bytes()], |row| blob(row, 0))?;
    stored.map(|bytes| Door::from_bytes(&bytes).ok_or(StoreError::Corrupt)).transpose()
}

pub(super) fn joining(db: &Connection, group: GroupId) -> Stored<Option<Joining>> {
    one(db, query::JOINING, [group.as_bytes()], |row| joining_of(group, row, 0))
}

pub(crate) fn joinings(db: &Connection) -> Stored<Vec<Joining>> {
    rows(db, query::JOININGS, (), |row| joining_of(group_id(row, 0)?, row, 1))
}

fn joining_of(group: GroupId, row: &Row<'_>, column: usize) -> Stored<Joining> {
    let state = codes::join_state(value(row, column + 2)?)?;
    Ok(Joining { group, link: value(row, column)?, asked_at_ms: value(row, column + 1)?, state })
}

fn group_id(row: &Row<'_>, column: usize) -> Stored<GroupId> {
    bytes(row, column).map(GroupId::from_bytes)
}

pub(super) fn ranges(row: &Row<'_>, column: usize) -> Stored<Vec<CounterRange>> {
    let bytes = row.get_ref(column)?.as_blob().map_err(|_| StoreError::Corrupt)?;
    let (numbers, []) = bytes.as_chunks::<8>() else { return Err(StoreError::Corrupt) };
    let (pairs, []) = numbers.as_chunks::<2>() else { return Err(StoreError::Corrupt) };
    let range = |[first, last]: &[[u8; 8]; 2]| CounterRange {
        first: u64::from_be_bytes(*first),
        last: u64::from_be_bytes(*last),
    };
    Ok(pairs.iter().map(range).collect())
}

fn range_bytes(ranges: &[CounterRange]) -> Vec<u8> {
    ranges.iter().flat_map(|range| [range.first, range.last]).flat_map(u64::to_be_bytes).collect()
}

/// Runs in ascending order, joined where they touch. Messages count from 1.
fn joined(ranges: impl IntoIterator<Item = CounterRange>) -> Vec<CounterRange> {
    let mut all: Vec<CounterRange> =
        ranges.into_iter().map(|range| CounterRange { first: range.first.max(1), ..range }).collect();
    all.retain(|range| range.first <= range.last);
    all.sort_unstable();
    all.dedup_by(|next, run| {
        let touches = next.first <= run.last.saturating_add(1);
        if touches {
            run.last = run.last.max(next.last);
        }
        touches
    });
    all
}

// ---- what is written ----

/// A device in a group, as columns.
pub(super) fn at(group: GroupId, device: &DeviceAddress) -> ([u8; 16], &[u8; 16], &[u8; 16]) {
    (*group.as_bytes(), device.account.as_bytes(), device.device.as_bytes())
}

impl Writer {
    pub(super) fn put_group(&mut self, state: &GroupState, at_ms: i64) -> Stored<()> {
        let group = state.group.as_bytes();
        let standing = codes::group_standing_code(state.standing);
        let revision = state.revision.cast_signed();
        let shown: Option<(i64, String)> =
            one(&self.db, query::GROUP_HEAD, [group], |row| Ok((value(row, 0)?, value(row, 1)?)))?;
        self.run(
            query::PUT_GROUP,
            params![
                group,
                revision,
                state.roster.as_bytes(),
                &state.secret[..],
                standing,
                state.title,
                epochs_bytes(&state.past_epochs),
                state.last_by.account.as_bytes(),
                state.last_by.device.as_bytes(),
                newcomer_bytes(&state.joined),
                state.vouched_by.as_ref().map(AccountId::as_bytes),
            ],
        )?;
        let no_peer: &[u8] = &[];
        let revision = self.revision();
        self.run(query::PUT_CONVERSATION, (group, no_peer, at_ms, revision))?;
        if shown.is_some_and(|(of, title)| of == standing && title == state.title) {
            // The list shows nothing else of it.
            return Ok(());
        }
        self.touched.conversations.insert(ConversationId::group(state.group));
        self.run(query::TOUCH_CONVERSATION, (group, revision))
    }

    pub(super) fn put_sender_key(&mut self, group: GroupId, key: &SenderKeyRecord) -> Stored<()> {
        let group = group.as_bytes();
        self.run(query::DROP_KEY_HOLDERS_OF_OTHER_CHAIN, (group, key.chain))?;
        let first_counter = key.first_counter.cast_signed();
        self.run(
            query::PUT_SENDER_KEY,
            (group, key.chain, &key.snapshot[..], key.created_at_ms, first_counter),
        )
    }

    pub(super) fn put_group_picture(
        &mut self,
        group: GroupId,
        hash: &[u8; 32],
        picture: &[u8],
    ) -> Stored<()> {
        // Whoever shows the conversation looks at it again.
        let revision = self.revision();
        self.touched.conversations.insert(ConversationId::group(group));
        self.run(query::TOUCH_CONVERSATION, (group.as_bytes(), revision))?;
        self.run(query::PUT_GROUP_PICTURE, (group.as_bytes(), hash, picture))
    }

    pub(super) fn drop_group_pictures(&mut self, group: GroupId, except: Option<&[u8; 32]>) -> Stored<()> {
        let except: &[u8] = except.map_or(&[], |hash| hash);
        self.run(query::DROP_GROUP_PICTURES, (group.as_bytes(), except))
    }

    pub(super) fn put_door(&mut self, group: GroupId, door: &Door) -> Stored<()> {
        self.run(query::PUT_DOOR, (group.as_bytes(), door.to_bytes()))
    }

    pub(super) fn put_joining(&mut self, joining: &Joining) -> Stored<()> {
        let state = codes::join_state_code(joining.state);
        self.run(query::PUT_JOINING, (joining.group.as_bytes(), &joining.link, joining.asked_at_ms, state))
    }

    pub(super) fn put_receiver_key(&mut self, group: GroupId, key: &ReceiverKeyRecord) -> Stored<()> {
        let (group, account, device) = at(group, &key.sender);
        let row = (group, account, device, key.chain, &key.snapshot[..], key.created_at_ms);
        self.run(query::PUT_RECEIVER_KEY, row)
    }

    pub(super) fn delete_receiver_key(
        &mut self,
        group: GroupId,
        sender: DeviceAddress,
        chain: &Chain,
    ) -> Stored<()> {
        let (group, account, device) = at(group, &sender);
        self.run(query::DELETE_RECEIVER_KEY, (group, account, device, chain))
    }

    pub(super) fn forget_group_keys(&mut self, group: GroupId) -> Stored<()> {
        [
            query::FORGET_SENDER_KEY_OF,
            query::FORGET_KEY_HOLDERS_OF,
            query::FORGET_RECEIVER_KEYS_OF,
            query::FORGET_WAITING_OF,
            query::FORGET_DOOR_OF,
        ]
        .into_iter()
        .try_for_each(|sql| self.run(sql, [group.as_bytes()]))
    }

    pub(super) fn put_member_receipt(
        &mut self,
        conversation: ConversationId,
        member: AccountId,
        author: DeviceId,
        kind: ReceiptKind,
        told: &[CounterRange],
        at_ms: i64,
    ) -> Stored<()> {
        let (conversation_id, author, member) =
            (conversation.as_bytes(), author.as_bytes(), member.as_bytes());
        let kind = codes::receipt_kind_code(kind);
        let key = (conversation_id, author, member, kind);
        let before = one(&self.db, query::MEMBER_RECEIPT, key, |row| ranges(row, 0))?.unwrap_or_default();
        let after = joined(before.iter().chain(told).copied());
        if after == before {
            return Ok(());
        }
        let ranges = range_bytes(&after);
        self.touched.conversations.insert(conversation);
        self.run(query::PUT_MEMBER_RECEIPT, (conversation_id, author, member, kind, ranges, at_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first: u64, last: u64) -> CounterRange {
        CounterRange { first, last }
    }

    #[test]
    fn runs_are_joined_where_they_touch_or_overlap() {
        assert_eq!(joined([run(7, 9), run(1, 2), run(3, 3)]), [run(1, 3), run(7, 9)]);
        assert_eq!(joined([run(1, 9), run(2, 3), run(9, 10)]), [run(1, 10)]);
        assert_eq!(joined([run(0, 0), run(5, 4)]), [], "neither says anything");
        let end = u64::MAX;
        assert_eq!(joined([run(end, end), run(3, end)]), [run(3, end)]);
    }
}
