//! The file, its key, its lock, and what it gives away.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use waxwing_engine::{
    Body, Lane, LaneKind, OutboxDraft, OutboxPayload, Party, SealedRecord, SessionRecord, View as _, Write,
};
use waxwing_wire::{AccountId, MessageId};

use super::super::{Store, StoreError, StoreKey, Writer, file, schema};
use super::made::{address, apply, chat, id, incoming, local, people};

const CANARY: &str = "canary-canary-canary-canary";

fn store(folder: &TempDir) -> Store {
    Store::file(folder.path().join("test.db")).key(StoreKey::from_bytes([7; 32]))
}

fn with_key(folder: &TempDir, byte: u8) -> Store {
    Store::file(folder.path().join("test.db")).key(StoreKey::from_bytes([byte; 32]))
}

fn write_something(store: &Store) -> Writer {
    let mut writer = Writer::open(store).unwrap();
    apply(&mut writer, people(2));
    apply(&mut writer, [Write::PutMessage(incoming(2, 1, CANARY))]);
    writer
}

fn found(folder: &Path, needle: &[u8]) -> Vec<String> {
    let mut holders = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if fs::read(&path).unwrap().windows(needle.len()).any(|window| window == needle) {
            holders.push(path.display().to_string());
        }
    }
    holders
}

#[test]
fn another_key_is_named_as_the_cause() {
    let folder = TempDir::new().unwrap();
    write_something(&store(&folder)).close().unwrap();
    assert_eq!(Writer::open(&with_key(&folder, 8)).unwrap_err(), StoreError::WrongKey);
    assert_eq!(file::open_reader(&with_key(&folder, 8)).unwrap_err(), StoreError::WrongKey);
    assert!(Writer::open(&store(&folder)).is_ok(), "the right key still opens it");
}

#[test]
fn a_damaged_file_is_told_from_a_wrong_key() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder);
    let mut writer = write_something(&store);
    for n in 2..200 {
        apply(&mut writer, [Write::PutMessage(incoming(2, n, &CANARY.repeat(20)))]);
    }
    writer.close().unwrap();
    let path = folder.path().join("test.db");
    let whole = fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    // Every page but the first.
    damaged[4096..].iter_mut().step_by(512).for_each(|byte| *byte ^= 0x55);
    fs::write(&path, damaged).unwrap();
    let result = Writer::open(&store).and_then(|writer| writer.message(id(1)).map(drop));
    assert_eq!(result, Err(StoreError::Corrupt));
    fs::write(&path, &whole[..4096 * 3]).unwrap();
    let result = Writer::open(&store).and_then(|writer| writer.message(id(1)).map(drop));
    assert_eq!(result, Err(StoreError::Corrupt), "a file that was cut off");
}

#[test]
fn a_schema_of_the_future_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder);
    let writer = write_something(&store);
    writer.db().execute_batch("PRAGMA user_version = 99").unwrap();
    writer.close().unwrap();
    assert_eq!(Writer::open(&store).unwrap_err(), StoreError::Newer);
    assert_eq!(file::open_reader(&store).unwrap_err(), StoreError::Newer);
}

#[test]
fn one_writer_at_a_time_and_readers_beside_it() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder);
    let writer = write_something(&store);
    assert_eq!(Writer::open(&store).unwrap_err(), StoreError::InUse);
    let reader = file::open_reader(&store).unwrap();
    let count = |sql: &str| reader.query_row(sql, (), |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM message"), 1);
    assert!(reader.execute_batch("DELETE FROM message").is_err(), "readers only read");
    drop(reader);
    writer.close().unwrap();
    Writer::open(&store).unwrap();
}

#[test]
fn a_store_that_is_not_there_is_not_made_by_reading() {
    let folder = TempDir::new().unwrap();
    assert_eq!(file::open_reader(&store(&folder)).unwrap_err(), StoreError::Absent);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let nowhere = Store::file(folder.path().join("no/such/folder.db")).key(StoreKey::generate());
    assert_eq!(Writer::open(&nowhere).unwrap_err(), StoreError::Io);
}

#[test]
fn closing_empties_the_log_and_lets_go() {
    let folder = TempDir::new().unwrap();
    write_something(&store(&folder)).close().unwrap();
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["test.db", "test.db.lock"]);
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let writer = write_something(&store(&folder));
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
    drop(writer);
}

#[test]
fn no_file_holds_a_text_or_a_key() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder);
    let mut writer = write_something(&store);
    let session = SessionRecord { id: [9; 16], rank: 1, snapshot: CANARY.as_bytes().to_vec().into() };
    let payload = OutboxPayload::Control { content: CANARY.as_bytes().to_vec().into(), device: None };
    let lane = Lane { kind: LaneKind::Receipts, to: Party::Account(address(2).account) };
    apply(
        &mut writer,
        [
            Write::PutSession { device: address(2), session },
            Write::PutOutbox { draft: OutboxDraft { wire_id: id(9), lane, payload }, created_at_ms: 1 },
            Write::PutSealed {
                order: 1,
                sealed: SealedRecord { device: address(2), payload: CANARY.as_bytes().to_vec() },
            },
        ],
    );
    let secrets: [&[u8]; 6] =
        [CANARY.as_bytes(), &[0xa5; 32], &[0x5a; 64], &[7; 32], b"07070707070707070707", b"SQLite format 3"];
    for secret in secrets {
        assert_eq!(found(folder.path(), secret), [""; 0], "while it is open");
    }
    writer.close().unwrap();
    for secret in secrets {
        assert_eq!(found(folder.path(), secret), [""; 0], "after it was closed");
    }
    assert_eq!(Writer::open(&store).unwrap().local().unwrap().map(|of| of.handle), Some(local().handle));
}

/// SQLCipher hides what is free from a search of the file, so this looks at a store that is not sealed.
#[test]
fn what_is_deleted_is_wiped() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("plain.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    let mut writer = Writer::tuned(db, None).unwrap();
    apply(&mut writer, people(2));
    let session = SessionRecord { id: [9; 16], rank: 1, snapshot: CANARY.repeat(50).into_bytes().into() };
    apply(&mut writer, [Write::PutSession { device: address(2), session }]);
    apply(&mut writer, [Write::DeleteSession { device: address(2), id: [9; 16] }]);
    assert_eq!(writer.conversation_peer(chat(2)).unwrap(), Some(address(2).account));
    writer.close().unwrap();
    assert_eq!(found(folder.path(), CANARY.as_bytes()), [""; 0]);
}

#[test]
fn a_store_of_any_older_schema_is_brought_up_to_date() {
    for done in 1..schema::MIGRATIONS.len() {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        schema::MIGRATIONS[..done].iter().for_each(|migration| db.execute_batch(migration).unwrap());
        db.pragma_update(None, "user_version", done).unwrap();
        db.execute_batch(
            "INSERT INTO message (message, conversation, sender_account, sender_device, counter, sent_at_ms, stored_at_ms,
                kind, text, notice, direction, state, reason, arrival, revision)
                VALUES (zeroblob(16), zeroblob(16), zeroblob(16), zeroblob(16), 1, 1, 1, 0, 'old', 0, 0, 0, 0, 0, 1);
             INSERT INTO outbox (wire_id, lane_kind, lane_account, kind, message, device, answers, content, accepted,
                created_at_ms) VALUES (zeroblob(16), 0, zeroblob(16), 0, zeroblob(16), x'', x'', x'', 0, 1);",
        )
        .unwrap();
        let writer = Writer::tuned(db, None).unwrap();
        let zero = MessageId::from_bytes([0; 16]);
        assert_eq!(writer.message(zero).unwrap().unwrap().body, Body::Text("old".to_owned()));
        let to = Party::Account(AccountId::from_bytes([0; 16]));
        let lane = Lane { kind: LaneKind::Messages, to };
        assert_eq!(writer.outbox_lanes().unwrap(), [lane], "what was to be sent goes to an account");
        assert_eq!(writer.outbox(lane, 0, 9).unwrap().len(), 1);
    }
}
