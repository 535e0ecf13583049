//! The engine: dispatch only.

use rand_core::CryptoRng;

use crate::clock::Now;
use crate::input::Input;
use crate::step::Step;
use crate::view::View;

/// The sync engine of one device.
#[derive(Debug)]
pub struct Engine {}

impl Engine {
    /// Takes up where the store stands.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub fn open<V: View>(_now: Now, _view: &V) -> Result<Engine, V::Error> {
        Ok(Engine {})
    }

    /// Takes one input, and says what must become durable and what must happen then.
    ///
    /// # Errors
    ///
    /// What the store says. The engine must be opened again then.
    pub fn handle<V: View>(
        &mut self,
        _input: Input,
        _now: Now,
        _rng: &mut impl CryptoRng,
        _view: &V,
    ) -> Result<Step, V::Error> {
        Ok(Step::default())
    }
}
