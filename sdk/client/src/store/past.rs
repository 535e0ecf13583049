//! What this store knows, as records for another device: read piece by piece, so that little of it is in memory at a time.

use rusqlite::{Connection, Params, Row};
use waxwing_engine::{Annotation, Body, Change, Message, PastPiece, PastRecord, Reception, SaidBy, Status};
use waxwing_wire::{DeviceId, GroupId};

use super::codes::{self, Stored, bytes, value};
use super::show::{one, rows};
use super::{groups, query};

/// No limit of a statement.
const ALL: i64 = -1;

/// Entries that are read again because one before them has become readable. Whoever has them passes them over.
const AGAIN_MAX: i64 = 1_000;

/// How far a reader has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    section: Section,
    /// The last row of the section that was read.
    key: Vec<u8>,
    /// The position of the last entry of a timeline that was read.
    entries: i64,
    /// The position of an entry that was passed by because it could not be read yet: the first of the last [`AGAIN_MAX`].
    waiting: Option<i64>,
}

/// What is read, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Accounts,
    Conversations,
    Groups,
    Settings,
    Entries,
    Awaited,
    Receipts,
    End,
}

impl Section {
    const ORDER: [Section; 8] = [
        Section::Accounts,
        Section::Conversations,
        Section::Groups,
        Section::Settings,
        Section::Entries,
        Section::Awaited,
        Section::Receipts,
        Section::End,
    ];

    fn code(self) -> u8 {
        self as u8
    }

    fn parse(code: u8) -> Option<Section> {
        Section::ORDER.get(usize::from(code)).copied()
    }

    fn next(self) -> Section {
        Section::parse(self.code().saturating_add(1)).unwrap_or(Section::End)
    }
}

impl Place {
    /// Before everything.
    pub(crate) fn start() -> Place {
        Place { section: Section::Accounts, key: Vec::new(), entries: 0, waiting: None }
    }

    /// Behind the entries that were read, and before those that came, or became readable, since.
    pub(crate) fn since(&self) -> Place {
        let waiting = self.waiting.filter(|first| self.entries - first < AGAIN_MAX);
        let entries = waiting.map_or(self.entries, |first| first - 1);
        Place { section: Section::Entries, key: Vec::new(), entries, waiting: None }
    }

    /// Passes an entry by.
    fn pass(&mut self, position: i64, message: &Message) {
        self.entries = position;
        let is_late = self.waiting.is_none_or(|first| position - first >= AGAIN_MAX);
        if is_late && message.status == Status::Incoming(Reception::Waiting) {
            self.waiting = Some(position);
        }
    }

    /// Whether nothing is behind it.
    pub(crate) fn is_end(&self) -> bool {
        self.section == Section::End
    }

    /// Whether the timelines come now, or are over.
    pub(crate) fn is_in_history(&self) -> bool {
        self.section.code() >= Section::Entries.code()
    }

    /// The place in the store of this device.
    pub(crate) fn to_bytes(&self, this: DeviceId) -> Vec<u8> {
        [&this.as_bytes()[..], &[self.section.code()], &self.entries.to_be_bytes(), &self.key].concat()
    }

    /// Reads what [`Place::to_bytes`] made. Whatever else it is, or of another device, it is the start.
    pub(crate) fn from_bytes(this: DeviceId, bytes: &[u8]) -> Place {
        let parts = bytes.strip_prefix(this.as_bytes()).and_then(|bytes| {
            let ([code, entries @ ..], key) = bytes.split_first_chunk::<9>()?;
            let (section, entries) = (Section::parse(*code)?, i64::from_be_bytes(*entries));
            (entries >= 0).then(|| Place { section, key: key.to_vec(), entries, waiting: None })
        });
        parts.unwrap_or_else(Place::start)
    }
}

/// Where the past stands that is being taken in here; none: all of it is here, or none was asked for.
pub(crate) fn owed(db: &Connection) -> Stored<Option<Vec<u8>>> {
    one(db, query::PAST_PLACE, (), |row| codes::blob(row, 0))
}

/// How many entries there are up to a place, and how many in all.
pub(crate) fn count(db: &Connection, place: &Place) -> Stored<(u64, u64)> {
    let up_to = |position: i64| {
        let count = one(db, query::ENTRIES_UP_TO, [position], |row| value(row, 0))?;
        Stored::Ok(codes::unsigned(count.unwrap_or(0)))
    };
    Ok((up_to(place.entries)?, up_to(i64::MAX)?))
}

/// The piece behind a place, and the place behind it. A piece is of one section.
pub(crate) fn piece(db: &Connection, mut place: Place) -> Stored<(PastPiece, Place)> {
    let mut piece = PastPiece::default();
    // An entry and what is said about it are of one moment.
    let reading = db.unchecked_transaction()?;
    loop {
        let is_full = fill(&reading, &mut piece, &mut place)?;
        if !is_full {
            place.section = place.section.next();
            place.key.clear();
        }
        if is_full || !piece.is_empty() || place.is_end() {
            return Ok((piece, place));
        }
    }
}

/// Reads on until the piece is full. False: the section is over.
fn fill(db: &Connection, piece: &mut PastPiece, place: &mut Place) -> Stored<bool> {
    let after = place.key.clone();
    let (section, key) = (place.section, &mut place.key);
    match section {
        Section::Accounts => each(db, query::ACCOUNTS_AFTER, (after, ALL), |row| {
            let known = codes::account(row)?;
            *key = known.account.as_bytes().to_vec();
            Ok(piece.push(&PastRecord::Account(known)))
        }),
        Section::Conversations => each(db, query::CONVERSATIONS_AFTER, (after, ALL), |row| {
            let conversation = codes::conversation_id(row, 0)?;
            *key = conversation.as_bytes().to_vec();
            let (peer, created_at_ms) = (codes::account_id(row, 1)?, value(row, 2)?);
            Ok(piece.push(&PastRecord::Conversation { conversation, peer, created_at_ms }))
        }),
        Section::Groups => each(db, query::GROUPS_AFTER, [after], |row| {
            let group = GroupId::from_bytes(bytes(row, 0)?);
            *key = group.as_bytes().to_vec();
            let state = groups::state(db, group)?;
            Ok(state.is_some_and(|state| piece.push(&PastRecord::Group(state))))
        }),
        Section::Settings => {
            let (conversation, kind) = after.split_at(after.len().min(16));
            let kind = kind.first().map_or(-1, |kind| i64::from(*kind));
            each(db, query::SETTINGS_AFTER, (conversation, kind), |row| {
                let record = codes::setting(row)?;
                let kind = u8::try_from(codes::setting_kind_code(record.setting.kind())).unwrap_or(u8::MAX);
                *key = [&record.conversation.as_bytes()[..], &[kind]].concat();
                Ok(piece.push(&PastRecord::Setting(record)))
            })
        }
        Section::Entries => each(db, query::PAST, [place.entries], |row| {
            let message = codes::message(row)?;
            place.pass(value(row, 16)?, &message);
            let said = said_of(db, &message)?;
            Ok(piece.push(&PastRecord::Entry { message, said, due_at_ms: value(row, 17)? }))
        }),
        Section::Awaited => {
            let position = after.as_slice().try_into().map_or(0, i64::from_be_bytes);
            each(db, query::AWAITED_AFTER, [position], |row| {
                let Annotation { target, conversation, author, change, revision, .. } =
                    codes::annotation(row)?;
                *key = value::<i64>(row, 9)?.to_be_bytes().to_vec();
                let said = (author, vec![(change, revision)]);
                Ok(piece.push(&PastRecord::Said { conversation, target, said }))
            })
        }
        Section::Receipts => {
            let part = |at: usize| after.get(at..at + 16).unwrap_or_default();
            let kind = after.get(48).map_or(-1, |kind| i64::from(*kind));
            each(db, query::RECEIPTS_AFTER, (part(0), part(16), part(32), kind), |row| {
                let (conversation, author) = (codes::conversation_id(row, 0)?, codes::device_id(row, 1)?);
                let (member, code) = (codes::account_id(row, 2)?, value::<i64>(row, 3)?);
                let kind = codes::receipt_kind(code)?;
                let ids: [&[u8; 16]; 3] = [conversation.as_bytes(), author.as_bytes(), member.as_bytes()];
                *key = [&ids.map(|id| &id[..]).concat()[..], &[u8::try_from(code).unwrap_or(0)]].concat();
                let ranges = groups::ranges(row, 4)?;
                Ok(piece.push(&PastRecord::Receipt { conversation, member, author, kind, ranges }))
            })
        }
        Section::End => Ok(false),
    }
}

/// Reads rows until one of them says that it is enough.
fn each<P: Params>(
    db: &Connection,
    sql: &str,
    params: P,
    mut take: impl FnMut(&Row<'_>) -> Stored<bool>,
) -> Stored<bool> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        if take(row)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is said about an entry, by author.
fn said_of(db: &Connection, message: &Message) -> Stored<Vec<SaidBy>> {
    let mut said: Vec<SaidBy> = Vec::new();
    for annotation in rows(db, query::ANNOTATIONS, [message.id.as_bytes()], codes::annotation)? {
        let change = match (annotation.change, &message.body) {
            (Change::Edit(text), Body::Text(now)) if text.is_empty() => Change::Edit(now.clone()),
            (Change::Edit(text), _) if text.is_empty() => continue,
            (change, _) => change,
        };
        let item = (change, annotation.revision);
        match said.iter_mut().find(|(author, _)| *author == annotation.author) {
            Some((_, items)) => items.push(item),
            None => said.push((annotation.author, vec![item])),
        }
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_its_bytes() {
        let all = Section::ORDER.map(|section| Place {
            section,
            key: vec![section.code(); 3],
            entries: 7,
            waiting: None,
        });
        let (this, other) = (DeviceId::from_bytes([1; 16]), DeviceId::from_bytes([2; 16]));
        for place in all {
            assert_eq!(Place::from_bytes(this, &place.to_bytes(this)), place);
            assert_eq!(Place::from_bytes(other, &place.to_bytes(this)), Place::start(), "of another store");
        }
        let section = |code| [&[1; 16][..], &[code, 0xff, 0, 0, 0, 0, 0, 0, 0]].concat();
        for nonsense in [&b""[..], &[9; 40], &section(4), &section(99)] {
            assert_eq!(Place::from_bytes(this, nonsense), Place::start());
        }
    }
}
