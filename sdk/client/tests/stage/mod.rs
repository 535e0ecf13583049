//! A relay and a folder for stores, in one process.
#![allow(dead_code, unreachable_pub)] // each test binary uses a part of it

use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;
use waxwing::{Client, Draft, Recover, Registration, Sent, Store, StoreKey};
use waxwing_relay::{Config, Relay, RunningRelay};

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub mod evil;

pub struct Stage {
    pub folder: TempDir,
    pub relay: RunningRelay,
}

impl Stage {
    pub async fn new() -> Stage {
        Stage::with(|_| {}).await
    }

    /// With a relay that is set otherwise.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Stage {
        let folder = TempDir::new().unwrap();
        let mut config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            data: folder.path().join("relay"),
            ..Config::default()
        };
        change(&mut config);
        let relay = Relay::start(config).await.unwrap();
        Stage { folder, relay }
    }

    pub fn store(&self, name: &str) -> Store {
        Store::file(self.folder.path().join(name)).key(StoreKey::from_bytes([7; 32]))
    }

    pub async fn client(&self, name: &str) -> Client {
        self.client_at(&self.relay.url(), name).await
    }

    /// A client that reaches the relay by another address.
    pub async fn client_at(&self, url: &str, name: &str) -> Client {
        soon(Client::builder(url).store(self.store(name)).build()).await.unwrap()
    }

    pub async fn registered(&self, handle: &str) -> Client {
        let client = self.client(handle).await;
        let me = soon(client.register(Registration::open(handle).unwrap())).await.unwrap();
        assert_eq!(me.handle.as_str(), handle);
        assert_eq!(client.me().unwrap(), Some(me));
        client
    }
}

pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it comes in time")
}

pub async fn say(client: &Client, to: &str, text: &str) -> Sent {
    let chat = soon(client.direct(to)).await.unwrap();
    soon(chat.send(Draft::text(text))).await.unwrap()
}

/// A further device of an account, by its recovery key.
pub async fn further(stage: &Stage, first: &Client, store: &str) -> Client {
    let handle = first.me().unwrap().unwrap().handle;
    let client = stage.client(store).await;
    let key = first.recovery_key().unwrap();
    let registration = Registration::open(handle.as_str()).unwrap().recover(key, Recover::Add);
    soon(client.register(registration)).await.unwrap();
    client
}

/// Looks again and again.
pub async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    soon(async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}
