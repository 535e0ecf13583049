//! The one loop, on its own thread, where input, engine, store and effects meet.
//!
//! ```text
//!   wait --> gather what else is queued --> one transaction --> commit --> carry out --> settle --> wait
//! ```
//!
//! Many inputs share one commit. A store that fails, or a fault in the engine, drops the engine and opens it again from the
//! store, as a restart would; whoever waits for an answer hears why.

mod core;
mod waits;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until};
use waxwing_engine::{Command, CommandId, Effect, Input, Outcome};

use self::core::{Core, Done, Job};
use self::waits::Waits;
use crate::error::{Code, Error, Result};
use crate::events::{EVENTS_WAITING_MAX, Event, LinkState};
use crate::link::Giver;
use crate::shared::{Answer, Board, REQUESTS_WAITING_MAX, Request, Shared};
use crate::socket::{Endpoint, Socket, SocketEvent, What};
use crate::store::{Readers, Store, Touched};
use crate::token::TokenSource;
use crate::topics::{Topic, Topics};

/// Inputs that share one transaction.
const INPUTS_PER_COMMIT_MAX: usize = 64;

/// Socket events that wait for the driver before the socket waits too.
const SOCKET_EVENTS_WAITING_MAX: usize = 64;

/// After a failure of the store or a fault, the link comes back after this; it doubles with each failure in a row.
const RETRY_FIRST: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(30);

/// How long letting go of the store waits for readers that are at work.
const READERS_WAIT_MAX: Duration = Duration::from_secs(2);

/// What a client is started with.
pub(crate) struct Setup {
    pub(crate) endpoint: Endpoint,
    pub(crate) store: Store,
    pub(crate) agent: String,
    pub(crate) offline: bool,
}

/// Opens the store and starts the loop.
pub(crate) async fn start(setup: Setup, tokens: Option<Box<dyn TokenSource>>) -> Result<Shared> {
    let (requests, queue) = mpsc::channel(REQUESTS_WAITING_MAX);
    let shared = Shared {
        requests,
        board: Arc::new(Board::new(EVENTS_WAITING_MAX)),
        topics: Arc::new(Topics::default()),
        readers: Arc::new(Readers::new(setup.store.clone())),
        thread: Mutex::new(None),
        endpoint: setup.endpoint.clone(),
        agent: setup.agent.clone(),
        tokens,
    };
    let (board, topics, readers) =
        (Arc::clone(&shared.board), Arc::clone(&shared.topics), Arc::clone(&shared.readers));
    let giver = Giver {
        endpoint: setup.endpoint.clone(),
        agent: setup.agent.clone(),
        readers: Arc::clone(&shared.readers),
        is_busy: Arc::default(),
    };
    let (opened, is_open) = oneshot::channel();
    let run = move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(_) => {
                let _ = opened.send(Err(Code::IoError.into()));
                return;
            }
        };
        runtime.block_on(async {
            let (events, socket_events) = mpsc::channel(SOCKET_EVENTS_WAITING_MAX);
            let socket = Socket::new(setup.endpoint, setup.agent, events);
            match Driver::open(setup.store, socket, board, topics, readers, giver, setup.offline) {
                // Whoever asked may have given up; then the queue is closed, and the loop ends by itself.
                Ok(driver) => {
                    let _ = opened.send(Ok(()));
                    driver.run(queue, socket_events).await;
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                }
            }
        });
    };
    let thread =
        std::thread::Builder::new().name("waxwing".to_owned()).spawn(run).map_err(|_| Code::IoError)?;
    *shared.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
    is_open.await.map_err(|_| Code::Bug)??;
    Ok(shared)
}

struct Driver {
    core: Core,
    socket: Socket,
    board: Arc<Board>,
    topics: Arc<Topics>,
    readers: Arc<Readers>,
    giver: Giver,
    waits: Waits,
    /// Who waits for the answer to a command.
    commands: HashMap<CommandId, Answer<Outcome>>,
    last_command: u64,
    /// What the loop itself found out; it comes before anything else.
    urgent: VecDeque<Input>,
    /// When the engine wants to be woken.
    wake_at: Option<Instant>,
    /// When a client that failed comes back.
    retry_at: Option<Instant>,
    failures: u32,
    /// Whether the app wants a link; a new engine is told.
    wanted: bool,
}

/// What a request comes to.
enum Next {
    Job(Job),
    Control(Control),
    Nothing,
}

/// Requests about the loop itself. They end a batch.
enum Control {
    Flushed(Answer<()>),
    Drained(Answer<()>),
    CatchUp(Duration, Answer<crate::lifecycle::CatchUp>),
    Suspend(Duration, Answer<()>),
    Resume(Answer<()>),
    Close(Option<Answer<()>>),
}

impl Driver {
    fn open(
        store: Store,
        socket: Socket,
        board: Arc<Board>,
        topics: Arc<Topics>,
        readers: Arc<Readers>,
        giver: Giver,
        offline: bool,
    ) -> Result<Driver> {
        let core = Core::open(store)?;
        board.set_me(core.me()?);
        let mut driver = Driver {
            core,
            socket,
            board,
            topics,
            readers,
            giver,
            waits: Waits::default(),
            commands: HashMap::new(),
            last_command: 0,
            urgent: VecDeque::new(),
            wake_at: None,
            retry_at: None,
            failures: 0,
            wanted: false,
        };
        if !offline && driver.core.has_device()? {
            driver.resume();
        }
        Ok(driver)
    }

    async fn run(mut self, mut requests: mpsc::Receiver<Request>, mut events: mpsc::Receiver<SocketEvent>) {
        let mut closing = None;
        while closing.is_none() {
            let (jobs, control) = self.gather(&mut requests, &mut events).await;
            if !jobs.is_empty() {
                self.step(jobs);
            }
            closing = match control {
                None => None,
                Some(Control::Close(answer)) => Some(answer),
                Some(control) => {
                    self.control(control).await;
                    None
                }
            };
            self.settle().await;
        }
        let closed = self.let_go().await;
        self.readers.close();
        self.board.close();
        self.topics.close();
        drop((requests, events));
        if let Some(answer) = closing.flatten() {
            let _ = answer.send(closed);
        }
    }

    /// Waits for something to do, and takes what else is there, up to a limit or to a request about the loop itself.
    async fn gather(
        &mut self,
        requests: &mut mpsc::Receiver<Request>,
        events: &mut mpsc::Receiver<SocketEvent>,
    ) -> (Vec<Job>, Option<Control>) {
        let mut jobs: Vec<Job> = self.urgent.drain(..).map(Job::Input).collect();
        if jobs.is_empty() {
            let timer = self.next_timer();
            let first = tokio::select! {
                request = requests.recv() => self.on_request(request),
                event = events.recv() => self.on_socket(event),
                () = until(timer) => self.on_timer(),
            };
            match first {
                Next::Job(job) => jobs.push(job),
                Next::Control(control) => return (jobs, Some(control)),
                Next::Nothing => return (jobs, None),
            }
        }
        while jobs.len() < INPUTS_PER_COMMIT_MAX {
            let next = if let Ok(event) = events.try_recv() {
                self.on_socket(Some(event))
            } else if let Ok(request) = requests.try_recv() {
                self.on_request(Some(request))
            } else {
                break;
            };
            match next {
                Next::Job(job) => jobs.push(job),
                Next::Control(control) => return (jobs, Some(control)),
                Next::Nothing => {}
            }
        }
        (jobs, None)
    }

    fn next_timer(&self) -> Option<Instant> {
        let times = [self.wake_at, self.retry_at, self.waits.deadline()];
        times.into_iter().flatten().min()
    }

    fn on_request(&mut self, request: Option<Request>) -> Next {
        Next::Control(match request {
            Some(Request::Command { command, answer }) => {
                self.wanted |= matches!(command, Command::Register(_) | Command::Adopt(_));
                return Next::Job(self.command(command, Some(answer)));
            }
            Some(Request::FeedDone { consumer, arrival, answer }) => {
                return Next::Job(Job::FeedDone { consumer, arrival, answer });
            }
            Some(Request::Flushed { answer }) => Control::Flushed(answer),
            Some(Request::Drained { answer }) => Control::Drained(answer),
            Some(Request::CatchUp { deadline, answer }) => Control::CatchUp(deadline, answer),
            Some(Request::Suspend { deadline, answer }) => Control::Suspend(deadline, answer),
            Some(Request::Resume { answer }) => Control::Resume(answer),
            Some(Request::Close { answer }) => Control::Close(Some(answer)),
            // The last handle is gone.
            None => Control::Close(None),
        })
    }

    fn on_socket(&mut self, event: Option<SocketEvent>) -> Next {
        let Some(event) = event.filter(|event| self.socket.is_current(event)) else { return Next::Nothing };
        Next::Job(Job::Input(match event.what {
            What::Up => Input::LinkUp,
            What::Frame(frame) => Input::Frame(frame),
            What::BadFrame => Input::BadFrame,
            What::Down => {
                self.socket.hang_up();
                Input::LinkDown
            }
        }))
    }

    fn on_timer(&mut self) -> Next {
        let now = Instant::now();
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
            if self.wanted {
                return Next::Job(self.command(Command::Resume, None));
            }
        }
        if self.wake_at.is_some_and(|at| at <= now) {
            self.wake_at = None;
            return Next::Job(Job::Input(Input::Wake));
        }
        Next::Nothing
    }

    fn command(&mut self, command: Command, answer: Option<Answer<Outcome>>) -> Job {
        self.last_command += 1;
        let id = CommandId(self.last_command);
        if let Some(answer) = answer {
            self.commands.insert(id, answer);
        }
        Job::Input(Input::Command { id, command })
    }

    /// From here on a link is wanted.
    fn resume(&mut self) {
        self.wanted = true;
        let job = self.command(Command::Resume, None);
        self.step(vec![job]);
    }

    // ---- one step ----

    fn step(&mut self, jobs: Vec<Job>) {
        match self.core.step(jobs) {
            Ok(Done { touched, effects, fed }) => {
                self.publish(touched);
                for effect in effects {
                    self.carry_out(effect);
                }
                for answer in fed {
                    let _ = answer.send(Ok(()));
                }
            }
            Err(failed) => {
                for answer in failed.fed {
                    let _ = answer.send(Err(failed.error.clone()));
                }
                self.fail(&failed.error);
            }
        }
    }

    /// Nothing of the step is durable: whoever waits hears of it, and the engine begins again from the store.
    fn fail(&mut self, error: &Error) {
        if !self.core.is_open() {
            // Suspended: there is nothing to mend.
            self.commands.drain().for_each(|(_, answer)| drop(answer.send(Err(error.clone()))));
            return;
        }
        tracing::warn!(code = error.code(), "a step failed; the engine begins again from the store");
        self.commands.drain().for_each(|(_, answer)| drop(answer.send(Err(error.clone()))));
        self.urgent.clear();
        self.wake_at = None;
        self.socket.hang_up();
        self.waits.on_link_lost();
        if self.board.link_is_up() {
            self.board.tell(Event::Link(LinkState::Offline));
        }
        let wait = RETRY_FIRST.saturating_mul(1 << self.failures.min(10)).min(RETRY_MAX);
        self.failures = self.failures.saturating_add(1);
        self.retry_at = Some(Instant::now() + wait);
    }

    /// Tells what became durable. Handles read it from the store.
    fn publish(&mut self, touched: Touched) {
        if touched.is_empty() {
            return;
        }
        self.failures = 0;
        self.waits.outbox_may_have_changed = true;
        if touched.local {
            match self.core.me() {
                Ok(me) => self.board.set_me(me),
                Err(error) => tracing::warn!(code = error.code(), "cannot read this device's account"),
            }
        }
        if !touched.conversations.is_empty() {
            self.topics.publish(Topic::List);
        }
        for conversation in touched.conversations {
            self.topics.publish(Topic::Conversation(conversation));
            self.board.tell(Event::ConversationChanged(conversation));
        }
        for message in touched.messages {
            self.topics.publish(Topic::Message(message));
        }
        for message in touched.deliveries {
            self.board.tell(Event::DeliveryChanged(message));
        }
        if touched.incoming {
            self.topics.publish(Topic::Incoming);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Dial => self.socket.dial(),
            Effect::HangUp => self.socket.hang_up(),
            Effect::Transmit(frame) => {
                if !self.socket.send(frame) {
                    self.socket.hang_up();
                    self.urgent.push_back(Input::LinkDown);
                }
            }
            Effect::WakeAt(elapsed) => self.wake_at = Some(self.core.started() + elapsed),
            Effect::Complete { command, result } => {
                if let Some(answer) = self.commands.remove(&command) {
                    let _ = answer.send(result.map_err(Error::from));
                }
            }
            Effect::GivePast(ask) => self.giver.give(ask),
            Effect::Notify(event) => self.notify(event),
        }
    }

    fn notify(&mut self, event: waxwing_engine::Event) {
        use waxwing_engine::Event as E;
        self.board.tell(match event {
            // What changed in the store was told already, by the store.
            E::ConversationChanged(_) | E::DeliveryChanged(_) => return,
            E::Link(link) => {
                let link = LinkState::from(link);
                if link != LinkState::Online {
                    self.waits.on_link_lost();
                }
                Event::Link(link)
            }
            E::MessageReadable(message) => {
                self.waits.on_message();
                Event::MessageReadable(message)
            }
            E::Drained => {
                self.waits.on_drained();
                Event::Drained
            }
            E::KeyChanged(account) => Event::KeyChanged(account),
            E::VerificationChanged(account) => Event::VerificationChanged(account),
            E::DevicesChanged(account) => Event::DevicesChanged(account),
            E::JoinRequested { conversation, account } => {
                Event::JoinRequested { conversation_id: conversation, account }
            }
            E::JoinAnswered(conversation) => Event::JoinAnswered(conversation),
            E::Registered => Event::Registered,
            E::SignedOut(code) => Event::SignedOut(code.word()),
            E::RelayReset => Event::RelayReset,
            E::StoreRolledBack => Event::StoreRolledBack,
            E::OutboxEmpty => Event::OutboxEmpty,
        });
    }

    // ---- the loop itself ----

    async fn control(&mut self, control: Control) {
        match control {
            Control::Flushed(answer) => match self.core.check_open() {
                Ok(()) => self.waits.flushed(answer),
                Err(error) => drop(answer.send(Err(error))),
            },
            Control::Drained(answer) => match self.check_registered() {
                Ok(()) => self.waits.drained(answer),
                Err(error) => drop(answer.send(Err(error))),
            },
            Control::CatchUp(deadline, answer) => {
                let (was_open, was_wanted) = (self.core.is_open(), self.wanted);
                match self.take_up().and_then(|()| self.check_registered()) {
                    Ok(()) => {
                        self.waits.catch_up(Instant::now() + deadline, !was_open, !was_wanted, answer);
                        self.resume();
                    }
                    Err(error) => {
                        if !was_open && self.core.is_open() {
                            let _ = self.let_go().await;
                        }
                        let _ = answer.send(Err(error));
                    }
                }
            }
            Control::Suspend(deadline, answer) => {
                let online = self.board.link_is_online();
                let until = if online { Instant::now() + deadline } else { Instant::now() };
                self.waits.suspend(until, answer);
            }
            Control::Resume(answer) => {
                let taken = self.take_up();
                if taken.is_ok() {
                    self.resume();
                }
                let _ = answer.send(taken);
            }
            Control::Close(_) => {}
        }
    }

    fn check_registered(&self) -> Result<()> {
        self.core.check_open()?;
        if self.board.me().is_some() { Ok(()) } else { Err(Code::NotRegistered.into()) }
    }

    /// Answers whoever waits for a state that has come, or for a time that is over.
    async fn settle(&mut self) {
        if self.waits.is_empty() {
            return;
        }
        let now = Instant::now();
        let look = self.waits.outbox_may_have_changed || self.waits.is_due(now);
        if look && self.core.is_open() {
            match self.core.can_go_out() {
                Ok(can) => self.waits.outbox_is(can),
                Err(error) => tracing::warn!(code = error.code(), "cannot look into the outbox"),
            }
        }
        let wish = self.waits.settle(now);
        if let Some(answers) = wish.suspend {
            let result = self.let_go().await;
            answers.into_iter().for_each(|answer| drop(answer.send(result.clone())));
        } else if wish.let_go {
            if let Err(error) = self.let_go().await {
                tracing::warn!(code = error.code(), "could not close the store after catching up");
            }
        } else if wish.stop {
            self.wanted = false;
            let job = self.command(Command::Suspend, None);
            self.step(vec![job]);
        }
        self.waits.answer(wish.caught_up);
    }

    /// Opens the store again, if it was let go of.
    fn take_up(&mut self) -> Result<()> {
        if !self.core.is_open() {
            self.core.reopen()?;
            self.readers.keep();
        }
        Ok(())
    }

    /// Hangs up and closes the store; no file stays locked.
    async fn let_go(&mut self) -> Result<()> {
        if !self.core.is_open() {
            return Ok(());
        }
        self.wanted = false;
        let job = self.command(Command::Suspend, None);
        self.step(vec![job]);
        self.socket.hang_up();
        self.urgent.clear();
        (self.wake_at, self.retry_at) = (None, None);
        let give_up_at = Instant::now() + READERS_WAIT_MAX;
        while !self.readers.release() && Instant::now() < give_up_at {
            sleep(Duration::from_millis(1)).await;
        }
        let closed = self.core.close();
        self.commands.drain().for_each(|(_, answer)| drop(answer.send(Err(Code::Suspended.into()))));
        self.waits.on_suspended();
        closed
    }
}

async fn until(timer: Option<Instant>) {
    match timer {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
