//! What two devices say to each other while one is linked (docs/spec.md, "Linking a device"): bytes and back, checked.
//!
//! The channel itself is [`waxwing_crypto::link`]; how the two meet is the shell's affair.

use prost::Message as _;
use waxwing_crypto::link::LINK_CONTENT_BYTES_MAX;
use waxwing_crypto::{DeviceEntry, DevicePublic, DeviceSecrets};
use waxwing_wire::{AccountId, DeviceId, Handle, MessageId, limits};
use zeroize::Zeroizing;

use crate::marks::Marks;
use crate::model::{
    AccountState, Body, ConversationId, Delivery, DeviceAddress, LocalDevice, Message, Reception,
    Registration, Standing, Status,
};

/// The generated protobuf types.
mod proto {
    #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
    include!(concat!(env!("OUT_DIR"), "/waxwing.link.v1.rs"));
}

/// Parts of one thing that was said, at most.
const PARTS_MAX: usize = 16;

/// How much is gathered before it is said, in bytes.
const GATHERED_BYTES: usize = 48 * 1024;

/// The other device said something that a correct one would not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadLink;

/// The new device, as it introduces itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkDevice {
    /// Its id and its keys.
    Keys(Box<DeviceEntry>),
    /// The relay has its prekeys: what is sent from now on reaches it.
    Ready,
}

/// The account that a new device joins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkCertificate {
    /// Which.
    pub account: AccountId,
    /// Its handle.
    pub handle: Handle,
    /// Its public key.
    pub account_public: [u8; 32],
    /// The signed list, which names the new device.
    pub device_list: Vec<u8>,
}

/// A conversation, as the new device is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkConversation {
    /// Which.
    pub conversation: ConversationId,
    /// The other account.
    pub peer: AccountId,
    /// When it was made.
    pub created_at_ms: i64,
}

/// What a new device takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkImport {
    /// Whom the account knows, and its conversations.
    Contacts {
        /// Accounts and their pinned keys.
        accounts: Vec<AccountState>,
        /// Conversations with them.
        conversations: Vec<LinkConversation>,
    },
    /// Messages, oldest first.
    History {
        /// The messages.
        messages: Vec<Message>,
        /// How far this is.
        done: u64,
        /// Of how much.
        of: u64,
    },
}

/// The keys of a device that is about to be linked.
pub struct NewLinkDevice {
    device: DeviceId,
    secrets: Zeroizing<[u8; 64]>,
}

impl NewLinkDevice {
    /// Makes an id and keys.
    pub fn generate(rng: &mut impl rand_core::CryptoRng) -> NewLinkDevice {
        let device = DeviceId::from_bytes(crate::registration::random_id(rng));
        NewLinkDevice { device, secrets: crate::me::new_device_secrets(rng) }
    }

    /// What the list is to say of it.
    #[must_use]
    pub fn entry(&self) -> DeviceEntry {
        let keys = DeviceSecrets::from_bytes(&self.secrets).public();
        DeviceEntry { device: *self.device.as_bytes(), keys }
    }

    /// The device, once the account took it.
    #[must_use]
    pub fn into_local(self, certificate: LinkCertificate) -> LocalDevice {
        LocalDevice {
            address: DeviceAddress { account: certificate.account, device: self.device },
            handle: certificate.handle,
            account_key: None,
            device_secrets: self.secrets,
            account_public: certificate.account_public,
            device_list: certificate.device_list,
            registration: Registration::Done,
        }
    }
}

impl std::fmt::Debug for NewLinkDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewLinkDevice").field("device", &self.device).finish_non_exhaustive()
    }
}

impl LinkDevice {
    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            LinkDevice::Keys(entry) => proto::Device {
                device: entry.device.to_vec(),
                signing_key: entry.keys.signing_bytes().to_vec(),
                agreement_key: entry.keys.agreement_bytes().to_vec(),
                ready: false,
            },
            LinkDevice::Ready => proto::Device { ready: true, ..proto::Device::default() },
        }
        .encode_to_vec()
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// [`BadLink`].
    pub fn decode(bytes: &[u8]) -> Result<LinkDevice, BadLink> {
        let said = proto::Device::decode(bytes).map_err(|_| BadLink)?;
        if said.ready {
            return Ok(LinkDevice::Ready);
        }
        let keys = DevicePublic::parse(array(&said.signing_key)?, array(&said.agreement_key)?);
        let entry = DeviceEntry { device: array(&said.device)?, keys: keys.map_err(|_| BadLink)? };
        Ok(LinkDevice::Keys(Box::new(entry)))
    }
}

impl LinkCertificate {
    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        proto::Certificate {
            account: self.account.as_bytes().to_vec(),
            handle: self.handle.as_str().to_owned(),
            account_key: self.account_public.to_vec(),
            device_list: self.device_list.clone(),
        }
        .encode_to_vec()
    }

    /// Reads it. The engine checks the list when it takes the device over.
    ///
    /// # Errors
    ///
    /// [`BadLink`].
    pub fn decode(bytes: &[u8]) -> Result<LinkCertificate, BadLink> {
        let said = proto::Certificate::decode(bytes).map_err(|_| BadLink)?;
        Ok(LinkCertificate {
            account: AccountId::from_slice(&said.account).ok_or(BadLink)?,
            handle: Handle::new(&said.handle).map_err(|_| BadLink)?,
            account_public: array(&said.account_key)?,
            device_list: said.device_list,
        })
    }
}

/// Contacts and conversations in pieces that are said one after the other.
#[must_use]
pub fn encode_contacts(accounts: &[AccountState], conversations: &[LinkConversation]) -> Vec<Vec<u8>> {
    let contact = |known: &AccountState| proto::Contact {
        account: known.account.as_bytes().to_vec(),
        handle: known.handle.as_str().to_owned(),
        account_key: known.account_key.to_vec(),
        device_list: known.device_list.clone(),
        device_list_version: known.device_list_version,
        verified: known.verified && known.standing == Standing::Good,
    };
    let conversation = |known: &LinkConversation| proto::Conversation {
        conversation: known.conversation.as_bytes().to_vec(),
        peer: known.peer.as_bytes().to_vec(),
        created_at_ms: known.created_at_ms,
    };
    let mut pieces = Vec::new();
    let mut piece = proto::Contacts::default();
    for known in accounts {
        piece.contacts.push(contact(known));
        if piece.encoded_len() >= GATHERED_BYTES {
            pieces.push(std::mem::take(&mut piece).encode_to_vec());
        }
    }
    for known in conversations {
        piece.conversations.push(conversation(known));
        if piece.encoded_len() >= GATHERED_BYTES {
            pieces.push(std::mem::take(&mut piece).encode_to_vec());
        }
    }
    pieces.push(piece.encode_to_vec());
    pieces
}

/// Messages of the history, gathered until there are enough for one piece.
#[derive(Debug, Default)]
pub struct HistoryPiece {
    piece: proto::History,
    bytes: usize,
}

impl HistoryPiece {
    /// Adds a message, if it is one that other devices may know: readable, and not on its way any more. Returns whether the piece
    /// is full.
    pub fn push(&mut self, message: &Message) -> bool {
        if let Some(entry) = entry_to_proto(message) {
            self.bytes += entry.encoded_len() + 4;
            self.piece.entries.push(entry);
        }
        self.bytes >= GATHERED_BYTES
    }

    /// How many messages it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.piece.entries.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.piece.entries.is_empty()
    }

    /// Ends the piece, and begins the next.
    pub fn take(&mut self, done: u64, of: u64) -> Vec<u8> {
        self.bytes = 0;
        let mut piece = std::mem::take(&mut self.piece);
        (piece.done, piece.of) = (done, of);
        piece.encode_to_vec()
    }
}

impl LinkImport {
    /// Reads a piece of [`encode_contacts`].
    ///
    /// # Errors
    ///
    /// [`BadLink`].
    pub fn decode_contacts(bytes: &[u8]) -> Result<LinkImport, BadLink> {
        let said = proto::Contacts::decode(bytes).map_err(|_| BadLink)?;
        let contact = |known: proto::Contact| {
            Ok(AccountState {
                account: AccountId::from_slice(&known.account).ok_or(BadLink)?,
                handle: Handle::new(&known.handle).map_err(|_| BadLink)?,
                account_key: array(&known.account_key)?,
                device_list: known.device_list,
                device_list_version: known.device_list_version,
                standing: Standing::Good,
                verified: known.verified,
            })
        };
        let conversation = |known: proto::Conversation| {
            Ok(LinkConversation {
                conversation: ConversationId::from_bytes(array(&known.conversation)?),
                peer: AccountId::from_slice(&known.peer).ok_or(BadLink)?,
                created_at_ms: known.created_at_ms,
            })
        };
        Ok(LinkImport::Contacts {
            accounts: said.contacts.into_iter().map(contact).collect::<Result<_, BadLink>>()?,
            conversations: said
                .conversations
                .into_iter()
                .map(conversation)
                .collect::<Result<_, BadLink>>()?,
        })
    }

    /// Reads a [`HistoryPiece`].
    ///
    /// # Errors
    ///
    /// [`BadLink`].
    pub fn decode_history(bytes: &[u8]) -> Result<LinkImport, BadLink> {
        let said = proto::History::decode(bytes).map_err(|_| BadLink)?;
        let messages = said.entries.into_iter().map(entry_from_proto).collect::<Result<_, BadLink>>()?;
        Ok(LinkImport::History { messages, done: said.done, of: said.of })
    }
}

fn entry_to_proto(message: &Message) -> Option<proto::Entry> {
    use proto::entry::State;
    let Body::Text(text) = &message.body else { return None };
    let state = match message.status {
        Status::Outgoing(Delivery::Sent) => State::Sent,
        Status::Outgoing(Delivery::Delivered) => State::Delivered,
        Status::Outgoing(Delivery::Read) => State::ReadByThem,
        Status::Incoming(Reception::Unread) => State::Unread,
        Status::Incoming(Reception::Read) => State::ReadByUs,
        // On its way: it comes by itself, once it is sealed for the new device too. Or nothing that another device has.
        Status::Outgoing(
            Delivery::Queued
            | Delivery::Held(_)
            | Delivery::Sending
            | Delivery::Failed(_)
            | Delivery::Cancelled,
        )
        | Status::Incoming(Reception::Waiting | Reception::Lost)
        | Status::Local => return None,
    };
    Some(proto::Entry {
        message: message.id.as_bytes().to_vec(),
        conversation: message.conversation.as_bytes().to_vec(),
        sender_account: message.sender.account.as_bytes().to_vec(),
        sender_device: message.sender.device.as_bytes().to_vec(),
        counter: message.counter,
        sent_at_ms: message.sent_at_ms,
        stored_at_ms: message.stored_at_ms,
        text: text.clone(),
        state: state.into(),
        marks: message.marks.to_bytes(),
        edited: message.edited,
    })
}

fn entry_from_proto(entry: proto::Entry) -> Result<Message, BadLink> {
    use proto::entry::State;
    let status = match entry.state() {
        State::Sent => Status::Outgoing(Delivery::Sent),
        State::Delivered => Status::Outgoing(Delivery::Delivered),
        State::ReadByThem => Status::Outgoing(Delivery::Read),
        State::Unread => Status::Incoming(Reception::Unread),
        State::ReadByUs => Status::Incoming(Reception::Read),
        State::Unspecified => return Err(BadLink),
    };
    if entry.text.len() > limits::TEXT_SIZE_MAX_BYTES || entry.counter > i64::MAX as u64 {
        return Err(BadLink);
    }
    let marks = Marks::from_bytes(&entry.marks).ok_or(BadLink)?;
    marks.check(&entry.text).map_err(|_| BadLink)?;
    Ok(Message {
        id: MessageId::from_slice(&entry.message).ok_or(BadLink)?,
        conversation: ConversationId::from_bytes(array(&entry.conversation)?),
        sender: DeviceAddress {
            account: AccountId::from_slice(&entry.sender_account).ok_or(BadLink)?,
            device: DeviceId::from_slice(&entry.sender_device).ok_or(BadLink)?,
        },
        counter: entry.counter,
        sent_at_ms: entry.sent_at_ms,
        stored_at_ms: entry.stored_at_ms,
        body: Body::Text(entry.text),
        marks,
        edited: entry.edited,
        status,
    })
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], BadLink> {
    bytes.try_into().map_err(|_| BadLink)
}

/// Cuts what is said into parts that fit into a message of the channel.
#[must_use]
pub fn parts(said: &[u8]) -> Vec<Vec<u8>> {
    let chunks: Vec<&[u8]> = said.chunks(LINK_CONTENT_BYTES_MAX - 1).collect();
    if chunks.is_empty() {
        return vec![vec![0]];
    }
    let last = chunks.len() - 1;
    chunks.iter().enumerate().map(|(at, chunk)| [&[u8::from(at < last)], *chunk].concat()).collect()
}

/// Puts parts together again.
#[derive(Default)]
pub struct Joiner {
    gathered: Zeroizing<Vec<u8>>,
    parts: usize,
}

impl Joiner {
    /// Takes a part; gives the whole, once it is there.
    ///
    /// # Errors
    ///
    /// [`BadLink`] for what is no part, or for too many.
    pub fn push(&mut self, part: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, BadLink> {
        let (more, chunk) = part.split_first().ok_or(BadLink)?;
        self.parts += 1;
        if *more > 1 || self.parts > PARTS_MAX {
            return Err(BadLink);
        }
        self.gathered.extend_from_slice(chunk);
        if *more == 1 {
            return Ok(None);
        }
        self.parts = 0;
        Ok(Some(std::mem::take(&mut self.gathered)))
    }
}

impl std::fmt::Debug for Joiner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Joiner").field("parts", &self.parts).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str, status: Status) -> Message {
        let own = AccountId::from_bytes([1; 16]);
        Message {
            id: MessageId::v7(1_700_000_000_000, [4; 10]),
            conversation: ConversationId::direct(own, AccountId::from_bytes([2; 16])),
            sender: DeviceAddress { account: own, device: DeviceId::from_bytes([3; 16]) },
            counter: 7,
            sent_at_ms: -5,
            stored_at_ms: 6,
            body: Body::Text(text.to_owned()),
            marks: Marks::default(),
            edited: true,
            status,
        }
    }

    #[test]
    fn the_longest_message_goes_in_parts_and_comes_back() {
        let long = message(&"é".repeat(32 * 1024), Status::Outgoing(Delivery::Read));
        let mut piece = HistoryPiece::default();
        assert!(piece.push(&long));
        let said = piece.take(3, 9);
        let parts = parts(&said);
        assert!(parts.len() == 2 && parts.iter().all(|part| part.len() <= LINK_CONTENT_BYTES_MAX));
        let mut joiner = Joiner::default();
        assert_eq!(joiner.push(&parts[0]).unwrap(), None);
        let whole = joiner.push(&parts[1]).unwrap().unwrap();
        let expected = LinkImport::History { messages: vec![long], done: 3, of: 9 };
        assert_eq!(LinkImport::decode_history(&whole), Ok(expected));
    }

    #[test]
    fn what_is_on_its_way_is_no_history() {
        let mut piece = HistoryPiece::default();
        for status in [Delivery::Queued, Delivery::Sending, Delivery::Cancelled].map(Status::Outgoing) {
            piece.push(&message("x", status));
        }
        piece.push(&message("x", Status::Incoming(Reception::Waiting)));
        piece.push(&message("x", Status::Local));
        assert!(piece.is_empty());
        piece.push(&message("x", Status::Incoming(Reception::Unread)));
        assert_eq!(piece.len(), 1);
    }

    #[test]
    fn parts_without_end_are_refused() {
        let mut joiner = Joiner::default();
        for _ in 0..PARTS_MAX {
            assert_eq!(joiner.push(&[1, 0]).unwrap(), None);
        }
        assert_eq!(joiner.push(&[1, 0]), Err(BadLink));
        assert_eq!(Joiner::default().push(&[]), Err(BadLink));
        assert_eq!(Joiner::default().push(&[2]), Err(BadLink));
    }

    #[test]
    fn nonsense_is_refused() {
        for bytes in [&b"\xff"[..], b"", &[10, 3, 1, 2, 3]] {
            assert_eq!(LinkDevice::decode(bytes), Err(BadLink));
            assert_eq!(LinkCertificate::decode(bytes), Err(BadLink));
        }
        assert_eq!(LinkDevice::decode(&LinkDevice::Ready.encode()), Ok(LinkDevice::Ready));
    }
}
