//! Two devices hold a conversation. There is no network and no store here: only the cryptography.

use std::time::Duration;

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use waxwing_crypto::{
    Address, Bundle, DeviceSecrets, Message, OneTimePrekey, Ours, Session, Theirs, WeeklyPrekey,
};

/// The wall clock, for the post-quantum ratchet. A wrong one does no harm.
#[allow(clippy::disallowed_types)] // the crate has no clock, a program does
fn now() -> Duration {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default()
}

#[allow(clippy::print_stdout)] // it is a program
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = ChaCha20Rng::from_seed([7; 32]); // a program takes its randomness from the operating system
    let (alice, bob) = (DeviceSecrets::generate(&mut rng), DeviceSecrets::generate(&mut rng));
    let (alice_keys, bob_keys) = (alice.public(), bob.public());
    let at_alice = Address { account: [1; 16], device: [1; 16] };
    let at_bob = Address { account: [2; 16], device: [1; 16] };

    // Bob publishes a bundle, and keeps the secrets that belong to it.
    let weekly = WeeklyPrekey::generate(1, &mut rng);
    let one_time = OneTimePrekey::generate(1, &mut rng);
    let bundle = one_time.bundle(&Ours { address: at_bob, secrets: &bob }, &weekly);

    // Alice verifies it, and writes first. Bob need not be there.
    let bundle = Bundle::verify(&bundle, &at_bob, &bob_keys)?;
    let ours = Ours { address: at_alice, secrets: &alice };
    let theirs = Theirs { address: at_bob, keys: &bob_keys };
    let mut alice_session = Session::initiate(&ours, &theirs, &bundle, &mut rng)?;
    let first = alice_session.encrypt(b"Waxwings in the rowan!", b"", now(), &mut rng)?;

    // Bob opens it, and answers.
    let Message::Initial(initial) = Message::parse(&first)? else { return Err("not a first message".into()) };
    let ours = Ours { address: at_bob, secrets: &bob };
    let theirs = Theirs { address: at_alice, keys: &alice_keys };
    let (mut bob_session, text) = Session::respond(&ours, &theirs, &weekly, &one_time, &initial, b"")?;
    println!("alice: {}", String::from_utf8_lossy(text.as_bytes()));
    let answer = bob_session.encrypt(b"How many?", b"", now(), &mut rng)?;
    let text = alice_session.decrypt(&Message::parse(&answer)?, b"")?;
    println!("bob:   {}", String::from_utf8_lossy(text.as_bytes()));
    Ok(())
}
