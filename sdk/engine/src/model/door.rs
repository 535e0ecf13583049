//! Who may ask to be in a group, and who asks: invitations, requests, and what we ask for ourselves.

use std::fmt;

use prost::Message as _;
use waxwing_wire::{AccountId, GroupId};

use super::deed::proto;

/// Invitations of a group that are remembered. Beyond it, those that are over leave first, the oldest of them.
const INVITATIONS_MAX: usize = 64;

/// People of whom a group remembers that they ask, or were refused.
const REQUESTS_MAX: usize = 200;

/// People who may wait for an answer to one invitation.
const REQUESTS_PER_INVITATION_MAX: usize = 50;

/// Names an invitation: a hash of its token, which it does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvitationId(pub [u8; 16]);

impl fmt::Display for InvitationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_bytes(self.0).fmt(f)
    }
}

/// An invitation as those know it who let in.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Which.
    pub id: InvitationId,
    /// Who made it. It counts as long as this account may add members.
    pub by: AccountId,
    /// Whom it names to be asked.
    pub inviters: Vec<AccountId>,
    /// When it was made.
    pub made_at_ms: i64,
    /// Until when one may ask. Zero: for ever.
    pub expires_at_ms: i64,
    /// Whether somebody looks at each request.
    pub needs_approval: bool,
    /// It was taken back, for good.
    pub revoked: bool,
    /// The link, on the device that made it; elsewhere empty. Whoever has it can ask.
    pub link: String,
}

/// The link stays out of logs.
impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation")
            .field("id", &self.id)
            .field("by", &self.by)
            .field("revoked", &self.revoked)
            .finish_non_exhaustive()
    }
}

impl Invitation {
    /// Whether it lets nobody in any more, whoever made it.
    #[must_use]
    pub fn is_over(&self, now_ms: i64) -> bool {
        self.revoked || (self.expires_at_ms > 0 && self.expires_at_ms <= now_ms)
    }
}

/// Somebody who asks to be in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoinRequest {
    /// Who.
    pub account: AccountId,
    /// By which invitation.
    pub invitation: InvitationId,
    /// When it came.
    pub asked_at_ms: i64,
    /// Whether it was refused.
    pub refused: bool,
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It waits now.
    New,
    /// It waited before.
    Known,
    /// It was refused before.
    Refused,
    /// There are too many.
    Dropped,
}

/// The door of a group, as those keep it who may let in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Door {
    /// By id.
    pub invitations: Vec<Invitation>,
    /// By account.
    pub requests: Vec<JoinRequest>,
}

impl Door {
    /// An invitation that is remembered, over or not.
    #[must_use]
    pub fn invitation(&self, id: InvitationId) -> Option<&Invitation> {
        self.invitations.iter().find(|known| known.id == id)
    }

    /// Who waits for an answer.
    #[must_use]
    pub fn waits(&self, account: AccountId) -> bool {
        self.requests.iter().any(|known| known.account == account && !known.refused)
    }

    /// Takes in what is said of an invitation. What was taken back stays so. Returns whether anything is new.
    pub(crate) fn learn(&mut self, said: Invitation, now_ms: i64) -> bool {
        if let Some(known) = self.invitations.iter_mut().find(|known| known.id == said.id) {
            let is_news = said.revoked && !known.revoked;
            known.revoked |= said.revoked;
            return is_news;
        }
        if self.invitations.len() >= INVITATIONS_MAX && !self.make_room(now_ms) {
            return false;
        }
        let place = self.invitations.partition_point(|known| known.id < said.id);
        self.invitations.insert(place, said);
        true
    }

    fn make_room(&mut self, now_ms: i64) -> bool {
        let over = self.invitations.iter().enumerate().filter(|(_, known)| known.is_over(now_ms));
        let oldest = over.min_by_key(|(_, known)| known.made_at_ms).map(|(index, _)| index);
        oldest.map(|index| self.invitations.remove(index)).is_some()
    }

    /// Somebody asks.
    pub(crate) fn ask(&mut self, asks: JoinRequest) -> Heard {
        if let Some(known) = self.requests.iter().find(|known| known.account == asks.account) {
            if !known.refused {
                return Heard::Known;
            }
            if known.invitation == asks.invitation {
                return Heard::Refused;
            }
        }
        let of_it = |known: &&JoinRequest| known.invitation == asks.invitation && !known.refused;
        if self.requests.iter().filter(of_it).count() >= REQUESTS_PER_INVITATION_MAX {
            return Heard::Dropped;
        }
        if self.put(asks) { Heard::New } else { Heard::Dropped }
    }

    /// Somebody was refused.
    pub(crate) fn refuse(&mut self, asks: JoinRequest) {
        self.put(JoinRequest { refused: true, ..asks });
    }

    fn put(&mut self, asks: JoinRequest) -> bool {
        self.requests.retain(|known| known.account != asks.account);
        if self.requests.len() >= REQUESTS_MAX {
            let refused = self.requests.iter().enumerate().filter(|(_, known)| known.refused);
            let Some((oldest, _)) = refused.min_by_key(|(_, known)| known.asked_at_ms) else { return false };
            self.requests.remove(oldest);
        }
        let place = self.requests.partition_point(|known| known.account < asks.account);
        self.requests.insert(place, asks);
        true
    }

    /// These are in the group now. Returns whether any of them had asked.
    pub(crate) fn settle(&mut self, accounts: &[AccountId]) -> bool {
        let before = self.requests.len();
        self.requests.retain(|known| !accounts.contains(&known.account));
        self.requests.len() < before
    }

    /// Encodes it for the store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        proto::Door {
            invitations: self.invitations.iter().map(invitation_to_proto).collect(),
            requests: self.requests.iter().map(request_to_proto).collect(),
        }
        .encode_to_vec()
    }

    /// Decodes what [`Door::to_bytes`] made; none for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Door> {
        let door = proto::Door::decode(bytes).ok()?;
        Some(Door {
            invitations: door.invitations.into_iter().map(invitation_from_proto).collect::<Option<_>>()?,
            requests: door.requests.iter().map(request_from_proto).collect::<Option<_>>()?,
        })
    }
}

fn invitation_to_proto(invitation: &Invitation) -> proto::Invitation {
    proto::Invitation {
        id: invitation.id.0.to_vec(),
        by: invitation.by.as_bytes().to_vec(),
        inviters: invitation.inviters.iter().map(|account| account.as_bytes().to_vec()).collect(),
        made_at_ms: invitation.made_at_ms,
        expires_at_ms: invitation.expires_at_ms,
        needs_approval: invitation.needs_approval,
        revoked: invitation.revoked,
        link: invitation.link.clone(),
    }
}

fn invitation_from_proto(said: proto::Invitation) -> Option<Invitation> {
    Some(Invitation {
        id: InvitationId(said.id.try_into().ok()?),
        by: AccountId::from_slice(&said.by)?,
        inviters: said
            .inviters
            .iter()
            .map(|account| AccountId::from_slice(account))
            .collect::<Option<_>>()?,
        made_at_ms: said.made_at_ms,
        expires_at_ms: said.expires_at_ms,
        needs_approval: said.needs_approval,
        revoked: said.revoked,
        link: said.link,
    })
}

fn request_to_proto(asks: &JoinRequest) -> proto::JoinRequest {
    proto::JoinRequest {
        account: asks.account.as_bytes().to_vec(),
        invitation: asks.invitation.0.to_vec(),
        asked_at_ms: asks.asked_at_ms,
        refused: asks.refused,
    }
}

fn request_from_proto(said: &proto::JoinRequest) -> Option<JoinRequest> {
    Some(JoinRequest {
        account: AccountId::from_slice(&said.account)?,
        invitation: InvitationId(said.invitation[..].try_into().ok()?),
        asked_at_ms: said.asked_at_ms,
        refused: said.refused,
    })
}

/// A group that we ask to be in.
#[derive(Clone, PartialEq, Eq)]
pub struct Joining {
    /// Which.
    pub group: GroupId,
    /// The invitation. Whoever has it can ask.
    pub link: String,
    /// When we asked last.
    pub asked_at_ms: i64,
    /// How it stands.
    pub state: JoinState,
}

/// The link stays out of logs.
impl fmt::Debug for Joining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joining")
            .field("group", &self.group)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// How it stands with a group that we ask to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JoinState {
    /// Nobody answered yet.
    Waiting,
    /// We were refused, or the invitation is over.
    Refused,
    /// We are in, or were.
    Joined,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(n: u8) -> AccountId {
        AccountId::from_bytes([n; 16])
    }

    fn invitation(n: u8) -> Invitation {
        Invitation {
            id: InvitationId([n; 16]),
            by: account(1),
            inviters: vec![account(1), account(2)],
            made_at_ms: i64::from(n),
            expires_at_ms: 0,
            needs_approval: true,
            revoked: false,
            link: "WAXWING:JOIN/..".to_owned(),
        }
    }

    fn asks(n: u8, by: u8) -> JoinRequest {
        let at = i64::from(n);
        JoinRequest {
            account: account(n),
            invitation: InvitationId([by; 16]),
            asked_at_ms: at,
            refused: false,
        }
    }

    #[test]
    fn what_was_taken_back_stays_so_in_any_order() {
        let mut door = Door::default();
        let gone = Invitation { revoked: true, ..invitation(1) };
        assert!(door.learn(gone.clone(), 0), "before what it refers to");
        assert!(!door.learn(invitation(1), 0));
        assert!(door.invitations[0].revoked);
        assert!(door.learn(invitation(2), 0) && door.learn(Invitation { revoked: true, ..invitation(2) }, 0));
        assert!(!door.learn(Invitation { revoked: true, ..invitation(2) }, 0), "no news");
        assert!(door.invitations[1].is_over(0));
    }

    #[test]
    fn an_invitation_expires_at_its_time() {
        let ends = Invitation { expires_at_ms: 10, ..invitation(1) };
        assert!(!ends.is_over(9) && ends.is_over(10) && !invitation(1).is_over(i64::MAX));
    }

    #[test]
    fn only_what_is_over_makes_room() {
        let mut door = Door::default();
        for n in 1..=64 {
            assert!(door.learn(Invitation { revoked: n == 40 || n == 30, ..invitation(n) }, 0));
        }
        assert!(door.learn(invitation(65), 0) && door.invitation(InvitationId([30; 16])).is_none());
        assert!(door.learn(invitation(66), 0) && door.invitation(InvitationId([40; 16])).is_none());
        assert!(!door.learn(invitation(67), 0), "all of them count");
        assert!(door.invitations.is_sorted_by_key(|known| known.id));
        assert_eq!(door.invitations.len(), 64);
    }

    #[test]
    fn who_was_refused_asks_again_only_with_another_invitation() {
        let mut door = Door::default();
        assert_eq!(door.ask(asks(1, 7)), Heard::New);
        assert_eq!(door.ask(asks(1, 8)), Heard::Known);
        door.refuse(asks(1, 7));
        assert!(!door.waits(account(1)));
        assert_eq!(door.ask(asks(1, 7)), Heard::Refused);
        assert_eq!(door.ask(asks(1, 8)), Heard::New);
        assert!(door.waits(account(1)));
        assert!(door.settle(&[account(1), account(2)]) && !door.settle(&[account(1)]));
        assert_eq!(door, Door::default());
    }

    #[test]
    fn so_many_wait_and_no_more() {
        let mut door = Door::default();
        for n in 0..50 {
            assert_eq!(door.ask(asks(n, 7)), Heard::New);
        }
        assert_eq!(door.ask(asks(50, 7)), Heard::Dropped, "of one invitation");
        for n in 50..200 {
            assert_eq!(door.ask(asks(n, 8 + n / 50)), Heard::New);
        }
        assert_eq!(door.ask(asks(200, 99)), Heard::Dropped, "of the group");
        door.refuse(asks(3, 7));
        assert_eq!(door.ask(asks(200, 99)), Heard::New, "who was refused makes room");
        assert_eq!(door.requests.len(), 200);
    }

    #[test]
    fn a_door_comes_back_from_its_bytes() {
        let door = Door {
            invitations: vec![invitation(1), Invitation { revoked: true, expires_at_ms: 9, ..invitation(2) }],
            requests: vec![asks(1, 1), JoinRequest { refused: true, ..asks(2, 1) }],
        };
        assert_eq!(Door::from_bytes(&door.to_bytes()), Some(door));
        assert_eq!(Door::from_bytes(b""), Some(Door::default()));
        assert_eq!(Door::from_bytes(&[0xff; 3]), None);
        assert!(!format!("{:?}", invitation(1)).contains("JOIN"));
    }
}
