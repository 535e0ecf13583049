//! From the command line to the command.

mod account;
pub(crate) mod control;
mod devices;
mod group;
mod history;
mod invite;
mod lines;
mod link;
mod listen;
mod message;
mod patience;
mod send;
mod settings;
mod status;
mod verify;

use std::time::Duration;

use self::history::Whom;
use self::settings::Change;
use crate::args::{Account, Cli, Command};
use crate::fail::Fail;
use crate::{demo, tui};

/// Runs what the command line asks for.
///
/// # Errors
///
/// Whatever there is to tell the user.
pub(crate) async fn run(cli: Cli) -> Result<(), Fail> {
    let common = &cli.common;
    match cli.command {
        None => tui::run(common).await,
        Some(Command::Register(options)) => account::register(common, options).await,
        Some(Command::Send(options)) => send::run(common, options).await,
        Some(Command::Listen(options)) => listen::run(common, &options).await,
        Some(Command::History { handle, group, around }) => {
            history::run(common, Whom { handle, group }, around.as_deref()).await
        }
        Some(Command::Search { words, with, group, limit }) => {
            history::search(common, words, Whom { handle: with, group }, limit).await
        }
        Some(Command::Export { handle, group }) => history::export(common, Whom { handle, group }).await,
        Some(Command::Group(options)) => group::run(common, options).await,
        Some(Command::Conversations) => history::conversations(common).await,
        Some(Command::Whoami) => account::whoami(common).await,
        Some(Command::Status) => status::run(common).await,
        Some(Command::RecoveryKey) => account::recovery_key(common).await,
        Some(Command::Retry { message_id }) => message::retry(common, &message_id).await,
        Some(Command::Cancel { message_id }) => message::cancel(common, &message_id).await,
        Some(Command::Edit { message_id, text }) => message::edit(common, &message_id, text).await,
        Some(Command::Delete { message_id, for_me }) => message::delete(common, &message_id, for_me).await,
        Some(Command::React { message_id, reaction }) => {
            message::react(common, &message_id, reaction.unwrap_or_default()).await
        }
        Some(Command::Mute { handle, time, off }) => {
            settings::run(common, &handle, Change::Mute((!off).then_some(time))).await
        }
        Some(Command::Pin { handle, off }) => settings::run(common, &handle, Change::Pin(!off)).await,
        Some(Command::Archive { handle, off }) => settings::run(common, &handle, Change::Archive(!off)).await,
        Some(Command::Block { handle, off }) => settings::run(common, &handle, Change::Block(!off)).await,
        Some(Command::MarkUnread { handle, off }) => {
            settings::run(common, &handle, Change::MarkUnread(!off)).await
        }
        Some(Command::Timer { handle, seconds }) => {
            let time = (seconds > 0).then(|| Duration::from_secs(seconds.into()));
            settings::run(common, &handle, Change::Timer(time)).await
        }
        Some(Command::Draft { handle, text }) => {
            settings::run(common, &handle, Change::Draft(text.unwrap_or_default())).await
        }
        Some(Command::Accept { handle }) => account::accept(common, &handle).await,
        Some(Command::Account(Account::Delete { yes: _ })) => account::delete(common).await,
        Some(Command::Link { resume: true, .. }) => link::resume(common).await,
        Some(Command::Link { text, .. }) => link::run(common, text.as_deref()).await,
        Some(Command::Devices(options)) => devices::run(common, options).await,
        Some(Command::Verify(options)) => verify::run(common, &options).await,
        Some(Command::Demo { script }) => demo::run(common, script).await,
    }
}
