//! What a device hands on of what its account knows: records, in pieces of bytes (docs/spec.md, "Linking a device"), and back, checked.
//!
//! ```text
//!   store --records, in order--> PastPiece --bytes--> Past --Command::Import--> store
//! ```
//!
//! Taking a record in twice changes nothing, so whoever lost his place may begin anew.

use prost::Message as _;
use waxwing_wire::{AccountId, DeviceId, GroupId, Handle, MessageId, RoomId, limits};
use zeroize::Zeroizing;

use crate::annotation::{Change, Revision};
use crate::content::{annotations_from_bytes, annotations_to_bytes, settings_from_bytes, settings_to_bytes};
use crate::marks::Marks;
use crate::model::{
    AccountState, Body, ConversationId, CounterRange, Delivery, DeviceAddress, GroupEvent, GroupStanding,
    GroupState, Message, Notice, ReceiptKind, Reception, Standing, Status,
};
use crate::setting::SettingRecord;

/// The generated protobuf types.
mod proto {
    #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
    include!(concat!(env!("OUT_DIR"), "/waxwing.past.v1.rs"));
}

/// How much is gathered before it goes, in bytes.
const GATHERED_BYTES: usize = 48 * 1024;

/// The bytes are no piece that a correct device would make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadPast;

/// What an account says about a message: its registers.
pub type SaidBy = (AccountId, Vec<(Change, Revision)>);

/// One thing that an account knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PastRecord {
    /// An account and its pinned key.
    Account(AccountState),
    /// A conversation with another account.
    Conversation {
        /// Which.
        conversation: ConversationId,
        /// The other account.
        peer: AccountId,
        /// When it was made.
        created_at_ms: i64,
    },
    /// A group.
    Group(GroupState),
    /// What a conversation is set to.
    Setting(SettingRecord),
    /// An entry of a timeline, and what is said about it. An edit that is applied says what the entry says.
    Entry {
        /// The entry.
        message: Message,
        /// By whom, and what.
        said: Vec<SaidBy>,
        /// When it disappears; zero: never, or when it was read is not known.
        due_at_ms: i64,
    },
    /// What is said about a message that is not here.
    Said {
        /// Where the message stands.
        conversation: ConversationId,
        /// Which message.
        target: MessageId,
        /// By whom, and what.
        said: SaidBy,
    },
    /// How far messages of a device of ours got at a member of a group.
    Receipt {
        /// Where.
        conversation: ConversationId,
        /// Who.
        member: AccountId,
        /// Which device of ours wrote them.
        author: DeviceId,
        /// What it says.
        kind: ReceiptKind,
        /// About which.
        ranges: Vec<CounterRange>,
    },
}

/// A piece of what an account knows, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// What is to be taken in, in order.
    pub records: Vec<PastRecord>,
    /// How many messages came, this piece included.
    pub done: u64,
    /// Of how many.
    pub of: u64,
    /// Where the device that gives it stands behind it; only that device can read it.
    pub place: Vec<u8>,
    /// Whether nothing is behind it.
    pub is_last: bool,
}

/// What a device asks another one of its account for: all that it knows, behind a place.
#[derive(Clone, PartialEq, Eq)]
pub struct PastAsk {
    /// The room of the relay in which it waits.
    pub room: RoomId,
    /// What the keys of that talk come from (`Channel::asking`). It serves once.
    pub secret: Zeroizing<[u8; 32]>,
    /// Where it stands: what came last with a piece. Empty: at the start.
    pub place: Vec<u8>,
}

/// The secret stays out of it.
impl std::fmt::Debug for PastAsk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PastAsk").field("room", &self.room).finish_non_exhaustive()
    }
}

/// Records, gathered until there are enough for one piece.
#[derive(Debug, Default)]
pub struct PastPiece {
    piece: proto::Past,
    bytes: usize,
    entries: u64,
}

impl PastPiece {
    /// Adds a record. Leaves out messages that another device must not have: what cannot be read, and what is on its way and comes by
    /// itself. Returns whether the piece is full.
    pub fn push(&mut self, record: &PastRecord) -> bool {
        if let Some(record) = to_proto(record) {
            self.bytes += record.encoded_len() + 4;
            self.entries += u64::from(matches!(record, proto::record::Record::Entry(_)));
            self.piece.records.push(proto::Record { record: Some(record) });
        }
        self.bytes >= GATHERED_BYTES
    }

    /// How many messages it holds.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.piece.records.is_empty()
    }

    /// The piece behind which there is nothing.
    #[must_use]
    pub fn last(done: u64) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(proto::Past { done, of: done, last: true, ..proto::Past::default() }.encode_to_vec())
    }

    /// Its bytes. `done` messages of `of` have come with it; `place` is given back by whoever wants what is behind it.
    #[must_use]
    pub fn encode(mut self, done: u64, of: u64, place: Vec<u8>) -> Zeroizing<Vec<u8>> {
        (self.piece.done, self.piece.of, self.piece.place) = (done, of, place);
        Zeroizing::new(self.piece.encode_to_vec())
    }
}

impl Past {
    /// Reads what [`PastPiece::encode`] made.
    ///
    /// # Errors
    ///
    /// [`BadPast`].
    pub fn decode(bytes: &[u8]) -> Result<Past, BadPast> {
        let past = proto::Past::decode(bytes).map_err(|_| BadPast)?;
        let mut records = Vec::with_capacity(past.records.len());
        // What a newer device knows beyond this is left out.
        for record in past.records.into_iter().filter_map(|record| record.record) {
            records.push(from_proto(record)?);
        }
        Ok(Past { records, done: past.done, of: past.of, place: past.place, is_last: past.last })
    }

    /// How many messages it holds.
    #[must_use]
    pub fn entries(&self) -> u64 {
        let entries = self.records.iter().filter(|record| matches!(record, PastRecord::Entry { .. }));
        entries.count() as u64
    }
}

fn to_proto(record: &PastRecord) -> Option<proto::record::Record> {
    use proto::record::Record;
    Some(match record {
        PastRecord::Account(known) => Record::Contact(proto::Contact {
            account: known.account.as_bytes().to_vec(),
            handle: known.handle.as_str().to_owned(),
            account_key: known.account_key.to_vec(),
            device_list: known.device_list.clone(),
            device_list_version: known.device_list_version,
            verified: known.verified && known.standing == Standing::Good,
        }),
        PastRecord::Conversation { conversation, peer, created_at_ms } => {
            Record::Conversation(proto::Conversation {
                conversation: conversation.as_bytes().to_vec(),
                peer: peer.as_bytes().to_vec(),
                created_at_ms: *created_at_ms,
            })
        }
        PastRecord::Group(state) => Record::Group(group_to_proto(state)?),
        PastRecord::Setting(record) => Record::Setting(proto::Setting {
            conversation: record.conversation.as_bytes().to_vec(),
            settings: settings_to_bytes(&[(record.setting.clone(), record.revision)]),
        }),
        PastRecord::Entry { message, said, due_at_ms } => {
            Record::Entry(proto::Entry { due_at_ms: *due_at_ms, ..entry_to_proto(message, said)? })
        }
        PastRecord::Said { conversation, target, said } => Record::Said(proto::Said {
            conversation: conversation.as_bytes().to_vec(),
            ..said_to_proto(*target, said)
        }),
        PastRecord::Receipt { conversation, member, author, kind, ranges } => {
            Record::Receipt(proto::Receipt {
                conversation: conversation.as_bytes().to_vec(),
                member: member.as_bytes().to_vec(),
                author_device: author.as_bytes().to_vec(),
                read: *kind == ReceiptKind::Read,
                runs: ranges.iter().flat_map(|run| [run.first, run.last]).collect(),
            })
        }
    })
}

fn from_proto(record: proto::record::Record) -> Result<PastRecord, BadPast> {
    use proto::record::Record;
    Ok(match record {
        Record::Contact(known) => PastRecord::Account(AccountState {
            account: account(&known.account)?,
            handle: Handle::new(&known.handle).map_err(|_| BadPast)?,
            account_key: array(&known.account_key)?,
            device_list: known.device_list,
            device_list_version: known.device_list_version,
            standing: Standing::Good,
            verified: known.verified,
        }),
        Record::Conversation(known) => PastRecord::Conversation {
            conversation: conversation(&known.conversation)?,
            peer: account(&known.peer)?,
            created_at_ms: known.created_at_ms,
        },
        Record::Group(group) => PastRecord::Group(group_from_proto(group)?),
        Record::Setting(setting) => {
            let mut settings = settings_from_bytes(&setting.settings).map_err(|_| BadPast)?;
            let (Some((kind, revision)), true) = (settings.pop(), settings.is_empty()) else {
                return Err(BadPast);
            };
            let conversation = conversation(&setting.conversation)?;
            PastRecord::Setting(SettingRecord { conversation, setting: kind, revision })
        }
        Record::Entry(entry) => entry_from_proto(entry)?,
        Record::Said(alone) => {
            let conversation = conversation(&alone.conversation)?;
            let (target, said) = said_from_proto(&alone)?;
            PastRecord::Said { conversation, target, said }
        }
        Record::Receipt(receipt) => {
            let (runs, rest) = receipt.runs.as_chunks::<2>();
            let ranges: Vec<CounterRange> =
                runs.iter().map(|[first, last]| CounterRange { first: *first, last: *last }).collect();
            let is_sound =
                |run: &CounterRange| run.first >= 1 && run.first <= run.last && run.last <= i64::MAX as u64;
            if !rest.is_empty() || !ranges.iter().all(is_sound) {
                return Err(BadPast);
            }
            PastRecord::Receipt {
                conversation: conversation(&receipt.conversation)?,
                member: account(&receipt.member)?,
                author: device(&receipt.author_device)?,
                kind: if receipt.read { ReceiptKind::Read } else { ReceiptKind::Delivered },
                ranges,
            }
        }
    })
}

/// `None` for a group that the relay does not know yet.
fn group_to_proto(state: &GroupState) -> Option<proto::Group> {
    (state.revision > 0).then(|| proto::Group {
        group: state.group.as_bytes().to_vec(),
        revision: state.revision,
        roster: state.roster.as_bytes().to_vec(),
        secret: state.secret.to_vec(),
        is_out: state.standing == GroupStanding::Out,
        title: state.title.clone(),
        past_epochs: state
            .past_epochs
            .iter()
            .map(|(number, hash)| proto::Epoch { number: *number, roster_hash: hash.to_vec() })
            .collect(),
        last_account: state.last_by.account.as_bytes().to_vec(),
        last_device: state.last_by.device.as_bytes().to_vec(),
        vouched_by: state.vouched_by.map(|account| account.as_bytes().to_vec()).unwrap_or_default(),
    })
}

fn group_from_proto(group: proto::Group) -> Result<GroupState, BadPast> {
    let epoch = |epoch: &proto::Epoch| Ok((epoch.number, array(&epoch.roster_hash)?));
    let secret = Zeroizing::new(group.secret);
    if group.revision == 0 || group.title.len() > limits::GROUP_TITLE_SIZE_MAX_BYTES {
        return Err(BadPast);
    }
    Ok(GroupState {
        group: GroupId::from_bytes(array(&group.group)?),
        revision: group.revision,
        roster: group.roster.into(),
        secret: Zeroizing::new(array(&secret)?),
        standing: if group.is_out { GroupStanding::Out } else { GroupStanding::Member },
        title: group.title,
        past_epochs: group.past_epochs.iter().map(epoch).collect::<Result<_, BadPast>>()?,
        // Who came after another device wrote came before this one did.
        joined: Vec::new(),
        last_by: DeviceAddress {
            account: account(&group.last_account)?,
            device: device(&group.last_device)?,
        },
        vouched_by: (!group.vouched_by.is_empty()).then(|| account(&group.vouched_by)).transpose()?,
    })
}

fn entry_to_proto(message: &Message, said: &[SaidBy]) -> Option<proto::Entry> {
    use proto::entry::{Notice as Happened, State};
    let state = match message.status {
        // What is sealed is as good as sent: it may have been sealed without the device that is to have it.
        Status::Outgoing(Delivery::Sending) if message.counter > 0 => State::Sent,
        Status::Outgoing(Delivery::Sent) => State::Sent,
        Status::Outgoing(Delivery::Delivered) => State::Delivered,
        Status::Outgoing(Delivery::Read) => State::ReadByThem,
        Status::Incoming(Reception::Unread) => State::Unread,
        Status::Incoming(Reception::Read) => State::ReadByUs,
        Status::Local => State::Local,
        // On its way: it comes by itself, once it is sealed for the other device too. Or nothing that another device has.
        Status::Outgoing(
            Delivery::Queued
            | Delivery::Held(_)
            | Delivery::Sending
            | Delivery::Failed(_)
            | Delivery::Cancelled,
        )
        | Status::Incoming(Reception::Waiting | Reception::Lost) => return None,
    };
    let mut entry = proto::Entry {
        message: message.id.as_bytes().to_vec(),
        conversation: message.conversation.as_bytes().to_vec(),
        sender_account: message.sender.account.as_bytes().to_vec(),
        sender_device: message.sender.device.as_bytes().to_vec(),
        counter: message.counter,
        sent_at_ms: message.sent_at_ms,
        stored_at_ms: message.stored_at_ms,
        state: state.into(),
        marks: message.marks.to_bytes(),
        edited: message.edited,
        said: said.iter().map(|said| said_to_proto(message.id, said)).collect(),
        ..proto::Entry::default()
    };
    match &message.body {
        Body::Text(_) if state == State::Local => return None,
        Body::Text(text) => entry.text.clone_from(text),
        Body::Deleted => entry.deleted = true,
        Body::Group(event) => entry.event = event.to_bytes(),
        Body::Notice(notice) => {
            let happened = match notice {
                Notice::KeyChanged => Happened::KeyChanged,
                Notice::KeyAccepted => Happened::KeyAccepted,
                Notice::DevicesChanged => Happened::DevicesChanged,
                Notice::RelayReset => Happened::RelayReset,
                Notice::TimerChanged { seconds } => {
                    entry.timer_s = *seconds;
                    Happened::TimerChanged
                }
            };
            entry.notice = happened.into();
        }
        Body::Unreadable => return None,
    }
    Some(entry)
}

fn body_of(entry: &proto::Entry) -> Result<Body, BadPast> {
    use proto::entry::Notice as Happened;
    let notice = match entry.notice() {
        Happened::None => None,
        Happened::KeyChanged => Some(Notice::KeyChanged),
        Happened::KeyAccepted => Some(Notice::KeyAccepted),
        Happened::DevicesChanged => Some(Notice::DevicesChanged),
        Happened::RelayReset => Some(Notice::RelayReset),
        Happened::TimerChanged => Some(Notice::TimerChanged { seconds: entry.timer_s }),
    };
    if let Some(notice) = notice {
        return Ok(Body::Notice(notice));
    }
    if !entry.event.is_empty() {
        return GroupEvent::from_bytes(&entry.event).map(Body::Group).ok_or(BadPast);
    }
    if entry.deleted {
        return Ok(Body::Deleted);
    }
    if entry.text.is_empty() || entry.text.len() > limits::TEXT_SIZE_MAX_BYTES {
        return Err(BadPast);
    }
    Ok(Body::Text(entry.text.clone()))
}

fn entry_from_proto(entry: proto::Entry) -> Result<PastRecord, BadPast> {
    use proto::entry::State;
    let body = body_of(&entry)?;
    let is_local = matches!(body, Body::Notice(_) | Body::Group(_));
    let status = match entry.state() {
        State::Sent => Status::Outgoing(Delivery::Sent),
        State::Delivered => Status::Outgoing(Delivery::Delivered),
        State::ReadByThem => Status::Outgoing(Delivery::Read),
        State::Unread => Status::Incoming(Reception::Unread),
        State::ReadByUs => Status::Incoming(Reception::Read),
        State::Local => Status::Local,
        State::Unspecified => return Err(BadPast),
    };
    let marks = Marks::from_bytes(&entry.marks).ok_or(BadPast)?;
    let text = if let Body::Text(text) = &body { text.as_str() } else { "" };
    if is_local != (status == Status::Local) || entry.counter > i64::MAX as u64 || marks.check(text).is_err()
    {
        return Err(BadPast);
    }
    let id = MessageId::from_slice(&entry.message).ok_or(BadPast)?;
    let mut said = Vec::with_capacity(entry.said.len());
    for one in &entry.said {
        let (target, by) = said_from_proto(one)?;
        if target != id {
            return Err(BadPast);
        }
        said.push(by);
    }
    let message = Message {
        id,
        conversation: conversation(&entry.conversation)?,
        sender: DeviceAddress {
            account: account(&entry.sender_account)?,
            device: device(&entry.sender_device)?,
        },
        counter: entry.counter,
        sent_at_ms: entry.sent_at_ms,
        stored_at_ms: entry.stored_at_ms,
        body,
        marks,
        edited: entry.edited,
        status,
    };
    Ok(PastRecord::Entry { message, said, due_at_ms: entry.due_at_ms })
}

fn said_to_proto(target: MessageId, (author, items): &SaidBy) -> proto::Said {
    proto::Said {
        author: author.as_bytes().to_vec(),
        annotations: annotations_to_bytes(target, items),
        conversation: Vec::new(),
    }
}

fn said_from_proto(said: &proto::Said) -> Result<(MessageId, SaidBy), BadPast> {
    let (target, items) = annotations_from_bytes(&said.annotations).map_err(|_| BadPast)?;
    Ok((target, (account(&said.author)?, items)))
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], BadPast> {
    bytes.try_into().map_err(|_| BadPast)
}

fn account(bytes: &[u8]) -> Result<AccountId, BadPast> {
    AccountId::from_slice(bytes).ok_or(BadPast)
}

fn device(bytes: &[u8]) -> Result<DeviceId, BadPast> {
    DeviceId::from_slice(bytes).ok_or(BadPast)
}

fn conversation(bytes: &[u8]) -> Result<ConversationId, BadPast> {
    array(bytes).map(ConversationId::from_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::Setting;

    fn id<const N: u8>() -> [u8; 16] {
        [N; 16]
    }

    fn message(text: &str, status: Status) -> Message {
        let own = AccountId::from_bytes(id::<1>());
        Message {
            id: MessageId::v7(1_700_000_000_000, [4; 10]),
            conversation: ConversationId::direct(own, AccountId::from_bytes(id::<2>())),
            sender: DeviceAddress { account: own, device: DeviceId::from_bytes(id::<3>()) },
            counter: 7,
            sent_at_ms: -5,
            stored_at_ms: 6,
            body: Body::Text(text.to_owned()),
            marks: Marks::default(),
            edited: true,
            status,
        }
    }

    fn entry(message: Message) -> PastRecord {
        PastRecord::Entry { message, said: Vec::new(), due_at_ms: 0 }
    }

    fn through(records: &[PastRecord]) -> Past {
        let mut piece = PastPiece::default();
        for record in records {
            piece.push(record);
        }
        Past::decode(&piece.encode(3, 9, vec![8])).unwrap()
    }

    #[test]
    fn every_record_comes_back_as_it_went() {
        let (own, other) = (AccountId::from_bytes(id::<1>()), AccountId::from_bytes(id::<2>()));
        let revision = Revision { count: 3, device: DeviceId::from_bytes(id::<3>()) };
        let text = message("hello", Status::Outgoing(Delivery::Read));
        let conversation = text.conversation;
        let local = |body| Message { body, status: Status::Local, edited: false, ..text.clone() };
        let reaction = (other, vec![(Change::React("+".to_owned()), revision)]);
        let edit = (own, vec![(Change::Edit("hello".to_owned()), revision)]);
        let records = vec![
            PastRecord::Account(AccountState {
                account: other,
                handle: Handle::new("bob").unwrap(),
                account_key: [5; 32],
                device_list: vec![1, 2],
                device_list_version: 4,
                standing: Standing::Good,
                verified: true,
            }),
            PastRecord::Conversation { conversation, peer: other, created_at_ms: 5 },
            PastRecord::Group(GroupState {
                group: GroupId::from_bytes(id::<9>()),
                revision: 4,
                roster: vec![1, 2, 3].into(),
                secret: Zeroizing::new([6; 32]),
                standing: GroupStanding::Out,
                title: "birds".to_owned(),
                past_epochs: vec![(2, [7; 32])],
                joined: Vec::new(),
                last_by: text.sender,
                vouched_by: Some(other),
            }),
            PastRecord::Setting(SettingRecord { conversation, setting: Setting::MutedUntil(9), revision }),
            PastRecord::Entry { message: text.clone(), said: vec![edit, reaction.clone()], due_at_ms: 7 },
            entry(message("unread", Status::Incoming(Reception::Unread))),
            entry(Message { body: Body::Deleted, ..text.clone() }),
            entry(local(Body::Group(GroupEvent::Title("birds".to_owned())))),
            entry(local(Body::Notice(Notice::TimerChanged { seconds: 60 }))),
            PastRecord::Said { conversation, target: text.id, said: reaction },
            PastRecord::Receipt {
                conversation,
                member: other,
                author: text.sender.device,
                kind: ReceiptKind::Read,
                ranges: vec![CounterRange { first: 1, last: 3 }, CounterRange { first: 5, last: 5 }],
            },
        ];
        assert_eq!(through(&records), Past { records, done: 3, of: 9, place: vec![8], is_last: false });
        assert!(Past::decode(&PastPiece::last(3)).unwrap().is_last);
    }

    #[test]
    fn the_longest_message_fills_a_piece() {
        let long = entry(message(&"é".repeat(32 * 1024), Status::Outgoing(Delivery::Read)));
        let mut piece = PastPiece::default();
        assert!(piece.push(&long));
        assert_eq!(Past::decode(&piece.encode(1, 1, Vec::new())).unwrap().records, [long]);
    }

    #[test]
    fn what_is_on_its_way_stays_behind_and_what_is_sealed_goes() {
        let on_its_way =
            [Delivery::Queued, Delivery::Cancelled].map(|delivery| message("x", Status::Outgoing(delivery)));
        let unsealed = Message { counter: 0, ..message("x", Status::Outgoing(Delivery::Sending)) };
        let waiting = Message { body: Body::Unreadable, ..message("", Status::Incoming(Reception::Waiting)) };
        let none: Vec<PastRecord> = on_its_way
            .into_iter()
            .chain([unsealed, waiting, message("x", Status::Local)])
            .map(entry)
            .collect();
        assert_eq!(through(&none).records, []);
        let sealed = through(&[entry(message("x", Status::Outgoing(Delivery::Sending)))]);
        assert_eq!(sealed.records, [entry(message("x", Status::Outgoing(Delivery::Sent)))]);
        assert_eq!(sealed.entries(), 1);
    }

    #[test]
    fn what_no_correct_device_says_is_refused() {
        let text = message("x", Status::Outgoing(Delivery::Sent));
        let good = entry_to_proto(&text, &[]).unwrap();
        let decode = |entry| {
            let record = Some(proto::record::Record::Entry(entry));
            let past = proto::Past { records: vec![proto::Record { record }], ..proto::Past::default() };
            Past::decode(&past.encode_to_vec())
        };
        assert!(decode(good.clone()).is_ok());
        let bad = [
            proto::Entry { state: 0, ..good.clone() },
            proto::Entry { state: 6, ..good.clone() },
            proto::Entry { text: String::new(), ..good.clone() },
            proto::Entry { message: vec![1; 15], ..good.clone() },
            proto::Entry { counter: u64::MAX, ..good.clone() },
            proto::Entry { event: vec![0xff; 3], ..good.clone() },
            proto::Entry { marks: vec![0xff; 3], ..good.clone() },
            proto::Entry { said: vec![proto::Said::default()], ..good },
        ];
        for entry in bad {
            assert_eq!(decode(entry), Err(BadPast));
        }
        assert_eq!(Past::decode(b"\xff"), Err(BadPast));
        let unknown = proto::Past { records: vec![proto::Record { record: None }], ..proto::Past::default() };
        assert_eq!(Past::decode(&unknown.encode_to_vec()).map(|past| past.records), Ok(Vec::new()));
    }
}
