//! Safety numbers: what two people compare, and what the user said about it.

use std::sync::Arc;

use waxwing::AccountId;

use crate::call::{to_the_end, while_wanted};
use crate::client::FfiClient;
use crate::error::FfiError;
use crate::live::Kind;
use crate::records::{Comparison, Contact, Whose};
use crate::runtime::Kept;

#[uniffi::export]
impl FfiClient {
    /// The number that the user and another person compare, to know that nobody stands between them. Where the person's key
    /// changed and was not accepted yet, it is the number of the new key.
    ///
    /// # Errors
    ///
    /// `not_found` for an account that is not known here, `invalid_input` for our own, `not_registered`.
    pub async fn safety_number(&self, whose: Whose) -> Result<Arc<FfiSafetyNumber>, FfiError> {
        let client = self.client.clone();
        let read = async move { Ok(FfiSafetyNumber::new(client.safety_number(whose).await?)) };
        while_wanted(None, read).await
    }

    /// Marks a person as verified: the user found the same number on the other person's screen. It is kept until the person's
    /// key changes, and told as `Event::VerificationChanged`.
    ///
    /// # Errors
    ///
    /// `key_changed` when the number is not that of the accepted key: accept the new key first, and compare again.
    pub async fn mark_verified(&self, number: Arc<FfiSafetyNumber>) -> Result<(), FfiError> {
        let client = self.client.clone();
        to_the_end(None, async move { Ok(client.mark_verified(&number.number).await?) }).await
    }

    /// Takes back that a person was verified.
    ///
    /// # Errors
    ///
    /// As `mark_verified`.
    pub async fn mark_unverified(&self, number: Arc<FfiSafetyNumber>) -> Result<(), FfiError> {
        let client = self.client.clone();
        to_the_end(None, async move { Ok(client.mark_unverified(&number.number).await?) }).await
    }

    /// Accepts an account's new key; messages that were held go out. Compare safety numbers before.
    ///
    /// # Errors
    ///
    /// `unknown_account` for an account that is not known here, or what the store says.
    pub async fn accept_key(&self, account: AccountId) -> Result<(), FfiError> {
        let client = self.client.clone();
        to_the_end(None, async move { Ok(client.accept_key(account).await?) }).await
    }
}

/// The number of this account and a person's, as their keys were known when it was asked for: sixty digits to read out, or a
/// text to scan.
///
/// Where it is the same on the other person's screen, nobody stands between; then `FfiClient::mark_verified`.
#[derive(uniffi::Object)]
pub struct FfiSafetyNumber {
    number: Kept<waxwing::SafetyNumber>,
}

impl FfiSafetyNumber {
    fn new(number: waxwing::SafetyNumber) -> Arc<FfiSafetyNumber> {
        Arc::new(FfiSafetyNumber { number: Kept::new(Kind::SafetyNumber, number) })
    }
}

#[uniffi::export]
impl FfiSafetyNumber {
    /// The sixty digits, without spaces.
    #[must_use]
    pub fn digits(&self) -> String {
        self.number.digits()
    }

    /// The sixty digits in groups of five, in three lines, to be shown.
    #[must_use]
    pub fn lines(&self) -> String {
        format!("{:#}", *self.number)
    }

    /// What to show as a QR code, for the other person to scan.
    #[must_use]
    pub fn scannable(&self) -> String {
        self.number.scannable()
    }

    /// Compares with what the other person shows. Only `Match` is good.
    #[must_use]
    pub fn compare(&self, scanned: &str) -> Comparison {
        self.number.compare(scanned).into()
    }

    /// With whom it is compared.
    #[must_use]
    pub fn person(&self) -> Contact {
        self.number.person().clone().into()
    }

    /// Whether the person was marked as verified, with this very key.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.number.is_verified()
    }

    /// Whether the key of this number is the one to which messages go. If not, it is a new one that was not accepted yet.
    #[must_use]
    pub fn key_is_accepted(&self) -> bool {
        self.number.key_is_accepted()
    }
}
