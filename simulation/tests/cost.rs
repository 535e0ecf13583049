//! What a message may cost, counted in reads of the store and not in time.

use std::time::Duration;

use waxwing_engine::{Command, CommandId, Effect, Input, Marks};
use waxwing_simulation::app::Deed;
use waxwing_simulation::device::Role;
use waxwing_simulation::dice::Dice;
use waxwing_simulation::disk::DiskFault;
use waxwing_simulation::world::{Plan, World};
use waxwing_wire::{ClientBody, MessageId};

/// Reads that sealing one message may take, whatever the size of the group.
const READS_MAX: u32 = 20;

#[test]
fn sealing_a_message_reads_nothing_of_the_members() {
    let mut world = group_of(24);
    let conversation = world.groups[&0];
    let message = MessageId::v7(1, [9; 10]);
    let send = Command::Send { conversation, message, text: "hello".to_owned(), marks: Marks::default() };
    let sent = steps(&mut world, Input::Command { id: CommandId(u64::MAX), command: send });
    assert!(sent.iter().any(|effect| matches!(effect, Effect::Complete { result: Ok(_), .. })), "{sent:?}");
    let sealed = steps(&mut world, Input::Wake);
    let is_sealed = |effect: &Effect| matches!(effect, Effect::Transmit(frame) if matches!(frame.body, ClientBody::SubmitToGroup(_)));
    assert!(sealed.iter().any(is_sealed), "{sealed:?}");
}

/// One step of the first device, which dies if it reads too often.
fn steps(world: &mut World, input: Input) -> Vec<Effect> {
    let now = world.now;
    let device = &mut world.devices[0];
    device.push(input);
    device.store.fail_after_reads(READS_MAX, DiskFault::Io);
    let run = device.run(now, &mut Dice::new(1));
    assert!(!run.died, "it read more than {READS_MAX} times");
    run.effects
}

/// A group in which the first device has written once, so that everybody has its key.
fn group_of(members: usize) -> World {
    let mut world = World::new(1, members);
    for account in 0..members {
        world.plan(Duration::ZERO, Plan::Join { account, role: Role::First });
    }
    let others = (1..members).collect();
    let make = Plan::Group { device: 0, group: 0, deed: Deed::Make(others) };
    world.plan(Duration::from_secs(20), make);
    world.plan(Duration::from_secs(60), Plan::WriteToGroup { device: 0, group: 0 });
    world.run_until(Duration::from_secs(120)).expect("nothing goes wrong");
    assert!(world.devices.iter().all(|device| device.store.durable_groups().count() == 1));
    world
}
