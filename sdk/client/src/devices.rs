//! The devices of our own account, as the app sees them.

use waxwing_engine::Command;
use waxwing_wire::DeviceId;

use crate::client::Client;
use crate::error::{Code, Result};
use crate::store::show;

/// One device of our own account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Which.
    pub id: DeviceId,
    /// What the user calls it.
    pub name: Option<String>,
    /// Whether it is the one that runs this.
    pub is_this: bool,
    /// Since when this device knows of it, in milliseconds since 1970.
    pub known_since_ms: i64,
}

/// The devices of our own account, those that were known first standing first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnDevices {
    /// All of them, this one too.
    pub devices: Vec<Device>,
    /// Whether this device holds the account's key: only then can it link and remove others.
    pub holds_account_key: bool,
}

impl Client {
    /// The devices of our own account. [`Event::DevicesChanged`](crate::Event::DevicesChanged) tells when to look again.
    ///
    /// # Errors
    ///
    /// `not_registered`, or what the store says.
    pub async fn devices(&self) -> Result<OwnDevices> {
        self.shared.board.me().ok_or(Code::NotRegistered)?;
        self.shared.read(show::devices).await?.ok_or_else(|| Code::NotRegistered.into())
    }

    /// Gives a device of our account a name. Our other devices are told; the relay does not see it.
    ///
    /// # Errors
    ///
    /// `not_found`; `invalid_input` for a name that is empty, holds control characters or is longer than
    /// [`DEVICE_NAME_MAX_BYTES`](crate::DEVICE_NAME_MAX_BYTES).
    pub async fn rename_device(&self, device: DeviceId, name: &str) -> Result<()> {
        self.shared.command(Command::RenameDevice { device, name: name.to_owned() }).await.map(drop)
    }

    /// Deletes our account: at the relay, where nothing of it is left and its handle is free again, and here, where the store is
    /// emptied. Its groups are left before; where it was the only owner, another member becomes one. Its other devices are signed out and
    /// keep what they have. What others were sent and have is theirs; what they have not fetched yet is gone.
    ///
    /// It cannot be undone. Once it has begun it goes on by itself, also where this answers `offline` because the link broke, and after
    /// a restart: [`Event::SignedOut`](crate::Event::SignedOut) with `account_deleted` tells the end.
    ///
    /// # Errors
    ///
    /// `account_key_missing` on a device that does not hold the account's key, `not_registered`, `offline` where there is no link.
    pub async fn delete_account(&self) -> Result<()> {
        self.shared.command(Command::DeleteAccount).await.map(drop)
    }

    /// Takes another device off our account: it is cut off at once, and told so; nobody seals anything for it any more.
    ///
    /// # Errors
    ///
    /// `account_key_missing` on a device that does not hold the account's key, `not_found`, `invalid_input` for this device,
    /// `offline`, `device_list_conflict` when another device was faster: look again, and try again.
    pub async fn remove_device(&self, device: DeviceId) -> Result<()> {
        self.shared.command(Command::RemoveDevice(device)).await.map(drop)
    }
}
