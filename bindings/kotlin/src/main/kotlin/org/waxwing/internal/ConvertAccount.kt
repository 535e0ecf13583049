/** Records of the library to ours, and back: copies, and nothing else. No `else` here: what is new stops the build. */
package org.waxwing.internal

import org.waxwing.BackupSummary
import org.waxwing.Comparison
import org.waxwing.Device
import org.waxwing.Event
import org.waxwing.LinkStep
import org.waxwing.OwnDevices
import org.waxwing.ffi.BackupSummary as FfiBackupSummary
import org.waxwing.ffi.Comparison as FfiComparison
import org.waxwing.ffi.Device as FfiDevice
import org.waxwing.ffi.Event as FfiEvent
import org.waxwing.ffi.LinkStep as FfiLinkStep
import org.waxwing.ffi.OwnDevices as FfiOwnDevices

internal fun FfiOwnDevices.asOurs() = OwnDevices(devices.map { it.asOurs() }, holdsAccountKey)

private fun FfiDevice.asOurs() = Device(id, name, isThis, knownSince)

internal fun FfiLinkStep.asOurs(): LinkStep = when (this) {
    is FfiLinkStep.Linked -> LinkStep.Linked(device)
    is FfiLinkStep.History -> LinkStep.History(messages.toLong(), perMille.toInt())
    is FfiLinkStep.Done -> LinkStep.Done
}

internal fun FfiBackupSummary.asOurs() = BackupSummary(messages.toLong(), bytes.toLong())

internal fun FfiComparison.asOurs() = when (this) {
    FfiComparison.MATCH -> Comparison.Match
    FfiComparison.MISMATCH -> Comparison.Mismatch
    FfiComparison.OTHER_PAIR -> Comparison.OtherPair
    FfiComparison.OTHER_VERSION -> Comparison.OtherVersion
    FfiComparison.UNREADABLE -> Comparison.Unreadable
}

internal fun FfiEvent.asOurs(): Event = when (this) {
    is FfiEvent.Link -> Event.Link(state.asOurs())
    is FfiEvent.ConversationChanged -> Event.ConversationChanged(conversationId)
    is FfiEvent.DeliveryChanged -> Event.DeliveryChanged(messageId)
    is FfiEvent.MessageReadable -> Event.MessageReadable(messageId)
    is FfiEvent.Drained -> Event.Drained
    is FfiEvent.KeyChanged -> Event.KeyChanged(account)
    is FfiEvent.Registered -> Event.Registered
    is FfiEvent.SignedOut -> Event.SignedOut(code)
    is FfiEvent.RelayReset -> Event.RelayReset
    is FfiEvent.StoreRolledBack -> Event.StoreRolledBack
    is FfiEvent.OutboxEmpty -> Event.OutboxEmpty
    is FfiEvent.Lagged -> Event.Lagged
    is FfiEvent.VerificationChanged -> Event.VerificationChanged(account)
    is FfiEvent.DevicesChanged -> Event.DevicesChanged(account)
    is FfiEvent.JoinRequested -> Event.JoinRequested(conversationId, account)
    is FfiEvent.JoinAnswered -> Event.JoinAnswered(conversationId)
}
