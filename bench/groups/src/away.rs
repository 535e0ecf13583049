//! A device that was away while many wrote to its group: the client with its sealed file and a relay process. What waits is made once, and
//! the device comes back to copies of it.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use waxwing::{Client, ClientBuilder, ListDiff, Registration, Store, StoreKey};
use waxwing_bench::server::Server;
use waxwing_bench::{Bar, Row, median};
use waxwing_engine::{Command, ConversationId};
use waxwing_wire::Handle;

use crate::socket::Online;
use crate::{Args, Outcome};

/// Longest that any one thing may take.
const PATIENCE: Duration = Duration::from_secs(900);

/// Texts of one sender that follow each other.
const RUN: u32 = 4;

pub(crate) fn measure(args: &Args) -> Outcome<Vec<Row>> {
    let folder = match &args.data {
        Some(parent) => tempfile::tempdir_in(parent)?,
        None => tempfile::tempdir()?,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let each = args.backlog / args.senders / RUN * RUN;
        let group = tokio::time::timeout(PATIENCE, fill(args, folder.path(), each)).await??;
        let mut rates = Vec::new();
        for round in 0..args.rounds {
            let copy = folder.path().join(format!("round-{round}"));
            copy_folder(&folder.path().join("made"), &copy)?;
            let count = each * args.senders;
            let seconds =
                tokio::time::timeout(PATIENCE, come_back(&copy, group, count + args.senders)).await??;
            rates.push(f64::from(count) / seconds);
            std::fs::remove_dir_all(&copy)?;
        }
        let best = rates.iter().copied().fold(0.0, f64::max);
        Ok(vec![
            Row::new("away_in_group")
                .figure("messages", f64::from(each * args.senders))
                .figure("senders", f64::from(args.senders))
                .figure("rounds", f64::from(args.rounds))
                .figure("per_s", best)
                .figure("median_per_s", median(&rates))
                .bar(Bar::AtLeast("per_s", 10_000.0)),
        ])
    })
}

/// Fills the mailbox of a device that has all keys and went away.
async fn fill(args: &Args, folder: &Path, each: u32) -> Outcome<ConversationId> {
    let made = folder.join("made");
    std::fs::create_dir(&made)?;
    let relay = Server::relay(&made.join("relay"))?;
    let address = relay.address;
    let mut registering = JoinSet::new();
    (0..args.senders).for_each(|number| {
        registering.spawn(Online::register(address, number));
    });
    let mut senders = Vec::new();
    while let Some(online) = registering.join_next().await {
        senders.push(online??);
    }
    let bob = client(&relay, &made).build().await?;
    bob.register(Registration::open("bob")?).await?;
    bob.wait_online().await?;

    // The first makes the group, and everybody says something, so that all keys are where they belong.
    let first = &senders[0];
    for name in (0..args.senders).map(|number| format!("member-{number}")).chain(["bob".to_owned()]) {
        let handle = Handle::new(&name).map_err(|_| "no handle")?;
        first.command(Command::Find(handle)).await?;
    }
    let members =
        senders.iter().map(|sender| sender.account).chain([bob.me()?.ok_or("no bob")?.account]).collect();
    first.command(Command::CreateGroup { title: "all".to_owned(), members }).await?;
    let mut group = None;
    for sender in &senders {
        group = Some(until_it_is_in(sender).await?);
    }
    let group = group.ok_or("no group")?;
    for sender in &senders {
        sender.texts(group, 1).await?;
    }
    while unread(&bob, group).await? < u64::from(args.senders) {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // What they still say to each other goes on for a moment.
    tokio::time::sleep(Duration::from_secs(5)).await;
    bob.close().await?;

    senders.iter().try_for_each(Online::be_deaf)?;
    for _ in 0..each / RUN {
        let mut sending = JoinSet::new();
        for sender in senders.drain(..) {
            sending.spawn(async move { sender.texts(group, RUN).await.map(|()| sender) });
        }
        while let Some(sent) = sending.join_next().await {
            senders.push(sent??);
        }
    }
    Ok(group)
}

async fn until_it_is_in(sender: &Online) -> Outcome<ConversationId> {
    loop {
        if let Some(group) = sender.look().await?.0.first() {
            return Ok(*group);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// From the first instruction until everything is opened and stored, in seconds.
async fn come_back(folder: &Path, group: ConversationId, count: u32) -> Outcome<f64> {
    let relay = Server::relay(&folder.join("relay"))?;
    let begun = Instant::now();
    let bob = client(&relay, folder).build().await?;
    bob.drained().await?;
    let seconds = begun.elapsed().as_secs_f64();
    let came = unread(&bob, group).await?;
    bob.close().await?;
    if came != u64::from(count) {
        return Err(format!("{came} messages of {count} were there").into());
    }
    Ok(seconds)
}

fn client(relay: &Server, folder: &Path) -> ClientBuilder {
    let store = Store::file(folder.join("bob.db")).key(StoreKey::from_bytes([7; 32]));
    Client::builder(format!("ws://{}", relay.address)).store(store)
}

async fn unread(bob: &Client, group: ConversationId) -> Outcome<u64> {
    match bob.conversations().next().await {
        Some(ListDiff::Reset { items }) => {
            let item = items.iter().find(|item| item.conversation_id == group);
            Ok(item.map_or(0, |item| item.unread))
        }
        other => Err(format!("no list but {other:?}").into()),
    }
}

fn copy_folder(from: &Path, to: &Path) -> Outcome<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
