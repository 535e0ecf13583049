//! What Waxwing clients and relays say to each other.
//!
//! One WebSocket binary message carries one frame, encoded as protobuf (`proto/waxwing.proto` is the public contract). This
//! crate turns those bytes into typed frames and back. Decoding is total: any bytes give a frame or a [`DecodeError`], and a
//! frame that exists has ids of the right size and keeps every limit of [`limits`].
//!
//! ```
//! use waxwing_wire::{ClientFrame, Request, limits, decode_client, encode_client};
//!
//! let ping = ClientFrame { request: Request::NONE, body: waxwing_wire::ClientBody::Ping { cursor: 7 } };
//! let bytes = encode_client(&ping);
//! assert!(bytes.len() <= limits::FRAME_SIZE_MAX_BYTES);
//! assert_eq!(decode_client(bytes).expect("our own encoding decodes"), ping);
//! ```

mod codec;
mod frame;
mod group;
mod ids;
pub mod limits;
mod proof;
mod refusal;
mod room;

pub use codec::{DecodeError, decode_client, decode_relay, encode_client, encode_relay};
pub use frame::{
    AccountQuery, AccountRecord, ClientBody, ClientFrame, Destination, DevicePrekey, DeviceRecord, Envelope,
    FrameSignature, LoggedIn, Prekey, PublicKeyBytes, Refused, Register, RelayBody, RelayFrame, Request,
    SealedFor, Submit, UpdateDevices, Welcome,
};
pub use group::{ChangeGroup, GroupChangeRecord, GroupOrigin, GroupRecord, SubmitToGroup};
pub use ids::{
    AccountId, Challenge, Cursor, DeviceId, EnvelopeId, FetchId, GroupId, Handle, HandleError, MessageId,
    RelayId, RoomId,
};
pub use proof::{
    RELAY_PROOF_LABEL, account_deleted_statement, delete_account_statement, login_statement,
    registration_statement, update_devices_statement,
};
pub use refusal::RefusalCode;
pub use room::{RoomEvent, RoomRequest};

/// The WebSocket subprotocol that both sides must name.
pub const SUBPROTOCOL: &str = "waxwing.v1";

/// The oldest version of the frames that this build speaks.
pub const VERSION_MIN: u32 = 1;

/// The newest version of the frames that this build speaks.
pub const VERSION_MAX: u32 = 1;

/// Picks the newest version that both sides speak, if there is one.
#[must_use]
pub fn agree_version(theirs_min: u32, theirs_max: u32) -> Option<u32> {
    let version = VERSION_MAX.min(theirs_max);
    (version >= VERSION_MIN && version >= theirs_min && theirs_min <= theirs_max).then_some(version)
}

/// The generated protobuf types; everything outside this crate uses the typed frames instead.
mod proto {
    #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
    include!(concat!(env!("OUT_DIR"), "/waxwing.v1.rs"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_common_version_is_chosen() {
        assert_eq!(agree_version(1, 1), Some(1));
        assert_eq!(agree_version(1, 9), Some(1));
    }

    #[test]
    fn no_common_version_is_no_version() {
        assert_eq!(agree_version(2, 9), None);
        assert_eq!(agree_version(0, 0), None);
        assert_eq!(agree_version(3, 1), None);
    }
}
