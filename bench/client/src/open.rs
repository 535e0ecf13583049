//! A store that grew: how long until the app shows its list, and a conversation's first page.

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use rustix::fs::{Advice, fadvise};
use waxwing::{Client, ConversationId, ListDiff, Page, TimelineDiff};
use waxwing_bench::server::Server;
use waxwing_bench::{Bar, Row, quantile};

use crate::fill::fill;
use crate::person::{client, registered};
use crate::{Args, Outcome};

/// How often the store is opened.
const OPENINGS: usize = 9;
/// Entries of a page.
const PAGE: usize = 50;

pub(crate) async fn measure(args: &Args, folder: &Path) -> Outcome<Vec<Row>> {
    let relay = Server::relay(&folder.join("relay"))?;
    registered(&relay, folder, "alice").await?.close().await?;
    let path = folder.join("alice.db");
    fill(&path, args.conversations, args.each)?;
    let (mut opened, mut listed, mut first, mut warm) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..OPENINGS {
        forget(&path)?;
        let begun = Instant::now();
        let alice = client(&relay, folder, "alice").offline().build().await?;
        opened.push(begun.elapsed().as_secs_f64() * 1e3);
        let conversations = list(&alice).await?;
        listed.push(begun.elapsed().as_secs_f64() * 1e3);
        if conversations.len() < args.conversations as usize {
            return Err(format!("{} conversations of {}", conversations.len(), args.conversations).into());
        }
        for (place, conversation) in conversations.iter().take(20).enumerate() {
            let took = page(&alice, *conversation, PAGE.min(args.each as usize)).await?;
            if place == 0 { first.push(took) } else { warm.push(took) }
        }
        alice.close().await?;
    }
    let size = std::fs::metadata(&path)?.len() as f64 / f64::from(1 << 20);
    Ok(vec![
        Row::new("cold_open")
            .figure("conversations", f64::from(args.conversations))
            .figure("messages", f64::from(args.conversations) * f64::from(args.each))
            .figure("store_mib", size)
            .figure("open_p50_ms", quantile(&opened, 0.5))
            .figure("list_p50_ms", quantile(&listed, 0.5))
            .figure("list_max_ms", quantile(&listed, 1.0))
            .bar(Bar::AtMost("list_p50_ms", 150.0)),
        Row::new("first_page")
            .figure("cold_p50_ms", quantile(&first, 0.5))
            .figure("next_p50_ms", quantile(&warm, 0.5))
            .figure("next_p99_ms", quantile(&warm, 0.99))
            .bar(Bar::AtMost("cold_p50_ms", 16.0)),
    ])
}

/// Puts the store out of the page cache, as after a restart of the machine.
fn forget(path: &Path) -> Outcome<()> {
    let file = File::open(path)?;
    file.sync_all()?;
    fadvise(&file, 0, None, Advice::DontNeed)?;
    Ok(())
}

async fn list(alice: &Client) -> Outcome<Vec<ConversationId>> {
    match alice.conversations().next().await {
        Some(ListDiff::Reset { items }) => Ok(items.iter().map(|item| item.conversation_id).collect()),
        other => Err(format!("no list but {other:?}").into()),
    }
}

async fn page(alice: &Client, conversation: ConversationId, full: usize) -> Outcome<f64> {
    let begun = Instant::now();
    let mut timeline = alice.conversation(conversation)?.timeline(Page::newest(PAGE));
    match timeline.next().await {
        Some(TimelineDiff::Reset { items }) if items.len() == full => Ok(begun.elapsed().as_secs_f64() * 1e3),
        other => Err(format!("no page but {other:?}").into()),
    }
}
