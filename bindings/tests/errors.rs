//! The scenario list (`bindings/SCENARIOS.md`), in Rust: errors, and what the app provides.
#![allow(clippy::unwrap_used)] // helpers of tests fail like tests

mod stage;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stage::{FixedKey, Stage, chat, code, draft, eventually, failed, key, say, sign_up, soon, take, texts};
use waxwing_ffi::{
    Advice, ClientSetup, ErrorKind, FfiError, LogLevel, LogRecord, LogSink, ProviderError, StoreKeyProvider,
    StorePlace, TokenProvider, TokenRequest, generate_store_key, open_client, open_history, provoke_panic,
    set_log_sink,
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn token_relay() -> Stage {
    let key = fixture("token-key.pem").display().to_string();
    Stage::new(&["--registration", "token", "--token-key", &key])
}

fn check<T>(result: Result<T, FfiError>, kind: ErrorKind, code: &str, advice: Advice) {
    let (found_kind, found_code, found_advice) = failed(result);
    assert_eq!((found_kind, found_code.as_str()), (kind, code));
    let is_after = |advice| matches!(advice, Advice::After { .. });
    // How long is the relay's affair.
    assert!(found_advice == advice || is_after(advice) && is_after(found_advice), "{code}: {found_advice:?}");
}

const SOME_TIME: Advice = Advice::After { delay: Duration::ZERO };

#[tokio::test]
async fn errors_of_each_kind() {
    use {Advice as A, ErrorKind as K};
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let other = stage.open("other").await;
    check(soon(sign_up(&other, "alice")).await, K::Refused, "handle_taken", A::AfterUserActs);
    check(soon(sign_up(&other, "no spaces")).await, K::Misuse, "handle_invalid", A::AfterUserActs);
    let nobody = soon(alice.direct("nobody".to_owned(), None)).await;
    check(nobody, K::NotFound, "unknown_account", A::AfterUserActs);
    let long = soon(chat(&alice, "bob").await.send(draft("x".repeat(65_537)))).await;
    check(long, K::TooLarge, "message_too_large", A::Never);
    check(soon(provoke_panic()).await, K::Bug, "panic", A::Never);

    let again = soon(open_client(stage.setup("bob"), key(), None, None)).await;
    check(again, K::Storage, "store_in_use", SOME_TIME);
    soon(bob.shut_down()).await.unwrap();
    check(soon(bob.flushed(None)).await, K::ShutDown, "shut_down", A::Never);
    let other_key: Option<Arc<dyn StoreKeyProvider>> = Some(Arc::new(FixedKey(8)));
    let wrong = soon(open_client(stage.setup("bob"), other_key.clone(), None, None)).await;
    check(wrong, K::Storage, "wrong_store_key", A::AfterUserActs);
    check(
        soon(open_history(stage.store("bob"), other_key)).await,
        K::Storage,
        "wrong_store_key",
        A::AfterUserActs,
    );
    let elsewhere =
        ClientSetup { relay_url: "ws://192.0.2.1".to_owned(), store: StorePlace::Memory, ..stage.setup("") };
    let elsewhere = soon(open_client(elsewhere, None, None, None)).await;
    check(elsewhere, K::Misuse, "url_insecure", A::Never);
    let bob = stage.open_offline("bob").await;
    let stranger = soon(bob.direct("stranger".to_owned(), None)).await;
    check(stranger, K::Offline, "offline", A::OnNetwork);

    let strict = Stage::new(&["--limit-loopback", "--registrations-per-hour", "1"]);
    strict.person("first").await;
    let second = strict.open("second").await;
    check(soon(sign_up(&second, "second")).await, K::RateLimited, "rate_limited", SOME_TIME);
    let closed = token_relay();
    let client = closed.open("alice").await;
    check(soon(sign_up(&client, "alice")).await, K::Permission, "token_required", A::AfterUserActs);
}

/// A login whose first tokens are too old.
struct Login {
    asked: Mutex<Vec<TokenRequest>>,
}

impl TokenProvider for Login {
    fn token(&self, request: TokenRequest) -> Result<String, ProviderError> {
        let name = if request.expired { "token-alice.jwt" } else { "token-alice-expired.jwt" };
        self.asked.lock().unwrap().push(request);
        Ok(std::fs::read_to_string(fixture(name)).unwrap().trim().to_owned())
    }
}

struct Down;

impl TokenProvider for Down {
    fn token(&self, _: TokenRequest) -> Result<String, ProviderError> {
        Err(ProviderError::Unavailable { reason: "the login is down".to_owned() })
    }
}

#[tokio::test]
async fn token_provider() {
    let stage = token_relay();
    let login = Arc::new(Login { asked: Mutex::default() });
    let tokens: Arc<dyn TokenProvider> = Arc::clone(&login) as _;
    let alice = soon(open_client(stage.setup("alice"), key(), Some(tokens), None)).await.ok().unwrap();
    assert_eq!(soon(sign_up(&alice, "alice")).await.unwrap().handle, "alice");
    let request = |expired| TokenRequest { handle: "alice".to_owned(), expired };
    assert_eq!(*login.asked.lock().unwrap(), [request(false), request(true)]);

    let other =
        soon(open_client(stage.setup("other"), key(), Some(Arc::new(Down)), None)).await.ok().unwrap();
    assert_eq!(code(soon(sign_up(&other, "bob")).await), "token_unavailable");
}

/// A keystore that gives what it was made with.
struct Keystore(Result<Vec<u8>, ProviderError>);

impl StoreKeyProvider for Keystore {
    fn store_key(&self) -> Result<Vec<u8>, ProviderError> {
        self.0.clone()
    }
}

/// A keystore with a fault of its own.
struct Broken;

impl StoreKeyProvider for Broken {
    fn store_key(&self) -> Result<Vec<u8>, ProviderError> {
        panic!("a fault of the app's own")
    }
}

#[tokio::test]
async fn store_key_provider() {
    let stage = Stage::new(&[]);
    let open = async |key: Option<Arc<dyn StoreKeyProvider>>| {
        code(soon(open_client(stage.setup("alice"), key, None, None)).await)
    };
    let locked = ProviderError::Unavailable { reason: "the keychain is locked".to_owned() };
    assert_eq!(open(Some(Arc::new(Keystore(Err(locked))))).await, "store_key_unavailable");
    assert_eq!(open(Some(Arc::new(Keystore(Ok(vec![7; 31]))))).await, "store_key_invalid");
    assert_eq!(open(None).await, "store_key_missing");
    assert_eq!(open(Some(Arc::new(Broken))).await, "panic");
    assert_eq!(generate_store_key().len(), 32);
    assert_ne!(generate_store_key(), generate_store_key());

    let (alice, _bob) = (stage.person("alice").await, stage.person("bob").await);
    say(&alice, "bob", "the canary sings").await;
    soon(alice.shut_down()).await.unwrap();
    let file = std::fs::read(stage.folder.path().join("alice")).unwrap();
    assert!(file.len() > 4096 && !file.windows(6).any(|window| window == b"canary"));
}

#[derive(Default)]
struct Lines(Mutex<Vec<LogRecord>>);

impl LogSink for Lines {
    fn take(&self, record: LogRecord) -> Result<(), ProviderError> {
        let mut lines = self.0.lock().unwrap();
        lines.push(record);
        match lines.len() {
            1 => Err(ProviderError::Unavailable { reason: "a sink that fails".to_owned() }),
            _ => Ok(()),
        }
    }
}

#[tokio::test]
async fn log_sink() {
    let mut stage = Stage::new(&[]);
    let lines = Arc::new(Lines::default());
    set_log_sink(Some(Arc::clone(&lines) as _), LogLevel::Debug);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    say(&alice, "bob", "the canary sings").await;
    assert_eq!(texts(&take(&bob.incoming("test".to_owned()), 1).await), ["the canary sings"]);
    stage.relay.kill();
    eventually("two lines", || {
        alice.network_changed();
        lines.0.lock().unwrap().len() >= 2
    })
    .await;
    set_log_sink(None, LogLevel::Debug);
    let count = {
        let lines = lines.0.lock().unwrap();
        assert!(lines.iter().all(|line| line.target.starts_with("waxwing")));
        let said: String = lines.iter().map(|line| line.text.as_str()).collect();
        assert!(!["alice", "bob", "canary"].iter().any(|secret| said.contains(secret)), "{said}");
        lines.len()
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(lines.0.lock().unwrap().len() <= count + 1, "one may have been on its way");
}
