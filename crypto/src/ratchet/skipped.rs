//! Message keys kept for late arrivals: bounded, the oldest leaves first (Double Ratchet §2.6, §8.4).

use super::{chain::MessageKey, header::HeaderKey};

/// Skipped keys that one session keeps, in all its chains together. The oldest leave first.
pub const SKIPPED_MAX: usize = 2_000;
/// Chains that are remembered after their turn even when no key of them is left, to know a repeat for what it is.
pub(crate) const PAST_CHAINS_ALWAYS: u8 = 4;
/// Turns after which a chain is forgotten with all its keys.
pub(crate) const PAST_CHAINS_MAX: u8 = 16;

/// The skipped keys of one chain, by ascending number.
///
/// A key that was used is wiped where it lies and leaves an empty slot. Slots are moved only by copying into a new
/// buffer and wiping the old one, so no stale copy of a key stays behind; at least half of them are in use.
pub(crate) struct SkippedKeys {
    slots: Vec<(u32, Option<MessageKey>)>,
    live: usize,
}

impl SkippedKeys {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { slots: Vec::with_capacity(capacity), live: 0 }
    }

    pub(crate) fn live(&self) -> usize {
        self.live
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &MessageKey)> {
        self.slots.iter().filter_map(|(number, key)| Some((*number, key.as_ref()?)))
    }

    pub(crate) fn get(&self, number: u32) -> Option<&MessageKey> {
        self.slots.get(self.find(number)?)?.1.as_ref()
    }

    /// Adds a key with a higher number than all others.
    pub(crate) fn push(&mut self, number: u32, key: MessageKey) {
        if self.slots.len() == self.slots.capacity() {
            self.rebuild(self.live.max(4));
        }
        self.slots.push((number, Some(key)));
        self.live += 1;
    }

    /// Adds keys that all have higher numbers.
    pub(crate) fn append(&mut self, later: Self) {
        if self.live == 0 {
            *self = later;
            return;
        }
        if self.slots.capacity() - self.slots.len() < later.live {
            self.rebuild(later.live.max(self.live));
        }
        for (number, key) in later.iter() {
            self.push(number, MessageKey::copy_of(key.expose()));
        }
    }

    /// Wipes a key that was used.
    pub(crate) fn remove(&mut self, number: u32) {
        let slot = self.find(number).and_then(|index| self.slots.get_mut(index));
        if let Some((_, key)) = slot
            && key.is_some()
        {
            *key = None;
            self.live -= 1;
            if self.live * 2 < self.slots.len() {
                self.rebuild(0);
            }
        }
    }

    /// Wipes the oldest `count` keys, or all.
    pub(crate) fn remove_oldest(&mut self, count: usize) {
        for (_, key) in self.slots.iter_mut().filter(|(_, key)| key.is_some()).take(count) {
            *key = None;
            self.live -= 1;
        }
        if self.live * 2 < self.slots.len() {
            self.rebuild(0);
        }
    }

    fn find(&self, number: u32) -> Option<usize> {
        self.slots.binary_search_by_key(&number, |(number, _)| *number).ok()
    }

    /// Copies the live keys into a new buffer with room for `extra` more. Dropping the old one wipes it.
    fn rebuild(&mut self, extra: usize) {
        let mut slots = Vec::with_capacity(self.live + extra);
        slots.extend(self.iter().map(|(number, key)| (number, Some(MessageKey::copy_of(key.expose())))));
        self.slots = slots;
    }
}

/// A chain of theirs whose turn is over.
pub(crate) struct PastChain {
    pub(crate) header_key: HeaderKey,
    /// Turns since: 1 for the chain before the current one.
    pub(crate) age: u8,
    pub(crate) skipped: SkippedKeys,
}

impl PastChain {
    /// A chain with keys left lives for 16 turns, one without for 4.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        self.age <= PAST_CHAINS_ALWAYS || (self.age <= PAST_CHAINS_MAX && self.skipped.live() > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(numbers: impl IntoIterator<Item = u32>) -> SkippedKeys {
        let mut keys = SkippedKeys::with_capacity(0);
        for number in numbers {
            keys.push(number, MessageKey::copy_of(&[number as u8; 32]));
        }
        keys
    }

    fn numbers(keys: &SkippedKeys) -> Vec<u32> {
        keys.iter()
            .inspect(|(number, key)| assert_eq!(key.expose(), &[*number as u8; 32]))
            .map(|(number, _)| number)
            .collect()
    }

    #[test]
    fn used_keys_are_gone_and_the_others_stay() {
        let mut kept = keys(0..100);
        (0..100).filter(|number| number % 3 != 0).for_each(|number| kept.remove(number));
        kept.remove(1);
        kept.append(keys(200..205));
        assert_eq!(numbers(&kept), (0..100).step_by(3).chain(200..205).collect::<Vec<_>>());
        assert!(kept.get(4).is_none() && kept.get(6).is_some() && kept.get(150).is_none());
        assert_eq!(kept.live(), 39);
    }

    #[test]
    fn the_oldest_leave_first() {
        let mut kept = keys(0..10);
        kept.remove(0);
        kept.remove_oldest(8);
        assert_eq!(numbers(&kept), [9]);
        assert!(kept.slots.capacity() <= 2, "memory follows the keys that are left");
        kept.remove_oldest(5);
        assert_eq!(kept.live(), 0);
    }

    /// Were it `Vec` that makes room, it would leave copies behind.
    #[test]
    fn room_is_made_by_us_and_given_back_when_half_is_empty() {
        let mut kept = keys([]);
        for number in 0..40 {
            kept.push(number, MessageKey::copy_of(&[0; 32]));
            assert_eq!(kept.slots.capacity(), kept.live().next_power_of_two().max(4), "doubled when full");
        }
        (0..20).for_each(|number| kept.remove(number));
        assert_eq!(
            (kept.live(), kept.slots.len(), kept.slots.capacity()),
            (20, 40, 64),
            "half of it is used"
        );
        kept.remove(20);
        assert_eq!((kept.live(), kept.slots.len(), kept.slots.capacity()), (19, 19, 19));
        kept.append(keys(50..60));
        assert_eq!((kept.live(), kept.slots.capacity()), (29, 19 + 19), "room for as many again");
        kept.append(keys(60..69));
        assert_eq!((kept.live(), kept.slots.capacity()), (38, 38), "which is used up first");
        kept.append(keys(70..130));
        assert_eq!((kept.live(), kept.slots.capacity()), (98, 98), "or for all that come");
        kept.remove_oldest(49);
        assert_eq!((kept.live(), kept.slots.len()), (49, 98));
        kept.remove_oldest(1);
        assert_eq!((kept.live(), kept.slots.len()), (48, 48));
    }
}
