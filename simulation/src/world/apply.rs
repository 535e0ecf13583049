//! What devices, apps and plans make happen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use waxwing_engine::{
    Body, Change, Command, ConversationId, Delivery, Effect, Event as Told, GroupStanding, Input, Status,
};
use waxwing_wire::{AccountId, MessageId, RelayId};

use super::{Event, Plan, World};
use crate::app::{Deed, To};
use crate::device::{Device, Role};
use crate::invariants::Violation;
use crate::model::Accepted;
use crate::watch::CANARY;

impl World {
    pub(super) fn carry_out(&mut self, plan: Plan) {
        self.note(|| format!("planned: {plan:?}"));
        match plan {
            Plan::Join { account, role } => self.join(account, role),
            Plan::Remove { by, device } => self.user_removes(by, device),
            Plan::Write { device, to } => self.user_writes(device, To::Account(to)),
            Plan::WriteToGroup { device, group } => self.user_writes(device, To::Group(group)),
            Plan::Group { device, group, deed } => {
                if let Some(device) = self.devices.get_mut(device).filter(|device| !device.retired) {
                    device.app.deeds.push_back((group, deed));
                }
                self.at(self.now, Event::App(device));
            }
            Plan::Invite { device, group, needs_approval } => {
                self.user_invites(device, group, needs_approval)
            }
            Plan::Revoke { device, group } => self.user_revokes(device, group),
            Plan::AskToJoin { device, group } => self.user_asks_to_join(device, group),
            Plan::AnswerDoor { device, group } => self.user_answers_the_door(device, group),
            Plan::End(account) => self.user_ends(account),
            Plan::Read(device) => self.user_reads(device),
            Plan::Annotate(device) => self.user_annotates(device),
            Plan::Kill(device, downtime) => {
                self.counts.faults += 1;
                if self.devices.get(device).is_some_and(Device::is_running) {
                    self.kill(device, downtime);
                }
            }
            Plan::ClockJump(device, by_ms) => {
                self.counts.faults += 1;
                if let Some(device) = self.devices.get_mut(device) {
                    device.skew_ms = by_ms;
                }
            }
            Plan::BackUp(device) => {
                if let Some(device) = self.devices.get_mut(device) {
                    device.back_up();
                }
            }
            Plan::RollBack(device) => self.roll_back(device),
            Plan::RelayCrash(downtime) => self.crash_relay(downtime, None),
            Plan::RelayWipe(downtime) => {
                let id = RelayId::from_bytes(self.dice.bytes());
                self.crash_relay(downtime, Some(id));
            }
            Plan::RelayDiskFails(time) => {
                self.counts.faults += 1;
                self.relay.set_failing(true);
                self.at(self.now + time, Event::RelayDiskHeals);
            }
            Plan::PrekeySupply(supply) => self.relay.prekey_supply = Some(supply),
            Plan::Weather(weather) => self.network.weather = weather,
            Plan::Unplug(device) => {
                if let Some(link) = self.devices.get(device).and_then(|device| device.link) {
                    self.break_link(link);
                }
            }
            Plan::AcceptKeys(device) => self.user_accepts_keys(device),
            Plan::Evil(evil) => {
                self.trust.relay_is_honest = false;
                self.evil = Some(evil);
            }
        }
    }

    fn join(&mut self, account: usize, role: Role) {
        let index = self.devices.len();
        if role == Role::Replacing {
            for old in 0..index {
                if self.devices[old].account == account && !self.devices[old].retired {
                    self.devices[old].die();
                    self.devices[old].retired = true;
                    self.model.broken.insert(old);
                }
            }
        }
        self.devices.push(Device::new(index, account, role, &mut self.dice));
        self.counts.devices += 1;
        if role == Role::Linked {
            self.invite(index);
        }
        self.boot(index);
    }

    pub(super) fn boot(&mut self, index: usize) {
        let device = &mut self.devices[index];
        if device.retired || device.is_running() {
            return;
        }
        match device.boot(self.now) {
            Ok(()) => {
                self.soon(0, 3, Event::Run(index));
                self.devices[index].scheduled = true;
                self.soon(0, 20, Event::App(index));
            }
            Err(_) => self.soon(100, 500, Event::Boots(index)),
        }
    }

    pub(super) fn kill(&mut self, index: usize, downtime: Duration) {
        let link = self.devices[index].link;
        self.devices[index].die();
        if let Some(link) = link {
            self.network.cut(link);
            if !self.dice.chance(250) {
                self.soon(1, 3_000, Event::RelayHears(link));
            }
        }
        self.at(self.now + downtime, Event::Boots(index));
    }

    fn roll_back(&mut self, index: usize) {
        self.kill(index, Duration::from_millis(500));
        if self.devices[index].roll_back() {
            self.counts.faults += 1;
            self.model.broken.insert(index);
            self.devices[index].app.announced.clear();
            if let Some(local) = self.devices[index].local() {
                self.watch.rolled_back(local.address.device);
            }
        }
    }

    fn user_writes(&mut self, device: usize, to: To) {
        let may = |device: &&Device| !device.retired && To::Account(device.account) != to;
        let Some(state) = self.devices.get(device).filter(may) else { return };
        // Whoever is not in a group sees none to write to.
        if let To::Group(group) = to
            && !self.groups_of(device).contains_key(&group)
        {
            return;
        }
        let draft = self.next_draft(to, state.now(self.now).utc_ms);
        self.note(|| format!("device {device} writes {:?} to {to:?}", draft.id));
        self.devices[device].app.drafts.push_back(draft);
        self.at(self.now, Event::App(device));
    }

    fn user_reads(&mut self, device: usize) {
        let Some(state) = self.devices.get_mut(device).filter(|device| device.is_running()) else { return };
        let mut last = BTreeMap::new();
        for message in state.store.timeline().filter(|message| matches!(message.status, Status::Incoming(_)))
        {
            last.insert(message.conversation, message.id);
        }
        for (conversation, up_to) in last {
            let (id, command) = state.app.wish(Command::MarkRead { conversation, up_to });
            state.push(Input::Command { id, command });
        }
        self.schedule(device);
    }

    /// Something that a user can say about a message; also what he may not say.
    fn user_annotates(&mut self, device: usize) {
        let dice = &mut self.dice;
        let Some(state) = self.devices.get_mut(device).filter(|device| device.is_running()) else { return };
        let texts: Vec<(MessageId, ConversationId, bool)> = state
            .store
            .timeline()
            .filter(|message| matches!(message.body, Body::Text(_)))
            .map(|message| (message.id, message.conversation, matches!(message.status, Status::Outgoing(_))))
            .collect();
        let Some(&(message, conversation, is_ours)) = texts.get(dice.index(texts.len())) else { return };
        let change = match dice.below(12) {
            0 => Change::Delete,
            1 => Change::Hide,
            2..=5 => Change::Edit(format!("{CANARY}{message} reads {}", dice.below(u64::MAX))),
            n => Change::React(["", "+", "-", "*"][n as usize % 4].to_owned()),
        };
        match &change {
            Change::Edit(text) if is_ours => {
                self.model.edits.entry(message).or_default().insert(text.clone());
            }
            Change::Delete if is_ours => {
                self.model.deleted.insert(message);
            }
            Change::Hide => {
                self.model.hidden.insert((state.account, message));
            }
            Change::Edit(_) | Change::Delete | Change::React(_) => {}
        }
        let (id, command) = state.app.wish(Command::Annotate { conversation, message, change });
        state.push(Input::Command { id, command });
        self.schedule(device);
    }

    fn user_accepts_keys(&mut self, device: usize) {
        let Some(state) = self.devices.get_mut(device) else { return };
        for account in std::mem::take(&mut state.app.key_changes) {
            let (id, command) = state.app.wish(Command::AcceptKey(account));
            state.push(Input::Command { id, command });
        }
        self.schedule(device);
    }

    /// The user of a device wants something besides.
    pub fn user_wishes(&mut self, device: usize, command: Command) {
        let state = &mut self.devices[device];
        if !state.is_running() {
            return;
        }
        let (id, command) = state.app.wish(command);
        state.push(Input::Command { id, command });
        self.schedule(device);
    }

    /// Every user looks at all conversations.
    pub fn everybody_reads(&mut self) {
        for device in 0..self.devices.len() {
            self.user_reads(device);
        }
    }

    pub(super) fn run_app(&mut self, index: usize) {
        let device = &mut self.devices[index];
        if !device.is_running() {
            return;
        }
        self.make_place(index);
        let device = &mut self.devices[index];
        let own = self.accounts[device.account].clone();
        self.groups.extend(std::mem::take(&mut device.app.made));
        let groups = self.groups_of(index);
        let device = &mut self.devices[index];
        let ended = &self.model.ended;
        let names_ended = |deed: &(usize, Deed)| deed.1.people().iter().any(|one| ended.contains(one));
        device.app.deeds.retain(|deed| !names_ended(deed));
        // What was written before we were put out of a group is written to nobody; and who is gone is not found any more.
        device.app.drafts.retain(|draft| match draft.to {
            To::Account(to) => !ended.contains(&to) || device.store.durable_message(draft.id).is_some(),
            To::Group(group) => {
                groups.contains_key(&group) || device.store.durable_message(draft.id).is_some()
            }
        });
        for (id, command) in device.app.next(device.role, &own, &self.accounts, &groups) {
            device.push(Input::Command { id, command });
        }
        let idle = device.app.is_idle();
        self.schedule(index);
        if !idle {
            self.soon(500, 1_500, Event::App(index));
        }
    }

    /// The groups of the world that a device is in, as far as it knows.
    pub(super) fn groups_of(&self, index: usize) -> BTreeMap<usize, ConversationId> {
        let ours: BTreeSet<ConversationId> = self.devices[index]
            .store
            .durable_groups()
            .filter(|state| state.standing == GroupStanding::Member)
            .map(|state| ConversationId::group(state.group))
            .collect();
        self.groups.iter().filter(|(_, id)| ours.contains(id)).map(|(group, id)| (*group, *id)).collect()
    }

    /// Who may still come to read what a device wrote to groups and has not sent: whoever is in them now.
    fn note_readers(&mut self, index: usize) {
        let store = &self.devices[index].store;
        let written = self.model.accepted.iter_mut().filter(|(_, accepted)| accepted.device == index);
        for (id, accepted) in written.filter(|(_, accepted)| matches!(accepted.to, To::Group(_))) {
            let status = store.durable_message(*id).map(|message| message.status);
            let is_open = matches!(status, Some(Status::Outgoing(delivery)) if delivery < Delivery::Sent);
            let group = store
                .durable_groups()
                .find(|state| ConversationId::group(state.group) == accepted.conversation);
            if let Some(group) = group.filter(|_| is_open || accepted.readers.is_empty()) {
                accepted.readers.extend(group.members().into_iter().map(|member| member.account));
            }
        }
    }

    /// Writes down what became durable of what the user wrote.
    pub(super) fn accept_drafts(&mut self, index: usize) {
        let device = &self.devices[index];
        let Some(local) = device.local() else { return };
        let durable: Vec<_> = device
            .app
            .drafts
            .iter()
            .filter(|draft| device.store.durable_message(draft.id).is_some())
            .cloned()
            .collect();
        for draft in durable {
            let Some(stored) = device.store.durable_message(draft.id) else { continue };
            if self.model.accepted.contains_key(&draft.id) {
                continue;
            }
            let in_group: BTreeSet<AccountId> = device
                .store
                .durable_groups()
                .filter(|state| ConversationId::group(state.group) == stored.conversation)
                .flat_map(|state| state.members())
                .map(|member| member.account)
                .collect();
            let accounts = &self.accounts;
            let is_for = |account: usize| match draft.to {
                To::Account(to) => account == to,
                To::Group(_) => accounts[account].id.is_some_and(|id| in_group.contains(&id)),
            };
            let is_owed = |other: &&Device| {
                (is_for(other.account) || other.account == device.account)
                    && !other.retired
                    && other.local().is_some_and(|local| self.relay.has_prekeys_of(local.address.device))
            };
            let accepted = Accepted {
                order: 0,
                sender: local.address,
                device: index,
                to: draft.to,
                conversation: stored.conversation,
                text: draft.text.clone(),
                owed: self.devices.iter().filter(is_owed).map(|other| other.index).collect(),
                readers: BTreeSet::new(),
                stored: [index].into(),
            };
            self.model.accept(draft.id, accepted);
            self.counts.messages += 1;
        }
        self.note_readers(index);
    }

    pub(super) fn carry_out_effect(&mut self, index: usize, effect: Effect) -> Result<(), Violation> {
        match effect {
            Effect::Dial => self.dial(index),
            Effect::HangUp => self.hang_up(index),
            Effect::Transmit(frame) => return self.transmit(index, &frame),
            Effect::WakeAt(elapsed) => {
                let device = &mut self.devices[index];
                device.wake += 1;
                let (at, wake) = (device.world_time(elapsed), device.wake);
                self.at(at, Event::Wake(index, wake));
            }
            Effect::Complete { command, result } => {
                self.note(|| format!("device {index} is answered {result:?}"));
                let device = &mut self.devices[index];
                let local = device.local();
                if let Err(failure) = device.app.answered(command, result, local.as_ref()) {
                    return Violation::of("I1", format!("device {index} cannot send: {failure:?}"));
                }
                self.publish_account(index);
                self.soon(1, 20, Event::App(index));
            }
            // Rooms are not played here.
            Effect::GivePast(_) => {}
            Effect::Notify(told) => self.tell(index, &told),
        }
        Ok(())
    }

    /// What a registered first device knows of its account is from here commonly known.
    fn publish_account(&mut self, index: usize) {
        let device = &self.devices[index];
        let account = &mut self.accounts[device.account];
        if device.app.registered
            && account.id.is_none()
            && let Some(local) = device.local()
        {
            account.id = Some(local.address.account);
            account.key = local.account_key.as_ref().map(|key| **key);
        }
    }

    fn tell(&mut self, index: usize, told: &Told) {
        self.note(|| format!("device {index} tells {told:?}"));
        let app = &mut self.devices[index].app;
        match told {
            Told::MessageReadable(id) => *app.announced.entry(*id).or_default() += 1,
            Told::KeyChanged(account) => {
                app.key_changes.insert(*account);
            }
            Told::Registered => {
                app.registered = true;
                self.publish_account(index);
            }
            Told::SignedOut(_) => {
                self.counts.ended += u64::from(app.leaves);
                app.signed_out = true;
            }
            Told::JoinAnswered(_) => self.counts.answered += 1,
            Told::Link(_)
            | Told::ConversationChanged(_)
            | Told::DeliveryChanged(_)
            | Told::Drained
            | Told::RelayReset
            | Told::VerificationChanged(_)
            | Told::DevicesChanged(_)
            | Told::StoreRolledBack
            | Told::JoinRequested { .. }
            | Told::OutboxEmpty => {}
        }
    }
}
