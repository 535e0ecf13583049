//! Setting up: what a client is opened and registered with, and how it stands then.

use waxwing::{AccountId, DeviceId};

use super::no_content;
use crate::error::FfiError;

/// What a client is opened with.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ClientSetup {
    /// The relay's address, such as `wss://relay.example`.
    pub relay_url: String,
    /// Where the client keeps everything.
    pub store: StorePlace,
    /// Name and version of the app, for the relay's log; at most 64 bytes.
    #[uniffi(default)]
    pub agent: Option<String>,
    /// Does not connect before `resume`, `catch_up` or `register`.
    #[uniffi(default)]
    pub offline: bool,
    /// Allows `ws://` to another machine. Contents stay sealed, but whoever is on the network sees who talks to whom.
    #[uniffi(default)]
    pub dangerous_allow_plain: bool,
    /// Root certificates that are trusted beside Mozilla's: PEM, such as a company's own.
    #[uniffi(default)]
    pub extra_roots_pem: Vec<Vec<u8>>,
}

/// Where a client keeps everything.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum StorePlace {
    /// A file, made if it is not there. Beside it stand its log (`-wal`, `-shm`) and a lock file (`.lock`).
    File {
        /// Where.
        path: String,
    },
    /// In memory, for tests: gone with the client.
    Memory,
}

/// How to register.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Registration {
    /// The handle that is asked for.
    pub handle: String,
    /// The integrator's token, where it is at hand; otherwise the token provider is asked, once the relay wants one.
    #[uniffi(default)]
    pub token: Option<String>,
    /// Brings an existing account here, instead of making a new one.
    #[uniffi(default)]
    pub recovery: Option<Recovery>,
}

/// An account that is brought to this device.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Recovery {
    /// The recovery key, as the user wrote it down.
    pub key: String,
    /// What happens to the account's other devices.
    pub others: Recover,
}

/// What happens to the account's other devices when it is recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Recover {
    /// This device replaces them: they are signed out.
    Replace,
    /// This device joins them.
    Add,
}

/// This device's account.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Me {
    /// The account.
    pub account: AccountId,
    /// This device.
    pub device: DeviceId,
    /// The name under which others find the account.
    pub handle: String,
}

/// How the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum LinkState {
    /// Being opened.
    Connecting,
    /// Logged in.
    Online,
    /// Not connected; the next attempt comes by itself.
    Offline,
    /// Not connected, and no attempt is made.
    Stopped,
}

/// What a background fetch brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct CatchUp {
    /// Incoming messages that became readable.
    pub messages: u64,
    /// Whether everything that the relay had is here, and everything that was to be sent is there.
    pub completed: bool,
}

// ---- conversions ----

impl TryFrom<Registration> for waxwing::Registration {
    type Error = FfiError;

    fn try_from(registration: Registration) -> Result<waxwing::Registration, FfiError> {
        let Registration { handle, token, recovery } = registration;
        let mut registration = waxwing::Registration::open(&handle)?;
        if let Some(token) = token {
            registration = registration.token(token);
        }
        if let Some(Recovery { key, others }) = recovery {
            let others = match others {
                Recover::Replace => waxwing::Recover::Replace,
                Recover::Add => waxwing::Recover::Add,
            };
            registration = registration.recover(key.parse()?, others);
        }
        Ok(registration)
    }
}

impl From<waxwing::Me> for Me {
    fn from(me: waxwing::Me) -> Me {
        Me { account: me.account, device: me.device, handle: me.handle.as_str().to_owned() }
    }
}

impl From<waxwing::LinkState> for LinkState {
    fn from(link: waxwing::LinkState) -> LinkState {
        match link {
            waxwing::LinkState::Connecting => LinkState::Connecting,
            waxwing::LinkState::Online => LinkState::Online,
            waxwing::LinkState::Offline => LinkState::Offline,
            waxwing::LinkState::Stopped => LinkState::Stopped,
        }
    }
}

impl From<waxwing::CatchUp> for CatchUp {
    fn from(caught_up: waxwing::CatchUp) -> CatchUp {
        CatchUp { messages: caught_up.messages, completed: caught_up.completed }
    }
}

no_content!(Registration, Recovery);
