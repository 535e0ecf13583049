package org.waxwing

import org.waxwing.internal.asOurs
import org.waxwing.internal.calling
import java.io.File

/** What a backup held. */
public data class BackupSummary(
    /** Messages and other entries of conversations. */
    val messages: Long,
    /** The length of the backup. It is padded: few lengths are possible. */
    val bytes: Long,
)

/**
 * Writes a backup into a file: contacts with whom was verified, groups, settings, and the conversations.
 *
 * One of this name is replaced once the new one is whole, and stays as it is otherwise. With Android's document picker, write into a
 * file of the app and copy it.
 *
 * @param key this account's ([WaxwingClient.recoveryKey]).
 * @throws WaxwingException.Misuse `recovery_key_invalid` for a mistyped key.
 * @throws WaxwingException.Permission `wrong_account_key` for another account's key.
 * @throws WaxwingException.Storage `io_error`, `disk_full`.
 */
public suspend fun WaxwingClient.writeBackup(file: File, key: RecoveryKey): BackupSummary =
    calling { ffi.writeBackup(file.absolutePath, key.text) }.asOurs()

/**
 * Takes a backup of this account in. Do it right after the account was brought to this device ([WaxwingClient.recover]).
 *
 * It is read as a whole first: of a backup that is not right, nothing is taken. Taking it in twice adds nothing twice.
 *
 * @throws WaxwingException.Undecryptable `backup_damaged`, `backup_unsupported`.
 * @throws WaxwingException.Permission `backup_key_wrong`.
 * @throws WaxwingException.Misuse `backup_other_account`.
 * @throws WaxwingException.Storage `io_error`.
 */
public suspend fun WaxwingClient.restoreBackup(file: File, key: RecoveryKey): BackupSummary =
    calling { ffi.restoreBackup(file.absolutePath, key.text) }.asOurs()
