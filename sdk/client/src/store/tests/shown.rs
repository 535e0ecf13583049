//! What the app sees: the list, timelines, the feed.

use waxwing_engine::{
    Body, CounterRange, Delivery, Message, OutboxDraft, OutboxPayload, Party, ReceiptKind, Reception, Status,
    Write,
};
use waxwing_engine::{Lane, LaneKind, View as _};

use super::super::search::search;
use super::super::{Store, Writer, show};
use super::made::{account, address, apply, chat, id, incoming, outgoing, people, unreadable};
use crate::list::ConversationItem;
use crate::timeline::{Page, Told};

fn writer() -> Writer {
    let mut writer = Writer::open(&Store::memory()).unwrap();
    apply(&mut writer, people(2));
    apply(&mut writer, people(3));
    writer
}

fn listed(writer: &Writer, n: u8) -> ConversationItem {
    let items = show::conversations(writer.db()).unwrap();
    items.into_iter().find(|item| item.conversation_id == chat(n)).unwrap()
}

fn texts(writer: &Writer, page: Page) -> Vec<String> {
    let items = show::page(writer.db(), chat(2), page).unwrap();
    items.iter().map(|item| item.text().unwrap_or("-").to_owned()).collect()
}

fn run(first: u64, last: u64) -> Vec<CounterRange> {
    vec![CounterRange { first, last }]
}

#[test]
fn the_list_follows_the_messages() {
    let mut writer = writer();
    assert!(listed(&writer, 2).last.is_none());
    apply(&mut writer, [Write::PutMessage(incoming(2, 1, "one")), Write::PutMessage(incoming(3, 2, "two"))]);
    let order: Vec<_> =
        show::conversations(writer.db()).unwrap().iter().map(|item| item.conversation_id).collect();
    assert_eq!(order, [chat(3), chat(2)], "the newest message first");
    assert_eq!(listed(&writer, 2).last.unwrap().preview, "one");
    assert_eq!(listed(&writer, 2).with.name(), "user2");
    apply(&mut writer, [Write::PutMessage(outgoing(2, 3, &"é".repeat(500)))]);
    let last = listed(&writer, 2).last.unwrap();
    assert_eq!(last.preview.chars().count(), crate::list::PREVIEW_CHARS_MAX);
    assert_eq!(last.state, Status::Outgoing(Delivery::Queued));
    apply(&mut writer, [Write::SetDelivery { message: id(3), delivery: Delivery::Sent }]);
    assert_eq!(listed(&writer, 2).last.unwrap().state, Status::Outgoing(Delivery::Sent));
}

#[test]
fn unread_messages_are_counted_in_the_same_transaction() {
    let mut writer = writer();
    apply(&mut writer, (1..=5).map(|n| Write::PutMessage(incoming(2, n, "x"))));
    apply(&mut writer, [Write::PutMessage(unreadable(2, 6)), Write::PutMessage(outgoing(2, 7, "x"))]);
    assert_eq!(listed(&writer, 2).unread, 5);
    let sender = address(2).device;
    apply(&mut writer, [Write::MarkRead { conversation: chat(2), sender, ranges: run(1, 2) }]);
    apply(&mut writer, [Write::MarkRead { conversation: chat(2), sender, ranges: run(1, 2) }]);
    assert_eq!(listed(&writer, 2).unread, 3);
    apply(&mut writer, [Write::PutMessage(incoming(2, 6, "at last"))]);
    assert_eq!(listed(&writer, 2).unread, 4, "one that became readable counts");
    apply(&mut writer, [Write::SetReception { message: id(6), reception: Reception::Read }]);
    assert_eq!(listed(&writer, 2).unread, 3);
    assert_eq!(listed(&writer, 3).unread, 0);
}

#[test]
fn pages_come_oldest_first_and_end() {
    let mut writer = writer();
    apply(&mut writer, (1..=7).map(|n| Write::PutMessage(incoming(2, n, &n.to_string()))));
    assert_eq!(texts(&writer, Page::newest(3)), ["5", "6", "7"]);
    assert_eq!(texts(&writer, Page::before(id(5), 3)), ["2", "3", "4"]);
    assert_eq!(texts(&writer, Page::before(id(2), 3)), ["1"]);
    assert_eq!(texts(&writer, Page::before(id(1), 3)), [""; 0]);
    assert!(show::page(writer.db(), chat(2), Page::before(id(99), 3)).is_err());
}

#[test]
fn an_unreadable_entry_is_filled_where_it_stands() {
    let mut writer = writer();
    apply(&mut writer, [Write::PutMessage(incoming(2, 1, "one")), Write::PutMessage(unreadable(2, 2))]);
    apply(&mut writer, [Write::PutMessage(incoming(2, 3, "three"))]);
    assert_eq!(texts(&writer, Page::newest(9)), ["one", "-", "three"]);
    apply(&mut writer, [Write::PutMessage(incoming(2, 2, "two"))]);
    assert_eq!(texts(&writer, Page::newest(9)), ["one", "two", "three"]);
    apply(&mut writer, [Write::PutMessage(incoming(2, 2, "forged"))]);
    assert_eq!(texts(&writer, Page::newest(9)), ["one", "two", "three"], "what is readable stays as it is");
}

#[test]
fn an_entry_that_was_no_message_goes_and_the_head_follows() {
    let mut writer = writer();
    apply(&mut writer, [Write::PutMessage(incoming(2, 1, "one")), Write::PutMessage(unreadable(2, 2))]);
    let before = show::revision(writer.db(), chat(2)).unwrap();
    apply(&mut writer, [Write::DropUnreadable { message: id(2) }, Write::DropUnreadable { message: id(1) }]);
    let after = show::revision(writer.db(), chat(2)).unwrap();
    assert_eq!(texts(&writer, Page::newest(9)), ["one"]);
    assert_eq!(listed(&writer, 2).last.unwrap().preview, "one");
    assert!(after.0 > before.0 && after.1 == before.1 + 1, "watchers can tell");
}

#[test]
fn the_feed_has_each_readable_message_once_in_the_order_it_became_so() {
    let mut writer = writer();
    apply(&mut writer, [Write::PutMessage(unreadable(2, 1)), Write::PutMessage(incoming(2, 2, "two"))]);
    apply(
        &mut writer,
        [Write::PutMessage(outgoing(2, 3, "ours")), Write::PutMessage(incoming(3, 4, "four"))],
    );
    apply(&mut writer, [Write::PutMessage(incoming(2, 1, "one"))]);
    let arrived = show::arrived(writer.db(), 0, 9).unwrap();
    let texts: Vec<_> = arrived.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["two", "four", "one"]);
    assert_eq!(show::feed_position(writer.db(), "bot").unwrap(), 0);
    writer.feed_done("bot", arrived[1].arrival).unwrap();
    writer.feed_done("bot", arrived[0].arrival).unwrap();
    let position = show::feed_position(writer.db(), "bot").unwrap();
    assert_eq!(position, arrived[1].arrival, "it never goes back");
    assert_eq!(show::arrived(writer.db(), position, 9).unwrap().len(), 1);
    assert_eq!(show::feed_position(writer.db(), "other").unwrap(), 0, "consumers are told apart");
}

#[test]
fn receipts_move_messages_forward_and_empty_the_outbox() {
    let mut writer = writer();
    let lane = Lane { kind: LaneKind::Messages, to: Party::Account(account(2)) };
    for n in 1..=3 {
        let draft = OutboxDraft { wire_id: id(n), lane, payload: OutboxPayload::Message { message: id(n) } };
        apply(
            &mut writer,
            [
                Write::PutMessage(outgoing(2, n, "x")),
                Write::SetCounter { message: id(n), counter: n.into() },
                Write::PutOutbox { draft, created_at_ms: 1 },
            ],
        );
    }
    assert_eq!(show::outbox_len(writer.db()).unwrap(), 3);
    let (conversation, sender) = (chat(2), address(1).device);
    let kind = ReceiptKind::Read;
    apply(&mut writer, [Write::ApplyReceipt { conversation, sender, kind, ranges: run(0, 2) }]);
    let kind = ReceiptKind::Delivered;
    apply(&mut writer, [Write::ApplyReceipt { conversation, sender, kind, ranges: run(1, u64::MAX) }]);
    let states: Vec<_> = (1..=3).map(|n| show::delivery(writer.db(), id(n)).unwrap()).collect();
    assert_eq!(states, [Delivery::Read, Delivery::Read, Delivery::Delivered]);
    // The relay has not accepted them: they stay until it has.
    assert_eq!(show::outbox_len(writer.db()).unwrap(), 3);
    let orders = (1..=3).map(|n| writer.outbox_item(id(n)).unwrap().unwrap().order);
    let accepted: Vec<_> = orders.map(|order| Write::AcceptOutbox { order }).collect();
    apply(&mut writer, accepted);
    assert_eq!(writer.undelivered(9).unwrap(), [account(2)]);
    apply(&mut writer, [Write::ApplyReceipt { conversation, sender, kind, ranges: run(1, u64::MAX) }]);
    assert_eq!(writer.undelivered(9).unwrap(), []);
    assert_eq!(show::outbox_len(writer.db()).unwrap(), 0);
    assert!(!show::can_go_out(writer.db()).unwrap());
}

#[test]
fn changes_are_told_once_and_in_order() {
    let mut writer = writer();
    apply(&mut writer, (1..=4).map(|n| Write::PutMessage(outgoing(2, n, "x"))));
    let (revision, _) = show::revision(writer.db(), chat(2)).unwrap();
    let all = (0, i64::MAX);
    let told = Told { revision, position: i64::MAX };
    assert_eq!(show::changed(writer.db(), chat(2), all, told, 9).unwrap(), []);
    apply(&mut writer, [3, 1].map(|n| Write::SetDelivery { message: id(n), delivery: Delivery::Sent }));
    let changed = show::changed(writer.db(), chat(2), all, told, 9).unwrap();
    assert_eq!(changed.iter().map(|item| item.message_id).collect::<Vec<_>>(), [id(3), id(1)]);
    let first = show::changed(writer.db(), chat(2), all, told, 1).unwrap();
    let told = Told { revision: first[0].revision, position: first[0].position };
    let rest = show::changed(writer.db(), chat(2), all, told, 9).unwrap();
    assert_eq!(rest, changed[1..]);
}

#[test]
fn a_notice_stands_in_the_timeline() {
    let mut writer = writer();
    let body = Body::Notice(waxwing_engine::Notice::KeyChanged);
    apply(&mut writer, [Write::PutMessage(Message { body, status: Status::Local, ..incoming(2, 1, "") })]);
    let items = show::page(writer.db(), chat(2), Page::newest(9)).unwrap();
    assert_eq!(items[0].notice(), Some(waxwing_engine::Notice::KeyChanged));
    assert_eq!(listed(&writer, 2).unread, 0);
    assert!(show::arrived(writer.db(), 0, 9).unwrap().is_empty());
    assert_eq!(writer.unread_up_to(chat(2), id(1)).unwrap(), []);
}

#[test]
fn words_are_found_until_they_are_gone() {
    let mut writer = writer();
    let texts = [(1, "The café opens at nine"), (2, "nine cafés"), (3, "nothing")];
    apply(&mut writer, texts.map(|(n, text)| Write::PutMessage(incoming(2, n, text))));
    apply(
        &mut writer,
        [Write::PutMessage(outgoing(3, 4, "CAFE \"nine\"")), Write::PutMessage(unreadable(2, 5))],
    );
    let found = |writer: &Writer, here: Option<u8>, words: &str| {
        let items = search(writer.db(), here.map(chat), words, 9).unwrap();
        items.into_iter().map(|item| item.message_id).collect::<Vec<_>>()
    };
    assert_eq!(found(&writer, None, "nine caf"), [4, 2, 1].map(id), "the newest first, the last word begun");
    assert_eq!(found(&writer, Some(2), "Nine CAFE"), [id(2), id(1)], "in one conversation");
    assert_eq!(found(&writer, None, "nine cafe opens"), [id(1)], "every word");
    assert_eq!(found(&writer, None, "\" OR *"), [], "what looks like an operator is a word or nothing");
    apply(&mut writer, [Write::PutMessage(incoming(2, 5, "nine at last"))]);
    assert_eq!(found(&writer, Some(2), "nine"), [5, 2, 1].map(id), "one that became readable");
    let edited = Message { body: Body::Text("ten".to_owned()), edited: true, ..incoming(2, 1, "") };
    let deleted = Message { body: Body::Deleted, ..incoming(2, 2, "") };
    apply(&mut writer, [Write::RewriteMessage(edited), Write::RewriteMessage(deleted)]);
    apply(&mut writer, [Write::RemoveMessage { message: id(5) }]);
    assert_eq!(found(&writer, None, "nine"), [id(4)]);
    assert_eq!(found(&writer, None, "ten"), [id(1)]);
    assert_eq!(search(writer.db(), None, "ten", 0).unwrap(), []);
    let check = "INSERT INTO message_words (message_words, rank) VALUES ('integrity-check', 0)";
    writer.db().execute_batch(check).unwrap();
}

/// Whatever else a transaction does with messages that it adds, it is as if each write had been one of its own.
#[test]
fn what_is_added_is_settled_before_anything_touches_it() {
    let sender = address(2).device;
    let rewritten = Message { body: Body::Text("ten".to_owned()), edited: true, ..incoming(2, 1, "") };
    let after = [
        vec![Write::MarkRead { conversation: chat(2), sender, ranges: run(1, 2) }],
        vec![Write::RewriteMessage(rewritten)],
        vec![Write::RemoveMessage { message: id(3) }],
        vec![Write::PutMessage(incoming(2, 2, "filled"))],
        vec![Write::DropUnreadable { message: id(2) }, Write::PutMessage(outgoing(2, 4, "mine"))],
        vec![Write::Erase],
    ];
    for after in after {
        let added =
            [incoming(2, 1, "nine"), unreadable(2, 2), incoming(2, 3, "nine at last")].map(Write::PutMessage);
        let writes: Vec<Write> = added.into_iter().chain(after).collect();
        let (mut at_once, mut one_by_one) = (writer(), writer());
        apply(&mut at_once, writes.clone());
        writes.into_iter().for_each(|write| apply(&mut one_by_one, [write]));
        for words in ["nine", "ten", "filled", "mine"] {
            let found = |writer: &Writer| search(writer.db(), None, words, 9).unwrap();
            assert_eq!(found(&at_once), found(&one_by_one), "{words}");
        }
        let heads = |writer: &Writer| show::conversations(writer.db()).unwrap();
        assert_eq!(heads(&at_once), heads(&one_by_one));
        let check = "INSERT INTO message_words (message_words, rank) VALUES ('integrity-check', 0)";
        at_once.db().execute_batch(check).unwrap();
    }
}

#[test]
fn a_page_can_stand_around_an_entry() {
    let mut writer = writer();
    apply(&mut writer, (1..=9).map(|n| Write::PutMessage(incoming(2, n, &n.to_string()))));
    assert_eq!(texts(&writer, Page::around(id(5), 5)), ["3", "4", "5", "6", "7"]);
    assert_eq!(texts(&writer, Page::around(id(9), 3)), ["7", "8", "9"]);
    assert_eq!(texts(&writer, Page::around(id(1), 4)), ["1", "2", "3"]);
    assert_eq!(texts(&writer, Page::around(id(4), 0)), ["4"]);
    assert!(show::page(writer.db(), chat(2), Page::around(id(99), 3)).is_err());
}
