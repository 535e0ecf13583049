//! `mute`, `pin`, `archive`, `block`, `mark-unread`, `timer`, `draft`: how a conversation is set.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use waxwing::{Conversation, Settings};

use super::patience;
use crate::args::Common;
use crate::fail::Fail;
use crate::session::{self, Link};
use crate::{out, safe_text};

/// What is to be set.
pub(super) enum Change {
    /// Until when; none: not any more.
    Mute(Option<Option<Duration>>),
    Pin(bool),
    Archive(bool),
    Block(bool),
    MarkUnread(bool),
    Timer(Option<Duration>),
    Draft(String),
}

/// Sets something, waits until the account's other devices can hear of it, and prints how the conversation is set then.
pub(super) async fn run(common: &Common, handle: &str, change: Change) -> Result<(), Fail> {
    let session = session::open(common, Link::Up).await?;
    let client = &session.client;
    let set = async {
        let conversation = client.direct(handle).await?;
        apply(&conversation, change).await?;
        conversation.settings().await
    };
    let result = match set.await {
        Ok(settings) => patience::flush(client, common.patience()).await.map(|()| settings),
        Err(error) => Err(session::fail(error)),
    };
    session.close().await;
    let settings = result?;
    if common.json {
        let mut line = json_of(&settings);
        line["handle"] = json!(handle);
        return out::json(&line);
    }
    let words = words(&settings);
    let words = if words.is_empty() { String::from("nothing is set") } else { words.join(", ") };
    out::line(&format!("{}: {words}", safe_text::one_line(handle)))
}

async fn apply(conversation: &Conversation, change: Change) -> Result<(), waxwing::Error> {
    match change {
        Change::Mute(None) => conversation.mute_until(None).await,
        Change::Mute(Some(None)) => conversation.mute_until(Some(i64::MAX)).await,
        Change::Mute(Some(Some(time))) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let until = i64::try_from(now.saturating_add(time).as_millis()).unwrap_or(i64::MAX);
            conversation.mute_until(Some(until)).await
        }
        Change::Pin(is) => conversation.set_pinned(is).await,
        Change::Archive(is) => conversation.set_archived(is).await,
        Change::Block(is) => conversation.set_blocked(is).await,
        Change::MarkUnread(is) => conversation.set_marked_unread(is).await,
        Change::Timer(time) => conversation.set_timer(time).await,
        Change::Draft(text) => conversation.set_draft(text).await,
    }
}

/// What is set, for programs; also in the lines of `conversations`.
pub(super) fn json_of(settings: &Settings) -> Value {
    json!({
        "draft": settings.draft,
        "muted_until_ms": settings.muted_until_ms,
        "pinned": settings.pinned,
        "archived": settings.archived,
        "marked_unread": settings.marked_unread,
        "blocked": settings.blocked,
        "timer_seconds": settings.timer.map(|timer| timer.as_secs()),
    })
}

/// What is set, for people.
pub(super) fn words(settings: &Settings) -> Vec<String> {
    let mut words = Vec::new();
    let is_set = [
        (settings.pinned, "pinned"),
        (settings.archived, "archived"),
        (settings.muted_until_ms.is_some(), "muted"),
        (settings.marked_unread, "marked unread"),
        (settings.blocked, "blocked"),
        (!settings.draft.is_empty(), "draft"),
    ];
    words.extend(is_set.into_iter().filter(|(is, _)| *is).map(|(_, word)| word.to_owned()));
    words.extend(settings.timer.map(|timer| format!("messages disappear after {} s", timer.as_secs())));
    words
}
