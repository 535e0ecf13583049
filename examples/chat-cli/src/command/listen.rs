//! `listen`: every readable message once, in the order of arrival.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use waxwing::{
    Client, Event, Incoming, IncomingMessage, ListDiff, MessageId, PAGE_ITEMS_MAX, Page, Reception, Status,
    TimelineItem,
};

use super::{control, patience};
use crate::args::{Common, Listen};
use crate::fail::Fail;
use crate::out;
use crate::record::{self, Record};
use crate::session::{self, Link};

/// The name under which the store remembers what was printed.
const CONSUMER: &str = "listen";
/// How long the receipts may take when the process was told to end.
const FAREWELL: Duration = Duration::from_secs(3);
/// How long the store is given to show what it has, once the relay has no more.
const QUIET: Duration = Duration::from_millis(300);

/// Why listening ends.
enum End {
    Counted,
    Drained,
    Signal,
}

/// Prints messages as they arrive.
pub(super) async fn run(common: &Common, options: &Listen) -> Result<(), Fail> {
    let session = session::open(common, Link::Up).await?;
    let client = &session.client;
    let _control = control::serve(client, &session::home(common)?);
    let end = Listener::new(client, common, options).listen().await;
    let result = match end {
        Ok(End::Drained) => {
            let marked = if options.read { mark_all_read(client).await } else { Ok(()) };
            marked.and(patience::flush(client, common.patience()).await)
        }
        // What was printed was asked for; the receipts are durable and go out next time at the latest.
        Ok(End::Counted) => {
            let _ = patience::flush(client, common.patience()).await;
            Ok(())
        }
        Ok(End::Signal) => {
            let _ = timeout(FAREWELL, client.flushed()).await;
            Ok(())
        }
        Err(fail) => {
            let _ = timeout(FAREWELL, client.flushed()).await;
            Err(fail)
        }
    };
    session.close().await;
    result
}

struct Listener<'a> {
    client: &'a Client,
    common: &'a Common,
    options: &'a Listen,
    incoming: Incoming,
    printed: u64,
    arrivals: Arrivals,
}

/// What arrived in this run and is not printed yet, kept only for `--until-drained`.
#[derive(Default)]
struct Arrivals {
    announced: HashSet<MessageId>,
    printed: HashSet<MessageId>,
}

impl<'a> Listener<'a> {
    fn new(client: &'a Client, common: &'a Common, options: &'a Listen) -> Listener<'a> {
        let incoming = client.incoming(CONSUMER);
        Listener { client, common, options, incoming, printed: 0, arrivals: Arrivals::default() }
    }

    async fn listen(mut self) -> Result<End, Fail> {
        let client = self.client;
        let until_drained = self.options.until_drained;
        let mut events = client.events();
        let mut has_drained = false;
        // To listen is to wait without an end: only --until-drained and an explicit timeout give up.
        let patience = if until_drained { Some(self.common.patience()) } else { self.common.timeout };
        let drained = client.drained();
        let end_of_process = end_of_process();
        tokio::pin!(drained, end_of_process);
        let mut is_quiet = false;
        loop {
            tokio::select! {
                biased;
                () = &mut end_of_process => return Ok(End::Signal),
                message = self.incoming.next() => match message {
                    None => return Err(Fail::new("shut_down", "shut_down", "the client ended")),
                    Some(message) => {
                        self.take(&message.map_err(session::fail)?).await?;
                        is_quiet = false;
                    }
                },
                event = events.next(), if until_drained => {
                    self.arrivals.note(event);
                    is_quiet = false;
                }
                result = &mut drained, if until_drained && !has_drained => {
                    result.map_err(session::fail)?;
                    has_drained = true;
                }
                () = sleep(QUIET), if has_drained && !is_quiet => {
                    self.forget_what_is_gone().await;
                    if self.arrivals.announced.is_empty() {
                        return Ok(End::Drained);
                    }
                    is_quiet = true;
                }
                () = nothing_for(patience) => return Err(self.given_up()),
            }
            if self.options.count.is_some_and(|count| self.printed >= count) {
                return Ok(End::Counted);
            }
        }
    }

    async fn take(&mut self, message: &IncomingMessage) -> Result<(), Fail> {
        if self.common.json {
            let record = Record::of_incoming(message);
            out::json(&if self.options.read { record.read() } else { record })?;
        } else {
            let sender = record::sender_in(message.group.as_deref(), message.sender.name());
            out::line(&record::message_line(message.sent_at_ms, &sender, &message.text))?;
        }
        self.incoming.done(message).await.map_err(session::fail)?;
        if self.options.read {
            let conversation = self.client.conversation(message.conversation_id).map_err(session::fail)?;
            conversation.mark_read(message.message_id).await.map_err(session::fail)?;
        }
        self.printed += 1;
        if self.options.until_drained && !self.arrivals.announced.remove(&message.message_id) {
            self.arrivals.printed.insert(message.message_id);
        }
        Ok(())
    }

    /// What was taken back before it was printed never will be.
    async fn forget_what_is_gone(&mut self) {
        for id in self.arrivals.announced.clone() {
            let item = self.client.message(id).await;
            if item.is_ok_and(|item| item.text().is_some()) {
                continue;
            }
            self.arrivals.announced.remove(&id);
        }
    }

    fn given_up(&self) -> Fail {
        let printed = match self.printed {
            1 => String::from("1 message was printed"),
            count => format!("{count} messages were printed"),
        };
        patience::stuck(self.client, format!("{printed}, and no more came in time"))
            .advise("run it again: it goes on after the last message that was printed")
    }
}

impl Arrivals {
    /// A message can be printed before it is announced.
    fn note(&mut self, event: Option<Event>) {
        match event {
            Some(Event::MessageReadable(message)) => {
                if !self.printed.remove(&message) {
                    self.announced.insert(message);
                }
            }
            // Too many at once to count them: the quiet time at the end must do.
            Some(Event::Lagged) => self.announced.clear(),
            Some(_) | None => {}
        }
    }
}

async fn nothing_for(patience: Option<Duration>) {
    match patience {
        Some(patience) => sleep(patience).await,
        None => std::future::pending().await,
    }
}

/// Everything was printed, also by earlier runs that did not mark it.
async fn mark_all_read(client: &Client) -> Result<(), Fail> {
    let Some(ListDiff::Reset { items }) = client.conversations().next().await else { return Ok(()) };
    for item in items.into_iter().filter(|item| item.unread > 0) {
        let conversation = client.conversation(item.conversation_id).map_err(session::fail)?;
        let newest = conversation.history(Page::newest(PAGE_ITEMS_MAX)).await.map_err(session::fail)?;
        let unread = |item: &&TimelineItem| item.state == Status::Incoming(Reception::Unread);
        if let Some(last) = newest.iter().rev().find(unread) {
            conversation.mark_read(last.message_id).await.map_err(session::fail)?;
        }
    }
    Ok(())
}

/// Returns when the process is told to end, politely.
async fn end_of_process() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
