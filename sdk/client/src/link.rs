//! Linking a device: a new one shows a text, one of the account reads it, a person compares six digits, and the new one takes over
//! what the account has.
//!
//! ```text
//!   new device: Client::link_as_new --text()--> scanned() --code()--> confirm(theirs) --next()--> LinkStep::Done
//!   account:    Client::link_device(text) ----------------> code()--> confirm(theirs) --next()--> LinkStep::Done
//! ```
//!
//! The two talk in a room of the relay, over connections that are not logged in: it sees sizes and times. What they say to each other is one
//! straight line; the types of `waxwing_crypto::link` let no step be left out.

mod give;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use give::Giver;
use give::Giving;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use waxwing_crypto::link::{self, Channel, Content, Invitation, LinkError, Purpose, Scanned};
use waxwing_engine::{
    Command, DeviceAddress, LinkCertificate, LinkDevice, LinkJoiner, NewLinkDevice, Outcome, Past, PastAsk,
    link_parts,
};
use waxwing_wire::{DeviceId, RoomId, limits};
use zeroize::Zeroizing;

use crate::account::Me;
use crate::client::Client;
use crate::error::{Code, Error, Result};
use crate::events::{Event, Events};
use crate::random;
use crate::room::Room;
use crate::shared::{Request, Shared};
use crate::store::past;
use crate::store::show;

/// How long the other device may take for a step in which nobody has to look at anything.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// How long the history stays open at least after the new device is ready. A sender that asked for its prekeys before they were
/// there asks again after a time that is at most as long as that which had passed; what it sent meanwhile is only on the device
/// that gives the history.
const SETTLE_MIN: Duration = Duration::from_secs(5);

/// How long it stays open at most.
const SETTLE_MAX: Duration = Duration::from_secs(45);

/// How long the new device's greeting may take. From then on, all that we seal is for it too.
const GREETING_MAX: Duration = Duration::from_secs(10);

/// How long a new device that was ready, and got nothing, waits whether it is taken off the list again.
const SIGN_OFF_MAX: Duration = Duration::from_secs(5);

/// How often it is looked whether the greeting has come.
const GREETING_LOOK: Duration = Duration::from_millis(50);

/// How long the new device may take to log in and publish its prekeys.
const READY_MAX: Duration = Duration::from_secs(60);

impl Client {
    /// Begins to link this new device, which has no account yet, to an account on another device.
    ///
    /// # Errors
    ///
    /// `already_registered`, `io_error`.
    pub async fn link_as_new(&self) -> Result<LinkOffer> {
        if self.shared.board.me().is_some() {
            return Err(Code::AlreadyRegistered.into());
        }
        let new = link::NewDevice::begin(&mut random::system());
        let room = enter(&self.shared, new.invitation())?;
        Ok(LinkOffer { shared: Arc::clone(&self.shared), new, room })
    }

    /// Links a new device to this account: `text` is what the new device shows. Needs the account's key.
    ///
    /// # Errors
    ///
    /// `link_text_invalid`, `account_key_missing`, `not_registered`, `offline`, `link_broken` when the other device does not answer.
    pub async fn link_device(&self, text: &str) -> Result<LinkCode> {
        let shared = Arc::clone(&self.shared);
        let own = shared.read(show::devices).await?.ok_or(Code::NotRegistered)?;
        if !own.holds_account_key {
            return Err(Code::NoAccountKey.into());
        }
        let invitation: Invitation = text.parse().map_err(|_: LinkError| Code::LinkTextInvalid)?;
        let mut room = enter(&shared, &invitation)?;
        within(ANSWER_MAX, room.joined()).await?;
        let offer = within(ANSWER_MAX, room.hear()).await?;
        let (scanned, commitment) =
            Scanned::begin(&invitation, &offer, &mut random::system()).map_err(|_| Code::LinkBroken)?;
        room.say(commitment).await?;
        let nonce = within(ANSWER_MAX, room.hear()).await?;
        let (unconfirmed, reveal) = scanned.on_nonce(&nonce).map_err(|_| Code::LinkBroken)?;
        room.say(reveal).await?;
        Ok(LinkCode { shared, unconfirmed, room, side: Side::Account })
    }

    /// Whether a part of the account's past is missing here: the device was linked, and the transfer broke off. See
    /// [`fetch_history`](Client::fetch_history).
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn lacks_history(&self) -> Result<bool> {
        Ok(self.shared.read(past::owed).await?.is_some())
    }

    /// Asks the account's other devices for its past: the rest of it, where a transfer broke off, and otherwise all of it. The first of
    /// them that is online gives it; what is here already stays. No code is compared: the devices of an account know each other.
    ///
    /// # Errors
    ///
    /// `not_registered`; `not_found` where the account has no other device.
    pub async fn fetch_history(&self) -> Result<Linking> {
        self.shared.board.me().ok_or(Code::NotRegistered)?;
        let room = RoomId::from_bytes(random::array());
        let secret = Zeroizing::new(random::array());
        let channel = Channel::asking(&secret);
        let ask = PastAsk { room, secret, place: Vec::new() };
        let talk = Talk {
            channel,
            room: Room::enter(self.shared.endpoint.clone(), self.shared.agent.clone(), room)?,
            joiner: LinkJoiner::default(),
        };
        self.shared.command(Command::AskPast(ask)).await?;
        let shared = Arc::clone(&self.shared);
        Ok(Linking { shared, talk, state: State::Waiting, messages: 0, is_hung_up: false })
    }
}

fn enter(shared: &Shared, invitation: &Invitation) -> Result<Room> {
    let room = RoomId::from_bytes(*invitation.channel_id());
    Room::enter(shared.endpoint.clone(), shared.agent.clone(), room)
}

async fn within<T>(time: Duration, future: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(time, future).await.map_err(|_| Code::LinkBroken)?
}

/// A new device that waits to be linked.
#[must_use = "show its text, and wait for it to be scanned"]
pub struct LinkOffer {
    shared: Arc<Shared>,
    new: link::NewDevice,
    room: Room,
}

impl LinkOffer {
    /// What to show as a QR code, or as text.
    #[must_use]
    pub fn text(&self) -> String {
        self.new.invitation().to_string()
    }

    /// Waits until a device of the account has read the text, at most ten minutes.
    ///
    /// # Errors
    ///
    /// `offline`, `link_broken`: begin anew.
    pub async fn scanned(mut self) -> Result<LinkCode> {
        within(limits::ROOM_WAIT_MAX, self.room.joined()).await?;
        self.room.say(self.new.offer()).await?;
        let commitment = within(ANSWER_MAX, self.room.hear()).await?;
        let (answered, nonce) =
            self.new.on_commitment(&commitment, &mut random::system()).map_err(|_| Code::LinkBroken)?;
        self.room.say(nonce).await?;
        let reveal = within(ANSWER_MAX, self.room.hear()).await?;
        let unconfirmed = answered.on_reveal(&reveal).map_err(|_| Code::LinkBroken)?;
        Ok(LinkCode { shared: self.shared, unconfirmed, room: self.room, side: Side::New })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    New,
    Account,
}

/// Two devices that have agreed on keys, and wait for a person.
#[must_use = "show its code, and confirm the other device's"]
pub struct LinkCode {
    shared: Arc<Shared>,
    unconfirmed: link::Unconfirmed,
    room: Room,
    side: Side,
}

impl LinkCode {
    /// The six digits to show here.
    #[must_use]
    pub fn code(&self) -> String {
        self.unconfirmed.code().to_string()
    }

    /// Takes the six digits that a person read on the *other* device. There is one try.
    ///
    /// # Errors
    ///
    /// `link_code_differs`: nothing was sent; begin anew.
    pub fn confirm(self, theirs: &str) -> Result<Linking> {
        let channel = self.unconfirmed.confirm(theirs).map_err(|_| Code::LinkCodeDiffers)?;
        let talk = Talk { channel, room: self.room, joiner: LinkJoiner::default() };
        let state = match self.side {
            Side::New => State::Introducing,
            Side::Account => State::Certifying,
        };
        Ok(Linking { shared: self.shared, talk, state, messages: 0, is_hung_up: false })
    }
}

/// How far a linking is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkStep {
    /// The account has the new device, and the relay knows.
    Linked(DeviceId),
    /// So many messages of the history are over, and so much of it, in thousandths.
    History {
        /// Messages that went over.
        messages: u64,
        /// How much of the whole that is, from 0 to 1000.
        per_mille: u16,
    },
    /// All of it is over. It is the last step.
    Done,
}

/// A linking under way, on either device. Call [`next`](Linking::next) until [`LinkStep::Done`].
#[must_use = "call next() until LinkStep::Done"]
pub struct Linking {
    shared: Arc<Shared>,
    talk: Talk,
    state: State,
    messages: u64,
    /// This device does not fetch what waits for it, until the past is here.
    is_hung_up: bool,
}

enum State {
    /// New device: to send keys and get the certificate.
    Introducing,
    /// A device that asked for the past: waits until another one is there.
    Waiting,
    /// New device: takes what comes.
    Taking { began: bool },
    /// Account: waits for the keys.
    Certifying,
    /// Account: sends the history.
    Giving(Giving),
    /// It is over, or it failed.
    Over,
}

struct Talk {
    channel: Channel,
    room: Room,
    joiner: LinkJoiner,
}

impl Talk {
    async fn say(&mut self, purpose: Purpose, said: &[u8]) -> Result<()> {
        for part in link_parts(said) {
            let sealed =
                self.channel.seal(purpose, &part, &mut random::system()).map_err(|_| Code::LinkBroken)?;
            self.room.say(sealed).await?;
        }
        Ok(())
    }

    async fn hear(&mut self) -> Result<(Purpose, Zeroizing<Vec<u8>>)> {
        loop {
            let sealed = self.room.hear().await?;
            let Content { purpose, bytes } = self.channel.open(&sealed).map_err(|_| Code::LinkBroken)?;
            if let Some(whole) = self.joiner.push(&bytes).map_err(|_| Code::LinkBroken)? {
                return Ok((purpose, whole));
            }
        }
    }
}

impl Linking {
    /// Goes on until there is something to tell.
    ///
    /// # Errors
    ///
    /// `link_broken` and what else can go wrong. Before the new device was ready, both devices are as they were: the new one has forgotten
    /// the account, and the account has signed it off its list again, as far as the relay can be reached. Later, the new device is linked
    /// and lacks the history, or a part of it: it gets `history_incomplete`, and may [fetch](Client::fetch_history) the rest.
    pub async fn next(&mut self) -> Result<LinkStep> {
        let state = std::mem::replace(&mut self.state, State::Over);
        match state {
            State::Introducing => self.introduce().await,
            State::Waiting => {
                within(limits::ROOM_WAIT_MAX, self.talk.room.joined()).await?;
                self.take(true).await
            }
            State::Taking { began } => self.take(began).await,
            State::Certifying => self.certify().await,
            State::Giving(giving) => self.give(giving).await,
            State::Over => Err(Code::LinkBroken.into()),
        }
    }

    // ---- the new device ----

    async fn introduce(&mut self) -> Result<LinkStep> {
        let new = NewLinkDevice::generate(&mut random::system());
        self.talk.say(Purpose::Device, &LinkDevice::Keys(Box::new(new.entry())).encode()).await?;
        // The person may still be reading our code.
        let (purpose, said) = within(limits::ROOM_WAIT_MAX, self.talk.hear()).await?;
        if purpose != Purpose::Certificate {
            return Err(Code::LinkBroken.into());
        }
        let certificate = LinkCertificate::decode(&said).map_err(|_| Code::LinkBroken)?;
        let local = new.into_local(certificate);
        let result = self.adopt(local).await;
        match result {
            Ok(me) => {
                let step = LinkStep::Linked(me.device);
                self.state = State::Taking { began: false };
                Ok(step)
            }
            Err(error) => self.abandon(error).await,
        }
    }

    async fn adopt(&mut self, local: waxwing_engine::LocalDevice) -> Result<Me> {
        let adopt = self.shared.command(Command::Adopt(Box::new(local)));
        let adopted = timeout(READY_MAX, adopt).await.map_err(|_| Error::from(Code::Offline))?;
        adopted?;
        // Our other devices know us then, and seal for us.
        let greet = self.shared.ask(|answer| Request::Flushed { answer });
        let _ = timeout(GREETING_MAX, greet).await;
        // What comes from now on waits at the relay until the past is here, so that it stands behind it.
        self.shared.command(Command::Suspend).await?;
        self.is_hung_up = true;
        self.talk.say(Purpose::Device, &LinkDevice::Ready.encode()).await?;
        self.shared.board.me().ok_or_else(|| Code::Bug.into())
    }

    async fn take(&mut self, began: bool) -> Result<LinkStep> {
        let error = match self.take_next().await {
            Ok(step) => return Ok(step),
            Err(error) => error,
        };
        let mut events = Events(self.shared.board.listen());
        self.go_on().await?;
        if !began && is_signed_off(&mut events).await {
            return self.abandon(error).await;
        }
        let is_broken = error.is(Code::LinkBroken) || error.is(Code::Offline);
        Err(if is_broken { Code::HistoryIncomplete.into() } else { error })
    }

    async fn take_next(&mut self) -> Result<LinkStep> {
        let past = match within(ANSWER_MAX, self.talk.hear()).await? {
            (Purpose::Settings | Purpose::History, said) => {
                Past::decode(&said).map_err(|_| Code::LinkBroken)?
            }
            (Purpose::Done, _) => {
                self.talk.say(Purpose::Done, &[]).await?;
                self.go_on().await?;
                return Ok(LinkStep::Done);
            }
            _ => return Err(Code::LinkBroken.into()),
        };
        self.messages = past.done;
        let step = LinkStep::History { messages: past.done, per_mille: per_mille(past.done, past.of) };
        self.shared.command(Command::Import(Box::new(past))).await?;
        self.state = State::Taking { began: true };
        Ok(step)
    }

    /// What waits at the relay for this device is fetched again.
    async fn go_on(&mut self) -> Result<()> {
        self.is_hung_up = false;
        self.shared.command(Command::Resume).await.map(drop)
    }

    /// The linking broke off before this device was in the account: it is as new as it was.
    async fn abandon<T>(&mut self, error: Error) -> Result<T> {
        self.is_hung_up = false;
        self.shared.command(Command::Abandon).await?;
        Err(error)
    }

    // ---- the account ----

    async fn certify(&mut self) -> Result<LinkStep> {
        let (purpose, said) = within(limits::ROOM_WAIT_MAX, self.talk.hear()).await?;
        let entry = match (purpose, LinkDevice::decode(&said)) {
            (Purpose::Device, Ok(LinkDevice::Keys(entry))) => entry,
            _ => return Err(Code::LinkBroken.into()),
        };
        let device = DeviceId::from_bytes(entry.device);
        let begun = Instant::now();
        let Outcome::Done = self.shared.command(Command::AddDevice(entry)).await? else {
            return Err(Code::Bug.into());
        };
        match self.welcome().await {
            Ok(()) => {
                let open_for = (begun.elapsed() * 2 + SETTLE_MIN).min(SETTLE_MAX);
                self.wait_for_greeting(device).await?;
                let mut giving = Giving::begin(&self.shared.readers, &[]).await?;
                giving.open_until = Some(Instant::now() + open_for);
                self.state = State::Giving(giving);
                Ok(LinkStep::Linked(device))
            }
            Err(error) => {
                // It never came: it is not of the account.
                let _ = self.shared.command(Command::RemoveDevice(device)).await;
                Err(error)
            }
        }
    }

    async fn welcome(&mut self) -> Result<()> {
        let certificate = self.shared.read(show::certificate).await?.ok_or(Code::NotRegistered)?;
        self.talk.say(Purpose::Certificate, &certificate.encode()).await?;
        match within(READY_MAX, self.talk.hear()).await? {
            (Purpose::Device, said) if LinkDevice::decode(&said) == Ok(LinkDevice::Ready) => Ok(()),
            _ => Err(Code::LinkBroken.into()),
        }
    }

    /// Waits until there is a session with the new device: nothing that we seal passes it over then.
    async fn wait_for_greeting(&self, device: DeviceId) -> Result<()> {
        let account = self.shared.board.me().ok_or(Code::NotRegistered)?.account;
        let device = DeviceAddress { account, device };
        let until = Instant::now() + GREETING_MAX;
        while !self.shared.read(move |db| show::has_session(db, device)).await? && Instant::now() < until {
            sleep(GREETING_LOOK).await;
        }
        Ok(())
    }

    async fn give(&mut self, mut giving: Giving) -> Result<LinkStep> {
        giving.next(&self.shared.readers, &mut self.talk).await?;
        let step = LinkStep::History { messages: giving.messages, per_mille: giving.per_mille() };
        if giving.place.is_end() {
            let Some(until) = giving.open_until.take().filter(|until| *until > Instant::now()) else {
                giving.end(&mut self.talk).await?;
                return Ok(LinkStep::Done);
            };
            sleep_until(until).await;
            giving.place = giving.place.since();
        }
        self.state = State::Giving(giving);
        Ok(step)
    }
}

/// The device is not left hung up, whatever became of the linking.
impl Drop for Linking {
    fn drop(&mut self) {
        if self.is_hung_up {
            let (answer, _) = oneshot::channel();
            let _ = self.shared.requests.try_send(Request::Command { command: Command::Resume, answer });
        }
    }
}

/// Whether the account takes this device off its list again: its device has not heard that this one is ready, and does that at once.
async fn is_signed_off(events: &mut Events) -> bool {
    let signed_off = async {
        while let Some(event) = events.next().await {
            if matches!(event, Event::SignedOut(_)) {
                return true;
            }
        }
        false
    };
    timeout(SIGN_OFF_MAX, signed_off).await.unwrap_or(false)
}

fn per_mille(done: u64, of: u64) -> u16 {
    let thousandths = done.saturating_mul(1000).checked_div(of).unwrap_or(1000).min(1000);
    u16::try_from(thousandths).unwrap_or(1000)
}

/// States hold secrets, and print none.
macro_rules! print_name_only {
    ($($state:ident),+) => { $(
        impl fmt::Debug for $state {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($state), "(..)"))
            }
        }
    )+ };
}

print_name_only!(LinkOffer, LinkCode, Linking);
