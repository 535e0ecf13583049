//! A relay that is killed, and a disk that is full: what was acknowledged is there, and nothing is given twice.
#![allow(clippy::wildcard_enum_match_arm)] // whatever is not expected fails the test
#![allow(clippy::print_stderr)] // a test that cannot run says so

mod support;

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use support::{
    Client, Person, RelayProcess, bundle, fetch, folder, message, person, prekeys, refusal, submit,
};
use waxwing_wire::{ClientBody, MessageId, RefusalCode, RelayBody, SealedFor};

const KILLS: u32 = 10;

#[tokio::test(flavor = "multi_thread")]
async fn killed_relay_loses_nothing_acknowledged_and_gives_no_prekey_twice() {
    let (data, alice, bob) = (folder(), person(1), person(2));
    let mut given = Vec::new();
    let (mut next_message, mut next_fetch, mut accepted) = (1, 1_000_000, 0);
    for round in 0..KILLS {
        let relay =
            RelayProcess::start(&data.path, &["--log", "warn", "--prekey-fetches-per-hour", "1000000"]);
        let mut of = Client::registered(&relay.url, &bob).await;
        let first = round * 50 + 1;
        let _ = of.ask(prekeys(first..=first + 49)).await;
        let mut from = Client::registered(&relay.url, &alice).await;
        let killer = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(60 + u64::from(round) * 20)).await;
            relay.kill();
        });
        // One under way at each time; whatever was not answered is asked for again, after the restart.
        while let Some(answer) = from.try_ask(submit(&bob, next_message, 1, 1)).await {
            assert!(matches!(answer, RelayBody::Accepted { .. }), "{answer:?}");
            (accepted, next_message) = (next_message, next_message + 1);
            let Some(answer) = from.try_ask(fetch(&bob, next_fetch)).await else { break };
            next_fetch += 1;
            given.push(bundle(&answer).expect("a bundle"));
        }
        killer.await.expect("the relay was killed");
    }
    let one_time: Vec<_> = given.iter().filter(|bundle| &bundle[..] != b"last resort").collect();
    let distinct: BTreeSet<_> = one_time.iter().collect();
    assert_eq!(distinct.len(), one_time.len(), "a prekey was given twice");
    assert!(accepted > u64::from(KILLS), "only {accepted} accepted");
    let relay = RelayProcess::start(&data.path, &["--log", "warn"]);
    let came = read_all(&relay.url, &bob).await;
    assert!(came.len() as u64 >= accepted, "{} of {accepted} came", came.len());
    for (index, (sequence, id)) in came.iter().enumerate() {
        let number = index as u64 + 1;
        assert_eq!((*sequence, *id), (number, message(number)));
    }
}

#[tokio::test]
async fn full_disk_refuses_and_the_relay_recovers_with_room() {
    let (data, alice, bob) = (folder(), person(1), person(2));
    let mounted = mount(&data.path, "size=3m");
    if !mounted {
        eprintln!("SKIPPED: full_disk_refuses_and_the_relay_recovers_with_room may not mount a small disk");
        return;
    }
    let relay = RelayProcess::start(&data.path, &["--log", "error"]);
    let mut from = Client::registered(&relay.url, &alice).await;
    let _ = Client::registered(&relay.url, &bob).await;
    let mut accepted = 0;
    loop {
        match from.ask(large(&bob, accepted + 1)).await {
            RelayBody::Accepted { .. } => accepted += 1,
            answer => break assert_eq!(refusal(&answer), Some(RefusalCode::Unavailable)),
        }
    }
    assert_eq!(from.closing().await, Some(1013));
    assert!(relay.get("/healthz").starts_with("HTTP/1.1 200"));
    assert!(relay.get("/readyz").starts_with("HTTP/1.1 503"));
    assert!(mount(&data.path, "remount,size=64m"));
    let ready = async {
        while !relay.get("/readyz").starts_with("HTTP/1.1 200") {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ready).await.expect("the relay recovers");
    let mut from = Client::logged_in(&relay.url, &alice).await;
    assert!(matches!(from.ask(large(&bob, accepted + 1)).await, RelayBody::Accepted { .. }));
    let came = read_all(&relay.url, &bob).await;
    assert_eq!(came.len() as u64, accepted + 1);
    drop(relay);
    let _ = Command::new("umount").arg(&data.path).status();
}

fn mount(folder: &std::path::Path, options: &str) -> bool {
    let status = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder).status();
    status.is_ok_and(|status| status.success())
}

fn large(to: &Person, number: u64) -> ClientBody {
    let ClientBody::Submit(mut body) = submit(to, number, 1, 1) else { panic!("a submit") };
    body.destinations[0].devices[0] = SealedFor { device: to.device, payload: Bytes::from(vec![7; 100_000]) };
    ClientBody::Submit(body)
}

async fn read_all(url: &str, who: &Person) -> Vec<(u64, MessageId)> {
    let mut client = Client::logged_in(url, who).await;
    let mut came = Vec::new();
    loop {
        match client.body().await {
            RelayBody::Deliver { envelopes } => {
                came.extend(envelopes.iter().map(|envelope| (envelope.sequence, envelope.message)));
                let cursor = envelopes.last().expect("never an empty delivery").sequence;
                client.send(ClientBody::Acknowledge { cursor }).await;
            }
            RelayBody::Drained { .. } => return came,
            other => panic!("{other:?}"),
        }
    }
}
