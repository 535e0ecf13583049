//! The program, over real sockets and a real database.
#![allow(clippy::wildcard_enum_match_arm)] // whatever is not expected fails the test

mod support;

use std::io::Read as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures_util::SinkExt as _;
use support::{
    Client, RelayProcess, bundle, command, fetch, folder, hello, message, person, prekeys, refusal, submit,
    try_open,
};
use tokio_tungstenite::tungstenite::Message;
use waxwing_wire::{AccountQuery, ClientBody, RefusalCode, RelayBody, limits};

#[tokio::test]
async fn message_is_delivered_and_gone_once_acknowledged() {
    let (data, alice, bob) = (folder(), person(1), person(2));
    let relay = RelayProcess::start(&data.path, &[]);
    let mut from = Client::registered(&relay.url, &alice).await;
    let mut to = Client::registered(&relay.url, &bob).await;
    assert_eq!(to.drain().await, []);
    assert_eq!(from.ask(submit(&bob, 1, 1, 1)).await, RelayBody::Accepted { message: message(1) });
    let envelope = to
        .until(
            |body| {
                if let RelayBody::Deliver { envelopes } = body { Some(envelopes[0].clone()) } else { None }
            },
        )
        .await;
    assert_eq!((envelope.sequence, envelope.message), (1, message(1)));
    assert_eq!((envelope.sender_account, envelope.sender_device), (alice.account, alice.device));
    assert_eq!(&envelope.payload[..], b"sealed 1");
    let mut again = Client::logged_in(&relay.url, &bob).await;
    assert_eq!(again.drain().await, [(1, message(1))]);
    again.send(ClientBody::Acknowledge { cursor: 1 }).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut later = Client::greet(&relay.url).await;
    let RelayBody::LoggedIn(logged_in) = later.login(&bob).await else { panic!("not logged in") };
    assert_eq!(logged_in.acknowledged, 1);
    assert_eq!(later.drain().await, []);
}

#[tokio::test]
async fn long_backlog_comes_in_order_within_the_window() {
    let (data, alice, bob) = (folder(), person(1), person(2));
    let relay = RelayProcess::start(&data.path, &[]);
    let mut from = Client::registered(&relay.url, &alice).await;
    let _ = Client::registered(&relay.url, &bob).await;
    for number in 1..=600 {
        from.send(submit(&bob, number, 1, 1)).await;
    }
    let mut accepted = 0;
    while accepted < 600 {
        accepted += usize::from(matches!(from.body().await, RelayBody::Accepted { .. }));
    }
    let mut to = Client::logged_in(&relay.url, &bob).await;
    let (mut last, mut acknowledged) = (0, 0);
    loop {
        match to.body().await {
            RelayBody::Deliver { envelopes } => {
                for envelope in envelopes {
                    assert_eq!(envelope.sequence, last + 1);
                    assert_eq!(envelope.message, message(last + 1));
                    last = envelope.sequence;
                }
                assert!(last - acknowledged <= limits::ENVELOPES_UNACKNOWLEDGED_MAX as u64);
                if last - acknowledged > 200 {
                    acknowledged = last;
                    to.send(ClientBody::Acknowledge { cursor: last }).await;
                }
            }
            RelayBody::Drained { cursor } => break assert_eq!((cursor, last), (600, 600)),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn repeats_are_accepted_once_and_stale_lists_fence() {
    let (data, alice, bob) = (folder(), person(1), person(2));
    let relay = RelayProcess::start(&data.path, &[]);
    let mut from = Client::registered(&relay.url, &alice).await;
    let _ = Client::registered(&relay.url, &bob).await;
    for _ in 0..2 {
        assert_eq!(from.ask(submit(&bob, 1, 1, 1)).await, RelayBody::Accepted { message: message(1) });
    }
    // All under way together: the first is stale, so those behind it must not overtake it.
    from.send(submit(&bob, 2, 1, 9)).await;
    for number in 3..6 {
        from.send(submit(&bob, number, 1, 1)).await;
    }
    let stale = RelayBody::DevicesStale { message: message(2), account: bob.account, device_list_version: 1 };
    from.until(|body| (*body == stale).then_some(())).await;
    for _ in 3..6 {
        assert_eq!(refusal(&from.body().await), Some(RefusalCode::Fenced));
    }
    for number in 2..6 {
        let answer = from.ask(submit(&bob, number, 2, 1)).await;
        assert_eq!(answer, RelayBody::Accepted { message: message(number) });
    }
    assert_eq!(refusal(&from.ask(submit(&person(9), 7, 3, 1)).await), Some(RefusalCode::UnknownAccount));
    let mut to = Client::logged_in(&relay.url, &bob).await;
    let expected: Vec<_> = (1..6).map(|number| (number, message(number))).collect();
    assert_eq!(to.drain().await, expected);
}

#[tokio::test]
async fn prekeys_are_given_once_and_repeats_get_the_same() {
    let (data, alice, bob) = (folder(), person(1), person(2));
    let relay = RelayProcess::start(&data.path, &[]);
    let mut of = Client::registered(&relay.url, &bob).await;
    let mut asking = Client::registered(&relay.url, &alice).await;
    assert_eq!(bundle(&asking.ask(fetch(&bob, 1)).await), None);
    assert_eq!(of.ask(prekeys(1..=21)).await, RelayBody::PrekeysPublished { one_time_prekeys: 21 });
    assert_eq!(of.ask(prekeys(1..=21)).await, RelayBody::PrekeysPublished { one_time_prekeys: 21 });
    let first = bundle(&asking.ask(fetch(&bob, 2)).await).expect("a bundle");
    let second = bundle(&asking.ask(fetch(&bob, 3)).await).expect("a bundle");
    assert_ne!(first, second);
    assert_eq!(bundle(&asking.ask(fetch(&bob, 2)).await), Some(first));
    let left = of
        .until(|body| {
            if let RelayBody::PrekeysLow { one_time_prekeys } = body { Some(*one_time_prekeys) } else { None }
        })
        .await;
    assert_eq!(left, 19);
    assert_eq!(of.ask(prekeys(1..=2)).await, RelayBody::PrekeysPublished { one_time_prekeys: 19 });
    for number in 4..23 {
        assert_ne!(bundle(&asking.ask(fetch(&bob, number)).await).as_deref(), Some(&b"last resort"[..]));
    }
    assert_eq!(bundle(&asking.ask(fetch(&bob, 99)).await).as_deref(), Some(&b"last resort"[..]));
}

#[tokio::test]
async fn newer_login_supersedes_and_removal_cuts_off() {
    let (data, alice) = (folder(), person(1));
    let relay = RelayProcess::start(&data.path, &[]);
    let mut first = Client::registered(&relay.url, &alice).await;
    let mut second = Client::logged_in(&relay.url, &alice).await;
    first.until(|body| (refusal(body) == Some(RefusalCode::Superseded)).then_some(())).await;
    assert_eq!(first.closing().await, Some(4001));
    let phone = alice.on_device(50);
    let mut other = Client::greet(&relay.url).await;
    let answer = other.ask(ClientBody::FetchAccount(AccountQuery::Handle(alice.handle.clone()))).await;
    assert!(matches!(answer, RelayBody::Account(_)), "{answer:?}");
    let conflict = other.update_devices(&phone, vec![phone.record()], 0);
    assert_eq!(refusal(&other.ask(conflict).await), Some(RefusalCode::DeviceListConflict));
    let update = other.update_devices(&phone, vec![phone.record()], 2);
    assert!(matches!(other.ask(update).await, RelayBody::LoggedIn(_)));
    second.until(|body| (refusal(body) == Some(RefusalCode::UnknownDevice)).then_some(())).await;
    assert_eq!(second.closing().await, Some(4002));
    let mut gone = Client::greet(&relay.url).await;
    assert_eq!(refusal(&gone.login(&alice).await), Some(RefusalCode::UnknownDevice));
}

#[tokio::test]
async fn registration_is_checked_and_can_be_repeated() {
    let (data, alice, mallory) = (folder(), person(1), person(3));
    let relay = RelayProcess::start(&data.path, &[]);
    let _ = Client::registered(&relay.url, &alice).await;
    let _ = Client::registered(&relay.url, &alice).await;
    let mut client = Client::greet(&relay.url).await;
    let mut thief = mallory.clone();
    thief.handle = alice.handle.clone();
    let taken = client.registration(&thief, None);
    assert_eq!(refusal(&client.ask(taken).await), Some(RefusalCode::HandleTaken));
    thief.account = alice.account;
    let exists = client.registration(&thief, None);
    assert_eq!(refusal(&client.ask(exists).await), Some(RefusalCode::AccountExists));
    let mut replayed = Client::greet(&relay.url).await;
    let of_another_connection = client.registration(&mallory, None);
    assert_eq!(refusal(&replayed.ask(of_another_connection).await), Some(RefusalCode::NotAuthorised));
    let mut wrong = alice.clone();
    wrong.device_key = mallory.device_key.clone();
    assert_eq!(refusal(&replayed.login(&wrong).await), Some(RefusalCode::NotAuthorised));
}

#[tokio::test]
async fn nonsense_is_refused_and_closed() {
    let data = folder();
    let relay = RelayProcess::start(&data.path, &[]);
    let mut old = Client::silent(&relay.url).await;
    let RelayBody::Refused(refused) = old.ask(hello(7, 9)).await else { panic!("not refused") };
    assert_eq!((refused.code, refused.versions), (RefusalCode::VersionUnsupported, Some((1, 1))));
    assert_eq!(old.closing().await, Some(4000));
    let mut early = Client::greet(&relay.url).await;
    assert_eq!(refusal(&early.ask(ClientBody::Ping { cursor: 0 }).await), Some(RefusalCode::BadFrame));
    assert_eq!(early.closing().await, Some(1002));
    for nonsense in [Message::binary(vec![0xff; 40]), Message::text("hello")] {
        let mut client = Client::greet(&relay.url).await;
        client.socket.send(nonsense).await.expect("the socket takes it");
        assert_eq!(refusal(&client.body().await), Some(RefusalCode::BadFrame));
        assert_eq!(client.closing().await, Some(1002));
    }
    let mut large = Client::greet(&relay.url).await;
    let _ = large.socket.send(Message::binary(vec![0; limits::FRAME_SIZE_MAX_BYTES + 1])).await;
    assert_eq!(refusal(&large.body().await), Some(RefusalCode::TooLarge));
    assert_eq!(large.closing().await, Some(1009));
    let mut greedy = Client::registered(&relay.url, &person(1)).await;
    assert_eq!(
        refusal(&greedy.ask(ClientBody::Acknowledge { cursor: 9 }).await),
        Some(RefusalCode::BadFrame)
    );
    assert!(tokio_tungstenite::connect_async(&relay.url).await.is_err(), "no subprotocol was named");
}

#[tokio::test]
async fn silence_is_closed() {
    let data = folder();
    let relay = RelayProcess::start(&data.path, &["--login-timeout-ms", "300", "--silence-max-ms", "900"]);
    let started = Instant::now();
    let mut nothing = Client::silent(&relay.url).await;
    assert_eq!(nothing.closing().await, Some(1008));
    let mut slow = Client::greet(&relay.url).await;
    assert_eq!(slow.closing().await, Some(1008));
    let mut silent = Client::registered(&relay.url, &person(1)).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(silent.ask(ClientBody::Ping { cursor: 0 }).await, RelayBody::Pong);
    assert_eq!(silent.closing().await, Some(1008));
    assert!(started.elapsed() >= Duration::from_millis(300 + 300 + 1400));
}

#[tokio::test]
async fn limits_of_sockets_and_requests_hold() {
    let (data, alice, bob) = (folder(), person(1), person(2));
    let args = ["--limit-loopback", "--sockets-per-address-max", "3", "--registrations-per-hour", "2"];
    let fetches = ["--prekey-fetches-per-hour", "1", "--mailbox-max", "2", "--submits-per-second", "20"];
    let relay = RelayProcess::start(&data.path, &[&args[..], &fetches, &["--submits-burst", "1"]].concat());
    let mut from = Client::registered(&relay.url, &alice).await;
    let _to = Client::registered(&relay.url, &bob).await;
    let mut third = Client::greet(&relay.url).await;
    let registration = third.registration(&person(3), None);
    assert_eq!(refusal(&third.ask(registration).await), Some(RefusalCode::RateLimited));
    assert!(try_open(&relay.url).await.is_none());
    let _ = from.ask(fetch(&bob, 1)).await;
    let RelayBody::Refused(refused) = from.ask(fetch(&bob, 2)).await else { panic!("not refused") };
    assert_eq!(refused.code, RefusalCode::RateLimited);
    assert!(refused.retry_after_ms > 0);
    let started = Instant::now();
    for number in 1..=2 {
        assert!(matches!(from.ask(submit(&bob, number, 1, 1)).await, RelayBody::Accepted { .. }));
    }
    let RelayBody::Refused(full) = from.ask(submit(&bob, 3, 1, 1)).await else { panic!("not refused") };
    assert_eq!((full.code, full.message), (RefusalCode::MailboxFull, Some(message(3))));
    for _ in 0..10 {
        assert_eq!(refusal(&from.ask(submit(&bob, 4, 1, 1)).await), Some(RefusalCode::Fenced));
    }
    assert!(started.elapsed() >= Duration::from_millis(500), "twenty a second");
}

#[tokio::test]
async fn terminated_relay_says_goodbye() {
    let data = folder();
    let mut relay = RelayProcess::start(&data.path, &[]);
    let mut client = Client::registered(&relay.url, &person(1)).await;
    assert!(relay.get("/readyz").starts_with("HTTP/1.1 200"));
    let started = Instant::now();
    relay.terminate();
    let after = client
        .until(|body| {
            if let RelayBody::GoingAway { reconnect_after_ms } = body {
                Some(*reconnect_after_ms)
            } else {
                None
            }
        })
        .await;
    assert!((500..5000).contains(&after));
    assert_eq!(client.closing().await, Some(1001));
    assert_eq!(relay.wait().code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(6));
}

#[tokio::test]
async fn probes_and_metrics_answer_and_logs_name_nobody() {
    let (data, alice, bob) = (folder(), person(1), person(2));
    let args = ["--log", "trace", "--log-format", "json"];
    let mut relay = RelayProcess::start_logging_to(&data.path, &args, Stdio::piped());
    let mut stderr = relay.child.stderr.take().expect("stderr is piped");
    let logs = std::thread::spawn(move || {
        let mut logs = Vec::new();
        let _ = stderr.read_to_end(&mut logs);
        String::from_utf8_lossy(&logs).into_owned()
    });
    let mut from = Client::registered(&relay.url, &alice).await;
    let _to = Client::registered(&relay.url, &bob).await;
    assert!(matches!(from.ask(submit(&bob, 1, 1, 1)).await, RelayBody::Accepted { .. }));
    assert!(relay.get("/healthz").ends_with("ok\n"));
    let metrics = relay.get("/metrics");
    for line in ["messages_accepted_total 1", "devices_online 2", "sessions_open 2", "storage_works 1"] {
        assert!(metrics.contains(&format!("waxwing_relay_{line}\n")), "{line} in {metrics}");
    }
    relay.terminate();
    assert!(relay.wait().success());
    let logs = logs.join().expect("the logs end");
    assert!(logs.contains("\"message\":\"listening\""), "{logs}");
    for secret in ["person1", "person2", "sealed 1", &alice.account.to_string(), &bob.device.to_string()] {
        assert!(!logs.contains(secret), "the logs hold {secret}");
    }
    assert!(!logs.contains(&"01".repeat(8)) && !logs.contains("1, 1, 1, 1, 1, 1"), "the logs hold an id");
}

#[tokio::test]
async fn unusable_databases_are_named_and_end_the_program() {
    let newer = folder();
    drop(RelayProcess::start(&newer.path, &[]));
    let database = newer.path.join("relay.db");
    let connection = rusqlite::Connection::open(&database).expect("a database");
    connection.pragma_update(None, "user_version", 99).expect("a newer schema");
    drop(connection);
    assert!(failure(&newer.path, &[]).contains("made by a newer relay"));
    let damaged = folder();
    std::fs::write(damaged.path.join("relay.db"), vec![b'x'; 8192]).expect("a file");
    assert!(failure(&damaged.path, &[]).contains("the database is damaged"));
    let torn = folder();
    drop(RelayProcess::start(&torn.path, &[]));
    let database = torn.path.join("relay.db");
    rusqlite::Connection::open(&database)
        .and_then(|connection| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))
        .expect("a checkpoint");
    let mut bytes = std::fs::read(&database).expect("the database");
    bytes[4096..].fill(0x5a);
    std::fs::write(&database, bytes).expect("a damaged database");
    assert!(failure(&torn.path, &[]).contains("the database is damaged"));
    let used = folder();
    let _relay = RelayProcess::start(&used.path, &[]);
    assert!(failure(&used.path, &[]).contains("another relay uses"));
}

#[tokio::test]
async fn plain_relay_stays_on_loopback() {
    let data = folder();
    let text = failure(&data.path, &["--tls-cert", "missing.pem", "--tls-key", "missing.pem"]);
    assert!(text.contains("missing.pem"), "{text}");
    let mut exposed = std::process::Command::new(env!("CARGO_BIN_EXE_waxwing-relay"));
    let output = exposed.args(["--listen", "0.0.0.0:0", "--data"]).arg(&data.path).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--dangerous-plain"));
}

fn failure(data: &std::path::Path, args: &[&str]) -> String {
    let output = command(data, args).stderr(Stdio::piped()).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).expect("text")
}
