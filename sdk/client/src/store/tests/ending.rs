//! The end of a process whose threads are at work in the store.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::super::{Readers, Store, StoreKey, Writer};

/// Where the process that ends finds its store.
const FOLDER: &str = "WAXWING_TEST_ENDING";
const RUNS: usize = 12;

#[test]
fn a_process_ends_well_while_threads_are_at_work() {
    let this = std::env::current_exe().unwrap();
    for _ in 0..RUNS {
        let folder = TempDir::new().unwrap();
        let ended = Command::new(&this)
            .args(["--exact", "store::tests::ending::ends_in_mid_work", "--ignored"])
            .env(FOLDER, folder.path())
            .output()
            .unwrap();
        assert!(ended.status.success(), "{}: {}", ended.status, String::from_utf8_lossy(&ended.stderr));
    }
}

/// What the other test starts: it returns while eight threads open, read and close.
#[test]
#[ignore = "the other test runs it"]
fn ends_in_mid_work() {
    let path = PathBuf::from(std::env::var_os(FOLDER).unwrap()).join("test.db");
    let store = Store::file(path).key(StoreKey::from_bytes([7; 32]));
    Writer::open(&store).unwrap().close().unwrap();
    let readers = Arc::new(Readers::new(store));
    for _ in 0..8 {
        let readers = Arc::clone(&readers);
        thread::spawn(move || {
            loop {
                let count = |db: &rusqlite::Connection| {
                    Ok(db.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get::<_, i64>(0))?)
                };
                // While it ends, the file may be busy for one of the many.
                let _ = readers.read_now(count);
            }
        });
    }
    thread::sleep(Duration::from_millis(50));
}
