//! Several devices of one account, and who they are to others: clients and a real relay, in one process.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used)]

mod stage;

use stage::{Stage, say, soon};
use waxwing::{Comparison, Event};

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
