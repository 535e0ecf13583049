//! Bytes to frames and back. Total: any bytes give a frame or an error, and nothing panics.

use std::fmt;

use bytes::Bytes;
use prost::Message as _;

use crate::frame::{
    AccountQuery, AccountRecord, ClientBody, ClientFrame, Destination, DevicePrekey, DeviceRecord, Envelope,
    FrameSignature, LoggedIn, Prekey, PublicKeyBytes, Refused, Register, RelayBody, RelayFrame, Request,
    SealedFor, Submit, UpdateDevices, Welcome,
};
use crate::group;
use crate::ids::{AccountId, DeviceId, EnvelopeId, FetchId, GroupId, Handle, MessageId, RelayId};
use crate::limits;
use crate::proto::{self, frame::Body};
use crate::refusal::RefusalCode;
use crate::room;

/// The bytes are not a frame that this side may receive. Says which part is wrong, never what it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// Longer than [`limits::FRAME_SIZE_MAX_BYTES`].
    TooLong,
    /// Not protobuf, or cut off.
    Malformed,
    /// No body, or one that this build does not know, or one for the other side.
    UnexpectedBody,
    /// A part is missing, has the wrong size, or is over its limit.
    BadField(&'static str),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::TooLong => f.write_str("the frame is too long"),
            DecodeError::Malformed => f.write_str("the frame is malformed"),
            DecodeError::UnexpectedBody => f.write_str("the frame has no body for this side"),
            DecodeError::BadField(name) => write!(f, "the frame's field '{name}' is not acceptable"),
        }
    }
}

impl std::error::Error for DecodeError {}

pub(crate) type Decoded<T> = Result<T, DecodeError>;

/// Encodes a frame of the client.
#[must_use]
pub fn encode_client(frame: &ClientFrame) -> Bytes {
    encode(frame.request, client_to_proto(&frame.body))
}

/// Encodes a frame of the relay.
#[must_use]
pub fn encode_relay(frame: &RelayFrame) -> Bytes {
    encode(frame.request, relay_to_proto(&frame.body))
}

fn encode(request: Request, body: Body) -> Bytes {
    proto::Frame { request: request.0, body: Some(body) }.encode_to_vec().into()
}

/// Decodes a frame that a client sent.
///
/// # Errors
///
/// [`DecodeError`] for anything that a correct client would not send.
pub fn decode_client(bytes: Bytes) -> Decoded<ClientFrame> {
    let (request, body) = decode(bytes)?;
    Ok(ClientFrame { request, body: client_from_proto(body)? })
}

/// Decodes a frame that a relay sent.
///
/// # Errors
///
/// [`DecodeError`] for anything that a correct relay would not send.
pub fn decode_relay(bytes: Bytes) -> Decoded<RelayFrame> {
    let (request, body) = decode(bytes)?;
    Ok(RelayFrame { request, body: relay_from_proto(body)? })
}

fn decode(bytes: Bytes) -> Decoded<(Request, Body)> {
    if bytes.len() > limits::FRAME_SIZE_MAX_BYTES {
        return Err(DecodeError::TooLong);
    }
    let frame = proto::Frame::decode(bytes).map_err(|_| DecodeError::Malformed)?;
    Ok((Request(frame.request), frame.body.ok_or(DecodeError::UnexpectedBody)?))
}

// ---- parts ----

fn array<const N: usize>(bytes: &[u8], name: &'static str) -> Decoded<[u8; N]> {
    bytes.try_into().map_err(|_| DecodeError::BadField(name))
}

pub(crate) fn account_id(bytes: &[u8]) -> Decoded<AccountId> {
    array(bytes, "account_id").map(AccountId::from_bytes)
}

fn device_id(bytes: &[u8]) -> Decoded<DeviceId> {
    array(bytes, "device_id").map(DeviceId::from_bytes)
}

pub(crate) fn message_id(bytes: &[u8]) -> Decoded<MessageId> {
    array(bytes, "message_id").map(MessageId::from_bytes)
}

pub(crate) fn group_id(bytes: &[u8]) -> Decoded<GroupId> {
    array(bytes, "group_id").map(GroupId::from_bytes)
}

fn key(bytes: &[u8], name: &'static str) -> Decoded<PublicKeyBytes> {
    array(bytes, name).map(PublicKeyBytes)
}

fn signature(bytes: &[u8], name: &'static str) -> Decoded<FrameSignature> {
    array(bytes, name).map(FrameSignature)
}

fn handle(text: &str) -> Decoded<Handle> {
    Handle::new(text).ok().filter(|handle| handle.as_str() == text).ok_or(DecodeError::BadField("handle"))
}

pub(crate) fn sized(bytes: Bytes, limit: usize, name: &'static str) -> Decoded<Bytes> {
    if bytes.len() <= limit { Ok(bytes) } else { Err(DecodeError::BadField(name)) }
}

pub(crate) fn list<T, U>(
    items: Vec<T>,
    limit: usize,
    name: &'static str,
    each: impl Fn(T) -> Decoded<U>,
) -> Decoded<Vec<U>> {
    if items.len() > limit {
        return Err(DecodeError::BadField(name));
    }
    items.into_iter().map(each).collect()
}

pub(crate) fn id_bytes(id: &[u8; 16]) -> Bytes {
    Bytes::copy_from_slice(id)
}

fn device_to_proto(record: &DeviceRecord) -> proto::DeviceRecord {
    proto::DeviceRecord {
        device_id: id_bytes(record.device.as_bytes()),
        signing_key: Bytes::copy_from_slice(&record.signing_key.0),
    }
}

fn device_from_proto(record: proto::DeviceRecord) -> Decoded<DeviceRecord> {
    Ok(DeviceRecord {
        device: device_id(&record.device_id)?,
        signing_key: key(&record.signing_key, "signing_key")?,
    })
}

fn prekey_to_proto(prekey: &Prekey) -> proto::Prekey {
    proto::Prekey { prekey_id: prekey.id, bundle: prekey.bundle.clone() }
}

fn prekey_from_proto(prekey: proto::Prekey) -> Decoded<Prekey> {
    if prekey.prekey_id == 0 {
        return Err(DecodeError::BadField("prekey_id"));
    }
    Ok(Prekey {
        id: prekey.prekey_id,
        bundle: sized(prekey.bundle, limits::BUNDLE_SIZE_MAX_BYTES, "bundle")?,
    })
}

// ---- the client's frames ----

fn client_to_proto(body: &ClientBody) -> Body {
    match body {
        ClientBody::Hello { version_min, version_max, features, agent } => Body::Hello(proto::Hello {
            version_min: *version_min,
            version_max: *version_max,
            features: *features,
            agent: agent.clone(),
        }),
        ClientBody::Register(register) => Body::Register(register_to_proto(register)),
        ClientBody::Login { account, device, signature } => Body::Login(proto::Login {
            account_id: id_bytes(account.as_bytes()),
            device_id: id_bytes(device.as_bytes()),
            signature: Bytes::copy_from_slice(&signature.0),
        }),
        ClientBody::UpdateDevices(update) => Body::UpdateDevices(update_to_proto(update)),
        ClientBody::FetchAccount(query) => Body::FetchAccount(proto::FetchAccount {
            by: Some(match query {
                AccountQuery::Id(id) => proto::fetch_account::By::AccountId(id_bytes(id.as_bytes())),
                AccountQuery::Handle(handle) => proto::fetch_account::By::Handle(handle.as_str().to_owned()),
            }),
        }),
        ClientBody::PublishPrekeys { one_time, last_resort, replace } => {
            Body::PublishPrekeys(proto::PublishPrekeys {
                one_time: one_time.iter().map(prekey_to_proto).collect(),
                last_resort: last_resort.as_ref().map(prekey_to_proto),
                replace: *replace,
            })
        }
        ClientBody::FetchPrekeys { fetch, account, devices } => Body::FetchPrekeys(proto::FetchPrekeys {
            fetch_id: id_bytes(fetch.as_bytes()),
            account_id: id_bytes(account.as_bytes()),
            device_ids: devices.iter().map(|device| id_bytes(device.as_bytes())).collect(),
        }),
        ClientBody::Submit(submit) => Body::Submit(submit_to_proto(submit)),
        ClientBody::ChangeGroup(change) => Body::ChangeGroup(group::change_to_proto(change)),
        ClientBody::FetchGroup { group, after } => Body::FetchGroup(proto::FetchGroup {
            group_id: id_bytes(group.as_bytes()),
            after_revision: *after,
        }),
        ClientBody::SubmitToGroup(submit) => Body::SubmitToGroup(group::submit_to_proto(submit)),
        ClientBody::DeleteAccount { account_signature, deletion } => {
            Body::DeleteAccount(proto::DeleteAccount {
                account_signature: Bytes::copy_from_slice(&account_signature.0),
                deletion: Bytes::copy_from_slice(&deletion.0),
            })
        }
        ClientBody::Room(request) => Body::RoomRequest(room::request_to_proto(request)),
        ClientBody::Acknowledge { cursor } => Body::Acknowledge(proto::Acknowledge { cursor: *cursor }),
        ClientBody::Ping { cursor } => Body::Ping(proto::Ping { cursor: *cursor }),
    }
}

fn register_to_proto(register: &Register) -> proto::Register {
    proto::Register {
        handle: register.handle.as_str().to_owned(),
        account_id: id_bytes(register.account.as_bytes()),
        account_key: Bytes::copy_from_slice(&register.account_key.0),
        device: Some(device_to_proto(&register.device)),
        device_list: register.device_list.clone(),
        device_list_version: register.device_list_version,
        account_signature: Bytes::copy_from_slice(&register.account_signature.0),
        device_signature: Bytes::copy_from_slice(&register.device_signature.0),
        token: register.token.clone().unwrap_or_default(),
    }
}

fn update_to_proto(update: &UpdateDevices) -> proto::UpdateDevices {
    proto::UpdateDevices {
        account_id: id_bytes(update.account.as_bytes()),
        device_id: id_bytes(update.device.as_bytes()),
        devices: update.devices.iter().map(device_to_proto).collect(),
        device_list: update.device_list.clone(),
        device_list_version: update.device_list_version,
        account_signature: Bytes::copy_from_slice(&update.account_signature.0),
    }
}

fn submit_to_proto(submit: &Submit) -> proto::Submit {
    let sealed = |sealed: &SealedFor| proto::SealedFor {
        device_id: id_bytes(sealed.device.as_bytes()),
        payload: sealed.payload.clone(),
    };
    let destination = |destination: &Destination| proto::Destination {
        account_id: id_bytes(destination.account.as_bytes()),
        device_list_version: destination.device_list_version,
        devices: destination.devices.iter().map(sealed).collect(),
    };
    proto::Submit {
        message_id: id_bytes(submit.message.as_bytes()),
        fence: submit.fence,
        destinations: submit.destinations.iter().map(destination).collect(),
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // everything else is for the other side
fn client_from_proto(body: Body) -> Decoded<ClientBody> {
    Ok(match body {
        Body::Hello(hello) => {
            if hello.agent.len() > limits::AGENT_MAX_BYTES {
                return Err(DecodeError::BadField("agent"));
            }
            ClientBody::Hello {
                version_min: hello.version_min,
                version_max: hello.version_max,
                features: hello.features,
                agent: hello.agent,
            }
        }
        Body::Register(register) => ClientBody::Register(Box::new(register_from_proto(register)?)),
        Body::Login(login) => ClientBody::Login {
            account: account_id(&login.account_id)?,
            device: device_id(&login.device_id)?,
            signature: signature(&login.signature, "signature")?,
        },
        Body::UpdateDevices(update) => ClientBody::UpdateDevices(Box::new(update_from_proto(update)?)),
        Body::FetchAccount(fetch) => ClientBody::FetchAccount(match fetch.by {
            Some(proto::fetch_account::By::AccountId(id)) => AccountQuery::Id(account_id(&id)?),
            Some(proto::fetch_account::By::Handle(text)) => AccountQuery::Handle(handle(&text)?),
            None => return Err(DecodeError::BadField("by")),
        }),
        Body::PublishPrekeys(publish) => ClientBody::PublishPrekeys {
            one_time: list(publish.one_time, limits::PREKEYS_PER_UPLOAD_MAX, "one_time", prekey_from_proto)?,
            last_resort: publish.last_resort.map(prekey_from_proto).transpose()?,
            replace: publish.replace,
        },
        Body::FetchPrekeys(fetch) => ClientBody::FetchPrekeys {
            fetch: array(&fetch.fetch_id, "fetch_id").map(FetchId::from_bytes)?,
            account: account_id(&fetch.account_id)?,
            devices: list(fetch.device_ids, limits::DEVICES_PER_ACCOUNT_MAX, "device_ids", |id| {
                device_id(&id)
            })?,
        },
        Body::Submit(submit) => ClientBody::Submit(submit_from_proto(submit)?),
        Body::ChangeGroup(change) => ClientBody::ChangeGroup(Box::new(group::change_from_proto(change)?)),
        Body::FetchGroup(fetch) => {
            ClientBody::FetchGroup { group: group_id(&fetch.group_id)?, after: fetch.after_revision }
        }
        Body::SubmitToGroup(submit) => ClientBody::SubmitToGroup(group::submit_from_proto(submit)?),
        Body::DeleteAccount(delete) => ClientBody::DeleteAccount {
            account_signature: signature(&delete.account_signature, "account_signature")?,
            deletion: signature(&delete.deletion, "deletion")?,
        },
        Body::RoomRequest(request) => ClientBody::Room(room::request_from_proto(request)?),
        Body::Acknowledge(acknowledge) => ClientBody::Acknowledge { cursor: acknowledge.cursor },
        Body::Ping(ping) => ClientBody::Ping { cursor: ping.cursor },
        _ => return Err(DecodeError::UnexpectedBody),
    })
}

fn register_from_proto(register: proto::Register) -> Decoded<Register> {
    if register.token.len() > limits::TOKEN_MAX_BYTES {
        return Err(DecodeError::BadField("token"));
    }
    Ok(Register {
        handle: handle(&register.handle)?,
        account: account_id(&register.account_id)?,
        account_key: key(&register.account_key, "account_key")?,
        device: device_from_proto(register.device.ok_or(DecodeError::BadField("device"))?)?,
        device_list: sized(register.device_list, limits::DEVICE_LIST_SIZE_MAX_BYTES, "device_list")?,
        device_list_version: register.device_list_version,
        account_signature: signature(&register.account_signature, "account_signature")?,
        device_signature: signature(&register.device_signature, "device_signature")?,
        token: Some(register.token).filter(|token| !token.is_empty()),
    })
}

fn update_from_proto(update: proto::UpdateDevices) -> Decoded<UpdateDevices> {
    Ok(UpdateDevices {
        account: account_id(&update.account_id)?,
        device: device_id(&update.device_id)?,
        devices: list(update.devices, limits::DEVICES_PER_ACCOUNT_MAX, "devices", device_from_proto)?,
        device_list: sized(update.device_list, limits::DEVICE_LIST_SIZE_MAX_BYTES, "device_list")?,
        device_list_version: update.device_list_version,
        account_signature: signature(&update.account_signature, "account_signature")?,
    })
}

fn submit_from_proto(submit: proto::Submit) -> Decoded<Submit> {
    let sealed = |sealed: proto::SealedFor| {
        Ok(SealedFor {
            device: device_id(&sealed.device_id)?,
            payload: sized(sealed.payload, limits::PAYLOAD_SIZE_MAX_BYTES, "payload")?,
        })
    };
    let destination = |destination: proto::Destination| {
        Ok(Destination {
            account: account_id(&destination.account_id)?,
            device_list_version: destination.device_list_version,
            devices: list(destination.devices, limits::DEVICES_PER_ACCOUNT_MAX, "devices", sealed)?,
        })
    };
    Ok(Submit {
        message: message_id(&submit.message_id)?,
        fence: submit.fence,
        destinations: list(submit.destinations, limits::DESTINATIONS_MAX, "destinations", destination)?,
    })
}

// ---- the relay's frames ----

fn relay_to_proto(body: &RelayBody) -> Body {
    match body {
        RelayBody::Welcome(welcome) => Body::Welcome(proto::Welcome {
            version: welcome.version,
            features: welcome.features,
            relay_id: id_bytes(welcome.relay.as_bytes()),
            challenge: Bytes::copy_from_slice(&welcome.challenge),
        }),
        RelayBody::LoggedIn(logged_in) => Body::LoggedIn(logged_in_to_proto(logged_in)),
        RelayBody::Account(account) => Body::Account(account_to_proto(account)),
        RelayBody::PrekeysPublished { one_time_prekeys } => {
            Body::PrekeysPublished(proto::PrekeysPublished { one_time_prekeys: *one_time_prekeys })
        }
        RelayBody::Prekeys { account, devices } => Body::Prekeys(proto::Prekeys {
            account_id: id_bytes(account.as_bytes()),
            devices: devices
                .iter()
                .map(|entry| proto::DevicePrekey {
                    device_id: id_bytes(entry.device.as_bytes()),
                    bundle: entry.bundle.clone(),
                })
                .collect(),
        }),
        RelayBody::Accepted { message } => {
            Body::Accepted(proto::Accepted { message_id: id_bytes(message.as_bytes()) })
        }
        RelayBody::DevicesStale { message, account, device_list_version } => {
            Body::DevicesStale(proto::DevicesStale {
                message_id: id_bytes(message.as_bytes()),
                account_id: id_bytes(account.as_bytes()),
                device_list_version: *device_list_version,
            })
        }
        RelayBody::GroupChanged { group, revision } => Body::GroupChanged(proto::GroupChanged {
            group_id: id_bytes(group.as_bytes()),
            revision: *revision,
        }),
        RelayBody::GroupStale { message, group, revision } => Body::GroupStale(proto::GroupStale {
            message_id: id_bytes(message.as_bytes()),
            group_id: id_bytes(group.as_bytes()),
            revision: *revision,
        }),
        RelayBody::Group(record) => Body::Group(group::group_to_proto(record)),
        RelayBody::AccountDeleted { account, deletion } => Body::AccountDeleted(proto::AccountDeleted {
            account_id: Bytes::copy_from_slice(account.as_bytes()),
            deletion: Bytes::copy_from_slice(&deletion.0),
        }),
        RelayBody::Room(event) => Body::RoomEvent(room::event_to_proto(event)),
        RelayBody::Deliver { envelopes } => {
            Body::Deliver(proto::Deliver { envelopes: envelopes.iter().map(envelope_to_proto).collect() })
        }
        RelayBody::Drained { cursor } => Body::Drained(proto::Drained { cursor: *cursor }),
        RelayBody::Pong => Body::Pong(proto::Pong {}),
        RelayBody::PrekeysLow { one_time_prekeys } => {
            Body::PrekeysLow(proto::PrekeysLow { one_time_prekeys: *one_time_prekeys })
        }
        RelayBody::Refused(refused) => Body::Refused(refused_to_proto(refused)),
        RelayBody::GoingAway { reconnect_after_ms } => {
            Body::GoingAway(proto::GoingAway { reconnect_after_ms: *reconnect_after_ms })
        }
    }
}

fn logged_in_to_proto(logged_in: &LoggedIn) -> proto::LoggedIn {
    proto::LoggedIn {
        account_id: id_bytes(logged_in.account.as_bytes()),
        device_id: id_bytes(logged_in.device.as_bytes()),
        one_time_prekeys: logged_in.one_time_prekeys,
        prekey_id_high: logged_in.prekey_id_high,
        last_resort_prekey: logged_in.last_resort_prekey,
        device_list_version: logged_in.device_list_version,
        acknowledged: logged_in.acknowledged,
    }
}

fn account_to_proto(account: &AccountRecord) -> proto::Account {
    proto::Account {
        account_id: id_bytes(account.account.as_bytes()),
        handle: account.handle.as_str().to_owned(),
        account_key: Bytes::copy_from_slice(&account.account_key.0),
        device_list: account.device_list.clone(),
        device_list_version: account.device_list_version,
    }
}

fn envelope_to_proto(envelope: &Envelope) -> proto::Envelope {
    proto::Envelope {
        envelope_id: id_bytes(envelope.id.as_bytes()),
        sequence: envelope.sequence,
        sender_account: id_bytes(envelope.sender_account.as_bytes()),
        sender_device: id_bytes(envelope.sender_device.as_bytes()),
        message_id: id_bytes(envelope.message.as_bytes()),
        payload: envelope.payload.clone(),
        accepted_at_ms: envelope.accepted_at_ms,
        group: envelope.group.as_ref().map(group::origin_to_proto),
    }
}

fn refused_to_proto(refused: &Refused) -> proto::Refused {
    let (version_min, version_max) = refused.versions.unwrap_or_default();
    proto::Refused {
        code: refused.code.word().to_owned(),
        retry_after_ms: refused.retry_after_ms,
        message_id: refused.message.map(|id| id_bytes(id.as_bytes())).unwrap_or_default(),
        version_min,
        version_max,
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // everything else is for the other side
fn relay_from_proto(body: Body) -> Decoded<RelayBody> {
    Ok(match body {
        Body::Welcome(welcome) => RelayBody::Welcome(Welcome {
            version: welcome.version,
            features: welcome.features,
            relay: array(&welcome.relay_id, "relay_id").map(RelayId::from_bytes)?,
            challenge: array(&welcome.challenge, "challenge")?,
        }),
        Body::LoggedIn(logged_in) => RelayBody::LoggedIn(LoggedIn {
            account: account_id(&logged_in.account_id)?,
            device: device_id(&logged_in.device_id)?,
            one_time_prekeys: logged_in.one_time_prekeys,
            prekey_id_high: logged_in.prekey_id_high,
            last_resort_prekey: logged_in.last_resort_prekey,
            device_list_version: logged_in.device_list_version,
            acknowledged: logged_in.acknowledged,
        }),
        Body::Account(account) => RelayBody::Account(AccountRecord {
            account: account_id(&account.account_id)?,
            handle: handle(&account.handle)?,
            account_key: key(&account.account_key, "account_key")?,
            device_list: sized(account.device_list, limits::DEVICE_LIST_SIZE_MAX_BYTES, "device_list")?,
            device_list_version: account.device_list_version,
        }),
        Body::PrekeysPublished(published) => {
            RelayBody::PrekeysPublished { one_time_prekeys: published.one_time_prekeys }
        }
        Body::Prekeys(prekeys) => RelayBody::Prekeys {
            account: account_id(&prekeys.account_id)?,
            devices: list(
                prekeys.devices,
                limits::DEVICES_PER_ACCOUNT_MAX,
                "devices",
                device_prekey_from_proto,
            )?,
        },
        Body::Accepted(accepted) => RelayBody::Accepted { message: message_id(&accepted.message_id)? },
        Body::DevicesStale(stale) => RelayBody::DevicesStale {
            message: message_id(&stale.message_id)?,
            account: account_id(&stale.account_id)?,
            device_list_version: stale.device_list_version,
        },
        Body::GroupChanged(changed) => {
            RelayBody::GroupChanged { group: group_id(&changed.group_id)?, revision: changed.revision }
        }
        Body::GroupStale(stale) => RelayBody::GroupStale {
            message: message_id(&stale.message_id)?,
            group: group_id(&stale.group_id)?,
            revision: stale.revision,
        },
        Body::Group(group) => RelayBody::Group(group::group_from_proto(group)?),
        Body::AccountDeleted(deleted) => RelayBody::AccountDeleted {
            account: account_id(&deleted.account_id)?,
            deletion: signature(&deleted.deletion, "deletion")?,
        },
        Body::RoomEvent(event) => RelayBody::Room(room::event_from_proto(event)?),
        Body::Deliver(deliver) => RelayBody::Deliver {
            envelopes: list(
                deliver.envelopes,
                limits::ENVELOPES_PER_DELIVERY_MAX,
                "envelopes",
                envelope_from_proto,
            )?,
        },
        Body::Drained(drained) => RelayBody::Drained { cursor: drained.cursor },
        Body::Pong(proto::Pong {}) => RelayBody::Pong,
        Body::PrekeysLow(low) => RelayBody::PrekeysLow { one_time_prekeys: low.one_time_prekeys },
        Body::Refused(refused) => RelayBody::Refused(refused_from_proto(&refused)?),
        Body::GoingAway(going) => RelayBody::GoingAway { reconnect_after_ms: going.reconnect_after_ms },
        _ => return Err(DecodeError::UnexpectedBody),
    })
}

fn device_prekey_from_proto(entry: proto::DevicePrekey) -> Decoded<DevicePrekey> {
    let bundle =
        entry.bundle.map(|bundle| sized(bundle, limits::BUNDLE_SIZE_MAX_BYTES, "bundle")).transpose()?;
    Ok(DevicePrekey { device: device_id(&entry.device_id)?, bundle })
}

fn envelope_from_proto(envelope: proto::Envelope) -> Decoded<Envelope> {
    Ok(Envelope {
        id: array(&envelope.envelope_id, "envelope_id").map(EnvelopeId::from_bytes)?,
        sequence: envelope.sequence,
        sender_account: account_id(&envelope.sender_account)?,
        sender_device: device_id(&envelope.sender_device)?,
        message: message_id(&envelope.message_id)?,
        payload: sized(envelope.payload, limits::PAYLOAD_SIZE_MAX_BYTES, "payload")?,
        accepted_at_ms: envelope.accepted_at_ms,
        group: envelope.group.as_ref().map(group::origin_from_proto).transpose()?,
    })
}

fn refused_from_proto(refused: &proto::Refused) -> Decoded<Refused> {
    let message = if refused.message_id.is_empty() { None } else { Some(message_id(&refused.message_id)?) };
    let versions = (refused.version_max > 0).then_some((refused.version_min, refused.version_max));
    Ok(Refused {
        code: RefusalCode::from_word(&refused.code),
        retry_after_ms: refused.retry_after_ms,
        message,
        versions,
    })
}
