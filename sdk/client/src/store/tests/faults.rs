//! A disk that fills up.

use waxwing_engine::{Apply as _, Batch, View as _, Write};

use super::super::{Store, StoreError, StoreKey, Writer};
use super::made::{apply, id, incoming, people};

#[test]
fn a_full_disk_loses_nothing_and_writing_goes_on_later() {
    let folder = tempfile::TempDir::new().unwrap();
    let store = Store::file(folder.path().join("test.db")).key(StoreKey::from_bytes([7; 32]));
    let mut writer = Writer::open(&store).unwrap();
    apply(&mut writer, people(2));
    apply(&mut writer, [Write::PutMessage(incoming(2, 1, "kept"))]);
    let pages: i64 = writer.db().query_row("PRAGMA page_count", (), |row| row.get(0)).unwrap();
    writer.db().query_row(&format!("PRAGMA max_page_count = {pages}"), (), |_| Ok(())).unwrap();

    let mut batch = Batch::default();
    (2..40).for_each(|n| batch.push(Write::PutMessage(incoming(2, n, &"long ".repeat(500)))));
    assert_eq!(writer.apply(&batch), Err(StoreError::DiskFull));
    assert!(writer.message(id(1)).unwrap().is_some());
    assert!(writer.message(id(2)).unwrap().is_none(), "all of a batch, or nothing");

    writer.db().query_row("PRAGMA max_page_count = 100000", (), |_| Ok(())).unwrap();
    writer.apply(&batch).unwrap();
    assert!(writer.message(id(39)).unwrap().is_some());
}
