//! From the command line to the command.

mod account;
mod backup;
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
mod task;
mod verify;

use self::message::Saying;
use self::send::To;
use self::settings::Change;
use self::task::Task;
use crate::args::{Account, Cli, Command, DevicesCommand, Group, GroupChange, Whom};
use crate::fail::Fail;
use crate::{demo, tui};

/// Runs what the command line asks for.
///
/// # Errors
///
/// Whatever there is to tell the user.
pub(crate) async fn run(cli: Cli) -> Result<(), Fail> {
    let common = &cli.common;
    let task = match cli.command {
        None => return tui::run(common).await,
        Some(Command::Register(options)) => return account::register(common, options).await,
        Some(Command::Send(options)) => return send::run(common, options).await,
        Some(Command::Listen(options)) => return listen::run(common, &options).await,
        Some(Command::History { whom, around }) => {
            return history::run(common, whom, around.as_deref()).await;
        }
        Some(Command::Search { words, with, group, limit }) => {
            return history::search(common, words, Whom { handle: with, group }, limit).await;
        }
        Some(Command::Export { whom }) => return history::export(common, whom).await,
        Some(Command::Conversations) => return history::conversations(common).await,
        Some(Command::Receipts { message_id }) => return message::receipts(common, &message_id).await,
        Some(Command::Whoami) => return account::whoami(common).await,
        Some(Command::Status) => return status::run(common).await,
        Some(Command::Link { resume: true, .. }) => return link::resume(common).await,
        Some(Command::Link { text, .. }) => return link::run(common, text.as_deref()).await,
        Some(Command::Demo { script }) => return demo::run(common, script).await,
        Some(Command::Group(Group::Info { group })) => return group::info(common, &group).await,
        Some(Command::Group(Group::Change(GroupChange::Picture { group, save: Some(path), .. }))) => {
            return group::save_picture(common, &group, &path).await;
        }
        Some(Command::Group(Group::Change(change))) => Task::Group(group::seen_from_anywhere(change)),
        Some(Command::Group(Group::Door(options))) => Task::Door(options),
        Some(Command::RecoveryKey) => Task::RecoveryKey,
        Some(Command::Retry { message_id }) => Task::Retry(message_id),
        Some(Command::Cancel { message_id }) => Task::Cancel(message_id),
        Some(Command::Edit { message_id, text }) => Task::said(message_id, Saying::Edit(text)),
        Some(Command::Delete { message_id, for_me: false }) => Task::said(message_id, Saying::Delete),
        Some(Command::Delete { message_id, for_me: true }) => Task::said(message_id, Saying::DeleteForMe),
        Some(Command::React { message_id, reaction }) => {
            Task::said(message_id, Saying::React(reaction.unwrap_or_default()))
        }
        Some(Command::Mute { whom, off: true, .. }) => Task::set(To::of(whom)?, Change::Unmute),
        Some(Command::Mute { whom, time, off: false }) => Task::set(To::of(whom)?, Change::Mute(time)),
        Some(Command::Pin { whom, off }) => Task::set(To::of(whom)?, Change::Pin(!off)),
        Some(Command::Archive { whom, off }) => Task::set(To::of(whom)?, Change::Archive(!off)),
        Some(Command::Block { handle, off }) => Task::set(To::Person(handle), Change::Block(!off)),
        Some(Command::MarkUnread { whom, off }) => Task::set(To::of(whom)?, Change::MarkUnread(!off)),
        Some(Command::Timer { handle, seconds, group }) => {
            let (to, seconds) = send::to_whom(handle, group, seconds)?;
            Task::set(to, Change::timer(seconds.as_deref())?)
        }
        Some(Command::Draft { handle, text, group }) => {
            let (to, text) = send::to_whom(handle, group, text)?;
            Task::set(to, Change::Draft(text.unwrap_or_default()))
        }
        Some(Command::Account(Account::Delete { yes: _ })) => return account::delete(common).await,
        Some(Command::Backup(options)) => return backup::run(common, options).await,
        Some(Command::Accept { handle }) => Task::Accept(handle),
        Some(Command::Devices(options)) => Task::Devices(options.command.unwrap_or(DevicesCommand::List)),
        Some(Command::Verify(options)) => Task::Verify(options),
    };
    task::run(common, task).await
}
