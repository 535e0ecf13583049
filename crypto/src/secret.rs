//! Secret bytes: wiped on drop, redacted when printed, compared in constant time.

use std::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Holds `N` secret bytes. There is no `Clone`, `Display`, `Deref` or `Serialize`, on purpose.
///
/// ```
/// use waxwing_crypto::Secret;
/// let (one, other) = (Secret::new([7; 32]), Secret::new([8; 32]));
/// assert!(!one.ct_eq(&other) && one.expose() == &[7; 32]);
/// assert_eq!(format!("{one:?}"), "Secret<32>(..)");
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    /// Takes bytes into custody. The caller wipes what it copied them from.
    pub fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// Shows the bytes. The name is easy to search for.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// Compares in constant time.
    pub fn ct_eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// Draws fresh bytes, in place.
    pub(crate) fn random(rng: &mut impl CryptoRng) -> Self {
        Self::filled(|bytes| rng.fill_bytes(bytes))
    }

    /// Makes a secret that `fill` writes in place.
    pub(crate) fn filled(fill: impl FnOnce(&mut [u8; N])) -> Self {
        let mut secret = Self([0; N]);
        fill(&mut secret.0);
        secret
    }

    /// Copies a secret out of bytes that somebody else keeps or wipes.
    pub(crate) fn copy_of(bytes: &[u8; N]) -> Self {
        Self::filled(|place| place.copy_from_slice(bytes))
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret<{N}>(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_a_secret_tells_its_length_and_nothing_else() {
        assert_eq!(format!("{:?}", Secret::new([7u8; 32])), "Secret<32>(..)");
    }

    #[test]
    fn secrets_are_equal_only_when_all_bytes_are() {
        let mut other = [7u8; 32];
        assert!(Secret::new([7u8; 32]).ct_eq(&Secret::new(other)));
        other[31] ^= 1;
        assert!(!Secret::new([7u8; 32]).ct_eq(&Secret::new(other)));
    }
}
