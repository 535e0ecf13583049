//! Invitations: who makes them, who asks, who answers; and accounts that end.

use waxwing_engine::{Command, ConversationId, View as _};
use waxwing_relay::hub::HubOutput;
use waxwing_wire::{ClientBody, GroupId, RelayBody};

use super::{Event, World};

impl World {
    /// A group of the world, as far as a device is in it.
    fn group_of(&self, device: usize, group: usize) -> Option<(ConversationId, GroupId)> {
        self.devices.get(device).filter(|state| !state.retired && state.app.registered)?;
        let conversation = self.groups_of(device).get(&group).copied()?;
        Some((conversation, conversation.as_group()))
    }

    pub(super) fn user_invites(&mut self, device: usize, group: usize, needs_approval: bool) {
        if let Some((conversation, _)) = self.group_of(device, group) {
            self.user_wishes(device, Command::Invite { conversation, needs_approval, expires_at_ms: 0 });
        }
    }

    pub(super) fn user_revokes(&mut self, device: usize, group: usize) {
        let Some((conversation, id)) = self.group_of(device, group) else { return };
        let Ok(Some(door)) = self.devices[device].store.door(id) else { return };
        let open: Vec<_> = door.invitations.into_iter().filter(|known| !known.revoked).collect();
        if !open.is_empty() {
            let invitation = open[self.dice.index(open.len())].id;
            self.user_wishes(device, Command::Revoke { conversation, invitation });
        }
    }

    pub(super) fn user_asks_to_join(&mut self, device: usize, group: usize) {
        let Some(conversation) = self.groups.get(&group).copied() else { return };
        let doors = self.devices.iter().filter_map(|other| other.store.door(conversation.as_group()).ok()?);
        let links = doors.flat_map(|door| door.invitations).map(|invitation| invitation.link);
        let found: Vec<String> = links.filter(|link| !link.is_empty()).collect();
        let known = self.links.entry(group).or_default();
        known.extend(found);
        let links: Vec<String> = known.iter().cloned().collect();
        let may = self.devices.get(device).is_some_and(|state| !state.retired && state.app.registered);
        if !may || links.is_empty() {
            return;
        }
        if let Ok(invitation) = links[self.dice.index(links.len())].parse() {
            self.user_wishes(device, Command::Join(Box::new(invitation)));
        }
    }

    pub(super) fn user_answers_the_door(&mut self, device: usize, group: usize) {
        let Some((conversation, id)) = self.group_of(device, group) else { return };
        let Ok(Some(door)) = self.devices[device].store.door(id) else { return };
        let asking: Vec<_> = door.requests.into_iter().filter(|request| !request.refused).collect();
        if asking.is_empty() {
            return;
        }
        let account = asking[self.dice.index(asking.len())].account;
        let lets_in = self.dice.chance(600);
        self.user_wishes(
            device,
            match lets_in {
                true => Command::Admit { conversation, account },
                false => Command::Refuse { conversation, account },
            },
        );
    }

    /// An account is deleted by one of its devices that has its key. From here nothing is owed to it, or by it.
    pub(super) fn user_ends(&mut self, account: usize) {
        let all = self.devices.iter().filter(|device| device.account == account && !device.retired);
        let all: Vec<usize> = all.map(|device| device.index).collect();
        let are_there = all.iter().all(|index| self.model.listed.contains(index));
        let host = self.devices.iter().find(|device| {
            let has_key = device.local().is_some_and(|local| local.account_key.is_some());
            device.account == account && has_key && device.app.registered && !self.model.is_gone(device.index)
        });
        let Some(host) = host.map(|host| host.index).filter(|_| are_there) else { return };
        self.model.ended.insert(account);
        self.model.broken.extend(&all);
        self.model.removed.extend(&all);
        self.devices[host].app.leaves = true;
        self.at(self.now, Event::App(host));
    }

    /// The relay took a change of a group: who is in it now, for the relay.
    pub(super) fn note_roster(&mut self, body: &ClientBody, output: &HubOutput) {
        let ClientBody::ChangeGroup(change) = body else { return };
        let is_answer = |body: &RelayBody| {
            matches!(body, RelayBody::GroupChanged { group, revision }
                if (*group, *revision) == (change.group, change.revision))
        };
        if self.mirror.is_none() && output.frames.iter().any(|(_, frame)| is_answer(&frame.body)) {
            let taken = (change.revision, change.members.clone());
            let known = self.model.rosters.entry(change.group).or_default();
            if known.0 < taken.0 {
                *known = taken;
            }
        }
    }
}
