//! A passphrase into a key, slowly and with much memory: Argon2id (RFC 9106).

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// What Argon2id is to cost. Kept in the backup, and bounded when it is read: a forged header is no bomb.
///
/// ```
/// use waxwing_crypto::backup::Cost;
/// assert_eq!(Cost::new(65_536, 3, 4), Ok(Cost::RECOMMENDED));
/// assert_eq!(Cost::RECOMMENDED.parts(), (65_536, 3, 4));
/// assert!(Cost::new(4_194_304, 3, 4).is_err(), "4 GiB");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

const MEMORY_KIB_MIN: u32 = 19 * 1024;
const MEMORY_KIB_MAX: u32 = 256 * 1024;
const PASSES_MIN: u32 = 2;
const LANES_MAX: u32 = 8;
/// Memory times passes, in KiB: 1 GiB is a second or two on a phone.
const WORK_KIB_MAX: u32 = 1024 * 1024;

/// Says that a cost is too low to protect a passphrase, or too high to be borne.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostError;

impl fmt::Display for CostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cost of the passphrase is out of bounds")
    }
}

impl std::error::Error for CostError {}

impl Cost {
    /// 64 MiB, 3 passes, 4 lanes: the second recommendation of RFC 9106 §4, for where memory is scarce.
    pub const RECOMMENDED: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };

    /// Takes memory in KiB, passes over it, and lanes.
    ///
    /// # Errors
    ///
    /// Refuses less than 19 MiB or 2 passes, more than 256 MiB or 8 lanes, and more than 1 GiB of memory times passes.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostError> {
        let is_in_bounds = (MEMORY_KIB_MIN..=MEMORY_KIB_MAX).contains(&memory_kib)
            && passes >= PASSES_MIN
            && (1..=LANES_MAX).contains(&lanes)
            && memory_kib.checked_mul(passes).is_some_and(|work| work <= WORK_KIB_MAX);
        is_in_bounds.then_some(Self { memory_kib, passes, lanes }).ok_or(CostError)
    }

    /// Returns memory in KiB, passes, and lanes.
    pub fn parts(self) -> (u32, u32, u32) {
        (self.memory_kib, self.passes, self.lanes)
    }

    /// Runs Argon2id. `None` when there is not so much memory.
    pub(super) fn derive(self, passphrase: &[u8], salt: &[u8; 32]) -> Option<Secret<32>> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok()?;
        let mut memory = Zeroizing::new(Vec::<Block>::new());
        memory.try_reserve_exact(params.block_count()).ok()?;
        memory.resize(params.block_count(), Block::new());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut outcome = Ok(());
        let key = Secret::filled(|key: &mut [u8; 32]| {
            outcome = argon2.hash_password_into_with_memory(passphrase, salt, key, &mut memory[..]);
        });
        outcome.ok().map(|()| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_bounded_on_both_sides() {
        for (memory, passes, lanes) in [(19_456, 2, 1), (65_536, 3, 4), (262_144, 4, 8), (65_536, 16, 1)] {
            assert_eq!(Cost::new(memory, passes, lanes).unwrap().parts(), (memory, passes, lanes));
        }
        for (memory, passes, lanes) in [
            (19_455, 2, 1),
            (262_145, 2, 1),
            (65_536, 1, 1),
            (65_536, 17, 1),
            (262_144, 5, 1),
            (65_536, 3, 0),
            (65_536, 3, 9),
            (u32::MAX, u32::MAX, u32::MAX),
            (65_536, 65_536, 1),
        ] {
            assert_eq!(Cost::new(memory, passes, lanes), Err(CostError), "{memory} {passes} {lanes}");
        }
        assert_eq!(Cost::new(65_536, 3, 4), Ok(Cost::RECOMMENDED));
    }

    /// RFC 9106 has no vector without secret and associated data; this one is of the reference implementation's tests
    /// (`test.c`, version 0x13, Argon2id, 64 MiB, 2 passes, 1 lane).
    #[test]
    fn argon2id_agrees_with_the_reference_implementation() {
        let params = Params::new(65_536, 2, 1, Some(32)).unwrap();
        let mut memory = vec![Block::new(); params.block_count()];
        let mut key = [0; 32];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(b"password", b"somesalt", &mut key, &mut memory[..])
            .unwrap();
        assert_eq!(hex::encode(key), "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
    }
}
