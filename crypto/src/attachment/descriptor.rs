//! The descriptor: what a message says about an attachment, and all that is needed to open it.
//!
//! ```text
//!   format 1 | suite 1 | key 32 | size u64 | sealed size u64 | SHA-256 of the blob 32 | commitment 32
//! ```

use std::fmt;

use super::shape::Shape;
use crate::{bytes::Reader, kdf::DERIVE_ATTACHMENT, message::SUITE, secret::Secret, stream::StreamKeys};

/// Length of a descriptor, in bytes.
pub const DESCRIPTOR_BYTES: usize = 2 + 32 + 8 + 8 + 32 + 32;

const FORMAT: u8 = 1;

/// Says why bytes are not a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DescriptorError {
    /// The bytes are not the one encoding of a descriptor.
    Malformed,
    /// The descriptor is of a later format or another suite.
    Unsupported,
    /// The sizes do not belong together, or are above [`ATTACHMENT_BYTES_MAX`](super::ATTACHMENT_BYTES_MAX).
    WrongSize,
    /// The commitment is not to the key.
    WrongKey,
}

impl fmt::Display for DescriptorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "attachment descriptor is malformed",
            Self::Unsupported => "attachment descriptor is of an unknown format or suite",
            Self::WrongSize => "sizes in the attachment descriptor do not belong together",
            Self::WrongKey => "commitment in the attachment descriptor is to another key",
        })
    }
}

impl std::error::Error for DescriptorError {}

/// Names a blob and opens it. Whoever has it can read the attachment: it is a secret.
///
/// ```
/// use waxwing_crypto::attachment::{Descriptor, seal, sealed_size};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mut rng, mut blob) = (ChaCha20Rng::from_seed([1; 32]), Vec::new());
/// let sealed = seal(&b"a picture"[..], &mut blob, std::io::sink(), &mut rng)?;
/// let read = Descriptor::parse(sealed.to_bytes().expose())?;
/// assert_eq!((read.size(), Some(read.sealed_size()), read.digest()), (9, sealed_size(9), sealed.digest()));
/// # Ok(())
/// # }
/// ```
pub struct Descriptor {
    key: Secret<32>,
    pub(super) shape: Shape,
    digest: [u8; 32],
}

impl Descriptor {
    pub(super) fn new(key: Secret<32>, shape: Shape, digest: [u8; 32]) -> Self {
        Self { key, shape, digest }
    }

    /// Parses what a message carried.
    ///
    /// # Errors
    ///
    /// Refuses whatever is not the one encoding of a descriptor that fits itself.
    ///
    /// ```
    /// use waxwing_crypto::attachment::{Descriptor, DescriptorError};
    /// assert_eq!(Descriptor::parse(b"no").unwrap_err(), DescriptorError::Unsupported);
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, DescriptorError> {
        match bytes {
            [FORMAT, SUITE, rest @ ..] => read(rest),
            [] | [FORMAT] => Err(DescriptorError::Malformed),
            [_, ..] => Err(DescriptorError::Unsupported),
        }
    }

    /// Encodes the descriptor, for a message or for the store.
    pub fn to_bytes(&self) -> Secret<DESCRIPTOR_BYTES> {
        let size = self.shape.size().to_be_bytes();
        let sealed_size = self.shape.sealed_size().to_be_bytes();
        let keys = self.keys();
        let parts: [&[u8]; 6] =
            [&[FORMAT, SUITE], self.key.expose(), &size, &sealed_size, &self.digest, keys.commitment()];
        Secret::filled(|bytes| {
            let mut rest = &mut bytes[..];
            for part in parts {
                let (place, behind) = rest.split_at_mut(part.len());
                place.copy_from_slice(part);
                rest = behind;
            }
        })
    }

    /// Returns the length of the plaintext, in bytes.
    pub fn size(&self) -> u64 {
        self.shape.size()
    }

    /// Returns the length of the blob, in bytes.
    pub fn sealed_size(&self) -> u64 {
        self.shape.sealed_size()
    }

    /// Returns the SHA-256 digest of the blob. It is no secret: the relay may know a blob by it.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    pub(super) fn keys(&self) -> StreamKeys {
        stream_keys(&self.key)
    }
}

/// Derives the keys of an attachment. Its key serves once, so no salt is needed.
pub(super) fn stream_keys(key: &Secret<32>) -> StreamKeys {
    StreamKeys::derive(&[], key.expose(), &[DERIVE_ATTACHMENT])
}

fn read(bytes: &[u8]) -> Result<Descriptor, DescriptorError> {
    let malformed = || DescriptorError::Malformed;
    let mut reader = Reader::new(bytes);
    let key = Secret::copy_of(reader.array().ok_or_else(malformed)?);
    let size = reader.u64().ok_or_else(malformed)?;
    let sealed_size = reader.u64().ok_or_else(malformed)?;
    let digest = *reader.array().ok_or_else(malformed)?;
    let commitment = reader.array().ok_or_else(malformed)?;
    reader.end().ok_or_else(malformed)?;
    let shape = Shape::new(size).ok_or(DescriptorError::WrongSize)?;
    if shape.sealed_size() != sealed_size {
        return Err(DescriptorError::WrongSize);
    }
    let descriptor = Descriptor::new(key, shape, digest);
    if !descriptor.keys().is_committed_to_by(commitment) {
        return Err(DescriptorError::WrongKey);
    }
    Ok(descriptor)
}

impl fmt::Debug for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Descriptor({} bytes, ..)", self.size())
    }
}
