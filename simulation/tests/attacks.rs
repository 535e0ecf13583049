//! Attacks on groups, played by a relay that lies and members that lie with it. Their numbers are those of docs/threats.md.

#![allow(clippy::unwrap_used)] // the stage is a part of the tests

mod stage;

use std::collections::BTreeSet;
use std::time::Duration;

use stage::{Stage, newest_distribution, with_member};
use waxwing_crypto::group::roster::{Change, Roster};
use waxwing_crypto::{AccountKey, AccountPublicKey, DeviceEntry, DeviceList, DeviceSecrets};
use waxwing_engine::{Command, View as _};
use waxwing_simulation::app::Deed;
use waxwing_simulation::dice::Dice;
use waxwing_simulation::liar::{Liar, made_owner};
use waxwing_simulation::network::Weather;
use waxwing_simulation::scenario::{Scenario, Trace};
use waxwing_simulation::world::Plan;
use waxwing_wire::{AccountId, DeviceId, Envelope, MessageId};

/// Names a lie in a text.
const LIE: &str = "lie";

// 1: adds a member or a device.

#[test]
fn a_relay_adds_no_member_whoever_signs_for_it() {
    for seed in 0..3 {
        // 3 is no member. What it needs of the group beside a right, it was told.
        let mut stage = Stage::begin(seed, 3, 4);
        let state = stage.state(1);
        let roster = Roster::clone(&state.roster().unwrap());
        let (owner, member, outsider) = (stage.address(0), stage.address(1), stage.address(3));
        let mut liar = stage.liar(1);
        let (stranger, nobody) = (stage.liar(3), AccountId::from_bytes([9; 16]));
        let add = |account: AccountId| Change::Add(vec![*account.as_bytes()]);
        let with_outsider = with_member(&roster, outsider.account);
        let sign = |liar: &Liar, stage: &Stage, name, made_up: &Roster, change| {
            liar.sign(&stage.world, name, (&state, made_up), change)
        };
        // A member who may not; whoever is not in it, as it is and as it would be; both in the name of the owner.
        let forged = [
            sign(&liar, &stage, member, &made_owner(&roster, member.account), add(outsider.account)),
            sign(&stranger, &stage, outsider, &made_owner(&with_outsider, outsider.account), add(nobody)),
            sign(&liar, &stage, owner, &roster, add(outsider.account)),
            sign(&stranger, &stage, owner, &roster, add(outsider.account)),
        ];
        let mut revision = state.revision;
        for change in &forged {
            revision += 1;
            let sealed = liar.seal_change(&state, revision, change);
            let envelope = liar.change(outsider, revision, sealed);
            stage.deliver_to_all(&[envelope]);
            stage.pass(5);
        }
        // Nothing but noise, and a change as it stood in another place.
        let sealed = liar.seal_change(&state, revision, &forged[0]);
        for bytes in [vec![1; 300], sealed] {
            revision += 1;
            let envelope = liar.change(outsider, revision, bytes);
            stage.deliver_to_all(&[envelope]);
            stage.pass(5);
        }
        stage.world.evil().confidants.insert(3);
        stage.world.overhear();
        for device in 0..3 {
            stage.write(device);
        }
        stage.pass(60);
        for device in 0..3 {
            let now = stage.state(device);
            assert_eq!(now.roster, state.roster, "seed {seed}: device {device}");
            assert_eq!(now.revision, revision, "seed {seed}: each was looked at, and is void");
            assert!(!stage.holders(device).iter().any(|holder| holder.account == outsider.account));
        }
        assert!(stage.world.devices[3].store.durable_groups().next().is_none(), "seed {seed}");
    }
}

#[test]
fn a_relay_adds_no_device() {
    for seed in 0..3 {
        let mut stage = Stage::begin(seed, 3, 3);
        let theirs = stage.address(1);
        let known = stage.world.devices[0].store.account(theirs.account).unwrap().unwrap();
        let key = AccountPublicKey::parse(known.account_key).unwrap();
        let list = DeviceList::verify(&known.device_list, *theirs.account.as_bytes(), &key).unwrap();
        let mut dice = Dice::new(seed);
        let spy =
            DeviceEntry { device: dice.bytes(), keys: DeviceSecrets::generate(&mut dice.split()).public() };
        let mut devices = list.devices().to_vec();
        devices.push(spy.clone());
        let own_key = AccountKey::generate(&mut dice.split());
        let account = *theirs.account.as_bytes();
        let by_relay = DeviceList::sign(account, &own_key, None, devices).unwrap();
        // Signed by nobody who may: by the relay; by the account, but something else; cut out of both.
        let mut spliced = by_relay.as_bytes().to_vec();
        let (at, old) = (spliced.len() - 64, list.as_bytes());
        spliced[at..].copy_from_slice(&old[old.len() - 64..]);
        let described = stage.world.describe(theirs.account);
        for (bytes, version) in [(by_relay.as_bytes().to_vec(), 1), (spliced.clone(), 2), (spliced, 1)] {
            let mut record = described.clone();
            record.device_list = bytes.into();
            record.device_list_version = version;
            stage.world.evil().descriptions.push(record);
        }
        stage.world.overhear();
        // The relay says that the list is old, and shows its own.
        stage.world.evil().calls_old = Some(theirs.account);
        for _ in 0..6 {
            stage.write(0);
            stage.write_to(0, 1);
            stage.pass(20);
        }
        assert!(stage.asked_for_lists_since(0) > 2, "seed {seed}");
        let spy = DeviceId::from_bytes(spy.device);
        assert!(!stage.was_sealed_for(spy), "seed {seed}");
        assert!(!stage.holders(0).iter().any(|holder| holder.device == spy));
        let now = stage.world.devices[0].store.account(theirs.account).unwrap().unwrap();
        assert_eq!((now.account_key, now.device_list), (known.account_key, known.device_list), "seed {seed}");
    }
}

// 2: serves what was.

#[test]
fn what_was_removed_does_not_come_back_with_old_answers() {
    for seed in 0..3 {
        let mut stage = Stage::with_second_device(seed);
        let removed = stage.address(3);
        let before = stage.world.devices[0].store.account(removed.account).unwrap().unwrap();
        stage.world.overhear();
        stage.write(0);
        stage.pass(5);
        let thief = stage.world.devices[3].store.clone();
        let mark = stage.world.said().count();
        stage.write(0);
        stage.pass(10);
        assert!(stage.opened_by(&thief, mark) > 0, "until it is removed it reads along");
        stage.world.user_wishes(1, Command::RemoveDevice(removed.device));
        stage.pass(10);
        // Whoever answers a member hears of its new list.
        for device in [1, 0, 2, 1] {
            stage.write(device);
            stage.pass(15);
        }
        let now = stage.world.devices[0].store.account(removed.account).unwrap().unwrap();
        assert!(now.device_list_version > before.device_list_version, "seed {seed}");

        let evil = stage.world.evil();
        evil.lives_in_the_past = true;
        evil.confidants.insert(3);
        evil.calls_old = Some(removed.account);
        let thief_later = stage.world.devices[3].store.clone();
        let mark = stage.world.said().count();
        for _ in 0..3 {
            for device in [0, 2, 1] {
                stage.write(device);
                stage.write_to(device, (device + 1) % 3);
            }
            stage.world.plan(stage.world.now, Plan::Unplug(0));
            stage.pass(30);
        }
        let after = stage.world.devices[0].store.account(removed.account).unwrap().unwrap();
        assert_eq!(after.device_list_version, now.device_list_version, "seed {seed}");
        assert!(stage.asked_for_lists_since(mark) > 2, "seed {seed}");
        assert!(!stage.was_sealed_since(mark, removed.device), "seed {seed}");
        assert_eq!(stage.opened_by(&thief, mark) + stage.opened_by(&thief_later, mark), 0, "seed {seed}");
        for device in [0, 1, 2] {
            assert!(!stage.holders(device).contains(&removed), "seed {seed}: device {device}");
        }
    }
}

#[test]
fn an_old_change_of_a_group_comes_back_to_nobody() {
    for seed in 0..3 {
        let mut stage = Stage::begin(seed, 4, 4);
        let with_three = stage.state(0);
        let earlier = stage.world.group_changes(stage.group, stage.address(0).account);
        stage.plan(Plan::Group { device: 0, group: 0, deed: Deed::Remove(3) });
        stage.pass(10);
        stage.plan(Plan::Group { device: 0, group: 0, deed: Deed::Title("owls".to_owned()) });
        stage.pass(10);
        let (now, gone) = (stage.state(0), stage.address(3));
        assert_ne!(now.roster, with_three.roster);
        stage.world.evil().lives_in_the_past = true;
        stage.world.evil().confidants.insert(3);
        // All that was, under its old revision and under those that come.
        let (mut liar, from) = (stage.liar(1), stage.address(3));
        for (n, change) in earlier.iter().enumerate() {
            let again = now.revision + 1 + n as u64;
            let envelopes: Vec<Envelope> = [change.revision, again]
                .into_iter()
                .map(|revision| liar.change(from, revision, change.change.to_vec()))
                .collect();
            stage.deliver_to_all(&envelopes);
            stage.pass(5);
        }
        for device in 0..3 {
            stage.write(device);
        }
        stage.pass(60);
        for device in 0..3 {
            assert_eq!(stage.state(device).roster, now.roster, "seed {seed}: device {device}");
            assert!(!stage.holders(device).contains(&gone), "seed {seed}: device {device}");
        }
    }
}

// 8: tells two members different things.

#[test]
fn who_is_shown_another_group_does_not_read_on_and_sees_it() {
    for seed in 0..3 {
        let mut stage = Stage::begin(seed, 4, 4);
        stage.plan(Plan::Group { device: 0, group: 0, deed: Deed::Promote(1) });
        stage.pass(10);
        let sides = [BTreeSet::from([0, 2]), BTreeSet::from([1, 3])];
        stage.world.split(sides[1].clone());
        stage.pass(10);
        for device in [0, 1] {
            let deed = Deed::Title(format!("birds of {device}"));
            stage.plan(Plan::Group { device, group: 0, deed });
        }
        stage.pass(20);
        // In the end one side is a change ahead of the other.
        let is_ahead = seed == 2;
        if is_ahead {
            stage.plan(Plan::Group { device: 0, group: 0, deed: Deed::Title("owls".to_owned()) });
            stage.pass(20);
        }
        assert_ne!(stage.state(0).roster, stage.state(1).roster, "seed {seed}: they were shown apart");
        assert_eq!(stage.state(0).roster, stage.state(2).roster, "seed {seed}: each side agrees with itself");
        assert_eq!(stage.state(1).roster, stage.state(3).roster, "seed {seed}: each side agrees with itself");
        let written: Vec<(usize, MessageId)> =
            (0..4).map(|device| (device, stage.write_one(device))).collect();
        for _ in 0..20 {
            stage.world.carry_across();
            stage.pass(20);
        }
        for (author, id) in written {
            for device in 0..4 {
                let together = sides.iter().any(|side| side.contains(&author) && side.contains(&device));
                assert_eq!(stage.has(device, id), together, "seed {seed}: {author} to {device}");
                let is_shown = stage.world.devices[device].store.durable_message(id).is_some();
                assert!(is_shown, "seed {seed}: {device} sees that something of {author} cannot be read");
                let told = stage.is_told_apart(device, author);
                let is_behind = is_ahead && sides[0].contains(&author);
                assert_eq!(told, !(together || is_behind), "seed {seed}");
            }
        }
    }
}

// 15: forges another sender.

#[test]
fn a_member_writes_in_the_name_of_no_other() {
    for seed in 0..3 {
        let mut stage = Stage::begin(seed, 3, 3);
        let (reader, victim) = (stage.address(0), stage.address(1));
        let mut liar = stage.liar(2);
        let own = stage.address(2);
        let revision = stage.state(2).revision;
        let mut forged = Vec::new();
        let mut send = |liar: &mut Liar, stage: &mut Stage, payload: Vec<u8>, id: MessageId| {
            let envelope = liar.envelope(victim, id, revision, payload);
            forged.push(id);
            stage.deliver_to_all(&[envelope]);
            stage.pass(3);
        };
        // A key of its own in the name of the other.
        let mut key = liar.fresh_key(&stage.world, victim);
        for to in [reader.account, victim.account] {
            liar.hand_out(&mut stage.world, to, &key.distribution());
        }
        stage.pass(5);
        let id = liar.name();
        let sealed = liar.seal(&mut key, id, LIE);
        send(&mut liar, &mut stage, sealed, id);
        // Under its own name it is honest; the relay calls it the other's.
        let mut key = liar.own_key(&stage.world);
        let id = liar.name();
        let sealed = liar.seal(&mut key, id, LIE);
        send(&mut liar, &mut stage, sealed, id);
        // The other's chain, which every member knows, under its own signature: as that gives it a name, and with the true one.
        let (mut key, chain) = liar.chain_of(&stage.world, victim);
        for rename in [false, true] {
            let id = liar.name();
            let mut sealed = liar.seal(&mut key, id, LIE);
            if rename {
                sealed = liar.renamed(sealed, chain);
            }
            send(&mut liar, &mut stage, sealed, id);
        }
        liar.hand_out(&mut stage.world, reader.account, &key.distribution());
        stage.pass(60);
        let honest = stage.write_one(1);
        stage.pass(30);
        for device in [0, 1] {
            assert!(stage.has(device, honest), "seed {seed}: what the other writes is read as before");
            for id in &forged {
                assert!(!stage.has(device, *id), "seed {seed}: {device} believes {id:?}");
            }
            assert!(!stage.says_of(device, victim, LIE), "seed {seed}");
        }
        assert!(!stage.says_of(0, own, LIE), "seed {seed}: nothing of it was sent as its own");
    }
}

// 16: sends after its removal, or reads what came after it.

#[test]
fn a_removed_member_reads_nothing_that_came_after_and_is_not_heard() {
    for seed in 0..3 {
        let mut stage = Stage::begin(seed, 3, 3);
        stage.world.overhear();
        let thief = stage.world.devices[2].store.clone();
        stage.write(0);
        stage.write(1);
        stage.pass(10);
        assert!(stage.opened_by(&thief, 0) > 0, "until it is removed it reads along");
        // The relay is with it: it hears of no change, and gets all that is written.
        stage.world.evil().kept_from_changes.insert(2);
        stage.world.evil().confidants.insert(2);
        stage.plan(Plan::Group { device: 0, group: 0, deed: Deed::Remove(2) });
        stage.pass(10);
        let mark = stage.world.said().count();
        let written: Vec<MessageId> = [0, 1, 0, 1].iter().map(|device| stage.write_one(*device)).collect();
        stage.write(2);
        stage.pass(200);
        for id in &written {
            assert!(stage.has(0, *id) && stage.has(1, *id) && !stage.has(2, *id), "seed {seed}: {id:?}");
        }
        let kept = stage.world.devices[2].store.clone();
        assert_eq!(stage.opened_by(&thief, mark) + stage.opened_by(&kept, mark), 0, "seed {seed}");

        // It knows what the roster is now, and makes itself a key for it.
        let mut liar = stage.liar(2);
        let (own, now) = (stage.address(2), stage.state(0));
        let mut key = stage.liar(0).fresh_key(&stage.world, own);
        let id = liar.name();
        for to in [0, 1].map(|device| stage.address(device).account) {
            liar.hand_out(&mut stage.world, to, &key.distribution());
            let whisper = liar.name();
            liar.whisper(&mut stage.world, to, whisper, LIE);
        }
        stage.pass(5);
        let sealed = liar.seal(&mut key, id, LIE);
        let envelope = liar.envelope(own, id, now.revision, sealed);
        stage.deliver_to_all(&[envelope]);
        stage.pass(60);
        for device in [0, 1] {
            assert!(!stage.says_of(device, own, LIE), "seed {seed}");
        }

        // What it seals under a key of before is not told from what came late: it stands below the words that it was removed, and is marked.
        let mut key = liar.own_key(&stage.world);
        let id = liar.name();
        let sealed = liar.seal(&mut key, id, LIE);
        let envelope = liar.envelope(own, id, now.revision, sealed);
        stage.deliver_to_all(&[envelope]);
        stage.pass(10);
        for device in [0, 1] {
            assert!(stage.stands_below_the_removal(device, id), "seed {seed}");
            assert_eq!(
                stage.came_after_removal(device),
                [id],
                "seed {seed}: that one, and nothing of before"
            );
        }
    }
}

// 17: sends different things to different members; passes on another's sender key.

#[test]
fn of_two_ciphertexts_of_one_name_a_member_takes_one() {
    for seed in 0..3 {
        let mut stage = Stage::begin(seed, 3, 3);
        let mut liar = stage.liar(2);
        let (own, revision) = (stage.address(2), stage.state(2).revision);
        stage.world.lie(2, Vec::new());
        let mut key = liar.own_key(&stage.world);
        let id = liar.name();
        let told = ["lie to 0", "lie to 1"].map(|words| liar.seal(&mut key, id, words));
        for (first, second) in [(0, 1), (1, 0)] {
            let envelopes = [first, second].map(|n| liar.envelope(own, id, revision, told[n].clone()));
            for envelope in envelopes {
                stage.world.relay_delivers(first, vec![envelope]);
                stage.pass(5);
            }
        }
        stage.pass(30);
        for device in [0, 1] {
            let words: Vec<String> = stage.words_of(device, own);
            let lies: Vec<&String> = words.iter().filter(|words| words.starts_with(LIE)).collect();
            assert_eq!(lies, [&format!("lie to {device}")], "seed {seed}");
        }
    }
}

/// Tells 0 and 1 different things under one id: sealed for the group, or written to each alone.
fn tell_apart(stage: &mut Stage, liar: &mut Liar, whispers: bool, device: usize, id: MessageId) {
    let words = format!("{LIE} to {device}");
    if whispers {
        let to = stage.address(device).account;
        liar.whisper(&mut stage.world, to, id, &words);
    } else {
        let (own, revision) = (stage.address(2), stage.state(2).revision);
        let mut key = liar.own_key(&stage.world);
        let sealed = liar.seal(&mut key, id, &words);
        let envelope = liar.envelope(own, id, revision, sealed);
        stage.world.relay_delivers(device, vec![envelope]);
    }
    stage.pass(5);
}

#[test]
fn who_was_told_otherwise_sees_it_once_another_writes() {
    for (seed, whispers) in [(0, false), (1, false), (2, true), (3, true)] {
        let mut stage = Stage::begin(seed, 4, 4);
        let mut liar = stage.liar(2);
        stage.world.lie(2, Vec::new());
        let id = liar.name();
        for device in [0, 1] {
            tell_apart(&mut stage, &mut liar, whispers, device, id);
            assert!(stage.says_of(device, stage.address(2), &format!("{LIE} to {device}")), "seed {seed}");
        }
        assert_eq!(stage.times_told_otherwise(0) + stage.times_told_otherwise(1), 0, "seed {seed}: not yet");
        stage.write(0);
        stage.pass(10);
        assert!(stage.is_told_otherwise(1, 2, 0), "seed {seed}: 0 wrote, and 1 compared");
        assert_eq!(stage.times_told_otherwise(0), 0, "seed {seed}");
        for device in [1, 0, 1, 0] {
            stage.write(device);
            stage.pass(10);
        }
        assert!(stage.is_told_otherwise(0, 2, 1), "seed {seed}: and the other way round");
        assert_eq!(
            (stage.times_told_otherwise(0), stage.times_told_otherwise(1)),
            (1, 1),
            "seed {seed}: once"
        );
        let others = [2, 3].map(|device| stage.times_told_otherwise(device));
        assert_eq!(others, [0, 0], "seed {seed}: neither the liar nor who was told nothing");
    }
}

#[test]
fn who_is_told_otherwise_later_than_another_wrote_sees_it_too() {
    for (seed, whispers) in [(0, false), (1, true)] {
        let mut stage = Stage::begin(seed, 3, 3);
        let mut liar = stage.liar(2);
        stage.world.lie(2, Vec::new());
        let id = liar.name();
        tell_apart(&mut stage, &mut liar, whispers, 0, id);
        stage.write(0);
        stage.pass(10);
        assert_eq!(stage.times_told_otherwise(1), 0, "seed {seed}: it has nothing to compare with");
        tell_apart(&mut stage, &mut liar, whispers, 1, id);
        assert!(stage.is_told_otherwise(1, 2, 0), "seed {seed}");
    }
}

#[test]
fn a_liar_hides_nothing_behind_much_else() {
    (0..3).for_each(tell_apart_and_make_noise);
}

fn tell_apart_and_make_noise(seed: u64) {
    let mut stage = Stage::begin(seed, 3, 3);
    let mut liar = stage.liar(2);
    let (own, revision) = (stage.address(2), stage.state(2).revision);
    stage.world.lie(2, Vec::new());
    let id = liar.name();
    for device in [0, 1] {
        tell_apart(&mut stage, &mut liar, false, device, id);
    }
    // More than one message vouches for.
    let mut key = liar.own_key(&stage.world);
    for n in 0..12 {
        let id = liar.name();
        let sealed = liar.seal(&mut key, id, &format!("noise {n}"));
        let envelope = liar.envelope(own, id, revision, sealed);
        stage.deliver_to_all(&[envelope]);
        stage.pass(1);
    }
    for _ in 0..20 {
        for device in [0, 1] {
            stage.write(device);
            stage.pass(2);
        }
    }
    assert!(stage.is_told_otherwise(0, 2, 1) || stage.is_told_otherwise(1, 2, 0), "seed {seed}");
}

#[test]
fn a_sender_key_that_is_passed_on_lets_nobody_write() {
    for seed in 0..3 {
        // 3 is put out and gets what 2 knows; the relay is with both.
        let mut stage = Stage::begin(seed, 4, 4);
        stage.plan(Plan::Group { device: 0, group: 0, deed: Deed::Remove(3) });
        stage.pass(10);
        for device in 0..3 {
            stage.write(device);
        }
        stage.pass(10);
        let victim = stage.address(1);
        let mut liar = stage.liar(2);
        let theirs = newest_distribution(&stage.world.devices[2].store, stage.group, victim);
        // Passed on to a member, as the other's and as its own.
        let (reader, own) = (stage.address(0), stage.address(2));
        let chains =
            |stage: &Stage, of| stage.world.devices[0].store.receiver_chains(stage.group, of).unwrap();
        let before = (chains(&stage, victim), chains(&stage, own));
        liar.hand_out(&mut stage.world, reader.account, &theirs);
        stage.pass(5);
        assert_eq!((chains(&stage, victim), chains(&stage, own)), before, "seed {seed}");
        let mut renamed = theirs.clone();
        renamed[58..74].copy_from_slice(own.account.as_bytes());
        renamed[74..90].copy_from_slice(own.device.as_bytes());
        liar.hand_out(&mut stage.world, reader.account, &renamed);
        stage.pass(5);
        // To whoever is out: without the signing key it writes nothing, in whatever name.
        let revision = stage.state(0).revision;
        let (mut key, chain) = liar.chain_of(&stage.world, victim);
        for from in [victim, stage.address(3), own] {
            for rename in [false, true] {
                let id = liar.name();
                let mut sealed = liar.seal(&mut key, id, LIE);
                if rename {
                    sealed = liar.renamed(sealed, chain);
                }
                let envelope = liar.envelope(from, id, revision, sealed);
                stage.deliver_to_all(&[envelope]);
                stage.pass(3);
            }
        }
        let honest = stage.write_one(1);
        stage.pass(60);
        for device in [0, 1] {
            assert!(stage.has(device, honest), "seed {seed}");
            for of in [victim, own, stage.address(3)] {
                assert!(!stage.says_of(device, of, LIE), "seed {seed}: {device} believes it");
            }
        }
    }
}

// 18: changes the group at the same time as another admin.

#[test]
fn admins_who_add_and_remove_at_once_end_with_one_roster() {
    for seed in 0..6 {
        let at = |n: u64| Duration::from_secs(n);
        let group = |device, deed| Plan::Group { device, group: 0, deed };
        let storm =
            Weather { cut_per_mille: 20, dial_fails_per_mille: 100, delay_max_ms: 900, ..Weather::CALM };
        let mut scenario = Scenario::quiet(seed, 6)
            .with(at(12), group(0, Deed::Make(vec![1, 2, 3])))
            .with(at(18), group(0, Deed::Promote(1)))
            .with(at(19), group(0, Deed::Promote(2)))
            .with(at(25), Plan::Weather(storm))
            .with(at(30), group(0, Deed::Remove(3)))
            .with(at(30), group(1, Deed::Add(4)))
            .with(at(30), group(2, Deed::Add(5)))
            // One puts out whoever adds at the same moment, and both put out, or bring in, the same.
            .with(at(45), group(0, Deed::Remove(1)))
            .with(at(45), group(1, Deed::Add(3)))
            .with(at(45), group(1, Deed::Remove(4)))
            .with(at(45), group(2, Deed::Remove(4)))
            .with(at(60), group(0, Deed::Add(1)))
            .with(at(60), group(2, Deed::Add(1)));
        for n in 0..20 {
            let device = (n % 6) as usize;
            scenario = scenario.with(at(26 + 2 * n), Plan::WriteToGroup { device, group: 0 });
        }
        scenario.length = at(70);
        if let Err(failed) = scenario.run(Trace::Off) {
            panic!("{failed}");
        }
    }
}
