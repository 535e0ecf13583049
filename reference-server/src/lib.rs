//! The reference relay of Waxwing: it moves sealed envelopes and cannot read them.
//!
//! A pure core, [`relay`], decides what happens with each frame; [`store`] says what it asks of storage. Thin shells carry it
//! out: [`server`] over [`sqlite`] in the program, [`hub`] over [`memory`] in the simulation.
//!
//! ```
//! # async fn example() -> Result<(), waxwing_relay::StartError> {
//! let config = waxwing_relay::Config { data: "data".into(), ..Default::default() };
//! let relay = waxwing_relay::Relay::start(config).await?;
//! println!("{}", relay.url());
//! relay.shutdown().await;
//! # Ok(())
//! # }
//! ```

pub mod hub;
pub mod memory;
pub mod relay;
pub mod server;
pub mod sqlite;
pub mod store;

pub use server::{AddressLimits, Config, RegistrationConfig, Relay, RunningRelay, StartError, TlsFiles};
