//! The one error of this crate: what went wrong, as a stable word, and what can be done about it.

use std::fmt;
use std::time::Duration;

use waxwing_engine::Failure;
use waxwing_wire::RefusalCode;

use crate::store::StoreError;

/// Why a call did not do what was asked. It never holds content, keys or names.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    code: Code,
    retry_after: Option<Duration>,
}

/// What sort of error it is, sorted by what the caller can do.
///
/// Exhaustive on purpose: whoever shows every kind to somebody else, as the bindings do, hears of a new one from the compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The relay cannot be reached.
    Offline,
    /// The relay said no.
    Refused,
    /// The relay wants fewer requests.
    RateLimited,
    /// The other side's key changed, and the user has not accepted it.
    KeyChanged,
    /// Something could not be opened.
    Undecryptable,
    /// The store on this device.
    Storage,
    /// The token, signature or key is not enough.
    Permission,
    /// There is no such thing.
    NotFound,
    /// Longer than allowed.
    TooLarge,
    /// Given up before it was done.
    Cancelled,
    /// The client is closed.
    ShutDown,
    /// The call makes no sense as it was made.
    Misuse,
    /// The relay and this build have no version in common.
    VersionUnsupported,
    /// A fault in this software.
    Bug,
}

/// When it makes sense to try again. Exhaustive on purpose, as [`ErrorKind`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Advice {
    /// Not at all: the same call fails again.
    Never,
    /// After a while.
    After(Duration),
    /// Once there is a network; the client watches for it by itself.
    OnNetwork,
    /// Once the user did something about it.
    AfterUserActs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Code {
    Offline,
    NotRegistered,
    AlreadyRegistered,
    WrongStoreKey,
    StoreCorrupt,
    StoreInUse,
    StoreNewer,
    DiskFull,
    IoError,
    MessageTooLarge,
    TooLate,
    NotFound,
    NotAllowed,
    Blocked,
    WrongAccountKey,
    BackupKeyWrong,
    BackupOtherAccount,
    BackupDamaged,
    BackupUnsupported,
    KeyChanged,
    InvalidInput,
    InvalidHandle,
    InvalidRecoveryKey,
    InvalidUrl,
    InsecureUrl,
    InvalidCertificate,
    MessageIdTaken,
    Suspended,
    TokenUnavailable,
    TooManyDevices,
    NotPermitted,
    NoAccountKey,
    InvitationInvalid,
    InvitationOver,
    LinkTextInvalid,
    LinkCodeDiffers,
    LinkBroken,
    HistoryIncomplete,
    ShutDown,
    Bug,
    VersionUnsupported,
    BadFrame,
    NotAuthorised,
    TokenExpired,
    TokenRequired,
    HandleTaken,
    AccountExists,
    AccountDeleted,
    UnknownAccount,
    UnknownDevice,
    DeviceListConflict,
    TooLarge,
    RateLimited,
    MailboxFull,
    Fenced,
    Superseded,
    Unavailable,
    Other,
}

const SOON: Advice = Advice::After(Duration::from_secs(1));
const LATER: Advice = Advice::After(Duration::from_secs(30));

type Row = (Code, &'static str, ErrorKind, Advice, &'static str);

/// Every error there is. The words are stable; those from `bad_frame` on are the relay's, passed through.
#[rustfmt::skip]
const TABLE: [Row; 58] = [
    (Code::Offline, "offline", ErrorKind::Offline, Advice::OnNetwork, "the relay cannot be reached; try again once there is a network"),
    (Code::NotRegistered, "not_registered", ErrorKind::Misuse, Advice::AfterUserActs, "this device has no account yet; register first"),
    (Code::AlreadyRegistered, "already_registered", ErrorKind::Misuse, Advice::Never, "this device has another account already; use another store for a second one"),
    (Code::WrongStoreKey, "wrong_store_key", ErrorKind::Storage, Advice::AfterUserActs, "the key does not open the store; give the key it was made with"),
    (Code::StoreCorrupt, "store_corrupt", ErrorKind::Storage, Advice::Never, "the store is damaged; recover the account into a new store"),
    (Code::StoreInUse, "store_in_use", ErrorKind::Storage, SOON, "another process has the store open; close it there first"),
    (Code::StoreNewer, "store_newer", ErrorKind::Storage, Advice::AfterUserActs, "a newer version of the app wrote the store; update this one"),
    (Code::DiskFull, "disk_full", ErrorKind::Storage, Advice::AfterUserActs, "the disk is full; nothing was lost; make room and call again"),
    (Code::IoError, "io_error", ErrorKind::Storage, SOON, "the disk failed; look at the folder's permissions and the disk, and call again"),
    (Code::MessageTooLarge, "message_too_large", ErrorKind::TooLarge, Advice::Never, "the text is longer than a message may be; send it in parts"),
    (Code::TooLate, "too_late", ErrorKind::Misuse, Advice::Never, "the message is past the point where that can be done"),
    (Code::NotFound, "not_found", ErrorKind::NotFound, Advice::Never, "there is no such conversation or message here"),
    (Code::NotAllowed, "not_allowed", ErrorKind::Permission, Advice::Never, "only its author may do that to a message, and only while it has a text"),
    (Code::Blocked, "blocked", ErrorKind::Misuse, Advice::AfterUserActs, "you blocked this account; unblock it to write to it"),
    (Code::WrongAccountKey, "wrong_account_key", ErrorKind::Permission, Advice::AfterUserActs, "the recovery key is not this account's; look at the handle and the key"),
    (Code::BackupKeyWrong, "backup_key_wrong", ErrorKind::Permission, Advice::AfterUserActs, "the recovery key does not open the backup; look at the key, and whose backup it is"),
    (Code::BackupOtherAccount, "backup_other_account", ErrorKind::Misuse, Advice::AfterUserActs, "the backup is of another account; bring that account here, or choose another backup"),
    (Code::BackupDamaged, "backup_damaged", ErrorKind::Undecryptable, Advice::AfterUserActs, "the backup is cut off or was changed; nothing of it was taken; choose another copy"),
    (Code::BackupUnsupported, "backup_unsupported", ErrorKind::Undecryptable, Advice::AfterUserActs, "this is no backup, or one of a newer version of the app; update this one"),
    (Code::KeyChanged, "key_changed", ErrorKind::KeyChanged, Advice::AfterUserActs, "the account's key changed; compare safety numbers, then accept the key"),
    (Code::InvalidInput, "invalid_input", ErrorKind::Misuse, Advice::Never, "an argument makes no sense, such as an empty text"),
    (Code::InvalidHandle, "handle_invalid", ErrorKind::Misuse, Advice::AfterUserActs, "a handle has 2 to 32 characters: a-z, 0-9, '.', '-' and '_', and starts with a letter or digit"),
    (Code::InvalidRecoveryKey, "recovery_key_invalid", ErrorKind::Misuse, Advice::AfterUserActs, "the text is not a recovery key; look for a mistyped character"),
    (Code::InvalidUrl, "url_invalid", ErrorKind::Misuse, Advice::Never, "the relay's address must look like wss://relay.example or ws://localhost:8080"),
    (Code::InsecureUrl, "url_insecure", ErrorKind::Misuse, Advice::Never, "ws:// is only for this machine; use wss://, or allow plain connections on a network you trust"),
    (Code::InvalidCertificate, "certificate_invalid", ErrorKind::Misuse, Advice::Never, "the extra root is not a PEM certificate"),
    (Code::MessageIdTaken, "message_id_taken", ErrorKind::Misuse, Advice::Never, "another message has this id; make a new one"),
    (Code::Suspended, "suspended", ErrorKind::Misuse, Advice::AfterUserActs, "the client is suspended; resume it first"),
    (Code::TooManyDevices, "too_many_devices", ErrorKind::Refused, Advice::AfterUserActs, "the account has as many devices as it may have; recover it, replacing its other devices"),
    (Code::NotPermitted, "not_permitted", ErrorKind::Permission, Advice::Never, "the group does not let this account do that, or the account is not in it any more"),
    (Code::NoAccountKey, "account_key_missing", ErrorKind::Permission, Advice::AfterUserActs, "this device does not hold the account's key; do it on the device that made the account, or with the recovery key"),
    (Code::InvitationInvalid, "invitation_invalid", ErrorKind::Misuse, Advice::AfterUserActs, "the text is not an invitation to a group; give it whole, from WAXWING:JOIN/ on"),
    (Code::InvitationOver, "invitation_over", ErrorKind::Permission, Advice::AfterUserActs, "the invitation has had its time; ask for a new one"),
    (Code::LinkTextInvalid, "link_text_invalid", ErrorKind::Misuse, Advice::AfterUserActs, "the text is not that of a new device; give it whole, from WAXWING: on"),
    (Code::LinkCodeDiffers, "link_code_differs", ErrorKind::Permission, Advice::AfterUserActs, "the two devices show different codes, or it was mistyped; nothing was sent; link anew, with both devices before you"),
    (Code::LinkBroken, "link_broken", ErrorKind::Cancelled, Advice::AfterUserActs, "the other device went away or did not follow; begin anew on both"),
    (Code::HistoryIncomplete, "history_incomplete", ErrorKind::Cancelled, Advice::AfterUserActs, "this device is linked, and the transfer of the history broke off; fetch the rest while another device of the account is online"),
    (Code::ShutDown, "shut_down", ErrorKind::ShutDown, Advice::Never, "the client is closed; build a new one"),
    (Code::Bug, "bug", ErrorKind::Bug, Advice::Never, "a fault in Waxwing; please report it with the log; the client goes on"),
    (Code::TokenUnavailable, "token_unavailable", ErrorKind::Permission, Advice::AfterUserActs, "the app's own login gave no registration token; log in there and call again"),
    (Code::VersionUnsupported, "version_unsupported", ErrorKind::VersionUnsupported, Advice::AfterUserActs, "the relay speaks another version; update the older of the two"),
    (Code::BadFrame, "bad_frame", ErrorKind::Bug, Advice::Never, "the relay did not understand this build; please report it"),
    (Code::NotAuthorised, "not_authorised", ErrorKind::Permission, Advice::AfterUserActs, "the relay does not accept this token or key; log in again"),
    (Code::TokenExpired, "token_expired", ErrorKind::Permission, Advice::AfterUserActs, "the registration token is past its time; get a new one"),
    (Code::TokenRequired, "token_required", ErrorKind::Permission, Advice::AfterUserActs, "the relay asks for a registration token; get one from the app's own login"),
    (Code::HandleTaken, "handle_taken", ErrorKind::Refused, Advice::AfterUserActs, "another account has this handle; choose another"),
    (Code::AccountExists, "account_exists", ErrorKind::Refused, Advice::Never, "the relay has this account with other keys; recover it with its recovery key"),
    (Code::AccountDeleted, "account_deleted", ErrorKind::Refused, Advice::Never, "the account was deleted; nobody can bring it back"),
    (Code::UnknownAccount, "unknown_account", ErrorKind::NotFound, Advice::AfterUserActs, "the relay knows no account of this handle; look at the spelling"),
    (Code::UnknownDevice, "unknown_device", ErrorKind::Permission, Advice::AfterUserActs, "this device was removed from its account; recover the account"),
    (Code::DeviceListConflict, "device_list_conflict", ErrorKind::Refused, SOON, "the account's devices changed at the same time; try again"),
    (Code::TooLarge, "too_large", ErrorKind::TooLarge, Advice::Never, "it is too large for the relay"),
    (Code::RateLimited, "rate_limited", ErrorKind::RateLimited, LATER, "too many requests; wait before the next"),
    (Code::MailboxFull, "mailbox_full", ErrorKind::RateLimited, LATER, "the recipient's mailbox is full; it goes on when they come online"),
    (Code::Fenced, "fenced", ErrorKind::Refused, SOON, "an earlier request was refused; try again"),
    (Code::Superseded, "superseded", ErrorKind::Refused, Advice::AfterUserActs, "the same device is connected elsewhere; close one of the two"),
    (Code::Unavailable, "unavailable", ErrorKind::Refused, LATER, "the relay cannot store anything at the moment; wait"),
    (Code::Other, "other", ErrorKind::Refused, Advice::Never, "the relay refused for a reason that this build does not know; update it"),
];

/// What a call gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What sort of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.code.row().2
    }

    pub(crate) fn is(&self, code: Code) -> bool {
        self.code == code
    }

    /// The error's stable word, for programs and for support.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code.row().1
    }

    /// When to try again.
    #[must_use]
    pub fn advice(&self) -> Advice {
        self.retry_after.map_or(self.code.row().3, Advice::After)
    }

    pub(crate) fn wants_token(&self) -> bool {
        matches!(self.code, Code::TokenRequired | Code::TokenExpired)
    }

    pub(crate) fn says_token_expired(&self) -> bool {
        self.code == Code::TokenExpired
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.code == Code::ShutDown
    }

    pub(crate) fn refused(code: RefusalCode, retry_after_ms: u32) -> Error {
        let retry_after = (retry_after_ms > 0).then(|| Duration::from_millis(retry_after_ms.into()));
        Error { code: Code::from(code), retry_after }
    }
}

impl Code {
    fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.0 == self).unwrap_or(&TABLE[TABLE.len() - 1])
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Error {
        Error { code, retry_after: None }
    }
}

impl From<RefusalCode> for Code {
    fn from(code: RefusalCode) -> Code {
        match code {
            RefusalCode::VersionUnsupported => Code::VersionUnsupported,
            RefusalCode::BadFrame => Code::BadFrame,
            RefusalCode::NotAuthorised => Code::NotAuthorised,
            RefusalCode::TokenExpired => Code::TokenExpired,
            RefusalCode::TokenRequired => Code::TokenRequired,
            RefusalCode::HandleTaken => Code::HandleTaken,
            RefusalCode::AccountDeleted => Code::AccountDeleted,
            RefusalCode::HandleInvalid => Code::InvalidHandle,
            RefusalCode::AccountExists => Code::AccountExists,
            RefusalCode::UnknownAccount => Code::UnknownAccount,
            RefusalCode::UnknownDevice => Code::UnknownDevice,
            RefusalCode::DeviceListConflict => Code::DeviceListConflict,
            RefusalCode::TooLarge => Code::TooLarge,
            RefusalCode::RateLimited => Code::RateLimited,
            RefusalCode::MailboxFull => Code::MailboxFull,
            RefusalCode::Fenced => Code::Fenced,
            RefusalCode::Superseded => Code::Superseded,
            RefusalCode::Unavailable => Code::Unavailable,
            RefusalCode::UnknownGroup | RefusalCode::Other | _ => Code::Other,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        let code = match failure {
            Failure::NotRegistered => Code::NotRegistered,
            Failure::AlreadyRegistered => Code::AlreadyRegistered,
            Failure::Offline => Code::Offline,
            Failure::Refused { code, retry_after_ms } => return Error::refused(code, retry_after_ms),
            Failure::VersionUnsupported { .. } => Code::VersionUnsupported,
            Failure::UnknownAccount => Code::UnknownAccount,
            Failure::NotFound => Code::NotFound,
            Failure::TooLarge => Code::MessageTooLarge,
            Failure::TooLate => Code::TooLate,
            Failure::NotAllowed => Code::NotAllowed,
            Failure::Blocked => Code::Blocked,
            Failure::WrongAccountKey => Code::WrongAccountKey,
            Failure::KeyChanged => Code::KeyChanged,
            Failure::NoAccountKey => Code::NoAccountKey,
            Failure::TooManyDevices => Code::TooManyDevices,
            Failure::NotPermitted => Code::NotPermitted,
            Failure::InvitationOver => Code::InvitationOver,
            Failure::Invalid => Code::InvalidInput,
        };
        code.into()
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        let code = match error {
            StoreError::WrongKey => Code::WrongStoreKey,
            StoreError::Corrupt => Code::StoreCorrupt,
            StoreError::InUse => Code::StoreInUse,
            StoreError::Newer => Code::StoreNewer,
            StoreError::DiskFull => Code::DiskFull,
            StoreError::Io => Code::IoError,
            StoreError::Absent => Code::NotFound,
            StoreError::Suspended => Code::Suspended,
            StoreError::Bug => Code::Bug,
        };
        code.into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, word, _, _, text) = self.code.row();
        write!(f, "{text} ({word})")
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("code", &self.code()).field("advice", &self.advice()).finish()
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_one_row_and_one_word() {
        let words: BTreeSet<_> = TABLE.iter().map(|row| row.1).collect();
        assert_eq!(words.len(), TABLE.len());
        for row in &TABLE {
            assert_eq!(row.0.row().1, row.1);
        }
    }

    #[test]
    fn words_of_the_relay_pass_through() {
        for word in
            ["handle_taken", "token_expired", "unknown_account", "rate_limited", "handle_invalid", "other"]
        {
            assert_eq!(Error::refused(RefusalCode::from_word(word), 0).code(), word);
        }
    }

    #[test]
    fn a_wait_named_by_the_relay_is_the_advice() {
        let error = Error::refused(RefusalCode::RateLimited, 1500);
        assert_eq!(error.advice(), Advice::After(Duration::from_millis(1500)));
    }
}
