//! Who may do what in a group, and what is so afterwards.

use super::{Change, MEMBERS_MAX, Roster, RosterError};

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Writes and reads, and what the settings allow to everyone.
    Member,
    /// Adds and removes members, and sets title, picture and settings.
    Admin,
    /// Does all that, and gives roles.
    Owner,
}

/// One account in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The account.
    pub account: [u8; 16],
    /// Its role.
    pub role: Role,
}

/// To whom something is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Who {
    /// To all members.
    Everyone,
    /// To owners and admins.
    #[default]
    Admins,
}

impl Who {
    pub(super) fn includes(self, role: Role) -> bool {
        match self {
            Self::Everyone => true,
            Self::Admins => role >= Role::Admin,
        }
    }
}

/// What the members of a group may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Who may write messages.
    pub write: Who,
    /// Who may add members.
    pub add: Who,
    /// Who may change title and picture.
    pub edit: Who,
}

impl Default for Settings {
    /// Everyone writes; admins add and edit.
    fn default() -> Self {
        Self { write: Who::Everyone, add: Who::Admins, edit: Who::Admins }
    }
}

/// The members of a new group; `others` are in order.
pub(super) fn first_members(creator: [u8; 16], others: &[[u8; 16]]) -> Result<Vec<Member>, RosterError> {
    insert(&[Member { account: creator, role: Role::Owner }], others)
}

impl Roster {
    /// The roster after a change, in the same epoch still.
    pub(super) fn applied(&self, author: &[u8; 16], change: &Change) -> Result<Self, RosterError> {
        let role = self.role(author).ok_or(RosterError::NotPermitted)?;
        let mut after = self.clone();
        match change {
            Change::Create { .. } => return Err(RosterError::NotNext),
            Change::Add(accounts) => {
                permit(self.settings.add.includes(role))?;
                after.members = insert(&self.members, accounts)?;
            }
            Change::Remove(accounts) => {
                for account in accounts {
                    let theirs = self.role(account).ok_or(RosterError::NoEffect)?;
                    permit(account == author || may_remove(role, theirs))?;
                }
                after.members.retain(|member| accounts.binary_search(&member.account).is_err());
            }
            Change::Role { account, role: new } => {
                let theirs = self.role(account).ok_or(RosterError::NoEffect)?;
                if theirs == *new {
                    return Err(RosterError::NoEffect);
                }
                permit(role == Role::Owner || (account == author && *new < role))?;
                let is_meant = |member: &&mut Member| member.account == *account;
                after.members.iter_mut().filter(is_meant).for_each(|member| member.role = *new);
            }
            Change::Settings(settings) => {
                permit(role >= Role::Admin)?;
                after.settings = *settings;
            }
            Change::Profile(profile) => {
                permit(self.settings.edit.includes(role))?;
                after.profile.clone_from(profile);
            }
        }
        let has_owner = after.members.iter().any(|member| member.role == Role::Owner);
        if has_owner || after.members.is_empty() { Ok(after) } else { Err(RosterError::NoOwner) }
    }
}

fn permit(allowed: bool) -> Result<(), RosterError> {
    if allowed { Ok(()) } else { Err(RosterError::NotPermitted) }
}

fn may_remove(ours: Role, theirs: Role) -> bool {
    match ours {
        Role::Owner => true,
        Role::Admin => theirs == Role::Member,
        Role::Member => false,
    }
}

/// Adds members. No account may be there already.
fn insert(members: &[Member], accounts: &[[u8; 16]]) -> Result<Vec<Member>, RosterError> {
    if members.len() + accounts.len() > MEMBERS_MAX {
        return Err(RosterError::TooMany);
    }
    let new = accounts.iter().map(|account| Member { account: *account, role: Role::Member });
    let mut all: Vec<Member> = members.iter().copied().chain(new).collect();
    all.sort_by_key(|member| member.account);
    let twice = all.windows(2).any(|pair| pair[0].account == pair[1].account);
    if twice { Err(RosterError::NoEffect) } else { Ok(all) }
}
