//! From a home to a client: the relay, the key, the lock, the account.

use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use waxwing::{Advice, Client, Error, ErrorKind, History, Me, Store, StoreKey};

use crate::args::Common;
use crate::fail::Fail;
use crate::home::Home;

/// How long a command waits for another process of the same home to end, where no timeout is given.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
const AGENT: &str = concat!("waxwing-chat/", env!("CARGO_PKG_VERSION"));
/// How long between two tries for the lock.
pub(crate) const LOCK_PAUSE: Duration = Duration::from_millis(50);
/// How long a client may take to put its database in order at the end.
const CLOSE_PATIENCE: Duration = Duration::from_secs(3);

/// Whether a client connects by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// It does.
    Up,
    /// It does not, before something needs it.
    Down,
}

/// A client with an account.
#[derive(Debug)]
pub(crate) struct Session {
    /// The client.
    pub(crate) client: Client,
    /// Who we are.
    pub(crate) me: Me,
}

impl Session {
    /// Puts everything in order and lets go of the store.
    pub(crate) async fn close(self) {
        close(&self.client).await;
    }
}

/// Puts everything in order and lets go of the store. Whatever goes wrong here was durable before.
pub(crate) async fn close(client: &Client) {
    let _ = timeout(CLOSE_PATIENCE, client.close()).await;
}

/// The home that the command line names.
///
/// # Errors
///
/// `home_missing` when it names none.
pub(crate) fn home(common: &Common) -> Result<Home, Fail> {
    common.home.as_deref().map(Home::new).ok_or_else(|| {
        Fail::usage("home_missing", "no folder is named")
            .advise("give --home DIR, or set WAXWING_HOME; or try: waxwing-chat demo")
    })
}

/// Opens a home that has an account, waiting for its lock.
///
/// # Errors
///
/// `not_registered`, `store_in_use`, or what the home or the store says.
pub(crate) async fn open(common: &Common, link: Link) -> Result<Session, Fail> {
    let home = home(common)?;
    if !home.has_store() {
        return Err(not_registered(&home));
    }
    with_account(open_client(common, &home, link).await?, &home).await
}

/// Takes a client for one with an account.
///
/// # Errors
///
/// `not_registered`.
pub(crate) async fn with_account(client: Client, home: &Home) -> Result<Session, Fail> {
    match client.me().map_err(fail)? {
        Some(me) => Ok(Session { client, me }),
        None => {
            close(&client).await;
            Err(not_registered(home))
        }
    }
}

/// Opens a home, with or without an account, waiting for its lock.
///
/// # Errors
///
/// `store_in_use`, or what the home or the store says.
pub(crate) async fn open_client(common: &Common, home: &Home, link: Link) -> Result<Client, Fail> {
    let deadline = lock_deadline(common);
    loop {
        match try_open_client(common, home, link).await {
            Err(fail) if fail.code == "store_in_use" && Instant::now() < deadline => sleep(LOCK_PAUSE).await,
            result => return result,
        }
    }
}

/// When to stop waiting for the lock of a home.
pub(crate) fn lock_deadline(common: &Common) -> Instant {
    Instant::now() + common.timeout.unwrap_or(LOCK_PATIENCE)
}

/// Opens a home, with or without an account, if its lock is free.
///
/// # Errors
///
/// `store_in_use`, or what the home or the store says.
pub(crate) async fn try_open_client(common: &Common, home: &Home, link: Link) -> Result<Client, Fail> {
    let plan = home.relay(common.relay.as_deref(), common.dangerous_allow_plain)?;
    let store = Store::file(home.store_path()).key(StoreKey::from_bytes(home.store_key()?));
    let mut builder = Client::builder(&plan.url).store(store).agent(AGENT);
    if plan.allow_plain {
        builder = builder.dangerous_allow_plain();
    }
    if let Some(path) = &common.root_certificate {
        builder = builder.extra_root_pem(read_certificate(path)?);
    }
    if link == Link::Down {
        builder = builder.offline();
    }
    builder.build().await.map_err(fail)
}

fn read_certificate(path: &Path) -> Result<Vec<u8>, Fail> {
    std::fs::read(path).map_err(|error| {
        Fail::new("certificate_invalid", "misuse", format!("{} cannot be read: {error}", path.display()))
            .advise("give a readable PEM file with --root-certificate")
    })
}

/// Opens the store of a home for reading. Needs neither the relay nor the lock.
///
/// # Errors
///
/// `not_registered`, or what the home or the store says.
pub(crate) async fn open_history(common: &Common) -> Result<(History, Me), Fail> {
    let home = home(common)?;
    if !home.has_store() {
        return Err(not_registered(&home));
    }
    let store = Store::file(home.store_path()).key(StoreKey::from_bytes(home.store_key()?));
    let history = History::open(store).await.map_err(fail)?;
    let me = history.me().await.map_err(fail)?.ok_or_else(|| not_registered(&home))?;
    Ok((history, me))
}

/// The failure of a home without an account.
pub(crate) fn not_registered(home: &Home) -> Fail {
    let dir = home.dir().display();
    Fail::new("not_registered", "misuse", format!("{dir} has no account yet"))
        .advise(format!("waxwing-chat --home {dir} --relay URL register HANDLE"))
}

/// What the client says, in the words of a command line.
pub(crate) fn fail(error: Error) -> Fail {
    let code = error.code();
    let text = error.to_string();
    let text = text.strip_suffix(&format!(" ({code})")).unwrap_or(&text);
    let (message, advice) = text.split_once("; ").unwrap_or((text, general_advice(&error)));
    Fail::new(code, kind_word(error.kind()), message).advise(advice_of(code).unwrap_or(advice))
}

/// Where the command line has an answer that the library cannot know.
fn advice_of(code: &str) -> Option<&'static str> {
    Some(match code {
        "handle_taken" => "choose another handle, or bring your account here with --recovery-key KEY",
        "already_registered" => {
            "use another --home DIR for a second account; whoami shows the one that is here"
        }
        "store_in_use" => "end the other waxwing-chat of this home, or use another --home DIR",
        "offline" => {
            "start the relay, or look at its address (--relay URL) and your network; then run it again"
        }
        "unknown_account" => {
            "look at the spelling; the other person must have registered with the same relay"
        }
        "token_required" => "give the token of your provider: register HANDLE --token JWT",
        "token_expired" | "not_authorised" => {
            "get a new token from your provider: register HANDLE --token JWT"
        }
        "key_changed" => "compare safety numbers, then: waxwing-chat accept HANDLE",
        "url_insecure" => "use wss://, or --dangerous-allow-plain on a network that you trust",
        "wrong_store_key" => "put the right store.key back, or give the right key in WAXWING_STORE_KEY",
        "message_too_large" => "send it in parts of at most 64 KiB",
        _ => return None,
    })
}

fn general_advice(error: &Error) -> &'static str {
    match error.advice() {
        Advice::After(_) => "wait a moment, and run it again",
        Advice::OnNetwork => "run it again once there is a network",
        Advice::AfterUserActs => "see docs/chat.md",
        Advice::Never => "the same command will fail again",
    }
}

fn kind_word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Offline => "offline",
        ErrorKind::Refused => "refused",
        ErrorKind::RateLimited => "rate_limited",
        ErrorKind::KeyChanged => "key_changed",
        ErrorKind::Undecryptable => "undecryptable",
        ErrorKind::Storage => "storage",
        ErrorKind::Permission => "permission",
        ErrorKind::NotFound => "not_found",
        ErrorKind::TooLarge => "too_large",
        ErrorKind::Cancelled => "cancelled",
        ErrorKind::ShutDown => "shut_down",
        ErrorKind::Misuse => "misuse",
        ErrorKind::VersionUnsupported => "version_unsupported",
        ErrorKind::Bug => "bug",
    }
}
