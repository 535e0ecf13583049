//! Which session speaks to which device (Sesame §3): one is active and sends, a few older ones still receive.
//!
//! When both sides start at once, both compute the same winner: the session of the device with the smaller address. So they
//! agree without another message.

use rand_core::CryptoRng;
use waxwing_crypto::{
    DevicePublic, InitialMessage, Message, OneTimePrekey, OpenError, Ours, Plaintext, Session, Theirs,
    WeeklyPrekey,
};
use waxwing_wire::MessageId;
use zeroize::Zeroizing;

use crate::batch::{Batch, Write};
use crate::clock::Now;
use crate::me::Me;
use crate::model::{DeviceAddress, PrekeyKind, SessionRecord};
use crate::view::View;
use crate::work::Work;

/// Sessions kept with one device. The active one and those that late messages may need.
const SESSIONS_PER_DEVICE_MAX: usize = 5;

/// The rank of sessions that only receive.
const RANK_ARCHIVED: u64 = 0;

struct Held {
    id: [u8; 16],
    rank: u64,
    session: Session,
    dirty: bool,
}

/// The sessions with one device, greatest rank first.
#[derive(Default)]
pub(crate) struct Sessions {
    held: Vec<Held>,
    deleted: Vec<[u8; 16]>,
}

/// What an envelope turned out to be.
pub(crate) enum Opening {
    /// It was opened.
    Content(Plaintext),
    /// Its handshake was used before: a first message that is played again.
    Replayed,
    /// No session opens it.
    Cannot,
}

impl Sessions {
    /// Takes them from the store. A session that cannot be read any more is dropped: a new one takes its place.
    pub(crate) fn load(records: Vec<SessionRecord>) -> Sessions {
        let mut sessions = Sessions::default();
        for record in records {
            match Session::from_snapshot(&record.snapshot) {
                Ok(session) => {
                    sessions.held.push(Held { id: record.id, rank: record.rank, session, dirty: false });
                }
                Err(_) => sessions.deleted.push(record.id),
            }
        }
        sessions
    }

    /// Writes what changed.
    pub(crate) fn write_into(self, device: DeviceAddress, batch: &mut Batch) {
        for id in self.deleted {
            batch.push(Write::DeleteSession { device, id });
        }
        for held in self.held.into_iter().filter(|held| held.dirty) {
            let snapshot: Zeroizing<Vec<u8>> = held.session.to_snapshot();
            let session = SessionRecord { id: held.id, rank: held.rank, snapshot };
            batch.push(Write::PutSession { device, session });
        }
    }

    fn active(&mut self) -> Option<&mut Held> {
        self.held.first_mut().filter(|held| held.rank > RANK_ARCHIVED)
    }

    /// Whether there is a session to send in.
    pub(crate) fn can_send(&mut self) -> bool {
        self.active().is_some()
    }

    /// Whether the active session is one that we began and the device has not answered yet.
    pub(crate) fn awaits_answer(&mut self) -> bool {
        self.active().is_some_and(|held| held.session.initiated_by_us() && !held.session.is_acknowledged())
    }

    /// Lets no session send any more: the next message begins a new one.
    pub(crate) fn archive_all(&mut self) {
        for held in self.held.iter_mut().filter(|held| held.rank > RANK_ARCHIVED) {
            held.rank = RANK_ARCHIVED;
            held.dirty = true;
        }
    }

    /// Lets the active session go if the device has not answered it: it cannot open it, and wrote in another one.
    pub(crate) fn yield_unanswered(&mut self) {
        if self.awaits_answer()
            && let Some(active) = self.active()
        {
            active.rank = RANK_ARCHIVED;
            active.dirty = true;
            self.held.sort_by_key(|held| std::cmp::Reverse(held.rank));
        }
    }

    fn insert(&mut self, session: Session, rank: u64) {
        self.held.push(Held { id: session.id(), rank, session, dirty: true });
        self.held.sort_by_key(|held| std::cmp::Reverse(held.rank));
        while self.held.len() > SESSIONS_PER_DEVICE_MAX {
            if let Some(oldest) = self.held.pop() {
                self.deleted.push(oldest.id);
            }
        }
    }

    fn rank_top(&self) -> u64 {
        self.held.first().map_or(RANK_ARCHIVED, |held| held.rank)
    }

    /// Adds a session that we began, as the active one.
    pub(crate) fn begin(&mut self, session: Session) {
        let rank = self.rank_top() + 1;
        self.insert(session, rank);
    }

    /// Adds a session that the device began: as the active one, unless we began one at the same time and ours wins.
    fn answer(&mut self, session: Session, ours_wins: bool) {
        let top = self.rank_top();
        if ours_wins && self.awaits_answer() {
            if let Some(active) = self.active() {
                active.rank = top + 1;
                active.dirty = true;
            }
            self.insert(session, top);
        } else {
            self.insert(session, top + 1);
        }
    }

    /// Seals for the device in the active session. `None`: there is none that can.
    pub(crate) fn seal(
        &mut self,
        plaintext: &[u8],
        wire_id: MessageId,
        now: Now,
        rng: &mut impl CryptoRng,
    ) -> Option<Vec<u8>> {
        let active = self.active()?;
        match active.session.encrypt(plaintext, wire_id.as_bytes(), now.since_1970(), rng) {
            Ok(payload) => {
                active.dirty = true;
                Some(payload)
            }
            Err(_) => {
                self.archive_all();
                None
            }
        }
    }

    /// Opens a message in one of the sessions that are there.
    fn open(&mut self, message: &Message, wire_id: MessageId) -> Option<Plaintext> {
        for held in &mut self.held {
            match held.session.decrypt(message, wire_id.as_bytes()) {
                Ok(plaintext) => {
                    held.dirty = true;
                    return Some(plaintext);
                }
                Err(OpenError::Duplicate) => return None,
                Err(_) => {}
            }
        }
        None
    }

    fn knows_handshake(&self, handshake: &[u8; 32]) -> bool {
        self.held.iter().any(|held| &held.session.handshake_id() == handshake)
    }
}

/// Opens an envelope of a device whose keys are verified. The ratchet, and the prekey it used up, are part of the step.
pub(crate) fn open<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    from: DeviceAddress,
    keys: &DevicePublic,
    wire_id: MessageId,
    payload: &[u8],
) -> Result<Opening, V::Error> {
    let Ok(message) = Message::parse(payload) else { return Ok(Opening::Cannot) };
    if let Message::Initial(initial) = &message
        && !work.sessions(from)?.knows_handshake(&initial.handshake_id())
    {
        return respond(work, me, from, keys, wire_id, initial);
    }
    Ok(work.sessions(from)?.open(&message, wire_id).map_or(Opening::Cannot, Opening::Content))
}

/// Opens the first message of a session that the device began (X3DH §3.4).
fn respond<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    from: DeviceAddress,
    keys: &DevicePublic,
    wire_id: MessageId,
    initial: &InitialMessage,
) -> Result<Opening, V::Error> {
    let handshake = initial.handshake_id();
    let weekly = work.view.prekey(PrekeyKind::Weekly, initial.weekly_prekey_id())?;
    let one_time = work.view.prekey(PrekeyKind::OneTime, initial.one_time_prekey_id())?;
    let (Some(weekly), Some(one_time)) = (weekly, one_time) else { return Ok(Opening::Cannot) };
    if one_time.kind == PrekeyKind::LastResort && work.view.handshake_was_used(&handshake)? {
        return Ok(Opening::Replayed);
    }
    let (Ok(weekly), Ok(secret)) =
        (WeeklyPrekey::from_bytes(&weekly.secret), OneTimePrekey::from_bytes(&one_time.secret))
    else {
        return Ok(Opening::Cannot);
    };
    let ours = Ours { address: me.address().to_crypto(), secrets: me.secrets() };
    let theirs = Theirs { address: from.to_crypto(), keys };
    let opened = Session::respond(&ours, &theirs, &weekly, &secret, initial, wire_id.as_bytes());
    let Ok((session, plaintext)) = opened else { return Ok(Opening::Cannot) };

    let ours_wins = me.address() < from;
    work.sessions(from)?.answer(session, ours_wins);
    if one_time.kind == PrekeyKind::LastResort {
        let at_ms = work.now.utc_ms;
        work.write(Write::RememberHandshake { handshake, at_ms });
    } else {
        work.write(Write::DeletePrekey { kind: PrekeyKind::OneTime, id: one_time.id });
    }
    Ok(Opening::Content(plaintext))
}
