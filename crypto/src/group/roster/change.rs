//! The bytes of a change. Parsing is total, and there is one encoding.
//!
//! ```text
//!   format 1 | group 16 | epoch u64 | previous hash 32 | account 16, device 16, list version u64 | kind u8 | body | signature 64
//!
//!   1 create     nonce 32 | settings | profile | accounts
//!   2 add        accounts
//!   3 remove     accounts
//!   4 role       account 16 | role u8: 0 member, 1 admin, 2 owner
//!   5 settings   settings: write u8, add u8, edit u8: 0 everyone, 1 admins
//!   6 profile    profile: length u16 | bytes
//!                accounts: count u16 | count times 16, strictly ascending
//! ```

use super::{
    MEMBERS_MAX, RosterError,
    rules::{Role, Settings, Who},
};
use crate::{
    bytes::Reader,
    group::GroupEpoch,
    kdf::{HASH_GROUP_ID, HASH_ROSTER_CHANGE, hash},
    keys::Address,
};

/// Largest profile of a group, in bytes.
pub const GROUP_PROFILE_BYTES_MAX: usize = 16 * 1024;

const FORMAT: u8 = 1;
/// Where the signer begins: from here on, a creation is hashed to the id of its group.
const SIGNER_AT: usize = 1 + 16 + 8 + 32;
const KIND_CREATE: u8 = 1;
const KIND_ADD: u8 = 2;
const KIND_REMOVE: u8 = 3;
const KIND_ROLE: u8 = 4;
const KIND_SETTINGS: u8 = 5;
const KIND_PROFILE: u8 = 6;

/// What is done to a roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Makes the group. It is the first change and no other.
    Create {
        /// Makes the id of the group its own.
        nonce: [u8; 32],
        /// Who may do what.
        settings: Settings,
        /// Title and picture, sealed by the caller.
        profile: Vec<u8>,
        /// The members beside the creator, who is the owner.
        members: Vec<[u8; 16]>,
    },
    /// Adds members.
    Add(Vec<[u8; 16]>),
    /// Removes members. Whoever removes itself leaves.
    Remove(Vec<[u8; 16]>),
    /// Gives somebody a role.
    Role {
        /// The member.
        account: [u8; 16],
        /// Its new role.
        role: Role,
    },
    /// Sets who may do what. The same settings once more are an epoch like any other.
    Settings(Settings),
    /// Sets title and picture, sealed by the caller.
    Profile(Vec<u8>),
}

impl Change {
    /// Sorts the accounts of the caller, and refuses none at all, or one that is named twice.
    pub(super) fn in_order(self) -> Result<Self, RosterError> {
        Ok(match self {
            Self::Create { nonce, settings, profile, members } => {
                Self::Create { nonce, settings, profile, members: sorted(members)? }
            }
            Self::Add(accounts) | Self::Remove(accounts) if accounts.is_empty() => {
                return Err(RosterError::NoEffect);
            }
            Self::Add(accounts) => Self::Add(sorted(accounts)?),
            Self::Remove(accounts) => Self::Remove(sorted(accounts)?),
            unordered @ (Self::Role { .. } | Self::Settings(_) | Self::Profile(_)) => unordered,
        })
    }
}

/// The device that signed a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The device.
    pub address: Address,
    /// The version of its account's device list when it signed.
    pub list_version: u64,
}

/// A change with its signature. As it came, nothing in it has been verified.
///
/// ```
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # use waxwing_crypto::{Address, DeviceSecrets, Ours};
/// # use waxwing_crypto::group::roster::{Change, Roster, Settings, SignedChange};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// # let secrets = DeviceSecrets::generate(&mut rng);
/// # let alice = Ours { address: Address { account: [1; 16], device: [1; 16] }, secrets: &secrets };
/// let (roster, created) = Roster::create(&alice, 1, Settings::default(), b"", &[], &mut rng)?;
/// let change = SignedChange::parse(created.as_bytes())?;
/// assert_eq!((change.group(), change.epoch(), change.previous_hash()), (roster.group(), 1, [0; 32]));
/// assert_eq!((change.signer().address, change.signer().list_version), (alice.address, 1));
/// assert!(matches!(change.change(), Change::Create { .. }));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedChange {
    group: [u8; 16],
    epoch: u64,
    previous_hash: [u8; 32],
    signer: Signer,
    change: Change,
    bytes: Vec<u8>,
}

impl SignedChange {
    /// Parses a change.
    ///
    /// # Errors
    ///
    /// Refuses whatever is not the one encoding of a change; a creation also if the group's id is not its own.
    pub fn parse(bytes: &[u8]) -> Result<Self, RosterError> {
        match bytes {
            [FORMAT, ..] => {}
            [] => return Err(RosterError::Malformed),
            [_, ..] => return Err(RosterError::Unsupported),
        }
        let (signed, _) = bytes.split_last_chunk::<64>().ok_or(RosterError::Malformed)?;
        let mut reader = Reader::new(signed);
        let (group, epoch, previous_hash, signer) = read_head(&mut reader).ok_or(RosterError::Malformed)?;
        let change = read_change(&mut reader)?;
        let is_first = matches!(change, Change::Create { .. });
        let fits = match epoch {
            0 => false,
            1 => {
                is_first
                    && previous_hash == [0; 32]
                    && group == group_id(signed.get(SIGNER_AT..).unwrap_or(&[]))
            }
            2.. => !is_first,
        };
        if !fits {
            return Err(RosterError::Malformed);
        }
        Ok(Self { group, epoch, previous_hash, signer, change, bytes: bytes.to_vec() })
    }

    /// Signs a change of the roster of this epoch, or the first one.
    pub(super) fn sign(
        before: Option<&GroupEpoch>,
        signer: &Signer,
        change: Change,
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Result<Self, RosterError> {
        let mut tail = Vec::new();
        write_signer(signer, &mut tail);
        write_change(&change, &mut tail)?;
        let (group, epoch, previous_hash) = match before {
            Some(before) => {
                (before.group, before.number.checked_add(1).ok_or(RosterError::NotNext)?, before.roster_hash)
            }
            None => (group_id(&tail), 1, [0; 32]),
        };
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(&group);
        bytes.extend_from_slice(&epoch.to_be_bytes());
        bytes.extend_from_slice(&previous_hash);
        bytes.extend_from_slice(&tail);
        let signature = sign(&bytes);
        bytes.extend_from_slice(&signature);
        Ok(Self { group, epoch, previous_hash, signer: *signer, change, bytes })
    }

    /// Returns the id of the group.
    pub fn group(&self) -> [u8; 16] {
        self.group
    }

    /// Returns the number of the epoch that the change makes, 1 for the first.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Returns the hash of the roster before; zeros in the first.
    pub fn previous_hash(&self) -> [u8; 32] {
        self.previous_hash
    }

    /// Returns the device that it names as its signer.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Returns what it does.
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// Returns the bytes, which travel.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Stands for this change, and by the hash of the roster in it for all that were before.
    pub(super) fn hash(&self) -> [u8; 32] {
        hash(HASH_ROSTER_CHANGE, &[&self.bytes])
    }

    pub(super) fn signed(&self) -> Option<(&[u8], &[u8; 64])> {
        self.bytes.split_last_chunk()
    }
}

fn sorted(mut accounts: Vec<[u8; 16]>) -> Result<Vec<[u8; 16]>, RosterError> {
    accounts.sort_unstable();
    if accounts.windows(2).any(|pair| pair[0] == pair[1]) { Err(RosterError::NoEffect) } else { Ok(accounts) }
}

fn group_id(from_signer: &[u8]) -> [u8; 16] {
    *hash(HASH_GROUP_ID, &[from_signer]).first_chunk().expect("16 of 32")
}

fn write_signer(signer: &Signer, out: &mut Vec<u8>) {
    out.extend_from_slice(&signer.address.account);
    out.extend_from_slice(&signer.address.device);
    out.extend_from_slice(&signer.list_version.to_be_bytes());
}

type Head = ([u8; 16], u64, [u8; 32], Signer);

fn read_head(reader: &mut Reader<'_>) -> Option<Head> {
    reader.expect(FORMAT)?;
    let (group, epoch, previous_hash) = (*reader.array()?, reader.u64()?, *reader.array()?);
    let address = Address { account: *reader.array()?, device: *reader.array()? };
    Some((group, epoch, previous_hash, Signer { address, list_version: reader.u64()? }))
}

fn write_change(change: &Change, out: &mut Vec<u8>) -> Result<(), RosterError> {
    match change {
        Change::Create { nonce, settings, profile, members } => {
            out.push(KIND_CREATE);
            out.extend_from_slice(nonce);
            write_settings(settings, out);
            write_profile(profile, out)?;
            write_accounts(members, out)
        }
        Change::Add(accounts) => {
            out.push(KIND_ADD);
            write_accounts(accounts, out)
        }
        Change::Remove(accounts) => {
            out.push(KIND_REMOVE);
            write_accounts(accounts, out)
        }
        Change::Role { account, role } => {
            out.push(KIND_ROLE);
            out.extend_from_slice(account);
            out.push(role_byte(*role));
            Ok(())
        }
        Change::Settings(settings) => {
            out.push(KIND_SETTINGS);
            write_settings(settings, out);
            Ok(())
        }
        Change::Profile(profile) => {
            out.push(KIND_PROFILE);
            write_profile(profile, out)
        }
    }
}

fn read_change(reader: &mut Reader<'_>) -> Result<Change, RosterError> {
    let kind = reader.u8().ok_or(RosterError::Malformed)?;
    let change = match kind {
        KIND_CREATE => read_create(reader),
        KIND_ADD => read_some_accounts(reader).map(Change::Add),
        KIND_REMOVE => read_some_accounts(reader).map(Change::Remove),
        KIND_ROLE => read_role(reader),
        KIND_SETTINGS => read_settings(reader).map(Change::Settings),
        KIND_PROFILE => read_profile(reader).map(Change::Profile),
        _ => return Err(RosterError::Unsupported),
    };
    change.filter(|_| reader.end().is_some()).ok_or(RosterError::Malformed)
}

fn read_create(reader: &mut Reader<'_>) -> Option<Change> {
    Some(Change::Create {
        nonce: *reader.array()?,
        settings: read_settings(reader)?,
        profile: read_profile(reader)?,
        members: read_accounts(reader)?,
    })
}

fn read_role(reader: &mut Reader<'_>) -> Option<Change> {
    Some(Change::Role { account: *reader.array()?, role: role_of(reader.u8()?)? })
}

pub(super) fn role_byte(role: Role) -> u8 {
    match role {
        Role::Member => 0,
        Role::Admin => 1,
        Role::Owner => 2,
    }
}

pub(super) fn role_of(byte: u8) -> Option<Role> {
    match byte {
        0 => Some(Role::Member),
        1 => Some(Role::Admin),
        2 => Some(Role::Owner),
        _ => None,
    }
}

pub(super) fn write_settings(settings: &Settings, out: &mut Vec<u8>) {
    for who in [settings.write, settings.add, settings.edit] {
        out.push(match who {
            Who::Everyone => 0,
            Who::Admins => 1,
        });
    }
}

pub(super) fn read_settings(reader: &mut Reader<'_>) -> Option<Settings> {
    let mut who = || reader.flag().map(|admins| if admins { Who::Admins } else { Who::Everyone });
    Some(Settings { write: who()?, add: who()?, edit: who()? })
}

pub(super) fn write_profile(profile: &[u8], out: &mut Vec<u8>) -> Result<(), RosterError> {
    let length = u16::try_from(profile.len()).ok().filter(|_| profile.len() <= GROUP_PROFILE_BYTES_MAX);
    out.extend_from_slice(&length.ok_or(RosterError::Malformed)?.to_be_bytes());
    out.extend_from_slice(profile);
    Ok(())
}

pub(super) fn read_profile(reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    let length = usize::from(reader.u16()?);
    if length > GROUP_PROFILE_BYTES_MAX {
        return None;
    }
    reader.slice(length).map(<[u8]>::to_vec)
}

fn write_accounts(accounts: &[[u8; 16]], out: &mut Vec<u8>) -> Result<(), RosterError> {
    let count = u16::try_from(accounts.len()).ok().filter(|_| accounts.len() <= MEMBERS_MAX);
    out.extend_from_slice(&count.ok_or(RosterError::TooMany)?.to_be_bytes());
    accounts.iter().for_each(|account| out.extend_from_slice(account));
    Ok(())
}

fn read_accounts(reader: &mut Reader<'_>) -> Option<Vec<[u8; 16]>> {
    let count = usize::from(reader.u16()?);
    if count > MEMBERS_MAX {
        return None;
    }
    let (accounts, rest) = reader.slice(count * 16)?.as_chunks();
    let in_order = rest.is_empty() && accounts.is_sorted_by(|one, next| one < next);
    in_order.then(|| accounts.to_vec())
}

/// Adding nobody is nothing.
fn read_some_accounts(reader: &mut Reader<'_>) -> Option<Vec<[u8; 16]>> {
    read_accounts(reader).filter(|accounts| !accounts.is_empty())
}
