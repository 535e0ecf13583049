//! Accounts that end, wherever the device dies meanwhile, and relays that only say so.

use std::collections::VecDeque;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use waxwing_engine::{
    Command, CommandId, ConversationId, Delivery, Effect, Engine, Event, Failure, FailureReason, GroupRole,
    Held, Input, Now, Outcome, RegisterAccount, RegisterAs, Registration, Standing, Status, View as _,
};
use waxwing_relay::hub::{Hub, HubOutput};
use waxwing_relay::memory::MemoryStore as RelayStore;
use waxwing_relay::relay::{Now as RelayNow, Rules};
use waxwing_relay::store::{Answer, ConnectionId, Query, Store as _};
use waxwing_simulation::disk::MemoryStore;
use waxwing_wire::{
    AccountId, AccountQuery, FrameSignature, Handle, MessageId, RefusalCode, RelayBody, RelayFrame, RelayId,
    Request,
};

const ALICE: usize = 0;
const BOB: usize = 1;
const TABLET: usize = 2;
const UTC_MS: u64 = 1_700_000_000_000;

struct Phone {
    store: MemoryStore,
    engine: Engine,
    rng: ChaCha20Rng,
    link: Option<ConnectionId>,
    wake: Option<Duration>,
    events: Vec<Event>,
    answers: Vec<(CommandId, Result<Outcome, Failure>)>,
    runs: u32,
    /// Dies before this run.
    dies_at: Option<u32>,
}

/// Devices at a relay, one thing at a time.
struct Stage {
    hub: Hub,
    phones: Vec<Phone>,
    inputs: VecDeque<(usize, Input)>,
    clock: Duration,
    last: u64,
}

impl Stage {
    fn new(phones: u64) -> Stage {
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
        Stage { hub, phones: phones.collect(), inputs: VecDeque::new(), clock: Duration::ZERO, last: 0 }
    }

    /// Alice and Bob, who know each other, in a group that Alice made.
    fn with_two() -> (Stage, ConversationId) {
        let mut stage = Stage::new(3);
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

    fn account(&self, phone: usize) -> AccountId {
        self.phones[phone].store.local().expect("memory works").expect("an account").address.account
    }

    fn direct(&self) -> ConversationId {
        ConversationId::direct(self.account(BOB), self.phones[BOB].alice())
    }

    fn command(&mut self, phone: usize, command: Command) -> CommandId {
        self.last += 1;
        let id = CommandId(self.last);
        self.inputs.push_back((phone, Input::Command { id, command }));
        id
    }

    fn ask(&mut self, phone: usize, command: Command) -> Result<Outcome, Failure> {
        let id = self.command(phone, command);
        self.settle();
        let found = self.phones[phone].answers.iter().find(|(answered, _)| *answered == id);
        found.expect("an answer").1
    }

    /// Runs everything, and lets a minute pass.
    fn settle(&mut self) {
        let end = self.clock + Duration::from_secs(60);
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
    fn kill(&mut self, phone: usize) {
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

    fn give(&mut self, index: usize, input: Input) {
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

    fn carry_out(&mut self, index: usize, effect: Effect) {
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

    fn pass_on(&mut self, output: HubOutput) {
        let of = |phones: &[Phone], link| phones.iter().position(|phone| phone.link == Some(link));
        for (link, frame) in output.frames {
            if let Some(phone) = of(&self.phones, link) {
                self.inputs.push_back((phone, Input::Frame(frame)));
            }
        }
        for (link, _) in output.closed {
            if let Some(phone) = of(&self.phones, link) {
                self.inputs.push_back((phone, Input::LinkDown));
            }
        }
    }

    fn at_relay(&self, query: AccountQuery) -> Answer {
        self.hub.store().answer(&Query::Account(query)).expect("memory works")
    }
}

impl Phone {
    fn alice(&self) -> AccountId {
        self.store.account_by_handle(&handle("alice")).expect("memory works").expect("alice").account
    }

    fn registration(&self) -> Option<Registration> {
        self.store.local().expect("memory works").map(|local| local.registration)
    }
}

fn now(elapsed: Duration) -> Now {
    Now { elapsed, utc_ms: utc_ms(elapsed) }
}

fn relay_now(elapsed: Duration) -> RelayNow {
    RelayNow { elapsed, utc_ms: utc_ms(elapsed) }
}

fn utc_ms(elapsed: Duration) -> i64 {
    i64::try_from(UTC_MS + u64::try_from(elapsed.as_millis()).expect("short")).expect("in range")
}

fn handle(name: &str) -> Handle {
    Handle::new(name).expect("a handle")
}

/// Nothing of Alice is anywhere, and Bob has the group.
fn assert_gone(stage: &Stage, group: ConversationId, what: &str) {
    let alice = &stage.phones[ALICE];
    assert_eq!(alice.registration(), None, "{what}");
    assert!(alice.store.groups().expect("memory works").is_empty(), "{what}");
    assert!(alice.store.account_by_handle(&handle("bob")).expect("memory works").is_none(), "{what}");
    assert_eq!(stage.at_relay(AccountQuery::Handle(handle("alice"))), Answer::Account(None), "{what}");
    let kept = stage.phones[BOB].store.group(group.as_group()).expect("memory works").expect("the group");
    let members = kept.members();
    assert_eq!(members.len(), 1, "{what}: {members:?}");
    assert_eq!((members[0].account, members[0].role), (stage.account(BOB), GroupRole::Owner), "{what}");
}

#[test]
fn a_deletion_goes_on_wherever_the_device_dies() {
    let (mut stage, group) = Stage::with_two();
    let before = stage.phones[ALICE].runs;
    assert_eq!(stage.ask(ALICE, Command::DeleteAccount), Ok(Outcome::Done));
    assert_gone(&stage, group, "alive");
    let runs = stage.phones[ALICE].runs - before;
    assert!(runs > 4);
    assert!(stage.phones[ALICE].events.contains(&Event::SignedOut(RefusalCode::AccountDeleted)));
    // The first run is the command itself: who dies before it has not begun.
    for dies_after in 1..=runs {
        let (mut stage, group) = Stage::with_two();
        stage.phones[ALICE].dies_at = Some(stage.phones[ALICE].runs + dies_after + 1);
        stage.command(ALICE, Command::DeleteAccount);
        stage.settle();
        stage.settle();
        assert_gone(&stage, group, &format!("died after run {dies_after} of {runs}"));
    }
}

#[test]
fn who_deletes_has_the_key_and_a_link() {
    let (mut stage, _) = Stage::with_two();
    assert_eq!(stage.ask(TABLET, Command::DeleteAccount), Err(Failure::NotRegistered));
    let _ = stage.ask(ALICE, Command::Suspend);
    assert_eq!(stage.ask(ALICE, Command::DeleteAccount), Err(Failure::Offline));
    assert_eq!(stage.phones[ALICE].registration(), Some(Registration::Done));
    let _ = stage.ask(ALICE, Command::Resume);
    assert_eq!(stage.ask(ALICE, Command::DeleteAccount), Ok(Outcome::Done));
}

#[test]
fn a_sender_sees_that_the_recipient_is_gone() {
    let (mut stage, _) = Stage::with_two();
    let (alice, direct) = (stage.account(ALICE), stage.direct());
    assert_eq!(stage.ask(ALICE, Command::DeleteAccount), Ok(Outcome::Done));
    let say = |stage: &mut Stage, number: u8| {
        let message = MessageId::v7(UTC_MS, [number; 10]);
        let text = "are you there?".to_owned();
        let marks = waxwing_engine::Marks::default();
        assert_eq!(
            stage.ask(BOB, Command::Send { conversation: direct, message, text, marks }),
            Ok(Outcome::Done)
        );
        stage.phones[BOB].store.message(message).expect("memory works").expect("the message").status
    };
    let failed = Status::Outgoing(Delivery::Failed(FailureReason::RecipientGone));
    assert_eq!(say(&mut stage, 1), failed, "the relay proves it");
    assert_eq!(say(&mut stage, 2), failed, "it is known");
    let known = stage.phones[BOB].store.account(alice).expect("memory works").expect("alice");
    assert_eq!(known.standing, Standing::Deleted);
    // Whoever takes the name is somebody else, and has to be accepted.
    let register = RegisterAs { handle: handle("alice"), token: None, account: RegisterAccount::New };
    let Ok(Outcome::Account(other)) = stage.ask(TABLET, Command::Register(register)) else {
        panic!("the name is free")
    };
    assert_ne!(other, alice);
    assert_eq!(stage.ask(BOB, Command::Find(handle("alice"))), Err(Failure::KeyChanged));
    let known = stage.phones[BOB].store.account(alice).expect("memory works").expect("alice");
    assert!(matches!(known.standing, Standing::KeyChanged { account, .. } if account == other));
}

#[test]
fn another_device_with_the_key_does_not_bring_the_account_back() {
    let (mut stage, group) = Stage::with_two();
    let key =
        stage.phones[ALICE].store.local().expect("memory works").expect("alice").account_key.expect("a key");
    let account = RegisterAccount::Add(key);
    let register = RegisterAs { handle: handle("alice"), token: None, account };
    assert!(matches!(stage.ask(TABLET, Command::Register(register)), Ok(Outcome::Account(_))));
    let _ = stage.ask(TABLET, Command::Suspend);
    let id = stage.account(ALICE);
    assert_eq!(stage.ask(ALICE, Command::DeleteAccount), Ok(Outcome::Done));
    let _ = stage.ask(TABLET, Command::Resume);
    stage.settle();
    assert_gone(&stage, group, "the other device is back");
    assert!(matches!(stage.at_relay(AccountQuery::Id(id)), Answer::Deleted { account, .. } if account == id));
    let tablet = &stage.phones[TABLET];
    assert_eq!(tablet.registration(), Some(Registration::Revoked));
    assert!(tablet.events.contains(&Event::SignedOut(RefusalCode::AccountDeleted)));
}

#[test]
fn a_relay_that_only_says_so_ends_nobody() {
    let (mut stage, _) = Stage::with_two();
    let (alice, direct) = (stage.account(ALICE), stage.direct());
    for account in [alice, stage.account(BOB)] {
        for deletion in [FrameSignature([0; 64]), FrameSignature([7; 64])] {
            let body = RelayBody::AccountDeleted { account, deletion };
            let frame = RelayFrame { request: Request::NONE, body };
            stage.inputs.push_back((BOB, Input::Frame(frame)));
            stage.settle();
        }
    }
    assert_eq!(stage.phones[BOB].registration(), Some(Registration::Done));
    let known = stage.phones[BOB].store.account(alice).expect("memory works").expect("alice");
    assert_eq!(known.standing, Standing::Good);
    let message = MessageId::v7(UTC_MS, [1; 10]);
    let marks = waxwing_engine::Marks::default();
    let send = Command::Send { conversation: direct, message, text: "still here".to_owned(), marks };
    assert_eq!(stage.ask(BOB, send), Ok(Outcome::Done));
    let arrived = stage.phones[ALICE].store.message(message).expect("memory works");
    assert!(arrived.is_some_and(|arrived| matches!(arrived.status, Status::Incoming(_))));
}
