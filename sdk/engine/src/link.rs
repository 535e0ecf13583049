//! What two devices say to each other while one is linked (docs/spec.md, "Linking a device"): bytes and back, checked.
//!
//! The channel itself is [`waxwing_crypto::link`]; how the two meet is the shell's affair.

use prost::Message as _;
use waxwing_crypto::link::LINK_CONTENT_BYTES_MAX;
use waxwing_crypto::{DeviceEntry, DevicePublic, DeviceSecrets};
use waxwing_wire::{AccountId, DeviceId, Handle};
use zeroize::Zeroizing;

use crate::model::{DeviceAddress, LocalDevice, Registration};

/// The generated protobuf types.
mod proto {
    #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
    include!(concat!(env!("OUT_DIR"), "/waxwing.link.v1.rs"));
}

/// Parts of one thing that was said, at most.
const PARTS_MAX: usize = 16;

/// The other device said something that a correct one would not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadLink;

/// The new device, as it introduces itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkDevice {
    /// Its id and its keys.
    Keys(Box<DeviceEntry>),
    /// The relay has its prekeys: what is sent from now on reaches it.
    Ready,
}

/// The account that a new device joins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkCertificate {
    /// Which.
    pub account: AccountId,
    /// Its handle.
    pub handle: Handle,
    /// Its public key.
    pub account_public: [u8; 32],
    /// The signed list, which names the new device.
    pub device_list: Vec<u8>,
}

/// The keys of a device that is about to be linked.
pub struct NewLinkDevice {
    device: DeviceId,
    secrets: Zeroizing<[u8; 64]>,
}

impl NewLinkDevice {
    /// Makes an id and keys.
    pub fn generate(rng: &mut impl rand_core::CryptoRng) -> NewLinkDevice {
        let device = DeviceId::from_bytes(crate::registration::random_id(rng));
        NewLinkDevice { device, secrets: crate::me::new_device_secrets(rng) }
    }

    /// What the list is to say of it.
    #[must_use]
    pub fn entry(&self) -> DeviceEntry {
        let keys = DeviceSecrets::from_bytes(&self.secrets).public();
        DeviceEntry { device: *self.device.as_bytes(), keys }
    }

    /// The device, once the account took it.
    #[must_use]
    pub fn into_local(self, certificate: LinkCertificate) -> LocalDevice {
        LocalDevice {
            address: DeviceAddress { account: certificate.account, device: self.device },
            handle: certificate.handle,
            account_key: None,
            device_secrets: self.secrets,
            account_public: certificate.account_public,
            device_list: certificate.device_list,
            registration: Registration::Done,
        }
    }
}

impl std::fmt::Debug for NewLinkDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewLinkDevice").field("device", &self.device).finish_non_exhaustive()
    }
}

impl LinkDevice {
    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            LinkDevice::Keys(entry) => proto::Device {
                device: entry.device.to_vec(),
                signing_key: entry.keys.signing_bytes().to_vec(),
                agreement_key: entry.keys.agreement_bytes().to_vec(),
                ready: false,
            },
            LinkDevice::Ready => proto::Device { ready: true, ..proto::Device::default() },
        }
        .encode_to_vec()
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// [`BadLink`].
    pub fn decode(bytes: &[u8]) -> Result<LinkDevice, BadLink> {
        let said = proto::Device::decode(bytes).map_err(|_| BadLink)?;
        if said.ready {
            return Ok(LinkDevice::Ready);
        }
        let keys = DevicePublic::parse(array(&said.signing_key)?, array(&said.agreement_key)?);
        let entry = DeviceEntry { device: array(&said.device)?, keys: keys.map_err(|_| BadLink)? };
        Ok(LinkDevice::Keys(Box::new(entry)))
    }
}

impl LinkCertificate {
    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        proto::Certificate {
            account: self.account.as_bytes().to_vec(),
            handle: self.handle.as_str().to_owned(),
            account_key: self.account_public.to_vec(),
            device_list: self.device_list.clone(),
        }
        .encode_to_vec()
    }

    /// Reads it. The engine checks the list when it takes the device over.
    ///
    /// # Errors
    ///
    /// [`BadLink`].
    pub fn decode(bytes: &[u8]) -> Result<LinkCertificate, BadLink> {
        let said = proto::Certificate::decode(bytes).map_err(|_| BadLink)?;
        Ok(LinkCertificate {
            account: AccountId::from_slice(&said.account).ok_or(BadLink)?,
            handle: Handle::new(&said.handle).map_err(|_| BadLink)?,
            account_public: array(&said.account_key)?,
            device_list: said.device_list,
        })
    }
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], BadLink> {
    bytes.try_into().map_err(|_| BadLink)
}

/// Cuts what is said into parts that fit into a message of the channel.
#[must_use]
pub fn parts(said: &[u8]) -> Vec<Vec<u8>> {
    let chunks: Vec<&[u8]> = said.chunks(LINK_CONTENT_BYTES_MAX - 1).collect();
    if chunks.is_empty() {
        return vec![vec![0]];
    }
    let last = chunks.len() - 1;
    chunks.iter().enumerate().map(|(at, chunk)| [&[u8::from(at < last)], *chunk].concat()).collect()
}

/// Puts parts together again.
#[derive(Default)]
pub struct Joiner {
    gathered: Zeroizing<Vec<u8>>,
    parts: usize,
}

impl Joiner {
    /// Takes a part; gives the whole, once it is there.
    ///
    /// # Errors
    ///
    /// [`BadLink`] for what is no part, or for too many.
    pub fn push(&mut self, part: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, BadLink> {
        let (more, chunk) = part.split_first().ok_or(BadLink)?;
        self.parts += 1;
        if *more > 1 || self.parts > PARTS_MAX {
            return Err(BadLink);
        }
        self.gathered.extend_from_slice(chunk);
        if *more == 1 {
            return Ok(None);
        }
        self.parts = 0;
        Ok(Some(std::mem::take(&mut self.gathered)))
    }
}

impl std::fmt::Debug for Joiner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Joiner").field("parts", &self.parts).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_goes_in_parts_and_comes_back() {
        let said = vec![7; LINK_CONTENT_BYTES_MAX + 1];
        let parts = parts(&said);
        assert!(parts.len() == 2 && parts.iter().all(|part| part.len() <= LINK_CONTENT_BYTES_MAX));
        let mut joiner = Joiner::default();
        assert_eq!(joiner.push(&parts[0]).unwrap(), None);
        assert_eq!(**joiner.push(&parts[1]).unwrap().unwrap(), said);
    }

    #[test]
    fn parts_without_end_are_refused() {
        let mut joiner = Joiner::default();
        for _ in 0..PARTS_MAX {
            assert_eq!(joiner.push(&[1, 0]).unwrap(), None);
        }
        assert_eq!(joiner.push(&[1, 0]), Err(BadLink));
        assert_eq!(Joiner::default().push(&[]), Err(BadLink));
        assert_eq!(Joiner::default().push(&[2]), Err(BadLink));
    }

    #[test]
    fn nonsense_is_refused() {
        for bytes in [&b"\xff"[..], b"", &[10, 3, 1, 2, 3]] {
            assert_eq!(LinkDevice::decode(bytes), Err(BadLink));
            assert_eq!(LinkCertificate::decode(bytes), Err(BadLink));
        }
        assert_eq!(LinkDevice::decode(&LinkDevice::Ready.encode()), Ok(LinkDevice::Ready));
    }
}
