//! Every size limit of the wire, with its unit. Client and relay check the same numbers.

use std::time::Duration;

/// Largest frame, in bytes: a batch of envelopes, or a message to many devices.
pub const FRAME_SIZE_MAX_BYTES: usize = 2 * 1024 * 1024;

/// Largest sealed payload of one envelope, in bytes.
pub const PAYLOAD_SIZE_MAX_BYTES: usize = 128 * 1024;

/// Longest text of a message, in bytes of UTF-8. What is longer is an attachment.
pub const TEXT_SIZE_MAX_BYTES: usize = 64 * 1024;

/// Shortest handle, in characters.
pub const HANDLE_MIN_CHARS: usize = 2;

/// Longest title of a group, in bytes of UTF-8.
pub const GROUP_TITLE_SIZE_MAX_BYTES: usize = 256;

/// Largest picture of a group, in bytes. Only members see it.
pub const GROUP_PICTURE_SIZE_MAX_BYTES: usize = 32 * 1024;

/// Longest handle, in characters.
pub const HANDLE_MAX_CHARS: usize = 32;

/// Devices an account may have.
pub const DEVICES_PER_ACCOUNT_MAX: usize = 8;

/// Largest signed device list, in bytes.
pub const DEVICE_LIST_SIZE_MAX_BYTES: usize = 8 * 1024;

/// Accounts that one [`Submit`](crate::Submit) may address.
pub const DESTINATIONS_MAX: usize = 64;

/// Accounts in a group, as far as the relay goes along.
pub const GROUP_MEMBERS_MAX: usize = 4_096;

/// Groups that an account may be in, as far as the relay goes along.
pub const GROUPS_PER_ACCOUNT_MAX: u64 = 1_000;

/// Largest signed change of a group, in bytes: its creation names every member.
pub const GROUP_CHANGE_SIZE_MAX_BYTES: usize = 96 * 1024;

/// Changes of a group in one answer; fewer where they are large.
pub const GROUP_CHANGES_PER_ANSWER_MAX: usize = 256;

/// Largest prekey bundle, in bytes.
pub const BUNDLE_SIZE_MAX_BYTES: usize = 4 * 1024;

/// One-time prekeys in one upload.
pub const PREKEYS_PER_UPLOAD_MAX: usize = 100;

/// One-time prekeys that the relay keeps for a device.
pub const PREKEYS_PER_DEVICE_MAX: usize = 200;

/// One-time prekeys that a client keeps published.
pub const PREKEYS_TARGET: u32 = 50;

/// The relay says "prekeys low" when fewer than this are left.
pub const PREKEYS_LOW: u32 = 20;

/// Envelopes in one [`Deliver`](crate::RelayBody::Deliver).
pub const ENVELOPES_PER_DELIVERY_MAX: usize = 100;

/// Envelopes that a device may have been sent and not yet acknowledged.
pub const ENVELOPES_UNACKNOWLEDGED_MAX: usize = 256;

/// Submits that a client may have under way and not yet answered.
pub const SUBMITS_IN_FLIGHT_MAX: usize = 64;

/// Payloads that a connection may have under way in a room and not yet [`Taken`](crate::RoomEvent::Taken).
pub const ROOM_SENDS_IN_FLIGHT_MAX: usize = 4;

/// What may go through a room in all, in bytes.
pub const ROOM_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// How long a connection may wait in a room for the other one, and for a person who compares a code.
pub const ROOM_WAIT_MAX: Duration = Duration::from_secs(600);

/// How long a room lives.
pub const ROOM_LIFETIME: Duration = Duration::from_secs(2 * 3600);

/// Longest agent string, in bytes.
pub const AGENT_MAX_BYTES: usize = 64;

/// Longest registration token, in bytes.
pub const TOKEN_MAX_BYTES: usize = 8 * 1024;

/// How often a client pings.
pub const PING_INTERVAL: Duration = Duration::from_secs(20);

/// Silence after which either side takes the link for dead.
pub const SILENCE_MAX: Duration = Duration::from_secs(30);

/// How long the relay keeps an envelope that nobody acknowledges, and a client remembers what it has seen.
pub const ENVELOPE_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
