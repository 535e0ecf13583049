//! What changes something in a home: done by this process, or by the program that is connected with the home.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use waxwing::Client;

use super::control::{self, Way};
use super::message::Saying;
use super::send::To;
use super::settings::Change;
use super::{account, devices, group, invite, message, settings, verify};
use crate::args::{Common, DevicesCommand, Door, GroupChange, Verify};
use crate::fail::Fail;
use crate::out;
use crate::session::{self, Link, Session};

/// One thing to do.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Task {
    /// Send a failed message after all.
    Retry(String),
    /// Take back a message that has not left.
    Cancel(String),
    /// Say something about a message.
    Annotate {
        /// Which message.
        message_id: String,
        /// What.
        saying: Saying,
    },
    /// Set a conversation.
    Set {
        /// Which conversation.
        to: To,
        /// What to set.
        change: Change,
    },
    /// Accept the changed key of a person.
    Accept(String),
    /// Print the key of the account.
    RecoveryKey,
    /// Make a group, or change one.
    Group(GroupChange),
    /// Make an invitation to a group, take one back, or ask by one.
    Door(Door),
    /// List, rename or remove devices of the account.
    Devices(DevicesCommand),
    /// Show or compare a safety number.
    Verify(Verify),
}

/// How its result is told, and how long may be waited.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Manner {
    /// Lines of JSON in place of text.
    pub(crate) json: bool,
    /// How long to wait without any progress.
    pub(crate) patience: Duration,
}

impl Manner {
    /// What the command line asks for.
    pub(crate) fn of(common: &Common) -> Manner {
        Manner { json: common.json, patience: common.patience() }
    }
}

/// Who is connected with a home.
pub(crate) enum Held {
    /// This process, from now on.
    Here(Session),
    /// Another, which takes what is to be done.
    There(Way),
}

/// Gets hold of a home, or of the program that has it.
///
/// # Errors
///
/// `not_registered`, `store_in_use` where the other program takes nothing, or what the home or the store says.
pub(crate) async fn hold(common: &Common, link: Link) -> Result<Held, Fail> {
    let home = session::home(common)?;
    if !home.has_store() {
        return Err(session::not_registered(&home));
    }
    let deadline = session::lock_deadline(common);
    loop {
        match session::try_open_client(common, &home, link).await {
            Ok(client) => return Ok(Held::Here(session::with_account(client, &home).await?)),
            Err(fail) if fail.code == "store_in_use" && Instant::now() < deadline => {}
            Err(fail) => return Err(fail),
        }
        if let Some(way) = control::connect(&home).await {
            return Ok(Held::There(way));
        }
        sleep(session::LOCK_PAUSE).await;
    }
}

/// Does it, here or there, and prints what came of it.
pub(super) async fn run(common: &Common, task: Task) -> Result<(), Fail> {
    task.check()?;
    let manner = Manner::of(common);
    match hold(common, task.link()).await? {
        Held::Here(session) => {
            let result = carry_out(&session.client, task, manner).await;
            session.close().await;
            result?.iter().try_for_each(|line| out::line(line))
        }
        Held::There(way) => way.order(task, manner).await,
    }
}

impl Task {
    /// To say something about a message.
    pub(super) fn said(message_id: String, saying: Saying) -> Task {
        Task::Annotate { message_id, saying }
    }

    /// To set a conversation.
    pub(super) fn set(to: To, change: Change) -> Task {
        Task::Set { to, change }
    }

    /// Looks what can be seen without a home.
    fn check(&self) -> Result<(), Fail> {
        match self {
            Task::Retry(id) | Task::Cancel(id) => message::parse(id).map(drop),
            Task::Annotate { message_id, saying } => {
                message::parse(message_id)?;
                saying.check()
            }
            Task::Set { .. }
            | Task::Accept(_)
            | Task::RecoveryKey
            | Task::Group(_)
            | Task::Door(_)
            | Task::Devices(_)
            | Task::Verify(_) => Ok(()),
        }
    }

    /// Whether a connection is needed, where there is none yet.
    fn link(&self) -> Link {
        match self {
            // A message that is taken back must not leave meanwhile.
            Task::Cancel(_) | Task::RecoveryKey | Task::Verify(_) | Task::Devices(DevicesCommand::List) => {
                Link::Down
            }
            Task::Door(options) if options.only_reads() => Link::Down,
            Task::Retry(_)
            | Task::Annotate { .. }
            | Task::Set { .. }
            | Task::Accept(_)
            | Task::Group(_)
            | Task::Door(_)
            | Task::Devices(_) => Link::Up,
        }
    }
}

/// Does it, and returns the lines that tell of it.
pub(crate) async fn carry_out(client: &Client, task: Task, manner: Manner) -> Result<Vec<String>, Fail> {
    match task {
        Task::Retry(id) => message::retry(client, &id, manner).await,
        Task::Cancel(id) => message::cancel(client, &id, manner).await,
        Task::Annotate { message_id, saying } => message::annotate(client, &message_id, saying, manner).await,
        Task::Set { to, change } => settings::set(client, &to, change, manner).await,
        Task::Accept(handle) => account::accept(client, &handle, manner).await,
        Task::RecoveryKey => account::recovery_key(client, manner),
        Task::Group(command) => group::change(client, command, manner).await,
        Task::Door(options) => invite::carry_out(client, options, manner).await,
        Task::Devices(command) => devices::carry_out(client, &command, manner).await,
        Task::Verify(options) => verify::carry_out(client, &options, manner).await,
    }
}
