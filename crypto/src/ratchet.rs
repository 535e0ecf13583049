//! The two ratchets, with header encryption (Double Ratchet §4).
//!
//! ```text
//!   root key --DH--> root key --DH--> root key ...        one step for each turn of the conversation
//!               |                |
//!               |                +--> chain key, next header key       (one side's chain)
//!               +--> chain key, next header key                        (the other side's chain)
//!                      |
//!                      +--> chain key --> chain key ...   one step for each message
//!                               |             |
//!                          message key   message key      + salt --> key, nonce, commitment of one ciphertext
//! ```
//!
//! `root` and `chain` step, `header` is what a message says about its place, `skipped` keeps keys for late arrivals,
//! `exchange` is the post-quantum ratchet that rides along, `state` is all of it together, and `open` asks what a message
//! would change.

pub(crate) mod chain;
pub(crate) mod exchange;
pub(crate) mod header;
pub(crate) mod open;
pub(crate) mod root;
pub(crate) mod skipped;
pub(crate) mod state;
