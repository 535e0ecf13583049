//! 3. Files and profiles.
//!
//! **Attachments.** What is too large for a message is sealed under a key of its own, into a blob that anybody may store; the
//! [`Descriptor`](crate::attachment::Descriptor), which opens it, goes into a message. Memory stays the same whatever the size.
//!
//! | you want to | use |
//! |---|---|
//! | seal a file, before its upload | [`attachment::seal`](crate::attachment::seal) |
//! | go on with an upload that broke, without a second copy of the file | [`Resealing`](crate::attachment::Resealing) |
//! | download from its beginning, with pauses | [`Opening`](crate::attachment::Opening), and its [`Checkpoint`](crate::attachment::Checkpoint) |
//! | play a video from the middle | [`Seekable`](crate::attachment::Seekable), which checks each segment, but not the digest of the whole |
//! | forward it | the same descriptor in another message |
//!
//! What is given out was authenticated. Still, only an opening [that is complete](crate::attachment::Opening::is_complete) has seen the end: keep what
//! came so far apart until then.
//!
//! ```
//! use waxwing_crypto::attachment::{Checkpoint, Opening, seal};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = ChaCha20Rng::from_seed([1; 32]);
//! let film = vec![7; 100_000];
//! let mut blob = Vec::new();
//! let descriptor = seal(&film[..], &mut blob, std::io::sink(), &mut rng)?;
//!
//! // A download stops after one segment, and goes on after a restart.
//! let mut seen = Vec::new();
//! let mut opening = Opening::begin(&descriptor, &blob[..])?;
//! seen.extend_from_slice(opening.next_segment()?.unwrap_or_default());
//! let stored = opening.checkpoint().ok_or("between segments")?.to_bytes();
//!
//! let checkpoint = Checkpoint::from_bytes(&stored)?;
//! let rest = &blob[usize::try_from(checkpoint.blob_offset())?..];
//! let mut opening = Opening::resume(&descriptor, &checkpoint, rest);
//! while let Some(segment) = opening.next_segment()? {
//!     seen.extend_from_slice(segment);
//! }
//! assert!(opening.is_complete() && seen == film);
//! # Ok(())
//! # }
//! ```
//!
//! **Profiles.** Name, about and picture are sealed under a [`ProfileKey`](crate::profile::ProfileKey), which travels inside messages, and the relay stores them. Ask
//! [`must_rotate`](crate::profile::must_rotate) whenever somebody is blocked or removed. The same key makes the tokens by which the relay lets its holders
//! [fetch](crate::profile::ProfileKey::access_key) the profile and [write](crate::profile::ProfileKey::delivery_token) without a name (chapter 4).
//!
//! **Padding.** [`pad`](crate::pad) every content before it is sealed in a session or a group: they do not do it themselves. Attachments, profiles and links do.
