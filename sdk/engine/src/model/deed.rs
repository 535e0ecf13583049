//! What was done to a group, or is to be done, as bytes for a store.

use prost::Message as _;
use waxwing_wire::AccountId;

use super::{GroupEvent, GroupIntent, GroupRole, GroupSettings, GroupWho};

/// The generated protobuf types.
pub(super) mod proto {
    #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
    include!(concat!(env!("OUT_DIR"), "/waxwing.record.v1.rs"));
}

use proto::GroupDeed;
use proto::group_deed::Kind;

fn bare(kind: Kind) -> GroupDeed {
    GroupDeed { kind: kind.into(), ..GroupDeed::default() }
}

fn of_accounts(kind: Kind, accounts: &[AccountId]) -> GroupDeed {
    GroupDeed { accounts: accounts.iter().map(|account| account.as_bytes().to_vec()).collect(), ..bare(kind) }
}

fn of_role(account: AccountId, role: GroupRole) -> GroupDeed {
    let role = match role {
        GroupRole::Member => 0,
        GroupRole::Admin => 1,
        GroupRole::Owner => 2,
    };
    GroupDeed { role, ..of_accounts(Kind::Role, &[account]) }
}

fn of_settings(settings: GroupSettings) -> GroupDeed {
    let who = |who: GroupWho| match who {
        GroupWho::Everyone => 0,
        GroupWho::Admins => 1,
    };
    GroupDeed {
        write: who(settings.write),
        add: who(settings.add),
        edit: who(settings.edit),
        ..bare(Kind::Settings)
    }
}

fn accounts(deed: &GroupDeed) -> Option<Vec<AccountId>> {
    deed.accounts.iter().map(|id| AccountId::from_slice(id)).collect()
}

fn role(deed: &GroupDeed) -> Option<(AccountId, GroupRole)> {
    let role = match deed.role {
        0 => GroupRole::Member,
        1 => GroupRole::Admin,
        2 => GroupRole::Owner,
        _ => return None,
    };
    Some((accounts(deed)?.first().copied()?, role))
}

fn settings(deed: &GroupDeed) -> Option<GroupSettings> {
    let who = |code: u32| match code {
        0 => Some(GroupWho::Everyone),
        1 => Some(GroupWho::Admins),
        _ => None,
    };
    Some(GroupSettings { write: who(deed.write)?, add: who(deed.add)?, edit: who(deed.edit)? })
}

impl GroupIntent {
    /// Encodes it for the store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let deed = match self {
            GroupIntent::Create(change) => GroupDeed { change: change.clone(), ..bare(Kind::Create) },
            GroupIntent::Add(accounts) => of_accounts(Kind::Add, accounts),
            GroupIntent::Remove(accounts) => of_accounts(Kind::Remove, accounts),
            GroupIntent::Role { account, role } => of_role(*account, *role),
            GroupIntent::Settings(settings) => of_settings(*settings),
            GroupIntent::Title(title) => GroupDeed { title: title.clone(), ..bare(Kind::Title) },
            GroupIntent::Picture(picture) => {
                let picture = picture.map(|hash| hash.to_vec()).unwrap_or_default();
                GroupDeed { picture, ..bare(Kind::Picture) }
            }
            GroupIntent::Admit(account) => of_accounts(Kind::Admit, &[*account]),
        };
        deed.encode_to_vec()
    }

    /// Decodes what [`GroupIntent::to_bytes`] made; none for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<GroupIntent> {
        let deed = GroupDeed::decode(bytes).ok()?;
        Some(match deed.kind() {
            Kind::Create => GroupIntent::Create(deed.change),
            Kind::Add => GroupIntent::Add(accounts(&deed)?),
            Kind::Remove => GroupIntent::Remove(accounts(&deed)?),
            Kind::Role => {
                let (account, role) = role(&deed)?;
                GroupIntent::Role { account, role }
            }
            Kind::Settings => GroupIntent::Settings(settings(&deed)?),
            Kind::Title => GroupIntent::Title(deed.title),
            Kind::Picture if deed.picture.is_empty() => GroupIntent::Picture(None),
            Kind::Picture => GroupIntent::Picture(Some(deed.picture.try_into().ok()?)),
            Kind::Admit => GroupIntent::Admit(accounts(&deed)?.first().copied()?),
            Kind::Unspecified
            | Kind::Join
            | Kind::Leave
            | Kind::NotDone
            | Kind::Apart
            | Kind::ToldOtherwise
            | Kind::Ask => return None,
        })
    }
}

impl GroupEvent {
    /// Encodes it for the store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let deed = match self {
            GroupEvent::Created(accounts) => of_accounts(Kind::Create, accounts),
            GroupEvent::Joined => bare(Kind::Join),
            GroupEvent::Added(accounts) => of_accounts(Kind::Add, accounts),
            GroupEvent::Removed(accounts) => of_accounts(Kind::Remove, accounts),
            GroupEvent::Left => bare(Kind::Leave),
            GroupEvent::Role { account, role } => of_role(*account, *role),
            GroupEvent::Settings(settings) => of_settings(*settings),
            GroupEvent::Title(title) => GroupDeed { title: title.clone(), ..bare(Kind::Title) },
            GroupEvent::NotDone => bare(Kind::NotDone),
            GroupEvent::Apart => bare(Kind::Apart),
            GroupEvent::ToldOtherwise(witness) => of_accounts(Kind::ToldOtherwise, &[*witness]),
            GroupEvent::AsksToJoin => bare(Kind::Ask),
            GroupEvent::Picture => bare(Kind::Picture),
        };
        deed.encode_to_vec()
    }

    /// Decodes what [`GroupEvent::to_bytes`] made; none for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<GroupEvent> {
        let deed = GroupDeed::decode(bytes).ok()?;
        Some(match deed.kind() {
            Kind::Create => GroupEvent::Created(accounts(&deed)?),
            Kind::Join => GroupEvent::Joined,
            Kind::Add => GroupEvent::Added(accounts(&deed)?),
            Kind::Remove => GroupEvent::Removed(accounts(&deed)?),
            Kind::Leave => GroupEvent::Left,
            Kind::Role => {
                let (account, role) = role(&deed)?;
                GroupEvent::Role { account, role }
            }
            Kind::Settings => GroupEvent::Settings(settings(&deed)?),
            Kind::Title => GroupEvent::Title(deed.title),
            Kind::NotDone => GroupEvent::NotDone,
            Kind::Apart => GroupEvent::Apart,
            Kind::ToldOtherwise => GroupEvent::ToldOtherwise(accounts(&deed)?.first().copied()?),
            Kind::Ask => GroupEvent::AsksToJoin,
            Kind::Picture => GroupEvent::Picture,
            Kind::Unspecified | Kind::Admit => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(n: u8) -> AccountId {
        AccountId::from_bytes([n; 16])
    }

    #[test]
    fn intents_and_events_come_back_from_their_bytes() {
        let settings = GroupSettings { edit: GroupWho::Everyone, ..GroupSettings::default() };
        let (some, role) = (vec![account(1), account(2)], GroupRole::Admin);
        for intent in [
            GroupIntent::Create(vec![1, 2, 3]),
            GroupIntent::Add(some.clone()),
            GroupIntent::Remove(some.clone()),
            GroupIntent::Role { account: account(3), role },
            GroupIntent::Settings(settings),
            GroupIntent::Title("birds".to_owned()),
            GroupIntent::Admit(account(3)),
            GroupIntent::Picture(None),
            GroupIntent::Picture(Some([7; 32])),
        ] {
            assert_eq!(GroupIntent::from_bytes(&intent.to_bytes()), Some(intent));
        }
        for event in [
            GroupEvent::Created(some.clone()),
            GroupEvent::Joined,
            GroupEvent::Added(some.clone()),
            GroupEvent::Removed(some),
            GroupEvent::Left,
            GroupEvent::Role { account: account(3), role },
            GroupEvent::Settings(settings),
            GroupEvent::Title("birds".to_owned()),
            GroupEvent::NotDone,
            GroupEvent::Apart,
            GroupEvent::ToldOtherwise(account(4)),
            GroupEvent::AsksToJoin,
            GroupEvent::Picture,
        ] {
            assert_eq!(GroupEvent::from_bytes(&event.to_bytes()), Some(event));
        }
        assert_eq!(GroupIntent::from_bytes(b""), None);
        assert_eq!(GroupEvent::from_bytes(&[0xff; 3]), None);
    }
}
