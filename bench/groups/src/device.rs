//! A device: a real engine on a store in memory, and what it cost.

use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use waxwing_engine::{
    Apply as _, Batch, Command, CommandId, ConversationId, Effect, Engine, Event, Failure, Held, Input,
    Marks, Now, Outcome as Answered, Write,
};
use waxwing_simulation::dice::Dice;
use waxwing_simulation::disk::MemoryStore;
use waxwing_simulation::relay::EPOCH_MS;
use waxwing_wire::{AccountId, MessageId};

use crate::Outcome;
use crate::clock::cpu;

/// What something cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    /// CPU time of the engine and of its store in memory.
    pub(crate) busy: Duration,
    /// Bytes of frames that it sent.
    pub(crate) up: usize,
    /// Bytes of frames that it got.
    pub(crate) down: usize,
    /// Messages that became readable.
    pub(crate) readable: usize,
}

/// An engine, its store and its chance.
pub(crate) struct Device {
    engine: Engine,
    pub(crate) store: MemoryStore,
    rng: ChaCha20Rng,
    dice: Dice,
    /// When it wants to be woken.
    pub(crate) wake: Option<Duration>,
    pub(crate) tally: Tally,
    /// The answer to its last command.
    pub(crate) answer: Option<Result<Answered, Failure>>,
    /// Texts that a relay has taken since somebody began to count.
    pub(crate) accepted: u32,
    commands: u64,
}

impl Device {
    pub(crate) fn new(mut dice: Dice) -> Outcome<Device> {
        let rng = dice.split();
        let store = MemoryStore::new();
        let engine = Engine::open(at(Duration::ZERO), &store)?;
        let tally = Tally::default();
        Ok(Device { engine, store, rng, dice, wake: None, tally, answer: None, accepted: 0, commands: 0 })
    }

    /// Ends the process and starts it again.
    pub(crate) fn reopen(&mut self, now: Duration) -> Outcome<()> {
        self.engine = Engine::open(at(now), &self.store)?;
        self.wake = None;
        Ok(())
    }

    /// A command, ready to be taken.
    pub(crate) fn command(&mut self, command: Command) -> Input {
        self.commands += 1;
        self.answer = None;
        Input::Command { id: CommandId(self.commands), command }
    }

    /// A text to a group.
    pub(crate) fn text(&mut self, conversation: ConversationId, now: Duration, text: &str) -> Input {
        let message = MessageId::v7(u64::try_from(at(now).utc_ms).unwrap_or(0), self.dice.bytes());
        let (text, marks) = (text.to_owned(), Marks::default());
        self.command(Command::Send { conversation, message, text, marks })
    }

    /// Takes an input, commits the step, and hands out what is to be done. The commit itself is not counted: it is another store's work.
    pub(crate) fn take(&mut self, input: Input, now: Duration) -> Outcome<Vec<Effect>> {
        self.store.begin();
        let mut held = Held::default();
        let begun = cpu();
        let step = self.engine.handle(input, at(now), &mut self.rng, &self.store)?;
        step.apply(&mut self.store, &mut held)?;
        self.tally.busy += cpu() - begun;
        let effects = held.release(|| self.store.commit())?;
        for effect in &effects {
            match effect {
                Effect::WakeAt(due) => self.wake = Some(*due),
                Effect::Complete { result, .. } => self.answer = Some(*result),
                Effect::Notify(Event::MessageReadable(_)) => self.tally.readable += 1,
                Effect::Notify(_)
                | Effect::Transmit(_)
                | Effect::Dial
                | Effect::HangUp
                | Effect::GivePast(_) => {}
            }
        }
        Ok(effects)
    }

    /// Writes into the store behind the engine's back, which must be opened again then.
    pub(crate) fn write(&mut self, writes: impl IntoIterator<Item = Write>) -> Outcome<()> {
        let mut batch = Batch::default();
        writes.into_iter().for_each(|write| batch.push(write));
        Ok(self.store.apply(&batch)?)
    }

    pub(crate) fn account(&self) -> Outcome<AccountId> {
        let local = self.store.durable_local().ok_or("a device is not registered")?;
        Ok(local.address.account)
    }

    /// The conversation that the last command made.
    pub(crate) fn made(&self) -> Outcome<ConversationId> {
        match self.answer {
            Some(Ok(Answered::Conversation(made))) => Ok(made),
            other => Err(format!("no group but {other:?}").into()),
        }
    }
}

fn at(now: Duration) -> Now {
    Now { elapsed: now, utc_ms: EPOCH_MS + i64::try_from(now.as_millis()).unwrap_or(i64::MAX) }
}
