//! `retry` and `cancel`: one message of ours, by its id.

use serde_json::json;
use waxwing::{Delivery, MessageId};

use super::patience;
use crate::args::Common;
use crate::fail::Fail;
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

fn parse(text: &str) -> Result<MessageId, Fail> {
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
