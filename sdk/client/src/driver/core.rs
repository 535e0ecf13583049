//! The engine on its store: one transaction for many inputs, and a fresh engine after a failure.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::time::Instant;
use waxwing_engine::{Effect, Engine, Held, Input, Now, View as _};

use crate::account::Me;
use crate::error::{Code, Error, Result};
use crate::random;
use crate::shared::{Answer, utc_ms};
use crate::store::{Store, StoreError, Touched, Writer, exit, show};

/// Something for one transaction.
pub(super) enum Job {
    Input(Input),
    FeedDone { consumer: Arc<str>, arrival: i64, answer: Answer<()> },
}

/// What a transaction came to.
pub(super) struct Done {
    pub(super) touched: Touched,
    pub(super) effects: Vec<Effect>,
    pub(super) fed: Vec<Answer<()>>,
}

/// Why a transaction came to nothing.
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) fed: Vec<Answer<()>>,
}

pub(super) struct Core {
    store: Store,
    started: Instant,
    /// None while the client is suspended.
    writer: Option<Writer>,
    /// None after a failure, until the next step.
    engine: Option<Engine>,
}

impl Core {
    pub(super) fn open(store: Store) -> Result<Core> {
        let _at_work = exit::at_work();
        let writer = Writer::open(&store)?;
        Ok(Core { store, started: Instant::now(), writer: Some(writer), engine: None })
    }

    /// The moment from which the engine counts.
    pub(super) fn started(&self) -> Instant {
        self.started
    }

    pub(super) fn is_open(&self) -> bool {
        self.writer.is_some()
    }

    pub(super) fn check_open(&self) -> Result<()> {
        self.writer().map(drop).map_err(Error::from)
    }

    pub(super) fn reopen(&mut self) -> Result<()> {
        let _at_work = exit::at_work();
        self.writer = Some(Writer::open(&self.store)?);
        Ok(())
    }

    pub(super) fn close(&mut self) -> Result<()> {
        let _at_work = exit::at_work();
        self.engine = None;
        Ok(self.writer.take().map_or(Ok(()), Writer::close)?)
    }

    fn writer(&self) -> Result<&Writer, StoreError> {
        self.writer.as_ref().ok_or(StoreError::Suspended)
    }

    pub(super) fn me(&self) -> Result<Option<Me>> {
        let _at_work = exit::at_work();
        Ok(show::me(self.writer()?.db())?)
    }

    /// Whether this device has begun to register.
    pub(super) fn has_device(&self) -> Result<bool> {
        let _at_work = exit::at_work();
        Ok(self.writer()?.local()?.is_some())
    }

    /// Whether anything in the outbox waits for the relay alone.
    pub(super) fn can_go_out(&self) -> Result<bool> {
        let _at_work = exit::at_work();
        Ok(show::can_go_out(self.writer()?.db())?)
    }

    /// Handles all jobs in one transaction: all of it becomes durable, or nothing.
    pub(super) fn step(&mut self, jobs: Vec<Job>) -> Result<Done, Failed> {
        let _at_work = exit::at_work();
        let mut inputs = Vec::with_capacity(jobs.len());
        let mut feeds = Vec::new();
        let mut fed = Vec::new();
        for job in jobs {
            match job {
                Job::Input(input) => inputs.push(input),
                Job::FeedDone { consumer, arrival, answer } => {
                    feeds.push((consumer, arrival));
                    fed.push(answer);
                }
            }
        }
        let result = catch_unwind(AssertUnwindSafe(|| self.transact(inputs, &feeds)));
        match result.unwrap_or(Err(StoreError::Bug)) {
            Ok((touched, effects)) => Ok(Done { touched, effects, fed }),
            Err(error) => {
                self.engine = None;
                if let Some(writer) = &mut self.writer {
                    writer.rollback();
                }
                Err(Failed { error: error.into(), fed })
            }
        }
    }

    fn transact(
        &mut self,
        inputs: Vec<Input>,
        feeds: &[(Arc<str>, i64)],
    ) -> Result<(Touched, Vec<Effect>), StoreError> {
        let now = || Now { elapsed: self.started.elapsed(), utc_ms: utc_ms() };
        let writer = self.writer.as_mut().ok_or(StoreError::Suspended)?;
        writer.begin()?;
        let engine = match &mut self.engine {
            Some(engine) => engine,
            none @ None => none.insert(Engine::open(now(), writer)?),
        };
        let mut held = Held::default();
        let mut rng = random::system();
        for input in inputs {
            engine.handle(input, now(), &mut rng, writer)?.apply(writer, &mut held)?;
        }
        for (consumer, arrival) in feeds {
            writer.feed_done(consumer, *arrival)?;
        }
        let mut touched = Touched::default();
        let wrote = held.wrote() || !feeds.is_empty();
        let effects = held.release(|| {
            if wrote {
                touched = writer.commit()?;
            } else {
                // Nothing to make durable: the disk is not touched.
                writer.rollback();
            }
            Ok::<(), StoreError>(())
        })?;
        Ok((touched, effects))
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        let _at_work = exit::at_work();
        self.writer = None;
    }
}

impl From<Code> for Failed {
    fn from(code: Code) -> Failed {
        Failed { error: code.into(), fed: Vec::new() }
    }
}
