//! `mute`, `pin`, `archive`, `block`, `mark-unread`, `timer`, `draft`: how a conversation is set.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use waxwing::{Client, Conversation, Settings};

use super::patience;
use super::send::{self, To};
use super::task::Manner;
use crate::fail::Fail;
use crate::{out, safe_text, session};

/// What is to be set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Change {
    /// Silence, for so long or for ever.
    Mute(Option<Duration>),
    /// Not any more.
    Unmute,
    /// At the top of the list.
    Pin(bool),
    /// Out of the way.
    Archive(bool),
    /// Nothing taken, nothing sent.
    Block(bool),
    /// To come back to.
    MarkUnread(bool),
    /// New messages disappear after so long.
    Timer(Option<Duration>),
    /// What was begun.
    Draft(String),
}

impl Change {
    /// What `timer` asks for.
    pub(super) fn timer(seconds: Option<&str>) -> Result<Change, Fail> {
        let seconds: Option<u32> = seconds.and_then(|text| text.parse().ok());
        let Some(seconds) = seconds else {
            return Err(Fail::usage(
                "seconds_invalid",
                "how long messages stay is not given in whole seconds",
            )
            .advise("give a number, such as 86400 for a day; 0: they stay"));
        };
        Ok(Change::Timer((seconds > 0).then(|| Duration::from_secs(seconds.into()))))
    }
}

/// Sets something, waits until the account's other devices can hear of it, and tells how the conversation is set then.
pub(super) async fn set(
    client: &Client,
    to: &To,
    change: Change,
    manner: Manner,
) -> Result<Vec<String>, Fail> {
    let conversation = send::open(client, to).await?;
    apply(&conversation, change).await.map_err(session::fail)?;
    let settings = conversation.settings().await.map_err(session::fail)?;
    patience::flush(client, manner.patience).await?;
    let name = conversation.with().name();
    if manner.json {
        let mut line = json_of(&settings);
        line["handle"] = json!(conversation.peer().map(|_| name));
        line["group"] = json!(conversation.with().group().map(|_| name));
        return Ok(vec![out::json_text(&line)]);
    }
    let words = words(&settings);
    let words = if words.is_empty() { String::from("nothing is set") } else { words.join(", ") };
    Ok(vec![format!("{}: {words}", safe_text::one_line(name))])
}

async fn apply(conversation: &Conversation, change: Change) -> Result<(), waxwing::Error> {
    match change {
        Change::Unmute => conversation.mute_until(None).await,
        Change::Mute(None) => conversation.mute_until(Some(i64::MAX)).await,
        Change::Mute(Some(time)) => {
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
