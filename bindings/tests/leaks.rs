//! The scenario list (`bindings/SCENARIOS.md`), in Rust: what counts objects, in a process of its own.
#![allow(clippy::unwrap_used)] // helpers of tests fail like tests

mod stage;

use std::path::Path;

use stage::{Stage, chat, draft, eventually, newest, soon};
use waxwing_ffi::{CancelHandle, live_objects};

#[tokio::test]
async fn ten_thousand_objects_leave_no_leak() {
    let stage = Stage::new(&[]);
    let (alice, _bob) = (stage.person("alice").await, stage.person("bob").await);
    let to_bob = chat(&alice, "bob").await;
    let sent = soon(to_bob.send(draft("hello"))).await.ok().unwrap();
    let before = live_objects();
    let mut held = Vec::new();
    for number in 0..2500 {
        let one = (alice.sent(sent.id()), alice.events(), CancelHandle::new(), to_bob.timeline(newest(1)));
        soon(one.3.pull(0, None)).await.unwrap();
        if number < 100 {
            held.push(one);
        }
    }
    eventually("those that were dropped are gone", || live_objects().streams == before.streams + 200).await;
    assert_eq!(live_objects().sent, before.sent + 100);
    drop(held);
    eventually("all are gone", || live_objects() == before).await;

    for number in 0..10 {
        drop(stage.open(&format!("dropped-{number}")).await);
    }
    eventually("no client stays", || live_objects().clients == before.clients).await;
    for number in 0..10 {
        soon(stage.open(&format!("dropped-{number}")).await.shut_down()).await.unwrap();
    }
}

/// In Rust there is no seam at which the library could be another one: this shows what the other languages are tested with.
#[test]
fn wrong_checksum_is_refused_at_start() {
    let (Some(right), Some(wrong)) =
        (std::env::var_os("WAXWING_LIBRARY"), std::env::var_os("WAXWING_WRONG_LIBRARY"))
    else {
        return; // `cargo xtask bindings` makes the libraries, and runs this test with them.
    };
    let read = |folder| std::fs::read(Path::new(&folder).join("libwaxwing_ffi.so")).unwrap();
    let (right, wrong) = (read(right), read(wrong));
    assert_eq!(right.len(), wrong.len());
    assert_eq!(right.iter().zip(&wrong).filter(|(right, wrong)| right != wrong).count(), 1);
}
