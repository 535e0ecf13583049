//! Flags and environment variables; docs/relay.md has the same table.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use waxwing_relay::relay::{Rate, RateLimits};
use waxwing_relay::store::StoreLimits;
use waxwing_relay::{AddressLimits, Config, RegistrationConfig, TlsFiles};
use waxwing_wire::limits::GROUPS_PER_ACCOUNT_MAX;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RegistrationMode {
    Open,
    Token,
}

/// The relay of Waxwing: moves sealed messages between devices, and cannot read them.
#[derive(Debug, Parser)]
#[command(name = "waxwing-relay", version)]
pub(crate) struct Args {
    /// Address and port; port 0 takes any free one
    #[arg(long, env = "WAXWING_RELAY_LISTEN", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,
    /// Folder of the database
    #[arg(long, env = "WAXWING_RELAY_DATA", default_value = "./waxwing-data")]
    data: PathBuf,
    /// Certificate chain, PEM
    #[arg(long, env = "WAXWING_RELAY_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key, PEM
    #[arg(long, env = "WAXWING_RELAY_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Serve other machines without TLS, as behind a proxy that has it
    #[arg(long, env = "WAXWING_RELAY_DANGEROUS_PLAIN")]
    dangerous_plain: bool,
    /// Who may register
    #[arg(long, env = "WAXWING_RELAY_REGISTRATION", value_enum, default_value = "open")]
    registration: RegistrationMode,
    /// Key that registration tokens are verified with: PEM public key or JWKS
    #[arg(long, env = "WAXWING_RELAY_TOKEN_KEY", required_if_eq("registration", "token"))]
    token_key: Option<PathBuf>,
    /// The `aud` that tokens must have
    #[arg(long, env = "WAXWING_RELAY_TOKEN_AUDIENCE")]
    token_audience: Option<String>,
    /// Submits a second of one device; more is slowed down
    #[arg(long, env = "WAXWING_RELAY_SUBMITS_PER_SECOND", default_value_t = 100)]
    submits_per_second: u32,
    /// Submits of one device at once
    #[arg(long, env = "WAXWING_RELAY_SUBMITS_BURST", default_value_t = 1000)]
    submits_burst: u32,
    /// Prekey fetches an hour, from one account of another
    #[arg(long, env = "WAXWING_RELAY_PREKEY_FETCHES_PER_HOUR", default_value_t = 60)]
    prekey_fetches_per_hour: u32,
    /// Account look-ups a second of one account, 200 at once
    #[arg(long, env = "WAXWING_RELAY_ACCOUNT_LOOKUPS_PER_SECOND", default_value_t = 5)]
    account_lookups_per_second: u32,
    /// Changes of groups a second of one account, 100 at once
    #[arg(long, env = "WAXWING_RELAY_GROUP_CHANGES_PER_SECOND", default_value_t = 1)]
    group_changes_per_second: u32,
    /// Messages a second in one group, 10 times as many at once
    #[arg(long, env = "WAXWING_RELAY_GROUP_MESSAGES_PER_SECOND", default_value_t = 200)]
    group_messages_per_second: u32,
    /// Messages a second of one account in all its groups, 20 times as many at once
    #[arg(long, env = "WAXWING_RELAY_GROUP_MESSAGES_OF_ACCOUNT_PER_SECOND", default_value_t = 50)]
    group_messages_of_account_per_second: u32,
    /// Groups that one account makes an hour
    #[arg(long, env = "WAXWING_RELAY_GROUPS_MADE_PER_HOUR", default_value_t = 100)]
    groups_made_per_hour: u32,
    /// Groups that one account is in
    #[arg(long, env = "WAXWING_RELAY_GROUPS_PER_ACCOUNT_MAX", default_value_t = GROUPS_PER_ACCOUNT_MAX)]
    groups_per_account_max: u64,
    /// Registrations an hour from one address
    #[arg(long, env = "WAXWING_RELAY_REGISTRATIONS_PER_HOUR", default_value_t = 100)]
    registrations_per_hour: u32,
    /// Envelopes that one mailbox holds
    #[arg(long, env = "WAXWING_RELAY_MAILBOX_MAX", default_value_t = 100_000)]
    mailbox_max: u64,
    /// Devices in a group above which a message is one row in a log and not one in each mailbox
    #[arg(long, env = "WAXWING_RELAY_GROUP_LOG_ABOVE", default_value_t = 1_000)]
    group_log_above: u64,
    /// Open sockets
    #[arg(long, env = "WAXWING_RELAY_SOCKETS_MAX", default_value_t = 50_000)]
    sockets_max: u32,
    /// Open sockets from one address
    #[arg(long, env = "WAXWING_RELAY_SOCKETS_PER_ADDRESS_MAX", default_value_t = 256)]
    sockets_per_address_max: u32,
    /// Hold the limits by address for loopback too
    #[arg(long, env = "WAXWING_RELAY_LIMIT_LOOPBACK")]
    limit_loopback: bool,
    /// Milliseconds that a connection may take to log in
    #[arg(long, env = "WAXWING_RELAY_LOGIN_TIMEOUT_MS", default_value_t = 10_000)]
    login_timeout_ms: u64,
    /// Milliseconds that a connection may be silent
    #[arg(long, env = "WAXWING_RELAY_SILENCE_MAX_MS", default_value_t = 30_000)]
    silence_max_ms: u64,
    /// Milliseconds that the end may take
    #[arg(long, env = "WAXWING_RELAY_DRAIN_MAX_MS", default_value_t = 5_000)]
    drain_max_ms: u64,
    /// Read buffer of a socket, in bytes
    #[arg(long, env = "WAXWING_RELAY_READ_BUFFER_BYTES", default_value_t = 2048)]
    read_buffer_bytes: usize,
    /// Form of the logs on stderr
    #[arg(long, env = "WAXWING_RELAY_LOG_FORMAT", value_enum, default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// What is logged: error, warn, info, debug, trace
    #[arg(long, env = "WAXWING_RELAY_LOG", default_value = "info")]
    pub(crate) log: String,
}

impl Args {
    pub(crate) fn into_config(self) -> Result<Config, &'static str> {
        let registration = match (self.registration, self.token_key) {
            (RegistrationMode::Open, None) => RegistrationConfig::Open,
            (RegistrationMode::Open, Some(_)) => return Err("--token-key needs --registration token"),
            (RegistrationMode::Token, None) => return Err("--registration token needs --token-key"),
            (RegistrationMode::Token, Some(key_file)) => {
                RegistrationConfig::Token { key_file, audience: self.token_audience }
            }
        };
        let sockets_max = self.sockets_per_address_max;
        Ok(Config {
            listen: self.listen,
            data: self.data,
            tls: self.tls_cert.zip(self.tls_key).map(|(certificate, key)| TlsFiles { certificate, key }),
            dangerous_plain: self.dangerous_plain,
            registration,
            rates: RateLimits {
                submits: Rate::per_second(self.submits_per_second, self.submits_burst),
                prekey_fetches: Rate::per_hour(self.prekey_fetches_per_hour),
                account_lookups: Rate::per_second(self.account_lookups_per_second, 200),
                group_changes: Rate::per_second(self.group_changes_per_second, 100),
                group_messages: Rate::per_second(
                    self.group_messages_per_second,
                    self.group_messages_per_second.saturating_mul(10),
                ),
                group_messages_of_account: Rate::per_second(
                    self.group_messages_of_account_per_second,
                    self.group_messages_of_account_per_second.saturating_mul(20),
                ),
                group_creations: Rate::per_hour(self.groups_made_per_hour),
                registrations: Rate::per_hour(self.registrations_per_hour),
                rooms: Rate::per_hour(self.registrations_per_hour.max(120)),
            },
            store: StoreLimits {
                mailbox_max_envelopes: self.mailbox_max,
                group_log_above_devices: self.group_log_above,
                groups_per_account_max: self.groups_per_account_max,
            },
            sockets_max: self.sockets_max,
            address: if self.limit_loopback {
                AddressLimits::Everyone { sockets_max }
            } else {
                AddressLimits::ExceptLoopback { sockets_max }
            },
            login_timeout: Duration::from_millis(self.login_timeout_ms),
            silence_max: Duration::from_millis(self.silence_max_ms),
            drain_max: Duration::from_millis(self.drain_max_ms),
            read_buffer_bytes: self.read_buffer_bytes,
            ..Config::default()
        })
    }
}
