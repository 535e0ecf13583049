//! How long opening and reading take, on a store of some size. Run by name: it takes a while to fill.

use std::time::{Duration, Instant};

use waxwing_engine::Write;

use super::super::{Store, StoreKey, Writer, file, show};
use super::made::{account, address, apply, id, incoming, people};
use crate::timeline::Page;
use waxwing_engine::{ConversationId, Message};
use waxwing_wire::AccountId;

const CONVERSATIONS: u32 = 1_000;
const MESSAGES: u32 = 100_000;
const OPEN_MAX: Duration = Duration::from_millis(150);
const PAGE_MAX: Duration = Duration::from_millis(16);

fn chat(n: u32) -> ConversationId {
    let mut bytes = [9; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    ConversationId::direct(account(1), AccountId::from_bytes(bytes))
}

#[test]
#[ignore = "fills a store with 100,000 messages"]
#[allow(clippy::print_stderr)]
fn a_large_store_opens_and_pages_in_time() {
    let folder = tempfile::TempDir::new().unwrap();
    let store = Store::file(folder.path().join("test.db")).key(StoreKey::from_bytes([7; 32]));
    let mut writer = Writer::open(&store).unwrap();
    apply(&mut writer, people(2));
    apply(
        &mut writer,
        (0..CONVERSATIONS).map(|n| Write::PutConversation {
            conversation: chat(n),
            peer: address(2).account,
            created_at_ms: i64::from(n),
        }),
    );
    for chunk in 0..MESSAGES / 1000 {
        let writes = (chunk * 1000..(chunk + 1) * 1000).map(|n| {
            let conversation = chat(n % CONVERSATIONS);
            let text = "a text of a usual length, which is about eighty characters or a little more than so";
            Write::PutMessage(Message { id: id(n), conversation, ..incoming(2, n, text) })
        });
        apply(&mut writer, writes);
    }
    writer.close().unwrap();

    let begin = Instant::now();
    let writer = Writer::open(&store).unwrap();
    let reader = file::open_reader(&store).unwrap();
    let list = show::conversations(&reader).unwrap();
    let opened = begin.elapsed();
    assert_eq!(list.len(), CONVERSATIONS as usize + 1);
    let begin = Instant::now();
    let page = show::page(&reader, chat(500), Page::newest(50)).unwrap();
    let paged = begin.elapsed();
    assert_eq!(page.len(), 50);
    eprintln!("open with list {opened:?}, first page of 50 {paged:?}");
    assert!(opened <= OPEN_MAX, "{opened:?}");
    assert!(paged <= PAGE_MAX, "{paged:?}");
    drop(writer);
}
