//! `retry`, `cancel`, `edit`, `delete`, `react`, `receipts`: one message, by its id.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use waxwing::{Client, Contact, Delivery, Handle, MessageId, Reach, Status, TimelineItem};

use super::patience;
use super::task::Manner;
use crate::args::Common;
use crate::fail::Fail;
use crate::record::{self, Record};
use crate::{out, safe_text, session};

/// What can be said about a message.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Saying {
    /// It says something else from now on.
    Edit(String),
    /// It is taken back, for everyone.
    Delete,
    /// It is removed from our own devices.
    DeleteForMe,
    /// Our reaction; empty takes it back.
    React(String),
}

impl Saying {
    /// Whether it makes sense at all.
    pub(super) fn check(&self) -> Result<(), Fail> {
        if matches!(self, Saying::Edit(text) if text.is_empty()) {
            return Err(Fail::usage("text_empty", "a message needs a text")
                .advise("give a text; to take the message back: waxwing-chat delete MESSAGE_ID"));
        }
        Ok(())
    }
}

/// Sends a failed message after all.
pub(super) async fn retry(client: &Client, message_id: &str, manner: Manner) -> Result<Vec<String>, Fail> {
    let sent = client.sent(parse(message_id)?);
    sent.retry().await.map_err(session::fail)?;
    patience::flush(client, manner.patience).await?;
    Ok(vec![state_line(message_id, sent.state().await.map_err(session::fail)?, manner)])
}

/// Takes back a message that has not left.
pub(super) async fn cancel(client: &Client, message_id: &str, manner: Manner) -> Result<Vec<String>, Fail> {
    let sent = client.sent(parse(message_id)?);
    sent.cancel().await.map_err(session::fail)?;
    Ok(vec![state_line(message_id, sent.state().await.map_err(session::fail)?, manner)])
}

fn state_line(message_id: &str, state: Delivery, manner: Manner) -> String {
    let (word, reason) = (record::delivery_word(state), record::reason_word(state));
    if manner.json {
        return out::json_text(&json!({ "message_id": message_id, "state": word, "reason": reason }));
    }
    format!("{message_id} {word}")
}

/// Says something about a message, waits until the relay has it, and tells the message as it is then.
pub(super) async fn annotate(
    client: &Client,
    message_id: &str,
    saying: Saying,
    manner: Manner,
) -> Result<Vec<String>, Fail> {
    let id = parse(message_id)?;
    let item = client.message(id).await.map_err(session::fail)?;
    let chat = client.conversation(item.conversation_id).map_err(session::fail)?;
    let said = match saying {
        Saying::Edit(text) => chat.edit(id, text).await,
        Saying::Delete => chat.delete(id).await,
        Saying::DeleteForMe => chat.delete_for_me(id).await,
        Saying::React(reaction) => chat.react(id, reaction).await,
    };
    said.map_err(session::fail)?;
    patience::flush(client, manner.patience).await?;
    let title = chat.with().group().map(|group| group.title.as_str());
    Ok(match client.message(id).await {
        Ok(item) if manner.json => vec![out::json_text(&Record::of_item(&item).in_group(title))],
        Ok(item) => record::text_lines(&item),
        // It is out of our sight.
        Err(_) if manner.json => vec![out::json_text(&json!({ "message_id": message_id, "removed": true }))],
        Err(_) => vec![format!("{message_id} removed")],
    })
}

/// Prints who has a message of ours, and who has read it. Needs neither the relay nor the lock.
pub(super) async fn receipts(common: &Common, message_id: &str) -> Result<(), Fail> {
    let id = parse(message_id)?;
    let (history, _) = session::open_history(common).await?;
    let item = history.message(id).await.map_err(session::fail)?;
    let items = history.conversations().await.map_err(session::fail)?;
    let with = items.into_iter().find(|of| of.conversation_id == item.conversation_id).map(|of| of.with);
    let members = match with.as_ref().and_then(waxwing::With::contact) {
        Some(other) => vec![(other.clone(), direct_reach(&item)?)],
        None => {
            let receipts = history.receipts(item.conversation_id, id).await.map_err(session::fail)?;
            receipts.members.into_iter().map(|member| (member.contact, member.reach)).collect()
        }
    };
    if common.json {
        return out::json(&receipts_json(&item, &members));
    }
    members.iter().try_for_each(|(who, reach)| {
        let words = if *reach == Reach::Unknown { "not yet" } else { reach_word(*reach) };
        out::line(&format!("{} {words}", safe_text::one_line(&record::group::name_of(who))))
    })
}

fn direct_reach(item: &TimelineItem) -> Result<Reach, Fail> {
    match item.state {
        Status::Outgoing(Delivery::Read) => Ok(Reach::Read),
        Status::Outgoing(Delivery::Delivered) => Ok(Reach::Delivered),
        Status::Outgoing(_) => Ok(Reach::Unknown),
        Status::Incoming(_) | Status::Local => {
            Err(Fail::new("not_found", "not_found", "this is no message of ours")
                .advise("history shows which are: the id of one with the direction out"))
        }
    }
}

fn receipts_json(item: &TimelineItem, members: &[(Contact, Reach)]) -> Value {
    let all = |wanted: Reach| !members.is_empty() && members.iter().all(|(_, reach)| *reach >= wanted);
    let member = |(who, reach): &(Contact, Reach)| {
        json!({
            "handle": who.handle.as_ref().map(Handle::as_str),
            "account": who.account.to_string(),
            "reach": reach_word(*reach),
        })
    };
    json!({
        "message_id": item.message_id.to_string(),
        "conversation_id": item.conversation_id.to_string(),
        "members": members.iter().map(member).collect::<Vec<_>>(),
        "all_delivered": all(Reach::Delivered),
        "all_read": all(Reach::Read),
    })
}

/// How far a message got at somebody, in one word.
pub(crate) fn reach_word(reach: Reach) -> &'static str {
    match reach {
        Reach::Unknown => "none",
        Reach::Delivered => "delivered",
        Reach::Read => "read",
    }
}

/// The id of a message.
pub(super) fn parse(text: &str) -> Result<MessageId, Fail> {
    text.parse().map_err(|_| {
        Fail::usage("message_id_invalid", "this is not the id of a message")
            .advise("ids look like 0198c5a4-7b1e-7000-8000-000000000000; history HANDLE --json shows them")
    })
}
