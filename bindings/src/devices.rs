//! The devices of our own account, and the end of the account.

use std::sync::Arc;

use waxwing::DeviceId;

use crate::call::{to_the_end, while_wanted};
use crate::cancel::CancelHandle;
use crate::client::FfiClient;
use crate::error::FfiError;
use crate::records::OwnDevices;

#[uniffi::export]
impl FfiClient {
    /// The devices of our own account. `Event::DevicesChanged` tells when to look again.
    ///
    /// # Errors
    ///
    /// `not_registered`, or what the store says.
    pub async fn devices(&self) -> Result<OwnDevices, FfiError> {
        let client = self.client.clone();
        while_wanted(None, async move { Ok(client.devices().await?.into()) }).await
    }

    /// Gives a device of our account a name. Our other devices are told; the relay does not see it.
    ///
    /// # Errors
    ///
    /// `not_found`; `invalid_input` for a name that is empty, holds control characters or is longer than 128 bytes.
    pub async fn rename_device(&self, device: DeviceId, name: String) -> Result<(), FfiError> {
        let client = self.client.clone();
        to_the_end(None, async move { Ok(client.rename_device(device, &name).await?) }).await
    }

    /// Takes another device off our account: it is cut off at once, and told so; nobody seals anything for it any more.
    ///
    /// # Errors
    ///
    /// `account_key_missing` on a device that does not hold the account's key, `not_found`, `invalid_input` for this device,
    /// `offline`, `device_list_conflict` when another device was faster: look again, and try again; `cancelled`.
    #[uniffi::method(default(cancel = None))]
    pub async fn remove_device(
        &self,
        device: DeviceId,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), FfiError> {
        let client = self.client.clone();
        to_the_end(cancel, async move { Ok(client.remove_device(device).await?) }).await
    }

    /// Deletes our account: at the relay, where nothing of it is left and its handle is free again, and here, where the store is
    /// emptied. Its groups are left before; where it was the only owner, another member becomes one. Its other devices are signed out and
    /// keep what they have. What others were sent and have is theirs; what they have not fetched yet is gone.
    ///
    /// It cannot be undone. Once it has begun it goes on by itself, also where this answers `offline` because the link broke, and after
    /// a restart: `Event::SignedOut` with `account_deleted` tells the end.
    ///
    /// # Errors
    ///
    /// `account_key_missing` on a device that does not hold the account's key, `not_registered`, `offline` where there is no link,
    /// `cancelled`.
    #[uniffi::method(default(cancel = None))]
    pub async fn delete_account(&self, cancel: Option<Arc<CancelHandle>>) -> Result<(), FfiError> {
        let client = self.client.clone();
        to_the_end(cancel, async move { Ok(client.delete_account().await?) }).await
    }
}
