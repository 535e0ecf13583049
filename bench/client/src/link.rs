//! Linking a device: how long, how many bytes, and how much memory on either side, by the length of the past.
//!
//! Both sides are processes of their own, so that each has a peak of its own; the new device's connections go through a counter.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::ValueEnum;
use waxwing::{Client, LinkStep, Linking, Store, StoreKey};
use waxwing_bench::Row;
use waxwing_bench::server::Server;

use crate::fill::fill;
use crate::person::{KEY, registered};
use crate::{Args, Outcome};

/// Messages of each conversation.
const EACH: u32 = 100;

/// A side of a linking, in a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// The new device.
    New,
    /// The device of the account.
    Account,
}

pub(crate) async fn measure(args: &Args, folder: &Path) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    for messages in [args.link_messages / 10, args.link_messages] {
        let folder = folder.join(messages.to_string());
        fs::create_dir(&folder)?;
        let relay = Server::relay(&folder.join("relay"))?;
        registered(&relay, &folder, "alice").await?.close().await?;
        fill(&folder.join("alice.db"), messages / EACH, EACH)?;
        rows.push(tokio::task::block_in_place(|| link(&relay, &folder, messages))?);
    }
    Ok(rows)
}

/// Links a new device to the store of `alice`, and tells what that took.
fn link(relay: &Server, folder: &Path, messages: u32) -> Outcome<Row> {
    let counted = Arc::new(AtomicU64::new(0));
    let counter = count(relay.address, Arc::clone(&counted))?;
    let mut new = Side::start(Role::New, counter, folder)?;
    let text = new.hear()?;
    let mut account = Side::start(Role::Account, relay.address, folder)?;
    account.say(&text)?;
    let (at_new, at_account) = (new.hear()?, account.hear()?);
    new.say(&at_account)?;
    account.say(&at_new)?;
    let (new, account) = (new.result()?, account.result()?);
    if new.messages != f64::from(messages) {
        return Err(format!("{} messages of {messages} came", new.messages).into());
    }
    let mib = f64::from(1 << 20);
    Ok(Row::new("link")
        .figure("messages", new.messages)
        .figure("seconds", new.seconds)
        .figure("seconds_to_last_message", new.last_message)
        .figure("wire_mib", counted.load(Ordering::Relaxed) as f64 / mib)
        .figure("bytes_per_message", counted.load(Ordering::Relaxed) as f64 / new.messages)
        .figure("new_peak_mib", new.peak / mib)
        .figure("new_before_mib", new.before / mib)
        .figure("account_peak_mib", account.peak / mib)
        .figure("account_before_mib", account.before / mib))
}

/// What a side measured.
struct Measured {
    messages: f64,
    seconds: f64,
    last_message: f64,
    before: f64,
    peak: f64,
}

/// A process that plays one side.
struct Side {
    child: Child,
    said: BufReader<ChildStdout>,
    say: ChildStdin,
}

impl Side {
    fn start(role: Role, relay: SocketAddr, folder: &Path) -> Outcome<Side> {
        let role = role.to_possible_value().ok_or("a role without a name")?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--role", role.get_name(), "--relay", &format!("ws://{relay}"), "--data"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = BufReader::new(child.stdout.take().ok_or("no output")?);
        let say = child.stdin.take().ok_or("no input")?;
        Ok(Side { child, said, say })
    }

    fn hear(&mut self) -> Outcome<String> {
        let mut line = String::new();
        self.said.read_line(&mut line)?;
        if line.is_empty() { Err("a side ended".into()) } else { Ok(line.trim().to_owned()) }
    }

    fn say(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.say, "{line}")?;
        self.say.flush()
    }

    fn result(&mut self) -> Outcome<Measured> {
        let line = self.hear()?;
        let figures: Vec<f64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [messages, seconds, last_message, before, peak] = figures[..] else { return Err(line.into()) };
        Ok(Measured { messages, seconds, last_message, before, peak })
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes connections on, and counts what goes either way.
fn count(to: SocketAddr, counted: Arc<AtomicU64>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for here in listener.incoming().filter_map(Result::ok) {
            let Ok(there) = TcpStream::connect(to) else { continue };
            for (from, into) in [(here.try_clone(), there.try_clone()), (Ok(there), Ok(here))] {
                let (Ok(from), Ok(into), counted) = (from, into, Arc::clone(&counted)) else { continue };
                std::thread::spawn(move || pass_on(from, into, &counted));
            }
        }
    });
    Ok(address)
}

fn pass_on(mut from: TcpStream, mut into: TcpStream, counted: &AtomicU64) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        counted.fetch_add(read as u64, Ordering::Relaxed);
        if into.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = into.shutdown(Shutdown::Both);
}

/// Plays one side: says its text or reads it, says its code, reads the other's, and tells what it took.
#[allow(clippy::print_stdout)] // that is how it tells
pub(crate) async fn play(role: Role, relay: &str, folder: &Path) -> Outcome<()> {
    let name = match role {
        Role::New => "laptop.db",
        Role::Account => "alice.db",
    };
    let store = Store::file(PathBuf::from(folder).join(name)).key(StoreKey::from_bytes(KEY));
    let client = Client::builder(relay).store(store).build().await?;
    let code = match role {
        Role::New => {
            let offer = client.link_as_new().await?;
            println!("{}", offer.text());
            offer.scanned().await?
        }
        Role::Account => {
            client.wait_online().await?;
            client.link_device(&read_line()?).await?
        }
    };
    println!("{}", code.code());
    let linking = code.confirm(&read_line()?)?;
    let before = memory("VmRSS:")?;
    let (messages, seconds, last_message) = run(linking).await?;
    let peak = memory("VmHWM:")?;
    println!("{messages} {seconds} {last_message} {before} {peak}");
    // The other side may still need what this one said last.
    read_line()?;
    Ok(())
}

async fn run(mut linking: Linking) -> Outcome<(u64, f64, f64)> {
    let begun = Instant::now();
    let (mut count, mut last_message) = (0, 0.0);
    loop {
        match linking.next().await? {
            LinkStep::Linked(_) => {}
            LinkStep::History { messages, .. } => {
                if messages > count {
                    last_message = begun.elapsed().as_secs_f64();
                }
                count = messages;
            }
            LinkStep::Done => return Ok((count, begun.elapsed().as_secs_f64(), last_message)),
        }
    }
}

fn read_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

/// Memory of this process, in bytes.
fn memory(kind: &str) -> Outcome<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(kind)).ok_or("the kernel does not say")?;
    let kib: f64 = line.split_whitespace().next().ok_or("no number")?.parse()?;
    Ok(kib * 1024.0)
}
