//! Rosters: only who may change a group changes it, everybody sees the same chain, and of two who change it at once one is
//! told so.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]

use std::cell::RefCell;

use proptest::prelude::*;
use rand_chacha::rand_core::Rng;
use waxwing_crypto::group::GroupEpoch;
use waxwing_crypto::group::roster::{
    Change, GROUP_PROFILE_BYTES_MAX, MEMBERS_MAX, Member, Role, Roster, RosterError, Settings, SignedChange,
    Signer, Who,
};
use waxwing_crypto::{DevicePublic, SnapshotError};

use common::{Device, rng, sign_freely};

mod common;

/// Accounts 1 to 9, a device each.
fn devices() -> Vec<Device> {
    let mut rng = rng(50);
    (0..10).map(|account| Device::new(account, &mut rng)).collect()
}

fn account(number: u8) -> [u8; 16] {
    [number; 16]
}

/// What everybody knows of everybody's devices.
fn lookup(devices: &[Device]) -> impl Fn(&Signer) -> Option<DevicePublic> {
    move |signer| {
        let known = devices.iter().find(|device| device.address == signer.address)?;
        (signer.list_version == 1).then_some(known.keys)
    }
}

/// A group of account 1, the owner, 2 and 3, admins, and 4 and 5, members; and the chain that made it.
fn group(devices: &[Device], settings: Settings) -> (Roster, Vec<SignedChange>) {
    let others = [5, 3, 2, 4].map(account);
    let (roster, created) =
        Roster::create(&devices[1].ours(), 1, settings, b"sealed title", &others, &mut rng(51)).unwrap();
    let mut chain = vec![created];
    let mut roster = roster;
    for admin in [2, 3] {
        let change = Change::Role { account: account(admin), role: Role::Admin };
        let (next, signed) = roster.sign(&devices[1].ours(), 1, change).unwrap();
        roster = next;
        chain.push(signed);
    }
    (roster, chain)
}

/// Verifies a whole chain, from its bytes.
fn verify(devices: &[Device], id: [u8; 16], chain: &[SignedChange]) -> Result<Roster, RosterError> {
    let parse = |change: &SignedChange| SignedChange::parse(change.as_bytes());
    let mut changes = chain.iter();
    let first = parse(changes.next().ok_or(RosterError::NotNext)?)?;
    let roster = Roster::found(&first, &id, lookup(devices))?;
    changes.try_fold(roster, |roster, change| roster.next(&parse(change)?, lookup(devices)))
}

#[test]
fn everybody_who_verifies_the_chain_has_the_same_roster() {
    let devices = devices();
    let (ours, mut chain) = group(&devices, Settings::default());
    let theirs = verify(&devices, ours.group(), &chain).unwrap();
    assert_eq!(theirs, ours);
    assert_eq!((ours.epoch().number, ours.profile()), (3, &b"sealed title"[..]));
    assert_eq!(ours.epoch().group, ours.group());
    let roles = [Role::Owner, Role::Admin, Role::Admin, Role::Member, Role::Member];
    let members = (1..).map(account).zip(roles).map(|(account, role)| Member { account, role });
    assert_eq!(ours.members(), members.collect::<Vec<_>>());
    assert_eq!(ours.role(&account(9)), None);

    let open = Settings { write: Who::Admins, add: Who::Everyone, edit: Who::Everyone };
    let steps = [
        (2, Change::Settings(open)),
        (4, Change::Add(vec![account(7), account(6)])),
        (5, Change::Profile(b"another".to_vec())),
        (3, Change::Remove(vec![account(4), account(6)])),
        (5, Change::Remove(vec![account(5)])),
    ];
    let mut ours = ours;
    for (author, change) in steps {
        let (next, signed) = ours.sign(&devices[author].ours(), 1, change).unwrap();
        assert_eq!(ours.next(&signed, lookup(&devices)).as_ref(), Ok(&next));
        assert_ne!(next.epoch().roster_hash, ours.epoch().roster_hash);
        chain.push(signed);
        ours = next;
    }
    assert_eq!(verify(&devices, ours.group(), &chain).unwrap(), ours);
    assert_eq!((ours.settings(), ours.profile()), (&open, &b"another"[..]));
    let accounts: Vec<[u8; 16]> = ours.members().iter().map(|member| member.account).collect();
    assert_eq!(accounts, [1, 2, 3, 7].map(account));
    assert!(ours.may_write(&account(2)) && !ours.may_write(&account(7)) && !ours.may_write(&account(4)));
}

/// The whole table of permissions, asked of every pair of roles.
#[test]
fn the_table_of_permissions_holds() {
    let devices = devices();
    let (strict, _) = group(&devices, Settings::default());
    let all = Settings { write: Who::Everyone, add: Who::Everyone, edit: Who::Everyone };
    let (open, _) = group(&devices, all);
    let two_owners = |roster: &Roster| {
        let change = Change::Role { account: account(2), role: Role::Owner };
        roster.sign(&devices[1].ours(), 1, change).unwrap().0
    };
    let owners = two_owners(&strict);
    let (ok, no) = (Ok(()), Err(RosterError::NotPermitted));
    let may = |roster: &Roster, author: u8, change: &Change| roster.permits(&account(author), change);
    let add = Change::Add(vec![account(8)]);
    let [remove_owner, remove_admin, remove_member] = [1, 3, 5].map(|who| Change::Remove(vec![account(who)]));
    let give = |who: u8, role| Change::Role { account: account(who), role };
    let settings = Change::Settings(Settings::default());
    let profile = Change::Profile(Vec::new());

    // By owner 1, admin 2, member 4, and a stranger.
    let asked = |roster: &Roster, change: &Change| [1, 2, 4, 9].map(|author| may(roster, author, change));
    assert_eq!(asked(&strict, &add), [ok, ok, no, no]);
    assert_eq!(asked(&open, &add), [ok, ok, ok, no]);
    assert_eq!(asked(&strict, &remove_member), [ok, ok, no, no]);
    assert_eq!(asked(&strict, &remove_admin), [ok, no, no, no]);
    assert_eq!(asked(&owners, &remove_owner), [ok, ok, no, no], "2 is an owner there");
    assert_eq!(asked(&strict, &remove_owner), [Err(RosterError::NoOwner), no, no, no]);
    assert_eq!(asked(&strict, &give(5, Role::Admin)), [ok, no, no, no]);
    assert_eq!(asked(&strict, &give(4, Role::Admin)), [ok, no, no, no], "not even to oneself");
    assert_eq!(asked(&strict, &give(2, Role::Owner)), [ok, no, no, no]);
    assert_eq!(asked(&strict, &give(3, Role::Member)), [ok, no, no, no]);
    assert_eq!(asked(&strict, &settings), [ok, ok, no, no]);
    assert_eq!(asked(&open, &settings), [ok, ok, no, no]);
    assert_eq!(asked(&strict, &profile), [ok, ok, no, no]);
    assert_eq!(asked(&open, &profile), [ok, ok, ok, no]);

    // Oneself.
    assert_eq!(may(&strict, 2, &Change::Remove(vec![account(2)])), ok);
    assert_eq!(may(&strict, 4, &Change::Remove(vec![account(4)])), ok);
    assert_eq!(may(&strict, 4, &Change::Remove(vec![account(4), account(5)])), no);
    assert_eq!(may(&strict, 2, &give(2, Role::Member)), ok);
    assert_eq!(may(&strict, 1, &give(1, Role::Member)), Err(RosterError::NoOwner));
    assert_eq!(may(&owners, 1, &give(1, Role::Admin)), ok);
    assert_eq!(may(&owners, 1, &remove_owner), ok);
    let everybody = Change::Remove((1..6).map(account).collect());
    assert_eq!(may(&strict, 1, &everybody), ok, "who closes the group goes last");
}

#[test]
fn a_change_that_changes_nothing_is_refused() {
    let devices = devices();
    let (roster, _) = group(&devices, Settings::default());
    let sign = |change| roster.sign(&devices[1].ours(), 1, change).map(|_| ());
    let none = Err(RosterError::NoEffect);
    assert_eq!(sign(Change::Add(vec![account(5)])), none);
    assert_eq!(sign(Change::Add(vec![account(6), account(6)])), none);
    assert_eq!(sign(Change::Add(Vec::new())), none);
    assert_eq!(sign(Change::Remove(Vec::new())), none);
    assert_eq!(sign(Change::Remove(vec![account(6)])), none);
    assert_eq!(sign(Change::Remove(vec![account(5), account(5)])), none);
    assert_eq!(sign(Change::Role { account: account(6), role: Role::Admin }), none);
    assert_eq!(sign(Change::Role { account: account(2), role: Role::Admin }), none);
    let twice = [account(2), account(2)];
    let create = |members: &[_]| {
        Roster::create(&devices[1].ours(), 1, Settings::default(), b"", members, &mut rng(1)).map(|_| ())
    };
    assert_eq!(create(&twice), none);
    assert_eq!(create(&[account(1)]), none, "the creator is there already");
    assert_eq!(create(&[]), Ok(()));
    // But a new epoch without a change is how somebody else's signature is confirmed.
    assert_eq!(sign(Change::Settings(Settings::default())), Ok(()));
    let again = Change::Create {
        nonce: [0; 32],
        settings: Settings::default(),
        profile: Vec::new(),
        members: Vec::new(),
    };
    assert_eq!(sign(again), Err(RosterError::NotNext));
}

/// Attack 18: of two who change the same roster, one is first, and the other does it again.
#[test]
fn of_two_admins_at_once_one_is_told_and_all_converge() {
    let devices = devices();
    let (before, mut chain) = group(&devices, Settings::default());
    let add = Change::Add(vec![account(6)]);
    let remove = Change::Remove(vec![account(5)]);
    let (after_first, first) = before.sign(&devices[2].ours(), 1, add).unwrap();
    let (_, second) = before.sign(&devices[3].ours(), 1, remove.clone()).unwrap();
    assert_eq!(first.epoch(), second.epoch());
    // The relay takes the first. The loser learns of it, and does its change on the new roster.
    let at_loser = before.next(&first, lookup(&devices)).unwrap();
    assert_eq!(at_loser.next(&second, lookup(&devices)), Err(RosterError::NotNext));
    let (converged, redone) = at_loser.sign(&devices[3].ours(), 1, remove).unwrap();
    assert_eq!(after_first.next(&redone, lookup(&devices)).unwrap(), converged);
    chain.extend([first, redone]);
    assert_eq!(verify(&devices, before.group(), &chain).unwrap(), converged);
    assert_eq!((converged.role(&account(5)), converged.role(&account(6))), (None, Some(Role::Member)));
    // A relay that showed each of them its own change has made two rosters, and no sender key passes between them.
    let other = before.next(&second, lookup(&devices)).unwrap();
    assert_eq!(other.epoch().number, after_first.epoch().number);
    assert_ne!(other.epoch().roster_hash, after_first.epoch().roster_hash);
    assert_eq!(other.next(&chain[4], lookup(&devices)), Err(RosterError::NotNext));
}

/// Attack 1: a relay, or anybody who is no admin, adds nobody.
#[test]
fn nobody_adds_a_member_without_the_signature_of_an_admins_device() {
    let devices = devices();
    let (roster, _) = group(&devices, Settings::default());
    let (_, signed) = roster.sign(&devices[2].ours(), 1, Change::Add(vec![account(6)])).unwrap();
    let next = |bytes: &[u8]| roster.next(&SignedChange::parse(bytes)?, lookup(&devices)).map(|_| ());
    assert_eq!(next(signed.as_bytes()), Ok(()));
    let (body, _) = signed.as_bytes().split_last_chunk::<64>().unwrap();

    // Signed by a device of a stranger, of a member, and of the same admin, but not on its list.
    for (device, expected) in [(9, RosterError::NotPermitted), (4, RosterError::NotPermitted)] {
        let mut forged = body.to_vec();
        forged[57..73].copy_from_slice(&devices[device].address.account);
        forged[73..89].copy_from_slice(&devices[device].address.device);
        let signature =
            sign_freely(devices[device].secrets.to_bytes().expose(), b"Waxwing v1 roster change\0", &forged);
        assert_eq!(next(&[&forged[..], &signature].concat()), Err(expected));
    }
    let mut elsewhere = body.to_vec();
    elsewhere[73] ^= 1;
    let signature =
        sign_freely(devices[2].secrets.to_bytes().expose(), b"Waxwing v1 roster change\0", &elsewhere);
    assert_eq!(next(&[&elsewhere[..], &signature].concat()), Err(RosterError::UnknownSigner));
    // In the name of the admin, by another; and by the admin, but as something else.
    let signature = sign_freely(devices[4].secrets.to_bytes().expose(), b"Waxwing v1 roster change\0", body);
    assert_eq!(next(&[body, &signature].concat()), Err(RosterError::BadSignature));
    let signature = sign_freely(devices[2].secrets.to_bytes().expose(), b"Waxwing v1 prekey bundle\0", body);
    assert_eq!(next(&[body, &signature].concat()), Err(RosterError::BadSignature));
    // By a list of devices that nobody has.
    let (_, other_list) = roster.sign(&devices[2].ours(), 2, Change::Add(vec![account(6)])).unwrap();
    assert_eq!(next(other_list.as_bytes()), Err(RosterError::UnknownSigner));
    // What the admin may not do is refused though its device has signed it: made on a roster where it was an owner.
    let promoted = Change::Role { account: account(2), role: Role::Owner };
    let (as_owner, _) = roster.sign(&devices[1].ours(), 1, promoted).unwrap();
    let (_, too_much) = as_owner.sign(&devices[2].ours(), 1, Change::Remove(vec![account(3)])).unwrap();
    let mut moved = too_much.as_bytes().split_last_chunk::<64>().unwrap().0.to_vec();
    moved[17..57].copy_from_slice(&body[17..57]);
    let signature =
        sign_freely(devices[2].secrets.to_bytes().expose(), b"Waxwing v1 roster change\0", &moved);
    assert_eq!(next(&[&moved[..], &signature].concat()), Err(RosterError::NotPermitted));
}

/// Attack 2: what was is not served as what is.
#[test]
fn a_roster_goes_only_forward_one_change_at_a_time_in_its_own_group() {
    let devices = devices();
    let (roster, chain) = group(&devices, Settings::default());
    let (two, four) = roster.sign(&devices[1].ours(), 1, Change::Add(vec![account(6)])).unwrap();
    let (_, five) = two.sign(&devices[1].ours(), 1, Change::Remove(vec![account(6)])).unwrap();
    for old_or_missing in [&chain[0], &chain[1], &chain[2], &five] {
        assert_eq!(roster.next(old_or_missing, lookup(&devices)), Err(RosterError::NotNext));
    }
    assert!(roster.next(&four, lookup(&devices)).is_ok());
    let (other, elsewhere) =
        Roster::create(&devices[1].ours(), 1, Settings::default(), b"", &[], &mut rng(52)).unwrap();
    assert_ne!(other.group(), roster.group());
    assert_eq!(roster.next(&elsewhere, lookup(&devices)), Err(RosterError::OtherGroup));
    assert_eq!(other.next(&four, lookup(&devices)), Err(RosterError::OtherGroup));
    let found = |change| Roster::found(change, &roster.group(), lookup(&devices)).map(|_| ());
    assert_eq!(found(&chain[0]), Ok(()));
    assert_eq!(found(&elsewhere), Err(RosterError::OtherGroup));
    assert_eq!(found(&chain[1]), Err(RosterError::NotNext));
    let nobody = Roster::found(&chain[0], &roster.group(), |_| None);
    assert_eq!(nobody, Err(RosterError::UnknownSigner));
}

#[test]
fn the_lookup_is_asked_for_the_list_that_the_signer_named() {
    let devices = devices();
    let (roster, _) = group(&devices, Settings::default());
    let (_, signed) = roster.sign(&devices[2].ours(), 77, Change::Add(vec![account(6)])).unwrap();
    let asked = RefCell::new(Vec::new());
    let found = roster.next(&signed, |signer| {
        asked.borrow_mut().push(*signer);
        Some(devices[2].keys)
    });
    assert!(found.is_ok());
    assert_eq!(*asked.borrow(), [Signer { address: devices[2].address, list_version: 77 }]);
}

#[test]
fn every_cut_and_flip_of_a_change_is_refused() {
    let devices = devices();
    let (roster, chain) = group(&devices, Settings::default());
    let changes = [
        Change::Add(vec![account(6), account(7)]),
        Change::Remove(vec![account(5)]),
        Change::Role { account: account(5), role: Role::Admin },
        Change::Settings(Settings::default()),
        Change::Profile(b"title".to_vec()),
    ];
    for change in changes {
        let (_, signed) = roster.sign(&devices[1].ours(), 1, change.clone()).unwrap();
        let bytes = signed.as_bytes();
        assert_eq!(SignedChange::parse(bytes).unwrap().change(), &change);
        let next = |bytes: &[u8]| roster.next(&SignedChange::parse(bytes)?, lookup(&devices));
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.to_vec();
                flipped[at] ^= 1 << bit;
                assert!(next(&flipped).is_err(), "byte {at}, bit {bit}");
            }
            assert!(next(&bytes[..at]).is_err());
        }
        assert_eq!(next(&[bytes, &[0]].concat()), Err(RosterError::Malformed));
    }
    let created = chain[0].as_bytes();
    let found = |bytes: &[u8]| Roster::found(&SignedChange::parse(bytes)?, &roster.group(), lookup(&devices));
    for at in 0..created.len() {
        let mut flipped = created.to_vec();
        flipped[at] ^= 1;
        assert!(found(&flipped).is_err() && found(&created[..at]).is_err());
    }
}

#[test]
fn a_change_has_one_order_and_bounds() {
    let devices = devices();
    let mut random = rng(53);
    let mut many: Vec<[u8; 16]> = (0..MEMBERS_MAX)
        .map(|_| {
            let mut account = [0; 16];
            random.fill_bytes(&mut account);
            account
        })
        .collect();
    let create = |members: &[_], profile: &[u8]| {
        Roster::create(&devices[1].ours(), 1, Settings::default(), profile, members, &mut rng(54))
    };
    assert_eq!(create(&many, b"").unwrap_err(), RosterError::TooMany);
    let (full, created) = create(&many[1..], &[7; GROUP_PROFILE_BYTES_MAX]).unwrap();
    assert_eq!(full.members().len(), MEMBERS_MAX);
    assert!(created.as_bytes().len() < waxwing_crypto::PLAINTEXT_BYTES_MAX);
    assert_eq!(Roster::from_snapshot(&full.to_snapshot()).unwrap(), full);
    let more = full.sign(&devices[1].ours(), 1, Change::Add(vec![many[0]]));
    assert_eq!(more.unwrap_err(), RosterError::TooMany);
    assert_eq!(create(&[], &[7; GROUP_PROFILE_BYTES_MAX + 1]).unwrap_err(), RosterError::Malformed);
    many.truncate(50);
    let one = create(&many, b"").unwrap().1;
    many.reverse();
    assert_eq!(one, create(&many, b"").unwrap().1, "order does not matter to the caller");

    // Signed by the right device, in the wrong order, or with nobody in it, or of a kind to come.
    let (roster, _) = group(&devices, Settings::default());
    let (_, signed) = roster.sign(&devices[1].ours(), 1, Change::Add(vec![account(6), account(7)])).unwrap();
    let (body, _) = signed.as_bytes().split_last_chunk::<64>().unwrap();
    let accounts = body.len() - 32;
    let refused = |body: &[u8]| {
        let signature =
            sign_freely(devices[1].secrets.to_bytes().expose(), b"Waxwing v1 roster change\0", body);
        SignedChange::parse(&[body, &signature].concat()).unwrap_err()
    };
    let mut swapped = body.to_vec();
    swapped[accounts..].rotate_left(16);
    assert_eq!(refused(&swapped), RosterError::Malformed);
    let nobody = [&body[..accounts - 2], &[0, 0]].concat();
    assert_eq!(refused(&nobody), RosterError::Malformed);
    let mut later = body.to_vec();
    later[accounts - 3] = 7;
    assert_eq!(refused(&later), RosterError::Unsupported);
    assert_eq!(refused(&[2]), RosterError::Unsupported);
    let mut zeroth = body.to_vec();
    zeroth[17..25].fill(0);
    assert_eq!(refused(&zeroth), RosterError::Malformed);
    zeroth[24] = 1;
    assert_eq!(refused(&zeroth), RosterError::Malformed, "the first change creates");
}

#[test]
fn a_group_is_created_once_and_under_its_own_id() {
    let devices = devices();
    let (_, chain) = group(&devices, Settings::default());
    let (body, _) = chain[0].as_bytes().split_last_chunk::<64>().unwrap();
    let parse = |body: &[u8]| {
        let signature =
            sign_freely(devices[1].secrets.to_bytes().expose(), b"Waxwing v1 roster change\0", body);
        SignedChange::parse(&[body, &signature].concat()).map(|_| ())
    };
    assert_eq!(parse(body), Ok(()));
    // Another id; a later epoch; something before; another creation under this id.
    for (at, bit) in [(1, 1), (24, 2), (24, 3), (30, 1), (57, 1), (body.len() - 1, 1)] {
        let mut changed = body.to_vec();
        changed[at] ^= bit;
        assert_eq!(parse(&changed), Err(RosterError::Malformed), "byte {at}");
    }
}

#[test]
fn of_an_account_that_is_lost_only_its_leaving_is_believed_unproven() {
    let devices = devices();
    let (roster, _) = group(&devices, Settings::default());
    let of = |number: usize, change: Change| roster.sign(&devices[number].ours(), 1, change).unwrap();
    let (next, left) = of(4, Change::Remove(vec![account(4)]));
    assert_eq!(roster.next_of_lost(&left).unwrap(), next);
    let others = [
        of(2, Change::Remove(vec![account(4)])),
        of(2, Change::Add(vec![account(6)])),
        of(2, Change::Profile(b"another".to_vec())),
        of(1, Change::Role { account: account(4), role: Role::Admin }),
    ];
    for (_, change) in others {
        assert_eq!(roster.next_of_lost(&change).unwrap_err(), RosterError::UnknownSigner);
    }
    // What does not follow is refused like any other.
    assert_eq!(next.next_of_lost(&left).unwrap_err(), RosterError::NotNext);
    let (_, two) =
        Roster::create(&devices[7].ours(), 1, Settings::default(), b"", &[account(8)], &mut rng(56)).unwrap();
    assert_eq!(roster.next_of_lost(&two).unwrap_err(), RosterError::OtherGroup);
}

#[test]
fn the_last_one_out_ends_the_group() {
    let devices = devices();
    let (roster, _) =
        Roster::create(&devices[1].ours(), 1, Settings::default(), b"", &[], &mut rng(55)).unwrap();
    let (empty, _) = roster.sign(&devices[1].ours(), 1, Change::Remove(vec![account(1)])).unwrap();
    assert!(empty.members().is_empty());
    assert_eq!(Roster::from_snapshot(&empty.to_snapshot()).unwrap(), empty);
    let back = empty.sign(&devices[1].ours(), 1, Change::Add(vec![account(1)]));
    assert_eq!(back.unwrap_err(), RosterError::NotPermitted);
}

#[test]
fn a_roster_at_rest_has_one_encoding() {
    let devices = devices();
    let (roster, _) = group(&devices, Settings::default());
    let bytes = roster.to_snapshot();
    assert_eq!(Roster::from_snapshot(&bytes).unwrap(), roster);
    for at in 0..bytes.len() {
        assert!(Roster::from_snapshot(&bytes[..at]).is_err());
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            if let Ok(other) = Roster::from_snapshot(&flipped) {
                assert_eq!(other.to_snapshot(), flipped);
            }
        }
    }
    assert_eq!(Roster::from_snapshot(&[]), Err(SnapshotError::Malformed));
    assert_eq!(Roster::from_snapshot(&[2]), Err(SnapshotError::Unsupported));
    let mut no_owner = bytes.clone();
    let owner_at = bytes.len() - 5 * 17 + 16;
    assert_eq!(no_owner[owner_at], 2);
    no_owner[owner_at] = 1;
    assert_eq!(Roster::from_snapshot(&no_owner), Err(SnapshotError::Malformed));
}

/// What somebody tries to do.
fn change() -> impl Strategy<Value = Change> {
    let accounts = || prop::collection::vec((1..10u8).prop_map(account), 1..3);
    let role = prop_oneof![Just(Role::Member), Just(Role::Admin), Just(Role::Owner)];
    let who = || prop_oneof![Just(Who::Everyone), Just(Who::Admins)];
    prop_oneof![
        3 => accounts().prop_map(Change::Add),
        3 => accounts().prop_map(Change::Remove),
        3 => (1..10u8, role).prop_map(|(who, role)| Change::Role { account: account(who), role }),
        1 => (who(), who(), who())
            .prop_map(|(write, add, edit)| Change::Settings(Settings { write, add, edit })),
        1 => prop::collection::vec(any::<u8>(), 0..9).prop_map(Change::Profile),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_tries_by_anybody_leave_a_chain_that_all_verify(tries in prop::collection::vec((1..10usize, change()), 1..30)) {
        let devices = devices();
        let (mut roster, mut chain) = group(&devices, Settings::default());
        for (author, change) in tries {
            let allowed = roster.permits(&account(author as u8), &change);
            match roster.sign(&devices[author].ours(), 1, change) {
                Ok((next, signed)) => {
                    prop_assert_eq!(allowed, Ok(()));
                    prop_assert_eq!(next.epoch(), &GroupEpoch { number: roster.epoch().number + 1, ..*next.epoch() });
                    let before = chain.last().unwrap();
                    prop_assert!(roster.next(before, lookup(&devices)).is_err());
                    roster = next;
                    chain.push(signed);
                }
                Err(error) => prop_assert_eq!(allowed, Err(error)),
            }
            let owners = roster.members().iter().filter(|member| member.role == Role::Owner).count();
            prop_assert!(owners > 0 || roster.members().is_empty());
        }
        prop_assert_eq!(verify(&devices, roster.group(), &chain).unwrap(), roster);
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = SignedChange::parse(&bytes);
        let _ = SignedChange::parse(&[&[1], &bytes[..]].concat());
        let _ = Roster::from_snapshot(&[&[1], &bytes[..]].concat());
    }
}

#[test]
fn accounts_of_a_change_stand_in_order_and_are_not_too_many() {
    let devices = devices();
    let (roster, _) = group(&devices, Settings::default());
    let (_, added) = roster.sign(&devices[1].ours(), 1, Change::Add(vec![account(6), account(7)])).unwrap();
    let parse = |accounts: &[[u8; 16]]| {
        let count = u16::try_from(accounts.len()).unwrap().to_be_bytes();
        let before = &added.as_bytes()[..98];
        SignedChange::parse(&[before, &count, accounts.as_flattened(), &[0; 64]].concat()).err()
    };
    assert_eq!(parse(&[account(6), account(7)]), None);
    for wrong in [&[][..], &[account(7), account(6)], &[account(6), account(6)]] {
        assert_eq!(parse(wrong), Some(RosterError::Malformed));
    }
    let many: Vec<[u8; 16]> = (0..=4_097_u128).map(u128::to_be_bytes).collect();
    assert_eq!(parse(&many[..MEMBERS_MAX]), None);
    assert_eq!(parse(&many[..=MEMBERS_MAX]), Some(RosterError::Malformed));
    assert_eq!(parse(&many), Some(RosterError::Malformed));
}

#[test]
fn a_stored_roster_has_an_epoch_and_names_nobody_twice() {
    let (roster, _) = group(&devices(), Settings::default());
    let stored = roster.to_snapshot();
    let read = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = stored.clone();
        change(&mut bytes);
        Roster::from_snapshot(&bytes).err()
    };
    assert_eq!(read(&|_| ()), None);
    assert_eq!(read(&|bytes| bytes[17..25].fill(0)), Some(SnapshotError::Malformed));
    let last = stored.len() - 17;
    assert_eq!(
        read(&|bytes| bytes.copy_within(last - 17..last - 1, last)),
        Some(SnapshotError::Malformed),
        "the last two are the same account"
    );
}
