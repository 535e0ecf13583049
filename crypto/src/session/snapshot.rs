//! A session at rest: versioned bytes in, versioned bytes out. One state has one encoding.

use std::fmt;

use zeroize::Zeroizing;

use super::{Role, Session};
use crate::{
    bytes::Reader,
    kem::{KemPublic, KemSecret},
    keys::{AgreementPublic, AgreementSecret},
    message::{HANDSHAKE_BYTES, Handshake, SUITE},
    ratchet::{
        chain::{ChainKey, MessageKey},
        exchange::{Exchange, Offered, Refresh},
        header::HeaderKey,
        root::RootKey,
        skipped::{PAST_CHAINS_ALWAYS, PAST_CHAINS_MAX, PastChain, SKIPPED_MAX, SkippedKeys},
        state::{Active, Due, Receiving, Sending, State},
    },
};

const FORMAT: u8 = 2;
const RESPONDER: u8 = 0;
const INITIATOR: u8 = 1;
const UNANSWERED: u8 = 2;
const DUE: u8 = 0; // read as a flag
const ACTIVE: u8 = 1;
const IDLE: u8 = 0;
const OFFERED: u8 = 1;
const ASKED: u8 = 2;
const ANSWERING: u8 = 3;
/// As long as everything may be but the handshake, a key or an answer of the post-quantum ratchet, the past chains and
/// the skipped keys.
const BASE_BYTES: usize = 346;
const EXCHANGE_BYTES_MAX: usize = 1184;
const PAST_CHAIN_BYTES: usize = 1 + 32 + 2;
pub(crate) const SKIPPED_KEY_BYTES: usize = 4 + 32;

/// Says that stored bytes are not what was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The bytes are not the one encoding of a state.
    Malformed,
    /// The bytes are of another version.
    Unsupported,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "stored state is malformed",
            Self::Unsupported => "stored state is of an unknown version",
        })
    }
}

impl std::error::Error for SnapshotError {}

impl Session {
    /// Encodes the session for the store.
    pub fn to_snapshot(&self) -> Zeroizing<Vec<u8>> {
        // Enough from the start: a buffer that grows would leave secrets behind.
        let mut out = Zeroizing::new(Vec::with_capacity(self.snapshot_bytes_max()));
        out.extend_from_slice(&[FORMAT, SUITE]);
        match &self.role {
            Role::Responder => out.push(RESPONDER),
            Role::Initiator => out.push(INITIATOR),
            Role::Unanswered(handshake) => {
                out.push(UNANSWERED);
                handshake.write(&mut out);
            }
        }
        out.extend_from_slice(&self.id);
        out.extend_from_slice(&self.handshake_id);
        write_state(&self.state, &mut out);
        out
    }

    /// Decodes what [`to_snapshot`](Self::to_snapshot) made.
    ///
    /// # Errors
    ///
    /// Refuses any other bytes.
    pub fn from_snapshot(bytes: &[u8]) -> Result<Self, SnapshotError> {
        match bytes {
            [FORMAT, SUITE, rest @ ..] => read_session(rest).ok_or(SnapshotError::Malformed),
            [] | [_] => Err(SnapshotError::Malformed),
            [_, _, ..] => Err(SnapshotError::Unsupported),
        }
    }

    fn snapshot_bytes_max(&self) -> usize {
        let past = self.state.past.iter().map(|past| past.skipped.live());
        let now = self.state.receiving.iter().map(|now| now.skipped.live());
        let keys: usize = past.chain(now).sum();
        BASE_BYTES
            + EXCHANGE_BYTES_MAX
            + if self.is_acknowledged() { 0 } else { HANDSHAKE_BYTES }
            + self.state.past.len() * PAST_CHAIN_BYTES
            + keys * SKIPPED_KEY_BYTES
    }
}

fn read_session(bytes: &[u8]) -> Option<Session> {
    let mut reader = Reader::new(bytes);
    let role = match reader.u8()? {
        RESPONDER => Role::Responder,
        INITIATOR => Role::Initiator,
        UNANSWERED => Role::Unanswered(Box::new(Handshake::parse(&mut reader)?)),
        _ => return None,
    };
    let id = *reader.array()?;
    let handshake_id = *reader.array()?;
    let state = read_state(&mut reader)?;
    reader.end()?;
    let session = Session { id, handshake_id, role, state };
    is_consistent(&session).then_some(session)
}

/// Holds for every session that was ever stored.
fn is_consistent(session: &Session) -> bool {
    let state = &session.state;
    let role_fits = match &session.role {
        Role::Unanswered(handshake) => {
            let waits = state.receiving.is_none() && matches!(state.sending, Sending::Active(_));
            waits && handshake.id() == session.handshake_id
        }
        Role::Initiator | Role::Responder => state.receiving.is_some(),
    };
    let exchange_fits = match (&state.refresh.exchange, &state.sending) {
        (Exchange::Idle, _) => true,
        (Exchange::Offered(_) | Exchange::Answering(_), _) if state.refresh.at.is_none() => false,
        (Exchange::Answering(_), Sending::Due(_)) => false,
        (Exchange::Answering(_), Sending::Active(_)) | (Exchange::Offered(_) | Exchange::Asked(_), _) => {
            state.receiving.is_some()
        }
    };
    let past = state.past.iter().map(|past| past.skipped.live());
    let keys: usize = past.chain(state.receiving.iter().map(|now| now.skipped.live())).sum();
    role_fits
        && exchange_fits
        && keys <= SKIPPED_MAX
        && (state.receiving.is_some() || state.past.is_empty())
        && state.past.iter().all(PastChain::is_worth_keeping)
        && ages_fit(&state.past)
}

/// Each turn makes the ages one more and adds a chain of age 1, and the youngest never leave.
fn ages_fit(past: &[PastChain]) -> bool {
    let mut youngest = past.iter().rev().zip(1..=PAST_CHAINS_ALWAYS);
    youngest.all(|(chain, age)| chain.age == age) && past.is_sorted_by(|older, newer| older.age > newer.age)
}

fn write_state(state: &State, out: &mut Vec<u8>) {
    out.extend_from_slice(state.root.expose());
    match &state.sending {
        Sending::Due(due) => {
            out.push(DUE);
            out.extend_from_slice(&due.theirs.public().to_bytes());
            out.extend_from_slice(due.header_key.expose());
            out.extend_from_slice(&due.previous_length.to_be_bytes());
        }
        Sending::Active(active) => {
            out.push(ACTIVE);
            out.extend_from_slice(active.ratchet.expose());
            out.extend_from_slice(active.chain.expose());
            out.extend_from_slice(active.header_key.expose());
            out.extend_from_slice(active.next_header_key.expose());
            out.extend_from_slice(&active.next.to_be_bytes());
            out.extend_from_slice(&active.previous_length.to_be_bytes());
        }
    }
    out.extend_from_slice(state.next_header_key.expose());
    out.push(u8::from(state.receiving.is_some()));
    if let Some(receiving) = &state.receiving {
        out.extend_from_slice(receiving.header_key.expose());
        out.extend_from_slice(receiving.chain.expose());
        out.extend_from_slice(&receiving.next.to_be_bytes());
        write_skipped(&receiving.skipped, out);
    }
    out.push(u8::try_from(state.past.len()).expect("at most 16 past chains"));
    for past in &state.past {
        out.push(past.age);
        out.extend_from_slice(past.header_key.expose());
        write_skipped(&past.skipped, out);
    }
    write_refresh(&state.refresh, out);
}

fn read_state(reader: &mut Reader<'_>) -> Option<State> {
    let root = RootKey::copy_of(reader.array()?);
    let sending = if reader.flag()? {
        Sending::Active(Active {
            ratchet: AgreementSecret::from_bytes(reader.array()?),
            chain: ChainKey::copy_of(reader.array()?),
            header_key: HeaderKey::copy_of(reader.array()?),
            next_header_key: HeaderKey::copy_of(reader.array()?),
            next: reader.u32()?,
            previous_length: reader.u32()?,
        })
    } else {
        Sending::Due(Due {
            theirs: AgreementPublic::parse(*reader.array()?).ok()?.point(),
            header_key: HeaderKey::copy_of(reader.array()?),
            previous_length: reader.u32()?,
        })
    };
    let next_header_key = HeaderKey::copy_of(reader.array()?);
    let receiving = if reader.flag()? { Some(read_receiving(reader)?) } else { None };
    let count = reader.u8()?;
    if count > PAST_CHAINS_MAX {
        return None;
    }
    let mut past = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let age = reader.u8()?;
        let header_key = HeaderKey::copy_of(reader.array()?);
        past.push(PastChain { header_key, age, skipped: read_skipped(reader)? });
    }
    let refresh = read_refresh(reader)?;
    Some(State { root, sending, receiving, next_header_key, past, refresh })
}

fn write_refresh(refresh: &Refresh, out: &mut Vec<u8>) {
    out.extend_from_slice(&refresh.messages.to_be_bytes());
    out.push(u8::from(refresh.at.is_some()));
    if let Some(at) = refresh.at {
        out.extend_from_slice(&at.to_be_bytes());
    }
    match &refresh.exchange {
        Exchange::Idle => out.push(IDLE),
        Exchange::Offered(offered) => {
            out.push(OFFERED);
            out.extend_from_slice(offered.secret.expose());
            out.extend_from_slice(&offered.at.to_be_bytes());
        }
        Exchange::Asked(key) => {
            out.push(ASKED);
            out.extend_from_slice(key.as_bytes());
        }
        Exchange::Answering(ciphertext) => {
            out.push(ANSWERING);
            out.extend_from_slice(&ciphertext[..]);
        }
    }
}

fn read_refresh(reader: &mut Reader<'_>) -> Option<Refresh> {
    let messages = reader.u32()?;
    let at = if reader.flag()? { Some(reader.u64()?) } else { None };
    let exchange = match reader.u8()? {
        IDLE => Exchange::Idle,
        OFFERED => {
            let secret = KemSecret::from_bytes(reader.array()?);
            let public = secret.public();
            Exchange::Offered(Box::new(Offered { secret, public, at: reader.u64()? }))
        }
        ASKED => Exchange::Asked(KemPublic::parse(reader.array()?)?),
        ANSWERING => Exchange::Answering(Box::new(*reader.array()?)),
        _ => return None,
    };
    Some(Refresh { exchange, at, messages })
}

fn read_receiving(reader: &mut Reader<'_>) -> Option<Receiving> {
    let header_key = HeaderKey::copy_of(reader.array()?);
    let chain = ChainKey::copy_of(reader.array()?);
    let next = reader.u32()?;
    let skipped = read_skipped(reader)?;
    let all_before = skipped.iter().last().is_none_or(|(number, _)| number < next);
    all_before.then_some(Receiving { header_key, chain, next, skipped })
}

pub(crate) fn write_skipped(skipped: &SkippedKeys, out: &mut Vec<u8>) {
    let count = u16::try_from(skipped.live()).expect("at most 2,000 skipped keys");
    out.extend_from_slice(&count.to_be_bytes());
    for (number, key) in skipped.iter() {
        out.extend_from_slice(&number.to_be_bytes());
        out.extend_from_slice(key.expose());
    }
}

pub(crate) fn read_skipped(reader: &mut Reader<'_>) -> Option<SkippedKeys> {
    let count = usize::from(reader.u16()?);
    if count > SKIPPED_MAX {
        return None;
    }
    let mut skipped = SkippedKeys::with_capacity(count);
    let mut last: Option<u32> = None;
    for _ in 0..count {
        let number = reader.u32()?;
        if last.is_some_and(|last| number <= last) {
            return None;
        }
        last = Some(number);
        skipped.push(number, MessageKey::copy_of(reader.array()?));
    }
    Some(skipped)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;
    use crate::{
        Address, Bundle, DeviceSecrets, Message, OneTimePrekey, Ours, REFRESH_AFTER, Theirs, WeeklyPrekey,
    };

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    fn say(from: &mut Session, to: &mut Session, now: Duration, rng: &mut ChaCha20Rng) {
        let sealed = from.encrypt(b"text", b"", now, rng).unwrap();
        to.decrypt(&Message::parse(&sealed).unwrap(), b"").unwrap();
    }

    /// An initiator that was not answered, and a pair that has talked until it keeps as many chains as it may, each with a key.
    fn sessions() -> [Session; 3] {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let (alice, bob) = (DeviceSecrets::generate(&mut rng), DeviceSecrets::generate(&mut rng));
        let at = |account| Address { account: [account; 16], device: [1; 16] };
        let (ours, theirs) =
            (Ours { address: at(1), secrets: &alice }, Ours { address: at(2), secrets: &bob });
        let (alice, bob) = (alice.public(), bob.public());
        let (weekly, once) = (WeeklyPrekey::generate(1, &mut rng), OneTimePrekey::generate(1, &mut rng));
        let bundle = Bundle::verify(&once.bundle(&theirs, &weekly), &at(2), &bob).unwrap();
        let to_bob = Theirs { address: at(2), keys: &bob };
        let unanswered = Session::initiate(&ours, &to_bob, &bundle, &mut rng).unwrap();
        let mut alices = Session::initiate(&ours, &to_bob, &bundle, &mut rng).unwrap();
        let first = alices.encrypt(b"text", b"", NOW, &mut rng).unwrap();
        let Message::Initial(first) = Message::parse(&first).unwrap() else { panic!("an initial message") };
        let to_alice = Theirs { address: at(1), keys: &alice };
        let (mut bobs, _) = Session::respond(&theirs, &to_alice, &weekly, &once, &first, b"").unwrap();
        for _ in 0..20 {
            for by_bob in [true, false] {
                let (from, to) = if by_bob { (&mut bobs, &mut alices) } else { (&mut alices, &mut bobs) };
                say(from, to, NOW, &mut rng);
                from.encrypt(b"lost", b"", NOW, &mut rng).unwrap();
                say(from, to, NOW, &mut rng);
            }
        }
        // Bob's chain is under way when Alice offers a key.
        bobs.encrypt(b"lost", b"", NOW, &mut rng).unwrap();
        (0..8).for_each(|_| say(&mut alices, &mut bobs, NOW + REFRESH_AFTER, &mut rng));
        [unanswered, alices, bobs]
    }

    /// A buffer that grows leaves behind what was in it, and one that is far too large takes memory.
    #[test]
    fn a_snapshot_is_written_into_a_buffer_that_never_grows() {
        let [unanswered, alices, bobs] = sessions();
        assert!(alices.state.past.len() == 16 && matches!(bobs.state.refresh.exchange, Exchange::Asked(_)));
        for (session, spare_bytes) in
            [(&unanswered, 70 + 8 + 8 + EXCHANGE_BYTES_MAX), (&alices, 68 + EXCHANGE_BYTES_MAX), (&bobs, 8)]
        {
            let bytes = session.to_snapshot();
            assert_eq!(bytes.capacity(), session.snapshot_bytes_max());
            assert!(Session::from_snapshot(&bytes).unwrap().to_snapshot() == bytes);
            assert!(
                bytes.len() <= bytes.capacity() && bytes.capacity() <= bytes.len() + spare_bytes,
                "{} {}",
                bytes.len(),
                bytes.capacity()
            );
        }
    }

    #[test]
    fn past_chains_have_the_ages_that_turns_make() {
        let fit = |ages: &[u8]| {
            let chain = |age: &u8| PastChain {
                header_key: HeaderKey::copy_of(&[*age; 32]),
                age: *age,
                skipped: SkippedKeys::with_capacity(0),
            };
            ages_fit(&ages.iter().map(chain).collect::<Vec<_>>())
        };
        for ages in [&[][..], &[1], &[2, 1], &[4, 3, 2, 1], &[5, 4, 3, 2, 1], &[16, 9, 4, 3, 2, 1]] {
            assert!(fit(ages), "{ages:?}");
        }
        for ages in [&[0][..], &[1, 0], &[2], &[1, 1], &[1, 2], &[3, 1], &[5, 3, 2, 1], &[4, 4, 3, 2, 1]] {
            assert!(!fit(ages), "{ages:?}");
        }
        for ages in [&[9, 16, 4, 3, 2, 1][..], &[9, 9, 4, 3, 2, 1], &[4, 3, 2, 1, 0]] {
            assert!(!fit(ages), "{ages:?}");
        }
    }

    #[test]
    fn a_stored_state_that_cannot_be_is_refused() {
        let taken = |session: &Session| Session::from_snapshot(&session.to_snapshot()).is_ok();
        let [mut unanswered, mut alices, mut bobs] = sessions();
        assert!(taken(&unanswered) && taken(&alices) && taken(&bobs));
        let mut other_role = alices.to_snapshot();
        other_role[2] = 3;
        assert!(Session::from_snapshot(&other_role).is_err(), "neither of the three roles");
        let theirs = AgreementSecret::from_bytes(&[1; 32]).public().point();
        let header_key = HeaderKey::copy_of(&[1; 32]);
        unanswered.state.sending = Sending::Due(Due { theirs, header_key, previous_length: 0 });
        assert!(!taken(&unanswered), "somebody who was not answered has their turn");
        let receiving = alices.state.receiving.as_mut().unwrap();
        receiving.skipped.push(receiving.next, MessageKey::copy_of(&[1; 32]));
        assert!(!taken(&alices), "a key that is not behind the chain");
        let [mut unanswered, ..] = sessions();
        unanswered.handshake_id[0] ^= 1;
        assert!(!taken(&unanswered), "the id of another handshake");
        bobs.state.receiving = None;
        assert!(!taken(&bobs), "somebody who was answered has no chain of theirs");
    }
}
