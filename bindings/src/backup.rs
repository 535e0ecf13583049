//! Recovery backups: what the account knows, in one file that its recovery key opens.

use std::sync::Arc;

use waxwing::RecoveryKey;

use crate::call::to_the_end;
use crate::cancel::CancelHandle;
use crate::client::FfiClient;
use crate::error::FfiError;
use crate::records::BackupSummary;

#[uniffi::export]
impl FfiClient {
    /// Writes a backup into a file: contacts with whom was verified, groups, settings, and the conversations. One of this name is
    /// replaced once the new one is whole, and stays as it is otherwise.
    ///
    /// # Errors
    ///
    /// `not_registered`, `recovery_key_invalid`, `wrong_account_key` for a recovery key of another account, `io_error`, `disk_full`,
    /// `cancelled`, or what the store says.
    #[uniffi::method(default(cancel = None))]
    pub async fn write_backup(
        &self,
        path: String,
        recovery_key: String,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<BackupSummary, FfiError> {
        let client = self.client.clone();
        let key: RecoveryKey = recovery_key.parse()?;
        to_the_end(cancel, async move { Ok(client.backup().write(path, &key).await?.into()) }).await
    }

    /// Takes a backup of this account in. Do it right after the account was brought to this device by its recovery key. It is read as
    /// a whole first: of a backup that is not right, nothing is taken.
    ///
    /// What this device knows already stays as it is, or becomes what is newer; taking the same backup in twice, or again after it was
    /// interrupted, adds nothing twice.
    ///
    /// # Errors
    ///
    /// `not_registered`, `recovery_key_invalid`; `backup_key_wrong` for another recovery key, or a changed beginning;
    /// `backup_other_account`; `backup_damaged` for one that is cut off or changed; `backup_unsupported` for one of a newer version, or
    /// what is no backup; `io_error`, `cancelled`.
    #[uniffi::method(default(cancel = None))]
    pub async fn restore_backup(
        &self,
        path: String,
        recovery_key: String,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<BackupSummary, FfiError> {
        let client = self.client.clone();
        let key: RecoveryKey = recovery_key.parse()?;
        to_the_end(cancel, async move { Ok(client.backup().restore(path, &key).await?.into()) }).await
    }
}
