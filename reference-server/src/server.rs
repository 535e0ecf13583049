//! The relay as a process part: sockets, the writer thread, and their start and end.

mod config;
mod http;
mod inbox;
mod listener;
mod metrics;
mod poker;
mod routes;
mod session;
mod tls;
mod writer;

use std::fs::File;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::net::TcpListener;
use tokio::sync::watch;
use waxwing_wire::RelayId;

pub use config::{AddressLimits, Config, RegistrationConfig, StartError, TlsFiles};

use crate::relay::{Limiter, Now, Registration, Rooms, Rules, TokenKeys};
use crate::sqlite::{Readers, SqliteStore};
use crate::store::Store as _;
use config::check_exposure;
use inbox::Inbox;
use metrics::Metrics;
use poker::{Poker, Pokes};
use routes::Routes;
use writer::{Queue, Writer};

/// How long between two checkpoints.
const CHECKPOINT_INTERVAL: Duration = Duration::from_millis(500);

/// What every part of a running relay shares.
#[derive(Debug)]
struct Shared {
    config: Config,
    rules: Arc<Rules>,
    relay: RelayId,
    started: Instant,
    limiter: Limiter,
    queue: Arc<Queue>,
    readers: Readers,
    routes: Arc<Routes>,
    rooms: Mutex<Rooms<Arc<Inbox>>>,
    metrics: Arc<Metrics>,
    draining: watch::Sender<bool>,
    connections: AtomicU64,
}

impl Shared {
    fn now(&self) -> Now {
        let utc = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { elapsed: self.started.elapsed(), utc_ms: i64::try_from(utc.as_millis()).unwrap_or(i64::MAX) }
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms<Arc<Inbox>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_ready(&self) -> bool {
        !*self.draining.borrow() && self.metrics.storage_works()
    }
}

/// The relay, to be started.
#[derive(Debug, Clone, Copy)]
pub struct Relay;

/// A relay that takes connections.
///
/// Call [`RunningRelay::shutdown`] to end it well. Dropping it stops it at once; what was acknowledged is on disk either way.
#[derive(Debug)]
pub struct RunningRelay {
    shared: Arc<Shared>,
    address: SocketAddr,
    accepting: tokio::task::JoinHandle<()>,
    writer: Option<JoinHandle<()>>,
    poker: Option<JoinHandle<()>>,
    checkpoints: Option<JoinHandle<()>>,
    stop_checkpoints: Arc<AtomicBool>,
    _lock: File,
}

impl Relay {
    /// Opens the data folder, binds the port, and takes connections on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// [`StartError`] says what is in the way.
    pub async fn start(config: Config) -> Result<RunningRelay, StartError> {
        check_exposure(&config)?;
        let tls = config.tls.as_ref().map(tls::acceptor).transpose()?;
        let rules = Arc::new(rules(&config)?);
        let lock = lock_folder(&config)?;
        let store = SqliteStore::open(&config.data, config.store).map_err(StartError::Database)?;
        if let Some(pages) = config.database_pages_max {
            store.set_pages_max(pages).map_err(StartError::Storage)?;
        }
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|error| StartError::Bind { address: config.listen, error })?;
        let address =
            listener.local_addr().map_err(|error| StartError::Bind { address: config.listen, error })?;
        let checkpointer = store.checkpointer().map_err(StartError::Storage)?;
        let metrics = Arc::new(Metrics::default());
        let shared = Arc::new(Shared {
            limiter: Limiter::new(rules.rates),
            rules,
            relay: store.relay_id(),
            started: Instant::now(),
            queue: Arc::new(Queue::default()),
            readers: store.readers(),
            routes: Arc::new(Routes::default()),
            rooms: Mutex::default(),
            metrics: metrics.clone(),
            draining: watch::Sender::new(false),
            connections: AtomicU64::new(1),
            config,
        });
        let pokes = Arc::new(Pokes::default());
        let poker = Poker { pokes: pokes.clone(), readers: store.readers(), routes: shared.routes.clone() };
        let writer = Writer::new(store, shared.queue.clone(), shared.routes.clone(), pokes, metrics);
        let writer = spawn_thread("relay-writer", move || writer.run())?;
        let poker = spawn_thread("relay-poker", move || poker.run())?;
        let stop_checkpoints = Arc::new(AtomicBool::new(false));
        let stopped = stop_checkpoints.clone();
        let checkpoints = spawn_thread("relay-checkpoint", move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::park_timeout(CHECKPOINT_INTERVAL);
                if let Err(error) = checkpointer.checkpoint() {
                    tracing::warn!(%error, "checkpoint");
                }
            }
        })?;
        let accepting = tokio::spawn(listener::accept(listener, tls, shared.clone()));
        Ok(RunningRelay {
            shared,
            address,
            accepting,
            writer: Some(writer),
            poker: Some(poker),
            checkpoints: Some(checkpoints),
            stop_checkpoints,
            _lock: lock,
        })
    }
}

impl RunningRelay {
    /// Where clients connect to.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.shared.config.tls.is_some() { "wss" } else { "ws" };
        format!("{scheme}://{}", self.address)
    }

    /// The address that is really bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says goodbye to every client, answers what is under way, and stops; bounded by [`Config::drain_max`].
    pub async fn shutdown(mut self) {
        self.shared.draining.send_replace(true);
        let deadline = Instant::now() + self.shared.config.drain_max;
        while self.shared.metrics.sessions_open() > 0 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.accepting.abort();
        self.shared.queue.stop();
        let threads = [self.writer.take(), self.poker.take(), self.checkpoints.take()];
        self.stop_checkpoints.store(true, Ordering::Relaxed);
        let _ = tokio::task::spawn_blocking(move || {
            for thread in threads.into_iter().flatten() {
                thread.thread().unpark();
                let _ = thread.join();
            }
        })
        .await;
    }
}

impl Drop for RunningRelay {
    fn drop(&mut self) {
        self.shared.draining.send_replace(true);
        self.accepting.abort();
        self.shared.queue.stop();
        self.stop_checkpoints.store(true, Ordering::Relaxed);
    }
}

fn rules(config: &Config) -> Result<Rules, StartError> {
    let registration = match &config.registration {
        RegistrationConfig::Open => Registration::Open,
        RegistrationConfig::Token { key_file, audience } => {
            let text = std::fs::read_to_string(key_file)
                .map_err(|error| StartError::File { path: key_file.clone(), error })?;
            let keys = TokenKeys::parse(&text, audience.clone()).map_err(StartError::TokenKey)?;
            Registration::Token(Arc::new(keys))
        }
    };
    Ok(Rules {
        registration,
        login_timeout: config.login_timeout,
        silence_max: config.silence_max,
        rates: config.rates,
    })
}

/// Two relays on one folder would each miss what the other stores.
fn lock_folder(config: &Config) -> Result<File, StartError> {
    let failed = |error| StartError::File { path: config.data.clone(), error };
    std::fs::create_dir_all(&config.data).map_err(failed)?;
    let lock = File::create(config.data.join("relay.lock")).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(StartError::InUse { path: config.data.clone() }),
        Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn spawn_thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(StartError::Thread)
}
