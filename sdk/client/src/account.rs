//! How a device gets its account, and who it is then.

use std::fmt;
use std::str::FromStr;

use waxwing_crypto::backup::PrintedKey;
use waxwing_engine::{RegisterAccount, RegisterAs};
use waxwing_wire::{AccountId, DeviceId, Handle, limits};
use zeroize::Zeroizing;

use crate::error::{Code, Error, Result};

/// This device's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// The account.
    pub account: AccountId,
    /// This device.
    pub device: DeviceId,
    /// The name under which others find the account.
    pub handle: Handle,
}

/// How to register: a new account, or one that is recovered.
///
/// ```
/// # fn main() -> Result<(), waxwing::Error> {
/// let new = waxwing::Registration::open("alice")?.token("the integrator's signed token");
/// # drop(new); Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "hand it to Client::register"]
pub struct Registration {
    handle: Handle,
    token: Option<Zeroizing<String>>,
    recover: Option<(RecoveryKey, Recover)>,
}

/// What happens to the account's other devices when it is recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recover {
    /// This device replaces them: they are signed out.
    Replace,
    /// This device joins them.
    Add,
}

impl Registration {
    /// Asks for a handle.
    ///
    /// # Errors
    ///
    /// `handle_invalid` when the text cannot be a handle.
    pub fn open(handle: &str) -> Result<Registration> {
        let handle = Handle::new(handle).map_err(|_| Code::InvalidHandle)?;
        Ok(Registration { handle, token: None, recover: None })
    }

    /// Adds the token of the integrator's own login, where the relay asks for one.
    pub fn token(mut self, token: impl Into<String>) -> Registration {
        self.token = Some(Zeroizing::new(token.into()));
        self
    }

    /// Brings the account of this recovery key here, instead of making a new one.
    pub fn recover(mut self, key: RecoveryKey, others: Recover) -> Registration {
        self.recover = Some((key, others));
        self
    }

    pub(crate) fn into_command(self) -> Result<RegisterAs> {
        let token = self.token.map(|token| Registration::check_token(token.to_string())).transpose()?;
        let account = match self.recover {
            None => RegisterAccount::New,
            Some((key, Recover::Replace)) => RegisterAccount::Replace(key.0),
            Some((key, Recover::Add)) => RegisterAccount::Add(key.0),
        };
        Ok(RegisterAs { handle: self.handle, token, account })
    }

    pub(crate) fn check_token(token: String) -> Result<String> {
        if token.len() > limits::TOKEN_MAX_BYTES { Err(Code::InvalidInput.into()) } else { Ok(token) }
    }
}

/// The account's secret key, for the user to write down: with it the account can be brought to a new device.
///
/// Its text is that of every printed key of Waxwing: 65 letters and digits in groups of five, each with a check of its own.
pub struct RecoveryKey(Zeroizing<[u8; 32]>);

impl RecoveryKey {
    /// Takes the 32 bytes of an account's secret key.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> RecoveryKey {
        RecoveryKey(Zeroizing::new(bytes))
    }

    /// The 32 bytes, for a keystore.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The text that the user writes down. It is the key itself: show it, never log it.
impl fmt::Display for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&PrintedKey::from_bytes(&self.0).to_text())
    }
}

impl FromStr for RecoveryKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<RecoveryKey> {
        let printed: PrintedKey = text.parse().map_err(|_| Code::InvalidRecoveryKey)?;
        Ok(RecoveryKey::from_bytes(*printed.expose()))
    }
}

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> RecoveryKey {
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = (index * 37 + 5) as u8;
        }
        RecoveryKey::from_bytes(bytes)
    }

    #[test]
    fn text_gives_the_key_back() {
        let text = key().to_string();
        assert_eq!(text.len(), 65 + 12);
        assert_eq!(text.parse::<RecoveryKey>().unwrap().expose(), key().expose());
        let sloppy = text.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(sloppy.parse::<RecoveryKey>().unwrap().expose(), key().expose());
    }

    #[test]
    fn a_mistyped_key_is_refused() {
        let text = key().to_string();
        for (index, _) in text.char_indices().filter(|(_, char)| *char != '-') {
            let mut wrong = text.clone().into_bytes();
            wrong[index] = if wrong[index] == b'7' { b'8' } else { b'7' };
            let wrong = String::from_utf8(wrong).unwrap();
            assert_eq!(wrong.parse::<RecoveryKey>().unwrap_err().code(), "recovery_key_invalid");
        }
        assert!(text[..text.len() - 1].parse::<RecoveryKey>().is_err());
        assert!(format!("{text}0").parse::<RecoveryKey>().is_err());
        assert!("".parse::<RecoveryKey>().is_err());
        assert!("🦜".repeat(14).parse::<RecoveryKey>().is_err());
    }

    #[test]
    fn debug_does_not_show_the_key() {
        assert_eq!(format!("{:?}", key()), "RecoveryKey(..)");
    }

    #[test]
    fn a_handle_that_cannot_be_is_misuse() {
        assert_eq!(Registration::open("no spaces").unwrap_err().code(), "handle_invalid");
    }
}
