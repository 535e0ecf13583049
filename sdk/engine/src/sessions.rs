//! Which session speaks to which device (Sesame §3): one is active and sends, a few older ones still receive.
//!
//! When both sides start at once, both compute the same winner: the session of the device with the smaller address. So they
//! agree without another message. When messages come so late that one of them did not see it was at once, each would go on
//! writing in another session, and neither would ever make a turn; so a session that keeps being written in comes to the top.

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

/// How far a new session is above the one before.
const RANK_STEP: u64 = 63;

/// How much a message lifts a session that is not the active one: the device with the smaller address follows after 16
/// messages, the other one after 64, so that they hardly ever change places.
const RANK_LIFTS: [u64; 2] = [1, 4];

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
            self.sort();
        }
    }

    fn insert(&mut self, session: Session, rank: u64) {
        self.held.push(Held { id: session.id(), rank, session, dirty: true });
        self.sort();
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
        let rank = self.rank_top() + RANK_STEP;
        self.insert(session, rank);
    }

    /// Adds a session that the device began: as the active one, unless we began one at the same time and ours wins.
    fn answer(&mut self, session: Session, ours_wins: bool) {
        let top = self.rank_top();
        if ours_wins && self.awaits_answer() {
            if let Some(active) = self.active() {
                active.rank = top + RANK_STEP;
                active.dirty = true;
            }
            self.insert(session, top);
        } else {
            self.insert(session, top + RANK_STEP);
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

    /// Opens a message in one of the sessions that are there. `we_are_first`: our address is the smaller one.
    fn open(&mut self, message: &Message, wire_id: MessageId, we_are_first: bool) -> Option<Plaintext> {
        for (place, held) in self.held.iter_mut().enumerate() {
            match held.session.decrypt(message, wire_id.as_bytes()) {
                Ok(plaintext) => {
                    held.dirty = true;
                    self.lift(place, we_are_first);
                    return Some(plaintext);
                }
                Err(OpenError::Duplicate) => return None,
                Err(_) => {}
            }
        }
        None
    }

    /// The device writes in a session that is not our active one.
    fn lift(&mut self, place: usize, we_are_first: bool) {
        let held = &mut self.held[place];
        if place > 0 && held.rank > RANK_ARCHIVED {
            held.rank += RANK_LIFTS[usize::from(we_are_first)];
            self.sort();
        }
    }

    fn sort(&mut self) {
        self.held.sort_by_key(|held| std::cmp::Reverse(held.rank));
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
    let we_are_first = me.address() < from;
    let opened = work.sessions(from)?.open(&message, wire_id, we_are_first);
    Ok(opened.map_or(Opening::Cannot, Opening::Content))
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;
    use waxwing_crypto::{Address, Bundle, DeviceSecrets};

    use super::*;

    const WIRE: MessageId = MessageId::from_bytes([9; 16]);
    const NOW: Now = Now { elapsed: Duration::ZERO, utc_ms: 1_790_000_000_000 };

    struct Device {
        address: Address,
        secrets: DeviceSecrets,
        weekly: WeeklyPrekey,
        one_time: OneTimePrekey,
        sessions: Sessions,
    }

    impl Device {
        fn new(number: u8, rng: &mut ChaCha20Rng) -> Device {
            Device {
                address: Address { account: [number; 16], device: [number; 16] },
                secrets: DeviceSecrets::generate(rng),
                weekly: WeeklyPrekey::generate(1, rng),
                one_time: OneTimePrekey::generate(2, rng),
                sessions: Sessions::default(),
            }
        }

        fn is_before(&self, other: &Device) -> bool {
            self.address.account < other.address.account
        }

        fn begins_with(&mut self, other: &Device, rng: &mut ChaCha20Rng) {
            let (ours, theirs) =
                (self.ours(), Theirs { address: other.address, keys: &other.secrets.public() });
            let bundle = other.one_time.bundle(&other.ours(), &other.weekly);
            let bundle = Bundle::verify(&bundle, &other.address, theirs.keys).unwrap();
            let session = Session::initiate(&ours, &theirs, &bundle, rng).unwrap();
            self.sessions.begin(session);
        }

        fn ours(&self) -> Ours<'_> {
            Ours { address: self.address, secrets: &self.secrets }
        }

        fn says(&mut self, rng: &mut ChaCha20Rng) -> Vec<u8> {
            self.sessions.seal(b"text", WIRE, NOW, rng).unwrap()
        }

        fn hears(&mut self, other: &Device, payload: &[u8]) {
            let message = Message::parse(payload).unwrap();
            let first = self.is_before(other);
            if let Message::Initial(initial) = &message
                && !self.sessions.knows_handshake(&initial.handshake_id())
            {
                let theirs = Theirs { address: other.address, keys: &other.secrets.public() };
                let opened = Session::respond(
                    &self.ours(),
                    &theirs,
                    &self.weekly,
                    &self.one_time,
                    initial,
                    WIRE.as_bytes(),
                );
                self.sessions.answer(opened.unwrap().0, first);
            } else {
                assert!(self.sessions.open(&message, WIRE, first).is_some());
            }
        }

        fn active(&mut self) -> [u8; 16] {
            self.sessions.active().unwrap().id
        }
    }

    /// Both begin at once, and the first message of the one whose session loses comes last of all.
    fn split(rng: &mut ChaCha20Rng) -> (Device, Device) {
        let (mut alice, mut bob) = (Device::new(1, rng), Device::new(2, rng));
        alice.begins_with(&bob, rng);
        bob.begins_with(&alice, rng);
        let (from_alice, late) = (alice.says(rng), bob.says(rng));
        bob.hears(&alice, &from_alice);
        let answer = bob.says(rng);
        alice.hears(&bob, &answer);
        alice.hears(&bob, &late);
        assert_ne!(alice.active(), bob.active(), "each writes in another session");
        (alice, bob)
    }

    #[test]
    fn two_that_write_in_different_sessions_come_together() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let (mut alice, mut bob) = split(&mut rng);
        for _ in 0..16 {
            let (from_alice, from_bob) = (alice.says(&mut rng), bob.says(&mut rng));
            bob.hears(&alice, &from_alice);
            alice.hears(&bob, &from_bob);
        }
        assert_eq!(alice.active(), bob.active());
    }

    #[test]
    fn they_come_together_also_when_only_the_second_listens() {
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        let (mut alice, mut bob) = split(&mut rng);
        for _ in 0..64 {
            let from_alice = alice.says(&mut rng);
            bob.hears(&alice, &from_alice);
        }
        assert_eq!(alice.active(), bob.active());
    }

    #[test]
    fn a_session_that_was_given_up_stays_below() {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let (mut alice, mut bob) = split(&mut rng);
        alice.sessions.archive_all();
        alice.begins_with(&bob, &mut rng);
        let active = alice.active();
        for _ in 0..100 {
            let from_bob = bob.says(&mut rng);
            alice.hears(&bob, &from_bob);
        }
        assert_eq!(alice.active(), active);
    }
}
