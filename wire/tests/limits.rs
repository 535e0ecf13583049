//! What is over a limit, or makes no sense, is refused by the decoder.

use bytes::Bytes;
use proptest::prelude::*;
use waxwing_wire::{
    AccountId, ClientBody, ClientFrame, DecodeError, Destination, DeviceId, MessageId, Prekey, Request,
    SealedFor, Submit, decode_client, decode_relay, encode_client, limits,
};

fn decoded(body: ClientBody) -> Result<ClientFrame, DecodeError> {
    decode_client(encode_client(&ClientFrame { request: Request(1), body }))
}

fn submit(payload: usize, devices: usize, destinations: usize) -> ClientBody {
    let sealed = |index: usize| SealedFor {
        device: DeviceId::from_bytes([u8::try_from(index).unwrap_or(0); 16]),
        payload: vec![0; payload].into(),
    };
    let destination = Destination {
        account: AccountId::from_bytes([1; 16]),
        device_list_version: 1,
        devices: (0..devices).map(sealed).collect(),
    };
    ClientBody::Submit(Submit {
        message: MessageId::from_bytes([2; 16]),
        fence: 0,
        destinations: vec![destination; destinations],
    })
}

#[test]
fn a_submit_at_its_limits_is_taken() {
    assert!(decoded(submit(limits::PAYLOAD_SIZE_MAX_BYTES, 1, 1)).is_ok());
    assert!(decoded(submit(1, limits::DEVICES_PER_ACCOUNT_MAX, limits::DESTINATIONS_MAX)).is_ok());
}

#[test]
fn a_submit_over_its_limits_is_refused() {
    let payload = decoded(submit(limits::PAYLOAD_SIZE_MAX_BYTES + 1, 1, 1));
    assert_eq!(payload, Err(DecodeError::BadField("payload")));
    let devices = decoded(submit(1, limits::DEVICES_PER_ACCOUNT_MAX + 1, 1));
    assert_eq!(devices, Err(DecodeError::BadField("devices")));
    let destinations = decoded(submit(1, 1, limits::DESTINATIONS_MAX + 1));
    assert_eq!(destinations, Err(DecodeError::BadField("destinations")));
}

#[test]
fn a_frame_over_the_limit_is_not_even_read() {
    let bytes = Bytes::from(vec![0; limits::FRAME_SIZE_MAX_BYTES + 1]);
    assert_eq!(decode_client(bytes.clone()), Err(DecodeError::TooLong));
    assert_eq!(decode_relay(bytes), Err(DecodeError::TooLong));
}

#[test]
fn a_prekey_without_an_id_is_refused() {
    let one_time = vec![Prekey { id: 0, bundle: Bytes::new() }];
    let publish = ClientBody::PublishPrekeys { one_time, last_resort: None, replace: false };
    assert_eq!(decoded(publish), Err(DecodeError::BadField("prekey_id")));
}

#[test]
fn the_largest_text_to_the_most_devices_fits_in_a_frame() {
    // Two accounts with all their devices, less the sender's own; the overhead of sealing and padding is below an eighth.
    let payload = limits::TEXT_SIZE_MAX_BYTES + limits::TEXT_SIZE_MAX_BYTES / 8 + 4096;
    assert!(payload <= limits::PAYLOAD_SIZE_MAX_BYTES);
    assert!((2 * limits::DEVICES_PER_ACCOUNT_MAX - 1) * payload + 4096 <= limits::FRAME_SIZE_MAX_BYTES);
}

proptest! {
    #[test]
    fn any_bytes_give_a_frame_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        let bytes = Bytes::from(bytes);
        let _ = decode_client(bytes.clone());
        let _ = decode_relay(bytes);
    }

    #[test]
    fn a_frame_that_was_decoded_comes_back_from_its_own_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        if let Ok(frame) = decode_client(Bytes::from(bytes)) {
            prop_assert_eq!(decode_client(encode_client(&frame)), Ok(frame));
        }
    }
}
