//! Any bytes as a message, and whatever parses against a session: nothing that was not sealed for it opens, and the session
//! is byte for byte as it was.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use waxwing_crypto::{
    Address, Bundle, DeviceSecrets, Message, OneTimePrekey, Ours, Session, Theirs, WeeklyPrekey,
};

/// A session of device 1 with device 2, at rest.
static SNAPSHOT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let (one, two) = (DeviceSecrets::generate(&mut rng), DeviceSecrets::generate(&mut rng));
    let (one_at, two_at) = (address(1), address(2));
    let weekly = WeeklyPrekey::generate(1, &mut rng);
    let bundle =
        OneTimePrekey::generate(1, &mut rng).bundle(&Ours { address: two_at, secrets: &two }, &weekly);
    let keys = two.public();
    let bundle = Bundle::verify(&bundle, &two_at, &keys).expect("our own bundle");
    let ours = Ours { address: one_at, secrets: &one };
    let theirs = Theirs { address: two_at, keys: &keys };
    let session = Session::initiate(&ours, &theirs, &bundle, &mut rng).expect("good keys");
    session.to_snapshot().to_vec()
});

/// Sessions with a post-quantum exchange under way.
const EXCHANGING: [&[u8]; 3] = [
    include_bytes!("../corpus/session_snapshot/snapshot-offered"),
    include_bytes!("../corpus/session_snapshot/snapshot-asked"),
    include_bytes!("../corpus/session_snapshot/snapshot-answering"),
];

fn address(byte: u8) -> Address {
    Address { account: [byte; 16], device: [byte; 16] }
}

fuzz_target!(|data: &[u8]| {
    let Ok(message) = Message::parse(data) else { return };
    for snapshot in EXCHANGING.into_iter().chain([&SNAPSHOT[..]]) {
        let mut session = Session::from_snapshot(snapshot).expect("our own snapshot");
        assert!(session.decrypt(&message, b"").is_err());
        assert_eq!(session.to_snapshot()[..], *snapshot);
    }
});
