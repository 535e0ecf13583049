//! Linking a device, and what is done with devices.

use std::sync::Arc;

use waxwing_ffi::{
    DeliveryGoal, EntryState, Event, FfiClient, FfiLinkCode, FfiLinking, LinkStep, OwnDevices,
};

use crate::stage::{Stage, chat, code, entries, hear, say, soon, take, text, until, written};

/// Both devices show six digits.
async fn begin(new: &FfiClient, account: &FfiClient) -> (Arc<FfiLinkCode>, Arc<FfiLinkCode>) {
    let offer = soon(new.link_as_new()).await.ok().unwrap();
    let text = offer.text();
    let (at_new, at_account) =
        soon(async { tokio::join!(offer.scanned(None), account.link_device(text, None)) }).await;
    assert_eq!(code(soon(offer.scanned(None)).await.map(drop)), "link_step_taken");
    (at_new.ok().unwrap(), at_account.ok().unwrap())
}

/// Pulls until it is over.
async fn run(linking: Arc<FfiLinking>) -> Vec<LinkStep> {
    let (mut after, mut steps) = (0, Vec::new());
    while let Some(batch) = soon(linking.pull(after, None)).await.unwrap() {
        after = batch.number;
        steps.extend(batch.steps);
    }
    steps
}

pub(crate) async fn link(new: &FfiClient, account: &FfiClient) -> (Vec<LinkStep>, Vec<LinkStep>) {
    let (at_new, at_account) = begin(new, account).await;
    let (shown_here, shown_there) = (at_new.code(), at_account.code());
    let new = soon(at_new.confirm(shown_there)).await.ok().unwrap();
    let account = soon(at_account.confirm(shown_here)).await.ok().unwrap();
    tokio::join!(run(new), run(account))
}

fn check(steps: &[LinkStep]) {
    assert!(matches!(steps.first(), Some(LinkStep::Linked { .. })), "{steps:?}");
    assert_eq!(steps.last(), Some(&LinkStep::Done));
    let progress: Vec<u16> = steps.iter().filter_map(LinkStep::progress).collect();
    assert!(progress.is_sorted() && progress.last() == Some(&1000), "{steps:?}");
}

trait Progress {
    fn progress(&self) -> Option<u16>;
}

impl Progress for LinkStep {
    fn progress(&self) -> Option<u16> {
        match self {
            LinkStep::History { per_mille, .. } => Some(*per_mille),
            LinkStep::Linked { .. } | LinkStep::Done => None,
        }
    }
}

async fn names(client: &FfiClient) -> Vec<Option<String>> {
    let OwnDevices { devices, .. } = soon(client.devices()).await.unwrap();
    devices.into_iter().map(|device| device.name).collect()
}

#[tokio::test]
async fn linked_device() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let sent = say(&alice, "bob", "one").await;
    soon(sent.reached(DeliveryGoal::Delivered, None)).await.unwrap();
    say(&bob, "alice", "two").await;
    take(&alice.incoming("test".to_owned()), 1).await;
    let laptop = stage.open("laptop").await;
    assert_eq!(
        code(soon(alice.link_device("nonsense".to_owned(), None)).await.map(drop)),
        "link_text_invalid"
    );

    // A mistyped code.
    let (at_new, at_account) = begin(&laptop, &alice).await;
    let wrong = if at_account.code() == "000 000" { "000 001" } else { "000 000" };
    assert_eq!(code(soon(at_new.confirm(wrong.to_owned())).await.map(drop)), "link_code_differs");
    assert_eq!(code(soon(at_new.confirm(at_account.code())).await.map(drop)), "link_step_taken");
    assert_eq!(laptop.me().unwrap(), None);
    // One that is broken off.
    let (at_new, at_account) = begin(&laptop, &alice).await;
    let linking = soon(at_account.confirm(at_new.code())).await.ok().unwrap();
    soon(linking.break_off()).await.unwrap();
    assert_eq!(soon(linking.pull(0, None)).await, Ok(None));
    drop((at_new, at_account));

    let (at_laptop, at_alice) = link(&laptop, &alice).await;
    check(&at_laptop);
    check(&at_alice);
    assert_eq!(at_laptop[0], at_alice[0]);
    let device = laptop.me().unwrap().unwrap().device;
    assert_eq!(at_laptop[0], LinkStep::Linked { device });
    let (there, here) = (chat(&alice, "bob").await, chat(&laptop, "bob").await);
    let states = async |chat| entries(chat).await.into_iter().map(|item| item.state).collect::<Vec<_>>();
    assert_eq!(written(&here).await, ["one", "two"]);
    assert_eq!(states(&here).await, states(&there).await);
    assert!(!soon(laptop.lacks_history()).await.unwrap());
    assert_eq!(code(soon(laptop.link_as_new()).await.map(drop)), "already_registered");

    let (own, others) = (soon(alice.devices()).await.unwrap(), soon(laptop.devices()).await.unwrap());
    assert_eq!((own.devices.len(), others.devices.len()), (2, 2));
    assert!(own.holds_account_key && !others.holds_account_key);
    say(&laptop, "bob", "from the laptop").await;
    until(async || {
        entries(&there).await.into_iter().find(|item| {
            text(item) == Some("from the laptop") && matches!(item.state, EntryState::Outgoing { .. })
        })
    })
    .await;
    managed(&alice, &laptop, device).await;
}

/// Named, given its history again, and removed.
async fn managed(alice: &FfiClient, laptop: &FfiClient, device: waxwing::DeviceId) {
    soon(alice.rename_device(device, "the laptop".to_owned())).await.unwrap();
    for client in [alice, laptop] {
        until(async || names(client).await.contains(&Some("the laptop".to_owned())).then_some(())).await;
    }
    assert_eq!(code(soon(alice.rename_device(device, "x".repeat(129))).await), "invalid_input");
    let to_bob = chat(laptop, "bob").await;
    let before = written(&to_bob).await;
    let steps = run(soon(laptop.fetch_history()).await.ok().unwrap()).await;
    assert_eq!(steps.last(), Some(&LinkStep::Done));
    assert_eq!(written(&to_bob).await, before, "nothing is there twice");

    let first = alice.me().unwrap().unwrap().device;
    assert_eq!(code(soon(laptop.remove_device(first, None)).await), "account_key_missing");
    let events = laptop.events();
    soon(alice.remove_device(device, None)).await.unwrap();
    hear(&events, |event| matches!(event, Event::SignedOut { code } if code == "unknown_device")).await;
    assert_eq!(soon(alice.devices()).await.unwrap().devices.len(), 1);
}
