//! Recovery backups: what a person would lose with their last device, sealed under a passphrase or a printed key.
//!
//! ```text
//!   backup    header 103 | segments of 64 KiB, each with its tag 16, their number padded
//! ```
//!
//! The header tells the account, a counter by which an older backup is known from a newer, and how the key is made; all of it is bound.
//! What is given out has been authenticated. A backup opens under one key only. Sealing and opening take constant memory, save for what
//! the passphrase costs on purpose.
//!
//! ```
//! use std::io::Read;
//! use waxwing_crypto::backup::{Expected, Key, Opening, PrintedKey, seal};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = ChaCha20Rng::from_seed([1; 32]);
//! let (alice, store) = ([1; 16], b"everything");
//! let printed = PrintedKey::generate(&mut rng);
//! let on_paper = printed.to_text();
//! let mut backup = Vec::new();
//! seal(&Key::Printed(&printed), &alice, 1, &store[..], &mut backup, &mut rng)?;
//!
//! // The device is lost, the paper is not.
//! let printed: PrintedKey = on_paper.parse()?;
//! let expected = Expected { account: alice, counter_min: 1 };
//! let mut restored = Vec::new();
//! Opening::begin(&Key::Printed(&printed), &expected, &backup[..])?.read_to_end(&mut restored)?;
//! assert_eq!(restored, store);
//! # Ok(())
//! # }
//! ```

mod cost;
mod frame;
mod header;
mod open;
mod printed;
mod seal;

pub use cost::{Cost, CostError};
pub use header::{HEADER_BYTES, Header, HeaderError, Key, Lock};
pub use open::{Expected, OpenError, Opening};
pub use printed::{PrintedKey, PrintedKeyError};
pub use seal::{BACKUP_BYTES_MAX, SealError, seal};
