//! 4. Trust.
//!
//! **Who is who.** An account is an id and an [`AccountKey`](crate::AccountKey). The key signs the [`DeviceList`](crate::DeviceList), and the list names the devices and
//! their keys. Everything else is checked against a verified list: bundles, sealing keys, senders. The first key that is seen of an account is pinned.
//!
//! **What changed.** Whenever an account is shown, compare with what was known:
//!
//! | [`AccountChange`](crate::AccountChange) | do |
//! |---|---|
//! | `Nothing` | go on |
//! | `Devices` | end the sessions of those removed, before the next message; store the list; tell people |
//! | `AccountKey` | stop sending, show the new number, go on only once a person accepts the key |
//! | `Refused` | keep what was known, tell people: the relay, or a device of the account, went back or told two stories |
//!
//! ```
//! use waxwing_crypto::*;
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = ChaCha20Rng::from_seed([1; 32]);
//! # let (account, key) = ([1; 16], AccountKey::generate(&mut rng));
//! # let mut device = |id| DeviceEntry { device: [id; 16], keys: DeviceSecrets::generate(&mut rng).public() };
//! # let (phone, stolen, laptop) = (device(1), device(2), device(3));
//! let known = DeviceList::sign(account, &key, None, vec![phone.clone(), stolen.clone()])?;
//! let without = DeviceList::sign(account, &key, Some(&known), vec![phone.clone()])?;
//! let shown = DeviceList::sign(account, &key, Some(&without), vec![phone.clone(), laptop])?;
//!
//! // A version was missed; what it removed is seen all the same.
//! let change = AccountChange::between(&known, &shown);
//! assert_eq!(change, AccountChange::Devices { added: vec![[3; 16]], removed: vec![[2; 16]] });
//! // The old list again is a rollback, and the stolen device never comes back.
//! assert_eq!(AccountChange::between(&shown, &known), AccountChange::Refused(DeviceListError::RolledBack));
//! let back = DeviceList::sign(account, &key, Some(&shown), vec![phone, stolen]);
//! assert_eq!(back.unwrap_err(), DeviceListError::Returned);
//! # Ok(())
//! # }
//! ```
//!
//! **The safety number.** That the pinned key is theirs, only two people can find out, by comparing a [`SafetyNumber`](crate::SafetyNumber): sixty digits to read out, or bytes to
//! scan. Make it from the keys as they are *shown*, also before a changed one is accepted. Of a [`Comparison`](crate::Comparison), only `Match` is good.
//!
//! **From nobody in particular.** [`sealed_sender`](crate::sealed_sender) hides from the relay who writes. It goes around a message that is sealed already, and the recipient finds out who wrote with
//! its own device lists.
//!
//! **What is not here.** What is signed and verified is classical: Ed25519, X25519. A device that holds the account key can sign itself in again after it was removed: for such a
//! device, only a new account helps.
