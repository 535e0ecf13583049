//! Accounts that end, wherever the device dies meanwhile, and relays that only say so.

mod phones;

use phones::{ALICE, BOB, Stage, TABLET, UTC_MS, handle};
use waxwing_crypto::AccountKey;
use waxwing_engine::{
    Command, ConversationId, Delivery, Event, Failure, FailureReason, GroupIntent, GroupRole, Input, Outcome,
    RegisterAccount, RegisterAs, Registration, Standing, Status, View as _,
};
use waxwing_relay::store::Answer;
use waxwing_wire::{
    AccountQuery, FrameSignature, MessageId, RefusalCode, RelayBody, RelayFrame, Request,
    account_deleted_statement,
};

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

#[test]
fn what_all_others_have_is_delivered_once_whoever_was_away_is_deleted_or_out() {
    for is_deleted in [true, false] {
        let (mut stage, _) = Stage::with_two();
        let account = RegisterAccount::New;
        let register = RegisterAs { handle: handle("carol"), token: None, account };
        assert!(matches!(stage.ask(TABLET, Command::Register(register)), Ok(Outcome::Account(_))));
        assert!(matches!(stage.ask(BOB, Command::Find(handle("carol"))), Ok(Outcome::Account(_))));
        let (alice, carol) = (stage.account(ALICE), stage.account(TABLET));
        let command = Command::CreateGroup { title: "three".to_owned(), members: vec![alice, carol] };
        let Ok(Outcome::Conversation(group)) = stage.ask(BOB, command) else { panic!("a group") };
        stage.settle();
        let key = stage.phones[ALICE].store.local().expect("memory works").expect("alice").account_key;
        let _ = stage.ask(ALICE, Command::Suspend);
        let message = MessageId::v7(UTC_MS, [3; 10]);
        let marks = waxwing_engine::Marks::default();
        let send = Command::Send { conversation: group, message, text: "to both".to_owned(), marks };
        assert_eq!(stage.ask(BOB, send), Ok(Outcome::Done));
        stage.settle();
        let status = |stage: &Stage| {
            let entry = stage.phones[BOB].store.message(message).expect("memory works");
            entry.expect("it is there").status
        };
        assert_eq!(status(&stage), Status::Outgoing(Delivery::Sent), "alice has told nothing");
        if is_deleted {
            // The last word of the account, without the change by which it left.
            let statement = account_deleted_statement(&alice);
            let key = AccountKey::from_bytes(&key.expect("a key"));
            let deletion = FrameSignature(key.sign_relay_proof(&statement));
            let body = RelayBody::AccountDeleted { account: alice, deletion };
            let frame = RelayFrame { request: Request::NONE, body };
            stage.inputs.push_back((BOB, Input::Frame(frame)));
        } else {
            let intent = GroupIntent::Remove(vec![alice]);
            assert_eq!(
                stage.ask(BOB, Command::ChangeGroup { conversation: group, intent }),
                Ok(Outcome::Done)
            );
        }
        stage.settle();
        assert_eq!(
            status(&stage),
            Status::Outgoing(Delivery::Delivered),
            "carol has it, and nobody else is left"
        );
    }
}
