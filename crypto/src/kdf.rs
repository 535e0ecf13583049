//! Every derivation, and every label, in one table.
//!
//! Labels end in a NUL that no label has inside, so none is a prefix of another; what is signed, hashed or derived
//! under one can never be taken for another. Proofs to the relay have a label of their own, which is not in this table.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac, digest::FixedOutput};
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroize;

use crate::secret::Secret;

/// Under the account key, over a device list.
pub(crate) const SIGN_DEVICE_LIST: &[u8] = b"Waxwing v1 device list\0";
/// What a device or an account proves to a relay (docs/spec.md, section 10).
pub(crate) const SIGN_RELAY_PROOF: &[u8] = b"Waxwing v1 relay proof\0";
/// Under the device signing key, over a prekey bundle.
pub(crate) const SIGN_BUNDLE: &[u8] = b"Waxwing v1 prekey bundle\0";
/// SHA-256 over one device list, to be named in the next.
pub(crate) const HASH_DEVICE_LIST: &[u8] = b"Waxwing v1 device list hash\0";
/// SHA-256 over the signing key of a device that was removed, cut to 16 bytes.
pub(crate) const HASH_DEVICE_KEY: &[u8] = b"Waxwing v1 removed device\0";
/// SHA-512, again and again, over an account's id and key.
pub(crate) const HASH_FINGERPRINT: &[u8] = b"Waxwing v1 safety number\0";
/// SHA-256 over everything that both sides of a handshake must agree on.
pub(crate) const HASH_TRANSCRIPT: &[u8] = b"Waxwing v1 handshake transcript\0";
/// SHA-256 over the bytes that open an initial message.
pub(crate) const HASH_HANDSHAKE: &[u8] = b"Waxwing v1 handshake id\0";
/// SHA-256 over the transcript, cut to 16 bytes.
pub(crate) const HASH_SESSION: &[u8] = b"Waxwing v1 session id\0";
/// HKDF of the handshake, followed by the transcript hash.
pub(crate) const DERIVE_HANDSHAKE: &[u8] = b"Waxwing v1 PQXDH X25519 ML-KEM-1024 SHA-256\0";
/// HKDF of a root step.
pub(crate) const DERIVE_ROOT: &[u8] = b"Waxwing v1 root\0";
/// HKDF of a root step that an exchange of the post-quantum ratchet goes into.
pub(crate) const DERIVE_ROOT_PQ: &[u8] = b"Waxwing v1 root pq\0";
/// HKDF of the keys of one message.
pub(crate) const DERIVE_MESSAGE: &[u8] = b"Waxwing v1 message\0";
/// HKDF of the keys of an attachment.
pub(crate) const DERIVE_ATTACHMENT: &[u8] = b"Waxwing v1 attachment\0";
/// HKDF of the keys of one sealed field of a profile.
pub(crate) const DERIVE_PROFILE: &[u8] = b"Waxwing v1 profile\0";
/// HKDF of what a relay is shown to be given a profile.
pub(crate) const DERIVE_PROFILE_ACCESS: &[u8] = b"Waxwing v1 profile access\0";
/// SHA-256 over that.
pub(crate) const HASH_PROFILE_ACCESS: &[u8] = b"Waxwing v1 profile access verifier\0";
/// Under a sender's signing key, over the digest of a group message.
pub(crate) const SIGN_GROUP_MESSAGE: &[u8] = b"Waxwing v1 group message\0";
/// SHA-256 over a group message without its signature, after all that it is bound to.
pub(crate) const HASH_GROUP_MESSAGE: &[u8] = b"Waxwing v1 group message digest\0";
/// SHA-256 over all that a sender key belongs to, and its signing key.
pub(crate) const HASH_SENDER_KEY: &[u8] = b"Waxwing v1 sender key\0";
/// SHA-256 over the digests of messages, one after the other.
pub(crate) const HASH_GROUP_TRANSCRIPT: &[u8] = b"Waxwing v1 group transcript\0";
/// SHA-256 over what somebody said to a group, cut to 16 bytes.
pub(crate) const HASH_GROUP_TOLD: &[u8] = b"Waxwing v1 group told\0";
/// SHA-256 that weighs the signatures of a batch. It leaves no device.
pub(crate) const HASH_SIGNATURE_BATCH: &[u8] = b"Waxwing v1 signature batch\0";
/// HKDF of the keys of what is sealed under the secret of a group.
pub(crate) const DERIVE_GROUP_SECRET: &[u8] = b"Waxwing v1 group secret\0";
/// SHA-256 over a KEM key, to be named in an invitation.
pub(crate) const HASH_LINK_KEM_KEY: &[u8] = b"Waxwing v1 link KEM key\0";
/// SHA-256 over all that the answering side of a link will reveal.
pub(crate) const HASH_LINK_COMMITMENT: &[u8] = b"Waxwing v1 link commitment\0";
/// SHA-256 over everything that both sides of a link have seen.
pub(crate) const HASH_LINK_TRANSCRIPT: &[u8] = b"Waxwing v1 link transcript\0";
/// SHA-256 over the transcript of a link, for the digits that a person compares.
pub(crate) const HASH_LINK_CODE: &[u8] = b"Waxwing v1 link code\0";
/// HKDF of the two chains of a link, followed by its transcript.
pub(crate) const DERIVE_LINK: &[u8] = b"Waxwing v1 link X25519 ML-KEM-1024 SHA-256\0";
/// HKDF of the two chains between two devices of one account, out of a secret that one sent the other in their session.
pub(crate) const DERIVE_LINK_AGAIN: &[u8] = b"Waxwing v1 link again\0";
/// HKDF of the keys of one message of a link.
pub(crate) const DERIVE_LINK_MESSAGE: &[u8] = b"Waxwing v1 link message\0";
/// Under the device signing key, over the record of a sealing key.
pub(crate) const SIGN_SEALING_KEY: &[u8] = b"Waxwing v1 sealing key\0";
/// SHA-256 over what both sides of a sealed message see before the sender is named.
pub(crate) const HASH_SEALED_SENDER: &[u8] = b"Waxwing v1 sealed sender transcript\0";
/// HKDF of the keys of a certificate, followed by that hash.
pub(crate) const DERIVE_SEALED_SENDER: &[u8] = b"Waxwing v1 sealed sender X25519 ML-KEM-768 SHA-256\0";
/// HKDF of the keys of a sealed message, once its sender is named.
pub(crate) const DERIVE_SEALED_MESSAGE: &[u8] = b"Waxwing v1 sealed message\0";
/// HKDF of what a relay is shown to take a message from nobody.
pub(crate) const DERIVE_DELIVERY: &[u8] = b"Waxwing v1 delivery token\0";
/// SHA-256 over that.
pub(crate) const HASH_DELIVERY: &[u8] = b"Waxwing v1 delivery token verifier\0";
/// Under the device signing key, over a change of a roster.
pub(crate) const SIGN_ROSTER_CHANGE: &[u8] = b"Waxwing v1 roster change\0";
/// SHA-256 over one change of a roster.
pub(crate) const HASH_ROSTER_CHANGE: &[u8] = b"Waxwing v1 roster change hash\0";
/// SHA-256 over a roster and the hash of the change that made it, to be named in the next change and bound into sender keys.
pub(crate) const HASH_ROSTER: &[u8] = b"Waxwing v1 roster hash\0";
/// SHA-256 over the change that creates a group, cut to 16 bytes.
pub(crate) const HASH_GROUP_ID: &[u8] = b"Waxwing v1 group id\0";
/// SHA-256 over a group and the token of an invitation, cut to 16 bytes.
pub(crate) const HASH_INVITATION_ID: &[u8] = b"Waxwing v1 group invitation id\0";
/// SHA-256 over an invitation, cut to 4 bytes, against slips of the pen.
pub(crate) const HASH_INVITATION_CHECK: &[u8] = b"Waxwing v1 group invitation check\0";
/// SHA-256 over the key of an account that an invitation names, cut to 16 bytes.
pub(crate) const HASH_INVITER_KEY: &[u8] = b"Waxwing v1 group inviter key\0";
/// SHA-256 over a group's picture, to be named in its profile.
pub(crate) const HASH_GROUP_PICTURE: &[u8] = b"Waxwing v1 group picture\0";
/// HKDF of the keys of a backup, followed by its header.
pub(crate) const DERIVE_BACKUP: &[u8] = b"Waxwing v1 backup\0";
/// SHA-256 over a printed key, for its overall check.
pub(crate) const HASH_PRINTED_KEY: &[u8] = b"Waxwing v1 printed key\0";
/// HMAC of a chain step: this message's key.
const CHAIN_MESSAGE: &[u8] = &[1];
/// HMAC of a chain step: the next chain key.
const CHAIN_NEXT: &[u8] = &[2];

/// Hashes `label ‖ parts`.
pub(crate) fn hash(label: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new_with_prefix(label);
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// Hashes `label ‖ parts` by SHA-512, and then, `times` times, the result and `again`.
pub(crate) fn hash_slowly(label: &[u8], parts: &[&[u8]], again: &[u8], times: u32) -> [u8; 64] {
    let mut hasher = Sha512::new_with_prefix(label);
    parts.iter().for_each(|part| hasher.update(part));
    (0..times).fold(hasher.finalize().into(), |digest: [u8; 64], _| {
        Sha512::new_with_prefix(digest).chain_update(again).finalize().into()
    })
}

/// Derives `N` bytes by HKDF-SHA256 (RFC 5869) with an info in parts.
pub(crate) fn derive<const N: usize>(salt: &[u8], input: &[u8], info: &[&[u8]]) -> Secret<N> {
    // hkdf does not wipe the pseudorandom key that it hands out.
    let (mut key, hkdf) = Hkdf::<Sha256>::extract(Some(salt), input);
    key.as_mut_slice().zeroize();
    Secret::filled(|place| hkdf.expand_multi_info(info, place).expect("N is far below 255 blocks"))
}

/// Takes one chain step (Double Ratchet §5.2): the key of this message, and the next chain key.
pub(crate) fn chain_step(chain_key: &Secret<32>) -> (Secret<32>, Secret<32>) {
    let keyed = keyed(chain_key.expose());
    (mac(keyed.clone(), CHAIN_MESSAGE), mac(keyed, CHAIN_NEXT))
}

/// Computes HMAC-SHA256 (RFC 2104).
pub(crate) fn hmac(key: &[u8], message: &[u8]) -> Secret<32> {
    mac(keyed(key), message)
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn mac(mut keyed: Hmac<Sha256>, message: &[u8]) -> Secret<32> {
    keyed.update(message);
    Secret::filled(|place| keyed.finalize_into(place.into()))
}

/// Splits 96 derived bytes into the three secrets they are.
pub(crate) fn thirds(bytes: &Secret<96>) -> [Secret<32>; 3] {
    let part = |from: usize| {
        Secret::filled(|place: &mut [u8; 32]| place.copy_from_slice(&bytes.expose()[from..from + 32]))
    };
    [part(0), part(32), part(64)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_is_a_prefix_of_another() {
        let labels = [
            SIGN_DEVICE_LIST,
            SIGN_RELAY_PROOF,
            SIGN_BUNDLE,
            HASH_DEVICE_LIST,
            HASH_DEVICE_KEY,
            HASH_FINGERPRINT,
            HASH_TRANSCRIPT,
            HASH_HANDSHAKE,
            HASH_SESSION,
            DERIVE_HANDSHAKE,
            DERIVE_ROOT,
            DERIVE_ROOT_PQ,
            DERIVE_MESSAGE,
            DERIVE_ATTACHMENT,
            DERIVE_PROFILE,
            DERIVE_PROFILE_ACCESS,
            HASH_PROFILE_ACCESS,
            SIGN_GROUP_MESSAGE,
            HASH_GROUP_MESSAGE,
            HASH_SENDER_KEY,
            HASH_GROUP_TRANSCRIPT,
            HASH_SIGNATURE_BATCH,
            HASH_LINK_KEM_KEY,
            HASH_LINK_COMMITMENT,
            HASH_LINK_TRANSCRIPT,
            HASH_LINK_CODE,
            DERIVE_LINK,
            DERIVE_LINK_MESSAGE,
            SIGN_SEALING_KEY,
            HASH_SEALED_SENDER,
            DERIVE_SEALED_SENDER,
            DERIVE_SEALED_MESSAGE,
            DERIVE_DELIVERY,
            HASH_DELIVERY,
            SIGN_ROSTER_CHANGE,
            HASH_ROSTER_CHANGE,
            HASH_ROSTER,
            HASH_GROUP_ID,
            HASH_INVITATION_ID,
            HASH_INVITATION_CHECK,
            HASH_INVITER_KEY,
            HASH_GROUP_PICTURE,
            DERIVE_BACKUP,
            HASH_PRINTED_KEY,
        ];
        for (i, one) in labels.iter().enumerate() {
            assert_eq!(one.iter().position(|byte| *byte == 0), Some(one.len() - 1));
            assert!(labels.iter().enumerate().all(|(j, other)| i == j || !other.starts_with(one)));
        }
    }
}
