//! What the demo is played on: a relay, two people, and a folder that goes away.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::time::timeout;
use waxwing::{Client, Draft, History, Incoming, IncomingMessage, Registration, Sent, Store, StoreKey};
use waxwing_relay::{Config, Relay, RunningRelay};

use crate::fail::Fail;
use crate::session;

/// Your handle in the demo.
pub(super) const YOU: &str = "newcomer";
/// Wren's handle, and the name of Wren's consumer.
pub(super) const WREN: &str = "wren";
const STEP_MAX: Duration = Duration::from_secs(20);
const HANG_UP_MAX: Duration = Duration::from_secs(3);

/// Everything that the demo needs.
pub(super) struct Stage {
    folder: TempDir,
    relay: RunningRelay,
    you: Client,
    your_key: [u8; 32],
    wren: Client,
    your_inbox: Mutex<Incoming>,
    wrens_inbox: Mutex<Incoming>,
}

/// Gives a step of the demo twenty seconds.
///
/// # Errors
///
/// `demo_failed` when it takes longer, or what the step says.
pub(super) async fn in_time<T>(step: &str, work: impl Future<Output = Result<T, Fail>>) -> Result<T, Fail> {
    timeout(STEP_MAX, work).await.unwrap_or_else(|_| {
        Err(Fail::new(
            "demo_failed",
            "offline",
            format!("{step} took longer than {} seconds", STEP_MAX.as_secs()),
        )
        .advise("run it again on a machine that is less busy; if it happens again, please report it"))
    })
}

impl Stage {
    /// Starts the relay and registers both.
    pub(super) async fn build() -> Result<Stage, Fail> {
        let folder = TempDir::with_prefix("waxwing-demo-").map_err(|error| cannot_start(&error))?;
        let relay = start_relay(folder.path()).await?;
        let (your_key, wrens_key) = (random_key()?, random_key()?);
        let you = person(&folder.path().join("you.db"), your_key, &relay.url(), YOU).await?;
        let wren = person(&folder.path().join("wren.db"), wrens_key, &relay.url(), WREN).await?;
        let (your_inbox, wrens_inbox) = (Mutex::new(you.incoming("script")), Mutex::new(wren.incoming(WREN)));
        Ok(Stage { folder, relay, you, your_key, wren, your_inbox, wrens_inbox })
    }

    pub(super) fn dir(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn relay_url(&self) -> String {
        self.relay.url()
    }

    pub(super) fn you(&self) -> &Client {
        &self.you
    }

    pub(super) fn wren(&self) -> &Client {
        &self.wren
    }

    pub(super) async fn go_offline(&self) -> Result<(), Fail> {
        self.you.lifecycle().suspend(HANG_UP_MAX).await.map_err(session::fail)
    }

    pub(super) async fn come_online(&self) -> Result<(), Fail> {
        self.you.lifecycle().resume().await.map_err(session::fail)?;
        self.you.wait_online().await.map_err(session::fail)
    }

    /// Lets one of the two say something.
    pub(super) async fn send(&self, who: &str, text: &str) -> Result<Sent, Fail> {
        let (from, to) = if who == "you" { (&self.you, WREN) } else { (&self.wren, YOU) };
        let conversation = from.direct(to).await.map_err(session::fail)?;
        conversation.send(Draft::text(text)).await.map_err(session::fail)
    }

    /// The next message that comes to you, read.
    pub(super) async fn you_receive(&self) -> Result<IncomingMessage, Fail> {
        receive(&self.you, &self.your_inbox).await
    }

    /// The next message that comes to Wren, read.
    pub(super) async fn wren_receives(&self) -> Result<IncomingMessage, Fail> {
        receive(&self.wren, &self.wrens_inbox).await
    }

    pub(super) async fn your_history(&self) -> Result<History, Fail> {
        let store = Store::file(self.folder.path().join("you.db")).key(StoreKey::from_bytes(self.your_key));
        History::open(store).await.map_err(session::fail)
    }

    /// Ends everything and takes the folder away.
    pub(super) async fn clear(self) {
        session::close(&self.you).await;
        session::close(&self.wren).await;
        let _ = timeout(HANG_UP_MAX, self.relay.shutdown()).await;
    }
}

async fn receive(client: &Client, inbox: &Mutex<Incoming>) -> Result<IncomingMessage, Fail> {
    let mut inbox = inbox.lock().await;
    let Some(message) = inbox.next().await else {
        return Err(
            Fail::new("demo_failed", "shut_down", "a client of the demo ended").advise("please report this")
        );
    };
    let message = message.map_err(session::fail)?;
    inbox.done(&message).await.map_err(session::fail)?;
    let conversation = client.conversation(message.conversation_id).map_err(session::fail)?;
    conversation.mark_read(message.message_id).await.map_err(session::fail)?;
    Ok(message)
}

async fn start_relay(folder: &Path) -> Result<RunningRelay, Fail> {
    let config =
        Config { listen: ([127, 0, 0, 1], 0).into(), data: folder.join("relay"), ..Config::default() };
    Relay::start(config).await.map_err(|error| cannot_start(&error))
}

async fn person(path: &Path, key: [u8; 32], relay_url: &str, handle: &str) -> Result<Client, Fail> {
    let store = Store::file(path).key(StoreKey::from_bytes(key));
    let client = Client::builder(relay_url).store(store).build().await.map_err(session::fail)?;
    client.register(Registration::open(handle).map_err(session::fail)?).await.map_err(session::fail)?;
    Ok(client)
}

fn random_key() -> Result<[u8; 32], Fail> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| cannot_start(&error))?;
    Ok(key)
}

fn cannot_start(error: &dyn std::error::Error) -> Fail {
    Fail::new("demo_failed", "storage", format!("the demo does not start: {error}"))
        .advise("it needs a folder for temporary files and a port on 127.0.0.1; mend that, and run it again")
}
