//! The memory of a notification extension: a process of its own that opens, fetches, decrypts one message, and closes.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::Stage;
use super::library::{cargo, target_folder};
use crate::shell::{Call, Outcome, Trouble};

/// Most memory above that of an empty process, in bytes: 12 MB. A system ends extensions at 24 MB, and the app's own code has to live there too.
const MEMORY_MAX_BYTES: u64 = 12_000_000;

/// Runs `bindings/examples/notification.rs`, which has the code of the library, built alike. On Linux, which tells what a process took.
pub(super) fn gate(stage: &Stage) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    cargo("build --package waxwing-ffi --example notification --profile ffi", &stage.generated)?.run()?;
    let program = target_folder(&stage.root).join("ffi/examples/notification");
    let folder = stage.generated.join("notification");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|e| trouble(&folder, &e))?;
    }
    fs::create_dir_all(&folder).map_err(|e| trouble(&folder, &e))?;
    let relay = Relay::start(&stage.relay, &folder.join("relay"))?;
    let call = |what: &str| Call::at(&program).arg(what);
    let with = |what: &str| call(what).arg(&relay.address).arg(folder.display().to_string());
    with("prepare").run_quietly()?;
    let (fetching, nothing) = (bytes(&with("fetch"))?, bytes(&call("nothing"))?);
    let above = fetching.saturating_sub(nothing);
    let mb = |bytes: u64| format!("{}.{:02} MB", bytes / 1_000_000, bytes % 1_000_000 / 10_000);
    println!(
        "notification extension: {} above an empty process (at most {})",
        mb(above),
        mb(MEMORY_MAX_BYTES)
    );
    if above > MEMORY_MAX_BYTES {
        return Err(Trouble::new("a notification extension takes more memory than it may"));
    }
    Ok(())
}

/// What the program says in its last line.
fn bytes(call: &Call) -> Result<u64, Trouble> {
    println!("$ {call}");
    let said = call.output().ok_or_else(|| Trouble::new(format!("`{call}` failed")))?;
    let last = said.lines().last().and_then(|line| line.strip_suffix(" bytes"));
    let bytes = last.and_then(|number| number.parse().ok());
    bytes.ok_or_else(|| Trouble::new(format!("`{call}` says `{said}`")))
}

/// A relay at a free port, which ends with this value.
struct Relay {
    child: Child,
    address: String,
}

impl Relay {
    fn start(program: &Path, data: &Path) -> Result<Relay, Trouble> {
        let mut child = Command::new(program)
            .args(["--listen", "127.0.0.1:0", "--log", "warn", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| trouble(program, &e))?;
        let mut line = String::new();
        let read = child.stdout.take().map(|stdout| BufReader::new(stdout).read_line(&mut line));
        let address = line.trim().trim_start_matches("listening on ").to_owned();
        let relay = Relay { child, address };
        match read {
            Some(Ok(_)) if line.starts_with("listening on ") => Ok(relay),
            Some(_) | None => Err(Trouble::new(format!("the relay says `{}`", line.trim()))),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn trouble(path: &Path, error: &std::io::Error) -> Trouble {
    Trouble::new(format!("{}: {error}", path.display()))
}
