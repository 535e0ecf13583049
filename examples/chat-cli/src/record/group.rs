//! What happened in a group, in words.

use serde_json::{Value, json};
use waxwing::{Contact, GroupNotice, GroupRole, GroupWho};

use crate::safe_text;

/// What happened, in one word.
pub(super) fn word(notice: &GroupNotice) -> &'static str {
    match notice {
        GroupNotice::Created(_) => "group_created",
        GroupNotice::Joined => "group_joined",
        GroupNotice::Added(_) => "members_added",
        GroupNotice::Removed(_) => "members_removed",
        GroupNotice::Left => "member_left",
        GroupNotice::Role(_) => "role_changed",
        GroupNotice::Settings(_) => "settings_changed",
        GroupNotice::Title(_) => "title_changed",
        GroupNotice::NotDone => "not_done",
        GroupNotice::Apart => "seen_apart",
        GroupNotice::ToldOtherwise(_) => "told_otherwise",
        GroupNotice::AsksToJoin => "join_requested",
        GroupNotice::Picture => "picture_changed",
    }
}

/// What goes with the word.
pub(super) fn event_json(notice: &GroupNotice) -> Value {
    let all = |who: &[Contact]| {
        who.iter()
            .map(|who| json!({ "handle": who.handle.as_ref().map(waxwing::Handle::as_str), "account": who.account.to_string() }))
            .collect::<Vec<_>>()
    };
    match notice {
        GroupNotice::Created(who) | GroupNotice::Added(who) | GroupNotice::Removed(who) => {
            json!({ "members": all(who) })
        }
        GroupNotice::ToldOtherwise(witness) => json!({ "members": all(std::slice::from_ref(witness)) }),
        GroupNotice::Role(member) => {
            json!({ "members": all(std::slice::from_ref(&member.contact)), "role": role_word(member.role) })
        }
        GroupNotice::Settings(settings) => json!({
            "write": who_word(settings.write), "add": who_word(settings.add), "edit": who_word(settings.edit),
        }),
        GroupNotice::Title(title) => json!({ "title": title }),
        GroupNotice::Joined
        | GroupNotice::Left
        | GroupNotice::NotDone
        | GroupNotice::Apart
        | GroupNotice::AsksToJoin
        | GroupNotice::Picture => json!({}),
    }
}

/// What happened, in a sentence.
pub(super) fn text(sender: &Contact, notice: &GroupNotice) -> String {
    let by = name_of(sender);
    match notice {
        GroupNotice::Created(_) => format!("{by} made this group"),
        GroupNotice::Joined => format!("{by} added you: what was written before cannot be read here"),
        GroupNotice::Added(who) => format!("{by} added {}", names(who)),
        GroupNotice::Removed(who) => format!("{by} removed {}", names(who)),
        GroupNotice::Left => format!("{by} left"),
        GroupNotice::Role(member) => {
            format!("{by} made {} {}", name_of(&member.contact), role_word(member.role))
        }
        GroupNotice::Settings(_) => format!("{by} changed what members may do"),
        GroupNotice::Title(title) => format!("{by} called the group \"{}\"", safe_text::one_line(title)),
        GroupNotice::AsksToJoin => format!("{by} asks to join"),
        GroupNotice::Picture => format!("{by} changed the picture"),
        GroupNotice::NotDone => {
            String::from("not done: others changed the group first, or a limit was reached")
        }
        GroupNotice::Apart => {
            format!("{by} sees other members in this group than you do: compare them, and be careful")
        }
        GroupNotice::ToldOtherwise(witness) => {
            let witness = name_of(witness);
            format!(
                "something that {by} wrote reads otherwise at {witness}: one of them is not honest with you"
            )
        }
    }
}

fn names(who: &[Contact]) -> String {
    who.iter().map(name_of).collect::<Vec<_>>().join(", ")
}

/// The handle, or the account's id where none is known.
pub(crate) fn name_of(contact: &Contact) -> String {
    contact.handle.as_ref().map_or_else(|| contact.account.to_string(), ToString::to_string)
}

/// A role, in one word.
pub(crate) fn role_word(role: GroupRole) -> &'static str {
    match role {
        GroupRole::Member => "member",
        GroupRole::Admin => "admin",
        GroupRole::Owner => "owner",
    }
}

/// Who may do something, in one word.
pub(crate) fn who_word(who: GroupWho) -> &'static str {
    match who {
        GroupWho::Everyone => "everyone",
        GroupWho::Admins => "admins",
    }
}
