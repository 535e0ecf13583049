//! 1. Conversations of two devices.
//!
//! **Prekeys.** So that others can write to a device that is offline, it publishes [bundles](crate::OneTimePrekey::bundle): some
//! fifty one-time ones, and one last-resort one. The relay hands out each one-time bundle once, the last-resort one when there are no
//! others. [`WeeklyPrekey`](crate::WeeklyPrekey)s are replaced each week and kept for 30 days; a [`OneTimePrekey`](crate::OneTimePrekey) is deleted in the commit
//! that opened a message with it.
//!
//! **Sessions.** [`Session::initiate`](crate::Session::initiate) needs a verified [`Bundle`](crate::Bundle), and [`Session::respond`](crate::Session::respond) a first message. After
//! that both sides are alike: [`encrypt`](crate::Session::encrypt) and [`decrypt`](crate::Session::decrypt), in whatever order messages come.
//!
//! ```
//! use waxwing_crypto::*;
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = ChaCha20Rng::from_seed([1; 32]);
//! # let now = std::time::Duration::ZERO;
//! # let (alice, bob) = (DeviceSecrets::generate(&mut rng), DeviceSecrets::generate(&mut rng));
//! # let (alice_keys, bob_keys) = (alice.public(), bob.public());
//! # let (at_alice, at_bob) = (Address { account: [1; 16], device: [1; 16] }, Address { account: [2; 16], device: [1; 16] });
//! # let ours = Ours { address: at_bob, secrets: &bob };
//! // Bob keeps the secret halves, and publishes the bundle.
//! let weekly = WeeklyPrekey::generate(1, &mut rng);
//! let one_time = OneTimePrekey::generate(41, &mut rng);
//! let stored = (weekly.to_bytes(), one_time.to_bytes());
//! let published = one_time.bundle(&ours, &weekly);
//! # let bundle = Bundle::verify(&published, &at_bob, &bob_keys)?;
//! # let theirs = Theirs { address: at_bob, keys: &bob_keys };
//! # let mut alice_session = Session::initiate(&Ours { address: at_alice, secrets: &alice }, &theirs, &bundle, &mut rng)?;
//! # let first = alice_session.encrypt(&pad(b"hello"), b"conversation", now, &mut rng)?;
//!
//! // A first message names the prekeys that it was made with: load them, answer, and delete the one-time one.
//! let Message::Initial(message) = Message::parse(&first)? else { return Err("of a session that we have".into()) };
//! assert_eq!((message.weekly_prekey_id(), message.one_time_prekey_id()), (1, 41));
//! let (weekly, one_time) = (WeeklyPrekey::from_bytes(&stored.0)?, OneTimePrekey::from_bytes(&stored.1)?);
//! let theirs = Theirs { address: at_alice, keys: &alice_keys };
//! let (mut session, text) = Session::respond(&ours, &theirs, &weekly, &one_time, &message, b"conversation")?;
//! assert_eq!(unpad(text.as_bytes())?, b"hello");
//!
//! // Seal, store session and ciphertext in one commit, and only then send.
//! let answer = session.encrypt(&pad(b"hello yourself"), b"conversation", now, &mut rng)?;
//! let at_rest = session.to_snapshot();
//! # let opened = alice_session.decrypt(&Message::parse(&answer)?, b"conversation")?;
//! # assert_eq!(unpad(opened.as_bytes())?, b"hello yourself");
//!
//! // After a restart, it goes on where it was. What was opened does not open again.
//! let mut session = Session::from_snapshot(&at_rest)?;
//! assert_eq!(session.decrypt(&Message::parse(&first)?, b"conversation").unwrap_err(), OpenError::Duplicate);
//! # Ok(())
//! # }
//! ```
//!
//! **What becomes durable together.** When sealing: the session and the ciphertext, before any byte leaves; a retry sends that ciphertext and never seals
//! again. When opening: the session, the plaintext, the one-time prekey that is gone, and that the envelope is done. Whoever keeps to this loses
//! nothing and sees nothing twice. Whoever puts back an old copy of the database reuses no key and nonce, but numbers messages as others before: begin new
//! sessions.
//!
//! **What a failure means.** The session is as it was, always.
//!
//! | [`OpenError`](crate::OpenError) | means | do |
//! |---|---|---|
//! | `Rejected` | not of this session, or tampered with | try other sessions with that device; then ask for the message again, in a new one |
//! | `Duplicate` | delivered twice, or older than all that is kept | acknowledge and forget it |
//! | `TooFarAhead` | more than 2,000 messages are missing | begin a new session |
//!
//! **Both begin at once.** Then there are two sessions, and both work. Both sides choose the same one to go on with if they compare something that both know, such
//! as their addresses; the other one only receives.
//!
//! **Associated data** is bound to a message and not sent: whatever both sides know of it anyway, such as the conversation or an id.
//!
//! **Against quantum computers.** The handshake is hybrid, and a further exchange rides along about every 50 messages or 7 days;
//! [`Session::refreshed`](crate::Session::refreshed) tells when that was. Who is who rests on X25519 and Ed25519 alone.
