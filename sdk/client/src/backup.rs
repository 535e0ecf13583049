//! Recovery backups: what the account knows, in one file that its recovery key opens.
//!
//! ```text
//!   store --records, in pieces--> sealed, in constant memory --> FILE --opened and checked whole--> opened again, piece by piece --> store
//! ```
//!
//! A backup holds what a linked device is given of the past (docs/spec.md, "Recovery backup"). Sessions, prekeys, sender keys and what is on
//! its way are not in it: they are of one device, and whoever used them a second time would seal twice under one key.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use waxwing_crypto::AccountKey;
use waxwing_crypto::backup::{Expected, HeaderError, Key, OpenError, Opening, PrintedKey, SealError, seal};
use waxwing_engine::{Command, Past};
use zeroize::Zeroizing;

use crate::account::RecoveryKey;
use crate::client::Client;
use crate::error::{Code, Error, Result};
use crate::random;
use crate::shared::{Shared, utc_ms};
use crate::store::past::{self, Place};
use crate::store::{Readers, show};

/// The first byte of the content of a backup.
const FORMAT: u8 = 1;

/// The longest piece of a backup that is read, in bytes. Those that are written are gathered up to 48 KiB, and end with a whole record.
const PIECE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Pieces that are opened and not taken in yet.
const PIECES_WAITING_MAX: usize = 2;

impl Client {
    /// Writes a backup of what this account knows, or takes one in.
    #[must_use]
    pub fn backup(&self) -> Backup {
        Backup { shared: Arc::clone(&self.shared) }
    }
}

/// What a backup held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupSummary {
    /// Messages and other entries of conversations.
    pub messages: u64,
    /// The length of the backup, in bytes. It is padded: few lengths are possible.
    pub bytes: u64,
}

/// Writes backups and takes them in: contacts with whom was verified, groups, settings of conversations, and the conversations, with what was
/// said about messages and how far they got.
///
/// ```no_run
/// # async fn example(client: waxwing::Client) -> Result<(), waxwing::Error> {
/// let key = client.recovery_key()?; // which the user has on paper
/// client.backup().write("alice.waxwing", &key).await?;
///
/// // The phone is lost. On the new one:
/// # let (new, paper) = (client.clone(), key.to_string());
/// let registration = waxwing::Registration::open("alice")?.recover(paper.parse()?, waxwing::Recover::Replace);
/// new.register(registration).await?;
/// new.backup().restore("alice.waxwing", &paper.parse()?).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Backup {
    shared: Arc<Shared>,
}

impl Backup {
    /// Writes a backup into a file. One of this name is replaced once the new one is whole, and stays as it is otherwise.
    ///
    /// # Errors
    ///
    /// `not_registered`, `wrong_account_key` for a recovery key of another account, `io_error`, `disk_full`, or what the store says.
    pub async fn write(&self, path: impl AsRef<Path>, key: &RecoveryKey) -> Result<BackupSummary> {
        let path = path.as_ref().to_owned();
        let content = self.content(key).await?;
        on_a_thread(move || {
            let partial = partial_path(&path);
            let written = write_whole(&partial, &path, content);
            if written.is_err() {
                let _ = fs::remove_file(&partial);
            }
            written
        })
        .await
    }

    /// Writes a backup wherever bytes can be written. What was written before an error is worth nothing.
    ///
    /// # Errors
    ///
    /// As [`write`](Backup::write).
    pub async fn write_to(
        &self,
        sink: impl Write + Send + 'static,
        key: &RecoveryKey,
    ) -> Result<BackupSummary> {
        let content = self.content(key).await?;
        on_a_thread(move || content.seal_into(sink).map(|(summary, _)| summary)).await
    }

    /// Takes a backup of this account in. Do it right after the account was brought to this device, by
    /// [`Registration::recover`](crate::Registration::recover). It is read as a whole first: of a backup that is not right, nothing is taken.
    ///
    /// What this device knows already stays as it is, or becomes what is newer; taking the same backup in twice, or again after it was
    /// interrupted, adds nothing twice.
    ///
    /// # Errors
    ///
    /// `not_registered`; `backup_key_wrong` for another recovery key, or a changed beginning; `backup_other_account`; `backup_damaged` for one
    /// that is cut off or changed; `backup_unsupported` for one of a newer version, or what is no backup; `io_error`.
    pub async fn restore(&self, path: impl AsRef<Path>, key: &RecoveryKey) -> Result<BackupSummary> {
        let file = File::open(path.as_ref()).map_err(|error| Error::from(of_io(&error)))?;
        self.restore_from(file, key).await
    }

    /// Takes a backup in from wherever bytes can be read, twice.
    ///
    /// # Errors
    ///
    /// As [`restore`](Backup::restore).
    pub async fn restore_from(
        &self,
        mut source: impl Read + Seek + Send + 'static,
        key: &RecoveryKey,
    ) -> Result<BackupSummary> {
        let me = self.shared.board.me().ok_or(Code::NotRegistered)?;
        let expected = Expected { account: *me.account.as_bytes(), counter_min: 0 };
        let key = Secret::of(key);
        let (key, mut source, summary) = on_a_thread(move || {
            let summary = check(&key, &expected, &mut source)?;
            source.rewind().map_err(|error| of_io(&error))?;
            Ok((key, source, summary))
        })
        .await?;
        let (sender, mut pieces) = mpsc::channel(PIECES_WAITING_MAX);
        let reading = on_a_thread(move || {
            let mut opened = Opened::begin(&key, &expected, &mut source)?;
            while let Some(past) = opened.next()? {
                if sender.blocking_send(past).is_err() {
                    break;
                }
            }
            Ok(())
        });
        let taking = async {
            while let Some(past) = pieces.recv().await {
                if let Err(error) = self.shared.command(Command::Import(Box::new(past))).await {
                    // Nobody opens more of it.
                    pieces.close();
                    return Err(error);
                }
            }
            Ok(())
        };
        let (read, taken) = tokio::join!(reading, taking);
        taken?;
        read?;
        Ok(summary)
    }

    async fn content(&self, key: &RecoveryKey) -> Result<Content> {
        let (account, public) = self.shared.read(show::own_identity).await?.ok_or(Code::NotRegistered)?;
        if self.shared.board.me().is_none() {
            return Err(Code::NotRegistered.into());
        }
        if AccountKey::from_bytes(key.expose()).public().to_bytes() != public {
            return Err(Code::WrongAccountKey.into());
        }
        let pieces = Pieces {
            readers: Arc::clone(&self.shared.readers),
            place: Some(Place::start()),
            given: Zeroizing::new(vec![FORMAT]),
            read: 0,
            messages: 0,
            failure: None,
        };
        Ok(Content { key: Secret::of(key), account: *account.as_bytes(), pieces })
    }
}

/// The key of a backup, on its way to another thread.
struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    fn of(key: &RecoveryKey) -> Secret {
        Secret(Zeroizing::new(*key.expose()))
    }

    fn printed(&self) -> PrintedKey {
        PrintedKey::from_bytes(&self.0)
    }
}

/// Runs on a thread of its own: sealing and disks keep whoever waits for them.
async fn on_a_thread<T: Send + 'static>(job: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let (answer, answered) = oneshot::channel();
    let run = move || {
        // A caller that gave up does not read the answer.
        let _ = answer.send(job());
    };
    std::thread::Builder::new().name("waxwing-backup".to_owned()).spawn(run).map_err(|_| Code::IoError)?;
    answered.await.map_err(|_| Error::from(Code::Bug))?
}

// ---- writing ----

/// What is to be sealed.
struct Content {
    key: Secret,
    account: [u8; 16],
    pieces: Pieces,
}

impl Content {
    fn seal_into<W: Write>(mut self, sink: W) -> Result<(BackupSummary, W)> {
        let mut counted = Counted { sink, bytes: 0 };
        let printed = self.key.printed();
        // Backups of an account are told apart by when they were made.
        let counter = utc_ms().unsigned_abs();
        let rng = &mut random::system();
        let sealed =
            seal(&Key::Printed(&printed), &self.account, counter, &mut self.pieces, &mut counted, rng);
        match (sealed, self.pieces.failure) {
            (_, Some(failure)) => Err(failure),
            (Err(SealError::Io(error)), None) => Err(of_io(&error).into()),
            (Err(_), None) => Err(Code::Bug.into()),
            (Ok(()), None) => {
                let summary = BackupSummary { messages: self.pieces.messages, bytes: counted.bytes };
                Ok((summary, counted.sink))
            }
        }
    }
}

/// Counts what is written.
struct Counted<W> {
    sink: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// What the store knows, as the bytes of a backup: the format, and then pieces, each behind its length.
struct Pieces {
    readers: Arc<Readers>,
    /// Where to read on; none at the end.
    place: Option<Place>,
    given: Zeroizing<Vec<u8>>,
    read: usize,
    messages: u64,
    failure: Option<Error>,
}

impl Pieces {
    /// Reads the next piece from the store. `false`: that was all.
    fn fetch(&mut self) -> Result<bool> {
        let Some(place) = self.place.take() else { return Ok(false) };
        let (piece, place) = self.readers.read_now(move |db| past::piece(db, place))?;
        let mut given = Zeroizing::new(Vec::new());
        if !piece.is_empty() {
            self.messages += piece.entries();
            let piece = piece.encode(self.messages, self.messages, Vec::new());
            let length = u32::try_from(piece.len()).map_err(|_| Code::Bug)?;
            // At once as long as it becomes: what is moved is not wiped.
            given.reserve_exact(4 + piece.len());
            given.extend_from_slice(&length.to_be_bytes());
            given.extend_from_slice(&piece);
        }
        (self.given, self.read) = (given, 0);
        self.place = (!place.is_end()).then_some(place);
        Ok(true)
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.given.len() {
            match self.fetch() {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(failure) => {
                    self.failure = Some(failure);
                    return Err(io::Error::other("the store cannot be read"));
                }
            }
        }
        let length = buffer.len().min(self.given.len() - self.read);
        buffer[..length].copy_from_slice(&self.given[self.read..self.read + length]);
        self.read += length;
        Ok(length)
    }
}

/// Beside the file that it becomes.
fn partial_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    path.with_file_name(name)
}

fn write_whole(partial: &Path, path: &Path, content: Content) -> Result<BackupSummary> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let file = options.open(partial).map_err(|error| of_io(&error))?;
    let (summary, sink) = content.seal_into(BufWriter::new(file))?;
    let file = sink.into_inner().map_err(|error| of_io(error.error()))?;
    file.sync_all().and_then(|()| fs::rename(partial, path)).map_err(|error| of_io(&error))?;
    Ok(summary)
}

// ---- reading ----

/// Reads a backup from its beginning to its end, and takes nothing.
fn check(key: &Secret, expected: &Expected, source: &mut (impl Read + Seek)) -> Result<BackupSummary> {
    let mut messages = 0;
    {
        let mut opened = Opened::begin(key, expected, &mut *source)?;
        while let Some(past) = opened.next()? {
            messages += past.entries();
        }
    }
    let bytes = source.stream_position().map_err(|error| of_io(&error))?;
    Ok(BackupSummary { messages, bytes })
}

/// A backup that is being opened.
struct Opened<R: Read> {
    opening: Opening<BufReader<R>>,
}

impl<R: Read> Opened<R> {
    fn begin(key: &Secret, expected: &Expected, source: R) -> Result<Opened<R>> {
        let printed = key.printed();
        let begun = Opening::begin(&Key::Printed(&printed), expected, BufReader::new(source));
        let mut opened = Opened { opening: begun.map_err(|error| of_opening(&error))? };
        let mut format = [0];
        match opened.fill(&mut format)? {
            1 if format == [FORMAT] => Ok(opened),
            1 => Err(Code::BackupUnsupported.into()),
            _ => Err(Code::BackupDamaged.into()),
        }
    }

    /// The next piece. `None`: the end was seen, and all of it was right.
    fn next(&mut self) -> Result<Option<Past>> {
        let mut length = [0; 4];
        match self.fill(&mut length)? {
            0 => return Ok(None),
            4 => {}
            _ => return Err(Code::BackupDamaged.into()),
        }
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| Code::BackupDamaged)?;
        if length > PIECE_BYTES_MAX {
            return Err(Code::BackupUnsupported.into());
        }
        let mut piece = Zeroizing::new(vec![0; length]);
        if self.fill(&mut piece)? < length {
            return Err(Code::BackupDamaged.into());
        }
        Ok(Some(Past::decode(&piece).map_err(|_| Code::BackupUnsupported)?))
    }

    /// Reads until the buffer is full, or the backup is over.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.opening.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(of_io(&error).into()),
            }
        }
        Ok(filled)
    }
}

fn of_opening(error: &OpenError) -> Code {
    match error {
        OpenError::Io(error) => of_io(error),
        OpenError::Header(HeaderError::Unsupported) | OpenError::OtherLock => Code::BackupUnsupported,
        OpenError::OtherAccount => Code::BackupOtherAccount,
        OpenError::WrongKey => Code::BackupKeyWrong,
        OpenError::Header(_)
        | OpenError::NoMemory
        | OpenError::Older { .. }
        | OpenError::Rejected { .. }
        | OpenError::Truncated
        | OpenError::TooLong
        | OpenError::Failed
        | _ => Code::BackupDamaged,
    }
}

fn of_io(error: &io::Error) -> Code {
    if let Some(opening) = error.get_ref().and_then(|inner| inner.downcast_ref::<OpenError>()) {
        return of_opening(opening);
    }
    if error.kind() == io::ErrorKind::StorageFull { Code::DiskFull } else { Code::IoError }
}
