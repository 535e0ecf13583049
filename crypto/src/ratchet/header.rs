//! The header of a message: where in the ratchets it belongs, and what rides along, sealed (Double Ratchet §4.1).

use super::exchange::Ciphertext;
use crate::{
    aead::{Cipher, NONCE_BYTES, TAG_BYTES},
    bytes::Reader,
    kem::{Kem, KemPublic, MlKem768},
    keys::AgreementPublic,
    message::{SALT_BYTES, Sealed, write_clear},
    secret::Secret,
};

const PLAIN_BYTES: usize = 1 + 32 + 4 + 4;
const OFFER_BYTES: usize = PLAIN_BYTES + size_of::<<MlKem768 as Kem>::Public>();
const ANSWER_BYTES: usize = PLAIN_BYTES + size_of::<Ciphertext>();
/// Length of a sealed header with nothing in it but its place, in bytes.
pub(crate) const SEALED_PLAIN_BYTES: usize = PLAIN_BYTES + TAG_BYTES;
/// Length of a sealed header with an offer, in bytes: the longest there is.
pub(crate) const SEALED_OFFER_BYTES: usize = OFFER_BYTES + TAG_BYTES;
/// Length of a sealed header with an answer, in bytes.
pub(crate) const SEALED_ANSWER_BYTES: usize = ANSWER_BYTES + TAG_BYTES;

const NOTHING: u8 = 0;
const OFFER: u8 = 1;
const ANSWER: u8 = 2;

/// The place of a message, and what rides along.
pub(crate) struct Header<R> {
    /// The sender's ratchet key.
    pub(crate) ratchet: AgreementPublic,
    /// How many messages the sender's chain before this one had.
    pub(crate) previous_length: u32,
    /// The number of this message in its chain, from 0.
    pub(crate) number: u32,
    pub(crate) rider: R,
}

/// The part of a post-quantum exchange that a header has in it.
pub(crate) enum Rider<P, C> {
    Nothing,
    /// An encapsulation key, checked.
    Offer(P),
    /// A ciphertext.
    Answer(C),
}

impl<P, C> Rider<P, C> {
    pub(crate) fn into_offer(self) -> Option<P> {
        match self {
            Rider::Offer(key) => Some(key),
            Rider::Nothing | Rider::Answer(_) => None,
        }
    }
}

/// A header that we write.
pub(crate) type Outgoing<'a> = Header<Rider<&'a KemPublic<MlKem768>, &'a Ciphertext>>;
/// A header that we read.
pub(crate) type Incoming = Header<Rider<KemPublic<MlKem768>, Box<Ciphertext>>>;

impl Outgoing<'_> {
    /// Returns the length of what rides along, in bytes.
    pub(crate) fn rider_bytes(&self) -> usize {
        match self.rider {
            Rider::Nothing => 0,
            Rider::Offer(_) => OFFER_BYTES - PLAIN_BYTES,
            Rider::Answer(_) => ANSWER_BYTES - PLAIN_BYTES,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let (kind, rider): (u8, &[u8]) = match self.rider {
            Rider::Nothing => (NOTHING, &[]),
            Rider::Offer(key) => (OFFER, key.as_bytes()),
            Rider::Answer(ciphertext) => (ANSWER, ciphertext),
        };
        out.push(kind);
        out.extend_from_slice(&self.ratchet.to_bytes());
        out.extend_from_slice(&self.previous_length.to_be_bytes());
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(rider);
    }
}

impl Incoming {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let kind = reader.u8()?;
        let ratchet = AgreementPublic::parse(*reader.array()?).ok()?;
        let (previous_length, number) = (reader.u32()?, reader.u32()?);
        let rider = match kind {
            NOTHING => Rider::Nothing,
            OFFER => Rider::Offer(KemPublic::parse(reader.array()?)?),
            ANSWER => Rider::Answer(Box::new(*reader.array()?)),
            _ => return None,
        };
        reader.end()?;
        Some(Self { ratchet, previous_length, number, rider })
    }
}

/// Seals the headers of one chain. The cipher is expanded once, since every message tries it.
///
/// Past chains lie in a list that grows and shrinks. What moves there is a pointer, so no copy of a key stays behind.
pub(crate) struct HeaderKey(Box<Expanded>);

const _: () = assert!(size_of::<HeaderKey>() == size_of::<usize>());

struct Expanded {
    key: Secret<32>,
    cipher: Cipher,
}

impl HeaderKey {
    pub(crate) fn new(key: Secret<32>) -> Self {
        let cipher = Cipher::new(key.expose());
        Self(Box::new(Expanded { key, cipher }))
    }

    pub(crate) fn copy_of(bytes: &[u8; 32]) -> Self {
        Self::new(Secret::copy_of(bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.key.expose()
    }

    /// Appends all that precedes the commitment: the clear part of a message, and the header sealed and bound to it.
    pub(crate) fn seal(&self, salt: &[u8; SALT_BYTES], header: &Outgoing<'_>, out: &mut Vec<u8>) {
        let from = out.len();
        write_clear(salt, SEALED_PLAIN_BYTES + header.rider_bytes(), out);
        let header_from = out.len();
        header.write(out);
        let (before, bytes) = out.split_at_mut(header_from);
        let tag = self.0.cipher.seal_detached(&nonce(salt), &before[from..], bytes);
        out.extend_from_slice(&tag);
    }

    /// Opens a header, if it was sealed under this key.
    pub(crate) fn open(&self, sealed: &Sealed<'_>) -> Option<Incoming> {
        match sealed.header.len() {
            SEALED_PLAIN_BYTES => self.open_sized::<PLAIN_BYTES>(sealed),
            SEALED_OFFER_BYTES => self.open_sized::<OFFER_BYTES>(sealed),
            SEALED_ANSWER_BYTES => self.open_sized::<ANSWER_BYTES>(sealed),
            _ => None,
        }
    }

    fn open_sized<const N: usize>(&self, sealed: &Sealed<'_>) -> Option<Incoming> {
        let (header, tag) = sealed.header.split_last_chunk()?;
        let mut bytes: [u8; N] = header.try_into().ok()?;
        self.0.cipher.open(&nonce(sealed.salt), sealed.clear, &mut bytes, tag)?;
        Incoming::parse(&bytes)
    }
}

/// The nonce is the start of the message's salt: 96 fresh random bits.
///
/// A counter would repeat after an old copy of the database comes back; random bits do not. A header key serves one
/// chain of at most 2^32 messages, for which two nonces meet with a chance below 2^-32, the bound of NIST SP 800-38D §8.3.
fn nonce(salt: &[u8; SALT_BYTES]) -> [u8; NONCE_BYTES] {
    *salt.first_chunk().expect("12 of 16")
}
