//! As much MQTT 3.1.1 as the peer needs: connect, subscribe, and publish at least once (QoS 1).

use std::io;
use std::net::SocketAddr;

use bytes::{Buf as _, BufMut as _, BytesMut};

use crate::link::{Link, PAYLOAD_BYTES, Seen, Speaker};

const CONNECT: u8 = 0x10;
const CONNACK: u8 = 0x20;
const PUBLISH_ONCE_OR_MORE: u8 = 0x32;
const PUBACK: u8 = 0x40;
const SUBSCRIBE: u8 = 0x82;
const SUBACK: u8 = 0x90;

/// One client, and the topic of its pair.
pub(crate) struct Mqtt {
    topic: String,
    packet: u16,
}

/// Connects both clients of a pair; the second has subscribed.
pub(crate) async fn pair(address: SocketAddr, number: u32) -> io::Result<(Link<Mqtt>, Link<Mqtt>)> {
    let topic = format!("pair/{number}");
    let sender = connect(address, &format!("s{number}"), &topic).await?;
    let mut receiver = connect(address, &format!("r{number}"), &topic).await?;
    let mut body = BytesMut::new();
    body.put_u16(1);
    put_text(&mut body, &topic);
    body.put_u8(1);
    put_packet(SUBSCRIBE, &body, &mut receiver.output);
    receiver.flush().await?;
    expect(&mut receiver, SUBACK).await?;
    Ok((sender, receiver))
}

async fn connect(address: SocketAddr, name: &str, topic: &str) -> io::Result<Link<Mqtt>> {
    let mut link = Link::connect(address, Mqtt { topic: topic.to_owned(), packet: 0 }).await?;
    let mut body = BytesMut::new();
    put_text(&mut body, "MQTT");
    body.put_slice(&[4, 2, 0, 0]); // version 3.1.1, clean session, no keep-alive
    put_text(&mut body, name);
    put_packet(CONNECT, &body, &mut link.output);
    link.flush().await?;
    expect(&mut link, CONNACK).await?;
    Ok(link)
}

async fn expect(link: &mut Link<Mqtt>, wanted: u8) -> io::Result<()> {
    loop {
        if let Some((kind, _)) = take_packet(&mut link.input) {
            let as_wanted = kind == wanted;
            return if as_wanted { Ok(()) } else { Err(io::Error::other(format!("MQTT packet {kind:#x}"))) };
        }
        link.fill().await?;
    }
}

impl Speaker for Mqtt {
    fn send(&mut self, tag: u64, output: &mut BytesMut) {
        self.packet = self.packet.checked_add(1).unwrap_or(1);
        let mut body = BytesMut::with_capacity(PAYLOAD_BYTES + 32);
        put_text(&mut body, &self.topic);
        body.put_u16(self.packet);
        body.put_u64(tag);
        body.put_bytes(0x5a, PAYLOAD_BYTES - 8);
        put_packet(PUBLISH_ONCE_OR_MORE, &body, output);
    }

    fn read(&mut self, input: &mut BytesMut, output: &mut BytesMut, seen: &mut Seen) -> io::Result<()> {
        while let Some((kind, mut body)) = take_packet(input) {
            match kind {
                PUBACK => seen.accepted += 1,
                PUBLISH_ONCE_OR_MORE => {
                    let topic = usize::from(body.get_u16());
                    body.advance(topic);
                    let packet = body.get_u16();
                    seen.delivered.push(body.get_u64());
                    put_packet(PUBACK, &packet.to_be_bytes(), output);
                }
                _ => return Err(io::Error::other(format!("MQTT packet {kind:#x}"))),
            }
        }
        Ok(())
    }
}

fn put_text(output: &mut BytesMut, text: &str) {
    output.put_u16(text.len() as u16);
    output.put_slice(text.as_bytes());
}

fn put_packet(kind: u8, body: &[u8], output: &mut BytesMut) {
    output.put_u8(kind);
    let mut length = body.len();
    while length > 127 {
        output.put_u8((length % 128) as u8 | 0x80);
        length /= 128;
    }
    output.put_u8(length as u8);
    output.put_slice(body);
}

/// Takes a packet once it is whole.
fn take_packet(input: &mut BytesMut) -> Option<(u8, BytesMut)> {
    let (mut length, mut head) = (0_usize, 1);
    loop {
        let byte = *input.get(head)?;
        length |= usize::from(byte & 0x7f) << (7 * (head - 1));
        head += 1;
        if byte < 0x80 || head > 4 {
            break;
        }
    }
    if input.len() < head + length {
        return None;
    }
    let kind = input[0];
    input.advance(head);
    Some((kind, input.split_to(length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_of_any_length_comes_back() {
        for length in [0_usize, 127, 128, 20_000] {
            let mut bytes = BytesMut::new();
            put_packet(PUBACK, &vec![3; length], &mut bytes);
            let mut part = BytesMut::from(&bytes[..bytes.len() - 1]);
            assert!(take_packet(&mut part).is_none());
            let (kind, body) = take_packet(&mut bytes).unwrap();
            assert_eq!((kind, body.len(), bytes.len()), (PUBACK, length, 0));
        }
    }
}
