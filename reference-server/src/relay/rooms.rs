//! Rooms: two connections that have not logged in meet, and the relay forwards what they say. Nothing of it is stored.

use std::collections::BTreeMap;
use std::time::Duration;

use waxwing_wire::{
    ClientBody, ClientFrame, RefusalCode, RelayBody, Request, RoomEvent, RoomId, RoomRequest, limits,
};

use super::answers::{rate_limited, reply};
use super::connection::{Connection, State};
use super::limiter::Limiter;
use super::{Action, CloseReason, Now};
use crate::store::ConnectionId;

/// Rooms that may be open at once.
const ROOMS_MAX: usize = 10_000;

/// What is true of a connection in a room.
#[derive(Debug)]
pub(super) struct Guest {
    /// When it must be over.
    pub(super) until: Duration,
    /// The other one is there.
    is_joined: bool,
    /// Payloads that have not gone out to the other one.
    in_flight: usize,
    /// What it said so far, in bytes.
    sent_bytes: u64,
}

impl Connection {
    pub(super) fn open_room(
        &mut self,
        request: Request,
        room: RoomId,
        now: Now,
        limiter: &Limiter,
        out: &mut Vec<Action>,
    ) {
        if let Some(Err(wait)) = self.address.map(|address| limiter.room(address, now.elapsed)) {
            return rate_limited(request, wait, out);
        }
        let until = now.elapsed + limits::ROOM_WAIT_MAX;
        self.state = State::InRoom(Guest { until, is_joined: false, in_flight: 0, sent_bytes: 0 });
        out.push(Action::OpenRoom(room));
    }

    pub(super) fn on_frame_in_room(&mut self, frame: ClientFrame, out: &mut Vec<Action>) {
        let State::InRoom(guest) = &mut self.state else { return };
        match frame.body {
            ClientBody::Room(RoomRequest::Send(payload))
                if guest.is_joined && guest.in_flight < limits::ROOM_SENDS_IN_FLIGHT_MAX =>
            {
                guest.in_flight += 1;
                guest.sent_bytes += payload.len() as u64;
                if guest.sent_bytes > limits::ROOM_BYTES_MAX {
                    return self.refuse_and_close(
                        frame.request,
                        RefusalCode::TooLarge,
                        CloseReason::TooLarge,
                        out,
                    );
                }
                out.push(Action::SendInRoom(payload));
            }
            ClientBody::Ping { .. } => reply(frame.request, RelayBody::Pong, out),
            ClientBody::Room(_)
            | ClientBody::Hello { .. }
            | ClientBody::Register(_)
            | ClientBody::Login { .. }
            | ClientBody::UpdateDevices(_)
            | ClientBody::FetchAccount(_)
            | ClientBody::PublishPrekeys { .. }
            | ClientBody::FetchPrekeys { .. }
            | ClientBody::Submit(_)
            | ClientBody::ChangeGroup(_)
            | ClientBody::FetchGroup { .. }
            | ClientBody::SubmitToGroup(_)
            | ClientBody::DeleteAccount { .. }
            | ClientBody::Acknowledge { .. } => self.bad_frame(frame.request, out),
        }
    }

    /// The room was entered, or there was no place in it.
    pub fn on_room_opened(&mut self, entered: Result<bool, RoomFull>, now: Now) -> Vec<Action> {
        match entered {
            Ok(true) => self.on_room_event(RoomEvent::Joined, now),
            Ok(false) => self.on_room_event(RoomEvent::Opened, now),
            Err(RoomFull) => {
                let (code, mut out) = (RefusalCode::NotAuthorised, Vec::new());
                self.refuse_and_close(Request::NONE, code, CloseReason::NotLoggedIn, &mut out);
                out
            }
        }
    }

    /// Something happened in the room.
    pub fn on_room_event(&mut self, event: RoomEvent, now: Now) -> Vec<Action> {
        let mut out = Vec::new();
        let State::InRoom(guest) = &mut self.state else { return out };
        match &event {
            RoomEvent::Joined => {
                guest.is_joined = true;
                guest.until = now.elapsed + limits::ROOM_LIFETIME;
            }
            RoomEvent::Taken => guest.in_flight = guest.in_flight.saturating_sub(1),
            RoomEvent::Opened | RoomEvent::Data(_) | RoomEvent::Left => {}
        }
        let (is_data, is_end) = (matches!(event, RoomEvent::Data(_)), event == RoomEvent::Left);
        reply(Request::NONE, RelayBody::Room(event), &mut out);
        if is_data {
            out.push(Action::TakenInRoom);
        }
        if is_end {
            self.close(CloseReason::NotLoggedIn, &mut out);
        }
        out
    }
}

/// There is no place in the room: two are in it, or there are too many rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomFull;

/// The rooms of a relay. `P` is how a connection is reached.
#[derive(Debug)]
pub struct Rooms<P> {
    rooms: BTreeMap<RoomId, Vec<(ConnectionId, P)>>,
    of: BTreeMap<ConnectionId, RoomId>,
}

impl<P> Default for Rooms<P> {
    fn default() -> Rooms<P> {
        Rooms { rooms: BTreeMap::new(), of: BTreeMap::new() }
    }
}

impl<P: Clone> Rooms<P> {
    /// Enters a room. Returns whoever is there already.
    ///
    /// # Errors
    ///
    /// [`RoomFull`].
    pub fn enter(&mut self, room: RoomId, id: ConnectionId, party: P) -> Result<Option<P>, RoomFull> {
        if self.rooms.len() >= ROOMS_MAX && !self.rooms.contains_key(&room) {
            return Err(RoomFull);
        }
        let guests = self.rooms.entry(room).or_default();
        if guests.len() >= 2 {
            return Err(RoomFull);
        }
        let other = guests.first().map(|(_, other)| other.clone());
        guests.push((id, party));
        self.of.insert(id, room);
        Ok(other)
    }

    /// The other one in a connection's room.
    #[must_use]
    pub fn other(&self, id: ConnectionId) -> Option<P> {
        let guests = self.rooms.get(self.of.get(&id)?)?;
        guests.iter().find(|(guest, _)| *guest != id).map(|(_, party)| party.clone())
    }

    /// A connection is gone, and its room with it. Returns whom to tell.
    pub fn leave(&mut self, id: ConnectionId) -> Option<P> {
        let room = self.of.remove(&id)?;
        let guests = self.rooms.remove(&room)?;
        let other = guests.into_iter().find(|(guest, _)| *guest != id);
        if let Some((other, _)) = &other {
            self.of.remove(other);
        }
        other.map(|(_, party)| party)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId::from_bytes([1; 16]);

    #[test]
    fn a_room_has_two_places_and_ends_with_either() {
        let mut rooms = Rooms::default();
        assert_eq!(rooms.enter(ROOM, ConnectionId(1), 'a'), Ok(None));
        assert_eq!(rooms.other(ConnectionId(1)), None);
        assert_eq!(rooms.enter(ROOM, ConnectionId(2), 'b'), Ok(Some('a')));
        assert_eq!(rooms.enter(ROOM, ConnectionId(3), 'c'), Err(RoomFull));
        assert_eq!((rooms.other(ConnectionId(1)), rooms.other(ConnectionId(2))), (Some('b'), Some('a')));
        assert_eq!(rooms.leave(ConnectionId(1)), Some('b'));
        assert_eq!((rooms.leave(ConnectionId(2)), rooms.other(ConnectionId(2))), (None, None));
        assert!(rooms.rooms.is_empty() && rooms.of.is_empty());
    }

    #[test]
    fn rooms_are_bounded() {
        let mut rooms = Rooms::default();
        for n in 0..=ROOMS_MAX {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&(n as u64).to_be_bytes());
            let entered = rooms.enter(RoomId::from_bytes(id), ConnectionId(n as u64), ());
            assert_eq!(entered, if n < ROOMS_MAX { Ok(None) } else { Err(RoomFull) });
        }
    }
}
