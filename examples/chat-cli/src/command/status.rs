//! `status`: how things stand.

use serde_json::json;
use tokio::time::timeout;
use waxwing::{Client, ListDiff};

use super::account;
use crate::args::Common;
use crate::fail::Fail;
use crate::out;
use crate::session::{self, Link, Session};

/// How long the relay may take to answer, where no timeout is given.
const ANSWER_PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// Shows the account, the queue, what is unread and whether the relay answers.
pub(super) async fn run(common: &Common) -> Result<(), Fail> {
    let home = session::home(common)?;
    let session = match session::open(common, Link::Up).await {
        Err(fail) if fail.code == "store_in_use" => return beside_another(common).await,
        session => session?,
    };
    let Session { client, me } = &session;
    let queued = client.outbox_len().map_err(session::fail)?;
    let online = timeout(common.timeout.unwrap_or(ANSWER_PATIENCE), client.wait_online())
        .await
        .is_ok_and(|up| up.is_ok());
    let unread = unread(client).await;
    let mut value = account::me_json(common, &home, me)?;
    session.close().await;
    let link = if online { "online" } else { "offline" };
    if common.json {
        value["link"] = json!(link);
        value["queued"] = json!(queued);
        value["unread"] = json!(unread);
        return out::json(&value);
    }
    out::line(&format!("handle   {}", value["handle"].as_str().unwrap_or_default()))?;
    out::line(&format!("relay    {}", value["relay"].as_str().unwrap_or_default()))?;
    out::line(&format!("link     {link}"))?;
    out::line(&format!("queued   {queued}"))?;
    out::line(&format!("unread   {unread}"))
}

/// Another process is connected with this home: the store still tells what it has.
async fn beside_another(common: &Common) -> Result<(), Fail> {
    let home = session::home(common)?;
    let (history, me) = session::open_history(common).await?;
    let unread: u64 =
        history.conversations().await.map_err(session::fail)?.iter().map(|item| item.unread).sum();
    let mut value = account::me_json(common, &home, &me)?;
    if common.json {
        value["link"] = json!("in_use");
        value["queued"] = json!(null);
        value["unread"] = json!(unread);
        return out::json(&value);
    }
    out::line(&format!("handle   {}", me.handle))?;
    out::line(&format!("relay    {}", value["relay"].as_str().unwrap_or_default()))?;
    out::line("link     held by another waxwing-chat of this home")?;
    out::line(&format!("unread   {unread}"))
}

async fn unread(client: &Client) -> u64 {
    match client.conversations().next().await {
        Some(ListDiff::Reset { items } | ListDiff::Changed { items }) => {
            items.iter().map(|item| item.unread).sum()
        }
        Some(_) | None => 0,
    }
}
