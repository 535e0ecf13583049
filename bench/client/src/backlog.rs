//! A device that was away: everything that waited is opened and stored.

use std::path::Path;
use std::time::{Duration, Instant};

use waxwing::{ConversationId, Draft, ListDiff};
use waxwing_bench::Row;
use waxwing_bench::server::Server;

use crate::conversation::text;
use crate::person::{client, registered};
use crate::{Args, Outcome};

/// How long what came too late may still take, to tell it from what was lost.
const GRACE: Duration = Duration::from_secs(10);
/// Sends that are under way at once.
const SENDING: usize = 64;

pub(crate) async fn measure(args: &Args, folder: &Path) -> Outcome<Vec<Row>> {
    let relay = Server::relay(&folder.join("relay"))?;
    let alice = registered(&relay, folder, "alice").await?;
    let bob = registered(&relay, folder, "bob").await?;
    let chat = alice.direct("bob").await?;
    // They have met: what comes from a stranger waits for the stranger's keys, which is another subject.
    chat.send(Draft::text("first")).await?;
    bob.incoming("bench").next().await.ok_or("bob was closed")??;
    bob.close().await?;
    drop(bob);

    let begun = Instant::now();
    let mut sending = tokio::task::JoinSet::new();
    for number in 0..args.backlog {
        if sending.len() >= SENDING
            && let Some(sent) = sending.join_next().await
        {
            sent??;
        }
        let chat = chat.clone();
        sending.spawn(async move { chat.send(Draft::text(text(number))).await.map(drop) });
    }
    while let Some(sent) = sending.join_next().await {
        sent??;
    }
    let stored = begun.elapsed().as_secs_f64();
    alice.flushed().await?;
    let flushed = begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let bob = client(&relay, folder, "bob").build().await?;
    bob.drained().await?;
    let opened = begun.elapsed().as_secs_f64();
    let came = unread(&bob, chat.id()).await? - 1; // the first
    if came != u64::from(args.backlog) {
        tokio::time::sleep(GRACE).await;
        let (later, waiting) = (unread(&bob, chat.id()).await? - 1, alice.outbox_len()?);
        return Err(format!(
            "when bob was drained, {came} messages of {} were there; later {later}; {waiting} items wait with alice",
            args.backlog
        )
        .into());
    }
    alice.close().await?;
    bob.close().await?;
    let count = f64::from(args.backlog);
    Ok(vec![
        Row::new("send_many")
            .figure("messages", count)
            .figure("durable_per_s", count / stored)
            .figure("accepted_per_s", count / flushed),
        Row::new("backlog")
            .figure("messages", count)
            .figure("seconds", opened)
            .figure("per_s", count / opened),
    ])
}

async fn unread(bob: &waxwing::Client, conversation: ConversationId) -> Outcome<u64> {
    match bob.conversations().next().await {
        Some(ListDiff::Reset { items }) => {
            let item = items.iter().find(|item| item.conversation_id == conversation);
            Ok(item.map_or(0, |item| item.unread))
        }
        other => Err(format!("no list but {other:?}").into()),
    }
}
