//! What a linked device is told of what disappears.

use waxwing_engine::{Marks, Message, Past, PastRecord, Reception, Status, Write};

use super::super::past::{Place, piece};
use super::super::{Store, Writer};
use super::made::{apply, chat, id, incoming, people};

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
    let mut due = Vec::new();
    let mut place = Place::start();
    while !place.is_end() {
        let (records, next) = piece(writer.db(), place).unwrap();
        for record in Past::decode(&records.encode(0, 0, Vec::new())).unwrap().records {
            if let PastRecord::Entry { due_at_ms, .. } = record {
                due.push(due_at_ms);
            }
        }
        place = next;
    }
    assert_eq!(due, [15_000, 0, 0]);
}
