//! Sealing a message in a group of two and in one of 1,024, in turns: from the command to the frame that goes to the relay.

use std::collections::VecDeque;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use waxwing_bench::{Bar, Row, Summary, median};
use waxwing_crypto::{AccountKey, DeviceEntry, DeviceList, DeviceSecrets};
use waxwing_engine::{
    AccountState, Command, ConversationId, Effect, Input, LaneKind, RegisterAccount, Standing, View as _,
    Write,
};
use waxwing_simulation::dice::Dice;
use waxwing_wire::{AccountId, ClientBody, ClientFrame, Handle, RelayBody, RelayFrame};

use crate::Outcome;
use crate::clock::ms;
use crate::stage::Stage;

const LARGE: usize = 1_024;
const TURNS: usize = 15;
const MESSAGES: u32 = 50;

pub(crate) fn measure() -> Outcome<Vec<Row>> {
    let (mut pair, mut large) = (Writer::in_group_of(2)?, Writer::in_group_of(LARGE)?);
    let (mut of_pair, mut of_large) = (Vec::new(), Vec::new());
    pair.turn()?;
    large.turn()?;
    for _ in 0..TURNS {
        of_pair.push(pair.turn()?);
        of_large.push(large.turn()?);
    }
    let ratios: Vec<f64> = of_large.iter().zip(&of_pair).map(|(large, pair)| large / pair).collect();
    Ok(vec![
        Row::new("seal_in_group")
            .figure("of_2_us", Summary::of(&of_pair).median)
            .figure("of_1024_us", Summary::of(&of_large).median)
            .figure("of_2_spread", Summary::of(&of_pair).spread)
            .figure("of_1024_spread", Summary::of(&of_large).spread)
            .figure("ratio", median(&ratios))
            .bar(Bar::AtMost("ratio", 1.1)),
    ])
}

/// A device that has given its sender key to everybody, and what the relay would say to it.
struct Writer {
    stage: Stage,
    group: ConversationId,
}

impl Writer {
    fn in_group_of(members: usize) -> Outcome<Writer> {
        let mut stage = Stage::new(members as u64);
        stage.join("writer", RegisterAccount::New)?;
        let mut rng = Dice::new(7).split();
        let others = (1..members).map(|n| stranger(n, &mut rng)).collect::<Outcome<Vec<AccountState>>>()?;
        let names: Vec<AccountId> = others.iter().map(|other| other.account).collect();
        stage.devices[0].write(others.into_iter().map(Write::PutAccount))?;
        let mut writer = Writer { stage, group: ConversationId::from_bytes([0; 16]) };
        writer.start_again()?;
        let create = Command::CreateGroup { title: "all".to_owned(), members: names };
        let create = writer.stage.devices[0].command(create);
        writer.talk(create)?;
        writer.group = writer.stage.devices[0].made()?;
        writer.start_again()?;
        // With the first message everybody gets the key.
        writer.message()?;
        writer.start_again()?;
        Ok(writer)
    }

    /// Takes introductions and keys as delivered, and starts the engine anew.
    fn start_again(&mut self) -> Outcome<()> {
        let device = &mut self.stage.devices[0];
        let mut delivered = Vec::new();
        for lane in device.store.outbox_lanes()?.into_iter().filter(|lane| lane.kind == LaneKind::Keys) {
            delivered.extend(device.store.outbox(lane, 0, usize::MAX)?);
        }
        device.write(delivered.into_iter().map(|item| Write::DeleteOutbox { order: item.order }))?;
        device.reopen(self.stage.now)?;
        self.stage.hang_up(0);
        self.stage.say(0, Command::Resume)?;
        self.stage.settle(Duration::ZERO)
    }

    /// CPU time of a message, in microseconds.
    fn turn(&mut self) -> Outcome<f64> {
        let mut total = Duration::ZERO;
        for _ in 0..MESSAGES {
            total += self.message()?;
        }
        Ok(ms(total) * 1e3 / f64::from(MESSAGES))
    }

    fn message(&mut self) -> Outcome<Duration> {
        let text = "see you at the boathouse around seven, bring the long rope. ".repeat(2);
        let input = self.stage.devices[0].text(self.group, self.stage.now, &text);
        self.talk(input)?.ok_or_else(|| "no message went out".into())
    }

    /// Lets the engine do all that it can; the relay takes what is for the group, and says nothing else. Returns what the engine had done
    /// when a message of the group went out.
    fn talk(&mut self, input: Input) -> Outcome<Option<Duration>> {
        let (now, device) = (self.stage.now, &mut self.stage.devices[0]);
        let begun = device.tally.busy;
        let mut sealed = None;
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in device.take(input, now)? {
                let Effect::Transmit(ClientFrame { request, body }) = effect else { continue };
                let body = if let ClientBody::ChangeGroup(change) = body {
                    RelayBody::GroupChanged { group: change.group, revision: change.revision }
                } else if let ClientBody::SubmitToGroup(submit) = body {
                    sealed = sealed.or(Some(device.tally.busy - begun));
                    RelayBody::Accepted { message: submit.message }
                } else {
                    continue;
                };
                inputs.push_back(Input::Frame(RelayFrame { request, body }));
            }
            if device.wake.take_if(|due| *due <= now).is_some() {
                inputs.push_back(Input::Wake);
            }
        }
        Ok(sealed)
    }
}

/// An account that the writer knows, with two devices.
fn stranger(number: usize, rng: &mut ChaCha20Rng) -> Outcome<AccountState> {
    let mut account = [7; 16];
    account[..8].copy_from_slice(&(number as u64).to_be_bytes());
    let key = AccountKey::generate(rng);
    let mut entry = |place: u8| {
        let mut device = account;
        device[15] = place;
        DeviceEntry { device, keys: DeviceSecrets::generate(rng).public() }
    };
    let devices = vec![entry(1), entry(2)];
    let list = DeviceList::sign(account, &key, None, devices)?;
    Ok(AccountState {
        account: AccountId::from_bytes(account),
        handle: Handle::new(&format!("member-{number}")).map_err(|_| "no handle")?,
        account_key: key.public().to_bytes(),
        device_list: list.as_bytes().to_vec(),
        device_list_version: list.version(),
        standing: Standing::Good,
        verified: false,
    })
}
