//! Why a relay refuses a request: stable words, so that old clients understand new relays.

/// A refusal. `docs/wire.md` says for each what the client does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalCode {
    /// No version of the frames in common.
    VersionUnsupported,
    /// The frame makes no sense here: not decodable, not in this state, or not within the limits.
    BadFrame,
    /// A signature or token does not hold, or the device is not the account's.
    NotAuthorised,
    /// The registration token is past its time.
    TokenExpired,
    /// The relay asks for a registration token.
    TokenRequired,
    /// Another account has this handle.
    HandleTaken,
    /// The handle is not of the allowed form.
    HandleInvalid,
    /// This account id is registered with other keys or another handle.
    AccountExists,
    /// No account of this id or handle.
    UnknownAccount,
    /// The account of this id was deleted.
    AccountDeleted,
    /// No group of this id that the account is in.
    UnknownGroup,
    /// The relay does not know this device, or it was removed from its account.
    UnknownDevice,
    /// The device list is not a later version.
    DeviceListConflict,
    /// Too large for the relay.
    TooLarge,
    /// Too many requests; ask again later.
    RateLimited,
    /// A recipient's mailbox is full.
    MailboxFull,
    /// An account is in as many groups as it may be.
    GroupsFull,
    /// An earlier Submit of this connection was refused; send this one again under a greater fence.
    Fenced,
    /// The same device logged in on a newer connection.
    Superseded,
    /// The relay cannot store anything at the moment.
    Unavailable,
    /// A code of a newer relay.
    Other,
}

const WORDS: [(RefusalCode, &str); 20] = [
    (RefusalCode::VersionUnsupported, "version_unsupported"),
    (RefusalCode::BadFrame, "bad_frame"),
    (RefusalCode::NotAuthorised, "not_authorised"),
    (RefusalCode::TokenExpired, "token_expired"),
    (RefusalCode::TokenRequired, "token_required"),
    (RefusalCode::HandleTaken, "handle_taken"),
    (RefusalCode::HandleInvalid, "handle_invalid"),
    (RefusalCode::AccountExists, "account_exists"),
    (RefusalCode::UnknownAccount, "unknown_account"),
    (RefusalCode::AccountDeleted, "account_deleted"),
    (RefusalCode::UnknownGroup, "unknown_group"),
    (RefusalCode::UnknownDevice, "unknown_device"),
    (RefusalCode::DeviceListConflict, "device_list_conflict"),
    (RefusalCode::TooLarge, "too_large"),
    (RefusalCode::RateLimited, "rate_limited"),
    (RefusalCode::MailboxFull, "mailbox_full"),
    (RefusalCode::GroupsFull, "groups_full"),
    (RefusalCode::Fenced, "fenced"),
    (RefusalCode::Superseded, "superseded"),
    (RefusalCode::Unavailable, "unavailable"),
];

impl RefusalCode {
    /// The stable word of this code on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        WORDS.iter().find(|(code, _)| *code == self).map_or("other", |(_, word)| word)
    }

    /// The code of a word; [`RefusalCode::Other`] for one that this build does not know.
    #[must_use]
    pub fn from_word(word: &str) -> RefusalCode {
        WORDS.iter().find(|(_, known)| *known == word).map_or(RefusalCode::Other, |(code, _)| *code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_names_its_code() {
        for (code, word) in WORDS {
            assert_eq!(RefusalCode::from_word(word), code);
            assert_eq!(code.word(), word);
        }
    }

    #[test]
    fn a_word_of_the_future_is_other() {
        assert_eq!(RefusalCode::from_word("from_the_future"), RefusalCode::Other);
    }
}
