//! Processes that live for moments only, as on a phone that was woken: what one of them began, the next one ends.

mod phones;

use std::time::Duration;

use phones::{ALICE, BOB, Stage, UTC_MS};
use waxwing_engine::{Body, Command, ConversationId, Marks, View as _};
use waxwing_wire::{ClientBody, MessageId, RelayBody};

const TEXT: &str = "to be read soon";

/// As long as a process lives here: less than a key may be on its way before it is asked for.
const MOMENT: Duration = Duration::from_secs(2);

fn write(stage: &mut Stage, group: ConversationId, number: u8) -> MessageId {
    let message = MessageId::v7(UTC_MS, [number; 10]);
    let send = Command::Send { conversation: group, message, text: TEXT.to_owned(), marks: Marks::default() };
    stage.command(BOB, send);
    stage.settle_for(MOMENT);
    message
}

fn reads(stage: &Stage, message: MessageId) -> bool {
    let entry = stage.phones[ALICE].store.message(message).expect("memory works").expect("it stands there");
    entry.body == Body::Text(TEXT.to_owned())
}

#[test]
fn a_key_that_came_just_before_the_process_ended_is_used_by_the_next() {
    for dies_in in 1..12 {
        let (mut stage, group) = Stage::with_two();
        // The message comes before its key.
        stage.unheard = |phone, said| phone == BOB && matches!(said, ClientBody::Submit(_));
        let message = write(&mut stage, group, 1);
        assert!(!reads(&stage, message));
        // Asking is of no use.
        stage.unheard = |phone, said| phone == ALICE && matches!(said, ClientBody::Submit(_));
        stage.kill(BOB);
        stage.phones[ALICE].dies_at = Some(stage.phones[ALICE].runs + dies_in);
        stage.settle_for(MOMENT);
        assert!(reads(&stage, message), "dead before input {dies_in}");
    }
}

#[test]
fn a_key_that_is_lost_is_asked_for_by_who_lives_shorter_than_it_may_be_on_its_way() {
    let (mut stage, group) = Stage::with_two();
    // The relay loses what is for one device alone.
    stage.unsaid = |phone, said| {
        let RelayBody::Deliver { envelopes } = said else { return false };
        phone == ALICE && envelopes.iter().all(|envelope| envelope.group.is_none())
    };
    let messages = [1, 2].map(|number| write(&mut stage, group, number));
    assert!(!messages.iter().any(|message| reads(&stage, *message)));
    stage.unsaid = |_, _| false;
    for _ in 0..6 {
        stage.kill(ALICE);
        stage.settle_for(MOMENT);
    }
    assert!(messages.iter().all(|message| reads(&stage, *message)));
}
