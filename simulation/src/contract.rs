//! What every store promises the engine, as tests that any store can take.
//!
//! The in-memory store takes them here, the SQLite store in the client's own tests. Each test asserts what a doc comment of
//! `View` or `Write` says; [`check_alike`] then plays random batches to a store and to [`MemoryStore`] and compares all answers.
//!
//! [`MemoryStore`]: crate::disk::MemoryStore

mod alike;
mod annotations;
mod groups;
mod identity;
mod keys;
mod make;
mod outbox;
mod settings;
mod timeline;

use std::fmt::Debug;

use waxwing_engine::View;
use waxwing_engine::{Apply, Batch, Write};

pub use alike::check_alike;

/// Checks each promise of [`View`] and [`Write`] against stores that start empty.
///
/// # Panics
///
/// With the promise that is not kept.
pub fn check_store<S>(fresh: impl Fn() -> S)
where
    S: View + Apply,
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let fresh = || Subject(fresh());
    identity::check(&fresh);
    keys::check(&fresh);
    timeline::check(&fresh);
    outbox::check(&fresh);
    groups::check(&fresh);
    annotations::check(&fresh);
    settings::check(&fresh);
}

/// Checks that a batch which fails in its middle changes nothing.
///
/// `fail` orders the store to let one write pass and to fail the next.
///
/// # Panics
///
/// When the batch does not fail, or when something of it can be read afterwards.
pub fn check_failing_store<S>(fresh: impl Fn() -> S, fail: impl Fn(&mut S))
where
    S: View + Apply,
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let mut store = Subject(fresh());
    store.apply([Write::PutRelay(make::relay_state(1, 5))]);
    fail(&mut store.0);
    let mut batch = Batch::default();
    batch.push(Write::PutRelay(make::relay_state(1, 6)));
    batch.push(Write::PutAccount(make::account(1, "alice")));
    batch.push(Write::PutRelay(make::relay_state(1, 7)));
    assert!(store.0.apply(&batch).is_err(), "the store was told to fail and did not");
    assert_eq!(store.read(S::relay), Some(make::relay_state(1, 5)), "a failed batch left its first write");
    assert_eq!(store.read(|s| s.account(make::account_id(1))), None, "a failed batch left a row");
    store.apply([Write::PutRelay(make::relay_state(1, 8))]);
    assert_eq!(
        store.read(S::relay),
        Some(make::relay_state(1, 8)),
        "a store works again after a failed batch"
    );
}

/// A store under test, whose failures are failures of the test.
struct Subject<S>(S);

impl<S> Subject<S>
where
    S: View + Apply,
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    fn apply(&mut self, writes: impl IntoIterator<Item = Write>) {
        let mut batch = Batch::default();
        writes.into_iter().for_each(|write| batch.push(write));
        self.0.apply(&batch).expect("the store takes the batch");
    }

    fn read<T>(&self, read: impl FnOnce(&S) -> Result<T, <S as View>::Error>) -> T {
        read(&self.0).expect("the store can be read")
    }
}
