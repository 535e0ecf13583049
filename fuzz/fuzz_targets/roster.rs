//! Any bytes as a change of a roster, or as a roster at rest: nothing that was not signed changes one, and what is taken has
//! one encoding.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use waxwing_crypto::{
    Address, DevicePublic, DeviceSecrets, Ours,
    group::roster::{Change, Role, Roster, Settings, SignedChange},
};

/// A roster, and the keys of the device that made it.
static ROSTER: LazyLock<(Roster, DevicePublic)> = LazyLock::new(|| {
    // Another seed than that of the golden files, which are the corpus: what is genuine there is a stranger's here.
    let mut rng = ChaCha20Rng::from_seed([198; 32]);
    let secrets = DeviceSecrets::generate(&mut rng);
    let ours = Ours { address: Address { account: [1; 16], device: [101; 16] }, secrets: &secrets };
    let made = Roster::create(&ours, 4, Settings::default(), b"title", &[[2; 16]], &mut rng);
    (made.expect("within limits").0, secrets.public())
});

fuzz_target!(|data: &[u8]| {
    let (roster, keys) = &*ROSTER;
    if let Ok(change) = SignedChange::parse(data) {
        assert_eq!(change.as_bytes(), data);
        assert!(roster.next(&change, |_| Some(*keys)).is_err());
        assert!(Roster::found(&change, &change.group(), |_| Some(*keys)).is_err());
        // Whoever may do it: the rules hold for any change.
        let _ = roster.permits(&change.signer().address.account, change.change());
        let _ = roster.permits(&[1; 16], change.change());
    }
    if let Ok(stored) = Roster::from_snapshot(data) {
        assert_eq!(stored.to_snapshot(), data);
        let promoted = Change::Role { account: [2; 16], role: Role::Owner };
        let _ = stored.permits(&[1; 16], &promoted);
    }
});
