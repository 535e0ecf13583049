//! As much WebSocket (RFC 6455) as a load generator needs: cheap, so that the cores are the server's.

use std::io;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use waxwing_wire::SUBPROTOCOL;

/// Asks a server to speak WebSocket. The key is a constant: nobody caches here.
pub(crate) fn write_request(output: &mut BytesMut) {
    let request = format!(
        "GET / HTTP/1.1\r\nhost: relay\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: {SUBPROTOCOL}\r\n\r\n"
    );
    output.put_slice(request.as_bytes());
}

/// Takes the answer, once it is whole.
pub(crate) fn take_answer(input: &mut BytesMut) -> io::Result<bool> {
    let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(false) };
    let answer = input.split_to(end + 4);
    if answer.starts_with(b"HTTP/1.1 101") {
        return Ok(true);
    }
    Err(io::Error::other(format!("no WebSocket: {}", String::from_utf8_lossy(&answer))))
}

/// Writes a binary message. The mask is zero, which the server takes off like any other.
pub(crate) fn write_binary(payload: &[u8], output: &mut BytesMut) {
    output.reserve(payload.len() + 14);
    output.put_u8(0x82);
    match u16::try_from(payload.len()) {
        Ok(length @ 0..=125) => output.put_u8(0x80 | length as u8),
        Ok(length) => {
            output.put_u8(0x80 | 126);
            output.put_u16(length);
        }
        Err(_) => {
            output.put_u8(0x80 | 127);
            output.put_u64(payload.len() as u64);
        }
    }
    output.put_u32(0);
    output.put_slice(payload);
}

/// Takes the next binary message, once it is whole.
pub(crate) fn take_binary(input: &mut BytesMut) -> io::Result<Option<Bytes>> {
    loop {
        let Some((head, length)) = head(input) else { return Ok(None) };
        if input.len() < head + length {
            return Ok(None);
        }
        let opcode = input[0] & 0x0f;
        input.advance(head);
        let payload = input.split_to(length).freeze();
        match opcode {
            2 => return Ok(Some(payload)),
            8 => return Err(io::Error::other(format!("the server said goodbye: {payload:?}"))),
            _ => {}
        }
    }
}

/// Length of a frame's head and of its payload.
fn head(input: &[u8]) -> Option<(usize, usize)> {
    match *input.get(1)? & 0x7f {
        126 => Some((4, usize::from(u16::from_be_bytes(input.get(2..4)?.try_into().ok()?)))),
        127 => Some((10, usize::try_from(u64::from_be_bytes(input.get(2..10)?.try_into().ok()?)).ok()?)),
        short => Some((2, usize::from(short))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_sends_is_taken_apart_frame_by_frame() {
        for length in [5_usize, 300, 70_000] {
            let mut input = BytesMut::new();
            write_binary(&vec![9; length], &mut input);
            input[1] &= 0x7f; // a server does not mask
            let mask_at = input.len() - length - 4;
            let whole = [&input[..mask_at], &input[mask_at + 4..], &[0x82]].concat();
            let mut part = BytesMut::from(&whole[..length]);
            assert!(take_binary(&mut part).unwrap().is_none());
            let mut whole = BytesMut::from(&whole[..]);
            assert_eq!(take_binary(&mut whole).unwrap().unwrap().len(), length);
            assert_eq!(whole.len(), 1);
        }
    }
}
