//! Messages for groups: one for a thousand mailboxes in one transaction, and one for the log of ten thousand devices.

#![allow(clippy::wildcard_enum_match_arm, reason = "whatever else the relay says ends the bench")]

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use waxwing_bench::server::Server;
use waxwing_bench::{Bar, Row, median, quantile};
use waxwing_wire::{
    AccountId, ChangeGroup, ClientBody, GroupId, MessageId, Prekey, RelayBody, SubmitToGroup,
};

use crate::devices::{Device, devices};
use crate::link::Link;
use crate::pairs::opened;
use crate::stage::Stage;
use crate::waxwing::{Waxwing, greet};

/// Who gets a message of the fan-out.
const RECEIVERS: u32 = 1_000;
/// Members of the group with a log, and the devices of each.
const MEMBERS: u32 = 2_500;
const DEVICES_EACH: u32 = 4;
/// Devices of it that are online in the second part.
const ONLINE: u32 = 500;
const PAYLOAD: [u8; 4096] = [0x5a; 4096];
/// Messages for each figure.
const MESSAGES: u32 = 200;
/// About what a prekey bundle with ML-KEM-1024 has.
const BUNDLE: [u8; 1_900] = [0x77; 1_900];
/// In which time what is committed has reached the database file.
const CHECKPOINTED: Duration = Duration::from_secs(2);
/// How long a live device may take to hear of all.
const HEARD_MAX: Duration = Duration::from_secs(60);

pub(crate) async fn fan_out(stage: &Stage) -> io::Result<Row> {
    let data = stage.fresh_data();
    let relay = Server::relay(&data)?;
    let all = devices(0, RECEIVERS + 1);
    register(&relay, &all, 1).await?;
    let mut group = Group::made(&relay, 1, &all).await?;
    tokio::time::sleep(CHECKPOINTED).await;
    let (size, written) = (database_bytes(&data)?, relay.written_bytes()?);
    let mut took = Vec::new();
    for _ in 0..MESSAGES {
        took.push(group.say().await?);
        // Not a batch of several: each is a transaction of its own, with its own sync.
    }
    tokio::time::sleep(CHECKPOINTED).await;
    let each = |bytes: f64| bytes / f64::from(MESSAGES) / 1024.0;
    Ok(Row::new("fan_out_1000")
        .figure("p50_ms", median(&took) / 1e3)
        .figure("p99_ms", quantile(&took, 0.99) / 1e3)
        .figure("disk_kib", each(database_bytes(&data)? - size))
        .figure("written_kib", each(relay.written_bytes()? - written))
        .bar(Bar::AtMost("p50_ms", 3.0))
        .bar(Bar::AtMost("disk_kib", 40.0)))
}

/// The sender's acknowledgement in a group of two and in one with a log, in turns on one relay.
pub(crate) async fn log(stage: &Stage) -> io::Result<[Row; 2]> {
    let relay = Server::relay(&stage.fresh_data())?;
    let all = devices(0, MEMBERS);
    register(&relay, &all, DEVICES_EACH).await?;
    let mut pair = Group::made(&relay, 2, &devices(MEMBERS, 2)).await?;
    let mut large = Group::made(&relay, 3, &all).await?;
    let away = in_turns(&mut pair, &mut large).await?;
    let away = row("group_log_10000_away", &away);

    let address = relay.address;
    let mut online = opened(ONLINE, |number| async move {
        greet(address, Vec::new()).await?.login(&Device::new(number + 1)).await
    })
    .await?;
    let mut reading = tokio::task::JoinSet::new();
    let expected = 1 + 2 * MESSAGES as usize; // the change, and both parts
    for mut link in online.drain(..) {
        reading.spawn(async move { tokio::time::timeout(HEARD_MAX, hear(&mut link, expected)).await });
    }
    let live = in_turns(&mut pair, &mut large).await?;
    let begun = Instant::now();
    while let Some(heard) = reading.join_next().await {
        heard??.map_err(|error| io::Error::other(format!("a member: {error}")))?;
    }
    let live = row("group_log_10000_live", &live)
        .figure("online", f64::from(ONLINE))
        .figure("all_heard_after_s", begun.elapsed().as_secs_f64());
    Ok([away, live])
}

fn row(name: &'static str, (pair, large): &(Vec<f64>, Vec<f64>)) -> Row {
    Row::new(name)
        .figure("group_of_2_p50_us", median(pair))
        .figure("group_of_10000_p50_us", median(large))
        .figure("group_of_2_p99_us", quantile(pair, 0.99))
        .figure("group_of_10000_p99_us", quantile(large, 0.99))
        .figure("ratio", median(large) / median(pair))
        .bar(Bar::AtMost("ratio", 1.0))
}

async fn in_turns(pair: &mut Group, large: &mut Group) -> io::Result<(Vec<f64>, Vec<f64>)> {
    let (mut to_pair, mut to_large) = (Vec::new(), Vec::new());
    for _ in 0..MESSAGES {
        to_pair.push(pair.say().await?);
        to_large.push(large.say().await?);
    }
    Ok((to_pair, to_large))
}

/// Reads and acknowledges until so many envelopes have come.
async fn hear(link: &mut Link<Waxwing>, count: usize) -> io::Result<()> {
    let mut came = 0;
    while came < count {
        if let RelayBody::Deliver { envelopes } = link.next().await?.body {
            came += envelopes.len();
            let cursor = envelopes.last().map_or(0, |envelope| envelope.sequence);
            link.say(ClientBody::Acknowledge { cursor });
            link.flush().await?;
        }
    }
    Ok(())
}

/// Registers devices, each with a last-resort prekey as real ones have, and so many devices in each account.
async fn register(relay: &Server, all: &[Device], devices_each: u32) -> io::Result<()> {
    let address = relay.address;
    let all = all.to_vec();
    opened(u32::try_from(all.len()).unwrap_or(u32::MAX), |number| {
        let device = all[number as usize].clone();
        async move {
            let (mut link, greeting) = greet(address, Vec::new()).await?.registered(&device).await?;
            let last_resort = Some(Prekey { id: 1, bundle: Bytes::from_static(&BUNDLE) });
            link.say(ClientBody::PublishPrekeys { one_time: Vec::new(), last_resort, replace: false });
            answer(&mut link).await?;
            if devices_each > 1 {
                link.say(device.update(&greeting, devices_each));
                answer(&mut link).await?;
            }
            Ok(())
        }
    })
    .await
    .map(drop)
}

async fn answer(link: &mut Link<Waxwing>) -> io::Result<RelayBody> {
    link.flush().await?;
    loop {
        match link.next().await?.body {
            RelayBody::Drained { .. } | RelayBody::Deliver { .. } | RelayBody::PrekeysLow { .. } => {}
            body => return Ok(body),
        }
    }
}

/// A group, and the connection of who made it.
struct Group {
    link: Link<Waxwing>,
    id: GroupId,
    messages: u64,
}

impl Group {
    /// The first device is the one that writes.
    async fn made(relay: &Server, id: u8, members: &[Device]) -> io::Result<Group> {
        let greeted = greet(relay.address, Vec::new()).await?;
        let link = match id {
            2 => {
                greet(relay.address, Vec::new()).await?.register(&members[1]).await?;
                greeted.register(&members[0]).await?
            }
            _ => greeted.login(&members[0]).await?,
        };
        let mut group = Group { link, id: GroupId::from_bytes([id; 16]), messages: 0 };
        let mut accounts: Vec<AccountId> = members.iter().map(|member| member.account).collect();
        accounts.sort_unstable();
        let change = Box::new(ChangeGroup {
            message: group.next_message(),
            group: group.id,
            revision: 1,
            change: Bytes::from_static(b"opaque to the relay"),
            members: accounts,
        });
        group.link.say(ClientBody::ChangeGroup(change));
        match answer(&mut group.link).await? {
            RelayBody::GroupChanged { .. } => Ok(group),
            other => Err(io::Error::other(format!("the relay said {other:?}"))),
        }
    }

    fn next_message(&mut self) -> MessageId {
        self.messages += 1;
        MessageId::v7(self.messages, [self.id.as_bytes()[0]; 10])
    }

    /// From the frame to the answer that it is on the disk, in microseconds.
    async fn say(&mut self) -> io::Result<f64> {
        let message = self.next_message();
        let payload = Bytes::from_static(&PAYLOAD);
        let submit = SubmitToGroup { message, fence: 1, group: self.id, revision: 1, payload };
        let begun = Instant::now();
        self.link.say(ClientBody::SubmitToGroup(submit));
        match answer(&mut self.link).await? {
            RelayBody::Accepted { .. } => Ok(begun.elapsed().as_secs_f64() * 1e6),
            other => Err(io::Error::other(format!("the relay said {other:?}"))),
        }
    }
}

fn database_bytes(data: &Path) -> io::Result<f64> {
    Ok(fs::metadata(data.join("relay.db"))?.len() as f64)
}
