//! Groups: who is in one, what members may do, what happened, and how far messages got.

use waxwing::ConversationId;

use super::{Contact, GroupStanding, all, no_content};

/// What is known of a group.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
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
    /// The hash of its picture, if it has one.
    pub picture_hash: Option<Vec<u8>>,
    /// Counts the changes of the group, from 1: all who are at the same number see the same members.
    pub epoch: u64,
}

/// Somebody in a group.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Member {
    /// Who.
    pub contact: Contact,
    /// What they may do.
    pub role: GroupRole,
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum GroupRole {
    /// Writes and reads, and what the settings allow to everyone.
    Member,
    /// Adds and removes members, and sets title and settings.
    Admin,
    /// Does all that, and gives roles.
    Owner,
}

/// What the members of a group may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct GroupSettings {
    /// Who may write.
    pub write: GroupWho,
    /// Who may add members.
    pub add: GroupWho,
    /// Who may change title and picture.
    pub edit: GroupWho,
}

/// To whom something is allowed in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum GroupWho {
    /// To all members.
    Everyone,
    /// To owners and admins.
    Admins,
}

/// Something that the sender of an entry did to the group.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum GroupNotice {
    /// It was made, with these other members.
    Created {
        /// Who.
        others: Vec<Contact>,
    },
    /// This account was brought in: what was before cannot be read here.
    Joined,
    /// These were added.
    Added {
        /// Who.
        who: Vec<Contact>,
    },
    /// These were removed.
    Removed {
        /// Who.
        who: Vec<Contact>,
    },
    /// The sender left.
    Left,
    /// A member has a new role.
    Role {
        /// Who, and which.
        member: Member,
    },
    /// Members may do something else than before.
    Settings {
        /// What.
        settings: GroupSettings,
    },
    /// It is called so now.
    Title {
        /// How.
        title: String,
    },
    /// It has another picture now, or none.
    Picture,
    /// What this account wanted to do could not be done: others changed the group first, and it may not any more; or the relay's limits
    /// do not allow it.
    NotDone,
    /// The sender writes under another membership than ours of the same moment: the relay told us different things, or this member
    /// lies; what it writes cannot be read here.
    Apart,
    /// A message of the sender reads otherwise at this member. The sender told the two of you different things, or this member lies:
    /// ask both what was written.
    ToldOtherwise {
        /// Who.
        witness: Contact,
    },
    /// The sender, who is not in the group, asks to be.
    AsksToJoin,
}

/// How far a message got at the members of a group, besides its sender and those who came later.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Receipts {
    /// Each member, by ascending account.
    pub members: Vec<MemberReceipt>,
    /// How many have it, those who read it too.
    pub delivered: u64,
    /// How many read it.
    pub read: u64,
    /// Whether it is on a device of every member.
    pub all_delivered: bool,
    /// Whether every member read it.
    pub all_read: bool,
}

/// How far a message got at a member.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MemberReceipt {
    /// Who.
    pub contact: Contact,
    /// How far.
    pub reach: Reach,
}

/// How far a message got at a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Reach {
    /// The member told nothing yet.
    Unknown,
    /// It is on a device of the member.
    Delivered,
    /// The member read it.
    Read,
}

// ---- conversions ----

impl From<waxwing::GroupInfo> for GroupInfo {
    fn from(info: waxwing::GroupInfo) -> GroupInfo {
        GroupInfo {
            conversation_id: info.conversation_id,
            title: info.title,
            standing: info.standing.into(),
            members: all(info.members),
            settings: info.settings.into(),
            picture_hash: info.picture.map(|hash| hash.to_vec()),
            epoch: info.epoch,
        }
    }
}

impl From<waxwing::Member> for Member {
    fn from(waxwing::Member { contact, role }: waxwing::Member) -> Member {
        Member { contact: contact.into(), role: role.into() }
    }
}

impl From<waxwing::GroupRole> for GroupRole {
    fn from(role: waxwing::GroupRole) -> GroupRole {
        match role {
            waxwing::GroupRole::Member => GroupRole::Member,
            waxwing::GroupRole::Admin => GroupRole::Admin,
            waxwing::GroupRole::Owner => GroupRole::Owner,
        }
    }
}

impl From<GroupRole> for waxwing::GroupRole {
    fn from(role: GroupRole) -> waxwing::GroupRole {
        match role {
            GroupRole::Member => waxwing::GroupRole::Member,
            GroupRole::Admin => waxwing::GroupRole::Admin,
            GroupRole::Owner => waxwing::GroupRole::Owner,
        }
    }
}

impl From<waxwing::GroupSettings> for GroupSettings {
    fn from(waxwing::GroupSettings { write, add, edit }: waxwing::GroupSettings) -> GroupSettings {
        GroupSettings { write: write.into(), add: add.into(), edit: edit.into() }
    }
}

impl From<GroupSettings> for waxwing::GroupSettings {
    fn from(GroupSettings { write, add, edit }: GroupSettings) -> waxwing::GroupSettings {
        waxwing::GroupSettings { write: write.into(), add: add.into(), edit: edit.into() }
    }
}

impl From<waxwing::GroupWho> for GroupWho {
    fn from(who: waxwing::GroupWho) -> GroupWho {
        match who {
            waxwing::GroupWho::Everyone => GroupWho::Everyone,
            waxwing::GroupWho::Admins => GroupWho::Admins,
        }
    }
}

impl From<GroupWho> for waxwing::GroupWho {
    fn from(who: GroupWho) -> waxwing::GroupWho {
        match who {
            GroupWho::Everyone => waxwing::GroupWho::Everyone,
            GroupWho::Admins => waxwing::GroupWho::Admins,
        }
    }
}

impl From<waxwing::GroupNotice> for GroupNotice {
    fn from(notice: waxwing::GroupNotice) -> GroupNotice {
        use waxwing::GroupNotice as N;
        match notice {
            N::Created(others) => GroupNotice::Created { others: all(others) },
            N::Joined => GroupNotice::Joined,
            N::Added(who) => GroupNotice::Added { who: all(who) },
            N::Removed(who) => GroupNotice::Removed { who: all(who) },
            N::Left => GroupNotice::Left,
            N::Role(member) => GroupNotice::Role { member: member.into() },
            N::Settings(settings) => GroupNotice::Settings { settings: settings.into() },
            N::Title(title) => GroupNotice::Title { title },
            N::Picture => GroupNotice::Picture,
            N::NotDone => GroupNotice::NotDone,
            N::Apart => GroupNotice::Apart,
            N::ToldOtherwise(witness) => GroupNotice::ToldOtherwise { witness: witness.into() },
            N::AsksToJoin => GroupNotice::AsksToJoin,
        }
    }
}

impl From<waxwing::Receipts> for Receipts {
    fn from(receipts: waxwing::Receipts) -> Receipts {
        Receipts {
            delivered: receipts.count(waxwing::Reach::Delivered) as u64,
            read: receipts.count(waxwing::Reach::Read) as u64,
            all_delivered: receipts.all_delivered(),
            all_read: receipts.all_read(),
            members: all(receipts.members),
        }
    }
}

impl From<waxwing::MemberReceipt> for MemberReceipt {
    fn from(waxwing::MemberReceipt { contact, reach }: waxwing::MemberReceipt) -> MemberReceipt {
        MemberReceipt { contact: contact.into(), reach: reach.into() }
    }
}

impl From<waxwing::Reach> for Reach {
    fn from(reach: waxwing::Reach) -> Reach {
        match reach {
            waxwing::Reach::Unknown => Reach::Unknown,
            waxwing::Reach::Delivered => Reach::Delivered,
            waxwing::Reach::Read => Reach::Read,
        }
    }
}

no_content!(GroupInfo, GroupNotice);
