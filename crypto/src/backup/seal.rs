//! Sealing a backup.

use std::{
    fmt,
    io::{self, Read, Write},
};

use rand_core::CryptoRng;

use super::{
    frame::{CONTENT_BYTES, Frames},
    header::{Header, Key},
};
use crate::stream::{Ahead, Place, SEGMENT_BYTES};

/// Most bytes of content in a backup: a little less than 1 TiB, the limit of [attachments](crate::attachment::ATTACHMENT_BYTES_MAX).
pub const BACKUP_BYTES_MAX: u64 = SEGMENTS_MAX as u64 * CONTENT_BYTES as u64;

/// Segments of a backup.
pub(super) const SEGMENTS_MAX: u32 = 1 << 24;

/// Says why a backup was not sealed. What was written of it is worth nothing.
#[derive(Debug)]
#[non_exhaustive]
pub enum SealError {
    /// Reading or writing failed.
    Io(io::Error),
    /// There is not so much memory as the passphrase is to cost.
    NoMemory,
    /// The content is longer than [`BACKUP_BYTES_MAX`].
    TooLong,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "backup could not be read or written: {error}"),
            Self::NoMemory => f.write_str("there is not enough memory for the passphrase"),
            Self::TooLong => f.write_str("backup is too long"),
        }
    }
}

impl std::error::Error for SealError {}

impl From<io::Error> for SealError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Seals all that `content` gives into `backup`, padded, under keys that this call alone has.
///
/// The counter says which backup of the account this is. Count upward, on the device that makes the backups; whoever opens one
/// refuses what is below the number that they know.
///
/// # Errors
///
/// Fails when reading or writing does, without the memory that the passphrase is to cost, and above [`BACKUP_BYTES_MAX`].
///
/// ```
/// use waxwing_crypto::backup::{Cost, Key, seal};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// let key = Key::Passphrase { bytes: b"correct horse battery staple", cost: Cost::RECOMMENDED };
/// let mut backup = Vec::new();
/// seal(&key, &[1; 16], 1, &b"everything"[..], &mut backup, &mut rng)?;
/// assert_eq!(backup.len(), 103 + 65_536 + 16);
/// # Ok::<(), waxwing_crypto::backup::SealError>(())
/// ```
pub fn seal(
    key: &Key<'_>,
    account: &[u8; 16],
    counter: u64,
    content: impl Read,
    mut backup: impl Write,
    rng: &mut impl CryptoRng,
) -> Result<(), SealError> {
    let mut salt = [0; 32];
    rng.fill_bytes(&mut salt);
    let (header, keys) = Header::make(key, account, counter, salt).ok_or(SealError::NoMemory)?;
    backup.write_all(&header.to_bytes())?;
    let mut segments = Ahead::new(Frames::new(content), SEGMENT_BYTES);
    while let Some(place) = segments.next()? {
        let (Place::Inner(index) | Place::Last(index)) = place;
        if index >= SEGMENTS_MAX {
            return Err(SealError::TooLong);
        }
        let tag = keys.seal(place, &[], segments.segment());
        backup.write_all(segments.segment())?;
        backup.write_all(&tag)?;
    }
    backup.flush()?;
    Ok(())
}
