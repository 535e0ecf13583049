//! How SQLite carries out each statement.

use super::super::{Store, Writer, query};

/// Tables that hold one row, or a few: a scan of them is no harm.
const SMALL: [&str; 5] = ["SCAN local", "SCAN relay", "SCAN feed", "SCAN counter", "SCAN sqlite_sequence"];

/// Statements that mean every row of their table, each with its reason.
const WHOLE_TABLE: [(&str, &str); 13] = [
    ("LIST", "the list shows every conversation, once, in the order of its index"),
    ("JOININGS", "there are 64 at most"),
    ("UNOPENED", "its index holds nothing but what waits to be sent again"),
    ("OUTBOX_LEN", "counts what waits; asked for by hand only"),
    ("ARCHIVE_SESSIONS", "after an old copy of the store was put back"),
    ("FORGET_SESSIONS", "before the device gets new keys"),
    ("FORGET_SEALED", "before the device gets new keys"),
    ("FORGET_PREKEYS", "before the device gets new keys"),
    ("FORGET_SENDER_KEYS", "before the device gets new keys"),
    ("FORGET_KEY_HOLDERS", "before the device gets new keys"),
    ("FORGET_RECEIVER_KEYS", "before the device gets new keys"),
    ("DELETE_SEALED_OF_WAITING", "after an old copy of the store was put back"),
    ("REOPEN_OUTBOX", "after the relay lost its database"),
];

#[test]
fn no_statement_scans_a_table_that_grows() {
    let writer = Writer::open(&Store::memory()).unwrap();
    for (name, sql) in query::ALL {
        let mut statement = writer.db().prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let nothing = vec![rusqlite::types::Null; statement.parameter_count()];
        let steps: Vec<String> = statement
            .query_map(rusqlite::params_from_iter(nothing), |row| row.get(3))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for step in &steps {
            let looks_up_words = step.starts_with("SCAN w VIRTUAL TABLE INDEX") && step.contains(":M");
            let harmless = looks_up_words
                || SMALL.iter().any(|small| step.starts_with(small))
                || step == "SCAN CONSTANT ROW";
            let meant = WHOLE_TABLE.iter().any(|(whole, _)| whole == name);
            let scans = step.starts_with("SCAN") && !harmless && !meant;
            assert!(!scans, "{name} scans: {steps:#?}");
            let sorts = step.contains("USE TEMP B-TREE") && !meant;
            assert!(!sorts || SORTS.contains(name), "{name} sorts: {steps:#?}");
        }
    }
}

/// Statements that sort a few rows.
const SORTS: [&str; 0] = [];

#[test]
fn a_statement_is_prepared_once_whatever_it_is_bound_to() {
    let writer = Writer::open(&Store::memory()).unwrap();
    for (name, sql) in query::ALL {
        let mut statement = writer.db().prepare(sql).unwrap();
        if !statement.readonly() {
            continue;
        }
        for value in [1, 2] {
            let values = vec![value; statement.parameter_count()];
            // Not all of them take a number; what counts is that they begin.
            let _ = statement.query(rusqlite::params_from_iter(values)).unwrap().next();
        }
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0, "{name}");
    }
}
