//! Devices at a relay, one thing at a time, with a hand on every frame.

// Each test file uses a part of it.
#![allow(dead_code, unreachable_pub)]

use std::collections::VecDeque;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use waxwing_engine::{
    Command, CommandId, ConversationId, Effect, Engine, Event, Failure, Held, Input, Now, Outcome,
    RegisterAccount, RegisterAs, Registration, View as _,
};
use waxwing_relay::hub::{Hub, HubOutput};
use waxwing_relay::memory::MemoryStore as RelayStore;
use waxwing_relay::relay::{Now as RelayNow, Rules};
use waxwing_relay::store::{Answer, ConnectionId, Query, Store as _};
use waxwing_simulation::disk::MemoryStore;
use waxwing_wire::{AccountId, AccountQuery, ClientBody, Handle, RelayBody, RelayId};

pub const ALICE: usize = 0;
pub const BOB: usize = 1;
pub const TABLET: usize = 2;
pub const LAPTOP: usize = 3;
pub const UTC_MS: u64 = 1_700_000_000_000;

pub struct Phone {
    pub store: MemoryStore,
    pub engine: Engine,
    pub rng: ChaCha20Rng,
    pub link: Option<ConnectionId>,
    pub wake: Option<Duration>,
    pub events: Vec<Event>,
    pub answers: Vec<(CommandId, Result<Outcome, Failure>)>,
    pub runs: u32,
    /// Dies before this run.
    pub dies_at: Option<u32>,
}

/// Devices at a relay, one thing at a time.
pub struct Stage {
    pub hub: Hub,
    pub phones: Vec<Phone>,
    pub inputs: VecDeque<(usize, Input)>,
    pub clock: Duration,
    pub last: u64,
    /// What a device says and the relay does not hear.
    pub unheard: fn(usize, &ClientBody) -> bool,
    /// What the relay says and a device does not hear.
    pub unsaid: fn(usize, &RelayBody) -> bool,
}

impl Stage {
    pub fn new(phones: u64) -> Stage {
        let phones = (0..phones).map(|seed| {
            let store = MemoryStore::new();
            Phone {
                engine: Engine::open(now(Duration::ZERO), &store).expect("memory works"),
                store,
                rng: ChaCha20Rng::seed_from_u64(seed),
                link: None,
                wake: None,
                events: Vec::new(),
                answers: Vec::new(),
                runs: 0,
                dies_at: None,
            }
        });
        let relay = RelayStore::new(RelayId::from_bytes([9; 16]));
        let hub = Hub::new(relay, Rules::default());
        Stage {
            hub,
            phones: phones.collect(),
            inputs: VecDeque::new(),
            clock: Duration::ZERO,
            last: 0,
            unheard: |_, _| false,
            unsaid: |_, _| false,
        }
    }

    /// Alice and Bob, who know each other, in a group that Alice made.
    pub fn with_two() -> (Stage, ConversationId) {
        let mut stage = Stage::new(4);
        for (phone, name) in [(ALICE, "alice"), (BOB, "bob")] {
            let account = RegisterAccount::New;
            let register = RegisterAs { handle: handle(name), token: None, account };
            assert!(matches!(stage.ask(phone, Command::Register(register)), Ok(Outcome::Account(_))));
        }
        for (phone, other) in [(ALICE, "bob"), (BOB, "alice")] {
            assert!(matches!(stage.ask(phone, Command::Find(handle(other))), Ok(Outcome::Account(_))));
        }
        let command = Command::CreateGroup { title: "both".to_owned(), members: vec![stage.account(BOB)] };
        let Ok(Outcome::Conversation(group)) = stage.ask(ALICE, command) else { panic!("a group") };
        stage.settle();
        assert!(stage.phones[BOB].store.group(group.as_group()).expect("memory works").is_some());
        (stage, group)
    }

    pub fn account(&self, phone: usize) -> AccountId {
        self.phones[phone].store.local().expect("memory works").expect("an account").address.account
    }

    pub fn direct(&self) -> ConversationId {
        ConversationId::direct(self.account(BOB), self.phones[BOB].alice())
    }

    pub fn command(&mut self, phone: usize, command: Command) -> CommandId {
        self.last += 1;
        let id = CommandId(self.last);
        self.inputs.push_back((phone, Input::Command { id, command }));
        id
    }

    pub fn ask(&mut self, phone: usize, command: Command) -> Result<Outcome, Failure> {
        let id = self.command(phone, command);
        self.settle();
        let found = self.phones[phone].answers.iter().find(|(answered, _)| *answered == id);
        found.expect("an answer").1
    }

    /// Runs everything, and lets a minute pass.
    pub fn settle(&mut self) {
        self.settle_for(Duration::from_secs(60));
    }

    /// Runs everything, and lets some time pass.
    pub fn settle_for(&mut self, time: Duration) {
        let end = self.clock + time;
        for _ in 0..100_000 {
            if let Some((phone, input)) = self.inputs.pop_front() {
                self.give(phone, input);
                continue;
            }
            let next = (0..self.phones.len()).filter_map(|at| Some((self.phones[at].wake?, at))).min();
            let Some((wake, phone)) = next.filter(|(wake, _)| *wake <= end) else {
                self.clock = end;
                return;
            };
            self.clock = self.clock.max(wake);
            self.phones[phone].wake = None;
            self.inputs.push_back((phone, Input::Wake));
            let output = self.hub.tick(relay_now(self.clock));
            self.pass_on(output);
        }
        panic!("it does not settle");
    }

    /// The process dies and comes back: the engine is opened again from what is durable.
    pub fn kill(&mut self, phone: usize) {
        let at = now(self.clock);
        let dead = &mut self.phones[phone];
        dead.store.crash();
        dead.engine = Engine::open(at, &dead.store).expect("memory works");
        dead.wake = None;
        if let Some(link) = dead.link.take() {
            self.hub.disconnect(link);
        }
        self.inputs.retain(|(to, _)| *to != phone);
        self.command(phone, Command::Resume);
    }

    pub fn give(&mut self, index: usize, input: Input) {
        let at = now(self.clock);
        let phone = &mut self.phones[index];
        phone.runs += 1;
        if phone.dies_at == Some(phone.runs) {
            phone.dies_at = None;
            return self.kill(index);
        }
        let mut held = Held::default();
        phone.store.begin();
        let step = phone.engine.handle(input, at, &mut phone.rng, &phone.store).expect("memory works");
        step.apply(&mut phone.store, &mut held).expect("memory works");
        for effect in held.release(|| phone.store.commit()).expect("memory works") {
            self.carry_out(index, effect);
        }
    }

    pub fn carry_out(&mut self, index: usize, effect: Effect) {
        match effect {
            Effect::Dial => {
                self.last += 1;
                let id = ConnectionId(self.last);
                let challenge = [u8::try_from(self.last % 251).expect("small"); 32];
                self.hub.connect(id, challenge, relay_now(self.clock));
                self.phones[index].link = Some(id);
                self.inputs.push_back((index, Input::LinkUp));
            }
            Effect::HangUp => {
                if let Some(link) = self.phones[index].link.take() {
                    self.hub.disconnect(link);
                }
            }
            Effect::Transmit(frame) => {
                let Some(link) = self.phones[index].link else { return };
                if (self.unheard)(index, &frame.body) {
                    return;
                }
                let output = self.hub.frame(link, frame, relay_now(self.clock));
                self.pass_on(output);
            }
            Effect::WakeAt(at) => self.phones[index].wake = Some(at),
            Effect::Complete { command, result } => self.phones[index].answers.push((command, result)),
            // Rooms are not played here.
            Effect::GivePast(_) => {}
            Effect::Notify(event) => self.phones[index].events.push(event),
        }
    }

    pub fn pass_on(&mut self, output: HubOutput) {
        let of = |phones: &[Phone], link| phones.iter().position(|phone| phone.link == Some(link));
        for (link, frame) in output.frames {
            if let Some(phone) = of(&self.phones, link)
                && !(self.unsaid)(phone, &frame.body)
            {
                self.inputs.push_back((phone, Input::Frame(frame)));
            }
        }
        for (link, _) in output.closed {
            if let Some(phone) = of(&self.phones, link) {
                self.inputs.push_back((phone, Input::LinkDown));
            }
        }
    }

    pub fn at_relay(&self, query: AccountQuery) -> Answer {
        self.hub.store().answer(&Query::Account(query)).expect("memory works")
    }
}

impl Phone {
    pub fn alice(&self) -> AccountId {
        self.store.account_by_handle(&handle("alice")).expect("memory works").expect("alice").account
    }

    pub fn registration(&self) -> Option<Registration> {
        self.store.local().expect("memory works").map(|local| local.registration)
    }
}

pub fn now(elapsed: Duration) -> Now {
    Now { elapsed, utc_ms: utc_ms(elapsed) }
}

pub fn relay_now(elapsed: Duration) -> RelayNow {
    RelayNow { elapsed, utc_ms: utc_ms(elapsed) }
}

pub fn utc_ms(elapsed: Duration) -> i64 {
    i64::try_from(UTC_MS + u64::try_from(elapsed.as_millis()).expect("short")).expect("in range")
}

pub fn handle(name: &str) -> Handle {
    Handle::new(name).expect("a handle")
}
