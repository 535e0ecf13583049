//! Which connection a device's hints go to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use waxwing_wire::DeviceId;

use super::inbox::Inbox;
use crate::store::{ConnectionId, Hint};

/// Routes of devices that are online. A connection's id is its fencing epoch: only the newest may unbind.
#[derive(Debug, Default)]
pub(super) struct Routes(Mutex<HashMap<DeviceId, (ConnectionId, Arc<Inbox>)>>);

impl Routes {
    pub(super) fn bind(&self, device: DeviceId, connection: ConnectionId, inbox: Arc<Inbox>) {
        let before = self.lock().insert(device, (connection, inbox));
        if let Some((_, before)) = before.filter(|(before, _)| *before != connection) {
            before.supersede();
        }
    }

    pub(super) fn unbind(&self, device: DeviceId, connection: ConnectionId) {
        let mut routes = self.lock();
        if routes.get(&device).is_some_and(|(bound, _)| *bound == connection) {
            routes.remove(&device);
        }
    }

    /// Tells one device. What is for the readers of a log goes through the [`Poker`](super::poker::Poker).
    pub(super) fn tell(&self, hint: Hint) {
        let device = match hint {
            Hint::Poke(device) | Hint::CutOff(device) | Hint::PrekeysLow(device, _) => device,
            Hint::PokeReaders(_) => return,
        };
        if let Some((_, inbox)) = self.lock().get(&device) {
            inbox.hint(hint);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<DeviceId, (ConnectionId, Arc<Inbox>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
