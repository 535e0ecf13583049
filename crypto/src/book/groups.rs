//! 2. Groups.
//!
//! A group message is sealed once, under the [sender key](crate::group::SenderKey) of its device. Everybody in the group has that key from a
//! [distribution](crate::group::SenderKey::distribution), which travels sealed in the session with each device, like any content (chapter 1).
//!
//! | when | do |
//! |---|---|
//! | before the first message of an epoch | make a key, send its distribution to every device of every member |
//! | before each further message | ask [`rotation`](crate::group::rotation) |
//! | a device was added | send it the distribution as it stands now: it reads what comes, not what was |
//! | a member or a device was removed, or the roster changed otherwise | a new key, before the next message |
//! | a message is of a chain that is not known | keep it; the distribution is on its way |
//! | after a long time offline | [`verify_backlog`](crate::group::verify_backlog), which is faster than one by one |
//!
//! ```
//! use std::time::Duration;
//! use waxwing_crypto::{Address, group::*};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = ChaCha20Rng::from_seed([1; 32]);
//! # let alice = Address { account: [1; 16], device: [1; 16] };
//! # let epoch = |number| GroupEpoch { group: [7; 16], number, roster_hash: [9; 32] };
//! let mut key = SenderKey::generate(&epoch(3), alice, &mut rng);
//! let sealed = key.encrypt(b"hello, all", b"", &mut rng)?;
//!
//! // Somebody is removed: the roster is in its fourth epoch, and the old key has had its time.
//! let used = SenderKeyUse { messages: key.messages(), age: Duration::from_secs(60) };
//! if rotation(&used, &[GroupEvent::MemberRemoved]).is_some() {
//!     key = SenderKey::generate(&epoch(4), alice, &mut rng);
//! }
//! let late = ReceiverKey::accept(&key.distribution(), &epoch(3), &alice);
//! assert!(late.is_err(), "a key of another epoch is not taken");
//! let mut theirs = ReceiverKey::accept(&key.distribution(), &epoch(4), &alice)?;
//! let old = GroupMessage::parse(&sealed.bytes)?;
//! assert!(theirs.decrypt(&old, b"").is_err(), "nor does it open what came before");
//! # Ok(())
//! # }
//! ```
//!
//! **What it gives.** One ciphertext for all; every message is signed, so that nobody who can read can write in another's name; late and lost messages within
//! the same bounds as in chapter 1. [`Transcript`](crate::group::Transcript) shows whether two members were told the same.
//!
//! **What it does not give.** Within an epoch, a chain only goes forward: whoever copies a sender key reads all that its device writes until the next rotation. The
//! signature is proof to others, which messages of two are not.
