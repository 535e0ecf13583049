//! Linking: what a device gets that joins an account, what becomes of a transfer that breaks off, and what a relay that lies can do.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used)]

mod stage;

use stage::evil::{Evil, Lie};
use stage::{Stage, say, soon, until};
use waxwing::{
    Body, Client, ConversationId, Delivery, Draft, GroupEvent, LinkStep, Linking, Page, Reach, Result, Status,
};

/// Both codes are confirmed, and both sides run to their end.
async fn link(new: &Client, account: &Client) -> (Vec<LinkStep>, Vec<LinkStep>) {
    let (new, account) = begin(new, account).await.unwrap();
    let (new, account) = soon(async { tokio::join!(run(new), run(account)) }).await;
    (new.unwrap(), account.unwrap())
}

/// Both codes are confirmed. An error of either side is the error of both.
async fn begin(new: &Client, account: &Client) -> Result<(Linking, Linking)> {
    let offer = new.link_as_new().await?;
    let text = offer.text();
    let (at_new, at_account) =
        soon(async { tokio::try_join!(offer.scanned(), account.link_device(&text)) }).await?;
    let (shown_there, shown_here) = (at_account.code(), at_new.code());
    Ok((at_new.confirm(&shown_there)?, at_account.confirm(&shown_here)?))
}

async fn run(mut linking: Linking) -> Result<Vec<LinkStep>> {
    let mut steps = Vec::new();
    while steps.last() != Some(&LinkStep::Done) {
        steps.push(linking.next().await?);
    }
    Ok(steps)
}

/// Goes on until some of the history is over.
async fn run_a_little(linking: &mut Linking) {
    while !matches!(linking.next().await.unwrap(), LinkStep::History { messages: 1.., .. }) {}
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
    assert_eq!(laptop.link_as_new().await.unwrap_err().code(), "already_registered");
    assert_eq!(laptop.delete_account().await.unwrap_err().code(), "account_key_missing");

    // What one sends the other has as sent, with its receipts.
    let sent = say(&laptop, "bob", "from the laptop").await;
    soon(sent.wait_for(Delivery::Delivered)).await.unwrap();
    let delivered = ("from the laptop".to_owned(), Status::Outgoing(Delivery::Delivered));
    until(async || states(&alice, "bob").await.contains(&delivered).then_some(())).await;
}

async fn texts_of(client: &Client, conversation: ConversationId) -> Vec<(String, Status)> {
    let items = client.conversation(conversation).unwrap().history(Page::newest(200)).await.unwrap();
    items.iter().filter_map(|item| Some((item.text()?.to_owned(), item.state))).collect()
}

#[tokio::test]
async fn a_linked_device_has_the_groups_and_what_was_said_and_set() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let carol = stage.registered("carol").await;
    let group = soon(alice.create_group("birds", ["bob", "carol"])).await.unwrap();
    let id = group.id();
    for other in [&bob, &carol] {
        until(async || other.conversation(id).ok()).await;
    }
    let _ = soon(group.send(Draft::text("first"))).await.unwrap();
    let at_bob = until(async || Some(texts_of(&bob, id).await).filter(|texts| texts.len() == 1)).await;
    assert_eq!(at_bob[0].0, "first");
    let answer = soon(bob.conversation(id).unwrap().send(Draft::text("second"))).await.unwrap();
    until(async || Some(texts_of(&alice, id).await).filter(|texts| texts.len() == 2)).await;
    // Edited, reacted to, deleted; read, and set.
    soon(bob.conversation(id).unwrap().edit(answer.id(), "the second")).await.unwrap();
    soon(group.react(answer.id(), "+")).await.unwrap();
    let gone = soon(group.send(Draft::text("gone"))).await.unwrap();
    // What is deleted before it left was never said, and no other device hears of it.
    until(async || texts_of(&bob, id).await.iter().find(|(text, _)| text == "gone").cloned()).await;
    soon(group.delete(gone.id())).await.unwrap();
    let chat = soon(alice.direct("bob")).await.unwrap();
    soon(chat.set_pinned(true)).await.unwrap();
    soon(chat.set_draft("half a")).await.unwrap();
    let receipts = until(async || {
        let first = &alice.conversation(id).unwrap().history(Page::newest(10)).await.unwrap();
        let first = first.iter().find(|item| item.text() == Some("first")).unwrap().message_id;
        let told = group.group().unwrap().receipts(first).await.unwrap();
        let edited = texts_of(&alice, id).await.iter().any(|(text, _)| text == "the second");
        let all = told.members.iter().all(|member| member.reach == Reach::Delivered);
        (edited && all).then_some((first, told))
    })
    .await;

    let laptop = stage.client("laptop").await;
    let during = async {
        for n in 0..10 {
            let chat = carol.conversation(id).unwrap();
            soon(chat.send(Draft::text(format!("during {n}")))).await.unwrap();
        }
    };
    let _ = tokio::join!(link(&laptop, &alice), during);
    let view = async |client: &Client| {
        let items = client.conversation(id).unwrap().history(Page::newest(200)).await.unwrap();
        let mut all: Vec<_> = items
            .iter()
            .filter(|item| item.body != Body::Group(GroupEvent::Joined))
            .map(|item| (item.message_id, item.body.clone(), item.edited, item.reactions.clone(), item.state))
            .collect();
        all.sort_by_key(|entry| entry.0);
        all
    };
    until(async || {
        let (here, there) = (view(&alice).await, view(&laptop).await);
        let count = texts_of(&laptop, id).await.len();
        (count == 12 && here == there).then_some(())
    })
    .await;
    let there = laptop.conversation(id).unwrap();
    let info = there.group().unwrap().info().await.unwrap();
    assert_eq!((info.title.as_str(), info.members.len()), ("birds", 3));
    assert_eq!(there.group().unwrap().receipts(receipts.0).await.unwrap(), receipts.1);
    let list = soon(laptop.direct("bob")).await.unwrap().settings().await.unwrap();
    assert!(list.pinned && list.draft == "half a");

    // It takes part: what it writes, all have; what others write, it has.
    soon(there.send(Draft::text("from the laptop"))).await.unwrap();
    for other in [&alice, &bob, &carol] {
        until(async || texts_of(other, id).await.iter().find(|(text, _)| text == "from the laptop").cloned())
            .await;
    }
    let _ = soon(carol.conversation(id).unwrap().send(Draft::text("to all"))).await.unwrap();
    until(async || texts_of(&laptop, id).await.iter().find(|(text, _)| text == "to all").cloned()).await;
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

/// Alice, with a past with Bob that takes several pieces.
async fn with_a_past(stage: &Stage) -> (Client, Client) {
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    let chat = soon(alice.direct("bob")).await.unwrap();
    for n in 0..6 {
        let text = format!("{n} {}", "long ".repeat(8_000));
        soon(chat.send(Draft::text(text))).await.unwrap();
    }
    let delivered = Status::Outgoing(Delivery::Delivered);
    until(async || {
        let sent = states(&alice, "bob").await;
        (sent.len() == 6 && sent.iter().all(|(_, state)| *state == delivered)).then_some(())
    })
    .await;
    (alice, bob)
}

#[tokio::test]
async fn a_transfer_that_breaks_off_is_taken_up_where_it_stood() {
    let stage = Stage::new().await;
    let (alice, bob) = with_a_past(&stage).await;
    let laptop = stage.client("laptop").await;
    let (mut new, mut account) = begin(&laptop, &alice).await.unwrap();
    let ((), ()) = soon(async { tokio::join!(run_a_little(&mut new), run_a_little(&mut account)) }).await;
    // Both are gone without a word; the new one also from memory.
    drop((new, account));
    soon(laptop.close()).await.unwrap();
    let laptop = stage.client("laptop").await;
    assert!(laptop.lacks_history().await.unwrap());
    let here = states(&laptop, "bob").await.len();
    assert!((1..6).contains(&here), "{here} of 6 were over");
    let _ = say(&bob, "alice", "meanwhile").await;
    until(async || (states(&laptop, "bob").await.len() == here + 1).then_some(())).await;

    let steps = soon(run(soon(laptop.fetch_history()).await.unwrap())).await.unwrap();
    let LinkStep::History { messages: first, .. } = steps[0] else { panic!("{steps:?}") };
    assert!(first as usize > here, "it goes on where it stood");
    assert!(!laptop.lacks_history().await.unwrap());
    let (here, there) = (states(&laptop, "bob").await, states(&alice, "bob").await);
    assert_eq!(here, there, "in order, each once; the past before what came since");
    assert_eq!(here.len(), 7);

    // Whoever has all of it gets nothing twice, and whoever is alone hears so.
    let _ = soon(run(soon(laptop.fetch_history()).await.unwrap())).await.unwrap();
    assert_eq!(states(&laptop, "bob").await, there);
    assert_eq!(bob.fetch_history().await.unwrap_err().code(), "not_found");
    let nobody = stage.client("nobody").await;
    assert_eq!(nobody.fetch_history().await.unwrap_err().code(), "not_registered");
}

#[tokio::test]
async fn a_device_that_was_ready_stays_linked_though_nothing_of_the_past_came() {
    let stage = Stage::new().await;
    let (alice, _bob) = with_a_past(&stage).await;
    let laptop = stage.client("laptop").await;
    let (mut new, mut account) = begin(&laptop, &alice).await.unwrap();
    let (at_new, at_account) = soon(async { tokio::join!(new.next(), account.next()) }).await;
    assert!(matches!((at_new, at_account), (Ok(LinkStep::Linked(_)), Ok(LinkStep::Linked(_)))));
    drop(account);
    assert_eq!(soon(new.next()).await.unwrap_err().code(), "history_incomplete");
    drop(new);
    let id = laptop.me().unwrap().unwrap().device;
    let listed = alice.devices().await.unwrap().devices;
    assert!(listed.len() == 2 && listed.iter().any(|device| device.id == id), "whoever is listed is there");
    assert!(laptop.lacks_history().await.unwrap());
    let _ = soon(run(soon(laptop.fetch_history()).await.unwrap())).await.unwrap();
    assert_eq!(states(&laptop, "bob").await, states(&alice, "bob").await);
    assert!(!laptop.lacks_history().await.unwrap());
}

#[tokio::test]
async fn a_lie_before_the_device_is_in_leaves_both_as_they_were() {
    let stage = Stage::new().await;
    let alice = stage.registered("alice").await;
    let evil = Evil::before(stage.relay.address()).await;
    let laptop = stage.client_at(&evil.url, "laptop").await;
    // Commitment, reveal, certificate. An earlier room gives a liar something to say.
    let _ = begin(&laptop, &alice).await.unwrap();
    let lies = [
        Lie::Repeat(0),
        Lie::Flip(0),
        Lie::OtherRoom(0),
        Lie::Cut(0),
        Lie::Flip(1),
        Lie::OtherRoom(1),
        Lie::Cut(1),
        Lie::Flip(2),
        Lie::OtherRoom(2),
        Lie::Cut(2),
    ];
    for lie in lies {
        evil.does(lie);
        let error = match begin(&laptop, &alice).await {
            Err(error) => error,
            Ok((new, account)) => {
                let (new, account) = soon(async { tokio::join!(run(new), run(account)) }).await;
                assert_eq!(account.unwrap_err().code(), "link_broken", "{lie:?}");
                new.unwrap_err()
            }
        };
        assert!(["link_broken", "link_code_differs"].contains(&error.code()), "{lie:?}: {error}");
        assert_eq!(laptop.me().unwrap(), None, "{lie:?}");
        assert!(!laptop.lacks_history().await.unwrap(), "{lie:?}");
        until(async || (alice.devices().await.unwrap().devices.len() == 1).then_some(())).await;
    }
    evil.does(Lie::None);
    let _ = link(&laptop, &alice).await;
    assert_eq!(alice.devices().await.unwrap().devices.len(), 2);
}

#[tokio::test]
async fn a_lie_in_the_history_is_noticed_and_the_rest_is_fetched() {
    let stage = Stage::new().await;
    let (alice, _bob) = with_a_past(&stage).await;
    let evil = Evil::before(stage.relay.address()).await;
    for (n, lie) in [Lie::Drop(4), Lie::Repeat(4), Lie::Late(4), Lie::Flip(5), Lie::OtherRoom(5), Lie::Cut(5)]
        .into_iter()
        .enumerate()
    {
        let laptop = stage.client_at(&evil.url, &format!("laptop {n}")).await;
        evil.does(lie);
        let (new, account) = begin(&laptop, &alice).await.unwrap();
        let (new, account) = soon(async { tokio::join!(run(new), run(account)) }).await;
        assert_eq!(new.unwrap_err().code(), "history_incomplete", "{lie:?}");
        assert_eq!(account.unwrap_err().code(), "link_broken", "{lie:?}");
        assert!(laptop.lacks_history().await.unwrap(), "{lie:?}");
        // What came is what was said, and nothing else.
        let there = states(&alice, "bob").await;
        let here = states(&laptop, "bob").await;
        assert_eq!(here[..], there[..here.len()], "{lie:?}");
        evil.does(Lie::None);
        let _ = soon(run(soon(laptop.fetch_history()).await.unwrap())).await.unwrap();
        assert_eq!(states(&laptop, "bob").await, there, "{lie:?}");
        let id = laptop.me().unwrap().unwrap().device;
        soon(alice.remove_device(id)).await.unwrap();
    }
}

#[tokio::test]
async fn read_on_one_is_read_on_a_device_that_had_no_prekeys_then() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.registered("alice").await, stage.registered("bob").await);
    for n in 0..3 {
        let sent = say(&bob, "alice", &format!("{n}")).await;
        soon(sent.wait_for(Delivery::Delivered)).await.unwrap();
    }
    let chat = soon(alice.direct("bob")).await.unwrap();
    let laptop = stage.client("laptop").await;
    let (new, account) = begin(&laptop, &alice).await.unwrap();
    // The new device is on the list, and not there yet: what is read and set now passes it over.
    let (new, account) = (tokio::spawn(run(new)), tokio::spawn(run(account)));
    until(async || (alice.devices().await.unwrap().devices.len() == 2).then_some(())).await;
    let newest = chat.history(Page::newest(1)).await.unwrap().remove(0).message_id;
    soon(chat.mark_read(newest)).await.unwrap();
    soon(chat.set_archived(true)).await.unwrap();
    soon(new).await.unwrap().unwrap();
    soon(account).await.unwrap().unwrap();
    let read = Status::Incoming(waxwing::Reception::Read);
    until(async || {
        let here = states(&laptop, "bob").await;
        (here.len() == 3 && here.iter().all(|(_, state)| *state == read)).then_some(())
    })
    .await;
    let there = soon(laptop.direct("bob")).await.unwrap();
    until(async || there.settings().await.unwrap().archived.then_some(())).await;
}
