//! The bytes of every frame are the same as in the last release. After a wanted change: `UPDATE_GOLDEN=1 cargo test -p waxwing-wire`.

use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use waxwing_wire::{
    AccountId, AccountQuery, AccountRecord, ChangeGroup, ClientBody, ClientFrame, Destination, DeviceId,
    DevicePrekey, DeviceRecord, Envelope, EnvelopeId, FetchId, FrameSignature, GroupChangeRecord, GroupId,
    GroupOrigin, GroupRecord, Handle, LoggedIn, MessageId, Prekey, PublicKeyBytes, RefusalCode, Refused,
    Register, RelayBody, RelayFrame, RelayId, Request, RoomEvent, RoomId, RoomRequest, SealedFor, Submit,
    SubmitToGroup, UpdateDevices, Welcome, decode_client, decode_relay, encode_client, encode_relay,
};

fn handle() -> Handle {
    Handle::new("alice").expect("a handle")
}

fn account(byte: u8) -> AccountId {
    AccountId::from_bytes([byte; 16])
}

fn device(byte: u8) -> DeviceId {
    DeviceId::from_bytes([byte; 16])
}

fn message() -> MessageId {
    MessageId::v7(1_700_000_000_000, [9; 10])
}

fn group() -> GroupId {
    GroupId::from_bytes([10; 16])
}

fn envelope() -> Envelope {
    Envelope {
        id: EnvelopeId::from_bytes([5; 16]),
        sequence: 301,
        sender_account: account(1),
        sender_device: device(2),
        message: message(),
        payload: Bytes::from_static(b"sealed"),
        accepted_at_ms: 1_700_000_000_123,
        group: None,
    }
}

fn record() -> DeviceRecord {
    DeviceRecord { device: device(2), signing_key: PublicKeyBytes([3; 32]) }
}

#[allow(clippy::too_many_lines)] // a list, an entry for each body
fn client_frames() -> Vec<(&'static str, ClientBody)> {
    vec![
        (
            "hello",
            ClientBody::Hello { version_min: 1, version_max: 2, features: 5, agent: "golden/1".to_owned() },
        ),
        (
            "register",
            ClientBody::Register(Box::new(Register {
                handle: handle(),
                account: account(1),
                account_key: PublicKeyBytes([4; 32]),
                device: record(),
                device_list: Bytes::from_static(b"list"),
                device_list_version: 1,
                account_signature: FrameSignature([5; 64]),
                device_signature: FrameSignature([6; 64]),
                token: Some("a.b.c".to_owned()),
            })),
        ),
        (
            "login",
            ClientBody::Login { account: account(1), device: device(2), signature: FrameSignature([7; 64]) },
        ),
        (
            "update_devices",
            ClientBody::UpdateDevices(Box::new(UpdateDevices {
                account: account(1),
                device: device(2),
                devices: vec![record()],
                device_list: Bytes::from_static(b"list 2"),
                device_list_version: 2,
                account_signature: FrameSignature([8; 64]),
            })),
        ),
        ("fetch_account_by_id", ClientBody::FetchAccount(AccountQuery::Id(account(1)))),
        ("fetch_account_by_handle", ClientBody::FetchAccount(AccountQuery::Handle(handle()))),
        (
            "publish_prekeys",
            ClientBody::PublishPrekeys {
                one_time: vec![Prekey { id: 7, bundle: Bytes::from_static(b"bundle") }],
                last_resort: Some(Prekey { id: 6, bundle: Bytes::from_static(b"last") }),
                replace: true,
            },
        ),
        (
            "fetch_prekeys",
            ClientBody::FetchPrekeys {
                fetch: FetchId::from_bytes([1; 16]),
                account: account(2),
                devices: vec![device(3)],
            },
        ),
        (
            "submit",
            ClientBody::Submit(Submit {
                message: message(),
                fence: 3,
                destinations: vec![Destination {
                    account: account(2),
                    device_list_version: 4,
                    devices: vec![SealedFor { device: device(3), payload: Bytes::from_static(b"sealed") }],
                }],
            }),
        ),
        (
            "change_group",
            ClientBody::ChangeGroup(Box::new(ChangeGroup {
                message: message(),
                group: group(),
                revision: 7,
                change: Bytes::from_static(b"signed"),
                members: vec![account(1), account(2)],
            })),
        ),
        ("fetch_group", ClientBody::FetchGroup { group: group(), after: 6 }),
        (
            "submit_to_group",
            ClientBody::SubmitToGroup(SubmitToGroup {
                message: message(),
                fence: 3,
                group: group(),
                revision: 7,
                payload: Bytes::from_static(b"sealed"),
            }),
        ),
        ("acknowledge", ClientBody::Acknowledge { cursor: 300 }),
        (
            "delete_account",
            ClientBody::DeleteAccount {
                account_signature: FrameSignature([12; 64]),
                deletion: FrameSignature([13; 64]),
            },
        ),
        ("room_open", ClientBody::Room(RoomRequest::Open(RoomId::from_bytes([11; 16])))),
        ("room_send", ClientBody::Room(RoomRequest::Send(Bytes::from_static(b"sealed")))),
        ("ping", ClientBody::Ping { cursor: 300 }),
    ]
}

#[allow(clippy::too_many_lines)] // a list, an entry for each body
fn relay_frames() -> Vec<(&'static str, RelayBody)> {
    vec![
        (
            "welcome",
            RelayBody::Welcome(Welcome {
                version: 1,
                features: 0,
                relay: RelayId::from_bytes([1; 16]),
                challenge: [2; 32],
            }),
        ),
        (
            "logged_in",
            RelayBody::LoggedIn(LoggedIn {
                account: account(1),
                device: device(2),
                one_time_prekeys: 50,
                prekey_id_high: 51,
                last_resort_prekey: true,
                device_list_version: 1,
                acknowledged: 12,
            }),
        ),
        (
            "account",
            RelayBody::Account(AccountRecord {
                account: account(1),
                handle: handle(),
                account_key: PublicKeyBytes([4; 32]),
                device_list: Bytes::from_static(b"list"),
                device_list_version: 1,
            }),
        ),
        ("prekeys_published", RelayBody::PrekeysPublished { one_time_prekeys: 50 }),
        (
            "prekeys",
            RelayBody::Prekeys {
                account: account(2),
                devices: vec![
                    DevicePrekey { device: device(3), bundle: Some(Bytes::from_static(b"bundle")) },
                    DevicePrekey { device: device(4), bundle: None },
                ],
            },
        ),
        ("accepted", RelayBody::Accepted { message: message() }),
        (
            "devices_stale",
            RelayBody::DevicesStale { message: message(), account: account(2), device_list_version: 5 },
        ),
        ("deliver", RelayBody::Deliver { envelopes: vec![envelope()] }),
        (
            "deliver_through_group",
            RelayBody::Deliver {
                envelopes: vec![Envelope {
                    group: Some(GroupOrigin { group: group(), revision: 7, is_change: true }),
                    ..envelope()
                }],
            },
        ),
        (
            "account_deleted",
            RelayBody::AccountDeleted { account: account(1), deletion: FrameSignature([13; 64]) },
        ),
        ("room_opened", RelayBody::Room(RoomEvent::Opened)),
        ("room_joined", RelayBody::Room(RoomEvent::Joined)),
        ("room_taken", RelayBody::Room(RoomEvent::Taken)),
        ("room_data", RelayBody::Room(RoomEvent::Data(Bytes::from_static(b"sealed")))),
        ("room_left", RelayBody::Room(RoomEvent::Left)),
        ("group_changed", RelayBody::GroupChanged { group: group(), revision: 7 }),
        ("group_stale", RelayBody::GroupStale { message: message(), group: group(), revision: 8 }),
        (
            "group",
            RelayBody::Group(GroupRecord {
                group: group(),
                revision: 8,
                changes: vec![GroupChangeRecord { revision: 7, change: Bytes::from_static(b"signed") }],
            }),
        ),
        ("drained", RelayBody::Drained { cursor: 301 }),
        ("pong", RelayBody::Pong),
        ("prekeys_low", RelayBody::PrekeysLow { one_time_prekeys: 3 }),
        (
            "refused",
            RelayBody::Refused(Refused {
                code: RefusalCode::RateLimited,
                retry_after_ms: 1500,
                message: Some(message()),
                versions: None,
            }),
        ),
        (
            "refused_version",
            RelayBody::Refused(Refused {
                code: RefusalCode::VersionUnsupported,
                retry_after_ms: 0,
                message: None,
                versions: Some((2, 3)),
            }),
        ),
        ("going_away", RelayBody::GoingAway { reconnect_after_ms: 700 }),
    ]
}

fn check(name: &str, bytes: &Bytes) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.hex"));
    let hex = hex::encode(bytes);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, format!("{hex}\n")).expect("the golden file can be written");
    }
    let golden = fs::read_to_string(&path).unwrap_or_else(|_| panic!("no golden file for {name}"));
    assert_eq!(hex, golden.trim(), "the bytes of {name} changed");
}

#[test]
fn bytes_of_every_client_frame_are_as_released() {
    for (name, body) in client_frames() {
        let frame = ClientFrame { request: Request(42), body };
        let bytes = encode_client(&frame);
        check(name, &bytes);
        assert_eq!(decode_client(bytes), Ok(frame), "{name} comes back");
    }
}

#[test]
fn bytes_of_every_relay_frame_are_as_released() {
    for (name, body) in relay_frames() {
        let frame = RelayFrame { request: Request(42), body };
        let bytes = encode_relay(&frame);
        check(name, &bytes);
        assert_eq!(decode_relay(bytes), Ok(frame), "{name} comes back");
    }
}

#[test]
fn a_frame_for_the_other_side_is_refused() {
    for (name, body) in client_frames() {
        let bytes = encode_client(&ClientFrame { request: Request::NONE, body });
        assert!(decode_relay(bytes).is_err(), "{name}");
    }
    for (name, body) in relay_frames() {
        let bytes = encode_relay(&RelayFrame { request: Request::NONE, body });
        assert!(decode_client(bytes).is_err(), "{name}");
    }
}

#[test]
fn every_flipped_or_missing_byte_is_a_frame_or_an_error() {
    for (_, body) in client_frames() {
        let bytes = encode_client(&ClientFrame { request: Request(1), body });
        for at in 0..bytes.len() {
            let _ = decode_client(bytes.slice(..at));
            for flip in [0x01, 0x80, 0xff] {
                let mut wrong = bytes.to_vec();
                wrong[at] ^= flip;
                let _ = decode_client(wrong.into());
            }
        }
    }
    for (_, body) in relay_frames() {
        let bytes = encode_relay(&RelayFrame { request: Request(1), body });
        for at in 0..bytes.len() {
            let _ = decode_relay(bytes.slice(..at));
            for flip in [0x01, 0x80, 0xff] {
                let mut wrong = bytes.to_vec();
                wrong[at] ^= flip;
                let _ = decode_relay(wrong.into());
            }
        }
    }
}
