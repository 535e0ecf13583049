//! The scenario list (`bindings/SCENARIOS.md`), in Rust: groups, what is said about messages, settings, safety, devices, backups.
#![allow(clippy::unwrap_used)] // helpers of tests fail like tests

mod account;
mod annotations;
mod groups;
mod invitations;
mod linking;
mod safety;
mod settings;
#[path = "../stage/mod.rs"]
mod stage;
