//! Sessions, prekeys, handshakes, and what was seen.

use std::fmt::Debug;

use waxwing_engine::{Apply, PrekeyKind, SessionRecord, View, Write};

use super::Subject;
use super::make::{
    address, device_id, lane, message_id, outgoing, people, prekey, put_outbox, sealed, session,
};

pub(super) fn check<S>(fresh: &impl Fn() -> Subject<S>)
where
    S: View + Apply,
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    sessions_come_by_rank_and_are_replaced_by_id(&mut fresh());
    deleting_a_device_drops_all_that_was_sealed_for_it(&mut fresh());
    archived_sessions_receive_and_are_not_active(&mut fresh());
    prekeys_are_found_across_the_shared_series(&mut fresh());
    the_newest_prekey_is_of_exactly_its_kind(&mut fresh());
    the_highest_prekey_id_never_falls(&mut fresh());
    one_time_prekeys_come_by_id(&mut fresh());
    prekeys_expire_when_their_successor_is_old(&mut fresh());
    handshakes_and_envelopes_are_remembered_and_forgotten(&mut fresh());
    repairs_are_counted_for_each_message(&mut fresh());
    forgetting_the_device_keeps_what_people_wrote(&mut fresh());
}

fn sessions_come_by_rank_and_are_replaced_by_id<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    let (bob, carol) = (address(2, 2), address(3, 3));
    for (id, rank) in [(1, 5), (2, 9), (3, 1)] {
        store.apply([Write::PutSession { device: bob, session: session(id, rank) }]);
    }
    store.apply([Write::PutSession { device: carol, session: session(1, 7) }]);
    let ranks = |store: &Subject<S>, device| -> Vec<u64> {
        store.read(|s| s.sessions(device)).iter().map(|session| session.rank).collect()
    };
    assert_eq!(ranks(store, bob), [9, 5, 1], "greatest rank first");
    let newer = SessionRecord { snapshot: vec![9; 500].into(), ..session(3, 20) };
    store.apply([Write::PutSession { device: bob, session: newer.clone() }]);
    assert_eq!(store.read(|s| s.sessions(bob)), [newer, session(2, 9), session(1, 5)]);
    store.apply([
        Write::DeleteSession { device: bob, id: [2; 16] },
        Write::DeleteSession { device: bob, id: [99; 16] },
    ]);
    assert_eq!(ranks(store, bob), [20, 5]);
    assert_eq!(
        store.read(|s| s.sessions(carol)),
        [session(1, 7)],
        "the same id with another device is another session"
    );
}

fn deleting_a_device_drops_all_that_was_sealed_for_it<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    let (gone, stays) = (address(2, 2), address(2, 3));
    store.apply([
        Write::PutMessage(outgoing(1)),
        put_outbox(1, 10),
        Write::PutMessage(outgoing(2)),
        put_outbox(2, 10),
    ]);
    let orders = [1, 2].map(|n| store.read(|s| s.outbox_item(message_id(n))).expect("it was put").order);
    for order in orders {
        store.apply([
            Write::PutSealed { order, sealed: sealed(gone, 1) },
            Write::PutSealed { order, sealed: sealed(stays, 2) },
        ]);
    }
    store.apply([
        Write::PutSession { device: gone, session: session(1, 1) },
        Write::PutSession { device: stays, session: session(2, 1) },
        Write::AcceptOutbox { order: orders[0] },
        Write::DeleteDevice(gone),
    ]);
    assert_eq!(store.read(|s| s.sessions(gone)), []);
    assert_eq!(store.read(|s| s.sessions(stays)), [session(2, 1)]);
    for order in orders {
        assert_eq!(store.read(|s| s.sealed(order)), [sealed(stays, 2)], "accepted or not");
    }
    assert!(store.read(|s| s.outbox_item(message_id(1))).is_some(), "the items themselves stay");
}

fn archived_sessions_receive_and_are_not_active<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    let (bob, carol) = (address(2, 2), address(3, 3));
    store.apply(
        [(bob, 1, 7), (bob, 2, 9), (carol, 3, 5)]
            .map(|(device, id, rank)| Write::PutSession { device, session: session(id, rank) }),
    );
    store.apply([
        Write::PutMessage(outgoing(1)),
        put_outbox(1, 10),
        Write::PutMessage(outgoing(2)),
        put_outbox(2, 10),
    ]);
    let orders = [1, 2].map(|n| store.read(|s| s.outbox_item(message_id(n))).expect("it was put").order);
    store.apply(orders.map(|order| Write::PutSealed { order, sealed: sealed(bob, 1) }));
    store.apply([Write::AcceptOutbox { order: orders[0] }, Write::ArchiveSessions]);
    let mut sessions = store.read(|s| s.sessions(bob));
    sessions.sort_by_key(|session| session.id);
    assert_eq!(sessions, [session(1, 0), session(2, 0)], "they stay, at rank zero");
    assert_eq!(store.read(|s| s.sessions(carol)), [session(3, 0)]);
    assert_eq!(store.read(|s| s.sealed(orders[0])).len(), 1, "what was accepted stays sealed");
    assert_eq!(store.read(|s| s.sealed(orders[1])), [], "what was not accepted is sealed anew");
}

fn prekeys_are_found_across_the_shared_series<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    use PrekeyKind::{LastResort, OneTime, Weekly};
    store.apply(people());
    let (weekly, one_time, last) = (prekey(Weekly, 1, 10), prekey(OneTime, 1, 11), prekey(LastResort, 2, 12));
    store.apply([weekly.clone(), one_time.clone(), last.clone()].map(Write::PutPrekey));
    assert_eq!(store.read(|s| s.prekey(Weekly, 1)), Some(weekly), "weekly prekeys count for themselves");
    assert_eq!(store.read(|s| s.prekey(Weekly, 2)), None);
    for kind in [OneTime, LastResort] {
        assert_eq!(store.read(|s| s.prekey(kind, 1)), Some(one_time.clone()));
        assert_eq!(store.read(|s| s.prekey(kind, 2)), Some(last.clone()));
        assert_eq!(store.read(|s| s.prekey(kind, 3)), None);
    }
    store.apply([Write::DeletePrekey { kind: OneTime, id: 1 }]);
    assert_eq!(store.read(|s| s.prekey(OneTime, 1)), None);
    assert!(
        store.read(|s| s.prekey(Weekly, 1)).is_some(),
        "deleting a one-time prekey leaves the weekly one of its id"
    );
}

fn the_newest_prekey_is_of_exactly_its_kind<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    use PrekeyKind::{LastResort, OneTime, Weekly};
    store.apply(people());
    for kind in [Weekly, OneTime, LastResort] {
        assert_eq!(store.read(|s| s.newest_prekey(kind)), None);
    }
    let all = [
        prekey(LastResort, 1, 10),
        prekey(OneTime, 3, 11),
        prekey(OneTime, 2, 12),
        prekey(Weekly, 1, 13),
        prekey(Weekly, 2, 5),
    ];
    store.apply(all.clone().map(Write::PutPrekey));
    assert_eq!(store.read(|s| s.newest_prekey(LastResort)), Some(all[0].clone()));
    assert_eq!(
        store.read(|s| s.newest_prekey(OneTime)),
        Some(all[1].clone()),
        "the greatest id is the newest"
    );
    assert_eq!(store.read(|s| s.newest_prekey(Weekly)), Some(all[4].clone()), "the clock does not count");
}

fn the_highest_prekey_id_never_falls<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    use PrekeyKind::{LastResort, OneTime, Weekly};
    store.apply(people());
    store.apply([Write::PutPrekey(prekey(Weekly, 77, 10))]);
    assert_eq!(store.read(S::highest_prekey_id), 0, "weekly prekeys have a series of their own");
    store.apply([prekey(OneTime, 4, 10), prekey(LastResort, 5, 10)].map(Write::PutPrekey));
    assert_eq!(store.read(S::highest_prekey_id), 5);
    store.apply([
        Write::DeletePrekey { kind: LastResort, id: 5 },
        Write::DeletePrekey { kind: OneTime, id: 4 },
        Write::ExpirePrekeys { before_ms: i64::MAX },
    ]);
    assert_eq!(store.read(S::highest_prekey_id), 5, "also of those that are deleted");
}

fn one_time_prekeys_come_by_id<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    use PrekeyKind::{LastResort, OneTime};
    store.apply(people());
    store.apply([5, 3, 1, 4].map(|id| Write::PutPrekey(prekey(OneTime, id, 10))));
    store.apply([Write::PutPrekey(prekey(LastResort, 2, 10))]);
    let ids = |above, limit| -> Vec<u32> {
        store.read(|s| s.one_time_prekeys_above(above, limit)).iter().map(|prekey| prekey.id).collect()
    };
    assert_eq!(ids(0, 10), [1, 3, 4, 5], "only one-time prekeys, by id");
    assert_eq!(ids(1, 2), [3, 4], "above the id, and at most so many");
    assert_eq!(ids(5, 10), [0; 0]);
    assert_eq!(ids(u32::MAX, 10), [0; 0]);
}

fn prekeys_expire_when_their_successor_is_old<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    use PrekeyKind::{LastResort, OneTime, Weekly};
    store.apply(people());
    let all = [
        prekey(Weekly, 1, 10),
        prekey(Weekly, 2, 49),
        prekey(Weekly, 3, 50),
        prekey(Weekly, 4, 90),
        prekey(LastResort, 2, 10),
        prekey(OneTime, 3, 10),
        prekey(LastResort, 4, 20),
        prekey(OneTime, 5, 95),
    ];
    store.apply(all.map(Write::PutPrekey));
    store.apply([Write::ExpirePrekeys { before_ms: 50 }]);
    let has = |kind, id| store.read(|s| s.prekey(kind, id)).is_some();
    assert!(!has(Weekly, 1), "its successor was made before the time");
    assert!(has(Weekly, 2), "a successor made at this time is not made before it");
    assert!(has(Weekly, 3), "what was current until lately may still be in use");
    assert!(has(Weekly, 4), "the newest has no successor");
    assert!(!has(LastResort, 2), "the successor is the next of its own kind");
    assert!(has(LastResort, 4), "the newest of its kind stays, however old");
    assert!(has(OneTime, 3), "one-time prekeys stay until they are used");
    assert!(has(OneTime, 5));
}

fn handshakes_and_envelopes_are_remembered_and_forgotten<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let seen = |n, at_ms| Write::RememberSeen { sender: device_id(2), wire_id: message_id(n), at_ms };
    let used = |n, at_ms| Write::RememberHandshake { handshake: [n; 32], at_ms };
    store.apply(people());
    store.apply([seen(1, 10), seen(2, 20), seen(1, 10), used(1, 10), used(2, 20), used(1, 10)]);
    assert!(store.read(|s| s.was_seen(device_id(2), message_id(1))));
    assert!(
        !store.read(|s| s.was_seen(device_id(3), message_id(1))),
        "another device's name is another envelope"
    );
    assert!(!store.read(|s| s.was_seen(device_id(2), message_id(3))));
    assert!(store.read(|s| s.handshake_was_used(&[1; 32])));
    assert!(!store.read(|s| s.handshake_was_used(&[3; 32])));
    store.apply([Write::ForgetSeen { before_ms: 20 }]);
    assert!(!store.read(|s| s.was_seen(device_id(2), message_id(1))));
    assert!(
        store.read(|s| s.was_seen(device_id(2), message_id(2))),
        "remembered at this time is not before it"
    );
    assert!(!store.read(|s| s.handshake_was_used(&[1; 32])));
    assert!(store.read(|s| s.handshake_was_used(&[2; 32])));
}

fn repairs_are_counted_for_each_message<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let count =
        |device, n| Write::CountRepair { sender: device_id(device), wire_id: message_id(n), at_ms: 10 };
    store.apply(people());
    store.apply([count(2, 1), count(2, 1), count(2, 2), count(3, 1)]);
    assert_eq!(store.read(|s| s.repair_attempts(device_id(2), message_id(1))), 2);
    assert_eq!(store.read(|s| s.repair_attempts(device_id(2), message_id(2))), 1);
    assert_eq!(store.read(|s| s.repair_attempts(device_id(3), message_id(1))), 1);
    assert_eq!(store.read(|s| s.repair_attempts(device_id(3), message_id(2))), 0);
}

fn forgetting_the_device_keeps_what_people_wrote<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    use PrekeyKind::{LastResort, OneTime, Weekly};
    store.apply(people());
    store.apply([Write::PutMessage(outgoing(1)), put_outbox(1, 10)]);
    let order = store.read(|s| s.outbox_item(message_id(1))).expect("it was put").order;
    store.apply([
        Write::PutSealed { order, sealed: sealed(address(2, 2), 1) },
        Write::PutSession { device: address(2, 2), session: session(1, 1) },
        Write::RememberSeen { sender: device_id(2), wire_id: message_id(9), at_ms: 10 },
    ]);
    store
        .apply([prekey(Weekly, 1, 1), prekey(OneTime, 1, 1), prekey(LastResort, 2, 1)].map(Write::PutPrekey));
    store.apply([Write::ForgetDeviceState]);
    assert_eq!(store.read(|s| s.sessions(address(2, 2))), []);
    assert_eq!(store.read(|s| s.sealed(order)), []);
    for (kind, id) in [(Weekly, 1), (OneTime, 1), (LastResort, 2)] {
        assert_eq!(store.read(|s| s.prekey(kind, id)), None);
    }
    assert!(store.read(|s| s.message(message_id(1))).is_some());
    let left = store.read(|s| s.outbox(lane(waxwing_engine::LaneKind::Messages, 2), 0, 9));
    assert_eq!(left.len(), 1, "what was not accepted is still to be sent");
    assert!(store.read(|s| s.was_seen(device_id(2), message_id(9))), "what was handled stays handled");
    assert!(store.read(|s| s.account(address(2, 2).account)).is_some());
}
