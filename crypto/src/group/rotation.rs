//! When a sender key has had its time.

use std::time::Duration;

/// Messages after which a sender key is replaced.
///
/// It is not above [`JUMP_MAX`](crate::JUMP_MAX) and [`SKIPPED_MAX`](crate::SKIPPED_MAX), so no message of a sender that
/// keeps to it is ever too far ahead, or has lost its key.
pub const SENDER_KEY_MESSAGES_MAX: u32 = 2_000;
/// Time after which a sender key is replaced.
pub const SENDER_KEY_AGE_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How much a sender key was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderKeyUse {
    /// [`SenderKey::messages`](crate::group::SenderKey::messages).
    pub messages: u32,
    /// Time since it was made, by the clock of the caller. Zero where that clock went back.
    pub age: Duration,
}

/// What happened in a group since a sender key was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupEvent {
    /// A member left or was removed.
    MemberRemoved,
    /// A member has a device less, or one with other keys.
    DeviceRemoved,
    /// A member has a device more. It gets the key as it stands, and reads what comes.
    DeviceAdded,
    /// The roster has changed in any way: a key serves one epoch.
    EpochChanged,
}

/// Says why a sender key is to be replaced before the next message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RotationReason {
    /// Somebody has the key who may not read on.
    Removed,
    /// The key is bound to a roster that is no more.
    EpochChanged,
    /// The key has sealed [`SENDER_KEY_MESSAGES_MAX`] messages.
    Worn,
    /// The key is [`SENDER_KEY_AGE_MAX`] old.
    Old,
}

/// Tells whether a sender key is to be replaced before the next message, and names the weightiest reason.
///
/// ```
/// use std::time::Duration;
/// use waxwing_crypto::group::{GroupEvent, RotationReason, SenderKeyUse, rotation};
///
/// let used = SenderKeyUse { messages: 12, age: Duration::from_secs(3600) };
/// assert_eq!(rotation(&used, &[GroupEvent::DeviceAdded]), None);
/// assert_eq!(rotation(&used, &[GroupEvent::DeviceRemoved]), Some(RotationReason::Removed));
/// ```
pub fn rotation(used: &SenderKeyUse, events: &[GroupEvent]) -> Option<RotationReason> {
    let by_event = events.iter().filter_map(|event| match event {
        GroupEvent::MemberRemoved | GroupEvent::DeviceRemoved => Some(RotationReason::Removed),
        GroupEvent::EpochChanged => Some(RotationReason::EpochChanged),
        GroupEvent::DeviceAdded => None,
    });
    let worn = (used.messages >= SENDER_KEY_MESSAGES_MAX).then_some(RotationReason::Worn);
    let old = (used.age >= SENDER_KEY_AGE_MAX).then_some(RotationReason::Old);
    by_event.chain(worn).chain(old).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{JUMP_MAX, SKIPPED_MAX};

    const FRESH: SenderKeyUse = SenderKeyUse { messages: 0, age: Duration::ZERO };

    #[test]
    fn a_removal_outweighs_a_new_epoch_which_outweighs_wear() {
        let worn = SenderKeyUse { messages: 2_000, age: SENDER_KEY_AGE_MAX };
        let all = [GroupEvent::DeviceAdded, GroupEvent::EpochChanged, GroupEvent::MemberRemoved];
        assert_eq!(rotation(&worn, &all), Some(RotationReason::Removed));
        assert_eq!(rotation(&worn, &all[..2]), Some(RotationReason::EpochChanged));
        assert_eq!(rotation(&worn, &all[..1]), Some(RotationReason::Worn));
        assert_eq!(rotation(&FRESH, &[GroupEvent::DeviceRemoved]), Some(RotationReason::Removed));
    }

    #[test]
    fn a_key_lives_for_two_thousand_messages_and_seven_days_and_no_longer() {
        let used = |messages, age| rotation(&SenderKeyUse { messages, age }, &[GroupEvent::DeviceAdded]);
        let almost = SENDER_KEY_AGE_MAX - Duration::from_nanos(1);
        assert_eq!(used(1_999, almost), None);
        assert_eq!(used(2_000, Duration::ZERO), Some(RotationReason::Worn));
        assert_eq!(used(0, Duration::from_secs(604_800)), Some(RotationReason::Old));
        assert_eq!(rotation(&FRESH, &[]), None);
    }

    #[test]
    fn an_honest_chain_is_never_longer_than_a_receiver_can_jump_or_keep() {
        const { assert!(SENDER_KEY_MESSAGES_MAX <= JUMP_MAX && SENDER_KEY_MESSAGES_MAX as usize <= SKIPPED_MAX) }
    }
}
