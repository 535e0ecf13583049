//! Safety numbers: what two people compare, and what the user said about it.

use std::fmt;

use rusqlite::Connection;
use waxwing_crypto::{AccountPublicKey, Comparison, Identity};
use waxwing_engine::{Command, Standing};
use waxwing_wire::AccountId;

use crate::conversation::Contact;
use crate::error::{Code, Result};
use crate::store::{StoreError, show};

/// The number of this account and a person's, as their keys are known now: sixty digits to read out, or a text to scan.
///
/// Where it is the same on the other person's screen, nobody stands between; then [`Client::mark_verified`](crate::Client::mark_verified).
#[derive(Clone)]
pub struct SafetyNumber {
    number: waxwing_crypto::SafetyNumber,
    person: Contact,
    account_key: [u8; 32],
    verified: bool,
    key_is_accepted: bool,
}

impl SafetyNumber {
    /// The sixty digits, without spaces. `Display` writes them in groups of five, and with `{:#}` in three lines.
    #[must_use]
    pub fn digits(&self) -> String {
        self.number.digits()
    }

    /// What to show as a QR code, for the other person to scan.
    #[must_use]
    pub fn scannable(&self) -> String {
        self.number.scannable_text()
    }

    /// Compares with what the other person shows. Only [`Comparison::Match`] is good.
    #[must_use]
    pub fn compare(&self, scanned: &str) -> Comparison {
        self.number.compare_text(scanned)
    }

    /// With whom it is compared.
    #[must_use]
    pub fn person(&self) -> &Contact {
        &self.person
    }

    /// Whether the person was marked as verified, with this very key.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.verified
    }

    /// Whether the key of this number is the one to which messages go. If not, it is a new one that was not accepted yet.
    #[must_use]
    pub fn key_is_accepted(&self) -> bool {
        self.key_is_accepted
    }

    pub(crate) fn command(&self, verified: bool) -> Command {
        Command::SetVerified { account: self.person.account, account_key: self.account_key, verified }
    }
}

impl fmt::Display for SafetyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)
    }
}

impl fmt::Debug for SafetyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SafetyNumber").field("verified", &self.verified).finish_non_exhaustive()
    }
}

/// Computes the number of our account and another. It takes some milliseconds, on purpose.
pub(crate) fn read(db: &Connection, account: AccountId) -> Result<Result<SafetyNumber>, StoreError> {
    let Some((own, own_key)) = show::own_identity(db)? else { return Ok(Err(Code::NotRegistered.into())) };
    let Some(known) = show::account(db, account)? else { return Ok(Err(Code::NotFound.into())) };
    if account == own {
        return Ok(Err(Code::InvalidInput.into()));
    }
    let (theirs, theirs_key, key_is_accepted) = match known.standing {
        Standing::KeyChanged { account, account_key } => (account, account_key, false),
        Standing::Good | Standing::Gone | Standing::Deleted => (known.account, known.account_key, true),
    };
    let identity = |account: AccountId, key| {
        let key = AccountPublicKey::parse(key).map_err(|_| StoreError::Corrupt)?;
        Ok::<_, StoreError>(Identity { account: *account.as_bytes(), key })
    };
    let number = waxwing_crypto::SafetyNumber::new(&identity(own, own_key)?, &identity(theirs, theirs_key)?);
    let person = Contact { account: theirs, handle: Some(known.handle) };
    let verified = known.verified && key_is_accepted;
    Ok(Ok(SafetyNumber { number, person, account_key: theirs_key, verified, key_is_accepted }))
}
