//! Devices around the core of the relay, in one thread and on a clock that moves only when all have done what they can.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use waxwing_engine::{Command, Effect, Input, RegisterAccount, RegisterAs};
use waxwing_relay::hub::{Hub, HubOutput};
use waxwing_relay::memory::MemoryStore;
use waxwing_relay::relay::{Rate, RateLimits, Rules};
use waxwing_relay::store::ConnectionId;
use waxwing_simulation::dice::Dice;
use waxwing_simulation::relay::relay_now;
use waxwing_wire::{ClientFrame, Handle, RelayId, encode_client, encode_relay};

use crate::Outcome;
use crate::clock::cpu;
use crate::device::{Device, Tally};

/// How far the clock goes on for what is held back a moment.
const PATIENCE: Duration = Duration::from_secs(20);

/// The relay and those who speak with it.
pub(crate) struct Stage {
    pub(crate) now: Duration,
    pub(crate) devices: Vec<Device>,
    /// What the relay did. Up is what it sent.
    pub(crate) relay: Tally,
    hub: Hub,
    links: BTreeMap<u64, usize>,
    queue: VecDeque<(usize, Input)>,
    dice: Dice,
    next_link: u64,
}

/// Limits are for people; here a second is no time at all.
fn rules() -> Rules {
    let plenty = Rate::per_second(1_000_000, 10_000_000);
    let rates = RateLimits {
        submits: plenty,
        prekey_fetches: plenty,
        account_lookups: plenty,
        group_changes: plenty,
        group_messages: plenty,
        group_messages_of_account: plenty,
        group_creations: plenty,
        registrations: plenty,
        rooms: plenty,
    };
    Rules { rates, ..Rules::default() }
}

impl Stage {
    pub(crate) fn new(seed: u64) -> Stage {
        let mut dice = Dice::new(seed);
        let store = MemoryStore::new(RelayId::from_bytes(dice.bytes()));
        Stage {
            now: Duration::from_secs(1),
            devices: Vec::new(),
            relay: Tally::default(),
            hub: Hub::new(store, rules()),
            links: BTreeMap::new(),
            queue: VecDeque::new(),
            dice,
            next_link: 0,
        }
    }

    /// A further device, registered and online.
    pub(crate) fn join(&mut self, handle: &str, account: RegisterAccount) -> Outcome<usize> {
        let index = self.devices.len();
        self.devices.push(Device::new(Dice::new(self.dice.below(u64::MAX)))?);
        self.say(index, Command::Resume)?;
        self.settle(Duration::ZERO)?;
        let handle = Handle::new(handle).map_err(|_| "no handle")?;
        self.say(index, Command::Register(RegisterAs { handle, token: None, account }))?;
        self.settle(Duration::ZERO)?;
        match self.devices[index].answer {
            Some(Ok(_)) => Ok(index),
            other => Err(format!("registration came to {other:?}").into()),
        }
    }

    /// Gives a command to a device.
    pub(crate) fn say(&mut self, index: usize, command: Command) -> Outcome<()> {
        let input = self.devices[index].command(command);
        self.give(index, input)
    }

    /// Hands something to a device at once.
    pub(crate) fn give(&mut self, index: usize, input: Input) -> Outcome<()> {
        let effects = self.devices[index].take(input, self.now)?;
        for effect in effects {
            match effect {
                Effect::Dial => self.dial(index),
                Effect::HangUp => self.hang_up(index),
                Effect::Transmit(frame) => self.pass_up(index, frame),
                Effect::WakeAt(_) | Effect::Complete { .. } | Effect::Notify(_) | Effect::GivePast(_) => {}
            }
        }
        if self.devices[index].wake.take_if(|due| *due <= self.now).is_some() {
            self.queue.push_back((index, Input::Wake));
        }
        Ok(())
    }

    fn dial(&mut self, index: usize) {
        self.next_link += 1;
        self.links.insert(self.next_link, index);
        self.hub.connect(ConnectionId(self.next_link), self.dice.bytes(), relay_now(self.now));
        self.queue.push_back((index, Input::LinkUp));
    }

    pub(crate) fn hang_up(&mut self, index: usize) {
        let links: Vec<u64> =
            self.links.iter().filter(|(_, of)| **of == index).map(|(link, _)| *link).collect();
        for link in links {
            self.links.remove(&link);
            self.hub.disconnect(ConnectionId(link));
        }
        self.queue.retain(|(of, _)| *of != index);
    }

    fn pass_up(&mut self, index: usize, frame: ClientFrame) {
        let bytes = encode_client(&frame).len();
        self.devices[index].tally.up += bytes;
        self.relay.down += bytes;
        let Some((link, _)) = self.links.iter().rfind(|(_, of)| **of == index) else { return };
        let begun = cpu();
        let output = self.hub.frame(ConnectionId(*link), frame, relay_now(self.now));
        self.relay.busy += cpu() - begun;
        self.pass_down(output);
    }

    fn pass_down(&mut self, output: HubOutput) {
        for (link, frame) in output.frames {
            let Some(index) = self.links.get(&link.0).copied() else { continue };
            let bytes = encode_relay(&frame).len();
            self.relay.up += bytes;
            self.devices[index].tally.down += bytes;
            self.queue.push_back((index, Input::Frame(frame)));
        }
        for (link, _) in output.closed {
            if let Some(index) = self.links.remove(&link.0) {
                self.queue.push_back((index, Input::LinkDown));
            }
        }
    }

    /// Lets one device do all that it can; what others are told waits for them.
    pub(crate) fn run_alone(&mut self, index: usize) -> Outcome<()> {
        while let Some(place) = self.queue.iter().position(|(of, _)| *of == index) {
            if let Some((_, input)) = self.queue.remove(place) {
                self.give(index, input)?;
            }
        }
        Ok(())
    }

    /// Lets all do what they can, and what they put off until `patience` is over.
    pub(crate) fn settle(&mut self, patience: Duration) -> Outcome<()> {
        let end = self.now + patience;
        loop {
            while let Some((index, input)) = self.queue.pop_front() {
                self.give(index, input)?;
            }
            let due = self.devices.iter().filter_map(|device| device.wake).min().filter(|due| *due <= end);
            let Some(due) = due else { break };
            self.now = self.now.max(due);
            for (index, device) in self.devices.iter_mut().enumerate() {
                if device.wake.take_if(|due| *due <= self.now).is_some() {
                    self.queue.push_back((index, Input::Wake));
                }
            }
            let output = self.hub.tick(relay_now(self.now));
            self.pass_down(output);
        }
        self.now = end;
        Ok(())
    }

    /// As [`settle`](Self::settle), with the patience that receipts need.
    pub(crate) fn rest(&mut self) -> Outcome<()> {
        self.settle(PATIENCE)
    }

    /// Counts from here.
    pub(crate) fn count_anew(&mut self) {
        self.relay = Tally::default();
        self.devices.iter_mut().for_each(|device| device.tally = Tally::default());
    }
}
