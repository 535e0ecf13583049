//! Signatures of accounts and devices over statements to the relay.

use ed25519_dalek::{Signature, VerifyingKey};
use waxwing_wire::{FrameSignature, PublicKeyBytes, RELAY_PROOF_LABEL};

/// Whether the signature of the key stands under the statement. A weak or malformed key signs nothing.
pub(super) fn holds(key: &PublicKeyBytes, statement: &[u8], signature: &FrameSignature) -> bool {
    let Ok(parsed) = VerifyingKey::from_bytes(&key.0) else { return false };
    if parsed.is_weak() || parsed.to_bytes() != key.0 {
        return false;
    }
    let signed = [RELAY_PROOF_LABEL, statement].concat();
    parsed.verify_strict(&signed, &Signature::from_bytes(&signature.0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer as _, SigningKey};

    #[test]
    fn only_the_labelled_statement_holds() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let public = PublicKeyBytes(key.verifying_key().to_bytes());
        let labelled = key.sign(&[RELAY_PROOF_LABEL, b"statement"].concat());
        assert!(holds(&public, b"statement", &FrameSignature(labelled.to_bytes())));
        assert!(!holds(&public, b"another", &FrameSignature(labelled.to_bytes())));
        let bare = key.sign(b"statement");
        assert!(!holds(&public, b"statement", &FrameSignature(bare.to_bytes())));
    }

    #[test]
    fn a_weak_key_signs_nothing() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!holds(&PublicKeyBytes(identity), b"statement", &FrameSignature(signature)));
    }
}
