//! Servers as child processes, and what the kernel knows about them.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a server may take to listen.
const START_MAX: Duration = Duration::from_secs(20);

/// A server that ends with this value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts the relay that was built beside this program, on a free port.
    ///
    /// # Errors
    ///
    /// It was not built, or does not start.
    pub fn relay(data: &Path) -> io::Result<Server> {
        let program = std::env::current_exe()?.with_file_name("waxwing-relay");
        if !program.exists() {
            let hint = "no waxwing-relay beside this program: cargo build --release -p waxwing-relay";
            return Err(io::Error::other(hint));
        }
        // The limits by device are for people, and two devices here do the work of thousands.
        let limits = ["--submits-per-second", "1000000", "--submits-burst", "1000000"];
        let mut child = Command::new(program)
            .args(["--listen", "127.0.0.1:0", "--log", "warn", "--data"])
            .arg(data)
            .args(limits)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address = line.trim().rsplit("//").next().and_then(|address| address.parse().ok());
        match address {
            Some(address) => Ok(Server { child, address }),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                Err(io::Error::other(format!("the relay did not start: {line:?}")))
            }
        }
    }

    /// Starts mosquitto on a free port.
    ///
    /// # Errors
    ///
    /// It does not start, or does not listen.
    pub fn mosquitto(program: &Path, folder: &Path) -> io::Result<Server> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let path = folder.join("mosquitto.conf");
        let mut file = fs::File::create(&path)?;
        writeln!(file, "listener {} 127.0.0.1", address.port())?;
        writeln!(file, "allow_anonymous true\nset_tcp_nodelay true\npersistence false\nlog_type error")?;
        let child = Command::new(program).arg("-c").arg(&path).stderr(Stdio::null()).spawn()?;
        let server = Server { child, address };
        let begun = std::time::Instant::now();
        while TcpStream::connect(address).is_err() {
            if begun.elapsed() > START_MAX {
                return Err(io::Error::other("mosquitto does not listen"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// CPU time of all threads so far, in microseconds.
    ///
    /// # Errors
    ///
    /// The process has ended.
    pub fn cpu_us(&self) -> io::Result<f64> {
        cpu_us(&self.child.id().to_string())
    }

    /// Bytes that it has had written to the disk.
    ///
    /// # Errors
    ///
    /// The process has ended, or the kernel does not say.
    pub fn written_bytes(&self) -> io::Result<f64> {
        let counts = fs::read_to_string(format!("/proc/{}/io", self.child.id()))?;
        let bytes = counts.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok());
        bytes.ok_or_else(|| io::Error::other("no write_bytes"))
    }

    /// Memory of its own, without what is mapped from files, in bytes.
    ///
    /// # Errors
    ///
    /// The process has ended.
    pub fn memory_bytes(&self) -> io::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kib.map(|kib| kib * 1024.0).ok_or_else(|| io::Error::other("no RssAnon"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU time of a process, by its id or `self`, in microseconds.
///
/// # Errors
///
/// There is no such process.
pub fn cpu_us(process: &str) -> io::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // After the name, which may have spaces: user and system time are the 12th and 13th.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok());
    let (user, system) =
        ticks(11).zip(ticks(12)).ok_or_else(|| io::Error::other("no times in the process's stat"))?;
    Ok((user + system) * 1e6 / rustix::param::clock_ticks_per_second() as f64)
}

/// Where mosquitto is, if it is installed.
#[must_use]
pub fn find_mosquitto() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join("mosquitto")).find(|program| program.is_file())
}
