//! The two sides, one type for each state; each step consumes the state before it.

use std::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;

use super::{
    FORMAT, KIND_COMMITMENT, KIND_NONCE, KIND_OFFER, KIND_REVEAL, LinkError,
    agree::{self, CodeDiffers, Revealed, ShortCode, Side},
    channel::Channel,
    invitation::Invitation,
};
use crate::{
    bytes::Reader,
    kem::{Kem, KemPublic, KemSecret, MlKem1024},
    keys::{AgreementPublic, AgreementSecret},
    message::SUITE,
    secret::Secret,
};

type Ciphertext = <MlKem1024 as Kem>::Ciphertext;

/// The new device, with its invitation on the screen.
pub struct NewDevice {
    invitation: Invitation,
    agreement: AgreementSecret,
    kem: KemSecret<MlKem1024>,
}

impl NewDevice {
    /// Makes keys that serve for one link, and a channel to meet on.
    pub fn begin(rng: &mut impl CryptoRng) -> Self {
        let mut channel = [0; 16];
        rng.fill_bytes(&mut channel);
        let agreement = AgreementSecret::generate(rng);
        let kem = KemSecret::<MlKem1024>::generate(rng);
        let kem_hash = agree::kem_hash(kem.public().as_bytes());
        let invitation = Invitation { channel, agreement: agreement.public().to_bytes(), kem_hash };
        Self { invitation, agreement, kem }
    }

    /// Returns what to show as a QR code.
    pub fn invitation(&self) -> &Invitation {
        &self.invitation
    }

    /// Returns the message that waits at the relay for whoever scans.
    pub fn offer(&self) -> Vec<u8> {
        [&[FORMAT, KIND_OFFER, SUITE], &self.kem.public().as_bytes()[..]].concat()
    }

    /// Takes the first answer, and the only one. Returns what to send.
    ///
    /// # Errors
    ///
    /// Refuses what is no commitment.
    pub fn on_commitment(
        self,
        message: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Answered, Vec<u8>), LinkError> {
        let commitment = read_32(message, KIND_COMMITMENT)?;
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let reply = [&[FORMAT, KIND_NONCE], &nonce[..]].concat();
        Ok((Answered { new: self, commitment, nonce }, reply))
    }
}

/// The new device, when somebody has answered and is held to it.
pub struct Answered {
    new: NewDevice,
    commitment: [u8; 32],
    nonce: [u8; 32],
}

impl Answered {
    /// Takes what the other side committed to.
    ///
    /// # Errors
    ///
    /// Refuses anything else, and keys that contribute nothing.
    pub fn on_reveal(self, message: &[u8]) -> Result<Unconfirmed, LinkError> {
        let mut reader = begin(message, KIND_REVEAL)?;
        let malformed = LinkError::Malformed;
        let agreement = reader.array().ok_or(malformed)?;
        let theirs = reader.array().ok_or(malformed)?;
        let ciphertext: &Ciphertext = reader.array().ok_or(malformed)?;
        reader.end().ok_or(malformed)?;
        let revealed = Revealed { agreement, nonce: theirs, ciphertext };
        let Self { new, commitment, nonce } = self;
        if !bool::from(agree::commitment(&new.invitation, &revealed).ct_eq(&commitment)) {
            return Err(LinkError::OtherReveal);
        }
        let public = AgreementPublic::parse(*agreement).map_err(|_| LinkError::WeakKey)?;
        let agreed = new.agreement.agree(&public.point()).ok_or(LinkError::WeakKey)?;
        let (_, shared) = new.kem.decapsulate(ciphertext);
        let transcript = agree::transcript(&new.invitation, &revealed, &nonce);
        Ok(Unconfirmed::new(Side::New, &agreed, &shared, &transcript))
    }
}

/// The device of the account, when it has scanned the invitation and committed to its answer.
pub struct Scanned {
    invitation: Invitation,
    public: AgreementPublic,
    agreed: Secret<32>,
    shared: Secret<32>,
    nonce: [u8; 32],
    ciphertext: Box<Ciphertext>,
}

impl Scanned {
    /// Answers an invitation that was scanned, with the offer that waited at the relay. Returns what to send.
    ///
    /// # Errors
    ///
    /// Refuses an offer that the invitation does not name, and keys that contribute nothing.
    pub fn begin(
        invitation: &Invitation,
        offer: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<u8>), LinkError> {
        let mut reader = begin(offer, KIND_OFFER)?;
        reader.expect(SUITE).ok_or(LinkError::Unsupported)?;
        let kem = reader.array().ok_or(LinkError::Malformed)?;
        reader.end().ok_or(LinkError::Malformed)?;
        if agree::kem_hash(kem) != invitation.kem_hash {
            return Err(LinkError::OtherOffer);
        }
        let kem = KemPublic::<MlKem1024>::parse(kem).ok_or(LinkError::WeakKey)?;
        let theirs = AgreementPublic::parse(invitation.agreement).map_err(|_| LinkError::WeakKey)?;
        let ours = AgreementSecret::generate(rng);
        let agreed = ours.agree(&theirs.point()).ok_or(LinkError::WeakKey)?;
        let (ciphertext, shared) = kem.encapsulate(rng);
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let scanned = Self {
            invitation: invitation.clone(),
            public: ours.public(),
            agreed,
            shared,
            nonce,
            ciphertext: Box::new(ciphertext),
        };
        let agreement = scanned.public.to_bytes();
        let commitment = agree::commitment(invitation, &scanned.revealed(&agreement));
        Ok((scanned, [&[FORMAT, KIND_COMMITMENT], &commitment[..]].concat()))
    }

    /// Takes the nonce of the new device. Returns what to send.
    ///
    /// # Errors
    ///
    /// Refuses what is no nonce.
    pub fn on_nonce(self, message: &[u8]) -> Result<(Unconfirmed, Vec<u8>), LinkError> {
        let theirs = read_32(message, KIND_NONCE)?;
        let agreement = self.public.to_bytes();
        let transcript = agree::transcript(&self.invitation, &self.revealed(&agreement), &theirs);
        let reveal = [&[FORMAT, KIND_REVEAL], &agreement[..], &self.nonce, &self.ciphertext[..]].concat();
        Ok((Unconfirmed::new(Side::Account, &self.agreed, &self.shared, &transcript), reveal))
    }

    fn revealed<'a>(&'a self, agreement: &'a [u8; 32]) -> Revealed<'a> {
        Revealed { agreement, nonce: &self.nonce, ciphertext: &self.ciphertext[..] }
    }
}

/// Either device, when the keys are agreed and nobody has looked yet whose they are.
pub struct Unconfirmed {
    code: ShortCode,
    channel: Channel,
}

impl Unconfirmed {
    fn new(side: Side, agreed: &Secret<32>, shared: &Secret<32>, transcript: &[u8; 32]) -> Self {
        let channel = agree::channel(side, agreed, shared, transcript);
        Self { code: ShortCode::of(transcript), channel }
    }

    /// Returns the code to show.
    pub fn code(&self) -> ShortCode {
        self.code
    }

    /// Takes the code that a person read on the *other* device. There is one try: on a mistake, link anew.
    ///
    /// Typing it in is safer than asking "are they the same?", which is answered with yes. It is needed at both devices: the
    /// account's would hand over its secrets, and the new one would believe whose account it joins.
    ///
    /// # Errors
    ///
    /// [`CodeDiffers`]: the keys of this channel are not those of the other device.
    pub fn confirm(self, seen: &str) -> Result<Channel, CodeDiffers> {
        if self.code.is(seen) { Ok(self.channel) } else { Err(CodeDiffers) }
    }
}

/// Reads the two bytes that each message begins with.
fn begin(message: &[u8], kind: u8) -> Result<Reader<'_>, LinkError> {
    let mut reader = Reader::new(message);
    match (reader.u8(), reader.u8()) {
        (Some(FORMAT), Some(is)) if is == kind => Ok(reader),
        (Some(FORMAT) | None, _) => Err(LinkError::Malformed),
        (Some(_), _) => Err(LinkError::Unsupported),
    }
}

fn read_32(message: &[u8], kind: u8) -> Result<[u8; 32], LinkError> {
    let mut reader = begin(message, kind)?;
    let bytes = *reader.array().ok_or(LinkError::Malformed)?;
    reader.end().ok_or(LinkError::Malformed)?;
    Ok(bytes)
}

/// States hold secrets, and print none.
macro_rules! print_name_only {
    ($($state:ident),+) => { $(
        impl fmt::Debug for $state {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($state), "(..)"))
            }
        }
    )+ };
}

print_name_only!(NewDevice, Answered, Scanned, Unconfirmed);
