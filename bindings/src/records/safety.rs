//! Safety numbers: what comparing them gives.

/// What comparing a safety number with what the other person shows gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Comparison {
    /// The same two accounts with the same two keys: nobody stands between.
    Match,
    /// The same two accounts, and another key of at least one. Somebody may stand between, or one side has not seen yet that
    /// the other's key changed.
    Mismatch,
    /// The code is of another pair of accounts: of another conversation, or of another person.
    OtherPair,
    /// The code is of another version of the format. One side needs an update; nothing is said about the keys.
    OtherVersion,
    /// This is no code at all.
    Unreadable,
}

impl From<waxwing::Comparison> for Comparison {
    fn from(comparison: waxwing::Comparison) -> Comparison {
        match comparison {
            waxwing::Comparison::Match => Comparison::Match,
            waxwing::Comparison::Mismatch => Comparison::Mismatch,
            waxwing::Comparison::OtherPair => Comparison::OtherPair,
            waxwing::Comparison::OtherVersion => Comparison::OtherVersion,
            waxwing::Comparison::Unreadable => Comparison::Unreadable,
        }
    }
}
