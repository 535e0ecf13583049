//! A real relay process, fresh folders, and people with one device each.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)] // helpers of tests fail like tests; each program uses its part

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::time::timeout;
use waxwing_ffi::{
    Advice, ClientSetup, Draft, EntryBody, ErrorKind, Event, FfiClient, FfiConversation, FfiError, FfiEvents,
    FfiIncoming, FfiSent, IncomingMessage, Me, Page, PagePlace, ProviderError, Recover, Recovery,
    Registration, StoreKeyProvider, StorePlace, TimelineItem, Whose, open_client,
};

pub const PATIENCE: Duration = Duration::from_secs(30);

pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it comes in time")
}

/// Looks again and again until it is so.
pub async fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "it did not come to: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Takes an error apart, and checks its sentence.
pub fn failed<T>(result: Result<T, FfiError>) -> (ErrorKind, String, Advice) {
    let Err(FfiError::Failed { kind, code, advice, reason }) = result else { panic!("it did not fail") };
    assert!(reason.ends_with(&format!("({code})")), "{reason}");
    (kind, code, advice)
}

pub fn code<T>(result: Result<T, FfiError>) -> String {
    failed(result).1
}

/// A keystore that gives 32 times the same byte.
pub struct FixedKey(pub u8);

impl StoreKeyProvider for FixedKey {
    fn store_key(&self) -> Result<Vec<u8>, ProviderError> {
        Ok(vec![self.0; 32])
    }
}

pub fn key() -> Option<Arc<dyn StoreKeyProvider>> {
    Some(Arc::new(FixedKey(7)))
}

pub struct Relay {
    child: Child,
    pub url: String,
}

impl Relay {
    fn start(data: &Path, options: &[&str]) -> Relay {
        let mut command = Command::new(relay_program());
        command.args(["--listen", "127.0.0.1:0", "--log", "warn", "--data"]).arg(data).args(options);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the relay starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").expect("its first line").to_owned();
        Relay { child, url }
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What the recipe names, or what stands in this build's folder; built there, where it is missing.
fn relay_program() -> PathBuf {
    if let Some(named) = std::env::var_os("WAXWING_RELAY") {
        return named.into();
    }
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let program = profile.join("waxwing-relay");
    static BUILD: Once = Once::new();
    BUILD.call_once(|| {
        if !program.exists() {
            let mut build = Command::new(env!("CARGO"));
            build.args(["build", "--quiet", "--package", "waxwing-relay", "--bin", "waxwing-relay"]);
            build.env("CARGO_TARGET_DIR", profile.parent().unwrap());
            assert!(build.status().unwrap().success(), "the relay can be built");
        }
    });
    program
}

/// A relay that only this test uses, and a fresh folder.
pub struct Stage {
    pub folder: TempDir,
    pub relay: Relay,
}

impl Stage {
    pub fn new(options: &[&str]) -> Stage {
        let folder = TempDir::new().unwrap();
        let relay = Relay::start(&folder.path().join("relay"), options);
        Stage { folder, relay }
    }

    pub fn store(&self, name: &str) -> StorePlace {
        StorePlace::File { path: self.folder.path().join(name).display().to_string() }
    }

    pub fn setup(&self, name: &str) -> ClientSetup {
        ClientSetup {
            relay_url: self.relay.url.clone(),
            store: self.store(name),
            agent: None,
            offline: false,
            dangerous_allow_plain: false,
            extra_roots_pem: Vec::new(),
        }
    }

    pub async fn open(&self, name: &str) -> Arc<FfiClient> {
        soon(open_client(self.setup(name), key(), None, None)).await.expect("it opens")
    }

    pub async fn open_offline(&self, name: &str) -> Arc<FfiClient> {
        let setup = ClientSetup { offline: true, ..self.setup(name) };
        soon(open_client(setup, key(), None, None)).await.expect("it opens")
    }

    pub async fn person(&self, name: &str) -> Arc<FfiClient> {
        let client = self.open(name).await;
        let me = soon(sign_up(&client, name)).await.unwrap();
        assert_eq!(me.handle, name);
        client
    }
}

/// Looks again and again until there is an answer.
pub async fn until<T>(look: impl AsyncFn() -> Option<T>) -> T {
    soon(async {
        loop {
            match look().await {
                Some(found) => return found,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    })
    .await
}

/// Waits for an event.
pub async fn hear(events: &FfiEvents, is_it: impl Fn(&Event) -> bool) {
    let mut after = 0;
    loop {
        let batch = soon(events.pull(after, None)).await.unwrap().expect("the client is open");
        after = batch.number;
        if batch.events.iter().any(&is_it) {
            return;
        }
    }
}

/// The account of this recovery key, on a new device.
pub async fn recover(client: &FfiClient, handle: &str, key: &str, others: Recover) -> Me {
    let recovery = Some(Recovery { key: key.to_owned(), others });
    let registration = Registration { handle: handle.to_owned(), token: None, recovery };
    soon(client.register(registration, None)).await.unwrap()
}

pub fn by_handle(handle: &str) -> Whose {
    Whose::Handle { handle: handle.to_owned() }
}

/// The newest entries, oldest first.
pub async fn entries(chat: &FfiConversation) -> Vec<TimelineItem> {
    soon(chat.read_page(newest(200))).await.unwrap()
}

/// What an entry says, where it has a text.
pub fn text(item: &TimelineItem) -> Option<&str> {
    match &item.body {
        EntryBody::Text { text } => Some(text),
        EntryBody::Unreadable | EntryBody::Notice { .. } | EntryBody::Group { .. } | EntryBody::Deleted => {
            None
        }
    }
}

/// The texts of a conversation.
pub async fn written(chat: &FfiConversation) -> Vec<String> {
    entries(chat).await.iter().filter_map(|item| text(item).map(str::to_owned)).collect()
}

pub async fn sign_up(client: &FfiClient, handle: &str) -> Result<Me, FfiError> {
    client.register(Registration { handle: handle.to_owned(), token: None, recovery: None }, None).await
}

pub fn draft(text: impl Into<String>) -> Draft {
    Draft {
        text: text.into(),
        id: None,
        reply_to: None,
        forwarded: false,
        mentions: Vec::new(),
        custom: None,
    }
}

pub fn newest(limit: u32) -> Page {
    Page { limit, place: PagePlace::Newest }
}

pub async fn chat(client: &FfiClient, with: &str) -> Arc<FfiConversation> {
    soon(client.direct(with.to_owned(), None)).await.expect("it is found")
}

pub async fn say(client: &FfiClient, to: &str, text: &str) -> Arc<FfiSent> {
    soon(chat(client, to).await.send(draft(text))).await.expect("it is sent")
}

/// Takes what comes until there is so much.
pub async fn take(incoming: &FfiIncoming, count: usize) -> Vec<IncomingMessage> {
    let mut after = 0;
    let mut taken = Vec::new();
    while taken.len() < count {
        let batch = soon(incoming.pull(after, None)).await.unwrap().expect("the client is open");
        after = batch.number;
        taken.extend(batch.messages);
    }
    taken
}

pub fn texts(messages: &[IncomingMessage]) -> Vec<&str> {
    messages.iter().map(|message| message.text.as_str()).collect()
}
