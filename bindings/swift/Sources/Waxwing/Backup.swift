import Foundation
internal import WaxwingFFI

/// What a backup held.
public struct BackupSummary: Hashable, Sendable {
    /// Messages and other entries of conversations.
    public let messages: Int
    /// The length of the backup, in bytes. It is padded: few lengths are possible.
    public let bytes: Int
}

extension Client {
    // MARK: Backups

    /// Writes a backup into a file: contacts with whom was verified, groups, settings, and the conversations. One of this name is replaced
    /// once the new one is whole, and stays as it is otherwise. For a place that a document picker gave, write a file of the app's own, and
    /// copy it there.
    ///
    /// - Throws: ``WaxwingError`` `not_registered`, `recovery_key_invalid`, `wrong_account_key` for a recovery key of another account,
    ///   `io_error`, `disk_full`, or what the store says; `CancellationError`.
    @discardableResult
    public func writeBackup(to file: URL, key: RecoveryKey) async throws -> BackupSummary {
        BackupSummary(
            try await whileWanted {
                try await self.ffi.writeBackup(path: file.path, recoveryKey: key.text, cancel: $0)
            })
    }

    /// Takes a backup of this account in. Do it right after the account was brought to this device by its recovery key. It is read as a
    /// whole first: of a backup that is not right, nothing is taken.
    ///
    /// What this device knows already stays as it is, or becomes what is newer; taking the same backup in twice, or again after it was
    /// interrupted, adds nothing twice.
    ///
    /// - Throws: ``WaxwingError`` `not_registered`, `recovery_key_invalid`; `backup_key_wrong` for another recovery key, or a changed
    ///   beginning; `backup_other_account`; `backup_damaged` for one that is cut off or changed; `backup_unsupported` for one of a newer
    ///   version, or what is no backup; `io_error`; `CancellationError`.
    @discardableResult
    public func restoreBackup(from file: URL, key: RecoveryKey) async throws -> BackupSummary {
        BackupSummary(
            try await whileWanted {
                try await self.ffi.restoreBackup(path: file.path, recoveryKey: key.text, cancel: $0)
            })
    }
}

extension BackupSummary {
    init(_ summary: WaxwingFFI.BackupSummary) {
        self.init(messages: Int(clamping: summary.messages), bytes: Int(clamping: summary.bytes))
    }
}
