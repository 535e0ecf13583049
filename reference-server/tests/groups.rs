//! Groups over real sockets: changes in one order, and one message for many.

use bytes::Bytes;
use support::{Client, Person, RelayProcess, folder, message, person, refusal};
use waxwing_wire::{
    AccountId, ChangeGroup, ClientBody, Envelope, GroupId, RefusalCode, RelayBody, SubmitToGroup,
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
    let (data, people) = (folder(), [person(1), person(2), person(3)]);
    let relay = RelayProcess::start(&data.path, &[]);
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
    let (data, people) = (folder(), [person(1), person(2)]);
    let relay = RelayProcess::start(&data.path, &[]);
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
    let (data, people) = (folder(), [person(1), person(2)]);
    let relay = RelayProcess::start(&data.path, &[]);
    let mut alice = Client::registered(&relay.url, &people[0]).await;
    let _ = Client::registered(&relay.url, &people[1]).await;
    alice.ask(change(1, 1, &[&people[0], &people[1]])).await;
    assert_eq!(alice.ask(say(2, 1, 1)).await, RelayBody::Accepted { message: message(2) });
    relay.kill();
    let relay = RelayProcess::start(&data.path, &[]);
    let mut alice = Client::logged_in(&relay.url, &people[0]).await;
    assert_eq!(alice.ask(say(2, 1, 1)).await, RelayBody::Accepted { message: message(2) }, "a repeat");
    assert_eq!(alice.ask(say(3, 1, 1)).await, RelayBody::Accepted { message: message(3) });
    let heard: Vec<_> = hears(&relay, &people[1], 3).await.iter().map(|envelope| envelope.message).collect();
    assert_eq!(heard, [message(1), message(2), message(3)]);
}
