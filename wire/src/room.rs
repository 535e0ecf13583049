//! Rooms: two connections that have not logged in talk through the relay, which keeps nothing of it.

use bytes::Bytes;

use crate::codec::{DecodeError, Decoded, id_bytes, sized};
use crate::ids::RoomId;
use crate::limits;
use crate::proto;

/// What a connection in, or before, a room asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomRequest {
    /// Enters the room of this id; the first opens it.
    Open(RoomId),
    /// Hands the other one a payload.
    Send(Bytes),
}

/// What happens in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomEvent {
    /// It is open, and the other one is not there yet.
    Opened,
    /// Both are there.
    Joined,
    /// A payload of ours went out to the other one.
    Taken,
    /// What the other one says.
    Data(Bytes),
    /// The other one is gone, and the room with it.
    Left,
}

pub(crate) fn request_to_proto(request: &RoomRequest) -> proto::RoomRequest {
    use proto::room_request::Request as R;
    proto::RoomRequest {
        request: Some(match request {
            RoomRequest::Open(room) => R::Open(id_bytes(room.as_bytes())),
            RoomRequest::Send(payload) => R::Send(payload.clone()),
        }),
    }
}

pub(crate) fn request_from_proto(request: proto::RoomRequest) -> Decoded<RoomRequest> {
    use proto::room_request::Request as R;
    Ok(match request.request {
        Some(R::Open(room)) => {
            RoomRequest::Open(RoomId::from_slice(&room).ok_or(DecodeError::BadField("open"))?)
        }
        Some(R::Send(payload)) => RoomRequest::Send(payload_of(payload)?),
        None => return Err(DecodeError::BadField("request")),
    })
}

pub(crate) fn event_to_proto(event: &RoomEvent) -> proto::RoomEvent {
    use proto::room_event::Event as E;
    proto::RoomEvent {
        event: Some(match event {
            RoomEvent::Opened => E::Opened(proto::Pong {}),
            RoomEvent::Joined => E::Joined(proto::Pong {}),
            RoomEvent::Taken => E::Taken(proto::Pong {}),
            RoomEvent::Data(payload) => E::Data(payload.clone()),
            RoomEvent::Left => E::Left(proto::Pong {}),
        }),
    }
}

pub(crate) fn event_from_proto(event: proto::RoomEvent) -> Decoded<RoomEvent> {
    use proto::room_event::Event as E;
    Ok(match event.event {
        Some(E::Opened(_)) => RoomEvent::Opened,
        Some(E::Joined(_)) => RoomEvent::Joined,
        Some(E::Taken(_)) => RoomEvent::Taken,
        Some(E::Data(payload)) => RoomEvent::Data(payload_of(payload)?),
        Some(E::Left(_)) => RoomEvent::Left,
        None => return Err(DecodeError::BadField("event")),
    })
}

fn payload_of(payload: Bytes) -> Decoded<Bytes> {
    sized(payload, limits::PAYLOAD_SIZE_MAX_BYTES, "payload")
}
