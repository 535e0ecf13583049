//! What a linked device is told of what disappears, and of what could not be read at first.

use waxwing_engine::{Marks, Message, Past, PastRecord, Reception, Status, Write};
use waxwing_wire::MessageId;

use super::super::past::{Place, piece};
use super::super::{Store, Writer};
use super::made::{apply, chat, id, incoming, people, unreadable};

/// The entries behind a place, with when they disappear, and the end.
fn entries_from(writer: &Writer, mut place: Place) -> (Vec<(MessageId, i64)>, Place) {
    let mut entries = Vec::new();
    while !place.is_end() {
        let (records, next) = piece(writer.db(), place).unwrap();
        for record in Past::decode(&records.encode(0, 0, Vec::new())).unwrap().records {
            if let PastRecord::Entry { message, due_at_ms, .. } = record {
                entries.push((message.id, due_at_ms));
            }
        }
        place = next;
    }
    (entries, place)
}

#[test]
fn what_becomes_readable_after_it_was_passed_is_told_too() {
    let mut writer = Writer::open(&Store::memory()).unwrap();
    apply(&mut writer, people(2));
    let told = |(entries, place): (Vec<(MessageId, i64)>, Place)| {
        (entries.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), place)
    };
    let first = [incoming(2, 1, "before"), unreadable(2, 2), incoming(2, 3, "after")];
    apply(&mut writer, first.map(Write::PutMessage));
    let (entries, place) = told(entries_from(&writer, Place::start()));
    assert_eq!(entries, [id(1), id(3)]);
    apply(&mut writer, [Write::PutMessage(incoming(2, 2, "late")), Write::PutMessage(incoming(2, 4, "new"))]);
    let (entries, place) = told(entries_from(&writer, place.since()));
    assert_eq!(entries, [id(2), id(3), id(4)]);
    assert_eq!(told(entries_from(&writer, place.since())).0, []);
}

#[test]
fn when_a_message_disappears_goes_with_it() {
    let mut writer = Writer::open(&Store::memory()).unwrap();
    apply(&mut writer, people(2));
    let timed = |n, status| {
        let marks = Marks { expires_after_s: 10, ..Marks::default() };
        Message { id: id(n), marks, status, ..incoming(2, n, "gone soon") }
    };
    let read = Status::Incoming(Reception::Read);
    let entries = [timed(1, read), timed(2, Status::Incoming(Reception::Unread)), incoming(2, 3, "stays")];
    apply(&mut writer, entries.map(Write::PutMessage));
    apply(&mut writer, [Write::StartTimers { conversation: chat(2), at_ms: 5_000 }]);
    let (entries, _) = entries_from(&writer, Place::start());
    let due: Vec<i64> = entries.into_iter().map(|(_, due_at_ms)| due_at_ms).collect();
    assert_eq!(due, [15_000, 0, 0]);
}
