//! The signed membership of a group: a chain of changes, each naming the one before.
//!
//! ```text
//!   create --hash--> change --hash--> change ...          one epoch each, signed by a device of whoever may make it
//!     |                |                |
//!   Roster 1         Roster 2         Roster 3            what is so afterwards; only verification makes one
//! ```
//!
//! The relay puts changes in order by taking only the next epoch; it can neither make one nor slip one in. Of two admins who
//! change the same roster, one is told [`NotNext`](RosterError::NotNext), and does it again on the new one. `change` is the
//! bytes, `rules` is who may do what.

mod change;
mod rules;
mod snapshot;

use std::fmt;

use rand_core::CryptoRng;

pub use change::{Change, GROUP_PROFILE_BYTES_MAX, SignedChange, Signer};
pub use rules::{Member, Role, Settings, Who};

use super::origin::GroupEpoch;
use crate::{
    kdf::SIGN_ROSTER_CHANGE,
    keys::{DevicePublic, Ours},
    secret::Secret,
};

/// Members that a group may have.
pub const MEMBERS_MAX: usize = 4_096;

/// Says why a change of a roster was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RosterError {
    /// The bytes are not the one encoding of a change.
    Malformed,
    /// The change is of a later format or of a kind that this version does not know.
    Unsupported,
    /// The change belongs to another group.
    OtherGroup,
    /// The change does not follow from this roster: somebody else was first, or some changes are missing.
    NotNext,
    /// The device list of the signer's account does not name the signer.
    UnknownSigner,
    /// The signature is not by the signer's device.
    BadSignature,
    /// Whoever signed may not do that.
    NotPermitted,
    /// It names nobody, or somebody twice; it adds who is there, changes who is not, or gives a role that one has.
    NoEffect,
    /// There would be more than [`MEMBERS_MAX`] members.
    TooMany,
    /// There would be members and no owner.
    NoOwner,
}

impl fmt::Display for RosterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "roster change is malformed",
            Self::Unsupported => "roster change is of an unknown format or kind",
            Self::OtherGroup => "roster change belongs to another group",
            Self::NotNext => "roster change does not follow from the roster known",
            Self::UnknownSigner => "roster change is signed by an unknown device",
            Self::BadSignature => "roster change has no valid signature",
            Self::NotPermitted => "roster change is not permitted",
            Self::NoEffect => "roster change changes nothing",
            Self::TooMany => "roster has too many members",
            Self::NoOwner => "roster has no owner",
        })
    }
}

impl std::error::Error for RosterError {}

/// Holds the verified membership of a group in one epoch. Only signing and verifying make one.
///
/// ```
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # use waxwing_crypto::{Address, DeviceSecrets, Ours};
/// use waxwing_crypto::group::roster::{Change, Role, Roster, RosterError, Settings, SignedChange};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut rng = ChaCha20Rng::from_seed([1; 32]);
/// # let secrets = DeviceSecrets::generate(&mut rng);
/// # let alice_keys = secrets.public();
/// # let alice = Ours { address: Address { account: [1; 16], device: [1; 16] }, secrets: &secrets };
/// // Alice makes a group with Bob, and adds Carol.
/// let (ours, created) = Roster::create(&alice, 1, Settings::default(), b"", &[[2; 16]], &mut rng)?;
/// let (ours, added) = ours.sign(&alice, 1, Change::Add(vec![[3; 16]]))?;
///
/// // Bob verifies all of it. He looks the signer's keys up in the verified device list of that account.
/// let lookup = |signer: &_| { let _: &waxwing_crypto::group::roster::Signer = signer; Some(alice_keys) };
/// let created = SignedChange::parse(created.as_bytes())?;
/// let theirs = Roster::found(&created, &ours.group(), lookup)?;
/// let theirs = theirs.next(&SignedChange::parse(added.as_bytes())?, lookup)?;
/// assert_eq!(theirs, ours);
/// assert_eq!((theirs.members().len(), theirs.role(&[3; 16])), (3, Some(Role::Member)));
///
/// // He may write, and not remove her; a person would be shown that before trying.
/// assert!(theirs.may_write(&[2; 16]) && theirs.profile().is_empty());
/// assert_eq!(theirs.permits(&[2; 16], &Change::Remove(vec![[3; 16]])), Err(RosterError::NotPermitted));
/// assert_eq!(theirs.settings(), &Settings::default());
/// assert_eq!(Roster::from_snapshot(&theirs.to_snapshot())?, theirs);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    /// Its hash covers all that follows, and so does every sender key.
    epoch: GroupEpoch,
    /// The hash of the change that made it.
    change_hash: [u8; 32],
    /// By ascending account.
    members: Vec<Member>,
    settings: Settings,
    profile: Vec<u8>,
}

impl Roster {
    /// Creates a group: its first roster, and the change that makes it. The id of the group is a hash of that.
    ///
    /// The creator is its owner, `members` are members. `list_version` is the version of our device list. `profile` is
    /// title and picture, sealed by the caller; nothing here looks into it.
    ///
    /// # Errors
    ///
    /// Refuses the creator or another account named twice, and too many members; and a profile that is too long, as
    /// [`Malformed`](RosterError::Malformed).
    pub fn create(
        ours: &Ours<'_>,
        list_version: u64,
        settings: Settings,
        profile: &[u8],
        members: &[[u8; 16]],
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, SignedChange), RosterError> {
        let nonce = *Secret::<32>::random(rng).expose();
        let change = Change::Create { nonce, settings, profile: profile.to_vec(), members: members.to_vec() };
        let signer = Signer { address: ours.address, list_version };
        let signed = SignedChange::sign(None, &signer, change.in_order()?, |bytes| sign(ours, bytes))?;
        Ok((Self::begin(&signed)?, signed))
    }

    /// Verifies the change that created a group. `lookup` is as in [`next`](Self::next).
    ///
    /// # Errors
    ///
    /// Refuses whatever is not the creation of exactly this group, signed by the device that it names.
    pub fn found(
        created: &SignedChange,
        group: &[u8; 16],
        lookup: impl FnOnce(&Signer) -> Option<DevicePublic>,
    ) -> Result<Self, RosterError> {
        if created.group() != *group {
            return Err(RosterError::OtherGroup);
        }
        check_signature(created, lookup)?;
        Self::begin(created)
    }

    fn begin(created: &SignedChange) -> Result<Self, RosterError> {
        let Change::Create { settings, profile, members, .. } = created.change() else {
            return Err(RosterError::NotNext);
        };
        let creator = created.signer().address.account;
        Ok(Self {
            epoch: GroupEpoch { group: created.group(), number: created.epoch(), roster_hash: [0; 32] },
            change_hash: created.hash(),
            members: rules::first_members(creator, members)?,
            settings: *settings,
            profile: profile.clone(),
        }
        .hashed())
    }

    /// Signs the next change, and tells how the roster will be once the relay has taken it.
    ///
    /// Accounts may be given in any order. Until the relay has taken it, this roster is what counts.
    ///
    /// # Errors
    ///
    /// Refuses what [`permits`](Self::permits) does, accounts named twice, and a second creation.
    pub fn sign(
        &self,
        ours: &Ours<'_>,
        list_version: u64,
        change: Change,
    ) -> Result<(Self, SignedChange), RosterError> {
        let change = change.in_order()?;
        self.applied(&ours.address.account, &change)?;
        let signer = Signer { address: ours.address, list_version };
        let signed = SignedChange::sign(Some(&self.epoch), &signer, change, |bytes| sign(ours, bytes))?;
        Ok((self.after(&signed)?, signed))
    }

    /// Verifies the next change.
    ///
    /// `lookup` answers with the keys of the signer's device, out of a verified device list of its account. For a change that
    /// is new, that is the newest list. For those that are caught up with, it is the list of the version that the change names,
    /// and a chain whose last change is by a device that the newest list no longer names is not to be believed.
    ///
    /// # Errors
    ///
    /// Refuses whatever does not follow from this roster, is not signed by the device that it names, or is not permitted.
    pub fn next(
        &self,
        change: &SignedChange,
        lookup: impl FnOnce(&Signer) -> Option<DevicePublic>,
    ) -> Result<Self, RosterError> {
        if change.group() != self.epoch.group {
            return Err(RosterError::OtherGroup);
        }
        self.check_place(change)?;
        check_signature(change, lookup)?;
        self.after(change)
    }

    /// Takes the next change without its signature, if by it an account leaves.
    ///
    /// For an account that is deleted, and whose keys cannot be had any more. Whoever forges such a change takes a member away from
    /// readers who have no key of that member, and so could neither read it nor write to it.
    ///
    /// # Errors
    ///
    /// [`RosterError::UnknownSigner`] for every other change. Refuses whatever does not follow from this roster, or is not permitted.
    pub fn next_of_lost(&self, change: &SignedChange) -> Result<Self, RosterError> {
        if change.group() != self.epoch.group {
            return Err(RosterError::OtherGroup);
        }
        self.check_place(change)?;
        match change.change() {
            Change::Remove(accounts) if accounts[..] == [change.signer().address.account] => {
                self.after(change)
            }
            Change::Create { .. }
            | Change::Add(_)
            | Change::Remove(_)
            | Change::Role { .. }
            | Change::Settings(_)
            | Change::Profile(_) => Err(RosterError::UnknownSigner),
        }
    }

    /// Whether a change comes right after this roster.
    fn check_place(&self, change: &SignedChange) -> Result<(), RosterError> {
        let follows = self.epoch.number.checked_add(1) == Some(change.epoch());
        if !follows || change.previous_hash() != self.epoch.roster_hash {
            return Err(RosterError::NotNext);
        }
        Ok(())
    }

    fn after(&self, change: &SignedChange) -> Result<Self, RosterError> {
        let mut after = self.applied(&change.signer().address.account, change.change())?;
        after.epoch.number = change.epoch();
        after.change_hash = change.hash();
        Ok(after.hashed())
    }

    /// Tells whether this account may make this change.
    ///
    /// | | owner | admin | member |
    /// |---|---|---|---|
    /// | add | yes | yes | if [`Settings::add`] is everyone |
    /// | remove others | anybody | members | no |
    /// | leave, or take a lower role | if an owner stays, or nobody does | yes | yes |
    /// | give roles to others | yes | no | no |
    /// | settings | yes | yes | no |
    /// | profile | yes | yes | if [`Settings::edit`] is everyone |
    ///
    /// # Errors
    ///
    /// Says why not.
    pub fn permits(&self, account: &[u8; 16], change: &Change) -> Result<(), RosterError> {
        self.applied(account, &change.clone().in_order()?).map(drop)
    }

    /// Tells whether this account may write messages to the group.
    pub fn may_write(&self, account: &[u8; 16]) -> bool {
        self.role(account).is_some_and(|role| self.settings.write.includes(role))
    }

    /// Returns the id of the group.
    pub fn group(&self) -> [u8; 16] {
        self.epoch.group
    }

    /// Returns what sender keys of this roster are bound to.
    pub fn epoch(&self) -> &GroupEpoch {
        &self.epoch
    }

    /// Returns the members, by ascending account.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Returns the role of an account, if it is a member.
    pub fn role(&self, account: &[u8; 16]) -> Option<Role> {
        let found = self.members.binary_search_by_key(account, |member| member.account).ok()?;
        self.members.get(found).map(|member| member.role)
    }

    /// Returns who may do what.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns title and picture, sealed by whoever set them.
    pub fn profile(&self) -> &[u8] {
        &self.profile
    }
}

fn sign(ours: &Ours<'_>, bytes: &[u8]) -> [u8; 64] {
    ours.secrets.sign(SIGN_ROSTER_CHANGE, bytes)
}

fn check_signature(
    change: &SignedChange,
    lookup: impl FnOnce(&Signer) -> Option<DevicePublic>,
) -> Result<(), RosterError> {
    let keys = lookup(change.signer()).ok_or(RosterError::UnknownSigner)?;
    let (signed, signature) = change.signed().ok_or(RosterError::Malformed)?;
    if keys.verify(SIGN_ROSTER_CHANGE, signed, signature) { Ok(()) } else { Err(RosterError::BadSignature) }
}
