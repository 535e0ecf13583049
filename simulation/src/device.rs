//! One simulated device: engine, disk, clock and app; it dies and comes back.

use std::collections::VecDeque;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use waxwing_engine::{Command, CommandId, Effect, Engine, Held, Input, LocalDevice, Now};

use crate::app::App;
use crate::cut_off::CutOff;
use crate::dice::Dice;
use crate::disk::{DiskCopy, DiskFault, MemoryStore};
use crate::network::LinkId;
use crate::relay::EPOCH_MS;

/// How a device came to its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It made the account.
    First,
    /// It joined the account's other devices.
    Added,
    /// It took the place of all of them.
    Replacing,
    /// Another device of the account put it on the list; it has not the account's key.
    Linked,
}

/// How often a device fails, in a thousand runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Frailty {
    /// The process dies before the commit: the step is lost.
    pub dies_before_commit: u32,
    /// The process dies after the commit: its effects are lost.
    pub dies_after_commit: u32,
    /// The disk refuses a write.
    pub write_fails: u32,
    /// The disk refuses a read.
    pub read_fails: u32,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Run {
    /// What the shell must do.
    pub effects: Vec<Effect>,
    /// The engine is gone, and must be opened again.
    pub died: bool,
    /// Something was to be rejected, and yet the store changed.
    pub rejected_input_wrote: bool,
    /// Something was sealed for a device that its account does not name, as far as it is known here.
    pub sealed_for_stranger: Option<String>,
}

/// A device of the world.
#[derive(Debug)]
pub struct Device {
    /// Its place in the world.
    pub index: usize,
    /// Its account's place in the world.
    pub account: usize,
    /// How it came there.
    pub role: Role,
    /// Its disk.
    pub store: MemoryStore,
    /// Its app.
    pub app: App,
    /// How wrong its wall clock is, in milliseconds.
    pub skew_ms: i64,
    /// The link that it believes to have.
    pub link: Option<LinkId>,
    /// Counts dials, so that one that was given up is not taken for the next.
    pub dial: u64,
    /// Counts wake-ups that were asked for; only the last one counts.
    pub wake: u64,
    /// How often it fails.
    pub frailty: Frailty,
    /// It was replaced, and runs no more.
    pub retired: bool,
    /// A run is under way.
    pub scheduled: bool,
    cut_off: CutOff,
    copy: Option<DiskCopy>,
    engine: Option<Engine>,
    inputs: VecDeque<Input>,
    booted_at: Duration,
    rng: ChaCha20Rng,
}

/// The most inputs that share a transaction.
const INPUTS_PER_TRANSACTION_MAX: u64 = 6;

impl Device {
    /// A device that has never run.
    #[must_use]
    pub fn new(index: usize, account: usize, role: Role, dice: &mut Dice) -> Device {
        Device {
            index,
            account,
            role,
            store: MemoryStore::new(),
            app: App::default(),
            skew_ms: 0,
            link: None,
            dial: 0,
            wake: 0,
            frailty: Frailty::default(),
            retired: false,
            scheduled: false,
            cut_off: CutOff::default(),
            copy: None,
            engine: None,
            inputs: VecDeque::new(),
            booted_at: Duration::ZERO,
            rng: dice.split(),
        }
    }

    /// What its clocks say.
    #[must_use]
    pub fn now(&self, world: Duration) -> Now {
        let passed = i64::try_from(world.as_millis()).unwrap_or(i64::MAX);
        Now { elapsed: world.saturating_sub(self.booted_at), utc_ms: EPOCH_MS + passed + self.skew_ms }
    }

    /// When in the world a time of this device's process is.
    #[must_use]
    pub fn world_time(&self, elapsed: Duration) -> Duration {
        self.booted_at + elapsed
    }

    /// Whether its process runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.engine.is_some()
    }

    /// Who it is, once it has begun to register.
    #[must_use]
    pub fn local(&self) -> Option<LocalDevice> {
        self.store.durable_local().cloned()
    }

    /// Starts the process.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn boot(&mut self, world: Duration) -> Result<(), DiskFault> {
        self.booted_at = world;
        self.engine = Some(Engine::open(self.now(world), &self.store)?);
        self.app.booted(self.local().as_ref());
        self.push(Input::Command { id: CommandId(0), command: Command::Resume });
        Ok(())
    }

    /// Ends the process: what was not committed is lost.
    pub fn die(&mut self) {
        self.store.crash();
        self.engine = None;
        self.inputs.clear();
        self.link = None;
        self.dial += 1;
        self.wake += 1;
        self.scheduled = false;
        self.app.died();
    }

    /// Hands something to the engine, at its next run.
    pub fn push(&mut self, input: Input) {
        if self.engine.is_some() {
            self.inputs.push_back(input);
        }
    }

    /// Whether something waits for the engine.
    #[must_use]
    pub fn has_inputs(&self) -> bool {
        !self.inputs.is_empty()
    }

    /// Puts a copy of the disk aside.
    pub fn back_up(&mut self) {
        self.copy = Some(self.store.copy());
    }

    /// Dies, and finds the old copy of its disk when it comes back. Returns whether there was one.
    pub fn roll_back(&mut self) -> bool {
        self.die();
        let copy = self.copy.take();
        if let Some(copy) = &copy {
            self.store.restore(copy);
        }
        copy.is_some()
    }

    /// Takes some of the inputs that wait, in one transaction.
    pub fn run(&mut self, world: Duration, dice: &mut Dice) -> Run {
        self.scheduled = false;
        let died = Run { died: true, ..Run::default() };
        let count = 1 + dice.index(INPUTS_PER_TRANSACTION_MAX as usize);
        let mut inputs: Vec<Input> = Vec::new();
        while inputs.len() < count
            && let Some(input) = self.inputs.pop_front()
        {
            inputs.push(input);
        }
        if dice.chance(self.frailty.read_fails) {
            self.store.fail_after_reads(dice.index(20) as u32, DiskFault::Io);
        }
        if dice.chance(self.frailty.write_fails) {
            self.store.fail_after_writes(dice.index(12) as u32, DiskFault::Full);
        }
        let only_bad_frames = inputs.iter().all(|input| matches!(input, Input::BadFrame));
        let commits = self.store.commits();
        let taken = self.take_steps(inputs, world, dice);
        self.store.disarm();
        match taken {
            Ok(Some(effects)) if dice.chance(self.frailty.dies_after_commit) => {
                drop(effects);
                died
            }
            Ok(Some(effects)) => {
                let rejected_input_wrote = only_bad_frames && self.store.commits() != commits;
                let sealed_for_stranger = self.cut_off.take();
                Run { effects, died: false, rejected_input_wrote, sealed_for_stranger }
            }
            Ok(None) | Err(_) => died,
        }
    }

    /// `None`: the process died before the commit.
    fn take_steps(
        &mut self,
        inputs: Vec<Input>,
        world: Duration,
        dice: &mut Dice,
    ) -> Result<Option<Vec<Effect>>, DiskFault> {
        let now = self.now(world);
        let Some(engine) = &mut self.engine else { return Ok(Some(Vec::new())) };
        let mut held = Held::default();
        self.store.begin();
        for input in inputs {
            let step = engine.handle(input, now, &mut self.rng, &self.store)?;
            step.apply(&mut self.store, &mut held)?;
            self.cut_off.look(&mut self.store);
            if dice.chance(self.frailty.dies_before_commit) {
                return Ok(None);
            }
        }
        held.release(|| self.store.commit()).map(Some)
    }
}
