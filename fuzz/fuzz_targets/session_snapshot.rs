//! Any bytes as a session at rest: what is taken has one encoding, and works or refuses.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use waxwing_crypto::{Message, Session};

fuzz_target!(|data: &[u8]| {
    let Ok(mut session) = Session::from_snapshot(data) else { return };
    assert_eq!(session.to_snapshot()[..], *data);
    let mut rng = ChaCha20Rng::from_seed([2; 32]);
    let Ok(sealed) = session.encrypt(b"hello", b"", Duration::ZERO, &mut rng) else { return };
    let message = Message::parse(&sealed).expect("our own message");
    let _ = session.decrypt(&message, b"");
});
