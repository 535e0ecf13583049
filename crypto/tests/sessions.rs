//! What sessions of two devices get into in real life: both begin at once, prekeys are used twice, old sessions answer late.
//!
//! Which of several sessions writes is the business of whoever holds them (`docs/spec.md`, section 11); here it is played by
//! a few lines.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]

use rand_chacha::ChaCha20Rng;
use waxwing_crypto::{
    Message, OneTimePrekey, OpenError, PrekeyError, REFRESH_AFTER, SKIPPED_MAX, Session, WeeklyPrekey,
};

use common::{AD, Device, NOW, fail, initial, open, two_devices, two_sessions};

mod common;

/// A device with all its sessions with one other device, the one that writes first.
struct Party<'a> {
    device: &'a Device,
    peer: &'a Device,
    sessions: Vec<Session>,
}

impl<'a> Party<'a> {
    fn new(device: &'a Device, peer: &'a Device) -> Self {
        Self { device, peer, sessions: Vec::new() }
    }

    fn begins(&mut self, rng: &mut ChaCha20Rng) {
        self.sessions.insert(0, self.device.initiate(self.peer, rng));
    }

    fn says(&mut self, text: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
        if self.sessions.is_empty() {
            self.begins(rng);
        }
        self.sessions[0].encrypt(text, AD, NOW, rng).unwrap()
    }

    fn hears(&mut self, message: &[u8]) -> Result<Vec<u8>, OpenError> {
        if let Message::Initial(initial) = Message::parse(message).unwrap()
            && !self.sessions.iter().any(|session| session.handshake_id() == initial.handshake_id())
        {
            let (session, plaintext) = self.device.respond(self.peer, message)?;
            let ours_wins = self.sessions.first().is_some_and(|ours| {
                ours.initiated_by_us() && !ours.is_acknowledged() && self.device.address < self.peer.address
            });
            self.sessions.insert(usize::from(ours_wins), session);
            return Ok(plaintext.as_bytes().to_vec());
        }
        let mut error = OpenError::Rejected;
        for session in &mut self.sessions {
            match open(session, message) {
                Ok(plaintext) => return Ok(plaintext),
                Err(OpenError::Duplicate) => error = OpenError::Duplicate,
                Err(OpenError::Rejected | OpenError::TooFarAhead) => {}
            }
        }
        Err(error)
    }
}

/// Messages go both ways, and in the end in one session.
fn converge(alice: &mut Party<'_>, bob: &mut Party<'_>, rng: &mut ChaCha20Rng) {
    for round in 0..4u8 {
        let from_alice = alice.says(&[1, round], rng);
        assert_eq!(bob.hears(&from_alice).unwrap(), [1, round]);
        let from_bob = bob.says(&[2, round], rng);
        assert_eq!(alice.hears(&from_bob).unwrap(), [2, round]);
        assert_eq!(bob.hears(&from_alice), Err(OpenError::Duplicate));
    }
    assert_eq!(alice.sessions[0].id(), bob.sessions[0].id(), "both write in the same session");
    assert!(alice.sessions[0].is_acknowledged() && bob.sessions[0].is_acknowledged());
}

/// Both sides begin at once, in five ways.
mod both_begin {
    use super::*;

    #[test]
    fn and_both_first_messages_arrive() {
        let (one, two, mut rng) = two_devices(1);
        let (mut alice, mut bob) = (Party::new(&one, &two), Party::new(&two, &one));
        let (from_alice, from_bob) = (alice.says(b"a", &mut rng), bob.says(b"b", &mut rng));
        assert_eq!(
            (alice.hears(&from_bob).unwrap(), bob.hears(&from_alice).unwrap()),
            (b"b".to_vec(), b"a".to_vec())
        );
        converge(&mut alice, &mut bob, &mut rng);
        assert_eq!((alice.sessions.len(), bob.sessions.len()), (2, 2));
    }

    #[test]
    fn and_one_first_message_is_spoilt_on_its_way() {
        let (one, two, mut rng) = two_devices(2);
        let (mut alice, mut bob) = (Party::new(&one, &two), Party::new(&two, &one));
        let (from_alice, from_bob) = (alice.says(b"a", &mut rng), bob.says(b"b", &mut rng));
        let mut spoilt = from_bob.clone();
        *spoilt.last_mut().unwrap() ^= 1;
        assert_eq!(alice.hears(&spoilt), Err(OpenError::Rejected));
        assert_eq!(alice.sessions.len(), 1);
        assert_eq!(bob.hears(&from_alice).unwrap(), b"a");
        converge(&mut alice, &mut bob, &mut rng);
        assert_eq!(alice.hears(&from_bob).unwrap(), b"b", "and the good one is still good");
        let from_alice = alice.says(b"in whichever session", &mut rng);
        assert_eq!(bob.hears(&from_alice).unwrap(), b"in whichever session");
    }

    #[test]
    fn and_the_first_messages_after_that_are_lost() {
        let (one, two, mut rng) = two_devices(3);
        let (mut alice, mut bob) = (Party::new(&one, &two), Party::new(&two, &one));
        let (from_alice, from_bob) = (alice.says(b"a", &mut rng), bob.says(b"b", &mut rng));
        alice.hears(&from_bob).unwrap();
        bob.hears(&from_alice).unwrap();
        for _ in 0..5 {
            alice.says(b"lost", &mut rng);
            bob.says(b"lost", &mut rng);
        }
        converge(&mut alice, &mut bob, &mut rng);
    }

    #[test]
    fn and_go_on_writing_at_the_same_moment() {
        let (one, two, mut rng) = two_devices(4);
        let (mut alice, mut bob) = (Party::new(&one, &two), Party::new(&two, &one));
        for _ in 0..30 {
            let (from_alice, from_bob) = (alice.says(b"a", &mut rng), bob.says(b"b", &mut rng));
            assert_eq!(alice.hears(&from_bob).unwrap(), b"b");
            assert_eq!(bob.hears(&from_alice).unwrap(), b"a");
        }
        assert_eq!((alice.sessions.len(), bob.sessions.len()), (2, 2));
        converge(&mut alice, &mut bob, &mut rng);
    }

    #[test]
    fn and_again_and_again() {
        let (one, two, mut rng) = two_devices(5);
        let (mut alice, mut bob) = (Party::new(&one, &two), Party::new(&two, &one));
        let mut late = Vec::new();
        for _ in 0..8 {
            alice.begins(&mut rng);
            bob.begins(&mut rng);
            let (from_alice, from_bob) = (alice.says(b"a", &mut rng), bob.says(b"b", &mut rng));
            late.push((alice.says(b"late a", &mut rng), bob.says(b"late b", &mut rng)));
            assert_eq!(alice.hears(&from_bob).unwrap(), b"b");
            assert_eq!(bob.hears(&from_alice).unwrap(), b"a");
        }
        converge(&mut alice, &mut bob, &mut rng);
        for (from_alice, from_bob) in late {
            assert_eq!(bob.hears(&from_alice).unwrap(), b"late a");
            assert_eq!(alice.hears(&from_bob).unwrap(), b"late b");
        }
        converge(&mut alice, &mut bob, &mut rng);
    }
}

#[test]
fn a_bundle_that_is_handed_out_twice_begins_two_sessions_that_know_nothing_of_each_other() {
    let (alice, bob, mut rng) = two_devices(6);
    let eve = Device::new(3, &mut rng);
    let mut sessions =
        [alice.initiate(&bob, &mut rng), alice.initiate(&bob, &mut rng), eve.initiate(&bob, &mut rng)];
    let sealed: Vec<_> =
        sessions.iter_mut().map(|session| session.encrypt(b"hello", AD, NOW, &mut rng).unwrap()).collect();
    let mut ids: Vec<_> = sessions.iter().map(Session::id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    // Bob deletes the prekey with the first that opens: what comes second names a prekey that he has no more.
    let (mut first, _) = bob.respond(&alice, &sealed[0]).unwrap();
    let another = OneTimePrekey::generate(43, &mut rng);
    for (from, message) in [(&alice, &sealed[1]), (&eve, &sealed[2])] {
        assert_eq!(initial(message).one_time_prekey_id(), 41);
        let refused =
            Session::respond(&bob.ours(), &from.theirs(), &bob.weekly, &another, &initial(message), AD);
        assert_eq!(refused.unwrap_err(), OpenError::Rejected);
        assert_eq!(fail(&mut first, message), OpenError::Rejected, "nor is it of the session that there is");
    }
}

#[test]
fn a_first_message_that_does_not_open_leaves_the_prekeys_as_they_were() {
    let (alice, bob, mut rng) = two_devices(7);
    let sealed = alice.initiate(&bob, &mut rng).encrypt(b"hello", AD, NOW, &mut rng).unwrap();
    let (weekly, one_time) = (bob.weekly.to_bytes(), bob.one_time.to_bytes());
    for at in (11..sealed.len()).step_by(37) {
        let mut spoilt = sealed.clone();
        spoilt[at] ^= 1;
        if Message::parse(&spoilt).is_ok() {
            assert_eq!(bob.respond(&alice, &spoilt).unwrap_err(), OpenError::Rejected, "byte {at}");
        }
    }
    assert!(weekly[..] == bob.weekly.to_bytes()[..] && one_time[..] == bob.one_time.to_bytes()[..]);
    assert_eq!(bob.respond(&alice, &sealed).unwrap().1.as_bytes(), b"hello");
}

#[test]
fn an_archived_session_answers_late_whatever_rides_along() {
    let (one, two, mut rng) = two_devices(8);
    let (mut alice, mut bob) = (Party::new(&one, &two), Party::new(&two, &one));
    converge(&mut alice, &mut bob, &mut rng);
    // An offer is under way when Alice begins a new session.
    let due = NOW + REFRESH_AFTER;
    let offer = alice.sessions[0].encrypt(b"offer", AD, due, &mut rng).unwrap();
    alice.begins(&mut rng);
    let begin = alice.says(b"anew", &mut rng);
    assert_eq!(bob.hears(&offer).unwrap(), b"offer");
    let late = bob.sessions[0].encrypt(b"answer", AD, due, &mut rng).unwrap();
    assert_eq!(bob.hears(&begin).unwrap(), b"anew");
    converge(&mut alice, &mut bob, &mut rng);
    assert_eq!(alice.hears(&late).unwrap(), b"answer");
    assert_eq!(alice.sessions[1].refreshed().at, Some(due));
    assert_eq!(alice.hears(&late), Err(OpenError::Duplicate));
    converge(&mut alice, &mut bob, &mut rng);
}

#[test]
fn every_message_that_comes_twice_is_known_for_it_in_every_kind_of_chain() {
    let (one, two, mut rng) = two_devices(9);
    let (mut alice, mut bob) = (Party::new(&one, &two), Party::new(&two, &one));
    let mut sent = Vec::new();
    for turn in 0..3 {
        for _ in 0..4 {
            let message = alice.says(b"a", &mut rng);
            bob.hears(&message).unwrap();
            sent.push(message);
        }
        for message in &sent {
            let before = bob.sessions[0].to_snapshot();
            assert_eq!(bob.hears(message), Err(OpenError::Duplicate), "turn {turn}");
            assert!(before == bob.sessions[0].to_snapshot());
        }
        let answer = bob.says(b"b", &mut rng);
        alice.hears(&answer).unwrap();
        assert_eq!(alice.hears(&answer), Err(OpenError::Duplicate));
    }
}

#[test]
fn prekeys_come_back_from_the_store_and_no_other_bytes_are_taken_for_them() {
    let (alice, ..) = two_devices(30);
    let weekly = |bytes: &[u8]| WeeklyPrekey::from_bytes(bytes).map(|key| (key.id(), key.to_bytes()));
    let one_time = |bytes: &[u8]| OneTimePrekey::from_bytes(bytes).map(|key| (key.id(), key.to_bytes()));
    let stored = [alice.weekly.to_bytes(), alice.one_time.to_bytes(), alice.last_resort.to_bytes()];
    assert_eq!(weekly(&stored[0]), Ok((7, stored[0].clone())));
    assert_eq!(one_time(&stored[1]), Ok((41, stored[1].clone())));
    assert_eq!(one_time(&stored[2]), Ok((42, stored[2].clone())));
    assert!(
        OneTimePrekey::from_bytes(&stored[2]).unwrap().is_last_resort() && !alice.one_time.is_last_resort()
    );
    for bytes in &stored {
        let other_format = [&[2], &bytes[1..]].concat();
        for wrong in [&bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), &other_format, &[]] {
            assert_eq!((weekly(wrong), one_time(wrong)), (Err(PrekeyError), Err(PrekeyError)));
        }
    }
    let no_flag = [&stored[2][..5], &[2], &stored[2][6..]].concat();
    assert_eq!(one_time(&no_flag), Err(PrekeyError));
}

#[test]
fn a_session_that_keeps_all_that_it_may_comes_back_from_the_store() {
    let (mut alice, mut bob, mut rng) = two_sessions(31);
    let last = (0..=SKIPPED_MAX).map(|_| alice.encrypt(b"late", AD, NOW, &mut rng).unwrap()).last().unwrap();
    open(&mut bob, &last).unwrap();
    let stored = bob.to_snapshot();
    assert!(stored.len() > 36 * SKIPPED_MAX, "all of the keys are there");
    assert!(Session::from_snapshot(&stored).unwrap().to_snapshot() == stored);
}
