//! Registration tokens, from the integrator's own login.

use std::fmt;
use std::sync::Arc;

use waxwing::{TokenFuture, TokenSource, TokenUnavailable};

use crate::app::Theirs;
use crate::call::blocking;
use crate::error::ProviderError;

/// What a token is wanted for.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TokenRequest {
    /// The handle that is being registered.
    pub handle: String,
    /// Whether the relay said that the last one is past its time.
    pub expired: bool,
}

/// Gets the integrator's signed token, when the relay asks for one.
///
/// It is asked on a thread that may block, during `register` only.
#[uniffi::export(foreign)]
pub trait TokenProvider: Send + Sync {
    /// The token.
    ///
    /// # Errors
    ///
    /// [`ProviderError`] when the login does not give it.
    fn token(&self, request: TokenRequest) -> Result<String, ProviderError>;
}

/// The provider, as the client wants it.
pub(crate) struct Tokens(Theirs<dyn TokenProvider>);

impl Tokens {
    pub(crate) fn new(provider: Arc<dyn TokenProvider>) -> Tokens {
        Tokens(Theirs::new(provider))
    }
}

impl TokenSource for Tokens {
    fn token(&self, request: waxwing::TokenRequest) -> TokenFuture {
        let provider = self.0.clone();
        let request = TokenRequest { handle: request.handle.as_str().to_owned(), expired: request.expired };
        Box::pin(async move {
            match blocking(move || Ok(provider.visit(|provider| provider.token(request)))).await {
                Ok(Some(Ok(token))) => Ok(token),
                Ok(Some(Err(_)) | None) | Err(_) => Err(TokenUnavailable),
            }
        })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(..)")
    }
}
