//! The key of the store, from the platform's keystore.

use std::sync::Arc;

use waxwing::{Store, StoreKey};
use zeroize::Zeroizing;

use crate::app::Theirs;
use crate::call::{Answer, blocking};
use crate::error::{FfiError, ProviderError};
use crate::records::StorePlace;

/// Gives the 32 bytes that seal the store: from Keystore, Keychain, or whatever the platform has.
///
/// It is asked once for every client or history that is opened, on a thread that may block.
#[uniffi::export(foreign)]
pub trait StoreKeyProvider: Send + Sync {
    /// The 32 bytes.
    ///
    /// # Errors
    ///
    /// [`ProviderError`] when the keystore does not give it, such as when the user did not unlock it.
    fn store_key(&self) -> Result<Vec<u8>, ProviderError>;
}

/// Makes a new key for a store: 32 random bytes, to be put into the platform's keystore.
#[uniffi::export]
#[must_use]
pub fn generate_store_key() -> Vec<u8> {
    StoreKey::generate().expose().to_vec()
}

/// The store, with its key where it needs one.
pub(crate) async fn store(place: StorePlace, key: Option<Arc<dyn StoreKeyProvider>>) -> Answer<Store> {
    let path = match place {
        StorePlace::Memory => return Ok(Store::memory()),
        StorePlace::File { path } => path,
    };
    let provider = Theirs::new(key.ok_or_else(FfiError::store_key_missing)?);
    let bytes = blocking(move || {
        let given = provider.visit(StoreKeyProvider::store_key).ok_or_else(FfiError::shut_down)?;
        given.map(Zeroizing::new).map_err(|why| FfiError::store_key_unavailable(&why))
    })
    .await?;
    let mut key = Zeroizing::new([0; 32]);
    if bytes.len() != key.len() {
        return Err(FfiError::store_key_invalid());
    }
    key.copy_from_slice(&bytes);
    Ok(Store::file(path).key(StoreKey::from_bytes(*key)))
}
