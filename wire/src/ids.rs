//! Identifiers: one type for each role, so that none can stand for another.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::limits;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Takes the 16 bytes as they are.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Takes a slice, if it has 16 bytes.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Uuid::from_bytes(self.0).fmt(f)
            }
        }

        /// Four hexadecimal digits of the end: enough to tell two apart in a log, too few to name anybody.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "(..{:02x}{:02x})"), self.0[14], self.0[15])
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(|uuid| Self(uuid.into_bytes()))
            }
        }
    };
}

id! {
    /// A person or a bot. Chosen at random by the account's first device.
    AccountId
}
id! {
    /// One installation, with its own keys. Chosen at random; a reinstalled device has a new one.
    DeviceId
}
id! {
    /// A message, named by the device that sends it: a UUIDv7 that never changes.
    MessageId
}
id! {
    /// One sealed message on its way to one device, named by the relay.
    EnvelopeId
}
id! {
    /// A room in which two connections meet. Chosen at random by one of them, and shown to the other.
    RoomId
}
id! {
    /// The relay's database. Sequence numbers belong to it.
    RelayId
}
id! {
    /// A group. Chosen at random by whoever makes it.
    GroupId
}
id! {
    /// One taking of prekeys, so that a repeated request gets the same ones.
    FetchId
}

impl MessageId {
    /// Makes a UUIDv7 from a time in milliseconds and ten random bytes (RFC 9562 §5.7).
    #[must_use]
    pub fn v7(utc_ms: u64, random: [u8; 10]) -> MessageId {
        let time = utc_ms.to_be_bytes();
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&time[2..]);
        bytes[6..].copy_from_slice(&random);
        bytes[6] = 0x70 | (bytes[6] & 0x0f);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        MessageId(bytes)
    }
}

/// A position in a mailbox: everything up to it is done with. Zero: nothing yet.
pub type Cursor = u64;

/// 32 random bytes of one connection, to be signed.
pub type Challenge = [u8; 32];

/// The name under which an account is found: 2 to 32 of `a` to `z`, `0` to `9`, `.`, `-` and `_`, starting with a letter or digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(String);

/// The text is not a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandleError;

impl fmt::Display for HandleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a handle has {} to {} characters: a-z, 0-9, '.', '-' and '_', and starts with a letter or digit",
            limits::HANDLE_MIN_CHARS,
            limits::HANDLE_MAX_CHARS
        )
    }
}

impl std::error::Error for HandleError {}

impl Handle {
    /// Checks and takes a handle. Capital letters become small ones.
    ///
    /// # Errors
    ///
    /// [`HandleError`] when the text has another length or other characters.
    pub fn new(text: &str) -> Result<Handle, HandleError> {
        let text = text.to_ascii_lowercase();
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
        let length_is_right = (limits::HANDLE_MIN_CHARS..=limits::HANDLE_MAX_CHARS).contains(&text.len());
        let start_is_right = text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        if length_is_right && start_is_right && text.bytes().all(allowed) {
            Ok(Handle(text))
        } else {
            Err(HandleError)
        }
    }

    /// The text of the handle.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The length only: a handle is a name, and names stay out of logs.
impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({} chars)", self.0.len())
    }
}

impl FromStr for Handle {
    type Err = HandleError;

    fn from_str(text: &str) -> Result<Handle, HandleError> {
        Handle::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_id_is_a_uuid_v7_of_its_time() {
        let id = MessageId::v7(0x0123_4567_89ab, [0xff; 10]);
        assert_eq!(id.to_string(), "01234567-89ab-7fff-bfff-ffffffffffff");
        assert_eq!(id.to_string().parse::<MessageId>().expect("a UUID parses"), id);
    }

    #[test]
    fn handles_are_checked_and_lowered() {
        assert_eq!(Handle::new("Alice").expect("a handle").as_str(), "alice");
        assert!(Handle::new("0.a-b_c").is_ok());
        for bad in ["", "a", "-ab", "a b", "ünal", "a\u{202e}b", &"x".repeat(33)] {
            assert_eq!(Handle::new(bad), Err(HandleError));
        }
    }

    #[test]
    fn debug_does_not_name_anybody() {
        let id = AccountId::from_bytes([7; 16]);
        assert_eq!(format!("{id:?}"), "AccountId(..0707)");
        assert_eq!(format!("{:?}", Handle::new("alice").expect("a handle")), "Handle(5 chars)");
    }
}
