//! Randomness of the operating system.

use getrandom::SysRng;
use rand_core::{Rng as _, UnwrapErr};

/// The operating system's random source. It does not fail on a system that works; on one where it does, nothing secret may
/// be made, and the panic becomes a `bug` error for the caller.
pub(crate) fn system() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// Some random bytes.
pub(crate) fn array<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    system().fill_bytes(&mut bytes);
    bytes
}
