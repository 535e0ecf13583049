//! Accounts of several devices, which come and go, and groups of many of them.

use super::{Scenario, seconds};
use crate::app::Deed;
use crate::device::{Frailty, Role};
use crate::dice::Dice;
use crate::network::Weather;
use crate::world::Plan;

/// Devices of an account in a scenario.
const DEVICES_MAX: usize = 4;

impl Scenario {
    /// Two to four accounts, whose devices are linked and removed while they write to each other and to a group, while processes die
    /// and the network fails.
    #[must_use]
    pub fn devices(seed: u64) -> Scenario {
        let mut dice = Dice::new(seed ^ 0x0de_71ce5);
        let accounts = 2 + dice.index(3);
        let mut scenario = Scenario::quiet(seed, accounts);
        scenario.length = dice.millis(70_000, 140_000);
        let length = u64::try_from(scenario.length.as_millis()).unwrap_or(u64::MAX);
        let mut of: Vec<usize> = (0..accounts).collect();
        let mut joins: Vec<_> = (0..dice.below(3)).map(|_| dice.millis(3_000, 8_000)).collect();
        joins.extend((0..1 + dice.below(4)).map(|_| dice.millis(14_000, length - 10_000)));
        joins.sort();
        for at in joins {
            let account = dice.index(accounts);
            if of.iter().filter(|other| **other == account).count() < DEVICES_MAX {
                let role = if dice.chance(500) { Role::Added } else { Role::Linked };
                scenario = scenario.with(at, Plan::Join { account, role });
                of.push(account);
            }
        }
        let others = (1..accounts).collect();
        scenario = scenario.with(seconds(12), Plan::Group { device: 0, group: 0, deed: Deed::Make(others) });
        for _ in 0..10 + dice.index(30) {
            let (device, at) = (dice.index(of.len()), dice.millis(14_000, length));
            for _ in 0..=dice.below(3) {
                scenario.plans.push((at, Plan::WriteToGroup { device, group: 0 }));
            }
            let (device, at) = (dice.index(of.len()), dice.millis(2_000, length));
            scenario.plans.push((at, Plan::Write { device, to: dice.index(accounts) }));
        }
        for _ in 0..1 + dice.below(3) {
            let device = dice.index(of.len());
            let others: Vec<usize> =
                (0..of.len()).filter(|other| of[*other] == of[device] && *other != device).collect();
            if !others.is_empty() {
                let by = others[dice.index(others.len())];
                scenario.plans.push((dice.millis(20_000, length), Plan::Remove { by, device }));
            }
        }
        scenario.frailty = Frailty {
            dies_before_commit: dice.below(8) as u32,
            dies_after_commit: dice.below(8) as u32,
            write_fails: dice.below(6) as u32,
            read_fails: dice.below(4) as u32,
        };
        scenario.relay_dies = dice.below(6) as u32;
        scenario.add_weather(&mut dice);
        scenario
    }

    /// As [`Scenario::groups`], at a relay that keeps a log for groups of more than three devices.
    #[must_use]
    pub fn logged_groups(seed: u64) -> Scenario {
        Scenario { log_above: Some(3), ..Scenario::groups(seed) }
    }

    /// A group of up to 64 accounts with one to four devices each, of which some leave and come back; every second seed with a log at
    /// the relay.
    #[must_use]
    pub fn crowds(seed: u64) -> Scenario {
        let mut dice = Dice::new(seed ^ 0xc20_3d5);
        let accounts = if seed.is_multiple_of(4) { 64 } else { 2 + dice.index(40) };
        let mut scenario = Scenario::quiet(seed, accounts);
        scenario.length = seconds(150);
        let mut devices = accounts;
        for account in 0..accounts {
            // Most have one or two.
            for _ in 0..dice.below(4) * dice.below(2) {
                let at = dice.millis(5_000, 20_000);
                scenario.plans.push((at, Plan::Join { account, role: Role::Added }));
                devices += 1;
            }
        }
        let others = (1..accounts).collect();
        scenario = scenario.with(seconds(40), Plan::Group { device: 0, group: 0, deed: Deed::Make(others) });
        for _ in 0..12 {
            let (device, at) = (dice.index(devices), dice.millis(50_000, 150_000));
            scenario.plans.push((at, Plan::WriteToGroup { device, group: 0 }));
        }
        for _ in 0..3 {
            // A first device has the number of its account.
            let one = dice.index(accounts);
            let leaves = Plan::Group { device: one, group: 0, deed: Deed::Remove(one) };
            let returns = Plan::Group { device: 0, group: 0, deed: Deed::Add(one) };
            scenario.plans.push((dice.millis(60_000, 90_000), leaves));
            scenario.plans.push((dice.millis(100_000, 140_000), returns));
        }
        let wind = Weather { delay_max_ms: 300, cut_per_mille: 3, ..Weather::CALM };
        scenario.log_above = (seed % 2 == 1).then_some(8);
        scenario.with(seconds(45), Plan::Weather(wind))
    }

    /// Four to seven accounts around a group to which people are invited, ask, and are let in or not, while others are put out and
    /// some delete their account, while processes die and the network fails.
    #[must_use]
    pub fn doors(seed: u64) -> Scenario {
        let mut dice = Dice::new(seed ^ 0xd_0045);
        let accounts = 4 + dice.index(4);
        let mut scenario = Scenario::quiet(seed, accounts);
        scenario.length = dice.millis(80_000, 150_000);
        let length = u64::try_from(scenario.length.as_millis()).unwrap_or(u64::MAX);
        let mut devices = accounts;
        for _ in 0..dice.below(4) {
            let join = Plan::Join { account: dice.index(accounts), role: Role::Added };
            scenario.plans.push((dice.millis(3_000, 8_000), join));
            devices += 1;
        }
        let others = (1..accounts).filter(|_| dice.chance(400)).collect();
        scenario = scenario.with(seconds(12), Plan::Group { device: 0, group: 0, deed: Deed::Make(others) });
        for _ in 0..10 + dice.index(20) {
            let (device, at) = (dice.index(devices), dice.millis(14_000, length));
            scenario.plans.push((at, Plan::WriteToGroup { device, group: 0 }));
            let (device, at) = (dice.index(devices), dice.millis(2_000, length));
            scenario.plans.push((at, Plan::Write { device, to: dice.index(accounts) }));
        }
        let group = 0;
        for n in 0..2 + dice.below(3) {
            let device = if n == 0 { 0 } else { dice.index(devices) };
            let needs_approval = dice.chance(500);
            scenario
                .plans
                .push((dice.millis(15_000, 60_000), Plan::Invite { device, group, needs_approval }));
        }
        for _ in 0..6 + dice.below(10) {
            let device = dice.index(devices);
            scenario.plans.push((dice.millis(20_000, length), Plan::AskToJoin { device, group }));
            let device = if dice.chance(500) { 0 } else { dice.index(devices) };
            scenario.plans.push((dice.millis(25_000, length), Plan::AnswerDoor { device, group }));
        }
        for _ in 0..dice.below(3) {
            let device = if dice.chance(500) { 0 } else { dice.index(devices) };
            scenario.plans.push((dice.millis(30_000, length), Plan::Revoke { device, group }));
        }
        for _ in 0..dice.below(5) {
            let (device, one) = (dice.index(devices), dice.index(accounts));
            let deed = match dice.below(3) {
                0 => Deed::Remove(one),
                1 => Deed::Promote(one),
                _ => Deed::Add(one),
            };
            scenario.plans.push((dice.millis(20_000, length), Plan::Group { device, group, deed }));
        }
        for _ in 0..dice.below(3) {
            scenario.plans.push((dice.millis(40_000, length), Plan::End(dice.index(accounts))));
        }
        scenario.frailty = Frailty {
            dies_before_commit: dice.below(8) as u32,
            dies_after_commit: dice.below(8) as u32,
            write_fails: dice.below(6) as u32,
            read_fails: dice.below(4) as u32,
        };
        scenario.relay_dies = dice.below(6) as u32;
        scenario.add_weather(&mut dice);
        scenario
    }
}
