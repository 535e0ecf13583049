//! One message as a line of JSON or a line of text. The fields are a promise: `docs/chat.md` lists them.

pub(crate) mod group;

use serde::Serialize;
use serde_json::Value;
use waxwing::{
    Body, Contact, Delivery, FailureReason, HoldReason, IncomingMessage, Marks, Mention, Notice, Reaction,
    Reception, Status, TimelineItem,
};

use crate::{safe_text, time};

/// One message, or a notice among them.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Record {
    /// `message` or `notice`.
    kind: &'static str,
    /// The message's id, the same on every device.
    message_id: String,
    /// The conversation's id, the same on both sides.
    conversation_id: String,
    /// The sender's handle.
    sender: String,
    /// The sender's account.
    sender_account: String,
    /// `out` or `in`; none for a notice.
    direction: Option<&'static str>,
    /// The exact text; none while it is not known.
    text: Option<String>,
    /// When the sender's clock said it was written.
    sent_at: String,
    /// The same, in milliseconds since 1970.
    sent_at_ms: i64,
    /// When it came to this device's disk.
    stored_at: String,
    /// The same, in milliseconds since 1970.
    stored_at_ms: i64,
    /// The title of the group; only in groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// What was done to the group; only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Value>,
    /// How far it got; none for a notice.
    state: Option<&'static str>,
    /// Why it is held or failed, or what the notice says.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// In the notice that the timer changed: to what.
    #[serde(skip_serializing_if = "Option::is_none")]
    timer_seconds: Option<u32>,
    /// What it carries besides its words.
    #[serde(flatten)]
    marks: MarksRecord,
    /// Whether its author changed it since.
    #[serde(skip_serializing_if = "is_not")]
    edited: bool,
    /// Whether its author took it back.
    #[serde(skip_serializing_if = "is_not")]
    deleted: bool,
    /// What people reacted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<ReactionRecord>,
}

/// What a message carries besides its words; only what there is.
#[derive(Debug, Clone, Default, Serialize)]
struct MarksRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    #[serde(skip_serializing_if = "is_not")]
    forwarded: bool,
    #[serde(skip_serializing_if = "is_not")]
    after_removal: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<MentionRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_kind: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct MentionRecord {
    account: String,
    start_bytes: u32,
    length_bytes: u32,
}

#[derive(Debug, Clone, Serialize)]
struct ReactionRecord {
    reaction: String,
    /// Handles.
    by: Vec<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks so
fn is_not(mark: &bool) -> bool {
    !mark
}

impl MarksRecord {
    fn of(marks: &Marks) -> MarksRecord {
        let mention = |mention: &Mention| MentionRecord {
            account: mention.account.to_string(),
            start_bytes: mention.start_bytes,
            length_bytes: mention.length_bytes,
        };
        MarksRecord {
            reply_to: marks.reply_to.map(|id| id.to_string()),
            forwarded: marks.forwarded,
            after_removal: marks.after_removal,
            mentions: marks.mentions.iter().map(mention).collect(),
            custom_kind: marks.custom.as_ref().map(|custom| custom.kind.clone()),
        }
    }
}

impl ReactionRecord {
    fn of(reaction: &Reaction) -> ReactionRecord {
        let by = reaction.by.iter().map(|by| by.name().to_owned()).collect();
        ReactionRecord { reaction: reaction.reaction.clone(), by }
    }
}

impl Record {
    /// An entry of a timeline.
    pub(crate) fn of_item(item: &TimelineItem) -> Record {
        let (direction, state, reason) = match item.state {
            Status::Outgoing(delivery) => (Some("out"), Some(delivery_word(delivery)), reason_word(delivery)),
            Status::Incoming(reception) => (Some("in"), Some(reception_word(reception)), None),
            Status::Local => (None, None, None),
        };
        let notice = item.notice();
        Record {
            kind: if notice.is_some() || item.group_notice.is_some() { "notice" } else { "message" },
            message_id: item.message_id.to_string(),
            conversation_id: item.conversation_id.to_string(),
            sender: item.sender.name().to_owned(),
            sender_account: item.sender.account.to_string(),
            direction,
            text: item.text().map(str::to_owned),
            sent_at: time::rfc3339_millis(item.sent_at_ms),
            sent_at_ms: item.sent_at_ms,
            stored_at: time::rfc3339_millis(item.stored_at_ms),
            stored_at_ms: item.stored_at_ms,
            group: None,
            event: item.group_notice.as_ref().map(group::event_json),
            state,
            reason: notice.map(notice_word).or(reason).or(item.group_notice.as_ref().map(group::word)),
            timer_seconds: notice.and_then(timer_seconds),
            marks: MarksRecord::of(&item.marks),
            edited: item.edited,
            deleted: item.is_deleted(),
            reactions: item.reactions.iter().map(ReactionRecord::of).collect(),
        }
    }

    /// A message that has just arrived.
    pub(crate) fn of_incoming(message: &IncomingMessage) -> Record {
        Record {
            kind: "message",
            message_id: message.message_id.to_string(),
            conversation_id: message.conversation_id.to_string(),
            sender: message.sender.name().to_owned(),
            sender_account: message.sender.account.to_string(),
            direction: Some("in"),
            text: Some(message.text.clone()),
            sent_at: time::rfc3339_millis(message.sent_at_ms),
            sent_at_ms: message.sent_at_ms,
            stored_at: time::rfc3339_millis(message.stored_at_ms),
            stored_at_ms: message.stored_at_ms,
            group: message.group.clone(),
            event: None,
            state: Some("unread"),
            reason: None,
            timer_seconds: None,
            marks: MarksRecord::of(&message.marks),
            edited: false,
            deleted: false,
            reactions: Vec::new(),
        }
    }

    /// The same entry, in a group.
    pub(crate) fn in_group(mut self, title: Option<&str>) -> Record {
        self.group = title.map(str::to_owned);
        self
    }

    /// The same message, seen by the user.
    pub(crate) fn read(mut self) -> Record {
        self.state = Some("read");
        self
    }

    /// The same message of ours, further on its way.
    pub(crate) fn at(mut self, delivery: Delivery) -> Record {
        self.state = Some(delivery_word(delivery));
        self.reason = reason_word(delivery);
        self
    }
}

/// One entry, and a line for each reaction to it.
pub(crate) fn text_lines(item: &TimelineItem) -> Vec<String> {
    let at = time::rfc3339_seconds(item.sent_at_ms);
    let mut lines = vec![text_line(item)];
    for reaction in &item.reactions {
        let by: Vec<&str> = reaction.by.iter().map(Contact::name).collect();
        let reaction = safe_text::one_line(&reaction.reaction);
        lines.push(format!("{at} * {} reacted: {reaction}", by.join(", ")));
    }
    lines
}

/// The sender's name, and in parentheses what is special about the message: no handle holds any.
fn name_of(item: &TimelineItem) -> String {
    let marks = [
        (item.marks.reply_to.is_some(), "reply"),
        (item.marks.forwarded, "forwarded"),
        (item.marks.after_removal, "came after the removal"),
        (item.edited, "edited"),
    ];
    let words: Vec<&str> = marks.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
    match words.as_slice() {
        [] => item.sender.name().to_owned(),
        words => format!("{} ({})", item.sender.name(), words.join(", ")),
    }
}

/// One entry as a line that nobody can forge: `2026-11-22T03:20:00Z alice: text`. Entries without a text say in angle
/// brackets what they are; ours end with how far they got.
pub(crate) fn text_line(item: &TimelineItem) -> String {
    let at = time::rfc3339_seconds(item.sent_at_ms);
    match (item.state, &item.body) {
        (_, Body::Notice(notice)) => format!("{at} * {}", notice_text(*notice)),
        (_, Body::Group(_)) => format!("{at} * {}", group_text(item)),
        (Status::Incoming(Reception::Lost), Body::Unreadable) => {
            format!("{at} {}: <lost>", item.sender.name())
        }
        (_, Body::Deleted) => format!("{at} {}: <deleted>", item.sender.name()),
        (_, Body::Unreadable) => {
            format!("{at} {}: <waiting for the sender to send it again>", item.sender.name())
        }
        (Status::Outgoing(delivery), Body::Text(text)) => {
            format!("{at} {}: {} [{}]", name_of(item), safe_text::one_line(text), delivery_word(delivery))
        }
        (Status::Incoming(_) | Status::Local, Body::Text(text)) => {
            message_line(item.sent_at_ms, &name_of(item), text)
        }
    }
}

/// Who did what to the group, in a sentence.
pub(crate) fn group_text(item: &TimelineItem) -> String {
    item.group_notice.as_ref().map_or_else(String::new, |notice| group::text(&item.sender, notice))
}

/// A sender, with the group where it is one: `[title] alice`.
pub(crate) fn sender_in(group: Option<&str>, sender: &str) -> String {
    group.map_or_else(|| sender.to_owned(), |title| format!("[{}] {sender}", safe_text::one_line(title)))
}

/// One message as a line that nobody can forge.
pub(crate) fn message_line(sent_at_ms: i64, sender: &str, text: &str) -> String {
    format!("{} {sender}: {}", time::rfc3339_seconds(sent_at_ms), safe_text::one_line(text))
}

/// How far an outgoing message got, in one word.
pub(crate) fn delivery_word(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Queued => "queued",
        Delivery::Held(_) => "held",
        Delivery::Sending => "sending",
        Delivery::Failed(_) => "failed",
        Delivery::Cancelled => "cancelled",
        Delivery::Sent => "sent",
        Delivery::Delivered => "delivered",
        Delivery::Read => "read",
    }
}

/// Why an outgoing message stands still, in one word.
pub(crate) fn reason_word(delivery: Delivery) -> Option<&'static str> {
    match delivery {
        Delivery::Held(HoldReason::KeyChanged) => Some("key_changed"),
        Delivery::Held(HoldReason::RecipientGone) => Some("recipient_gone"),
        Delivery::Failed(FailureReason::RecipientGone) => Some("recipient_gone"),
        Delivery::Failed(FailureReason::TooLarge) => Some("too_large"),
        Delivery::Failed(FailureReason::NotPermitted) => Some("not_permitted"),
        Delivery::Failed(FailureReason::Refused) => Some("refused"),
        Delivery::Queued
        | Delivery::Sending
        | Delivery::Cancelled
        | Delivery::Sent
        | Delivery::Delivered
        | Delivery::Read => None,
    }
}

fn reception_word(reception: Reception) -> &'static str {
    match reception {
        Reception::Waiting => "waiting",
        Reception::Lost => "lost",
        Reception::Unread => "unread",
        Reception::Read => "read",
    }
}

fn timer_seconds(notice: Notice) -> Option<u32> {
    match notice {
        Notice::TimerChanged { seconds } => Some(seconds),
        Notice::KeyChanged | Notice::KeyAccepted | Notice::DevicesChanged | Notice::RelayReset => None,
    }
}

fn notice_word(notice: Notice) -> &'static str {
    match notice {
        Notice::KeyChanged => "key_changed",
        Notice::KeyAccepted => "key_accepted",
        Notice::DevicesChanged => "devices_changed",
        Notice::RelayReset => "relay_reset",
        Notice::TimerChanged { .. } => "timer_changed",
    }
}

/// What a notice says to people.
pub(crate) fn notice_text(notice: Notice) -> &'static str {
    match notice {
        Notice::KeyChanged => "the key of this person changed; sending waits until you accept it",
        Notice::KeyAccepted => "you accepted the new key",
        Notice::DevicesChanged => "this person's devices changed",
        Notice::TimerChanged { seconds: 0 } => "new messages stay from now on",
        Notice::TimerChanged { .. } => "new messages disappear from now on, some time after they were read",
        Notice::RelayReset => "the relay lost its data; what was not delivered is sent again",
    }
}
