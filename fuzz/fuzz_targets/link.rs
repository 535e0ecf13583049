//! Any bytes at every step of a link: refused, or of the one encoding; and on a channel nothing opens that was not sealed there.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use waxwing_crypto::link::{Channel, Invitation, NewDevice, Scanned};

fn new_channel(rng: &mut ChaCha20Rng) -> Option<Channel> {
    let new = NewDevice::begin(rng);
    let (scanned, commitment) = Scanned::begin(new.invitation(), &new.offer(), rng).ok()?;
    let (answered, nonce) = new.on_commitment(&commitment, rng).ok()?;
    let (at_account, reveal) = scanned.on_nonce(&nonce).ok()?;
    let at_new = answered.on_reveal(&reveal).ok()?;
    at_new.confirm(&at_account.code().to_string()).ok()
}

fuzz_target!(|data: &[u8]| {
    // Another seed than that of the golden files, which are the corpus: what is genuine there is a stranger's here.
    let mut rng = ChaCha20Rng::from_seed([199; 32]);
    if let Ok(invitation) = Invitation::parse(data) {
        assert_eq!(invitation.to_bytes()[..], *data);
        assert_eq!(invitation.to_string().parse(), Ok(invitation));
    }
    if let Some(Ok(invitation)) = std::str::from_utf8(data).ok().map(str::parse::<Invitation>) {
        assert_eq!(Invitation::parse(&invitation.to_bytes()), Ok(invitation));
    }
    let new = NewDevice::begin(&mut rng);
    if let Ok((scanned, _)) = Scanned::begin(new.invitation(), data, &mut rng) {
        assert_eq!(data, new.offer());
        drop(scanned);
    }
    let (scanned, commitment) =
        Scanned::begin(new.invitation(), &new.offer(), &mut rng).expect("our own offer");
    let _ = scanned.on_nonce(data);
    let (answered, _) = new.on_commitment(&commitment, &mut rng).expect("our own commitment");
    assert!(answered.on_reveal(data).is_err());
    let _ = NewDevice::begin(&mut rng).on_commitment(data, &mut rng);
    assert!(new_channel(&mut rng).expect("our own link").open(data).is_err());
});
