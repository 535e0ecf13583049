//! `send`: every line durable at once and in order, then waiting for all of them.

use std::io::IsTerminal as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use waxwing::limits::TEXT_SIZE_MAX_BYTES;
use waxwing::{
    Client, Conversation, Delivery, Draft, HoldReason, ListDiff, PAGE_ITEMS_MAX, Page, Sent, Status,
    TimelineItem,
};

use super::task::{self, Held};
use super::{group, lines, message, patience};
use crate::args::{Common, Send, Wait, Whom};
use crate::fail::Fail;
use crate::out;
use crate::record::{self, Record};
use crate::session::{self, Link};

/// Texts, one after the other, perhaps until one that cannot be sent.
pub(crate) type Texts = mpsc::Receiver<Result<String, Fail>>;

/// Newest entries among which a message that was just accepted is found, to print it.
const JUST_NOW: usize = 32;

/// How often a message is looked at whose recipient is gone.
const HOLD_PAUSE: Duration = Duration::from_millis(200);

/// A message that is on disk.
struct Accepted {
    sent: Sent,
    /// Only where it will be printed.
    record: Option<Record>,
}

/// How the waiting went.
#[derive(Default)]
struct Tally {
    accepted: usize,
    arrived: usize,
    stopped: Option<Delivery>,
    timed_out: bool,
}

/// What is to be done with the texts.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Errand {
    /// To whom.
    to: To,
    /// How far every message must get.
    wait: Wait,
    /// Whether each message is reported.
    report: bool,
    /// How long to wait without any progress.
    patience: Duration,
    /// The message that every text answers.
    #[serde(default)]
    reply_to: Option<String>,
}

/// To whom the texts go.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum To {
    /// To the person of this handle.
    Person(String),
    /// To the group of this id or title.
    Group(String),
}

/// Where the messages are reported.
pub(crate) type Report<'a> = &'a mut (dyn FnMut(Record) -> Result<(), Fail> + std::marker::Send);

/// Sends TEXT, or each line of standard input: by itself, or through the program that is connected with this home.
pub(super) async fn run(common: &Common, options: Send) -> Result<(), Fail> {
    let (to, text) = to_whom(options.handle, options.group, options.text)?;
    let texts = texts(text)?;
    let wait = options.wait;
    let reply_to = options.reply_to;
    reply_to.as_deref().map(message::parse).transpose()?;
    let patience = common.patience();
    let errand = Errand { to, wait, report: common.json, patience, reply_to };
    let count = match task::hold(common, Link::Up).await? {
        Held::Here(session) => {
            let result = deliver(&session.client, &errand, texts, &mut |record| out::json(&record)).await;
            session.close().await;
            result?
        }
        Held::There(way) => way.hand_over(errand, texts).await?,
    };
    if std::io::stderr().is_terminal() && !common.json {
        let s = if count == 1 { "" } else { "s" };
        out::remark(&format!("{count} message{s} {}", wait.word()));
    }
    Ok(())
}

impl To {
    /// Whom the command line names.
    pub(super) fn of(whom: Whom) -> Result<To, Fail> {
        match (whom.handle, whom.group) {
            (Some(handle), None) => Ok(To::Person(handle)),
            (None, Some(group)) => Ok(To::Group(group)),
            (Some(_), Some(_)) | (None, None) => {
                Err(Fail::usage("usage", "give either HANDLE or --group GROUP"))
            }
        }
    }
}

/// With a group, what stands where a handle would is the text.
pub(super) fn to_whom(
    handle: Option<String>,
    group: Option<String>,
    text: Option<String>,
) -> Result<(To, Option<String>), Fail> {
    match (handle, group, text) {
        (Some(handle), None, text) => Ok((To::Person(handle), text)),
        (text, Some(group), None) => Ok((To::Group(group), text)),
        (_, Some(_), Some(_)) => {
            Err(Fail::usage("usage", "with --group there is no HANDLE").advise("send --group GROUP TEXT"))
        }
        (None, None, _) => Err(Fail::usage("usage", "nobody is named").advise("send HANDLE TEXT")),
    }
}

fn texts(text: Option<String>) -> Result<Texts, Fail> {
    let Some(text) = text else { return Ok(lines::of_stdin()) };
    if text.is_empty() {
        return Err(Fail::usage("text_empty", "a message needs a text")
            .advise("give a text, or none at all to send the lines of standard input"));
    }
    if text.len() > TEXT_SIZE_MAX_BYTES {
        return Err(session_too_large(text.len()));
    }
    let (sender, receiver) = mpsc::channel(1);
    sender.try_send(Ok(text)).expect("the channel has room for one");
    Ok(receiver)
}

fn session_too_large(bytes: usize) -> Fail {
    let message =
        format!("the text has {bytes} bytes, and a message at most {TEXT_SIZE_MAX_BYTES}; nothing was sent");
    Fail::new("message_too_large", "too_large", message).advise("send it in parts")
}

/// Puts every text into the store and waits for all of them; returns how many there were.
///
/// # Errors
///
/// The first text that was not accepted, a message that stands still, or that time ran out.
pub(crate) async fn deliver(
    client: &Client,
    errand: &Errand,
    texts: Texts,
    report: Report<'_>,
) -> Result<usize, Fail> {
    let (accepted, waiting) = mpsc::unbounded_channel();
    for sent in left_behind(client, &errand.to).await? {
        // The other end is held right here.
        let _ = accepted.send(Accepted { sent, record: None });
    }
    let (ended, has_ended) = watch::channel(false);
    let accept = async {
        let result = accept_all(client, errand, texts, accepted).await;
        ended.send_replace(true);
        result
    };
    let (input, waited) = tokio::join!(accept, follow_all(client, errand, waiting, has_ended, report));
    let flushed = match &waited {
        Ok(tally) if !tally.timed_out && tally.stopped.is_none() => {
            patience::flush(client, errand.patience).await
        }
        Ok(_) | Err(_) => Ok(()),
    };
    input?;
    let tally = waited?;
    judge(client, errand.wait, &tally)?;
    flushed.map(|()| tally.accepted)
}

/// The messages to this person that an earlier run accepted and did not get out. What is not among the newest goes before
/// them, and needs no following.
async fn left_behind(client: &Client, to: &To) -> Result<Vec<Sent>, Fail> {
    let Some(ListDiff::Reset { items }) = client.conversations().next().await else { return Ok(Vec::new()) };
    let found = match to {
        To::Person(handle) => items
            .iter()
            .find(|item| item.with.contact().is_some_and(|peer| peer.name().eq_ignore_ascii_case(handle))),
        To::Group(name) => {
            let (id, _) = group::find(&items, name)?;
            items.iter().find(|item| item.conversation_id == id)
        }
    };
    let Some(item) = found else { return Ok(Vec::new()) };
    let conversation = client.conversation(item.conversation_id).map_err(session::fail)?;
    let newest = conversation.history(Page::newest(PAGE_ITEMS_MAX)).await.map_err(session::fail)?;
    let waits = |item: &&TimelineItem| {
        matches!(
            item.state,
            Status::Outgoing(
                Delivery::Queued | Delivery::Sending | Delivery::Held(HoldReason::RecipientGone)
            )
        )
    };
    Ok(newest.iter().filter(waits).map(|item| client.sent(item.message_id)).collect())
}

/// Puts every text into the store, in order. The recipient is looked up with the first one, so that an empty input only
/// empties the queue.
async fn accept_all(
    client: &Client,
    errand: &Errand,
    mut texts: Texts,
    accepted: mpsc::UnboundedSender<Accepted>,
) -> Result<(), Fail> {
    let mut conversation: Option<Conversation> = None;
    while let Some(text) = texts.recv().await {
        let text = text?;
        let conversation = match &mut conversation {
            Some(conversation) => conversation,
            none @ None => none.insert(open(client, &errand.to).await?),
        };
        let mut draft = Draft::text(text);
        if let Some(answered) = &errand.reply_to {
            draft = draft.reply_to(message::parse(answered)?);
        }
        let sent = conversation.send(draft).await.map_err(session::fail)?;
        let record = if errand.report { Some(record_of(conversation, &sent).await?) } else { None };
        if accepted.send(Accepted { sent, record }).is_err() {
            break;
        }
    }
    Ok(())
}

/// The conversation with a person or of a group.
pub(super) async fn open(client: &Client, to: &To) -> Result<Conversation, Fail> {
    match to {
        To::Person(handle) => client.direct(handle).await.map_err(session::fail),
        To::Group(name) => group::open(client, name).await,
    }
}

async fn record_of(conversation: &Conversation, sent: &Sent) -> Result<Record, Fail> {
    let items = conversation.history(Page::newest(JUST_NOW)).await.map_err(session::fail)?;
    let item = items.iter().rev().find(|item| item.message_id == sent.id());
    let title = conversation.with().group().map(|group| group.title.as_str());
    item.map(|item| Record::of_item(item).in_group(title)).ok_or_else(|| {
        Fail::new("not_found", "not_found", "a message was stored and is not there")
            .advise("see history HANDLE")
    })
}

/// Waits for every message in order, and prints each with the state it reached. Once time ran out the rest is printed as it
/// stands.
async fn follow_all(
    client: &Client,
    errand: &Errand,
    mut waiting: mpsc::UnboundedReceiver<Accepted>,
    has_ended: watch::Receiver<bool>,
    report: Report<'_>,
) -> Result<Tally, Fail> {
    let wanted = match errand.wait {
        Wait::Sent => Delivery::Sent,
        Wait::Delivered => Delivery::Delivered,
        Wait::Read => Delivery::Read,
    };
    let mut tally = Tally::default();
    while let Some(Accepted { sent, record }) = waiting.recv().await {
        let mut ended = has_ended.clone();
        let patience_runs_out = async {
            if !tally.timed_out {
                // The sender lives until the input has ended, and then says so.
                let _ = ended.wait_for(|ended| *ended).await;
                patience::run_out(client, errand.patience).await;
            }
        };
        let state = tokio::select! {
            biased;
            state = arrives(&sent, wanted) => state.map_err(session::fail)?,
            () = patience_runs_out => {
                tally.timed_out = true;
                sent.state().await.map_err(session::fail)?
            }
        };
        tally.accepted += 1;
        match state {
            Delivery::Held(_) | Delivery::Failed(_) | Delivery::Cancelled => tally.stopped = Some(state),
            Delivery::Queued | Delivery::Sending | Delivery::Sent | Delivery::Delivered | Delivery::Read => {
                tally.arrived += usize::from(state >= wanted);
            }
        }
        if let Some(record) = record {
            report(record.at(state))?;
        }
    }
    Ok(tally)
}

/// Waits until a message got so far or stands still. One whose recipient is gone does not: it is tried again by itself.
async fn arrives(sent: &Sent, wanted: Delivery) -> Result<Delivery, waxwing::Error> {
    loop {
        let state = sent.wait_for(wanted).await?;
        if state != Delivery::Held(HoldReason::RecipientGone) {
            return Ok(state);
        }
        sleep(HOLD_PAUSE).await;
    }
}

fn judge(client: &Client, wait: Wait, tally: &Tally) -> Result<(), Fail> {
    let missing = tally.accepted - tally.arrived;
    if let Some(state) = tally.stopped {
        let reason = record::reason_word(state).unwrap_or("cancelled");
        let message = format!(
            "{missing} of {} messages not {}: {}, {reason}",
            tally.accepted,
            wait.word(),
            record::delivery_word(state)
        );
        let advice = match reason {
            "key_changed" => {
                "compare safety numbers, then: waxwing-chat accept HANDLE; they go out by themselves then"
            }
            "recipient_gone" => "ask the other person to register again; see history HANDLE",
            _ => "see history HANDLE --json, and: waxwing-chat retry MESSAGE_ID",
        };
        return Err(Fail::new(reason, "refused", message).advise(advice));
    }
    if tally.timed_out {
        let are = if missing == 1 { "message is" } else { "messages are" };
        return Err(patience::stuck(
            client,
            format!("{missing} of {} {are} not {} yet", tally.accepted, wait.word()),
        ));
    }
    Ok(())
}
