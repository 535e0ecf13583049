//! A relay as a process, and clients with real sockets and keys.
#![allow(dead_code, unreachable_pub, missing_docs)] // each test program uses its part
#![allow(clippy::wildcard_enum_match_arm)] // whatever is not expected fails the test

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream as AsyncTcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use waxwing_wire::{
    AccountId, Challenge, ClientBody, ClientFrame, Destination, DeviceId, DeviceRecord, FetchId,
    FrameSignature, Handle, MessageId, Prekey, PublicKeyBytes, RELAY_PROOF_LABEL, RefusalCode, Register,
    RelayBody, RelayFrame, RelayId, Request, SUBPROTOCOL, SealedFor, Submit, UpdateDevices,
    account_deleted_statement, decode_relay, delete_account_statement, encode_client, login_statement,
    registration_statement, update_devices_statement,
};

pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct RelayProcess {
    pub child: Child,
    pub url: String,
}

impl RelayProcess {
    pub fn start(data: &Path, args: &[&str]) -> RelayProcess {
        RelayProcess::start_logging_to(data, args, Stdio::inherit())
    }

    pub fn start_logging_to(data: &Path, args: &[&str], stderr: Stdio) -> RelayProcess {
        let mut child = command(data, args).stderr(stderr).spawn().expect("the relay starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the relay says where it listens");
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("first line: {line:?}"));
        RelayProcess { url: url.to_owned(), child }
    }

    pub fn get(&self, path: &str) -> String {
        let address = self.url.split_once("//").expect("a URL").1;
        let mut stream = TcpStream::connect(address).expect("the relay listens");
        write!(stream, "GET {path} HTTP/1.1\r\nhost: relay\r\nconnection: close\r\n\r\n").expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    pub fn kill(mut self) {
        self.child.kill().expect("the relay runs");
        self.child.wait().expect("the relay ends");
    }

    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("the relay ends")
    }
}

impl Drop for RelayProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn command(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waxwing-relay"));
    command.args(["--listen", "127.0.0.1:0", "--data"]).arg(data).args(args).stdout(Stdio::piped());
    command
}

pub struct Folder {
    pub path: PathBuf,
    _guard: tempfile::TempDir,
}

pub fn folder() -> Folder {
    let guard = tempfile::tempdir().expect("a folder for the test");
    Folder { path: guard.path().to_owned(), _guard: guard }
}

/// A person with one device; everything follows from a small number.
#[derive(Clone)]
pub struct Person {
    pub handle: Handle,
    pub account: AccountId,
    pub device: DeviceId,
    pub account_key: SigningKey,
    pub device_key: SigningKey,
}

pub fn person(number: u8) -> Person {
    Person {
        handle: Handle::new(&format!("person{number}")).expect("a handle"),
        account: AccountId::from_bytes([number; 16]),
        device: DeviceId::from_bytes([number + 100; 16]),
        account_key: SigningKey::from_bytes(&[number; 32]),
        device_key: SigningKey::from_bytes(&[number + 100; 32]),
    }
}

impl Person {
    pub fn record(&self) -> DeviceRecord {
        let signing_key = PublicKeyBytes(self.device_key.verifying_key().to_bytes());
        DeviceRecord { device: self.device, signing_key }
    }

    /// The same person on another device.
    pub fn on_device(&self, number: u8) -> Person {
        let device = DeviceId::from_bytes([number; 16]);
        Person { device, device_key: SigningKey::from_bytes(&[number; 32]), ..self.clone() }
    }
}

pub fn sign(key: &SigningKey, statement: &[u8]) -> FrameSignature {
    FrameSignature(key.sign(&[RELAY_PROOF_LABEL, statement].concat()).to_bytes())
}

pub type Socket = WebSocketStream<MaybeTlsStream<AsyncTcpStream>>;

pub struct Client {
    pub socket: Socket,
    pub relay: RelayId,
    pub challenge: Challenge,
    next_request: u64,
}

pub async fn open(url: &str) -> Socket {
    try_open(url).await.expect("the relay takes the socket")
}

pub async fn try_open(url: &str) -> Option<Socket> {
    let mut request = url.into_client_request().expect("a URL");
    request.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse().expect("a header"));
    connect_async(request).await.ok().map(|(socket, _)| socket)
}

pub fn hello(version_min: u32, version_max: u32) -> ClientBody {
    ClientBody::Hello { version_min, version_max, features: 0, agent: "test".to_owned() }
}

impl Client {
    pub async fn greet(url: &str) -> Client {
        let mut client = Client::silent(url).await;
        let answer = client.ask(hello(1, 1)).await;
        let RelayBody::Welcome(welcome) = answer else { panic!("no welcome but {answer:?}") };
        (client.relay, client.challenge) = (welcome.relay, welcome.challenge);
        client
    }

    pub async fn silent(url: &str) -> Client {
        let relay = RelayId::from_bytes([0; 16]);
        Client { socket: open(url).await, relay, challenge: [0; 32], next_request: 1 }
    }

    pub async fn registered(url: &str, who: &Person) -> Client {
        let mut client = Client::greet(url).await;
        let frame = client.registration(who, None);
        let answer = client.ask(frame).await;
        assert!(matches!(answer, RelayBody::LoggedIn(_)), "{answer:?}");
        client
    }

    pub async fn logged_in(url: &str, who: &Person) -> Client {
        let mut client = Client::greet(url).await;
        let answer = client.login(who).await;
        assert!(matches!(answer, RelayBody::LoggedIn(_)), "{answer:?}");
        client
    }

    pub async fn login(&mut self, who: &Person) -> RelayBody {
        let statement = login_statement(&self.relay, &self.challenge, &who.account, &who.device);
        let signature = sign(&who.device_key, &statement);
        self.ask(ClientBody::Login { account: who.account, device: who.device, signature }).await
    }

    pub fn registration(&self, who: &Person, token: Option<String>) -> ClientBody {
        let account_key = PublicKeyBytes(who.account_key.verifying_key().to_bytes());
        let device_list = Bytes::from_static(b"list 1");
        let statement = registration_statement(
            &self.relay,
            &self.challenge,
            &who.handle,
            &who.account,
            &account_key,
            &who.record(),
            &device_list,
        );
        ClientBody::Register(Box::new(Register {
            handle: who.handle.clone(),
            account: who.account,
            account_key,
            device: who.record(),
            device_list,
            device_list_version: 1,
            account_signature: sign(&who.account_key, &statement),
            device_signature: sign(&who.device_key, &statement),
            token,
        }))
    }

    pub fn update_devices(&self, who: &Person, devices: Vec<DeviceRecord>, version: u64) -> ClientBody {
        let device_list = Bytes::from(format!("list {version}"));
        let statement = update_devices_statement(
            &self.relay,
            &self.challenge,
            &who.account,
            &who.device,
            &devices,
            &device_list,
            version,
        );
        ClientBody::UpdateDevices(Box::new(UpdateDevices {
            account: who.account,
            device: who.device,
            devices,
            device_list,
            device_list_version: version,
            account_signature: sign(&who.account_key, &statement),
        }))
    }

    pub fn delete_account(&self, who: &Person) -> ClientBody {
        let statement = delete_account_statement(&self.relay, &self.challenge, &who.account, &who.device);
        ClientBody::DeleteAccount {
            account_signature: sign(&who.account_key, &statement),
            deletion: sign(&who.account_key, &account_deleted_statement(&who.account)),
        }
    }

    pub async fn send(&mut self, body: ClientBody) -> Request {
        let request = Request(self.next_request);
        self.next_request += 1;
        let message = Message::Binary(encode_client(&ClientFrame { request, body }));
        let _ = self.socket.send(message).await;
        request
    }

    /// The next frame, or the code of the closing.
    pub async fn next(&mut self) -> Result<RelayFrame, Option<u16>> {
        loop {
            let message =
                tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("the relay answers");
            match message {
                Some(Ok(Message::Binary(bytes))) => {
                    return Ok(decode_relay(bytes).expect("a frame of the relay"));
                }
                Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    pub async fn body(&mut self) -> RelayBody {
        self.next().await.expect("a frame").body
    }

    /// Sends, and skips frames until the answer to it.
    pub async fn ask(&mut self, body: ClientBody) -> RelayBody {
        self.try_ask(body).await.expect("an answer")
    }

    pub async fn try_ask(&mut self, body: ClientBody) -> Option<RelayBody> {
        let request = self.send(body).await;
        loop {
            let frame = self.next().await.ok()?;
            if frame.request == request {
                return Some(frame.body);
            }
        }
    }

    pub async fn until<T>(&mut self, mut wanted: impl FnMut(&RelayBody) -> Option<T>) -> T {
        loop {
            let body = self.body().await;
            if let Some(found) = wanted(&body) {
                return found;
            }
        }
    }

    /// Reads up to the end of the mailbox: what came.
    pub async fn drain(&mut self) -> Vec<(u64, MessageId)> {
        let mut came = Vec::new();
        self.until(|body| match body {
            RelayBody::Deliver { envelopes } => {
                came.extend(envelopes.iter().map(|envelope| (envelope.sequence, envelope.message)));
                None
            }
            RelayBody::Drained { .. } => Some(()),
            other => panic!("while draining: {other:?}"),
        })
        .await;
        came
    }

    pub async fn closing(&mut self) -> Option<u16> {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }
}

pub fn message(number: u64) -> MessageId {
    MessageId::v7(number, [7; 10])
}

pub fn submit(to: &Person, number: u64, fence: u64, version: u64) -> ClientBody {
    let payload = Bytes::from(format!("sealed {number}"));
    ClientBody::Submit(Submit {
        message: message(number),
        fence,
        destinations: vec![Destination {
            account: to.account,
            device_list_version: version,
            devices: vec![SealedFor { device: to.device, payload }],
        }],
    })
}

pub fn prekeys(ids: std::ops::RangeInclusive<u32>) -> ClientBody {
    let bundle = |id: u32| Prekey { id, bundle: Bytes::from(format!("bundle {id}")) };
    ClientBody::PublishPrekeys {
        one_time: ids.map(bundle).collect(),
        last_resort: Some(Prekey { id: 1, bundle: Bytes::from_static(b"last resort") }),
        replace: false,
    }
}

pub fn fetch(of: &Person, number: u64) -> ClientBody {
    let fetch = FetchId::from_bytes(*message(number).as_bytes());
    ClientBody::FetchPrekeys { fetch, account: of.account, devices: vec![of.device] }
}

pub fn bundle(body: &RelayBody) -> Option<Bytes> {
    let RelayBody::Prekeys { devices, .. } = body else { panic!("no prekeys but {body:?}") };
    devices[0].bundle.clone()
}

pub fn refusal(body: &RelayBody) -> Option<RefusalCode> {
    if let RelayBody::Refused(refused) = body { Some(refused.code) } else { None }
}
