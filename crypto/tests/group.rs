//! Sender keys: what a group of honest devices sees, whatever the network does; and what a member that lies can do.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "one test measures")]

#[path = "group/attacks.rs"]
mod attacks;
#[path = "group/backlog.rs"]
mod backlog;
mod common;
#[path = "group/honest.rs"]
mod honest;
#[path = "group/house.rs"]
mod house;
#[path = "group/properties.rs"]
mod properties;
