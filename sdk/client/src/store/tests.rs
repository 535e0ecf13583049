//! The store against its contract, the engine's and ours.

mod contract;
mod ending;
mod faults;
mod files;
mod groups;
mod made;
mod past;
mod plans;
mod shown;
mod times;
