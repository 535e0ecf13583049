//! The side that published a bundle (PQXDH §3.4).

use super::{
    agreement::{Agreed, Transcript, agree},
    bundle::{OneTimePrekey, WeeklyPrekey},
};
use crate::{
    keys::{Ours, Theirs},
    message::Handshake,
};

/// Derives what the initiator derived. `None` when the handshake is for other prekeys, or a key contributes nothing.
///
/// That the initiator is who we think shows only when its first message opens.
pub(crate) fn respond(
    ours: &Ours<'_>,
    theirs: &Theirs<'_>,
    weekly: &WeeklyPrekey,
    one_time: &OneTimePrekey,
    handshake: &Handshake,
) -> Option<Agreed> {
    if handshake.weekly_id != weekly.id() || handshake.one_time_id != one_time.id() {
        return None;
    }
    let (kem, encapsulated) = one_time.kem().decapsulate(&handshake.ciphertext);
    let one_time_public = one_time.agreement().map(|secret| secret.public());
    let transcript = Transcript {
        initiator: (&theirs.address, theirs.keys),
        responder: (&ours.address, &ours.secrets.public()),
        weekly: &weekly.secret().public(),
        one_time: one_time_public.as_ref(),
        kem: &kem,
        handshake,
    };
    let ephemeral = handshake.ephemeral.point();
    let dhs = [
        weekly.secret().agree(&theirs.keys.agreement().point()),
        ours.secrets.agreement().agree(&ephemeral),
        weekly.secret().agree(&ephemeral),
    ];
    let one_time_dh = one_time.agreement().map(|secret| secret.agree(&ephemeral));
    agree(dhs, one_time_dh, &encapsulated, &transcript)
}
