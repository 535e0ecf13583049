//! Any schedule of writing, delivering, tampering and storing between two devices, and any bytes as a message: what is
//! genuine opens once and says what was written, and what is refused leaves the session byte for byte as it was.

#![no_main]

use std::{sync::LazyLock, time::Duration};

use libfuzzer_sys::fuzz_target;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use waxwing_crypto::{
    Address, Bundle, DeviceSecrets, Message, OneTimePrekey, OpenError, Ours, Session, Theirs, WeeklyPrekey,
};

/// Messages on their way, in one direction.
const WAITING_MAX: usize = 64;

/// Steps of one schedule.
const STEPS_MAX: usize = 1_024;

/// A session that was answered, at rest, from both sides: the handshake is not what is asked here.
static ANSWERED: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    let (ours, theirs) = sessions(&mut ChaCha20Rng::from_seed([9; 32]));
    [ours.to_snapshot().to_vec(), theirs.to_snapshot().to_vec()]
});

struct Side {
    session: Session,
    /// Written by this side, and not delivered: the number of the message, and its bytes.
    sent: Vec<(u32, Vec<u8>)>,
    count: u32,
}

fuzz_target!(|data: &[u8]| {
    let mut rng = ChaCha20Rng::from_seed([10; 32]);
    let mut sides = ANSWERED.each_ref().map(|bytes| {
        let session = Session::from_snapshot(bytes).expect("what was stored");
        Side { session, sent: Vec::new(), count: 0 }
    });
    let mut steps = &data[..data.len().min(STEPS_MAX)];
    while let [step, rest @ ..] = steps {
        steps = rest;
        let (from, to) = if step & 1 == 0 { (0, 1) } else { (1, 0) };
        let which = usize::from(step >> 3);
        match step >> 1 & 3 {
            0 => write(&mut sides[from], &mut rng),
            1 => deliver(&mut sides, from, to, which),
            2 => {
                let [place, change, rest @ ..] = steps else { return };
                steps = rest;
                tamper(&mut sides, from, to, which, *place, *change);
            }
            _ if which == 0 => store(&mut sides[from].session),
            _ => {
                let taken = which.min(steps.len());
                open_refused(&mut sides[to].session, &steps[..taken]);
                steps = &steps[taken..];
            }
        }
    }
});

fn write(side: &mut Side, rng: &mut ChaCha20Rng) {
    if side.sent.len() == WAITING_MAX {
        side.sent.remove(0);
    }
    // A clock that runs a day a message: exchanges come due by time as well as by count.
    let now = Duration::from_secs(u64::from(side.count) * 86_400);
    let sealed =
        side.session.encrypt(&side.count.to_be_bytes(), b"ad", now, rng).expect("short, and not exhausted");
    side.sent.push((side.count, sealed));
    side.count += 1;
}

fn deliver(sides: &mut [Side; 2], from: usize, to: usize, which: usize) {
    if sides[from].sent.is_empty() {
        return;
    }
    let which = which % sides[from].sent.len();
    let (number, bytes) = sides[from].sent.remove(which);
    let message = Message::parse(&bytes).expect("a message of ours");
    let session = &mut sides[to].session;
    match session.decrypt(&message, b"ad") {
        Ok(plaintext) => {
            assert_eq!(plaintext.as_bytes(), number.to_be_bytes());
            let again = session.decrypt(&message, b"ad").map(|_| ());
            assert!(matches!(again, Err(OpenError::Duplicate | OpenError::Rejected)), "{again:?}");
        }
        // So late that its chain or its key has left.
        Err(OpenError::Rejected | OpenError::Duplicate) => {}
        Err(OpenError::TooFarAhead) => assert!(number > 1_000),
    }
}

fn tamper(sides: &mut [Side; 2], from: usize, to: usize, which: usize, place: u8, change: u8) {
    let Some((_, bytes)) = sides[from].sent.get(which % WAITING_MAX.min(sides[from].sent.len().max(1)))
    else {
        return;
    };
    let mut bytes = bytes.clone();
    // Half of the places lie in the head, the others anywhere.
    let place = if place & 1 == 0 { usize::from(place >> 1) } else { usize::from(place) * bytes.len() / 256 };
    let place = place % bytes.len();
    if change == 0 {
        bytes.truncate(place);
    } else {
        bytes[place] ^= change;
    }
    open_refused(&mut sides[to].session, &bytes);
}

fn open_refused(session: &mut Session, bytes: &[u8]) {
    let Ok(message) = Message::parse(bytes) else { return };
    let before = session.to_snapshot();
    assert!(session.decrypt(&message, b"ad").is_err());
    assert_eq!(*session.to_snapshot(), *before);
}

fn store(session: &mut Session) {
    let bytes = session.to_snapshot();
    *session = Session::from_snapshot(&bytes).expect("what was stored");
    assert_eq!(*session.to_snapshot(), *bytes);
}

/// A session that was answered, from both sides.
fn sessions(rng: &mut ChaCha20Rng) -> (Session, Session) {
    let (alice, bob) = (DeviceSecrets::generate(rng), DeviceSecrets::generate(rng));
    let (alice_keys, bob_keys) = (alice.public(), bob.public());
    let at = |n| Address { account: [n; 16], device: [n; 16] };
    let (weekly, one_time) = (WeeklyPrekey::generate(1, rng), OneTimePrekey::generate(1, rng));
    let (alice, bob) = (Ours { address: at(1), secrets: &alice }, Ours { address: at(2), secrets: &bob });
    let bundle = Bundle::verify(&one_time.bundle(&bob, &weekly), &at(2), &bob_keys).expect("signed by Bob");
    let theirs = Theirs { address: at(2), keys: &bob_keys };
    let mut ours = Session::initiate(&alice, &theirs, &bundle, rng).expect("an honest bundle");
    let first = ours.encrypt(b"", b"", Duration::ZERO, rng).expect("short");
    let Ok(Message::Initial(first)) = Message::parse(&first) else { unreachable!("nobody answered") };
    let theirs = Theirs { address: at(1), keys: &alice_keys };
    let (mut bobs, _) = Session::respond(&bob, &theirs, &weekly, &one_time, &first, b"").expect("honest");
    let answer = bobs.encrypt(b"", b"", Duration::ZERO, rng).expect("short");
    ours.decrypt(&Message::parse(&answer).expect("whole"), b"").expect("honest");
    (ours, bobs)
}
