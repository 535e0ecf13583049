//! The Diffie-Hellman step: root key to new root, new chain, next header key (Double Ratchet §2.3, §4.3).

use super::{chain::ChainKey, header::HeaderKey};
use crate::{
    kdf::{self, DERIVE_ROOT, DERIVE_ROOT_PQ},
    secret::Secret,
};

/// The key that all later chains come from.
pub(crate) struct RootKey(Secret<32>);

/// What one DH step yields.
pub(crate) struct RootStep {
    pub(crate) root: RootKey,
    pub(crate) chain: ChainKey,
    pub(crate) next_header_key: HeaderKey,
}

impl RootKey {
    pub(crate) fn new(key: Secret<32>) -> Self {
        Self(key)
    }

    pub(crate) fn copy_of(bytes: &[u8; 32]) -> Self {
        Self(Secret::copy_of(bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// Mixes in what the DH agreed on, and what an exchange of the post-quantum ratchet brought, if there was one.
    pub(crate) fn step(&self, agreed: &Secret<32>, exchanged: Option<&Secret<32>>) -> RootStep {
        let derived: Secret<96> = match exchanged {
            None => kdf::derive(self.0.expose(), agreed.expose(), &[DERIVE_ROOT]),
            Some(exchanged) => {
                let both: Secret<64> = Secret::filled(|both| {
                    both[..32].copy_from_slice(agreed.expose());
                    both[32..].copy_from_slice(exchanged.expose());
                });
                kdf::derive(self.0.expose(), both.expose(), &[DERIVE_ROOT_PQ])
            }
        };
        let [root, chain, header] = kdf::thirds(&derived);
        RootStep { root: Self(root), chain: ChainKey::new(chain), next_header_key: HeaderKey::new(header) }
    }
}
