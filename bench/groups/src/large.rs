//! A large group of real engines, each account with two devices: making it, its first message and its hundredth; beside OpenMLS.

use waxwing_bench::{Row, median};
use waxwing_engine::{Command, ConversationId, RegisterAccount};
use waxwing_wire::{AccountId, Handle};

use crate::clock::ms;
use crate::device::Tally;
use crate::mls::Peer;
use crate::stage::Stage;
use crate::{Args, Outcome};

const KIB: f64 = 1024.0;

pub(crate) fn measure(args: &Args) -> Outcome<Vec<Row>> {
    let peer = Peer::measure(args.members * 2)?;
    let mut stage = Stage::new(1);
    let accounts = everybody(&mut stage, args.members)?;
    let mut rows = Vec::new();

    let create = Command::CreateGroup { title: "all".to_owned(), members: accounts };
    let create = stage.devices[0].command(create);
    let (made, figures) = Figures::of(&mut stage, create)?;
    let group = made?;
    if let Some(left) = stage.devices.iter().position(|device| device.store.durable_groups().count() != 1) {
        return Err(format!("device {left} is not in the group").into());
    }
    rows.push(figures.row("large_group_create", &peer, "create"));

    rows.push(message(&mut stage, group)?.row("large_group_first", &peer, "first"));
    for _ in 2..100 {
        let input = text(&mut stage, group);
        stage.give(0, input)?;
        stage.run_alone(0)?;
    }
    stage.rest()?;
    let hundredth = message(&mut stage, group)?;
    rows.push(hundredth.row("large_group_hundredth", &peer, "hundredth"));
    Ok(rows)
}

/// Accounts with two devices each; the first account knows all others. Returns the others.
fn everybody(stage: &mut Stage, members: usize) -> Outcome<Vec<AccountId>> {
    let mut accounts = Vec::new();
    for number in 0..members {
        let handle = format!("member-{number}");
        let first = stage.join(&handle, RegisterAccount::New)?;
        let local = stage.devices[first].store.durable_local().ok_or("not registered")?;
        let key = local.account_key.clone().ok_or("no key")?;
        stage.join(&handle, RegisterAccount::Add(key))?;
        accounts.push(stage.devices[first].account()?);
    }
    for number in 1..members {
        let handle = Handle::new(&format!("member-{number}")).map_err(|_| "no handle")?;
        stage.say(0, Command::Find(handle))?;
    }
    stage.rest()?;
    Ok(accounts.split_off(1))
}

fn text(stage: &mut Stage, group: ConversationId) -> waxwing_engine::Input {
    let now = stage.now;
    let text = "see you at the boathouse around seven, bring the long rope. ".repeat(2);
    stage.devices[0].text(group, now, &text)
}

fn message(stage: &mut Stage, group: ConversationId) -> Outcome<Figures> {
    let input = text(stage, group);
    let (_, figures) = Figures::of(stage, input)?;
    let without = stage.devices[2..].iter().filter(|device| device.tally.readable != 1).count();
    match without {
        0 => Ok(figures),
        _ => Err(format!("{without} devices did not get the message").into()),
    }
}

/// What something cost everybody.
struct Figures {
    /// Until the relay had all of it.
    sender: Tally,
    relay: Tally,
    /// What was still to do for the sender when all had answered.
    answers: Tally,
    receiver_ms: f64,
    receiver_down: f64,
    receiver_up: f64,
}

impl Figures {
    /// Gives something to the first device, and lets all do what follows. The devices of other accounts are the receivers.
    fn of(stage: &mut Stage, input: waxwing_engine::Input) -> Outcome<(Outcome<ConversationId>, Figures)> {
        stage.count_anew();
        stage.give(0, input)?;
        stage.run_alone(0)?;
        let (made, sender, relay) = (stage.devices[0].made(), stage.devices[0].tally, stage.relay);
        stage.rest()?;
        let all = stage.devices[0].tally;
        let of_receivers = |figure: fn(&Tally) -> f64| {
            median(&stage.devices[2..].iter().map(|device| figure(&device.tally)).collect::<Vec<f64>>())
        };
        let answers = Tally {
            busy: all.busy - sender.busy,
            up: all.up - sender.up,
            down: all.down - sender.down,
            readable: 0,
        };
        let figures = Figures {
            sender,
            relay,
            answers,
            receiver_ms: of_receivers(|tally| ms(tally.busy)),
            receiver_down: of_receivers(|tally| tally.down as f64),
            receiver_up: of_receivers(|tally| tally.up as f64),
        };
        Ok((made, figures))
    }

    fn row(&self, name: &str, peer: &Peer, what: &str) -> Row {
        let sender_ms = ms(self.sender.busy);
        let theirs = peer.figure(what, "sender_ms");
        let their_receiver = peer.figure(what, "receiver_ms");
        Row::new(name)
            .figure("sender_ms", sender_ms)
            .figure("sender_up_kib", self.sender.up as f64 / KIB)
            .figure("sender_down_kib", self.sender.down as f64 / KIB)
            .figure("relay_ms", ms(self.relay.busy))
            .figure("relay_in_kib", self.relay.down as f64 / KIB)
            .figure("relay_out_kib", self.relay.up as f64 / KIB)
            .figure("receiver_ms", self.receiver_ms)
            .figure("receiver_down_kib", self.receiver_down / KIB)
            .figure("receiver_up_kib", self.receiver_up / KIB)
            .figure("answers_ms", ms(self.answers.busy))
            .figure("answers_down_kib", self.answers.down as f64 / KIB)
            .figure_if("openmls_sender_ms", theirs)
            .figure_if("openmls_sender_kib", peer.bytes(what, "sender_bytes").map(|bytes| bytes / KIB))
            .figure_if("openmls_receiver_ms", their_receiver)
            .figure_if("openmls_receiver_kib", peer.bytes(what, "receiver_bytes").map(|bytes| bytes / KIB))
            .figure_if("ratio", theirs.map(|theirs| sender_ms / theirs))
            .figure_if("receiver_ratio", their_receiver.map(|theirs| self.receiver_ms / theirs))
    }
}
