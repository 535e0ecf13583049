//! Ids and times: text and milliseconds on the way, types of their own on both sides.

use waxwing::{AccountId, ConversationId, DeviceId, InvitationId, MessageId};

use crate::error::FfiError;

uniffi::custom_type!(
    /// A person or a bot.
    AccountId, String, {
        remote,
        lower: |id| id.to_string(),
        try_lift: |text| Ok(text.parse().map_err(|_| FfiError::id_invalid())?),
    }
);
uniffi::custom_type!(
    /// One installation of the app.
    DeviceId, String, {
        remote,
        lower: |id| id.to_string(),
        try_lift: |text| Ok(text.parse().map_err(|_| FfiError::id_invalid())?),
    }
);
uniffi::custom_type!(
    /// A message; it never changes.
    MessageId, String, {
        remote,
        lower: |id| id.to_string(),
        try_lift: |text| Ok(text.parse().map_err(|_| FfiError::id_invalid())?),
    }
);
uniffi::custom_type!(
    /// A conversation, the same on both sides.
    ConversationId, String, {
        remote,
        lower: |id| id.to_string(),
        try_lift: |text| {
            let parsed = text.parse::<MessageId>().map_err(|_| FfiError::id_invalid())?;
            Ok(ConversationId::from_bytes(*parsed.as_bytes()))
        },
    }
);

uniffi::custom_type!(
    /// An invitation to a group. It does not tell its link.
    InvitationId, String, {
        remote,
        lower: |id| id.to_string(),
        try_lift: |text| {
            let parsed = text.parse::<MessageId>().map_err(|_| FfiError::id_invalid())?;
            Ok(InvitationId(*parsed.as_bytes()))
        },
    }
);

/// A moment: milliseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The years 1 to 9999. What a peer's clock says is shown and nothing else; a language that knows no later year must not fail over it.
const SHOWN_MS: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

impl Timestamp {
    /// Takes milliseconds since 1970; a time outside the years 1 to 9999 becomes the nearest within.
    #[must_use]
    pub fn from_ms(ms: i64) -> Timestamp {
        Timestamp(ms.clamp(*SHOWN_MS.start(), *SHOWN_MS.end()))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn ms(self) -> i64 {
        self.0
    }
}

uniffi::custom_type!(
    /// A moment: milliseconds since 1970, UTC.
    Timestamp, i64, {
        lower: |moment| moment.ms(),
        try_lift: |ms| Ok(Timestamp::from_ms(ms)),
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_lies_is_shown_as_the_last_year() {
        assert_eq!(Timestamp::from_ms(i64::MAX).ms(), 253_402_300_799_999);
        assert_eq!(Timestamp::from_ms(i64::MIN).ms(), -62_135_596_800_000);
        assert_eq!(Timestamp::from_ms(1).ms(), 1);
    }
}
