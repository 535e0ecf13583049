//! `group`: making groups, changing them, showing them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::{Value, json};
use waxwing::{
    Client, Conversation, ConversationId, ConversationItem, Group, GroupInfo, GroupRole, GroupStanding,
    ListDiff, Member, limits,
};

use super::patience;
use super::task::Manner;
use crate::args::{self, Common, Role};
use crate::fail::Fail;
use crate::record::group::{name_of, role_word, who_word};
use crate::session::{self, Link};
use crate::{out, safe_text};

/// Changes a group or makes one, waits until the relay has it, and tells the group as it stands then.
pub(super) async fn change(
    client: &Client,
    command: args::GroupChange,
    manner: Manner,
) -> Result<Vec<String>, Fail> {
    let group = carry_out(client, command).await?;
    // What was accepted is stored, whether it gets out now or not.
    patience::flush(client, manner.patience).await?;
    Ok(lines(&group.info().await.map_err(session::fail)?, manner))
}

/// The same change with its files named so that another process finds them.
pub(super) fn seen_from_anywhere(change: args::GroupChange) -> args::GroupChange {
    let args::GroupChange::Picture { group, file: Some(file), remove, save } = change else {
        return change;
    };
    let file = std::path::absolute(&file).unwrap_or(file);
    args::GroupChange::Picture { group, file: Some(file), remove, save }
}

async fn carry_out(client: &Client, command: args::GroupChange) -> Result<Group, Fail> {
    let of = |name: String| async move { group_of(&open(client, &name).await?) };
    let (group, changed) = match command {
        args::GroupChange::Create { title, handles } => {
            let made = client.create_group(title, handles).await.map_err(session::fail)?;
            (group_of(&made)?, Ok(()))
        }
        args::GroupChange::Add { group, handles } => {
            let group = of(group).await?;
            let changed = group.add(handles).await;
            (group, changed)
        }
        args::GroupChange::Remove { group, handles } => {
            let group = of(group).await?;
            let changed = group.remove(handles).await;
            (group, changed)
        }
        args::GroupChange::Leave { group } => {
            let group = of(group).await?;
            let changed = group.leave().await;
            (group, changed)
        }
        args::GroupChange::Promote { group, handle, role } => {
            let group = of(group).await?;
            let changed = group.set_role(handle, role_of(role)).await;
            (group, changed)
        }
        args::GroupChange::Title { group, title } => {
            let group = of(group).await?;
            let changed = group.set_title(title).await;
            (group, changed)
        }
        args::GroupChange::Picture { group, file, .. } => {
            let picture = file.map(|path| read_picture(&path)).transpose()?;
            let group = of(group).await?;
            let changed = group.set_picture(picture).await;
            (group, changed)
        }
        args::GroupChange::Approve { group, handle } => {
            let group = of(group).await?;
            let changed = group.approve(handle).await;
            (group, changed)
        }
        args::GroupChange::Refuse { group, handle } => {
            let group = of(group).await?;
            let changed = group.refuse(handle).await;
            (group, changed)
        }
    };
    changed.map_err(session::fail)?;
    Ok(group)
}

pub(super) fn group_of(conversation: &Conversation) -> Result<Group, Fail> {
    conversation.group().ok_or_else(|| unknown(&conversation.id().to_string()))
}

/// The conversation of a group, by its id or by a title that only one has.
pub(super) async fn open(client: &Client, name: &str) -> Result<Conversation, Fail> {
    let items = match client.conversations().next().await {
        Some(ListDiff::Reset { items }) => items,
        Some(ListDiff::Interrupted { error }) => return Err(session::fail(error)),
        Some(ListDiff::Changed { .. }) | None => Vec::new(),
    };
    let (id, _) = find(&items, name)?;
    client.conversation(id).map_err(session::fail)
}

/// The group of this id, or of this title where only one has it; with its title.
pub(super) fn find(items: &[ConversationItem], name: &str) -> Result<(ConversationId, String), Fail> {
    let groups =
        || items.iter().filter_map(|item| item.with.group().map(|group| (item.conversation_id, group)));
    let by_id = groups().find(|(id, _)| id.to_string().eq_ignore_ascii_case(name));
    let mut by_title = groups().filter(|(_, group)| group.title == name);
    match (by_id, by_title.next(), by_title.next()) {
        (Some((id, group)), _, _) | (None, Some((id, group)), None) => Ok((id, group.title.clone())),
        (None, Some(_), Some(_)) => Err(Fail::usage("group_ambiguous", "more than one group has this title")
            .advise("name it by its id: waxwing-chat conversations --json")),
        (None, None, _) => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> Fail {
    let message = format!("there is no group {} here", safe_text::one_line(name));
    Fail::new("group_unknown", "not_found", message).advise("waxwing-chat conversations lists the groups")
}

fn read_picture(path: &Path) -> Result<Vec<u8>, Fail> {
    // One byte more than is allowed tells that it is too large.
    let limit = limits::GROUP_PICTURE_SIZE_MAX_BYTES as u64 + 1;
    let mut picture = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut picture));
    read.map(|_| picture).map_err(|error| {
        Fail::usage("file_unreadable", format!("the picture cannot be read: {error}"))
            .advise("name a file of at most 32 KiB")
    })
}

/// Writes the picture of a group to a file. Needs no relay.
pub(super) async fn save_picture(common: &Common, name: &str, path: &Path) -> Result<(), Fail> {
    let session = session::open(common, Link::Down).await?;
    let picture = match open(&session.client, name).await.and_then(|chat| group_of(&chat)) {
        Ok(group) => group.picture().await.map_err(session::fail),
        Err(fail) => Err(fail),
    };
    session.close().await;
    let Some(picture) = picture? else {
        return Err(Fail::new(
            "picture_missing",
            "not_found",
            "the group has no picture, or it is not here yet",
        )
        .advise("waxwing-chat listen fetches what is missing"));
    };
    std::fs::write(path, &picture).map_err(|error| {
        Fail::new("output_failed", "storage", format!("the picture cannot be written: {error}"))
            .advise("name another file")
    })?;
    if common.json {
        return out::json(&json!({ "saved_bytes": picture.len() }));
    }
    out::line(&format!("{} bytes", picture.len()))
}

/// Shows a group. Needs neither the relay nor the lock.
pub(super) async fn info(common: &Common, name: &str) -> Result<(), Fail> {
    let (history, _) = session::open_history(common).await?;
    let items = history.conversations().await.map_err(session::fail)?;
    let (conversation, _) = find(&items, name)?;
    let info = history.group(conversation).await.map_err(session::fail)?;
    lines(&info, Manner::of(common)).iter().try_for_each(|line| out::line(line))
}

fn lines(info: &GroupInfo, manner: Manner) -> Vec<String> {
    if manner.json {
        return vec![out::json_text(&info_json(info))];
    }
    let out_of_it = match info.standing {
        GroupStanding::Member => "",
        GroupStanding::Out => " (you are not in it)",
    };
    let head = format!("{} {}{out_of_it}", info.conversation_id, safe_text::one_line(&info.title));
    let member = |member: &Member| format!("  {} {}", name_of(&member.contact), role_word(member.role));
    std::iter::once(head).chain(info.members.iter().map(member)).collect()
}

fn info_json(info: &GroupInfo) -> Value {
    json!({
        "conversation_id": info.conversation_id.to_string(),
        "title": info.title,
        "standing": match info.standing {
            GroupStanding::Member => "member",
            GroupStanding::Out => "out",
        },
        "members": info.members.iter().map(member_json).collect::<Vec<_>>(),
        "picture": info.picture.map(hex::encode),
        "settings": {
            "write": who_word(info.settings.write),
            "add": who_word(info.settings.add),
            "edit": who_word(info.settings.edit),
        },
    })
}

fn member_json(member: &Member) -> Value {
    json!({
        "handle": member.contact.handle.as_ref().map(waxwing::Handle::as_str),
        "account": member.contact.account.to_string(),
        "role": role_word(member.role),
    })
}

fn role_of(role: Role) -> GroupRole {
    match role {
        Role::Member => GroupRole::Member,
        Role::Admin => GroupRole::Admin,
        Role::Owner => GroupRole::Owner,
    }
}
