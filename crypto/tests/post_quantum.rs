//! The post-quantum ratchet: what it heals, and that nothing on the way between two devices upsets it.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]

use std::time::Duration;

use rand_chacha::{ChaCha20Rng, rand_core::Rng};
use waxwing_crypto::{
    OpenError, PLAINTEXT_BYTES_MAX, REFRESH_AFTER, REFRESH_MESSAGES, Session,
    primitives::{self, MlKem},
};

use common::{
    AD, NOW,
    by_hand::{ANSWER, OFFER, PLAIN, Stored, header_bytes, open_body, open_header, root_step},
    fail, open, two_devices, two_sessions,
};

mod common;

/// A clock by which an exchange is due.
const DUE: Duration = NOW.saturating_add(REFRESH_AFTER);

/// Two sessions, and what goes between them.
struct Pair {
    alice: Session,
    bob: Session,
    rng: ChaCha20Rng,
}

impl Pair {
    /// Bob has spoken last.
    fn new(seed: u8) -> Self {
        let (alice, bob, rng) = two_sessions(seed);
        Self { alice, bob, rng }
    }

    fn alice_says(&mut self, now: Duration) -> Vec<u8> {
        self.alice.encrypt(b"from Alice", AD, now, &mut self.rng).unwrap()
    }

    fn bob_says(&mut self, now: Duration) -> Vec<u8> {
        self.bob.encrypt(b"from Bob", AD, now, &mut self.rng).unwrap()
    }

    fn alice_hears(&mut self, message: &[u8]) {
        assert_eq!(open(&mut self.alice, message).unwrap(), b"from Bob");
    }

    fn bob_hears(&mut self, message: &[u8]) {
        assert_eq!(open(&mut self.bob, message).unwrap(), b"from Alice");
    }

    /// Alice writes and Bob answers; says how long the headers were.
    fn round(&mut self, now: Duration) -> [usize; 2] {
        let ping = self.alice_says(now);
        self.bob_hears(&ping);
        let pong = self.bob_says(now);
        self.alice_hears(&pong);
        [header_bytes(&ping), header_bytes(&pong)]
    }

    /// Whether both sides had their last exchange at this time.
    fn refreshed_at(&self, at: Duration) -> bool {
        [&self.alice, &self.bob].iter().all(|side| side.refreshed().at == Some(at))
    }
}

fn exchange(session: &Session) -> u8 {
    Stored::read(&session.to_snapshot()).exchange.0
}

const IDLE: u8 = 0;
const OFFERED: u8 = 1;
const ASKED: u8 = 2;
const ANSWERING: u8 = 3;

/// When an exchange comes.
mod cadence {
    use super::*;

    #[test]
    fn an_exchange_comes_after_fifty_messages_with_a_clock_that_stands_still() {
        let mut pair = Pair::new(1);
        // The session has begun with two messages.
        let rounds: Vec<_> = (0..(REFRESH_MESSAGES - 2) / 2).map(|_| pair.round(NOW)).collect();
        assert!(rounds.iter().all(|round| *round == [PLAIN, PLAIN]));
        assert_eq!(pair.alice.refreshed().messages, REFRESH_MESSAGES);
        assert_eq!(pair.round(NOW), [OFFER, ANSWER]);
        assert_eq!((pair.alice.refreshed().messages, pair.bob.refreshed().messages), (1, 1));
        // It goes on and on: 50 messages, one with an offer, one with an answer.
        let exchanges = (0..260).filter(|_| pair.round(NOW).contains(&OFFER)).count();
        assert_eq!(exchanges, 10);
    }

    #[test]
    fn an_exchange_comes_after_a_week_in_whichever_direction_the_clock_went() {
        for clock in [NOW + REFRESH_AFTER, NOW - REFRESH_AFTER, Duration::ZERO, Duration::MAX] {
            let mut pair = Pair::new(2);
            assert_eq!(pair.round(NOW), [PLAIN, PLAIN]);
            assert!(pair.refreshed_at(NOW), "by the handshake");
            assert_eq!(pair.round(NOW + REFRESH_AFTER - Duration::from_secs(1)), [PLAIN, PLAIN]);
            assert_eq!(pair.round(clock), [OFFER, ANSWER]);
            assert!(pair.refreshed_at(Duration::from_secs(clock.as_secs())));
            assert_eq!(pair.round(clock), [PLAIN, PLAIN], "once");
        }
    }

    #[test]
    fn fifty_messages_and_a_week_are_what_they_say() {
        assert_eq!((REFRESH_MESSAGES, REFRESH_AFTER.as_secs()), (50, 604_800));
    }

    #[test]
    fn the_time_of_an_exchange_is_when_our_share_of_it_was_drawn() {
        let mut pair = Pair::new(3);
        let offer = pair.alice_says(DUE);
        assert_eq!(header_bytes(&offer), OFFER);
        assert_eq!(pair.alice.refreshed().at, Some(NOW), "it is not complete");
        pair.bob_hears(&offer);
        let later = DUE + Duration::from_secs(100);
        let answer = pair.bob_says(later);
        assert_eq!(pair.bob.refreshed().at, Some(later));
        pair.alice_hears(&answer);
        assert_eq!(pair.alice.refreshed().at, Some(DUE));
    }

    #[test]
    fn before_the_first_answer_nothing_rides_along() {
        let (alice, bob, mut rng) = two_devices(4);
        let mut ours = alice.initiate(&bob, &mut rng);
        assert_eq!(ours.refreshed().at, None);
        let first = ours.encrypt(b"1", AD, NOW, &mut rng).unwrap();
        for message in 1..200 {
            assert_eq!(ours.refreshed().messages, message);
            assert_eq!(ours.encrypt(b"2", AD, DUE, &mut rng).unwrap().len(), first.len());
        }
        assert_eq!(ours.refreshed().at, Some(NOW));
        // With the first answer it is high time.
        let (mut theirs, _) = bob.respond(&alice, &first).unwrap();
        assert_eq!((theirs.refreshed().at, theirs.refreshed().messages), (None, 1));
        let answer = theirs.encrypt(b"3", AD, DUE, &mut rng).unwrap();
        assert_eq!(header_bytes(&answer), PLAIN, "a first message tells the time, and asks for nothing");
        assert_eq!(open(&mut ours, &answer).unwrap(), b"3");
        let next = ours.encrypt(b"4", AD, DUE, &mut rng).unwrap();
        assert_eq!(header_bytes(&next), OFFER);
    }

    #[test]
    fn an_offer_rides_on_every_eighth_message_and_an_answer_on_all() {
        let mut pair = Pair::new(5);
        let chain: Vec<_> = (0..40).map(|_| pair.alice_says(DUE)).collect();
        for (number, message) in chain.iter().enumerate() {
            assert_eq!(header_bytes(message), if number % 8 == 0 { OFFER } else { PLAIN });
        }
        pair.bob_hears(&chain[8]);
        for _ in 0..20 {
            let message = pair.bob_says(DUE);
            assert_eq!(header_bytes(&message), ANSWER);
        }
    }

    #[test]
    fn an_exchange_completes_soon_though_a_third_of_the_messages_is_lost() {
        let mut worst = 0;
        for seed in 0..16 {
            let mut pair = Pair::new(seed);
            for turn in 0..400 {
                let by_alice = turn % 2 == 0;
                for _ in 0..=pair.rng.next_u32() % 3 {
                    let message = if by_alice { pair.alice_says(NOW) } else { pair.bob_says(NOW) };
                    if pair.rng.next_u32() % 10 < 3 {
                        continue;
                    }
                    if by_alice { pair.bob_hears(&message) } else { pair.alice_hears(&message) }
                }
                worst = worst.max(pair.alice.refreshed().messages).max(pair.bob.refreshed().messages);
            }
        }
        assert!(worst > REFRESH_MESSAGES, "something was lost: {worst}");
        assert!(worst < REFRESH_MESSAGES + 40, "after {worst} messages");
    }
}

/// Who has a copy of everything that a device knows, listens, and breaks X25519.
mod thief {
    use super::*;

    /// What the thief knows of the session of its victim with a peer.
    #[derive(Clone)]
    struct Thief {
        session_id: [u8; 16],
        root: [u8; 32],
        /// Open the headers of the next chains.
        victims_next: [u8; 32],
        peers_next: [u8; 32],
        /// The victim's ratchet secret: from the copy first, by breaking X25519 later.
        secret: [u8; 32],
        peers_public: [u8; 32],
    }

    impl Thief {
        /// Copies the state of a victim whose chain is under way.
        fn copy(victim: &Session) -> Self {
            let stored = Stored::read(&victim.to_snapshot());
            let [secret, _, _, victims_next] = stored.sending.unwrap();
            Self {
                session_id: stored.session_id,
                root: stored.root,
                victims_next,
                peers_next: stored.their_next_header_key,
                secret,
                peers_public: [0; 32],
            }
        }

        /// Reads a message of a new chain of the peer's. `shared` is what the thief knows of an exchange.
        fn peer_wrote(&mut self, message: &[u8], shared: Option<[u8; 32]>) -> Option<Vec<u8>> {
            let header = open_header(&self.peers_next, message)?;
            let [root, chain, next] = root_step(&self.root, &self.secret, &header.ratchet, shared.as_ref());
            let plaintext = open_body(&chain, header.number, &self.session_id, message)?;
            (self.root, self.peers_next, self.peers_public) = (root, next, header.ratchet);
            Some(plaintext)
        }

        /// Reads a message of a new chain of the victim's, after breaking its ratchet key.
        fn victim_wrote(&mut self, message: &[u8], victim: &Session) -> Option<Vec<u8>> {
            let header = open_header(&self.victims_next, message)?;
            self.secret = Stored::read(&victim.to_snapshot()).ratchet();
            assert_eq!(primitives::x25519_public(&self.secret), header.ratchet);
            let [root, chain, next] = root_step(&self.root, &self.secret, &self.peers_public, None);
            let plaintext = open_body(&chain, header.number, &self.session_id, message)?;
            (self.root, self.victims_next) = (root, next);
            Some(plaintext)
        }
    }

    /// What the thief of Alice's KEM seed gets out of an answer.
    fn decapsulated(alice: &Stored, answer: &[u8]) -> [u8; 32] {
        assert_eq!(alice.exchange.0, OFFERED);
        let header = open_header(&alice.their_next_header_key, answer).unwrap();
        let seed = alice.exchange.1[..64].try_into().unwrap();
        primitives::kem_decapsulate(MlKem::Of768, seed, &header.rider).unwrap()
    }

    #[test]
    fn reads_on_as_long_as_there_is_no_exchange() {
        let mut pair = Pair::new(20);
        pair.alice_says(NOW);
        let mut thief = Thief::copy(&pair.alice);
        let ping = pair.alice_says(NOW);
        pair.bob_hears(&ping);
        for _ in 0..10 {
            let pong = pair.bob_says(NOW);
            assert_eq!(thief.peer_wrote(&pong, None).unwrap(), b"from Bob");
            pair.alice_hears(&pong);
            let ping = pair.alice_says(NOW);
            assert_eq!(thief.victim_wrote(&ping, &pair.alice).unwrap(), b"from Alice");
            pair.bob_hears(&ping);
        }
    }

    #[test]
    fn of_the_side_that_offers_is_locked_out_by_the_exchange() {
        let mut pair = Pair::new(21);
        pair.alice_says(NOW);
        let mut thief = Thief::copy(&pair.alice);
        let ping = pair.alice_says(NOW);
        pair.bob_hears(&ping);
        let pong = pair.bob_says(NOW);
        assert_eq!(thief.peer_wrote(&pong, None).unwrap(), b"from Bob");
        pair.alice_hears(&pong);

        let offer = pair.alice_says(DUE);
        assert_eq!(header_bytes(&offer), OFFER);
        assert_eq!(thief.victim_wrote(&offer, &pair.alice).unwrap(), b"from Alice", "the offer itself");
        pair.bob_hears(&offer);
        let answer = pair.bob_says(DUE);
        assert_eq!(header_bytes(&answer), ANSWER);
        assert_eq!(thief.peer_wrote(&answer, None), None, "X25519 alone is not enough");
        assert_eq!(thief.peer_wrote(&answer, Some([0; 32])), None);
        // The seed is all that is missing.
        let mut thief_of_the_seed = thief.clone();
        let shared = decapsulated(&Stored::read(&pair.alice.to_snapshot()), &answer);
        assert_eq!(thief_of_the_seed.peer_wrote(&answer, Some(shared)).unwrap(), b"from Bob");
        pair.alice_hears(&answer);
        let next = pair.alice_says(DUE);
        assert_eq!(thief.victim_wrote(&next, &pair.alice), None, "nor is it ever after");
        assert_eq!(thief_of_the_seed.victim_wrote(&next, &pair.alice).unwrap(), b"from Alice");
    }

    #[test]
    fn of_the_side_that_answers_is_locked_out_by_the_exchange() {
        let mut pair = Pair::new(22);
        pair.round(NOW);
        // Here Bob is the victim, even when he has the offer already.
        let mut thief = Thief::copy(&pair.bob);
        let offer = pair.alice_says(DUE);
        assert_eq!(header_bytes(&offer), OFFER);
        assert_eq!(thief.peer_wrote(&offer, None).unwrap(), b"from Alice");
        pair.bob_hears(&offer);
        let answer = pair.bob_says(DUE);
        let shared = decapsulated(&Stored::read(&pair.alice.to_snapshot()), &answer);
        assert_eq!(thief.victim_wrote(&answer, &pair.bob), None);
        pair.alice_hears(&answer);
        let next = pair.alice_says(DUE);
        assert_eq!(thief.peer_wrote(&next, None), None);
        // Control: the same steps with the secret give the root that Bob has.
        let root = root_step(
            &thief.root,
            &Stored::read(&pair.bob.to_snapshot()).ratchet(),
            &thief.peers_public,
            Some(&shared),
        )[0];
        assert_eq!(root, Stored::read(&pair.bob.to_snapshot()).root);
    }

    #[test]
    fn of_a_seed_that_is_offered_already_is_locked_out_by_the_next_exchange() {
        let mut pair = Pair::new(23);
        let offer = pair.alice_says(DUE);
        let copied = Stored::read(&pair.alice.to_snapshot());
        let mut thief = Thief::copy(&pair.alice);
        pair.bob_hears(&offer);
        let answer = pair.bob_says(DUE);
        let shared = decapsulated(&copied, &answer);
        assert_eq!(thief.peer_wrote(&answer, Some(shared)).unwrap(), b"from Bob", "this one does not help");
        pair.alice_hears(&answer);
        let stolen_at = DUE + Duration::from_secs(1);
        assert!(pair.alice.refreshed().at.unwrap() < stolen_at, "and Alice can tell");
        let offer = pair.alice_says(DUE + REFRESH_AFTER);
        assert_eq!(thief.victim_wrote(&offer, &pair.alice).unwrap(), b"from Alice");
        pair.bob_hears(&offer);
        let answer = pair.bob_says(DUE + REFRESH_AFTER);
        assert_eq!(thief.peer_wrote(&answer, Some(shared)), None);
        pair.alice_hears(&answer);
        assert!(pair.alice.refreshed().at.unwrap() > stolen_at);
    }

    #[test]
    fn finds_no_seed_after_the_answer_and_no_shared_secret_ever() {
        let mut pair = Pair::new(24);
        let offer = pair.alice_says(DUE);
        let stored = Stored::read(&pair.alice.to_snapshot());
        let seed = stored.exchange.1[..64].to_vec();
        pair.bob_hears(&offer);
        let answer = pair.bob_says(DUE);
        let shared = decapsulated(&stored, &answer);
        pair.alice_hears(&answer);
        let holds = |side: &Session, secret: &[u8]| {
            side.to_snapshot().windows(8).any(|window| secret.windows(8).any(|part| part == window))
        };
        assert_eq!((exchange(&pair.alice), exchange(&pair.bob)), (IDLE, ANSWERING));
        assert!(!holds(&pair.alice, &seed));
        assert!(!holds(&pair.alice, &shared) && !holds(&pair.bob, &shared));
    }
}

/// Everything that can happen between an offer and its answer.
mod interleavings {
    use super::*;

    #[test]
    fn any_message_of_the_answering_chain_may_come_first() {
        for first in 0..6 {
            let mut pair = Pair::new(30);
            let offer = pair.alice_says(DUE);
            pair.bob_hears(&offer);
            let answers: Vec<_> = (0..6).map(|_| pair.bob_says(DUE)).collect();
            pair.alice_hears(&answers[first]);
            assert_eq!(exchange(&pair.alice), IDLE);
            for (_, late) in answers.iter().enumerate().filter(|(number, _)| *number != first) {
                pair.alice_hears(late);
            }
            assert_eq!(fail(&mut pair.alice, &answers[first]), OpenError::Duplicate);
            assert_eq!(pair.alice.refreshed().messages, 6);
            pair.round(DUE);
            assert_eq!(exchange(&pair.bob), IDLE);
        }
    }

    #[test]
    fn offers_that_cross_end_in_one_exchange() {
        for (bob_hears_first, alice_hears_first) in
            [(true, true), (true, false), (false, true), (false, false)]
        {
            let mut pair = Pair::new(31);
            pair.round(NOW);
            // Alice begins a chain, Bob opens a message of it that has no offer, and answers.
            let begin = pair.alice_says(NOW);
            pair.bob_hears(&begin);
            // Now both are due, and write without having heard of each other. Bob's chain is new, Alice's is not.
            let from_bob: Vec<_> = (0..2).map(|_| pair.bob_says(DUE)).collect();
            let from_alice: Vec<_> = (0..8).map(|_| pair.alice_says(DUE)).collect();
            assert_eq!((header_bytes(&from_bob[0]), header_bytes(&from_alice[7])), (OFFER, OFFER));
            assert_eq!((exchange(&pair.alice), exchange(&pair.bob)), (OFFERED, OFFERED));
            if bob_hears_first {
                pair.bob_hears(&from_alice[7]);
                assert_eq!(exchange(&pair.bob), OFFERED, "his chain has an offer in it");
            }
            if alice_hears_first {
                pair.alice_hears(&from_bob[0]);
                assert_eq!(exchange(&pair.alice), ASKED, "hers is over, and so is her offer");
            } else {
                pair.alice_hears(&from_bob[1]);
                assert_eq!(exchange(&pair.alice), OFFERED);
                pair.alice_hears(&from_bob[0]);
                assert_eq!(exchange(&pair.alice), ASKED, "late, and still before her next chain");
            }
            assert_eq!(pair.round(DUE), [ANSWER, PLAIN]);
            assert!(pair.refreshed_at(DUE));
            if !bob_hears_first {
                pair.bob_hears(&from_alice[7]);
                assert_eq!(exchange(&pair.bob), IDLE, "what a past chain offers is over");
            }
            assert_eq!(pair.round(DUE), [PLAIN, PLAIN]);
        }
    }

    #[test]
    fn an_offer_that_is_seen_in_the_middle_of_our_chain_is_answered_in_the_next() {
        let mut pair = Pair::new(32);
        let begin = pair.alice_says(NOW);
        pair.bob_hears(&begin);
        let from_bob = pair.bob_says(NOW);
        let chain: Vec<_> = (0..8).map(|_| pair.alice_says(DUE)).collect();
        pair.bob_hears(&chain[7]);
        assert_eq!(exchange(&pair.bob), ASKED);
        let second = pair.bob_says(DUE);
        assert_eq!(
            header_bytes(&second),
            PLAIN,
            "his chain has begun without an answer, and he asks for none"
        );
        pair.alice_hears(&from_bob);
        pair.alice_hears(&second);
        assert_eq!(exchange(&pair.alice), OFFERED);
        assert_eq!(pair.round(DUE), [OFFER, ANSWER], "the offer goes on in her next chain");
        assert!(pair.refreshed_at(DUE));
    }

    #[test]
    fn an_offer_may_arrive_in_a_late_message_only() {
        let mut pair = Pair::new(33);
        let chain: Vec<_> = (0..3).map(|_| pair.alice_says(DUE)).collect();
        pair.bob_hears(&chain[2]);
        assert_eq!(exchange(&pair.bob), IDLE);
        pair.bob_hears(&chain[0]);
        assert_eq!(exchange(&pair.bob), ASKED);
        let answer = pair.bob_says(DUE);
        assert_eq!(header_bytes(&answer), ANSWER);
        pair.alice_hears(&answer);
        assert!(pair.refreshed_at(DUE));
    }

    #[test]
    fn an_offer_that_comes_too_late_comes_again_in_the_next_chain() {
        let mut pair = Pair::new(34);
        let chain: Vec<_> = (0..2).map(|_| pair.alice_says(DUE)).collect();
        pair.bob_hears(&chain[1]);
        let plain = pair.bob_says(NOW);
        pair.alice_hears(&plain);
        let next: Vec<_> = (0..2).map(|_| pair.alice_says(DUE)).collect();
        pair.bob_hears(&next[1]);
        pair.bob_hears(&chain[0]);
        assert_eq!(exchange(&pair.bob), IDLE, "of a past chain: passed over");
        pair.bob_hears(&next[0]);
        let answer = pair.bob_says(DUE);
        assert_eq!(header_bytes(&answer), ANSWER);
        pair.alice_hears(&answer);
        assert!(pair.refreshed_at(DUE));
    }

    #[test]
    fn late_messages_of_an_answered_offer_change_nothing_but_the_count() {
        let mut pair = Pair::new(35);
        let chain: Vec<_> = (0..24).map(|_| pair.alice_says(DUE)).collect();
        pair.bob_hears(&chain[8]);
        let answer = pair.bob_says(DUE);
        pair.bob_hears(&chain[16]);
        pair.bob_hears(&chain[9]);
        assert_eq!(exchange(&pair.bob), ANSWERING);
        pair.alice_hears(&answer);
        assert_eq!(pair.round(DUE), [PLAIN, PLAIN]);
        pair.bob_hears(&chain[0]);
        assert_eq!((exchange(&pair.alice), exchange(&pair.bob)), (IDLE, IDLE));
        assert_eq!(pair.round(DUE), [PLAIN, PLAIN]);
    }

    #[test]
    fn a_side_that_answers_asks_for_nothing_until_they_have_taken_a_turn() {
        let mut pair = Pair::new(36);
        let offer = pair.alice_says(DUE);
        pair.bob_hears(&offer);
        let later = DUE + REFRESH_AFTER;
        let chain: Vec<_> = (0..2 * REFRESH_MESSAGES).map(|_| pair.bob_says(later)).collect();
        assert!(chain.iter().all(|message| header_bytes(message) == ANSWER));
        pair.alice_hears(&chain[99]);
        assert_eq!(pair.round(later), [OFFER, ANSWER], "Alice is the first who can");
    }

    #[test]
    fn everything_survives_the_store_at_every_step() {
        let mut pair = Pair::new(37);
        let reload = |side: &mut Session, is: u8| {
            assert_eq!(exchange(side), is);
            let bytes = side.to_snapshot();
            *side = Session::from_snapshot(&bytes).unwrap();
            assert!(side.to_snapshot() == bytes);
        };
        let offer = pair.alice_says(DUE);
        reload(&mut pair.alice, OFFERED);
        pair.bob_hears(&offer);
        reload(&mut pair.bob, ASKED);
        let answer = pair.bob_says(DUE);
        reload(&mut pair.bob, ANSWERING);
        pair.alice_hears(&answer);
        reload(&mut pair.alice, IDLE);
        pair.round(DUE);
        assert!(pair.refreshed_at(DUE));
    }

    #[test]
    fn a_stored_exchange_that_cannot_be_is_refused() {
        // A session with no exchange ends in a zero: something else in its place.
        let with = |session: &Session, kind: u8, rest: &[u8]| {
            let bytes = session.to_snapshot();
            let (last, before) = bytes.split_last().unwrap();
            assert_eq!(*last, IDLE);
            Session::from_snapshot(&[before, &[kind], rest].concat()).is_ok()
        };
        let key = primitives::kem_public(MlKem::Of768, &[9; 64]);
        let (alice, bob, mut rng) = two_devices(41);
        let mut unanswered = alice.initiate(&bob, &mut rng);
        let first = unanswered.encrypt(b"first", AD, NOW, &mut rng).unwrap();
        let (before_it_knew_the_time, _) = bob.respond(&alice, &first).unwrap();
        let mut pair = Pair::new(41);
        let message = pair.alice_says(NOW);
        pair.bob_hears(&message);
        let sessions = [&unanswered, &before_it_knew_the_time, &pair.alice, &pair.bob];
        let taken = |kind, rest: &[u8]| sessions.map(|session| with(session, kind, rest));
        assert_eq!(taken(IDLE, &[]), [true; 4]);
        assert_eq!(taken(OFFERED, &[9; 72]), [false, false, true, true]);
        assert_eq!(taken(ASKED, &key), [false, true, true, true]);
        assert_eq!(
            taken(ANSWERING, &[9; 1088]),
            [false, false, true, false],
            "Alice alone has a chain under way"
        );
        assert_eq!(taken(4, &[]), [false; 4]);
        assert_eq!(taken(ASKED, &[0xff; 1184]), [false; 4]);
        assert_eq!(taken(OFFERED, &[9; 73]), [false; 4]);
    }

    #[test]
    fn a_store_put_back_within_a_chain_offers_anew_and_is_answered() {
        let mut pair = Pair::new(38);
        let begin = pair.alice_says(NOW);
        pair.bob_hears(&begin);
        let old = pair.alice.to_snapshot();
        let lost: Vec<_> = (0..8).map(|_| pair.alice_says(DUE)).collect();
        pair.bob_hears(&lost[7]);
        assert_eq!(exchange(&pair.bob), ASKED);
        pair.alice = Session::from_snapshot(&old).unwrap();
        let again: Vec<_> = (0..16).map(|_| pair.alice_says(DUE)).collect();
        assert_eq!(
            fail(&mut pair.bob, &again[7]),
            OpenError::Duplicate,
            "the first offer under this number was opened"
        );
        pair.bob_hears(&again[15]);
        let answer = pair.bob_says(DUE);
        pair.alice_hears(&answer);
        assert!(pair.refreshed_at(DUE));
    }

    #[test]
    fn a_store_put_back_to_before_an_answered_offer_refuses_and_stays_as_it_was() {
        let mut pair = Pair::new(39);
        let begin = pair.alice_says(NOW);
        pair.bob_hears(&begin);
        let old = pair.alice.to_snapshot();
        let chain: Vec<_> = (0..8).map(|_| pair.alice_says(DUE)).collect();
        pair.bob_hears(&chain[7]);
        let answer = pair.bob_says(DUE);
        pair.alice = Session::from_snapshot(&old).unwrap();
        assert_eq!(fail(&mut pair.alice, &answer), OpenError::Rejected, "nothing was offered");
        (0..8).for_each(|_| drop(pair.alice_says(DUE)));
        assert_eq!(fail(&mut pair.alice, &answer), OpenError::Rejected, "another key was");
    }

    #[test]
    fn the_longest_plaintext_fits_with_whatever_rides_along() {
        let longest = vec![7; PLAINTEXT_BYTES_MAX];
        let mut pair = Pair::new(40);
        let offer = pair.alice.encrypt(&longest, AD, DUE, &mut pair.rng).unwrap();
        assert_eq!(open(&mut pair.bob, &offer).unwrap(), longest);
        let answer = pair.bob.encrypt(&longest, AD, DUE, &mut pair.rng).unwrap();
        assert_eq!(open(&mut pair.alice, &answer).unwrap(), longest);
        assert_eq!((header_bytes(&offer), header_bytes(&answer)), (OFFER, ANSWER));
    }
}
