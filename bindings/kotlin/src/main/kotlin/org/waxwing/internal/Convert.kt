/** Records of the library to ours, and back: copies, and nothing else. No `else` here: what is new stops the build. */
package org.waxwing.internal

import org.waxwing.CatchUp
import org.waxwing.Contact
import org.waxwing.LinkState
import org.waxwing.LiveObjects
import org.waxwing.LogLevel
import org.waxwing.LogRecord
import org.waxwing.Me
import org.waxwing.OtherDevices
import org.waxwing.TokenRequest
import org.waxwing.ffi.CatchUp as FfiCatchUp
import org.waxwing.ffi.Contact as FfiContact
import org.waxwing.ffi.LinkState as FfiLinkState
import org.waxwing.ffi.LiveObjects as FfiLiveObjects
import org.waxwing.ffi.LogLevel as FfiLogLevel
import org.waxwing.ffi.LogRecord as FfiLogRecord
import org.waxwing.ffi.Me as FfiMe
import org.waxwing.ffi.Recover as FfiRecover
import org.waxwing.ffi.TokenRequest as FfiTokenRequest

internal fun FfiMe.asOurs() = Me(account, device, handle)

internal fun FfiContact.asOurs() = Contact(account, handle)

internal fun FfiCatchUp.asOurs() = CatchUp(messages.toLong(), completed)

internal fun FfiLinkState.asOurs() = when (this) {
    FfiLinkState.CONNECTING -> LinkState.Connecting
    FfiLinkState.ONLINE -> LinkState.Online
    FfiLinkState.OFFLINE -> LinkState.Offline
    FfiLinkState.STOPPED -> LinkState.Stopped
}

internal fun FfiLogRecord.asOurs() = LogRecord(level.asOurs(), target, text, at, leftOut.toLong())

private fun FfiLogLevel.asOurs() = when (this) {
    FfiLogLevel.ERROR -> LogLevel.Error
    FfiLogLevel.WARN -> LogLevel.Warn
    FfiLogLevel.INFO -> LogLevel.Info
    FfiLogLevel.DEBUG -> LogLevel.Debug
    FfiLogLevel.TRACE -> LogLevel.Trace
}

internal fun FfiTokenRequest.asOurs() = TokenRequest(handle, expired)

internal fun FfiLiveObjects.asOurs() = LiveObjects(
    clients = clients.toLong(),
    conversations = conversations.toLong(),
    groups = groups.toLong(),
    sent = sent.toLong(),
    streams = streams.toLong(),
    linkings = linkings.toLong(),
    safetyNumbers = safetyNumbers.toLong(),
    histories = histories.toLong(),
    calls = calls.toLong(),
)

internal fun LogLevel.asTheirs() = when (this) {
    LogLevel.Error -> FfiLogLevel.ERROR
    LogLevel.Warn -> FfiLogLevel.WARN
    LogLevel.Info -> FfiLogLevel.INFO
    LogLevel.Debug -> FfiLogLevel.DEBUG
    LogLevel.Trace -> FfiLogLevel.TRACE
}

internal fun OtherDevices.asTheirs() = when (this) {
    OtherDevices.Replace -> FfiRecover.REPLACE
    OtherDevices.Keep -> FfiRecover.ADD
}
