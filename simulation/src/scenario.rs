//! Scenarios: who is there, what they write, and what goes wrong meanwhile. Made from a seed.

mod households;

use std::fmt;
use std::time::Duration;

use crate::app::Deed;
use crate::device::{Frailty, Role};
use crate::dice::Dice;
use crate::evil::Evil;
use crate::invariants::Violation;
use crate::network::Weather;
use crate::world::{Counts, Plan, World};

/// How long the devices have to agree once the faults stop.
const PATIENCE: Duration = Duration::from_secs(2 * 3600);

/// Ten years, in milliseconds.
const TEN_YEARS_MS: i64 = 3_650 * 24 * 3_600 * 1_000;

/// A run to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// What chance depends on.
    pub seed: u64,
    /// How many accounts there are.
    pub accounts: usize,
    /// What happens from outside, and when.
    pub plans: Vec<(Duration, Plan)>,
    /// How often devices fail while the faults last.
    pub frailty: Frailty,
    /// How often, in a thousand frames, the relay dies before it answers.
    pub relay_dies: u32,
    /// How long the faults last.
    pub length: Duration,
    /// The relay keeps a log for groups of more devices, where it is not as usual.
    pub log_above: Option<u64>,
}

/// A run that broke an invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What to repeat it with.
    pub seed: u64,
    /// When in the run.
    pub at: Duration,
    /// What is wrong.
    pub violation: Violation,
    /// What happened, where that was wanted.
    pub trace: Vec<String>,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}: after {:.3} s, {}", self.seed, self.at.as_secs_f64(), self.violation)
    }
}

impl std::error::Error for Failed {}

/// Whether what happens is written down in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    /// It is.
    Kept,
    /// It is not.
    Off,
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

impl Scenario {
    /// Accounts with a device each, and no faults.
    #[must_use]
    pub fn quiet(seed: u64, accounts: usize) -> Scenario {
        let joins = (0..accounts).map(|account| (seconds(0), Plan::Join { account, role: Role::First }));
        Scenario {
            seed,
            accounts,
            plans: joins.collect(),
            frailty: Frailty::default(),
            relay_dies: 0,
            length: seconds(60),
            log_above: None,
        }
    }

    /// Adds something that happens.
    #[must_use]
    pub fn with(mut self, at: Duration, plan: Plan) -> Scenario {
        self.plans.push((at, plan));
        self
    }

    /// Adds texts between random devices to random other accounts.
    #[must_use]
    pub fn with_traffic(mut self, texts: usize, devices: usize) -> Scenario {
        let mut dice = Dice::new(self.seed ^ 0x7ea_f1c);
        let length = u64::try_from(self.length.as_millis()).unwrap_or(u64::MAX);
        for _ in 0..texts {
            let (device, to) = (dice.index(devices), dice.index(self.accounts));
            let at = dice.millis(1_000, length);
            // Often several at once, so that the order has a chance to break.
            for _ in 0..=dice.below(3) {
                self.plans.push((at, Plan::Write { device, to }));
            }
            if dice.chance(300) {
                self.plans.push((dice.millis(1_000, length), Plan::Read(dice.index(devices))));
            }
        }
        self
    }

    /// Adds edits, deletions and reactions by random devices.
    #[must_use]
    pub fn with_annotations(mut self, count: usize, devices: usize) -> Scenario {
        let mut dice = Dice::new(self.seed ^ 0xa220_7a7e);
        let length = u64::try_from(self.length.as_millis()).unwrap_or(u64::MAX);
        for _ in 0..count {
            self.plans.push((dice.millis(2_000, length), Plan::Annotate(dice.index(devices))));
        }
        self
    }

    /// Everything that a seed can bring: up to four accounts, up to seven devices, and faults of every kind.
    #[must_use]
    pub fn random(seed: u64) -> Scenario {
        let mut dice = Dice::new(seed ^ 0x5ce_9a710);
        let accounts = 2 + dice.index(3);
        let mut scenario = Scenario::quiet(seed, accounts);
        scenario.length = dice.millis(30_000, 120_000);
        let mut devices = accounts;
        for n in 0..dice.below(4) {
            let account = dice.index(accounts);
            scenario = scenario.with(seconds(4 + 3 * n), Plan::Join { account, role: Role::Added });
            devices += 1;
        }
        let texts = 5 + dice.index(25);
        scenario = scenario.with_traffic(texts, devices);
        scenario = scenario.with_annotations(texts, devices);
        scenario.frailty = Frailty {
            dies_before_commit: dice.below(12) as u32,
            dies_after_commit: dice.below(12) as u32,
            write_fails: dice.below(12) as u32,
            read_fails: dice.below(6) as u32,
        };
        scenario.relay_dies = dice.below(6) as u32;
        scenario.add_weather(&mut dice);
        scenario.add_faults(&mut dice, devices);
        scenario
    }

    fn add_weather(&mut self, dice: &mut Dice) {
        let storm = Weather {
            delay_max_ms: 20 + dice.below(1_500),
            cut_per_mille: dice.below(40) as u32,
            stall_per_mille: dice.below(8) as u32,
            corrupt_per_mille: dice.below(8) as u32,
            dial_fails_per_mille: dice.below(400) as u32,
        };
        self.plans.push((Duration::ZERO, Plan::Weather(storm)));
    }

    fn add_faults(&mut self, dice: &mut Dice, devices: usize) {
        let length = u64::try_from(self.length.as_millis()).unwrap_or(u64::MAX);
        for _ in 0..dice.below(8) {
            let device = dice.index(devices);
            let plan = match dice.below(6) {
                0 => Plan::Kill(device, dice.millis(10, 40_000)),
                1 => Plan::ClockJump(
                    device,
                    (dice.below(2) as i64 * 2 - 1) * dice.below(TEN_YEARS_MS as u64) as i64,
                ),
                2 => Plan::RelayCrash(dice.millis(10, 10_000)),
                3 => Plan::RelayDiskFails(dice.millis(10, 10_000)),
                4 => Plan::PrekeySupply(dice.index(4)),
                _ => Plan::Unplug(device),
            };
            self.plans.push((dice.millis(0, length), plan));
        }
    }

    /// A group of three to six accounts with one to three devices each: they write, race for changes, leave and come back,
    /// while processes die and the network fails.
    #[must_use]
    pub fn groups(seed: u64) -> Scenario {
        let mut dice = Dice::new(seed ^ 0x6_2045);
        let accounts = 3 + dice.index(4);
        let mut scenario = Scenario::quiet(seed, accounts);
        let mut devices = accounts;
        for n in 0..dice.below(5) {
            let account = dice.index(accounts);
            scenario = scenario.with(seconds(3 + n), Plan::Join { account, role: Role::Added });
            devices += 1;
        }
        scenario.length = dice.millis(60_000, 150_000);
        let length = u64::try_from(scenario.length.as_millis()).unwrap_or(u64::MAX);
        let others = (1..accounts).filter(|_| dice.chance(800)).collect();
        scenario = scenario.with(seconds(12), Plan::Group { device: 0, group: 0, deed: Deed::Make(others) });
        for _ in 0..10 + dice.index(30) {
            let (device, at) = (dice.index(devices), dice.millis(14_000, length));
            for _ in 0..=dice.below(3) {
                scenario.plans.push((at, Plan::WriteToGroup { device, group: 0 }));
            }
        }
        for n in 0..dice.below(10) {
            let (device, one) = (dice.index(devices), dice.index(accounts));
            let deed = match dice.below(6) {
                0 | 1 => Deed::Add(one),
                2 => Deed::Remove(one),
                3 => Deed::Promote(one),
                _ => Deed::Title(format!("birds {n}")),
            };
            let at = dice.millis(14_000, length);
            // Two at once, so that one of them comes too late.
            for device in [device, 0] {
                scenario.plans.push((at, Plan::Group { device, group: 0, deed: deed.clone() }));
            }
        }
        scenario.frailty = Frailty {
            dies_before_commit: dice.below(10) as u32,
            dies_after_commit: dice.below(10) as u32,
            write_fails: dice.below(8) as u32,
            read_fails: dice.below(4) as u32,
        };
        scenario.relay_dies = dice.below(6) as u32;
        scenario.add_weather(&mut dice);
        scenario
    }

    /// Both sides write first at the same moment, so both begin a session.
    #[must_use]
    pub fn both_write_first_at_once(seed: u64) -> Scenario {
        let mut scenario = Scenario::quiet(seed, 2);
        for n in 0..4 {
            for (device, to) in [(0, 1), (1, 0)] {
                scenario =
                    scenario.with(seconds(3) + Duration::from_millis(n * 15), Plan::Write { device, to });
            }
        }
        scenario
    }

    /// A device is replaced by a new one while others write to it.
    #[must_use]
    pub fn reinstalled_device(seed: u64) -> Scenario {
        Scenario::quiet(seed, 3)
            .with_traffic(25, 3)
            .with(seconds(30), Plan::Join { account: 1, role: Role::Replacing })
    }

    /// Many begin sessions with one account that has almost no one-time prekeys.
    #[must_use]
    pub fn prekeys_run_out(seed: u64) -> Scenario {
        let mut scenario = Scenario::quiet(seed, 6).with(Duration::ZERO, Plan::PrekeySupply(1));
        scenario = scenario.with(seconds(5), Plan::Unplug(0));
        for device in 1..6 {
            for n in 0..3 {
                scenario = scenario.with(seconds(6 + n), Plan::Write { device, to: 0 });
            }
        }
        scenario
    }

    /// The relay comes back without its database.
    #[must_use]
    pub fn wiped_relay(seed: u64) -> Scenario {
        let scenario = Scenario::quiet(seed, 3).with_traffic(25, 5);
        let scenario = scenario.with(seconds(3), Plan::Join { account: 0, role: Role::Added });
        let scenario = scenario.with(seconds(4), Plan::Join { account: 1, role: Role::Added });
        scenario.with(seconds(30), Plan::RelayWipe(seconds(2)))
    }

    /// Disks refuse one commit in ten.
    #[must_use]
    pub fn failing_disks(seed: u64) -> Scenario {
        let frailty = Frailty { write_fails: 100, read_fails: 30, ..Frailty::default() };
        Scenario { frailty, ..Scenario::quiet(seed, 3).with_traffic(20, 3) }
    }

    /// Processes die at one step in ten.
    #[must_use]
    pub fn dying_processes(seed: u64) -> Scenario {
        let frailty = Frailty { dies_before_commit: 60, dies_after_commit: 60, ..Frailty::default() };
        Scenario { frailty, relay_dies: 20, ..Scenario::quiet(seed, 3).with_traffic(20, 3) }
    }

    /// People edit, delete and react, on two devices each, while processes die and links break.
    #[must_use]
    pub fn annotated_messages(seed: u64) -> Scenario {
        let frailty = Frailty { dies_before_commit: 10, dies_after_commit: 10, ..Frailty::default() };
        let storm = Weather { delay_max_ms: 2_000, cut_per_mille: 20, ..Weather::CALM };
        let mut scenario = Scenario::quiet(seed, 2).with_traffic(12, 4).with_annotations(60, 4);
        for account in [0, 1] {
            let joins = Plan::Join { account, role: Role::Added };
            scenario = scenario.with(seconds(1 + account as u64), joins);
        }
        Scenario { frailty, ..scenario.with(seconds(8), Plan::Weather(storm)) }
    }

    /// Clocks jump by ten years, forth and back.
    #[must_use]
    pub fn clocks_wrong_by_ten_years(seed: u64) -> Scenario {
        Scenario::quiet(seed, 3)
            .with_traffic(25, 3)
            .with(seconds(10), Plan::ClockJump(0, TEN_YEARS_MS))
            .with(seconds(20), Plan::ClockJump(1, -TEN_YEARS_MS))
            .with(seconds(25), Plan::Kill(0, seconds(1)))
            .with(seconds(30), Plan::Kill(1, seconds(1)))
            .with(seconds(40), Plan::ClockJump(0, 0))
            .with(seconds(45), Plan::Kill(0, seconds(1)))
    }

    /// An old copy of a device's disk is put back.
    #[must_use]
    pub fn rolled_back_store(seed: u64) -> Scenario {
        Scenario::quiet(seed, 3)
            .with_traffic(30, 3)
            .with(seconds(20), Plan::BackUp(0))
            .with(seconds(40), Plan::RollBack(0))
    }

    /// The relay drops, reorders, replays, redirects and changes what it moves.
    #[must_use]
    pub fn evil_relay(seed: u64) -> Scenario {
        let scenario =
            Scenario::quiet(seed, 3).with(seconds(3), Plan::Join { account: 0, role: Role::Added });
        scenario.with_traffic(30, 4).with(seconds(8), Plan::Evil(Evil::new(250)))
    }

    /// The relay shows a key of its own for an account that a device wrote to before.
    #[must_use]
    pub fn swapped_key(seed: u64) -> Scenario {
        Scenario::quiet(seed, 2)
            .with(seconds(3), Plan::Write { device: 0, to: 1 })
            // Another device of account 1 makes device 0 look at the account again.
            .with(seconds(8), Plan::Join { account: 1, role: Role::Added })
            .with(seconds(12), Plan::Evil(Evil::swapping_keys()))
            .with(seconds(20), Plan::Write { device: 0, to: 1 })
    }

    /// The scenario of a name: that of its function, with hyphens.
    #[must_use]
    pub fn named(name: &str) -> Option<fn(u64) -> Scenario> {
        Some(match name {
            "random" => Scenario::random,
            "groups" => Scenario::groups,
            "logged-groups" => Scenario::logged_groups,
            "devices" => Scenario::devices,
            "crowds" => Scenario::crowds,
            "doors" => Scenario::doors,
            "both-write-first-at-once" => Scenario::both_write_first_at_once,
            "reinstalled-device" => Scenario::reinstalled_device,
            "prekeys-run-out" => Scenario::prekeys_run_out,
            "wiped-relay" => Scenario::wiped_relay,
            "failing-disks" => Scenario::failing_disks,
            "dying-processes" => Scenario::dying_processes,
            "annotated-messages" => Scenario::annotated_messages,
            "clocks-wrong-by-ten-years" => Scenario::clocks_wrong_by_ten_years,
            "rolled-back-store" => Scenario::rolled_back_store,
            "evil-relay" => Scenario::evil_relay,
            "swapped-key" => Scenario::swapped_key,
            _ => return None,
        })
    }

    fn is_evil(&self) -> bool {
        self.plans.iter().any(|(_, plan)| matches!(plan, Plan::Evil(_)))
    }

    /// The world of this scenario, before anything happened.
    #[must_use]
    pub fn world(&self) -> World {
        let mut world = World::new(self.seed, self.accounts);
        world.frailty = self.frailty;
        world.relay_dies = self.relay_dies;
        if let Some(devices) = self.log_above {
            world.log_groups_above(devices);
        }
        for (at, plan) in &self.plans {
            world.plan(*at, plan.clone());
        }
        world
    }

    /// Runs it: first with the faults; then until all devices agree, and again once everybody read everything.
    ///
    /// A relay that lies may keep devices from agreeing for ever; then only safety is checked.
    ///
    /// # Errors
    ///
    /// The first invariant that does not hold.
    pub fn run(&self, trace: Trace) -> Result<Counts, Failed> {
        let mut world = self.world();
        world.trace = (trace == Trace::Kept).then(Vec::new);
        let ended = self.drive(&mut world);
        let (at, trace) = (world.now, world.trace.take().unwrap_or_default());
        ended.map_err(|violation| Failed { seed: self.seed, at, violation, trace }).map(|()| world.counts)
    }

    fn drive(&self, world: &mut World) -> Result<(), Violation> {
        world.run_until(self.length)?;
        if self.is_evil() {
            return world.run_until(self.length + seconds(300));
        }
        world.heal();
        world.settle(PATIENCE, false)?;
        world.everybody_reads();
        world.settle(PATIENCE, true)
    }
}
