//! A relay and a few people, all of them real processes with real files, for tests that kill them.
#![allow(dead_code)] // each test binary uses a part of it
#![allow(unreachable_pub)] // its public parts are public to the test beside it

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

const CHAT: &str = env!("CARGO_BIN_EXE_waxwing-chat");

/// A small generator, so that a run can be repeated from its seed (splitmix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// Natural text in many languages, and what natural text is not: emoji, overrides, combining marks, one byte, the size limit.
pub fn messages(count: usize) -> Vec<String> {
    let odd = [
        "x".to_owned(),
        "👩‍👩‍👧‍👦🏳️‍🌈🇪🇺👍🏽".to_owned(),
        "\u{202e}override\u{202c} \u{2066}isolate\u{2069} \u{200f}mark".to_owned(),
        "Z\u{0351}\u{036b}\u{0343}\u{0334}\u{0335} a\u{0301}\u{0328} ก็็็็็".to_owned(),
        "\u{1b}[31mred\u{1b}[0m \u{7}bell \u{8}back".to_owned(),
        "' OR 1=1; -- \\\" {\"text\":\"forged\"}".to_owned(),
        "long ".repeat(2_000),
        "é".repeat(32 * 1024),
    ];
    let natural = include_str!("../data/udhr.tsv").lines().filter_map(|line| line.split_once('\t'));
    let natural: Vec<&str> = natural.map(|(_, text)| text.trim()).filter(|text| !text.is_empty()).collect();
    let one = |index: usize| {
        let round = index / natural.len();
        match index % 37 {
            5 if index / 37 < odd.len() => odd[index / 37].clone(),
            _ if round == 0 => natural[index].to_owned(),
            _ => format!("{} ({round})", natural[index % natural.len()]),
        }
    };
    (0..count).map(one).collect()
}

pub fn count(states: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for state in states {
        *counts.entry(state.as_str()).or_default() += 1;
    }
    counts
}

/// The folder where all of it happens.
pub struct House {
    root: tempfile::TempDir,
    relay_url: Mutex<String>,
}

impl House {
    pub fn build() -> House {
        House { root: tempfile::tempdir().expect("a temporary folder"), relay_url: Mutex::new(String::new()) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn start_relay(&self) -> Relay<'_> {
        self.start_relay_with(&[])
    }

    pub fn start_relay_with(&self, options: &[&str]) -> Relay<'_> {
        let (child, url) = spawn_relay(&self.path("relay"), "127.0.0.1:0", options);
        let address = url.trim_start_matches("ws://").to_owned();
        *self.relay_url.lock().expect("no test thread panicked") = url;
        let options = options.iter().map(|&option| option.to_owned()).collect();
        Relay { house: self, address, options, child: Mutex::new(Some(child)) }
    }

    /// From here on the program is given this relay.
    pub fn talk_to(&self, relay_url: String) {
        *self.relay_url.lock().expect("no test thread panicked") = relay_url;
    }

    pub fn relay_url(&self) -> String {
        self.relay_url.lock().expect("no test thread panicked").clone()
    }

    fn command(&self, home: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(CHAT);
        command.arg("--home").arg(self.path(home)).arg("--relay").arg(self.relay_url()).args(arguments);
        command.env_remove("WAXWING_STORE_KEY").env_remove("WAXWING_HOME").env_remove("WAXWING_RELAY");
        command
    }

    /// Runs the program in a home of this name.
    pub fn chat(&self, home: &str, arguments: &[&str]) -> Run {
        Run { command: self.command(home, arguments), input: None }
    }

    /// Starts the program and leaves it running.
    pub fn spawn(&self, home: &str, arguments: &[&str]) -> Child {
        let mut command = self.command(home, arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().expect("the program starts")
    }

    /// Starts the program, to be talked with.
    pub fn converse(&self, home: &str, arguments: &[&str]) -> Child {
        let mut command = self.command(home, arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().expect("the program starts")
    }

    /// Sends, and kills the program after a while. Returns whether it was still running then.
    pub fn send_and_kill(&self, home: &str, to: &str, input: &str, wait: Duration) -> bool {
        let mut command = self.command(home, &["send", to, "--json"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("standard input is a pipe");
        let input = format!("{input}\n");
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let _ = stdin.write_all(input.as_bytes());
            });
            kill_after(child, wait)
        })
    }

    /// Listens, and kills the program after a while. Returns whether it was still running then.
    pub fn listen_and_kill(&self, home: &str, wait: Duration) -> bool {
        let mut command = self.command(home, &["listen", "--json"]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        kill_after(child.expect("the program starts"), wait)
    }

    /// Runs the program to a good end, and returns the lines of JSON that it printed.
    pub fn json(&self, home: &str, arguments: &[&str]) -> Vec<Value> {
        let output = self.chat(home, &[arguments, &["--json"]].concat()).succeeds();
        output.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }

    /// Takes in all that the relay holds for these homes.
    pub fn drain(&self, homes: &[&str]) {
        std::thread::scope(|scope| {
            for home in homes {
                scope.spawn(|| self.chat(home, &["listen", "--until-drained"]).succeeds());
            }
        });
    }

    /// Makes a new home a device of the account of another one.
    pub fn link(&self, account: &str, new: &str) {
        let mut there = self.converse(new, &["link", "--json"]);
        let mut from_there = BufReader::new(there.stdout.take().expect("a pipe"));
        let text = field(&mut from_there, "link_text");
        let mut here = self.converse(account, &["link", &text, "--json"]);
        let mut from_here = BufReader::new(here.stdout.take().expect("a pipe"));
        let codes = (field(&mut from_there, "code"), field(&mut from_here, "code"));
        writeln!(there.stdin.take().expect("a pipe"), "{}", codes.1).expect("it reads");
        writeln!(here.stdin.take().expect("a pipe"), "{}", codes.0).expect("it reads");
        field(&mut from_there, "done");
        field(&mut from_here, "done");
        assert!(there.wait().expect("it ends").success() && here.wait().expect("it ends").success());
    }

    /// The messages of a history, as the program prints them.
    pub fn history(&self, home: &str, with: &str) -> Vec<Value> {
        let output = self.chat(home, &["history", with, "--json"]).succeeds();
        let lines = output.lines().map(|line| serde_json::from_str(line).expect("each line is JSON"));
        lines.filter(|entry: &Value| entry["text"].is_string() && entry["kind"] != "notice").collect()
    }

    fn fields(&self, home: &str, with: &str, direction: &str, field: &str) -> Vec<String> {
        let history = self.history(home, with);
        let entries = history.iter().filter(|entry| entry["direction"] == direction);
        entries.map(|entry| entry[field].as_str().expect("a text").to_owned()).collect()
    }

    pub fn texts(&self, home: &str, with: &str, direction: &str) -> Vec<String> {
        self.fields(home, with, direction, "text")
    }

    pub fn states(&self, home: &str, with: &str, direction: &str) -> Vec<String> {
        self.fields(home, with, direction, "state")
    }

    /// Looks for the texts in every file that anybody wrote.
    pub fn assert_no_plaintext(&self, texts: &[String]) {
        let mut files = Vec::new();
        collect(self.root.path(), &mut files);
        assert!(files.len() >= 3, "there are files to look into");
        for file in files {
            let bytes = std::fs::read(&file).expect("the file can be read");
            for text in texts.iter().filter(|text| text.len() >= 24).step_by(7) {
                let needle = &text.as_bytes()[..24];
                let found = bytes.windows(needle.len()).any(|window| window == needle);
                assert!(!found, "{} holds plaintext", file.display());
            }
        }
    }
}

/// Reads lines of JSON until one has this field.
pub fn field(lines: &mut impl BufRead, name: &str) -> String {
    loop {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).expect("it can be read") > 0, "a line with {name} comes");
        let value: Value = serde_json::from_str(&line).expect("JSON");
        if let Some(found) = value.get(name) {
            return found.as_str().map_or_else(|| found.to_string(), str::to_owned);
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.is_file() {
            files.push(path);
        }
    }
}

fn kill_after(mut child: Child, wait: Duration) -> bool {
    let deadline = Instant::now() + wait;
    while Instant::now() < deadline {
        if child.try_wait().expect("the process can be asked").is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let running = child.try_wait().expect("the process can be asked").is_none();
    let _ = child.kill();
    child.wait().expect("the process ends");
    running
}

/// A run of the program.
pub struct Run {
    command: Command,
    input: Option<String>,
}

impl Run {
    pub fn with_input(mut self, input: &str) -> Run {
        self.input = Some(input.to_owned());
        self
    }

    pub fn output(mut self) -> Output {
        let stdin = if self.input.is_some() { Stdio::piped() } else { Stdio::null() };
        let spawned = self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.expect("the program starts");
        if let Some(input) = self.input.take() {
            let mut stdin = child.stdin.take().expect("standard input is a pipe");
            std::thread::spawn(move || stdin.write_all(input.as_bytes()));
        }
        child.wait_with_output().expect("the program ends")
    }

    /// Runs it to a good end, and returns what it printed.
    pub fn succeeds(self) -> String {
        let what = format!("{:?}", self.command);
        let output = self.output();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{what} ended with {}: {errors}", output.status);
        String::from_utf8(output.stdout).expect("it prints UTF-8")
    }

    /// Runs it to a bad end with this code, and returns what it printed on standard error.
    pub fn fails_with(self, code: &str) -> String {
        let what = format!("{:?}", self.command);
        let output = self.output();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{what} should fail");
        assert!(errors.contains(code), "{what} should say {code}: {errors}");
        errors
    }
}

/// The relay, in a process of its own.
pub struct Relay<'h> {
    house: &'h House,
    address: String,
    options: Vec<String>,
    child: Mutex<Option<Child>>,
}

impl Relay<'_> {
    pub fn kill(&self) {
        if let Some(mut child) = self.child.lock().expect("no test thread panicked").take() {
            let _ = child.kill();
            child.wait().expect("the relay ends");
        }
    }

    pub fn start(&self) {
        let options: Vec<&str> = self.options.iter().map(String::as_str).collect();
        let (child, _) = spawn_relay(&self.house.path("relay"), &self.address, &options);
        *self.child.lock().expect("no test thread panicked") = Some(child);
    }

    pub fn kill_and_restart(&self) {
        self.kill();
        self.start();
    }

    /// Kills the relay and throws its database away.
    pub fn wipe(&self) {
        self.kill();
        std::fs::remove_dir_all(self.house.path("relay")).expect("the folder can be removed");
        self.start();
    }

    pub fn stop(&self) {
        self.kill();
    }
}

impl Drop for Relay<'_> {
    fn drop(&mut self) {
        if let Ok(mut child) = self.child.lock()
            && let Some(mut child) = child.take()
        {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn spawn_relay(data: &Path, listen: &str, options: &[&str]) -> (Child, String) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let mut command = Command::new(relay_binary());
        command.arg("--listen").arg(listen).arg("--data").arg(data).args(options);
        let log = std::fs::File::options().create(true).append(true).open(data.with_extension("log"));
        command.stdout(Stdio::piped()).stderr(log.expect("the log can be written"));
        let mut child = command.spawn().expect("the relay starts");
        let mut first = String::new();
        let stdout = child.stdout.take().expect("standard output is a pipe");
        BufReader::new(stdout).read_line(&mut first).expect("the relay prints");
        if let Some(url) = first.trim().strip_prefix("listening on ") {
            return (child, url.to_owned());
        }
        // The port of the one that was killed may not be free at once.
        child.wait().expect("the relay ends");
        assert!(Instant::now() < deadline, "the relay does not start");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The relay's program stands beside this package's own; `cargo xtask test` builds it first. Where it was not built yet, it is
/// built now: by itself, so with fewer features than in the workspace, and from scratch.
fn relay_binary() -> PathBuf {
    let path = Path::new(CHAT).with_file_name("waxwing-relay");
    static BUILD: std::sync::Once = std::sync::Once::new();
    BUILD.call_once(|| {
        if path.exists() {
            return;
        }
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "waxwing-relay", "--bin", "waxwing-relay"]);
        if path.parent().is_some_and(|folder| folder.ends_with("release")) {
            build.arg("--release");
        }
        let target = path.parent().and_then(Path::parent).expect("the program stands in a target folder");
        build.env("CARGO_TARGET_DIR", target);
        assert!(build.status().expect("cargo runs").success(), "the relay can be built");
    });
    path
}
