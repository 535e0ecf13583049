//! A group: who is in it, what it is called, and how far a message got at each member.

use std::fmt;
use std::sync::Arc;

use waxwing_engine::{
    Command, ConversationId, GroupEvent, GroupIntent, GroupRole, GroupSettings, GroupStanding, Outcome,
};
use waxwing_wire::{AccountId, MessageId};

use crate::client::Whose;
use crate::conversation::Contact;
use crate::error::{Code, Result};
use crate::shared::Shared;
use crate::store::{doors, show};

/// A conversation's group. Everything that changes it is on disk when the call returns, and goes out by itself; whether it
/// stands, the group's other admins may have decided first: then the timeline says [`GroupNotice::NotDone`].
#[derive(Clone)]
pub struct Group {
    pub(crate) shared: Arc<Shared>,
    pub(crate) id: ConversationId,
}

/// What is known of a group.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupInfo {
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// What it is called. Empty: without a name.
    pub title: String,
    /// Whether this account is in it.
    pub standing: GroupStanding,
    /// Who is in it, by ascending account; this account too.
    pub members: Vec<Member>,
    /// What members may do.
    pub settings: GroupSettings,
    /// The hash of its picture, if it has one; the bytes are [`Group::picture`]'s.
    pub picture: Option<[u8; 32]>,
    /// Counts the changes of the group, from 1: all who are at the same number see the same members.
    pub epoch: u64,
}

/// Somebody in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub contact: Contact,
    /// What they may do.
    pub role: GroupRole,
}

/// How far a message got at the members of a group, besides its sender and those who came later.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipts {
    /// Each member, by ascending account.
    pub members: Vec<MemberReceipt>,
}

/// How far a message got at a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberReceipt {
    /// Who.
    pub contact: Contact,
    /// How far.
    pub reach: Reach,
}

/// How far a message got at a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// The member told nothing yet.
    Unknown,
    /// It is on a device of the member.
    Delivered,
    /// The member read it.
    Read,
}

impl Receipts {
    /// Whether it is on a device of every member.
    #[must_use]
    pub fn all_delivered(&self) -> bool {
        self.all_reach(Reach::Delivered)
    }

    /// Whether every member read it.
    #[must_use]
    pub fn all_read(&self) -> bool {
        self.all_reach(Reach::Read)
    }

    /// How many members it reached so far.
    #[must_use]
    pub fn count(&self, reach: Reach) -> usize {
        self.members.iter().filter(|member| member.reach >= reach).count()
    }

    fn all_reach(&self, reach: Reach) -> bool {
        !self.members.is_empty() && self.count(reach) == self.members.len()
    }
}

/// Something that the sender of an entry did to the group, with the names of whom it concerns.
#[derive(Clone, PartialEq, Eq)]
pub enum GroupNotice {
    /// It was made, with these other members.
    Created(Vec<Contact>),
    /// We were brought in: what was before cannot be read here.
    Joined,
    /// These were added.
    Added(Vec<Contact>),
    /// These were removed.
    Removed(Vec<Contact>),
    /// The sender left.
    Left,
    /// A member has a new role.
    Role(Member),
    /// Members may do something else than before.
    Settings(GroupSettings),
    /// It is called so now.
    Title(String),
    /// What we wanted to do could not be done: others changed the group first, and we may not any more; or the relay's limits
    /// do not allow it.
    NotDone,
    /// Whoever it is by writes under another membership than ours of the same moment. The relay told us different things, or this member
    /// lies; what it writes cannot be read here.
    Apart,
    /// A message of the sender of the entry reads otherwise at this member. The sender told the two of you different things, or this
    /// member lies: ask both what was written.
    ToldOtherwise(Contact),
    /// The sender of the entry, who is not in the group, asks to be ([`Group::requests`]).
    AsksToJoin,
    /// It has another picture now, or none.
    Picture,
}

impl GroupNotice {
    /// `who` gives the names.
    pub(crate) fn of<E>(
        event: &GroupEvent,
        who: impl Fn(AccountId) -> Result<Contact, E>,
    ) -> Result<GroupNotice, E> {
        let all = |accounts: &[AccountId]| -> Result<Vec<Contact>, E> {
            accounts.iter().map(|account| who(*account)).collect()
        };
        Ok(match event {
            GroupEvent::Created(accounts) => GroupNotice::Created(all(accounts)?),
            GroupEvent::Joined => GroupNotice::Joined,
            GroupEvent::Added(accounts) => GroupNotice::Added(all(accounts)?),
            GroupEvent::Removed(accounts) => GroupNotice::Removed(all(accounts)?),
            GroupEvent::Left => GroupNotice::Left,
            GroupEvent::Role { account, role } => {
                GroupNotice::Role(Member { contact: who(*account)?, role: *role })
            }
            GroupEvent::Settings(settings) => GroupNotice::Settings(*settings),
            GroupEvent::Title(title) => GroupNotice::Title(title.clone()),
            GroupEvent::NotDone => GroupNotice::NotDone,
            GroupEvent::Apart => GroupNotice::Apart,
            GroupEvent::ToldOtherwise(witness) => GroupNotice::ToldOtherwise(who(*witness)?),
            GroupEvent::AsksToJoin => GroupNotice::AsksToJoin,
            GroupEvent::Picture => GroupNotice::Picture,
        })
    }
}

impl Group {
    pub(crate) fn new(shared: Arc<Shared>, id: ConversationId) -> Group {
        Group { shared, id }
    }

    /// The id of its conversation, the same on every device.
    #[must_use]
    pub fn id(&self) -> ConversationId {
        self.id
    }

    /// Title, members and settings, as they are known here now.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn info(&self) -> Result<GroupInfo> {
        let id = self.id;
        self.shared.read(move |db| show::group_info(db, id)).await
    }

    /// How far a message of this account got at each member.
    ///
    /// # Errors
    ///
    /// `not_found` when the message is not one of ours in this group, or what the store says.
    pub async fn receipts(&self, message: MessageId) -> Result<Receipts> {
        let id = self.id;
        self.shared.read(move |db| show::group_receipts(db, id, message)).await
    }

    /// Adds accounts. They read what is written from then on.
    ///
    /// # Errors
    ///
    /// `not_permitted`, `unknown_account`, `offline` for a handle that is not known here, `handle_invalid`, `invalid_input` for
    /// members that are in it already, or what the store says.
    pub async fn add<W: Into<Whose>>(&self, whose: impl IntoIterator<Item = W>) -> Result<()> {
        let accounts = self.shared.accounts(whose).await?;
        self.change(GroupIntent::Add(accounts)).await
    }

    /// Removes accounts. The next message is sealed under a key that they are not given.
    ///
    /// # Errors
    ///
    /// As [`Group::add`].
    pub async fn remove<W: Into<Whose>>(&self, whose: impl IntoIterator<Item = W>) -> Result<()> {
        let accounts = self.shared.accounts(whose).await?;
        self.change(GroupIntent::Remove(accounts)).await
    }

    /// Leaves the group. What was said stays here.
    ///
    /// # Errors
    ///
    /// `not_permitted` for the last owner while others are in it, or who is not in it; or what the store says.
    pub async fn leave(&self) -> Result<()> {
        let me = self.shared.board.me().ok_or(Code::NotRegistered)?;
        self.change(GroupIntent::Remove(vec![me.account])).await
    }

    /// Gives a member a role.
    ///
    /// # Errors
    ///
    /// As [`Group::add`].
    pub async fn set_role(&self, whose: impl Into<Whose>, role: GroupRole) -> Result<()> {
        let account = self.shared.account(whose.into()).await?;
        self.change(GroupIntent::Role { account, role }).await
    }

    /// Calls it something else. An empty title: without a name.
    ///
    /// # Errors
    ///
    /// `not_permitted`, `message_too_large` for a title that is too long, or what the store says.
    pub async fn set_title(&self, title: impl Into<String>) -> Result<()> {
        self.change(GroupIntent::Title(title.into())).await
    }

    /// Gives the group a picture, or none. It has at most
    /// [`limits::GROUP_PICTURE_SIZE_MAX_BYTES`](waxwing_wire::limits::GROUP_PICTURE_SIZE_MAX_BYTES), of whatever format the app chooses;
    /// only members see it.
    ///
    /// # Errors
    ///
    /// `not_permitted`, `message_too_large`, `invalid_input` for no bytes at all, or what the store says.
    pub async fn set_picture(&self, picture: Option<Vec<u8>>) -> Result<()> {
        let set = Command::SetGroupPicture { conversation: self.id, picture };
        self.shared.command(set).await.map(drop)
    }

    /// The group's picture, if it has one and its bytes are here: they come soon after the change, and the conversation changes
    /// then.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn picture(&self) -> Result<Option<Vec<u8>>> {
        let id = self.id;
        self.shared.read(move |db| doors::picture(db, id)).await
    }

    /// Says what members may do.
    ///
    /// # Errors
    ///
    /// `not_permitted`, or what the store says.
    pub async fn set_settings(&self, settings: GroupSettings) -> Result<()> {
        self.change(GroupIntent::Settings(settings)).await
    }

    async fn change(&self, intent: GroupIntent) -> Result<()> {
        match self.shared.command(Command::ChangeGroup { conversation: self.id, intent }).await? {
            Outcome::Done => Ok(()),
            Outcome::Account(_) | Outcome::Conversation(_) | Outcome::Invitation(_) => Err(Code::Bug.into()),
        }
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Names stay out of it.
impl fmt::Debug for GroupInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupInfo")
            .field("conversation_id", &self.conversation_id)
            .field("standing", &self.standing)
            .field("members", &self.members.len())
            .finish_non_exhaustive()
    }
}

/// The kind only: names stay out of logs.
impl fmt::Debug for GroupNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            GroupNotice::Created(_) => "Created",
            GroupNotice::Joined => "Joined",
            GroupNotice::Added(_) => "Added",
            GroupNotice::Removed(_) => "Removed",
            GroupNotice::Left => "Left",
            GroupNotice::Role(_) => "Role",
            GroupNotice::Settings(_) => "Settings",
            GroupNotice::Title(_) => "Title",
            GroupNotice::NotDone => "NotDone",
            GroupNotice::Apart => "Apart",
            GroupNotice::ToldOtherwise(_) => "ToldOtherwise",
            GroupNotice::AsksToJoin => "AsksToJoin",
            GroupNotice::Picture => "Picture",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_means_somebody() {
        let at = |n, reach| MemberReceipt {
            contact: Contact { account: AccountId::from_bytes([n; 16]), handle: None },
            reach,
        };
        let of = |members| Receipts { members };
        assert!(!of(vec![]).all_delivered(), "nobody has it");
        let some = of(vec![at(1, Reach::Read), at(2, Reach::Delivered)]);
        assert!(some.all_delivered() && !some.all_read());
        assert_eq!((some.count(Reach::Delivered), some.count(Reach::Read)), (2, 1));
        assert!(!of(vec![at(1, Reach::Read), at(2, Reach::Unknown)]).all_delivered());
    }
}
