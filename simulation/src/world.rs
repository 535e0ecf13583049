//! The world: one queue of events, on simulated time.

mod apply;
mod doors;
mod evil;
mod household;
mod links;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use waxwing_engine::{ConversationId, Input};
use waxwing_wire::{ClientFrame, DeviceId, Handle, RelayId};

use crate::app::{Account, Deed, Draft, To};
use crate::device::{Device, Frailty, Role};
use crate::dice::Dice;
use crate::evil::Evil;
use crate::invariants::{Trust, Violation, check_announcements, check_device, unfinished};
use crate::model::Model;
use crate::network::{LinkId, Network, Weather};
use crate::relay::RelayHost;
use crate::watch::{CANARY, Watch};
use evil::Mirror;

/// What is going to happen.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// A device takes its inputs.
    Run(usize),
    /// A device asked to be woken; the number says whether it is still the last time it asked.
    Wake(usize, u64),
    /// A dial ends, well or not.
    Dialled(usize, u64),
    /// A frame arrives at the relay.
    Up(LinkId),
    /// A frame arrives at a device.
    Down(LinkId),
    /// The relay hears that a link is gone.
    RelayHears(LinkId),
    /// A device hears that its link is gone.
    DeviceHears(usize, LinkId),
    /// The relay looks at its clock.
    Tick,
    /// The relay starts again.
    RelayStarts,
    /// The relay's disk works again.
    RelayDiskHeals,
    /// A device starts.
    Boots(usize),
    /// An app looks at what is left to do.
    App(usize),
    /// Something that the scenario planned.
    Planned(Plan),
}

/// Something that happens from outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// A new device is switched on.
    Join {
        /// Its account.
        account: usize,
        /// How it comes there.
        role: Role,
    },
    /// The user of a device takes another of the account's devices off its list.
    Remove {
        /// On which device.
        by: usize,
        /// Which.
        device: usize,
    },
    /// The user of a device writes to an account.
    Write {
        /// On which device.
        device: usize,
        /// To which account.
        to: usize,
    },
    /// The user of a device writes to a group.
    WriteToGroup {
        /// On which device.
        device: usize,
        /// To which group.
        group: usize,
    },
    /// The user of a device wants something about a group.
    Group {
        /// On which device.
        device: usize,
        /// Which group.
        group: usize,
        /// What.
        deed: Deed,
    },
    /// The user of a device makes an invitation to a group.
    Invite {
        /// On which device.
        device: usize,
        /// To which group.
        group: usize,
        /// Whether somebody looks at each request.
        needs_approval: bool,
    },
    /// The user of a device takes an invitation back.
    Revoke {
        /// On which device.
        device: usize,
        /// To which group.
        group: usize,
    },
    /// The user of a device asks to be in a group, by an invitation that somebody made, taken back or not.
    AskToJoin {
        /// On which device.
        device: usize,
        /// To which group.
        group: usize,
    },
    /// The user of a device lets in, or refuses, somebody who asks.
    AnswerDoor {
        /// On which device.
        device: usize,
        /// Of which group.
        group: usize,
    },
    /// The user of an account deletes it.
    End(usize),
    /// The user of a device looks at all conversations.
    Read(usize),
    /// The user of a device edits, deletes or hides a message, or reacts to one.
    Annotate(usize),
    /// A device's process is killed, and stays dead for a while.
    Kill(usize, Duration),
    /// A device's wall clock jumps, by milliseconds.
    ClockJump(usize, i64),
    /// A device's disk is copied.
    BackUp(usize),
    /// The copy is put back.
    RollBack(usize),
    /// The relay is killed, and stays dead for a while.
    RelayCrash(Duration),
    /// The relay comes back without its database.
    RelayWipe(Duration),
    /// The relay's disk fails for a while.
    RelayDiskFails(Duration),
    /// The relay keeps at most so many one-time prekeys of each upload.
    PrekeySupply(usize),
    /// The weather changes.
    Weather(Weather),
    /// The links of a device break.
    Unplug(usize),
    /// The user accepts all changed keys.
    AcceptKeys(usize),
    /// The relay begins to lie.
    Evil(Evil),
}

/// What happened, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Devices that were switched on.
    pub devices: u64,
    /// Messages that were accepted.
    pub messages: u64,
    /// Messages that came to the disk of a device of the recipient or of the sender.
    pub deliveries: u64,
    /// Faults that were injected.
    pub faults: u64,
    /// Events.
    pub events: u64,
    /// Devices that a message passed over, because the relay had no prekeys of them when its sender asked.
    pub passed_over: u64,
    /// Requests to be in a group that were answered.
    pub answered: u64,
    /// Accounts that were deleted.
    pub ended: u64,
}

/// Everything there is.
#[derive(Debug)]
pub struct World {
    /// The time since the world began.
    pub now: Duration,
    /// All devices, those that are gone too.
    pub devices: Vec<Device>,
    /// All accounts.
    pub accounts: Vec<Account>,
    /// All groups, as they were made.
    pub groups: BTreeMap<usize, ConversationId>,
    /// What ought to be true.
    pub model: Model,
    /// What happened, in numbers.
    pub counts: Counts,
    /// How often devices fail.
    pub frailty: Frailty,
    /// How often, in a thousand frames, the relay dies after it committed what a frame asked for.
    pub relay_dies: u32,
    /// What may be relied on.
    pub trust: Trust,
    /// What happened, in words, where that is wanted.
    pub trace: Option<Vec<String>>,
    relay: RelayHost,
    network: Network,
    watch: Watch,
    /// Devices that the relay had no prekeys for when a device asked last.
    keyless: BTreeSet<(usize, DeviceId)>,
    evil: Option<Evil>,
    mirror: Option<Mirror>,
    overheard: Option<Vec<(usize, ClientFrame)>>,
    /// Links that were made, by group: whoever was given one keeps it.
    links: BTreeMap<usize, BTreeSet<String>>,
    dice: Dice,
    queue: BTreeMap<(Duration, u64), Event>,
    next_event: u64,
    next_text: u64,
}

/// How often the relay looks at its clock.
const TICK: Duration = Duration::from_secs(1);

/// How often a run looks whether everything is done.
const LOOK: Duration = Duration::from_secs(5);

impl World {
    /// A world with this many accounts and no devices.
    #[must_use]
    pub fn new(seed: u64, accounts: usize) -> World {
        let mut dice = Dice::new(seed);
        let account = |n| Account {
            handle: Handle::new(&format!("user-{n}")).expect("a handle of small letters and digits"),
            id: None,
            key: None,
        };
        let mut world = World {
            now: Duration::ZERO,
            devices: Vec::new(),
            accounts: (0..accounts).map(account).collect(),
            groups: BTreeMap::new(),
            model: Model::default(),
            counts: Counts::default(),
            frailty: Frailty::default(),
            relay_dies: 0,
            trust: Trust { relay_is_honest: true },
            trace: None,
            relay: RelayHost::new(RelayId::from_bytes(dice.bytes())),
            network: Network::new(),
            watch: Watch::default(),
            keyless: BTreeSet::new(),
            evil: None,
            mirror: None,
            overheard: None,
            links: BTreeMap::new(),
            dice,
            queue: BTreeMap::new(),
            next_event: 0,
            next_text: 0,
        };
        world.at(TICK, Event::Tick);
        world
    }

    /// Plans something.
    pub fn plan(&mut self, at: Duration, plan: Plan) {
        self.at(at, Event::Planned(plan));
    }

    pub(crate) fn at(&mut self, at: Duration, event: Event) {
        self.next_event += 1;
        self.queue.insert((at.max(self.now), self.next_event), event);
    }

    pub(crate) fn soon(&mut self, low_ms: u64, high_ms: u64, event: Event) {
        let at = self.now + self.dice.millis(low_ms, high_ms);
        self.at(at, event);
    }

    pub(crate) fn note(&mut self, words: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>10.3} {}", self.now.as_secs_f64(), words()));
        }
    }

    /// Lets everything happen that is due until a time.
    ///
    /// # Errors
    ///
    /// The first invariant that does not hold.
    pub fn run_until(&mut self, end: Duration) -> Result<(), Violation> {
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((at, _), event) = entry.remove_entry();
            self.now = at;
            self.counts.events += 1;
            self.happen(event)?;
        }
        self.now = end;
        Ok(())
    }

    /// No more faults from here: the network is calm, and whoever is down comes back.
    pub fn heal(&mut self) {
        self.network.weather = Weather::CALM;
        self.frailty = Frailty::default();
        self.relay_dies = 0;
        self.relay.set_failing(false);
        if !self.relay.is_up() {
            self.at(self.now, Event::RelayStarts);
        }
        for index in 0..self.devices.len() {
            self.devices[index].frailty = Frailty::default();
        }
        self.note(|| "-- the network heals --".to_owned());
    }

    /// Runs until all devices agree.
    ///
    /// # Errors
    ///
    /// The first invariant that does not hold; I1 and I11 when the devices do not agree within the time.
    pub fn settle(&mut self, patience: Duration, read: bool) -> Result<(), Violation> {
        let end = self.now + patience;
        loop {
            self.run_until(self.now + LOOK)?;
            let left = unfinished(&self.devices, &self.model, read);
            if left.is_empty() {
                return Ok(());
            }
            if self.now >= end {
                let count = left.len();
                let some: Vec<String> = left.into_iter().take(8).collect();
                return Violation::of(
                    "I1/I11",
                    format!("{count} things left in the end: {}", some.join("; ")),
                );
            }
        }
    }

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Run(device) => return self.run_device(device),
            Event::Wake(device, wake) => {
                if self.devices[device].wake == wake {
                    self.give(device, Input::Wake);
                }
            }
            Event::Dialled(device, dial) => self.dialled(device, dial),
            Event::Up(link) => return self.up(link),
            Event::Down(link) => self.down(link),
            Event::RelayHears(link) => {
                self.relay.disconnect(link);
                if let Some(mirror) = &mut self.mirror {
                    mirror.relay.disconnect(link);
                }
                self.network.cut(link);
            }
            Event::DeviceHears(device, link) => {
                if self.devices[device].link == Some(link) {
                    self.devices[device].link = None;
                    self.give(device, Input::LinkDown);
                }
            }
            Event::Tick => {
                let output = self.relay.tick(self.now);
                self.pass_on(output);
                if let Some(mirror) = &mut self.mirror {
                    let output = mirror.relay.tick(self.now);
                    self.pass_on(output);
                }
                self.at(self.now + TICK, Event::Tick);
            }
            Event::RelayStarts => self.relay.restart(),
            Event::RelayDiskHeals => self.relay.set_failing(false),
            Event::Boots(device) => self.boot(device),
            Event::App(device) => self.run_app(device),
            Event::Planned(plan) => self.carry_out(plan),
        }
        Ok(())
    }

    /// Hands something to a device, and has it run.
    pub(crate) fn give(&mut self, device: usize, input: Input) {
        self.devices[device].push(input);
        self.schedule(device);
    }

    fn schedule(&mut self, device: usize) {
        let state = &mut self.devices[device];
        if state.is_running() && state.has_inputs() && !state.scheduled {
            state.scheduled = true;
            self.soon(0, 3, Event::Run(device));
        }
    }

    fn run_device(&mut self, index: usize) -> Result<(), Violation> {
        let commits = self.devices[index].store.commits();
        self.devices[index].frailty = self.frailty;
        let run = self.devices[index].run(self.now, &mut self.dice);
        if let Some(what) = run.sealed_for_stranger {
            return Violation::of("I10", format!("device {index}: {what}"));
        }
        if run.rejected_input_wrote {
            return Violation::of("I9", format!("a bad frame changed the store of device {index}"));
        }
        if self.devices[index].store.commits() != commits {
            self.accept_drafts(index);
            let before: u64 = self.stored_count();
            let checked = check_device(&self.devices[index], &self.devices, &mut self.model, self.trust);
            if checked.is_err() {
                self.note_timeline(index);
            }
            checked?;
            self.counts.deliveries += self.stored_count() - before;
        }
        if run.died {
            self.counts.faults += 1;
            self.note(|| format!("device {index} dies at a step"));
            let downtime = self.dice.millis(5, 4_000);
            self.kill(index, downtime);
            return Ok(());
        }
        for effect in run.effects {
            self.carry_out_effect(index, effect)?;
        }
        check_announcements(&self.devices[index])?;
        self.schedule(index);
        Ok(())
    }

    fn note_timeline(&mut self, index: usize) {
        let lines: Vec<String> =
            self.devices[index].store.timeline().map(|message| format!("{message:?}")).collect();
        lines.into_iter().for_each(|line| self.note(|| format!("device {index} has {line}")));
    }

    fn stored_count(&self) -> u64 {
        self.model.accepted.values().map(|message| message.stored.len() as u64).sum()
    }

    /// A text that no other is like.
    fn next_draft(&mut self, to: To, utc_ms: i64) -> Draft {
        self.next_text += 1;
        let number = self.next_text;
        let length = self.dice.index(300);
        let id = waxwing_wire::MessageId::v7(u64::try_from(utc_ms).unwrap_or(0), self.dice.bytes());
        Draft { to, id, text: format!("{CANARY}{number} {}", "x".repeat(length)) }
    }
}
