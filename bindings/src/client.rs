//! The client: one device of one account.

use std::sync::Arc;
use std::time::Duration;

use waxwing::{AccountId, Client, ConversationId, MessageId};

use crate::call::{Answer, blocking, to_the_end, while_wanted};
use crate::cancel::CancelHandle;
use crate::conversation::{FfiConversation, FfiSent};
use crate::error::FfiError;
use crate::keys::{self, StoreKeyProvider};
use crate::live::Kind;
use crate::records::{CatchUp, ClientSetup, LinkState, Me, Registration};
use crate::runtime::{Kept, runtime};
use crate::streams::{FfiConversationList, FfiEvents, FfiIncoming};
use crate::token::{TokenProvider, Tokens};

/// One device of one account. The client lives until `shut_down`, or until nothing of it is held any more.
#[derive(uniffi::Object)]
pub struct FfiClient {
    pub(crate) client: Kept<Client>,
}

/// Opens the store and starts the client, which can be used at once, offline too. A registered device connects by itself.
///
/// # Errors
///
/// `url_invalid`, `url_insecure`, `certificate_invalid`, `invalid_input` for a long agent, `store_key_missing`,
/// `store_key_unavailable`, `store_key_invalid`, and what the store says: `wrong_store_key`, `store_corrupt`, `store_in_use`,
/// `store_newer`, `disk_full`, `io_error`.
#[uniffi::export(default(key = None, tokens = None, cancel = None))]
pub async fn open_client(
    setup: ClientSetup,
    key: Option<Arc<dyn StoreKeyProvider>>,
    tokens: Option<Arc<dyn TokenProvider>>,
    cancel: Option<Arc<CancelHandle>>,
) -> Result<Arc<FfiClient>, FfiError> {
    let open = async move {
        let store = keys::store(setup.store.clone(), key).await?;
        let mut builder = Client::builder(setup.relay_url).store(store);
        if let Some(tokens) = tokens {
            builder = builder.tokens(Tokens::new(tokens));
        }
        if let Some(agent) = setup.agent {
            builder = builder.agent(agent);
        }
        if setup.offline {
            builder = builder.offline();
        }
        if setup.dangerous_allow_plain {
            builder = builder.dangerous_allow_plain();
        }
        for pem in setup.extra_roots_pem {
            builder = builder.extra_root_pem(pem);
        }
        Ok(Arc::new(FfiClient { client: Kept::new(Kind::Client, builder.build().await?) }))
    };
    while_wanted(cancel, open).await
}

/// The version of this library.
#[uniffi::export]
#[must_use]
pub fn library_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Panics inside, so that an app can see what its own reports make of a fault in this library.
///
/// Nothing else in the process is touched: no client, no store.
///
/// # Errors
///
/// Always: kind `Bug`, code `panic`.
#[uniffi::export]
pub async fn provoke_panic() -> Result<(), FfiError> {
    while_wanted(None, async { panic!("provoked, to see what is made of it") }).await
}

#[uniffi::export]
impl FfiClient {
    // ---- the account ----

    /// Makes an account, or brings an existing one here; connects for it.
    ///
    /// Calling it again with the same handle, after it was interrupted, goes on where it stood.
    ///
    /// # Errors
    ///
    /// `offline`, `already_registered`, `handle_invalid`, `recovery_key_invalid`, `token_unavailable`, `cancelled`, or why the
    /// relay refused: `handle_taken`, `token_required`, `token_expired`, ...
    #[uniffi::method(default(cancel = None))]
    pub async fn register(
        &self,
        registration: Registration,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Me, FfiError> {
        let client = self.client.clone();
        let registration = waxwing::Registration::try_from(registration)?;
        to_the_end(cancel, async move { Ok(client.register(registration).await?.into()) }).await
    }

    /// This device's account, once it is registered.
    ///
    /// # Errors
    ///
    /// None at present; the signature leaves room for the store's.
    pub fn me(&self) -> Result<Option<Me>, FfiError> {
        Ok(self.client.me()?.map(Into::into))
    }

    /// The account's secret key, for the user to write down: show it, never log it.
    ///
    /// # Errors
    ///
    /// `not_registered`, `not_found` on a device that does not hold it, or what the store says.
    pub async fn recovery_key(&self) -> Result<String, FfiError> {
        let client = self.client.clone();
        blocking(move || Ok(client.recovery_key()?.to_string())).await
    }

    // ---- conversations ----

    /// The conversation with the account of this handle, made if it is not there. One that is known is found offline.
    ///
    /// # Errors
    ///
    /// `unknown_account`, `offline` for a handle that is not known here, `handle_invalid`, `not_registered`, `cancelled`.
    #[uniffi::method(default(cancel = None))]
    pub async fn direct(
        &self,
        handle: String,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Arc<FfiConversation>, FfiError> {
        let client = self.client.clone();
        to_the_end(cancel, async move { Ok(FfiConversation::new(client.direct(handle).await?)) }).await
    }

    /// The conversation with an account that is known here.
    ///
    /// # Errors
    ///
    /// `not_found`, `not_registered`, or what the store says.
    pub async fn direct_by_account(&self, account: AccountId) -> Result<Arc<FfiConversation>, FfiError> {
        let client = self.client.clone();
        while_wanted(None, async move { Ok(FfiConversation::new(client.direct(account).await?)) }).await
    }

    /// A conversation that is known here.
    ///
    /// # Errors
    ///
    /// `not_found`, or what the store says.
    pub async fn conversation(&self, id: ConversationId) -> Result<Arc<FfiConversation>, FfiError> {
        let client = self.client.clone();
        blocking(move || Ok(FfiConversation::new(client.conversation(id)?))).await
    }

    /// Watches the list of conversations.
    #[must_use]
    pub fn conversations(&self) -> Arc<FfiConversationList> {
        FfiConversationList::new(self.client.conversations())
    }

    /// Takes up a message that was sent before, to follow it. Its state is `not_found` if it is not one of ours.
    #[must_use]
    pub fn sent(&self, id: MessageId) -> Arc<FfiSent> {
        FfiSent::new(self.client.sent(id))
    }

    /// Makes the id of a message that is to be sent: a draft that carries it can be sent again without being there twice.
    #[must_use]
    pub fn new_message_id(&self) -> MessageId {
        self.client.new_message_id()
    }

    /// Readable incoming messages, for a consumer that is known by its name and remembers how far it got.
    #[must_use]
    pub fn incoming(&self, consumer: String) -> Arc<FfiIncoming> {
        FfiIncoming::new(self.client.incoming(&consumer))
    }

    /// Listens from now on.
    #[must_use]
    pub fn events(&self) -> Arc<FfiEvents> {
        FfiEvents::new(self.client.events())
    }

    // ---- the link ----

    /// How the connection stands.
    #[must_use]
    pub fn link(&self) -> LinkState {
        self.client.link().into()
    }

    /// Waits until the device is logged in.
    ///
    /// # Errors
    ///
    /// `shut_down`, `cancelled`.
    #[uniffi::method(default(cancel = None))]
    pub async fn online(&self, cancel: Option<Arc<CancelHandle>>) -> Result<(), FfiError> {
        let client = self.client.clone();
        while_wanted(cancel, async move { Ok(client.wait_online().await?) }).await
    }

    /// Waits until the relay has everything that can go out.
    ///
    /// # Errors
    ///
    /// `shut_down`, `suspended`, `cancelled`, or what the store says.
    #[uniffi::method(default(cancel = None))]
    pub async fn flushed(&self, cancel: Option<Arc<CancelHandle>>) -> Result<(), FfiError> {
        let client = self.client.clone();
        while_wanted(cancel, async move { Ok(client.flushed().await?) }).await
    }

    /// Waits until everything that the relay had, when it was connected to, is here.
    ///
    /// # Errors
    ///
    /// `shut_down`, `suspended`, `not_registered`, `cancelled`.
    #[uniffi::method(default(cancel = None))]
    pub async fn drained(&self, cancel: Option<Arc<CancelHandle>>) -> Result<(), FfiError> {
        let client = self.client.clone();
        while_wanted(cancel, async move { Ok(client.drained().await?) }).await
    }

    /// How many items wait for the relay to take them.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn outbox_len(&self) -> Result<u64, FfiError> {
        let client = self.client.clone();
        blocking(move || Ok(client.outbox_len()?)).await
    }

    // ---- the app's life ----

    /// Hangs up and lets go of the store: when this returns, no file is locked and the log of the database is empty.
    ///
    /// While the link is up, what is on its way gets until the deadline. Calls that need the store answer `suspended`, until
    /// `resume`; reading goes on.
    ///
    /// # Errors
    ///
    /// `shut_down`, `cancelled`, or what the store says.
    #[uniffi::method(default(cancel = None))]
    pub async fn suspend(
        &self,
        deadline: Duration,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), FfiError> {
        let lifecycle = self.client.lifecycle();
        to_the_end(cancel, async move { Ok(lifecycle.suspend(deadline).await?) }).await
    }

    /// Takes the store up again, and connects.
    ///
    /// # Errors
    ///
    /// `store_in_use` when another process took the store meanwhile, or what the store says.
    pub async fn resume(&self) -> Result<(), FfiError> {
        let lifecycle = self.client.lifecycle();
        to_the_end(None, async move { Ok(lifecycle.resume().await?) }).await
    }

    /// Connects, takes in what the relay has, sends what waits, and goes back to how it was before: suspended, if it was.
    ///
    /// # Errors
    ///
    /// `not_registered`, `cancelled`, or what the store says. A relay that cannot be reached is no error: nothing is completed
    /// then.
    #[uniffi::method(default(cancel = None))]
    pub async fn catch_up(
        &self,
        deadline: Duration,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<CatchUp, FfiError> {
        let lifecycle = self.client.lifecycle();
        to_the_end(cancel, async move { Ok(lifecycle.catch_up(deadline).await?.into()) }).await
    }

    /// Says that the network changed: the next attempt to connect is made at once.
    pub fn network_changed(&self) {
        self.client.lifecycle().network_changed();
    }

    /// Hangs up, empties the log of the database, and ends every stream. Calls answer `shut_down` from then on.
    ///
    /// # Errors
    ///
    /// What the store says; the client is closed all the same.
    pub async fn shut_down(&self) -> Result<(), FfiError> {
        let client = self.client.clone();
        // Closing waits for the client's threads, so it has one of its own to wait on.
        let close = move || -> Answer<()> { Ok(runtime()?.block_on(client.close())?) };
        blocking(close).await
    }
}
