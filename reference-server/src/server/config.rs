//! What an operator can choose, and why a relay does not start.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use waxwing_wire::limits;

use crate::relay::{RateLimits, TokenKeyError};
use crate::sqlite::OpenError;
use crate::store::{StoreError, StoreLimits};

/// How a relay runs. The default takes any free port on loopback.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The folder of the database.
    pub data: PathBuf,
    /// With TLS, or plain.
    pub tls: Option<TlsFiles>,
    /// Allows a plain relay to be reached from other machines.
    pub dangerous_plain: bool,
    /// Who may register.
    pub registration: RegistrationConfig,
    /// How much of what is taken from whom.
    pub rates: RateLimits,
    /// How much is kept.
    pub store: StoreLimits,
    /// Sockets that may be open.
    pub sockets_max: u32,
    /// What one address may do.
    pub address: AddressLimits,
    /// How long a connection may take to log in.
    pub login_timeout: Duration,
    /// How long a connection may be silent.
    pub silence_max: Duration,
    /// How long the end may take.
    pub drain_max: Duration,
    /// Read buffer of a socket, in bytes.
    pub read_buffer_bytes: usize,
    /// Pages that the database may have, for tests of a full disk.
    #[doc(hidden)]
    pub database_pages_max: Option<u32>,
}

/// What one address may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressLimits {
    /// So many sockets from each address; loopback, where a proxy or a test stands, is free of every limit by address.
    ExceptLoopback {
        /// Open sockets.
        sockets_max: u32,
    },
    /// So many sockets from each address, loopback too.
    Everyone {
        /// Open sockets.
        sockets_max: u32,
    },
}

/// Certificate and key, in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The chain of certificates.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Who may register.
#[derive(Debug, Clone)]
pub enum RegistrationConfig {
    /// Whoever comes.
    Open,
    /// Who brings a token.
    Token {
        /// Public key in PEM, or JWKS.
        key_file: PathBuf,
        /// The `aud` that a token must have, if any.
        audience: Option<String>,
    },
}

impl Default for Config {
    fn default() -> Config {
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data: PathBuf::from("./waxwing-data"),
            tls: None,
            dangerous_plain: false,
            registration: RegistrationConfig::Open,
            rates: RateLimits::default(),
            store: StoreLimits::default(),
            sockets_max: 50_000,
            address: AddressLimits::ExceptLoopback { sockets_max: 256 },
            login_timeout: Duration::from_secs(10),
            silence_max: limits::SILENCE_MAX,
            drain_max: Duration::from_secs(5),
            read_buffer_bytes: 2048,
            database_pages_max: None,
        }
    }
}

/// Why a relay does not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// Plain traffic would leave the machine.
    PlainExposed {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// The address cannot be had.
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// A file or folder cannot be used.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another relay uses the data folder.
    InUse {
        /// Which.
        path: PathBuf,
    },
    /// The database cannot be used.
    Database(OpenError),
    /// The storage failed.
    Storage(StoreError),
    /// Certificate or key cannot be used.
    Tls {
        /// Why.
        detail: String,
    },
    /// The key of tokens cannot be used.
    TokenKey(TokenKeyError),
    /// No thread could be started.
    Thread(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::PlainExposed { address } => write!(
                f,
                "{address} can be reached from other machines: give --tls-cert and --tls-key, or --dangerous-plain \
                 behind a proxy that does TLS"
            ),
            StartError::Bind { address, error } => write!(f, "cannot listen on {address}: {error}"),
            StartError::File { path, error } => write!(f, "cannot use {}: {error}", path.display()),
            StartError::InUse { path } => write!(f, "another relay uses {}", path.display()),
            StartError::Database(error) => error.fmt(f),
            StartError::Storage(error) => error.fmt(f),
            StartError::Tls { detail } => write!(f, "TLS: {detail}"),
            StartError::TokenKey(error) => error.fmt(f),
            StartError::Thread(error) => write!(f, "cannot start a thread: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

pub(super) fn check_exposure(config: &Config) -> Result<(), StartError> {
    if config.tls.is_some() || config.dangerous_plain || config.listen.ip().is_loopback() {
        Ok(())
    } else {
        Err(StartError::PlainExposed { address: config.listen })
    }
}
