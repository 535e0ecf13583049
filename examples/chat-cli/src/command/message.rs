//! `retry`, `cancel`, `edit`, `delete`, `react`: one message, by its id.

use serde_json::json;
use waxwing::{Conversation, Delivery, MessageId};

use super::patience;
use crate::args::Common;
use crate::fail::Fail;
use crate::record::Record;
use crate::session::{self, Link};
use crate::{out, record};

/// Sends a failed message after all.
pub(super) async fn retry(common: &Common, message_id: &str) -> Result<(), Fail> {
    let id = parse(message_id)?;
    let session = session::open(common, Link::Up).await?;
    let sent = session.client.sent(id);
    let result = match sent.retry().await {
        Ok(()) => patience::flush(&session.client, common.patience()).await,
        Err(error) => Err(session::fail(error)),
    };
    let state = sent.state().await.map_err(session::fail);
    session.close().await;
    result?;
    tell(common, message_id, state?)
}

/// Takes back a message that has not left. It must not leave meanwhile, so this does not connect.
pub(super) async fn cancel(common: &Common, message_id: &str) -> Result<(), Fail> {
    let id = parse(message_id)?;
    let session = session::open(common, Link::Down).await?;
    let sent = session.client.sent(id);
    let result = sent.cancel().await.map_err(session::fail);
    let state = sent.state().await.map_err(session::fail);
    session.close().await;
    result?;
    tell(common, message_id, state?)
}

/// Changes the text of a message of ours.
pub(super) async fn edit(common: &Common, message_id: &str, text: String) -> Result<(), Fail> {
    if text.is_empty() {
        return Err(Fail::usage("text_empty", "a message needs a text")
            .advise("give a text; to take the message back: waxwing-chat delete MESSAGE_ID"));
    }
    annotate(common, message_id, async |chat, id| chat.edit(id, text).await).await
}

/// Takes a message back for everyone, or removes it from our own devices.
pub(super) async fn delete(common: &Common, message_id: &str, for_me: bool) -> Result<(), Fail> {
    let say = async |chat: Conversation, id| {
        if for_me { chat.delete_for_me(id).await } else { chat.delete(id).await }
    };
    annotate(common, message_id, say).await
}

/// Reacts to a message.
pub(super) async fn react(common: &Common, message_id: &str, reaction: String) -> Result<(), Fail> {
    annotate(common, message_id, async |chat, id| chat.react(id, reaction).await).await
}

/// Says something about a message, waits until the relay has it, and prints the message as it is then.
async fn annotate(
    common: &Common,
    message_id: &str,
    say: impl AsyncFnOnce(Conversation, MessageId) -> Result<(), waxwing::Error>,
) -> Result<(), Fail> {
    let id = parse(message_id)?;
    let session = session::open(common, Link::Up).await?;
    let client = &session.client;
    let said = async {
        let item = client.message(id).await?;
        say(client.conversation(item.conversation_id)?, id).await
    };
    let result = match said.await {
        Ok(()) => patience::flush(client, common.patience()).await,
        Err(error) => Err(session::fail(error)),
    };
    let item = client.message(id).await;
    let title = item.as_ref().ok().and_then(|item| {
        let conversation = client.conversation(item.conversation_id).ok()?;
        conversation.with().group().map(|group| group.title.clone())
    });
    session.close().await;
    result?;
    match item {
        Ok(item) if common.json => out::json(&Record::of_item(&item).in_group(title.as_deref())),
        Ok(item) => record::text_lines(&item).iter().try_for_each(|line| out::line(line)),
        // It is out of our sight.
        Err(_) if common.json => out::json(&json!({ "message_id": message_id, "removed": true })),
        Err(_) => out::line(&format!("{message_id} removed")),
    }
}

/// The id of a message.
pub(super) fn parse(text: &str) -> Result<MessageId, Fail> {
    text.parse().map_err(|_| {
        Fail::usage("message_id_invalid", "this is not the id of a message")
            .advise("ids look like 0198c5a4-7b1e-7000-8000-000000000000; history HANDLE --json shows them")
    })
}

fn tell(common: &Common, message_id: &str, state: Delivery) -> Result<(), Fail> {
    let word = record::delivery_word(state);
    if common.json {
        return out::json(
            &json!({ "message_id": message_id, "state": word, "reason": record::reason_word(state) }),
        );
    }
    out::line(&format!("{message_id} {word}"))
}
