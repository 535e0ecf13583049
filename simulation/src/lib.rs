//! Many devices, relays, networks and disks of Waxwing in one deterministic process.

pub mod contract;
pub mod disk;
