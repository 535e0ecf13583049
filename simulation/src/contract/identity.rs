//! This device, the relay, accounts and conversations.

use std::fmt::Debug;

use waxwing_engine::{
    AccountState, Apply, LocalDevice, OwnDevice, PrekeyKind, Registration, Revision, Standing, View, Write,
};

use super::Subject;
use super::make::{
    account, account_id, address, conversation, group, group_id, handle, incoming, local, message_id,
    outgoing, people, prekey, put_outbox, relay_state, session,
};

pub(super) fn check<S>(fresh: &impl Fn() -> Subject<S>)
where
    S: View + Apply,
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    a_fresh_store_knows_nothing(&fresh());
    an_empty_batch_is_taken(&mut fresh());
    this_device_is_replaced_and_forgotten(&mut fresh());
    the_relay_and_its_cursor_are_replaced(&mut fresh());
    writes_of_a_batch_apply_in_order(&mut fresh());
    an_account_is_replaced_whole(&mut fresh());
    a_device_of_ours_is_replaced_whole(&mut fresh());
    a_handle_belongs_to_one_account_at_a_time(&mut fresh());
    a_conversation_keeps_its_first_peer(&mut fresh());
    erasing_leaves_nothing(&mut fresh());
}

fn erasing_leaves_nothing<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let fill = || {
        let mut writes = people();
        writes.extend([
            Write::PutLocal(local()),
            Write::PutRelay(relay_state(1, 7)),
            Write::PutMessage(outgoing(1)),
            Write::PutMessage(incoming(2, 1, 1)),
            put_outbox(1, 5),
            Write::PutGroup { state: group(3, "birds"), at_ms: 5 },
            Write::PutPrekey(prekey(PrekeyKind::OneTime, 9, 1)),
            Write::PutSession { device: address(2, 1), session: session(1, 1) },
        ]);
        writes
    };
    store.apply(fill());
    store.apply([Write::Erase]);
    a_fresh_store_knows_nothing(store);
    assert_eq!(store.read(|s| s.message(message_id(1))), None);
    assert_eq!(store.read(|s| s.group(group_id(3))), None);
    assert_eq!(store.read(|s| s.sessions(address(2, 1))), []);
    assert_eq!(store.read(S::groups), []);
    // Another account begins in it.
    store.apply(fill());
    assert!(store.read(|s| s.message(message_id(2))).is_some());
}

fn a_fresh_store_knows_nothing<S: View + Apply>(store: &Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    assert!(store.read(S::local).is_none(), "a fresh store has no device");
    assert_eq!(store.read(S::relay), None);
    assert_eq!(store.read(|s| s.account(account_id(1))), None);
    assert_eq!(store.read(|s| s.account_by_handle(&handle("alice"))), None);
    assert_eq!(store.read(|s| s.conversation_peer(conversation(2))), None);
    assert_eq!(store.read(S::highest_prekey_id), 0, "zero means that there was no prekey yet");
    assert_eq!(store.read(S::outbox_lanes), []);
    assert_eq!(store.read(S::waiting_senders), []);
}

fn an_empty_batch_is_taken<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply([]);
    assert_eq!(store.read(S::relay), None);
}

fn this_device_is_replaced_and_forgotten<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply([Write::PutLocal(local())]);
    assert_local(&store.read(S::local), &local());
    for registration in [
        Registration::Replacing,
        Registration::Adding,
        Registration::Done,
        Registration::Revoked,
        Registration::Deleting,
        Registration::Creating,
    ] {
        let changed = LocalDevice { registration, account_key: None, device_list: vec![4; 300], ..local() };
        store.apply([Write::PutLocal(changed.clone())]);
        assert_local(&store.read(S::local), &changed);
    }
    store.apply([Write::DeleteLocal]);
    assert!(store.read(S::local).is_none(), "DeleteLocal forgets what this device is");
}

fn assert_local(found: &Option<LocalDevice>, expected: &LocalDevice) {
    let found = found.as_ref().expect("PutLocal keeps this device");
    assert_eq!(found.address, expected.address);
    assert_eq!(found.handle, expected.handle);
    assert_eq!(found.account_key.is_some(), expected.account_key.is_some());
    assert_eq!(found.account_key.as_ref().map(|key| **key), expected.account_key.as_ref().map(|key| **key));
    assert_eq!(*found.device_secrets, *expected.device_secrets);
    assert_eq!(found.account_public, expected.account_public);
    assert_eq!(found.device_list, expected.device_list);
    assert_eq!(found.registration, expected.registration);
}

fn the_relay_and_its_cursor_are_replaced<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply([Write::PutRelay(relay_state(1, 40))]);
    store.apply([Write::PutRelay(relay_state(2, 3))]);
    assert_eq!(store.read(S::relay), Some(relay_state(2, 3)), "another database's cursor may be smaller");
}

fn writes_of_a_batch_apply_in_order<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply([Write::PutRelay(relay_state(1, 1)), Write::PutRelay(relay_state(1, 2))]);
    assert_eq!(store.read(S::relay), Some(relay_state(1, 2)));
    store.apply([Write::PutLocal(local()), Write::DeleteLocal]);
    assert!(store.read(S::local).is_none(), "the later write of a batch wins");
}

fn an_account_is_replaced_whole<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply([Write::PutAccount(account(2, "bob"))]);
    assert_eq!(store.read(|s| s.account(account_id(2))), Some(account(2, "bob")));
    assert_eq!(store.read(|s| s.account_by_handle(&handle("bob"))), Some(account(2, "bob")));
    let changed = Standing::KeyChanged { account: account_id(5), account_key: [5; 32] };
    for (version, standing) in
        [(7, Standing::Deleted), (8, Standing::Gone), (9, changed), (10, Standing::Good)]
    {
        let newer = AccountState {
            account_key: [version; 32],
            device_list: vec![version; 100],
            device_list_version: u64::from(version),
            standing,
            verified: version == 10,
            ..account(2, "bob")
        };
        store.apply([Write::PutAccount(newer.clone())]);
        assert_eq!(store.read(|s| s.account(account_id(2))), Some(newer));
    }
}

fn a_device_of_ours_is_replaced_whole<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let device = |n: u8, name: &str, count: u32| OwnDevice {
        device: address(1, n).device,
        name: name.to_owned(),
        named: (count > 0).then(|| Revision { count: count.into(), device: address(1, n).device }),
        known_since_ms: 5 + i64::from(count),
    };
    assert_eq!(store.read(|s| s.own_device(address(1, 1).device)), None);
    store.apply([Write::PutOwnDevice(device(1, "", 0)), Write::PutOwnDevice(device(2, "my \u{1f4f1}", 9))]);
    store.apply([Write::PutOwnDevice(device(1, "desk", 7))]);
    assert_eq!(store.read(|s| s.own_device(address(1, 1).device)), Some(device(1, "desk", 7)));
    assert_eq!(store.read(|s| s.own_device(address(1, 2).device)), Some(device(2, "my \u{1f4f1}", 9)));
}

fn a_handle_belongs_to_one_account_at_a_time<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply([Write::PutAccount(account(2, "bob")), Write::PutAccount(account(3, "bob"))]);
    assert_eq!(store.read(|s| s.account_by_handle(&handle("bob"))), Some(account(3, "bob")));
    let older = store.read(|s| s.account(account_id(2))).expect("the account itself stays");
    assert_eq!(older.account_key, account(2, "bob").account_key);
    assert_eq!(older.device_list, account(2, "bob").device_list);
    store.apply([Write::PutAccount(account(3, "robert"))]);
    assert_eq!(
        store.read(|s| s.account_by_handle(&handle("bob"))),
        None,
        "nobody has a handle that its account left, nor the one from which it was taken"
    );
    assert_eq!(store.read(|s| s.account_by_handle(&handle("robert"))), Some(account(3, "robert")));
}

fn a_conversation_keeps_its_first_peer<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    store.apply([Write::PutConversation {
        conversation: conversation(2),
        peer: account_id(3),
        created_at_ms: 99,
    }]);
    assert_eq!(
        store.read(|s| s.conversation_peer(conversation(2))),
        Some(account_id(2)),
        "PutConversation adds a conversation only where there is none"
    );
    assert_eq!(store.read(|s| s.conversation_peer(conversation(3))), Some(account_id(3)));
    assert_eq!(store.read(|s| s.conversation_peer(conversation(4))), None);
}
