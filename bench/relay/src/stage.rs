//! Where the measuring happens: a folder that goes away, and the peer.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::Args;
use waxwing_bench::server::{Server, find_mosquitto};

pub(crate) struct Stage {
    folder: tempfile::TempDir,
    mosquitto: Option<PathBuf>,
    relays: AtomicU32,
}

impl Stage {
    pub(crate) fn set(args: &Args) -> io::Result<Stage> {
        let folder = match &args.data {
            Some(parent) => tempfile::tempdir_in(parent)?,
            None => tempfile::tempdir()?,
        };
        Ok(Stage { folder, mosquitto: find_mosquitto(), relays: AtomicU32::new(0) })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn mosquitto(&self) -> Option<&Path> {
        self.mosquitto.as_deref()
    }

    /// A data folder that no relay had before.
    pub(crate) fn fresh_data(&self) -> PathBuf {
        self.folder().join(format!("relay-{}", self.relays.fetch_add(1, Ordering::Relaxed)))
    }

    pub(crate) fn start_mosquitto(&self) -> io::Result<Option<Server>> {
        self.mosquitto().map(|program| Server::mosquitto(program, self.folder())).transpose()
    }
}
