//! Puts many messages into a store without sending them, by the schema of `sdk/client/migrations`.

use std::path::Path;

use rusqlite::{Connection, params};
use waxwing::{AccountId, ConversationId};

use crate::Outcome;
use crate::conversation::text;
use crate::person::KEY;

/// Codes of the store: a text, incoming, read.
const TEXT: i64 = 0;
const INCOMING: i64 = 1;
const READ: i64 = 3;

/// Fills a store that a client made and closed.
pub(crate) fn fill(path: &Path, conversations: u32, each: u32) -> Outcome<()> {
    let mut db = Connection::open(path)?;
    let key: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    db.execute_batch(&format!("PRAGMA key = \"x'{key}'\";"))?;
    let own: [u8; 16] = db.query_row("SELECT account FROM local", (), |row| row.get(0))?;
    let chat = |number| {
        let (own, peer) = (AccountId::from_bytes(own), AccountId::from_bytes(id(2, number)));
        *ConversationId::direct(own, peer).as_bytes()
    };
    let filling = db.transaction()?;
    let mut revision: i64 = 1_000_000;
    {
        let mut account = filling.prepare(
            "INSERT INTO account (account, handle, has_handle, account_key, device_list, device_list_version, standing)
             VALUES (?1, ?2, 1, ?3, ?4, 1, 0)",
        )?;
        let mut conversation = filling.prepare(
            "INSERT INTO conversation (conversation, peer, created_at_ms, revision) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for number in 0..conversations {
            account.execute(params![id(2, number), format!("peer{number}"), [9_u8; 32], [8_u8; 400]])?;
            conversation.execute(params![chat(number), id(2, number), i64::from(number), revision])?;
        }
        let mut message = filling.prepare(
            "INSERT INTO message (message, conversation, sender_account, sender_device, counter, sent_at_ms, stored_at_ms,
                 kind, text, notice, direction, state, reason, arrival, revision)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, 0, ?9, ?10, 0, ?11, ?12)",
        )?;
        let mut words =
            filling.prepare("INSERT INTO message_words (rowid, text) VALUES (last_insert_rowid(), ?1)")?;
        // As they come in life: conversations take turns.
        for turn in 0..each {
            for number in 0..conversations {
                revision += 1;
                let place = turn * conversations + number;
                message.execute(params![
                    id(4, place),
                    chat(number),
                    id(2, number),
                    id(3, number),
                    i64::from(turn) + 1,
                    1_700_000_000_000 + i64::from(place),
                    TEXT,
                    text(place),
                    INCOMING,
                    READ,
                    i64::from(place) + 1,
                    revision,
                ])?;
                words.execute([text(place)])?;
            }
        }
    }
    // What the client's writer does for messages that it adds.
    filling.execute_batch(
        "UPDATE conversation SET (last_position, last_message, last_preview, last_stored_at_ms, last_direction, last_state,
             last_reason, revision) = (SELECT position, message, substr(text, 1, 120), stored_at_ms, direction, state, reason,
             revision FROM message WHERE message.conversation = conversation.conversation ORDER BY position DESC LIMIT 1)",
    )?;
    filling.commit()?;
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

fn id(role: u8, number: u32) -> [u8; 16] {
    let mut id = [role; 16];
    // Scattered, as ids are.
    id[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_be_bytes());
    id[4..8].copy_from_slice(&number.to_be_bytes());
    id
}
