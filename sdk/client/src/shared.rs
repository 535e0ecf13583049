//! What every handle of one client shares: the way to the driver, and what can be known without asking it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::Connection;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use waxwing_engine::{Command, Outcome};
use waxwing_wire::{AccountId, Handle, MessageId};

use crate::account::Me;
use crate::client::Whose;
use crate::error::{Code, Result};
use crate::events::{Event, LinkState};
use crate::lifecycle::CatchUp;
use crate::random;
use crate::socket::Endpoint;
use crate::store::{Readers, StoreError, exit, show};
use crate::token::TokenSource;
use crate::topics::Topics;

/// Where an answer goes. Whoever asked may have given up meanwhile.
pub(crate) type Answer<T> = oneshot::Sender<Result<T>>;

/// What the driver can be asked for.
pub(crate) enum Request {
    Command { command: Command, answer: Answer<Outcome> },
    FeedDone { consumer: Arc<str>, arrival: i64, answer: Answer<()> },
    Flushed { answer: Answer<()> },
    Drained { answer: Answer<()> },
    CatchUp { deadline: Duration, answer: Answer<CatchUp> },
    Suspend { deadline: Duration, answer: Answer<()> },
    Resume { answer: Answer<()> },
    Close { answer: Answer<()> },
}

/// Requests that wait for the driver before callers wait too.
pub(crate) const REQUESTS_WAITING_MAX: usize = 256;

/// The face of the driver, and of the store's readers.
pub(crate) struct Shared {
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) board: Arc<Board>,
    pub(crate) topics: Arc<Topics>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) thread: Mutex<Option<JoinHandle<()>>>,
    /// Where the relay is, for connections beside the driver's.
    pub(crate) endpoint: Endpoint,
    pub(crate) agent: String,
    pub(crate) tokens: Option<Box<dyn TokenSource>>,
}

impl Shared {
    /// Waits for the driver's thread, which was told to end.
    pub(crate) fn join(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != std::thread::current().id()) {
            exit::join(thread);
        }
    }
}

/// The last handle is gone: the driver ends by itself, and is waited for.
impl Drop for Shared {
    fn drop(&mut self) {
        self.requests = mpsc::channel(1).0;
        self.join();
    }
}

/// What the driver tells without being asked.
pub(crate) struct Board {
    pub(crate) link: watch::Sender<LinkState>,
    events: Mutex<Option<broadcast::Sender<Event>>>,
    me: Mutex<Option<Me>>,
}

impl Board {
    pub(crate) fn new(events_waiting_max: usize) -> Board {
        Board {
            link: watch::channel(LinkState::Stopped).0,
            events: Mutex::new(Some(broadcast::channel(events_waiting_max).0)),
            me: Mutex::new(None),
        }
    }

    pub(crate) fn me(&self) -> Option<Me> {
        self.me.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_me(&self, me: Option<Me>) {
        *self.me.lock().unwrap_or_else(PoisonError::into_inner) = me;
    }

    pub(crate) fn link_is_online(&self) -> bool {
        *self.link.borrow() == LinkState::Online
    }

    pub(crate) fn link_is_up(&self) -> bool {
        matches!(*self.link.borrow(), LinkState::Online | LinkState::Connecting)
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Event> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.as_ref().map_or_else(|| broadcast::channel(1).1, broadcast::Sender::subscribe)
    }

    pub(crate) fn tell(&self, event: Event) {
        if let Event::Link(link) = &event {
            self.link.send_replace(*link);
        }
        if let Some(events) = &*self.events.lock().unwrap_or_else(PoisonError::into_inner) {
            // Nobody listens: nothing to do.
            let _ = events.send(event);
        }
    }

    /// Ends every stream of events.
    pub(crate) fn close(&self) {
        self.tell(Event::Link(LinkState::Stopped));
        self.events.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Shared {
    /// Asks the driver, and waits for its answer. What was asked for goes on if the caller gives up.
    pub(crate) async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(request(answer)).await.map_err(|_| Code::ShutDown)?;
        answered.await.map_err(|_| Code::ShutDown)?
    }

    pub(crate) async fn command(&self, command: Command) -> Result<Outcome> {
        self.ask(|answer| Request::Command { command, answer }).await
    }

    /// The account of somebody; for a handle that is not known here, the relay is asked.
    pub(crate) async fn account(&self, whose: Whose) -> Result<AccountId> {
        let handle = match whose {
            Whose::Account(account) => return Ok(account),
            Whose::Handle(handle) => Handle::new(&handle).map_err(|_| Code::InvalidHandle)?,
        };
        let me = self.board.me().ok_or(Code::NotRegistered)?;
        if me.handle == handle {
            return Ok(me.account);
        }
        let wanted = handle.clone();
        if let Some(known) = self.read(move |db| show::account_by_handle(db, &wanted)).await? {
            return Ok(known);
        }
        match self.command(Command::LookUp(handle)).await? {
            Outcome::Account(account) => Ok(account),
            Outcome::Done | Outcome::Conversation(_) | Outcome::Invitation(_) => Err(Code::Bug.into()),
        }
    }

    /// The accounts of several.
    pub(crate) async fn accounts<W: Into<Whose>>(
        &self,
        all: impl IntoIterator<Item = W>,
    ) -> Result<Vec<AccountId>> {
        // Names first: an iterator need not be one that a task may carry.
        let all: Vec<Whose> = all.into_iter().map(Into::into).collect();
        let mut accounts = Vec::with_capacity(all.len());
        for whose in all {
            accounts.push(self.account(whose).await?);
        }
        Ok(accounts)
    }

    /// Reads from the store, away from the caller's thread.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T> {
        self.readers.read(job).await
    }

    pub(crate) fn new_message_id(&self) -> MessageId {
        MessageId::v7(utc_ms().unsigned_abs(), random::array())
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// The wall clock, in milliseconds since 1970; zero where it stands before that.
pub(crate) fn utc_ms() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}
