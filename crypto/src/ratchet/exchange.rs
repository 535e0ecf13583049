//! The post-quantum ratchet: now and then a whole ML-KEM-768 exchange rides along in the headers of messages, and its secret
//! goes into a root step (`docs/spec.md`, section 16).
//!
//! ```text
//!          a refresh is due, we write               their chain has the answer
//!   Idle ------------------------------> Offered -----------------------------> Idle
//!    |                                      |
//!    | they offer                           | they offer, and no chain of ours is under way
//!    v                                      |
//!   Asked <---------------------------------+
//!    |
//!    +--our next chain begins--> Answering --they take a turn--> Idle
//! ```
//!
//! No ids are needed. A chain has at most one offer in it, and an answer can only be to the offer in the chain that it
//! answers. An offer of ours is dropped only when no answer to it can be under way.

use std::time::Duration;

use rand_core::CryptoRng;

use super::header::Rider;
use crate::{
    kem::{Kem, KemPublic, KemSecret, MlKem768},
    secret::Secret,
};

/// Messages, sealed and opened together, after which a session is due for a post-quantum exchange.
pub const REFRESH_MESSAGES: u32 = 50;
/// Time after which a session is due for a post-quantum exchange.
pub const REFRESH_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);
/// An offer rides on the messages of a chain whose number is a multiple of this.
pub(crate) const OFFER_EVERY: u32 = 8;

/// A ciphertext of the ratchet's KEM.
pub(crate) type Ciphertext = <MlKem768 as Kem>::Ciphertext;

/// Where the exchange stands, and when one was last complete.
pub(crate) struct Refresh {
    pub(crate) exchange: Exchange,
    /// When our share of the last exchange was drawn, in seconds since 1970. `None` until our first message tells the time.
    pub(crate) at: Option<u64>,
    /// Messages sealed and opened since the last exchange.
    pub(crate) messages: u32,
}

/// The exchange that is under way.
pub(crate) enum Exchange {
    /// None is.
    Idle,
    /// We offer a key until their chain has the answer.
    Offered(Box<Offered>),
    /// They offer a key. Our next chain answers it.
    Asked(KemPublic<MlKem768>),
    /// Every message of our chain has the answer.
    Answering(Box<Ciphertext>),
}

/// A key pair of ours that waits for an answer.
pub(crate) struct Offered {
    pub(crate) secret: KemSecret<MlKem768>,
    pub(crate) public: KemPublic<MlKem768>,
    /// When it was drawn, in seconds since 1970.
    pub(crate) at: u64,
}

/// What begins with a new chain of ours: the answer, and the secret for its root step.
pub(crate) struct Answer {
    ciphertext: Box<Ciphertext>,
    pub(crate) shared: Secret<32>,
}

impl Refresh {
    /// A session that has just begun is fresh: its handshake was an exchange.
    pub(crate) fn new() -> Self {
        Self { exchange: Exchange::Idle, at: None, messages: 0 }
    }

    /// Answers the offer that we know of, if we know of one.
    pub(crate) fn answer(&self, rng: &mut impl CryptoRng) -> Option<Answer> {
        match &self.exchange {
            Exchange::Asked(key) => {
                let (ciphertext, shared) = key.encapsulate(rng);
                Some(Answer { ciphertext: Box::new(ciphertext), shared })
            }
            Exchange::Idle | Exchange::Offered(_) | Exchange::Answering(_) => None,
        }
    }

    /// Our chain has begun with this answer.
    pub(crate) fn answered(&mut self, answer: Answer, now: u64) {
        self.exchange = Exchange::Answering(answer.ciphertext);
        self.complete(now);
    }

    /// Says what rides along in message `number` of our chain. An exchange that is due begins here.
    pub(crate) fn ride(
        &mut self,
        number: u32,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Rider<&KemPublic<MlKem768>, &Ciphertext> {
        let offers = number.is_multiple_of(OFFER_EVERY);
        if offers && matches!(self.exchange, Exchange::Idle) && self.is_due(now) {
            let secret = KemSecret::generate(rng);
            let public = secret.public();
            self.exchange = Exchange::Offered(Box::new(Offered { secret, public, at: now }));
        }
        match &self.exchange {
            Exchange::Offered(offered) if offers => Rider::Offer(&offered.public),
            Exchange::Answering(ciphertext) => Rider::Answer(ciphertext),
            Exchange::Idle | Exchange::Offered(_) | Exchange::Asked(_) => Rider::Nothing,
        }
    }

    /// A wrong clock makes an exchange come early or late. The count needs none.
    fn is_due(&self, now: u64) -> bool {
        let late = self.at.is_some_and(|at| now.abs_diff(at) >= REFRESH_AFTER.as_secs());
        late || self.messages >= REFRESH_MESSAGES
    }

    /// Counts a message that we seal.
    pub(crate) fn sealed(&mut self, now: u64) {
        self.at.get_or_insert(now);
        self.opened();
    }

    /// Counts a message that we opened.
    pub(crate) fn opened(&mut self) {
        self.messages = self.messages.saturating_add(1);
    }

    /// They took a turn. `answered`: with the answer to our offer.
    pub(crate) fn turned(&mut self, answered: bool) {
        match &self.exchange {
            Exchange::Offered(offered) if answered => {
                let at = offered.at;
                self.exchange = Exchange::Idle;
                self.complete(at);
            }
            Exchange::Answering(_) => self.exchange = Exchange::Idle,
            Exchange::Idle | Exchange::Offered(_) | Exchange::Asked(_) => {}
        }
    }

    fn complete(&mut self, at: u64) {
        self.at = Some(at);
        self.messages = 0;
    }
}
