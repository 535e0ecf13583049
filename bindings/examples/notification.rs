//! What a notification extension does, in a process of its own, to see how much memory that takes: `cargo xtask bindings` runs it.
//!
//! `notification prepare RELAY FOLDER` makes two people, one of whom has a message waiting. `notification fetch RELAY FOLDER` opens the
//! other's store, fetches, decrypts that message, closes, and prints the text and the most memory that the process had.
//! `notification nothing` prints that of a process that does nothing.

#![allow(clippy::print_stdout)] // a program for a recipe

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use waxwing_ffi::{
    ClientSetup, DeliveryGoal, Draft, EntryBody, FfiClient, ListDiff, Page, PagePlace, ProviderError,
    Registration, StoreKeyProvider, StorePlace, TimelineItem, open_client,
};

/// What an extension may take of its thirty seconds.
const LIMIT: Duration = Duration::from_secs(20);

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["prepare", relay, folder] => return block_on(prepare(relay, Path::new(folder))),
        ["fetch", relay, folder] => println!("{}", block_on(fetch(relay, Path::new(folder)))?),
        ["nothing"] => {}
        _ => return Err("notification prepare RELAY FOLDER | fetch RELAY FOLDER | nothing".into()),
    }
    println!("{} bytes", memory_max_bytes()?);
    Ok(())
}

async fn prepare(relay: &str, folder: &Path) -> Outcome<()> {
    let (alice, bob) = (open(relay, folder, "alice", false).await?, open(relay, folder, "bob", false).await?);
    for (client, handle) in [(&alice, "alice"), (&bob, "bob")] {
        let registration = Registration { handle: handle.to_owned(), token: None, recovery: None };
        client.register(registration, None).await?;
    }
    let chat = alice.direct("bob".to_owned(), None).await?;
    // The two know each other, as people do whose phones ring.
    let first = chat.send(draft("hello")).await?;
    first.reached(DeliveryGoal::Delivered, None).await?;
    bob.shut_down().await?;
    chat.send(draft("are you there?")).await?;
    alice.flushed(None).await?;
    Ok(alice.shut_down().await?)
}

async fn fetch(relay: &str, folder: &Path) -> Outcome<String> {
    let bob = open(relay, folder, "bob", true).await?;
    let fetched = bob.catch_up(LIMIT, None).await?;
    if fetched.messages != 1 || !fetched.completed {
        return Err(format!("another catch than one message: {fetched:?}").into());
    }
    let newest = newest(&bob).await?;
    bob.shut_down().await?;
    match newest.map(|item| item.body) {
        Some(EntryBody::Text { text }) => Ok(text),
        Some(
            EntryBody::Unreadable | EntryBody::Notice { .. } | EntryBody::Group { .. } | EntryBody::Deleted,
        )
        | None => Err("no message with a text".into()),
    }
}

fn draft(text: &str) -> Draft {
    Draft {
        text: text.to_owned(),
        id: None,
        reply_to: None,
        forwarded: false,
        mentions: Vec::new(),
        custom: None,
    }
}

/// The newest entry of the conversation that is first in the list.
async fn newest(client: &FfiClient) -> Outcome<Option<TimelineItem>> {
    let batch = client.conversations().pull(0, None).await?.ok_or("the client is closed")?;
    let Some(ListDiff::Reset { items }) = batch.diffs.into_iter().next() else {
        return Err("a list begins with a reset".into());
    };
    let first = items.into_iter().next().ok_or("no conversation")?;
    let conversation = client.conversation(first.conversation_id).await?;
    Ok(conversation.read_page(Page { limit: 1, place: PagePlace::Newest }).await?.pop())
}

struct Key;

impl StoreKeyProvider for Key {
    fn store_key(&self) -> Result<Vec<u8>, ProviderError> {
        Ok(vec![7; 32])
    }
}

async fn open(relay: &str, folder: &Path, name: &str, offline: bool) -> Outcome<Arc<FfiClient>> {
    let setup = ClientSetup {
        relay_url: relay.to_owned(),
        store: StorePlace::File { path: folder.join(name).display().to_string() },
        agent: None,
        offline,
        dangerous_allow_plain: false,
        extra_roots_pem: Vec::new(),
    };
    Ok(open_client(setup, Some(Arc::new(Key)), None, None).await?)
}

fn block_on<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    tokio::runtime::Builder::new_current_thread().build()?.block_on(work)
}

/// The most memory this process had at once, the pages of the program that it touched among it.
fn memory_max_bytes() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}
