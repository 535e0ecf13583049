//! Where keys, diffs and the client meet.

use crossterm::event::{Event as TerminalEvent, EventStream};
use futures_util::StreamExt as _;
use ratatui::DefaultTerminal;
use tokio::sync::mpsc;
use waxwing::{
    Client, Conversation, ConversationItem, ConversationList, Delivery, Draft, Event, LinkState, ListDiff,
    MemberReceipt, MessageId, Page, Reach, Reception, Registration, Status, Timeline, TimelineDiff,
    TimelineItem,
};

use super::cannot_draw;
use super::state::{Action, App, Ask, ConversationRow, Entry, Link, Mark, Receipts};
use super::view;
use crate::fail::Fail;
use crate::{record, safe_text, session};

const PAGE_ITEMS: usize = 50;
/// Answers of slow calls that wait to be shown.
const ANSWERS_WAITING_MAX: usize = 64;

/// What a slow call brought.
enum Answer {
    Registered(Result<(), Fail>),
    Found(Result<Conversation, Fail>),
    Done(Result<(), Fail>),
}

/// Runs the interface.
pub(super) struct Driver {
    app: App,
    client: Client,
    items: Vec<ConversationItem>,
    open: Option<(Conversation, Timeline)>,
    answers: mpsc::Sender<Answer>,
    answered: mpsc::Receiver<Answer>,
}

impl Driver {
    /// A driver of this client, perhaps with a conversation to open first.
    pub(super) fn new(client: Client, open: Option<&str>) -> Driver {
        let (answers, answered) = mpsc::channel(ANSWERS_WAITING_MAX);
        let mut driver =
            Driver { app: App::default(), client, items: Vec::new(), open: None, answers, answered };
        driver.refresh_account();
        if let Some(handle) = open {
            driver.start(handle.to_owned());
        }
        driver
    }

    /// Shows everything and does what the keys say, until the user leaves.
    pub(super) async fn run(mut self, terminal: &mut DefaultTerminal) -> Result<(), Fail> {
        let mut keys = EventStream::new();
        let mut events = self.client.events();
        let mut list = self.client.conversations();
        loop {
            self.app.link = link(self.client.link());
            self.app.queued = usize::try_from(self.client.outbox_len().unwrap_or(0)).unwrap_or(usize::MAX);
            terminal.draw(|frame| view::draw(frame, &mut self.app)).map_err(|error| cannot_draw(&error))?;
            tokio::select! {
                event = keys.next() => match event {
                    Some(Ok(event)) => {
                        if let Some(action) = self.on_terminal(&event) {
                            if action == Action::Quit {
                                return Ok(());
                            }
                            self.act(action).await;
                        }
                    }
                    Some(Err(error)) => return Err(cannot_draw(&error)),
                    None => return Ok(()),
                },
                diff = next_of_list(&mut list) => self.on_list(diff),
                diff = next_of_timeline(&mut self.open) => self.on_timeline(diff).await,
                event = events.next() => match event {
                    Some(event) => self.on_event(&event),
                    None => return Ok(()),
                },
                Some(answer) = self.answered.recv() => self.on_answer(answer),
            }
        }
    }

    fn on_terminal(&mut self, event: &TerminalEvent) -> Option<Action> {
        match event {
            TerminalEvent::Key(key) => self.app.on_key(*key),
            TerminalEvent::Paste(text) => {
                self.app.on_paste(text);
                None
            }
            TerminalEvent::FocusGained
            | TerminalEvent::FocusLost
            | TerminalEvent::Mouse(_)
            | TerminalEvent::Resize(..) => None,
        }
    }

    async fn act(&mut self, action: Action) {
        match action {
            Action::Quit => {}
            Action::Show(id) => {
                let found = self.items.iter().find(|item| item.conversation_id.to_string() == id);
                match found.map(|item| self.client.conversation(item.conversation_id)) {
                    Some(Ok(conversation)) => self.open(conversation),
                    Some(Err(error)) => self.complain(session::fail(error)),
                    None => {}
                }
            }
            Action::Send { text, reply_to } => self.send(text, reply_to).await,
            Action::React { to, reaction } => self.react(&to, reaction).await,
            Action::Older => self.older().await,
            Action::Start(handle) => self.start(handle),
            Action::Register(handle) => self.register(handle),
            Action::AcceptKey => self.accept_key(),
            Action::Receipts(id) => match self.receipts(&id).await {
                Ok(receipts) => self.app.receipts = receipts,
                Err(error) => self.complain(session::fail(error)),
            },
        }
    }

    fn open(&mut self, conversation: Conversation) {
        self.app.open = Some(conversation.id().to_string());
        self.app.entries.clear();
        self.app.at_oldest = true;
        self.app.scrolled = 0;
        self.app.chosen = None;
        let timeline = conversation.timeline(Page::newest(PAGE_ITEMS));
        self.open = Some((conversation, timeline));
    }

    /// A message is durable before the line is given up: if the store refuses it, it stands in the line again.
    async fn send(&mut self, text: String, reply_to: Option<String>) {
        let Some((conversation, _)) = &self.open else { return };
        let mut draft = Draft::text(text.as_str());
        if let Some(id) = reply_to.as_ref().and_then(|id| id.parse().ok()) {
            draft = draft.reply_to(id);
        }
        if let Err(error) = conversation.send(draft).await {
            self.app.compose.set(&text);
            self.app.chosen = reply_to;
            self.complain(session::fail(error));
        }
    }

    async fn react(&mut self, to: &str, reaction: String) {
        let (Some((conversation, _)), Ok(to)) = (&self.open, to.parse::<MessageId>()) else { return };
        if let Err(error) = conversation.react(to, reaction).await {
            self.complain(session::fail(error));
        }
    }

    async fn older(&mut self) {
        let Some((_, timeline)) = &mut self.open else { return };
        match timeline.older(PAGE_ITEMS).await {
            Ok(items) => {
                self.app.at_oldest = items.len() < PAGE_ITEMS;
                let entries = self.entries(&items).await;
                self.app.entries.splice(..0, entries);
            }
            Err(error) => self.complain(session::fail(error)),
        }
    }

    /// Who has a message of ours in the open conversation, as far as that is known now.
    async fn receipts(&self, id: &str) -> Result<Option<Receipts>, waxwing::Error> {
        let (Some((conversation, _)), Ok(id)) = (&self.open, id.parse::<MessageId>()) else {
            return Ok(None);
        };
        let item = self.client.message(id).await?;
        let members = match (conversation.group(), conversation.peer()) {
            (Some(group), _) => group.receipts(id).await?.members,
            (None, Some(peer)) => {
                let reach = match item.state {
                    Status::Outgoing(Delivery::Read) => Reach::Read,
                    Status::Outgoing(Delivery::Delivered) => Reach::Delivered,
                    Status::Outgoing(_) | Status::Incoming(_) | Status::Local => Reach::Unknown,
                };
                vec![MemberReceipt { contact: peer.clone(), reach }]
            }
            (None, None) => Vec::new(),
        };
        let at = |wanted: Reach| -> Vec<String> {
            let of = members.iter().filter(|member| member.reach == wanted);
            of.map(|member| safe_text::one_line(&record::group::name_of(&member.contact))).collect()
        };
        Ok(Some(Receipts {
            text: item.text().unwrap_or_default().to_owned(),
            read: at(Reach::Read),
            delivered: at(Reach::Delivered),
            waiting: at(Reach::Unknown),
        }))
    }

    fn start(&mut self, handle: String) {
        let client = self.client.clone();
        self.later(async move { Answer::Found(client.direct(&handle).await.map_err(session::fail)) });
    }

    fn register(&mut self, handle: String) {
        self.app.ask(Ask::Register, Some(String::from("asking the relay ...")));
        let client = self.client.clone();
        self.later(async move {
            let registered = async { client.register(Registration::open(&handle)?).await.map(drop) };
            Answer::Registered(registered.await.map_err(session::fail))
        });
    }

    fn accept_key(&mut self) {
        let Some((conversation, _)) = &self.open else { return };
        let (client, account) = (self.client.clone(), conversation.peer().map(|peer| peer.account));
        let Some(account) = account else { return };
        self.later(async move { Answer::Done(client.accept_key(account).await.map_err(session::fail)) });
    }

    fn later(&self, work: impl Future<Output = Answer> + Send + 'static) {
        let answers = self.answers.clone();
        tokio::spawn(async move {
            // Nobody waits any more: the interface is closed.
            let _ = answers.send(work.await).await;
        });
    }

    fn on_answer(&mut self, answer: Answer) {
        match answer {
            Answer::Registered(Ok(())) => {
                self.app.prompt = None;
                self.refresh_account();
            }
            Answer::Registered(Err(fail)) => {
                self.app.ask(Ask::Register, Some(format!("{}; {}", fail.message, fail.advice)));
            }
            Answer::Found(Ok(conversation)) => {
                self.app.prompt = None;
                self.open(conversation);
            }
            Answer::Found(Err(fail)) => {
                self.app.ask(Ask::Conversation, Some(format!("{} ({})", fail.message, fail.code)))
            }
            Answer::Done(Ok(())) => {}
            Answer::Done(Err(fail)) => self.complain(fail),
        }
    }

    fn on_event(&mut self, event: &Event) {
        match event {
            Event::SignedOut(why) => self.app.note = Some(format!("this device is signed out: {why}")),
            Event::RelayReset => self.app.note = Some(String::from("the relay lost its data; sending again")),
            Event::Registered => self.refresh_account(),
            Event::StoreRolledBack => {
                self.app.note =
                    Some(String::from("this store is an old copy; messages since then may be missing"));
            }
            // The rest shows through the list, the timeline and the status bar.
            Event::Link(_)
            | Event::ConversationChanged(_)
            | Event::DeliveryChanged(_)
            | Event::MessageReadable(_)
            | Event::Drained
            | Event::KeyChanged(_)
            | Event::VerificationChanged(_)
            | Event::DevicesChanged(_)
            | Event::JoinRequested { .. }
            | Event::JoinAnswered(_)
            | Event::OutboxEmpty
            | Event::Lagged => {}
        }
    }

    fn on_list(&mut self, diff: ListDiff) {
        match diff {
            ListDiff::Reset { items } => self.items = items,
            ListDiff::Changed { items } => {
                self.items.retain(|old| items.iter().all(|new| new.conversation_id != old.conversation_id));
                self.items.extend(items);
                self.items.sort_by_key(|item| std::cmp::Reverse(item.order));
            }
            ListDiff::Interrupted { error } => self.complain(session::fail(error)),
        }
        self.app.conversations = self.items.iter().map(row).collect();
    }

    async fn on_timeline(&mut self, diff: TimelineDiff) {
        match diff {
            TimelineDiff::Reset { items } => {
                self.app.at_oldest = items.len() < PAGE_ITEMS;
                self.app.entries = self.entries(&items).await;
                self.mark_read(&items).await;
            }
            TimelineDiff::Appended { items } => {
                let entries = self.entries(&items).await;
                self.app.entries.extend(entries);
                self.mark_read(&items).await;
            }
            TimelineDiff::Changed { items } => {
                for new in self.entries(&items).await {
                    if let Some(old) = self.app.entries.iter_mut().find(|old| old.id == new.id) {
                        *old = new;
                    }
                }
                self.mark_read(&items).await;
            }
            TimelineDiff::Interrupted { error } => self.complain(session::fail(error)),
        }
    }

    /// Entries as they are shown, with what those say that they answer.
    async fn entries(&self, items: &[TimelineItem]) -> Vec<Entry> {
        let mut entries: Vec<Entry> = items.iter().map(entry).collect();
        for (entry, item) in entries.iter_mut().zip(items) {
            if let Some(id) = item.marks.reply_to.filter(|_| item.text().is_some()) {
                let near = items.iter().find(|near| near.message_id == id).cloned();
                let answered = match near {
                    Some(near) => Some(near),
                    None => self.client.message(id).await.ok(),
                };
                let of_here = answered.filter(|answered| answered.conversation_id == item.conversation_id);
                entry.quote =
                    Some(of_here.as_ref().map_or_else(|| String::from("a message that is not here"), quote));
            }
        }
        entries
    }

    /// What is on the screen is read.
    async fn mark_read(&mut self, items: &[TimelineItem]) {
        let Some((conversation, _)) = &self.open else { return };
        let unread = |item: &&TimelineItem| item.state == Status::Incoming(Reception::Unread);
        let Some(last) = items.iter().rev().find(unread) else { return };
        if let Err(error) = conversation.mark_read(last.message_id).await {
            self.complain(session::fail(error));
        }
    }

    fn refresh_account(&mut self) {
        self.app.me = self.client.me().ok().flatten().map(|me| me.handle.to_string());
        if self.app.me.is_none() {
            self.app.ask(Ask::Register, None);
        }
    }

    fn complain(&mut self, fail: Fail) {
        self.app.note = Some(format!("{}; {}", fail.message, fail.advice));
    }
}

async fn next_of_list(list: &mut ConversationList) -> ListDiff {
    match list.next().await {
        Some(diff) => diff,
        // The client is closed, which the events tell too.
        None => std::future::pending().await,
    }
}

async fn next_of_timeline(open: &mut Option<(Conversation, Timeline)>) -> TimelineDiff {
    if let Some((_, timeline)) = open
        && let Some(diff) = timeline.next().await
    {
        return diff;
    }
    std::future::pending().await
}

fn link(state: LinkState) -> Link {
    match state {
        LinkState::Connecting => Link::Connecting,
        LinkState::Online => Link::Online,
        LinkState::Offline => Link::Offline,
        LinkState::Stopped => Link::Stopped,
    }
}

fn row(item: &ConversationItem) -> ConversationRow {
    ConversationRow {
        id: item.conversation_id.to_string(),
        handle: match item.with.group() {
            Some(group) if group.title.is_empty() => String::from("(no title)"),
            Some(_) | None => safe_text::one_line(item.with.name()),
        },
        is_group: item.with.group().is_some(),
        unread: item.unread,
        key_changed: item.key_changed,
    }
}

/// A message that another one answers, in a line.
fn quote(item: &TimelineItem) -> String {
    let by = if item.is_outgoing() { String::from("you") } else { record::group::name_of(&item.sender) };
    let text = item.text().unwrap_or("this message was deleted");
    safe_text::one_line(&format!("{by}: {text}"))
}

/// Most names after a reaction; of more, it says how many.
const NAMES_MAX: usize = 3;

/// A text with what is special about it: whether it was forwarded or edited, and a line of reactions.
fn with_marks(item: &TimelineItem, text: &str) -> String {
    let forwarded = if item.marks.forwarded { "(forwarded) " } else { "" };
    let late = if item.marks.after_removal { " (came after the removal)" } else { "" };
    let edited = if item.edited { " (edited)" } else { "" };
    let reactions = item.reactions.iter().map(|reaction| {
        let names: Vec<String> = reaction.by.iter().map(record::group::name_of).collect();
        match names.len() {
            0..=NAMES_MAX => format!("{} {}", reaction.reaction, names.join(", ")),
            count => format!("{} {count}", reaction.reaction),
        }
    });
    let reactions: Vec<String> = reactions.collect();
    let line = if reactions.is_empty() { String::new() } else { format!("\n  {}", reactions.join("  ")) };
    format!("{forwarded}{text}{edited}{late}{line}")
}

fn entry(item: &TimelineItem) -> Entry {
    let mark = match item.state {
        Status::Outgoing(_) if item.is_deleted() => Mark::Cancelled,
        Status::Incoming(_) if item.is_deleted() => Mark::Unreadable,
        Status::Outgoing(Delivery::Queued | Delivery::Sending) => Mark::Queued,
        Status::Outgoing(Delivery::Held(_)) => Mark::Held,
        Status::Outgoing(Delivery::Failed(_)) => Mark::Failed,
        Status::Outgoing(Delivery::Cancelled) => Mark::Cancelled,
        Status::Outgoing(Delivery::Sent) => Mark::Sent,
        Status::Outgoing(Delivery::Delivered) => Mark::Delivered,
        Status::Outgoing(Delivery::Read) => Mark::Read,
        Status::Incoming(Reception::Unread | Reception::Read) => Mark::Theirs,
        Status::Incoming(Reception::Waiting | Reception::Lost) => Mark::Unreadable,
        Status::Local => Mark::Notice,
    };
    let text = match (item.text(), item.notice(), item.state) {
        (Some(text), _, _) => with_marks(item, text),
        (None, None, _) if item.is_deleted() => String::from("this message was deleted"),
        (None, Some(notice), _) => record::notice_text(notice).to_owned(),
        (None, None, _) if item.group_notice.is_some() => record::group_text(item),
        (None, None, Status::Incoming(Reception::Lost)) => String::from("this message is lost"),
        (None, None, _) => String::from("waiting for the sender to send it again"),
    };
    let sender = record::group::name_of(&item.sender);
    Entry { id: item.message_id.to_string(), mark, sender, quote: None, text, at_ms: item.sent_at_ms }
}
