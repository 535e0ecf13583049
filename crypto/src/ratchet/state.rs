//! Both ratchets of one side of a session (Double Ratchet §4.3 to §4.5).
//!
//! Opening is pure: it looks at the state and says what to change, and only a message that was opened whole changes it.
//!
//! ```text
//!   Due --seal: new ratchet key, DH step--> Active
//!    ^                                        |
//!    +------open a message of a new chain-----+
//! ```

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{
    chain::{ChainKey, MessageKey},
    header::{Header, HeaderKey},
    root::{RootKey, RootStep},
    skipped::{PastChain, SKIPPED_MAX, SkippedKeys},
};
use crate::{
    keys::{AgreementPoint, AgreementSecret},
    message::{SALT_BYTES, Sealed, write_clear},
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
    /// Session id and prefix have fixed lengths, so this is one-to-one.
    fn bind(&self, prefix: &[u8]) -> Vec<u8> {
        [self.session_id, prefix, self.associated_data].concat()
    }
}

/// What a message that was opened changes.
pub(crate) enum Change {
    /// It was late in the current chain: its key is used up.
    Late { number: u32 },
    /// It was late in a past chain.
    LateInPast { index: usize, number: u32 },
    /// It was ahead in the current chain.
    Ahead(Advance),
    /// It began a new chain: they took a turn.
    Turn(Box<Turn>),
}

pub(crate) struct Advance {
    skipped: SkippedKeys,
    chain: ChainKey,
    next: u32,
}

pub(crate) struct Turn {
    root: RootKey,
    theirs: AgreementPoint,
    next_header_key: HeaderKey,
    /// Keys left in the chain that ends.
    left_behind: SkippedKeys,
    advance: Advance,
}

type Opened = (Change, Zeroizing<Vec<u8>>);

impl State {
    /// Begins as the initiator: our first chain steps from their weekly prekey.
    pub(crate) fn initiate(
        root: &RootKey,
        ours_header_key: HeaderKey,
        theirs_header_key: HeaderKey,
        weekly: &AgreementPoint,
        rng: &mut impl CryptoRng,
    ) -> Option<Self> {
        let (root, active) = begin_chain(root, weekly, ours_header_key, 0, rng)?;
        Some(Self {
            root,
            sending: Sending::Active(active),
            receiving: None,
            next_header_key: theirs_header_key,
            past: Vec::new(),
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
        let (turn, plaintext) = open_turn(root, weekly, None, &header, sealed, context)?;
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
        };
        Ok((state, plaintext))
    }

    /// Appends a sealed message to `out`, which has room for it.
    pub(crate) fn seal(
        &mut self,
        plaintext: &[u8],
        context: &Context<'_>,
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Result<(), SealError> {
        let active = self.active(rng)?;
        let next = active.next.checked_add(1).ok_or(SealError::ChainExhausted)?;
        let (key, chain) = active.chain.step();
        let header = Header {
            ratchet: active.ratchet.public(),
            previous_length: active.previous_length,
            number: active.next,
        };
        let mut salt = [0; SALT_BYTES];
        rng.fill_bytes(&mut salt);

        let from = out.len();
        write_clear(&salt, out);
        active.header_key.seal(&salt, &header, out, from);
        let bound = context.bind(&out[from..]);
        key.seal(&salt, &bound, plaintext, out);
        active.chain = chain;
        active.next = next;
        Ok(())
    }

    /// Returns our chain, after beginning it if it is due.
    fn active(&mut self, rng: &mut impl CryptoRng) -> Result<&mut Active, SealError> {
        if let Sending::Due(due) = &self.sending {
            let header_key = HeaderKey::copy_of(due.header_key.expose());
            let (root, active) = begin_chain(&self.root, &due.theirs, header_key, due.previous_length, rng)
                .ok_or(SealError::WeakKey)?;
            self.root = root;
            self.sending = Sending::Active(active);
        }
        match &mut self.sending {
            Sending::Active(active) => Ok(active),
            Sending::Due(_) => Err(SealError::WeakKey),
        }
    }

    /// Opens a message and says what that changes. The header is authenticated before any chain is walked.
    pub(crate) fn open(&self, sealed: &Sealed<'_>, context: &Context<'_>) -> Result<Opened, OpenError> {
        if let Some(receiving) = &self.receiving
            && let Some(header) = receiving.header_key.open(sealed)
        {
            return receiving.open(&header, sealed, context);
        }
        if let Some(header) = self.next_header_key.open(sealed) {
            // Their next chain steps from a ratchet key of ours: before we made it, nothing there can be genuine.
            let Sending::Active(active) = &self.sending else {
                return Err(OpenError::Rejected);
            };
            let (turn, plaintext) =
                open_turn(&self.root, &active.ratchet, self.receiving.as_ref(), &header, sealed, context)?;
            return Ok((Change::Turn(Box::new(turn)), plaintext));
        }
        for (index, past) in self.past.iter().enumerate().rev() {
            if let Some(Header { number, .. }) = past.header_key.open(sealed) {
                let plaintext = open_late(&past.skipped, number, sealed, context)?;
                return Ok((Change::LateInPast { index, number }, plaintext));
            }
        }
        Err(OpenError::Rejected)
    }

    pub(crate) fn apply(&mut self, change: Change) {
        match (change, &mut self.receiving) {
            (Change::Late { number }, Some(receiving)) => receiving.skipped.remove(number),
            (Change::LateInPast { index, number }, _) => {
                if let Some(past) = self.past.get_mut(index) {
                    past.skipped.remove(number);
                }
                self.past.retain(PastChain::is_worth_keeping);
            }
            (Change::Ahead(advance), Some(receiving)) => {
                receiving.chain = advance.chain;
                receiving.next = advance.next;
                receiving.skipped.append(advance.skipped);
                self.evict();
            }
            (Change::Turn(turn), _) => self.turn(*turn),
            // Only a state with a chain of theirs makes these changes.
            (Change::Late { .. } | Change::Ahead(_), None) => {}
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

impl Receiving {
    fn open(&self, header: &Header, sealed: &Sealed<'_>, context: &Context<'_>) -> Result<Opened, OpenError> {
        let number = header.number;
        if number < self.next {
            let plaintext = open_late(&self.skipped, number, sealed, context)?;
            return Ok((Change::Late { number }, plaintext));
        }
        check_jump(number - self.next, 0)?;
        let (advance, plaintext) = open_ahead(&self.chain, self.next, number, sealed, context)?;
        Ok((Change::Ahead(advance), plaintext))
    }
}

/// Makes our next ratchet key and steps the root with it.
fn begin_chain(
    root: &RootKey,
    theirs: &AgreementPoint,
    header_key: HeaderKey,
    previous_length: u32,
    rng: &mut impl CryptoRng,
) -> Option<(RootKey, Active)> {
    let ratchet = AgreementSecret::generate(rng);
    let RootStep { root, chain, next_header_key } = root.step(&ratchet.agree(theirs)?);
    Some((root, Active { ratchet, chain, header_key, next_header_key, next: 0, previous_length }))
}

/// Opens a message of a chain that was not yet seen.
fn open_turn(
    root: &RootKey,
    ours: &AgreementSecret,
    ending: Option<&Receiving>,
    header: &Header,
    sealed: &Sealed<'_>,
    context: &Context<'_>,
) -> Result<(Turn, Zeroizing<Vec<u8>>), OpenError> {
    let next = ending.map_or(0, |chain| chain.next);
    let left = header.previous_length.saturating_sub(next);
    check_jump(header.number, if ending.is_some() { left } else { 0 })?;

    let theirs = header.ratchet.point();
    let agreed = ours.agree(&theirs).ok_or(OpenError::Rejected)?;
    let RootStep { root, chain, next_header_key } = root.step(&agreed);
    let (advance, plaintext) = open_ahead(&chain, 0, header.number, sealed, context)?;
    let left_behind = match ending {
        Some(ending) if left > 0 => walk(&ending.chain, next, next + left).0,
        Some(_) | None => SkippedKeys::with_capacity(0),
    };
    Ok((Turn { root, theirs, next_header_key, left_behind, advance }, plaintext))
}

fn check_jump(ahead: u32, left_behind: u32) -> Result<(), OpenError> {
    match ahead.checked_add(left_behind) {
        Some(jump) if jump <= JUMP_MAX => Ok(()),
        Some(_) | None => Err(OpenError::TooFarAhead),
    }
}

/// Opens message `number` of a chain that stands at `next`.
fn open_ahead(
    chain: &ChainKey,
    next: u32,
    number: u32,
    sealed: &Sealed<'_>,
    context: &Context<'_>,
) -> Result<(Advance, Zeroizing<Vec<u8>>), OpenError> {
    let after = number.checked_add(1).ok_or(OpenError::Rejected)?;
    let (skipped, reached) = walk(chain, next, number);
    let (key, chain) = reached.as_ref().unwrap_or(chain).step();
    let plaintext = open_body(&key, sealed, context)?;
    Ok((Advance { skipped, chain, next: after }, plaintext))
}

fn open_late(
    skipped: &SkippedKeys,
    number: u32,
    sealed: &Sealed<'_>,
    context: &Context<'_>,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let key = skipped.get(number).ok_or(OpenError::Duplicate)?;
    open_body(key, sealed, context)
}

fn open_body(
    key: &MessageKey,
    sealed: &Sealed<'_>,
    context: &Context<'_>,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    key.open(sealed, &context.bind(sealed.prefix)).ok_or(OpenError::Rejected)
}

/// Steps a chain from `next` to `until`, keeping the keys passed by. The caller has checked the distance.
fn walk(chain: &ChainKey, next: u32, until: u32) -> (SkippedKeys, Option<ChainKey>) {
    let mut reached: Option<ChainKey> = None;
    let mut skipped = SkippedKeys::with_capacity((until - next) as usize);
    for number in next..until {
        let (key, after) = reached.as_ref().unwrap_or(chain).step();
        skipped.push(number, key);
        reached = Some(after);
    }
    (skipped, reached)
}
