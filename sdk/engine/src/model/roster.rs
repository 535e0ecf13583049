//! A roster at rest, which is read once, however often it is asked for.

use std::fmt;
use std::sync::{Arc, OnceLock};

use waxwing_crypto::group::roster::Roster;

/// The bytes of a verified roster (`Roster::to_snapshot`), and what they say once somebody has asked. Copies share both.
#[derive(Clone)]
pub struct RosterAtRest(Arc<Shared>);

struct Shared {
    bytes: Vec<u8>,
    roster: OnceLock<Option<Arc<Roster>>>,
}

impl RosterAtRest {
    /// The bytes, for the store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// What they say. `None`: they are not those of a roster.
    pub(crate) fn roster(&self) -> Option<Arc<Roster>> {
        self.0.roster.get_or_init(|| Roster::from_snapshot(&self.0.bytes).ok().map(Arc::new)).clone()
    }
}

impl From<Vec<u8>> for RosterAtRest {
    fn from(bytes: Vec<u8>) -> RosterAtRest {
        RosterAtRest(Arc::new(Shared { bytes, roster: OnceLock::new() }))
    }
}

impl PartialEq for RosterAtRest {
    fn eq(&self, other: &RosterAtRest) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.bytes == other.0.bytes
    }
}

impl Eq for RosterAtRest {}

/// Who is in a group stays out of logs.
impl fmt::Debug for RosterAtRest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RosterAtRest({} bytes)", self.0.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_roster_says_nothing_and_stays_as_it_is() {
        let none = RosterAtRest::from(vec![1, 0, 255]);
        assert_eq!(none.roster(), None);
        assert_eq!(none.as_bytes(), [1, 0, 255]);
        assert_eq!(none.clone(), RosterAtRest::from(vec![1, 0, 255]));
        assert_ne!(none, RosterAtRest::from(vec![1, 0]));
    }
}
