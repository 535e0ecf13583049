//! A device on a real WebSocket: an engine with a store in memory, in a task of its own. It can be told to hear nothing more.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use waxwing_engine::{Command, ConversationId, Effect, Input, RegisterAccount, RegisterAs};
use waxwing_simulation::dice::Dice;
use waxwing_wire::{
    AccountId, ClientBody, Handle, MessageId, RelayBody, SUBPROTOCOL, decode_relay, encode_client,
};

use crate::Outcome;
use crate::device::Device;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long a wait for the relay may be, where nothing is due.
const IDLE: Duration = Duration::from_secs(3600);

/// What a device is asked for.
enum Ask {
    /// Do this, and say how it ended.
    Do(Command, oneshot::Sender<()>),
    /// Send this many texts to a group, and say when the relay has them.
    Texts(ConversationId, u32, oneshot::Sender<()>),
    /// Say which groups there are, and how many messages came.
    Look(oneshot::Sender<(Vec<ConversationId>, usize)>),
    /// Take nothing that is delivered from here on.
    Deaf,
}

/// A device, as those who use it see it.
pub(crate) struct Online {
    asks: mpsc::UnboundedSender<Ask>,
    pub(crate) account: AccountId,
}

impl Online {
    /// Registers a device.
    pub(crate) async fn register(relay: SocketAddr, number: u32) -> Outcome<Online> {
        let handle = Handle::new(&format!("member-{number}")).map_err(|_| "no handle")?;
        let mut device = Device::new(Dice::new(u64::from(number)))?;
        let begun = Instant::now();
        let register = RegisterAs { handle, token: None, account: RegisterAccount::New };
        let inputs = VecDeque::from([device.command(Command::Resume)]);
        let mut task =
            Task { device, relay, begun, socket: None, inputs, deaf: false, submitted: BTreeSet::new() };
        task.go_on().await?;
        let register = task.device.command(Command::Register(register));
        task.inputs.push_back(register);
        task.go_on().await?;
        while task.device.answer.is_none() {
            task.wait().await?;
            task.go_on().await?;
        }
        if let Some(Err(failure)) = task.device.answer {
            return Err(format!("registration came to {failure:?}").into());
        }
        let account = task.device.account()?;
        let (asks, asked) = mpsc::unbounded_channel();
        tokio::spawn(task.run(asked));
        Ok(Online { asks, account })
    }

    fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Outcome<oneshot::Receiver<T>> {
        let (answer, answered) = oneshot::channel();
        self.asks.send(ask(answer)).map_err(|_| "a member is gone")?;
        Ok(answered)
    }

    pub(crate) async fn command(&self, command: Command) -> Outcome<()> {
        Ok(self.ask(|answer| Ask::Do(command, answer))?.await?)
    }

    pub(crate) async fn texts(&self, group: ConversationId, count: u32) -> Outcome<()> {
        Ok(self.ask(|answer| Ask::Texts(group, count, answer))?.await?)
    }

    /// The groups that it is in, and how many messages it has got.
    pub(crate) async fn look(&self) -> Outcome<(Vec<ConversationId>, usize)> {
        Ok(self.ask(Ask::Look)?.await?)
    }

    pub(crate) fn be_deaf(&self) -> Outcome<()> {
        self.asks.send(Ask::Deaf).map_err(|_| "a member is gone".into())
    }
}

struct Task {
    device: Device,
    relay: SocketAddr,
    begun: Instant,
    socket: Option<Socket>,
    inputs: VecDeque<Input>,
    deaf: bool,
    /// Texts that the relay does not have yet.
    submitted: BTreeSet<MessageId>,
}

impl Task {
    async fn run(mut self, mut asked: mpsc::UnboundedReceiver<Ask>) {
        let mut doing: Option<oneshot::Sender<()>> = None;
        let mut sending: Option<(u32, oneshot::Sender<()>)> = None;
        loop {
            if self.go_on().await.is_err() {
                return;
            }
            if self.device.answer.is_some()
                && let Some(answer) = doing.take()
            {
                let _ = answer.send(());
            }
            if self.device.accepted >= sending.as_ref().map_or(u32::MAX, |(count, _)| *count)
                && let Some((_, answer)) = sending.take()
            {
                let _ = answer.send(());
            }
            tokio::select! {
                biased;
                ask = asked.recv() => match ask {
                    Some(Ask::Do(command, answer)) => {
                        let input = self.device.command(command);
                        self.inputs.push_back(input);
                        doing = Some(answer);
                    }
                    Some(Ask::Texts(group, count, answer)) => {
                        self.device.accepted = 0;
                        sending = Some((count, answer));
                        for number in 0..count {
                            let text = format!("{number}: {}", "see you at the boathouse around seven. ".repeat(3));
                            let input = self.device.text(group, self.begun.elapsed(), &text);
                            self.inputs.push_back(input);
                        }
                    }
                    Some(Ask::Look(answer)) => {
                        let groups = self.device.store.durable_groups().filter(|state| state.revision > 0);
                        let groups = groups.map(|state| ConversationId::group(state.group)).collect();
                        let _ = answer.send((groups, self.device.tally.readable));
                    }
                    Some(Ask::Deaf) => self.deaf = true,
                    None => return,
                },
                waited = self.wait() => if waited.is_err() { return },
            }
        }
    }

    /// Lets the engine do all that it can.
    async fn go_on(&mut self) -> Outcome<()> {
        while let Some(input) = self.inputs.pop_front() {
            let now = self.begun.elapsed();
            for effect in self.device.take(input, now)? {
                match effect {
                    Effect::Dial => {
                        let uri = format!("ws://{}", self.relay).parse()?;
                        let request = ClientRequestBuilder::new(uri).with_sub_protocol(SUBPROTOCOL);
                        self.socket = Some(connect_async(request).await?.0);
                        self.inputs.push_back(Input::LinkUp);
                    }
                    Effect::HangUp => self.socket = None,
                    Effect::Transmit(frame) => {
                        if let ClientBody::SubmitToGroup(submit) = &frame.body {
                            self.submitted.insert(submit.message);
                        }
                        if let Some(socket) = &mut self.socket {
                            socket.send(Message::Binary(encode_client(&frame))).await?;
                        }
                    }
                    Effect::WakeAt(_) | Effect::Complete { .. } | Effect::Notify(_) | Effect::GivePast(_) => {
                    }
                }
            }
            if self.device.wake.take_if(|due| *due <= self.begun.elapsed()).is_some() {
                self.inputs.push_back(Input::Wake);
            }
        }
        Ok(())
    }

    /// Waits for the relay, or until something is due. May be cancelled.
    async fn wait(&mut self) -> Outcome<()> {
        let due = self.device.wake.map_or(IDLE, |due| due.saturating_sub(self.begun.elapsed()));
        let heard = async {
            match &mut self.socket {
                Some(socket) => socket.next().await,
                None => std::future::pending().await,
            }
        };
        let heard = tokio::time::timeout(due, heard).await;
        match heard {
            Err(_) => {
                self.device.wake = None;
                self.inputs.push_back(Input::Wake);
            }
            Ok(Some(Ok(Message::Binary(bytes)))) => {
                let frame = decode_relay(bytes).map_err(|_| "no frame")?;
                if let RelayBody::Accepted { message } = &frame.body {
                    self.device.accepted += u32::from(self.submitted.remove(message));
                }
                if !(self.deaf && matches!(frame.body, RelayBody::Deliver { .. })) {
                    self.inputs.push_back(Input::Frame(frame));
                }
            }
            Ok(Some(Ok(_))) => {}
            Ok(Some(Err(_)) | None) => {
                self.socket = None;
                self.inputs.push_back(Input::LinkDown);
            }
        }
        Ok(())
    }
}
