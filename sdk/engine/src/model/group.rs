//! The words of groups: what a device knows of one, and the keys of its messages at rest.

use std::fmt;
use std::sync::Arc;

use waxwing_crypto::group::roster::{self, Roster};
use waxwing_crypto::group::{GroupProfile, GroupSecret};
use waxwing_wire::{AccountId, GroupId, MessageId};
use zeroize::Zeroizing;

use super::{ConversationId, DeviceAddress, RosterAtRest};

/// Whom something goes to: all devices of an account, or of a group's members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// An account.
    Account(AccountId),
    /// A group.
    Group(GroupId),
}

impl Party {
    /// The account, if it is one.
    #[must_use]
    pub fn account(self) -> Option<AccountId> {
        match self {
            Party::Account(account) => Some(account),
            Party::Group(_) => None,
        }
    }

    /// The 16 bytes of its id.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        match self {
            Party::Account(account) => account.as_bytes(),
            Party::Group(group) => group.as_bytes(),
        }
    }
}

impl ConversationId {
    /// The conversation of a group: it has the group's id.
    #[must_use]
    pub fn group(group: GroupId) -> ConversationId {
        ConversationId::from_bytes(*group.as_bytes())
    }

    /// The group, if this is the conversation of one. Whether it is, the store knows.
    #[must_use]
    pub fn as_group(self) -> GroupId {
        GroupId::from_bytes(*self.as_bytes())
    }
}

/// A group as this device knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupState {
    /// Which.
    pub group: GroupId,
    /// The relay's revision up to which changes were taken in. Zero: made here, and not at the relay yet.
    pub revision: u64,
    /// Who is in it, as it was verified.
    pub roster: RosterAtRest,
    /// `GroupSecret`: seals changes and title.
    pub secret: Zeroizing<[u8; 32]>,
    /// Whether we are in it.
    pub standing: GroupStanding,
    /// What it is called. Empty: without a name.
    pub title: String,
    /// Epochs before this one that keys of late messages may be of: number and roster hash, the newest last.
    pub past_epochs: Vec<(u64, [u8; 32])>,
    /// Members who came after us, each with the counter of our own last message before: they may have what we wrote since.
    pub joined: Vec<(AccountId, u64)>,
    /// The device that made the last change.
    pub last_by: DeviceAddress,
    /// The account on whose word alone the roster stands: whoever introduced us, or [`NOBODY`](GroupState::NOBODY) where a change could
    /// not be judged. Until another member writes under the same roster, another's introduction may take its place.
    pub vouched_by: Option<AccountId>,
}

impl GroupState {
    /// Vouches for a roster that may be behind that of all others.
    pub const NOBODY: AccountId = AccountId::from_bytes([0; 16]);

    /// The verified membership.
    #[must_use]
    pub fn roster(&self) -> Option<Arc<Roster>> {
        // It was verified before it was stored; if the store cannot give it back, the group stands still.
        self.roster.roster()
    }

    /// Whether an account is in it.
    pub(crate) fn has_member(&self, account: AccountId) -> bool {
        self.roster().is_some_and(|roster| roster.role(account.as_bytes()).is_some())
    }

    /// Whether a change could not be judged here, and nobody was heard since who stands where we do.
    pub(crate) fn is_unsure(&self) -> bool {
        self.vouched_by == Some(GroupState::NOBODY)
    }

    /// Another account wrote under this roster, or changed it: it is not one member's word any more.
    pub(crate) fn heard_from(&mut self, account: AccountId) -> bool {
        let is_another = self.vouched_by.is_some_and(|voucher| voucher != account);
        if is_another {
            self.vouched_by = None;
        }
        is_another
    }

    /// The counter above which our messages are for a member. `None`: it is none.
    pub(crate) fn readable_above(&self, account: AccountId) -> Option<u64> {
        let is_member = self.roster().is_some_and(|roster| roster.role(account.as_bytes()).is_some());
        let joined = self.joined.iter().find(|(member, _)| *member == account);
        is_member.then(|| joined.map_or(0, |(_, counter)| *counter))
    }

    /// Remembers the epoch of a roster that is no more.
    pub(crate) fn remember_epoch(&mut self, before: Option<&Roster>, kept_max: usize) {
        if let Some(before) = before {
            self.past_epochs.push((before.epoch().number, before.epoch().roster_hash));
        }
        let surplus = self.past_epochs.len().saturating_sub(kept_max);
        self.past_epochs.drain(..surplus);
    }

    /// Who is in it, by ascending account.
    #[must_use]
    pub fn members(&self) -> Vec<GroupMember> {
        let roster = self.roster();
        let members = roster.iter().flat_map(|roster| roster.members());
        members
            .map(|member| GroupMember {
                account: AccountId::from_bytes(member.account),
                role: GroupRole::from_crypto(member.role),
            })
            .collect()
    }

    /// The hash of its picture, if it has one.
    #[must_use]
    pub fn picture(&self) -> Option<[u8; 32]> {
        self.profile().picture
    }

    /// Title and picture, as the roster has them.
    pub(crate) fn profile(&self) -> GroupProfile {
        let roster = self.roster();
        let sealed = roster.as_ref().map_or(&[][..], |roster| roster.profile());
        GroupSecret::from_bytes(&self.secret).open_profile(sealed).unwrap_or_default()
    }

    /// Whether an account may let others in.
    #[must_use]
    pub fn may_add(&self, account: AccountId) -> bool {
        self.roster().is_some_and(|roster| may_add(&roster, account))
    }

    /// What members may do.
    #[must_use]
    pub fn settings(&self) -> GroupSettings {
        self.roster()
            .map_or_else(GroupSettings::default, |roster| GroupSettings::from_crypto(roster.settings()))
    }
}

/// Whether an account may let others in.
pub(crate) fn may_add(roster: &Roster, account: AccountId) -> bool {
    // Somebody who is in no group.
    let nobody = roster::Change::Add(vec![[0; 16]]);
    roster.permits(account.as_bytes(), &nobody).is_ok()
}

/// Secrets and names stay out of it.
impl fmt::Debug for GroupState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupState")
            .field("group", &self.group)
            .field("revision", &self.revision)
            .field("standing", &self.standing)
            .finish_non_exhaustive()
    }
}

/// Whether this account is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupStanding {
    /// It is.
    Member,
    /// It left, or was removed; what was said before stays.
    Out,
}

/// One account in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupMember {
    /// Which.
    pub account: AccountId,
    /// What it may do.
    pub role: GroupRole,
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupRole {
    /// Writes and reads, and what the settings allow to everyone.
    Member,
    /// Adds and removes members, and sets title and settings.
    Admin,
    /// Does all that, and gives roles.
    Owner,
}

impl GroupRole {
    pub(crate) fn from_crypto(role: roster::Role) -> GroupRole {
        match role {
            roster::Role::Member => GroupRole::Member,
            roster::Role::Admin => GroupRole::Admin,
            roster::Role::Owner => GroupRole::Owner,
        }
    }

    pub(crate) fn to_crypto(self) -> roster::Role {
        match self {
            GroupRole::Member => roster::Role::Member,
            GroupRole::Admin => roster::Role::Admin,
            GroupRole::Owner => roster::Role::Owner,
        }
    }
}

/// To whom something is allowed in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupWho {
    /// To all members.
    Everyone,
    /// To owners and admins.
    Admins,
}

/// What the members of a group may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GroupSettings {
    /// Who may write.
    pub write: GroupWho,
    /// Who may add members.
    pub add: GroupWho,
    /// Who may change the title.
    pub edit: GroupWho,
}

/// Everyone writes; admins add and edit.
impl Default for GroupSettings {
    fn default() -> GroupSettings {
        GroupSettings::from_crypto(&roster::Settings::default())
    }
}

impl GroupSettings {
    pub(crate) fn from_crypto(settings: &roster::Settings) -> GroupSettings {
        let who = |who: roster::Who| match who {
            roster::Who::Everyone => GroupWho::Everyone,
            roster::Who::Admins => GroupWho::Admins,
        };
        GroupSettings { write: who(settings.write), add: who(settings.add), edit: who(settings.edit) }
    }

    pub(crate) fn to_crypto(self) -> roster::Settings {
        let who = |who: GroupWho| match who {
            GroupWho::Everyone => roster::Who::Everyone,
            GroupWho::Admins => roster::Who::Admins,
        };
        roster::Settings { write: who(self.write), add: who(self.add), edit: who(self.edit) }
    }
}

/// What somebody wants to do to a group. It is signed on the roster of the moment, and again on the next if somebody was first.
#[derive(Clone, PartialEq, Eq)]
pub enum GroupIntent {
    /// Make it, by the signed change that its id was computed from.
    Create(Vec<u8>),
    /// Add accounts.
    Add(Vec<AccountId>),
    /// Remove accounts. Removing oneself is leaving.
    Remove(Vec<AccountId>),
    /// Give an account a role.
    Role {
        /// Which.
        account: AccountId,
        /// What it may do.
        role: GroupRole,
    },
    /// Say what members may do.
    Settings(GroupSettings),
    /// Call it something else.
    Title(String),
    /// Let in somebody who asked. Where somebody else did that first, there is nothing to do, and nothing to tell.
    Admit(AccountId),
    /// Give it the picture of this hash, or none.
    Picture(Option<[u8; 32]>),
}

/// The kind only: names stay out of logs.
impl fmt::Debug for GroupIntent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            GroupIntent::Create(_) => "Create",
            GroupIntent::Add(_) => "Add",
            GroupIntent::Remove(_) => "Remove",
            GroupIntent::Role { .. } => "Role",
            GroupIntent::Settings(_) => "Settings",
            GroupIntent::Title(_) => "Title",
            GroupIntent::Admit(_) => "Admit",
            GroupIntent::Picture(_) => "Picture",
        })
    }
}

/// What happened in a group, told in its timeline.
#[derive(Clone, PartialEq, Eq)]
pub enum GroupEvent {
    /// It was made, with these other members.
    Created(Vec<AccountId>),
    /// We were brought in: what was before cannot be read here.
    Joined,
    /// These were added.
    Added(Vec<AccountId>),
    /// These were removed.
    Removed(Vec<AccountId>),
    /// Whoever did it left.
    Left,
    /// An account has a new role.
    Role {
        /// Which.
        account: AccountId,
        /// What it may do now.
        role: GroupRole,
    },
    /// Members may do something else than before.
    Settings(GroupSettings),
    /// It is called so now.
    Title(String),
    /// What we wanted to do could not be done: others changed the group first, and we may not any more.
    NotDone,
    /// Whoever it is by writes under another membership than ours of the same moment: the relay told us different things, or it lies.
    Apart,
    /// What the sender of the entry wrote reads otherwise at this member, who says so: it told them different things, or one of
    /// the two lies.
    ToldOtherwise(AccountId),
    /// The sender of the entry, who is not in the group, asks to be.
    AsksToJoin,
    /// It has another picture now, or none.
    Picture,
}

/// The kind only: names stay out of logs.
impl fmt::Debug for GroupEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            GroupEvent::Created(_) => "Created",
            GroupEvent::Joined => "Joined",
            GroupEvent::Added(_) => "Added",
            GroupEvent::Removed(_) => "Removed",
            GroupEvent::Left => "Left",
            GroupEvent::Role { .. } => "Role",
            GroupEvent::Settings(_) => "Settings",
            GroupEvent::Title(_) => "Title",
            GroupEvent::NotDone => "NotDone",
            GroupEvent::Apart => "Apart",
            GroupEvent::ToldOtherwise(_) => "ToldOtherwise",
            GroupEvent::AsksToJoin => "AsksToJoin",
            GroupEvent::Picture => "Picture",
        })
    }
}

/// Our own sender key of a group, at rest. There is one at a time.
#[derive(Clone, PartialEq, Eq)]
pub struct SenderKeyRecord {
    /// The id of its chain.
    pub chain: [u8; 16],
    /// `SenderKey::to_snapshot`.
    pub snapshot: Zeroizing<Vec<u8>>,
    /// When it was made.
    pub created_at_ms: i64,
    /// The counter of the first message that it sealed; zero: none yet.
    pub first_counter: u64,
}

impl fmt::Debug for SenderKeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SenderKeyRecord").field("first_counter", &self.first_counter).finish_non_exhaustive()
    }
}

/// The key under which another device writes to a group, at rest.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceiverKeyRecord {
    /// Whose.
    pub sender: DeviceAddress,
    /// The id of its chain.
    pub chain: [u8; 16],
    /// `ReceiverKey::to_snapshot`.
    pub snapshot: Zeroizing<Vec<u8>>,
    /// When it came.
    pub created_at_ms: i64,
}

impl fmt::Debug for ReceiverKeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiverKeyRecord").field("sender", &self.sender).finish_non_exhaustive()
    }
}

/// A message of a group that this device has stored and cannot open yet: the group, or the key of its chain, is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupWaiting {
    /// Its place in the queue, given by the store.
    pub order: u64,
    /// Which group.
    pub group: GroupId,
    /// Who sent it, as the relay says.
    pub sender: DeviceAddress,
    /// The chain that it names.
    pub chain: [u8; 16],
    /// What the sender named it.
    pub wire_id: MessageId,
    /// The ciphertext.
    pub payload: Vec<u8>,
}
