//! How a client is set up.

use std::fmt;
use std::sync::Arc;

use waxwing_wire::limits;

use crate::client::Client;
use crate::driver;
use crate::error::{Code, Result};
use crate::socket::Endpoint;
use crate::store::Store;
use crate::token::TokenSource;

/// Sets up a [`Client`].
#[must_use = "call build()"]
pub struct ClientBuilder {
    relay_url: String,
    store: Option<Store>,
    agent: String,
    offline: bool,
    allow_plain: bool,
    extra_roots_pem: Vec<Vec<u8>>,
    tokens: Option<Box<dyn TokenSource>>,
}

impl ClientBuilder {
    pub(crate) fn new(relay_url: String) -> ClientBuilder {
        ClientBuilder {
            relay_url,
            store: None,
            agent: concat!("waxwing/", env!("CARGO_PKG_VERSION")).to_owned(),
            offline: false,
            allow_plain: false,
            extra_roots_pem: Vec::new(),
            tokens: None,
        }
    }

    /// Where the client keeps everything. Required.
    pub fn store(mut self, store: Store) -> ClientBuilder {
        self.store = Some(store);
        self
    }

    /// Name and version of the app, for the relay's log; at most 64 bytes.
    pub fn agent(mut self, agent: impl Into<String>) -> ClientBuilder {
        self.agent = agent.into();
        self
    }

    /// Does not connect before `lifecycle().resume()`, `catch_up()` or `register()`.
    pub fn offline(mut self) -> ClientBuilder {
        self.offline = true;
        self
    }

    /// Allows `ws://` to another machine. Contents stay sealed, but whoever is on the network sees who talks to whom.
    pub fn dangerous_allow_plain(mut self) -> ClientBuilder {
        self.allow_plain = true;
        self
    }

    /// Trusts a further root certificate, beside Mozilla's: PEM, such as a company's own.
    pub fn extra_root_pem(mut self, pem: impl Into<Vec<u8>>) -> ClientBuilder {
        self.extra_roots_pem.push(pem.into());
        self
    }

    /// Where registration gets a token, when the relay asks for one and the registration carries none that counts.
    pub fn tokens(mut self, tokens: impl TokenSource) -> ClientBuilder {
        self.tokens = Some(Box::new(tokens));
        self
    }

    /// Opens the store and starts the client, which can be used at once, offline too. A registered device connects by itself.
    ///
    /// # Errors
    ///
    /// `url_invalid`, `url_insecure`, `certificate_invalid`, `invalid_input` without a store or with a long agent, and what the
    /// store says: `wrong_store_key`, `store_corrupt`, `store_in_use`, `store_newer`, `disk_full`, `io_error`.
    pub async fn build(self) -> Result<Client> {
        let store = self.store.ok_or(Code::InvalidInput)?;
        if self.agent.len() > limits::AGENT_MAX_BYTES {
            return Err(Code::InvalidInput.into());
        }
        let endpoint = Endpoint::new(&self.relay_url, self.allow_plain, &self.extra_roots_pem)?;
        let setup = driver::Setup { endpoint, store, agent: self.agent, offline: self.offline };
        let shared = driver::start(setup, self.tokens).await?;
        Ok(Client::new(Arc::new(shared)))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("store", &self.store).finish_non_exhaustive()
    }
}
