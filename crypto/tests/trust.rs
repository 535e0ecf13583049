//! Whom a device believes: device lists over gaps, what changed about an account, and the number that people compare.

use waxwing_crypto::{
    AccountChange, AccountKey, Comparison, DEVICES_MAX, DEVICES_REMOVED_MAX, DeviceEntry, DeviceList,
    DeviceListError, DevicePublic, DeviceSecrets, Identity, SCAN_BYTES, SafetyNumber,
};

use common::{rng, sign_freely};

mod common;

const ACCOUNT: [u8; 16] = [1; 16];

fn key() -> AccountKey {
    AccountKey::from_bytes(&[7; 32])
}

/// A device by its number: the same id and keys each time.
fn device(number: u8) -> DeviceEntry {
    DeviceEntry { device: [number; 16], keys: keys(number) }
}

fn keys(number: u8) -> DevicePublic {
    DeviceSecrets::from_bytes(&std::array::from_fn(|at| number ^ u8::try_from(at / 32).unwrap_or(0) << 7))
        .public()
}

fn devices(numbers: &[u8]) -> Vec<DeviceEntry> {
    numbers.iter().copied().map(device).collect()
}

/// A list after another, with these devices.
#[allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]
fn next(previous: Option<&DeviceList>, numbers: &[u8]) -> DeviceList {
    DeviceList::sign(ACCOUNT, &key(), previous, devices(numbers)).unwrap()
}

/// Several lists, each after the one before.
fn chain(lists: &[&[u8]]) -> Vec<DeviceList> {
    let mut chain: Vec<DeviceList> = Vec::new();
    for numbers in lists {
        chain.push(next(chain.last(), numbers));
    }
    chain
}

/// What the account's owner could sign with a program that keeps no rules: the bytes of a list, changed.
fn resigned(list: &DeviceList, change: impl FnOnce(&mut Vec<u8>)) -> Result<DeviceList, DeviceListError> {
    let bytes = list.as_bytes();
    let mut signed = bytes[..bytes.len() - 64].to_vec();
    change(&mut signed);
    let signature = sign_freely(key().to_bytes().expose(), b"Waxwing v1 device list\0", &signed);
    DeviceList::verify(&[&signed[..], &signature].concat(), ACCOUNT, &key().public())
}

#[test]
fn a_removed_device_is_not_signed_again() {
    let lists = chain(&[&[1, 2], &[1], &[1, 3]]);
    let again = DeviceList::sign(ACCOUNT, &key(), lists.last(), devices(&[1, 2]));
    assert_eq!(again, Err(DeviceListError::Returned));
    // Nor under another id, with the keys that it had.
    let renamed = DeviceEntry { device: [9; 16], keys: keys(2) };
    let again = DeviceList::sign(ACCOUNT, &key(), lists.last(), vec![device(1), renamed]);
    assert_eq!(again, Err(DeviceListError::Returned));
    // Nor under its id, with keys of its own.
    let rekeyed = DeviceEntry { device: [2; 16], keys: keys(9) };
    let again = DeviceList::sign(ACCOUNT, &key(), lists.last(), vec![device(1), rekeyed]);
    assert_eq!(again, Err(DeviceListError::Returned));
}

#[test]
fn a_removed_device_that_comes_back_is_seen_across_missed_versions() {
    // The reader knows the fourth list. Somebody who knew only the second signs on top of it.
    let lists = chain(&[&[1, 2], &[1, 2, 3], &[1, 3], &[1, 3, 4]]);
    let mut stale = lists[1].clone();
    for numbers in [&[1, 2, 3][..], &[1, 2, 3, 5], &[1, 2, 3, 5, 6], &[1, 2, 3, 6]] {
        stale = next(Some(&stale), numbers);
    }
    assert_eq!(stale.version(), 6);
    assert_eq!(stale.check_successor_of(&lists[3]), Err(DeviceListError::Returned));
    // Once it has left there too, the account is believed again.
    let healed = next(Some(&stale), &[1, 3, 6]);
    assert_eq!(healed.check_successor_of(&lists[3]), Ok(()));
    let change = AccountChange::between(&lists[3], &healed);
    assert_eq!(change, AccountChange::Devices { added: vec![[6; 16]], removed: vec![[4; 16]] });
}

#[test]
fn a_reader_who_missed_the_removal_sees_it_in_the_list() {
    let lists = chain(&[&[1, 2], &[1], &[1, 3], &[1]]);
    let change = AccountChange::between(&lists[0], &lists[3]);
    assert_eq!(change, AccountChange::Devices { added: vec![], removed: vec![[2; 16]] });
    let removed: Vec<_> = lists[3].removed().iter().map(|gone| (gone.since, gone.device)).collect();
    assert_eq!(removed, [(2, [2; 16]), (4, [3; 16])]);
    assert_eq!(resigned(&lists[3], |_| ()), Ok(lists[3].clone()));
}

#[test]
fn what_was_removed_cannot_be_left_out_of_the_next_list() {
    let lists = chain(&[&[1, 2], &[1], &[1, 3]]);
    let forgetful = resigned(&lists[2], |bytes| {
        let at = bytes.len() - 41;
        bytes.truncate(at);
        bytes.push(0);
    })
    .unwrap();
    assert_eq!(forgetful.removed(), []);
    assert_eq!(forgetful.check_successor_of(&lists[1]), Err(DeviceListError::Forked));
    // Over a gap, it is believed: the removed device may be one of those forgotten for want of room.
    assert_eq!(forgetful.check_successor_of(&lists[0]), Ok(()));
}

#[test]
fn no_list_holds_a_removed_device_or_a_removal_from_the_future() {
    let lists = chain(&[&[1, 2], &[1, 3]]);
    // Device 2 takes the place of device 3.
    let entry =
        [[2; 16].to_vec(), keys(2).signing_bytes().to_vec(), keys(2).agreement_bytes().to_vec()].concat();
    let back = resigned(&lists[1], |bytes| bytes[58 + 80..58 + 160].copy_from_slice(&entry));
    assert_eq!(back, Err(DeviceListError::Returned));
    let since = |list: &DeviceList, since: u64| {
        resigned(list, |bytes| {
            let at = bytes.len() - 40;
            bytes[at..at + 8].copy_from_slice(&since.to_be_bytes());
        })
    };
    assert!(since(&lists[1], 2).is_ok());
    assert_eq!(since(&lists[1], 3), Err(DeviceListError::Malformed), "later than the list");
    assert_eq!(since(&lists[1], 1), Err(DeviceListError::Malformed), "nothing left before the first list");
}

#[test]
fn removals_stand_in_one_order() {
    let lists = chain(&[&[1, 2, 3], &[1]]);
    let swapped = resigned(&lists[1], |bytes| {
        let at = bytes.len() - 80;
        bytes[at..].rotate_left(40);
    });
    assert_eq!(swapped, Err(DeviceListError::Malformed));
    let twice = resigned(&lists[1], |bytes| {
        let at = bytes.len() - 80;
        bytes.copy_within(at..at + 40, at + 40);
    });
    assert_eq!(twice, Err(DeviceListError::Malformed));
}

#[test]
fn the_oldest_removals_are_forgotten_beyond_the_bound() {
    let mut list = next(None, &[0, 1]);
    for number in 2..=u8::try_from(DEVICES_REMOVED_MAX).unwrap() + 1 {
        list = next(Some(&list), &[0, number]);
    }
    assert_eq!((list.removed().len(), list.removed()[0].device), (DEVICES_REMOVED_MAX, [1; 16]));
    let before = list.clone();
    list = next(Some(&list), &[0, 200]);
    assert_eq!((list.removed().len(), list.removed()[0].device), (DEVICES_REMOVED_MAX, [2; 16]));
    assert_eq!(list.check_successor_of(&before), Ok(()));
    // The longest list, and the shortest reader: whoever is at the first version.
    let full: Vec<u8> =
        (0..=6).chain([200]).map(|number| if number == 0 { 0 } else { number | 0x80 }).collect();
    assert_eq!(full.len(), DEVICES_MAX);
    let longest = next(Some(&list), &full);
    assert_eq!(longest.as_bytes().len(), 3_323);
    let read = DeviceList::verify(longest.as_bytes(), ACCOUNT, &key().public());
    assert_eq!(read.as_ref(), Ok(&longest));
    let one_more = resigned(&longest, |bytes| {
        let count = bytes.len() - DEVICES_REMOVED_MAX * 40 - 1;
        bytes[count] += 1;
        bytes.extend_from_slice(&[0xff; 40]);
    });
    assert_eq!(one_more, Err(DeviceListError::Malformed));
}

#[test]
fn keys_stay_with_their_device() {
    let first = next(None, &[1, 2]);
    let rekeyed = DeviceEntry { device: [2; 16], keys: keys(9) };
    let sign = |devices| DeviceList::sign(ACCOUNT, &key(), Some(&first), devices);
    assert_eq!(sign(vec![device(1), rekeyed.clone()]), Err(DeviceListError::KeysMoved));
    let renamed = DeviceEntry { device: [9; 16], keys: keys(2) };
    assert_eq!(sign(vec![device(1), renamed]), Err(DeviceListError::KeysMoved));
    // One of the two keys is enough.
    let half = DevicePublic::parse(keys(9).signing_bytes(), keys(2).agreement_bytes()).unwrap();
    let half = DeviceEntry { device: [9; 16], keys: half };
    assert_eq!(sign(vec![device(1), half.clone()]), Err(DeviceListError::KeysMoved));
    let twice = DeviceList::sign(ACCOUNT, &key(), None, vec![device(2), half]);
    assert_eq!(twice, Err(DeviceListError::Repeated));
    // A list that was signed all the same is refused across a gap.
    let other = DeviceList::sign(ACCOUNT, &key(), None, vec![device(1), rekeyed]).unwrap();
    let later = DeviceList::sign(ACCOUNT, &key(), Some(&other), other.devices().to_vec()).unwrap();
    let latest = DeviceList::sign(ACCOUNT, &key(), Some(&later), other.devices().to_vec()).unwrap();
    let change = AccountChange::between(&first, &latest);
    assert_eq!(change, AccountChange::Refused(DeviceListError::KeysMoved));
}

#[test]
fn every_change_of_an_account_has_a_name() {
    let lists = chain(&[&[1], &[1, 2], &[2, 3], &[2, 3]]);
    let fork = next(Some(&lists[0]), &[1, 4]);
    let other_key = AccountKey::generate(&mut rng(1));
    let other = DeviceList::sign(ACCOUNT, &other_key, None, devices(&[1])).unwrap();
    let elsewhere = DeviceList::sign([2; 16], &key(), None, devices(&[1])).unwrap();
    let change = AccountChange::between;
    let devices = |added: &[u8], removed: &[u8]| AccountChange::Devices {
        added: added.iter().map(|number| [*number; 16]).collect(),
        removed: removed.iter().map(|number| [*number; 16]).collect(),
    };
    assert_eq!(change(&lists[0], &lists[0]), AccountChange::Nothing);
    assert_eq!(change(&lists[0], &lists[1]), devices(&[2], &[]));
    assert_eq!(change(&lists[1], &lists[2]), devices(&[3], &[1]));
    assert_eq!(change(&lists[0], &lists[2]), devices(&[2, 3], &[1]));
    assert_eq!(change(&lists[2], &lists[3]), devices(&[], &[]));
    assert_eq!(change(&lists[1], &lists[0]), AccountChange::Refused(DeviceListError::RolledBack));
    assert_eq!(change(&lists[1], &fork), AccountChange::Refused(DeviceListError::Forked));
    assert_eq!(change(&fork, &lists[2]), AccountChange::Refused(DeviceListError::Forked));
    assert_eq!(change(&lists[3], &other), AccountChange::AccountKey);
    assert_eq!(change(&other, &lists[3]), AccountChange::AccountKey);
    assert_eq!(change(&lists[0], &elsewhere), AccountChange::Refused(DeviceListError::OtherAccount));
}

#[test]
fn nobody_continues_the_list_of_another_account_or_key() {
    let first = next(None, &[1]);
    let sign = |account, key: &AccountKey| DeviceList::sign(account, key, Some(&first), devices(&[1]));
    assert_eq!(sign([2; 16], &key()), Err(DeviceListError::OtherAccount));
    let other = AccountKey::generate(&mut rng(2));
    assert_eq!(sign(ACCOUNT, &other), Err(DeviceListError::OtherKey));
    let at_the_end = resigned(&next(Some(&first), &[1]), |bytes| bytes[17..25].fill(0xff)).unwrap();
    assert_eq!(at_the_end.version(), u64::MAX);
    let beyond = DeviceList::sign(ACCOUNT, &key(), Some(&at_the_end), devices(&[1]));
    assert_eq!(beyond, Err(DeviceListError::RolledBack));
}

fn identity(account: u8, seed: u8) -> Identity {
    Identity { account: [account; 16], key: AccountKey::from_bytes(&[seed; 32]).public() }
}

#[test]
fn the_safety_number_is_the_one_that_another_program_computes() {
    // Computed from docs/spec.md with Python's hashlib.
    let number = SafetyNumber::new(&identity(1, 7), &identity(2, 8));
    assert_eq!(number.digits(), "568874619318966475438710759854603573662235683818240204091759");
    let halves = [
        "c26215e2b72d5ebb10f1c3b9b74716c8df135db7936dbcdfc3367743b4ae674a",
        "81567307a5489c9ddc8e83a5af28e3dd5089d1c0dd1c567af8336c58cfaf8ff1",
    ];
    let (one, two) = ("01".repeat(16), "02".repeat(16));
    let code = format!("5758534e01{one}{}{two}{}", halves[0], halves[1]);
    assert_eq!(hex::encode(number.scannable()), code);
}

#[test]
fn both_sides_see_the_same_number_in_the_same_groups() {
    let (here, there) = (identity(1, 7), identity(2, 8));
    let (ours, theirs) = (SafetyNumber::new(&here, &there), SafetyNumber::new(&there, &here));
    assert_eq!(ours.digits(), theirs.digits());
    assert_eq!(ours.to_string(), "56887 46193 18966 47543 87107 59854 60357 36622 35683 81824 02040 91759");
    assert_eq!(
        format!("{theirs:#}"),
        "56887 46193 18966 47543\n87107 59854 60357 36622\n35683 81824 02040 91759"
    );
}

#[test]
fn the_number_changes_with_either_key_and_either_account() {
    let number = |one, two| SafetyNumber::new(&one, &two).digits();
    let usual = number(identity(1, 7), identity(2, 8));
    for other in [
        number(identity(1, 9), identity(2, 8)),
        number(identity(1, 7), identity(2, 9)),
        number(identity(3, 7), identity(2, 8)),
        number(identity(1, 7), identity(3, 8)),
        number(identity(1, 8), identity(2, 7)),
    ] {
        assert_ne!(usual, other);
    }
}

#[test]
fn a_scan_says_what_it_is() {
    let (alice, bob) = (identity(1, 7), identity(2, 8));
    let ours = SafetyNumber::new(&alice, &bob);
    let shown = |here: Identity, there: Identity| SafetyNumber::new(&here, &there).scannable();
    assert_eq!(ours.compare(&shown(bob, alice)), Comparison::Match);
    // Somebody in the middle shows each of them a key of their own.
    assert_eq!(ours.compare(&shown(bob, identity(1, 9))), Comparison::Mismatch);
    assert_eq!(ours.compare(&shown(identity(2, 9), alice)), Comparison::Mismatch);
    // Our own code, from a mirror; a code of theirs for somebody else; a code of somebody else for us.
    assert_eq!(ours.compare(&ours.scannable()), Comparison::OtherPair);
    assert_eq!(ours.compare(&shown(bob, identity(3, 7))), Comparison::OtherPair);
    assert_eq!(ours.compare(&shown(identity(3, 8), alice)), Comparison::OtherPair);
    let mut later = shown(bob, alice);
    later[4] = 2;
    assert_eq!(ours.compare(&later), Comparison::OtherVersion);
    assert_eq!(ours.compare(&later[..9]), Comparison::OtherVersion);
    for unreadable in [&b""[..], b"WXSN", b"WXSN\x01", b"https://example.org/", &[1; SCAN_BYTES]] {
        assert_eq!(ours.compare(unreadable), Comparison::Unreadable);
    }
    let right = shown(bob, alice);
    assert_eq!(ours.compare(&right[..SCAN_BYTES - 1]), Comparison::Unreadable);
    assert_eq!(ours.compare(&[&right[..], &[0]].concat()), Comparison::Unreadable);
}

#[test]
fn no_flipped_bit_of_a_scan_is_a_match() {
    let ours = SafetyNumber::new(&identity(1, 7), &identity(2, 8));
    let right = SafetyNumber::new(&identity(2, 8), &identity(1, 7)).scannable();
    for bit in 0..SCAN_BYTES * 8 {
        let mut flipped = right;
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(ours.compare(&flipped), Comparison::Match, "bit {bit}");
    }
}

#[test]
fn every_refusal_of_a_list_says_something_else() {
    use DeviceListError::{
        BadCount, BadSignature, Forked, KeysMoved, Malformed, OtherAccount, OtherKey, Repeated, Returned,
        RolledBack,
    };
    let errors = [
        Malformed,
        OtherAccount,
        BadSignature,
        BadCount,
        Repeated,
        Returned,
        KeysMoved,
        OtherKey,
        RolledBack,
        Forked,
    ];
    let said: std::collections::BTreeSet<_> = errors.iter().map(ToString::to_string).collect();
    assert!(said.len() == errors.len() && said.iter().all(|words| words.starts_with("device list ")));
}

#[test]
fn a_list_tells_whose_it_is_and_what_is_on_it() {
    let lists = chain(&[&[1, 2], &[1, 3]]);
    let list = &lists[1];
    assert_eq!((list.version(), list.account()), (2, ACCOUNT));
    assert_eq!(*list.identity(), Identity { account: ACCOUNT, key: key().public() });
    assert_eq!(list.devices(), devices(&[1, 3]));
    assert_eq!(list.device(&[3; 16]), Some(&device(3)));
    assert_eq!(list.device(&[2; 16]), None);
}

#[test]
fn a_first_list_names_none_before_and_a_later_one_names_one() {
    let lists = chain(&[&[1], &[1, 2]]);
    let version = |list: &DeviceList, version: u64| {
        resigned(list, |bytes| bytes[17..25].copy_from_slice(&version.to_be_bytes())).err()
    };
    assert_eq!(version(&lists[0], 1), None);
    assert_eq!(version(&lists[0], 2), Some(DeviceListError::Malformed), "a later one that names none");
    assert_eq!(version(&lists[0], 0), Some(DeviceListError::Malformed));
    assert_eq!(version(&lists[1], 3), None);
    assert_eq!(version(&lists[1], 1), Some(DeviceListError::Malformed), "a first one that names one");
    assert_eq!(version(&lists[1], 0), Some(DeviceListError::Malformed));
}

#[test]
fn the_text_of_a_scan_is_the_scan() {
    let identity = |account, seed| Identity {
        account: [account; 16],
        key: AccountKey::from_bytes(&[seed; 32]).public(),
    };
    let (here, there) = (identity(1, 7), identity(2, 8));
    let (at_here, at_there) = (SafetyNumber::new(&here, &there), SafetyNumber::new(&there, &here));
    let text = at_there.scannable_text();
    assert!(text.starts_with("WAXWING-SAFETY:") && text.len() == 15 + 162, "{text}");
    assert_eq!(at_here.compare_text(&format!(" {text}\n")), Comparison::Match);
    assert_eq!(at_there.compare_text(&text), Comparison::OtherPair);
    let other = SafetyNumber::new(&identity(2, 9), &here);
    assert_eq!(at_here.compare_text(&other.scannable_text()), Comparison::Mismatch);
    for bad in ["", "WAXWING-SAFETY:", &text[..text.len() - 1], &text[15..], &format!("{text}0"), "🦜"] {
        assert_eq!(at_here.compare_text(bad), Comparison::Unreadable, "{bad}");
    }
}
