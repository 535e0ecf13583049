//! Who sends: an address, and for somebody who may not know it yet, the device list that names it.

use crate::{
    bytes::Reader,
    device_list::DeviceList,
    keys::{AccountPublicKey, Address},
    padding::{pad, unpad},
};

/// Longest device list that a certificate takes along, in bytes. Every list that exists fits.
pub const INTRODUCTION_BYTES_MAX: usize = 4 * 1024;

/// The sender's own word about itself.
pub(super) struct Certificate {
    pub(super) sender: Address,
    pub(super) introduction: Option<DeviceList>,
}

impl Certificate {
    /// Encodes it, padded: without an introduction always 128 bytes.
    pub(super) fn encode(sender: &Address, introduction: Option<&DeviceList>) -> Vec<u8> {
        let mut bytes = [sender.account, sender.device].concat();
        bytes.push(u8::from(introduction.is_some()));
        if let Some(list) = introduction {
            bytes.extend_from_slice(&list.identity().key.to_bytes());
            bytes.extend_from_slice(list.as_bytes());
        }
        pad(&bytes)
    }

    /// Decodes it. An introduction has to be signed, and to name the sending device.
    pub(super) fn parse(padded: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(unpad(padded).ok()?);
        let sender = Address { account: *reader.array()?, device: *reader.array()? };
        if !reader.flag()? {
            reader.end()?;
            return Some(Self { sender, introduction: None });
        }
        let key = AccountPublicKey::parse(*reader.array()?).ok()?;
        let list = Some(reader.rest()).filter(|list| list.len() <= INTRODUCTION_BYTES_MAX)?;
        let list = DeviceList::verify(list, sender.account, &key).ok()?;
        list.device(&sender.device)?;
        Some(Self { sender, introduction: Some(list) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountKey, DeviceEntry, DeviceSecrets};

    const AT: Address = Address { account: [1; 16], device: [2; 16] };

    fn list(account: u8, seed: u8, device: u8) -> DeviceList {
        let keys = DeviceSecrets::from_bytes(&[9; 64]).public();
        let entry = DeviceEntry { device: [device; 16], keys };
        DeviceList::sign([account; 16], &AccountKey::from_bytes(&[seed; 32]), None, vec![entry])
            .expect("one device")
    }

    #[test]
    fn an_introduction_names_its_sender_or_is_refused() {
        let parse = |list: &DeviceList| Certificate::parse(&Certificate::encode(&AT, Some(list)));
        let found = parse(&list(1, 5, 2)).expect("it names us");
        assert_eq!((found.sender, found.introduction), (AT, Some(list(1, 5, 2))));
        assert!(parse(&list(3, 5, 2)).is_none(), "of another account");
        assert!(parse(&list(1, 5, 4)).is_none(), "without this device");
    }

    #[test]
    fn a_certificate_has_one_encoding() {
        let plain = Certificate::encode(&AT, None);
        assert_eq!(plain.len(), 128);
        assert!(Certificate::parse(&plain).is_some_and(|found| found.introduction.is_none()));
        let content = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = [AT.account, AT.device].concat();
            bytes.push(0);
            change(&mut bytes);
            Certificate::parse(&pad(&bytes)).is_some()
        };
        assert!(content(&|_| ()));
        assert!(!content(&|bytes| bytes.push(0)), "longer than it is");
        assert!(!content(&|bytes| bytes.truncate(32)), "no flag");
        assert!(!content(&|bytes| bytes[32] = 1), "no introduction");
        assert!(!content(&|bytes| bytes[32] = 2), "no such flag");
        let other_key =
            [&[AT.account, AT.device].concat()[..], &[1], &[5; 32], list(1, 5, 2).as_bytes()].concat();
        assert!(Certificate::parse(&pad(&other_key)).is_none(), "not by the key that stands there");
        let long = [&[AT.account, AT.device].concat()[..], &[1], &[0; INTRODUCTION_BYTES_MAX + 33]].concat();
        assert!(Certificate::parse(&pad(&long)).is_none());
    }
}
