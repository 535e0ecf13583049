//! Safety numbers, and who was verified.

use waxwing::AccountId;
use waxwing_ffi::{Comparison, Event};

use crate::stage::{Stage, by_handle, code, hear, say, soon, take};

#[tokio::test]
async fn safety_and_verification() {
    let stage = Stage::new(&[]);
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    say(&alice, "bob", "hello").await;
    take(&bob.incoming("test".to_owned()), 1).await;
    let at_alice = soon(alice.safety_number(by_handle("bob"))).await.ok().unwrap();
    let at_bob = soon(bob.safety_number(by_handle("alice"))).await.ok().unwrap();
    assert_eq!(at_alice.digits(), at_bob.digits());
    assert_eq!(at_alice.digits().len(), 60);
    assert_eq!(at_alice.lines().lines().count(), 3);
    assert_eq!(at_bob.compare(&at_alice.scannable()), Comparison::Match);
    assert_eq!(at_alice.compare(&at_alice.scannable()), Comparison::OtherPair);
    assert_eq!(at_alice.compare("nonsense"), Comparison::Unreadable);
    assert_eq!(at_alice.person().handle.as_deref(), Some("bob"));
    assert!(!at_alice.is_verified() && at_alice.key_is_accepted());

    let (events, account) = (alice.events(), at_alice.person().account);
    soon(alice.mark_verified(at_alice)).await.unwrap();
    hear(&events, |event| *event == Event::VerificationChanged { account }).await;
    assert!(soon(alice.safety_number(by_handle("bob"))).await.ok().unwrap().is_verified());
    soon(alice.shut_down()).await.unwrap();

    let alice = stage.open("alice").await;
    let kept = soon(alice.safety_number(by_handle("bob"))).await.ok().unwrap();
    assert!(kept.is_verified(), "it is kept in the store");
    soon(alice.mark_unverified(kept)).await.unwrap();
    assert!(!soon(alice.safety_number(by_handle("bob"))).await.ok().unwrap().is_verified());
    assert_eq!(code(soon(alice.safety_number(by_handle("stranger"))).await), "not_found");
    assert_eq!(code(soon(alice.safety_number(by_handle("alice"))).await), "invalid_input");
    assert_eq!(code(soon(alice.accept_key(AccountId::from_bytes([9; 16]))).await), "unknown_account");
}
