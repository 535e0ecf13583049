//! Dials, frames and broken links.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use waxwing_engine::Input;
use waxwing_relay::hub::HubOutput;
use waxwing_wire::{
    ClientBody, ClientFrame, DeviceId, RelayBody, Submit, decode_client, decode_relay, encode_client,
    encode_relay,
};

use super::{Event, World};
use crate::invariants::Violation;
use crate::network::{Fate, LinkId, Way};
use crate::watch::Watch;

impl World {
    pub(super) fn dial(&mut self, device: usize) {
        self.devices[device].dial += 1;
        let dial = self.devices[device].dial;
        self.soon(1, 60, Event::Dialled(device, dial));
    }

    pub(super) fn dialled(&mut self, device: usize, dial: u64) {
        if self.devices[device].dial != dial || !self.devices[device].is_running() {
            return;
        }
        let fails = self.dice.chance(self.network.weather.dial_fails_per_mille);
        if fails || !self.relay_of(device).is_up() {
            self.give(device, Input::LinkDown);
            return;
        }
        let link = self.network.open(device);
        let challenge = self.dice.bytes();
        let now = self.now;
        self.relay_of(device).connect(link, challenge, now);
        self.devices[device].link = Some(link);
        self.give(device, Input::LinkUp);
    }

    /// The device closes its link; what it sent still arrives.
    pub(super) fn hang_up(&mut self, device: usize) {
        self.devices[device].dial += 1;
        if let Some(link) = self.devices[device].link.take()
            && let Some(at) = self.network.close(link, Way::Up, self.now)
        {
            self.at(at, Event::RelayHears(link));
        }
    }

    /// The link breaks. Each side hears of it soon, or never.
    pub(super) fn break_link(&mut self, link: LinkId) {
        let Some(device) = self.network.device(link) else { return };
        self.counts.faults += 1;
        self.network.cut(link);
        if !self.dice.chance(250) {
            self.soon(1, 3_000, Event::RelayHears(link));
        }
        if !self.dice.chance(250) {
            self.soon(1, 3_000, Event::DeviceHears(device, link));
        }
    }

    pub(super) fn transmit(&mut self, device: usize, frame: &ClientFrame) -> Result<(), Violation> {
        if let (ClientBody::Submit(submit), Some(local)) = (&frame.body, self.devices[device].local()) {
            self.watch.on_submit(local.address.device, submit)?;
            self.excuse_passed_over(device, submit);
        }
        let bytes = encode_client(frame);
        Watch::on_bytes(&bytes)?;
        if let Some(link) = self.devices[device].link {
            self.send(link, Way::Up, bytes);
        }
        Ok(())
    }

    /// A device without prekeys holds nobody up: a message that is sent meanwhile passes it over.
    fn excuse_passed_over(&mut self, sender: usize, submit: &Submit) {
        let mut message = self.model.accepted.get_mut(&submit.message);
        let sealed = submit.destinations.iter().flat_map(|destination| &destination.devices);
        let sealed: BTreeSet<DeviceId> = sealed.map(|sealed| sealed.device).collect();
        for other in self.devices.iter().filter(|other| other.index != sender) {
            let Some(id) = other.local().map(|local| local.address.device) else { continue };
            let is_passed_over = !sealed.contains(&id) && self.keyless.contains(&(sender, id));
            if !is_passed_over {
                continue;
            }
            match &mut message {
                Some(message) => {
                    self.counts.passed_over += u64::from(message.owed.remove(&other.index));
                }
                None => {
                    self.model.uncertain.insert(other.index);
                }
            }
        }
    }

    fn learn_keyless(&mut self, device: usize, body: &RelayBody) {
        if let RelayBody::Prekeys { devices, .. } = body {
            for answer in devices {
                match answer.bundle {
                    Some(_) => self.keyless.remove(&(device, answer.device)),
                    None => self.keyless.insert((device, answer.device)),
                };
            }
        }
    }

    pub(super) fn send(&mut self, link: LinkId, way: Way, bytes: Bytes) {
        let event = match way {
            Way::Up => Event::Up(link),
            Way::Down => Event::Down(link),
        };
        match self.network.send(link, way, bytes, self.now, &mut self.dice) {
            Some(Fate::Arrives(at)) => self.at(at, event),
            Some(Fate::Cut) => self.break_link(link),
            Some(Fate::Lost) => self.counts.faults += 1,
            None => {}
        }
    }

    /// A frame arrives at the relay.
    pub(super) fn up(&mut self, link: LinkId) -> Result<(), Violation> {
        let Some(index) = self.network.device(link) else { return Ok(()) };
        let frame = match self.network.arrive(link, Way::Up) {
            None => return Ok(()),
            Some(bytes) => bytes.and_then(|bytes| decode_client(bytes).ok()),
        };
        let Some(frame) = frame else {
            self.counts.faults += 1;
            let output = self.relay_of(index).bad_frame(link);
            self.pass_on(output);
            return Ok(());
        };
        let Some(device) = self.devices[index].local().map(|local| local.address.device) else {
            return Ok(());
        };
        self.note(|| format!("device {index} says {}", name_of(&frame.body)));
        if let ClientBody::Acknowledge { cursor } = frame.body
            && self.trust.relay_is_honest
            && !self.model.broken.contains(&index)
        {
            Watch::on_acknowledge(&self.relay, device, cursor, &self.devices[index].store)?;
        }
        if let Some(overheard) = &mut self.overheard {
            overheard.push((index, frame.clone()));
        }
        let now = self.now;
        let output = self.relay_of(index).frame(link, frame.clone(), now, device);
        self.note_lists(index, &frame.body);
        self.note_roster(&frame.body, &output);
        if let ClientBody::SubmitToGroup(submit) = &frame.body {
            self.confide(index, submit);
        }
        if let ClientBody::Submit(submit) = &frame.body {
            let relay =
                self.mirror.as_ref().map_or(&self.relay, |mirror| mirror.relay_for(index, &self.relay));
            self.watch.on_handled(relay, device, submit);
        }
        if self.dice.chance(self.relay_dies) {
            self.note(|| "the relay dies before it answers".to_owned());
            self.crash_relay(Duration::from_millis(500), None);
            return Ok(());
        }
        self.check_acceptance(&output, &frame, device)?;
        self.pass_on(output);
        Ok(())
    }

    fn check_acceptance(
        &mut self,
        output: &HubOutput,
        frame: &ClientFrame,
        device: DeviceId,
    ) -> Result<(), Violation> {
        let ClientBody::Submit(submit) = &frame.body else { return Ok(()) };
        let accepts =
            |body: &RelayBody| matches!(body, RelayBody::Accepted { message } if *message == submit.message);
        if output.frames.iter().any(|(_, frame)| accepts(&frame.body)) {
            self.watch.on_accepted(device, submit)?;
        }
        Ok(())
    }

    pub(super) fn pass_on(&mut self, output: HubOutput) {
        for (to, frame) in output.frames {
            let link = to.0;
            let frames = match (&mut self.evil, self.network.device(link)) {
                (Some(evil), Some(device)) => evil.tamper(device, frame, &mut self.dice),
                (None, _) | (_, None) => vec![frame],
            };
            for frame in frames {
                self.send(link, Way::Down, encode_relay(&frame));
            }
        }
        for (closed, _) in output.closed {
            let link = closed.0;
            if let Some(device) = self.network.device(link)
                && let Some(at) = self.network.close(link, Way::Down, self.now)
            {
                self.at(at, Event::DeviceHears(device, link));
            }
        }
    }

    /// A frame arrives at a device.
    pub(super) fn down(&mut self, link: LinkId) {
        let Some(device) = self.network.device(link) else { return };
        let Some(arrived) = self.network.arrive(link, Way::Down) else { return };
        if self.devices[device].link != Some(link) {
            return;
        }
        match arrived.and_then(|bytes| decode_relay(bytes).ok()) {
            Some(frame) => {
                self.note(|| format!("device {device} hears {}", heard(&frame.body)));
                self.learn_keyless(device, &frame.body);
                self.give(device, Input::Frame(frame));
            }
            None => {
                self.counts.faults += 1;
                self.give(device, Input::BadFrame);
            }
        }
    }

    /// The relay dies, with all links; it comes back after a while, perhaps as another one.
    pub(super) fn crash_relay(&mut self, downtime: Duration, wiped: Option<waxwing_wire::RelayId>) {
        self.counts.faults += 1;
        match wiped {
            Some(id) => {
                self.relay.wipe(id);
                self.watch.wiped();
            }
            None => self.relay.crash(),
        }
        for link in self.network.open_links() {
            let device = self.network.device(link);
            self.network.cut(link);
            if let Some(device) = device.filter(|_| !self.dice.chance(250)) {
                self.soon(1, 3_000, Event::DeviceHears(device, link));
            }
        }
        self.at(self.now + downtime, Event::RelayStarts);
    }
}

/// A frame in words, without what is in it.
fn name_of(body: &ClientBody) -> String {
    match body {
        ClientBody::Submit(submit) => format!("Submit({:?}, fence {})", submit.message, submit.fence),
        ClientBody::Acknowledge { cursor } => format!("Acknowledge({cursor})"),
        ClientBody::Hello { .. }
        | ClientBody::Register(_)
        | ClientBody::Login { .. }
        | ClientBody::UpdateDevices(_)
        | ClientBody::FetchAccount(_)
        | ClientBody::PublishPrekeys { .. }
        | ClientBody::FetchPrekeys { .. }
        | ClientBody::ChangeGroup(_)
        | ClientBody::FetchGroup { .. }
        | ClientBody::SubmitToGroup(_)
        | ClientBody::Room(_)
        | ClientBody::DeleteAccount { .. }
        | ClientBody::Ping { .. } => word(&format!("{body:?}")),
    }
}

fn heard(body: &RelayBody) -> String {
    match body {
        RelayBody::Deliver { envelopes } => {
            let names: Vec<String> = envelopes
                .iter()
                .map(|envelope| format!("#{} {:?}", envelope.sequence, envelope.message))
                .collect();
            format!("Deliver({})", names.join(", "))
        }
        RelayBody::Refused(_) | RelayBody::Accepted { .. } | RelayBody::DevicesStale { .. } => {
            format!("{body:?}")
        }
        RelayBody::Welcome(_)
        | RelayBody::LoggedIn(_)
        | RelayBody::Account(_)
        | RelayBody::PrekeysPublished { .. }
        | RelayBody::Prekeys { .. }
        | RelayBody::GroupChanged { .. }
        | RelayBody::GroupStale { .. }
        | RelayBody::Group(_)
        | RelayBody::Room(_)
        | RelayBody::AccountDeleted { .. }
        | RelayBody::Drained { .. }
        | RelayBody::Pong
        | RelayBody::PrekeysLow { .. }
        | RelayBody::GoingAway { .. } => word(&format!("{body:?}")),
    }
}

fn word(debug: &str) -> String {
    debug.chars().take_while(char::is_ascii_alphanumeric).collect()
}
