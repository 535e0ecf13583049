//! 5. Devices.
//!
//! **Linking.** A [`link`](crate::link) is an encrypted channel between a new device and one of the account, from a QR code and six digits. Through it go, in this order: the
//! new device's public keys; the device list that names it, signed; settings and history; the end.
//!
//! | the account's device | the new device |
//! |---|---|
//! | | shows the [invitation](crate::link::Invitation) |
//! | scans it: [`Scanned::begin`](crate::link::Scanned::begin) | answers: [`NewDevice::on_commitment`](crate::link::NewDevice::on_commitment) |
//! | reveals: [`Scanned::on_nonce`](crate::link::Scanned::on_nonce) | [`Answered::on_reveal`](crate::link::Answered::on_reveal) |
//! | [`Unconfirmed::confirm`](crate::link::Unconfirmed::confirm), with what the other screen shows | the same |
//! | signs the list with the [device](crate::link::Purpose::Device) on it | verifies the list that comes back |
//!
//! The states are consumed one by one, so no step can be left out. Do not store a channel: a link that breaks is begun anew.
//!
//! ```
//! use waxwing_crypto::{link::{Channel, Purpose}, *};
//! # use waxwing_crypto::link::*;
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn channels(rng: &mut ChaCha20Rng) -> Result<(Channel, Channel), Box<dyn std::error::Error>> {
//! #     let new = NewDevice::begin(rng);
//! #     let (invitation, offer) = (new.invitation().to_string().parse()?, new.offer());
//! #     let (scanned, commitment) = Scanned::begin(&invitation, &offer, rng)?;
//! #     let (answered, nonce) = new.on_commitment(&commitment, rng)?;
//! #     let (account, reveal) = scanned.on_nonce(&nonce)?;
//! #     let new = answered.on_reveal(&reveal)?;
//! #     let (here, there) = (new.code().to_string(), account.code().to_string());
//! #     Ok((new.confirm(&there)?, account.confirm(&here)?))
//! # }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = ChaCha20Rng::from_seed([1; 32]);
//! # let (mut new, mut old) = channels(&mut rng)?;
//! # let (account, key) = ([1; 16], AccountKey::generate(&mut rng));
//! # let phone = DeviceEntry { device: [1; 16], keys: DeviceSecrets::generate(&mut rng).public() };
//! # let list = DeviceList::sign(account, &key, None, vec![phone.clone()])?;
//! // The new device says what its keys are.
//! let secrets = DeviceSecrets::generate(&mut rng);
//! let keys = secrets.public();
//! let said = [keys.signing_bytes(), keys.agreement_bytes()].concat();
//! let sealed = new.seal(Purpose::Device, &said, &mut rng)?;
//!
//! // The account's device signs it in, and answers with the list.
//! let said = old.open(&sealed)?.bytes;
//! let (signing, agreement) = (said[..32].try_into()?, said[32..].try_into()?);
//! let laptop = DeviceEntry { device: [2; 16], keys: DevicePublic::parse(signing, agreement)? };
//! let list = DeviceList::sign(account, &key, Some(&list), vec![phone, laptop])?;
//! let sealed = old.seal(Purpose::Certificate, list.as_bytes(), &mut rng)?;
//!
//! // The new device is one of the account's.
//! let list = DeviceList::verify(&new.open(&sealed)?.bytes, account, &key.public())?;
//! assert_eq!(list.device(&[2; 16]).map(|entry| entry.keys), Some(keys));
//! # Ok(())
//! # }
//! ```
//!
//! **Removing.** Sign the list without the device (chapter 4). Everybody else's next message is not sealed for it any more; sender keys
//! are made anew (chapter 2), and the profile key too (chapter 3).
//!
//! **Recovery.** An account whose last device is lost comes back only from a [`backup`](crate::backup): the account key, and whatever else a person wants back, sealed under a
//! [printed key](crate::backup::PrintedKey) or a passphrase. Write it whenever what is in it has changed, with a higher counter each time, and keep it where nobody
//! needs to be trusted. Sessions do not belong in it: a device that was restored is a new one, with new keys, and others begin anew with it.
//!
//! ```
//! use std::io::Read;
//! use waxwing_crypto::{backup::{Expected, Key, Opening, PrintedKey, seal}, *};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = ChaCha20Rng::from_seed([1; 32]);
//! # let (account, key) = ([1; 16], AccountKey::generate(&mut rng));
//! # let phone = DeviceEntry { device: [1; 16], keys: DeviceSecrets::generate(&mut rng).public() };
//! # let published = DeviceList::sign(account, &key, None, vec![phone])?;
//! let printed = PrintedKey::generate(&mut rng); // shown once, and written down
//! let mut backup = Vec::new();
//! seal(&Key::Printed(&printed), &account, 1, &key.to_bytes().expose()[..], &mut backup, &mut rng)?;
//!
//! // The phone is lost. A tablet has the backup, and the paper.
//! let mut stored = Vec::new();
//! let expected = Expected { account, counter_min: 0 };
//! Opening::begin(&Key::Printed(&printed), &expected, &backup[..])?.read_to_end(&mut stored)?;
//! let restored = AccountKey::from_bytes(stored[..].try_into()?);
//!
//! // It follows the list that is published, and removes the phone by that.
//! let known = DeviceList::verify(published.as_bytes(), account, &restored.public())?;
//! let tablet = DeviceEntry { device: [2; 16], keys: DeviceSecrets::generate(&mut rng).public() };
//! let list = DeviceList::sign(account, &restored, Some(&known), vec![tablet])?;
//! assert_eq!(AccountChange::between(&known, &list), AccountChange::Devices { added: vec![[2; 16]], removed: vec![[1; 16]] });
//! # Ok(())
//! # }
//! ```
