//! What is inside a sealed payload (docs/spec.md, "Content"): encoded, padded, and checked when it is read.

mod door;

use prost::Message as _;
use waxwing_crypto::{pad, unpad};
use waxwing_wire::{AccountId, DeviceId, MessageId, RoomId, limits};
use zeroize::Zeroizing;

use crate::annotation::{Change, REACTION_SIZE_MAX_BYTES, Revision};
use crate::groups::told::{VOUCHES_MAX, Vouch};
use crate::marks::Marks;
use crate::model::{
    ConversationId, CounterRange, DEVICE_NAME_MAX_BYTES, Invitation, InvitationId, JoinRequest, Party,
    ReceiptKind,
};
use crate::past::PastAsk;
use crate::setting::Setting;

/// The generated protobuf types.
pub(crate) mod proto {
    #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
    include!(concat!(env!("OUT_DIR"), "/waxwing.content.v1.rs"));
}

/// Submissions named in one request to send again.
pub(crate) const SEND_AGAIN_MAX: usize = 100;

/// Runs in one receipt.
pub(crate) const RANGES_MAX: usize = 500;

/// Registers of one account for one message.
const ANNOTATIONS_MAX: usize = 8;

/// Longest place in the past of an account, in bytes.
const PLACE_MAX_BYTES: usize = 256;

/// Settings in one content.
const SETTINGS_MAX: usize = 16;

/// What one device says to another.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Content {
    /// Where it belongs.
    pub(crate) conversation: ConversationId,
    /// Whom the sender wrote to: an account, or all of the group whose conversation it is.
    pub(crate) to: Party,
    /// What it says.
    pub(crate) body: ContentBody,
}

/// What a content says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum ContentBody {
    /// What a person wrote.
    Text(Text),
    /// How far messages got.
    Receipt { kind: ReceiptKind, author: DeviceId, ranges: Vec<CounterRange> },
    /// These could not be opened.
    SendAgain { wire_ids: Vec<MessageId> },
    /// These cannot be sent again.
    Unavailable { lost: Vec<MessageId>, not_messages: Vec<MessageId> },
    /// The sender's key of a group, as it stands.
    SenderKey { distribution: Zeroizing<Vec<u8>> },
    /// A group that the recipient is in, as its sender knows it.
    Introduction(Introduction),
    /// Messages of a group cannot be opened here.
    AskKey(AskKey),
    /// What a device of the sender's account is called; only to its others.
    DeviceName(DeviceName),
    /// A device of the sender's account asks for what ours knows.
    AskPast(PastAsk),
    /// What the sender's account says about a message.
    Annotations { target: MessageId, items: Vec<(Change, Revision)> },
    /// Settings of the conversation.
    Settings { items: Vec<(Setting, Revision)> },
    /// Somebody asks to be in the group, by the token of an invitation.
    AskToJoin { token: Zeroizing<[u8; 16]> },
    /// The recipient is not let in by this invitation.
    JoinRefused { invitation: InvitationId },
    /// What those know who let in.
    Invitations { invitations: Vec<Invitation>, requests: Vec<JoinRequest> },
    /// The picture of the group.
    GroupPicture { picture: Vec<u8> },
    /// The picture of this hash is not here.
    AskGroupPicture { hash: [u8; 32] },
    /// Something of a newer client.
    Unknown,
}

/// A group as a member knows it, for somebody who comes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Introduction {
    pub(crate) secret: Zeroizing<[u8; 32]>,
    /// The relay's revision at which the roster stands.
    pub(crate) revision: u64,
    /// `Roster::to_snapshot`.
    pub(crate) roster: Vec<u8>,
}

/// What is missing to open messages of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AskKey {
    /// The chain that they name.
    pub(crate) chain: [u8; 16],
    /// The group itself is not known.
    pub(crate) introduce: bool,
}

/// A name that a user gave a device.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DeviceName {
    pub(crate) device: DeviceId,
    pub(crate) name: String,
    /// None: the greeting of a device that is new.
    pub(crate) named: Option<Revision>,
}

/// What a person wrote.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) message: MessageId,
    pub(crate) counter: u64,
    pub(crate) sent_at_ms: i64,
    pub(crate) text: String,
    /// The submission that this one repeats.
    pub(crate) answers: Option<MessageId>,
    /// How messages of others read at the sender.
    pub(crate) vouches: Vec<Vouch>,
    /// Its author has changed it since: this is what stands now.
    pub(crate) edited: bool,
    pub(crate) marks: Marks,
}

/// The bytes are not a content that a correct client would send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadContent;

impl Content {
    /// Encodes, without padding.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let ids = |ids: &[MessageId]| ids.iter().map(|id| id.as_bytes().to_vec()).collect();
        let body = match &self.body {
            ContentBody::Text(text) => Some(proto::content::Body::Text(text_to_proto(text))),
            ContentBody::Receipt { kind, author, ranges } => {
                Some(proto::content::Body::Receipt(receipt_to_proto(*kind, *author, ranges)))
            }
            ContentBody::SendAgain { wire_ids } => {
                Some(proto::content::Body::SendAgain(proto::SendAgain { wire_ids: ids(wire_ids) }))
            }
            ContentBody::Unavailable { lost, not_messages } => {
                Some(proto::content::Body::Unavailable(proto::Unavailable {
                    lost: ids(lost),
                    not_messages: ids(not_messages),
                }))
            }
            ContentBody::SenderKey { distribution } => {
                Some(proto::content::Body::SenderKey(proto::SenderKey {
                    distribution: distribution.to_vec(),
                }))
            }
            ContentBody::Introduction(introduction) => {
                Some(proto::content::Body::Introduction(introduction_to_proto(introduction)))
            }
            ContentBody::AskKey(ask) => Some(proto::content::Body::AskKey(proto::AskKey {
                chain_id: ask.chain.to_vec(),
                introduce: ask.introduce,
            })),
            ContentBody::DeviceName(said) => {
                Some(proto::content::Body::DeviceName(device_name_to_proto(said)))
            }
            ContentBody::AskPast(ask) => Some(proto::content::Body::AskPast(ask_past_to_proto(ask))),
            ContentBody::Annotations { target, items } => {
                Some(proto::content::Body::Annotations(annotations_to_proto(*target, items)))
            }
            ContentBody::Settings { items } => Some(proto::content::Body::Settings(settings_to_proto(items))),
            ContentBody::AskToJoin { token } => {
                Some(proto::content::Body::AskToJoin(proto::AskToJoin { token: token.to_vec() }))
            }
            ContentBody::JoinRefused { invitation } => {
                let invitation = invitation.0.to_vec();
                Some(proto::content::Body::JoinRefused(proto::JoinRefused { invitation }))
            }
            ContentBody::Invitations { invitations, requests } => {
                Some(proto::content::Body::Invitations(door::to_proto(invitations, requests)))
            }
            ContentBody::GroupPicture { picture } => {
                Some(proto::content::Body::GroupPicture(proto::GroupPicture { picture: picture.clone() }))
            }
            ContentBody::AskGroupPicture { hash } => {
                Some(proto::content::Body::AskGroupPicture(proto::AskGroupPicture { hash: hash.to_vec() }))
            }
            ContentBody::Unknown => None,
        };
        let content = proto::Content {
            conversation_id: self.conversation.as_bytes().to_vec(),
            recipient_account: match self.to {
                Party::Account(account) => account.as_bytes().to_vec(),
                Party::Group(_) => Vec::new(),
            },
            body,
        };
        Zeroizing::new(content.encode_to_vec())
    }

    /// Encodes and pads: what is sealed.
    pub(crate) fn encode_padded(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(pad(&self.encode()))
    }

    /// Reads what [`Content::encode_padded`] made.
    pub(crate) fn decode_padded(bytes: &[u8]) -> Result<Content, BadContent> {
        Content::decode(unpad(bytes).map_err(|_| BadContent)?)
    }

    /// Reads what [`Content::encode`] made.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Content, BadContent> {
        let content = proto::Content::decode(bytes).map_err(|_| BadContent)?;
        let body = match content.body {
            Some(proto::content::Body::Text(text)) => ContentBody::Text(text_from_proto(text)?),
            Some(proto::content::Body::Receipt(receipt)) => receipt_from_proto(&receipt)?,
            Some(proto::content::Body::SendAgain(again)) => {
                ContentBody::SendAgain { wire_ids: message_ids(&again.wire_ids)? }
            }
            Some(proto::content::Body::Unavailable(gone)) => ContentBody::Unavailable {
                lost: message_ids(&gone.lost)?,
                not_messages: message_ids(&gone.not_messages)?,
            },
            Some(proto::content::Body::SenderKey(key)) => {
                ContentBody::SenderKey { distribution: Zeroizing::new(key.distribution) }
            }
            Some(proto::content::Body::Introduction(introduction)) => introduction_from_proto(introduction)?,
            Some(proto::content::Body::AskKey(ask)) => ContentBody::AskKey(AskKey {
                chain: ask.chain_id.try_into().map_err(|_| BadContent)?,
                introduce: ask.introduce,
            }),
            Some(proto::content::Body::DeviceName(said)) => device_name_from_proto(said)?,
            Some(proto::content::Body::AskPast(ask)) => ask_past_from_proto(ask)?,
            Some(proto::content::Body::Annotations(annotations)) => annotations_from_proto(annotations)?,
            Some(proto::content::Body::Settings(settings)) => settings_from_proto(settings)?,
            Some(proto::content::Body::AskToJoin(asks)) => {
                let token = Zeroizing::new(asks.token);
                ContentBody::AskToJoin {
                    token: Zeroizing::new(token[..].try_into().map_err(|_| BadContent)?),
                }
            }
            Some(proto::content::Body::JoinRefused(refused)) => {
                let id = refused.invitation.try_into().map_err(|_| BadContent)?;
                ContentBody::JoinRefused { invitation: InvitationId(id) }
            }
            Some(proto::content::Body::Invitations(said)) => door::from_proto(said)?,
            Some(proto::content::Body::GroupPicture(said)) => {
                if said.picture.len() > limits::GROUP_PICTURE_SIZE_MAX_BYTES {
                    return Err(BadContent);
                }
                ContentBody::GroupPicture { picture: said.picture }
            }
            Some(proto::content::Body::AskGroupPicture(asks)) => {
                ContentBody::AskGroupPicture { hash: asks.hash.try_into().map_err(|_| BadContent)? }
            }
            None => ContentBody::Unknown,
        };
        let conversation: [u8; 16] = content.conversation_id.try_into().map_err(|_| BadContent)?;
        let conversation = ConversationId::from_bytes(conversation);
        let to = match &content.recipient_account[..] {
            [] => Party::Group(conversation.as_group()),
            account => Party::Account(AccountId::from_slice(account).ok_or(BadContent)?),
        };
        Ok(Content { conversation, to, body })
    }
}

fn text_to_proto(text: &Text) -> proto::Text {
    proto::Text {
        message_id: text.message.as_bytes().to_vec(),
        counter: text.counter,
        sent_at_ms: text.sent_at_ms,
        text: text.text.clone(),
        answers: text.answers.map(|id| id.as_bytes().to_vec()).unwrap_or_default(),
        vouches: text.vouches.iter().map(vouch_to_proto).collect(),
        edited: text.edited,
        marks: text.marks.to_proto(),
    }
}

fn text_from_proto(text: proto::Text) -> Result<Text, BadContent> {
    if text.counter == 0 || text.counter > i64::MAX as u64 || text.text.len() > limits::TEXT_SIZE_MAX_BYTES {
        return Err(BadContent);
    }
    if text.vouches.len() > VOUCHES_MAX {
        return Err(BadContent);
    }
    let answers = if text.answers.is_empty() {
        None
    } else {
        Some(MessageId::from_slice(&text.answers).ok_or(BadContent)?)
    };
    let marks = text.marks.map(Marks::from_proto).transpose()?.unwrap_or_default();
    marks.check(&text.text).map_err(|_| BadContent)?;
    Ok(Text {
        message: MessageId::from_slice(&text.message_id).ok_or(BadContent)?,
        counter: text.counter,
        sent_at_ms: text.sent_at_ms,
        text: text.text,
        answers,
        vouches: text.vouches.iter().map(vouch_from_proto).collect::<Result<_, _>>()?,
        edited: text.edited,
        marks,
    })
}

fn vouch_to_proto(vouch: &Vouch) -> proto::Vouch {
    proto::Vouch { message_id: vouch.message.as_bytes().to_vec(), digest: vouch.digest.to_vec() }
}

fn vouch_from_proto(vouch: &proto::Vouch) -> Result<Vouch, BadContent> {
    Ok(Vouch {
        message: MessageId::from_slice(&vouch.message_id).ok_or(BadContent)?,
        digest: vouch.digest[..].try_into().map_err(|_| BadContent)?,
    })
}

fn device_name_to_proto(said: &DeviceName) -> proto::DeviceName {
    proto::DeviceName {
        device: said.device.as_bytes().to_vec(),
        name: said.name.clone(),
        count: said.named.map_or(0, |named| named.count),
        named_by: said.named.map(|named| named.device.as_bytes().to_vec()).unwrap_or_default(),
    }
}

fn introduction_to_proto(introduction: &Introduction) -> proto::Introduction {
    proto::Introduction {
        secret: introduction.secret.to_vec(),
        revision: introduction.revision,
        roster: introduction.roster.clone(),
    }
}

fn introduction_from_proto(introduction: proto::Introduction) -> Result<ContentBody, BadContent> {
    let secret = Zeroizing::new(introduction.secret);
    Ok(ContentBody::Introduction(Introduction {
        secret: Zeroizing::new(secret[..].try_into().map_err(|_| BadContent)?),
        revision: introduction.revision,
        roster: introduction.roster,
    }))
}

fn ask_past_to_proto(ask: &PastAsk) -> proto::AskPast {
    proto::AskPast {
        room: ask.room.as_bytes().to_vec(),
        secret: ask.secret.to_vec(),
        place: ask.place.clone(),
    }
}

fn ask_past_from_proto(ask: proto::AskPast) -> Result<ContentBody, BadContent> {
    let secret = Zeroizing::new(ask.secret);
    if ask.place.len() > PLACE_MAX_BYTES {
        return Err(BadContent);
    }
    Ok(ContentBody::AskPast(PastAsk {
        room: RoomId::from_slice(&ask.room).ok_or(BadContent)?,
        secret: Zeroizing::new(secret[..].try_into().map_err(|_| BadContent)?),
        place: ask.place,
    }))
}

fn device_name_from_proto(said: proto::DeviceName) -> Result<ContentBody, BadContent> {
    // A greeting has neither name nor revision; a name has both.
    let fits = said.name.is_empty() == (said.count == 0) && said.count <= i64::MAX as u64;
    if !fits || said.name.len() > DEVICE_NAME_MAX_BYTES {
        return Err(BadContent);
    }
    let id = |bytes: &[u8]| DeviceId::from_slice(bytes).ok_or(BadContent);
    let named = match said.count {
        0 => None,
        count => Some(Revision { count, device: id(&said.named_by)? }),
    };
    Ok(ContentBody::DeviceName(DeviceName { device: id(&said.device)?, name: said.name, named }))
}

fn annotations_to_proto(target: MessageId, items: &[(Change, Revision)]) -> proto::Annotations {
    use proto::annotation::Change as Said;
    let item = |(change, revision): &(Change, Revision)| proto::Annotation {
        count: revision.count,
        device: revision.device.as_bytes().to_vec(),
        change: Some(match change {
            Change::Edit(text) => Said::Edit(text.clone()),
            Change::Delete => Said::Delete(true),
            Change::React(reaction) => Said::Reaction(reaction.clone()),
            Change::Hide => Said::Hide(true),
        }),
    };
    proto::Annotations { message_id: target.as_bytes().to_vec(), items: items.iter().map(item).collect() }
}

/// Registers of one account as bytes.
pub(crate) fn annotations_to_bytes(target: MessageId, items: &[(Change, Revision)]) -> Vec<u8> {
    annotations_to_proto(target, items).encode_to_vec()
}

/// Reads what [`annotations_to_bytes`] made.
pub(crate) fn annotations_from_bytes(
    bytes: &[u8],
) -> Result<(MessageId, Vec<(Change, Revision)>), BadContent> {
    registers_from_proto(proto::Annotations::decode(bytes).map_err(|_| BadContent)?)
}

fn annotations_from_proto(annotations: proto::Annotations) -> Result<ContentBody, BadContent> {
    let (target, items) = registers_from_proto(annotations)?;
    Ok(ContentBody::Annotations { target, items })
}

fn registers_from_proto(
    annotations: proto::Annotations,
) -> Result<(MessageId, Vec<(Change, Revision)>), BadContent> {
    use proto::annotation::Change as Said;
    if annotations.items.len() > ANNOTATIONS_MAX {
        return Err(BadContent);
    }
    let mut items = Vec::with_capacity(annotations.items.len());
    for item in annotations.items {
        let change = match item.change {
            Some(Said::Edit(text)) if text.is_empty() || text.len() > limits::TEXT_SIZE_MAX_BYTES => {
                return Err(BadContent);
            }
            Some(Said::Reaction(reaction)) if reaction.len() > REACTION_SIZE_MAX_BYTES => {
                return Err(BadContent);
            }
            Some(Said::Edit(text)) => Change::Edit(text),
            Some(Said::Delete(_)) => Change::Delete,
            Some(Said::Reaction(reaction)) => Change::React(reaction),
            Some(Said::Hide(_)) => Change::Hide,
            // Of a newer client.
            None => continue,
        };
        if item.count == 0 || item.count > i64::MAX as u64 {
            return Err(BadContent);
        }
        let device = DeviceId::from_slice(&item.device).ok_or(BadContent)?;
        items.push((change, Revision { count: item.count, device }));
    }
    let target = MessageId::from_slice(&annotations.message_id).ok_or(BadContent)?;
    Ok((target, items))
}

/// Settings as bytes.
pub(crate) fn settings_to_bytes(items: &[(Setting, Revision)]) -> Vec<u8> {
    settings_to_proto(items).encode_to_vec()
}

/// Reads what [`settings_to_bytes`] made.
pub(crate) fn settings_from_bytes(bytes: &[u8]) -> Result<Vec<(Setting, Revision)>, BadContent> {
    registered_settings(proto::Settings::decode(bytes).map_err(|_| BadContent)?)
}

fn settings_to_proto(items: &[(Setting, Revision)]) -> proto::Settings {
    use proto::setting::Value;
    let item = |(setting, revision): &(Setting, Revision)| proto::Setting {
        count: revision.count,
        device: revision.device.as_bytes().to_vec(),
        value: Some(match setting {
            Setting::Draft(text) => Value::Draft(text.clone()),
            Setting::MutedUntil(until_ms) => Value::MutedUntilMs(*until_ms),
            Setting::Pinned(is) => Value::Pinned(*is),
            Setting::Archived(is) => Value::Archived(*is),
            Setting::MarkedUnread(is) => Value::MarkedUnread(*is),
            Setting::Blocked(is) => Value::Blocked(*is),
            Setting::Timer(seconds) => Value::TimerS(*seconds),
        }),
    };
    proto::Settings { items: items.iter().map(item).collect() }
}

fn settings_from_proto(settings: proto::Settings) -> Result<ContentBody, BadContent> {
    Ok(ContentBody::Settings { items: registered_settings(settings)? })
}

fn registered_settings(settings: proto::Settings) -> Result<Vec<(Setting, Revision)>, BadContent> {
    use proto::setting::Value;
    if settings.items.len() > SETTINGS_MAX {
        return Err(BadContent);
    }
    let mut items = Vec::with_capacity(settings.items.len());
    for item in settings.items {
        let setting = match item.value {
            Some(Value::Draft(text)) => Setting::Draft(text),
            Some(Value::MutedUntilMs(until_ms)) => Setting::MutedUntil(until_ms),
            Some(Value::Pinned(is)) => Setting::Pinned(is),
            Some(Value::Archived(is)) => Setting::Archived(is),
            Some(Value::MarkedUnread(is)) => Setting::MarkedUnread(is),
            Some(Value::Blocked(is)) => Setting::Blocked(is),
            Some(Value::TimerS(seconds)) => Setting::Timer(seconds),
            // Of a newer client.
            None => continue,
        };
        if item.count == 0 || item.count > i64::MAX as u64 || !setting.is_sound() {
            return Err(BadContent);
        }
        let device = DeviceId::from_slice(&item.device).ok_or(BadContent)?;
        items.push((setting, Revision { count: item.count, device }));
    }
    Ok(items)
}

fn receipt_to_proto(kind: ReceiptKind, author: DeviceId, ranges: &[CounterRange]) -> proto::Receipt {
    proto::Receipt {
        kind: match kind {
            ReceiptKind::Delivered => proto::receipt::Kind::Delivered.into(),
            ReceiptKind::Read => proto::receipt::Kind::Read.into(),
        },
        author_device: author.as_bytes().to_vec(),
        ranges: ranges.iter().map(|range| proto::Range { first: range.first, last: range.last }).collect(),
    }
}

fn receipt_from_proto(receipt: &proto::Receipt) -> Result<ContentBody, BadContent> {
    let kind = match receipt.kind() {
        proto::receipt::Kind::Delivered => ReceiptKind::Delivered,
        proto::receipt::Kind::Read => ReceiptKind::Read,
        proto::receipt::Kind::Unspecified => return Ok(ContentBody::Unknown),
    };
    let range = |range: &proto::Range| {
        let sound = range.first >= 1 && range.first <= range.last && range.last <= i64::MAX as u64;
        sound.then_some(CounterRange { first: range.first, last: range.last }).ok_or(BadContent)
    };
    if receipt.ranges.len() > RANGES_MAX {
        return Err(BadContent);
    }
    let ranges = receipt.ranges.iter().map(range).collect::<Result<Vec<_>, _>>()?;
    // Disjoint, so that one receipt is one walk over a conversation at most.
    if ranges.windows(2).any(|pair| pair[0].last >= pair[1].first) {
        return Err(BadContent);
    }
    let author = DeviceId::from_slice(&receipt.author_device).ok_or(BadContent)?;
    Ok(ContentBody::Receipt { kind, author, ranges })
}

fn message_ids(ids: &[Vec<u8>]) -> Result<Vec<MessageId>, BadContent> {
    if ids.len() > SEND_AGAIN_MAX {
        return Err(BadContent);
    }
    ids.iter().map(|id| MessageId::from_slice(id).ok_or(BadContent)).collect()
}
