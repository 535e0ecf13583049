//! 2. Groups.
//!
//! **Who is in it.** A [`Roster`](crate::group::roster::Roster) is a chain of signed changes. Members verify all of them, against the device lists of whoever signed; the relay only puts them in order. Of two
//! admins who change the same roster, one is told [`NotNext`](crate::group::roster::RosterError::NotNext), and does it again on the new one.
//!
//! **Who can read.** A message is sealed once, under the [sender key](crate::group::SenderKey) of its device, which is bound to one
//! [epoch](crate::group::roster::Roster::epoch) of the roster. Everybody in the group has that key from a [distribution](crate::group::SenderKey::distribution), which travels sealed in the session
//! with each device, like any content (chapter 1).
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
//! use waxwing_crypto::{*, group::{*, roster::{Change, Roster, Settings}}};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = ChaCha20Rng::from_seed([1; 32]);
//! # let secrets = DeviceSecrets::generate(&mut rng);
//! # let (bob, carol) = ([2; 16], [3; 16]);
//! let alice = Ours { address: Address { account: [1; 16], device: [1; 16] }, secrets: &secrets };
//! let (before, _created) = Roster::create(&alice, 1, Settings::default(), b"", &[bob, carol], &mut rng)?;
//! let mut key = SenderKey::generate(before.epoch(), alice.address, &mut rng);
//! let sealed = key.encrypt(b"hello, all", b"", &mut rng)?;
//!
//! // Carol is removed: the roster has a new epoch, and the old key has had its time.
//! let (now, _removed) = before.sign(&alice, 1, Change::Remove(vec![carol]))?;
//! let used = SenderKeyUse { messages: key.messages(), age: Duration::from_secs(60) };
//! if rotation(&used, &[GroupEvent::MemberRemoved]).is_some() {
//!     key = SenderKey::generate(now.epoch(), alice.address, &mut rng);
//! }
//! let late = ReceiverKey::accept(&key.distribution(), before.epoch(), &alice.address);
//! assert!(late.is_err(), "a key of another epoch is not taken");
//! let mut at_bob = ReceiverKey::accept(&key.distribution(), now.epoch(), &alice.address)?;
//! let old = GroupMessage::parse(&sealed.bytes)?;
//! assert!(at_bob.decrypt(&old, b"").is_err(), "nor does it open what came before");
//! # Ok(())
//! # }
//! ```
//!
//! **What it gives.** One ciphertext for all; every message is signed, so that nobody who can read can write in another's name; late and lost messages within
//! the same bounds as in chapter 1. [`Transcript`](crate::group::Transcript) shows whether two members were told the same.
//!
//! **What it does not give.** Within an epoch, a chain only goes forward: whoever copies a sender key reads all that its device writes until the next rotation. The
//! signature is proof to others, which messages of two are not.
