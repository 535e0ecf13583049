//! The Diffie-Hellman step: root key to new root, new chain, next header key (Double Ratchet §2.3, §4.3).

use super::{chain::ChainKey, header::HeaderKey};
use crate::{
    kdf::{self, DERIVE_ROOT},
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

    pub(crate) fn step(&self, agreed: &Secret<32>) -> RootStep {
        let derived = kdf::derive::<96>(self.0.expose(), agreed.expose(), &[DERIVE_ROOT]);
        let [root, chain, header] = kdf::thirds(&derived);
        RootStep { root: Self(root), chain: ChainKey::new(chain), next_header_key: HeaderKey::new(header) }
    }
}
