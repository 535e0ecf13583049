//! Invitations while processes die, disks fail and links break: whoever asks is let in once, and by a link that was taken back
//! nobody.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use waxwing_engine::{Command, ConversationId, GroupMember, JoinState, View as _};
use waxwing_simulation::device::Frailty;
use waxwing_simulation::network::Weather;
use waxwing_simulation::scenario::Scenario;
use waxwing_simulation::world::{Plan, World};
use waxwing_wire::GroupId;

const PATIENCE: Duration = Duration::from_secs(3_600);

#[test]
fn whoever_asks_is_let_in_once_whatever_fails() {
    for seed in 0..8 {
        let (mut world, group) = with_group(seed);
        let link = invite(&mut world, group);
        begin_storm(&mut world);
        for _ in 0..60 {
            let outside: Vec<usize> =
                (1..4).filter(|device| members(&world, *device, group).is_empty()).collect();
            if outside.is_empty() {
                break;
            }
            outside.into_iter().for_each(|device| join(&mut world, device, &link));
            run(&mut world, 10);
        }
        calm_down(&mut world);
        let inside = members(&world, 0, group);
        assert_eq!(inside.len(), 4, "seed {seed}");
        for device in 1..4 {
            assert_eq!(members(&world, device, group), inside, "seed {seed}");
            assert_eq!(state(&world, device, group), Some(JoinState::Joined), "seed {seed}");
        }

        let conversation = ConversationId::group(group);
        let invitation = world.devices[0].store.door(group).unwrap().unwrap().invitations[0].id;
        world.user_wishes(0, Command::Revoke { conversation, invitation });
        run(&mut world, 5);
        join(&mut world, 4, &link);
        calm_down(&mut world);
        assert_eq!(state(&world, 4, group), Some(JoinState::Refused), "seed {seed}");
        assert_eq!(members(&world, 0, group), inside, "seed {seed}");
    }
}

#[test]
fn a_request_that_could_not_be_opened_is_made_again() {
    for seed in 0..4 {
        let (mut world, group) = with_group(seed);
        let link = invite(&mut world, group);
        world.plan(world.now, Plan::BackUp(0));
        run(&mut world, 2);
        // They talk after the copy was made, so the copy knows nothing of their session.
        for (device, to) in [(1, 0), (0, 1), (1, 0)] {
            world.plan(world.now, Plan::Write { device, to });
            run(&mut world, 3);
        }
        world.plan(world.now, Plan::Unplug(0));
        world.plan(world.now, Plan::RollBack(0));
        join(&mut world, 1, &link);
        run(&mut world, 60);
        assert_eq!(state(&world, 1, group), Some(JoinState::Joined), "seed {seed}");
        assert_eq!(members(&world, 0, group).len(), 2, "seed {seed}");
    }
}

/// A group of device 0 alone, among five devices of five accounts.
fn with_group(seed: u64) -> (World, GroupId) {
    let mut world = Scenario::quiet(seed, 5).world();
    run(&mut world, 10);
    world.user_wishes(0, Command::CreateGroup { title: "birds".to_owned(), members: Vec::new() });
    run(&mut world, 5);
    let group = world.devices[0].store.durable_groups().next().unwrap().group;
    (world, group)
}

fn invite(world: &mut World, group: GroupId) -> String {
    let conversation = ConversationId::group(group);
    world.user_wishes(0, Command::Invite { conversation, needs_approval: false, expires_at_ms: 0 });
    run(world, 5);
    world.devices[0].store.door(group).unwrap().unwrap().invitations[0].link.clone()
}

fn join(world: &mut World, device: usize, link: &str) {
    world.user_wishes(device, Command::Join(Box::new(link.parse().unwrap())));
}

fn members(world: &World, device: usize, group: GroupId) -> Vec<GroupMember> {
    let found = world.devices[device].store.durable_groups().find(|state| state.group == group);
    found.map(|state| state.members()).unwrap_or_default()
}

fn state(world: &World, device: usize, group: GroupId) -> Option<JoinState> {
    world.devices[device].store.joining(group).unwrap().map(|joining| joining.state)
}

fn begin_storm(world: &mut World) {
    let storm = Weather { delay_max_ms: 1_500, cut_per_mille: 30, ..Weather::CALM };
    world.plan(world.now, Plan::Weather(storm));
    for device in &mut world.devices {
        device.frailty =
            Frailty { dies_before_commit: 10, dies_after_commit: 10, write_fails: 8, read_fails: 4 };
    }
}

fn run(world: &mut World, seconds: u64) {
    let end = world.now + Duration::from_secs(seconds);
    world.run_until(end).unwrap_or_else(|violation| panic!("{violation:?}"));
}

fn calm_down(world: &mut World) {
    world.heal();
    world.settle(PATIENCE, false).unwrap_or_else(|violation| panic!("{violation:?}"));
}
