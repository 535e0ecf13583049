//! The one error of the face, and what providers of the app may answer.

use std::fmt;
use std::time::Duration;

/// Why a call did not do what was asked. It never holds content, keys or names.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Error)]
#[uniffi::export(Display)]
pub enum FfiError {
    /// The one case; each language has types of its own above it.
    Failed {
        /// What sort of error it is.
        kind: ErrorKind,
        /// The error's stable word, for programs and for support.
        code: String,
        /// When to try again.
        advice: Advice,
        /// What went wrong and what to do, in a sentence.
        reason: String,
    },
}

/// What sort of error it is, sorted by what the caller can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ErrorKind {
    /// The relay cannot be reached.
    Offline,
    /// The relay said no.
    Refused,
    /// The relay wants fewer requests.
    RateLimited,
    /// The other side's key changed, and the user has not accepted it.
    KeyChanged,
    /// Something could not be opened.
    Undecryptable,
    /// The store on this device.
    Storage,
    /// The token, signature or key is not enough.
    Permission,
    /// There is no such thing.
    NotFound,
    /// Longer than allowed.
    TooLarge,
    /// Given up before it was done.
    Cancelled,
    /// The client is closed.
    ShutDown,
    /// The call makes no sense as it was made.
    Misuse,
    /// The relay and this build have no version in common.
    VersionUnsupported,
    /// A fault in this software.
    Bug,
}

/// When it makes sense to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Advice {
    /// Not at all: the same call fails again.
    Never,
    /// After a while.
    After {
        /// How long.
        delay: Duration,
    },
    /// Once there is a network; the client watches for it by itself.
    OnNetwork,
    /// Once the user did something about it.
    AfterUserActs,
}

impl FfiError {
    fn new(kind: ErrorKind, code: &str, advice: Advice, reason: &str) -> FfiError {
        FfiError::Failed { kind, code: code.to_owned(), advice, reason: reason.to_owned() }
    }

    pub(crate) fn panicked() -> FfiError {
        let reason = "a fault in Waxwing; please report it with the log; the client goes on (panic)";
        FfiError::new(ErrorKind::Bug, "panic", Advice::Never, reason)
    }

    pub(crate) fn cancelled() -> FfiError {
        let reason = "given up by its caller; what was being written goes on (cancelled)";
        FfiError::new(ErrorKind::Cancelled, "cancelled", Advice::Never, reason)
    }

    pub(crate) fn shut_down() -> FfiError {
        let reason = "the process is ending, and nobody would hear the answer (shut_down)";
        FfiError::new(ErrorKind::ShutDown, "shut_down", Advice::Never, reason)
    }

    pub(crate) fn no_threads() -> FfiError {
        let reason = "the system gives no more threads; close something and call again (no_threads)";
        FfiError::new(ErrorKind::Bug, "no_threads", Advice::AfterUserActs, reason)
    }

    pub(crate) fn id_invalid() -> FfiError {
        let reason = "the text is not an id: ids look like 01890a5d-ac96-774b-bcce-b302099a8057 (id_invalid)";
        FfiError::new(ErrorKind::Misuse, "id_invalid", Advice::Never, reason)
    }

    pub(crate) fn batch_unknown() -> FfiError {
        let reason = "a stream gives its last batch again, and no older one (batch_unknown)";
        FfiError::new(ErrorKind::Misuse, "batch_unknown", Advice::Never, reason)
    }

    pub(crate) fn link_step_taken() -> FfiError {
        let reason =
            "this step of the linking was taken before; begin anew on both devices (link_step_taken)";
        FfiError::new(ErrorKind::Misuse, "link_step_taken", Advice::AfterUserActs, reason)
    }

    pub(crate) fn store_key_missing() -> FfiError {
        let reason = "a store in a file needs a provider of its key (store_key_missing)";
        FfiError::new(ErrorKind::Misuse, "store_key_missing", Advice::Never, reason)
    }

    pub(crate) fn store_key_unavailable(why: &ProviderError) -> FfiError {
        let reason = format!("the keystore did not give the store's key: {why} (store_key_unavailable)");
        FfiError::new(ErrorKind::Storage, "store_key_unavailable", Advice::AfterUserActs, &reason)
    }

    pub(crate) fn store_key_invalid() -> FfiError {
        let reason = "the store's key must have 32 bytes (store_key_invalid)";
        FfiError::new(ErrorKind::Misuse, "store_key_invalid", Advice::Never, reason)
    }
}

impl fmt::Display for FfiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FfiError::Failed { reason, .. } = self;
        f.write_str(reason)
    }
}

impl std::error::Error for FfiError {}

impl From<waxwing::Error> for FfiError {
    fn from(error: waxwing::Error) -> FfiError {
        FfiError::new(error.kind().into(), error.code(), error.advice().into(), &error.to_string())
    }
}

/// Without a wildcard: a kind that is new stops the build, until it has a name in every language.
impl From<waxwing::ErrorKind> for ErrorKind {
    fn from(kind: waxwing::ErrorKind) -> ErrorKind {
        use waxwing::ErrorKind as K;
        match kind {
            K::Offline => ErrorKind::Offline,
            K::Refused => ErrorKind::Refused,
            K::RateLimited => ErrorKind::RateLimited,
            K::KeyChanged => ErrorKind::KeyChanged,
            K::Undecryptable => ErrorKind::Undecryptable,
            K::Storage => ErrorKind::Storage,
            K::Permission => ErrorKind::Permission,
            K::NotFound => ErrorKind::NotFound,
            K::TooLarge => ErrorKind::TooLarge,
            K::Cancelled => ErrorKind::Cancelled,
            K::ShutDown => ErrorKind::ShutDown,
            K::Misuse => ErrorKind::Misuse,
            K::VersionUnsupported => ErrorKind::VersionUnsupported,
            K::Bug => ErrorKind::Bug,
        }
    }
}

impl From<waxwing::Advice> for Advice {
    fn from(advice: waxwing::Advice) -> Advice {
        match advice {
            waxwing::Advice::Never => Advice::Never,
            waxwing::Advice::After(delay) => Advice::After { delay },
            waxwing::Advice::OnNetwork => Advice::OnNetwork,
            waxwing::Advice::AfterUserActs => Advice::AfterUserActs,
        }
    }
}

/// What a provider of the app answers when it cannot give what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Error)]
#[uniffi::export(Display)]
pub enum ProviderError {
    /// It cannot, for this reason; the reason comes back in the error of the call. No secrets in it.
    Unavailable {
        /// Why, for people.
        reason: String,
    },
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ProviderError::Unavailable { reason } = self;
        f.write_str(reason)
    }
}

impl std::error::Error for ProviderError {}

/// A provider that threw something else. Its words may hold anything, so they are not passed on.
impl From<uniffi::UnexpectedUniFFICallbackError> for ProviderError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> ProviderError {
        ProviderError::Unavailable { reason: "the provider failed unexpectedly".to_owned() }
    }
}
