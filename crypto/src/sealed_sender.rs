//! Sealed sender: the relay moves a message without being told whose it is.
//!
//! Inside is an ordinary message of a session or a group. Around it is a *certificate*, which names the sender, and around both a
//! hybrid encryption, X25519 and ML-KEM-768, to a key that the recipient's device publishes.
//!
//! ```text
//!   sealed    format 1, kind 4, suite 1 | key id u32 | ephemeral 32 | KEM ciphertext 1088 | length u16 | certificate | message
//!             certificate and message each: commitment 32 | ciphertext | tag 16
//! ```
//!
//! No server vouches for a sender: the certificate is an address, which the recipient looks up in its own verified device lists.
//! The message opens only with the key that this list names, so nobody can claim to be somebody else, not even to make the recipient
//! repair a session that is not broken. A sender whom the recipient may not know yet adds its own device list, signed.
//!
//! [`seal`] and [`SealedMessage::open`] are pure: replays are for the session inside to recognise, and floods for the relay, which
//! asks for a [delivery token](crate::profile::ProfileKey::delivery_token).
//!
//! ```
//! use waxwing_crypto::sealed_sender::{Recipient, SealedMessage, SealingKey, seal};
//! # use waxwing_crypto::*;
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = ChaCha20Rng::from_seed([1; 32]);
//! # let (alice, bob) = (DeviceSecrets::generate(&mut rng), DeviceSecrets::generate(&mut rng));
//! # let (alice_keys, bob_keys) = (alice.public(), bob.public());
//! # let at_alice = Address { account: [1; 16], device: [1; 16] };
//! # let at_bob = Address { account: [2; 16], device: [1; 16] };
//! let (ours, theirs) = (Ours { address: at_alice, secrets: &alice }, Ours { address: at_bob, secrets: &bob });
//!
//! // Bob's device publishes a key each week.
//! let key = SealingKey::generate(7, &mut rng);
//! let published = key.publish(&theirs);
//!
//! // Alice seals a message of hers for him.
//! let recipient = Recipient::verify(&published, &at_bob, &bob_keys)?;
//! let sealed = seal(&ours, &recipient, None, b"a message of a session", &mut rng)?;
//!
//! // Bob learns who claims to have written, looks up the keys of that device, and opens.
//! let message = SealedMessage::parse(&sealed)?;
//! assert_eq!(message.key_id(), key.id());
//! let claim = message.open(&theirs, &key)?;
//! assert_eq!((claim.sender(), claim.introduction()), (&at_alice, None));
//! assert_eq!(claim.open(&key, &alice_keys)?.as_bytes(), b"a message of a session");
//! # Ok(())
//! # }
//! ```

mod certificate;
mod key;
mod open;
mod seal;

pub use certificate::INTRODUCTION_BYTES_MAX;
pub use key::{Recipient, RecordError, SealingKey};
pub use open::{Claim, Rejected, SealedMessage};
pub use seal::{SealError, seal};

use zeroize::Zeroizing;

use crate::{
    kdf::{DERIVE_SEALED_MESSAGE, DERIVE_SEALED_SENDER, HASH_SEALED_SENDER, hash},
    kem::{Kem, KemPublic, MlKem768},
    keys::{Address, AgreementPublic, DevicePublic},
    message::SUITE,
    salted::SaltedKeys,
    secret::Secret,
};

/// A device, and all of its keys: what is bound of it.
fn party(address: &Address, keys: &DevicePublic) -> Vec<u8> {
    [&address.account[..], &address.device, &keys.signing_bytes(), &keys.agreement_bytes()].concat()
}

/// What both sides have agreed on, before anybody is named.
struct Agreed {
    transcript: [u8; 32],
    /// `DH1 ‖ SS`.
    secrets: Zeroizing<Vec<u8>>,
}

impl Agreed {
    fn new(
        recipient: (&Address, &DevicePublic),
        key: (u32, &AgreementPublic, &KemPublic<MlKem768>),
        handed: (&AgreementPublic, &<MlKem768 as Kem>::Ciphertext),
        (dh, encapsulated): (&Secret<32>, &Secret<32>),
    ) -> Self {
        let (id, agreement, kem) = key;
        let transcript = hash(
            HASH_SEALED_SENDER,
            &[
                &[SUITE],
                &party(recipient.0, recipient.1),
                &id.to_be_bytes(),
                &agreement.to_bytes(),
                kem.as_bytes(),
                &handed.0.to_bytes(),
                handed.1,
            ],
        );
        let secrets = Zeroizing::new([&dh.expose()[..], encapsulated.expose()].concat());
        Self { transcript, secrets }
    }

    fn certificate_keys(&self) -> SaltedKeys {
        SaltedKeys::derive(&[0; 32], &self.secrets, &[DERIVE_SEALED_SENDER, &self.transcript])
    }

    /// The keys of the message: only the sender that the certificate names, and the recipient, can compute `DH2`.
    fn message_keys(&self, dh: &Secret<32>, sender: &[u8], sealed_certificate: &[u8]) -> SaltedKeys {
        let secrets = Zeroizing::new([&self.secrets[..], dh.expose()].concat());
        let info = [DERIVE_SEALED_MESSAGE, &self.transcript, sender, sealed_certificate];
        SaltedKeys::derive(&[0; 32], &secrets, &info)
    }
}
