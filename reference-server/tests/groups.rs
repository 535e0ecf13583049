//! Groups over real sockets: changes in one order, and one message for many.

use bytes::Bytes;
use support::{Client, Person, RelayProcess, folder, message, person, refusal, submit};
use waxwing_wire::{
    AccountId, ChangeGroup, ClientBody, Envelope, GroupId, MessageId, RefusalCode, RelayBody, SubmitToGroup,
};

mod support;

const GROUP: GroupId = GroupId::from_bytes([9; 16]);

fn change(number: u64, revision: u64, members: &[&Person]) -> ClientBody {
    let mut members: Vec<AccountId> = members.iter().map(|member| member.account).collect();
    members.sort_unstable();
    ClientBody::ChangeGroup(Box::new(ChangeGroup {
        message: message(number),
        group: GROUP,
        revision,
        change: Bytes::from(format!("change {revision}")),
        members,
    }))
}

fn say(number: u64, fence: u64, revision: u64) -> ClientBody {
    ClientBody::SubmitToGroup(SubmitToGroup {
        message: message(number),
        fence,
        group: GROUP,
        revision,
        payload: Bytes::from(format!("sealed {number}")),
    })
}

/// As with a group of people, and as with a very large one.
const SHAPES: [&[&str]; 2] = [&[], &["--group-log-above", "1"]];

/// Logs in anew, and reads so many envelopes from the front of the mailbox.
async fn hears(relay: &RelayProcess, who: &Person, count: usize) -> Vec<Envelope> {
    let mut client = Client::logged_in(&relay.url, who).await;
    let mut heard = Vec::new();
    while heard.len() < count {
        let next = |body: &RelayBody| {
            if let RelayBody::Deliver { envelopes } = body { Some(envelopes.clone()) } else { None }
        };
        heard.extend(client.until(next).await);
    }
    heard
}

#[tokio::test]
async fn changes_and_messages_come_in_one_order_to_every_member() {
    for shape in SHAPES {
        play_order(shape).await;
    }
}

async fn play_order(shape: &[&str]) {
    let (data, people) = (folder(), [person(1), person(2), person(3)]);
    let relay = RelayProcess::start(&data.path, shape);
    let mut alice = Client::registered(&relay.url, &people[0]).await;
    let mut bob = Client::registered(&relay.url, &people[1]).await;
    let mut carol = Client::registered(&relay.url, &people[2]).await;
    let [a, b, c] = [&people[0], &people[1], &people[2]];

    let made = RelayBody::GroupChanged { group: GROUP, revision: 1 };
    assert_eq!(alice.ask(change(1, 1, &[a, b])).await, made);
    assert_eq!(alice.ask(change(1, 1, &[a, b])).await, made, "the same again");
    assert_eq!(alice.ask(say(2, 1, 1)).await, RelayBody::Accepted { message: message(2) });
    assert_eq!(refusal(&carol.ask(say(3, 1, 1)).await), Some(RefusalCode::UnknownGroup));

    let added = RelayBody::GroupChanged { group: GROUP, revision: 2 };
    assert_eq!(alice.ask(change(4, 2, &[a, b, c])).await, added);
    let late = RelayBody::GroupStale { message: message(5), group: GROUP, revision: 2 };
    assert_eq!(bob.ask(say(5, 1, 1)).await, late);
    assert_eq!(bob.ask(say(5, 2, 2)).await, RelayBody::Accepted { message: message(5) });

    let to_bob = hears(&relay, b, 3).await;
    let told: Vec<_> = to_bob
        .iter()
        .map(|envelope| (envelope.message, envelope.group.expect("it came through the group").is_change))
        .collect();
    assert_eq!(told, [(message(1), true), (message(2), false), (message(4), true)]);
    let to_carol = hears(&relay, c, 2).await;
    assert_eq!(&to_carol[0].payload[..], b"change 2");
    assert_eq!(&to_carol[1].payload[..], b"sealed 5");
    let mut carol = Client::logged_in(&relay.url, c).await;
    let RelayBody::Group(record) = carol.ask(ClientBody::FetchGroup { group: GROUP, after: 0 }).await else {
        panic!("a member is answered")
    };
    assert_eq!(record.changes.iter().map(|change| change.revision).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn who_left_is_told_so_and_asks_in_vain() {
    for shape in SHAPES {
        play_leaving(shape).await;
    }
}

async fn play_leaving(shape: &[&str]) {
    let (data, people) = (folder(), [person(1), person(2)]);
    let relay = RelayProcess::start(&data.path, shape);
    let mut alice = Client::registered(&relay.url, &people[0]).await;
    let mut bob = Client::registered(&relay.url, &people[1]).await;
    alice.ask(change(1, 1, &[&people[0], &people[1]])).await;
    let left = RelayBody::GroupChanged { group: GROUP, revision: 2 };
    assert_eq!(bob.ask(change(2, 2, &[&people[0]])).await, left);
    assert_eq!(bob.ask(change(2, 2, &[&people[0]])).await, left, "the answer may be lost");
    assert_eq!(refusal(&bob.ask(say(3, 1, 2)).await), Some(RefusalCode::UnknownGroup));
    let fetch = ClientBody::FetchGroup { group: GROUP, after: 0 };
    assert_eq!(refusal(&bob.ask(fetch).await), Some(RefusalCode::UnknownGroup));
    assert_eq!(&hears(&relay, &people[0], 1).await[0].payload[..], b"change 2");
}

#[tokio::test]
async fn a_group_is_as_it_was_after_the_relay_was_killed() {
    for shape in SHAPES {
        play_kill(shape).await;
    }
}

async fn play_kill(shape: &[&str]) {
    let (data, people) = (folder(), [person(1), person(2)]);
    let relay = RelayProcess::start(&data.path, shape);
    let mut alice = Client::registered(&relay.url, &people[0]).await;
    let _ = Client::registered(&relay.url, &people[1]).await;
    alice.ask(change(1, 1, &[&people[0], &people[1]])).await;
    assert_eq!(alice.ask(say(2, 1, 1)).await, RelayBody::Accepted { message: message(2) });
    relay.kill();
    let relay = RelayProcess::start(&data.path, shape);
    let mut alice = Client::logged_in(&relay.url, &people[0]).await;
    assert_eq!(alice.ask(say(2, 1, 1)).await, RelayBody::Accepted { message: message(2) }, "a repeat");
    assert_eq!(alice.ask(say(3, 1, 1)).await, RelayBody::Accepted { message: message(3) });
    let heard: Vec<_> = hears(&relay, &people[1], 3).await.iter().map(|envelope| envelope.message).collect();
    assert_eq!(heard, [message(1), message(2), message(3)]);
}

/// Reads a mailbox to its end: what it is, and where it stands.
async fn all(relay: &RelayProcess, who: &Person) -> Vec<(u64, u64)> {
    let mut client = Client::logged_in(&relay.url, who).await;
    let came = client.drain().await;
    came.into_iter()
        .map(|(sequence, id)| (sequence, (1..200).find(|n| message(*n) == id).unwrap_or(0)))
        .collect()
}

#[tokio::test]
async fn a_log_is_read_by_live_devices_and_by_those_that_were_away() {
    let (data, people) = (folder(), [person(1), person(2), person(3)]);
    let relay = RelayProcess::start(&data.path, &["--group-log-above", "2"]);
    let [a, b, c] = [&people[0], &people[1], &people[2]];
    let mut alice = Client::registered(&relay.url, a).await;
    let mut bob = Client::registered(&relay.url, b).await;
    let _ = Client::registered(&relay.url, c).await;
    alice.ask(change(1, 1, &[a, b, c])).await;
    for number in 2..=150 {
        assert_eq!(alice.ask(say(number, 1, 1)).await, RelayBody::Accepted { message: message(number) });
    }
    // Bob is online and hears all without asking, and says nothing about it.
    let mut heard = Vec::new();
    while heard.len() < 150 {
        let next = |body: &RelayBody| {
            if let RelayBody::Deliver { envelopes } = body { Some(envelopes.clone()) } else { None }
        };
        heard.extend(bob.until(next).await.into_iter().map(|envelope| (envelope.sequence, envelope.message)));
    }
    let expected: Vec<_> = (1..=150).map(|number| (number, message(number))).collect();
    assert_eq!(heard, expected);
    // Carol was away: first what is in her mailbox, and drained is said after the last of the log.
    let carols: Vec<(u64, u64)> = (1..=150).map(|number| (number, number)).collect();
    assert_eq!(all(&relay, c).await, carols);
    assert!(relay.get("/metrics").contains("waxwing_relay_group_log_entries_total 150\n"));
    relay.kill();
    let relay = RelayProcess::start(&data.path, &["--group-log-above", "2"]);
    assert_eq!(all(&relay, c).await, carols, "the same again, since nothing was acknowledged");
}

#[tokio::test]
async fn who_comes_late_to_a_log_reads_from_there_and_another_device_too() {
    let (data, people) = (folder(), [person(1), person(2), person(3)]);
    let relay = RelayProcess::start(&data.path, &["--group-log-above", "1"]);
    let [a, b, c] = [&people[0], &people[1], &people[2]];
    let mut alice = Client::registered(&relay.url, a).await;
    let mut bob = Client::registered(&relay.url, b).await;
    let _ = Client::registered(&relay.url, c).await;
    alice.ask(change(1, 1, &[a, b])).await;
    alice.ask(say(2, 1, 1)).await;
    let tablet = b.on_device(77);
    let list = bob.update_devices(b, vec![b.record(), tablet.record()], 2);
    assert!(matches!(bob.ask(list).await, RelayBody::LoggedIn(_)));
    alice.ask(say(3, 1, 1)).await;
    alice.ask(change(4, 2, &[a, c])).await;
    alice.ask(say(5, 1, 2)).await;
    assert_eq!(all(&relay, b).await, [(1, 1), (2, 2), (3, 3), (4, 4)]);
    assert_eq!(all(&relay, &tablet).await, [(1, 3), (2, 4)]);
    assert_eq!(all(&relay, c).await, [(1, 4), (2, 5)]);
}

/// What a refusal says: the code, the time to wait, the message.
fn refused(body: &RelayBody) -> (RefusalCode, u32, Option<MessageId>) {
    let RelayBody::Refused(refused) = body else { panic!("{body:?} is a refusal") };
    (refused.code, refused.retry_after_ms, refused.message)
}

#[tokio::test]
async fn messages_over_the_rate_are_refused_with_a_time_and_nothing_overtakes_them() {
    let (data, people) = (folder(), [person(1), person(2)]);
    let relay = RelayProcess::start(&data.path, &["--group-messages-of-account-per-second", "1"]);
    let mut alice = Client::registered(&relay.url, &people[0]).await;
    let mut bob = Client::registered(&relay.url, &people[1]).await;
    alice.ask(change(1, 1, &[&people[0], &people[1]])).await;
    // Twenty at once, and perhaps some more while the time goes.
    let mut number = 10;
    let over = loop {
        let answer = alice.ask(say(number, 1, 1)).await;
        if answer != (RelayBody::Accepted { message: message(number) }) {
            break answer;
        }
        number += 1;
        assert!(number < 1_000, "there is a limit");
    };
    assert!(number >= 30, "as many at once as the burst says");
    let (code, wait_ms, name) = refused(&over);
    assert_eq!((code, name), (RefusalCode::RateLimited, Some(message(number))));
    assert!((1..=1_000).contains(&wait_ms), "{wait_ms}");
    let behind = alice.ask(say(number + 1, 1, 1)).await;
    assert_eq!(refused(&behind), (RefusalCode::Fenced, 0, Some(message(number + 1))));
    let direct = alice.ask(submit(&people[1], number + 2, 1, 1)).await;
    assert_eq!(refused(&direct).0, RefusalCode::Fenced, "one fence for all");
    assert_eq!(bob.ask(say(2, 1, 1)).await, RelayBody::Accepted { message: message(2) }, "others may write");

    let mut fence = 2;
    loop {
        let again = alice.ask(say(number, fence, 1)).await;
        if again == (RelayBody::Accepted { message: message(number) }) {
            break;
        }
        assert_eq!(refused(&again).0, RefusalCode::RateLimited);
        tokio::time::sleep(std::time::Duration::from_millis(wait_ms.into())).await;
        fence += 1;
    }
    let metrics = relay.get("/metrics");
    for line in [
        format!("group_messages_total {}", number - 10 + 2),
        format!("group_fan_out_devices_sum {}", number - 10 + 2),
        "group_changes_total 1".to_owned(),
    ] {
        assert!(metrics.contains(&format!("waxwing_relay_{line}\n")), "{line} in {metrics}");
    }
    assert!(metrics.contains("waxwing_relay_group_refusals_total{code=\"rate_limited\"}"), "{metrics}");
}

#[tokio::test]
async fn accounts_make_so_many_groups_an_hour_and_are_in_so_many() {
    let (data, people) = (folder(), [person(1), person(2)]);
    let options = ["--groups-made-per-hour", "3", "--groups-per-account-max", "2"];
    let relay = RelayProcess::start(&data.path, &options);
    let mut alice = Client::registered(&relay.url, &people[0]).await;
    let mut bob = Client::registered(&relay.url, &people[1]).await;
    let make = |number: u64, id: u8, members: &[&Person]| {
        let ClientBody::ChangeGroup(change) = change(number, 1, members) else { unreachable!() };
        ClientBody::ChangeGroup(Box::new(ChangeGroup { group: GroupId::from_bytes([id; 16]), ..*change }))
    };
    let both = [&people[0], &people[1]];
    for id in 1..=2 {
        let made = alice.ask(make(id.into(), id, &both)).await;
        assert_eq!(made, RelayBody::GroupChanged { group: GroupId::from_bytes([id; 16]), revision: 1 });
    }
    assert_eq!(
        refused(&alice.ask(make(3, 3, &both[..1])).await),
        (RefusalCode::GroupsFull, 0, Some(message(3)))
    );
    let (code, wait_ms, name) = refused(&alice.ask(make(4, 4, &both[..1])).await);
    assert_eq!((code, name), (RefusalCode::RateLimited, Some(message(4))));
    assert!(wait_ms > 60_000, "{wait_ms}");
    // Nobody is brought into one too many by others either, and who leaves one has room again.
    assert_eq!(refused(&bob.ask(make(5, 5, &both[1..])).await).0, RefusalCode::GroupsFull);
    let ClientBody::ChangeGroup(leave) = change(6, 2, &both[..1]) else { unreachable!() };
    let leave = ChangeGroup { group: GroupId::from_bytes([1; 16]), ..*leave };
    let left = bob.ask(ClientBody::ChangeGroup(Box::new(leave))).await;
    assert_eq!(left, RelayBody::GroupChanged { group: GroupId::from_bytes([1; 16]), revision: 2 });
    let made = bob.ask(make(7, 7, &both[1..])).await;
    assert_eq!(made, RelayBody::GroupChanged { group: GroupId::from_bytes([7; 16]), revision: 1 });
}
