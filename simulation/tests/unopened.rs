//! What could not be opened ends: by being sent again, or visibly, once nobody is there who could.

mod phones;

use phones::{ALICE, BOB, LAPTOP, Stage, TABLET, UTC_MS, handle};
use waxwing_engine::{
    Body, Command, ConversationId, Event, Marks, Message, Outcome, Reception, RegisterAccount, RegisterAs,
    Status, View as _,
};
use waxwing_wire::{ClientBody, MessageId, RelayBody};

const TEXT: &str = "from another device";

/// Alice and Bob in a group, and a tablet of Alice's.
fn with_tablet() -> (Stage, ConversationId) {
    let (mut stage, group) = Stage::with_two();
    join(&mut stage, TABLET);
    (stage, group)
}

/// A device joins Alice's account.
fn join(stage: &mut Stage, phone: usize) {
    let alice = stage.phones[ALICE].store.local().expect("memory works").expect("alice");
    let account = RegisterAccount::Add(alice.account_key.expect("a key"));
    let register = RegisterAs { handle: handle("alice"), token: None, account };
    assert!(matches!(stage.ask(phone, Command::Register(register)), Ok(Outcome::Account(_))));
}

fn write(stage: &mut Stage, phone: usize, conversation: ConversationId, number: u8) -> MessageId {
    let message = MessageId::v7(UTC_MS, [number; 10]);
    let send = Command::Send { conversation, message, text: TEXT.to_owned(), marks: Marks::default() };
    assert_eq!(stage.ask(phone, send), Ok(Outcome::Done));
    message
}

fn entry(stage: &Stage, phone: usize, message: MessageId) -> Message {
    stage.phones[phone].store.message(message).expect("memory works").expect("it stands there")
}

fn assert_waits(stage: &Stage, phone: usize, message: MessageId) {
    let entry = entry(stage, phone, message);
    assert_eq!((entry.body, entry.status), (Body::Unreadable, Status::Incoming(Reception::Waiting)));
}

fn assert_lost(stage: &Stage, phone: usize, message: MessageId) {
    let entry = entry(stage, phone, message);
    assert_eq!((entry.body, entry.status), (Body::Unreadable, Status::Incoming(Reception::Lost)));
}

/// What the tablet says to devices, and not to the group as a whole, is not heard.
fn keeps_its_keys(phone: usize, said: &ClientBody) -> bool {
    phone == TABLET && matches!(said, ClientBody::Submit(_))
}

#[test]
fn what_a_removed_device_sent_and_nobody_could_open_is_lost_in_the_end() {
    let (mut stage, group) = with_tablet();
    stage.unheard = keeps_its_keys;
    let message = write(&mut stage, TABLET, group, 1);
    for phone in [ALICE, BOB] {
        assert_waits(&stage, phone, message);
        stage.phones[phone].events.clear();
    }
    let tablet = stage.phones[TABLET].store.local().expect("memory works").expect("a tablet").address.device;
    assert_eq!(stage.ask(ALICE, Command::RemoveDevice(tablet)), Ok(Outcome::Done));
    assert_lost(&stage, ALICE, message);
    // Nothing leads Bob to Alice's list, but that he waits for something.
    (0..11).for_each(|_| stage.settle());
    assert_lost(&stage, BOB, message);
    for phone in [ALICE, BOB] {
        assert!(stage.phones[phone].events.contains(&Event::ConversationChanged(group)), "the app is told");
    }
}

#[test]
fn what_a_device_sent_that_is_still_there_is_not_given_up() {
    let (mut stage, group) = with_tablet();
    stage.unheard = keeps_its_keys;
    let message = write(&mut stage, TABLET, group, 1);
    (0..30).for_each(|_| stage.settle());
    assert_waits(&stage, BOB, message);
    stage.unheard = |_, _| false;
    (0..3).for_each(|_| stage.settle());
    for phone in [ALICE, BOB] {
        assert_eq!(entry(&stage, phone, message).body, Body::Text(TEXT.to_owned()));
    }
}

/// The tablet hears of the laptop for the first time by a message to the group, and for minutes not from the relay: what it asks of
/// the laptop waits until it knows who that is. (Seed 10 of the scenario `devices`.)
#[test]
fn a_device_that_is_not_known_yet_is_asked_once_it_is() {
    let (mut stage, group) = with_tablet();
    stage.unsaid = |phone, said| phone == TABLET && matches!(said, RelayBody::Account(_));
    join(&mut stage, LAPTOP);
    stage.settle();
    let message = write(&mut stage, LAPTOP, group, 1);
    (0..5).for_each(|_| stage.settle());
    assert_waits(&stage, TABLET, message);
    stage.unsaid = |_, _| false;
    (0..5).for_each(|_| stage.settle());
    assert_eq!(entry(&stage, TABLET, message).body, Body::Text(TEXT.to_owned()));
}
