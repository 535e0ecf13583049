//! What a backup held.

/// What a backup held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct BackupSummary {
    /// Messages and other entries of conversations.
    pub messages: u64,
    /// The length of the backup, in bytes. It is padded: few lengths are possible.
    pub bytes: u64,
}

impl From<waxwing::BackupSummary> for BackupSummary {
    fn from(waxwing::BackupSummary { messages, bytes }: waxwing::BackupSummary) -> BackupSummary {
        BackupSummary { messages, bytes }
    }
}
