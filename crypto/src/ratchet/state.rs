//! Both ratchets of one side of a session (Double Ratchet §4.3 to §4.5).
//!
//! `open` looks at the state and says what to change, and only a message that was opened whole changes it.
//!
//! ```text
//!   Due --seal: new ratchet key, DH step--> Active
//!    ^                                        |
//!    +------open a message of a new chain-----+
//! ```

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{
    chain::ChainKey,
    exchange::{Exchange, Refresh},
    header::{Header, HeaderKey, Rider},
    open::{Advance, Change, NextChain, Step, Turn},
    root::{RootKey, RootStep},
    skipped::{PastChain, SKIPPED_MAX, SkippedKeys},
};
use crate::{
    keys::{AgreementPoint, AgreementSecret},
    message::{OVERHEAD_BYTES, SALT_BYTES, Sealed},
    secret::Secret,
    session::{OpenError, SealError},
};

/// Messages that one message may skip, in the chain it ends and the chain it is in together.
pub const JUMP_MAX: u32 = 2_000;

pub(crate) struct State {
    pub(crate) root: RootKey,
    pub(crate) sending: Sending,
    pub(crate) receiving: Option<Receiving>,
    /// Opens the headers of their next chain.
    pub(crate) next_header_key: HeaderKey,
    /// Oldest first.
    pub(crate) past: Vec<PastChain>,
    /// The post-quantum ratchet.
    pub(crate) refresh: Refresh,
}

/// Our chain.
pub(crate) enum Sending {
    /// They took a turn; ours begins with the next message, and so does its key pair.
    Due(Due),
    /// It is our turn.
    Active(Active),
}

pub(crate) struct Due {
    pub(crate) theirs: AgreementPoint,
    pub(crate) header_key: HeaderKey,
    /// How many messages our chain before had.
    pub(crate) previous_length: u32,
}

pub(crate) struct Active {
    pub(crate) ratchet: AgreementSecret,
    pub(crate) chain: ChainKey,
    pub(crate) header_key: HeaderKey,
    pub(crate) next_header_key: HeaderKey,
    /// The number of our next message.
    pub(crate) next: u32,
    pub(crate) previous_length: u32,
}

/// Their chain.
pub(crate) struct Receiving {
    pub(crate) header_key: HeaderKey,
    pub(crate) chain: ChainKey,
    /// The number after the highest one opened.
    pub(crate) next: u32,
    pub(crate) skipped: SkippedKeys,
}

/// What a ciphertext is bound to besides its own bytes.
pub(crate) struct Context<'a> {
    pub(crate) session_id: &'a [u8; 16],
    pub(crate) associated_data: &'a [u8],
}

impl Context<'_> {
    /// The session id has a fixed length and the prefix has its own in it, so this is one-to-one.
    pub(super) fn bind(&self, prefix: &[u8]) -> Vec<u8> {
        [self.session_id, prefix, self.associated_data].concat()
    }
}

impl State {
    /// Begins as the initiator: our first chain steps from their weekly prekey.
    pub(crate) fn initiate(
        root: &RootKey,
        ours_header_key: HeaderKey,
        theirs_header_key: HeaderKey,
        weekly: &AgreementPoint,
        rng: &mut impl CryptoRng,
    ) -> Option<Self> {
        let (root, active) = begin_chain(root, weekly, None, ours_header_key, 0, rng)?;
        Some(Self {
            root,
            sending: Sending::Active(active),
            receiving: None,
            next_header_key: theirs_header_key,
            past: Vec::new(),
            refresh: Refresh::new(),
        })
    }

    /// Begins as the responder, with the first message that arrived.
    pub(crate) fn respond(
        root: &RootKey,
        ours_header_key: HeaderKey,
        theirs_header_key: HeaderKey,
        weekly: &AgreementSecret,
        sealed: &Sealed<'_>,
        context: &Context<'_>,
    ) -> Result<(Self, Zeroizing<Vec<u8>>), OpenError> {
        let header = theirs_header_key.open(sealed).ok_or(OpenError::Rejected)?;
        let next = NextChain { root, ours: weekly, offered: None, ending: None };
        let (turn, plaintext) = next.open(&header, sealed, context)?;
        let receiving = Receiving {
            header_key: theirs_header_key,
            chain: turn.advance.chain,
            next: turn.advance.next,
            skipped: turn.advance.skipped,
        };
        let due = Due { theirs: turn.theirs, header_key: ours_header_key, previous_length: 0 };
        let state = Self {
            root: turn.root,
            sending: Sending::Due(due),
            receiving: Some(receiving),
            next_header_key: turn.next_header_key,
            past: Vec::new(),
            refresh: Refresh { messages: 1, ..Refresh::new() },
        };
        Ok((state, plaintext))
    }

    /// Appends a sealed message to `out`. `now` is in seconds since 1970.
    pub(crate) fn seal(
        &mut self,
        plaintext: &[u8],
        context: &Context<'_>,
        now: u64,
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Result<(), SealError> {
        self.begin_chain_if_due(now, rng)?;
        let Sending::Active(active) = &mut self.sending else { return Err(SealError::WeakKey) };
        let next = active.next.checked_add(1).ok_or(SealError::ChainExhausted)?;
        let (key, chain) = active.chain.step();
        let mut salt = [0; SALT_BYTES];
        rng.fill_bytes(&mut salt);

        // Until they have answered, the handshake rides along and nothing else does.
        let rider = match &self.receiving {
            Some(_) => self.refresh.ride(active.next, now, rng),
            None => Rider::Nothing,
        };
        let header = Header {
            ratchet: active.ratchet.public(),
            previous_length: active.previous_length,
            number: active.next,
            rider,
        };
        let from = out.len();
        // Enough from the start: the plaintext is sealed where it lies, and a buffer that grows would leave it behind.
        out.reserve_exact(OVERHEAD_BYTES + header.rider_bytes() + plaintext.len());
        active.header_key.seal(&salt, &header, out);
        let bound = context.bind(&out[from..]);
        key.seal(&salt, &bound, plaintext, out);
        active.chain = chain;
        active.next = next;
        self.refresh.sealed(now);
        Ok(())
    }

    /// Begins our chain, with the answer to their offer if there is one to answer.
    fn begin_chain_if_due(&mut self, now: u64, rng: &mut impl CryptoRng) -> Result<(), SealError> {
        let Sending::Due(due) = &self.sending else { return Ok(()) };
        let answer = self.refresh.answer(rng);
        let exchanged = answer.as_ref().map(|answer| &answer.shared);
        let header_key = HeaderKey::copy_of(due.header_key.expose());
        let (root, active) =
            begin_chain(&self.root, &due.theirs, exchanged, header_key, due.previous_length, rng)
                .ok_or(SealError::WeakKey)?;
        self.root = root;
        self.sending = Sending::Active(active);
        if let Some(answer) = answer {
            self.refresh.answered(answer, now);
        }
        Ok(())
    }

    /// Makes the changes of a message that was opened.
    pub(crate) fn apply(&mut self, change: Change) {
        match (change.step, &mut self.receiving) {
            (Step::Late { number }, Some(receiving)) => receiving.skipped.remove(number),
            (Step::LateInPast { index, number }, _) => {
                if let Some(past) = self.past.get_mut(index) {
                    past.skipped.remove(number);
                }
                self.past.retain(PastChain::is_worth_keeping);
            }
            (Step::Ahead(advance), Some(receiving)) => {
                receiving.chain = advance.chain;
                receiving.next = advance.next;
                receiving.skipped.append(advance.skipped);
                self.evict();
            }
            (Step::Turn(turn), _) => self.turn(*turn),
            // Only a state with a chain of theirs makes these changes.
            (Step::Late { .. } | Step::Ahead(_), None) => {}
        }
        self.refresh.opened();
        if let Some(offer) = change.offer
            && !self.takes_part()
        {
            self.refresh.exchange = Exchange::Asked(offer);
        }
    }

    /// Whether our chain that is under way has an offer or an answer in it. Before it is over, no other exchange begins.
    fn takes_part(&self) -> bool {
        match (&self.sending, &self.refresh.exchange) {
            (Sending::Active(_), Exchange::Offered(_) | Exchange::Answering(_)) => true,
            (Sending::Active(_), Exchange::Idle | Exchange::Asked(_)) | (Sending::Due(_), _) => false,
        }
    }

    fn turn(&mut self, turn: Turn) {
        let header_key = std::mem::replace(&mut self.next_header_key, turn.next_header_key);
        let Advance { skipped, chain, next } = turn.advance;
        let ended = self.receiving.replace(Receiving { header_key, chain, next, skipped });
        self.past.iter_mut().for_each(|past| past.age = past.age.saturating_add(1));
        if let Some(mut ended) = ended {
            ended.skipped.append(turn.left_behind);
            self.past.push(PastChain { header_key: ended.header_key, age: 1, skipped: ended.skipped });
        }
        self.past.retain(PastChain::is_worth_keeping);
        self.root = turn.root;
        self.refresh.turned(turn.answered);
        if let Sending::Active(active) = &self.sending {
            self.sending = Sending::Due(Due {
                theirs: turn.theirs,
                header_key: HeaderKey::copy_of(active.next_header_key.expose()),
                previous_length: active.next,
            });
        }
        self.evict();
    }

    /// Wipes the oldest skipped keys beyond the limit.
    fn evict(&mut self) {
        let stores = || {
            self.past.iter().map(|past| &past.skipped).chain(self.receiving.iter().map(|now| &now.skipped))
        };
        let mut excess = stores().map(SkippedKeys::live).sum::<usize>().saturating_sub(SKIPPED_MAX);
        if excess == 0 {
            return;
        }
        let past = self.past.iter_mut().map(|past| &mut past.skipped);
        for skipped in past.chain(self.receiving.iter_mut().map(|now| &mut now.skipped)) {
            let before = skipped.live();
            skipped.remove_oldest(excess);
            excess -= before - skipped.live();
        }
        self.past.retain(PastChain::is_worth_keeping);
    }
}

/// Makes our next ratchet key and steps the root with it.
fn begin_chain(
    root: &RootKey,
    theirs: &AgreementPoint,
    exchanged: Option<&Secret<32>>,
    header_key: HeaderKey,
    previous_length: u32,
    rng: &mut impl CryptoRng,
) -> Option<(RootKey, Active)> {
    let ratchet = AgreementSecret::generate(rng);
    let RootStep { root, chain, next_header_key } = root.step(&ratchet.agree(theirs)?, exchanged);
    Some((root, Active { ratchet, chain, header_key, next_header_key, next: 0, previous_length }))
}
