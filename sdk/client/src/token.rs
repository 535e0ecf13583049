//! Registration tokens, asked for when the relay wants one.

use std::fmt;
use std::pin::Pin;

use waxwing_wire::Handle;

/// What a token is wanted for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRequest {
    /// The handle that is being registered.
    pub handle: Handle,
    /// Whether the relay said that the last token is past its time.
    pub expired: bool,
}

/// The login gave no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenUnavailable;

impl fmt::Display for TokenUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the login gave no token")
    }
}

impl std::error::Error for TokenUnavailable {}

/// A token that is on its way.
pub type TokenFuture = Pin<Box<dyn Future<Output = Result<String, TokenUnavailable>> + Send>>;

/// The integrator's own login: gives a signed token when the relay asks for one
/// ([`ClientBuilder::tokens`](crate::ClientBuilder::tokens)).
///
/// ```
/// use waxwing::{TokenFuture, TokenRequest, TokenSource};
///
/// struct Login;
///
/// impl TokenSource for Login {
///     fn token(&self, request: TokenRequest) -> TokenFuture {
///         Box::pin(async move { Ok(format!("signed for {}", request.handle)) })
///     }
/// }
/// ```
pub trait TokenSource: Send + Sync + 'static {
    /// Begins to get a token.
    fn token(&self, request: TokenRequest) -> TokenFuture;
}
