//! A roster at rest: versioned bytes in, versioned bytes out. It holds no secret, but what it says was verified: keep it where
//! nobody else writes.
//!
//! ```text
//!   format 1 | group 16 | epoch u64 | hash of the change 32 | settings 3 | profile | count u16 | count times: account 16, role u8
//! ```
//!
//! The roster hash is that of these bytes. It is not among them: whoever changes one of them has another roster, under which nobody
//! else writes.

use super::{
    MEMBERS_MAX, Roster, RosterError,
    change::{read_profile, read_settings, role_byte, role_of, write_profile, write_settings},
    rules::{Member, Role},
};
use crate::{
    SnapshotError,
    bytes::Reader,
    group::GroupEpoch,
    kdf::{HASH_ROSTER, hash},
};

const FORMAT: u8 = 1;

impl Roster {
    /// Encodes the roster for the store.
    pub fn to_snapshot(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        out.extend_from_slice(&self.epoch.group);
        out.extend_from_slice(&self.epoch.number.to_be_bytes());
        out.extend_from_slice(&self.change_hash);
        write_settings(&self.settings, &mut out);
        let written: Result<(), RosterError> = write_profile(&self.profile, &mut out);
        written.expect("a roster has no longer profile");
        let count = u16::try_from(self.members.len()).expect("at most 4,096 members");
        out.extend_from_slice(&count.to_be_bytes());
        for member in &self.members {
            out.extend_from_slice(&member.account);
            out.push(role_byte(member.role));
        }
        out
    }

    /// The same roster with the hash of all that it says.
    pub(super) fn hashed(mut self) -> Self {
        self.epoch.roster_hash = hash(HASH_ROSTER, &[&self.to_snapshot()]);
        self
    }

    /// Decodes what [`to_snapshot`](Self::to_snapshot) made. Nothing is verified again.
    ///
    /// # Errors
    ///
    /// Refuses any other bytes.
    pub fn from_snapshot(bytes: &[u8]) -> Result<Self, SnapshotError> {
        match bytes {
            [FORMAT, rest @ ..] => read(rest).ok_or(SnapshotError::Malformed),
            [] => Err(SnapshotError::Malformed),
            [_, ..] => Err(SnapshotError::Unsupported),
        }
    }
}

fn read(bytes: &[u8]) -> Option<Roster> {
    let mut reader = Reader::new(bytes);
    let (group, number, change_hash) = (*reader.array()?, reader.u64()?, *reader.array()?);
    let settings = read_settings(&mut reader)?;
    let profile = read_profile(&mut reader)?;
    let count = usize::from(reader.u16()?);
    if count > MEMBERS_MAX {
        return None;
    }
    let mut members = Vec::with_capacity(count);
    for _ in 0..count {
        members.push(Member { account: *reader.array()?, role: role_of(reader.u8()?)? });
    }
    reader.end()?;
    let in_order = members.is_sorted_by(|one, next| one.account < next.account);
    let has_owner = members.is_empty() || members.iter().any(|member| member.role == Role::Owner);
    let epoch = GroupEpoch { group, number, roster_hash: [0; 32] };
    let is_sound = number > 0 && in_order && has_owner;
    is_sound.then(|| Roster { epoch, change_hash, members, settings, profile }.hashed())
}
