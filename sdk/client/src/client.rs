//! The client: a handle that can be cloned and shared.

use std::sync::Arc;

use waxwing_engine::{Command, ConversationId, Outcome};
use waxwing_wire::{AccountId, Handle, MessageId};

use crate::account::{Me, RecoveryKey, Registration};
use crate::builder::ClientBuilder;
use crate::conversation::{Contact, Conversation, Sent, With};
use crate::error::{Code, Error, Result};
use crate::events::{Events, LinkState};
use crate::incoming::Incoming;
use crate::lifecycle::Lifecycle;
use crate::list::ConversationList;
use crate::safety::{self, SafetyNumber};
use crate::shared::{Request, Shared};
use crate::store::search::search;
use crate::store::show;
use crate::timeline::{PAGE_ITEMS_MAX, TimelineItem};
use crate::token::TokenRequest;

/// One device of one account. Clones are the same client; it lives until the last handle is gone, or until
/// [`close`](Client::close).
///
/// Every call may be given up: what it asked for goes on.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

impl Client {
    /// Begins to set up a client of the relay at this address, such as `wss://relay.example`.
    pub fn builder(relay_url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(relay_url.into())
    }

    pub(crate) fn new(shared: Arc<Shared>) -> Client {
        Client { shared }
    }

    /// Makes an account, or brings an existing one here; connects for it.
    ///
    /// Calling it again with the same handle, after it was interrupted, goes on where it stood.
    ///
    /// # Errors
    ///
    /// `offline`, `already_registered`, `token_unavailable`, or why the relay refused: `handle_taken`, `token_required`,
    /// `token_expired`, ...
    pub async fn register(&self, registration: Registration) -> Result<Me> {
        let mut wanted = registration.into_command()?;
        let mut answer = self.shared.command(Command::Register(wanted.clone())).await;
        // Once for a relay that wants a token, and once more for a token that was too old by then.
        for _ in 0..2 {
            let (Err(refusal), Some(tokens)) = (&answer, &self.shared.tokens) else { break };
            if !refusal.wants_token() {
                break;
            }
            let request =
                TokenRequest { handle: wanted.handle.clone(), expired: refusal.says_token_expired() };
            let token = tokens.token(request).await.map_err(|_| Code::TokenUnavailable)?;
            wanted.token = Some(Registration::check_token(token)?);
            answer = self.shared.command(Command::Register(wanted.clone())).await;
        }
        answer?;
        self.shared.board.me().ok_or_else(|| Code::Bug.into())
    }

    /// This device's account, once it is registered.
    ///
    /// # Errors
    ///
    /// None at present; the signature leaves room for the store's.
    pub fn me(&self) -> Result<Option<Me>> {
        Ok(self.shared.board.me())
    }

    /// The account's secret key, for the user to keep.
    ///
    /// # Errors
    ///
    /// `not_registered`, `not_found` on a device that does not hold it, or what the store says.
    pub fn recovery_key(&self) -> Result<RecoveryKey> {
        let local = self.shared.readers.read_now(show::account_key)?.ok_or(Code::NotRegistered)?;
        local.map(|key| RecoveryKey::from_bytes(*key)).ok_or_else(|| Code::NotFound.into())
    }

    /// The conversation with an account, by its handle or by its id. One that is known here is found offline; for a handle
    /// that is not, the relay is asked, and the conversation is made.
    ///
    /// # Errors
    ///
    /// `unknown_account`, `offline` for a handle that is not known here, `not_found` for an account that is not,
    /// `handle_invalid`, `not_registered`.
    pub async fn direct(&self, whose: impl Into<Whose>) -> Result<Conversation> {
        let me = self.shared.board.me().ok_or(Code::NotRegistered)?;
        let handle = match whose.into() {
            Whose::Handle(handle) => Handle::new(&handle).map_err(|_| Code::InvalidHandle)?,
            Whose::Account(account) => {
                let id = ConversationId::direct(me.account, account);
                let with = self.shared.read(move |db| show::with(db, id)).await?.ok_or(Code::NotFound)?;
                return Ok(Conversation::new(Arc::clone(&self.shared), id, with));
            }
        };
        let wanted = handle.clone();
        let known = self.shared.read(move |db| show::conversation_by_handle(db, &wanted)).await?;
        if let Some((id, peer)) = known {
            return Ok(Conversation::new(Arc::clone(&self.shared), id, With::Contact(peer)));
        }
        match self.shared.command(Command::Find(handle.clone())).await? {
            Outcome::Account(account) => {
                let id = ConversationId::direct(me.account, account);
                let peer = Contact { account, handle: Some(handle) };
                Ok(Conversation::new(Arc::clone(&self.shared), id, With::Contact(peer)))
            }
            Outcome::Done | Outcome::Conversation(_) | Outcome::Invitation(_) => Err(Code::Bug.into()),
        }
    }

    /// A conversation that is known here.
    ///
    /// # Errors
    ///
    /// `not_found`, or what the store says.
    pub fn conversation(&self, id: ConversationId) -> Result<Conversation> {
        let with = self.shared.readers.read_now(|db| show::with(db, id))?.ok_or(Code::NotFound)?;
        Ok(Conversation::new(Arc::clone(&self.shared), id, with))
    }

    /// Makes a group with these other members, and its conversation. It can be written to at once, offline too; the relay and
    /// the others learn of it once there is a link.
    ///
    /// # Errors
    ///
    /// `unknown_account`, `offline` for a handle that is not known here, `handle_invalid`, `not_registered`,
    /// `message_too_large` for a title or for members beyond the limits, or what the store says.
    pub async fn create_group<W: Into<Whose>>(
        &self,
        title: impl Into<String>,
        members: impl IntoIterator<Item = W>,
    ) -> Result<Conversation> {
        let title = title.into();
        let members = self.shared.accounts(members).await?;
        match self.shared.command(Command::CreateGroup { title, members }).await? {
            Outcome::Conversation(id) => self.conversation(id),
            Outcome::Done | Outcome::Account(_) | Outcome::Invitation(_) => Err(Code::Bug.into()),
        }
    }

    /// Watches the list of conversations.
    #[must_use]
    pub fn conversations(&self) -> ConversationList {
        ConversationList::new(Arc::clone(&self.shared))
    }

    /// Takes up a message that was sent before, to follow it. Its state is `not_found` if it is not one of ours.
    #[must_use]
    pub fn sent(&self, message: MessageId) -> Sent {
        Sent::new(Arc::clone(&self.shared), message)
    }

    /// One entry of a conversation, by its id.
    ///
    /// # Errors
    ///
    /// `not_found`, or what the store says.
    pub async fn message(&self, id: MessageId) -> Result<TimelineItem> {
        let found = self.shared.read(move |db| show::item(db, id)).await?;
        found.ok_or_else(|| Code::NotFound.into())
    }

    /// Finds messages with these words in all conversations, the newest first, at most `limit` and at most
    /// [`PAGE_ITEMS_MAX`](crate::PAGE_ITEMS_MAX). Every word must be there, in any order; the last may be only begun. Case and accents do
    /// not matter. The index stands in the encrypted store.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn search(&self, words: impl Into<String>, limit: usize) -> Result<Vec<TimelineItem>> {
        let (words, limit) = (words.into(), limit.min(PAGE_ITEMS_MAX));
        self.shared.read(move |db| search(db, None, &words, limit)).await
    }

    /// How the connection stands.
    #[must_use]
    pub fn link(&self) -> LinkState {
        *self.shared.board.link.borrow()
    }

    /// Waits until the device is logged in.
    ///
    /// # Errors
    ///
    /// `shut_down`.
    pub async fn wait_online(&self) -> Result<()> {
        let mut link = self.shared.board.link.subscribe();
        tokio::select! {
            found = link.wait_for(|link| *link == LinkState::Online) => found.map(drop).map_err(|_| Code::ShutDown.into()),
            () = self.shared.requests.closed() => Err(Code::ShutDown.into()),
        }
    }

    /// Listens from now on.
    #[must_use]
    pub fn events(&self) -> Events {
        Events(self.shared.board.listen())
    }

    /// Makes the id of a message that is to be sent ([`Draft::with_id`](crate::Draft::with_id)).
    #[must_use]
    pub fn new_message_id(&self) -> MessageId {
        self.shared.new_message_id()
    }

    /// Readable incoming messages, for a consumer that is known by its name and remembers how far it got.
    #[must_use]
    pub fn incoming(&self, consumer: &str) -> Incoming {
        Incoming::new(Arc::clone(&self.shared), consumer)
    }

    /// Waits until the relay has everything that can go out.
    ///
    /// # Errors
    ///
    /// `shut_down`, `suspended`, or what the store says.
    pub async fn flushed(&self) -> Result<()> {
        self.shared.ask(|answer| Request::Flushed { answer }).await
    }

    /// Waits until everything that the relay had, when it was connected to, is here.
    ///
    /// # Errors
    ///
    /// `shut_down`, `suspended`, `not_registered`.
    pub async fn drained(&self) -> Result<()> {
        self.shared.ask(|answer| Request::Drained { answer }).await
    }

    /// How many items wait for the relay to take them.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub fn outbox_len(&self) -> Result<u64> {
        self.shared.readers.read_now(show::outbox_len)
    }

    /// Suspending, resuming, background fetch.
    #[must_use]
    pub fn lifecycle(&self) -> Lifecycle {
        Lifecycle::new(Arc::clone(&self.shared))
    }

    /// Accepts an account's new key; messages that were held go out. Compare safety numbers before.
    ///
    /// # Errors
    ///
    /// `not_found` for an account that is not known here, or what the store says.
    pub async fn accept_key(&self, whose: impl Into<Whose>) -> Result<()> {
        let account = self.account_of(whose.into()).await?;
        self.shared.command(Command::AcceptKey(account)).await.map(drop)
    }

    /// The account that is meant, which must be known here.
    async fn account_of(&self, whose: Whose) -> Result<AccountId> {
        match whose {
            Whose::Account(account) => Ok(account),
            Whose::Handle(handle) => {
                let handle = Handle::new(&handle).map_err(|_| Code::InvalidHandle)?;
                let found = self.shared.read(move |db| show::account_by_handle(db, &handle)).await?;
                found.ok_or_else(|| Code::NotFound.into())
            }
        }
    }

    /// The number that the user and another person compare, to know that nobody stands between them. Where the person's key
    /// changed and was not accepted yet, it is the number of the new key.
    ///
    /// # Errors
    ///
    /// `not_found` for an account that is not known here, `invalid_input` for our own, `not_registered`.
    pub async fn safety_number(&self, whose: impl Into<Whose>) -> Result<SafetyNumber> {
        let account = self.account_of(whose.into()).await?;
        self.shared.read(move |db| safety::read(db, account)).await?
    }

    /// Marks a person as verified: the user found the same number on the other person's screen. It is kept until the person's
    /// key changes, and told as [`Event::VerificationChanged`](crate::Event::VerificationChanged).
    ///
    /// # Errors
    ///
    /// `key_changed` when the number is not that of the accepted key: accept the new key first, and compare again.
    pub async fn mark_verified(&self, number: &SafetyNumber) -> Result<()> {
        self.shared.command(number.command(true)).await.map(drop)
    }

    /// Takes back that a person was verified.
    ///
    /// # Errors
    ///
    /// As [`mark_verified`](Client::mark_verified).
    pub async fn mark_unverified(&self, number: &SafetyNumber) -> Result<()> {
        self.shared.command(number.command(false)).await.map(drop)
    }

    /// Hangs up, empties the log of the database, and ends every stream. Other handles answer `shut_down` from then on.
    ///
    /// # Errors
    ///
    /// What the store says; the client is closed all the same.
    pub async fn close(&self) -> Result<()> {
        let closed: Result<(), Error> = self.shared.ask(|answer| Request::Close { answer }).await;
        self.shared.join();
        match closed {
            Err(error) if error.is_shut_down() => Ok(()),
            result @ (Ok(()) | Err(_)) => result,
        }
    }
}

/// An account, by its id or by its handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// By its id.
    Account(AccountId),
    /// By its handle.
    Handle(String),
}

impl From<AccountId> for Whose {
    fn from(account: AccountId) -> Whose {
        Whose::Account(account)
    }
}

impl From<&str> for Whose {
    fn from(handle: &str) -> Whose {
        Whose::Handle(handle.to_owned())
    }
}

impl From<&String> for Whose {
    fn from(handle: &String) -> Whose {
        Whose::Handle(handle.clone())
    }
}

impl From<String> for Whose {
    fn from(handle: String) -> Whose {
        Whose::Handle(handle)
    }
}
