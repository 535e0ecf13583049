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
use crate::fail::Fail;
use crate::home::Home;
use crate::out;

/// Callers that are served at the same time; the others wait.
const CALLERS_MAX: usize = 8;
/// Texts that are read ahead for one caller.
const TEXTS_WAITING_MAX: usize = 64;
/// Longest line: every byte of a text written as an escape, and the rest of the line.
const LINE_MAX_BYTES: u64 = 6 * TEXT_SIZE_MAX_BYTES as u64 + 4096;

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
    /// A line of JSON, to be printed as it stands.
    Record(String),
    Done(usize),
    Fail(Fail),
}

/// A program that is connected with the home.
pub(crate) struct Way {
    answers: BufReader<OwnedReadHalf>,
    calls: OwnedWriteHalf,
}

/// Finds the program that is connected with the home, if it takes messages.
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
    pub(crate) async fn hand_over(mut self, errand: &Errand, mut texts: Texts) -> Result<usize, Fail> {
        let mut calls = self.calls;
        let call = async {
            say(&mut calls, errand).await?;
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
        let answer = async {
            loop {
                match hear(&mut self.answers).await {
                    Ok(Some(Answer::Record(line))) => out::line(&line)?,
                    Ok(Some(Answer::Done(count))) => return Ok(count),
                    Ok(Some(Answer::Fail(fail))) => return Err(fail),
                    Ok(None) | Err(_) => return Err(broken()),
                }
            }
        };
        tokio::pin!(answer);
        // An answer before the end of the texts is a failure, and ends it.
        let stopped = tokio::select! {
            result = &mut answer => return result,
            called = call => match called {
                Ok((stopped, _open)) => {
                    let count = answer.await?;
                    return stopped.map_or(Ok(count), Err);
                }
                Err(_) => broken(),
            },
        };
        Err(stopped)
    }
}

fn broken() -> Fail {
    Fail::new("handover_broken", "cancelled", "the program that is connected with this home ended meanwhile")
        .advise("what it took is in history HANDLE, and goes out with the next command; send the rest again")
}

/// Takes messages until it is dropped.
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

/// Takes messages of other programs for this home, until the value is dropped. Where it cannot be, they wait for the lock.
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
    let Some(errand) = hear::<Errand>(&mut calls).await? else { return Ok(()) };
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
