//! `history` and `conversations`: what the store has, without the relay and beside a process that is connected.

use serde_json::{Value, json};
use waxwing::{ConversationId, ConversationItem, Handle, History, PAGE_ITEMS_MAX, Page, TimelineItem};

use super::{group, message, settings};
use crate::args::{Common, Whom};
use crate::fail::Fail;
use crate::record::{self, Record};
use crate::{out, safe_text, session, time};

/// Entries that `history --around` prints.
const AROUND: usize = 21;

/// Prints one conversation, oldest entry first; or only one entry and those around it.
pub(super) async fn run(common: &Common, whom: Whom, around: Option<&str>) -> Result<(), Fail> {
    let around = around.map(message::parse).transpose()?;
    let (history, _) = session::open_history(common).await?;
    let handle = whom.handle.clone();
    let (conversation, title) = match find(&history, whom).await {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(()),
        // An empty history is an answer; the remark is for whoever mistyped the handle.
        Err(fail) if fail.code == "not_found" && around.is_none() => {
            let handle = handle.unwrap_or_default();
            out::remark(&format!("nothing was exchanged with {} yet", safe_text::one_line(&handle)));
            return Ok(());
        }
        Err(fail) => return Err(fail),
    };
    let Some(message) = around else {
        return print_all(common, &history, conversation, title.as_deref()).await;
    };
    let page = Page::around(message, AROUND);
    print(common, &history.messages(conversation, page).await.map_err(session::fail)?, title.as_deref())
}

/// The conversation, with its title where it is a group's.
async fn find(history: &History, whom: Whom) -> Result<Option<(ConversationId, Option<String>)>, Fail> {
    if let Some(name) = whom.group {
        let items = history.conversations().await.map_err(session::fail)?;
        let (conversation, title) = group::find(&items, &name)?;
        return Ok(Some((conversation, Some(title))));
    }
    let Some(handle) = whom.handle else { return Ok(None) };
    Ok(Some((history.direct(&handle).await.map_err(session::fail)?, None)))
}

async fn print_all(
    common: &Common,
    history: &History,
    conversation: ConversationId,
    group: Option<&str>,
) -> Result<(), Fail> {
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
        print(common, &history.messages(conversation, page).await.map_err(session::fail)?, group)?;
    }
    print(common, &newest, group)
}

fn print(common: &Common, items: &[TimelineItem], group: Option<&str>) -> Result<(), Fail> {
    items.iter().try_for_each(|item| {
        if common.json {
            return out::json(&Record::of_item(item).in_group(group));
        }
        record::text_lines(item).iter().try_for_each(|line| out::line(line))
    })
}

/// Prints messages with these words, the newest first.
pub(super) async fn search(common: &Common, words: String, whom: Whom, limit: u64) -> Result<(), Fail> {
    let (history, _) = session::open_history(common).await?;
    let conversation = find(&history, whom).await?.map(|(conversation, _)| conversation);
    let limit = usize::try_from(limit).unwrap_or(PAGE_ITEMS_MAX);
    let found = history.search(words, conversation, limit).await.map_err(session::fail)?;
    let items = history.conversations().await.map_err(session::fail)?;
    let title = |id| items.iter().find(|item| item.conversation_id == id)?.with.group();
    found.iter().try_for_each(|item| {
        let title = title(item.conversation_id).map(|group| group.title.as_str());
        print(common, std::slice::from_ref(item), title)
    })
}

/// Prints a whole conversation as lines of JSON.
pub(super) async fn export(common: &Common, whom: Whom) -> Result<(), Fail> {
    let (history, _) = session::open_history(common).await?;
    let Some((conversation, title)) = find(&history, whom).await? else { return Ok(()) };
    let mut export = history.export(conversation);
    while let Some(item) = export.next().await.map_err(session::fail)? {
        out::json(&Record::of_item(&item).in_group(title.as_deref()))?;
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
        "handle": item.with.contact().and_then(|peer| peer.handle.as_ref()).map(Handle::as_str),
        "account": item.with.contact().map(|peer| peer.account.to_string()),
        "group": item.with.group().map(|group| &group.title),
        "unread": item.unread,
        "unread_mentions": item.unread_mentions,
        "key_changed": item.key_changed,
        "last_sender": item.last.as_ref().map(|last| last.sender.name()),
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
    format!("{at} {}{unread}{key}{set}", safe_text::one_line(item.with.name()))
}
