//! `history` and `conversations`: what the store has, without the relay and beside a process that is connected.

use serde_json::{Value, json};
use waxwing::{ConversationItem, Handle, PAGE_ITEMS_MAX, Page, TimelineItem};

use super::{message, settings};
use crate::args::Common;
use crate::fail::Fail;
use crate::record::{self, Record};
use crate::{out, safe_text, session, time};

/// Prints one conversation, oldest entry first.
pub(super) async fn run(common: &Common, handle: &str) -> Result<(), Fail> {
    let (history, _) = session::open_history(common).await?;
    let conversation = match history.direct(handle).await {
        Ok(conversation) => conversation,
        // An empty history is an answer; the remark is for whoever mistyped the handle.
        Err(error) if error.code() == "not_found" => {
            out::remark(&format!("nothing was exchanged with {} yet", safe_text::one_line(handle)));
            return Ok(());
        }
        Err(error) => return Err(session::fail(error)),
    };
    // Pages are read from the newest to the oldest and printed the other way round: the second reading keeps the memory
    // at one page.
    let newest = history.messages(conversation, Page::newest(PAGE_ITEMS_MAX)).await.map_err(session::fail)?;
    let mut pages = Vec::new();
    let mut first = newest.first().map(|item| item.message_id);
    while let Some(before) = first {
        let page = Page::before(before, PAGE_ITEMS_MAX);
        first = history
            .messages(conversation, page)
            .await
            .map_err(session::fail)?
            .first()
            .map(|item| item.message_id);
        if first.is_some() {
            pages.push(page);
        }
    }
    for page in pages.into_iter().rev() {
        print(common, &history.messages(conversation, page).await.map_err(session::fail)?)?;
    }
    print(common, &newest)
}

fn print(common: &Common, items: &[TimelineItem]) -> Result<(), Fail> {
    items.iter().try_for_each(|item| {
        if common.json {
            return out::json(&Record::of_item(item));
        }
        record::text_lines(item).iter().try_for_each(|line| out::line(line))
    })
}

/// Entries that `history --around` prints.
const AROUND: usize = 21;

/// Prints one entry of a conversation and those around it.
pub(super) async fn around(common: &Common, handle: &str, message_id: &str) -> Result<(), Fail> {
    let message = message::parse(message_id)?;
    let (history, _) = session::open_history(common).await?;
    let conversation = history.direct(handle).await.map_err(session::fail)?;
    let page = Page::around(message, AROUND);
    print(common, &history.messages(conversation, page).await.map_err(session::fail)?)
}

/// Prints messages with these words, the newest first.
pub(super) async fn search(
    common: &Common,
    words: String,
    with: Option<&str>,
    limit: u64,
) -> Result<(), Fail> {
    let (history, _) = session::open_history(common).await?;
    let conversation = match with {
        Some(handle) => Some(history.direct(handle).await.map_err(session::fail)?),
        None => None,
    };
    let limit = usize::try_from(limit).unwrap_or(PAGE_ITEMS_MAX);
    print(common, &history.search(words, conversation, limit).await.map_err(session::fail)?)
}

/// Prints a whole conversation as lines of JSON.
pub(super) async fn export(common: &Common, handle: &str) -> Result<(), Fail> {
    let (history, _) = session::open_history(common).await?;
    let conversation = history.direct(handle).await.map_err(session::fail)?;
    let mut export = history.export(conversation);
    while let Some(item) = export.next().await.map_err(session::fail)? {
        out::json(&Record::of_item(&item))?;
    }
    Ok(())
}

/// Lists the conversations, the newest first.
pub(super) async fn conversations(common: &Common) -> Result<(), Fail> {
    let (history, _) = session::open_history(common).await?;
    let items = history.conversations().await.map_err(session::fail)?;
    items.iter().try_for_each(|item| {
        if common.json { out::json(&conversation_json(item)) } else { out::line(&conversation_line(item)) }
    })
}

fn conversation_json(item: &ConversationItem) -> Value {
    let mut line = json!({
        "conversation_id": item.conversation_id.to_string(),
        "handle": item.peer.handle.as_ref().map(Handle::as_str),
        "account": item.peer.account.to_string(),
        "unread": item.unread,
        "unread_mentions": item.unread_mentions,
        "key_changed": item.key_changed,
        "last_message_id": item.last.as_ref().map(|last| last.message_id.to_string()),
        "last_stored_at": item.last.as_ref().map(|last| time::rfc3339_millis(last.stored_at_ms)),
        "last_stored_at_ms": item.last.as_ref().map(|last| last.stored_at_ms),
    });
    if let (Value::Object(line), Value::Object(settings)) = (&mut line, settings::json_of(&item.settings)) {
        line.extend(settings);
    }
    line
}

fn conversation_line(item: &ConversationItem) -> String {
    let at = time::rfc3339_seconds(item.last.as_ref().map_or(item.created_at_ms, |last| last.stored_at_ms));
    let unread = if item.unread > 0 { format!(" ({} unread)", item.unread) } else { String::new() };
    let key = if item.key_changed { " (key changed: accept it to go on)" } else { "" };
    let words = settings::words(&item.settings);
    let set = if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) };
    format!("{at} {}{unread}{key}{set}", item.peer.name())
}
