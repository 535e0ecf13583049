//! Giving the past: to a device that is being linked, and to one that asks for what it lacks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use waxwing_crypto::link::{Channel, Purpose};
use waxwing_engine::{LinkJoiner, PastAsk, PastPiece};
use waxwing_wire::DeviceId;

use super::{ANSWER_MAX, Talk, within};
use crate::error::{Code, Result};
use crate::room::Room;
use crate::socket::Endpoint;
use crate::store::past::{self, Place};
use crate::store::{Readers, show};

/// How long the device that asked may take to be in its room. It was there when it asked.
const THERE_MAX: Duration = Duration::from_secs(20);

/// How far the past is that is being given.
pub(super) struct Giving {
    this: DeviceId,
    pub(super) place: Place,
    pub(super) messages: u64,
    of: u64,
    /// Until when it stays open for what comes late.
    pub(super) open_until: Option<Instant>,
}

impl Giving {
    /// From a place that a piece named, or from the start.
    pub(super) async fn begin(readers: &Readers, place: &[u8]) -> Result<Giving> {
        let place = place.to_vec();
        let begun = readers.read(move |db| {
            let Some(me) = show::me(db)? else { return Ok(None) };
            let place = Place::from_bytes(me.device, &place);
            let (messages, of) = past::count(db, &place)?;
            Ok(Some(Giving { this: me.device, place, messages, of, open_until: None }))
        });
        begun.await?.ok_or_else(|| Code::NotRegistered.into())
    }

    /// Gives the next piece.
    pub(super) async fn next(&mut self, readers: &Readers, talk: &mut Talk) -> Result<()> {
        let place = self.place.clone();
        let (piece, place) = readers.read(move |db| past::piece(db, place)).await?;
        self.place = place;
        self.messages += piece.entries();
        self.of = self.of.max(self.messages);
        if !piece.is_empty() {
            let purpose = if self.place.is_in_history() { Purpose::History } else { Purpose::Settings };
            let said = piece.encode(self.messages, self.of, self.place.to_bytes(self.this));
            talk.say(purpose, &said).await?;
        }
        Ok(())
    }

    /// How much of the whole that is, from 0 to 1000.
    pub(super) fn per_mille(&self) -> u16 {
        super::per_mille(self.messages, self.of)
    }

    /// Says that it was all, and waits until the other device has it.
    pub(super) async fn end(&self, talk: &mut Talk) -> Result<()> {
        talk.say(Purpose::History, &PastPiece::last(self.messages)).await?;
        talk.say(Purpose::Done, &[]).await?;
        match within(ANSWER_MAX, talk.hear()).await? {
            (Purpose::Done, _) if talk.channel.is_done() => Ok(()),
            _ => Err(Code::LinkBroken.into()),
        }
    }
}

/// Answers other devices of the account that ask for the past, one at a time, each on a thread of its own.
pub(crate) struct Giver {
    pub(crate) endpoint: Endpoint,
    pub(crate) agent: String,
    pub(crate) readers: Arc<Readers>,
    pub(crate) is_busy: Arc<AtomicBool>,
}

impl Giver {
    /// Goes to the room in which a device waits, and gives it what it lacks. Whoever asks while another one is answered asks again.
    pub(crate) fn give(&self, ask: PastAsk) {
        if self.is_busy.swap(true, Ordering::AcqRel) {
            return;
        }
        let (endpoint, agent) = (self.endpoint.clone(), self.agent.clone());
        let (readers, is_busy) = (Arc::clone(&self.readers), Arc::clone(&self.is_busy));
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime
                && let Err(error) = runtime.block_on(give(endpoint, agent, &readers, &ask))
            {
                tracing::info!(
                    code = error.code(),
                    "another device asked for the history and did not get all of it"
                );
            }
            is_busy.store(false, Ordering::Release);
            drop(readers);
        };
        if std::thread::Builder::new().name("waxwing-give".to_owned()).spawn(run).is_err() {
            self.is_busy.store(false, Ordering::Release);
        }
    }
}

async fn give(endpoint: Endpoint, agent: String, readers: &Readers, ask: &PastAsk) -> Result<()> {
    let mut room = Room::enter(endpoint, agent, ask.room)?;
    within(THERE_MAX, room.joined()).await?;
    let mut talk = Talk { channel: Channel::answering(&ask.secret), room, joiner: LinkJoiner::default() };
    let mut giving = Giving::begin(readers, &ask.place).await?;
    while !giving.place.is_end() {
        giving.next(readers, &mut talk).await?;
    }
    giving.end(&mut talk).await
}
