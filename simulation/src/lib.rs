//! Many devices, relays, networks and disks of Waxwing in one deterministic process.
//!
//! ```text
//!   scenario --plans--> world --events--> device: app, engine, disk        network        relay: the real core
//!                         |                  ^________________________________|_________________^
//!                         +--after every event--> invariants, against the model of what ought to be true
//! ```
//!
//! Time is simulated and chance comes from one seed, so a run that fails can be run again: it fails in the same place.

pub mod app;
pub mod contract;
mod cut_off;
pub mod device;
pub mod dice;
pub mod disk;
pub mod evil;
pub mod invariants;
pub mod liar;
pub mod model;
pub mod network;
pub mod relay;
pub mod scenario;
pub mod watch;
pub mod world;
