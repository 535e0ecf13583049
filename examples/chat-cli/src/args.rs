//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed; standard error says why and what to do
  2  the command line makes no sense
  3  time ran out or the relay is out of reach; what was accepted is stored and goes out with the next command

Start here: waxwing-chat demo";

/// A terminal chat on Waxwing, end-to-end encrypted, for people and for scripts.
///
/// Without a command it opens the terminal interface.
#[derive(Debug, Parser)]
#[command(name = "waxwing-chat", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub(crate) common: Common,
    /// What to do; nothing opens the terminal interface.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What every command understands.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The folder of one person's key, store and configuration
    #[arg(long, global = true, env = "WAXWING_HOME", value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// The relay [default: the one given at registration, else ws://127.0.0.1:8787]
    #[arg(long, global = true, env = "WAXWING_RELAY", value_name = "URL")]
    pub(crate) relay: Option<String>,
    /// Let ws:// reach another machine: whoever is in between sees who writes to whom, and when
    #[arg(long, global = true)]
    pub(crate) dangerous_allow_plain: bool,
    /// Trust a further root certificate, beside Mozilla's
    #[arg(long, global = true, env = "WAXWING_ROOT_CERTIFICATE", value_name = "PEM_FILE")]
    pub(crate) root_certificate: Option<PathBuf>,
    /// Lines of JSON in place of text; failures too, on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// How long to wait without any progress [default: 30]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
}

impl Common {
    /// How long to wait without any progress.
    pub(crate) fn patience(&self) -> Duration {
        self.timeout.unwrap_or(Duration::from_secs(30))
    }
}

/// One command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create an account and its first device, or bring an existing account here
    Register(Register),
    /// Send TEXT, or each line of standard input, as messages; return when the relay has them
    Send(Send),
    /// Print messages as they arrive, one a line
    Listen(Listen),
    /// Print what the store has of one conversation, oldest first; needs no relay
    History {
        #[command(flatten)]
        whom: Whom,
        /// Only this message and some around it
        #[arg(long, value_name = "MESSAGE_ID")]
        around: Option<String>,
    },
    /// Find messages by their words, the newest first; needs no relay
    Search {
        /// Every word must be there; the last may be only begun
        #[arg(allow_hyphen_values = false)]
        words: String,
        /// Only in the conversation with this person
        #[arg(long, value_name = "HANDLE")]
        with: Option<String>,
        /// Only in this group: its id, or its title
        #[arg(long, value_name = "GROUP", conflicts_with = "with")]
        group: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value = "50", value_parser = clap::value_parser!(u64).range(1..=500))]
        limit: u64,
    },
    /// Print a whole conversation as lines of JSON, oldest first; needs no relay
    Export {
        #[command(flatten)]
        whom: Whom,
    },
    /// Make groups, change them, show them
    ///
    /// GROUP is a group's id, or its title where only one here has it.
    #[command(subcommand)]
    Group(Group),
    /// List the conversations, the newest first; needs no relay
    Conversations,
    /// Show the account of this folder; needs no relay
    Whoami,
    /// Show how things stand: registration, queue, unread messages, connection
    Status,
    /// Print the key that brings the account to another device; whoever has it is you
    RecoveryKey,
    /// Send a failed message after all
    Retry {
        /// The message, as --json shows it
        message_id: String,
    },
    /// Take back a message that has not left yet
    Cancel {
        /// The message, as --json shows it
        message_id: String,
    },
    /// Change the text of a message of yours
    Edit {
        /// The message, as --json shows it
        message_id: String,
        /// What it says from now on
        #[arg(allow_hyphen_values = false)]
        text: String,
    },
    /// Take back a message of yours for everyone, or remove one from your own devices
    Delete {
        /// The message, as --json shows it
        message_id: String,
        /// Only from the devices of this account; nobody is told
        #[arg(long)]
        for_me: bool,
    },
    /// React to a message, in place of your reaction before; without REACTION, take it back
    React {
        /// The message, as --json shows it
        message_id: String,
        /// One character as people see it
        reaction: Option<String>,
    },
    /// Show who has a message of yours, and who has read it; needs no relay
    Receipts {
        /// The message, as --json shows it
        message_id: String,
    },
    /// Keep quiet about a conversation
    Mute {
        #[command(flatten)]
        whom: Whom,
        /// For so long; without it for ever
        #[arg(long = "for", value_name = "SECONDS", value_parser = seconds)]
        time: Option<Duration>,
        /// Take it back
        #[arg(long, conflicts_with = "time")]
        off: bool,
    },
    /// Put a conversation to the top of the list
    Pin {
        #[command(flatten)]
        whom: Whom,
        /// Take it back
        #[arg(long)]
        off: bool,
    },
    /// Put a conversation away
    Archive {
        #[command(flatten)]
        whom: Whom,
        /// Take it back
        #[arg(long)]
        off: bool,
    },
    /// Take nothing from a person, and send nothing; nobody is told
    Block {
        /// The other person
        handle: String,
        /// Take it back
        #[arg(long)]
        off: bool,
    },
    /// Mark a conversation, to come back to it
    MarkUnread {
        #[command(flatten)]
        whom: Whom,
        /// Take it back
        #[arg(long)]
        off: bool,
    },
    /// Let new messages of both sides disappear after so long
    Timer {
        /// The other person; with --group it is not given
        #[arg(required_unless_present = "group")]
        handle: Option<String>,
        /// How long they stay once they are read; 0: for ever
        seconds: Option<String>,
        /// A group in place of a person: its id, or its title
        #[arg(long, value_name = "GROUP")]
        group: Option<String>,
    },
    /// Keep what you began to write; without TEXT forget it
    Draft {
        /// The other person; with --group it is not given
        #[arg(required_unless_present = "group")]
        handle: Option<String>,
        /// What you began to write
        #[arg(allow_hyphen_values = false)]
        text: Option<String>,
        /// A group in place of a person: its id, or its title
        #[arg(long, value_name = "GROUP")]
        group: Option<String>,
    },
    /// Accept the changed key of a person; what was held goes out
    Accept {
        /// The person
        handle: String,
    },
    /// Write a backup of what this account knows, or take one in
    #[command(subcommand)]
    Backup(Backup),
    /// Delete the account, at the relay and in this folder
    #[command(subcommand)]
    Account(Account),
    /// Link a new device to an account: on the new one without TEXT, then with its TEXT on a device of the account
    Link {
        /// What the new device shows, from `WAXWING:` on
        text: Option<String>,
        /// On a device that is linked: get the history, or the rest of it where the transfer broke off, from another device of the account
        #[arg(long, conflicts_with = "text")]
        resume: bool,
    },
    /// List the devices of this account, rename one, or remove one
    Devices(Devices),
    /// Show the safety number of a person; compare it with theirs, and mark the person as verified
    Verify(Verify),
    /// Try it all in one minute: a relay in this process, two people, and you may join
    Demo {
        /// Play the script without asking anything, and check it
        #[arg(long)]
        script: bool,
    },
}

/// A person or a group; nobody only where that means all.
#[derive(Debug, Args)]
pub(crate) struct Whom {
    /// The other person
    #[arg(value_name = "HANDLE", required_unless_present = "group", conflicts_with = "group")]
    pub(crate) handle: Option<String>,
    /// A group in place of a person: its id, or its title
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
}

/// The options of `register`.
#[derive(Debug, Args)]
pub(crate) struct Register {
    /// The name under which others find you: 2 to 32 of a-z 0-9 . - _
    pub(crate) handle: String,
    /// The registration token (a JWT), where the relay asks for one
    #[arg(long, value_name = "JWT")]
    pub(crate) token: Option<String>,
    /// The recovery key of an existing account, which this device joins
    #[arg(long, value_name = "KEY", env = "WAXWING_RECOVERY_KEY", hide_env_values = true)]
    pub(crate) recovery_key: Option<String>,
    /// With --recovery-key: this device replaces all others
    #[arg(long, requires = "recovery_key", conflicts_with = "add")]
    pub(crate) replace: bool,
    /// With --recovery-key: this device joins the others (the default)
    #[arg(long, requires = "recovery_key")]
    pub(crate) add: bool,
}

/// What can be done with a group. GROUP is its id, or its title where only one has it.
#[derive(Debug, Subcommand)]
pub(crate) enum Group {
    /// What changes it.
    #[command(flatten)]
    Change(GroupChange),
    /// Show title, members and settings; needs no relay
    Info {
        /// Which
        group: String,
    },
    /// What is about invitations.
    #[command(flatten)]
    Door(Door),
}

/// What makes a group or changes it.
#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(crate) enum GroupChange {
    /// Make a group
    Create {
        /// What it is called
        title: String,
        /// Its other members
        handles: Vec<String>,
    },
    /// Add members
    Add {
        /// Which
        group: String,
        /// Whom
        #[arg(required = true)]
        handles: Vec<String>,
    },
    /// Remove members
    Remove {
        /// Which
        group: String,
        /// Whom
        #[arg(required = true)]
        handles: Vec<String>,
    },
    /// Leave a group
    Leave {
        /// Which
        group: String,
    },
    /// Give a member a role
    Promote {
        /// Which
        group: String,
        /// Whom
        handle: String,
        /// What they may do
        #[arg(long, value_enum, default_value = "admin")]
        role: Role,
    },
    /// Call a group something else
    Title {
        /// Which
        group: String,
        /// What it is called from now on
        title: String,
    },
    /// Give a group a picture, take it away, or write it to a file
    Picture {
        /// Which
        group: String,
        /// The file of the picture, of at most 32 KiB
        #[arg(required_unless_present_any = ["remove", "save"], conflicts_with_all = ["remove", "save"])]
        file: Option<PathBuf>,
        /// Take it away
        #[arg(long, conflicts_with = "save")]
        remove: bool,
        /// Change nothing: write the picture to this file; needs no relay
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
    },
    /// Let in somebody who asked
    Approve {
        /// Which
        group: String,
        /// Whom
        handle: String,
    },
    /// Refuse somebody who asked; they are told
    Refuse {
        /// Which
        group: String,
        /// Whom
        handle: String,
    },
}

/// What is about invitations to a group.
#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(crate) enum Door {
    /// Make an invitation and print its link; or list them, or take one back
    Invite(Invite),
    /// Ask to be in a group, by the link of an invitation; without LINK show how it stands with those asked for
    Join {
        /// What the invitation says, from `WAXWING:JOIN/` on
        link: Option<String>,
    },
    /// List who asks to be in a group and waits for an answer; needs no relay
    Requests {
        /// Which
        group: String,
    },
}

/// The options of `group invite`.
#[derive(Debug, Args, Serialize, Deserialize)]
pub(crate) struct Invite {
    /// Which group
    pub(crate) group: String,
    /// Whoever has the link asks, and somebody who may add members approves or refuses
    #[arg(long)]
    pub(crate) approval: bool,
    /// For so long: a number and s, m, h or d, such as 7d; without it, until it is taken back
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    pub(crate) expires: Option<Duration>,
    /// Draw the link as a QR code, too
    #[arg(long, conflicts_with = "json")]
    pub(crate) qr: bool,
    /// Make none: list those that are known here; needs no relay
    #[arg(long, conflicts_with_all = ["approval", "expires", "qr", "revoke"])]
    pub(crate) list: bool,
    /// Make none: take this one back, for good
    #[arg(long, value_name = "INVITATION_ID", conflicts_with_all = ["approval", "expires", "qr"])]
    pub(crate) revoke: Option<String>,
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Role {
    /// Writes and reads
    Member,
    /// Adds and removes members, too
    Admin,
    /// Gives roles, too
    Owner,
}

/// The options of `send`.
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// To whom; with --group it is not given
    #[arg(value_name = "HANDLE", required_unless_present = "group")]
    pub(crate) handle: Option<String>,
    /// To a group in place of a person: its id, or its title
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// The message; without it each line of standard input is one, empty lines are skipped
    #[arg(allow_hyphen_values = false)]
    pub(crate) text: Option<String>,
    /// The message that is answered, as --json shows it
    #[arg(long, value_name = "MESSAGE_ID")]
    pub(crate) reply_to: Option<String>,
    /// How far every message must get before the command returns
    #[arg(long, value_enum, default_value = "sent")]
    pub(crate) wait: Wait,
}

/// The options of `devices`.
#[derive(Debug, Args)]
pub(crate) struct Devices {
    /// What to do; nothing lists them
    #[command(subcommand)]
    pub(crate) command: Option<DevicesCommand>,
}

/// What to do with a device.
#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(crate) enum DevicesCommand {
    /// List the devices of this account; needs no relay
    List,
    /// Give a device a name; the other devices of this account learn it, and nobody else
    Rename {
        /// The device: its id or the end of it, its name, or `this`
        device: String,
        /// The name
        name: String,
    },
    /// Take another device off this account: it is signed out and gets nothing any more
    Remove {
        /// The device: its id or the end of it, or its name
        device: String,
    },
}

/// The options of `verify`.
#[derive(Debug, Args, Serialize, Deserialize)]
pub(crate) struct Verify {
    /// The person
    pub(crate) handle: String,
    /// The text that the other person's program shows; a match marks the person as verified
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["confirm", "revoke"])]
    pub(crate) scan: Option<String>,
    /// Both see the same number: mark the person as verified
    #[arg(long, conflicts_with = "revoke")]
    pub(crate) confirm: bool,
    /// Mark the person as not verified
    #[arg(long)]
    pub(crate) revoke: bool,
}

/// How far a message must get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Wait {
    /// The relay has it on disk
    Sent,
    /// A device of the recipient has it on disk
    Delivered,
    /// The recipient has read it
    Read,
}

impl Wait {
    /// The same word that the JSON lines use.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Wait::Sent => "sent",
            Wait::Delivered => "delivered",
            Wait::Read => "read",
        }
    }
}

/// The options of `listen`.
#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// End after this many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// End when everything the relay holds has arrived and is printed
    #[arg(long)]
    pub(crate) until_drained: bool,
    /// Mark every printed message as read; its sender is told
    #[arg(long)]
    pub(crate) read: bool,
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let wrong = || String::from("a time is a number and s, m, h or d, such as 7d");
    let (at, unit) = text.char_indices().last().ok_or_else(wrong)?;
    let number: u64 = text.get(..at).unwrap_or_default().parse().map_err(|_| wrong())?;
    let unit_s = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    match number.checked_mul(unit_s) {
        Some(seconds @ 1..=1_000_000_000) => Ok(Duration::from_secs(seconds)),
        Some(_) | None => Err(String::from("not between 1 second and 1000000000 seconds")),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| String::from("not a number of seconds"))?;
    if !(0.0..=1e9).contains(&number) {
        return Err(String::from("not between 0 and 1000000000 seconds"));
    }
    Ok(Duration::from_secs_f64(number))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_lifetime_has_a_unit() {
        assert_eq!(lifetime("7d"), Ok(Duration::from_secs(604_800)));
        assert_eq!(lifetime("90s"), Ok(Duration::from_secs(90)));
        for wrong in ["", "d", "7", "0d", "-1d", "7w", "7 d", "99999999d", "7🦜"] {
            assert!(lifetime(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn common_options_stand_before_and_after_the_command() {
        for line in [
            "waxwing-chat --home a --json --timeout 1.5 listen",
            "waxwing-chat listen --home a --json --timeout 1.5",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert!(cli.common.json);
            assert_eq!(cli.common.patience(), Duration::from_millis(1500));
        }
    }
}

/// What to do with the account.
#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// Leave all groups and delete the account, with everything that the relay has of it, and empty this folder's store
    Delete {
        /// Yes, for ever
        #[arg(long, required = true)]
        yes: bool,
    },
}

/// What to do with a backup.
#[derive(Debug, Subcommand)]
pub(crate) enum Backup {
    /// Write contacts, groups and conversations into FILE, which the recovery key opens; needs no relay
    Write(BackupFile),
    /// Take FILE in, after register --recovery-key; what is here already stays
    Restore(BackupFile),
}

/// A backup and its key.
#[derive(Debug, Args)]
pub(crate) struct BackupFile {
    /// The backup
    pub(crate) file: PathBuf,
    /// The account's recovery key, where this device does not hold it
    #[arg(long, env = "WAXWING_RECOVERY_KEY", hide_env_values = true, value_name = "KEY")]
    pub(crate) recovery_key: Option<String>,
}
