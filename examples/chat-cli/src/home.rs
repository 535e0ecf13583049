//! The folder that holds everything: the configuration, the key of the store, the store.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::fail::Fail;

/// The relay when neither the command line, nor the environment, nor the folder names one.
pub(crate) const DEFAULT_RELAY: &str = "ws://127.0.0.1:8787";

/// Holds the key of the store in place of the file: 64 hexadecimal digits.
pub(crate) const KEY_VARIABLE: &str = "WAXWING_STORE_KEY";

const KEY_FILE_MAX_BYTES: u64 = 4096;

/// One home, which may not exist yet.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    dir: PathBuf,
}

/// What `config.json` says.
#[derive(Debug, Default, Serialize, Deserialize)]
struct ConfigFile {
    relay: Option<String>,
    #[serde(default)]
    dangerous_allow_plain: bool,
}

/// Which relay to talk to, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RelayPlan {
    /// Its address.
    pub(crate) url: String,
    /// Whether `ws://` may leave this machine.
    pub(crate) allow_plain: bool,
}

impl Home {
    /// The home in this folder.
    pub(crate) fn new(dir: &Path) -> Home {
        Home { dir: dir.to_path_buf() }
    }

    /// The folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The database of the client.
    pub(crate) fn store_path(&self) -> PathBuf {
        self.dir.join("store.db")
    }

    /// The socket on which a running program takes messages for the same home.
    #[cfg(unix)]
    pub(crate) fn control_path(&self) -> PathBuf {
        self.dir.join("control.sock")
    }

    /// Whether something was ever registered here.
    pub(crate) fn has_store(&self) -> bool {
        self.store_path().exists()
    }

    /// Makes the folder, readable by its owner only.
    ///
    /// # Errors
    ///
    /// `home_unusable` when it cannot be made.
    pub(crate) fn create(&self) -> Result<(), Fail> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.dir).map_err(|error| self.unusable("cannot be made", &error))
    }

    /// The relay to talk to: the one given now, else the remembered one, else the default.
    ///
    /// # Errors
    ///
    /// `config_unreadable` when `config.json` makes no sense.
    pub(crate) fn relay(&self, given: Option<&str>, allow_plain: bool) -> Result<RelayPlan, Fail> {
        let config = match given {
            Some(url) if allow_plain => return Ok(RelayPlan { url: url.to_owned(), allow_plain }),
            Some(_) | None => self.read_config()?,
        };
        let remembered = config.relay.unwrap_or_else(|| DEFAULT_RELAY.to_owned());
        // What was allowed for one relay is not allowed for another.
        let allow_plain =
            allow_plain || (config.dangerous_allow_plain && given.is_none_or(|url| url == remembered));
        Ok(RelayPlan { url: given.map_or(remembered, str::to_owned), allow_plain })
    }

    /// Remembers the relay for the commands to come.
    ///
    /// # Errors
    ///
    /// `home_unusable` when the file cannot be written.
    pub(crate) fn remember_relay(&self, plan: &RelayPlan) -> Result<(), Fail> {
        let config = ConfigFile { relay: Some(plan.url.clone()), dangerous_allow_plain: plan.allow_plain };
        let text = serde_json::to_string_pretty(&config).expect("texts and booleans always serialise");
        let path = self.dir.join("config.json");
        self.write_whole(&path, format!("{text}\n").as_bytes(), Existing::Replace)
            .map_err(|error| self.unusable("cannot be written", &error))
    }

    fn read_config(&self) -> Result<ConfigFile, Fail> {
        let path = self.dir.join("config.json");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ConfigFile::default()),
            Err(error) => return Err(self.unusable("cannot be read", &error)),
        };
        serde_json::from_str(&text).map_err(|error| {
            Fail::new("config_unreadable", "misuse", format!("{} makes no sense: {error}", path.display()))
                .advise("mend it, or delete it and give --relay URL once more with register")
        })
    }

    /// The key of the store: from the environment, else from `store.key`, which is made when there is none and no store.
    ///
    /// # Errors
    ///
    /// `key_invalid`, `key_permissions`, `key_missing` or `home_unusable`, each with what to do.
    pub(crate) fn store_key(&self) -> Result<[u8; 32], Fail> {
        if let Some(text) = std::env::var_os(KEY_VARIABLE) {
            let parsed = text.to_str().and_then(parse_key);
            return parsed.ok_or_else(|| {
                Fail::new("key_invalid", "misuse", format!("{KEY_VARIABLE} is not 64 hexadecimal digits"))
                    .advise(format!(
                        "set {KEY_VARIABLE} to the key of this store, or unset it to use store.key"
                    ))
            });
        }
        if let Some(key) = self.read_key()? {
            return Ok(key);
        }
        if self.has_store() {
            return Err(Fail::new(
                "key_missing",
                "storage",
                format!("{} has a store and no key", self.dir.display()),
            )
            .advise(format!(
                "put store.key back, or give the key in {KEY_VARIABLE}; a new key cannot open this store"
            )));
        }
        self.make_key()?;
        self.read_key()?
            .ok_or_else(|| self.unusable("does not keep files", &io::Error::from(io::ErrorKind::NotFound)))
    }

    fn key_path(&self) -> PathBuf {
        self.dir.join("store.key")
    }

    fn read_key(&self) -> Result<Option<[u8; 32]>, Fail> {
        let path = self.key_path();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.unusable("cannot be read", &error)),
        };
        check_permissions(&file, &path)?;
        let mut text = String::new();
        let read = io::Read::read_to_string(&mut io::Read::take(file, KEY_FILE_MAX_BYTES), &mut text);
        match read.ok().and_then(|_| parse_key(text.trim())) {
            Some(key) => Ok(Some(key)),
            None => Err(Fail::new(
                "key_invalid",
                "misuse",
                format!("{} is not 64 hexadecimal digits", path.display()),
            )
            .advise("put the right key back from a backup; without it this store cannot be opened")),
        }
    }

    /// Another process may make the key at the same moment: whoever comes first wins, and both use that one.
    fn make_key(&self) -> Result<(), Fail> {
        self.create()?;
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| {
            Fail::new("no_randomness", "bug", format!("the operating system gives no randomness: {error}"))
                .advise("report this; nothing was written")
        })?;
        let written =
            self.write_whole(&self.key_path(), format!("{}\n", hex::encode(key)).as_bytes(), Existing::Keep);
        match written {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(self.unusable("cannot be written", &error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Writes a file that is there whole or not at all, even when the power goes.
    fn write_whole(&self, path: &Path, bytes: &[u8], existing: Existing) -> io::Result<()> {
        let mut salt = [0; 8];
        getrandom::fill(&mut salt).map_err(io::Error::other)?;
        let temporary = path.with_extension(format!("{}.tmp", hex::encode(salt)));
        let result = write_durably(&temporary, bytes).and_then(|()| match existing {
            Existing::Replace => fs::rename(&temporary, path),
            Existing::Keep => link_or_rename(&temporary, path),
        });
        let _ = fs::remove_file(&temporary);
        result?;
        #[cfg(unix)]
        File::open(&self.dir)?.sync_all()?;
        Ok(())
    }

    fn unusable(&self, what: &str, error: &io::Error) -> Fail {
        Fail::new("home_unusable", "storage", format!("{} {what}: {error}", self.dir.display()))
            .advise("choose another folder with --home DIR, or make this one yours and writable")
    }
}

/// What to do with a file that is there already.
#[derive(Clone, Copy)]
enum Existing {
    Replace,
    Keep,
}

/// A link never replaces a file. Where the file system knows no links, a look beforehand must do.
fn link_or_rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(_) if to.exists() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
        Ok(()) => Ok(()),
    }
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn parse_key(text: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    hex::decode_to_slice(text, &mut key).ok().map(|()| key)
}

#[cfg(unix)]
fn check_permissions(file: &File, path: &Path) -> Result<(), Fail> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata().map_or(0o777, |metadata| metadata.permissions().mode()) & 0o777;
    if mode & 0o177 == 0 {
        return Ok(());
    }
    Err(Fail::new(
        "key_permissions",
        "misuse",
        format!("{} has mode {mode:o}: others may read it", path.display()),
    )
    .advise(format!("chmod 600 {}", path.display())))
}

#[cfg(not(unix))]
fn check_permissions(_file: &File, _path: &Path) -> Result<(), Fail> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_made_once_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(&folder.path().join("new"));
        let first = home.store_key().unwrap();
        assert_eq!(home.store_key().unwrap(), first);
        home.make_key().unwrap();
        assert_eq!(home.store_key().unwrap(), first);
        assert_eq!(fs::read_dir(home.dir()).unwrap().count(), 1);
    }

    #[test]
    fn key_is_not_made_for_a_store_that_has_lost_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        fs::write(home.store_path(), b"something").unwrap();
        assert_eq!(home.store_key().unwrap_err().code, "key_missing");
    }

    #[test]
    fn relay_is_remembered_and_can_be_overridden() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let plan = |url: &str, allow_plain| RelayPlan { url: url.into(), allow_plain };
        assert_eq!(home.relay(None, false).unwrap(), plan(DEFAULT_RELAY, false));
        home.remember_relay(&plan("ws://one", false)).unwrap();
        home.remember_relay(&plan("ws://two", true)).unwrap();
        assert_eq!(home.relay(None, false).unwrap(), plan("ws://two", true));
        assert_eq!(home.relay(Some("ws://two"), false).unwrap(), plan("ws://two", true));
        assert_eq!(home.relay(Some("ws://three"), false).unwrap(), plan("ws://three", false));
        assert_eq!(home.relay(Some("ws://three"), true).unwrap(), plan("ws://three", true));
    }

    #[cfg(unix)]
    #[test]
    fn files_are_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(&folder.path().join("new"));
        home.store_key().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(home.dir()), mode(&home.key_path())), (0o700, 0o600));
        fs::set_permissions(home.key_path(), fs::Permissions::from_mode(0o640)).unwrap();
        let refused = home.store_key().unwrap_err();
        assert_eq!(refused.code, "key_permissions");
        assert!(refused.advice.starts_with("chmod 600 "));
    }
}
