//! Opening, which is pure: it looks at the state and says what a message changes (Double Ratchet §4.4).
//!
//! The header is authenticated before any chain is walked, and only a message that was opened whole changes anything.

use zeroize::Zeroizing;

use super::{
    chain::{ChainKey, MessageKey},
    exchange::{Exchange, Offered},
    header::{HeaderKey, Incoming, Rider},
    root::{RootKey, RootStep},
    skipped::SkippedKeys,
    state::{Context, JUMP_MAX, Receiving, Sending, State},
};
use crate::{
    kem::{KemPublic, MlKem768},
    keys::{AgreementPoint, AgreementSecret},
    message::Sealed,
    secret::Secret,
    session::OpenError,
};

/// What a message that was opened changes.
pub(crate) struct Change {
    pub(crate) step: Step,
    /// The offer that came with it. What a past chain offered has been answered or dropped since.
    pub(crate) offer: Option<KemPublic<MlKem768>>,
}

/// Where the message stood.
pub(crate) enum Step {
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
    pub(crate) skipped: SkippedKeys,
    pub(crate) chain: ChainKey,
    pub(crate) next: u32,
}

pub(crate) struct Turn {
    pub(crate) root: RootKey,
    pub(crate) theirs: AgreementPoint,
    pub(crate) next_header_key: HeaderKey,
    /// Whether it had the answer to our offer.
    pub(crate) answered: bool,
    /// Keys left in the chain that ends.
    pub(crate) left_behind: SkippedKeys,
    pub(crate) advance: Advance,
}

type Opened = (Change, Zeroizing<Vec<u8>>);

impl State {
    /// Opens a message and says what that changes.
    pub(crate) fn open(&self, sealed: &Sealed<'_>, context: &Context<'_>) -> Result<Opened, OpenError> {
        if let Some(receiving) = &self.receiving
            && let Some(header) = receiving.header_key.open(sealed)
        {
            return receiving.open(header, sealed, context);
        }
        if let Some(header) = self.next_header_key.open(sealed) {
            // Their next chain steps from a ratchet key of ours: before we made it, nothing there can be genuine.
            let Sending::Active(active) = &self.sending else {
                return Err(OpenError::Rejected);
            };
            let next = NextChain {
                root: &self.root,
                ours: &active.ratchet,
                offered: match &self.refresh.exchange {
                    Exchange::Offered(offered) => Some(offered),
                    Exchange::Idle | Exchange::Asked(_) | Exchange::Answering(_) => None,
                },
                ending: self.receiving.as_ref(),
            };
            let (turn, plaintext) = next.open(&header, sealed, context)?;
            let step = Step::Turn(Box::new(turn));
            return Ok((Change { step, offer: header.rider.into_offer() }, plaintext));
        }
        for (index, past) in self.past.iter().enumerate().rev() {
            if let Some(Incoming { number, .. }) = past.header_key.open(sealed) {
                let plaintext = open_late(&past.skipped, number, sealed, context)?;
                return Ok((Change { step: Step::LateInPast { index, number }, offer: None }, plaintext));
            }
        }
        Err(OpenError::Rejected)
    }
}

impl Receiving {
    fn open(
        &self,
        header: Incoming,
        sealed: &Sealed<'_>,
        context: &Context<'_>,
    ) -> Result<Opened, OpenError> {
        let number = header.number;
        let (step, plaintext) = if number < self.next {
            (Step::Late { number }, open_late(&self.skipped, number, sealed, context)?)
        } else {
            check_jump(number - self.next, 0)?;
            let (advance, plaintext) = open_ahead(&self.chain, self.next, number, sealed, context)?;
            (Step::Ahead(advance), plaintext)
        };
        Ok((Change { step, offer: header.rider.into_offer() }, plaintext))
    }
}

/// What their next chain steps from.
pub(crate) struct NextChain<'a> {
    pub(crate) root: &'a RootKey,
    pub(crate) ours: &'a AgreementSecret,
    /// The offer that it may have an answer to.
    pub(crate) offered: Option<&'a Offered>,
    /// The chain that it ends.
    pub(crate) ending: Option<&'a Receiving>,
}

impl NextChain<'_> {
    /// Opens a message of a chain that was not yet seen.
    pub(crate) fn open(
        &self,
        header: &Incoming,
        sealed: &Sealed<'_>,
        context: &Context<'_>,
    ) -> Result<(Turn, Zeroizing<Vec<u8>>), OpenError> {
        let next = self.ending.map_or(0, |chain| chain.next);
        let left = header.previous_length.saturating_sub(next);
        check_jump(header.number, if self.ending.is_some() { left } else { 0 })?;

        let theirs = header.ratchet.point();
        let agreed = self.ours.agree(&theirs).ok_or(OpenError::Rejected)?;
        let exchanged = self.exchanged(header)?;
        let RootStep { root, chain, next_header_key } = self.root.step(&agreed, exchanged.as_ref());
        let (advance, plaintext) = open_ahead(&chain, 0, header.number, sealed, context)?;
        let left_behind = match self.ending {
            Some(ending) => walk(&ending.chain, next, next + left).0,
            None => SkippedKeys::with_capacity(0),
        };
        let answered = exchanged.is_some();
        Ok((Turn { root, theirs, next_header_key, answered, left_behind, advance }, plaintext))
    }

    /// Finds the secret of an answer. What answers no offer of ours is refused.
    fn exchanged(&self, header: &Incoming) -> Result<Option<Secret<32>>, OpenError> {
        match &header.rider {
            Rider::Answer(ciphertext) => {
                let offered = self.offered.ok_or(OpenError::Rejected)?;
                Ok(Some(offered.secret.decapsulate(ciphertext).1))
            }
            Rider::Nothing | Rider::Offer(_) => Ok(None),
        }
    }
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
    key.open(&sealed.body(), &context.bind(sealed.prefix)).ok_or(OpenError::Rejected)
}

/// Steps a chain from `next` to `until`, keeping the keys passed by. The caller has checked the distance.
pub(crate) fn walk(chain: &ChainKey, next: u32, until: u32) -> (SkippedKeys, Option<ChainKey>) {
    let mut reached: Option<ChainKey> = None;
    let mut skipped = SkippedKeys::with_capacity((until - next) as usize);
    for number in next..until {
        let (key, after) = reached.as_ref().unwrap_or(chain).step();
        skipped.push(number, key);
        reached = Some(after);
    }
    (skipped, reached)
}
