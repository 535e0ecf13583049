//! One step: what must become durable, and what may happen only then.

use crate::batch::{Apply, Batch};
use crate::effect::Effect;

/// The answer to one input.
#[must_use = "commit the step; its effects are released by the commit"]
#[derive(Debug, Default)]
pub struct Step {
    batch: Batch,
    effects: Vec<Effect>,
}

impl Step {
    pub(crate) fn new(batch: Batch, effects: Vec<Effect>) -> Step {
        Step { batch, effects }
    }

    /// Makes the batch durable, and only then hands out the effects.
    ///
    /// # Errors
    ///
    /// What the store says. Nothing is durable then, and the engine must be opened again from the store.
    pub fn commit<S: Apply>(self, store: &mut S) -> Result<Vec<Effect>, S::Error> {
        store.apply(&self.batch)?;
        Ok(self.effects)
    }

    /// Applies the batch inside a transaction that the caller commits later; the effects stay locked up until then.
    ///
    /// # Errors
    ///
    /// What the store says. The transaction must be rolled back, and the engine opened again from the store.
    pub fn apply<S: Apply>(self, transaction: &mut S, held: &mut Held) -> Result<(), S::Error> {
        transaction.apply(&self.batch)?;
        held.wrote |= !self.batch.is_empty();
        held.effects.extend(self.effects);
        Ok(())
    }
}

/// The effects of steps whose transaction is still open.
#[must_use = "release the effects after the commit"]
#[derive(Debug, Default)]
pub struct Held {
    effects: Vec<Effect>,
    wrote: bool,
}

impl Held {
    /// Whether any of the steps changed the store; if not, there is nothing to commit.
    #[must_use]
    pub fn wrote(&self) -> bool {
        self.wrote
    }

    /// Commits by the function given, and only then hands out the effects.
    ///
    /// # Errors
    ///
    /// What the function says.
    pub fn release<E>(self, commit: impl FnOnce() -> Result<(), E>) -> Result<Vec<Effect>, E> {
        commit()?;
        Ok(self.effects)
    }
}
