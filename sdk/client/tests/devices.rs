//! Several devices of one account, and who they are to others: clients and a real relay, in one process.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used)]

mod stage;

use stage::{Stage, say, soon};
use waxwing::{
    Client, Comparison, Delivery, Event, LinkState, LinkStep, Linking, Page, Recover, Registration, Status,
};

#[tokio::test]
async fn two_people_see_the_same_safety_number_and_verify_each_other() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let _ = say(&alice, "bob", "hello").await;
    soon(bob.incoming("test").next()).await.unwrap().unwrap();
    let (at_alice, at_bob) =
        (alice.safety_number("bob").await.unwrap(), bob.safety_number("alice").await.unwrap());
    assert_eq!(at_alice.digits(), at_bob.digits());
    assert_eq!(at_alice.digits().len(), 60);
    assert_eq!(at_alice.compare(&at_bob.scannable()), Comparison::Match);
    assert_eq!(at_alice.compare(&at_alice.scannable()), Comparison::OtherPair);
    assert!(!at_alice.is_verified() && at_alice.key_is_accepted());

    let mut events = alice.events();
    soon(alice.mark_verified(&at_alice)).await.unwrap();
    let bob_account = bob.me().unwrap().unwrap().account;
    while soon(events.next()).await != Some(Event::VerificationChanged(bob_account)) {}
    assert!(alice.safety_number(bob_account).await.unwrap().is_verified());
    soon(alice.close()).await.unwrap();

    let alice = stage.client("alice").await;
    let kept = alice.safety_number("bob").await.unwrap();
    assert!(kept.is_verified(), "it is kept in the store");
    soon(alice.mark_unverified(&kept)).await.unwrap();
    assert!(!alice.safety_number("bob").await.unwrap().is_verified());
    assert_eq!(alice.safety_number("nobody").await.unwrap_err().code(), "not_found");
    assert_eq!(alice.safety_number("alice").await.unwrap_err().code(), "invalid_input");
}

/// A further device of an account, by its recovery key.
async fn further(stage: &Stage, first: &Client, store: &str) -> Client {
    let handle = first.me().unwrap().unwrap().handle;
    let client = stage.client(store).await;
    let key = first.recovery_key().unwrap();
    let registration = Registration::open(handle.as_str()).unwrap().recover(key, Recover::Add);
    soon(client.register(registration)).await.unwrap();
    client
}

async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    soon(async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_device_is_renamed_on_all_devices_and_removed_for_good() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let tablet = further(&stage, &alice, "tablet").await;
    let id = tablet.me().unwrap().unwrap().device;
    let seen =
        until(async || Some(alice.devices().await.unwrap()).filter(|seen| seen.devices.len() == 2)).await;
    assert!(seen.holds_account_key && seen.devices.iter().any(|device| device.is_this && device.id != id));

    soon(alice.rename_device(id, "the tablet")).await.unwrap();
    let named = async |client: &Client, name: &str| {
        let devices = client.devices().await.unwrap().devices;
        devices.iter().any(|device| device.id == id && device.name.as_deref() == Some(name)).then_some(())
    };
    until(async || named(&tablet, "the tablet").await).await;
    soon(tablet.rename_device(id, "mine")).await.unwrap();
    until(async || named(&alice, "mine").await).await;
    for bad in ["", "a\nb", &"x".repeat(129)] {
        assert_eq!(alice.rename_device(id, bad).await.unwrap_err().code(), "invalid_input");
    }

    let _ = say(&bob, "alice", "to both").await;
    assert_eq!(soon(tablet.incoming("test").next()).await.unwrap().unwrap().text, "to both");
    let mut events = tablet.events();
    soon(alice.remove_device(id)).await.unwrap();
    while !matches!(soon(events.next()).await.unwrap(), Event::SignedOut("unknown_device")) {}
    assert_eq!(alice.devices().await.unwrap().devices.len(), 1);
    assert_eq!(alice.remove_device(id).await.unwrap_err().code(), "not_found");
    let own = alice.me().unwrap().unwrap().device;
    assert_eq!(alice.remove_device(own).await.unwrap_err().code(), "invalid_input");

    // Nobody writes to it any more, and it does not come back with the keys that it had.
    let sent = say(&bob, "alice", "to one").await;
    soon(sent.wait_for(Delivery::Delivered)).await.unwrap();
    soon(tablet.close()).await.unwrap();
    let tablet = stage.client("tablet").await;
    let chat = soon(tablet.direct("bob")).await.unwrap();
    let texts: Vec<_> = chat
        .history(Page::newest(10))
        .await
        .unwrap()
        .iter()
        .filter_map(|item| item.text().map(str::to_owned))
        .collect();
    assert_eq!(texts, ["to both"]);
    assert_ne!(tablet.link(), LinkState::Online);
}

/// Both codes are confirmed, and both sides run to their end.
async fn link(new: &Client, account: &Client) -> (Vec<LinkStep>, Vec<LinkStep>) {
    let offer = new.link_as_new().await.unwrap();
    let text = offer.text();
    let (at_new, at_account) =
        soon(async { tokio::join!(offer.scanned(), account.link_device(&text)) }).await;
    let (at_new, at_account) = (at_new.unwrap(), at_account.unwrap());
    let (shown_there, shown_here) = (at_account.code(), at_new.code());
    let (at_new, at_account) =
        (at_new.confirm(&shown_there).unwrap(), at_account.confirm(&shown_here).unwrap());
    let run = async |mut linking: Linking| {
        let mut steps = Vec::new();
        while steps.last() != Some(&LinkStep::Done) {
            steps.push(linking.next().await.unwrap());
        }
        steps
    };
    soon(async { tokio::join!(run(at_new), run(at_account)) }).await
}

async fn states(client: &Client, with: &str) -> Vec<(String, Status)> {
    let chat = soon(client.direct(with)).await.unwrap();
    let items = chat.history(Page::newest(200)).await.unwrap();
    items.iter().filter_map(|item| Some((item.text()?.to_owned(), item.state))).collect()
}

#[tokio::test]
async fn a_linked_device_has_all_of_the_past_and_goes_on_in_step() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let mut at_bob = bob.incoming("test");
    for text in ["one", "two"] {
        let sent = say(&alice, "bob", text).await;
        soon(sent.wait_for(Delivery::Delivered)).await.unwrap();
    }
    let seen = soon(at_bob.next()).await.unwrap().unwrap();
    soon(bob.conversation(seen.conversation_id).unwrap().mark_read(seen.message_id)).await.unwrap();
    let long = "é".repeat(32 * 1024);
    let _ = say(&bob, "alice", &long).await;
    soon(alice.incoming("test").next()).await.unwrap().unwrap();
    let number = alice.safety_number("bob").await.unwrap();
    soon(alice.mark_verified(&number)).await.unwrap();
    until(async || (states(&alice, "bob").await[0].1 == Status::Outgoing(Delivery::Read)).then_some(()))
        .await;

    let laptop = stage.client("laptop").await;
    let during = async {
        for n in 0..20 {
            let _ = say(&bob, "alice", &format!("during {n}")).await;
        }
    };
    let ((at_laptop, at_alice), ()) = tokio::join!(link(&laptop, &alice), during);
    assert!(matches!(at_laptop[0], LinkStep::Linked(_)) && matches!(at_alice[0], LinkStep::Linked(_)));
    assert!(at_laptop.iter().any(|step| matches!(step, LinkStep::History { messages: 3.., .. })));
    soon(bob.flushed()).await.unwrap();
    let past = until(async || {
        let (at_alice, at_laptop) = (states(&alice, "bob").await, states(&laptop, "bob").await);
        (at_alice.len() == 23 && at_laptop.len() == 23).then_some(at_laptop)
    })
    .await;
    assert_eq!(past[..3], states(&alice, "bob").await[..3], "texts and states of the past");
    assert_eq!(past[2].0, long);
    assert!(laptop.safety_number("bob").await.unwrap().is_verified());

    // It holds no key: neither is there one to write down, nor can it change the list.
    assert_eq!(laptop.recovery_key().unwrap_err().code(), "not_found");
    let own = laptop.devices().await.unwrap();
    assert!(!own.holds_account_key && own.devices.len() == 2);
    let other = alice.me().unwrap().unwrap().device;
    assert_eq!(laptop.remove_device(other).await.unwrap_err().code(), "account_key_missing");
    assert_eq!(laptop.delete_account().await.unwrap_err().code(), "account_key_missing");
    assert_eq!(laptop.link_as_new().await.unwrap_err().code(), "already_registered");

    // What one sends the other has as sent, with its receipts.
    let sent = say(&laptop, "bob", "from the laptop").await;
    soon(sent.wait_for(Delivery::Delivered)).await.unwrap();
    let delivered = ("from the laptop".to_owned(), Status::Outgoing(Delivery::Delivered));
    until(async || states(&alice, "bob").await.contains(&delivered).then_some(())).await;
}

#[tokio::test]
async fn a_linking_that_breaks_off_leaves_both_as_they_were() {
    let stage = Stage::new().await;
    let alice = stage.registered("alice").await;
    let laptop = stage.client("laptop").await;
    assert_eq!(alice.link_device("WAXWING:nonsense").await.unwrap_err().code(), "link_text_invalid");
    let pair = async || {
        let offer = laptop.link_as_new().await.unwrap();
        let text = offer.text();
        let (new, account) = soon(async { tokio::join!(offer.scanned(), alice.link_device(&text)) }).await;
        (new.unwrap(), account.unwrap())
    };
    // A mistyped code.
    let (new, account) = pair().await;
    let wrong = if account.code() == "000 000" { "000 001" } else { "000 000" };
    assert_eq!(new.confirm(wrong).unwrap_err().code(), "link_code_differs");
    drop(account);
    // The device of the account goes away after the codes.
    let (new, account) = pair().await;
    let code = account.code();
    drop(account);
    assert_eq!(soon(new.confirm(&code).unwrap().next()).await.unwrap_err().code(), "link_broken");
    // The new device goes away after the codes, before and after it has introduced itself.
    let (new, account) = pair().await;
    let code = new.code();
    drop(new);
    assert_eq!(soon(account.confirm(&code).unwrap().next()).await.unwrap_err().code(), "link_broken");
    assert_eq!(laptop.me().unwrap(), None);
    assert_eq!(alice.devices().await.unwrap().devices.len(), 1);
    // And it works after all that.
    let _ = link(&laptop, &alice).await;
    assert_eq!(alice.devices().await.unwrap().devices.len(), 2);
}
