//! The socket, where there are Unix sockets.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use waxwing::Client;
use waxwing::limits::TEXT_SIZE_MAX_BYTES;

use super::super::send::{self, Errand, Texts};
use super::super::task::{self, Manner, Task};
use crate::fail::Fail;
use crate::home::Home;
use crate::out;

/// Callers that are served at the same time; the others wait.
const CALLERS_MAX: usize = 8;
/// Texts that are read ahead for one caller.
const TEXTS_WAITING_MAX: usize = 64;
/// Longest line: every byte of a text written as an escape, and the rest of the line.
const LINE_MAX_BYTES: u64 = 6 * TEXT_SIZE_MAX_BYTES as u64 + 4096;

/// What the caller wants.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ask {
    /// Texts follow, which are to be sent.
    Send(Errand),
    /// One thing is to be done.
    Do(Task, Manner),
}

/// What the caller says after its errand.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Call {
    Text(String),
    End,
}

/// What it is answered.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// A line, to be printed as it stands.
    Record(String),
    Done(usize),
    Fail(Fail),
}

/// A program that is connected with the home.
pub(crate) struct Way {
    answers: BufReader<OwnedReadHalf>,
    calls: OwnedWriteHalf,
}

/// Finds the program that is connected with the home, if it takes what is to be done.
pub(crate) async fn connect(home: &Home) -> Option<Way> {
    let (answers, calls) = UnixStream::connect(home.control_path()).await.ok()?.into_split();
    Some(Way { answers: BufReader::new(answers), calls })
}

impl Way {
    /// Hands all texts over, prints what is reported, and returns how many there were.
    ///
    /// # Errors
    ///
    /// As if the texts were sent by this process; `handover_broken` when the other one ends meanwhile.
    pub(crate) async fn hand_over(mut self, errand: Errand, mut texts: Texts) -> Result<usize, Fail> {
        let mut calls = self.calls;
        let call = async {
            say(&mut calls, &Ask::Send(errand)).await?;
            let mut stopped = None;
            while let Some(text) = texts.recv().await {
                match text {
                    Ok(text) => say(&mut calls, &Call::Text(text)).await?,
                    Err(fail) => {
                        stopped = Some(fail);
                        break;
                    }
                }
            }
            say(&mut calls, &Call::End).await?;
            Ok::<_, io::Error>((stopped, calls))
        };
        let answer = async { print_all(&mut self.answers).await };
        tokio::pin!(answer);
        // An answer before the end of the texts is a failure, and ends it; then nobody listens to the rest any more.
        tokio::select! {
            result = &mut answer => result,
            called = call => match called {
                Ok((stopped, _open)) => {
                    let count = answer.await?;
                    stopped.map_or(Ok(count), Err)
                }
                Err(_) => answer.await,
            },
        }
    }
}

impl Way {
    /// Has one thing done, and prints what came of it.
    ///
    /// # Errors
    ///
    /// As if it were done by this process; `handover_broken` when the other one ends meanwhile.
    pub(crate) async fn order(mut self, task: Task, manner: Manner) -> Result<(), Fail> {
        if say(&mut self.calls, &Ask::Do(task, manner)).await.is_err() {
            return Err(broken());
        }
        print_all(&mut self.answers).await.map(drop)
    }
}

/// Prints what is answered, up to the end; returns how many messages there were.
async fn print_all(answers: &mut BufReader<OwnedReadHalf>) -> Result<usize, Fail> {
    loop {
        match hear(answers).await {
            Ok(Some(Answer::Record(line))) => out::line(&line)?,
            Ok(Some(Answer::Done(count))) => return Ok(count),
            Ok(Some(Answer::Fail(fail))) => return Err(fail),
            Ok(None) | Err(_) => return Err(broken()),
        }
    }
}

fn broken() -> Fail {
    Fail::new("handover_broken", "cancelled", "the program that is connected with this home ended meanwhile")
        .advise("what it took is in history, and goes out with the next command; do the rest again")
}

/// Takes what is to be done until it is dropped.
#[derive(Debug)]
pub(crate) struct Control {
    path: PathBuf,
    serving: JoinHandle<()>,
}

impl Drop for Control {
    fn drop(&mut self) {
        self.serving.abort();
        let _ = fs::remove_file(&self.path);
    }
}

/// Does what other programs want done in this home, until the value is dropped. Where it cannot be, they wait for the lock.
///
/// Call it only while the client holds the home: a socket that is there already is then a stale one.
pub(crate) fn serve(client: &Client, home: &Home) -> Option<Control> {
    let path = home.control_path();
    let listener = bind(&path).ok()?;
    let client = client.clone();
    let serving = tokio::spawn(async move {
        let seats = Arc::new(Semaphore::new(CALLERS_MAX));
        // Dropped with this task, and with it everyone who is being served.
        let mut callers = JoinSet::new();
        while let Ok(seat) = seats.clone().acquire_owned().await {
            let Ok((stream, _)) = listener.accept().await else { break };
            while callers.try_join_next().is_some() {}
            let client = client.clone();
            callers.spawn(async move {
                // A caller that hangs up is told nothing.
                let _ = attend(&client, stream).await;
                drop(seat);
            });
        }
    });
    Some(Control { path, serving })
}

/// A socket for its owner only. It gets its name after it got its permissions.
fn bind(path: &Path) -> io::Result<UnixListener> {
    let mut salt = [0; 8];
    getrandom::fill(&mut salt).map_err(io::Error::other)?;
    let temporary = path.with_extension(hex::encode(salt));
    let listener = UnixListener::bind(&temporary)?;
    let named = fs::set_permissions(&temporary, Permissions::from_mode(0o600))
        .and_then(|()| fs::rename(&temporary, path));
    if named.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    named.map(|()| listener)
}

async fn attend(client: &Client, stream: UnixStream) -> io::Result<()> {
    let (calls, mut answers) = stream.into_split();
    let mut calls = BufReader::new(calls);
    match hear::<Ask>(&mut calls).await? {
        None => Ok(()),
        Some(Ask::Send(errand)) => send_all(client, errand, calls, answers).await,
        Some(Ask::Do(task, manner)) => {
            let last = match task::carry_out(client, task, manner).await {
                Ok(lines) => {
                    for line in lines {
                        say(&mut answers, &Answer::Record(line)).await?;
                    }
                    Answer::Done(0)
                }
                Err(fail) => Answer::Fail(fail),
            };
            say(&mut answers, &last).await
        }
    }
}

async fn send_all(
    client: &Client,
    errand: Errand,
    mut calls: BufReader<OwnedReadHalf>,
    mut answers: OwnedWriteHalf,
) -> io::Result<()> {
    let (texts, received) = mpsc::channel(TEXTS_WAITING_MAX);
    let (reports, mut reported) = mpsc::unbounded_channel();
    let listen = async {
        let texts = texts;
        while let Ok(Some(Call::Text(text))) = hear::<Call>(&mut calls).await {
            if texts.send(Ok(text)).await.is_err() {
                break;
            }
        }
        drop(texts);
        std::future::pending::<()>().await;
    };
    let deliver = async move {
        let mut report = |record| {
            // A caller that hung up needs no report; its messages go out all the same.
            let _ = reports.send(Answer::Record(out::json_text(&record)));
            Ok(())
        };
        match send::deliver(client, &errand, received, &mut report).await {
            Ok(count) => Answer::Done(count),
            Err(fail) => Answer::Fail(fail),
        }
    };
    let write = async {
        while let Some(answer) = reported.recv().await {
            say(&mut answers, &answer).await?;
        }
        Ok::<_, io::Error>(answers)
    };
    let work = async { tokio::join!(deliver, write) };
    // The work ends after the texts, or before them when it fails.
    let (last, answers) = tokio::select! {
        () = listen => return Ok(()),
        done = work => done,
    };
    say(&mut answers?, &last).await
}

async fn say(to: &mut OwnedWriteHalf, what: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    to.write_all(&line).await
}

async fn hear<T: DeserializeOwned>(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    if from.take(LINE_MAX_BYTES).read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line)?))
}
