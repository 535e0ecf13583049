//! Attachments: files of any size, sealed once and read from either end, in constant memory.
//!
//! [`seal`] draws a fresh key, and makes a blob that anybody may store, and a [`Descriptor`] that travels inside a message.
//! [`Opening`] reads the blob from its beginning to its end, and can stop and resume between; [`Seekable`] reads it anywhere, for
//! video. [`Resealing`] makes the bytes of the blob once more, from any byte on, so that an upload that broke can go on
//! without a second copy on disk.
//!
//! ```text
//!   blob        commitment 32 | segments, each of 64 KiB and its tag 16; the last may be shorter
//!   segments    plaintext, and zeros up to a bucket of Padmé: the relay learns little about the size
//! ```
//!
//! What is given out has been authenticated, segment by segment. What is missing, too much, in another order, or of another
//! attachment is refused. An attachment has at most [`ATTACHMENT_BYTES_MAX`]; STREAM's counter would allow 256 times as much.
//!
//! ```
//! use std::io::Read;
//! use waxwing_crypto::attachment::{Descriptor, Opening, seal};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = ChaCha20Rng::from_seed([1; 32]);
//! let mut blob = Vec::new();
//! let descriptor = seal(&b"a picture"[..], &mut blob, std::io::sink(), &mut rng)?;
//! assert_eq!(blob.len() as u64, descriptor.sealed_size());
//!
//! // The blob goes to the relay, the descriptor into a message. The other side has both again:
//! let descriptor = Descriptor::parse(descriptor.to_bytes().expose())?;
//! let mut picture = Vec::new();
//! Opening::begin(&descriptor, &blob[..])?.read_to_end(&mut picture)?;
//! assert_eq!(picture, b"a picture");
//! # Ok(())
//! # }
//! ```

mod descriptor;
mod open;
mod reseal;
mod seal;
mod seek;
mod shape;

pub use descriptor::{DESCRIPTOR_BYTES, Descriptor, DescriptorError};
pub use open::{CHECKPOINT_BYTES, Checkpoint, CheckpointError, OpenError, Opening};
pub use reseal::{ResealError, Resealing};
pub use seal::{SealError, seal};
pub use seek::Seekable;
pub use shape::{ATTACHMENT_BYTES_MAX, sealed_size};
