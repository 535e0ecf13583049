//! What is left of an account that was deleted, in the store, in the files and over real sockets.
#![allow(clippy::wildcard_enum_match_arm)] // whatever is not expected fails the test

mod operations;
mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use operations::{Random, account, change, delete, device, group, register, to_group, update_devices};
use support::{Client, RelayProcess, folder, person, prekeys, refusal, sign, submit};
use waxwing_relay::sqlite::{DATABASE_FILE, SqliteStore};
use waxwing_relay::store::{
    Answer, Append, ConnectionId, Fences, Op, Outcome, Query, Store as _, StoreLimits, Take,
};
use waxwing_wire::{
    AccountQuery, ClientBody, Destination, FetchId, FrameSignature, MessageId, Prekey, RefusalCode,
    RelayBody, SealedFor, account_deleted_statement,
};

/// Which file of the folder holds these bytes, if one does.
fn found_in(folder: &Path, bytes: &[u8]) -> Option<String> {
    let files = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("a file").path());
    files
        .filter(|path| path.is_file())
        .find(|path| {
            let content = std::fs::read(path).expect("a file");
            content.windows(bytes.len()).any(|window| window == bytes)
        })
        .map(|path| path.display().to_string())
}

fn one(store: &mut SqliteStore, op: Op) -> Outcome {
    store.commit(&[op], &mut Fences::default()).expect("the disk works").remove(0)
}

fn append(sender: u8, recipient: u8, message: u8, payload: &'static [u8]) -> Op {
    Op::Append(Box::new(Append {
        connection: ConnectionId(1),
        fence: 1,
        sender_account: account(sender),
        sender_device: device(sender),
        message: MessageId::from_bytes([message; 16]),
        destinations: vec![Destination {
            account: account(recipient),
            device_list_version: 1,
            devices: vec![SealedFor { device: device(recipient), payload: Bytes::from_static(payload) }],
        }],
        now_ms: 1,
    }))
}

/// Accounts 50, 51 and 52; 50 has everything that an account can have, and wrote to 51 and into groups.
fn fill(store: &mut SqliteStore) {
    let mut random = Random(5);
    let bundle = |text: &'static [u8]| Prekey { id: 1, bundle: Bytes::from_static(text) };
    let publish = |number: u8| Op::PublishPrekeys {
        device: device(number),
        one_time: vec![bundle(b"one-time bundle")],
        last_resort: Some(bundle(b"last-resort bundle")),
        replace: false,
    };
    let take = |requester: u8, of: u8| {
        Op::TakePrekeys(Take {
            requester: device(requester),
            fetch: FetchId::from_bytes([requester; 16]),
            account: account(of),
            devices: vec![device(of)],
            now_ms: 1,
        })
    };
    let ops = vec![
        register(&mut random, 50),
        register(&mut random, 51),
        register(&mut random, 52),
        publish(50),
        publish(51),
        take(51, 50),
        take(50, 51),
        append(50, 51, 1, b"sealed by the deleted"),
        append(51, 50, 2, b"sealed for the deleted"),
        append(51, 52, 3, b"sealed for another"),
        change(50, 0, 1, &[50, 51], 1),
        to_group(50, 0, 1, 4, 1),
        change(50, 1, 1, &[50], 1),
        change(50, 2, 1, &[50, 51, 52], 1),
        to_group(50, 2, 1, 5, 1),
        to_group(51, 2, 1, 6, 1),
        update_devices(&mut random, 50, 2, &[50, 60]),
        update_devices(&mut random, 50, 3, &[50, 61]),
    ];
    let count = ops.len();
    let outcomes = store.commit(&ops, &mut Fences::default()).expect("the disk works");
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Refused(_)));
    assert_eq!((outcomes.len(), refused.count()), (count, 0), "{outcomes:?}");
}

/// The groups of three devices and more have a log.
const LIMITS: StoreLimits =
    StoreLimits { mailbox_max_envelopes: 100, group_log_above_devices: 2, groups_per_account_max: 100 };

#[test]
fn the_files_hold_nothing_of_a_deleted_account() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path(), LIMITS).expect("a new database");
    fill(&mut store);
    let traces: Vec<Vec<u8>> = vec![
        account(50).as_bytes().to_vec(),
        device(50).as_bytes().to_vec(),
        device(60).as_bytes().to_vec(),
        device(61).as_bytes().to_vec(),
        [50; 32].to_vec(),
        b"person50".to_vec(),
        b"sealed by the deleted".to_vec(),
        b"sealed for the deleted".to_vec(),
    ];
    // What was there once and is not any more counts too.
    one(&mut store, Op::Acknowledge { device: device(51), cursor: 1 });
    let checkpointer = store.checkpointer().expect("a checkpointer");
    checkpointer.checkpoint().expect("a checkpoint");
    for trace in traces.iter().filter(|trace| trace.len() != 21) {
        assert!(found_in(folder.path(), trace).is_some(), "{trace:?} is to be found before");
    }
    let deleted = one(&mut store, delete(50, 50));
    assert_eq!(deleted, Outcome::AccountDeleted { cut_off: vec![device(61)] });
    checkpointer.checkpoint().expect("a checkpoint");
    for trace in &traces {
        assert_eq!(found_in(folder.path(), trace), None, "{}", String::from_utf8_lossy(trace));
    }
    for kept in [account(51).as_bytes().as_slice(), b"person52", b"sealed for another"] {
        assert!(found_in(folder.path(), kept).is_some(), "what is others' stays");
    }
    let database = rusqlite::Connection::open(folder.path().join(DATABASE_FILE)).expect("the database");
    let count = |sql: &str| database.query_row(sql, (), |row| row.get::<_, i64>(0)).expect("a count");
    assert_eq!(count("SELECT count(*) FROM device"), 2);
    assert_eq!(count("SELECT count(*) FROM chat_group"), 2, "the group of nobody but it is gone");
    assert_eq!(count("SELECT count(*) FROM seen"), 1);
    let check: String = database.query_row("PRAGMA integrity_check", (), |row| row.get(0)).expect("a check");
    assert_eq!(check, "ok");
}

#[test]
fn a_group_goes_on_whether_its_roster_names_the_deleted_or_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path(), LIMITS).expect("a new database");
    fill(&mut store);
    let _ = one(&mut store, delete(50, 50));
    let mailbox = Query::Mailbox { device: device(51), after: 0, limit: 10 };
    let Ok(Answer::Mailbox { envelopes, .. }) = store.answer(&mailbox) else { panic!("a mailbox") };
    assert!(envelopes.iter().all(|envelope| envelope.sender_account != account(50)));
    assert_eq!(envelopes.len(), 1, "the change that made the group, from nobody");
    assert!(envelopes[0].group.is_some_and(|origin| origin.is_change));
    // Who does not know yet that it is gone names it as a member.
    assert_eq!(
        one(&mut store, change(51, 0, 2, &[50, 51], 1)),
        Outcome::GroupChanged { stored: vec![] },
        "the other devices of the writer alone, and it has none"
    );
    assert!(matches!(one(&mut store, change(51, 2, 2, &[51, 52], 1)), Outcome::Logged { .. }));
    let unknown = one(&mut store, change(51, 2, 3, &[51, 52, 99], 1));
    assert_eq!(unknown, Outcome::Refused(RefusalCode::UnknownAccount));
    assert!(matches!(one(&mut store, to_group(51, 0, 2, 9, 1)), Outcome::Appended { .. }));
    assert_eq!(
        store.answer(&Query::Group { group: group(0), account: account(50), after: 0 }),
        Ok(Answer::Group(None))
    );
}

#[test]
fn its_name_is_free_and_its_id_is_nobodys() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path(), LIMITS).expect("a new database");
    fill(&mut store);
    let _ = one(&mut store, delete(50, 50));
    assert_eq!(one(&mut store, delete(50, 50)), Outcome::AccountDeleted { cut_off: vec![] }, "again");
    assert_eq!(one(&mut store, delete(53, 50)), Outcome::Refused(RefusalCode::UnknownAccount));
    let said = Answer::Deleted { account: account(50), deletion: FrameSignature([7; 64]) };
    let by_id = Query::Account(AccountQuery::Id(account(50)));
    assert_eq!(store.answer(&by_id), Ok(said.clone()));
    assert_eq!(store.answer(&Query::Device { account: account(50), device: device(61) }), Ok(said));
    assert_eq!(store.answer(&Query::Account(AccountQuery::Id(account(53)))), Ok(Answer::Account(None)));
    let mut again = register(&mut Random(5), 50);
    assert_eq!(one(&mut store, again.clone()), Outcome::Refused(RefusalCode::AccountDeleted));
    let Op::Register(register) = &mut again else { panic!("a registration") };
    register.account = account(54);
    assert_eq!(
        one(&mut store, again),
        Outcome::Done,
        "another account takes the name, and may bring a device of that id"
    );
}

#[tokio::test]
async fn only_the_account_key_of_this_connection_deletes() {
    let (data, alice, bob) = (folder(), person(141), person(142));
    let relay = RelayProcess::start(&data.path, &[]);
    let mut client = Client::registered(&relay.url, &alice).await;
    let other = Client::registered(&relay.url, &bob).await;
    let ClientBody::DeleteAccount { account_signature, deletion } = client.delete_account(&alice) else {
        panic!("a deletion")
    };
    let of_another_connection = other.delete_account(&alice);
    let with_the_device_key = ClientBody::DeleteAccount {
        account_signature,
        deletion: sign(&alice.device_key, &account_deleted_statement(&alice.account)),
    };
    let of_another_account =
        ClientBody::DeleteAccount { account_signature: sign(&bob.account_key, b"delete account"), deletion };
    for wrong in [of_another_connection, with_the_device_key, of_another_account, client.delete_account(&bob)]
    {
        assert_eq!(refusal(&client.ask(wrong).await), Some(RefusalCode::NotAuthorised));
    }
    let right = client.delete_account(&alice);
    let gone = RelayBody::AccountDeleted { account: alice.account, deletion };
    assert_eq!(client.ask(right).await, gone);
    assert_eq!(client.closing().await, Some(4002));
}

#[tokio::test]
async fn a_deleted_account_is_gone_for_all_who_ask_and_from_the_disk() {
    let (data, alice, bob) = (folder(), person(151), person(152));
    let relay = RelayProcess::start(&data.path, &[]);
    let mut phone = Client::registered(&relay.url, &alice).await;
    let tablet = alice.on_device(250);
    let update = phone.update_devices(&alice, vec![alice.record(), tablet.record()], 2);
    assert!(matches!(phone.ask(update).await, RelayBody::LoggedIn(_)));
    let mut tablet_client = Client::logged_in(&relay.url, &tablet).await;
    let mut friend = Client::registered(&relay.url, &bob).await;
    let _ = phone.ask(prekeys(1..=3)).await;
    let _ = phone.ask(submit(&bob, 1, 1, 1)).await;

    let delete = phone.delete_account(&alice);
    let RelayBody::AccountDeleted { account, deletion } = phone.ask(delete).await else { panic!("deleted") };
    assert_eq!(account, alice.account);
    let said = RelayBody::AccountDeleted { account, deletion };
    // Its other device is cut off, and told why when it comes back; so is the one that did not hear the answer.
    assert_eq!(tablet_client.closing().await, Some(4002));
    for device in [&tablet, &alice] {
        let mut back = Client::greet(&relay.url).await;
        assert_eq!(back.login(device).await, said);
        assert_eq!(back.closing().await, Some(4002));
    }
    let fetched = friend.ask(ClientBody::FetchAccount(AccountQuery::Id(alice.account))).await;
    assert_eq!(fetched, said);
    let by_name = friend.ask(ClientBody::FetchAccount(AccountQuery::Handle(alice.handle.clone()))).await;
    assert_eq!(refusal(&by_name), Some(RefusalCode::UnknownAccount));
    assert_eq!(refusal(&friend.ask(submit(&alice, 2, 1, 1)).await), Some(RefusalCode::UnknownAccount));
    let mut late = Client::greet(&relay.url).await;
    let again = late.registration(&alice, None);
    assert_eq!(refusal(&late.ask(again).await), Some(RefusalCode::AccountDeleted));
    assert!(relay.get("/metrics").contains("waxwing_relay_accounts_deleted_total 1"));
    // The relay's own checkpoints empty the log.
    let until = Instant::now() + Duration::from_secs(30);
    let traces = [
        alice.account.as_bytes().as_slice(),
        alice.device.as_bytes(),
        tablet.device.as_bytes(),
        b"person151",
    ];
    while let Some(trace) = traces.iter().find(|trace| found_in(&data.path, trace).is_some()) {
        assert!(Instant::now() < until, "{trace:?} is in {:?}", found_in(&data.path, trace));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
