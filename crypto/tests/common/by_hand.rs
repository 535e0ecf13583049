//! The ratchets by hand, over the bare primitives: what somebody writes who has `docs/spec.md`, and stolen keys or bad intentions.

use waxwing_crypto::primitives::{hkdf, hmac, open, seal, x25519};

use super::AD;

/// Lengths of sealed headers, in bytes.
pub(crate) const PLAIN: usize = 57;
pub(crate) const OFFER: usize = 57 + 1184;
pub(crate) const ANSWER: usize = 57 + 1088;

const SALT: std::ops::Range<usize> = 3..19;
const CLEAR: usize = 21;

/// Says how long the sealed header of a ratchet message is: that much everybody sees.
pub(crate) fn header_bytes(message: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([message[19], message[20]]))
}

/// A header, opened.
pub(crate) struct Header {
    pub(crate) ratchet: [u8; 32],
    pub(crate) number: u32,
    pub(crate) rider: Vec<u8>,
}

pub(crate) fn open_header(key: &[u8; 32], message: &[u8]) -> Option<Header> {
    let sealed = &message[CLEAR..CLEAR + header_bytes(message)];
    let bytes = open(key, message[3..15].try_into().unwrap(), &message[..CLEAR], sealed)?;
    Some(Header {
        ratchet: bytes[1..33].try_into().unwrap(),
        number: u32::from_be_bytes(bytes[37..41].try_into().unwrap()),
        rider: bytes[41..].to_vec(),
    })
}

/// What a root step gives: root, chain key, next header key.
pub(crate) fn root_step(
    root: &[u8; 32],
    secret: &[u8; 32],
    public: &[u8; 32],
    shared: Option<&[u8; 32]>,
) -> [[u8; 32]; 3] {
    let mut input = x25519(secret, public).unwrap().to_vec();
    let label: &[u8] = if shared.is_some() { b"Waxwing v1 root pq\0" } else { b"Waxwing v1 root\0" };
    input.extend(shared.into_iter().flatten());
    let derived = hkdf::<96>(root, &input, label);
    [0, 32, 64].map(|from| derived[from..from + 32].try_into().unwrap())
}

fn message_key(chain: &[u8; 32], number: u32) -> [u8; 32] {
    let chain = (0..number).fold(*chain, |chain, _| hmac(&chain, &[2]));
    hmac(&chain, &[1])
}

/// Opens the body of message `number` of a chain.
pub(crate) fn open_body(
    chain: &[u8; 32],
    number: u32,
    session_id: &[u8; 16],
    message: &[u8],
) -> Option<Vec<u8>> {
    let keys = hkdf::<76>(&message[SALT], &message_key(chain, number), b"Waxwing v1 message\0");
    let (prefix, rest) = message.split_at(CLEAR + header_bytes(message));
    let (commitment, body) = rest.split_at(32);
    if commitment != &keys[44..] {
        return None;
    }
    let bound = [session_id, prefix, AD].concat();
    open(keys[..32].try_into().unwrap(), keys[32..44].try_into().unwrap(), &bound, body)
}

/// The fields of a stored session, as far as these tests need them.
pub(crate) struct Stored {
    pub(crate) session_id: [u8; 16],
    pub(crate) root: [u8; 32],
    /// Ratchet secret, chain key, header key, next header key: only while our chain is under way.
    pub(crate) sending: Option<[[u8; 32]; 4]>,
    number: u32,
    previous: u32,
    pub(crate) their_next_header_key: [u8; 32],
    /// The exchange: its kind and its bytes.
    pub(crate) exchange: (u8, Vec<u8>),
}

impl Stored {
    /// Reads the snapshot of a session in which a message of theirs was opened.
    pub(crate) fn read(snapshot: &[u8]) -> Self {
        let mut at = 0;
        let mut take = |length: usize| {
            at += length;
            &snapshot[at - length..at]
        };
        fn number(bytes: &[u8]) -> usize {
            bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
        }
        assert!(matches!(take(3), [2, 1, 0 | 1]));
        let session_id = take(16).try_into().unwrap();
        take(32);
        let root = take(32).try_into().unwrap();
        let is_active = take(1) == [1];
        let sending = is_active.then(|| [(); 4].map(|()| take(32).try_into().unwrap()));
        if !is_active {
            take(64);
        }
        let next = if is_active { number(take(4)) } else { 0 };
        let previous = number(take(4));
        let their_next_header_key = take(32).try_into().unwrap();
        assert_eq!(take(1), [1], "a chain of theirs");
        take(68);
        let skipped = number(take(2));
        take(skipped * 36);
        for _ in 0..number(take(1)) {
            take(33);
            let skipped = number(take(2));
            take(skipped * 36);
        }
        take(4);
        if take(1) == [1] {
            take(8);
        }
        let exchange = (take(1)[0], snapshot[at..].to_vec());
        Self {
            session_id,
            root,
            sending,
            number: next as u32,
            previous: previous as u32,
            their_next_header_key,
            exchange,
        }
    }

    /// Our ratchet secret.
    pub(crate) fn ratchet(&self) -> [u8; 32] {
        self.sending.unwrap()[0]
    }

    /// Seals the next message of our chain, under whatever header.
    pub(crate) fn seal(&self, header: &[u8], plaintext: &[u8], salt: [u8; 16]) -> Vec<u8> {
        let [_, chain, header_key, _] = self.sending.unwrap();
        let length = u16::try_from(header.len() + 16).unwrap();
        let mut message = [&[1, 2, 1], &salt[..], &length.to_be_bytes()].concat();
        message.extend(seal(&header_key, salt[..12].try_into().unwrap(), &message, header));
        let keys = hkdf::<76>(&salt, &message_key(&chain, 0), b"Waxwing v1 message\0");
        let bound = [&self.session_id, &message[..], AD].concat();
        message.extend(&keys[44..]);
        message.extend(seal(
            keys[..32].try_into().unwrap(),
            keys[32..44].try_into().unwrap(),
            &bound,
            plaintext,
        ));
        message
    }

    /// The header that our next message would have, with another first byte and another rider.
    pub(crate) fn header(&self, kind: u8, rider: &[u8]) -> Vec<u8> {
        let public = waxwing_crypto::primitives::x25519_public(&self.ratchet());
        let (previous, number) = (self.previous.to_be_bytes(), self.number.to_be_bytes());
        [&[kind], &public[..], &previous, &number, rider].concat()
    }
}
