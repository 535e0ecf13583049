//! What can happen to the engine.

use std::fmt;

use waxwing_crypto::DeviceEntry;
use waxwing_crypto::group::GroupInvitation;
use waxwing_wire::{AccountId, DeviceId, Handle, MessageId, RelayFrame};
use zeroize::Zeroizing;

use crate::annotation::Change;
use crate::effect::CommandId;
use crate::marks::Marks;
use crate::model::{ConversationId, GroupIntent, InvitationId, LocalDevice};
use crate::past::{Past, PastAsk};
use crate::setting::Setting;

/// One thing that happened.
#[derive(Debug)]
pub enum Input {
    /// The app wants something.
    Command {
        /// Names the command in its answer.
        id: CommandId,
        /// What it wants.
        command: Command,
    },
    /// The connection is open, subprotocol agreed.
    LinkUp,
    /// The connection is closed, or could not be opened.
    LinkDown,
    /// The relay said something.
    Frame(RelayFrame),
    /// The relay said something that is not a frame.
    BadFrame,
    /// The time that a step asked for has come.
    Wake,
}

/// What an app can want. All but [`Command::Register`], [`Command::Find`], [`Command::LookUp`] and the changes of our device list are answered without the relay.
#[derive(Debug)]
pub enum Command {
    /// Begin to stay connected.
    Resume,
    /// Hang up, and stay so.
    Suspend,
    /// The network changed: try at once.
    NetworkChanged,
    /// Make an account, or bring an existing one here.
    Register(RegisterAs),
    /// Find an account by its handle, and open the conversation with it.
    Find(Handle),
    /// Find an account by its handle, and leave it at that.
    LookUp(Handle),
    /// Put a text on its way.
    Send {
        /// Where.
        conversation: ConversationId,
        /// Its name, which the caller makes.
        message: MessageId,
        /// What it says.
        text: String,
        /// What it carries besides.
        marks: Marks,
    },
    /// Change a setting of a conversation.
    Set {
        /// Which conversation.
        conversation: ConversationId,
        /// What, and to what.
        setting: Setting,
    },
    /// Say something about a message: edit it, delete it, react to it.
    Annotate {
        /// Where it stands.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
        /// What.
        change: Change,
    },
    /// Send a failed message after all.
    Retry(MessageId),
    /// Take back a message that is not sealed yet, or that failed.
    Cancel(MessageId),
    /// The user saw everything up to this entry.
    MarkRead {
        /// Where.
        conversation: ConversationId,
        /// Up to which entry.
        up_to: MessageId,
    },
    /// The user accepts an account's new key.
    AcceptKey(AccountId),
    /// Make a group with accounts that are known here.
    CreateGroup {
        /// What it is called. Empty: without a name.
        title: String,
        /// Who is in it, besides this account.
        members: Vec<AccountId>,
    },
    /// Change a group.
    ChangeGroup {
        /// Which.
        conversation: ConversationId,
        /// What is to be done.
        intent: GroupIntent,
    },
    /// Leave all groups, and delete our account: at the relay, and here. Needs the account's key and a link. Once it has begun it goes on
    /// by itself, over crashes and restarts too.
    DeleteAccount,
    /// Give a group a picture, or none.
    SetGroupPicture {
        /// Which group.
        conversation: ConversationId,
        /// The picture, in at most [`limits::GROUP_PICTURE_SIZE_MAX_BYTES`](waxwing_wire::limits::GROUP_PICTURE_SIZE_MAX_BYTES).
        picture: Option<Vec<u8>>,
    },
    /// Make an invitation to a group.
    Invite {
        /// Which group.
        conversation: ConversationId,
        /// Whether somebody looks at each request.
        needs_approval: bool,
        /// Until when one may ask. Zero: for ever.
        expires_at_ms: i64,
    },
    /// Take an invitation back, for good.
    Revoke {
        /// To which group.
        conversation: ConversationId,
        /// Which invitation.
        invitation: InvitationId,
    },
    /// Ask to be in a group.
    Join(Box<GroupInvitation>),
    /// Let in somebody who asked.
    Admit {
        /// To which group.
        conversation: ConversationId,
        /// Whom.
        account: AccountId,
    },
    /// Refuse somebody who asked.
    Refuse {
        /// To which group.
        conversation: ConversationId,
        /// Whom.
        account: AccountId,
    },
    /// Put a further device on our account's list. Needs the account's key and the relay.
    AddDevice(Box<DeviceEntry>),
    /// Take over the place of this device, which was linked to an account; answered once the relay has its prekeys.
    Adopt(Box<LocalDevice>),
    /// Forget who this device is: the linking was broken off.
    Abandon,
    /// Take in a piece of what another device of ours knows. What is known here already stays as it is.
    Import(Box<Past>),
    /// Ask our other devices for what they know, behind the place up to which it is here. Whoever comes first gives it.
    AskPast(PastAsk),
    /// Take another device of our account off its list: it is signed out. Needs the account's key and the relay.
    RemoveDevice(DeviceId),
    /// Give a device of our account a name; our others are told.
    RenameDevice {
        /// Which.
        device: DeviceId,
        /// How, in at most [`DEVICE_NAME_MAX_BYTES`](crate::DEVICE_NAME_MAX_BYTES).
        name: String,
    },
    /// The user compared the safety number of an account, or takes back that it was compared.
    SetVerified {
        /// Whose.
        account: AccountId,
        /// Of which key: what was compared is not what came since.
        account_key: [u8; 32],
        /// Whether it was compared.
        verified: bool,
    },
}

/// How a device gets its account.
#[derive(Clone)]
pub struct RegisterAs {
    /// The name.
    pub handle: Handle,
    /// The integrator's token, where the relay asks for one.
    pub token: Option<String>,
    /// Whose.
    pub account: RegisterAccount,
}

/// A new account, or one that exists.
#[derive(Clone)]
pub enum RegisterAccount {
    /// A new one.
    New,
    /// An existing one, whose secret key the user kept; this device replaces all its others.
    Replace(Zeroizing<[u8; 32]>),
    /// An existing one, whose secret key the user kept; this device joins its others.
    Add(Zeroizing<[u8; 32]>),
}

/// Token and keys stay out of it.
impl fmt::Debug for RegisterAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisterAs").field("account", &self.account).finish_non_exhaustive()
    }
}

/// The kind only.
impl fmt::Debug for RegisterAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RegisterAccount::New => "New",
            RegisterAccount::Replace(_) => "Replace(..)",
            RegisterAccount::Add(_) => "Add(..)",
        })
    }
}
