//! A device's connection to the relay.

#![allow(clippy::wildcard_enum_match_arm, reason = "whatever else the relay says ends the bench")]

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use waxwing_wire::{
    Challenge, ClientBody, ClientFrame, Destination, MessageId, RelayBody, RelayFrame, RelayId, Request,
    SealedFor, Submit, decode_relay, encode_client,
};

use crate::devices::Device;
use crate::link::{Link, PAYLOAD_BYTES, Seen, Speaker};
use crate::websocket;

/// Message ids of this run: the relay must never take two for one.
static MESSAGES: AtomicU64 = AtomicU64::new(1);

/// What one side of a connection knows.
pub(crate) struct Waxwing {
    partners: Vec<Device>,
    requests: u64,
}

/// A connection that was welcomed.
pub(crate) struct Greeted {
    pub(crate) link: Link<Waxwing>,
    relay: RelayId,
    challenge: Challenge,
}

/// Opens a connection that will send to `partners`.
pub(crate) async fn greet(address: SocketAddr, partners: Vec<Device>) -> io::Result<Greeted> {
    let mut link = Link::connect(address, Waxwing { partners, requests: 0 }).await?;
    websocket::write_request(&mut link.output);
    link.flush().await?;
    while !websocket::take_answer(&mut link.input)? {
        link.fill().await?;
    }
    let agent = "waxwing-bench".to_owned();
    link.say(ClientBody::Hello { version_min: 1, version_max: 1, features: 0, agent });
    link.flush().await?;
    match link.next().await?.body {
        RelayBody::Welcome(welcome) => {
            Ok(Greeted { link, relay: welcome.relay, challenge: welcome.challenge })
        }
        other => Err(unexpected(&other)),
    }
}

impl Greeted {
    pub(crate) async fn register(mut self, device: &Device) -> io::Result<Link<Waxwing>> {
        self.link.say(device.registration(&self.relay, &self.challenge));
        self.enter().await
    }

    /// As [`Greeted::register`], and what the next proofs on this connection are bound to.
    pub(crate) async fn registered(
        self,
        device: &Device,
    ) -> io::Result<(Link<Waxwing>, (RelayId, Challenge))> {
        let greeting = (self.relay, self.challenge);
        Ok((self.register(device).await?, greeting))
    }

    pub(crate) async fn login(mut self, device: &Device) -> io::Result<Link<Waxwing>> {
        self.link.say(device.login(&self.relay, &self.challenge));
        self.enter().await
    }

    async fn enter(mut self) -> io::Result<Link<Waxwing>> {
        self.link.flush().await?;
        match self.link.next().await?.body {
            RelayBody::LoggedIn(_) => Ok(self.link),
            other => Err(unexpected(&other)),
        }
    }
}

impl Link<Waxwing> {
    /// Writes a frame, to be flushed.
    pub(crate) fn say(&mut self, body: ClientBody) {
        self.speaker.say(body, &mut self.output);
    }

    /// Waits for the next frame.
    pub(crate) async fn next(&mut self) -> io::Result<RelayFrame> {
        loop {
            if let Some(bytes) = websocket::take_binary(&mut self.input)? {
                return decode_relay(bytes).map_err(io::Error::other);
            }
            self.fill().await?;
        }
    }

    /// Reads the mailbox to its end, acknowledging; returns how many envelopes came.
    pub(crate) async fn drain(&mut self) -> io::Result<usize> {
        let mut came = 0;
        loop {
            match self.next().await?.body {
                RelayBody::Deliver { envelopes } => {
                    came += envelopes.len();
                    let cursor = envelopes.last().map_or(0, |envelope| envelope.sequence);
                    self.say(ClientBody::Acknowledge { cursor });
                    self.flush().await?;
                }
                RelayBody::Drained { .. } => return Ok(came),
                RelayBody::PrekeysLow { .. } => {}
                other => return Err(unexpected(&other)),
            }
        }
    }

    /// Sends a message to every partner, and waits until it is on disk.
    pub(crate) async fn send_durably(&mut self) -> io::Result<()> {
        self.send(0);
        self.flush().await?;
        loop {
            match self.next().await?.body {
                RelayBody::Accepted { .. } => return Ok(()),
                RelayBody::Drained { .. } | RelayBody::PrekeysLow { .. } => {}
                other => return Err(unexpected(&other)),
            }
        }
    }
}

impl Waxwing {
    fn say(&mut self, body: ClientBody, output: &mut BytesMut) {
        self.requests += 1;
        let frame = ClientFrame { request: Request(self.requests), body };
        websocket::write_binary(&encode_client(&frame), output);
    }
}

impl Speaker for Waxwing {
    fn send(&mut self, tag: u64, output: &mut BytesMut) {
        let number = MESSAGES.fetch_add(1, Ordering::Relaxed);
        let mut random = [0; 10];
        random[2..].copy_from_slice(&number.to_be_bytes());
        let mut payload = BytesMut::with_capacity(PAYLOAD_BYTES);
        payload.put_u64(tag);
        payload.put_bytes(0x5a, PAYLOAD_BYTES - 8);
        let payload = payload.freeze();
        let destinations = self.partners.iter().map(|partner| destination(partner, &payload)).collect();
        let message = MessageId::v7(number, random);
        self.say(ClientBody::Submit(Submit { message, fence: 1, destinations }), output);
    }

    fn read(&mut self, input: &mut BytesMut, output: &mut BytesMut, seen: &mut Seen) -> io::Result<()> {
        let mut read_to = None;
        while let Some(bytes) = websocket::take_binary(input)? {
            match decode_relay(bytes).map_err(io::Error::other)?.body {
                RelayBody::Accepted { .. } => seen.accepted += 1,
                RelayBody::Deliver { envelopes } => {
                    read_to = envelopes.last().map(|envelope| envelope.sequence).or(read_to);
                    seen.delivered
                        .extend(envelopes.into_iter().map(|mut envelope| envelope.payload.get_u64()));
                }
                RelayBody::Drained { .. } | RelayBody::PrekeysLow { .. } | RelayBody::Pong => {}
                other => return Err(unexpected(&other)),
            }
        }
        if let Some(cursor) = read_to {
            self.say(ClientBody::Acknowledge { cursor }, output);
        }
        Ok(())
    }
}

fn destination(partner: &Device, payload: &Bytes) -> Destination {
    Destination {
        account: partner.account,
        device_list_version: 1,
        devices: vec![SealedFor { device: partner.device, payload: payload.clone() }],
    }
}

fn unexpected(body: &RelayBody) -> io::Error {
    io::Error::other(format!("the relay said {body:?}"))
}
