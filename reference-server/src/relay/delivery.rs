//! The reading of one mailbox onto one connection.
//!
//! A poke is a hint that there is something to read; what is read comes from the storage, after the cursor, so nothing can be
//! passed by or come out of order. What waits in the log of a group is put into the mailbox first. At most one read is under way, and at most
//! [`ENVELOPES_UNACKNOWLEDGED_MAX`](limits::ENVELOPES_UNACKNOWLEDGED_MAX) envelopes are unacknowledged.

use std::collections::VecDeque;

use waxwing_wire::{Cursor, Envelope, RelayBody, limits};

#[derive(Debug)]
pub(super) struct Delivery {
    /// The last sequence number sent.
    cursor: Cursor,
    /// What earlier connections of the device may have been sent.
    known: Cursor,
    /// Sent and not acknowledged, in order.
    unacknowledged: VecDeque<Cursor>,
    /// There may be something after the cursor.
    stale: bool,
    reading: bool,
    /// Something waits in the log of a group.
    behind: Behind,
    drained: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    No,
    Yes,
    /// The mailbox has no room for it until something is acknowledged.
    Full,
}

/// What to do next for a mailbox.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Read so many envelopes after a cursor.
    Read { after: Cursor, limit: usize },
    /// Put so much of what waits in logs into it.
    Collect { limit: usize },
}

/// The device acknowledges what it cannot have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NeverSent;

impl Delivery {
    /// Starts at the front of the mailbox; `last_sequence` is the last one it ever gave.
    pub(super) fn new(last_sequence: Cursor) -> Delivery {
        Delivery {
            cursor: 0,
            known: last_sequence,
            unacknowledged: VecDeque::new(),
            stale: true,
            reading: false,
            behind: Behind::No,
            drained: false,
        }
    }

    /// Something may have arrived.
    pub(super) fn poke(&mut self) {
        self.stale = true;
    }

    /// What to do next: logs have their turn at the end of the mailbox.
    pub(super) fn next(&mut self) -> Option<Next> {
        let room = limits::ENVELOPES_UNACKNOWLEDGED_MAX.saturating_sub(self.unacknowledged.len());
        if self.reading || room == 0 || !(self.stale || self.behind == Behind::Yes) {
            return None;
        }
        self.reading = true;
        let limit = room.min(limits::ENVELOPES_PER_DELIVERY_MAX);
        if std::mem::take(&mut self.stale) {
            Some(Next::Read { after: self.cursor, limit })
        } else {
            Some(Next::Collect { limit })
        }
    }

    /// What waited in logs is in the mailbox now, unless that is full.
    pub(super) fn on_collected(&mut self, is_full: bool) {
        self.reading = false;
        if is_full {
            self.behind = Behind::Full;
        } else {
            self.stale = true;
        }
    }

    /// What to send of what was read.
    pub(super) fn on_read(&mut self, envelopes: Vec<Envelope>, more: bool, behind: bool) -> Vec<RelayBody> {
        self.reading = false;
        self.stale |= more;
        self.behind = if behind { Behind::Yes } else { Behind::No };
        // An acknowledgement may have moved the cursor while the read was under way.
        let fresh: Vec<Envelope> =
            envelopes.into_iter().filter(|envelope| envelope.sequence > self.cursor).collect();
        let mut bodies = Vec::with_capacity(2);
        if let Some(last) = fresh.last() {
            self.cursor = last.sequence;
            self.unacknowledged.extend(fresh.iter().map(|envelope| envelope.sequence));
            bodies.push(RelayBody::Deliver { envelopes: fresh });
        }
        if !more && !behind && !self.drained {
            self.drained = true;
            bodies.push(RelayBody::Drained { cursor: self.cursor });
        }
        bodies
    }

    /// The device has everything up to the cursor.
    pub(super) fn acknowledge(&mut self, cursor: Cursor) -> Result<(), NeverSent> {
        if cursor > self.cursor.max(self.known) {
            return Err(NeverSent);
        }
        while self.unacknowledged.front().is_some_and(|sent| *sent <= cursor) {
            self.unacknowledged.pop_front();
        }
        if self.unacknowledged.is_empty() && self.unacknowledged.capacity() > 0 {
            self.unacknowledged = VecDeque::new(); // an idle connection keeps no room
        }
        self.cursor = self.cursor.max(cursor);
        self.stale |= self.behind == Behind::Full;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use waxwing_wire::{AccountId, DeviceId, EnvelopeId, MessageId};

    #[test]
    fn the_mailbox_is_read_in_order_until_the_window_is_full() {
        let mut delivery = Delivery::new(1000);
        assert_eq!(delivery.next(), read(0, 100));
        assert_eq!(delivery.next(), None);
        assert_eq!(delivery.on_read(envelopes(1, 100), true, false).len(), 1);
        assert_eq!(delivery.next(), read(100, 100));
        delivery.on_read(envelopes(101, 200), true, false);
        assert_eq!(delivery.next(), read(200, 56));
        delivery.on_read(envelopes(201, 256), true, false);
        assert_eq!(delivery.next(), None);
        assert_eq!(delivery.acknowledge(10), Ok(()));
        assert_eq!(delivery.next(), read(256, 10));
    }

    #[test]
    fn drained_is_said_once_and_after_the_last_envelope() {
        let mut delivery = Delivery::new(2);
        delivery.next();
        let bodies = delivery.on_read(envelopes(1, 2), false, false);
        assert_eq!(bodies.last(), Some(&RelayBody::Drained { cursor: 2 }));
        delivery.poke();
        delivery.next();
        assert_eq!(delivery.on_read(Vec::new(), false, false), Vec::new());
    }

    #[test]
    fn a_poke_during_a_read_is_not_lost() {
        let mut delivery = Delivery::new(0);
        delivery.next();
        delivery.poke();
        delivery.on_read(Vec::new(), false, false);
        assert_eq!(delivery.next(), read(0, 100));
    }

    #[test]
    fn what_was_never_sent_cannot_be_acknowledged() {
        let mut delivery = Delivery::new(5);
        assert_eq!(delivery.acknowledge(6), Err(NeverSent));
        assert_eq!(delivery.acknowledge(5), Ok(()));
        assert_eq!(delivery.next(), read(5, 100));
    }

    #[test]
    fn logs_have_their_turn_at_the_end_of_the_mailbox_and_before_the_drained() {
        let mut delivery = Delivery::new(0);
        delivery.next();
        assert_eq!(delivery.on_read(envelopes(1, 100), true, true).len(), 1);
        assert_eq!(delivery.next(), read(100, 100));
        assert_eq!(delivery.on_read(envelopes(101, 120), false, true).len(), 1, "not drained yet");
        assert_eq!(delivery.next(), Some(Next::Collect { limit: 100 }));
        assert_eq!(delivery.next(), None);
        delivery.on_collected(false);
        assert_eq!(delivery.next(), read(120, 100));
        assert_eq!(delivery.on_read(envelopes(121, 121), false, false).len(), 2);
        assert_eq!(delivery.next(), None);
    }

    #[test]
    fn a_full_mailbox_collects_again_when_something_is_acknowledged() {
        let mut delivery = Delivery::new(0);
        delivery.next();
        delivery.on_read(envelopes(1, 2), false, true);
        assert_eq!(delivery.next(), Some(Next::Collect { limit: 100 }));
        delivery.on_collected(true);
        assert_eq!(delivery.next(), None);
        assert_eq!(delivery.acknowledge(1), Ok(()));
        assert_eq!(delivery.next(), read(2, 100));
        delivery.on_read(Vec::new(), false, true);
        assert_eq!(delivery.next(), Some(Next::Collect { limit: 100 }));
    }

    fn read(after: Cursor, limit: usize) -> Option<Next> {
        Some(Next::Read { after, limit })
    }

    fn envelopes(from: u64, to: u64) -> Vec<Envelope> {
        let envelope = |sequence| Envelope {
            id: EnvelopeId::from_bytes([0; 16]),
            sequence,
            sender_account: AccountId::from_bytes([1; 16]),
            sender_device: DeviceId::from_bytes([2; 16]),
            message: MessageId::from_bytes([3; 16]),
            payload: Bytes::new(),
            accepted_at_ms: 0,
            group: None,
        };
        (from..=to).map(envelope).collect()
    }
}
