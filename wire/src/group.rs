//! What is said of groups: the order of their changes, who is in them, and messages for all of them.

use bytes::Bytes;

use crate::codec::{DecodeError, Decoded, account_id, group_id, id_bytes, list, message_id, sized};
use crate::ids::{AccountId, GroupId, MessageId};
use crate::{limits, proto};

/// The next change of a group. The relay orders changes and knows who is in a group; it cannot read a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeGroup {
    /// Names the change in the members' mailboxes.
    pub message: MessageId,
    /// Which group.
    pub group: GroupId,
    /// The revision that the change makes; from 1.
    pub revision: u64,
    /// The signed change, opaque here.
    pub change: Bytes,
    /// Who is in the group afterwards, in ascending order.
    pub members: Vec<AccountId>,
}

/// A message for all devices of a group's members but the one that sends, sealed once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmitToGroup {
    /// Names the message; the relay deduplicates by it.
    pub message: MessageId,
    /// One series with that of [`Submit`](crate::Submit).
    pub fence: u64,
    /// Which group.
    pub group: GroupId,
    /// The revision that the sender knows.
    pub revision: u64,
    /// The sealed message.
    pub payload: Bytes,
}

/// Changes of a group, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRecord {
    /// Which group.
    pub group: GroupId,
    /// The newest revision.
    pub revision: u64,
    /// As many as fit; the last one tells whether there are more.
    pub changes: Vec<GroupChangeRecord>,
}

/// One change of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupChangeRecord {
    /// The revision that it made.
    pub revision: u64,
    /// The signed change, opaque here.
    pub change: Bytes,
}

/// The group through which an envelope came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupOrigin {
    /// Which group.
    pub group: GroupId,
    /// Its revision when the relay took the envelope; of a change: the one that it made.
    pub revision: u64,
    /// The payload is a change of the group, and no message.
    pub is_change: bool,
}

fn change_bytes(change: Bytes) -> Decoded<Bytes> {
    sized(change, limits::GROUP_CHANGE_SIZE_MAX_BYTES, "change")
}

fn revision(revision: u64) -> Decoded<u64> {
    (1..=i64::MAX as u64).contains(&revision).then_some(revision).ok_or(DecodeError::BadField("revision"))
}

pub(crate) fn change_to_proto(change: &ChangeGroup) -> proto::ChangeGroup {
    proto::ChangeGroup {
        message_id: id_bytes(change.message.as_bytes()),
        group_id: id_bytes(change.group.as_bytes()),
        revision: change.revision,
        change: change.change.clone(),
        member_accounts: change.members.iter().map(|member| id_bytes(member.as_bytes())).collect(),
    }
}

pub(crate) fn change_from_proto(change: proto::ChangeGroup) -> Decoded<ChangeGroup> {
    let name = "member_accounts";
    let members = list(change.member_accounts, limits::GROUP_MEMBERS_MAX, name, |id| account_id(&id))?;
    if !members.is_sorted_by(|one, next| one < next) {
        return Err(DecodeError::BadField(name));
    }
    Ok(ChangeGroup {
        message: message_id(&change.message_id)?,
        group: group_id(&change.group_id)?,
        revision: revision(change.revision)?,
        change: change_bytes(change.change)?,
        members,
    })
}

pub(crate) fn submit_to_proto(submit: &SubmitToGroup) -> proto::SubmitToGroup {
    proto::SubmitToGroup {
        message_id: id_bytes(submit.message.as_bytes()),
        fence: submit.fence,
        group_id: id_bytes(submit.group.as_bytes()),
        revision: submit.revision,
        payload: submit.payload.clone(),
    }
}

pub(crate) fn submit_from_proto(submit: proto::SubmitToGroup) -> Decoded<SubmitToGroup> {
    Ok(SubmitToGroup {
        message: message_id(&submit.message_id)?,
        fence: submit.fence,
        group: group_id(&submit.group_id)?,
        revision: revision(submit.revision)?,
        payload: sized(submit.payload, limits::PAYLOAD_SIZE_MAX_BYTES, "payload")?,
    })
}

pub(crate) fn group_to_proto(record: &GroupRecord) -> proto::Group {
    let change = |change: &GroupChangeRecord| proto::GroupChange {
        revision: change.revision,
        change: change.change.clone(),
    };
    proto::Group {
        group_id: id_bytes(record.group.as_bytes()),
        revision: record.revision,
        changes: record.changes.iter().map(change).collect(),
    }
}

pub(crate) fn group_from_proto(group: proto::Group) -> Decoded<GroupRecord> {
    let change = |change: proto::GroupChange| {
        Ok(GroupChangeRecord { revision: revision(change.revision)?, change: change_bytes(change.change)? })
    };
    Ok(GroupRecord {
        group: group_id(&group.group_id)?,
        revision: revision(group.revision)?,
        changes: list(group.changes, limits::GROUP_CHANGES_PER_ANSWER_MAX, "changes", change)?,
    })
}

pub(crate) fn origin_to_proto(origin: &GroupOrigin) -> proto::GroupOrigin {
    proto::GroupOrigin {
        group_id: id_bytes(origin.group.as_bytes()),
        revision: origin.revision,
        change: origin.is_change,
    }
}

pub(crate) fn origin_from_proto(origin: &proto::GroupOrigin) -> Decoded<GroupOrigin> {
    Ok(GroupOrigin {
        group: group_id(&origin.group_id)?,
        revision: revision(origin.revision)?,
        is_change: origin.change,
    })
}
